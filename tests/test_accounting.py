"""Every report names the configuration that it was made with, and what that switched off."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import jsonschema
import junitparser
import pytest
from samples import many

from wa_lint import packs
from wa_lint.model import Configuration, Effect, Report
from wa_lint.reporters import REPORTERS, RenderOptions, configured, reporter

WaLint = Callable[..., Any]
Make = Callable[[str, str], None]

TEMPLATE = """\
Resources:
  N:
    Type: AWS::SageMaker::NotebookInstance
    Properties: {InstanceType: ml.t3.medium, RoleArn: arn, RootAccess: Enabled}
"""

WITHOUT_A_PLACE: Final = {"asff", "ocsf"}


@pytest.fixture
def make(wa_lint: WaLint) -> Make:
    """Write a file of the repository, in which we are."""
    del wa_lint
    packs.book.cache_clear()

    def write(name: str, text: str) -> None:
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_text(text, "utf-8")

    Path(".git").mkdir()
    write("t.yaml", TEMPLATE)
    return write


def said(wa_lint: WaLint, *words: str) -> list[str]:
    return [one["sentence"] for one in wa_lint("check", *words, "-o", "json").report["configuration"]]


def flat(text: str) -> str:
    """A report in one line, Markdown's escapes taken off."""
    return " ".join(text.replace("\\", "").split())


# --- each format ------------------------------------------------------------------------------------


@pytest.mark.parametrize("format_", REPORTERS)
def test_every_format_says_it_or_stderr_does(format_: str, make: Make, wa_lint: WaLint) -> None:
    make("wa-lint.yaml", "ignore: notebook-root-access\nexclude: [legacy/*]\n")
    make("legacy/t.yaml", TEMPLATE)
    run = wa_lint("check", ".", "-o", format_)
    shown = flat(run.out)
    expected = ("ignores 1 rule (notebook-root-access)", "excludes legacy/* (1 file)", "wa-lint.yaml")
    where = run.err if format_ in WITHOUT_A_PLACE else shown
    assert all(text in where for text in expected), where
    assert format_ in WITHOUT_A_PLACE or "ignores 1 rule" not in run.err


@pytest.mark.parametrize("format_", REPORTERS)
def test_every_format_says_it_when_nothing_is_left(format_: str, make: Make, wa_lint: WaLint) -> None:
    make("wa-lint.yaml", "exclude: ['*']\nignore: ['*']\n")
    run = wa_lint("check", ".", "-o", format_)
    assert run.code == 3
    assert "ignores all " in (run.err if format_ in WITHOUT_A_PLACE else run.out)


@pytest.mark.parametrize("format_", sorted(set(REPORTERS) - WITHOUT_A_PLACE - {"github"}))
def test_a_configuration_that_switches_nothing_off_is_named_too(format_: str, make: Make, wa_lint: WaLint) -> None:
    make("wa-lint.yaml", "strict: false\n")
    shown = flat(wa_lint("check", ".", "-o", format_).out)
    assert "wa-lint.yaml (found in the tree) switches nothing off." in shown


@pytest.mark.parametrize(
    ("format_", "schema"),
    [
        ("sarif", "sarif-2.1.0"),
        ("sarif-full", "sarif-2.1.0"),
        ("gitlab", "gitlab-code-quality"),
        ("gitlab-sast", "gitlab-sast"),
    ],
)
def test_it_stands_where_the_format_has_a_place_for_it(format_: str, schema: str, make: Make, wa_lint: WaLint) -> None:
    make("wa-lint.yaml", "ignore: notebook-root-access\n")
    written = json.loads(wa_lint("check", ".", "-o", format_).out)
    contract = json.loads((Path(__file__).parent / f"schemas/{schema}.json").read_text("utf-8"))
    jsonschema.validators.validator_for(contract)(contract).validate(written)


def test_junit_has_it_as_properties_of_a_suite_without_cases(make: Make, wa_lint: WaLint) -> None:
    make("wa-lint.yaml", "ignore: notebook-root-access\n")
    suites = list(junitparser.JUnitXml.fromstring(wa_lint("check", ".", "-o", "junit").out.encode()))
    (suite,) = [suite for suite in suites if suite.name == "configuration"]
    assert (suite.tests, list(suite)) == (0, [])
    assert [found.value for found in suite.properties()] == [  # type: ignore[no-untyped-call]  # its own
        "wa-lint.yaml (found in the tree) ignores 1 rule (notebook-root-access)."
    ]


def issues_of(text: str) -> list[Any]:
    return [issue for issue in json.loads(text) if issue["check_name"] == "configuration"]


def test_code_quality_has_it_at_the_configuration_itself(make: Make, wa_lint: WaLint) -> None:
    make("wa-lint.yaml", "ignore: notebook-root-access\n")
    found = issues_of(wa_lint("check", ".", "-o", "gitlab", "--severity", "high").out)
    assert [(issue["location"]["path"], issue["severity"]) for issue in found] == [
        (".", "info"),
        ("wa-lint.yaml", "info"),
    ]


OTHER_ISSUES: Final = {
    "another rule": ("ignore: [notebook-root-access]", "ignore: [notebook-default-key]", True),
    "one rule more of many": ("ignore: ['notebook-*']", "ignore: ['notebook-*', bucket-unversioned]", True),
    "another pattern": ("exclude: [v1/*]", "exclude: [v2/*]", True),
    "another severity": ("fail-on: high", "fail-on: critical", True),
    "one suppression more": (
        "allow: [{rule: notebook-root-access, resource: N, reason: r}]",
        "allow: [{rule: notebook-root-access, resource: N, reason: r}, {rule: notebook-default-key, reason: r}]",
        True,
    ),
    "the same at another line": (
        "allow: [{rule: notebook-root-access, resource: N, reason: r}]",
        "# a word\nallow: [{rule: notebook-root-access, resource: N, reason: r}]",
        False,
    ),
    "the same with another file to exclude": ("exclude: [old*]", "exclude: ['old*']", False),
}


@pytest.mark.parametrize("case", OTHER_ISSUES)
def test_code_quality_knows_a_configuration_by_what_it_switches_off(case: str, make: Make, wa_lint: WaLint) -> None:
    before, after, is_new = OTHER_ISSUES[case]
    make("v1/t.yaml", TEMPLATE)
    make("v2/t.yaml", TEMPLATE)
    make("wa-lint.yaml", before)
    (first,) = issues_of(wa_lint("check", ".", "-o", "gitlab").out)
    make("old.yaml", TEMPLATE)
    make("wa-lint.yaml", after)
    (second,) = issues_of(wa_lint("check", ".", "-o", "gitlab").out)
    assert (first["fingerprint"] != second["fingerprint"]) is is_new, (first, second)


def test_csv_has_it_as_a_row_and_json_lines_as_a_line(make: Make, wa_lint: WaLint) -> None:
    make("wa-lint.yaml", "ignore: notebook-root-access\n")
    sentence = "wa-lint.yaml (found in the tree) ignores 1 rule (notebook-root-access)."
    rows = list(csv.DictReader(io.StringIO(wa_lint("check", ".", "-o", "csv").out)))
    (row,) = [row for row in rows if row["rule"] == "configuration"]
    assert (row["outcome"], row["file"], row["message"]) == ("found", "wa-lint.yaml", sentence)
    *_, last = map(json.loads, wa_lint("check", ".", "-o", "jsonl").out.splitlines())
    assert last == {"configuration": {"uri": "wa-lint.yaml", "trust": "found", "sentence": sentence}}


def test_the_json_fits_its_schema(make: Make, wa_lint: WaLint) -> None:
    make("../enforce.yaml", "rules: [notebook-root-access]\n")
    make("wa-lint.yaml", "ignore: ['*']\nfail-on: never\n")
    report = wa_lint("check", ".", "-o", "json", "--severity", "high", "--enforce", "../enforce.yaml").report
    folder = Path(__file__).parents[1] / "wa_lint/schemas"
    jsonschema.validate(report, json.loads((folder / "report.schema.json").read_text("utf-8")))
    assert [(one["uri"], one["trust"]) for one in report["configuration"]] == [
        ("enforce.yaml", "enforced"),
        ("command line", "command-line"),
        ("wa-lint.yaml", "found"),
    ]
    assert "notebook-root-access" not in report["configuration"][2]["switched_off"][0]["items"]


def hostile() -> Report:
    """A configuration whose author names things so that they steer, or are too many to read."""
    nasty = "\x1b[2J\n::error::x\n| </li><script>alert(1)</script> @everyone [a](http://b) " + "y" * 5000
    effects = tuple(Effect("exclude", f"excludes {number} {nasty}", (nasty,), 1) for number in range(500))
    return Report((), (), configuration=(Configuration(f"wa-lint.yaml{nasty[:60]}", "found", effects),))


@pytest.mark.parametrize("format_", sorted(set(REPORTERS) - WITHOUT_A_PLACE - {"json"}))
def test_its_author_steers_no_reader_and_fills_no_report(format_: str) -> None:
    text = reporter(format_)(hostile(), RenderOptions())
    assert "\x1b" not in text
    assert not re.search(r"(?m)^\s*::error", text)
    assert "<script>alert" not in text or format_.startswith(
        ("csv", "concise", "jsonl", "sarif", "gitlab", "github", "text")
    )
    assert len(text) < (65_000 if format_ in {"concise", "markdown", "github", "text"} else 200_000)
    assert "excludes 0" in text
    assert "480 more" in text or format_ == "github"
    if format_ == "markdown":
        assert "@everyone" not in text
        assert "](http" not in text


def test_a_step_of_github_has_room_for_the_notice() -> None:
    """Ten notices are shown of one step, and the configuration is one of them."""
    report = many(200).report
    full = Report(report.rules, report.findings, configuration=(Configuration("c", "found", (Effect("i", "x"),)),))
    lines = reporter("github")(full, RenderOptions()).splitlines()
    assert lines[0] == "::notice title=wa-lint configuration::c (found in the tree) x."
    assert sum(line.startswith("::notice") for line in lines) <= 10


# --- what is said -----------------------------------------------------------------------------------

SAID: Final = {
    "nothing": ("strict: true", "switches nothing off"),
    "one rule": ("ignore: notebook-root-access", "ignores 1 rule (notebook-root-access)"),
    "many rules": ("ignore: ['notebook-*', 'endpoint-*', 'bucket-*']", "ignores "),
    "all rules": ("ignore: ['*']", "ignores all "),
    "a choice": ("select: [notebook-root-access, bucket-unversioned]", "checks only 2 of "),
    "a pillar": ("pillar: security", "checks only the pillar security ("),
    "two pillars": ("pillar: [security, reliability]", "checks only the pillars security, reliability ("),
    "a severity": ("severity: critical", "checks only rules of severity critical and above ("),
    "fail-on": ("fail-on: critical", "sets fail-on critical (findings below it do not fail the run)"),
    "fail-on never": ("fail-on: never", "sets fail-on never (no finding fails the run)"),
    "exclude": ("exclude: ['a/*', 't.*']", "excludes a/* (no files), t.* (1 file)"),
    "many patterns": ("exclude: [a, b, c, d, e, t.yaml]", "excludes 6 patterns (1 file)"),
    "paths": ("paths: [sub]", "checks only sub"),
    "parameters": ("parameters: [Root=Disabled]", "sets parameters (Root)"),
    "overrides": (
        "overrides: [{paths: 't*', ignore: 'notebook-r*'}]",
        "ignores 1 rule (notebook-root-access) in t* (1 file",
    ),
    "overrides of everything": ("overrides: [{paths: '*', ignore: '*'}]", "rules in every file (1 file, "),
    "overrides of nothing": (
        "overrides: [{paths: none/*, ignore: '*'}]",
        "rules in none/* (no file of this run, no verdicts left out)",
    ),
    "allow": (
        "allow: [{rule: notebook-root-access, resource: N, reason: r}]",
        "suppresses 1 finding at wa-lint.yaml:1:9",
    ),
    "allow of everything": (
        "allow: [{rule: '*', file: '*', reason: r}]",
        "findings at wa-lint.yaml:1:9, which fits every rule everywhere",
    ),
    "allow of everything beside a narrow one": (
        "allow: [{rule: notebook-root-access, resource: N, reason: r}, {rule: '*', resource: '**', reason: r}]",
        "of them at wa-lint.yaml:1:63, which fits every rule everywhere",
    ),
    "allow of everything, in other words": ("allow: [{rule: '*-*', resource: 'N*', reason: r}]", "suppresses all "),
    "allow in a file": ("allow: [allow.yaml]", "suppresses 1 finding by allow.yaml at allow.yaml:1:9"),
    "a baseline": ("baseline: baseline.json", "findings of the baseline baseline.json"),
    "what it extends": (
        "extends: sub/base.yaml",
        "sub/base.yaml (found in the tree) ignores 1 rule (notebook-root-access)",
    ),
}


@pytest.mark.parametrize("case", SAID)
def test_the_sentence_says_what_is_switched_off(case: str, make: Make, wa_lint: WaLint) -> None:
    make("sub/u.yaml", TEMPLATE)
    make("sub/base.yaml", "ignore: notebook-root-access\n")
    wa_lint("baseline", "t.yaml", "-o", "baseline.json")
    make("allow.yaml", "allow: [{rule: notebook-root-access, resource: N, reason: r}]\n")
    if case == "parameters":
        make("t.yaml", TEMPLATE.replace("Resources:", "Parameters: {Root: {Type: String}}\nResources:"))
    text, expected = SAID[case]
    make("wa-lint.yaml", f"{text}\n")
    found = said(wa_lint, *(() if case == "paths" else ("t.yaml",) if "exclude" not in text else (".",)))
    assert any(sentence.startswith(("wa-lint.yaml (found in the tree) ", "sub/")) for sentence in found)
    assert any(expected in sentence for sentence in found), found


@pytest.mark.parametrize("words", [("baseline", "t.yaml"), ("diff", "t.yaml", "t.yaml")])
def test_commands_without_a_report_say_it_on_stderr(words: tuple[str, ...], make: Make, wa_lint: WaLint) -> None:
    make("wa-lint.yaml", "ignore: notebook-root-access\n")
    assert "wa-lint.yaml (found in the tree) ignores 1 rule (notebook-root-access)." in wa_lint(*words).err


def test_a_secret_that_is_a_parameter_is_not_shown(make: Make, wa_lint: WaLint) -> None:
    make("t.yaml", TEMPLATE.replace("Resources:", "Parameters: {Token: {Type: String}}\nResources:"))
    make("wa-lint.yaml", "parameters: [Token=hunter2]\n")
    assert "hunter2" not in wa_lint("check", ".", "-o", "json").out


def test_the_command_line_and_the_environment_are_named(
    make: Make, wa_lint: WaLint, monkeypatch: pytest.MonkeyPatch
) -> None:
    del make
    monkeypatch.setenv("WA_LINT_FAIL_ON", "high")
    found = said(wa_lint, "t.yaml", "--ignore", "bucket-unversioned", "--exclude", "x/*")
    assert found == [
        "The command line ignores 1 rule (bucket-unversioned), excludes x/* (no files).",
        "The environment sets fail-on high (findings below it do not fail the run).",
    ]


def test_a_configuration_that_is_named_is_called_so(make: Make, wa_lint: WaLint) -> None:
    make("../ci.yaml", "ignore: bucket-unversioned\n")
    found = said(wa_lint, "t.yaml", "--config", "../ci.yaml")
    assert found == ["ci.yaml (named with --config) ignores 1 rule (bucket-unversioned)."]


def test_what_is_fully_suppressed_is_counted_by_source(make: Make, wa_lint: WaLint) -> None:
    make("mine.yaml", "allow: [{rule: notebook-root-access, resource: N, reason: r}]\n")
    make("wa-lint.yaml", "allow: [{rule: notebook-default-key, resource: N, reason: r}]\n")
    found = said(wa_lint, "t.yaml", "--allow", "mine.yaml")
    assert found == [
        "The command line suppresses 1 finding by mine.yaml at mine.yaml:1:9.",
        "wa-lint.yaml (found in the tree) suppresses 1 finding at wa-lint.yaml:1:9.",
    ]


def test_no_sentence_grows_without_end() -> None:
    (one,) = hostile().configuration
    assert len(configured.sentence(one)) < 8_000


# --- entries that speak of nothing ------------------------------------------------------------------

DEAD: Final = {
    "an account in a template": ("account: '111122223333'", "no resource that was checked has a known account"),
    "a region in a template": ("region: eu-west-1", "no resource that was checked has a known region"),
    "a resource": ("resource: Notebok", "no resource that was checked matches 'Notebok'"),
    "a resource that is nearly one": ("resource: Notebook", "no resource that was checked matches 'Notebook'"),
    "a file": ("file: 'infra/*'", "no file that was checked matches 'infra/*'"),
    "a file that is nearly one": ("file: t.yml", "did you mean 't.yaml'?"),
}


@pytest.mark.parametrize("case", DEAD)
@pytest.mark.parametrize("way", ["the configuration", "a file"])
def test_an_entry_that_speaks_of_nothing_is_named_at_its_line(case: str, way: str, make: Make, wa_lint: WaLint) -> None:
    text, expected = DEAD[case]
    name = "wa-lint.yaml" if way == "the configuration" else "mine.yaml"
    make(name, f"allow:\n  - {{rule: notebook-root-access, {text}, reason: r}}\n")
    given = () if way == "the configuration" else ("--allow", name)
    report = wa_lint("check", "t.yaml", "-o", "json", "--select", "notebook-root-access", *given).report
    (fault,) = [f for f in report["findings"] if f["rule"] == "suppression-unmatched"]
    assert (fault["location"]["uri"], fault["location"]["line"], fault["severity"]) == (name, 2, "low")
    assert expected in fault["message"]
    assert not report["problems"]


def test_an_entry_whose_parts_fit_but_not_together_is_named_too(make: Make, wa_lint: WaLint) -> None:
    make("u.yaml", TEMPLATE.replace("  N:", "  M:"))
    make("wa-lint.yaml", "allow: [{rule: notebook-root-access, resource: M, file: t.yaml, reason: r}]\n")
    assert "no resource that was checked matches all of it" in unmatched(wa_lint("check", ".", "-o", "json"))[0]


def test_an_entry_at_a_path_that_nothing_has_is_unused(make: Make, wa_lint: WaLint) -> None:
    make("wa-lint.yaml", "allow: [{rule: notebook-root-access, resource: N, path: Nowhere, reason: r}]\n")
    report = wa_lint("check", ".", "-o", "json").report
    assert {f["rule"] for f in report["findings"]} >= {"suppression-unused", "notebook-root-access"}
    assert not report["problems"]


def test_an_entry_about_rules_that_were_not_checked_is_not_named(make: Make, wa_lint: WaLint) -> None:
    make("wa-lint.yaml", "allow: [{rule: bucket-unversioned, resource: Gone, reason: r}]\n")
    assert not unmatched(wa_lint("check", ".", "-o", "json", "--select", "notebook-root-access"))


def unmatched(run: Any) -> list[str]:
    return [f["message"] for f in run.report["findings"] if f["rule"] == "suppression-unmatched"]


def test_many_entries_that_speak_of_nothing_are_counted(make: Make, wa_lint: WaLint) -> None:
    entries = "".join(f"  - {{rule: notebook-root-access, resource: Gone{at}, reason: r}}\n" for at in range(500))
    make("wa-lint.yaml", f"allow:\n{entries}")
    said = unmatched(wa_lint("check", ".", "-o", "json"))
    assert len(said) == 21
    assert said[-1] == "This suppression and 479 more match nothing in this run."
