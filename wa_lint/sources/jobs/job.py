"""What is found in a definition, and how its parts are reached. It knows neither pipelines nor state machines."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeAlias

import msgspec

from wa_lint.model import ABSENT, Deferred, Hole, Origin, Path, Resource, Unknown, Unresolved, Value
from wa_lint.scenario import Fork, Scenario


class Node(msgspec.Struct, frozen=True):
    """One part of a definition."""

    value: Value
    at: Path = ()
    """Where it is, as the origin of the jobs locates it."""
    guards: tuple[object, ...] = ()
    """What must hold for it to be there; only the source knows what each of them is."""

    def member(self, name: str) -> Node:
        """Return the member `name`; a node of ABSENT where there is none."""
        value = self.value.get(name, ABSENT) if isinstance(self.value, dict) else ABSENT
        return Node(value, (*self.at, name), self.guards)

    def items(self) -> Iterator[Node]:
        """Yield the items of a list; of anything else, nothing."""
        for index, item in enumerate(self.value) if isinstance(self.value, list) else ():
            yield Node(item, (*self.at, index), self.guards)


Branches: TypeAlias = Callable[[Node], Iterator[Node]]
"""Gives what a node may be, each with its guard: itself, or the branches of a condition; nothing if it is absent."""


class Job(msgspec.Struct, frozen=True, eq=False):
    """One request to SageMaker that the definition makes when it runs."""

    name: str
    """The step's, or the state's."""
    type: str
    properties: Value
    """Those of the request, as values; Deferred, for it also says where they stand."""
    root: Path
    """Where the request is."""
    home: Path
    """Where the name is."""
    guards: tuple[object, ...] = ()


class Unseen(msgspec.Struct, frozen=True):
    """A part of a definition that may hold jobs and could not be read."""

    at: Path
    reason: str
    is_sure: bool = False
    """Whether it certainly asks SageMaker for something, so that a gap is reported even where no job is expected."""


def whole(node: Node) -> Iterator[Node]:
    """Return the node as its only branch: in a definition without conditions of its source."""
    if node.value is not ABSENT:
        yield node


def known(value: Value) -> Value:
    """Return what a value is in every scenario; Unknown where it is not the same in all of them."""
    while isinstance(value, Deferred):
        try:
            resolution = value.resolve(Scenario())
        except Fork:
            return Unknown(f"{value} depends on conditions")
        if resolution.assumes:
            return Unknown(f"{value} is not known")
        value = resolution.value
    return value


def pattern_of(value: Value) -> str:
    """Return a text with ``*`` for what is not known of it; empty for what is not a string."""
    value = known(value)
    if isinstance(value, Unresolved):
        return "".join("*" if isinstance(part, Hole) else part for part in value.parts) or "*"
    return value if isinstance(value, str) else ""


def as_resource(holder: Resource, id_: str, job: Job, origin: Origin, exists: Value) -> Resource:
    """Return `job` as a resource beside its holder: what a rule sees of it."""
    name = known(_request(job.properties).get(f"{job.type.rpartition('::')[2]}Name", ABSENT))
    return Resource(
        id=id_,
        type=job.type,
        properties=job.properties,
        origin=origin,
        exists=exists,
        name=name if isinstance(name, str) else None,
        account=holder.account,
        region=holder.region,
        construct=holder.construct,
    )


def _request(properties: Value) -> dict[str, Value]:
    request = known(properties)
    return request if isinstance(request, dict) else {}
