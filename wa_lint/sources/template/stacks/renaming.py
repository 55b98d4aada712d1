"""A template in the words of another one that it becomes a part of. It resolves nothing and reads no file."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Final

import msgspec

from wa_lint.model import Path, Raw
from wa_lint.sources.template.functions.sub_variables import split
from wa_lint.sources.template.sections import Argument, Guard, Sections

UNCLEAR: Final = "Fn::Name by a function"
"""Takes the place of what names something by a function: that could come to mean a name of the other template. No
template can call it so, for CloudFormation's names have no blanks."""


class NewNames(msgspec.Struct, frozen=True, eq=False):
    """How the names of a template are spelled in the other one."""

    resource: Callable[[str], str]
    own: Callable[[str], str]
    """Of parameters, conditions, mappings and rules."""
    references: Mapping[str, Raw] = {}
    """What takes the place of a Ref, by its name, where that is more than another name."""


class Renamed(msgspec.Struct, frozen=True, eq=False):
    """The sections, and where in them something is placed elsewhere than its name alone says."""

    sections: Sections
    moved: Mapping[Path, Path]
    """Also every resource, parameter and so on, though its name be the same."""


def renamed(sections: Sections, names: NewNames) -> Renamed:
    """Return the sections with every name in them spelled as `names` say. Their layers still lead to the old ones."""
    return _Renaming(sections, names).done()


class _Renaming:
    """One pass over a template."""

    def __init__(self, sections: Sections, names: NewNames) -> None:
        self.sections = sections
        self.names = names
        self.parameters = {*sections.section("Parameters"), *sections.arguments}
        self.moved: dict[Path, Path] = {}

    def done(self) -> Renamed:
        old, own, resource = self.sections, self.names.own, self.names.resource
        value = {
            "Parameters": self._section("Parameters", own, _as_it_is),
            "Rules": self._section("Rules", own, self._value),
            "Mappings": self._section("Mappings", own, _as_it_is),
            "Conditions": self._section("Conditions", own, self._condition),
            "Resources": self._section("Resources", resource, self._resource),
            "Outputs": self._section("Outputs", own, self._output),
        }
        sections = msgspec.structs.replace(
            old,
            value=value,
            guards={resource(id_): tuple(map(self._guard, guards)) for id_, guards in old.guards.items()},
            opaque={resource(id_): why for id_, why in old.opaque.items()},
            arguments=dict(self._arguments()),
            outputs={self._attribute(name): self._anywhere(raw) for name, raw in old.outputs.items()},
            nested={resource(id_): uri for id_, uri in old.nested.items()},
        )
        return Renamed(sections, self.moved)

    def _section(
        self, section: str, name: Callable[[str], str], rewrite: Callable[[Raw, Path, Path], Raw]
    ) -> dict[str, Raw]:
        found: dict[str, Raw] = {}
        for key, body in self.sections.section(section).items():
            at, source = (section, name(key)), (section, key)
            self.moved[at] = source
            found[name(key)] = rewrite(body, at, source)
        return found

    def _arguments(self) -> Iterator[tuple[str, Argument]]:
        for name, argument in self.sections.arguments.items():
            new = self.names.own(name)
            yield new, Argument(self._anywhere(argument.raw), msgspec.structs.replace(argument.parameter, name=new))

    def _attribute(self, name: str) -> str:
        """Return the new spelling of ``Child.Outputs.Name``."""
        id_, dot, attribute = name.partition(".")
        return f"{self.names.resource(id_)}{dot}{attribute}"

    def _guard(self, guard: Guard) -> Guard:
        return Guard(self._anywhere(guard.collection), guard.item)

    # --- what names others ---------------------------------------------------------------------------

    def _resource(self, body: Raw, at: Path, source: Path) -> Raw:
        if not isinstance(body, dict):
            return body
        found = {key: self._value(inner, (*at, key), (*source, key)) for key, inner in body.items()}
        if isinstance(body.get("Condition"), str):
            found["Condition"] = self.names.own(body["Condition"])
        if "DependsOn" in body:
            said = body["DependsOn"] if isinstance(body["DependsOn"], list) else [body["DependsOn"]]
            found["DependsOn"] = [self.names.resource(id_) for id_ in said if isinstance(id_, str)]
        return found

    def _output(self, body: Raw, at: Path, source: Path) -> Raw:
        found = self._value(body, at, source)
        if isinstance(body, dict) and isinstance(body.get("Condition"), str):
            found["Condition"] = self.names.own(body["Condition"])
        return found

    def _condition(self, raw: Raw, at: Path, source: Path) -> Raw:
        match raw:
            case {"Condition": str(name)} if len(raw) == 1:
                return {"Condition": self.names.own(name)}
            case {"Fn::And": list(inner)} | {"Fn::Or": list(inner)} | {"Fn::Not": list(inner)} if len(raw) == 1:
                operator = next(iter(raw))
                return {operator: [self._condition(each, at, source) for each in inner]}
        return self._value(raw, at, source)

    def _anywhere(self, raw: Raw) -> Raw:
        """Return an expression that is at no place of the template: nothing of it is noted as moved."""
        kept, self.moved = self.moved, {}
        found = self._value(raw, (), ())
        self.moved = kept
        return found

    def _value(self, raw: Raw, at: Path, source: Path) -> Raw:
        if isinstance(raw, list):
            return [self._value(inner, (*at, i), (*source, i)) for i, inner in enumerate(raw)]
        if not isinstance(raw, dict):
            return raw
        if len(raw) == 1:
            name, argument = next(iter(raw.items()))
            rename = _FORMS.get(name)
            found = rename(self, argument, (*at, name), (*source, name)) if rename else None
            if found is not None:
                return found
        return {key: self._value(inner, (*at, key), (*source, key)) for key, inner in raw.items()}

    def ref(self, argument: Raw, at: Path, source: Path) -> Raw | None:
        del at, source
        return self._reference(argument) if isinstance(argument, str) else _UNCLEAR

    def get_att(self, argument: Raw, at: Path, source: Path) -> Raw | None:
        match argument:
            case str():
                id_, _, attribute = argument.partition(".")
                return {"Fn::GetAtt": [self.names.resource(id_), attribute]}
            case [str(id_), *rest]:
                inner = [self._value(step, (*at, i + 1), (*source, i + 1)) for i, step in enumerate(rest)]
                return {"Fn::GetAtt": [self.names.resource(id_), *inner]}
        return _UNCLEAR

    def sub(self, argument: Raw, at: Path, source: Path) -> Raw | None:
        """Keep the text as it was written, for jobs inside it have lines; say in the map what its names mean."""
        given: dict[str, Raw] = {}
        match argument:
            case str(text):
                self.moved[*at, 0] = source
            case [str(text)]:
                pass
            case [str(text), dict(said)]:
                given = self._value(said, (*at, 1), (*source, 1))
            case _:
                return None
        for _, name in split(text):
            if name is not None and name not in given:
                resource, _, attribute = name.partition(".")
                meant = {"Fn::GetAtt": [self.names.resource(resource), attribute]}
                given[name] = meant if attribute else self._reference(name)
        return {"Fn::Sub": [text, given]}

    def first_is_own(self, argument: Raw, at: Path, source: Path) -> Raw | None:
        """Rename the condition of an ``Fn::If``, the map of an ``Fn::FindInMap``."""
        match argument:
            case [str(name), *rest]:
                inner = [self._value(each, (*at, i + 1), (*source, i + 1)) for i, each in enumerate(rest)]
                return {at[-1]: [self.names.own(name), *inner]}
        return _UNCLEAR

    def _reference(self, name: str) -> Raw:
        if name in self.names.references:
            return self.names.references[name]
        if name.startswith("AWS::"):
            return {"Ref": name}
        return {"Ref": self.names.own(name) if name in self.parameters else self.names.resource(name)}


_UNCLEAR: Final[Raw] = {UNCLEAR: []}


def _as_it_is(body: Raw, at: Path, source: Path) -> Raw:
    del at, source
    return body


_FORMS: Final[Mapping[str, Callable[[_Renaming, Raw, Path, Path], Raw | None]]] = {
    "Ref": _Renaming.ref,
    "Fn::FindInMap": _Renaming.first_is_own,
    "Fn::GetAtt": _Renaming.get_att,
    "Fn::If": _Renaming.first_is_own,
    "Fn::Sub": _Renaming.sub,
}
"""The functions that hold names; the argument comes with its place, the new one and the old one."""
