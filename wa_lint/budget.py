"""What one file may cost: counted limits, the same on every machine, and what is said of a value that went past one.

A verdict never depends on a clock. Wall time is the last resort: a file that takes longer is an error, not a verdict.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final

import msgspec

from wa_lint.errors import ConfigError, SourceError, did_you_mean
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
    forks: int = 100_000
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
    "forks": "Scenarios beyond the first, of all rules and resources of a file together.",
    "seconds": "Seconds of wall time, for each megabyte that is begun of a file, unpacked. A file that takes longer, "
    "a quarter of it in wa-lint itself, is an error.",
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
    "forks": "scenarios in all (limit forks)",
}


def budget_of(said: Iterable[str]) -> Budget:
    """Return the budget with the limits that ``NAME=NUMBER`` sets. Raise `ConfigError` where there is no such limit."""
    limits: dict[str, int] = {}
    for text in said:
        name, _, number = text.partition("=")
        if name not in Budget.__struct_fields__:
            raise ConfigError("--limit", f"there is no limit {name!r}{did_you_mean(name, Budget.__struct_fields__)}")
        if not _NUMBER.fullmatch(number) or not int(number):
            raise ConfigError("--limit", f"{name} takes a whole number from 1 on, not {number!r}")
        limits[name] = int(number)
    return msgspec.structs.replace(DEFAULT, **limits)


_NUMBER: Final = re.compile("[0-9]{1,15}", re.ASCII)


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

    __slots__ = ("budget", "calls", "forks", "read", "size", "start", "uri", "worked")

    def __init__(self, budget: Budget, uri: str, size: int) -> None:
        self.budget = budget
        self.uri = uri
        self.size = size
        self.read = 0
        self.start = time.monotonic()
        self.worked = time.process_time()
        self.calls = 0
        self.forks = 0

    @property
    def seconds(self) -> int:
        """How long it may take: a packed file counts with what it holds."""
        return self.budget.seconds * (1 + max(0, self.size - 1, self.read - 1) // _MEGABYTE)


_WATCH: Final[ContextVar[_Watch | None]] = ContextVar("watch", default=None)
"""The one thing here that is not handed in: every floor of the house counts, down to the loops of an evaluation."""


def current() -> Budget:
    """Return the limits of the file at hand."""
    watch = _WATCH.get()
    return DEFAULT if watch is None else watch.budget


@contextmanager
def limited(budget: Budget, uri: str, size: int = 0) -> Iterator[None]:
    """Let `budget` hold inside, for the file `uri` of `size` bytes; past its time `tick` raises SourceError."""
    token = _WATCH.set(_Watch(budget, uri, size))
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
    if watch.calls % _CALLS or time.monotonic() - watch.start <= watch.seconds:
        return
    if time.process_time() - watch.worked > watch.seconds:  # a machine that is busy with others makes no file an error
        raise SourceError(
            watch.uri, f"checking it took more than {watch.seconds} s (limit seconds), so it was not checked"
        )


def grow(amount: int) -> None:
    """Note that so many bytes of the file at hand were unpacked: a longer text may take longer."""
    watch = _WATCH.get()
    if watch is not None:
        watch.read += amount


def fork() -> bool:
    """Count one scenario more of the file at hand; return whether it may still be looked at."""
    tick()
    watch = _WATCH.get()
    if watch is None:
        return True
    watch.forks += 1
    return watch.forks <= watch.budget.forks
