"""Exit codes: public interface. The same for every format."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from wa_lint.model import Finding, Outcome, Report, RuleInfo, Severity
from wa_lint.reporters import coverage

CLEAN: Final = 0
FOUND: Final = 1
"""Something fails that is as severe as ``--fail-on``, or more."""
BROKEN: Final = 2
"""A usage, configuration, rule or input error: a template that cannot be read, for one."""
NOTHING: Final = 3
"""No template was found, or no rule gives a verdict on any resource of ML or of an unrecognised type."""
BLIND: Final = 4
"""Something could not be looked at: a refused call, a failed region; with ``--strict`` unknown verdicts too, and what
was not read: a nested stack, a macro, a definition in S3, a Terraform type, a file that looks like a template."""
INTERRUPTED: Final = 130


def exit_code(
    report: Report, fail_on: Severity | None, *, is_strict: bool, always: Collection[str] = frozenset()
) -> int:
    """Return the code of a run. Where several apply, the first of 2, 1, 4, 3 wins. `fail_on` None: no fail counts.

    `always`: ids of the rules whose fails count all the same.
    """
    holds = {
        BROKEN: any(entry.status == "error" and entry.kind != "live" for entry in report.inputs),
        FOUND: any(_counts(fail_on, f.rule, always) for f in report.findings if _is(f, Outcome.FAIL)),
        BLIND: _is_blind(report, is_strict=is_strict),
        NOTHING: coverage.nothing_judged(report) is not None,
    }
    return next((code for code, so in holds.items() if so), CLEAN)


def _is(finding: Finding, outcome: Outcome) -> bool:
    return finding.outcome is outcome and finding.is_open


def _counts(fail_on: Severity | None, rule: RuleInfo, always: Collection[str]) -> bool:
    return rule.id in always or (fail_on is not None and rule.severity.rank >= fail_on.rank)


def _is_blind(report: Report, *, is_strict: bool) -> bool:
    failed_region = any(entry.status == "error" and entry.kind == "live" for entry in report.inputs)
    refused = any(gap.scope.account for gap in report.gaps)
    unread = any(entry.kind == "unread" for entry in report.unjudged) or any(e.is_suspect for e in report.inputs)
    missing = bool(report.gaps) or bool(report.not_followed) or unread
    undecided = missing or any(_is(finding, Outcome.UNKNOWN) for finding in report.findings)
    nothing_else = bool(report.gaps) and not report.findings and not report.counted
    return failed_region or refused or nothing_else or (is_strict and undecided)
