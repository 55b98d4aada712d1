"""Runs a command and says what it took. It judges nothing."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import msgspec


class Timed(msgspec.Struct, frozen=True):
    """What one run of a whole process took, with its children that it waited for."""

    wall: float
    """Seconds; so is `cpu`, user and system together."""
    cpu: float
    megabytes: float
    """The most memory that any one of its processes held."""
    code: int
    """Negative: the signal that ended it."""
    out: str


def timed(command: Sequence[str], environment: Mapping[str, str] | None = None, seconds: float = 3600) -> Timed:
    """Run `command` with `environment` added to ours; kill it after so many seconds.

    The kernel counts the memory of who starts a process as that process's own: whoever calls this should be small.
    """
    with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as out:
        began = time.perf_counter()
        child = subprocess.Popen(  # noqa: S603, the benches' own commands
            command, stdout=out, stderr=subprocess.STDOUT, env={**os.environ, **(environment or {})}
        )
        alarm = threading.Timer(seconds, os.kill, (child.pid, signal.SIGKILL))
        alarm.start()
        _, status, used = os.wait4(child.pid, 0)
        wall = time.perf_counter() - began
        alarm.cancel()
        child.returncode = os.waitstatus_to_exitcode(status)  # or subprocess would wait for it once more
        out.seek(0)
        return Timed(wall, used.ru_utime + used.ru_stime, used.ru_maxrss / _PER_MB, child.returncode, out.read())


def least(runs: Iterable[Timed]) -> Timed:
    """Return the least of each figure, and what the last run said."""
    known = list(runs)
    return Timed(
        min(run.wall for run in known),
        min(run.cpu for run in known),
        min(run.megabytes for run in known),
        known[-1].code,
        known[-1].out,
    )


def verdict(figure: float, limit: float) -> str:
    return "ok" if figure <= limit else "OVER"


_PER_MB: Final = 1e6 if sys.platform == "darwin" else 1e3
"""`getrusage` tells bytes on macOS and kilobytes elsewhere."""
