"""Reads one account and region into a snapshot, by read-only calls from many threads. It judges nothing.

What may not be listed is a `Gap`, what may not be described is Unknown; nothing that AWS answers, refuses or leaves
out raises, except that nobody is let in at all (`SourceError`). So it is with what a deadline or Ctrl-C cuts short.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import threading
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from typing import Final

import msgspec

from wa_lint import aws
from wa_lint.errors import SourceError
from wa_lint.model import Gap, Raw, Resource, Scope, Snapshot, SourceKind, Unknown
from wa_lint.request_limits import INTERRUPTED, Limits, Manners, Watch
from wa_lint.sources.live import call_plan as plan
from wa_lint.sources.live.abandonable_threads import Crew, gather
from wa_lint.sources.live.api_response import ResponsePlace, resource_of
from wa_lint.sources.live.collector import Collector, ListingReach
from wa_lint.sources.live.collectors import quotas_of
from wa_lint.sources.live.describing import Description, describe_all
from wa_lint.sources.live.grouping import grouped
from wa_lint.sources.live.listing import Listing, OnProgress, Refused, Run, counted, list_all
from wa_lint.sources.live.measuring import Measured, measure
from wa_lint.sources.live.resuming import Earlier, place_of, scopes_of, taken_over
from wa_lint.sources.live.tags import notes, tagged, with_tags


def read_live(  # noqa: PLR0913, each is handed in by name
    session: Raw,
    region: str,
    *,
    types: Collection[str] | None = None,
    with_global: bool = True,
    executor: Executor | None = None,
    max_rps: float | None = None,
    manners: Manners | None = None,
    stop: threading.Event | None = None,
    resume: Snapshot | None = None,
    now: dt.datetime | None = None,
    on_progress: OnProgress | None = None,
    tags: Collection[str] = (),
    series: Collection[tuple[str, str]] | None = None,
) -> Snapshot:
    """Return a snapshot of `types` (None: all that the table has) in one region.

    `with_global`: read IAM, which is the same from every region, too; once for an account is enough.
    `executor` must be one of threads; None: `Manners.threads` of its own, of which no one can hang the run.
    `max_rps`: short for `manners`. `stop`: once set, no call begins, and what is there is returned; what is not is a
    gap, or Unknown, that says ``interrupted``, as it says ``deadline`` where the time is up. `resume`: an earlier
    snapshot of the same unit and types; what it has whole is taken over, the rest read into it, as of its time.
    `now`: aware; it ends the metrics' window and is in the snapshot as `taken_at`. `tags`: keys whose bearers are
    looked for, see `wa_lint.sources.live.tags`. `series`: type and key of the metrics to ask for (None: all).

    Raise SourceError where the credentials let nobody in, or `resume` is of something else.
    """
    manners = manners or Manners()
    manners = manners if max_rps is None else msgspec.structs.replace(manners, max_rps=max_rps)
    watch = Watch(manners, stop)
    collectors = [c for c in plan.wanted(types) if with_global or c.reach is ListingReach.REGIONAL]
    with _threads(executor, manners.threads) as pool:
        account = _account(pool, watch, session, region)
        place = ResponsePlace(account.id, region, account.partition)
        earlier = taken_over(resume, collectors, place) if resume else None
        moment = earlier.taken_at if earlier else (now or dt.datetime.now(dt.UTC)).astimezone(dt.UTC)
        clients = aws.Clients(session, region, watch, Limits(manners.max_rps, quotas_of))
        tell = on_progress or (lambda *_: None)
        run = Run(clients, place, moment, pool, tell, manners.window_days, series, manners.traffic_days)
        return _tagged(run, _snapshot(run, collectors, earlier or Earlier(moment)), tags)


@contextlib.contextmanager
def _threads(executor: Executor | None, threads: int) -> Iterator[Executor]:
    if executor is not None:
        yield executor
        return
    with Crew(threads) as own:
        yield own


def _account(pool: Executor, watch: Watch, session: Raw, region: str) -> aws.AccountIdentity:
    began = watch.clock()
    found = (
        watch.why_not("sts")
        or gather(
            pool,
            lambda manners: aws.account_of(session, region, manners),
            [watch.manners],
            lambda _: watch.why_leave(None, began),
            lambda _: None,
        )[0]
    )
    if isinstance(found, str):
        problem = "interrupted" if found == INTERRUPTED else "AWS did not return the account in time"
        raise SourceError(f"aws {region}", problem)
    return found


def _snapshot(run: Run, collectors: Sequence[Collector], earlier: Earlier) -> Snapshot:
    asked = [c for c in collectors if c.type not in earlier.types]
    listings = list_all(run, plan.listed(asked))
    described = describe_all(run, collectors, listings, earlier.named())
    found = {c.type: described[c.type] for c in asked}
    measured = measure(run, found)
    resources = [*earlier.resources, *(r for c in asked for r in _resources(run.place, c, found[c.type]))]
    whole = [c for c in collectors if c.type in earlier.types or not listings[c.type].refused]
    return Snapshot(
        kind=SourceKind.LIVE,
        uri=f"aws://{run.place.account}/{run.place.region}",
        resources=_sorted(grouped(_sorted(_with_series(resources, measured)), _jobs(collectors))),
        complete=frozenset(scope for c in whole for scope in scopes_of(run.place, c)),
        gaps=tuple(sorted(_gaps(run.place, asked, listings, found, measured))),
        taken_at=run.now.isoformat(),
    )


def _tagged(run: Run, snapshot: Snapshot, keys: Collection[str]) -> Snapshot:
    """Return `snapshot` with what the tags in it, and those of `keys`, say."""
    found = tagged(run, keys)
    return msgspec.structs.replace(
        snapshot,
        resources=tuple(with_tags(snapshot.resources, found)),
        gaps=tuple(sorted({*snapshot.gaps, *found.gaps})),
        notes=tuple(notes(snapshot.resources, found)),
    )


def _resources(place: ResponsePlace, collector: Collector, described: Iterable[Description]) -> Iterator[Resource]:
    for found in described:
        why = {name: Unknown(refused.reason) for name, refused in found.refused.items()}
        yield resource_of(collector, found.item, place_of(place, collector), why)


def _with_series(resources: Iterable[Resource], measured: Measured) -> Iterator[Resource]:
    for resource in resources:
        series = measured.series.get((resource.type, resource.id))
        observed = {**(resource.observed or {}), **series} if series else resource.observed
        yield msgspec.structs.replace(resource, observed=observed)


def _jobs(collectors: Iterable[Collector]) -> set[str]:
    return {collector.type for collector in collectors if collector.window_days}


def _sorted(resources: Iterable[Resource]) -> tuple[Resource, ...]:
    """Sort by (type, id). What a moving list gave twice is once."""
    unique = {(resource.type, resource.id): resource for resource in resources}
    return tuple(unique[key] for key in sorted(unique))


def _gaps(
    place: ResponsePlace,
    collectors: Sequence[Collector],
    listings: Mapping[str, Listing],
    described: Mapping[str, Sequence[Description]],
    measured: Measured,
) -> set[Gap]:
    found: list[tuple[Scope, Refused]] = []
    for collector in collectors:
        own, *covered = scopes_of(place, collector)
        listed = listings[collector.type].refused
        details = _refused_details(collector, described[collector.type])
        found += [(scope, one) for scope in (own, *covered) for one in listed]
        found += [(own, one) for one in (*details, *measured.refused.get(collector.type, ()))]
    everywhere = _denied_everywhere([one for _, one in found], collectors)
    return {
        Gap(scope, everywhere if one.refusal.denied_by and everywhere else one.reason, one.grant)
        for scope, one in found
    }


_MOST: Final = 0.5
"""Share of the services. A policy that keeps a region closed leaves out what is the same everywhere."""


def _denied_everywhere(refused: Iterable[Refused], collectors: Sequence[Collector]) -> str:
    """Return why nearly all of the region is denied, so that it is said once; empty where it is not."""
    services: dict[str, set[str]] = {}
    for one in refused:
        if "control policy" in one.refusal.denied_by:
            services.setdefault(one.refusal.denied_by, set()).add(one.operation.service)
    asked = {collector.service for collector in collectors}
    why = max(services, key=lambda reason: len(services[reason]), default="")
    return f"AccessDenied: in this region, by {why}" if why and len(services[why]) > max(1, _MOST * len(asked)) else ""


def _refused_details(collector: Collector, described: Sequence[Description]) -> Iterator[Refused]:
    """Yield one entry for each call of the collector and each kind of refusal, counted."""
    for call in collector.describe:
        operation = plan.operation_of(collector, call)
        found = [next((r.refusal for r in one.refused.values() if r.operation == operation), None) for one in described]
        yield from counted(operation, [refusal for refusal in found if refusal], len(described))
