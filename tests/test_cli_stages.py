"""``check --parameters``: what is given and how, and one template judged for several stages."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest

ROOT = Path(__file__).parents[1]
WaLint = Callable[..., Any]
SINGLE = ("--select", "endpoint-single-instance")

TEMPLATE = """\
Parameters:
  Count: {Type: Number, MinValue: 1, MaxValue: 10}
  Key: {Type: String, Default: ""}
  Alarms: {Type: String, AllowedValues: ["yes", "no"]}
Conditions:
  HasKey: !Not [!Equals [!Ref Key, ""]]
  HasAlarms: !Equals [!Ref Alarms, "yes"]
Resources:
  Config:
    Type: AWS::SageMaker::EndpointConfig
    Properties:
      KmsKeyId: !If [HasKey, !Ref Key, !Ref AWS::NoValue]
      ProductionVariants:
        - VariantName: blue
          ModelName: churn
          InstanceType: ml.m5.large
          InitialInstanceCount: !Ref Count
          InitialVariantWeight: 1
  Endpoint:
    Type: AWS::SageMaker::Endpoint
    Condition: HasAlarms
    Properties:
      EndpointConfigName: !GetAtt Config.EndpointConfigName
"""
KEY = "arn:aws:kms:eu-west-1:111122223333:key/12345678-1234-1234-1234-123456789012"
DEV = json.dumps({"Count": "1", "Key": "", "Alarms": "no"})
PROD = json.dumps({"Count": "3", "Key": KEY, "Alarms": "yes"})
BOTH = ("--parameters", "dev.json", "--parameters", "prod.json")


def write(files: dict[str, str]) -> None:
    for name, text in files.items():
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_text(text, "utf-8")


def stages_of(report: Any, outcome: str = "fail") -> dict[str, Any]:
    return {f["rule"]: f["stages"] for f in report["findings"] if f["outcome"] == outcome}


# --- what is given ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("p.json", '[{"ParameterKey": "Count", "ParameterValue": "2"}]'),
        ("p.json", '["Count=2"]'),
        ("p.json", '{"Count": "2"}'),
        ("p.json", '{"Parameters": {"Count": "2"}, "Tags": {}}'),
        ("p.yaml", "Count: 2"),
        ("samconfig.toml", '[default.deploy.parameters]\nparameter_overrides = "Count=2"'),
    ],
)
def test_parameters_come_in_the_shapes_of_the_tools(wa_lint: WaLint, name: str, written: str) -> None:
    write({"a.yaml": TEMPLATE, name: written})
    assert wa_lint("check", *SINGLE, "a.yaml", "--parameters", name, "--strict").code == 0


@pytest.mark.parametrize("written", ["", "[1]", '"x"', '[{"Key": "x"}]', "{", '{"Count": 1, "Count": 2}'])
def test_other_parameters_are_a_usage_error(wa_lint: WaLint, written: str) -> None:
    write({"a.yaml": TEMPLATE, "p.json": written})
    run = wa_lint("check", "a.yaml", "--parameters", "p.json")
    assert (run.code, run.out) == (2, "")
    assert run.err.startswith("wa-lint: p.json")


@pytest.mark.parametrize(
    ("given", "hint"),
    [
        (["dev.jsn"], "'dev.jsn' is neither an existing file nor Name=Value"),
        (["dev.json,prod.json"], "give --parameters once for each file"),
        (["Count=1", "Count=2"], "the parameter Count is given twice"),
        (["dev.json", "dev.json"], "dev.json is given twice"),
        (["Cuont=1"], "no template of this run declares the parameter 'Cuont'; did you mean 'Count'?"),
    ],
)
def test_a_slip_with_parameters_is_answered_with_what_was_meant(wa_lint: WaLint, given: list[str], hint: str) -> None:
    write({"a.yaml": TEMPLATE, "dev.json": DEV, "prod.json": PROD})
    run = wa_lint("check", "a.yaml", *(word for text in given for word in ("--parameters", text)))
    assert (run.code, run.out) == (2, "")
    assert hint in run.err


def test_single_values_win_over_every_file(wa_lint: WaLint) -> None:
    write({"a.yaml": TEMPLATE, "dev.json": DEV, "prod.json": PROD})
    run = wa_lint("check", *SINGLE, "a.yaml", *BOTH, "--parameters", "Count=1", "-o", "json")
    assert stages_of(run.report) == {"endpoint-single-instance": None}


def test_one_file_may_serve_many_templates_but_each_name_one_of_them(wa_lint: WaLint) -> None:
    other = "Parameters: {Other: {Type: String}}\nResources: {B: {Type: AWS::S3::Bucket}}\n"
    write({"a.yaml": TEMPLATE, "b.yaml": other, "p.json": '{"Count": 2,\n "Other": "x"}'})
    assert wa_lint("check", "a.yaml", "b.yaml", "--parameters", "p.json", "--fail-on", "never").code == 0
    alone = wa_lint("check", "a.yaml", "--parameters", "p.json")
    assert alone.code == 2
    assert "wa-lint: p.json:2:2: no template of this run declares the parameter 'Other'" in alone.err


def test_a_second_file_that_was_given_as_a_path_is_told_apart(wa_lint: WaLint) -> None:
    write({"a.yaml": TEMPLATE, "dev.json": DEV, "prod.json": PROD})
    run = wa_lint("check", "--parameters", "dev.json", "prod.json", "a.yaml")
    assert "write --parameters prod.json" in run.err


# --- several stages ---------------------------------------------------------------------------------


@pytest.fixture
def both(wa_lint: WaLint) -> Any:
    write({"a.yaml": TEMPLATE, "dev.json": DEV, "prod.json": PROD})
    return wa_lint("check", "a.yaml", *BOTH, "-o", "json", "--show-all").report


def test_what_holds_in_every_stage_is_said_once_and_the_rest_with_its_stages(both: Any) -> None:
    assert both["inputs"][0]["stages"] == ["dev", "prod"]
    found = stages_of(both)
    assert found["endpoint-without-data-capture"] is None
    assert found["endpoint-single-instance"] == ["dev"]
    assert stages_of(both, "pass")["endpoint-single-instance"] == ["prod"]
    assert len({f["fingerprint"] for f in both["findings"]}) == len(both["findings"])


def test_the_report_of_several_stages_is_what_its_schema_says(both: Any) -> None:
    contract = json.loads((ROOT / "wa_lint/schemas/report.schema.json").read_text())
    jsonschema.Draft202012Validator(contract).validate(both)


def test_each_stage_alone_finds_what_it_finds_among_others(wa_lint: WaLint, both: Any) -> None:
    for stage in ("dev", "prod"):
        alone = wa_lint("check", "a.yaml", "--parameters", f"{stage}.json", "-o", "json", "--show-all").report
        among = [f for f in both["findings"] if f["stages"] is None or stage in f["stages"]]
        assert [rows(f) for f in alone["findings"]] == [rows(f) for f in among]
        assert alone["skew"] == []
        assert alone["inputs"][0]["stages"] == [stage]
        assert {f["stages"] for f in alone["findings"]} == {None}


def rows(finding: Any) -> tuple[Any, ...]:
    return tuple(finding[key] for key in ("rule", "outcome", "path", "location", "message", "when", "assumes"))


def test_skew_lists_the_values_verdicts_and_resources_that_differ(both: Any) -> None:
    skew = {(s["resource"], s["path"], s["rule"]): s["values"] for s in both["skew"]}
    count = "ProductionVariants[0].InitialInstanceCount"
    assert skew["Config", count, None] == {"dev": 1, "prod": 3}
    assert skew["Config", "KmsKeyId", None] == {"dev": None, "prod": KEY}
    assert skew["Config", "", "endpoint-single-instance"] == {"dev": "fail", "prod": "pass"}
    assert skew["Endpoint", "", None] == {"dev": False, "prod": True}
    assert not [key for key in skew if key[0] == "Endpoint" and key[2]]


def test_text_and_sarif_say_where_it_is_so(wa_lint: WaLint, both: Any) -> None:
    del both
    text = wa_lint("check", *SINGLE, "a.yaml", *BOTH).out
    assert "  Config, in dev, not in prod\n" in text
    assert "Config.ProductionVariants[0].InitialInstanceCount: 1 in dev, 3 in prod" in text
    assert "\n1 rule on 2 resources of 1 input, for dev and prod." in text
    run = wa_lint("check", *SINGLE, "a.yaml", *BOTH, "-o", "sarif").report["runs"][0]
    assert "This is so in dev, not in prod." in run["results"][0]["message"]["text"]
    assert run["results"][0]["properties"]["stages"] == ["dev"]
    assert any(
        "1 in dev, 3 in prod" in n["message"]["text"] for n in run["invocations"][0]["toolExecutionNotifications"]
    )
    schema = json.loads((ROOT / "tests/schemas/sarif-2.1.0.json").read_text())
    jsonschema.Draft202012Validator(schema).validate({"version": "2.1.0", "runs": [run]})


def test_what_is_not_known_in_a_stage_is_not_said_to_be_absent_there(wa_lint: WaLint) -> None:
    write({"a.yaml": TEMPLATE, "dev.json": DEV, "prod.json": "{}"})
    run = wa_lint("check", *SINGLE, "a.yaml", *BOTH)
    assert " Config, in dev, not known in prod " in " ".join(run.out.split())
    assert "InitialInstanceCount: 1" not in run.out.partition("Not the same")[2]


def test_one_fault_with_other_words_in_each_stage_is_one_finding(wa_lint: WaLint) -> None:
    template = TEMPLATE.replace("VariantName: blue", "VariantName: !Ref Key").replace('["yes", "no"]', "[no]")
    write({"a.yaml": template, "dev.json": '{"Count": 1, "Key": "a"}', "prod.json": '{"Count": 1, "Key": "b"}'})
    (finding,) = wa_lint("check", *SINGLE, "a.yaml", *BOTH, "-o", "json").report["findings"]
    assert finding["stages"] is None
    assert finding["message"].startswith("In dev: Variant a starts")
    assert " In prod: Variant b starts" in finding["message"]


def test_stages_that_give_a_template_the_same_values_say_it_once(wa_lint: WaLint) -> None:
    write({"a.yaml": TEMPLATE, "dev.json": DEV, "prod.json": DEV})
    report = wa_lint("check", "a.yaml", *BOTH, "-o", "json").report
    assert {f["stages"] for f in report["findings"]} == {None}
    assert report["skew"] == []


def test_files_of_one_name_and_environments_of_one_file_keep_apart(wa_lint: WaLint) -> None:
    sam = '[prod.deploy.parameters]\nparameter_overrides = "Count=2"\n[test.deploy.parameters]\nstack_name = "t"\n'
    write({"a.yaml": TEMPLATE, "x/prod.json": DEV, "y/prod.json": PROD, "samconfig.toml": sam})
    given = ("x/prod.json", "y/prod.json", "samconfig.toml")
    options = [word for name in given for word in ("--parameters", name)]
    report = wa_lint("check", "a.yaml", *options, "-o", "json").report
    assert report["inputs"][0]["stages"] == ["x/prod.json", "y/prod.json", "samconfig.toml:prod", "test"]


def test_a_value_that_the_template_refuses_costs_its_stage_and_no_other(wa_lint: WaLint) -> None:
    write({"a.yaml": TEMPLATE, "dev.json": DEV, "prod.json": '{\n  "Count": 11\n}', "b.yaml": TEMPLATE})
    run = wa_lint("check", *SINGLE, "a.yaml", *BOTH, "-o", "json")
    said = "prod.json:2:3: Count is '11', which is above its MaxValue of 10; see a.yaml:2:3"
    assert run.code == 2
    assert run.err == f"wa-lint: {said}\n"
    assert [(i["status"], i["stages"], i["reason"]) for i in run.report["inputs"]] == [
        ("judged", ["dev"], None),
        ("error", ["prod"], said),
    ]
    assert stages_of(run.report) == {"endpoint-single-instance": None}
