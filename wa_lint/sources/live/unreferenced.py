"""Leaves out what nothing that was read names: another team's keys, subnets, repositories. It calls nothing itself."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Protocol, TypeVar

import msgspec

from wa_lint.model import Raw
from wa_lint.sources.live.api_response import Item, ResponsePlace, filled
from wa_lint.sources.live.collector import Collector
from wa_lint.sources.live.listing import Listing

_NAME = re.compile(r"\w(?:[\w.\-/+=]*[\w+=])?")
"""What may be a name in a text. An image's URI ends at ``:`` or ``@``, an ARN has ``:`` between its parts."""


class Referencing(Protocol):
    """What `Naming` looks into for names."""

    @property
    def item(self) -> Item:
        """The item with all its answers."""


Found = TypeVar("Found", bound=Referencing)


def in_order(
    collectors: Sequence[Collector],
    listings: Mapping[str, Listing],
    place: ResponsePlace,
    describe: Callable[[Collector, Listing], list[Found]],
) -> dict[str, list[Found]]:
    """Return type -> what `describe` told of its listing, in the order of the table.

    Of a type with `Collector.named_by`, only the items are described that something described before it names. All
    are, where no type is requested that could name one.
    """
    names = _names(collectors, listings, place)
    named: set[str] = set()
    described: dict[str, list[Found]] = {}
    for collector in collectors:
        listing = listings[collector.type]
        if names and collector.named_by:
            kept = tuple(i for i in listing.items if not named.isdisjoint(_called(collector, i, place)))
            listing = msgspec.structs.replace(listing, items=kept)
        described[collector.type] = describe(collector, listing)
        if names:
            named |= _named_in((found.item for found in described[collector.type]), names)
    return described


def _names(collectors: Sequence[Collector], listings: Mapping[str, Listing], place: ResponsePlace) -> frozenset[str]:
    """Return all that an item may be called whose description waits for its name; empty where none has to wait."""
    waiting = [c for c in collectors if c.named_by]
    if len(waiting) == len(collectors):
        return frozenset()
    return frozenset(name for c in waiting for item in listings[c.type].items for name in _called(c, item, place))


def _called(collector: Collector, item: Item, place: ResponsePlace) -> Iterator[str]:
    for template in collector.named_by:
        name = filled(template, item, place)
        if name:
            yield name


def _named_in(items: Iterable[Item], names: frozenset[str]) -> frozenset[str]:
    """Return those of `names` that are in the texts of `items`. One search through all: texts are many."""
    return names.intersection(_NAME.findall("\n".join(text for item in items for text in _texts(item))))


def _texts(value: Raw) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from _texts(inner)
