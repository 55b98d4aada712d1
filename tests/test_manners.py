"""How politely a live account is asked: rate, deadlines, Ctrl-C, resuming, and what the way to AWS can do to a call."""

from __future__ import annotations

import datetime as dt
import io
import itertools
import json
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar

import boto3
import botocore.exceptions
import botocore.loaders
import botocore.session
import msgspec
import pytest
from botocore.exceptions import (
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    ProxyConnectionError,
    SSLError,
    UnauthorizedSSOTokenError,
)
from moto import mock_aws

from wa_lint import aws, codec
from wa_lint.cli.progress import drawing
from wa_lint.cli.read_table import read_table
from wa_lint.errors import SourceError
from wa_lint.model import Gap, Listed, Location, Resource, Scope, Snapshot, SourceKind, Unknown
from wa_lint.request_limits import Limits, Manners, Quota, TokenBucket, Watch
from wa_lint.sources.live.abandonable_threads import Crew
from wa_lint.sources.live.account_reader import read_live

REGION, ACCOUNT = "us-east-1", "123456789012"
MODEL = "AWS::SageMaker::Model"
NOW = dt.datetime(2026, 11, 23, 18, 30, tzinfo=dt.UTC)
LOADER = botocore.session.Session().get_component("data_loader")
QUICK = Manners(max_rps=1e6, threads=4)


def session_of(loader: Any = LOADER) -> Any:
    inner = botocore.session.Session()
    inner.register_component("data_loader", loader)
    return boto3.Session("testing", "testing", region_name=REGION, botocore_session=inner)


def dumped(snapshot: Snapshot) -> bytes:
    stream = io.BytesIO()
    codec.dump(snapshot, stream)
    return stream.getvalue()


# --- a server on loopback ---------------------------------------------------------------------------


class Loopback:
    """SageMaker with `models` models, and STS, over HTTP. `fault` may answer in its place, or not at all."""

    def __init__(self, models: int, fault: Callable[[str, BaseHTTPRequestHandler], bool]) -> None:
        self.models, self.fault = models, fault
        self.arrivals: list[tuple[float, str]] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version: ClassVar[str] = "HTTP/1.1"  # type: ignore[misc] # BaseHTTPRequestHandler says it once more

            def do_POST(self) -> None:
                arrived = time.monotonic()
                body = self.rfile.read(int(self.headers["content-length"]))
                operation = (self.headers["x-amz-target"] or "sts.GetCallerIdentity").partition(".")[2]
                outer.arrivals.append((arrived, operation))
                if not outer.fault(operation, self):
                    reply(self, 200, outer.answer(operation, body))

            def log_message(self, *_: Any) -> None: ...

        class Server(ThreadingHTTPServer):
            def handle_error(self, *_: Any) -> None:
                """Say nothing of who hangs up: that is what these tests are about."""

        self.server = Server(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}"

    def answer(self, operation: str, body: bytes) -> str:
        if operation == "GetCallerIdentity":
            who = f"<Arn>arn:aws:iam::{ACCOUNT}:user/ann</Arn><UserId>A</UserId><Account>{ACCOUNT}</Account>"
            result = f"<GetCallerIdentityResult>{who}</GetCallerIdentityResult>"
            return f"<GetCallerIdentityResponse>{result}</GetCallerIdentityResponse>"
        if operation == "ListModels":
            return json.dumps({"Models": [summary(f"m{number:03}") for number in range(self.models)]})
        return json.dumps(summary(json.loads(body)["ModelName"]))


def summary(name: str) -> dict[str, str]:
    return {"ModelName": name, "ModelArn": f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:model/{name}"}


def reply(request: BaseHTTPRequestHandler, status: int, text: str) -> None:
    request.send_response(status)
    request.send_header("content-length", str(len(text)))
    request.end_headers()
    request.wfile.write(text.encode())


def throttle(request: BaseHTTPRequestHandler) -> bool:
    reply(request, 400, json.dumps({"__type": "ThrottlingException", "message": "slow down"}))
    return True


@pytest.fixture
def serve(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Loopback]]:
    started: list[Loopback] = []

    def start(models: int, fault: Callable[[str, Any], bool] = lambda *_: False) -> Loopback:
        started.append(Loopback(models, fault))
        monkeypatch.setenv("AWS_ENDPOINT_URL", started[-1].url)
        return started[-1]

    yield start
    for one in started:
        one.server.shutdown()
        one.server.server_close()


def read_models(manners: Manners = QUICK, **more: Any) -> Snapshot:
    return read_live(session_of(), REGION, types={MODEL}, manners=manners, now=NOW, **more)


def busiest(times: list[float], seconds: float) -> int:
    """Return the most arrivals that any stretch of so many seconds saw."""
    ordered = sorted(times)
    return max(sum(start <= at < start + seconds for at in ordered) for start in ordered)


# --- the rate ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(("rate", "takes"), [(5, 23), (2, 9), (1, 4), (0.5, 4), (50, 220)])
def test_no_second_sees_more_than_the_rate_not_even_the_first(rate: float, takes: int) -> None:
    clock = [0.0]
    bucket = TokenBucket(rate, lambda: clock[0])
    passed = []
    for _ in range(takes):
        clock[0] += bucket.reserve()
        passed.append(clock[0])
    assert busiest(passed, 1 if rate >= 1 else 1 / rate) == max(1, rate)
    assert passed[-1] == pytest.approx((takes - 1) // max(1, rate) * max(1, 1 / rate), rel=0.05)


def test_threads_that_come_at_once_get_tokens_one_behind_the_other() -> None:
    bucket = TokenBucket(5, lambda: 0.0)
    assert [round(bucket.reserve()) for _ in range(12)] == [0] * 5 + [1] * 5 + [2] * 2


def test_services_do_not_share_a_bucket() -> None:
    limits = Limits(1)
    assert limits.reserve("s3", "GetBucketAcl") == 0
    assert limits.reserve("iam", "ListRoles") == 0
    assert limits.reserve("s3", "GetBucketLogging") > 0.9


def test_a_bucket_with_a_burst_lets_it_through_at_once_and_then_no_more_than_the_rate() -> None:
    clock = [0.0]
    bucket = TokenBucket(10, lambda: clock[0], burst=40)
    passed = []
    for _ in range(160):
        clock[0] += bucket.reserve()
        passed.append(clock[0])
    assert passed[39] == 0
    assert aws_bucket_admits(passed, 10, 40)


def aws_bucket_admits(times: list[float], rate: float, burst: float) -> bool:
    """Whether a token bucket as AWS describes its own has a token for each request."""
    tokens, last = burst, 0.0
    for at in times:
        tokens, last = min(burst, tokens + (at - last) * rate) - 1, at
        if tokens < 0:
            return False
    return True


def test_a_bucket_is_slowed_by_throttling_and_recovers() -> None:
    clock = [0.0]
    bucket = TokenBucket(10, lambda: clock[0])

    def seconds_for(takes: int) -> float:
        begun = clock[0]
        for _ in range(takes):
            clock[0] += bucket.reserve()
        return clock[0] - begun

    seconds_for(10)
    usual = seconds_for(30)
    for _ in range(5):
        bucket.slow()  # many threads hear it at once
    slowed = seconds_for(30)
    assert slowed == pytest.approx(2 * usual, rel=0.35)
    clock[0] += 60
    seconds_for(10)
    assert seconds_for(30) == pytest.approx(usual, rel=0.35)


def quotas_of_two(service: str, operation: str) -> tuple[Quota, ...]:
    own = (Quota(f"{service}:{operation}", 2),) if operation == "Get" else ()
    return (Quota("both", 10, 40), *own)


def test_services_may_share_a_quota_and_an_operation_has_one_beside_it() -> None:
    limits = Limits(50, quotas_of_two)
    assert [*limits.starts([("one", "List"), ("two", "List"), ("one", "List")])] == pytest.approx([0, 1 / 9, 2 / 9])
    assert [*limits.starts([("one", "Get")] * 3)] == pytest.approx([0, 1 / 1.8, 2 / 1.8])
    assert [round(limits.reserve("one", "List")) for _ in range(37)] == [0] * 36 + [4]


@pytest.mark.parametrize(("most", "rate"), [(50, 9), (5, 5), (100, 18), (1e6, 180_000)])
def test_who_asks_for_more_than_usual_raises_the_quotas(most: float, rate: float) -> None:
    assert [*Limits(most, quotas_of_two).starts([("one", "List")] * 2)][1] == pytest.approx(1 / rate)


def test_a_server_sees_no_more_than_the_rate_retries_included(serve: Callable[..., Loopback]) -> None:
    turns = itertools.count()

    def every_third(operation: str, request: Any) -> bool:
        return operation == "DescribeModel" and next(turns) % 3 == 0 and throttle(request)

    server = serve(9, every_third)
    snapshot = read_models(Manners(max_rps=5, threads=8))
    times = [at for at, operation in server.arrivals if operation != "GetCallerIdentity"]
    assert len(snapshot.resources) == 9
    assert not snapshot.gaps
    assert len(times) > 10, "nothing was tried again"
    assert busiest(times, 0.98) <= 5


# --- deadlines --------------------------------------------------------------------------------------


def slowly(seconds: float) -> Callable[[str, BaseHTTPRequestHandler], bool]:
    def wait(*_: object) -> bool:
        time.sleep(seconds)
        return False

    return wait


def drip(_: str, request: BaseHTTPRequestHandler) -> bool:
    """Send a byte now and then: no timeout of a socket ever sees it."""
    request.send_response(200)
    request.send_header("content-length", "100000")
    request.end_headers()
    try:
        for __ in range(200):
            request.wfile.write(b" ")
            time.sleep(0.1)
    except OSError:
        return True
    return True


def test_an_answer_that_drips_in_for_ever_is_left(serve: Callable[..., Loopback]) -> None:
    serve(1, lambda operation, request: operation == "ListModels" and drip(operation, request))
    began = time.monotonic()
    snapshot = read_models(Manners(call_seconds=0.4))
    assert time.monotonic() - began < 5
    assert [gap.reason for gap in snapshot.gaps] == ["deadline: sagemaker:ListModels"]
    assert not snapshot.complete


def test_a_description_that_drips_in_for_ever_costs_no_other(serve: Callable[..., Loopback]) -> None:
    turns = itertools.count()
    server = serve(9, lambda operation, request: operation == "DescribeModel" and next(turns) < 2 and drip("", request))
    snapshot = read_models(Manners(call_seconds=0.4, threads=2))
    unknown = [r.properties for r in snapshot.resources if isinstance(r.properties, Unknown)]
    assert unknown == [Unknown("deadline: sagemaker:DescribeModel")] * 2
    assert [gap.reason for gap in snapshot.gaps] == ["deadline: sagemaker:DescribeModel (for 2 of 9)"]
    assert len(server.arrivals) == 11


def test_whose_account_it_is_is_not_waited_for_for_ever(serve: Callable[..., Loopback]) -> None:
    serve(1, drip)
    with pytest.raises(SourceError, match="AWS did not return the account in time"):
        read_models(Manners(call_seconds=0.3, run_seconds=0.3))


def test_throttling_without_an_end_ends(serve: Callable[..., Loopback]) -> None:
    serve(60, lambda operation, request: operation == "DescribeModel" and throttle(request))
    began = time.monotonic()
    snapshot = read_models(Manners(call_seconds=0.5, service_seconds=2, max_rps=1000))
    assert time.monotonic() - began < 8
    assert len(snapshot.resources) == 60
    assert all(isinstance(r.properties, Unknown) for r in snapshot.resources)
    words = {gap.reason.partition(":")[0] for gap in snapshot.gaps}
    assert words <= {"Throttled", "deadline"}
    assert words


SHORT = Manners(max_rps=1e6, threads=2)


@pytest.mark.parametrize(
    "manners",
    [msgspec.structs.replace(SHORT, service_seconds=0.5), msgspec.structs.replace(SHORT, run_seconds=0.5)],
    ids=["the service's", "the unit's"],
)
def test_what_is_left_when_the_time_is_up_is_unknown(manners: Manners, serve: Callable[..., Loopback]) -> None:
    server = serve(60, slowly(0.05))
    snapshot = read_models(manners)
    known = [r for r in snapshot.resources if not isinstance(r.properties, Unknown)]
    assert 0 < len(known) < 60
    assert len(server.arrivals) < 62
    (gap,) = snapshot.gaps
    assert gap.reason == f"deadline: sagemaker:DescribeModel (for {60 - len(known)} of 60)"
    assert gap.grant is None


def test_a_service_has_its_own_time() -> None:
    clock = [0.0]
    watch = Watch(Manners(service_seconds=10, run_seconds=15), None, lambda: clock[0])
    assert watch.why_not("s3") is None
    clock[0] = 9
    assert watch.why_not("iam") is None
    clock[0] = 11
    assert (watch.why_not("s3"), watch.why_not("iam")) == ("deadline", None)
    clock[0] = 16
    assert watch.why_not("iam") == "deadline"


def test_a_thread_that_hangs_keeps_no_other_task() -> None:
    free = threading.Event()
    with Crew(1) as crew:
        crew.submit(free.wait)
        crew.replace()
        assert crew.submit(lambda: 7).result(5) == 7
        free.set()


def test_a_fault_of_a_task_is_raised_where_it_is_waited_for() -> None:
    with Crew(1) as crew, pytest.raises(ZeroDivisionError):
        crew.submit(lambda: 1 / 0).result(5)


# --- Ctrl-C -----------------------------------------------------------------------------------------


def test_no_call_begins_after_ctrl_c(serve: Callable[..., Loopback]) -> None:
    stop = threading.Event()
    server = serve(60, slowly(0.01))

    def press(what: str, done: int, _: int) -> None:
        if what == "describe" and done == 5:
            stop.set()

    snapshot = read_models(stop=stop, on_progress=press)
    assert len(server.arrivals) < 30
    assert Scope(MODEL, ACCOUNT, REGION) in snapshot.complete
    assert len(snapshot.resources) == 60
    unknown = {r.properties.reason for r in snapshot.resources if isinstance(r.properties, Unknown)}
    assert unknown == {"interrupted: sagemaker:DescribeModel"}
    assert [gap.reason.partition(" (")[0] for gap in snapshot.gaps] == ["interrupted: sagemaker:DescribeModel"]
    assert codec.load(dumped(snapshot), "half.jsonl").gaps == snapshot.gaps


def test_ctrl_c_does_not_wait_for_a_turn(serve: Callable[..., Loopback]) -> None:
    stop = threading.Event()
    serve(5)
    threading.Timer(0.5, stop.set).start()
    began = time.monotonic()
    snapshot = read_models(Manners(max_rps=0.05), stop=stop)
    assert time.monotonic() - began < 5
    assert {gap.reason.partition(" (")[0] for gap in snapshot.gaps} == {"interrupted: sagemaker:DescribeModel"}


def test_ctrl_c_does_not_wait_for_a_call_that_hangs(serve: Callable[..., Loopback]) -> None:
    stop = threading.Event()
    serve(5, lambda operation, request: operation == "ListModels" and drip("", request))
    threading.Timer(0.3, stop.set).start()
    snapshot = read_models(Manners(call_seconds=2), stop=stop)
    assert [gap.reason for gap in snapshot.gaps] == ["interrupted: sagemaker:ListModels"]


def test_before_the_account_is_known_there_is_nothing_to_return(serve: Callable[..., Loopback]) -> None:
    stop = threading.Event()
    stop.set()
    server = serve(1)
    with pytest.raises(SourceError, match="interrupted"):
        read_models(stop=stop)
    assert not server.arrivals


# --- an account in this process ---------------------------------------------------------------------

TYPES = {
    "AWS::IAM::Role",
    "AWS::KMS::Key",
    "AWS::S3::Bucket",
    "AWS::S3::BucketPolicy",
    "AWS::SageMaker::Endpoint",
    "AWS::SageMaker::EndpointConfig",
    MODEL,
    "AWS::SageMaker::NotebookInstance",
}


@pytest.fixture(scope="module")
def account() -> Iterator[None]:
    with mock_aws():
        client = session_of().client
        key = client("kms").create_key()["KeyMetadata"]["Arn"]
        client("kms").create_key()
        trust = {"Version": "2012-10-17", "Statement": []}
        iam, sagemaker = client("iam"), client("sagemaker")
        for number in range(6):
            name = f"n{number}"
            role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(trust))["Role"]["Arn"]
            client("s3").create_bucket(Bucket=f"{name}-bucket")
            sagemaker.create_model(ModelName=name, ExecutionRoleArn=role, PrimaryContainer={"Image": "image"})
            variant = {"VariantName": "blue", "ModelName": name, "InitialInstanceCount": 1}
            sagemaker.create_endpoint_config(
                EndpointConfigName=name, ProductionVariants=[{**variant, "InstanceType": "ml.m5.large"}], KmsKeyId=key
            )
            sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=name)
            sagemaker.create_notebook_instance(
                NotebookInstanceName=name, InstanceType="ml.t3.medium", RoleArn=role, KmsKeyId=key
            )
        yield


class Calls:
    """What a session was asked for, each with its whole request."""

    def __init__(self, session: Any) -> None:
        self.made: list[tuple[str, str, str]] = []
        session.events.register("before-call", self._note)

    def _note(self, model: Any, params: Any, **_: Any) -> None:
        self.made.append((model.service_model.service_name, model.name, repr((params["url"], params["body"]))))

    @property
    def operations(self) -> set[str]:
        return {operation for _, operation, _ in self.made}


def read(session: Any = None, **more: Any) -> Snapshot:
    given = {"types": TYPES, "now": NOW, "manners": QUICK, **more}
    return read_live(session or session_of(), REGION, **given)


@pytest.fixture(scope="module")
def whole(account: None) -> Snapshot:
    del account
    return read()


def test_each_answer_is_fetched_once(account: None) -> None:
    del account
    session = session_of()
    calls = Calls(session)
    read(session, types=None)
    again = {call: count for call, count in Counter(calls.made).items() if count > 1}
    assert not again
    assert len(calls.made) > 60


def test_who_asks_twice_at_once_waits_for_the_one_answer(account: None) -> None:
    del account
    session = session_of()
    calls = Calls(session)
    clients = aws.Clients(session, REGION, Watch(QUICK))
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: clients.ask("iam", "GetRole", {"RoleName": "n1"}), range(8)))
    assert all(answer is answers[0] for answer in answers)
    assert len(calls.made) == 1


def test_the_services_take_turns(account: None) -> None:
    del account
    session = session_of()
    calls = Calls(session)
    read(session, manners=Manners(max_rps=1e6, threads=1), types={"AWS::S3::Bucket", MODEL})
    described = [service for service, operation, _ in calls.made if not operation.startswith("List")][1:]
    assert set(described[0:2]) == set(described[2:4]) == {"s3", "sagemaker"}


# --- resuming ---------------------------------------------------------------------------------------


def cut_at(what: str, share: float) -> Snapshot:
    """Return what is there when Ctrl-C comes after a share of the calls of one kind."""
    stop = threading.Event()

    def press(kind: str, done: int, total: int) -> None:
        if kind == what and done >= max(1, share * total):
            stop.set()

    return read(stop=stop, manners=Manners(max_rps=1e6, threads=2), on_progress=press)


@pytest.mark.parametrize(
    ("what", "share"), [("list", 0), ("list", 0.5), ("list", 1), ("describe", 0), ("describe", 0.5), ("describe", 1)]
)
def test_killed_half_way_and_resumed_is_the_same_snapshot(what: str, share: float, whole: Snapshot) -> None:
    cut = codec.load(dumped(cut_at(what, share)), "half.jsonl")
    assert cut.gaps
    assert {gap.reason.partition(":")[0] for gap in cut.gaps} == {"interrupted"}
    resumed = read(resume=cut, now=NOW + dt.timedelta(days=2))
    assert dumped(resumed) == dumped(whole)


def test_what_was_read_whole_is_not_asked_for_again(whole: Snapshot) -> None:
    session = session_of()
    calls = Calls(session)
    assert dumped(read(session, resume=whole)) == dumped(whole)
    assert calls.operations == {"GetCallerIdentity"}


def test_a_type_with_a_gap_is_asked_for_again_and_no_other(whole: Snapshot) -> None:
    gap = Gap(
        Scope("AWS::SageMaker::NotebookInstance", ACCOUNT, REGION), "interrupted: sagemaker:ListNotebookInstances"
    )
    notebooks = [r for r in whole.resources if r.type == gap.scope.type]
    cut = msgspec.structs.replace(
        whole,
        resources=tuple(r for r in whole.resources if r not in notebooks),
        gaps=(gap,),
        complete=whole.complete - {gap.scope},
    )
    session = session_of()
    calls = Calls(session)
    assert dumped(read(session, resume=cut)) == dumped(whole)
    asked_again = {"DescribeNotebookInstance", "ListNotebookInstances"}
    named_by_them = {operation for operation in calls.operations if "Key" in operation}
    assert calls.operations == {"GetCallerIdentity"} | asked_again | named_by_them
    assert named_by_them >= {"ListKeys", "DescribeKey"}, "which keys are in use was not known before"


def test_a_key_that_only_what_was_taken_over_names_is_read(whole: Snapshot) -> None:
    keys = {scope for scope in whole.complete if scope.type == "AWS::KMS::Key"}
    cut = msgspec.structs.replace(
        whole,
        resources=tuple(r for r in whole.resources if r.type != "AWS::KMS::Key"),
        complete=whole.complete - keys,
        gaps=tuple(Gap(key, "interrupted: kms:ListKeys") for key in keys),
    )
    assert [r.type for r in whole.resources].count("AWS::KMS::Key") == 1, "of two keys one is in use"
    assert dumped(read(resume=cut)) == dumped(whole)


REFUSED: list[tuple[str, Callable[[Snapshot], Snapshot], str]] = [
    (
        "another account",
        lambda s: msgspec.structs.replace(s, complete=frozenset({Scope(MODEL, "999999999999", REGION)})),
        "the snapshot is of account 999999999999, us-east-1, not of account 123456789012, us-east-1",
    ),
    (
        "another region",
        lambda s: msgspec.structs.replace(s, complete=frozenset({Scope(MODEL, ACCOUNT, "eu-west-1")})),
        "not of account 123456789012, us-east-1",
    ),
    (
        "fewer types, as before a rule was added",
        lambda s: msgspec.structs.replace(s, complete=s.complete - {Scope(MODEL, ACCOUNT, REGION)}),
        "the requested types differ from those of the snapshot .AWS::SageMaker::Model is; 1 differ",
    ),
    (
        "more types, as before a rule was disabled",
        lambda s: msgspec.structs.replace(s, complete=s.complete | {Scope("AWS::SageMaker::Hub", ACCOUNT, REGION)}),
        "AWS::SageMaker::Hub was; 1 differ",
    ),
    ("no account at all", lambda s: msgspec.structs.replace(s, kind=SourceKind.EXPORT), "a snapshot of an export"),
    ("no time", lambda s: msgspec.structs.replace(s, taken_at=None), "does not say when it was taken"),
]


@pytest.mark.parametrize(("change", "why"), [case[1:] for case in REFUSED], ids=[case[0] for case in REFUSED])
def test_102_a_snapshot_of_something_else_is_not_resumed(
    change: Callable[[Snapshot], Snapshot], why: str, whole: Snapshot
) -> None:
    with pytest.raises(SourceError, match=why):
        read(resume=change(whole))


@pytest.mark.parametrize("share", [0.3, 0.9, 0.999])
def test_102_a_snapshot_that_was_cut_off_is_not_resumed(share: float, whole: Snapshot) -> None:
    content = dumped(whole)
    with pytest.raises(SourceError, match=r"cut off|not JSON|damaged"):
        codec.load(content[: int(len(content) * share)], "half.jsonl")


# --- what the way to AWS can do ---------------------------------------------------------------------


def raising(service: str, error: Exception, after: int = 0, event: str = "before-call") -> tuple[Any, list[str]]:
    """Return a session whose calls to a service fail from the n-th on, and the calls that were tried."""
    session, tried = session_of(), []

    def fail(event_name: str, **_: Any) -> None:
        tried.append(event_name.rpartition(".")[2])
        if len(tried) > after:
            raise error

    session.events.register(f"{event}.{service}", fail)
    return session, tried


def refused(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": ""}}, "Operation")


@pytest.mark.parametrize("code", ["ExpiredToken", "ExpiredTokenException", "RequestExpired"])
def test_85_a_token_that_expires_on_the_way_is_said_once_for_the_rest(code: str, account: None) -> None:
    del account
    session, tried = raising("sagemaker", refused(code), after=9)
    snapshot = read(session, manners=Manners(max_rps=1e6, threads=2))
    assert len(tried) <= 9 + 2
    assert {gap.reason.partition(":")[0] for gap in snapshot.gaps} == {"ExpiredToken"}
    assert {gap.grant for gap in snapshot.gaps} == {None}
    assert any(not isinstance(r.properties, Unknown) for r in snapshot.resources)


@pytest.mark.parametrize("code", ["UnrecognizedClientException", "InvalidClientTokenId"])
def test_84_a_region_that_is_not_enabled_is_said_once(code: str, account: None) -> None:
    del account
    session, _ = raising("sts", refused(code))
    with pytest.raises(SourceError, match="the region is not enabled"):
        read(session)
    session, tried = raising("sagemaker", refused(code))
    snapshot = read(session, types={MODEL, "AWS::SageMaker::Endpoint"}, manners=Manners(max_rps=1e6, threads=1))
    assert len(tried) == 1
    assert {gap.reason.partition(":")[0] for gap in snapshot.gaps} == {code}


def test_84_a_service_that_the_region_lacks_is_asked_for_once(account: None) -> None:
    del account
    lost = EndpointConnectionError(endpoint_url="https://x", error="[Errno -2] Name or service not known")
    session, tried = raising("sagemaker", lost, event="before-send")
    snapshot = read(session, manners=Manners(max_rps=1e6, threads=1))
    assert len(tried) == 1
    reasons = {gap.scope.type.split("::")[1]: gap.reason for gap in snapshot.gaps}
    assert reasons == {"SageMaker": "not available in this region: sagemaker"}
    assert Scope("AWS::S3::Bucket", ACCOUNT, REGION) in snapshot.complete


def test_84_one_operation_that_the_region_lacks_leaves_the_others(account: None) -> None:
    del account
    session = session_of()

    def lack(**_: Any) -> None:
        raise refused("UnknownOperationException")

    session.events.register("before-call.sagemaker.ListModels", lack)
    snapshot = read(session)
    assert {(g.scope.type, g.reason) for g in snapshot.gaps} == {
        (MODEL, "not available in this region: sagemaker:ListModels")
    }


class Old(botocore.loaders.Loader):  # type: ignore[misc] # botocore is not typed
    """The data of a botocore that does not know KMS yet, nor listing models, nor one parameter."""

    def load_service_model(self, service_name: str, type_name: str, api_version: str | None = None) -> Any:
        if service_name == "kms":
            raise botocore.exceptions.UnknownServiceError(service_name="kms", known_service_names="none")
        model = super().load_service_model(service_name, type_name, api_version)
        if service_name == "sagemaker" and type_name == "service-2":
            operations = {name: one for name, one in model["operations"].items() if name != "ListModels"}
            members = {"NotebookInstanceNam": {"shape": "NotebookInstanceName"}}
            shapes = {**model["shapes"], "DescribeNotebookInstanceInput": {"type": "structure", "members": members}}
            return {**model, "operations": operations, "shapes": shapes}
        return model


def test_100_what_the_sdk_does_not_know_is_a_gap(account: None) -> None:
    del account
    snapshot = read(session_of(Old()))
    assert sorted((g.scope.type, g.reason) for g in snapshot.gaps) == [
        ("AWS::KMS::Key", "SDK too old: kms:ListKeys"),
        (MODEL, "SDK too old: sagemaker:ListModels"),
        ("AWS::SageMaker::NotebookInstance", "SDK too old: sagemaker:DescribeNotebookInstance"),
    ]


PROXY = ProxyConnectionError(proxy_url="http://ann:secret@proxy:3128", error="407")

WAY: list[tuple[str, Exception, str, str]] = [
    (
        "no network",
        EndpointConnectionError(endpoint_url="u", error="refused"),
        "no connection",
        "cannot connect to AWS",
    ),
    ("no answer at all", ConnectTimeoutError(endpoint_url="u"), "no connection", "cannot connect to AWS"),
    ("a proxy", PROXY, "the proxy refuses", "check HTTPS_PROXY"),
    ("TLS", SSLError(endpoint_url="u", error="e"), "the TLS certificate is not trusted", "AWS_CA_BUNDLE"),
    ("SSO", UnauthorizedSSOTokenError(), "UnauthorizedSSOTokenError", "aws sso login"),
    ("MFA", EOFError(), "EOFError", "requires an MFA code"),
]


@pytest.mark.parametrize(("error", "word", "sentence"), [case[1:] for case in WAY], ids=[case[0] for case in WAY])
def test_83_what_stands_in_the_way_is_said_in_a_sentence(
    error: Exception, word: str, sentence: str, account: None
) -> None:
    del account
    session, _ = raising("sts", error)
    with pytest.raises(SourceError, match=sentence) as raised:
        read(session)
    assert "secret" not in str(raised.value)
    session, _ = raising("sagemaker", error)
    snapshot = read(session, types={MODEL})
    assert [gap.reason for gap in snapshot.gaps] == [f"{word}: sagemaker:ListModels"]


def test_83_an_address_where_nobody_is_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{closed.getsockname()[1]}")
        with pytest.raises(SourceError, match="cannot connect to http:"):
            read_models(Manners(call_seconds=2))


# --- what a person sees of it -----------------------------------------------------------------------


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_progress_is_drawn_on_a_terminal_only() -> None:
    with drawing(io.StringIO()) as line_of:
        assert line_of("aws://1/r") is None
    terminal = Terminal()
    with drawing(terminal) as line_of:
        draw = line_of("aws://1/[r]")
        assert draw is not None
        draw("describe", 3, 10)
    assert "aws://1/[r] describe" in terminal.getvalue()
    assert "3/10" in terminal.getvalue()


def test_what_is_told_of_progress_only_grows(account: None) -> None:
    del account
    told: list[tuple[str, int, int]] = []
    read(on_progress=lambda *step: told.append(step))
    assert list(dict.fromkeys(what for what, _, _ in told)) == ["list", "describe", "measure"]
    assert all(0 < done <= total for _, done, total in told)
    assert [done == total for _, done, total in told][-1]


def test_the_table_says_of_each_type_why_there_may_be_more() -> None:
    role, model, hub = (
        Scope("AWS::IAM::Role", "1"),
        Scope(MODEL, "1", REGION),
        Scope("AWS::SageMaker::Hub", "1", REGION),
    )
    other = msgspec.structs.replace(model, region="eu-west-1")
    snapshot = Snapshot(
        kind=SourceKind.LIVE,
        uri="aws://1",
        resources=(resource(MODEL, "a"), resource(MODEL, "b")),
        complete=frozenset({role, model}),
        gaps=(
            Gap(model, "AccessDenied: sagemaker:DescribeModel (for 1 of 2)", "sagemaker:DescribeModel"),
            Gap(other, "interrupted: sagemaker:ListModels"),
            *(Gap(hub, f"deadline: sagemaker:List{n}") for n in range(5)),
        ),
    )
    assert read_table(snapshot, {MODEL, "AWS::KMS::Key"}) == (
        "type                   found  status\n"
        "AWS::IAM::Role             0  whole\n"
        "AWS::SageMaker::Hub        0  deadline: sagemaker:List0; deadline: sagemaker:List1; deadline: sagemaker:List2;"
        " and 2 more reasons\n"
        "AWS::SageMaker::Model      2  interrupted: sagemaker:ListModels;"
        " refused: sagemaker:DescribeModel (for 1 of 2), grant sagemaker:DescribeModel\n"
        "not requested: 1 other types\n"
    )


def resource(type_: str, name: str) -> Resource:
    return Resource(id=name, type=type_, properties={}, origin=Listed(Location(name)))


def test_the_table_of_a_snapshot_without_gaps_is_whole(whole: Snapshot) -> None:
    statuses = {line.split()[-1] for line in read_table(whole).splitlines()[1:]}
    assert statuses == {"whole"}
