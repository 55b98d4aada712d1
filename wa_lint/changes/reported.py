"""A JSON report as it was written, read back: what `compare` needs of it. It judges nothing."""

from __future__ import annotations

import msgspec

from wa_lint.errors import SourceError
from wa_lint.model import (
    Finding,
    Gap,
    Input,
    Listed,
    Location,
    Outcome,
    Raw,
    Report,
    Resource,
    RuleInfo,
    Scope,
    Severity,
    Suppression,
)
from wa_lint.reporters.report_structs import SCHEMA_VERSION, JsonFinding, JsonReport


def looks_like_report(value: Raw) -> bool:
    """Whether a JSON document is a report of wa-lint, of whatever version."""
    tool = value.get("tool") if isinstance(value, dict) else None
    return isinstance(tool, dict) and tool.get("name") == "wa-lint" and "findings" in value


def read_report(value: Raw, uri: str) -> Report:
    """Return the report that `value` is. Raise SourceError where it is of another version, or damaged."""
    if value.get("schema_version") != SCHEMA_VERSION:
        raise SourceError(
            uri, f"a report of version {value.get('schema_version')}; this wa-lint reads {SCHEMA_VERSION}"
        )
    try:
        written = msgspec.convert(value, JsonReport)
    except msgspec.ValidationError as error:
        raise SourceError(uri, f"no whole report: {error}") from error
    return Report(
        rules=tuple(_rule(rule.id) for rule in written.rules),
        findings=tuple(map(_finding, written.findings)),
        inputs=tuple(Input(i.uri, i.kind, i.status, i.reason, i.resources) for i in written.inputs),
        gaps=tuple(Gap(Scope(g.type, g.account, g.region), g.reason, g.grant) for g in written.gaps),
        judged_at=written.judged_at,
    )


_OUTCOMES = {outcome.value.replace(" ", "-"): outcome for outcome in Outcome}


def _finding(written: JsonFinding) -> Finding:
    place = written.location
    location = Location(place.uri, place.line or 0, place.column or 0, place.end_line or 0, place.end_column or 0)
    found = written.resource
    return Finding(
        rule=_rule(written.rule, written.severity, written.practices),
        outcome=_OUTCOMES.get(written.outcome, Outcome.UNKNOWN),
        resource=Resource(
            found.id, found.type, {}, Listed(location), arn=found.arn, account=found.account, region=found.region
        ),
        path=written.path,
        location=location,
        message=written.message,
        when=written.when,
        assumes=written.assumes,
        fingerprint=written.fingerprint,
        suppressed=Suppression(written.suppressed.kind) if written.suppressed else None,
    )


def _rule(id_: str, severity: Severity = Severity.LOW, practices: tuple[str, ...] = ()) -> RuleInfo:
    return RuleInfo(id_, id_, severity, practices, "", "")
