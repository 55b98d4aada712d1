"""The series that CloudWatch gave of an endpoint, its variants and its inference components, as snapshots keep them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence

import msgspec

from wa_lint.facts.fact import is_template, seen, unseen, value_of
from wa_lint.facts.serving import is_serving, status
from wa_lint.graph import Cell
from wa_lint.model import ABSENT, Unknown, Value

HOURLY = "invocations"
"""Key of the requests of each hour, 14 days."""

DAILY = "invocations_daily"
"""Key of the requests of each day, 90 days."""

ASYNC = "async_"
"""Before the key, where an asynchronous endpoint counts its requests."""


class Series(msgspec.Struct, frozen=True):
    """One series of a variant or an inference component, as ``observed.invocations`` keeps them.

    A real-time endpoint reports 0 for an hour without requests; an asynchronous one reports nothing for it (Cloud
    Custodian's documentation of its metrics filter, seen 2026-12). Both count as no request.
    """

    start: dt.datetime
    values: list[tuple[int, float]]
    hours: int = 0
    days: int = 0
    """Of a series with one value a day, in place of `hours`."""


def of_endpoint(endpoint: Cell, key: str) -> list[Series] | Value:
    """Return the requests of all variants and components of an endpoint; ABSENT in a template."""
    found = observed(endpoint, key)
    if not isinstance(found, Mapping):
        return found
    config = endpoint.select("endpoint_config")
    variants = config.select("ProductionVariants").items()
    return _with_components(config, [endpoint], variants, list(found.values()), key)


def of_variant(variant: Cell, key: str) -> list[Series] | Value:
    """Return the requests of a variant, over all endpoints with its configuration; ABSENT in a template."""
    if is_template(variant):
        return ABSENT
    config = variant.world.cell(variant.resource)
    endpoints, hidden = seen(config.select("endpoints").items())
    if (other := _not_serving(endpoints)) is not None:
        return other
    found = _labelled(variant, endpoints, key)
    if not isinstance(found, list):
        return found
    return Unknown(hidden) if hidden else _with_components(config, endpoints, [variant], found, key)


def measured_of_variant(variant: Cell, key: str) -> list[Series] | Value:
    """Return a series that SageMaker keeps by variant whatever it hosts, such as its utilisation."""
    if is_template(variant):
        return ABSENT
    endpoints, hidden = seen(variant.world.cell(variant.resource).select("endpoints").items())
    other = None if hidden else _not_serving(endpoints)
    return other if other is not None else Unknown(hidden) if hidden else _labelled(variant, endpoints, key)


def _not_serving(endpoints: Sequence[Cell]) -> Value:
    """Return ABSENT where no endpoint serves by its status, Unknown for a status that is not known; else None.

    What no longer runs, or does not yet, wastes nothing. Where a status was not read, the requests say enough.
    """
    told = [is_serving(endpoint) for endpoint in endpoints if isinstance(status(endpoint), str)]
    if any(answer is True for answer in told) or len(told) < len(endpoints) or not told:
        return None
    return next((answer for answer in told if isinstance(answer, Unknown)), ABSENT)


def of_component(component: Cell, key: str) -> Series | Value:
    """Return a series of one inference component; ABSENT in a template."""
    if is_template(component):
        return ABSENT
    if hidden := unseen(component.value):
        return Unknown(hidden)
    found = value_of(component.select("observed").select(key))
    if unseen(found):
        return Unknown(unseen(found) or "")
    try:
        return msgspec.convert(found, Series, strict=False)
    except msgspec.ValidationError:
        return Unknown("the invocations of this inference component were not read")


def observed(endpoint: Cell, key: str) -> Mapping[str, Series] | Value:
    """Return the series of each variant by its name; ABSENT in a template."""
    if is_template(endpoint):
        return ABSENT
    found = value_of(endpoint.select("observed").select(key))
    if unseen(found):
        return Unknown(unseen(found) or "")
    hidden = next((unseen(one) for one in found.values() if unseen(one)), None) if isinstance(found, dict) else None
    if hidden:
        return Unknown(hidden)
    try:
        return msgspec.convert(found, dict[str, Series], strict=False)
    except msgspec.ValidationError:
        return Unknown("the metrics of this endpoint were not read")


def is_async(endpoint: Cell, config: Cell) -> bool | Unknown:
    """Return whether an endpoint is asynchronous: DescribeEndpoint says so even of a deleted configuration."""
    if endpoint.select("observed").select("AsyncInferenceConfig").value is not ABSENT:
        return True
    said = config.select("AsyncInferenceConfig").value
    hidden = unseen(config.value) or unseen(said)
    return Unknown(hidden) if hidden else said is not ABSENT


def _labelled(variant: Cell, endpoints: Iterable[Cell], key: str) -> list[Series] | Value:
    name = variant.select("VariantName").value
    series: list[Series] = []
    for endpoint in endpoints:
        found = observed(endpoint, key)
        if not isinstance(found, Mapping):
            return found
        series.extend(one for label, one in found.items() if label == name)
    return series


def _with_components(
    config: Cell, endpoints: Sequence[Cell], variants: Sequence[Cell], series: list[Series], key: str
) -> list[Series] | Value:
    """Return `series`, or what counts the requests in its place, or why that no request is in it proves nothing.

    An asynchronous endpoint has no Invocations, but InvocationsProcessed (SageMaker developer guide, "Alarms and logs
    for tracking metrics from asynchronous endpoints"). A variant without a model hosts inference components, whose
    requests are counted under their own names ("Amazon SageMaker AI metrics in Amazon CloudWatch", seen 2026-11).
    """
    if any(one.values for one in series):
        return series
    for endpoint in endpoints:
        queued = is_async(endpoint, config)
        if isinstance(queued, Unknown):
            why = queued.reason
            return Unknown(f"whether the endpoint is asynchronous, and so has no Invocations, is not known: {why}")
        if queued:
            return _processed(endpoints, variants, key)
    hosts = [variant for variant in variants if not _has_model(variant)]
    found = [of_component(component, key) for component in _components(endpoints, hosts)]
    hidden = next((unseen(one) for one in found if unseen(one)), None)
    return Unknown(hidden) if hidden else [*series, *(one for one in found if isinstance(one, Series))]


def _processed(endpoints: Iterable[Cell], variants: Iterable[Cell], key: str) -> list[Series] | Value:
    """Return the requests that an asynchronous endpoint took from its queue."""
    names = {variant.select("VariantName").value for variant in variants}
    series: list[Series] = []
    for endpoint in endpoints:
        found = observed(endpoint, ASYNC + key)
        if not isinstance(found, Mapping):
            return found
        series.extend(one for label, one in found.items() if label in names)
    return series


def _has_model(variant: Cell) -> bool:
    """Whether the variant surely serves a model of its own, and so no inference components."""
    return isinstance(variant.select("ModelName").value, str)


def _components(endpoints: Iterable[Cell], hosts: Sequence[Cell]) -> Iterator[Cell]:
    """Yield the inference components of the variants in `hosts`; one that may be, or may be hidden, too."""
    names = {name for host in hosts if isinstance(name := host.select("VariantName").value, str)}
    for component in (c for endpoint in endpoints if hosts for c in endpoint.select("inference_components").items()):
        variant = component.select("VariantName").value
        if not isinstance(variant, str) or not names or variant in names:
            yield component
