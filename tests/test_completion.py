"""Shells complete commands, options and rule ids."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

WaLint = Callable[..., Any]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_each_shell_has_its_script(shell: str, wa_lint: WaLint) -> None:
    run = wa_lint("completion", shell)
    assert run.code == 0
    assert "_WA_LINT_COMPLETE" in run.out


LINES = {
    ("wa-lint", "che"): {"check"},
    ("wa-lint", "check", "--sel"): {"--select"},
    ("wa-lint", "check", "--select", "endpoint-sin"): {"endpoint-single-instance"},
    ("wa-lint", "check", "--ignore", "bucket-public,endpoint-sin"): {"bucket-public,endpoint-single-instance"},
    ("wa-lint", "check", "--severity", "crit"): {"critical"},
}


@pytest.mark.skipif(shutil.which("bash") is None, reason="there is no bash here")
@pytest.mark.parametrize("words", LINES)
def test_bash_completes(words: tuple[str, ...]) -> None:
    command = Path(sys.executable).parent / "wa-lint"
    asked = {"_WA_LINT_COMPLETE": "bash_complete", "COMP_WORDS": " ".join(words), "COMP_CWORD": str(len(words) - 1)}
    said = subprocess.run([command], env={"PATH": "/usr/bin:/bin", **asked}, capture_output=True, text=True, check=True)
    assert {line.partition(",")[2] for line in said.stdout.splitlines()} == LINES[words]
