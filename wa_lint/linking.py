"""How a cell comes by its links and facts: by the link table, whose texts it matches, and by the fact table handed in.

It knows no link and no fact by name. What it finds is remembered in the graph, for every scenario that agrees.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache
from typing import Protocol

import msgspec

from wa_lint.graph import Cell, Graph, World
from wa_lint.links import IDENTITIES, LINKS, Identity, Link
from wa_lint.model import ABSENT, Hole, Partial, Path, Resource, Snapshot, SourceKind, Unknown, Unresolved, Value
from wa_lint.naming import Spellings, Text, is_named, is_spelled, spell, spellings
from wa_lint.truth import Truth, equals


class Fact(Protocol):
    """What is needed of an entry of `wa_lint.facts.FACTS`."""

    @property
    def type(self) -> str: ...
    @property
    def path(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def compute(self) -> Callable[[Cell], object]: ...


Facts = Mapping[tuple[str, str, str], Fact]


def graph_of(snapshot: Snapshot, facts: Iterable[Fact] = ()) -> Graph:
    """Return the graph of `snapshot`, whose cells bear all links and the `facts`."""
    table = {(fact.type, fact.path, fact.name): fact for fact in facts}
    return Graph(snapshot, lambda cell, name: _lookup(table, cell, name))


def _lookup(facts: Facts, cell: Cell, name: str) -> Cell | None:
    """Return what the link or fact `name` gives at `cell`; None if there is none of that name here."""
    type_, place = cell.resource.type, cell.pattern
    question = (name, cell.resource.id, cell.at)
    home = cell if not cell.world.defaults else _rehome(cell)
    if fact := facts.get((type_, place, name)):
        return _as_cell(home, name, cell.world.recall(question, lambda: fact.compute(home)))
    if forward := _forward(type_).get((place, name)):
        link = forward[0]
        return _again(cell, cell.world.recall(question, lambda: _follow(home, link, name)))
    if backward := _backward(type_).get((place, name)):
        return _again(cell, cell.world.recall(question, lambda: _followers(home, backward, name)))
    return None


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
    if isinstance(value, list):
        value = [_in_world(item, world) if isinstance(item, Cell) else item for item in value]
    elif isinstance(value, Partial):
        items = tuple(_in_world(item, world) if isinstance(item, Cell) else item for item in value.items)
        value = Partial(items, value.reason)
    return Cell(world, cell.resource, cell.path, cell.at, value, cell.assumes)


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
        return _beside(cell, name, _many(texts, link))
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
    steps = [step for step in link.path.removeprefix(link.at).replace("[]", ".[]").split(".") if step]
    cells = [cell]
    for step in steps[:-1]:
        cells = [inner for c in cells for inner in _step(c, step)]
    for holder in cells:
        fits = equals(holder.select(link.only[0]).value, link.only[1]) if link.only else True
        if isinstance(fits, Unknown):
            yield holder.with_value(fits)
        elif fits:
            yield from (text for text in _step(holder, steps[-1]) if text.value is not ABSENT)


def _step(cell: Cell, step: str) -> Sequence[Cell]:
    return cell.items() if step == "[]" else [cell.select(step)]


def _targets(text: Cell, link: Link) -> list[Cell] | Unknown:
    """Return the places that `text` names, at least one; Unknown if it is not known which, or not in sight."""
    if isinstance(text.value, Unknown):
        return text.value
    named, doubts = [], []
    for candidate in _places(text.world, link, text):
        match = _names(text, _spellings(link, candidate), candidate)
        if match is True:
            named.append(candidate.assuming(text.assumes))
        elif isinstance(match, Unknown):
            doubts.append(match)
    if named:
        return named
    if doubts:
        return doubts[0]
    return Unknown(f"{_shown(text.value)} is not in this {text.world.graph.snapshot.kind.noun}")


def _places(world: World, link: Link, text: Cell) -> Iterator[Cell]:
    """Yield the places that a text could name: at once the right one if it is a plain Ref or GetAtt."""
    target = text.value.target if isinstance(text.value, Unresolved) and not link.place else None
    resource = world.graph.named(target) if target else None
    if resource is not None and resource.type == link.target:
        if world.exists(resource) is not False:
            yield world.cell(resource)
        return
    for cell in world.of_type(link.target):
        yield from _at_place(cell, link.place)


def _at_place(cell: Cell, place: str) -> Sequence[Cell]:
    return cell.select(place.removesuffix("[]")).items() if place else [cell]


def _followers(cell: Cell, links: Sequence[Link], name: str) -> Cell:
    """Return the list of what names the place `cell`; Partial where more may."""
    found: dict[tuple[str, Path], Cell] = {}
    unseen: str | None = None
    for link in links:
        by, texts = _spellings(link, cell), _texts_of(cell.world, link)
        for source in _certain(texts, by, cell):
            exists = cell.world.exists(source)
            if isinstance(exists, Unknown):
                unseen = unseen or exists.reason  # it names the place, but may not be there
            elif exists:
                found |= {(c.resource.id, c.at): c for c in _bearers(cell.world.cell(source), link, cell)}
        unseen = unseen or _incomplete(cell, link.type) or _doubt(texts, by, cell)
    cells = list(found.values())
    value: Value = cells if unseen is None else Partial(tuple(cells), unseen)
    return _beside(cell, name, value)


class _Texts(msgspec.Struct, frozen=True, eq=False):
    """All texts of one link, sorted by how they can name something."""

    exact: Mapping[str, Sequence[Cell]]
    """Every text by what it says, whole."""
    open: Sequence[tuple[Cell, Text | None]]
    """Those of which something is open, or nothing known."""


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
        return _Texts(exact, unsure)

    return world.recall(("texts", link.type, link.path), compute)


def _certain(texts: _Texts, by: Spellings, place: Cell) -> Iterator[Resource]:
    """Yield each resource with a text that certainly names `place`."""
    said = [one for one in by.exact if one in texts.exact]
    if by.gapped:
        said += [one for one in texts.exact if one not in by.exact and is_spelled(one, by)]
    found = (cell for one in said for cell in texts.exact[one] if not _is_out_of_reach(cell, place.resource))
    yield from sorted({cell.resource for cell in found}, key=lambda resource: resource.id)


def _doubt(texts: _Texts, by: Spellings, place: Cell) -> str | None:
    """Return why it is not known whether one more text names `place`; None if it is known that none does."""
    unsure = [*texts.open]
    if by.open:
        unsure += [(cell, _text(cell)) for cells in texts.exact.values() for cell in cells]
    matches = (_is_named(cell, said, by, place) for cell, said in unsure)
    return next((match.reason for match in matches if isinstance(match, Unknown)), None)


def _incomplete(cell: Cell, type_: str) -> str | None:
    graph = cell.world.graph
    if cell.world.is_closed and graph.snapshot.kind is SourceKind.TEMPLATE:
        return None
    return graph.why_incomplete(type_, cell.resource)


def _bearers(source: Cell, link: Link, place: Cell) -> Iterator[Cell]:
    """Yield the places of `source` that bear the link's name and whose text names `place`."""
    by = _spellings(link, place)
    for item in _at_place(source, link.at):
        text = next((text for text in _texts(item, link) if _names(text, by, place) is True), None)
        if text is not None:
            yield item.assuming(text.assumes)


def _all_texts(source: Cell, link: Link) -> Iterator[Cell]:
    if isinstance(source.value, Unknown):
        yield source
        return
    for place in _at_place(source, link.at):
        yield from _texts(place, link)


# --- does this text name that place? ----------------------------------------------------------------


def _names(text: Cell, by: Spellings, place: Cell) -> Truth:
    """Whether `text` is one of the spellings of `place`."""
    return _is_named(text, _text(text), by, place)


def _text(cell: Cell) -> Text | None:
    return cell.world.graph.text_of(cell.value)


def _is_named(text: Cell, said: Text | None, by: Spellings, place: Cell) -> Truth:
    if _is_out_of_reach(text, place.resource):
        return False
    if said is None:
        return _open(text.value)
    match = is_named(said, by, place.world.graph.is_settled)
    return Unknown(f"{_shown(text.value)} may name {place.resource.id}") if match is None else match


def _is_out_of_reach(text: Cell, named: Resource) -> bool:
    """Whether a name cannot lead that far: a plain one names what is in its own account and region, an ARN anything."""
    by = text.resource
    if IDENTITIES.get(named.type, Identity()).is_worldwide or not isinstance(text.value, str) or "arn:" in text.value:
        return False
    places = (by.account, named.account), (by.region, named.region)
    return any(one is not None and other is not None and one != other for one, other in places)


def _spellings(link: Link, place: Cell) -> Spellings:
    """Return all the ways in which a text of `link` may name `place`."""

    def compute() -> Spellings:
        found = (text for key in link.keys for text in spell(key, lambda piece: _called(piece, place)))
        return spellings(found, place.world.graph.is_settled)

    return place.world.recall(("spellings", link.keys, place.resource.id, place.at), compute)


def _open(value: Value) -> Truth:
    """Return what may be said of a value that is no text, or of which nothing is known."""
    if isinstance(value, Unknown):
        return value
    return Unknown(value.reason) if isinstance(value, Unresolved) else False


def _called(piece: str, place: Cell) -> Iterator[str]:
    """Yield the texts that ``{piece}`` of a key may be where it names `place`."""
    if "." in piece:
        link, _, rest = piece.partition(".")
        root = place.world.cell(place.resource)
        for other in root.select(link).items():
            yield from _unknown_name(place) if isinstance(other.value, Unknown) else _called(rest, other)
    elif piece == "id":
        yield from _identities(place)
    else:
        yield from _spelled(place.select(piece))


def _spelled(cell: Cell) -> Iterator[str]:
    text = _text(cell)
    if text is not None:
        yield text.said
    elif isinstance(cell.value, Unknown | Unresolved):
        yield from _unknown_name(cell)


def _unknown_name(cell: Cell) -> Iterator[str]:
    """Yield a token that is nobody's: the name is there, but not known."""
    yield cell.world.graph.token(Hole(f"? {cell.resource.id}"))


def _identities(place: Cell) -> Iterator[str]:
    """Yield every text that a resource goes by: a reference, its name, its ARN."""
    resource, graph = place.resource, place.world.graph
    yield graph.token(Hole(resource.id, target=resource.id))
    if resource.arn:
        yield resource.arn
    identity = IDENTITIES.get(resource.type, Identity())
    names = [resource.name] if resource.name else []
    if not names and identity.name:
        names = list(_spelled(place.world.cell(resource).select(identity.name)))
    yield from names
    if identity.arn and not resource.arn:
        yield from spell(identity.arn, lambda _: names)


def _shown(value: Value) -> str:
    return value.reason if isinstance(value, Unresolved) else f"{value!r}"
