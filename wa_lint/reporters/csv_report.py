"""CSV for spreadsheets: one row a finding, and no cell that a spreadsheet would run as a formula.

What was not judged is a row too: its rule is ``coverage``, its outcome the kind (`wa_lint.reporters.coverage`). So is
each configuration: its rule is ``configuration``, its outcome how it was given, its file the configuration itself.

A cell that begins with one of ``= + - @ TAB CR`` (OWASP, "CSV Injection", read 2026-11), after blanks and quotes too,
gets an apostrophe in front. Where a semicolon separates cells, one inside a text begins a new cell: what follows it
is treated alike, and so is what follows a line's end.
"""

from __future__ import annotations

import csv
import io
import re
from typing import Final

from wa_lint.model import Finding, Outcome, Report
from wa_lint.reporters import RenderOptions, configured, coverage, tally, visible, visible_lines
from wa_lint.reporters import set_words as stages
from wa_lint.reporters.evidence_words import in_words

_FORMULA: Final = re.compile(r"(?:^|(?<=[;\n]))(?=[\s'\";]*[=+\-@\t\uff1d\uff0b\uff0d\uff20])|^(?=[\s'\"]*;)")
"""Where a formula may begin, its full-width twins too, or a semicolon that would put an empty cell in front."""

_COLUMNS: Final = (
    "rule",
    "outcome",
    "severity",
    "pillar",
    "phase",
    "practices",
    "resource",
    "type",
    "arn",
    "account",
    "region",
    "file",
    "line",
    "column",
    "path",
    "message",
    "when",
    "stages",
    "assumes",
    "evidence",
    "fix",
    "suppressed",
    "est_monthly_usd",
    "fingerprint",
    "state",
    "change",
    "step",
)


def render(report: Report, options: RenderOptions) -> str:
    where = stages.where_of(report)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(_COLUMNS)
    for finding in report.findings:
        if options.show_all or finding.outcome in {Outcome.FAIL, Outcome.UNKNOWN}:
            writer.writerow([safe_cell(value) for value in _row(finding, where(finding))])
    for line in coverage.lines(report, without={"unknown"}):
        writer.writerow(_row_of(rule="coverage", outcome=line.kind, message=line.text))
    for one in report.configuration:
        said, trust = configured.sentence(one), configured.trust_of(one)
        writer.writerow(_row_of(rule="configuration", outcome=trust, file=one.uri, message=said))
    return text.getvalue()


def _row_of(**cells: str) -> list[str]:
    """Return a row about no finding, in one line: who wrote a name in it begins none."""
    return [safe_cell(visible(cells.get(column, ""))) for column in _COLUMNS]


def _row(finding: Finding, where: str) -> tuple[str, ...]:
    resource, rule, place = finding.resource, finding.rule, finding.location
    why = finding.suppressed
    return (
        rule.id,
        finding.outcome.value,
        rule.severity.value,
        tally.pillar(rule),
        tally.phase(rule),
        " ".join(rule.practices),
        resource.id,
        resource.type,
        resource.arn or "",
        resource.account or "",
        resource.region or "",
        place.uri,
        str(place.line or ""),
        str(place.column or ""),
        finding.path,
        finding.message,
        finding.when or "",
        where,
        "; ".join(finding.assumes),
        "; ".join(in_words(e) for e in finding.evidence),
        " ".join(rule.fix.split()),
        f"{why.kind}: {why.reason or 'no reason given'}" if why else "",
        f"{finding.waste.low:.2f} to {finding.waste.high:.2f}" if finding.waste else "",
        finding.fingerprint,
        finding.state or "",
        finding.change or "",
        rule.step,
    )


def safe_cell(text: str) -> str:
    """Return a cell that no spreadsheet runs as a formula."""
    return _FORMULA.sub("'", visible_lines(text.encode("utf-8", "replace").decode()))
