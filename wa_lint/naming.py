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
    """What a property says, with a token for each hole."""

    said: str
    is_open: bool
    """Whether it has a hole that anything may fill: one that is not the name of something in sight."""


class Spellings(msgspec.Struct, frozen=True):
    """All the ways to name one thing, sorted by how they are compared."""

    exact: frozenset[str]
    gapped: tuple[str, ...]
    is_open: bool


def spellings(found: Iterable[str], settled: Settled) -> Spellings:
    texts = frozenset(found)
    gapped = tuple(sorted(text for text in texts if GAP in text))
    return Spellings(texts.difference(gapped), gapped, any(is_open(text, settled) for text in texts))


def is_open(text: str, settled: Settled) -> bool:
    return any(not settled(found) for found in _TOKEN.findall(text))


def is_named(text: Text, by: Spellings, settled: Settled) -> bool | None:
    """Whether `text` is one of the spellings; None where the holes of either decide.

    `settled` tells whether a token stands for the name of something that is in sight, so that it is no other name.
    """
    said = text.said
    if said in by.exact or any(_strict(spelling).fullmatch(said) for spelling in by.gapped):
        return True
    if not text.is_open and not by.is_open:
        return False
    could = (_could_meet(text, spelling, settled) for spelling in (*by.gapped, *by.exact))
    return None if any(could) else False


def _could_meet(text: Text, spelling: str, settled: Settled) -> bool:
    """Whether the two could be one text if their open holes were filled: their literal ends must not clash."""
    if not text.is_open:
        return is_open(spelling, settled) and bool(_loose(spelling, settled).fullmatch(text.said))
    left, right = _ends(text.said, settled), _ends(spelling, settled)
    head = min(len(left[0]), len(right[0]))
    tail = min(len(left[1]), len(right[1]))
    return left[0][:head] == right[0][:head] and (tail == 0 or left[1][-tail:] == right[1][-tail:])


def _ends(text: str, settled: Settled) -> tuple[str, str]:
    """Return the beginning and the end of `text` up to the first hole from either side that anything may fill."""
    places = [m.start() for m in _LOOSE.finditer(text) if m.group() == GAP or not settled(m.group())]
    return (text[: places[0]], text[places[-1] + 1 :]) if places else (text, text)


@cache
def _strict(spelling: str) -> re.Pattern[str]:
    """Return the pattern in which a token is only itself."""
    return re.compile("".join(".*" if c == GAP else re.escape(c) for c in spelling), re.DOTALL)


def _loose(spelling: str, settled: Settled) -> re.Pattern[str]:
    """Return the pattern in which an open token may be anything."""
    is_open = [c == GAP or (_TOKEN.match(c) is not None and not settled(c)) for c in spelling]
    pieces = (".*" if anything else re.escape(c) for c, anything in zip(spelling, is_open, strict=True))
    return re.compile("".join(pieces), re.DOTALL)
