"""Who can reach a model from the internet: entry -> integration -> function -> role -> InvokeEndpoint, InvokeModel ….

`entries` says whom each entry lets in, `hops` where it leads, `sinks` whether that is a model. A way is known where
an integration or a task calls the model's service itself, or where the role behind it names an action that calls one.
Where a function, a role or a queue comes from outside of the input, the answer is unknown and names it. Of an entry
behind which nothing speaks of a model, nothing is said: that is most of the public APIs in the world.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from wa_lint.cel.types import BOOL, STRING, ListType
from wa_lint.facts.exposure import entries, hops, sinks
from wa_lint.facts.exposure.entries import AUTHENTICATED, NOBODY, OPENINGS, PRIVATE, admits
from wa_lint.facts.exposure.hops import Way
from wa_lint.facts.exposure.sinks import ENDPOINT, GUESTS_MAY, SAGEMAKER, SINKS, Sink, arn_of, of_its_account
from wa_lint.facts.fact import Fact, Record, closed, gathered, head_of, unseen, why_more
from wa_lint.graph import Cell
from wa_lint.model import ABSENT, Partial, Unknown, Value
from wa_lint.truth import Truth, some

INVOKE: Final = SAGEMAKER.actions

_ROLES: Final = (
    "AWS::IAM::Role",
    "AWS::IAM::Policy",
    "AWS::IAM::ManagedPolicy",
    "AWS::IAM::RolePolicy",
)
_FUNCTIONS: Final = ("AWS::Lambda::Function", ENDPOINT, *_ROLES)
_BEHIND_API: Final = (
    *_FUNCTIONS,
    "AWS::Lambda::EventSourceMapping",
    "AWS::SQS::Queue",
    "AWS::StepFunctions::StateMachine",
)
_TARGETS: Final = (
    "AWS::ECS::Service",
    "AWS::ECS::TaskDefinition",
    "AWS::ElasticLoadBalancingV2::Listener",
    "AWS::ElasticLoadBalancingV2::LoadBalancer",
    "AWS::ElasticLoadBalancingV2::TargetGroup",
)
_FIREWALL: Final = ("AWS::WAFv2::IPSet", "AWS::WAFv2::WebACL", "AWS::WAFv2::WebACLAssociation")
_GUARDS: Final[Mapping[str, tuple[str, ...]]] = {
    entries.METHOD: (
        "AWS::ApiGateway::RestApi",
        "AWS::ApiGateway::BasePathMapping",
        "AWS::ApiGateway::DomainName",
        "AWS::ApiGateway::Stage",
        *_FIREWALL,
    ),
    entries.ROUTE: ("AWS::ApiGatewayV2::Api", "AWS::ApiGatewayV2::ApiMapping", "AWS::ApiGatewayV2::DomainName"),
    entries.HTTP_API: ("AWS::ApiGatewayV2::ApiMapping", "AWS::ApiGatewayV2::DomainName"),
    entries.URL: ("AWS::Lambda::Alias", "AWS::Lambda::Function", "AWS::Lambda::Permission", "AWS::Lambda::Version"),
    entries.PERMISSION: (),
    entries.LISTENER: (
        "AWS::EC2::SecurityGroup",
        "AWS::EC2::SecurityGroupIngress",
        "AWS::ElasticLoadBalancingV2::LoadBalancer",
        *_FIREWALL,
    ),
    entries.LISTENER_RULE: (
        "AWS::EC2::SecurityGroup",
        "AWS::EC2::SecurityGroupIngress",
        "AWS::ElasticLoadBalancingV2::Listener",
        "AWS::ElasticLoadBalancingV2::LoadBalancer",
        *_FIREWALL,
    ),
    entries.GRAPHQL: _FIREWALL,
    entries.IDENTITY_POOL: (),
    entries.DISTRIBUTION: ("AWS::Lambda::Function", "AWS::Lambda::Permission", "AWS::Lambda::Url", *_FIREWALL),
}
"""What `admits` looks at."""

_WAYS: Final[Mapping[str, tuple[str, ...]]] = {
    entries.METHOD: (*_BEHIND_API, *_TARGETS),
    entries.ROUTE: ("AWS::ApiGatewayV2::Integration", *_BEHIND_API, *_TARGETS),
    entries.HTTP_API: _BEHIND_API,
    entries.URL: _BEHIND_API,
    entries.PERMISSION: _BEHIND_API,
    entries.LISTENER: (*_BEHIND_API, *_TARGETS),
    entries.LISTENER_RULE: (*_BEHIND_API, *_TARGETS),
    entries.GRAPHQL: ("AWS::AppSync::DataSource", *_BEHIND_API),
    entries.IDENTITY_POOL: ("AWS::Cognito::IdentityPoolRoleAttachment", *_ROLES),
    entries.DISTRIBUTION: ("AWS::Lambda::Permission", "AWS::Lambda::Url", *_BEHIND_API),
}
"""What the ways behind an entry lead over."""

_CALLS: Final[Mapping[str, tuple[str, ...]]] = {
    entries.METHOD: ("Integration", "Uri"),
    entries.ROUTE: ("Target",),
    entries.HTTP_API: ("Target",),
    entries.URL: ("TargetFunctionArn",),
    entries.PERMISSION: ("FunctionName",),
    entries.LISTENER: ("DefaultActions",),
    entries.LISTENER_RULE: ("Actions",),
    entries.GRAPHQL: ("Name",),
    entries.IDENTITY_POOL: ("AllowUnauthenticatedIdentities",),
    entries.DISTRIBUTION: ("DistributionConfig", "Origins"),
}
"""Where an entry says what it calls."""


# --- facts ------------------------------------------------------------------------------------------


def invokes_model(entry: Cell) -> Cell:
    """Whether what is behind the entry may call a model, agent, flow or knowledge base, where it says what it calls.

    The ways are followed as if the input were all there is: that a policy may exist outside is true of every function.
    """
    found = [(way, _leads(way, None, SINKS)[0]) for way in hops.ways(closed(entry))]
    trail = next((way.hops for way, leads in found if leads is True), ())
    return _place(entry).with_value(some(leads for _, leads in found), trail)


def is_shut(entry: Cell) -> Cell:
    """Whether nobody gets in by it, as far as all of that is known. Never unknown: it says what a rule is about.

    A function URL that leads nowhere is not called so, for nothing hangs on its permissions.
    """
    whom = entry.select("admits").value
    leads_nowhere = entry.resource.type == entries.URL and entry.select("invokes_model").value is False
    return entry.with_value(whom == NOBODY and not leads_nowhere)


def model_behind(entry: Cell) -> Cell:
    """Return what the entry leads to, in words: ``a SageMaker endpoint``."""
    told = (_leads(way, None, SINKS) for way in hops.ways(closed(entry)))
    return _place(entry).with_value(next((words for leads, words in told if leads is True), "a model"))


def opening(entry: Cell) -> Cell:
    """Return how a finding about an open entry begins."""
    return entry.with_value(OPENINGS[entry.resource.type])


def exposures(endpoint: Cell) -> list[Cell] | Partial:
    """Return the entries through which somebody unknown may invoke the endpoint, each where it says whom it admits."""
    world = endpoint.world
    found: list[Cell] = []
    reason = why_more(world, endpoint, entries.TYPES)
    for entry in (cell for type_ in entries.TYPES for cell in of_its_account(endpoint, type_)):
        whom = admits(entry)
        if whom.value in (AUTHENTICATED, PRIVATE, NOBODY):
            continue
        for way in hops.ways(entry):
            leads, _ = _leads(way, endpoint, (SAGEMAKER,))
            if leads is False:
                continue
            if doubt := unseen(leads) or unseen(whom.value):
                reason = reason or doubt
            else:
                found.append(whom.with_value(_exposure(whom, way), way.hops))
    return gathered(found, reason)


def _exposure(whom: Cell, way: Way) -> Value:
    return {"kind": whom.value, "source": whom.resource.id, "hops": [hop.resource.id for hop in way.hops]}


def _place(entry: Cell) -> Cell:
    at = entry
    for step in _CALLS[entry.resource.type]:
        at = at.select(step)
    return at


# --- does it lead to a model? -----------------------------------------------------------------------


def _leads(way: Way, endpoint: Cell | None, kinds: Sequence[Sink]) -> tuple[Truth, str]:
    """Return whether a way leads to a model of these kinds, and to which, in words."""
    if way.lost is not None:
        return Unknown(way.lost), ""
    if way.call is not ABSENT:
        return _by_call(way, endpoint, kinds)
    if way.role is None or head_of(way.role) is ABSENT:
        return False, ""
    return sinks.reached_by(
        way.role, way.holder, [_for_guests(kind) if way.by_guests else kind for kind in kinds], endpoint
    )


def _for_guests(kind: Sink) -> Sink:
    return Sink(kind.words, tuple(action for action in kind.actions if action in GUESTS_MAY), kind.calls)


def _by_call(way: Way, endpoint: Cell | None, kinds: Sequence[Sink]) -> tuple[Truth, str]:
    sink = sinks.sink_of(way.call)
    if sink is None or sink not in kinds:
        return False, ""
    if endpoint is not None:
        return sinks.uri_names(way.call, endpoint), sink.words
    return sinks.call_allowed(way.role, sink), sink.words


# --- table ------------------------------------------------------------------------------------------


def _reads(type_: str) -> tuple[str, ...]:
    return tuple(sorted({*_GUARDS[type_], *_WAYS[type_]}))


def _facts(type_: str) -> Iterator[Fact]:
    ways = tuple(sorted(set(_WAYS[type_])))
    yield Fact(
        type_,
        "",
        "admits",
        tuple(sorted(set(_GUARDS[type_]))),
        STRING,
        "Whom it admits: anonymous, api-key, authenticated, private, nobody.",
        admits,
    )
    doc = "Whether what is behind it may call a model, agent, flow or knowledge base."
    yield Fact(type_, "", "invokes_model", ways, BOOL, doc, invokes_model)
    yield Fact(
        type_, "", "model_behind", ways, STRING, "What it leads to, in words: a SageMaker endpoint.", model_behind
    )
    yield Fact(type_, "", "is_shut", tuple(sorted({*_GUARDS[type_], *ways})), BOOL, "Whether nobody gets in.", is_shut)
    yield Fact(type_, "", "opening", (), STRING, "How a finding about it begins.", opening)


EXPOSURE: Final = Record("exposure", {"kind": STRING, "source": STRING, "hops": ListType(STRING)})

FACTS: Final[tuple[Fact, ...]] = (
    *(fact for type_ in entries.TYPES for fact in _facts(type_)),
    Fact(
        ENDPOINT,
        "",
        "exposures",
        tuple(sorted({type_ for entry in entries.TYPES for type_ in (entry, *_reads(entry))} - {ENDPOINT})),
        ListType(EXPOSURE),
        "The entries through which somebody who was not identified may invoke it.",
        exposures,
    ),
)

__all__ = ["FACTS", "INVOKE", "admits", "arn_of", "exposures", "invokes_model"]
