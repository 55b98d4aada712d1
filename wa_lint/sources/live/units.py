"""The unit of work: one account and region, as a recipe that travels, and what came of it. It joins and judges nothing.

`survey` and `read_unit` run on any `concurrent.futures.Executor`: threads, processes, or a cluster's
(`dask.distributed.Client.get_executor()` is one). Each makes its own session, so none is shared between accounts; what
a role lends is remembered in the process, and renews itself.
"""

from __future__ import annotations

import datetime as dt
import threading
from functools import lru_cache
from typing import Final

import msgspec

from wa_lint import aws
from wa_lint.errors import SourceError
from wa_lint.model import Raw, Snapshot
from wa_lint.request_limits import DEADLINE, INTERRUPTED, Manners
from wa_lint.sources.live import call_plan as plan
from wa_lint.sources.live import organization
from wa_lint.sources.live.account_reader import read_live
from wa_lint.sources.live.api_response import ResponsePlace
from wa_lint.sources.live.collector import ListingReach
from wa_lint.sources.live.listing import OnProgress
from wa_lint.sources.live.resuming import may_close, taken_over

ALL: Final = "all"
"""In place of a region: all that the account has enabled."""


class Access(msgspec.Struct, frozen=True, kw_only=True):
    """How to get into one account."""

    account: str
    home: str
    """A region of the account's partition, for calls that are about no region."""
    profile: str | None = None
    role_arn: str | None = None
    """None: the profile's own credentials."""
    external_id: str | None = None
    run: str = ""
    """What tells this run from others in the same process: nothing that a role lent is carried over."""


class Unit(msgspec.Struct, frozen=True, kw_only=True):
    """One account and region to read. Plain values: it can be sent anywhere."""

    access: Access
    region: str | None
    """None: what is the same from every region, IAM."""
    types: frozenset[str] | None = None
    """None: all that can be read."""
    series: frozenset[tuple[str, str]] | None = None
    """As `read_live` has them. None: all."""
    manners: Manners = Manners()
    now: dt.datetime | None = None
    tags: tuple[str, ...] = ()
    """Keys of tags whose bearers are looked for, in a region."""
    is_surely_enabled: bool = True
    """Whether the region was named, or AWS said that the account has it."""

    @property
    def account(self) -> str:
        return self.access.account

    @property
    def uri(self) -> str:
        return uri_of(self.account, self.region)


class UnitResult(msgspec.Struct, frozen=True, kw_only=True):
    """What came of a unit: a snapshot, or why there is none."""

    unit: Unit
    snapshot: Snapshot | None = None
    reason: str | None = None
    is_cut: bool = False
    """Whether the snapshot was cut short, so that reading it on would add to it."""
    has_passing_gaps: bool = False
    """Whether it has gaps that another reading may close: throttled, expired, a fault of AWS's, no connection."""
    is_skipped: bool = False
    """Whether there was nothing to read: the account does not use the region."""


class Surveyed(msgspec.Struct, frozen=True, kw_only=True):
    """Whether an account lets us in, and where it is to be looked into."""

    access: Access
    arn: str = ""
    regions: tuple[str, ...] = ()
    is_known: bool = True
    """Whether AWS said that these regions are enabled."""
    reason: str | None = None
    """Why nobody was let in."""


def uri_of(account: str, region: str | None) -> str:
    return f"aws://{account}/{region}" if region else f"aws://{account}"


def survey(access: Access, regions: tuple[str, ...]) -> Surveyed:
    """Go into the account once, and find out what `all` regions are. Never raises: what went wrong is the reason."""
    try:
        session = _session(access)
        found = aws.account_of(session, access.home)
    except SourceError as error:
        return Surveyed(access=access, reason=error.problem)
    if found.id != access.account:
        return Surveyed(access=access, reason=f"the credentials are those of account {found.id}")
    if ALL not in regions:
        return Surveyed(access=access, arn=found.arn, regions=tuple(dict.fromkeys(regions)))
    enabled = organization.enabled_regions(session, access.home)
    return Surveyed(access=access, arn=found.arn, regions=enabled.names, is_known=enabled.is_known)


def units(
    surveyed: Surveyed,
    types: frozenset[str] | None,
    manners: Manners,
    now: dt.datetime,
    tags: tuple[str, ...] = (),
    series: frozenset[tuple[str, str]] | None = None,
) -> list[Unit]:
    """Return the units of an account: what is global, if any of it is requested, then each region."""
    of_account = [None] if _types(types, ListingReach.GLOBAL) else []
    regions = surveyed.regions if _types(types, ListingReach.REGIONAL) or not of_account else ()
    return [
        Unit(
            access=surveyed.access,
            region=region,
            types=types,
            series=series,
            manners=manners,
            now=now,
            tags=tags if region else (),
            is_surely_enabled=surveyed.is_known,
        )
        for region in (*of_account, *regions)
    ]


def read_unit(
    unit: Unit,
    stop: threading.Event | None = None,
    resume: Snapshot | None = None,
    on_progress: OnProgress | None = None,
) -> UnitResult:
    """Read a unit. Never raises for what AWS does: that is the result's reason.

    `stop`, when it is set, ends the reading with what there is; `resume` is what an earlier reading had. Both are for
    threads: an event does not travel.
    """
    if stop is not None and stop.is_set():
        return UnitResult(unit=unit, snapshot=resume, reason=INTERRUPTED, is_cut=True)
    try:
        snapshot = read_live(
            _session(unit.access),
            unit.region or unit.access.home,
            types=_types(unit.types, ListingReach.REGIONAL if unit.region else ListingReach.GLOBAL),
            with_global=unit.region is None,
            manners=unit.manners,
            stop=stop,
            resume=resume,
            now=unit.now,
            on_progress=on_progress,
            tags=unit.tags,
            series=unit.series,
        )
    except SourceError as error:
        return UnitResult(unit=unit, reason=error.problem, is_skipped=not unit.is_surely_enabled)
    if not snapshot.uri.startswith(f"aws://{unit.account}/"):
        return UnitResult(unit=unit, reason=f"the credentials are those of {snapshot.uri.split('/')[2]}")
    is_cut = any(gap.reason.startswith((INTERRUPTED, DEADLINE)) for gap in snapshot.gaps)
    return UnitResult(
        unit=unit,
        snapshot=msgspec.structs.replace(snapshot, uri=unit.uri),
        is_cut=is_cut,
        has_passing_gaps=any(map(may_close, snapshot.gaps)),
    )


def demand_resumable(unit: Unit, earlier: Snapshot) -> None:
    """Raise SourceError where `earlier` is not a part of what `unit` reads: of another place, or of other types."""
    collectors = [c for c in plan.wanted(unit.types) if (c.reach is ListingReach.GLOBAL) == (unit.region is None)]
    taken_over(earlier, collectors, ResponsePlace(unit.account, unit.region or unit.access.home, ""))


def _types(types: frozenset[str] | None, reach: ListingReach) -> frozenset[str]:
    return frozenset(collector.type for collector in plan.wanted(types) if collector.reach is reach)


def _session(access: Access) -> Raw:
    """Return a session of our own, for one thread."""
    with _OPENING:
        return aws.again(_opened(access))


_OPENING: Final = threading.Lock()
"""Sessions are made one after the other: botocore's are not made for many threads."""


@lru_cache(maxsize=256)
def _opened(access: Access) -> Raw:
    """Return the session of an account's credentials, once for a run and process: they renew themselves."""
    own = _own(access.profile, access.home, access.run)
    return aws.assume(own, access.role_arn, external_id=access.external_id) if access.role_arn else own


@lru_cache(maxsize=8)
def _own(profile: str | None, home: str, run: str) -> Raw:
    """Return the session of the profile itself. All that others take from it is botocore's data, read once."""
    del run
    return aws.open_session(profile, home)
