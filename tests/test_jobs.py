"""Jobs inside pipelines and state machines: every case of tests/jobs, the rules on them, and the corpus."""

from __future__ import annotations

import csv
import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from wa_lint import engine, packs
from wa_lint.errors import SourceError
from wa_lint.facts.steps import is_gated
from wa_lint.graph import Cell, World
from wa_lint.model import (
    Finding,
    Hole,
    Listed,
    Location,
    Outcome,
    Resource,
    Snapshot,
    SourceKind,
    Unknown,
    Unresolved,
    Value,
)
from wa_lint.references.follow import graph_of
from wa_lint.scenario import Assumptions, Scenario, explore
from wa_lint.schema import steps_of
from wa_lint.sources.jobs import Unseen, jobs_beside
from wa_lint.sources.jobs.machine import ACTIONS
from wa_lint.sources.jobs.pipeline import STEPS
from wa_lint.sources.template import read_template

HERE = Path(__file__).parent
CASES = sorted((HERE / "jobs").glob("*.yaml"))
CORPUS = HERE.parents[1] / "shared" / "corpus"
RULES = packs.load()


def _cases() -> Iterator[Any]:
    for file in CASES:
        for case in yaml.safe_load(file.read_text("utf-8")):
            yield pytest.param(case, id=f"{file.stem}: {case['name']}")


@pytest.mark.parametrize("case", list(_cases()))
def test_a_definition_holds_the_jobs_that_the_case_says(case: dict[str, Any]) -> None:
    snapshot = read_template(case["template"], "t.yaml", case.get("parameters"))
    found = {resource.id: resource for resource in snapshot.resources if "/" in resource.id}
    assert list(found) == list(case.get("jobs", {}))
    for id_, expected in case.get("jobs", {}).items():
        resource = found[id_]
        seen = {
            "type": resource.type.removeprefix("AWS::SageMaker::"),
            "at": _written(case["template"], resource.origin.locate(())),
            "name": resource.name,
            "scenarios": list(_scenarios(snapshot, resource)),
            "places": {
                path: _written(case["template"], _at(snapshot, resource, path).location)
                for path in expected.get("places", {})
            },
        }
        plain = {key: expected[key] for key in ("properties", "assumes") if key in expected}
        asked = {"scenarios": [{"when": "", "exists": True, "assumes": [], **plain}]} if plain else {}
        wanted = {"places": {}, **asked, **{k: v for k, v in expected.items() if k not in plain}}
        assert {key: seen[key] for key in wanted} == wanted
    assert [gap.reason for gap in snapshot.gaps] == case.get("gaps", [])
    assert [f"{_place(p.location)}: {p.message}" for p in snapshot.problems] == case.get("problems", [])
    told = [f"{_place(n.location)}: {n.what}: {n.reason}" for n in snapshot.not_followed]
    assert told == case.get("not followed", [])


def _scenarios(snapshot: Snapshot, resource: Resource) -> Iterator[dict[str, Any]]:
    def look(scenario: Scenario) -> dict[str, Any]:
        world = World(graph_of(snapshot), scenario)
        if world.exists(resource) is not True:
            return {"exists": _show(world.exists(resource))}
        cell = world.cell(resource)
        return {"exists": True, "properties": _show(cell.plain()), "assumes": sorted(set(_assumed(cell)))}

    for assumptions, seen in explore(look, {}, 64):
        yield {"when": _words(assumptions), **(seen or {})}


def _assumed(cell: Cell) -> Iterator[str]:
    yield from cell.assumes
    inner = cell.items() if isinstance(cell.value, list) else []
    for child in [cell.select(key) for key in cell.value] if isinstance(cell.value, dict) else inner:
        yield from _assumed(child)


def _at(snapshot: Snapshot, resource: Resource, path: str) -> Cell:
    cell = World(graph_of(snapshot)).cell(resource)
    for step in steps_of(path):
        cell = cell.items()[step] if isinstance(step, int) else cell.select(step)
    return cell


def _written(text: str, where: Location) -> str:
    """Return line and text of a span."""
    return f"{where.line}: {_cut(text, where)}"


def _cut(text: str, where: Location) -> str:
    assert where.line == where.end_line
    return text.split("\n")[where.line - 1][where.column - 1 : where.end_column - 1]


def _place(location: Location) -> str:
    return f"{location.line}:{location.column}"


def _words(assumptions: Assumptions) -> str:
    return " and ".join(
        f"{name} is {'not ' + ' or '.join(a.differs_from) if a.differs_from else a.value}"
        for name, a in sorted(assumptions.items())
    )


def _show(value: Value) -> Value:
    if isinstance(value, dict):
        return {key: _show(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_show(item) for item in value]
    if isinstance(value, Unknown):
        return f"? {value.reason}"
    if isinstance(value, Unresolved):
        return "<" + "".join(f"${{{part.name}}}" if isinstance(part, Hole) else part for part in value.parts) + ">"
    return value


# --- the rules --------------------------------------------------------------------------------------

_REQUEST = {
    "RoleArn": "arn:aws:iam::111122223333:role/training",
    "OutputDataConfig": {"S3OutputPath": "s3://models/fraud"},
    "ResourceConfig": {"InstanceType": "ml.m5.xlarge", "InstanceCount": 2, "VolumeSizeInGB": 30},
    "CheckpointConfig": {"S3Uri": "s3://models/fraud/checkpoints"},
}

_PIPELINE = """\
Resources:
  Pipeline:
    Type: AWS::SageMaker::Pipeline
    Properties:
      PipelineName: fraud
      RoleArn: arn:aws:iam::111122223333:role/pipeline
      PipelineDefinition:
        PipelineDefinitionBody: |
          {
            "Version": "2020-12-01",
            "Steps": [
              {
                "Name": "TrainModel",
                "Type": "Training",
                "Arguments": {
                  "RoleArn": "arn:aws:iam::111122223333:role/training",
                  "OutputDataConfig": {"S3OutputPath": "s3://models/fraud"},
                  "ResourceConfig": {
                    "InstanceType": "ml.m5.xlarge",
                    "InstanceCount": 2,
                    "VolumeSizeInGB": 30
                  },
                  "CheckpointConfig": {"S3Uri": "s3://models/fraud/checkpoints"}
                }
              }
            ]
          }
"""

_LINES = {
    "training-output-default-key": "17:19",
    "training-unencrypted-traffic": "13:17",
    "training-volume-default-key": "18:19",
    "training-without-run-limit": "13:17",
    "training-without-spot": "13:17",
}
"""What the rules say of the step in `_PIPELINE`, and where: at the step's name for what its request lacks."""


def _failed(snapshot: Snapshot) -> dict[str, Finding]:
    findings = engine.lint(snapshot, RULES, "2026-11-23").findings
    return {
        f.rule.id: f
        for f in findings
        if f.outcome is Outcome.FAIL
        and f.resource.type == "AWS::SageMaker::TrainingJob"
        and f.rule.id != "training-without-retry"  # it asks about the step around the job
    }


def test_a_training_step_gets_the_findings_of_the_live_job_at_the_right_line() -> None:
    live = Resource("arn", "AWS::SageMaker::TrainingJob", _REQUEST, Listed(Location("arn")))
    of_job = _failed(Snapshot(SourceKind.EXPORT, "account", (live,)))
    of_step = _failed(read_template(_PIPELINE, "t.yaml"))
    assert of_job.keys() == of_step.keys()
    assert {id_: (f.path, f.message) for id_, f in of_step.items()} == {
        id_: (f.path, f.message) for id_, f in of_job.items()
    }
    assert _LINES.items() <= {id_: _place(f.location) for id_, f in of_step.items()}.items()
    assert all(f.resource.id == "Pipeline/TrainModel" for f in of_step.values())


def _definition(request: Mapping[str, Any]) -> str:
    return json.dumps({"Version": "2020-12-01", "Steps": [{"Name": "T", "Type": "Training", "Arguments": request}]})


def _holder(type_: str, id_: str = "arn:aws:x") -> Resource:
    return Resource(id_, type_, {}, Listed(Location(id_)), account="111122223333", region="eu-west-1")


def test_an_account_gives_the_same_jobs_from_the_same_text() -> None:
    holder = _holder("AWS::SageMaker::Pipeline")
    (job,) = jobs_beside(holder, _definition(_REQUEST))
    assert isinstance(job, Resource)
    assert (job.id, job.account, job.region) == ("arn:aws:x/T", "111122223333", "eu-west-1")
    world = World(graph_of(Snapshot(SourceKind.LIVE, "aws://x", (holder, job))))
    assert world.cell(job).plain() == _REQUEST
    assert str(world.cell(job).select("RoleArn").location) == "arn:aws:x"


def test_an_account_whose_definition_is_no_json_has_unseen_jobs() -> None:
    assert [type(found) for found in jobs_beside(_holder("AWS::StepFunctions::StateMachine"), "{")] == [Unseen]


def test_a_step_is_linked_to_what_it_names() -> None:
    snapshot = read_template(_LINKED, "t.yaml")
    world = World(graph_of(snapshot))
    found = {resource.id: world.cell(resource) for resource in snapshot.resources}
    assert found["Pipeline/Batch"].select("model").resource.id == "Pipeline/Create"
    assert found["Pipeline/Batch"].select("output_bucket").resource.id == "Bucket"
    assert found["Pipeline/Prepare"].select("execution_role").resource.id == "Role"
    assert [cell.resource.id for cell in found["Pipeline/Tune"].select("input_buckets").items()] == ["Bucket"]
    uses = found["Bucket"].select("ml_links").items()
    assert {cell.resource.id for cell in uses} >= {"Pipeline/Batch", "Pipeline/Tune"}


_LINKED = """
Resources:
  Role: {Type: 'AWS::IAM::Role'}
  Bucket: {Type: 'AWS::S3::Bucket'}
  Pipeline:
    Type: AWS::SageMaker::Pipeline
    Properties:
      PipelineDefinition:
        PipelineDefinitionBody: !Sub |
          {"Steps": [
            {"Name": "Prepare", "Type": "Processing", "Arguments": {"RoleArn": "${Role.Arn}"}},
            {"Name": "Create", "Type": "Model", "Arguments": {"ExecutionRoleArn": "${Role.Arn}"}},
            {"Name": "Tune", "Type": "Tuning", "Arguments": {"TrainingJobDefinition": {"InputDataConfig": [
              {"DataSource": {"S3DataSource": {"S3Uri": "s3://${Bucket}/in"}}}]}}},
            {"Name": "Batch", "Type": "Transform", "Arguments": {
              "ModelName": {"Get": "Steps.Create.ModelName"},
              "TransformOutput": {"S3OutputPath": {"Std:Join": {"On": "/", "Values": ["s3:/", "${Bucket}", "out"]}}}}}]}
"""


_MODEL = """
Resources:
  Model:
    Type: AWS::SageMaker::Model
    Properties: {{ExecutionRoleArn: 'arn:aws:iam::111122223333:role/x', PrimaryContainer: {{Image: 'i:1'}}}}
  Machine:
    Type: AWS::StepFunctions::StateMachine
    Properties:
      Definition: {definition}
"""
_CONFIG = "arn:aws:states:::sagemaker:createEndpointConfig"


def _task(variant: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    key = "Arguments" if more.get("QueryLanguage") == "JSONata" else "Parameters"
    request = {"ProductionVariants": [{"VariantName": "v", **variant}]}
    return {"Type": "Task", "Resource": _CONFIG, key: request, **more}


_SERVER: dict[str, Any] = {"InstanceType": "ml.m5.large", "InitialInstanceCount": 2}
_SERVERLESS: dict[str, Any] = {"ServerlessConfig": {"MemorySizeInMB": 2048, "MaxConcurrency": 2}}


@pytest.mark.parametrize(
    ("states", "outcome"),
    [
        ({"A": _task({"ModelName.$": "$.m", **_SERVER})}, Outcome.FAIL),
        ({"A": _task({"ModelName": "{% $m %}", **_SERVER}, QueryLanguage="JSONata")}, Outcome.FAIL),
        (
            {"A": {"Type": "Map", "ItemProcessor": {"States": {"B": _task({"ModelName.$": "$.m", **_SERVER})}}}},
            Outcome.FAIL,
        ),
        ({str(n): _task({"ModelName.$": f"$.m{n}", **_SERVER}) for n in range(5)}, Outcome.FAIL),
        ({"A": _task({"ModelName.$": "$.m", **_SERVERLESS})}, Outcome.UNKNOWN),
        ({"A": _task({"ModelName.$": "$.m", "ServerlessConfig.$": "$.serverless"})}, Outcome.UNKNOWN),
        ({"A": {**_task({}), "Parameters": {"ProductionVariants.$": "$.variants"}}}, Outcome.UNKNOWN),
        ({"A": {"Type": "Task", "Resource": _CONFIG}}, Outcome.UNKNOWN),
        ({str(n): _task({"ModelName.$": f"$.m{n}", **_SERVER}) for n in range(20)}, Outcome.UNKNOWN),
        ({"A": _task({"ModelName": "another", **_SERVERLESS})}, Outcome.FAIL),
    ],
)
def test_a_name_known_only_at_run_time_excuses_a_model_only_where_it_could(
    states: dict[str, Any], outcome: Outcome
) -> None:
    snapshot = read_template(_MODEL.format(definition=json.dumps({"States": states})), "t.yaml")
    findings = engine.lint(snapshot, RULES, "2026-11-23").findings
    asked = {"model-outside-vpc", "model-without-network-isolation"}
    assert {f.outcome for f in findings if f.rule.id in asked and f.resource.id == "Model"} == {outcome}


def test_a_definition_is_read_once_for_all_its_jobs(monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []

    def reading(text: str) -> Any:
        read.append(text)
        return json.loads(text)

    job: dict[str, Any] = {
        "Type": "Task",
        "Resource": "arn:aws:states:::sagemaker:createTrainingJob.sync",
        "Retry": [{}],
    }
    states = {str(n): {**job, "Parameters": {**_REQUEST, "TrainingJobName": f"j{n}"}} for n in range(50)}
    machine = {
        "Type": "AWS::StepFunctions::StateMachine",
        "Properties": {"DefinitionString": json.dumps({"States": states})},
    }
    snapshot = read_template(json.dumps({"Resources": {"Machine": machine}}), "t.json")
    monkeypatch.setattr("wa_lint.facts.steps.json", SimpleNamespace(loads=reading))
    findings = engine.lint(snapshot, [rule for rule in RULES if rule.info.id == "training-without-retry"]).findings
    assert Counter(f.outcome for f in findings) == {Outcome.PASS: 50}
    assert len(read) == 1


def test_a_step_that_waits_for_no_name_is_not_gated() -> None:
    package = {"ModelPackageGroupName": "churn", "ModelApprovalStatus": "Approved"}
    step: dict[str, Any] = {
        "Name": "Register",
        "Type": "RegisterModel",
        "DependsOn": [{}, ["Gate"], None],
        "Arguments": package,
    }
    gate: dict[str, Any] = {"Name": "Gate", "Type": "Condition", "Arguments": {}}
    held = [{**step, "DependsOn": ["Gate"]}, gate]
    assert [_gating([step, gate]), _gating(held)] == [False, True]


def _gating(steps: list[dict[str, Any]]) -> Value:
    """What is_gated says of the one package that the steps register."""
    text = json.dumps({"Steps": steps})
    holder = msgspec.structs.replace(
        _holder("AWS::SageMaker::Pipeline"), properties={"PipelineDefinition": {"PipelineDefinitionBody": text}}
    )
    (job,) = jobs_beside(holder, text)
    assert isinstance(job, Resource)
    return is_gated(World(graph_of(Snapshot(SourceKind.LIVE, "aws://x", (holder, job)))).cell(job)).value


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=4) | st.sampled_from(["$.a", "{% $a %}", "${A}"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["Get", "Std:Join", "A.$", "Ref", "Fn::If", "Values", "RoleArn"]), inner)
    ),
    max_leaves=8,
)
_STEP = st.fixed_dictionaries(
    {}, optional={"Name": _JSON, "Type": st.sampled_from(["Training", "Condition", "AutoML"]), "Arguments": _JSON}
)
_STATE = st.fixed_dictionaries(
    {"Resource": st.sampled_from(["arn:aws:states:::sagemaker:createTrainingJob", "arn:aws:states:::x:y"]) | _JSON},
    optional={"Parameters": _JSON, "Arguments": _JSON, "Branches": _JSON, "QueryLanguage": st.just("JSONata")},
)
_ANY_DEFINITION = st.fixed_dictionaries(
    {}, optional={"Steps": st.lists(_STEP | _JSON, max_size=3) | _JSON, "Parameters": _JSON}
) | st.fixed_dictionaries({"States": st.dictionaries(st.text(max_size=3), _STATE | _JSON, max_size=3) | _JSON})


@given(_ANY_DEFINITION)
def test_no_definition_breaks_the_reading(definition: Any) -> None:
    text = json.dumps(definition)
    bodies: dict[str, Any] = {
        "Pipeline": {"PipelineDefinition": {"PipelineDefinitionBody": definition}},
        "Text": {"PipelineDefinition": {"PipelineDefinitionBody": {"Fn::Sub": text}}},
        "Machine": {"Definition": definition, "DefinitionSubstitutions": {"A": {"Ref": "Text"}}},
    }
    types = {"Machine": "AWS::StepFunctions::StateMachine"}
    resources = {
        id_: {"Type": types.get(id_, "AWS::SageMaker::Pipeline"), "Properties": body} for id_, body in bodies.items()
    }
    snapshot = read_template(json.dumps({"Resources": resources}), "t.json")
    for resource in snapshot.resources:
        assert list(_scenarios(snapshot, resource))
        assert resource.origin.locate(()).line
    for holder in ("AWS::SageMaker::Pipeline", "AWS::StepFunctions::StateMachine"):
        list(jobs_beside(_holder(holder), text))


def test_every_type_that_a_definition_makes_has_a_schema() -> None:
    from wa_lint import schema  # noqa: PLC0415, the only test that asks

    made = {f"AWS::SageMaker::{noun}" for noun in STEPS.values()} | set(ACTIONS.values())
    assert not [type_ for type_ in sorted(made) if not schema.known(type_)]


# --- places -----------------------------------------------------------------------------------------

_STYLES: dict[str, Callable[[str], str]] = {
    "literal": lambda text: _HEAD + "|\n" + "".join(f"       {line}\n" for line in text.split("\n")),
    "folded": lambda text: _HEAD + ">-\n" + "".join(f"       {line}\n" for line in text.split("\n")),
    "single": lambda text: _HEAD + "'" + text.replace("'", "''").replace("\n", "\n\n       ") + "'\n",
    "double": lambda text: f"{_HEAD}{_escaped(text)}\n",
    "JSON": lambda text: json.dumps(_template(text), indent=1),
}


def _escaped(text: str) -> str:
    """Return a YAML scalar in double quotes; YAML knows no pairs of surrogates."""
    return json.dumps(text, ensure_ascii=max(text) < "\U00010000")


def _template(body: str) -> Any:
    properties = {"PipelineDefinition": {"PipelineDefinitionBody": body}}
    return {"Resources": {"P": {"Type": "AWS::SageMaker::Pipeline", "Properties": properties}}}


_HEAD = """\
Resources:
  P:
    Type: AWS::SageMaker::Pipeline
    Properties:
     PipelineDefinition:
      PipelineDefinitionBody: """

_READERS: dict[str, Callable[[str], str]] = {
    "single": lambda written: written.replace("''", "'"),
    "double": lambda written: json.loads(f'"{written}"'),
    "JSON": lambda written: json.loads(f'"{written}"'),
}
"""How the text in a span of the source is read."""

_NAMES = st.text(st.characters(codec="ascii", categories=("L", "N", "P")), min_size=1, max_size=8)
_TEXTS = st.text(st.characters(codec="utf-8", categories=("L", "N", "P", "Zs", "So")), max_size=12)


@pytest.mark.parametrize("style", list(_STYLES))
@given(st.dictionaries(_NAMES, _TEXTS, min_size=1, max_size=4))
def test_a_value_is_found_where_it_is_written_in_every_style(style: str, environment: dict[str, str]) -> None:
    step = {"Name": "T", "Type": "Training", "Arguments": {"Environment": environment}}
    body = json.dumps({"Steps": [step]}, indent=1, ensure_ascii=False)
    text = _STYLES[style](body)
    snapshot = read_template(text, "t.yaml")
    cell = World(graph_of(snapshot)).cell(snapshot.resources[-1]).select("Environment")
    for key, value in environment.items():
        wanted = f"{json.dumps(key, ensure_ascii=False)}: {json.dumps(value, ensure_ascii=False)}"
        where = cell.select(key).location
        assert _READERS.get(style, str)(_cut(text, where)) == wanted


# --- the corpus -------------------------------------------------------------------------------------


@pytest.mark.skipif(not CORPUS.is_dir(), reason="the corpus is not here")
def test_the_corpus_is_read_and_its_jobs_are_found() -> None:
    found: Counter[str] = Counter()
    with (CORPUS / "index.csv").open(encoding="utf-8") as index:
        for row in csv.DictReader(index):
            types = row["sagemaker_types"] + row["other_types"]
            if "SageMaker::Pipeline" in types or "StateMachine" in types:
                found += Counter(_types_in(CORPUS / row["file"]))
    assert found == {"TrainingJob": 4, "Model": 1, "TransformJob": 1, "LabelingJob": 1}


def _types_in(file: Path) -> Iterator[str]:
    try:
        snapshot = read_template(file.read_bytes(), file.name)
    except SourceError:
        return
    graph = graph_of(snapshot)
    for resource in snapshot.resources:
        if "/" in resource.id:
            World(graph).cell(resource).plain()
            yield resource.type.rpartition("::")[2]


@pytest.mark.parametrize("type_", [{}, {"a": 1}, [], ["Training"], 5, True, None])
def test_a_type_that_is_no_text_is_a_step_that_is_not_followed(type_: Any) -> None:
    """The fuzzer put a map there."""
    body = json.dumps({"Version": "2020-12-01", "Steps": [{"Name": "Train", "Type": type_, "Arguments": {}}]})
    pipeline = {
        "Type": "AWS::SageMaker::Pipeline",
        "Properties": {"PipelineDefinition": {"PipelineDefinitionBody": body}},
    }
    report = engine.lint(read_template(json.dumps({"Resources": {"P": pipeline}}), "t.json"), [])
    assert any("the step Train has a type" in entry.reason for entry in report.not_followed), report.not_followed


@pytest.mark.parametrize("type_", [{}, [], 5, True, None])
def test_a_state_whose_type_is_no_text_is_no_fault(type_: Any) -> None:
    body = json.dumps({"StartAt": "A", "States": {"A": {"Type": type_, "Resource": type_, "End": True}}})
    machine = {"Type": "AWS::StepFunctions::StateMachine", "Properties": {"DefinitionString": body}}
    assert engine.lint(read_template(json.dumps({"Resources": {"M": machine}}), "t.json"), []).findings == ()
