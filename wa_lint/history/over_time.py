"""The trend: how many findings are open after each run, and what each run changed, in all and by group. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from typing import Final

import msgspec

from wa_lint import lens
from wa_lint.history.lives import (
    FIXED,
    NEW,
    OPEN,
    REOPENED,
    Life,
    RecordedRun,
    mean_days,
)
from wa_lint.history.sighted import GONE, RULE_CHANGED, RULE_REMOVED, SUPPRESSED, UNKNOWN, UNSEEN, TrackedFinding

_CHANGES: Final = {
    NEW: "new",
    REOPENED: "reopened",
    FIXED: "fixed",
    GONE: "gone",
    RULE_CHANGED: "rule_changed",
    RULE_REMOVED: "rule_changed",
}
_STANDS: Final = {OPEN: "failing", UNKNOWN: "unknown", SUPPRESSED: "suppressed", UNSEEN: "unseen"}


class DayCount(msgspec.Struct, frozen=True):
    """What is after one run, and what the run changed."""

    failing: int = 0
    unknown: int = 0
    suppressed: int = 0
    unseen: int = 0
    """Failed when it was last looked at, and could not be looked at in this run."""
    new: int = 0
    reopened: int = 0
    fixed: int = 0
    gone: int = 0
    rule_changed: int = 0
    """Not reported because the rule changed, or is not there any more: no fix."""

    @property
    def open(self) -> int:
        """What fails as far as is known: a run that looks at less makes nothing better."""
        return self.failing + self.unseen


class GroupTrend(msgspec.Struct, frozen=True):
    """One pillar, practice, account or rule over all runs."""

    name: str
    counts: tuple[DayCount, ...]
    """One for each run."""
    fixed: int
    """Times that something was fixed."""
    reopened: int
    mean_days: float | None
    """To fix; None where nothing was."""


class OverTime(msgspec.Struct, frozen=True):
    """The history of a database."""

    runs: tuple[RecordedRun, ...]
    total: GroupTrend
    by: Mapping[str, tuple[GroupTrend, ...]]
    """By pillar, practice, account and rule: the groups that ever had a finding."""
    lives: tuple[Life, ...]


def _pillars(finding: TrackedFinding) -> Sequence[str]:
    known = [practice for practice in finding.practices[:1] if practice in _practice_pillars()]
    return [_practice_pillars()[known[0]]] if known else ["operational-excellence"]


def _practices(finding: TrackedFinding) -> Sequence[str]:
    return finding.practices


def _accounts(finding: TrackedFinding) -> Sequence[str]:
    return [finding.home.account or "files"]


def _rules(finding: TrackedFinding) -> Sequence[str]:
    return [finding.rule]


GROUPS: Final[Mapping[str, Callable[[TrackedFinding], Sequence[str]]]] = {
    "pillar": _pillars,
    "practice": _practices,
    "account": _accounts,
    "rule": _rules,
}
"""What a trend may be grouped by. The pillar is that of the rule's first practice, as in reports."""


def over_time(runs: Sequence[RecordedRun], lives: Sequence[Life]) -> OverTime:
    """Return the trend over `runs`, the oldest first."""
    runs = sorted(runs)
    by = {name: tuple(_grouped(runs, lives, keys)) for name, keys in GROUPS.items()}
    return OverTime(tuple(runs), _trend("all", runs, lives), by, tuple(lives))


@cache
def _practice_pillars() -> Mapping[str, str]:
    return {practice.id: practice.pillar for practice in lens.practices()}


def _grouped(
    runs: Sequence[RecordedRun], lives: Iterable[Life], keys: Callable[[TrackedFinding], Sequence[str]]
) -> Iterable[GroupTrend]:
    groups: dict[str, list[Life]] = defaultdict(list)
    for life in lives:
        for key in keys(life.finding):
            groups[key].append(life)
    return [_trend(name, runs, groups[name]) for name in sorted(groups)]


def _trend(name: str, runs: Sequence[RecordedRun], lives: Sequence[Life]) -> GroupTrend:
    numbers = {run.id: number for number, run in enumerate(runs)}
    tallies: dict[str, list[int]] = {field: [0] * (len(runs) + 1) for field in DayCount.__struct_fields__}
    for life in lives:
        _add(tallies, life, numbers, len(runs))
    for field in _STANDS.values():
        _sum_up(tallies[field])
    counts = tuple(DayCount(**{field: tallies[field][n] for field in tallies}) for n in range(len(runs)))
    fixed = sum(len(life.fixes) for life in lives)
    return GroupTrend(name, counts, fixed, sum(life.reopened for life in lives), mean_days(lives))


def _add(tallies: Mapping[str, list[int]], life: Life, numbers: Mapping[int, int], end: int) -> None:
    """Add what each run changed, and +1 and -1 where a status begins and ends."""
    starts = [numbers[event.run.id] for event in life.events]
    seen = OPEN
    for event, start, stop in zip(life.events, starts, [*starts[1:], end], strict=True):
        if event.what in _CHANGES:
            tallies[_CHANGES[event.what]][start] += 1
        is_kept = event.status == UNSEEN and seen != OPEN  # what was suppressed, or unknown, is so still
        seen = seen if event.status == UNSEEN else event.status
        if event.status in _STANDS:
            field = _STANDS.get(seen, "unseen") if is_kept else _STANDS[event.status]
            tallies[field][start] += 1
            tallies[field][stop] -= 1


def _sum_up(values: list[int]) -> None:
    for n in range(1, len(values)):
        values[n] += values[n - 1]
