"""Bad accounts, by their numbers in the list of needs: what ``wa-lint scan`` does with each.

Left to others: 84, 85 and 100 by call, and 102 (`test_manners`); 91 (`test_observed`); 92 (`test_facts`); 95
(`test_fleet`); 101 (tags); 105 (`test_collectors_end_to_end`). Each call with each fault: `test_faults`.
"""

from __future__ import annotations

import base64
import datetime as dt
import gzip
import io
import json
import os
import socket
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from botocore.awsrequest import AWSResponse
from faults import HIDING, Asked, Cloud, Fault, at_once, error, refused
from http_stub import Refusal, Stub
from test_over_http import SECRET, TOKEN, with_canaries

from wa_lint import aws, codec, engine, packs
from wa_lint.demo import modelled
from wa_lint.demo.stub import ACCOUNT, REGION
from wa_lint.model import Outcome, Resource, Snapshot, Unknown
from wa_lint.reporters import REPORTERS
from wa_lint.request_limits import Manners
from wa_lint.sources.live import call_plan as plan
from wa_lint.sources.live.account_reader import read_live

WaLint = Callable[..., Any]

NOW = modelled.BORN + dt.timedelta(days=3)
PATIENT = Manners(max_rps=1e6)
NOTEBOOK, BUCKET, KEY = "AWS::SageMaker::NotebookInstance", "AWS::S3::Bucket", "AWS::KMS::Key"
SCAN = ("scan", "--region", REGION, "--now", NOW.date().isoformat(), "-o", "json", "--show-all", "--max-rps", "1000")
FEW = ("--select", "notebook-*", "--fail-on", "never")

# --- by the command line ----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def running() -> Iterator[Stub]:
    stub = Stub(modelled.Size(items=2, page=1))
    stub.start()
    yield stub
    stub.stop()


@pytest.fixture
def stub(running: Stub, monkeypatch: pytest.MonkeyPatch) -> Stub:
    """An account on loopback to which the environment leads, and which refuses nothing."""
    at_once(monkeypatch)
    running.refused.clear()
    running.seen.clear()
    running.everywhere = lambda _, told: told
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, os.devnull)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "a")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_ENDPOINT_URL", running.url)
    return running


def gaps(run: Any) -> set[str]:
    return {gap["reason"] for gap in run.report["gaps"]}


def outcomes(run: Any) -> set[str]:
    return {finding["outcome"] for finding in run.report["findings"]}


def test_81_one_call_that_is_denied_costs_what_depends_on_it_alone(wa_lint: WaLint, stub: Stub) -> None:
    whole = wa_lint(*SCAN, *FEW).report["findings"]
    stub.refused["sagemaker", "DescribeNotebookInstance"] = Refusal("AccessDeniedException")
    run = wa_lint(*SCAN, *FEW)
    assert run.code == 4
    assert gaps(run) == {"AccessDenied: sagemaker:DescribeNotebookInstance"}
    of_others = [f for f in whole if f["resource"]["type"] != NOTEBOOK and f["outcome"] != "fail"]
    assert [f for f in run.report["findings"] if f in of_others] == of_others
    assert {f["outcome"] for f in run.report["findings"] if f["resource"]["type"] == NOTEBOOK} <= {
        "unknown",
        "not-applicable",
    }


def test_81_where_everything_is_denied_nothing_passes_and_nothing_fails(wa_lint: WaLint, stub: Stub) -> None:
    stub.refused |= {call: Refusal("AccessDenied", 403) for call in plan.operations(None)}
    run = wa_lint(*SCAN)
    assert run.code == 4
    assert outcomes(run) <= {"unknown"}
    assert [reason for reason in gaps(run) if not reason.startswith("AccessDenied: ")] == []


def test_82_throttling_without_an_end_is_said(wa_lint: WaLint, stub: Stub) -> None:
    stub.refused["sagemaker", "ListNotebookInstances"] = Refusal("ThrottlingException")
    run = wa_lint(*SCAN, *FEW)
    assert run.code == 4
    assert gaps(run) == {"Throttled: sagemaker:ListNotebookInstances"}
    assert 1 < stub.seen["sagemaker", "ListNotebookInstances"] < 10


def test_83_an_address_where_nobody_is_is_one_error(
    wa_lint: WaLint, stub: Stub, monkeypatch: pytest.MonkeyPatch
) -> None:
    del stub
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{closed.getsockname()[1]}")
        run = wa_lint(*SCAN, *FEW)
    assert run.code == 2
    assert "cannot connect to http://127.0.0.1:" in run.err
    assert "Traceback" not in run.err


@pytest.mark.parametrize("code", ["UnrecognizedClientException", "InvalidClientTokenId", "ExpiredToken"])
def test_84_85_96_credentials_that_let_nobody_in_are_said_once(wa_lint: WaLint, stub: Stub, code: str) -> None:
    stub.refused["sts", "GetCallerIdentity"] = Refusal(code, 403)
    run = wa_lint(*SCAN, *FEW)
    assert (run.code, run.out) == (2, "")
    assert len(run.err.splitlines()) == 1
    assert {service for service, _ in stub.seen} == {"sts"}


def test_85_a_token_that_expires_on_the_way_leaves_a_partial_report(wa_lint: WaLint, stub: Stub) -> None:
    stub.refused["sagemaker", "DescribeNotebookInstance"] = Refusal("ExpiredTokenException")
    run = wa_lint(*SCAN, *FEW)
    assert run.code == 4
    assert {reason.partition(":")[0] for reason in gaps(run)} == {"ExpiredToken"}
    assert "pass" not in {f["outcome"] for f in run.report["findings"] if f["resource"]["type"] == NOTEBOOK}


def test_86_what_was_deleted_in_between_is_no_finding(wa_lint: WaLint, stub: Stub) -> None:
    stub.refused["sagemaker", "DescribeNotebookInstance"] = Refusal("ResourceNotFound")
    run = wa_lint(*SCAN, *FEW)
    assert run.code in (0, 3)
    assert gaps(run) == set()
    assert not [f for f in run.report["findings"] if f["resource"]["type"] == NOTEBOOK]


def test_96_without_credentials_it_says_what_to_set(
    wa_lint: WaLint, stub: Stub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    run = wa_lint(*SCAN, *FEW)
    assert (run.code, run.out) == (2, "")
    assert run.err.count("no AWS credentials were found") == 1
    assert not stub.seen


def test_97_an_endpoint_from_the_environment_is_said_and_another_account_not_read(wa_lint: WaLint, stub: Stub) -> None:
    run = wa_lint(*SCAN, *FEW)
    assert f"credentials of account {ACCOUNT}" in run.err
    assert f"warning: using the endpoint {stub.url} instead of AWS" in run.err
    stub.seen.clear()
    run = wa_lint(*SCAN, *FEW, "--expect-account", "999999999999")
    assert run.code == 2
    assert {service for service, _ in stub.seen} == {"sts"}


def test_98_equal_names_in_two_regions_are_two_and_what_is_global_is_one(
    wa_lint: WaLint, stub: Stub, monkeypatch: pytest.MonkeyPatch
) -> None:
    import boto3  # noqa: PLC0415, the rest of this file does without
    from moto import mock_aws  # noqa: PLC0415, moto takes seconds

    del stub
    monkeypatch.delenv("AWS_ENDPOINT_URL")
    regions = (REGION, "eu-central-1")
    with mock_aws():
        role = boto3.client("iam").create_role(RoleName="one", AssumeRolePolicyDocument="{}")["Role"]["Arn"]
        for region in regions:
            boto3.client("sagemaker", region).create_notebook_instance(
                NotebookInstanceName="research", InstanceType="ml.t3.medium", RoleArn=role
            )
        run = wa_lint(*SCAN, "--region", regions[1], "--select", "notebook-direct-internet,role-administrator")
    rows = [
        (f["rule"], f["resource"]["id"].rpartition(":")[2], f["resource"]["region"]) for f in run.report["findings"]
    ]
    assert sorted(rows, key=str) == [
        ("notebook-direct-internet", "notebook-instance/research", regions[1]),
        ("notebook-direct-internet", "notebook-instance/research", regions[0]),
        ("role-administrator", "role/one", None),
    ]


# --- by what is read --------------------------------------------------------------------------------


@pytest.fixture
def cloud(monkeypatch: pytest.MonkeyPatch) -> Cloud:
    at_once(monkeypatch)
    return Cloud()


def read(cloud: Cloud, *types: str) -> Snapshot:
    found = read_live(cloud, REGION, types=types, now=NOW, manners=PATIENT)
    assert dumped(codec.load(dumped(found), found.uri)) == dumped(found)
    return found


def dumped(snapshot: Snapshot) -> bytes:
    stream = io.BytesIO()
    codec.dump(snapshot, stream)
    return stream.getvalue()


def saying(**members: Any) -> Fault:
    return Fault(told=lambda _, told: {**told, **members})


def of(snapshot: Snapshot, type_: str) -> list[Resource]:
    return [resource for resource in snapshot.resources if resource.type == type_]


def judged(snapshot: Snapshot, rule: str) -> set[Outcome]:
    rules = [one for one in packs.load() if one.info.id == rule]
    return {finding.outcome for finding in engine.lint(snapshot, rules, NOW.date().isoformat()).findings}


def test_87_a_token_that_is_refused_keeps_what_came_before(cloud: Cloud) -> None:
    invalid = refused(400, "ValidationException")
    cloud.fail(
        ("sagemaker", "ListNotebookInstances"), Fault(sent=lambda asked: invalid(asked) if asked.before else None)
    )
    found = read(cloud, NOTEBOOK)
    assert len(of(found, NOTEBOOK)) == 1
    assert [gap.reason for gap in found.gaps] == ["ValidationException: sagemaker:ListNotebookInstances"]
    assert not any(scope.type == NOTEBOOK for scope in found.complete)


def test_87_a_listing_without_its_list_is_a_gap_and_not_none(cloud: Cloud) -> None:
    cloud.fail(("sagemaker", "ListNotebookInstances"), Fault(told=lambda *_: {}))
    found = read(cloud, NOTEBOOK)
    assert not of(found, NOTEBOOK)
    assert [gap.reason for gap in found.gaps] == ["NoList: sagemaker:ListNotebookInstances"]
    assert not any(scope.type == NOTEBOOK for scope in found.complete)


def test_87_a_listing_that_never_ends_is_a_gap(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(aws, "MOST_PAGES", 3)
    tokens = map(str, count(1))
    cloud.fail(("sagemaker", "ListNotebookInstances"), Fault(told=lambda _, told: {**told, "NextToken": next(tokens)}))
    found = read(cloud, NOTEBOOK)
    assert [gap.reason for gap in found.gaps] == ["the listing has more than 3 pages: sagemaker:ListNotebookInstances"]
    assert not any(scope.type == NOTEBOOK for scope in found.complete)


def test_87_an_answer_that_is_too_large_is_a_gap(wa_lint: WaLint, stub: Stub, monkeypatch: pytest.MonkeyPatch) -> None:
    stub.everywhere = lambda _, told: {**told, "NextToken": "x" * 5000} if "NotebookInstances" in told else told
    monkeypatch.setattr(aws, "MOST_BYTES", 4000)
    run = wa_lint(*SCAN, *FEW)
    assert run.code == 4
    assert "AnswerTooLarge: sagemaker:ListNotebookInstances" in gaps(run)


@pytest.mark.parametrize("partition", ["aws-cn", "aws-us-gov", "aws-iso", "aws-eusc"])
def test_88_another_partition_is_named_as_it_is(partition: str, cloud: Cloud) -> None:
    me = {"Account": ACCOUNT, "Arn": f"arn:{partition}:iam::{ACCOUNT}:user/ann"}
    cloud.fail(("sts", "GetCallerIdentity"), saying(**me))
    assert {str(one.arn).split(":")[1] for one in of(read(cloud, BUCKET), BUCKET)} == {partition}


def test_89_what_describing_a_notebook_leaves_out_is_unknown(cloud: Cloud) -> None:
    call = ("sagemaker", "DescribeNotebookInstance")
    cloud.fail(call, saying(DirectInternetAccess="Enabled"))
    assert judged(read(cloud, NOTEBOOK), "notebook-direct-internet") == {Outcome.FAIL}
    cloud.fail(call, saying(DirectInternetAccess=None))
    assert judged(read(cloud, NOTEBOOK), "notebook-direct-internet") == {Outcome.UNKNOWN}


@pytest.mark.parametrize("status", ["Pending", "Stopping", "Stopped", "Failed", "Deleting", "Updating", "NeverSeen"])
def test_90_a_state_on_the_way_to_another_changes_no_setting(status: str, cloud: Cloud) -> None:
    calls = {"DirectInternetAccess": "Enabled", "NotebookInstanceStatus": status}
    cloud.fail(("sagemaker", "DescribeNotebookInstance"), saying(**calls))
    found = read(cloud, NOTEBOOK)
    assert not found.gaps
    assert judged(found, "notebook-direct-internet") == {Outcome.FAIL}


def test_93_whose_a_key_is_is_unknown_where_describing_it_is_denied(cloud: Cloud) -> None:
    cloud.fail(("kms", "DescribeKey"), HIDING["access is denied"])
    keys = of(read(cloud, KEY), KEY)
    assert keys
    assert all(isinstance((key.observed or {})["aws_managed"], Unknown) for key in keys)


BUCKETS = [
    ("AccessDenied", 403, 2, "AccessDenied: s3:GetBucketVersioning"),
    ("NoSuchBucket", 404, 0, None),
    ("PermanentRedirect", 301, 2, "PermanentRedirect: s3:GetBucketVersioning"),
]


@pytest.mark.parametrize(("code", "status", "count", "reason"), BUCKETS, ids=[case[0] for case in BUCKETS])
def test_94_a_bucket_that_is_shut_gone_or_elsewhere_is_three_things(
    code: str, status: int, count: int, reason: str | None, cloud: Cloud
) -> None:
    def answer(asked: Asked) -> AWSResponse:
        said = error(asked, status, code)
        said.headers["x-amz-bucket-region"] = "us-west-2"
        return said

    cloud.fail(("s3", "GetBucketVersioning"), Fault(sent=answer))
    found = read(cloud, BUCKET)
    assert len(of(found, BUCKET)) == count
    assert [gap.reason for gap in found.gaps] == ([reason] if reason else [])


def test_99_two_scans_at_once_share_nothing() -> None:
    def scan(account: str) -> Snapshot:
        cloud = Cloud()
        cloud.fail(("sts", "GetCallerIdentity"), saying(Account=account, Arn=f"arn:aws:iam::{account}:user/ann"))
        return read(cloud, NOTEBOOK, BUCKET)

    with ThreadPoolExecutor(2) as pool:
        found = list(pool.map(scan, ["111111111111", "222222222222"]))
    assert [{r.account for r in one.resources} for one in found] == [{"111111111111"}, {"222222222222"}]
    assert [one.uri.split("/")[2] for one in found] == ["111111111111", "222222222222"]


SCRIPT = f"#!/bin/bash\nexport HF_TOKEN={TOKEN}\n# curl https://x | bash\n"
SCRIPTS = {
    "base64": base64.b64encode(SCRIPT.encode()).decode(),
    "plain text": SCRIPT,
    "gzip": base64.b64encode(gzip.compress(SCRIPT.encode(), mtime=0)).decode(),
    "UTF-16": base64.b64encode(SCRIPT.encode("utf-16")).decode(),
    "longer than 16 kB": base64.b64encode((SCRIPT + "echo\n" * 5000).encode()).decode(),
    "half of it": base64.b64encode(SCRIPT.encode()).decode()[:-3],
    "empty": "",
}


@pytest.mark.parametrize("text", SCRIPTS.values(), ids=SCRIPTS)
def test_103_a_script_in_whatever_coding_is_read_and_hides_its_token(text: str, cloud: Cloud) -> None:
    type_ = "AWS::SageMaker::NotebookInstanceLifecycleConfig"
    cloud.fail(
        ("sagemaker", "DescribeNotebookInstanceLifecycleConfig"), saying(OnStart=[{"Content": text}], OnCreate=[])
    )
    found = read(cloud, type_)
    assert len(of(found, type_)) == 2
    assert not found.gaps
    said = dumped(found).decode()
    assert TOKEN not in said
    assert not text or text[20:60] not in said


def test_104_a_hundred_settings_and_json_in_a_text_are_masked(cloud: Cloud) -> None:
    many = {f"NAME_{number}": "plain" for number in range(98)}
    held = json.dumps({"db": {"password": SECRET}, "token": TOKEN})
    cloud.fail(
        ("sagemaker", "DescribeTrainingJob"),
        saying(HyperParameters={**many, "config": held, "api_key": SECRET}, Environment={**many, "CONFIG": held}),
    )
    text = dumped(read(cloud, "AWS::SageMaker::TrainingJob")).decode()
    assert "NAME_97" in text
    assert SECRET not in text
    assert TOKEN not in text


# --- canaries ---------------------------------------------------------------------------------------


def test_no_secret_of_an_account_is_in_a_report_or_in_what_is_said(wa_lint: WaLint, canaries: Stub) -> None:
    del canaries
    to = [word for form in sorted(REPORTERS) for word in ("-o", f"{form}=report.{form}")]
    run = wa_lint("scan", "--region", REGION, "--now", NOW.date().isoformat(), "--max-rps", "1000", *to, *SOME)
    assert run.code == 1, run.err
    said = {form: Path(f"report.{form}").read_text(encoding="utf-8") for form in REPORTERS}
    assert all(said.values())
    for form, text in {**said, "what is said": run.out + run.err}.items():
        for word in (SECRET, TOKEN, ENCODED):
            assert word not in text, form


def test_a_snapshot_that_is_judged_later_says_the_same_of_secrets(wa_lint: WaLint, canaries: Stub) -> None:
    del canaries
    live = wa_lint(*SCAN, *SOME).report
    wa_lint("snapshot", "--region", REGION, "--now", NOW.date().isoformat(), "-o", "it.jsonl", "--max-rps", "1000")
    text = Path("it.jsonl").read_text(encoding="utf-8")
    assert not any(word in text for word in (SECRET, TOKEN, ENCODED))
    later = wa_lint("check", "it.jsonl", *SCAN[3:8], *SOME).report
    assert [f["fingerprint"] for f in later["findings"]] == [f["fingerprint"] for f in live["findings"]]
    assert [f["outcome"] for f in later["findings"]] == [f["outcome"] for f in live["findings"]]
    assert {f["outcome"] for f in live["findings"]} >= {"fail"}


SOME = ("--select", "notebook-*,model-*,training-*")
ENCODED = base64.b64encode(f"#!/bin/bash\nexport HF_TOKEN={TOKEN}\n".encode()).decode()[20:60]


@pytest.fixture
def canaries(stub: Stub, monkeypatch: pytest.MonkeyPatch) -> Stub:
    """The account with a secret in every map, tag, pair and script, watched as closely as can be."""
    stub.everywhere = lambda shape, told: with_canaries(shape, told, told=set())
    monkeypatch.setenv("WA_LINT_DEBUG", "1")
    return stub
