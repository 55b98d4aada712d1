"""Which rules judge a resource of an account otherwise than the template that made it. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

import msgspec

from wa_lint.drift.partners import Partners
from wa_lint.model import Finding, Outcome, Report, RuleInfo

_GRAVEST_FIRST: Final = (Outcome.FAIL, Outcome.UNKNOWN, Outcome.PASS, Outcome.NOT_APPLICABLE)
_DECIDED: Final = frozenset({Outcome.FAIL, Outcome.PASS})


class VerdictDrift(msgspec.Struct, frozen=True, eq=False):
    """A rule that fails one of a pair and passes the other."""

    rule: RuleInfo
    written: Outcome
    found: Outcome
    message: str
    """Of the one that fails."""
    reason: str = ""
    """Why it is not compared; empty: it differs."""


GravestVerdicts = Mapping[tuple[str, str], Finding]
"""By id of the resource and of the rule."""


def gravest_verdicts(report: Report) -> GravestVerdicts:
    found: dict[tuple[str, str], Finding] = {}
    for finding in report.findings:
        key = finding.resource.id, finding.rule.id
        if key not in found or _rank(finding) < _rank(found[key]):
            found[key] = finding
    return found


def verdict_drift(
    pair: Partners, written: GravestVerdicts, found: GravestVerdicts, rules: Mapping[str, RuleInfo]
) -> Iterator[VerdictDrift]:
    """Yield the rules that differ. What only one side can be asked, or does not know, is no difference."""
    for id_, rule in rules.items():
        old, new = written.get((pair.written.id, id_)), found.get((pair.found.id, id_))
        if old is None or new is None or {old.outcome, new.outcome} != _DECIDED:
            continue
        message = (old if old.outcome is Outcome.FAIL else new).message
        yield VerdictDrift(rule, old.outcome, new.outcome, message, _why_not(old))


def _why_not(written: Finding) -> str:
    if written.when:
        return f"in the template this holds when {written.when}"
    if written.assumes:
        return f"in the template it assumes {' and '.join(written.assumes)}"
    return ""


def _rank(finding: Finding) -> int:
    return _GRAVEST_FIRST.index(finding.outcome)
