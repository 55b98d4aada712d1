"""Known vulnerabilities of the locked packages, by pip-audit: ``./run audit``.

Ends with 1 only where the advisory service names one. Where the service cannot be reached, or knows none of the
packages, that is said and ends with 0: a build without a network must not fail for it. The standard library is enough.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).parents[1]
LOCKED: Final = ("requirements/dev.txt", "requirements/fuzz.txt")

PATIENCE: Final = 300
"""Seconds that all packages together may take."""


def main() -> int:
    """Install pip-audit into a temporary folder, ask it, and tell what it says."""
    with tempfile.TemporaryDirectory() as folder:
        if not _installed(folder):
            return _skipped("pip-audit could not be installed")
        try:
            done = _asked(folder)
        except subprocess.TimeoutExpired:
            return _skipped(f"the advisory service took longer than {PATIENCE} seconds")
    try:
        packages = json.loads(done.stdout)["dependencies"]
    except (ValueError, KeyError, TypeError):
        return _skipped("the advisory service could not be reached")
    return verdict(packages)


def verdict(packages: list[dict[str, Any]]) -> int:
    """Print what is known of each package, and return the exit code."""
    known = [package for package in packages if "vulns" in package]
    if not known:
        return _skipped("the advisory service knows none of the packages")
    for package in known:
        for advisory in package["vulns"]:
            fixed = ", ".join(advisory.get("fix_versions", ())) or "no release"
            print(f"{package['name']} {package['version']}: {advisory['id']}, fixed in {fixed}")
    found = sum(len(package["vulns"]) for package in known)
    print(f"audit: {found} known vulnerabilities in {len(known)} packages, {len(packages) - len(known)} not known")
    return 1 if found else 0


def _skipped(why: str) -> int:
    print(f"audit: skipped, {why}")
    return 0


def _installed(folder: str) -> bool:
    command = [sys.executable, "-m", "pip", "install", "-qq", "--no-input", "--disable-pip-version-check"]
    locked = ["--target", folder, "--require-hashes", "--requirement", str(ROOT / "requirements/audit.txt")]
    return subprocess.run([*command, *locked], check=False).returncode == 0


def _asked(folder: str) -> subprocess.CompletedProcess[str]:
    files = [word for name in LOCKED for word in ("--requirement", name)]
    options = ["--require-hashes", "--disable-pip", "--progress-spinner", "off", "--format", "json"]
    return subprocess.run(
        [sys.executable, "-m", "pip_audit", *options, *files],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": folder},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        check=False,
        timeout=PATIENCE,
    )


if __name__ == "__main__":
    sys.exit(main())
