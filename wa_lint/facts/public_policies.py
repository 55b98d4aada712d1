"""Which statements of a resource's own policy let in everyone: a key, a repository, a topic, a VPC endpoint.

Bucket policies are in `bucket`, the policies of APIs and functions in `exposure.resource_policies`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final

from wa_lint.cel.types import BOOL, DYN, ListType
from wa_lint.facts.fact import Fact, seen, unseen, value_of
from wa_lint.facts.iam import statements_in
from wa_lint.graph import Cell, World
from wa_lint.model import ABSENT, Unknown, Value
from wa_lint.policy.admission import CALLERS, Keys
from wa_lint.policy.document import is_whole, read, takes_action
from wa_lint.policy.openness import opens_to_strangers, takes_back
from wa_lint.policy.trust import lets_in_everyone
from wa_lint.policy.wildcards import parts_of
from wa_lint.truth import Truth, every, negate, some

_DOMAIN: Final = "AWS::OpenSearchService::Domain"
_OWN: Final[Mapping[str, tuple[str, ...]]] = {
    "AWS::DynamoDB::Table": ("ResourcePolicy", "PolicyDocument"),
    "AWS::ECR::Repository": ("RepositoryPolicyText",),
    "AWS::EFS::FileSystem": ("FileSystemPolicy",),
    "AWS::KMS::Key": ("KeyPolicy",),
    _DOMAIN: ("AccessPolicies",),
}
"""Where a resource holds its policy itself."""

_LINKED: Final[Mapping[str, str]] = {
    "AWS::SNS::Topic": "AWS::SNS::TopicPolicy",
    "AWS::SQS::Queue": "AWS::SQS::QueuePolicy",
}
"""Types whose policy is a resource of its own, to which the link `access_policies` leads."""

_ENDPOINT: Final = "AWS::EC2::VPCEndpoint"


def public_statements(home: Cell) -> Cell:
    """Return the statements by which the policy of the resource lets in everyone; an Unknown for one that may.

    The list is at the resource as a whole, so that the places of its items are what a finding names.
    """
    found: list[Cell] = []
    doubt: Cell | None = None
    for document in _documents(home):
        opened = list(_opened(document))
        found += [cell for cell, truth in opened if truth is True]
        doubt = doubt or next((c.with_value(truth) for c, truth in opened if isinstance(truth, Unknown)), None)
    return home.with_value(found or ([] if doubt is None else [doubt]))


def _opened(document: Cell) -> Iterator[tuple[Cell, Truth]]:
    """Yield each statement of a document, and whether it lets in everyone. One that is not seen may deny it to them."""
    if isinstance(document.value, Unknown):
        yield document, document.value
        return
    statements, hidden = seen(statements_in(document))
    beside = [value_of(cell) for cell in statements]
    if hidden is not None:
        yield document, Unknown(hidden)
    for cell, statement in zip(statements, beside, strict=True):
        truth = opens_to_strangers(statement, beside)
        yield cell, truth if hidden is None else every((truth, Unknown(hidden)))


def _documents(home: Cell) -> Iterator[Cell]:
    if home.resource.type in _OWN:
        network = home.select("VPCOptions")
        if home.resource.type == _DOMAIN and network.value is not ABSENT:  # its policy lets in who reaches the VPC
            yield from (network,) if isinstance(network.value, Unknown) else ()
            return
        document = home
        for step in _OWN[home.resource.type]:
            document = document.select(step)
        yield document
        return
    whole = World(
        home.world.graph, home.world.scenario, is_closed=True
    )  # every topic may have another policy elsewhere
    for policy in whole.cell(home.resource).select("access_policies").items():
        yield policy if unseen(policy.value) else policy.select("PolicyDocument")


# --- VPC endpoints ----------------------------------------------------------------------------------

_PERIMETER: Final[Keys] = {
    **CALLERS,
    **{key.replace("principal", "resource"): CALLERS[key] for key in ("aws:principalaccount", "aws:principalorgid")},
    "aws:resourceorgpaths": CALLERS["aws:principalorgpaths"],
}
"""What narrows the policy of an endpoint: who calls through it, and whose resources can be reached."""

_ANY_ACTION: Final = "\ue000AnyAction"


def lets_all_through(endpoint: Cell) -> Cell:
    """Whether the policy of an endpoint allows every principal every action of the service on every resource.

    Without a policy an endpoint has one that does (PrivateLink guide, "Default endpoint policy").
    """
    at = endpoint.select("PolicyDocument")
    if at.value is ABSENT or isinstance(at.value, Unknown):
        return at.with_value(True) if at.value is ABSENT else at
    statements, hidden = seen(statements_in(at))
    beside = [value_of(cell) for cell in statements]
    action = _action_of(endpoint.select("ServiceName").value)
    open_ = [(cell, _is_open(one, beside, action)) for cell, one in zip(statements, beside, strict=True)]
    first = next((cell for cell, truth in open_ if truth is True), at)
    if hidden is not None:  # it may allow all, or deny it
        return at.with_value(Unknown(hidden))
    return first.with_value(some(truth for _, truth in open_))


def serves_ml(endpoint: Cell) -> Cell:
    """Whether an endpoint is one of SageMaker or Bedrock, at its ServiceName."""
    at = endpoint.select("ServiceName")
    if at.value is ABSENT:  # a resource or a service network
        return at.with_value(False)
    parts = parts_of(at.value)
    text = "".join(part if isinstance(part, str) else "\0" for part in parts)
    if _ML_SERVICE.search(text):
        return at.with_value(True)
    is_named = bool(parts) and isinstance(parts[-1], str) and "." in parts[-1]
    return at.with_value(False if is_named else Unknown(unseen(at.value) or "no name of a service"))


_ML_SERVICE: Final = re.compile(r"\.(?:sagemaker|bedrock)")
"""In ``com.amazonaws.REGION.sagemaker.api``, ``aws.sagemaker.REGION.notebook``."""


def _is_open(statement: Value, beside: list[Value], action: str) -> Truth:
    known = read(statement)
    return every(
        (
            lets_in_everyone(statement, _PERIMETER),
            takes_action(known, action),
            some((is_whole(known.resources), *map(_is_anyone_s, known.resources.patterns))),
            *(negate(takes_back(denial, statement, _PERIMETER)) for denial in beside),
        )
    )


def _is_anyone_s(resource: Value) -> Truth:
    """Whether a pattern stands for every resource of a service in every account: `arn:aws:sagemaker:*:*:*`."""
    if not isinstance(resource, str):
        return False
    *_, account, name = ["", "", *resource.split(":", 5)]
    return set(account) == {"*"} and set(name) == {"*"}


def _action_of(service: Value) -> str:
    """Return an action that only what allows all of the service takes in."""
    name = "".join(part for part in parts_of(service) if isinstance(part, str))
    prefix = next((p for p in ("bedrock-agentcore", "bedrock", "sagemaker") if p in name), "\ue000any-service")
    return f"{prefix}:{_ANY_ACTION}"


FACTS: Final[tuple[Fact, ...]] = (
    *(
        Fact(
            type_,
            "",
            "public_statements",
            (_LINKED[type_],) if type_ in _LINKED else (),
            ListType(DYN),
            "The statements of its policy that let in everyone.",
            public_statements,
        )
        for type_ in (*_OWN, *_LINKED)
    ),
    Fact(_ENDPOINT, "", "serves_ml", (), BOOL, "Whether it is one of SageMaker or Bedrock.", serves_ml),
    Fact(
        _ENDPOINT,
        "",
        "lets_all_through",
        (),
        BOOL,
        "Whether its policy narrows nothing.",
        lets_all_through,
    ),
)
