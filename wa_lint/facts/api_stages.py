"""Stages of APIs: whether a method or route of their API leads to a model, and what the stage logs and limits.

REST and HTTP APIs say the same by other properties. Defaults: API Gateway developer guide, "Set up logging for REST
APIs" (OFF) and "Throttle requests to your REST APIs" (no limit of the stage's own; -1 takes one away) (2026-11).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from wa_lint.cel.types import BOOL
from wa_lint.facts import exposure
from wa_lint.facts.fact import Fact, closed, seen, unseen
from wa_lint.graph import Cell
from wa_lint.model import ABSENT, Unknown, Unresolved, Value
from wa_lint.truth import Truth, equals, negate, some

_REST: Final = "AWS::ApiGateway::Stage"
_ACL: Final = "AWS::WAFv2::WebACLAssociation"

_ENTRIES: Final[Mapping[str, tuple[str, str]]] = {
    _REST: ("methods", "AWS::ApiGateway::Method"),
    "AWS::ApiGatewayV2::Stage": ("routes", "AWS::ApiGatewayV2::Route"),
}
"""Type of a stage -> the link from its API to what it serves, and the type of that."""


def serves_model(stage: Cell) -> Truth:
    """Whether a method or route of the stage's API may call a model; False where the API is not in the input.

    A template is taken to hold all methods of its API: that one may stand outside is true of every API.
    """
    return some(_of_entries(stage, "invokes_model"))


def asks_for_key(stage: Cell) -> Truth:
    """Whether a method or route of the stage's API is called with an API key, whose usage plan may limit the calls."""
    return some(_of_entries(stage, "ApiKeyRequired"))


def _of_entries(stage: Cell, name: str) -> Iterator[Truth]:
    api = closed(stage).select("api")
    if isinstance(api.value, Unknown):
        yield api.value
    if not isinstance(api.value, dict):
        return
    entries, hidden = seen(api.select(_ENTRIES[stage.resource.type][0]).items())
    yield from (_truth(entry.select(name).value) for entry in entries)
    if hidden:
        yield Unknown(hidden)


def is_logged(stage: Cell) -> Truth:
    """Whether the stage writes an access log, or the execution log of a method or route."""
    return some((*map(_is_set, _access_logs(stage)), *map(_writes, _of_settings(stage, "LoggingLevel"))))


def is_throttled(stage: Cell) -> Truth:
    """Whether the stage, or one of its methods or routes, has a rate limit of its own."""
    return some(map(_limits, _of_settings(stage, "ThrottlingRateLimit")))


def is_behind_web_acl(stage: Cell) -> Truth:
    """Whether a web ACL is associated with the stage, which only stages of REST APIs can have."""
    if stage.resource.type != _REST:
        return False
    found, hidden = seen(closed(stage).select("web_acls").items())
    return True if found else Unknown(hidden) if hidden else False


def _access_logs(stage: Cell) -> Iterator[Value]:
    yield from (stage.select(name).value for name in ("AccessLogSetting", "AccessLogSettings"))


def _of_settings(stage: Cell, name: str) -> Iterator[Value]:
    """Yield a setting of each method of a REST API; of an HTTP API the one of all routes, then those of single ones."""
    yield stage.select("DefaultRouteSettings").select(name).value
    methods, routes = stage.select("MethodSettings"), stage.select("RouteSettings")
    yield from (cell.value for cell in (methods, routes) if isinstance(cell.value, Unknown | Unresolved))
    for one in methods.items() if isinstance(methods.value, list) else ():
        yield one.value if isinstance(one.value, Unknown) else one.select(name).value
    yield from (
        routes.select(key).select(name).value for key in (routes.value if isinstance(routes.value, dict) else ())
    )


def _is_set(value: Value) -> Truth:
    return value if isinstance(value, Unknown) else value is not ABSENT


def _writes(level: Value) -> Truth:
    return False if level is ABSENT else negate(equals(level, "OFF"))


def _limits(rate: Value) -> Truth:
    if isinstance(rate, Unknown | Unresolved):
        return Unknown(unseen(rate) or "its rate limit is not known")
    return isinstance(rate, int | float) and not isinstance(rate, bool) and rate >= 0


def _truth(value: Value) -> Truth:
    return value if isinstance(value, bool | Unknown) else False


def _facts(type_: str) -> Iterator[Fact]:
    entry = _ENTRIES[type_][1]
    api = f"{type_.rsplit('::', 1)[0]}::{'RestApi' if 'V2' not in type_ else 'Api'}"
    behind = next(fact.reads for fact in exposure.FACTS if (fact.type, fact.name) == (entry, "invokes_model"))
    doc = "Whether a method or route of its API may call a model, agent, flow or knowledge base."
    yield Fact(type_, "", "serves_model", tuple(sorted({api, entry, *behind})), BOOL, doc, serves_model)
    doc = "Whether a method or route of its API is called with an API key."
    yield Fact(type_, "", "asks_for_key", (api, entry), BOOL, doc, asks_for_key)
    yield Fact(type_, "", "is_logged", (), BOOL, "Whether it writes an access log or an execution log.", is_logged)
    yield Fact(type_, "", "is_throttled", (), BOOL, "Whether it sets a rate limit of its own.", is_throttled)
    reads = (_ACL,) if type_ == _REST else ()
    yield Fact(type_, "", "is_behind_web_acl", reads, BOOL, "Whether a web ACL guards it.", is_behind_web_acl)


FACTS: Final[tuple[Fact, ...]] = tuple(fact for type_ in _ENTRIES for fact in _facts(type_))
