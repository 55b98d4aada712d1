"""The collector table: which API calls describe which resource type. It calls nothing, imports no boto3.

One entry in a file of `wa_lint/data/collectors/` is all it takes to collect a new type. The plan of calls, the
least-privilege policy, the reading of exported answers, the paths that no answer carries (`data/carried.json`) and the
contract test against botocore's models all come from it. `scripts/refresh_collectors.py` prepares what is read here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from importlib import resources

import msgspec

from wa_lint.request_limits import Quota
from wa_lint.sources.live.collector import CollectedService, Collector


class CollectorTable(msgspec.Struct, frozen=True):
    """What is in `data/collectors.json`."""

    services: Mapping[str, CollectedService]
    """By boto3's name; only those of which something is to be said."""
    collectors: tuple[Collector, ...]


@cache
def _table() -> CollectorTable:
    text = resources.files("wa_lint").joinpath("data/collectors.json").read_bytes()
    return msgspec.json.decode(text, type=CollectorTable)


def all_collectors() -> tuple[Collector, ...]:
    """Return the table: parents before their children, and last what is only read where it is named."""
    return _table().collectors


@cache
def by_type() -> Mapping[str, Collector]:
    return {collector.type: collector for collector in all_collectors()}


def service_of(name: str) -> CollectedService:
    """Return what is said of a service; of most, nothing."""
    return _table().services.get(name) or CollectedService(name=name)


@cache
def quotas_of(service: str, operation: str) -> tuple[Quota, ...]:
    """Return all that a call counts for, as `request_limits.Limits` asks it."""
    return tuple(_quotas(service_of(service), operation))


def _quotas(service: CollectedService, operation: str) -> Iterator[Quota]:
    shared = service_of(service.counts_with) if service.counts_with else service
    yield Quota(shared.name, shared.together.rate, shared.together.burst) if shared.together else Quota(shared.name)
    own = service.operations.get(operation) or service.each
    if own:
        yield Quota(f"{service.name}:{operation}", own.rate, own.burst)
