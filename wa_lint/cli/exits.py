"""Exit codes: public interface. The same for every format."""

from __future__ import annotations

from typing import Final

from wa_lint.model import Finding, Outcome, Report, Severity

CLEAN: Final = 0
FOUND: Final = 1
"""Something fails that is as severe as ``--fail-on``, or more."""
BROKEN: Final = 2
"""A usage, configuration, rule or input error: a template that cannot be read, for one."""
NOTHING: Final = 3
"""Nothing was checked."""
BLIND: Final = 4
"""Something could not be looked at: a refused call, a failed region; with ``--strict`` unknown verdicts too, and what
stands outside of a template: a definition in S3, a loop over a list that is not known."""
INTERRUPTED: Final = 130


def exit_code(report: Report, fail_on: Severity | None, *, is_strict: bool) -> int:
    """Return the code of a run. Where several apply, the first of 2, 1, 4, 3 wins. `fail_on` None: no fail counts."""
    holds = {
        BROKEN: any(entry.status == "error" and entry.kind != "live" for entry in report.inputs),
        FOUND: any(_counts(fail_on, f.rule.severity) for f in report.findings if _is(f, Outcome.FAIL)),
        BLIND: _is_blind(report, is_strict=is_strict),
        NOTHING: not any(entry.status == "judged" for entry in report.inputs),
    }
    return next((code for code, so in holds.items() if so), CLEAN)


def _is(finding: Finding, outcome: Outcome) -> bool:
    return finding.outcome is outcome and finding.suppressed is None


def _counts(fail_on: Severity | None, severity: Severity) -> bool:
    return fail_on is not None and severity.rank >= fail_on.rank


def _is_blind(report: Report, *, is_strict: bool) -> bool:
    failed_region = any(entry.status == "error" and entry.kind == "live" for entry in report.inputs)
    refused = any(gap.scope.account for gap in report.gaps)
    undecided = bool(report.gaps) or any(_is(finding, Outcome.UNKNOWN) for finding in report.findings)
    nothing_else = bool(report.gaps) and not report.findings and not report.counted
    return failed_region or refused or nothing_else or (is_strict and undecided)
