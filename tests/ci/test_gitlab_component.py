"""GitLab's component: its schema, and its script run as a job would run it."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
SPEC, COMPONENT = yaml.safe_load_all((ROOT / "templates/wa-lint.yml").read_text("utf-8"))
INPUTS: Mapping[str, Mapping[str, Any]] = SPEC["spec"]["inputs"]


def resolved(value: Any, given: Mapping[str, str]) -> Any:
    """The component with its inputs in, as GitLab puts them in: in values, after the YAML is read."""
    if isinstance(value, dict):
        return {key: resolved(item, given) for key, item in value.items()}
    if isinstance(value, list):
        return [resolved(item, given) for item in value]
    if isinstance(value, str):
        return re.sub(r"\$\[\[ inputs\.(\w+) \]\]", lambda found: {**DEFAULTS, **given}[found[1]], value)
    return value


DEFAULTS = {name: said["default"] for name, said in INPUTS.items() if "default" in said}


def test_the_component_and_its_head_are_what_the_schema_says(ran: Any, tmp_path: Path) -> None:
    for name, part in (("head.yml", SPEC), ("job.yml", resolved(COMPONENT, {"package": "wa-lint"}))):
        (tmp_path / name).write_text(yaml.safe_dump(part), "utf-8")
        command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.gitlab-ci", name]
        assert ran(command, tmp_path).code == 0, ran(command, tmp_path).log


def test_inputs_reach_the_script_as_variables_only() -> None:
    (job,) = COMPONENT.values()
    assert "$[[" not in "".join((*job["before_script"], *job["script"]))
    used = set(re.findall(r"inputs\.(\w+)", json.dumps(COMPONENT)))
    assert used == set(INPUTS)
    assert [name for name, said in INPUTS.items() if "default" not in said] == ["package"]


@pytest.fixture(scope="module")
def home(locked: None, source: Path, lend: Any, ran: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where `before_script` put wa-lint, from a repository that lays traps."""
    del locked
    place, cwd = tmp_path_factory.mktemp("home"), tmp_path_factory.mktemp("cwd")
    for name in ("pip.py", "venv.py"):
        (cwd / name).write_text("raise SystemExit('run')\n", "utf-8")
    lend(place)
    (job,) = COMPONENT.values()
    lock = source / "requirements/runtime.txt"
    said = {"LINT_HOME": str(place), "LINT_PACKAGE": str(source), "LINT_REQUIREMENTS": str(lock)}
    done = ran(["sh", "-e", "-c", "\n".join(job["before_script"])], cwd, **said)
    assert done.code == 0, done.log
    return place


@pytest.fixture
def job(home: Path, sample: Path, ran: Any) -> Callable[..., Any]:
    def run(**given: str) -> Any:
        (job,) = resolved(COMPONENT, {"package": "wa-lint", **given}).values()
        variables = {n: v["value"] if isinstance(v, dict) else v for n, v in job["variables"].items()}
        return ran(["sh", "-e", "-c", "\n".join(job["script"])], sample, **{**variables, "LINT_HOME": str(home)})

    return run


CASES: dict[str, tuple[dict[str, str], int]] = {
    "a finding": ({}, 1),
    "nothing is as severe": ({"fail_on": "critical"}, 0),
    "two paths": ({"paths": "infra\ninfra/endpoint.yaml"}, 1),
    "an argument": ({"args": "--select\nendpoint-burstable-instance"}, 0),
    "nothing to check": ({"paths": "json.py"}, 3),
    "no such path": ({"paths": "nowhere"}, 2),
    "no such configuration": ({"config": "none.yaml"}, 2),
    "no such enforcement": ({"enforce": "none.yaml"}, 2),
}


@pytest.mark.parametrize("case", CASES)
def test_the_job_ends_with_the_code_of_wa_lint(case: str, job: Callable[..., Any]) -> None:
    given, code = CASES[case]
    done = job(**given)
    assert done.code == code, done.log


def test_the_reports_that_the_job_hands_over_are_there(job: Callable[..., Any], sample: Path) -> None:
    assert job().code == 1
    (said,) = COMPONENT.values()
    quality, sast = (
        json.loads((sample / said["artifacts"]["reports"][name]).read_text("utf-8")) for name in ("codequality", "sast")
    )
    assert {row["location"]["path"] for row in quality} == {"infra/endpoint.yaml"}
    assert "endpoint-single-instance" in {row["check_name"] for row in quality}
    assert sast["scan"]["type"] == "sast"


@pytest.mark.parametrize("name", ["paths", "config", "args", "fail_on"])
def test_no_input_is_run(name: str, job: Callable[..., Any], sample: Path) -> None:
    job(**{name: '$(touch pwned)\n"; touch pwned; "\nEND\ntouch pwned\n`touch pwned`'})
    assert not list(sample.rglob("pwned"))
