"""The status of each of the 105 practices: what checks saw and what people answered, never one instead of the other."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from types import MappingProxyType
from typing import Final

import msgspec

from wa_lint.model import Report
from wa_lint.reporters.standings import PracticeVerdict, verdicts
from wa_lint.review.answer import Answer
from wa_lint.review.review_catalogue import people_questions


class Status(Enum):
    """What a review says of a practice."""

    MET = "met"
    PARTIAL = "partial"
    AT_RISK = "at-risk"
    UNKNOWN = "unknown"
    FOR_PEOPLE = "for-people"
    NOT_APPLICABLE = "not-applicable"


class PracticeStatus(msgspec.Struct, frozen=True):
    """One practice, and what its status rests on."""

    id: str
    """``MLSEC03-BP02``"""
    status: Status
    because: tuple[str, ...] = ()
    """Short reasons, the one that decides first."""
    evidence: tuple[str, ...] = ()
    """Findings and resources, or what a person points to. Never empty where the status is met or at risk."""
    rules: tuple[str, ...] = ()
    """The ids of the rules that decide it, of this run or not."""
    answered_by_person: bool = False
    """Whether the status rests on a person's answer."""


NO_ANSWERS: Final[Mapping[str, Answer]] = MappingProxyType({})

_OF_ANSWER: Final = {
    "yes": Status.MET,
    "partly": Status.PARTIAL,
    "no": Status.AT_RISK,
    "not-applicable": Status.NOT_APPLICABLE,
}

_PASSING: Final = frozenset({Status.MET, Status.PARTIAL})


def statuses(report: Report, answers: Mapping[str, Answer] = NO_ANSWERS) -> Mapping[str, PracticeStatus]:
    """Return the status of every practice, by its id, in the Lens's order.

    `answers`: by the id of the practice that they are about, or of a question for people, whose answer is that of the
    practices that it settles. Stale answers have to be left out before (`wa_lint.review.answer.current`).
    """
    said = {**_settled_by_questions(answers), **answers}
    return {verdict.id: _with(verdict, said.get(verdict.id)) for verdict in verdicts(report)}


def _settled_by_questions(answers: Mapping[str, Answer]) -> Mapping[str, Answer]:
    return {
        practice: answers[id_]
        for id_, question in people_questions().items()
        if id_ in answers
        for practice in question.settles
    }


def _with(verdict: PracticeVerdict, answer: Answer | None) -> PracticeStatus:
    seen = PracticeStatus(verdict.id, Status(verdict.status), verdict.because, verdict.evidence, verdict.rules)
    if answer is None:
        return seen
    status = settled(seen.status, answer, is_for_answer=verdict.is_for_answer)
    said = answer.in_words()
    if status is seen.status:
        return msgspec.structs.replace(seen, because=(*seen.because, said))
    shown = answer.evidence or said
    return msgspec.structs.replace(
        seen,
        status=status,
        because=(said, *(f"checks: {reason}" for reason in seen.because)),
        evidence=(*seen.evidence, shown),
        answered_by_person=True,
    )


def settled(seen: Status, answer: Answer, *, is_for_answer: bool) -> Status:
    """Return what checks and an answer come to. A person may lower any status, and raise only what is left to people.

    A yes needs evidence. Nothing that was judged is inapplicable because somebody says so.
    """
    said = _OF_ANSWER[answer.answer]
    if said is Status.AT_RISK:
        return said
    if said is Status.PARTIAL and seen is Status.MET:
        return said
    is_hollow = not answer.counts
    is_denied = said is Status.NOT_APPLICABLE and seen in _PASSING
    return said if is_for_answer and not is_hollow and not is_denied else seen
