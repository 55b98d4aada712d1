"""What a run did not judge, counted once for all formats: `lines` says it in sentences, and reporters only draw them.

A line is there only where there is something to say. Its kind is public: JSON, JSON Lines, CSV and SARIF carry it.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Final

import msgspec

from wa_lint import type_names
from wa_lint.model import Finding, Input, Outcome, Report, Unjudged, WorkloadExtent

_MOST_NAMES: Final = 8
"""Types, files or stacks that a sentence names; the JSON report has all."""

_DECIDED: Final = frozenset({Outcome.PASS, Outcome.FAIL, Outcome.UNKNOWN})

SHOWN_ALREADY: Final = frozenset({"error", "gap", "unknown"})
"""What formats say that show more than what fails: they leave out these kinds."""


class Line(msgspec.Struct, frozen=True):
    """One thing that a run did not judge."""

    kind: str
    """nothing | error | gap | unknown | no-rule | not-run | unread | other | unrecognised | opaque | not-followed |
    suspect | skipped | outside | unsure | no-ml"""
    count: int
    text: str
    is_warning: bool = True
    """Whether something may be wrong with it. A skipped file, a custom resource or a run without ML is no warning."""


def lines(report: Report, without: Collection[str] = ()) -> Sequence[Line]:
    """Return what `report` did not judge, the gravest first. `without`: kinds that the format shows already."""
    return [line for line in _lines(report) if line.kind not in without]


def nothing_judged(report: Report) -> str | None:
    """Return why the run has no verdict to rely on, or None where it has one.

    No template was found; or there are ML or unrecognised resources, and no rule passes, fails or is unknown on any of
    them; or all that was read are custom resources. Not applicable is no verdict.
    """
    judged = report.passed_types | {f.resource.type for f in report.findings if f.outcome in _DECIDED}
    if not judged and not any(entry.status == "judged" for entry in report.inputs):
        return "Nothing was checked: no template, snapshot or API response was found."
    if any(map(_is_ours, judged)):
        return None
    missed = ml_resources(report) + sum(u.count for u in report.unjudged if u.kind == "unrecognised" and not u.is_ml)
    if missed:
        return f"Nothing was judged: no rule gives a verdict on {_count(missed, 'ML or unrecognised resource')}."
    census = report.census
    if census.resources and not census.recognised and not judged:
        return f"Nothing was judged: custom code creates every resource ({_count(census.resources, 'resource')})."
    return None


def ml_resources(report: Report) -> int:
    """Return how many resources of machine learning there are, read or not."""
    return report.census.ml + sum(u.count for u in report.unjudged if u.is_ml and u.kind in _UNREAD)


def missed(report: Report) -> str | None:
    """Return in a few words which ML or unrecognised types this run gives no verdict on; None: there are none."""
    found = {u.type: u.kind for u in report.unjudged if u.kind != "opaque" and (u.is_ml or u.kind == "unrecognised")}
    if not found:
        return None
    first = min(found)
    said = {"not-run": "no rule was run for {}", "unread": "nothing was read of {}", "other": "nothing was read of {}"}
    more = f" and {_count(len(found) - 1, 'more type')}" if len(found) > 1 else ""
    return said.get(found[first], "no rule yet for {}").format(first) + more


def is_clean_of_ml(report: Report) -> bool:
    """Whether all inputs were read, and no resource in them belongs to machine learning."""
    is_whole = not report.gaps and not report.not_followed
    is_whole = is_whole and not any(e.status == "error" or e.is_suspect for e in report.inputs)
    is_known = not any(u.kind in {"unrecognised", "opaque"} for u in report.unjudged)
    has_ml = ml_resources(report) or any(map(type_names.is_ml, {finding.resource.type for finding in report.findings}))
    return is_whole and is_known and not has_ml and any(e.status == "judged" for e in report.inputs)


_UNREAD: Final = frozenset({"unread", "other"})


def _is_ours(type_: str) -> bool:
    return type_names.is_ml(type_) or not (type_names.is_recognised(type_) or type_names.is_opaque(type_))


# --- sentences --------------------------------------------------------------------------------------


def _lines(report: Report) -> Iterator[Line]:
    if why := nothing_judged(report):
        yield Line("nothing", 1, why)
    broken = [entry.uri for entry in report.inputs if entry.status == "error"]
    if broken:
        yield Line("error", len(broken), f"{_count(len(broken), 'input')} could not be read: {_named(broken)}.")
    if report.gaps:
        named = _named(gap.scope.type for gap in report.gaps)
        yield Line(
            "gap", len(report.gaps), f"{_count(len(report.gaps), 'resource type')} could not be fully read: {named}."
        )
    unknown = sum(map(_is_unknown, report.findings))
    if unknown:
        yield Line("unknown", unknown, f"{_count(unknown, 'check')} could not be decided (unknown).")
    yield from _unjudged(report.unjudged)
    if report.not_followed:
        named = _named(f"{entry.what} at {entry.location} ({entry.reason})" for entry in report.not_followed)
        count = len(report.not_followed)
        yield Line("not-followed", count, f"Not followed, so resources may be missing: {named}.")
    yield from _skipped(report.inputs)
    yield from _outside(report.workload)
    if is_clean_of_ml(report):
        text = "No ML resources were found: nothing of SageMaker, Bedrock or a related service."
        yield Line("no-ml", 0, text, is_warning=False)


_SENTENCES: Final = (
    ("no-rule", "No rule judges {ml} yet: {names}.", True),
    ("not-run", "The rules for {ml} were not selected: {names}.", True),
    ("unread", "Not read, though wa-lint judges their services: {names}.", True),
    ("unrecognised", "AWS is not known to have the type of {count}: {names}.", True),
    ("opaque", "Not judged, because custom code creates them: {names}.", False),
    ("other", "Not read, of other services: {names}.", False),
)
"""By kind of `Unjudged`."""


def _unjudged(entries: Sequence[Unjudged]) -> Iterator[Line]:
    for kind, sentence, is_warning in _SENTENCES:
        found = [entry for entry in entries if entry.kind == kind]
        if found:
            number = sum(entry.count for entry in found)
            names = _named(e.type if e.count == 1 else f"{e.type} ({e.count})" for e in _by_type(found))
            words = {"count": _count(number, "resource"), "ml": _count(number, "ML resource"), "names": names}
            yield Line(kind, number, sentence.format_map(words), is_warning)


def _by_type(entries: Iterable[Unjudged]) -> Sequence[Unjudged]:
    """Return the entries with one for each type, though a type has several reasons."""
    counts = Counter[str]()
    for entry in entries:
        counts[entry.type] += entry.count
    return [Unjudged(type_, count, "") for type_, count in sorted(counts.items())]


def _skipped(inputs: Iterable[Input]) -> Iterator[Line]:
    skipped = [entry for entry in inputs if entry.status == "skipped"]
    suspects = [entry for entry in skipped if entry.is_suspect]
    if suspects:
        said = _named(f"{entry.uri} ({entry.reason})" for entry in suspects)
        number = _files(suspects)
        yield Line("suspect", number, f"{_count(number, 'skipped file')} may be a template: {said}.")
    for kind, noun in (("file", "file"), ("live", "part of an account")):
        rows = [entry for entry in skipped if (entry.kind == "live") == (kind == "live")]
        by_reason: dict[str, list[Input]] = defaultdict(list)
        for entry in rows:
            by_reason[entry.reason or "no reason given"].append(entry)
        if rows:
            counts = {reason: _files(found) for reason, found in sorted(by_reason.items())}
            why = "; ".join(f"{reason} ({count})" if len(counts) > 1 else reason for reason, count in counts.items())
            number = sum(counts.values())
            yield Line("skipped", number, f"{_count(number, noun)} skipped: {why}.", is_warning=False)


def _outside(extent: WorkloadExtent | None) -> Iterator[Line]:
    if extent is not None and extent.outside:
        said = _count(extent.outside, "resource")
        text = f"{said} outside of the workload {extent.name} {'was' if extent.outside == 1 else 'were'} not judged."
        yield Line("outside", extent.outside, text, is_warning=False)
    if extent is not None and extent.unsure:
        said = _count(extent.unsure, "resource")
        text = f"{said} of those may be of it: nothing shows it, and nothing of the workload leads there."
        yield Line("unsure", extent.unsure, text)


def _files(rows: Iterable[Input]) -> int:
    return sum(entry.files for entry in rows)


def _is_unknown(finding: Finding) -> bool:
    return finding.outcome is Outcome.UNKNOWN and finding.suppressed is None


def _named(names: Iterable[str]) -> str:
    distinct = list(dict.fromkeys(names))
    more = f" and {len(distinct) - _MOST_NAMES} more" if len(distinct) > _MOST_NAMES else ""
    return ", ".join(distinct[:_MOST_NAMES]) + more


def _count(number: int, noun: str) -> str:
    if number == 1:
        return f"1 {noun}"
    head, _, tail = noun.partition(" of ")
    return f"{number} {head}s{f' of {tail}' if tail else ''}"
