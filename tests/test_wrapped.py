"""Templates inside answers of the AWS CLI, and definitions of pipelines and state machines that stand alone."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from wa_lint import engine, packs
from wa_lint.document import Document, read_document
from wa_lint.errors import SourceError
from wa_lint.model import Location, Report
from wa_lint.run.inputs import File, NotOurs, read
from wa_lint.sources.template import snapshot_of, unwrapped

RULES = packs.load()

TEMPLATE = """\
Resources:
  Notes:
    # a comment: "with" quotes and a \\ backslash
    Type: AWS::SageMaker::NotebookInstance
    Properties:
      NotebookInstanceName: "caf\u00e9 \U0001f600"
      DirectInternetAccess: Enabled
"""
OBJECT = yaml.safe_load(TEMPLATE)
STAGES = {"StagesAvailable": ["Original", "Processed"]}
TRAINING = {"ResourceConfig": {"InstanceCount": 2}, "OutputDataConfig": {"S3OutputPath": "s3://b/o"}}
STEP = {"Name": "Train", "Type": "Training", "Arguments": TRAINING}
STATE = {"Type": "Task", "Resource": "arn:aws:states:::sagemaker:createTrainingJob", "Parameters": TRAINING}


def report_of(text: str) -> Report:
    document = unwrapped(read_document(text, "f"))
    return engine.lint(snapshot_of(document), RULES, "2026-11-23")


def failed(text: str) -> dict[tuple[str, str], Location]:
    return {(f.rule.id, f.resource.id): f.location for f in report_of(text).findings if f.outcome.value == "fail"}


def cut(text: str, where: Location) -> str:
    document = Document(None, text, "f", lambda _: None)  # type: ignore[arg-type,return-value]
    return text[document.offset(where.line, where.column) : document.offset(where.end_line, where.end_column)]


# --- get-template -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "answer",
    [
        json.dumps({"TemplateBody": OBJECT, **STAGES}),
        json.dumps({"TemplateBody": OBJECT, **STAGES}, indent=4),
        json.dumps({"TemplateBody": TEMPLATE, **STAGES}),
        json.dumps({"TemplateBody": TEMPLATE, **STAGES}, ensure_ascii=False),
        json.dumps({"TemplateBody": json.dumps(OBJECT), **STAGES}),
        json.dumps({**STAGES, "TemplateBody": json.dumps(OBJECT, indent=2)}, indent=4),
        json.dumps({"TemplateBody": TEMPLATE}),
        yaml.safe_dump({"TemplateBody": TEMPLATE, **STAGES}),
        yaml.safe_dump({"TemplateBody": TEMPLATE, **STAGES}, default_style="|"),
        yaml.safe_dump({"TemplateBody": OBJECT, **STAGES}),
    ],
)
def test_the_template_in_an_answer_is_judged_where_it_stands(answer: str) -> None:
    found = failed(answer)
    assert dict.fromkeys(found) == dict.fromkeys(failed(TEMPLATE))
    assert cut(answer, found["notebook-outside-vpc", "Notes"]).strip("\"\\': ") == "Notes"
    at = cut(answer, found["notebook-direct-internet", "Notes"])
    assert "DirectInternetAccess" in at
    assert "Enabled" in at


def test_a_comment_in_a_text_of_one_line_suppresses_nothing() -> None:
    said = TEMPLATE.replace("# a comment", "# wa-lint: allow notebook-outside-vpc -- reason")
    assert report_of(said).notes
    assert not report_of(json.dumps({"TemplateBody": said, **STAGES})).notes


def test_a_template_in_an_answer_that_cannot_be_read_is_an_error_at_the_text() -> None:
    with pytest.raises(SourceError) as error:
        unwrapped(read_document(json.dumps({"TemplateBody": "Resources: {a: [", **STAGES}, indent=1), "f"))
    assert error.value.where.startswith("f:2:")
    assert "TemplateBody" in error.value.problem


# --- definitions ------------------------------------------------------------------------------------

PIPELINE = {"Version": "2020-12-01", "Metadata": {}, "Parameters": [], "Steps": [STEP]}
MACHINE = {"StartAt": "Train", "States": {"Train": STATE}}


@pytest.mark.parametrize(
    ("text", "job", "line"),
    [
        (json.dumps(PIPELINE, indent=1), "Pipeline/Train", '"Name": "Train"'),
        (json.dumps({"Steps": [STEP], "PipelineExperimentConfig": {}}), "Pipeline/Train", '"Name": "Train"'),
        (json.dumps(MACHINE), "StateMachine/Train", '"Train": {'),
        (yaml.safe_dump(MACHINE), "StateMachine/Train", "Train"),
        (
            json.dumps({"StartAt": "M", "States": {"M": {"Type": "Map", "ItemProcessor": MACHINE}}}),
            "StateMachine/Train",
            '"Train": {',
        ),
    ],
)
def test_a_definition_alone_is_judged_as_in_a_template(text: str, job: str, line: str) -> None:
    found = failed(text)
    assert {resource for _, resource in found} == {job}
    assert {"training-unencrypted-traffic", "training-output-default-key"} <= {rule for rule, _ in found}
    assert cut(text, found["training-unencrypted-traffic", job]).startswith(line[:5])


@pytest.mark.parametrize("indent", [None, 2])
@pytest.mark.parametrize("value", [PIPELINE, MACHINE, OBJECT])
def test_what_a_query_prints_is_a_text(value: Any, indent: int | None) -> None:
    """``aws … --query PipelineDefinition``, or ``definition``, or ``TemplateBody``."""
    text = json.dumps(json.dumps(value, indent=indent), ensure_ascii=False)
    assert failed(text).keys() == failed(json.dumps(value)).keys()


def test_a_template_in_yaml_may_be_a_text_too() -> None:
    assert failed(json.dumps(TEMPLATE, ensure_ascii=False)).keys() == failed(TEMPLATE).keys()
    said = TEMPLATE.replace("# a comment", "# wa-lint: allow notebook-outside-vpc -- reason")
    assert not report_of(json.dumps(said, ensure_ascii=False)).notes


def test_a_comment_in_a_machine_is_read() -> None:
    text = "StartAt: T\nStates:\n  # wa-lint: allow training-without-spot -- short\n  T: {Type: Pass}\n"
    (note,) = report_of(text).notes
    assert note.content == "allow training-without-spot -- short"


def test_of_the_resource_around_a_definition_nothing_is_said() -> None:
    snapshot = snapshot_of(unwrapped(read_document(json.dumps(PIPELINE), "f")))
    assert [resource.id for resource in snapshot.resources] == ["Pipeline/Train"]


def test_what_a_template_would_fill_into_a_machine_is_not_known() -> None:
    filled = {**TRAINING, "OutputDataConfig": {"S3OutputPath": "s3://b", "KmsKeyId": "${Key}"}}
    report = report_of(json.dumps({"StartAt": "T", "States": {"T": {**STATE, "Parameters": filled}}}))
    (found,) = (f for f in report.findings if f.rule.id == "training-output-default-key")
    assert found.outcome.value == "unknown"
    assert "${Key}" in found.message


@pytest.mark.parametrize(
    "value",
    [
        {"Steps": [STEP]},
        {"Version": "1", "Steps": []},
        {"Version": "1", "Steps": [{"Name": "x"}]},
        {"StartAt": "a", "States": {}},
        {"StartAt": "a", "States": {"a": {}}},
        {"States": {"a": {"Type": "Pass"}}},
        {"TemplateBody": 3},
        {"TemplateBody": "x", "else": 1},
        {"version": 2, "steps": [{"name": "a", "type": "b"}]},
    ],
)
def test_what_only_resembles_one_is_left_alone(value: Any, tmp_path: Path) -> None:
    document = read_document(json.dumps(value), "f")
    assert unwrapped(document).value == value
    path = tmp_path / "f.json"
    path.write_text(json.dumps(value), "utf-8")
    with pytest.raises(NotOurs):
        read(File("f.json", str(path)))


@pytest.mark.parametrize("name", ["train.asl", "train.asl.json", "train.yaml"])
def test_a_folder_is_searched_for_definitions(name: str, tmp_path: Path, wa_lint: Any) -> None:
    (tmp_path / "flows").mkdir()
    (tmp_path / "flows" / name).write_text(json.dumps(MACHINE), "utf-8")
    run = wa_lint("check", "flows", "-o", "json")
    assert {f["resource"]["id"] for f in run.report["findings"]} == {"StateMachine/Train"}
