"""SARIF 2.1.0, for code hosts, in two profiles: what GitHub takes, and all there is. It judges nothing.

Made for GitHub's reading of it (its page "SARIF support for code scanning", read 2026-11): only the first location
of a result counts and must be a file; tags filter; `security-severity` makes an alert a vulnerability.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Final
from urllib.parse import quote

import msgspec

from wa_lint.model import (
    Configuration,
    Finding,
    Gap,
    Input,
    Known,
    Location,
    Outcome,
    Problem,
    Raw,
    Report,
    Resource,
    Skew,
    Suppression,
)
from wa_lint.reporters import RenderOptions, configured, coverage, visible_lines
from wa_lint.reporters import set_words as stages
from wa_lint.reporters.evidence_words import in_words
from wa_lint.reporters.finding_path import file_of
from wa_lint.reporters.json_report import encode
from wa_lint.reporters.line_hash import line_hashes
from wa_lint.reporters.replacement import Replacement, Replacements
from wa_lint.reporters.sarif_rules import LEVEL, driver, sentence, taxonomy

MOST_RESULTS: Final = 5000
"""What GitHub keeps of a run, by severity; more than 25,000 make it refuse the file."""

_MOST_PLACES: Final = 100
"""Related places of a result, and steps of a way, that GitHub shows."""


def render(report: Report, options: RenderOptions) -> str:
    """Return the profile for GitHub: what fails and nobody allowed, the gravest of it where there is too much."""
    return log(report, options, is_full=False)


def notice(report: Report) -> str | None:
    """Say it where not all that fails is in the file."""
    left = len(_failing(report)) - MOST_RESULTS
    if left <= 0:
        return None
    return f"{left} of {left + MOST_RESULTS} findings are left out of the SARIF, the least severe: GitHub keeps no more"


def log(report: Report, options: RenderOptions, *, is_full: bool) -> str:
    """Return a log of one run. The full profile has every outcome, what is suppressed too, and no cap."""
    run = _run(report, Shown(options.lines, options.replacements, is_full))
    return encode({"$schema": "https://json.schemastore.org/sarif-2.1.0.json", "version": "2.1.0", "runs": [run]})


class Shown(msgspec.Struct, frozen=True):
    """Which profile it is, and what the sources look like."""

    lines: Callable[[str], Sequence[str]]
    replacements: Replacements
    is_full: bool


def _failing(report: Report) -> list[Finding]:
    return [f for f in report.findings if f.outcome is Outcome.FAIL and f.is_open]


def _shown(report: Report, *, is_full: bool) -> Sequence[Finding]:
    if is_full:
        return report.findings
    failing = _failing(report)
    if len(failing) <= MOST_RESULTS:
        return failing
    return sorted(failing, key=lambda finding: -finding.rule.severity.rank)[:MOST_RESULTS]


def _run(report: Report, shown: Shown) -> Raw:
    index = {rule.id: i for i, rule in enumerate(report.rules)}
    where = stages.where_of(report)
    found = _shown(report, is_full=shown.is_full)
    hashes = _Hashes(shown.lines)
    return {
        "tool": {"driver": driver(report.rules)},
        "automationDetails": {"id": _category(report)},
        "columnKind": "unicodeCodePoints",
        "originalUriBaseIds": {"%SRCROOT%": {"description": {"text": "The folder that wa-lint was started in."}}},
        "invocations": [_invocation(report, is_full=shown.is_full)],
        "taxonomies": [taxonomy(report.rules)],
        "results": [
            *(_result(f, index[f.rule.id], where(f), hashes) | _fixes(f, shown.replacements(f)) for f in found),
            *(_absent(known, index[known.rule]) for known in _fixed(report, shown) if known.rule in index),
        ],
    }


class _Hashes:
    """GitHub's hash of any line of any source that is at hand."""

    def __init__(self, lines: Callable[[str], Sequence[str]]) -> None:
        self.lines = lines
        self._known: dict[str, Sequence[str]] = {}

    def of(self, place: Location) -> str | None:
        if place.uri not in self._known:
            self._known[place.uri] = line_hashes(self.lines(place.uri)) if place.line else ()
        found = self._known[place.uri]
        return found[place.line - 1] if 0 < place.line <= len(found) else None


def _category(report: Report) -> str:
    """Return what GitHub keeps alerts apart by: everything up to the last slash."""
    kinds = {entry.kind for entry in report.inputs if entry.status == "judged"}
    if kinds != {"live"}:
        return "wa-lint/cfn/" if kinds <= {"template"} else "wa-lint/"
    known = report.places | {(f.resource.account, f.resource.region) for f in report.findings}
    places = sorted({(account or "-", region or "global") for account, region in known})
    regions = [place for place in places if place[1] != "global"]
    return f"wa-lint/live/{regions[0][0]}/{regions[0][1]}/" if len(regions) == 1 else "wa-lint/live/"


# --- results ----------------------------------------------------------------------------------------


_KIND: Final = {
    Outcome.FAIL: "fail",
    Outcome.UNKNOWN: "open",
    Outcome.PASS: "pass",
    Outcome.NOT_APPLICABLE: "notApplicable",
}
"""An open result is one that could not be decided for lack of information (SARIF 2.1.0, 3.27.9)."""


def _result(finding: Finding, index: int, where: str, hashes: _Hashes) -> Raw:
    related = list(_related(finding))[:_MOST_PLACES]
    place = finding.anchor or finding.location
    fails = finding.outcome is Outcome.FAIL
    return {
        "ruleId": finding.rule.id,
        "ruleIndex": index,
        "kind": _KIND[finding.outcome],
        "level": LEVEL[finding.rule.severity] if fails else "none",
        "message": {"text": _message(finding, where)},
        "locations": [_location(place, finding.resource)],
        **({"relatedLocations": related} if related else {}),
        **({"codeFlows": [_flow(finding)]} if finding.trail else {}),
        "partialFingerprints": _fingerprints(finding, hashes.of(place)),
        **({"suppressions": [_suppression(finding.suppressed)]} if finding.suppressed else {}),
        **({"baselineState": finding.state} if finding.state else {}),
        "properties": {
            "path": finding.path,
            **({"when": finding.when} if finding.when else {}),
            **({"change": finding.change} if finding.change else {}),
            **({"stages": list(finding.stages)} if finding.stages else {}),
            **({"assumes": list(finding.assumes)} if finding.assumes else {}),
        },
    }


def _fixed(report: Report, shown: Shown) -> Sequence[Known]:
    """Return what is fixed: a code host would take it for an alert, so only the full profile has it."""
    return report.compared.fixed if report.compared and shown.is_full else ()


def _absent(known: Known, index: int) -> Raw:
    path = f", {known.path}" if known.path else ""
    return {
        "ruleId": known.rule,
        "ruleIndex": index,
        "kind": "fail" if known.outcome == Outcome.FAIL.value else "open",
        "level": "none" if known.outcome != Outcome.FAIL.value else "note",
        "message": {"text": _unlinked(sentence(f"Fixed: {known.resource}{path}"))},
        "locations": [{"physicalLocation": _physical(Location(known.uri))}],
        "partialFingerprints": {"waLint/v1": known.fingerprint},
        "baselineState": "absent",
    }


def _fingerprints(finding: Finding, line_hash: str | None) -> Raw:
    ours = {"waLint/v1": finding.fingerprint} if finding.fingerprint else {}
    return ours | ({"primaryLocationLineHash": line_hash} if line_hash else {})


def _suppression(why: Suppression) -> Raw:
    place = {"location": {"physicalLocation": _physical(why.location)}} if why.location else {}
    is_beside = why.kind in {"comment", "metadata"}
    said = [why.reason or "no reason given", *([f"until {why.until}"] if why.until else [])]
    return {
        "kind": "inSource" if is_beside else "external",
        "status": "accepted",
        "justification": ", ".join([*said, *([why.owner] if why.owner else [])]),
        **place,
    }


def _fixes(finding: Finding, replacements: Sequence[Replacement]) -> Raw:
    """Return what `check --fix` would write. A region without length is a place to insert at (SARIF 2.1.0, 3.57.3)."""
    if not replacements:
        return {}
    places = [_physical(one.place, finding.resource) for one in replacements]
    changes = [
        {"deletedRegion": place["region"], "insertedContent": {"text": one.text}}
        for place, one in zip(places, replacements, strict=True)
    ]
    set_ = " and ".join(edit.set for edit in finding.rule.edits if edit.set)
    return {
        "fixes": [
            {
                "description": {"text": sentence(f"Set {set_}" if set_ else "Add what is missing")},
                "artifactChanges": [{"artifactLocation": places[0]["artifactLocation"], "replacements": changes}],
            }
        ]
    }


def _flow(finding: Finding) -> Raw:
    """Return the way as a code host draws it, a place for each step."""
    steps = [
        {
            "location": {
                "physicalLocation": _physical(step.location, finding.resource),
                "message": {"text": _unlinked(f"{step.resource} ({step.type})")},
            }
        }
        for step in finding.trail[:_MOST_PLACES]
    ]
    return {"threadFlows": [{"locations": steps}]}


def _message(finding: Finding, where: str) -> str:
    parts = [sentence(finding.message or finding.outcome.value.capitalize())]
    if where:
        parts.append(sentence(f"This is so {where}"))
    if finding.change:
        parts.append(sentence(f"{'Worse' if finding.state == 'updated' else 'New'}: {finding.change}"))
    if finding.when:
        parts.append(sentence(f"This is so when {finding.when}"))
    if finding.assumes:
        parts.append(sentence(f"Assumed: {'; '.join(finding.assumes)}"))
    return _unlinked(" ".join(parts))


def _unlinked(text: str) -> str:
    """Return `text` so that nothing in it reads as a link or goes unseen: it may quote a template."""
    text = visible_lines(text)
    return re.sub(r"([\\\[\]])", r"\\\1", text) if "](" in text else text


def _location(place: Location, resource: Resource) -> Raw:
    return {"physicalLocation": _physical(place, resource), "logicalLocations": [_logical(resource)]}


def _logical(resource: Resource) -> Raw:
    full = resource.arn or resource.construct or resource.id
    return {"name": resource.name or resource.id, "fullyQualifiedName": full, "kind": "resource"}


def _physical(place: Location, resource: Resource | None = None) -> Raw:
    uri = quote(file_of(place, resource).encode("utf-8", "replace"))
    return {"artifactLocation": {"uri": uri, "uriBaseId": "%SRCROOT%"}, "region": _region(place)}


def _region(place: Location) -> Raw:
    if not place.line:
        return {"startLine": 1}
    start = (place.line, max(place.column, 1))
    region = {"startLine": start[0], "startColumn": start[1]}
    is_span = (place.end_line, place.end_column) >= start
    return region | ({"endLine": place.end_line, "endColumn": place.end_column} if is_span else {})


def _related(finding: Finding) -> Iterator[Raw]:
    """Yield the evidence that is elsewhere, each place once."""
    told = {finding.location}
    for evidence in finding.evidence:
        if evidence.location not in told:
            told.add(evidence.location)
            yield {
                "id": len(told) - 1,
                "physicalLocation": _physical(evidence.location),
                "message": {"text": _unlinked(sentence(in_words(evidence)))},
            }


# --- what could not be looked at --------------------------------------------------------------------


def _invocation(report: Report, *, is_full: bool) -> Raw:
    capped = None if is_full else notice(report)
    missed = coverage.lines(report, without=coverage.SHOWN_ALREADY if is_full else {"error", "gap"})
    broken = [entry for entry in report.inputs if entry.status == "error"]
    notes = [*map(_broken, broken), *map(_unread, report.gaps), *map(_odd, report.problems), *map(_skewed, report.skew)]
    notes += [_note("warning", sentence(capped))] if capped else []
    notes += [_missed(line) for line in missed]
    used = [_configured(one) for one in report.configuration]
    return {
        "executionSuccessful": not broken,
        "toolExecutionNotifications": notes,
        **({"toolConfigurationNotifications": used} if used else {}),
    }


def _configured(one: Configuration) -> Raw:
    """Return what a configuration switched off: a warning, so that it is shown where notes are not."""
    level = "warning" if one.effects else "note"
    return _note(level, configured.sentence(one)) | {"properties": {"trust": one.trust, "uri": one.uri}}


def _broken(entry: Input) -> Raw:
    text = sentence(f"{entry.uri} could not be read: {entry.reason or 'no reason given'}")
    return _note("error", text) | {"locations": [{"physicalLocation": _physical(Location(entry.uri))}]}


def _unread(gap: Gap) -> Raw:
    where = " in ".join(part for part in (gap.scope.type, gap.scope.account, gap.scope.region) if part)
    grant = f" Grant {gap.grant}." if gap.grant else ""
    return _note("warning", sentence(f"{where} could not be listed in full: {gap.reason}") + grant)


def _odd(problem: Problem) -> Raw:
    place = {"locations": [{"physicalLocation": _physical(problem.location)}]}
    return _note("note", sentence(problem.message)) | place


def _skewed(skew: Skew) -> Raw:
    place = {"locations": [{"physicalLocation": _physical(skew.location)}]}
    return _note("note", sentence(f"Not the same in every stage: {stages.of_skew(skew)}")) | place


def _missed(line: coverage.Line) -> Raw:
    return _note("warning" if line.is_warning else "note", line.text) | {"properties": {"kind": line.kind}}


def _note(level: str, text: str) -> Raw:
    return {"level": level, "message": {"text": _unlinked(text)}}
