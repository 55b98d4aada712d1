"""Whom an API of SAM lets in: what its events, its own document and its ``Auth`` say together. It makes no resource.

As aws-sam-translator 1.115.0 has it (`set_path_default_authorizer`, `set_path_default_apikey_required`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

import msgspec

from wa_lint.model import Path, Raw
from wa_lint.sources.template.transforms.provenance import OPAQUE, Drawn, Tree, bare, is_function, items, members, part

REST: Final = "AWS::Serverless::Api"
HTTP: Final = "AWS::Serverless::HttpApi"

INTEGRATION: Final = "x-amazon-apigateway-integration"

_ANY: Final = "x-amazon-apigateway-any-method"

_HIDDEN: Final = "?"
"""The scheme that stands for an authorizer which a function decides."""


class Api(msgspec.Struct, frozen=True):
    """One API of the template."""

    id: str
    type: str
    said: Mapping[str, Tree]
    source: Path
    condition: Tree = None
    events: tuple[Drawn, ...] = ()
    """Those that come through it."""

    @property
    def auth(self) -> Tree:
        return self.said.get("Auth")

    @property
    def has_own_definition(self) -> bool:
        """Whether its methods are in a document of its own, which events do not change."""
        says = "DefinitionBody" in self.said or "DefinitionUri" in self.said
        return says and bare(self.said.get("MergeDefinitions")) is not True


def authorization(auth: Tree, api: Api, place: Path, verb: str = "") -> Tree:
    """Return the AuthorizationType: what the event says goes before what its API says; who says nothing lets all in."""
    if (hidden := unless_hidden(auth, api.auth)) is not None:
        return hidden
    named = part(auth, "Authorizer")
    if named is None and not _is_preflight(api, verb, "AddDefaultAuthorizerToCorsPreflight"):
        named = part(api.auth, "DefaultAuthorizer")
    if named is None:
        return Drawn("NONE", place)
    kind = _kind_of(api, str(bare(named)))
    return Drawn(kind, named.source) if isinstance(named, Drawn) else kind


def unless_hidden(*auths: Tree) -> Tree:
    """Return what stands for a value where a function gives one of `auths`; None where all can be looked into."""
    return next((OPAQUE for auth in auths if auth is not None and is_function(auth)), None)


def security_kinds(api: Api) -> dict[str, Tree]:
    """Return the AuthorizationType of each security scheme that SAM adds to the API's document, by its name."""
    names = ("AWS_IAM", *members(part(api.auth, "Authorizers")))
    kinds: dict[str, Tree] = {name: _kind_of(api, name) for name in names}
    default = _default(api)
    if default is not None:
        kinds[default] = authorization(None, api, api.source)
    return {**kinds, "api_key": "KEY"}


def operation_of(event: Tree) -> tuple[str, str]:
    """Return the path and verb of an event's operation, as an OpenAPI document has them."""
    path, verb = (bare(part(event, "Properties", name)) for name in ("Path", "Method"))
    verb = str(verb or "any").lower()
    return str(path or "$default"), _ANY if verb == "any" else verb


def secured(api: Api, path: str, verb: str, operation: Drawn) -> Tree:
    """Return the security of an operation of the API's document, once SAM has added to it."""
    own = part(operation, "security")
    if is_function(own) or part(operation, INTEGRATION) is None:
        return own
    said = [*items(own), *_of_events(api, path, verb)]
    said = _by_default_of_http(api, verb, said) if api.type == HTTP else _by_default_of_rest(api, verb, said)
    return own if said == items(own) else said


def _by_default_of_http(api: Api, verb: str, said: list[Tree]) -> list[Tree]:
    default = _default(api)
    return said if said or default is None or _is_preflight(api, verb) else [{default: []}]


def _by_default_of_rest(api: Api, verb: str, said: list[Tree]) -> list[Tree]:
    default = _default(api)
    if default is not None and not _is_preflight(api, verb, "AddDefaultAuthorizerToCorsPreflight"):
        said = _with_authorizer(api, said, default)
    needs_key = part(api.auth, "ApiKeyRequired")
    if needs_key is None or bare(needs_key) is False or _is_preflight(api, verb, "AddApiKeyRequiredToCorsPreflight"):
        return said
    return [*said, {_HIDDEN if is_function(needs_key) else "api_key": []}]


def _with_authorizer(api: Api, said: list[Tree], default: str) -> list[Tree]:
    """Return the security with the default authorizer, unless it names one, or ``NONE``."""
    authorizers = {"AWS_IAM", *members(part(api.auth, "Authorizers"))}
    others = [item for item in said if authorizers.isdisjoint(members(item))]
    none = next((item for item in others if "NONE" in members(item)), None)
    if none is not None:
        return [item for item in others if item is not none] or said
    return [*others, *([item for item in said if item not in others] or [{default: []}])]


def _is_preflight(api: Api, verb: str, option: str = "") -> bool:
    """Whether an operation is for browsers that ask first (CORS), of which the API does not demand its default."""
    return verb == "options" and (api.type == HTTP or bare(part(api.auth, option)) is False)


def _of_events(api: Api, path: str, verb: str) -> Iterator[Tree]:
    """Yield what events add to the security of an operation that is in the API's document."""
    for event in api.events:
        if operation_of(event) == (path, verb):
            yield from _of_event(api, part(event, "Properties", "Auth"))


def _of_event(api: Api, auth: Tree) -> Iterator[Tree]:
    if api.type == REST and bare(part(auth, "OverrideApiAuth")) is not True:
        return
    if is_function(auth):
        yield {_HIDDEN: []}
    authorizer = bare(part(auth, "Authorizer"))
    if authorizer is not None:
        yield {authorizer if isinstance(authorizer, str) else _HIDDEN: []}
    if api.type == REST and bare(part(auth, "ApiKeyRequired")) is True:
        yield {"api_key": []}


def _default(api: Api) -> str | None:
    """Return the name of the API's default authorizer; `_HIDDEN` for one that cannot be seen."""
    if api.auth is not None and is_function(api.auth):
        return _HIDDEN
    named = bare(part(api.auth, "DefaultAuthorizer"))
    return named if named is None or isinstance(named, str) else _HIDDEN


def _kind_of(api: Api, name: str) -> Raw:
    """Return the AuthorizationType of an authorizer that the API names."""
    if name in ("NONE", "AWS_IAM"):
        return name
    authorizer = part(api.auth, "Authorizers", name)
    if not members(authorizer):
        return OPAQUE
    if part(authorizer, "JwtConfiguration") is not None:
        return "JWT"
    is_pool = part(authorizer, "UserPoolArn") is not None
    return "COGNITO_USER_POOLS" if is_pool and api.type == REST else "CUSTOM"
