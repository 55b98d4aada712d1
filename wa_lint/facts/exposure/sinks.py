"""What is a model that somebody can call, and whether a role, or a call of its own, reaches one. Follows no way.

A role that names an action of a sink leads there. One that may do all of a service leads there only where the code or
the environment of its function says so, and else it is not known; one that may do everything says nothing by itself.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final

import msgspec

from wa_lint import policy
from wa_lint.facts.exposure.resource_policies import named_in, unseen_of
from wa_lint.facts.fact import head_of, unseen, value_of
from wa_lint.facts.iam import Permissions
from wa_lint.graph import Cell, World
from wa_lint.model import ABSENT, Hole, Unknown, Unresolved, Value
from wa_lint.policy.wildcards import parts_of
from wa_lint.truth import Truth, equals, every, negate, some

ENDPOINT: Final = "AWS::SageMaker::Endpoint"


class Sink(msgspec.Struct, frozen=True):
    """One kind of model."""

    words: str
    """What a finding calls it."""
    actions: tuple[str, ...]
    calls: re.Pattern[str]
    """How an integration or a task names it: the service of an API Gateway URI, the resource of a state."""


def _sink(words: str, actions: str, calls: str) -> Sink:
    return Sink(words, tuple(actions.split()), re.compile(calls, re.IGNORECASE))


SAGEMAKER: Final = _sink(
    "a SageMaker endpoint",
    "sagemaker:InvokeEndpoint sagemaker:InvokeEndpointAsync sagemaker:InvokeEndpointWithResponseStream"
    " sagemaker:InvokeEndpointWithBidirectionalStream",
    r":runtime\.sagemaker:|sagemakerruntime:invokeEndpoint|//runtime\.sagemaker\.",
)

SINKS: Final = (
    SAGEMAKER,
    _sink(
        "a Bedrock model",
        "bedrock:InvokeModel bedrock:InvokeModelWithResponseStream bedrock:InvokeModelWithBidirectionalStream"
        " bedrock:Converse bedrock:ConverseStream bedrock-mantle:CreateInference",
        r":bedrock-runtime:|:bedrock:invokeModel|bedrockruntime:(?:invokeModel|converse)|//bedrock-runtime\.",
    ),
    _sink(
        "a Bedrock agent",
        "bedrock:InvokeAgent bedrock:InvokeInlineAgent",
        r"bedrockagentruntime:invoke(?:inline)?agent|:bedrock-agent-runtime:path/agents",
    ),
    _sink("a Bedrock flow", "bedrock:InvokeFlow", r"bedrockagentruntime:invokeflow|:bedrock-agent-runtime:path/flows"),
    _sink(
        "a Bedrock knowledge base",
        "bedrock:Retrieve bedrock:RetrieveAndGenerate bedrock:RetrieveAndGenerateStream",
        r"bedrockagentruntime:retrieve|:bedrock-agent-runtime:|//bedrock-agent-runtime\.",
    ),
    _sink(
        "an AgentCore runtime",
        "bedrock-agentcore:InvokeAgentRuntime bedrock-agentcore:InvokeAgentRuntimeForUser"
        " bedrock-agentcore:InvokeAgentRuntimeWithWebSocketStream",
        r"bedrockagentcore:invokeAgentRuntime|:bedrock-agentcore:|//bedrock-agentcore\.",
    ),
    _sink("an AgentCore gateway", "bedrock-agentcore:InvokeGateway", r"^AWS::BedrockAgentCore::Gateway$"),
)
"""Sources: Service Authorization Reference of each service; Step Functions developer guide, "AWS SDK integrations"
(read 2026-11). Converse needs bedrock:InvokeModel; who writes bedrock:Converse means it."""

GUESTS_MAY: Final = frozenset({"sagemaker:InvokeEndpoint"})
"""What of the above AWS leaves to guests of an identity pool, unless the pool allows the classic flow
(AmazonCognitoUnAuthedIdentitiesSessionPolicy, v3)."""

_MENTIONS: Final = re.compile(
    r"sagemaker|bedrock|agentcore|invoke_?-?(?:endpoint|model|agent|flow)|endpoint_?name|knowledge_?base|inference"
    r"|model_?(?:id|name|arn)|\bllm|converse",
    re.IGNORECASE,
)
"""What in a function's code, environment or names makes it likely that it calls a model."""

_CALLS: Final = re.compile(
    r"invoke_?(?:endpoint|model|agent|flow|inline_?agent)|converse\b|converse_stream|retrieve_and_generate"
    r"|(?:sagemaker|bedrock)-(?:agent-)?runtime|ConverseCommand|RetrieveAndGenerate",
    re.IGNORECASE,
)
"""What in a function's own code is a call of a model."""


# --- by a role --------------------------------------------------------------------------------------


def reached_by(role: Cell, holder: Cell | None, sinks: Sequence[Sink], endpoint: Cell | None) -> tuple[Truth, str]:
    """Return whether who holds the role calls a sink, and which, in words.

    `holder` is what runs with the role. Without one, the caller holds its credentials and may do all that it may do.
    """
    granted = role.select("permissions").value
    if not isinstance(granted, Permissions):
        return Unknown(unseen(granted) or "its permissions are not known"), ""
    answers = [(sink, _answers(role, sink, endpoint)) for sink in sinks]
    named = next((sink for sink, (names, _) in answers if names is True), None)
    if named is not None:
        return True, named.words
    at_all = [(sink, allows) for sink, (_, allows) in answers]
    allowed = next((sink for sink, truth in at_all if truth is True), None)
    if allowed is not None:
        return _by_wildcard(granted, allowed, role, holder, endpoint), allowed.words
    hidden = next((truth for _, truth in at_all if isinstance(truth, Unknown)), None)
    if hidden is not None:
        return hidden, ""
    if granted.unseen:
        return Unknown(granted.unseen), ""
    if holder is not None and _may_be_granted_elsewhere(role) and mentions(holder):
        return Unknown(
            f"{holder.resource.id} mentions a model, and no policy here lets {role.resource.id} call one"
        ), ""
    return False, ""


def _answers(role: Cell, sink: Sink, endpoint: Cell | None) -> tuple[Truth, Truth]:
    """Return whether the role names an action of the sink, and whether it may do one; every way to the role asks."""

    def compute() -> tuple[Truth, Truth]:
        granted: object = role.select("permissions").value
        assert isinstance(granted, Permissions)  # noqa: S101, asked before
        return _grants(granted, sink, endpoint, _names_action), _grants(granted, sink, endpoint, policy.matches_action)

    question = ("sink", role.resource.id, sink.actions, endpoint and endpoint.resource.id)
    return role.world.recall(question, compute)


def _may_be_granted_elsewhere(role: Cell) -> bool:
    return role.world.graph.why_incomplete("AWS::IAM::Policy", role.resource) is not None


def _by_wildcard(granted: Permissions, sink: Sink, role: Cell, holder: Cell | None, endpoint: Cell | None) -> Truth:
    """Whether a role that may call a sink only among all of a service, or of AWS, is used to do so."""
    if holder is None or _environment_names(holder, endpoint) or (endpoint is None and calls(holder)):
        return True
    service = sink.actions[0].partition(":")[0]
    is_of_service = any(_is_service_wildcard(statement, service) for statement in granted.statements)
    if is_of_service or mentions(holder):
        return Unknown(f"{role.resource.id} may call any model; whether {holder.resource.id} does is not known")
    return False


def _is_service_wildcard(statement: Value, service: str) -> bool:
    """Whether a statement speaks of one service, as ``bedrock:*``, and not of all."""
    actions = policy.listed(statement.get("Action", ABSENT)) if isinstance(statement, dict) else ()
    return any(isinstance(action, str) and action.lower().startswith(service + ":") for action in actions)


def _names_action(statement: Value, action: str) -> Truth:
    actions = policy.listed(statement.get("Action", ABSENT)) if isinstance(statement, dict) else ()
    return some(every((policy.action_matches(one, action), negate(policy.service_wildcard(one)))) for one in actions)


def _grants(
    granted: Permissions, sink: Sink, endpoint: Cell | None, has_action: Callable[[Value, str], Truth]
) -> Truth:
    """Whether a statement that has an action of the sink allows it on the endpoint, or any resource of the service.

    No Deny and no boundary takes it back. The conditions of an Allow are taken to be met, those of a Deny are not.
    """
    denies = [statement for statement in granted.statements if _denies_always(statement)]
    return some(
        _applies(statement, action, endpoint, has_action, denies, granted.boundary)
        for statement in granted.statements
        for action in sink.actions
    )


def _applies(
    statement: Value,
    action: str,
    endpoint: Cell | None,
    has_action: Callable[[Value, str], Truth],
    denies: Sequence[Value],
    boundary: Sequence[Value] | Unknown | None,
) -> Truth:
    is_allow = policy.has_effect(statement, "Allow")
    has = has_action(statement, action) if is_allow is not False else False
    if has is False:
        return False
    return every(
        (
            is_allow,
            has,
            _is_about(statement, action, endpoint),
            negate(some(_takes_back(deny, statement, action) for deny in denies)),
            _is_within(boundary, action, endpoint),
        )
    )


def _is_within(boundary: Sequence[Value] | Unknown | None, action: str, endpoint: Cell | None) -> Truth:
    """Whether a permissions boundary leaves the action on the endpoint, or on some resource of its service."""
    if boundary is None or isinstance(boundary, Unknown):
        return True if boundary is None else boundary
    return some(
        every(
            (
                policy.has_effect(statement, "Allow"),
                policy.matches_action(statement, action),
                _is_about(statement, action, endpoint),
                negate(some(_takes_back(deny, statement, action) for deny in boundary if _denies_always(deny))),
            )
        )
        for statement in boundary
    )


def _denies_always(statement: Value) -> bool:
    return policy.has_effect(statement, "Deny") is True and policy.is_conditional(statement) is False


def _takes_back(deny: Value, allow: Value, action: str) -> Truth:
    resources = policy.listed(allow.get("Resource", ABSENT)) if isinstance(allow, dict) else ()
    covered = every(policy.matches_resource(deny, resource) for resource in resources) if resources else False
    return every((policy.matches_action(deny, action), covered)) is True


def _is_about(statement: Value, action: str, endpoint: Cell | None) -> Truth:
    """Whether the statement's resources take in the endpoint, or, without one, any resource of the action's service."""
    if not isinstance(statement, dict):
        return unseen_of(statement)
    resources = policy.listed(statement.get("Resource", ABSENT))
    if endpoint is None:
        service = action.partition(":")[0]
        return not resources or any(_may_be_of(resource, service) for resource in resources)
    refers = any(refers_to(resource, endpoint.resource.id) for resource in resources)
    return refers or policy.matches_resource(statement, arn_of(endpoint))


_SERVICE_FIELD: Final = 2


def _may_be_of(resource: Value, service: str) -> bool:
    """Whether an ARN pattern may name a resource of the service: ``arn:aws:s3:::*`` never names a model."""
    fields = "".join(part if isinstance(part, str) else "\0" for part in parts_of(resource)).split(":")
    if len(fields) <= _SERVICE_FIELD or fields[0] != "arn":
        return True
    said = fields[_SERVICE_FIELD]
    return bool(set(said) & set("*?\0")) or said == service


# --- by a call --------------------------------------------------------------------------------------


def sink_of(call: Value) -> Sink | None:
    """Return what a URI or the resource of a task calls; None where that is no model."""
    text = "".join(part if isinstance(part, str) else "\0" for part in parts_of(call))
    return next((sink for sink in SINKS if sink.calls.search(text)), None)


def call_allowed(role: Cell | None, sink: Sink) -> Truth:
    """Whether the role of a call lets it through: one that is known in full and grants nothing does not."""
    if role is None or head_of(role) is ABSENT or unseen(head_of(role)):
        return True
    granted = role.select("permissions").value
    if not isinstance(granted, Permissions) or granted.unseen:
        return True
    return _answers(role, sink, None)[1]


# --- what a function says of itself -----------------------------------------------------------------


def mentions(holder: Cell) -> bool:
    """Whether the code, the environment or the names of a function speak of a model."""
    return any(_MENTIONS.search(text) for text in _texts(holder)) or any(_is_ml(id_, holder) for id_ in _named(holder))


def calls(holder: Cell) -> bool:
    """Whether the code of a function, where it is in the template, calls a model."""
    code = holder.select("Code").select("ZipFile").value
    return any(isinstance(part, str) and _CALLS.search(part) for part in parts_of(code))


_SAYING: Final = ("FunctionName", "Handler", "Description", "Environment", "Code", "ContainerDefinitions")


def _texts(holder: Cell) -> Iterator[str]:
    for name in _SAYING:
        yield from _within(value_of(holder.select(name)))


def _within(value: Value) -> Iterator[str]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield str(key)
            yield from _within(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _within(inner)
    yield from (part if isinstance(part, str) else part.name for part in parts_of(value))


def _named(holder: Cell) -> Iterator[str]:
    yield from named_in(value_of(holder.select("Environment")))


def _is_ml(id_: str, beside: Cell) -> bool:
    found = beside.world.graph.named(id_)
    return found is not None and found.type.startswith(("AWS::SageMaker::", "AWS::Bedrock"))


def _environment_names(function: Cell, endpoint: Cell | None) -> bool:
    """Whether a variable of the function's environment names an endpoint: this one, or any of the snapshot."""
    variables = value_of(function.select("Environment").select("Variables"))
    values = list(variables.values()) if isinstance(variables, dict) else []
    if endpoint is not None:
        return any(_is_name_of(value, endpoint) is True for value in values)
    if any(isinstance(value, str) and _names_an_endpoint(value, function) for value in values):
        return True
    open_ = [value for value in values if not isinstance(value, str)]
    endpoints = list(of_its_account(function, ENDPOINT)) if open_ else []
    return any(_is_name_of(value, one) is True for value in open_ for one in endpoints)


def _names_an_endpoint(name: str, beside: Cell) -> bool:
    """Whether an endpoint that may be of the same account has just this name."""
    accounts = beside.world.recall("names of endpoints", lambda: _accounts_of_endpoints(beside.world)).get(name, ())
    own = beside.resource.account
    return bool(accounts) and (own is None or None in accounts or own in accounts)


def _accounts_of_endpoints(world: World) -> Mapping[str, set[str | None]]:
    """Return the accounts that have an endpoint of each name: to ask each endpoint of each function takes too long."""
    found: dict[str, set[str | None]] = {}
    for endpoint in world.of_type(ENDPOINT):
        name = endpoint.select("EndpointName").value
        if isinstance(name, str):
            found.setdefault(name, set()).add(endpoint.resource.account)
    return found


def _is_name_of(value: Value, endpoint: Cell) -> Truth:
    name = endpoint.select("EndpointName").value
    if refers_to(value, endpoint.resource.id):
        return True
    return False if name is ABSENT or value is ABSENT else equals(value, name)


def of_its_account(cell: Cell, type_: str) -> Iterator[Cell]:
    """Yield the resources of a type, but none of another account: an endpoint has no policy that would let one in."""
    for other in cell.world.of_type(type_):
        if None in (cell.resource.account, other.resource.account) or cell.resource.account == other.resource.account:
            yield other


# --- names ------------------------------------------------------------------------------------------


def refers_to(value: Value, id_: str) -> bool:
    """Whether a text holds a reference to a resource."""
    return any(isinstance(part, Hole) and part.target == id_ for part in parts_of(value))


def uri_names(uri: Value, endpoint: Cell) -> Truth:
    """Whether ``…:runtime.sagemaker:path/endpoints/X/invocations`` names this endpoint; else it is not known which."""
    if refers_to(uri, endpoint.resource.id):
        return True
    name = parts_of(endpoint.select("EndpointName").value)
    if not name:
        return False if isinstance(uri, str) else Unknown("it is not known which endpoint the integration calls")
    return policy.resource_matches(Unresolved("the endpoint's name", ("*/endpoints/", *name, "/*")), uri)


def arn_of(named: Cell) -> Value:
    """Return the ARN of an endpoint, a function or a state machine, with holes for what is not known."""
    if named.resource.arn:
        return named.resource.arn
    kind, name_in = _ARNS[named.resource.type]
    id_ = named.resource.id
    name = parts_of(named.select(name_in).value) or (Hole(f"{id_}.{name_in}", id_, name_in),)
    place = Hole("AWS::Partition"), Hole("AWS::Region"), Hole("AWS::AccountId")
    service, _, type_ = kind.partition(":")
    parts = ("arn:", place[0], f":{service}:", place[1], ":", place[2], f":{type_}", *name)
    return Unresolved(f"the ARN of {id_}", parts)


_ARNS: Final = {
    ENDPOINT: ("sagemaker:endpoint/", "EndpointName"),
    "AWS::Lambda::Function": ("lambda:function:", "FunctionName"),
    "AWS::StepFunctions::StateMachine": ("states:stateMachine:", "StateMachineName"),
}
"""The service and type in the ARN, and the property that holds the name."""
