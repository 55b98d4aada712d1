"""ASFF, OCSF and the way into Security Hub: held to the services' own models, and to moto's Security Hub."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import msgspec
import pytest
from botocore.stub import Stubber
from samples import hostile, live
from service_model import faults

from wa_lint.model import (
    Finding,
    Gap,
    Input,
    Listed,
    Location,
    Outcome,
    Report,
    Resource,
    RuleInfo,
    Scope,
    Severity,
    Suppression,
)
from wa_lint.publish import security_hub
from wa_lint.publish.security_hub import Pushed, push
from wa_lint.reporters import RenderOptions, asff, reporter

WaLint = Callable[..., Any]
ACCOUNT, REGION = "123456789012", "eu-west-1"
NOW, LATER = "2026-11-23T18:30:00", "2026-11-24T18:30:00"

OPEN = RuleInfo(
    id="notebook-direct-internet",
    title="Notebook has a way to the internet of its own",
    severity=Severity.HIGH,
    practices=("MLSEC01-BP01",),
    why="It passes by your VPC.",
    fix="Set DirectInternetAccess to Disabled.",
    applies_to=("AWS::SageMaker::NotebookInstance",),
)
BROAD = msgspec.structs.replace(OPEN, id="role-administrator", applies_to=("AWS::IAM::Role",))


def notebook(name: str, **changes: Any) -> Finding:
    arn = f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:notebook-instance/{name}"
    resource = Resource(arn, OPEN.applies_to[0], {}, Listed(Location(arn)), arn=arn, account=ACCOUNT, region=REGION)
    found = Finding(
        OPEN, Outcome.FAIL, resource, "DirectInternetAccess", Location(arn), "It is open.", fingerprint=name
    )
    return msgspec.structs.replace(found, **changes)


def role(name: str) -> Finding:
    arn = f"arn:aws:iam::{ACCOUNT}:role/{name}"
    resource = Resource(arn, "AWS::IAM::Role", {}, Listed(Location(arn)), arn=arn, account=ACCOUNT)
    return Finding(BROAD, Outcome.FAIL, resource, "", Location(arn), "It may all.", fingerprint=name)


UNITS = (
    Input(f"aws://{ACCOUNT}", "live", "judged", None, 1),
    Input(f"aws://{ACCOUNT}/{REGION}", "live", "judged", None, 2),
)


def report(*findings: Finding, **changes: Any) -> Report:
    return msgspec.structs.replace(Report((OPEN, BROAD), findings, UNITS), **changes)


def written(format_: str, found: Report, **options: Any) -> Any:
    return json.loads(reporter(format_)(found, RenderOptions(made_at=NOW, **options)))


# --- ASFF -------------------------------------------------------------------------------------------


def test_a_finding_of_an_account_is_one_of_its_own_product() -> None:
    (found,) = written("asff", report(notebook("a")))
    assert found["ProductArn"] == f"arn:aws:securityhub:{REGION}:{ACCOUNT}:product/{ACCOUNT}/default"
    assert found["GeneratorId"] == "wa-lint/notebook-direct-internet"
    assert found["FindingProviderFields"]["Severity"]["Label"] == "HIGH"
    assert found["Compliance"]["Status"] == "FAILED"
    assert found["RecordState"] == "ACTIVE"
    assert found["UpdatedAt"] == "2026-11-23T18:30:00Z"
    assert found["Resources"][0]["Type"] == "AwsSageMakerNotebookInstance"


def test_only_what_fails_in_an_account_is_in_asff() -> None:
    template = notebook("t", resource=Resource("T", "AWS::SageMaker::NotebookInstance", {}, Listed(Location("t.yaml"))))
    others = [notebook(o.value, outcome=o) for o in Outcome if o is not Outcome.FAIL]
    assert written("asff", report(template, *others), show_all=True) == []


def test_the_id_is_the_same_at_another_time_and_of_another_wording() -> None:
    one = notebook("a")
    other = msgspec.structs.replace(one, message="Said otherwise.", rule=msgspec.structs.replace(OPEN, title="T" * 20))
    assert asff.id_of(one) == asff.id_of(other)
    assert asff.id_of(one) != asff.id_of(notebook("b"))


def test_what_is_global_goes_to_the_first_region_of_its_account_that_was_read() -> None:
    (found,) = written("asff", report(role("r")))
    assert found["ProductArn"].split(":")[3] == REGION
    many = report(role("r"), inputs=(*UNITS, Input(f"aws://{ACCOUNT}/us-east-1", "live", "judged")))
    (found,) = written("asff", many)
    assert found["ProductArn"].split(":")[3] == "us-east-1"
    (found,) = written("asff", report(role("r"), inputs=UNITS[:1]))
    assert found["ProductArn"].split(":")[3] == "us-east-1"


def test_what_somebody_allowed_is_archived_and_what_is_old_is_not() -> None:
    allowed = notebook("a", suppressed=Suppression("file", "a lab"))
    old = notebook("b", suppressed=Suppression("baseline"))
    found = {f["ProductFields"]["wa-lint/fingerprint"]: f for f in written("asff", report(allowed, old))}
    assert found["a"]["RecordState"] == "ARCHIVED"
    assert found["a"]["ProductFields"]["wa-lint/suppressed"] == "file: a lab"
    assert found["b"]["RecordState"] == "ACTIVE"


def in_an_account(found: Report) -> Report:
    """The same report, as if all of it stood in a live account."""
    findings = [
        msgspec.structs.replace(
            f, resource=msgspec.structs.replace(f.resource, account=ACCOUNT, region=REGION), outcome=Outcome.FAIL
        )
        for f in found.findings
    ]
    return msgspec.structs.replace(found, findings=tuple(findings))


@pytest.mark.parametrize("sample", [live, hostile], ids=lambda sample: sample.__name__)
def test_security_hub_would_take_every_finding(sample: Callable[[], Any]) -> None:
    import boto3  # noqa: PLC0415, most of this file does without

    entries = written("asff", in_an_account(sample().report))
    assert entries
    client = boto3.client("securityhub", REGION, aws_access_key_id="embedded", aws_secret_access_key="embedded")
    for batch in security_hub.batches(entries):
        assert faults("securityhub", "BatchImportFindings", {"Findings": batch}) == []
        with Stubber(client) as stub:
            stub.add_response(
                "batch_import_findings", {"FailedCount": 0, "SuccessCount": len(batch)}, {"Findings": batch}
            )
            client.batch_import_findings(Findings=batch)
    for entry in entries:
        assert_within_the_limits_of_the_user_guide(entry)


def assert_within_the_limits_of_the_user_guide(entry: Mapping[str, Any]) -> None:
    lengths = {"Title": 256, "Description": 1024, "Id": 512, "GeneratorId": 512}
    assert {key: len(entry[key]) <= most for key, most in lengths.items()} == dict.fromkeys(lengths, True)
    assert len(entry["Remediation"]["Recommendation"]["Text"]) <= 512
    assert len(entry["ProductFields"]) <= 50
    assert all(len(k) <= 128 and 0 < len(v) <= 2048 for k, v in entry["ProductFields"].items())
    assert len(entry["Resources"][0]["Id"]) <= 512
    assert len(json.dumps(entry).encode()) < 240_000


def test_a_batch_is_neither_longer_nor_heavier_than_security_hub_takes() -> None:
    small = [{"Id": str(at)} for at in range(205)]
    assert [len(batch) for batch in security_hub.batches(small)] == [100, 100, 5]
    heavy = [{"Id": str(at), "Text": "x" * 200_000} for at in range(60)]
    sizes = [len(json.dumps(batch)) for batch in security_hub.batches(heavy)]
    assert max(sizes) <= 6_000_000
    assert len(sizes) == 3


# --- OCSF -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("sample", [live, hostile], ids=lambda sample: sample.__name__)
def test_every_ocsf_event_is_a_compliance_finding(sample: Callable[[], Any]) -> None:
    from py_ocsf_models.events.findings.compliance_finding import ComplianceFinding  # noqa: PLC0415, slow to import

    events = written("ocsf", sample().report, show_all=True)
    assert events
    known = {*ComplianceFinding.model_fields, "cloud"}
    for event in events:
        read = ComplianceFinding.model_validate(event)
        assert read.type_uid == 200301
        assert set(event) <= known


def test_ocsf_says_what_passed_only_when_all_is_asked_for() -> None:
    found = report(*(notebook(outcome.value, outcome=outcome) for outcome in Outcome))
    brief = {event["finding_info"]["uid"]: event["compliance"]["status"] for event in written("ocsf", found)}
    assert brief == {"fail": "Fail", "unknown": "Unknown"}
    full = {
        event["finding_info"]["uid"]: event["compliance"]["status_id"]
        for event in written("ocsf", found, show_all=True)
    }
    assert full == {"fail": 3, "unknown": 0, "pass": 1}


def test_ocsf_tells_time_in_milliseconds_and_names_the_account() -> None:
    (event,) = written("ocsf", report(notebook("a", suppressed=Suppression("tag", "a lab"))))
    assert event["time"] == 1795458600000
    assert event["cloud"] == {"provider": "AWS", "account": {"uid": ACCOUNT}, "region": REGION}
    assert event["status"] == "Suppressed"
    assert event["metadata"]["profiles"] == ["cloud"]


# --- push -------------------------------------------------------------------------------------------


@pytest.fixture
def session(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A session of an account with Security Hub in one region."""
    import boto3  # noqa: PLC0415, as above
    from moto import mock_aws  # noqa: PLC0415, the same

    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "embedded")
    for name in ("AWS_PROFILE", "AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name, raising=False)
    with mock_aws():
        made = boto3.Session()
        made.client("securityhub", REGION).enable_security_hub(EnableDefaultStandards=False)
        yield made


def pushed(session: Any, found: Report, at: str = NOW) -> list[Pushed]:
    return list(push(lambda _account: session, found, at, wait=lambda _seconds: None))


def states(session: Any) -> dict[str, str]:
    """What stands in Security Hub, by fingerprint."""
    pages = session.client("securityhub", REGION).get_paginator("get_findings").paginate()
    found = [finding for page in pages for finding in page["Findings"]]
    return {f.get("ProductFields", {}).get("wa-lint/fingerprint", f["Id"]): f["RecordState"] for f in found}


def test_what_fails_is_brought_there_in_batches(session: Any) -> None:
    found = [notebook(f"n{at}") for at in range(130)]
    assert pushed(session, report(*found)) == [Pushed(ACCOUNT, REGION, imported=130)]
    assert set(states(session).values()) == {"ACTIVE"}
    assert len(states(session)) == 130


def test_what_is_mended_is_archived_and_keeps_its_first_day(session: Any) -> None:
    pushed(session, report(notebook("a"), notebook("b"), role("r")))
    assert pushed(session, report(notebook("b")), LATER) == [Pushed(ACCOUNT, REGION, imported=1, archived=2)]
    assert states(session) == {"a": "ARCHIVED", "b": "ACTIVE", "r": "ARCHIVED"}
    found = session.client("securityhub", REGION).get_findings()["Findings"]
    assert {(f["CreatedAt"], f["UpdatedAt"]) for f in found} == {(f"{NOW}Z", f"{LATER}Z")}
    assert faults("securityhub", "BatchImportFindings", {"Findings": [_given(f) for f in found]}) == []


def _given(finding: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in finding.items() if key != "Region"}


def gap(type_: str, region: str | None = REGION) -> Gap:
    return Gap(Scope(type_, ACCOUNT, region), "AccessDenied")


@pytest.mark.parametrize(
    "second",
    [
        pytest.param(report(gaps=(gap("AWS::SageMaker::NotebookInstance"),)), id="the listing was refused"),
        pytest.param(report(gaps=(gap("AWS::*"),)), id="the region could not be read"),
        pytest.param(report(inputs=UNITS[:1]), id="the region was not read"),
        pytest.param(
            report(inputs=(UNITS[0], msgspec.structs.replace(UNITS[1], reason="it was read in part"))),
            id="the reading was cut short",
        ),
        pytest.param(
            report(inputs=(UNITS[0], msgspec.structs.replace(UNITS[1], status="error"))), id="the region failed"
        ),
        pytest.param(report(rules=(BROAD,)), id="the rule was not run"),
        pytest.param(report(notebook("a", outcome=Outcome.UNKNOWN, fingerprint="x")), id="it could not be decided"),
    ],
)
def test_nothing_is_archived_that_was_not_looked_at(session: Any, second: Report) -> None:
    pushed(session, report(notebook("a")))
    pushed(session, second, LATER)
    assert states(session) == {"a": "ACTIVE"}


def test_a_gap_in_another_type_or_region_keeps_nothing(session: Any) -> None:
    pushed(session, report(notebook("a")))
    pushed(session, report(gaps=(gap("AWS::IAM::Role", None), gap(OPEN.applies_to[0], "us-east-1"))), LATER)
    assert states(session) == {"a": "ARCHIVED"}


def test_what_others_brought_there_is_left_alone(session: Any) -> None:
    theirs = {**written("asff", report(notebook("a")))[0], "Id": "theirs", "GeneratorId": "another-tool"}
    elsewhere = theirs | {
        "Id": "elsewhere",
        "GeneratorId": "wa-lint/notebook-direct-internet",
        "ProductArn": theirs["ProductArn"].replace(ACCOUNT, "999999999999"),
    }
    session.client("securityhub", REGION).batch_import_findings(Findings=[theirs, elsewhere])
    assert pushed(session, report(), LATER) == [Pushed(ACCOUNT, REGION)]
    found = session.client("securityhub", REGION).get_findings()["Findings"]
    assert {f["Id"]: f["RecordState"] for f in found} == {"theirs": "ACTIVE", "elsewhere": "ACTIVE"}


def test_what_is_allowed_later_is_archived_and_comes_back(session: Any) -> None:
    allowed = report(notebook("a", suppressed=Suppression("file", "a lab")))
    assert pushed(session, allowed) == [Pushed(ACCOUNT, REGION)]  # it was never there
    pushed(session, report(notebook("a")))
    assert pushed(session, allowed, LATER) == [Pushed(ACCOUNT, REGION, archived=1)]
    assert states(session) == {"a": "ARCHIVED"}
    pushed(session, report(notebook("a")), LATER)
    assert states(session) == {"a": "ACTIVE"}


class Lent:
    """A session that lends one client, with answers put in its way."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def client(self, *_args: Any, **_kwargs: Any) -> Any:
        return self._client


def failed(finding: Finding, code: str) -> dict[str, str]:
    return {"Id": asff.id_of(finding), "ErrorCode": code, "ErrorMessage": "said so"}


def stubbed(session: Any, *answers: list[dict[str, str]]) -> Stubber:
    stub = Stubber(session.client("securityhub", REGION))
    stub.add_response("get_findings", {"Findings": []})
    for failing in answers:
        stub.add_response(
            "batch_import_findings", {"FailedCount": len(failing), "SuccessCount": 1, "FailedFindings": failing}
        )
    stub.activate()
    return stub


def test_what_was_not_taken_for_a_passing_reason_is_sent_again(session: Any) -> None:
    first, second = notebook("a"), notebook("b")
    stub = stubbed(session, [failed(second, "InternalError")], [])
    waited: list[float] = []
    found = list(push(lambda _: Lent(stub.client), report(first, second), NOW, wait=waited.append))
    assert found == [Pushed(ACCOUNT, REGION, imported=2)]
    assert waited == [2.0]
    stub.assert_no_pending_responses()


@pytest.mark.parametrize(("code", "calls"), [("InvalidInput", 1), ("InternalError", 4)])
def test_what_is_never_taken_is_said(session: Any, code: str, calls: int) -> None:
    first, second = notebook("a"), notebook("b")
    stub = stubbed(session, *[[failed(second, code)]] * calls)
    (found,) = push(lambda _: Lent(stub.client), report(first, second), NOW, wait=lambda _: None)
    assert (found.imported, found.refused) == (1, f"1 findings were rejected: {code}: said so")
    stub.assert_no_pending_responses()


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("InvalidAccessException", "Security Hub is not enabled there"),
        ("AccessDeniedException", "the credentials lack securityhub:BatchImportFindings or securityhub:GetFindings"),
    ],
)
def test_a_refusal_is_one_sentence(session: Any, code: str, said: str) -> None:
    stub = Stubber(session.client("securityhub", REGION))
    stub.add_client_error("get_findings", code, "a long story")
    stub.activate()
    assert list(push(lambda _: Lent(stub.client), report(notebook("a")), NOW)) == [
        Pushed(ACCOUNT, REGION, refused=said)
    ]


# --- the command ------------------------------------------------------------------------------------

SCAN = ("scan", "--region", REGION, "--select", "notebook-direct-internet", "--now", "2026-11-23")


def research(session: Any) -> None:
    trust = {"Effect": "Allow", "Principal": {"Service": "sagemaker.amazonaws.com"}, "Action": "sts:AssumeRole"}
    session.client("iam").create_role(
        RoleName="notebook", AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    )
    session.client("sagemaker", REGION).create_notebook_instance(
        NotebookInstanceName="research",
        InstanceType="ml.t3.medium",
        RoleArn=f"arn:aws:iam::{ACCOUNT}:role/notebook",
        DirectInternetAccess="Enabled",
    )


def test_a_scan_brings_security_hub_up_to_date(session: Any, wa_lint: WaLint) -> None:
    research(session)
    run = wa_lint(*SCAN, "--push-security-hub", "-o", "asff")
    assert run.code == 1
    assert f"wa-lint: Security Hub of {ACCOUNT} in {REGION}: 1 findings imported, 0 archived" in run.err
    stands = session.client("securityhub", REGION).get_findings()["Findings"]
    assert [f["Id"] for f in stands] == [f["Id"] for f in json.loads(run.out)]
    session.client("sagemaker", REGION).stop_notebook_instance(NotebookInstanceName="research")
    session.client("sagemaker", REGION).delete_notebook_instance(NotebookInstanceName="research")
    run = wa_lint(*SCAN, "--push-security-hub")
    assert f"Security Hub of {ACCOUNT} in {REGION}: 0 findings imported, 1 archived" in run.err
    assert set(states(session).values()) == {"ARCHIVED"}


def test_nothing_is_written_unless_it_is_asked_for(session: Any, wa_lint: WaLint) -> None:
    research(session)
    wa_lint(*SCAN)
    assert states(session) == {}


def test_a_push_that_is_refused_is_said_and_ends_with_4(
    session: Any, wa_lint: WaLint, monkeypatch: pytest.MonkeyPatch
) -> None:
    from moto.securityhub.exceptions import SecurityHubClientError  # noqa: PLC0415, the same
    from moto.securityhub.models import SecurityHubBackend  # noqa: PLC0415, as above

    def refuse(*_args: Any, **_kwargs: Any) -> None:
        raise SecurityHubClientError("InvalidAccessException", "Account is not subscribed to AWS Security Hub")

    research(session)
    monkeypatch.setattr(SecurityHubBackend, "get_findings", refuse)
    run = wa_lint(*SCAN, "--push-security-hub", "--fail-on", "never")
    assert run.code == 4
    assert run.err.splitlines()[-1] == (
        f"wa-lint: Security Hub of {ACCOUNT} in {REGION}: refused: Security Hub is not enabled there"
    )
    assert wa_lint(*SCAN, "--push-security-hub").code == 1  # findings come first, as everywhere


def test_asff_of_a_template_is_an_empty_list_and_says_why(wa_lint: WaLint) -> None:
    from pathlib import Path  # noqa: PLC0415, once

    Path("t.json").write_text(json.dumps({"Resources": {"B": {"Type": "AWS::S3::Bucket"}}}))
    run = wa_lint("check", "t.json", "-o", "asff")
    assert json.loads(run.out) == []
    assert "templates belong to no account" in run.err
