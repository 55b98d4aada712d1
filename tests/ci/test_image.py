"""The image: read by a linter of Dockerfiles; its commands run here, for no test has a Docker daemon."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
LINES = re.findall(r"(?m)^([A-Z]+) (.+)$", re.sub(r"\\\n\s*", "", (ROOT / "Dockerfile").read_text("utf-8")))
LAST = max(i for i, (word, _) in enumerate(LINES) if word == "FROM")
FINAL = dict(LINES[LAST:])


def test_a_linter_of_dockerfiles_finds_nothing(ran: Any, tool: Any) -> None:
    done = ran([tool("hadolint"), "--no-color", "Dockerfile"], ROOT)
    assert done == (0, "")


def test_the_stages_share_one_pinned_base_and_the_last_is_not_root() -> None:
    bases = {text.split()[0] for word, text in LINES if word == "FROM"}
    assert len(bases) == 1
    assert re.fullmatch(r"python:3\.\d+\.\d+-slim-[a-z]+@sha256:[0-9a-f]{64}", bases.pop())
    assert all(int(part) > 0 for part in FINAL["USER"].split(":"))
    assert "RUN" not in FINAL


@pytest.fixture(scope="module")
def image(locked: None, source: Path, lend: Any, ran: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the build leaves behind, below a folder that stands for the root."""
    del locked
    root = tmp_path_factory.mktemp("image")
    shutil.copytree(source, root / "src")
    lend(root / "opt/build")
    lend(root / "opt/wa-lint")
    for command in (text for word, text in LINES if word == "RUN"):
        done = ran(["sh", "-c", below(root, command)], root / "src")
        assert done.code == 0, done.log
    return root


def below(root: Path, text: str) -> str:
    return re.sub(r"(?<![\w/])/(?=src|wheels|opt)", f"{root}/", text)


def test_what_the_build_copies_is_enough_for_one_wheel(image: Path) -> None:
    assert [wheel.name.split("-")[0] for wheel in (image / "wheels").iterdir()] == ["wa_lint"]


def test_it_judges_the_working_folder_without_a_network(image: Path, sample: Path, ran: Any) -> None:
    environment = {name: below(image, text) for name, text in re.findall(r"(\w+)=(\S+)", FINAL["ENV"])}
    environment["PATH"] = environment["PATH"].replace("$PATH", "/usr/bin:/bin")
    started = json.loads(FINAL["ENTRYPOINT"]) + json.loads(FINAL["CMD"])
    may = shutil.which("unshare") and ran(["unshare", "--net", "true"], sample).code == 0
    apart = ["unshare", "--net"] if may else []
    done = ran([*apart, *started], sample, **environment)
    assert (done.code, "infra/endpoint.yaml" in done.log) == (1, True), done.log
