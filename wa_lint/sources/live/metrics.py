"""Statistics from CloudWatch: which to ask for, and how an answer is kept. Pure: it calls nothing."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final, TypeAlias

import msgspec

from wa_lint.model import Raw, Unknown, Value
from wa_lint.sources.live.api_response import Item, items_in
from wa_lint.sources.live.collector import Metric

BATCH: Final = 500
"""CloudWatch's own limit of queries in one GetMetricData call."""

_FAILED: Final = frozenset({"Forbidden", "InternalError"})

_UNITS: Final[Mapping[int, str]] = {3600: "hours", 86400: "days"}
"""What the periods of a series are called, by their seconds."""

Window: TypeAlias = tuple[dt.datetime, dt.datetime]


class Query(msgspec.Struct, frozen=True):
    """One series: of which resource, of which of its items."""

    metric: Metric
    owner: str
    """The id of the resource."""
    label: str
    """The item's name within the resource: the VariantName. Empty: it is the resource's own."""
    dimensions: tuple[tuple[str, str], ...]
    start: dt.datetime
    """The first whole period looked at: the window's, or the first after the resource was made."""


def queries(metric: Metric, owner: str, item: Item, window: Window) -> list[Query]:
    """Return a query for each item of the list that the metric's last dimension names; else the resource's own.

    None where it is not said when it was made: before that, no data proves nothing.
    """
    made = born(item)
    if made is None:
        return []
    fixed = {name: str(item.get(path)) for name, path in metric.dimensions.items() if "[]." not in path}
    varying = [(name, path) for name, path in metric.dimensions.items() if "[]." in path]
    start = max(window[0], _next(made, metric.period))
    if not varying:
        return [Query(metric, owner, "", tuple(sorted(fixed.items())), start)]
    return [
        Query(metric, owner, label, tuple(sorted((fixed | {name: label}).items())), start)
        for name, path in varying
        for label in _labels(item, path)
    ]


def born(item: Item) -> dt.datetime | None:
    made = item.get("CreationTime") or item.get("creationTime")  # Bedrock spells it so
    return _aware(made) if isinstance(made, dt.datetime) else None


def request(asked: Sequence[Query], window: Window) -> dict[str, Raw]:
    """Return one GetMetricData request, the queries named ``m0``, ``m1`` … in their order."""
    return {
        "MetricDataQueries": [_query(f"m{number}", query) for number, query in enumerate(asked)],
        "StartTime": window[0],
        "EndTime": window[1],
        "ScanBy": "TimestampAscending",
    }


def window(metric: Metric, now: dt.datetime, hourly_days: int = 0) -> Window:
    """Return the whole hours or days (UTC) before `now` that are looked at; `hourly_days`: how many days of hours."""
    end = _whole(now, metric.period)
    days = max(metric.days, hourly_days) if _UNITS[metric.period] == "hours" else metric.days
    return end - dt.timedelta(days=days), end


Points: TypeAlias = list[tuple[dt.datetime, float]]


def points(answers: Iterable[Raw]) -> dict[str, Points | Unknown]:
    """Return query name -> (time, value) over all pages of an answer; Unknown where CloudWatch failed at one."""
    found: dict[str, Points | Unknown] = {}
    for result in (result for answer in answers for result in items_in(answer, "MetricDataResults")):
        name = str(result.get("Id"))
        known = found.setdefault(name, [])
        if result.get("StatusCode") in _FAILED:
            found[name] = Unknown(f"{result['StatusCode']}: cloudwatch:GetMetricData")
        elif isinstance(known, list):
            pairs = zip(result.get("Timestamps") or (), result.get("Values") or (), strict=False)
            known.extend((_aware(at), value) for at, value in pairs if at is not None and value is not None)
    return found


def series(query: Query, known: Points | Unknown, end: dt.datetime) -> Value:
    """Return what is kept of one series under ``observed["invocations"][variant]``.

    ``{"start": ISO 8601, "period": 3600, "hours": n, "values": [[hour, sum], …]}``: `n` whole hours were looked
    at, the first of which begins at `start`; hour 0 is that one. An hour that is not listed has no data point,
    which is not the same as a sum of 0. With a period of 86400 they are ``days``.
    """
    if isinstance(known, Unknown):
        return known
    step = dt.timedelta(seconds=query.metric.period)
    count = max(0, int((end - query.start) / step))
    found = {int((at - query.start) / step): value for at, value in known if at >= query.start}
    values: Value = [[at, value] for at, value in sorted(found.items()) if at < count]
    period = query.metric.period
    return {"start": query.start.isoformat(), "period": period, _UNITS[period]: count, "values": values}


def _labels(item: Item, path: str) -> Iterator[str]:
    name, _, member = path.partition("[].")
    listed = item.get(name)
    for inner in listed if isinstance(listed, list) else ():
        if isinstance(inner, Mapping) and isinstance(inner.get(member), str):
            yield inner[member]


def _aware(at: dt.datetime) -> dt.datetime:
    """Return a time as AWS means it: one without a zone is UTC."""
    return at if at.tzinfo else at.replace(tzinfo=dt.UTC)


def _whole(at: dt.datetime, period: int) -> dt.datetime:
    """Return the beginning of the hour or day (UTC) that `at` is in."""
    hour = at.astimezone(dt.UTC).replace(minute=0, second=0, microsecond=0)
    return hour if _UNITS[period] == "hours" else hour.replace(hour=0)


def _next(at: dt.datetime, period: int) -> dt.datetime:
    whole = _whole(at, period)
    return whole if whole == at else whole + dt.timedelta(seconds=period)


def _query(name: str, query: Query) -> dict[str, Raw]:
    metric = query.metric
    dimensions = [{"Name": key, "Value": value} for key, value in query.dimensions]
    found = {"Namespace": metric.namespace, "MetricName": metric.name, "Dimensions": dimensions}
    statistic = {"Metric": found, "Period": metric.period, "Stat": metric.stat}
    return {"Id": name, "MetricStat": statistic, "ReturnData": True}
