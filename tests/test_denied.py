"""What AWS says of a denied call: what denies it, whether a grant would help, and that a region is closed."""

from __future__ import annotations

import datetime as dt
from types import SimpleNamespace
from typing import Any

import boto3
import botocore.session
import pytest
from botocore.exceptions import ClientError

from wa_lint import aws
from wa_lint.demo import modelled
from wa_lint.demo.stub import ACCOUNT, REGION
from wa_lint.model import Gap, Report, Scope, Snapshot, Unknown
from wa_lint.reporters import RenderOptions
from wa_lint.reporters import text as text_reporter
from wa_lint.sources.live.account_reader import read_live
from wa_lint.sources.live.call_plan import Operation
from wa_lint.sources.live.listing import Refused, counted

NOW = dt.datetime(2026, 11, 23, tzinfo=dt.UTC)
WHO = "User: arn:aws:sts::123456789012:assumed-role/audit/x is not authorized to perform: sagemaker:ListModels"
ON = " on resource: arn:aws:sagemaker:eu-west-3:123456789012:*"
LIST_MODELS = Operation("sagemaker", "ListModels", "sagemaker:ListModels")


@pytest.mark.parametrize(
    ("rest", "denied_by"),
    [
        (f"{ON} with an explicit deny in a service control policy", "an explicit deny in a service control policy"),
        (
            f"{ON} with an explicit deny in a service control policy: arn:aws:organizations::1:policy/o-1/service/p-1",
            "an explicit deny in a service control policy",
        ),
        (f"{ON} with an explicit deny in a resource control policy", "an explicit deny in a resource control policy"),
        (f"{ON} with an explicit deny in a permissions boundary", "an explicit deny in a permissions boundary"),
        (f"{ON} with an explicit deny in a resource-based policy", "an explicit deny in a resource-based policy"),
        (f"{ON} with an explicit deny in an identity-based policy", "an explicit deny in an identity-based policy"),
        (f"{ON} with an explicit deny in a VPC endpoint policy", "an explicit deny in a VPC endpoint policy"),
        (f"{ON} with an explicit deny in a session policy", "an explicit deny in a session policy"),
        (
            " because no service control policy allows the sagemaker:ListModels action",
            "no service control policy that allows it",
        ),
        (
            " because no permissions boundary allows the sagemaker:ListModels action",
            "no permissions boundary that allows it",
        ),
        (" because no session policy allows the sagemaker:ListModels action", "no session policy that allows it"),
        (f"{ON} because no identity-based policy allows the sagemaker:ListModels action", ""),
        (f"{ON} because no resource-based policy allows the sagemaker:ListModels action", ""),
        ("", ""),
    ],
)
def test_it_is_told_what_denies_and_a_grant_only_where_one_would_help(rest: str, denied_by: str) -> None:
    refused = Refused(LIST_MODELS, aws.Refusal("AccessDeniedException", WHO + rest))
    assert refused.refusal.denied_by == denied_by
    assert refused.grant == (None if denied_by else "sagemaker:ListModels")
    assert refused.reason == "AccessDenied: sagemaker:ListModels" + (f", by {denied_by}" if denied_by else "")


def test_a_text_of_another_refusal_denies_nothing() -> None:
    assert aws.Refusal("ValidationException", "with an explicit deny in a service control policy").denied_by == ""


def test_refusals_of_one_call_for_two_reasons_are_two_entries() -> None:
    explicit = aws.Refusal("AccessDenied", f"{WHO} with an explicit deny in a resource-based policy")
    several = counted(LIST_MODELS, [aws.Refusal("AccessDenied", WHO), explicit, explicit], 5)
    assert [(one.count, one.grant) for one in several] == [(1, "sagemaker:ListModels"), (2, None)]


# --- a region that is closed ------------------------------------------------------------------------


def read(hook: Any, types: set[str] | None = None) -> Snapshot:
    """Read an account that is made up, where `hook` may raise or answer for a service and an operation."""
    inner = botocore.session.Session()
    session = boto3.Session("testing", "testing", region_name=REGION, botocore_session=inner)

    def answer(model: Any, **_: Any) -> Any:
        found = hook(model.service_model.service_name, model.name)
        return None if found is None else (SimpleNamespace(status_code=200), {**found, "ResponseMetadata": {}})

    session.events.register("before-call", answer)
    modelled.install(session, modelled.Size(items=1, page=1))
    return read_live(session, REGION, types=types, now=NOW, max_rps=1e6)


def closed(service: str, operation: str) -> None:
    """Deny what a policy denies that keeps a region closed: all that is not the same from everywhere."""
    if service not in {"sts", "iam", "budgets", "s3", "s3control"}:
        words = f"{WHO} with an explicit deny in a service control policy"
        raise ClientError({"Error": {"Code": "AccessDeniedException", "Message": words}}, operation)


def test_a_region_that_a_policy_closes_is_said_once() -> None:
    snapshot = read(closed)
    reasons = {gap.reason for gap in snapshot.gaps}
    assert reasons == {"AccessDenied: in this region, by an explicit deny in a service control policy"}
    assert not [gap.grant for gap in snapshot.gaps if gap.grant]
    text = text_reporter.render(Report((), (), gaps=tuple(sorted(snapshot.gaps))), RenderOptions())
    assert text.count("denied by a policy of the organization (SCP)") == 1
    assert "no permission of IAM lifts it" in " ".join(text.split())


def test_a_service_that_a_policy_closes_is_no_region() -> None:
    def only_lambda(service: str, operation: str) -> None:
        if service == "lambda":
            closed(service, operation)

    reasons = {gap.reason for gap in read(only_lambda).gaps}
    assert "AccessDenied: lambda:ListFunctions, by an explicit deny in a service control policy" in reasons
    assert not [reason for reason in reasons if "in this region" in reason]


# --- what is of another account ---------------------------------------------------------------------


@pytest.mark.parametrize(("owner", "is_there"), [("999999999999", True), (ACCOUNT, False)])
def test_a_trail_of_the_organization_is_not_deleted(owner: str, is_there: bool) -> None:
    def hook(service: str, operation: str) -> Any:
        if operation == "DescribeTrails":
            arn = f"arn:aws:cloudtrail:{REGION}:{owner}:trail/all"
            return {"trailList": [{"Name": "all", "TrailARN": arn, "HomeRegion": REGION, "IsOrganizationTrail": True}]}
        if service == "cloudtrail":
            raise ClientError({"Error": {"Code": "TrailNotFoundException", "Message": "Unknown trail"}}, operation)
        return None

    snapshot = read(hook, {"AWS::CloudTrail::Trail"})
    assert [trail.name for trail in snapshot.resources] == (["all"] if is_there else [])
    if is_there:
        properties: Any = snapshot.resources[0].properties
        why = "not told outside of its own account: cloudtrail:GetTrailStatus"
        assert properties["IsLogging"] == Unknown(why)
        assert Gap(Scope("AWS::CloudTrail::Trail", ACCOUNT, REGION), why) in snapshot.gaps
