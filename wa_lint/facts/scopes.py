"""What isolates the containers of a model: the model itself, or the endpoint configurations that they run under.

``EnableNetworkIsolation`` and ``VpcConfig`` of an endpoint configuration hold for every container of the endpoint
(CreateEndpointConfig, API reference). A transform job has no such setting: there only the model's own counts.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

import msgspec

from wa_lint.cel.types import BOOL
from wa_lint.facts.fact import Fact, closed
from wa_lint.graph import Cell
from wa_lint.model import ABSENT, Partial, Unknown
from wa_lint.truth import Truth, equals, negate, some

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
    if home.resource.type == _COMPONENT:
        several = home.select("Specifications").items()
        return some(_is_there(one, "Container") for one in (home.select("Specification"), *several))
    return negate(some(_runs_serverless(home.select("variants"))))


def _runs_serverless(variants: Cell) -> Iterator[Truth]:
    """Yield whether each variant that runs the model, or may, is serverless."""
    known, maybe, hidden = _listed(variants)
    yield from (_is_there(variant, "ServerlessConfig") for variant in known)
    for variant in maybe:
        if _is_there(variant, "ServerlessConfig") is not False:
            yield Unknown(_why(variants))
    if hidden:
        yield Unknown(hidden)


def _is_there(holder: Cell, name: str) -> Truth:
    value = holder.select(name).value
    return value if isinstance(value, Unknown) else value is not ABSENT


def _effective(home: Cell, name: str) -> Cell:
    """Return whether a setting of the model, or of everything that it runs under, is on; at the place that decides."""
    own = home.select(name)
    is_on = _is_on(home, name)
    if is_on is not False:
        return own.with_value(is_on)
    scopes = _scopes(closed(home))
    answers = [(scope.select(name), _scope_is_on(scope, name)) for scope in scopes.known]
    off = next((at for at, answer in answers if answer is False), None)
    if off is not None:
        return (own if home.resource.type == _MODEL else off).with_value(False)
    open_ = next((at.with_value(answer) for at, answer in answers if isinstance(answer, Unknown)), None)
    doubt = _doubt(scopes, name, is_any=bool(answers)) or scopes.hidden
    if open_ is not None or doubt is not None:
        return open_ or own.with_value(Unknown(doubt or ""))
    outside = _scopes(home).hidden
    if not answers:
        return own.with_value(False if outside is None else Unknown(outside))
    noun = home.world.graph.snapshot.kind.noun
    return answers[0][0].with_value(True).assuming((_ONLY_THESE.format(noun),) if outside else ())


def _doubt(scopes: _Scopes, name: str, *, is_any: bool) -> str | None:
    """Say why what may run it as well leaves the answer open: some of it is on, or all that is known to run it is."""
    counts = [scope for scope in scopes.maybe if is_any or _scope_is_on(scope, name) is not False]
    return scopes.reason if counts else None


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


class _Scopes(msgspec.Struct, frozen=True):
    """The endpoint configurations, and transform jobs, that run something."""

    known: Sequence[Cell]
    maybe: Sequence[Cell]
    """Those of which it is not known whether they do."""
    reason: str = ""
    """Why that is not known."""
    hidden: str | None = None
    """Why there may be others."""


def _scopes(home: Cell) -> _Scopes:
    if home.resource.type == _COMPONENT:
        return _Scopes([home.select("endpoint").select("endpoint_config")], ())
    lists = [home.select(link) for link in _LINKS_OF_MODEL]
    found = [_listed(listing) for listing in lists]
    return _Scopes(
        known=[_scope(cell) for known, _, _ in found for cell in known],
        maybe=[_scope(cell) for _, maybe, _ in found for cell in maybe],
        reason=next((_why(listing) for listing, (_, maybe, _) in zip(lists, found, strict=True) if maybe), ""),
        hidden=next((hidden for _, _, hidden in found if hidden), None),
    )


_LINKS_OF_MODEL: Final = ("variants", "shadow_variants", "inference_components", "transform_jobs")


def _scope(user: Cell) -> Cell:
    """Return what says whether the containers that `user` runs are isolated."""
    if user.resource.type == _COMPONENT:
        return user.select("endpoint").select("endpoint_config")
    return user if user.resource.type == _TRANSFORM else user.world.cell(user.resource)


def _listed(listing: Cell) -> tuple[Sequence[Cell], Sequence[Cell], str | None]:
    """Return the items of a link, those that may be in it, and why there may be others."""
    value = listing.value
    if isinstance(value, Unknown):
        return (), (), value.reason
    known = [item for item in listing.items() if not isinstance(item.value, Unknown)]
    if not isinstance(value, Partial):
        return known, (), None
    maybe = [item for item in value.maybe if isinstance(item, Cell)]
    return known, maybe, None if value.is_whole else value.reason


def _why(listing: Cell) -> str:
    return listing.value.reason if isinstance(listing.value, Partial) else ""


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
