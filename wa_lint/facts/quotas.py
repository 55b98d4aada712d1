"""How many hosting instances of a type an account may come to run, beside its quota. It asks about live accounts only.

Service Quotas, quotas of Amazon SageMaker: ``ml.m5.xlarge for endpoint usage`` limits the instances of all endpoints of
an account and region together, by type.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from wa_lint.cel.types import INT
from wa_lint.facts.cost import most_instances
from wa_lint.facts.fact import Fact, is_live, unseen
from wa_lint.facts.serving import is_serving
from wa_lint.graph import Cell
from wa_lint.model import ABSENT, Unknown, Value

_QUOTA: Final = "AWS::ServiceQuotas::ServiceQuota"
_ENDPOINT: Final = "AWS::SageMaker::Endpoint"

USAGE: Final = " for endpoint usage"
"""How the quotas of hosting instances end; before it is the instance type."""


def configured_instances(quota: Cell) -> Value:
    """Return the most instances of the quota's type that the endpoints of its account and region are configured to run.

    ABSENT of other quotas, and outside of a live account.
    """
    name = quota.select("QuotaName").value
    if hidden := unseen(name):
        return Unknown(hidden)
    if not is_live(quota) or not isinstance(name, str) or not name.endswith(USAGE):
        return ABSENT
    value = quota.select("Value").value
    if not isinstance(value, int | float):
        return Unknown(unseen(value) or "the value of the quota was not returned")
    if hidden := quota.world.graph.why_incomplete(_ENDPOINT, quota.resource):
        return Unknown(hidden)
    counts = list(_counts(quota, name.removesuffix(USAGE)))
    hidden = next((unseen(count) for count in counts if unseen(count)), None)
    return Unknown(hidden) if hidden else sum(count for count in counts if isinstance(count, int))


def _counts(quota: Cell, type_: str) -> Iterator[Value]:
    """Yield how many instances each variant of the type may have, or why that is not known."""
    for endpoint in quota.world.of_type(_ENDPOINT):
        resource = endpoint.resource
        is_here = (resource.account, resource.region) == (quota.resource.account, quota.resource.region)
        if not is_here or is_serving(endpoint) is False:
            continue
        config = endpoint.select("endpoint_config")
        if hidden := unseen(config.value):
            yield Unknown(f"what {resource.name or resource.id} runs on is not known: {hidden}")
            continue
        for key in ("ProductionVariants", "ShadowProductionVariants"):
            for variant in config.select(key).items():
                own = variant.select("InstanceType").value
                if hidden := unseen(variant.value) or unseen(own):
                    yield Unknown(hidden)
                elif own == type_:
                    yield most_instances(endpoint, variant)


FACTS: Final[tuple[Fact, ...]] = (
    Fact(
        _QUOTA,
        "",
        "configured_instances",
        (_ENDPOINT, "AWS::SageMaker::EndpointConfig", "AWS::ApplicationAutoScaling::ScalableTarget"),
        INT,
        "The most instances of its type that the endpoints here may scale to. Absent of other quotas and in templates.",
        configured_instances,
        is_optional=True,
    ),
)
