"""Which findings are new, worse or unchanged against those of an earlier run. It reads nothing and judges nothing.

An earlier finding is found again by its place and by what was accepted of it, and only then by its fingerprint: that
holds the index of an item, and an item that is inserted in front inherits nothing.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Final, TypeAlias

import msgspec

from wa_lint.model import Extent, Finding, Known, Outcome, Severity
from wa_lint.policy.grants import beyond

KEPT: Final = frozenset({Outcome.FAIL, Outcome.UNKNOWN})

NEW: Final = "new"
UPDATED: Final = "updated"
UNCHANGED: Final = "unchanged"

_MOST_ADDED: Final = 6
_MOST_TRIED: Final = 20
"""Earlier findings at one place that a finding is compared with; past it, only a fingerprint finds it again."""

_NUMBER: Final = re.compile(r":\d+$")
"""What tells equal fingerprints of several files apart."""


class State(msgspec.Struct, frozen=True):
    """What became of a finding since the earlier run."""

    state: str
    """new | updated | unchanged"""
    change: str | None = None
    """Why it is worse."""


class News(msgspec.Struct, frozen=True, eq=False):
    """How findings compare with known ones."""

    states: Sequence[State | None]
    """For each finding; None of what passed."""
    left: Sequence[Known]
    """The known ones that were not found again."""


def known_of(finding: Finding) -> Known:
    """Return what is kept of a finding."""
    return Known(
        uri=finding.location.uri,
        resource=finding.resource.id,
        rule=finding.rule.id,
        outcome=finding.outcome.value,
        path=finding.path,
        fingerprint=finding.fingerprint,
        severity=finding.rule.severity.value,
        when=finding.when or "",
        stages=finding.stages or (),
        place=finding.place,
        accepts=finding.extent,
        account=finding.resource.account or "",
        region=finding.resource.region or "",
    )


def compared(findings: Sequence[Finding], known: Iterable[Known], by: str) -> News:
    """Return what became of each finding. `by`: what the earlier run is called, for the words of `State.change`."""
    return _Matching(findings, list(dict.fromkeys(known)), by).news()


def wider(now: Extent, before: Sequence[Extent]) -> tuple[str, ...]:
    """Return what `now` holds beyond all of `before` together, in words."""
    grants = [grant for extent in before for grant in extent.grants]
    members = {member for extent in before for member in extent.members}
    added = [text for grant in now.grants for text in beyond(grant, grants)]
    return (*dict.fromkeys(added), *(member for member in now.members if member not in members))


# --- matching ---------------------------------------------------------------------------------------

_Key: TypeAlias = tuple[str, str, str]


class _Matching:
    """One comparison: which earlier finding each one is, and which are still to be had."""

    def __init__(self, findings: Sequence[Finding], known: Sequence[Known], by: str) -> None:
        self.findings = findings
        self.by = by
        self.known = known
        self.left = set(range(len(known)))
        self.states: list[State | None] = [None] * len(findings)

    def news(self) -> News:
        waiting = [n for n, finding in enumerate(self.findings) if finding.outcome in KEPT]
        waiting = self._by_likeness(waiting)
        waiting = self._by_place(waiting, is_same_file=True)
        waiting = self._by_fingerprint(waiting, is_same_file=True)
        waiting = self._by_statement(waiting)
        waiting = self._by_place(waiting, is_same_file=False)  # of a file that has another name now
        waiting = self._by_fingerprint(waiting, is_same_file=False)
        for number in waiting:
            self.states[number] = State(NEW)
        return News(self.states, [self.known[n] for n in sorted(self.left)])

    def _by_likeness(self, waiting: Sequence[int]) -> list[int]:
        """Settle the findings that are known just so. Return the others."""
        index: dict[object, list[int]] = defaultdict(list)
        for n, one in enumerate(self.known):
            if one.place:
                index[_key(one.rule, one.resource, one.uri, one.place), one.uri, one.accepts, one.outcome].append(n)
        rest: list[int] = []
        for number in waiting:
            finding = self.findings[number]
            uri = finding.location.uri
            key = _key(finding.rule.id, finding.resource.id, uri, finding.place)
            found = index[key, uri, finding.extent, finding.outcome.value]
            free = [n for n in found[:_MOST_TRIED] if n in self.left]
            if not free:
                rest.append(number)
                continue
            n = min(free, key=lambda n: self._difference(finding, n))
            self.left.discard(n)
            found.remove(n)
            self.states[number] = self._state(finding, [self.known[n]])
        return rest

    def _by_place(self, waiting: Sequence[int], *, is_same_file: bool) -> list[int]:
        """Settle the findings whose place is known and that reach no further. Return the others."""
        index: dict[tuple[_Key, str], list[int]] = defaultdict(list)
        for n, one in enumerate(self.known):
            if one.place and (is_same_file or n in self.left):
                uri = one.uri if is_same_file else ""
                index[_key(one.rule, one.resource, one.uri, one.place), uri].append(n)
        rest: list[int] = []
        for number in waiting:
            finding = self.findings[number]
            uri = finding.location.uri
            found = index[_key(finding.rule.id, finding.resource.id, uri, finding.place), uri if is_same_file else ""]
            if not self._settle(number, found[:_MOST_TRIED], is_same_file=is_same_file):
                rest.append(number)
        return rest

    def _settle(self, number: int, found: Sequence[int], *, is_same_file: bool) -> bool:
        """Settle a finding that one of `found`, or in one file all of them together, took in. Return whether."""
        finding = self.findings[number]
        free = [n for n in found if n in self.left]
        fits = [n for n in free if self._is_within(finding, [n])]
        chosen = sorted(fits, key=lambda n: self._difference(finding, n))[:1]
        if not chosen and is_same_file and finding.extent.grants and self._is_within(finding, found):
            chosen = list(found)  # what it grants was granted, by whichever statements
        if not chosen:
            return False
        self.left.difference_update(chosen)
        self.states[number] = self._state(finding, [self.known[n] for n in chosen])
        return True

    def _difference(self, finding: Finding, n: int) -> tuple[bool, bool]:
        known = self.known[n]
        return (known.outcome != finding.outcome.value, known.fingerprint != finding.fingerprint)

    def _is_within(self, finding: Finding, found: Sequence[int]) -> bool:
        return bool(found) and not wider(finding.extent, [self.known[n].accepts for n in found])

    def _by_fingerprint(self, waiting: Sequence[int], *, is_same_file: bool) -> list[int]:
        """Settle the findings whose fingerprint is known and was not found yet. Return the others."""
        index: dict[str, list[int]] = defaultdict(list)
        for n in sorted(self.left):
            index[_without_number(self.known[n].fingerprint)].append(n)
        rest: list[int] = []
        for number in waiting:
            finding = self.findings[number]
            found = [
                n
                for n in index[_without_number(finding.fingerprint)]
                if n in self.left and (self.known[n].uri == finding.location.uri) == is_same_file
            ]
            if not found:
                rest.append(number)
                continue
            n = min(found, key=lambda n: self._difference(finding, n))
            self.left.discard(n)
            self.states[number] = self._state(finding, [self.known[n]])
        return rest

    def _by_statement(self, waiting: Sequence[int]) -> list[int]:
        """Settle the findings of statements whose place is known, and that reach further now. Return the others."""
        index: dict[tuple[_Key, str], list[int]] = defaultdict(list)
        for n in sorted(self.left):
            one = self.known[n]
            if one.accepts.grants:
                index[_key(one.rule, one.resource, one.uri, one.place), one.uri].append(n)
        rest: list[int] = []
        for number in waiting:
            finding = self.findings[number]
            uri = finding.location.uri
            found = index[_key(finding.rule.id, finding.resource.id, uri, finding.place), uri]
            free = [n for n in found if n in self.left]
            if not free or not finding.extent.grants:
                rest.append(number)
                continue
            self.left.discard(free[0])
            self.states[number] = self._state(finding, [self.known[free[0]]])
        return rest

    def _state(self, finding: Finding, known: Sequence[Known]) -> State:
        why = next(_worse(finding, known, self.by), None)
        return State(UPDATED, why) if why else State(UNCHANGED)


def _key(rule: str, resource: str, uri: str, place: str) -> _Key:
    return (rule, resource.removeprefix(f"{uri}#"), place)


def _without_number(fingerprint: str) -> str:
    return _NUMBER.sub("", fingerprint)


# --- worse ------------------------------------------------------------------------------------------


def _worse(finding: Finding, known: Sequence[Known], by: str) -> Iterator[str]:
    """Yield why a finding is worse than all of `known`, which are at least one."""
    if finding.outcome is Outcome.FAIL and all(one.outcome == Outcome.UNKNOWN.value for one in known):
        yield f"{by} has it as unknown, and it fails now"
    severities = [Severity(one.severity) for one in known if one.severity]
    if severities and finding.rule.severity.rank > max(severity.rank for severity in severities):
        yield f"its severity is {finding.rule.severity.value} now, and was {severities[0].value}"
    if not any(not one.when or (finding.when and _clauses(finding.when) <= _clauses(one.when)) for one in known):
        yield f"it fails {f'when {finding.when}' if finding.when else 'always'} now, and was when {known[0].when}"
    stages = {stage for one in known for stage in one.stages}
    if all(one.stages for one in known) and not (finding.stages and stages.issuperset(finding.stages)):
        said = " and ".join(finding.stages) if finding.stages else "every stage"
        yield f"it fails in {said} now, and was in {' and '.join(sorted(stages))}"
    if all(one.place for one in known):
        added = wider(finding.extent, [one.accepts for one in known])
        if added:
            more = f" and {len(added) - _MOST_ADDED} more" if len(added) > _MOST_ADDED else ""
            yield f"wider than what {by} accepted: {', '.join(added[:_MOST_ADDED])}{more}"


def _clauses(when: str) -> set[str]:
    return set(when.split(" or "))
