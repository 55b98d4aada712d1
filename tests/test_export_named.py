"""Answers of the AWS CLI that say whose they are, and those that do not. The answers are made up."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import botocore.session
import pytest
import yaml
from botocore import xform_name

from wa_lint import engine, packs
from wa_lint.document import read_document
from wa_lint.errors import ConfigError, SourceError
from wa_lint.model import Report, Resource, Unknown
from wa_lint.sources.export.answer_table import INLINE, KNOWN, UNNAMED
from wa_lint.sources.export.as_option import NamedAnswer, commands, parse, read_said, unread
from wa_lint.sources.export.export_reader import looks_like_export, read_export
from wa_lint.sources.live.collectors import all_collectors

WaLint = Callable[..., Any]

RULES = packs.load()

ACCOUNT, REGION = "111122223333", "eu-west-1"
IAM = f"arn:aws:iam::{ACCOUNT}:"
TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}],
}
ALL = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
ROLE = {
    "Path": "/",
    "RoleName": "worker",
    "RoleId": "AROAAAAAAAAAAAAAAAAAA",
    "Arn": IAM + "role/worker",
    "CreateDate": "2026-01-01T00:00:00+00:00",
    "AssumeRolePolicyDocument": TRUST,
}
USER = {"Path": "/", "UserName": "ci", "UserId": "AIDAAAAAAAAAAAAAAAAAA", "Arn": IAM + "user/ci"}
FUNCTION = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:f"


def read(answer: Any) -> tuple[Resource, ...]:
    assert looks_like_export(answer)
    return read_export(json.dumps(answer), "answer.json").resources


def only(answer: Any) -> Resource:
    (found,) = read(answer)
    return found


def properties(resource: Resource) -> Any:
    return resource.properties


def report(answer: Any) -> Report:
    return engine.lint(read_export(json.dumps(answer), "answer.json"), RULES, "2026-11-23")


def outcomes(answer: Any, rule: str) -> set[str]:
    return {f.outcome.value for f in report(answer).findings if f.rule.id == rule}


# --- they say whose they are ------------------------------------------------------------------------

NAMED: list[tuple[Any, str, str | None, str | None]] = [
    ({"Role": ROLE}, "AWS::IAM::Role", ACCOUNT, None),
    ({"Roles": [ROLE]}, "AWS::IAM::Role", ACCOUNT, None),
    ({"User": USER}, "AWS::IAM::User", ACCOUNT, None),
    ({"Users": [USER]}, "AWS::IAM::User", ACCOUNT, None),
    ({"Groups": [{"GroupName": "g", "GroupId": "AGPA", "Arn": IAM + "group/g"}]}, "AWS::IAM::Group", ACCOUNT, None),
    ({"RoleName": "w", "PolicyName": "p", "PolicyDocument": ALL}, "AWS::IAM::RolePolicy", None, None),
    ({"UserName": "w", "PolicyName": "p", "PolicyDocument": ALL}, "AWS::IAM::UserPolicy", None, None),
    ({"GroupName": "w", "PolicyName": "p", "PolicyDocument": ALL}, "AWS::IAM::GroupPolicy", None, None),
    (
        {"PolicyVersion": {"Document": ALL, "VersionId": "v2", "IsDefaultVersion": True}},
        "AWS::IAM::ManagedPolicy",
        None,
        None,
    ),
    (
        {"FunctionUrl": "https://x.on.aws/", "FunctionArn": FUNCTION, "AuthType": "NONE"},
        "AWS::Lambda::Url",
        ACCOUNT,
        REGION,
    ),
    (
        {"id": "a1", "name": "api", "createdDate": "2026-01-01", "endpointConfiguration": {"types": ["REGIONAL"]}},
        "AWS::ApiGateway::RestApi",
        None,
        None,
    ),
    (
        {
            "items": [
                {
                    "id": "a1",
                    "name": "api",
                    "createdDate": "2026-01-01",
                    "endpointConfiguration": {"types": ["PRIVATE"]},
                }
            ]
        },
        "AWS::ApiGateway::RestApi",
        None,
        None,
    ),
    (
        {
            "Items": [
                {
                    "ApiId": "a1",
                    "ApiEndpoint": f"https://a1.execute-api.{REGION}.amazonaws.com",
                    "Name": "api",
                    "ProtocolType": "HTTP",
                }
            ]
        },
        "AWS::ApiGatewayV2::Api",
        None,
        REGION,
    ),
    (
        {
            "ScalableTargets": [
                {
                    "ServiceNamespace": "sagemaker",
                    "ResourceId": "endpoint/e/variant/v",
                    "ScalableDimension": "sagemaker:variant:DesiredInstanceCount",
                    "MinCapacity": 1,
                    "RoleARN": IAM + "role/aws-service-role/x",
                    "ScalableTargetARN": f"arn:aws:application-autoscaling:{REGION}:{ACCOUNT}:scalable-target/1",
                }
            ]
        },
        "AWS::ApplicationAutoScaling::ScalableTarget",
        ACCOUNT,
        REGION,
    ),
    (
        {
            "guardrailArn": f"arn:aws:bedrock:{REGION}:{ACCOUNT}:guardrail/g1",
            "guardrailId": "g1",
            "name": "g",
            "blockedInputMessaging": "no",
        },
        "AWS::Bedrock::Guardrail",
        ACCOUNT,
        REGION,
    ),
    (
        {
            "agent": {
                "agentArn": f"arn:aws:bedrock:{REGION}:{ACCOUNT}:agent/A",
                "agentId": "A",
                "agentResourceRoleArn": IAM + "role/a",
            }
        },
        "AWS::Bedrock::Agent",
        ACCOUNT,
        REGION,
    ),
    (
        {
            "stateMachineArn": f"arn:aws:states:{REGION}:{ACCOUNT}:stateMachine:m",
            "name": "m",
            "definition": "{}",
            "roleArn": IAM + "role/m",
        },
        "AWS::StepFunctions::StateMachine",
        ACCOUNT,
        REGION,
    ),
    (
        {"KeyMetadata": {"KeyId": "k", "Arn": f"arn:aws:kms:{REGION}:{ACCOUNT}:key/k", "KeyManager": "CUSTOMER"}},
        "AWS::KMS::Key",
        ACCOUNT,
        REGION,
    ),
]


@pytest.mark.parametrize(("answer", "type_", "account", "region"), NAMED)
def test_an_answer_is_known_by_its_shape_and_stands_where_its_arns_say(
    answer: Any, type_: str, account: str | None, region: str | None
) -> None:
    found = only(answer)
    assert (found.type, found.account, found.region) == (type_, account, region)
    assert isinstance(found.properties, dict)


@pytest.mark.parametrize("answer", [answer for answer, *_ in NAMED])
def test_an_answer_may_be_yaml(answer: Any) -> None:
    text = yaml.safe_dump(answer)
    assert looks_like_export(read_document(text, "answer.yaml").value)
    (found,) = read_export(text, "answer.yaml").resources
    assert (found.id, found.type) == (only(answer).id, only(answer).type)


def test_what_a_role_may_do_is_not_in_get_role() -> None:
    assert outcomes({"Role": ROLE}, "role-administrator") == {"unknown"}
    assert outcomes({"Role": ROLE}, "role-trusts-everyone") == {"fail"}
    assert outcomes({"Roles": [ROLE]}, "role-trusts-everyone") == {"fail"}


def test_a_user_of_get_user_may_have_policies() -> None:
    assert outcomes({"User": USER}, "user-with-inline-policy") == {"unknown"}


@pytest.mark.parametrize("kind", ["Role", "User", "Group"])
def test_an_inline_policy_is_judged_as_what_it_grants(kind: str) -> None:
    answer = {f"{kind}Name": "x", "PolicyName": "p", "PolicyDocument": ALL}
    assert outcomes(answer, "role-administrator") == {"fail"}
    assert only(answer).id == "x?policy=p"


def test_a_version_of_a_policy_is_judged_as_what_it_grants() -> None:
    one = {"PolicyVersion": {"Document": ALL, "VersionId": "v1", "IsDefaultVersion": True}}
    other = {"PolicyVersion": {"Document": {**ALL, "Statement": []}, "VersionId": "v1", "IsDefaultVersion": True}}
    assert outcomes(one, "role-administrator") == {"fail"}
    assert len(read([one, other])) == 2


def bucket_policy(*resources: str) -> Any:
    statement = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": list(resources)}
    return {"Policy": json.dumps({"Statement": [statement]})}


def test_a_bucket_policy_is_of_the_bucket_that_its_statements_name() -> None:
    found = only(bucket_policy("arn:aws:s3:::models", "arn:aws:s3:::models/*"))
    assert (found.type, found.id) == ("AWS::S3::BucketPolicy", "arn:aws:s3:::models?policy")
    assert properties(found)["Bucket"] == "models"


@pytest.mark.parametrize("resources", [("*",), ("arn:aws:s3:::*",), ("arn:aws:s3:::one", "arn:aws:s3:::two"), ()])
def test_a_bucket_policy_that_names_no_one_bucket_is_nobodys(resources: tuple[str, ...]) -> None:
    answer = bucket_policy(*resources)
    assert not looks_like_export(answer)
    assert "--as s3api:get-bucket-policy:BUCKET" in str(unread(answer))


def test_the_policy_of_a_function_is_its_permissions() -> None:
    statements = [
        {
            "Sid": sid,
            "Effect": "Allow",
            "Principal": "*",
            "Action": "lambda:InvokeFunctionUrl",
            "Resource": FUNCTION,
            "Condition": {"StringEquals": {"lambda:FunctionUrlAuthType": "NONE"}},
        }
        for sid in ("one", "two")
    ]
    found = read({"Policy": json.dumps({"Statement": statements}), "RevisionId": "r"})
    assert {(r.type, r.account, r.region) for r in found} == {("AWS::Lambda::Permission", ACCOUNT, REGION)}
    assert [r.name for r in found] == ["one", "two"]
    assert properties(found[0])["FunctionUrlAuthType"] == "NONE"


@pytest.mark.parametrize("cut", ["UserPolicyList", "GroupList"])
def test_details_of_a_user_are_complete_for_its_policies(cut: str) -> None:
    whole: Any = {**USER, "GroupList": [], "UserPolicyList": [], "AttachedManagedPolicies": []}
    answer: Any = {
        "UserDetailList": [{k: v for k, v in whole.items() if k != cut}],
        "GroupDetailList": [],
        "Policies": [],
    }
    assert outcomes(answer, "user-with-inline-policy") == {"pass"}
    whole["UserPolicyList"] = [{"PolicyName": "p", "PolicyDocument": ALL}]
    assert outcomes({**answer, "UserDetailList": [whole]}, "user-with-inline-policy") == {"fail"}


def test_a_truncated_page_of_details_is_complete_for_no_other_user() -> None:
    entry = {**USER, "GroupList": []}
    answer = {"UserDetailList": [entry], "IsTruncated": True, "Marker": "m"}
    assert outcomes(answer, "user-with-inline-policy") == {"pass"}
    assert outcomes(
        [answer, {"Users": [{**USER, "UserName": "b", "Arn": IAM + "user/b"}]}], "user-with-inline-policy"
    ) == {
        "pass",
        "unknown",
    }


# --- they do not ------------------------------------------------------------------------------------

NAMELESS: list[tuple[Any, str]] = [
    ({"Status": "Enabled"}, "s3api:get-bucket-versioning:BUCKET"),
    ({"Status": "Suspended", "MFADelete": "Disabled"}, "s3api:get-bucket-versioning:BUCKET"),
    ({"ServerSideEncryptionConfiguration": {"Rules": []}}, "s3api:get-bucket-encryption:BUCKET"),
    ({"PublicAccessBlockConfiguration": {"BlockPublicAcls": True}}, "s3api:get-public-access-block:BUCKET"),
    ({"LoggingEnabled": {"TargetBucket": "b"}}, "s3api:get-bucket-logging:BUCKET"),
    ({"Rules": [{"ID": "a", "Status": "Enabled"}]}, "s3api:get-bucket-lifecycle-configuration:BUCKET"),
    ({"Policy": "{}", "PolicyName": "default"}, "kms:get-key-policy:KEY"),
    ({"KeyRotationEnabled": True}, "kms:get-key-rotation-status:KEY"),
    (
        {"loggingConfig": {"textDataDeliveryEnabled": True}},
        "bedrock:get-model-invocation-logging-configuration:ACCOUNT/REGION",
    ),
    ({"Items": [{"RouteId": "r", "RouteKey": "GET /"}]}, "apigatewayv2:get-routes:API"),
    ({"items": [{"id": "r", "path": "/"}]}, "apigateway:get-resources:API"),
]


@pytest.mark.parametrize(("answer", "how"), NAMELESS)
def test_an_answer_that_does_not_say_whose_it_is_says_what_to_do(
    answer: Any, how: str, wa_lint: WaLint, tmp_path: Path
) -> None:
    (tmp_path / "a.json").write_text(json.dumps(answer), "utf-8")
    run = wa_lint("check", "a.json", "-o", "json")
    (entry,) = run.report["inputs"]
    assert (run.code, entry["status"]) == (3, "skipped")
    assert entry["reason"].endswith(f"--as {how}")


def said(answer: Any, text: str) -> tuple[Resource, ...]:
    return read_said(json.dumps(answer).encode(), "a.json", parse(text)).resources


@pytest.mark.parametrize(("answer", "how"), NAMELESS)
def test_it_is_read_where_somebody_says_it(answer: Any, how: str) -> None:
    command = ":".join(how.split(":")[:2])
    name = "111122223333/eu-west-1" if how.endswith("REGION") else "thing"
    found = said(answer, f"{command}:{name}")
    assert {r.type for r in found} == {commands()[command.replace(":", " ")]}


def test_a_part_of_a_bucket_leaves_the_rest_unknown() -> None:
    (found,) = said({"Status": "Enabled"}, "s3api:get-bucket-versioning:models")
    assert (found.id, properties(found)["BucketName"]) == ("arn:aws:s3:::models", "models")
    assert properties(found)["VersioningConfiguration"] == {"Status": "Enabled"}
    assert isinstance(properties(found)["BucketEncryption"], Unknown)
    assert isinstance(properties(found)["PublicAccessBlockConfiguration"], Unknown)


@pytest.mark.parametrize("content", ["", "{}", "\n"])
def test_nothing_is_an_answer_too(content: str) -> None:
    snapshot = read_said(content.encode(), "a.json", parse("s3api:get-bucket-versioning:models"))
    rules = [rule.with_settings({"all_buckets": True}) for rule in RULES]
    found = engine.lint(snapshot, rules, "2026-11-23").findings
    assert {f.outcome.value for f in found if f.rule.id == "bucket-unversioned"} == {"fail"}


def test_an_arn_says_account_and_region() -> None:
    arn = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/k1"
    (found,) = said({"KeyRotationEnabled": False}, f"kms:get-key-rotation-status:{arn}")
    assert (found.account, found.region, found.arn, found.name) == (ACCOUNT, REGION, arn, "k1")
    assert properties(found)["EnableKeyRotation"] is False


def test_the_methods_of_an_api_are_in_its_resources() -> None:
    methods = {"POST": {"httpMethod": "POST", "authorizationType": "NONE", "apiKeyRequired": False}, "GET": {}}
    resource = {"id": "r", "parentId": "0", "path": "/score", "resourceMethods": methods}
    found = {r.name: r for r in said({"items": [resource]}, "apigateway:get-resources:a1")}
    assert properties(found["r/POST"])["RestApiId"] == "a1"
    assert properties(found["r/POST"])["AuthorizationType"] == "NONE"
    assert isinstance(found["r/GET"].properties, Unknown)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("s3api", "is not SERVICE:OPERATION:ID"),
        ("s3api:get-bucket-versioning", "is not SERVICE:OPERATION:ID"),
        ("s3api:get-bucket-versioning:", "is not SERVICE:OPERATION:ID"),
        ("s3api:get-bucket-versionin:b", "did you mean 's3api get-bucket-versioning'"),
        ("sns:list-topics:b", "are not read"),
    ],
)
def test_what_cannot_be_said_is_an_error(text: str, problem: str) -> None:
    with pytest.raises(ConfigError, match=problem):
        parse(text)


@pytest.mark.parametrize("content", ["[]", '"x"', '{"Rules": []}', "{"])
def test_an_answer_that_is_not_what_was_said_is_an_error(content: str) -> None:
    with pytest.raises(SourceError):
        read_said(content.encode(), "a.json", NamedAnswer("s3api get-bucket-encryption", "b"))


def test_several_answers_about_one_bucket_are_one_bucket(wa_lint: WaLint, tmp_path: Path) -> None:
    """A reader who saved four answers wants one bucket."""
    answers = {
        "v.json": {"Status": "Enabled"},
        "e.json": {
            "ServerSideEncryptionConfiguration": {
                "Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]
            }
        },
        "p.json": bucket_policy("arn:aws:s3:::models/*"),
    }
    for name, answer in answers.items():
        (tmp_path / name).write_text(json.dumps(answer), "utf-8")
    run = wa_lint(
        "check",
        *answers,
        "--as",
        "s3api:get-bucket-versioning:models=v.json",
        "--as",
        "s3api:get-bucket-encryption:models=e.json",
        "-o",
        "json",
        "--show-all",
        "--all-buckets",
    )
    found = {f["rule"]: f["outcome"] for f in run.report["findings"] if f["resource"]["id"] == "arn:aws:s3:::models"}
    assert found["bucket-unversioned"] == "pass"
    assert {entry["status"] for entry in run.report["inputs"]} == {"judged"}


@pytest.mark.parametrize("arguments", [("a.json", "b.json"), ()])
def test_of_several_files_it_must_name_one(wa_lint: WaLint, tmp_path: Path, arguments: tuple[str, ...]) -> None:
    for name in ("a.json", "b.json"):
        (tmp_path / name).write_text("{}", "utf-8")
    run = wa_lint("check", *arguments, "--as", "s3api:get-bucket-versioning:models")
    assert run.code == 2
    assert "add =FILE" in run.err
    run = wa_lint("check", *arguments, "--as", "s3api:get-bucket-versioning:models=c.json")
    assert run.code == 2
    assert "c.json is not among them" in run.err


def test_what_is_not_read_is_named(wa_lint: WaLint, tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(json.dumps({"Topics": []}), "utf-8")
    (entry,) = wa_lint("check", "a.json", "-o", "json").report["inputs"]
    assert "sns list-topics, which wa-lint does not read" in entry["reason"]


# --- the tables -------------------------------------------------------------------------------------


SESSION = botocore.session.get_session()


@cache
def _model(service: str) -> Any:
    return SESSION.get_service_model(service)


@cache
def _shape(command: str) -> Any:
    service, _, operation = command.partition(" ")
    client = _model({"s3api": "s3"}.get(service, service))
    names = {xform_name(name, "-"): name for name in client.operation_names}
    return client.operation_model(names[operation]).output_shape


def _members(shape: Any, holder: str) -> set[str]:
    held = shape.members[holder] if holder else shape
    held = held.member if held.type_name == "list" else held
    return set(held.members) if held.type_name == "structure" else set()


def _cases() -> Iterator[Any]:
    yield from (pytest.param(k.command, k.holder, k.has, id=k.command) for k in KNOWN)
    yield from (pytest.param(i.command, "", (i.holder, "PolicyName", "PolicyDocument"), id=i.command) for i in INLINE)
    yield from (pytest.param(u.command, "", (*u.has, *u.only), id=u.command) for u in UNNAMED)
    yield from (pytest.param(u.command, u.has[0], u.inner, id=f"{u.command}, inside") for u in UNNAMED if u.inner)


@pytest.mark.parametrize(("command", "holder", "has"), list(_cases()))
def test_every_member_of_the_table_is_one_of_the_answer(command: str, holder: str, has: tuple[str, ...]) -> None:
    assert set(has) <= _members(_shape(command), holder)


@pytest.mark.parametrize("command", sorted(commands()))
def test_every_command_is_one_of_the_aws_cli(command: str) -> None:
    assert _shape(command)


def test_every_type_of_the_table_has_a_collector_and_every_nameless_answer_can_be_said() -> None:
    assert {known.type for known in KNOWN} <= {collector.type for collector in all_collectors()}
    assert {unnamed.command for unnamed in UNNAMED} <= set(commands())
