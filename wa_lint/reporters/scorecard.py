"""What the scorecard shows, worked out of a report: scores, coverage, what to fix first. It writes no markup.

A score is the mean over the practices that could be assessed; what was not assessed is no score, never a full one.
Findings are counted once: by the pillar of their rule's first practice, as in every other format.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from wa_lint import lens
from wa_lint.model import STEPS, Finding, Outcome, Report, RuleInfo, Severity
from wa_lint.reporters import standings, tally, waste

_ASSESSED: Final = frozenset({"met", "partial", "at-risk"})

_OUT: Final = frozenset({"for-people", "not-applicable"})
"""Practices that no check is to assess here: they count for no coverage."""

_MOST_RISKS: Final = 5
_MOST_FIXES: Final = 10

_CEILING: Final = {Severity.CRITICAL: 0.5}
"""What a practice is worth at most while something that grave fails it."""

GOOD: Final = 80
FAIR: Final = 50
"""From which score on a pillar is good, and fair. Our own judgement."""


class Pillar(msgspec.Struct, frozen=True):
    """One gauge."""

    name: str
    score: int | None
    """0 to 100, over the practices that were assessed; None: none was."""
    assessed: int
    assessable: int
    """The practices that checks could assess here."""
    tally: tally.Tally
    """Of all outcomes of the pillar: those of `tally.by_pillar`."""

    @property
    def coverage(self) -> int:
        """How much of what could be assessed was, 0 to 100."""
        return round(100 * self.assessed / self.assessable) if self.assessable else 0

    @property
    def band(self) -> str:
        """In one word: good, fair, poor or none."""
        if self.score is None:
            return "none"
        return "good" if self.score >= GOOD else "fair" if self.score >= FAIR else "poor"


class Square(msgspec.Struct, frozen=True):
    """One field of the map of pillars and steps."""

    tally: tally.Tally
    worst: str | None
    """The gravest severity that fails here."""


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
    """By pillar, then by step of the life cycle."""
    practices: Mapping[str, Sequence[tuple[standings.Standing, lens.Practice]]]
    """By pillar."""
    statuses: Mapping[str, int]
    """How many of the 105 practices have each status."""
    severities: Mapping[str, int]
    """How many open findings fail by severity, the gravest first; none with 0."""
    risks: tuple[Risk, ...]
    fixes: tuple[Fix, ...]
    open: tuple[tuple[str, str, int], ...]
    """Rule, reason and number of the checks that could not be decided."""
    waste: tuple[waste.Total, ...] = ()
    """What is measured idle, and what is at risk; empty where no cost is known."""
    running: str = ""
    """What all of it costs while it exists, in words; empty where nothing is billed by the hour."""

    @property
    def verdict(self) -> str:
        """What the first sentence of the page says: critical, serious, attention, open or clean."""
        if self.severities.get("critical"):
            return "critical"
        if self.severities.get("high"):
            return "serious"
        if self.severities or self.statuses["at-risk"]:
            return "attention"
        return "open" if self.statuses["unknown"] or not self.statuses["met"] + self.statuses["partial"] else "clean"


def scorecard(report: Report, statuses: Sequence[standings.Standing] | None = None) -> Scorecard:
    """Return what is shown. `statuses`: of the practices, where people answered too; else what checks say."""
    failing = _failing(report)
    by_id = {one.id: one for one in (standings.practices(report) if statuses is None else statuses)}
    of_status = Counter(one.status for one in by_id.values())
    severities = Counter(f.rule.severity for f in report.findings if f.outcome is Outcome.FAIL and f.is_open)
    return Scorecard(
        pillars=tuple(_pillars(report, by_id)),
        map=_map(report),
        practices={name: [(by_id[p.id], p) for p in lens.practices() if p.pillar == name] for name in lens.PILLARS},
        statuses={status: of_status[status] for status in STATUSES},
        severities={s.value: severities[s] for s in reversed(Severity) if severities[s]},
        risks=tuple(_risks(failing)),
        fixes=tuple(_fixes(failing)),
        open=tuple(_open(report)),
        waste=tuple(waste.totals(report)),
        running=waste.running_in_words(found) if (found := waste.running(report)) else "",
    )


STATUSES: Final = ("met", "partial", "at-risk", "unknown", "for-people", "not-applicable")


def worth(passed: int, failing: Sequence[Finding]) -> float | None:
    """Return what a practice is worth, 0 to 1: the share of its checks that pass; None where none was decided."""
    decided = passed + len(failing)
    if not decided:
        return None
    ceiling = min((_CEILING.get(finding.rule.severity, 1.0) for finding in failing), default=1.0)
    return min(ceiling, passed / decided)


def _failing(report: Report) -> list[Finding]:
    return [f for f in report.findings if f.outcome is Outcome.FAIL and f.suppressed is None and f.rule.practices]


def _pillars(report: Report, by_id: Mapping[str, standings.Standing]) -> list[Pillar]:
    values = _values(report)
    tallies = tally.by_pillar(report)
    return [_pillar(name, values, by_id, tallies[name]) for name in lens.PILLARS]


def _values(report: Report) -> Mapping[str, float | None]:
    """Return what each practice is worth that a rule of the run names."""
    passed: Counter[str] = Counter()
    failing: dict[str, list[Finding]] = defaultdict(list)
    by_rule = Counter(f.rule.id for f in report.findings if f.outcome is Outcome.PASS)
    by_rule.update({id_: counts.passed for id_, counts in report.counted.items()})
    for rule in report.rules:
        passed.update(dict.fromkeys(rule.practices, by_rule[rule.id]))
    for finding in report.findings:
        for practice in finding.rule.practices if finding.outcome is Outcome.FAIL else ():
            failing[practice].append(finding)
    return {practice.id: worth(passed[practice.id], failing[practice.id]) for practice in lens.practices()}


def _pillar(
    name: str, worths: Mapping[str, float | None], by_id: Mapping[str, standings.Standing], counted: tally.Tally
) -> Pillar:
    own = [practice.id for practice in lens.practices() if practice.pillar == name]
    assessed = [id_ for id_ in own if by_id[id_].status in _ASSESSED]
    values = [value for id_ in assessed if (value := worths[id_]) is not None]
    score = round(100 * sum(values) / len(values)) if values else None
    assessable = sum(by_id[id_].status not in _OUT for id_ in own)
    return Pillar(name, score, len(assessed), assessable, counted)


def _map(report: Report) -> Mapping[str, Mapping[str, Square]]:
    tallies = tally.by_pillar_and_step(report)
    worst: dict[tuple[str, str], Severity] = {}
    for finding in report.findings:
        if finding.outcome is Outcome.FAIL and finding.is_open:
            place = tally.pillar(finding.rule), finding.rule.step
            worst[place] = max(worst.get(place, Severity.LOW), finding.rule.severity, key=lambda s: s.rank)
    steps = [*STEPS, *([""] if any(not step for _, step in tallies) else [])]
    return {
        pillar: {step: _square(tallies.get((pillar, step)), worst.get((pillar, step))) for step in steps}
        for pillar in lens.PILLARS
    }


def _square(counted: tally.Tally | None, worst: Severity | None) -> Square:
    return Square(counted or tally.Tally(), worst.value if worst else None)


def _risks(failing: Sequence[Finding]) -> list[Risk]:
    """Return the gravest rules that fail, those with a way from the outside first among equals."""
    number = Counter(finding.rule.id for finding in failing)
    first: dict[str, Finding] = {}
    for finding in sorted(failing, key=lambda f: (-f.rule.severity.rank, not f.trail, -number[f.rule.id])):
        first.setdefault(finding.rule.id, finding)
    return [Risk(finding, number[id_]) for id_, finding in list(first.items())[:_MOST_RISKS]]


def _fixes(failing: Sequence[Finding]) -> list[Fix]:
    """Return the gravest rules first; among equals those that win most practices, then those with least work."""
    rules = {finding.rule.id: finding.rule for finding in failing}
    number = Counter(finding.rule.id for finding in failing)
    blamed: dict[str, set[str]] = defaultdict(set)
    for rule in rules.values():
        for practice in rule.practices:
            blamed[practice].add(rule.id)
    fixes = [
        Fix(rule, number[id_], tuple(p for p in rule.practices if blamed[p] == {id_})) for id_, rule in rules.items()
    ]
    fixes.sort(key=lambda fix: (-fix.rule.severity.rank, -len(fix.wins), fix.findings, fix.rule.id))
    return fixes[:_MOST_FIXES]


def _open(report: Report) -> list[tuple[str, str, int]]:
    found = Counter(
        (f.rule.id, f.message) for f in report.findings if f.outcome is Outcome.UNKNOWN and not f.suppressed
    )
    return [(rule, reason, number) for (rule, reason), number in sorted(found.items())]
