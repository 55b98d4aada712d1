"""An account that botocore's model makes up: every listing has items, in pages, every description all its members.

It is where no embedded account can: for whatever operation the collector table has, it answers in the shape that
the service would, whatever was never created. It judges nothing.
"""

from __future__ import annotations

import datetime as dt
import json
import re
import zlib
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from typing import Final

import msgspec

from wa_lint.demo.stub import ACCOUNT, REGION
from wa_lint.model import Raw
from wa_lint.request_limits import PAGE_SIZES
from wa_lint.sources.live.collector import Collector
from wa_lint.sources.live.collectors import all_collectors

Items = dict[str, Raw]

BORN: Final = dt.datetime(2026, 10, 5, 8, 0, tzinfo=dt.UTC)
"""Every time in every answer."""


class Size(msgspec.Struct, frozen=True):
    """How much there is."""

    items: int = 3
    """In each listing; under each parent where it has one."""
    page: int = 2


def install(session: Raw, size: Size | None = None) -> None:
    """Let a boto3 session be answered here, before it makes its first client. It opens no socket."""
    size = size or Size()
    session.events.register("before-parameter-build", _keep_request)
    session.events.register(
        "before-call", lambda model, context, **_: _said(answer(model, context[_REQUEST], size)), unique_id=__name__
    )


def answer(model: Raw, request: Mapping[str, Raw], size: Size) -> Items:
    """Return what an operation of botocore's model says to a request: parsed, as botocore hands it on."""
    service, shape = model.service_model.service_name, model.output_shape
    if shape is None:
        return {}
    pages = _paging(service, model.name)
    told: Items = _sample(shape, _tag(request, pages), 0)
    told |= {name: value for name, value in request.items() if name in told}
    for token in (*pages.told, *pages.more):
        told.pop(token, None)
    for collector, path in _LISTS.get((service, model.name), ()):
        rest = _put_items(told, shape, path.split("."), _Listed(collector, request, pages, size))
        if rest and pages.told:
            told |= dict.fromkeys(pages.told, f"{rest:03}") | dict.fromkeys(pages.more, True)
    return told | {name: False for name in pages.more if name not in told}


def is_paged(service: str, operation: str) -> bool:
    """Whether an operation answers page by page."""
    return bool(_paging(service, operation).told)


# --- the hooks --------------------------------------------------------------------------------------

_REQUEST: Final = "wa-lint request"


def _keep_request(params: Items, context: Items, **_: Raw) -> None:
    context[_REQUEST] = dict(params)


def _said(told: Items) -> tuple[Raw, Items]:
    from botocore.awsrequest import AWSResponse  # noqa: PLC0415, half a second that only an embedded account pays

    return AWSResponse("", 200, {}, None), {**told, "ResponseMetadata": {"HTTPStatusCode": 200}}


# --- lists and pages --------------------------------------------------------------------------------


class _Paging(msgspec.Struct, frozen=True):
    """How a listing is asked for its next page, and how it says that there is one."""

    asked: tuple[str, ...] = ()
    told: tuple[str, ...] = ()
    more: tuple[str, ...] = ()


class _Listed(msgspec.Struct, frozen=True):
    """One listing that is requested."""

    collector: Collector
    request: Mapping[str, Raw]
    pages: _Paging
    size: Size

    def rows(self, shape: Raw) -> tuple[list[Raw], int]:
        """Return the items of the page that is requested, and where the next begins; 0: there is none."""
        start = next((int(self.request[name]) for name in self.pages.asked if name in self.request), 0)
        end = min(start + self.size.page, self.size.items) if self.pages.told else self.size.items
        whose = _tag(self.request, self.pages)
        rows = [self._row(shape, f"{n}-{whose}".rstrip("-")) for n in range(start, end)]
        return rows, end if end < self.size.items else 0

    def _row(self, shape: Raw, tag: str) -> Raw:
        if shape is not None:
            return _sample(shape, tag, 0)
        texts = (self.collector.name, self.collector.arn, self.collector.id)
        return {name: f"{name}-{tag}" for name in re.findall(r"\{(\w+)\}", " ".join(texts))}


def _put_items(told: Items, shape: Raw, path: list[str], listed: _Listed) -> int:
    """Put the page's items at `path`, into a JSON text where one is on the way; return where the next begins."""
    first, *rest = path
    if shape.type_name == "structure" and shape.members[first].type_name == "string":
        rows, following = listed.rows(None)
        told[first] = json.dumps({rest[0]: rows})
        return following
    if rest:
        return _put_items(told[first], shape.members[first], rest, listed)
    told[first], following = listed.rows(shape.members[first].member)
    return following


def _lists() -> Iterator[tuple[tuple[str, str], tuple[Collector, str]]]:
    for collector in all_collectors():
        for call in filter(None, (collector.listing, *collector.describe)):
            if call.items:
                yield (collector.service, call.operation), (collector, call.items)


def _by_operation(
    pairs: Iterable[tuple[tuple[str, str], tuple[Collector, str]]],
) -> Mapping[tuple[str, str], dict[str, Collector]]:
    found: dict[tuple[str, str], dict[str, Collector]] = {}
    for operation, (collector, path) in pairs:
        found.setdefault(operation, {}).setdefault(path, collector)
    return found


_LISTS: Final = {
    operation: [(collector, path) for path, collector in paths.items()]
    for operation, paths in _by_operation(_lists()).items()
}


@cache
def _paging(service: str, operation: str) -> _Paging:
    """Return how botocore turns the pages of a listing; one that it has no paginator for may have a NextToken."""
    session = _botocore()
    model = session.get_service_model(service).operation_model(operation)
    try:
        config = session.get_paginator_model(service).get_paginator(operation)
    except (ValueError, LookupError):
        config = {}
    if not config and "NextToken" in (model.input_shape.members if model.input_shape else ()):
        config = {"input_token": "NextToken", "output_token": "NextToken"}
    asked, told = (config.get(name, []) for name in ("input_token", "output_token"))
    more = config.get("more_results")
    return _Paging(_several(asked), _several(told), (more,) if more else ())


@cache
def _botocore() -> Raw:
    """Return the one session whose models all answers are made of: each new one would read SageMaker's again."""
    from botocore.session import get_session  # noqa: PLC0415, half a second that only an embedded account pays

    return get_session()


def _several(names: str | list[str]) -> tuple[str, ...]:
    return (names,) if isinstance(names, str) else tuple(names)


def _tag(request: Mapping[str, Raw], pages: _Paging) -> str:
    """Return what tells the things of one request from those of another: the names that are requested."""
    about_pages = {*pages.asked, *PAGE_SIZES}
    words = [str(v) for k, v in sorted(request.items()) if isinstance(v, str | int) and k not in about_pages]
    return f"{zlib.crc32('-'.join(words).encode()):08x}" if words else ""


# --- values of every shape --------------------------------------------------------------------------

_DEPTH: Final = 8
"""Some shapes hold themselves; nobody looks deeper."""

_BAD: Final = re.compile(r"delet|fail|stop|inactive|invalid|^aws$", re.IGNORECASE)
"""Words of an enum that a thing is not to be made of: that it is gone, broken, or AWS's own."""

_DOCUMENT: Final = re.compile(
    r"(Policy|policy|AccessPolicies|Document|[Pp]olicyText|Definition|^definition|^Content|EventPattern)$"
)
"""Names of texts that hold JSON."""

_FIXED: Final = {"Account": ACCOUNT, "AccountId": ACCOUNT, "BucketRegion": REGION, "HomeRegion": REGION}

_SCALARS: Final[Mapping[str, Raw]] = {
    "blob": b"cHJpbnQ=",
    "boolean": True,
    "double": 1.0,
    "float": 1.0,
    "timestamp": BORN,
}


def _sample(shape: Raw, tag: str, depth: int, name: str = "") -> Raw:
    """Return a value with every member of `shape`; texts bear the member's name and `tag`."""
    match shape.type_name:
        case "structure":
            members = shape.members.items() if depth < _DEPTH else ()
            return {key: _sample(member, tag, depth + 1, key) for key, member in members}
        case "list":
            return [_sample(shape.member, tag, depth + 1, name)] if depth < _DEPTH else []
        case "map":
            return {_sample(shape.key, tag, depth + 1, "key"): _sample(shape.value, tag, depth + 1, name)}
        case "string":
            return _text(shape, tag, name)
        case "integer" | "long":
            return max(1 + int((re.match(r"\d", tag) or "0")[0]), int(shape.metadata.get("min", 1)))
    return _SCALARS[shape.type_name]


def _text(shape: Raw, tag: str, name: str) -> str:
    if words := getattr(shape, "enum", ()):
        return str(next((word for word in words if not _BAD.search(word)), words[0]))
    if name in _FIXED:
        return str(_FIXED[name])
    if name.lower().endswith("arn"):
        return f"arn:aws:{name[:-3].lower() or 'any'}:{REGION}:{ACCOUNT}:{name[:-3].lower() or 'thing'}/{tag}"
    if _DOCUMENT.search(name):
        return '{"Version": "2012-10-17", "Statement": []}'
    least = int(shape.metadata.get("min", 0)) - len(tag) - 1  # botocore refuses a shorter text in the next request
    return f"{name.ljust(least, 'x')}-{tag}".rstrip("-") + _endings().get(name, "")


@cache
def _endings() -> Mapping[str, str]:
    """Return how the texts of a member end that a listing is read by."""
    return {name: end for collector in all_collectors() for name, end in collector.ends_with.items()}
