"""What only a live account can tell: metrics, and what came of jobs. Missing is not zero, and young is not idle."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Callable, Collection, Mapping
from types import SimpleNamespace
from typing import Any, Final

import boto3
import botocore.session
import pytest
from botocore.exceptions import ClientError

from wa_lint import packs
from wa_lint.engine import lint
from wa_lint.model import Gap, Listed, Location, Outcome, Resource, Scope, Snapshot, SourceKind, Unknown
from wa_lint.sources.live import metrics
from wa_lint.sources.live.account_reader import read_live
from wa_lint.sources.live.metric_table import METRICS

REGION, ACCOUNT = "us-east-1", "123456789012"
NOW = dt.datetime(2026, 11, 23, 18, 30, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)
ENDPOINT, COMPONENT = "AWS::SageMaker::Endpoint", "AWS::SageMaker::InferenceComponent"
CONFIG = "AWS::SageMaker::EndpointConfig"
LOADER = botocore.session.Session().get_component("data_loader")

Answers = Mapping[str, Any]
"""Operation -> its answer, or a function of the request that gives it or raises."""


def read(answers: Answers, *types: str, series: Collection[tuple[str, str]] | None = None) -> Snapshot:
    """Read an account in which every call is answered out of `answers`."""
    inner = botocore.session.Session()
    inner.register_component("data_loader", LOADER)
    session = boto3.Session("testing", "testing", region_name=REGION, botocore_session=inner)
    who = {"GetCallerIdentity": {"Account": ACCOUNT, "Arn": f"arn:aws:iam::{ACCOUNT}:user/ann"}}
    requests: dict[int, Any] = {}
    """By thread: botocore makes the whole of a call in one."""

    def keep(params: Any, **_: Any) -> None:
        requests[threading.get_ident()] = params

    def answer(model: Any, **_: Any) -> Any:
        found = {**who, **answers}[model.name]
        body = found(requests[threading.get_ident()]) if callable(found) else found
        return SimpleNamespace(status_code=200), {**body, "ResponseMetadata": {}}

    session.events.register("before-parameter-build", keep)
    session.events.register("before-call", answer)
    return read_live(session, REGION, types=types, series=series, now=NOW)


def only(snapshot: Snapshot) -> Resource:
    (found,) = snapshot.resources
    return found


def arn(kind: str, name: str) -> str:
    return f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:{kind}/{name}"


# --- metrics ----------------------------------------------------------------------------------------


def refused(_: object) -> Any:
    raise ClientError({"Error": {"Code": "AccessDenied"}}, "GetMetricData")


class CloudWatch:
    """Has one point for each metric that is asked for, and keeps what it was asked."""

    def __init__(self, *points: tuple[dt.datetime, float]) -> None:
        self.points = points
        self.asked: list[dict[str, Any]] = []

    def __call__(self, request: dict[str, Any]) -> dict[str, Any]:
        self.asked.append(request)
        times, values = [at for at, _ in self.points], [value for _, value in self.points]
        results = [{"Id": q["Id"], "Timestamps": times, "Values": values} for q in request["MetricDataQueries"]]
        return {"MetricDataResults": results}

    @property
    def stats(self) -> list[tuple[str, str, str, int]]:
        found = [query["MetricStat"] for request in self.asked for query in request["MetricDataQueries"]]
        return [(s["Metric"]["Namespace"], s["Metric"]["MetricName"], s["Stat"], s["Period"]) for s in found]


def component(born: object, cloudwatch: Callable[..., Any]) -> dict[str, Any]:
    known = {"InferenceComponentName": "c", "InferenceComponentArn": arn("inference-component", "c")}
    return {
        "ListInferenceComponents": {"InferenceComponents": [known]},
        "DescribeInferenceComponent": {**known, "EndpointName": "e", "VariantName": "v", "CreationTime": born},
        "GetMetricData": cloudwatch,
    }


def endpoints(born: object, count: int, variants: int, cloudwatch: Callable[..., Any]) -> dict[str, Any]:
    def known(name: str) -> dict[str, Any]:
        return {"EndpointName": name, "EndpointArn": arn("endpoint", name)}

    def described(request: Mapping[str, Any]) -> dict[str, Any]:
        served = [{"VariantName": f"v{n}"} for n in range(variants)]
        return {**known(request["EndpointName"]), "CreationTime": born, "ProductionVariants": served}

    return {
        "ListEndpoints": {"Endpoints": [known(f"e{n:03}") for n in range(count)]},
        "DescribeEndpoint": described,
        "GetMetricData": cloudwatch,
    }


OBSERVED: Final = {metric.observed for metric in METRICS if metric.type == COMPONENT}


def test_a_component_has_series_of_its_own_under_each_name() -> None:
    at = dt.datetime(2026, 11, 20, 5, tzinfo=dt.UTC)
    cloudwatch = CloudWatch((at, 4.0))
    observed: Any = only(read(component(NOW - 200 * DAY, cloudwatch), COMPONENT)).observed
    start = dt.datetime(2026, 11, 9, 18, tzinfo=dt.UTC)
    assert observed["invocations"] == {
        "start": start.isoformat(), "period": 3600, "hours": 336, "values": [[251, 4.0]]
    }  # fmt: skip
    assert observed["invocations_daily"] == {
        "start": "2026-08-25T00:00:00+00:00", "period": 86400, "days": 90, "values": [[87, 4.0]]
    }  # fmt: skip
    assert observed["model_latency"]["values"] == [[11, 4.0]]
    assert set(observed) >= OBSERVED
    assert len(OBSERVED) == 3
    windows = sorted((request["StartTime"], request["EndTime"]) for request in cloudwatch.asked)
    midnight = NOW.replace(hour=0, minute=0)
    assert windows == [
        (midnight - 90 * DAY, midnight),
        (midnight - 14 * DAY, midnight),
        (start, NOW.replace(minute=0)),
    ]


def test_each_metric_is_asked_for_in_its_namespace_by_its_statistic() -> None:
    cloudwatch = CloudWatch()
    read(endpoints(NOW - 200 * DAY, 1, 1, cloudwatch), ENDPOINT)
    busy = [
        ("/aws/sagemaker/Endpoints", name, "Maximum", 86400)
        for name in ("CPUUtilization", "MemoryUtilization", "GPUUtilization", "GPUMemoryUtilization")
    ]
    assert sorted(cloudwatch.stats) == sorted(
        [
            ("AWS/SageMaker", "Invocations", "Sum", 3600),
            ("AWS/SageMaker", "Invocations", "Sum", 86400),
            ("AWS/SageMaker", "ModelLatency", "Average", 86400),
            *busy,
        ]
    )
    (request, *_) = cloudwatch.asked
    dimensions = request["MetricDataQueries"][0]["MetricStat"]["Metric"]["Dimensions"]
    assert dimensions == [{"Name": "EndpointName", "Value": "e000"}, {"Name": "VariantName", "Value": "v0"}]


def test_metrics_are_asked_for_in_batches_of_five_hundred() -> None:
    cloudwatch = CloudWatch()
    snapshot = read(endpoints(NOW - 200 * DAY, 30, 4, cloudwatch), ENDPOINT)
    sizes = sorted(len(request["MetricDataQueries"]) for request in cloudwatch.asked)
    assert sizes == [100, 120, 120, 500]
    counts = [len(dict(r.observed or {})[name]) for r in snapshot.resources for name in OBSERVED]  # type: ignore[arg-type] # a map of series
    assert counts == [4] * 30 * len(OBSERVED)


def test_an_asynchronous_endpoint_is_asked_for_what_it_processed() -> None:
    cloudwatch = CloudWatch((dt.datetime(2026, 11, 20, 5, tzinfo=dt.UTC), 4.0))
    answers = endpoints(NOW - 200 * DAY, 1, 1, cloudwatch)
    described = answers["DescribeEndpoint"]
    queued = {"AsyncInferenceConfig": {"OutputConfig": {"S3OutputPath": "s3://b/o"}}}
    observed: Any = only(read({**answers, "DescribeEndpoint": lambda r: {**described(r), **queued}}, ENDPOINT)).observed
    assert observed["async_invocations"]["v0"]["values"] == [[251, 4.0]]
    assert observed["async_invocations_daily"]["v0"]["values"] == [[87, 4.0]]
    assert ("AWS/SageMaker", "InvocationsProcessed", "Sum", 3600) in cloudwatch.stats


def test_only_the_series_that_are_wanted_are_asked_for() -> None:
    cloudwatch = CloudWatch()
    read(endpoints(NOW - 200 * DAY, 1, 1, cloudwatch), ENDPOINT, series={(ENDPOINT, "invocations_daily")})
    assert cloudwatch.stats == [("AWS/SageMaker", "Invocations", "Sum", 86400)]
    read(endpoints(NOW - 200 * DAY, 1, 1, silent := CloudWatch()), ENDPOINT, series=())
    assert silent.asked == []


def test_what_is_younger_than_the_window_was_looked_at_for_as_long_as_it_lived() -> None:
    observed: Any = only(read(component(NOW - 3 * DAY, CloudWatch()), COMPONENT)).observed
    assert (observed["invocations"]["hours"], observed["invocations"]["values"]) == (71, [])
    assert {observed[name]["days"] for name in OBSERVED - {"invocations"}} == {2}
    newborn: Any = only(read(component(NOW, CloudWatch()), COMPONENT)).observed
    assert {series.get("hours", series.get("days")) for series in map(newborn.get, OBSERVED)} == {0}


def test_what_does_not_say_when_it_was_made_is_not_called_idle() -> None:
    observed: Any = only(read(component(None, CloudWatch()), COMPONENT)).observed
    why = Unknown("when it was made is not known, so neither is when it was idle")
    assert {name: observed[name] for name in OBSERVED} == dict.fromkeys(OBSERVED, why)


def test_refused_metrics_are_unknown_and_one_gap() -> None:
    snapshot = read(component(NOW - 200 * DAY, refused), COMPONENT)
    observed: Any = only(snapshot).observed
    why = "AccessDenied: cloudwatch:GetMetricData"
    assert {name: observed[name] for name in OBSERVED} == dict.fromkeys(OBSERVED, Unknown(why))
    assert snapshot.gaps == (Gap(Scope(COMPONENT, ACCOUNT, REGION), why, "cloudwatch:GetMetricData"),)


def test_a_day_that_is_not_over_is_not_looked_at() -> None:
    (daily,) = (m for m in METRICS if (m.type, m.observed) == (COMPONENT, "invocations_daily"))
    item = {"InferenceComponentName": "c", "CreationTime": NOW - 200 * DAY}
    window = metrics.window(daily, NOW)
    (query,) = metrics.queries(daily, "arn", item, window)
    today = NOW.replace(hour=0, minute=0)
    assert metrics.series(query, [(today, 9.0), (today - DAY, 1.0)], window[1]) == {
        "start": (today - 90 * DAY).isoformat(), "period": 86400, "days": 90, "values": [[89, 1.0]]
    }  # fmt: skip


# --- jobs -------------------------------------------------------------------------------------------

BEGAN, ENDED = NOW - DAY, NOW - DAY + dt.timedelta(minutes=50)

JOBS: Final[Mapping[str, tuple[str, str, dict[str, Any]]]] = {
    "TrainingJob": (
        "TrainingJobName",
        "TrainingJobSummaries",
        {
            "TrainingJobStatus": "Completed",
            "SecondaryStatus": "MaxRuntimeExceeded",
            "TrainingTimeInSeconds": 3000,
            "BillableTimeInSeconds": 900,
            "TrainingStartTime": BEGAN,
            "TrainingEndTime": ENDED,
            "FinalMetricDataList": [{"MetricName": "loss", "Value": 0.5, "Timestamp": ENDED}],
        },
    ),
    "ProcessingJob": (
        "ProcessingJobName",
        "ProcessingJobSummaries",
        {
            "ProcessingJobStatus": "Failed",
            "FailureReason": "AlgorithmError",
            "ExitMessage": "1",
            "ProcessingStartTime": BEGAN,
            "ProcessingEndTime": ENDED,
        },
    ),
    "TransformJob": (
        "TransformJobName",
        "TransformJobSummaries",
        {"TransformJobStatus": "Stopped", "TransformStartTime": BEGAN, "TransformEndTime": ENDED},
    ),
    "HyperParameterTuningJob": (
        "HyperParameterTuningJobName",
        "HyperParameterTuningJobSummaries",
        {
            "HyperParameterTuningJobStatus": "Completed",
            "HyperParameterTuningEndTime": ENDED,
            "ConsumedResources": {"RuntimeInSeconds": 7200},
            "TrainingJobStatusCounters": {"Completed": 9, "Stopped": 1},
        },
    ),
    "AutoMLJob": ("AutoMLJobName", "AutoMLJobSummaries", {"AutoMLJobStatus": "Completed", "EndTime": ENDED}),
    "CompilationJob": (
        "CompilationJobName",
        "CompilationJobSummaries",
        {"CompilationJobStatus": "COMPLETED", "CompilationStartTime": BEGAN, "CompilationEndTime": ENDED},
    ),
    "LabelingJob": (
        "LabelingJobName",
        "LabelingJobSummaryList",
        {"LabelingJobStatus": "Completed", "LabelCounters": {"TotalLabeled": 70, "HumanLabeled": 7}},
    ),
}


@pytest.mark.parametrize("word", JOBS)
def test_what_came_of_a_job_is_observed_and_no_property(word: str) -> None:
    name, listed, happened = JOBS[word]
    known = {name: "j", f"{word}Arn": arn("job", "j"), "CreationTime": BEGAN}
    answers = {f"List{word}s": {listed: [known]}, f"Describe{word}": {**known, **happened}}
    answers[f"Describe{word}V2"] = answers[f"Describe{word}"]
    job = only(read(answers, f"AWS::SageMaker::{word}"))
    observed, properties = job.observed or {}, job.properties
    assert {member: observed[member] for member in happened} == {
        member: value.isoformat() if isinstance(value, dt.datetime) else told(value)
        for member, value in happened.items()
    }
    assert observed["CreationTime"] == BEGAN.isoformat()
    assert isinstance(properties, dict)
    assert properties.keys().isdisjoint(happened)


def told(value: Any) -> Any:
    """Return the value as JSON has it."""
    if isinstance(value, list):
        return [{k: v.isoformat() if isinstance(v, dt.datetime) else v for k, v in item.items()} for item in value]
    return value


def test_provisioned_throughput_is_measured_by_its_arn() -> None:
    cloudwatch = CloudWatch()
    owner = f"arn:aws:bedrock:{REGION}:{ACCOUNT}:provisioned-model/abc"
    known = {"provisionedModelName": "p", "provisionedModelArn": owner, "status": "InService", "modelUnits": 1}
    made = {**known, "creationTime": NOW - 100 * DAY}
    answers = {"ListProvisionedModelThroughputs": {"provisionedModelSummaries": [made]}, "GetMetricData": cloudwatch}
    observed: Any = only(read(answers, "AWS::Bedrock::ProvisionedModelThroughput")).observed
    assert observed["invocations_daily"]["days"] == 14
    (request,) = cloudwatch.asked
    dimensions = request["MetricDataQueries"][0]["MetricStat"]["Metric"]["Dimensions"]
    assert dimensions == [{"Name": "ModelId", "Value": owner}]


def test_what_nothing_serves_is_judged_by_rules_of_security_only() -> None:
    unserved = {"EndpointConfigName": "k", "ProductionVariants": [{"VariantName": "v", "InstanceType": "ml.m5.large"}]}
    config = Resource(arn("endpoint-config", "k"), CONFIG, unserved, Listed(Location("k")), name="k", account=ACCOUNT)
    endpoint = Resource(
        arn("endpoint", "e"), ENDPOINT, {"EndpointConfigName": "k"}, Listed(Location("e")), name="e", account=ACCOUNT
    )
    rules = [rule for rule in packs.load() if rule.info.id in {"endpoint-default-key", "endpoint-without-data-capture"}]

    def failing(*resources: Resource) -> set[str]:
        whole = frozenset(Scope(type_, ACCOUNT, None) for type_ in (ENDPOINT, CONFIG))
        report = lint(Snapshot(SourceKind.LIVE, "aws://", resources, complete=whole), rules)
        return {finding.rule.id for finding in report.findings if finding.outcome is Outcome.FAIL}

    assert failing(config) == {"endpoint-default-key"}
    assert failing(config, endpoint) == {"endpoint-default-key", "endpoint-without-data-capture"}
