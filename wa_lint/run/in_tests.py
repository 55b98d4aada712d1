"""A template that is judged inside somebody's unit test: what fails, in lines for an assertion."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from os import PathLike
from pathlib import Path
from tempfile import TemporaryDirectory

from wa_lint.model import Finding, Outcome, Report, Severity
from wa_lint.writing import write_scratch


def failures_of(
    template: Mapping[str, object] | str | PathLike[str], judge: Callable[[Path], Report], least: Severity
) -> list[str]:
    """Return a line for each finding as severe as `least`, and for each input that could not be read."""
    if not isinstance(template, Mapping):
        return list(_lines(judge(Path(template)), least))
    with TemporaryDirectory(prefix="wa-lint-") as folder:
        file = Path(folder, "template.json")
        write_scratch(file, json.dumps(template).encode())
        return list(_lines(judge(file), least))


def _lines(report: Report, least: Severity) -> Iterator[str]:
    for entry in report.inputs:
        if entry.status != "judged":
            yield f"{Path(entry.uri).name} was not checked: {entry.reason}"
    for finding in report.findings:
        is_grave = finding.rule.severity.rank >= least.rank
        if finding.outcome is Outcome.FAIL and finding.suppressed is None and is_grave:
            yield _line(finding)


def _line(finding: Finding) -> str:
    resource = finding.resource.construct or finding.resource.id
    when = f" (when {finding.when})" if finding.when else ""
    return f"{finding.rule.severity.value} {finding.rule.id} {resource}: {finding.message}{when} {_fix(finding)}"


def _fix(finding: Finding) -> str:
    return f"Fix: {' '.join(finding.rule.fix.split())}"
