"""What does not gate: suppressions, wherever they are written, and the baseline. Bad inputs 48, 58, 65, 66 and 69."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

WaLint = Callable[..., Any]

CONFIG = """\
Resources:
  Config:
    Type: AWS::SageMaker::EndpointConfig
    Properties:
      ProductionVariants:
        - VariantName: blue
          ModelName: m
          InstanceType: ml.m5.large
          InitialInstanceCount: 1
        - VariantName: green
          ModelName: n
          InstanceType: ml.m5.large
          InitialInstanceCount: 1
"""
SELECT = ("--select", "endpoint-single-instance,endpoint-default-key", "--now", "2026-11-23")


def check(wa_lint: WaLint, template: str, *options: str, name: str = "t.yaml") -> Any:
    Path(name).write_text(template, encoding="utf-8")
    return wa_lint("check", name, "-o", "json", *SELECT, *options)


def told(run: Any, *, suppressed: bool) -> list[tuple[str, str]]:
    """Return rule and path of each finding that is, or is not, suppressed."""
    found = [f for f in run.report["findings"] if (f["suppressed"] is not None) == suppressed]
    return [(f["rule"], f["path"]) for f in found]


def faults(run: Any) -> list[str]:
    return [f["rule"] for f in run.report["findings"] if f["rule"].startswith("suppression-")]


def beside(line: str, comment: str, template: str = CONFIG) -> str:
    """Return the template with a comment at the end of the first line that holds `line`."""
    assert line in template
    return template.replace(line, f"{line}  # wa-lint: {comment}", 1)


FIRST = ("endpoint-single-instance", "ProductionVariants[0].InitialInstanceCount")
SECOND = ("endpoint-single-instance", "ProductionVariants[1].InitialInstanceCount")
KEY = ("endpoint-default-key", "KmsKeyId")

ONE, BOTH = "allow endpoint-single-instance toy", "allow endpoint-single-instance, endpoint-default-key toy"


def above(line: str, comment: str) -> str:
    """Return the template with a comment on a line of its own above the first line that holds `line`."""
    assert line in CONFIG
    return CONFIG.replace(line, f"# wa-lint: {comment}\n\n{line}", 1)


PLACES = {
    "at the end of the property's line": (beside("InitialInstanceCount: 1", ONE), {FIRST}),
    "on the line above it": (above("          InitialInstanceCount: 1", ONE), {FIRST}),
    "at the item of a list": (beside("- VariantName: green", ONE), {SECOND}),
    "at the list": (beside("ProductionVariants:", ONE), {FIRST, SECOND}),
    "at the resource": (beside("Config:", BOTH), {FIRST, SECOND, KEY}),
    "at its type": (beside("Type: AWS::SageMaker::EndpointConfig", "allow endpoint-default-key: public data"), {KEY}),
    "above the resource": (above("  Config:", "allow endpoint-default-key toy"), {KEY}),
}


@pytest.mark.parametrize("place", PLACES)
def test_a_comment_speaks_of_what_it_stands_beside(place: str, wa_lint: WaLint) -> None:
    template, allowed = PLACES[place]
    run = check(wa_lint, template)
    assert set(told(run, suppressed=True)) == allowed
    assert set(told(run, suppressed=False)) == {FIRST, SECOND, KEY} - allowed
    assert run.report["summary"]["suppressed"] == len(allowed)
    assert run.code == (1 if allowed != {FIRST, SECOND, KEY} else 0)


def with_metadata(section: Any) -> str:
    """Return the template as JSON, which has no comments, with a section for us."""
    template = {
        "Resources": {
            "Config": {
                "Type": "AWS::SageMaker::EndpointConfig",
                "Metadata": {"wa-lint": section},
                "Properties": {
                    "ProductionVariants": [
                        {
                            "VariantName": "blue",
                            "ModelName": "m",
                            "InstanceType": "ml.m5.large",
                            "InitialInstanceCount": 1,
                        }
                    ]
                },
            }
        }
    }
    return json.dumps(template)


def test_metadata_survives_json_and_says_who_and_why(wa_lint: WaLint) -> None:
    entry = {"rule": "endpoint-default-key", "reason": "public data", "owner": "ml-team", "until": "2026-11-23"}
    run = check(wa_lint, with_metadata({"allow": [entry, "endpoint-single-instance toy"]}), name="t.json")
    assert run.code == 0
    by_rule = {f["rule"]: f["suppressed"] for f in run.report["findings"]}
    assert by_rule["endpoint-default-key"] == {
        "kind": "metadata",
        "reason": "public data",
        "owner": "ml-team",
        "until": "2026-11-23",
        "location": by_rule["endpoint-default-key"]["location"],
    }
    assert by_rule["endpoint-single-instance"]["reason"] == "toy"
    assert run.report["judged_at"] == "2026-11-23"


def test_on_one_line_of_json_only_what_stands_within_is_meant(wa_lint: WaLint) -> None:
    template = json.loads(with_metadata({"allow": ["endpoint-default-key toy"]}))
    other = json.loads(with_metadata({"allow": []}))
    template["Resources"]["Other"] = other["Resources"]["Config"] | {"Metadata": {}}
    run = check(wa_lint, json.dumps(template), "--ignore", "endpoint-single-instance", name="t.json")
    found = {f["resource"]["id"]: f["suppressed"] is not None for f in run.report["findings"]}
    assert found == {"Config": True, "Other": False}


METADATA: dict[str, Any] = {
    "a text": "x",
    "null": None,
    "a misspelt key": {"alow": []},
    "more than one key": {"allow": [], "deny": []},
    "an entry that is a number": {"allow": [1]},
    "an entry without a rule": {"allow": [{"reason": "x"}]},
    "an entry with a misspelt key": {"allow": [{"rules_to_supress": "x"}]},
    "an intrinsic": {"allow": [{"rule": {"Ref": "X"}}]},
    "an unknown rule": {"allow": ["endpoint-single-instanse toy"]},
    "a wildcard": {"allow": ["endpoint-* toy"]},
}


@pytest.mark.parametrize("section", METADATA)
def test_48_a_section_of_the_wrong_form_is_found_and_allows_nothing(section: str, wa_lint: WaLint) -> None:
    run = check(wa_lint, with_metadata(METADATA[section]), name="t.json")
    assert run.code == 1
    assert len(faults(run)) == 1
    assert not told(run, suppressed=True)
    assert {KEY, FIRST} <= set(told(run, suppressed=False))


TEXTS = {
    "allow endpoint-single-instance until 2026-11-23": [],
    "allow endpoint-single-instance (until 2026-11-23)": [],
    "allow endpoint-single-instance toy until=2026-11-22": ["suppression-expired"],
    "allow endpoint-single-instance (until 2026-02-30)": ["suppression-malformed"],
    "allow endpoint-single-instance (until soon)": ["suppression-malformed"],
    "allow endpoint-single-instance until": ["suppression-malformed"],
    "allow endpoint-single-instance (until 9999-12-31)": [],
    "allow endpoint-single-instanc": ["suppression-unknown-rule"],
    "allow *": ["suppression-malformed"],
    "allow": ["suppression-malformed"],
    "": ["suppression-malformed"],
    "accept endpoint-single-instance": ["suppression-malformed"],
    "allow endpoint-default-key": ["suppression-unused"],
}


@pytest.mark.parametrize("text", TEXTS)
def test_65_dates_include_their_day_and_what_cannot_be_read_allows_nothing(text: str, wa_lint: WaLint) -> None:
    run = check(wa_lint, beside("InitialInstanceCount: 1", text))
    assert faults(run) == TEXTS[text]
    is_allowed = text.startswith("allow endpoint-single-instance") and not TEXTS[text]
    assert told(run, suppressed=True) == ([FIRST] if is_allowed else [])


def test_69_the_day_of_an_expiry_is_an_input(wa_lint: WaLint) -> None:
    template = beside("InitialInstanceCount: 1", "allow endpoint-single-instance (until 2030-06-30)")
    assert faults(check(wa_lint, template, "--now", "2030-06-30")) == []
    assert faults(check(wa_lint, template, "--now", "2030-07-01")) == ["suppression-expired"]


def test_a_suppression_of_a_rule_that_was_not_asked_is_not_unused(wa_lint: WaLint) -> None:
    template = beside("Config:", "allow endpoint-without-data-capture toy")
    assert faults(check(wa_lint, template)) == []


def test_a_comment_beside_no_resource_allows_nothing(wa_lint: WaLint) -> None:
    run = check(wa_lint, "# wa-lint: allow endpoint-default-key\n" + CONFIG)
    assert faults(run) == ["suppression-unused"]
    assert not told(run, suppressed=True)


def test_reasons_may_be_demanded_and_rules_exempt(wa_lint: WaLint) -> None:
    template = beside("InitialInstanceCount: 1", "allow endpoint-single-instance")
    assert faults(check(wa_lint, template, "--require-reason")) == ["suppression-refused"]
    run = check(wa_lint, template, "--never-suppress", "endpoint-single-*")
    assert faults(run) == ["suppression-refused"]
    assert FIRST in told(run, suppressed=False)


def test_what_developers_write_may_be_switched_off(wa_lint: WaLint) -> None:
    run = check(wa_lint, beside("Config:", "allow endpoint-single-instance toy"), "--no-inline-suppressions")
    assert not told(run, suppressed=True)
    assert not faults(run)


def allow_file(*entries: dict[str, str]) -> str:
    Path("allow.yaml").write_text(json.dumps({"allow": entries}), encoding="utf-8")
    return "allow.yaml"


def test_58_a_file_and_comments_add_up(wa_lint: WaLint) -> None:
    file = allow_file({"rule": "endpoint-default-*", "resource": "Con*", "file": "t.*", "reason": "r", "owner": "o"})
    run = check(wa_lint, beside("InitialInstanceCount: 1", "allow endpoint-single-instance"), "--allow", file)
    assert set(told(run, suppressed=True)) == {FIRST, KEY}


NOT_MEANT = {
    "another resource": {"resource": "Other"},
    "another file": {"file": "u.yaml"},
    "another account": {"account": "111122223333"},
    "another path": {"path": "ProductionVariants[1]"},
}


@pytest.mark.parametrize("field", NOT_MEANT)
def test_an_entry_of_a_file_means_what_it_says(field: str, wa_lint: WaLint) -> None:
    run = check(wa_lint, CONFIG, "--allow", allow_file({"rule": "endpoint-default-key", **NOT_MEANT[field]}))
    assert not told(run, suppressed=True)
    assert faults(run) == ["suppression-unused" if field == "another path" else "suppression-unmatched"]
    assert run.code == 1


@pytest.mark.parametrize("field", NOT_MEANT)
def test_a_hook_is_given_some_files_and_an_entry_may_be_meant_for_others(field: str, wa_lint: WaLint) -> None:
    entries = allow_file({"rule": "endpoint-default-key", **NOT_MEANT[field]})
    for option in ("--nothing-ok", "--force-exclude"):
        run = check(wa_lint, CONFIG, "--allow", entries, option)
        assert faults(run) == (["suppression-unused"] if field == "another path" else [])
        assert len(run.report["problems"]) == (field != "another path")


@pytest.mark.parametrize("pattern", ["u.yaml", "*u.yaml", "u*"])
def test_an_entry_for_a_file_that_is_there_and_was_not_checked_is_no_fault(pattern: str, wa_lint: WaLint) -> None:
    entries = allow_file({"rule": "endpoint-default-key", "file": pattern})
    Path("u.yaml").write_text("", encoding="utf-8")
    run = check(wa_lint, CONFIG, "--allow", entries)
    assert not faults(run)
    assert len(run.report["problems"]) == 1


def test_an_unmatched_entry_may_be_meant_for_an_input_that_was_not_read(wa_lint: WaLint) -> None:
    entries = allow_file({"rule": "endpoint-default-key", "resource": "Other"})
    Path("broken.yaml").write_text("Resources: {A: {Type: AWS::S3::Bucket", encoding="utf-8")
    run = check(wa_lint, CONFIG, "broken.yaml", "--allow", entries)
    assert not faults(run)


def test_nobody_has_to_hear_of_unmatched_entries(wa_lint: WaLint) -> None:
    entries = allow_file({"rule": "endpoint-default-key", "resource": "Other"})
    assert not faults(check(wa_lint, CONFIG, "--allow", entries, "--ignore", "suppression-unmatched"))


def test_a_path_that_is_nearly_one_names_it(wa_lint: WaLint) -> None:
    entry = {"rule": "endpoint-single-instance", "path": "ProductionVariants[0].InitialInstanceCont"}
    run = check(wa_lint, CONFIG, "--allow", allow_file(entry))
    (message,) = [f["message"] for f in run.report["findings"] if f["rule"] == "suppression-unused"]
    assert "did you mean 'ProductionVariants[0].InitialInstanceCount'?" in message


def test_an_entry_that_allows_everything_everywhere_is_refused(wa_lint: WaLint) -> None:
    assert faults(check(wa_lint, CONFIG, "--allow", allow_file({"rule": "*"}))) == ["suppression-malformed"]


@pytest.mark.parametrize("content", ["", "x", "alow: []", "allow: {}", "[", "a: &a [*a]"])
def test_a_file_that_is_no_list_of_suppressions_stops_the_run(content: str, wa_lint: WaLint) -> None:
    Path("allow.yaml").write_text(content, encoding="utf-8")
    run = check(wa_lint, CONFIG, "--allow", "allow.yaml")
    assert run.code == 2
    assert run.err.count("\n") == 1


def test_a_suppressed_fail_is_still_a_risk(wa_lint: WaLint) -> None:
    run = check(wa_lint, beside("Config:", "allow endpoint-single-instance, endpoint-default-key toy"))
    assert run.code == 0
    at_risk = {p["id"] for p in run.report["practices"] if p["status"] == "at-risk"}
    assert {practice for f in run.report["findings"] for practice in f["practices"]} == at_risk


# --- the baseline -----------------------------------------------------------------------------------


def with_baseline(wa_lint: WaLint) -> Any:
    Path("t.yaml").write_text(CONFIG, encoding="utf-8")
    return wa_lint("baseline", "t.yaml", "-o", "base.json", *SELECT[:2])


def test_only_what_is_new_gates_and_the_old_stays_visible(wa_lint: WaLint) -> None:
    assert with_baseline(wa_lint).code == 0
    run = check(wa_lint, CONFIG, "--baseline", "base.json")
    assert run.code == 0
    assert len(told(run, suppressed=True)) == 3
    third = (
        CONFIG
        + CONFIG.split("ProductionVariants:\n")[1].replace("blue", "red").split("        - VariantName: green")[0]
    )
    run = check(wa_lint, third, "--baseline", "base.json")
    assert run.code == 1
    assert told(run, suppressed=False) == [(FIRST[0], "ProductionVariants[2].InitialInstanceCount")]


def test_a_baseline_hides_no_rule_that_nothing_suppresses(wa_lint: WaLint) -> None:
    with_baseline(wa_lint)
    run = check(wa_lint, CONFIG, "--baseline", "base.json", "--never-suppress", "endpoint-default-key")
    assert run.code == 1
    assert told(run, suppressed=False) == [KEY]


def test_66_a_baseline_survives_a_new_name_and_a_new_layout(wa_lint: WaLint) -> None:
    with_baseline(wa_lint)
    moved = "# a comment\n\n" + CONFIG.replace("  Config:", "\n  Config:")
    assert check(wa_lint, moved, "--baseline", "base.json", name="moved.yaml").code == 0


def test_66_a_shrunken_baseline_is_said(wa_lint: WaLint) -> None:
    with_baseline(wa_lint)
    run = check(
        wa_lint, CONFIG.replace("InitialInstanceCount: 1", "InitialInstanceCount: 2"), "--baseline", "base.json"
    )
    assert run.code == 0
    assert "2 of 3 findings in base.json are gone" in run.err


def test_66_findings_of_a_file_that_was_not_judged_are_not_gone(wa_lint: WaLint) -> None:
    Path("other.yaml").write_text(CONFIG.replace("Config:", "Other:"), encoding="utf-8")
    Path("t.yaml").write_text(CONFIG, encoding="utf-8")
    assert wa_lint("baseline", "t.yaml", "other.yaml", "-o", "base.json", *SELECT[:2]).code == 0
    run = check(wa_lint, CONFIG, "--baseline", "base.json")
    assert (run.code, "base.json" in run.err) == (0, False)
    Path("other.yaml").write_text("Resources: {T: {Type: AWS::SNS::Topic}}\n", encoding="utf-8")
    run = wa_lint("check", "t.yaml", "other.yaml", "--baseline", "base.json", *SELECT)
    assert "3 of 6 findings in base.json are gone" in run.err


def test_66_a_baseline_of_another_repository_is_said(wa_lint: WaLint) -> None:
    with_baseline(wa_lint)
    run = check(wa_lint, CONFIG.replace("Config:", "Other:"), "--baseline", "base.json")
    assert run.code == 1
    assert "another repository" in run.err


BROKEN = {
    "empty": b"",
    "no JSON": b"{",
    "a list": b"[]",
    "newer": b'{"schema_version": 99, "findings": []}',
    "of another form": b'{"schema_version": 1, "results": []}',
    "binary": b"\xff\xfe\x00",
}


@pytest.mark.parametrize("content", BROKEN)
def test_66_a_broken_baseline_stops_the_run_with_one_line(content: str, wa_lint: WaLint) -> None:
    Path("base.json").write_bytes(BROKEN[content])
    run = check(wa_lint, CONFIG, "--baseline", "base.json")
    assert run.code == 2
    assert run.err.count("\n") == 1
    assert "base.json" in run.err


def test_66_a_missing_baseline_stops_the_run(wa_lint: WaLint) -> None:
    assert check(wa_lint, CONFIG, "--baseline", "base.json").code == 2


def test_66_entries_that_stand_twice_count_once(wa_lint: WaLint) -> None:
    with_baseline(wa_lint)
    base = json.loads(Path("base.json").read_text(encoding="utf-8"))
    base["findings"] *= 2
    Path("base.json").write_text(json.dumps(base), encoding="utf-8")
    assert check(wa_lint, CONFIG, "--baseline", "base.json").code == 0


# --- what a baseline accepted -----------------------------------------------------------------------

POLICY = ("--select", "role-*,bucket-public", "--now", "2026-11-23")


def policy(*statements: dict[str, Any], kind: str = "AWS::IAM::ManagedPolicy", **properties: Any) -> str:
    body = {"PolicyDocument": {"Version": "2012-10-17", "Statement": list(statements)}, **properties}
    return json.dumps({"Resources": {"P": {"Type": kind, "Properties": body}}})


def allow(action: Any, resource: Any = "*", **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


def against_baseline(wa_lint: WaLint, before: str, after: str, *options: str) -> Any:
    Path("t.json").write_text(before, encoding="utf-8")
    assert wa_lint("baseline", "t.json", "-o", "base.json", *POLICY[:2]).code == 0
    Path("t.json").write_text(after, encoding="utf-8")
    return wa_lint("check", "t.json", "-o", "json", *POLICY, "--baseline", "base.json", *options)


BUCKET = "arn:aws:s3:::one/*"
VPC = {"StringEquals": {"aws:SourceVpce": "vpce-1"}}
TWO = {"StringEquals": {"aws:SourceVpce": ["vpce-1", "vpce-2"]}}
S3, KMS = allow("s3:*"), allow("kms:*")


def trust(*accounts: str) -> str:
    principal = {"AWS": list(accounts), "Service": "sagemaker.amazonaws.com"}
    statement = {"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}
    role = {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": {"Statement": [statement]}}}
    return json.dumps({"Resources": {"R": role}})


ROOT = "arn:aws:iam::111122223333:root"

WIDER = {
    "actions": (policy(S3), policy(allow(["s3:*", "kms:*", "secretsmanager:*"])), "kms:*, secretsmanager:*"),
    "an action that becomes a wildcard": (policy(allow("s3:*")), policy(allow(["s3:*", "sqs:*"])), "sqs:*"),
    "a resource": (policy(allow("s3:*", BUCKET)), policy(S3), "resource *"),
    "one more resource": (
        policy(allow("s3:*", BUCKET)),
        policy(allow("s3:*", [BUCKET, "arn:aws:s3:::two/*"])),
        "resource arn:aws:s3:::two/*",
    ),
    "no condition": (policy(allow("s3:*", Condition=VPC)), policy(S3), "without the condition StringEquals"),
    "a condition with more values": (
        policy(allow("s3:*", Condition=VPC)),
        policy(allow("s3:*", Condition=TWO)),
        "without the condition StringEquals",
    ),
    "another condition": (
        policy(allow("s3:*", Condition=VPC)),
        policy(allow("s3:*", Condition={"StringLike": {"aws:SourceVpce": "*"}})),
        "without the condition StringEquals",
    ),
    "a principal": (trust(ROOT), trust(ROOT, "444455556666"), "principal AWS:444455556666"),
    "every principal": (trust(ROOT), trust("*"), "principal AWS:*"),
    "NotAction with fewer": (
        policy({"Effect": "Allow", "NotAction": ["ec2:*", "s3:*"], "Resource": "*"}),
        policy({"Effect": "Allow", "NotAction": ["ec2:*"], "Resource": "*"}),
        "every action except ec2:*",
    ),
    "NotResource with fewer": (
        policy({"Effect": "Allow", "Action": "s3:*", "NotResource": [BUCKET, "arn:aws:s3:::two/*"]}),
        policy({"Effect": "Allow", "Action": "s3:*", "NotResource": [BUCKET]}),
        "every resource except arn:aws:s3:::one/*",
    ),
}


@pytest.mark.parametrize("name", WIDER)
def test_what_is_wider_than_the_baseline_accepted_fails_and_says_so(name: str, wa_lint: WaLint) -> None:
    before, after, added = WIDER[name]
    run = against_baseline(wa_lint, before, after)
    assert run.code == 1
    open_ = [f for f in run.report["findings"] if f["suppressed"] is None]
    assert {f["state"] for f in open_} <= {"updated", "new"}
    assert any(f"wider than what the baseline accepted: {added}" in f.get("change", "") for f in open_)


NOT_WIDER = {
    "fewer actions": (policy(allow(["s3:*", "kms:*"])), policy(S3)),
    "an action within a wildcard": (policy(allow(["s3:*"])), policy(allow(["s3:*", "s3:GetObject"]))),
    "another case and order": (policy(allow(["s3:*", "kms:*"])), policy(allow(["KMS:*", "S3:*"]))),
    "a narrower resource": (policy(allow("s3:*")), policy(allow("s3:*", BUCKET))),
    "a condition": (policy(S3), policy(allow("s3:*", Condition=VPC))),
    "a condition with fewer values": (policy(allow("s3:*", Condition=TWO)), policy(allow("s3:*", Condition=VPC))),
    "NotAction with more": (
        policy({"Effect": "Allow", "NotAction": ["ec2:*"], "Resource": "*"}),
        policy({"Effect": "Allow", "NotAction": ["ec2:*", "s3:*"], "Resource": "*"}),
    ),
    "another order of statements": (policy(S3, KMS), policy(KMS, S3)),
    "another Sid": (policy(S3 | {"Sid": "A"}), policy(S3 | {"Sid": "B"})),
    "a statement in front that is none of the rules'": (policy(S3), policy(allow("s3:GetObject", BUCKET), S3)),
    "a denial in front": (policy(S3), policy({"Effect": "Deny", "Action": "sqs:*", "Resource": "*"}, S3)),
    "a text where a list was": (policy(allow(["s3:*"], ["*"])), policy(allow("s3:*", "*"))),
    "one statement split in two": (policy(allow(["s3:*", "kms:*"])), policy(S3, KMS)),
    "the same account, spelled alike": (trust(ROOT), trust("111122223333")),
}


@pytest.mark.parametrize("name", NOT_WIDER)
def test_what_is_no_wider_stays_accepted(name: str, wa_lint: WaLint) -> None:
    before, after = NOT_WIDER[name]
    run = against_baseline(wa_lint, before, after)
    assert run.code == 0, [f.get("change") for f in run.report["findings"]]
    assert {f["state"] for f in run.report["findings"]} == {"unchanged"}


def test_a_statement_that_is_inserted_in_front_inherits_nothing(wa_lint: WaLint) -> None:
    run = against_baseline(wa_lint, policy(S3), policy(KMS, S3))
    assert run.code == 1
    found = {(f["path"][:27], f["state"], f["change"]) for f in run.report["findings"]}
    assert found == {
        ("PolicyDocument.Statement[0]", "updated", "wider than what the baseline accepted: kms:*"),
    }


def test_a_statement_that_only_some_scenarios_have_shifts_no_other(wa_lint: WaLint) -> None:
    def of(*statements: Any) -> str:
        found = json.loads(policy(*statements))
        found["Parameters"] = {"P": {"Type": "String"}}
        found["Conditions"] = {"C": {"Fn::Not": [{"Fn::Equals": [{"Ref": "P"}, ""]}]}}
        return json.dumps(found)

    some = {"Fn::If": ["C", allow("ec2:*"), {"Ref": "AWS::NoValue"}]}
    run = against_baseline(wa_lint, of(S3, KMS, some), of(some, KMS, S3))
    assert run.code == 0, [f.get("change") for f in run.report["findings"]]
    run = against_baseline(wa_lint, of(some, S3), of(some, allow(["s3:*", "kms:*"])))
    assert run.code == 1


def test_a_variant_that_is_inserted_in_front_inherits_nothing(wa_lint: WaLint) -> None:
    with_baseline(wa_lint)
    red = "        - {VariantName: red, ModelName: r, InstanceType: ml.m5.large, InitialInstanceCount: 1}\n"
    inserted = CONFIG.replace("        - VariantName: blue", f"{red}        - VariantName: blue")
    run = check(wa_lint, inserted, "--baseline", "base.json")
    assert run.code == 1
    assert told(run, suppressed=False) == [(FIRST[0], "ProductionVariants[0].InitialInstanceCount")]


def test_a_variant_with_another_name_is_no_news(wa_lint: WaLint) -> None:
    with_baseline(wa_lint)
    assert check(wa_lint, CONFIG.replace("blue", "azure"), "--baseline", "base.json").code == 0


def test_a_baseline_of_the_first_version_accepts_as_before_and_asks_for_another(wa_lint: WaLint) -> None:
    wider = policy(allow(["s3:*", "kms:*"]))
    Path("t.json").write_text(policy(allow(["s3:*"])), encoding="utf-8")
    wa_lint("baseline", "t.json", "-o", "base.json", *POLICY[:2])
    base = json.loads(Path("base.json").read_text(encoding="utf-8"))
    kept = ("uri", "resource", "rule", "outcome", "path", "fingerprint")
    old = {"schema_version": 1, "findings": [{key: entry[key] for key in kept} for entry in base["findings"]]}
    Path("base.json").write_text(json.dumps(old), encoding="utf-8")
    Path("t.json").write_text(wider, encoding="utf-8")
    run = wa_lint("check", "t.json", "-o", "json", *POLICY, "--baseline", "base.json")
    assert run.code == 0
    assert "version 1" in run.err
    assert run.err.count("\n") == 1


def test_a_baseline_says_in_words_what_it_accepts(wa_lint: WaLint) -> None:
    against_baseline(wa_lint, policy(allow(["s3:*", "kms:*"], BUCKET, Condition=VPC)), policy(S3))
    accepts = [entry.get("accepts") for entry in json.loads(Path("base.json").read_text(encoding="utf-8"))["findings"]]
    condition = {"operator": "StringEquals", "key": "aws:SourceVpce", "values": ["vpce-1"]}
    assert {"grants": [{"actions": ["kms:*", "s3:*"], "resources": [BUCKET], "conditions": [condition]}]} in accepts


def test_a_rule_that_became_more_severe_is_news(wa_lint: WaLint) -> None:
    with_baseline(wa_lint)
    base = Path("base.json").read_text(encoding="utf-8")
    assert '"severity": "medium"' in base
    Path("base.json").write_text(base.replace('"severity": "medium"', '"severity": "low"'), encoding="utf-8")
    run = check(wa_lint, CONFIG, "--baseline", "base.json")
    assert run.code == 1
    assert any("its severity is medium now, and was low" in f.get("change", "") for f in run.report["findings"])


def test_a_run_over_other_files_fixes_nothing(wa_lint: WaLint) -> None:
    with_baseline(wa_lint)
    Path("u.yaml").write_text(CONFIG.replace("Config:", "Other:"), encoding="utf-8")
    run = wa_lint("check", "u.yaml", "-o", "json", *SELECT, "--baseline", "base.json")
    assert run.report["compared"]["fixed"] == []


def test_what_a_comment_suppresses_is_not_called_fixed(wa_lint: WaLint) -> None:
    with_baseline(wa_lint)
    run = check(wa_lint, beside("Config:", BOTH), "--baseline", "base.json")
    assert run.code == 0
    assert run.report["compared"]["fixed"] == []


OPEN = """\
id: notebook-with-open-group
title: A notebook is in a group that is open
severity: medium
practices: [MLSEC03-BP01]
applies_to: AWS::SageMaker::NotebookInstance
where: has(resource.SecurityGroupIds)
require: "!listed(resource.SecurityGroupIds).exists(group, group == 'sg-open')"
message: "The group is open."
why: It is.
fix: Change it.
references: [https://docs.aws.amazon.com/vpc/latest/userguide/vpc-security-groups.html]
examples:
  - name: closed
    expect: pass
    template:
      Resources: {N: {Type: 'AWS::SageMaker::NotebookInstance', Properties: {SecurityGroupIds: [sg-1]}}}
  - name: open
    expect: fail
    at: SecurityGroupIds[0]
    template:
      Resources: {N: {Type: 'AWS::SageMaker::NotebookInstance', Properties: {SecurityGroupIds: [sg-open]}}}
  - name: not known
    expect: unknown
    at: SecurityGroupIds[0]
    template:
      Parameters: {P: {Type: String}}
      Resources: {N: {Type: 'AWS::SageMaker::NotebookInstance', Properties: {SecurityGroupIds: [!Ref P]}}}
"""


@pytest.mark.parametrize(
    ("before", "after", "code"),
    [
        (["sg-open"], ["sg-open", "sg-2"], 1),
        (["sg-open", "sg-2"], ["sg-2", "sg-open"], 0),
        (["sg-open", "sg-2"], ["sg-open"], 0),
    ],
)
def test_a_list_that_is_longer_than_the_baseline_accepted_fails(
    before: list[str], after: list[str], code: int, wa_lint: WaLint
) -> None:
    def write(groups: list[str]) -> None:
        body = {"Type": "AWS::SageMaker::NotebookInstance", "Properties": {"SecurityGroupIds": groups}}
        Path("t.json").write_text(json.dumps({"Resources": {"N": body}}), encoding="utf-8")

    Path("groups").mkdir()
    Path("groups/notebook-with-open-group.yaml").write_text(OPEN, encoding="utf-8")
    own = ("--rules", "groups", "--select", "notebook-with-open-group")
    write(before)
    wa_lint("baseline", "t.json", "-o", "base.json", *own)
    write(after)
    run = wa_lint("check", "t.json", "-o", "json", *own, "--baseline", "base.json")
    assert run.code == code, [f.get("change") for f in run.report["findings"]]
    if code:
        said = "wider than what the baseline accepted: SecurityGroupIds: sg-2"
        assert run.report["findings"][0]["change"] == said


@pytest.mark.parametrize("arn", ["arn:aws:iam::aws:policy/AmazonS3FullAccess"])
def test_what_is_said_of_one_item_is_not_widened_by_another(arn: str, wa_lint: WaLint) -> None:
    def role(*policies: str) -> str:
        trusted = {"Effect": "Allow", "Principal": {"Service": "sagemaker.amazonaws.com"}, "Action": "sts:AssumeRole"}
        properties = {"AssumeRolePolicyDocument": {"Statement": [trusted]}, "ManagedPolicyArns": list(policies)}
        return json.dumps({"Resources": {"R": {"Type": "AWS::IAM::Role", "Properties": properties}}})

    run = against_baseline(
        wa_lint, role(arn), role("arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole", arn)
    )
    assert run.code == 0
    assert run.report["findings"]


@pytest.mark.parametrize("keyword", ["allow", "ignore"])
def test_ignore_is_an_alias_of_allow(wa_lint: WaLint, keyword: str) -> None:
    commented = f"""\
Resources:
  N:
    Type: AWS::SageMaker::NotebookInstance
    Properties:
      DirectInternetAccess: Enabled # wa-lint: {keyword} notebook-direct-internet a workshop
"""
    noted = f"""\
Resources:
  N:
    Type: AWS::SageMaker::NotebookInstance
    Metadata: {{wa-lint: {{{keyword}: [notebook-direct-internet a workshop]}}}}
    Properties: {{DirectInternetAccess: Enabled}}
"""
    for text in (commented, noted):
        Path("t.yaml").write_text(text, encoding="utf-8")
        run = wa_lint("check", "t.yaml", "--select", "notebook-direct-internet", "-o", "json")
        (finding,) = json.loads(run.out)["findings"]
        assert (run.code, finding["suppressed"]["reason"]) == (0, "a workshop")
