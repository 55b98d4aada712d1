"""The configuration: where it is found, what it may say, and who has the last word. Bad inputs 56 to 58."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from wa_lint.config import KEYS

WaLint = Callable[..., Any]

TEMPLATE = """\
Resources:
  Bucket: {Type: 'AWS::S3::Bucket', Properties: {BucketName: training-data}}
  Capture: {Type: 'AWS::Bedrock::DataSource', Properties: {DataSourceConfiguration: {Uri: 's3://training-data/'}}}
  N:
    Type: AWS::SageMaker::NotebookInstance
    Properties: {InstanceType: ml.t3.medium, RoleArn: arn, DirectInternetAccess: Enabled}
"""


@pytest.fixture
def found(wa_lint: WaLint) -> Callable[..., set[str]]:
    """Return the rules that fail in t.yaml, after the options are laid over what the files say."""
    Path("t.yaml").write_text(TEMPLATE, encoding="utf-8")
    Path(".git").mkdir(exist_ok=True)

    def run(*options: str, path: str = "t.yaml") -> set[str]:
        report = wa_lint("check", path, "-o", "json", *options).report
        return {f["rule"] for f in report["findings"] if f["outcome"] == "fail" and not f["suppressed"]}

    return run


def config(text: str, name: str = "wa-lint.yaml") -> None:
    Path(name).parent.mkdir(parents=True, exist_ok=True)
    Path(name).write_text(text, encoding="utf-8")


Found = Callable[..., set[str]]


def test_the_nearest_file_counts_whatever_it_is_called(found: Found, monkeypatch: pytest.MonkeyPatch) -> None:
    config("[tool.wa-lint]\nselect = ['notebook-*']\n", "pyproject.toml")
    assert found() == {rule for rule in found() if rule.startswith("notebook-")}
    config("select: bucket-unversioned\n", "sub/.wa-lint.yaml")
    monkeypatch.chdir("sub")
    assert found(path="../t.yaml") == {"bucket-unversioned"}
    assert "notebook-direct-internet" in found("--no-config", path="../t.yaml")
    assert "notebook-direct-internet" in found("--config", "../pyproject.toml", path="../t.yaml")


def test_no_file_above_the_repository_counts(found: Found, monkeypatch: pytest.MonkeyPatch) -> None:
    config("select: bucket-unversioned\n")
    Path("inner/.git").mkdir(parents=True)
    monkeypatch.chdir("inner")
    assert "notebook-direct-internet" in found(path="../t.yaml")


def test_57_the_file_counts_though_the_option_has_a_default(found: Found, wa_lint: WaLint) -> None:
    assert found()
    config("fail-on: critical\nshow-all: true\n")
    run = wa_lint("check", "t.yaml", "-o", "json")
    assert run.code == 0
    assert any(f["outcome"] == "pass" for f in run.report["findings"])


def test_the_command_line_counts_before_the_environment_and_that_before_the_file(
    found: Found, wa_lint: WaLint, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert found()
    config("fail-on: low\n")
    assert wa_lint("check", "t.yaml").code == 1
    monkeypatch.setenv("WA_LINT_FAIL_ON", "critical")
    assert wa_lint("check", "t.yaml").code == 0
    assert wa_lint("check", "t.yaml", "--fail-on", "low").code == 1


def test_58_lists_add_up_and_choices_do_not(found: Found) -> None:
    every = found()
    config("extends: base.yaml\nignore: [bucket-unversioned]\n")
    config("ignore: [notebook-default-key]\n", "base.yaml")
    assert found("--ignore", "notebook-root-access") == every - {
        "bucket-unversioned",
        "notebook-default-key",
        "notebook-root-access",
    }
    config("select: bucket-unversioned\n")
    assert found("--select", "notebook-root-access") == {"notebook-root-access"}


def test_overrides_speak_of_some_files(found: Found) -> None:
    config('overrides:\n  - {paths: "dev/*", ignore: "notebook-*"}\n')
    every = found()
    assert any(rule.startswith("notebook-") for rule in every)
    config(TEMPLATE, "dev/t.yaml")
    assert found(path="dev/t.yaml") == {rule for rule in every if not rule.startswith("notebook-")}


def test_suppressions_may_stand_in_it(found: Found, wa_lint: WaLint) -> None:
    config("allow:\n  - {rule: bucket-unversioned, resource: Bucket, reason: scratch}\n  - more.yaml\n")
    config("allow: [{rule: notebook-root-access, resource: N, reason: r}]\n", "more.yaml")
    assert not {"bucket-unversioned", "notebook-root-access"} & found()
    run = wa_lint("check", "t.yaml", "-o", "json")
    places = {f["rule"]: f["suppressed"]["location"] for f in run.report["findings"] if f["suppressed"]}
    assert (places["bucket-unversioned"]["uri"], places["bucket-unversioned"]["line"]) == ("wa-lint.yaml", 2)


def test_what_is_judged_and_what_is_passed_by_may_stand_in_it(found: Found, wa_lint: WaLint) -> None:
    assert found()
    config(TEMPLATE, "a/x.yaml")
    config(TEMPLATE, "a/old/y.yaml")
    config("paths: [a]\nexclude: ['*/old/*']\n")
    inputs = wa_lint("check", "-o", "json").report["inputs"]
    assert [(entry["uri"], entry["reason"]) for entry in inputs] == [("a/x.yaml", None), ("a/old/y.yaml", "excluded")]


def test_an_installed_package_may_be_extended_and_none_of_its_code_runs(
    found: Found, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    config("select: bucket-unversioned\n", "site/acme_rules/wa-lint.yaml")
    config("raise SystemExit('it ran')\n", "site/acme_rules/__init__.py")
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    config("extends: acme_rules\n")
    assert found() == {"bucket-unversioned"}


def test_explain_says_who_said_what(wa_lint: WaLint, monkeypatch: pytest.MonkeyPatch) -> None:
    config("extends: base.yaml\nfail-on: high\nignore: [b]\n")
    config("ignore: [a]\nstrict: true\n", "base.yaml")
    monkeypatch.setenv("WA_LINT_FAIL_ON", "low")
    run = wa_lint("config", "explain")
    assert run.code == 0
    assert run.out.splitlines() == [
        "# read, the last word counts: base.yaml, wa-lint.yaml",
        "ignore: [a]  # base.yaml:1:1",
        "ignore: [b]  # wa-lint.yaml:3:1",
        "fail-on: high  # wa-lint.yaml:2:1, but WA_LINT_FAIL_ON counts",
        "fail-on: low  # WA_LINT_FAIL_ON",
        "strict: true  # base.yaml:2:1",
    ]


BROKEN = {
    "an unknown key": ("ignroe: [x]", "did you mean 'ignore'?"),
    "a list": ("[a]", "a mapping"),
    "no YAML": ("a: [", "wa-lint.yaml"),
    "a key twice": ("ignore: a\nignore: b", "twice"),
    "an alias that holds itself": ("ignore: &a [*a]", "wa-lint.yaml"),
    "an unknown severity": ("fail-on: hihg", "did you mean 'high'?"),
    "a flag that is a text": ("strict: 'yes'", "true or false"),
    "a number that is none": ("jobs: 0", "whole number"),
    "a rule that is not a string": ("select: [1]", "list of texts"),
    "a rule that does not exist": ("select: bucket-unversoned", "did you mean 'bucket-unversioned'?"),
    "a file that is not there": ("extends: nowhere.yaml", "nowhere.yaml"),
    "a package that is not there": ("extends: no_such_package", "neither"),
    "itself": ("extends: wa-lint.yaml", "extends itself"),
    "a file outside of the repository": ("extends: ../other.yaml", "leads out"),
    "rules outside of the repository": ("rules: ../rules", "leads out"),
    "a report outside of the repository": ("output: sarif=../../x", "may name formats only"),
    "an absolute path": ("baseline: /etc/passwd", "leads out"),
    "overrides without paths": ("overrides: [{ignore: x}]", "paths and ignore"),
    "overrides with another key": ("overrides: [{paths: x, ignore: y, select: z}]", "unknown key 'select'"),
    "an account": ("role-arn: arn:aws:iam::111122223333:role/x", "unknown key 'role-arn'"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_56_what_is_wrong_with_it_is_said_in_one_line(case: str, found: Found, wa_lint: WaLint) -> None:
    assert found()
    text, said = BROKEN[case]
    config(text)
    run = wa_lint("check", "t.yaml")
    assert run.code == 2
    assert said in run.err
    assert run.err.count("\n") == 1


def test_56_two_files_in_one_folder_are_one_too_many(found: Found, wa_lint: WaLint) -> None:
    assert found()
    config("strict: true")
    config("strict: true", ".wa-lint.yaml")
    run = wa_lint("check", "t.yaml")
    assert (run.code, "keep one of them" in run.err) == (2, True)


def test_56_an_empty_file_says_nothing(found: Found) -> None:
    before = found()
    config("# nothing\n")
    assert found() == before


@pytest.mark.skipif(not hasattr(os, "getuid") or os.getuid() != 0, reason="only root may give a file away")
def test_56_a_file_above_that_belongs_to_another_user_is_not_read(
    found: Found, wa_lint: WaLint, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert found()
    config("select: bucket-unversioned")
    os.chown("wa-lint.yaml", 4242, 4242)
    Path("sub").mkdir()
    monkeypatch.chdir("sub")
    assert "notebook-direct-internet" in found(path="../t.yaml")
    assert "belongs to another user" in wa_lint("check", "../t.yaml").err


def test_a_variable_that_is_nearly_ours_is_named(
    found: Found, wa_lint: WaLint, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert found()
    monkeypatch.setenv("WA_LINT_FAIL_OM", "high")
    assert "did you mean 'WA_LINT_FAIL_ON'?" in wa_lint("check", "t.yaml").err


SCHEMA = json.loads(files("wa_lint").joinpath("schemas/config.schema.json").read_text(encoding="utf-8"))


def test_the_schema_for_editors_knows_the_same_keys() -> None:
    assert {name: key["description"] for name, key in SCHEMA["properties"].items()} == {
        name: key.meaning for name, key in KEYS.items()
    }


@pytest.mark.parametrize("case", ["an unknown key", "a list", "a flag that is a text", "overrides without paths"])
def test_the_schema_for_editors_refuses_what_we_refuse(case: str) -> None:
    jsonschema.validate({"allow": [{"rule": "a"}], "extends": "b", "jobs": 2, "fail-on": "never"}, SCHEMA)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(yaml.safe_load(BROKEN[case][0]), SCHEMA)
