"""Whether one text names what another spells, where both may have holes. Texts only: it knows no resource.

A text with holes is written with one private-use character, a *token*, for each hole; equal tokens are filled alike.
A *spelling* is a pattern over such texts: literals, tokens, and gaps that anything may fill.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache

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


def is_named(said: str, spellings: Sequence[str], settled: Callable[[str], bool]) -> bool | None:
    """Whether `said` is one of `spellings`; None where the holes of either decide.

    `settled` tells whether a token stands for the name of something that is in sight, so that it is no other name.
    """
    if any(_strict(spelling).fullmatch(said) for spelling in spellings):
        return True
    has_holes = any(not settled(found) for found in _TOKEN.findall(said))
    for spelling in spellings:
        is_open = any(not settled(found) for found in _TOKEN.findall(spelling))
        if (has_holes or is_open) and _could_meet(said, spelling, settled):
            return None
    return False


def _could_meet(said: str, spelling: str, settled: Callable[[str], bool]) -> bool:
    """Whether the two could be one text if their open holes were filled: their literal ends must not clash."""
    left, right = (_ends(text, settled) for text in (said, spelling))
    head = min(len(left[0]), len(right[0]))
    tail = min(len(left[1]), len(right[1]))
    if left[0] == said and GAP not in spelling:
        return bool(_loose(spelling, settled).fullmatch(said))
    return left[0][:head] == right[0][:head] and (tail == 0 or left[1][-tail:] == right[1][-tail:])


def _ends(text: str, settled: Callable[[str], bool]) -> tuple[str, str]:
    """Return the beginning and the end of `text` up to the first hole from either side that anything may fill."""
    places = [m.start() for m in _LOOSE.finditer(text) if m.group() == GAP or not settled(m.group())]
    return (text[: places[0]], text[places[-1] + 1 :]) if places else (text, text)


@cache
def _strict(spelling: str) -> re.Pattern[str]:
    """Return the pattern in which a token is only itself."""
    return re.compile("".join(".*" if c == GAP else re.escape(c) for c in spelling), re.DOTALL)


def _loose(spelling: str, settled: Callable[[str], bool]) -> re.Pattern[str]:
    """Return the pattern in which an open token may be anything."""
    is_open = [c == GAP or (_TOKEN.match(c) is not None and not settled(c)) for c in spelling]
    pieces = (".*" if anything else re.escape(c) for c, anything in zip(spelling, is_open, strict=True))
    return re.compile("".join(pieces), re.DOTALL)
