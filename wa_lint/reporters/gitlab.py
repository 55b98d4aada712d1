"""GitLab's Code Quality report: a list of what fails, each with a fingerprint of its own.

Form: GitLab's page "Code Quality report format" (read 2026-11). Of findings with equal fingerprints GitLab shows one.
The form has no other place for what was not judged, so that is an issue of severity info for each kind. So is each
configuration, at its own file: a merge request that changes what is switched off shows a new issue.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from typing import Final

from wa_lint.model import Configuration, Effect, Finding, Outcome, Raw, Report, Severity
from wa_lint.reporters import RenderOptions, configured, coverage, visible
from wa_lint.reporters import set_words as stages
from wa_lint.reporters.finding_path import file_of
from wa_lint.reporters.json_report import encode

_SEVERITY: Final = {
    Severity.LOW: "info",
    Severity.MEDIUM: "minor",
    Severity.HIGH: "major",
    Severity.CRITICAL: "critical",
}

_PLACE: Final = re.compile(r":\d+(:\d+)?$")


def render(report: Report, options: RenderOptions) -> str:
    del options
    where = stages.where_of(report)
    failing = [f for f in report.findings if f.outcome is Outcome.FAIL and f.is_open]
    missed = coverage.lines(report, without={"no-ml"})
    issues = [
        *(_issue(finding, where(finding)) for finding in failing),
        *(_missed(line, report) for line in missed),
        *map(_configured, report.configuration),
    ]
    return encode(issues)


def _missed(line: coverage.Line, report: Report) -> Raw:
    uri = next((entry.uri for entry in report.inputs if entry.kind != "live"), ".")
    return _info(f"coverage-{line.kind}", line.text, uri, ("coverage", line.kind, _without_numbers(line.text)))


def _configured(one: Configuration) -> Raw:
    """Return the issue of one configuration. Options have no file, and are at the folder."""
    uri = "." if one.trust == "command line" else one.uri
    known_by = ("configuration", one.uri, one.trust, *map(_known_by, one.effects))
    return _info("configuration", configured.sentence(one), uri, known_by)


def _known_by(effect: Effect) -> str:
    items = [_PLACE.sub("", item) for item in effect.items] or [_without_numbers(effect.text)]
    return "\0".join((effect.key, *items))


def _info(name: str, said: str, uri: str, known_by: Iterable[str]) -> Raw:
    """Return an issue that is no finding. What it is `known_by` has no counts: another count is no new issue."""
    return {
        "description": visible(said),
        "check_name": name,
        "fingerprint": hashlib.sha256("\0".join(known_by).encode("utf-8", "replace")).hexdigest()[:32],
        "severity": "info",
        "location": {"path": uri, "lines": {"begin": 1, "end": 1}},
    }


def _without_numbers(text: str) -> str:
    return re.sub(r"\d+", "", text)


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
