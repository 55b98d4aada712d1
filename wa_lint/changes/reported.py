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

VERSION = 1


def looks_like_report(value: Raw) -> bool:
    """Whether a JSON document is a report of wa-lint, of whatever version."""
    tool = value.get("tool") if isinstance(value, dict) else None
    return isinstance(tool, dict) and tool.get("name") == "wa-lint" and "findings" in value


def read_report(value: Raw, uri: str) -> Report:
    """Return the report that `value` is. Raise SourceError where it is of another version, or damaged."""
    if value.get("schema_version") != VERSION:
        raise SourceError(uri, f"a report of version {value.get('schema_version')}; this wa-lint reads {VERSION}")
    try:
        written = msgspec.convert(value, _Report)
    except msgspec.ValidationError as error:
        raise SourceError(uri, f"no whole report: {error}") from error
    return Report(
        rules=tuple(_rule(rule.id) for rule in written.rules),
        findings=tuple(map(_finding, written.findings)),
        inputs=tuple(Input(i.uri, i.kind, i.status, i.reason, i.resources) for i in written.inputs),
        gaps=tuple(Gap(Scope(g.type, g.account, g.region), g.reason, g.grant) for g in written.gaps),
        judged_at=written.judged_at,
    )


class _Place(msgspec.Struct, frozen=True):
    uri: str
    line: int | None = None
    column: int | None = None
    end_line: int | None = None
    end_column: int | None = None


class _Resource(msgspec.Struct, frozen=True):
    id: str
    type: str
    arn: str | None = None
    account: str | None = None
    region: str | None = None


class _Suppressed(msgspec.Struct, frozen=True):
    kind: str


class _Finding(msgspec.Struct, frozen=True):
    rule: str
    outcome: str
    severity: Severity
    practices: tuple[str, ...]
    resource: _Resource
    path: str
    location: _Place
    message: str
    fingerprint: str
    when: str | None = None
    assumes: tuple[str, ...] = ()
    suppressed: _Suppressed | None = None


class _Rule(msgspec.Struct, frozen=True):
    id: str


class _Gap(msgspec.Struct, frozen=True):
    type: str
    reason: str
    account: str | None = None
    region: str | None = None
    grant: str | None = None


class _Input(msgspec.Struct, frozen=True):
    uri: str
    kind: str
    status: str
    reason: str | None = None
    resources: int = 0


class _Report(msgspec.Struct, frozen=True):
    findings: tuple[_Finding, ...]
    rules: tuple[_Rule, ...]
    inputs: tuple[_Input, ...]
    gaps: tuple[_Gap, ...] = ()
    judged_at: str | None = None


_OUTCOMES = {outcome.value.replace(" ", "-"): outcome for outcome in Outcome}


def _finding(written: _Finding) -> Finding:
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
