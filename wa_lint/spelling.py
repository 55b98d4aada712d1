"""Whether one text names what another spells, where both may have holes. Texts only: it knows no resource.

A text with holes is written with one private-use character, a *token*, for each hole; equal tokens are filled alike.
A *spelling* is a pattern over such texts: literals, tokens, and gaps that anything may fill.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache
from itertools import chain
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


class Spelling(msgspec.Struct, frozen=True):
    """One way to name a thing, or a piece of one."""

    said: str
    assumes: tuple[str, ...] = ()
    """What was assumed to get there: ``the default of Stage``."""


_NOTHING = Spelling("")


def spell(key: str, fill: Callable[[str], Iterable[Spelling]]) -> Iterator[Spelling]:
    """Yield every spelling of `key`, an entry of the link table; `fill` gives those of what is in braces."""
    pieces = _pieces(key)
    if len(pieces) == 1 and pieces[0].startswith("{"):
        yield from fill(pieces[0][1:-1])
        return
    spelled = [_NOTHING]
    for piece in pieces:
        if piece.startswith("{"):
            fills = list(fill(piece[1:-1]))
            spelled = [Spelling(one.said + more.said, one.assumes + more.assumes) for one in spelled for more in fills]
        else:
            said = GAP if piece == "*" else piece
            spelled = [Spelling(one.said + said, one.assumes) for one in spelled]
    yield from spelled


@cache
def _pieces(key: str) -> Sequence[str]:
    return [piece for piece in _PIECE.split(key) if piece]


class Text(msgspec.Struct, frozen=True):
    """What a property says, with a token for each hole, and what of it is settled whatever fills the open ones."""

    said: str
    is_open: bool
    """Whether it has a hole that anything may fill: one that is not the name of something in the input."""
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
    assumes: Mapping[str, tuple[str, ...]] = {}
    """What those rest on that rest on something."""


def text(said: str, settled: Settled) -> Text:
    """Return a text, or a spelling, ready to be compared.

    `settled` tells whether a token stands for the name of something that is in the input, so that it is no other name.
    """
    loose = () if said.isascii() else _LOOSE.finditer(said)
    places = [m.start() for m in loose if m.group() == GAP or not settled(m.group())]
    if not places:
        return Text(said, is_open=False, head=said, tail=said)
    is_open = any(said[place] != GAP for place in places)
    return Text(said, is_open, said[: places[0]], said[places[-1] + 1 :])


def spellings(found: Iterable[Spelling], settled: Settled) -> Spellings:
    resting: dict[str, tuple[str, ...]] = {}
    for one in found:
        resting[one.said] = min(resting.get(one.said, one.assumes), one.assumes, key=len)
    texts = [text(said, settled) for said in sorted(resting)]
    return Spellings(
        exact=frozenset(one.said for one in texts if GAP not in one.said),
        gapped=tuple(one for one in texts if GAP in one.said),
        open=tuple(one for one in texts if one.is_open),
        ends=frozenset((one.head, one.tail) for one in texts),
        assumes={said: assumes for said, assumes in resting.items() if assumes},
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


class Shelf(msgspec.Struct, frozen=True):
    """Texts in order, to be found by how they begin or end: asking each of many for each of many takes too long."""

    forward: Sequence[str]
    backward: Sequence[str]
    """Each of them reversed."""


def shelve(texts: Iterable[str]) -> Shelf:
    forward = sorted(texts)
    return Shelf(forward, sorted(said[::-1] for said in forward))


def spelled_on(shelf: Shelf, by: Spellings) -> Iterator[str]:
    """Yield the texts that fit a spelling with gaps."""
    for one in by.gapped:
        head, tail = one.said.partition(GAP)[0], one.said.rpartition(GAP)[2]
        if len(head) >= len(tail):
            near = _beginning(shelf.forward, head)
        else:
            near = (said[::-1] for said in _beginning(shelf.backward, tail[::-1]))
        yield from (said for said in near if _strict(one.said).fullmatch(said))


class SpelledRow(msgspec.Struct, frozen=True):
    """Beginnings in order, and the numbers of the texts that have each."""

    ordered: Sequence[str]
    numbers: Mapping[str, Sequence[int]]


class Ends(msgspec.Struct, frozen=True):
    """Texts by their settled ends, to be found by those of a spelling: as `Shelf`, where either has holes."""

    texts: Mapping[int, Text]
    heads: SpelledRow
    tails: SpelledRow
    """Each of them reversed."""


def ends_of(texts: Mapping[int, Text]) -> Ends:
    heads = ((one.head, number) for number, one in texts.items())
    return Ends(texts, _row(heads), _row((one.tail[::-1], number) for number, one in texts.items()))


def meeting(ends: Ends, by: Spellings) -> set[int]:
    """Return the numbers of the texts that may be one of the spellings: of all others `is_named` is False."""
    return {number for head, tail in by.ends for number in meeting_ends(ends, head, tail)}


def meeting_ends(ends: Ends, head: str, tail: str) -> Sequence[int]:
    """Return the numbers of the texts whose settled ends do not clash with these."""
    if not ends.texts:
        return ()
    near = min(_near(ends.heads, head), _near(ends.tails, tail[::-1]), key=len)
    return [number for number in near if _can_meet(ends.texts[number], head, tail)]


def _row(beginnings: Iterable[tuple[str, int]]) -> SpelledRow:
    numbers: dict[str, list[int]] = defaultdict(list)
    for one, number in beginnings:
        numbers[one].append(number)
    return SpelledRow(sorted(numbers), numbers)


def _near(row: SpelledRow, end: str) -> Sequence[int]:
    """Return the numbers of those that begin with `end`, or that `end` begins with."""
    shorter = (end[:length] for length in range(len(end)))
    return [n for one in chain(shorter, _beginning(row.ordered, end)) for n in row.numbers.get(one, ())]


def _beginning(ordered: Sequence[str], head: str) -> Iterator[str]:
    place = bisect_left(ordered, head)
    while place < len(ordered) and ordered[place].startswith(head):
        yield ordered[place]
        place += 1


def assumed(said: str, by: Spellings) -> tuple[str, ...]:
    """Return what it rests on that `said`, which is one of the spellings, is one: as little as can be."""
    if not by.assumes:
        return ()
    fitting = [one.said for one in by.gapped if _strict(one.said).fullmatch(said)]
    if said in by.exact:
        fitting.append(said)
    return min((by.assumes.get(one, ()) for one in fitting), key=len, default=())


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
