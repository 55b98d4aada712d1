"""Pairs what two lists have in common, by one key after the other. It knows nothing of what it pairs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import Generic, TypeVar

import msgspec

_T = TypeVar("_T")


class PairKey(msgspec.Struct, frozen=True):
    """What a thing is called: of the earlier list, and of the later one."""

    before: Callable[..., Hashable]
    after: Callable[..., Hashable]
    is_loose: bool = False
    """Whether it pairs only what is the one thing of its name on either side."""


class Paired(msgspec.Struct, Generic[_T], frozen=True, eq=False):
    """What both lists have, and what only one of them has; in the lists' order."""

    both: list[tuple[_T, _T]]
    left: list[_T]
    """Only in the earlier one."""
    added: list[_T]
    """Only in the later one."""


def paired(before: Iterable[_T], after: Iterable[_T], keys: Sequence[PairKey]) -> Paired[_T]:
    """Pair by the first key, the rest by the next one. Of several with one name the first goes with the first."""
    left, added = dict(enumerate(before)), dict(enumerate(after))
    partner: dict[int, tuple[_T, _T]] = {}
    for key in keys:
        olds, news = _named(left, key.before), _named(added, key.after)
        for name in olds.keys() & news.keys():
            if key.is_loose and (len(olds[name]) > 1 or len(news[name]) > 1):
                continue
            for old, new in zip(olds[name], news[name], strict=False):
                partner[new] = left.pop(old), added.pop(new)
    return Paired([partner[new] for new in sorted(partner)], list(left.values()), list(added.values()))


def _named(things: dict[int, _T], key: Callable[..., Hashable]) -> dict[Hashable, list[int]]:
    named: dict[Hashable, list[int]] = defaultdict(list)
    for number, thing in things.items():
        named[key(thing)].append(number)
    return named
