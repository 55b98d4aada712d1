"""A difference as JSON, our contract: `wa_lint/schemas/diff.schema.json` describes it, a test holds it to that."""

from __future__ import annotations

import msgspec

from wa_lint import __version__
from wa_lint.changes import Change, Difference, Gone, PropertyChange, ResourceChange, Side, Unsure
from wa_lint.changes.property_changes import plain, shown
from wa_lint.model import Finding, Gap, Input, Location, Raw, Resource
from wa_lint.reporters import json_report


def render(difference: Difference, before: Side, after: Side) -> str:
    return json_report.encode(document(difference, before, after))


def document(difference: Difference, before: Side, after: Side) -> Raw:
    """Return the difference as it is written. Of a finding it has no evidence: the reports have that."""
    found, resources, coverage = difference.findings, difference.resources, difference.coverage
    return {
        "schema_version": 1,
        "tool": {"name": "wa-lint", "version": __version__},
        "before": _side(before),
        "after": _side(after),
        "findings": {
            "new": [_finding(finding) for finding in found.new],
            "changed": [_change(change) for change in found.changed],
            "gone": [_gone(gone) for gone in found.gone],
            "not_compared": [_unsure(unsure) for unsure in found.not_compared],
        },
        "resources": resources
        and {
            "new": [_resource(resource) for resource in resources.new],
            "changed": [_resource_change(change) for change in resources.changed],
            "gone": [_resource(resource) for resource in resources.gone],
            "not_compared": [_unsure(unsure) for unsure in resources.not_compared],
        },
        "coverage": {"lost": [_gap(gap) for gap in coverage.lost], "gained": [_gap(gap) for gap in coverage.gained]},
        "summary": {
            "findings": _counts(found) | {"worse": sum(change.is_worse for change in found.changed)},
            "resources": resources and _counts(resources),
        },
    }


def _counts(found: Raw) -> Raw:
    names = ("new", "changed", "gone", "not_compared")
    return {name: len(getattr(found, name)) for name in names} | {"unchanged": found.unchanged}


def _side(side: Side) -> Raw:
    return {
        "is_report": side.snapshots is None,
        "inputs": [_input(entry) for entry in side.report.inputs],
        "judged_at": side.report.judged_at,
    }


def _input(entry: Input) -> Raw:
    kept = ("uri", "kind", "status", "reason", "resources")
    return {name: getattr(entry, name) for name in kept}


def _finding(finding: Finding) -> Raw:
    rule = finding.rule
    return {
        "rule": rule.id,
        "outcome": finding.outcome.value.replace(" ", "-"),
        "severity": rule.severity.value,
        "practices": rule.practices,
        "resource": _resource(finding.resource),
        "path": finding.path,
        "location": _location(finding.location),
        "message": finding.message,
        "when": finding.when,
        "assumes": finding.assumes,
        "fingerprint": finding.fingerprint,
        "is_suppressed": finding.suppressed is not None,
    }


def _change(change: Change) -> Raw:
    return {
        "before": _finding(change.before),
        "after": _finding(change.after),
        "fields": change.fields,
        "is_worse": change.is_worse,
    }


def _gone(gone: Gone) -> Raw:
    return {"finding": _finding(gone.finding), "because": gone.because}


def _unsure(unsure: Unsure) -> Raw:
    what = unsure.what
    told = {"finding": _finding(what)} if isinstance(what, Finding) else {"resource": _resource(what)}
    return {**told, "side": unsure.side, "reason": unsure.reason}


def _resource(resource: Resource) -> Raw:
    kept = ("id", "type", "arn", "account", "region")
    return {name: getattr(resource, name) for name in kept}


def _resource_change(change: ResourceChange) -> Raw:
    return {"resource": _resource(change.resource), "properties": [_property(one) for one in change.properties]}


def _property(change: PropertyChange) -> Raw:
    return {
        "path": change.path,
        "change": change.change,
        "before": plain(change.before),
        "after": plain(change.after),
        "before_shown": shown(change.before),
        "after_shown": shown(change.after),
    }


def _location(place: Location) -> Raw:
    """Write null for 0, as the report does."""
    return {"uri": place.uri} | {
        name: getattr(place, name) or None for name in ("line", "column", "end_line", "end_column")
    }


def _gap(gap: Gap) -> Raw:
    return msgspec.structs.asdict(gap.scope) | {"reason": gap.reason, "grant": gap.grant}
