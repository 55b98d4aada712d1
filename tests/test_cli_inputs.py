"""What ``check`` takes for an input: files, folders, stdin, what a template names, and answers that belong together."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from wa_lint.run.inputs import File, find, neighbours

ONE_INSTANCE = """\
Resources:
  Config:
    Type: AWS::SageMaker::EndpointConfig
    Properties:
      ProductionVariants:
        - VariantName: blue
          ModelName: churn
          InstanceType: ml.m5.large
          InitialInstanceCount: 1
          InitialVariantWeight: 1
"""
TWO_INSTANCES = ONE_INSTANCE.replace("Count: 1", "Count: 2")
BROKEN = "Resources:\n  Config:\n    Type: [AWS::SageMaker::EndpointConfig\n"
SINGLE = ("--select", "endpoint-single-instance")


WaLint = Callable[..., Any]


def write(files: dict[str, str]) -> None:
    for name, text in files.items():
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_text(text, "utf-8")


def test_a_broken_template_is_one_line_and_costs_no_other_its_verdict(wa_lint: WaLint) -> None:
    write({"a/broken.yaml": BROKEN, "b.yaml": ONE_INSTANCE})
    run = wa_lint("check", *SINGLE, "-o", "json")
    assert [line.startswith("wa-lint: a/broken.yaml:") for line in run.err.splitlines()] == [True]
    assert [(i["uri"], i["status"]) for i in run.report["inputs"]] == [("a/broken.yaml", "error"), ("b.yaml", "judged")]
    assert run.report["inputs"][0]["reason"]
    assert [f["location"]["uri"] for f in run.report["findings"]] == ["b.yaml"]


def test_a_folder_is_walked_in_order_and_only_where_templates_are(wa_lint: WaLint, tmp_path: Path) -> None:
    write(dict.fromkeys(("b.yml", "a/x.template", "a/x.json", ".git/x.yaml", "node_modules/x.yaml"), TWO_INSTANCES))
    write({"c.py": "", ".venv/x.yaml": TWO_INSTANCES})
    assert [file.uri for file in find([Path()], tmp_path)] == ["a/x.json", "a/x.template", "b.yml"]
    inputs = wa_lint("check", "-o", "json").report["inputs"]
    assert [i["uri"] for i in inputs if i["status"] == "judged"] == ["a/x.json", "a/x.template", "b.yml"]
    assert [i["uri"] for i in inputs if i["status"] == "skipped"] == [".venv", "node_modules", "c.py"]


def test_no_link_leads_out_of_the_folder(wa_lint: WaLint, tmp_path: Path) -> None:
    del wa_lint
    write({"outside/secret.yaml": TWO_INSTANCES, "inside/a.yaml": TWO_INSTANCES})
    Path("inside/out.yaml").symlink_to(tmp_path / "outside/secret.yaml")
    Path("inside/out").symlink_to(tmp_path / "outside")
    Path("inside/loop").symlink_to(tmp_path / "inside")
    found = find([Path("inside")], tmp_path)
    assert [file.uri for file in found if not file.odd] == ["inside/a.yaml"]
    assert [file.odd for file in found if file.odd] == ["a link that leads out of the folder"]


def test_a_file_that_is_named_twice_is_judged_once(wa_lint: WaLint, tmp_path: Path) -> None:
    del wa_lint
    write({"a.yaml": TWO_INSTANCES})
    found = find([Path("a.yaml"), Path(), tmp_path / "a.yaml"], tmp_path)
    assert found == [File("a.yaml", "a.yaml", ".", is_named=True)]


def test_a_file_that_is_named_may_be_called_anything(wa_lint: WaLint) -> None:
    write({"stack": ONE_INSTANCE})
    assert wa_lint("check", *SINGLE, "stack").code == 1


def test_a_template_may_come_from_stdin(wa_lint: WaLint, tmp_path: Path) -> None:
    del wa_lint
    secret = ONE_INSTANCE.replace("ModelName: churn", "ModelName: churn # DB_PASSWORD: hunter22")
    for jobs in ("1", "2"):
        command = [sys.executable, "-m", "wa_lint", "check", "-", *SINGLE, "--jobs", jobs]
        done = subprocess.run(command, input=secret, cwd=tmp_path, capture_output=True, text=True, check=False)
        assert (done.returncode, done.stderr) == (1, "")
        assert done.stdout.startswith("Medium  stdin (1)\n")
        assert "9 | InitialInstanceCount: 1\n" in done.stdout


def test_what_a_template_names_is_opened_inside_the_folder_and_nowhere_else(wa_lint: WaLint, tmp_path: Path) -> None:
    del wa_lint
    write({"in/stack.yaml": "", "in/deep/part.yaml": "part", "in/part.yaml": "part", "outside.yaml": "secret"})
    Path("in/link.yaml").symlink_to(tmp_path / "outside.yaml")
    Path("in/loop.yaml").symlink_to("loop.yaml")
    for given in ("in", "in/stack.yaml"):
        open_file = neighbours(next(file for file in find([Path(given)], tmp_path) if file.uri == "in/stack.yaml"))
        assert [open_file(name) for name in ("part.yaml", "deep/part.yaml", "./deep/../part.yaml")] == [b"part"] * 3
        names = (
            "../outside.yaml",
            str(tmp_path / "outside.yaml"),
            "link.yaml",
            "loop.yaml",
            "deep",
            "no.yaml",
            "a\0b",
            "",
        )
        assert [open_file(name) for name in names] == [None] * len(names)


def test_an_included_file_is_judged_in_its_place(wa_lint: WaLint) -> None:
    include = "{Name: AWS::Include, Parameters: {Location: part.yaml}}"
    stack = f"AWSTemplateFormatVersion: 2010-09-09\nResources:\n  Fn::Transform: {include}\n"
    write({"stack.yaml": stack, "part.yaml": ONE_INSTANCE.partition("\n")[2].replace("\n  ", "\n")[2:]})
    run = wa_lint("check", "stack.yaml", *SINGLE, "-o", "json")
    assert [(f["outcome"], f["location"]["uri"]) for f in run.report["findings"]] == [("fail", "part.yaml")]


ENDPOINT = """\
{"EndpointName": "churn", "EndpointArn": "arn:aws:sagemaker:eu-west-1:111122223333:endpoint/churn",
 "EndpointConfigName": "churn-1", "EndpointStatus": "InService"}
"""
CONFIG = """\
{"EndpointConfigName": "churn-1",
 "EndpointConfigArn": "arn:aws:sagemaker:eu-west-1:111122223333:endpoint-config/churn-1",
 "ProductionVariants": [{"VariantName": "blue", "InitialInstanceCount": 1, "InstanceType": "ml.m5.large"}]}
"""


def test_answers_that_are_given_together_are_seen_together(wa_lint: WaLint) -> None:
    write({"endpoint.json": ENDPOINT, "config.json": CONFIG, "stack.yaml": ONE_INSTANCE})
    asked = ("--select", "endpoint-without-rollback", "-o", "json")
    (alone,) = wa_lint("check", "endpoint.json", *asked).report["findings"]
    assert alone["outcome"] == "unknown"
    assert "'churn-1' is not in this export" in alone["message"]
    for jobs in ("1", "3"):
        report = wa_lint("check", *asked, "--jobs", jobs).report
        assert [(f["outcome"], f["location"]["uri"]) for f in report["findings"]] == [("fail", "endpoint.json")]
        assert [i["uri"] for i in report["inputs"]] == ["config.json", "endpoint.json", "stack.yaml"]


def test_a_report_names_no_folder_of_the_machine(wa_lint: WaLint, tmp_path: Path) -> None:
    write({"a.yaml": ONE_INSTANCE})
    for format_ in ("text", "json", "sarif"):
        assert str(tmp_path) not in wa_lint("check", str(tmp_path), "-o", format_).out


def test_the_name_of_a_file_cannot_steer_the_terminal(wa_lint: WaLint) -> None:
    write({"a\x1b[31m.yaml": BROKEN})
    run = wa_lint("check")
    assert "\x1b" not in run.out + run.err
    assert r"a\u001b[31m.yaml:" in run.err


def test_what_is_broken_but_not_ours_is_nobodys_fault(wa_lint: WaLint) -> None:
    write({"tsconfig.json": '{"strict": true, // yes\n}', "chart.yaml": "a: {{ .Values.a }}\nb: [\n", "c.json": "\x00"})
    run = wa_lint("check", "-o", "json")
    assert (run.code, run.err) == (3, "")
    assert {entry["status"] for entry in run.report["inputs"]} == {"skipped"}
