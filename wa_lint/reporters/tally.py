"""Counts a report: by rule, by pillar, and what it says of each practice of the Lens. It formats nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Mapping
from typing import Final, TypeAlias, TypeVar

import msgspec

from wa_lint import lens
from wa_lint.model import Counts, Finding, Outcome, Report, RuleInfo

K = TypeVar("K", bound=Hashable)

Kind: TypeAlias = Outcome | str | None
"""How a finding is counted; None: it is suppressed; ``unchanged``: an earlier run has it too."""


class Tally(msgspec.Struct, frozen=True):
    """How many outcomes of each kind there are. What is suppressed is counted apart, whatever its outcome."""

    passed: int = 0
    failed: int = 0
    unknown: int = 0
    not_applicable: int = 0
    suppressed: int = 0
    unchanged: int | msgspec.UnsetType = msgspec.UNSET
    """What failed or was unknown before too; not among the others. Not set where nothing was compared."""


class Amount(msgspec.Struct, frozen=True):
    """How many findings fail, and how many are unknown."""

    failed: int = 0
    unknown: int = 0

    @property
    def total(self) -> int:
        return self.failed + self.unknown


class NewsCount(msgspec.Struct, frozen=True):
    """How a run compares with an earlier one."""

    since: str
    new: Amount
    updated: Amount
    unchanged: Amount
    fixed: Amount


def pillar(rule: RuleInfo) -> str:
    """Return the pillar of the rule's first practice; what no practice speaks of is a matter of operations."""
    return lens.practice(rule.practices[0]).pillar if rule.practices else "operational-excellence"


def phase(rule: RuleInfo) -> str:
    """Return the lifecycle phase of the rule's first practice; of what no practice speaks of, monitoring."""
    return lens.practice(rule.practices[0]).phase if rule.practices else "monitoring"


def total(findings: Iterable[Finding], counts: Iterable[Counts] = ()) -> Tally:
    """Return the tally of findings, and of what is only counted beside them."""
    counter = Counter(_counted(finding) for finding in findings)
    for one in counts:
        counter.update(_kinds(one))
    return _tally(counter)


def news(report: Report) -> NewsCount | None:
    """Return how many findings are new, worse, unchanged and fixed; None where nothing was compared."""
    if report.compared is None:
        return None
    kept = [f for f in report.findings if f.suppressed is None or f.suppressed.kind == "baseline"]
    by_state = {
        state: _amount(f.outcome.value for f in kept if f.state == state) for state in ("new", "updated", "unchanged")
    }
    return NewsCount(report.compared.since, **by_state, fixed=_amount(known.outcome for known in report.compared.fixed))


def news_in_words(found: NewsCount) -> str:
    """Return ``1 new, 17 unchanged since main, 3 fixed``."""
    worse = [f"{_in_words(found.updated, 'worse')}"] if found.updated.total else []
    parts = [
        _in_words(found.new, "new"),
        *worse,
        _in_words(found.unchanged, f"unchanged since {found.since}"),
        _in_words(found.fixed, "fixed"),
    ]
    return ", ".join(parts)


def by_rule(report: Report) -> Mapping[str, Tally]:
    """Return a tally for every rule that was run, in the report's order."""
    return _by(report, {rule.id: rule.id for rule in report.rules})


def by_pillar(report: Report) -> Mapping[str, Tally]:
    """Return a tally for each of the six pillars, in the Framework's order."""
    counted = _by(report, {rule.id: pillar(rule) for rule in report.rules})
    return {name: counted.get(name, Tally()) for name in lens.PILLARS}


def by_pillar_and_step(report: Report) -> Mapping[tuple[str, str], Tally]:
    """Return a tally for each pillar and step of the life cycle that a rule is of; its outcomes count there only."""
    return _by(report, {rule.id: (pillar(rule), rule.step) for rule in report.rules})


def _by(report: Report, key: Mapping[str, K]) -> Mapping[K, Tally]:
    counted: dict[K, Counter[Kind]] = {name: Counter() for name in key.values()}
    for finding in report.findings:
        counted[key[finding.rule.id]][_counted(finding)] += 1
    for id_, counts in report.counted.items():
        counted[key[id_]].update(_kinds(counts))
    return {name: _tally(counter) for name, counter in counted.items()}


def _amount(outcomes: Iterable[str]) -> Amount:
    counted = Counter(outcomes)
    return Amount(counted[Outcome.FAIL.value], counted[Outcome.UNKNOWN.value])


def _in_words(amount: Amount, what: str) -> str:
    both = f" ({amount.failed} failed, {amount.unknown} not judged)" if amount.unknown else ""
    return f"{amount.total} {what}{both}"


def _kinds(counts: Counts) -> Mapping[Kind, int]:
    return {Outcome.PASS: counts.passed, Outcome.NOT_APPLICABLE: counts.not_applicable}


def _counted(finding: Finding) -> Kind:
    if finding.suppressed is not None:
        return None
    return finding.outcome if finding.is_open else _UNCHANGED


_UNCHANGED: Final = "unchanged"


def _tally(counter: Counter[Kind]) -> Tally:
    return Tally(
        passed=counter[Outcome.PASS],
        failed=counter[Outcome.FAIL],
        unknown=counter[Outcome.UNKNOWN],
        not_applicable=counter[Outcome.NOT_APPLICABLE],
        suppressed=counter[None],
        unchanged=counter[_UNCHANGED] or msgspec.UNSET,
    )
