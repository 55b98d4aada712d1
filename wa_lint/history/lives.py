"""The life of a finding, out of what each run said of it: first seen, open, fixed, reopened. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import Final

import msgspec

from wa_lint.history.sighted import (
    FAILS,
    GONE,
    PASSED,
    REPORTED,
    RULE_CHANGED,
    RULE_REMOVED,
    SUPPRESSED,
    UNKNOWN,
    UNSEEN,
    TrackedFinding,
)

OPEN: Final = "open"
FIXED: Final = "fixed"
SETTLED: Final = "settled"
"""It never failed in the open: what was not known is known now, or what was suppressed is not reported any more."""

NEW: Final = "new"
REOPENED: Final = "reopened"

_DAY: Final = 86400


class RecordedRun(msgspec.Struct, frozen=True, order=True):
    """One run, as the database has it."""

    at: str
    """``2026-11-23T18:30:00Z``: the run's own date."""
    id: int
    tool: str
    """The version of wa-lint."""
    command: str
    rules: int = 0
    """How many were asked."""
    is_complete: bool = True
    """Whether nothing that it was to read could not be read."""


class TrackedState(msgspec.Struct, frozen=True):
    """What one run said of a finding, as it is kept."""

    run: RecordedRun
    state: str
    because: str = ""
    version: str = ""


class Fixing(msgspec.Struct, frozen=True):
    """One fix of a finding."""

    opened: str
    last_seen: str
    """When a run last reported it: the fix lies between this and `at`."""
    at: str
    days: float
    """That it was open, days without those on which it was suppressed."""
    is_new_tool: bool
    """Whether another version of wa-lint judged: perhaps it is not the resource that changed."""


class LifeEvent(msgspec.Struct, frozen=True):
    """What a run changed."""

    run: RecordedRun
    status: str
    """open | unknown | suppressed | unseen | fixed | settled | gone | rule-changed | rule-removed"""
    what: str = ""
    """new | reopened | fixed | gone | rule-changed | rule-removed; empty: none of these."""


class Life(msgspec.Struct, frozen=True):
    """All that is known of one finding."""

    finding: TrackedFinding
    first_seen: str
    last_seen: str
    """When a run last reported it."""
    status: str
    """As in `LifeEvent`, of the latest run."""
    because: str
    versions: tuple[str, ...]
    """Those of its rule that judged it, the oldest first."""
    reopened: int
    fixes: tuple[Fixing, ...]
    events: tuple[LifeEvent, ...]


def life_of(finding: TrackedFinding, told: Iterable[TrackedState]) -> Life:
    """Return the life of a finding that at least one run reported."""
    teller = _Teller()
    states = sorted(told, key=lambda state: state.run)
    for state in states:
        teller.tell(state)
    reported = [state.run.at for state in states if state.state in REPORTED]
    return Life(
        finding=finding,
        first_seen=reported[0] if reported else states[0].run.at,
        last_seen=reported[-1] if reported else states[0].run.at,
        status=teller.status,
        because=states[-1].because,
        versions=tuple(dict.fromkeys(state.version for state in states if state.version)),
        reopened=sum(event.what == REOPENED for event in teller.events),
        fixes=tuple(teller.fixes),
        events=tuple(teller.events),
    )


def mean_days(lives: Iterable[Life]) -> float | None:
    """Return the mean time to fix in days; None where nothing was fixed."""
    days = [fixing.days for life in lives for fixing in life.fixes]
    return round(sum(days) / len(days), 1) if days else None


def days_between(start: str, end: str) -> float:
    """Return the days from one time of a run to a later one."""
    return (_moment(end) - _moment(start)).total_seconds() / _DAY


def _moment(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text)


class _Teller:
    """Goes through what the runs said, the oldest first."""

    def __init__(self) -> None:
        self.status = ""
        self.events: list[LifeEvent] = []
        self.fixes: list[Fixing] = []
        self._opened: str | None = None
        """When it failed first since it was last fixed or gone; None: it did not."""
        self._suppressed: str | None = None
        """Since when it is suppressed."""
        self._excused = 0.0
        """Days of this opening on which it was suppressed."""
        self._was_closed = False
        """Whether it failed, and was fixed or gone since."""
        self._last = ("", "")
        """Date and version of wa-lint of the run that reported it last."""

    def tell(self, state: TrackedState) -> None:
        status, what = _TOLD[state.state](self, state)
        self.status = status
        self.events.append(LifeEvent(state.run, status, what))
        if state.state in REPORTED:
            self._last = state.run.at, state.run.tool

    def fails(self, state: TrackedState) -> tuple[str, str]:
        self._count_suppression(state)
        if self._opened is not None:
            return OPEN, ""
        what = REOPENED if self._was_closed else NEW
        self._opened, self._excused, self._was_closed = state.run.at, 0.0, False
        return OPEN, what

    def unknown(self, state: TrackedState) -> tuple[str, str]:
        self._count_suppression(state)
        return UNKNOWN, ""

    def suppressed(self, state: TrackedState) -> tuple[str, str]:
        self._suppressed = self._suppressed or state.run.at
        return SUPPRESSED, ""

    def unseen(self, _state: TrackedState) -> tuple[str, str]:
        return UNSEEN, ""

    def passed(self, state: TrackedState) -> tuple[str, str]:
        self._count_suppression(state)
        opened, self._opened = self._opened, None
        if opened is None:
            return SETTLED, ""
        last, tool = self._last
        days = round(days_between(opened, state.run.at) - self._excused, 3)
        self.fixes.append(Fixing(opened, last, state.run.at, days, tool != state.run.tool))
        self._was_closed = True
        return FIXED, FIXED

    def gone(self, state: TrackedState) -> tuple[str, str]:
        self._count_suppression(state)
        opened, self._opened = self._opened, None
        if opened is None:
            return SETTLED, ""
        self._was_closed = True
        return GONE, GONE

    def rule_changed(self, _state: TrackedState) -> tuple[str, str]:
        return RULE_CHANGED, RULE_CHANGED if self._opened else ""

    def rule_removed(self, _state: TrackedState) -> tuple[str, str]:
        return RULE_REMOVED, RULE_REMOVED if self._opened else ""

    def _count_suppression(self, state: TrackedState) -> None:
        """Add the days since it was suppressed, where it was open before."""
        since, self._suppressed = self._suppressed, None
        if since is not None and self._opened is not None:
            self._excused += days_between(since, state.run.at)


_TOLD: Final = {
    FAILS: _Teller.fails,
    UNKNOWN: _Teller.unknown,
    SUPPRESSED: _Teller.suppressed,
    UNSEEN: _Teller.unseen,
    PASSED: _Teller.passed,
    GONE: _Teller.gone,
    RULE_CHANGED: _Teller.rule_changed,
    RULE_REMOVED: _Teller.rule_removed,
}


def lives_of(findings: Sequence[TrackedFinding], told: Iterable[tuple[int, TrackedState]]) -> Sequence[Life]:
    """Return the life of each finding; `told` is (id of the finding, what a run said of it)."""
    by_id: dict[int, list[TrackedState]] = {finding.id: [] for finding in findings}
    for id_, state in told:
        by_id[id_].append(state)
    return [life_of(finding, by_id[finding.id]) for finding in findings if by_id[finding.id]]
