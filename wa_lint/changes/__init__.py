"""What differs between two looks at the same thing: findings, resources, and what could be seen. It reads nothing.

What one side could not see is no difference: it is said as not compared, with the reason.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

import msgspec

from wa_lint.changes import match_keys as keys
from wa_lint.changes.pairs import paired
from wa_lint.changes.property_changes import PropertyChange, property_changes
from wa_lint.changes.seen import OPEN, SideIndex
from wa_lint.changes.side import Side
from wa_lint.model import Finding, Gap, Outcome, Resource, Scope, Severity

__all__ = [
    "Change",
    "Coverage",
    "Difference",
    "Findings",
    "Gone",
    "PropertyChange",
    "ResourceChange",
    "Resources",
    "Side",
    "Unsure",
    "compare",
    "is_new_or_worse",
]


class Change(msgspec.Struct, frozen=True, eq=False):
    """A finding that both sides have, and that is not the same."""

    before: Finding
    after: Finding
    fields: tuple[str, ...]
    """Which of outcome, severity, message, when, location and suppressed differ."""
    is_worse: bool
    """It fails now, and did not, or less: in fewer scenarios, not as severely, or allowed."""


class Gone(msgspec.Struct, frozen=True, eq=False):
    """A finding that the later side does not have any more, and why."""

    finding: Finding
    because: str


class ResourceChange(msgspec.Struct, frozen=True, eq=False):
    """A resource that both sides have, and that is not the same."""

    resource: Resource
    """As it is now."""
    properties: tuple[PropertyChange, ...]


class Unsure(msgspec.Struct, frozen=True, eq=False):
    """What one side has and the other may have too, unseen."""

    what: Finding | Resource
    side: str
    """before | after: the one that has it."""
    reason: str


class Findings(msgspec.Struct, frozen=True, eq=False):
    """How the findings differ: what fails and what is unknown."""

    new: tuple[Finding, ...]
    changed: tuple[Change, ...]
    gone: tuple[Gone, ...]
    not_compared: tuple[Unsure, ...]
    unchanged: int


class Resources(msgspec.Struct, frozen=True, eq=False):
    """How the resources differ."""

    new: tuple[Resource, ...]
    changed: tuple[ResourceChange, ...]
    gone: tuple[Resource, ...]
    not_compared: tuple[Unsure, ...]
    unchanged: int


class Coverage(msgspec.Struct, frozen=True):
    """What only one side could not look at, or not in full, and why."""

    lost: tuple[Gap, ...]
    gained: tuple[Gap, ...]


class Difference(msgspec.Struct, frozen=True, eq=False):
    """All that differs."""

    findings: Findings
    resources: Resources | None
    """None where a side is a report, which does not list them."""
    coverage: Coverage


def compare(before: Side, after: Side) -> Difference:
    """Return how `after` differs from `before`."""
    earlier, later = SideIndex(before), SideIndex(after)
    return Difference(_findings(earlier, later), _resources(earlier, later), _coverage(earlier, later))


def is_new_or_worse(difference: Difference, least: Severity | None, always: Collection[str] = frozenset()) -> bool:
    """Whether something fails as severely as `least`, or more, and did not before, or less.

    `least` None: however severe it is, it does not count. `always`: ids of the rules that count all the same.
    """
    found = [*difference.findings.new, *(change.after for change in difference.findings.changed if change.is_worse)]
    return any(_fails(f) and (f.rule.id in always or _is_as_severe(f, least)) for f in found)


def _is_as_severe(finding: Finding, least: Severity | None) -> bool:
    return least is not None and finding.rule.severity.rank >= least.rank


# --- findings ---------------------------------------------------------------------------------------


def _findings(before: SideIndex, after: SideIndex) -> Findings:
    matched = paired(_open(before), _open(after), keys.of_findings(before, after))
    changes = [change for change in (_change(before, after, *pair) for pair in matched.both) if change]
    added = [(finding, before.why_not_reported(finding, after)) for finding in matched.added]
    left = [(finding, after.why_not_reported(finding, before)) for finding in matched.left]
    return Findings(
        new=tuple(finding for finding, reason in added if reason is None),
        changed=tuple(changes),
        gone=tuple(Gone(finding, after.became_of(finding, before)) for finding, reason in left if reason is None),
        not_compared=(*_unsure(left, "before"), *_unsure(added, "after")),
        unchanged=len(matched.both) - len(changes),
    )


def _open(seen: SideIndex) -> list[Finding]:
    return [finding for finding in seen.side.report.findings if finding.outcome in OPEN]


def _change(before: SideIndex, after: SideIndex, old: Finding, new: Finding) -> Change | None:
    fields = tuple(_differing(before, after, old, new))
    return Change(old, new, fields, _is_worse(old, new)) if fields else None


def _differing(before: SideIndex, after: SideIndex, old: Finding, new: Finding) -> Iterator[str]:
    if old.outcome is not new.outcome:
        yield "outcome"
    if old.rule.severity is not new.rule.severity:
        yield "severity"
    if old.message != new.message:
        yield "message"
    if old.when != new.when:
        yield "when"
    if not _same_file(before.file_of(old.location.uri), after.file_of(new.location.uri)):
        yield "location"
    if (old.suppressed is None) != (new.suppressed is None):
        yield "suppressed"


def _same_file(old: str, new: str) -> bool:
    """Whether two uris may be of one file, looked at from different folders. A line that moved is no change."""
    return not old or not new or f"/{old}".endswith(f"/{new}") or f"/{new}".endswith(f"/{old}")


def _is_worse(old: Finding, new: Finding) -> bool:
    if not _fails(new):
        return False
    wider = old.when is not None and new.when is None
    return not _fails(old) or wider or new.rule.severity.rank > old.rule.severity.rank


def _fails(finding: Finding) -> bool:
    return finding.outcome is Outcome.FAIL and finding.suppressed is None


# --- resources --------------------------------------------------------------------------------------


def _resources(before: SideIndex, after: SideIndex) -> Resources | None:
    if before.resources is None or after.resources is None:
        return None
    matched = paired(before.resources, after.resources, keys.of_resources(before, after))
    changed = [ResourceChange(new, found) for old, new in matched.both if (found := property_changes(old, new))]
    added = [(resource, before.why_not_seen(resource, after)) for resource in matched.added]
    left = [(resource, after.why_not_seen(resource, before)) for resource in matched.left]
    return Resources(
        new=tuple(resource for resource, reason in added if reason is None),
        changed=tuple(changed),
        gone=tuple(resource for resource, reason in left if reason is None),
        not_compared=(*_unsure(left, "before"), *_unsure(added, "after")),
        unchanged=len(matched.both) - len(changed),
    )


def _unsure(found: Iterable[tuple[Finding | Resource, str | None]], side: str) -> Iterator[Unsure]:
    return (Unsure(what, side, reason) for what, reason in found if reason is not None)


# --- what could be seen -----------------------------------------------------------------------------


def _coverage(before: SideIndex, after: SideIndex) -> Coverage:
    return Coverage(tuple(_only_blind(after, before)), tuple(_only_blind(before, after)))


def _only_blind(blind: SideIndex, other: SideIndex) -> Iterator[Gap]:
    """Yield what `blind` could not look at and `other` could: a refusal, or a listing that it lacks."""
    gaps = {gap.scope: gap for gap in blind.side.report.gaps}
    seen_there = other.complete - blind.complete
    not_there = gaps.keys() - {gap.scope for gap in other.side.report.gaps}
    for scope in sorted(seen_there | not_there, key=_by_place):
        yield gaps.get(scope) or Gap(scope, "it was not requested")


def _by_place(scope: Scope) -> tuple[str, str, str]:
    return scope.type, scope.account or "", scope.region or ""
