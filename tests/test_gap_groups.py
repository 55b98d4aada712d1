"""What was not read of accounts is one line for each service and region, under its cause."""

from __future__ import annotations

import json

import pytest

from wa_lint.model import Gap, Input, Report, Scope
from wa_lint.reporters import RenderOptions, reporter
from wa_lint.reporters.gap_groups import grouped

ACCOUNT = "111122223333"


def gap(type_: str, reason: str, grant: str | None = None, region: str | None = "eu-west-1") -> Gap:
    return Gap(Scope(type_, ACCOUNT, region), reason, grant)


REFUSED = [
    gap(f"AWS::SageMaker::{name}", f"AccessDenied: sagemaker:List{name}s", f"sagemaker:List{name}s")
    for name in ("App", "Endpoint", "Model", "Project", "Space", "Domain")
]
GAPS = (
    *REFUSED,
    gap("AWS::IAM::Role", "AccessDenied: iam:ListRoles", "iam:ListRoles", None),
    gap(
        "AWS::Bedrock::Agent", "AccessDenied: bedrock-agent:ListAgents, by an explicit deny in a service control policy"
    ),
    gap("AWS::Bedrock::Flow", "AccessDenied: bedrock-agent:ListFlows, by no service control policy that allows it"),
    gap("AWS::Lambda::Function", "Throttled: lambda:ListFunctions (for 3 of 9)"),
    gap("AWS::SageMaker::Model", "UnrecognizedClientException: sagemaker:ListModels", region="ap-east-1"),
    gap("AWS::KMS::Key", "Oddity: kms:ListKeys"),
)


def text(verbose: bool = False, width: int = 80) -> list[str]:
    report = Report((), (), inputs=(Input("aws://x", "live", "judged", None, 1),), gaps=GAPS)
    return reporter("text")(report, RenderOptions(verbose=verbose, width=width)).splitlines()


def test_each_service_and_region_has_a_line_below_its_cause() -> None:
    lines = text()
    start = lines.index("Not fully read (12; -v lists them)")
    assert lines[start + 1 : start + 13] == [
        "  denied by a policy of the organization (SCP): no permission of IAM lifts it",
        f"    - Bedrock, {ACCOUNT} eu-west-1: Agent, Flow",
        "  refused by IAM: grant these, or what `wa-lint iam-policy` prints",
        f"    - IAM, {ACCOUNT} global: iam:ListRoles",
        f"    - SageMaker, {ACCOUNT} eu-west-1: sagemaker:ListApps +5",
        "  throttled by AWS: scan again, or with a lower --max-rps",
        f"    - Lambda, {ACCOUNT} eu-west-1: Function",
        "  the region is not enabled for the account: enable it, or leave it out with",
        "  --region",
        f"    - SageMaker, {ACCOUNT} ap-east-1: Model",
        "  Oddity",
        f"    - KMS, {ACCOUNT} eu-west-1: Key",
    ]


@pytest.mark.parametrize("width", [40, 60, 80, 120])
def test_no_line_is_longer_than_the_terminal(width: int) -> None:
    assert all(len(line) <= width or line.strip().count(" ") < 5 for line in text(width=width))


def test_in_full_every_listing_has_its_line_and_so_has_json() -> None:
    assert sum("Grant" in line or "grant" in line.lower() for line in text(verbose=True)) >= 7
    report = Report((), (), inputs=(Input("aws://x", "live", "judged", None, 1),), gaps=GAPS)
    assert len(json.loads(reporter("json")(report, RenderOptions()))["gaps"]) == len(GAPS)


def test_every_gap_of_an_account_is_in_one_group() -> None:
    names = [name for _, groups in grouped(GAPS) for group in groups for name in group.names]
    assert len(names) == len(GAPS)
