"""A snapshot as rules see it: cells that look up their members, in one scenario at a time.

It reads nothing and judges nothing. A `World` is the graph in one scenario; what depends on a scenario is asked of the
world and remembered by the part of the scenario that it rests on. Links and facts are handed in (`references.follow`).
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import TypeAlias, TypeVar

from wa_lint.model import (
    ABSENT,
    Deferred,
    Hole,
    Location,
    Partial,
    Path,
    Resource,
    Scope,
    Snapshot,
    SourceKind,
    Unknown,
    Unresolved,
    Value,
    path_text,
)
from wa_lint.scenario import Assumptions, Memory, Scenario
from wa_lint.spelling import Text, text, token
from wa_lint.truth import Truth

T = TypeVar("T")

_INDEX = re.compile(r"\[\d+\]")


MOST_WORLDS = 256
"""Worlds that a graph keeps; past it all are made again."""

Lookup: TypeAlias = "Callable[[Cell, str], tuple[Cell, frozenset[str]] | None]"
"""What a name of ours (`snake_case`) gives at a cell, and what that asked of the scenario; None: no link, no fact."""


class Graph:
    """A snapshot with its indexes, for all scenarios."""

    def __init__(self, snapshot: Snapshot, lookup: Lookup) -> None:
        self.snapshot = snapshot
        self.lookup = lookup
        self.memory = Memory()
        self.listeners: list[dict[str, None]] = []
        """What was assumed so far by what each link or fact looked at that is being computed, the innermost last."""
        self._by_type: dict[str, list[Resource]] = defaultdict(list)
        self._by_id: dict[str, Resource] = {}
        self._gaps = {gap.scope: gap for gap in snapshot.gaps}
        self._located: dict[tuple[Resource, Path], Location] = {}
        self._tokens: dict[tuple[bool, str], str] = {}
        self._worlds: dict[object, World] = {}
        self._bare: dict[tuple[int, bool], World] = {}
        """Those of no assumptions, by the identity of the defaults, which each of them keeps: there are few."""
        self._settled: set[str] = set()
        for resource in snapshot.resources:
            self._by_type[resource.type].append(resource)
            self._by_id[resource.id] = resource

    def world(self, assumptions: Assumptions, defaults: Mapping[str, Value], *, is_closed: bool = False) -> World:
        """Return the world of a scenario, one for all who ask, so that each value in it is looked up once."""
        if not assumptions:
            bare = (id(defaults) if defaults else 0, is_closed)
            found = self._bare.get(bare)
            if found is None:
                found = self._bare[bare] = World(self, defaults=defaults, is_closed=is_closed)
            return found
        given = tuple((name, type(value), value) for name, value in defaults.items()) if defaults else ()
        key = (tuple(sorted(assumptions.items())), given, is_closed)
        try:
            found = self._worlds.get(key)
        except TypeError:  # a parameter that holds a list
            return World(self, Scenario(assumptions), defaults=defaults, is_closed=is_closed)
        if found is None:
            if len(self._worlds) > MOST_WORLDS:
                self._worlds.clear()
            found = self._worlds[key] = World(self, Scenario(assumptions), defaults=defaults, is_closed=is_closed)
        return found

    def forget(self) -> None:
        """Let go of the worlds, and of all that was looked up in them."""
        for world in (*self._worlds.values(), *self._bare.values()):
            world.forget()
        self._worlds.clear()
        self._bare.clear()
        self._located.clear()

    def close(self) -> None:
        """Let go of everything, so that nothing waits for Python to look for cycles. Nobody may ask any more."""
        self.forget()
        self.memory.forget()

    def locate(self, resource: Resource, at: Path) -> Location:
        """Return a place in the source, found once: the findings of several rules share it."""
        found = self._located.get((resource, at))
        if found is None:
            found = self._located[resource, at] = resource.origin.locate(at)
        return found

    def note(self, found: Cell) -> None:
        """Tell the link or fact that is being computed what `found` rests on; of a list, what its items do."""
        if self.listeners:
            items = found.value.items if isinstance(found.value, Partial) else found.value
            cells = [found, *items] if isinstance(items, list | tuple) else [found]
            said = (cell.assumes for cell in cells if isinstance(cell, Cell) and cell.assumes)
            self.listeners[-1].update(dict.fromkeys(assumed for assumes in said for assumed in assumes))

    def of_type(self, type_: str) -> Sequence[Resource]:
        return self._by_type.get(type_, ())

    def named(self, id_: str) -> Resource | None:
        return self._by_id.get(id_)

    def why_incomplete(self, type_: str, beside: Resource) -> str | None:
        """Say why the listing of `type_` around `beside` may miss some; None if it is whole."""
        scopes = [Scope(type_, beside.account, region) for region in (beside.region, None)]
        if any(scope in self.snapshot.complete for scope in scopes):
            return None
        gap = next((self._gaps[scope] for scope in scopes if scope in self._gaps), None)
        if gap:
            return f"{type_} could not be listed: {gap.reason}"
        return f"another {type_} may exist outside this {self.snapshot.kind.noun}"

    def token(self, hole: Hole) -> str:
        """Return one character that stands for what fills `hole`, the same for all holes that name one resource."""
        found = self._tokens.setdefault((hole.target is not None, hole.target or hole.name), token(len(self._tokens)))
        if hole.target is not None:
            self._settled.add(found)
        return found

    def text_of(self, value: Value) -> Text | None:
        """Return a text with a token for each hole; None for what is not a string, or one of which nothing is known."""
        if isinstance(value, str):
            return Text(value, is_open=False, head=value, tail=value)
        if not isinstance(value, Unresolved) or not value.parts:
            return None
        said = "".join(part if isinstance(part, str) else self.token(part) for part in value.parts)
        return text(said, self.is_settled)

    def is_settled(self, found: str) -> bool:
        """Whether a token stands for the name of a resource of this snapshot: then it is no other's name."""
        return found in self._settled

    def maker(self, resource: Resource) -> str | None:
        """Return the uri of the template that makes it; None in a world of one template, or of none."""
        return self.snapshot.makers.get(resource.id)


class World:
    """The graph in one scenario, as one rule sees it."""

    def __init__(
        self,
        graph: Graph,
        scenario: Scenario | None = None,
        *,
        defaults: Mapping[str, Value] | None = None,
        is_closed: bool = False,
    ) -> None:
        self.graph = graph
        self.scenario = scenario or Scenario()
        self.defaults = defaults or {}
        self.is_closed = is_closed
        """Whether a template is taken to be all there is: ``absent_partner: fail``."""
        self.views: dict[Resource, object] = {}
        """What the engine's first pass has looked up of each resource."""
        self._cells: dict[Resource, Cell] = {}
        self._plain: World | None = None
        self._closed: World | None = None

    def forget(self) -> None:
        """Let go of what was looked up in it."""
        for world in (self._plain, self._closed):
            if world is not None:
                world.forget()
        self._plain = self._closed = None
        self.views.clear()
        self._cells.clear()

    def of_type(self, type_: str) -> list[Cell]:
        """Return the cells of all resources of a type that exist, or may exist, in this scenario."""
        return [self.cell(r) for r in self.graph.of_type(type_) if self.exists(r) is not False]

    def cell(self, resource: Resource) -> Cell:
        is_kept = not self.scenario.listeners or _is_silent(resource)
        found = self._cells.get(resource) if is_kept else None
        if found is None:
            value, at, assumes = self.resolve(resource.properties, ())
            _, _, to_exist = self.resolve(resource.exists, ())
            found = Cell(self, resource, (), at, value, (*to_exist, *assumes))
            if is_kept:
                self._cells[resource] = found
        return found

    def exists(self, resource: Resource) -> Truth:
        """Whether the resource's own condition holds."""
        if resource.exists is True:
            return True
        value, _, _ = self.resolve(resource.exists, ())
        return value if isinstance(value, bool | Unknown) else Unknown(f"the condition of {resource.id} is not known")

    def resolve(self, value: Value, at: Path) -> tuple[Value, Path, tuple[str, ...]]:
        """Return `value` with every deferral at its head undone, where it is, and what that assumed."""
        assumes: tuple[str, ...] = ()
        while isinstance(value, Deferred):
            resolution = value.resolve(self.scenario)
            value, assumes = resolution.value, assumes + resolution.assumes
            at = at if resolution.at is None else resolution.at
        return value, at, assumes

    def recall(self, question: object, compute: Callable[[], T], *, is_open: bool = False) -> T:
        """Return `compute()`, remembered for every scenario that agrees on what it asked.

        `is_open`: the answer is the same whether or not the template is taken to be all there is.
        """
        return self.recall_with_names(question, compute, is_open=is_open)[0]

    def recall_with_names(
        self, question: object, compute: Callable[[], T], *, is_open: bool = False
    ) -> tuple[T, frozenset[str]]:
        """As `recall`, with what the answer asked of the scenario."""
        key = (question, self.is_closed and not is_open)
        return self.graph.memory.recall_with_names(key, self.scenario, compute)

    def plainly(self) -> World:
        """Return this world without a rule's own defaults: what links and facts are computed in."""
        if not self.defaults:
            return self
        if self._plain is None:
            self._plain = World(self.graph, self.scenario, is_closed=self.is_closed)
        return self._plain

    def closed(self) -> World:
        """Return this world, without a rule's own defaults, where templates are all there is."""
        if self.is_closed and not self.defaults:
            return self
        if self._closed is None:
            self._closed = World(self.graph, self.scenario, is_closed=True)
        return self._closed


def _is_silent(resource: Resource) -> bool:
    """Whether to look at a resource asks nothing of the scenario."""
    return resource.exists is True and not isinstance(resource.properties, Deferred)


class Cell:
    """One value of one resource, with its place, in one scenario."""

    __slots__ = ("_asked", "_items", "_members", "assumes", "at", "path", "resource", "trail", "value", "world")

    def __init__(  # noqa: PLR0913, PLR0917, a cell is all of these
        self,
        world: World,
        resource: Resource,
        path: Path,
        at: Path,
        value: Value,
        assumes: tuple[str, ...] = (),
        trail: tuple[Cell, ...] = (),
    ) -> None:
        self.world = world
        self.resource = resource
        self.path = path
        self.at = at
        self.value = value
        self.assumes = assumes
        self.trail = trail
        """The way by which a fact came to its value, the outermost place first."""
        self._members: dict[str, Cell] | None = None
        self._items: tuple[Cell, ...] | None = None
        self._asked: dict[str, frozenset[str]] | None = None
        """What each link and fact among the members asked of the scenario."""

    def __repr__(self) -> str:
        return f"<{self.resource.id} {path_text(self.path)}: {self.value!r}>"

    @property
    def location(self) -> Location:
        return self.world.graph.locate(self.resource, self.at)

    @property
    def pattern(self) -> str:
        """The path with its indexes left open: ``ProductionVariants[].ModelName``."""
        return _pattern(self.path)

    def select(self, name: str) -> Cell:
        """Return a member, looked up once. Who listens hears what the member rests on, or it is looked up again."""
        members = self._members
        if members is None:
            members = self._members = {}
        found = members.get(name)
        if found is None or (self.world.scenario.listeners and not self._is_told(name, found)):
            found = members[name] = self._select(name)
        return found

    def _is_told(self, name: str, found: Cell) -> bool:
        """Tell who listens what a member rests on, if that is known."""
        asked = self._asked.get(name) if self._asked else None
        if asked is None:
            value = self.value
            return isinstance(value, dict) and name in value and not isinstance(value[name], Deferred)
        self.world.scenario.replay(asked)
        self.world.graph.note(found)
        return True

    def _select(self, name: str) -> Cell:
        value = self.value
        if isinstance(value, dict):
            if name in value:
                return self._child(name, name, value[name])
            return self._beyond(name)
        if isinstance(value, Unresolved):
            value = Unknown(value.reason)
        if isinstance(value, Unknown) and not self.path and name == "observed":
            return self._observed()
        return Cell(self.world, self.resource, (*self.path, name), (*self.at, name), _only_unknown(value), self.assumes)

    def items(self) -> Sequence[Cell]:
        value = self.value
        if isinstance(value, Partial):
            tail = Cell(self.world, self.resource, self.path, self.at, Unknown(value.reason))
            return [*self._listed(value.items), tail]
        if isinstance(value, list | tuple):
            return self._whole_list(value)
        if isinstance(value, Unresolved):
            value = Unknown(value.reason)
        return [Cell(self.world, self.resource, self.path, self.at, value)] if isinstance(value, Unknown) else []

    def _whole_list(self, value: Sequence[Value]) -> Sequence[Cell]:
        """Return the cells of a list's items, made once, as `select` does."""
        if self.world.scenario.listeners and any(isinstance(item, Deferred) for item in value):
            return list(self._listed(value))
        if self._items is None:
            self._items = tuple(self._listed(value))
        return self._items

    def item(self, position: int) -> Cell | None:
        """Return the item that is at `position` in `items`, without making cells of the others each time."""
        if not isinstance(self.value, list | tuple):
            return next((item for item in self.items() if item.path[-1:] == (position,)), None)
        question = ("positions", self.resource.id, self.path)
        of, indexes = self.world.recall(question, lambda: (self.value, self._indexes()))
        if of is not self.value:  # in a scenario that agrees on its items, another list may be here
            indexes = self._indexes()
        return self._child(position, indexes[position], self.value[indexes[position]]) if position in indexes else None

    def _indexes(self) -> Mapping[int, int]:
        """Return the index in the source of the item at each position: what a scenario leaves out has none."""
        found: dict[int, int] = {}
        for index, item in enumerate(self.value if isinstance(self.value, list | tuple) else ()):
            if not isinstance(item, Cell) and self._child(len(found), index, item).value is not ABSENT:
                found[len(found)] = index
        return found

    def plain(self) -> Value:
        value = self.value
        if isinstance(value, dict):
            inner = {key: self._child(key, key, item).plain() for key, item in value.items()}
            return {key: item for key, item in inner.items() if item is not ABSENT}
        if isinstance(value, list | tuple):
            return [item.plain() for item in self._listed(value)]
        if isinstance(value, Partial):
            return Partial(tuple(item.plain() for item in self._listed(value.items)), value.reason)
        return value

    def assuming(self, assumes: tuple[str, ...]) -> Cell:
        """Return the same cell, reached by what rests on assumptions of its own."""
        if not assumes:
            return self
        return Cell(self.world, self.resource, self.path, self.at, self.value, (*assumes, *self.assumes), self.trail)

    def with_value(self, value: Value, trail: tuple[Cell, ...] = ()) -> Cell:
        """Return a cell at the same place that holds `value`: what a fact says of it, and by which way it knows."""
        return Cell(self.world, self.resource, self.path, self.at, value, self.assumes, trail)

    def _listed(self, items: Iterable[Value]) -> Iterator[Cell]:
        position = 0
        for index, item in enumerate(items):
            cell = item if isinstance(item, Cell) else self._child(position, index, item)
            if cell.value is not ABSENT:
                position += 1
                yield cell

    def _child(self, step: str | int, step_at: str | int, value: Value) -> Cell:
        if isinstance(value, Cell):
            return value
        at = (*self.at, step_at)
        if not isinstance(value, Deferred):
            return Cell(self.world, self.resource, (*self.path, step), at, value, self.assumes)
        found, at, assumes = self.world.resolve(value, at)
        if assumes and self.world.graph.listeners:
            self.world.graph.listeners[-1].update(dict.fromkeys(assumes))
        if found is ABSENT and isinstance(step, str):
            found = self._default((*self.path, step), found)
        return Cell(self.world, self.resource, (*self.path, step), at, found, (*self.assumes, *assumes))

    def _beyond(self, name: str) -> Cell:
        """Return what a map does not hold itself: a link, a fact, what was observed, a default, or nothing."""
        if name == "observed" and not self.path:
            return self._observed()
        if name.islower():
            looked_up = self.world.graph.lookup(self, name)
            if looked_up is not None:
                found, asked = looked_up
                self._asked = {**(self._asked or {}), name: asked}
                return found
        path = (*self.path, name)
        if self.path == ("observed",) and isinstance(self.resource.properties, Unknown):  # its description was refused
            return Cell(self.world, self.resource, path, self.at, self.resource.properties, self.assumes)
        return Cell(self.world, self.resource, path, (*self.at, name), self._default(path, ABSENT), self.assumes)

    def _default(self, path: Path, value: Value) -> Value:
        """Return what AWS does when a request omits the property; an answer that omits it does not say."""
        defaults = self.world.defaults
        if not defaults or (text := _pattern(path)) not in defaults:
            return value
        if self.world.graph.snapshot.kind is SourceKind.TEMPLATE:
            return defaults[text]
        return Unknown(f"{path_text(path)} was not returned")

    def _observed(self) -> Cell:
        observed = self.resource.observed
        return Cell(self.world, self.resource, ("observed",), self.at, ABSENT if observed is None else dict(observed))


def _only_unknown(value: Value) -> Value:
    return value if isinstance(value, Unknown) else ABSENT


@lru_cache(4096)
def _pattern(path: Path) -> str:
    return _INDEX.sub("[]", path_text(path)) if path else ""
