"""How often each rule fails or is unknown, the most frequent first: what ``--statistics`` shows."""

from __future__ import annotations

from collections.abc import Iterator

from wa_lint.model import Report
from wa_lint.reporters import tally
from wa_lint.reporters.ink import Ink


def counted_rules(report: Report, ink: Ink, *, has_header: bool = True) -> Iterator[str]:
    """Yield a line for each rule that fails or is unknown somewhere; none where no rule does."""
    counts = tally.by_rule(report)
    rows = [(counts[rule.id], rule) for rule in report.rules if counts[rule.id].failed or counts[rule.id].unknown]
    rows.sort(key=lambda row: (-row[0].failed, -row[0].unknown, row[1].id))
    if rows and has_header:
        yield ink(f"{'failed':>6}  {'not judged':>10}  {'severity':<8}  rule", "bold")
    for counted, rule in rows:
        severity = ink(f"{rule.severity.value:<8}", rule.severity.value)
        yield f"{counted.failed:>6}  {counted.unknown:>10}  {severity}  {ink(rule.id)}"
