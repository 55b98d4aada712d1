"""How an endpoint is used: hourly invocations of a live account, put into numbers. Templates have none."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import msgspec

from wa_lint.cel.types import DOUBLE, INT
from wa_lint.facts.fact import Fact, Record, seen, unseen, value_of
from wa_lint.graph import Cell
from wa_lint.model import ABSENT, SourceKind, Unknown, Value

MINIMUM_HOURS: Final = 7 * 24
"""A week: less says nothing of weekends, and calls a new endpoint idle."""

_HOUR: Final = dt.timedelta(hours=1)


class Series(msgspec.Struct, frozen=True):
    """Invocations of one variant, as ``observed.invocations`` keeps them.

    An hour without a data point is taken for one without requests; no page of AWS's was found that says so.
    """

    start: dt.datetime
    hours: int
    values: list[tuple[int, float]]


def endpoint_traffic(endpoint: Cell) -> Value:
    """Return the traffic of all variants together; ABSENT in a template."""
    found = _observed(endpoint)
    if not isinstance(found, Mapping):
        return found
    series = list(found.values())
    return _unpublished(endpoint.select("endpoint_config"), series) or _numbers(series)


def variant_traffic(variant: Cell) -> Value:
    """Return the traffic of one variant, over all endpoints with its configuration; ABSENT in a template."""
    if _is_template(variant):
        return ABSENT
    endpoints, hidden = seen(variant.world.cell(variant.resource).select("endpoints").items())
    name = variant.select("VariantName").value
    series: list[Series] = []
    for endpoint in endpoints:
        found = _observed(endpoint)
        if not isinstance(found, Mapping):
            return found
        series.extend(one for label, one in found.items() if label == name)
    config = variant.world.cell(variant.resource)
    return Unknown(hidden) if hidden else _unpublished(config, series) or _numbers(series)


def _unpublished(config: Cell, series: Iterable[Series]) -> Unknown | None:
    """Say why no data proves nothing: an asynchronous endpoint has no Invocations at all.

    Source: SageMaker developer guide, "Alarms and logs for tracking metrics from asynchronous endpoints".
    """
    if any(one.values for one in series):
        return None
    is_async = config.select("AsyncInferenceConfig").value
    if hidden := unseen(config.value) or unseen(is_async):
        return Unknown(f"whether the endpoint is asynchronous, and so has no Invocations, is not known: {hidden}")
    return None if is_async is ABSENT else Unknown("SageMaker publishes no Invocations for asynchronous endpoints")


def _is_template(cell: Cell) -> bool:
    return cell.world.graph.snapshot.kind is SourceKind.TEMPLATE


def _observed(endpoint: Cell) -> Mapping[str, Series] | Value:
    if _is_template(endpoint):
        return ABSENT
    found = value_of(endpoint.select("observed").select("invocations"))
    if unseen(found):
        return Unknown(unseen(found) or "")
    hidden = next((unseen(one) for one in found.values() if unseen(one)), None) if isinstance(found, dict) else None
    if hidden:
        return Unknown(hidden)
    try:
        return msgspec.convert(found, dict[str, Series], strict=False)
    except msgspec.ValidationError:
        return Unknown("the hourly invocations of this endpoint were not read")


def _numbers(series: Sequence[Series]) -> Value:
    if not series:
        return Unknown("no hourly invocations were read")
    first = min(one.start for one in series)
    hours = max(_offset(first, one.start) + one.hours for one in series)
    if hours < MINIMUM_HOURS:
        return Unknown(f"{hours} hours of traffic are too few to judge: it takes {MINIMUM_HOURS}")
    return _summary(_hourly(series, first, hours))


def _hourly(series: Iterable[Series], first: dt.datetime, hours: int) -> list[float]:
    """Return the invocations of each hour, over all series."""
    counts = [0.0] * hours
    for one in series:
        offset = _offset(first, one.start)
        for hour, count in one.values:
            if 0 <= offset + hour < hours:
                counts[offset + hour] += count
    return counts


def _offset(first: dt.datetime, start: dt.datetime) -> int:
    return int((start - first) / _HOUR)


def _summary(counts: Sequence[float]) -> Value:
    total, peak, hours = sum(counts), max(counts), len(counts)
    idle = sum(count == 0 for count in counts)
    mean = total / hours
    return {
        "hours": hours,
        "total": total,
        "idle_hours": idle,
        "idle_share": round(idle / hours, 4),
        "mean": round(mean, 4),
        "peak": peak,
        "peak_to_mean": round(peak / mean, 4) if total else 0.0,
    }


TRAFFIC: Final = Record(
    "traffic",
    {
        "hours": INT,
        "total": DOUBLE,
        "idle_hours": INT,
        "idle_share": DOUBLE,
        "mean": DOUBLE,
        "peak": DOUBLE,
        "peak_to_mean": DOUBLE,
    },
)

FACTS: Final[tuple[Fact, ...]] = (
    Fact(
        "AWS::SageMaker::Endpoint",
        "",
        "traffic",
        (),
        TRAFFIC,
        "Its hourly invocations in numbers, over at least a week. Absent in a template.",
        endpoint_traffic,
        is_optional=True,
    ),
    Fact(
        "AWS::SageMaker::EndpointConfig",
        "ProductionVariants[]",
        "traffic",
        ("AWS::SageMaker::Endpoint",),
        TRAFFIC,
        "The hourly invocations of the variant in numbers. Absent in a template.",
        variant_traffic,
        is_optional=True,
    ),
)
