"""How endpoints and inference components are used: their invocations in a live account. Templates have none."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

import msgspec

from wa_lint.cel.types import DOUBLE, INT
from wa_lint.facts.fact import Fact, Record, seen, unseen, value_of
from wa_lint.graph import Cell
from wa_lint.model import ABSENT, SourceKind, Unknown, Value

MINIMUM_HOURS: Final = 7 * 24
"""A week: less says nothing of weekends, and calls a new endpoint idle."""

IDLE_DAYS: Final = 90
"""A quarter: what is called once a month is in use."""

_HOUR: Final = dt.timedelta(hours=1)


class Series(msgspec.Struct, frozen=True):
    """Invocations of one variant or inference component, as ``observed.invocations`` keeps them.

    An hour without a data point is taken for one without requests; no page of AWS's was found that says so.
    """

    start: dt.datetime
    values: list[tuple[int, float]]
    hours: int = 0
    days: int = 0
    """Of ``observed.invocations_daily``, in place of `hours`."""


def endpoint_traffic(endpoint: Cell) -> Value:
    """Return the traffic of all variants together; ABSENT in a template."""
    found = _of_endpoint(endpoint, "invocations")
    return _numbers(found) if isinstance(found, list) else found


def variant_traffic(variant: Cell) -> Value:
    """Return the traffic of one variant, over all endpoints with its configuration; ABSENT in a template."""
    if _is_template(variant):
        return ABSENT
    config = variant.world.cell(variant.resource)
    endpoints, hidden = seen(config.select("endpoints").items())
    name = variant.select("VariantName").value
    series: list[Series] = []
    for endpoint in endpoints:
        found = _observed(endpoint, "invocations")
        if not isinstance(found, Mapping):
            return found
        series.extend(one for label, one in found.items() if label == name)
    if hidden:
        return Unknown(hidden)
    whole = _with_components(config, endpoints, [variant], series, "invocations")
    return _numbers(whole) if isinstance(whole, list) else whole


def component_traffic(component: Cell) -> Value:
    """Return the traffic of one inference component; ABSENT in a template."""
    found = _of_component(component, "invocations")
    return _numbers([found]) if isinstance(found, Series) else found


def endpoint_idle_days(endpoint: Cell) -> Value:
    """Return the whole days without a request to any variant, up to the snapshot; ABSENT in a template."""
    found = _of_endpoint(endpoint, "invocations_daily")
    return _idle_days(found) if isinstance(found, list) else found


def component_idle_days(component: Cell) -> Value:
    """Return the same of one inference component."""
    found = _of_component(component, "invocations_daily")
    return _idle_days([found]) if isinstance(found, Series) else found


def _of_endpoint(endpoint: Cell, key: str) -> list[Series] | Value:
    found = _observed(endpoint, key)
    if not isinstance(found, Mapping):
        return found
    config = endpoint.select("endpoint_config")
    variants = config.select("ProductionVariants").items()
    return _with_components(config, [endpoint], variants, list(found.values()), key)


def _with_components(
    config: Cell, endpoints: Iterable[Cell], variants: Iterable[Cell], series: list[Series], key: str
) -> list[Series] | Unknown:
    """Return `series`, or why that no request is in it proves nothing.

    An asynchronous endpoint has no Invocations at all (SageMaker developer guide, "Alarms and logs for tracking
    metrics from asynchronous endpoints"). A variant without a model hosts inference components, whose requests are
    counted under their own names ("Amazon SageMaker AI metrics in Amazon CloudWatch", seen 2026-11; whether under the
    variant's too it does not say).
    """
    if any(one.values for one in series):
        return series
    is_async = config.select("AsyncInferenceConfig").value
    if hidden := unseen(config.value) or unseen(is_async):
        return Unknown(f"whether the endpoint is asynchronous, and so has no Invocations, is not known: {hidden}")
    if is_async is not ABSENT:
        return Unknown("SageMaker publishes no Invocations for asynchronous endpoints")
    hosts = [variant for variant in variants if not _has_model(variant)]
    found = [_of_component(component, key) for component in _components(endpoints, hosts)]
    hidden = next((unseen(one) for one in found if unseen(one)), None)
    return Unknown(hidden) if hidden else [*series, *(one for one in found if isinstance(one, Series))]


def _has_model(variant: Cell) -> bool:
    """Whether the variant surely serves a model of its own, and so no inference components."""
    return isinstance(variant.select("ModelName").value, str)


def _components(endpoints: Iterable[Cell], hosts: Sequence[Cell]) -> Iterator[Cell]:
    """Yield the inference components of the variants in `hosts`; one that may be, or may be hidden, too."""
    names = {name for host in hosts if isinstance(name := host.select("VariantName").value, str)}
    for component in (c for endpoint in endpoints if hosts for c in endpoint.select("inference_components").items()):
        variant = component.select("VariantName").value
        if not isinstance(variant, str) or not names or variant in names:
            yield component


def _of_component(component: Cell, key: str) -> Series | Value:
    if _is_template(component):
        return ABSENT
    if hidden := unseen(component.value):
        return Unknown(hidden)
    found = value_of(component.select("observed").select(key))
    if unseen(found):
        return Unknown(unseen(found) or "")
    try:
        return msgspec.convert(found, Series, strict=False)
    except msgspec.ValidationError:
        return Unknown("the invocations of this inference component were not read")


def _is_template(cell: Cell) -> bool:
    return cell.world.graph.snapshot.kind is SourceKind.TEMPLATE


def _observed(endpoint: Cell, key: str) -> Mapping[str, Series] | Value:
    """Return the series of each variant."""
    if _is_template(endpoint):
        return ABSENT
    found = value_of(endpoint.select("observed").select(key))
    if unseen(found):
        return Unknown(unseen(found) or "")
    hidden = next((unseen(one) for one in found.values() if unseen(one)), None) if isinstance(found, dict) else None
    if hidden:
        return Unknown(hidden)
    try:
        return msgspec.convert(found, dict[str, Series], strict=False)
    except msgspec.ValidationError:
        return Unknown("the invocations of this endpoint were not read")


def _numbers(series: Sequence[Series]) -> Value:
    if not series:
        return Unknown("no hourly invocations were read")
    first = min(one.start for one in series)
    hours = max(_offset(first, one.start) + one.hours for one in series)
    if hours < MINIMUM_HOURS:
        return Unknown(f"{hours} hours of traffic are too few to judge: it takes {MINIMUM_HOURS}")
    return _summary(_hourly(series, first, hours))


def _idle_days(series: Sequence[Series]) -> Value:
    """Return the days since the last with a request: `IDLE_DAYS` if none of so many had one."""
    if not series:
        return Unknown("no daily invocations were read")
    since = [one.days - 1 - day for one in series for day, count in one.values if count > 0]
    if since:
        return min(since)
    looked = min(one.days for one in series)
    if looked < IDLE_DAYS:
        return Unknown(f"no request in {looked} days is too little to judge: it takes {IDLE_DAYS}")
    return looked


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

_ENDPOINT: Final = "AWS::SageMaker::Endpoint"
_COMPONENT: Final = "AWS::SageMaker::InferenceComponent"
_IDLE: Final = f"Whole days without a request before the snapshot; {IDLE_DAYS}: in all that were looked at. {{}}"
_NO_TEMPLATE: Final = "Absent in a template."

FACTS: Final[tuple[Fact, ...]] = (
    Fact(
        _ENDPOINT,
        "",
        "traffic",
        (_COMPONENT,),
        TRAFFIC,
        f"Its hourly invocations in numbers, over at least a week. {_NO_TEMPLATE}",
        endpoint_traffic,
        is_optional=True,
    ),
    Fact(
        _ENDPOINT,
        "",
        "idle_days",
        (_COMPONENT,),
        INT,
        _IDLE.format(_NO_TEMPLATE),
        endpoint_idle_days,
        is_optional=True,
    ),
    Fact(
        "AWS::SageMaker::EndpointConfig",
        "ProductionVariants[]",
        "traffic",
        (_ENDPOINT, _COMPONENT),
        TRAFFIC,
        f"The hourly invocations of the variant in numbers. {_NO_TEMPLATE}",
        variant_traffic,
        is_optional=True,
    ),
    Fact(
        _COMPONENT,
        "",
        "traffic",
        (),
        TRAFFIC,
        f"Its hourly invocations in numbers, over at least a week. {_NO_TEMPLATE}",
        component_traffic,
        is_optional=True,
    ),
    Fact(_COMPONENT, "", "idle_days", (), INT, _IDLE.format(_NO_TEMPLATE), component_idle_days, is_optional=True),
)
