"""The wheel, as it would be installed, with our rules or with five times as many. It times nothing."""

from __future__ import annotations

import compileall
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final

_ROOT: Final = Path(__file__).parents[1]

_BUILT_FROM: Final = ("wa_lint", "rules", "pyproject.toml", "hatch_build.py", "README.md", "LICENSE")

COPIES: Final = 4
"""How often each rule stands in the larger book besides itself, under ids of their own."""

_MAIN: Final = "import sys; from wa_lint.cli import main; main()"


def unpacked(folder: Path, *, is_fivefold: bool = False) -> Path:
    """Build the wheel in `folder` and return where it is unpacked: nothing else is done to install it."""
    source = folder / "source"
    for name in _BUILT_FROM:
        copy = shutil.copytree if (_ROOT / name).is_dir() else shutil.copy2
        source.mkdir(parents=True, exist_ok=True)
        copy(_ROOT / name, source / name)
    if is_fivefold:
        _multiply(source / "rules")
    pip = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "--no-input"]
    subprocess.run([*pip, "--wheel-dir", str(folder), str(source)], check=True)  # noqa: S603, our own words
    installed = folder / "installed"
    with zipfile.ZipFile(next(folder.glob("*.whl"))) as wheel:
        wheel.extractall(installed)
    compileall.compile_dir(installed, quiet=2)
    return installed


def command(installed: Path) -> Sequence[str]:
    """Return the words that run what is unpacked, and nothing of the checkout."""
    return [sys.executable, "-P", "-c", f"import sys; sys.path.insert(0, {str(installed)!r}); {_MAIN}"]


def _multiply(rules: Path) -> None:
    for file in list(rules.rglob("*.yaml")):
        text = re.sub(r"(?m)^aliases:.*\n", "", file.read_text("utf-8"))
        for number in range(1, COPIES + 1):
            id_ = f"{file.stem}-copy{number}"
            copied = re.sub(r"(?m)^id: .*$", f"id: {id_}", text, count=1)
            file.with_name(f"{id_}.yaml").write_text(copied, "utf-8")
