"""What has to be called to read given types: the plan of calls and the least-privilege policy. It calls nothing."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import msgspec

from wa_lint.sources.live.collectors import COLLECTORS, METRICS
from wa_lint.sources.live.table import Call, Collector

BY_TYPE: Mapping[str, Collector] = {collector.type: collector for collector in COLLECTORS}

METRIC_CALL = Call(operation="GetMetricData")


class Operation(msgspec.Struct, frozen=True, order=True):
    """One API operation of the plan."""

    service: str
    operation: str
    action: str
    """The IAM action that it needs."""


def wanted(types: Collection[str] | None) -> list[Collector]:
    """Return the collectors that give resources of `types` (None: all), parents before children."""
    covered = set(types) if types is not None else set(BY_TYPE)
    return [c for c in COLLECTORS if c.type in covered or covered.intersection(c.covers)]


def listed(collectors: Sequence[Collector]) -> list[Collector]:
    """Return `collectors` and those under whose items they are listed."""
    names = {c.type for c in collectors}
    for collector in reversed(COLLECTORS):  # children first, so that one pass finds every ancestor
        if collector.type in names and collector.parent:
            names.add(collector.parent)
    return [c for c in COLLECTORS if c.type in names]


def calls_for(type_: str) -> list[Operation]:
    """Return the calls that reading `type_` makes; empty for a type that is not read."""
    return _plan(wanted({type_}))


def operations(types: Collection[str] | None) -> list[tuple[str, str]]:
    """Return (service, operation) of all calls that reading `types` makes, sorted."""
    return sorted({(call.service, call.operation) for call in _plan(wanted(types))})


def iam_actions(types: Collection[str] | None) -> list[str]:
    """Return the IAM actions that reading `types` needs, sorted. sts:GetCallerIdentity needs none."""
    return sorted({call.action for call in _plan(wanted(types))})


def operation_of(collector: Collector, call: Call) -> Operation:
    return Operation(collector.service, call.operation, call.action or f"{collector.service}:{call.operation}")


def _plan(collectors: Sequence[Collector]) -> list[Operation]:
    lists = [operation_of(c, c.listing) for c in listed(collectors) if c.listing]
    details = [operation_of(c, call) for c in collectors for call in c.describe]
    metrics = [metric_operation() for m in METRICS if any(c.type == m.type for c in collectors)]
    return sorted({*lists, *details, *metrics})


def metric_operation() -> Operation:
    return Operation("cloudwatch", METRIC_CALL.operation, "cloudwatch:GetMetricData")
