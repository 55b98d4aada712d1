"""A history for people: a line for each run, a trend for each group, the findings that wait longest or came back."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Final

from wa_lint.history.lives import OPEN, Life
from wa_lint.history.over_time import DayCount, GroupTrend, OverTime
from wa_lint.reporters import RenderOptions
from wa_lint.reporters.ink import Ink

_MOST: Final = 10
"""Findings of a list, and groups beside the pillars; JSON and CSV have all of them."""

_DAY: Final = len("2026-11-23")

_COLUMNS: Final = ("failing", "unknown", "suppressed", "unseen", "new", "reopened", "fixed", "gone", "rule_changed")
_HEADS: Final = {"unseen": "not seen", "rule_changed": "rule changed"}

_BARS: Final = "▁▂▃▄▅▆▇█"
_WIDEST: Final = 30
"""Runs of a line of bars, the latest."""


def render(found: OverTime, by: Sequence[str], options: RenderOptions) -> str:
    ink = Ink(options.colour)
    parts = [_runs(found, ink), *(_groups(found, name, ink) for name in by), *_lists(found, ink), _summary(found)]
    return "\n\n".join(part for part in parts if part) + "\n"


def _runs(found: OverTime, ink: Ink) -> str:
    heads = ("run", *(_HEADS.get(name, name) for name in _COLUMNS), "")
    rows = [
        (
            run.at[:_DAY],
            *(str(getattr(count, name)) for name in _COLUMNS),
            "" if run.is_complete else "partly read",
        )
        for run, count in zip(found.runs, found.total.counts, strict=True)
    ]
    return "\n".join([ink(f"Runs ({len(rows)})", "bold"), *_table(heads, rows, ink)])


def _groups(found: OverTime, by: str, ink: Ink) -> str:
    groups = sorted(found.by[by], key=lambda group: (-group.counts[-1].failing, group.name))
    if not groups:
        return ""
    heads = (by, "first", "most", "now", "not seen", "fixed", "reopened", "days to fix", "")
    rows = [_group(group) for group in groups[: None if by == "pillar" else _MOST]]
    rest = len(groups) - len(rows)
    more = [f"  and {rest} more (-o json lists them)"] if rest else []
    return "\n".join([ink(f"Failing by {by}", "bold"), *_table(heads, rows, ink), *more])


def _group(group: GroupTrend) -> tuple[str, ...]:
    failing = [count.failing for count in group.counts]
    told = (failing[0], max(failing), failing[-1], group.counts[-1].unseen, group.fixed, group.reopened)
    return (group.name, *map(str, told), _days(group.mean_days), _bars(group.counts))


def _bars(counts: Sequence[DayCount]) -> str:
    values = [count.open for count in counts[-_WIDEST:]]
    top = max([*values, 1])
    return "".join(_BARS[value * (len(_BARS) - 1) // top] for value in values)


def _days(days: float | None) -> str:
    return "-" if days is None else f"{days:g}"


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]], ink: Ink) -> Iterator[str]:
    widths = [max(len(row[n]) for row in (heads, *rows)) for n in range(len(heads))]
    for row in (heads, *rows):
        first, *cells, last = (ink(cell) for cell in row)
        middle = "  ".join(f"{cell:>{width}}" for cell, width in zip(cells, widths[1:-1], strict=True))
        yield f"  {first:<{widths[0]}}  {middle}  {last}".rstrip()


# --- findings ---------------------------------------------------------------------------------------


def _lists(found: OverTime, ink: Ink) -> Iterator[str]:
    waiting = sorted((life for life in found.lives if life.status == OPEN), key=lambda life: life.first_seen)
    yield _list("Open longest", waiting, lambda life: f"since {life.first_seen[:_DAY]}", ink)
    again = [life for life in found.lives if life.reopened]
    yield _list("Reopened", again, lambda life: f"{life.reopened} x, {life.status} now", ink)
    late = f"{found.runs[-1].at[:_DAY]}"
    unseen = [life for life in found.lives if life.status == "unseen"]
    yield _list(f"Not seen on {late}", unseen, lambda life: f"last on {life.last_seen[:_DAY]}: {life.because}", ink)


def _list(title: str, lives: Sequence[Life], said: Callable[[Life], str], ink: Ink) -> str:
    if not lives:
        return ""
    lines = [ink(f"{title} ({len(lives)})", "bold")]
    lines += [f"  {ink(life.finding.rule)}  {ink(_subject(life))}  {ink(said(life))}" for life in lives[:_MOST]]
    lines += [f"  and {len(lives) - _MOST} more (-o json lists them)"] if len(lives) > _MOST else []
    return "\n".join(lines)


def _subject(life: Life) -> str:
    finding = life.finding
    where = f"{finding.home.file}: " if finding.home.file else ""
    return f"{where}{finding.resource}{f'.{finding.path}' if finding.path else ''}"


def _summary(found: OverTime) -> str:
    total = found.total
    fixes = f"{total.fixed} fixed, {total.reopened} reopened, mean time to fix {_days(total.mean_days)} days."
    doubtful = sum(fixing.is_new_tool for life in found.lives for fixing in life.fixes)
    told = f" {doubtful} of the fixes came with another version of wa-lint." if doubtful else ""
    return f"{total.counts[-1].failing} failing, {total.counts[-1].unseen} not seen; {fixes}{told}"
