"""Jobs that ran alike are reported once; jobs that differ in anything that a rule could judge never are one."""

from __future__ import annotations

from typing import Any

import pytest

from wa_lint import engine, packs
from wa_lint.model import Listed, Location, Outcome, Resource, Snapshot, SourceKind, Unknown
from wa_lint.sources.live.grouping import grouped

TRAINING = "AWS::SageMaker::TrainingJob"


def job(name: str, day: int = 1, status: str = "Completed", **changed: Any) -> Resource:
    """A training job as a nightly run leaves it."""
    properties: dict[str, Any] = {
        "TrainingJobName": name,
        "AlgorithmSpecification": {"TrainingImage": "image:1", "TrainingInputMode": "File"},
        "HyperParameters": {"epochs": "3", "sagemaker_job_name": name},
        "InputDataConfig": [{"DataSource": {"S3DataSource": {"S3Uri": f"s3://data/2026/10/{day:02}/"}}}],
        "OutputDataConfig": {"S3OutputPath": f"s3://models/run-{name}/output"},
        "RoleArn": "arn:aws:iam::123456789012:role/train",
        "Tags": Unknown("not returned"),
    } | changed
    return Resource(
        id=f"arn:{name}",
        type=TRAINING,
        properties=properties,
        origin=Listed(Location(f"arn:{name}")),
        observed={
            "CreationTime": f"2026-10-{day:02}T00:00:00+00:00",
            "TrainingJobStatus": status,
            "BillableTimeInSeconds": 60 * day,
            "SecondaryStatusTransitions": [{"Status": "Starting"}],
        },
    )


def test_the_newest_of_alike_jobs_says_how_many_ran_and_what_the_others_left() -> None:
    (newest,) = grouped([job("nightly-0001", 2, "Failed"), job("nightly-0003", 9), job("nightly-0002", 5)], {TRAINING})
    assert newest.id == "arn:nightly-0003"
    assert newest.observed is not None
    assert newest.observed["runs"] == 3
    assert newest.observed["earlier"] == [
        {
            "id": f"arn:{name}",
            "CreationTime": f"2026-10-0{day}T00:00:00+00:00",
            "TrainingJobStatus": status,
            "BillableTimeInSeconds": 60 * day,
        }
        for name, day, status in (("nightly-0002", 5, "Completed"), ("nightly-0001", 2, "Failed"))
    ]


def test_a_job_that_is_like_no_other_stays_as_it_is() -> None:
    one, other = job("nightly-0001"), job("nightly-0002", RoleArn="arn:aws:iam::123456789012:role/other")
    assert list(grouped([one, other], {TRAINING})) == [one, other]


@pytest.mark.parametrize(
    "changed",
    [
        {"RoleArn": "arn:aws:iam::123456789012:role/other"},
        {"AlgorithmSpecification": {"TrainingImage": "image:2", "TrainingInputMode": "File"}},
        {"HyperParameters": {"epochs": "4", "sagemaker_job_name": "nightly-0002"}},
        {"OutputDataConfig": {"S3OutputPath": "s3://elsewhere/run-nightly-0002/output"}},
        {"OutputDataConfig": {"S3OutputPath": "s3://models/run-nightly-0002/output", "KmsKeyId": "k"}},
        {"InputDataConfig": [{"DataSource": {"S3DataSource": {"S3Uri": "s3://data/other/"}}}]},
        {"EnableNetworkIsolation": True},
        {"EnableNetworkIsolation": Unknown("not returned")},
    ],
    ids=["role", "image", "parameter", "output bucket", "output key", "input", "one more", "one not known"],
)
def test_jobs_that_differ_in_what_a_rule_may_ask_are_two(changed: dict[str, Any]) -> None:
    assert len(list(grouped([job("nightly-0001"), job("nightly-0002", **changed)], {TRAINING}))) == 2


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"Environment": {"START": "2026-10-01T00:00:00Z"}}, {"Environment": {"START": "2026-10-02T12:30:00.123Z"}}),
        ({"Environment": {"START": "1790000000"}}, {"Environment": {"START": "1790086400000"}}),
        ({"ExperimentConfig": {"TrialName": "x"}}, {"ExperimentConfig": {"TrialName": "y"}}),
        ({"CheckpointConfig": {"S3Uri": "s3://c/one"}}, {"CheckpointConfig": {"S3Uri": "s3://c/two"}}),
        (
            {"InputDataConfig": [{"S3Uri": "s3://d/pipelines-4x8s0d2mmk6q-Prepare/train"}]},
            {"InputDataConfig": [{"S3Uri": "s3://d/pipelines-9p7h1j3nnl5r-Prepare/train"}]},
        ),
    ],
    ids=["times", "seconds and milliseconds", "experiment", "checkpoints", "the execution of a pipeline"],
)
def test_what_differs_between_any_two_runs_does_not_tell_them_apart(one: dict[str, Any], other: dict[str, Any]) -> None:
    assert len(list(grouped([job("nightly-0001", **one), job("nightly-0002", **other)], {TRAINING}))) == 1


@pytest.mark.parametrize(("one", "other"), [("dev", "prod"), ("team-1-dev", "team-1-prod")])
def test_a_name_that_stands_in_a_role_or_a_bucket_is_not_that_of_a_run(one: str, other: str) -> None:
    def of(name: str, **changed: Any) -> Resource:
        return job(name, **{"HyperParameters": {}, **changed})

    roles = [of(name, RoleArn=f"arn:aws:iam::123456789012:role/{name}") for name in (one, other)]
    buckets = [of(name, InputDataConfig=[{"S3Uri": f"s3://{name}/data"}]) for name in (one, other)]
    assert len(list(grouped(roles, {TRAINING}))) == 2
    assert len(list(grouped(buckets, {TRAINING}))) == 2


def test_a_date_in_an_image_is_a_version_and_not_a_time() -> None:
    images = [{"TrainingImage": f"image:2026-10-0{n}"} for n in (1, 2)]
    jobs = [job(f"j{n}", AlgorithmSpecification=image) for n, image in enumerate(images)]
    assert len(list(grouped(jobs, {TRAINING}))) == 2


def test_what_is_no_job_or_could_not_be_described_is_left_alone() -> None:
    hidden = [Resource(f"arn:{n}", TRAINING, Unknown("refused"), Listed(Location("x"))) for n in range(2)]
    models = [Resource(f"arn:m{n}", "AWS::SageMaker::Model", {}, Listed(Location("x"))) for n in range(2)]
    assert list(grouped([*hidden, *models], {TRAINING})) == [*hidden, *models]


def test_a_finding_names_the_newest_job_and_how_many_ran_like_it() -> None:
    jobs = tuple(grouped([job(f"nightly-000{n}", n) for n in range(1, 4)], {TRAINING}))
    rules = [rule for rule in packs.load() if TRAINING in rule.info.applies_to]
    findings = engine.lint(Snapshot(SourceKind.LIVE, "aws://1/eu-west-1", jobs), rules, "2026-11-23").findings
    said = [f.message for f in findings if f.outcome is Outcome.FAIL]
    assert said
    assert all(message.endswith(". It is the newest of 3 jobs that ran alike.") for message in said)
