"""What one file may cost: counted limits, the same on every machine, and what is said of a value that went past one.

A verdict never depends on a clock. Wall time is the last resort: a file that takes longer is an error, not a verdict.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final

import msgspec

from wa_lint.errors import SourceError
from wa_lint.model import Unknown


class Budget(msgspec.Struct, frozen=True, kw_only=True):
    """The limits of one file. `MEANINGS` says what each of them counts."""

    characters: int = 20_000_000
    nodes: int = 2_000_000
    bytes: int = 1_000_000_000
    document: int = 100_000_000
    line: int = 20_000_000
    text: int = 1_000_000
    resources: int = 5_000
    steps: int = 1_000_000
    scenarios: int = 64
    seconds: int = 20


MEANINGS: Final = {
    "characters": "Characters of the texts that a template's functions (Fn::Sub, Fn::Join, Fn::ToJsonString …), its "
    "loops and its aliases build, in all.",
    "nodes": "Values (maps, lists, texts, numbers) of a document after aliases and loops are written out; of a packed "
    "file two for each packed byte, if that is more.",
    "bytes": "Bytes of a packed snapshot (JSON Lines) after decompression.",
    "document": "Bytes of another packed file after decompression.",
    "line": "Bytes of one line of a snapshot.",
    "text": "Characters of one text that functions build; CloudFormation takes a template of 1 MB.",
    "resources": "Resources of one template, those that loops, definitions of jobs and nested stacks make included; "
    "CloudFormation takes 500.",
    "steps": "Steps of evaluating one rule on one resource.",
    "scenarios": "Scenarios (values of conditions and parameters) of one rule on one resource.",
    "seconds": "Seconds of wall time, for each megabyte of the file that is begun. A file that takes longer is an "
    "error.",
}
"""What each limit counts; the documentation's table is made of it."""

DEFAULT: Final = Budget()

PREFIX: Final = "budget: "
"""Each reason that a limit gives begins with this."""

_CALLS: Final = 64
"""Calls of `tick` between two looks at the clock."""

_MEGABYTE: Final = 1_000_000


def spent(limit: str, budget: Budget = DEFAULT) -> str:
    """Return the reason of what is not known because the limit of that name was reached."""
    return f"{PREFIX}more than {getattr(budget, limit):,} {_NOUNS.get(limit, limit)}"


_NOUNS: Final = {
    "characters": "characters in all the texts that this template builds (limit characters)",
    "text": "characters in one text (limit text)",
    "nodes": "values (limit nodes)",
    "bytes": "bytes after decompression (limit bytes)",
    "document": "bytes after decompression (limit document)",
    "line": "bytes in one line (limit line)",
    "resources": "resources in one template (limit resources)",
    "steps": "steps of evaluation (limit steps)",
    "scenarios": "scenarios (limit scenarios)",
}


class Meter:
    """What one reading has used of its budget so far. What does not fit is refused and costs nothing."""

    __slots__ = ("budget", "characters", "nodes")

    def __init__(self, budget: Budget | None = None) -> None:
        self.budget = budget or current()
        self.characters = 0
        self.nodes = 0

    def write(self, amount: int) -> Unknown | None:
        """Count a text of so many characters that is about to be built; return why it must not be, if so."""
        tick()
        if amount > self.budget.text:
            return Unknown(spent("text", self.budget))
        if self.characters + amount > self.budget.characters:
            return Unknown(spent("characters", self.budget))
        self.characters += amount
        return None

    def visit(self, amount: int = 1) -> Unknown | None:
        """Count values that are about to be made or walked again; return why they must not be, if so."""
        tick()
        if self.nodes + amount > self.budget.nodes:
            return Unknown(spent("nodes", self.budget))
        self.nodes += amount
        return None


# --- what is in force -------------------------------------------------------------------------------


class _Watch:
    """The limits that hold for the file at hand, and when its time is up."""

    __slots__ = ("budget", "calls", "deadline", "seconds", "uri")

    def __init__(self, budget: Budget, uri: str, seconds: int) -> None:
        self.budget = budget
        self.uri = uri
        self.seconds = seconds
        self.deadline = time.monotonic() + seconds
        self.calls = 0


_WATCH: Final[ContextVar[_Watch | None]] = ContextVar("watch", default=None)
"""The one thing here that is not handed in: every floor of the house counts, down to the loops of an evaluation."""


def current() -> Budget:
    """Return the limits of the file at hand."""
    watch = _WATCH.get()
    return DEFAULT if watch is None else watch.budget


@contextmanager
def limited(budget: Budget, uri: str, size: int = 0) -> Iterator[None]:
    """Let `budget` hold inside, for the file `uri` of `size` bytes; past its time `tick` raises SourceError."""
    seconds = budget.seconds * (1 + max(0, size - 1) // _MEGABYTE)
    token = _WATCH.set(_Watch(budget, uri, seconds))
    try:
        yield
    finally:
        _WATCH.reset(token)


def tick() -> None:
    """Look at the clock now and then; to be called wherever a counted amount of work begins."""
    watch = _WATCH.get()
    if watch is None:
        return
    watch.calls += 1
    if watch.calls % _CALLS == 0 and time.monotonic() > watch.deadline:
        raise SourceError(watch.uri, f"judging it took more than {watch.seconds} s (limit seconds), so it was not")
