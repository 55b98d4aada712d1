"""Which variables are secrets in plain text, and that no report shows one."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import wa_lint
from wa_lint.facts.variables import holds_secret
from wa_lint.model import Hole, Unresolved, Value

OPEN = Unresolved("the parameter P has no default", (Hole("P"),))
HIDDEN = Unresolved("the parameter ApiToken is hidden (NoEcho)", (Hole("ApiToken"),))
HIDDEN_NAME = Unresolved("the parameter Project is hidden (NoEcho)", (Hole("Project"),))
KEY = Unresolved("it is made later", (Hole("K.SecretAccessKey", "K", "SecretAccessKey"),))
MADE = Unresolved("it is made later", (Hole("Secret", "Secret"),))
DYNAMIC = Unresolved("it is resolved later", (Hole("{{resolve:ssm:/x}}"),))


@pytest.mark.parametrize(
    ("name", "value", "answer"),
    [
        ("DB_PASSWORD", "hunter2-2", True),
        ("wandb_api_key", '"0a1b2c3d4e5f60718293a4b5c6d7e8f901234567"', True),
        ("NOTE", "-----BEGIN RSA " + "PRIVATE KEY-----\nMIIE", True),
        ("URL", "postgres://me:hunter2-2@host/db", True),
        ("HF_TOKEN", "‹secret:named›", True),  # noqa: RUF001, the mark of `redact`
        ("UPSTREAM", HIDDEN, True),
        ("X", KEY, True),
        ("PROJECT", HIDDEN_NAME, None),
        ("MAX_TOKENS", "512", False),
        ("DB_PASSWORD", "", False),
        ("DB_PASSWORD", "arn:aws:secretsmanager:eu-west-1:123456789012:secret:db", False),
        ("DB_SECRET", MADE, False),
        ("DB_PASSWORD", DYNAMIC, False),
        ("STAGE", OPEN, False),
        ("DB_PASSWORD", OPEN, None),
    ],
)
def test_a_variable_is_a_secret_by_its_look_or_by_its_name(name: str, value: Value, answer: bool | None) -> None:
    found = holds_secret(value, name)
    assert found is answer if answer is not None else not isinstance(found, bool)


def test_no_report_shows_the_secret_that_it_tells_of(tmp_path: Path) -> None:
    body = {"Version": "2020-12-01", "Parameters": [{"Name": "DbPassword", "DefaultValue": "hunter2-2-2"}], "Steps": []}
    environment = {"DB_PASSWORD": "hunter2-2-2", "URL": "https://me:hunter2-2-2@host/x"}
    role = "arn:aws:iam::123456789012:role/m"
    template = {
        "Resources": {
            "Model": {
                "Type": "AWS::SageMaker::Model",
                "Properties": {"ExecutionRoleArn": role, "PrimaryContainer": {"Environment": environment}},
            },
            "Pipeline": {
                "Type": "AWS::SageMaker::Pipeline",
                "Properties": {
                    "PipelineName": "p",
                    "RoleArn": role,
                    "PipelineDefinition": {"PipelineDefinitionBody": json.dumps(body)},
                },
            },
        }
    }
    file = tmp_path / "template.json"
    file.write_text(json.dumps(template))
    report = wa_lint.check([file])
    told = [finding for finding in report.findings if finding.rule.id == "environment-secret"]
    assert {finding.resource.id for finding in told if finding.outcome.value == "fail"} == {"Model", "Pipeline"}
    assert "hunter2" not in repr(report)
