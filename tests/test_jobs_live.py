"""The jobs in an account's pipelines and state machines: judged before they run, from a scan or from its snapshot."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from typing import Any

import pytest

from wa_lint import codec, engine, packs
from wa_lint.model import Finding, Listed, Location, Outcome, Resource, Snapshot, SourceKind, Unknown
from wa_lint.sources.jobs import with_jobs
from wa_lint.sources.live import call_plan as plan
from wa_lint.sources.template import read_template

RULES = [rule for rule in packs.load() if "AWS::SageMaker::TrainingJob" in rule.info.applies_to]

ROLE = "arn:aws:iam::123456789012:role/train"
REQUEST: dict[str, Any] = {
    "AlgorithmSpecification": {"TrainingImage": "image", "TrainingInputMode": "File"},
    "OutputDataConfig": {"S3OutputPath": "s3://models/out"},
    "ResourceConfig": {"InstanceType": "ml.m5.large", "InstanceCount": 2, "VolumeSizeInGB": 10},
    "RoleArn": ROLE,
    "StoppingCondition": {"MaxRuntimeInSeconds": 3600},
}
PIPELINE = json.dumps({"Version": "2020-12-01", "Steps": [{"Name": "Train", "Type": "Training", "Arguments": REQUEST}]})
MACHINE = json.dumps(
    {
        "StartAt": "Train",
        "States": {
            "Train": {
                "Type": "Task",
                "Resource": "arn:aws:states:::sagemaker:createTrainingJob.sync",
                "Parameters": {"TrainingJobName": "nightly", **REQUEST},
                "End": True,
            }
        },
    }
)
HOLDERS: dict[str, Callable[[str], dict[str, Any]]] = {
    "AWS::SageMaker::Pipeline": lambda text: {"PipelineDefinition": {"PipelineDefinitionBody": text}},
    "AWS::StepFunctions::StateMachine": lambda text: {"DefinitionString": text},
}
TEXTS = {"AWS::SageMaker::Pipeline": PIPELINE, "AWS::StepFunctions::StateMachine": MACHINE}

each_holder = pytest.mark.parametrize("holder", HOLDERS)


def account(holder: str, text: str) -> Snapshot:
    arn = "arn:aws:x:eu-west-1:123456789012:nightly"
    properties = {"RoleArn": ROLE, **HOLDERS[holder](text)}
    resource = Resource(arn, holder, properties, Listed(Location(arn)), account="123456789012", region="eu-west-1")
    return Snapshot(SourceKind.LIVE, "aws://123456789012/eu-west-1", (resource,))


def written_and_read(snapshot: Snapshot) -> Snapshot:
    stream = io.BytesIO()
    codec.dump(snapshot, stream)
    return codec.load(stream.getvalue(), "snapshot.jsonl")


def failed(snapshot: Snapshot) -> dict[str, Finding]:
    findings = engine.lint(snapshot, RULES, "2026-11-23").findings
    return {finding.rule.id: finding for finding in findings if finding.outcome is Outcome.FAIL}


@each_holder
def test_a_job_in_a_definition_is_judged_as_the_template_says_it(holder: str) -> None:
    properties = {"RoleArn": ROLE, **HOLDERS[holder](TEXTS[holder])}
    template = {"Resources": {"Nightly": {"Type": holder, "Properties": properties}}}
    of_template = failed(read_template(json.dumps(template).encode(), "t.json"))
    of_account = failed(account(holder, TEXTS[holder]))
    assert of_account
    assert of_account.keys() == of_template.keys()
    assert {rule: (f.path, f.message) for rule, f in of_account.items()} == {
        rule: (f.path, f.message) for rule, f in of_template.items()
    }
    assert {f.resource.id for f in of_account.values()} == {"arn:aws:x:eu-west-1:123456789012:nightly/Train"}
    assert {str(f.location) for f in of_account.values()} == {"arn:aws:x:eu-west-1:123456789012:nightly"}


def test_a_tuning_job_of_an_account_has_training_jobs() -> None:
    arn = "arn:aws:sagemaker:eu-west-1:123456789012:hyper-parameter-tuning-job/t"
    tuned = {
        "TrainingJobDefinitions": [{**REQUEST, "DefinitionName": "a"}, {**REQUEST, "EnableNetworkIsolation": True}]
    }
    holder = Resource(arn, "AWS::SageMaker::HyperParameterTuningJob", tuned, Listed(Location(arn)), region="eu-west-1")
    snapshot = Snapshot(SourceKind.LIVE, "aws://123456789012/eu-west-1", (holder,))
    found = with_jobs(snapshot)
    assert [r.id for r in found.resources[1:]] == [f"{arn}/TrainingJobDefinitions[{n}]" for n in range(2)]
    of_steps = failed(account("AWS::SageMaker::Pipeline", PIPELINE)).keys() - {"training-without-retry"}
    assert failed(snapshot).keys() - {"tuning-without-limit", "tuning-without-early-stopping"} == of_steps
    assert failed(written_and_read(snapshot)).keys() == failed(snapshot).keys()


def test_what_is_not_known_of_a_tuning_job_is_not_known_of_its_training_jobs() -> None:
    refused = Resource("arn", "AWS::SageMaker::HyperParameterTuningJob", Unknown("refused"), Listed(Location("arn")))
    _, job = with_jobs(Snapshot(SourceKind.LIVE, "aws://x", (refused,))).resources
    report = engine.lint(Snapshot(SourceKind.LIVE, "aws://x", (refused,)), RULES, "2026-11-23")
    off = {rule.info.id for rule in RULES if rule.where and rule.where.startswith("settings.allowed")}
    said = {f.outcome for f in report.findings if f.resource.id == job.id and f.rule.id not in off}
    assert said == {Outcome.UNKNOWN}


def test_a_step_that_is_not_known_is_a_gap() -> None:
    text = json.dumps({"Steps": [{"Name": "Novel", "Type": "Distillation", "Arguments": {}}]})
    found = with_jobs(account("AWS::SageMaker::Pipeline", text))
    assert ["Novel is of the type Distillation" in gap.reason for gap in found.gaps] == [True]
    assert [(one.kind, one.what) for one in found.not_followed] == [("step", f"a step of {found.resources[0].id}")]


@each_holder
def test_a_snapshot_that_was_written_down_is_judged_as_the_account_was(holder: str) -> None:
    live = account(holder, TEXTS[holder])
    assert failed(written_and_read(live)).keys() == failed(live).keys()


@each_holder
@pytest.mark.parametrize("text", ["{", "null", "[]", '"Steps"', "", "{}"])
def test_a_definition_that_cannot_be_read_never_stops_anything(holder: str, text: str) -> None:
    found = with_jobs(account(holder, text))
    assert len(found.resources) == 1
    assert all("nightly starts were not checked" in problem.message for problem in found.problems)
    assert found.problems or text == "{}"


def test_jobs_are_found_once_however_often_one_looks() -> None:
    once = with_jobs(account("AWS::SageMaker::Pipeline", PIPELINE))
    assert [r.id for r in with_jobs(once).resources] == [r.id for r in once.resources]
    assert len(once.resources) == 2


def test_who_asks_for_jobs_is_given_the_definitions_that_start_them_and_not_how_they_went() -> None:
    operations = {operation for _, operation in plan.operations({"AWS::SageMaker::TrainingJob"})}
    assert {"ListHyperParameterTuningJobs", "DescribeHyperParameterTuningJob"} <= operations
    assert {"ListPipelines", "DescribePipeline", "ListStateMachines", "DescribeStateMachine"} <= operations
    assert "ListPipelineExecutions" not in operations
    assert ("sagemaker", "ListPipelineExecutions") in plan.operations({"AWS::SageMaker::Pipeline"})
