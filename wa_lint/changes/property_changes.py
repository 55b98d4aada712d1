"""What differs between the properties of one resource on two sides. Values that were masked stay so."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import zip_longest
from typing import Final

import msgspec

from wa_lint.findings import show
from wa_lint.model import ABSENT, Deferred, Partial, Path, Resource, Unknown, Value, path_text

_NAMING: Final = (
    "Key",
    "Name",
    "VariantName",
    "Sid",
    "Id",
    "PolicyName",
    "ContainerHostname",
    "ChannelName",
    "InputName",
    "OutputName",
    "MetricName",
)
"""Members by which the items of a list are known again, wherever in it they stand."""


class PropertyChange(msgspec.Struct, frozen=True):
    """One value of a resource that is not the same."""

    path: str
    """Without intrinsics; empty: all properties; ``(Condition)``: whether the resource is there."""
    change: str
    """set | removed | changed | became-known | became-unknown"""
    before: Value
    after: Value


def property_changes(before: Resource, after: Resource) -> tuple[PropertyChange, ...]:
    """Return what differs, by path. What was only observed (status, times, metrics) is no property."""
    changes = [_noted(path_text(path), old, new) for path, old, new in _walk((), before.properties, after.properties)]
    if not _same(before.exists, after.exists):
        changes.append(_noted("(Condition)", before.exists, after.exists))
    return tuple(changes)


def shown(value: Value) -> str:
    """Return a value in a few words; of what a scenario decides, as its author wrote it."""
    return str(value) if isinstance(value, Deferred) else show(value)


def plain(value: Value) -> Value:
    """Return a value as JSON may carry it: null for what is not set, not known or decided by a scenario."""
    if isinstance(value, dict):
        return {str(key): plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [plain(inner) for inner in value]
    return value if isinstance(value, str | int | float | bool) else None


def _noted(path: str, old: Value, new: Value) -> PropertyChange:
    return PropertyChange(path, _kind(old, new), old, new)


def _kind(old: Value, new: Value) -> str:
    if isinstance(new, Unknown | Partial):
        return "became-unknown"
    if isinstance(old, Unknown | Partial):
        return "became-known"
    return "set" if old is ABSENT else "removed" if new is ABSENT else "changed"


Differing = tuple[Path, Value, Value]

_DEEPEST: Final = 64
"""Steps of a path; what is deeper is compared as a whole. No property of CloudFormation is as deep."""


def _walk(path: Path, old: Value, new: Value) -> Iterator[Differing]:
    if len(path) < _DEEPEST and isinstance(old, dict) and isinstance(new, dict):
        for key in sorted({*old, *new}, key=str):
            yield from _walk((*path, str(key)), old.get(key, ABSENT), new.get(key, ABSENT))
    elif len(path) < _DEEPEST and isinstance(old, list | tuple) and isinstance(new, list | tuple):
        yield from _walk_list(path, old, new)
    elif not _same(old, new):
        yield path, old, new


def _same(old: Value, new: Value) -> bool:
    """Whether two values are equal. What neither side knows is no change, whatever the reasons are."""
    match old, new:
        case Unknown(), Unknown():
            return True
        case Partial(), Partial():
            return _same(list(old.items), list(new.items))
        case Deferred(), Deferred():
            return str(old) == str(new)
        case dict(), dict():
            return all(_same(old.get(key, ABSENT), new.get(key, ABSENT)) for key in {*old, *new})
        case ((list() | tuple()), (list() | tuple())):
            return len(old) == len(new) and all(map(_same, old, new))
    return isinstance(old, bool) == isinstance(new, bool) and old == new


def _walk_list(path: Path, old: Sequence[Value], new: Sequence[Value]) -> Iterator[Differing]:
    for index, a, b in item_pairs(old, new, _same):
        yield from _walk((*path, index), a, b)


def item_pairs(
    old: Sequence[Value], new: Sequence[Value], same: Callable[[Value, Value], bool]
) -> Iterator[tuple[int, Value, Value]]:
    """Yield (index, old item, new item): items with names are paired by these, wherever they stand, others by place."""
    naming = next((member for member in _NAMING if _names(old, member) and _names(new, member)), None)
    if naming is None:
        yield from _by_place(old, new, same)
        return
    olds, news = _names(old, naming), _names(new, naming)
    for name in dict.fromkeys((*news, *olds)):
        index = news.get(name, olds.get(name, 0))
        yield index, old[olds[name]] if name in olds else ABSENT, new[news[name]] if name in news else ABSENT


def _names(items: Sequence[Value], member: str) -> dict[str, int]:
    """Return name -> index; nothing where not every item has a name of its own."""
    names = [item.get(member) if isinstance(item, dict) else None for item in items]
    known = {name: index for index, name in enumerate(names) if isinstance(name, str)}
    return known if len(known) == len(items) else {}


def _by_place(
    old: Sequence[Value], new: Sequence[Value], same: Callable[[Value, Value], bool]
) -> Iterator[tuple[int, Value, Value]]:
    """Pair item by item; in lists of different lengths only what is between the items that are alike."""
    head = tail = 0
    if len(old) != len(new):
        head = _alike(old, new, same)
        tail = _alike(old[head:][::-1], new[head:][::-1], same)
    middle = zip_longest(old[head : len(old) - tail], new[head : len(new) - tail], fillvalue=ABSENT)
    yield from ((index, a, b) for index, (a, b) in enumerate(middle, start=head))


def _alike(old: Sequence[Value], new: Sequence[Value], same: Callable[[Value, Value], bool]) -> int:
    """Return how many items two lists begin with alike."""
    pairs = enumerate(zip(old, new, strict=False))
    return next((index for index, (a, b) in pairs if not same(a, b)), min(len(old), len(new)))
