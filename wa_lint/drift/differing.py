"""Which properties of a pair differ. What either side leaves open is reported apart, with the reason. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

import msgspec

from wa_lint import schema
from wa_lint.changes.property_changes import item_pairs
from wa_lint.drift.filled import FILLED
from wa_lint.drift.partners import Partners
from wa_lint.drift.resting import Names
from wa_lint.drift.written import Assumed, Spelled, WrittenTemplate
from wa_lint.model import ABSENT, Partial, Path, Resource, Unknown, Unresolved, Value, path_text

DIFFERS: Final = "differs"
ONLY_TEMPLATE: Final = "only-template"
ONLY_ACCOUNT: Final = "only-account"
"""Set in the account only: by somebody, or by AWS to a default that no schema documents."""

_ACCOUNT_ROOT: Final = re.compile(r"arn:[\w-]+:iam::(\d{12}):root")
"""What IAM makes of a principal that is only the number of an account."""

_STACK_TAGS: Final = "tags of the stack are passed on to its resources"
_DEEPEST: Final = 64


class PropertyDrift(msgspec.Struct, frozen=True, eq=False):
    """One value that is not the same, or cannot be compared."""

    path: str
    kind: str
    """differs | only-template | only-account"""
    written: Value
    found: Value
    names: Names = ()
    """The path without indexes."""
    rules: tuple[str, ...] = ()
    """Whose verdicts rest on it."""
    reason: str = ""
    """Why it is not compared; empty: it differs."""


def property_drift(written: WrittenTemplate, pair: Partners, defaults: Mapping[str, Value]) -> Sequence[PropertyDrift]:
    """Return what differs whatever the parameters are, and what cannot be compared.

    `defaults`: by path with open indexes, what AWS does when a request omits a property.
    """
    account = pair.found.properties
    if not isinstance(account, dict):
        reason = account.reason if isinstance(account, Unknown) else "its properties are not known"
        return [PropertyDrift("", DIFFERS, ABSENT, account, reason=reason)]
    known = written.properties(pair.written)
    walk = _Walk(pair.found, defaults)
    told: list[PropertyDrift] = []
    for name in sorted({*known, *map(str, account)}.difference(written.told_elsewhere(pair.written))):
        scenarios = [list(walk.of((name,), value, account.get(name, ABSENT))) for value in known.get(name, [ABSENT])]
        told += _in_all(scenarios)
    return told


def _in_all(scenarios: Sequence[Sequence[PropertyDrift]]) -> Sequence[PropertyDrift]:
    """Return what is said in every scenario: where one agrees with the account, that is the one that was deployed."""
    first, *others = scenarios
    if any(not found for found in scenarios):
        return []
    paths = [{one.path for one in found} for found in others]
    unsure = {one.path: one.reason for found in scenarios for one in found if one.reason}
    kept = [one for one in first if all(one.path in found for found in paths)]
    return [msgspec.structs.replace(one, reason=unsure.get(one.path, "")) for one in kept]


class _Walk:
    """Goes down both sides of one pair."""

    def __init__(self, found: Resource, defaults: Mapping[str, Value]) -> None:
        self.found, self.defaults = found, defaults

    def of(self, path: Path, written: Value, found: Value) -> Iterator[PropertyDrift]:
        written, found = _as_document(written, found)
        if written is ABSENT and isinstance(found, dict) and found:
            written = {}
        if isinstance(written, dict) and isinstance(found, dict) and len(path) < _DEEPEST:
            for key in sorted({*written, *found}, key=str):
                yield from self.of((*path, str(key)), written.get(key, ABSENT), found.get(key, ABSENT))
        elif isinstance(written, list | tuple) and isinstance(found, list | tuple) and len(path) < _DEEPEST:
            yield from self._list(path, written, found)
        elif not _same(written, found):
            yield from self._told(path, written, found)

    def _list(self, path: Path, written: Sequence[Value], found: Sequence[Value]) -> Iterator[PropertyDrift]:
        if _is_flat(written) and _is_flat(found):
            if not _same_set(written, found):
                yield from self._told(path, list(written), list(found))
            return
        old, new = _without_alike(written, found)
        for index, a, b in item_pairs(list(old.values()), list(new.values()), _same):
            place = list(new or old)[min(index, len(new or old) - 1)]
            yield from self.of((*path, place), a, b)

    def _told(self, path: Path, written: Value, found: Value) -> Iterator[PropertyDrift]:
        names = tuple(step for step in path if isinstance(step, str))
        info = schema.property_at(self.found.type, path)
        if (info is not None and (info.write_only or info.read_only)) or _is_empty(written, found):
            return
        if written is ABSENT and self._is_filled(path, found):
            return
        kind = ONLY_ACCOUNT if written is ABSENT else ONLY_TEMPLATE if found is ABSENT else DIFFERS
        yield PropertyDrift(path_text(path), kind, written, found, names, reason=_why_open(path, written, found))

    def _is_filled(self, path: Path, found: Value) -> bool:
        """Whether AWS sets the property so where nobody sets it, as the schema, its documentation or a rule says."""
        if isinstance(found, dict):
            return bool(found) and all(self._is_filled((*path, str(key)), value) for key, value in found.items())
        if isinstance(found, list | tuple):
            return bool(found) and all(self._is_filled((*path, n), value) for n, value in enumerate(found))
        names = tuple(step for step in path if isinstance(step, str))
        pattern = re.sub(r"\[\d+\]", "[]", path_text(path))
        filled = FILLED.get(self.found.type, {}).get(pattern, ABSENT)
        known = [schema.default_at(self.found.type, names), filled, self.defaults.get(pattern, ABSENT)]
        return any(default is not ABSENT and _same(default, found) for default in known)


def _why_open(path: Path, written: Value, found: Value) -> str:
    """Return why two values that are not alike prove nothing; empty: they do."""
    for value in _leaves(found):
        if isinstance(value, Unknown | Partial | Unresolved):
            return value.reason
    for value in _leaves(written):
        if isinstance(value, Unknown | Assumed) or (isinstance(value, Spelled) and value.reason):
            return value.reason
    if written is ABSENT and path[0] == "Tags":
        return _STACK_TAGS
    return ""


def _leaves(value: Value) -> Iterator[Value]:
    if isinstance(value, dict):
        for item in value.values():
            yield from _leaves(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _leaves(item)
    else:
        yield value


# --- alike ------------------------------------------------------------------------------------------


def _same(written: Value, found: Value) -> bool:
    match written, found:
        case Assumed(value=value), _:
            return _same(value, found)
        case Spelled(texts=texts), str():
            return found in texts
        case dict(), dict():
            return all(_same(written.get(key, ABSENT), found.get(key, ABSENT)) for key in {*written, *found})
        case ((list() | tuple()), (list() | tuple())):
            return (
                _same_set(written, found)
                if _is_flat(written) and _is_flat(found)
                else (len(written) == len(found) and all(map(_same, written, found)))
            )
        case ((list() | tuple()), str()):
            return len(written) == 1 and _same(written[0], found)
        case (_, (list() | tuple())) if isinstance(written, str | Spelled | Assumed):
            return len(found) == 1 and _same(written, found[0])
    return _text(written) == _text(found) if _is_scalar(written) and _is_scalar(found) else written is found


def _without_alike(written: Sequence[Value], found: Sequence[Value]) -> tuple[Mapping[int, Value], Mapping[int, Value]]:
    """Return the items of both by their index, without those that the other one has too, wherever it is."""
    left, others = dict(enumerate(written)), dict(enumerate(found))
    for index, value in enumerate(written):
        alike = next((other for other, one in others.items() if _same(value, one)), None)
        if alike is not None:
            del left[index], others[alike]
    return left, others


def _same_set(written: Sequence[Value], found: Sequence[Value]) -> bool:
    """Whether two lists of plain values have the same members, in whatever order: few lists of AWS have one."""
    if len(written) != len(found):
        return False
    left = list(found)
    for value in written:
        alike = next((one for one in left if _same(value, one)), None)
        if alike is None:
            return False
        left.remove(alike)
    return True


def _is_flat(values: Sequence[Value]) -> bool:
    return all(_is_scalar(value) or isinstance(value, Spelled | Assumed | Unknown) for value in values)


def _is_scalar(value: Value) -> bool:
    return isinstance(value, str | int | float)


def _text(value: Value) -> str:
    """Return a scalar as a template may write it: true and "true" are one, and so are 1, 1.0 and "1"."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    found = _ACCOUNT_ROOT.fullmatch(value) if isinstance(value, str) else None
    return found[1] if found else str(value)


def _is_empty(written: Value, found: Value) -> bool:
    """Whether one side is not set and the other is set to nothing."""
    empty: Sequence[Value] = ([], {}, (), "")
    return (written is ABSENT and found in empty) or (found is ABSENT and written in empty)


def _as_document(written: Value, found: Value) -> tuple[Value, Value]:
    """Return both as documents where one is the JSON text of one."""
    if isinstance(written, str) and isinstance(found, dict | list):
        return _parsed(written), found
    return (
        (written, _parsed(found)) if isinstance(found, str) and isinstance(written, dict | list) else (written, found)
    )


def _parsed(text: str) -> Value:
    if not text.lstrip().startswith(("{", "[")):
        return text
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text
