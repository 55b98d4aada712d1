"""What is not judged is said: files, types, stacks and faults, in every format and in the exit code."""

from __future__ import annotations

import gzip
import json
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

import pytest

from wa_lint import schema, type_names
from wa_lint.document.from_yaml import mended_scanner, yaml_document
from wa_lint.engine import lint
from wa_lint.errors import SourceError
from wa_lint.model import Listed, Location, NotFollowed, Report, Resource, Snapshot, SourceKind, Unjudged
from wa_lint.reporters import REPORTERS, coverage, standings
from wa_lint.run.walking import MOST_LISTED
from wa_lint.sources.export.aws_config_types import CAMEL
from wa_lint.sources.export.terraform_types import KINDS
from wa_lint.sources.live.collectors import all_collectors

WaLint = Callable[..., Any]

BAD = (
    'Resources:\n  N: {Type: "AWS::SageMaker::NotebookInstance", '
    "Properties: {RoleArn: x, InstanceType: ml.t3.medium, RootAccess: Enabled}}\n"
)
VPC = 'Resources: {V: {Type: "AWS::EC2::VPC", Properties: {CidrBlock: 10.0.0.0/16}}}\n'
NO_RULE = 'Resources: {C: {Type: "AWS::SageMaker::DeviceFleet", Properties: {}}}\n'
CUSTOM = "Resources: {C: {Type: 'Custom::Cleaner', Properties: {ServiceToken: x}}}\n"


def write(files: Mapping[str, str | bytes]) -> None:
    for name, content in files.items():
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_bytes(content if isinstance(content, bytes) else content.encode())


def judged(run: Any) -> set[str]:
    return {finding["location"]["uri"] for finding in run.report["findings"] if finding["outcome"] == "fail"}


def rows(run: Any, reason: str) -> list[Any]:
    return [entry for entry in run.report["inputs"] if entry["reason"] == reason]


def kinds(run: Any) -> dict[str, str]:
    return {line["kind"]: line["text"] for line in run.report["coverage"]}


# --- formats and what is not judged -------------------------------------------------------------------


CASES: Final[dict[str, tuple[Mapping[str, str | bytes], str]]] = {
    "nothing judged": ({"notes.json": "{}"}, "Nothing was checked"),
    "no verdict": ({"a.yaml": NO_RULE}, "Nothing was judged"),
    "unread type": ({"bad.yaml": BAD, "a.yaml": NO_RULE}, "AWS::SageMaker::DeviceFleet"),
    "skipped file": ({"bad.yaml": BAD, "b.py": "x"}, "unknown suffix"),
    "nested stack": (
        {
            "bad.yaml": BAD,
            "s.yaml": "Resources: {Net: {Type: AWS::CloudFormation::Stack, Properties: {TemplateURL: https://b/x.template}}}",
        },
        "the nested stack Net",
    ),
    "a configuration that ignores": (
        {"bad.yaml": BAD, "wa-lint.yaml": "ignore: notebook-root-access\n"},
        "ignores 1 rule",
    ),
    "a configuration that ignores all": ({"bad.yaml": BAD, "wa-lint.yaml": "ignore: ['*']\n"}, "ignores all "),
    "a configuration that excludes": (
        {"bad.yaml": BAD, "old/bad.yaml": BAD, "wa-lint.yaml": "exclude: [old/*]\n"},
        "excludes old/* (1 file)",
    ),
    "a configuration that suppresses": (
        {"bad.yaml": BAD, "wa-lint.yaml": "allow: [{rule: notebook-root-access, resource: N, reason: r}]\n"},
        "suppresses 1 finding at wa-lint.yaml",
    ),
    "a configuration that fails nothing": ({"bad.yaml": BAD, "wa-lint.yaml": "fail-on: never\n"}, "no finding fails"),
    "two at once": (
        {"a.yaml": NO_RULE, "wa-lint.yaml": "ignore: [notebook-root-access]\n"},
        "Nothing was judged",
    ),
}
"""What stands in a folder, and the words that every format must have of it. A column is an entry: its files may hold a
``wa-lint.yaml``."""

_ON_STDERR: Final = frozenset({"asff", "ocsf"})
"""Lists of findings that are imported as they are: nothing else may stand in them."""


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("format_", REPORTERS)
def test_every_format_shows_what_was_not_judged(wa_lint: WaLint, format_: str, case: str) -> None:
    files, words = CASES[case]
    write(files)
    run = wa_lint("check", "-o", format_)
    shown = run.err if format_ in _ON_STDERR else run.out
    assert words in " ".join(shown.replace("\u2060", "").replace("\\", "").split())


@pytest.mark.parametrize("format_", sorted(REPORTERS.keys() - _ON_STDERR - {"html"}))
def test_no_format_speaks_of_it_where_all_was_judged(wa_lint: WaLint, format_: str) -> None:
    write({"bad.yaml": BAD})
    shown = wa_lint("check", "--no-config", "-o", format_).out
    assert not any(words in shown for words in ("Nothing was", " skipped: ", "Not followed", "No rule judges"))


def test_annotations_show_the_number_of_unknowns(wa_lint: WaLint) -> None:
    write({"a.yaml": "Parameters: {Root: {Type: String}}\n" + BAD.replace("Enabled", "!Ref Root")})
    run = wa_lint("check", "--no-config", "--select", "notebook-root-access", "-o", "github")
    assert "1 check could not be decided (unknown)" in run.out


def test_annotations_of_what_was_not_judged_fit_beside_many_findings(wa_lint: WaLint) -> None:
    many = "\n".join(BAD.splitlines()[1].replace("N:", f"N{i}:") for i in range(30))
    write({"a.yaml": f"Resources:\n{many}\n", "b.yaml": NO_RULE})
    lines = wa_lint("check", "--no-config", "-o", "github").out.splitlines()
    assert (
        max(sum(line.startswith(f"::{command} ") for line in lines) for command in ("error", "warning", "notice")) <= 10
    )
    assert sum("AWS::SageMaker::DeviceFleet" in line for line in lines) == 1


# --- exit codes -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("template", "code", "said"),
    [
        (NO_RULE, 3, "AWS::SageMaker::DeviceFleet"),
        (NO_RULE.replace("DeviceFleet", "SomethingNew"), 3, "AWS::SageMaker::SomethingNew"),
        (NO_RULE.replace("SageMaker::DeviceFleet", "Tomorrow::Model"), 3, "AWS::Tomorrow::Model"),
        (NO_RULE.replace("SageMaker::DeviceFleet", "Kendra::Index"), 3, "AWS::Kendra::Index"),
        (
            NO_RULE.replace("SageMaker::DeviceFleet", "BedrockAgentCore::WorkloadIdentity"),
            3,
            "AWS::BedrockAgentCore::WorkloadIdentity",
        ),
        (CUSTOM, 3, "Custom::Cleaner"),
        (VPC, 0, "No ML resources"),
        (VPC.replace("}}\n", "}, C: {Type: 'Custom::Cleaner'}}\n"), 0, "Custom::Cleaner"),
        (BAD, 1, "notebook-root-access"),
        (
            BAD + NO_RULE.removeprefix("Resources: {").replace("C:", "  C:").replace("}}}", "}}"),
            1,
            "AWS::SageMaker::DeviceFleet",
        ),
    ],
)
def test_no_verdict_is_not_clean(wa_lint: WaLint, template: str, code: int, said: str) -> None:
    write({"a.yaml": template})
    run = wa_lint("check", "--no-config", "a.yaml")
    assert (run.code, said in run.out) == (code, True)


def test_types_whose_rules_were_not_selected_are_told_apart_from_those_without_a_rule(wa_lint: WaLint) -> None:
    write({"a.yaml": BAD, "b.yaml": NO_RULE})
    run = wa_lint("check", "--no-config", "-o", "json", "--select", "endpoint-single-instance")
    assert {entry["type"]: entry["kind"] for entry in run.report["unjudged"]} == {
        "AWS::SageMaker::NotebookInstance": "not-run",
        "AWS::SageMaker::DeviceFleet": "no-rule",
    }
    assert run.code == 3


@pytest.mark.parametrize(
    "type_", ["AWS.SageMaker.NotebookInstance", "NotebookInstance", "", "[a]", "AWS:SageMaker:Model"]
)
def test_a_resource_whose_type_is_none_is_named(wa_lint: WaLint, type_: str) -> None:
    body = f"AWSTemplateFormatVersion: 2010-09-09\nResources: {{N: {{Type: {type_}, Properties: {{A: b}}}}}}\n"
    write({"a.yaml": body})
    run = wa_lint("check", "--no-config", "-o", "json")
    assert (run.code, [entry["kind"] for entry in run.report["unjudged"]]) == (3, ["unrecognised"])


def test_a_custom_resource_by_either_name_is_no_verdict(wa_lint: WaLint) -> None:
    write({"a.yaml": CUSTOM.replace("Custom::Cleaner", "AWS::CloudFormation::CustomResource")})
    assert wa_lint("check", "--no-config").code == 3


def test_a_hook_is_excused_only_where_there_is_no_template(wa_lint: WaLint) -> None:
    write({"a.yaml": NO_RULE, "b.json": "{}"})
    assert wa_lint("check", "--no-config", "--nothing-ok", "a.yaml").code == 3
    assert wa_lint("check", "--no-config", "--nothing-ok", "b.json").code == 0


@pytest.mark.parametrize(
    "template",
    [
        "Resources: {S: {Type: AWS::CloudFormation::Stack, Properties: {TemplateURL: https://b/x.template}}}",
        (
            "Parameters: {Url: {Type: String}}\n"
            "Resources: {S: {Type: AWS::CloudFormation::Stack, Properties: {TemplateURL: !Ref Url}}}"
        ),
        "Resources: {S: {Type: AWS::Serverless::Application, Properties: {Location: https://b/x.template}}}",
        "Resources: {S: {Type: AWS::CloudFormation::StackSet, Properties: {TemplateURL: https://b/x.template}}}",
        "Resources: {S: {Type: My::Company::Network::MODULE}}",
        "Transform: Expand\nResources: {V: {Type: AWS::EC2::VPC}}",
        "Transform: [AWS::LanguageExtensions, {Name: Expand}]\nResources: {V: {Type: AWS::EC2::VPC}}",
        "Resources: {V: {Type: AWS::EC2::VPC, Fn::Transform: {Name: Expand}}}",
        "Resources: {V: {Type: AWS::EC2::VPC, Properties: {Tags: {Fn::Transform: {Name: Expand}}}}}",
        'Resources: {V: {Type: AWS::EC2::VPC, Properties: {Tags: {"\\u0046n::Transform": {Name: Expand}}}}}',
        "Resources: {V: {Type: AWS::EC2::VPC, Properties: !Transform {Name: Expand}}}",
        "Resources: {V: {Type: AWS::EC2::VPC}, Fn::Transform: {Name: AWS::Include, Parameters: {Location: s3://b/x}}}",
    ],
)
def test_what_is_not_followed_is_not_clean_with_strict(wa_lint: WaLint, template: str) -> None:
    write({"a.yaml": template})
    run = wa_lint("check", "--no-config", "--strict", "-o", "json", "a.yaml")
    assert run.code == 4
    assert run.report["not_followed"]
    assert "not-followed" in kinds(run)
    assert wa_lint("check", "--no-config", "a.yaml").code in {0, 3}


def test_what_is_followed_is_clean_with_strict(wa_lint: WaLint) -> None:
    write(
        {
            "net.yaml": VPC,
            "a.yaml": "Resources: {S: {Type: AWS::CloudFormation::Stack, Properties: {TemplateURL: net.yaml}}}",
        }
    )
    write({"b.yaml": "Transform: AWS::LanguageExtensions\n" + VPC})
    run = wa_lint("check", "--no-config", "--strict", "-o", "json")
    assert (run.code, run.report["not_followed"]) == (0, [])


def test_what_a_nested_template_does_not_follow_is_said_with_its_place(wa_lint: WaLint) -> None:
    write({"a.yaml": "Resources: {S: {Type: AWS::CloudFormation::Stack, Properties: {TemplateURL: b.yaml}}}"})
    write({"b.yaml": "Transform: Expand\n" + VPC})
    found = wa_lint("check", "--no-config", "-o", "json", "a.yaml").report["not_followed"]
    assert [(entry["what"], entry["location"]["uri"]) for entry in found] == [("the macro Expand", "b.yaml")]


@pytest.mark.parametrize(
    ("unjudged", "code"),
    [
        (Unjudged("aws_sagemaker_flow_definition", 2, "not read", True, "unread"), 4),
        (Unjudged("aws_api_gateway_account", 1, "not read", False, "unread"), 4),
        (Unjudged("aws_route53_record", 1, "not read", False, "other"), 0),
    ],
)
def test_what_a_source_does_not_read_is_not_clean_with_strict(unjudged: Unjudged, code: int) -> None:
    from wa_lint.cli.exits import exit_code  # noqa: PLC0415

    bucket = Resource("B", "AWS::S3::Bucket", {}, Listed(Location("a.json", 1)))
    snapshot = Snapshot(SourceKind.TEMPLATE, "a.json", (bucket,), unjudged=(unjudged,))
    report = with_input(lint(snapshot, []))
    assert exit_code(report, None, is_strict=True) == code
    assert unjudged in report.unjudged
    assert any(unjudged.type in line.text for line in coverage.lines(report))


def with_input(report: Report) -> Report:
    import msgspec  # noqa: PLC0415

    from wa_lint.model import Input  # noqa: PLC0415

    return msgspec.structs.replace(report, inputs=(Input("a.json", "template", "judged"),))


def test_steps_that_are_not_followed_are_named() -> None:
    step = NotFollowed(Location("a.json", 3, 1), "the step Tune of the pipeline Train", "its type is unknown", "step")
    report = with_input(lint(Snapshot(SourceKind.TEMPLATE, "a.json", not_followed=(step, step)), []))
    assert report.not_followed == (step,)
    assert any("the step Tune" in line.text for line in coverage.lines(report))


@pytest.mark.parametrize(
    "document",
    [
        {"configurationItems": [{"resourceType": "AWS::Kendra::Index", "resourceId": "i", "configuration": {}}]},
        {"TypeName": "AWS::Kendra::Index", "ResourceDescriptions": [{"Identifier": "i", "Properties": "{}"}]},
        {"TypeName": "AWS::Kendra::Index", "ResourceDescription": {"Identifier": "i", "Properties": "{}"}},
    ],
)
def test_what_an_export_holds_and_has_no_schema_is_named(wa_lint: WaLint, document: Any) -> None:
    write({"a.json": json.dumps(document)})
    run = wa_lint("check", "--no-config", "-o", "json")
    assert [(entry["type"], entry["kind"], entry["ml"]) for entry in run.report["unjudged"]] == [
        ("AWS::Kendra::Index", "unread", True)
    ]
    assert (run.code, wa_lint("check", "--no-config", "--strict").code) == (3, 4)


def test_the_nested_stack_of_a_change_set_is_not_followed(wa_lint: WaLint) -> None:
    change = {"Action": "Add", "LogicalResourceId": "Net", "ResourceType": "AWS::CloudFormation::Stack"}
    write({"a.json": json.dumps({"ChangeSetName": "c", "Changes": [{"Type": "Resource", "ResourceChange": change}]})})
    run = wa_lint("check", "--no-config", "-o", "json", "--strict")
    assert (run.code, [entry["what"] for entry in run.report["not_followed"]]) == (4, ["the nested stack Net"])


# --- practices --------------------------------------------------------------------------------------


def told_of_practices(run: Any) -> dict[str, Any]:
    return {practice["id"]: practice for practice in run.report["practices"]}


def test_practices_that_could_speak_of_a_type_without_a_rule_are_unknown(wa_lint: WaLint) -> None:
    write({"vpc.yaml": VPC, "c.yaml": NO_RULE})
    without = told_of_practices(wa_lint("check", "--no-config", "-o", "json", "vpc.yaml"))
    beside = told_of_practices(wa_lint("check", "--no-config", "-o", "json"))
    unseen = "nothing here that its rules speak of, and there may be more of the workload elsewhere"
    silent = [id_ for id_, one in without.items() if one["reason"] == unseen]
    assert silent
    assert {without[id_]["status"] for id_ in silent} == {"unknown"}
    assert {beside[id_]["reason"] for id_ in silent} == {"no rule yet for AWS::SageMaker::DeviceFleet"}
    assert {id_ for id_, one in beside.items() if one["status"] == "for-people"} == {
        id_ for id_, one in without.items() if one["status"] == "for-people"
    }


def test_no_practice_is_met_in_full_beside_a_type_without_a_rule(wa_lint: WaLint) -> None:
    good = BAD.replace("Enabled", "Disabled")
    write({"n.yaml": good})
    met = [
        id_
        for id_, one in told_of_practices(wa_lint("check", "--no-config", "-o", "json")).items()
        if one["status"] == "met"
    ]
    write({"c.yaml": NO_RULE})
    beside = told_of_practices(wa_lint("check", "--no-config", "-o", "json"))
    assert all(beside[id_]["status"] == "partial" for id_ in met)
    assert not any(one["status"] == "met" for one in beside.values())


# --- names of types ---------------------------------------------------------------------------------


def test_every_type_with_a_schema_is_recognised() -> None:
    assert [type_ for type_ in schema.types() if not type_names.is_recognised(type_)] == []


def test_every_type_that_a_source_makes_is_recognised() -> None:
    made = {collector.type for collector in all_collectors()} | {kind.type for kind in KINDS.values()} | set(CAMEL)
    assert {type_ for type_ in made if not type_names.is_recognised(type_)} == set()


def test_every_ml_service_is_one_that_aws_has() -> None:
    services = {name.split("::")[1] for name in _all_types()}
    gone = {"LookoutMetrics"}  # CloudFormation has dropped its types
    assert set(type_names._ml().services) - services <= gone
    assert set(type_names._ml().types) <= _all_types()


def _all_types() -> set[str]:
    return {f"AWS::{service}::{noun}" for service, nouns in type_names._names().types.items() for noun in nouns}


@pytest.mark.parametrize(
    ("type_", "expected"),
    [
        ("AWS::SageMaker::DeviceFleet", (True, True, False)),
        ("AWS::SageMaker::Tomorrow", (True, False, False)),
        ("AWS::Route53::RecordSet", (False, True, False)),
        ("AWS::Serverless::Function", (False, True, False)),
        ("AWS::HealthLake::FHIRDatastore", (False, True, False)),
        ("AWS::Glue::MLTransform", (True, True, False)),
        ("AWS::CloudFormation::CustomResource", (False, True, True)),
        ("Custom::Cleaner", (False, False, True)),
        ("Company::Net::Vpc::MODULE", (False, False, True)),
        ("aws_sagemaker_pipeline", (True, False, False)),
        ("aws_bedrockagent_agent", (True, False, False)),
        ("aws_s3_bucket", (False, False, False)),
        ("AWS::", (False, False, False)),
        ("AWS::EC2", (False, False, False)),
    ],
)
def test_what_is_known_of_a_type_by_its_name(type_: str, expected: tuple[bool, bool, bool]) -> None:
    assert (type_names.is_ml(type_), type_names.is_recognised(type_), type_names.is_opaque(type_)) == expected


# --- files ------------------------------------------------------------------------------------------


def test_each_file_below_a_folder_is_an_input_or_is_counted(wa_lint: WaLint) -> None:
    write({"bad.yaml": BAD, "a.json": "{}", "src/x.py": "", "README.md": "AWS::S3::Bucket", "old/b.yaml": BAD})
    write({"node_modules/a/b.yaml": BAD, "node_modules/c.json": "{}", ".aws-sam/build/t.yaml": BAD, ".git/x.yaml": BAD})
    run = wa_lint("check", "--no-config", "-o", "json", "--exclude", "old/*")
    assert judged(run) == {"bad.yaml"}
    assert [entry["uri"] for entry in rows(run, "unknown suffix")] == ["README.md", "src/x.py"]
    assert [entry["uri"] for entry in rows(run, "excluded")] == ["old/b.yaml"]
    folders = rows(run, "a folder of what tools install or build")
    assert {entry["uri"]: entry["files"] for entry in folders} == {"node_modules": 2, ".aws-sam": 1}
    assert sum(entry["files"] for entry in run.report["inputs"]) == 8
    skipped = "a folder of what tools install or build (3); excluded (1); "
    assert kinds(run)["skipped"].startswith(f"7 files skipped: {skipped}")


def test_a_large_repository_stays_quick_and_its_report_short(wa_lint: WaLint) -> None:
    for number in range(100):
        folder = Path(f"src/{number}")
        folder.mkdir(parents=True)
        for file in range(100):
            (folder / f"{file}.py").touch()
    write({"bad.yaml": BAD, **{f"data/{i}.json": "{}" for i in range(250)}})
    start = time.process_time()
    run = wa_lint("check", "--no-config", "-o", "json", "--jobs", "1")
    assert time.process_time() - start < 8
    for reason, files in (("unknown suffix", 10_000), ("no template, snapshot or API response", 250)):
        found = rows(run, reason)
        assert len(found) == MOST_LISTED + 1
        assert sum(entry["files"] for entry in found) == files
        assert found[-1]["uri"] == f"({files - MOST_LISTED} more)"


@pytest.mark.parametrize("name", ["stack.yaml.j2", "template.txt", "Stackfile", "old.template.bak", "x.tpl"])
def test_a_skipped_file_that_looks_like_a_template_is_not_clean_with_strict(wa_lint: WaLint, name: str) -> None:
    write({"vpc.yaml": VPC, name: BAD})
    run = wa_lint("check", "--no-config", "--strict", "-o", "json")
    assert (run.code, [entry["uri"] for entry in run.report["inputs"] if entry["suspect"]]) == (4, [name])
    assert wa_lint("check", "--no-config").code == 0


def test_source_code_that_speaks_of_templates_is_none(wa_lint: WaLint) -> None:
    write({"vpc.yaml": VPC, "app.py": BAD, "README.md": BAD, "notes.txt": "AWS::S3::Bucket is nice"})
    assert wa_lint("check", "--no-config", "--strict").code == 0


@pytest.mark.parametrize("paths", [(".", "src"), ("src", "."), (".", "."), ("src/../src", ".")])
def test_what_is_below_two_paths_is_counted_once(wa_lint: WaLint, paths: tuple[str, str]) -> None:
    write({"vpc.yaml": VPC, "src/x.py": "", "src/y.yaml": VPC, "src/node_modules/z.yaml": VPC})
    run = wa_lint("check", "--no-config", "-o", "json", "--exclude", "src/y.yaml", *paths)
    skipped = {entry["uri"]: entry["files"] for entry in run.report["inputs"] if entry["status"] == "skipped"}
    assert skipped == {"src/x.py": 1, "src/y.yaml": 1, "src/node_modules": 1}
    assert kinds(run)["skipped"].startswith("3 files skipped")


def test_links_to_folders_are_counted(wa_lint: WaLint, tmp_path: Path) -> None:
    write({"in/vpc.yaml": VPC, "in/sub/x.yaml": VPC, "out/bad.yaml": BAD})
    Path("in/again").symlink_to(tmp_path / "in/sub")
    assert wa_lint("check", "--no-config", "--strict", "in").code == 0
    Path("in/away").symlink_to(tmp_path / "out")
    run = wa_lint("check", "--no-config", "--strict", "-o", "json", "in")
    assert {e["uri"]: e["suspect"] for e in rows(run, "a link to a folder, which is not followed")} == {
        "in/again": False,
        "in/away": True,
    }
    assert run.code == 4


INDEX: Final = {
    "wa_lint_index": 1,
    "tool": "t",
    "taken_at": "2026-11-01T00:00:00Z",
    "options": {"regions": ["eu-west-1"]},
}


@pytest.mark.parametrize(
    "index",
    [
        INDEX | {"parts": []},
        INDEX | {"parts": [{"account": "1", "status": "skipped", "reason": "SUSPENDED"}]},
        INDEX | {"wa_lint_index": 99, "parts": []},
        INDEX | {"parts": "broken"},
        INDEX | {"parts": [{"account": "1", "file": "../out.jsonl"}]},
    ],
)
@pytest.mark.parametrize("name", ["bad.yaml", "sub/bad.yaml", "zzz.template"])
def test_an_index_hides_no_sibling(wa_lint: WaLint, index: dict[str, Any], name: str) -> None:
    write({name: BAD, "index.json": json.dumps(index)})
    assert judged(wa_lint("check", "--no-config", "-o", "json")) == {name}


def test_a_template_that_an_index_names_as_a_snapshot_is_not_clean(wa_lint: WaLint) -> None:
    part = {"account": "1", "region": "eu-west-1", "status": "read", "file": "bad.yaml"}
    write({"bad.yaml": BAD, "index.json": json.dumps(INDEX | {"parts": [part]})})
    assert wa_lint("check", "--no-config").code in {2, 4}


def manifest(**artifacts: Any) -> str:
    return json.dumps({"version": "38.0.0", "artifacts": artifacts})


def stack(file: str) -> dict[str, Any]:
    return {"type": "aws:cloudformation:stack", "properties": {"templateFile": file}}


@pytest.mark.parametrize(
    "artifacts", [{"G": stack("good.yaml")}, {}, {"G": stack("gone.yaml")}, {"T": {"type": "cdk:tree"}}]
)
@pytest.mark.parametrize("name", ["bad.yaml", "asset.abc.json", "asset.abc/bad.yaml", "sub/bad.yaml"])
def test_a_manifest_hides_no_sibling(wa_lint: WaLint, artifacts: dict[str, Any], name: str) -> None:
    write({name: BAD, "good.yaml": VPC, "manifest.json": manifest(**artifacts)})
    assert judged(wa_lint("check", "--no-config", "-o", "json")) == {name}


def test_the_code_of_an_asset_is_counted(wa_lint: WaLint) -> None:
    asset = f"asset.{'0a' * 32}"
    write(
        {
            f"{asset}/package.json": "{}",
            f"{asset}/x.js": "",
            "good.yaml": VPC,
            "manifest.json": manifest(G=stack("good.yaml")),
        }
    )
    run = wa_lint("check", "--no-config", "-o", "json")
    assert {e["uri"]: e["files"] for e in rows(run, "an asset of a CDK cloud assembly")} == {asset: 2}


# --- what is a template -----------------------------------------------------------------------------


ESCAPED = (
    '{"Resources": {"N": {"Type": "\\u0041WS::SageMaker::NotebookInstance", "Properties": {"RootAccess": "Enabled"}}}}'
)


@pytest.mark.parametrize(
    "content",
    [
        ESCAPED,
        BAD.encode("utf-16"),
        b"\xff\xfe" + BAD.encode("utf-16-le"),
        b"\xef\xbb\xbf" + BAD.encode(),
        BAD.replace('"AWS::SageMaker', '"\\x41WS::SageMaker'),
        BAD.replace("SageMaker::NotebookInstance", "SageMaker::\\\n    NotebookInstance"),
        "%TAG !e! tag:example.com,2026:\n---\n" + BAD,
        "# a comment first\n---\n---\n" + BAD,
    ],
)
def test_a_template_is_known_by_what_it_parses_to(wa_lint: WaLint, content: str | bytes) -> None:
    write({"a.yaml": content})
    assert wa_lint("check", "--no-config", "--select", "notebook-root-access").code == 1


@pytest.mark.parametrize(
    "content",
    [
        CUSTOM,
        "Transform: Expand\nResources: {A: {Type: 'My::Thing'}}",
        "Transform: AWS::Serverless-2016-10-31\nGlobals: {}",
        "Resources: {Fn::ForEach::A: [X, [a], {'R${X}': {Type: AWS::EC2::VPC}}]}",
        "Fn::Transform: {Name: AWS::Include, Parameters: {Location: s3://b/x}}",
        "Resources: {S: {Type: My::Company::Net::MODULE}}",
    ],
)
def test_what_has_no_type_of_aws_is_a_template_too(wa_lint: WaLint, content: str) -> None:
    write({"a.yaml": content})
    run = wa_lint("check", "--no-config", "-o", "json")
    assert [entry["status"] for entry in run.report["inputs"]] != ["skipped"]


@pytest.mark.parametrize(
    "content",
    [
        "a: 1\n---\n" + BAD,
        "a: 1\n---\nb: 2\n---\n" + BAD,
        "a: 1\n---\nResources: {A: {Type: AWS::EC2::VPC\n",
        ESCAPED[:-3],
        ESCAPED.replace('"Type"', '"x" "Type"'),
        BAD.encode("utf-16-le"),
        gzip.compress(BAD.encode()),
        BAD.replace("x,", "'x,"),
        "Resources: {A: {Type: Custom::Thing, B: [}}",
        b"Resources: {A: {Type: AWS::EC2::VPC}} # caf\xe9",
    ],
)
def test_what_looks_like_a_template_and_cannot_be_read_is_an_error(wa_lint: WaLint, content: str | bytes) -> None:
    write({"vpc.yaml": VPC, "a.yaml": content})
    assert wa_lint("check", "--no-config").code == 2


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("a.yaml", "a: [1\nb: 2\n", 2),
        ("a.json", '{"a": 1,, "b": 2}', 2),
        ("stack", "a: [1\nb: 2\n", 2),
        ("a.py", "def f(x: [int) -> {\n", 3),
        ("a.png", b"\x89PNG\r\n\x1a\n", 3),
    ],
)
def test_a_named_file_that_cannot_be_parsed_is_an_error(
    wa_lint: WaLint, name: str, content: str | bytes, code: int
) -> None:
    write({name: content})
    assert wa_lint("check", "--no-config", name).code == code
    assert wa_lint("check", "--no-config", "--force-exclude", name).code == 3  # a hook names it, nobody else
    assert wa_lint("check", "--no-config").code == 3


TEMPLATES_UNREAD: Final[dict[str, tuple[str, str | bytes]]] = {
    "another suffix": ("t.cf", BAD),
    "a suffix of a copy": ("t.yaml~", BAD),
    "a blank behind": ("t.yaml ", BAD),
    "JSON with comments": ("t.jsonc", f"// c\n{ESCAPED.replace(chr(92) + 'u0041', 'A')}"),
    "a suffix of a program": ("t.yaml.py", BAD),
    "behind a long comment": ("t.txt", "#" * 80_000 + "\n" + BAD),
    "two bytes a character": ("t.stage", BAD.encode("utf-16")),
    "a list of templates": ("t.json", f"[{ESCAPED}]"),
    "what the Serverless Framework reads": ("serverless.yml", "service: x\nresources:\n  " + BAD.replace("\n", "\n  ")),
    "below a tag": ("t.yaml", "--- !template\n" + BAD),
}


@pytest.mark.parametrize("case", TEMPLATES_UNREAD)
def test_a_template_that_is_not_read_is_a_suspect(wa_lint: WaLint, case: str) -> None:
    name, content = TEMPLATES_UNREAD[case]
    write({"vpc.yaml": VPC, name: content})
    run = wa_lint("check", "--no-config", "--strict", "-o", "json")
    assert (run.code, [entry["uri"] for entry in run.report["inputs"] if entry["suspect"]]) == (4, [name])


@pytest.mark.parametrize("name", ["t.py", "README.md", "t.tf", "t.test.ts.snap"])
def test_code_and_documentation_that_mention_a_template_are_none(wa_lint: WaLint, name: str) -> None:
    write({"vpc.yaml": VPC, name: BAD})
    assert wa_lint("check", "--no-config", "--strict").code == 0


def test_what_is_no_text_is_no_suspect(wa_lint: WaLint) -> None:
    write({"vpc.yaml": VPC, "t.bin": b"\x89PNG\r\n\x1a\n\0" + BAD.encode()})
    assert wa_lint("check", "--no-config", "--strict").code == 0


@pytest.mark.parametrize("store", [".hg", ".svn"])
def test_a_store_that_git_would_take_is_counted(wa_lint: WaLint, store: str) -> None:
    write({"vpc.yaml": VPC, f"{store}/a/t.yaml": BAD, f"{store}/b": ""})
    run = wa_lint("check", "--no-config", "-o", "json")
    assert [(entry["uri"], entry["files"]) for entry in run.report["inputs"] if entry["status"] == "skipped"] == [
        (store, 2)
    ]


@pytest.mark.parametrize(
    "content",
    [
        BAD.replace('"AWS::SageMaker::NotebookInstance"', "!Sub AWS::SageMaker::NotebookInstance"),
        BAD.replace('"AWS::SageMaker::NotebookInstance"', "!!binary QVdTOjpTYWdlTWFrZXI6Ok5vdGVib29r"),
        BAD.replace("Resources:", "Resources: !!omap").replace("  N:", "  - N:"),
    ],
)
def test_a_type_that_a_function_or_a_tag_makes_is_no_way_to_hide_a_template(wa_lint: WaLint, content: str) -> None:
    write({"vpc.yaml": VPC, "a.yaml": content})
    run = wa_lint("check", "--no-config", "-o", "json")
    assert (run.code, [u["kind"] for u in run.report["unjudged"]], len(run.report["problems"]) > 0) == (
        3,
        ["unrecognised"],
        True,
    )


@pytest.mark.parametrize("before", ["// c\n", "/* c */ ", "var t = ", "template:"])
def test_what_is_before_a_template_hides_it_not(wa_lint: WaLint, before: str) -> None:
    write({"vpc.yaml": VPC, "a.json": before + ESCAPED.replace("\\u0041", "A")})
    run = wa_lint("check", "--no-config", "-o", "json")
    assert run.code == 2
    assert "too deep" not in run.err


# --- where a fault of YAML begins -------------------------------------------------------------------


FAULTS: Final = {
    "stray words": (5, "Resources:\n  N:\n    Type: A\n    Properties: {I: m}\naws deploy\n  --stack-name a\n\n# x\n"),
    "a double quote is never closed": (3, 'R:\n  N:\n    T: "A\n    P:\n      A: b\n'),
    "a double quote is closed by the next one": (3, 'R:\n  N:\n    T: "A\n    P:\n      A: "b"\n  M: 1\n'),
    "a single quote is closed by the next one": (3, "R:\n  N:\n    T: 'A\n    P:\n      A: 'b'\n  M: 1\n"),
    "a quote runs into the next document": (2, "A: 1\nB: 'x\n---\nC: 2\n"),
    "a brace is never closed": (3, "R:\n  N:\n    P: {A: 1, B: {C: 2}\n    T: A\n  M:\n    T: x\n"),
    "a bracket is never closed": (3, "R:\n  N:\n    X: [a, b\n    Y: c\n  M:\n    Z: [d]\n"),
    "the last bracket is never closed": (3, "R:\n  N:\n    T: [A\n"),
    "an inner bracket is never closed": (4, "R:\n  N:\n    P:\n      X: {A: [1, 2, B: 3}\n      Y: 1\n"),
    "a comma is missing": (4, "R:\n  N: {\n    A: 1,\n    B: 2\n    C: 3\n  }\n"),
    "a bracket too many": (3, "R:\n  A: 1\n  B: ]\n"),
    "indented too deep": (3, "A:\n  B: 1\n   C: 2\nD: 3\n"),
    "indented too little": (3, "A:\n    B: 1\n  C: 2\n"),
    "a key without a colon, the first": (1, "R\n  A:\n    T: x\n"),
    "a key without a colon, with children": (2, "R:\n  A\n    T: x\n"),
    "a key without a colon, with a value": (3, "R:\n  A:\n    Type x\n    P: {}\n"),
    "a tab": (3, "R:\n  A:\n\tT: x\n"),
    "a tab after a key": (2, "R:\n\tA: {T: x}\n"),
    "marks of a merge": (3, "R:\n  A: 1\n<<<<<<< HEAD\n  B: 1\n=======\n  B: 2\n>>>>>>> x\n"),
    "a reserved character": (2, "A: 1\nB: @x\nC: 2\n"),
    "an alias without an anchor": (2, "A: 1\nB: *x\nC: 2\n"),
    "two colons": (2, "A: 1\nB: c: d\nC: 2\n"),
    "a key among items": (3, "A:\n  - x\n  B: 1\n"),
    "words behind a quote": (3, 'A: 1\nB: 2\nC: "x" y\nD: 4\n'),
    "words behind a block": (5, "A: |\n  text\n  more\nB: 1\nafter the block\nC: 2\n"),
    "an escape that there is not": (2, 'A: 1\nB: "\\q"\n'),
    "lines that end as on Windows": (3, 'R:\r\n  N:\r\n    T: "A\r\n    P:\r\n      A: "b"\r\n'),
}


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("scanner", [None, mended_scanner()], ids=["libyaml", "Python"])
def test_the_place_of_a_yaml_error_is_where_the_fault_begins(fault: str, scanner: Any) -> None:
    line, text = FAULTS[fault]
    with pytest.raises(SourceError) as error:
        yaml_document(text, "a.yaml", scanner)
    assert error.value.where.startswith(f"a.yaml:{line}:")


def test_one_function_counts_for_all_formats(wa_lint: WaLint) -> None:
    write({"a.yaml": NO_RULE, "b.py": ""})
    report = wa_lint("check", "--no-config", "-o", "json").report
    texts = [line["text"] for line in report["coverage"]]
    sarif = json.loads(wa_lint("check", "--no-config", "-o", "sarif").out)
    notes = sarif["runs"][0]["invocations"][0]["toolExecutionNotifications"]
    assert [note["message"]["text"] for note in notes] == texts
    lines = [json.loads(line) for line in wa_lint("check", "--no-config", "-o", "jsonl").out.splitlines()]
    assert [line["coverage"]["text"] for line in lines if "coverage" in line] == texts
    assert report["summary"]["ml_resources"] == 1


def test_an_old_report_has_no_census_and_is_still_counted() -> None:
    report = Report(rules=(), findings=())
    assert [line.kind for line in coverage.lines(report)] == ["nothing"]
    assert standings.practices(report)
