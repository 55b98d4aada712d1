"""Which resource of an account is which of a template: by CloudFormation's tags, then by name. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence

import msgspec

from wa_lint import schema
from wa_lint.drift.written import WrittenTemplate
from wa_lint.errors import ConfigError
from wa_lint.model import Resource, Snapshot
from wa_lint.references.table import IDENTITIES, Identity


class Partners(msgspec.Struct, frozen=True, eq=False):
    """One resource, as the template and as the account have it."""

    written: Resource
    found: Resource
    by: str
    """tag | name"""


class Pairing(msgspec.Struct, frozen=True, eq=False):
    """What both have, and what only one of them has."""

    pairs: tuple[Partners, ...]
    left: tuple[Resource, ...]
    """Only in a template."""
    added: tuple[Resource, ...]
    """Only in the account."""
    stacks: frozenset[str]
    """The stacks that the templates made, by their tags."""
    places: frozenset[tuple[str | None, str | None]]
    """The accounts and regions of the account's resources."""
    told: frozenset[str]
    """Ids of what is left and would be known again in the account: by a name, or by the tags that its type bears."""


def paired_resources(written: WrittenTemplate, account: Snapshot, stacks: Sequence[str]) -> Pairing:
    """Return the pairs, which `written` knows from then on: a name may be made of another resource's.

    Raise `ConfigError` where tags of several stacks fit a resource and none is named.
    """
    left = {resource.id: resource for resource in written.snapshot.resources}
    added = {(resource.type, resource.id): resource for resource in account.resources}
    pairs: list[Partners] = []
    told: set[str] = set()
    chosen = frozenset(stacks) or stacks_of(written.snapshot, account)
    found = [Partners(*pair, "tag") for pair in _by_tag(left.values(), account.resources, chosen)]
    while found or not told:
        pairs += found
        for pair in found:
            del left[pair.written.id], added[pair.found.type, pair.found.id]
        written.partners = {pair.written.id: pair.found for pair in pairs}
        names = {id_: known for id_, resource in left.items() if (known := _names(written, resource))}
        told = {"", *names}
        found = list(_by_name(left, names, added.values()))
    tagged = {pair.written.type for pair in pairs if pair.by == "tag"}
    return Pairing(
        pairs=tuple(pairs),
        left=tuple(left.values()),
        added=tuple(added.values()),
        stacks=chosen,
        places=_places(account),
        told=frozenset(told | {resource.id for resource in left.values() if resource.type in tagged}),
    )


def _places(account: Snapshot) -> frozenset[tuple[str | None, str | None]]:
    """Return the accounts and regions of what was found; where nothing was, those that were looked into."""
    scopes = (*account.complete, *(gap.scope for gap in account.gaps))
    return frozenset((one.account, one.region) for one in account.resources or scopes)


def stacks_of(templates: Snapshot, account: Snapshot) -> frozenset[str]:
    """Return the stacks whose tags fit the templates. Raise `ConfigError` where two fit the same resource."""
    makers: dict[tuple[str, str], set[str]] = defaultdict(set)
    for resource in account.resources:
        if resource.made_by:
            stack, _, id_ = resource.made_by.rpartition("/")
            makers[resource.type, id_].add(stack)
    fitting = [makers[resource.type, _logical_id(resource)] for resource in templates.resources]
    twice = next((found for found in fitting if len(found) > 1), None)
    if twice:
        raise ConfigError(
            "--stack", f"{' and '.join(sorted(twice))} were created from such a template; use --stack to choose one"
        )
    return frozenset[str]().union(*fitting)


def _by_tag(
    templates: Collection[Resource], account: Sequence[Resource], stacks: Collection[str]
) -> Iterator[tuple[Resource, Resource]]:
    made: Mapping[tuple[str, str], Resource] = {
        (one.type, one.made_by.rpartition("/")[2]): one
        for one in account
        if one.made_by and one.made_by.rpartition("/")[0] in stacks
    }
    for resource in templates:
        found = made.get((resource.type, _logical_id(resource)))
        if found is not None:
            yield resource, found


def _logical_id(resource: Resource) -> str:
    """Return the id within its own template: ``Subnet`` of ``Network.Subnet`` and of ``a.yaml#Subnet``."""
    return resource.id.rpartition("#")[2].rpartition(".")[2]


NamesById = Mapping[str, frozenset[str]]
"""By property: the texts that it may be."""


def _by_name(
    left: Mapping[str, Resource], names: Mapping[str, NamesById], added: Collection[Resource]
) -> Iterator[Partners]:
    taken: set[str] = set()
    for id_, known in names.items():
        fitting = [one for one in added if one.id not in taken and _is_called(one, left[id_].type, known)]
        if len(fitting) == 1:
            taken.add(fitting[0].id)
            yield Partners(left[id_], fitting[0], "name")


def _names(written: WrittenTemplate, resource: Resource) -> NamesById:
    """Return the properties that name a resource, where all of them are known; empty: it is not known by name."""
    identity = IDENTITIES.get(resource.type, Identity()).name
    for wanted in ((identity,), schema.identifier(resource.type)):
        found = {name: written.texts(resource, name) for name in wanted if name}
        if found and all(found.values()):
            return found
    return {}


def _is_called(found: Resource, type_: str, names: NamesById) -> bool:
    if found.type != type_:
        return False
    properties = found.properties if isinstance(found.properties, dict) else {}
    if all(properties.get(name) in texts for name, texts in names.items()):
        return True
    tail = (found.arn or found.id).rpartition(":")[2].rpartition("/")[2]
    return len(names) == 1 and any(
        not texts.isdisjoint({found.name or tail, tail, found.arn}) for texts in names.values()
    )
