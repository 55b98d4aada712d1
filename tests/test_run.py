"""`./run` on a machine that has python3 with pip, and coreutils, and nothing else."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

COREUTILS = (
    *("basename", "cat", "chmod", "cksum", "cp", "cut", "date", "dirname", "echo", "env", "expr", "false", "head"),
    *("ln", "ls", "mkdir", "mktemp", "mv", "printf", "pwd", "rm", "rmdir", "sha256sum", "sleep", "sort", "tail"),
    *("tee", "test", "touch", "tr", "true", "uname", "uniq", "wc"),
)


@pytest.fixture
def bare(tmp_path: Path) -> Path:
    """A folder that is all of PATH: python3, as the system has it, and coreutils."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in COREUTILS:
        there = shutil.which(name)
        if there:
            (folder / name).symlink_to(there)
    (folder / "python3").symlink_to(Path(sys.base_prefix, "bin", "python3").resolve())
    return folder


def run(bare: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PATH": str(bare), "CI": "true"}
    command = ["/bin/sh", str(ROOT / "run"), *arguments]
    silence = subprocess.DEVNULL
    return subprocess.run(
        command, cwd=bare, env=environment, stdin=silence, capture_output=True, text=True, check=False
    )


def test_the_script_is_posix_sh() -> None:
    for script in ("run", ".ci/run"):
        assert os.access(ROOT / script, os.X_OK)
    assert (ROOT / "run").read_text("utf-8").startswith("#!/bin/sh\n")
    for shell in filter(None, map(shutil.which, ("sh", "dash", "busybox"))):
        as_sh = [shell, "sh"] if shell.endswith("busybox") else [shell]
        subprocess.run([*as_sh, "-n", str(ROOT / "run")], check=True)


def test_every_command_is_named_by_help_and_has_a_line(bare: Path) -> None:
    shown = run(bare, "help")
    assert shown.returncode == 0
    script = (ROOT / "run").read_text("utf-8")
    for command in ("demo", "test", "check", "fix", "docs", "bless", "bench", "fuzz", "lock", "audit"):
        assert f" {command} " in f"{shown.stdout.strip()} "
        assert f"\n    {command}) " in script


def test_an_unknown_command_is_a_usage_error(bare: Path) -> None:
    done = run(bare, "tset")
    assert (done.returncode, done.stdout) == (2, "")
    assert "no command 'tset'" in done.stderr


def test_the_demo_runs_with_nothing_but_python_and_coreutils(bare: Path) -> None:
    done = run(bare, "demo", "--folder", str(bare.parent / "out"))
    assert done.returncode == 0, done.stderr[-2000:]
    assert sorted(path.suffix for path in (bare.parent / "out").iterdir()) == [".json", ".sarif", ".yaml"]


def test_tests_run_with_nothing_but_python_and_coreutils(bare: Path) -> None:
    done = run(bare, "test", "-p", "no:cacheprovider", "tests/test_run.py", "-k", "posix")
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    assert "1 passed" in done.stdout
