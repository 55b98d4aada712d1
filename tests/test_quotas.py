"""An account whose services hold AWS's request quotas: nothing is throttled, nothing is missing, nothing is idle."""

from __future__ import annotations

import json
import re
import threading
import time
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar

import boto3
import pytest

from wa_lint.request_limits import Manners
from wa_lint.sources.live.account_reader import read_live

REGION, ACCOUNT = "eu-west-1", "123456789012"
FUNCTIONS = 30
TYPES = {"AWS::Lambda::Function", "AWS::Lambda::Url", "AWS::Lambda::Permission", "AWS::ApiGateway::Stage"}


class Account:
    """Lambda and API Gateway over HTTP, with the quotas of both."""

    def __init__(self, **quotas: tuple[float, float]) -> None:
        self.quotas = quotas
        self.buckets: dict[str, tuple[float, float]] = {}
        self.calls: Counter[str] = Counter()
        self.throttled: Counter[str] = Counter()
        self.lock = threading.Lock()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version: ClassVar[str] = "HTTP/1.1"  # type: ignore[misc] # BaseHTTPRequestHandler says it once more

            def do_GET(self) -> None:
                service = "apigateway" if self.path.startswith("/restapis") else "lambda"
                self._reply(*outer.answer(service, self.path))

            def do_POST(self) -> None:
                self.rfile.read(int(self.headers["content-length"] or 0))
                who = f"<Arn>arn:aws:iam::{ACCOUNT}:user/ann</Arn><UserId>A</UserId><Account>{ACCOUNT}</Account>"
                result = f"<GetCallerIdentityResult>{who}</GetCallerIdentityResult>"
                self._reply(200, f"<GetCallerIdentityResponse>{result}</GetCallerIdentityResponse>")

            def _reply(self, status: int, text: str) -> None:
                self.send_response(status)
                if status != 200:
                    self.send_header("x-amzn-errortype", "TooManyRequestsException")
                self.send_header("content-length", str(len(text)))
                self.end_headers()
                self.wfile.write(text.encode())

            def log_message(self, *_: Any) -> None: ...

        class Server(ThreadingHTTPServer):
            request_queue_size = 64
            daemon_threads = True

        self.server = Server(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    def answer(self, service: str, path: str) -> tuple[int, str]:
        if not self.has_room(service):
            self.throttled[service] += 1
            return 429, json.dumps({"message": "Rate exceeded"})
        self.calls[service] += 1
        return 200, json.dumps(told(path))

    def has_room(self, service: str) -> bool:
        rate, burst = self.quotas[service]
        with self.lock:
            now = time.monotonic()
            tokens, last = self.buckets.get(service, (burst, now))
            tokens = min(burst, tokens + (now - last) * rate)
            self.buckets[service] = (tokens - 1 if tokens >= 1 else tokens, now)
            return tokens >= 1


def told(path: str) -> Any:
    name = re.search(r"/functions/([^/]+)/", path)
    if "/restapis?" in path or path == "/restapis":
        return {"item": [{"id": f"a{number}", "name": "a"} for number in range(4)]}
    if path.startswith("/restapis"):
        return {"item": [{"stageName": "prod"}]}
    if name and path.endswith("/policy"):
        statement = {"Sid": "s", "Resource": arn(name[1]), "Principal": "*", "Effect": "Allow", "Action": "lambda:*"}
        return {"Policy": json.dumps({"Statement": [statement]})}
    if name:
        return {"FunctionUrlConfigs": []}
    return {"Functions": [{"FunctionName": f"f{n}", "FunctionArn": arn(f"f{n}")} for n in range(FUNCTIONS)]}


def arn(name: str) -> str:
    return f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{name}"


@pytest.fixture
def session(monkeypatch: pytest.MonkeyPatch) -> Any:
    for name in ("AWS_PROFILE", "AWS_ENDPOINT_URL"):
        monkeypatch.delenv(name, raising=False)
    return boto3.Session("testing", "testing", region_name=REGION)


def read(account: Account, session: Any, monkeypatch: pytest.MonkeyPatch, **manners: Any) -> Any:
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{account.server.server_port}")
    try:
        return read_live(session, REGION, types=TYPES, manners=Manners(**manners))
    finally:
        account.server.shutdown()
        account.server.server_close()


def test_at_awss_quotas_nothing_is_throttled_and_no_gap_stays(session: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    account = Account(**{"lambda": (15, 15), "apigateway": (10, 40)})
    begun = time.monotonic()
    snapshot = read(account, session, monkeypatch)
    lasted = time.monotonic() - begun
    assert not account.throttled
    assert not snapshot.gaps
    assert Counter(resource.type.rpartition("::")[2] for resource in snapshot.resources) == {
        "Function": FUNCTIONS,
        "Permission": FUNCTIONS,
        "Stage": 4,
    }
    assert account.calls["lambda"] == 1 + 2 * FUNCTIONS
    assert lasted < 1.5 * account.calls["lambda"] / 15 + 3


def test_where_a_quota_is_lower_than_published_it_is_found_and_no_gap_stays(
    session: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    account = Account(**{"lambda": (6, 6), "apigateway": (10, 40)})
    snapshot = read(account, session, monkeypatch)
    assert account.throttled["lambda"]
    assert account.throttled["lambda"] < account.calls["lambda"]
    assert not snapshot.gaps
