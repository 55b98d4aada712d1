"""What is wrong with a configuration, a variable or an option names who said it, the key and the choices."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from wa_lint import lens
from wa_lint.config import KEYS

WaLint = Callable[..., Any]

TEMPLATE = b"Resources: {Topic: {Type: AWS::SNS::Topic}}\n"

WRONG = {
    "text": ["3", "[high]", "{a: b}", "true", "", "3.5"],
    "texts": ["3", "{a: b}", "true", "[[a]]", ""],
    "flag": ["3", '"yes"', "yes", "[true]", ""],
    "number": ["0", "two", "-1", "1.5", "true", "[1]", ""],
    "path": ["3", "[a.json]", "true", ""],
    "paths": ["3", "{a: b}", ""],
    "folders": ["3", "{a: b}", ""],
    "bases": ["3", "{a: b}", ""],
    "parameters": ["3", "{A: b}", ""],
    "entries": ["3", "true", "[3]", ""],
    "overrides": ["3", "text", "[3]", "{paths: a, ignore: b}", ""],
    "outputs": ["3", "{json: a}", ""],
    "profiles": ["3", "text", "[3]", "{names: a, profile: startup}", ""],
    "days": ["13", "91", "two", "true", "[20]", ""],
    "settings": ["3", "[a]", "text", "{endpoint-idle: 3}", "{endpoint-idle: {idle_days: {a: b}}}", ""],
}
"""By kind of key: values of other types."""


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "t.yaml").write_bytes(TEMPLATE)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def refused(wa_lint: WaLint, here: Path, text: str) -> str:
    """Return the one line that a configuration is refused with."""
    (here / "c.yaml").write_text(text)
    run = wa_lint("check", "--config", "c.yaml", "t.yaml")
    assert run.code == 2, run.err
    assert "--" not in run.err
    assert "Usage" not in run.err
    line: str = run.err.removeprefix("wa-lint: ").rstrip("\n")
    assert "\n" not in line
    return line


def test_every_kind_of_key_has_wrong_values_here() -> None:
    assert {key.kind for key in KEYS.values()} <= set(WRONG)


@pytest.mark.parametrize(
    ("key", "value"), [(name, value) for name, key in KEYS.items() for value in WRONG.get(key.kind, ())]
)
def test_a_value_of_another_type_is_named_with_what_it_must_be(
    key: str, value: str, wa_lint: WaLint, here: Path
) -> None:
    said = refused(wa_lint, here, f"# a comment\n{key}: {value}\n")
    assert said.startswith("c.yaml:2:")
    assert f": {key}" in said
    assert "must be" in said
    assert "(got " in said


CHOICES = {name: key.choices for name, key in KEYS.items() if key.choices}


@pytest.mark.parametrize("key", CHOICES)
@pytest.mark.parametrize("value", ["nonsense", "[nonsense]"])
def test_a_choice_that_is_none_is_named_with_all_choices(key: str, value: str, wa_lint: WaLint, here: Path) -> None:
    said = refused(wa_lint, here, f"{key}: {value}")
    assert f"{key} must be one of {', '.join(CHOICES[key])} (got " in said


@pytest.mark.parametrize("key", CHOICES)
@pytest.mark.parametrize("change", [str.upper, str.title])
def test_a_choice_counts_in_any_case(key: str, change: Callable[[str], str], wa_lint: WaLint, here: Path) -> None:
    (here / "c.yaml").write_text(f"{key}: {change(CHOICES[key][0])}")
    assert wa_lint("check", "--config", "c.yaml", "t.yaml").err == ""
    option = {"rule-profile": "profile"}.get(key, key)
    assert wa_lint("check", "--no-config", f"--{option}", change(CHOICES[key][0]), "t.yaml").err == ""


SAID = {
    "fail-on: 3": "c.yaml:1:1: fail-on must be one of low, medium, high, critical, never (got 3)",
    "fail-on: hgih": "c.yaml:1:1: fail-on must be one of low, medium, high, critical, never (got 'hgih'); "
    "did you mean 'high'?",
    "fail_on: high": "c.yaml:1:1: unknown key 'fail_on'; did you mean 'fail-on'?",
    "Fail-On: high": "c.yaml:1:1: unknown key 'Fail-On'; did you mean 'fail-on'?",
    "pillar:\n  - security\n  - secure": "c.yaml:3:5: pillar must be one of operational-excellence, security, "
    "reliability, performance-efficiency, cost-optimization, sustainability (got 'secure'); did you mean 'security'?",
    "select: [endpoint-idle, endpoint-idl]": "c.yaml:1:25: no rule 'endpoint-idl'; did you mean 'endpoint-idle'?",
    "ignore: [endpoint-idle, endpoint-idl]": "c.yaml:1:25: no rule 'endpoint-idl'; did you mean 'endpoint-idle'?",
    "never-suppress: nope": "c.yaml:1:1: no rule 'nope'; `wa-lint rules` lists them",
    "output: [json, yaml]": "c.yaml:1:16: output must be one of asff, concise, csv, github, gitlab, gitlab-sast, html, "
    "json, jsonl, junit, markdown, ocsf, sarif, sarif-full, text (got 'yaml')",
    "baseline: nope.json": "c.yaml:1:1: baseline: File 'nope.json' does not exist.",
    "rules: [., nope]": "c.yaml:1:12: rules: 'nope' is neither a folder nor an installed package.",
    "allow: [{rule: endpoint-idle}, nope.yaml]": "c.yaml:1:32: allow: File 'nope.yaml' does not exist.",
    "parameters: [A=b, nope.json]": "c.yaml:1:19: parameters: 'nope.json' is neither an existing file nor Name=Value",
    "extends: nope.yaml": "c.yaml:1:1: extends 'nope.yaml', which cannot be read: No such file or directory",
    "settings:\n  endpoint-idle:\n    idle_days: {}": "c.yaml:3:5: settings: endpoint-idle.idle_days must be a number, "
    "a text, true, false, or a list of texts (got a map)",
    "overrides:\n  - paths: a\n    ignore: 3": "c.yaml:3:5: overrides: ignore must be a text, or a list of texts "
    "(got 3)",
    "overrides:\n  - paths: a": "c.yaml:2:5: overrides: an entry has paths and ignore; ignore is missing here",
    "profiles:\n  - {names: a, profile: starup}": "c.yaml:2:16: profiles: profile must be one of startup, production, "
    "regulated (got 'starup'); did you mean 'startup'?",
    "profiles:\n  - paths: [a, 3]\n    profile: startup": "c.yaml:2:5: profiles: paths must be a text, or a list of "
    "texts (got 3)",
    "overrides:\n  - path: a": "c.yaml:2:5: overrides: unknown key 'path'; did you mean 'paths'?",
}


@pytest.mark.parametrize("text", SAID)
def test_the_place_is_that_of_the_item(text: str, wa_lint: WaLint, here: Path) -> None:
    assert refused(wa_lint, here, text) == SAID[text]


def test_a_path_of_the_configuration_that_leads_nowhere_is_named(wa_lint: WaLint, here: Path) -> None:
    (here / "c.yaml").write_text("paths: [t.yaml, nope.yaml]")
    run = wa_lint("check", "--config", "c.yaml")
    assert run.err == "wa-lint: c.yaml:1:17: paths: 'nope.yaml' does not exist\n"
    assert wa_lint("check", "--config", "c.yaml", "t.yaml").err == ""


VARIABLES = {
    "FAIL_ON=3": "WA_LINT_FAIL_ON must be one of low, medium, high, critical, never (got '3')",
    "PILLAR=sec": "WA_LINT_PILLAR must be one of operational-excellence",
    "STRICT=maybe": "WA_LINT_STRICT must be true or false (got 'maybe')",
    "JOBS=x": "WA_LINT_JOBS must be a whole number of 1 or more (got 'x')",
    "JOBS=0": "WA_LINT_JOBS must be a whole number of 1 or more (got '0')",
    "OUTPUT=yaml": "WA_LINT_OUTPUT must be one of asff",
    "SELECT=nope": "WA_LINT_SELECT: no rule 'nope'",
    "NEVER_SUPPRESS=nope": "WA_LINT_NEVER_SUPPRESS: no rule 'nope'",
    "SETTINGS=a.b=3": "WA_LINT_SETTINGS: no rule 'a'",
    "PARAMETERS=nope.json": "WA_LINT_PARAMETERS: 'nope.json' is neither an existing file",
    "ALLOW=nope.yaml": "WA_LINT_ALLOW: File 'nope.yaml' does not exist.",
    "RULE_PROFILE=x": "WA_LINT_RULE_PROFILE must be one of startup, production, regulated (got 'x')",
    "NOW=soon": "WA_LINT_NOW: 'soon' does not match",
}


@pytest.mark.parametrize("given", VARIABLES)
def test_a_variable_is_named_and_not_an_option_that_nobody_typed(
    given: str, wa_lint: WaLint, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    del here
    name, _, value = given.partition("=")
    monkeypatch.setenv(f"WA_LINT_{name}", value)
    run = wa_lint("check", "t.yaml")
    assert run.code == 2
    assert run.err.startswith(f"wa-lint: {VARIABLES[given]}")
    assert "--" not in run.err


def test_an_option_that_was_typed_is_named_though_its_variable_is_set(
    wa_lint: WaLint, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    del here
    monkeypatch.setenv("WA_LINT_SELECT", "endpoint-idle")
    assert "--select: no rule 'nope'" in wa_lint("check", "--select", "nope", "t.yaml").err


def test_an_option_names_its_choices_and_the_nearest(wa_lint: WaLint, here: Path) -> None:
    del here
    said = wa_lint("check", "--fail-on", "hgh", "t.yaml").err
    assert "must be one of low, medium, high, critical, never (got 'hgh'); did you mean 'high'?" in said


def test_the_pillars_of_a_configuration_are_those_of_the_lens() -> None:
    assert KEYS["pillar"].choices == tuple(lens.PILLARS)


def test_a_profile_of_some_files_counts_in_any_case(wa_lint: WaLint, here: Path) -> None:
    text = "profiles: [{paths: t.yaml, profile: %s}]\n"
    reports = []
    for name in ("startup", "StartUp"):
        (here / "c.yaml").write_text(text % name)
        reports.append(wa_lint("check", "--config", "c.yaml", "t.yaml", "-o", "json").out)
    assert reports[0] == reports[1]
