"""What SAM makes of APIs and of the events that go through them: whom each method or route lets in, and what it calls.

SAM itself writes an OpenAPI document. Rules know methods and routes, so these are made here; their ids are ours.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Final

import msgspec

from wa_lint.model import Raw
from wa_lint.sources.template.transforms.generated import Made, New
from wa_lint.sources.template.transforms.openapi import HTTP_API, REST_API, DescribedApi, methods
from wa_lint.sources.template.transforms.provenance import OPAQUE, Drawn, Tree, bare, is_function, items, members, part
from wa_lint.sources.template.transforms.sam_security import (
    HTTP,
    INTEGRATION,
    REST,
    Api,
    authorization,
    operation_of,
    secured,
    security_kinds,
    unless_hidden,
)

IMPLICIT: Final[Mapping[str, str]] = {"ServerlessRestApi": REST, "ServerlessHttpApi": HTTP}
"""The APIs that SAM adds for events that name none."""

_IMPLICIT_OF: Final[Mapping[str, str]] = {"Api": "ServerlessRestApi", "HttpApi": "ServerlessHttpApi"}

_POLICY_LISTS: Final = ("AwsAccount", "IpRange", "SourceVpc", "IntrinsicVpc", "IntrinsicVpce")


class Event(msgspec.Struct, frozen=True):
    """An event that comes through an API."""

    id: str
    """``FunctionEvent``: what the ids of its resources begin with."""
    tree: Drawn
    uri: Raw
    """What the integration calls."""
    is_function: bool
    condition: Tree = None


def api_of(event: Tree) -> str | None:
    """Return the id of the API that an event comes through; None if that is not one of the template."""
    kind = bare(part(event, "Type"))
    if kind not in _IMPLICIT_OF:
        return None
    properties = part(event, "Properties")
    named = bare(part(properties, "RestApiId" if kind == "Api" else "ApiId"))
    if named is None:
        return _IMPLICIT_OF[str(kind)]
    return named["Ref"] if isinstance(named, dict) and isinstance(named.get("Ref"), str) else str(named)


def api_resources(api: Api) -> Made:
    """Return the API itself and its stage, as CloudFormation has them."""
    both = (_rest_api(api), _rest_stage(api)) if api.type == REST else (_http_api(api), _http_stage(api))
    ids = (api.id, f"{api.id}{_stage_name(api)}Stage")
    made = {
        id_: New(type_, properties, api.source, api.condition)
        for id_, (type_, properties) in zip(ids, both, strict=True)
    }
    return made | _described(api)


def _described(api: Api) -> Made:
    """Return the methods of an API's own document, to which SAM adds whom the API lets in by default."""
    kind = REST_API if api.type == REST else HTTP_API
    body = api.said.get("DefinitionBody")
    return methods(DescribedApi(api.id, kind, body, api.condition, security_kinds(api), partial(secured, api)))


def event_resources(event: Event, api: Api) -> Made:
    """Return the method, or the route and the integration, that an event adds to `api`."""
    if api.type == HTTP:
        return {} if _is_described(event, api) else _route(event, api)
    return {} if api.has_own_definition else _method(event, api)


# --- APIs -------------------------------------------------------------------------------------------


def _rest_api(api: Api) -> tuple[str, dict[str, Tree]]:
    same = ("Name", "Description", "BinaryMediaTypes", "MinimumCompressionSize", "DisableExecuteApiEndpoint")
    properties = {name: api.said[name] for name in same if name in api.said}
    if "DefinitionBody" in api.said:
        properties["Body"] = api.said["DefinitionBody"]
    if "EndpointConfiguration" in api.said:
        properties["EndpointConfiguration"] = _endpoint_configuration(api.said["EndpointConfiguration"])
    if (policy := part(api.auth, "ResourcePolicy")) is not None:
        properties["Policy"] = _policy(policy)
    return REST_API, properties


def _endpoint_configuration(said: Tree) -> Tree:
    kind = part(said, "Type")
    if kind is None:
        return {"Types": [said]} if isinstance(bare(said), str) or is_function(said) else OPAQUE
    endpoints = part(said, "VPCEndpointIds")
    return {"Types": [kind], **({} if endpoints is None else {"VpcEndpointIds": endpoints})}


def _policy(said: Tree) -> Tree:
    """Return the resource policy, as far as it decides who is let in: what is listed as refused denies somebody."""
    if is_function(said):
        return OPAQUE
    statements = [*items(part(said, "CustomStatements"))]
    accounts = part(said, "AwsAccountWhitelist")
    if accounts is not None:
        statements.append(_statement("Allow", {"AWS": accounts}))
    for name in _POLICY_LISTS:
        for kind in ("Whitelist", "Blacklist"):
            if part(said, f"{name}{kind}") is not None and f"{name}{kind}" != "AwsAccountWhitelist":
                statements += [_statement("Allow", "*"), _statement("Deny", "*", {"StringEquals": OPAQUE})]
    return {"Version": "2012-10-17", "Statement": statements}


def _statement(effect: str, principal: Tree, condition: Tree = None) -> Tree:
    told = {"Effect": effect, "Principal": principal, "Action": "execute-api:Invoke", "Resource": "execute-api:/*"}
    return told if condition is None else {**told, "Condition": condition}


def _http_api(api: Api) -> tuple[str, dict[str, Tree]]:
    same = ("Name", "Description", "CorsConfiguration", "DisableExecuteApiEndpoint", "FailOnWarnings")
    properties = {name: api.said[name] for name in same if name in api.said and bare(api.said[name]) is not True}
    body = {"Body": api.said["DefinitionBody"]} if "DefinitionBody" in api.said else {}
    return HTTP_API, {**properties, "ProtocolType": "HTTP", **body}


def _rest_stage(api: Api) -> tuple[str, dict[str, Tree]]:
    names = (
        *("StageName", "AccessLogSetting", "CacheClusterEnabled", "CacheClusterSize", "CanarySetting"),
        *("MethodSettings", "TracingEnabled", "Variables"),
    )
    same = {name: api.said[name] for name in names if name in api.said}
    return "AWS::ApiGateway::Stage", {"RestApiId": {"Ref": api.id}, **same}


def _http_stage(api: Api) -> tuple[str, dict[str, Tree]]:
    names = ("StageName", "AccessLogSettings", "DefaultRouteSettings", "RouteSettings", "StageVariables")
    same = {name: api.said[name] for name in names if name in api.said}
    return "AWS::ApiGatewayV2::Stage", {"ApiId": {"Ref": api.id}, "AutoDeploy": True, **same}


def _stage_name(api: Api) -> str:
    """Return the middle of the stage's id: the stage's name, if that is plain, as SAM has it."""
    if api.id in IMPLICIT and api.type == REST:
        return "Prod"
    name = bare(api.said.get("StageName"))
    if api.type == HTTP and name is None:
        return "ApiGatewayDefault"
    return name if isinstance(name, str) and name.isalnum() else ""


# --- methods and routes -----------------------------------------------------------------------------


def _method(event: Event, api: Api) -> Made:
    said = part(event.tree, "Properties")
    auth = part(said, "Auth")
    key = next((k for k in (part(auth, "ApiKeyRequired"), part(api.auth, "ApiKeyRequired")) if k is not None), None)
    kind = "AWS_PROXY" if event.is_function else "AWS"
    integration = {"Type": kind, "IntegrationHttpMethod": "POST", "Uri": event.uri}
    properties = {
        "RestApiId": {"Ref": api.id},
        "HttpMethod": _verb(part(said, "Method")),
        "AuthorizationType": authorization(auth, api, event.tree.source, operation_of(event.tree)[1]),
        "ApiKeyRequired": unless_hidden(auth, api.auth) or (False if key is None else key),
        "Integration": integration,
    }
    return {f"{event.id}Method": New("AWS::ApiGateway::Method", properties, event.tree.source, event.condition)}


def _is_described(event: Event, api: Api) -> bool:
    """Whether the API's document has the event's operation already, and says what that calls."""
    body = api.said.get("DefinitionBody")
    return part(body, "paths", *operation_of(event.tree), INTEGRATION) is not None


def _route(event: Event, api: Api) -> Made:
    said = part(event.tree, "Properties")
    verb, path = bare(part(said, "Method")), bare(part(said, "Path"))
    is_default = path is None
    key = "$default" if is_default else f"{str(verb or 'ANY').upper()} {path}"
    integration = {
        "ApiId": {"Ref": api.id},
        "IntegrationType": "AWS_PROXY",
        "IntegrationUri": event.uri,
    }
    route = {
        "ApiId": {"Ref": api.id},
        "RouteKey": OPAQUE if isinstance(path, dict) else key,
        "AuthorizationType": authorization(part(said, "Auth"), api, event.tree.source, operation_of(event.tree)[1]),
        "Target": {"Fn::Sub": f"integrations/${{{event.id}Integration}}"},
    }
    both = {"Route": route, "Integration": integration}
    return {
        f"{event.id}{kind}": New(f"AWS::ApiGatewayV2::{kind}", properties, event.tree.source, event.condition)
        for kind, properties in both.items()
    }


def _verb(method: Tree) -> Tree:
    said = bare(method)
    return said.upper() if isinstance(said, str) else method


def events_of(tree: Tree) -> Iterator[tuple[str, Drawn]]:
    """Yield the events of a function or a state machine that say what they are, by name."""
    for name, event in members(tree).items():
        if isinstance(event, Drawn) and isinstance(bare(part(event, "Type")), str):
            yield name, event
