"""GitLab's Code Quality report: a list of what fails, each with a fingerprint of its own.

Form: GitLab's page "Code Quality report format" (read 2026-11). Of findings with equal fingerprints GitLab shows one.
"""

from __future__ import annotations

from typing import Final

from wa_lint.model import Finding, Outcome, Raw, Report, Severity
from wa_lint.reporters import Options
from wa_lint.reporters import set_words as stages
from wa_lint.reporters.finding_path import file_of
from wa_lint.reporters.json_report import encode

_SEVERITY: Final = {
    Severity.LOW: "info",
    Severity.MEDIUM: "minor",
    Severity.HIGH: "major",
    Severity.CRITICAL: "critical",
}


def render(report: Report, options: Options) -> str:
    del options
    where = stages.where_of(report)
    failing = [f for f in report.findings if f.outcome is Outcome.FAIL and f.suppressed is None]
    return encode([_issue(finding, where(finding)) for finding in failing])


def _issue(finding: Finding, where: str) -> Raw:
    line = max(finding.location.line, 1)
    said = [finding.message, *([f"({where})"] if where else []), *([f"When {finding.when}."] if finding.when else [])]
    return {
        "description": " ".join(said),
        "check_name": finding.rule.id,
        "fingerprint": finding.fingerprint,
        "severity": _SEVERITY[finding.rule.severity],
        "location": {
            "path": file_of(finding.location, finding.resource),
            "lines": {"begin": line, "end": max(finding.location.end_line, line)},
        },
    }
