"""How busy the instances of a variant are: the highest utilisation in a live account, of all cores or GPUs together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from wa_lint import platforms
from wa_lint.cel.types import DOUBLE, INT
from wa_lint.facts.fact import Fact, Record, is_template, unseen
from wa_lint.facts.series import Series, measured_of_variant
from wa_lint.graph import Cell
from wa_lint.model import ABSENT, Unknown, Value

MINIMUM_DAYS: Final = 7
"""A week: less says nothing of weekends."""

CPU, MEMORY, GPU, GPU_MEMORY = "cpu_utilization", "memory_utilization", "gpu_utilization", "gpu_memory_utilization"
"""The keys of the highest values of each day, in percent."""


def utilisation(variant: Cell) -> Value:
    """Return the highest values of the window, 0 to 100 for the whole instance; ABSENT in a template.

    CloudWatch counts 100 for each core and each GPU ("Amazon SageMaker AI metrics in Amazon CloudWatch"), so an
    instance type whose size is not known is Unknown.
    """
    type_ = variant.select("InstanceType").value
    if type_ is ABSENT or is_template(variant):
        return ABSENT
    if not isinstance(type_, str):
        return Unknown(unseen(type_) or "InstanceType is not known")
    cpu, memory = measured_of_variant(variant, CPU), measured_of_variant(variant, MEMORY)
    size = platforms.instance_type(type_)
    if size is None or not size.vcpus:
        return Unknown(f"how many cores {type_} has is not known")
    known = {"cpu": _highest(cpu, size.vcpus), "memory": _highest(memory, 1), "days": _days(cpu)}
    if size.gpus:
        known["gpu"] = _highest(measured_of_variant(variant, GPU), size.gpus)
        known["gpu_memory"] = _highest(measured_of_variant(variant, GPU_MEMORY), size.gpus)
    hidden = next((one for one in known.values() if isinstance(one, Unknown)), None)
    return hidden or known


def _highest(series: list[Series] | Value, parts: int) -> Value:
    if not isinstance(series, list):
        return Unknown(unseen(series) or "the utilisation was not read")
    values = [value for one in series for _, value in one.values]
    if not values or _measured_days(series) < MINIMUM_DAYS:
        return Unknown(f"less than {MINIMUM_DAYS} days of utilisation were measured")
    return round(max(values) / parts, 1)


def _days(series: list[Series] | Value) -> Value:
    return _measured_days(series) if isinstance(series, list) else Unknown("the utilisation was not read")


def _measured_days(series: Sequence[Series]) -> int:
    return max((len(one.values) for one in series), default=0)


UTILISATION: Final = Record(
    "utilisation",
    {"cpu": DOUBLE, "memory": DOUBLE, "gpu": DOUBLE, "gpu_memory": DOUBLE, "days": INT},
    optional=frozenset({"gpu", "gpu_memory"}),
)

FACTS: Final[tuple[Fact, ...]] = (
    Fact(
        "AWS::SageMaker::EndpointConfig",
        "ProductionVariants[]",
        "utilisation",
        ("AWS::SageMaker::Endpoint",),
        UTILISATION,
        "The highest utilisation in percent of the whole instance: CPU, memory, GPU. Absent in a template.",
        utilisation,
        is_optional=True,
        observes=(CPU, MEMORY, GPU, GPU_MEMORY),
    ),
)
