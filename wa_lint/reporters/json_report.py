"""The JSON report, our public contract: `wa_lint/schemas/report.schema.json` describes it, a test holds it to that."""

from __future__ import annotations

import msgspec

from wa_lint import __version__
from wa_lint.model import (
    Configuration,
    Effect,
    Evidence,
    Finding,
    Gap,
    Input,
    Location,
    NotFollowed,
    Outcome,
    Problem,
    Raw,
    Report,
    Resource,
    Skew,
    Suppression,
    Value,
    Waste,
)
from wa_lint.reporters import RenderOptions, configured, coverage, tally, visible_json

_SHOWN = frozenset({Outcome.FAIL, Outcome.UNKNOWN})


def render(report: Report, options: RenderOptions) -> str:
    return encode(document(report, options))


def encode(document: object) -> str:
    """Return indented JSON, unseen characters as escapes. Half a surrogate pair, as in a JSON text, becomes U+FFFD."""
    try:
        text = msgspec.json.encode(document)
    except UnicodeEncodeError:
        text = msgspec.json.encode(_whole(msgspec.to_builtins(document)))
    return visible_json(msgspec.json.format(text, indent=2).decode()) + "\n"


def document(report: Report, options: RenderOptions) -> _Report:
    """Return the report as it is written; the fields below are the contract, in its order."""
    findings = [f for f in report.findings if options.show_all or f.outcome in _SHOWN]
    return _Report(
        inputs=[_input(entry) for entry in report.inputs],
        findings=[_finding(finding) for finding in findings],
        rules=[_rule(rule, counted) for rule, counted in tally.by_rule(report).items()],
        practices=tally.practices(report),
        gaps=[_gap(gap) for gap in report.gaps],
        problems=[_problem(problem) for problem in report.problems],
        skew=[_skew(skew) for skew in report.skew],
        unjudged=[
            _Unjudged(entry.type, entry.count, entry.kind, entry.reason, entry.is_ml) for entry in report.unjudged
        ],
        not_followed=[_not_followed(entry) for entry in report.not_followed],
        coverage=[covered(line) for line in coverage.lines(report)],
        configuration=[_configuration(one) for one in report.configuration],
        summary=_summary(report),
        judged_at=report.judged_at,
        compared=_compared(report),
    )


class _Tool(msgspec.Struct, frozen=True):
    name: str = "wa-lint"
    version: str = __version__


class _Input(msgspec.Struct, frozen=True):
    uri: str
    kind: str
    status: str
    reason: str | None
    resources: int
    stages: tuple[str, ...] | None
    files: int
    suspect: bool


class _Unjudged(msgspec.Struct, frozen=True):
    type: str
    count: int
    kind: str
    reason: str
    ml: bool


class _NotFollowed(msgspec.Struct, frozen=True):
    what: str
    kind: str
    reason: str
    location: _Location


class _Covered(msgspec.Struct, frozen=True):
    kind: str
    count: int
    text: str
    warning: bool


class _Location(msgspec.Struct, frozen=True):
    uri: str
    line: int | None
    column: int | None
    end_line: int | None
    end_column: int | None


class _Resource(msgspec.Struct, frozen=True):
    id: str
    type: str
    arn: str | None
    account: str | None
    region: str | None
    construct: str | msgspec.UnsetType = msgspec.UNSET


class _Evidence(msgspec.Struct, frozen=True):
    resource: str
    path: str
    value: object
    shown: str
    location: _Location


class _Step(msgspec.Struct, frozen=True):
    resource: str
    type: str
    location: _Location


class _Suppressed(msgspec.Struct, frozen=True):
    kind: str
    reason: str | None
    owner: str | None
    until: str | None
    location: _Location | None


class _Waste(msgspec.Struct, frozen=True):
    low: float
    high: float
    currency: str
    per: str
    as_of: str | None
    measured: bool
    assumes: tuple[str, ...]


class _Finding(msgspec.Struct, frozen=True):
    rule: str
    outcome: str
    severity: str
    pillar: str
    phase: str
    practices: tuple[str, ...]
    resource: _Resource
    path: str
    location: _Location
    message: str
    when: str | None
    assumes: tuple[str, ...]
    evidence: list[_Evidence]
    fingerprint: str
    stages: tuple[str, ...] | None
    suppressed: _Suppressed | None
    trail: list[_Step]
    anchor: _Location | None
    waste: _Waste | msgspec.UnsetType = msgspec.UNSET
    state: str | msgspec.UnsetType = msgspec.UNSET
    change: str | msgspec.UnsetType = msgspec.UNSET


class _Rule(msgspec.Struct, frozen=True):
    id: str
    passed: int
    failed: int
    unknown: int
    not_applicable: int
    suppressed: int
    unchanged: int | msgspec.UnsetType = msgspec.UNSET


class _Gap(msgspec.Struct, frozen=True):
    type: str
    account: str | None
    region: str | None
    reason: str
    grant: str | None


class _Problem(msgspec.Struct, frozen=True):
    location: _Location
    message: str


class _Skew(msgspec.Struct, frozen=True):
    resource: str
    path: str
    rule: str | None
    values: dict[str, object]
    shown: dict[str, str]
    location: _Location


class _Effect(msgspec.Struct, frozen=True):
    key: str
    text: str
    items: tuple[str, ...]
    count: int | None


class _Configuration(msgspec.Struct, frozen=True):
    uri: str
    trust: str
    sentence: str
    switched_off: list[_Effect]
    overruled: list[_Effect]


class _Summary(msgspec.Struct, frozen=True):
    passed: int
    failed: int
    unknown: int
    not_applicable: int
    suppressed: int
    resources: int
    ml_resources: int
    by_pillar: dict[str, tally.Tally]
    unchanged: int | msgspec.UnsetType = msgspec.UNSET


class _Fixed(msgspec.Struct, frozen=True):
    rule: str
    outcome: str
    resource: str
    path: str
    uri: str
    fingerprint: str


class _Compared(msgspec.Struct, frozen=True):
    since: str
    new: tally.Amount
    updated: tally.Amount
    unchanged: tally.Amount
    fixed: list[_Fixed]


class _Report(msgspec.Struct, frozen=True, kw_only=True):
    schema_version: int = 1
    tool: _Tool = _Tool()
    inputs: list[_Input]
    findings: list[_Finding]
    rules: list[_Rule]
    practices: object
    gaps: list[_Gap]
    problems: list[_Problem]
    skew: list[_Skew]
    unjudged: list[_Unjudged]
    not_followed: list[_NotFollowed]
    coverage: list[_Covered]
    configuration: list[_Configuration]
    summary: _Summary
    judged_at: str | None
    compared: _Compared | msgspec.UnsetType = msgspec.UNSET


def _input(entry: Input) -> _Input:
    return _Input(
        entry.uri,
        entry.kind,
        entry.status,
        entry.reason,
        entry.resources,
        entry.stages or None,
        entry.files,
        entry.is_suspect,
    )


def covered(line: coverage.Line) -> _Covered:
    return _Covered(line.kind, line.count, line.text, line.is_warning)


def _not_followed(entry: NotFollowed) -> _NotFollowed:
    return _NotFollowed(entry.what, entry.kind, entry.reason, _location(entry.location))


def _finding(finding: Finding) -> _Finding:
    return _Finding(
        rule=finding.rule.id,
        outcome=finding.outcome.value.replace(" ", "-"),
        severity=finding.rule.severity.value,
        pillar=tally.pillar(finding.rule),
        phase=tally.phase(finding.rule),
        practices=finding.rule.practices,
        resource=_resource(finding.resource),
        path=finding.path,
        location=_location(finding.location),
        message=finding.message,
        when=finding.when,
        assumes=finding.assumes,
        evidence=[_evidence(evidence) for evidence in finding.evidence],
        fingerprint=finding.fingerprint,
        stages=finding.stages,
        suppressed=_suppressed(finding.suppressed) if finding.suppressed else None,
        trail=[_Step(step.resource, step.type, _location(step.location)) for step in finding.trail],
        anchor=_location(finding.anchor) if finding.anchor else None,
        waste=_waste(finding.waste) if finding.waste else msgspec.UNSET,
        state=finding.state or msgspec.UNSET,
        change=finding.change or msgspec.UNSET,
    )


def _waste(waste: Waste) -> _Waste:
    return _Waste(waste.low, waste.high, "USD", "month", waste.as_of, waste.is_measured, waste.assumes)


def _suppressed(why: Suppression) -> _Suppressed:
    return _Suppressed(why.kind, why.reason, why.owner, why.until, _location(why.location) if why.location else None)


def _resource(resource: Resource) -> _Resource:
    construct = msgspec.UNSET if resource.construct is None else resource.construct
    return _Resource(resource.id, resource.type, resource.arn, resource.account, resource.region, construct)


def _evidence(evidence: Evidence) -> _Evidence:
    value = evidence.value if _is_json(evidence.value) else None
    return _Evidence(evidence.resource, evidence.path, value, evidence.shown, _location(evidence.location))


def _location(place: Location) -> _Location:
    """0 is null outside: a live resource has no lines, and some places no end."""
    return _Location(
        place.uri, place.line or None, place.column or None, place.end_line or None, place.end_column or None
    )


def _rule(rule: str, counted: tally.Tally) -> _Rule:
    return _Rule(
        rule,
        counted.passed,
        counted.failed,
        counted.unknown,
        counted.not_applicable,
        counted.suppressed,
        counted.unchanged,
    )


def _gap(gap: Gap) -> _Gap:
    return _Gap(gap.scope.type, gap.scope.account, gap.scope.region, gap.reason, gap.grant)


def _problem(problem: Problem) -> _Problem:
    return _Problem(_location(problem.location), problem.message)


def _skew(skew: Skew) -> _Skew:
    values = {stage: value if _is_json(value) else None for stage, value in skew.values.items()}
    return _Skew(skew.resource, skew.path, skew.rule, values, dict(skew.shown), _location(skew.location))


def _configuration(one: Configuration) -> _Configuration:
    return _Configuration(
        uri=one.uri,
        trust=one.trust.replace(" ", "-"),
        sentence=configured.sentence(one),
        switched_off=[_effect(effect) for effect in one.switched_off],
        overruled=[_effect(effect) for effect in one.overruled],
    )


def _effect(effect: Effect) -> _Effect:
    return _Effect(effect.key, effect.text, effect.items, effect.count)


def _summary(report: Report) -> _Summary:
    counted = tally.total(report.findings)
    return _Summary(
        passed=counted.passed,
        failed=counted.failed,
        unknown=counted.unknown,
        not_applicable=counted.not_applicable,
        suppressed=counted.suppressed,
        resources=report.census.resources,
        ml_resources=coverage.ml_resources(report),
        by_pillar=dict(tally.by_pillar(report)),
        unchanged=counted.unchanged,
    )


def _compared(report: Report) -> _Compared | msgspec.UnsetType:
    found = tally.news(report)
    if found is None or report.compared is None:
        return msgspec.UNSET
    fixed = [
        _Fixed(known.rule, known.outcome, known.resource, known.path, known.uri, known.fingerprint)
        for known in report.compared.fixed
    ]
    return _Compared(found.since, found.new, found.updated, found.unchanged, fixed)


def _is_json(value: Value) -> bool:
    if isinstance(value, dict):
        return all(isinstance(key, str) and _is_json(inner) for key, inner in value.items())
    if isinstance(value, list | tuple):
        return all(map(_is_json, value))
    return value is None or isinstance(value, str | int | float)


def _whole(value: Raw) -> Raw:
    """Return `value` with every text in it fit for UTF-8."""
    if isinstance(value, dict):
        return {_whole(key): _whole(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_whole(inner) for inner in value]
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) else value
