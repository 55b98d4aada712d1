"""Every dated file says where it is from, which version and when; and what it says of IAM is AWS's."""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from wa_lint.policy import actions
from wa_lint.policy.actions import Action

DATA = Path(__file__).parents[1] / "wa_lint" / "data"

OURS = sorted(
    path
    for path in (*DATA.glob("*.json"), *DATA.glob("schemas/*.json"))
    if path.name not in {"carried.json", "collectors.json"}  # of the live source, and tested there
)


@cache
def read(name: str) -> Any:
    return json.loads((DATA / name).read_text(encoding="utf-8"))


@pytest.mark.parametrize("path", OURS, ids=lambda path: path.stem)
def test_a_file_says_its_source_version_and_date(path: Path) -> None:
    document = json.loads(path.read_text(encoding="utf-8"))
    assert document["source"]
    assert document["version"]
    assert re.fullmatch(r"20\d\d-\d\d-\d\d", document["date"])


def test_the_data_stays_small() -> None:
    assert sum(path.stat().st_size for path in OURS) < 2_700_000


@pytest.mark.parametrize(
    "action",
    [
        "ecr:getauthorizationtoken",
        "xray:puttracesegments",
        "codepipeline:putjobsuccessresult",
        "s3:listallmybuckets",
        "cloudwatch:putmetricdata",
        "sts:getcalleridentity",
        "sagemaker:listendpoints",
        "ec2:describevpcs",
    ],
)
def test_some_actions_take_no_resource(action: str) -> None:
    assert not found(action).arns


@pytest.mark.parametrize(
    "action",
    [
        "s3:getobject",
        "sagemaker:createtrainingjob",
        "iam:passrole",
        "kms:decrypt",
        "logs:createloggroup",
        "sts:assumerole",
    ],
)
def test_other_actions_do(action: str) -> None:
    assert found(action).arns


def found(action: str) -> Action:
    known = actions.find(action)
    assert known is not None
    return known


_LATER = ("eks-auth:AssumeRoleForPodIdentity", "aps:QueryMetrics", "bedrock-agentcore:InvokeGateway")


@pytest.mark.parametrize("action", _LATER)
def test_services_that_came_later_are_listed(action: str) -> None:
    assert found(action).name == action


@pytest.mark.parametrize(
    ("action", "level"),
    [
        ("iam:PassRole", "P"),
        ("s3:PutBucketPolicy", "P"),
        ("ec2:TerminateInstances", "W"),
        ("s3:GetObject", "R"),
        ("sagemaker:ListEndpoints", "L"),
        ("sagemaker:AddTags", "T"),
    ],
)
def test_actions_have_the_access_level_of_the_reference(action: str, level: str) -> None:
    assert found(action).level == level


def test_only_two_managed_policies_make_an_administrator() -> None:
    policies = read("managed_policies.json")["policies"]
    assert {n for n, p in policies.items() if p.get("administrator")} == {"AdministratorAccess", "IAMFullAccess"}


def test_broad_and_narrow_managed_policies_are_told_apart() -> None:
    policies = read("managed_policies.json")["policies"]
    for name in ("AmazonSageMakerFullAccess", "AmazonS3FullAccess", "PowerUserAccess", "AmazonPersonalizeFullAccess"):
        assert policies[name]["broad"]
    for name in ("AWSLambdaBasicExecutionRole", "AmazonSageMakerReadOnly", "AmazonSageMakerGroundTruthExecution"):
        assert "broad" not in policies[name]
    assert policies["BedrockAgentCoreFullAccess"]["broad"], "by the ARNs of all of its resources"
    assert "broad" not in policies["AmazonSageMakerCanvasFullAccess"], "its name says more than it grants"
    assert policies["AmazonS3ReadOnlyAccess"]["reads"] == ["s3", "s3-object-lambda"]


def test_statements_are_kept_in_one_form_for_known_policies() -> None:
    policies = read("managed_policies.json")["policies"]
    for name, statements in read("managed_statements.json")["policies"].items():
        assert name in policies
        for statement in statements:
            assert statement["Effect"] in {"Allow", "Deny"}
            parts = [statement[key] for key in ("Action", "NotAction", "Resource", "NotResource") if key in statement]
            assert len(parts) == 2
            assert all(isinstance(part, list) for part in parts)


def test_of_every_managed_policy_its_statements_are_known_or_its_services() -> None:
    policies, statements = read("managed_policies.json")["policies"], read("managed_statements.json")["policies"]
    assert {name for name, one in policies.items() if "allows" in one} == policies.keys() - statements.keys()
    for name in ("AmazonEC2FullAccess", "AWSXrayWriteOnlyAccess", "AmazonECSTaskExecutionRolePolicy"):
        assert name in statements
    assert policies["ReadOnlyAccess"]["allows"].split().count("sagemaker") == 1
