"""SARIF 2.1.0, for code hosts: what fails, and what could not be looked at. Nothing here is Well-Architected's.

Made for GitHub's reading of it (its page "SARIF support for code scanning", read 2026-11): only the first location
of a result counts and must be a file; tags filter; `security-severity` makes an alert a vulnerability.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final
from urllib.parse import quote

from wa_lint import __version__, lens
from wa_lint.model import (
    Finding,
    Gap,
    Input,
    Location,
    Outcome,
    Problem,
    Raw,
    Report,
    Resource,
    RuleInfo,
    Severity,
    Skew,
)
from wa_lint.reporters import Options, stages, tally
from wa_lint.reporters.json_report import encode
from wa_lint.reporters.places import file_of

_LEVEL: Final = {
    Severity.LOW: "note",
    Severity.MEDIUM: "warning",
    Severity.HIGH: "error",
    Severity.CRITICAL: "error",
}

_SECURITY_SEVERITY: Final = {
    Severity.LOW: "2.0",
    Severity.MEDIUM: "5.5",
    Severity.HIGH: "8.0",
    Severity.CRITICAL: "9.5",
}
"""A text, as GitHub wants it, and well inside each of its bands: what exactly 9.0 means is said two ways."""

_PROBLEM_SEVERITY: Final = {
    Severity.LOW: "recommendation",
    Severity.MEDIUM: "warning",
    Severity.HIGH: "error",
    Severity.CRITICAL: "error",
}

_LENS: Final = {"name": "AWS-WA-ML-Lens", "guid": "b3b1f0c2-6f0e-4d0a-9a55-6f5c1c0d7e21"}
"""The name by which rules point at the taxonomy; the guid is ours and never changes."""

_MOST_TAGS, _LONGEST_TEXT = 10, 1024


def render(report: Report, options: Options) -> str:
    del options  # the same for every reader
    log = {"$schema": "https://json.schemastore.org/sarif-2.1.0.json", "version": "2.1.0", "runs": [_run(report)]}
    return encode(log)


def _run(report: Report) -> Raw:
    index = {rule.id: i for i, rule in enumerate(report.rules)}
    where = stages.where_of(report)
    return {
        "tool": {"driver": _driver(report.rules)},
        "automationDetails": {"id": _category(report)},
        "columnKind": "unicodeCodePoints",
        "originalUriBaseIds": {"%SRCROOT%": {"description": {"text": "The folder that wa-lint was started in."}}},
        "invocations": [_invocation(report)],
        "taxonomies": [_taxonomy(report.rules)],
        "results": [_result(f, index[f.rule.id], where(f)) for f in report.findings if f.outcome is Outcome.FAIL],
    }


def _category(report: Report) -> str:
    """Return what GitHub keeps alerts apart by: everything up to the last slash."""
    kinds = {entry.kind for entry in report.inputs if entry.status == "judged"}
    if kinds != {"live"}:
        return "wa-lint/cfn/" if kinds <= {"template"} else "wa-lint/"
    places = sorted({(f.resource.account or "-", f.resource.region or "global") for f in report.findings})
    regions = [place for place in places if place[1] != "global"]
    return f"wa-lint/live/{regions[0][0]}/{regions[0][1]}/" if len(regions) == 1 else "wa-lint/live/"


# --- the tool and its rules -------------------------------------------------------------------------


def _driver(rules: Sequence[RuleInfo]) -> Raw:
    return {
        "name": "wa-lint",
        "semanticVersion": __version__,
        "supportedTaxonomies": [_LENS],
        "rules": [_rule(rule) for rule in rules],
    }


def _rule(rule: RuleInfo) -> Raw:
    practices = [lens.practice(practice) for practice in rule.practices]
    link = {"helpUri": rule.references[0]} if rule.references else {}
    return {
        "id": rule.id,
        "name": "".join(word.capitalize() for word in rule.id.split("-")),
        "shortDescription": {"text": _sentence(rule.title)},
        "fullDescription": {"text": _clip(" ".join(rule.why.split()))},
        "help": {"text": f"{rule.why.strip()}\n\nFix: {rule.fix.strip()}", "markdown": _markdown(rule, practices)},
        **link,
        "defaultConfiguration": {"level": _LEVEL[rule.severity]},
        "relationships": [_relevant(practice.id) for practice in practices],
        "properties": _properties(rule),
    }


def _properties(rule: RuleInfo) -> Raw:
    tags = dict.fromkeys([tally.pillar(rule), tally.phase(rule), *rule.practices, *rule.controls])
    is_security = tally.pillar(rule) == "security"
    return {
        "tags": list(tags)[:_MOST_TAGS],
        "precision": "high",
        **({"security-severity": _SECURITY_SEVERITY[rule.severity]} if is_security else {}),
        **({} if is_security else {"problem.severity": _PROBLEM_SEVERITY[rule.severity]}),
    }


def _markdown(rule: RuleInfo, practices: Sequence[lens.Practice]) -> str:
    asked = [f"* [{practice.id}]({lens.url(practice.id)}) {practice.title}" for practice in practices]
    read = [f"* <{reference}>" for reference in rule.references]
    parts = [
        f"{rule.why.strip()}\n\n## Fix\n\n{rule.fix.strip()}",
        "## Well-Architected Machine Learning Lens\n\n" + "\n".join(asked),
        "## References\n\n" + "\n".join(read) if read else "",
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _relevant(practice: str) -> Raw:
    return {"target": {"id": practice, "toolComponent": _LENS}, "kinds": ["relevant"]}


def _taxonomy(rules: Sequence[RuleInfo]) -> Raw:
    named = {practice for rule in rules for practice in rule.practices}
    return {
        **_LENS,
        "version": lens.version(),
        "organization": "Amazon Web Services",
        "shortDescription": {"text": "The Machine Learning Lens of the AWS Well-Architected Framework."},
        "taxa": [_taxon(practice) for practice in lens.practices() if practice.id in named],
    }


def _taxon(practice: lens.Practice) -> Raw:
    description = {"text": _sentence(practice.title)}
    return {"id": practice.id, "shortDescription": description, "helpUri": lens.url(practice.id)}


# --- results ----------------------------------------------------------------------------------------


def _result(finding: Finding, index: int, where: str) -> Raw:
    related = list(_related(finding))
    return {
        "ruleId": finding.rule.id,
        "ruleIndex": index,
        "kind": "fail",
        "level": _LEVEL[finding.rule.severity],
        "message": {"text": _message(finding, where)},
        "locations": [_location(finding.location, finding.resource)],
        **({"relatedLocations": related} if related else {}),
        **({"partialFingerprints": {"waLint/v1": finding.fingerprint}} if finding.fingerprint else {}),
        "properties": {
            "path": finding.path,
            **({"when": finding.when} if finding.when else {}),
            **({"stages": list(finding.stages)} if finding.stages else {}),
            **({"assumes": list(finding.assumes)} if finding.assumes else {}),
        },
    }


def _message(finding: Finding, where: str) -> str:
    parts = [_sentence(finding.message)]
    if where:
        parts.append(_sentence(f"This is so {where}"))
    if finding.when:
        parts.append(_sentence(f"This is so when {finding.when}"))
    if finding.assumes:
        parts.append(_sentence(f"Assumed: {'; '.join(finding.assumes)}"))
    return _unlinked(" ".join(parts))


def _unlinked(text: str) -> str:
    """Return `text` so that nothing in it reads as a link: a template's text must not place one into an alert."""
    return re.sub(r"([\\\[\]])", r"\\\1", text) if "](" in text else text


def _location(place: Location, resource: Resource) -> Raw:
    return {"physicalLocation": _physical(place, resource), "logicalLocations": [_logical(resource)]}


def _logical(resource: Resource) -> Raw:
    full = resource.arn or resource.construct or resource.id
    return {"name": resource.name or resource.id, "fullyQualifiedName": full, "kind": "resource"}


def _physical(place: Location, resource: Resource | None = None) -> Raw:
    uri = file_of(place, resource)
    return {"artifactLocation": {"uri": quote(uri), "uriBaseId": "%SRCROOT%"}, "region": _region(place)}


def _region(place: Location) -> Raw:
    if not place.line:
        return {"startLine": 1}
    region = {"startLine": place.line, "startColumn": max(place.column, 1)}
    return region | ({"endLine": place.end_line, "endColumn": place.end_column} if place.end_line else {})


def _related(finding: Finding) -> Iterator[Raw]:
    """Yield the evidence that stands elsewhere, each place once."""
    told = {finding.location}
    for evidence in finding.evidence:
        if evidence.location not in told:
            told.add(evidence.location)
            text = f"{evidence.resource}{'.' if evidence.path else ''}{evidence.path} is {evidence.shown}"
            yield {
                "id": len(told) - 1,
                "physicalLocation": _physical(evidence.location),
                "message": {"text": _unlinked(_sentence(text))},
            }


# --- what could not be looked at --------------------------------------------------------------------


def _invocation(report: Report) -> Raw:
    broken = [entry for entry in report.inputs if entry.status == "error"]
    notes = [*map(_broken, broken), *map(_unread, report.gaps), *map(_odd, report.problems), *map(_skewed, report.skew)]
    return {"executionSuccessful": not broken, "toolExecutionNotifications": notes}


def _broken(entry: Input) -> Raw:
    text = _sentence(f"{entry.uri} could not be read: {entry.reason or 'no reason given'}")
    return _note("error", text) | {"locations": [{"physicalLocation": _physical(Location(entry.uri))}]}


def _unread(gap: Gap) -> Raw:
    where = " in ".join(part for part in (gap.scope.type, gap.scope.account, gap.scope.region) if part)
    grant = f" Grant {gap.grant}." if gap.grant else ""
    return _note("warning", _sentence(f"{where} could not be listed in full: {gap.reason}") + grant)


def _odd(problem: Problem) -> Raw:
    place = {"locations": [{"physicalLocation": _physical(problem.location)}]}
    return _note("note", _sentence(problem.message)) | place


def _skewed(skew: Skew) -> Raw:
    place = {"locations": [{"physicalLocation": _physical(skew.location)}]}
    return _note("note", _sentence(f"Not the same in every stage: {stages.of_skew(skew)}")) | place


def _note(level: str, text: str) -> Raw:
    return {"level": level, "message": {"text": _unlinked(text)}}


def _sentence(text: str) -> str:
    text = _clip(" ".join(text.split()))
    return text if text.endswith((".", "!", "?", "…")) else f"{text}."


def _clip(text: str) -> str:
    return text if len(text) < _LONGEST_TEXT else text[: _LONGEST_TEXT - 2] + "…"
