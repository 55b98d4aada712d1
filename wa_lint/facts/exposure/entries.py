"""The ways in from the internet, and whom each lets in: methods, routes, URLs, listeners, pools. Knows nothing behind.

An entry is closed where an authorizer, mutual TLS, a private network, a resource policy or a firewall leaves only a
known set of callers. What cannot be seen of these leaves it unknown.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final

from wa_lint import policy
from wa_lint.facts.exposure import firewall
from wa_lint.facts.exposure.causes import cause
from wa_lint.facts.exposure.resource_policies import (
    api_is_open,
    is_said,
    lets_in_internet,
    named_in,
    narrow_networks,
    opens,
)
from wa_lint.facts.fact import closed, head_of, is_live, seen, unseen, value_of
from wa_lint.graph import Cell
from wa_lint.model import ABSENT, Unknown, Unresolved, Value
from wa_lint.policy.wildcards import parts_of
from wa_lint.truth import Truth, contains, equals, every, negate, some

METHOD: Final = "AWS::ApiGateway::Method"
ROUTE: Final = "AWS::ApiGatewayV2::Route"
HTTP_API: Final = "AWS::ApiGatewayV2::Api"
URL: Final = "AWS::Lambda::Url"
PERMISSION: Final = "AWS::Lambda::Permission"
LISTENER: Final = "AWS::ElasticLoadBalancingV2::Listener"
LISTENER_RULE: Final = "AWS::ElasticLoadBalancingV2::ListenerRule"
GRAPHQL: Final = "AWS::AppSync::GraphQLApi"
IDENTITY_POOL: Final = "AWS::Cognito::IdentityPool"
DISTRIBUTION: Final = "AWS::CloudFront::Distribution"

ANONYMOUS, API_KEY, AUTHENTICATED, PRIVATE, NOBODY = "anonymous", "api-key", "authenticated", "private", "nobody"

_OTHERS: Final = (API_KEY, AUTHENTICATED, PRIVATE)


def admits(entry: Cell) -> Cell:
    """Say whom an entry lets in, at the place where it says so: anonymous, api-key, authenticated, private, nobody."""
    return _ADMITS[entry.resource.type](entry)


def _doubtful(reason: str, *never: str) -> Unresolved:
    return Unresolved(reason, differs_from=never)


# --- REST -------------------------------------------------------------------------------------------


def _method_admits(method: Cell) -> Cell:
    at = method.select("AuthorizationType")
    if at.value is ABSENT:
        return at.with_value(Unknown("it does not define whom it authorizes"))
    return at.with_value(_admitted(at.value, method.select("ApiKeyRequired").value, lambda: _rest_api_is_open(method)))


def _admitted(authorization: Value, key_required: Value, is_open: Callable[[], Truth]) -> Value:
    is_none = equals(authorization, "NONE")
    if is_none is False:
        return AUTHENTICATED
    opened = is_open()
    if opened is False:
        return PRIVATE
    if hidden := unseen(is_none) or unseen(key_required):
        return _doubtful(hidden, NOBODY)
    said, other = (API_KEY, ANONYMOUS) if key_required in (True, "true") else (ANONYMOUS, API_KEY)
    hidden = unseen(opened)
    return _doubtful(hidden, other, AUTHENTICATED, NOBODY) if hidden else said


def _rest_api_is_open(method: Cell) -> Truth:
    """Whether the API answers the internet: by its endpoint, its resource policy, its domains and its firewall."""
    api = method.select("api")
    if isinstance(api.value, Unknown):  # it may say otherwise, where it is
        return True if api.world.is_closed else api.value
    types = policy.listed(value_of(api.select("EndpointConfiguration").select("Types")))
    is_private = some(equals(type_, PRIVATE.upper()) for type_ in types)
    return every(
        (
            negate(is_private),
            _policy_is_open(api, method.select("HttpMethod").value),
            _domains_are_open(api),
            _stages_are_open(api),
        )
    )


def _policy_is_open(api: Cell, verb: Value) -> Truth:
    if api.select("Policy").value is ABSENT:
        return True
    return api_is_open([value_of(cell) for cell in api.select("statements").items()], verb)


def _domains_are_open(api: Cell) -> Truth:
    """Whether the API answers clients without a certificate.

    Mutual TLS is a property of a domain, and guards nothing while the default endpoint answers too (API Gateway
    developer guide, "Mutual TLS").
    """
    if is_said(api.select("DisableExecuteApiEndpoint").value, "true") is not True and (
        api.select("DisableExecuteApiEndpoint").value is not True
    ):
        hidden = unseen(api.select("DisableExecuteApiEndpoint").value)
        return Unknown(hidden) if hidden else True
    mappings, more = seen(closed(api).select("mappings").items())
    domains = [mapping.select("domain") for mapping in mappings]
    opened = some(_has_no_certificates(domain) for domain in domains)
    if opened is True or more is None:
        return opened
    return Unknown(f"its default endpoint is disabled, and {more}")


def _has_no_certificates(domain: Cell) -> Truth:
    if hidden := unseen(head_of(domain)):
        return Unknown(hidden)
    at = domain.select("MutualTlsAuthentication")
    return Unknown(unseen(at.value) or "") if unseen(at.value) else at.value is ABSENT


def _stages_are_open(api: Cell) -> Truth:
    """Whether a stage of the API has no firewall, or one that lets strangers through."""
    stages, more = seen(closed(api).select("stages").items())
    opened = some(_stage_is_open(stage) for stage in stages) if stages or more else True
    return Unknown(more) if more and opened is not True else opened


def _stage_is_open(stage: Cell) -> Truth:
    """Whether a stage lets strangers through. In an account the stage itself says whether it has a web ACL."""
    if not is_live(stage):
        return firewall.is_open(stage)
    return _says_no_firewall(stage, "WebAclArn")


def _says_no_firewall(guarded: Cell, name: str) -> Truth:
    """Whether an API response names no web ACL. What one lets through is not read from an account."""
    named = guarded.select("observed").select(name).value
    if named is ABSENT or named == "":
        return True
    return Unknown(f"what its web ACL ({named}) lets through is not read")


# --- HTTP and WebSocket -----------------------------------------------------------------------------


def _route_admits(route: Cell) -> Cell:
    """Routes of a WebSocket API are behind the $connect route of that API.

    CreateRoute does not demand an authorization type, and documents no default: one that names none is taken for NONE.
    """
    door = _door(route)
    if isinstance(door, Unknown):
        return route.select("AuthorizationType").with_value(door)
    at = door.select("AuthorizationType")
    authorization = "NONE" if at.value is ABSENT else at.value
    key = door.select("ApiKeyRequired").value
    return at.with_value(_admitted(authorization, key, lambda: _api_is_open(door)))


def _api_is_open(route: Cell) -> Truth:
    api = route.select("api")
    return True if isinstance(api.value, Unknown) else _domains_are_open(api)


def _door(route: Cell) -> Cell | Unknown:
    """Return the route that admits or turns away anyone who comes to `route`; without the API it is not known."""
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


def _quick_api_admits(api: Cell) -> Cell:
    """The $default route of an API made by "quick create" asks for no authorization."""
    at = api.select("Target")
    if at.value is ABSENT:
        return at.with_value(NOBODY)
    opened = _domains_are_open(api)
    return at.with_value(opened if isinstance(opened, Unknown) else ANONYMOUS if opened else PRIVATE)


# --- functions --------------------------------------------------------------------------------------

_BY_URL: Final = "lambda:InvokeFunctionUrl"
_INVOKE: Final = "lambda:InvokeFunction"


def _url_admits(url: Cell) -> Cell:
    """A URL with AuthType NONE is refused until the function's policy lets everyone in.

    Since October 2025 a new URL needs two permissions, lambda:InvokeFunctionUrl and lambda:InvokeFunction (Lambda
    developer guide, "Control access to Lambda function URLs").
    """
    at = url.select("AuthType")
    is_none = equals(at.value, "NONE")
    if is_none is not True:
        return at.with_value(AUTHENTICATED if is_none is False else _doubtful(is_none.reason, API_KEY, PRIVATE))
    permissions, _ = seen(url.select("function").select("permissions").items())
    here = [one for one in permissions if _is_of(url, one)]
    by_url = some(every((_is_for_urls(one), opens(one, _BY_URL))) for one in here)
    invoke = some(every((_is_for_urls(one), opens(one, _INVOKE))) for one in here)
    both = every((by_url, invoke))
    if both is True:
        return at.with_value(ANONYMOUS)
    if hidden := unseen(both):
        return at.with_value(_doubtful(hidden, *_OTHERS))
    return at.with_value(_refused(url, has_one=by_url is True))


def _refused(url: Cell, *, has_one: bool) -> Value:
    """Return what is known of a URL for which no permission, or only one of two, lets everyone in."""
    if has_one:
        reason = f"everyone has {_BY_URL}, but not {_INVOKE}, which URLs created since October 2025 need too"
        return _doubtful(reason, *_OTHERS)
    more = url.world.graph.why_incomplete(PERMISSION, url.resource)
    function = url.select("function")
    if hidden := unseen(head_of(function)):
        return _doubtful(cause(url.select("TargetFunctionArn"), "the function", hidden), *_OTHERS)
    if more is None:
        return NOBODY
    noun = url.world.graph.snapshot.kind.noun
    return _doubtful(
        f"no permission in this {noun} lets everyone invoke the function, and one may exist outside", *_OTHERS
    )


def _is_for_urls(permission: Cell) -> Truth:
    """Whether a permission holds for a URL with AuthType NONE."""
    said = permission.select("FunctionUrlAuthType").value
    return True if said is ABSENT else equals(said, "NONE")


def _is_of(url: Cell, permission: Cell) -> bool:
    """Whether a permission is of the version or alias that the URL leads to: each has a policy of its own."""
    own, other = _qualifier(url, "TargetFunctionArn"), _qualifier(permission, "FunctionName")
    return own == other or ("" not in (own, other) and _OPEN in (own, other))


_OPEN: Final = "\0"
_AFTER_NAME: Final = re.compile(r":function:[^:/]+:([\w$-]+)|^[\w-]+:([\w$-]+)$")


def _qualifier(cell: Cell, name: str) -> str:
    """Return the alias or version that a name leads to; empty for the function itself, `_OPEN` where not known."""
    extra = cell.select("Qualifier").value
    if extra is not ABSENT and extra is not None and extra != "":
        return extra if isinstance(extra, str) else _OPEN
    value = cell.select(name).value
    for id_ in named_in(value):
        found = cell.world.graph.named(id_)
        if found is not None and found.type in ("AWS::Lambda::Alias", "AWS::Lambda::Version"):
            said = cell.world.cell(found).select("Name").value
            return said if isinstance(said, str) else found.id
    if not isinstance(value, str):
        last = parts_of(value)[-1:]
        return last[0][1:] if last and isinstance(last[0], str) and last[0].startswith(":") else ""
    match = _AFTER_NAME.search(value)
    return (match[1] or match[2]) if match else ""


def _permission_admits(permission: Cell) -> Cell:
    """A permission for ``*`` lets every AWS account invoke the function, without any URL (Security Hub, Lambda.1).

    One that only holds by a URL without authentication says nothing by itself: the URL is an entry of its own.
    """
    at = permission.select("Principal")
    by_url = _only_by_url(permission)
    if by_url is True:
        return at.with_value(NOBODY)
    opened = every((some((opens(permission, _INVOKE), opens(permission, _BY_URL))), negate(by_url)))
    if isinstance(opened, Unknown):
        return at.with_value(_doubtful(opened.reason, API_KEY, PRIVATE, NOBODY))
    return at.with_value(ANONYMOUS if opened else AUTHENTICATED)


def _only_by_url(permission: Cell) -> Truth:
    signed = is_said(permission.select("FunctionUrlAuthType").value, "AWS_IAM")
    action = is_said(permission.select("Action").value, _BY_URL)
    via = permission.select("InvokedViaFunctionUrl").value
    return some((every((action, negate(signed))), via if isinstance(via, bool) else is_said(via, "true")))


# --- load balancers ---------------------------------------------------------------------------------

_AUTHENTICATING: Final = ("authenticate-oidc", "authenticate-cognito", "jwt-validation")


def authenticates(listener: Cell) -> Truth:
    """Whether a listener, or a rule of one, asks who calls before it forwards."""
    actions = listener.select("Actions" if listener.resource.type == LISTENER_RULE else "DefaultActions")
    by_action = some(
        some(is_said(action.select("Type").value, kind) for kind in _AUTHENTICATING) for action in actions.items()
    )
    lets_through = some(
        is_said(action.select(config).select("OnUnauthenticatedRequest").value, "allow")
        for action in actions.items()
        for config in ("AuthenticateOidcConfig", "AuthenticateCognitoConfig")
    )
    return some((every((by_action, negate(lets_through))), _demands_certificate(_listener_of(listener))))


def _listener_of(entry: Cell) -> Cell:
    return entry.select("listener") if entry.resource.type == LISTENER_RULE else entry


def _demands_certificate(listener: Cell) -> Truth:
    if unseen(head_of(listener)):
        return False
    return is_said(listener.select("MutualAuthentication").select("Mode").value, "verify")


def _listener_admits(entry: Cell) -> Cell:
    at = entry.select("Actions" if entry.resource.type == LISTENER_RULE else "DefaultActions")
    asks = authenticates(entry)
    if asks is True:
        return at.with_value(AUTHENTICATED)
    opened = every((_balancer_is_open(_listener_of(entry)), *_conditions(entry)))
    if opened is False:
        return at.with_value(PRIVATE)
    hidden = unseen(asks) or unseen(opened)
    return at.with_value(_doubtful(hidden, API_KEY, NOBODY) if hidden else ANONYMOUS)


def _balancer_is_open(listener: Cell) -> Truth:
    if hidden := unseen(head_of(listener)):
        return Unknown(f"the listener is not known: {hidden}")
    balancer = listener.select("load_balancer")
    if hidden := unseen(head_of(balancer)):
        return Unknown(f"the load balancer is not known: {hidden}")
    scheme = balancer.select("Scheme").value
    outward = True if scheme is ABSENT else equals(scheme, "internet-facing")
    return every((outward, _network_is_open(balancer, listener), firewall.is_open(balancer)))


def _network_is_open(balancer: Cell, listener: Cell) -> Truth:
    """Whether a security group lets the internet in. Without one a network load balancer takes all traffic."""
    groups = balancer.select("security_groups").items()
    if not groups:
        is_network = is_said(balancer.select("Type").value, "network")
        return is_network or Unknown("its security group is the default one of the VPC, which is not in this input")
    return lets_in_internet(groups, listener.select("Port").value)


def _conditions(rule: Cell) -> Iterator[Truth]:
    """Yield whether each condition of a rule lets strangers through: one on addresses may not."""
    if rule.resource.type != LISTENER_RULE:
        return
    for condition in rule.select("Conditions").items():
        if is_said(condition.select("Field").value, "source-ip") is True:
            values = policy.listed(value_of(condition.select("SourceIpConfig").select("Values")))
            yield negate(narrow_networks(values))


# --- AppSync, Cognito, CloudFront, AgentCore --------------------------------------------------------


def _graphql_admits(api: Cell) -> Cell:
    """An API key of AppSync is for APIs that anyone may call (AppSync developer guide, "API_KEY authorization")."""
    at = api.select("AuthenticationType")
    if api.select("Visibility").value == PRIVATE.upper():
        return at.with_value(PRIVATE)
    opened = _says_no_firewall(api, "WafWebAclArn") if is_live(api) else firewall.is_open(api)
    if opened is False:
        return at.with_value(PRIVATE)
    by_key = equals(at.value, "API_KEY")
    others = [one.select("AuthenticationType").value for one in api.select("AdditionalAuthenticationProviders").items()]
    if by_key is False and some(equals(one, "API_KEY") for one in others) is not False:
        return at.with_value(_doubtful("an API key opens the fields that the schema marks for it", ANONYMOUS, NOBODY))
    hidden = unseen(by_key) or unseen(opened)
    if hidden:
        return at.with_value(_doubtful(hidden, ANONYMOUS, NOBODY))
    return at.with_value(API_KEY if by_key else AUTHENTICATED)


def _pool_admits(pool: Cell) -> Cell:
    at = pool.select("AllowUnauthenticatedIdentities")
    if hidden := unseen(at.value):
        return at.with_value(_doubtful(hidden, API_KEY, PRIVATE, NOBODY))
    return at.with_value(ANONYMOUS if at.value in (True, "true") else AUTHENTICATED)


_EDGE: Final = ("LambdaFunctionAssociations", "FunctionAssociations")


def _distribution_admits(distribution: Cell) -> Cell:
    """Whom a distribution lets through to an origin for which it signs."""
    config = distribution.select("DistributionConfig")
    at = config.select("DefaultCacheBehavior")
    if not any(True for _ in signed_urls(distribution)):
        return at.with_value(NOBODY)
    behaviours = [at, *config.select("CacheBehaviors").items()]
    asks = every(_asks_for_signature(one) for one in behaviours)
    if asks is True:
        return at.with_value(AUTHENTICATED)
    opened = _firewall_of(config, distribution)
    if opened is False:
        return at.with_value(PRIVATE)
    runs_code = any(one.select(name).value is not ABSENT for one in behaviours for name in _EDGE)
    code = "code at the edge may turn callers away" if runs_code else None
    hidden = unseen(asks) or unseen(opened) or code
    return at.with_value(_doubtful(hidden, API_KEY, NOBODY) if hidden else ANONYMOUS)


def _asks_for_signature(behaviour: Cell) -> Truth:
    if hidden := unseen(behaviour.value):
        return Unknown(hidden)
    return any(bool(policy.listed(value_of(behaviour.select(name)))) for name in ("TrustedKeyGroups", "TrustedSigners"))


def _firewall_of(config: Cell, distribution: Cell) -> Truth:
    named = config.select("WebACLId").value
    if named is ABSENT or named == "":
        return True
    return firewall.lets_through(distribution)


def signed_urls(distribution: Cell) -> Iterator[Cell]:
    """Yield the function URLs with AuthType AWS_IAM that a distribution calls with a signature of its own (OAC)."""
    for origin in distribution.select("DistributionConfig").select("Origins").items():
        if unseen(origin.value) or origin.select("OriginAccessControlId").value in (ABSENT, ""):
            continue
        domain = origin.select("DomainName").value
        for url in distribution.world.of_type(URL):
            by_host = isinstance(domain, str) and url.resource.id.startswith(f"https://{domain}")
            is_named = by_host or url.resource.id in set(named_in(domain))
            if is_named and url.select("AuthType").value == "AWS_IAM" and _may_call(url):
                yield url


def _may_call(url: Cell) -> bool:
    """Whether a permission in the input lets CloudFront call the URL."""
    permissions, _ = seen(url.select("function").select("permissions").items())
    return any(is_said(one.select("Principal").value, "cloudfront.amazonaws.com") is True for one in permissions)


_ADMITS: Final[Mapping[str, Callable[[Cell], Cell]]] = {
    METHOD: _method_admits,
    ROUTE: _route_admits,
    HTTP_API: _quick_api_admits,
    URL: _url_admits,
    PERMISSION: _permission_admits,
    LISTENER: _listener_admits,
    LISTENER_RULE: _listener_admits,
    GRAPHQL: _graphql_admits,
    IDENTITY_POOL: _pool_admits,
    DISTRIBUTION: _distribution_admits,
}

TYPES: Final[Sequence[str]] = tuple(_ADMITS)

OPENINGS: Final[Mapping[str, str]] = {
    METHOD: "This method needs no authentication",
    ROUTE: "This route needs no authentication",
    HTTP_API: "The default route of this API needs no authentication",
    URL: "This function URL needs no authentication",
    PERMISSION: "This permission lets every AWS account invoke the function, which needs nothing more",
    LISTENER: "This listener needs no authentication",
    LISTENER_RULE: "This listener rule needs no authentication",
    GRAPHQL: "This GraphQL API needs no authentication",
    IDENTITY_POOL: "This identity pool gives credentials to guests without authentication",
    DISTRIBUTION: "This distribution needs no authentication, signs for its callers,",
}
"""How a finding begins; ``and leads to a SageMaker endpoint`` follows."""
