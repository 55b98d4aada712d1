"""``wa-lint review``: the Well-Architected review, pre-filled. Reads files and answers; writes only answers."""

from __future__ import annotations

import datetime as dt
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

import click

from wa_lint.cli.asking import ask_open
from wa_lint.cli.check import reading
from wa_lint.cli.configuring import configured, enforcement, said_by_all
from wa_lint.cli.exits import BROKEN, FOUND, exit_code
from wa_lint.cli.one_of import OneOf
from wa_lint.cli.options import choice, color_option, settling
from wa_lint.cli.output import complain, for_stdout, has_account, pieces_to_stdout
from wa_lint.cli.review_push import SUBCOMMANDS
from wa_lint.cli.subcommands import CommandWithSubcommands
from wa_lint.errors import ConfigError, did_you_mean
from wa_lint.model import Report
from wa_lint.reporters import RenderOptions
from wa_lint.reporters.trend import TrendPage
from wa_lint.review import as_html, as_json, as_markdown, as_text
from wa_lint.review.reviewed import Gate, Review, reviewed, violations
from wa_lint.run.check_files import Lines, Reading
from wa_lint.run.choice import Choice
from wa_lint.run.earlier_runs import is_ledger, ledger_of, past
from wa_lint.run.review import OPTION, judged_or_read_back, required, review_files, with_workload
from wa_lint.run.settle import demand_no_diff, settled
from wa_lint.run.settle import today as today_text
from wa_lint.suppress.apply import Settling
from wa_lint.texts import LANGUAGES, Texts, texts
from wa_lint.writing import atomic, demand_writable

FORMATS: Final[dict[str, Callable[[Review, RenderOptions, Texts], str]]] = {
    "html": as_html.render,
    "json": as_json.render,
    "markdown": as_markdown.render,
    "text": as_text.render,
}

_FILE: Final = click.Path(exists=True, dir_okay=False, path_type=Path)

_DAY: Final = click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%SZ"])


@click.command(cls=CommandWithSubcommands, subcommands=SUBCOMMANDS)
@configured
@reading
@choice
@settling
@click.option(
    OPTION,
    multiple=True,
    metavar="FILE",
    type=_FILE,
    help="What people answered, and which workload is reviewed. May be given several times.  [default: "
    "wa-review.yaml, where it is]",
)
@click.option(
    "-o",
    "--output",
    multiple=True,
    metavar="FORMAT[=FILE]",
    help=f"{', '.join(FORMATS)}; to stdout, or to a file. May be given several times.  [default: text]",
)
@click.option("-v", "--verbose", is_flag=True, help="text: every practice and every open question too.")
@click.option(
    "--ask/--no-ask",
    default=None,
    help="Ask the open questions, and write the answers to the file.  [default: in a terminal, but not in CI]",
)
@click.option(
    "--require", multiple=True, metavar="PRACTICE,…", help="Exit 1 unless these practices are met; * is a wildcard."
)
@click.option(
    "--max-critical", type=click.IntRange(0), metavar="N", help="Exit 1 if more than N critical findings fail."
)
@click.option(
    "--max-high",
    type=click.IntRange(0),
    metavar="N",
    help="Exit 1 if more than N findings of high severity or above fail.",
)
@click.option(
    "--max-medium", type=click.IntRange(0), metavar="N", help="Exit 1 if more than N of medium severity or above fail."
)
@click.option("--max-low", type=click.IntRange(0), metavar="N", help="Exit 1 if more than N findings fail.")
@click.option("--strict", is_flag=True, help="Exit 4 when a verdict is unknown or something was not read.")
@click.option(
    "--history",
    multiple=True,
    metavar="FILE",
    type=_FILE,
    help="JSON reports or reviews of earlier runs, oldest first, to show what changed since the last. Or the database "
    "of a history: the HTML report draws the trend.",
)
@click.option("--now", type=_DAY, metavar="DATE", help="The date of the review.  [default: today]")
@click.option("--lang", type=OneOf(LANGUAGES), default="en", show_default=True, help="Language of the review.")
@color_option
def review(  # noqa: PLR0913, one for each option
    reading: Reading,
    choice: Choice,
    settling: Settling,
    *,
    answers: Sequence[Path],
    output: Sequence[str],
    verbose: bool,
    ask: bool | None,
    require: Sequence[str],
    strict: bool,
    history: Sequence[Path],
    now: dt.datetime | None,
    lang: str,
    color: str,
    **most: int | None,
) -> int:
    """Fill in the Well-Architected review: the status of each practice, AWS's risks, and what people have to answer.

    Takes what `check` takes (templates, exports, snapshots), or one JSON report of an earlier run.
    """
    demand_no_diff(settling)
    to = _targets(output)
    gate = Gate(required(require), _limits(most))
    now = now if enforcement().permits("now") else None
    files, _ = review_files(answers)
    choice = with_workload(choice, files) if enforcement().permits("workload") else choice
    report, lines = _report(reading, choice, settling, now)
    earlier = tuple(past(file) for file in history if not is_ledger(file))
    words = texts(lang)
    today = dt.date.fromisoformat(today_text(now))

    def judged() -> Review:
        return reviewed(report, review_files(answers)[1].answers, today, words, earlier)

    found = judged()
    if _may_ask(ask, to):
        ask_open(found, files, today, words)
        found = judged()
    shown = RenderOptions(verbose=verbose, lines=lines, history=earlier, trend=_trend(history), made_at=found.date)
    _write(found, to, shown, words, color)
    return _code(found, gate, is_strict=strict or enforcement().is_strict)


def _report(reading: Reading, choice: Choice, settling: Settling, now: dt.datetime | None) -> tuple[Report, Lines]:
    """Return the report that is reviewed, settled: one that was read back is already."""
    report, lines, is_old = judged_or_read_back(reading, choice, now, complain)
    if is_old:
        return report, lines
    return settled(report, settling, choice, said_by_all(), today_text(now), complain), lines


def _trend(history: Sequence[Path]) -> TrendPage | None:
    """Return the trend of the runs in a database; a review adds none."""
    file = ledger_of(history)
    if file is None:
        return None
    from wa_lint.run.recorded import history_of, page_of  # noqa: PLC0415, most reviews have no database

    found = history_of(file)
    return page_of(found) if found.runs else None


def _limits(given: dict[str, int | None]) -> dict[str, int]:
    return {key.removeprefix("max_"): most for key, most in given.items() if most is not None}


def _may_ask(ask: bool | None, to: Sequence[tuple[str, Path | None]]) -> bool:
    """Whether somebody is there to answer. ``--ask`` insists, and CI never waits for anybody."""
    is_there = sys.stdin is not None and sys.stdin.isatty() and sys.stderr.isatty() and not os.environ.get("CI")
    if ask and not is_there:
        raise ConfigError("--ask", "needs a terminal to ask in; write the answers to wa-review.yaml instead")
    return is_there if ask is None and to == [("text", None)] else bool(ask)


def _targets(given: Sequence[str]) -> Sequence[tuple[str, Path | None]]:
    found = []
    for text in given or ("text",):
        name, has_file, file = text.partition("=")
        if name not in FORMATS:
            raise ConfigError(
                "-o", f"no format {name!r} of a review{did_you_mean(name, FORMATS)} There are {', '.join(FORMATS)}."
            )
        if has_file:
            demand_writable(Path(file))
        found.append((name, Path(file) if has_file else None))
    if sum(file is None for _, file in found) > 1:
        raise ConfigError("-o", "only one review can go to stdout; give the others a file: -o html=review.html")
    return found


def _write(
    found: Review, to: Sequence[tuple[str, Path | None]], options: RenderOptions, words: Texts, color: str
) -> None:
    for name, file in to:
        if file is None:
            pieces_to_stdout([FORMATS[name](found, for_stdout(options, color), words)])
        else:
            with atomic(file, is_private=has_account(found.report)) as stream:
                stream.write(FORMATS[name](found, options, words).encode("utf-8", "replace"))


def _code(found: Review, gate: Gate, *, is_strict: bool) -> int:
    """Return the exit code: as `check` without ``--fail-on``, and 1 where the gate is not fulfilled."""
    wrong = violations(found, gate)
    for line in wrong:
        complain(line)
    code = exit_code(found.report, None, is_strict=is_strict)
    return FOUND if wrong and code != BROKEN else code
