"""A drift as JSON, our contract: `wa_lint/schemas/drift.schema.json` describes it, a test holds it to that."""

from __future__ import annotations

from wa_lint.changes.property_changes import plain, shown
from wa_lint.drift import Drift, DriftedResource, DriftOutcome, PropertyDrift, VerdictDrift
from wa_lint.drift.written import Assumed, Spelled
from wa_lint.model import Raw, Resource, Value
from wa_lint.reporters import json_report
from wa_lint.version import VERSION


def render(found: DriftOutcome) -> str:
    return json_report.encode(document(found))


def document(found: DriftOutcome) -> Raw:
    told = found.drift
    return {
        "schema_version": 1,
        "tool": {"name": "wa-lint", "version": VERSION},
        "templates": found.templates,
        "account": found.account,
        "stacks": found.stacks,
        "differing": [_differing(one) for one in told.differing],
        "missing": [_resource(one) for one in told.missing],
        "extra": [{"resource": _resource(one.resource), "because": one.because} for one in told.extra],
        "not_compared": [
            {"resource": one.resource, "type": one.type, "path": one.path, "reason": one.reason}
            for one in told.not_compared
        ],
        "summary": _summary(told),
    }


def _summary(told: Drift) -> Raw:
    return {
        "differing": len(told.differing),
        "properties": sum(len(one.properties) for one in told.differing),
        "verdicts": sum(len(one.verdicts) for one in told.differing),
        "missing": len(told.missing),
        "extra": len(told.extra),
        "not_compared": len(told.not_compared),
        "same": told.same,
        "others": told.others,
        "minor": told.minor,
    }


def _differing(one: DriftedResource) -> Raw:
    return {
        "template": _resource(one.written),
        "account": _resource(one.found),
        "paired_by": one.by,
        "properties": [_property(each) for each in one.properties],
        "verdicts": [_verdict(each) for each in one.verdicts],
    }


def _property(one: PropertyDrift) -> Raw:
    return {
        "path": one.path,
        "kind": one.kind,
        "template": plain(as_told(one.written)),
        "account": plain(one.found),
        "template_shown": shown(as_told(one.written)),
        "account_shown": shown(one.found),
        "rules": one.rules,
    }


def _verdict(one: VerdictDrift) -> Raw:
    told = {"template": one.written.value, "account": one.found.value}
    return {"rule": one.rule.id, "severity": one.rule.severity.value, **told, "message": one.message}


def _resource(resource: Resource) -> Raw:
    place = resource.origin.locate(())
    named = {name: getattr(resource, name) for name in ("id", "type", "arn", "account", "region")}
    return {**named, "file": place.uri if place.line else None, "line": place.line or None}


def as_told(value: Value) -> Value:
    """Return a value of a template as its author wrote it: a reference as ``${Name}``."""
    if isinstance(value, Spelled):
        return value.shown
    if isinstance(value, Assumed):
        return as_told(value.value)
    if isinstance(value, dict):
        return {key: as_told(item) for key, item in value.items()}
    return [as_told(item) for item in value] if isinstance(value, list) else value
