"""The wheel as a user has it: the same rules as the checkout, prepared; and quick."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import zipfile
from pathlib import Path

import msgspec
import pytest

from wa_lint import packs
from wa_lint.sources.live.collectors import all_collectors

ROOT = Path(__file__).parents[1]

MOST_CPU_SECONDS = 0.35

TEMPLATE = """\
Resources:
  Config:
    Type: AWS::SageMaker::EndpointConfig
    Properties:
      ProductionVariants:
        - {VariantName: blue, ModelName: churn, InstanceType: ml.m5.large, InitialInstanceCount: 1}
"""


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that a fresh wheel was unpacked into."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder / "site")
    subprocess.run([sys.executable, "-m", "compileall", "-q", str(folder / "site")], check=True)  # as pip does
    return folder / "site"


def run(installed: Path, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    """Python with the unpacked wheel before the checkout on its path."""
    environment = {**os.environ, "PYTHONPATH": str(installed)}
    command = [sys.executable, *arguments]
    return subprocess.run(command, cwd=installed.parent, env=environment, capture_output=True, check=False)


def test_the_wheel_has_the_rules_of_the_checkout(installed: Path) -> None:
    script = (
        "import sys, msgspec; from wa_lint import packs; sys.stdout.buffer.write(msgspec.msgpack.encode(packs.load()))"
    )
    done = run(installed, "-c", script)
    assert done.returncode == 0, done.stderr
    from_wheel = msgspec.msgpack.decode(done.stdout)
    ours = [msgspec.structs.replace(rule, examples=()) for rule in packs.load()]
    assert ours
    assert from_wheel == msgspec.msgpack.decode(msgspec.msgpack.encode(ours))


def test_the_wheel_carries_the_book_and_the_files(installed: Path) -> None:
    assert (installed / "wa_lint" / packs.PREPARED).is_file()
    shipped = {file.relative_to(installed / "wa_lint/_rules") for file in installed.rglob("_rules/**/*.yaml")}
    assert shipped == {file.relative_to(ROOT / "rules") for file in (ROOT / "rules").rglob("*.yaml")}


def test_the_wheel_carries_the_collectors(installed: Path) -> None:
    code = "from wa_lint.sources.live.collectors import all_collectors; print(len(all_collectors()))"
    assert int(run(installed, "-c", code).stdout) == len(all_collectors())


def test_the_wheel_knows_its_licence_and_its_command(installed: Path) -> None:
    (metadata,) = installed.glob("*.dist-info")
    assert "License-Expression: Apache-2.0" in (metadata / "METADATA").read_text("utf-8")
    assert "wa-lint = wa_lint.cli:main" in (metadata / "entry_points.txt").read_text("utf-8")
    assert list(metadata.rglob("LICENSE"))


def test_one_template_takes_no_longer_than_it_may(installed: Path) -> None:
    template = installed.parent / "template.yaml"
    template.write_text(TEMPLATE, "utf-8")
    check = ("-m", "wa_lint", "check", template.name, "-o", "json")
    assert run(installed, *check).returncode == 1
    assert min(cpu_seconds(installed, *check) for _ in range(3)) <= MOST_CPU_SECONDS


def cpu_seconds(installed: Path, *arguments: str) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    run(installed, *arguments)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
