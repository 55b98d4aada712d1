"""What `live.py` starts, each a process of its own: who has the account, fills it, reads it, only makes the calls.

Each takes the address of the server from the environment and answers with one line of JSON. It times nothing.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import math
import sys
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final
from unittest.mock import patch

import boto3
import msgspec
from botocore import xform_name
from botocore.config import Config
from botocore.parsers import ResponseParserError

REGION: Final = "us-east-1"
THREADS: Final = 16

TYPES: Final = (
    "AWS::S3::Bucket",
    "AWS::S3::BucketPolicy",
    "AWS::IAM::Role",
    "AWS::SageMaker::Model",
    "AWS::SageMaker::EndpointConfig",
    "AWS::SageMaker::Endpoint",
    "AWS::SageMaker::NotebookInstance",
    "AWS::SageMaker::TrainingJob",
)
"""What is read: what moto has of what `seed` makes."""


class Made(msgspec.Struct, frozen=True):
    """An API call that was made, as its caller wrote it."""

    service: str
    operation: str
    request: dict[str, Any]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=sorted(_WHAT))
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--each", type=int, default=0)
    parser.add_argument("--calls", type=Path)
    options = parser.parse_args()
    print(json.dumps(_WHAT[options.what](options)))


# --- having it --------------------------------------------------------------------------------------


def serve(options: argparse.Namespace) -> object:
    """Be moto's server until somebody ends it. It has no metrics, and says so at once.

    Going through 336 hours for each of 500 queries it takes 2.5 CPU seconds to find that out: with 16 who ask, one
    after the other gives up waiting.
    """
    from moto.cloudwatch.models import CloudWatchBackend  # noqa: PLC0415, as in `read`
    from moto.server import main as run  # noqa: PLC0415, the same

    with patch.object(CloudWatchBackend, "get_metric_data", _no_data):
        run(["-H", "127.0.0.1", "-p", str(options.port)])
    return {}


def _no_data(_: Any, queries: Sequence[Mapping[str, Any]], *__: Any, **___: Any) -> list[dict[str, Any]]:
    nothing = {"values": [], "timestamps": [], "status_code": "Complete"}
    return [{"id": query["Id"], "label": query["Id"], **nothing} for query in queries]


# --- filling it -------------------------------------------------------------------------------------


def seed(options: argparse.Namespace) -> object:
    """Make so many resources of each of seven kinds."""
    clients = {service: _client(boto3.Session(region_name=REGION), service) for service in ("s3", "iam", "sagemaker")}
    for kind in _KINDS:  # one after the other: an endpoint wants its configuration, and that its model
        with ThreadPoolExecutor(THREADS) as pool:
            list(pool.map(lambda n, kind=kind: _create(clients, kind, n), range(options.each)))
    return {"made": len(_KINDS) * options.each}


def _create(clients: Mapping[str, Any], kind: str, number: int) -> None:
    """Make one, in the end: moto walks through what is there while others add to it, and then has no answer."""
    service, operation, request = _KINDS[kind]
    for _ in range(_TRIES):
        with contextlib.suppress(ResponseParserError):
            getattr(clients[service], operation)(**_numbered(request, str(number)))
            return
    sys.exit(f"moto does not answer {service}:{operation}")


_TRIES: Final = 20


def _numbered(value: Any, number: str) -> Any:
    if isinstance(value, dict):
        return {key: _numbered(inner, number) for key, inner in value.items()}
    if isinstance(value, list):
        return [_numbered(inner, number) for inner in value]
    return value.replace("#", number) if isinstance(value, str) else value


_ROLE: Final = "arn:aws:iam::123456789012:role/role-#"
_TRUST: Final = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "sagemaker.amazonaws.com"}, "Action": "sts:AssumeRole"}],
}
_VARIANT: Final = {
    "VariantName": "blue",
    "ModelName": "model-#",
    "InstanceType": "ml.m5.large",
    "InitialInstanceCount": 2,
    "InitialVariantWeight": 1.0,
}
_KINDS: Final[Mapping[str, tuple[str, str, dict[str, Any]]]] = {
    "buckets": ("s3", "create_bucket", {"Bucket": "bench-bucket-#"}),
    "roles": ("iam", "create_role", {"RoleName": "role-#", "AssumeRolePolicyDocument": json.dumps(_TRUST)}),
    "models": (
        "sagemaker",
        "create_model",
        {
            "ModelName": "model-#",
            "ExecutionRoleArn": _ROLE,
            "PrimaryContainer": {
                "Image": f"123456789012.dkr.ecr.{REGION}.amazonaws.com/serve:1",
                "ModelDataUrl": "s3://bench-bucket-#/model.tar.gz",
                "Environment": {"LOG_LEVEL": "info", "WORKERS": "4"},
            },
            "VpcConfig": {"SecurityGroupIds": ["sg-0123456789abcdef0"], "Subnets": ["subnet-0123456789abcdef0"]},
            "Tags": [{"Key": "owner", "Value": "team-#"}],
        },
    ),
    "endpoint configurations": (
        "sagemaker",
        "create_endpoint_config",
        {"EndpointConfigName": "config-#", "ProductionVariants": [_VARIANT]},
    ),
    "endpoints": ("sagemaker", "create_endpoint", {"EndpointName": "endpoint-#", "EndpointConfigName": "config-#"}),
    "notebooks": (
        "sagemaker",
        "create_notebook_instance",
        {
            "NotebookInstanceName": "notebook-#",
            "InstanceType": "ml.t3.medium",
            "RoleArn": _ROLE,
            "DirectInternetAccess": "Disabled",
            "SubnetId": "subnet-0123456789abcdef0",
            "SecurityGroupIds": ["sg-0123456789abcdef0"],
        },
    ),
    "training jobs": (
        "sagemaker",
        "create_training_job",
        {
            "TrainingJobName": "training-#",
            "RoleArn": _ROLE,
            "AlgorithmSpecification": {
                "TrainingImage": f"123456789012.dkr.ecr.{REGION}.amazonaws.com/train:1",
                "TrainingInputMode": "File",
            },
            "HyperParameters": {"epochs": "10", "lr": "0.001"},
            "InputDataConfig": [
                {
                    "ChannelName": "train",
                    "DataSource": {
                        "S3DataSource": {
                            "S3DataType": "S3Prefix",
                            "S3Uri": "s3://bench-bucket-#/train/",
                            "S3DataDistributionType": "FullyReplicated",
                        }
                    },
                }
            ],
            "OutputDataConfig": {"S3OutputPath": "s3://bench-bucket-#/out/"},
            "ResourceConfig": {"InstanceType": "ml.m5.xlarge", "InstanceCount": 1, "VolumeSizeInGB": 30},
            "StoppingCondition": {"MaxRuntimeInSeconds": 3600},
        },
    ),
}
"""Kind -> service, method, request; ``#`` is the number."""


# --- reading it -------------------------------------------------------------------------------------


def read(options: argparse.Namespace) -> object:
    """Read it as `wa-lint scan` does, with no limit to the rate; write the calls into the file that is named."""
    from wa_lint.request_limits import Manners  # noqa: PLC0415, the plain loop is not to pay for our own imports
    from wa_lint.sources.live.account_reader import read_live  # noqa: PLC0415, the same

    session = boto3.Session(region_name=REGION)
    made, sent = _watched(session) if options.calls else ([], Counter[str]())
    snapshot = read_live(session, REGION, types=TYPES, manners=Manners(max_rps=_NO_LIMIT, threads=THREADS))
    if options.calls:
        options.calls.write_bytes(msgspec.json.encode(made))
    kinds = Counter(resource.type for resource in snapshot.resources)
    gaps = sorted({f"{gap.scope.type}: {gap.reason}" for gap in snapshot.gaps})
    return {"resources": dict(sorted(kinds.items())), "sent": sent.total(), "gaps": gaps}


_NO_LIMIT: Final = 1e6
"""Requests per second and service. The server is ours, and is asked as fast as it answers."""


def _watched(session: Any) -> tuple[list[Made], Counter[str]]:
    """Return what will hold the calls that clients of `session` make, and the requests that leave."""
    made: list[Made] = []
    sent: Counter[str] = Counter()

    def note(params: dict[str, Any], model: Any, **_: Any) -> None:
        made.append(Made(model.service_model.service_name, model.name, dict(params)))

    def count(event_name: str, **_: Any) -> None:
        sent[event_name] += 1

    session.events.register("provide-client-params", note)
    session.events.register("before-send", count)
    return made, sent


# --- only the calls ---------------------------------------------------------------------------------


def loop(options: argparse.Namespace) -> object:
    """Make the calls of the file as a plain script would: the listings by paginators, the rest by as many threads."""
    made = msgspec.json.decode(options.calls.read_bytes(), type=list[Made])
    session = boto3.Session(region_name=REGION)
    clients = {service: _client(session, service) for service in sorted({call.service for call in made})}
    begun = [call for call in made if not any(call.request.get(token) for token in _TOKENS)]
    listings = [call for call in begun if clients[call.service].can_paginate(xform_name(call.operation))]
    others = [call for call in begun if not clients[call.service].can_paginate(xform_name(call.operation))]
    with ThreadPoolExecutor(THREADS) as pool:
        pages = list(pool.map(lambda call: _pages(clients[call.service], call), listings))
        answers = list(pool.map(lambda call: _answer(clients[call.service], call), others))
    return {"calls": sum(map(len, pages)) + len(answers)}


_TOKENS: Final = ("NextToken", "Marker", "ContinuationToken")
"""A request that has one of these is a page, not the beginning, of a listing."""


def _pages(client: Any, call: Made) -> list[Any]:
    return list(client.get_paginator(xform_name(call.operation)).paginate(**call.request))


def _answer(client: Any, call: Made) -> Any:
    try:
        return getattr(client, xform_name(call.operation))(**call.request)
    except client.exceptions.ClientError as error:  # a bucket without a policy says so as an error
        return error.response


def _client(session: Any, service: str) -> Any:
    return session.client(service, config=Config(max_pool_connections=2 * THREADS, retries={"mode": "standard"}))


# --- how many it takes ------------------------------------------------------------------------------


def fewest(options: argparse.Namespace) -> object:
    """Return the fewest calls that the plan allows: no page smaller than it may be, nothing asked twice."""
    from wa_lint.sources.live import call_plan as plan  # noqa: PLC0415, as in `read`
    from wa_lint.sources.live import metrics  # noqa: PLC0415, as in `read`
    from wa_lint.sources.live.metric_table import METRICS  # noqa: PLC0415, the same

    session = boto3.Session(region_name=REGION)
    calls = {"GetCallerIdentity": 1}
    for collector in plan.wanted(TYPES):
        items = options.each if collector.type in TYPES else 0  # of a type that only names jobs there are none
        if collector.listing:
            pages = items if collector.parent else _fewest_pages(session, collector, items)
            calls[collector.listing.operation] = pages
        calls |= {call.operation: items for call in collector.describe if items}
    windows = Counter((metric.period, metric.days) for metric in METRICS if metric.type in TYPES)
    calls[plan.METRIC_CALL.operation] = sum(math.ceil(n * options.each / metrics.BATCH) for n in windows.values())
    return {"calls": dict(sorted(calls.items()))}


def _fewest_pages(session: Any, collector: Any, items: int) -> int:
    client, listing = _client(session, collector.service), collector.listing.operation
    operation = client.meta.service_model.operation_model(listing)
    config = client.get_paginator(xform_name(listing))._pagination_cfg  # noqa: SLF001, botocore has no public way
    largest: int = operation.input_shape.members[config["limit_key"]].metadata.get("max", 100)
    return max(1, math.ceil(items / largest))


_WHAT: Final[Mapping[str, Callable[[argparse.Namespace], object]]] = {
    "serve": serve,
    "seed": seed,
    "read": read,
    "loop": loop,
    "fewest": fewest,
}

if __name__ == "__main__":
    main()
