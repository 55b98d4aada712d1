"""What is in the demo's account and in no template: jobs that were started, and hourly invocations."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from typing import Final

import msgspec

from wa_lint.demo.deploy import deploy, read_as_deployed
from wa_lint.document import read_document
from wa_lint.model import Raw

DAYS: Final = 14


class Traffic(msgspec.Struct, frozen=True):
    """The invocations of one variant, alike on every day."""

    endpoint: str = msgspec.field(name="EndpointName")
    variant: str = msgspec.field(name="VariantName")
    hours: dict[int, float] = msgspec.field(name="Hours")
    """Hour of the day (UTC) -> invocations; an hour that is not there saw none, so CloudWatch has no data for it."""


class Seed(msgspec.Struct, frozen=True):
    """A seed file: a template, if it has resources, of what CloudFormation cannot make, with two more keys."""

    now: dt.datetime = msgspec.field(name="Now")
    traffic: Sequence[Traffic] = msgspec.field(name="Traffic", default=())
    resources: dict[str, Raw] = msgspec.field(name="Resources", default_factory=dict)


def read_seed(content: bytes, uri: str) -> Seed:
    return msgspec.convert(read_document(content, uri).value, Seed, strict=False)


def sow(content: bytes, uri: str, session: Raw) -> Seed:
    """Make the jobs of a seed file and put its invocations into CloudWatch; return the seed."""
    seed = read_seed(content, uri)
    if seed.resources:
        deploy(read_as_deployed(content, uri), session)
    cloudwatch = session.client("cloudwatch")
    for traffic in seed.traffic:
        cloudwatch.put_metric_data(Namespace="AWS/SageMaker", MetricData=list(_points(traffic, seed.now)))
    return seed


def _points(traffic: Traffic, now: dt.datetime) -> Iterator[dict[str, Raw]]:
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    dimensions = [
        {"Name": "EndpointName", "Value": traffic.endpoint},
        {"Name": "VariantName", "Value": traffic.variant},
    ]
    for day in range(DAYS + 1):
        for hour, invocations in sorted(traffic.hours.items()):
            at = midnight - dt.timedelta(days=day) + dt.timedelta(hours=hour)
            if at < now:
                yield {
                    "MetricName": "Invocations",
                    "Dimensions": dimensions,
                    "Timestamp": at,
                    "Value": invocations,
                    "Unit": "Count",
                }
