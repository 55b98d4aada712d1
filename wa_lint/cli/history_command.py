"""``wa-lint history``: what became of the findings of many runs, out of the database that ``--history`` wrote."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

import click
import msgspec

from wa_lint.cli import history_data, history_text
from wa_lint.cli.exits import CLEAN, NOTHING
from wa_lint.cli.one_of import OneOf
from wa_lint.cli.output import complain, for_stdout, to_stdout
from wa_lint.history.over_time import GROUPS, GroupTrend, OverTime
from wa_lint.redact.reports import mask_report
from wa_lint.reporters import RenderOptions
from wa_lint.run.recorded import history_of

_FORMATS: Final[Mapping[str, Callable[[OverTime, Sequence[str], RenderOptions], str]]] = {
    "text": history_text.render,
    "json": lambda found, by, _: history_data.as_json(found, by),
    "csv": lambda found, _by, _: history_data.as_csv(found),
    "csv-trend": lambda found, by, _: history_data.trend_as_csv(found, by),
}


@click.command()
@click.argument("database", metavar="DB", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--by",
    multiple=True,
    type=OneOf(list(GROUPS)),
    help="The trends to show. May be given several times.  [default: pillar, practice, account]",
)
@click.option("--since", metavar="DATE", type=click.DateTime(["%Y-%m-%d"]), help="Show runs from this date on.")
@click.option(
    "-o",
    "--output",
    type=OneOf(list(_FORMATS)),
    default="text",
    show_default=True,
    help="csv has a row for each finding, csv-trend a row for each run and group.",
)
def history(database: Path, by: Sequence[str], since: dt.datetime | None, output: str) -> int:
    """Show the trend of a database that `check --history` or `scan --history` wrote.

    For each finding: when it was first seen, fixed and reopened; in all, the mean time to fix. What a run could not
    look at is not fixed; what is not reported because its rule changed, or its resource is gone, has its own status.

    Exit 0, or 2 where the database cannot be read, 3 where it has no runs.
    """
    found = mask_report(history_of(database))
    if since is not None:
        found = _from(found, since.date().isoformat())
    if not found.runs:
        complain(f"{database} has no runs{f' since {since.date()}' if since else ''}")
        return NOTHING
    to_stdout(_FORMATS[output](found, tuple(by) or ("pillar", "practice", "account"), for_stdout(RenderOptions())))
    return CLEAN


def _from(found: OverTime, day: str) -> OverTime:
    """Return the history from a day on. What was fixed and reopened before is still counted of each finding."""
    first = next((n for n, run in enumerate(found.runs) if run.at >= day), len(found.runs))

    def cut(group: GroupTrend) -> GroupTrend:
        return msgspec.structs.replace(group, counts=group.counts[first:])

    by = {name: tuple(map(cut, groups)) for name, groups in found.by.items()}
    return msgspec.structs.replace(found, runs=found.runs[first:], total=cut(found.total), by=by)
