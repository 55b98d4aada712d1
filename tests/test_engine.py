"""The engine over scenarios: what a budget does, what a condition of a resource does, what counts as one item."""

from __future__ import annotations

from wa_lint import packs
from wa_lint.engine import lint
from wa_lint.model import Finding, Outcome
from wa_lint.sources.template import read_template

RULES = {rule.info.id: rule for rule in packs.load()}


def judged(rule: str, template: str) -> list[Finding]:
    return list(lint(read_template(template, "t.yaml"), [RULES[rule]], "2026-11-23").findings)


def variants(number: int, count: str) -> str:
    """A configuration of so many variants, each there or not by a condition of its own."""
    lines = ["Parameters:", *(f"  P{i}: {{Type: String}}" for i in range(number))]
    lines += ["Conditions:", *(f"  C{i}: !Equals [!Ref P{i}, x]" for i in range(number))]
    lines += ["Resources:", "  Config:", "    Type: AWS::SageMaker::EndpointConfig", "    Properties:"]
    lines += ["      ProductionVariants:"]
    for i in range(number):
        variant = f"{{VariantName: v{i}, InstanceType: ml.m6i.large, InitialInstanceCount: {count}}}"
        lines.append(f"        - !If [C{i}, {variant}, !Ref 'AWS::NoValue']")
    return "\n".join(lines)


def test_past_the_budget_a_fail_stays_and_a_pass_is_unknown() -> None:
    failing = judged("endpoint-single-instance", variants(10, "1"))
    assert {finding.outcome for finding in failing} == {Outcome.FAIL}
    passing = judged("endpoint-single-instance", variants(10, "2"))
    assert {finding.outcome for finding in passing} == {Outcome.UNKNOWN}
    assert all("budget" in finding.message for finding in passing)


def test_within_the_budget_every_item_is_told_with_its_condition() -> None:
    findings = judged("endpoint-single-instance", variants(3, "1"))
    assert [finding.when for finding in findings] == ["P0 is x", "P1 is x", "P2 is x"]


NOTEBOOK = """
Parameters: {Env: {Type: String}}
Conditions: {IsProd: !Equals [!Ref Env, prod]}
Resources:
  Notebook:
    Type: AWS::SageMaker::NotebookInstance
    Condition: IsProd
    Properties: {InstanceType: ml.t3.medium, RoleArn: arn:aws:iam::111122223333:role/n}
"""


def test_a_resource_that_is_not_always_there_says_when() -> None:
    (finding,) = judged("notebook-direct-internet", NOTEBOOK)
    assert (finding.outcome, finding.when) == (Outcome.FAIL, "Env is prod")


def test_a_list_without_items_does_not_apply() -> None:
    config = "Resources: {C: {Type: AWS::SageMaker::EndpointConfig, Properties: {ProductionVariants: []}}}"
    (finding,) = judged("endpoint-single-instance", config)
    assert finding.outcome is Outcome.NOT_APPLICABLE


def test_equal_findings_of_two_places_have_fingerprints_of_their_own() -> None:
    findings = judged("endpoint-single-instance", variants(3, "1"))
    assert len({finding.fingerprint for finding in findings}) == 3
