"""Masks every text of a report, wherever it came from: the last look before anything is written.

Sources mask what they read. Names do not come from values alone: a logical id, the key of a map, the name of a file or
of a parameter may hold a secret too, and end up in a path, a message, a location.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from operator import is_
from typing import Final, TypeVar

import msgspec

from wa_lint.model import Outcome, Resource, RuleInfo, Severity, Value
from wa_lint.redact import mask, mask_by_name, mask_tree

T = TypeVar("T")

_LEFT: Final = frozenset({"properties", "origin", "exists", "observed"})
"""What no reporter writes: sources have masked it, and links may compare it."""

_VALUES: Final = frozenset({"value", "before", "after"})
"""What a struct with a path says of the value there."""

_NO_TEXT: Final = frozenset({"fingerprint"})

_WITHOUT_TEXT: Final = frozenset({type(None), bool, int, float, Outcome, Severity, RuleInfo})
"""What holds no text of what was read: the words of a rule are those of its author."""


def mask_report(report: T) -> T:
    """Return a report, or any tree of structs, with its texts masked; the same object where nothing is masked."""
    masked = _masked(report, {})
    return masked if isinstance(masked, type(report)) else report


def _masked(value: Value, known: dict[int | str, Value]) -> Value:
    """Mask `value`. `known`: what became of each struct, by its identity, and of each text."""
    if isinstance(value, str):
        found = known.get(value)
        if found is None:
            found = known[value] = mask(value)
        return found
    if type(value) in _WITHOUT_TEXT:
        return value
    if isinstance(value, msgspec.Struct):
        if id(value) not in known:
            known[id(value)] = _struct(value, known)
        return known[id(value)]
    if isinstance(value, tuple | list):
        items = [_masked(item, known) for item in value]
        is_same = all(map(is_, items, value)) or items == list(value)
        return value if is_same else type(value)(items)
    return _mapping(value, known) if isinstance(value, dict) else value


def _last_name(path: str) -> str:
    return path.rpartition(".")[2].partition("[")[0]


def _mapping(value: dict[str, Value], known: dict[int | str, Value]) -> Value:
    masked = mask_tree(value)  # by names too
    if not isinstance(masked, dict):
        return masked
    found = {key: _masked(item, known) for key, item in masked.items()}
    return masked if all(found[key] is item for key, item in masked.items()) else found


@cache
def _fields(kind: type[msgspec.Struct]) -> Sequence[str]:
    """Return the fields of a struct that are looked into."""
    left = _LEFT if issubclass(kind, Resource) else _NO_TEXT
    return [name for name in kind.__struct_fields__ if name not in left]


def _struct(value: msgspec.Struct, known: dict[int | str, Value]) -> msgspec.Struct:
    changed: dict[str, Value] = {}
    path = getattr(value, "path", None)
    called = _last_name(path) if isinstance(path, str) else ""
    for name in _fields(type(value)):
        old = getattr(value, name)
        if not old or type(old) in _WITHOUT_TEXT:
            continue
        new = mask_by_name(called, old) if called and name in _VALUES else old
        new = _masked(new, known)
        if new is not old and new != old:
            changed[name] = new
    return msgspec.structs.replace(value, **changed) if changed else value
