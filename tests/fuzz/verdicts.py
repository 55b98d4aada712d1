"""Runs wa-lint on one input in this process, and says what is wrong with how it ended. It draws no inputs."""

from __future__ import annotations

import contextlib
import functools
import io
import json
import os
import re
import resource
import signal
import time
import traceback
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import FrameType
from typing import Any, Final, NamedTuple

import jsonschema
from fuzz_targets import ROOT, TEMPLATE, Target

SECONDS: Final = 10.0
"""CPU time that one input may cost."""

MEGABYTES: Final = 500
"""Memory that one input may cost."""

MOST_ADDRESSES: Final = 4000
"""Megabytes that one run may ask for, used or not: what asks for more is stopped before the machine is."""

CODES: Final = frozenset({0, 1, 2, 3, 4})


class Fault(NamedTuple):
    """What is wrong with a run."""

    key: str
    """The same for the same fault, as far as can be told."""
    text: str


class OverTime(BaseException):
    """The input cost more CPU time than it may."""


def prepared(folder: Path, target: Target) -> None:
    """Make `folder` the working folder, with what every input of a target needs beside it."""
    os.chdir(folder)
    os.environ["WA_LINT_DEBUG"] = "1"  # what goes wrong is raised, not told in a line
    (folder / target.file).parent.mkdir(exist_ok=True)
    (folder / "t.yaml").write_text(TEMPLATE, "utf-8")


def fault_of(target: Target, data: bytes) -> Fault | None:
    """Return what is wrong with how `data` is judged, or None. The working folder is that of `prepared`."""
    Path(target.file).write_bytes(target.written(data))
    before, began = _memory(is_fresh=True), time.process_time()
    try:
        with _limited():
            code, out, err = _run(["check", *target.arguments, "-o", "json", "--show-all", "--jobs", "1"])
    except OverTime as error:
        return Fault(f"time {_place(error)}", f"more than {SECONDS} seconds of CPU time\n{_trace(error)}")
    except MemoryError as error:
        return Fault(f"memory {_place(error)}", f"more than {MOST_ADDRESSES} MB of addresses\n{_trace(error)}")
    except Exception as error:  # noqa: BLE001, whatever it is, it is a fault
        return Fault(f"{type(error).__name__} {_place(error)}", _trace(error))
    took = time.process_time() - began
    if took > SECONDS:
        return Fault("time", f"{took:.1f} seconds of CPU time")
    if (grown := _memory() - before) > MEGABYTES:
        return Fault("memory", f"{grown} MB")
    return _wrong(code, out, err, is_thorough=sum(data) % 8 == 0)


def _wrong(code: int, out: bytes, err: str, *, is_thorough: bool) -> Fault | None:
    if code not in CODES:
        return Fault(f"exit {code}", f"exit code {code}\n{err}")
    if "Traceback" in err or "internal error in wa-lint" in err:
        steps = re.findall(r'wa_lint[/\\](\S+)", line (\d+)', err)
        what = err.strip().rpartition("\n")[2].removeprefix("wa-lint: ").partition(":")[0]
        return Fault(f"{what} {':'.join(steps[-1]) if steps else '?'}", err)
    if not out:
        return None if code == 2 and err else Fault("silence", f"exit code {code}, and no report")
    try:
        report = json.loads(out, parse_constant=_no_json)
        if is_thorough:
            _contract().validate(report)
    except (ValueError, RecursionError) as error:
        return Fault(f"report {str(error)[:40]}", f"the report is not JSON: {error}")
    except jsonschema.ValidationError as error:
        return Fault(f"schema {list(error.schema_path)}", f"the report is not what its schema says: {error.message}")
    return None


def _no_json(word: str) -> None:
    raise ValueError(f"{word} is not valid JSON")


@functools.cache
def _contract() -> Any:
    return jsonschema.Draft202012Validator(json.loads((ROOT / "wa_lint/schemas/report.schema.json").read_text("utf-8")))


def _run(arguments: Sequence[str]) -> tuple[int, bytes, str]:
    from wa_lint.cli import main  # noqa: PLC0415, the guide instruments it first

    out, err = (io.TextIOWrapper(io.BytesIO(), "utf-8", "surrogateescape") for _ in range(2))
    code: object = None
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            main(arguments)
        except SystemExit as exit_:
            code = exit_.code
    out.flush()
    err.flush()
    written: Any = out.buffer
    said: Any = err.buffer
    return code if isinstance(code, int) else -1, written.getvalue(), said.getvalue().decode("utf-8", "replace")


# --- limits -----------------------------------------------------------------------------------------


@contextlib.contextmanager
def _limited() -> Iterator[None]:
    """Raise `OverTime` or MemoryError inside, where a run costs far more than it may."""
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    before = signal.signal(signal.SIGPROF, _over_time)
    signal.setitimer(signal.ITIMER_PROF, SECONDS)
    resource.setrlimit(resource.RLIMIT_AS, (_limit_of_addresses(), hard))
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))


def _limit_of_addresses() -> int:
    """Return `MOST_ADDRESSES` beyond those in use: a limit below them breaks the interpreter.

    No limit where nobody counts them.
    """
    try:
        pages = Path("/proc/self/statm").read_text("ascii").split()[0]
    except OSError:
        return resource.RLIM_INFINITY
    return int(pages) * resource.getpagesize() + MOST_ADDRESSES * 2**20


def _memory(*, is_fresh: bool = False) -> int:
    """Return the most megabytes that were in use at once since the count was begun afresh; 0 where nobody counts."""
    try:
        if is_fresh:
            Path("/proc/self/clear_refs").write_text("5", "ascii")
        status = Path("/proc/self/status").read_text("ascii", "replace")
    except OSError:
        return 0
    found = re.search(r"VmHWM:\s+(\d+) kB", status)
    return int(found[1]) // 1024 if found else 0


def _over_time(number: int, frame: FrameType | None) -> None:
    del number, frame
    raise OverTime


# --- what is said of a fault ------------------------------------------------------------------------


def _place(error: BaseException) -> str:
    """Return the innermost line of wa-lint that an error went through; of time and memory, the file."""
    steps = [step for step in traceback.extract_tb(error.__traceback__) if f"{os.sep}wa_lint{os.sep}" in step.filename]
    if not steps:
        return "?"
    name = steps[-1].filename.rpartition(f"{os.sep}wa_lint{os.sep}")[2]
    return name if isinstance(error, OverTime | MemoryError) else f"{name}:{steps[-1].lineno}"


def _trace(error: BaseException) -> str:
    text = "".join(traceback.format_exception(error))
    return text if len(text) < 6000 else f"{text[:2500]}\n…\n{text[-2500:]}"
