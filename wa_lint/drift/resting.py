"""On which properties the verdicts rest: the paths that the evidence of both reports names. Pure."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import TypeAlias

import msgspec

from wa_lint import schema
from wa_lint.drift.partners import Partners
from wa_lint.model import Report

Names: TypeAlias = tuple[str, ...]
"""A path without indexes: ``("ProductionVariants", "InstanceType")``."""


class RestingPlaces(msgspec.Struct, frozen=True):
    """The paths by resource, each with the rules that name it."""

    by_resource: Mapping[str, Mapping[Names, frozenset[str]]]

    def rules(self, pair: Partners, names: Names) -> tuple[str, ...]:
        """Return the ids of the rules whose verdict on either of the pair rests on the path, or on a part of it."""
        found: set[str] = set()
        for id_ in (pair.written.id, pair.found.id):
            for path, rules in self.by_resource.get(id_, {}).items():
                shorter = min(len(path), len(names))
                if path[:shorter] == names[:shorter]:
                    found |= rules
        return tuple(sorted(found))


def resting_places(written: Report, found: Report, pairs: Sequence[Partners]) -> RestingPlaces:
    types = {id_: pair.written.type for pair in pairs for id_ in (pair.written.id, pair.found.id)}
    places: dict[str, dict[Names, set[str]]] = defaultdict(lambda: defaultdict(set))
    for finding in (*written.findings, *found.findings):
        for evidence in finding.evidence:
            path = _property(types.get(evidence.resource, ""), steps_of(evidence.path))
            if path:
                places[evidence.resource][path].add(finding.rule.id)
    return RestingPlaces(
        {id_: {path: frozenset(rules) for path, rules in by_path.items()} for id_, by_path in places.items()}
    )


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
