"""Markdown for a pull request's comment or a step's summary: the verdict, the gravest findings, and what is not known.

Limits: a comment of GitHub holds 65,536 characters; a step summary 1 MiB (GitHub's docs, read 2026-11). Names out of
templates cannot place links, images, mentions or HTML: each is as code.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import accumulate
from typing import Final

from wa_lint import lens
from wa_lint.model import Finding, Outcome, Report, Severity
from wa_lint.reporters import RenderOptions, blanked, configured, coverage, tally, visible_lines, waste
from wa_lint.reporters import set_words as stages
from wa_lint.reporters.aws_commands import commands_of
from wa_lint.reporters.gap_groups import grouped

MARK: Final = "<!-- wa-lint -->"
"""By it a bot finds its own comment again."""

_CHANGED: Final = {"new": "New: ", "updated": "Worse: "}

_LONGEST: Final = 60_000
_LONGEST_FOLD: Final = 10_000
_LONGEST_CELL: Final = 300
_FRAME: Final = 80
"""Characters around an example."""

_LINKED: Final = re.compile(r"(@(?=\w)|#(?=\d)|\bGH(?=-\d)|\bwww(?=\.))", re.IGNORECASE)
"""What GitHub makes a mention, a reference or an address of where it is in plain text."""


def render(report: Report, options: RenderOptions) -> str:
    head = "\n".join((MARK, *_head(report))) + "\n"
    failing = [f for f in report.findings if f.outcome is Outcome.FAIL and f.is_open]
    failing.sort(key=lambda finding: -finding.rule.severity.rank)
    tail = "\n".join(
        (*_unknown(report), *_suppressed(report), *_compared(report), *_unread(report), *_configuration(report))
    )
    table = _findings(failing, stages.where_of(report), _LONGEST - len(head) - len(tail))
    examples = "\n".join(_examples(failing, _LONGEST - len(head) - len(table) - len(tail))) if options.show_fix else ""
    return head + table + examples + tail + "\n"


def _head(report: Report) -> Iterator[str]:
    counted = tally.total(report.findings, report.counted.values())
    yield f"## wa-lint: {counted.failed} failed, {counted.unknown} not judged, {counted.passed} passed"
    yield ""
    missed = coverage.lines(report, without=coverage.SHOWN_ALREADY)
    for line in missed:
        said = plain_text(line.text)
        yield f"* **{said}**" if line.is_warning else f"* {said}"
    yield from [""] if missed else []
    if not any(entry.status == "judged" for entry in report.inputs):
        return
    yield "| Pillar | failed | not judged | passed |"
    yield "|---|--:|--:|--:|"
    for pillar, told in tally.by_pillar(report).items():
        yield f"| {pillar.replace('-', ' ').capitalize()} | {told.failed} | {told.unknown} | {told.passed} |"
    yield ""
    if found := waste.running(report):
        yield plain_text(waste.running_in_words(found))
        yield ""
    news = tally.news(report)
    if news:
        yield f"{plain_text(tally.news_in_words(news))}."
        yield ""


def _findings(failing: Sequence[Finding], where: stages.Where, room: int) -> str:
    """Return the table of the gravest that fit, and say how many do not."""
    if not failing:
        return ""
    text = "| Severity | Rule | Where | What |\n|---|---|---|---|\n"
    for number, finding in enumerate(failing):
        row = _row(finding, where(finding))
        if len(text) + len(row) > room - 200:
            return text + f"\n{len(failing) - number} more are in the full report.\n\n"
        text += row
    return text + "\n"


def _examples(failing: Sequence[Finding], room: int) -> Iterator[str]:
    """Yield CloudFormation that passes each rule, or AWS CLI commands for live resources, as far as there is room."""
    for rule in {finding.rule.id: finding.rule for finding in failing}.values():
        commands = [command for finding in failing if finding.rule.id == rule.id for command in commands_of(finding)]
        lines = [visible_lines(line) for line in commands or (rule.snippet or "").strip().splitlines()]
        room -= sum(map(len, lines)) + len(lines) + len(rule.id) + _FRAME
        if lines and room > 0 and not any("```" in line for line in lines):
            yield from (
                f"<details><summary>Fix of {rule.id}</summary>",
                "",
                f"```{'sh' if commands else 'yaml'}",
                *lines,
                "```",
                "",
                "</details>",
                "",
            )


def _row(finding: Finding, where: str) -> str:
    practice = finding.rule.practices[0] if finding.rule.practices else ""
    link = f" ([{practice}]({lens.url(practice)}))" if practice else ""
    said = [plain_text(finding.message), *([f"({plain_text(where)})"] if where else [])]
    said += [f"When {_code(finding.when)}."] if finding.when else []
    said += [plain_text(f"{_CHANGED.get(finding.state or '', '')}{finding.change}.")] if finding.change else []
    cells = (
        _severity(finding.rule.severity),
        f"`{finding.rule.id}`{link}",
        _code(str(finding.location)),
        " ".join(said),
    )
    return "| " + " | ".join(cells) + " |\n"


def _severity(severity: Severity) -> str:
    return f"**{severity.value}**" if severity.rank >= Severity.HIGH.rank else severity.value


def _unknown(report: Report) -> Iterator[str]:
    found = [f for f in report.findings if f.outcome is Outcome.UNKNOWN and f.is_open]
    counted = sorted(Counter((f.rule.id, f.message) for f in found).items())
    yield from _folded("Not judged", [f"* `{rule}`, {n} times: {plain_text(reason)}" for (rule, reason), n in counted])


def _suppressed(report: Report) -> Iterator[str]:
    found = [(f, f.suppressed) for f in report.findings if f.suppressed and f.suppressed.kind != "baseline"]
    lines = [
        f"* `{finding.rule.id}` {_code(finding.resource.id)}: {plain_text(why.reason or 'no reason given')}"
        for finding, why in found
    ]
    yield from _folded("Suppressed", lines)


def _compared(report: Report) -> Iterator[str]:
    """Yield what an earlier run has too, and what it had."""
    if report.compared is None:
        return
    since = plain_text(report.compared.since)
    old = [f for f in report.findings if f.state == "unchanged" and f.suppressed is None]
    yield from _folded(f"Unchanged since {since}", [f"* `{f.rule.id}` {_code(f.resource.id)}" for f in old])
    fixed = [f"* `{known.rule}` {_code(known.resource)}" for known in report.compared.fixed]
    yield from _folded(f"Fixed since {since}", fixed)


def _unread(report: Report) -> Iterator[str]:
    lines = [f"* {_code(e.uri)}: {plain_text(e.reason or 'not read')}" for e in report.inputs if e.status == "error"]
    lines += [f"* {_code(gap.scope.type)}: {plain_text(gap.reason)}" for gap in report.gaps if not gap.scope.account]
    for cause, groups in grouped(report.gaps):
        lines += [f"* {plain_text(cause.title)}: {plain_text(group.in_room(_LONGEST_CELL))}" for group in groups]
    yield from _folded("Not fully read", lines)


def _configuration(report: Report) -> Iterator[str]:
    """Yield it unfolded: who reads only the comment sees what was switched off."""
    if report.configuration:
        yield from (
            "Configuration:",
            "",
            *(f"* {plain_text(said, _LONGEST_FOLD)}" for said in configured.sentences(report)),
            "",
        )


def _folded(summary: str, lines: Sequence[str]) -> Iterator[str]:
    """Yield lines that a reader unfolds, as many as there is room for, and say how many are not there."""
    if not lines:
        return
    ends = list(accumulate(len(line) + 1 for line in lines))
    shown = [line for line, end in zip(lines, ends, strict=True) if end <= _LONGEST_FOLD]
    yield from (f"<details><summary>{summary}</summary>", "", *shown)
    if len(shown) < len(lines):
        yield f"* {len(lines) - len(shown)} more are in the full report."
    yield from ("", "</details>", "")


def plain_text(text: str, most: int = _LONGEST_CELL) -> str:
    """Return prose in which nothing is markup, a mention or a table's end."""
    shown = _clip(blanked(" ".join(text.split())), most)
    shown = re.sub(r"([\\`*_{}\[\]()#+!|~>])", r"\\\1", shown.replace("&", "&amp;").replace("<", "&lt;"))
    return _LINKED.sub("\\1\u2060", shown).replace("://", ":\u2060//")


def _code(text: str) -> str:
    """Return a name as code: a fence longer than any run of backticks in it, and no bar, which would end a cell."""
    shown = _clip(blanked(" ".join(text.split()))).replace("|", "\u00a6")
    fence = "`" * (1 + max((len(run) for run in re.findall("`+", shown)), default=0))
    return f"{fence} {shown} {fence}" if "`" in shown else f"`{shown}`"


def _clip(text: str, most: int = _LONGEST_CELL) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"
