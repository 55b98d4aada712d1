"""The CloudFormation schemas: which properties a type has, and of what kind. It reads only the dated data beside it.

A type's file is read when the type is first requested. Types that CloudFormation lacks, as
``AWS::SageMaker::TrainingJob``, have the properties of their Create request.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path as FilePath
from typing import Final

import msgspec

from wa_lint.errors import did_you_mean
from wa_lint.model import ABSENT, Path, Raw, Value

_FOLDER: Final = FilePath(__file__).parent / "data" / "schemas"

_STEP: Final = re.compile(r"\[(\d*)\]|([^.\[\]]+)")

_TRUE: Final = frozenset({"true", "True", "TRUE", "yes", "Yes", "YES", "on", "On", "ON"})
_FALSE: Final = frozenset({"false", "False", "FALSE", "no", "No", "NO", "off", "Off", "OFF"})
"""YAML 1.1's booleans. A YAML 1.2 reader leaves yes, no, on and off as text; CloudFormation reads them as booleans."""


class Shape(msgspec.Struct, frozen=True, eq=False):
    """What is at one path of a type. Members are looked up when they are requested, so recursion is no trouble."""

    node: Raw
    definitions: Mapping[str, Raw]

    @property
    def kinds(self) -> tuple[str, ...]:
        """The JSON types it may have: boolean, integer, number, string, array, object; or any, alone."""
        return (self.node,) if isinstance(self.node, str) else tuple(self.node["kinds"])

    @property
    def kind(self) -> str:
        """Its JSON type; ``any`` where it may have several, or none is known."""
        return self.kinds[0] if len(self.kinds) == 1 else "any"

    @property
    def enum(self) -> tuple[Value, ...]:
        """The values that it may have; empty: no list is known."""
        return tuple(self._part("enum") or ())

    @property
    def item(self) -> Shape | None:
        """The shape of an array's items; None where it is no array."""
        return self._inner("items", open_kind="array")

    @property
    def values(self) -> Shape | None:
        """The shape of the members that have no name of their own, as in a map; None where only names are allowed."""
        return None if self._part("properties") and not self._part("values") else self._inner("values", "object")

    def member(self, name: str) -> Shape | None:
        """Return the member `name` of an object, or of a map; None where it can have none."""
        properties = self._part("properties")
        if properties and name in properties:
            return self._of(properties[name])
        return self.values

    def members(self) -> Sequence[str]:
        """Return the names that an object's members may have; empty for a map, and for what is no object."""
        return tuple(self._part("properties") or ())

    def required(self, name: str) -> bool:
        """Whether an object must have the member `name`."""
        return name in (self._part("required") or ())

    def _inner(self, part: str, open_kind: str) -> Shape | None:
        inner = self._part(part)
        if inner is not None:
            return self._of(inner)
        return ANYTHING if open_kind in self.kinds or "any" in self.kinds else None

    def _part(self, name: str) -> Raw:
        return None if isinstance(self.node, str) else self.node.get(name)

    def _of(self, node: Raw) -> Shape:
        found = self.definitions[node["ref"]] if isinstance(node, dict) and "ref" in node else node
        return self._of(found) if isinstance(found, dict) and "ref" in found else Shape(found, self.definitions)


ANYTHING: Final = Shape("any", {})


class PropertyInfo(msgspec.Struct, frozen=True):
    """What is known of one property path of a type."""

    path: str
    """Names only: ``ProductionVariants.InitialInstanceCount``."""
    kinds: tuple[str, ...]
    enum: tuple[Value, ...] = ()
    required: bool = False
    """Required in the object that holds it, which may itself be optional."""
    read_only: bool = False
    """AWS sets it; a template cannot. Live it may be seen."""
    write_only: bool = False
    """AWS never shows it, so that live it cannot be known."""


def known(type_name: str) -> bool:
    return type_name in _index()


def types() -> Sequence[str]:
    """Return every type that there is a schema for, sorted."""
    return tuple(_index())


def resource_type(type_name: str) -> Shape:
    """Return the shape of a type's properties; `ANYTHING` for a type that has no schema here."""
    return _root(type_name)


def identifier(type_name: str) -> tuple[str, ...]:
    """Return the property paths that name one resource of the type (CloudFormation's primaryIdentifier)."""
    return tuple(_document(type_name)["identifier"]) if known(type_name) else ()


def replaces(type_name: str, path: str | Path) -> bool:
    """Whether CloudFormation replaces, or may replace, the resource when what is at `path` changes.

    Source: createOnlyProperties and conditionalCreateOnlyProperties of the type's schema.
    """
    names = [step for step in steps_of(path) if isinstance(step, str)]
    listed = _create_only().get(type_name, ())
    is_below = any(".".join(names[:end]) in listed for end in range(1, len(names) + 1))
    return is_below or any(name.startswith(f"{'.'.join(names)}.") for name in listed)


def shape_at(type_name: str, path: Path) -> Shape | None:
    """Return what is at `path`; None where the type cannot have it."""
    return _walk(_root(type_name), path)


def property_at(type_name: str, path: str | Path) -> PropertyInfo | None:
    """Return what is known of a property; None where the type has none at `path`, or has no schema.

    `path` is a tuple, or a text like ``ProductionVariants[].InitialInstanceCount`` (``[]`` and ``[3]`` are the same).
    """
    steps = steps_of(path)
    shape = _walk(_root(type_name), steps) if known(type_name) else None
    if shape is None or not steps:
        return None
    names = tuple(step for step in steps if isinstance(step, str))
    holder = _walk(_root(type_name), steps[:-1])
    return PropertyInfo(
        ".".join(names),
        shape.kinds,
        shape.enum,
        required=isinstance(steps[-1], str) and holder is not None and holder.required(steps[-1]),
        read_only=_listed(type_name, "read_only", names),
        write_only=_listed(type_name, "write_only", names),
    )


def default_at(type_name: str, names: Sequence[str]) -> Value:
    """Return the default that the schema documents for a property, by the names of its path; ABSENT: none."""
    defaults: Mapping[str, Value] = _document(type_name).get("defaults", {}) if known(type_name) else {}
    return defaults.get(".".join(names), ABSENT)


def is_request(type_name: str) -> bool:
    """Whether CloudFormation has no such type, so that no stack makes it: its properties are those of a request."""
    return known(type_name) and "botocore" in str(_document(type_name)["source"])


def names_at(type_name: str, path: str | Path = ()) -> Sequence[str]:
    """Return the names that may be below `path`, or below an item of the list there; empty where any may."""
    shape = shape_at(type_name, steps_of(path))
    while shape is not None and shape.kind == "array":
        shape = shape.item
    return () if shape is None else shape.members()


def suggest(type_name: str, path: str | Path = ()) -> str:
    """Return ``; did you mean 'KmsKeyId'?`` for the first step of `path` that the type lacks, or for the type."""
    if not known(type_name):
        return did_you_mean(type_name, types())
    steps = steps_of(path)
    for end, step in enumerate(steps):
        if isinstance(step, str) and shape_at(type_name, steps[: end + 1]) is None:
            return did_you_mean(step, names_at(type_name, steps[:end]))
    return ""


def steps_of(path: str | Path) -> Path:
    """Return the steps of a path text; ``[]`` stands for any index and reads as 0."""
    if not isinstance(path, str):
        return path
    return tuple(found[2] or int(found[1] or 0) for found in _STEP.finditer(path))


# --- coercion ---------------------------------------------------------------------------------------


def coerce(type_name: str, path: Path, value: Value) -> Value:
    """Return the value at `path` as CloudFormation reads it: ``"2"`` is 2 for an integer, 1 is ``"1"`` for a text.

    Goes down into dicts and lists, and leaves alone what fits already, what fits nothing, what is not plain JSON, and
    what is at a path that the type lacks. Returns the same object where nothing changes.
    """
    shape = _walk(_root(type_name), path) if known(type_name) else None
    return value if shape is None else coerce_to(shape, value)


def coerce_to(shape: Shape, value: Value) -> Value:
    """As `coerce`, for a reader that walks the shapes itself."""
    if isinstance(value, str | int | float):
        return _coerced(shape.kinds, value)
    if type(value) is dict:
        return _coerced_map(shape, value)
    if type(value) is list:
        return _coerced_list(shape, value)
    return value


def _coerced_map(shape: Shape, value: dict[str, Value]) -> Value:
    changed: dict[str, Value] = {}
    for name, old in value.items():
        member = shape.member(name) if isinstance(name, str) else None
        new = old if member is None else coerce_to(member, old)
        if new is not old:
            changed[name] = new
    return {**value, **changed} if changed else value


def _coerced_list(shape: Shape, value: list[Value]) -> Value:
    item = shape.item
    if item is None or item.kinds == ("any",):
        return value
    coerced = [coerce_to(item, old) for old in value]
    return coerced if any(new is not old for new, old in zip(coerced, value, strict=True)) else value


def _coerced(kinds: tuple[str, ...], value: str | float) -> Value:
    if "any" in kinds or not _KINDS_OF.get(type(value), _NONE).isdisjoint(kinds):
        return value
    for kind in kinds:
        reader = _READERS.get(kind)
        found = None if reader is None else reader(value)
        if found is not None:
            return found
    return value


def _integer(value: str | float) -> int | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, str):
        return int(value) if _WHOLE.fullmatch(value) else None
    return int(value) if float(value).is_integer() else None


def _number(value: str | float) -> int | float | None:
    if isinstance(value, str) and _DECIMAL.fullmatch(value):
        found = _integer(value) if _WHOLE.fullmatch(value) else float(value)
        return found if found is not None and math.isfinite(found) else None
    return None


def _boolean(value: str | float) -> bool | None:
    return True if value in _TRUE else False if value in _FALSE else None


def _text(value: str | float) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


_WHOLE: Final = re.compile(r"[-+]?[0-9]{1,19}", re.ASCII)
_DECIMAL: Final = re.compile(r"[-+]?([0-9]{1,19}(\.[0-9]{0,19})?|\.[0-9]{1,19})([eE][-+]?[0-9]{1,3})?", re.ASCII)

_NONE: Final[frozenset[str]] = frozenset()

_KINDS_OF: Final = {
    str: frozenset({"string"}),
    bool: frozenset({"boolean"}),
    int: frozenset({"integer", "number"}),
    float: frozenset({"number"}),
}

_READERS: Final = {"boolean": _boolean, "integer": _integer, "number": _number, "string": _text}


# --- the files --------------------------------------------------------------------------------------


def _walk(shape: Shape | None, path: Path) -> Shape | None:
    for step in path:
        if shape is None:
            return None
        shape = shape.item if isinstance(step, int) else shape.member(step)
    return shape


def _listed(type_name: str, part: str, names: tuple[str, ...]) -> bool:
    """Whether the property, or one that holds it, is in the type's list `part`."""
    listed = _document(type_name)[part]
    return any(".".join(names[:end]) in listed for end in range(1, len(names) + 1))


@cache
def _root(type_name: str) -> Shape:
    if not known(type_name):
        return ANYTHING
    document = _document(type_name)
    return Shape(document["root"], document["definitions"])


@cache
def _document(type_name: str) -> Raw:
    return msgspec.json.decode((_FOLDER / f"{type_name.replace('::', '-')}.json").read_bytes())


@cache
def _create_only() -> Mapping[str, Sequence[str]]:
    found: Mapping[str, Sequence[str]] = msgspec.json.decode((_FOLDER.parent / "create_only.json").read_bytes())[
        "types"
    ]
    return found


@cache
def _index() -> Mapping[str, None]:
    return dict.fromkeys(msgspec.json.decode((_FOLDER / "index.json").read_bytes())["types"])
