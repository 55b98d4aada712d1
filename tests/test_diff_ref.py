"""``--diff REF``: what is new or worse since a commit fails the build, and no git is run to find out. Bad input 70."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from dulwich import porcelain

WaLint = Callable[..., Any]

BUCKETS = """\
Resources:
  Old: {Type: 'AWS::S3::Bucket', Properties: {BucketName: old}}
  New: {Type: 'AWS::S3::Bucket', Properties: {BucketName: new}}
"""
THIRD = "  Third: {Type: 'AWS::S3::Bucket', Properties: {BucketName: third}}\n"
RULE = ("--select", "bucket-unversioned", "--all-buckets")
ROOT = ("--select", "notebook-root-access")


def write(files: dict[str, str]) -> None:
    for name, text in files.items():
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_text(text, encoding="utf-8")


def commit(files: dict[str, str] | None = None, **templates: str) -> None:
    """Commit these files, and templates by their names without a suffix, and nothing else."""
    if not Path(".git").exists():
        porcelain.init(".")
    named = {**(files or {}), **{f"{name}.yaml": text for name, text in templates.items()}}
    write(named)
    porcelain.add(".", list(named))
    porcelain.commit(".", message=b"x", author=b"a <a@b>", committer=b"a <a@b>")


def states(run: Any) -> dict[str, str | None]:
    return {f["resource"]["id"]: f.get("state") for f in run.report["findings"]}


def counted(wa_lint: WaLint, ref: str = "HEAD", *paths: str) -> set[str]:
    run = wa_lint("check", *(paths or (".",)), "-o", "json", *RULE, "--diff", ref)
    return {id_ for id_, state in states(run).items() if state != "unchanged"}


def notebook(root: str = "Enabled", name: str = "N", more: str = "") -> str:
    return (
        f"  {name}: {{Type: 'AWS::SageMaker::NotebookInstance', Properties: {{RoleArn: x, InstanceType: ml.t3.medium, "
        f"RootAccess: {root}{more}}}}}\n"
    )


def template(*resources: str, head: str = "") -> str:
    return f"{head}Resources:\n{''.join(resources)}"


# --- what a run says --------------------------------------------------------------------------------


def test_what_is_new_fails_the_build_and_the_rest_is_unchanged(wa_lint: WaLint) -> None:
    commit(t=BUCKETS)
    write({"t.yaml": "# moved\n" + BUCKETS.replace("BucketName: new", "BucketName: newer") + THIRD})
    run = wa_lint("check", "t.yaml", "-o", "json", *RULE, "--diff", "HEAD")
    assert states(run) == {"Old": "unchanged", "New": "unchanged", "Third": "new"}
    assert [f["suppressed"] for f in run.report["findings"]] == [None, None, None]
    assert run.report["summary"]["failed"] == 1
    assert run.report["summary"]["unchanged"] == 2
    assert run.report["compared"]["new"] == {"failed": 1, "unknown": 0}
    assert run.code == 1


def test_the_last_line_counts_what_became_of_the_findings(wa_lint: WaLint) -> None:
    commit(t=BUCKETS + THIRD)
    write({"t.yaml": BUCKETS.replace("New:", "Fresh:")})
    run = wa_lint("check", "t.yaml", *RULE, "--diff", "HEAD")
    assert run.code == 1
    assert run.out.splitlines()[-1] == "1 new, 1 unchanged since HEAD, 2 fixed."


def test_nothing_changed_nothing_fails_and_nothing_is_called_allowed(wa_lint: WaLint) -> None:
    commit(t=BUCKETS)
    run = wa_lint("check", "t.yaml", "--diff", "HEAD", "--all-buckets")
    assert run.code == 0
    assert "Unchanged since HEAD" in run.out
    assert "llowed" not in run.out
    assert run.out.splitlines()[-1].startswith("0 new, ")


def test_what_passed_passes(wa_lint: WaLint) -> None:
    commit(t=template(notebook("Disabled")))
    run = wa_lint("check", "t.yaml", "-o", "json", *ROOT, "--show-all", "--diff", "HEAD")
    assert [(f["outcome"], f["suppressed"], f.get("state")) for f in run.report["findings"]] == [("pass", None, None)]


FORMATS = {
    "concise": ("1 new, 2 unchanged since HEAD, 0 fixed",),
    "text": ("1 new, 2 unchanged since HEAD, 0 fixed",),
    "json": ('"state": "unchanged"', '"compared"'),
    "jsonl": ('"state": "unchanged"', '"state": "new"'),
    "sarif": ('"baselineState": "new"',),
    "sarif-full": ('"baselineState": "new"', '"baselineState": "unchanged"'),
    "markdown": ("1 new, 2 unchanged since HEAD, 0 fixed", "Unchanged since HEAD"),
    "github": ("1 new, 2 unchanged since HEAD, 0 fixed",),
    "junit": ('message="unchanged: ',),
    "csv": (",unchanged,", ",new,"),
    "html": ("1 new, 2 unchanged since HEAD, 0 fixed", 'data-outcome="unchanged"'),
    "ocsf": ('"comment":',),
}


@pytest.mark.parametrize("name", FORMATS)
def test_each_format_says_what_is_unchanged(name: str, wa_lint: WaLint) -> None:
    commit(t=BUCKETS)
    write({"t.yaml": BUCKETS + THIRD})
    run = wa_lint("check", "t.yaml", "-o", name, *RULE, "--diff", "HEAD")
    assert run.code == 1
    for text in FORMATS[name]:
        assert text in run.out


def test_code_hosts_get_only_what_is_new(wa_lint: WaLint) -> None:
    commit(t=BUCKETS)
    write({"t.yaml": BUCKETS + THIRD})
    for name in ("sarif", "gitlab", "gitlab-sast"):
        out = wa_lint("check", "t.yaml", "-o", name, *RULE, "--diff", "HEAD").out
        assert out.count('"t.yaml"') == 1, name


def test_what_is_fixed_is_absent_in_the_full_sarif_only(wa_lint: WaLint) -> None:
    commit(t=BUCKETS + THIRD)
    write({"t.yaml": BUCKETS})
    assert '"absent"' in wa_lint("check", "t.yaml", "-o", "sarif-full", *RULE, "--diff", "HEAD").out
    assert '"absent"' not in wa_lint("check", "t.yaml", "-o", "sarif", *RULE, "--diff", "HEAD").out


# --- which commit -----------------------------------------------------------------------------------


def test_a_new_file_is_new_all_of_it(wa_lint: WaLint) -> None:
    commit(x=BUCKETS.replace("Old", "A").replace("New", "B"))
    write({"u.yaml": BUCKETS})
    assert counted(wa_lint, "HEAD", "u.yaml") == {"Old", "New"}


def test_a_file_with_another_name_is_not_new(wa_lint: WaLint) -> None:
    commit({"a/t.yaml": BUCKETS})
    Path("b").mkdir()
    Path("a/t.yaml").rename("b/u.yaml")
    assert counted(wa_lint) == set()


def test_a_resource_that_moved_to_another_file_is_not_new(wa_lint: WaLint) -> None:
    commit(t=BUCKETS + THIRD, u=BUCKETS.replace("Old", "A").replace("New", "B"))
    write({"t.yaml": BUCKETS, "u.yaml": BUCKETS.replace("Old", "A").replace("New", "B") + THIRD})
    assert counted(wa_lint) == set()


def test_a_copy_in_another_file_is_new(wa_lint: WaLint) -> None:
    commit(t=BUCKETS)
    write({"a.yaml": BUCKETS})
    run = wa_lint("check", ".", "-o", "json", *RULE, "--diff", "HEAD")
    found = {(f["location"]["uri"], f["state"]) for f in run.report["findings"]}
    assert found == {("t.yaml", "unchanged"), ("a.yaml", "new")}


def test_a_branch_is_compared_where_it_was_left(wa_lint: WaLint) -> None:
    commit(t=BUCKETS)
    porcelain.branch_create(".", "feature")
    commit(t=BUCKETS + THIRD)
    porcelain.checkout(".", "feature")
    commit(t=BUCKETS + THIRD.replace("Third", "Other"))
    assert counted(wa_lint, "master") == {"Other"}
    assert counted(wa_lint, "HEAD~1") == {"Other"}
    assert counted(wa_lint, "HEAD^") == {"Other"}


@pytest.mark.parametrize("ref", ["nowhere", "HEAD~9", "", "--upload-pack=x", "HEAD~99999999"])
def test_a_commit_that_is_not_there_is_said(ref: str, wa_lint: WaLint) -> None:
    commit(t=BUCKETS)
    run = wa_lint("check", "t.yaml", "--diff", ref)
    assert run.code == 2
    assert "fetch it first" in run.err


def test_outside_of_a_repository_it_is_said(wa_lint: WaLint) -> None:
    Path("t.yaml").write_text(BUCKETS, encoding="utf-8")
    run = wa_lint("check", "t.yaml", "--diff", "HEAD")
    assert (run.code, "not a git repository" in run.err) == (2, True)


def test_stdin_was_in_no_commit(wa_lint: WaLint, monkeypatch: pytest.MonkeyPatch) -> None:
    import io  # noqa: PLC0415, only here

    commit(t=BUCKETS)
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(BUCKETS.encode())))
    run = wa_lint("check", "-", "--diff", "HEAD")
    assert (run.code, "stdin" in run.err) == (2, True)


def test_a_base_that_cannot_be_read_makes_everything_new(wa_lint: WaLint) -> None:
    commit(t="Resources: {A: [AWS::S3::Bucket")
    write({"t.yaml": BUCKETS})
    assert counted(wa_lint) == {"Old", "New"}


# --- what counts as a change ------------------------------------------------------------------------

POLICY = """\
  P:
    Type: AWS::S3::BucketPolicy
    Properties:
      Bucket: !Ref Old
      PolicyDocument:
        Statement:
          - {Effect: Deny, Principal: "*", Action: "s3:*", Resource: [!GetAtt Old.Arn, !Sub "${Old.Arn}/*"],
             Condition: {Bool: {"aws:SecureTransport": "false"}}}
"""
PARAMETER = "Parameters: {Root: {Type: String}}\n"
SAMCONFIG = 'version = 0.1\n[prod.deploy.parameters]\nparameter_overrides = "Root=%s"\n'
PARENT = template("  S: {Type: 'AWS::CloudFormation::Stack', Properties: {TemplateURL: nested/child.yaml}}\n")
MAPPING = "Mappings: {M: {a: {Root: %s}}}\n"
MAPPED = template(notebook("!FindInMap [M, a, Root]"))
STAGES = """\
Parameters: {Stage: {Type: String, AllowedValues: [a, b]}}
Conditions: {C: !Equals [!Ref Stage, a]}
"""
SAME = {"RoleArn": "x", "InstanceType": "ml.t3.medium", "RootAccess": "Enabled"}
USED = "  U: {Type: 'AWS::SNS::Topic', Properties: {TopicName: x}}\n"

CHANGES: dict[str, tuple[dict[str, str], dict[str, str | None], tuple[str, ...]]] = {
    "a parameter file": (
        {"t.yaml": template(notebook("!Ref Root"), head=PARAMETER), "prod.json": '{"Root": "Disabled"}'},
        {"prod.json": '{"Root": "Enabled"}'},
        ("t.yaml", "--parameters", "prod.json", *ROOT),
    ),
    "an environment of a samconfig": (
        {"t.yaml": template(notebook("!Ref Root"), head=PARAMETER), "samconfig.toml": SAMCONFIG % "Disabled"},
        {"samconfig.toml": SAMCONFIG % "Enabled"},
        ("t.yaml", "--parameters", "samconfig.toml", *ROOT),
    ),
    "a new parameter file": (
        {"t.yaml": template(notebook("!Ref Root"), head="Parameters: {Root: {Type: String, Default: Disabled}}\n")},
        {"prod.json": '{"Root": "Enabled"}'},
        ("t.yaml", "--parameters", "prod.json", *ROOT),
    ),
    "a default": (
        {"t.yaml": template(notebook("!Ref Root"), head="Parameters: {Root: {Type: String, Default: Disabled}}\n")},
        {"t.yaml": template(notebook("!Ref Root"), head="Parameters: {Root: {Type: String, Default: Enabled}}\n")},
        ("t.yaml", *ROOT),
    ),
    "a mapping": (
        {"t.yaml": MAPPING % "Disabled" + MAPPED},
        {"t.yaml": MAPPING % "Enabled" + MAPPED},
        ("t.yaml", *ROOT),
    ),
    "the template of a nested stack": (
        {"t.yaml": PARENT, "nested/child.yaml": template(notebook("Disabled"))},
        {"nested/child.yaml": template(notebook("Enabled"))},
        ("t.yaml", *ROOT),
    ),
    "a new template of a nested stack": (
        {"t.yaml": PARENT},
        {"nested/child.yaml": template(notebook("Enabled"))},
        ("t.yaml", *ROOT),
    ),
    "a deleted bucket policy": (
        {"t.yaml": BUCKETS + POLICY},
        {"t.yaml": BUCKETS},
        ("t.yaml", "--select", "bucket-allows-plain-http", "--all-buckets"),
    ),
    "a deleted bucket policy in another file": (
        {
            "t.yaml": BUCKETS + "Outputs: {B: {Value: !Ref Old, Export: {Name: old}}}\n",
            "u.yaml": template(
                POLICY.replace("!Ref Old", "old").replace(
                    '!GetAtt Old.Arn, !Sub "${Old.Arn}/*"', '"arn:aws:s3:::old", "arn:aws:s3:::old/*"'
                )
            ),
        },
        {"u.yaml": None},
        (".", "--select", "bucket-allows-plain-http", "--all-buckets"),
    ),
    "a doubt that became a fail": (
        {"t.yaml": template(notebook("!Ref Root"), head=PARAMETER)},
        {"t.yaml": template(notebook("Enabled"), head=PARAMETER)},
        ("t.yaml", *ROOT),
    ),
    "a condition that is gone": (
        {"t.yaml": template(notebook("!If [C, Enabled, Disabled]"), head=STAGES)},
        {"t.yaml": template(notebook("Enabled"), head=STAGES)},
        ("t.yaml", *ROOT),
    ),
    "a suppression that is gone": (
        {"t.yaml": template(notebook().replace("\n", "  # wa-lint: allow notebook-root-access toy\n"))},
        {"t.yaml": template(notebook())},
        ("t.yaml", *ROOT),
    ),
    "a rule that is selected now": (
        {"t.yaml": BUCKETS, "wa-lint.yaml": "all-buckets: true\nselect: [notebook-root-access]\n"},
        {"wa-lint.yaml": "all-buckets: true\nselect: [notebook-root-access, bucket-unversioned]\n"},
        ("t.yaml",),
    ),
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_change_fails_the_build(name: str, wa_lint: WaLint) -> None:
    before, after, options = CHANGES[name]
    commit(before)
    assert wa_lint("check", *with_what_is_there(options), "--diff", "HEAD").code == 0
    write({name: text for name, text in after.items() if text is not None})
    for gone in (name for name, text in after.items() if text is None):
        Path(gone).unlink()
    run = wa_lint("check", *options, "--diff", "HEAD")
    assert run.code == 1, run.out + run.err
    assert wa_lint("check", *options, "-o", "json", "--diff", "HEAD").report["compared"]["since"] == "HEAD"


def with_what_is_there(options: tuple[str, ...]) -> list[str]:
    """Return the options without a parameter file that is not there yet."""
    absent = {n for n, text in enumerate(options) if text.endswith(".json") and not Path(text).exists()}
    return [text for n, text in enumerate(options) if n not in absent and n + 1 not in absent]


NO_CHANGES: dict[str, tuple[dict[str, str], dict[str, str]]] = {
    "another order of resources": (
        {"t.yaml": template(notebook(name="A"), notebook(name="B"))},
        {"t.yaml": template(notebook(name="B"), notebook(name="A"))},
    ),
    "DependsOn": (
        {"t.yaml": template(notebook().replace("Properties", "DependsOn: U, Properties"), USED)},
        {"t.yaml": template(notebook(), USED)},
    ),
    "another type beside it": ({"t.yaml": template(notebook())}, {"t.yaml": template(notebook(), USED)}),
    "a parameter that nothing uses": (
        {"t.yaml": template(notebook())},
        {"t.yaml": template(notebook(), head="Parameters: {X: {Type: String}}\n")},
    ),
    "another layout": (
        {"t.yaml": template(notebook())},
        {
            "t.yaml": json.dumps(
                {"Resources": {"N": {"Type": "AWS::SageMaker::NotebookInstance", "Properties": SAME}}}, indent=1
            )
        },
    ),
    "a file that is not a template": ({"t.yaml": template(notebook())}, {"README.md": "x", "x.json": "{}"}),
    "another property of the resource": (
        {"t.yaml": template(notebook())},
        {"t.yaml": template(notebook(more=", VolumeSizeInGB: 20"))},
    ),
}


@pytest.mark.parametrize("name", NO_CHANGES)
def test_what_changes_no_finding_is_no_news(name: str, wa_lint: WaLint) -> None:
    before, after = NO_CHANGES[name]
    commit(before)
    write(after)
    run = wa_lint("check", ".", "-o", "json", "--diff", "HEAD")
    assert run.code == 0
    assert {f["state"] for f in run.report["findings"]} == {"unchanged"}


# --- a change does not hide what it adds ------------------------------------------------------------

COMMENTED = notebook(name="Added").replace("\n", "  # wa-lint: allow notebook-root-access x\n")
BOTH = template(notebook(), notebook(name="Added"))
PACK = """\
id: topic-name
title: A topic has the wrong name
severity: %s
practices: [MLSEC03-BP01]
applies_to: [AWS::SNS::Topic]
require: has(resource.TopicName) && resource.TopicName == '%s'
message: "The name is wrong."
why: It is.
fix: Change it.
references: [https://docs.aws.amazon.com/sns/latest/dg/welcome.html]
examples:
  - {name: a, expect: pass, template: {Resources: {T: {Type: 'AWS::SNS::Topic', Properties: {TopicName: '%s'}}}}}
  - name: b
    expect: fail
    at: TopicName
    template: {Resources: {T: {Type: 'AWS::SNS::Topic', Properties: {TopicName: zzz}}}}
  - name: c
    expect: unknown
    at: TopicName
    template:
      Parameters: {P: {Type: String}}
      Resources: {T: {Type: 'AWS::SNS::Topic', Properties: {TopicName: !Ref P}}}
"""

HIDDEN: dict[str, tuple[dict[str, str], dict[str, str]]] = {
    "ignore": ({}, {"wa-lint.yaml": "ignore: ['*']\n"}),
    "ignore, of one rule": (
        {"wa-lint.yaml": "jobs: 1\n"},
        {"wa-lint.yaml": "jobs: 1\nignore: [notebook-root-access]\n"},
    ),
    "select": ({}, {"wa-lint.yaml": "select: [bucket-unversioned]\n"}),
    "pillar": ({}, {"wa-lint.yaml": "pillar: [cost-optimization]\n"}),
    "severity": ({}, {"wa-lint.yaml": "severity: critical\n"}),
    "fail-on": ({}, {"wa-lint.yaml": "fail-on: never\n"}),
    "fail-on, higher": ({"wa-lint.yaml": "fail-on: high\n"}, {"wa-lint.yaml": "fail-on: critical\n"}),
    "exclude": ({}, {"wa-lint.yaml": "exclude: ['t.yaml']\n"}),
    "paths": ({"wa-lint.yaml": "paths: [.]\n"}, {"wa-lint.yaml": "paths: [other]\n", "other/o.yaml": template(USED)}),
    "overrides": ({}, {"wa-lint.yaml": "overrides: [{paths: ['*'], ignore: ['notebook-*']}]\n"}),
    "allow": ({}, {"wa-lint.yaml": "allow: [{rule: 'notebook-*', resource: '*', reason: toy}]\n"}),
    "a file of suppressions": (
        {"wa-lint.yaml": "allow: [allow.yaml]\n", "allow.yaml": "allow: []\n"},
        {"allow.yaml": "allow: [{rule: 'notebook-*', file: t.yaml, reason: toy}]\n"},
    ),
    "a new file of suppressions": (
        {},
        {"wa-lint.yaml": "allow: [a.yaml]\n", "a.yaml": "allow: [{rule: 'notebook-*', file: t.yaml, reason: toy}]\n"},
    ),
    "pyproject.toml": ({}, {"pyproject.toml": "[tool.wa-lint]\nignore = ['*']\n"}),
    "what is extended": (
        {"wa-lint.yaml": "extends: base.yaml\n", "base.yaml": "jobs: 1\n"},
        {"base.yaml": "ignore: ['*']\n"},
    ),
    "inline-suppressions": (
        {"wa-lint.yaml": "inline-suppressions: false\n"},
        {
            "wa-lint.yaml": "inline-suppressions: true\n",
            "t.yaml": template(notebook(), COMMENTED),
        },
    ),
    "never-suppress": (
        {"wa-lint.yaml": "never-suppress: [notebook-root-access]\n"},
        {
            "wa-lint.yaml": "jobs: 1\n",
            "t.yaml": template(notebook(), COMMENTED),
        },
    ),
}


@pytest.mark.parametrize("name", HIDDEN)
def test_a_change_hides_nothing_that_it_adds(name: str, wa_lint: WaLint) -> None:
    before, after = HIDDEN[name]
    commit({"t.yaml": template(notebook()), **before})
    write({"t.yaml": BOTH, **after})
    run = wa_lint("check", "-o", "json", "--diff", "HEAD")
    added = {f["rule"]: f for f in run.report["findings"] if f["resource"]["id"] == "Added"}
    assert run.code == 1, run.err
    assert added["notebook-root-access"]["state"] == "new"
    assert added["notebook-root-access"]["suppressed"] is None
    old = {f["state"] for f in run.report["findings"] if f["resource"]["id"] == "N" and f["suppressed"] is None}
    assert old <= {"unchanged"}


def test_a_baseline_that_grows_with_the_change_hides_nothing(wa_lint: WaLint) -> None:
    write({"t.yaml": template(notebook())})
    wa_lint("baseline", "t.yaml", "-o", "base.json")
    commit({"t.yaml": template(notebook()), "base.json": Path("base.json").read_text(encoding="utf-8")})
    write({"t.yaml": BOTH})
    wa_lint("baseline", "t.yaml", "-o", "base.json")
    assert wa_lint("check", "t.yaml", "--baseline", "base.json").code == 0
    assert wa_lint("check", "t.yaml", "--baseline", "base.json", "--diff", "HEAD").code == 1


@pytest.mark.parametrize(("severity", "right"), [("high", "b"), ("low", "a")])
def test_a_rule_that_the_change_loosens_still_judges_it(severity: str, right: str, wa_lint: WaLint) -> None:
    rules = f"rules-{severity}"  # compiled rules are kept by folder as long as the process runs
    topic = "  T: {Type: 'AWS::SNS::Topic', Properties: {TopicName: %s}}\n"
    commit({"t.yaml": template(topic % "a"), f"{rules}/topic-name.yaml": PACK % ("high", "a", "a")})
    write({"t.yaml": template(topic % "b"), f"{rules}/topic-name.yaml": PACK % (severity, right, right)})
    run = wa_lint("check", "t.yaml", "-o", "json", "--rules", rules, "--select", "topic-name", "--diff", "HEAD")
    assert [(f["outcome"], f["severity"], f["state"]) for f in run.report["findings"]] == [("fail", "high", "new")]
    assert run.code == 1


def test_what_is_old_may_be_switched_off(wa_lint: WaLint) -> None:
    commit(t=template(notebook()))
    write({"wa-lint.yaml": "ignore: ['notebook-*']\n"})
    run = wa_lint("check", ".", "-o", "json", "--diff", "HEAD")
    assert run.code == 0
    assert {f["state"] for f in run.report["findings"]} == {"unchanged"}
    assert "switches it off" in run.report["findings"][0]["change"]


def test_a_fix_may_take_its_suppression_with_it(wa_lint: WaLint) -> None:
    allowed = "allow: [{rule: notebook-root-access, resource: N, reason: toy}]\n"
    commit({"t.yaml": template(notebook()), "wa-lint.yaml": allowed})
    write({"t.yaml": template(notebook("Disabled")), "wa-lint.yaml": "jobs: 1\n"})
    run = wa_lint("check", ".", *ROOT, "--diff", "HEAD")
    assert run.code == 0
    assert run.err == ""


# --- what a comment accepted ------------------------------------------------------------------------

WIDE = """\
Resources:
  P:
    Type: AWS::IAM::ManagedPolicy
    Properties:
      PolicyDocument:
        Statement:
%s"""
S3 = "          - {Effect: Allow, Action: ['s3:*'], Resource: '*'}  # wa-lint: allow role-service-wildcard %s\n"
KMS = (
    "          - {Effect: Allow, Action: ['s3:*', 'kms:*'], Resource: '*'}  # wa-lint: allow role-service-wildcard %s\n"
)
WILD = ("--select", "role-service-wildcard")


def test_a_statement_that_grew_below_its_comment_is_worse(wa_lint: WaLint) -> None:
    commit(t=WIDE % (S3 % "toy"))
    write({"t.yaml": WIDE % (KMS % "toy")})
    assert wa_lint("check", "t.yaml", *WILD).code == 0
    run = wa_lint("check", "t.yaml", "-o", "json", *WILD, "--diff", "HEAD")
    assert run.code == 1
    (finding,) = run.report["findings"]
    assert (finding["state"], finding["suppressed"]) == ("updated", None)
    assert "wider than what HEAD accepted: kms:*" in finding["change"]


def test_a_comment_that_changes_with_its_statement_accepts_it(wa_lint: WaLint) -> None:
    commit(t=WIDE % (S3 % "toy"))
    write({"t.yaml": WIDE % (KMS % "keys too")})
    assert wa_lint("check", "t.yaml", *WILD, "--diff", "HEAD").code == 0


def test_a_statement_that_shrank_below_its_comment_stays_accepted(wa_lint: WaLint) -> None:
    commit(t=WIDE % (KMS % "toy"))
    write({"t.yaml": WIDE % (S3 % "toy")})
    assert wa_lint("check", "t.yaml", *WILD, "--diff", "HEAD").code == 0


TRUSTING = """\
Resources:
  R:  # wa-lint: allow role-trusts-everyone toy
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Statement:
%s"""


def test_a_comment_on_the_resource_is_older_than_a_new_statement(wa_lint: WaLint) -> None:
    one, two = (
        f"          - {{Effect: Allow, Principal: '*', Action: 'sts:{a}'}}\n" for a in ("AssumeRole", "Assume*")
    )
    commit(t=TRUSTING % one)
    write({"t.yaml": TRUSTING % (two + one)})
    run = wa_lint("check", "t.yaml", "-o", "json", "--select", "role-trusts-everyone", "--diff", "HEAD")
    assert run.code == 1
    assert [f["suppressed"] is None for f in run.report["findings"]] == [True, False]
    assert "older than this statement" in run.report["findings"][0]["change"]


def test_a_comment_on_the_resource_is_not_about_a_service_that_came_later(wa_lint: WaLint) -> None:
    """All statements of the policy that allow a whole service are one finding."""
    on_resource = WIDE.replace("P:\n", "P:  # wa-lint: allow role-service-wildcard toy\n")
    one, two = (f"          - {{Effect: Allow, Action: '{a}:*', Resource: '*'}}\n" for a in ("s3", "kms"))
    commit(t=on_resource % one)
    write({"t.yaml": on_resource % (two + one)})
    run = wa_lint("check", "t.yaml", "-o", "json", *WILD, "--diff", "HEAD")
    assert run.code == 1
    (finding,) = run.report["findings"]
    assert (finding["state"], finding["suppressed"]) == ("updated", None)
    assert "wider than what HEAD accepted: kms:*" in finding["change"]


# --- nothing is run, and nothing is written outside -------------------------------------------------


def test_70_what_the_repository_configures_is_not_run(wa_lint: WaLint, monkeypatch: pytest.MonkeyPatch) -> None:
    commit(t=BUCKETS)
    trap = Path("trap.sh").resolve()
    trap.write_text(f"#!/bin/sh\ntouch {trap.with_name('ran')}\n", encoding="utf-8")
    trap.chmod(0o755)
    with Path(".git/config").open("a", encoding="utf-8") as config:
        config.write(f'[core]\n\tfsmonitor = {trap}\n\thooksPath = {trap.parent}\n[diff "x"]\n\ttextconv = {trap}\n')
        config.write(f'[filter "x"]\n\tsmudge = {trap}\n\tclean = {trap}\n')
    Path(".gitattributes").write_text("*.yaml diff=x filter=x\n", encoding="utf-8")
    Path("sub").mkdir()
    monkeypatch.chdir("sub")
    monkeypatch.setenv("PATH", os.devnull)
    assert counted(wa_lint, "HEAD", "../t.yaml") == set()
    assert not trap.with_name("ran").exists()


def test_links_in_the_commit_lead_nowhere_outside(
    wa_lint: WaLint, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository = tmp_path / "repository"
    repository.mkdir()
    (tmp_path / "outside.yaml").write_text(template(notebook(name="Outside")), encoding="utf-8")
    monkeypatch.chdir(repository)
    Path("up").symlink_to(".")
    Path("a.yaml").symlink_to("up/../outside.yaml")
    Path("b.yaml").symlink_to("../outside.yaml")
    Path("c.yaml").symlink_to(tmp_path / "outside.yaml")
    Path("d.yaml").symlink_to("t.yaml")
    Path("loop.yaml").symlink_to("loop.yaml")
    commit({"t.yaml": template(notebook())})
    porcelain.add(".", ["up", "a.yaml", "b.yaml", "c.yaml", "d.yaml", "loop.yaml"])
    porcelain.commit(".", message=b"x", author=b"a <a@b>", committer=b"a <a@b>")
    for name in ("a.yaml", "b.yaml", "c.yaml"):
        Path(name).unlink()
        Path(name).write_text(template(notebook(name="Outside")), encoding="utf-8")
    run = wa_lint("check", ".", "-o", "json", *ROOT, "--diff", "HEAD")
    assert states(run) == {"N": "unchanged", "Outside": "new"}


def test_it_works_from_a_folder_below_and_with_the_configuration_above(
    wa_lint: WaLint, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit({"wa-lint.yaml": "ignore: ['bucket-*']\n", "infra/t.yaml": template(notebook()), "env/p.json": "{}"})
    write({"infra/t.yaml": BOTH, "wa-lint.yaml": "ignore: ['*']\n"})
    root = Path.cwd()
    monkeypatch.chdir("infra")
    for path in ("t.yaml", ".", str(root / "infra" / "t.yaml"), ".."):
        run = wa_lint("check", path, "-o", "json", *ROOT, "--diff", "HEAD")
        assert states(run) == {"N": "unchanged", "Added": "new"}, path


def test_a_folder_that_was_not_there_is_new(wa_lint: WaLint, monkeypatch: pytest.MonkeyPatch) -> None:
    commit(t=template(notebook()))
    write({"later/u.yaml": template(notebook(name="Added"))})
    monkeypatch.chdir("later")
    assert states(wa_lint("check", "-o", "json", *ROOT, "--diff", "HEAD")) == {"Added": "new"}


def test_files_outside_of_the_repository_are_the_same_on_both_sides(
    wa_lint: WaLint, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository = tmp_path / "repository"
    repository.mkdir()
    monkeypatch.chdir(repository)
    (tmp_path / "prod.json").write_text('{"Root": "Enabled"}', encoding="utf-8")
    commit(t=template(notebook("!Ref Root"), head=PARAMETER))
    write({"t.yaml": "# touched\n" + template(notebook("!Ref Root"), head=PARAMETER)})
    for file in ("../prod.json", str(tmp_path / "prod.json")):
        run = wa_lint("check", "t.yaml", "-o", "json", *ROOT, "--parameters", file, "--diff", "HEAD")
        assert (run.code, states(run)) == (0, {"N": "unchanged"})


def test_a_word_is_no_file_and_a_new_parameter_no_error(wa_lint: WaLint) -> None:
    commit(t=template(notebook("Disabled")))
    write({"t.yaml": template(notebook("!Ref Root"), head=PARAMETER)})
    run = wa_lint("check", "t.yaml", "-o", "json", *ROOT, "--parameters", "Root=Enabled", "--diff", "HEAD")
    assert (run.code, states(run), run.err) == (1, {"N": "new"}, "")


def test_a_stage_that_fails_now_too_is_worse(wa_lint: WaLint) -> None:
    files = {"t.yaml": template(notebook("!Ref Root"), head=PARAMETER), "dev.json": '{"Root": "Enabled"}'}
    commit({**files, "prod.json": '{"Root": "Disabled"}'})
    write({"prod.json": '{"Root": "Enabled"}'})
    given = ("--parameters", "dev.json", "--parameters", "prod.json")
    run = wa_lint("check", "t.yaml", "-o", "json", *ROOT, *given, "--diff", "HEAD")
    assert (run.code, states(run)) == (1, {"N": "updated"})
    assert run.report["findings"][0]["change"] == "it fails in every stage now, and was in dev"


def test_what_is_deleted_is_fixed(wa_lint: WaLint) -> None:
    commit(t=BUCKETS, u=template(notebook()))
    Path("u.yaml").unlink()
    run = wa_lint("check", ".", "-o", "json", *ROOT, "--diff", "HEAD")
    assert [known["resource"] for known in run.report["compared"]["fixed"]] == ["N"]


def test_a_named_configuration_is_read_as_it_was(wa_lint: WaLint) -> None:
    commit({"t.yaml": template(notebook()), "ci/lint.yaml": "jobs: 1\n"})
    write({"t.yaml": BOTH, "ci/lint.yaml": "ignore: ['notebook-*']\n"})
    run = wa_lint("check", ".", "-o", "json", *ROOT, "--config", "ci/lint.yaml", "--diff", "HEAD")
    assert (run.code, states(run)) == (1, {"N": "unchanged", "Added": "new"})


def test_without_a_configuration_none_is_read_for_the_commit(wa_lint: WaLint) -> None:
    commit({"t.yaml": template(notebook()), "wa-lint.yaml": "ignore: ['*']\n"})
    write({"t.yaml": BOTH})
    run = wa_lint("check", ".", "-o", "json", *ROOT, "--no-config", "--diff", "HEAD")
    assert states(run) == {"N": "unchanged", "Added": "new"}


@pytest.mark.parametrize("command", [("baseline", "."), ("scan",), ("diff", "t.yaml", "t.yaml")])
def test_other_commands_do_not_take_it(command: tuple[str, ...], wa_lint: WaLint) -> None:
    commit(t=BUCKETS)
    run = wa_lint(*command, "--diff", "HEAD")
    assert (run.code, "--diff" in run.err) == (2, True)


SCALING = """\
  C:
    Type: AWS::SageMaker::EndpointConfig
    Properties:
      ProductionVariants: [{VariantName: v, ModelName: m, InstanceType: ml.m5.large, InitialInstanceCount: 2}]
  E: {Type: 'AWS::SageMaker::Endpoint', Properties: {EndpointName: e, EndpointConfigName: !GetAtt C.EndpointConfigName}}
"""
TARGET = """\
  T:
    Type: AWS::ApplicationAutoScaling::ScalableTarget
    Properties:
      ServiceNamespace: sagemaker
      ScalableDimension: sagemaker:variant:DesiredInstanceCount
      ResourceId: endpoint/e/variant/v
      MinCapacity: 1
      MaxCapacity: 4
  P:
    Type: AWS::ApplicationAutoScaling::ScalingPolicy
    Properties: {PolicyName: p, PolicyType: TargetTrackingScaling, ScalingTargetId: !Ref T}
"""
ALARM = """\
  A:
    Type: AWS::CloudWatch::Alarm
    Properties:
      Namespace: AWS/SageMaker
      MetricName: Invocation5XXErrors
      Dimensions: [{Name: EndpointName, Value: e}, {Name: VariantName, Value: v}]
      ComparisonOperator: GreaterThanThreshold
      EvaluationPeriods: 1
      Period: 60
      Statistic: Sum
      Threshold: 1
      AlarmActions: ['arn:aws:sns:eu-west-1:111122223333:x']
"""


@pytest.mark.parametrize(
    ("gone", "rule"), [(TARGET, "endpoint-without-autoscaling"), (ALARM, "endpoint-without-alarm")]
)
def test_what_guarded_a_resource_and_is_deleted_is_news(gone: str, rule: str, wa_lint: WaLint) -> None:
    commit(t=template(SCALING, gone))
    assert wa_lint("check", "t.yaml", "--select", rule, "--diff", "HEAD").code == 0
    assert "1 passed" in wa_lint("check", "t.yaml", "--select", rule).out
    write({"t.yaml": template(SCALING)})
    run = wa_lint("check", "t.yaml", "-o", "json", "--select", rule, "--diff", "HEAD")
    assert (run.code, [f["state"] for f in run.report["findings"]]) == (1, ["new"])


ROOT_OF_THE_PROJECT = Path(__file__).parents[1]


@pytest.mark.parametrize(
    ("name", "schema"),
    [("json", "wa_lint/schemas/report.schema.json"), ("sarif-full", "tests/schemas/sarif-2.1.0.json")],
)
def test_the_reports_are_what_their_schemas_say(name: str, schema: str, wa_lint: WaLint) -> None:
    commit(t=BUCKETS + THIRD, u=WIDE % (S3 % "toy"))
    write({"t.yaml": BUCKETS + THIRD.replace("Third", "Other"), "u.yaml": WIDE % (KMS % "toy")})
    run = wa_lint("check", ".", "-o", name, "--show-all", "--all-buckets", "--diff", "HEAD")
    found = {
        f.get("state") or f.get("baselineState") for f in run.report.get("findings") or run.report["runs"][0]["results"]
    }
    assert {"new", "updated", "unchanged"} <= found
    contract = json.loads((ROOT_OF_THE_PROJECT / schema).read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator(contract).validate(run.report)


GROWN = {
    "metadata": {"t.json": '{"Metadata": {"wa-lint": {"allow": ["role-service-wildcard toy"]}}, %s}'},
    "a file": {"wa-lint.yaml": "allow: [{rule: role-service-wildcard, resource: P, reason: toy}]\n", "t.json": "{%s}"},
}
GRANTED = '"Type": "AWS::IAM::ManagedPolicy", "Properties": {"PolicyDocument": {"Statement": [%s]}}'


@pytest.mark.parametrize("name", GROWN)
def test_a_statement_that_grew_below_any_suppression_is_worse(name: str, wa_lint: WaLint) -> None:
    def at(*actions: str) -> dict[str, str]:
        statement = json.dumps({"Effect": "Allow", "Action": list(actions), "Resource": "*"})
        body = GROWN[name]["t.json"] % (GRANTED % statement)
        return {**GROWN[name], "t.json": f'{{"Resources": {{"P": {body}}}}}'}

    commit(at("s3:*"))
    write(at("s3:*", "kms:*"))
    assert wa_lint("check", "t.json", *WILD).code == 0
    run = wa_lint("check", "t.json", "-o", "json", *WILD, "--diff", "HEAD")
    assert (run.code, [f["state"] for f in run.report["findings"]]) == (1, ["updated"])
    write(at("s3:GetObject", "s3:*"))
    assert wa_lint("check", "t.json", *WILD, "--diff", "HEAD").code == 0


def test_temporary_files_inside_of_the_repository_are_refused(wa_lint: WaLint, monkeypatch: pytest.MonkeyPatch) -> None:
    commit(t=BUCKETS)
    monkeypatch.setattr("tempfile.tempdir", str(Path.cwd()))
    run = wa_lint("check", ".", "--diff", "HEAD")
    assert (run.code, "TMPDIR" in run.err) == (2, True)
    assert sorted(path.name for path in Path.cwd().iterdir()) == [".git", "t.yaml"]
