"""What can go wrong with one operation of the API: put in by botocore's own hooks, below its parser and its retries.

The account around it is the one that botocore's model makes up (`wa_lint.demo.modelled`). It knows nothing of what
is read from it.
"""

from __future__ import annotations

import copy
import datetime as dt
import json
import re
from collections.abc import Callable, Mapping
from typing import Any, Final

import botocore.session
import msgspec
import pytest
from botocore.awsrequest import AWSResponse
from botocore.exceptions import ConnectTimeoutError, EndpointConnectionError, ReadTimeoutError
from botocore.retries import quota, standard

from wa_lint.demo import modelled
from wa_lint.demo.embedded_account import new_session
from wa_lint.demo.stub import REGION
from wa_lint.sources.live import collector as table
from wa_lint.sources.live.api_response import items_in
from wa_lint.sources.live.collector import Collector
from wa_lint.sources.live.collectors import all_collectors

Call = tuple[str, str]
"""Service and operation."""

SIZE: Final = modelled.Size(items=2, page=1)

_MADE_BY: Final[Mapping[Call, list[tuple[Collector, table.ApiCall]]]] = {
    (c.service, call.operation): [
        (other, one)
        for other in all_collectors()
        for one in (other.listing, *other.describe)
        if one and (other.service, one.operation) == (c.service, call.operation)
    ]
    for c in all_collectors()
    for call in (c.listing, *c.describe)
    if call
}

_BOTOCORE: Final = botocore.session.get_session()


def model_of(call: Call) -> Any:
    """Return botocore's model of an operation."""
    return _BOTOCORE.get_service_model(call[0]).operation_model(call[1])


def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let botocore try again without waiting, and as often as it would with a client that has failed at nothing yet."""
    monkeypatch.setattr(standard.ExponentialBackoff, "delay_amount", lambda *_: 0)
    monkeypatch.setattr(quota.RetryQuota, "acquire", lambda *_: True)


# --- what goes wrong --------------------------------------------------------------------------------


class Asked(msgspec.Struct, frozen=True):
    """A call, and how often its operation was sent before."""

    model: Any
    request: Mapping[str, Any]
    before: int

    @property
    def service(self) -> str:
        return str(self.model.service_model.service_name)

    @property
    def protocol(self) -> str:
        return str(self.model.service_model.resolved_protocol)


class Fault(msgspec.Struct, frozen=True, kw_only=True):
    """One way for an operation to fail: `sent` for what comes over the wire, else `told` for what an answer says."""

    word: str = ""
    """How the reason of a gap begins; empty: it may be any, or there may be none."""
    sent: Callable[[Asked], AWSResponse | None] | None = None
    """What comes instead of an answer; None: the answer does. May raise what botocore's HTTP client raises."""
    told: Callable[[Asked, dict[str, Any]], dict[str, Any]] | None = None
    """An answer, and what it is changed to."""
    is_possible: Callable[[Any], bool] = lambda _: True
    """Whether the operation of a model can fail so."""


class Cloud:
    """A session of a made-up account, in which one operation goes wrong."""

    region_name = REGION

    def __init__(self) -> None:
        self.wrong: tuple[Call, Fault] | None = None
        self.sent: dict[Call, int] = {}
        self._boto = new_session()
        self._clients: dict[str, tuple[Any, Any]] = {}
        self._answers: dict[tuple[Call, str], dict[str, Any]] = {}
        self._listed: dict[str, list[dict[str, Any]]] = {}
        events = self._boto.events
        events.register("before-parameter-build", lambda params, context, **_: context.update(faults=dict(params)))
        events.register("before-call", self._play)
        events.register("before-send", self._send)
        events.register("after-call", self._fill)

    def client(self, service: str, **named: Any) -> Any:
        """Return the one client of a service, as if it were new: to make it takes longer than to read with it."""
        if service not in self._clients:
            made = self._boto.client(service, **named)
            self._clients[service] = made, copy.copy(_emitter(made))
        made, fresh = self._clients[service]
        _emitter(made).__dict__.update(copy.copy(fresh).__dict__, _lookup_cache={})
        return made

    def __getattr__(self, name: str) -> Any:
        """Be a boto3 session in all else."""
        return getattr(self._boto, name)

    def fail(self, call: Call, fault: Fault) -> None:
        self.wrong = call, fault
        self.sent.clear()

    def heal(self) -> None:
        self.wrong = None
        self.sent.clear()

    def _fault(self, model: Any) -> Fault:
        call = model.service_model.service_name, model.name
        return self.wrong[1] if self.wrong and self.wrong[0] == call else Fault()

    def _answer(self, model: Any, request: Mapping[str, Any]) -> dict[str, Any]:
        key = (model.service_model.service_name, model.name), repr(sorted(request.items()))
        if key not in self._answers:
            told = modelled.answer(model, request, SIZE)
            for resource in told.get("items", ()) if model.name == "GetResources" else ():
                resource["resourceMethods"] = {name: {} for name in resource["resourceMethods"]}
            self._agree(key[0], request, told)
            self._answers[key] = told
        return copy.deepcopy(self._answers[key])

    def _agree(self, call: Call, request: Mapping[str, Any], told: dict[str, Any]) -> None:
        """Let a description say of an item what its listing says: the model alone makes up two ARNs for it."""
        for collector, one in _MADE_BY.get(call, ()):
            if one is collector.listing:
                fed = {name: request[name] for name in one.request}
                items = items_in(told, one.items, one.item_name)
                self._listed.setdefault(collector.type, []).extend(fed | i for i in items)
                continue
            known = told.get(one.within, {}) if one.within else told
            for item in self._listed.get(collector.type, ()):
                fed = {**one.request, **one.optional}
                if all(item.get(member) == request.get(name) for name, member in fed.items()):
                    known.update({name: value for name, value in item.items() if name in known})
                    known.update({name: item[f"Monitoring{name}"] for name in known if f"Monitoring{name}" in item})

    def _play(self, model: Any, context: dict[str, Any], **_: Any) -> tuple[Any, dict[str, Any]] | None:
        fault = self._fault(model)
        call = model.service_model.service_name, model.name
        context["faults asked"] = Asked(model, context["faults"], self.sent.get(call, 0))
        if fault.sent:
            context["faults sends"] = True
            return None
        self.sent[call] = self.sent.get(call, 0) + 1
        answer = self._answer(model, context["faults"])
        if fault.told:
            answer = fault.told(context["faults asked"], answer)
        return AWSResponse("", 200, {}, None), {**answer, "ResponseMetadata": {"HTTPStatusCode": 200}}

    def _send(self, request: Any, **_: Any) -> AWSResponse:
        del request
        assert self.wrong
        call, fault = self.wrong
        before = self.sent.get(call, 0)
        self.sent[call] = before + 1
        assert fault.sent
        asked = Asked(model_of(call), {}, before)
        return fault.sent(asked) or _empty(asked)

    def _fill(self, http_response: Any, parsed: dict[str, Any], model: Any, context: dict[str, Any], **_: Any) -> None:
        """Give what botocore read out of an empty answer its members."""
        if context.get("faults sends") and http_response.headers.get("x-empty"):
            parsed.update(self._answer(model, context["faults"]))


def _emitter(client: Any) -> Any:
    return client.meta.events._emitter  # botocore has no way to take all of a reader's hooks back


# --- over the wire ----------------------------------------------------------------------------------


class Body:
    """What urllib3 gives botocore to read from."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    def stream(self, *_: Any, **__: Any) -> Any:
        yield self._content

    def read(self, *_: Any) -> bytes:
        content, self._content = self._content, b""
        return content


def response(status: int, content: bytes, headers: Mapping[str, str] | None = None) -> AWSResponse:
    from botocore.compat import HTTPHeaders  # noqa: PLC0415, it is http.client's, under botocore's name

    told = HTTPHeaders()
    for name, value in (headers or {}).items():
        told[name] = value
    return AWSResponse("https://aws", status, told, Body(content))


_KIND: Final[Mapping[str, str]] = {
    "ec2": "<Response><Errors><Error>{}</Error></Errors><RequestID>r</RequestID></Response>",
    "query": "<ErrorResponse><Error>{}</Error><RequestId>r</RequestId></ErrorResponse>",
    "rest-xml": "<Error>{}</Error>",
}


def error(asked: Asked, status: int, code: str, message: str = "not today") -> AWSResponse:
    """Return an error in the words of the service's protocol."""
    if asked.protocol in _KIND:
        told = f"<Code>{code}</Code><Message>{message}</Message>"
        return response(status, _KIND[asked.protocol].format(told).encode(), {"Content-Type": "text/xml"})
    body = json.dumps({"__type": code, "message": message}).encode()
    return response(status, body, {"x-amzn-ErrorType": code, "Content-Type": "application/json"})


def _empty(asked: Asked) -> AWSResponse:
    name = asked.model.name
    body = f"<{name}Response><{name}Result/></{name}Response>" if asked.protocol in _KIND else "{}"
    return response(200, body.encode(), {"x-empty": "yes"})


def refused(status: int, code: str, **of: str) -> Callable[[Asked], AWSResponse]:
    """Return what answers with `code`, or with what a service of another protocol calls it."""
    return lambda asked: error(asked, status, of.get(asked.protocol.replace("-", "_"), code))


def _raising(make: Callable[[], Exception]) -> Callable[[Asked], AWSResponse]:
    def fail(asked: Asked) -> AWSResponse:
        del asked
        raise make()

    return fail


def _first(times: int, fault: Callable[[Asked], AWSResponse]) -> Callable[[Asked], AWSResponse | None]:
    return lambda asked: fault(asked) if asked.before < times else None


def _from(times: int, fault: Callable[[Asked], AWSResponse]) -> Callable[[Asked], AWSResponse | None]:
    return lambda asked: fault(asked) if asked.before >= times else None


_XML: Final = {"query": "AccessDenied", "rest_xml": "AccessDenied", "ec2": "UnauthorizedOperation"}
_THROTTLED: Final = {"query": "Throttling", "rest_xml": "SlowDown", "ec2": "RequestLimitExceeded"}
_EXPIRED: Final = {"query": "ExpiredToken", "rest_xml": "ExpiredToken", "ec2": "RequestExpired"}
_STRANGER: Final = {"query": "InvalidClientTokenId", "rest_xml": "InvalidAccessKeyId", "ec2": "AuthFailure"}
_NO_NAME: Final = "[Errno -2] Name or service not known"

_denied = refused(403, "AccessDeniedException", **_XML)
_throttled = refused(429, "ThrottlingException", **_THROTTLED)


def _cut_short(asked: Asked) -> AWSResponse:
    return response(200, b"<a><b>" if asked.protocol in _KIND else b'{"Items": [{"Na')


def _is_text(model: Any) -> bool:
    """Whether the whole body is one text, of which nobody knows where it ends: a bucket's policy."""
    return (
        "payload" in model.output_shape.serialization
        and model.service_model.service_name == "s3"
        and (model.output_shape.members[model.output_shape.serialization["payload"]].type_name == "string")
    )


def _page(_: Asked) -> AWSResponse:
    return response(200, b"<html><body>Please sign in</body></html>", {"Content-Type": "text/html"})


HIDING: Final[Mapping[str, Fault]] = {
    "access is denied": Fault(word="AccessDenied", sent=_denied),
    "throttling for ever": Fault(word="Throttled", sent=_throttled),
    "the token has expired": Fault(word="ExpiredToken", sent=refused(400, "ExpiredTokenException", **_EXPIRED)),
    "the region is disabled": Fault(sent=refused(403, "UnrecognizedClientException", **_STRANGER)),
    "the region lacks the service": Fault(
        sent=_raising(lambda: EndpointConnectionError(endpoint_url="https://aws", error=_NO_NAME))
    ),
    "no answer in time": Fault(
        word="no answer in time", sent=_raising(lambda: ReadTimeoutError(endpoint_url="https://aws"))
    ),
    "no connection": Fault(
        word="no connection", sent=_raising(lambda: ConnectTimeoutError(endpoint_url="https://aws"))
    ),
    "a server's fault for ever": Fault(sent=refused(500, "InternalFailure")),
    "a proxy's page": Fault(sent=_page),
    "an answer cut short": Fault(sent=_cut_short, is_possible=lambda model: not _is_text(model)),
    "a code never seen": Fault(word="NeverSeenException", sent=refused(418, "NeverSeenException")),
    "denied from the second on": Fault(word="AccessDenied", sent=_from(1, _denied)),
}
"""What hides an answer, or a part of the answers."""

PASSING: Final[Mapping[str, Fault]] = {
    "throttled twice": Fault(sent=_first(2, _throttled)),
    "a server's fault once": Fault(sent=_first(1, refused(503, "ServiceUnavailable"))),
    "no answer once": Fault(sent=_first(1, _raising(lambda: ReadTimeoutError(endpoint_url="https://aws")))),
}
"""What is over when botocore asks again."""


def gone(code: str, message: str) -> Fault:
    """Return the fault that what is asked about is not there."""
    return Fault(sent=lambda asked: error(asked, 404 if asked.protocol == "rest-xml" else 400, code, message))


_NOT_THERE: Final = re.compile(r"NotFound|NoSuch|NotExist")


def codes_of_gone(call: Call) -> list[tuple[str, str]]:
    """Return each code and message by which an operation may say that what it is asked about is not there.

    The codes are those of botocore's model. S3's stand in its guide alone (S3 API reference, Error responses); and
    SageMaker says it by a ValidationException, in as many words as it has teams: those of its SDKs' issues, and of
    Terraform's provider, which waits for each (read 2026-11).
    """
    named = [shape.metadata.get("error", {}).get("code", shape.name) for shape in model_of(call).error_shapes]
    found = [(code, "it is not there") for code in named if _NOT_THERE.search(code)]
    if call[0] == "s3":
        found.append(("NoSuchBucket", "The specified bucket does not exist"))
    if call[0] == "sagemaker":
        found += [("ValidationException", text) for text in SAGEMAKER_WORDS]
    return found


SAGEMAKER_WORDS: Final = (
    'Could not find endpoint "arn:aws:sagemaker:eu-west-1:1:endpoint/e".',
    "Cannot find CodeRepository: c",
    "RecordNotFound",
    "Requested resource not found.",
    "Project p does not exist.",
    "No workforce found for this account.",
)


# --- in an answer -----------------------------------------------------------------------------------

_TOKEN: Final = re.compile(r"(next|continuation)?(token|marker)|position", re.IGNORECASE)
_MORE: Final = frozenset({"IsTruncated", "Truncated"})


def tokens(model: Any) -> list[str]:
    """Return the members of an answer that name its next page."""
    if not modelled.is_paged(model.service_model.service_name, model.name):
        return []
    return [name for name in model.output_shape.members if _TOKEN.fullmatch(name)]


def _asked_tokens(asked: Asked) -> list[str]:
    return [str(value) for name, value in asked.request.items() if _TOKEN.fullmatch(name)]


def _with_token(asked: Asked, told: dict[str, Any], token: str) -> dict[str, Any]:
    more = {name: True for name in _MORE if name in asked.model.output_shape.members}
    return {**told, **dict.fromkeys(tokens(asked.model), token), **more}


def _same_token(asked: Asked, told: dict[str, Any]) -> dict[str, Any]:
    return _with_token(asked, told, "1")


def _circle(asked: Asked, told: dict[str, Any]) -> dict[str, Any]:
    return _with_token(asked, told, "0" if _asked_tokens(asked) == ["1"] else "1")


def _empty_page(asked: Asked, told: dict[str, Any]) -> dict[str, Any]:
    if _asked_tokens(asked):
        return told
    return _with_token(asked, {k: [] if isinstance(v, list) else v for k, v in told.items()}, "0")


def changed(shape: Any, value: Any, leaf: Callable[[Any, str, Any], Any], name: str = "") -> Any:
    """Return `value` with each of its leaves as `leaf` (shape, name, value) has it."""
    match shape.type_name:
        case "structure":
            members = shape.members
            return {k: changed(members[k], v, leaf, k) if k in members else v for k, v in value.items()}
        case "list":
            return [changed(shape.member, item, leaf, name) for item in value]
        case "map":
            return {key: changed(shape.value, item, leaf, name) for key, item in value.items()}
    return leaf(shape, name, value)


def _leaves(leaf: Callable[[Any, str, Any], Any]) -> Callable[[Asked, dict[str, Any]], dict[str, Any]]:
    def change(asked: Asked, told: dict[str, Any]) -> dict[str, Any]:
        kept = {name: told[name] for name in (*tokens(asked.model), *_MORE) if name in told}
        return {**changed(asked.model.output_shape, told, leaf), **kept}

    return change


def _never_seen(shape: Any, _: str, value: Any) -> Any:
    return NEVER_SEEN if getattr(shape, "enum", None) else value


def _naive(_: Any, __: str, value: Any) -> Any:
    return value.replace(tzinfo=None) if isinstance(value, dt.datetime) else value


def _no_arn(shape: Any, name: str, value: Any) -> Any:
    return "" if shape.type_name == "string" and name.lower().endswith("arn") else value


def _more(shape: Any, value: Any) -> Any:
    """Return `value` with a member in each structure that botocore's model does not know."""
    match shape.type_name:
        case "structure" if any(inner not in ({}, []) for inner in value.values()):  # what is empty stays so
            members = shape.members
            kept = {k: _more(members[k], v) if k in members else v for k, v in value.items()}
            return {**kept, NEVER_SEEN: {"Deep": [1, None]}}
        case "list":
            return [_more(shape.member, item) for item in value]
        case "map":
            return {key: _more(shape.value, item) for key, item in value.items()}
    return value


def _pruned(value: Any) -> Any:
    """Return the lists and structures alone: whatever says something is missing."""
    match value:
        case dict():
            return {key: _pruned(item) for key, item in value.items() if isinstance(item, dict | list)}
        case list():
            return [_pruned(item) for item in value if isinstance(item, dict | list)]
    return value


def _kept(asked: Asked, told: dict[str, Any], new: dict[str, Any]) -> dict[str, Any]:
    return {**new, **{name: told[name] for name in (*tokens(asked.model), *_MORE) if name in told}}


def _is_paged(model: Any) -> bool:
    """Whether the operation is asked for page after page: of executions the first page, the last of them, is enough."""
    return bool(tokens(model)) and not model.name.endswith("Executions")


NEVER_SEEN: Final = "NeverSeen"

CIRCLES: Final[Mapping[str, Fault]] = {
    "the same token again": Fault(told=_same_token, is_possible=_is_paged),
    "tokens in a circle": Fault(told=_circle, is_possible=_is_paged),
}

HARMLESS: Final[Mapping[str, Fault]] = {
    "an empty page with a token": Fault(told=_empty_page, is_possible=_is_paged),
    "times without a zone": Fault(told=_leaves(_naive)),
    "members never seen": Fault(told=lambda asked, told: _more(asked.model.output_shape, told)),
}
"""What changes nothing of what is read."""

ODD: Final[Mapping[str, Fault]] = {
    "a word never seen": Fault(told=_leaves(_never_seen)),
    "empty ARNs": Fault(told=_leaves(_no_arn)),
    "null in place of each value": Fault(told=_leaves(lambda *_: None)),
    "null in place of each member": Fault(told=lambda asked, told: _kept(asked, told, dict.fromkeys(told))),
    "no values": Fault(told=lambda asked, told: _kept(asked, told, _pruned(told))),
    "null among the items": Fault(
        told=lambda _, told: {k: [None, *v] if isinstance(v, list) else v for k, v in told.items()}
    ),
    "nothing at all": Fault(told=lambda *_: {}),
}
"""Answers that say less, or other, than they should."""
