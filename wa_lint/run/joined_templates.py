"""Templates whose parameters are still to be given: one, or several that name each other's. Judges nothing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence

import msgspec

from wa_lint.document import Document
from wa_lint.model import Raw, Snapshot
from wa_lint.sources.template import Member, Pins, snapshot_of, snapshot_together


class TemplateInput(msgspec.Struct, frozen=True, eq=False):
    """A template whose parameters are still to be given."""

    document: Document
    open_file: Callable[[str], bytes | None]
    """Opens what it names."""
    constructs: Mapping[str, str] = {}
    """The CDK construct of each resource that does not say it itself."""

    @property
    def declared(self) -> Mapping[str, Raw]:
        section = self.document.value.get("Parameters")
        return section if isinstance(section, dict) else {}

    def snapshot(self, pins: Pins) -> Snapshot:
        return _named(snapshot_of(self.document, pins, self.open_file), self.constructs)


class Together(msgspec.Struct, frozen=True, eq=False):
    """Templates of which one imports what another exports, or names what it makes."""

    templates: Sequence[TemplateInput]

    @property
    def declared(self) -> Mapping[str, Raw]:
        return {name: body for template in self.templates for name, body in template.declared.items()}

    def snapshot(self, pins: Pins) -> Snapshot:
        members = [Member(each.document, each.open_file) for each in self.templates]
        names = {id_: path for template in self.templates for id_, path in self._constructs(template)}
        return _named(snapshot_together(members, pins), names)

    def _constructs(self, template: TemplateInput) -> Iterator[tuple[str, str]]:
        """Yield the constructs by both names that their resources may have among the others."""
        for id_, path in template.constructs.items():
            yield f"{template.document.uri}#{id_}", path
            if sum(id_ in other.constructs for other in self.templates) == 1:
                yield id_, path


def connected(exports: Sequence[frozenset[str]], imports: Sequence[frozenset[str]]) -> Sequence[Sequence[int]]:
    """Return the groups, of two at least, that imports connect. A name that two templates export connects nothing.

    The names are those of `Snapshot.exports`: of what is exported, and of resources.
    """
    by_name: dict[str, list[int]] = defaultdict(list)
    for number, names in enumerate(exports):
        for name in names:
            by_name[name].append(number)
    group = list(range(len(exports)))
    for number, names in enumerate(imports):
        for name in names:
            if len(by_name.get(name, ())) == 1:
                _unite(group, number, by_name[name][0])
    members: dict[int, list[int]] = defaultdict(list)
    for number in range(len(group)):
        members[_root(group, number)].append(number)
    return [members[root] for root in sorted(members) if len(members[root]) > 1]


def _unite(group: list[int], one: int, other: int) -> None:
    first, second = sorted((_root(group, one), _root(group, other)))
    group[second] = first


def _root(group: list[int], number: int) -> int:
    while group[number] != number:
        number = group[number]
    return number


def _named(snapshot: Snapshot, constructs: Mapping[str, str]) -> Snapshot:
    """Return a snapshot whose resources bear the name of the construct that made them."""
    if not constructs:
        return snapshot
    return msgspec.structs.replace(
        snapshot,
        resources=tuple(
            resource
            if resource.construct or resource.id not in constructs
            else msgspec.structs.replace(resource, construct=constructs[resource.id])
            for resource in snapshot.resources
        ),
    )
