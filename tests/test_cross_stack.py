"""Templates of one run see each other by what one exports and another one imports."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from wa_lint.cli.templates import connected
from wa_lint.document import read_document
from wa_lint.model import Snapshot
from wa_lint.sources.template import Member, snapshot_together

WaLint = Callable[..., Any]

SHARED = """\
Parameters: {Env: {Type: String, Default: dev}}
Conditions: {HasKey: !Equals [!Ref Env, prod]}
Resources:
  Role:
    Type: AWS::IAM::Role
    Properties: {AssumeRolePolicyDocument: {}}
  Key: {Type: AWS::KMS::Key}
  Endpoint: {Type: AWS::SageMaker::Endpoint, Properties: {EndpointConfigName: !GetAtt Config.EndpointConfigName}}
  Config:
    Type: AWS::SageMaker::EndpointConfig
    Properties:
      ProductionVariants: [{VariantName: blue, ModelName: m, InstanceType: ml.m5.large, InitialInstanceCount: 1}]
Outputs:
  Key: {Value: !Ref Key, Export: {Name: !Sub 'key-${AWS::Region}'}}
  Subnet: {Value: subnet-1, Export: {Name: !Sub 'subnet-${Env}'}}
  Endpoint: {Value: !GetAtt Endpoint.EndpointName, Export: {Name: churn-endpoint}}
  Own: {Value: x, Export: {Name: !Sub '${AWS::StackName}-x'}}
"""

USING = """\
Parameters: {Env: {Type: String, Default: dev}}
Resources:
  Role: {Type: 'AWS::S3::Bucket'}
  Notebook:
    Type: AWS::SageMaker::NotebookInstance
    Properties:
      KmsKeyId: !ImportValue {'Fn::Sub': 'key-${AWS::Region}'}
      SubnetId: !ImportValue {'Fn::Sub': 'subnet-${Env}'}
      RoleArn: !ImportValue {'Fn::Sub': '${AWS::StackName}-x'}
  Scaling:
    Type: AWS::ApplicationAutoScaling::ScalableTarget
    Properties:
      MinCapacity: 2
      ResourceId: !Sub
        - endpoint/${Name}/variant/blue
        - {Name: !ImportValue churn-endpoint}
"""

SELECT = ("--select", "notebook-default-key,notebook-outside-vpc,endpoint-single-instance")


def check(wa_lint: WaLint, *options: str, **files: str) -> Any:
    for name, text in files.items():
        Path(f"{name}.yaml").write_text(text, "utf-8")
    return wa_lint("check", "-o", "json", "--show-all", *SELECT, *options)


def outcomes(run: Any) -> dict[tuple[str, str], str]:
    return {(f["rule"], f["resource"]["id"]): f["outcome"] for f in run.report["findings"]}


def test_what_one_exports_the_other_sees_and_the_assumption_is_said(wa_lint: WaLint) -> None:
    run = check(wa_lint, shared=SHARED, using=USING)
    assert outcomes(run) == {
        ("notebook-default-key", "Notebook"): "pass",
        ("notebook-outside-vpc", "Notebook"): "pass",
        ("endpoint-single-instance", "Config"): "pass",
    }
    assumes = {f["rule"]: f["assumes"] for f in run.report["findings"]}
    assert assumes["notebook-default-key"] == ["key-${AWS::Region} is what shared.yaml exports"]
    assert "subnet-dev is what shared.yaml exports" in assumes["notebook-outside-vpc"]
    assert [(i["uri"], i["status"], i["resources"]) for i in run.report["inputs"]] == [
        ("shared.yaml", "judged", 4),
        ("using.yaml", "judged", 3),
    ]
    assert check(wa_lint, "--jobs", "2").out == run.out


def test_alone_nothing_is_known_of_an_import(wa_lint: WaLint) -> None:
    run = check(wa_lint, using=USING)
    assert outcomes(run)["notebook-default-key", "Notebook"] == "unknown"


def test_two_templates_that_export_one_name_are_not_chosen_from(wa_lint: WaLint) -> None:
    twin = SHARED.replace("Resources:", "Resources:\n  Other: {Type: 'AWS::S3::Bucket'}")
    run = check(wa_lint, shared=SHARED, twin=twin, using=USING)
    assert outcomes(run)["notebook-default-key", "Notebook"] == "unknown"


def together(*texts: str, **pins: str) -> Snapshot:
    members = [Member(read_document(text, f"{name}.yaml")) for name, text in zip("ab", texts, strict=False)]
    return snapshot_together(members, pins)


def test_names_that_two_templates_have_are_told_apart_and_no_others() -> None:
    snapshot = together(SHARED, USING)
    assert [r.id for r in snapshot.resources] == [
        "a.yaml#Role",
        "Key",
        "Endpoint",
        "Config",
        "b.yaml#Role",
        "Notebook",
        "Scaling",
    ]
    places = [str(r.origin.locate(())) for r in snapshot.resources]
    assert [place.partition(":")[0] for place in places] == ["a.yaml"] * 4 + ["b.yaml"] * 3


def test_a_name_that_a_template_lacks_never_means_that_of_another() -> None:
    first = "Parameters: {P: {Type: String, Default: x}}\nResources:\n  B: {Type: 'AWS::S3::Bucket'}\n"
    properties = "{RoleArn: !Ref B, SubnetId: !Ref P}"
    second = f"Resources: {{N: {{Type: 'AWS::SageMaker::NotebookInstance', Properties: {properties}}}}}\n"
    notebook = next(r for r in together(first, second).resources if r.id == "N")
    assert {name: str(value) for name, value in dict(notebook.properties).items()} == {  # type: ignore[call-overload] # it is a map
        "RoleArn": "!Ref b.yaml#B",
        "SubnetId": "!Ref b.yaml#P",
    }


def test_the_same_parameter_is_two_unless_a_value_is_given_for_both(wa_lint: WaLint) -> None:
    on_env = USING.replace("MinCapacity: 2", "MinCapacity: !If [IsProd, 2, 1]").replace(
        "Resources:", "Conditions: {IsProd: !Equals [!Ref Env, prod]}\nResources:"
    )
    run = check(wa_lint, shared=SHARED, using=on_env)
    (finding,) = [f for f in run.report["findings"] if f["rule"] == "endpoint-single-instance"]
    assert (finding["outcome"], finding["when"]) == ("fail", "using.yaml#Env is not prod")
    given = check(wa_lint, "--parameters", "Env=prod")
    assert outcomes(given)["endpoint-single-instance", "Config"] == "pass"


def test_a_template_that_joins_changes_no_fingerprint(wa_lint: WaLint) -> None:
    shared = SHARED.replace("Type: AWS::IAM::Role", "Type: AWS::S3::Bucket").replace("AssumeRolePolicyDocument: {}", "")
    options = ("-o", "json", "--select", "bucket-unversioned,endpoint-single-instance")
    Path("shared.yaml").write_text(shared, "utf-8")
    alone = {f["fingerprint"] for f in wa_lint("check", *options).report["findings"]}
    Path("using.yaml").write_text(USING.replace("MinCapacity: 2", "MinCapacity: 1"), "utf-8")
    joined = wa_lint("check", *options).report["findings"]
    assert {f["resource"]["id"] for f in joined} == {"shared.yaml#Role", "using.yaml#Role", "Config"}
    buckets = {
        f["fingerprint"] for f in joined if f["location"]["uri"] == "shared.yaml" and f["rule"] == "bucket-unversioned"
    }
    assert buckets < alone


def test_each_stage_has_its_own_world(wa_lint: WaLint) -> None:
    Path("dev.json").write_text(json.dumps({"Env": "dev"}), "utf-8")
    Path("prod.json").write_text(json.dumps({"Env": "prod"}), "utf-8")
    only_prod = SHARED.replace("{Value: subnet-1,", "{Condition: HasKey, Value: subnet-1,")
    run = check(wa_lint, "--parameters", "dev.json", "--parameters", "prod.json", shared=only_prod, using=USING)
    found = [f for f in run.report["findings"] if f["rule"] == "notebook-outside-vpc"]
    assert [(f["outcome"], f["stages"], f["assumes"]) for f in found] == [
        ("pass", None, ["subnet-prod is what shared.yaml exports (in prod)"])
    ]


def test_imports_go_round_in_a_circle_and_it_has_an_end(wa_lint: WaLint) -> None:
    notebook = "Resources: {N: {Type: 'AWS::SageMaker::NotebookInstance', Properties: {KmsKeyId: !ImportValue b}}}\n"
    one = notebook + "Outputs: {O: {Value: !ImportValue b, Export: {Name: a}}}\n"
    two = one.replace("N:", "M:").replace("Value b", "Value a").replace("Name: a", "Name: b")
    run = check(wa_lint, one=one, two=two)
    assert outcomes(run)["notebook-default-key", "N"] == "unknown"


def test_a_nested_stack_exports_and_imports_as_its_parent_does(wa_lint: WaLint) -> None:
    parent = "Resources:\n  Shared: {Type: 'AWS::CloudFormation::Stack', Properties: {TemplateURL: child.yaml}}\n"
    run = check(wa_lint, parent=parent, child=SHARED, using=USING)
    assert outcomes(run)["notebook-default-key", "Notebook"] == "pass"
    assert outcomes(run)["endpoint-single-instance", "Shared/Config"] == "pass"


@pytest.mark.parametrize(
    ("exports", "imports", "groups"),
    [
        ([{"a"}, set(), set()], [set(), {"a"}, {"a"}], [[0, 1, 2]]),
        ([{"a"}, {"a"}, set()], [set(), set(), {"a"}], []),
        ([{"a"}, {"b"}, set(), set()], [set(), {"a"}, {"x"}, {"b"}], [[0, 1, 3]]),
        ([{"a"}], [{"a"}], []),
        ([], [], []),
    ],
)
def test_groups_are_what_imports_connect(exports: Any, imports: Any, groups: Any) -> None:
    assert connected([frozenset(e) for e in exports], [frozenset(i) for i in imports]) == groups
