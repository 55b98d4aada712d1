"""What a verdict depends on is a sentence about the template, and resources have the names that their author wrote."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from wa_lint.model import Evidence, Location
from wa_lint.reporters.evidence_words import in_words

WaLint = Callable[..., Any]


@pytest.mark.parametrize(
    ("path", "shown", "sentence"),
    [
        ("KmsKeyId", "not set", "R.KmsKeyId is not set"),
        ("", "not set", "R is not set"),
        (
            "ProductionVariants[0].scalable_targets",
            "an empty list",
            "no ScalableTarget refers to R.ProductionVariants[0]",
        ),
        (
            "ProductionVariants[0].scalable_targets",
            "a list of 1",
            "1 ScalableTarget refers to R.ProductionVariants[0]",
        ),
        ("Variants[0].scalable_targets", "a list of 2", "2 ScalableTargets refer to R.Variants[0]"),
        ("is_logged", "false", "R is not logged"),
        ("has_flow_log", "true", "R has flow log"),
        ("Containers[0].artefact_bucket", "not set", "R.Containers[0] has no artefact bucket"),
        ("idle_days", "30", "the idle days of R is 30"),
        ("scalable_targets.MinCapacity", "1", "R.scalable_targets.MinCapacity is 1"),
    ],
)
def test_a_link_or_fact_becomes_words(path: str, shown: str, sentence: str) -> None:
    assert in_words(Evidence("R", path, None, shown, Location("t.yaml", 1, 1))) == sentence


SAM = """\
Transform: AWS::Serverless-2016-10-31
Resources:
  Predict:
    Type: AWS::Serverless::Function
    Properties:
      Runtime: python3.12
      Handler: a.b
      InlineCode: "x"
      FunctionUrlConfig: {AuthType: NONE}
      Policies: [{Statement: [{Effect: Allow, Action: "sagemaker:InvokeEndpoint", Resource: "*"}]}]
      Events:
        Score: {Type: Api, Properties: {Path: /score, Method: post}}
        Web: {Type: HttpApi, Properties: {Path: /web, Method: get}}
"""


def test_a_generated_resource_has_the_name_of_function_and_event(wa_lint: WaLint) -> None:
    Path("t.yaml").write_text(SAM, encoding="utf-8")
    run = wa_lint("check", "t.yaml", "-o", "json", "--select", "unauthenticated-inference,role-resource-wildcard")
    names = {f["resource"]["construct"] for f in json.loads(run.out)["findings"] if f["outcome"] == "fail"}
    assert names == {"Predict/Url", "Predict/Events/Score", "Predict/Events/Web", "Predict/Role"}
    assert "Predict/Events/Score" in wa_lint("check", "t.yaml", "--select", "unauthenticated-inference").out


@pytest.mark.parametrize(
    ("value", "advice"),
    [
        ("!Ref Mode", "Pass --parameters Mode=VALUE to check it."),
        ("!GetAtt N.Mode", "Check the deployed account with `wa-lint scan`."),
        (
            "{'Fn::Transform': {Name: M}}",
            "Check the output of `aws cloudformation get-template --template-stage Processed`.",
        ),
    ],
)
def test_what_is_unknown_says_how_to_check_it(wa_lint: WaLint, value: str, advice: str) -> None:
    text = f"""\
Parameters: {{Mode: {{Type: String}}}}
Resources:
  N:
    Type: AWS::SageMaker::NotebookInstance
    Properties: {{DirectInternetAccess: {value}}}
"""
    Path("t.yaml").write_text(text, encoding="utf-8")
    run = wa_lint("check", "t.yaml", "-o", "json", "--select", "notebook-direct-internet")
    (finding,) = json.loads(run.out)["findings"]
    assert (finding["outcome"], finding["message"].endswith(advice)) == ("unknown", True), finding["message"]
