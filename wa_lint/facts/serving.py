"""Whether an endpoint serves requests now, and whether anything serves a configuration or a model: in live accounts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from wa_lint.cel.types import BOOL, INT, STRING
from wa_lint.facts.fact import Fact, is_live, is_template, unseen
from wa_lint.graph import Cell, Graph, World
from wa_lint.model import ABSENT, Resource, SourceKind, Unknown, Value
from wa_lint.truth import Truth, some

_ENDPOINT: Final = "AWS::SageMaker::Endpoint"
_CONFIG: Final = "AWS::SageMaker::EndpointConfig"
_MODEL: Final = "AWS::SageMaker::Model"

_SERVES: Final = frozenset({"InService", "Updating", "SystemUpdating", "RollingBack", "UpdateRollbackFailed"})
"""SageMaker API reference, DescribeEndpoint, EndpointStatus: while an endpoint is updated, it keeps serving."""

_SERVES_NOT: Final = frozenset({"Creating", "Deleting", "Failed", "OutOfService"})


IN_USE: Final = "is_served"
"""The fact that says whether anything uses a configuration or a model."""


def is_used(graph: Graph, resource: Resource) -> Truth:
    """Return whether anything in a live account serves the resource; True for what is not meant to be served."""
    if resource.type not in USERS or graph.snapshot.kind is not SourceKind.LIVE:
        return True
    use = World(graph).cell(resource).select(IN_USE).value
    return use if isinstance(use, Unknown) else use is not False


def status(endpoint: Cell) -> Value:
    """Return EndpointStatus as DescribeEndpoint says it; ABSENT in a template."""
    if is_template(endpoint):
        return ABSENT
    said = endpoint.select("observed").select("EndpointStatus").value
    return said if isinstance(said, str) else Unknown(unseen(said) or "the status of the endpoint was not read")


def is_serving(endpoint: Cell) -> Value:
    """Return whether the endpoint answers requests, by its status; ABSENT in a template."""
    said = status(endpoint)
    if not isinstance(said, str):
        return said
    return said in _SERVES if said in _SERVES | _SERVES_NOT else Unknown(f"{said} is not a known endpoint status")


def current_instances(variant: Cell) -> Value:
    """Return how many instances the variant has now, the most of any endpoint; ABSENT in a template."""
    if is_template(variant):
        return ABSENT
    name = variant.select("VariantName").value
    counts: list[int] = []
    for endpoint in variant.world.cell(variant.resource).select("endpoints").items():
        if hidden := unseen(endpoint.value):
            return Unknown(hidden)
        for seen in endpoint.select("observed").select("ProductionVariants").items():
            count = seen.select("CurrentInstanceCount").value
            if seen.select("VariantName").value == name and isinstance(count, int):
                counts.append(count)
    return max(counts) if counts else Unknown("how many instances run now was not read")


def config_is_served(config: Cell) -> Truth:
    """Return whether an endpoint of the account has the configuration; True elsewhere."""
    return some(_are_there(config.select("endpoints"))) if is_live(config) else True


def model_is_served(model: Cell) -> Truth:
    """Return whether an endpoint, an inference component or a transform job of the account runs it; else True."""
    return some(_runs(model)) if is_live(model) else True


def _runs(model: Cell) -> Iterator[Truth]:
    yield from _are_there(model.select("inference_components"))
    yield from _are_there(model.select("transform_jobs"))
    for link in ("variants", "shadow_variants"):
        for variant in model.select(link).items():
            if isinstance(variant.value, Unknown):
                yield variant.value
            else:
                yield some(_are_there(variant.world.cell(variant.resource).select("endpoints")))


def _are_there(linked: Cell) -> Iterator[Truth]:
    """Yield, for each item of a list, that it is there, or why that is not known."""
    yield from (item.value if isinstance(item.value, Unknown) else True for item in linked.items())


USERS: Final[Mapping[str, tuple[str, ...]]] = {
    _CONFIG: (_ENDPOINT,),
    _MODEL: (_CONFIG, _ENDPOINT, "AWS::SageMaker::InferenceComponent", "AWS::SageMaker::TransformJob"),
}
"""What may use a configuration or a model."""

_SERVED: Final = "Whether {}. False only in a live account in which nothing does."

FACTS: Final[tuple[Fact, ...]] = (
    Fact(
        _ENDPOINT,
        "",
        "is_serving",
        (),
        BOOL,
        "Whether its status lets it answer requests. Absent in a template.",
        is_serving,
        is_optional=True,
    ),
    Fact(
        _ENDPOINT,
        "",
        "status",
        (),
        STRING,
        "Its status, such as InService or Failed. Absent in a template.",
        status,
        is_optional=True,
    ),
    Fact(
        _CONFIG,
        "ProductionVariants[]",
        "current_instances",
        (_ENDPOINT,),
        INT,
        "How many instances run now, at the endpoint with the most of them. Absent in a template.",
        current_instances,
        is_optional=True,
    ),
    Fact(_CONFIG, "", IN_USE, USERS[_CONFIG], BOOL, _SERVED.format("an endpoint has it"), config_is_served),
    Fact(
        _MODEL,
        "",
        IN_USE,
        USERS[_MODEL],
        BOOL,
        _SERVED.format("an endpoint, an inference component or a transform job runs it"),
        model_is_served,
    ),
)
