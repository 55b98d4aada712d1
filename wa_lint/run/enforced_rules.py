"""What is enforced, put to the rules: which are always checked, and how severe each is at least. It prints nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from functools import cache

import msgspec

from wa_lint import packs
from wa_lint.enforce import Enforcement
from wa_lint.errors import ConfigError, did_you_mean
from wa_lint.model import Finding, Report, RuleInfo, Severity
from wa_lint.suppress.allow import FAULTS


@cache
def enforced_rules(enforcement: Enforcement) -> frozenset[str]:
    """Return the ids of the rules that nothing switches off. Raise `ConfigError` at a name that no rule bears.

    Only our own rules and those of the enforcement count: a rule that the repository brings would be its author's.
    """
    return frozenset(_ids(enforcement)) if enforcement.has_rules else frozenset()


def gating(enforcement: Enforcement) -> frozenset[str]:
    """Return the ids of the rules that end a run with 1, whatever ``--fail-on`` says: where no limit of it is set."""
    return enforced_rules(enforcement) if enforcement.fail_on is None else frozenset()


def raised(report: Report, enforcement: Enforcement) -> Report:
    """Return `report` with every rule as severe as it is at least."""
    least = _least(enforcement)
    if not least:
        return report
    rules = {rule.id: _raised(rule, least) for rule in report.rules}
    findings = tuple(_with_rule(finding, rules) for finding in report.findings)
    return msgspec.structs.replace(report, rules=tuple(rules.values()), findings=findings)


def _with_rule(finding: Finding, rules: Mapping[str, RuleInfo]) -> Finding:
    rule = rules.get(finding.rule.id, finding.rule)
    return finding if rule.severity is finding.rule.severity else msgspec.structs.replace(finding, rule=rule)


def _raised(rule: RuleInfo, least: Mapping[str, Severity]) -> RuleInfo:
    severity = least.get(rule.id, rule.severity)
    return rule if severity.rank <= rule.severity.rank else msgspec.structs.replace(rule, severity=severity)


@cache
def _least(enforcement: Enforcement) -> Mapping[str, Severity]:
    found: dict[str, Severity] = {}
    names = _names(enforcement) if enforcement.raised else {}
    for word, level, where in enforcement.raised:
        for id_ in _matching(word, names, where):
            found[id_] = max(found.get(id_, Severity.LOW), Severity(level), key=lambda severity: severity.rank)
    return found


def _ids(enforcement: Enforcement) -> Iterator[str]:
    names = _names(enforcement)
    for word, where in enforcement.rules:
        yield from _matching(word, names, where)
    if enforcement.severity is not None:
        lowest, least = Severity(enforcement.severity).rank, _least(enforcement)
        rules = (rule.info for rule in packs.book(enforcement.packs).rules)
        yield from (r.id for r in rules if max(r.severity.rank, least.get(r.id, r.severity).rank) >= lowest)


def _names(enforcement: Enforcement) -> Mapping[str, str]:
    book = packs.book(enforcement.packs)
    names = {name: rule.info.id for rule in book.rules for name in (rule.info.id, *rule.info.aliases)}
    return {one.id: one.id for one in book.broken} | names | {id_: id_ for id_ in FAULTS}


def _matching(word: str, names: Mapping[str, str], where: str) -> frozenset[str]:
    found = frozenset(id_ for name, id_ in names.items() if fnmatchcase(name, word))
    if not found:
        raise ConfigError(where, f"no rule {word!r} of wa-lint or of packs{did_you_mean(word, names)}")
    return found
