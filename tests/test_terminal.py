"""What people read in a terminal: how long it is, how it is ordered, how it wraps, and how little they can ask for."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, Final

import msgspec
import pytest
from samples import SAMPLES

from wa_lint import packs
from wa_lint.engine import lint
from wa_lint.findings import merge
from wa_lint.model import Finding, Input, Location, Outcome, Problem, Report, Severity
from wa_lint.reporters import RenderOptions, reporter
from wa_lint.sources.template import read_template

WaLint = Callable[..., Any]

FIXTURES: Final = Path(__file__).parents[1] / "fixtures"
WORKLOADS: Final = sorted(folder.name for folder in FIXTURES.iterdir() if folder.is_dir())

BAD: Final = (
    'Parameters: {Root: {Type: String}}\nResources:\n  N: {Type: "AWS::SageMaker::NotebookInstance", '
    "Properties: {RoleArn: x, InstanceType: ml.t3.medium, RootAccess: Enabled}}\n"
    '  M: {Type: "AWS::SageMaker::NotebookInstance", '
    "Properties: {RoleArn: x, InstanceType: ml.t3.medium, RootAccess: !Ref Root}}\n"
)


@cache
def workload(name: str) -> Report:
    uri = f"fixtures/{name}/template.yaml"
    snapshot = read_template((FIXTURES / name / "template.yaml").read_bytes(), uri)
    return merge([lint(snapshot, packs.load(), "2026-11-23")], [Input(uri, "template", "judged", None, 9)])


def shown(format_: str, report: Report, **options: Any) -> list[str]:
    lines = (FIXTURES.parent / report.inputs[0].uri).read_text("utf-8").split("\n")
    text = reporter(format_)(report, RenderOptions(lines=lambda _: lines, **options))
    return text.splitlines()


def first(report: Report, number: int) -> Report:
    """Return a report with `number` findings that fail, and what else there is to say about them."""
    kept = [f for f in report.findings if f.outcome is Outcome.FAIL][:number]
    return msgspec.structs.replace(report, findings=tuple(kept))


def failing(report: Report) -> list[Finding]:
    return [f for f in report.findings if f.outcome is Outcome.FAIL and f.is_open]


LONG: Final = [name for name in WORKLOADS if len(failing(workload(name))) >= 17]


# --- length -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", LONG)
def test_seventeen_findings_fit_on_three_screens(name: str) -> None:
    lines = shown("text", first(workload(name), 17))
    assert len(lines) <= 90
    assert max(map(len, lines)) <= 80


@pytest.mark.parametrize("name", LONG)
def test_seventeen_findings_are_seventeen_lines_and_a_summary(name: str) -> None:
    report = msgspec.structs.replace(first(workload(name), 17), unjudged=())
    lines = shown("concise", report)
    assert len(lines) == 18
    assert "17 failed (" in lines[-1]


SEVENTEEN: Final = """
Resources:
  Notebook:
    Type: AWS::SageMaker::NotebookInstance
    Properties:
      InstanceType: ml.t3.medium
      RoleArn: !GetAtt Role.Arn
      DirectInternetAccess: Enabled
      RootAccess: Enabled
  Role:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Statement: [{Effect: Allow, Principal: {Service: sagemaker.amazonaws.com}, Action: sts:AssumeRole}]
      Policies:
        - {PolicyName: all, PolicyDocument: {Statement: [{Effect: Allow, Action: '*', Resource: '*'}]}}
  Model:
    Type: AWS::SageMaker::Model
    Properties:
      ExecutionRoleArn: !GetAtt Role.Arn
      PrimaryContainer:
        Image: 123456789012.dkr.ecr.eu-west-1.amazonaws.com/x:latest
        ModelDataUrl: s3://models/model.tar.gz
  Config:
    Type: AWS::SageMaker::EndpointConfig
    Properties:
      ProductionVariants:
        - {ModelName: !GetAtt Model.ModelName, VariantName: a, InitialInstanceCount: 1, InstanceType: ml.m5.large}
  Endpoint:
    Type: AWS::SageMaker::Endpoint
    Properties: {EndpointConfigName: !GetAtt Config.EndpointConfigName}
"""
"""Each finding is of another rule, so that nothing is said once for several."""


def of_seventeen_rules(files: int) -> Report:
    """Return 17 findings of 17 rules in one or several files, and what is unknown."""
    found = lint(read_template(SEVENTEEN.encode(), "t.yaml"), packs.load(), "2026-11-23")
    first_of_rule = {f.rule.id: f for f in found.findings if f.outcome is Outcome.FAIL}
    failed = sorted(first_of_rule.values(), key=lambda finding: -finding.rule.severity.rank)[:17]
    assert len(failed) == 17
    moved = [
        msgspec.structs.replace(f, location=msgspec.structs.replace(f.location, uri=f"{number % files}.yaml"))
        for number, f in enumerate(failed)
    ]
    unknown = [f for f in found.findings if f.outcome is Outcome.UNKNOWN]
    return msgspec.structs.replace(
        merge([found], [Input("t.yaml", "template", "judged", None, 5)]), findings=(*moved, *unknown)
    )


@pytest.mark.parametrize(("files", "most"), [(1, 90), (3, 96)])
def test_seventeen_findings_of_as_many_rules_fit_on_three_screens(files: int, most: int) -> None:
    """Each file more has a title in each severity."""
    report = of_seventeen_rules(files)
    lines = reporter("text")(report, RenderOptions()).splitlines()
    assert len(lines) <= most
    assert max(map(len, lines)) <= 80
    assert sum(line.startswith("  fix: ") for line in lines) == 17
    assert len(reporter("concise")(report, RenderOptions()).splitlines()) == 18


@pytest.mark.parametrize("width", [40, 60])
def test_the_summary_fits_too(width: int) -> None:
    report = of_seventeen_rules(1)
    lines = reporter("text")(report, RenderOptions(width=width)).splitlines()
    start = next(number for number, line in enumerate(lines) if line.startswith("17 failed ("))
    assert max(map(len, lines[start:])) <= width
    assert len(lines[start:]) > 5


def test_a_fix_is_cut_between_words_and_says_so() -> None:
    for line in reporter("text")(of_seventeen_rules(1), RenderOptions()).splitlines():
        if line.endswith("…"):
            assert line.endswith(" …") or len(line) == 80


@pytest.mark.parametrize("name", WORKLOADS)
def test_each_rule_is_explained_once(name: str) -> None:
    report = workload(name)
    fixes = sum(line.startswith("  fix: ") for line in shown("text", report))
    assert fixes == len({finding.rule.id for finding in failing(report)})


@pytest.mark.parametrize("name", WORKLOADS)
@pytest.mark.parametrize("verbose", [False, True])
def test_no_finding_message_or_practice_is_left_out(name: str, verbose: bool) -> None:
    report = workload(name)
    lines = shown("text", report, verbose=verbose)
    text = " ".join(" ".join(lines).split())
    places = Counter(re.findall(r"(?:^|:)(\d+:\d+)(?:  [a-z]|$)", "\n".join(lines), re.MULTILINE))
    assert places == Counter(f"{f.location.line}:{f.location.column}" for f in failing(report))
    for finding in failing(report):
        assert " ".join(finding.message.split()) in text
        assert all(practice in text for practice in finding.rule.practices[: None if verbose else 1])
        assert all(assumption in text for assumption in finding.assumes)
        assert finding.when is None or finding.when in text


SOLID: Final = re.compile(r"\S{30,}")
"""A word that a narrow terminal has no room for."""


@pytest.mark.parametrize("width", [60, 80, 120])
@pytest.mark.parametrize("verbose", [False, True])
def test_no_line_is_longer_than_the_terminal_and_no_word_is_broken(width: int, verbose: bool) -> None:
    report = workload("realtime-endpoint")
    lines = shown("text", report, width=width, verbose=verbose)
    assert [line for line in lines if len(line) > width and not SOLID.search(line)] == []
    text = set(" ".join(lines).split())
    assert [word for f in failing(report) for word in f.message.split() if word not in text] == []


def test_no_mark_is_alone_in_its_line() -> None:
    place = Location("a/" * 60 + "t.yaml", 5, 3)
    report = Report((), (), inputs=workload(WORKLOADS[0]).inputs, problems=(Problem(place, "A key stands twice."),))
    assert f"  - {place}:" in shown("text", report)


# --- order ------------------------------------------------------------------------------------------

TITLE: Final = re.compile(r"(Critical|High|Medium|Low)  (.*) \((\d+)\)")


def test_the_gravest_come_first_then_the_files() -> None:
    found = failing(workload("iam-mess"))
    moved = [
        msgspec.structs.replace(f, location=msgspec.structs.replace(f.location, uri=uri))
        for uri in ("b.yaml", "a.yaml")
        for f in found
    ]
    report = msgspec.structs.replace(workload("iam-mess"), findings=tuple(moved))
    titles = [match for line in shown("text", report) if (match := TITLE.fullmatch(line))]
    assert [(match[1], match[2]) for match in titles] == [
        (severity, uri) for severity in ("Critical", "High", "Medium", "Low") for uri in ("b.yaml", "a.yaml")
    ]
    assert sum(int(match[3]) for match in titles) == len(moved)


# --- concise ----------------------------------------------------------------------------------------

LINE: Final = re.compile(
    r"(?P<file>[^:]+):(?P<line>\d+):(?P<column>\d+): (?P<type>[a-z]+) (?P<rule>\S+) (?P<message>.+)"
)
"""As in a problem matcher of VS Code; Vim reads it with its default errorformat, ``%f:%l:%c:%m``."""


@pytest.mark.parametrize("name", WORKLOADS)
def test_an_editor_reads_every_line(name: str) -> None:
    report = workload(name)
    lines = [match for line in shown("concise", report) if (match := LINE.fullmatch(line))]
    assert [(m["file"], int(m["line"]), int(m["column"]), m["type"], m["rule"]) for m in lines] == [
        (f.location.uri, f.location.line, f.location.column, f.rule.severity.value, f.rule.id) for f in failing(report)
    ]


def test_what_is_unknown_is_marked_and_shown_on_request(wa_lint: WaLint) -> None:
    Path("a.yaml").write_text(BAD)
    select = ("--no-config", "--select", "notebook-root-access", "-o", "concise")
    short, full = (wa_lint("check", *select, *more).out for more in ((), ("--show-all",)))
    assert "a.yaml:4:" not in short
    assert "1 not judged" in short.splitlines()[-1]
    assert re.search(r"^a\.yaml:4:\d+: unknown notebook-root-access ", full, re.MULTILINE)


def test_what_is_suppressed_is_only_counted(wa_lint: WaLint) -> None:
    Path("a.yaml").write_text(BAD.replace("  N:", "  # wa-lint: allow notebook-root-access a toy\n  N:"))
    lines = wa_lint("check", "--no-config", "--select", "notebook-root-access", "-o", "concise").out.splitlines()
    assert not [line for line in lines if line.startswith("a.yaml")]
    assert lines[-1] == "0 failed, 1 not judged, 0 passed, 1 suppressed."


def test_a_finding_without_a_line_names_its_resource_once() -> None:
    report = SAMPLES["everything hostile"]().report
    finding = msgspec.structs.replace(failing(report)[0], message="Odd.", when=None, change=None, stages=None)
    for uri, said in (("arn:x", "arn:x: "), ("config.json", "config.json: ")):
        resource = msgspec.structs.replace(finding.resource, id="arn:x")
        one = msgspec.structs.replace(finding, location=Location(uri), resource=resource)
        line = reporter("concise")(Report((one.rule,), (one,)), RenderOptions()).splitlines()[0]
        assert line.startswith(said)
        assert line.count("arn:x") == 1


# --- less, and more ---------------------------------------------------------------------------------


def test_quiet_is_one_line_that_hides_no_doubt(wa_lint: WaLint) -> None:
    Path("a.yaml").write_text(BAD)
    Path("broken.yaml").write_text("Resources:\n  A: {Type: AWS::S3::Bucket\n")
    for format_ in ("text", "concise"):
        (line,) = wa_lint("check", "--no-config", "-q", "-o", format_).out.splitlines()
        assert re.match(r"\d+ failed \(.*\), \d+ not judged, \d+ passed\. \d+ warnings? about what was not", line)
    Path("a.yaml").unlink()
    Path("broken.yaml").unlink()
    assert wa_lint("check", "--no-config", "-q").out.startswith("Nothing was checked")


def test_quiet_and_verbose_contradict_each_other(wa_lint: WaLint) -> None:
    Path("a.yaml").write_text(BAD)
    run = wa_lint("check", "-q", "-v")
    assert (run.code, run.out) == (2, "")
    assert "--verbose" in run.err


@pytest.mark.parametrize("format_", ["text", "concise"])
def test_statistics_count_each_rule_the_most_frequent_first(format_: str) -> None:
    report = workload("realtime-endpoint")
    rows = [
        (int(m[1]), int(m[2]), m[3], m[4])
        for line in shown(format_, report, statistics=True)
        if (m := re.fullmatch(r" *(\d+) +(\d+)  (\w+) +(\S+)", line))
    ]
    counted = Counter(finding.rule.id for finding in failing(report))
    assert {row[3]: row[0] for row in rows if row[0]} == counted
    assert [row[0] for row in rows] == sorted((row[0] for row in rows), reverse=True)
    assert sum(row[1] for row in rows) == sum(f.outcome is Outcome.UNKNOWN for f in report.findings)
    assert {row[2] for row in rows} <= {severity.value for severity in Severity}


def test_options_change_no_verdict_and_no_json(wa_lint: WaLint) -> None:
    Path("a.yaml").write_text(BAD)
    plain = wa_lint("check", "--no-config", "-o", "json")
    for option in ("-q", "-v", "--statistics"):
        assert wa_lint("check", "--no-config", "-o", "json", option) == plain
    assert json.loads(plain.out)["findings"]
