"""Where reports go: stdout, or files that are there in full or not at all."""

from __future__ import annotations

import contextlib
import datetime as dt
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import BinaryIO

import click
import msgspec

from wa_lint.cli.exits import exit_code
from wa_lint.cli.options import Delivery
from wa_lint.errors import ConfigError
from wa_lint.model import Report, Severity
from wa_lint.reporters import Options, in_pieces, visible
from wa_lint.run.earlier_runs import past
from wa_lint.run.template_lines import anchored


class Target(msgspec.Struct, frozen=True):
    """One report to write; to stdout if `file` is None."""

    pieces: Callable[[Report, Options], Iterable[str]]
    file: Path | None = None
    format: str = ""


def targets(given: Sequence[str]) -> Sequence[Target]:
    """Read ``-o FORMAT[=FILE]``. Raise `ConfigError` before any work is done that nobody could have the fruit of."""
    found = [_target(text) for text in given or ("text",)]
    if sum(target.file is None for target in found) > 1:
        raise ConfigError("-o", "only one report can go to stdout; give the others a file: -o sarif=wa-lint.sarif")
    return found


def deliver(report: Report, to: Sequence[Target], delivery: Delivery, options: Options) -> int:
    """Write the report wherever it is wanted and return the exit code."""
    moment = (delivery.now or dt.datetime.now(dt.UTC)).strftime("%Y-%m-%dT%H:%M:%S")
    history = tuple(past(file) for file in delivery.history)
    report = anchored(report, delivery.template) if delivery.template else report
    for said in _notices(report, {target.format for target in to}):
        complain(said)
    for target in to:
        shown = msgspec.structs.replace(options, show_all=delivery.show_all, made_at=moment, history=history)
        if target.file is None:
            pieces_to_stdout(target.pieces(report, for_stdout(shown)))
        else:
            with atomic(target.file) as stream:
                stream.writelines(text.encode("utf-8", "replace") for text in target.pieces(report, shown))
    fail_on = None if delivery.fail_on == "never" else Severity(delivery.fail_on)
    return exit_code(report, fail_on, is_strict=delivery.strict)


def _notices(report: Report, formats: Collection[str]) -> Iterator[str]:
    """Yield what a format leaves out, which its readers cannot see."""
    if "asff" in formats and not any(finding.resource.account for finding in report.findings):
        yield "asff: there is no finding here that an account has: a template has none, so the list is empty"
    if "sarif" in formats:
        from wa_lint.reporters import sarif  # noqa: PLC0415, a format is imported when it is asked for

        if capped := sarif.notice(report):
            yield f"sarif: {capped}"


def for_stdout(options: Options) -> Options:
    """Return the options with colours and a width, if a person is looking."""
    is_terminal = sys.stdout is not None and sys.stdout.isatty()
    if not wants_colour(os.environ, is_terminal=is_terminal):
        return options
    width = max(60, min(shutil.get_terminal_size((80, 24)).columns, 120)) if is_terminal else options.width
    return msgspec.structs.replace(options, colour=True, width=width)


def wants_colour(environment: Mapping[str, str], *, is_terminal: bool) -> bool:
    """Follow https://no-color.org and https://force-color.org: a variable counts when it is not empty."""
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


@contextlib.contextmanager
def atomic(file: Path) -> Iterator[BinaryIO]:
    """Open `file` so that it changes only when all is written. Devices and pipes are written to as they are."""
    try:
        if file.exists() and not file.is_file():
            with file.open("wb") as stream:
                yield stream
            return
        with _renamed(file.resolve()) as stream:
            yield stream
    except OSError as error:
        raise ConfigError(str(file), f"cannot be written: {error.strerror or error}") from error


@contextlib.contextmanager
def _renamed(file: Path) -> Iterator[BinaryIO]:
    descriptor, name = tempfile.mkstemp(prefix=f".{file.name}.", dir=file.parent)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            yield stream
        Path(name).chmod(file.stat().st_mode & 0o777 if file.exists() else 0o666 & ~_umask())
        Path(name).replace(file)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _umask() -> int:
    """Return the process's mask, which can be read only by setting it."""
    mask = os.umask(0o077)
    os.umask(mask)
    return mask


def _target(text: str) -> Target:
    name, has_file, file = text.partition("=")
    pieces = in_pieces(name)
    if not has_file:
        return Target(pieces, format=name)
    path = Path(file)
    if not file or path.is_dir():
        raise ConfigError("-o", f"{text!r} names no file")
    if not path.parent.is_dir():
        raise ConfigError("-o", f"there is no folder {path.parent} for {file!r}; make it first")
    if not os.access(path if path.exists() else path.parent, os.W_OK):
        raise ConfigError("-o", f"{file!r} cannot be written: Permission denied")
    return Target(pieces, path, name)


def complain(text: str) -> None:
    """Say something on stderr. It may quote a template, so nothing in it steers the terminal."""
    for line in text.splitlines():
        click.echo(f"wa-lint: {visible(line)}", err=True)
