"""Where reports go: stdout, or files that are there in full or not at all."""

from __future__ import annotations

import datetime as dt
import os
import shutil
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from pathlib import Path
from typing import Final

import click
import msgspec

from wa_lint.cli.configuring import enforcement
from wa_lint.cli.exits import BROKEN, CLEAN, exit_code
from wa_lint.config import folded
from wa_lint.errors import ConfigError
from wa_lint.model import Report, Severity
from wa_lint.redact import mask
from wa_lint.reporters import REPORTERS, RenderOptions, configured, coverage, in_pieces, visible
from wa_lint.run.broken_rules import broken_rule_lines
from wa_lint.run.choice import Choice, Delivery
from wa_lint.run.earlier_runs import is_ledger, past
from wa_lint.run.enforced_rules import gating
from wa_lint.run.template_lines import anchored
from wa_lint.writing import atomic, demand_writable


class Target(msgspec.Struct, frozen=True):
    """One report to write; to stdout if `file` is None."""

    pieces: Callable[[Report, RenderOptions], Iterable[str]]
    file: Path | None = None
    format: str = ""


def targets(given: Sequence[str]) -> Sequence[Target]:
    """Read ``-o FORMAT[=FILE]``. Raise `ConfigError` before any work is done that nobody could have the fruit of."""
    found = [_target(text) for text in given or ("text",)]
    if sum(target.file is None for target in found) > 1:
        raise ConfigError("-o", "only one report can go to stdout; give the others a file: -o sarif=wa-lint.sarif")
    return found


def deliver(report: Report, to: Sequence[Target], delivery: Delivery, options: RenderOptions) -> int:
    """Write the report wherever it is wanted and return the exit code."""
    moment = (delivery.now or dt.datetime.now(dt.UTC)).strftime("%Y-%m-%dT%H:%M:%S")
    history = tuple(past(file) for file in delivery.history if not is_ledger(file))
    report = anchored(report, delivery.template) if delivery.template else report
    for said in _notices(report, {target.format for target in to}):
        complain(said)
    for target in to:
        shown = msgspec.structs.replace(_asked(options, delivery), made_at=moment, history=history)
        if target.file is None:
            pieces_to_stdout(target.pieces(report, for_stdout(shown, delivery.color)))
        else:
            with atomic(target.file, is_private=has_account(report)) as stream:
                stream.writelines(text.encode("utf-8", "replace") for text in target.pieces(report, shown))
    fail_on = None if delivery.fail_on == "never" else Severity(delivery.fail_on)
    return exit_code(report, fail_on, is_strict=delivery.strict, always=gating(enforcement()))


def has_account(report: Report) -> bool:
    """Whether a report tells of an account, so that a file with it is private."""
    return any(finding.resource.account for finding in report.findings) or any(gap.scope.account for gap in report.gaps)


_ONLY_FINDINGS: Final = frozenset({"asff", "ocsf"})
"""Lists of findings that are imported as they are, with no place for what is no finding."""


def _notices(report: Report, formats: AbstractSet[str]) -> Iterator[str]:
    """Yield what a format leaves out, which its readers cannot see."""
    if "asff" in formats and not any(finding.resource.account for finding in report.findings):
        yield "asff: the list is empty, because findings in templates belong to no account"
    for format_ in sorted(formats & _ONLY_FINDINGS):
        yield from (f"{format_}: {line.text}" for line in coverage.lines(report, without={"no-ml"}))
        yield from (f"{format_}: {said}" for said in configured.sentences(report, all_used=False))
    if "sarif" in formats:
        from wa_lint.reporters import sarif  # noqa: PLC0415, a format is imported when it is requested

        if capped := sarif.notice(report):
            yield f"sarif: {capped}"


def _asked(options: RenderOptions, delivery: Delivery) -> RenderOptions:
    """Return how much of a report the options of the command ask for."""
    return msgspec.structs.replace(
        options,
        show_all=delivery.show_all,
        verbose=delivery.verbose,
        quiet=delivery.quiet,
        statistics=delivery.statistics,
        show_fix=delivery.show_fix,
    )


def for_stdout(options: RenderOptions, color: str = "auto") -> RenderOptions:
    """Return the options with the width of the terminal, if stdout is one, and with colours if they are wanted."""
    is_terminal = sys.stdout is not None and sys.stdout.isatty()
    wanted = wants_colour(os.environ, is_terminal=is_terminal, color=color)
    return msgspec.structs.replace(options, colour=wanted, width=columns() or options.width)


def columns() -> int | None:
    """Return how wide lines are in the terminal that stdout is; None if it is none."""
    if sys.stdout is None or not sys.stdout.isatty():
        return None
    return max(_NARROWEST, min(shutil.get_terminal_size((80, 24)).columns, _WIDEST))


_NARROWEST: Final = 40
_WIDEST: Final = 120
"""Longer lines of prose are hard to read."""


def wants_colour(environment: Mapping[str, str], *, is_terminal: bool, color: str = "auto") -> bool:
    """Return what ``--color`` says; with auto follow https://no-color.org and https://force-color.org.

    A variable counts when it is not empty.
    """
    if color != "auto":
        return color == "always"
    if environment.get("NO_COLOR"):
        return False
    return bool(environment.get("FORCE_COLOR")) or (is_terminal and environment.get("TERM") != "dumb")


def to_stdout(text: str) -> None:
    pieces_to_stdout([text])


def pieces_to_stdout(pieces: Iterable[str]) -> None:
    """Write UTF-8 whatever the locale says. A reader who went away (``| head``) or never was is no error."""
    if sys.stdout is None:
        return
    try:
        sys.stdout.flush()
        for text in pieces:
            sys.stdout.buffer.write(text.encode("utf-8", "replace"))
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # else Python complains at exit


def _target(text: str) -> Target:
    given, has_file, file = text.partition("=")
    name = folded(given, list(REPORTERS)) or given
    pieces = in_pieces(name)
    if not has_file:
        return Target(pieces, format=name)
    path = Path(file)
    if not file or path.is_dir():
        raise ConfigError("-o", f"{text!r} names no file")
    demand_writable(path)
    if not path.parent.is_dir():
        raise ConfigError("-o", f"the folder {path.parent} for {file!r} does not exist; create it first")
    if not os.access(path if path.exists() else path.parent, os.W_OK):
        raise ConfigError("-o", f"{file!r} cannot be written: Permission denied")
    return Target(pieces, path, name)


def code_of_packs(choice: Choice) -> int:
    """Say on stderr which rule files are broken, and return the exit code that they make: the other rules count."""
    lines = list(broken_rule_lines(choice))
    for line in lines:
        complain(line)
    return BROKEN if lines else CLEAN


def complain(text: str) -> None:
    """Say something on stderr. It may quote a template, so nothing in it steers the terminal."""
    for line in mask(text).splitlines():
        click.echo(f"wa-lint: {visible(line)}", err=True)
