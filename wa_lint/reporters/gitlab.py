"""GitLab's Code Quality report: a list of what fails, each with a fingerprint of its own.

Form: GitLab's page "Code Quality report format" (read 2026-11). Of findings with equal fingerprints GitLab shows one.
The form has no other place for what was not judged, so that is an issue of severity info for each kind.
"""

from __future__ import annotations

import hashlib
import re
from typing import Final

from wa_lint.model import Finding, Outcome, Raw, Report, Severity
from wa_lint.reporters import RenderOptions, coverage, visible
from wa_lint.reporters import set_words as stages
from wa_lint.reporters.finding_path import file_of
from wa_lint.reporters.json_report import encode

_SEVERITY: Final = {
    Severity.LOW: "info",
    Severity.MEDIUM: "minor",
    Severity.HIGH: "major",
    Severity.CRITICAL: "critical",
}


def render(report: Report, options: RenderOptions) -> str:
    del options
    where = stages.where_of(report)
    failing = [f for f in report.findings if f.outcome is Outcome.FAIL and f.is_open]
    missed = coverage.lines(report, without={"no-ml"})
    return encode(
        [*(_issue(finding, where(finding)) for finding in failing), *(_missed(line, report) for line in missed)]
    )


def _missed(line: coverage.Line, report: Report) -> Raw:
    """Return the issue of one kind. Its fingerprint is that of its words without numbers: a count is no new issue."""
    words = re.sub(r"\d+", "", line.text)
    uri = next((entry.uri for entry in report.inputs if entry.kind != "live"), ".")
    return {
        "description": line.text,
        "check_name": f"coverage-{line.kind}",
        "fingerprint": hashlib.sha256(f"coverage\0{line.kind}\0{words}".encode("utf-8", "replace")).hexdigest()[:32],
        "severity": "info",
        "location": {"path": uri, "lines": {"begin": 1, "end": 1}},
    }


def _issue(finding: Finding, where: str) -> Raw:
    line = max(finding.location.line, 1)
    said = [finding.message, *([f"({where})"] if where else []), *([f"When {finding.when}."] if finding.when else [])]
    return {
        "description": visible(" ".join(said)),
        "check_name": finding.rule.id,
        "fingerprint": finding.fingerprint,
        "severity": _SEVERITY[finding.rule.severity],
        "location": {
            "path": file_of(finding.location, finding.resource),
            "lines": {"begin": line, "end": max(finding.location.end_line, line)},
        },
    }
