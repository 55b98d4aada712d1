"""Hourly sums from CloudWatch: which to ask for, and how an answer is kept. Pure: it calls nothing."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence

import msgspec

from wa_lint.model import Raw, Unknown, Value
from wa_lint.sources.live.answers import Item, items_in
from wa_lint.sources.live.table import Metric

BATCH = 500
"""CloudWatch's own limit of queries in one GetMetricData call."""

_FAILED = frozenset({"Forbidden", "InternalError"})

_HOUR = dt.timedelta(hours=1)


class Query(msgspec.Struct, frozen=True):
    """One series: of which resource, of which of its items."""

    owner: str
    """The id of the resource."""
    label: str
    """The item's name within the resource: the VariantName."""
    dimensions: tuple[tuple[str, str], ...]
    start: dt.datetime
    """The first whole hour looked at: the window's, or the first after the resource was made."""


def queries(metric: Metric, owner: str, item: Item, window: tuple[dt.datetime, dt.datetime]) -> list[Query]:
    """Return a query for each item of the list that the metric's last dimension names."""
    fixed = {name: str(item.get(path)) for name, path in metric.dimensions.items() if "[]." not in path}
    varying = [(name, path) for name, path in metric.dimensions.items() if "[]." in path]
    born = item.get("CreationTime")
    start = max(window[0], _next_hour(born)) if isinstance(born, dt.datetime) else window[0]
    return [
        Query(owner, label, tuple(sorted((fixed | {name: label}).items())), start)
        for name, path in varying
        for label in _labels(item, path)
    ]


def request(metric: Metric, asked: Sequence[Query], window: tuple[dt.datetime, dt.datetime]) -> dict[str, Raw]:
    """Return one GetMetricData request, the queries named ``m0``, ``m1`` … in their order."""
    return {
        "MetricDataQueries": [_query(metric, f"m{number}", query) for number, query in enumerate(asked)],
        "StartTime": window[0],
        "EndTime": window[1],
        "ScanBy": "TimestampAscending",
    }


def window(metric: Metric, now: dt.datetime) -> tuple[dt.datetime, dt.datetime]:
    """Return the whole hours before `now` that are looked at."""
    end = now.astimezone(dt.UTC).replace(minute=0, second=0, microsecond=0)
    return end - dt.timedelta(days=metric.days), end


Points = list[tuple[dt.datetime, float]]


def points(answers: Iterable[Raw]) -> dict[str, Points | Unknown]:
    """Return query name -> (hour, sum) over all pages of an answer; Unknown where CloudWatch failed at one."""
    found: dict[str, Points | Unknown] = {}
    for result in (result for answer in answers for result in items_in(answer, "MetricDataResults")):
        name = str(result.get("Id"))
        known = found.setdefault(name, [])
        if result.get("StatusCode") in _FAILED:
            found[name] = Unknown(f"{result['StatusCode']}: cloudwatch:GetMetricData")
        elif isinstance(known, list):
            known.extend(zip(result.get("Timestamps") or (), result.get("Values") or (), strict=False))
    return found


def series(metric: Metric, query: Query, known: Points | Unknown, end: dt.datetime) -> Value:
    """Return what is kept of one series under ``observed["invocations"][variant]``.

    ``{"start": ISO 8601, "period": 3600, "hours": n, "values": [[hour, sum], …]}``: `n` whole hours were looked
    at, the first of which begins at `start`; hour 0 is that one. An hour that is not listed has no data point,
    which is not the same as a sum of 0.
    """
    if isinstance(known, Unknown):
        return known
    hours = max(0, int((end - query.start) / _HOUR))
    counted = {int((at - query.start) / _HOUR): value for at, value in known if at >= query.start}
    values: Value = [[hour, value] for hour, value in sorted(counted.items()) if hour < hours]
    return {"start": query.start.isoformat(), "period": metric.period, "hours": hours, "values": values}


def _labels(item: Item, path: str) -> Iterator[str]:
    name, _, member = path.partition("[].")
    listed = item.get(name)
    for inner in listed if isinstance(listed, list) else ():
        if isinstance(inner, Mapping) and isinstance(inner.get(member), str):
            yield inner[member]


def _next_hour(at: dt.datetime) -> dt.datetime:
    whole = at.astimezone(dt.UTC).replace(minute=0, second=0, microsecond=0)
    return whole if whole == at else whole + _HOUR


def _query(metric: Metric, name: str, query: Query) -> dict[str, Raw]:
    dimensions = [{"Name": key, "Value": value} for key, value in query.dimensions]
    found = {"Namespace": metric.namespace, "MetricName": metric.name, "Dimensions": dimensions}
    return {"Id": name, "MetricStat": {"Metric": found, "Period": metric.period, "Stat": "Sum"}, "ReturnData": True}
