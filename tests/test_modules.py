"""Client-side modules: what they hold is judged as part of the template, and what is not followed is said."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from wa_lint import packs
from wa_lint.document import read_document
from wa_lint.engine import lint
from wa_lint.graph import World
from wa_lint.linking import graph_of
from wa_lint.model import Finding, Outcome, Snapshot, Unknown, Unresolved, Value
from wa_lint.scenario import Scenario, explore
from wa_lint.sources.template import Member, looks_like_template, read_template, snapshot_together

WaLint = Callable[..., Any]

NOTEBOOK = """\
Parameters:
  Access: {Type: String}
  Role: {Type: String, Default: reader}
  Extra: {Type: String, Default: ''}
Conditions:
  HasExtra: !Not [!Equals [!Ref Extra, '']]
Mappings:
  Sizes: {small: {type: ml.t3.medium}}
Resources:
  Scripts:
    Type: AWS::SageMaker::NotebookInstanceLifecycleConfig
  Notebook:
    Type: AWS::SageMaker::NotebookInstance
    DependsOn: Scripts
    Properties:
      InstanceType: !FindInMap [Sizes, small, type]
      DirectInternetAccess: !Ref Access
      RoleArn: !Sub 'arn:aws:iam::123456789012:role/${Role}'
      LifecycleConfigName: !GetAtt Scripts.NotebookInstanceLifecycleConfigName
      Tags:
        - {Key: by, Value: module}
  Bucket:
    Type: AWS::S3::Bucket
    Condition: HasExtra
    Properties: {BucketName: !Ref Extra}
Outputs:
  Name: {Value: !GetAtt Notebook.NotebookInstanceName}
  Label: {Value: !Sub '${Role}!'}
"""

PARENT = """\
Parameters:
  Stage: {Type: String, AllowedValues: [dev, prod]}
Modules:
  Lab:
    Source: ./modules/notebook.yaml
    Properties:
      Access: !Ref Stage
    Overrides:
      Notebook:
        Properties:
          RootAccess: Enabled
          Tags:
            - {Key: for, Value: !Ref Stage}
Resources:
  Top:
    Type: AWS::SageMaker::NotebookInstance
    Properties:
      NotebookInstanceName: !GetAtt Lab.Name
      RoleArn: !Sub '${Lab.Label}-${Lab.Access}'
      KmsKeyId: !GetAtt LabBucket.Arn
"""

FILES = {"modules/notebook.yaml": NOTEBOOK}


def read(parent: str, files: Mapping[str, str], pins: Mapping[str, str] | None = None) -> Snapshot:
    """Read `parent` as ``infra/parent.yaml``, with `files` beside it."""

    def open_file(name: str) -> bytes | None:
        text = files.get(posixpath.normpath(name))
        return None if text is None else text.encode()

    return read_template(parent, "infra/parent.yaml", pins, open_file)


def seen(snapshot: Snapshot, id_: str) -> list[Value]:
    """Return the properties of a resource in each scenario; None where it is not there."""
    graph = graph_of(snapshot)
    resource = next(r for r in snapshot.resources if r.id == id_)

    def look(scenario: Scenario) -> Value:
        world = World(graph, scenario)
        return show(world.cell(resource).plain()) if world.exists(resource) is not False else None

    return [found for _, found in explore(look, {}, 64)]


def show(value: Value) -> Value:
    if isinstance(value, dict):
        return {key: show(item) for key, item in value.items()}
    if isinstance(value, list):
        return [show(item) for item in value]
    if isinstance(value, Unknown):
        return f"? {value.reason}"
    if isinstance(value, Unresolved):
        return "".join(part if isinstance(part, str) else f"${{{part.name}}}" for part in value.parts)
    return value


def findings(snapshot: Snapshot, rule: str) -> list[Finding]:
    return [f for f in lint(snapshot, packs.load(), "2026-11-23").findings if f.rule.id == rule]


def module(body: str, given: str = "") -> tuple[str, dict[str, str]]:
    """Return a template with the module ``M``, and the file of that."""
    return f"Modules:\n  M: {{Source: m.yaml, {given}}}\nResources: {{}}\n", {"m.yaml": body}


def test_what_a_module_holds_stands_in_the_template_and_values_flow_in_and_out() -> None:
    snapshot = read(PARENT, FILES, {"Stage": "prod"})
    assert snapshot.problems == ()
    assert {r.id: r.type.rpartition(":")[2] for r in snapshot.resources} == {
        "Top": "NotebookInstance",
        "LabScripts": "NotebookInstanceLifecycleConfig",
        "LabNotebook": "NotebookInstance",
        "LabBucket": "Bucket",
    }
    assert seen(snapshot, "LabNotebook") == [
        {
            "InstanceType": "ml.t3.medium",
            "DirectInternetAccess": "prod",
            "RoleArn": "arn:aws:iam::123456789012:role/reader",
            "LifecycleConfigName": "${LabScripts.NotebookInstanceLifecycleConfigName}",
            "Tags": [{"Key": "by", "Value": "module"}, {"Key": "for", "Value": "prod"}],
            "RootAccess": "Enabled",
        }
    ]
    assert seen(snapshot, "Top") == [
        {
            "NotebookInstanceName": "${LabNotebook.NotebookInstanceName}",
            "RoleArn": "reader!-prod",
            "KmsKeyId": "${LabBucket.Arn}",
        }
    ]


def test_a_condition_of_the_module_hangs_on_what_it_is_given() -> None:
    assert seen(read(PARENT, FILES), "LabBucket") == [None]
    given = PARENT.replace("Access: !Ref Stage", "Access: x, Extra: data").replace("      Access", "      {Access", 1)
    given = given.replace("Extra: data", "Extra: data}")
    assert seen(read(given, FILES), "LabBucket") == [{"BucketName": "data"}]
    forked = PARENT.replace("Access: !Ref Stage", "Extra: !If [IsProd, data, '']").replace(
        "Modules:", "Conditions: {IsProd: !Equals [!Ref Stage, prod]}\nModules:"
    )
    assert sorted(map(str, seen(read(forked, FILES), "LabBucket"))) == ["None", "{'BucketName': 'data'}"]


def test_findings_stand_in_the_file_where_the_value_was_written() -> None:
    literal = NOTEBOOK.replace("!Ref Access", "Enabled")
    snapshot = read(PARENT, {"modules/notebook.yaml": literal})
    (internet,) = [f for f in findings(snapshot, "notebook-direct-internet") if f.resource.id == "LabNotebook"]
    assert (internet.outcome, str(internet.location)) == (Outcome.FAIL, "infra/modules/notebook.yaml:17:7")
    (root,) = [f for f in findings(snapshot, "notebook-root-access") if f.resource.id == "LabNotebook"]
    assert (root.outcome, str(root.location)) == (Outcome.FAIL, "infra/parent.yaml:11:11")
    notebook = next(r for r in snapshot.resources if r.id == "LabNotebook")
    assert str(notebook.origin.locate(("Tags", 0, "Key"))).startswith("infra/modules/notebook.yaml:21:")
    assert str(notebook.origin.locate(("Tags", 1, "Key"))).startswith("infra/parent.yaml:13:")


def test_modules_hold_modules_and_each_instance_is_its_own() -> None:
    files = {
        "modules/lab.yaml": "Parameters: {Access: {Type: String}}\nModules:\n  One:\n    Source: notebook.yaml\n"
        "    Properties: {Access: !Ref Access}\nOutputs:\n  Role: {Value: !GetAtt One.Label}\n",
        **FILES,
    }
    lab = "{Source: modules/lab.yaml, Properties: {Access: %s}}"
    parent = (
        f"Modules:\n  A: {lab % 'Enabled'}\n  B: {lab % 'Disabled'}\n"
        "Resources: {T: {Type: 'AWS::S3::Bucket', Properties: {BucketName: !GetAtt B.Role}}}\n"
    )
    snapshot = read(parent, files)
    assert snapshot.problems == ()
    outcomes = {f.resource.id: f.outcome for f in findings(snapshot, "notebook-direct-internet")}
    assert outcomes == {"AOneNotebook": Outcome.FAIL, "BOneNotebook": Outcome.PASS}
    assert seen(snapshot, "T") == [{"BucketName": "reader!"}]
    assert set(snapshot.nested) == {"module A", "module B", "module AOne", "module BOne"}


@pytest.mark.parametrize(
    ("given", "value"),
    [
        ("Properties: {P: {a: [1, !Ref AWS::Region]}}", {"a": [1, "${AWS::Region}"]}),
        ("Properties: {P: 7}", 7),
        ("Properties: {P: !GetAtt Other.Arn}", "${Other.Arn}"),
        ("Condition: C", "b"),
        ("", "b"),
    ],
)
def test_a_parameter_is_whatever_is_given_for_it_or_its_default(given: str, value: Value) -> None:
    parent, files = module(
        "Parameters: {P: {Type: Object, Default: b}}\n"
        "Resources: {R: {Type: 'Our::Own::Type', Properties: {Some: !Ref P}}}\n",
        given,
    )
    parent = parent.replace("{}", "{Other: {Type: 'AWS::S3::Bucket'}}") + "Conditions: {C: !Equals [a, a]}\n"
    assert seen(read(parent, files), "MR") == [{"Some": value}]


def test_a_parameter_that_is_given_nothing_is_unknown() -> None:
    found = findings(read(PARENT.replace("Access: !Ref Stage", "Role: x"), FILES), "notebook-direct-internet")
    (finding,) = [f for f in found if f.resource.id == "LabNotebook"]
    assert finding.outcome is Outcome.UNKNOWN
    assert "Lab.Access is given no value" in finding.message


def test_a_module_is_there_where_its_condition_holds() -> None:
    parent, files = module("Resources: {R: {Type: 'AWS::S3::Bucket'}}\n", "Condition: C")
    head = "Parameters: {Stage: {Type: String}}\nConditions: {C: !Equals [!Ref Stage, prod]}\n"
    assert seen(read(head + parent, files), "MR") == [{}, None]


def test_what_rain_leaves_out_without_a_property_is_left_out() -> None:
    body = (
        "Parameters: {P: {Type: String, Default: ''}}\nResources:\n"
        "  With: {Type: 'AWS::S3::Bucket', Metadata: {Rain: {IfParam: P}}}\n"
        "  Without: {Type: 'AWS::S3::Bucket', Metadata: {Rain: {IfNotParam: P}}}\n"
    )
    ids = [[r.id for r in read(*module(body, given)).resources] for given in ("", "Properties: {P: x}")]
    assert ids == [["MWithout"], ["MWith"]]


def test_a_module_may_bring_a_transform() -> None:
    body = "Transform: %s\nResources: {N: {Type: 'AWS::SageMaker::NotebookInstance', Properties: {RoleArn: x}}}\n"
    assert seen(read(*module(body % "AWS::LanguageExtensions")), "MN") == [{"RoleArn": "x"}]
    assert seen(read(*module(body % "Ours")), "MN") == ["? the macro Ours may change it at deployment"]


def test_modules_work_inside_a_nested_stack_and_stacks_beside_modules() -> None:
    stack = "Resources:\n  Child: {Type: 'AWS::CloudFormation::Stack', Properties: {TemplateURL: taker.yaml, %s}}\n"
    files = {"taker.yaml": PARENT, **FILES}
    snapshot = read(stack % "Parameters: {Stage: prod}", files)
    assert seen(snapshot, "Child/Top")[0] == {
        "NotebookInstanceName": "${Child/LabNotebook.NotebookInstanceName}",
        "RoleArn": "reader!-prod",
        "KmsKeyId": "${Child/LabBucket.Arn}",
    }
    assert snapshot.nested == {"Child": "infra/taker.yaml", "Child/module Lab": "infra/modules/notebook.yaml"}
    inner = "Resources: {R: {Type: 'AWS::S3::Bucket'}}\n"
    parent, held = module(stack % "Parameters: {}")
    assert [r.id for r in read(parent, held | {"taker.yaml": inner}).resources] == ["MChild", "MChild/R"]


def test_templates_that_are_read_together_keep_their_modules_apart() -> None:
    texts = [PARENT.replace("Access: !Ref Stage", f"Access: {access}") for access in ("Enabled", "Disabled")]
    members = [
        Member(read_document(text, f"{name}.yaml"), lambda name: FILES[posixpath.normpath(name)].encode())
        for name, text in zip("ab", texts, strict=True)
    ]
    snapshot = snapshot_together(members)
    roles = {r.id: seen(snapshot, r.id)[0] for r in snapshot.resources if r.id.endswith("#Top")}
    assert {id_: said["RoleArn"] for id_, said in roles.items() if isinstance(said, dict)} == {
        "a.yaml#Top": "reader!-Enabled",
        "b.yaml#Top": "reader!-Disabled",
    }


# --- what is not followed ---------------------------------------------------------------------------

REFUSED = {
    "Source: https://example.org/m.yaml": "https://example.org/m.yaml is not fetched",
    "Source: s3://bucket/m.yaml": "s3://bucket/m.yaml is not fetched",
    "Source: missing.yaml": "missing.yaml cannot be followed",
    "Source: $abc/m.yaml": "it lies in a package, which is not opened",
    "Source: parent.yaml": "it nests itself",
    "Source: list.yaml": "is no module",
    "Source: broken.yaml": "cannot be read",
    "Source: !Ref X": "its Source names no file",
    "Source: ''": "its Source names no file",
    "Source: loop.yaml": "Fn::ForEach::All names its resources",
    "Source: m.yaml, ForEach: [a, b]": "it is repeated for each item of a list",
    "Source: m.yaml, Map: !Ref List": "it is repeated for each item of a list",
}


@pytest.mark.parametrize("said", REFUSED)
def test_what_is_not_followed_is_said_and_nothing_passes(said: str) -> None:
    files = {
        "m.yaml": NOTEBOOK,
        "parent.yaml": "Resources: {}\n",
        "list.yaml": "[1]\n",
        "broken.yaml": "Resources: [\n",
        "loop.yaml": "Resources: {'Fn::ForEach::All': [N, [a], {'R${N}': {Type: 'AWS::S3::Bucket'}}]}\n",
    }
    parent = (
        f"Modules:\n  M: {{{said}}}\nResources:\n  N:\n    Type: AWS::SageMaker::NotebookInstance\n    Properties: "
        "{RoleArn: x, DirectInternetAccess: !GetAtt M.Access, KmsKeyId: !Ref MKey, RootAccess: !Sub '${M.Root}'}\n"
    )
    snapshot = read(parent, files)
    (problem,) = snapshot.problems
    assert problem.message.startswith("the module M is not in sight, so the resources that it makes were not judged: ")
    assert REFUSED[said] in problem.message
    assert problem.location.line == 2
    outcomes = {f.rule.id: f.outcome for f in lint(snapshot, packs.load(), "2026-11-23").findings}
    for rule in ("notebook-direct-internet", "notebook-default-key", "notebook-root-access"):
        assert outcomes[rule] is Outcome.UNKNOWN


def test_modules_that_hold_each_other_are_cut() -> None:
    files = {"m.yaml": "Modules: {N: {Source: n.yaml}}\n", "n.yaml": "Modules: {M: {Source: m.yaml}}\n"}
    snapshot = read("Modules: {M: {Source: m.yaml}}\nResources: {}\n", files)
    assert ["it nests itself" in problem.message for problem in snapshot.problems] == [True]


@pytest.mark.parametrize(
    ("said", "value"),
    [
        ("!Ref Const::Name", "Const::Name"),
        ("{Fn::Merge: [{a: b}, {c: d}]}", "Fn::Merge"),
        ("{Fn::Invoke: [M, {P: x}, O]}", "Fn::Invoke"),
        ("{Fn::InsertFile: secret.txt}", "Fn::InsertFile"),
    ],
)
def test_what_only_packaging_understands_is_unknown(said: str, value: str) -> None:
    parent, files = module(f"Resources: {{R: {{Type: 'Our::Own::Type', Properties: {{Some: {said}}}}}}}\n")
    ((properties,),) = [seen(read(parent, files), "MR")]
    assert isinstance(properties, dict)
    assert str(properties["Some"]).startswith("? ")
    assert value in str(properties["Some"])


@pytest.mark.parametrize(
    ("value", "is_one"),
    [
        ({"Modules": {"M": {"Source": "m.yaml"}}}, True),
        ({"Modules": {"M": {"Source": "m.yaml"}}, "Outputs": {}, "Parameters": {}}, True),
        ({"Modules": {"M": {"Source": "m.yaml"}}, "version": 1}, False),
        ({"Modules": {"M": {}}}, False),
        ({"Modules": ["m.yaml"]}, False),
        ({"Modules": {}}, False),
    ],
)
def test_modules_alone_make_a_template_only_where_nothing_else_stands(value: Value, is_one: bool) -> None:
    assert looks_like_template(value) is is_one


# --- as the command sees it -------------------------------------------------------------------------


def test_a_module_is_judged_in_the_template_that_takes_it_and_nowhere_else(wa_lint: WaLint) -> None:
    for name, text in {"infra/parent.yaml": PARENT, "infra/modules/notebook.yaml": NOTEBOOK}.items():
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_text(text)
    run = wa_lint("check", "-o", "json", "--select", "notebook-root-access")
    assert {i["uri"]: i["reason"] for i in run.report["inputs"]} == {
        "infra/parent.yaml": None,
        "infra/modules/notebook.yaml": "as the module Lab of infra/parent.yaml",
    }
    assert [f["resource"]["id"] for f in run.report["findings"]] == ["LabNotebook", "Top"]


@pytest.mark.parametrize("source", ["../outside.yaml", "/etc/passwd", "link.yaml"])
def test_nothing_outside_of_the_root_is_opened(wa_lint: WaLint, tmp_path: Path, source: str) -> None:
    Path("in").mkdir()
    Path("outside.yaml").write_text(NOTEBOOK)
    Path("in/parent.yaml").write_text(f"Modules: {{M: {{Source: {source}}}}}\nResources: {{}}\n")
    Path("in/link.yaml").symlink_to(tmp_path / "outside.yaml")
    run = wa_lint("check", "in", "-o", "json")
    assert "Traceback" not in run.err
    assert "cannot be followed" in run.report["problems"][0]["message"]
    assert run.report["findings"] == []
