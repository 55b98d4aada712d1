"""``wa-lint check``: files in, report out. Opens no socket."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Callable
from pathlib import Path
from typing import Final, TypeAlias, TypeVar

import click
import msgspec
from click.core import ParameterSource

from wa_lint.cli.configuring import (
    as_if,
    configured,
    current,
    defaults_with_places,
    enforcement,
    laid,
    load,
    named,
    packed,
    said_by_all,
)
from wa_lint.cli.exits import CLEAN, NOTHING, exit_code
from wa_lint.cli.keeping import demand_ledger, kept
from wa_lint.cli.options import bound_choice, bound_settling, choice, delivery, settling
from wa_lint.cli.output import complain, deliver, targets
from wa_lint.config import Config
from wa_lint.enforce import EXCLUDE
from wa_lint.errors import ConfigError
from wa_lint.model import Raw, Report
from wa_lint.reporters import RenderOptions
from wa_lint.reporters import configured as configured_by
from wa_lint.run.check_files import JudgedFiles, Lines, Reading, found_files, judged_files, judged_run
from wa_lint.run.choice import Choice, Delivery, FixOptions, chosen_rules
from wa_lint.run.given_parameters import OPTION
from wa_lint.run.settle import demand_no_diff, lists_all, settled, today
from wa_lint.sources.export.as_option import OPTION as OPTION_AS
from wa_lint.suppress.apply import Settling
from wa_lint.suppress.baseline import read, written
from wa_lint.writing import atomic, demand_writable

Choose: TypeAlias = Callable[[str, str, bool], str | None]
"""Gives the value to take of an option: see `wa_lint.run.changed`."""

T = TypeVar("T", bound=msgspec.Struct)


_PARAMETERS: Final = click.option(
    OPTION,
    multiple=True,
    metavar="FILE|NAME=VALUE",
    help="Values of the templates' parameters: a file of the AWS CLI, CodePipeline or SAM, a flat map, or one "
    "value. May be given several times: several files are several stages, and each template is judged for each.",
)

_LIMIT: Final = click.option(
    "--limit",
    multiple=True,
    metavar="NAME=NUMBER",
    help="Change a limit on what one file may use, such as seconds=60: see docs/limits.md. "
    "Not allowed in configuration files.",
)

_READING: Final = (
    click.argument("paths", nargs=-1, metavar="[PATH]…", type=click.Path(path_type=Path)),
    _PARAMETERS,
    click.option(
        OPTION_AS,
        "said",
        multiple=True,
        metavar="SERVICE:OPERATION:ID[=FILE]",
        help="Which AWS CLI response the file holds, and of which resource, if the response does not name it: "
        "s3api:get-bucket-versioning:BUCKET. With several files, add =FILE. May be given several times.",
    ),
    click.option(
        "--exclude", multiple=True, metavar="GLOB", help="Skip files that match this pattern when searching folders."
    ),
    click.option(
        "--force-exclude",
        is_flag=True,
        help="Apply --exclude even to files named on the command line (for pre-commit).",
    ),
    _LIMIT,
    click.option("--jobs", type=click.IntRange(1), metavar="N", help="Number of worker processes.  [default: auto]"),
)


def reading(command: Callable[..., object]) -> Callable[..., object]:
    """Add the paths and how they are read; the command gets them as `reading`."""
    return packed(command, "reading", Reading, _READING, _bound)


def reading_texts(command: Callable[..., object]) -> Callable[..., object]:
    """As `reading`, for a command that is handed what it judges: no path names it."""
    return packed(command, "reading", Reading, (_PARAMETERS, _LIMIT), _bound)


def _bound(given: Reading) -> Reading:
    """Return what is read, within what is enforced: of ``exclude`` the patterns that count, of a file no paths."""
    strict = enforcement()
    return msgspec.structs.replace(
        given,
        is_debug=bool(os.environ.get("WA_LINT_DEBUG")),
        paths=given.paths if strict.permits("paths") or _is_by_hand("paths") else (),
        parameters=given.parameters if strict.permits("parameters") or _is_by_hand("parameters") else (),
        exclude=given.exclude if strict.permits(EXCLUDE) else tuple(p for p in given.exclude if p in strict.exclude),
    )


def _demand_paths() -> None:
    """Raise `ConfigError`, with where it was said, at a path of the configuration that leads nowhere."""
    context = click.get_current_context()
    if context.get_parameter_source("paths") is ParameterSource.DEFAULT_MAP:
        for path, where in defaults_with_places(context, "paths"):
            if not Path(str(path)).exists():
                raise ConfigError(where, f"paths: {str(path)!r} does not exist")


def _is_by_hand(name: str) -> bool:
    return bool(said_by_all().by_hand(name))


WITH_FIXES: Final = frozenset({"sarif", "sarif-full"})
"""Formats that carry what `--fix` would write."""

_FIXING: Final = (
    click.option(
        "--fix",
        is_flag=True,
        help="Change templates so that findings go away: see docs/fixes.md.",
    ),
    click.option(
        "--unsafe-fixes",
        is_flag=True,
        help="With --fix: also what replaces a resource, costs more or may break clients.",
    ),
    click.option(
        "--dry-run", is_flag=True, help="With --fix: print a unified diff of what would change, and write nothing."
    ),
)


def fixing(command: Callable[..., object]) -> Callable[..., object]:
    """Add the options of fixes; the command gets them as `fixing`."""
    return packed(command, "fixing", FixOptions, _FIXING)


def demand_fixable(given: FixOptions, settling: Settling) -> None:
    """Raise `ConfigError` where options contradict each other."""
    for name, is_given in (("--unsafe-fixes", given.unsafe_fixes), ("--dry-run", given.dry_run)):
        if is_given and not given.fix:
            raise ConfigError(name, "is for --fix; add --fix")
    if given.fix and settling.diff is not None:
        raise ConfigError("--fix", "changes files and --diff compares them with a commit; run one after the other")


@click.command()
@configured
@reading
@choice
@settling
@delivery
@fixing
@click.option("--nothing-ok", is_flag=True, help="Exit 0 instead of 3 if no template is found (for pre-commit).")
def check(
    reading: Reading, choice: Choice, settling: Settling, delivery: Delivery, fixing: FixOptions, *, nothing_ok: bool
) -> int:
    """Judge templates, exports and snapshots: files, or folders of them (default: this folder); - is stdin."""
    demand_fixable(fixing, settling)
    to = targets(delivery.output)
    demand_ledger(delivery)
    _demand_paths()
    said = said_by_all()
    settling = msgspec.structs.replace(settling, is_partial=nothing_ok or reading.force_exclude)
    reading = msgspec.structs.replace(reading, lists_all=lists_all(settling, delivery, said.config))
    run = found_files(reading, choice, delivery.now, demands_declared=True)
    wants_fixes = fixing.fix or any(target.format in WITH_FIXES for target in to)
    run = msgspec.structs.replace(run, memory={} if wants_fixes else None)
    found, lines = judged_run(run, complain)

    def settle(report: Report, say: Callable[[str], None] = lambda _: None) -> Report:
        return settled(report, settling, choice, said, today(delivery.now), say)

    report = settle(found, complain)
    options = RenderOptions()
    if run.memory is not None:
        from wa_lint.cli.fix_output import with_fixes  # noqa: PLC0415, who fixes nothing need not wait for it

        judged, to, options = with_fixes(run, JudgedFiles(found, report, lines), settle, fixing, to)
        found, report, lines = judged.found, judged.report, judged.lines
    trend = kept(found, report, choice, delivery, "check", reading.paths or (Path(),))
    if settling.diff is not None:
        from wa_lint.run.changed import Command, against  # noqa: PLC0415, it imports a library that reads git's objects

        command = Command(current(), named(), laid, load, _judge_as(delivery.now), choice.always, complain)
        report, delivery, lines = against(settling.diff, report, delivery, lines, command)
    code = deliver(report, to, delivery, msgspec.structs.replace(options, lines=lines, trend=trend))
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
    help="The file to write.",
)
def baseline(reading: Reading, choice: Choice, settling: Settling, output: Path) -> int:
    """Write all current findings to a file; with `check --baseline FILE` only what is new or worse exits 1."""
    demand_no_diff(settling)
    demand_writable(output)
    _demand_paths()
    said = said_by_all()
    reading = msgspec.structs.replace(reading, lists_all=lists_all(settling, None, said.config))
    report, _ = judged_files(reading, choice, None, complain)
    without = msgspec.structs.replace(settling, baseline=None)
    fresh = settled(report, without, choice, said, today(None), complain)
    with atomic(output) as stream:
        stream.write(written(fresh))
    for sentence in configured_by.sentences(fresh, all_used=False):
        complain(sentence)
    complain(f"{len(read(written(fresh), output.name).findings)} findings in {output}")
    return exit_code(fresh, None, is_strict=False)


def _judge_as(now: dt.datetime | None) -> Callable[[Config, Choose], tuple[Report, Lines]]:
    """Return what judges the options of the command that runs under another configuration, and says nothing."""

    def judge(found: Config, choose: Choose) -> tuple[Report, Lines]:
        with as_if(found):
            reading = _bound(_options(Reading, found, choose))
            choice = bound_choice(_options(Choice, found, choose))
            settling = bound_settling(_options(Settling, found, choose))
            if not reading.paths:
                is_named = bool(laid("paths", found, lambda text, _: text))
                here = None if is_named else choose("paths", ".", True)
                if here is None:
                    return Report(tuple(rule.info for rule in chosen_rules(choice)), ()), lambda _: ()
                reading = msgspec.structs.replace(reading, paths=(Path(here),))
            report, lines = judged_files(reading, choice, now, None)
            return settled(report, settling, choice, said_by_all(), today(now), lambda _: None), lines

    return judge


def _options(struct: type[T], found: Config, choose: Choose) -> T:
    """Return the options of the command that runs as one `struct`, under another configuration."""
    names = {option.name for option in click.get_current_context().command.params}

    def value(name: str) -> Raw:
        return laid(name, found, lambda text, is_given: choose(name, text, is_given))

    return struct(**{name: value(name) for name in struct.__struct_fields__ if name in names})
