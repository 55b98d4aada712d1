"""Writes a plan into the answers of a workload: a milestone first, then one question after the other.

The API has no version token. Each answer is read again just before it is written, and an edit in between is refused:
what is left is the moment between the two calls. After each write the response is held against what was sent.

It can be stopped anywhere: what is written carries our mark, so the next run finds it done, and the journal keeps the
milestone, so that no second one is taken.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from typing import Final, TypeAlias

import msgspec

from wa_lint.errors import SourceError
from wa_lint.model import Raw
from wa_lint.publish.answers_plan import (
    PERSONS,
    AnswersPlan,
    AnswerUpdate,
    owner_of,
    without_ours,
)
from wa_lint.publish.review_tool import Call, ToolRefused, create_milestone, new_milestone, read_answer, whole_answer
from wa_lint.publish.workload_answers import (
    NOTE_LIMIT,
    NOTES_LIMIT,
    SELECTED,
    UNSELECTED,
    ReviewedWorkload,
    WorkloadAnswer,
)

WRITTEN, CURRENT, REFUSED, FAILED, STOPPED = "written", "current", "refused", "failed", "stopped"
"""What became of an update. current: the workload says it already; refused: somebody edited the answer; failed: the
tool did not take it; stopped: neither it nor the rest was tried."""


class ApplyJournal(msgspec.Struct, frozen=True):
    """What was done to a workload, so that the next run resumes it."""

    workload: str
    started: dt.datetime
    milestone: str
    """The name of the milestone: unique in the workload."""
    token: str
    """Makes CreateMilestone one and the same call, however often it is made."""
    number: int | None = None
    """The milestone's number; None until it is taken."""
    written: tuple[str, ...] = ()
    """Questions whose answers were written."""
    is_finished: bool = False


class AnswerOutcome(msgspec.Struct, frozen=True):
    """What became of the update of one answer."""

    question: str
    outcome: str
    why: str = ""


Save: TypeAlias = Callable[[ApplyJournal], None]


def has_lost_milestone(call: Call, workload: ReviewedWorkload, journal: ApplyJournal, now: dt.datetime) -> bool:
    """Whether the tool has no new milestone as the journal names it: the file may have been written by anybody."""
    return journal.number is not None and new_milestone(call, workload, journal.milestone, now) != journal.number


def with_milestone(
    call: Call, workload: ReviewedWorkload, journal: ApplyJournal, save: Save, now: dt.datetime
) -> ApplyJournal:
    """Return the journal with a milestone that holds the answers as they were. Raise ToolRefused."""
    if journal.number is not None:
        return journal
    save(journal)  # the token is kept before the call: a run that is killed in it takes no second milestone
    number = create_milestone(call, workload, journal.milestone, journal.token, now)
    journal = msgspec.structs.replace(journal, number=number)
    save(journal)
    return journal


def apply(call: Call, plan: AnswersPlan, journal: ApplyJournal, save: Save) -> Iterator[AnswerOutcome]:
    """Write each update of `plan` and yield what became of it. One that fails does not stop the rest.

    Where nothing else can succeed either (no permission, throttled), what is left is yielded as stopped, and the
    journal stays open.
    """
    for number, update in enumerate(plan.updates):
        try:
            done = _written(call, plan, update)
        except ToolRefused as refused:
            if not refused.is_of_one_answer:
                yield from (AnswerOutcome(u.before.question, STOPPED, refused.problem) for u in plan.updates[number:])
                return
            done = AnswerOutcome(update.before.question, REFUSED if refused.is_conflict else FAILED, refused.problem)
        if done.outcome == WRITTEN:
            journal = msgspec.structs.replace(journal, written=(*journal.written, done.question))
            save(journal)
        yield done
    save(msgspec.structs.replace(journal, is_finished=True))


def _written(call: Call, plan: AnswersPlan, update: AnswerUpdate) -> AnswerOutcome:
    question = update.before.question
    now = read_answer(call, plan.workload, plan.lens, question)
    if now.digest(is_exact=False) == update.after.digest(is_exact=False):
        return AnswerOutcome(question, CURRENT)
    if now.digest() != update.before.digest():
        return AnswerOutcome(question, REFUSED, f"it was edited since it was read: {difference(update.before, now)}")
    response = call("UpdateAnswer", **request_of(plan, update))
    after = whole_answer(response, "UpdateAnswer", question)
    if after.digest(is_exact=False) != update.after.digest(is_exact=False):
        changed = difference(update.after, after)
        return AnswerOutcome(question, WRITTEN, f"the answer is not as it was sent: {changed}")
    return AnswerOutcome(question, WRITTEN)


def request_of(plan: AnswersPlan, update: AnswerUpdate) -> Raw:
    """Return the members of the UpdateAnswer call: only what changes, and never SelectedChoices, which replaces all."""
    choices = {one.choice: {"Status": one.status, "Notes": one.notes} for one in update.choices}
    return {
        "WorkloadId": plan.workload.id,
        "LensAlias": plan.lens.alias,
        "QuestionId": update.before.question,
        **({"ChoiceUpdates": choices} if choices else {}),
        **({"Notes": update.notes} if update.notes is not None else {}),
    }


def difference(before: WorkloadAnswer, now: WorkloadAnswer) -> str:
    """Return what differs between two states of an answer, in a few words."""
    old = {choice.id: choice for choice in before.choices}
    new = {choice.id: choice for choice in now.choices}
    named = [id_ for id_ in dict.fromkeys((*old, *new)) if _said(old.get(id_)) != _said(new.get(id_))]
    if (before.is_applicable, before.reason) != (now.is_applicable, now.reason):
        named.append("whether it applies")
    if before.notes != now.notes:
        named.append("its notes")
    return ", ".join(named)


def _said(choice: Raw) -> Raw:
    return None if choice is None else (choice.status, choice.reason, choice.notes)


# --- a plan from a file -----------------------------------------------------------------------------

_STATUSES: Final = frozenset({SELECTED, UNSELECTED})


def demand_harmless(plan: AnswersPlan, where: str) -> None:
    """Raise SourceError where a plan would change what is a person's: a file may have been edited."""
    for update in plan.updates:
        choices = {choice.id: choice for choice in update.before.choices}
        for one in update.choices:
            choice = choices.get(one.choice)
            if choice is None or one.status not in _STATUSES or owner_of(update.before, choice) == PERSONS:
                raise SourceError(where, f"the plan would change {one.choice}, which is not wa-lint's to change")
            if len(one.notes) > NOTE_LIMIT:
                raise SourceError(where, f"the note of {one.choice} has more than {NOTE_LIMIT} characters")
        notes = update.notes
        if notes is not None and without_ours(notes) != without_ours(update.before.notes):
            raise SourceError(
                where, f"the plan would change what people wrote in the notes of {update.before.question}"
            )
        if notes is not None and len(notes) > NOTES_LIMIT:
            raise SourceError(where, f"the notes of {update.before.question} have more than {NOTES_LIMIT} characters")
