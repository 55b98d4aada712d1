"""The JSON report, our public contract: `wa_lint/schemas/report.schema.json` describes it, a test holds it to that."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

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
    WorkloadExtent,
)
from wa_lint.reporters import RenderOptions, configured, coverage, standings, tally, visible_json
from wa_lint.reporters.report_structs import (
    JsonCompared,
    JsonConfiguration,
    JsonCovered,
    JsonEffect,
    JsonEvidence,
    JsonFinding,
    JsonFixed,
    JsonGap,
    JsonInput,
    JsonLocation,
    JsonNotFollowed,
    JsonProblem,
    JsonReport,
    JsonResource,
    JsonRule,
    JsonRunningCost,
    JsonSkew,
    JsonStep,
    JsonSummary,
    JsonSuppressed,
    JsonUnjudged,
    JsonWaste,
    JsonWorkload,
)
from wa_lint.reporters.waste import running

_SHOWN = frozenset({Outcome.FAIL, Outcome.UNKNOWN})


def render(report: Report, options: RenderOptions) -> str:
    return "".join(pieces(report, options))


def pieces(report: Report, options: RenderOptions) -> Iterator[str]:
    """Yield the report in pieces, a finding each: tens of thousands of them are never in memory as text."""
    head, empty, tail = encode(document(report, options, has_findings=False)).partition('\n  "findings": []')
    listed = (finding for finding in report.findings if options.show_all or finding.outcome in _SHOWN)
    first = next(listed, None)
    if first is None:
        yield head + empty + tail
        return
    yield head + empty.removesuffix("]") + _piece(first)
    for finding in listed:
        yield "," + _piece(finding)
    yield "\n  ]" + tail


def _piece(finding: Finding) -> str:
    return ("\n" + encode(_finding(finding)).removesuffix("\n")).replace("\n", "\n    ")


def encode(document: object) -> str:
    """Return indented JSON, unseen characters as escapes. Half a surrogate pair, as in a JSON text, becomes U+FFFD."""
    try:
        text = msgspec.json.encode(document)
    except UnicodeEncodeError:
        text = msgspec.json.encode(_whole(msgspec.to_builtins(document)))
    return visible_json(msgspec.json.format(text, indent=2).decode()) + "\n"


def document(report: Report, options: RenderOptions, *, has_findings: bool = True) -> JsonReport:
    """Return the report as it is written; the fields below are the contract, in its order."""
    findings = [f for f in report.findings if has_findings and (options.show_all or f.outcome in _SHOWN)]
    return JsonReport(
        inputs=tuple(_input(entry) for entry in report.inputs),
        findings=tuple(_finding(finding) for finding in findings),
        rules=tuple(_rule(rule, counted) for rule, counted in tally.by_rule(report).items()),
        practices=tuple(standings.practices(report)),
        gaps=tuple(_gap(gap) for gap in report.gaps),
        problems=tuple(_problem(problem) for problem in report.problems),
        skew=tuple(_skew(skew) for skew in report.skew),
        unjudged=tuple(
            JsonUnjudged(entry.type, entry.count, entry.kind, entry.reason, entry.is_ml) for entry in report.unjudged
        ),
        not_followed=tuple(_not_followed(entry) for entry in report.not_followed),
        coverage=tuple(covered(line) for line in coverage.lines(report)),
        configuration=tuple(_configuration(one) for one in report.configuration),
        summary=_summary(report),
        judged_at=report.judged_at,
        running_cost=_running(report),
        compared=_compared(report),
        workload=_workload(report.workload),
    )


def _running(report: Report) -> JsonRunningCost | msgspec.UnsetType:
    found = running(report)
    if found is None:
        return msgspec.UNSET
    return JsonRunningCost(
        found.low, found.high, "USD", "month", found.as_of, found.is_least, found.priced, found.without_price
    )


def _workload(extent: WorkloadExtent | None) -> JsonWorkload | msgspec.UnsetType:
    if extent is None:
        return msgspec.UNSET
    return JsonWorkload(extent.name, extent.outside, extent.unsure, extent.is_by_mark, extent.is_whole)


def _input(entry: Input) -> JsonInput:
    return JsonInput(
        entry.uri,
        entry.kind,
        entry.status,
        entry.reason,
        entry.resources,
        entry.stages or None,
        entry.files,
        entry.is_suspect,
    )


def covered(line: coverage.Line) -> JsonCovered:
    return JsonCovered(line.kind, line.count, line.text, line.is_warning)


def _not_followed(entry: NotFollowed) -> JsonNotFollowed:
    return JsonNotFollowed(entry.what, entry.kind, entry.reason, _location(entry.location))


def _finding(finding: Finding) -> JsonFinding:
    return JsonFinding(
        rule=finding.rule.id,
        outcome=finding.outcome.value.replace(" ", "-"),
        severity=finding.rule.severity,
        pillar=tally.pillar(finding.rule),
        phase=tally.phase(finding.rule),
        step=finding.rule.step or None,
        practices=finding.rule.practices,
        resource=_resource(finding.resource),
        path=finding.path,
        location=_location(finding.location),
        message=finding.message,
        when=finding.when,
        assumes=finding.assumes,
        evidence=tuple(_evidence(evidence) for evidence in finding.evidence),
        fingerprint=finding.fingerprint,
        stages=finding.stages,
        suppressed=_suppressed(finding.suppressed) if finding.suppressed else None,
        trail=tuple(JsonStep(step.resource, step.type, _location(step.location)) for step in finding.trail),
        anchor=_location(finding.anchor) if finding.anchor else None,
        waste=_waste(finding.waste) if finding.waste else msgspec.UNSET,
        state=finding.state or msgspec.UNSET,
        change=finding.change or msgspec.UNSET,
    )


def _waste(waste: Waste) -> JsonWaste:
    return JsonWaste(waste.low, waste.high, "USD", "month", waste.as_of, waste.is_measured, waste.assumes)


def _suppressed(why: Suppression) -> JsonSuppressed:
    return JsonSuppressed(why.kind, why.reason, why.owner, why.until, _location(why.location) if why.location else None)


def _resource(resource: Resource) -> JsonResource:
    construct = msgspec.UNSET if resource.construct is None else resource.construct
    return JsonResource(resource.id, resource.type, resource.arn, resource.account, resource.region, construct)


def _evidence(evidence: Evidence) -> JsonEvidence:
    value = evidence.value if _is_json(evidence.value) else None
    return JsonEvidence(evidence.resource, evidence.path, value, evidence.shown, _location(evidence.location))


def _location(place: Location) -> JsonLocation:
    """0 is null outside: a live resource has no lines, and some places no end."""
    return JsonLocation(
        place.uri, place.line or None, place.column or None, place.end_line or None, place.end_column or None
    )


def _rule(rule: str, counted: tally.Tally) -> JsonRule:
    return JsonRule(
        rule,
        counted.passed,
        counted.failed,
        counted.unknown,
        counted.not_applicable,
        counted.suppressed,
        counted.unchanged,
    )


def _gap(gap: Gap) -> JsonGap:
    scope = gap.scope
    return JsonGap(type=scope.type, account=scope.account, region=scope.region, reason=gap.reason, grant=gap.grant)


def _problem(problem: Problem) -> JsonProblem:
    return JsonProblem(_location(problem.location), problem.message)


def _skew(skew: Skew) -> JsonSkew:
    values = {stage: value if _is_json(value) else None for stage, value in skew.values.items()}
    return JsonSkew(skew.resource, skew.path, skew.rule, values, dict(skew.shown), _location(skew.location))


def _configuration(one: Configuration) -> JsonConfiguration:
    return JsonConfiguration(
        uri=one.uri,
        trust=configured.trust_of(one),
        sentence=configured.sentence(one),
        switched_off=[_effect(effect) for effect in one.switched_off],
        overruled=[_effect(effect) for effect in one.overruled],
    )


def _effect(effect: Effect) -> JsonEffect:
    return JsonEffect(effect.key, effect.text, effect.items, effect.count)


def _summary(report: Report) -> JsonSummary:
    counted = tally.total(report.findings, report.counted.values())
    return JsonSummary(
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


def _compared(report: Report) -> JsonCompared | msgspec.UnsetType:
    found = tally.news(report)
    if found is None or report.compared is None:
        return msgspec.UNSET
    fixed = [
        JsonFixed(known.rule, known.outcome, known.resource, known.path, known.uri, known.fingerprint)
        for known in report.compared.fixed
    ]
    return JsonCompared(found.since, found.new, found.updated, found.unchanged, fixed)


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
