"""The metrics table: what CloudWatch is asked about which resources. Data only: it calls nothing.

Source: SageMaker developer guide, "Amazon SageMaker AI metrics in Amazon CloudWatch" (seen 2026-11): namespaces,
dimensions, units and valid statistics. CloudWatch keeps hourly data for 455 days (API reference, GetMetricStatistics).
A notebook instance has no metrics: SageMaker publishes none for it, only log groups.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from wa_lint.sources.live.collector import Metric

_ENDPOINT: Final = "AWS::SageMaker::Endpoint"
_COMPONENT: Final = "AWS::SageMaker::InferenceComponent"

_HOUR, _DAY = 3600, 86400

_FORTNIGHT, _QUARTER = 14, 90
"""Days: enough for two weekends; and for a claim that nobody needs something."""

_VARIANT: Final = {"EndpointName": "EndpointName", "VariantName": "ProductionVariants[].VariantName"}
_NAMED: Final = {"InferenceComponentName": "InferenceComponentName"}


def _requests(type_: str, dimensions: Mapping[str, str]) -> tuple[Metric, ...]:
    """How often it is called, and how long its model takes (microseconds)."""

    def metric(name: str, observed: str, period: int, days: int, stat: str) -> Metric:
        return Metric(
            type=type_,
            namespace="AWS/SageMaker",
            name=name,
            dimensions=dimensions,
            observed=observed,
            period=period,
            days=days,
            stat=stat,
        )

    return (
        metric("Invocations", "invocations", _HOUR, _FORTNIGHT, "Sum"),
        metric("Invocations", "invocations_daily", _DAY, _QUARTER, "Sum"),
        metric("ModelLatency", "model_latency_p95", _DAY, _FORTNIGHT, "p95"),
    )


def _used(type_: str, namespace: str, dimensions: Mapping[str, str], names: Mapping[str, str]) -> tuple[Metric, ...]:
    """How busy it is: the mean and the highest of each day."""
    return tuple(
        Metric(
            type=type_,
            namespace=namespace,
            name=name,
            dimensions=dimensions,
            observed=f"{observed}_{stat.lower()}",
            period=_DAY,
            days=_FORTNIGHT,
            stat=stat,
        )
        for name, observed in names.items()
        for stat in ("Average", "Maximum")
    )


METRICS: Final[tuple[Metric, ...]] = (
    *_requests(_ENDPOINT, _VARIANT),
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
    *_used(
        _COMPONENT,
        "/aws/sagemaker/InferenceComponents",
        _NAMED,
        {
            "CPUUtilizationNormalized": "cpu_utilization",  # percent, to 100, of what is reserved
            "MemoryUtilizationNormalized": "memory_utilization",
            "GPUUtilizationNormalized": "gpu_utilization",
            "GPUMemoryUtilizationNormalized": "gpu_memory_utilization",
        },
    ),
)
"""`Resource.observed[metric.observed]` is described at `metrics.series`."""
