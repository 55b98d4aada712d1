"""How far the reading of accounts is, drawn on a terminal; nothing anywhere else. It reads nothing itself."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Final, TextIO

from wa_lint.cli.output import complain
from wa_lint.run.collect import Listener, OnProgress

if TYPE_CHECKING:
    from rich.progress import Progress


@contextlib.contextmanager
def drawing(stream: TextIO) -> Iterator[Callable[[str], OnProgress | None]]:
    """Hand out, for the name of a unit, what draws its line; None where `stream` is no terminal.

    Units may be read at once: each has a line of its own, which goes when the unit is done. What is written to stderr
    meanwhile is above the lines.
    """
    if not stream.isatty():
        yield lambda _: None
        return
    from rich.console import Console  # noqa: PLC0415, it takes a tenth of a second that only a terminal is worth
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn  # noqa: PLC0415, the same

    columns = (TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=Console(file=stream), transient=True) as progress:
        yield lambda name: _line(progress, name)


def _line(progress: Progress, name: str) -> OnProgress:
    line = progress.add_task(name, total=None)

    def draw(what: str, done: int, total: int) -> None:
        is_over = what == "measure" and done == total
        progress.update(line, description=f"{name} {what}", completed=done, total=total, visible=not is_over)

    return draw


WATCH: Final = Listener(complain, lambda: drawing(sys.stderr))
"""Tells what happens on stderr, with a line for each unit where that is a terminal."""
