"""The metrics table: what CloudWatch is asked about which resources. Data only: it calls nothing.

Source: SageMaker developer guide, "Amazon SageMaker AI metrics in Amazon CloudWatch" (seen 2026-11): namespaces,
dimensions, units and valid statistics. CloudWatch keeps hourly data for 455 days (API reference, GetMetricStatistics).
A notebook instance has no metrics: SageMaker publishes none for it, only log groups. Bedrock user guide, "Monitoring
the performance of Amazon Bedrock": AWS/Bedrock, dimension ModelId, which is what InvokeModel was given as modelId: of
provisioned throughput its ARN (API reference, InvokeModel, modelId; seen 2026-12).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Final

from wa_lint.sources.live.collector import Metric

_ENDPOINT: Final = "AWS::SageMaker::Endpoint"
_COMPONENT: Final = "AWS::SageMaker::InferenceComponent"

_HOUR, _DAY = 3600, 86400

_FORTNIGHT, _QUARTER = 14, 90
"""Days: enough for two weekends; and for a claim that nobody needs something."""

_VARIANT: Final = {"EndpointName": "EndpointName", "VariantName": "ProductionVariants[].VariantName"}
_ASYNC: Final = "async_"
"""Before the key of what an asynchronous endpoint counts in place of Invocations (AWS's page of these metrics has three
s in InvocationsProcessed, a slip: Cloud Custodian's documentation, seen 2026-12)."""

USD_PER_1000: Final = 0.01
"""What AWS bills for a thousand series of GetMetricData (CloudWatch pricing page, seen 2026-11)."""

_NAMED: Final = {"InferenceComponentName": "InferenceComponentName"}


def _counted(
    type_: str, dimensions: Mapping[str, str], name: str, prefix: str = "", only_with: str = ""
) -> tuple[Metric, ...]:
    """How often it is called: each hour of a fortnight, and each day of a quarter."""
    return tuple(
        Metric(
            type=type_,
            namespace="AWS/SageMaker",
            name=name,
            dimensions=dimensions,
            observed=f"{prefix}{observed}",
            period=period,
            days=days,
            only_with=only_with,
        )
        for observed, period, days in (("invocations", _HOUR, _FORTNIGHT), ("invocations_daily", _DAY, _QUARTER))
    )


def _requests(type_: str, dimensions: Mapping[str, str]) -> tuple[Metric, ...]:
    """How often it is called, and how long its model takes (microseconds)."""
    latency = Metric(
        type=type_,
        namespace="AWS/SageMaker",
        name="ModelLatency",
        dimensions=dimensions,
        observed="model_latency",
        period=_DAY,
        days=_FORTNIGHT,
        stat="Average",
    )
    return (*_counted(type_, dimensions, "Invocations"), latency)


def _used(type_: str, namespace: str, dimensions: Mapping[str, str], names: Mapping[str, str]) -> tuple[Metric, ...]:
    """How busy it is: the highest of each day."""
    return tuple(
        Metric(
            type=type_,
            namespace=namespace,
            name=name,
            dimensions=dimensions,
            observed=observed,
            period=_DAY,
            days=_FORTNIGHT,
            stat="Maximum",
        )
        for name, observed in names.items()
    )


METRICS: Final[tuple[Metric, ...]] = (
    *_requests(_ENDPOINT, _VARIANT),
    *_counted(_ENDPOINT, _VARIANT, "InvocationsProcessed", _ASYNC, only_with="AsyncInferenceConfig"),
    *_used(
        _ENDPOINT,
        "/aws/sagemaker/Endpoints",
        _VARIANT,
        {
            "CPUUtilization": "cpu_utilization",  # percent, 100 for each core of the instance
            "MemoryUtilization": "memory_utilization",  # percent, to 100
            "GPUUtilization": "gpu_utilization",  # percent, 100 for each GPU
            "GPUMemoryUtilization": "gpu_memory_utilization",  # percent, 100 for each GPU
        },
    ),
    *_requests(_COMPONENT, _NAMED),
    Metric(
        type="AWS::Bedrock::ProvisionedModelThroughput",
        namespace="AWS/Bedrock",
        name="Invocations",
        dimensions={"ModelId": "provisionedModelArn"},
        observed="invocations_daily",
        period=_DAY,
        days=_FORTNIGHT,
    ),
)
"""`Resource.observed[metric.observed]` is described at `metrics.series`. Each key is read by a fact."""


def metrics_of(series: Collection[tuple[str, str]] | None) -> Sequence[Metric]:
    """Return the metrics for series by type and key; None: all. An asynchronous endpoint counts under another key."""
    if series is None:
        return METRICS
    return [one for one in METRICS if (one.type, one.observed.removeprefix(_ASYNC)) in series]
