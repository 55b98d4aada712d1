"""Ids of other standards and tools: each has one spelling, an order, and a publisher."""

from __future__ import annotations

import pytest

from wa_lint import controls, packs
from wa_lint.rule import load_text


@pytest.mark.parametrize("name", controls.STANDARDS)
def test_the_example_of_a_standard_is_spelt_rightly_and_told_apart(name: str) -> None:
    standard = controls.STANDARDS[name]
    control = standard.prefix + standard.example
    assert controls.fault_of(control) is None
    assert controls.standard_of(control) == name
    assert controls.bare(control) == standard.example


@pytest.mark.parametrize(
    "control",
    ["", "S3", "S3.", "S3.0", "CWE-", "CWE-x", "s3.8", ":", "config:", "config:S3.8", "trivy:AWS-88", "kics:88d55d94"],
)
def test_what_is_no_control_is_refused(control: str) -> None:
    assert controls.fault_of(control)


def test_controls_are_ordered_by_standard_and_by_their_numbers() -> None:
    mixed = ["prowler:b_c", "S3.10", "config:a-b", "S3.9", "CWE-9", "checkov:CKV_AWS_9", "checkov:CKV_AWS_10", "IAM.2"]
    assert controls.in_order(mixed) == [
        *("IAM.2", "S3.9", "S3.10", "config:a-b", "CWE-9"),
        *("checkov:CKV_AWS_9", "checkov:CKV_AWS_10", "prowler:b_c"),
    ]


def test_reports_name_what_aws_and_mitre_publish_and_not_the_checks_of_other_tools() -> None:
    rule = next(rule for rule in packs.load_folder(packs.rules_folder(), is_trusted=True) if rule.peers)
    assert rule.info.controls
    assert all(controls.is_official(control) for control in rule.info.controls)
    assert not any(controls.is_official(control) for control in rule.peers)


def test_every_control_that_a_rule_names_is_spelt_rightly() -> None:
    for rule in packs.load_folder(packs.rules_folder(), is_trusted=True):
        assert [fault for control in rule.controls if (fault := controls.fault_of(control))] == []


def test_a_misspelt_control_is_reported_at_its_line() -> None:
    text = "controls:\n  - CWE-284\n  - checkov:CKV_371\n"
    with pytest.raises(Exception, match=r"write it as checkov:CKV_AWS_371") as caught:
        load_text(RULE + text, "a-rule.yaml", stem="a-rule")
    assert str(caught.value).startswith(f"a-rule.yaml:{(RULE + text).count(chr(10))}:")


RULE = """\
id: a-rule
title: A rule that is only here to be wrong
severity: low
practices: [MLSEC03-BP02]
applies_to: AWS::SageMaker::NotebookInstance
require: "true"
message: m
why: w
fix: f
references: [https://docs.aws.amazon.com/]
examples:
  - {name: a, expect: pass, template: {Resources: {}}}
  - {name: b, expect: fail, template: {Resources: {}}}
"""
