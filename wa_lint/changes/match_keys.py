"""By what a finding or a resource is known again, the surest first. Pure."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from functools import partial

from wa_lint.changes.pairs import PairKey
from wa_lint.changes.seen import SideIndex
from wa_lint.model import Finding, Resource


def of_findings(before: SideIndex, after: SideIndex) -> Sequence[PairKey]:
    """By fingerprint in the same file, in any file; then by rule, resource and path; then by rule and resource."""
    return (
        _key(_fingerprint_in_file, before, after),
        _key(_fingerprint, before, after),
        _key(_place_in_file, before, after),
        _key(_place, before, after),
        _key(_subject, before, after, is_loose=True),
    )


def of_resources(before: SideIndex, after: SideIndex) -> Sequence[PairKey]:
    """By type and id in the same file, then in any."""
    return (_key(_resource_in_file, before, after), _key(_resource, before, after, is_loose=True))


def _key(name: Callable[..., Hashable], before: SideIndex, after: SideIndex, *, is_loose: bool = False) -> PairKey:
    return PairKey(partial(name, before), partial(name, after), is_loose)


def _fingerprint(_: SideIndex, finding: Finding) -> Hashable:
    """Without the number that tells it from others of its report, which moves when one of them goes."""
    return finding.fingerprint.partition(":")[0] or object()


def _fingerprint_in_file(seen: SideIndex, finding: Finding) -> Hashable:
    return seen.file_of(finding.location.uri), _fingerprint(seen, finding)


def _place(seen: SideIndex, finding: Finding) -> Hashable:
    return finding.rule.id, seen.name_of(finding.resource), finding.path


def _place_in_file(seen: SideIndex, finding: Finding) -> Hashable:
    return seen.file_of(finding.location.uri), _place(seen, finding)


def _subject(seen: SideIndex, finding: Finding) -> Hashable:
    return finding.rule.id, seen.name_of(finding.resource)


def _resource(seen: SideIndex, resource: Resource) -> Hashable:
    return seen.name_of(resource)


def _resource_in_file(seen: SideIndex, resource: Resource) -> Hashable:
    return seen.file_of(resource.origin.locate(()).uri), seen.name_of(resource)
