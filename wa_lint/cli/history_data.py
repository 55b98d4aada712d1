"""A history as JSON, our contract: `wa_lint/schemas/history.schema.json` describes it; and as CSV for spreadsheets."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence

import msgspec

from wa_lint.history.lives import Life, RecordedRun
from wa_lint.history.over_time import DayCount, GroupTrend, OverTime
from wa_lint.model import Raw
from wa_lint.reporters import json_report
from wa_lint.reporters.csv_report import safe_cell
from wa_lint.version import VERSION


def as_json(found: OverTime, by: Sequence[str]) -> str:
    return json_report.encode(
        {
            "schema_version": 1,
            "tool": {"name": "wa-lint", "version": VERSION},
            "runs": [_run(run, count) for run, count in zip(found.runs, found.total.counts, strict=True)],
            "summary": _summary(found.total),
            "trends": {name: [_group(group) for group in found.by[name]] for name in by},
            "findings": [_life(life) for life in found.lives],
        }
    )


def _run(run: RecordedRun, count: DayCount) -> Raw:
    kept = ("at", "tool", "command", "rules", "is_complete")
    return {name: getattr(run, name) for name in kept} | {"counts": msgspec.structs.asdict(count)}


def _summary(group: GroupTrend) -> Raw:
    return {
        "failing": group.counts[-1].failing,
        "unseen": group.counts[-1].unseen,
        "fixed": group.fixed,
        "reopened": group.reopened,
        "mean_days_to_fix": group.mean_days,
    }


def _group(group: GroupTrend) -> Raw:
    return {"name": group.name, **_summary(group), "counts": [msgspec.structs.asdict(one) for one in group.counts]}


def _life(life: Life) -> Raw:
    finding = life.finding
    kept = ("fingerprint", "rule", "practices", "resource", "type", "path", "message")
    return {
        **{name: getattr(finding, name) for name in kept},
        "severity": finding.severity.value,
        **{name: value or None for name, value in msgspec.structs.asdict(finding.home).items()},
        "status": life.status,
        "because": life.because,
        "first_seen": life.first_seen,
        "last_seen": life.last_seen,
        "reopened": life.reopened,
        "rule_versions": life.versions,
        "fixes": [msgspec.structs.asdict(fixing) for fixing in life.fixes],
        "events": [
            {"at": event.run.at, "status": event.status, "what": event.what or None} for event in _changes(life)
        ],
    }


def _changes(life: Life) -> Iterator[Raw]:
    """Yield the events that changed something: a finding that stays open has one, and not one for each run."""
    before = ""
    for event in life.events:
        if event.status != before:
            yield event
        before = event.status


_LIFE_COLUMNS = (
    "rule", "severity", "practices", "resource", "type", "account", "region", "file", "path", "status", "because",
    "first_seen", "last_seen", "fixed", "reopened", "days_to_fix", "message", "fingerprint",
)  # fmt: skip


def as_csv(found: OverTime) -> str:
    """Return a row for each finding that ever was."""
    return _csv(_LIFE_COLUMNS, (_life_row(life) for life in found.lives))


def _life_row(life: Life) -> Sequence[str]:
    finding, home = life.finding, life.finding.home
    fixed = [fixing.at for fixing in life.fixes]
    days = [f"{fixing.days:g}" for fixing in life.fixes]
    return (
        finding.rule, finding.severity.value, " ".join(finding.practices), finding.resource, finding.type, home.account,
        home.region, home.file, finding.path, life.status, life.because, life.first_seen, life.last_seen,
        " ".join(fixed), str(life.reopened), " ".join(days), finding.message, finding.fingerprint,
    )  # fmt: skip


def trend_as_csv(found: OverTime, by: Sequence[str]) -> str:
    """Return a row for each run and group."""
    columns = ("at", "by", "name", *DayCount.__struct_fields__)
    groups = [("all", found.total), *((name, group) for name in by for group in found.by[name])]
    rows = (
        (run.at, name, group.name, *(str(value) for value in msgspec.structs.astuple(count)))
        for name, group in groups
        for run, count in zip(found.runs, group.counts, strict=True)
    )
    return _csv(columns, rows)


def _csv(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(columns)
    writer.writerows([safe_cell(value) for value in row] for row in rows)
    return text.getvalue()
