"""``scan`` and ``snapshot``: an embedded account, one region or several, and what is judged later elsewhere."""

from __future__ import annotations

import json
import logging
import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest

ROOT = Path(__file__).parents[1]
WaLint = Callable[..., Any]


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """An embedded account with one notebook in it, and the role that it has."""
    import boto3  # noqa: PLC0415, the rest of this file does without
    from moto import mock_aws  # noqa: PLC0415, the same

    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "embedded")
    for name in ("AWS_PROFILE", "AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name, raising=False)
    with mock_aws():
        trust = {"Effect": "Allow", "Principal": {"Service": "sagemaker.amazonaws.com"}, "Action": "sts:AssumeRole"}
        boto3.client("iam").create_role(
            RoleName="notebook", AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [trust]})
        )
        boto3.client("sagemaker", "eu-west-1").create_notebook_instance(
            NotebookInstanceName="research",
            InstanceType="ml.t3.medium",
            RoleArn="arn:aws:iam::123456789012:role/notebook",
            DirectInternetAccess="Enabled",
        )
        yield


TWO = ("--region", "eu-west-1", "--region", "eu-central-1")
NOW = ("--now", "2026-11-23")
ALL = (*NOW, "-o", "json", "--show-all")


def test_a_scan_judges_what_is_there(wa_lint: WaLint, account: None) -> None:
    del account
    run = wa_lint("scan", "--region", "eu-west-1", "-o", "json", "--show-all", "--select", "notebook-*")
    assert [(i["kind"], i["status"]) for i in run.report["inputs"]] == [("live", "judged")]
    assert {f["resource"]["id"].rpartition("/")[2] for f in run.report["findings"]} == {"research"}
    assert run.code == 1
    assert run.err.startswith("wa-lint: these are the credentials of account 123456789012: arn:aws:sts::123456789012:")
    contract = json.loads((ROOT / "wa_lint/schemas/report.schema.json").read_text())
    jsonschema.Draft202012Validator(contract).validate(run.report)


@pytest.mark.parametrize(
    ("name", "regions"),
    [("account.jsonl", TWO[:2]), ("account.jsonl", TWO), ("account.jsonl.gz", TWO), ("parts/", TWO)],
)
def test_a_snapshot_is_judged_later_as_the_account_was(
    wa_lint: WaLint, account: None, name: str, regions: tuple[str, ...]
) -> None:
    del account
    live = wa_lint("scan", *regions, *ALL).report
    taken = wa_lint("snapshot", *regions, "-o", name, *NOW)
    assert taken.out == ""
    assert taken.code == 4  # it asks for all types, and the embedded account refuses some
    later = wa_lint("check", name, *ALL).report
    assert later["findings"] == live["findings"]
    assert live["findings"]


def test_only_the_owner_reads_what_tells_of_an_account(wa_lint: WaLint, account: None, tmp_path: Path) -> None:
    del account
    before = os.umask(0o022)
    try:
        Path("open.jsonl").touch(0o644)
        for to in ("open.jsonl", "one.jsonl.gz", "parts/"):
            wa_lint("snapshot", *TWO[:2], "-o", to, *NOW)
        wa_lint("scan", *TWO[:2], *NOW, "-o", "sarif=scan.sarif", "-o", "html=scan.html")
        wa_lint("check", "open.jsonl", *NOW, "-o", "json=check.json")
        wa_lint("diff", "open.jsonl", "one.jsonl.gz", "-o", "json=diff.json")
        Path("t.yaml").write_text("Resources: {N: {Type: AWS::SageMaker::NotebookInstance}}\n", "utf-8")
        wa_lint("check", "t.yaml", "-o", "json=template.json")
    finally:
        os.umask(before)
    modes = {path.relative_to(tmp_path).as_posix(): path.stat().st_mode & 0o777 for path in files_below(tmp_path)}
    assert {modes.pop("template.json"), modes.pop("t.yaml")} == {0o644}
    assert {*modes} >= {
        "open.jsonl",
        "one.jsonl.gz",
        "parts/index.json",
        "scan.sarif",
        "scan.html",
        "check.json",
        "diff.json",
    }
    assert {name: oct(mode) for name, mode in modes.items() if mode != 0o600} == {}


def files_below(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def test_what_is_global_is_read_once_for_all_regions(
    wa_lint: WaLint, account: None, caplog: pytest.LogCaptureFixture
) -> None:
    del account
    with caplog.at_level(logging.DEBUG, "botocore.endpoint"):
        run = wa_lint("scan", *TWO, *ALL)
    asked = [record.getMessage() for record in caplog.records]
    assert sum("name=GetAccountAuthorizationDetails" in line for line in asked) == 1
    assert sum("name=ListNotebookInstances" in line for line in asked) == 2
    rows = [(f["rule"], f["resource"]["id"], f["path"]) for f in run.report["findings"]]
    assert len(rows) == len(set(rows))
    assert any(":role/notebook" in id_ for _, id_, _ in rows)


def test_a_region_that_lets_nobody_in_costs_no_other_its_verdict(wa_lint: WaLint, account: None) -> None:
    del account
    run = wa_lint("scan", "--region", "not a region", "--region", "eu-west-1", *ALL, "--fail-on", "never")
    assert run.code == 4
    assert [(i["uri"], i["status"]) for i in run.report["inputs"]] == [
        ("aws://123456789012", "judged"),  # what is the same from every region
        ("aws://123456789012/eu-west-1", "judged"),
        ("aws://123456789012/not a region", "error"),
    ]
    assert "wa-lint: aws://123456789012/not a region: " in run.err
    assert any(":role/notebook" in f["resource"]["id"] for f in run.report["findings"])


def test_an_endpoint_has_the_configuration_of_its_own_region(wa_lint: WaLint, account: None) -> None:
    import boto3  # noqa: PLC0415, the rest of this file does without

    del account
    for region, kind in (
        ("eu-west-1", {"ServerlessConfig": {"MemorySizeInMB": 2048, "MaxConcurrency": 5}}),
        ("eu-central-1", {"InstanceType": "ml.m5.large", "InitialInstanceCount": 1}),
    ):
        sagemaker = boto3.client("sagemaker", region)
        sagemaker.create_model(ModelName="churn", ExecutionRoleArn="arn:aws:iam::123456789012:role/notebook")
        variant = {"VariantName": "blue", "ModelName": "churn", **kind}
        sagemaker.create_endpoint_config(EndpointConfigName="churn", ProductionVariants=[variant])
        sagemaker.create_endpoint(EndpointName="churn", EndpointConfigName="churn")
    found = wa_lint("scan", *TWO, *ALL, "--select", "endpoint-without-rollback").report["findings"]
    assert {f["resource"]["region"]: f["outcome"] for f in found} == {
        "eu-central-1": "fail",
        "eu-west-1": "not-applicable",
    }


@pytest.mark.parametrize(
    ("options", "hint"),
    [([], "no region is set; use --region"), (["--profile", "nobody", "--region", "eu-west-1"], "nobody")],
)
def test_a_scan_that_cannot_start_says_what_to_give(
    wa_lint: WaLint, account: None, options: list[str], hint: str
) -> None:
    del account
    run = wa_lint("scan", *options)
    assert (run.code, run.out) == (2, "")
    assert hint in run.err


# --- tags -------------------------------------------------------------------------------------------

NOTEBOOK = "arn:aws:sagemaker:eu-west-1:123456789012:notebook-instance/research"


def tag(key: str, value: str) -> None:
    import boto3  # noqa: PLC0415, as above

    boto3.client("sagemaker", "eu-west-1").add_tags(ResourceArn=NOTEBOOK, Tags=[{"Key": key, "Value": value}])


def told(run: Any) -> dict[str, str]:
    """Return the rules that are suppressed, each with the reason."""
    return {f["rule"]: f["suppressed"]["reason"] for f in run.report["findings"] if f["suppressed"]}


ONE_REGION = ("--region", "eu-west-1", "--select", "notebook-*", "-o", "json", *NOW)


def test_a_tag_suppresses_in_a_scan_and_in_a_snapshot_that_is_judged_later(wa_lint: WaLint, account: None) -> None:
    del account
    tag("wa-lint:allow", "notebook-root-access+notebook-direct-internet lab without data until=2026-12-31")
    expected = dict.fromkeys(("notebook-direct-internet", "notebook-root-access"), "lab without data")
    assert told(wa_lint("scan", *ONE_REGION)) == expected
    assert told(wa_lint("scan", *ONE_REGION, "--no-inline-suppressions")) == {}
    wa_lint("snapshot", "--region", "eu-west-1", "-o", "account.jsonl", *NOW)
    assert told(wa_lint("check", "account.jsonl", *ONE_REGION[2:])) == expected


def test_a_workload_is_what_bears_its_tag_in_a_scan_and_in_a_snapshot(wa_lint: WaLint, account: None) -> None:
    import boto3  # noqa: PLC0415, as above

    del account
    tag("project", "churn")
    boto3.client("sagemaker", "eu-west-1").create_notebook_instance(
        NotebookInstanceName="of-others",
        InstanceType="ml.t3.medium",
        RoleArn="arn:aws:iam::123456789012:role/others",
        DirectInternetAccess="Enabled",
    )
    Path("w.yaml").write_text("workload: {name: churn, tags: {project: churn}}\n", "utf-8")
    select = ("--select", "notebook-*", "--workload", "w.yaml")
    live = wa_lint("scan", *TWO[:2], *ALL, *select).report
    assert {f["resource"]["id"].rpartition("/")[2] for f in live["findings"]} == {"research"}
    assert live["workload"]["outside"] > 0
    wa_lint("snapshot", *TWO[:2], "-o", "account.jsonl", "--tag", "project", *NOW)
    later = wa_lint("check", "account.jsonl", *ALL, *select).report
    assert later["findings"] == live["findings"]
    review = wa_lint("review", "account.jsonl", "--no-config", "--answers", "w.yaml", "-o", "json", *NOW).report
    assert review["workload"]["name"] == "churn"
    assert review["statuses"]["met"] == review["statuses"]["not-applicable"] == 0  # a tag proves no absence
    without = wa_lint("scan", *TWO[:2], *ALL, *select[:2]).report
    assert {f["resource"]["id"].rpartition("/")[2] for f in without["findings"]} == {"research", "of-others"}


def test_a_tag_that_is_malformed_or_names_no_rule_is_found(wa_lint: WaLint, account: None) -> None:
    del account
    tag("wa-lint:allow", "notebook-rot-access")
    run = wa_lint("scan", *ONE_REGION)
    (fault,) = (f for f in run.report["findings"] if f["rule"].startswith("suppression-"))
    assert (fault["rule"], fault["location"]["uri"]) == ("suppression-unknown-rule", NOTEBOOK)


def test_101_where_tags_may_not_be_read_it_is_said(
    wa_lint: WaLint, account: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    del account
    tag("wa-lint:allow", "notebook-root-access lab")
    refuse(monkeypatch, "resourcegroupstaggingapi")
    run = wa_lint("scan", *ONE_REGION)
    (gap,) = (gap for gap in run.report["gaps"] if gap["grant"])
    assert (gap["type"], gap["grant"]) == ("the tag wa-lint:allow", "tag:GetResources")
    assert run.code == 1
    assert told(run) == {}


def refuse(monkeypatch: pytest.MonkeyPatch, service: str) -> None:
    """Let no call to `service` through, by botocore's own hook."""
    import boto3  # noqa: PLC0415, as above
    from botocore.awsrequest import AWSResponse  # noqa: PLC0415, as above

    def answer(**_: Any) -> AWSResponse:
        body = b'{"__type": "AccessDeniedException", "message": "no"}'
        return AWSResponse("https://x", 400, {"content-type": "application/x-amz-json-1.1"}, Raw(body))

    make = boto3.Session.client

    def client(self: Any, name: str, *arguments: Any, **options: Any) -> Any:
        made = make(self, name, *arguments, **options)
        if name == service:
            made.meta.events.register_first("before-send", answer)
        return made

    monkeypatch.setattr(boto3.Session, "client", client)


class Raw:
    """A body as urllib3 has it."""

    def __init__(self, content: bytes) -> None:
        self.content = content

    def stream(self, *_: Any, **__: Any) -> Iterator[bytes]:
        yield self.content


def test_a_live_finding_points_into_the_template_that_made_the_resource(wa_lint: WaLint, account: None) -> None:
    del account
    tag("aws:cloudformation:stack-name", "lab")
    tag("aws:cloudformation:logical-id", "Research")
    template = (
        "Resources:\n  Research:\n    Type: AWS::SageMaker::NotebookInstance\n    Properties:\n"
        "      DirectInternetAccess: Enabled\n"
    )
    Path("lab.yaml").write_text(template, encoding="utf-8")
    run = wa_lint("scan", *ONE_REGION, "--template", "lab.yaml")
    lines = {f["rule"]: f["anchor"]["line"] for f in run.report["findings"]}
    assert (lines["notebook-direct-internet"], lines["notebook-default-key"]) == (5, 2)
    sarif = wa_lint("scan", *ONE_REGION[:4], "-o", "sarif", *NOW, "--template", "lab.yaml").report
    places = [r["locations"][0] for r in sarif["runs"][0]["results"]]
    assert {p["physicalLocation"]["artifactLocation"]["uri"] for p in places} == {"lab.yaml"}
    assert {p["logicalLocations"][0]["fullyQualifiedName"] for p in places} == {NOTEBOOK}


@pytest.mark.parametrize(
    ("region", "said"),
    [
        ("eu-west-9", "knows no region 'eu-west-9'; did you mean 'eu-west-"),
        ("nonsense", "knows no region 'nonsense'"),
        ("us-eest-1", "knows no region 'us-eest-1'; did you mean 'us-"),
    ],
)
def test_a_region_that_nobody_knows_is_warned_of(region: str, said: str, wa_lint: WaLint, account: None) -> None:
    del account
    run = wa_lint("scan", "--region", "eu-west-1", "--region", region, "--select", "notebook-*", "-o", "json")
    assert f"wa-lint: warning: the installed botocore {said}" in run.err


def test_a_region_counts_in_any_case(wa_lint: WaLint, account: None) -> None:
    del account
    run = wa_lint("scan", "--region", "EU-West-1", "--select", "notebook-*", "-o", "json")
    assert "warning" not in run.err
    assert {f["resource"]["region"] for f in run.report["findings"]} == {"eu-west-1"}


@pytest.mark.parametrize("variable", ["AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_STS"])
@pytest.mark.parametrize("address", ["http://127.0.0.1:9", "nonsense"])
def test_an_endpoint_where_nobody_is_is_named(
    variable: str, address: str, wa_lint: WaLint, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "embedded")
    monkeypatch.setenv(variable, address)
    run = wa_lint("scan", "--region", "eu-west-1", "--select", "notebook-*")
    assert run.code == 2
    assert f"{address}, which AWS_ENDPOINT_URL, or endpoint_url of the profile, names" in run.err


def test_an_interrupted_snapshot_says_first_how_to_go_on(
    wa_lint: WaLint, account: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    del account
    from wa_lint.sources.live import units  # noqa: PLC0415, it brings boto3 along

    read = units.read_unit

    def interrupted(unit: Any, stop: Any, *rest: Any) -> Any:
        if unit.region == "eu-west-1":
            os.kill(os.getpid(), signal.SIGINT)
            stop.wait(5)
        return read(unit, stop, *rest)

    monkeypatch.setattr(units, "read_unit", interrupted)
    monkeypatch.setattr("wa_lint.run.collect.AT_ONCE", 1)
    options = ("--region", "eu-west-1", "--region=eu-central-1", "--now", "2026-11-23")
    run = wa_lint("snapshot", *options, "-o", "my fleet.gz")
    command = f"wa-lint snapshot {' '.join(options)} --resume 'my fleet.gz'"
    said = [line for line in run.err.splitlines() if "credentials" not in line]
    assert said[0] == f"wa-lint: to go on: {command}"
    assert said[1].startswith("wa-lint: stopping;")
    table = next(number for number, line in enumerate(said) if line.startswith("wa-lint: type "))
    assert f"wa-lint:   {command}" in said[:table]
    assert run.code == 4
