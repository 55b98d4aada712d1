"""What a template says, as far as it can be said before it is deployed: the values, and why others are open. Pure."""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Final

import msgspec

from wa_lint.graph import Cell
from wa_lint.model import ABSENT, Hole, Partial, Resource, Snapshot, Unknown, Unresolved, Value
from wa_lint.references.follow import graph_of
from wa_lint.scenario import Scenario, explore
from wa_lint.tracing import DEFAULT_OF

_MOST_SCENARIOS: Final = 16
"""Of one property; past it, it is not compared."""

_MOST_TEXTS: Final = 64
"""Spellings of one text."""

_FOLDED: Final = frozenset(
    {
        "AWS::IAM::Policy",
        "AWS::IAM::RolePolicy",
        "AWS::IAM::UserPolicy",
        "AWS::IAM::GroupPolicy",
        "AWS::EC2::SecurityGroupIngress",
        "AWS::EC2::SecurityGroupEgress",
    }
)
"""Types that an account shows inside the resource that they name (IAM: inline policies belong to their identity; EC2:
rules to their group)."""

_HOLDERS: Final[Mapping[str, tuple[str, ...]]] = {
    "AWS::IAM::Policy": ("Roles", "Users", "Groups"),
    "AWS::IAM::RolePolicy": ("RoleName",),
    "AWS::IAM::UserPolicy": ("UserName",),
    "AWS::IAM::GroupPolicy": ("GroupName",),
    "AWS::IAM::ManagedPolicy": ("Roles", "Users", "Groups"),
    "AWS::EC2::SecurityGroupIngress": ("GroupId",),
    "AWS::EC2::SecurityGroupEgress": ("GroupId",),
}
"""By type: the properties that name the resource to which it adds something."""


class Assumed(msgspec.Struct, frozen=True):
    """A value that rests on the default of a parameter, which may have been another one at the deployment."""

    value: Value
    reason: str


class Spelled(msgspec.Struct, frozen=True):
    """A text that names resources: any of `texts` says the same."""

    texts: frozenset[str]
    shown: str
    reason: str = ""
    """Why another text would prove nothing; empty: it would."""
    target: str = ""
    """The id of the resource that the whole text names."""


class WrittenTemplate:
    """The resources of templates, ready to be asked what they are set to."""

    def __init__(self, snapshot: Snapshot) -> None:
        self.snapshot = snapshot
        self._graph = graph_of(snapshot)
        self.partners: Mapping[str, Resource] = {}
        """By logical id: what the account has in its place."""
        self._adding: dict[str, dict[str, list[Value]]] | None = None

    def exists(self, resource: Resource) -> bool | str:
        """Return whether a resource is deployed, or why that is not known."""
        found = list(explore(lambda scenario: self._exists(resource, scenario), {}, _MOST_SCENARIOS))
        values = {value for _, value in found}
        if len(values) == 1 and (only := values.pop()) is not None:
            return only
        reasons = [value for value in values if isinstance(value, str)]
        return reasons[0] if reasons else "whether it is deployed depends on parameters; pass --parameters"

    def properties(self, resource: Resource) -> Mapping[str, Sequence[Value]]:
        """Return what each property is, once for each scenario that it hangs on.

        What resources of their own add to it is in it, and not in them.
        """
        named = explore(lambda scenario: self._names(resource, scenario), {}, _MOST_SCENARIOS)
        names = frozenset[str]().union(*(found for _, found in named if found))
        shown = names.difference(_HOLDERS.get(resource.type, ()))
        known = {name: self.values(resource, name) for name in sorted(shown)}
        for name, items in self._added().get(resource.id, {}).items():
            known[name] = [_with_items(value, items) for value in known.get(name, [ABSENT])]
        return known

    def told_elsewhere(self, resource: Resource) -> Collection[str]:
        """Return the properties of a resource that are compared at what they name."""
        return _HOLDERS.get(resource.type, ())

    def values(self, resource: Resource, name: str) -> Sequence[Value]:
        """Return what a property is, once for each scenario that it hangs on. What is open is Unknown."""

        def value(scenario: Scenario) -> Value:
            return self._plain(self._cell(resource, scenario).select(name))

        spent = Unknown("it depends on too many parameters; pass --parameters")
        return [spent if found is None else found for _, found in explore(value, {}, _MOST_SCENARIOS)]

    def texts(self, resource: Resource, name: str) -> frozenset[str]:
        """Return how the account may spell a property that is one text in all scenarios; empty: it is not known."""
        found = {_without_assumption(value) for value in self.values(resource, name)}
        only = found.pop() if len(found) == 1 else None
        if isinstance(only, Spelled):
            return frozenset() if only.reason else only.texts
        return frozenset({only}) if isinstance(only, str) else frozenset()

    def is_folded(self, resource: Resource) -> bool:
        """Whether an account shows it inside the resource that it names, and not on its own."""
        return resource.type in _FOLDED

    # --- scenarios ----------------------------------------------------------------------------------

    def _cell(self, resource: Resource, scenario: Scenario) -> Cell:
        return self._graph.world(scenario.assumptions, {}).cell(resource)

    def _exists(self, resource: Resource, scenario: Scenario) -> bool | str:
        found = self._graph.world(scenario.assumptions, {}).exists(resource)
        return found if isinstance(found, bool) else found.reason

    def _names(self, resource: Resource, scenario: Scenario) -> frozenset[str]:
        value = self._cell(resource, scenario).value
        return frozenset(map(str, value)) if isinstance(value, dict) else frozenset()

    # --- values -------------------------------------------------------------------------------------

    def _plain(self, cell: Cell) -> Value:
        value = cell.value
        if isinstance(value, dict):
            members = {str(key): self._plain(cell.select(key)) for key in value}
            return {key: item for key, item in members.items() if item is not ABSENT}
        if isinstance(value, list | tuple):
            return [self._plain(item) for item in cell.items()]
        if isinstance(value, Partial):
            return Unknown(value.reason)
        told = self._spelled(value) if isinstance(value, Unresolved) else value
        defaults = [said for said in cell.assumes if said.startswith(DEFAULT_OF)]
        if not defaults or isinstance(told, Unknown):
            return told
        return Assumed(told, f"it depends on {' and '.join(defaults)}; pass --parameters, or --assume-defaults")

    def _spelled(self, value: Unresolved) -> Value:
        """Return the texts that a text with references may be in the account, or why it is open."""
        if not value.parts:
            return Unknown(value.reason)
        spellings = [[part] if isinstance(part, str) else self._names_of(part) for part in value.parts]
        if not all(spellings):
            return Unknown(value.reason)
        texts = ("".join(parts) for parts in itertools.islice(itertools.product(*spellings), _MOST_TEXTS))
        unsure = next((part for part in value.parts if isinstance(part, Hole) and not _is_sure(part)), None)
        reason = f"AWS decides what {unsure.name} is" if unsure else ""
        shown = "".join(part if isinstance(part, str) else f"${{{part.name}}}" for part in value.parts)
        return Spelled(frozenset(texts), shown, reason, value.target or "")

    def _names_of(self, hole: Hole) -> Sequence[str]:
        """Return how the account may spell a reference: empty where it is to nothing that is known there."""
        found = self.partners.get(hole.target or "")
        if found is None:
            return ()
        tail = (found.arn or found.id).rpartition(":")[2].rpartition("/")[2]
        return [name for name in dict.fromkeys((found.name, found.arn, found.id, tail)) if name]

    # --- what an account shows inside another resource ----------------------------------------------

    def _added(self) -> Mapping[str, Mapping[str, Sequence[Value]]]:
        """Return what resources of their own add to others, by the logical id of the other one and its property."""
        if self._adding is None:
            self._adding = defaultdict(lambda: defaultdict(list))
            for resource in self.snapshot.resources:
                for name in _HOLDERS.get(resource.type, ()):
                    for id_ in self._held(resource, name):
                        property_, item = self._item_of(resource)
                        self._adding[id_][property_].append(item)
        return self._adding

    def _held(self, resource: Resource, name: str) -> Iterator[str]:
        """Yield the logical ids of what a property names."""
        held = self.values(resource, name)[0]
        for one in held if isinstance(held, list) else [held]:
            target = one.target if isinstance(one, Spelled) else self._named(_without_assumption(one))
            if target:
                yield target

    def _item_of(self, resource: Resource) -> tuple[str, Value]:
        """Return the property to which a resource adds an item, and the item."""
        if resource.type == "AWS::IAM::ManagedPolicy":
            partner = self.partners.get(resource.id)
            arn = partner.arn if partner else None
            told = (
                Spelled(frozenset({arn}), f"${{{resource.id}}}")
                if arn
                else Unknown(f"AWS decides what {resource.id} is")
            )
            return "ManagedPolicyArns", told
        if resource.type.startswith("AWS::EC2::"):
            names = self._names(resource, Scenario()) - {"GroupId", "GroupName"}
            return resource.type.rpartition("::")[2], {name: self.values(resource, name)[0] for name in names}
        return "Policies", {name: self.values(resource, name)[0] for name in ("PolicyName", "PolicyDocument")}

    def _named(self, name: Value) -> str:
        """Return the logical id of the identity whose partner in the account is called so."""
        found = (id_ for id_, one in self.partners.items() if one.name == name and one.type.startswith("AWS::IAM::"))
        return next(found, "")


def _without_assumption(value: Value) -> Value:
    """Return a value that can be put into a set: a text, or what may stand for one; of all else, that it is none."""
    value = value.value if isinstance(value, Assumed) else value
    return value if isinstance(value, str | Spelled) else None


def _is_sure(hole: Hole) -> bool:
    """Whether a reference is to a name or an ARN, which are known of a partner; of other attributes AWS decides."""
    return hole.attribute is None or hole.attribute.endswith(("Arn", "Name"))


def _with_items(value: Value, items: Sequence[Value]) -> Value:
    if isinstance(value, list):
        return [*value, *items]
    return list(items) if value is ABSENT else value
