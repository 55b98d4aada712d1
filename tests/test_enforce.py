"""The owner of the pipeline outranks the author of the change: each way to loosen a verdict, against `--enforce`."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

import jsonschema
import pytest
import yaml
from dulwich.repo import Repo
from test_trust import RULE

from wa_lint import enforce, packs
from wa_lint.config import KEYS
from wa_lint.errors import ConfigError
from wa_lint.model import Finding, Listed, Location, Note, Outcome, Report, Resource
from wa_lint.run.choice import Choice
from wa_lint.run.layers import Layers
from wa_lint.run.settle import settled
from wa_lint.suppress.apply import Settling

WaLint = Callable[..., Any]

RULE_ID: Final = "notebook-root-access"

TEMPLATE = """\
Resources:
  N:
    Type: AWS::SageMaker::NotebookInstance
    Properties: {InstanceType: ml.t3.medium, RoleArn: arn, RootAccess: Enabled}
"""

COMMENTED = TEMPLATE.replace("  N:\n", f"  # wa-lint: allow {RULE_ID} it is mine\n  N:\n")
METADATA = TEMPLATE + f"    Metadata: {{wa-lint: {{allow: ['{RULE_ID} it is mine']}}}}\n"
ASKED = TEMPLATE.replace("RootAccess: Enabled", "RootAccess: !Ref Root").replace(
    "Resources:", "Parameters: {Root: {Type: String, Default: Enabled}}\nResources:", 1
)


@pytest.fixture(autouse=True)
def _unread() -> None:
    packs.book.cache_clear()


@pytest.fixture
def make(tmp_path: Path, wa_lint: WaLint, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str], None]:
    """Write a file of the repository, in which we are; what is enforced lies beside it."""
    del wa_lint
    (tmp_path / "repository/.git").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "repository")

    def write(name: str, text: str) -> None:
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_text(text, "utf-8")

    write("../enforce.yaml", f"rules: [{RULE_ID}]\n")
    write("t.yaml", TEMPLATE)
    return write


Make = Callable[[str, str], None]


def fails(run: Any) -> set[str]:
    return {f["rule"] for f in run.report["findings"] if f["outcome"] == "fail" and not f["suppressed"]}


# --- each way to loosen -----------------------------------------------------------------------------

CONFIGURED: Final = {
    "select": "select: bucket-unversioned",
    "ignore": f"ignore: {RULE_ID}",
    "ignore, by a pattern": "ignore: ['*']",
    "pillar": "pillar: sustainability",
    "severity": "severity: critical",
    "fail-on": "fail-on: never",
    "exclude": "exclude: ['*']",
    "exclude, by name": "exclude: [t.yaml]",
    "paths": "paths: [empty]",
    "parameters": "parameters: [Root=Disabled]",
    "overrides": f"overrides: [{{paths: ['*'], ignore: {RULE_ID}}}]",
    "overrides, by patterns": "overrides: [{paths: t.yaml, ignore: 'note*'}, {paths: '*', ignore: '*'}]",
    "allow": f"allow: [{{rule: {RULE_ID}, resource: N, reason: r}}]",
    "allow, by patterns": "allow: [{rule: '*', file: '*', reason: r}]",
    "allow, by part of a pattern": "allow: [{rule: 'notebook-r*', reason: r, resource: '*'}]",
    "allow, in a file": "allow: [allow.yaml]",
    "baseline": "baseline: baseline.json",
    "extends": "extends: deep/base.yaml",
    "everything": "{ignore: ['*'], exclude: ['*'], fail-on: never, severity: critical, inline-suppressions: true}",
}

TYPED: Final = {
    "--select": ("--select", "bucket-unversioned"),
    "--ignore": ("--ignore", RULE_ID),
    "--ignore, all": ("--ignore", "*"),
    "--pillar": ("--pillar", "sustainability"),
    "--severity": ("--severity", "critical"),
    "--fail-on": ("--fail-on", "never"),
    "--exclude": ("--exclude", "*"),
    "--force-exclude": ("--exclude", "*", "--force-exclude"),
    "--allow": ("--allow", "allow.yaml"),
    "--baseline": ("--baseline", "baseline.json"),
    "--config": ("--config", "deep/base.yaml"),
    "an empty enforcement": ("--enforce", "weak.yaml"),
}

WRITTEN: Final = {"a comment": COMMENTED, "metadata": METADATA}


def prepare(make: Make, wa_lint: WaLint) -> None:
    wa_lint("baseline", "t.yaml", "-o", "baseline.json")
    make("empty/none.txt", "")
    make("deep/base.yaml", f"ignore: [{RULE_ID}]\noverrides: [{{paths: '*', ignore: '*'}}]\n")
    make("allow.yaml", f"allow: [{{rule: {RULE_ID}, reason: r, file: '*'}}]\n")
    make("weak.yaml", "fail-on: critical\nexclude: true\n")


@pytest.mark.parametrize("way", CONFIGURED)
def test_no_configuration_loosens_it(way: str, make: Make, wa_lint: WaLint) -> None:
    prepare(make, wa_lint)
    make("t.yaml", ASKED if way == "parameters" else TEMPLATE)
    make("wa-lint.yaml", f"{CONFIGURED[way]}\n")
    loose = wa_lint("check", "-o", "json")
    assert RULE_ID not in fails(loose) or loose.code == 0, "the way is one"
    run = wa_lint("check", "-o", "json", "--enforce", "../enforce.yaml")
    assert (run.code, RULE_ID in fails(run)) == (1, True), run.err
    (strict,) = [one for one in run.report["configuration"] if one["trust"] == "enforced"]
    assert strict["overruled"], "the report says so"
    assert strict["uri"] == "enforce.yaml"


@pytest.mark.parametrize("name", ["wa-lint.yaml", ".wa-lint.yaml", "pyproject.toml"])
def test_nor_by_any_of_its_names_nor_from_a_folder_below(
    name: str, make: Make, wa_lint: WaLint, monkeypatch: pytest.MonkeyPatch
) -> None:
    make("sub/t.yaml", TEMPLATE)
    make(f"sub/{name}", "[tool.wa-lint]\nignore = ['*']\n" if name.endswith("toml") else "ignore: ['*']\n")
    monkeypatch.chdir("sub")
    assert wa_lint("check", "-o", "json").code == 3  # nothing is checked
    assert wa_lint("check", "-o", "json", "--enforce", "../../enforce.yaml").code == 1


@pytest.mark.parametrize("way", TYPED)
def test_no_option_loosens_it(way: str, make: Make, wa_lint: WaLint) -> None:
    prepare(make, wa_lint)
    loose = wa_lint("check", ".", "-o", "json", *TYPED[way])
    assert way == "an empty enforcement" or loose.code != 1 or RULE_ID not in fails(loose), "the way is one"
    for before, after in (((), TYPED[way]), (TYPED[way], ())):
        run = wa_lint("check", ".", "-o", "json", *before, "--enforce", "../enforce.yaml", *after)
        assert (run.code, RULE_ID in fails(run)) == (1, True), run.err


@pytest.mark.parametrize("way", WRITTEN)
def test_nothing_beside_a_resource_loosens_it(way: str, make: Make, wa_lint: WaLint) -> None:
    make("t.yaml", WRITTEN[way])
    run = wa_lint("check", ".", "-o", "json", "--enforce", "../enforce.yaml")
    assert (run.code, RULE_ID in fails(run)) == (1, True)
    assert "suppression-refused" in fails(run)


def test_no_tag_loosens_it() -> None:
    """As one stands on a live resource."""
    arn = "arn:aws:sagemaker:eu-west-1:111122223333:notebook-instance/n"
    place = Location(arn)
    (rule,) = [rule.info for rule in packs.book().rules if rule.info.id == RULE_ID]
    resource = Resource(arn, "AWS::SageMaker::NotebookInstance", {}, Listed(place), arn=arn)
    finding = Finding(rule, Outcome.FAIL, resource, "RootAccess", place, "It is on.", fingerprint="f")
    report = Report((rule,), (finding,), notes=(Note("tag", f"allow {RULE_ID} mine", place, place, arn),))
    loose = settled(report, Settling(), Choice(), Layers(), "2026-12-01", print)
    assert [f.suppressed is not None for f in loose.findings] == [True]
    strict = settled(report, Settling(), Choice(always=frozenset({RULE_ID})), Layers(), "2026-12-01", print)
    assert {f.rule.id for f in strict.findings if f.suppressed is None} == {RULE_ID, "suppression-refused"}


@pytest.mark.usefixtures("make")
def test_git_loosens_nothing(wa_lint: WaLint) -> None:
    """`--diff` calls a finding unchanged; an enforced one fails all the same."""
    shutil.rmtree(".git")
    repository = Repo.init(".")
    repository.get_worktree().stage(["t.yaml"])
    repository.get_worktree().commit(b"x", committer=b"x <a@b.c>", author=b"x <a@b.c>")
    repository.close()
    assert wa_lint("check", ".", "--diff", "HEAD").code == 0
    assert wa_lint("check", ".", "--diff", "HEAD", "--enforce", "../enforce.yaml").code == 1


def test_the_variable_adds_to_the_option_and_the_command_line_cannot_replace_it(
    make: Make, wa_lint: WaLint, monkeypatch: pytest.MonkeyPatch
) -> None:
    make("weak.yaml", "fail-on: critical\n")
    make("../more.yaml", "rules: [notebook-direct-internet]\n")
    monkeypatch.setenv("WA_LINT_ENFORCE", "../enforce.yaml")
    run = wa_lint("check", ".", "-o", "json", "--ignore", "*")
    assert fails(run) == {RULE_ID}
    run = wa_lint("check", ".", "-o", "json", "--ignore", "*", "--enforce", "weak.yaml")
    assert fails(run) == {RULE_ID}
    monkeypatch.setenv("WA_LINT_ENFORCE", os.pathsep.join(["../enforce.yaml", "../more.yaml"]))
    assert fails(wa_lint("check", ".", "-o", "json", "--ignore", "*")) == {RULE_ID, "notebook-direct-internet"}
    monkeypatch.setenv("WA_LINT_ENFORCE", "nowhere.yaml")
    assert wa_lint("check", ".").code == 2
    assert wa_lint("check", ".", "--no-config").code == 2


def test_no_rule_of_the_repository_stands_in_for_an_enforced_one(make: Make, wa_lint: WaLint) -> None:
    make("rules/notebook-named.yaml", RULE)
    make("wa-lint.yaml", "rules: [rules]\n")
    make("../enforce.yaml", "rules: [notebook-named]\n")
    run = wa_lint("check", ".", "--enforce", "../enforce.yaml")
    assert (run.code, "no rule 'notebook-named' of wa-lint or of packs" in run.err) == (2, True)
    make("../packs/notebook-named.yaml", RULE)
    make("../enforce.yaml", "rules: [notebook-named]\npacks: packs\n")
    packs.book.cache_clear()
    run = wa_lint("check", ".", "--enforce", "../enforce.yaml")
    assert (run.code, "is used by" in run.err) == (2, True), "the author's rule does not shadow it"
    make("wa-lint.yaml", "ignore: ['*']\n")
    packs.book.cache_clear()
    run = wa_lint("check", ".", "-o", "json", "--enforce", "../enforce.yaml")
    assert fails(run) == {"notebook-named"}


def test_faults_of_suppressions_can_be_enforced(make: Make, wa_lint: WaLint) -> None:
    make("t.yaml", COMMENTED.replace("allow notebook-root-access", "allow no-such-rule"))
    make("wa-lint.yaml", "ignore: ['suppression-*']\n")
    assert "suppression-unknown-rule" not in fails(wa_lint("check", ".", "-o", "json"))
    make("../enforce.yaml", "rules: ['suppression-*']\n")
    run = wa_lint("check", ".", "-o", "json", "--enforce", "../enforce.yaml")
    assert "suppression-unknown-rule" in fails(run)


# --- each key ---------------------------------------------------------------------------------------


def test_a_severity_enforces_every_rule_that_is_as_severe(make: Make, wa_lint: WaLint) -> None:
    make("../enforce.yaml", "severity: high\n")
    run = wa_lint("check", ".", "-o", "json", "--ignore", "*", "--enforce", "../enforce.yaml")
    assert fails(run) >= {RULE_ID}
    assert {f["severity"] for f in run.report["findings"]} <= {"high", "critical"}


def test_a_rule_is_as_severe_as_it_is_at_least(make: Make, wa_lint: WaLint) -> None:
    make("../enforce.yaml", f"rules: [{{rule: {RULE_ID}, severity: critical}}]\nfail-on: critical\n")
    run = wa_lint("check", ".", "-o", "json", "--fail-on", "never", "--enforce", "../enforce.yaml")
    assert run.code == 1
    assert {f["rule"]: f["severity"] for f in run.report["findings"]}[RULE_ID] == "critical"
    make("../enforce.yaml", f"rules: [{{rule: {RULE_ID}, severity: low}}]\n")
    run = wa_lint("check", ".", "-o", "json", "--enforce", "../enforce.yaml")
    assert {f["rule"]: f["severity"] for f in run.report["findings"]}[RULE_ID] == "high"


@pytest.mark.parametrize(
    ("limit", "given", "code"),
    [("high", "never", 1), ("high", "critical", 1), ("high", "low", 1), ("critical", "never", 0), ("low", "high", 1)],
)
def test_fail_on_has_a_limit(limit: str, given: str, code: int, make: Make, wa_lint: WaLint) -> None:
    make("../enforce.yaml", f"fail-on: {limit}\n")
    make("wa-lint.yaml", f"fail-on: {given}\n")
    assert wa_lint("check", ".", "--select", RULE_ID, "--enforce", "../enforce.yaml").code == code
    assert wa_lint("check", ".", "--select", RULE_ID, "--fail-on", given, "--enforce", "../enforce.yaml").code == code


SWITCHED: Final = {
    "inline-suppressions": (COMMENTED, "", ()),
    "allow": (TEMPLATE, "allow: [{rule: '*', file: '*', reason: r}]", ()),
    "overrides": (TEMPLATE, "overrides: [{paths: '*', ignore: '*'}]", ()),
    "baseline": (TEMPLATE, "baseline: baseline.json", ()),
    "exclude": (TEMPLATE, "exclude: ['t.*']", ()),
    "paths": (TEMPLATE, "paths: [empty]", ()),
    "parameters": (ASKED, "parameters: [Root=Disabled]", ()),
    "configuration": (TEMPLATE, f"ignore: {RULE_ID}", ()),
    "nothing-ok": ("{}", "", ("--nothing-ok",)),
    "workload": (TEMPLATE, "", ("--workload", "wa-review.yaml")),
    "now": (COMMENTED.replace("it is mine", "it is mine (until 2020-01-01)"), "", ("--now", "2019-01-01")),
}


@pytest.mark.parametrize("key", SWITCHED)
def test_a_switch_closes_a_way_for_every_rule(key: str, make: Make, wa_lint: WaLint) -> None:
    prepare(make, wa_lint)
    template, said, given = SWITCHED[key]
    make("t.yaml", template)
    make("wa-lint.yaml", said)
    make("wa-review.yaml", "workload: {name: other, paths: [elsewhere]}\n")
    is_chosen = key not in {"configuration", "overrides"}  # nothing that a configuration says beats --select
    words = ["check", "-o", "json", *(["--select", RULE_ID] if is_chosen else []), *given]
    for value, is_open in (("true", True), ("false", False)):
        make("../enforce.yaml", f"{key}: {value}\n")
        run = wa_lint(*words, "--enforce", "../enforce.yaml")
        if key == "nothing-ok":
            assert run.code == (0 if is_open else 3)
        else:
            assert (RULE_ID in fails(run)) is not is_open, (value, run)
        overruled = run.report["configuration"][0]["overruled"]
        assert bool(overruled) is not is_open


def test_every_switch_is_tried() -> None:
    assert {*SWITCHED, "diff"} == {*enforce.SWITCHES, enforce.EXCLUDE}


def test_some_patterns_may_count(make: Make, wa_lint: WaLint) -> None:
    make("vendor/v.yaml", TEMPLATE)
    make("../enforce.yaml", f"rules: {RULE_ID}\nexclude: ['vendor/*']\n")
    make("wa-lint.yaml", "exclude: ['vendor/*', 't.yaml']\n")
    report = wa_lint("check", ".", "-o", "json", "--enforce", "../enforce.yaml").report
    assert [e["uri"] for e in report["inputs"] if e["status"] == "judged"] == ["t.yaml"]
    assert [e["text"] for e in report["configuration"][0]["overruled"]] == [
        "refuses exclude t.yaml of the configuration wa-lint.yaml"
    ]


UNUSED_BUCKET: Final = "Resources: {B: {Type: 'AWS::S3::Bucket'}}\n"

BUCKETS: Final[dict[str, tuple[str, str, tuple[str, ...], bool]]] = {
    # what is enforced, the configuration of the tree, options, whether a bucket that no ML workload uses is checked
    "nobody": ("strict: false", "strict: false", (), False),
    "the command line": ("strict: false", "strict: false", ("--all-buckets",), True),
    "the command line, whatever the configuration says": (
        "strict: false",
        "all-buckets: false",
        ("--all-buckets",),
        True,
    ),
    "the configuration": ("strict: false", "all-buckets: true", (), True),
    "the enforcement": ("all-buckets: true", "strict: false", (), True),
    "the enforcement, whatever the configuration says": ("all-buckets: true", "all-buckets: false", (), True),
    "an enforcement that leaves it to others": ("all-buckets: false", "all-buckets: true", (), True),
    "an enforcement that does not ask for it": ("all-buckets: false", "strict: false", (), False),
}


@pytest.mark.parametrize("who", BUCKETS)
def test_all_buckets_are_checked_where_anybody_asks_for_it(who: str, make: Make, wa_lint: WaLint) -> None:
    enforced, configured, options, is_checked = BUCKETS[who]
    make("t.yaml", UNUSED_BUCKET)
    make("../enforce.yaml", f"{enforced}\n")
    make("wa-lint.yaml", f"{configured}\n")
    run = wa_lint("check", "t.yaml", "-o", "json", *options, "--enforce", "../enforce.yaml")
    assert ("bucket-unversioned" in fails(run), run.code) == (is_checked, int(is_checked)), run.err


def test_the_environment_asks_for_all_buckets_too(make: Make, wa_lint: WaLint, monkeypatch: pytest.MonkeyPatch) -> None:
    make("t.yaml", UNUSED_BUCKET)
    make("wa-lint.yaml", "all-buckets: false\n")
    monkeypatch.setenv("WA_LINT_ALL_BUCKETS", "true")
    assert "bucket-unversioned" in fails(wa_lint("check", "t.yaml", "-o", "json"))
    monkeypatch.delenv("WA_LINT_ALL_BUCKETS")
    make("../enforce.yaml", "all-buckets: true\n")
    monkeypatch.setenv("WA_LINT_ENFORCE", "../enforce.yaml")
    assert "bucket-unversioned" in fails(wa_lint("check", "t.yaml", "-o", "json"))


def test_all_buckets_is_a_flag_of_each_command_that_judges(make: Make, wa_lint: WaLint) -> None:
    make("t.yaml", UNUSED_BUCKET)
    wa_lint("baseline", "t.yaml", "-o", "few.json")
    wa_lint("baseline", "t.yaml", "-o", "all.json", "--all-buckets")
    few, every = (json.loads(Path(name).read_text("utf-8"))["findings"] for name in ("few.json", "all.json"))
    assert (len(few), bool(every)) == (0, True)
    make("before.yaml", UNUSED_BUCKET.replace("}}", ", Properties: {VersioningConfiguration: {Status: Enabled}}}}"))
    assert "bucket-unversioned" in wa_lint("diff", "before.yaml", "t.yaml", "--all-buckets").out
    assert "bucket-unversioned" not in wa_lint("diff", "before.yaml", "t.yaml").out


def test_flags_are_set(make: Make, wa_lint: WaLint) -> None:
    make("t.yaml", COMMENTED.replace(" it is mine", ""))
    assert wa_lint("check", ".", "--select", RULE_ID).code == 0
    make("../enforce.yaml", "require-reason: true\n")
    assert wa_lint("check", ".", "--select", RULE_ID, "--enforce", "../enforce.yaml").code == 1
    make("t.yaml", ASKED.replace(", Default: Enabled", ""))
    assert wa_lint("check", ".", "--select", RULE_ID).code == 0
    make("../enforce.yaml", "strict: true\n")
    assert wa_lint("check", ".", "--select", RULE_ID, "--enforce", "../enforce.yaml").code == 4


def test_what_stays_within_the_limit_is_said(make: Make, wa_lint: WaLint) -> None:
    make("../enforce.yaml", "fail-on: high\nexclude: [vendor/*]\n")
    make("wa-lint.yaml", "fail-on: medium\nexclude: [x/*]\n")
    strict, found = wa_lint("check", ".", "-o", "json", "--enforce", "../enforce.yaml").report["configuration"]
    assert [effect["key"] for effect in strict["overruled"]] == ["exclude"]
    assert [effect["key"] for effect in found["switched_off"]] == ["fail-on"]


def test_diff_of_two_files_is_bound_too(make: Make, wa_lint: WaLint) -> None:
    make("old.yaml", TEMPLATE.replace("Enabled", "Disabled"))
    words = ("diff", "old.yaml", "t.yaml", "--ignore", "*", "--fail-on", "never")
    assert wa_lint(*words).code == 0
    assert wa_lint(*words, "--enforce", "../enforce.yaml").code == 1


def test_what_is_enforced_on_nothing_changes_nothing(make: Make, wa_lint: WaLint) -> None:
    plain = wa_lint("check", ".", "-o", "json").report
    make("../enforce.yaml", "fail-on: critical\n")
    report = wa_lint("check", ".", "-o", "json", "--enforce", "../enforce.yaml").report
    assert report.pop("configuration") == [
        {
            "uri": "enforce.yaml",
            "trust": "enforced",
            "sentence": "enforce.yaml is enforced; nothing contradicts it.",
            "switched_off": [],
            "overruled": [],
        }
    ]
    assert plain.pop("configuration") == []
    assert report == plain


# --- the file ---------------------------------------------------------------------------------------

SCHEMA = json.loads(files("wa_lint").joinpath("schemas/enforce.schema.json").read_text(encoding="utf-8"))

BROKEN: Final = {
    "nothing": ("", ":1:1: must be a mapping"),
    "a list": ("[a]", ":1:1: must be a mapping"),
    "no YAML": ("a: [", "enforce.yaml:1"),
    "a key twice": ("strict: true\nstrict: false", "twice"),
    "an unknown key": ("fail_on: high", ":1:1: unknown key 'fail_on'; did you mean 'fail-on'?"),
    "never": ("fail-on: never", ":1:1: fail-on must be one of low, medium, high, critical (got 'never')"),
    "a severity that is none": ("severity: hihg", "did you mean 'high'?"),
    "a number": ("strict: 1", ":1:1: strict must be true or false (got 1)"),
    "null": ("strict:", "must be true or false"),
    "rules that are null": ("rules:", "takes ids"),
    "a rule that is a number": ("rules: [a, 1]", ":1:12: rules: takes ids"),
    "a rule without a name": ("rules: [{severity: high}]", "takes ids"),
    "a rule with another key": ("rules: [{rule: a, sevrity: high}]", "did you mean 'severity'?"),
    "a rule that does not exist": ("rules: [notebook-root-acces]", "did you mean 'notebook-root-access'?"),
    "a pattern that fits nothing": ("rules: ['nothing-*']", ":1:9: no rule 'nothing-*'"),
    "a folder that is not there": ("packs: none", "not a folder"),
    "a pattern that is a number": ("exclude: [1]", "true, false or a list"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_fault_in_it_ends_with_2_and_a_place(case: str, make: Make, wa_lint: WaLint) -> None:
    text, said = BROKEN[case]
    make("../enforce.yaml", text)
    for command in (("check", "."), ("baseline", "."), ("diff", "t.yaml", "t.yaml")):
        run = wa_lint(*command, "--enforce", "../enforce.yaml")
        assert (run.code, run.out, run.err.count("\n")) == (2, "", 1), run.err
        assert "../enforce.yaml:1" in run.err or "../enforce.yaml:2" in run.err
        assert said in run.err


def test_the_schema_for_editors_knows_the_same_keys() -> None:
    meanings = {**enforce.TEXTS, **enforce.FLAGS, **{name: s.meaning for name, s in enforce.SWITCHES.items()}}
    assert {name: key["description"] for name, key in SCHEMA["properties"].items()} == meanings
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize(
    "case",
    [
        case
        for case, (text, _) in BROKEN.items()
        if case
        not in {
            "no YAML",
            "a key twice",
            "a rule that does not exist",
            "a pattern that fits nothing",
            "a folder that is not there",
        }
    ],
)
def test_the_schema_for_editors_refuses_what_we_refuse(case: str) -> None:
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(yaml.safe_load(BROKEN[case][0]), SCHEMA)


def test_the_strictest_of_several_counts() -> None:
    texts = ["fail-on: high\nexclude: [a, b]\n", "fail-on: medium\nexclude: [b, c]\nstrict: true\n", "allow: false\n"]
    found = enforce.together([enforce.load(text.encode(), f"{n}.yaml", Path()) for n, text in enumerate(texts)])
    assert (found.fail_on, found.exclude, found.is_strict) == ("medium", ("b",), True)
    assert not found.permits("allow")
    assert not found.permits("exclude")
    assert enforce.together([]) == enforce.Enforcement()


def test_a_list_of_patterns_is_not_widened_by_a_file_that_permits_none() -> None:
    texts = ["exclude: [a]\n", "exclude: false\n"]
    found = enforce.together([enforce.load(text.encode(), "e.yaml", Path()) for text in texts])
    assert found.exclude == ()


def test_every_key_of_a_configuration_is_weighed() -> None:
    """A new key of the configuration has to be named here, with what enforcement does about it."""
    weighed = {
        "extends": "what it brings is weighed as its own",
        "paths": "a switch",
        "exclude": "a switch",
        "select": "enforced rules are chosen all the same",
        "ignore": "enforced rules are chosen all the same",
        "pillar": "enforced rules are chosen all the same",
        "severity": "enforced rules are chosen all the same",
        "all-buckets": "a flag",
        "rule-profile": "enforced rules are chosen, with their own settings, all the same",
        "settings": "enforced rules keep theirs",
        "profiles": "enforced rules are chosen, with their own settings, all the same",
        "rules": "no rule takes the id of another",
        "parameters": "a switch",
        "traffic-days": "how much is read of an account",
        "jobs": "how fast",
        "allow": "a switch, and never for enforced rules",
        "inline-suppressions": "a switch, and never for enforced rules",
        "require-reason": "a flag",
        "never-suppress": "stricter only",
        "baseline": "a switch, and never for enforced rules",
        "overrides": "a switch, and never for enforced rules",
        "output": "where it is said",
        "show-all": "how much is said",
        "fail-on": "a limit; enforced rules count all the same where there is none",
        "strict": "a flag",
    }
    assert set(weighed) == set(KEYS)


def test_a_fault_names_the_file_as_it_was_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"^e\.yaml:1:1: strict "):
        enforce.load(b"strict: maybe", "e.yaml", tmp_path)
