"""Client-side modules (``Modules``): what they hold becomes part of the template, as packaging would have it.

The resource ``Bucket`` of the module ``Content`` is ``ContentBucket`` here; what it is given for a parameter takes the
place of every Ref to it, and ``!GetAtt Content.Arn`` is its output ``Arn``. Facts: Rain 1.24.4, README "Modules", held
against its own examples on 2026-11-23; the AWS CLI's form is the same, and not released (pull request 9124 is open).
Nothing is fetched and no package is opened; what is not followed is said.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

import msgspec

from wa_lint.document import Document
from wa_lint.errors import SourceError
from wa_lint.model import Path, Problem, Raw, Unknown
from wa_lint.sources.template.inlining import Part, joined
from wa_lint.sources.template.nested import Nest
from wa_lint.sources.template.renaming import Names, Renamed, renamed
from wa_lint.sources.template.sections import Sections

MODULES: Final = "Modules"

_LOOPS: Final = ("ForEach", "Map")

_FOR_EACH: Final = "Fn::ForEach"

_MADE: Final = frozenset({"Resources", MODULES, "Outputs", "Transform"})
"""What a module may be there for."""

_SECTIONS: Final = _MADE | {
    *("AWSTemplateFormatVersion", "Conditions", "Constants", "Description", "Hooks", "Mappings", "Metadata"),
    *("Packages", "Parameters", "Rules"),
}

_OVERRIDDEN: Final = (
    "Condition",
    "CreationPolicy",
    "DeletionPolicy",
    "DependsOn",
    "Metadata",
    "Properties",
    "UpdatePolicy",
    "UpdateReplacePolicy",
)
"""What of a resource a template may override."""


def has_modules(value: Raw) -> bool:
    """Whether a document takes resources from modules, and holds sections alone: then it needs none of its own."""
    found = value.get(MODULES) if isinstance(value, dict) and value.keys() <= _SECTIONS else None
    return isinstance(found, dict) and any(name.startswith(_FOR_EACH) or _is_module(found[name]) for name in found)


def _is_module(body: Raw) -> bool:
    return isinstance(body, dict) and "Source" in body


def with_modules(sections: Sections, nest: Nest) -> Sections:
    """Return the sections, of which no transform is done yet, with what their modules hold."""
    if MODULES not in sections.value:
        return sections
    parts: dict[str, Part] = {}
    problems = []
    said = sections.value[MODULES]
    for name, body in said.items() if isinstance(said, dict) else [(MODULES, None)]:
        try:
            parts[name] = _Module(sections, name, body).part(nest)
        except SourceError as why:
            place = sections.locate((MODULES, name, "Source"))
            what = f"the module {name} is not in sight, so the resources that it makes were not judged"
            problems.append(Problem(place, f"{what}: {why.where} {why.problem}"))
    rest = {key: inner for key, inner in sections.value.items() if key != MODULES}
    whole = msgspec.structs.replace(
        sections,
        value=_with_transforms({"Resources": {}} | rest, parts.values()),
        problems=(*sections.problems, *problems),
        is_open=sections.is_open or bool(problems),
        nested={**sections.nested, **{f"{NAMED}{name}": part.old.uri for name, part in parts.items()}},
    )
    return joined(whole, list(parts.values())) if parts else whole


NAMED: Final = "module "
"""What stands before the name of a module among the nested stacks of a template."""


def _with_transforms(value: dict[str, Raw], parts: Iterable[Part]) -> dict[str, Raw]:
    """Return a template that asks for the transforms of its modules too."""
    asked = [part.old.value["Transform"] for part in parts if "Transform" in part.old.value]
    if not asked:
        return value
    said = [value["Transform"], *asked] if "Transform" in value else asked
    return {**value, "Transform": [name for names in said for name in (names if isinstance(names, list) else [names])]}


class _Module:
    """One module, as a template takes it."""

    def __init__(self, template: Sections, name: str, body: Raw) -> None:
        self.template = template
        self.name = name
        self.body: Mapping[str, Raw] = body if isinstance(body, dict) else {}
        given = self.body.get("Properties")
        self.given: Mapping[str, Raw] = given if isinstance(given, dict) else {}

    def part(self, nest: Nest) -> Part:
        """Return what the module holds. Raise `SourceError` where its file cannot be followed, or read."""
        document, inner = nest.child(self._source())
        if not isinstance(document.value, dict) or document.value.keys().isdisjoint(_MADE):
            raise SourceError(document.uri, "is no module: a module is a map with the key Resources")
        old = self._overridden(with_modules(self._without_absent(document), inner))
        loop = next((id_ for id_ in old.section("Resources") if id_.startswith(_FOR_EACH)), None)
        if loop:
            raise SourceError(document.uri, f"is not followed: {loop} names its resources")
        condition = self.body.get("Condition")
        return Part(self._root, old, self._in_our_words(old), condition if isinstance(condition, str) else None)

    @property
    def _root(self) -> str:
        return f"{NAMED}{self.name}"

    def _source(self) -> str:
        """Return where the module's file is, seen from the template."""
        source = self.body.get("Source")
        if self.name.startswith(_FOR_EACH) or any(loop in self.body for loop in _LOOPS):
            raise SourceError(str(source or "it"), "is not followed: it is repeated for each item of a list")
        if not isinstance(source, str) or not source:
            raise SourceError("its Source", "names no file")
        if source.startswith("$"):
            raise SourceError(source, "is not followed: it lies in a package, which is not opened")
        return source

    # --- what is left out, and what is put in ---------------------------------------------------------

    def _without_absent(self, document: Document) -> Sections:
        """Return the module without the resources that it has only with, or without, a property (Rain's IfParam)."""
        sections = Sections(document, document.value)
        kept = {id_: body for id_, body in sections.section("Resources").items() if self._is_wanted(body)}
        return msgspec.structs.replace(sections, value={**document.value, "Resources": kept})

    def _is_wanted(self, body: Raw) -> bool:
        match body:
            case {"Metadata": {"Rain": {"IfParam": str(name)}}}:
                return name in self.given
            case {"Metadata": {"Rain": {"IfNotParam": str(name)}}}:
                return name not in self.given
        return True

    def _overridden(self, sections: Sections) -> Sections:
        """Return the module with what the template says instead: maps are merged, lists joined, all else replaced."""
        overrides = self.body.get("Overrides")
        if not isinstance(overrides, dict):
            return sections
        root = f"overrides of {self.name}"
        moved: dict[Path, Path] = {}
        resources = dict(sections.section("Resources"))
        for id_, said in overrides.items():
            if not isinstance(resources.get(id_), dict) or not isinstance(said, dict):
                continue  # packaging refuses it
            wanted = {key: inner for key, inner in said.items() if key in _OVERRIDDEN}
            source = (root, MODULES, self.name, "Overrides", id_)
            resources[id_] = _merged(resources[id_], wanted, ("Resources", id_), source, moved)
        changed = sections.changed({**sections.value, "Resources": resources}, moved)
        return msgspec.structs.replace(changed, snippets={**changed.snippets, root: self.template.document})

    # --- as part of the whole ------------------------------------------------------------------------

    def _in_our_words(self, old: Sections) -> Renamed:
        resources = {*old.section("Resources"), *(name.partition(".")[0] for name in old.outputs)}
        others = {*old.section("Conditions"), *old.section("Mappings")}
        new = renamed(
            old,
            Names(
                lambda name: f"{self.name}{name}" if name in resources else name,
                lambda name: f"{self.name}{name}" if name in others else name,
                dict(self._references(old)),
            ),
        )
        outputs = {f"{self.name}.{name}": raw for name, raw in self.given.items()}
        for name, body in new.sections.section("Outputs").items():
            value = body.get("Value") if isinstance(body, dict) else None
            outputs[f"{self.name}.{name}"] = Unknown("an output without Value") if value is None else value
        none: dict[str, Raw] = {"Parameters": {}, "Rules": {}, "Outputs": {}}
        sections = msgspec.structs.replace(
            new.sections,
            value={**new.sections.value, **none},
            outputs={**new.sections.outputs, **outputs},
            nested={f"{self._root}{name.removeprefix(NAMED)}": uri for name, uri in old.nested.items()},
        )
        return Renamed(sections, new.moved)

    def _references(self, old: Sections) -> Iterator[tuple[str, Raw]]:
        """Yield what each parameter is: what the template gives for it, else its default."""
        for name, body in old.section("Parameters").items():
            default = body.get("Default") if isinstance(body, dict) else None
            if name in self.given:
                yield name, self.given[name]
            elif default is not None:
                yield name, default
            else:
                yield name, Unknown(f"{self.name}.{name} is given no value")


def _merged(old: Raw, new: Raw, at: Path, source: Path, moved: dict[Path, Path]) -> Raw:
    """Return `old` overridden by `new`; note in `moved` what comes from `source`."""
    if isinstance(old, dict) and isinstance(new, dict):
        inner = {key: _merged(old.get(key), new[key], (*at, key), (*source, key), moved) for key in new}
        return {**old, **inner}
    if isinstance(old, list) and isinstance(new, list):
        moved.update({(*at, len(old) + index): (*source, index) for index in range(len(new))})
        return [*old, *new]
    moved[at] = source
    return new
