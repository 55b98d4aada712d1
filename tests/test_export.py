"""What the AWS CLI printed, read back. The answers are made up, in the shapes of botocore's model."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import urllib.parse
from pathlib import Path
from typing import Any

import botocore.session
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wa_lint import codec
from wa_lint.errors import SourceError
from wa_lint.model import Listed, Location, Resource, Scope, Snapshot, SourceKind, Unknown
from wa_lint.sources.export.export_reader import looks_like_export, read_export
from wa_lint.sources.live.collectors import by_type

ROOT = Path(__file__).parents[1]
ARN = "arn:aws:sagemaker:eu-west-1:123456789012:"

MODEL = {
    "ModelName": "churn",
    "ModelArn": ARN + "model/churn",
    "PrimaryContainer": {"Image": "image", "Environment": {"HF_TOKEN": "made-up-but-secret"}},
    "ExecutionRoleArn": "arn:aws:iam::123456789012:role/worker",
    "CreationTime": "2026-11-01T10:00:00+01:00",
    "EnableNetworkIsolation": False,
}
NOTEBOOK = {
    "NotebookInstanceArn": ARN + "notebook-instance/notes",
    "NotebookInstanceName": "notes",
    "NotebookInstanceStatus": "Stopped",
    "RoleArn": "arn:aws:iam::123456789012:role/worker",
    "SecurityGroups": ["sg-1"],
    "NotebookInstanceLifecycleConfigName": "setup",
    "DirectInternetAccess": "Enabled",
}
ENDPOINT = {
    "EndpointName": "serve",
    "EndpointArn": ARN + "endpoint/serve",
    "EndpointConfigName": "config",
    "EndpointStatus": "InService",
    "LastDeploymentConfig": {"BlueGreenUpdatePolicy": {}},
}
CONFIG = {
    "EndpointConfigName": "config",
    "EndpointConfigArn": ARN + "endpoint-config/config",
    "ProductionVariants": [{"VariantName": "blue", "ModelName": "churn", "InitialInstanceCount": 1}],
}
LISTED = {"Models": [{"ModelName": "churn", "ModelArn": ARN + "model/churn", "CreationTime": 1761986000.1}]}
ROLE: dict[str, Any] = {
    "Path": "/",
    "RoleName": "worker",
    "RoleId": "AROA",
    "Arn": "arn:aws:iam::123456789012:role/worker",
    "AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": []},
    "RolePolicyList": [{"PolicyName": "all", "PolicyDocument": {"Statement": [{"Action": "*"}]}}],
    "AttachedManagedPolicies": [{"PolicyName": "mine", "PolicyArn": "arn:aws:iam::123456789012:policy/mine"}],
}
DETAILS = {
    "UserDetailList": [],
    "GroupDetailList": [],
    "RoleDetailList": [ROLE],
    "Policies": [
        {
            "PolicyName": "mine",
            "Arn": "arn:aws:iam::123456789012:policy/mine",
            "PolicyVersionList": [
                {"Document": {"Statement": ["old"]}, "VersionId": "v1", "IsDefaultVersion": False},
                {"Document": {"Statement": ["new"]}, "VersionId": "v2", "IsDefaultVersion": True},
            ],
        }
    ],
}


def read(*answers: Any) -> Snapshot:
    return read_export(json.dumps(answers[0] if len(answers) == 1 else answers), "answer.json")


def only(snapshot: Snapshot) -> Any:
    (found,) = snapshot.resources
    return found


@pytest.mark.parametrize(
    ("answer", "type_", "name"),
    [
        (MODEL, "AWS::SageMaker::Model", "churn"),
        (NOTEBOOK, "AWS::SageMaker::NotebookInstance", "notes"),
        (ENDPOINT, "AWS::SageMaker::Endpoint", "serve"),
        (CONFIG, "AWS::SageMaker::EndpointConfig", "config"),
        (
            {"DomainId": "d-1", "DomainArn": ARN + "domain/d-1", "DomainName": "studio", "AuthMode": "IAM"},
            "AWS::SageMaker::Domain",
            "d-1",
        ),
        (
            {"TrainingJobName": "t", "TrainingJobArn": ARN + "training-job/t", "RoleArn": "r"},
            "AWS::SageMaker::TrainingJob",
            "t",
        ),
        (
            {
                "MonitoringScheduleName": "m",
                "MonitoringScheduleArn": ARN + "monitoring-schedule/m",
                "EndpointName": "serve",
                "MonitoringScheduleConfig": {},
            },
            "AWS::SageMaker::MonitoringSchedule",
            "m",
        ),
        (
            {"Configuration": {"FunctionName": "f", "FunctionArn": "arn:aws:lambda:a:1:function:f", "CodeSha256": "x"}},
            "AWS::Lambda::Function",
            "f",
        ),
    ],
)
def test_a_description_is_known_by_its_shape(answer: Any, type_: str, name: str) -> None:
    assert looks_like_export(answer)
    found = only(read(answer))
    assert (found.type, found.name) == (type_, name)
    assert isinstance(found.properties, dict)


def test_an_answer_has_cloudformations_names_as_live() -> None:
    found = only(read(NOTEBOOK))
    assert found.properties["SecurityGroupIds"] == ["sg-1"]
    assert found.properties["LifecycleConfigName"] == "setup"
    assert found.properties["Tags"] == Unknown("not returned by sagemaker:DescribeNotebookInstance")
    assert found.observed["NotebookInstanceStatus"] == "Stopped"
    assert (found.account, found.region) == ("123456789012", "eu-west-1")


def test_a_secret_in_an_answer_is_masked() -> None:
    environment = only(read(MODEL)).properties["PrimaryContainer"]["Environment"]
    assert "made-up" not in environment["HF_TOKEN"]


def test_a_lone_file_is_complete_for_nothing() -> None:
    snapshot = read(MODEL)
    assert (snapshot.kind, snapshot.complete, snapshot.gaps) == (SourceKind.EXPORT, frozenset(), ())


def test_a_list_has_names_and_nothing_to_judge() -> None:
    found = only(read(LISTED))
    assert found.name == "churn"
    assert isinstance(found.properties, Unknown)
    assert "only listed" in found.properties.reason


@pytest.mark.parametrize("order", [(MODEL, LISTED), (LISTED, MODEL)], ids=["described first", "listed first"])
def test_a_description_beats_an_entry_of_a_list(order: Any) -> None:
    assert isinstance(only(read(*order)).properties, dict)


def test_an_entry_cut_out_of_a_list_is_no_description() -> None:
    assert isinstance(only(read(LISTED["Models"][0])).properties, Unknown)


def test_authorization_details_are_roles_and_policies() -> None:
    snapshot = read(DETAILS)
    found: Any = {r.type: r for r in snapshot.resources}
    role = found["AWS::IAM::Role"]
    assert role.properties["ManagedPolicyArns"] == ["arn:aws:iam::123456789012:policy/mine"]
    assert role.properties["Policies"][0]["PolicyName"] == "all"
    assert role.region is None
    assert found["AWS::IAM::ManagedPolicy"].properties["PolicyDocument"] == {"Statement": ["new"]}
    assert Scope("AWS::IAM::RolePolicy", "123456789012") in snapshot.complete
    assert Scope("AWS::IAM::Role", "123456789012") not in snapshot.complete


@pytest.mark.parametrize("encode", [json.dumps, lambda d: urllib.parse.quote(json.dumps(d))], ids=["text", "encoded"])
def test_a_policy_is_read_however_it_is_encoded(encode: Any) -> None:
    policies = [{**inline, "PolicyDocument": encode(inline["PolicyDocument"])} for inline in ROLE["RolePolicyList"]]
    role = {**ROLE, "AssumeRolePolicyDocument": encode(ROLE["AssumeRolePolicyDocument"]), "RolePolicyList": policies}
    assert only(read({"RoleDetailList": [role]})).properties == only(read({"RoleDetailList": [ROLE]})).properties


def test_the_pages_of_the_authorization_details_are_one_account() -> None:
    other = {**ROLE, "RoleName": "other", "Arn": "arn:aws:iam::123456789012:role/other"}
    snapshot = read({"RoleDetailList": [ROLE], "IsTruncated": True, "Marker": "m"}, {"RoleDetailList": [other]})
    assert [r.name for r in snapshot.resources] == ["other", "worker"]
    assert [problem.message for problem in snapshot.problems] == [
        "the response has a next page, which is not in the file"
    ]


def test_list_policies_is_no_reason_to_think_that_a_policy_grants_nothing() -> None:
    listed = {"Policies": [{"PolicyName": "mine", "Arn": "arn:aws:iam::123456789012:policy/mine"}]}
    assert isinstance(only(read(listed)).properties, Unknown)


@pytest.mark.parametrize("key", ["ScalableTargets", "ScalingPolicies"])
def test_a_list_that_says_all_needs_no_description(key: str) -> None:
    entry = {"ResourceId": "endpoint/e/variant/v", "ScalableDimension": "d", "ServiceNamespace": "sagemaker"}
    found = only(
        read({key: [{**entry, "PolicyName": "p", "PolicyARN": "arn:aws:autoscaling:eu-west-1:1:p", "MinCapacity": 1}]})
    )
    assert found.properties["ResourceId"] == "endpoint/e/variant/v"


def test_answers_may_stand_in_an_array_or_one_to_a_line() -> None:
    array = read(MODEL, CONFIG)
    lines = read_export("\n".join(json.dumps(answer) for answer in (MODEL, CONFIG)), "answers.jsonl")
    assert [r.id for r in array.resources] == [r.id for r in lines.resources]
    assert [r.origin.locate(()).line for r in lines.resources] == [2, 1]


def test_a_resource_is_found_on_the_line_of_its_arn() -> None:
    text = json.dumps([CONFIG, MODEL], indent=2)
    places = {r.name: r.origin.locate(()).line for r in read_export(text, "answers.json").resources}
    lines = text.splitlines()
    assert all('Arn": "arn:aws' in lines[line - 1] for line in places.values())


def test_what_is_not_known_beside_what_is_gets_said() -> None:
    snapshot = read(MODEL, {"VpcId": "vpc-1"})
    assert len(snapshot.resources) == len(snapshot.problems) == 1


def test_an_empty_list_is_an_answer() -> None:
    assert read({"Models": []}).resources == ()


@pytest.mark.parametrize(
    "value",
    [
        {"Resources": {"Model": {"Type": "AWS::SageMaker::Model", "Properties": {"ModelName": "m"}}}},
        {"ModelName": "m", "ModelArn": 3},
        {"Models": "many"},
        {"Models": [{"modelName": "bedrock"}]},
        {},
        [],
        None,
        "text",
        b"\xff\xfe",
        b"\x1f\x8bnot packed",
        "[" * 100_000,
    ],
)
def test_what_is_something_else_is_left_alone(value: Any) -> None:
    assert not looks_like_export(value)
    with pytest.raises(SourceError):
        read_export(value if isinstance(value, str | bytes) else json.dumps(value), "other.json")


def test_our_own_snapshot_is_an_export_too() -> None:
    stream = io.BytesIO()
    resource = Resource("arn", "AWS::SageMaker::Model", {"ModelName": "m"}, Listed(Location("arn")))
    codec.dump(Snapshot(SourceKind.LIVE, "aws://1/eu-west-1", (resource,)), stream, compress=True)
    assert looks_like_export(stream.getvalue())
    assert read_export(stream.getvalue(), "s.jsonl.gz").kind is SourceKind.LIVE


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(
                    [*MODEL, *NOTEBOOK, *DETAILS, "Models", "Buckets", "Functions", "MetricAlarms", "Configuration"]
                ),
                inner,
                max_size=6,
            )
        ),
        max_leaves=15,
    )
)
def test_no_document_makes_it_crash(value: Any) -> None:
    try:
        read_export(json.dumps(value), "fuzz.json")
    except SourceError:
        assert not looks_like_export(value)


@pytest.mark.parametrize("type_", sorted(t for t, c in by_type().items() if c.service == "sagemaker" and c.proofs))
def test_a_proof_is_in_a_description_and_never_in_a_list(type_: str) -> None:
    collector = by_type()[type_]
    proofs = set(collector.proofs or ())
    model = botocore.session.Session().get_service_model("sagemaker")
    assert collector.listing is not None
    listed = model.operation_model(collector.listing.operation).output_shape.members[collector.listing.items].member
    described = model.operation_model(collector.describe[0].operation).output_shape
    assert proofs <= set(described.members)
    assert not proofs & set(listed.members)


def test_an_inference_component_bears_its_endpoints_name_and_is_none() -> None:
    arn = "arn:aws:sagemaker:eu-west-1:123456789012:"
    component = {
        "InferenceComponentName": "c",
        "InferenceComponentArn": f"{arn}inference-component/c",
        "EndpointName": "e",
        "EndpointArn": f"{arn}endpoint/e",
        "Specification": {"ModelName": "m"},
    }
    (found,) = read_export(json.dumps(component), "c.json").resources
    assert (found.type, found.name) == ("AWS::SageMaker::InferenceComponent", "c")


@pytest.mark.parametrize("kind", ["data-quality", "model-quality", "model-bias", "model-explainability"])
def test_a_listed_job_definition_is_of_the_kind_that_its_arn_says(kind: str) -> None:
    entry = {
        "MonitoringJobDefinitionName": "j",
        "MonitoringJobDefinitionArn": f"arn:aws:sagemaker:eu-west-1:123456789012:{kind}-job-definition/j",
    }
    (found,) = read_export(json.dumps({"JobDefinitionSummaries": [entry]}), "l.json").resources
    assert found.type == f"AWS::SageMaker::{kind.title().replace('-', '')}JobDefinition"
    assert isinstance(found.properties, Unknown)


def test_what_a_second_call_would_have_told_is_unknown_in_the_answer_of_the_first() -> None:
    arn = "arn:aws:sagemaker:eu-west-1:123456789012:model-package-group/g"
    group = {"ModelPackageGroupName": "g", "ModelPackageGroupArn": arn, "CreatedBy": {}}
    (found,) = read_export(json.dumps(group), "g.json").resources
    assert isinstance(found.properties, dict)
    assert isinstance(found.properties["ModelPackageGroupPolicy"], Unknown)


def test_reading_an_export_opens_no_door_to_aws() -> None:
    imported = "print(sorted({'boto3', 'botocore', 'moto'} & sys.modules.keys()))"
    code = f"import sys, wa_lint.sources.export.export_reader; {imported}"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.strip() == "[]"
