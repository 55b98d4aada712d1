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

from wa_lint.model import Finding, Location, Outcome, Report
from wa_lint.reporters import REPORTERS, RenderOptions, reporter, visible, visible_lines

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
    "testcase": ({"name", "classname"}, {"time", "file", "line"}, {"failure", "error", "skipped"}),
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
    """80: what XML 1.0 has no way to say is an escape, or one replacement character each."""
    root = ET.fromstring(one(name, "junit"))  # noqa: S314, we wrote it
    failure = next(root.iter("failure"))
    assert failure.get("message") == visible_lines(name).replace("\ufffe\uffff", "\ufffd\ufffd")


def test_junit_names_the_file_and_the_line_of_a_case() -> None:
    finding = finding_named("N")
    for place, expected in (
        (Location("infra/t.yaml", 3), {"file": "infra/t.yaml", "line": "3"}),
        (Location("arn:aws:iam::111122223333:role/r"), {}),
    ):
        report = Report((RULES[0],), (msgspec.structs.replace(finding, location=place),))
        (case,) = ET.fromstring(reporter("junit")(report, RenderOptions())).iter("testcase")  # noqa: S314, we wrote it
        assert {name: text for name, text in case.attrib.items() if name in {"file", "line"}} == expected


def one(name: str, format_: str) -> str:
    """Return the report on one finding that has nothing but a name."""
    return reporter(format_)(Report((RULES[0],), (finding_named(name),)), RenderOptions())


# --- runners of CI ----------------------------------------------------------------------------------

_OBEYED: Final = re.compile(r"##[A-Za-z]*\[|(?m:^\s*::(?!(notice|warning|error) ))")
"""What a runner obeys in a log; `-o github` writes three commands of its own."""


@pytest.mark.parametrize("format_", REPORTERS)
def test_no_report_commands_the_runner_in_whose_log_it_is(format_: str) -> None:
    found = rendered("everything hostile", format_)
    assert not _OBEYED.findall(found)
    assert format_ == "asff" or "add-mask" in found


def test_json_says_the_same_of_what_a_runner_would_obey() -> None:
    told = json.loads(one("##vso[task.complete]x", "json"))["findings"][0]
    assert told["message"] == "##vso[task.complete]x"


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
            assert told[column].replace("'", "") == visible_lines(text.replace("\ud800", "?")).replace("'", "")


def test_no_cell_is_a_formula_and_json_says_the_same_unchanged() -> None:
    """72: a spreadsheet takes what follows an apostrophe as text."""
    rows = list(csv.reader(io.StringIO(rendered("everything hostile", "csv"), newline="")))
    assert [cell for row in rows for cell in row if is_formula(cell)] == []
    assert [part for row in rows for cell in row for part in re.split("[;\n]", cell) if is_formula(part)] == []
    told = json.loads(rendered("everything hostile", "json"))["findings"]
    names = {finding["message"] for finding in told}
    assert names >= {name for name in NAMES if "\ud800" not in name}


def is_formula(cell: str) -> bool:
    shown = "".join(c for c in unicodedata.normalize("NFKC", cell) if unicodedata.category(c) != "Cf")
    if cell[:1] == "'":
        return False
    return cell[:1] in {"\t", "\r"} or shown.lstrip(" \t\r\n\"'")[:1] in {"=", "+", "-", "@", ";"}


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
    assert not [c for c in text if is_unseen(c) and c not in OWN.get(format_, "")]  # 73


def is_unseen(character: str) -> bool:
    """Whether a person who reads the character's line does not see that it is there, by Python's Unicode tables."""
    name = unicodedata.name(character, "")
    return (
        unicodedata.category(character) in {"Cc", "Cf", "Cs", "Zl", "Zp"}
        and character not in "\t\r\n"
        and character not in PREPENDED
    ) or bool(re.search("(?<!GAP )(?<!LINE )FILLER|VARIATION SELECTOR|GRAPHEME JOINER|BRAILLE PATTERN BLANK", name))


PREPENDED: Final = "\u0600\u0601\u0602\u0603\u0604\u0605\u06dd\u070f\u0890\u0891\u08e2\U000110bd\U000110cd"
"""Format characters that are shown: signs before a number, and Syriac's abbreviation mark."""

UNSEEN: Final = "".join(filter(is_unseen, map(chr, range(0x110000))))
PROSE: Final = {
    "asff": ("Title", "Description"),
    "gitlab": ("description",),
    "gitlab-sast": ("description", "method"),
    "ocsf": ("message",),
    "sarif": ("text",),
}
"""Members of a format's JSON that its readers show to people as they are."""

OWN: Final = {"markdown": "\u2060"}
"""What a format itself writes: it keeps an address from becoming a link."""


def test_every_unseen_character_is_known() -> None:
    assert {c for c in UNSEEN if visible(c) == c} == set()
    ignorable = (0x34F, 0x115F, 0x1160, 0x17B4, 0x3164, 0xFFA0, 0xFFF0, 0xFFF9, 0x1D173, 0xE0FFF, 0x2800, 0x180F)
    assert all(visible(chr(code)) == f"\\u{code:04x}" for code in ignorable)
    seen = [chr(code) for code in range(0x20, 0x30000) if unicodedata.category(chr(code))[0] in "LNPS"]
    assert {c for c in seen if visible(c) != c and not is_unseen(c)} <= {"\U0001d159"}  # a note without a head


@pytest.mark.parametrize("format_", sorted(REPORTERS))
def test_no_unseen_character_gets_into_a_report(format_: str) -> None:
    name = f"a{UNSEEN.replace(chr(0xD800), '')}b".encode("utf-8", "ignore").decode()
    text = one(name, format_)
    assert [c for c in text if is_unseen(c)] == []


@pytest.mark.parametrize("format_", PROSE)
def test_what_is_shown_to_people_holds_no_unseen_character_after_it_is_read(format_: str) -> None:
    """JSON's own escapes do not last: who shows the message has read them."""
    finding = finding_named("pay\u202e\u034f\x9bload")
    resource = msgspec.structs.replace(finding.resource, account="111122223333", region="eu-west-1")
    report = Report((RULES[0],), (msgspec.structs.replace(finding, resource=resource),))
    read = json.loads(reporter(format_)(report, RenderOptions(made_at="2026-11-23T18:30:00")))
    prose = [said for key, said in texts_in(read) if key in PROSE[format_] and "load" in said]
    assert prose
    assert [said for said in prose if any(map(is_unseen, said))] == []


def texts_in(value: object, key: str = "") -> Iterator[tuple[str, str]]:
    """Yield every text of a JSON value with the key that it stands at."""
    if isinstance(value, str):
        yield key, value
    elif isinstance(value, dict):
        for name, inner in value.items():
            yield from texts_in(inner, name)
    elif isinstance(value, list):
        for inner in value:
            yield from texts_in(inner, key)


@pytest.mark.parametrize("format_", ["json", "jsonl"])
def test_json_says_unseen_characters_unchanged(format_: str) -> None:
    name = "a\u202e\u034f\x9b\x7f\U000e0041b"
    told = json.loads(one(name, format_))
    assert name in {said for _, said in texts_in(told)}


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
