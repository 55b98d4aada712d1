"""Reads the hourly prices of SageMaker's instances from the AWS Price List API. It keeps nothing.

The service has endpoints in few regions, us-east-1 among them, and answers for all. Each item of ``PriceList`` is a
text of JSON (API reference, GetProducts).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

import msgspec

from wa_lint import aws
from wa_lint.errors import SourceError
from wa_lint.model import Raw
from wa_lint.prices import PriceReading
from wa_lint.request_limits import Manners, Watch

REGION: Final = "us-east-1"

_COMPONENTS: Final[Mapping[str, str]] = {
    "Host": "hosting",
    "Train": "training",
    "Tsform": "transform",
    "Processing": "processing",
    "Notebk": "notebook",
    "Studio": "studio",
}
"""The middle of ``USE1-Host:ml.m5.xlarge``, the usage type, -> what the instance is used for."""

_DECIMAL: Final = re.compile(r"[0-9]{1,9}(\.[0-9]{1,12})?", re.ASCII)


def read_prices(session: Raw, regions: Iterable[str]) -> list[PriceReading]:
    """Return all prices of `regions`, sorted. Raise `SourceError` where AWS answers nothing, or without a price."""
    clients = aws.Clients(session, REGION, Watch(Manners()))
    found: set[PriceReading] = set()
    for region in regions:
        read = {reading for page in _pages(clients, region) for reading in _readings(page, region)}
        if not read:
            raise SourceError(f"prices of {region}", "the Price List API has no SageMaker instances there")
        found |= read
    return sorted(found)


def _pages(clients: aws.Clients, region: str) -> Iterator[Raw]:
    wanted = {"regionCode": region, "productFamily": "ML Instance"}
    filters = [{"Type": "TERM_MATCH", "Field": field, "Value": value} for field, value in wanted.items()]
    for page in clients.ask_all("pricing", "GetProducts", {"ServiceCode": "AmazonSageMaker", "Filters": filters}):
        if isinstance(page, aws.Refusal):
            raise SourceError(f"prices of {region}", f"pricing:GetProducts: {page.word}")
        yield page


class _Attributes(msgspec.Struct, frozen=True, rename="camel"):
    usage_type: str = msgspec.field(name="usagetype")
    instance_name: str = ""
    instance_type: str = ""


class _Product(msgspec.Struct, frozen=True):
    attributes: _Attributes


class _Dimension(msgspec.Struct, frozen=True, rename="camel"):
    unit: str
    price_per_unit: Mapping[str, str]


class _Term(msgspec.Struct, frozen=True, rename="camel"):
    price_dimensions: Mapping[str, _Dimension]


class _Terms(msgspec.Struct, frozen=True):
    on_demand: Mapping[str, _Term] = msgspec.field(name="OnDemand")


class _Item(msgspec.Struct, frozen=True):
    """What an item of ``PriceList`` says of a product; an item of another shape is no price of an instance."""

    product: _Product
    terms: _Terms


def _readings(page: Raw, region: str) -> Iterator[PriceReading]:
    for text in page.get("PriceList", ()):
        try:
            item = msgspec.json.decode(text, type=_Item)
        except (msgspec.DecodeError, TypeError):
            continue
        attributes = item.product.attributes
        component = _component(attributes.usage_type)
        name = attributes.instance_name or attributes.instance_type
        usd = _usd(item.terms)
        if component and name.startswith("ml.") and usd:
            yield PriceReading(name, component, region, usd)


def _component(usage: str) -> str | None:
    """Return what ``USE1-Host:ml.m5.xlarge`` is used for; None for savings of other kinds (spot, reserved)."""
    return _COMPONENTS.get(usage.partition(":")[0].rpartition("-")[2])


def _usd(terms: _Terms) -> float | None:
    """Return the price of an hour; None where an hour has no price, or is free."""
    dimensions = [one for term in terms.on_demand.values() for one in term.price_dimensions.values()]
    for text in [one.price_per_unit.get("USD", "") for one in dimensions if one.unit == "Hrs"]:
        if _DECIMAL.fullmatch(text) and (usd := float(text)) > 0:
            return usd
    return None
