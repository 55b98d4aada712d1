"""Every rule file, without naming any: what design §4 asks of a rule."""

from __future__ import annotations

import pytest

from wa_lint import lens, packs, testing
from wa_lint.errors import RuleFileError
from wa_lint.rule import Rule, load_text

RULES = {rule.info.id: rule for rule in packs.load_folder(packs.rules_folder(), is_trusted=True)}
FILES = {file.stem: file for file in packs.rules_folder().rglob("*.yaml")}

each_rule = pytest.mark.parametrize("rule", RULES.values(), ids=RULES)


@each_rule
def test_the_file_fits_schema_types_and_names(rule: Rule) -> None:
    file = FILES[rule.info.id]
    load_text(file.read_text("utf-8"), file.name, stem=file.stem)


@each_rule
def test_each_example_holds(rule: Rule) -> None:
    assert [str(failure) for failure in testing.run_examples([rule])] == []


@each_rule
def test_the_rule_is_honest(rule: Rule) -> None:
    assert [str(failure) for failure in testing.dishonesties(rule)] == []


@each_rule
def test_the_practices_are_the_lens_s(rule: Rule) -> None:
    assert all(lens.practice(practice) for practice in rule.info.practices)


@each_rule
def test_its_words_look_like_no_masked_value(rule: Rule) -> None:
    assert "secret:" not in str(rule.info)


def test_no_two_rules_bear_one_id_and_no_id_is_ever_used_again() -> None:
    names = [name for rule in RULES.values() for name in (rule.info.id, *rule.info.aliases)]
    assert len(names) == len(set(names))


MINIMAL = """\
id: a-rule
title: A rule that is only here to be wrong
severity: low
practices: [MLSEC03-BP02]
applies_to: AWS::SageMaker::NotebookInstance
require: >-
  {require}
message: m
why: w
fix: f
references: [https://docs.aws.amazon.com/]
examples:
  - {{name: a, expect: pass, template: {{Resources: {{}}}}}}
  - {{name: b, expect: fail, template: {{Resources: {{}}}}}}
"""


@pytest.mark.parametrize(
    ("require", "where", "problem"),
    [
        ("resource.KmsKeyID == 'x'", "7:12", "KmsKeyId"),
        ("has(resource.KmsKeyId) &&\n  resource.KmsKeyId == 1", "8:", ""),
        ("resource.KmsKeyId == 'x'", "7:", "may be absent"),
        ("has(resource.KmsKeyId", "7:", ""),
        ("ownkey(resource.KmsKeyId)", "7:3", "own_key"),
        ("resource.InstanceType", "7:", "true or false"),
    ],
)
def test_an_error_in_a_rule_is_said_with_its_line_and_column(require: str, where: str, problem: str) -> None:
    with pytest.raises(RuleFileError) as caught:
        load_text(MINIMAL.format(require=require), "a-rule.yaml", stem="a-rule")
    assert caught.value.where.startswith(f"a-rule.yaml:{where}")
    assert problem in caught.value.problem


FIXES = {
    "snippet: 'N: {Type: AWS::SageMaker::NotebookInstanc}'": "did you mean 'AWS::SageMaker::NotebookInstance'",
    "snippet: 'N: {Type: AWS::SageMaker::NotebookInstance, Properties: {RootAcces: x}}'": "did you mean 'RootAccess'",
    "snippet: 'N: [1'": "not YAML",
    "snippet: 'text'": "a map of logical ids",
    "edits: [{set: RootAcces, to: Disabled, effect: the notebook restarts}]": "no property 'RootAcces'",
    "settings: {hours: {default: 8, means: m, unit: hours}}": "'source' is a required property",
    "step: tuning": "'tuning' is not one of",
    "controls: [CWE-284, chekov:CKV_AWS_1]": "no standard 'chekov'; did you mean 'checkov'?",
    "controls: ['owasp:A01']": "there are config, checkov, prowler, cfn-guard, kics, trivy, cnspec",
    "controls: ['checkov:CKV_371']": "write it as checkov:CKV_AWS_371",
    "controls: ['config:S3_BUCKET_VERSIONING_ENABLED']": "write it as config:s3-bucket-versioning-enabled",
    "controls: ['cfn-guard:s3-bucket-versioning-enabled']": "write it as cfn-guard:S3_BUCKET_VERSIONING_ENABLED",
    "controls: [Sagemaker.4]": "did you mean 'SageMaker'?",
    "controls: [sagemaker4]": "write it as S3.8",
    "controls: [S3.8]\ndiffers: {S3.9: it looks at something else}": "has no control 'S3.9'; did you mean 'S3.8'?",
    "differs: {'*': it looks at something else}": "has no control '*'",
}


@pytest.mark.parametrize("line", FIXES)
def test_a_fix_or_setting_that_cannot_be_is_reported_at_its_line(line: str) -> None:
    text = MINIMAL.format(require="true") + line + "\n"
    with pytest.raises(RuleFileError) as caught:
        load_text(text, "a-rule.yaml", stem="a-rule")
    assert FIXES[line] in caught.value.problem
    assert int(caught.value.where.split(":")[1]) >= text.count("\n")


def test_a_setting_is_a_typed_name_in_expressions() -> None:
    setting = "settings: {cap: {default: 8, means: m, unit: GB, source: ours}}\n"
    rule = load_text(MINIMAL.format(require="resource.?VolumeSizeInGB.orValue(1) > settings.cap") + setting, "a.yaml")
    assert rule.thresholds == {"cap": 8}
    with pytest.raises(RuleFileError, match="did you mean 'cap'"):
        load_text(MINIMAL.format(require="settings.cup > 1") + setting, "a.yaml")


def test_a_key_that_rules_do_not_have_is_named_with_the_nearest_one() -> None:
    text = MINIMAL.format(require="true").replace("severity: low", "severety: low")
    with pytest.raises(RuleFileError, match=r"severety.*did you mean 'severity'") as caught:
        load_text(text, "a-rule.yaml", stem="a-rule")
    assert caught.value.where == "a-rule.yaml:3:1"
