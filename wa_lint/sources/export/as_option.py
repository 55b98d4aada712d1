"""Answers that do not say whose they are: what they are, and how they are read where somebody says it (`--as`)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

import msgspec

from wa_lint.document import read_document
from wa_lint.errors import ConfigError, SourceError, did_you_mean
from wa_lint.model import Listed, Location, Raw, Resource, Snapshot, SourceKind, Unknown
from wa_lint.sources.export.answer_table import UNNAMED, UNREAD, Unnamed
from wa_lint.sources.live.api_response import Item, ResponsePlace, items_in, resource_of, settable, told
from wa_lint.sources.live.collector import ApiCall, Collector, ListingReach
from wa_lint.sources.live.collectors import all_collectors, by_type

OPTION: Final = "--as"

_SERVICES: Final = {"s3": "s3api"}
"""boto3's name of a service -> the AWS CLI's, where that is another one."""

READ: Final = "docs/exports.md lists the responses that it reads"

_ONE_CALL: Final = Unknown("another call returns it, and the file holds one response")


class NamedAnswer(msgspec.Struct, frozen=True):
    """Which answer a file holds, and whose: ``s3api:get-bucket-versioning:BUCKET``."""

    command: str
    """``s3api get-bucket-versioning``"""
    of: str
    """The name, the id or the ARN of what was asked about."""


class _Asked(msgspec.Struct, frozen=True):
    collector: Collector
    call: ApiCall


def parse(text: str) -> NamedAnswer:
    """Return what `--as` says. Raise `ConfigError` where it says nothing that is read."""
    service, _, rest = text.partition(":")
    operation, _, of = rest.partition(":")
    command = f"{service} {operation}"
    if not of:
        raise ConfigError(OPTION, f"{text!r} is not SERVICE:OPERATION:ID, as in s3api:get-bucket-versioning:BUCKET")
    if command not in commands():
        near = did_you_mean(command, commands())
        raise ConfigError(OPTION, f"responses of {command!r} are not read{near or f'; {READ}'}")
    return NamedAnswer(command, of)


def commands() -> dict[str, str]:
    """Return the commands whose answers `--as` can place, each with the type that it tells of."""
    return {_command(asked): asked.collector.type for asked in _asked()}


def read_said(content: bytes, uri: str, said: NamedAnswer) -> Snapshot:
    """Return the snapshot of an answer. Raise `SourceError` where the file holds no such answer."""
    value = read_document(content, uri).value
    value = {} if value is None else value  # the AWS CLI prints nothing where an answer has no members
    asked = next(asked for asked in _asked() if _command(asked) == said.command)
    if not isinstance(value, dict):
        raise SourceError(uri, f"it is not a response of {said.command}: expected a map")
    expected = next((unnamed for unnamed in UNNAMED if unnamed.command == said.command), None)
    if value and expected is not None and not _is_like(value, expected):
        has = ", ".join(expected.has)
        raise SourceError(uri, f"it is not a response of {said.command}, which has {has}")
    resources = tuple(_placed(resource, uri) for resource in _resources(asked, value, said.of))
    return Snapshot(kind=SourceKind.EXPORT, uri=uri, resources=resources)


def unread(value: Raw) -> str | None:
    """Say which answer of the AWS CLI `value` is, and why it is not read; None if it is not one that we know."""
    if not isinstance(value, dict) or not value:
        return None
    unnamed = unnamed_of(value)
    if unnamed is not None:
        how = f"{unnamed.command.replace(' ', ':')}:{unnamed.what}"
        return f"a response of {unnamed.command}, which does not name its {unnamed.what}: pass {OPTION} {how}"
    key = next((key for key in UNREAD if key in value), None)
    return None if key is None else f"a response of {UNREAD[key]}, which wa-lint does not read ({READ})"


def unnamed_of(value: Item) -> Unnamed | None:
    return next((unnamed for unnamed in UNNAMED if _is_like(value, unnamed)), None)


def _is_like(value: Item, unnamed: Unnamed) -> bool:
    if not all(name in value for name in unnamed.has) or value.keys() - {*unnamed.has, *unnamed.only}:
        return False
    held = value[unnamed.has[0]]
    if unnamed.command.endswith("versioning") and held not in {"Enabled", "Suspended"}:
        return False
    items = held if isinstance(held, list) else [held]
    return not unnamed.inner or (
        bool(items) and all(isinstance(item, dict) and all(name in item for name in unnamed.inner) for item in items)
    )


# --- by the collector table -------------------------------------------------------------------------


def _asked() -> Iterator[_Asked]:
    """Yield the calls that are asked about one thing: descriptions, and the listings of its parts."""
    for collector in all_collectors():
        if collector.listing is not None and (collector.parent or collector.name == "model-invocation-logging"):
            yield _Asked(collector, collector.listing)
        for call in collector.describe:
            if call.request:
                yield _Asked(collector, call)
    yield _version()


def _version() -> _Asked:
    """Return the one description that no scan asks for, since `GetAccountAuthorizationDetails` tells it too."""
    policy = msgspec.structs.replace(
        by_type()["AWS::IAM::ManagedPolicy"], renames={"Document": "PolicyDocument"}, listing=None
    )
    request, fills = {"PolicyArn": "Arn"}, ("PolicyDocument",)
    return _Asked(policy, ApiCall(operation="GetPolicyVersion", request=request, within="PolicyVersion", fills=fills))


def _command(asked: _Asked) -> str:
    service = _SERVICES.get(asked.collector.service, asked.collector.service)
    return f"{service} {_WORD.sub('-', asked.call.operation).lower()}"


_WORD: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
"""Between the words of ``DescribeAutoMLJobV2``, as the AWS CLI finds them."""


def _resources(asked: _Asked, answer: Item, of: str) -> Iterator[Resource]:
    collector, call = asked.collector, asked.call
    place, fed = _place(collector, of), _fed(asked, of)
    if call is collector.listing:
        for item in items_in(answer, call.items, call.item_name):
            yield resource_of(collector, {**fed, **item}, place)
            yield from _inside(collector, {**fed, **item}, place)
        return
    item = {**fed, **told(call, answer)}
    yield resource_of(collector, item, place, dict(_untold(asked, item)))


def _inside(parent: Collector, item: Item, place: ResponsePlace) -> Iterator[Resource]:
    """Yield what is inside an item, as the methods of a resource of an API."""
    for collector in all_collectors():
        held = item.get(collector.inside) if collector.parent == parent.type and collector.inside else None
        for key, inner in held.items() if isinstance(held, dict) else ():
            kept = {
                new or old: item[old] for old, _, new in (n.partition("=") for n in collector.inherits) if old in item
            }
            if isinstance(inner, dict):
                refused = {} if inner.get("authorizationType") else {"": _ONE_CALL}
                yield resource_of(collector, {**kept, collector.inside_key: key, **inner}, place, refused)


def _fed(asked: _Asked, of: str) -> Item:
    """Return the members of the item that say whose it is."""
    collector, call = asked.collector, asked.call
    bare = of.rpartition("/")[2].rpartition(":")[2] if of.startswith("arn:") else of
    names = [*(call.request if call is collector.listing else call.request.values())]
    fed: Item = {name: of if name.lower().endswith("arn") else bare for name in names}
    member = collector.arn.strip("{}")
    if of.startswith("arn:") and collector.arn == f"{{{member}}}" and call is not collector.listing:
        fed[member] = of
    return fed


def _untold(asked: _Asked, item: Item) -> Iterator[tuple[str, Unknown]]:
    """Yield what only other calls tell."""
    collector, call = asked.collector, asked.call
    names = {name for other in collector.describe if other is not call for name in other.fills}
    if call.fills:
        names |= settable(collector.type) - set(call.fills)
    known = set(call.fills) | {collector.renames.get(name, name) for name in item}
    yield from ((name, _ONE_CALL) for name in sorted(names - known))


def _place(collector: Collector, of: str) -> ResponsePlace:
    """Return what an ARN, or ``ACCOUNT/REGION``, says of account and region."""
    account, slash, region = of.partition("/")
    partition = "aws"
    if of.startswith("arn:"):
        _, partition, _, region, account, *_ = [*of.split(":"), *[""] * 5]
    elif not (slash and account.isdigit()):
        account, region = "", ""
    is_regional = collector.reach is ListingReach.REGIONAL
    return ResponsePlace(account if account.isdigit() else None, (region or None) if is_regional else None, partition)


def _placed(resource: Resource, uri: str) -> Resource:
    return msgspec.structs.replace(resource, origin=Listed(Location(uri, 1, 1)))
