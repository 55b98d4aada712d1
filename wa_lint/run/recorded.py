"""Keeps what a run found in the database of its history, and reads a history back. It judges nothing."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Final

import msgspec

from wa_lint import packs
from wa_lint.history.ledger import Ledger, RunRecord, opened
from wa_lint.history.lives import lives_of
from wa_lint.history.over_time import DayCount, OverTime, over_time
from wa_lint.history.sighted import RunView, TrackedFinding, sighted
from wa_lint.model import Report
from wa_lint.reporters.trend import TrendLine, TrendPage
from wa_lint.run.choice import Choice, chosen_rules
from wa_lint.run.inputs import uri_of
from wa_lint.version import VERSION

_DAY: Final = len("2026-11-23")


class RunToKeep(msgspec.Struct, frozen=True):
    """A run that is to be kept."""

    found: Report
    """Everything that was found, before anything was suppressed."""
    settled: Report
    choice: Choice
    command: str
    now: dt.datetime | None = None
    """The day that was given; None: that of the snapshot, else today."""
    paths: Sequence[Path] = ()
    """The files and folders that were searched; none in an account."""


def demand_usable(file: Path) -> None:
    """Make the database in `file` where there is none. Raise `ConfigError` as `history.ledger.opened`."""
    with opened(file, to_write=True):
        pass


def keep(file: Path, run: RunToKeep, *, shows: bool = True) -> TrendPage | None:
    """Add a run to the database in `file`, which is made where there is none.

    `shows`: return the trend with it; else None, for to read years of it takes a while. Raise `ConfigError` as
    `history.ledger.opened`.
    """
    with opened(file, to_write=True) as ledger:
        _add(ledger, run)
        return page_of(_read(ledger)) if shows else None


def history_of(file: Path) -> OverTime:
    """Return the history in `file`. Raise `ConfigError` as `history.ledger.opened`."""
    with opened(file) as ledger:
        return _read(ledger)


def page_of(found: OverTime) -> TrendPage:
    """Return what the scorecard and the review show of a history."""
    total = found.total
    return TrendPage(
        runs=tuple(run.at[:_DAY] for run in found.runs),
        lines=tuple(_line(group.name, group.counts) for group in (total, *found.by["pillar"])),
        unseen=tuple(count.unseen for count in total.counts),
        fixed=total.fixed,
        reopened=total.reopened,
        mean_days=total.mean_days,
    )


def _line(name: str, counts: Iterable[DayCount]) -> TrendLine:
    return TrendLine(name, tuple(count.open for count in counts))


def _read(ledger: Ledger) -> OverTime:
    return over_time(ledger.runs(), lives_of(ledger.findings(), ledger.told()))


def _add(ledger: Ledger, run: RunToKeep) -> None:
    at = _date_of(run)
    known = ledger.known(at)
    view = RunView(
        found=run.found,
        settled=run.settled,
        versions={rule.info.id: rule.version for rule in chosen_rules(run.choice)},
        book=frozenset(rule.info.id for rule in packs.book(run.choice.rules).rules),
        deleted=frozenset(_deleted(run.paths, known)),
        passing=_passing(run.settled),
    )
    record = RunRecord(at, VERSION, run.command, len(view.versions), run.settled.inputs, run.settled.gaps)
    ledger.add(record, sighted(view, known))


def _date_of(run: RunToKeep) -> str:
    """Return the run's own date: the one that was given, the day of the snapshot, or now."""
    now = dt.datetime.now(dt.UTC)
    day = run.settled.judged_at
    if run.now is not None:
        now = run.now if run.now.tzinfo else run.now.replace(tzinfo=dt.UTC)
    elif day and day != now.date().isoformat():
        now = dt.datetime.fromisoformat(day).replace(tzinfo=dt.UTC)
    return now.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _deleted(paths: Sequence[Path], known: Iterable[TrackedFinding]) -> Iterator[str]:
    """Yield the files of earlier findings that are not there any more, below the folders that were searched."""
    here = Path.cwd()
    folders = [uri_of(path, here) for path in paths if path.is_dir()]
    for file in {one.home.file for one in known if one.home.file}:
        is_below = any(folder in {".", ""} or file.startswith(f"{folder}/") for folder in folders)
        if is_below and not Path(file).exists():
            yield file


def _passing(report: Report) -> Collection[str]:
    """Return the types of which an account lists only the youngest."""
    if not report.complete:
        return ()
    from wa_lint.sources.live.collectors import all_collectors  # noqa: PLC0415, files need no table of calls

    return frozenset(collector.type for collector in all_collectors() if collector.window_days)
