"""Deploys a template's snapshot into an account: the collector table, read backwards. It judges nothing.

What it cannot make it says; it never leaves out anything in silence.
"""

from __future__ import annotations

import copy
import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

import msgspec

from wa_lint import schema
from wa_lint.demo.operations import CreateStep, Making, makings
from wa_lint.demo.request_shapes import Item, shaped
from wa_lint.demo.stub import ACCOUNT, REGION
from wa_lint.document import Document, read_document
from wa_lint.errors import SourceError
from wa_lint.model import ABSENT, Deferred, Hole, Partial, Raw, Resource, Snapshot, Unknown, Unresolved, Value
from wa_lint.references.table import IDENTITIES
from wa_lint.scenario import Fork, Scenario
from wa_lint.sources.live.api_response import ResponsePlace, filled, rename, words
from wa_lint.sources.live.collectors import by_type
from wa_lint.sources.template import snapshot_of

_PLACE: Final = ResponsePlace(ACCOUNT, REGION)

_LOGICAL_ID: Final = "LogicalId"
"""What a step may ask for besides the properties."""

_PSEUDO: Final = {
    "AWS::AccountId": ACCOUNT,
    "AWS::Partition": "aws",
    "AWS::Region": REGION,
    "AWS::StackName": "workload",
    "AWS::StackId": f"arn:aws:cloudformation:{REGION}:{ACCOUNT}:stack/workload/0",
    "AWS::URLSuffix": "amazonaws.com",
}

_GIVEN: Final = {
    "AWS::EC2::VPC::Id": "vpc-0a1b2c3d4e5f60001",
    "AWS::EC2::Subnet::Id": "subnet-0a1b2c3d4e5f60001",
    "AWS::EC2::SecurityGroup::Id": "sg-0a1b2c3d4e5f60001",
    "List<AWS::EC2::Subnet::Id>": "subnet-0a1b2c3d4e5f60001,subnet-0a1b2c3d4e5f60002",
    "List<AWS::EC2::SecurityGroup::Id>": "sg-0a1b2c3d4e5f60001",
}
"""Values for parameters without default whose type says what they look like."""


class Missed(msgspec.Struct, frozen=True, order=True):
    """Something of a template that did not reach the account."""

    resource: str
    path: str
    """The property; empty: the whole resource."""
    reason: str


class Deployment(msgspec.Struct, frozen=True):
    """What became of a template."""

    ids: Mapping[str, str]
    """Logical id -> the id under which `read_live` reports it, for every resource that an account can show."""
    absorbed: Mapping[str, tuple[str, ...]]
    """Logical id of what has no life of its own, or names those that use it -> the ids of those that took it up.

    A policy of its own becomes one of its roles' policies; a managed policy with Roles, one that they name.
    """
    missed: tuple[Missed, ...]


def read_as_deployed(content: bytes, uri: str, parameters: Mapping[str, str] | None = None) -> Snapshot:
    """Read a template as `deploy` needs it: each parameter pinned to `parameters`, else to its default.

    Raise `SourceError` for a parameter that has neither, unless its type is one of EC2's ids.
    """
    document = read_document(content, uri)
    return snapshot_of(document, {**_PSEUDO, **dict(_defaults(document)), **(parameters or {})})


def deploy(snapshot: Snapshot, session: Raw, stack: str = "workload") -> Deployment:
    """Make every resource of `snapshot`, what others name before those that name it.

    `snapshot` must come of `read_as_deployed`. Botocore's errors pass through: they are faults of the template or ours.
    """
    run = _Run(session, stack)
    waiting = sorted(_existing(snapshot), key=lambda want: (_rank(want.resource), want.resource.id))
    while waiting:
        ready = next((want for want in waiting if not _blocked(want, waiting)), waiting[0])
        waiting.remove(ready)
        run.make(ready)
    return Deployment(run.ids, run.absorbed, tuple(sorted(run.missed)))


class _Wanted(msgspec.Struct, frozen=True):
    """A resource that exists in the scenario of the defaults, its properties without deferrals."""

    resource: Resource
    properties: Value
    targets: frozenset[str]
    """Logical ids that the properties name."""


class _Run:
    """One deployment under way."""

    def __init__(self, session: Raw, stack: str) -> None:
        self.session, self.stack = session, stack
        self.made: dict[str, tuple[Resource, Item]] = {}
        """Logical id -> the resource, and all that is known of what was made: properties, request, answer."""
        self.ids: dict[str, str] = {}
        self.absorbed: dict[str, tuple[str, ...]] = {}
        self.missed: set[Missed] = set()
        self._clients: dict[str, Raw] = {}

    def make(self, wanted: _Wanted) -> None:
        resource = wanted.resource
        properties = self._filled(resource.id, wanted.properties, "")
        making = makings().get(resource.type)
        if not isinstance(properties, dict):
            self.missed.add(Missed(resource.id, "", "its properties are not known"))
        elif making is None:
            self.missed.add(
                Missed(resource.id, "", f"{resource.type} is not read from an account: only its name is used")
            )
            self.made[resource.id] = resource, properties
        else:
            self._make(resource, making, self._named(resource, properties))
            takers = [id_ for id_ in sorted(wanted.targets & self.ids.keys()) if self._takes(id_, making)]
            if takers:
                self.absorbed[resource.id] = tuple(self.ids[id_] for id_ in takers)

    def reference(self, id_: str, attribute: str | None = None) -> str:
        """Return what Ref, or GetAtt, of a resource gives."""
        if id_ not in self.made:
            return f"{self.stack}-{id_}"
        resource, item = self.made[id_]
        wanted = [attribute] if attribute else _identifiers(resource.type)
        found = [_member(resource, item, name) for name in wanted]
        if all(found):
            return "|".join(text for text in found if text)
        return _stand_in(resource, self.stack, attribute)

    def _takes(self, id_: str, making: Making) -> bool:
        """Whether one of the makings' later steps gave something to the resource `id_`."""
        return self.made[id_][0].type in making.given_to

    def _make(self, resource: Resource, making: Making, properties: Item) -> None:
        item = _in_api_words(resource.type, making, properties)
        for number, step in enumerate(making.steps):
            for request in _requests(step, {**item, _LOGICAL_ID: resource.id}):
                sent, answer = self._call(resource, making, step, request if number else {**request, **making.fixed})
                if number == 0:
                    item = {**item, **sent, **_described(answer, making.answer)}
        if making.arn[0]:
            item[making.arn[0]] = filled(making.arn[1], item, _PLACE)
        self.made[resource.id] = resource, {**properties, **item}
        if collector := by_type().get(resource.type):
            identity = filled(collector.arn, item, _PLACE) or filled(collector.id, item, _PLACE)
            self.ids[resource.id] = identity or f"{resource.type}/{filled(collector.name, item, _PLACE)}"

    def _call(self, resource: Resource, making: Making, step: CreateStep, request: Item) -> tuple[Item, Item]:
        """Send one request; return what was sent of it, and the answer."""
        from botocore import xform_name  # noqa: PLC0415, half a second that only the demo pays

        client = self._client(making.service)
        model = client.meta.service_model.operation_model(step.operation)
        sent, unknown = shaped(model.input_shape, request)
        for path in unknown:
            if path.partition(".")[0] not in {*making.elsewhere, _LOGICAL_ID}:
                where = f"{step.when}.{path}".removeprefix(".")
                self.missed.add(Missed(resource.id, where, f"{making.service}:{step.operation} does not take it"))
        return sent, getattr(client, xform_name(step.operation))(**sent)

    def _client(self, service: str) -> Raw:
        if service not in self._clients:
            self._clients[service] = self.session.client(service, region_name=REGION)
        return self._clients[service]

    def _named(self, resource: Resource, properties: Item) -> Item:
        """Give it the name that CloudFormation would make up."""
        member = {"AWS::CloudWatch::Alarm": "AlarmName"}.get(resource.type) or _name_of(resource.type)
        made_up = f"{self.stack}-{resource.id}"
        name = made_up.lower() if resource.type == "AWS::S3::Bucket" else made_up
        return {member: name, **properties} if member else properties

    def _filled(self, id_: str, value: Value, path: str) -> Raw:
        """Return `value` with its holes filled; what is not known is left out, and said."""
        match value:
            case dict():
                inner = {k: self._filled(id_, v, f"{path}.{k}".removeprefix(".")) for k, v in value.items()}
                return {key: item for key, item in inner.items() if item is not ABSENT}
            case list():
                items = [self._filled(id_, item, f"{path}[{n}]") for n, item in enumerate(value)]
                return [item for item in items if item is not ABSENT]
            case Unresolved(parts=parts) if parts:
                return "".join(part if isinstance(part, str) else self._hole(part) for part in parts)
            case Unresolved() | Unknown() | Partial():
                self.missed.add(Missed(id_, path, value.reason))
                return ABSENT
        return value

    def _hole(self, hole: Hole) -> str:
        return self.reference(hole.target, hole.attribute) if hole.target else _PSEUDO.get(hole.name, hole.name)


def _blocked(wanted: _Wanted, waiting: Iterable[_Wanted]) -> bool:
    others = [other.resource for other in waiting if other is not wanted]
    after = makings()[wanted.resource.type].after if wanted.resource.type in makings() else ()
    return any(other.id in wanted.targets or other.type in after for other in others)


# --- reading ----------------------------------------------------------------------------------------


def _defaults(document: Document) -> Iterator[tuple[str, str | list[str]]]:
    section = document.value.get("Parameters") if isinstance(document.value, dict) else None
    for name, said in section.items() if isinstance(section, dict) else ():
        default = said.get("Default", _GIVEN.get(str(said.get("Type"))))
        if default is None:
            raise SourceError(str(document.locate(("Parameters", name))), f"the parameter {name} has no default")
        yield name, _text(default)


def _text(default: Raw) -> str:
    if isinstance(default, bool):
        return "true" if default else "false"
    return str(default)


def _existing(snapshot: Snapshot) -> Iterator[_Wanted]:
    for resource in snapshot.resources:
        if _undeferred(resource.exists) is True:
            properties = _undeferred(resource.properties)
            yield _Wanted(resource, properties, frozenset(_targets(properties)))


def _undeferred(value: Value) -> Value:
    """Return `value` in the one scenario that there is: everything that could decide is pinned."""
    while isinstance(value, Deferred):
        try:
            value = value.resolve(Scenario()).value
        except Fork:
            value = Unknown(f"{value} is open although every parameter is pinned")
    if isinstance(value, dict):
        return {key: _undeferred(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_undeferred(item) for item in value]
    return value


def _targets(value: Value) -> Iterator[str]:
    if isinstance(value, Unresolved):
        yield from (part.target for part in value.parts if isinstance(part, Hole) and part.target)
    inner: Iterable[Value] = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    for item in inner:
        yield from _targets(item)


def _rank(resource: Resource) -> int:
    order = list(makings())
    return order.index(resource.type) if resource.type in makings() else -1


# --- requests ---------------------------------------------------------------------------------------


def _in_api_words(type_: str, making: Making, tree: Item) -> Item:
    """Return the properties in the words of the calls. Of two renames to one name the first is gone back."""
    api: Item = json.loads(json.dumps(tree))
    for path, value in making.defaults.items():
        _default(api, path, value)
    for joined, names in making.joined.items():
        api |= dict(zip(names, str(api.pop(joined)).split("|"), strict=True)) if joined in api else {}
    renames = by_type()[type_].renames if making.speaks_as_answered else {}
    first = {new: old for old, new in reversed(tuple(renames.items()))}
    for new, old in first.items():
        rename(api, new, old)
    return api


def _default(tree: Item, path: str, value: Raw) -> None:
    """Set what is missing at `path`, in each item of a list on the way; an outer member that is missing stays so."""
    head, mark, rest = path.partition("[].")
    if not mark:
        tree.setdefault(path, copy.deepcopy(value))
        return
    for item in _at(tree, head) or ():
        _default(item, rest, value)


def _requests(step: CreateStep, item: Item) -> Iterator[Item]:
    """Yield the request of each call that a step makes."""
    over = _at(item, step.when) if step.when else item
    if over is None or over == []:
        return
    for one in over if isinstance(over, list) else [over]:
        yield _request(step, item, one) if step.request else item


def _request(step: CreateStep, item: Item, one: Raw) -> Item:
    request: Item = {}
    for parameter, path in step.request.items():
        value = _at(one, path.removeprefix("@").removeprefix(".")) if path.startswith("@") else _at(item, path)
        if parameter == "*":
            request = {**(value if isinstance(value, dict) else {}), **request}
        elif value is not None:
            *outer, last = parameter.split(".")
            inner = request
            for name in outer:
                inner = inner.setdefault(name, {})
            inner[last] = value
    return request


def _at(tree: Raw, path: str) -> Raw:
    for name in path.split(".") if path else ():
        tree = tree.get(name) if isinstance(tree, dict) else None
    return tree


def _described(answer: Item, member: str) -> Item:
    found = answer.get(member) if member else answer
    if isinstance(found, str):
        found = json.loads(found)
    return {k: v for k, v in found.items() if k != "ResponseMetadata"} if isinstance(found, dict) else {}


# --- what things are called --------------------------------------------------------------------------

_PARENTS: Final = frozenset({"RestApiId", "ApiId"})


def _identifiers(type_: str) -> Sequence[str]:
    """Return the members that Ref gives: CloudFormation's identifier, without the API that something is part of."""
    known = schema.identifier(type_)
    return [name for name in known if name not in _PARENTS] or list(known)


def _member(resource: Resource, item: Item, name: str) -> str | None:
    """Return an attribute of what was made, by its own name, the API's, or that of an ARN or id."""
    collector = by_type().get(resource.type)
    own = words(collector, item) if collector and collector.camel else {}
    names = [name, name[:1].lower() + name[1:]]
    if name.endswith("Arn"):
        names += ["Arn", "PolicyARN", f"{resource.type.rpartition('::')[2]}Arn"]
    if name.endswith("Id"):
        names += ["id"]
    if name == "DomainId":
        return str(item["DomainArn"]).rpartition("/")[2]
    if resource.type == "AWS::S3::Bucket" and name == "Arn":
        return f"arn:aws:s3:::{item['BucketName']}"
    found = next((source[n] for n in names for source in (item, own) if isinstance(source.get(n), str)), None)
    return None if found is None else str(found)


_PREFIXES: Final = {
    "AWS::EC2::VPC": "vpc",
    "AWS::EC2::Subnet": "subnet",
    "AWS::EC2::SecurityGroup": "sg",
    "AWS::EC2::VPCEndpoint": "vpce",
}


def _stand_in(resource: Resource, stack: str, attribute: str | None) -> str:
    """Return a name or ARN for what is not made, the same every time."""
    digest = hashlib.sha256(f"{stack}/{resource.id}".encode()).hexdigest()
    if resource.type in _PREFIXES:
        return f"{_PREFIXES[resource.type]}-{digest[:17]}"
    name = f"{digest[:8]}-{digest[8:12]}-{digest[12:16]}-{digest[16:20]}-{digest[20:32]}"
    name = name if resource.type == "AWS::KMS::Key" else f"{stack}-{resource.id}"
    identity = IDENTITIES.get(resource.type)
    is_arn = (attribute or "").endswith("Arn") or resource.type == "AWS::SNS::Topic"
    if not is_arn:
        return name
    pattern = identity.arn if identity else f"arn:*:{resource.type.split('::')[1].lower()}:*:*:{{name}}"
    for text in ("aws", REGION, ACCOUNT):
        pattern = pattern.replace("*", text, 1)
    return pattern.replace("{name}", name)


def _name_of(type_: str) -> str:
    identity = IDENTITIES.get(type_)
    return identity.name if identity and type_ in makings() else ""
