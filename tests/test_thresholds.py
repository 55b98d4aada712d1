"""Settings of rules and profiles: what changes them, what may not, and what a report says of it."""

from __future__ import annotations

import json
from collections.abc import Callable
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, Final

import pytest

from wa_lint import packs
from wa_lint.config import PROFILES
from wa_lint.errors import ConfigError
from wa_lint.run.choice import Choice, chosen_rules
from wa_lint.thresholds import parsed, profile

WaLint = Callable[..., Any]

RULE: Final = "bucket-unversioned"
BUCKET: Final = "Resources: {B: {Type: AWS::S3::Bucket}}\n"
"""No ML workload uses it, so that only ``all_buckets`` judges it."""


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "t.yaml").write_text(BUCKET)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def failed(run: Any) -> set[str]:
    return {finding["rule"] for finding in json.loads(run.out)["findings"] if finding["outcome"] == "fail"}


def test_a_setting_on_the_command_line_counts(wa_lint: WaLint, here: Path) -> None:
    del here
    assert RULE not in failed(wa_lint("check", "t.yaml", "-o", "json"))
    assert RULE in failed(wa_lint("check", "t.yaml", "-o", "json", "--setting", f"{RULE}.all_buckets=true"))


def test_the_command_line_counts_before_a_configuration(wa_lint: WaLint, here: Path) -> None:
    (here / "wa-lint.yaml").write_text(f"settings: {{{RULE}: {{all_buckets: true}}}}\n")
    assert RULE in failed(wa_lint("check", "t.yaml", "-o", "json"))
    assert RULE not in failed(wa_lint("check", "t.yaml", "-o", "json", "--setting", f"{RULE}.all_buckets=false"))


def test_a_report_names_what_was_changed(wa_lint: WaLint, here: Path) -> None:
    (here / "wa-lint.yaml").write_text(f"rule-profile: startup\nsettings: {{{RULE}: {{all_buckets: true}}}}\n")
    run = wa_lint("check", "t.yaml", "-o", "json")
    (said,) = json.loads(run.out)["configuration"]
    texts = {effect["key"]: effect["text"] for effect in said["switched_off"]}
    assert texts["settings"] == f"changes 1 setting ({RULE}.all_buckets=true)"
    assert texts["rule-profile"].startswith("checks by the profile startup (")


def test_an_enforced_rule_keeps_its_settings(wa_lint: WaLint, here: Path) -> None:
    (here / "enforce.yaml").write_text(f"rules: [{RULE}]\n")
    (here / "wa-lint.yaml").write_text(f"settings: {{{RULE}: {{all_buckets: true}}}}\n")
    run = wa_lint("check", "t.yaml", "-o", "json", "--enforce", "enforce.yaml")
    assert RULE not in failed(run)
    overruled = [effect["text"] for one in json.loads(run.out)["configuration"] for effect in one["overruled"]]
    assert any(text.startswith("keeps 1 setting of enforced rules although") for text in overruled)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("endpoint-idle=3", "a setting is RULE.NAME=VALUE"),
        ("endpoint-idle.idle_days", "a setting is RULE.NAME=VALUE"),
        ("endpoint-idl.idle_days=3", "did you mean 'endpoint-idle'"),
        ("endpoint-idle.days=3", "endpoint-idle has no setting 'days'; it has idle_days"),
        ("endpoint-idle.idle_days=soon", "is a number (days), not 'soon'"),
        ("endpoint-idle.idle_days=3.5", "is a number (days)"),
        ("endpoint-always-on-spiky-load.idle_share=nan", "is a number"),
        ("endpoint-always-on-spiky-load.idle_share=inf", "is a number"),
        (f"{RULE}.all_buckets=perhaps", "is true or false"),
    ],
)
def test_what_fits_no_setting_is_said(text: str, problem: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parsed(text, {rule.info.id: rule for rule in packs.load()}, "--setting")
    assert problem in str(caught.value)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("settings: [a]", "wa-lint.yaml:1:1: settings must be a map of rules"),
        ("settings: {endpoint-idle: 3}", "wa-lint.yaml:1:12: settings: endpoint-idle must be a map of settings"),
        (
            "settings: {endpoint-idle: {idle_days: {a: 1}}}",
            "wa-lint.yaml:1:28: settings: endpoint-idle.idle_days must be a number",
        ),
        ("settings: {endpoint-idle: {idle_days: soon}}", "wa-lint.yaml:1:1: endpoint-idle.idle_days is a number"),
        ("rule-profile: large", "wa-lint.yaml:1:1: rule-profile must be one of startup, production"),
    ],
)
def test_what_is_wrong_in_a_configuration_is_said_with_its_line(
    wa_lint: WaLint, here: Path, text: str, problem: str
) -> None:
    (here / "wa-lint.yaml").write_text(text + "\n")
    run = wa_lint("check", "t.yaml")
    assert run.code == 2
    assert run.err.startswith("wa-lint: wa-lint.yaml:1:")
    assert problem in run.err


@pytest.mark.parametrize("name", PROFILES)
def test_every_profile_names_rules_and_settings_that_exist(name: str) -> None:
    rules = {rule.info.id: rule for rule in packs.load()}
    found = profile(name)
    for pattern in found.ignore:
        assert any(fnmatchcase(id_, pattern) for id_ in rules), pattern
    for id_, values in found.settings.items():
        for setting in values:
            owners = [rule for rule in rules.values() if id_ in {"*", rule.info.id}]
            assert any(setting in rule.settings for rule in owners), f"{id_}.{setting}"
    assert chosen_rules(Choice(rule_profile=name))


def test_a_rule_that_is_named_is_asked_whatever_the_profile() -> None:
    ids = {rule.info.id for rule in chosen_rules(Choice(rule_profile="startup"))}
    assert "endpoint-single-instance" not in ids
    named = chosen_rules(Choice(select=("endpoint-single-instance",), rule_profile="startup"))
    assert [rule.info.id for rule in named] == ["endpoint-single-instance"]


def test_a_rule_for_some_profiles_is_asked_in_those_only(tmp_path: Path) -> None:
    text = (packs.rules_folder() / "s3/bucket-unversioned.yaml").read_text()
    text = text.replace("id: bucket-unversioned", "id: audited-bucket\nprofiles: [regulated]", 1)
    (tmp_path / "audited-bucket.yaml").write_text(text)

    def asked(**given: Any) -> bool:
        return "audited-bucket" in {rule.info.id for rule in chosen_rules(Choice(rules=(tmp_path,), **given))}

    assert not asked()
    assert not asked(rule_profile="startup")
    assert asked(rule_profile="regulated")
    assert asked(select=("audited-bucket",))
    assert not asked(select=("audited-*",))
