"""Loads of known shape, through CloudWatch in an account in this process (moto), each beside its verdict."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

import boto3
import pytest
from moto import mock_aws

from wa_lint import packs
from wa_lint.engine import lint
from wa_lint.model import Outcome, Report
from wa_lint.request_limits import Manners
from wa_lint.sources.live.account_reader import read_live

REGION: Final = "us-east-1"
HOUR: Final = dt.timedelta(hours=1)
BORN: Final = dt.datetime.now(dt.UTC).replace(minute=0, second=0, microsecond=0)
"""moto makes everything now, so the window lies in the future."""

NOW: Final = (BORN + dt.timedelta(days=100)).replace(hour=0)
DAYS: Final = 14
LONG: Final = 30
WORKDAYS: Final = 5
LATENCY: Final = 50_000.0
"""Microseconds."""

SPIKY, IDLE, LARGE = "endpoint-always-on-spiky-load", "endpoint-idle", "endpoint-overprovisioned"

Load = Callable[[dt.datetime], float | None]
"""An hour -> its requests; None: no data point."""


def always(_: dt.datetime) -> float:
    return 100.0


def diurnal(at: dt.datetime) -> float:
    return 200.0 if 7 <= at.hour < 21 else 20.0


def office_hours(at: dt.datetime) -> float:
    return 300.0 if 9 <= at.hour < 17 and at.weekday() < WORKDAYS else 0.0


def spiky(at: dt.datetime) -> float:
    return 5000.0 if at.hour == 3 else 0.0


def spiky_with_gaps(at: dt.datetime) -> float | None:
    return 5000.0 if at.hour == 3 else None


def growing(at: dt.datetime) -> float:
    return 10.0 + (at - BORN) / HOUR


def growing_bursts(at: dt.datetime) -> float:
    return 100.0 if at.hour == 3 and at < NOW - 7 * 24 * HOUR else 300.0 if at.hour == 3 else 0.0


def long_ago(at: dt.datetime) -> float:
    """Requests in the night, up to 20 days ago: outside of a fortnight."""
    return 500.0 if at.hour < 2 and at < NOW - 20 * 24 * HOUR else 0.0


def weekend_only(at: dt.datetime) -> float:
    return 0.0 if at.weekday() < WORKDAYS else 50.0


def nothing(_: dt.datetime) -> float:
    return 0.0


def no_data(_: dt.datetime) -> None:
    return None


FAIL, PASS, NOT_APPLICABLE = Outcome.FAIL, Outcome.PASS, Outcome.NOT_APPLICABLE

SHAPES: Final[Mapping[str, tuple[Load, Outcome, Outcome]]] = {
    "always": (always, PASS, PASS),
    "diurnal": (diurnal, PASS, PASS),
    "office-hours": (office_hours, FAIL, PASS),
    "spiky": (spiky, FAIL, PASS),
    "spiky-with-gaps": (spiky_with_gaps, FAIL, PASS),
    "growing": (growing, PASS, PASS),
    "weekend-only": (weekend_only, FAIL, PASS),
    "growing-bursts": (growing_bursts, FAIL, PASS),
    "long-ago": (long_ago, NOT_APPLICABLE, PASS),
    "idle": (nothing, NOT_APPLICABLE, FAIL),
    "no-data": (no_data, NOT_APPLICABLE, FAIL),
}
"""Name -> the load, the verdict on bursts, the verdict on idleness."""


def put(cloudwatch: Any, name: str, load: Load) -> None:
    hours = [NOW - hour * HOUR for hour in range(1, (LONG if load is long_ago else DAYS) * 24 + 1)]
    dimensions = [{"Name": "EndpointName", "Value": name}, {"Name": "VariantName", "Value": "blue"}]
    points = [
        {"MetricName": "Invocations", "Dimensions": dimensions, "Timestamp": at, "Value": count}
        for at in hours
        if (count := load(at)) is not None
    ]
    for first in range(0, len(points), 500):
        cloudwatch.put_metric_data(Namespace="AWS/SageMaker", MetricData=points[first : first + 500])
    busy = [
        {"MetricName": metric, "Dimensions": dimensions, "Timestamp": at, "Value": percent}
        for metric, percent in (("CPUUtilization", 40.0), ("MemoryUtilization", 15.0))
        for at in hours[::6]
    ]
    cloudwatch.put_metric_data(Namespace="/aws/sagemaker/Endpoints", MetricData=busy)
    slow = [
        {"MetricName": "ModelLatency", "Dimensions": dimensions, "Timestamp": at, "Value": LATENCY} for at in hours[::6]
    ]
    cloudwatch.put_metric_data(Namespace="AWS/SageMaker", MetricData=slow)


@pytest.fixture(scope="module")
def reports() -> Iterator[dict[str, Report]]:
    """The report of the account a hundred days after the endpoints were made, and two days after."""
    with mock_aws():
        session = boto3.Session("testing", "testing", region_name=REGION)
        sagemaker, cloudwatch = session.client("sagemaker"), session.client("cloudwatch")
        role = "arn:aws:iam::123456789012:role/serve"
        for name, (load, _, _) in SHAPES.items():
            sagemaker.create_model(ModelName=name, ExecutionRoleArn=role, PrimaryContainer={"Image": "serve:1"})
            variant = {
                "VariantName": "blue",
                "ModelName": name,
                "InstanceType": "ml.m5.2xlarge",
                "InitialInstanceCount": 1,
            }
            sagemaker.create_endpoint_config(EndpointConfigName=name, ProductionVariants=[variant])
            sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=name)
            put(cloudwatch, name, load)
        rules = [rule for rule in packs.load() if rule.info.id in {SPIKY, IDLE, LARGE}]
        found = {}
        for when, now in (("old", NOW), ("young", BORN + dt.timedelta(days=2))):
            snapshot = read_live(session, REGION, now=now, max_rps=1e6)
            found[when] = lint(snapshot, rules, now.date().isoformat(), lists_all=True)
        patient = Manners(max_rps=1e6, traffic_days=LONG, call_seconds=600.0)  # moto looks at each hour of each series
        types = {type_ for rule in rules for type_ in rule.types_read}
        series = {("AWS::SageMaker::Endpoint", "invocations"), ("AWS::SageMaker::Endpoint", "model_latency")}
        long = read_live(session, REGION, types=types, now=NOW, manners=patient, series=series)
        found["long"] = lint(long, rules, NOW.date().isoformat(), lists_all=True)
        yield found


def message(report: Report, rule: str, name: str) -> str:
    return next(f.message for f in report.findings if f.rule.id == rule and f.resource.name == name)


def outcome(report: Report, rule: str, name: str) -> Outcome:
    found = [f for f in report.findings if f.rule.id == rule and f.resource.name == name]
    return found[0].outcome if found else NOT_APPLICABLE


@pytest.mark.parametrize("name", SHAPES)
def test_a_load_is_judged_by_its_shape(reports: dict[str, Report], name: str) -> None:
    _, spiky_verdict, idle_verdict = SHAPES[name]
    assert outcome(reports["old"], SPIKY, name) is spiky_verdict
    assert outcome(reports["old"], IDLE, name) is idle_verdict


@pytest.mark.parametrize("name", SHAPES)
def test_what_is_two_days_old_is_not_judged(reports: dict[str, Report], name: str) -> None:
    assert outcome(reports["young"], SPIKY, name) is Outcome.UNKNOWN
    assert outcome(reports["young"], IDLE, name) is Outcome.UNKNOWN


def test_a_load_that_leaves_eight_cores_idle_is_too_small_for_them(reports: dict[str, Report]) -> None:
    (finding,) = (f for f in reports["old"].findings if f.rule.id == LARGE and f.resource.name == "always")
    assert finding.outcome is FAIL
    assert "never used more than 5.0 % of its CPU and 15.0 % of its memory" in finding.message


def test_bursts_name_what_fits(reports: dict[str, Report]) -> None:
    (finding,) = (f for f in reports["old"].findings if f.rule.id == SPIKY and f.resource.name == "spiky")
    cost = 5000 / 24 * 730 * 0.05 * 6 * 0.00002
    assert f"costs about USD {cost:.0f} a month for the same requests with 6 GB" in finding.message
    assert f"cheaper from {0.461 / (0.00002 * 6):,.0f} busy seconds an hour on" in finding.message
    assert "No request came in 23 hours in a row of any day" in finding.message
    assert finding.waste is not None
    assert finding.waste.is_measured


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("office-hours", "Almost no request came on Saturdays and Sundays (UTC)"),
        ("office-hours", "The busiest hour had 300 requests, 4.2 times the mean."),
        ("spiky", "No request came in 23 hours in a row of any day"),
        ("spiky", "The busiest hour had 5,000 requests, 24.0 times the mean"),
        ("growing-bursts", "Requests grew 3.0-fold in the last week"),
        ("weekend-only", "The busiest hour had 50 requests, 3.5 times the mean"),
    ],
)
def test_the_advice_follows_the_shape(reports: dict[str, Report], name: str, words: str) -> None:
    assert words in message(reports["old"], SPIKY, name)


@pytest.mark.parametrize("name", ["spiky", "weekend-only", "spiky-with-gaps"])
def test_no_advice_is_given_that_the_shape_does_not_bear(reports: dict[str, Report], name: str) -> None:
    said = message(reports["old"], SPIKY, name)
    assert "grew" not in said
    assert "Saturdays" not in said


def test_more_days_show_what_a_fortnight_does_not(reports: dict[str, Report]) -> None:
    """30 days: two hours of requests on each of the first ten."""
    assert outcome(reports["old"], SPIKY, "long-ago") is NOT_APPLICABLE
    assert "no request in 700 of 720 hours" in message(reports["long"], SPIKY, "long-ago")
