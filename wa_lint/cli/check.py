"""``wa-lint check``: files in, report out. Opens no socket."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Final, TypeAlias

import click
import msgspec

from wa_lint import findings
from wa_lint.cli.configuring import configured, packed
from wa_lint.cli.exits import CLEAN, NOTHING, exit_code
from wa_lint.cli.options import Choice, Delivery, Settling, choice, chosen_rules, delivery, settling
from wa_lint.cli.output import atomic, complain, deliver, targets
from wa_lint.model import Report
from wa_lint.reporters import Options
from wa_lint.rule import Rule
from wa_lint.run.excerpts import excerpts
from wa_lint.run.given_parameters import OPTION, stages_of
from wa_lint.run.inputs import File, find, uri_of
from wa_lint.run.judge import Judged, Task, day, judge_files
from wa_lint.suppress.apply import lists_all, settled, today
from wa_lint.suppress.baseline import read, written

Lines: TypeAlias = Callable[[str], Sequence[str]]
"""The lines of the source behind a uri."""


class Reading(msgspec.Struct, frozen=True):
    """What is judged, and how it is read."""

    paths: tuple[Path, ...] = ()
    parameters: tuple[str, ...] = ()
    jobs: int | None = None
    exclude: tuple[str, ...] = ()
    force_exclude: bool = False


_READING: Final = (
    click.argument("paths", nargs=-1, metavar="[PATH]…", type=click.Path(path_type=Path)),
    click.option(
        OPTION,
        multiple=True,
        metavar="FILE|NAME=VALUE",
        help="Values of the templates' parameters: a file of the AWS CLI, CodePipeline or SAM, a flat map, or one "
        "value. May be given several times: several files are several stages, and each template is judged for each.",
    ),
    click.option("--exclude", multiple=True, metavar="GLOB", help="Files that a folder is not searched for."),
    click.option("--force-exclude", is_flag=True, help="Leave them out though they are named: a hook names files."),
    click.option(
        "--jobs", type=click.IntRange(1), metavar="N", help="Processes to judge with.  [default: as many as pay]"
    ),
)


def reading(command: Callable[..., object]) -> Callable[..., object]:
    """Add the paths and how they are read; the command gets them as `reading`."""
    return packed(command, "reading", Reading, _READING)


@click.command()
@configured
@reading
@choice
@settling
@delivery
@click.option("--nothing-ok", is_flag=True, help="Exit 0, not 3, where there was nothing to check: a hook's files.")
def check(reading: Reading, choice: Choice, settling: Settling, delivery: Delivery, *, nothing_ok: bool) -> int:
    """Judge templates, exports and snapshots: files, or folders of them (default: this folder); - is stdin."""
    to = targets(delivery.output)
    report, lines = judged_files(reading, choice, delivery.now, lists_all=lists_all(settling, delivery))
    code = deliver(settled(report, settling, choice, today(delivery.now)), to, delivery, Options(lines=lines))
    return CLEAN if nothing_ok and code == NOTHING else code


@click.command()
@configured
@reading
@choice
@settling
@click.option(
    "-o",
    "--output",
    default="wa-lint-baseline.json",
    show_default=True,
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Where to put it.",
)
def baseline(reading: Reading, choice: Choice, settling: Settling, output: Path) -> int:
    """Write down all that is found today; with `check --baseline FILE` only what is new gates."""
    report, _ = judged_files(reading, choice, None, lists_all=lists_all(settling, None))
    fresh = settled(report, msgspec.structs.replace(settling, baseline=None), choice, today(None))
    with atomic(output) as stream:
        stream.write(written(fresh))
    complain(f"{len(read(written(fresh), output.name).findings)} findings in {output}")
    return exit_code(fresh, None, is_strict=False)


def judged_files(
    reading: Reading, choice: Choice, now: dt.datetime | None, *, lists_all: bool = True
) -> tuple[Report, Lines]:
    """Return the report on what `reading` names, and what shows its lines. What cannot be read is said on stderr.

    `lists_all`: as of `lint`. Several stages always are listed: they are compared by what passes too.
    """
    rules = chosen_rules(choice)
    stages = stages_of(reading.parameters, Path.cwd())
    files = find(reading.paths or [Path()], Path.cwd(), reading.exclude, is_forced=reading.force_exclude)
    task = Task(
        choice=choice,
        stages=stages,
        now=day(now),
        today=today(None),
        is_debug=bool(os.environ.get("WA_LINT_DEBUG")),
        lists_all=lists_all or len(stages) > 1,
    )
    judged = judge_files(files, task, rules, reading.jobs)
    for complaint in (line for one in judged for line in one.complaints):
        complain(complaint)
    if stages:
        _hint(judged, reading.paths)
    nested = [File(uri, uri) for one in judged for uri in one.nested.values()]
    return _merged(judged, rules), excerpts([*nested, *files])


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
