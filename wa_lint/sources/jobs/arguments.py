"""The arguments of a step as properties of a resource: its references become values like any other.

What is where is kept, so that a finding still leads to the line.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Protocol

from wa_lint import schema
from wa_lint.document import Number
from wa_lint.model import ABSENT, AnyScenario, Deferred, Hole, Path, Resolution, Unknown, Unresolved, Value
from wa_lint.schema import ANYTHING, Shape


class Language(Protocol):
    """How a definition says what is decided when it runs."""

    def value_of(self, said: Value, at: Path) -> Value | None:
        """Return the value that a text or a map of the language stands for; None for plain JSON."""

    def member_of(self, key: str, said: Value) -> tuple[str, Value] | None:
        """Return name and value of a member whose key says that its value is an expression; None for a plain key."""


class PlacedArgument(Deferred):
    """A value that is elsewhere than its path says."""

    __slots__ = ("at", "value")

    def __init__(self, value: Value, at: Path) -> None:
        self.value = value
        self.at = at

    def resolve(self, scenario: AnyScenario) -> Resolution:
        del scenario
        return Resolution(self.value, self.at)

    def __str__(self) -> str:
        return str(self.value)

    __repr__ = __str__


class Joined(Deferred):
    """A text of pieces, some of which wait for a scenario."""

    __slots__ = ("delimiter", "pieces")

    def __init__(self, delimiter: str, pieces: Sequence[Value]) -> None:
        self.delimiter = delimiter
        self.pieces = pieces

    def resolve(self, scenario: AnyScenario) -> Resolution:
        parts: list[str | Hole] = []
        reasons: list[str] = []
        assumes: tuple[str, ...] = ()
        for number, piece in enumerate(self.pieces):
            value, assumed = _resolved(piece, scenario)
            assumes += assumed
            if isinstance(value, Unknown):
                return Resolution(value, None, assumes)
            if number and self.delimiter:
                parts.append(self.delimiter)
            parts.extend(_parts_of(value))
            reasons += [value.reason] if isinstance(value, Unresolved) else []
        return Resolution(_text(parts, reasons), None, assumes)

    def __str__(self) -> str:
        return self.delimiter.join(str(piece) for piece in self.pieces)

    __repr__ = __str__


def arguments(said: Value, at: Path, shape: Shape, language: Language) -> Value:
    """Return the value of what is at `at`, of the JSON types that `shape` expects. None in a map is no member."""
    if isinstance(said, Deferred):
        return _Argument(said, at, shape, language)
    value = language.value_of(said, at)
    if value is not None:
        return _Settled(value, shape) if isinstance(value, Deferred) else _coerced(value, shape)
    if isinstance(said, dict):
        return dict(_members(said, at, shape, language))
    if isinstance(said, list):
        item = shape.item or ANYTHING
        return [arguments(inner, (*at, index), item, language) for index, inner in enumerate(said)]
    return _coerced(said, shape)


def _members(said: Mapping[str, Value], at: Path, shape: Shape, language: Language) -> Iterator[tuple[str, Value]]:
    for key, inner in said.items():
        expressed = language.member_of(key, inner)
        if expressed is not None:
            name, value = expressed
            yield name, PlacedArgument(value, (*at, key))
        elif inner is not None:
            yield key, arguments(inner, (*at, key), shape.member(key) or ANYTHING, language)


class _Argument(Deferred):
    """What the source defers, with the language of the definition inside it."""

    __slots__ = ("at", "language", "said", "shape")

    def __init__(self, said: Deferred, at: Path, shape: Shape, language: Language) -> None:
        self.said = said
        self.at = at
        self.shape = shape
        self.language = language

    def resolve(self, scenario: AnyScenario) -> Resolution:
        found = self.said.resolve(scenario)
        at = self.at if found.at is None else found.at
        return Resolution(arguments(found.value, at, self.shape, self.language), found.at, found.assumes)

    def __str__(self) -> str:
        return str(self.said)

    __repr__ = __str__


class _Settled(Deferred):
    """What the language of the definition defers, read as the request expects it."""

    __slots__ = ("said", "shape")

    def __init__(self, said: Deferred, shape: Shape) -> None:
        self.said = said
        self.shape = shape

    def resolve(self, scenario: AnyScenario) -> Resolution:
        value, assumes = _resolved(self.said, scenario)
        return Resolution(_coerced(value, self.shape), None, assumes)

    def __str__(self) -> str:
        return str(self.said)

    __repr__ = __str__


def _resolved(value: Value, scenario: AnyScenario) -> tuple[Value, tuple[str, ...]]:
    assumes: tuple[str, ...] = ()
    while isinstance(value, Deferred):
        resolution = value.resolve(scenario)
        value, assumes = resolution.value, assumes + resolution.assumes
    return value, assumes


def _coerced(value: Value, shape: Shape) -> Value:
    coerced = schema.coerce_to(shape, value)
    if isinstance(value, Number):
        return value.written if isinstance(coerced, str) else float(value)
    return coerced


def _parts_of(value: Value) -> Sequence[str | Hole]:
    if isinstance(value, Unresolved):
        return value.parts or (Hole(value.reason),)
    if isinstance(value, bool):
        return ("true" if value else "false",)
    return (str(value),) if value is not ABSENT else ()


def _text(parts: Sequence[str | Hole], reasons: Sequence[str]) -> Value:
    merged: list[str | Hole] = []
    for part in parts:
        if isinstance(part, str) and merged and isinstance(merged[-1], str):
            merged[-1] += part
        elif part != "":
            merged.append(part)
    return Unresolved(reasons[0], tuple(merged)) if reasons else "".join(str(part) for part in merged)
