"""What the tests of what CI runs us by share: a repository to judge, and environments that fetch nothing.

What pip would install besides wa-lint is lent by the environment that the tests run in.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Callable, Mapping, Sequence
from importlib import metadata
from pathlib import Path
from typing import Final, NamedTuple

import pytest

ROOT = Path(__file__).parents[2]

ONE_INSTANCE = """\
Resources:
  Config:
    Type: AWS::SageMaker::EndpointConfig
    Properties:
      ProductionVariants:
        - {VariantName: blue, ModelName: churn, InstanceType: ml.m5.large, InitialInstanceCount: 1}
"""
TRAP = "raise SystemExit('the repository that is judged was run')\n"

OFFLINE: Final[Mapping[str, str]] = {
    "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
    "HOME": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    **{f"GIT_{who}_{what}": "a@b" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")},
    "PIP_CONFIG_FILE": os.devnull,
    "PIP_DISABLE_PIP_VERSION_CHECK": "1",
    "PIP_NO_BUILD_ISOLATION": "0",  # pip takes it for the value of build-isolation
    "PIP_NO_COMPILE": "1",
    "PIP_NO_DEPS": "1",
    "PIP_NO_INDEX": "1",
}


class Done(NamedTuple):
    code: int
    log: str


Run = Callable[..., Done]


@pytest.fixture(scope="session")
def ran() -> Run:
    """Run a command in a folder, offline; returns its code, and what it said on both streams."""

    def run(command: Sequence[str], cwd: Path, **environment: str) -> Done:
        merged = {**OFFLINE, **environment}
        done = subprocess.run(command, cwd=cwd, env=merged, capture_output=True, text=True, check=False)
        return Done(done.returncode, done.stdout + done.stderr)

    return run


@pytest.fixture(scope="session")
def tool() -> Callable[[str], str]:
    """Find a command that the build server has to have; elsewhere the test that needs it is skipped."""

    def find(name: str) -> str:
        found = shutil.which(name, path=OFFLINE["PATH"])
        if found is None and os.environ.get("WA_LINT_ALL_TOOLS"):
            pytest.fail(f"{name} is not there")
        if found is None:
            pytest.skip(f"{name} is not there")
        return found

    return find


@pytest.fixture(scope="session")
def locked() -> None:
    """Skip what installs from the lock files where the environment, which lends the packages, has others."""
    pins = re.findall(r"(?m)^([\w.-]+)==(\S+) \\?$", (ROOT / "requirements/runtime.txt").read_text("utf-8"))
    assert pins
    if any(metadata.version(name) != version for name, version in pins):
        pytest.skip("these are not the packages of the lock")


@pytest.fixture(scope="session")
def lent(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The packages that wa-lint and its build need, without wa-lint."""
    folder = tmp_path_factory.mktemp("lent")
    for place in Path(sysconfig.get_path("purelib")).iterdir():
        if not re.match(r"_*(wa_lint|editable_impl_wa|pip\b|pip-|distutils)|.*\.pth$", place.name):
            (folder / place.name).symlink_to(place)
    return folder


@pytest.fixture(scope="session")
def lend(lent: Path) -> Callable[[Path], None]:
    """Make what is lent known in an environment that is going to stand in a folder."""

    def link(home: Path) -> None:
        site = home / f"lib/python{sys.version_info.major}.{sys.version_info.minor}/site-packages"
        site.mkdir(parents=True)
        (site / "lent.pth").write_text(f"{lent}\n")

    return link


@pytest.fixture(scope="session")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What .dockerignore lets into the image's build, and the hooks."""
    folder = tmp_path_factory.mktemp("source")
    allowed = re.findall(r"^!(\S+)$", (ROOT / ".dockerignore").read_text("utf-8"), re.MULTILINE)
    for name in (*allowed, ".pre-commit-hooks.yaml"):
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(ROOT / name, folder / name)
    return folder


@pytest.fixture
def sample(tmp_path: Path) -> Path:
    """A repository with one template, and files that bear the names of modules."""
    folder = tmp_path / "a repository"
    (folder / "infra").mkdir(parents=True)
    (folder / "infra/endpoint.yaml").write_text(ONE_INSTANCE)
    for name in ("json.py", "pip.py", "venv.py", "wa_lint.py", "site.py", "click.py"):
        (folder / name).write_text(TRAP)
    return folder
