"""The lock files, which a tool writes; and the scripts that refresh, audit and compare them."""

from __future__ import annotations

import importlib.util
import re
import tomllib
from importlib import metadata
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "requirements"
FILES = sorted(path.stem for path in FOLDER.iterdir())
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))


def script(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, ROOT / "scripts" / f"{name}.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


lock, audit, newest = script("lock"), script("audit"), script("newest")


def pins(name: str) -> dict[str, list[Requirement]]:
    found: dict[str, list[Requirement]] = {}
    for line in FOLDER.joinpath(f"{name}.txt").read_text("utf-8").splitlines():
        if re.match(r"\w", line):
            pin = Requirement(line.removesuffix(" \\"))
            found.setdefault(canonicalize_name(pin.name), []).append(pin)
    return found


def test_every_lock_file_is_one_that_the_script_writes() -> None:
    assert sorted(lock.LOCKS) == FILES


@pytest.mark.parametrize("name", FILES)
def test_every_line_is_a_pin_or_a_hash_and_names_no_place(name: str) -> None:
    head, *lines = FOLDER.joinpath(f"{name}.txt").read_text("utf-8").splitlines()
    assert head == lock.HEAD.format(about=lock.LOCKS[name][0]).strip()
    pin = re.compile(r"[a-z0-9][a-z0-9.-]*==[\w.]+( ; [\w\s.'<>=!()]+)? \\")
    digest = re.compile(r"    --hash=sha256:[0-9a-f]{64}( \\)?")
    assert [line for line in lines if not (pin.fullmatch(line) or digest.fullmatch(line))] == []
    starts = [at for at, line in enumerate(lines) if pin.fullmatch(line)]
    assert all(digest.fullmatch(lines[at + 1]) for at in starts)


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("python", ["3.11", "3.12", "3.13"])
def test_what_is_required_is_pinned_within_its_bounds(name: str, python: str) -> None:
    here = {"python_version": python, "python_full_version": f"{python}.0"}
    pinned = pins(name)
    for required in map(Requirement, lock.LOCKS[name][1]):
        if required.marker and not required.marker.evaluate(here):
            continue
        fitting = [p for p in pinned[canonicalize_name(required.name)] if not p.marker or p.marker.evaluate(here)]
        assert len(fitting) == 1
        (version,) = {item.version for item in fitting[0].specifier}
        assert required.specifier.contains(version, prereleases=True), required


@pytest.mark.parametrize("name", ["demo", "runtime", "build"])
def test_the_smaller_files_agree_with_that_of_development(name: str) -> None:
    whole, part = pins("dev"), pins(name)
    for package, found in part.items():
        assert {str(pin.specifier) for pin in found} <= {str(pin.specifier) for pin in whole[package]}


def test_the_demo_needs_none_of_the_tools() -> None:
    assert not {"pytest", "mypy", "ruff", "hypothesis", "playwright", "cfn-lint"} & pins("demo").keys()
    assert {"moto", "boto3", "hatchling", "editables"} <= pins("demo").keys()


def test_a_dependency_has_an_upper_bound_or_a_reason() -> None:
    unbounded = [
        Requirement(line).name
        for line in (*PROJECT["project"]["dependencies"], *PROJECT["build-system"]["requires"])
        if "<" not in line
    ]
    assert unbounded == ["rich"]


def test_extras_of_the_project_itself_are_put_in_its_place() -> None:
    names = {Requirement(line).name for line in lock.LOCKS["dev"][1]}
    assert "wa-lint" not in names
    assert {"moto", "aws-sam-translator", "boto3", "hatchling"} <= names


def test_a_fresh_wheel_would_say_what_is_locked() -> None:
    """The metadata of the installed project is that of pyproject.toml, or the environment is an old one."""
    try:
        installed = metadata.requires("wa-lint") or []
    except metadata.PackageNotFoundError:
        pytest.skip("wa-lint is not installed here")
    names = {Requirement(line).name for line in installed if "extra ==" not in line}
    assert names == {Requirement(line).name for line in PROJECT["project"]["dependencies"]}


# --- the audit --------------------------------------------------------------------------------------

CLEAN: dict[str, Any] = {"name": "click", "version": "8.1", "vulns": []}
BAD: dict[str, Any] = {
    "name": "x",
    "version": "1.0",
    "vulns": [{"id": "PYSEC-1", "fix_versions": ["1.1"]}, {"id": "PYSEC-2", "fix_versions": []}],
}
NOT_KNOWN: dict[str, Any] = {"name": "y", "skip_reason": "not found"}


@pytest.mark.parametrize(
    ("packages", "code", "said"),
    [
        ([CLEAN, NOT_KNOWN], 0, "audit: 0 known vulnerabilities in 1 packages, 1 not known\n"),
        ([NOT_KNOWN], 0, "audit: skipped, the advisory service knows none of the packages\n"),
        ([], 0, "audit: skipped, the advisory service knows none of the packages\n"),
        (
            [CLEAN, BAD],
            1,
            (
                "x 1.0: PYSEC-1, fixed in 1.1\nx 1.0: PYSEC-2, fixed in no release\n"
                "audit: 2 known vulnerabilities in 2 packages, 0 not known\n"
            ),
        ),
    ],
)
def test_only_what_the_advisory_service_names_fails(
    packages: list[dict[str, Any]], code: int, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert audit.verdict(packages) == code
    assert capsys.readouterr().out == said


@pytest.mark.parametrize("stdout", ["", "not JSON", "[]", '{"other": 1}'])
def test_an_audit_that_gets_no_answer_is_skipped(
    stdout: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    class Done:
        pass

    done = Done()
    done.stdout = stdout  # type: ignore[attr-defined] # all that is looked at
    monkeypatch.setattr(audit, "_installed", lambda _: True)
    monkeypatch.setattr(audit, "_asked", lambda _: done)
    assert audit.main() == 0
    assert capsys.readouterr().out.startswith("audit: skipped, the advisory service could not be reached")


# --- the newest packages ----------------------------------------------------------------------------


def state(operations: list[str], answers: dict[str, list[str]], **versions: str) -> dict[str, Any]:
    service = {"called": ["DescribeModel", "ListModels"], "operations": operations, "answers": answers}
    return {"versions": versions, "services": {"sagemaker": service}}


def test_what_the_newest_packages_change_is_said_line_by_line() -> None:
    before = state(["DescribeModel", "ListModels"], {"DescribeModel": ["ModelName", "Old"]}, boto3="1.1", click="8")
    after = state(["DescribeModel", "DescribeRouter"], {"DescribeModel": ["ModelName", "New"]}, boto3="1.2", click="8")
    assert list(newest.changes(before, after)) == [
        "package boto3: 1.1 is locked, 1.2 is the newest",
        "sagemaker: DescribeRouter is new; no collector calls it",
        "sagemaker: ListModels is gone; the collector table calls it",
        "sagemaker: the answer of DescribeModel: new: New",
        "sagemaker: the answer of DescribeModel: gone: Old",
    ]
    assert list(newest.changes(before, before)) == []


def test_the_state_has_the_services_of_the_collector_table() -> None:
    found = newest.state()
    assert {"sagemaker", "bedrock", "s3", "iam"} <= found["services"].keys()
    model = found["services"]["sagemaker"]
    assert "DescribeModel" in model["called"]
    assert "DescribeGlobalInferenceGateway" in model["operations"]
    assert "PrimaryContainer.Image" in model["answers"]["DescribeModel"]
