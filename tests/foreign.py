"""Where the foreign readers are that `tools/install.sh` installs. Tests that lack one are skipped, but fail in CI."""

from __future__ import annotations

import os
import platform
import shutil
from pathlib import Path
from typing import Final

import pytest

_MODULES: Final = Path(__file__).parents[1] / "tools" / "node_modules"
_SYSTEM: Final = {"Linux": "linux", "Darwin": "darwin", "Windows": "win32"}


def chromium() -> str:
    return _there(shutil.which("chromium"), "chromium")


def axe() -> str:
    """Return the script that looks for barriers in a page."""
    return Path(_there(_file("axe-core", "axe.min.js"), "axe-core")).read_text("utf-8")


def multitool() -> str:
    name = f"sarif-multitool-{_SYSTEM.get(platform.system(), '')}"
    suffix = ".exe" if platform.system() == "Windows" else ""
    return _there(_file("@microsoft", name, f"Sarif.Multitool{suffix}"), "sarif-multitool")


def _file(*parts: str) -> str | None:
    path = _MODULES.joinpath(*parts)
    return str(path) if path.is_file() else None


def _there(found: str | None, name: str) -> str:
    if found is None:
        say = pytest.fail if os.environ.get("WA_LINT_ALL_TOOLS") == "1" else pytest.skip
        say(f"{name} is missing: tools/install.sh")
    return found
