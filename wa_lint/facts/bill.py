"""What a template or an account costs while it exists: what is billed by the hour, and what has no price."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from wa_lint.facts import cost
from wa_lint.facts.fact import unseen
from wa_lint.graph import Graph, World
from wa_lint.model import Resource, RunningCost, Value
from wa_lint.scenario import explore

_PRICED: Final = frozenset(fact.type for fact in cost.FACTS if not fact.path)

_WITHOUT_PRICE: Final = frozenset(
    {
        "AWS::Bedrock::ProvisionedModelThroughput",
        "AWS::OpenSearchServerless::Collection",
        "AWS::OpenSearchService::Domain",
        "AWS::SageMaker::Cluster",
        "AWS::SageMaker::MlflowTrackingServer",
        "AWS::SageMaker::PartnerApp",
    }
)
"""Types that are billed by the hour while they exist, of which the price table has nothing."""


def bill(graph: Graph, resources: Iterable[Resource], limit: int) -> Iterator[RunningCost]:
    """Yield what each resource that is billed by the hour costs by the month, or why that is not known.

    `limit`: how many scenarios of its parameters are looked at.
    """
    for resource in resources:
        if resource.type in _PRICED:
            yield _cost(graph, resource, limit)
        elif resource.type in _WITHOUT_PRICE:
            yield RunningCost(*_identity(resource), reason=f"no price of {resource.type} is known")


def _cost(graph: Graph, resource: Resource, limit: int) -> RunningCost:
    """Return the range over all scenarios of a resource's parameters."""
    found = explore(lambda scenario: World(graph, scenario).cell(resource).select("monthly_cost").plain(), {}, limit)
    values = [value for _, value in found]
    known = [value for value in values if isinstance(value, dict)]
    if len(known) < len(values) or not known:
        return RunningCost(*_identity(resource), reason=_why(values))
    return RunningCost(
        *_identity(resource),
        low=min(_number(value["low"]) for value in known),
        high=max(_number(value["high"]) for value in known),
        as_of=str(known[0]["as_of"]),
        is_least=any("at least" in str(value["assumes"]) for value in known),
    )


def _why(values: Iterable[Value]) -> str:
    return next((why for value in values if (why := unseen(value))), "what it costs is not known")


def _number(value: Value) -> float:
    return float(value) if isinstance(value, int | float) else 0.0


def _identity(resource: Resource) -> tuple[str, str, str]:
    return resource.type, resource.id, "" if resource.account else resource.origin.locate(()).uri
