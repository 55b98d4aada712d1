"""A CDK cloud assembly: each stack once, by the manifest, under the names of the constructs that made its resources."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from wa_lint.run.cloud_assembly import stacks_of

WaLint = Callable[..., Any]
Raw = Any

SELECT = ("--select", "notebook-direct-internet")


def notebook(path: str | None = None, **properties: Raw) -> Raw:
    metadata = {"Metadata": {"aws:cdk:path": path}} if path else {}
    said = {"DirectInternetAccess": "Enabled", "RoleArn": "arn", **properties}
    return {"Type": "AWS::SageMaker::NotebookInstance", "Properties": said, **metadata}


def nested(asset: str, **parameters: Raw) -> Raw:
    url = {"Fn::Sub": "https://s3.${AWS::Region}.${AWS::URLSuffix}/cdk-assets/abc.json"}
    metadata = {"aws:cdk:path": "App/Nested.NestedStack", "aws:asset:path": asset, "aws:asset:property": "TemplateURL"}
    properties = {"TemplateURL": url, "Parameters": parameters}
    return {"Type": "AWS::CloudFormation::Stack", "Properties": properties, "Metadata": metadata}


def artifact(template: str, **rest: Raw) -> Raw:
    return {"type": "aws:cloudformation:stack", "properties": {"templateFile": template}, **rest}


def write(files: dict[str, Raw]) -> None:
    for name, value in files.items():
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_text(value if isinstance(value, str) else json.dumps(value, indent=1), "utf-8")


def manifest(**artifacts: Raw) -> Raw:
    return {
        "version": "48.0.0",
        "artifacts": {"Tree": {"type": "cdk:tree", "properties": {"file": "tree.json"}}, **artifacts},
    }


HASH = "0123456789abcdef" * 4

APP = {
    "cdk.out/cdk.out": '{"version":"48.0.0"}',
    "cdk.out/manifest.json": manifest(
        App=artifact("App.template.json"),
        **{
            "App.assets": {"type": "cdk:asset-manifest", "properties": {"file": "App.assets.json"}},
            "assembly-Prod": {"type": "cdk:cloud-assembly", "properties": {"directoryName": "assembly-Prod"}},
        },
    ),
    "cdk.out/App.template.json": {
        "Resources": {
            "Notebook1234": notebook("App/Notebook/Resource"),
            "Nested5678": nested("AppNested.nested.template.json", Access="Enabled"),
        }
    },
    "cdk.out/AppNested.nested.template.json": {
        "Parameters": {"Access": {"Type": "String"}},
        "Resources": {"Inner": notebook("App/Nested/Inner/Resource", DirectInternetAccess={"Ref": "Access"})},
    },
    "cdk.out/App.assets.json": {"version": "48.0.0", "files": {}},
    "cdk.out/tree.json": {"version": "tree-0.1", "tree": {"id": "App", "path": "", "children": {}}},
    f"cdk.out/asset.{HASH}/template.yaml": json.dumps({"Resources": {"Asset": notebook()}}),
    f"cdk.out/asset.{HASH}.json": {"Resources": {"Asset": notebook()}},
    "cdk.out/assembly-Prod/manifest.json": manifest(ProdApp=artifact("ProdApp.template.json")),
    "cdk.out/assembly-Prod/ProdApp.template.json": {
        "Resources": {"Notebook1234": notebook("Prod/App/Notebook/Resource")}
    },
    "cdk.out/assembly-Prod/stray.json": {"Resources": {"Stray": notebook()}},
    "other.yaml": json.dumps({"Resources": {"Other": notebook()}}),
}

JUDGED = ["cdk.out/App.template.json", "cdk.out/assembly-Prod/ProdApp.template.json"]
BESIDE = [f"cdk.out/asset.{HASH}.json", "cdk.out/assembly-Prod/stray.json"]
"""Templates that no manifest names as a stack: they are not hidden by it."""


@pytest.mark.parametrize("folder", [".", "cdk.out"])
def test_each_stack_is_judged_once_and_no_folder_of_an_asset_is(wa_lint: WaLint, folder: str) -> None:
    write(APP)
    run = wa_lint("check", folder, "-o", "json", *SELECT)
    inputs = run.report["inputs"]
    alone = [i["uri"] for i in inputs if i["status"] == "judged" and i["reason"] is None]
    assert alone == sorted([*JUDGED, *BESIDE, *(["other.yaml"] if folder == "." else [])])
    assert [i["uri"] for i in inputs if i["reason"] == "an asset of a CDK cloud assembly"] == [f"cdk.out/asset.{HASH}"]
    found = {(f["resource"]["id"], f["location"]["uri"], f["outcome"]) for f in run.report["findings"]}
    assert found - {("Other", "other.yaml", "fail")} == {
        ("Asset", BESIDE[0], "fail"),
        ("Stray", BESIDE[1], "fail"),
        ("Notebook1234", JUDGED[0], "fail"),
        ("Nested5678/Inner", "cdk.out/AppNested.nested.template.json", "fail"),
        ("Notebook1234", JUDGED[1], "fail"),
    }
    assert len({f["fingerprint"] for f in run.report["findings"]}) == len(run.report["findings"])


def test_the_construct_is_named_in_every_report(wa_lint: WaLint) -> None:
    write(APP)
    report = wa_lint("check", "-o", "json", *SELECT).report
    constructs = {
        f["resource"]["id"]: f["resource"].get("construct")
        for f in report["findings"]
        if f["location"]["uri"] not in {JUDGED[1], *BESIDE}
    }
    assert constructs == {
        "Notebook1234": "App/Notebook/Resource",
        "Nested5678/Inner": "App/Nested/Inner/Resource",
        "Other": None,
    }
    schema = Path(__file__).parents[1] / "wa_lint/schemas/report.schema.json"
    jsonschema.validate(report, json.loads(schema.read_text("utf-8")))
    text = wa_lint("check", *SELECT, "-v").out
    assert "Notebook1234 (AWS::SageMaker::NotebookInstance) App/Notebook/Resource" in text
    assert "  App/Notebook/Resource\n" in wa_lint("check", *SELECT).out
    sarif = json.loads(wa_lint("check", "-o", "sarif", *SELECT).out)
    names = {
        logical["fullyQualifiedName"]
        for result in sarif["runs"][0]["results"]
        for location in result["locations"]
        for logical in location["logicalLocations"]
    }
    assert names - {"Asset", "Stray"} == {
        "App/Notebook/Resource",
        "App/Nested/Inner/Resource",
        "Prod/App/Notebook/Resource",
        "Other",
    }


@pytest.mark.parametrize("is_beside", [False, True])
def test_the_manifest_names_the_construct_where_the_template_does_not(wa_lint: WaLint, *, is_beside: bool) -> None:
    metadata = {
        "/App/Notebook/Resource": [{"type": "aws:cdk:logicalId", "data": "N", "trace": []}],
        "/App/One": [{"type": "aws:cdk:logicalId", "data": "Twice"}, {"type": "aws:cdk:warning", "data": "x"}],
        "/App/Two": [{"type": "aws:cdk:logicalId", "data": "Twice"}],
        "/App/Odd": ["x", {"type": "aws:cdk:logicalId"}],
    }
    said = {"additionalMetadataFile": "App.metadata.json"} if is_beside else {"metadata": metadata}
    write(
        {
            "cdk.out/manifest.json": manifest(App=artifact("App.template.json", **said)),
            "cdk.out/App.metadata.json": metadata,
            "cdk.out/App.template.json": {"Resources": {"N": notebook(), "Twice": notebook()}},
        }
    )
    found = {f["resource"]["id"]: f["resource"] for f in wa_lint("check", "-o", "json", *SELECT).report["findings"]}
    assert found["N"]["construct"] == "App/Notebook/Resource"
    assert "construct" not in found["Twice"]


@pytest.mark.parametrize(
    "said",
    ["{", "[]", "{}", '{"version": "1"}', '{"version": "1", "artifacts": {"a": {"type": "x"}}}', '{"name": "an app"}'],
)
def test_a_manifest_of_something_else_changes_nothing(wa_lint: WaLint, said: str) -> None:
    write({"app/manifest.json": said, "app/t.json": {"Resources": {"N": notebook()}}})
    assert [f["resource"]["id"] for f in wa_lint("check", "-o", "json", *SELECT).report["findings"]] == ["N"]


@pytest.mark.parametrize(
    "name", ["../outside.json", "/etc/passwd", "link.json", "missing.json", "a\0b", 3, None, "loop"]
)
def test_a_manifest_leads_nowhere_else(wa_lint: WaLint, tmp_path: Path, name: Raw) -> None:
    del wa_lint
    write({"outside.json": {"Resources": {"N": notebook()}}})
    write(
        {
            "cdk.out/manifest.json": manifest(
                App=artifact(name), Inner={"type": "cdk:cloud-assembly", "properties": {"directoryName": "."}}
            )
        }
    )
    Path("cdk.out/link.json").symlink_to(tmp_path / "outside.json")
    Path("cdk.out/loop").symlink_to(tmp_path / "cdk.out/loop")
    assert stacks_of(Path("cdk.out")) == []


def test_a_nested_stack_whose_asset_is_missing_is_said(wa_lint: WaLint) -> None:
    write({name: said for name, said in APP.items() if "nested" not in name})
    (problem,) = wa_lint("check", "-o", "json", *SELECT).report["problems"]
    assert "the nested stack Nested5678 was not read" in problem["message"]
    assert "AppNested.nested.template.json cannot be followed" in problem["message"]


def test_a_template_of_an_assembly_that_is_named_itself_is_the_same(wa_lint: WaLint) -> None:
    write(APP)
    whole = wa_lint("check", "cdk.out", "-o", "json", *SELECT).report["findings"]
    alone = wa_lint("check", JUDGED[0], "-o", "json", *SELECT).report["findings"]
    assert alone == [f for f in whole if f["location"]["uri"] not in {JUDGED[1], *BESIDE}]
