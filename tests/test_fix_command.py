"""``wa-lint check --fix`` on files: what is written, what is said, what is never written."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from wa_lint.run.check_files import judged_run

WaLint = Callable[..., Any]

TEMPLATE = """\
# A notebook and the images of a model.
Resources:
  Repo:
    Type: AWS::ECR::Repository   # images
    Properties:
      RepositoryName: 'churn'
      ImageTagMutability: IMMUTABLE

  Notebook:
    Type: AWS::SageMaker::NotebookInstance
    Properties:
      InstanceType: ml.t3.medium
      RoleArn: arn:aws:iam::123456789012:role/notebook
      RootAccess: "Enabled"  # was asked for
  Model:
    Type: AWS::SageMaker::Model
    Properties:
      PrimaryContainer: {Image: !Sub "${Repo.RepositoryUri}:1"}
"""
SELECT = ("--select", "image-repository-unscanned,notebook-root-access,notebook-outside-vpc", "--no-config")
SAFE = "      ImageScanningConfiguration:\n        ScanOnPush: true\n"


def fix(wa_lint: WaLint, *options: str, name: str = "t.yaml") -> Any:
    return wa_lint("check", name, "-o", "json", *SELECT, "--fix", *options)


def rules_of(run: Any) -> list[str]:
    return [finding["rule"] for finding in run.report["findings"]]


@pytest.fixture
def template(wa_lint: WaLint) -> Path:
    del wa_lint  # it moves to an empty folder
    file = Path("t.yaml")
    file.write_text(TEMPLATE, "utf-8")
    return file


def test_safe_edits_are_written_and_the_report_is_about_what_remains(wa_lint: WaLint, template: Path) -> None:
    run = fix(wa_lint)
    after = template.read_text("utf-8")
    assert after == TEMPLATE.replace(
        "      ImageTagMutability: IMMUTABLE\n", f"      ImageTagMutability: IMMUTABLE\n{SAFE}"
    )
    assert rules_of(run) == ["notebook-outside-vpc", "notebook-root-access"]
    assert run.code == 1
    assert "Fixed 1 finding in 1 file; 1 more needs --unsafe-fixes; 1 has no automatic fix" in run.err


def test_unsafe_edits_are_written_when_they_are_asked_for_and_keep_quotes_and_comments(
    wa_lint: WaLint, template: Path
) -> None:
    run = fix(wa_lint, "--unsafe-fixes")
    assert '      RootAccess: "Disabled"  # was asked for\n' in template.read_text("utf-8")
    assert rules_of(run) == ["notebook-outside-vpc"]
    assert "Fixed 2 findings in 1 file; 1 has no automatic fix" in run.err


def test_a_second_run_changes_nothing(wa_lint: WaLint, template: Path) -> None:
    fix(wa_lint, "--unsafe-fixes")
    once = template.read_bytes()
    run = fix(wa_lint, "--unsafe-fixes")
    assert template.read_bytes() == once
    assert "Fixed 0 findings in 0 files" in run.err


def test_when_nothing_remains_the_exit_code_is_0(wa_lint: WaLint, template: Path) -> None:
    chosen = ("--select", "notebook-root-access")
    run = wa_lint("check", str(template), "-o", "json", "--no-config", *chosen, "--fix", "--unsafe-fixes")
    assert run.code == 0


def test_a_dry_run_prints_a_diff_and_writes_nothing(wa_lint: WaLint, template: Path) -> None:
    run = fix(wa_lint, "--dry-run")
    assert template.read_text("utf-8") == TEMPLATE
    assert run.out.startswith("--- a/t.yaml\n+++ b/t.yaml\n@@ ")
    assert [line for line in run.out.splitlines() if line.startswith("+ ")] == [
        f"+{line}" for line in SAFE.splitlines()
    ]
    assert "Would fix 1 finding in 1 file" in run.err
    assert run.code == 1


def test_the_fixed_text_of_stdin_goes_to_stdout_and_its_report_to_stderr() -> None:
    command = [sys.executable, "-m", "wa_lint", "check", "-", "-o", "concise", *SELECT, "--fix"]
    run = subprocess.run(command, input=TEMPLATE, capture_output=True, text=True, check=False)
    assert run.stdout == TEMPLATE.replace("IMMUTABLE\n", f"IMMUTABLE\n{SAFE}")
    assert "notebook-root-access" in run.stderr


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_byte_order_mark_and_line_ends_stay(wa_lint: WaLint, mark: bytes, newline: str) -> None:
    file = Path("t.yaml")
    file.write_bytes(mark + TEMPLATE.replace("\n", newline).encode())
    fix(wa_lint)
    expected = TEMPLATE.replace("IMMUTABLE\n", f"IMMUTABLE\n{SAFE}").replace("\n", newline)
    assert file.read_bytes() == mark + expected.encode()


def test_what_is_suppressed_is_not_fixed(wa_lint: WaLint) -> None:
    text = TEMPLATE.replace("# images", "# wa-lint: allow image-repository-unscanned scanned elsewhere")
    Path("t.yaml").write_text(text, "utf-8")
    run = fix(wa_lint)
    assert Path("t.yaml").read_text("utf-8") == text
    assert "Fixed 0 findings" in run.err


def test_a_read_only_file_gives_one_line(wa_lint: WaLint, template: Path) -> None:
    template.chmod(0o444)
    run = fix(wa_lint, "--unsafe-fixes")
    assert template.read_text("utf-8") == TEMPLATE
    assert run.err.count("read-only") == 1
    assert run.code == 1


def test_nothing_is_written_through_a_link(wa_lint: WaLint, tmp_path: Path) -> None:
    outside = tmp_path.parent / f"{tmp_path.name}-outside.yaml"
    outside.write_text(TEMPLATE, "utf-8")
    Path("t.yaml").symlink_to(outside)
    run = fix(wa_lint)
    assert outside.read_text("utf-8") == TEMPLATE
    assert "symbolic link" in run.err


def test_the_template_of_a_nested_stack_is_fixed_if_it_was_given(wa_lint: WaLint) -> None:
    Path("a").mkdir()
    Path("a/parent.yaml").write_text(
        "Resources:\n  Child: {Type: AWS::CloudFormation::Stack, Properties: {TemplateURL: child.yaml}}\n", "utf-8"
    )
    child = Path("a/child.yaml")
    child.write_text(TEMPLATE, "utf-8")
    run = fix(wa_lint, name="a/parent.yaml")
    assert child.read_text("utf-8") == TEMPLATE
    assert "not among the files that were given" in run.err
    fix(wa_lint, name="a")
    assert SAFE in child.read_text("utf-8")


def test_an_edit_that_makes_another_finding_is_taken_back(wa_lint: WaLint) -> None:
    text = TEMPLATE.replace(
        'RootAccess: "Enabled"', "SubnetId: subnet-1\n      SecurityGroupIds: [sg-1]\n      Tags: []"
    )
    Path("t.yaml").write_text(text, "utf-8")
    Path("opposite").mkdir()
    Path("opposite/direct-internet-off.yaml").write_text(OPPOSITE, "utf-8")
    run = wa_lint(
        *("check", "t.yaml", "-o", "json", "--no-config", "--rules", "opposite"),
        *("--select", "notebook-direct-internet,direct-internet-off", "--fix", "--unsafe-fixes"),
    )
    assert Path("t.yaml").read_text("utf-8") == text
    assert "it would cause direct-internet-off at Notebook" in run.err


OPPOSITE = """\
id: direct-internet-off
title: A rule that wants the opposite of another one
severity: low
practices: [MLSEC03-BP01]
applies_to: AWS::SageMaker::NotebookInstance
require: "resource.?DirectInternetAccess.orValue('Enabled') != 'Disabled'"
message: "It is Disabled."
why: For a test.
fix: For a test.
references: ["https://example.com"]
examples:
  - {name: "on", expect: pass, template: {Resources: {N: {Type: AWS::SageMaker::NotebookInstance, Properties: {}}}}}
  - name: "off"
    expect: fail
    template: {Resources: {N: {Type: AWS::SageMaker::NotebookInstance, Properties: {DirectInternetAccess: Disabled}}}}
"""


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        (["--unsafe-fixes"], "add --fix"),
        (["--dry-run"], "add --fix"),
        (["--fix", "--diff", "main"], "one after the other"),
    ],
)
def test_options_that_mean_nothing_are_refused(
    wa_lint: WaLint, template: Path, options: list[str], problem: str
) -> None:
    run = wa_lint("check", str(template), *options)
    assert run.code == 2
    assert problem in run.err


def test_an_export_is_not_changed(wa_lint: WaLint) -> None:
    answer = {
        "NotebookInstanceArn": "arn:aws:sagemaker:eu-west-1:123456789012:notebook-instance/n",
        "NotebookInstanceName": "n",
        "NotebookInstanceStatus": "InService",
        "RootAccess": "Enabled",
    }
    Path("n.json").write_text(json.dumps(answer), "utf-8")
    before = Path("n.json").read_bytes()
    run = fix(wa_lint, "--unsafe-fixes", name="n.json")
    assert Path("n.json").read_bytes() == before
    assert "Fixed 0 findings" in run.err


def test_a_secret_near_a_change_is_masked_in_the_diff(wa_lint: WaLint) -> None:
    secret = "AKIA" + "Q3EGRIY7VXKMWZ5D"
    text = TEMPLATE.replace("'churn'", f"'churn' # {secret}")
    Path("t.yaml").write_text(text, "utf-8")
    assert secret not in fix(wa_lint, "--dry-run").out
    fix(wa_lint)
    assert secret in Path("t.yaml").read_text("utf-8")


def test_sarif_carries_what_the_safe_fix_writes(wa_lint: WaLint, template: Path) -> None:
    run = wa_lint("check", str(template), "-o", "sarif", *SELECT)
    log = json.loads(run.out)
    schema = json.loads((Path(__file__).parent / "schemas" / "sarif-2.1.0.json").read_text("utf-8"))
    jsonschema.Draft7Validator(schema).validate(log)
    results = {result["ruleId"]: result for result in log["runs"][0]["results"]}
    assert "fixes" not in results["notebook-root-access"]
    (fixed,) = results["image-repository-unscanned"]["fixes"]
    (change,) = fixed["artifactChanges"]
    lines = TEMPLATE.splitlines(keepends=True)
    for one in reversed(change["replacements"]):
        region = one["deletedRegion"]
        assert (region["startLine"], region["startColumn"]) == (region["endLine"], region["endColumn"])
        line = lines[region["startLine"] - 1]
        at = region["startColumn"] - 1
        lines[region["startLine"] - 1] = line[:at] + one["insertedContent"]["text"] + line[at:]
    fix(wa_lint)
    assert template.read_text("utf-8") == "".join(lines)


def test_a_file_that_changed_meanwhile_is_not_written(wa_lint: WaLint, template: Path, monkeypatch: Any) -> None:
    real = judged_run

    def judged(*given: Any) -> Any:
        template.write_text(TEMPLATE + "# more\n", "utf-8")
        return real(*given)

    monkeypatch.setattr("wa_lint.run.fix_trials.judged_run", judged)
    run = fix(wa_lint)
    assert run.code == 2
    assert "changed while it was judged" in run.err
    assert template.read_text("utf-8") == TEMPLATE + "# more\n"
    assert [file.name for file in Path().iterdir()] == ["t.yaml"]


ENDPOINT = """\
Resources:
  Model:
    Type: AWS::SageMaker::Model
    Properties:
      ExecutionRoleArn: arn:aws:iam::123456789012:role/churn
      PrimaryContainer: {Image: "123456789012.dkr.ecr.eu-west-1.amazonaws.com/churn:1.4"}

  Config:
    Type: AWS::SageMaker::EndpointConfig
    Properties:
      ProductionVariants:
        - VariantName: main
          ModelName: !GetAtt Model.ModelName
          InstanceType: ml.m7i.large
          InitialInstanceCount: 1

  Endpoint:
    Type: AWS::SageMaker::Endpoint
    Properties:
      EndpointConfigName: !GetAtt Config.EndpointConfigName
"""
TARGET = """\

  Target:
    Type: AWS::ApplicationAutoScaling::ScalableTarget
    Properties:
      ServiceNamespace: sagemaker
      ScalableDimension: sagemaker:variant:DesiredInstanceCount
      ResourceId: !Sub "endpoint/${Endpoint.EndpointName}/variant/main"
      MinCapacity: 1
      MaxCapacity: 1
"""


def test_scaling_is_added_for_the_endpoint_and_its_variant(wa_lint: WaLint) -> None:
    Path("t.yaml").write_text(ENDPOINT, "utf-8")
    wa_lint("check", "t.yaml", "-o", "json", "--no-config", "--fix", "--unsafe-fixes")
    after = Path("t.yaml").read_text("utf-8")
    assert after.startswith(ENDPOINT[: ENDPOINT.index("      PrimaryContainer")])
    assert '      ResourceId: !Sub "endpoint/${Endpoint.EndpointName}/variant/main"\n' in after
    assert "      ScalingTargetId: !Ref EndpointScalingTarget\n" in after
    assert "      RetainAllVariantProperties: true\n\n  EndpointScalingTarget:\n" in after
    assert "      EnableNetworkIsolation: true\n" in after


def test_where_it_is_not_clear_which_edit_makes_a_finding_the_others_are_made(wa_lint: WaLint) -> None:
    Path("t.yaml").write_text(ENDPOINT + TARGET, "utf-8")
    chosen = "model-without-network-isolation,endpoint-single-instance,scaling-minimum-below-two"
    run = wa_lint("check", "t.yaml", "-o", "json", "--no-config", "--select", chosen, "--fix", "--unsafe-fixes")
    after = Path("t.yaml").read_text("utf-8")
    assert "EnableNetworkIsolation: true" in after
    assert "InitialInstanceCount: 1" in after
    assert "it would cause scaling-minimum-below-two at Target" in run.err


def test_what_fails_for_some_parameters_only_is_not_changed(wa_lint: WaLint) -> None:
    serverless = "ServerlessConfig: !If [IsProd, !Ref AWS::NoValue, {MaxConcurrency: 5, MemorySizeInMB: 2048}]"
    instances = "InitialInstanceCount: !If [IsProd, 2, !Ref AWS::NoValue]"
    text = ENDPOINT.replace("InitialInstanceCount: 1", f"{instances}\n          {serverless}").replace(
        "InstanceType: ml.m7i.large", "InstanceType: !If [IsProd, ml.m7i.large, !Ref AWS::NoValue]"
    )
    head = "Parameters: {Stage: {Type: String}}\nConditions: {IsProd: !Equals [!Ref Stage, prod]}\n"
    Path("t.yaml").write_text(head + text, "utf-8")
    chosen = ("--select", "model-without-network-isolation,endpoint-without-autoscaling")
    run = wa_lint("check", "t.yaml", "-o", "json", "--no-config", *chosen, "--fix", "--unsafe-fixes")
    assert Path("t.yaml").read_text("utf-8") == head + text
    assert "2 findings not fixed: it fails only when Stage is prod" in run.err


def test_a_template_of_the_cdk_is_not_changed(wa_lint: WaLint) -> None:
    text = ENDPOINT.replace("  Model:\n", "  Model:\n    Metadata: {aws:cdk:path: Churn/Model/Resource}\n")
    Path("t.yaml").write_text(text, "utf-8")
    run = wa_lint("check", "t.yaml", "-o", "json", "--no-config", "--fix", "--unsafe-fixes")
    assert Path("t.yaml").read_text("utf-8") == text
    assert "the AWS CDK writes this file; change the construct" in run.err
