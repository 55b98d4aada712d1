"""Every other format before a reader that is not ours, and canary secrets before all. Bad inputs 71-75, 77, 79, 80."""

from __future__ import annotations

import csv
import io
import json
import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any, Final
from xml.etree import ElementTree as ET

import jsonschema
import junitparser
import msgspec
import pytest
from markdown_it import MarkdownIt
from markdown_it.token import Token
from samples import NAMES, RULES, SAMPLES, URIS, finding_named, hostile, many

from wa_lint.model import Finding, Outcome, Report
from wa_lint.reporters import REPORTERS, Options, reporter, visible

ROOT = Path(__file__).parents[1]
WaLint = Callable[..., Any]

READ: Final = ("iam-mess", "open-api", "an empty run", "a clean run", "everything hostile")
BIG: Final = "30,000 findings"


@cache
def rendered(name: str, format_: str) -> str:
    return reporter(format_)(*SAMPLES[name]())


def schema(path: str) -> jsonschema.Draft202012Validator:
    contract = json.loads(ROOT.joinpath(path).read_text("utf-8"))
    jsonschema.Draft202012Validator.check_schema(contract)
    return jsonschema.Draft202012Validator(contract)


def failing(report: Report) -> list[Finding]:
    return [f for f in report.findings if f.outcome is Outcome.FAIL and f.suppressed is None]


# --- JUnit ------------------------------------------------------------------------------------------

ELEMENTS: Final = {
    "testsuites": ({"name"}, set(), {"testsuite"}),
    "testsuite": ({"name", "tests", "failures", "errors"}, {"skipped", "time"}, {"testcase"}),
    "testcase": ({"name", "classname"}, {"time"}, {"failure", "error", "skipped"}),
    "failure": (set(), {"message", "type"}, set()),
    "error": (set(), {"message", "type"}, set()),
    "skipped": (set(), {"message"}, set()),
}
"""What is demanded, allowed and may stand inside, after the schema of Jenkins' xunit plugin (junit-10.xsd)."""


@pytest.mark.parametrize("name", [*READ, BIG])
def test_junit_is_read_and_counted_alike(name: str) -> None:
    text = rendered(name, "junit")
    suites = list(junitparser.JUnitXml.fromstring(text.encode()))
    report = SAMPLES[name]().report
    cases = [case for suite in suites for case in suite]
    found = Counter(type(result).__name__ for case in cases for result in case.result)
    assert found["Failure"] == len(failing(report)) == sum(suite.failures for suite in suites)
    assert found["Error"] == sum(entry.status == "error" for entry in report.inputs)
    for suite in suites:
        before = (suite.tests, suite.failures, suite.errors, suite.skipped)
        suite.update_statistics()  # type: ignore[no-untyped-call]  # its own
        assert (suite.tests, suite.failures, suite.errors, suite.skipped) == before


@pytest.mark.parametrize("name", READ)
def test_junit_has_the_elements_that_it_may_have(name: str) -> None:
    for element in (root := ET.fromstring(rendered(name, "junit"))).iter():  # noqa: S314, we wrote it
        demanded, allowed, inside = ELEMENTS[element.tag]
        assert demanded <= set(element.keys()) <= demanded | allowed
        assert {child.tag for child in element} <= inside
    assert root.tag == "testsuites"


@pytest.mark.parametrize("name", NAMES, ids=ascii)
def test_junit_says_what_xml_can_say_and_no_more(name: str) -> None:
    """80: what XML 1.0 has no way to say is one replacement character each."""
    root = ET.fromstring(one(name, "junit"))  # noqa: S314, we wrote it
    failure = next(root.iter("failure"))
    shown = "".join(c if c in "\t\n\r" or (c >= " " and c not in "\ufffe\uffff\ud800") else "\ufffd" for c in name)
    assert failure.get("message") == shown


def one(name: str, format_: str) -> str:
    """Return the report on one finding that has nothing but a name."""
    return reporter(format_)(Report((RULES[0],), (finding_named(name),)), Options())


# --- GitLab -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [*READ, BIG])
@pytest.mark.parametrize(("format_", "file"), [("gitlab", "gitlab-code-quality"), ("gitlab-sast", "gitlab-sast")])
def test_gitlab_gets_what_it_demands(format_: str, file: str, name: str) -> None:
    told = json.loads(rendered(name, format_))
    found = told if isinstance(told, list) else told["vulnerabilities"]
    missed = sum(issue.get("check_name", "").startswith("coverage-") for issue in found)
    assert len(found) - missed == len(failing(SAMPLES[name]().report))
    if name == BIG:
        del found[500:]
    schema(f"tests/schemas/{file}.json").validate(told)


@pytest.mark.parametrize(("format_", "key"), [("gitlab", "fingerprint"), ("gitlab-sast", "id")])
def test_gitlab_can_tell_findings_apart(format_: str, key: str) -> None:
    told = json.loads(rendered(BIG, format_))
    found = told if isinstance(told, list) else told["vulnerabilities"]
    assert len({finding[key] for finding in found}) == len(found)


# --- CSV --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [*READ, BIG])
def test_csv_comes_back_as_it_was(name: str) -> None:
    sample = SAMPLES[name]()
    head, *rows = csv.reader(io.StringIO(rendered(name, "csv"), newline=""), strict=True)
    assert {len(row) for row in rows} <= {len(head)}
    shown = [
        f for f in sample.report.findings if sample.options.show_all or f.outcome in {Outcome.FAIL, Outcome.UNKNOWN}
    ]
    for finding, row in zip(shown, [row for row in rows if row[0] != "coverage"], strict=True):
        told = dict(zip(head, row, strict=True))
        for column, text in (("resource", finding.resource.id), ("message", finding.message)):
            written = text.replace("\0", "\ufffd").replace("\ud800", "?")
            assert told[column] in {written, f"'{written}"}


def test_no_cell_is_a_formula_and_json_says_the_same_unchanged() -> None:
    """72: a spreadsheet takes what follows an apostrophe as text."""
    rows = list(csv.reader(io.StringIO(rendered("everything hostile", "csv"), newline="")))
    assert [cell for row in rows for cell in row if cell[:1] != "'" and is_formula(cell)] == []
    told = json.loads(rendered("everything hostile", "json"))["findings"]
    names = {finding["message"] for finding in told}
    assert names >= {name for name in NAMES if "\ud800" not in name}


def is_formula(cell: str) -> bool:
    shown = "".join(c for c in unicodedata.normalize("NFKC", cell) if unicodedata.category(c) != "Cf")
    return cell[:1] in {"\t", "\r"} or shown.lstrip(" \t\r\n\"'")[:1] in {"=", "+", "-", "@"}


# --- Markdown ---------------------------------------------------------------------------------------

OURS: Final = re.compile(r"<!-- wa-lint -->|<details><summary>[A-Z][a-z ]+</summary>|</details>")


@pytest.mark.parametrize("name", [*READ, BIG, "open-api"])
def test_markdown_fits_into_a_comment(name: str) -> None:
    """75: 65,536 characters, as GitHub counts them."""
    text = rendered(name, "markdown")
    assert len(text.encode("utf-16-le")) // 2 < 65_536
    assert text.count("<details>") == text.count("</details>")


def test_markdown_closes_what_it_opens_when_much_is_not_known() -> None:
    """75."""
    told = many(9000)
    found = [msgspec.structs.replace(f, outcome=Outcome.UNKNOWN) for f in told.report.findings]
    text = reporter("markdown")(msgspec.structs.replace(told.report, findings=tuple(found)), told.options)
    assert len(text) < 65_536
    assert text.count("<details>") == text.count("</details>") == 1
    said = re.search(r"\* (\d+) more are in the full report", text)
    assert said
    assert int(said[1]) + text.count("* `sample-") == 9000


def test_markdown_says_how_much_it_leaves_out() -> None:
    """75."""
    said = re.search(r"(\d+) more are in the full report", rendered(BIG, "markdown"))
    assert said
    assert int(said[1]) + rendered(BIG, "markdown").count("\n| ") - 7 - 1 == 30_000


@pytest.mark.parametrize("name", [*READ, BIG])
def test_markdown_holds_no_markup_but_ours(name: str) -> None:
    """71, 74."""
    tokens = list(flat(MarkdownIt("commonmark", {"html": True}).enable("table").parse(rendered(name, "markdown"))))
    assert [t.attrs for t in tokens if t.type == "image"] == []
    links = {str(t.attrs["href"]) for t in tokens if t.type == "link_open"}
    assert [link for link in links if not link.startswith("https://docs.aws.amazon.com/wellarchitected/")] == []
    html = [t.content.strip() for t in tokens if t.type in {"html_block", "html_inline"}]
    assert [text for text in html if not OURS.fullmatch(text)] == []
    assert {t.tag for t in tokens if t.type == "heading_open"} <= {"h2"}
    texts = [t.content for t in tokens if t.type == "text"]
    assert [text for text in texts if LINKED.search(text)] == []


LINKED: Final = re.compile(r"@\w|#\d|\bGH-\d|\bwww\.|https?://|[\x00-\x08\x0b-\x1f\x7f-\x9f\u202e]", re.IGNORECASE)
"""What GitHub makes something of in plain text: mentions, references, bare addresses."""


@pytest.mark.parametrize("name", READ)
def test_every_row_of_a_table_has_its_cells(name: str) -> None:
    """74: no bar in a name ends a cell, and no line break ends a row."""
    tokens = list(MarkdownIt("commonmark").enable("table").parse(rendered(name, "markdown")))
    rows = [t for t in tokens if t.type == "tr_open"]
    lines = [line for line in rendered(name, "markdown").split("\n") if line.startswith("| ")]
    assert len(rows) == len(lines)
    assert {len(re.findall(r"(?<!\\)\|", line)) for line in lines} <= {5}


def flat(tokens: list[Token]) -> Iterator[Token]:
    for token in tokens:
        yield token
        yield from flat(token.children or [])


# --- GitHub's annotations ---------------------------------------------------------------------------

COMMAND: Final = re.compile(r"::(error|warning|notice) ([^:]*)::(.*)")


@pytest.mark.parametrize("name", [*READ, BIG])
def test_annotations_are_read_back_within_what_a_step_may_have(name: str) -> None:
    """73, 75: ten of each kind; the rest is said to be elsewhere."""
    lines = rendered(name, "github").split("\n")[:-1]
    found = [COMMAND.fullmatch(line) for line in lines]
    assert None not in found
    assert all(number <= 10 for number in Counter(match[1] for match in found if match).values())
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]", "".join(lines))
    missed = [match for match in found if match and match[2] == "title=wa-lint" and " more; " not in match[3]]
    assert len(missed) <= 1
    told = [unescaped(match[3]) for match in found if match and match not in missed]
    left = sum(int(more[1]) for text in told if (more := re.match(r"(\d+) more; ", text)))
    assert len(told) - sum(" more; " in text for text in told) + left == len(failing(SAMPLES[name]().report))


@pytest.mark.parametrize("name", [*NAMES, *URIS], ids=ascii)
def test_no_name_ends_a_command_or_begins_one(name: str) -> None:
    """71, 73, 77."""
    (line,) = one(name, "github").split("\n")[:-1]
    match = COMMAND.fullmatch(line)
    assert match
    told = dict(part.split("=", 1) for part in match[2].split(","))
    assert told.keys() <= {"file", "line", "col", "endLine", "endColumn", "title"}
    assert unescaped(match[3]).startswith(visible(name))


def unescaped(text: str) -> str:
    for code, character in (("%0D", "\r"), ("%0A", "\n"), ("%3A", ":"), ("%2C", ","), ("%25", "%")):
        text = text.replace(code, character)
    return text


# --- JSON Lines, and all of them --------------------------------------------------------------------


@pytest.mark.parametrize("name", READ)
def test_each_line_of_jsonl_is_a_finding(name: str) -> None:
    contract = json.loads(ROOT.joinpath("wa_lint/schemas/report.schema.json").read_text("utf-8"))
    validator = jsonschema.Draft202012Validator({**contract["$defs"]["finding"], "$defs": contract["$defs"]})
    lines = rendered(name, "jsonl").split("\n")[:-1]
    lines = [line for line in lines if not line.startswith('{"coverage": ')]
    assert [json.loads(line) for line in lines] == json.loads(rendered(name, "json"))["findings"]
    for line in lines:
        validator.validate(json.loads(line))


@pytest.mark.parametrize("format_", sorted(REPORTERS))
def test_everything_hostile_can_be_written_down_the_same_each_time(format_: str) -> None:
    text = rendered("everything hostile", format_)
    assert text.encode("utf-8")
    assert reporter(format_)(*hostile()) == text
    if format_ in {"text", "github", "markdown", "html"}:
        assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202e]", text)  # 73: those that are shown to people


# --- canaries ---------------------------------------------------------------------------------------

KEY: Final = "AKIA" + "Q3EXAMPLECANARY7"
SECRET: Final = "wJalrXUtnFEMI7K" + "canaryBxRfiCYEXAMPLEKEY2"
TOKEN: Final = "ghp_" + "c4N4ryc4N4ryc4N4ryc4N4ryc4N4ryc4N4ry"
NAMED: Final = "c4n4ry-hunter2"

TEMPLATE: Final = {
    "Description": f"Made with {KEY}",
    "Metadata": {"note": f"aws_secret_access_key = {SECRET}"},
    "Parameters": {
        "DbPassword": {"Type": "String", "Default": NAMED},
        "Key": {"Type": "String", "Default": KEY, "Description": TOKEN, "AllowedValues": [KEY, TOKEN]},
    },
    "Mappings": {"Keys": {"prod": {"token": TOKEN}}},
    "Conditions": {"IsOpen": {"Fn::Equals": [{"Ref": "Key"}, KEY]}},
    "Outputs": {"Out": {"Value": TOKEN}},
    "Resources": {
        "Model": {
            "Type": "AWS::SageMaker::Model",
            "Condition": "IsOpen",
            "Properties": {
                "ModelName": KEY,
                "ExecutionRoleArn": f"arn:aws:iam::111122223333:role/{TOKEN}",
                "PrimaryContainer": {
                    "Image": f"https://user:{NAMED}@registry.example/model",
                    "Environment": {
                        "DB_PASSWORD": NAMED,
                        "HF_TOKEN": TOKEN,
                        "PLAIN": KEY,
                        "REF": {"Ref": "DbPassword"},
                    },
                },
                "Tags": [{"Key": "password", "Value": NAMED}, {"Key": TOKEN, "Value": KEY}],
            },
        },
        "Script": {
            "Type": "AWS::SageMaker::NotebookInstanceLifecycleConfig",
            "Properties": {"OnStart": [{"Content": {"Fn::Base64": f"export AWS_SECRET_ACCESS_KEY={SECRET}\n# {KEY}"}}]},
        },
        "Notebook": {
            "Type": "AWS::SageMaker::NotebookInstance",
            "Properties": {
                "InstanceType": {"Fn::FindInMap": ["Keys", "prod", "token"]},
                "NotebookInstanceName": {"Fn::Sub": f"x-${{Key}}-{TOKEN}"},
                "RoleArn": TOKEN,
                "KmsKeyId": KEY,
                "DirectInternetAccess": {"Ref": "Key"},
                "RootAccess": TOKEN,
            },
        },
        "Job": {
            "Type": "AWS::SageMaker::TrainingJob",
            "Properties": {
                "TrainingJobName": TOKEN,
                "HyperParameters": {
                    "api_key": NAMED,
                    "note": KEY,
                    "script": f"curl -H 'Authorization: Bearer {TOKEN}'",
                },
                "VpcConfig": TOKEN,
            },
        },
        "Group": {
            "Type": "AWS::SageMaker::EndpointConfig",
            "Metadata": {"wa-lint": {"allow": [{"rule": "endpoint-default-key", "reason": f"see {TOKEN}"}]}},
            "Properties": {
                "ProductionVariants": [
                    {"VariantName": TOKEN, "ModelName": KEY, "InstanceType": TOKEN, "InitialInstanceCount": 1}
                ]
            },
        },
    },
}
"""A secret wherever somebody might put one."""

CANARIES: Final = (KEY, SECRET, TOKEN, NAMED)
COMMENTS: Final = (
    f"# {KEY}\n# wa-lint: allow {TOKEN} because\n# wa-lint: allow endpoint-default-key {TOKEN} (until {KEY})\n"
)


@pytest.mark.parametrize("suffix", ["json", "yaml"])
def test_no_canary_leaves_by_any_format(wa_lint: WaLint, suffix: str) -> None:
    """79."""
    text = json.dumps(TEMPLATE, indent=2)
    Path(f"{TOKEN}.{suffix}").write_text(COMMENTS + text if suffix == "yaml" else text, "utf-8")
    Path(f"broken.{suffix}").write_text(f"Resources: [{KEY}: {TOKEN}\n\t:", "utf-8")
    targets = [part for format_ in REPORTERS for part in ("-o", f"{format_}=out.{format_}")]
    run = wa_lint("check", ".", "--show-all", "--now", "2026-11-23", *targets)
    written = {path.name: path.read_text("utf-8") for path in Path().glob("out.*")}
    assert written.keys() == {f"out.{format_}" for format_ in REPORTERS}
    assert len(json.loads(written["out.json"])["findings"]) > 10
    said = {"stdout": run.out, "stderr": run.err, **written}
    assert [(name, secret) for name, text in said.items() for secret in CANARIES if secret in text] == []


def test_no_canary_is_printed_or_kept_in_a_baseline(wa_lint: WaLint) -> None:
    """79."""
    Path("t.json").write_text(json.dumps(TEMPLATE, indent=2), "utf-8")
    for format_ in ("text", "markdown", "github"):
        run = wa_lint("check", "t.json", "-o", format_)
        assert run.out
        assert [secret for secret in CANARIES if secret in run.out + run.err] == []
    wa_lint("baseline", "t.json", "-o", "b.json")
    assert [secret for secret in CANARIES if secret in Path("b.json").read_text("utf-8")] == []
