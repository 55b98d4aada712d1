"""What facts about buckets and stores say where something is refused, not read, or decided by a condition."""

from __future__ import annotations

from typing import Any

import pytest

from wa_lint import packs
from wa_lint.engine import lint
from wa_lint.model import Finding, Gap, Listed, Location, Outcome, Resource, Scope, Snapshot, SourceKind
from wa_lint.schema import types
from wa_lint.sources.template import read_template

ACCOUNT, REGION = "123456789012", "eu-west-1"
BLOCK = "AWS::S3::AccountPublicAccessBlock"
EVERYONE = {"Grantee": {"URI": "http://acs.amazonaws.com/groups/global/AllUsers"}, "Permission": "READ"}


def live(id_: str, type_: str, properties: Any, observed: Any = None) -> Resource:
    name = id_.rpartition("/")[2].rpartition(":")[2]
    return Resource(
        id_,
        type_,
        properties,
        Listed(Location(id_)),
        name=name,
        account=ACCOUNT,
        region=REGION,
        observed=observed or {},
    )


def account(*resources: Resource, without: str = "", gaps: tuple[Gap, ...] = ()) -> Snapshot:
    model = live(
        f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:model/m",
        "AWS::SageMaker::Model",
        {"PrimaryContainer": {"ModelDataUrl": "s3://data/m.tar.gz"}},
    )
    whole = frozenset(Scope(t, ACCOUNT, r) for t in types() if t != without for r in (REGION, None))
    return Snapshot(SourceKind.LIVE, "account", (model, *resources), complete=whole, gaps=gaps)


def found(rule_id: str, snapshot: Snapshot, id_: str) -> Finding:
    (rule,) = (rule for rule in packs.built_in() if rule.info.id == rule_id)
    return next(finding for finding in lint(snapshot, [rule], "2026-11-23").findings if finding.resource.id == id_)


OPEN_BUCKET = live("arn:aws:s3:::data", "AWS::S3::Bucket", {"BucketName": "data"}, {"Grants": [EVERYONE]})


def test_an_account_block_that_was_refused_leaves_a_public_list_unknown() -> None:
    gap = Gap(Scope(BLOCK, ACCOUNT), "AccessDenied: s3control:GetPublicAccessBlock")
    finding = found("bucket-public", account(OPEN_BUCKET, without=BLOCK, gaps=(gap,)), OPEN_BUCKET.id)
    assert finding.outcome is Outcome.UNKNOWN
    assert "s3control:GetPublicAccessBlock" in finding.message


def test_an_account_block_that_nobody_read_is_assumed_to_be_off() -> None:
    finding = found("bucket-public", account(OPEN_BUCKET, without=BLOCK), OPEN_BUCKET.id)
    assert finding.outcome is Outcome.FAIL
    assert any("Block Public Access" in text for text in finding.assumes)


def test_an_account_without_a_block_needs_no_assumption() -> None:
    finding = found("bucket-public", account(OPEN_BUCKET), OPEN_BUCKET.id)
    assert (finding.outcome, tuple(finding.assumes)) == (Outcome.FAIL, ())


USED = """
  Role:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Statement: [{Effect: Allow, Principal: {Service: sagemaker.amazonaws.com}, Action: 'sts:AssumeRole'}]
      Policies:
        - PolicyName: p
          PolicyDocument: {Statement: [{Effect: Allow, Action: 'dynamodb:GetItem', Resource: !GetAtt Table.Arn}]}
  Table:
    Type: AWS::DynamoDB::Table
    Properties: {KeySchema: []}
"""


@pytest.mark.parametrize(
    ("said", "outcome"),
    [
        ("    DeletionPolicy: Retain\n    UpdateReplacePolicy: Retain\n", Outcome.PASS),
        ("    DeletionPolicy: RetainExceptOnCreate\n    UpdateReplacePolicy: Retain\n", Outcome.PASS),
        ("    DeletionPolicy: Retain\n", Outcome.FAIL),
        ("    DeletionPolicy: Delete\n    UpdateReplacePolicy: Retain\n", Outcome.FAIL),
        ("    DeletionPolicy: !Ref Keep\n    UpdateReplacePolicy: Retain\n", Outcome.UNKNOWN),
        ("    DeletionPolicy: !If [Prod, Retain, Retain]\n    UpdateReplacePolicy: Retain\n", Outcome.PASS),
    ],
)
def test_what_outlives_its_stack_is_said_beside_the_properties(said: str, outcome: Outcome) -> None:
    head = "Transform: AWS::LanguageExtensions\nParameters: {Keep: {Type: String}, Stage: {Type: String}}\n"
    text = f"{head}Conditions: {{Prod: !Equals [!Ref Stage, prod]}}\nResources:{USED}{said}"
    assert found("data-store-deleted-with-stack", read_template(text.encode(), "t.yaml"), "Table").outcome is outcome
