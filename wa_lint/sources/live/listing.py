"""Lists what an account has, parents before children, and says what was refused. It describes nothing."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor

import msgspec

from wa_lint import aws
from wa_lint.model import Raw
from wa_lint.sources.live import plan
from wa_lint.sources.live.answers import Item, Place, items_in
from wa_lint.sources.live.table import Call, Collector

OnProgress = Callable[[str, int, int], None]
"""Told what is done (``list``, ``describe``, ``measure``), how many calls of it are, and of how many."""

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


class _Task(msgspec.Struct, frozen=True):
    collector: Collector
    call: Call
    request: dict[str, Raw]


def list_all(run: Run, collectors: Sequence[Collector]) -> dict[str, Listing]:
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
    fed = [request_of(call, item) for item in parents[collector.parent].items]
    return [_Task(collector, call, fixed | request) for request in fed if request is not None]


def _filled(value: Raw, run: Run) -> Raw:
    return value.replace("{region}", run.place.region or "") if isinstance(value, str) else value


def request_of(call: Call, item: Item) -> dict[str, Raw] | None:
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
            elif not (is_none(task.call, page) or (collector.parent and is_gone(page))):
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
    region = item.get(collector.region_member) if collector.region_member else None
    if region is not None and region != run.place.region:
        return False
    if "::aws:" not in str(item.get(collector.aws_managed)):
        return True
    counts = [item.get(name) for name in collector.in_use]
    return any(isinstance(count, int) and count > 0 for count in counts)


def is_none(call: Call, refusal: aws.Refusal) -> bool:
    return refusal.code in call.not_configured


def is_gone(refusal: aws.Refusal) -> bool:
    """Whether it was deleted since it was listed. SageMaker says so with a ValidationException."""
    if refusal.code == "ValidationException":
        return _GONE_WORDS.search(refusal.message) is not None
    return refusal.code in _GONE


def counted(operation: plan.Operation, refusals: Sequence[aws.Refusal], of: int) -> tuple[Refused, ...]:
    """Return one entry for each kind of refusal."""
    first = {refusal.word: refusal for refusal in reversed(refusals)}
    words = [refusal.word for refusal in refusals]
    return tuple(Refused(operation, first[word], words.count(word), of) for word in sorted(first))
