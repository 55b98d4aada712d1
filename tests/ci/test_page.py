"""docs/ci.md: what is to be copied from it is right."""

from __future__ import annotations

import re
import shlex
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from wa_lint import __version__, enforce

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/ci.md").read_text("utf-8")
BLOCKS = re.findall(r"```(\w+)\n(.*?)```", PAGE, re.DOTALL)
WORKFLOW, INCLUDE, PRE_COMMIT, REQUIRED = (text for language, text in BLOCKS if language == "yaml")
LINES = [line.split(" #")[0].strip() for language, text in BLOCKS if language == "sh" for line in text.splitlines()]
ACTION = yaml.safe_load((ROOT / "action.yml").read_text("utf-8"))
COMPONENT = next(yaml.safe_load_all((ROOT / "templates/wa-lint.yml").read_text("utf-8")))


@pytest.mark.parametrize(
    ("schema", "text"),
    [("vendor.github-workflows", WORKFLOW), ("vendor.github-workflows", REQUIRED), ("vendor.gitlab-ci", INCLUDE)],
    ids=["GitHub", "GitHub, required", "GitLab"],
)
def test_the_files_are_what_their_schemas_say(schema: str, text: str, ran: Any, tmp_path: Path) -> None:
    (tmp_path / "x.yml").write_text(text, "utf-8")
    done = ran([sys.executable, "-m", "check_jsonschema", "--builtin-schema", schema, "x.yml"], tmp_path)
    assert done.code == 0, done.log


@pytest.mark.parametrize("text", [WORKFLOW, REQUIRED], ids=["own", "required"])
def test_an_auditor_of_workflows_finds_nothing_but_that_our_place_is_to_be_filled_in(
    text: str, ran: Any, tool: Any, tmp_path: Path
) -> None:
    file = tmp_path / ".github/workflows/wa-lint.yml"
    file.parent.mkdir(parents=True)
    file.write_text(text.replace("wa-lint@v", f"wa-lint@{'0' * 40} # v"), "utf-8")
    done = ran([tool("zizmor"), "--offline", "--no-progress", "--persona", "pedantic", "."], tmp_path)
    assert done.code == 0, done.log


def test_pre_commit_reads_its_file(ran: Any, tmp_path: Path) -> None:
    (tmp_path / "c.yaml").write_text(PRE_COMMIT, "utf-8")
    done = ran([sys.executable, "-m", "pre_commit", "validate-config", "c.yaml"], tmp_path, HOME=str(tmp_path))
    assert done.code == 0, done.log
    manifest = str(ROOT / ".pre-commit-hooks.yaml")
    assert (
        ran([sys.executable, "-m", "pre_commit", "validate-manifest", manifest], tmp_path, HOME=str(tmp_path)).code == 0
    )


def test_what_is_named_is_there() -> None:
    (step,) = (s for s in yaml.safe_load(WORKFLOW)["jobs"]["wa-lint"]["steps"] if "OWNER" in s["uses"])
    (include,) = yaml.safe_load(INCLUDE)["include"]
    (repository,) = yaml.safe_load(PRE_COMMIT)["repos"]
    table = "".join(re.findall(r"(?m)^\| (`.*?) \|", PAGE))
    assert set(re.findall(r"`([\w-]+)`", table)) == set(ACTION["inputs"]) >= set(step["with"])
    assert set(COMPONENT["spec"]["inputs"]) >= set(include["inputs"])
    assert all(f"`{name}`" in PAGE for name in (*COMPONENT["spec"]["inputs"], *ACTION["outputs"]))
    assert {hook["id"] for hook in repository["hooks"]} == {"wa-lint"}


def test_the_enforcement_on_the_page_is_read_and_named() -> None:
    write, _, judge = yaml.safe_load(REQUIRED)["jobs"]["wa-lint"]["steps"]
    text = "\n".join(re.findall(r"'([\w-]+: \w+)'", write["run"]))
    found = enforce.load(text.encode(), "enforce.yaml", ROOT)
    assert (found.severity, found.fail_on, found.permits("inline-suppressions")) == ("high", "medium", False)
    assert judge["with"]["enforce"].rpartition("/")[2] in write["run"]


def test_every_version_on_the_page_is_ours() -> None:
    assert set(
        re.findall(r"wa-lint/wa-lint@([\d.]+)|(?:wa-lint@|rev: |tags/|archive/|raw/|OWNER/wa-lint/)v([\d.]+\d)", PAGE)
    ) <= {
        ("", __version__),
        (__version__, ""),
    }


def arguments(line: str) -> list[str]:
    """What `wa-lint` is told by a line, started from an image or not."""
    words = shlex.split(line.partition(">")[0])
    return words[words.index("wa-lint") + 1 :]


STARTED = [line for line in LINES if re.match(r"(docker run .*)?\bwa-lint (check|baseline)", line)]


@pytest.mark.parametrize("line", STARTED)
def test_every_command_runs(line: str, wa_lint: Callable[..., Any], sample: Path, monkeypatch: Any) -> None:
    monkeypatch.chdir(sample)
    if "--baseline" in line:
        wa_lint("baseline", "infra")
    run = wa_lint(*arguments(line))
    assert run.code == (0 if re.search("baseline|--fail-on", line) else 1), run.err


def test_no_other_command_stands_there_and_the_image_gets_no_network() -> None:
    others = [line for line in LINES if line not in STARTED]
    assert [line.split()[:2] for line in others] == [["docker", "build"], ["pip", "install"], ["pip", "install"]]
    assert all("--network none" in line for line in STARTED if line.startswith("docker"))
