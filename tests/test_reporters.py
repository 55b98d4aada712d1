"""Reporters, on one report made by hand: the formats' own schemas, and what a reader must see."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import jsonschema
import msgspec
import pytest

from wa_lint import lens, practice_checks
from wa_lint.errors import ConfigError
from wa_lint.model import (
    STEPS,
    Evidence,
    Finding,
    Gap,
    Input,
    Listed,
    Location,
    Outcome,
    Problem,
    Report,
    Resource,
    RuleInfo,
    Scope,
    Severity,
)
from wa_lint.reporters import REPORTERS, RenderOptions, reporter, standings
from wa_lint.reporters.line_hash import line_hashes
from wa_lint.run.excerpts import masked_lines

TEMPLATE = [f"line {i}" for i in range(1, 23)] + ["          InitialInstanceCount: 1", "last"]

SINGLE = RuleInfo(
    id="endpoint-single-instance",
    title="Endpoint variant runs on a single instance",
    severity=Severity.MEDIUM,
    practices=("MLREL05-BP01",),
    step="inference",
    why="One instance cannot be spread over zones.\n",
    fix="Set InitialInstanceCount to 2 or more.\n\nOr scale it.",
    applies_to=("AWS::SageMaker::EndpointConfig",),
    controls=("SageMaker.4",),
    references=("https://docs.aws.amazon.com/sagemaker/latest/dg/best-practices-endpoint.html",),
)
OPEN = RuleInfo(
    id="notebook-direct-internet",
    title="Notebook has a way to the internet of its own",
    severity=Severity.HIGH,
    practices=("MLSEC01-BP01",),
    why="It passes by your VPC.",
    fix="Set DirectInternetAccess to Disabled.",
    applies_to=("AWS::SageMaker::NotebookInstance",),
)

PLACE = Location("infra/my endpoint.yaml", 23, 11, 23, 34)
ARN = "arn:aws:sagemaker:eu-west-1:111122223333:notebook-instance/research"
CONFIG = Resource("Config", "AWS::SageMaker::EndpointConfig", {}, Listed(PLACE))
NOTEBOOK = Resource(
    ARN, OPEN.applies_to[0], {}, Listed(Location(ARN)), arn=ARN, account="111122223333", region="eu-west-1"
)

FAIL = Finding(
    SINGLE,
    Outcome.FAIL,
    CONFIG,
    "ProductionVariants[0].InitialInstanceCount",
    PLACE,
    "Variant blue starts with 1 instance: one failed host is an outage.",
    when="Env is not prod",
    assumes=("nothing outside this template scales the variant",),
    evidence=(
        Evidence("Config", "ProductionVariants[0].InitialInstanceCount", 1, "1", PLACE),
        Evidence("Target", "MinCapacity", None, "absent", Location("infra/my endpoint.yaml", 30, 7, 30, 20)),
    ),
    fingerprint="abc123",
)
LIVE = Finding(OPEN, Outcome.FAIL, NOTEBOOK, "DirectInternetAccess", Location(ARN), "It is open.", fingerprint="def")
UNKNOWN = msgspec.structs.replace(
    FAIL, outcome=Outcome.UNKNOWN, message="Count has no default.", when=None, assumes=(), fingerprint="ghi"
)
PASS = msgspec.structs.replace(UNKNOWN, outcome=Outcome.PASS, message="", fingerprint="jkl")
NOT_APPLICABLE = msgspec.structs.replace(UNKNOWN, outcome=Outcome.NOT_APPLICABLE, message="", fingerprint="mno")

REPORT = Report(
    rules=(SINGLE, OPEN),
    findings=(FAIL, LIVE, UNKNOWN, PASS, NOT_APPLICABLE),
    inputs=(
        Input("infra/broken.yaml", "template", "error", "3:1: a tab; use spaces"),
        Input("infra/my endpoint.yaml", "template", "judged", None, 4),
        Input("infra/readme.json", "unknown", "skipped", "no template"),
    ),
    gaps=(Gap(Scope("AWS::IAM::Role", "111122223333"), "AccessDenied", "iam:GetAccountAuthorizationDetails"),),
    problems=(Problem(Location("infra/my endpoint.yaml", 5, 3), "Key Type stands twice."),),
)


def render(format_: str, report: Report = REPORT, options: RenderOptions | None = None) -> str:
    return reporter(format_)(report, options or RenderOptions())


def as_json(report: Report = REPORT, options: RenderOptions | None = None) -> Any:
    return json.loads(render("json", report, options))


def sarif(report: Report = REPORT) -> Any:
    log = json.loads(render("sarif", report))
    jsonschema.Draft202012Validator(schema("tests/schemas/sarif-2.1.0.json")).validate(log)
    return log["runs"][0]


def schema(path: str) -> Any:
    return json.loads(Path(__file__).parents[1].joinpath(path).read_text("utf-8"))


def with_message(message: str) -> Report:
    return msgspec.structs.replace(REPORT, findings=(msgspec.structs.replace(FAIL, message=message),))


# --- JSON -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("show_all", [False, True])
@pytest.mark.parametrize("report", [REPORT, Report(rules=(), findings=())], ids=["full", "empty"])
def test_json_is_what_its_schema_says(report: Report, show_all: bool) -> None:
    contract = schema("wa_lint/schemas/report.schema.json")
    jsonschema.Draft202012Validator.check_schema(contract)
    jsonschema.Draft202012Validator(contract).validate(as_json(report, RenderOptions(show_all=show_all)))


def test_json_holds_fail_and_unknown_and_the_rest_when_asked() -> None:
    assert [f["outcome"] for f in as_json()["findings"]] == ["fail", "fail", "unknown"]
    shown = as_json(options=RenderOptions(show_all=True))["findings"]
    assert [f["outcome"] for f in shown[-2:]] == ["pass", "not-applicable"]


def test_json_says_a_finding_in_full() -> None:
    assert as_json()["findings"][0] == {
        "rule": "endpoint-single-instance",
        "outcome": "fail",
        "severity": "medium",
        "pillar": "reliability",
        "phase": lens.practice("MLREL05-BP01").phase,
        "step": "inference",
        "practices": ["MLREL05-BP01"],
        "resource": {"id": "Config", "type": CONFIG.type, "arn": None, "account": None, "region": None},
        "path": "ProductionVariants[0].InitialInstanceCount",
        "location": place(23, 11, 34),
        "message": FAIL.message,
        "when": "Env is not prod",
        "assumes": ["nothing outside this template scales the variant"],
        "evidence": [
            {"resource": "Config", "path": FAIL.path, "value": 1, "shown": "1", "location": place(23, 11, 34)},
            {
                "resource": "Target",
                "path": "MinCapacity",
                "value": None,
                "shown": "absent",
                "location": place(30, 7, 20),
            },
        ],
        "suppressed": None,
        "trail": [],
        "anchor": None,
        "fingerprint": "abc123",
        "stages": None,
    }


def place(line: int, column: int, end: int) -> dict[str, object]:
    return {"uri": PLACE.uri, "line": line, "column": column, "end_line": line, "end_column": end}


def test_a_live_finding_has_its_arn_for_a_place_and_no_line() -> None:
    location = as_json()["findings"][1]["location"]
    assert location == {"uri": ARN, "line": None, "column": None, "end_line": None, "end_column": None}


def test_half_a_surrogate_pair_breaks_no_format() -> None:
    for format_ in REPORTERS:
        render(format_, with_message("half \ud800 a pair")).encode("utf-8")


def test_the_readme_shows_a_finding_as_it_is() -> None:
    readme = Path(__file__).parents[1].joinpath("README.md").read_text("utf-8")
    shown = json.loads(readme.split("```json\n")[1].split("```")[0])
    contract = schema("wa_lint/schemas/report.schema.json")
    jsonschema.Draft202012Validator({**contract["$defs"]["finding"], "$defs": contract["$defs"]}).validate(shown)
    practice = lens.practice(shown["practices"][0])
    assert shown["step"] in STEPS
    assert (shown["pillar"], shown["phase"]) == (practice.pillar, practice.phase)
    assert shown.keys() == as_json()["findings"][0].keys()


# --- practices --------------------------------------------------------------------------------------


FULL, PARTLY, PEOPLE = "MLSUS04-BP04", "MLOPS02-BP04", "MLOPS01-BP01"
"""Practices of which checks decide all, a part, and nothing."""
JUDGED = Input("a.yaml", "template", "judged", None, 1)
LISTED = Input("aws://111122223333", "live", "judged", None, 1)
BROKEN = Input("b.yaml", "template", "error", "no YAML")
ENDPOINTS_REFUSED = Gap(Scope("AWS::SageMaker::EndpointConfig"), "AccessDenied")


@pytest.mark.parametrize(
    ("practice", "outcomes", "inputs", "gaps", "status"),
    [
        (FULL, ["pass"], [JUDGED], [], "met"),
        (FULL, ["pass", "fail", "unknown"], [JUDGED], [], "at-risk"),
        (FULL, ["pass", "unknown"], [JUDGED], [], "unknown"),
        (FULL, ["not applicable"], [JUDGED], [], "unknown"),
        (FULL, [], [JUDGED], [], "unknown"),
        (FULL, ["not applicable"], [LISTED], [], "not-applicable"),
        (FULL, [], [LISTED], [], "not-applicable"),
        (FULL, [], [LISTED, JUDGED], [], "unknown"),
        (FULL, [], [JUDGED], [ENDPOINTS_REFUSED], "unknown"),
        (FULL, ["pass"], [JUDGED], [ENDPOINTS_REFUSED], "unknown"),
        (FULL, ["pass"], [JUDGED, BROKEN], [], "unknown"),
        (FULL, [], [], [], "unknown"),
        (PARTLY, ["pass"], [JUDGED], [], "partial"),
        (PEOPLE, ["pass"], [JUDGED], [], "for-people"),
        (PEOPLE, ["fail"], [JUDGED], [], "at-risk"),
    ],
)
def test_a_practice_stands_where_the_outcomes_put_it(
    practice: str, outcomes: list[str], inputs: list[Input], gaps: list[Gap], status: str
) -> None:
    ids = practice_checks.of(practice).rules or (SINGLE.id,)
    rules = tuple(msgspec.structs.replace(SINGLE, id=id_, practices=(practice,)) for id_ in ids)
    findings = tuple(msgspec.structs.replace(FAIL, rule=rules[0], outcome=Outcome(o)) for o in outcomes)
    listed = frozenset(map(Scope, SINGLE.applies_to)) if LISTED in inputs else frozenset()
    report = Report(rules, findings, inputs=tuple(inputs), gaps=tuple(gaps), complete=listed)
    standing = {s.id: s for s in standings.practices(report)}[practice]
    assert standing.status == status
    assert (standing.reason is None) == (status == "met")


def test_a_fail_counts_for_every_practice_that_its_rule_names() -> None:
    rule = msgspec.structs.replace(SINGLE, practices=(FULL, PARTLY, PEOPLE))
    report = Report((rule,), (msgspec.structs.replace(FAIL, rule=rule),), inputs=(JUDGED,))
    assert [s.id for s in standings.practices(report) if s.status == "at-risk"] == sorted(
        rule.practices, key=[p.id for p in lens.practices()].index
    )


def test_all_practices_of_the_lens_are_reported_and_none_without_a_rule_is_met() -> None:
    found = standings.practices(Report((), (), inputs=(JUDGED,)))
    assert len(found) == 105
    assert {s.status for s in found} == {"unknown", "for-people"}


# --- SARIF ------------------------------------------------------------------------------------------


def test_sarif_of_an_empty_report_is_valid_and_closes_old_alerts() -> None:
    assert sarif(Report(rules=(), findings=()))["results"] == []


def test_sarif_holds_what_fails_each_with_one_place_in_a_file() -> None:
    results = sarif()["results"]
    assert [result["ruleId"] for result in results] == ["endpoint-single-instance", "notebook-direct-internet"]
    physical = [result["locations"][0]["physicalLocation"] for result in results]
    assert [p["artifactLocation"]["uri"] for p in physical] == [
        "infra/my%20endpoint.yaml",
        "aws/111122223333/eu-west-1/sagemaker/notebook-instance/research.json",
    ]
    assert physical[0]["region"] == {"startLine": 23, "startColumn": 11, "endLine": 23, "endColumn": 34}
    assert results[1]["locations"][0]["logicalLocations"][0]["fullyQualifiedName"] == ARN


def test_sarif_says_scenario_and_assumption_in_the_message() -> None:
    assert sarif()["results"][0]["message"]["text"] == (
        "Variant blue starts with 1 instance: one failed host is an outage. This is so when Env is not prod. "
        "Assumed: nothing outside this template scales the variant."
    )


def test_sarif_points_at_evidence_that_stands_elsewhere() -> None:
    related = sarif()["results"][0]["relatedLocations"]
    assert [r["message"]["text"] for r in related] == ["Target.MinCapacity is absent."]
    assert related[0]["physicalLocation"]["region"]["startLine"] == 30


def test_only_security_rules_become_vulnerabilities() -> None:
    single, open_ = (rule["properties"] for rule in sarif()["tool"]["driver"]["rules"])
    assert single["problem.severity"] == "warning"
    assert "security-severity" not in single
    assert open_["security-severity"] == "8.0"
    assert "problem.severity" not in open_


def test_sarif_rules_carry_at_most_ten_tags_and_a_page_of_help() -> None:
    rule = msgspec.structs.replace(SINGLE, controls=tuple(f"Control.{i}" for i in range(30)))
    described = sarif(Report((rule,), ()))["tool"]["driver"]["rules"][0]
    assert len(described["properties"]["tags"]) == 10
    assert described["properties"]["tags"][:3] == ["reliability", lens.practice("MLREL05-BP01").phase, "MLREL05-BP01"]
    assert "## Fix" in described["help"]["markdown"]


def test_a_template_cannot_put_a_link_into_an_alert() -> None:
    text = sarif(with_message("Variant [click](https://evil.example) is odd"))["results"][0]["message"]["text"]
    assert r"\[click\](https://evil.example)" in text


def test_sarif_tells_what_could_not_be_looked_at() -> None:
    invocation = sarif()["invocations"][0]
    assert invocation["executionSuccessful"] is False
    notes = [(n["level"], n["message"]["text"]) for n in invocation["toolExecutionNotifications"]]
    assert notes == [
        ("error", "infra/broken.yaml could not be read: 3:1: a tab; use spaces."),
        (
            "warning",
            (
                "AWS::IAM::Role in 111122223333 could not be listed in full: AccessDenied. "
                "Grant iam:GetAccountAuthorizationDetails."
            ),
        ),
        ("note", "Key Type stands twice."),
        ("warning", "1 check could not be decided (unknown)."),
        ("note", "1 file skipped: no template."),
    ]


LIVE_INPUT = Input("live", "live", "judged", None, 1)


@pytest.mark.parametrize(
    ("inputs", "category"),
    [
        ([JUDGED], "wa-lint/cfn/"),
        ([LIVE_INPUT], "wa-lint/live/111122223333/eu-west-1/"),
        ([JUDGED, LIVE_INPUT], "wa-lint/"),
    ],
)
def test_sarif_keeps_templates_and_accounts_apart(inputs: list[Input], category: str) -> None:
    report = msgspec.structs.replace(REPORT, inputs=tuple(inputs), findings=(LIVE,))
    assert sarif(report)["automationDetails"]["id"] == category


# --- text -------------------------------------------------------------------------------------------


def lines_of(_uri: str) -> Sequence[str]:
    return TEMPLATE


TEXT = """\
High  account 111122223333, eu-west-1 (1)
notebook-direct-internet (MLSEC01-BP01)
  arn:aws:sagemaker:eu-west-1:111122223333:notebook-instance/research
  It is open.
  why: It passes by your VPC.
  fix: Set DirectInternetAccess to Disabled.

Medium  infra/my endpoint.yaml (1)
23:11  endpoint-single-instance (MLREL05-BP01)  Config, when Env is not prod
  23 | InitialInstanceCount: 1
  Variant blue starts with 1 instance: one failed host is an outage. Assumes
  nothing outside this template scales the variant.
  why: One instance cannot be spread over zones.
  fix: Set InitialInstanceCount to 2 or more.

Not judged (1)
  Count has no default.
    endpoint-single-instance: Config.ProductionVariants[0]

Not fully read (1; -v lists them)
  refused by IAM: grant these, or what `wa-lint iam-policy` prints
    - IAM, 111122223333 global: iam:GetAccountAuthorizationDetails

Problems in the input (1)
  - infra/my endpoint.yaml:5:3: Key Type stands twice.

Not read (1)
  - infra/broken.yaml: 3:1: a tab; use spaces

Not covered
  - 1 file skipped: no template.

2 failed (1 high, 1 medium), 1 not judged, 1 passed.
Failed by pillar: Security 1, Reliability 1.
2 rules on 4 resources of 1 input. More: -v, wa-lint explain RULE.
"""

IN_FULL = """\
High  account 111122223333, eu-west-1 (1)

notebook-direct-internet  MLSEC01-BP01
  arn:aws:sagemaker:eu-west-1:111122223333:notebook-instance/research (AWS::SageMaker::NotebookInstance)
  It is open.
    --> arn:aws:sagemaker:eu-west-1:111122223333:notebook-instance/research
  why: It passes by your VPC.
  fix: Set DirectInternetAccess to Disabled.
  more: wa-lint explain notebook-direct-internet

Medium  infra/my endpoint.yaml (1)

endpoint-single-instance  MLREL05-BP01
  Config (AWS::SageMaker::EndpointConfig)
  Variant blue starts with 1 instance: one failed host is an outage.
  when Env is not prod
  assumes nothing outside this template scales the variant
    --> infra/my endpoint.yaml:23:11
  23 |           InitialInstanceCount: 1
     |           ^^^^^^^^^^^^^^^^^^^^^^^
  because Target.MinCapacity is absent (line 30)
  why: One instance cannot be spread over zones.
  fix: Set InitialInstanceCount to 2 or more.
  more: wa-lint explain endpoint-single-instance

Not judged (1)
  Count has no default.
    endpoint-single-instance: Config.ProductionVariants[0]

Not fully read (1)
  - AWS::IAM::Role in 111122223333: AccessDenied. Grant
    iam:GetAccountAuthorizationDetails to close this gap.

Problems in the input (1)
  - infra/my endpoint.yaml:5:3: Key Type stands twice.

Not read (1)
  - infra/broken.yaml: 3:1: a tab; use spaces

Not covered
  - 1 file skipped: no template.

Pillar                    failed  not judged  passed
Operational excellence         0           0       0
Security                       1           0       0
Reliability                    1           1       1
Performance efficiency         0           0       0
Cost optimization              0           0       0
Sustainability                 0           0       0

2 failed (1 high, 1 medium), 1 not judged, 1 passed.
2 rules on 4 resources of 1 input.
"""


@pytest.mark.parametrize(("verbose", "text"), [(False, TEXT), (True, IN_FULL)], ids=["short", "in full"])
def test_text_reads_like_this(verbose: bool, text: str) -> None:
    options = RenderOptions(lines=lines_of, verbose=verbose)
    assert render("text", options=options) == text
    coloured = render("text", options=msgspec.structs.replace(options, colour=True))
    assert coloured != text
    assert re.sub(r"\x1b\[[0-9;]*m", "", coloured) == text, "colours change nothing but colours"


def test_a_template_cannot_steer_the_terminal() -> None:
    def evil(_uri: str) -> Sequence[str]:
        return ["\x1b[2J\x9b31m\u202e"] * 30

    shown = render("text", with_message("\x1b]0;owned\x07 \u202eyes"), RenderOptions(lines=evil))
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]", shown)
    assert r"\u001b]0;owned\u0007" in shown


def test_show_all_lists_what_passed_and_what_did_not_apply() -> None:
    shown = render("text", options=RenderOptions(show_all=True))
    assert "Passed (1)\n    endpoint-single-instance: Config" in shown
    assert "Not applicable (1)" in shown


def test_a_report_on_nothing_says_so() -> None:
    assert render("text", Report((SINGLE,), ())).startswith("Nothing was checked")


@pytest.mark.parametrize("column", [1, 300, 5000, 9999])
def test_the_caret_stays_under_its_word_in_a_minified_file(column: int) -> None:
    def one_line(_uri: str) -> Sequence[str]:
        return ["-" * (column - 1) + "XYZ" + "-" * 5000]

    spot = msgspec.structs.replace(FAIL, location=Location("a.json", 1, column, 1, column + 3), evidence=())
    shown = render(
        "text", Report((SINGLE,), (spot,), inputs=(JUDGED,)), RenderOptions(lines=one_line, verbose=True)
    ).splitlines()
    source, caret = (line for line in shown if " | " in line)
    assert len(source) <= 80
    assert source[caret.index("^") : caret.rindex("^") + 1] == "XYZ"


@pytest.mark.parametrize(
    ("place", "carets"),
    [
        (Location("a.yaml", 1, 3, 1, 6), "^^^"),
        (Location("a.yaml", 1, 3), "^"),
        (Location("a.yaml", 1, 3, 4, 2), "^^^^^^^^"),
        (Location("a.yaml", 1, 99, 1, 99), "^"),
    ],
    ids=["a span", "no end", "several lines", "past the end"],
)
def test_the_caret_is_as_long_as_what_it_points_at(place: Location, carets: str) -> None:
    def lines(_uri: str) -> Sequence[str]:
        return ["0123456789"]

    spot = msgspec.structs.replace(FAIL, location=place, evidence=())
    shown = render(
        "text", Report((SINGLE,), (spot,), inputs=(JUDGED,)), RenderOptions(lines=lines, verbose=True)
    ).splitlines()
    assert next(line for line in shown if "^" in line).split()[-1] == carets


# --- all of them ------------------------------------------------------------------------------------


@pytest.mark.parametrize("format_", REPORTERS)
def test_the_same_report_gives_the_same_text(format_: str) -> None:
    assert render(format_) == render(format_)
    assert render(format_).endswith("\n")


def test_an_unknown_format_is_answered_with_the_nearest() -> None:
    with pytest.raises(ConfigError, match="did you mean 'sarif'"):
        reporter("sarf")


# --- GitHub's hash of a line ------------------------------------------------------------------------

HASHES = {
    "": ["c129715d7a2bc9a3:1"],
    " a\nb\n  \t\tc\n d": ["271789c17abda88f:1", "54703d4cd895b18:1", "180aee12dab6264:1", "a23a3dc5e078b07b:1"],
}
"""Text and hashes, from the tests of github/codeql-action (src/fingerprints.test.ts, read 2026-11)."""


@pytest.mark.parametrize("text", HASHES)
def test_a_lines_hash_is_githubs(text: str) -> None:
    assert line_hashes(text.split("\n")) == HASHES[text]


def test_lines_that_read_alike_for_long_are_numbered() -> None:
    found = line_hashes(["same words, again and again"] * 9)
    assert len(set(found)) == 9
    assert [text.partition(":")[2] for text in found[:5]] == ["1", "2", "3", "4", "5"]


@pytest.mark.parametrize("name", ["::error::x", "##[error]x"])
def test_no_line_of_the_text_is_a_command_to_a_runner(name: str) -> None:
    found = msgspec.structs.replace(REPORT.findings[0], location=Location(name, 1, 1), message=f"Odd. {name} " * 9)
    text = reporter("text")(msgspec.structs.replace(REPORT, findings=(found,)), RenderOptions(width=40))
    assert name[1:] in text
    assert not [line for line in text.splitlines() if line.lstrip().startswith(("::", "##["))]


@pytest.mark.parametrize("format_", ["html", "markdown", "sarif", "text"])
def test_a_file_of_one_long_line_is_not_read_again_for_each_finding(format_: str) -> None:
    place = Location("t.json", 1, 400_000, 1, 400_010)
    found = msgspec.structs.replace(REPORT.findings[0], location=place)
    many = [msgspec.structs.replace(found, fingerprint=str(number)) for number in range(500)]
    line = "\u200b" + "x" * 800_000
    start = time.process_time()
    text = reporter(format_)(Report(REPORT.rules, tuple(many)), RenderOptions(lines=lambda _: [line]))
    assert time.process_time() - start < 2
    assert "x" * 2000 not in text


def test_the_lines_of_a_source_take_linear_time() -> None:
    for piece in ("x", "a.", "a: ", 'a: "', "Name: ", "Default: ", "NoEcho: true ", '"Default": "', "9_"):
        start = time.process_time()
        masked_lines(piece * (300_000 // len(piece)))
        assert time.process_time() - start < 2, piece


def test_the_scorecard_shows_what_is_around_the_place_in_a_long_line() -> None:
    line = "a" * 1000 + " RootAccess " + "b" * 1000
    found = msgspec.structs.replace(REPORT.findings[0], location=Location("t.json", 1, 1002, 1, 1012))
    text = reporter("html")(Report(REPORT.rules, (found,)), RenderOptions(lines=lambda _: [line]))
    assert "aaa RootAccess bbb" in text
