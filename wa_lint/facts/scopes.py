"""What isolates the containers of a model: the model itself, or the endpoint configurations that they run under.

``EnableNetworkIsolation`` and ``VpcConfig`` of an endpoint configuration hold for every container of the endpoint
(CreateEndpointConfig, API reference). A transform job has no such setting: there only the model's own counts.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from wa_lint.cel.types import BOOL
from wa_lint.facts.fact import Fact
from wa_lint.graph import Cell, World
from wa_lint.model import ABSENT, SourceKind, Unknown
from wa_lint.truth import Truth, equals, every, negate, some

_MODEL: Final = "AWS::SageMaker::Model"
_CONFIG: Final = "AWS::SageMaker::EndpointConfig"
_ENDPOINT: Final = "AWS::SageMaker::Endpoint"
_COMPONENT: Final = "AWS::SageMaker::InferenceComponent"
_TRANSFORM: Final = "AWS::SageMaker::TransformJob"

_ONLY_THESE: Final = "no endpoint outside this {} runs it"


def is_isolated(home: Cell) -> Cell:
    """Whether the containers of a model, or of an inference component without one, have no outbound network access."""
    return _effective(home, "EnableNetworkIsolation")


def is_in_vpc(home: Cell) -> Cell:
    """Whether they run in a VPC of the user's."""
    return _effective(home, "VpcConfig")


def can_isolate(home: Cell) -> Truth:
    """Whether isolation and a VPC can be set for it: not where serverless variants run it, which take neither.

    A component that names a model says nothing of its own.
    """
    if home.resource.type == _MODEL:
        return negate(some(_is_there(variant, "ServerlessConfig") for variant in home.select("variants").items()))
    several = home.select("Specifications").items()
    return some(_is_there(one, "Container") for one in (home.select("Specification"), *several))


def _is_there(holder: Cell, name: str) -> Truth:
    value = holder.select(name).value
    return value if isinstance(value, Unknown) else value is not ABSENT


def _effective(home: Cell, name: str) -> Cell:
    """Return whether a setting of the model, or of everything that it runs under, is on; at the place that decides."""
    own = home.select(name)
    is_on = _is_on(home, name)
    if is_on is not False:
        return own.with_value(is_on)
    scopes, hidden = _scopes(home)
    answers = [(scope.select(name), _scope_is_on(scope, name)) for scope in scopes]
    off = next((at for at, answer in answers if answer is False), None)
    if off is not None or not (answers or hidden):
        return (off if home.resource.type != _MODEL and off is not None else own).with_value(False)
    known = every(answer for _, answer in answers)
    if isinstance(known, Unknown):
        return next(at for at, answer in answers if answer is known).with_value(known)
    if not answers or (hidden and not _is_whole_here(home)):
        return own.with_value(Unknown(hidden or "what it runs under is not known"))
    noun = home.world.graph.snapshot.kind.noun
    return answers[0][0].with_value(True).assuming((_ONLY_THESE.format(noun),) if hidden else ())


def _is_on(holder: Cell, name: str) -> Truth:
    """Whether a switch is true, or a map is there."""
    value = holder.select(name).value
    if value is ABSENT or isinstance(value, Unknown):
        return value if isinstance(value, Unknown) else False
    return equals(value, True) if name == "EnableNetworkIsolation" else True


def _scope_is_on(scope: Cell, name: str) -> Truth:
    if isinstance(scope.value, Unknown):
        return scope.value
    return False if scope.resource.type == _TRANSFORM else _is_on(scope, name)


def _is_whole_here(home: Cell) -> bool:
    """Whether only what stands outside of the templates can be missing of what it runs under."""
    if home.world.graph.snapshot.kind is not SourceKind.TEMPLATE:
        return False
    closed = World(home.world.graph, home.world.scenario, is_closed=True).cell(home.resource)
    return _scopes(closed)[1] is None


def _scopes(home: Cell) -> tuple[Sequence[Cell], str | None]:
    """Return the endpoint configurations, and transform jobs, that run it, and why some may be missing."""
    found, reasons = [], []
    for cell in _configs(home):
        if isinstance(cell.value, Unknown) and cell.resource is home.resource:
            reasons.append(cell.value.reason)
        else:
            found.append(cell)
    return found, next(iter(reasons), None)


def _configs(home: Cell) -> Iterator[Cell]:
    """Yield the scopes; for those that cannot be seen, a cell of Unknown."""
    if home.resource.type == _COMPONENT:
        yield home.select("endpoint").select("endpoint_config")
        return
    for link in ("variants", "shadow_variants"):
        for variant in home.select(link).items():
            yield variant if isinstance(variant.value, Unknown) else home.world.cell(variant.resource)
    for component in home.select("inference_components").items():
        is_seen = not isinstance(component.value, Unknown)
        yield component.select("endpoint").select("endpoint_config") if is_seen else component
    yield from home.select("transform_jobs").items()


_READS: Final = (_CONFIG, _ENDPOINT, _COMPONENT, _TRANSFORM)

FACTS: Final[tuple[Fact, ...]] = tuple(
    Fact(type_, "", name, _READS, BOOL, doc, compute)
    for type_ in (_MODEL, _COMPONENT)
    for name, doc, compute in (
        (
            "is_isolated",
            "Whether its containers have no outbound network access: by itself, or by every endpoint that runs them.",
            is_isolated,
        ),
        (
            "is_in_vpc",
            "Whether its containers run in a VPC: by itself, or by every endpoint that runs them.",
            is_in_vpc,
        ),
        (
            "can_isolate",
            "Whether isolation and a VPC can be set: no serverless variant runs it, and it has a container of its own.",
            can_isolate,
        ),
    )
)
