"""How a cell comes by its links and facts: by the link table, whose texts it matches, and by the fact table handed in.

It knows no link and no fact by name. What it finds is remembered in the graph, for every scenario that agrees.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache
from itertools import chain
from typing import Final, Protocol, TypeVar

import msgspec

from wa_lint.graph import Cell, Graph, World
from wa_lint.model import ABSENT, Partial, Path, Resource, Snapshot, SourceKind, Unknown, Unresolved, Value
from wa_lint.references.names import (
    is_across,
    is_name,
    is_out_of_reach,
    names,
    resting_on,
    shown,
    spellings_of,
    text_of,
)
from wa_lint.references.table import LINKS, Link
from wa_lint.spelling import Ends, Shelf, Spellings, Text, ends_of, meeting, meeting_ends, shelve, spelled_on
from wa_lint.truth import Truth, equals, every

T = TypeVar("T")


class ComputedFact(Protocol):
    """What is needed of an entry of `wa_lint.facts.FACTS`."""

    @property
    def type(self) -> str: ...
    @property
    def path(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def compute(self) -> Callable[[Cell], object]: ...


Facts = Mapping[tuple[str, str, str], ComputedFact]


def graph_of(snapshot: Snapshot, facts: Iterable[ComputedFact] = ()) -> Graph:
    """Return the graph of `snapshot`, whose cells bear all links and the `facts`."""
    table = {(fact.type, fact.path, fact.name): fact for fact in facts}
    return Graph(snapshot, lambda cell, name: _lookup(table, cell, name))


def _lookup(facts: Facts, cell: Cell, name: str) -> tuple[Cell, frozenset[str]] | None:
    """Return what the link or fact `name` gives at `cell`, as `graph.Lookup`."""
    type_, place = cell.resource.type, cell.pattern
    question = (name, cell.resource.id, cell.at)
    home = cell if not cell.world.defaults else _rehome(cell)
    if fact := facts.get((type_, place, name)):
        (found, assumes), asked = cell.world.recall_with_names(question, lambda: _heard(home, fact.compute))
        given = _as_cell(home, name, found).assuming(assumes)
    else:
        follow = _following(type_, place, name)
        if follow is None:
            return None
        (linked, _), asked = cell.world.recall_with_names(question, lambda: _heard(home, follow))
        given = _again(cell, linked)
    cell.world.graph.note(given)
    return given, asked


@cache
def _following(type_: str, place: str, name: str) -> Callable[[Cell], Cell] | None:
    """Return what follows the link `name` from a place; None if there is none of that name there."""
    if forward := _forward(type_).get((place, name)):
        return lambda home: _follow(home, forward[0], name)
    if backward := _backward(type_).get((place, name)):
        return lambda home: _followers(home, backward, name)
    return None


def _heard(home: Cell, compute: Callable[[Cell], T]) -> tuple[T, tuple[str, ...]]:
    """Return what `compute` gives for `home`, and what the links and facts assumed that it looked at on the way."""
    listeners = home.world.graph.listeners
    listeners.append({})
    try:
        return compute(home), tuple(listeners[-1])
    finally:
        listeners.pop()


@cache
def _forward(type_: str) -> Mapping[tuple[str, str], Sequence[Link]]:
    found: dict[tuple[str, str], list[Link]] = defaultdict(list)
    for link in LINKS:
        if link.type == type_:
            found[link.at, link.name].append(link)
    return found


@cache
def _backward(type_: str) -> Mapping[tuple[str, str], Sequence[Link]]:
    found: dict[tuple[str, str], list[Link]] = defaultdict(list)
    for link in LINKS:
        if link.target == type_:
            found[link.place, link.back].append(link)
    return found


def _rehome(cell: Cell) -> Cell:
    return Cell(cell.world.plainly(), cell.resource, cell.path, cell.at, cell.value, cell.assumes)


def _again(asker: Cell, found: Cell) -> Cell:
    """Return a remembered cell as the asker's world sees it: values are looked up in the scenario of now."""
    return _in_world(found, asker.world)


def _in_world(cell: Cell, world: World) -> Cell:
    value = cell.value
    if cell.world is world and not isinstance(value, list | Partial):
        return cell
    if isinstance(value, list):
        value = [_in_world(item, world) if isinstance(item, Cell) else item for item in value]
    elif isinstance(value, Partial):
        items, maybe = (
            tuple(_in_world(item, world) if isinstance(item, Cell) else item for item in listed)
            for listed in (value.items, value.maybe)
        )
        value = msgspec.structs.replace(value, items=items, maybe=maybe)
    return Cell(world, cell.resource, cell.path, cell.at, value, cell.assumes, cell.trail)


def _as_cell(home: Cell, name: str, found: object) -> Cell:
    if isinstance(found, Cell):
        return _again(home, found)
    return _in_world(_beside(home, name, found), home.world)


def _beside(cell: Cell, name: str, value: Value) -> Cell:
    """Return what the place of `cell` bears under a name of ours."""
    return Cell(cell.world, cell.resource, (*cell.path, name), cell.at, value, cell.assumes)


def _follow(cell: Cell, link: Link, name: str) -> Cell:
    """Return the target that the text below `cell` names, or the list of them."""
    texts = list(_texts(cell, link))
    if link.is_many:
        return _listing(cell, name, _many(texts, link))
    if not texts:
        return _beside(cell, name, ABSENT)
    found = _targets(texts[0], link)
    return texts[0].with_value(found) if isinstance(found, Unknown) else found[0]


def _many(texts: Sequence[Cell], link: Link) -> Value:
    found = [_targets(text, link) for text in texts]
    unseen = next((f.reason for f in found if isinstance(f, Unknown)), None)
    cells = [cell for f in found if not isinstance(f, Unknown) for cell in f]
    return cells if unseen is None else Partial(tuple(cells), unseen)


def _texts(cell: Cell, link: Link) -> Iterator[Cell]:
    """Yield the cells of the texts of `link` below the place `cell`, those that are set."""
    steps = _steps(link.path.removeprefix(link.at))
    cells = [cell]
    for step in steps[:-1]:
        cells = [inner for c in cells for inner in _step(c, step)]
    for holder in cells:
        fits = equals(holder.select(link.only[0]).value, link.only[1]) if link.only else True
        if isinstance(fits, Unknown):
            yield holder.with_value(fits)
        elif fits:
            yield from (text for text in _step(holder, steps[-1]) if text.value is not ABSENT)


@cache
def _steps(path: str) -> Sequence[str]:
    """Part ``A.B[].C`` into its steps, of which ``[]`` is one."""
    return tuple(step for step in path.replace("[]", ".[]").split(".") if step)


def _step(cell: Cell, step: str) -> Sequence[Cell]:
    return cell.items() if step == "[]" else [cell.select(step)]


def _targets(text: Cell, link: Link) -> list[Cell] | Unknown:
    """Return the places that `text` names, at least one; Unknown if it is not known which, or not in the input."""
    if isinstance(text.value, Unknown):
        return text.value
    named: list[Cell] = []
    doubts: list[Unknown] = []
    for candidate in _certain_candidates(text, link):
        by = spellings_of(link, candidate)
        match = names(text, by, candidate)
        if match is True:
            match = text.world.exists(candidate.resource)
        if match is True:
            named.append(candidate.assuming(resting_on(text, by, candidate)))
        elif isinstance(match, Unknown):
            doubts.append(match)
    if named:
        return _of_one_maker(text, named)
    may_be = (names(text, spellings_of(link, candidate), candidate) for candidate in _open_candidates(text, link))
    doubt = next((found for found in chain(doubts, may_be) if isinstance(found, Unknown)), None)
    return doubt or Unknown(f"{shown(text.value)} is not in this {text.world.graph.snapshot.kind.noun}")


def _of_one_maker(text: Cell, named: list[Cell]) -> list[Cell] | Unknown:
    """Return what a template names: what it makes itself, else what one other makes; of two nobody knows which."""
    maker = text.world.graph.maker
    makers = sorted({maker(cell.resource) or "" for cell in named})
    if len(makers) == 1:
        return named
    own = [cell for cell in named if maker(cell.resource) == maker(text.resource)]
    return own or Unknown(f"{' and '.join(makers)} make what {shown(text.value)} names")


def _certain_candidates(text: Cell, link: Link) -> Iterator[Cell]:
    """Yield the places that a text names, if it names any: at once the right one if it is a plain Ref or GetAtt."""
    plain = _plain_target(text, link)
    if plain is not None:
        if text.world.exists(plain) is not False:
            yield text.world.cell(plain)
        return
    called, said = _called_of(text.world, link), text_of(text)
    if said is not None:
        gapped = (called.bearers[n] for n in meeting_ends(called.gapped, said.head, said.tail))
        yield from _numbered(called, {*called.exact.get(said.said, ()), *gapped}, text.world)


def _open_candidates(text: Cell, link: Link) -> Iterator[Cell]:
    """Yield the other places that it may name, if what fills the holes of either says so."""
    if _plain_target(text, link) is not None:
        return
    called, said = _called_of(text.world, link), text_of(text)
    if said is None:
        numbers: Iterable[int] = range(len(called.places))
    else:
        ends = called.all if said.is_open else called.open
        certain = called.exact.get(said.said, ())
        numbers = {called.bearers[n] for n in meeting_ends(ends, said.head, said.tail)}.difference(certain)
    yield from _numbered(called, numbers, text.world)


def _plain_target(text: Cell, link: Link) -> Resource | None:
    target = text.value.target if isinstance(text.value, Unresolved) and not link.place else None
    resource = text.world.graph.named(target) if target else None
    return resource if resource is not None and resource.type == link.target else None


def _numbered(called: _Called, numbers: Iterable[int], world: World) -> Iterator[Cell]:
    return (_in_world(called.places[number], world) for number in sorted(numbers))


class _Called(msgspec.Struct, frozen=True, eq=False):
    """All places that a link may lead to, by what they are called: asking each of many for each of many takes too long.

    It leaves out only what `names` says False of.
    """

    places: Sequence[Cell]
    exact: Mapping[str, Sequence[int]]
    """The numbers of the places by each name that is whole."""
    all: Ends
    gapped: Ends
    """Of `all`, the spellings with gaps: a text that fits one names the place."""
    open: Ends
    """Of `all`, the spellings with open holes: a text may turn out to be one of them."""
    bearers: Sequence[int]
    """The number of the place that each end is of."""


def _called_of(world: World, link: Link) -> _Called:
    def compute() -> _Called:
        places = [place for cell in world.of_type(link.target) for place in _at_place(cell, link.place)]
        exact: dict[str, list[int]] = defaultdict(list)
        ends: tuple[dict[int, Text], ...] = ({}, {}, {})
        bearers: list[int] = []
        for number, place in enumerate(places):
            by = spellings_of(link, place)
            for said in by.exact:
                exact[said].append(number)
            every_one = [Text("", is_open=False, head=head, tail=tail) for head, tail in by.ends]
            for texts, of_these in zip((every_one, by.gapped, by.open), ends, strict=True):
                for one in texts:
                    of_these[len(bearers)] = one
                    bearers.append(number)
        all_, gapped, open_ = map(ends_of, ends)
        return _Called(places, exact, all_, gapped, open_, bearers)

    return world.recall(("called", link.target, link.place, link.keys), compute)


def _at_place(cell: Cell, place: str) -> Sequence[Cell]:
    cells = [cell]
    for step in _steps(place):
        cells = [inner for c in cells for inner in _step(c, step)]
    return cells


_MOST_DOUBTS: Final = 16
"""Places that may name one; past it nothing is said of each."""


class _Doubt(msgspec.Struct, frozen=True, eq=False):
    """A place of which it is not known whether it names what is asked about."""

    place: Cell
    reason: str


def _followers(cell: Cell, links: Sequence[Link], name: str) -> Cell:
    """Return the list of what names the place `cell`; Partial where more may."""
    found: dict[tuple[str, Path], Cell] = {}
    doubts: list[_Doubt] = []
    hidden: str | None = None
    unseen: str | None = None
    for link in links:
        if not cell.world.graph.of_type(link.type):
            hidden = hidden or _incomplete(cell, link.type)
            unseen = unseen or hidden
            continue
        by, texts = spellings_of(link, cell), _texts_of(cell.world, link)
        certain = list(_certain(texts, by, cell))
        for source in certain:
            exists = cell.world.exists(source)
            if isinstance(exists, Unknown):
                hidden = hidden or exists.reason  # it names the place, but may not be there
            elif exists:
                for bearer in _bearers(cell.world.cell(source), link, cell):
                    if isinstance(bearer, _Doubt):
                        doubts.append(bearer)
                    else:
                        found[bearer.resource.id, bearer.at] = bearer
        hidden = hidden or _incomplete(cell, link.type)
        unseen = unseen or (doubts[0].reason if doubts else None) or hidden
        if hidden is None or unseen is None:
            doubts += _doubts(texts, by, cell, link, certain)
            unseen = unseen or (doubts[0].reason if doubts else None)
    cells = list(found.values())
    if unseen is None:
        return _listing(cell, name, cells)
    maybe = tuple(doubt.place for doubt in doubts)
    is_whole = hidden is None and len(maybe) <= _MOST_DOUBTS
    return _listing(cell, name, Partial(tuple(cells), unseen, maybe if is_whole else (), is_whole))


def _listing(cell: Cell, name: str, value: Value) -> Cell:
    """Return a list of cells, which rests on what the surest of them rests on: that it has any."""
    items = value.items if isinstance(value, Partial) else value
    resting = [item.assumes for item in items if isinstance(item, Cell)] if isinstance(items, list | tuple) else []
    return _beside(cell, name, value).assuming(min(resting, key=len, default=()))


class _Texts(msgspec.Struct, frozen=True, eq=False):
    """All texts of one link, sorted by how they can name something."""

    exact: Mapping[str, Sequence[Cell]]
    """Every text by what it says, whole."""
    shelf: Shelf
    """The same texts, in order."""
    all: Sequence[tuple[Cell, Text | None]]
    """First those of which something is open, or nothing known."""
    sure_from: int
    """The number of the first of the others."""
    unknown: frozenset[int]
    ends: Ends
    """Of all that are not unknown."""


def _texts_of(world: World, link: Link) -> _Texts:
    def compute() -> _Texts:
        exact: dict[str, list[Cell]] = {}
        unsure: list[tuple[Cell, Text | None]] = []
        for resource in world.graph.of_type(link.type):
            for cell in _all_texts(world.cell(resource), link):
                text = world.graph.text_of(cell.value)
                if text is not None:
                    exact.setdefault(text.said, []).append(cell)
                if text is None or text.is_open:
                    unsure.append((cell, text))
        known = ((cell, text_of(cell)) for cells in exact.values() for cell in cells)
        every_one = [*unsure, *((cell, text) for cell, text in known if text and not text.is_open)]
        texts = {number: text for number, (_, text) in enumerate(every_one) if text}
        unknown = frozenset(range(len(unsure))) - texts.keys()
        return _Texts(exact, shelve(exact), every_one, len(unsure), unknown, ends_of(texts))

    return world.recall(("texts", link.type, link.path), compute, is_open=True)


def _certain(texts: _Texts, by: Spellings, place: Cell) -> Iterator[Resource]:
    """Yield each resource with a text that certainly names `place`."""
    said = [one for one in by.exact if one in texts.exact]
    if by.gapped:
        said += spelled_on(texts.shelf, by)
    found = (cell for one in said for cell in texts.exact[one] if not is_out_of_reach(cell, place.resource))
    yield from sorted({cell.resource for cell in found}, key=lambda resource: resource.id)


def _doubts(texts: _Texts, by: Spellings, place: Cell, link: Link, certain: Sequence[Resource]) -> Iterator[_Doubt]:
    """Yield the places of which it is not known whether their text names `place`, one past `_MOST_DOUBTS` at most."""
    asked = {id(resource) for resource in certain}
    count = 0
    for cell, said in _unsure(texts, by):
        match = is_name(cell, said, by, place)
        is_there = id(cell.resource) not in asked and place.world.exists(cell.resource) is not False
        if not isinstance(match, Unknown) or not is_there:
            continue
        asked.add(id(cell.resource))
        for bearer in _bearers(place.world.cell(cell.resource), link, place):
            if isinstance(bearer, _Doubt) and count <= _MOST_DOUBTS:
                count += 1
                yield bearer
        if count > _MOST_DOUBTS:
            return


def _unsure(texts: _Texts, by: Spellings) -> Iterator[tuple[Cell, Text | None]]:
    near = sorted(texts.unknown | meeting(texts.ends, by))
    return (texts.all[number] for number in near if by.open or number < texts.sure_from)


def _incomplete(cell: Cell, type_: str) -> str | None:
    graph = cell.world.graph
    if cell.world.is_closed and graph.snapshot.kind is SourceKind.TEMPLATE:
        return None
    return graph.why_incomplete(type_, cell.resource)


def _bearers(source: Cell, link: Link, place: Cell) -> Iterator[Cell | _Doubt]:
    """Yield the places of `source` that bear the link's name and whose text names `place`, or may."""
    if isinstance(source.value, Unknown):
        yield _Doubt(source, source.value.reason)
        return
    by = spellings_of(link, place)
    for item in _at_place(source, link.at):
        answers = [(text, every((names(text, by, place), _means(text, link, place)))) for text in _texts(item, link)]
        named = next((text for text, answer in answers if answer is True), None)
        if named is not None:
            yield item.assuming(resting_on(named, by, place))
        else:
            reason = next((answer.reason for _, answer in answers if isinstance(answer, Unknown)), None)
            if reason is not None:
                yield _Doubt(item, reason)


def _means(text: Cell, link: Link, place: Cell) -> Truth:
    """Whether a text that names `place` means it, and not what another template makes under the same name."""
    if not is_across(text, place):
        return True
    question = ("means", link.type, link.path, link.target, link.place, text.resource.id, text.at)
    found = text.world.recall(question, lambda: _targets(text, link))
    if isinstance(found, Unknown):
        return found
    return any((one.resource.id, one.at) == (place.resource.id, place.at) for one in found)


def _all_texts(source: Cell, link: Link) -> Iterator[Cell]:
    if isinstance(source.value, Unknown):
        yield source
        return
    for place in _at_place(source, link.at):
        yield from _texts(place, link)
