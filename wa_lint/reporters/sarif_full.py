"""SARIF 2.1.0 in full: every outcome, what is suppressed too. For those who read the standard, not for GitHub."""

from __future__ import annotations

from wa_lint.model import Report
from wa_lint.reporters import RenderOptions
from wa_lint.reporters.sarif import log


def render(report: Report, options: RenderOptions) -> str:
    return log(report, options, is_full=True)
