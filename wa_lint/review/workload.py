"""Which of the resources that were read belong to the workload that is reviewed: by tag, stack, ARN, account or path.

What a resource does not show (a template knows no account, many types have no tags) decides nothing; such a resource
belongs where it names one that does, or is named by one. What is outside is still there for links to lead to.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Final

import msgspec

from wa_lint import schema
from wa_lint.model import Deferred, Hole, Partial, Resource, Snapshot, SourceKind, Unresolved, Value, WorkloadExtent

Key = tuple[str, str]
"""Type and id."""

_STACK: Final = "aws:cloudformation:stack-name"

_WORD: Final = re.compile(r"[A-Za-z0-9._-]{3,}")


class Workload(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What says which resources are one workload. Within a list any will do; of several lists, each has to agree."""

    name: str
    tags: Mapping[str, str] = {}
    """All of them; ``*`` stands for anything."""
    stacks: tuple[str, ...] = ()
    """Names of CloudFormation stacks; ``*`` stands for anything."""
    arns: tuple[str, ...] = ()
    """How an ARN begins; ``*`` stands for anything."""
    accounts: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()
    """Files or folders, as reports name them; ``*`` stands for anything."""
    complete: bool = False
    """Whether the inputs hold all of it, as somebody says who knows."""

    @property
    def is_everything(self) -> bool:
        """Whether it only has a name, so that all resources belong."""
        return not (self.tags or self.stacks or self.arns or self.accounts or self.paths)


class Members(msgspec.Struct, frozen=True):
    """Which resources of a snapshot are of the workload, and how many are not."""

    keys: frozenset[Key]
    extent: WorkloadExtent


def members(snapshot: Snapshot, workload: Workload, asked: Collection[Key] | None = None) -> Members:
    """Return what of `snapshot` belongs to the workload. The jobs of its definitions have to be in it already.

    `asked`: only these are of interest; the others are looked at for what they name.
    """
    tests = list(_tests(snapshot.kind, workload))
    told = {_key(resource): _belongs(resource, tests) for resource in snapshot.resources}
    inside = {key for key, truth in told.items() if truth is True}
    unsure = [resource for resource in snapshot.resources if told[_key(resource)] is None]
    by_key = {_key(resource): resource for resource in snapshot.resources}
    inside |= _adopted([by_key[key] for key in inside], unsure)
    outside = [key for key in by_key if key not in inside and (asked is None or key in asked)]
    extent = WorkloadExtent(
        workload.name,
        outside=len(outside),
        unsure=sum(told[key] is None for key in outside),
        is_by_mark=bool(workload.tags or workload.stacks or workload.arns or workload.paths),
        is_whole=workload.complete,
    )
    return Members(frozenset(inside if asked is None else inside.intersection(asked)), extent)


def _key(resource: Resource) -> Key:
    return resource.type, resource.id


# --- what a resource shows --------------------------------------------------------------------------

_Test = Callable[[Resource], bool | None]
"""Whether a resource belongs; None: it does not show."""


def _tests(kind: SourceKind, workload: Workload) -> Iterator[_Test]:
    """Yield a test for each list that says something of what such a source reads."""
    if workload.tags:
        yield lambda resource: _has_tags(resource, workload.tags)
    if workload.paths and kind is not SourceKind.LIVE:
        yield lambda resource: _is_below(resource, workload.paths)
    if kind is SourceKind.TEMPLATE:
        return
    if workload.stacks:
        yield lambda resource: _is_of_stack(resource, workload.stacks)
    if workload.arns:
        yield lambda resource: _begins(resource, workload.arns)
    if workload.accounts:
        yield lambda resource: None if resource.account is None else resource.account in workload.accounts


def _belongs(resource: Resource, tests: Iterable[_Test]) -> bool | None:
    found = [test(resource) for test in tests]
    if any(truth is False for truth in found):
        return False
    return True if all(found) else None


def _has_tags(resource: Resource, wanted: Mapping[str, str]) -> bool | None:
    tags = _tags(resource)
    if tags is None:
        return None
    found = [_fits(tags[key], pattern) if key in tags else False for key, pattern in wanted.items()]
    if any(truth is False for truth in found):
        return False
    return True if all(found) else None


def _fits(value: Value, pattern: str) -> bool | None:
    return fnmatchcase(value, pattern) if isinstance(value, str) else None


def _is_of_stack(resource: Resource, stacks: Collection[str]) -> bool | None:
    made = resource.made_by.partition("/")[0] if resource.made_by else (_tags(resource) or {}).get(_STACK)
    return any(fnmatchcase(made, stack) for stack in stacks) if isinstance(made, str) else None


def _begins(resource: Resource, arns: Collection[str]) -> bool | None:
    arn = resource.arn or (resource.id if resource.id.startswith("arn:") else None)
    return None if arn is None else any(fnmatchcase(arn, f"{begin.rstrip('*')}*") for begin in arns)


def _is_below(resource: Resource, paths: Collection[str]) -> bool:
    uri = resource.origin.locate(()).uri
    return any(fnmatchcase(uri, path) or uri.startswith(f"{path.rstrip('/')}/") for path in paths)


def _tags(resource: Resource) -> Mapping[str, Value] | None:
    """Return the tags of a resource; None where it cannot have any, or does not show them."""
    if resource.tags is not None:
        return resource.tags
    properties = resource.properties
    if not isinstance(properties, dict):
        return None
    tags = properties.get("Tags")
    if tags is None:
        return {} if _may_bear_tags(resource) else None
    if isinstance(tags, dict):
        return {str(key): value for key, value in tags.items()}
    if not isinstance(tags, list) or not all(isinstance(tag, dict) for tag in tags):
        return None
    pairs = [(tag.get("Key"), tag.get("Value")) for tag in tags]
    return {key: value for key, value in pairs if isinstance(key, str)} if all(key for key, _ in pairs) else None


def _may_bear_tags(resource: Resource) -> bool:
    """Whether the absence of tags says something: a template's resource of a type that has them."""
    if resource.account is not None:
        return False  # an answer may leave tags out
    return resource.type in schema.types() and schema.resource_type(resource.type).member("Tags") is not None


# --- by links ---------------------------------------------------------------------------------------


def _adopted(inside: Iterable[Resource], unsure: Iterable[Resource]) -> set[Key]:
    """Return the keys of what names something inside, or is named by it, from one to the next."""
    waiting = {_key(resource): resource for resource in unsure}
    words = {key: frozenset(_words(resource.properties)) for key, resource in waiting.items()}
    fresh = list(inside)
    found: set[Key] = set()
    while fresh and waiting:
        names = {name for resource in fresh for name in _names(resource)}
        said = {word for resource in fresh for word in _words(resource.properties)}
        near = [key for key, resource in waiting.items() if words[key] & names or said.intersection(_names(resource))]
        fresh = [waiting.pop(key) for key in near]
        found.update(near)
    return found


def _names(resource: Resource) -> Iterator[str]:
    yield from (name for name in (resource.id, resource.name, resource.arn) if name)
    if resource.arn:
        yield re.split(r"[:/]", resource.arn)[-1]


def _words(value: Value) -> Iterator[str]:
    """Yield what may name another resource: each text, its parts, and what a reference leads to."""
    match value:
        case dict():
            for inner in value.values():
                yield from _words(inner)
        case list() | tuple():
            for inner in value:
                yield from _words(inner)
        case Partial():
            yield from _words((*value.items, *value.maybe))
        case Unresolved():
            yield from (part.target for part in value.parts if isinstance(part, Hole) and part.target)
        case str() | Deferred():
            yield str(value)
            yield from _WORD.findall(str(value))
        case _:
            return
