"""Looks for inputs that make wa-lint crash, hang, eat memory or write nonsense: ``./run fuzz MINUTES TARGET``.

Coverage guides the changes where atheris is installed; without it they are drawn blindly. Each kind of fault is written
once, to ``.fuzz/TARGET/``: the input, and beside it what went wrong and the command that shows it again. What coverage
found worth keeping stays in ``.fuzz/TARGET/corpus`` for the next time. Ends with 1 where there was a fault.
"""

from __future__ import annotations

import hashlib
import os
import random
import shlex
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

sys.path.insert(0, str(Path(__file__).parent))

from fuzz_targets import ROOT, TARGETS, Target, seeds_of
from mutations import LONGEST, mutated
from verdicts import Fault, fault_of, prepared

OUT: Final = ROOT / ".fuzz"

USAGE: Final = f"usage: ./run fuzz MINUTES TARGET, or ./run fuzz again TARGET FILE; TARGET is {', '.join(TARGETS)}"


class Hunt:
    """One run on one target: what was tried, and what was found."""

    def __init__(self, name: str, out: Path = OUT) -> None:
        self.name = name
        self.target: Target = TARGETS[name]
        self.out = out / name
        self.tried = 0
        self.known: dict[str, Path] = {}

    def try_one(self, data: bytes) -> Fault | None:
        """Run one input; write it down where it shows a fault that this run has not had yet."""
        self.tried += 1
        fault = fault_of(self.target, data)
        if fault and fault.key not in self.known:
            self.known[fault.key] = self.write(data, fault)
            print(f"fuzz: {self.name}: {fault.key}: {self.known[fault.key]}", file=sys.stderr, flush=True)
        return fault

    def write(self, data: bytes, fault: Fault) -> Path:
        """Write the input and what is said of it; return the file of the input."""
        folder = self.out / hashlib.sha256(fault.key.encode()).hexdigest()[:12]
        file = folder / self.target.file
        file.parent.mkdir(parents=True, exist_ok=True)
        (folder / "t.yaml").write_bytes(Path("t.yaml").read_bytes())
        file.write_bytes(self.target.written(data))
        (folder / "input").write_bytes(data)
        command = shlex.join(("wa-lint", "check", *self.target.arguments, "-o", "json", "--show-all"))
        again = shlex.join(("./run", "fuzz", "again", self.name, str(folder / "input")))
        text = f"{fault.key}\n\n{again}\ncd {shlex.quote(str(folder))} && WA_LINT_DEBUG=1 {command}\n\n{fault.text}\n"
        (folder / "fault.txt").write_text(text, "utf-8", "backslashreplace")
        return file

    def told(self, seconds: float) -> str:
        return f"fuzz: {self.name}: {self.tried} inputs in {seconds:.0f} seconds, {len(self.known)} kinds of fault"


def blindly(hunt: Hunt, seeds: Sequence[bytes], seconds: float, seed: int = 0) -> None:
    """Draw inputs without a guide, each from a seed of the target or one of the last that ran well."""
    luck = random.Random(seed)  # noqa: S311, nothing is secret here
    pool = list(seeds)
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        data = mutated(luck.choice(pool), seeds, luck.randrange(2**32))
        if hunt.try_one(data) is None and len(data) < LONGEST / 10 and luck.random() < 1 / 20:
            pool[len(seeds) + luck.randrange(50) :] = [data]


def guided(hunt: Hunt, seeds: Sequence[bytes], seconds: float, atheris: Any) -> None:
    """Let coverage choose. libFuzzer ends the process itself, so what is told is told before."""
    began = time.monotonic()
    corpus = hunt.out / "corpus"
    corpus.mkdir(parents=True, exist_ok=True)
    for seed in seeds:
        (corpus / hashlib.sha256(seed).hexdigest()[:16]).write_bytes(seed)

    def one(data: bytes) -> None:
        hunt.try_one(data)
        if time.monotonic() > began + seconds:
            print(hunt.told(time.monotonic() - began), flush=True)
            os._exit(1 if hunt.known else 0)

    def mutate(data: bytes, most: int, seed: int) -> bytes:
        return mutated(data, seeds, seed, lambda inner: atheris.Mutate(inner, min(most, len(inner) + 64)))[:most]

    options = [
        f"-max_len={LONGEST}",
        "-len_control=0",
        "-timeout=120",
        "-rss_limit_mb=0",
        "-verbosity=0",
        f"-seed={os.getpid()}",
    ]
    atheris.Setup([sys.argv[0], *options, str(corpus)], one, custom_mutator=mutate)
    atheris.Fuzz()


def main(arguments: Sequence[str]) -> int:
    """Fuzz one target for some minutes, or show one input again."""
    if len(arguments) == 3 and arguments[0] == "again" and arguments[1] in TARGETS:
        return again(arguments[1], Path(arguments[2]).resolve())
    if len(arguments) != 2 or arguments[1] not in TARGETS or not _is_number(arguments[0]):
        print(USAGE, file=sys.stderr)
        return 2
    minutes, name = float(arguments[0]), arguments[1]
    hunt, seeds, atheris = Hunt(name), seeds_of(name), _guide()
    with tempfile.TemporaryDirectory() as folder:
        prepared(Path(folder), hunt.target)
        for seed in seeds:
            hunt.try_one(seed)
        if atheris:
            guided(hunt, seeds, minutes * 60, atheris)
        began = time.monotonic()
        blindly(hunt, seeds, minutes * 60, seed=os.getpid())
        print(hunt.told(time.monotonic() - began))
        os.chdir(ROOT)
    return 1 if hunt.known else 0


def again(name: str, file: Path) -> int:
    """Run one input and say what is wrong with it."""
    data = file.read_bytes()
    with tempfile.TemporaryDirectory() as folder:
        prepared(Path(folder), TARGETS[name])
        fault = fault_of(TARGETS[name], data)
        os.chdir(ROOT)
    print(f"{fault.key}\n{fault.text}" if fault else "no fault")
    return 1 if fault else 0


def _is_number(text: str) -> bool:
    try:
        return float(text) > 0
    except ValueError:
        return False


def _guide() -> Any:
    """Return atheris, wa-lint instrumented by it, or None where it is not installed."""
    try:
        import atheris  # noqa: PLC0415, it is not everywhere
    except ImportError:
        return None
    with atheris.instrument_imports(include=["wa_lint"]):
        import wa_lint.cli.check  # noqa: PLC0415, instrumented as it is imported
    del wa_lint
    return atheris


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
