"""docs/architecture.md says what is there: every package has its line, every path that it names exists."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "architecture.md").read_text("utf-8")


def test_the_picture_and_the_rooms_are_up_to_date() -> None:
    command = [sys.executable, "scripts/architecture.py", "--check"]
    done = subprocess.run(command, check=False, capture_output=True, text=True, cwd=ROOT)
    assert (done.returncode, done.stderr) == (0, "")


def test_every_package_and_module_has_its_line() -> None:
    here = {p.stem if p.is_file() else p.name for p in (ROOT / "wa_lint").iterdir() if _is_room(p)}
    listed = set(re.findall(r"^\| `(\w+)` \|", PAGE, re.MULTILINE))
    assert here == listed


def _is_room(path: Path) -> bool:
    if path.is_dir():
        return (path / "__init__.py").exists()
    return path.suffix == ".py" and not path.stem.startswith("__")


def test_every_path_that_the_page_names_exists() -> None:
    named = set(re.findall(r"`((?:cli|run|document|sources|references|facts|reporters|suppress|redact)/[\w/]*)`", PAGE))
    assert len(named) > 10
    for name in named:
        path = ROOT / "wa_lint" / name
        assert path.is_dir() or path.with_suffix(".py").is_file(), name


def test_no_module_name_and_no_public_class_name_is_used_twice() -> None:
    modules = [p.stem for p in (ROOT / "wa_lint").rglob("*.py") if not p.stem.startswith("__")]
    assert sorted({name for name in modules if modules.count(name) > 1}) == []
    classes = [
        name
        for p in (ROOT / "wa_lint").rglob("*.py")
        for name in re.findall(r"^class ([A-Z]\w*)", p.read_text("utf-8"), re.MULTILINE)
    ]
    assert sorted({name for name in classes if classes.count(name) > 1}) == []
