"""GitHub's workflow commands: annotations of a step, the gravest first, within what one step may have.

Limits: 10 errors, 10 warnings and 10 notices of a step are kept, the rest is dropped in silence (actions/toolkit,
docs/problem-matchers.md, read 2026-11). So what is left out is said. What was not judged is one annotation of its own,
the number of unknown checks included.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Final

from wa_lint.model import Finding, Outcome, Report, Severity
from wa_lint.reporters import RenderOptions, configured, coverage, tally, visible
from wa_lint.reporters import set_words as stages
from wa_lint.reporters.one_line import in_one_line

_COMMAND: Final = {
    Severity.CRITICAL: "error",
    Severity.HIGH: "error",
    Severity.MEDIUM: "warning",
    Severity.LOW: "notice",
}

_MOST: Final = 10

_LONGEST: Final = 4000
"""Characters of the notice on the configuration: its author wrote it."""


def render(report: Report, options: RenderOptions) -> str:
    del options
    failing = [f for f in report.findings if f.outcome is Outcome.FAIL and f.is_open]
    failing.sort(key=lambda finding: -finding.rule.severity.rank)
    by_command: dict[str, list[Finding]] = defaultdict(list)
    for finding in failing:
        by_command[_COMMAND[finding.rule.severity]].append(finding)
    where = stages.where_of(report)
    missed = coverage.lines(report)
    ours = "warning" if any(line.is_warning for line in missed) else "notice"
    news = tally.news(report)
    said = _clip(" ".join(configured.sentences(report, all_used=False)))
    lines = [f"::notice title=wa-lint::{_data(tally.news_in_words(news))}"] if news else []
    lines += [f"::notice title=wa-lint configuration::{_data(said)}"] if said else []
    taken = {"notice": len(lines) + (ours == "notice" and bool(missed)), "warning": ours == "warning" and bool(missed)}
    lines += [
        line
        for command, found in by_command.items()
        for line in _lines(command, found, where, _MOST - taken.get(command, 0))
    ]
    if missed:
        lines.append(f"::{ours} title=wa-lint::{'%0A'.join(_data(line.text) for line in missed)}")
    return "".join(line + "\n" for line in lines)


def _lines(command: str, found: Sequence[Finding], where: stages.Where, most: int) -> Iterator[str]:
    shown = found if len(found) <= most else found[: most - 1]
    yield from (_annotation(command, finding, where(finding)) for finding in shown)
    if len(shown) < len(found):
        yield f"::{command} title=wa-lint::{_data(f'{len(found) - len(shown)} more; the SARIF or JSON report has all')}"


def _annotation(command: str, finding: Finding, where: str) -> str:
    place = finding.location
    spots = {
        "file": place.uri if place.line else "",
        "line": place.line,
        "col": place.column,
        "endLine": place.end_line,
        "endColumn": place.end_column if place.end_line == place.line else 0,
        "title": finding.rule.id,
    }
    told = ",".join(f"{name}={_property(str(value))}" for name, value in spots.items() if value)
    named = "" if place.line else f"{finding.resource.id}: "
    return f"::{command} {told}::{_data(named + in_one_line(finding, where))}"


def _clip(text: str) -> str:
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


def _data(text: str) -> str:
    """Escape what would end the command; everything else that steers is shown as its code."""
    return visible(text).replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
