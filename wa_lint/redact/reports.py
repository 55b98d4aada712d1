"""Masks every text of a report, wherever it came from: the last look before anything is written.

Sources mask what they read. Names do not come from values alone: a logical id, the key of a map, the name of a file or
of a parameter may hold a secret too, and end up in a path, a message, a location.
"""

from __future__ import annotations

from typing import Final, TypeVar

import msgspec

from wa_lint.model import Resource, Value
from wa_lint.redact import mask, mask_by_name, mask_tree

T = TypeVar("T")

_LEFT: Final = frozenset({"properties", "origin", "exists", "observed"})
"""What no reporter writes: sources have masked it, and links may compare it."""

_VALUES: Final = frozenset({"value", "before", "after"})
"""What a struct with a path says of the value there."""

_NO_TEXT: Final = frozenset({"fingerprint"})


def mask_report(report: T) -> T:
    """Return a report, or any tree of structs, with its texts masked; the same object where nothing is masked."""
    masked = _masked(report, {})
    return masked if isinstance(masked, type(report)) else report


def _masked(value: Value, known: dict[int, Value]) -> Value:
    if isinstance(value, str):
        return mask(value)
    if isinstance(value, msgspec.Struct):
        if id(value) not in known:
            known[id(value)] = _struct(value, known)
        return known[id(value)]
    if isinstance(value, tuple | list):
        items = [_masked(item, known) for item in value]
        is_same = all(new is old or new == old for new, old in zip(items, value, strict=True))
        return value if is_same else type(value)(items)
    return _mapping(value, known) if isinstance(value, dict) else value


def _last_name(path: str) -> str:
    return path.rpartition(".")[2].partition("[")[0]


def _mapping(value: dict[str, Value], known: dict[int, Value]) -> Value:
    masked = mask_tree(value)  # by names too
    if not isinstance(masked, dict):
        return masked
    found = {key: _masked(item, known) for key, item in masked.items()}
    return masked if all(found[key] is item for key, item in masked.items()) else found


def _struct(value: msgspec.Struct, known: dict[int, Value]) -> msgspec.Struct:
    left = _LEFT if isinstance(value, Resource) else _NO_TEXT
    changed: dict[str, Value] = {}
    path = getattr(value, "path", None)
    called = _last_name(path) if isinstance(path, str) else ""
    for name in value.__struct_fields__:
        old = getattr(value, name)
        if old is None or name in left:
            continue
        new = mask_by_name(called, old) if called and name in _VALUES else old
        new = _masked(new, known)
        if new is not old and new != old:
            changed[name] = new
    return msgspec.structs.replace(value, **changed) if changed else value
