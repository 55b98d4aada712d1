"""Write the lock files in requirements/, each with the hashes of its packages: ``./run lock``.

They are resolved for Python 3.11 and later on every platform, from wheels only, and name no index. All of them agree
with dev.txt, which is resolved first. The standard library is enough; uv is installed into a temporary folder.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[1]
FOLDER: Final = ROOT / "requirements"
PROJECT: Final = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
BUILD: Final[Sequence[str]] = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["build-system"]["requires"]

EDITABLE: Final = (*BUILD, "editables>=0.5")
"""What hatchling asks for besides when it installs a checkout."""

_ITSELF: Final = PROJECT["name"]

HEAD: Final = "# {about}. Written by ./run lock; do not edit.\n"

COMMAND: Final = (
    *("pip", "compile", "--quiet", "--universal", "--python-version", "3.11", "--generate-hashes", "--upgrade"),
    *("--only-binary", ":all:", "--no-header", "--no-annotate", "--no-emit-index-url", "--no-emit-find-links"),
)


def extra(name: str) -> Sequence[str]:
    """Return the requirements of an extra; what it takes from other extras of this project is put in its place."""
    found: list[str] = []
    for requirement in PROJECT["optional-dependencies"][name]:
        if requirement.startswith(f"{_ITSELF}["):
            inner = requirement.removeprefix(f"{_ITSELF}[").rstrip("]").split(",")
            found += [line for other in inner for line in extra(other.strip())]
        else:
            found.append(requirement)
    return found


LOCKS: Final[Mapping[str, tuple[str, Sequence[str]]]] = {
    "dev": ("Development and CI", [*PROJECT["dependencies"], *extra("dev"), *EDITABLE]),
    "demo": ("./run demo", [*PROJECT["dependencies"], *extra("demo"), *EDITABLE]),
    "runtime": ("wa-lint without extras: the image and the action", PROJECT["dependencies"]),
    "build": ("What builds the wheel", BUILD),
    "fuzz": ("The coverage guide of ./run fuzz", extra("fuzz")),
    "audit": ("./run audit", ["pip-audit>=2.7"]),
    "lock": ("./run lock", ["uv>=0.5"]),
    "venv": ("What makes .venv where Python has no venv module", ["virtualenv>=20.26"]),
}
"""Each lock file: what it is for, and what is required."""


def main() -> int:
    """Refresh every lock file, with the uv that the old lock names."""
    with tempfile.TemporaryDirectory() as folder:
        _pip("--target", folder, *_pinned("lock"))
        uv = next(path for path in (Path(folder, "bin", "uv"), Path(folder, "Scripts", "uv.exe")) if path.exists())
        for name, (about, requirements) in LOCKS.items():
            _compile(uv, name, about, requirements)
    return 0


def _pinned(name: str) -> Sequence[str]:
    file = FOLDER / f"{name}.txt"
    return ("--require-hashes", "--requirement", str(file)) if file.exists() else LOCKS[name][1]


def _pip(*arguments: str) -> None:
    command = (sys.executable, "-m", "pip", "install", "-qq", "--no-input", "--disable-pip-version-check")
    subprocess.run((*command, *arguments), check=True)


def _compile(uv: Path, name: str, about: str, requirements: Sequence[str]) -> None:
    file = FOLDER / f"{name}.txt"
    agreed = () if name == "dev" else ("--constraint", "dev.txt")
    command = (str(uv), *COMMAND, *agreed, "-")
    environment = {**os.environ, "UV_NO_PROGRESS": "1"}
    done = subprocess.run(
        command,
        cwd=FOLDER,
        env=environment,
        input="\n".join(requirements),
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    file.write_text(HEAD.format(about=about) + done.stdout, "utf-8")
    print(f"{file.relative_to(ROOT)}: {done.stdout.count('==')} packages")


if __name__ == "__main__":
    sys.exit(main())
