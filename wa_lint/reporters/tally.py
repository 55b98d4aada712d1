"""Counts a report: by rule, by pillar, and what it says of each practice of the Lens. It formats nothing."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Final, TypeAlias

import msgspec

from wa_lint import lens
from wa_lint.model import Finding, Outcome, Report, RuleInfo
from wa_lint.reporters import coverage

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


class Standing(msgspec.Struct, frozen=True):
    """What a run can say of one practice of the Lens."""

    id: str
    status: str
    """met | at-risk | partial | unknown | for-people | not-applicable"""
    coverage: str
    """How much of the practice checks can decide at all: full | partial | proxy | none."""
    reason: str | None = None


def pillar(rule: RuleInfo) -> str:
    """Return the pillar of the rule's first practice; what no practice speaks of is a matter of operations."""
    return lens.practice(rule.practices[0]).pillar if rule.practices else "operational-excellence"


def phase(rule: RuleInfo) -> str:
    """Return the lifecycle phase of the rule's first practice; of what no practice speaks of, monitoring."""
    return lens.practice(rule.practices[0]).phase if rule.practices else "monitoring"


def total(findings: Iterable[Finding]) -> Tally:
    return _tally(Counter(_counted(finding) for finding in findings))


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


def practices(report: Report) -> Sequence[Standing]:
    """Return what the run says of each of the 105 practices, in the Lens's order."""
    rules: dict[str, list[RuleInfo]] = defaultdict(list)
    for rule in report.rules:
        for practice in rule.practices:
            rules[practice].append(rule)
    seen: dict[str, Counter[Kind]] = defaultdict(Counter)
    for finding in report.findings:
        seen[finding.rule.id][_risk(finding)] += 1
    blind, missed = _blind(report), coverage.missed(report)
    return [_standing(practice, rules[practice.id], seen, blind, missed, report) for practice in lens.practices()]


def _by(report: Report, key: Mapping[str, str]) -> Mapping[str, Tally]:
    counted: dict[str, Counter[Kind]] = {name: Counter() for name in key.values()}
    for finding in report.findings:
        counted[key[finding.rule.id]][_counted(finding)] += 1
    return {name: _tally(counter) for name, counter in counted.items()}


def _amount(outcomes: Iterable[str]) -> Amount:
    counted = Counter(outcomes)
    return Amount(counted[Outcome.FAIL.value], counted[Outcome.UNKNOWN.value])


def _in_words(amount: Amount, what: str) -> str:
    both = f" ({amount.failed} failed, {amount.unknown} not judged)" if amount.unknown else ""
    return f"{amount.total} {what}{both}"


def _counted(finding: Finding) -> Kind:
    if finding.suppressed is not None:
        return None
    return finding.outcome if finding.is_open else _UNCHANGED


_UNCHANGED: Final = "unchanged"


def _risk(finding: Finding) -> Kind:
    """Return what a finding says of a practice: a risk that somebody accepted is still one, a doubt is not."""
    return finding.outcome if finding.outcome is Outcome.FAIL or finding.suppressed is None else None


def _tally(counter: Counter[Kind]) -> Tally:
    return Tally(
        passed=counter[Outcome.PASS],
        failed=counter[Outcome.FAIL],
        unknown=counter[Outcome.UNKNOWN],
        not_applicable=counter[Outcome.NOT_APPLICABLE],
        suppressed=counter[None],
        unchanged=counter[_UNCHANGED] or msgspec.UNSET,
    )


def _standing(
    practice: lens.Practice,
    rules: Sequence[RuleInfo],
    seen: Mapping[str, Counter[Kind]],
    blind: str | None,
    missed: str | None,
    report: Report,
) -> Standing:
    counts = Counter[Kind]()
    for rule in rules:
        counts += seen.get(rule.id, Counter())
    tally = _tally(counts)
    status, reason = _status(practice, tally, blind or _refused(rules, report), missed, has_rules=bool(rules))
    if status == "at-risk":
        reason = "fails: " + ", ".join(rule.id for rule in rules if seen[rule.id][Outcome.FAIL])
    return Standing(id=practice.id, status=status, coverage=practice.coverage, reason=reason)


def _status(
    practice: lens.Practice, tally: Tally, unseen: str | None, missed: str | None, *, has_rules: bool
) -> tuple[str, str | None]:
    """Return status and reason. The order matters: a fail outweighs all, and ignorance outweighs a pass.

    `missed` names ML resources that no rule asks about. The Lens does not say which practices speak of a type, so each
    practice that has no verdict is unknown then, not inapplicable, and none is met in full.
    """
    if tally.failed:
        return "at-risk", None
    if practice.coverage == "none":
        return "for-people", "a question for people: no configuration answers it"
    if not has_rules:
        return "unknown", "no rule that was run looks at it"
    if tally.unknown:
        judged = tally.passed + tally.unknown
        return "unknown", f"{tally.unknown} of {judged} checks could not be decided"
    if unseen:
        return "unknown", unseen
    if not tally.passed:
        return ("unknown", missed) if missed else ("not-applicable", "nothing here that it speaks of")
    if missed:
        return "partial", f"what checks can see of it is in order; {missed}"
    if practice.coverage == "full":
        return "met", None
    return "partial", "what checks can see of it is in order; the rest is for people"


def _blind(report: Report) -> str | None:
    """Return why nothing may be called met: something that was asked for could not be read."""
    broken = [entry.uri for entry in report.inputs if entry.status == "error"]
    if broken:
        return f"{broken[0]} could not be read" if len(broken) == 1 else f"{len(broken)} inputs could not be read"
    return None if any(entry.status == "judged" for entry in report.inputs) else "nothing was judged"


def _refused(rules: Sequence[RuleInfo], report: Report) -> str | None:
    """Return the gap, if any, in the very types that `rules` judge: what was not listed cannot be in order."""
    types = {type_ for rule in rules for type_ in rule.applies_to}
    gap = next((gap for gap in report.gaps if gap.scope.type in types), None)
    return f"{gap.scope.type} could not be listed: {gap.reason}" if gap else None
