"""Endpoints in every state, through an account in this process (moto): each is judged as what it is."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from typing import Any, Final

import boto3
import pytest
from moto import mock_aws
from moto.sagemaker.models import sagemaker_backends

from wa_lint import packs
from wa_lint.engine import lint
from wa_lint.model import Outcome, Report, Snapshot
from wa_lint.sources.live.account_reader import read_live

ACCOUNT: Final = "123456789012"
REGION: Final = "us-east-1"
HOUR: Final = dt.timedelta(hours=1)
BORN: Final = dt.datetime.now(dt.UTC).replace(minute=0, second=0, microsecond=0)
NOW: Final = (BORN + dt.timedelta(days=100)).replace(hour=0)

FAIL, PASS, UNKNOWN, NOT_APPLICABLE = Outcome.FAIL, Outcome.PASS, Outcome.UNKNOWN, Outcome.NOT_APPLICABLE

FAILED, IDLE, SPIKY, STAYS = (
    "endpoint-failed",
    "endpoint-idle",
    "endpoint-always-on-spiky-load",
    "endpoint-not-scaled-in",
)

STATES: Final[Mapping[str, tuple[Outcome, Outcome, Outcome]]] = {
    "InService": (PASS, FAIL, FAIL),
    "Updating": (PASS, FAIL, FAIL),
    "SystemUpdating": (PASS, FAIL, FAIL),
    "RollingBack": (PASS, FAIL, FAIL),
    "UpdateRollbackFailed": (PASS, FAIL, FAIL),
    "Creating": (PASS, NOT_APPLICABLE, NOT_APPLICABLE),
    "Deleting": (PASS, NOT_APPLICABLE, NOT_APPLICABLE),
    "Failed": (FAIL, NOT_APPLICABLE, NOT_APPLICABLE),
    "OutOfService": (FAIL, NOT_APPLICABLE, NOT_APPLICABLE),
    "NeverSeen": (PASS, UNKNOWN, UNKNOWN),
}
"""EndpointStatus -> whether it failed, whether it is idle (nobody called it), whether it waits (one hour a day)."""

SUFFIXES: Final = ("idle", "spiky")


def make(session: Any, name: str, count: int = 1) -> None:
    sagemaker = session.client("sagemaker")
    role = f"arn:aws:iam::{ACCOUNT}:role/serve"
    variant = {"VariantName": "blue", "ModelName": name, "InstanceType": "ml.m5.2xlarge", "InitialInstanceCount": count}
    sagemaker.create_model(ModelName=name, ExecutionRoleArn=role, PrimaryContainer={"Image": "serve:1"})
    sagemaker.create_endpoint_config(EndpointConfigName=name, ProductionVariants=[variant])
    sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=name)


def scale(session: Any, name: str) -> None:
    scaling = session.client("application-autoscaling")
    which = {
        "ServiceNamespace": "sagemaker",
        "ResourceId": f"endpoint/{name}/variant/blue",
        "ScalableDimension": "sagemaker:variant:DesiredInstanceCount",
    }
    scaling.register_scalable_target(**which, MinCapacity=1, MaxCapacity=4)
    metric = {"PredefinedMetricType": "SageMakerVariantInvocationsPerInstance"}
    tracking = {"TargetValue": 100.0, "PredefinedMetricSpecification": metric}
    scaling.put_scaling_policy(
        **which,
        PolicyName=f"{name}-requests",
        PolicyType="TargetTrackingScaling",
        TargetTrackingScalingPolicyConfiguration=tracking,
    )


def call_days_ago(session: Any, name: str) -> None:
    dimensions = [{"Name": "EndpointName", "Value": name}, {"Name": "VariantName", "Value": "blue"}]
    points = [
        {"MetricName": "Invocations", "Dimensions": dimensions, "Timestamp": NOW - hour * HOUR, "Value": 900.0}
        for hour in range(50, 14 * 24)
    ]
    session.client("cloudwatch").put_metric_data(Namespace="AWS/SageMaker", MetricData=points)


def call_in_the_night(session: Any, name: str) -> None:
    dimensions = [{"Name": "EndpointName", "Value": name}, {"Name": "VariantName", "Value": "blue"}]
    points = [
        {"MetricName": "Invocations", "Dimensions": dimensions, "Timestamp": NOW - hour * HOUR, "Value": 900.0}
        for hour in range(1, 14 * 24)
        if (NOW - hour * HOUR).hour == 3
    ]
    session.client("cloudwatch").put_metric_data(Namespace="AWS/SageMaker", MetricData=points)


class Judged:
    """The reports of the account a hundred days after the endpoints were made, and five hours after."""

    def __init__(self, snapshot: Snapshot, young: Snapshot) -> None:
        rules = [rule for rule in packs.load() if rule.info.id in {FAILED, IDLE, SPIKY, STAYS}]
        self.old = lint(snapshot, rules, NOW.date().isoformat(), lists_all=True)
        self.young = lint(young, rules, NOW.date().isoformat(), lists_all=True)


@pytest.fixture(scope="module")
def judged() -> Iterator[Judged]:
    with mock_aws():
        session = boto3.Session("testing", "testing", region_name=REGION)
        names = {f"{status}-{suffix}": status for status in STATES for suffix in SUFFIXES}
        for name, status in names.items():
            make(session, name)
            sagemaker_backends[ACCOUNT][REGION].endpoints[name].endpoint_status = status
            if name.endswith("spiky"):
                call_in_the_night(session, name)
        for name in ("no-config-idle", "no-config-spiky"):
            make(session, name)
            session.client("sagemaker").delete_endpoint_config(EndpointConfigName=name)
        call_in_the_night(session, "no-config-spiky")
        for name, count in (("stays-up", 4), ("came-down", 1)):
            make(session, name, count)
            scale(session, name)
            call_days_ago(session, name)
        old = read_live(session, REGION, now=NOW, max_rps=1e6)
        yield Judged(old, read_live(session, REGION, now=BORN + 5 * HOUR, max_rps=1e6))


def outcome(report: Report, rule: str, name: str) -> Outcome:
    found = [f for f in report.findings if f.rule.id == rule and f.resource.name == name]
    return found[0].outcome if found else NOT_APPLICABLE


@pytest.mark.parametrize("status", STATES)
def test_an_endpoint_is_judged_as_what_it_is(judged: Judged, status: str) -> None:
    failed, idle, spiky = STATES[status]
    assert outcome(judged.old, FAILED, f"{status}-idle") is failed
    assert outcome(judged.old, IDLE, f"{status}-idle") is idle
    assert outcome(judged.old, SPIKY, f"{status}-spiky") is spiky


@pytest.mark.parametrize("status", ["InService", "Updating"])
def test_an_endpoint_of_a_few_hours_is_neither_idle_nor_bursty(judged: Judged, status: str) -> None:
    assert outcome(judged.young, IDLE, f"{status}-idle") is UNKNOWN
    assert outcome(judged.young, SPIKY, f"{status}-idle") is UNKNOWN
    assert outcome(judged.young, FAILED, f"{status}-idle") is PASS


def test_an_endpoint_whose_configuration_was_deleted_still_counts(judged: Judged) -> None:
    """AWS keeps serving it. What only its configuration says is not known, and nothing is said of its variants."""
    assert outcome(judged.old, FAILED, "no-config-idle") is PASS
    assert outcome(judged.old, IDLE, "no-config-spiky") is PASS
    (finding,) = [f for f in judged.old.findings if f.rule.id == IDLE and f.resource.name == "no-config-idle"]
    assert finding.outcome is UNKNOWN
    assert "'no-config-idle' is not in this account" in finding.message
    (cost,) = [one for one in judged.old.costs if one.id.endswith("/no-config-idle")]
    assert cost.reason


@pytest.mark.parametrize(
    ("name", "expected"), [("stays-up", FAIL), ("came-down", PASS), ("InService-idle", NOT_APPLICABLE)]
)
def test_instances_that_stay_after_the_last_request_are_found(judged: Judged, name: str, expected: Outcome) -> None:
    assert outcome(judged.old, STAYS, name) is expected
    said = [f.message for f in judged.old.findings if f.rule.id == STAYS and f.resource.name == name]
    assert expected is not FAIL or "still runs 4 instances, 49 hours after its last request" in said[0]
