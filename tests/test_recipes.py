"""examples/continuous: each recipe runs, its template is clean by our own rules, its policy is the least one."""

from __future__ import annotations

import copy
import importlib.util
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import boto3
import pytest
import yaml
from botocore.stub import Stubber
from moto import mock_aws

from wa_lint.history.ledger import opened

ROOT = Path(__file__).parents[1]
RECIPES = ROOT / "examples/continuous"
TEMPLATES = sorted(RECIPES.glob("*/template.yaml"))
WaLint = Callable[..., Any]
REGION, ACCOUNT = "eu-west-1", "123456789012"


def module(path: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(Path(path).stem, RECIPES / path)
    assert spec is not None
    assert spec.loader is not None
    found = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(found)
    return found


# --- what is to be deployed -------------------------------------------------------------------------


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.parent.name)
def test_the_templates_are_clean_by_our_own_rules(wa_lint: WaLint, template: Path) -> None:
    run = wa_lint("check", str(template), "--strict", "--require-reason", "-o", "json")
    assert run.code == 0, run.err
    assert [one["rule"] for one in run.report["findings"] if not one["suppressed"]] == []
    assert run.report["summary"]["passed"] > 5


def test_there_are_two_templates() -> None:
    assert [template.parent.name for template in TEMPLATES] == ["config_rule", "scheduled"]


def test_the_policies_are_the_least_ones() -> None:
    command = [sys.executable, str(RECIPES / "refresh_policies.py"), "--check"]
    done = subprocess.run(command, check=False, capture_output=True, text=True, cwd=ROOT)
    assert (done.returncode, done.stderr) == (0, "")
    policy = json.loads((RECIPES / "nightly/policy.json").read_text("utf-8"))
    assert [one["Sid"] for one in policy["Statement"]] == [
        "ListAll",
        "ReadApis",
        "ReadEach",
        "KeepHistory",
        "SaysThatThereIsNoHistoryYet",
    ]


# --- the function on a schedule ---------------------------------------------------------------------


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """An embedded account with a notebook, a bucket and a topic."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "embedded")
    monkeypatch.delenv("AWS_PROFILE", raising=False)
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
    with mock_aws():
        boto3.client("s3").create_bucket(
            Bucket="wa-lint-history", CreateBucketConfiguration={"LocationConstraint": REGION}
        )
        topic = boto3.client("sns").create_topic(Name="alerts")["TopicArn"]
        trust = {"Effect": "Allow", "Principal": {"Service": "sagemaker.amazonaws.com"}, "Action": "sts:AssumeRole"}
        boto3.client("iam").create_role(
            RoleName="notebook", AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [trust]})
        )
        boto3.client("sagemaker").create_notebook_instance(
            NotebookInstanceName="research",
            InstanceType="ml.t3.medium",
            RoleArn=f"arn:aws:iam::{ACCOUNT}:role/notebook",
            DirectInternetAccess="Enabled",
        )
        for name, value in {"BUCKET": "wa-lint-history", "REGIONS": REGION, "TOPIC": topic}.items():
            monkeypatch.setenv(name, value)
        yield


def test_two_nights_of_the_scheduled_function_make_one_history(account: None, tmp_path: Path) -> None:
    del account
    recipe = module("scheduled/scan_nightly.py")
    assert [recipe.handler({}, None)["code"], recipe.handler({}, None)["code"]] == [1, 1]
    s3 = boto3.client("s3")
    (tmp_path / "wa.db").write_bytes(s3.get_object(Bucket="wa-lint-history", Key="wa-lint.db")["Body"].read())
    with opened(tmp_path / "wa.db") as ledger:
        assert [run.command for run in ledger.runs()] == ["scan", "scan"]
        assert "notebook-direct-internet" in {finding.rule for finding in ledger.findings()}
    assert b"Over time" in s3.get_object(Bucket="wa-lint-history", Key="wa-lint.html")["Body"].read()


def test_a_night_that_cannot_keep_its_run_leaves_the_history_and_raises(account: None) -> None:
    del account
    boto3.client("s3").put_object(Bucket="wa-lint-history", Key="wa-lint.db", Body=b"damaged")
    with pytest.raises(RuntimeError, match="could not scan"):
        module("scheduled/scan_nightly.py").handler({}, None)
    found = boto3.client("s3").get_object(Bucket="wa-lint-history", Key="wa-lint.db")
    assert found["Body"].read() == b"damaged"


# --- the rule of AWS Config -------------------------------------------------------------------------

ITEM = {
    "configurationItemStatus": "OK",
    "configurationItemCaptureTime": "2026-11-23T10:00:00.000Z",
    "resourceType": "AWS::SageMaker::NotebookInstance",
    "resourceId": "research",
    "resourceName": "research",
    "ARN": f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:notebook-instance/research",
    "awsAccountId": ACCOUNT,
    "awsRegion": REGION,
    "tags": {},
    "configuration": {
        "NotebookInstanceName": "research",
        "InstanceType": "ml.t3.medium",
        "RoleArn": f"arn:aws:iam::{ACCOUNT}:role/notebook",
        "DirectInternetAccess": "Enabled",
        "RootAccess": "Disabled",
        "SubnetId": "subnet-1",
    },
}


def event(item: dict[str, Any], rules: str = "notebook-direct-internet", **message: Any) -> dict[str, Any]:
    said = message or {"configurationItem": item, "messageType": "ConfigurationItemChangeNotification"}
    return {
        "version": "1.0",
        "invokingEvent": json.dumps(said),
        "ruleParameters": json.dumps({"rules": rules}),
        "resultToken": "token",
        "eventLeftScope": False,
    }


def changed(status: str = "OK", **configuration: Any) -> dict[str, Any]:
    item: dict[str, Any] = copy.deepcopy(ITEM)
    item["configurationItemStatus"] = status
    item["configuration"] |= configuration
    return item


@pytest.mark.parametrize(
    ("item", "rules", "told"),
    [
        pytest.param(changed(), "notebook-direct-internet", "NON_COMPLIANT", id="it fails"),
        pytest.param(changed(DirectInternetAccess="Disabled"), "notebook-direct-internet", "COMPLIANT", id="it passes"),
        pytest.param(changed(), "model-*", "NOT_APPLICABLE", id="no rule asks about it"),
        pytest.param(changed("ResourceDeleted"), "notebook-*", "NOT_APPLICABLE", id="it is gone"),
        pytest.param(
            changed(LifecycleConfigName="stop"),
            "notebook-without-idle-stop",
            "INSUFFICIENT_DATA",
            id="it needs another",
        ),
        pytest.param(changed(), "no-such-rule", "INSUFFICIENT_DATA", id="a rule that there is not"),
        pytest.param(
            {**changed(), "resourceType": "AWS::Odd::Thing"}, "notebook-*", "NOT_APPLICABLE", id="another type"
        ),
    ],
)
def test_what_config_is_told(monkeypatch: pytest.MonkeyPatch, item: dict[str, Any], rules: str, told: str) -> None:
    assert _told(monkeypatch, event(item, rules), item) == told


def test_an_item_too_large_for_its_event_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    summary = {name: value for name, value in ITEM.items() if name not in {"configuration", "tags"}}
    large: dict[str, Any] = {
        "configurationItemSummary": summary,
        "messageType": "OversizedConfigurationItemChangeNotification",
    }
    history = {
        "configurationItems": [
            {
                "resourceType": ITEM["resourceType"],
                "resourceId": "research",
                "configuration": json.dumps(ITEM["configuration"]),
            }
        ]
    }
    assert _told(monkeypatch, event(ITEM, **large), ITEM, history) == "NON_COMPLIANT"


def _told(monkeypatch: pytest.MonkeyPatch, said: Any, item: dict[str, Any], history: Any = None) -> str:
    client = boto3.client("config", REGION, aws_access_key_id="x", aws_secret_access_key="x")
    told: list[str] = []
    with Stubber(client) as stub:
        if history is not None:
            stub.add_response("get_resource_config_history", history)
        stub.add_response("put_evaluations", {})
        client.meta.events.register(
            "provide-client-params.config-service.PutEvaluations",
            lambda params, **_: told.append(params["Evaluations"][0]["ComplianceType"]),
        )
        monkeypatch.setattr(boto3, "client", lambda *_: client)
        answer: str = module("config_rule/judge_item.py").handler(said, None)
    assert told == [answer]
    assert item["resourceId"]
    return answer


def test_check_reads_the_event_as_it_is(wa_lint: WaLint) -> None:
    Path("event.json").write_text(json.dumps(event(changed())))
    run = wa_lint("check", "event.json", "--select", "notebook-direct-internet", "-o", "json")
    assert [one["resource"]["arn"] for one in run.report["findings"]] == [ITEM["ARN"]]
    Path("bridge.json").write_text(json.dumps({"source": "aws.config", "detail": {"configurationItem": changed()}}))
    run = wa_lint("check", "bridge.json", "--select", "notebook-direct-internet", "-o", "json")
    assert [one["resource"]["arn"] for one in run.report["findings"]] == [ITEM["ARN"]]


# --- the night in CI --------------------------------------------------------------------------------

AWS = """#!/bin/sh
# aws s3 cp --only-show-errors FROM TO, with a folder in place of S3
from=$4 to=$5
case $from in s3://*) from="$STORE/${from##*/}" ;; esac
case $to in s3://*) to="$STORE/${to##*/}" ;; esac
[ -n "$DENIED" ] && { echo "An error occurred (403) when calling the HeadObject operation: Forbidden" >&2; exit 1; }
[ -f "$from" ] || { echo "An error occurred (404) when calling the HeadObject operation: Not Found" >&2; exit 1; }
cp "$from" "$to"
"""
WA_LINT = """#!{python}
import sys
import boto3
from moto import mock_aws
from wa_lint.cli import main
with mock_aws():
    if sys.argv[1] == "scan":
        boto3.client("sagemaker", "eu-west-1").create_notebook_instance(
            NotebookInstanceName="research", InstanceType="ml.t3.medium", RoleArn="arn:aws:iam::123456789012:role/x"
        )
    main(sys.argv[1:])
"""


@pytest.fixture
def night(tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    for name, text in {"aws": AWS, "wa-lint": WA_LINT.format(python=sys.executable)}.items():
        (tmp_path / "bin").mkdir(exist_ok=True)
        (tmp_path / "bin" / name).write_text(text)
        (tmp_path / "bin" / name).chmod(0o755)
    (tmp_path / "store").mkdir()

    def run(**environment: str) -> subprocess.CompletedProcess[str]:
        place = tmp_path / f"night{len(list(tmp_path.iterdir()))}"
        place.mkdir()
        known = {
            "PATH": f"{tmp_path / 'bin'}:{os.environ['PATH']}",
            "STORE": str(tmp_path / "store"),
            "HISTORY": "s3://amzn-s3-demo-bucket/wa-lint.db",
            "REGIONS": REGION,
            "AWS_ACCESS_KEY_ID": "x",
            "AWS_SECRET_ACCESS_KEY": "x",
            "DENIED": "",
            "PYTHONPATH": str(ROOT),
        }
        command = ["sh", str(RECIPES / "nightly/nightly.sh")]
        return subprocess.run(
            command, check=False, capture_output=True, text=True, cwd=place, env={**known, **environment}
        )

    return run


def test_two_nights_in_ci_make_one_history(night: Callable[..., Any], tmp_path: Path) -> None:
    first, second = night(), night()
    assert (first.returncode, second.returncode) == (1, 1), first.stderr
    assert "Runs (2)" in second.stdout
    with opened(tmp_path / "store/wa-lint.db") as ledger:
        assert len(ledger.runs()) == 2


def test_a_night_that_may_not_read_its_history_does_not_replace_it(night: Callable[..., Any], tmp_path: Path) -> None:
    (tmp_path / "store/wa-lint.db").write_bytes(b"what was there")
    done = night(DENIED="yes")
    assert (done.returncode, "Forbidden" in done.stderr) == (2, True)
    assert (tmp_path / "store/wa-lint.db").read_bytes() == b"what was there"


def test_the_workflow_runs_the_script_with_the_least_rights() -> None:
    workflow = yaml.safe_load((RECIPES / "nightly/wa-lint-nightly.yml").read_text("utf-8"))
    (job,) = workflow["jobs"].values()
    assert (workflow["permissions"], job["permissions"]) == ({}, {"contents": "read", "id-token": "write"})
    assert any(step.get("run") == "./nightly.sh" for step in job["steps"])
    trust = json.loads((RECIPES / "nightly/trust.json").read_text("utf-8"))
    assert all("*" not in value for value in trust["Statement"][0]["Condition"]["StringEquals"].values())
