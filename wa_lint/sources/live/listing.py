"""Lists what an account has, parents before children, and says what was refused. It describes nothing."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from typing import TypeVar

import msgspec

from wa_lint import aws
from wa_lint.model import Raw
from wa_lint.request_limits import TRAFFIC_DAYS
from wa_lint.sources.live import call_plan as plan
from wa_lint.sources.live.abandonable_threads import gather
from wa_lint.sources.live.api_response import Item, ResponsePlace, has_items, is_aws_own, items_in
from wa_lint.sources.live.collector import ApiCall, Collector
from wa_lint.sources.live.collectors import service_of

T = TypeVar("T")

OnProgress = Callable[[str, int, int], None]
"""Told what is done (``list``, ``describe``, ``measure``), how many calls of it are, and of how many."""

_GONE = frozenset({"NotFoundException", "ResourceNotFoundException"})
"""What most services say; the others' words are in the collector table."""

_GONE_WORDS = re.compile(
    r"(could not|cannot) find|does not exist|not found|RecordNotFound|^no workforce|^the work ?team", re.IGNORECASE
)
"""How SageMaker's validation errors say it: of a notebook instance, an app or a space in one word, RecordNotFound."""


class Refused(msgspec.Struct, frozen=True):
    """A call that was refused, and for how many of how many items."""

    operation: plan.Operation
    refusal: aws.Refusal
    count: int = 1
    of: int = 1

    @property
    def reason(self) -> str:
        if self.refusal.is_of_service:
            return f"{self.refusal.word}: {self.operation.service}"
        share = f" (for {self.count} of {self.of})" if self.count < self.of else ""
        why = f", by {self.refusal.denied_by}" if self.refusal.denied_by else ""
        return f"{self.refusal.word}: {self.operation.service}:{self.operation.operation}{why}{share}"

    @property
    def grant(self) -> str | None:
        """The action that would close the gap; None where AWS says that no grant would."""
        return self.operation.action if self.refusal.is_denied and not self.refusal.denied_by else None


class Listing(msgspec.Struct, frozen=True):
    """What listing one type gave."""

    items: tuple[Item, ...] = ()
    refused: tuple[Refused, ...] = ()


class Run(msgspec.Struct, frozen=True):
    """What every step needs."""

    clients: aws.Clients
    place: ResponsePlace
    now: dt.datetime
    executor: Executor
    on_progress: OnProgress
    window_days: int = 0
    """How far back to look for what is listed by its age; 0: as far as the table says."""
    series: Collection[tuple[str, str]] | None = None
    """Type and key of the metrics to ask for; None: all of the table."""
    traffic_days: int = TRAFFIC_DAYS
    """Days of hourly metrics to read."""

    def map(self, what: str, function: Callable[[Raw], Raw], tasks: Sequence[Raw]) -> list[Raw]:
        """Apply `function` to all tasks on the executor's threads, in order; of one that hangs, a Refusal."""
        total = len(tasks)
        return gather(
            self.executor, function, tasks, self.clients.why_leave, lambda done: self.on_progress(what, done, total)
        )


class _Task(msgspec.Struct, frozen=True):
    collector: Collector
    call: ApiCall
    request: dict[str, Raw]


def list_all(run: Run, collectors: Sequence[Collector]) -> dict[str, Listing]:
    """List parents first, then what is under each of their items; an answer that several types share, once."""
    listings: dict[str, Listing] = {}
    waiting = list(collectors)
    while waiting:
        ready = [c for c in waiting if not c.parent or c.parent in listings]
        listings |= _listed_level(run, ready, listings)
        waiting = [c for c in waiting if c.type not in listings]
    return listings


def _listed_level(run: Run, ready: Sequence[Collector], parents: Mapping[str, Listing]) -> dict[str, Listing]:
    tasks = [task for c in ready for task in _list_tasks(run, c, parents)]
    once = list({_key(task): task for task in tasks}.values())
    asked = {_key(task): task for task in in_turns(run, once, lambda one: (one.collector.service, one.call.operation))}
    pages = dict(zip(asked, run.map("list", lambda task: _pages(run, task), list(asked.values())), strict=True))
    return {c.type: _listing(run, c, [(t, pages[_key(t)]) for t in tasks if t.collector is c], parents) for c in ready}


def in_turns(run: Run, tasks: Sequence[T], call_of: Callable[[T], tuple[str, str]]) -> list[T]:
    """Return `tasks` in the order in which their rates let them begin, so that no slow service holds all threads."""
    starts = run.clients.limits.starts(map(call_of, tasks))
    return [tasks[number] for _, number in sorted(zip(starts, range(len(tasks)), strict=True))]


def _key(task: _Task) -> tuple[str, str, str]:
    return task.collector.service, task.call.operation, repr(sorted(task.request.items()))


def _list_tasks(run: Run, collector: Collector, parents: Mapping[str, Listing]) -> list[_Task]:
    call = collector.listing
    if call is None:
        return []
    fixed = _fixed(call, run.place)
    if collector.window_days:
        fixed["CreationTimeAfter"] = run.now - dt.timedelta(days=run.window_days or collector.window_days)
    if not collector.parent:
        return [_Task(collector, call, fixed)]
    fed = [request_of(call, item, run.place) for item in parents[collector.parent].items]
    return [_Task(collector, call, fixed | request) for request in fed if request is not None]


def _fixed(call: ApiCall, place: ResponsePlace) -> dict[str, Raw]:
    return {name: _filled(value, place) for name, value in call.fixed.items()}


def _filled(value: Raw, place: ResponsePlace) -> Raw:
    if not isinstance(value, str):
        return value
    return value.replace("{region}", place.region or "").replace("{account}", place.account or "")


def request_of(call: ApiCall, item: Item, place: ResponsePlace) -> dict[str, Raw] | None:
    """Return the request that `item` feeds; None where it lacks a member."""
    request = {parameter: item.get(member) for parameter, member in call.request.items()}
    if any(not isinstance(value, str) for value in request.values()):
        return None
    optional = {p: item[member] for p, member in call.optional.items() if isinstance(item.get(member), str | int)}
    return _fixed(call, place) | request | optional


def ask(run: Run, collector: Collector, call: ApiCall, request: dict[str, Raw]) -> Raw | aws.Refusal:
    """Return a describing answer; of one in several pages, all its items as if they were one page."""
    if not call.items:
        return run.clients.ask(collector.service, call.operation, request)
    pages = [
        _demanded(page, call) for page in run.clients.ask_all(collector.service, call.operation, request, call.page)
    ]
    refusal = next((page for page in pages if isinstance(page, aws.Refusal)), None)
    return refusal or {call.items: [item for page in pages for item in items_in(page, call.items)]}


def _pages(run: Run, task: _Task) -> list[Raw | aws.Refusal]:
    """Return all pages; also of a listing that boto3 has no paginator for, as SageMaker's of hubs (boto3 1.44)."""
    pages: list[Raw | aws.Refusal] = []
    request, seen = task.request, set[str]()
    while True:
        answered = run.clients.ask_all(task.collector.service, task.call.operation, request, task.call.page)
        pages += [_demanded(page, task.call) for page in answered]
        token = pages[-1].get("NextToken") if pages and isinstance(pages[-1], dict) else None
        if not token:
            return pages
        if token in seen:
            return [*pages, aws.Refusal(aws.NOT_AN_ANSWER, "the listing returned the same token twice")]
        if len(pages) >= aws.MOST_PAGES:
            return [*pages, aws.Refusal(aws.NOT_AN_ANSWER, f"the listing has more than {aws.MOST_PAGES} pages")]
        seen.add(token)
        request = task.request | {"NextToken": token}


def _demanded(page: Raw | aws.Refusal, call: ApiCall) -> Raw | aws.Refusal:
    """Return the page; a Refusal where it lacks the list: what is not there is not "none"."""
    if isinstance(page, aws.Refusal) or has_items(page, call.items):
        return page
    return aws.Refusal("NoList", f"the answer has no list {call.items}")


def _listing(
    run: Run,
    collector: Collector,
    answered: Sequence[tuple[_Task, Sequence[Raw | aws.Refusal] | aws.Refusal]],
    parents: Mapping[str, Listing],
) -> Listing:
    above = parents[collector.parent] if collector.parent else Listing()
    if collector.listing is None:
        return Listing(tuple(_inside(collector, above.items)), above.refused)
    items: list[Item] = []
    refusals: list[aws.Refusal] = []
    for task, pages in answered:
        for page in [pages] if isinstance(pages, aws.Refusal) else pages:
            if not isinstance(page, aws.Refusal):
                fed = {name: task.request[name] for name in task.call.request}
                items.extend(fed | item for item in items_in(page, task.call.items, task.call.item_name))
            elif not (is_none(task.call, page) or (collector.parent and is_gone(page, collector.service))):
                refusals.append(page)
    own = counted(plan.operation_of(collector, collector.listing), refusals, len(answered))
    return Listing(tuple(i for i in items if _belongs(run, collector, i)), (*above.refused, *own))


def _inside(collector: Collector, parents: Iterable[Item]) -> Iterator[Item]:
    for parent in parents:
        inner = parent.get(collector.inside)
        pairs = [text.partition("=") for text in collector.inherits]
        kept = {new or old: parent[old] for old, _, new in pairs if old in parent}
        for key, item in sorted(inner.items()) if isinstance(inner, dict) else ():
            yield {collector.inside_key: key, **kept, **(item if isinstance(item, dict) else {})}


def _belongs(run: Run, collector: Collector, item: Item) -> bool:
    if any(item.get(member) == value for member, value in collector.gone.items()):
        return False
    if not all(str(item.get(member)).endswith(end) for member, end in collector.ends_with.items()):
        return False
    region = item.get(collector.region_member) if collector.region_member else None
    if region is not None and region != run.place.region:
        return False
    if not is_aws_own(item.get(collector.aws_managed)):
        return True
    counts = [item.get(name) for name in collector.in_use]
    return any(isinstance(count, int) and count > 0 for count in counts)


def is_none(call: ApiCall, refusal: aws.Refusal) -> bool:
    """Whether a refusal says that there is nothing to tell."""
    pairs = [text.partition(": ") for text in call.not_configured]
    return any(refusal.code == code and words in refusal.message for code, _, words in pairs)


def is_gone(refusal: aws.Refusal, service: str) -> bool:
    """Whether it was deleted since it was listed. SageMaker says so with a ValidationException."""
    if refusal.code == "ValidationException":
        return _GONE_WORDS.search(refusal.message) is not None
    return refusal.code in _GONE or refusal.code in service_of(service).gone


def counted(operation: plan.Operation, refusals: Sequence[aws.Refusal], of: int) -> tuple[Refused, ...]:
    """Return one entry for each kind of refusal."""
    kinds = [(refusal.word, refusal.denied_by) for refusal in refusals]
    first = dict(zip(reversed(kinds), reversed(refusals), strict=True))
    return tuple(Refused(operation, first[kind], kinds.count(kind), of) for kind in sorted(first))
