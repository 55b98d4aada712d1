"""Bad inputs 59 to 64 by their numbers in the list of needs: rules that others wrote."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from wa_lint.rule_names import ExpressionError, check_expressions

WaLint = Callable[..., Any]

BUCKET = """\
Resources:
  B: {Type: 'AWS::S3::Bucket', Properties: {BucketName: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab}}
"""


def write(name: str, text: str = BUCKET) -> Path:
    file = Path(name)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")
    return file


RULE = """\
id: a-rule
title: A name that repeats
severity: high
practices: [MLSEC03-BP02]
applies_to: AWS::S3::Bucket
where: has(resource.BucketName)
require: "REQUIRE"
message: "Bucket {resource.BucketName}"
why: w
fix: f
references: [https://docs.aws.amazon.com/]
examples:
  - {name: a, expect: pass, template: {Resources: {}}}
  - {name: b, expect: fail, template: {Resources: {}}}
"""


def ruled(wa_lint: WaLint, text: str, *options: str) -> Any:
    write("a.yaml")
    write("pack/a-rule.yaml", text)
    pack = str(Path("pack").resolve())  # rules are read once for each folder, in this process
    return wa_lint("check", "a.yaml", "--rules", pack, "-o", "json", *(options or ("--select", "a-rule")))


def rule(require: str = "false") -> str:
    return RULE.replace('"REQUIRE"', json.dumps(require))


BROKEN: dict[str, tuple[str, str]] = {
    "a tab": (rule().replace("severity", "\tseverity"), "a-rule.yaml:3:1: a tab"),
    "an indent": (rule().replace("severity", " severity"), "a-rule.yaml:3:"),
    "an id that is taken": (rule().replace("id: a-rule", "id: a-rule\naliases: [bucket-unversioned]"), "is used"),
    "another name": (rule().replace("id: a-rule", "id: b-rule"), "the file is named"),
    "an unknown key": (rule().replace("fix:", "fixx:"), "did you mean 'fix'"),
    "an alias bomb": (
        rule() + "x0: &x0 [y]\n" + "".join(f"x{i}: &x{i} [{','.join([f'*x{i - 1}'] * 9)}]\n" for i in range(1, 12)),
        "aliases repeat",
    ),
    "not UTF-8": (rule() + "# \udcff", "a-rule.yaml:15:3: is not UTF-8"),
    "brackets without end": (rule("(" * 9999), "a-rule.yaml:7:"),
    "a bad expression": (rule("resource.BucketName.matches('(')"), "bad regular expression"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_59_61_a_rule_file_that_is_wrong_is_one_line_with_its_place_and_stops_no_other(
    wa_lint: WaLint, case: str
) -> None:
    text, said = BROKEN[case]
    write("a.yaml")
    write("pack/a-rule.yaml", "").write_bytes(text.encode("utf-8", "surrogateescape"))
    write("pack/b-rule.yaml", rule().replace("id: a-rule", "id: b-rule"))
    run = wa_lint("check", "a.yaml", "--rules", str(Path("pack").resolve()), "-o", "json")
    assert (run.code, said in run.err, run.err.count("\n"), "fault of wa-lint" in run.err) == (2, True, 1, False), (
        run.err
    )
    assert run.err.startswith("wa-lint: pack/a-rule.yaml:")
    assert [entry["uri"] for entry in run.report["inputs"] if entry["kind"] == "rule"] == ["pack/a-rule.yaml"]
    assert {entry["id"] for entry in run.report["rules"]} > {"b-rule", "bucket-unversioned"}


@pytest.mark.parametrize("command", ["rules", "explain b-rule", "iam-policy", "scan --plan"])
def test_59_other_commands_go_on_without_a_broken_rule_too(wa_lint: WaLint, command: str) -> None:
    write("pack/a-rule.yaml", rule().replace("severity", "severety"))
    write("pack/b-rule.yaml", rule().replace("id: a-rule", "id: b-rule"))
    run = wa_lint(*command.split(), "--rules", "pack")
    assert (run.code, run.err.count("a-rule.yaml:3:1: no key"), run.out != "") == (2, 1, True)


def test_59_a_broken_rule_can_be_chosen_and_suppressed_by_its_name(wa_lint: WaLint) -> None:
    run = ruled(wa_lint, "id: [", "--select", "a-rule", "--never-suppress", "a-rule")
    assert run.code == 2
    assert [line.startswith("wa-lint: pack/a-rule.yaml:1:6: ") for line in run.err.splitlines()] == [True]


@pytest.mark.parametrize("option", ["--select", "--ignore", "--never-suppress"])
def test_59_an_id_that_no_rule_bears_is_answered_with_the_nearest(wa_lint: WaLint, option: str) -> None:
    run = ruled(wa_lint, rule(), option, "a-rul")
    assert (run.code, "did you mean 'a-rule'?" in run.err) == (2, True)


def test_59_a_rule_that_is_left_out_says_nothing(wa_lint: WaLint) -> None:
    both = ruled(wa_lint, rule(), "--select", "a-rule,bucket-unversioned", "--ignore", "a-rule").report
    assert [entry["id"] for entry in both["rules"]] == ["bucket-unversioned"]


def test_60_an_expression_of_exponential_cost_takes_none(wa_lint: WaLint) -> None:
    run = ruled(
        wa_lint,
        rule("!resource.BucketName.matches('^(a+)+$')"),
        "--select",
        "a-rule,bucket-unversioned",
        "--all-buckets",
    )
    assert {entry["id"]: (entry["passed"], entry["failed"]) for entry in run.report["rules"]} == {
        "a-rule": (1, 0),
        "bucket-unversioned": (0, 1),
    }


@pytest.mark.parametrize("require", ["!" * 1000 + "true", " && ".join(["true"] * 1000), "true || " * 1000 + "true"])
def test_61_a_long_rule_is_judged(wa_lint: WaLint, require: str) -> None:
    assert ruled(wa_lint, rule(require)).code == 0


@pytest.mark.parametrize("message", ["<img src=x>", "$(id) %s %(x)s", "[[7*7]]", "x" * 100_000])
def test_61_a_message_is_literal(wa_lint: WaLint, message: str) -> None:
    text = rule().replace("Bucket {resource.BucketName}", message)
    (finding,) = ruled(wa_lint, text).report["findings"]
    assert finding["message"] == message


def test_61_braces_in_a_message_are_an_expression_that_has_to_exist(wa_lint: WaLint) -> None:
    assert "no variable 'x'" in ruled(wa_lint, rule().replace("{resource.BucketName}", "{x}")).err


REQUIRED: dict[str, str] = {
    "resource.BucketName in []": "fail",
    "resource.?Tags.orValue([]).all(t, t.Key == 'x')": "pass",
    "resource.?Tags.orValue([]).exists(t, t.Key == 'x')": "fail",
    "1 / 0 == 1": "unknown",
    "resource.BucketName.a == 'x'": "has no member",
    "resource.BucketName[0] == 'x'": "has no items by int",
    "resource.BucketName.exists(b, b == 'x')": "needs a list or a map",
    "resource.BucketName == 1": "'==' cannot take",
    "resource.BucketName < 3": "'<' cannot take",
    "resource.BucketName == ": "a value is missing",
    "[] == resource.BucketName": "'==' cannot take",
    "resource.Tags.exists(t, true)": "may be absent",
    "resource.BucketEncryption == null": "is never null",
    "": "a-rule.yaml:7",
}


@pytest.mark.parametrize("require", REQUIRED)
def test_62_63_what_does_not_fit_is_an_error_of_the_rule_at_its_place(wa_lint: WaLint, require: str) -> None:
    expected = REQUIRED[require]
    run = ruled(wa_lint, rule(require), "--select", "a-rule", "--show-all")
    if expected in {"pass", "fail", "unknown"}:
        assert [finding["outcome"] for finding in run.report["findings"]] == [expected]
    else:
        assert (run.code, run.err.startswith("wa-lint: pack/a-rule.yaml:7:"), expected in run.err) == (2, True, True), (
            run.err
        )


@pytest.mark.parametrize("pack", ["https://example.com/pack", "pack.zip", "a-rule.yaml", "nowhere", "git+ssh://x"])
def test_64_a_pack_is_a_folder_and_nothing_else(wa_lint: WaLint, pack: str) -> None:
    write("a.yaml")
    write("pack.zip", "PK\x03\x04")
    write("a-rule.yaml", rule())
    run = wa_lint("check", "a.yaml", "--rules", pack)
    assert (run.code, run.out, "--rules" in run.err) == (2, "", True)


def test_64_no_link_leads_out_of_a_pack(wa_lint: WaLint) -> None:
    write("outside/a-rule.yaml", rule())
    write("a.yaml")
    Path("pack").mkdir()
    Path("pack/a-rule.yaml").symlink_to(Path("outside/a-rule.yaml").resolve())
    run = wa_lint("check", "a.yaml", "--rules", str(Path("pack").resolve()))
    assert (run.code, "leads out of the folder" in run.err) == (2, True)


@pytest.mark.parametrize(
    ("type_", "expression", "problem"),
    [
        ("Model", "resource.containers.all(c, c.nonsense == 'x')", "has no 'nonsense'"),
        ("Model", "resource.containers.exists(c, has(c.Imge))", "did you mean 'Image'?"),
        ("Model", "size(resource.containers.filter(c, c.Moed == 'x')) > 0", "did you mean 'Mode'?"),
        ("EndpointConfig", "resource.?ProductionVariants.orValue([]).all(v, has(v.InstanceTyp))", "'InstanceType'?"),
        ("EndpointConfig", "listed(resource.ProductionVariants).map(v, v.ModelNme).size() > 0", "'ModelName'?"),
        (
            "EndpointConfig",
            "(has(resource.Tags) ? resource.ProductionVariants : []).exists(v, has(v.VariantNam))",
            "'VariantName'?",
        ),
        (
            "EndpointConfig",
            "resource.ProductionVariants.exists(v, v.scalable_targets.exists(t, t.MinCapacty > 1))",
            "'MinCapacity'?",
        ),
    ],
)
def test_what_an_item_of_a_list_lacks_is_found_inside_macros(type_: str, expression: str, problem: str) -> None:
    with pytest.raises(ExpressionError, match=re.escape(problem)):
        check_expressions([f"AWS::SageMaker::{type_}"], {"require[0]": expression}, {})
