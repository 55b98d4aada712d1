"""What a document comes to when values in it are set, and whether another one is just that."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from wa_lint.model import Path, Raw


class Assignment(NamedTuple):
    """A value at a path of a document: in place of a scalar, or new in a map that is there."""

    path: Path
    value: Raw


def with_assignments(value: Raw, assignments: Sequence[Assignment]) -> Raw:
    """Return a document's value with other values in it. Nothing that several places share changes in the others."""
    for path, to in assignments:
        value = _with(value, path, to)
    return value


def _with(value: Raw, path: Path, to: Raw) -> Raw:
    if not path:
        return to
    step, rest = path[0], path[1:]
    if isinstance(value, list):
        return [_with(item, rest, to) if i == step else item for i, item in enumerate(value)]
    inner = value or {}
    return {**inner, step: _with(inner.get(step), rest, to)}


def is_same(one: Raw, other: Raw) -> bool:
    """Whether two values are equal, types included: ``true`` is not ``1``."""
    if type(one) is not type(other):
        return False
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(is_same(inner, other[key]) for key, inner in one.items())
    if isinstance(one, list):
        return len(one) == len(other) and all(map(is_same, one, other))
    return bool(one == other)
