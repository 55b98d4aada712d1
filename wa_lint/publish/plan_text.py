"""A plan for the Well-Architected Tool in words, for anyone who has to agree to it. It decides nothing."""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Final

from wa_lint.publish.answers_plan import NOTE, SELECT, UNSELECT, AnswersPlan, ChoiceUpdate, LeftAlone
from wa_lint.reporters import visible

_TITLES: Final = {
    SELECT: "Select",
    UNSELECT: "Unselect (wa-lint selected it before)",
    NOTE: "Keep the status, update the note",
}

_STATUS_ORDER: Final = ("met", "partial", "at-risk", "unknown", "for-people", "not-applicable")


def plan_lines(plan: AnswersPlan) -> Iterator[str]:
    """Yield the lines of a plan."""
    workload, lens = plan.workload, plan.lens
    shared = f", shared by account {workload.owner}" if workload.owner != workload.account else ""
    yield f"Workload {visible(workload.name)} ({workload.id}) in {workload.region}, account {workload.account}{shared}"
    yield f"Lens {visible(lens.name)} ({lens.alias}){f', version {lens.version}' if lens.version else ''}"
    if not lens.is_associated:
        yield ""
        yield "The workload does not have this lens: `wa-lint review apply` adds it, and only then lists its choices."
        return
    changes = [(update.before.title, one) for update in plan.updates for one in update.choices]
    for action, title in _TITLES.items():
        yield from _changes(title, [(question, one) for question, one in changes if one.action == action])
    if only := [update.before.question for update in plan.updates if not update.choices]:
        yield ""
        yield f"Update only the notes of {_count(len(only), 'question')}: {', '.join(only)}"
    yield from _left(plan.left)
    yield ""
    yield summary(plan)


def summary(plan: AnswersPlan) -> str:
    """Return how much a plan changes, in one line."""
    parts = [
        f"{plan.count(SELECT)} to select",
        f"{plan.count(UNSELECT)} to unselect",
        f"{plan.count(NOTE)} with a new note only",
        f"{sum(one.kind == 'person' for one in plan.left)} left alone because a person answered",
    ]
    return f"Choices: {', '.join(parts)}. Questions to write: {len(plan.updates)}."


def _changes(title: str, changes: Sequence[tuple[str, ChoiceUpdate]]) -> Iterator[str]:
    if not changes:
        return
    yield ""
    yield f"{title}: {len(changes)}"
    for question, one in changes:
        yield f"  {one.choice}  {visible(one.title)}"
        yield f"    question: {visible(question)}"
        yield f"    note: {visible(one.notes)}"


def _left(left: Sequence[LeftAlone]) -> Iterator[str]:
    persons = [one for one in left if one.kind == "person"]
    if persons:
        yield ""
        yield f"Leave alone because a person answered: {len(persons)}"
        for one in sorted(persons, key=lambda one: not one.is_disputed):
            yield f"  {one.choice or one.practice}  {visible(one.why)}"
    statuses = Counter(one.status for one in left if one.kind == "status")
    if statuses:
        yield ""
        counted = ", ".join(f"{statuses[name]} {name}" for name in _STATUS_ORDER if statuses[name])
        yield f"Not selected because of the status of the practice: {counted}"
    if missing := [one.practice for one in left if one.kind == "lens"]:
        yield ""
        yield f"Practices that are no choice of this lens: {len(missing)}"
        yield from textwrap.wrap(", ".join(missing), 100, initial_indent="  ", subsequent_indent="  ")


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'s' * (number != 1)}"
