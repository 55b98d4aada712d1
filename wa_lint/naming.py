"""Whether one text names what another spells, where both may have holes. Texts only: it knows no resource.

A text with holes is written with one private-use character, a *token*, for each hole; equal tokens are filled alike.
A *spelling* is a pattern over such texts: literals, tokens, and gaps that anything may fill.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from typing import TypeAlias

import msgspec

Settled: TypeAlias = Callable[[str], bool]

FIRST_TOKEN = 0xF0000
"""Tokens are the characters of a plane that no template uses."""

GAP = "\U000ffffe"
"""Stands in a spelling for what anything may fill."""

_PIECE = re.compile(r"(\{[^}]*\}|\*)")
_TOKEN = re.compile("[\U000f0000-\U000ffffd]")
_LOOSE = re.compile("[\U000f0000-\U000ffffe]")


def token(number: int) -> str:
    return chr(FIRST_TOKEN + number)


def spell(key: str, fill: Callable[[str], Iterable[str]]) -> Iterator[str]:
    """Yield every spelling of `key`, an entry of the link table; `fill` gives the texts for what stands in braces."""
    spelled = [""]
    for piece in _PIECE.split(key):
        options = [GAP] if piece == "*" else list(fill(piece[1:-1])) if piece.startswith("{") else [piece]
        spelled = [text + option for text in spelled for option in options]
    yield from spelled


class Text(msgspec.Struct, frozen=True):
    """What a property says, with a token for each hole, and what of it is settled whatever fills the open ones."""

    said: str
    is_open: bool
    """Whether it has a hole that anything may fill: one that is not the name of something in sight."""
    head: str
    """Its beginning up to the first such hole, or gap."""
    tail: str


class Spellings(msgspec.Struct, frozen=True):
    """All the ways to name one thing, sorted by how they are compared."""

    exact: frozenset[str]
    gapped: tuple[Text, ...]
    open: tuple[Text, ...]
    """Those of `exact` that have open holes."""
    ends: frozenset[tuple[str, str]]
    """The heads and tails of all."""


def text(said: str, settled: Settled) -> Text:
    """Return a text, or a spelling, ready to be compared.

    `settled` tells whether a token stands for the name of something that is in sight, so that it is no other name.
    """
    places = [m.start() for m in _LOOSE.finditer(said) if m.group() == GAP or not settled(m.group())]
    if not places:
        return Text(said, is_open=False, head=said, tail=said)
    is_open = any(said[place] != GAP for place in places)
    return Text(said, is_open, said[: places[0]], said[places[-1] + 1 :])


def spellings(found: Iterable[str], settled: Settled) -> Spellings:
    texts = [text(said, settled) for said in sorted(set(found))]
    return Spellings(
        exact=frozenset(one.said for one in texts if GAP not in one.said),
        gapped=tuple(one for one in texts if GAP in one.said),
        open=tuple(one for one in texts if one.is_open),
        ends=frozenset((one.head, one.tail) for one in texts),
    )


def is_named(said: Text, by: Spellings, settled: Settled) -> bool | None:
    """Whether `said` is one of the spellings; None where the holes of either decide."""
    if said.said in by.exact or is_spelled(said.said, by):
        return True
    if said.is_open:
        return None if any(_can_meet(said, head, tail) for head, tail in by.ends) else False
    return None if any(_loose(one.said, settled).fullmatch(said.said) for one in by.open) else False


def is_spelled(said: str, by: Spellings) -> bool:
    """Whether a text fits one of the spellings with gaps."""
    return any(_strict(one.said).fullmatch(said) for one in by.gapped)


def _can_meet(said: Text, head: str, tail: str) -> bool:
    """Whether the two could be one text if their open holes were filled: their settled ends must not clash."""
    starts = said.head.startswith(head) or head.startswith(said.head)
    return starts and (said.tail.endswith(tail) or tail.endswith(said.tail))


@cache
def _strict(spelling: str) -> re.Pattern[str]:
    """Return the pattern in which a token is only itself."""
    return re.compile("".join(".*" if c == GAP else re.escape(c) for c in spelling), re.DOTALL)


def _loose(spelling: str, settled: Settled) -> re.Pattern[str]:
    """Return the pattern in which an open token may be anything."""
    is_open = [c == GAP or (_TOKEN.match(c) is not None and not settled(c)) for c in spelling]
    pieces = (".*" if anything else re.escape(c) for c, anything in zip(spelling, is_open, strict=True))
    return re.compile("".join(pieces), re.DOTALL)
