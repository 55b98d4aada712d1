"""Reads the hourly prices of SageMaker's instances from the AWS Price List API. It keeps nothing.

The service has endpoints in few regions, us-east-1 among them, and answers for all. Each item of ``PriceList`` is a
text of JSON (API reference, GetProducts).
"""

from __future__ import annotations

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


def _readings(page: Raw, region: str) -> Iterator[PriceReading]:
    for text in page.get("PriceList", ()):
        try:
            item = msgspec.json.decode(text)
            attributes, terms = item["product"]["attributes"], item["terms"]["OnDemand"]
        except (msgspec.DecodeError, KeyError, TypeError):
            continue
        component = _component(str(attributes.get("usagetype", "")))
        name = attributes.get("instanceName") or attributes.get("instanceType")
        usd = _usd(terms)
        if component and isinstance(name, str) and name.startswith("ml.") and usd:
            yield PriceReading(name, component, region, usd)


def _component(usage: str) -> str | None:
    """Return what ``USE1-Host:ml.m5.xlarge`` is used for; None for savings of other kinds (spot, reserved)."""
    return _COMPONENTS.get(usage.partition(":")[0].rpartition("-")[2])


def _usd(terms: Raw) -> float | None:
    """Return the price of an hour; None where there is none, or it is free."""
    for term in terms.values() if isinstance(terms, dict) else ():
        for dimension in term.get("priceDimensions", {}).values():
            text = dimension.get("pricePerUnit", {}).get("USD")
            if dimension.get("unit") == "Hrs" and isinstance(text, str):
                usd = float(text)
                if 0 < usd < float("inf"):
                    return usd
    return None
