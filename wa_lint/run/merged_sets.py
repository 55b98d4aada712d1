"""One report of a template that was judged for several stages, and what differs between them. All from the reports."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Final, TypeAlias

import msgspec

from wa_lint.findings import assigned_in, sort_key
from wa_lint.model import Evidence, Extent, Finding, Location, Outcome, Report, Skew, Unjudged, Value

Reports: TypeAlias = Mapping[str, Report]
"""By stage, over the same rules; stages that give a template the same values share one report."""


def combine(reports: Reports) -> Report:
    """Return one report: a finding of all stages is there once and says nothing of stages, others say theirs.

    A finding is the same where rule, outcome, place and line are; what its words say differently is said of each stage.
    Its evidence is that of the first stage: the differences are in `Report.skew`.
    """
    first, *others = reports.values()
    if all(report is first for report in others):
        return first
    return msgspec.structs.replace(
        first,
        findings=tuple(sorted(_findings(reports), key=sort_key)),
        gaps=tuple(sorted({gap for report in reports.values() for gap in report.gaps}, key=str)),
        problems=tuple(sorted({problem for report in reports.values() for problem in report.problems})),
        places=frozenset[tuple[str | None, str | None]]().union(*(report.places for report in reports.values())),
        judged_at=next((report.judged_at for report in reports.values() if report.judged_at), None),
        assigned=assigned_in(report.assigned for report in reports.values()),
        unjudged=_most_of_each([report.unjudged for report in reports.values()]),
        not_followed=tuple(sorted({entry for report in reports.values() for entry in report.not_followed})),
        costs=tuple(sorted({cost for report in reports.values() for cost in report.costs})),
        skew=tuple(sorted(_skew(reports), key=lambda s: (s.location, s.resource, s.path, s.rule or ""))),
    )


def _most_of_each(listed: Iterable[Sequence[Unjudged]]) -> tuple[Unjudged, ...]:
    """Return what gets no verdict in any stage. The stages have the same resources, so nothing is added up."""
    most: dict[Unjudged, int] = {}
    for entry in (entry for entries in listed for entry in entries):
        key = msgspec.structs.replace(entry, count=0)
        most[key] = max(entry.count, most.get(key, 0))
    return tuple(sorted(msgspec.structs.replace(entry, count=count) for entry, count in most.items()))


# --- findings ---------------------------------------------------------------------------------------


def _findings(reports: Reports) -> Iterator[Finding]:
    held: dict[object, dict[str, Finding]] = defaultdict(dict)
    for stage, report in reports.items():
        seen: Counter[object] = Counter()
        for finding in report.findings:
            same = (finding.fingerprint, finding.outcome, finding.location)
            seen[same] += 1
            held[same, seen[same]][stage] = finding
    for by_stage in held.values():
        yield _one(by_stage, None if len(by_stage) == len(reports) else tuple(by_stage))


def _one(by_stage: Mapping[str, Finding], stages: tuple[str, ...] | None) -> Finding:
    first = next(iter(by_stage.values()))
    whens = _said(by_stage, lambda finding: [finding.when or "always"], "{text} (in {stages})")
    return msgspec.structs.replace(
        first,
        stages=stages,
        message=" ".join(_said(by_stage, lambda finding: [finding.message], "In {stages}: {text}")),
        when=first.when if len(whens) == 1 else " or ".join(whens),
        assumes=tuple(_said(by_stage, lambda finding: finding.assumes, "{text} (in {stages})")),
        extent=_extent([finding.extent for finding in by_stage.values()]),
    )


def _extent(found: Sequence[Extent]) -> Extent:
    """Return how far a finding reaches in some stage or other."""
    if all(extent == found[0] for extent in found):
        return found[0]
    grants = sorted({grant for extent in found for grant in extent.grants})
    return Extent(tuple(grants), tuple(sorted({member for extent in found for member in extent.members})))


def _said(by_stage: Mapping[str, Finding], texts: Callable[[Finding], Sequence[str]], partly: str) -> Sequence[str]:
    """Return the texts of all stages, each once; what only some of them say is put as `partly`."""
    stages: dict[str, list[str]] = defaultdict(list)
    for stage, finding in by_stage.items():
        for text in texts(finding):
            stages[text].append(stage)
    return [
        text if len(by) == len(by_stage) else partly.format(text=text, stages=" and ".join(by))
        for text, by in stages.items()
    ]


# --- what differs -----------------------------------------------------------------------------------


def _skew(reports: Reports) -> Iterator[Skew]:
    there = {stage: {f.resource.id for f in report.findings} for stage, report in reports.items()}
    everywhere = set.intersection(*there.values())
    yield from _resources(reports, there, everywhere)
    yield from _values(reports)
    yield from _verdicts(reports, everywhere)


def _resources(reports: Reports, there: Mapping[str, set[str]], everywhere: set[str]) -> Iterator[Skew]:
    """Yield the resources that some stages do not have: where one is, each rule of its type has something to say."""
    places = {f.resource.id: f.resource.origin.locate(()) for report in reports.values() for f in report.findings}
    for id_ in sorted(set(places) - everywhere):
        values = {stage: id_ in ids for stage, ids in there.items()}
        shown = {stage: "there" if is_there else "not there" for stage, is_there in values.items()}
        yield Skew(id_, "", places[id_], dict(values), shown)


_Seen: TypeAlias = dict[str, Evidence | None]
"""The value at one place by stage; None where the scenarios of a stage differ."""


def _values(reports: Reports) -> Iterator[Skew]:
    seen: dict[tuple[str, str], _Seen] = defaultdict(dict)
    for stage, report in reports.items():
        for evidence in (e for finding in report.findings for e in finding.evidence if _is_known(e)):
            at = seen[evidence.resource, evidence.path]
            told = at.setdefault(stage, evidence)
            if told is not None and _value(told) != _value(evidence):
                at[stage] = None
    for (resource, path), at in seen.items():
        known = {stage: evidence for stage, evidence in at.items() if evidence is not None}
        if len(set(map(_value, known.values()))) > 1:
            yield _value_skew(resource, path, known)


def _value_skew(resource: str, path: str, known: Mapping[str, Evidence]) -> Skew:
    location = next(iter(known.values())).location
    is_telling = len({evidence.shown for evidence in known.values()}) > 1
    shown = {stage: e.shown if is_telling else _clipped(_value(e)) for stage, e in known.items()}
    return Skew(resource, path, location, {stage: e.value for stage, e in known.items()}, shown)


def _is_known(evidence: Evidence) -> bool:
    """Whether the value is known in full. Of what is not set and of what is not known, JSON says the same."""
    return evidence.shown in {"not set", "None"} if evidence.value is None else not _has_hole(evidence.value)


def _has_hole(value: Value) -> bool:
    if isinstance(value, dict):
        return any(map(_has_hole, value.values()))
    return any(map(_has_hole, value)) if isinstance(value, list) else value is None


def _value(evidence: Evidence) -> str:
    """Return the value as a text that only equal values have: 1 is not true, and null is not what is absent."""
    written = msgspec.json.encode(evidence.value, order="sorted").decode("utf-8", "replace")
    return evidence.shown if evidence.value is None else written


_LONGEST: Final = 80


def _clipped(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


_GRAVEST_FIRST: Final = (Outcome.FAIL, Outcome.UNKNOWN, Outcome.PASS, Outcome.NOT_APPLICABLE)


def _verdicts(reports: Reports, everywhere: set[str]) -> Iterator[Skew]:
    """Yield the rules whose gravest verdict on a resource differs, but for pass here and not applicable there."""
    gravest: dict[tuple[str, str], dict[str, Finding]] = defaultdict(dict)
    for stage, report in reports.items():
        for finding in report.findings:
            told = gravest[finding.resource.id, finding.rule.id].setdefault(stage, finding)
            if _rank(finding) < _rank(told):
                gravest[finding.resource.id, finding.rule.id][stage] = finding
    for (resource, rule), by_stage in gravest.items():
        outcomes = {finding.outcome for finding in by_stage.values()}
        if resource in everywhere and len(outcomes) > 1 and outcomes & {Outcome.FAIL, Outcome.UNKNOWN}:
            yield _verdict_skew(resource, rule, by_stage)


def _verdict_skew(resource: str, rule: str, by_stage: Mapping[str, Finding]) -> Skew:
    place: Location = min(by_stage.values(), key=_rank).location
    shown = {stage: finding.outcome.value for stage, finding in by_stage.items()}
    values: dict[str, Value] = {stage: outcome.replace(" ", "-") for stage, outcome in shown.items()}
    return Skew(resource, "", place, values, shown, rule)


def _rank(finding: Finding) -> int:
    return _GRAVEST_FIRST.index(finding.outcome)
