"""The tools that wa-lint is timed beside, each in a virtual environment of its own in `.peers`. It times nothing."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

PINNED: Final[Mapping[str, str]] = {"checkov": "3.3.30", "cfripper": "1.22.1", "prowler": "5.46.0"}
"""What is installed: the newest releases of November 2026."""

_FOLDER: Final = Path(__file__).parent / ".peers"


def program(name: str) -> Path | None:
    """Return the path of a peer's command, installed first where it is not there; None, and a line, where it cannot be.

    A stamp, written last, says which version is there.
    """
    home, wanted = _FOLDER / name, f"{name}=={PINNED[name]} {sys.version}"
    stamp = home / "stamp"
    if not stamp.exists() or stamp.read_text("utf-8") != wanted:
        print(f"bench: installing {name} {PINNED[name]} (minutes, once)", file=sys.stderr, flush=True)
        problem = _problem(home, name)
        if problem:
            print(f"bench: {name} is left out, it cannot be installed: {problem}", file=sys.stderr)
            return None
        stamp.write_text(wanted, "utf-8")
    return home / "bin" / name


def _problem(home: Path, name: str) -> str:
    """Install; return the last line of what went wrong, empty where nothing did."""
    pip = [str(home / "bin" / "python"), "-m", "pip", "install", "--quiet", "--no-input", "--disable-pip-version-check"]
    for command in ([sys.executable, "-m", "venv", "--clear", str(home)], [*pip, f"{name}=={PINNED[name]}"]):
        done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603, our own words
        if done.returncode:
            return (done.stderr.strip() or done.stdout.strip() or f"exit {done.returncode}").splitlines()[-1]
    return ""
