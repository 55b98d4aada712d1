"""Who can reach an endpoint from the internet: API or URL -> function -> role -> InvokeEndpoint. Calls nothing.

An entry is a method, route or function URL. Whether it leads to an endpoint is known where the integration names
SageMaker's runtime, or where the role behind it is granted an Invoke action by name; a role that may invoke only
because it may do everything leaves it unknown, unless the function's environment names the endpoint.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final

import msgspec

from wa_lint import policy
from wa_lint.cel.types import BOOL, STRING, ListType
from wa_lint.facts.fact import Fact, Record, gathered, seen, unseen, value_of, why_more
from wa_lint.facts.iam import Permissions
from wa_lint.graph import Cell
from wa_lint.model import ABSENT, Hole, Partial, Unknown, Unresolved, Value
from wa_lint.policy.wildcards import parts_of
from wa_lint.truth import Truth, contains, equals, every, negate, some

ENDPOINT: Final = "AWS::SageMaker::Endpoint"
_METHOD: Final = "AWS::ApiGateway::Method"
_ROUTE: Final = "AWS::ApiGatewayV2::Route"
_URL: Final = "AWS::Lambda::Url"

INVOKE: Final = (
    "sagemaker:InvokeEndpoint",
    "sagemaker:InvokeEndpointAsync",
    "sagemaker:InvokeEndpointWithResponseStream",
)

ANONYMOUS, API_KEY, AUTHENTICATED, PRIVATE = "anonymous", "api-key", "authenticated", "private"

_BEHIND: Final = (
    "AWS::Lambda::Function",
    "AWS::IAM::Role",
    "AWS::IAM::Policy",
    "AWS::IAM::ManagedPolicy",
    "AWS::IAM::RolePolicy",
)
_READS: Final[Mapping[str, tuple[str, ...]]] = {
    _METHOD: ("AWS::ApiGateway::RestApi", *_BEHIND),
    _ROUTE: ("AWS::ApiGatewayV2::Api", "AWS::ApiGatewayV2::Integration", *_BEHIND),
    _URL: _BEHIND,
}


_CALLS: Final[Mapping[str, tuple[str, ...]]] = {
    _METHOD: ("Integration", "Uri"),
    _ROUTE: ("Target",),
    _URL: ("TargetFunctionArn",),
}


class Way(msgspec.Struct, frozen=True):
    """What stands behind an entry."""

    hops: tuple[Cell, ...]
    """The places on the way, the entry first."""
    role: Cell | None = None
    function: Cell | None = None
    uri: Value = ABSENT
    """The integration's URI, where it calls SageMaker itself."""


# --- facts ------------------------------------------------------------------------------------------


def admits(entry: Cell) -> Cell:
    """Say whom an entry lets in, at the place where the entry says so: anonymous, api-key, authenticated or private."""
    return _ENTRIES[entry.resource.type](entry)


def invokes_endpoint(entry: Cell) -> Cell:
    """Whether what is behind the entry may invoke a SageMaker endpoint, at the place where it says what it calls."""
    at = entry
    for step in _CALLS[entry.resource.type]:
        at = at.select(step)
    found = [(way, _leads(way, None)) for way in _ways(entry)]
    trail = next((way.hops for way, leads in found if leads is True), ())
    return at.with_value(some(leads for _, leads in found), trail)


def exposures(endpoint: Cell) -> list[Cell] | Partial:
    """Return the entries through which somebody unknown may invoke the endpoint, each where it says whom it admits."""
    world = endpoint.world
    found: list[Cell] = []
    reason = why_more(world, endpoint, _READS)
    for entry in (cell for type_ in _READS for cell in _of_its_account(endpoint, type_)):
        whom = admits(entry)
        if whom.value in (AUTHENTICATED, PRIVATE):
            continue
        for way in _ways(entry):
            leads = _leads(way, endpoint)
            if leads is False:
                continue
            if doubt := unseen(leads) or unseen(whom.value):
                reason = doubt
            else:
                found.append(whom.with_value(_exposure(whom, way), way.hops))
    return gathered(found, reason)


def _of_its_account(cell: Cell, type_: str) -> Iterator[Cell]:
    """Yield the resources of a type, but none of another account: an endpoint has no policy that would let one in."""
    for other in cell.world.of_type(type_):
        if None in (cell.resource.account, other.resource.account) or cell.resource.account == other.resource.account:
            yield other


def _exposure(whom: Cell, way: Way) -> Value:
    return {"kind": whom.value, "source": whom.resource.id, "hops": [hop.resource.id for hop in way.hops]}


# --- whom an entry lets in --------------------------------------------------------------------------


def _method_admits(method: Cell) -> Cell:
    at = method.select("AuthorizationType")
    return at.with_value(_admitted(at.value, method.select("ApiKeyRequired").value, _rest_api_is_open(method)))


def _route_admits(route: Cell) -> Cell:
    """Routes of a WebSocket API are behind the $connect route of that API.

    CreateRoute does not demand an authorization type, and documents no default: one that names none is taken for NONE.
    """
    door = _door(route)
    if isinstance(door, Unknown):
        return route.select("AuthorizationType").with_value(door)
    at = door.select("AuthorizationType")
    said = "NONE" if at.value is ABSENT else at.value
    return at.with_value(_admitted(said, door.select("ApiKeyRequired").value, True))


def _url_admits(url: Cell) -> Cell:
    at = url.select("AuthType")
    return at.with_value(_admitted(at.value, ABSENT, True))


_ENTRIES: Final[Mapping[str, Callable[[Cell], Cell]]] = {
    _METHOD: _method_admits,
    _ROUTE: _route_admits,
    _URL: _url_admits,
}


def _admitted(authorization: Value, key_required: Value, is_open: Truth) -> Value:
    if authorization is ABSENT:
        return Unknown("it does not say whom it authorizes")
    is_none = equals(authorization, "NONE")
    if is_none is False:
        return AUTHENTICATED
    if is_open is False:
        return PRIVATE
    if hidden := unseen(is_none) or unseen(key_required):
        return Unknown(hidden)
    said, other = (API_KEY, ANONYMOUS) if key_required is True else (ANONYMOUS, API_KEY)
    hidden = unseen(is_open)
    return Unresolved(hidden, differs_from=(other, AUTHENTICATED)) if hidden else said


def _rest_api_is_open(method: Cell) -> Truth:
    """Whether the API answers the internet: it is not PRIVATE, and its resource policy, if any, lets everyone in."""
    api = method.select("api")
    if isinstance(api.value, Unknown):  # it may say otherwise, where it stands
        return True if api.world.is_closed else api.value
    types = policy.listed(value_of(api.select("EndpointConfiguration").select("Types")))
    is_private = some(equals(type_, PRIVATE.upper()) for type_ in types)
    return every((negate(is_private), _policy_is_open(api)))


def _policy_is_open(api: Cell) -> Truth:
    if api.select("Policy").value is ABSENT:
        return True
    found = [value_of(cell) for cell in api.select("statements").items()]
    denies = some(policy.has_effect(statement, "Deny") for statement in found)
    opened = some(policy.is_public(statement) for statement in found)
    if opened is True and denies is not False:
        return Unknown("the API's resource policy denies some callers")
    return opened


def _door(route: Cell) -> Cell | Unknown:
    """Return the route that admits or turns away whoever comes to `route`; of an API out of sight it is not known."""
    api = route.select("api")
    if isinstance(api.value, Unknown):
        return route if api.world.is_closed or _is_its_own(route) else api.value
    if api.select("ProtocolType").value != "WEBSOCKET":
        return route
    siblings, hidden = seen(api.select("routes").items())
    found = next((other for other in siblings if other.select("RouteKey").value == "$connect"), None)
    return found or (Unknown(hidden) if hidden else route)


def _is_its_own(route: Cell) -> bool:
    """Whether a route is surely of an HTTP API, as ``POST /predict``, or admits to a WebSocket API itself."""
    said, key = route.select("AuthorizationType").value, route.select("RouteKey").value
    return said in ("AWS_IAM", "JWT", "CUSTOM") or key == "$connect" or contains(key, " /") is True


# --- what is behind an entry ------------------------------------------------------------------------


def _ways(entry: Cell) -> Iterator[Way]:
    if entry.resource.type == _URL:
        hops = (entry, *_qualifiers(entry.select("TargetFunctionArn")))
        yield _by_function(hops, entry.select("function"))
    elif entry.resource.type == _METHOD:
        integration = entry.select("Integration")
        yield from _by_integration((entry,), entry, integration.select("Uri"), integration.select("Type").value)
    else:
        integration = entry.select("integration")
        hops = (entry, integration)
        yield from _by_integration(
            hops, integration, integration.select("IntegrationUri"), integration.select("IntegrationType").value
        )


def _by_integration(hops: Sequence[Cell], bearer: Cell, uri: Cell, type_: Value) -> Iterator[Way]:
    """Yield the way through an integration that calls SageMaker's runtime, or a function; others lead elsewhere."""
    if type_ == "MOCK" or uri.value is ABSENT:
        return
    is_runtime = contains(uri.value, ":runtime.sagemaker:")
    if is_runtime is True:
        role = bearer.select("credentials_role")
        yield Way((*hops, *_known(role)), role=role, uri=uri.value)
    elif type_ not in ("HTTP", "HTTP_PROXY") and _may_be_function(uri.value):
        yield _by_function((*hops, *_qualifiers(uri)), bearer.select("function"))


def _may_be_function(uri: Value) -> bool:
    """Whether the URI names a Lambda function, or nothing that can be seen."""
    literals = "".join(part for part in parts_of(uri) if isinstance(part, str))
    other = literals.startswith("arn:") and ":apigateway:" in literals and ":lambda:" not in literals
    return not (other or literals.startswith("http"))


def _qualifiers(text: Cell) -> Iterator[Cell]:
    """Yield the aliases and versions that a text refers to: they lead to their function."""
    targets = (part.target for part in parts_of(text.value) if isinstance(part, Hole) and part.target)
    for resource in (text.world.graph.named(target) for target in targets):
        if resource is not None and resource.type in ("AWS::Lambda::Alias", "AWS::Lambda::Version"):
            yield text.world.cell(resource)


def _by_function(hops: Sequence[Cell], function: Cell) -> Way:
    role = function.select("execution_role")
    return Way((*hops, *_known(function), *_known(role)), role=role, function=function)


def _known(cell: Cell) -> Sequence[Cell]:
    return () if unseen(cell.value) or cell.value is ABSENT else (cell,)


# --- does it lead to an endpoint? -------------------------------------------------------------------


def _leads(way: Way, endpoint: Cell | None) -> Truth:
    if way.uri is not ABSENT:
        return True if endpoint is None else _uri_names(way.uri, endpoint)
    if way.function is None or way.role is None:
        return False
    if hidden := unseen(way.function.value) or unseen(way.role.value):
        return Unknown(hidden)
    granted = way.role.select("permissions").value
    if not isinstance(granted, Permissions):
        return Unknown(unseen(granted) or "permissions that cannot be seen")
    if some(_grants_by_name(statement, endpoint) for statement in granted.statements) is True:
        return True
    at_all = some(_grants(statement, endpoint) for statement in granted.statements)
    if at_all is False and granted.unseen:
        return Unknown(granted.unseen)
    if at_all is True and not _environment_names(way.function, endpoint):
        return Unknown(
            f"{way.role.resource.id} may invoke any endpoint; whether {way.function.resource.id} does is open"
        )
    return at_all


def _grants_by_name(statement: Value, endpoint: Cell | None) -> Truth:
    """Whether the statement allows an Invoke action that it names, and not only all that SageMaker offers."""
    actions = policy.listed(statement.get("Action", ABSENT)) if isinstance(statement, dict) else ()
    named = some(every((_invokes(action), negate(policy.service_wildcard(action)))) for action in actions)
    return every((named, _grants(statement, endpoint)))


def _grants(statement: Value, endpoint: Cell | None) -> Truth:
    """Whether the statement allows to invoke the endpoint, or any at all. Its conditions are taken to be met."""
    return every(
        (
            policy.has_effect(statement, "Allow"),
            some(policy.matches_action(statement, action) for action in INVOKE),
            _is_about(statement, endpoint),
        )
    )


def _invokes(pattern: Value) -> Truth:
    return some(policy.action_matches(pattern, action) for action in INVOKE)


def _is_about(statement: Value, endpoint: Cell | None) -> Truth:
    """Whether the statement's resources take in the endpoint; where none is asked for, any will do."""
    if endpoint is None or not isinstance(statement, dict):
        return True if isinstance(statement, dict) else Unknown(unseen(statement) or "no statement")
    resources = policy.listed(statement.get("Resource", ABSENT))
    refers = any(_refers(resource, endpoint.resource.id) for resource in resources)
    return refers or policy.matches_resource(statement, arn_of(endpoint))


def _refers(resource: Value, id_: str) -> bool:
    return any(isinstance(part, Hole) and part.target == id_ for part in parts_of(resource))


def _environment_names(function: Cell, endpoint: Cell | None) -> bool:
    """Whether a variable of the function's environment names an endpoint: this one, or any of the snapshot."""
    variables = value_of(function.select("Environment").select("Variables"))
    endpoints = [endpoint] if endpoint else _of_its_account(function, ENDPOINT)
    values = list(variables.values()) if isinstance(variables, dict) else []
    return any(_names(value, one) is True for value in values for one in endpoints)


def _names(value: Value, endpoint: Cell) -> Truth:
    name = endpoint.select("EndpointName").value
    if _refers(value, endpoint.resource.id):
        return True
    return False if name is ABSENT or value is ABSENT else equals(value, name)


def _uri_names(uri: Value, endpoint: Cell) -> Truth:
    """Whether ``…:runtime.sagemaker:path/endpoints/X/invocations`` names this endpoint; else it is not known which."""
    if _refers(uri, endpoint.resource.id):
        return True
    name = parts_of(endpoint.select("EndpointName").value)
    if not name:
        return False if isinstance(uri, str) else Unknown("it is not known which endpoint the integration calls")
    return policy.resource_matches(Unresolved("the endpoint's name", ("*/endpoints/", *name, "/*")), uri)


def arn_of(endpoint: Cell) -> Value:
    """Return the endpoint's ARN, with holes for what the snapshot does not tell."""
    if endpoint.resource.arn:
        return endpoint.resource.arn
    id_ = endpoint.resource.id
    name = parts_of(endpoint.select("EndpointName").value) or (Hole(f"{id_}.EndpointName", id_, "EndpointName"),)
    place = (
        "arn:",
        Hole("AWS::Partition"),
        ":sagemaker:",
        Hole("AWS::Region"),
        ":",
        Hole("AWS::AccountId"),
        ":endpoint/",
    )
    return Unresolved(f"the ARN of {id_}", (*place, *name))


EXPOSURE: Final = Record("exposure", {"kind": STRING, "source": STRING, "hops": ListType(STRING)})

FACTS: Final[tuple[Fact, ...]] = (
    *(
        Fact(
            type_,
            "",
            "admits",
            reads[:1],
            STRING,
            "Whom it lets in: anonymous, api-key, authenticated, private.",
            admits,
        )
        for type_, reads in _READS.items()
    ),
    *(
        Fact(
            type_,
            "",
            "invokes_endpoint",
            reads,
            BOOL,
            "Whether what is behind it may invoke a SageMaker endpoint.",
            invokes_endpoint,
        )
        for type_, reads in _READS.items()
    ),
    Fact(
        ENDPOINT,
        "",
        "exposures",
        tuple(sorted({type_ for reads in _READS.values() for type_ in reads} | set(_READS))),
        ListType(EXPOSURE),
        "The entries through which somebody who was not identified may invoke it.",
        exposures,
    ),
)
