"""``wa-lint check``: files in, report out. Opens no socket."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Sequence
from pathlib import Path

import click
import msgspec

from wa_lint import engine
from wa_lint.cli.excerpts import excerpts
from wa_lint.cli.inputs import find
from wa_lint.cli.judging import Task, day, judge_files
from wa_lint.cli.options import Choice, Delivery, choice, chosen_rules, delivery
from wa_lint.cli.output import complain, deliver, targets
from wa_lint.reporters import Options
from wa_lint.sources.template import read_parameters


@click.command()
@click.argument("paths", nargs=-1, metavar="[PATH]…", type=click.Path(path_type=Path))
@choice
@delivery
@click.option(
    "--parameters",
    metavar="FILE",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Values of the templates' parameters, as JSON: the AWS CLI's list or a flat map.",
)
@click.option("--jobs", type=click.IntRange(1), metavar="N", help="Processes to judge with.  [default: as many as pay]")
def check(paths: Sequence[Path], choice: Choice, delivery: Delivery, parameters: Path | None, jobs: int | None) -> int:
    """Judge templates, exports and snapshots: files, or folders of them (default: this folder)."""
    to = targets(delivery.output)
    rules = chosen_rules(choice)
    files = find(paths or [Path()], Path.cwd())
    task = Task(
        choice=choice,
        parameters=read_parameters(parameters.read_bytes(), parameters.name) if parameters else None,
        now=day(delivery.now),
        today=dt.datetime.now(dt.UTC).date().isoformat(),
        is_debug=bool(os.environ.get("WA_LINT_DEBUG")),
    )
    judged = judge_files(files, task, rules, jobs)
    for one in judged:
        if one.complaint:
            complain(one.complaint)
    report = engine.merge([one.report for one in judged if one.report], [one.entry for one in judged])
    report = msgspec.structs.replace(report, rules=tuple(rule.info for rule in rules))  # though nothing was judged
    return deliver(report, to, delivery, Options(lines=excerpts(files)))
