"""A JSON report of an earlier run, read back into a report: what it tells, and no more. It judges nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path

import msgspec

from wa_lint.errors import ConfigError
from wa_lint.model import (
    Census,
    Counts,
    Evidence,
    Finding,
    Gap,
    Input,
    Listed,
    Location,
    NotFollowed,
    Outcome,
    Problem,
    Report,
    Resource,
    RuleInfo,
    RunningCost,
    Scope,
    Severity,
    Skew,
    Step,
    Suppression,
    Unjudged,
    Waste,
    WorkloadExtent,
)
from wa_lint.reporters.report_structs import (
    SCHEMA_VERSION,
    JsonFinding,
    JsonLocation,
    JsonReport,
    JsonRunningCost,
    JsonSuppressed,
    JsonWaste,
    JsonWorkload,
)

_UNREAD = frozenset({"unread", "other"})


def is_report(file: Path) -> bool:
    """Whether a file looks like a JSON report of wa-lint, by its first bytes."""
    if not file.is_file():
        return False
    with file.open("rb") as stream:
        return looks_like_report(stream.read(_HEAD))


_HEAD = 400
"""Bytes of a report in which it says what it is."""


def looks_like_report(content: bytes) -> bool:
    start = content[:_HEAD]
    return start.lstrip().startswith(b"{") and b'"schema_version"' in start and b'"wa-lint"' in start


def read_back(file: Path, rules: Mapping[str, RuleInfo]) -> Report:
    """Return the report that a file holds; `rules`: what is known of them, by id. Raise `ConfigError` if it is none."""
    try:
        content = file.read_bytes()
    except OSError as error:
        raise ConfigError(file.as_posix(), f"is not a JSON report of wa-lint: {error}") from error
    return report_in(content, file.as_posix(), rules)


def report_in(content: bytes, name: str, rules: Mapping[str, RuleInfo]) -> Report:
    """As `read_back`, of the content of a file that is called `name`."""
    try:
        told = msgspec.json.decode(content, type=JsonReport)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ConfigError(name, f"is not a JSON report of wa-lint: {error}") from error
    if told.schema_version != SCHEMA_VERSION:
        raise ConfigError(name, f"is a report of schema {told.schema_version}, and not {SCHEMA_VERSION}")
    known = {rule.id: rules.get(rule.id) or _stub(rule.id) for rule in told.rules}
    findings = tuple(_finding(one, known) for one in told.findings)
    counted = dict(_counted(told, findings))
    return Report(
        rules=tuple(known.values()),
        findings=findings,
        inputs=tuple(
            Input(e.uri, e.kind, e.status, e.reason, e.resources, e.stages or (), e.files, e.suspect)
            for e in told.inputs
        ),
        gaps=tuple(Gap(Scope(gap.type, gap.account, gap.region), gap.reason, gap.grant) for gap in told.gaps),
        problems=tuple(Problem(_location(one.location), one.message) for one in told.problems),
        judged_at=told.judged_at,
        skew=tuple(
            Skew(one.resource, one.path, _location(one.location), one.values, one.shown, one.rule) for one in told.skew
        ),
        unjudged=tuple(Unjudged(one.type, one.count, one.reason, one.ml, one.kind) for one in told.unjudged),
        not_followed=tuple(
            NotFollowed(_location(one.location), one.what, one.reason, one.kind) for one in told.not_followed
        ),
        census=_census(told),
        counted=counted,
        passed_types=frozenset(
            type_ for id_, counts in counted.items() if counts.passed for type_ in known[id_].applies_to
        ),
        costs=tuple(_costs(told.running_cost)),
        workload=_extent(told.workload),
    )


def _stub(id_: str) -> RuleInfo:
    """Return what is known of a rule that no book has: its id."""
    return RuleInfo(id_, id_, Severity.LOW, (), "", "")


def _finding(told: JsonFinding, rules: Mapping[str, RuleInfo]) -> Finding:
    rule = rules.get(told.rule) or _stub(told.rule)
    resource = told.resource
    place = _location(told.location)
    return Finding(
        rule=msgspec.structs.replace(
            rule, severity=told.severity, practices=told.practices, step=told.step or rule.step
        ),
        outcome=Outcome(told.outcome.replace("-", " ")),
        resource=Resource(
            id=resource.id,
            type=resource.type,
            properties={},
            origin=Listed(place),
            arn=resource.arn,
            account=resource.account,
            region=resource.region,
            construct=None if resource.construct is msgspec.UNSET else resource.construct,
        ),
        path=told.path,
        location=place,
        message=told.message,
        when=told.when,
        assumes=told.assumes,
        evidence=tuple(
            Evidence(one.resource, one.path, one.value, one.shown, _location(one.location)) for one in told.evidence
        ),
        fingerprint=told.fingerprint,
        stages=told.stages,
        suppressed=_suppression(told.suppressed),
        trail=tuple(Step(step.resource, step.type, _location(step.location)) for step in told.trail),
        anchor=_location(told.anchor) if told.anchor else None,
        waste=None if told.waste is msgspec.UNSET else _waste(told.waste, told),
        state=None if told.state is msgspec.UNSET else told.state,
        change=None if told.change is msgspec.UNSET else told.change,
    )


def _location(told: JsonLocation) -> Location:
    return Location(told.uri, told.line or 0, told.column or 0, told.end_line or 0, told.end_column or 0)


def _suppression(told: JsonSuppressed | None) -> Suppression | None:
    if told is None:
        return None
    place = _location(told.location) if told.location else None
    return Suppression(told.kind, told.reason, told.owner, told.until, place)


def _waste(told: JsonWaste, finding: JsonFinding) -> Waste:
    """Return the waste of a finding. A report does not tell what is billed apart: each resource is taken for one."""
    unit = {finding.resource.arn or f"{finding.location.uri}#{finding.resource.id}": (told.low, told.high)}
    return Waste(told.low, told.high, told.as_of, told.measured, told.assumes, unit)


def _counted(told: JsonReport, findings: tuple[Finding, ...]) -> Iterator[tuple[str, Counts]]:
    """Yield how many outcomes of each rule are only counted: those that the report does not list."""
    listed = Counter((f.rule.id, f.outcome) for f in findings if f.suppressed is None and f.is_open)
    for rule in told.rules:
        passed = rule.passed - listed[rule.id, Outcome.PASS]
        inapplicable = rule.not_applicable - listed[rule.id, Outcome.NOT_APPLICABLE]
        if passed > 0 or inapplicable > 0:
            yield rule.id, Counts(max(passed, 0), max(inapplicable, 0))


def _census(told: JsonReport) -> Census:
    if told.summary is None:
        return Census()
    unread = sum(one.count for one in told.unjudged if one.ml and one.kind in _UNREAD)
    return Census(told.summary.resources, told.summary.ml_resources - unread, told.summary.resources)


def _costs(told: JsonRunningCost | msgspec.UnsetType) -> Iterator[RunningCost]:
    """Yield the sum as one cost, and a row for each resource that has no price."""
    if told is msgspec.UNSET:
        return
    if told.priced:
        yield RunningCost("", "the report", low=told.low, high=told.high, as_of=told.as_of, is_least=told.is_least)
    for type_, number in told.without_price.items():
        yield from (RunningCost(type_, f"{type_} {at}", reason="no price") for at in range(number))


def _extent(told: JsonWorkload | msgspec.UnsetType) -> WorkloadExtent | None:
    if told is msgspec.UNSET:
        return None
    return WorkloadExtent(told.name, told.outside, told.unsure, told.by_mark, told.complete)
