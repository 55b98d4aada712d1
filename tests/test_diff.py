"""``wa-lint diff``: what is new, worse, changed or gone, and what could not be compared."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import jsonschema
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wa_lint import codec, engine, packs
from wa_lint.changes import Gone, Side, compare, is_new_or_worse
from wa_lint.changes.pairs import PairKey, paired
from wa_lint.changes.property_changes import property_changes
from wa_lint.model import (
    ABSENT,
    Finding,
    Gap,
    Input,
    Listed,
    Location,
    Partial,
    Resource,
    Scope,
    Severity,
    Snapshot,
    SourceKind,
    Unknown,
    Value,
)
from wa_lint.run.snapshot_folder import Folder, FolderIndex, Part, ReadingOptions

ROOT = Path(__file__).parents[1]
SCHEMA = jsonschema.Draft202012Validator(json.loads((ROOT / "wa_lint/schemas/diff.schema.json").read_text()))
WaLint = Callable[..., Any]
ACCOUNT, REGION = "123456789012", "eu-west-1"
NOTEBOOK, ROLE, JOB = "AWS::SageMaker::NotebookInstance", "AWS::IAM::Role", "AWS::SageMaker::TrainingJob"
RULES = [rule for rule in packs.load() if {NOTEBOOK, JOB} & set(rule.info.applies_to)]
INTERNET = ("--select", "notebook-direct-internet")


def template(**notebooks: Mapping[str, object]) -> str:
    resources = {
        name: {"Type": NOTEBOOK, "Properties": {"InstanceType": "ml.t3.medium", "RoleArn": "arn", **properties}}
        for name, properties in notebooks.items()
    }
    parameters = {"Stage": {"Type": "String", "AllowedValues": ["test", "prod"]}}
    conditions = {"IsProd": {"Fn::Equals": [{"Ref": "Stage"}, "prod"]}}
    return json.dumps({"Parameters": parameters, "Conditions": conditions, "Resources": resources}, indent=1)


OPEN = {"DirectInternetAccess": "Enabled"}
SHUT = {"DirectInternetAccess": "Disabled", "SubnetId": "subnet-1"}
SOMETIMES = {"DirectInternetAccess": {"Fn::If": ["IsProd", "Disabled", "Enabled"]}, "SubnetId": "subnet-1"}
UNKNOWN = {"DirectInternetAccess": {"Fn::ImportValue": "access"}, "SubnetId": "subnet-1"}


def write(name: str, text: str) -> str:
    Path(name).parent.mkdir(parents=True, exist_ok=True)
    Path(name).write_text(text)
    return name


def diff(wa_lint: WaLint, before: str, after: str, *options: str) -> tuple[int, Any]:
    run = wa_lint("diff", before, after, "-o", "json", *options)
    assert run.out, run.err
    SCHEMA.validate(run.report)
    return run.code, run.report


def names(findings: Any) -> list[str]:
    return [finding["resource"]["id"].rpartition("/")[2] for finding in findings]


# --- findings of templates --------------------------------------------------------------------------


def test_the_same_twice_is_no_difference(wa_lint: WaLint) -> None:
    write("a.json", template(Lab=OPEN))
    code, found = diff(wa_lint, "a.json", "a.json")
    assert code == 0
    assert not any(found["findings"].values())
    assert not any(found["resources"].values())
    assert not any(found["coverage"].values())
    assert found["summary"]["findings"]["unchanged"] > 0


def test_what_fails_only_now_is_new_and_what_passes_is_gone(wa_lint: WaLint) -> None:
    write("a.json", template(Old=OPEN, New=SHUT))
    write("b.json", template(Old=SHUT, New=OPEN))
    code, found = diff(wa_lint, "a.json", "b.json", *INTERNET)
    assert code == 1
    assert names(found["findings"]["new"]) == ["New"]
    assert [(names([g["finding"]]), g["because"]) for g in found["findings"]["gone"]] == [(["Old"], "it passes")]


def test_a_line_that_moved_is_no_change(wa_lint: WaLint) -> None:
    write("a.json", template(Lab=OPEN))
    write("b.json", "\n\n\n" + template(Lab=OPEN))
    code, found = diff(wa_lint, "a.json", "b.json")
    assert code == 0
    assert not any(found["findings"].values())


def test_what_moved_to_another_file_is_a_change_of_place_and_nothing_new(wa_lint: WaLint) -> None:
    write("a/one.json", template(Lab=OPEN))
    write("b/two.json", template(Lab=OPEN))
    code, found = diff(wa_lint, "a", "b", *INTERNET)
    assert code == 0
    assert [change["fields"] for change in found["findings"]["changed"]] == [["location"]]
    assert not any(found["resources"].values())


def test_the_same_file_in_two_folders_has_not_moved(wa_lint: WaLint) -> None:
    write("a/one.json", template(Lab=OPEN))
    write("b/one.json", template(Lab=OPEN))
    assert diff(wa_lint, "a", "b")[1]["summary"]["findings"]["changed"] == 0


@pytest.mark.parametrize(
    ("old", "new", "fields", "is_worse"),
    [
        pytest.param(UNKNOWN, OPEN, {"outcome", "message"}, True, id="not known, now fails"),
        pytest.param(OPEN, UNKNOWN, {"outcome", "message"}, False, id="failed, now not known"),
        pytest.param(SOMETIMES, OPEN, {"when"}, True, id="fails in more scenarios"),
        pytest.param(OPEN, SOMETIMES, {"when"}, False, id="fails in fewer scenarios"),
    ],
)
def test_a_finding_that_changed_says_how(
    wa_lint: WaLint, old: dict[str, object], new: dict[str, object], fields: set[str], is_worse: bool
) -> None:
    write("a.json", template(Lab=old))
    write("b.json", template(Lab=new))
    code, found = diff(wa_lint, "a.json", "b.json", *INTERNET)
    assert code == int(is_worse)
    assert not found["findings"]["new"] + found["findings"]["gone"] + found["findings"]["not_compared"]
    (change,) = found["findings"]["changed"]
    assert fields <= set(change["fields"])
    assert change["is_worse"] is is_worse


def test_a_severity_that_rose_is_worse(wa_lint: WaLint) -> None:
    write("a.json", template(Lab=OPEN))
    old = wa_lint("check", "a.json", "-o", "json", *INTERNET).report
    old["findings"][0]["severity"] = "low"
    write("old.json", json.dumps(old))
    code, found = diff(wa_lint, "old.json", "a.json", *INTERNET)
    assert code == 1
    assert [(c["fields"], c["is_worse"]) for c in found["findings"]["changed"]] == [(["severity"], True)]
    code, found = diff(wa_lint, "a.json", "old.json", *INTERNET)
    assert code == 0
    assert [(c["fields"], c["is_worse"]) for c in found["findings"]["changed"]] == [(["severity"], False)]


def test_fail_on_and_the_choice_of_rules_are_those_of_check(wa_lint: WaLint) -> None:
    write("a.json", template(Lab=SHUT))
    write("b.json", template(Lab=OPEN))
    severity = diff(wa_lint, "a.json", "b.json", *INTERNET)[1]["findings"]["new"][0]["severity"]
    assert diff(wa_lint, "a.json", "b.json", *INTERNET, "--fail-on", severity)[0] == 1
    assert diff(wa_lint, "a.json", "b.json", *INTERNET, "--fail-on", "critical")[0] == 0
    assert diff(wa_lint, "a.json", "b.json", *INTERNET, "--fail-on", "never")[0] == 0
    rest = diff(wa_lint, "a.json", "b.json", "--ignore", "notebook-direct-internet")[1]["findings"]["new"]
    assert "notebook-direct-internet" not in {finding["rule"] for finding in rest}


def test_a_new_unknown_counts_only_with_strict(wa_lint: WaLint) -> None:
    write("a.json", template(Lab=SHUT))
    write("b.json", template(Lab=UNKNOWN))
    assert diff(wa_lint, "a.json", "b.json", *INTERNET)[0] == 0
    assert diff(wa_lint, "a.json", "b.json", *INTERNET, "--strict")[0] == 4


def test_of_several_alike_the_one_that_is_new_is_found(wa_lint: WaLint) -> None:
    """In a report of several files equal fingerprints have numbers, which move when a file is added."""
    for name in ("a/2.json", "b/1.json", "b/2.json"):
        write(name, template(Lab=OPEN))
    _, found = diff(wa_lint, "a", "b", *INTERNET)
    assert [f["location"]["uri"] for f in found["findings"]["new"]] == ["b/1.json"]
    _, found = diff(wa_lint, "b", "a", *INTERNET)
    assert [g["finding"]["location"]["uri"] for g in found["findings"]["gone"]] == ["b/1.json"]


ALLOWED = """\
Resources:
  Lab:
    Type: AWS::SageMaker::NotebookInstance
    # wa-lint: allow notebook-direct-internet the lab has nothing to hide
    Properties: {InstanceType: ml.t3.medium, RoleArn: arn, DirectInternetAccess: Enabled}
"""


def test_what_is_suppressed_gates_only_when_it_is_no_more(wa_lint: WaLint) -> None:
    write("allowed.yaml", ALLOWED)
    write("open.yaml", ALLOWED.replace("# wa-lint", "# "))
    write("none.json", template(Other=SHUT))
    assert diff(wa_lint, "none.json", "allowed.yaml", *INTERNET)[0] == 0
    code, found = diff(wa_lint, "allowed.yaml", "open.yaml", *INTERNET)
    assert (code, [c["fields"] for c in found["findings"]["changed"]]) == (1, [["suppressed"]])
    code, found = diff(wa_lint, "open.yaml", "allowed.yaml", *INTERNET)
    assert (code, [c["is_worse"] for c in found["findings"]["changed"]]) == (0, [False])
    wa_lint("check", "allowed.yaml", "-o", "json=allowed.json", *INTERNET)
    assert diff(wa_lint, "allowed.json", "open.yaml", *INTERNET)[0] == 1


# --- reports ----------------------------------------------------------------------------------------


def test_a_report_is_compared_with_what_is_judged_now(wa_lint: WaLint) -> None:
    write("a/one.json", template(Old=OPEN, New=SHUT))
    write("b/one.json", template(Old=SHUT, New=OPEN))
    for side in "ab":
        wa_lint("check", side, "-o", f"json={side}.json")
    judged = diff(wa_lint, "a", "b")[1]
    for before, after in (("a.json", "b.json"), ("a.json", "b"), ("a", "b.json")):
        code, found = diff(wa_lint, before, after)
        assert code == 1
        assert found["resources"] is None
        assert found["findings"]["new"] == judged["findings"]["new"]
        assert names([g["finding"] for g in found["findings"]["gone"]]) == names(
            [g["finding"] for g in judged["findings"]["gone"]]
        )


def test_what_a_rule_says_that_the_other_side_was_not_asked_is_not_compared(wa_lint: WaLint) -> None:
    write("a.json", template(Lab=OPEN))
    wa_lint("check", "a.json", "-o", "json=few.json", *INTERNET)
    code, found = diff(wa_lint, "few.json", "a.json")
    assert code == 4
    assert found["findings"]["new"] == []
    assert {(u["side"], u["reason"]) for u in found["findings"]["not_compared"]} == {("after", "the rule was not run")}
    code, found = diff(wa_lint, "a.json", "few.json")
    assert code == 4
    assert found["findings"]["gone"] == []
    assert diff(wa_lint, "few.json", "a.json", *INTERNET)[0] == 0


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"schema_version": 9}, "version 9"),
        ({"findings": [{"rule": 1}]}, "no whole report"),
        ({"inputs": None}, "no whole report"),
    ],
)
def test_a_report_that_cannot_be_read_is_an_input_error(wa_lint: WaLint, change: dict[str, object], says: str) -> None:
    write("a.json", template(Lab=OPEN))
    report = wa_lint("check", "a.json", "-o", "json").report
    write("broken.json", json.dumps(report | change))
    run = wa_lint("diff", "broken.json", "a.json")
    assert (run.code, run.out) == (2, "")
    assert says in run.err


@pytest.mark.parametrize("swap", [False, True])
def test_what_cannot_be_read_exits_2(wa_lint: WaLint, swap: bool) -> None:
    write("a.json", template(Lab=OPEN))
    write("broken.yaml", "AWSTemplateFormatVersion: '2010-09-09'\nResources: [")
    for broken in ("broken.yaml", "missing.yaml"):
        pair = ("a.json", broken) if swap else (broken, "a.json")
        assert wa_lint("diff", *pair).code == 2


def test_a_side_that_holds_nothing_exits_3(wa_lint: WaLint) -> None:
    write("a.json", template(Lab=SHUT))
    write("notes.json", '{"nothing": "of ours"}')
    assert wa_lint("diff", "a.json", "notes.json", *INTERNET).code == 3


def test_a_template_and_an_account_are_not_compared(wa_lint: WaLint) -> None:
    write("a.json", template(Lab=OPEN))
    account("b.jsonl", {NOTEBOOK: {"lab": OPEN}})
    run = wa_lint("diff", "a.json", "b.jsonl")
    assert run.code == 2
    assert "A is templates and B is an account" in run.err


# --- accounts ---------------------------------------------------------------------------------------

Resources = Mapping[str, Mapping[str, Value]]
"""Type -> name -> properties."""


def account(
    name: str, found: Resources, *, complete: bool = True, gaps: tuple[Gap, ...] = (), region: str = REGION
) -> str:
    with Path(name).open("wb") as stream:
        codec.dump(read(found, complete, gaps, region), stream, compress=name.endswith(".gz"))
    return name


def read(found: Resources, complete: bool = True, gaps: tuple[Gap, ...] = (), region: str = REGION) -> Snapshot:
    scopes = {Scope(type_, ACCOUNT, region) for type_ in (NOTEBOOK, JOB)} if complete else set()
    return Snapshot(
        kind=SourceKind.LIVE,
        uri=f"aws://{ACCOUNT}/{region}",
        resources=tuple(
            thing(type_, id_, known, region) for type_, all_ in found.items() for id_, known in all_.items()
        ),
        complete=frozenset(scopes) - {gap.scope for gap in gaps},
        gaps=gaps,
        taken_at="2026-11-23T00:00:00+00:00",
    )


def folder(name: str, parts: Mapping[str, Resources | None]) -> str:
    """A snapshot in a folder, by region; None: nobody was let in."""
    options = ReadingOptions(regions=tuple(parts))
    kept = Folder(Path(name), FolderIndex(taken_at="2026-11-23T00:00:00+00:00", options=options))
    for region, found in parts.items():
        if found is None:
            kept.note([Part(account=ACCOUNT, region=region, status="failed", reason="AccessDenied: sts:AssumeRole")])
        else:
            kept.keep(Part(account=ACCOUNT, region=region, status="read"), read(found, region=region))
    return name


def thing(type_: str, name: str, properties: Value, region: str = REGION) -> Resource:
    arn = f"arn:aws:sagemaker:{region}:{ACCOUNT}:thing/{name}"
    return Resource(arn, type_, properties, Listed(Location(arn)), name=name, arn=arn, account=ACCOUNT, region=region)


DENIED = Gap(Scope(NOTEBOOK, ACCOUNT, REGION), "AccessDenied: sagemaker:ListNotebookInstances", "sagemaker:List")


@pytest.mark.parametrize("names_", [("a.jsonl", "b.jsonl"), ("a.jsonl.gz", "b.jsonl")])
def test_snapshots_tell_new_gone_and_changed_resources(wa_lint: WaLint, names_: tuple[str, str]) -> None:
    before, after = names_
    account(before, {NOTEBOOK: {"old": SHUT, "same": SHUT, "other": {**SHUT, "VolumeSizeInGB": 5}}})
    account(after, {NOTEBOOK: {"new": SHUT, "same": SHUT, "other": {**OPEN, "SubnetId": "subnet-1"}}})
    code, found = diff(wa_lint, before, after, *INTERNET)
    assert code == 1
    resources = found["resources"]
    assert [r["id"].rpartition("/")[2] for r in resources["new"]] == ["new"]
    assert [r["id"].rpartition("/")[2] for r in resources["gone"]] == ["old"]
    ((_, changes),) = [(c["resource"], c["properties"]) for c in resources["changed"]]
    assert [(c["path"], c["change"], c["before"], c["after"], c["after_shown"]) for c in changes] == [
        ("DirectInternetAccess", "changed", "Disabled", "Enabled", "'Enabled'"),
        ("VolumeSizeInGB", "removed", 5, None, "not set"),
    ]
    assert names(found["findings"]["new"]) == ["other"]


def test_a_listing_that_b_was_refused_makes_nothing_gone(wa_lint: WaLint) -> None:
    account("a.jsonl", {NOTEBOOK: {"lab": OPEN}})
    account("b.jsonl", {}, gaps=(DENIED,))
    code, found = diff(wa_lint, "a.jsonl", "b.jsonl", *INTERNET)
    assert code == 4
    for kind in ("findings", "resources"):
        assert found[kind]["gone"] == []
        assert [(u["side"], u["reason"]) for u in found[kind]["not_compared"]] == [("before", DENIED.reason)]
    assert [(gap["type"], gap["reason"]) for gap in found["coverage"]["lost"]] == [(NOTEBOOK, DENIED.reason)]
    assert found["coverage"]["gained"] == []


def test_a_resource_that_was_deleted_is_gone_though_its_metrics_were_refused(wa_lint: WaLint) -> None:
    """The listing was whole: what CloudWatch refuses says nothing of what is there."""
    refused = Gap(
        Scope(NOTEBOOK, ACCOUNT, REGION), "AccessDenied: cloudwatch:GetMetricData", "cloudwatch:GetMetricData"
    )
    account("a.jsonl", {NOTEBOOK: {"lab": OPEN, "old": OPEN}})
    after = read({NOTEBOOK: {"lab": OPEN}})
    with Path("b.jsonl").open("wb") as stream:
        codec.dump(msgspec.structs.replace(after, gaps=(refused,)), stream, compress=False)
    code, found = diff(wa_lint, "a.jsonl", "b.jsonl", *INTERNET)
    assert names([{"resource": one} for one in found["resources"]["gone"]]) == ["old"]
    assert [gone["because"] for gone in found["findings"]["gone"]] == ["the resource is gone"]
    assert found["resources"]["not_compared"] == []
    assert (code, [gap["reason"] for gap in found["coverage"]["lost"]]) == (4, [refused.reason])


def test_a_listing_that_a_was_refused_makes_nothing_new(wa_lint: WaLint) -> None:
    account("a.jsonl", {}, gaps=(DENIED,))
    account("b.jsonl", {NOTEBOOK: {"lab": OPEN}})
    code, found = diff(wa_lint, "a.jsonl", "b.jsonl", *INTERNET)
    assert code == 4
    for kind in ("findings", "resources"):
        assert found[kind]["new"] == []
        assert [(u["side"], u["reason"]) for u in found[kind]["not_compared"]] == [("after", DENIED.reason)]
    assert [gap["type"] for gap in found["coverage"]["gained"]] == [NOTEBOOK]


def test_what_was_not_listed_at_all_is_not_gone_either(wa_lint: WaLint) -> None:
    account("a.jsonl", {NOTEBOOK: {"lab": OPEN}})
    account("b.jsonl", {}, complete=False)
    code, found = diff(wa_lint, "a.jsonl", "b.jsonl", *INTERNET)
    assert code == 4
    assert "was not listed in full" in found["resources"]["not_compared"][0]["reason"]
    assert found["findings"]["gone"] == []
    assert {gap["reason"] for gap in found["coverage"]["lost"]} == {"it was not requested"}


def test_another_region_says_nothing_of_this_one(wa_lint: WaLint) -> None:
    account("a.jsonl", {NOTEBOOK: {"lab": OPEN}})
    account("b.jsonl", {NOTEBOOK: {"lab": SHUT}}, region="us-east-1")
    code, found = diff(wa_lint, "a.jsonl", "b.jsonl", *INTERNET)
    assert code == 4
    assert found["resources"]["gone"] == found["resources"]["new"] == []
    assert len(found["resources"]["not_compared"]) == 2


def test_a_job_that_is_too_old_to_be_listed_is_not_gone(wa_lint: WaLint) -> None:
    account("a.jsonl", {JOB: {"train": {}}})
    account("b.jsonl", {})
    code, found = diff(wa_lint, "a.jsonl", "b.jsonl")
    assert found["resources"]["gone"] == []
    assert found["resources"]["not_compared"][0]["reason"] == "only the newest are listed"
    assert code == 4


def test_a_value_that_b_may_not_see_became_unknown(wa_lint: WaLint) -> None:
    account("a.jsonl", {NOTEBOOK: {"lab": OPEN}})
    account("b.jsonl", {NOTEBOOK: {"lab": Unknown("AccessDenied: sagemaker:DescribeNotebookInstance")}})
    code, found = diff(wa_lint, "a.jsonl", "b.jsonl", *INTERNET)
    (change,) = found["resources"]["changed"][0]["properties"]
    assert (change["path"], change["change"], change["after"]) == ("", "became-unknown", None)
    assert "AccessDenied" in change["after_shown"]
    assert found["findings"]["gone"] == []
    assert [c["after"]["outcome"] for c in found["findings"]["changed"]] == ["unknown"]
    assert code == 0
    assert diff(wa_lint, "b.jsonl", "a.jsonl", *INTERNET)[0] == 1


def test_reports_of_accounts_know_what_they_did_not_see(wa_lint: WaLint) -> None:
    account("a.jsonl", {NOTEBOOK: {"lab": OPEN}})
    account("b.jsonl", {}, gaps=(DENIED,))
    account("c.jsonl", {})
    for name in "abc":
        wa_lint("check", f"{name}.jsonl", "-o", f"json={name}.json", *INTERNET)
    code, found = diff(wa_lint, "a.json", "b.json")
    assert (code, found["findings"]["gone"]) == (4, [])
    code, found = diff(wa_lint, "a.json", "c.json")
    assert (code, [g["because"] for g in found["findings"]["gone"]]) == (0, ["it is no longer reported"])


def test_what_another_run_did_not_go_into_is_not_gone(wa_lint: WaLint) -> None:
    account("a.jsonl", {NOTEBOOK: {"lab": OPEN}})
    report = wa_lint("check", "a.jsonl", "-o", "json", *INTERNET).report
    report["inputs"][0]["uri"] = f"aws://{ACCOUNT}/{REGION}"
    write("a.json", json.dumps(report))
    report["inputs"][0]["uri"] = f"aws://{ACCOUNT}/us-east-1"
    write("b.json", json.dumps(report | {"findings": []}))
    code, found = diff(wa_lint, "a.json", "b.json")
    assert (code, found["findings"]["gone"]) == (4, [])
    assert "was not read" in found["findings"]["not_compared"][0]["reason"]


def test_no_secret_of_a_template_is_printed(wa_lint: WaLint) -> None:
    key = "AKIA" + "Q7RZ4MVT2XPLKDNW"
    write("a.json", template(Lab={"Tags": [{"Key": "note", "Value": "x"}]}))
    write("b.json", template(Lab={"Tags": [{"Key": "note", "Value": key}]}))
    for format_ in ("text", "json"):
        run = wa_lint("diff", "a.json", "b.json", "-o", format_)
        assert "secret" in run.out
        assert key not in run.out + run.err


TYPES = (NOTEBOOK, JOB)
LOOKS = st.fixed_dictionaries(
    {type_: st.dictionaries(st.sampled_from("xyz"), st.sampled_from([OPEN, SHUT]), max_size=3) for type_ in TYPES}
)


def side(found: Resources, seen: frozenset[str]) -> Side:
    """An account of which only the types in `seen` could be listed."""
    scopes = {type_: Scope(type_, ACCOUNT, REGION) for type_ in TYPES}
    snapshot = Snapshot(
        kind=SourceKind.LIVE,
        uri="aws",
        resources=tuple(thing(type_, name, known) for type_ in seen for name, known in found[type_].items()),
        complete=frozenset(scopes[type_] for type_ in seen),
        gaps=tuple(Gap(scope, "refused") for type_, scope in scopes.items() if type_ not in seen),
    )
    report = engine.lint(snapshot, RULES, "2026-11-23")
    inputs = (Input("aws", "live", "judged"),)
    return Side(msgspec.structs.replace(report, inputs=inputs, rules=tuple(r.info for r in RULES)), (snapshot,))


@given(LOOKS, LOOKS, st.frozensets(st.sampled_from(TYPES)), st.frozensets(st.sampled_from(TYPES)))
def test_what_is_not_seen_is_never_said_to_be_new_or_gone(
    before: Resources, after: Resources, seen_before: frozenset[str], seen_after: frozenset[str]
) -> None:
    whole = compare(side(before, frozenset(TYPES)), side(after, frozenset(TYPES)))
    partly = compare(side(before, seen_before), side(after, seen_after))
    for kind in ("new", "gone"):
        assert ids(getattr(partly.findings, kind)) <= ids(getattr(whole.findings, kind))
        assert ids(getattr(partly.resources, kind)) <= ids(getattr(whole.resources, kind))
    if is_new_or_worse(partly, Severity.LOW):
        assert is_new_or_worse(whole, Severity.LOW)


def ids(found: Any) -> set[tuple[str, str]]:
    things = [one.finding if isinstance(one, Gone) else one for one in found]
    return {(t.rule.id, t.resource.id) if isinstance(t, Finding) else ("", t.id) for t in things}


def test_snapshots_in_folders_are_compared(wa_lint: WaLint) -> None:
    folder("a", {REGION: {NOTEBOOK: {"x": SHUT}}, "us-east-1": {NOTEBOOK: {"y": OPEN}}})
    folder("b", {REGION: {NOTEBOOK: {"x": OPEN}}, "us-east-1": {NOTEBOOK: {"y": OPEN, "z": OPEN}}})
    code, found = diff(wa_lint, "a", "b", *INTERNET)
    assert code == 1
    assert sorted(names(found["findings"]["new"])) == ["x", "z"]
    assert names([{"resource": resource} for resource in found["resources"]["new"]]) == ["z"]
    assert len(found["resources"]["changed"]) == 1
    assert found["findings"]["gone"] == found["resources"]["gone"] == []


def test_a_region_that_let_nobody_in_makes_nothing_gone(wa_lint: WaLint) -> None:
    folder("a", {REGION: {NOTEBOOK: {"x": SHUT}}, "us-east-1": {NOTEBOOK: {"y": OPEN}}})
    folder("b", {REGION: {NOTEBOOK: {"x": SHUT}}, "us-east-1": None})
    code, found = diff(wa_lint, "a", "b", *INTERNET)
    assert code == 4
    assert found["findings"]["gone"] == found["resources"]["gone"] == []
    assert [u["side"] for u in found["resources"]["not_compared"]] == ["before"]
    for name in "ab":
        wa_lint("check", name, "-o", f"json={name}.json", *INTERNET)
    code, found = diff(wa_lint, "a.json", "b.json")
    assert (code, found["findings"]["gone"]) == (4, [])


# --- values -----------------------------------------------------------------------------------------


def changes(old: Value, new: Value) -> list[tuple[str, str]]:
    return [(c.path, c.change) for c in property_changes(thing(NOTEBOOK, "x", old), thing(NOTEBOOK, "x", new))]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ({}, {"A": 1}, [("A", "set")]),
        ({"A": 1}, {}, [("A", "removed")]),
        ({"A": 1}, {"A": ABSENT}, [("A", "removed")]),
        ({"A": ABSENT}, {}, []),
        ({"A": 1}, {"A": 1.0}, []),
        ({"A": 1}, {"A": True}, [("A", "changed")]),
        ({"A": None}, {"A": None}, []),
        ({"A": {"B": [1, {"C": 2}]}}, {"A": {"B": [1, {"C": 3}]}}, [("A.B[1].C", "changed")]),
        ({"A": Unknown("x")}, {"A": Unknown("y")}, []),
        ({"A": Unknown("x")}, {"A": 1}, [("A", "became-known")]),
        ({"A": Unknown("x")}, {}, [("A", "became-known")]),
        ({"A": [1]}, {"A": Partial((1,), "cut")}, [("A", "became-unknown")]),
        ({"A": Partial((1,), "x")}, {"A": Partial((1,), "y")}, []),
        ({"A": [1, 2, 3]}, {"A": [0, 1, 2, 3]}, [("A[0]", "set")]),
        ({"A": [1, 2, 3]}, {"A": [1, 3]}, [("A[1]", "removed")]),
        (
            {"Tags": [{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}]},
            {"Tags": [{"Key": "b", "Value": "2"}, {"Key": "a", "Value": "1"}]},
            [],
        ),
        (
            {"Tags": [{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}]},
            {"Tags": [{"Key": "b", "Value": "3"}]},
            [("Tags[0].Value", "changed"), ("Tags[0]", "removed")],
        ),
        (Unknown("x"), {}, [("", "became-known")]),
    ],
)
def test_properties_differ_by_path(old: Value, new: Value, expected: list[tuple[str, str]]) -> None:
    assert changes(old, new) == expected


@pytest.mark.parametrize("longer", [False, True])
def test_what_is_nested_deeply_is_compared_in_one_go(longer: bool) -> None:
    old: Value = 1
    new: Value = [2, 3] if longer else 2
    for _ in range(100):
        old, new = [{"k": old}], [*([0] if longer else []), {"k": new}]
    assert len(changes({"A": old}, {"A": new})) >= 1


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(["Key", "A", "B"]), inner, max_size=3),
    max_leaves=12,
)


@given(JSON, JSON)
def test_a_difference_is_seen_from_both_sides(old: Value, new: Value) -> None:
    assert not changes({"A": old}, {"A": old})
    assert bool(changes({"A": old}, {"A": new})) == bool(changes({"A": new}, {"A": old}))


@given(st.lists(st.integers(0, 3)), st.lists(st.integers(0, 3)))
def test_pairing_loses_nothing_and_pairs_only_equals(before: list[int], after: list[int]) -> None:
    found = paired(before, after, [PairKey(int, int)])
    assert sorted([old for old, _ in found.both] + found.left) == sorted(before)
    assert sorted([new for _, new in found.both] + found.added) == sorted(after)
    assert all(old == new for old, new in found.both)
    assert not set(found.left) & set(found.added)


@pytest.mark.parametrize(
    ("before", "after", "both"),
    [
        (["a1"], ["a2"], [("a1", "a2")]),
        (["a1", "a2"], ["a3"], []),
        (["a1"], ["a2", "a3"], []),
        (["a1", "a2"], ["a3", "a4"], []),
        (["a1", "a2", "b1"], ["a3", "b2"], [("b1", "b2")]),
        (["a1", "b1"], ["a2", "a3", "b2"], [("b1", "b2")]),
    ],
)
def test_a_loose_key_pairs_only_what_has_one_name_on_both_sides(
    before: list[str], after: list[str], both: list[tuple[str, str]]
) -> None:
    first = PairKey(lambda text: text[0], lambda text: text[0], is_loose=True)
    found = paired(before, after, [first])
    assert found.both == both
    assert found.left == [old for old in before if old not in {pair[0] for pair in both}]
    assert found.added == [new for new in after if new not in {pair[1] for pair in both}]


# --- what a person sees -----------------------------------------------------------------------------


def test_the_text_says_what_is_new_worse_gone_and_not_compared(wa_lint: WaLint) -> None:
    write("a.json", template(Old=OPEN, Known=UNKNOWN, New=SHUT))
    write("b.json", template(Known=OPEN, New=OPEN))
    run = wa_lint("diff", "a.json", "b.json", *INTERNET)
    assert run.code == 1
    for said in ("New (1)", "Worse (1)", "Gone (1)", "the resource is gone", "Gone resources (1)", "unknown, now fail"):
        assert said in run.out
    assert "DirectInternetAccess: 'Disabled', now 'Enabled'" in run.out
    assert max(map(len, run.out.splitlines())) <= 80
    assert "\x1b" not in run.out


def test_the_text_has_colours_where_they_are_wanted(wa_lint: WaLint, monkeypatch: pytest.MonkeyPatch) -> None:
    write("a.json", template(Lab=SHUT))
    write("b.json", template(Lab=OPEN))
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert "\x1b[" in wa_lint("diff", "a.json", "b.json").out


def test_nothing_in_a_template_steers_the_terminal(wa_lint: WaLint) -> None:
    write("a.json", template(Lab={"InstanceType": "ml.t3.medium"}))
    write("b.json", template(Lab={"InstanceType": "\x1b[2Jx"}))
    run = wa_lint("diff", "a.json", "b.json")
    assert "\x1b" not in run.out + run.err


def test_a_difference_goes_to_files_too(wa_lint: WaLint) -> None:
    write("a.json", template(Lab=SHUT))
    write("b.json", template(Lab=OPEN))
    run = wa_lint("diff", "a.json", "b.json", "-o", "json=out.json", "-o", "text")
    assert "New (" in run.out
    SCHEMA.validate(json.loads(Path("out.json").read_bytes()))
    assert wa_lint("diff", "a.json", "b.json", "-o", "yaml").code == 2
    assert wa_lint("diff", "a.json", "b.json", "-o", "json", "-o", "text").code == 2


def test_two_runs_write_the_same(wa_lint: WaLint) -> None:
    account("a.jsonl", {NOTEBOOK: {"lab": OPEN, "other": SHUT}})
    account("b.jsonl", {NOTEBOOK: {"lab": SHUT, "new": OPEN}})
    assert wa_lint("diff", "a.jsonl", "b.jsonl").out == wa_lint("diff", "a.jsonl", "b.jsonl").out
