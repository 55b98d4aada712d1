"""Reads one account and region into a snapshot, by read-only calls from many threads. It judges nothing.

What may not be listed is a `Gap`, what may not be described is Unknown; nothing that AWS answers, refuses or leaves
out raises, except that nobody is let in at all (`SourceError`).
"""

from __future__ import annotations

import contextlib
import datetime as dt
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor

import msgspec

from wa_lint import aws
from wa_lint.model import Gap, Raw, Resource, Scope, Snapshot, SourceKind, Unknown, Value
from wa_lint.sources.live import metrics, plan
from wa_lint.sources.live.answers import Item, Place, identity_of, resource_of
from wa_lint.sources.live.collectors import METRICS
from wa_lint.sources.live.listing import (
    Listing,
    OnProgress,
    Refused,
    Run,
    counted,
    is_gone,
    is_none,
    list_all,
    request_of,
)
from wa_lint.sources.live.table import Call, Collector, Metric, Reach

_THREADS = 16


class Described(msgspec.Struct, frozen=True):
    """One item with all its answers. `refused`: property (or "" for all) -> the refused call."""

    item: Item
    refused: Mapping[str, Refused] = {}


def read_live(  # noqa: PLR0913, each is handed in by name
    session: Raw,
    region: str,
    *,
    types: Collection[str] | None = None,
    with_global: bool = True,
    executor: Executor | None = None,
    max_rps: float | None = None,
    now: dt.datetime | None = None,
    on_progress: OnProgress | None = None,
) -> Snapshot:
    """Return a snapshot of `types` (None: all that the table has) in one region.

    `with_global`: read IAM, which is the same from every region, too; once for an account is enough.
    `executor` must be one of threads. `max_rps`: calls per second for each service. `now`: aware; it ends the metrics'
    window and stands in the snapshot as `taken_at`. Raise SourceError where the credentials let nobody in.
    """
    account = aws.account_of(session, region)
    moment = (now or dt.datetime.now(dt.UTC)).astimezone(dt.UTC)
    clients = aws.Clients(session, account.id, region, aws.Limits(max_rps))
    collectors = [c for c in plan.wanted(types) if with_global or c.reach is Reach.REGIONAL]
    with _threads(executor) as pool:
        place = Place(account.id, region, account.partition)
        run = Run(clients, place, moment, pool, on_progress or (lambda *_: None))
        listings = list_all(run, plan.listed(collectors))
        described = {c.type: _describe(run, c, listings[c.type]) for c in collectors}
        measured = [_measured(run, m, described[m.type]) for m in METRICS if m.type in described]
    resources = [r for c in collectors for r in _resources(run.place, c, described[c.type])]
    return Snapshot(
        kind=SourceKind.LIVE,
        uri=f"aws://{account.id}/{region}",
        resources=_sorted(_with_series(resources, {k: v for series, _ in measured for k, v in series.items()})),
        complete=frozenset(s for c in collectors if not listings[c.type].refused for s in _scopes(run.place, c)),
        gaps=tuple(sorted(_gaps(run.place, collectors, listings, described, [r for _, r in measured]))),
        taken_at=moment.isoformat(),
    )


@contextlib.contextmanager
def _threads(executor: Executor | None) -> Iterator[Executor]:
    if executor is not None:
        yield executor
        return
    with ThreadPoolExecutor(_THREADS) as own:
        yield own


# --- descriptions -----------------------------------------------------------------------------------


def _describe(run: Run, collector: Collector, listing: Listing) -> list[Described]:
    items = [item for item in listing.items if not collector.needs or item.get(collector.needs) is not None]
    if not collector.describe:
        return [Described(item) for item in items]
    tasks = [(item, call) for item in items for call in collector.describe]
    answers = run.map("describe", lambda task: _answer(run, collector, *task), tasks)
    width = len(collector.describe)
    merged = [_merged(collector, item, answers[n * width : (n + 1) * width]) for n, item in enumerate(items)]
    return [found for found in merged if found is not None]


def _answer(run: Run, collector: Collector, item: Item, call: Call) -> Raw | aws.Refusal:
    if call.unless and item.get(call.unless) is not None:
        return {}
    request = request_of(call, item)
    if request is None:
        return aws.Refusal("NoName", "the listing gave no name to ask for")
    answer = run.clients.ask(collector.service, call.operation, request)
    if isinstance(answer, aws.Refusal):
        return {} if is_none(call, answer) else answer
    return _continued(run, collector, call, request, answer) if call.continued else answer


def _continued(run: Run, collector: Collector, call: Call, request: dict[str, Raw], answer: Raw) -> Raw | aws.Refusal:
    """Return `answer` with the rest of its list, page by page."""
    whole, token, seen = dict(answer), answer.get("NextToken"), set()
    while token and token not in seen:
        seen.add(token)
        page = run.clients.ask(collector.service, call.operation, request | {"NextToken": token})
        if isinstance(page, aws.Refusal):
            return page
        whole[call.continued] = [*(whole.get(call.continued) or ()), *(page.get(call.continued) or ())]
        token = page.get("NextToken")
    whole.pop("NextToken", None)
    return whole


def _merged(collector: Collector, item: Item, answers: Sequence[Raw | aws.Refusal]) -> Described | None:
    """Return the item with its answers; None where it is gone."""
    whole = dict(item)
    refused: dict[str, Refused] = {}
    for call, answer in zip(collector.describe, answers, strict=True):
        if isinstance(answer, aws.Refusal):
            if is_gone(answer):
                return None
            why = Refused(plan.operation_of(collector, call), answer)
            refused |= dict.fromkeys(call.fills or ("",), why)
        else:
            known = {key: value for key, value in answer.items() if key != "ResponseMetadata"}
            whole |= {call.into: known} if call.into else known
    return Described(whole, refused)


# --- metrics ----------------------------------------------------------------------------------------


def _measured(run: Run, metric: Metric, owners: Sequence[Described]) -> tuple[dict[str, Value], list[Refused]]:
    """Return resource id -> the series of its items, and what was refused."""
    window = metrics.window(metric, run.now)
    collector = plan.BY_TYPE[metric.type]
    owned = [(_identity(run.place, collector, owner), owner) for owner in owners]
    asked = [q for id_, owner in owned for q in metrics.queries(metric, id_, owner.item, window)]
    batches = [asked[n : n + metrics.BATCH] for n in range(0, len(asked), metrics.BATCH)]
    answers = run.map("measure", lambda batch: _points(run, metric, batch, window), batches)
    found: dict[str, Value] = {id_: _why_none(owner) for id_, owner in owned}
    refusals = []
    for batch, answer in zip(batches, answers, strict=True):
        if isinstance(answer, aws.Refusal):
            why = Refused(plan.metric_operation(), answer)
            refusals.append(why)
            found |= {query.owner: Unknown(why.reason) for query in batch}
            continue
        for number, query in enumerate(batch):
            series = found[query.owner]
            if isinstance(series, dict):
                series[query.label] = metrics.series(metric, query, answer.get(f"m{number}", []), window[1])
    return found, refusals[:1]


def _points(run: Run, metric: Metric, batch: Sequence[metrics.Query], window: Raw) -> Raw | aws.Refusal:
    request = metrics.request(metric, batch, window)
    pages = list(run.clients.ask_all("cloudwatch", plan.METRIC_CALL.operation, request))
    refusal = next((page for page in pages if isinstance(page, aws.Refusal)), None)
    return refusal or metrics.points(pages)


def _why_none(owner: Described) -> Value:
    return Unknown(owner.refused[""].reason) if "" in owner.refused else {}


def _with_series(resources: Iterable[Resource], series: Mapping[str, Value]) -> Iterator[Resource]:
    names = {metric.type: metric.observed for metric in METRICS}
    for resource in resources:
        if resource.type in names and resource.id in series:
            observed = {**(resource.observed or {}), names[resource.type]: series[resource.id]}
            yield msgspec.structs.replace(resource, observed=observed)
        else:
            yield resource


# --- the snapshot -----------------------------------------------------------------------------------


def _resources(place: Place, collector: Collector, described: Iterable[Described]) -> Iterator[Resource]:
    for found in described:
        why = {name: Unknown(refused.reason) for name, refused in found.refused.items()}
        yield resource_of(collector, found.item, _place(place, collector), why)


def _identity(place: Place, collector: Collector, owner: Described) -> str:
    return identity_of(collector, owner.item, _place(place, collector))


def _place(place: Place, collector: Collector) -> Place:
    return place if collector.reach is Reach.REGIONAL else msgspec.structs.replace(place, region=None)


def _scopes(place: Place, collector: Collector) -> list[Scope]:
    own = _place(place, collector)
    return [Scope(type_, own.account, own.region) for type_ in (collector.type, *collector.covers)]


def _gaps(
    place: Place,
    collectors: Sequence[Collector],
    listings: Mapping[str, Listing],
    described: Mapping[str, Sequence[Described]],
    measured: Sequence[Sequence[Refused]],
) -> set[Gap]:
    gaps = {
        Gap(scope, refused.reason, refused.grant)
        for collector in collectors
        for scope in _scopes(place, collector)
        for refused in listings[collector.type].refused
    }
    for collector in collectors:
        gaps |= {
            Gap(_scopes(place, collector)[0], refused.reason, refused.grant)
            for refused in _refused_details(collector, described[collector.type])
        }
    for metric, refusals in zip([m for m in METRICS if m.type in described], measured, strict=True):
        scope = _scopes(place, plan.BY_TYPE[metric.type])[0]
        gaps |= {Gap(scope, refused.reason, refused.grant) for refused in refusals}
    return gaps


def _refused_details(collector: Collector, described: Sequence[Described]) -> Iterator[Refused]:
    """Yield one entry for each call of the collector and each kind of refusal, counted."""
    for call in collector.describe:
        operation = plan.operation_of(collector, call)
        found = [next((r.refusal for r in one.refused.values() if r.operation == operation), None) for one in described]
        yield from counted(operation, [refusal for refusal in found if refusal], len(described))


def _sorted(resources: Iterable[Resource]) -> tuple[Resource, ...]:
    """Sort by (type, id). What a moving list gave twice stands once."""
    unique = {(resource.type, resource.id): resource for resource in resources}
    return tuple(unique[key] for key in sorted(unique))
