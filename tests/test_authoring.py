"""What authors of rules work with: `wa-lint new-rule`, `eval` and `test`, outside a checkout."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

WaLint = Callable[..., Any]

TEMPLATE = """\
Parameters: {Env: {Type: String}, Key: {Type: String}}
Conditions: {IsProd: !Equals [!Ref Env, prod]}
Resources:
  N:
    Type: AWS::SageMaker::NotebookInstance
    Properties:
      InstanceType: ml.t3.medium
      KmsKeyId: !Ref Key
      RootAccess: !If [IsProd, Disabled, Enabled]
  B: {Type: AWS::S3::Bucket}
"""

HONEST = """\
id: {id}
title: Notebook users have root access
severity: high
step: data-preparation
practices: [MLSEC03-BP01]
applies_to: AWS::SageMaker::NotebookInstance
defaults: {{RootAccess: Enabled}}
require: resource.RootAccess == '{value}'
message: "RootAccess is {{resource.RootAccess}}."
why: Root users can switch off controls.
fix: Set RootAccess to Disabled.
snippet: |
  Notebook: {{Type: AWS::SageMaker::NotebookInstance, Properties: {{RootAccess: Disabled}}}}
edits: [{{set: RootAccess, to: Disabled, safe: true}}]
references: [https://docs.aws.amazon.com/sagemaker/latest/dg/nbi-root-access.html]
examples:
  - name: disabled
    expect: pass
    template: {{Resources: {{N: {{Type: AWS::SageMaker::NotebookInstance, Properties: {{RootAccess: Disabled}}}}}}}}
  - name: enabled
    expect: fail
    at: RootAccess
    template: {{Resources: {{N: {{Type: AWS::SageMaker::NotebookInstance, Properties: {{RootAccess: Enabled}}}}}}}}
  - name: a parameter without default
    expect: unknown
    template:
      Parameters: {{P: {{Type: String}}}}
      Resources: {{N: {{Type: AWS::SageMaker::NotebookInstance, Properties: {{RootAccess: {{Ref: P}}}}}}}}
"""


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def write(name: str, text: str) -> None:
    Path(name).parent.mkdir(parents=True, exist_ok=True)
    Path(name).write_text(text, "utf-8")


def test_a_new_rule_is_a_valid_file_that_is_not_honest_yet(wa_lint: WaLint) -> None:
    made = wa_lint("new-rule", "notebook-open", "--type", "AWS::SageMaker::NotebookInstance")
    assert (made.code, made.out) == (0, "rules/sagemaker/notebook-open.yaml\n")
    run = wa_lint("test", "rules")
    assert run.code == 1
    assert "notebook-open: title still says TODO" in run.out
    assert "notebook-open: no example expects unknown" in run.out


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (("Notebook", "--type", "AWS::SageMaker::Model"), "ID: 'Notebook' is not an id"),
        (("n", "--type", "AWS::SageMaker::Modl"), "did you mean 'AWS::SageMaker::Model'?"),
        (("bucket-public", "--type", "AWS::S3::Bucket"), "is the id of a built-in rule"),
        (("../x", "--type", "AWS::S3::Bucket"), "is not an id"),
    ],
)
def test_a_rule_that_cannot_be_is_refused(wa_lint: WaLint, words: tuple[str, ...], problem: str) -> None:
    run = wa_lint("new-rule", *words)
    assert run.code == 2
    assert problem in run.err
    assert not Path("rules").exists()


def test_an_existing_file_is_never_overwritten(wa_lint: WaLint) -> None:
    write("rules/s3/mine.yaml", "mine")
    run = wa_lint("new-rule", "mine", "--type", "AWS::S3::Bucket")
    assert (run.code, Path("rules/s3/mine.yaml").read_text()) == (2, "mine")


def test_eval_shows_value_truth_scenario_and_evidence(wa_lint: WaLint) -> None:
    write("t.yaml", TEMPLATE)
    run = wa_lint("eval", "resource.RootAccess == 'Disabled'", "t.yaml")
    assert run.code == 0
    assert "  true when Env is prod\n    N.RootAccess = 'Disabled'  t.yaml:9:" in run.out
    assert "  false when Env is not prod\n    N.RootAccess = 'Enabled'  t.yaml:9:" in run.out
    assert "N (AWS::SageMaker::NotebookInstance)" in run.out
    assert "B (" not in run.out


def test_eval_says_unknown_with_its_reason_and_takes_parameters(wa_lint: WaLint) -> None:
    write("t.yaml", TEMPLATE)
    run = wa_lint("eval", "own_key(resource.KmsKeyId)", "t.yaml")
    assert "(unknown)" in run.out
    assert "the parameter Key has no default" in run.out
    run = wa_lint("eval", "own_key(resource.KmsKeyId)", "t.yaml", "--parameters", "Key=")
    assert "  false\n    N.KmsKeyId = ''" in run.out


def test_eval_shows_an_error_in_the_expression_with_a_caret(wa_lint: WaLint) -> None:
    write("t.yaml", TEMPLATE)
    run = wa_lint("eval", "resource.RootAcces == 'x'", "t.yaml", "--resource", "N")
    assert run.code == 2
    assert "did you mean 'RootAccess'?" in run.err
    assert run.err.splitlines()[-1].strip() == "^"


def test_eval_about_nothing_exits_3(wa_lint: WaLint) -> None:
    write("t.yaml", TEMPLATE)
    run = wa_lint("eval", "true", "t.yaml", "--resource", "Nobody")
    assert (run.code, run.out) == (3, "")


def test_an_honest_rule_passes(wa_lint: WaLint) -> None:
    write("pack/my-root.yaml", HONEST.format(id="my-root", value="Disabled"))
    run = wa_lint("test", "pack")
    assert (run.code, run.out) == (0, "")
    assert run.err == "wa-lint: 1 rule, 3 examples: all passed\n"


def test_one_broken_file_does_not_stop_the_others(wa_lint: WaLint) -> None:
    write("pack/my-root.yaml", HONEST.format(id="my-root", value="Disabled"))
    write("pack/broken.yaml", "id: [")
    write("pack/twice.yaml", HONEST.format(id="twice", value="Disabled") + "aliases: [my-root]\n")
    write("pack/wrong.yaml", HONEST.format(id="wrong", value="Enabled"))
    run = wa_lint("test", "pack")
    assert run.code == 2
    assert "broken.yaml:1" in run.err
    assert "twice.yaml: the id 'my-root' is used by my-root.yaml" in run.err
    assert "wrong: example 'disabled': expected pass, got fail" in run.out
    assert run.err.splitlines()[-1] == "wa-lint: 2 rules, 6 examples, 2 broken files: 2 problems"


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("== 'Disabled'", "== 'Disabled' || resource.VolumeSizeInGB == 7", "may be absent"),
        ("== 'Disabled'", "!= 'Enabled' && resource.RootAccess != 'x'", "no example fails when"),
        ("RootAccess: Disabled}}\nedits", "RootAccess: Enabled}}\nedits", "the snippet does not pass: fail"),
        (
            "set: RootAccess, to: Disabled",
            "set: RootAccess, to: Enabled",
            "the edits make no failing example pass",
        ),
    ],
)
def test_a_dishonest_rule_is_told_why(wa_lint: WaLint, old: str, new: str, problem: str) -> None:
    text = HONEST.format(id="my-root", value="Disabled")
    assert old in text
    write("pack/my-root.yaml", text.replace(old, new))
    run = wa_lint("test", "pack")
    assert run.code in {1, 2}
    assert problem in run.out + run.err
