"""What a fact is, and the shapes of maps that facts return, as the checker of expressions sees them. No fact."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping

import msgspec

from wa_lint.cel.types import DYN, Type
from wa_lint.graph import Cell, World
from wa_lint.model import ABSENT, Partial, SourceKind, Unknown, Unresolved, Value


class Fact(msgspec.Struct, frozen=True):
    """Something computed that a place bears like a property of its own."""

    type: str
    path: str
    """The place: empty for the resource itself, ``ProductionVariants[]`` for the items of a list."""
    name: str
    reads: tuple[str, ...]
    """The types that it looks at, besides the one that bears it."""
    result: Type
    doc: str
    compute: Callable[[Cell], object]
    """Gets the cell of the place; returns plain values, a cell, a list or Partial of cells, ABSENT or Unknown."""
    is_optional: bool = False
    """Whether it may be ABSENT, so that a rule must ask has() first."""
    items_at: tuple[str, str] | None = None
    """The type and the place whose schema describes the items of the list that it gives."""
    observes: tuple[str, ...] = ()
    """The keys of the metrics under ``observed`` that it reads: only those that a rule needs are fetched."""


class Record(msgspec.Struct, frozen=True):
    """The type of a map of which the members are known; those in `optional` may be absent."""

    name: str
    types: Mapping[str, Type]
    optional: frozenset[str] = frozenset()

    def member(self, name: str) -> Type | None:
        return self.types.get(name)

    def members(self) -> Iterable[str]:
        return self.types

    def required(self, name: str) -> bool:
        return name not in self.optional


STATEMENT = Record(
    "statement",
    dict.fromkeys(
        (
            "Action",
            "Condition",
            "Effect",
            "NotAction",
            "NotPrincipal",
            "NotResource",
            "Principal",
            "Resource",
            "Sid",
        ),
        DYN,
    ),
    optional=frozenset(
        {"Action", "Condition", "NotAction", "NotPrincipal", "NotResource", "Principal", "Resource", "Sid"}
    ),
)


def value_of(found: object) -> Value:
    """Return the plain value of what a function was given: a cell, or a value already."""
    return found.plain() if isinstance(found, Cell) else found


def head_of(found: object) -> Value:
    """Return the value of a cell, with nothing inside it looked up, or the value that was given."""
    return found.value if isinstance(found, Cell) else found


def unseen(value: Value) -> str | None:
    """Say why `value` is not, or not in full, in the input; None where it is."""
    return value.reason if isinstance(value, Unknown | Unresolved | Partial) else None


def cells_at(home: Cell, path: str) -> list[Cell]:
    """Return what is at a path such as ``Containers[].Image``, where ``[]`` each item; what is absent is left out."""
    found = [home]
    for step in path.split("."):
        name, is_list, _ = step.partition("[]")
        inner = [cell.select(name) for cell in found]
        found = [item for cell in inner for item in cell.items()] if is_list else inner
    return [cell for cell in found if cell.value is not ABSENT]


def gathered(cells: Iterable[Cell], reason: str | None) -> list[Cell] | Partial:
    """Return a list of cells; where there is a `reason` that more may be missing, a Partial one."""
    return list(cells) if reason is None else Partial(tuple(cells), reason)


def seen(cells: Iterable[Cell]) -> tuple[list[Cell], str | None]:
    """Part the items of a list from the reason why some of them cannot be seen."""
    found, reason = [], None
    for cell in cells:
        if isinstance(cell.value, Unknown):
            reason = reason or cell.value.reason
        else:
            found.append(cell)
    return found, reason


def is_live(cell: Cell) -> bool:
    """Whether it was read in an account, where a listing is complete or has a gap."""
    return cell.world.graph.snapshot.kind is SourceKind.LIVE


def is_template(cell: Cell) -> bool:
    return cell.world.graph.snapshot.kind is SourceKind.TEMPLATE


def in_account(home: Cell, type_: str) -> list[Cell]:
    """Return the resources of a type in the account of `home`: others have no say in it, and may be read apart."""
    return [cell for cell in home.world.of_type(type_) if cell.resource.account == home.resource.account]


def closed(home: Cell) -> Cell:
    """Return the cell in a world where templates are all there is: what is open there is open in the templates.

    What guards an entry, or grants a role its actions, may always be added by another template: asked in an open
    world, all of that would be unknown. In an account this changes nothing.
    """
    return home.world.closed().cell(home.resource) if is_template(home) else home


def why_unlisted(home: Cell, types: Collection[str]) -> str | None:
    """Say why resources of one of `types` were not read in the account of `home`, in any region; None: all were."""
    gaps = (gap for gap in home.world.graph.snapshot.gaps if gap.scope.account == home.resource.account)
    return next((f"{g.scope.type} could not be read in full: {g.reason}" for g in gaps if g.scope.type in types), None)


def why_more(world: World, beside: Cell, types: Iterable[str]) -> str | None:
    """Say why resources of `types` may exist that the snapshot does not hold; None where it holds them all."""
    if world.is_closed and world.graph.snapshot.kind is SourceKind.TEMPLATE:
        return None
    reasons = (world.graph.why_incomplete(type_, beside.resource) for type_ in types)
    return next((reason for reason in reasons if reason), None)
