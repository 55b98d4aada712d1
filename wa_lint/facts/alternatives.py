"""Which serving mode a variant could have in place of instances that always run, within the documented limits of each.

Serverless inference: no GPU, no VPC, no network isolation, no data capture, one variant, one container, 6 GB of memory
(SageMaker developer guide, "Deploy models with Amazon SageMaker Serverless Inference", feature exclusions; payload 4 MB
and 60 s: "Invoke a serverless endpoint"). Asynchronous inference queues requests, up to 1 GB and one hour each
("Asynchronous inference"). Inference components can scale to zero copies, and the instances with them ("Scale an
endpoint to zero instances"). All seen 2026-12.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from wa_lint import platforms, prices
from wa_lint.cel.types import DOUBLE, STRING
from wa_lint.facts.cost import variant_cost
from wa_lint.facts.fact import Fact, Record, is_template, unseen
from wa_lint.facts.series import Series, is_async, of_variant
from wa_lint.facts.traffic import variant_traffic
from wa_lint.graph import Cell
from wa_lint.model import ABSENT, Unknown, Value

LATENCY: Final = "model_latency"
"""The key of the mean time that the model takes for a request, of each day, in microseconds."""

_CONFIG: Final = "AWS::SageMaker::EndpointConfig"
_LARGEST_GB: Final = 6
"""The most memory of a serverless variant: what it costs at most."""

_LONGEST_US: Final = 60_000_000
"""A serverless container must answer within one minute."""

_QUIET: Final = 6
"""Hours without a request at the same time of every day, from which a schedule is worth naming: our choice."""


_FEW: Final = 0.01
"""Share of requests on weekends below which a schedule for them is worth naming: our choice."""

_FORTNIGHT: Final = 14 * 24
"""Hours with two weekends: one could be a holiday."""

_GROWTH: Final = 1.5
"""Requests of a week by those of the week before, from which a cost of today says little: our choice."""


def alternative(variant: Cell) -> Value:
    """Return what could serve the same requests for less, with what it costs by the month; ABSENT in a template."""
    if is_template(variant):
        return ABSENT
    traffic = variant_traffic(variant)
    if not isinstance(traffic, dict):
        return traffic
    obstacles = [] if _is_queued(variant) else list(_why_not_serverless(variant))
    by_hours = _is_queued(variant) or bool(obstacles)
    now = variant_cost(variant)
    cost = _cost_of_busy_hours(now, traffic) if by_hours else _serverless_cost(variant, traffic)
    return {"words": " ".join(_sentences(variant, obstacles, now, cost, traffic)), "cost": cost}


def _cost_of_busy_hours(now: Value, traffic: dict[str, Value]) -> Value:
    """Return USD by the month for the same instances in the hours with requests only: the least that remains."""
    idle = traffic["idle_share"]
    if not isinstance(now, dict) or not isinstance(idle, float):
        return Unknown(unseen(now) or "what the variant costs is not known")
    return round(float(now["low"]) * (1 - idle), 2)


def _sentences(
    variant: Cell, obstacles: Sequence[str], now: Value, cost: Value, traffic: dict[str, Value]
) -> Iterator[str]:
    if isinstance(now, dict):
        yield f"The variant costs about USD {now['low']:,.0f} a month."
    least = f"; the hours with requests alone cost about USD {cost:,.0f}" if isinstance(cost, float) else ""
    if _is_queued(variant):
        yield f"A scaling target with MinCapacity 0 lets the asynchronous endpoint run only while requests wait{least}."
        return
    if obstacles:
        yield f"Serverless inference does not fit ({obstacles[0]});"
        yield f"inference components or an asynchronous endpoint can scale to zero{least}."
    else:
        yield "A serverless variant fits if payloads stay below 4 MB" + _priced(variant, cost)
    quiet = traffic["quiet_hours"]
    if isinstance(quiet, int) and quiet >= _QUIET:
        yield f"No request came in {quiet} hours in a row of any day: a scheduled action can scale in for that time."
    yield from _shape(traffic)


def _shape(traffic: dict[str, Value]) -> Iterator[str]:
    """Yield what of the load bears on the choice: weekends, the peak, growth."""
    weekend, growth = _number(traffic["weekend_share"]), _number(traffic["growth"])
    if weekend < _FEW and _number(traffic["hours"]) >= _FORTNIGHT:
        yield "Almost no request came on Saturdays and Sundays (UTC): a scheduled action can scale in for them too."
    median, peak, times = (_number(traffic[name]) for name in ("median", "peak", "peak_to_mean"))
    half = f"Half of the hours had at most {median:,.0f} requests, the busiest" if median else "The busiest hour had"
    yield f"{half} {peak:,.0f}{'' if median else ' requests'}, {times:,.1f} times the mean."
    if growth >= _GROWTH:
        yield f"Requests grew {growth:,.1f}-fold in the last week: check the costs again if that goes on."


def _number(value: Value) -> float:
    return float(value) if isinstance(value, int | float) else 0.0


def _priced(variant: Cell, cost: Value) -> str:
    if not isinstance(cost, float):
        return "."
    seconds = _break_even(variant)
    said = f", and costs about USD {cost:,.0f} a month for the same requests with {_LARGEST_GB} GB"
    return said + (f"; instances are cheaper from {seconds:,.0f} busy seconds an hour on." if seconds else ".")


def _why_not_serverless(variant: Cell) -> Iterator[str]:
    """Yield what is against it, or may."""
    config = variant.world.cell(variant.resource)
    type_ = variant.select("InstanceType").value
    size = platforms.instance_type(type_) if isinstance(type_, str) else None
    if size is None or size.accelerator:
        yield f"{type_} has an accelerator" if size else "the instance type is not known"
    if len(config.select("ProductionVariants").items()) > 1:
        yield "the endpoint has several variants"
    for holder in (config, variant.select("model")):
        for path, words in _NOT_SERVERLESS.items():
            value = _at(holder, path)
            if hidden := unseen(value):
                yield f"whether {words} is not known: {hidden}"
            elif value is not ABSENT and value is not False:
                yield words
    latency = of_variant(variant, LATENCY)
    if isinstance(latency, list) and _mean(latency) > _LONGEST_US:
        yield "a request takes more than one minute"


_NOT_SERVERLESS: Final = {
    "DataCaptureConfig.EnableCapture": "it captures data",
    "VpcConfig": "it runs in a VPC",
    "EnableNetworkIsolation": "it is isolated from the network",
    "Containers": "the model has several containers",
}
"""Property of the configuration or the model -> why serverless inference does not take it."""


def _at(holder: Cell, path: str) -> Value:
    """Return what a property holds; what it is in, where that is not known."""
    cell = holder
    for name in path.split("."):
        if unseen(cell.value):
            break
        cell = cell.select(name)
    return cell.value


def _is_queued(variant: Cell) -> bool:
    config = variant.world.cell(variant.resource)
    return any(is_async(endpoint, config) is True for endpoint in config.select("endpoints").items())


def _serverless_cost(variant: Cell, traffic: dict[str, Value]) -> Value:
    """Return USD by the month for the requests that came, each taking the mean time of the model, at most memory."""
    latency = of_variant(variant, LATENCY)
    if not isinstance(latency, list) or not any(one.values for one in latency):
        return Unknown("the latency of the model was not read")
    price = prices.serverless(variant.resource.region)
    if price is None:
        return Unknown("no price of serverless inference is known in this region")
    per_hour = traffic["mean"]
    seconds = _mean(latency) / 1_000_000
    return round(float(per_hour) * prices.HOURS_PER_MONTH * seconds * _LARGEST_GB * price.usd_per_gb_second, 2)  # type: ignore[arg-type] # a number


def _break_even(variant: Cell) -> float | None:
    """Return the busy seconds an hour from which an instance costs less than a serverless variant of 6 GB."""
    type_, region = variant.select("InstanceType").value, variant.resource.region
    hourly = prices.hourly(type_, "hosting", region) if isinstance(type_, str) else None
    price = prices.serverless(region)
    if hourly is None or price is None:
        return None
    return hourly.usd_per_hour / (price.usd_per_gb_second * _LARGEST_GB)


def _mean(latency: Sequence[Series]) -> float:
    values = [value for one in latency for _, value in one.values]
    return sum(values) / len(values) if values else 0.0


ALTERNATIVE: Final = Record("alternative", {"words": STRING, "cost": DOUBLE})

FACTS: Final[tuple[Fact, ...]] = (
    Fact(
        _CONFIG,
        "ProductionVariants[]",
        "alternative",
        (
            "AWS::SageMaker::Endpoint",
            "AWS::SageMaker::Model",
            "AWS::SageMaker::InferenceComponent",
            "AWS::ApplicationAutoScaling::ScalableTarget",
        ),
        ALTERNATIVE,
        "What could serve the same requests for less: in words, and USD by the month. Absent in a template.",
        alternative,
        is_optional=True,
        observes=("invocations", LATENCY),
    ),
)
