"""What an expression may meet: plain values, and cells that know where their value is.

CEL knows nothing of AWS. Anyone who evaluates an expression hands in cells; this protocol is all that is
known of them.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Final, Protocol, TypeGuard

import msgspec

from wa_lint.model import ABSENT, Absent, Partial, Unknown, Unresolved, Value


class TracedCell(Protocol):
    """A value with a place. Members are looked up when they are requested."""

    @property
    def value(self) -> Value:
        """The value: JSON (inner values not yet looked up), ABSENT, Unknown, Unresolved or Partial."""

    def select(self, name: str) -> TracedCell:
        """Return the member `name` of a map; a cell whose value is ABSENT where there is none."""

    def items(self) -> Sequence[TracedCell]:
        """Return the items of a list. Those that could not be seen are one last cell, of Unknown value."""

    def plain(self) -> Value:
        """Return the value with everything inside it looked up: what `truth.equals` compares."""


class EvaluationError(msgspec.Struct, frozen=True, eq=False):
    """What an expression comes to that CEL calls an error, such as a missing key. A value: it is never raised."""

    reason: str
    cell: TracedCell | None = None
    """Where it arose, if that is known: for a missing key, the absent member."""


class Optional(msgspec.Struct, frozen=True, eq=False):
    """CEL's optional. `content` is ABSENT, or a cell whose value is ABSENT, where there is no value."""

    content: object = ABSENT


class CelType(msgspec.Struct, frozen=True):
    """A type as a value, as in ``type(x) == int``."""

    name: str


ATOMS: Final = frozenset((bool, int, float, str, type(None)))
"""The types of values that stand for themselves, and hold nothing."""

_PLAIN: Final = ATOMS | {list, tuple, dict, Unknown, Unresolved, Partial, Absent, EvaluationError, Optional, CelType}


def is_cell(found: object) -> TypeGuard[TracedCell]:
    kind = type(found)
    return kind not in _PLAIN and _is_cell_type(kind)  # type: ignore[arg-type] # mypy doubts that a type is hashable


def settled(found: object) -> object:
    """Return the value of a cell, with inner values not yet looked up; anything else as it is."""
    return found.value if is_cell(found) else found


def looked_up(found: object) -> object:
    """Return the value of a cell with everything inside it looked up; anything else as it is."""
    return found.plain() if is_cell(found) else found


def elements(found: list[object] | tuple[object, ...] | Partial) -> tuple[Sequence[object], Unknown | None]:
    """Return the items of a list that is no cell, and what is not known of the rest."""
    return (found.items, Unknown(found.reason)) if isinstance(found, Partial) else (found, None)


def items_of(found: object) -> tuple[Sequence[object], Unknown | None] | None:
    """Return the items of a list, be it a cell or not, and what is not known of the rest; None if it is not a list."""
    if not is_cell(found):
        return elements(found) if isinstance(found, list | tuple | Partial) else None
    value = found.value
    if isinstance(value, Partial):
        return found.items()[:-1], Unknown(value.reason)
    return (found.items(), None) if isinstance(value, list | tuple) else None


@functools.cache
def _is_cell_type(kind: type) -> bool:
    return hasattr(kind, "select") and hasattr(kind, "plain")
