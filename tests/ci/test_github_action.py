"""GitHub's action: audited by foreign readers; then every line that a shell would run is run, as GitHub would."""

from __future__ import annotations

import os
import re
import shutil
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

pytestmark = pytest.mark.skipif(shutil.which("bash") is None, reason="there is no bash here")

ROOT = Path(__file__).parents[2]
ACTION = yaml.safe_load((ROOT / "action.yml").read_text("utf-8"))
TRAP = "raise SystemExit('the repository that is judged was run')\n"

Outputs = Mapping[str, Mapping[str, str]]


def test_the_action_is_what_its_schema_says(ran: Any) -> None:
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.github-actions", "action.yml"]
    assert ran(command, ROOT).code == 0


def test_an_auditor_of_actions_finds_nothing(ran: Any, tool: Any) -> None:
    command = [tool("zizmor"), "--offline", "--no-progress", "--persona", "pedantic", "action.yml"]
    assert ran(command, ROOT) == (0, ran(command, ROOT).log)


def test_no_input_stands_in_a_script_and_every_action_is_pinned_by_its_commit() -> None:
    for step in ACTION["runs"]["steps"]:
        assert "${{" not in step.get("run", "")
        assert re.fullmatch(r"[\w/.-]+@[0-9a-f]{40}", step.get("uses", f"a@{'0' * 40}"))


# --- GitHub, as far as the action needs it ----------------------------------------------------------


class Runner:
    """Runs the steps of the action. `known` are outputs of steps that are not to be run."""

    def __init__(self, ran: Any, temp: Path, known: Outputs, **given: str) -> None:
        self.ran, self.temp = ran, temp
        self.outputs = dict(known)
        self.uploads: list[Mapping[str, str]] = []
        self.log: dict[str, str] = {}
        self.failed: list[tuple[str, int]] = []
        defaults = {name: said["default"] for name, said in ACTION["inputs"].items()}
        self.values = {f"inputs.{name}": text for name, text in {**defaults, **given}.items()}
        self.values |= {"github.token": "t", "github.event.pull_request.number": "7", "github.action_path": ""}

    def run(self, cwd: Path, **environment: str) -> Runner:
        for step in ACTION["runs"]["steps"]:
            if step.get("id") in self.outputs or not self.holds(step.get("if", "!cancelled()")):
                continue
            if "uses" in step:
                self.uploads.append({name: self.filled(text) for name, text in step["with"].items()})
            else:
                self.shell(step, cwd, environment)
        return self

    def shell(self, step: Mapping[str, Any], cwd: Path, environment: Mapping[str, str]) -> None:
        out = self.temp / f"{step['id']}.out"
        out.touch()
        files = {"RUNNER_TEMP": str(self.temp), "GITHUB_OUTPUT": str(out)}
        told = {name: self.filled(text) for name, text in step["env"].items()}
        command = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]]
        code, self.log[step["id"]] = self.ran(command, cwd, **{**files, **told, **environment})
        self.failed += [(step["id"], code)] if code else []
        said = out.read_text("utf-8")
        several = {name: text for name, _, text in re.findall(r"(?ms)^([\w-]+)<<(\S+)\n(.*?)\n\2$", said)}
        self.outputs[step["id"]] = {**dict(re.findall(r"(?m)^([\w-]+)=(.*)$", said)), **several}

    def holds(self, condition: str) -> bool:
        return all(map(self.term, condition.removeprefix("${{").removesuffix("}}").split("&&")))

    def term(self, text: str) -> bool:
        left, sign, right = text.strip().partition(" == " if " == " in text else " != ")
        if not sign:
            return left == "!cancelled()" or bool(self.value(left))
        return (self.value(left) == right.strip("'")) == (sign == " == ")

    def filled(self, text: object) -> str:
        return re.sub(r"\$\{\{ (.*?) \}\}", lambda found: self.value(found[1]), str(text))

    def value(self, name: str) -> str:
        if name.startswith("steps."):
            _, step, _, output = name.split(".")
            return self.outputs.get(step, {}).get(output, "")
        return str(self.values[name])

    def output(self, name: str) -> str:
        return self.filled(ACTION["outputs"][name]["value"])


PYTHON: Outputs = {"python": {"python-path": sys.executable}}


@pytest.fixture(scope="module")
def installed(locked: None, source: Path, lend: Any, ran: Any, tmp_path_factory: pytest.TempPathFactory) -> Outputs:
    """The outputs of the step that installs, run in a repository that lays traps."""
    del locked
    temp, cwd = tmp_path_factory.mktemp("runner"), tmp_path_factory.mktemp("cwd")
    for name in ("pip.py", "venv.py", "site.py"):
        (cwd / name).write_text(TRAP)
    lend(temp / "wa-lint")
    runner = Runner(ran, temp, {**PYTHON, "check": {}})
    runner.values["github.action_path"] = str(source)
    runner.run(cwd)
    assert not runner.failed, runner.log
    return {**PYTHON, "install": runner.outputs["install"]}


@pytest.fixture
def action(sample: Path, tmp_path: Path, ran: Any, installed: Outputs) -> Callable[..., Runner]:
    def run(environment: Mapping[str, str] | None = None, **given: str) -> Runner:
        named = {name.replace("_", "-"): text for name, text in given.items()}
        runner = Runner(ran, tmp_path, installed, **named)
        return runner.run(sample, GITHUB_STEP_SUMMARY=str(tmp_path / "summary.md"), **(environment or {}))

    return run


# --- what it does -----------------------------------------------------------------------------------


def test_the_action_annotates_uploads_sums_up_and_then_fails(
    action: Callable[..., Runner], tmp_path: Path, sample: Path
) -> None:
    run = action()
    assert "::warning file=infra/endpoint.yaml,line=6" in run.log["check"]
    assert run.uploads == [{"sarif_file": "wa-lint.sarif", "category": "wa-lint"}]
    assert '"endpoint-single-instance"' in (sample / "wa-lint.sarif").read_text("utf-8")
    assert "`endpoint-single-instance`" in (tmp_path / "summary.md").read_text("utf-8")
    assert (run.output("exit-code"), run.output("sarif"), run.failed) == ("1", "wa-lint.sarif", [("verdict", 1)])
    assert int(run.output("findings")) >= 1
    assert "comment" not in run.outputs


CASES: dict[str, tuple[dict[str, str], str, int]] = {
    "nothing is as severe": ({"fail_on": "critical"}, "0", 1),
    "what is asked is right": ({"args": "--select\nendpoint-burstable-instance"}, "0", 1),
    "nothing to check": ({"paths": "json.py"}, "3", 0),
    "nothing to check, which is fine": ({"paths": "json.py", "args": "--nothing-ok"}, "0", 1),
    "no such path": ({"paths": "infra\nnowhere"}, "2", 0),
    "no such option": ({"args": "--no-such-option"}, "2", 0),
    "no such configuration": ({"config": "none.yaml"}, "2", 0),
    "no such enforcement": ({"enforce": "none.yaml"}, "2", 0),
    "no upload": ({"upload_sarif": "false", "fail_on": "never"}, "0", 0),
}


@pytest.mark.parametrize("case", CASES)
def test_the_job_ends_with_the_code_of_wa_lint(case: str, action: Callable[..., Runner]) -> None:
    given, code, uploads = CASES[case]
    run = action(**given)
    assert (run.output("exit-code"), len(run.uploads)) == (code, uploads), run.log
    assert run.failed == ([("verdict", int(code))] if code != "0" else [])


@pytest.mark.parametrize("name", ["paths", "config", "enforce", "args", "sarif_file", "format", "fail_on"])
def test_no_input_is_run(name: str, action: Callable[..., Runner], sample: Path) -> None:
    action(**{name: "$(touch pwned)\n\"; touch pwned; \"\n`touch pwned`\n'; touch pwned; '"})
    assert not list(sample.rglob("pwned"))


def test_the_text_in_the_log_gives_the_runner_no_commands(action: Callable[..., Runner], sample: Path) -> None:
    template = (sample / "infra/endpoint.yaml").read_text("utf-8")
    (sample / "::error::x.yaml").write_text(template, "utf-8")
    log = action(format="text", paths="::error::x.yaml").log["check"].splitlines()
    (stop,) = (line.removeprefix("::stop-commands::") for line in log if line.startswith("::stop-commands::"))
    place = next(number for number, line in enumerate(log) if "error::x.yaml" in line)
    assert not log[place].startswith("::")  # the text starts no line with a command either
    assert log.index(f"::stop-commands::{stop}") < place < log.index(f"::{stop}::")


GH = """#!/bin/sh
printf '%s\\n' "$*" >>"$0.log"
case "$*" in *--paginate*) printf '%s' "$GH_FOUND"; exit "$GH_CODE" ;; esac
"""


@pytest.mark.parametrize(
    ("found", "code", "call"),
    [
        ("", "0", "--method POST repos/o/r/issues/7/comments --field body=@"),
        ("41\n42\n", "0", "--method PATCH repos/o/r/issues/comments/41 --field body=@"),
        ("", "1", "::warning title=wa-lint::"),
    ],
)
def test_one_comment_is_kept_up_to_date(
    found: str, code: str, call: str, action: Callable[..., Runner], tmp_path: Path
) -> None:
    gh = tmp_path / "gh"
    gh.write_text(GH, "utf-8")
    gh.chmod(0o755)
    environment = {
        "PATH": f"{tmp_path}:{os.environ['PATH']}",
        "GITHUB_REPOSITORY": "o/r",
        "GH_FOUND": found,
        "GH_CODE": code,
    }
    run = action(environment, comment="true")
    assert call in run.log["comment"] + gh.with_name("gh.log").read_text("utf-8")
    assert run.failed == [("verdict", 1)]
