"""What an earlier snapshot of the same account and region still holds good, so that it is not requested again."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Sequence

import msgspec

from wa_lint import aws
from wa_lint.errors import SourceError
from wa_lint.model import Gap, Resource, Scope, Snapshot, SourceKind
from wa_lint.sources.live.api_response import ResponsePlace
from wa_lint.sources.live.collector import Collector, ListingReach
from wa_lint.sources.live.describing import Description


class Earlier(msgspec.Struct, frozen=True):
    """What is taken over."""

    taken_at: dt.datetime
    types: frozenset[str] = frozenset()
    """The collectors' types that were read whole; what these cover is among the resources too."""
    resources: tuple[Resource, ...] = ()

    def named(self) -> dict[str, list[Description]]:
        """Return type -> what may name others, its API's words now CloudFormation's."""
        found: dict[str, list[Description]] = {type_: [] for type_ in self.types}
        for resource in self.resources:
            item = {"properties": resource.properties, "observed": resource.observed}
            found.setdefault(resource.type, []).append(Description(item))
        return found


def taken_over(snapshot: Snapshot, collectors: Sequence[Collector], place: ResponsePlace) -> Earlier:
    """Return what `snapshot` has of `collectors`: each type that was listed and described without a gap.

    Raise SourceError where the rest could not be read into the same snapshot: it is of another account, another
    region or other types.
    """
    scopes = {c.type: set(scopes_of(place, c)) for c in collectors}
    asked = {*snapshot.complete, *(gap.scope for gap in snapshot.gaps if "::" in gap.scope.type)}  # tags are no type
    taken_at = _moment(snapshot)
    _same_place(snapshot, asked, place)
    _same_types(snapshot, {scope.type for scope in asked}, {s.type for own in scopes.values() for s in own})
    gaps = {gap.scope for gap in snapshot.gaps}
    whole = {type_: own for type_, own in scopes.items() if own <= snapshot.complete and not own & gaps}
    whole = {c.type: whole[c.type] for c in collectors if c.type in whole and _was_named(c, collectors, whole)}
    covered = {scope.type for own in whole.values() for scope in own}
    return Earlier(taken_at, frozenset(whole), tuple(r for r in snapshot.resources if r.type in covered))


def may_close(gap: Gap) -> bool:
    """Whether another reading may tell what this gap leaves open: nobody refused it for good."""
    return aws.may_pass(gap.reason.partition(": ")[0])


def _was_named(collector: Collector, collectors: Sequence[Collector], whole: Collection[str]) -> bool:
    """Whether all was read that could name what `collector` describes only when it is named."""
    if not collector.named_by:
        return True
    before = collectors[: collectors.index(collector)]
    return all(c.type in whole for c in before)


def place_of(place: ResponsePlace, collector: Collector) -> ResponsePlace:
    """Return where the collector's resources are: those of a global service are in no region."""
    return place if collector.reach is ListingReach.REGIONAL else msgspec.structs.replace(place, region=None)


def scopes_of(place: ResponsePlace, collector: Collector) -> list[Scope]:
    """Return what the collector's listing covers, its own type first."""
    own = place_of(place, collector)
    return [Scope(type_, own.account, own.region) for type_ in (collector.type, *collector.covers)]


_A = {SourceKind.TEMPLATE: "a template", SourceKind.EXPORT: "an export"}


def _moment(snapshot: Snapshot) -> dt.datetime:
    if snapshot.kind is not SourceKind.LIVE:
        raise SourceError(snapshot.uri, f"this is a snapshot of {_A[snapshot.kind]}: only an account's can be resumed")
    try:
        return dt.datetime.fromisoformat(str(snapshot.taken_at)).astimezone(dt.UTC)
    except ValueError as error:
        raise SourceError(snapshot.uri, "it does not say when it was taken, so it cannot be resumed") from error


def _same_place(snapshot: Snapshot, asked: Iterable[Scope], place: ResponsePlace) -> None:
    for scope in sorted(asked, key=lambda s: (s.account or "", s.region or "", s.type)):
        if scope.account != place.account or scope.region not in {place.region, None}:
            there = f"account {scope.account}, {scope.region or 'all regions'}"
            here = f"account {place.account}, {place.region}"
            raise SourceError(snapshot.uri, f"the snapshot is of {there}, not of {here}, so it cannot be resumed")


def _same_types(snapshot: Snapshot, before: Collection[str], now: Collection[str]) -> None:
    odd = sorted(set(before) ^ set(now))
    if odd:
        verb = "is" if odd[0] in now else "was"
        raise SourceError(
            snapshot.uri,
            f"the requested types differ from those of the snapshot ({odd[0]} {verb}; {len(odd)} differ),"
            " so it cannot be resumed",
        )
