"""An AWS of one account on loopback: what `demo.modelled` makes up, in every service's own words on the wire.

A request is read and an answer written with moto's parsers and serializers, not with those of botocore that the client
has. None of them speaks CBOR: no client of botocore 1.44 does where a service speaks JSON too, and CloudWatch does.
"""

from __future__ import annotations

import re
import socket
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar
from unittest import mock
from urllib.parse import parse_qsl, unquote, urlsplit

import msgspec

from wa_lint.demo import modelled
from wa_lint.sources.live import call_plan as plan

Raw = Any
Items = dict[str, Raw]

Operation = tuple[str, str]
"""boto3's name of a service, and an operation as botocore's model names it."""

Saying = Callable[[Items, Items], Items]
"""(Request, what is made up) -> what is said instead."""

Fault = Callable[["Handler"], None]
"""Answers on the connection itself, or does not."""


class Refusal(msgspec.Struct, frozen=True):
    """An error that an operation answers with."""

    code: str
    status: int = 400


_ADDRESS = "127.0.0.1"
_look_up = socket.getaddrinfo


def _found(host: Any, *rest: Any, **named: Any) -> Any:
    """Look up a host; what S3 Control puts in front of the address, the account, leads there too."""
    return _look_up(_ADDRESS if isinstance(host, str) and host.endswith(f".{_ADDRESS}") else host, *rest, **named)


class Stub:
    """The account, and what it was asked. It answers once `start` was called, until `stop`."""

    def __init__(self, size: modelled.Size | None = None) -> None:
        self.size = size or modelled.Size()
        self.sayings: dict[Operation, Saying] = {}
        self.everywhere: Callable[[Raw, Items], Items] = lambda _, told: told
        """(Shape, an answer of that shape) -> what is said instead, by all operations."""
        self.refused: dict[Operation, Refusal] = {}
        self.faults: dict[Operation, Iterator[Fault]] = {}
        """What happens to its answers in turn, until none is left."""
        self.seen: Counter[Operation] = Counter()
        self.protocols: dict[str, str] = {}
        """Service -> the protocol that its client spoke."""
        self.broken: list[str] = []
        """What this server could not make sense of."""
        self._server = _Server((_ADDRESS, 0), lambda *given: Handler(self, *given))
        self._names = mock.patch("socket.getaddrinfo", _found)

    @property
    def url(self) -> str:
        return f"http://{_ADDRESS}:{self._server.server_port}"

    def start(self) -> None:
        self._names.start()
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._names.stop()

    def told(self, model: Raw, request: Items) -> Items:
        """Return what the account answers, before it is written in the words of any protocol."""
        told = modelled.answer(model, request, self.size)
        if model.output_shape is not None:
            told = self.everywhere(model.output_shape, _settled(model.output_shape, told))
        saying = self.sayings.get((model.service_model.service_name, model.name))
        return saying(request, told) if saying else told


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version: ClassVar[str] = "HTTP/1.1"  # type: ignore[misc] # BaseHTTPRequestHandler says it once more
    disable_nagle_algorithm = True
    wbufsize = -1

    def __init__(self, stub: Stub, *given: Any) -> None:
        self.stub = stub
        super().__init__(*given)

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        try:
            self._answer(_Asked(self.command, self.path, {k.lower(): v for k, v in self.headers.items()}, body))
        except Exception as error:  # noqa: BLE001, whatever it is, the test is to see it
            self.stub.broken.append(f"{self.command} {self.path}: {error!r}")
            self.reply(400, {}, b"")

    do_GET = do_PUT = do_HEAD = do_POST  # noqa: N815, http.server's names

    def _answer(self, asked: _Asked) -> None:
        service, model, parameters = _recognised(asked)
        operation = service, model.name
        protocol = _spoken(asked, model.service_model)
        self.stub.seen[operation] += 1
        self.stub.protocols[service] = protocol
        faults = self.stub.faults.get(operation)
        if fault := next(faults, None) if faults else None:
            fault(self)
        elif refusal := self.stub.refused.get(operation):
            self.reply(refusal.status, {}, _REFUSED[protocol](refusal.code))
        else:
            request = _read(protocol, model, asked, parameters)
            self.reply(*_written(protocol, model, self.stub.told(model, request)))

    def reply(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None: ...


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256

    def handle_error(self, *_: Any) -> None:
        """Say nothing of who hangs up."""


# --- what is asked ----------------------------------------------------------------------------------


class _Asked(msgspec.Struct, frozen=True):
    """A request as it came in."""

    method: str
    target: str
    headers: Mapping[str, str]
    """By their names in small letters."""
    body: bytes

    @property
    def path(self) -> str:
        return urlsplit(self.target).path

    @property
    def query(self) -> dict[str, str]:
        return dict(parse_qsl(urlsplit(self.target).query, keep_blank_values=True))

    @property
    def form(self) -> dict[str, str]:
        return dict(parse_qsl(self.body.decode(), keep_blank_values=True))


_SCOPE = re.compile(r"Credential=\w+/\d+/[a-z0-9-]+/([\w-]+)/aws4_request")


def _recognised(asked: _Asked) -> tuple[str, Raw, Mapping[str, str]]:
    """Return the service, the model of the operation, and the parameters in the path of a request.

    Nothing but the signature says which service is meant, where one address stands for all.
    """
    scope = _SCOPE.search(asked.headers["authorization"])
    assert scope, asked.headers["authorization"]
    services = _services()[scope[1]]
    if name := _named(asked):
        return services[0], _model(services[0]).operation_model(name), {}
    for service in sorted(services, key=len, reverse=True):  # any path may be one of S3's, so S3 Control comes first
        for route in _routes(service):
            found = route.path.fullmatch(asked.path)
            if found and asked.method == route.method and route.query.items() <= asked.query.items():
                parameters = {route.parameters[key]: unquote(value) for key, value in found.groupdict().items()}
                return service, _model(service).operation_model(route.operation), parameters
    raise LookupError(scope[1])


def _named(asked: _Asked) -> str:
    """Return the operation that a header, the path or the form names; nothing where it is the path's to say."""
    if "x-amz-target" in asked.headers:
        return asked.headers["x-amz-target"].rpartition(".")[2]
    is_form = asked.headers.get("content-type", "").startswith("application/x-www-form-urlencoded")
    return asked.form["Action"] if is_form else ""


def _spoken(asked: _Asked, service: Raw) -> str:
    if "x-amz-target" in asked.headers:
        return "json"
    protocols = service.metadata.get("protocols") or [service.metadata["protocol"]]
    return str(next(protocol for protocol in protocols if protocol in _REFUSED and protocol != "json"))


@cache
def _services() -> Mapping[str, list[str]]:
    """Return the name that a signature has for a service -> boto3's names of those that share it."""
    found: dict[str, list[str]] = {}
    beside = {plan.IDENTITY.service, plan.TAGS.service}
    for service in sorted(beside.union(service for service, _ in plan.operations(None))):
        found.setdefault(_model(service).signing_name, []).append(service)
    return found


@cache
def _model(service: str) -> Raw:
    from moto.core.utils import get_service_model  # noqa: PLC0415, moto takes seconds

    return get_service_model(service)


class _Route(msgspec.Struct, frozen=True):
    """The path of an operation of a REST service."""

    operation: str
    method: str
    path: re.Pattern[str]
    parameters: Mapping[str, str]
    """Group of the path -> parameter: not every parameter's name may be a group's."""
    query: Mapping[str, str]


@cache
def _routes(service: str) -> list[_Route]:
    """Return the operations of a REST service, those first that are told by more; none that a newer one replaced."""
    model = _model(service)
    names = [name for name in model.operation_names if not model.operation_model(name).deprecated]
    routes = [_route(name, model) for name in names]
    return sorted(routes, key=lambda route: (-len(route.query), len(route.parameters), -len(route.path.pattern)))


def _route(operation: str, service: Raw) -> _Route:
    http = service.operation_model(operation).http
    path, _, query = http["requestUri"].partition("?")
    holes = re.findall(r"\{([^}]+)\}", path)
    pattern = re.escape(path)
    for number, hole in enumerate(holes):
        inner = ".+" if hole.endswith("+") else "[^/]+"
        pattern = pattern.replace(re.escape(f"{{{hole}}}"), f"(?P<p{number}>{inner})")
    parameters = {f"p{number}": hole.removesuffix("+") for number, hole in enumerate(holes)}
    literals = dict(parse_qsl(query, keep_blank_values=True))
    return _Route(operation, http.get("method", "POST"), re.compile(pattern.rstrip("/") + "/?"), parameters, literals)


def _read(protocol: str, model: Raw, asked: _Asked, parameters: Mapping[str, str]) -> Items:
    """Return the request as the caller gave it to boto3."""
    from moto.core.parse import PROTOCOL_PARSERS  # noqa: PLC0415, moto takes seconds
    from werkzeug.datastructures import Headers, MultiDict  # noqa: PLC0415, comes with moto

    values = asked.form if protocol in ("query", "ec2") else asked.query
    parser = PROTOCOL_PARSERS[protocol](model, map_type=dict)
    return dict(
        parser.parse(
            {
                "method": asked.method,
                "values": MultiDict(values),
                "headers": Headers(list(asked.headers.items())),
                "body": asked.body,
                "url_path": asked.path,
                "url_params": dict(parameters),
            }
        )
    )


# --- what is answered -------------------------------------------------------------------------------


def _settled(shape: Raw, value: Raw) -> Raw:
    """Return `value` with one member of each union: a service never sends two."""
    match shape.type_name:
        case "structure" if isinstance(value, dict):
            kept = list(value)[:1] if getattr(shape, "is_tagged_union", False) else list(value)
            return {k: _settled(shape.members[k], value[k]) if k in shape.members else value[k] for k in kept}
        case "list":
            return [_settled(shape.member, item) for item in value]
        case "map":
            return {key: _settled(shape.value, item) for key, item in value.items()}
    return value


def _written(protocol: str, model: Raw, told: Items) -> tuple[int, Mapping[str, str], bytes]:
    from moto.core.serialize import get_serializer_class  # noqa: PLC0415, moto takes seconds

    said = get_serializer_class(model.service_model.service_name, protocol)(model).serialize(told)
    body = said["body"]
    headers = {name: str(value) for name, value in said["headers"].items()}
    return said["status_code"], headers, body.encode() if isinstance(body, str) else body


def _json_refusal(code: str) -> bytes:
    return msgspec.json.encode({"__type": code, "message": "not today"})


def _xml_refusal(before: str, after: str) -> Callable[[str], bytes]:
    return lambda code: f"{before}<Error><Code>{code}</Code><Message>not today</Message></Error>{after}".encode()


_REFUSED: Mapping[str, Callable[[str], bytes]] = {
    "json": _json_refusal,
    "rest-json": _json_refusal,
    "query": _xml_refusal("<ErrorResponse>", "<RequestId>r</RequestId></ErrorResponse>"),
    "rest-xml": _xml_refusal("", ""),
    "ec2": _xml_refusal("<Response><Errors>", "</Errors><RequestID>r</RequestID></Response>"),
}
"""Protocol -> how a refusal is written in it (Smithy's AWS protocols, read 2026-11)."""


# --- faults of the network --------------------------------------------------------------------------


def drip(handler: Handler) -> None:
    """Promise much, and send a byte now and then: no timeout of a socket ever sees it."""
    handler.send_response(200)
    handler.send_header("Content-Length", "100000")
    handler.end_headers()
    for _ in _ticks(200):
        handler.wfile.write(b" ")
        handler.wfile.flush()


def hang_up(handler: Handler) -> None:
    """Promise much, send a little, and close the connection."""
    _break_off(handler, b'{"half": {}')


def hang_up_at_once(handler: Handler) -> None:
    """As `hang_up`, with nothing behind the headers."""
    _break_off(handler, b"")


def speak_of_something_else(handler: Handler) -> None:
    """Answer as a proxy does that wants to be asked first, in a text that calls itself none."""
    handler.reply(200, {}, b"Please sign in")


def _break_off(handler: Handler, sent: bytes) -> None:
    handler.send_response(200)
    handler.send_header("Content-Length", "100000")
    handler.end_headers()
    handler.wfile.write(sent)
    handler.close_connection = True


def _ticks(count: int) -> Iterator[int]:
    wait = threading.Event()
    for number in range(count):
        yield number
        wait.wait(0.1)
