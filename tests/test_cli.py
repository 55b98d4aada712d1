"""The command line: exit codes, what goes to stdout and what to stderr, and what a person sees when it goes wrong."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from wa_lint.cli.exits import exit_code
from wa_lint.cli.output import wants_colour
from wa_lint.model import Gap, Input, Report, Scope, Severity
from wa_lint.run.excerpts import masked_lines

ROOT = Path(__file__).parents[1]

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
OPEN_COUNT = "Parameters: {Count: {Type: Number}}\n" + ONE_INSTANCE.replace("Count: 1", "Count: !Ref Count")
BROKEN = "Resources:\n  Config:\n    Type: [AWS::SageMaker::EndpointConfig\n"
SINGLE = ("--select", "endpoint-single-instance")


WaLint = Callable[..., Any]


def write(files: dict[str, str]) -> None:
    for name, text in files.items():
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_text(text, "utf-8")


def start(*arguments: str, cwd: Path, **environment: str) -> subprocess.Popen[bytes]:
    """The command line in a process of its own, which hears Ctrl-C even where the tests run in the background."""
    return subprocess.Popen(
        [sys.executable, "-m", "wa_lint", *arguments],
        cwd=cwd,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, **environment},
    )


# --- exit codes -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("files", "options", "code"),
    [
        ({"a.yaml": TWO_INSTANCES}, [], 0),
        ({"a.yaml": ONE_INSTANCE}, [], 1),
        ({"a.yaml": ONE_INSTANCE}, ["--fail-on", "high"], 0),
        ({"a.yaml": ONE_INSTANCE}, ["--fail-on", "never"], 0),
        ({"a.yaml": BROKEN}, [], 2),
        ({"a.yaml": BROKEN, "b.yaml": ONE_INSTANCE}, [], 2),
        ({}, [], 3),
        ({"package.json": '{"name": "x"}', "notes.yaml": "", "script.py": "1"}, [], 3),
        ({"a.yaml": OPEN_COUNT}, [], 0),
        ({"a.yaml": OPEN_COUNT}, ["--strict"], 4),
        ({"a.yaml": OPEN_COUNT, "b.yaml": ONE_INSTANCE}, ["--strict"], 1),
    ],
)
def test_the_exit_code_tells_the_gravest_that_happened(
    wa_lint: WaLint, files: dict[str, str], options: list[str], code: int
) -> None:
    write(files)
    assert wa_lint("check", *SINGLE, *options).code == code


@pytest.mark.parametrize(
    ("arguments", "hint"),
    [
        (["chek"], "did you mean 'check'?"),
        (["check", "--strct"], "--strict"),
        (["check", "-o", "jsn"], "did you mean 'json'?"),
        (["check", "-o", "json", "-o", "sarif"], "-o sarif=wa-lint.sarif"),
        (["check", "-o", "json="], "names no file"),
        (["check", "-o", "json=none/x.json"], "the folder none"),
        (["check", "--select", "endpoint-single-instanc"], "did you mean 'endpoint-single-instance'?"),
        (["check", "--ignore", "zzz"], "wa-lint rules"),
        (["check", "--pillar", "securty"], "security"),
        (["check", "nowhere.yaml"], "nowhere.yaml: no such file or folder"),
        (["check", "--jobs", "0"], "--jobs"),
        (["explain", "endpoint-single-instanc"], "did you mean 'endpoint-single-instance'?"),
        (["snapshot"], "-o"),
    ],
)
def test_a_slip_of_the_pen_is_answered_with_what_was_meant(wa_lint: WaLint, arguments: list[str], hint: str) -> None:
    run = wa_lint(*arguments)
    assert (run.code, run.out) == (2, "")
    assert hint in run.err
    assert "Traceback" not in run.err


ERROR, JUDGED = Input("a", "template", "error"), Input("b", "template", "judged")
REGION_FAILED = Input("aws", "live", "error")
GAP = Gap(Scope("AWS::IAM::Role", "123456789012"), "AccessDenied")
OF_A_TEMPLATE = Gap(Scope("AWS::SageMaker::TrainingJob"), "the definition is in S3")


@pytest.mark.parametrize(
    ("inputs", "gaps", "code"),
    [
        ([ERROR, JUDGED], [GAP], 2),
        ([JUDGED], [GAP], 4),
        ([], [GAP], 4),
        ([REGION_FAILED], [], 4),
        ([REGION_FAILED, JUDGED], [], 4),
        ([REGION_FAILED, ERROR], [], 2),
        ([], [], 3),
        ([JUDGED], [], 0),
        ([JUDGED], [OF_A_TEMPLATE], 4),
    ],
)
def test_what_could_not_be_looked_at_has_a_code_of_its_own(inputs: list[Input], gaps: list[Gap], code: int) -> None:
    report = Report((), (), inputs=tuple(inputs), gaps=tuple(gaps))
    assert exit_code(report, Severity.LOW, is_strict=False) == code


ELSEWHERE = """\
  Pipeline:
    Type: AWS::SageMaker::Pipeline
    Properties:
      PipelineName: churn
      RoleArn: arn:aws:iam::111122223333:role/pipeline
      PipelineDefinition: {PipelineDefinitionS3Location: {Bucket: definitions, Key: churn.json}}
"""


@pytest.mark.parametrize(
    ("template", "options", "code"),
    [(TWO_INSTANCES, [], 0), (TWO_INSTANCES, ["--strict"], 4), ("Resources:\n", [], 4)],
)
def test_what_stands_outside_of_a_template_counts_in_a_strict_run_or_where_nothing_else_was_judged(
    wa_lint: WaLint, template: str, options: list[str], code: int
) -> None:
    write({"a.yaml": template + ELSEWHERE})
    assert wa_lint("check", *SINGLE, *options).code == code


# --- what is asked ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "is_asked"),
    [
        (["--select", "endpoint-*"], True),
        (["--select", "endpoint-single-instance,endpoint-*"], True),
        (["--ignore", "endpoint-single-instance"], False),
        (["--pillar", "reliability"], True),
        (["--pillar", "security"], False),
        (["--severity", "medium"], True),
        (["--severity", "critical"], False),
    ],
)
def test_rules_are_chosen_by_name_pillar_and_severity(wa_lint: WaLint, options: list[str], is_asked: bool) -> None:
    write({"a.yaml": ONE_INSTANCE})
    asked = {rule["id"] for rule in wa_lint("check", *options, "-o", "json").report["rules"]}
    assert ("endpoint-single-instance" in asked) == is_asked


def test_explain_prints_a_page_and_rules_a_line_for_each(wa_lint: WaLint) -> None:
    page = wa_lint("explain", "endpoint-single-instance")
    assert page.code == 0
    for title in ("Severity", "Why", "Fix", "Scope", "Examples", "MLREL05-BP01"):
        assert title in page.out
    listed = wa_lint("rules", "--pillar", "reliability")
    assert listed.code == 0
    assert "endpoint-single-instance " in listed.out


def test_our_own_examples_hold(wa_lint: WaLint) -> None:
    run = wa_lint("test")
    assert (run.code, run.out) == (0, "")


# --- what comes out ---------------------------------------------------------------------------------


def test_the_json_report_is_what_its_schema_says(wa_lint: WaLint) -> None:
    write({"a.yaml": ONE_INSTANCE, "b.yaml": OPEN_COUNT, "c.yaml": BROKEN, "d.json": "{}"})
    contract = json.loads((ROOT / "wa_lint/schemas/report.schema.json").read_text())
    jsonschema.Draft202012Validator(contract).validate(wa_lint("check", "-o", "json", "--show-all").report)


def test_the_sarif_report_is_what_its_schema_says(wa_lint: WaLint) -> None:
    write({"a b.yaml": ONE_INSTANCE, "c.yaml": BROKEN})
    log = wa_lint("check", "-o", "sarif").report
    jsonschema.Draft202012Validator(json.loads((ROOT / "tests/schemas/sarif-2.1.0.json").read_text())).validate(log)
    assert log["runs"][0]["results"]


def test_text_shows_the_line_and_the_caret(wa_lint: WaLint) -> None:
    write({"a.yaml": ONE_INSTANCE})
    lines = wa_lint("check", *SINGLE, "-v").out.splitlines()
    at = next(i for i, line in enumerate(lines) if "|           InitialInstanceCount: 1" in line)
    assert lines[at].index("InitialInstanceCount") <= lines[at + 1].index("^") < len(lines[at])


def test_reports_go_where_they_are_sent(wa_lint: WaLint) -> None:
    write({"a.yaml": ONE_INSTANCE})
    run = wa_lint("check", "-o", "json=r.json", "-o", "sarif=r.sarif", "-o", "text")
    assert run.out.startswith("Medium  a.yaml (")
    assert json.loads(Path("r.json").read_text())["findings"]
    assert json.loads(Path("r.sarif").read_text())["runs"]
    assert sorted(path.name for path in Path().iterdir()) == ["a.yaml", "r.json", "r.sarif"]
    assert wa_lint("check", "-o", "json=/dev/null").out == ""


def test_a_file_that_cannot_be_written_is_a_line_on_stderr(wa_lint: WaLint) -> None:
    write({"a.yaml": ONE_INSTANCE})
    run = wa_lint("check", "-o", "json=/proc/nothing.json")
    assert run.code == 2
    assert "cannot be written" in run.err


@pytest.mark.parametrize(
    ("environment", "is_terminal", "wanted"),
    [
        ({}, True, True),
        ({}, False, False),
        ({"NO_COLOR": "1"}, True, False),
        ({"NO_COLOR": ""}, True, True),
        ({"FORCE_COLOR": "1"}, False, True),
        ({"NO_COLOR": "1", "FORCE_COLOR": "1"}, True, False),
        ({"TERM": "dumb"}, True, False),
    ],
)
def test_colours_are_for_terminals(environment: dict[str, str], is_terminal: bool, wanted: bool) -> None:
    assert wants_colour(environment, is_terminal=is_terminal) == wanted
    assert wants_colour(environment, is_terminal=is_terminal, color="always")
    assert not wants_colour(environment, is_terminal=is_terminal, color="never")


def test_the_option_says_whether_a_pipe_gets_colours(wa_lint: WaLint) -> None:
    write({"a.yaml": ONE_INSTANCE})
    for format_ in ("text", "concise"):
        assert "\x1b[" in wa_lint("check", "-o", format_, "--color", "always").out
        assert "\x1b[" not in wa_lint("check", "-o", format_, "--color", "never").out
    wa_lint("check", "-o", "text=report.txt", "--color", "always")
    assert "\x1b[" not in Path("report.txt").read_text("utf-8")


SECRET = "hunter22hunter22"


@pytest.mark.parametrize(
    "text",
    [
        f"DB_PASSWORD: {SECRET}",
        f'{{"a": 1, "DB_PASSWORD": "{SECRET}", "b": 2}}',
        f"- Name: DB_PASSWORD\n  Value: {SECRET}",
        f'- Value: "{SECRET}"\n  Name: DB_PASSWORD',
        "Key: AKIA" + "ABCDEFGHIJKLMNOP",
    ],
)
def test_no_line_that_is_shown_holds_a_secret(text: str) -> None:
    shown = "\n".join(masked_lines(text))
    assert SECRET not in shown
    assert "AKIA" not in shown
    assert shown.count("\n") == text.count("\n")


def test_lines_stay_what_they_are_where_there_is_no_secret() -> None:
    assert list(masked_lines(ONE_INSTANCE)) == ONE_INSTANCE.split("\n")


# --- the process ------------------------------------------------------------------------------------


def test_the_same_bytes_for_any_number_of_processes_and_any_hash_seed(wa_lint: WaLint, tmp_path: Path) -> None:
    del wa_lint
    write({f"{i:02}.yaml": [ONE_INSTANCE, OPEN_COUNT, BROKEN, "", TWO_INSTANCES][i % 5] for i in range(12)})
    said = set()
    for jobs, seed in (("1", "0"), ("3", "1"), ("12", "2")):
        said.add(start("check", "-o", "json", "--jobs", jobs, cwd=tmp_path, PYTHONHASHSEED=seed).communicate())
    assert len(said) == 1


SLOW_TO_IMPORT = ("boto3", "botocore", "jinja2", "rich", "jsonschema", "moto", "mcp", "anyio", "pygls", "lsprotocol")


@pytest.mark.parametrize("format_", ["json", "sarif", "concise"])
def test_a_machine_readable_check_imports_nothing_slow(wa_lint: WaLint, format_: str) -> None:
    del wa_lint
    write({"a.yaml": ONE_INSTANCE})
    script = f"""
import sys
from wa_lint.cli import main
try:
    main(["check", "-o", "{format_}=report"])
finally:
    print([name for name in {SLOW_TO_IMPORT} if name in sys.modules])
    table = sys.modules.get("wa_lint.sources.live.collectors")
    assert table is None or not table._table.cache_info().currsize
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (1, "[]\n", "")


def test_a_reader_who_goes_away_is_no_error(wa_lint: WaLint, tmp_path: Path) -> None:
    del wa_lint
    write({"a.yaml": ONE_INSTANCE})
    process = start("check", *SINGLE, "-o", "json", cwd=tmp_path)
    assert process.stdout
    assert process.stderr
    process.stdout.close()
    said = process.stderr.read()
    process.stderr.close()
    assert (process.wait(), said) == (1, b"")


def test_an_interrupt_is_one_line(wa_lint: WaLint, tmp_path: Path) -> None:
    del wa_lint
    os.mkfifo("endless")
    process = start("check", "endless", cwd=tmp_path)
    with Path("endless").open("wb"):  # opens when wa-lint reads, and then keeps it waiting
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=20)
    assert (process.returncode, out, err.strip()) == (130, b"", b"wa-lint: interrupted")
