"""The role that SAM makes for a function or a state machine that names none. It reads one resource and no template."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Final

import msgspec

from wa_lint.model import Path, Raw
from wa_lint.sources.template.transforms.provenance import (
    OPAQUE,
    Drawn,
    Placed,
    Tree,
    bare,
    is_function,
    items,
    members,
    part,
)

_NO_VALUE: Final[Raw] = {"Ref": "AWS::NoValue"}

CONNECTORS: Final = "Connectors"
"""Among the properties of a resource: a connector grants its role something, which is not told here."""

_EVENT_POLICIES: Final[Mapping[str, str]] = {
    "DynamoDB": "AWSLambdaDynamoDBExecutionRole",
    "Kinesis": "AWSLambdaKinesisExecutionRole",
    "MSK": "AWSLambdaMSKExecutionRole",
    "SQS": "AWSLambdaSQSQueueExecutionRole",
}
"""The managed policy that a kind of event adds (aws-sam-translator 1.115.0)."""

_OTHER_EVENTS: Final = frozenset({"DocumentDB", "MQ", "SelfManagedKafka"})
"""Events that add statements which are not told here."""

_DEAD_LETTER: Final[Mapping[str, str]] = {"SNS": "sns:Publish", "SQS": "sqs:SendMessage"}


def function_role(id_: str, said: Mapping[str, Tree], source: Path) -> dict[str, Tree]:
    """Return the properties of the role of a function whose properties are `said`, and which is at `source`."""
    documents = [Placed(document, _source_of(because, source)) for document, because in _for_events(said)]
    return _role(id_, said, "lambda.amazonaws.com", list(_always(said)), documents, source)


def machine_role(id_: str, said: Mapping[str, Tree], source: Path) -> dict[str, Tree]:
    """As `function_role`, of a state machine."""
    tracing = said.get("Tracing")
    is_traced = bare(part(tracing, "Enabled")) not in [None, False, "false"]
    managed = [_because(tracing, _managed("AWSXrayWriteOnlyAccess"))] if is_traced else []
    documents = [Placed(OPAQUE, source)] if CONNECTORS in said else []
    return _role(id_, said, "states.amazonaws.com", managed, documents, source)


def _role(
    id_: str,
    said: Mapping[str, Tree],
    service: str,
    managed: Sequence[Tree],
    documents: Sequence[Placed],
    source: Path,
) -> dict[str, Tree]:
    inline = [
        Placed({"PolicyName": f"{id_}RolePolicy{i}", "PolicyDocument": document}, document.source)
        for i, document in enumerate(documents)
    ]
    written = list(_spread(said.get("Policies")))
    kinds = [_kinds(f"{id_}RolePolicy{i}", policy) for i, policy in enumerate(written, len(inline))]
    places = [_source_of(policy, source) for policy in written]
    names = {"PermissionsBoundary": "PermissionsBoundary", "RolePath": "Path"}
    return {
        "AssumeRolePolicyDocument": said.get("AssumeRolePolicyDocument") or _trust(service),
        "ManagedPolicyArns": list(_once([*managed, *(arn for arn, _ in kinds if arn is not None)])),
        "Policies": [
            *inline,
            *(Placed(policy, at) for (_, policy), at in zip(kinds, places, strict=True) if policy is not None),
        ],
        **{ours: said[theirs] for theirs, ours in names.items() if theirs in said},
    }


def _because(reason: Tree, value: Raw) -> Tree:
    """Return what SAM adds because of something, at the place of that."""
    return Drawn(value, reason.source) if isinstance(reason, Drawn) else value


def _source_of(tree: Tree, otherwise: Path) -> Path:
    """Return where a tree was written: for one that a condition chooses, where the condition was."""
    if isinstance(tree, dict) and "Fn::If" in tree:
        return _source_of(tree["Fn::If"][0], otherwise)
    return tree.source if isinstance(tree, Drawn) else otherwise


def _once(arns: Iterable[Tree]) -> Iterator[Tree]:
    seen: list[Raw] = []
    for arn in arns:
        if bare(arn) not in seen:
            seen.append(bare(arn))
            yield arn


def _trust(service: str) -> Raw:
    statement = {"Effect": "Allow", "Principal": {"Service": [service]}, "Action": ["sts:AssumeRole"]}
    return {"Version": "2012-10-17", "Statement": [statement]}


def _always(said: Mapping[str, Tree]) -> Iterator[Tree]:
    """Yield the managed policies that SAM adds by itself."""
    yield _managed(
        "AWSLambdaBasicDurableExecutionRolePolicy" if "DurableConfig" in said else "AWSLambdaBasicExecutionRole"
    )
    if bare(said.get("Tracing")) not in [None, "Disabled"]:
        yield _because(said["Tracing"], _managed("AWSXrayWriteOnlyAccess"))
    if "VpcConfig" in said:
        yield _because(said["VpcConfig"], _managed("AWSLambdaVPCAccessExecutionRole"))
    events = _events(said)
    for kind in sorted(set(events) & set(_EVENT_POLICIES)):
        yield _because(events[kind], _managed(_EVENT_POLICIES[kind]))


def _for_events(said: Mapping[str, Tree]) -> Iterator[tuple[Tree, Tree]]:
    """Yield the inline policies that SAM adds by itself, each with what it is there for."""
    queue = said.get("DeadLetterQueue")
    action = _DEAD_LETTER.get(str(bare(part(queue, "Type"))))
    if action is not None:
        yield _document([{"Effect": "Allow", "Action": [action], "Resource": [part(queue, "TargetArn")]}]), queue
    invoking = said.get("EventInvokeConfig")
    events = _events(said)
    others = [events[kind] for kind in sorted(set(events) & _OTHER_EVENTS)]
    reasons = [invoking] if part(invoking, "DestinationConfig") is not None else others
    if reasons or CONNECTORS in said:
        yield OPAQUE, next(iter(reasons), None)


def _events(said: Mapping[str, Tree]) -> dict[str, Tree]:
    """Return an event of each kind, the first."""
    events = list(members(said.get("Events")).values())
    return {str(bare(part(event, "Type"))): event for event in reversed(events)}


# --- the forms of a policy --------------------------------------------------------------------------


def _spread(policies: Tree) -> Iterator[Tree]:
    """Yield the items of ``Policies``; those of a list under ``Fn::If`` each under that function."""
    for item in items(policies):
        if not _chooses_lists(item):
            yield item
            continue
        condition, then, otherwise = items(part(item, "Fn::If"))
        yield from ({"Fn::If": [condition, one, _NO_VALUE]} for one in _spread(then))
        yield from ({"Fn::If": [condition, _NO_VALUE, one]} for one in _spread(otherwise))


def _chooses_lists(policy: Tree) -> bool:
    match bare(policy):
        case {"Fn::If": [_, then, otherwise]}:
            return any(isinstance(branch, list) or _chooses_lists(branch) for branch in (then, otherwise))
    return False


def _kinds(name: str, policy: Tree) -> tuple[Tree, Tree]:
    """Return what an item of ``Policies`` is, a managed policy and an inline one; None for what it is not."""
    said = bare(policy)
    if isinstance(said, str):
        return _managed_at(policy, said), None
    if not isinstance(said, dict):
        return None, {"PolicyName": name, "PolicyDocument": OPAQUE}
    if "Fn::If" in said and len(said) == 1:
        return _conditional(name, policy)
    if is_function(policy):
        return (None, None) if said == _NO_VALUE else (policy, None)
    return None, {"PolicyName": name, "PolicyDocument": _inline(policy, said)}


def _conditional(name: str, policy: Tree) -> tuple[Tree, Tree]:
    branches = items(part(policy, "Fn::If"))
    if len(branches) != 3:  # noqa: PLR2004, a condition and two values
        return None, {"PolicyName": name, "PolicyDocument": OPAQUE}
    condition, *both = branches
    kinds = [_kinds(name, branch) for branch in both]
    arn, inline = (
        None if all(kind[i] is None for kind in kinds) else {"Fn::If": [condition, *(k[i] or _NO_VALUE for k in kinds)]}
        for i in (0, 1)
    )
    return arn, inline


def _inline(policy: Tree, said: Mapping[str, Raw]) -> Tree:
    """Return the document of an inline policy: the item itself, or what the policy templates in it grant."""
    if "Statement" in said:
        return policy
    if not said or any(name not in _grants() for name in said):
        return OPAQUE
    document = bare(_document([s for name in said for s in _statements(name, part(policy, name))]))
    return Drawn(document, policy.source) if isinstance(policy, Drawn) else document


def _statements(name: str, given: Tree) -> Iterator[Tree]:
    values = members(given)
    for actions, resources in _grants()[name]:
        yield {"Effect": "Allow", "Action": actions, "Resource": [_text(resource, values) for resource in resources]}


def _text(resource: str, values: Mapping[str, Tree]) -> Raw:
    names = [name for name in re.findall(r"\$\{(\w+)\}", resource) if name in values]
    if "${" not in resource:
        return resource
    return {"Fn::Sub": [resource, {name: bare(values[name]) for name in names}] if names else resource}


def _document(statements: Iterable[Tree]) -> Tree:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def _managed_at(policy: Tree, name: str) -> Tree:
    arn = name if ":" in name else _managed(name)
    return Drawn(arn, policy.source) if isinstance(policy, Drawn) else arn


def _managed(name: str) -> Raw:
    return {"Fn::Sub": f"arn:${{AWS::Partition}}:iam::aws:policy{managed_paths().get(name, '/')}{name}"}


class _Named(msgspec.Struct):
    path: str = "/"


class _Managed(msgspec.Struct):
    policies: dict[str, _Named]


class _Templates(msgspec.Struct):
    policies: dict[str, list[tuple[list[str], list[str]]]]


@cache
def managed_paths() -> Mapping[str, str]:
    """Return the paths of AWS managed policies by name, ``/service-role/``."""
    found = msgspec.json.decode(_data("managed_policies.json"), type=_Managed)
    return {name: policy.path for name, policy in found.policies.items()}


@cache
def _grants() -> Mapping[str, list[tuple[list[str], list[str]]]]:
    """Return what SAM's policy templates grant: for each statement its actions, and its resources with ``${Name}``."""
    return msgspec.json.decode(_data("sam_policies.json"), type=_Templates).policies


def _data(name: str) -> bytes:
    return (files("wa_lint") / "data" / name).read_bytes()
