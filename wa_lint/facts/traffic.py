"""How endpoints and inference components are used: their requests in a live account, in numbers."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from statistics import median
from typing import Final

from wa_lint.cel.types import DOUBLE, INT
from wa_lint.facts.fact import Fact, Record
from wa_lint.facts.series import DAILY, HOURLY, Series, of_component, of_endpoint, of_variant
from wa_lint.graph import Cell
from wa_lint.model import Unknown, Value

MINIMUM_HOURS: Final = 7 * 24
"""A week: less says nothing of weekends, and calls a new endpoint idle."""

IDLE_DAYS: Final = 90
"""A quarter: what is called once a month is in use."""

_HOUR: Final = dt.timedelta(hours=1)
_DAY: Final = 24
"""Hours."""


def endpoint_traffic(endpoint: Cell) -> Value:
    """Return the traffic of all variants together; ABSENT in a template."""
    found = of_endpoint(endpoint, HOURLY)
    return _numbers(found) if isinstance(found, list) else found


def variant_traffic(variant: Cell) -> Value:
    """Return the traffic of one variant, over all endpoints with its configuration; ABSENT in a template."""
    found = of_variant(variant, HOURLY)
    return _numbers(found) if isinstance(found, list) else found


def component_traffic(component: Cell) -> Value:
    """Return the traffic of one inference component; ABSENT in a template."""
    found = of_component(component, HOURLY)
    return _numbers([found]) if isinstance(found, Series) else found


def endpoint_idle_days(endpoint: Cell) -> Value:
    """Return the whole days without a request to any variant, up to the snapshot; ABSENT in a template."""
    found = of_endpoint(endpoint, DAILY)
    return _idle_days(found) if isinstance(found, list) else found


def component_idle_days(component: Cell) -> Value:
    """Return the same of one inference component."""
    found = of_component(component, DAILY)
    return _idle_days([found]) if isinstance(found, Series) else found


def _numbers(series: Sequence[Series]) -> Value:
    if not series:
        return Unknown("no hourly invocations were read")
    first = min(one.start for one in series)
    hours = max(_offset(first, one.start) + one.hours for one in series)
    if hours < MINIMUM_HOURS:
        return Unknown(f"{hours} hours of traffic are too few to judge: it takes {MINIMUM_HOURS}")
    return _summary(_hourly(series, first, hours), first)


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


def _summary(counts: Sequence[float], first: dt.datetime) -> Value:
    total, peak, hours = sum(counts), max(counts), len(counts)
    idle = sum(count == 0 for count in counts)
    mean = total / hours
    return {
        "hours": hours,
        "total": total,
        "idle_hours": idle,
        "idle_share": round(idle / hours, 4),
        "mean": round(mean, 4),
        "median": round(median(counts), 4),
        "peak": peak,
        "peak_to_mean": round(peak / mean, 4) if total else 0.0,
        "growth": round(_growth(counts), 4),
        "quiet_hours": _quiet_hours(counts, first),
        "idle_since_hours": next((n for n, count in enumerate(reversed(counts)) if count), hours),
        "weekend_share": round(_weekend_share(counts, first), 4),
    }


def _growth(counts: Sequence[float]) -> float:
    """Return the requests of the last seven days by those of the seven before; 1 without so many, or without any."""
    week = 7 * _DAY
    before, last = sum(counts[-2 * week : -week]), sum(counts[-week:])
    return last / before if len(counts) >= 2 * week and before else 1.0


def _quiet_hours(counts: Sequence[float], first: dt.datetime) -> int:
    """Return how many hours in a row, at the same time of every day, never saw a request; past midnight too."""
    busy = {(first.hour + hour) % _DAY for hour, count in enumerate(counts) if count}
    if not busy:
        return _DAY
    ordered = sorted(busy)
    gaps = [(later - earlier - 1) % _DAY for earlier, later in zip(ordered, [*ordered[1:], ordered[0]], strict=True)]
    return max(gaps) if len(busy) > 1 else _DAY - 1


def _weekend_share(counts: Sequence[float], first: dt.datetime) -> float:
    """Return the share of requests on Saturdays and Sundays (UTC); 0 without any."""
    total = sum(counts)
    saturday = 5
    weekend = sum(count for hour, count in enumerate(counts) if count and (first + hour * _HOUR).weekday() >= saturday)
    return weekend / total if total else 0.0


TRAFFIC: Final = Record(
    "traffic",
    {
        "hours": INT,
        "total": DOUBLE,
        "idle_hours": INT,
        "idle_share": DOUBLE,
        "mean": DOUBLE,
        "median": DOUBLE,
        "peak": DOUBLE,
        "peak_to_mean": DOUBLE,
        "growth": DOUBLE,
        "quiet_hours": INT,
        "idle_since_hours": INT,
        "weekend_share": DOUBLE,
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
        f"Its hourly requests in numbers, over at least a week. {_NO_TEMPLATE}",
        endpoint_traffic,
        is_optional=True,
        observes=(HOURLY,),
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
        observes=(DAILY,),
    ),
    Fact(
        "AWS::SageMaker::EndpointConfig",
        "ProductionVariants[]",
        "traffic",
        (_ENDPOINT, _COMPONENT),
        TRAFFIC,
        f"The hourly requests of the variant in numbers. {_NO_TEMPLATE}",
        variant_traffic,
        is_optional=True,
        observes=(HOURLY,),
    ),
    Fact(
        _COMPONENT,
        "",
        "traffic",
        (),
        TRAFFIC,
        f"Its hourly requests in numbers, over at least a week. {_NO_TEMPLATE}",
        component_traffic,
        is_optional=True,
        observes=(HOURLY,),
    ),
    Fact(
        _COMPONENT,
        "",
        "idle_days",
        (),
        INT,
        _IDLE.format(_NO_TEMPLATE),
        component_idle_days,
        is_optional=True,
        observes=(DAILY,),
    ),
)
