"""Profiles and settings by path and stage: to whom they apply, what is not guessed, what a report says of it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from wa_lint.config import ProfileEntry
from wa_lint.graph import Graph
from wa_lint.model import Unknown
from wa_lint.profile_entries import matches
from wa_lint.run.choice import Choice, assigned_rules, chosen_rules
from wa_lint.sources.template import read_template

WaLint = Callable[..., Any]

RULE: Final = "bucket-unversioned"
"""No ML workload uses the buckets below, so that only `regulated` (``all_buckets``) judges them."""

BUCKETS: Final = """\
Parameters:
  Stage: {Type: String}
  Team: {Type: String, Default: core}
  Secret: {Type: String, NoEcho: true, Default: prod}
Conditions: {IsProd: !Equals [!Ref Stage, prod]}
Resources:
  Plain: {Type: AWS::S3::Bucket}
  Tagged: {Type: AWS::S3::Bucket, Properties: {Tags: [{Key: env, Value: prod}]}}
  ByRef: {Type: AWS::S3::Bucket, Properties: {Tags: [{Key: env, Value: !Ref Stage}]}}
  ByDefault: {Type: AWS::S3::Bucket, Properties: {Tags: [{Key: env, Value: !Ref Team}]}}
  ByCondition: {Type: AWS::S3::Bucket, Properties: {Tags: [{Key: env, Value: !If [IsProd, prod, dev]}]}}
  Named: {Type: AWS::S3::Bucket, Properties: {BucketName: data-prod}}
  Joined: {Type: AWS::S3::Bucket, Properties: {BucketName: !Sub "ml-prod-${AWS::Region}"}}
  Open: {Type: AWS::S3::Bucket, Properties: {BucketName: !Sub "${Stage}-data"}}
"""


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "t.yaml").write_text(BUCKETS)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def judged(run: Any) -> set[str]:
    """Whom the rule fails."""
    findings = json.loads(run.out)["findings"]
    return {f["resource"]["id"] for f in findings if f["outcome"] == "fail" and f["rule"] == RULE}


def said(run: Any) -> list[str]:
    effects = [effect for one in json.loads(run.out)["configuration"] for effect in one["switched_off"]]
    return [effect["text"] for effect in effects if effect["key"] == "profiles"]


def untold(number: int, why: str) -> str:
    those = "1 resource" if number == 1 else f"{number} resources"
    return f"checks {those} without the entry at wa-lint.yaml:2:3, as it is not known whether it applies: {why}"


def configure(here: Path, *entries: dict[str, Any], **more: Any) -> None:
    (here / "wa-lint.yaml").write_text(yaml.safe_dump({**more, "profiles": list(entries)}))


ALL: Final = {"Plain", "Tagged", "ByRef", "ByDefault", "ByCondition", "Named", "Joined", "Open"}


@pytest.mark.parametrize(
    ("condition", "given", "expected"),
    [
        pytest.param({"paths": "*.yaml"}, (), ALL, id="a path"),
        pytest.param({"paths": ["other/*", "t.*"]}, (), ALL, id="one of several paths"),
        pytest.param({"paths": "other/*"}, (), set(), id="another path"),
        pytest.param({"parameters": {"Stage": "prod"}}, (), set(), id="a parameter without a value"),
        pytest.param({"parameters": {"Stage": "prod"}}, ("--parameters", "Stage=prod"), ALL, id="a given value"),
        pytest.param({"parameters": {"Stage": "pr*"}}, ("--parameters", "Stage=prod"), ALL, id="a pattern of values"),
        pytest.param({"parameters": {"Stage": "prod"}}, ("--parameters", "Stage=dev"), set(), id="another value"),
        pytest.param({"parameters": {"Team": "core"}}, (), ALL, id="a default"),
        pytest.param({"parameters": {"Secret": "prod"}}, (), set(), id="a hidden parameter"),
        pytest.param({"parameters": {"Nowhere": "*"}}, (), set(), id="a parameter that is not declared"),
        pytest.param({"parameters": {"Stage": "prod", "Team": "x"}}, ("--parameters", "Stage=prod"), set(), id="both"),
        pytest.param({"tags": {"env": "prod"}}, (), {"Tagged"}, id="a tag"),
        pytest.param(
            {"tags": {"env": "prod"}},
            ("--parameters", "Stage=prod"),
            {"Tagged", "ByRef", "ByCondition"},
            id="tags of a parameter that has a value",
        ),
        pytest.param({"tags": {"env": "core"}}, (), {"ByDefault"}, id="a tag of a default"),
        pytest.param({"tags": {"env": "prod"}, "names": "T*"}, (), {"Tagged"}, id="a tag and a name"),
        pytest.param({"names": "*prod*"}, (), {"Named", "Joined"}, id="a part of a name"),
        pytest.param({"names": ["Plain", "data-*"]}, (), {"Plain", "Named"}, id="an id and a name"),
    ],
)
def test_an_entry_is_for_whom_its_conditions_hold(
    wa_lint: WaLint, here: Path, condition: dict[str, Any], given: tuple[str, ...], expected: set[str]
) -> None:
    configure(here, {**condition, "profile": "regulated"})
    assert judged(wa_lint("check", "t.yaml", "-o", "json", *given)) == expected
    configure(here, {**condition, "settings": {RULE: {"all_buckets": True}}})
    assert judged(wa_lint("check", "t.yaml", "-o", "json", *given)) == expected


@pytest.mark.parametrize(
    ("condition", "texts"),
    [
        (
            {"parameters": {"Stage": "prod"}},
            [
                "checks no resources by the profile regulated (wa-lint.yaml:2:3)",
                untold(8, "the parameter Stage has no value: pass --parameters Stage=VALUE"),
            ],
        ),
        (
            {"parameters": {"Team": "core"}},
            ["checks 8 resources by the profile regulated (wa-lint.yaml:2:3), assuming the default of Team"],
        ),
        (
            {"tags": {"env": "prod"}},
            [
                "checks 1 resource by the profile regulated (wa-lint.yaml:2:3)",
                untold(1, "its tag env is not known (the parameter Stage has no default)"),
                untold(1, "what it is called or tagged depends on parameters: pass --parameters to settle it"),
            ],
        ),
        (
            {"names": "prod-*"},
            [
                "checks no resources by the profile regulated (wa-lint.yaml:2:3)",
                untold(1, "its name is not known (the parameter Stage has no default)"),
            ],
        ),
    ],
)
def test_a_report_says_whom_an_entry_was_for_and_whom_it_could_not_tell(
    wa_lint: WaLint, here: Path, condition: dict[str, Any], texts: list[str]
) -> None:
    configure(here, {**condition, "profile": "regulated"})
    assert sorted(said(wa_lint("check", "t.yaml", "-o", "json"))) == sorted(texts)
    assert texts[0].split(" (")[0] in " ".join(wa_lint("check", "t.yaml").out.split())


def test_what_is_not_known_leaves_the_profile_of_the_run(wa_lint: WaLint, here: Path) -> None:
    configure(here, {"parameters": {"Stage": "dev"}, "profile": "startup"}, **{"rule-profile": "regulated"})
    assert judged(wa_lint("check", "t.yaml", "-o", "json")) == ALL
    assert judged(wa_lint("check", "t.yaml", "-o", "json", "--parameters", "Stage=dev")) == set()


def test_a_later_entry_counts_and_the_command_line_before_both(wa_lint: WaLint, here: Path) -> None:
    configure(
        here,
        {"paths": "*", "profile": "regulated"},
        {"names": "Plain", "profile": "production"},
        {"names": "Tagged", "settings": {RULE: {"all_buckets": False}}},
    )
    check = ("check", "t.yaml", "-o", "json")
    assert judged(wa_lint(*check)) == ALL - {"Plain", "Tagged"}
    assert "checks 7 resources by the profile regulated (wa-lint.yaml:2:3)" in said(wa_lint(*check))
    assert "gives 1 resource of the entry at wa-lint.yaml:2:3 the profile of a later one" in said(wa_lint(*check))
    assert judged(wa_lint(*check, "--profile", "production")) == set()
    assert judged(wa_lint(*check, "--setting", f"{RULE}.all_buckets=true")) == ALL
    assert judged(wa_lint(*check, "--no-config")) == set()


def test_an_enforced_rule_keeps_its_settings(wa_lint: WaLint, here: Path) -> None:
    (here / "enforce.yaml").write_text(f"rules: [{RULE}]\n")
    configure(here, {"paths": "*", "profile": "regulated"})
    assert judged(wa_lint("check", "t.yaml", "-o", "json", "--enforce", "enforce.yaml")) == set()


def test_each_stage_has_its_own_profile(wa_lint: WaLint, here: Path) -> None:
    for stage in ("dev", "prod"):
        (here / f"{stage}.json").write_text(json.dumps([{"ParameterKey": "Stage", "ParameterValue": stage}]))
    configure(here, {"parameters": {"Stage": "prod"}, "profile": "regulated"})
    run = wa_lint("check", "t.yaml", "-o", "json", "--parameters", "dev.json", "--parameters", "prod.json")
    findings = [f for f in json.loads(run.out)["findings"] if f["rule"] == RULE and f["outcome"] == "fail"]
    assert {f["resource"]["id"] for f in findings} == ALL
    assert {tuple(f["stages"]) for f in findings} == {("prod",)}


def test_templates_that_belong_together_each_have_their_own_parameters(wa_lint: WaLint, here: Path) -> None:
    (here / "t.yaml").unlink()
    for name, stage in (("a", "prod"), ("b", "dev")):
        resource = f"{name.upper()}: {{Type: AWS::S3::Bucket}}"
        export = "Outputs: {O: {Value: !Ref A, Export: {Name: shared}}}" if name == "a" else ""
        user = "  Q: {Type: AWS::SQS::Queue, Properties: {QueueName: !ImportValue shared}}" if name == "b" else ""
        (here / f"{name}.yaml").write_text(
            f"Parameters: {{Stage: {{Type: String, Default: {stage}}}}}\nResources:\n  {resource}\n{user}\n{export}\n"
        )
    configure(here, {"parameters": {"Stage": "prod"}, "profile": "regulated"})
    assert {id_.rpartition("#")[2] for id_ in judged(wa_lint("check", ".", "-o", "json"))} == {"A"}


@pytest.mark.parametrize(
    ("text", "place", "problem"),
    [
        ("profiles: [{paths: a}]", "1:12", "an entry has a profile, settings, or both"),
        ("profiles: [{profile: startup}]", "1:12", "an entry says what it is for: paths, parameters, tags, names"),
        (
            "profiles:\n  - paths: a\n    profile: larg",
            "3:5",
            "profiles: profile must be one of startup, production, regulated (got 'larg')",
        ),
        ("profiles:\n  - paths: a\n    profil: startup", "3:5", "unknown key 'profil'; did you mean 'profile'"),
        (
            "profiles:\n  - parameters: Stage\n    profile: startup",
            "2:5",
            "profiles: parameters must be a map of names",
        ),
        ("profiles:\n  - parameters: {Stage: 1}\n    profile: startup", "2:5", "put 1 in quotes"),
        ("profiles:\n  - tags: {env: []}\n    profile: startup", "2:5", "profiles: tags must be one text at least"),
        ("profiles: [a]", "1:12", "profiles must be a list of maps"),
        ("profiles: {a: b}", "1:1", "profiles must be a list of maps"),
        (
            "profiles:\n  - names: a\n    settings: {endpoint-idle: {days: 1}}",
            "3:5",
            "endpoint-idle has no setting 'days'",
        ),
        (
            "profiles:\n  - names: a\n    settings: {endpoint-idl: {idle_days: 1}}",
            "3:5",
            "did you mean 'endpoint-idle'",
        ),
    ],
)
def test_what_is_wrong_in_an_entry_is_said_with_its_place(
    wa_lint: WaLint, here: Path, text: str, place: str, problem: str
) -> None:
    (here / "wa-lint.yaml").write_text(text + "\n")
    run = wa_lint("check", "t.yaml")
    assert run.code == 2
    assert run.err.startswith(f"wa-lint: wa-lint.yaml:{place}: ")
    assert problem in run.err


def test_without_entries_nothing_is_looked_at() -> None:
    assert assigned_rules(Choice()) is None


def test_a_rule_of_one_profile_is_among_those_that_are_asked() -> None:
    entry = ProfileEntry("w.yaml:1:1", Path(), paths=("*",), profile="regulated")
    with_entry = {rule.info.id for rule in chosen_rules(Choice(profiles=(entry,)))}
    assert with_entry == {rule.info.id for rule in chosen_rules(Choice())} | {
        rule.info.id for rule in chosen_rules(Choice(rule_profile="regulated"))
    }


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        ("[{Key: env, Value: prod}]", True),
        ("{env: prod}", True),
        ("[{Key: Env, Value: prod}]", False),
        ("[]", False),
        ("!Ref Stage", None),
        ("[{Key: !Ref Stage, Value: prod}]", None),
        ("[{Key: !Ref Stage, Value: prod}, {Key: env, Value: prod}]", True),
        ("[!If [IsProd, {Key: env, Value: prod}, !Ref AWS::NoValue]]", None),
        ("[!If [IsProd, {Key: env, Value: prod}, {Key: env, Value: production}]]", True),
    ],
)
def test_a_tag_is_found_where_it_can_be(tags: str, expected: bool | None) -> None:
    text = BUCKETS.replace("[{Key: env, Value: !Ref Team}]", tags)
    snapshot = read_template(text, "t.yaml")
    graph = Graph(snapshot, lambda *_: None)  # no link or fact is looked up
    resource = next(r for r in snapshot.resources if r.id == "ByDefault")
    truth = matches(ProfileEntry("", Path(), tags=(("env", ("prod*",)),)), graph, resource).truth
    assert (None if isinstance(truth, Unknown) else truth) is expected


@pytest.mark.parametrize("name", ["variables of a plan", "parameters of a change set"])
def test_the_values_of_an_export_are_its_parameters(wa_lint: WaLint, here: Path, name: str) -> None:
    bucket = {"BucketName": "data"}
    plan = {
        "format_version": "1.2",
        "variables": {"Stage": {"value": "prod"}},
        "planned_values": {
            "root_module": {
                "resources": [
                    {"address": "aws_s3_bucket.B", "mode": "managed", "type": "aws_s3_bucket", "name": "B"}
                    | {"values": {"bucket": "data"}}
                ]
            }
        },
    }
    change = {"Action": "Add", "LogicalResourceId": "B", "ResourceType": "AWS::S3::Bucket"}
    change_set = {
        "ChangeSetName": "c",
        "Parameters": [{"ParameterKey": "Stage", "ParameterValue": "prod"}],
        "Changes": [{"ResourceChange": {**change, "AfterContext": json.dumps({"Properties": bucket})}}],
    }
    (here / "e.json").write_text(json.dumps(plan if name.endswith("plan") else change_set))
    configure(here, {"parameters": {"Stage": "prod"}, "profile": "regulated"})
    assert "checks 1 resource by the profile regulated (wa-lint.yaml:2:3)" in said(
        wa_lint("check", "e.json", "-o", "json")
    )
