"""What the scorecard shows, worked out of a report: scores, coverage, what to fix first. It writes no markup.

A score is the mean over the practices that could be assessed; what was not assessed is no score, never a full one.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import msgspec

from wa_lint import lens
from wa_lint.model import Finding, Outcome, Report, RuleInfo, Severity
from wa_lint.reporters import standings, tally, waste

_ASSESSED: Final = frozenset({"met", "partial", "at-risk"})

_OUT: Final = frozenset({"for-people", "not-applicable"})
"""Practices that no check is to assess here: they count for no coverage."""

_MOST_RISKS: Final = 5
_MOST_FIXES: Final = 10

_CEILING: Final = {Severity.CRITICAL: 0.5}
"""What a practice is worth at most while something that grave fails it."""


class Pillar(msgspec.Struct, frozen=True):
    """One gauge."""

    name: str
    score: int | None
    """0 to 100, over the practices that were assessed; None: none was."""
    assessed: int
    assessable: int
    """The practices that checks could assess here."""
    tally: tally.Tally
    """Of all checks that speak of a practice of the pillar, though their first practice may be another pillar's."""

    @property
    def coverage(self) -> int:
        """How much of what could be assessed was, 0 to 100."""
        return round(100 * self.assessed / self.assessable) if self.assessable else 0


class Square(msgspec.Struct, frozen=True):
    """One field of the map of pillars and phases."""

    practices: int
    assessed: int
    worst: str | None
    """The gravest severity that fails here."""
    failed: int


class Risk(msgspec.Struct, frozen=True):
    """One rule that fails, with one of its findings to show it by."""

    finding: Finding
    number: int
    """How many findings the rule has."""


class Fix(msgspec.Struct, frozen=True):
    """What mending one rule's findings would win."""

    rule: RuleInfo
    findings: int
    wins: tuple[str, ...]
    """The practices that nothing else puts at risk."""


class Scorecard(msgspec.Struct, frozen=True):
    pillars: tuple[Pillar, ...]
    map: Mapping[str, Mapping[str, Square]]
    """By pillar, then by phase."""
    practices: Mapping[str, Sequence[tuple[standings.Standing, lens.Practice]]]
    """By pillar."""
    risks: tuple[Risk, ...]
    fixes: tuple[Fix, ...]
    open: tuple[tuple[str, str, int], ...]
    """Rule, reason and number of the checks that could not be decided."""
    waste: tuple[waste.Total, ...] = ()
    """What is measured idle, and what is at risk; empty where no cost is known."""
    running: str = ""
    """What all of it costs while it exists, in words; empty where nothing is billed by the hour."""


def scorecard(report: Report) -> Scorecard:
    failing = _failing(report)
    by_id = {standing.id: standing for standing in standings.practices(report)}
    return Scorecard(
        pillars=tuple(_pillar(name, report, by_id) for name in lens.PILLARS),
        map={name: {phase: _square(name, phase, by_id, failing) for phase in lens.PHASES} for name in lens.PILLARS},
        practices={name: [(by_id[p.id], p) for p in lens.practices() if p.pillar == name] for name in lens.PILLARS},
        risks=tuple(_risks(failing)),
        fixes=tuple(_fixes(failing)),
        open=tuple(_open(report)),
        waste=tuple(waste.totals(report)),
        running=waste.running_in_words(found) if (found := waste.running(report)) else "",
    )


def worth(found: Iterable[Finding]) -> float | None:
    """Return what a practice is worth, 0 to 1: the share of its checks that pass; None where none was decided."""
    decided = [f for f in found if f.outcome in {Outcome.PASS, Outcome.FAIL}]
    if not decided:
        return None
    failing = [f for f in decided if f.outcome is Outcome.FAIL]
    ceiling = min((_CEILING.get(f.rule.severity, 1.0) for f in failing), default=1.0)
    return min(ceiling, 1 - len(failing) / len(decided))


def _failing(report: Report) -> list[Finding]:
    return [f for f in report.findings if f.outcome is Outcome.FAIL and f.suppressed is None and f.rule.practices]


def _pillar(name: str, report: Report, by_id: Mapping[str, standings.Standing]) -> Pillar:
    own = [practice for practice in lens.practices() if practice.pillar == name]
    by_practice: dict[str, list[Finding]] = defaultdict(list)
    for finding in report.findings:
        for practice in finding.rule.practices:
            by_practice[practice].append(finding)
    assessed = [practice.id for practice in own if by_id[practice.id].status in _ASSESSED]
    values = [value for id_ in assessed if (value := worth(by_practice[id_])) is not None]
    score = round(100 * sum(values) / len(values)) if values else None
    assessable = sum(by_id[practice.id].status not in _OUT for practice in own)
    ids = {practice.id for practice in own}
    counted = tally.total(f for f in report.findings if not ids.isdisjoint(f.rule.practices))
    return Pillar(name, score, len(assessed), assessable, counted)


def _square(pillar: str, phase: str, by_id: Mapping[str, standings.Standing], failing: Sequence[Finding]) -> Square:
    own = {p.id for p in lens.practices() if p.pillar == pillar and p.phase == phase}
    found = [f for f in failing if own.intersection(f.rule.practices)]
    worst = max((f.rule.severity for f in found), key=lambda severity: severity.rank, default=None)
    assessed = sum(by_id[id_].status in _ASSESSED for id_ in own)
    return Square(len(own), assessed, worst.value if worst else None, len(found))


def _risks(failing: Sequence[Finding]) -> list[Risk]:
    """Return the gravest rules that fail, those with a way from the outside first among equals."""
    number = Counter(finding.rule.id for finding in failing)
    first: dict[str, Finding] = {}
    for finding in sorted(failing, key=lambda f: (-f.rule.severity.rank, not f.trail, -number[f.rule.id])):
        first.setdefault(finding.rule.id, finding)
    return [Risk(finding, number[id_]) for id_, finding in list(first.items())[:_MOST_RISKS]]


def _fixes(failing: Sequence[Finding]) -> list[Fix]:
    """Return the rules whose mending wins most practices for the least work, the graver first among equals."""
    rules = {finding.rule.id: finding.rule for finding in failing}
    number = Counter(finding.rule.id for finding in failing)
    blamed: dict[str, set[str]] = defaultdict(set)
    for rule in rules.values():
        for practice in rule.practices:
            blamed[practice].add(rule.id)
    fixes = [
        Fix(rule, number[id_], tuple(p for p in rule.practices if blamed[p] == {id_})) for id_, rule in rules.items()
    ]
    fixes.sort(key=lambda fix: (-len(fix.wins) / fix.findings, -fix.rule.severity.rank, fix.rule.id))
    return fixes[:_MOST_FIXES]


def _open(report: Report) -> list[tuple[str, str, int]]:
    found = Counter(
        (f.rule.id, f.message) for f in report.findings if f.outcome is Outcome.UNKNOWN and not f.suppressed
    )
    return [(rule, reason, number) for (rule, reason), number in sorted(found.items())]
