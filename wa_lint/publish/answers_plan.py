"""What a review would change in the answers of a workload, and what it leaves alone. It calls nothing.

A choice is a person's unless it is empty or its note carries our mark, whose digest holds the choice, its status and
the note: anyone who edits one of them makes it theirs. The notes of the question name what wa-lint selected, so that a
choice that a person cleared, note and all, is not taken for one that nobody looked at.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

import msgspec

from wa_lint import lens as catalogue
from wa_lint.publish.workload_answers import (
    NOT_APPLICABLE,
    NOTE_LIMIT,
    NOTES_LIMIT,
    SELECTED,
    UNSELECTED,
    ChoiceState,
    ReviewedWorkload,
    ToolLens,
    WorkloadAnswer,
    digest_of,
)
from wa_lint.redact import mask
from wa_lint.review.practice_status import PracticeStatus, Status

VERSION: Final = 1
"""Of the form of a plan that is written to a file."""

MARK: Final = "wa-lint:"
"""What the note of a choice begins with that wa-lint has written; twelve digits of a digest follow."""

_NOTE: Final = re.compile(rf"{MARK}([0-9a-f]{{12}}) (.*)", re.DOTALL)
_BLOCK: Final = re.compile(r"\[wa-lint ([0-9a-f]{12})\]\s*(.*?)\s*\[/wa-lint\]", re.DOTALL)
_LINE: Final = re.compile(r"(?<=\w):\d+:\d+\b")
_SELECTED_LINE: Final = "Selected by wa-lint: "
_LEAST_ROOM: Final = 120
"""Characters below which our part of a question's notes is left out."""

EMPTY, OURS_SELECTED, OURS_UNSELECTED, PERSONS = "empty", "selected by wa-lint", "unselected by wa-lint", "a person's"
"""Whose a choice is."""

SELECT, UNSELECT, NOTE, LEAVE = "select", "unselect", "note", "leave"
"""What is done to a choice; note: its note is brought up to date, its status stays."""

ACTIONS: Final[Mapping[Status, Mapping[str, str]]] = {
    Status.MET: {EMPTY: SELECT, OURS_SELECTED: NOTE, OURS_UNSELECTED: SELECT, PERSONS: LEAVE},
    Status.AT_RISK: {EMPTY: LEAVE, OURS_SELECTED: UNSELECT, OURS_UNSELECTED: NOTE, PERSONS: LEAVE},
    Status.PARTIAL: {EMPTY: LEAVE, OURS_SELECTED: NOTE, OURS_UNSELECTED: NOTE, PERSONS: LEAVE},
    Status.UNKNOWN: {EMPTY: LEAVE, OURS_SELECTED: NOTE, OURS_UNSELECTED: NOTE, PERSONS: LEAVE},
    Status.FOR_PEOPLE: {EMPTY: LEAVE, OURS_SELECTED: NOTE, OURS_UNSELECTED: NOTE, PERSONS: LEAVE},
    Status.NOT_APPLICABLE: {EMPTY: LEAVE, OURS_SELECTED: NOTE, OURS_UNSELECTED: NOTE, PERSONS: LEAVE},
}
"""The status of a practice -> whose its choice is -> what is done. docs/review-tool.md has the same table."""


class ChoiceUpdate(msgspec.Struct, frozen=True):
    """What would be said of one choice."""

    choice: str
    title: str
    practice: str
    action: str
    """select | unselect | note"""
    status: str
    """The choice's status afterwards: SELECTED | UNSELECTED."""
    notes: str


class AnswerUpdate(msgspec.Struct, frozen=True):
    """What would be changed in the answer to one question."""

    before: WorkloadAnswer
    choices: tuple[ChoiceUpdate, ...] = ()
    notes: str | None = None
    """The question's notes afterwards, with all that a person wrote there; None: they stay as they are."""

    @property
    def after(self) -> WorkloadAnswer:
        """The answer as it would be."""
        told = {update.choice: update for update in self.choices}
        choices = tuple(
            msgspec.structs.replace(choice, status=told[choice.id].status, notes=told[choice.id].notes)
            if choice.id in told
            else choice
            for choice in self.before.choices
        )
        notes = self.before.notes if self.notes is None else self.notes
        return msgspec.structs.replace(self.before, choices=choices, notes=notes)


class LeftAlone(msgspec.Struct, frozen=True):
    """A practice whose choice is not changed."""

    practice: str
    status: str
    why: str
    kind: str
    """person: a person answered | status: its status selects nothing | lens: the lens has no such choice | current: it
    says all of it already."""
    question: str = ""
    choice: str = ""
    is_disputed: bool = False
    """Whether a person selected it and wa-lint finds it at risk."""


class AnswersPlan(msgspec.Struct, frozen=True):
    """All that would be changed in one workload, and all that would not."""

    workload: ReviewedWorkload
    lens: ToolLens
    updates: tuple[AnswerUpdate, ...] = ()
    left: tuple[LeftAlone, ...] = ()
    version: int = VERSION

    def count(self, action: str) -> int:
        return sum(choice.action == action for update in self.updates for choice in update.choices)


def plan_of(
    workload: ReviewedWorkload,
    lens: ToolLens,
    answers: Sequence[WorkloadAnswer],
    statuses: Mapping[str, PracticeStatus],
    *,
    include_answered: bool = False,
) -> AnswersPlan:
    """Return what `statuses` (by practice) would change in `answers`.

    `include_answered`: also select empty choices of questions that a person answered.
    """
    choices = choices_of_practices(answers)
    missing = [_missing(status, choices[id_]) for id_, status in statuses.items() if len(choices[id_]) != 1]
    updates: list[AnswerUpdate] = []
    left: list[LeftAlone] = missing
    for answer in answers:
        asked = [
            (choice, statuses[practice])
            for practice, found in choices.items()
            if practice in statuses and len(found) == 1
            for question, choice in found
            if question == answer.question
        ]
        update, alone = _planned(answer, asked, include_answered=include_answered)
        left += alone
        if update.choices or update.notes is not None:
            updates.append(update)
    order = {id_: number for number, id_ in enumerate(statuses)}
    return AnswersPlan(workload, lens, tuple(updates), tuple(sorted(left, key=lambda one: order[one.practice])))


# --- which choice is which practice -----------------------------------------------------------------


def choices_of_practices(answers: Sequence[WorkloadAnswer]) -> Mapping[str, list[tuple[str, ChoiceState]]]:
    """Return the choices (question, choice) that are a practice, by its id: those with its title.

    Where there is none, those with its id that lead to its page: a lens may spell a title another way. An id alone
    proves nothing: lenses of other versions have ids of their own.
    """
    titled: dict[str, list[tuple[str, ChoiceState]]] = defaultdict(list)
    by_id: dict[str, list[tuple[str, ChoiceState]]] = defaultdict(list)
    for answer in answers:
        for choice in answer.choices:
            titled[_words(choice.title)].append((answer.question, choice))
            by_id[choice.id].append((answer.question, choice))
    return {
        practice.id: titled.get(_words(practice.title))
        or [found for found in by_id.get(practice.choice, ()) if catalogue.url(practice.id) in found[1].pages]
        for practice in catalogue.practices()
    }


def _words(title: str) -> str:
    return " ".join(re.findall(r"\w+", title.casefold()))


def _missing(status: PracticeStatus, found: Sequence[tuple[str, ChoiceState]]) -> LeftAlone:
    why = "several choices of the lens have its title" if found else "the lens has no choice with its title"
    return LeftAlone(status.id, status.status.value, why, "lens")


# --- one question -----------------------------------------------------------------------------------


def owner_of(answer: WorkloadAnswer, choice: ChoiceState) -> str:
    """Return whose a choice of `answer` is: EMPTY, OURS_SELECTED, OURS_UNSELECTED or PERSONS."""
    if choice.is_empty:
        return PERSONS if choice.id in _once_selected(answer) else EMPTY
    found = _NOTE.fullmatch(choice.notes.strip())
    if found is None or found[1] != digest_of(answer.question, choice.id, choice.status, found[2]):
        return PERSONS
    return {SELECTED: OURS_SELECTED, UNSELECTED: OURS_UNSELECTED}.get(choice.status, PERSONS)


def _once_selected(answer: WorkloadAnswer) -> list[str]:
    """Return the choices that, by the notes of the question, wa-lint selected."""
    _, found, ids = answer.notes.rpartition(_SELECTED_LINE)
    return re.findall(r"\w+", re.split(r"[\n\[]", ids, maxsplit=1)[0]) if found else []


def is_answered(answer: WorkloadAnswer) -> bool:
    """Whether a person answered the question: set it aside, or said anything of one of its choices."""
    return not answer.is_applicable or any(owner_of(answer, choice) == PERSONS for choice in answer.choices)


def _planned(
    answer: WorkloadAnswer, asked: Sequence[tuple[ChoiceState, PracticeStatus]], *, include_answered: bool
) -> tuple[AnswerUpdate, list[LeftAlone]]:
    closed = _why_closed(answer)
    answered = "a person answered the question; --include-answered selects it" if is_answered(answer) else None
    updates, left = [], []
    for choice, status in asked:
        owner = owner_of(answer, choice)
        action = ACTIONS[status.status][owner]
        is_kept_out = owner == EMPTY and action == SELECT and not include_answered
        if why := closed or (_persons(choice, status) if owner == PERSONS else answered if is_kept_out else None):
            left.append(_left(answer, choice, status, why, "person"))
        elif action == LEAVE or (action == SELECT and not status.evidence):
            left.append(_left(answer, choice, status, _reasons(status), "status"))
        elif update := _update(answer, choice, status, action):
            updates.append(update)
        else:
            left.append(_left(answer, choice, status, "it says so already", "current"))
    notes = None if closed else _notes(answer, asked, updates)
    return AnswerUpdate(answer, tuple(updates), notes), left


def _why_closed(answer: WorkloadAnswer) -> str | None:
    """Return why nothing in a question may be changed."""
    if not answer.is_applicable:
        return "a person marked the question as not applicable"
    if any(choice.is_none_of_these and choice.status == SELECTED for choice in answer.choices):
        return "a person selected that none of the choices holds"
    return None


def _persons(choice: ChoiceState, status: PracticeStatus) -> str:
    if choice.status == SELECTED and status.status is Status.AT_RISK:
        return f"a person selected it, but it is at risk: {_reasons(status)}"
    if choice.is_empty:
        return "a person cleared what wa-lint had selected"
    if choice.notes.lstrip().startswith(MARK):
        return "a person edited what wa-lint had written"
    said = {SELECTED: "selected it", NOT_APPLICABLE: "marked it as not applicable"}
    return f"a person {said.get(choice.status, 'wrote a note on it')}"


def _left(answer: WorkloadAnswer, choice: ChoiceState, status: PracticeStatus, why: str, kind: str) -> LeftAlone:
    is_disputed = kind == "person" and choice.status == SELECTED and status.status is Status.AT_RISK
    return LeftAlone(status.id, status.status.value, why, kind, answer.question, choice.id, is_disputed)


def _update(answer: WorkloadAnswer, choice: ChoiceState, status: PracticeStatus, action: str) -> ChoiceUpdate | None:
    """Return what brings a choice up to date; None where it is."""
    after = {SELECT: SELECTED, UNSELECT: UNSELECTED}.get(action, choice.status)
    text = _fitted(_evidence(status, is_selected=after == SELECTED), NOTE_LIMIT - len(MARK) - 13)
    notes = f"{MARK}{digest_of(answer.question, choice.id, after, text)} {text}"
    if after == choice.status and " ".join(notes.split()) == " ".join(choice.notes.split()):
        return None
    return ChoiceUpdate(choice.id, choice.title, status.id, action, after, notes)


# --- what is written --------------------------------------------------------------------------------


def _evidence(status: PracticeStatus, *, is_selected: bool) -> str:
    """Return what a note says: ``Met: …``; of a choice that stays selected on less, that too.

    The reason that decides and the evidence come first: the end may be cut. Lines and columns are left out, or every
    edit of a template would be a new note, and a new milestone.
    """
    word = status.status.value.replace("-", " ")
    who = " (a person's answer)" if status.answered_by_person else ""
    was = "Selected on earlier evidence. Now " if is_selected and status.status is not Status.MET else ""
    reasons = (*status.because[:1], *status.evidence, *status.because[1:])
    said = _LINE.sub("", "; ".join(" ".join(text.split()) for text in reasons))
    text = mask(f"{was}{word}{who}: {said}" if said else f"{was}{word}{who}")
    return text[:1].upper() + text[1:]


def _reasons(status: PracticeStatus) -> str:
    return "; ".join(status.because) or status.status.value.replace("-", " ")


_NOTABLE: Final = frozenset({Status.MET, Status.PARTIAL, Status.AT_RISK})
"""Of these the notes of a question tell, where nobody answered it."""


def _notes(
    answer: WorkloadAnswer, asked: Sequence[tuple[ChoiceState, PracticeStatus]], updates: Sequence[ChoiceUpdate]
) -> str | None:
    """Return the notes of a question with our part brought up to date; None where they stay as they are."""
    block = _BLOCK.search(answer.notes)
    if block is None and ("[wa-lint " in answer.notes or "[/wa-lint]" in answer.notes):
        return None  # somebody took it apart
    if block and block[1] != digest_of(answer.question, block[2]):
        return None  # somebody edited it
    is_told = any(status.status in _NOTABLE for _, status in asked) and not is_answered(answer)
    if not asked or not (block or updates or is_told):
        return None
    before, after = (answer.notes[: block.start()], answer.notes[block.end() :]) if block else (answer.notes, "")
    gap = "\n\n" if before and not block else ""
    ours = _selected_line(answer, updates)
    room = NOTES_LIMIT - _length(before + gap + ours + after) - len("[wa-lint 0123456789ab]\n\n[/wa-lint]")
    if room < _LEAST_ROOM:
        return None
    text = "\n".join(_lines([status for _, status in asked], room)) + ours
    if block and block[1] == digest_of(answer.question, text):
        return None
    return f"{before}{gap}[wa-lint {digest_of(answer.question, text)}]\n{text}\n[/wa-lint]{after}"


def _selected_line(answer: WorkloadAnswer, updates: Sequence[ChoiceUpdate]) -> str:
    """Return the line that names what wa-lint selected, also what a person cleared since."""
    told = {update.choice: update.status for update in updates}
    kept = {choice.id for choice in answer.choices if owner_of(answer, choice) == OURS_SELECTED}
    kept |= {choice.id for choice in answer.choices if choice.is_empty and choice.id in _once_selected(answer)}
    ids = [c.id for c in answer.choices if told.get(c.id, SELECTED if c.id in kept else UNSELECTED) == SELECTED]
    return f"\n{_SELECTED_LINE}{', '.join(ids)}" if ids else ""


def _lines(statuses: Sequence[PracticeStatus], room: int) -> Iterator[str]:
    """Yield a line for each practice, all of them as long as there is room for."""
    share = room // len(statuses) - 1
    for status in statuses:
        yield _fitted(f"{status.id} {_evidence(status, is_selected=False)}", share)


def without_ours(notes: str) -> str:
    """Return what people wrote in the notes of a question."""
    return _BLOCK.sub("", notes).strip()


def _fitted(text: str, limit: int) -> str:
    """Return `text` in no more than `limit` characters, cut at a word."""
    flat = "".join(c for c in " ".join(text.split()) if c.isprintable()).replace("[/wa-lint", "(/wa-lint")
    if _length(flat) <= limit:
        return flat
    flat = flat[: limit - 1]
    while _length(flat) > limit - 1:
        flat = flat[:-1]
    head, _, tail = flat.rpartition(" ")
    return (head if head and len(tail) < len(flat) // 2 else flat).rstrip(" ;,:") + "…"


def _length(text: str) -> int:
    """Return the characters as UTF-16 counts them: AWS does not say how it counts, and that is never too few."""
    return len(text.encode("utf-16-le", "replace")) // 2
