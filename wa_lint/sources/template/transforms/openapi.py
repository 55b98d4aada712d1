"""The methods and routes that an API's OpenAPI document describes, as resources of their own: rules know no documents.

What decides whom a method lets in: ``security`` and its schemes, ``x-amazon-apigateway-auth`` (API Gateway developer
guide: "OpenAPI extensions", seen 2026-11). The ids of what is made are ours.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Final, TypeAlias

import msgspec

from wa_lint.model import Gap, Path, Raw, Scope
from wa_lint.sources.template.sections import Sections
from wa_lint.sources.template.transforms.generated import Made, New
from wa_lint.sources.template.transforms.provenance import OPAQUE, Drawn, Tree, bare, is_function, items, members, part

REST_API: Final = "AWS::ApiGateway::RestApi"
HTTP_API: Final = "AWS::ApiGatewayV2::Api"

_ANY: Final = "x-amazon-apigateway-any-method"

_VERBS: Final = frozenset({"delete", "get", "head", "options", "patch", "post", "put", _ANY})

_KINDS: Final[Mapping[str, str]] = {
    "cognito_user_pools": "COGNITO_USER_POOLS",
    "jwt": "JWT",
    "request": "CUSTOM",
    "token": "CUSTOM",
}
"""The AuthorizationType for the type of an ``x-amazon-apigateway-authorizer``."""


Secured: TypeAlias = Callable[[str, str, Drawn], Tree]
"""Gives the security of an operation, whose path and verb go before; None where it has none of its own."""


class DescribedApi(msgspec.Struct, frozen=True):
    """An API and its document."""

    id: str
    type: str
    document: Tree
    condition: Tree = None
    kinds: Mapping[str, Tree] = {}
    """The AuthorizationType of security schemes that stand outside the document; ``KEY`` for an API key."""
    secured: Secured = lambda _, __, operation: part(operation, "security")


def with_methods(sections: Sections) -> Sections:
    """Return the sections with the methods and routes of the APIs that have a document in their ``Body``."""
    sections = _with_policies(sections)
    made: Made = {}
    gaps: list[Gap] = []
    for id_, body in sections.section("Resources").items():
        properties = body.get("Properties") if isinstance(body, dict) else None
        if isinstance(properties, dict) and isinstance(properties.get("Body"), dict):
            source: Path = ("Resources", id_)
            document = Drawn(properties["Body"], (*source, "Properties", "Body"))
            condition = Drawn(body["Condition"], (*source, "Condition")) if "Condition" in body else None
            made |= methods(DescribedApi(id_, str(body.get("Type")), document, condition))
            gaps += _hidden(id_, str(body.get("Type")), document)
    return sections if not made and not gaps else _with(sections, made, gaps)


_POLICY: Final = "x-amazon-apigateway-policy"


def _with_policies(sections: Sections) -> Sections:
    """Return the sections with the resource policies that the documents of REST APIs hold, as their ``Policy``.

    One that the API has beside its document is left as it is.
    """
    moved: dict[Path, Path] = {}
    resources = dict(sections.section("Resources"))
    for id_, body in resources.items():
        properties = body.get("Properties") if isinstance(body, dict) else None
        if not isinstance(properties, dict) or body.get("Type") != REST_API or "Policy" in properties:
            continue
        document = properties.get("Body")
        if isinstance(document, dict) and _POLICY in document:
            path: Path = ("Resources", id_, "Properties")
            moved[(*path, "Policy")] = (*path, "Body", _POLICY)
            resources[id_] = {**body, "Properties": {**properties, "Policy": document[_POLICY]}}
    return sections.changed({**sections.value, "Resources": resources}, moved) if moved else sections


def _hidden(id_: str, type_: str, document: Drawn) -> list[Gap]:
    """Return the gap of an API some of whose operations a function decides: they are not looked into."""
    of = {REST_API: "AWS::ApiGateway::Method", HTTP_API: "AWS::ApiGatewayV2::Route"}.get(type_)
    paths = part(document, "paths")
    trees = (document, paths, *(inner for path in members(paths).values() for inner in (path, *members(path).values())))
    if of is None or not any(tree is not None and is_function(tree) for tree in trees):
        return []
    return [Gap(Scope(of), f"those of {id_} under a function in its OpenAPI document were not read")]


def methods(api: DescribedApi) -> Made:
    """Return a method, or a route with its integration, for each operation of the API's document."""
    make = {REST_API: _method, HTTP_API: _route}.get(api.type)
    made: Made = {}
    if make is None:
        return made
    for path, operations in members(part(api.document, "paths")).items():
        for verb, operation in members(operations).items():
            if verb.lower() in _VERBS and isinstance(operation, Drawn):
                made |= make(api, path, verb.lower(), operation)
    return made


def _with(sections: Sections, made: Made, gaps: Iterable[Gap]) -> Sections:
    moved: dict[Path, Path] = {}
    resources = dict(sections.section("Resources"))
    added = {id_: new for id_, new in made.items() if id_ not in resources}
    for id_, new in added.items():
        moved[("Resources", id_)] = new.source
        resources[id_] = new.settled(("Resources", id_), moved)
    changed = sections.changed({**sections.value, "Resources": resources}, moved, gaps=gaps)
    return changed.guarded({id_: new.source for id_, new in added.items()})


def _id(api: DescribedApi, path: str, verb: str) -> str:
    name = "Any" if verb == _ANY else verb.capitalize()
    return f"{api.id}{name}{re.sub('[^A-Za-z0-9]', '', path.title())}"


def _method(api: DescribedApi, path: str, verb: str, operation: Drawn) -> Made:
    integration = part(operation, "x-amazon-apigateway-integration")
    kind, needs_key = _security(api, path, verb, operation)
    properties = {
        "RestApiId": {"Ref": api.id},
        "HttpMethod": "ANY" if verb == _ANY else verb.upper(),
        "AuthorizationType": kind,
        "ApiKeyRequired": needs_key,
        "Integration": _integration(integration),
    }
    new = New("AWS::ApiGateway::Method", properties, operation.source, api.condition)
    return {f"{_id(api, path, verb)}Method": new}


def _integration(said: Tree) -> dict[str, Tree]:
    names = {"uri": "Uri", "credentials": "Credentials"}
    kind = bare(part(said, "type"))
    parts = {ours: value for theirs, ours in names.items() if (value := part(said, theirs)) is not None}
    return {"Type": kind.upper() if isinstance(kind, str) else "MOCK" if kind is None else OPAQUE, **parts}


def _route(api: DescribedApi, path: str, verb: str, operation: Drawn) -> Made:
    said = _integration(part(operation, "x-amazon-apigateway-integration"))
    kind, _ = _security(api, path, verb, operation)
    id_ = _id(api, path, verb)
    names = {"Type": "IntegrationType", "Uri": "IntegrationUri", "Credentials": "CredentialsArn"}
    integration = {"ApiId": {"Ref": api.id}, **{names[name]: value for name, value in said.items()}}
    route = {
        "ApiId": {"Ref": api.id},
        "RouteKey": path if path == "$default" else f"{'ANY' if verb == _ANY else verb.upper()} {path}",
        "AuthorizationType": kind,
        "Target": {"Fn::Sub": f"integrations/${{{id_}Integration}}"},
    }
    both = {"Route": route, "Integration": integration}
    return {
        f"{id_}{name}": New(f"AWS::ApiGatewayV2::{name}", properties, operation.source, api.condition)
        for name, properties in both.items()
    }


# --- whom an operation lets in ----------------------------------------------------------------------


def _security(api: DescribedApi, path: str, verb: str, operation: Drawn) -> tuple[Tree, Tree]:
    """Return the AuthorizationType, and whether an API key is needed, each with its place."""
    if is_function(operation):
        return OPAQUE, OPAQUE
    own = part(operation, "x-amazon-apigateway-auth", "type")
    if own is not None:
        return own, False
    said = api.secured(path, verb, operation)
    said = part(api.document, "security") if said is None else said
    if said is None:
        return Drawn("NONE", operation.source), False
    if is_function(said) or any(is_function(item) for item in items(said)):
        return OPAQUE, OPAQUE
    kinds = [_kind(api, name) for item in items(said) for name in members(item)]
    kind = next((kind for kind in kinds if bare(kind) not in ("KEY", "NONE")), "NONE")
    own = part(operation, "security")
    source = next((tree.source for tree in (said, own, operation) if isinstance(tree, Drawn)), operation.source)
    return kind if isinstance(kind, Drawn) else Drawn(kind, source), "KEY" in kinds


def _kind(api: DescribedApi, name: str) -> Tree:
    """Return the AuthorizationType of a security scheme; ``KEY`` for an API key.

    ``NONE`` is no scheme, but what SAM writes for an operation that lets everybody in.
    """
    for steps in (("securityDefinitions", name), ("components", "securitySchemes", name)):
        scheme = part(api.document, *steps)
        if scheme is not None:
            return _kind_of(scheme)
    return api.kinds.get(name, name if name == "NONE" else OPAQUE)


def _kind_of(scheme: Tree) -> Raw:
    if bare(part(scheme, "x-amazon-apigateway-authtype")) == "awsSigv4":
        return "AWS_IAM"
    authorizer = part(scheme, "x-amazon-apigateway-authorizer")
    if authorizer is not None:
        return _KINDS.get(str(bare(part(authorizer, "type"))), OPAQUE)
    is_key = bare(part(scheme, "type")) == "apiKey" and str(bare(part(scheme, "name"))).lower() == "x-api-key"
    return "KEY" if is_key else OPAQUE
