"""The whole table of collectors over real HTTP: every service's own protocol, pages, secrets, refusals, dead lines."""

from __future__ import annotations

import base64
import datetime as dt
import io
import itertools
import json
import os
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import boto3
import pytest
from botocore.awsrequest import AWSResponse
from http_stub import Fault, Refusal, Stub, drip, hang_up, hang_up_at_once, speak_of_something_else

from wa_lint import codec
from wa_lint.demo import modelled
from wa_lint.demo.stub import ACCOUNT, REGION
from wa_lint.model import Resource, Snapshot, Unknown
from wa_lint.request_limits import Manners
from wa_lint.sources.live import api_response as answers
from wa_lint.sources.live import call_plan as plan
from wa_lint.sources.live.account_reader import read_live
from wa_lint.sources.live.collector import Collector
from wa_lint.sources.live.collectors import all_collectors, by_type

Raw = Any
Items = dict[str, Raw]
WaLint = Callable[..., Any]

NOW = modelled.BORN + dt.timedelta(days=3)
SIZE = modelled.Size(items=3, page=2)
EVERYTHING = frozenset(plan.operations(None))
POLITE = Manners(max_rps=1e6)

# --- what the account says beyond what botocore's model has it say ----------------------------------

SECRET = "correct-horse-battery-staple"
TOKEN = "hf_" + "aB3dE5gH7j" * 3 + "kLmN"
SCRIPTS = {"NotebookInstanceLifecycleConfigContent", "StudioLifecycleConfigContent"}
SCRIPT = f"#!/bin/bash\nexport HF_TOKEN={TOKEN}\n" + "echo ready\n" * 8
ME = f"arn:aws:iam::{ACCOUNT}:user/ann"


def with_canaries(shape: Raw, value: Raw, told: set[str], name: str = "") -> Raw:
    """Return `value` with a secret in every map of texts, list of pairs, and script; note in `told` what they are."""
    match shape.type_name:
        case "structure" if isinstance(value, dict) and is_pair(shape):
            told.add(name)
            return {**value, "Key": "DB_PASSWORD", "Value": SECRET}
        case "structure" if isinstance(value, dict):
            members = shape.members
            return {k: with_canaries(members[k], v, told, k) if k in members else v for k, v in value.items()}
        case "list":
            return [with_canaries(shape.member, item, told, name) for item in value]
        case "map" if is_text(shape.key) and is_text(shape.value):
            told.add(name)
            return {**value, "DB_PASSWORD": SECRET}
        case "map":
            return {key: with_canaries(shape.value, item, told, name) for key, item in value.items()}
        case "string" if shape.name.endswith("LifecycleConfigContent"):
            told.add(shape.name)
            return base64.b64encode(SCRIPT.encode()).decode()
    return value


def is_pair(shape: Raw) -> bool:
    return shape.members.keys() >= {"Key", "Value"} and all(is_text(shape.members[name]) for name in ("Key", "Value"))


def is_text(shape: Raw) -> bool:
    return shape.type_name == "string" and not getattr(shape, "enum", ())


STORES = ["DBClusterIdentifier", "DBInstanceIdentifier", "DomainName", "FileSystemId", "ResourceId", "StreamName"]
"""What stores, and what a flow log is of, are called: a table ``x-0``, for it is listed as a text."""


def naming(_: Items, told: Items) -> Items:
    """Let each function stand in a network, have a key by its alias, and name a store of each kind."""
    for function in told["Functions"]:
        number = function["FunctionName"].rpartition("-")[2]
        network = {"SubnetIds": [f"SubnetId-{number}"], "SecurityGroupIds": [f"GroupId-{number}"]}
        function |= {"VpcConfig": {**network, "VpcId": f"VpcId-{number}"}, "KMSKeyArn": f"AliasName-{number}"}
        names = [*(f"{word}-{number}" for word in STORES), f"x-{number}"]
        function["Environment"]["Variables"] |= {f"STORE_{n}": name for n, name in enumerate(names)}
    return told


def encrypted(request: Items, told: Items) -> Items:
    return {**told, "KmsKeyId": f"KeyId-{request['EndpointConfigName'].rpartition('-')[2]}"}


def from_repository(request: Items, told: Items) -> Items:
    return {**told, "PrimaryContainer": {"Image": f"repositoryUri-{request['ModelName'].rpartition('-')[2]}:1"}}


def methods_by_name_alone(_: Items, told: Items) -> Items:
    return {**told, "items": [{**item, "resourceMethods": {"GET": {}}} for item in told["items"]]}


def with_a_secret_in_a_step(_: Items, told: Items) -> Items:
    step = {"Name": "T", "Type": "Training", "Arguments": {"Environment": {"DB_PASSWORD": SECRET}}}
    return {**told, "PipelineDefinition": json.dumps({"Steps": [step]})}


def points(request: Items, _: Items) -> Items:
    """Answer every query, half of it on a second page."""
    page = int(request.get("NextToken", 0))
    at = [NOW - dt.timedelta(days=2 - page)]
    results = [{"Id": q["Id"], "Timestamps": at, "Values": [7.0], "StatusCode": "Complete"} for q in queries(request)]
    return {"MetricDataResults": results} | ({} if page else {"NextToken": "1"})


def queries(request: Items) -> list[Items]:
    return list(request["MetricDataQueries"])


SAYINGS: Mapping[tuple[str, str], Callable[[Items, Items], Items]] = {
    ("sts", "GetCallerIdentity"): lambda _, told: {**told, "Arn": ME},
    ("lambda", "ListFunctions"): naming,
    ("sagemaker", "DescribeEndpointConfig"): encrypted,
    ("sagemaker", "DescribeModel"): from_repository,
    ("sagemaker", "DescribePipeline"): with_a_secret_in_a_step,
    ("apigateway", "GetResources"): methods_by_name_alone,
    ("cloudwatch", "GetMetricData"): points,
}


class Read:
    """The whole account, once over HTTP and once without."""

    def __init__(self, stub: Stub) -> None:
        self.canaries: set[str] = set()
        stub.everywhere = lambda shape, told: with_canaries(shape, told, self.canaries)
        self.over_http = read_live(keyed(), REGION, now=NOW, manners=POLITE)
        self.seen, self.protocols, self.broken = Counter(stub.seen), dict(stub.protocols), list(stub.broken)
        self.inside = read_live(short_cut(stub), REGION, now=NOW, manners=POLITE)


def keyed() -> Raw:
    return boto3.Session(aws_access_key_id="a", aws_secret_access_key="b", region_name=REGION)


def short_cut(stub: Stub) -> Raw:
    """Return a session that is told what the account says without a word on the wire."""
    session, asked = keyed(), "asked"

    def keep(params: Items, context: Items, **_: Raw) -> None:
        context[asked] = dict(params)

    def say(model: Raw, context: Items, **_: Raw) -> Raw:
        metadata = {"ResponseMetadata": {"HTTPStatusCode": 200}}
        return AWSResponse("", 200, {}, None), {**stub.told(model, context[asked]), **metadata}

    session.events.register("before-parameter-build", keep)
    session.events.register("before-call", say)
    return session


@pytest.fixture(scope="module")
def running() -> Iterator[Stub]:
    stub = Stub(SIZE)
    stub.sayings.update(SAYINGS)
    stub.start()
    with pytest.MonkeyPatch.context() as environment:
        for name in [name for name in os.environ if name.startswith("AWS_")]:
            environment.delenv(name)
        for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
            environment.setenv(name, os.devnull)
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            environment.setenv(name, "a")
        environment.setenv("AWS_ENDPOINT_URL", stub.url)
        yield stub
    stub.stop()


@pytest.fixture(scope="module")
def read(running: Stub) -> Read:
    return Read(running)


@pytest.fixture
def stub(running: Stub, read: Read) -> Stub:
    """The account, of which nothing was asked, and which refuses nothing."""
    del read  # it counts what it asks, so it comes first
    running.refused.clear()
    running.faults.clear()
    running.seen.clear()
    return running


# --- the whole table --------------------------------------------------------------------------------


def test_the_server_and_every_client_understood_each_other(read: Read) -> None:
    assert read.broken == []
    assert read.over_http.gaps == ()
    assert set(read.protocols.values()) == {"json", "rest-json", "rest-xml", "query", "ec2"}
    assert read.protocols.keys() == {service for service, _ in EVERYTHING} | {"sts"}


def test_the_calls_that_are_made_are_those_of_the_plan(read: Read) -> None:
    assert {operation for operation in read.seen if operation[0] != "sts"} == EVERYTHING


def test_what_arrives_over_the_wire_is_what_was_said(read: Read) -> None:
    sent, arrived = (dumped(one).splitlines() for one in (read.inside, read.over_http))
    assert arrived == sent


@pytest.mark.parametrize("collector", all_collectors(), ids=lambda c: c.type)
def test_everything_of_each_type_arrives_with_its_properties(collector: Collector, read: Read) -> None:
    found = of(collector.type, read.over_http)
    is_one = collector.listing and not collector.listing.items and not collector.parent
    assert len(found) >= (1 if is_one else SIZE.items)
    for resource in found:
        assert isinstance(resource.properties, dict)
        unknown = {name for name, value in resource.properties.items() if isinstance(value, Unknown)}
        assert unknown <= set(answers.not_carried()[collector.type])
        assert resource.properties.keys() > unknown


def ancestors(collector: Collector) -> int:
    """Return under how many others an item is listed, one under another: a rule under a listener, under a balancer."""
    return 1 + ancestors(by_type()[collector.parent]) if collector.parent else 0


ASKED = {
    (c.service, c.listing.operation, repr(c.listing.fixed)): 2 * SIZE.items ** ancestors(c)
    for c in all_collectors()
    if c.listing and c.listing.items and modelled.is_paged(c.service, c.listing.operation)
}
"""The pages of each listing. One request may list several types, and one operation is asked twice: of alarms."""
PAGED: Counter[tuple[str, str]] = Counter()
for asked_, turned in ASKED.items():
    PAGED[asked_[:2]] += turned


def test_every_page_is_turned_once(read: Read) -> None:
    assert {operation: read.seen[operation] for operation in PAGED} == PAGED
    assert len(PAGED) > len(all_collectors()) / 2


def test_metrics_come_in_pages_too(read: Read) -> None:
    assert read.seen["cloudwatch", "GetMetricData"] >= 2
    endpoint = of("AWS::SageMaker::Endpoint", read.over_http)[0]
    assert "7.0" in repr(endpoint.observed)


def of(type_: str, snapshot: Snapshot) -> list[Resource]:
    return [resource for resource in snapshot.resources if resource.type == type_]


# --- secrets ----------------------------------------------------------------------------------------


def test_no_secret_that_the_account_says_is_in_the_snapshot(read: Read) -> None:
    assert read.canaries >= {"Environment", "HyperParameters", "Tags", *SCRIPTS}
    text = dumped(read.over_http)
    assert "‹secret:named›" in text  # noqa: RUF001, the mark
    assert [word for word in (SECRET, TOKEN, encoded(TOKEN)) if word in text] == []


def dumped(snapshot: Snapshot) -> str:
    stream = io.BytesIO()
    codec.dump(snapshot, stream)
    return stream.getvalue().decode()


def encoded(word: str) -> str:
    """Return the script's own base64 of the line in which `word` stands, without its ragged ends."""
    whole = base64.b64encode(SCRIPT.encode()).decode()
    start = SCRIPT.index(word) * 4 // 3 + 4
    return whole[start : start + 40]


# --- the command line -------------------------------------------------------------------------------

SCAN = ("scan", "--region", REGION, "--now", NOW.date().isoformat(), "-o", "json", "--show-all")
NOTEBOOKS = ("--select", "notebook-*")


def test_a_scan_says_who_asks_and_who_answers_and_judges_what_comes(stub: Stub, wa_lint: WaLint) -> None:
    run = wa_lint(*SCAN)
    assert run.err.splitlines()[:2] == [
        f"wa-lint: these are the credentials of account {ACCOUNT}: {ME}",
        f"wa-lint: warning: using the endpoint {stub.url} instead of AWS",
    ]
    assert run.code == 1
    assert [(entry["uri"], entry["status"]) for entry in run.report["inputs"]] == [
        (f"aws://{ACCOUNT}", "judged"),
        (f"aws://{ACCOUNT}/{REGION}", "judged"),
    ]
    assert run.report["gaps"] == []
    assert SECRET not in run.out + run.err
    assert TOKEN not in run.out + run.err
    beside = {(call.service, call.operation) for call in (plan.IDENTITY, plan.TAGS)}
    assert beside <= set(stub.seen) <= EVERYTHING | beside


@pytest.mark.parametrize(
    ("refused", "options", "code"),
    [
        (None, [], 1),
        (None, ["--fail-on", "never"], 0),
        ("AccessDeniedException", [], 4),
        ("AccessDeniedException", ["--fail-on", "never"], 4),
    ],
    ids=["something fails", "nothing that fails counts", "nothing was to be seen", "the same"],
)
def test_the_exit_code_says_what_was_found_and_what_was_not_seen(
    stub: Stub, wa_lint: WaLint, refused: str | None, options: list[str], code: int
) -> None:
    if refused:
        stub.refused["sagemaker", "ListNotebookInstances"] = Refusal(refused)
    run = wa_lint(*SCAN, *NOTEBOOKS, *options)
    assert run.code == code
    assert [gap["grant"] for gap in run.report["gaps"]] == (["sagemaker:ListNotebookInstances"] if refused else [])


# --- what each protocol's refusal says --------------------------------------------------------------

REFUSED = {
    "json": "AWS::SageMaker::Model",
    "rest-json": "AWS::Lambda::Function",
    "rest-xml": "AWS::S3::Bucket",
    "query": "AWS::IAM::Role",
    "ec2": "AWS::EC2::Subnet",
}


@pytest.mark.parametrize(("protocol", "type_"), REFUSED.items())
def test_a_refusal_is_a_gap_in_every_protocol(stub: Stub, protocol: str, type_: str) -> None:
    collector = by_type()[type_]
    assert collector.listing
    stub.refused[collector.service, collector.listing.operation] = Refusal("AccessDenied", 403)
    snapshot = read_live(keyed(), REGION, types=[type_], now=NOW, manners=POLITE)
    assert stub.protocols[collector.service] == protocol
    operation = plan.operation_of(collector, collector.listing)
    assert {(gap.reason, gap.grant) for gap in snapshot.gaps} == {
        (f"AccessDenied: {operation.service}:{operation.operation}", operation.action)
    }


# --- a network that fails ---------------------------------------------------------------------------

HASTY = Manners(max_rps=1e6, call_seconds=5.0)
ALARM = "AWS::CloudWatch::Alarm"
FAULTS = {
    "it drips in for ever": drip,
    "the connection is dropped": hang_up,
    "the connection is dropped behind the headers": hang_up_at_once,
    "a proxy's text": speak_of_something_else,
}


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_what_is_no_whole_answer_is_a_gap_within_the_time_of_a_call(stub: Stub, fault: Fault) -> None:
    for listing in listings():
        stub.faults[listing] = itertools.repeat(fault)
    began = time.monotonic()
    snapshot = read_live(keyed(), REGION, types=[*REFUSED.values(), ALARM], now=NOW, manners=HASTY)
    assert time.monotonic() - began < 40  # a call and its grace are ten; the rest is what busy cores take for clients
    assert {gap.scope.type for gap in snapshot.gaps} >= set(REFUSED.values())
    assert not {scope.type for scope in snapshot.complete} & set(REFUSED.values())
    assert Counter(resource.type for resource in snapshot.resources) == {ALARM: SIZE.items}


def test_a_connection_that_is_dropped_is_made_again(stub: Stub) -> None:
    for listing in listings():
        stub.faults[listing] = iter([hang_up, hang_up_at_once])
    snapshot = read_live(keyed(), REGION, types=list(REFUSED.values()), now=NOW, manners=POLITE)
    found = Counter(resource.type for resource in snapshot.resources)
    assert {type_: found[type_] for type_ in REFUSED.values()} == dict.fromkeys(REFUSED.values(), SIZE.items)
    assert snapshot.gaps == ()


def listings() -> Iterator[tuple[str, str]]:
    """Yield the operation that lists the type of each protocol."""
    for type_ in REFUSED.values():
        collector = by_type()[type_]
        assert collector.listing
        yield collector.service, collector.listing.operation


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (hang_up, "cannot connect to http:"),
        (hang_up_at_once, "cannot connect to http:"),
        (speak_of_something_else, "the response is not from AWS; is there a proxy?"),
    ],
)
def test_who_lets_nobody_finish_lets_nobody_in(stub: Stub, wa_lint: WaLint, fault: Fault, said: str) -> None:
    stub.faults["sts", "GetCallerIdentity"] = itertools.repeat(fault)
    run = wa_lint(*SCAN, *NOTEBOOKS)
    assert (run.code, run.out) == (2, "")
    assert said in run.err
