"""One line for each finding, ``file:line:column: severity rule message``, as editors and grep read it.

The last line is the summary. Above it there is a line, ``note: ...``, for each thing that was not covered and for each
configuration that was used.
"""

from __future__ import annotations

from collections.abc import Iterator

from wa_lint.model import Finding, Outcome, Report
from wa_lint.reporters import RenderOptions, configured, coverage
from wa_lint.reporters import set_words as stages
from wa_lint.reporters.ink import Ink, without_commands
from wa_lint.reporters.one_line import in_one_line
from wa_lint.reporters.rule_counts import counted_rules
from wa_lint.reporters.summary import in_one_sentence


def render(report: Report, options: RenderOptions) -> str:
    ink = Ink(options.colour)
    lines = [] if options.quiet else [*_lines(report, options, ink), *_notes(report, ink)]
    return without_commands("\n".join([*lines, in_one_sentence(report, ink)])) + "\n"


def _lines(report: Report, options: RenderOptions, ink: Ink) -> Iterator[str]:
    if options.statistics:
        yield from counted_rules(report, ink, has_header=False)
        return
    where = stages.where_of(report)
    shown = {Outcome.FAIL, Outcome.UNKNOWN} if options.show_all else {Outcome.FAIL}
    for finding in report.findings:
        if finding.outcome in shown and finding.is_open:
            yield _line(finding, where(finding), ink)


def _line(finding: Finding, where: str, ink: Ink) -> str:
    place, severity = finding.location, finding.rule.severity.value
    kind = ink(severity, severity) if finding.outcome is Outcome.FAIL else ink("unknown", "faint")
    named = "" if place.line or place.uri == finding.resource.id else f"{finding.resource.id}: "
    said = " ".join(f"{named}{in_one_line(finding, where)}".split())
    return f"{ink(str(place))}: {kind} {ink(finding.rule.id, 'bold')} {ink(said)}"


def _notes(report: Report, ink: Ink) -> Iterator[str]:
    yield from (f"note: {ink(line.text)}" for line in coverage.lines(report, without={"nothing", "unknown"}))
    yield from (f"note: {ink(sentence)}" for sentence in configured.sentences(report))
