"""GitLab's SAST report, schema 15.2.1: what fails, and how the scan went.

Form: `sast-report-format.json` 15.2.1 of gitlab-org/security-products/security-report-schemas (read 2026-11).
"""

from __future__ import annotations

from typing import Final

from wa_lint import __version__, lens
from wa_lint.model import Finding, Outcome, Raw, Report, Severity
from wa_lint.reporters import RenderOptions, configured, coverage, visible, visible_lines
from wa_lint.reporters.finding_path import file_of
from wa_lint.reporters.json_report import encode

_VERSION: Final = "15.2.1"

_SEVERITY: Final = {
    Severity.LOW: "Low",
    Severity.MEDIUM: "Medium",
    Severity.HIGH: "High",
    Severity.CRITICAL: "Critical",
}

_LONGEST_NAME, _LONGEST_SOLUTION = 255, 7000

_TOOL: Final = {"id": "wa-lint", "name": "wa-lint", "version": __version__, "vendor": {"name": "wa-lint"}}


def render(report: Report, options: RenderOptions) -> str:
    broken = any(entry.status == "error" for entry in report.inputs)
    moment = options.made_at or f"{report.judged_at or '1970-01-01'}T00:00:00"
    failing = [f for f in report.findings if f.outcome is Outcome.FAIL and f.is_open]
    messages = [
        *({"level": "warn" if line.is_warning else "info", "value": line.text} for line in coverage.lines(report)),
        *({"level": "info", "value": text} for text in configured.sentences(report)),
    ]
    return encode(
        {
            "version": _VERSION,
            "scan": {
                "analyzer": _TOOL,
                "scanner": _TOOL,
                "type": "sast",
                "start_time": moment,
                "end_time": moment,
                "status": "failure" if broken else "success",
                **({"messages": messages} if messages else {}),
            },
            "vulnerabilities": [_vulnerability(finding) for finding in failing],
        }
    )


def _vulnerability(finding: Finding) -> Raw:
    line = max(finding.location.line, 1)
    return {
        "id": finding.fingerprint,
        "name": finding.rule.title[:_LONGEST_NAME],
        "description": visible_lines(finding.message),
        "severity": _SEVERITY[finding.rule.severity],
        "solution": finding.rule.fix.strip()[:_LONGEST_SOLUTION],
        "identifiers": _identifiers(finding),
        "links": [{"url": url} for url in finding.rule.references],
        "location": {
            "file": file_of(finding.location, finding.resource),
            "start_line": line,
            "end_line": max(finding.location.end_line, line),
            "class": finding.resource.type,
            "method": visible(finding.resource.id),
        },
    }


def _identifiers(finding: Finding) -> list[Raw]:
    own = {"type": "wa_lint_rule", "name": finding.rule.id, "value": finding.rule.id}
    asked = [
        {"type": "aws_ml_lens", "name": practice, "value": practice, "url": lens.url(practice)}
        for practice in finding.rule.practices
    ]
    return [own, *asked]
