"""What a place is called, by how many names, and whether a text is one of them. It follows no link itself."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

from wa_lint.graph import Cell
from wa_lint.model import Hole, Resource, Unknown, Unresolved, Value
from wa_lint.references.table import IDENTITIES, Identity, Link
from wa_lint.spelling import Spelling, Spellings, Text, assumed, is_named, spell, spellings
from wa_lint.truth import Truth


def names(text: Cell, by: Spellings, place: Cell) -> Truth:
    """Whether `text` is one of the spellings of `place`."""
    return is_name(text, text_of(text), by, place)


def text_of(cell: Cell) -> Text | None:
    """Return what the cell says, as texts are compared; None for what is not a string."""
    return cell.world.graph.text_of(cell.value)


def is_name(text: Cell, said: Text | None, by: Spellings, place: Cell) -> Truth:
    """As `names`, where what the text says is known already."""
    if is_out_of_reach(text, place.resource):
        return False
    if said is None:
        return _open(text.value)
    match = is_named(said, by, place.world.graph.is_settled)
    return Unknown(_may_be(text.value, place.resource.id)) if match is None else match


def _may_be(value: Value, id_: str) -> str:
    """Say that a text may name a resource: why it is not known what it names, where it is not."""
    if not isinstance(value, Unresolved):
        return f"{value!r} may name {id_}"
    if any(isinstance(part, str) for part in value.parts):
        text = "".join(part if isinstance(part, str) else f"${{{part.name}}}" for part in value.parts)
        return f"{text} may name {id_}"
    return f"whether it is {id_} is not known: {value.reason}"


def is_out_of_reach(text: Cell, named: Resource) -> bool:
    """Whether a name cannot lead that far: a plain one names what is in its own account and region, an ARN anything.

    What is not known leads into no other account: whatever is there unread is asked of no listing either.
    """
    by = text.resource
    if isinstance(text.value, Unknown) and None not in (by.account, named.account) and by.account != named.account:
        return True
    if IDENTITIES.get(named.type, Identity()).is_worldwide or not isinstance(text.value, str) or "arn:" in text.value:
        return False
    places = (by.account, named.account), (by.region, named.region)
    return any(one is not None and other is not None and one != other for one, other in places)


def spellings_of(link: Link, place: Cell) -> Spellings:
    """Return all the ways in which a text of `link` may name `place`."""

    def compute() -> Spellings:
        bare = Cell(place.world, place.resource, place.path, place.at, place.value)  # how one got there is not asked
        found = (one for key in link.keys for one in spell(key, lambda piece: _called(piece, bare)))
        return spellings(found, place.world.graph.is_settled)

    question = ("spellings", link.keys, place.resource.id, place.at)
    return place.world.recall(question, compute, is_open=not _asks_links(link.keys))


@cache
def _asks_links(keys: tuple[str, ...]) -> bool:
    """Whether a name is spelled with what a link of the target leads to, as in ``{endpoints.id}``."""
    return any("." in piece for key in keys for piece in re.findall(r"\{[^}]*\}", key))


def is_across(text: Cell, place: Cell) -> bool:
    """Whether a text of one template names what another one makes by its letters alone, and by no reference."""
    graph = text.world.graph
    if graph.maker(text.resource) == graph.maker(place.resource):
        return False
    said = text_of(text)
    return said is None or not any(map(graph.is_settled, said.said))


def resting_on(text: Cell, by: Spellings, place: Cell) -> tuple[str, ...]:
    """Return what is assumed where `text` is taken to name `place`: of the text, of the name, of their being one."""
    said = text_of(text)
    resting = (*text.assumes, *(assumed(said.said, by) if said else ()))
    if not is_across(text, place):
        return resting
    return (*resting, f"{_written(text.value)} names what {text.world.graph.maker(place.resource)} makes")


def shown(value: Value) -> str:
    """Return a text, or why it is open, for a sentence."""
    return value.reason if isinstance(value, Unresolved) else f"{value!r}"


def _open(value: Value) -> Truth:
    """Return what may be said of a value that is not a string, or of which nothing is known."""
    if isinstance(value, Unknown):
        return value
    return Unknown(value.reason) if isinstance(value, Unresolved) else False


def _called(piece: str, place: Cell) -> Iterator[Spelling]:
    """Yield the texts that ``{piece}`` of a key may be where it names `place`."""
    if "." in piece:
        link, _, rest = piece.partition(".")
        root = place.world.cell(place.resource)
        for other in root.select(link).items():
            if isinstance(other.value, Unknown):
                yield _unknown_name(place)
            else:
                yield from (Spelling(one.said, other.assumes + one.assumes) for one in _called(rest, other))
    elif piece in ("id", "arn"):
        yield from _identities(place, bare=piece == "id")
    else:
        yield from _spelled(place.select(piece))


def _spelled(cell: Cell) -> Iterator[Spelling]:
    text = text_of(cell)
    if text is not None:
        yield Spelling(text.said, cell.assumes)
    elif isinstance(cell.value, Unknown | Unresolved):
        yield _unknown_name(cell)


def _unknown_name(cell: Cell) -> Spelling:
    """Return a token that is nobody's: the name is there, but not known."""
    return Spelling(cell.world.graph.token(Hole(f"? {cell.resource.id}")))


def _identities(place: Cell, *, bare: bool) -> Iterator[Spelling]:
    """Yield every text that a resource goes by: a reference, its name if that may stand `bare`, its ARN."""
    resource, graph = place.resource, place.world.graph
    yield Spelling(graph.token(Hole(resource.id, target=resource.id)))
    if resource.arn:
        yield Spelling(resource.arn)
    identity = IDENTITIES.get(resource.type, Identity())
    names = [Spelling(resource.name)] if resource.name else []
    if not names and identity.name:
        names = list(_spelled(place.world.cell(resource).select(identity.name)))
    if bare:
        yield from names
    if not resource.arn:
        for arn in identity.arns:
            yield from spell(arn, lambda _: names)


def _written(value: Value) -> str:
    parts = value.parts if isinstance(value, Unresolved) else (str(value),)
    return "".join(part if isinstance(part, str) else f"${{{part.name}}}" for part in parts)
