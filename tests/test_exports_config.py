"""AWS Config: files, answers, query results. Made up, in the shapes of its guide and botocore's model."""

from __future__ import annotations

import gzip
import json
import urllib.parse
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wa_lint import schema
from wa_lint.model import Scope, Snapshot, SourceKind, Unknown
from wa_lint.sources.export.aws_config_types import CAMEL, COVERS, NAMES
from wa_lint.sources.export.export_reader import looks_like_export, read_export
from wa_lint.sources.live import collectors

ACCOUNT, REGION = "123456789012", "eu-west-1"
ARN = f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:"
TRUST = {"Statement": [{"Effect": "Allow", "Principal": {"Service": "sagemaker.amazonaws.com"}}]}


def item(type_: str, configuration: Any, arn: str, **more: Any) -> dict[str, Any]:
    """Return a configuration item as delivered files have it."""
    return {
        "configurationItemVersion": "1.3",
        "configurationItemCaptureTime": "2026-11-01T10:00:00.000Z",
        "configurationItemStatus": "OK",
        "configurationStateId": 1,
        "awsAccountId": ACCOUNT,
        "awsRegion": REGION,
        "ARN": arn,
        "resourceType": type_,
        "resourceId": arn.rpartition("/")[2],
        "resourceName": arn.rpartition("/")[2],
        "tags": {},
        "relationships": [],
        "configuration": configuration,
        "supplementaryConfiguration": {},
        **more,
    }


def as_answer(found: dict[str, Any]) -> dict[str, Any]:
    """Return the item as the API spells it: objects as texts, other names."""
    renamed = {"awsAccountId": "accountId", "ARN": "arn", "configurationItemVersion": "version"}
    spelled = {renamed.get(key, key): value for key, value in found.items()}
    beside = {key: json.dumps(value) for key, value in found["supplementaryConfiguration"].items()}
    configuration = json.dumps(found["configuration"])
    return {**spelled, "configuration": configuration, "supplementaryConfiguration": beside}


def delivered(*items: Any) -> dict[str, Any]:
    return {"fileVersion": "1.0", "configSnapshotId": "1", "configurationItems": list(items)}


NOTEBOOK = item(
    "AWS::SageMaker::NotebookInstance",
    {"NotebookInstanceName": "notes", "DirectInternetAccess": "Enabled", "VolumeSizeInGB": 5, "Id": ARN + "x"},
    ARN + "notebook-instance/notes",
    tags={"team": "ml"},
)
CONFIG = item(
    "AWS::SageMaker::EndpointConfig",
    {
        "EndpointConfigName": "serve",
        "ProductionVariants": [{"VariantName": "blue", "ModelName": "churn", "InitialInstanceCount": 1}],
    },
    ARN + "endpoint-config/serve",
)
FEATURES = item(
    "AWS::SageMaker::FeatureGroup",
    {"FeatureGroupName": "f", "OfflineStoreConfig": {"S3StorageConfig": {"S3Uri": "s3://b/"}}},
    ARN + "feature-group/f",
)
ROLE = item(
    "AWS::IAM::Role",
    {
        "path": "/",
        "roleName": "worker",
        "roleId": "AROA",
        "assumeRolePolicyDocument": urllib.parse.quote(json.dumps(TRUST)),
        "instanceProfileList": [],
        "rolePolicyList": [
            {"policyName": "all", "policyDocument": urllib.parse.quote('{"Statement": [{"Action": "*"}]}')}
        ],
        "attachedManagedPolicies": [{"policyName": "p", "policyArn": f"arn:aws:iam::{ACCOUNT}:policy/p"}],
        "permissionsBoundary": None,
        "tags": [],
    },
    f"arn:aws:iam::{ACCOUNT}:role/worker",
    awsRegion="global",
)
POLICY = item(
    "AWS::IAM::Policy",
    {
        "policyName": "p",
        "policyVersionList": [
            {"document": "%7B%22Statement%22%3A%5B%22old%22%5D%7D", "isDefaultVersion": False},
            {"document": "%7B%22Statement%22%3A%5B%22new%22%5D%7D", "isDefaultVersion": True},
        ],
    },
    f"arn:aws:iam::{ACCOUNT}:policy/p",
    awsRegion="global",
)
BUCKET = item(
    "AWS::S3::Bucket",
    {"name": "data", "owner": {"id": "o"}, "creationDate": "2026-01-01"},
    "arn:aws:s3:::data",
    resourceName="data",
    supplementaryConfiguration={
        "AccessControlList": '"{}"',
        "BucketLoggingConfiguration": {"destinationBucketName": None, "logFilePrefix": None},
        "BucketPolicy": {"policyText": '{"Statement": [{"Effect": "Allow", "Principal": "*"}]}'},
        "BucketVersioningConfiguration": {"status": "Off", "isMfaDeleteEnabled": None},
        "ServerSideEncryptionConfiguration": {
            "rules": [
                {
                    "applyServerSideEncryptionByDefault": {"sseAlgorithm": "aws:kms", "kmsMasterKeyID": "arn:key"},
                    "bucketKeyEnabled": True,
                }
            ]
        },
        "BucketLifecycleConfiguration": {
            "rules": [{"id": "r", "status": "Enabled", "expirationInDays": 3, "transitions": [{"days": 1}]}]
        },
    },
)
FUNCTION = item(
    "AWS::Lambda::Function",
    {
        "functionName": "ask",
        "functionArn": f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:ask",
        "role": f"arn:aws:iam::{ACCOUNT}:role/worker",
        "kmskeyArn": None,
        "vpcConfig": {"subnetIds": ["s-1"], "securityGroupIds": []},
        "layers": [{"arn": "arn:layer", "codeSize": 1}],
    },
    f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:ask",
    supplementaryConfiguration={
        "Policy": json.dumps(
            json.dumps(
                {
                    "Statement": [
                        {
                            "Sid": "open",
                            "Effect": "Allow",
                            "Principal": "*",
                            "Action": "lambda:InvokeFunctionUrl",
                            "Resource": "arn:f",
                        }
                    ]
                }
            )
        )
    },
)
ALL = (NOTEBOOK, CONFIG, FEATURES, ROLE, POLICY, BUCKET)


def read(document: Any) -> Snapshot:
    assert looks_like_export(document)
    return read_export(json.dumps(document, indent=1), "config.json")


def by_type(document: Any) -> dict[str, Any]:
    return {resource.type.rpartition("::")[2]: resource for resource in read(document).resources}


def only(found: dict[str, Any]) -> Any:
    (resource,) = read(delivered(found)).resources
    return resource


def shown(snapshot: Snapshot) -> list[Any]:
    return [(r.id, r.type, r.properties, r.name, r.arn, r.account, r.region) for r in snapshot.resources]


@pytest.mark.parametrize(
    "document",
    [
        {"configurationItems": [as_answer(found) for found in ALL]},
        {"baseConfigurationItems": [as_answer(found) for found in ALL], "unprocessedResourceKeys": []},
        {"BaseConfigurationItems": [as_answer(found) for found in ALL]},
        {
            "Results": [json.dumps(found) for found in ALL],
            "QueryInfo": {"SelectFields": [{"Name": "configuration"}, {"Name": "resourceId"}]},
        },
        list(ALL),
        [{"ConfigurationItem": as_answer(found)} for found in ALL],
    ],
    ids=["history", "batch", "aggregate", "query", "console", "one by one"],
)
def test_however_config_spells_an_item_it_is_one_resource(document: Any) -> None:
    assert shown(read(document)) == shown(read(delivered(*ALL)))


def test_an_export_is_complete_for_nothing_but_what_stands_in_a_role() -> None:
    snapshot = read(delivered(*ALL))
    assert snapshot.kind is SourceKind.EXPORT
    assert snapshot.complete == {Scope("AWS::IAM::Policy", ACCOUNT), Scope("AWS::IAM::RolePolicy", ACCOUNT)}


def test_what_config_can_say_and_does_not_is_absent_and_the_rest_unknown() -> None:
    notebook = only(NOTEBOOK)
    assert (notebook.name, notebook.account, notebook.region) == ("notes", ACCOUNT, REGION)
    assert "KmsKeyId" not in notebook.properties
    assert isinstance(notebook.properties["PlatformIdentifier"], Unknown)
    assert notebook.properties["Tags"] == [{"Key": "team", "Value": "ml"}]
    assert "Id" not in notebook.properties


def test_an_endpoint_configuration_lacks_what_config_does_not_know() -> None:
    config = only(CONFIG).properties
    (variant,) = config["ProductionVariants"]
    assert "KmsKeyId" not in config
    assert "ServerlessConfig" not in variant
    assert isinstance(config["AsyncInferenceConfig"], Unknown)
    assert isinstance(variant["ManagedInstanceScaling"], Unknown)


def test_a_feature_groups_key_is_not_taken_for_missing() -> None:
    store = only(FEATURES).properties["OfflineStoreConfig"]["S3StorageConfig"]
    assert isinstance(store["KmsKeyId"], Unknown)


def test_a_role_has_its_policies_decoded() -> None:
    role = only(ROLE)
    assert role.region is None
    assert role.properties["AssumeRolePolicyDocument"] == TRUST
    assert role.properties["Policies"] == [{"PolicyName": "all", "PolicyDocument": {"Statement": [{"Action": "*"}]}}]
    assert role.properties["ManagedPolicyArns"] == [f"arn:aws:iam::{ACCOUNT}:policy/p"]
    assert "PermissionsBoundary" not in role.properties
    assert isinstance(role.properties["Description"], Unknown)


def test_configs_policy_is_cloudformations_managed_policy() -> None:
    policy = only(POLICY)
    assert policy.type == "AWS::IAM::ManagedPolicy"
    assert policy.properties["PolicyDocument"] == {"Statement": ["new"]}
    assert policy.properties["ManagedPolicyName"] == "p"


def test_a_bucket_is_put_together_of_what_stands_beside_it() -> None:
    found = by_type(delivered(BUCKET))
    bucket = found["Bucket"].properties
    (rule,) = bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    assert rule == {
        "ServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": "arn:key"},
        "BucketKeyEnabled": True,
    }
    assert bucket["LifecycleConfiguration"]["Rules"] == [
        {"Id": "r", "Status": "Enabled", "ExpirationInDays": 3, "Transitions": [{"TransitionInDays": 1}]}
    ]
    assert bucket["BucketName"] == "data"
    assert not {"VersioningConfiguration", "LoggingConfiguration"} & bucket.keys()
    assert isinstance(bucket["PublicAccessBlockConfiguration"], Unknown)
    assert isinstance(bucket["AccessControl"], Unknown)
    assert found["BucketPolicy"].properties["PolicyDocument"]["Statement"][0]["Principal"] == "*"


def test_a_function_has_its_permissions() -> None:
    found = by_type(delivered(FUNCTION))
    function = found["Function"].properties
    assert function["VpcConfig"] == {"SubnetIds": ["s-1"]}
    assert function["Layers"] == ["arn:layer"]
    assert "KmsKeyArn" not in function
    assert isinstance(function["Environment"], Unknown)
    assert found["Permission"].properties["Action"] == "lambda:InvokeFunctionUrl"


def test_an_alarm_and_an_api_lose_nothing_but_their_case() -> None:
    alarm = item(
        "AWS::CloudWatch::Alarm",
        {
            "alarmName": "a",
            "okactions": ["arn:x"],
            "dimensions": [{"name": "EndpointName", "value": "e"}],
            "unit": None,
        },
        "arn:alarm",
    )
    stage = item(
        "AWS::ApiGateway::Stage",
        {"stageName": "prod", "accessLogSettings": {"destinationArn": "arn:log"}, "tracingEnabled": True},
        f"arn:aws:apigateway:{REGION}::/restapis/abc/stages/prod",
    )
    found = by_type(delivered(alarm, stage))
    assert found["Alarm"].properties["OKActions"] == ["arn:x"]
    assert found["Alarm"].properties["Dimensions"] == [{"Name": "EndpointName", "Value": "e"}]
    assert found["Stage"].properties["RestApiId"] == "abc"
    assert found["Stage"].properties["AccessLogSetting"] == {"DestinationArn": "arn:log"}


def test_the_last_of_an_items_states_counts() -> None:
    later = {**NOTEBOOK, "configurationItemCaptureTime": "2026-11-02", "configuration": {"RootAccess": "Disabled"}}
    gone = {**CONFIG, "configurationItemCaptureTime": "2026-11-02", "configurationItemStatus": "ResourceDeleted"}
    (found,) = read(delivered(later, NOTEBOOK, gone, CONFIG)).resources
    assert found.properties["RootAccess"] == "Disabled"  # type: ignore[index] # a dict


def test_what_a_query_did_not_select_is_unknown() -> None:
    row = {
        "resourceType": "AWS::SageMaker::NotebookInstance",
        "resourceId": "n",
        "configuration": {"RootAccess": "Enabled"},
    }
    fields = {"SelectFields": [{"Name": "configuration.RootAccess"}]}
    (found,) = read({"Results": [json.dumps(row)], "QueryInfo": fields}).resources
    known: Any = found.properties
    assert known["RootAccess"] == "Enabled"
    assert known["KmsKeyId"].reason == "the query did not select it"


def test_a_secret_in_an_item_is_masked() -> None:
    model = item(
        "AWS::SageMaker::Model", {"PrimaryContainer": {"Environment": {"HF_TOKEN": "made-up-but"}}}, ARN + "model/m"
    )
    assert "made-up" not in repr(only(model).properties)


def test_a_packed_snapshot_is_read() -> None:
    packed = gzip.compress(json.dumps(delivered(NOTEBOOK)).encode())
    assert looks_like_export(packed)
    assert len(read_export(packed, "s.json.gz").resources) == 1


def test_a_large_snapshot_has_every_resource_on_its_line() -> None:
    many = [{**NOTEBOOK, "ARN": f"{ARN}notebook-instance/n{number}"} for number in range(500)]
    text = json.dumps(delivered(*many), indent=1)
    lines = text.splitlines()
    for resource in read_export(text, "s.json").resources:
        assert f'"{resource.id}"' in lines[resource.origin.locate(()).line - 1]


def test_types_that_nobody_judges_are_left_out() -> None:
    assert read(delivered(item("AWS::EC2::Nothing", {}, "arn:x"))).resources == ()


def test_a_snapshot_of_nothing_is_one() -> None:
    assert read(delivered()).resources == ()
    assert read({"Results": [], "QueryInfo": {"SelectFields": []}}).resources == ()


@pytest.mark.parametrize("type_", sorted(CAMEL))
def test_the_table_names_what_there_is(type_: str) -> None:
    camel, known = CAMEL[type_], NAMES.get(type_, type_)
    assert schema.known(known)
    for path in (*camel.documents, *camel.unset):
        assert schema.property_at(known, path.split(".", 1)[0].removesuffix("[]"))
    for name in (*camel.from_arn.values(), *(new.split(".")[0] for new in camel.renames.values())):
        assert schema.property_at(known, name.removesuffix("[]")), name
    for list_, types in (COVERS[type_],) if type_ in COVERS else ():
        assert set(types) <= set(collectors.by_type()[known].covers)
        assert list_ in camel.renames


def test_what_config_carries_is_dated_and_named_as_cloudformation_does() -> None:
    carried = msgspec.json.decode((schema._FOLDER.parent / "config_carried.json").read_bytes(), type=dict[str, Any])
    assert carried["date"] < "2027"
    assert carried["source"]
    for type_, paths in carried["types"].items():
        for path in paths:
            assert path == "Id" or schema.property_at(type_, tuple(path.split(".")[:1])), f"{type_} {path}"


BITS = st.recursive(
    st.none() | st.booleans() | st.integers(-1, 1) | st.sampled_from(["", "x", "{}", "[", "AWS::S3::Bucket"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    *("name", "rolePolicyList", "policyDocument", "rules", "status", "Policy", "BucketPolicy"),
                    *("policyText", "Statement", "layers", "ProductionVariants", "resourceType", "configuration"),
                ]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(st.sampled_from([*sorted(CAMEL), "AWS::SageMaker::Model"]), BITS, BITS, BITS)
def test_no_item_makes_it_crash(type_: str, configuration: Any, beside: Any, tags: Any) -> None:
    found = item(type_, configuration, "arn:x", supplementaryConfiguration=beside, tags=tags)
    for document in (delivered(found, configuration), {"Results": [configuration, found], "QueryInfo": beside}):
        if looks_like_export(document):
            read_export(json.dumps(document), "fuzz.json")
