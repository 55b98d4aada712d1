"""Reads one account and region into a snapshot, by read-only calls from many threads. It judges nothing.

What may not be listed is a `Gap`, what may not be described is Unknown; nothing that AWS answers, refuses or leaves
out raises, except that nobody is let in at all (`SourceError`).
"""

from __future__ import annotations

import contextlib
import datetime as dt
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor

import msgspec

from wa_lint import aws
from wa_lint.model import Gap, Raw, Resource, Scope, Snapshot, SourceKind, Unknown, Value
from wa_lint.sources.live import metrics, plan
from wa_lint.sources.live.answers import Item, Place, items_in, resource_of
from wa_lint.sources.live.collectors import METRICS
from wa_lint.sources.live.table import Call, Collector, Metric, Reach

OnProgress = Callable[[str, int, int], None]
"""Told what is done (``list``, ``describe``, ``measure``), how many calls of it are, and of how many."""

_THREADS = 16

_GONE = frozenset(
    {"NoSuchBucket", "NoSuchEntity", "NotFoundException", "ResourceNotFound", "ResourceNotFoundException"}
)

_GONE_WORDS = re.compile(r"could not find|does not exist|not found", re.IGNORECASE)


class Refused(msgspec.Struct, frozen=True):
    """A call that was refused, and for how many of how many items."""

    operation: plan.Operation
    refusal: aws.Refusal
    count: int = 1
    of: int = 1

    @property
    def reason(self) -> str:
        share = f" (for {self.count} of {self.of})" if self.count < self.of else ""
        return f"{self.refusal.word}: {self.operation.service}:{self.operation.operation}{share}"

    @property
    def grant(self) -> str | None:
        return self.operation.action if self.refusal.is_denied else None


class Listing(msgspec.Struct, frozen=True):
    """What listing one type gave."""

    items: tuple[Item, ...] = ()
    refused: tuple[Refused, ...] = ()


class Described(msgspec.Struct, frozen=True):
    """One item with all its answers. `refused`: property (or "" for all) -> the refused call."""

    item: Item
    refused: Mapping[str, Refused] = {}


class Run(msgspec.Struct, frozen=True):
    """What every step needs."""

    clients: aws.Clients
    place: Place
    now: dt.datetime
    executor: Executor
    on_progress: OnProgress

    def map(self, what: str, function: Callable[[Raw], Raw], tasks: Sequence[Raw]) -> list[Raw]:
        """Apply `function` to all tasks on the executor's threads, in order."""
        results = []
        for done, result in enumerate(self.executor.map(function, tasks), start=1):
            results.append(result)
            self.on_progress(what, done, len(tasks))
        return results


def read_live(  # noqa: PLR0913, each is handed in by name
    session: Raw,
    region: str,
    *,
    types: Collection[str] | None = None,
    executor: Executor | None = None,
    max_rps: float | None = None,
    now: dt.datetime | None = None,
    on_progress: OnProgress | None = None,
) -> Snapshot:
    """Return a snapshot of `types` (None: all that the table has) in one region, IAM included.

    `executor` must be one of threads. `max_rps`: calls per second for each service. `now`: aware; it ends the metrics'
    window and stands in the snapshot as `taken_at`. Raise SourceError where the credentials let nobody in.
    """
    account = aws.account_of(session, region)
    moment = (now or dt.datetime.now(dt.UTC)).astimezone(dt.UTC)
    clients = aws.Clients(session, account.id, region, aws.Limits(max_rps))
    collectors = plan.wanted(types)
    with _threads(executor) as pool:
        place = Place(account.id, region, account.partition)
        run = Run(clients, place, moment, pool, on_progress or (lambda *_: None))
        listings = _list_all(run, plan.listed(collectors))
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


# --- lists ------------------------------------------------------------------------------------------


class _Task(msgspec.Struct, frozen=True):
    collector: Collector
    call: Call
    request: dict[str, Raw]


def _list_all(run: Run, collectors: Sequence[Collector]) -> dict[str, Listing]:
    """List parents first, then what stands under each of their items; an answer that several types share, once."""
    listings: dict[str, Listing] = {}
    waiting = list(collectors)
    while waiting:
        ready = [c for c in waiting if not c.parent or c.parent in listings]
        listings |= _listed_level(run, ready, listings)
        waiting = [c for c in waiting if c.type not in listings]
    return listings


def _listed_level(run: Run, ready: Sequence[Collector], parents: Mapping[str, Listing]) -> dict[str, Listing]:
    tasks = [task for c in ready for task in _list_tasks(run, c, parents)]
    asked = {_key(task): task for task in tasks}
    pages = dict(zip(asked, run.map("list", lambda task: _pages(run, task), list(asked.values())), strict=True))
    return {c.type: _listing(run, c, [(t, pages[_key(t)]) for t in tasks if t.collector is c], parents) for c in ready}


def _key(task: _Task) -> tuple[str, str, str]:
    return task.collector.service, task.call.operation, repr(sorted(task.request.items()))


def _list_tasks(run: Run, collector: Collector, parents: Mapping[str, Listing]) -> list[_Task]:
    call = collector.listing
    if call is None:
        return []
    fixed = {name: _filled(value, run) for name, value in call.fixed.items()}
    if collector.window_days:
        fixed["CreationTimeAfter"] = run.now - dt.timedelta(days=collector.window_days)
    if not collector.parent:
        return [_Task(collector, call, fixed)]
    fed = [_request(call, item) for item in parents[collector.parent].items]
    return [_Task(collector, call, fixed | request) for request in fed if request is not None]


def _filled(value: Raw, run: Run) -> Raw:
    return value.replace("{region}", run.place.region or "") if isinstance(value, str) else value


def _request(call: Call, item: Item) -> dict[str, Raw] | None:
    """Return the request that `item` feeds; None where it lacks a member."""
    request = {parameter: item.get(member) for parameter, member in call.request.items()}
    return None if any(not isinstance(value, str) for value in request.values()) else request


def _pages(run: Run, task: _Task) -> list[Raw | aws.Refusal]:
    return list(run.clients.ask_all(task.collector.service, task.call.operation, task.request))


def _listing(
    run: Run,
    collector: Collector,
    answered: Sequence[tuple[_Task, Sequence[Raw | aws.Refusal]]],
    parents: Mapping[str, Listing],
) -> Listing:
    above = parents[collector.parent] if collector.parent else Listing()
    if collector.listing is None:
        return Listing(tuple(_inside(collector, above.items)), above.refused)
    items: list[Item] = []
    refusals: list[aws.Refusal] = []
    for task, pages in answered:
        for page in pages:
            if not isinstance(page, aws.Refusal):
                fed = {name: task.request[name] for name in task.call.request}
                items.extend(fed | item for item in items_in(page, task.call.items))
            elif not (_is_none(task.call, page) or (collector.parent and _is_gone(page))):
                refusals.append(page)
    own = _counted(plan.operation_of(collector, collector.listing), refusals, len(answered))
    return Listing(tuple(i for i in items if _belongs(run, collector, i)), (*above.refused, *own))


def _inside(collector: Collector, parents: Iterable[Item]) -> Iterator[Item]:
    for parent in parents:
        inner = parent.get(collector.inside)
        pairs = [text.partition("=") for text in collector.inherits]
        kept = {new or old: parent[old] for old, _, new in pairs if old in parent}
        for key, item in sorted(inner.items()) if isinstance(inner, dict) else ():
            yield {collector.inside_key: key, **kept, **(item if isinstance(item, dict) else {})}


def _belongs(run: Run, collector: Collector, item: Item) -> bool:
    region = item.get(collector.region_member) if collector.region_member else None
    if region is not None and region != run.place.region:
        return False
    if "::aws:" not in str(item.get(collector.aws_managed)):
        return True
    counts = [item.get(name) for name in collector.in_use]
    return any(isinstance(count, int) and count > 0 for count in counts)


def _is_none(call: Call, refusal: aws.Refusal) -> bool:
    return refusal.code in call.not_configured


def _is_gone(refusal: aws.Refusal) -> bool:
    """Whether it was deleted since it was listed. SageMaker says so with a ValidationException."""
    if refusal.code == "ValidationException":
        return _GONE_WORDS.search(refusal.message) is not None
    return refusal.code in _GONE


def _counted(operation: plan.Operation, refusals: Sequence[aws.Refusal], of: int) -> tuple[Refused, ...]:
    """Return one entry for each kind of refusal."""
    first = {refusal.word: refusal for refusal in reversed(refusals)}
    words = [refusal.word for refusal in refusals]
    return tuple(Refused(operation, first[word], words.count(word), of) for word in sorted(first))


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
    request = _request(call, item)
    if request is None:
        return aws.Refusal("NoName", "the listing gave no name to ask for")
    answer = run.clients.ask(collector.service, call.operation, request)
    if isinstance(answer, aws.Refusal):
        return {} if _is_none(call, answer) else answer
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
            if _is_gone(answer):
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
    answers = run.map("measure", lambda batch: _sums(run, metric, batch, window), batches)
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
                series[query.label] = metrics.series(metric, query, answer.get(f"m{number}", ()), window[1])
    return found, refusals[:1]


def _sums(run: Run, metric: Metric, batch: Sequence[metrics.Query], window: Raw) -> Raw | aws.Refusal:
    request = metrics.request(metric, batch, window)
    pages = list(run.clients.ask_all("cloudwatch", plan.METRIC_CALL.operation, request))
    refusal = next((page for page in pages if isinstance(page, aws.Refusal)), None)
    return refusal or metrics.sums(pages)


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
    return resource_of(collector, owner.item, _place(place, collector)).id


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
        yield from _counted(operation, [refusal for refusal in found if refusal], len(described))


def _sorted(resources: Iterable[Resource]) -> tuple[Resource, ...]:
    """Sort by (type, id). What a moving list gave twice stands once."""
    unique = {(resource.type, resource.id): resource for resource in resources}
    return tuple(unique[key] for key in sorted(unique))
