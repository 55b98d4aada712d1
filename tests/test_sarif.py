"""SARIF before three readers: the standard's schema, Microsoft's validator, GitHub's limits. Bad inputs 71, 74-78."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

import foreign
import jsonschema
import msgspec
import pytest
from github_limits import complaints
from samples import PLACES, RULES, SAMPLES, Sample, finding_named, hostile, live, many

from wa_lint.model import Location, Outcome, Report
from wa_lint.reporters import reporter
from wa_lint.reporters.sarif import MOST_RESULTS, notice

ROOT = Path(__file__).parents[1]

QUICK = sorted(SAMPLES.keys() - {"a live scan"})
"""A live scan takes its time: the test that starts the validator takes it along."""


def rendered(sample: Sample, format_: str = "sarif") -> str:
    return reporter(format_)(*sample)


def run_of(sample: Sample, format_: str = "sarif") -> Any:
    return json.loads(rendered(sample, format_))["runs"][0]


@cache
def schema() -> Any:
    return jsonschema.Draft202012Validator(
        json.loads(ROOT.joinpath("tests/schemas/sarif-2.1.0.json").read_text("utf-8"))
    )


def faults(text: str) -> list[str]:
    """Return what the schema says against a log; of thousands of results that look alike, about every hundredth."""
    log = json.loads(text)
    for run in log["runs"]:
        run["results"] = run["results"][:: 1 + len(run["results"]) // 100]
    return [f"{error.json_path}: {error.message[:200]}" for error in schema().iter_errors(log)]


@pytest.mark.parametrize("format_", ["sarif", "sarif-full"])
@pytest.mark.parametrize("name", QUICK)
def test_both_profiles_are_what_the_schema_says(name: str, format_: str) -> None:
    assert faults(rendered(SAMPLES[name](), format_)) == []


@pytest.mark.parametrize("name", QUICK)
def test_github_takes_and_shows_all_of_it(name: str) -> None:
    assert complaints(rendered(SAMPLES[name]())) == []


# --- Microsoft's validator --------------------------------------------------------------------------

KNOWN: Final = {
    "Warning_ProvideToolnformationUri": "the project has no address to point at yet",
    "GH1004": "the validator knows GitHub's limits of 2021 (1,000 results); `github_limits` has today's",
}
"""What the validator says that we leave so, by the id of its rule or of its message, and why."""

BROKEN: Final = {
    "GH1005": ("results.0.locations.0.physicalLocation.artifactLocation.uri", "https://evil.example/t.yaml"),
    "GH1003": ("results.0.locations.0.physicalLocation.region", {"charOffset": 1}),
    "GH1007": ("results.0.message", {"id": "nowhere"}),
    "GH1015": ("results.0.locations", []),
    "GH1018": ("tool.driver.name", ""),
}
"""What the validator must not let pass, by its rule, so that its silence about the others says something."""


def test_microsofts_validator_finds_nothing_but_in_what_is_broken(tmp_path: Path) -> None:
    """All in one, as it takes seconds to wake; the live scan is here for the same reason."""
    tool = foreign.multitool()
    texts = {name: rendered(sample()) for name, sample in SAMPLES.items()}
    assert faults(texts["a live scan"]) + faults(rendered(live(), "sarif-full")) == []
    assert complaints(texts["a live scan"]) == []
    said = validated(tool, tmp_path, texts | {name: spoilt(*BROKEN[name]) for name in BROKEN})
    assert {name: said[name] for name in SAMPLES} == {name: [] for name in SAMPLES}
    assert [name for name in BROKEN if not any(line.startswith(name) for line in said[name])] == []


def validated(tool: str, folder: Path, texts: Mapping[str, str]) -> dict[str, list[str]]:
    """Return what the validator says of each text. Its exit code says nothing of what it found."""
    for number, text in enumerate(texts.values()):
        folder.joinpath(f"{number}.sarif").write_text(text, "utf-8")
    asked = ("validate", str(folder / "*.sarif"), "--output", str(folder / "said.json"), "--log", "ForceOverwrite")
    rules = ("--rule-kind", "Sarif;Ghas", "--config", str(ROOT / "tools/sarif-rules.xml"), "--level", "Error;Warning")
    done = subprocess.run(
        [tool, *asked, *rules, "--quiet"],
        env={**os.environ, "DOTNET_SYSTEM_GLOBALIZATION_INVARIANT": "1"},  # bare machines have no ICU
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert f"{len(texts)} files scanned" in done.stdout
    run = json.loads(folder.joinpath("said.json").read_text("utf-8-sig"))["runs"][0]
    assert run["invocations"][0]["executionSuccessful"]
    assert "toolExecutionNotifications" not in run["invocations"][0]
    found: dict[str, list[str]] = {name: [] for name in texts}
    for result in run["results"]:
        uri = result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
        if not {result["ruleId"], result["message"]["id"]} & KNOWN.keys():
            found[list(texts)[int(Path(uri).stem)]].append(f"{result['ruleId']} {result['message']}")
    return found


# --- bad inputs 71, 74 ------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["[x](http://evil.example)", "![x](http://evil.example/i.png)", "[x](1)", "a]\\](b"])
def test_no_name_becomes_a_link_in_an_alert(text: str) -> None:
    """71, 74: in SARIF only brackets make links (2.1.0, 3.11.6), and a backslash before them makes them text."""
    assert re.search(r"(?<!\\)\]\(", text.replace("\\](", "](")), text
    for result in run_of(named(text), "sarif-full")["results"]:
        for message in texts_in(result):
            assert not re.search(r"(?<!\\)(?:\\\\)*\]\(", message)


def named(text: str) -> Sample:
    return Sample(Report((RULES[0],), (finding_named(text),)), hostile().options)


def texts_in(value: Any) -> list[str]:
    """Return every message in a result."""
    if isinstance(value, list):
        return [text for item in value for text in texts_in(item)]
    if not isinstance(value, dict):
        return []
    own = [value["text"]] if isinstance(value.get("text"), str) else []
    return own + [text for item in value.values() for text in texts_in(item)]


# --- bad input 75 -----------------------------------------------------------------------------------


@pytest.mark.parametrize("number", [5000, 5001, 25_001, 30_000])
def test_the_gravest_findings_stay_and_what_is_left_out_is_said(number: int) -> None:
    """75: GitHub keeps 5,000 of a run, and refuses 25,001."""
    sample = many(number)
    run = run_of(sample)
    assert len(run["results"]) == MOST_RESULTS
    kept = {result["properties"]["path"] for result in run["results"]}
    ranks = {f.path: f.rule.severity.rank for f in sample.report.findings}
    left = [rank for path, rank in ranks.items() if path not in kept]
    assert min(ranks[path] for path in kept) >= max(left, default=0)
    notes = [note["message"]["text"] for note in run["invocations"][0]["toolExecutionNotifications"]]
    assert notes == ([f"{notice(sample.report)}."] if left else [])
    assert (notice(sample.report) or "").startswith(f"{len(left)} of {number} " if left else "")


def test_the_full_profile_leaves_nothing_out() -> None:
    """75."""
    assert len(run_of(many(5001), "sarif-full")["results"]) == 5001


# --- bad inputs 76 and 77 ---------------------------------------------------------------------------

REGIONS: Final = {
    PLACES[0]: {"startLine": 1},
    PLACES[1]: {"startLine": 3, "startColumn": 1},
    PLACES[2]: {"startLine": 3, "startColumn": 9999, "endLine": 3, "endColumn": 99999},
    PLACES[3]: {"startLine": 9, "startColumn": 5, "endLine": 9, "endColumn": 5},
    PLACES[4]: {"startLine": 9, "startColumn": 5},
    PLACES[5]: {"startLine": 1, "startColumn": 1_900_000, "endLine": 1, "endColumn": 2_000_000},
    PLACES[6]: {"startLine": 1},
}

ADDRESSES: Final = {
    "C:\\work\\t.yaml": "C%3A/work/t.yaml",
    "C:/work/t.yaml": "C%3A/work/t.yaml",
    "./a/./t.yaml": "a/t.yaml",
    "../outside/t.yaml": "_up_/outside/t.yaml",
    "/etc/t.yaml": "etc/t.yaml",
    "//host/share/t.yaml": "host/share/t.yaml",
    "javascript:alert(1)": "javascript%3Aalert%281%29",
    "a b#c?d%e.yaml": "a%20b%23c%3Fd%25e.yaml",
    "\u00e9/\u202e.yaml": "%C3%A9/%E2%80%AE.yaml",
    "bad\udcff.yaml": "bad%3F.yaml",
    "": "unknown",
    "arn:aws:sagemaker:eu-west-1:111122223333:endpoint/a b:c": (
        "aws/111122223333/eu-west-1/sagemaker/endpoint/a%20b/c.json"
    ),
    "arn:aws:iam::111122223333:role/../r": "aws/111122223333/global/iam/role/r.json",
    "arn:aws:apigateway:eu-west-1::/restapis/1": "aws/unknown-account/eu-west-1/apigateway/restapis/1.json",
    "arn:odd": "aws/unknown-account/global/unnamed.json",
}


def at(place: Location) -> Any:
    """Return where a finding at a place is said to be."""
    found = msgspec.structs.replace(hostile().report.findings[0], location=place, evidence=(), trail=())
    report = Report((found.rule,), (found,))
    return run_of(Sample(report, hostile().options))["results"][0]["locations"][0]["physicalLocation"]


@pytest.mark.parametrize("place", REGIONS, ids=str)
def test_every_place_has_a_region_that_begins_before_it_ends(place: Location) -> None:
    """76."""
    assert at(place)["region"] == REGIONS[place]


@pytest.mark.parametrize("uri", ADDRESSES)
def test_every_place_is_a_path_inside_the_repository(uri: str) -> None:
    """77."""
    assert at(Location(uri, 2, 1))["artifactLocation"] == {"uri": ADDRESSES[uri], "uriBaseId": "%SRCROOT%"}


# --- bad input 78 -----------------------------------------------------------------------------------


def test_a_rule_of_any_name_and_length_is_described() -> None:
    """78."""
    rules = {rule["id"]: rule for rule in run_of(hostile())["tool"]["driver"]["rules"]}
    bare, long = rules[RULES[0].id], rules[RULES[1].id]
    assert bare["name"] == "PackWithSlash"
    assert bare["shortDescription"]["text"] == bare["fullDescription"]["text"] == "pack/with slash."
    assert bare["help"]["text"] == "pack/with slash."
    assert [len(long[name]["text"]) for name in ("shortDescription", "fullDescription")] == [1023, 1023]
    assert len(long["help"]["text"]) > 1024


# --- the two profiles -------------------------------------------------------------------------------


def test_the_full_profile_says_every_outcome_and_what_is_allowed() -> None:
    results = run_of(hostile(), "sarif-full")["results"]
    assert {result["kind"] for result in results} == {"fail", "open"}
    allowed = [f for f in hostile().report.findings if f.suppressed]
    assert sum("suppressions" in result for result in results) == len(allowed)
    assert all(result["level"] == "none" for result in results if result["kind"] != "fail")


def test_the_profile_for_github_says_what_fails_and_nobody_allowed() -> None:
    failing = [f for f in hostile().report.findings if f.outcome is Outcome.FAIL and f.suppressed is None]
    results = run_of(hostile())["results"]
    assert len(results) == len(failing)
    assert {result["kind"] for result in results} == {"fail"}


@pytest.mark.parametrize("format_", ["sarif", "sarif-full"])
def test_the_same_report_is_the_same_file(format_: str) -> None:
    assert rendered(hostile(), format_) == rendered(hostile(), format_)


# --- our own reader of GitHub's limits --------------------------------------------------------------


SPOILT: Final[Mapping[str, tuple[str, Any]]] = {
    "no results": ("results", None),
    "no location": ("results.0.locations", []),
    "physical location": ("results.0.locations", [{"logicalLocations": []}]),
    "not relative": BROKEN["GH1005"],
    "is no uri": ("results.0.locations.0.physicalLocation.artifactLocation.uri", "a b.yaml"),
    "leaves the repository": ("results.0.locations.0.physicalLocation.artifactLocation.uri", "a/../../b.yaml"),
    "before the first": ("results.0.locations.0.physicalLocation.region", {"startLine": 0}),
    "ends before": ("results.0.locations.0.physicalLocation.region", {"startLine": 2, "endLine": 1}),
    "too many related": ("results.0.relatedLocations", [{}] * 101),
    "a level that": ("results.0.level", "none"),
    "suppressed": ("results.0.suppressions", [{"kind": "external"}]),
    "another rule": ("results.0.ruleIndex", 1),
    "none of GitHub's": ("results.0.partialFingerprints", {"primaryLocationLineHash": "xyz"}),
    "too many tags": ("tool.driver.rules.0.properties.tags", ["a"] * 11),
    "security-severity": ("tool.driver.rules.0.properties.security-severity", 9.5),
    "empty or too long": ("tool.driver.rules.0.fullDescription.text", "x" * 1025),
    "no help": ("tool.driver.rules.0.help.text", ""),
    "two rules": ("tool.driver.rules.1.id", "sample-low"),
    "no slash": ("automationDetails.id", "wa-lint"),
}
"""What is said of a log in which one value is spoilt: complaint, path, value."""


@pytest.mark.parametrize("complaint", SPOILT)
def test_our_reader_of_githubs_limits_is_awake(complaint: str) -> None:
    path, value = SPOILT[complaint]
    assert any(complaint in said for said in complaints(spoilt(path, value)))


def spoilt(path: str, value: Any) -> str:
    """Return a log of one result in which a value, such as that at ``results.0.level``, is another."""
    run = run_of(many(1))
    *steps, last = [int(step) if step.isdigit() else step for step in path.split(".")]
    place: Any = run
    for step in steps:
        place = place[step]
    place[last] = value
    return json.dumps({"$schema": "https://json.schemastore.org/sarif-2.1.0.json", "version": "2.1.0", "runs": [run]})
