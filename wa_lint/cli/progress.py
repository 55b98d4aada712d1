"""How far the reading of accounts is, drawn on a terminal; nothing anywhere else. It reads nothing itself."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, TextIO, TypeAlias

if TYPE_CHECKING:
    from rich.progress import Progress

OnProgress: TypeAlias = Callable[[str, int, int], None]
"""As `sources.live.listing` has it: told what is done, how many calls of it are, and of how many."""


@contextlib.contextmanager
def drawing(stream: TextIO) -> Iterator[Callable[[str], OnProgress | None]]:
    """Hand out, for the name of a unit, what draws its line; None where `stream` is no terminal.

    Units may be read at once: each has a line of its own, which goes when the unit is done. What is written to stderr
    meanwhile stands above the lines.
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
