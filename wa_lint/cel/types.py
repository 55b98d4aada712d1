"""The types of expressions and the environment that an expression is checked in; nothing here looks at a value."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Final, Protocol, TypeAlias, runtime_checkable

import msgspec


class Primitive(msgspec.Struct, frozen=True):
    """A type that has no parts."""

    name: str


class ListType(msgspec.Struct, frozen=True):
    item: Type

    @property
    def name(self) -> str:
        return f"list({self.item.name})"


class MapType(msgspec.Struct, frozen=True):
    """A map with text keys of which nothing is known."""

    value: Type = Primitive("dyn")

    @property
    def name(self) -> str:
        return f"map({self.value.name})"


class OptionalType(msgspec.Struct, frozen=True):
    item: Type

    @property
    def name(self) -> str:
        return f"optional({self.item.name})"


@runtime_checkable
class Struct(Protocol):
    """A map whose members are known, such as the properties of a resource type."""

    @property
    def name(self) -> str: ...

    def member(self, name: str) -> Type | None:
        """Return the type of a member; None if there is no such member."""

    def members(self) -> Iterable[str]:
        """Return the names of all members, for suggestions."""

    def required(self, name: str) -> bool:
        """Whether the member is always there, so that it may be read without has()."""


Type: TypeAlias = Primitive | ListType | MapType | OptionalType | Struct

BOOL: Final = Primitive("bool")
INT: Final = Primitive("int")
DOUBLE: Final = Primitive("double")
STRING: Final = Primitive("string")
NULL: Final = Primitive("null")
TYPE: Final = Primitive("type")
DYN: Final = Primitive("dyn")
"""Anything: decided when the expression is evaluated."""


class Function(msgspec.Struct, frozen=True):
    """A function of the language, as `f(x)`, or as `x.f()` where `receiver` (`params` then begins with x's type).

    `call` gets plain values and returns one, a cell, a list of cells, `Unknown` or an `EvaluationError`. An
    Unknown or failed argument is the result, without a call. An Unresolved argument is always passed.
    """

    name: str
    params: tuple[Type, ...]
    result: Type
    call: Callable[..., object]
    receiver: bool = False
    accepts_absent: bool = False
    """ABSENT is passed too, so that ``own_key(resource.KmsKeyId)`` needs no has()."""
    raw: bool = False
    """Cells are passed as they are, whatever their value."""
    counts: bool = False
    """The items of a list are counted, and what is in them is not looked at."""
    result_of: Callable[[Type], Type] | None = None
    """The type of the result, where that hangs on the type of the first argument; `result` is the least that it is."""
    reads: tuple[str, ...] = ()
    """What else it looks at: names that mean something to anyone who hands it in."""


class Environment(msgspec.Struct, frozen=True):
    """The names that an expression may use, besides those of CEL itself."""

    variables: Mapping[str, Type]
    functions: Mapping[str, Function] = {}


def conforms(given: Type, wanted: Type) -> bool:
    """Whether a value of the type `given` may stand where `wanted` is requested; DYN conforms to everything."""
    if DYN in (given, wanted) or given == wanted:
        return True
    if isinstance(given, ListType) and isinstance(wanted, ListType):
        return conforms(given.item, wanted.item)
    if isinstance(given, OptionalType) and isinstance(wanted, OptionalType):
        return conforms(given.item, wanted.item)
    if isinstance(given, MapType) and isinstance(wanted, MapType):
        return conforms(given.value, wanted.value)
    return isinstance(given, MapType) != isinstance(wanted, MapType) and is_map(given) and is_map(wanted)


def is_map(found: Type) -> bool:
    return not isinstance(found, Primitive | ListType | OptionalType)
