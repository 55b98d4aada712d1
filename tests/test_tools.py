"""The foreign readers themselves: pinned, from no registry in particular, and installed by plain sh."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

TOOLS = Path(__file__).parents[1] / "tools"


def test_every_package_is_pinned_and_names_no_registry() -> None:
    wanted = json.loads(TOOLS.joinpath("package.json").read_text("utf-8"))["dependencies"]
    assert [name for name, version in wanted.items() if not re.fullmatch(r"\d+\.\d+\.\d+", version)] == []
    lock = json.loads(TOOLS.joinpath("package-lock.json").read_text("utf-8"))["packages"]
    held = {name: package for name, package in lock.items() if name}
    assert {name: held[f"node_modules/{name}"]["version"] for name in wanted} == wanted
    assert [name for name, package in held.items() if "resolved" in package or "integrity" not in package] == []


@pytest.mark.parametrize("shell", ["sh", "dash", "bash"])
def test_the_installer_is_plain_sh(shell: str) -> None:
    there = shutil.which(shell)
    if there is None:
        pytest.skip(f"no {shell} here")
    subprocess.run([there, "-n", str(TOOLS / "install.sh")], check=True)


def test_who_is_not_root_is_told_what_is_missing(tmp_path: Path) -> None:
    for name in ("dirname", "cat", "sha256sum"):
        if there := shutil.which(name):
            tmp_path.joinpath(name).symlink_to(there)
    tmp_path.joinpath("id").write_text("#!/bin/sh\necho 1000\n")
    tmp_path.joinpath("id").chmod(0o755)
    done = subprocess.run(
        ["/bin/sh", str(TOOLS / "install.sh")],
        env={"PATH": str(tmp_path)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert "missing: chromium fonts-dejavu-core nodejs npm" in done.stderr
