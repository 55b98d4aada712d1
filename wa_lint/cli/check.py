"""``wa-lint check``: files in, report out. Opens no socket."""

from __future__ import annotations

import datetime as dt
import os
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Final, TypeAlias, TypeVar

import click
import msgspec

from wa_lint import findings
from wa_lint.budget import budget_of
from wa_lint.cli.configuring import as_if, configured, enforcement, laid, layers, packed
from wa_lint.cli.exits import CLEAN, NOTHING, exit_code
from wa_lint.cli.options import Choice, Delivery, Settling, choice, chosen_rules, delivery, settling, with_not_run
from wa_lint.cli.output import complain, deliver, targets
from wa_lint.config import Config
from wa_lint.enforce import EXCLUDE
from wa_lint.model import Input, Raw, Report
from wa_lint.reporters import RenderOptions
from wa_lint.reporters import configured as configured_by
from wa_lint.rule import Rule
from wa_lint.run.excerpts import excerpts
from wa_lint.run.given_parameters import OPTION, stages_of
from wa_lint.run.inputs import File, look, told, uri_of
from wa_lint.run.judge import Judged, Task, day, judge_files
from wa_lint.run.walking import capped
from wa_lint.sources.export.as_option import OPTION as OPTION_AS
from wa_lint.suppress.apply import demand_no_diff, settled, today
from wa_lint.suppress.baseline import read, written
from wa_lint.writing import atomic, demand_writable

Lines: TypeAlias = Callable[[str], Sequence[str]]
"""The lines of the source behind a uri."""

Choose: TypeAlias = Callable[[str, str, bool], str | None]
"""Gives the value to take of an option: see `wa_lint.run.changed`."""

T = TypeVar("T", bound=msgspec.Struct)


class Reading(msgspec.Struct, frozen=True):
    """What is judged, and how it is read."""

    paths: tuple[Path, ...] = ()
    parameters: tuple[str, ...] = ()
    jobs: int | None = None
    exclude: tuple[str, ...] = ()
    force_exclude: bool = False
    limit: tuple[str, ...] = ()
    said: tuple[str, ...] = ()
    """What `--as` says of answers that do not say whose they are."""


_READING: Final = (
    click.argument("paths", nargs=-1, metavar="[PATH]…", type=click.Path(path_type=Path)),
    click.option(
        OPTION,
        multiple=True,
        metavar="FILE|NAME=VALUE",
        help="Values of the templates' parameters: a file of the AWS CLI, CodePipeline or SAM, a flat map, or one "
        "value. May be given several times: several files are several stages, and each template is judged for each.",
    ),
    click.option(
        OPTION_AS,
        "said",
        multiple=True,
        metavar="SERVICE:OPERATION:ID[=FILE]",
        help="Which saved answer of the AWS CLI the file holds, and whose, where the answer does not say it: "
        "s3api:get-bucket-versioning:BUCKET. With several files, add =FILE. May be given several times.",
    ),
    click.option("--exclude", multiple=True, metavar="GLOB", help="Files that a folder is not searched for."),
    click.option("--force-exclude", is_flag=True, help="Leave them out though they are named: a hook names files."),
    click.option(
        "--limit",
        multiple=True,
        metavar="NAME=NUMBER",
        help="What one file may cost, as seconds=60; docs/limits.md has the names. No configuration file sets it.",
    ),
    click.option(
        "--jobs", type=click.IntRange(1), metavar="N", help="Processes to judge with.  [default: as many as pay]"
    ),
)


def reading(command: Callable[..., object]) -> Callable[..., object]:
    """Add the paths and how they are read; the command gets them as `reading`."""
    return packed(command, "reading", Reading, _READING, _bound)


def _bound(given: Reading) -> Reading:
    """Return what is read, within what is enforced: of ``exclude`` the patterns that count, of a file no paths."""
    strict = enforcement()
    return msgspec.structs.replace(
        given,
        paths=given.paths if strict.permits("paths") or _is_by_hand("paths") else (),
        parameters=given.parameters if strict.permits("parameters") or _is_by_hand("parameters") else (),
        exclude=given.exclude if strict.permits(EXCLUDE) else tuple(p for p in given.exclude if p in strict.exclude),
    )


def _is_by_hand(name: str) -> bool:
    return any(not layer.is_file for layer in layers(name))


@click.command()
@configured
@reading
@choice
@settling
@delivery
@click.option("--nothing-ok", is_flag=True, help="Exit 0, not 3, where there was no template: a hook's files.")
def check(reading: Reading, choice: Choice, settling: Settling, delivery: Delivery, *, nothing_ok: bool) -> int:
    """Judge templates, exports and snapshots: files, or folders of them (default: this folder); - is stdin."""
    to = targets(delivery.output)
    report, lines = judged_files(reading, choice, delivery.now)
    report = settled(report, settling, choice, today(delivery.now))
    if settling.diff is not None:
        from wa_lint.run.changed import against  # noqa: PLC0415, it imports a library that reads git's objects

        report, delivery, lines = against(settling.diff, report, delivery, lines, _judge_as(delivery.now))
    code = deliver(report, to, delivery, RenderOptions(lines=lines))
    is_empty = not any(entry.status == "judged" for entry in report.inputs)
    is_excused = nothing_ok and is_empty and enforcement().permits("nothing-ok")
    return CLEAN if is_excused and code == NOTHING else code


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
    """Write all current findings to a file; with `check --baseline FILE` only what is new or worse exits 1."""
    demand_no_diff(settling)
    demand_writable(output)
    report, _ = judged_files(reading, choice, None)
    fresh = settled(report, msgspec.structs.replace(settling, baseline=None), choice, today(None))
    with atomic(output) as stream:
        stream.write(written(fresh))
    for said in configured_by.sentences(fresh, all_used=False):
        complain(said)
    complain(f"{len(read(written(fresh), output.name).findings)} findings in {output}")
    return exit_code(fresh, None, is_strict=False)


def _judge_as(now: dt.datetime | None) -> Callable[[Config, Choose], tuple[Report, Lines]]:
    """Return what judges the options of the command that runs under another configuration, and says nothing."""

    def judge(found: Config, choose: Choose) -> tuple[Report, Lines]:
        def value(name: str) -> Raw:
            return laid(name, found, lambda text, is_given: choose(name, text, is_given))

        def options(struct: type[T]) -> T:
            return struct(**{name: value(name) for name in struct.__struct_fields__})

        reading, choice, settling = options(Reading), options(Choice), options(Settling)
        if not reading.paths:
            is_named = bool(laid("paths", found, lambda text, _: text))
            here = None if is_named else choose("paths", ".", True)
            if here is None:
                return Report(tuple(rule.info for rule in chosen_rules(choice)), ()), lambda _: ()
            reading = msgspec.structs.replace(reading, paths=(Path(here),))
        report, lines = judged_files(reading, choice, now, is_quiet=True)
        with as_if(found):
            return settled(report, settling, choice, today(now), lambda _: None), lines

    return judge


def judged_files(
    reading: Reading, choice: Choice, now: dt.datetime | None, *, is_quiet: bool = False
) -> tuple[Report, Lines]:
    """Return the report on what `reading` names, and what shows its lines. What cannot be read is said on stderr.

    `is_quiet`: nothing is said, and a parameter that no template declares is no error.
    """
    rules = chosen_rules(choice)
    stages = stages_of(reading.parameters, Path.cwd())
    left_out: Counter[str] = Counter()
    paths = reading.paths or [Path()]
    below = look(paths, Path.cwd(), reading.exclude, is_forced=reading.force_exclude, left_out=left_out)
    task = Task(
        choice=choice,
        stages=stages,
        now=day(now),
        today=today(None),
        is_debug=bool(os.environ.get("WA_LINT_DEBUG")),
        budget=budget_of(reading.limit),
        demands_declared=not is_quiet,
    )
    files = told(below.files, reading.said, Path.cwd())
    judged = judge_files(files, task, rules, reading.jobs)
    for complaint in (line for one in judged for line in one.complaints if not is_quiet):
        complain(complaint)
    if stages and not is_quiet:
        _hint(judged, reading.paths)
    nested = [File(uri, uri) for one in judged for uri in one.nested.values()]
    report = msgspec.structs.replace(_merged(judged, below.passed, rules), left_out=left_out)
    return with_not_run(report, task.choice), excerpts([*nested, *files])


def _merged(judged: Sequence[Judged], passed: Sequence[Input], rules: Sequence[Rule]) -> Report:
    reports = [one.report for one in judged if one.report]
    entries = capped(entry for one in judged for entry in one.entries)
    merged = findings.merge(reports, [*entries, *passed])
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
