"""Several templates as one world: what one exports or makes, another may import or name. It joins what it is handed.

The world stays open: other templates may add to it (decision 8).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

import msgspec

from wa_lint.document import Document, Place
from wa_lint.model import Snapshot
from wa_lint.sources.template.parameters import Pins
from wa_lint.sources.template.sections import OpenFile, Sections
from wa_lint.sources.template.stacks.inlining import StackPart, joined
from wa_lint.sources.template.stacks.nested import Nest
from wa_lint.sources.template.stacks.renaming import NewNames, renamed
from wa_lint.sources.template.template_reader import deployed, snapshot_from, template_from

_OF_A_STACK = ("AWS::StackId", "AWS::StackName", "AWS::NotificationARNs")
"""The pseudo parameters that differ from stack to stack."""


class MemberTemplate(msgspec.Struct, frozen=True, eq=False):
    """One of the templates."""

    document: Document
    open_file: OpenFile | None = None


def snapshot_together(members: Sequence[MemberTemplate], parameters: Pins | None = None) -> Snapshot:
    """Read several templates, which are deployed to one account and region, into one snapshot.

    What bears the same name in two of them is called ``network.yaml#Role`` in each. A parameter of one is never that
    of another, but both take the value that `parameters` gives. Raise `SourceError` as `snapshot_of`.
    """
    pins = parameters or {}
    all_sections = [_sections(member, pins) for member in members]
    names = _Names(all_sections)
    parts: list[StackPart] = []
    given = {name: pin for name, pin in pins.items() if name.startswith("AWS::")}
    for sections in all_sections:
        own = names.own(sections.uri)
        references = {name: {"Ref": f"{name}#{sections.uri}"} for name in _OF_A_STACK if name not in pins}
        new = renamed(sections, NewNames(names.resource(sections.uri), own, references))
        parts.append(StackPart(f"template {sections.uri}", sections, new))
        given |= {own(name): pin for name, pin in pins.items() if name in sections.section("Parameters")}
    uri = ", ".join(sections.uri for sections in all_sections)
    empty = Sections(Document({}, "", uri, Place(0, 0, 0, 0)), {})
    makers = {id_: part.old.uri for part in parts for id_ in part.new.sections.section("Resources")}
    own_names = {names.own(s.uri)(name): (name, s.uri) for s in all_sections for name in s.section("Parameters")}
    snapshot = snapshot_from(template_from(joined(empty, parts), given))
    declared = (
        msgspec.structs.replace(parameter, name=own_names[parameter.name][0], uri=own_names[parameter.name][1])
        for parameter in snapshot.parameters
        if parameter.name in own_names
    )
    return _with_makers(msgspec.structs.replace(snapshot, parameters=tuple(declared)), makers)


def _with_makers(snapshot: Snapshot, makers: Mapping[str, str]) -> Snapshot:
    """Return the snapshot with the template of each resource; a job is made by that of its pipeline."""
    found: dict[str, str] = {}
    for resource in snapshot.resources:
        holder = resource.id
        while holder not in makers and "/" in holder:
            holder = holder.rpartition("/")[0]
        if holder in makers:
            found[resource.id] = makers[holder]
    return msgspec.structs.replace(snapshot, makers=found)


def _sections(member: MemberTemplate, pins: Pins) -> Sections:
    document = member.document
    nest = Nest.outermost(document.uri, member.open_file)
    return deployed(Sections(document, document.value), pins, nest)


class _Names:
    """Which names of the templates have to be told apart."""

    def __init__(self, all_sections: Sequence[Sections]) -> None:
        referable = {s.uri: set(_referable(s)) for s in all_sections}
        others = {s.uri: {name for held in _OTHERS for name in s.section(held)} for s in all_sections}
        self.ids = referable
        self.names = {uri: names | referable[uri] for uri, names in others.items()}

    def resource(self, uri: str) -> Callable[[str], str]:
        return _told_apart(uri, self.ids)

    def own(self, uri: str) -> Callable[[str], str]:
        return _told_apart(uri, self.names)


def _referable(sections: Sections) -> Iterator[str]:
    """Yield what a Ref may name, and what a GetAtt: a module has no resource of its own name, but outputs."""
    yield from (*sections.section("Resources"), *sections.section("Parameters"), *sections.arguments)
    yield from (name.partition(".")[0] for name in sections.outputs)


_OTHERS = ("Conditions", "Mappings", "Outputs", "Rules")


def _told_apart(uri: str, by_template: Mapping[str, Collection[str]]) -> Callable[[str], str]:
    """Return what prefixes a name that another template has too: what this one lacks may not mean that one's."""
    foreign = {name for other, names in by_template.items() if other != uri for name in names}
    return lambda name: f"{uri}#{name}" if name in foreign else name
