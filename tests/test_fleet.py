"""Twenty accounts in three regions each, over HTTP: those that fail are rows, and whoever is killed loses little."""

from __future__ import annotations

import datetime as dt
import io
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import msgspec
import pytest

from wa_lint import codec
from wa_lint.errors import SourceError
from wa_lint.model import Gap, Scope, Snapshot
from wa_lint.request_limits import Manners
from wa_lint.run.accounts import Account, fleet
from wa_lint.run.collect import InFolder, InMemory, Listener, collect
from wa_lint.run.joined_snapshots import join
from wa_lint.run.snapshot_folder import INDEX, LOG, Folder, FolderIndex, Part, ReadingOptions, read_index, read_parts

WaLint = Callable[..., Any]

HOME = "123456789012"
ACCOUNTS = [f"{number:012d}" for number in range(100, 120)]
DENIED, EXPIRED, PROXY = ACCOUNTS[3], ACCOUNTS[9], ACCOUNTS[15]
REGIONS = ("eu-central-1", "eu-west-1", "us-east-1")
TYPES = frozenset({"AWS::SageMaker::NotebookInstance", "AWS::IAM::Role", "AWS::S3::Bucket"})
NOW = dt.datetime(2026, 11, 23, tzinfo=dt.UTC)
_SCOPE = re.compile(r"Credential=(\w+)/\d+/([a-z0-9-]+)/([\w-]+)/")
_ENTERED = re.compile(rb"Action=AssumeRole&.*?iam%3A%3A(\d{12})")
_HOSTS = {"iam": "{0}", "sagemaker": "api.{0}.{1}"}
_ERROR = "<ErrorResponse><Error><Code>{}</Code><Message>no</Message></Error></ErrorResponse>"


def _quiet(_line: str) -> None:
    """Tell nobody."""


class Cloud:
    """An AWS of many accounts on loopback: moto behind HTTP, which knows and counts whom each request is for."""

    def __init__(self) -> None:
        from moto.core.botocore_stubber import BotocoreStubber  # noqa: PLC0415, moto takes seconds

        self.moto = BotocoreStubber()
        self.turn = threading.Lock()
        self.accounts: dict[str, str] = {}
        self.seen: Counter[tuple[str, str, str]] = Counter()
        self.faults: dict[tuple[str, str], str] = {}
        """(account, service) -> what it answers; the service ``enter`` stands for AssumeRole."""
        self.seconds = 0.0
        self.disabled = ""
        self.expires: dict[str, int] = {}
        """Account -> how many more requests to SageMaker its credentials last for."""
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, self))
        self.server.daemon_threads = True
        self.server.handle_error = lambda *_: None  # type: ignore[method-assign] # who is killed hangs up
        self.address = f"http://127.0.0.1:{self.server.server_port}"

    def answer(self, method: str, path: str, headers: Any, body: bytes) -> tuple[int, dict[str, str], bytes]:
        scope = _SCOPE.search(headers.get("Authorization", ""))
        key, region, service = (scope[1], scope[2], scope[3]) if scope else ("", "us-east-1", "sts")
        entered = _ENTERED.search(body)
        account = entered[1].decode() if entered else self.accounts.get(key, HOME)
        self.seen[account, region, service] += 1
        time.sleep(self.seconds)
        fault = self.faults.get((account, "enter" if entered else service))
        if service == "sagemaker" and account in self.expires:
            self.expires[account] -= 1
            fault = "expired" if self.expires[account] < 0 else fault
        if fault is not None or region == self.disabled:
            return refusal(fault or "InvalidClientTokenId")
        url = f"https://{_HOSTS.get(service, '{0}.{1}').format(service, region)}.amazonaws.com{path}"
        with self.turn:
            answer = self.moto.process_request(prepared(method, url, headers, body))
        assert answer, url
        status, told, text = answer
        content = text.encode() if isinstance(text, str) else text
        if entered:
            lent = re.search(rb"<AccessKeyId>(\w+)<", content)
            assert lent
            self.accounts[lent[1].decode()] = account
        return status, {name: str(value) for name, value in told.items()}, content


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def __init__(self, cloud: Cloud, *given: Any) -> None:
        self.cloud = cloud
        super().__init__(*given)

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        status, headers, content = self.cloud.answer(self.command, self.path, self.headers, body)
        self.send_response(status)
        for name, value in headers.items():
            if name.lower() not in ("content-length", "date", "server", "connection", "transfer-encoding"):
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_HEAD = do_PUT = do_POST  # noqa: N815, http.server's names

    def log_message(self, *_: Any) -> None: ...


def prepared(method: str, url: str, headers: Any, body: bytes) -> Any:
    from botocore.awsrequest import AWSPreparedRequest  # noqa: PLC0415, as above
    from botocore.compat import HTTPHeaders  # noqa: PLC0415, as above

    told = HTTPHeaders()
    for name, value in headers.items():
        told[name] = value
    return AWSPreparedRequest(method, url, told, body, stream_output=False)


def refusal(fault: str) -> tuple[int, dict[str, str], bytes]:
    if fault == "a page":
        return 200, {"Content-Type": "text/html"}, b"<html><body>Please sign in to the proxy</body></html>"
    if fault == "expired":
        return 400, {"Content-Type": "application/x-amz-json-1.1"}, b'{"__type": "ExpiredTokenException"}'
    if fault == "json":
        return 400, {"Content-Type": "application/x-amz-json-1.1"}, b'{"__type": "AccessDeniedException"}'
    return 403, {"Content-Type": "text/xml"}, _ERROR.format(fault).encode()


@pytest.fixture(scope="module")
def running() -> Iterator[Cloud]:
    found = Cloud()
    threading.Thread(target=found.server.serve_forever, daemon=True).start()
    seed(found.address)
    yield found
    found.server.shutdown()
    found.server.server_close()


def seed(address: str) -> None:
    import boto3  # noqa: PLC0415, the rest of this file does without

    home = boto3.Session(aws_access_key_id=HOME, aws_secret_access_key="x", region_name="us-east-1")

    for account in ACCOUNTS:
        role = f"arn:aws:iam::{account}:role/SageMaker"
        lent = home.client("sts", endpoint_url=address).assume_role(RoleArn=role, RoleSessionName="seed")["Credentials"]
        keys = {"aws_access_key_id": lent["AccessKeyId"], "aws_secret_access_key": lent["SecretAccessKey"]}

        def client(name: str, region: str, keys: dict[str, str] = keys) -> Any:
            return home.client(name, region, endpoint_url=address, **keys)

        client("iam", "us-east-1").create_role(RoleName="SageMaker", AssumeRolePolicyDocument="{}")
        for region in REGIONS:
            client("sagemaker", region).create_notebook_instance(
                NotebookInstanceName="research", InstanceType="ml.t3.medium", RoleArn=role
            )


@pytest.fixture
def cloud(running: Cloud, monkeypatch: pytest.MonkeyPatch) -> Cloud:
    """The many accounts, none of which fails, with credentials in the environment."""
    running.faults, running.seconds, running.disabled = {}, 0.0, ""
    running.seen.clear()
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, HOME)
    for name in ("AWS_PROFILE", "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_ENDPOINT_URL", running.address)
    monkeypatch.setenv("AWS_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", os.devnull)
    return running


def roles(*accounts: str) -> list[str]:
    return [word for account in accounts for word in ("--role-arn", f"arn:aws:iam::{account}:role/Audit")]


WHERE = [word for region in REGIONS for word in ("--region", region)]
ALL = ("--now", "2026-11-23", "-o", "json", "--show-all")
FEW = ("--select", "notebook-direct-internet,role-administrator", "--fail-on", "never")


def test_three_of_twenty_accounts_that_fail_in_three_ways_are_three_rows(wa_lint: WaLint, cloud: Cloud) -> None:
    cloud.faults = {(DENIED, "enter"): "AccessDenied", (EXPIRED, "sts"): "ExpiredToken", (PROXY, "sts"): "a page"}
    run = wa_lint("scan", *roles(*ACCOUNTS), *WHERE, *ALL, *FEW)
    assert run.code == 4
    rows = {row["uri"]: row for row in run.report["inputs"]}
    failed = {uri: row["reason"] for uri, row in rows.items() if row["status"] != "judged"}
    assert sorted(failed) == [f"aws://{account}" for account in (DENIED, EXPIRED, PROXY)]
    assert len(set(failed.values())) == 3
    assert "AccessDenied" in failed[f"aws://{DENIED}"]
    assert "expired" in failed[f"aws://{EXPIRED}"]
    assert all(f"account {uri.rpartition('/')[2]}: {reason}" in run.err for uri, reason in failed.items())
    whole = [account for account in ACCOUNTS if f"aws://{account}" not in failed]
    assert set(rows) - set(failed) == {f"aws://{a}{r}" for a in whole for r in ("", *(f"/{r}" for r in REGIONS))}
    found = Counter((f["rule"], f["resource"]["account"]) for f in run.report["findings"])
    assert found == {
        (rule, account): count
        for account in whole
        for rule, count in (("notebook-direct-internet", 3), ("role-administrator", 1))
    }


def begun(place: Path) -> InFolder:
    """Return a folder to read into: what stands there already, or a new one."""
    options = ReadingOptions(regions=REGIONS, types=tuple(sorted(TYPES)))
    fresh = FolderIndex(taken_at=NOW.isoformat(), options=options)
    return InFolder(place, read_index(place / INDEX, INDEX) if (place / INDEX).exists() else fresh)


def all_roles() -> Account:
    return Account(region=REGIONS, role_arn=tuple(roles(*ACCOUNTS)[1::2]))


def text_of(snapshot: Snapshot | None) -> bytes:
    stream = io.BytesIO()
    assert snapshot is not None
    codec.dump(msgspec.structs.replace(snapshot, uri="it"), stream)
    return stream.getvalue()


_READ = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from test_fleet import NOW, TYPES, all_roles, begun
from wa_lint.run.accounts import fleet
from wa_lint.run.collect import Listener, collect
collect(fleet(all_roles(), print), TYPES, NOW, begun(Path(sys.argv[2])), Listener(print))
"""


def until(holds: Callable[[], bool], seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.05)


def test_what_was_killed_half_way_is_resumed_to_the_same_snapshot(cloud: Cloud, tmp_path: Path) -> None:
    place = tmp_path / "fleet"
    cloud.seconds = 0.02
    killed = subprocess.Popen([sys.executable, "-c", _READ, str(Path(__file__).parent), str(place)])
    until(lambda: len(list(place.glob("*/*.gz"))) >= 10 or killed.poll() is not None)
    killed.send_signal(signal.SIGKILL)
    killed.wait()
    cloud.seconds = 0.0
    there = [part for part in read_index(place / INDEX, INDEX).parts if part.status == "read"]
    assert 9 <= len(there) < len(ACCOUNTS) * 4
    assert len(list(read_parts(place, "fleet", there))) == len(there)  # each is whole

    cloud.seen.clear()
    keeper = begun(place)
    collect(fleet(all_roles(), _quiet), TYPES, NOW, keeper, Listener(_quiet))
    asked = [place for place in cloud.seen if place[2] in ("sagemaker", "iam")]
    assert len(asked) == len(ACCOUNTS) * 4 - len(there)
    resumed = join([snapshot for _, snapshot in read_parts(place, "fleet", keeper.index.parts)])

    at_once = InMemory()
    collect(fleet(all_roles(), _quiet), TYPES, NOW, at_once, Listener(_quiet))
    assert text_of(resumed) == text_of(at_once.joined())
    assert {part.status for part in keeper.index.parts} == {"read"}


def content_of(place: Path) -> dict[str, bytes]:
    return {path.relative_to(place).as_posix(): path.read_bytes() for path in place.rglob("*") if path.is_file()}


def test_what_expired_half_way_is_resumed_to_the_same_bytes(cloud: Cloud, tmp_path: Path) -> None:
    place, undisturbed = tmp_path / "fleet", tmp_path / "undisturbed"
    cloud.expires = dict.fromkeys(ACCOUNTS[::3], 3)
    keeper = begun(place)
    collect(fleet(all_roles(), _quiet), TYPES, NOW, keeper, Listener(_quiet))
    cloud.expires = {}
    found = [part for part in keeper.index.parts if part.status == "gaps"]
    assert {part.account for part in found} == {*ACCOUNTS[::3]}
    assert {part.status for part in keeper.index.parts} == {"gaps", "read"}

    cloud.seen.clear()
    keeper = begun(place)
    collect(fleet(all_roles(), _quiet), TYPES, NOW, keeper, Listener(_quiet))
    asked = {(account, region) for account, region, service in cloud.seen if service == "sagemaker"}
    assert asked == {(part.account, part.region) for part in found}
    assert not [one for one in cloud.seen if one[2] == "iam"], "what was read whole was read again"
    assert {part.status for part in keeper.index.parts} == {"read"}

    collect(fleet(all_roles(), _quiet), TYPES, NOW, begun(undisturbed), Listener(_quiet))
    assert content_of(place) == content_of(undisturbed)


@pytest.mark.parametrize(
    ("reason", "closes"),
    [
        ("Throttled: lambda:GetPolicy (for 2 of 9)", True),
        ("ExpiredToken: s3:ListBuckets", True),
        ("ServiceUnavailable: s3:ListBuckets", True),
        ("InternalFailure: sagemaker:ListModels", True),
        ("HTTP status 503 without an error code: s3:GetBucketAcl", True),
        ("no connection: iam:GetAccountAuthorizationDetails", True),
        ("deadline: kms:ListKeys", True),
        ("AccessDenied: sagemaker:ListModels", False),
        ("not available in this region: bedrock", False),
        ("SDK too old: sagemaker:ListMlflowApps", False),
        ("ValidationException: sagemaker:DescribeModel (for 1 of 3)", False),
    ],
)
def test_a_gap_that_nobody_refused_for_good_may_close(reason: str, closes: bool) -> None:
    from wa_lint.sources.live.resuming import may_close  # noqa: PLC0415, it brings boto3 along

    assert may_close(Gap(Scope("AWS::S3::Bucket"), reason)) == closes


def test_how_to_close_gaps_is_said(wa_lint: WaLint, cloud: Cloud) -> None:
    whom = [*roles(ACCOUNTS[0]), "--region", REGIONS[0], "--now", "2026-11-23"]
    cloud.faults = {(ACCOUNTS[0], "s3"): "ServiceUnavailable"}
    run = wa_lint("snapshot", *whom, "-o", "fleet/")
    cloud.faults = {}
    assert "2 of 2 accounts and regions have gaps that a retry may close" in run.err
    assert "--resume fleet/ instead of -o" in run.err


# --- the index and its log --------------------------------------------------------------------------


def folder_of(place: Path) -> Folder:
    options = ReadingOptions(regions=REGIONS)
    return Folder(place, FolderIndex(taken_at=NOW.isoformat(), options=options))


def test_an_index_is_not_written_anew_for_each_part(tmp_path: Path) -> None:
    folder = folder_of(tmp_path)
    folder.note(Part(account=account) for account in ACCOUNTS)
    written = (tmp_path / INDEX).read_bytes()
    sizes = []
    for account in ACCOUNTS:
        before = (tmp_path / LOG).stat().st_size if (tmp_path / LOG).exists() else 0
        folder.note([Part(account=account, status="failed", reason="no")])
        sizes.append((tmp_path / LOG).stat().st_size - before)
    assert (tmp_path / INDEX).read_bytes() == written
    assert len(set(sizes)) == 1
    assert {part.status for part in read_index(tmp_path / INDEX, INDEX).parts} == {"failed"}
    assert (tmp_path / LOG).stat().st_mode & 0o077 == 0, "others may read it"
    folder.forget(ACCOUNTS[0])
    assert read_index(tmp_path / INDEX, INDEX).parts == folder.index.parts
    folder.finish()
    assert not (tmp_path / LOG).exists()
    assert read_index(tmp_path / INDEX, INDEX) == folder.index


def test_a_log_that_was_cut_off_says_what_it_had(tmp_path: Path) -> None:
    folder = folder_of(tmp_path)
    folder.note(Part(account=account) for account in ACCOUNTS)
    folder.note([Part(account=ACCOUNTS[0], status="failed")])
    folder.note([Part(account=ACCOUNTS[1], status="failed")])
    (tmp_path / LOG).write_bytes((tmp_path / LOG).read_bytes()[:-7])
    parts = read_index(tmp_path / INDEX, INDEX).parts
    assert [part.status for part in parts[:3]] == ["failed", "waiting", "waiting"]
    again = Folder(tmp_path, read_index(tmp_path / INDEX, INDEX))
    again.note([Part(account=ACCOUNTS[2], status="failed")])
    assert [p.status for p in read_index(tmp_path / INDEX, INDEX).parts[:3]] == ["failed", "waiting", "failed"]


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        (b"{\n", "damaged"),
        (b'{"part": {"account": 7}}\n', "damaged"),
        (b'{"part": {"account": "1", "file": "../out.jsonl"}}\n', "leads out of the folder"),
    ],
)
def test_a_log_that_a_stranger_wrote_is_not_believed(line: bytes, problem: str, tmp_path: Path) -> None:
    folder_of(tmp_path).note([])
    (tmp_path / LOG).write_bytes(line)
    with pytest.raises(SourceError, match=problem):
        read_index(tmp_path / INDEX, INDEX)


def test_ctrl_c_leaves_a_valid_snapshot_and_says_how_to_go_on(cloud: Cloud, wa_lint: WaLint, tmp_path: Path) -> None:
    cloud.seconds = 0.05
    whom = [*roles(ACCOUNTS[0]), "--region", REGIONS[0]]
    command = [sys.executable, "-m", "wa_lint", "snapshot", *whom, "--now", "2026-11-23", "-o", "part.jsonl.gz"]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}
    running = subprocess.Popen(command, cwd=tmp_path, env=environment, stderr=subprocess.PIPE, text=True)
    until(lambda: cloud.seen[ACCOUNTS[0], REGIONS[0], "sagemaker"] > 3 or running.poll() is not None)
    running.send_signal(signal.SIGINT)
    _, said = running.communicate(timeout=60)
    cloud.seconds = 0.0
    assert running.returncode == 4, said
    assert "--now 2026-11-23 --resume part.jsonl.gz" in said
    part = codec.load((tmp_path / "part.jsonl.gz").read_bytes(), "part")
    assert any("interrupted" in gap.reason for gap in part.gaps)

    resumed = wa_lint("snapshot", *whom, "--resume", "part.jsonl.gz")
    assert "interrupted" not in resumed.err
    whole = codec.load((tmp_path / "part.jsonl.gz").read_bytes(), "whole")
    assert not [g for g in whole.gaps if "interrupted" in g.reason]
    assert [r.id.rpartition(":")[2] for r in whole.resources if r.type.endswith("::NotebookInstance")] == [
        "notebook-instance/research"
    ]


# --- options ----------------------------------------------------------------------------------------


def test_a_run_says_first_whose_credentials_it_has_and_who_answers(wa_lint: WaLint, cloud: Cloud) -> None:
    run = wa_lint("scan", "--region", "eu-west-1", *ALL, *FEW)
    assert run.err.splitlines()[:2] == [
        f"wa-lint: these are the credentials of account {HOME}: arn:aws:sts::{HOME}:user/moto",
        f"wa-lint: warning: using the endpoint {cloud.address} instead of AWS",
    ]


@pytest.mark.parametrize(
    ("expected", "given", "is_read"),
    [
        ([HOME], [], True),
        ([ACCOUNTS[0]], [], False),
        ([ACCOUNTS[0], ACCOUNTS[1]], roles(ACCOUNTS[1]), True),
        ([ACCOUNTS[0]], roles(ACCOUNTS[0], ACCOUNTS[1]), False),
    ],
)
def test_nothing_is_read_of_an_account_that_is_not_expected(
    wa_lint: WaLint, cloud: Cloud, expected: list[str], given: list[str], *, is_read: bool
) -> None:
    options = [word for account in expected for word in ("--expect-account", account)]
    run = wa_lint("scan", "--region", "eu-west-1", *given, *options, *ALL, *FEW)
    assert (run.code in (0, 3)) is is_read
    assert {service for _, _, service in cloud.seen} == ({"sts", "iam", "sagemaker", "tagging"} if is_read else {"sts"})
    if not is_read:
        assert run.code == 2
        assert "--expect-account: the credentials belong to " in run.err


def test_an_account_that_two_roles_are_in_is_read_once(wa_lint: WaLint, cloud: Cloud) -> None:
    second = ["--role-arn", f"arn:aws:iam::{ACCOUNTS[0]}:role/Other"]
    run = wa_lint("scan", *roles(ACCOUNTS[0]), *second, "--region", "eu-west-1", *ALL, *FEW)
    assert [row["status"] for row in run.report["inputs"]] == ["judged", "judged"]
    assert cloud.seen[ACCOUNTS[0], "eu-west-1", "sagemaker"] == 2  # list and describe
    assert "role/Other is not used: the account is read by " in run.err


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--role-arn", "audit"], "--role-arn: 'audit' is not the ARN of a role"),
        (["--expect-account", "prod"], "--expect-account: 'prod' is not the number of an account"),
        (["--include-ou", "ou-ab12-cdefgh34"], "--include-ou: requires --organization"),
        (["--organization", *roles(HOME)], "--organization: cannot be combined with --role-arn"),
        (["--organization"], "the organization cannot be listed: AccessDenied: organizations:ListAccounts"),
    ],
)
def test_options_that_do_not_fit_are_said_before_anything_is_read(
    wa_lint: WaLint, cloud: Cloud, options: list[str], said: str
) -> None:
    cloud.faults = {(HOME, "organizations"): "json"}
    run = wa_lint("scan", "--region", "eu-west-1", *options, *ALL)
    assert (run.code, run.out) == (2, "")
    assert said in run.err
    assert not {service for _, _, service in cloud.seen} & {"iam", "sagemaker"}


@pytest.mark.parametrize("fault", ["ExpiredToken", "InvalidClientTokenId"])
def test_credentials_that_do_not_work_are_said_once_at_the_start(wa_lint: WaLint, cloud: Cloud, fault: str) -> None:
    """Bad input 96."""
    cloud.faults = {(HOME, "sts"): fault}
    run = wa_lint("scan", *roles(*ACCOUNTS), "--region", "eu-west-1", *ALL)
    assert (run.code, run.out) == (2, "")
    assert len(run.err.splitlines()) == 1
    assert sum(cloud.seen.values()) == 1


# --- regions ----------------------------------------------------------------------------------------


def test_all_regions_are_those_that_the_account_has_enabled(wa_lint: WaLint, cloud: Cloud) -> None:
    run = wa_lint("scan", "--region", "all", *ALL, *FEW)
    regions = {row["uri"].rpartition("/")[2] for row in run.report["inputs"]} - {HOME}
    assert {"us-east-1", "eu-west-1", "sa-east-1"} < regions
    assert "af-south-1" not in regions or cloud.seen[HOME, "us-east-1", "ec2"]
    assert all(row["status"] == "judged" for row in run.report["inputs"])


def test_where_nobody_may_ask_which_regions_are_enabled_each_is_tried(wa_lint: WaLint, cloud: Cloud) -> None:
    cloud.faults = {(HOME, "ec2"): "UnauthorizedOperation", (HOME, "account"): "json"}
    cloud.disabled = "ap-east-1"
    run = wa_lint("scan", "--region", "all", *ALL, *FEW)
    rows = {row["uri"].rpartition("/")[2]: row for row in run.report["inputs"]}
    assert rows["ap-east-1"]["status"] == "skipped"
    assert "not enabled" in rows["ap-east-1"]["reason"]
    assert {row["status"] for region, row in rows.items() if region != "ap-east-1"} == {"judged"}
    assert cloud.seen[HOME, "us-east-1", "account"]


# --- organizations ----------------------------------------------------------------------------------


@pytest.fixture
def organization(cloud: Cloud) -> Iterator[dict[str, str]]:
    """An organization: two accounts in units, one below the other, one in none, and one that is closed."""
    import boto3  # noqa: PLC0415, as above

    client = boto3.client("organizations", "us-east-1", endpoint_url=cloud.address)
    client.create_organization(FeatureSet="ALL")
    root = client.list_roots()["Roots"][0]["Id"]
    made = {
        name: client.create_account(Email=f"{name}@example.com", AccountName=name)["CreateAccountStatus"]["AccountId"]
        for name in ("outer", "inner", "loose", "closed")
    }
    above = root
    for name in ("outer", "inner"):
        above = client.create_organizational_unit(ParentId=above, Name=name)["OrganizationalUnit"]["Id"]
        client.move_account(AccountId=made[name], SourceParentId=root, DestinationParentId=above)
        made[f"{name} unit"] = above
    client.close_account(AccountId=made["closed"])
    cloud.seen.clear()
    yield {**made, "home": HOME, "root": root}
    for name in ("outer", "inner", "loose", "closed"):
        client.remove_account_from_organization(AccountId=made[name])
    client.delete_organization()


@pytest.mark.parametrize(
    ("options", "read"),
    [
        ([], {"home", "outer", "inner", "loose"}),
        (["--include-ou", "outer unit"], {"outer", "inner"}),
        (["--include-ou", "inner unit"], {"inner"}),
        (["--exclude-ou", "inner unit"], {"home", "outer", "loose"}),
        (["--include-ou", "root", "--exclude-ou", "outer unit"], {"home", "loose"}),
    ],
)
def test_an_organization_is_read_account_by_account(
    wa_lint: WaLint, cloud: Cloud, organization: dict[str, str], options: list[str], read: set[str]
) -> None:
    given = [organization.get(word, word) for word in options]
    run = wa_lint("scan", "--organization", *given, "--region", "eu-west-1", "--expect-account", HOME, *ALL, *FEW)
    rows = {row["uri"]: row for row in run.report["inputs"]}
    judged = {uri for uri, row in rows.items() if row["status"] == "judged"}
    ids = {organization[name] for name in read}
    assert judged == {f"aws://{id_}{region}" for id_ in ids for region in ("", "/eu-west-1")}
    entered = {account for account, _, _ in cloud.seen} - {HOME}
    assert entered == ids - {HOME}  # its own account needs no role
    if not options:
        assert rows[f"aws://{organization['closed']}"]["reason"] == "the account is SUSPENDED"
    assert run.code == 0


# --- what is resumed --------------------------------------------------------------------------------


def test_what_does_not_fit_is_not_resumed(wa_lint: WaLint, cloud: Cloud, tmp_path: Path) -> None:
    """Bad input 102."""
    collect(fleet(Account(region=REGIONS[:1]), _quiet), TYPES, NOW, keeper := InMemory(), Listener(_quiet))
    found = keeper.joined()
    assert found is not None
    with (tmp_path / "one.jsonl").open("wb") as stream:
        codec.dump(found, stream)
    folder = InFolder(
        tmp_path / "parts", FolderIndex(taken_at=NOW.isoformat(), options=ReadingOptions(regions=REGIONS[:1]))
    )
    for part in keeper.parts:
        folder.keep(part, found)
    (tmp_path / "cut.jsonl").write_bytes((tmp_path / "one.jsonl").read_bytes()[:-40])
    (tmp_path / "empty").mkdir()
    cloud.seen.clear()
    here, there = ("--region", REGIONS[0]), ("--region", REGIONS[1])
    for options, said in (
        ((*here, *roles(ACCOUNTS[0]), "--resume", "one.jsonl"), f"holds account {HOME}"),
        ((*here, *roles(ACCOUNTS[0]), "--resume", "parts"), f"holds account {HOME}"),
        ((*here, "--resume", "one.jsonl"), "the requested types differ from those of the snapshot"),
        ((*there, "--resume", "one.jsonl"), f"holds {REGIONS[0]}, which these options do not select"),
        ((*there, "--resume", "parts"), f"was begun with other regions: {REGIONS[0]}, not {REGIONS[1]}"),
        ((*here, "--resume", "cut.jsonl"), "cut.jsonl"),
        ((*here, "--resume", "empty"), "there is no snapshot in empty"),
        ((*here, "--resume", "parts", "-o", "else/"), "a snapshot that is resumed stays in its folder"),
        ((*here, "--resume", "parts", "--now", "2026-01-01"), "the resumed snapshot is as of 2026-11-23"),
        ((*here, "-o", "parts"), "--resume parts resumes it"),
        (here, "-o is missing"),
    ):
        run = wa_lint("snapshot", *options)
        assert (run.code, run.out) == (2, ""), said
        assert said in run.err
    assert not {service for _, _, service in cloud.seen} & {"iam", "sagemaker"}


# --- the seam to a cluster --------------------------------------------------------------------------


@pytest.mark.usefixtures("cloud")
def test_a_unit_travels_to_another_process_and_its_snapshot_comes_back() -> None:
    """What `dask.distributed.Client.get_executor()` would do elsewhere, any executor does here."""
    from wa_lint.sources.live.units import read_unit, survey, units  # noqa: PLC0415, it imports boto3

    (access,) = fleet(Account(region=REGIONS[:1], role_arn=(roles(ACCOUNTS[1])[1],)), _quiet).accesses
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        surveyed = pool.submit(survey, access, REGIONS[:1]).result()
        asked = units(surveyed, TYPES, Manners(), NOW)
        there = list(pool.map(read_unit, asked))
    here = [read_unit(unit) for unit in asked]
    assert [unit.uri for unit in asked] == [f"aws://{ACCOUNTS[1]}", f"aws://{ACCOUNTS[1]}/{REGIONS[0]}"]
    assert [text_of(one.snapshot) for one in there] == [text_of(one.snapshot) for one in here]
