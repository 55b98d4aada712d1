"""What one run tells of each finding: of those it has, and of those that earlier runs had. Pure.

A finding counts as fixed only where the run could have found it again: its rule was asked and is the same, and its
resource was judged. What could not be looked at is `UNSEEN`, with the reason, and never a fix.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Hashable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Final, TypeAlias

import msgspec

from wa_lint.changes.pairs import PairKey, paired
from wa_lint.model import OPEN, Finding, Gap, Input, Outcome, Report, Resource, Scope, Severity, SourceKind
from wa_lint.redact import mask
from wa_lint.redact.reports import mask_report
from wa_lint.suppress.allow import FAULTS

FAILS: Final = "fail"
UNKNOWN: Final = "unknown"
SUPPRESSED: Final = "suppressed"
UNSEEN: Final = "unseen"
"""It may hold or not: this run could not look, or did not."""
PASSED: Final = "passed"
"""The run asked the same rule about the same resource, and does not report it."""
GONE: Final = "gone"
"""Its resource is not there any more, in a listing or a file that was read whole."""
RULE_CHANGED: Final = "rule-changed"
"""It is not reported, but by a rule that judges otherwise than the one that reported it."""
RULE_REMOVED: Final = "rule-removed"

REPORTED: Final = frozenset({FAILS, UNKNOWN, SUPPRESSED})
CLOSED: Final = frozenset({PASSED, GONE, RULE_CHANGED, RULE_REMOVED})
STATES: Final = REPORTED | CLOSED | {UNSEEN}

_BASELINE: Final = "baseline"
"""The suppression of what is only old: nobody accepted it for good, so it is open."""

_EVERYTHING: Final = "AWS::*"


class Home(msgspec.Struct, frozen=True, order=True):
    """Where a finding's resource is: an account and region, or a file."""

    account: str = ""
    region: str = ""
    file: str = ""


class TrackedFinding(msgspec.Struct, frozen=True):
    """A finding as the history knows it. Its texts are masked."""

    id: int
    """0: not known yet."""
    fingerprint: str
    number: int
    """Tells it from others in its home with the same fingerprint."""
    rule: str
    severity: Severity
    practices: tuple[str, ...]
    resource: str
    type: str
    home: Home
    path: str
    place: str
    message: str
    last: str = ""
    """What the latest run before this one said of it."""
    last_version: str = ""
    """The version of the rule that reported it last."""


class Sighting(msgspec.Struct, frozen=True):
    """What one run says of one finding."""

    finding: TrackedFinding
    state: str
    """One of the states above."""
    because: str = ""
    version: str = ""
    """Of the rule, in this run."""


class RunView(msgspec.Struct, frozen=True):
    """All that one run looked at."""

    found: Report
    """Everything that was found, before anything was suppressed, what passes listed too."""
    settled: Report
    """What was reported of it."""
    versions: Mapping[str, str]
    """Of the rules that were asked, by id."""
    book: Collection[str]
    """The ids of all rules that could have been asked."""
    deleted: Collection[str] = ()
    """Files of earlier findings that are gone from the folders that were searched."""
    passing: Collection[str] = ()
    """Types of which an account lists only the youngest."""


def sighted(view: RunView, known: Sequence[TrackedFinding]) -> Sequence[Sighting]:
    """Return what the run says of each finding that it reports, and of each of `known` that is not closed already."""
    current = list(_reported(view))
    pairs = paired(known, [sighting.finding for sighting in current], _keys(view))
    ids = {id(new): old.id for old, new in pairs.both}
    told = [_with_id(sighting, ids.get(id(sighting.finding), 0)) for sighting in current]
    index = _VerdictIndex(view)
    missing = [_missing(index, one) for one in pairs.left if one.last and one.last not in CLOSED]
    return [*told, *missing]


def home_of(resource: Resource) -> Home:
    """Return where a resource is, masked: what has an account is of that, wherever it was read."""
    if resource.account:
        return Home(account=resource.account, region=resource.region or "")
    return Home(file=_masked(resource.origin.locate(()).uri))


def _with_id(sighting: Sighting, id_: int) -> Sighting:
    return msgspec.structs.replace(sighting, finding=msgspec.structs.replace(sighting.finding, id=id_))


# --- what is reported -------------------------------------------------------------------------------


def _reported(view: RunView) -> Iterator[Sighting]:
    """Yield what is open or suppressed, numbered within its home: the number in the report counts all files."""
    seen: Counter[Hashable] = Counter()
    for finding, ignored in _open(view):
        tracked = _tracked(finding)
        seen[tracked.fingerprint, tracked.home] += 1
        tracked = msgspec.structs.replace(tracked, number=seen[tracked.fingerprint, tracked.home])
        why = ignored or _suppressed(finding)
        state = SUPPRESSED if why else finding.outcome.value
        yield Sighting(tracked, state, why, view.versions.get(tracked.rule, ""))


def _open(view: RunView) -> Iterator[tuple[Finding, str]]:
    """Yield what fails or is unknown, and why the report leaves it out; empty where it does not."""
    for finding in view.settled.findings:
        if finding.outcome in OPEN and finding.rule.id not in FAULTS:
            yield finding, ""
    kept = {finding.fingerprint for finding in view.settled.findings}
    for finding in view.found.findings:
        if finding.outcome in OPEN and finding.fingerprint not in kept:
            yield mask_report(finding), "an override of the configuration ignores it there"


def _suppressed(finding: Finding) -> str:
    """Return who accepted a finding. What is only in the baseline is old, and open."""
    why = finding.suppressed
    if why is None or why.kind == _BASELINE:
        return ""
    return f"{why.kind}: {why.reason}" if why.reason else why.kind


def _tracked(finding: Finding) -> TrackedFinding:
    resource, rule = finding.resource, finding.rule
    return TrackedFinding(
        id=0,
        fingerprint=_base(finding.fingerprint),
        number=0,
        rule=rule.id,
        severity=rule.severity,
        practices=rule.practices,
        resource=_own_id(resource),
        type=resource.type,
        home=home_of(resource),
        path=finding.path,
        place=finding.place,
        message=finding.message,
    )


def _base(fingerprint: str) -> str:
    return fingerprint.partition(":")[0]


def _own_id(resource: Resource) -> str:
    """Return the id without the file that tells it from others, masked: a name may hold a secret."""
    return _masked(resource.id.removeprefix(f"{resource.origin.locate(()).uri}#"))


@lru_cache(1 << 16)
def _masked(text: str) -> str:
    return mask(text)


# --- by what it is known again ----------------------------------------------------------------------


def _keys(view: RunView) -> Sequence[PairKey]:
    """By fingerprint in the same home; in another file, where its own is gone; of what is not closed, by its place."""

    def same(one: TrackedFinding) -> Hashable:
        return one.fingerprint, one.number, one.home

    def moved(one: TrackedFinding) -> Hashable:
        return (one.fingerprint, one.number) if one.home.file in view.deleted else object()

    def found(one: TrackedFinding) -> Hashable:
        return (one.fingerprint, one.number) if one.home.file else object()

    return (
        PairKey(same, same),
        PairKey(moved, found),
        PairKey(_open_only(_at_place), _at_place),
        PairKey(_open_only(_subject), _subject, is_loose=True),
    )


def _open_only(key: Callable[[TrackedFinding], Hashable]) -> Callable[[TrackedFinding], Hashable]:
    return lambda one: key(one) if one.last and one.last not in CLOSED else object()


def _subject(one: TrackedFinding) -> Hashable:
    return one.rule, one.type, one.resource, one.home


def _at_place(one: TrackedFinding) -> Hashable:
    return (_subject(one), one.place) if one.place else object()


# --- what is not reported any more ------------------------------------------------------------------

_Subject: TypeAlias = tuple[str, str, Home]
"""Type, own id and home of a resource."""


class _VerdictIndex:
    """What the run judged, ready to be asked about a finding that it does not report."""

    def __init__(self, view: RunView) -> None:
        self.view = view
        self.complete = view.found.complete
        self.verdicts: dict[tuple[str, _Subject], list[Finding]] = defaultdict(list)
        self.subjects: set[_Subject] = set()
        for finding in view.found.findings:
            subject = finding.resource.type, _own_id(finding.resource), home_of(finding.resource)
            self.subjects.add(subject)
            self.verdicts[finding.rule.id, subject].append(finding)
        self.inputs: dict[str, Input] = {entry.uri: entry for entry in view.settled.inputs}


def _missing(index: _VerdictIndex, one: TrackedFinding) -> Sighting:
    view = index.view
    if one.rule not in view.book:
        return Sighting(one, RULE_REMOVED, "the rule no longer exists")
    if one.rule not in view.versions:
        return Sighting(one, UNSEEN, "the rule was not run")
    version = view.versions[one.rule]
    state, because = _became(index, one)
    if state == PASSED and version != one.last_version:
        state, because = RULE_CHANGED, "the rule has changed since it was reported"
    return Sighting(one, state, because, version)


def _became(index: _VerdictIndex, one: TrackedFinding) -> tuple[str, str]:
    subject = one.type, one.resource, one.home
    verdicts = index.verdicts.get((one.rule, subject), ())
    unknown = next((f for f in verdicts if f.outcome is Outcome.UNKNOWN), None)
    if unknown is not None:
        return UNSEEN, _masked(unknown.message)
    if verdicts:
        return PASSED, _why_closed({f.outcome for f in verdicts if f.path == one.path} or {f.outcome for f in verdicts})
    if subject in index.subjects:
        return PASSED, "the rule no longer applies to it"
    return _without_resource(index, one)


def _why_closed(outcomes: Collection[Outcome]) -> str:
    if Outcome.PASS in outcomes:
        return "it passes"
    return "it no longer applies" if Outcome.NOT_APPLICABLE in outcomes else "the item no longer exists"


def _without_resource(index: _VerdictIndex, one: TrackedFinding) -> tuple[str, str]:
    """Return what became of a finding whose resource has no verdict: gone only where all of its kind was listed."""
    return _in_account(index, one) if one.home.account else _in_file(index, one)


def _in_account(index: _VerdictIndex, one: TrackedFinding) -> tuple[str, str]:
    scope = Scope(one.type, one.home.account, one.home.region or None)
    if one.type in index.view.passing:
        return UNSEEN, "only the newest are listed"
    if any(_covers(known, scope) for known in index.complete):
        return GONE, "the resource is gone"
    gap: Gap | None = next((gap for gap in index.view.settled.gaps if _covers(gap.scope, scope)), None)
    where = ", ".join(part for part in (one.home.account, one.home.region) if part)
    return UNSEEN, gap.reason if gap else f"{one.type} was not listed in full in {where}"


def _in_file(index: _VerdictIndex, one: TrackedFinding) -> tuple[str, str]:
    file = one.home.file
    entry = index.inputs.get(file)
    if entry is None:
        return (GONE, "the file is gone") if file in index.view.deleted else (UNSEEN, "the file was not read")
    if entry.status != "judged":
        return UNSEEN, f"the file could not be read: {entry.reason or entry.status}"
    scope = Scope(one.type)
    if entry.kind == SourceKind.TEMPLATE.value or any(_covers(known, scope) for known in index.complete):
        return GONE, "the resource is gone"
    return UNSEEN, "the file may be incomplete"


def _covers(known: Scope, scope: Scope) -> bool:
    """Whether a listing, of all accounts or regions where it names none, is one in which `scope` is."""
    is_there = known.account in {None, scope.account} and known.region in {None, scope.region}
    return is_there and known.type in {scope.type, _EVERYTHING}
