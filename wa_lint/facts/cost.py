"""What endpoints, notebooks and Studio apps cost by the month: instances that run, times a dated price. No guesses.

Only what is billed for standing there: on-demand hours of instances, 730 of them. Not storage, traffic or requests, and
no job, which ends. A template without a region is said to cost "at least" the lowest price known. What is as
`observed` of a live endpoint is what runs now; it is taken to run on.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

import msgspec

from wa_lint import prices
from wa_lint.cel.types import DOUBLE, STRING
from wa_lint.facts.fact import Fact, Record, is_template, seen, unseen
from wa_lint.graph import Cell
from wa_lint.model import ABSENT, Unknown, Value

_ENDPOINT: Final = "AWS::SageMaker::Endpoint"
_CONFIG: Final = "AWS::SageMaker::EndpointConfig"
_NOTEBOOK: Final = "AWS::SageMaker::NotebookInstance"
_APP: Final = "AWS::SageMaker::App"

_ON_DEMAND: Final = "on-demand prices of instances, without savings plans, storage or requests"
_AT_LEAST: Final = "at least: the region is not known, so the lowest price that is known"
_AS_NOW: Final = "as many instances as now, all month"
_NOBODY_ELSE: Final = "nothing outside this template scales it"
_NEVER_STOPPED: Final = "it is never stopped"


class _Unit(msgspec.Struct, frozen=True):
    """What is billed apart: a variant of an endpoint, or a notebook."""

    of: str
    low: float
    high: float
    as_of: str | None = None
    assumes: tuple[str, ...] = ()


def endpoint_cost(endpoint: Cell) -> Value:
    """Return what all variants of an endpoint cost together, shadow variants too."""
    config = endpoint.select("endpoint_config")
    if hidden := unseen(config.value):
        return Unknown(hidden)
    variants = [v for name in ("ProductionVariants", "ShadowProductionVariants") for v in _listed(config, name)]
    if config.value is ABSENT or not variants:
        return Unknown("the variants of the endpoint are not in this input")
    return _together(_of_variant(endpoint, variant) for variant in variants)


def endpoint_ceiling(endpoint: Cell) -> Value:
    """Return USD by the month at the most instances that scaling allows; Unknown while a target may not be seen."""
    config = endpoint.select("endpoint_config")
    for variant in (v for name in ("ProductionVariants", "ShadowProductionVariants") for v in _listed(config, name)):
        hidden = next((one.reason for one in _bounds(endpoint, variant) if isinstance(one, Unknown)), None)
        if hidden:
            return Unknown(hidden)
    cost = endpoint_cost(endpoint)
    return cost["high"] if isinstance(cost, dict) else cost


def variant_cost(variant: Cell) -> Value:
    """Return what one variant costs, at all endpoints with its configuration."""
    config = variant.world.cell(variant.resource)
    endpoints, hidden = seen(config.select("endpoints").items())
    if hidden and not (endpoints and is_template(variant)):
        return Unknown(hidden)
    return _together(_of_variant(endpoint, variant) for endpoint in endpoints)


def notebook_cost(notebook: Cell) -> Value:
    """Return what a notebook costs that nobody stops; of one that is stopped, nothing."""
    status = notebook.select("observed").select("NotebookInstanceStatus").value
    if status == "Stopped":
        return _together([_Unit(notebook.resource.id, 0.0, 0.0)])
    if notebook.resource.observed is not None and status != "InService":
        return Unknown(unseen(status) or f"the status of the notebook is {status}, not InService")
    return _together([_priced(notebook, notebook.resource.id, "notebook", (1.0, 1.0), (_NEVER_STOPPED,))])


def app_cost(app: Cell) -> Value:
    """Return what a Studio app costs that nobody stops, by the type that it names; of a deleted one, nothing."""
    status = app.select("observed").select("Status").value
    if status in {"Deleted", "Failed"}:
        return _together([_Unit(app.resource.id, 0.0, 0.0)])
    if app.resource.observed is not None and status != "InService":
        return Unknown(unseen(status) or f"the app is not in service, but {status}")
    spec = app.select("ResourceSpec")
    return _together([_priced(spec, app.resource.id, "studio", (1.0, 1.0), (_NEVER_STOPPED,))])


def _listed(config: Cell, name: str) -> Iterable[Cell]:
    return config.select(name).items()


# --- one variant ------------------------------------------------------------------------------------


def _of_variant(endpoint: Cell, variant: Cell) -> _Unit | Unknown:
    if hidden := unseen(variant.value) or unseen(endpoint.value):
        return Unknown(hidden)
    name = variant.select("VariantName").value
    of = f"{endpoint.resource.id}/{name if isinstance(name, str) else variant.path[-1]}"
    serverless = variant.select("ServerlessConfig")
    if serverless.value is not ABSENT:
        return _serverless(of, serverless)
    for other in ("InstancePools", "AcceleratorType"):
        if variant.select(other).value is not ABSENT:
            return Unknown(f"of {other} no price is known")
    counts = _running(endpoint, name) if endpoint.resource.observed is not None else _planned(endpoint, variant)
    if isinstance(counts, Unknown):
        return counts
    low, high, assumes = counts
    return _priced(variant, of, "hosting", (low, high), assumes)


def _serverless(of: str, serverless: Cell) -> _Unit | Unknown:
    """Return that a serverless variant costs nothing while it waits, unless some of it is kept warm."""
    warm = serverless.select("ProvisionedConcurrency").value
    if hidden := unseen(serverless.value) or unseen(warm):
        return Unknown(hidden)
    return _Unit(of, 0.0, 0.0) if warm is ABSENT else Unknown("of provisioned concurrency no price is known")


_Counts = tuple[float, float, tuple[str, ...]]
"""The fewest and the most instances that run, and what that assumes."""


def _running(endpoint: Cell, name: Value) -> _Counts | Unknown:
    """Return how many instances DescribeEndpoint says that a live variant has."""
    observed = endpoint.select("observed")
    for key in ("ProductionVariants", "ShadowProductionVariants"):
        for variant in observed.select(key).items():
            count = variant.select("CurrentInstanceCount").value
            if variant.select("VariantName").value == name and isinstance(count, int):
                return count, count, (_AS_NOW,)
    return Unknown("how many instances run now was not returned")


def _planned(endpoint: Cell, variant: Cell) -> _Counts | Unknown:
    """Return how many instances a variant starts with, and what scaling in the input makes of it."""
    first = variant.select("InitialInstanceCount").value
    if not isinstance(first, int):
        return Unknown(unseen(first) or "InitialInstanceCount is not set")
    counts, hidden = [first], None
    for bound in _bounds(endpoint, variant):
        if isinstance(bound, Unknown):
            hidden = bound
        elif not isinstance(bound, int):
            return Unknown(unseen(bound) or "how far the variant scales is not known")
        else:
            counts.append(bound)
    return min(counts), max(counts), ((_NOBODY_ELSE,) if hidden else ())


def most_instances(endpoint: Cell, variant: Cell) -> int | Unknown:
    """Return the most instances that scaling makes of a variant at an endpoint, or that it starts with."""
    if hidden := next((one.reason for one in _bounds(endpoint, variant) if isinstance(one, Unknown)), None):
        return Unknown(hidden)
    counts = _planned(endpoint, variant)
    return counts if isinstance(counts, Unknown) else int(counts[1])


def _bounds(endpoint: Cell, variant: Cell) -> Iterator[Value]:
    """Yield how low and how high a variant scales; Unknown for targets that may be out of sight."""
    for target in variant.select("scalable_targets").items():
        if isinstance(target.value, Unknown):
            yield target.value
        elif not _is_of_another(target, endpoint):
            for name in ("MinCapacity", "MaxCapacity"):
                found = target.select(name).value
                yield found if isinstance(found, int) else (unseen(found) or "not set")
    managed = variant.select("ManagedInstanceScaling")
    if managed.value is not ABSENT and managed.select("Status").value != "DISABLED":
        for name in ("MinInstanceCount", "MaxInstanceCount"):
            found = managed.select(name).value
            if found is not ABSENT:
                yield found if isinstance(found, int) else "not known"


def _is_of_another(target: Cell, endpoint: Cell) -> bool:
    """Whether a target surely scales the same variant at another endpoint, which has the configuration too."""
    scaled = target.select("endpoint")
    return scaled.value is not ABSENT and not unseen(scaled.value) and scaled.resource is not endpoint.resource


# --- prices -----------------------------------------------------------------------------------------


def _priced(
    place: Cell, of: str, component: str, counts: tuple[float, float], assumes: tuple[str, ...]
) -> _Unit | Unknown:
    """Return what so many instances of the type that `place` names cost by the month."""
    type_, region = place.select("InstanceType").value, place.resource.region
    if not isinstance(type_, str):
        return Unknown(unseen(type_) or "InstanceType is not set")
    price = prices.hourly(type_, component, region)
    if price is None:
        return Unknown(f"no price of {type_} is known" + (f" in {region}" if region else ""))
    said = (_ON_DEMAND, *assumes, *price.assumes)
    if region is None:
        said = (_AT_LEAST, *said)
    if price.confidence == "low":
        said = (*said, f"the price of {type_} is of low confidence")
    low, high = counts
    return _Unit(of, low * price.usd_per_month, high * price.usd_per_month, price.as_of, said)


def _together(units: Iterable[_Unit | Unknown]) -> Value:
    found = list(units)
    unknown = next((unit for unit in found if isinstance(unit, Unknown)), None)
    if unknown:
        return unknown
    known = [unit for unit in found if isinstance(unit, _Unit)]
    dates = sorted(unit.as_of for unit in known if unit.as_of)
    return {
        "low": round(sum(unit.low for unit in known), 2),
        "high": round(sum(unit.high for unit in known), 2),
        "as_of": dates[0] if dates else prices.as_of(),
        "assumes": list(dict.fromkeys(said for unit in known for said in unit.assumes)),
        "units": {unit.of: [round(unit.low, 2), round(unit.high, 2)] for unit in known},
    }


COST: Final = Record("cost", {"low": DOUBLE, "high": DOUBLE, "as_of": STRING})

_SAYS: Final = "USD per month billed while it exists, with the date of the prices."
_READS: Final[Mapping[str, tuple[str, ...]]] = {
    _ENDPOINT: (_CONFIG, "AWS::ApplicationAutoScaling::ScalableTarget"),
    _CONFIG: (_ENDPOINT, "AWS::ApplicationAutoScaling::ScalableTarget"),
}

FACTS: Final[tuple[Fact, ...]] = (
    Fact(
        _ENDPOINT,
        "",
        "monthly_ceiling",
        _READS[_ENDPOINT],
        DOUBLE,
        "USD by the month at the most instances that its scaling allows.",
        endpoint_ceiling,
    ),
    Fact(_ENDPOINT, "", "monthly_cost", _READS[_ENDPOINT], COST, f"All variants together. {_SAYS}", endpoint_cost),
    Fact(
        _CONFIG,
        "ProductionVariants[]",
        "monthly_cost",
        _READS[_CONFIG],
        COST,
        f"At all endpoints with it. {_SAYS}",
        variant_cost,
    ),
    Fact(_NOTEBOOK, "", "monthly_cost", (), COST, f"Nothing while it is stopped. {_SAYS}", notebook_cost),
    Fact(_APP, "", "monthly_cost", (), COST, f"By the instance type that it names. {_SAYS}", app_cost),
)
