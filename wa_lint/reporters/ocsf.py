"""OCSF Compliance Findings (class 2003), for Security Lake and everything else that reads the schema.

Form: https://schema.ocsf.io/1.5.0/classes/compliance_finding (read 2026-11). Names that a template gives stand as they
are; the only time in it is the one that was handed in.
"""

from __future__ import annotations

import datetime as dt
from typing import Final

from wa_lint import lens
from wa_lint.model import Finding, Outcome, Raw, Report, Resource, Severity
from wa_lint.reporters import RenderOptions, tally, visible_lines
from wa_lint.reporters.evidence_words import in_words
from wa_lint.reporters.json_report import encode
from wa_lint.version import VERSION

_VERSION: Final = "1.5.0"
_CATEGORY, _CLASS, _CREATE = 2, 2003, 1

_SEVERITY: Final = {
    Severity.LOW: (2, "Low"),
    Severity.MEDIUM: (3, "Medium"),
    Severity.HIGH: (4, "High"),
    Severity.CRITICAL: (5, "Critical"),
}
_INFORMATIONAL: Final = (1, "Informational")

_COMPLIANCE: Final = {Outcome.PASS: (1, "Pass"), Outcome.FAIL: (3, "Fail"), Outcome.UNKNOWN: (0, "Unknown")}
"""What does not apply is no finding here: the class has no word for it."""

_NEW, _SUPPRESSED = (1, "New"), (3, "Suppressed")


def render(report: Report, options: RenderOptions) -> str:
    moment = options.made_at or f"{report.judged_at or '1970-01-01'}T00:00:00"
    milliseconds = int(dt.datetime.fromisoformat(f"{moment.removesuffix('Z')}+00:00").timestamp() * 1000)
    shown = {Outcome.FAIL, Outcome.UNKNOWN} | ({Outcome.PASS} if options.show_all else set())
    return encode([_event(finding, milliseconds) for finding in report.findings if finding.outcome in shown])


def _comment(finding: Finding) -> Raw:
    why = finding.suppressed
    if why:
        return {"comment": visible_lines(f"{why.kind}: {why.reason or 'no reason given'}")}
    said = ": ".join(text for text in (finding.state, finding.change) if text)
    return {"comment": visible_lines(said)} if said else {}


def _event(finding: Finding, milliseconds: int) -> Raw:
    rule, why = finding.rule, finding.suppressed
    severity_id, severity = _SEVERITY[rule.severity] if finding.outcome is not Outcome.PASS else _INFORMATIONAL
    status_id, status = _SUPPRESSED if why else _NEW
    return {
        "activity_id": _CREATE,
        "activity_name": "Create",
        "category_uid": _CATEGORY,
        "category_name": "Findings",
        "class_uid": _CLASS,
        "class_name": "Compliance Finding",
        "type_uid": _CLASS * 100 + _CREATE,
        "type_name": "Compliance Finding: Create",
        "time": milliseconds,
        "severity_id": severity_id,
        "severity": severity,
        "status_id": status_id,
        "status": status,
        **_comment(finding),
        "message": visible_lines(finding.message),
        "metadata": _metadata(finding.resource),
        **_cloud(finding.resource),
        "finding_info": _info(finding),
        "compliance": _compliance(finding),
        "remediation": {"desc": " ".join(rule.fix.split()), "references": list(rule.references)},
        "resources": [_resource(finding.resource)],
        "unmapped": _unmapped(finding),
    }


def _metadata(resource: Resource) -> Raw:
    return {
        "version": _VERSION,
        "product": {"name": "wa-lint", "vendor_name": "wa-lint", "version": VERSION},
        **({"profiles": ["cloud"]} if resource.account else {}),
    }


def _cloud(resource: Resource) -> Raw:
    """Return the object of the profile of that name; nothing for a template, which is in no cloud yet."""
    if not resource.account:
        return {}
    region = {"region": resource.region} if resource.region else {}
    return {"cloud": {"provider": "AWS", "account": {"uid": resource.account}, **region}}


def _info(finding: Finding) -> Raw:
    return {
        "uid": finding.fingerprint,
        "title": finding.rule.title,
        "desc": " ".join(finding.rule.why.split()),
        "types": [tally.pillar(finding.rule), tally.phase(finding.rule)],
        "analytic": {"uid": finding.rule.id, "name": finding.rule.title, "type": "Rule", "type_id": 1},
    }


def _compliance(finding: Finding) -> Raw:
    status_id, status = _COMPLIANCE[finding.outcome]
    return {
        "control": finding.rule.id,
        "standards": [f"AWS Well-Architected Machine Learning Lens {lens.version()}"],
        "requirements": [*finding.rule.practices, *finding.rule.controls],
        "status_id": status_id,
        "status": status,
    }


def _resource(resource: Resource) -> Raw:
    return {
        "uid": resource.arn or resource.id,
        "type": resource.type,
        **({"name": resource.name} if resource.name else {}),
        **({"region": resource.region} if resource.region else {}),
    }


def _unmapped(finding: Finding) -> Raw:
    """Return what the class has no field for."""
    place = finding.location
    return {
        "path": finding.path,
        "file": place.uri,
        **({"line": place.line, "column": place.column} if place.line else {}),
        **({"when": finding.when} if finding.when else {}),
        **({"assumes": list(finding.assumes)} if finding.assumes else {}),
        "evidence": [in_words(e) for e in finding.evidence],
    }
