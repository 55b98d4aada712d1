"""``wa-lint check``: files in, report out. Opens no socket."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

import click
import msgspec

from wa_lint import findings
from wa_lint.cli.excerpts import excerpts
from wa_lint.cli.inputs import File, find, uri_of
from wa_lint.cli.judging import Judged, Task, day, judge_files
from wa_lint.cli.options import Choice, Delivery, choice, chosen_rules, delivery
from wa_lint.cli.output import complain, deliver, targets
from wa_lint.cli.parameters import OPTION, stages_of
from wa_lint.errors import ConfigError, did_you_mean
from wa_lint.model import Report
from wa_lint.reporters import Options
from wa_lint.rule import Rule
from wa_lint.sources.template import WAYS, demand_translator

_SAM: Final = "--sam"


@click.command()
@click.argument("paths", nargs=-1, metavar="[PATH]…", type=click.Path(path_type=Path))
@choice
@delivery
@click.option(
    OPTION,
    multiple=True,
    metavar="FILE|NAME=VALUE",
    help="Values of the templates' parameters: a file of the AWS CLI, CodePipeline or SAM, a flat map, or one value. "
    "May be given several times: several files are several stages, and each template is judged for each.",
)
@click.option(
    _SAM,
    default="native",
    show_default=True,
    metavar="native|translator",
    help="How SAM templates are read: by wa-lint itself, or by AWS's translator (needs the extra wa-lint[sam]).",
)
@click.option("--jobs", type=click.IntRange(1), metavar="N", help="Processes to judge with.  [default: as many as pay]")
def check(
    paths: Sequence[Path],
    choice: Choice,
    delivery: Delivery,
    parameters: Sequence[str],
    sam: str,
    jobs: int | None,
) -> int:
    """Judge templates, exports and snapshots: files, or folders of them (default: this folder); - is stdin."""
    to = targets(delivery.output)
    _demand_way(sam)
    rules = chosen_rules(choice)
    stages = stages_of(parameters, Path.cwd())
    files = find(paths or [Path()], Path.cwd())
    task = Task(
        choice=choice,
        stages=stages,
        now=day(delivery.now),
        today=dt.datetime.now(dt.UTC).date().isoformat(),
        is_debug=bool(os.environ.get("WA_LINT_DEBUG")),
        sam=sam,
    )
    judged = judge_files(files, task, rules, jobs)
    for complaint in (line for one in judged for line in one.complaints):
        complain(complaint)
    if stages:
        _hint(judged, paths)
    nested = [File(uri, uri) for one in judged for uri in one.nested.values()]
    return deliver(_merged(judged, rules), to, delivery, Options(lines=excerpts([*nested, *files])))


def _demand_way(sam: str) -> None:
    """Raise `ConfigError` where there is no such way to read SAM, `MissingExtra` where it is not installed."""
    if sam not in WAYS:
        raise ConfigError(_SAM, f"there is no {sam!r}{did_you_mean(sam, WAYS) or '; it is native or translator'}")
    if sam == "translator":
        demand_translator()


def _merged(judged: Sequence[Judged], rules: Sequence[Rule]) -> Report:
    reports = [one.report for one in judged if one.report]
    merged = findings.merge(reports, [entry for one in judged for entry in one.entries])
    return msgspec.structs.replace(
        merged,
        rules=tuple(rule.info for rule in rules),  # though nothing was judged
        skew=tuple(skew for report in reports for skew in report.skew),
    )


def _hint(judged: Iterable[Judged], paths: Iterable[Path]) -> None:
    """Say it where a second file of parameters was given as if it were a template."""
    named = {uri_of(path, Path.cwd()) for path in paths}
    skipped = [entry.uri for one in judged for entry in one.entries if entry.status == "skipped"]
    for uri in sorted(named & set(skipped)):
        complain(f"{uri} is no template; if it holds parameters, write {OPTION} {uri}")
