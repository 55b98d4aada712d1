"""On which properties the verdicts rest: what the evidence of both reports names, and what the rules read. Pure.

Evidence names what decided. Of several conditions that fail one is enough for that, so the properties that a rule reads
in its expressions count too where it gave a verdict.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import TypeAlias

from wa_lint import schema
from wa_lint.cel.parse import parse
from wa_lint.cel.syntax import Select, walk
from wa_lint.drift.partners import Partners
from wa_lint.model import Finding, Outcome, Report
from wa_lint.rule import Rule

Names: TypeAlias = tuple[str, ...]
"""A path without indexes: ``("ProductionVariants", "InstanceType")``."""


class RestingPlaces:
    """Ready to be asked which rules' verdicts rest on a property."""

    def __init__(
        self, reports: Sequence[Report], pairs: Sequence[Partners], reads: Mapping[str, frozenset[str]]
    ) -> None:
        self._reads = reads
        self._types = {id_: pair.written.type for pair in pairs for id_ in (pair.written.id, pair.found.id)}
        self._evidence: dict[str, dict[Names, set[str]]] = defaultdict(lambda: defaultdict(set))
        self._judging: dict[str, set[str]] = defaultdict(set)
        for finding in (finding for report in reports for finding in report.findings):
            self._add(finding)

    def rules(self, pair: Partners, names: Names) -> tuple[str, ...]:
        """Return the ids of the rules whose verdict on either of the pair rests on the path, or on a part of it."""
        found: set[str] = set()
        for id_ in (pair.written.id, pair.found.id):
            for path, rules in self._evidence.get(id_, {}).items():
                shorter = min(len(path), len(names))
                if path[:shorter] == names[:shorter]:
                    found |= rules
            found |= {rule for rule in self._judging[id_] if self._reads.get(rule, frozenset()).issuperset(names)}
        return tuple(sorted(found))

    def _add(self, finding: Finding) -> None:
        if finding.outcome is not Outcome.NOT_APPLICABLE:
            self._judging[finding.resource.id].add(finding.rule.id)
        for evidence in finding.evidence:
            path = _property(self._types.get(evidence.resource, ""), steps_of(evidence.path))
            if path:
                self._evidence[evidence.resource][path].add(finding.rule.id)


def fields_read(rule: Rule) -> frozenset[str]:
    """Return the names of the properties that the conditions of a rule read, wherever they stand."""
    conditions = (text for place, text in rule.expressions.items() if not place.startswith(("message", "waste")))
    nodes = (node for text in conditions for node in walk(parse(text)))
    return frozenset(node.field for node in nodes if isinstance(node, Select) and not node.field.islower())


def steps_of(path: str) -> Names:
    """Return the names of a path's text, without indexes."""
    return tuple(re.findall(r"[^.\[\]]+", re.sub(r"\[\d+\]", "", path)))


def _property(type_: str, names: Sequence[str]) -> Names:
    """Return the property at which a path begins: what follows may be a fact or a link, which no source writes."""
    kept: Iterable[str] = ()
    for name in names:
        if name.islower() and not _is_property(type_, (*kept, name)):
            break
        kept = (*kept, name)
    return tuple(kept)


def _is_property(type_: str, names: Sequence[str]) -> bool:
    shape = schema.resource_type(type_)
    for name in names:
        while shape.kind == "array" and shape.item is not None:
            shape = shape.item
        member = shape.member(name)
        if member is None or (member is schema.ANYTHING and len(names) == 1):
            return False
        shape = member
    return True
