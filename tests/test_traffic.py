"""Inference components, and days without a request: what may be said of them, and what not."""

from __future__ import annotations

from typing import Final

import pytest

from wa_lint.facts import FACTS
from wa_lint.graph import Cell, World
from wa_lint.model import ABSENT, Listed, Location, Resource, Scope, Snapshot, SourceKind, Unknown, Value
from wa_lint.references.follow import graph_of

ENDPOINT: Final = "AWS::SageMaker::Endpoint"
CONFIG: Final = "AWS::SageMaker::EndpointConfig"
COMPONENT: Final = "AWS::SageMaker::InferenceComponent"
ALL: Final = frozenset({Scope(ENDPOINT), Scope(CONFIG), Scope(COMPONENT)})

WEEKS: Final = 336
"""Two, in hours."""


def hours(*values: tuple[int, float]) -> Value:
    return {"start": "2026-11-01T00:00:00+00:00", "period": 3600, "hours": WEEKS, "values": [list(v) for v in values]}


def days(count: int, *values: tuple[int, float]) -> Value:
    return {"start": "2026-08-25T00:00:00+00:00", "period": 86400, "days": count, "values": [list(v) for v in values]}


def resource(type_: str, name: str, properties: Value, observed: dict[str, Value] | None = None) -> Resource:
    return Resource(name, type_, properties, Listed(Location(name)), name=name, observed=observed or {})


def component(name: str = "c", variant: str = "blue", **observed: Value) -> Resource:
    known = {"InferenceComponentName": name, "EndpointName": "E", "VariantName": variant}
    return resource(COMPONENT, name, known, observed)


def account(
    variant: dict[str, Value],
    observed: dict[str, Value],
    *components: Resource,
    complete: frozenset[Scope] = ALL,
    kind: SourceKind = SourceKind.LIVE,
) -> World:
    endpoint = resource(ENDPOINT, "E", {"EndpointName": "E", "EndpointConfigName": "K"}, observed)
    config = {"EndpointConfigName": "K", "ProductionVariants": [{"VariantName": "blue", **variant}]}
    snapshot = Snapshot(kind, "test", (endpoint, resource(CONFIG, "K", config), *components), complete)
    return World(graph_of(snapshot, FACTS))


def cell(where: World, id_: str) -> Cell:
    found = where.graph.named(id_)
    assert found is not None
    return where.cell(found)


HOSTS: Final[dict[str, Value]] = {}
"""A variant without a model of its own."""

SERVES: Final[dict[str, Value]] = {"ModelName": "m"}

QUIET: Final[dict[str, Value]] = {"invocations": {"blue": hours()}, "invocations_daily": {"blue": days(90)}}


def test_requests_of_its_components_are_requests_of_the_endpoint() -> None:
    busy = component(invocations=hours((5, 7)), invocations_daily=days(90, (60, 7)))
    where = account(HOSTS, QUIET, busy, component("d", invocations=hours(), invocations_daily=days(90)))
    endpoint = cell(where, "E")
    (variant,) = cell(where, "K").select("ProductionVariants").items()
    assert endpoint.select("traffic").select("total").value == 7
    assert variant.select("traffic").select("total").value == 7
    assert endpoint.select("idle_days").value == 29
    assert cell(where, "c").select("traffic").select("total").value == 7
    assert cell(where, "d").select("traffic").select("idle_share").value == 1.0
    assert [cell(where, name).select("idle_days").value for name in "cd"] == [29, 90]


def test_requests_that_a_variant_counts_itself_are_not_counted_twice() -> None:
    where = account(HOSTS, {"invocations": {"blue": hours((5, 7))}}, component(invocations=hours((5, 7))))
    assert cell(where, "E").select("traffic").select("total").value == 7


def test_a_component_of_another_variant_is_not_this_ones() -> None:
    where = account(HOSTS, QUIET, component(variant="green", invocations=hours((5, 7))))
    (variant,) = cell(where, "K").select("ProductionVariants").items()
    assert variant.select("traffic").select("total").value == 0


@pytest.mark.parametrize(
    ("components", "complete"),
    [
        ((), ALL - {Scope(COMPONENT)}),
        ((component(invocations=Unknown("refused"), invocations_daily=Unknown("refused")),), ALL),
        ((component(),), ALL),
        ((resource(COMPONENT, "c", Unknown("refused")),), ALL),
    ],
    ids=["they were not listed", "their metrics were refused", "they have none", "they were not described"],
)
def test_an_endpoint_is_not_called_idle_while_a_component_is_out_of_sight(
    components: tuple[Resource, ...], complete: frozenset[Scope]
) -> None:
    where = account(HOSTS, QUIET, *components, complete=complete)
    (variant,) = cell(where, "K").select("ProductionVariants").items()
    assert isinstance(variant.select("traffic").value, Unknown)
    assert isinstance(cell(where, "E").select("traffic").value, Unknown)
    assert isinstance(cell(where, "E").select("idle_days").value, Unknown)


def test_who_serves_a_model_needs_no_components_to_be_idle() -> None:
    endpoint = cell(account(SERVES, QUIET, complete=ALL - {Scope(COMPONENT)}), "E")
    assert endpoint.select("traffic").select("total").value == 0
    assert endpoint.select("idle_days").value == 90


@pytest.mark.parametrize(
    ("daily", "expected"),
    [
        (days(90, (0, 1)), 89),
        (days(90, (3, 1), (89, 2), (12, 1)), 0),
        (days(90, (80, 0)), 90),
        (days(20, (10, 4)), 9),
        (days(89), None),
        (days(0), None),
        (Unknown("throttled"), None),
        (ABSENT, None),
        ("odd", None),
    ],
    ids=[
        "long ago",
        "yesterday",
        "a zero is no request",
        "young but used",
        "too young",
        "new",
        "refused",
        "none",
        "odd",
    ],
)
def test_days_without_a_request(daily: Value, expected: int | None) -> None:
    observed: dict[str, Value] = {} if daily is ABSENT else {"invocations_daily": {"blue": daily}}
    found = cell(account(SERVES, observed), "E").select("idle_days").value
    assert isinstance(found, Unknown) if expected is None else found == expected


def test_a_template_knows_of_no_days() -> None:
    where = account(SERVES, {}, component(), kind=SourceKind.TEMPLATE)
    assert cell(where, "E").select("idle_days").value is ABSENT
    assert cell(where, "c").select("idle_days").value is ABSENT
    assert cell(where, "c").select("traffic").value is ABSENT
