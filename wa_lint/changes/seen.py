"""What one side has seen, and what it cannot have: an index, built once. It compares nothing."""

from __future__ import annotations

import re
from collections import defaultdict
from typing import Final

from wa_lint.changes.side import Side
from wa_lint.model import Finding, Outcome, Resource, Scope, SourceKind
from wa_lint.suppress.allow import FAULTS

OPEN: Final = frozenset({Outcome.FAIL, Outcome.UNKNOWN})
"""The outcomes that are in every report."""

_UNIT: Final = re.compile(r"aws://(\d+)(?:/([a-z0-9-]+))?")
"""What the uri of a scan says: the accounts and regions that were read."""

_EVERYTHING: Final = "AWS::*"
"""What a gap says in place of a type, where nothing of an account or region could be read."""

Name = tuple[str, str]
"""Type, and id without the file."""


class SideIndex:
    """One side, ready to be asked."""

    def __init__(self, side: Side) -> None:
        self.side = side
        snapshots = side.snapshots
        self.resources = None if snapshots is None else [r for snapshot in snapshots for r in snapshot.resources]
        self.complete = frozenset(scope for snapshot in snapshots or () for scope in snapshot.complete)
        self._rules = {*FAULTS, *(rule.id for rule in side.report.rules)}
        self._names = {self.name_of(resource) for resource in self.resources or ()}
        self._is_files = {i.kind for i in side.report.inputs if i.status == "judged"} <= {SourceKind.TEMPLATE.value}
        self._units = {unit for i in side.report.inputs if i.status == "judged" for unit in _UNIT.findall(i.uri)}
        self._broken = {self.file_of(i.uri): i.reason or "" for i in side.report.inputs if i.status == "error"}
        self._findings: dict[tuple[str, Name], list[Finding]] = defaultdict(list)
        for finding in side.report.findings:
            self._findings[finding.rule.id, self.name_of(finding.resource)].append(finding)

    def file_of(self, uri: str) -> str:
        """Return the file as both sides may call it; empty for what is not in one, or in the only one."""
        root = self.side.root
        return "" if uri.startswith("arn:") or uri == root else uri.removeprefix(f"{root}/") if root else uri

    def name_of(self, resource: Resource) -> Name:
        uri = resource.origin.locate(()).uri
        return resource.type, resource.id.removeprefix(f"{uri}#")

    def why_not_reported(self, finding: Finding, other: SideIndex) -> str | None:
        """Return why a finding of `other` may hold here too, though it is not said; None: it does not."""
        if finding.rule.id not in self._rules:
            return "the rule was not run"
        subject = finding.rule.id, other.name_of(finding.resource)
        unknown = next((f for f in self._findings[subject] if f.outcome is Outcome.UNKNOWN), None)
        if unknown is not None and finding.outcome is Outcome.FAIL:
            return unknown.message
        if subject[1] in self._names or self._findings[subject]:
            return None
        return self._why_not_there(finding.resource, other.file_of(finding.location.uri))

    def became_of(self, finding: Finding, other: SideIndex) -> str:
        """Return why a finding of `other` does not hold here."""
        subject = finding.rule.id, other.name_of(finding.resource)
        outcomes = {found.outcome for found in self._findings[subject] if found.path == finding.path}
        outcomes = outcomes or {found.outcome for found in self._findings[subject]}
        if Outcome.PASS in outcomes:
            return "it passes"
        if Outcome.NOT_APPLICABLE in outcomes:
            return "it no longer applies"
        if self.resources is None:
            return "it is no longer reported"
        return "the item no longer exists" if subject[1] in self._names else "the resource is gone"

    def why_not_seen(self, resource: Resource, other: SideIndex) -> str | None:
        """Return why a resource of `other` that is missing here may be there all the same; None: it is not."""
        return self._why_not_there(resource, other.file_of(resource.origin.locate(()).uri))

    def _why_not_there(self, resource: Resource, file: str) -> str | None:
        if file in self._broken:
            return f"{file or 'the file'} could not be read: {self._broken[file]}"
        scope = Scope(resource.type, resource.account, resource.region)
        if any(_covers(known, scope) for known in self.complete) and resource.type not in self.side.passing:
            return None  # a detail or a metric may have been refused; the listing was not
        gap = next((gap for gap in self.side.report.gaps if _covers(gap.scope, scope)), None)
        if gap is not None:
            return gap.reason
        if self._is_files:
            return None
        if resource.type in self.side.passing:
            return "only the newest are listed"
        return self._why_not_listed(scope)

    def _why_not_listed(self, scope: Scope) -> str | None:
        where = ", ".join(part for part in (scope.account, scope.region) if part) or "the account"
        if self.resources is None:
            is_read = not self._units or any(_is_in(unit, scope) for unit in self._units)
            return None if is_read else f"{where} was not read"
        if any(_covers(known, scope) for known in self.complete):
            return None
        return f"{scope.type} was not listed in full in {where}"


def _is_in(unit: tuple[str, str], scope: Scope) -> bool:
    return unit[0] == (scope.account or unit[0]) and unit[1] == (scope.region or unit[1])


def _covers(known: Scope, scope: Scope) -> bool:
    """Whether a listing, of all accounts or regions where it names none, is one in which `scope` is."""
    is_there = known.account in {None, scope.account} and known.region in {None, scope.region}
    return is_there and known.type in {scope.type, _EVERYTHING}
