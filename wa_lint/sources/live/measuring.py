"""Asks CloudWatch for the series of what was described, all metrics of a window together. It shapes nothing."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence

import msgspec

from wa_lint import aws
from wa_lint.model import Raw, Unknown, Value
from wa_lint.sources.live import call_plan as plan
from wa_lint.sources.live import metrics
from wa_lint.sources.live.api_response import identity_of
from wa_lint.sources.live.collector import Metric
from wa_lint.sources.live.collectors import by_type
from wa_lint.sources.live.describing import Description
from wa_lint.sources.live.listing import Refused, Run
from wa_lint.sources.live.metric_table import metrics_of
from wa_lint.sources.live.resuming import place_of

_Key = tuple[str, str]
"""The type and the id of a resource."""


class Measured(msgspec.Struct, frozen=True):
    """What was observed of resources over time."""

    series: Mapping[_Key, Mapping[str, Value]]
    """Type and id of a resource -> the key under `Resource.observed` -> the series."""
    refused: Mapping[str, tuple[Refused, ...]]
    """Type -> what was refused."""


def measure(run: Run, described: Mapping[str, Sequence[Description]]) -> Measured:
    """Return the series of the metrics that are wanted of what was described."""
    found: dict[_Key, dict[str, Value]] = {}
    windows: dict[metrics.Window, list[metrics.Query]] = {}
    for metric in metrics_of(run.series):
        window = metrics.window(metric, run.now, run.traffic_days)
        for id_, owner in _owners(run, metric, described.get(metric.type, ())):
            if metric.only_with and owner.item.get(metric.only_with) is None:
                continue
            asked = metrics.queries(metric, id_, owner.item, window)
            windows.setdefault(window, []).extend(asked)
            found.setdefault((metric.type, id_), {})[metric.observed] = {} if asked else _why_none(owner)
    batches = [
        (window, asked[n : n + metrics.BATCH])
        for window, asked in windows.items()
        for n in range(0, len(asked), metrics.BATCH)
    ]
    answers = run.map("measure", lambda batch: _points(run, *batch), batches)
    refused: dict[str, tuple[Refused, ...]] = {}
    for (window, batch), answer in zip(batches, answers, strict=True):
        if isinstance(answer, aws.Refusal):
            why = Refused(plan.metric_operation(), answer)
            refused |= {query.metric.type: (why,) for query in batch}
            _put_refused(found, batch, why)
        else:
            _put(found, batch, answer, window[1])
    return Measured(found, refused)


def _owners(run: Run, metric: Metric, described: Sequence[Description]) -> list[tuple[str, Description]]:
    collector = by_type()[metric.type]
    return [(identity_of(collector, one.item, place_of(run.place, collector)), one) for one in described]


def _why_none(owner: Description) -> Value:
    """Return what stands for the series of an owner about which nothing is asked."""
    if "" in owner.refused:
        return Unknown(owner.refused[""].reason)
    return {} if metrics.born(owner.item) else Unknown("when it was made is not known, so neither is when it was idle")


def _points(run: Run, window: metrics.Window, batch: Sequence[metrics.Query]) -> Raw | aws.Refusal:
    pages = run.clients.ask_all("cloudwatch", plan.METRIC_CALL.operation, metrics.request(batch, window))
    refusal = next((page for page in pages if isinstance(page, aws.Refusal)), None)
    return refusal or metrics.points(pages)


def _put_refused(found: dict[_Key, dict[str, Value]], batch: Sequence[metrics.Query], why: Refused) -> None:
    for query in batch:
        found[query.metric.type, query.owner][query.metric.observed] = Unknown(why.reason)


def _put(found: dict[_Key, dict[str, Value]], batch: Sequence[metrics.Query], answer: Raw, end: dt.datetime) -> None:
    for number, query in enumerate(batch):
        observed = found[query.metric.type, query.owner]
        series = metrics.series(query, answer.get(f"m{number}", []), end)
        items = observed[query.metric.observed]
        if not query.label:
            observed[query.metric.observed] = series
        elif isinstance(items, dict):
            items[query.label] = series
