"""Nested stacks: what they hold is judged as part of the template that nests them, and what is not followed is said."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from wa_lint import packs
from wa_lint.document import read_document
from wa_lint.engine import lint
from wa_lint.errors import SourceError
from wa_lint.graph import World
from wa_lint.model import ABSENT, Finding, Outcome, Snapshot, Unknown, Unresolved, Value
from wa_lint.references.follow import graph_of
from wa_lint.run.nested_files import judged_within
from wa_lint.scenario import Assumptions, Scenario, explore
from wa_lint.sources.template import MemberTemplate, read_template, snapshot_together

WaLint = Callable[..., Any]

SERVING = """\
Parameters:
  Env: {Type: String, Default: dev}
  Instances: {Type: Number, Default: 3}
  Name: {Type: String}
  Isolated: {Type: String, Default: 'no'}
Conditions:
  IsProd: !Equals [!Ref Env, prod]
  IsIsolated: !Equals [!Ref Isolated, 'yes']
Resources:
  Model:
    Type: AWS::SageMaker::Model
    Condition: IsProd
    Properties:
      EnableNetworkIsolation: !If [IsIsolated, true, false]
      ExecutionRoleArn: arn:aws:iam::123456789012:role/serving
  Config:
    Type: AWS::SageMaker::EndpointConfig
    Properties:
      EndpointConfigName: !Sub '${Name}-${AWS::StackName}'
      ProductionVariants:
        - VariantName: blue
          ModelName: !GetAtt Model.ModelName
          InstanceType: ml.m5.large
          InitialInstanceCount: !Ref Instances
  Endpoint:
    Type: AWS::SageMaker::Endpoint
    Properties: {EndpointConfigName: !GetAtt Config.EndpointConfigName}
Outputs:
  Endpoint: {Value: !GetAtt Endpoint.EndpointName}
  Label: {Value: !Sub '${Name}!'}
"""

PARENT = """\
Parameters:
  Stage: {Type: String, AllowedValues: [dev, prod]}
  Count: {Type: Number, Default: 1}
Conditions:
  Serves: !Equals [!Ref Stage, prod]
Resources:
  Serving:
    Type: AWS::CloudFormation::Stack
    Condition: Serves
    Properties:
      TemplateURL: ./stacks/serving.yaml
      Parameters:
        Env: !Ref Stage
        Instances: !Ref Count
        Name: !Sub '${Stage}-x'
  Scaling:
    Type: AWS::ApplicationAutoScaling::ScalableTarget
    Condition: Serves
    Properties:
      MinCapacity: 2
      MaxCapacity: 4
      ScalableDimension: sagemaker:variant:DesiredInstanceCount
      ResourceId: !Sub endpoint/${Serving.Outputs.Endpoint}/variant/blue
  Policy:
    Type: AWS::ApplicationAutoScaling::ScalingPolicy
    Condition: Serves
    Properties: {PolicyName: p, PolicyType: TargetTrackingScaling, ScalingTargetId: !Ref Scaling}
"""

FILES = {"stacks/serving.yaml": SERVING}


def read(parent: str, files: Mapping[str, str], pins: Mapping[str, str] | None = None) -> Snapshot:
    """Read `parent` as ``infra/parent.yaml``, with `files` beside it."""

    def open_file(name: str) -> bytes | None:
        text = files.get(os.path.normpath(name))
        return None if text is None else text.encode()

    return read_template(parent, "infra/parent.yaml", pins, open_file)


def findings(snapshot: Snapshot, *rules: str) -> Sequence[Finding]:
    return lint(snapshot, [rule for rule in packs.load() if rule.info.id in rules], "2026-11-23").findings


def seen(snapshot: Snapshot, id_: str) -> dict[str, Value]:
    """Return the properties of a resource in each scenario; None where it is not there."""
    graph = graph_of(snapshot)
    resource = next(r for r in snapshot.resources if r.id == id_)

    def look(scenario: Scenario) -> Value:
        world = World(graph, scenario)
        return show(world.cell(resource).plain()) if world.exists(resource) is not False else None

    return {words(assumptions): found for assumptions, found in explore(look, {}, 64)}


def words(assumptions: Assumptions) -> str:
    return " and ".join(
        f"{name} is not {' or '.join(map(repr, said.differs_from))}"
        if said.value is ABSENT
        else f"{name} is {said.value!r}"
        for name, said in sorted(assumptions.items())
        if said.value is not ABSENT or said.differs_from
    )


def show(value: Value) -> Value:
    """Return a value with ``${Name}`` for what is decided elsewhere, and ``? reason`` for what is not known."""
    if isinstance(value, dict):
        return {key: show(item) for key, item in value.items()}
    if isinstance(value, Unknown):
        return f"? {value.reason}"
    if isinstance(value, Unresolved):
        return "".join(part if isinstance(part, str) else f"${{{part.name}}}" for part in value.parts)
    return value


def stack(properties: str, more: str = "") -> str:
    return f"Resources:\n  Child:\n    Type: AWS::CloudFormation::Stack\n    Properties: {{{properties}}}\n{more}"


def child(properties: str, head: str = "", tail: str = "") -> dict[str, str]:
    body = f"{head}Resources:\n  R: {{Type: 'AWS::SageMaker::NotebookInstance', Properties: {{{properties}}}}}\n{tail}"
    return {"child.yaml": body}


LOCAL = "TemplateURL: child.yaml"


def test_links_lead_into_the_stack_and_out_of_it_and_arguments_flow() -> None:
    snapshot = read(PARENT, FILES)
    assert [r.id for r in snapshot.resources] == [
        "Serving",
        "Scaling",
        "Policy",
        "Serving/Model",
        "Serving/Config",
        "Serving/Endpoint",
    ]
    (scaled,) = findings(snapshot, "endpoint-single-instance")
    assert (scaled.outcome, scaled.resource.id, scaled.when) == (Outcome.PASS, "Serving/Config", "Stage is prod")
    assert scaled.evidence[0].resource == "Scaling"
    (alone,) = findings(read(PARENT.replace("MinCapacity: 2", "MinCapacity: 1"), FILES), "endpoint-single-instance")
    assert (alone.outcome, str(alone.location)) == (Outcome.FAIL, "infra/stacks/serving.yaml:24:11")
    assert "the default of Count" in alone.assumes


def test_a_parameter_that_is_not_given_is_asked_by_its_own_name() -> None:
    (finding,) = findings(read(PARENT, FILES), "model-without-network-isolation")
    assert finding.when == "Serving.Isolated is not yes and Stage is prod"
    assert str(finding.location) == "infra/stacks/serving.yaml:14:54"


def test_a_stack_is_there_where_its_condition_holds_and_a_resource_where_its_own_does_too() -> None:
    snapshot = read(PARENT, FILES)
    there = {words: said is not None for words, said in seen(snapshot, "Serving/Endpoint").items()}
    assert there == {"Stage is 'prod'": True, "Stage is not 'prod'": False}
    on_isolation = PARENT.replace("Serves: !Equals [!Ref Stage, prod]", "Serves: !Equals [!Ref Stage, dev]")
    assert set(seen(read(on_isolation, FILES), "Serving/Model").values()) == {None}


@pytest.mark.parametrize(
    ("given", "declared", "value"),
    [
        ("P: a", "Type: String", "a"),
        ("P: a", "Type: String, Default: b", "a"),
        ("P: 'a, b'", "Type: CommaDelimitedList", ["a", "b"]),
        ("P: [a, b]", "Type: CommaDelimitedList", ["a", "b"]),
        ("P: !Join ['-', [a, b]]", "Type: String", "a-b"),
        ("P: !Ref AWS::NoValue", "Type: String, Default: b", "b"),
        ("", "Type: String, Default: b", "b"),
    ],
)
def test_what_is_given_counts_and_else_the_default(given: str, declared: str, value: Value) -> None:
    files = child("Tags: !Ref P", f"Parameters: {{P: {{{declared}}}}}\n")
    (properties,) = seen(read(stack(f"{LOCAL}, Parameters: {{{given}}}"), files), "Child/R").values()
    assert properties == {"Tags": value}


@pytest.mark.parametrize(
    ("said", "value"),
    [
        ("!Ref AWS::StackId", "${Child}"),
        ("!Sub 'x-${P}'", "x-a"),
        ("!Sub ['x-${P}-${Q}', {Q: !Ref P}]", "x-a-a"),
        ("!FindInMap [M, !Ref P, k]", "v"),
        ("!If [C, !Ref P, b]", "a"),
        ("!FindInMap [!Ref P, a, k]", "? its name is a function, which is not followed across templates"),
        ("{Ref: !Ref P}", "? its name is a function, which is not followed across templates"),
        (
            "!GetAtt Other.Arn",
            "${Child/Other.Arn}",
        ),
        (
            "!GetAtt [Other, Arn]",
            "${Child/Other.Arn}",
        ),
        ("!Ref Missing", "? !Ref Child/Missing is not a parameter or resource of this template"),
        ("!Ref Child", "? !Ref Child/Child is not a parameter or resource of this template"),
    ],
)
def test_every_name_of_the_stack_is_its_own(said: str, value: Value) -> None:
    head = "Parameters: {P: {Type: String}}\nMappings: {M: {a: {k: v}}}\nConditions: {C: !Equals [!Ref P, a]}\n"
    files = child(f"RoleArn: {said}", head, "  Other: {Type: 'AWS::S3::Bucket'}\n")
    parent = "Mappings: {M: {a: {k: other}}}\nConditions: {C: !Equals [x, y]}\n" + stack(
        f"{LOCAL}, Parameters: {{P: a}}", "  Other: {Type: 'AWS::S3::Bucket'}\n  Missing: {Type: 'AWS::S3::Bucket'}\n"
    )
    (properties,) = seen(read(parent, files), "Child/R").values()
    assert properties == {"RoleArn": value}


def test_two_instances_of_one_template_are_two() -> None:
    second = stack(f"{LOCAL}, Parameters: {{P: b}}").partition("\n")[2].replace("Child", "Second")
    files = child("RoleArn: !Ref P, SubnetId: !Ref Q", "Parameters: {P: {Type: String}, Q: {Type: String}}\n")
    snapshot = read(stack(f"{LOCAL}, Parameters: {{P: a}}", second), files)
    roles = {id_: next(iter(seen(snapshot, id_).values())) for id_ in ("Child/R", "Second/R")}
    assert {id_: said["RoleArn"] for id_, said in roles.items() if isinstance(said, dict)} == {
        "Child/R": "a",
        "Second/R": "b",
    }
    subnets = {said["SubnetId"] for said in roles.values() if isinstance(said, dict)}
    assert subnets == {f"${{{id_}.Q}}" for id_ in ("Child", "Second")}
    found = lint(snapshot, packs.load(), "2026-11-23").findings
    assert len({f.fingerprint for f in found if f.resource.id.endswith("/R")}) > len({f.rule.id for f in found}) / 2


def test_stacks_nest_and_files_are_found_beside_the_template_that_names_them() -> None:
    files = {
        "a/child.yaml": "Parameters: {P: {Type: String}}\n"
        + stack("TemplateURL: ../b/inner.yaml, Parameters: {Q: !Sub 'x${P}'}")
        + "Outputs: {O: {Value: !GetAtt Child.Outputs.O}}\n",
        "b/inner.yaml": "Parameters: {Q: {Type: String}}\n"
        "Resources:\n  R: {Type: 'AWS::SageMaker::NotebookInstance', Properties: {RoleArn: !Ref Q}}\n"
        "Outputs: {O: {Value: !Sub '${Q}!'}}\n",
    }
    more = "  Top: {Type: 'AWS::SageMaker::NotebookInstance', Properties: {RoleArn: !GetAtt Child.Outputs.O}}\n"
    snapshot = read(stack("TemplateURL: a/child.yaml, Parameters: {P: y}", more), files)
    assert seen(snapshot, "Child/Child/R") == {"": {"RoleArn": "xy"}}
    assert seen(snapshot, "Top") == {"": {"RoleArn": "xy!"}}
    resource = next(r for r in snapshot.resources if r.id == "Child/Child/R")
    assert str(resource.origin.locate(("RoleArn",))) == "infra/b/inner.yaml:3:62"
    assert snapshot.nested == {"Child": "infra/a/child.yaml", "Child/Child": "infra/b/inner.yaml"}


def test_conditions_of_the_stack_hang_on_what_the_parent_gives() -> None:
    head = (
        "Parameters: {P: {Type: String}, Q: {Type: String, Default: q}}\n"
        "Conditions: {C: !Equals [!Ref P, x-prod], D: !Equals [!Ref P, !Ref Q]}\n"
    )
    files = child("RoleArn: !If [C, yes, no], SubnetId: !If [D, same, other]", head)
    parent = "Parameters: {Stage: {Type: String, Default: dev}}\n" + stack(
        f"{LOCAL}, Parameters: {{P: !Sub 'x-${{Stage}}'}}"
    )
    assert seen(read(parent, files), "Child/R") == {
        "Child.Q is 'x-prod' and Stage is 'prod'": {"RoleArn": "yes", "SubnetId": "same"},
        "Child.Q is not 'x-prod' and Stage is 'prod'": {"RoleArn": "yes", "SubnetId": "other"},
        "Child.P == Child.Q is True and Stage is not 'prod'": {"RoleArn": "no", "SubnetId": "same"},
        "Child.P == Child.Q is False and Stage is not 'prod'": {"RoleArn": "no", "SubnetId": "other"},
    }


def test_loops_and_serverless_work_inside_a_stack() -> None:
    loop = (
        "Transform: AWS::LanguageExtensions\nParameters: {Names: {Type: CommaDelimitedList}}\nResources:\n"
        "  Fn::ForEach::All:\n    - N\n    - !Ref Names\n"
        "    - 'R${N}': {Type: 'AWS::SageMaker::NotebookInstance', Properties: {RoleArn: !Ref N}}\n"
    )
    snapshot = read(stack(f"{LOCAL}, Parameters: {{Names: 'a,b'}}"), {"child.yaml": loop})
    assert [r.id for r in snapshot.resources] == ["Child", "Child/Ra", "Child/Rb"]
    assert seen(snapshot, "Child/Rb") == {"": {"RoleArn": "b"}}
    opened = "Parameters: {All: {Type: String, Default: 'a,b'}}\n" + stack(f"{LOCAL}, Parameters: {{Names: !Ref All}}")
    assert "its list is not known" in read(opened, {"child.yaml": loop}).problems[0].message
    sam = read(
        "Transform: AWS::Serverless-2016-10-31\nResources:\n  App:\n    Type: AWS::Serverless::Application\n"
        "    Properties: {Location: child.yaml}\n",
        child("RoleArn: x"),
    )
    assert seen(sam, "App/R") == {"": {"RoleArn": "x"}}


def test_jobs_inside_a_stack_have_their_lines() -> None:
    pipeline = """\
Parameters: {Image: {Type: String}}
Resources:
  Pipeline:
    Type: AWS::SageMaker::Pipeline
    Properties:
      PipelineDefinition:
        PipelineDefinitionBody: !Sub |
          {"Version": "2020-12-01", "Steps": [
            {"Name": "Train", "Type": "Training", "Arguments": {
              "AlgorithmSpecification": {"TrainingImage": "${Image}"},
              "EnableNetworkIsolation": false}}]}
"""
    snapshot = read(stack(f"{LOCAL}, Parameters: {{Image: churn}}"), {"child.yaml": pipeline})
    job = next(r for r in snapshot.resources if r.id == "Child/Pipeline/Train")
    assert str(job.origin.locate(("PipelineDefinition", "PipelineDefinitionBody", "Steps", 0, "Name"))).startswith(
        "infra/child.yaml:"
    )
    (properties,) = seen(snapshot, "Child/Pipeline/Train").values()
    assert isinstance(properties, dict)
    assert properties["AlgorithmSpecification"] == {"TrainingImage": "churn"}


def test_a_macro_in_the_stack_hides_the_stack_alone() -> None:
    files = child("RoleArn: x", "Transform: Ours\n")
    snapshot = read(stack(LOCAL, "  R: {Type: 'AWS::SageMaker::NotebookInstance', Properties: {RoleArn: x}}\n"), files)
    assert seen(snapshot, "R") == {"": {"RoleArn": "x"}}
    assert seen(snapshot, "Child/R") == {"": "? the macro Ours may change it at deployment"}


def test_what_the_stack_will_not_take_is_said_where_it_is_given() -> None:
    files = child("RoleArn: x", "Parameters: {P: {Type: String, AllowedValues: [a, b]}}\n")
    problems = read(stack(f"{LOCAL}, Parameters: {{P: c, Q: d}}"), files).problems
    assert [(p.location.line, p.message.split(",")[0]) for p in problems] == [
        (4, "what Child is given for P is 'c'"),
        (4, "Child is given Q"),
    ]


# --- what is not followed ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "why"),
    [
        (
            "https://s3.amazonaws.com/bucket/child.template",
            "https://s3.amazonaws.com/bucket/child.template is not fetched",
        ),
        ("s3://bucket/child.yaml", "s3://bucket/child.yaml is not fetched"),
        ("http://169.254.169.254/latest/meta-data", "is not fetched"),
        ("file:///etc/passwd", "is not fetched"),
        ("missing.yaml", "missing.yaml cannot be followed"),
        (
            "!Sub 'https://${AWS::Region}/child.yaml'",
            "its TemplateURL, !Sub https://${AWS::Region}/child.yaml, is known only at deployment",
        ),
        ("''", "its TemplateURL is not set"),
        ("parent.yaml", "nests itself"),
        ("broken.yaml", "broken.yaml cannot be read"),
        ("list.yaml", "it is not a template"),
        ("loop.yaml", "parent.yaml is not followed: it nests itself"),
    ],
)
def test_what_is_not_followed_is_said_and_nothing_passes(url: str, why: str) -> None:
    files = {
        "parent.yaml": stack(LOCAL),
        "broken.yaml": "Resources: [\n",
        "list.yaml": "[1]\n",
        "loop.yaml": stack("TemplateURL: parent.yaml"),
    }
    parent = stack(
        f"TemplateURL: {url}", "  R: {Type: 'AWS::S3::Bucket', Properties: {BucketName: !GetAtt Child.Outputs.B}}\n"
    )
    snapshot = read(parent, files)
    (problem,) = snapshot.problems
    assert "was not read, so its resources were not checked" in problem.message
    assert why in problem.message


def test_a_name_that_the_stack_does_not_give_out_is_unknown() -> None:
    parent = stack(LOCAL, "  B: {Type: 'AWS::S3::Bucket', Properties: {BucketName: !GetAtt Child.Outputs.B}}\n")
    assert seen(read(parent, child("RoleArn: x")), "B") == {
        "": {"BucketName": "? !GetAtt Child.Outputs.B: the nested stack has no such output"}
    }


def test_templates_that_swell_are_not_followed_without_end() -> None:
    long = child("RoleArn: x", f"Description: {'x' * 1_000_000}\n")
    body = "{Type: 'AWS::CloudFormation::Stack', Properties: {TemplateURL: child.yaml}}\n"
    parent = "Resources:\n" + "".join(f"  C{n}: {body}" for n in range(40))
    snapshot = read(parent, long)
    assert sum(r.id.endswith("/R") for r in snapshot.resources) == 29
    assert "over 30000000 characters" in snapshot.problems[0].message


@pytest.mark.parametrize("id_", ["'{0}'", "'{a}'", "'%s'", "Resources", "'a/b'", "'a.b'", "'a#b'", "''"])
def test_a_stack_may_have_any_id(id_: str) -> None:
    files = child("RoleArn: !Ref P, SubnetId: !GetAtt O.Arn", "Parameters: {P: {Type: String, Default: a}}\n")
    snapshot = read(stack(f"{LOCAL}, Parameters: {{P: b}}").replace("Child", id_), files)
    (properties,) = seen(snapshot, f"{id_.strip(chr(39))}/R").values()
    assert isinstance(properties, dict)
    assert properties["RoleArn"] == "b"


def test_stacks_are_not_followed_without_end() -> None:
    files = {f"s{n}.yaml": stack(f"TemplateURL: s{n + 1}.yaml") for n in range(20)}
    deep = read(files["s0.yaml"], files)
    assert "deeper than 8 levels" in deep.problems[0].message
    twice = "  Twin: {Type: 'AWS::CloudFormation::Stack', Properties: {TemplateURL: s%d.yaml}}\n"
    wide = {name: text + twice % (n + 1) for n, (name, text) in enumerate(files.items())}
    start = time.process_time()
    assert any("more than 200 nested stacks" in p.message for p in read(wide["s0.yaml"], wide).problems)
    assert time.process_time() - start < 5


# --- as the command sees it -------------------------------------------------------------------------


def write(files: Mapping[str, str]) -> None:
    for name, text in files.items():
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_text(text, "utf-8")


def inputs(run: Any) -> dict[str, tuple[str, str | None]]:
    return {i["uri"]: (i["status"], i["reason"]) for i in run.report["inputs"]}


def test_a_template_that_another_one_nests_is_judged_there_and_nowhere_else(wa_lint: WaLint) -> None:
    write({"infra/parent.yaml": PARENT, "infra/stacks/serving.yaml": SERVING, "other.yaml": SERVING})
    run = wa_lint("check", "-o", "json", "--select", "model-without-network-isolation")
    assert inputs(run) == {
        "infra/parent.yaml": ("judged", None),
        "infra/stacks/serving.yaml": ("judged", "as the nested stack Serving of infra/parent.yaml"),
        "other.yaml": ("judged", None),
    }
    assert [f["resource"]["id"] for f in run.report["findings"]] == ["Serving/Model", "Model"]
    assert wa_lint("check", "-o", "json", "--jobs", "2", "--select", "model-without-network-isolation").out == run.out


def test_lines_of_a_nested_template_are_shown_though_only_its_parent_is_named(wa_lint: WaLint) -> None:
    write({"infra/parent.yaml": PARENT, "infra/stacks/serving.yaml": SERVING})
    run = wa_lint("check", "infra/parent.yaml", "--select", "model-without-network-isolation", "-v")
    assert "14 |       EnableNetworkIsolation: !If [IsIsolated, true, false]" in run.out


def test_each_parent_has_its_own_instance_with_its_own_fingerprints(wa_lint: WaLint) -> None:
    second = PARENT.replace("Serving", "Second")
    write({"a/parent.yaml": PARENT, "a/second.yaml": second, "a/stacks/serving.yaml": SERVING})
    run = wa_lint("check", "a", "-o", "json", "--select", "model-without-network-isolation")
    assert inputs(run)["a/stacks/serving.yaml"] == ("judged", "as the nested stack Second of a/second.yaml and 1 more")
    found = {f["resource"]["id"]: f["fingerprint"] for f in run.report["findings"]}
    assert set(found) == {"Serving/Model", "Second/Model"}
    assert len(set(found.values())) == 2


def test_of_templates_that_nest_each_other_one_stands_for_itself() -> None:
    nested = {"a": {"X": "b", "X/Y": "c"}, "b": {"Y": "c", "Y/Z": "a"}, "c": {"Z": "a", "Z/X": "b"}, "d": {}}
    assert judged_within(nested) == {"b": "as the nested stack X of a", "c": "as the nested stack X/Y of a"}


@pytest.mark.parametrize("url", ["../outside.yaml", "/etc/passwd", "link.yaml", r"\\\\host\\share\\child.yaml"])
def test_36_nothing_outside_of_the_root_is_opened(wa_lint: WaLint, tmp_path: Path, url: str) -> None:
    write({"outside.yaml": SERVING, "in/parent.yaml": PARENT.replace("./stacks/serving.yaml", url)})
    Path("in/link.yaml").symlink_to(tmp_path / "outside.yaml")
    run = wa_lint("check", "in", "-o", "json")
    assert "Traceback" not in run.err
    assert [p["message"].partition(":")[0] for p in run.report["problems"]] == [
        "the nested stack Serving was not read, so its resources were not checked"
    ]
    assert not any(f["resource"]["id"].startswith("Serving/") for f in run.report["findings"])


@pytest.mark.parametrize(
    "url", ["http://169.254.169.254/latest/", "http://internal/x.yaml", "HTTPS://example.invalid/x"]
)
def test_37_no_url_is_fetched(wa_lint: WaLint, monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    def refuse(*_: object) -> None:
        pytest.fail("a socket was opened")

    monkeypatch.setattr("socket.socket.connect", refuse)
    write({"parent.yaml": PARENT.replace("./stacks/serving.yaml", url)})
    run = wa_lint("check", "-o", "json")
    assert f"{url} is not fetched" in run.report["problems"][0]["message"]


# --- how long it takes ------------------------------------------------------------------------------

MANY = """
import json, sys, time
from wa_lint import packs
from wa_lint.document import read_document
from wa_lint.engine import lint
from wa_lint.errors import SourceError
from wa_lint.sources.template import read_template
parent, child = json.load(sys.stdin)
rules = packs.load()
rules[0].programs
start = time.process_time()
report = lint(read_template(parent, "parent.yaml", None, {"child.yaml": child.encode()}.get), rules, "2026-11-23")
took = time.process_time() - start
said = [(f.rule.id, f.outcome.value, f.resource.id, f.path, f.message, f.when, f.fingerprint) for f in report.findings]
print(json.dumps([took, said]))
"""


def many_stacks(stacks: int, conditions: int) -> tuple[str, str]:
    """Return a parent of so many stacks, and a child with so many conditions on as many parameters of the parent."""
    names = [f"P{n}" for n in range(conditions)]
    child_ = {
        "Parameters": {name: {"Type": "String", "Default": "no"} for name in names},
        "Conditions": {f"C{n}": {"Fn::Equals": [{"Ref": name}, "yes"]} for n, name in enumerate(names)},
        "Resources": {
            "Notebook": {
                "Type": "AWS::SageMaker::NotebookInstance",
                "Properties": {
                    "InstanceType": "ml.t3.medium",
                    "RoleArn": "arn:aws:iam::123456789012:role/x",
                    "DirectInternetAccess": chain("Enabled", "Disabled", conditions),
                    "RootAccess": chain("Disabled", "Enabled", conditions),
                    "KmsKeyId": {
                        "Fn::Join": ["", ["alias/", *({"Fn::If": [f"C{n}", "a", "b"]} for n in range(conditions))]]
                    },
                },
            }
        },
    }
    parent = {
        "Parameters": {name: {"Type": "String"} for name in names},
        "Resources": {
            f"Stack{n}": {
                "Type": "AWS::CloudFormation::Stack",
                "Properties": {
                    "TemplateURL": "child.yaml",
                    "Parameters": {name: {"Ref": name} for name in names[n % 5 :]},
                },
            }
            for n in range(stacks)
        },
    }
    return json.dumps(parent), json.dumps(child_)


def chain(then: Value, otherwise: Value, conditions: int) -> Value:
    value = otherwise
    for n in range(conditions):
        value = {"Fn::If": [f"C{n}", then if n % 2 else otherwise, value]}
    return value


def test_26_stacks_of_20_conditions_take_no_time_and_are_the_same_for_every_seed() -> None:
    given = json.dumps(many_stacks(26, 20))
    said = set()
    for seed in range(5):
        done = subprocess.run(
            [sys.executable, "-c", MANY],
            input=given,
            capture_output=True,
            text=True,
            check=True,
            env={**os.environ, "PYTHONHASHSEED": str(seed)},
        )
        took, findings_ = json.loads(done.stdout)
        assert took < 2
        said.add(json.dumps(findings_))
    assert len(said) == 1
    budget = [f for f in json.loads(said.pop()) if f[0] == "notebook-default-key" and "budget" in f[4]]
    assert {(outcome, id_) for _, outcome, id_, *_ in budget} == {("unknown", f"Stack{n}/Notebook") for n in range(26)}


# --- nesting changes nothing ------------------------------------------------------------------------

ROOT = Path(__file__).parents[1]
CORPUS = ROOT.parent / "shared" / "corpus" / "files"
NEST_IT = "Resources:\n  Child: {Type: 'AWS::CloudFormation::Stack', Properties: {TemplateURL: t.yaml}}\n"


def templates() -> Sequence[Path]:
    """Return our fixtures and, where the corpus is there, some of its templates, the same on every run."""
    corpus = sorted(path for path in CORPUS.rglob("*") if path.is_file()) if CORPUS.is_dir() else []
    return [*sorted(ROOT.glob("fixtures/*/template.yaml")), *corpus[::9]]


@pytest.mark.parametrize("path", [pytest.param(path, id=f"{path.parent.name}/{path.name}") for path in templates()])
def test_a_template_has_the_same_verdicts_as_a_stack_among_others(path: Path) -> None:
    content = path.read_bytes()
    try:
        document = read_document(content, "t.yaml")
        alone = read_template(content, "t.yaml")
    except SourceError:
        pytest.skip("it is not a template")
    within = read_template(NEST_IT, "parent.yaml", None, {"t.yaml": content}.get)
    beside = snapshot_together(
        [MemberTemplate(document), MemberTemplate(read_document(twin_of(document.value), "other.yaml"))],
    )
    assert told(within, "Child/", "Child.") == told(alone)
    assert told(beside, "t.yaml#", "#t.yaml") == told(alone)


def twin_of(value: Any) -> str:
    """Return a template that has resources and parameters of the same names, and nothing that is judged."""
    names = {section: list(value.get(section) or {}) for section in ("Parameters", "Resources")}
    resources = {id_: {"Type": "Other::Own::Type"} for id_ in names["Resources"] if not id_.startswith("Fn::")}
    parameters = {name: {"Type": "String"} for name in names["Parameters"]}
    return json.dumps({"Parameters": parameters, "Resources": resources | {"One": {"Type": "Other::Own::Type"}}})


def told(snapshot: Snapshot, *marks: str) -> list[tuple[object, ...]]:
    """Return what is said of the template, without the marks that tell its names from those of others.

    And without the advice at the end: no option gives a nested stack's parameter a value.
    """

    def plain(text: str | None) -> str:
        for mark in marks:
            text = (text or "").replace(mark, "")
        return re.sub(r" (?:Pass --parameters|Check it together) .*", "", text or "")

    return sorted(
        (f.rule.id, f.outcome.value, plain(f.resource.id), f.path, f.location.line, plain(f.message))
        for f in lint(snapshot, packs.load(), "2026-11-23").findings
        if f.location.uri == "t.yaml"
    )
