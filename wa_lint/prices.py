"""What an instance costs by the hour, from a dated table. It guesses nothing: what the table lacks is None."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Final, Literal

import msgspec

from wa_lint.errors import ConfigError

_FILE: Final = Path(__file__).parent / "data" / "prices.json"

HOURS_PER_MONTH: Final = 730

COMPONENTS: Final = ("hosting", "training", "transform", "processing", "studio", "notebook")
"""What SageMaker bills instances for, each with a price list of its own."""

_CERTAINTY: Final = ("low", "medium", "high")


class Price(msgspec.Struct, frozen=True):
    """One price of one instance type, with how much to trust it."""

    instance_type: str
    component: str
    usd_per_hour: float
    confidence: str
    """high | medium | low"""
    as_of: str | None
    """The newest day (or year) that it was read on; None: not known."""
    source: str
    region: str | None = None
    """The region requested; None: any, and then the price is the lowest known, "at least"."""
    assumes: tuple[str, ...] = ()
    """What was assumed to take this price for the one requested."""

    @property
    def usd_per_month(self) -> float:
        """For an instance that is never stopped: 730 hours."""
        return self.usd_per_hour * HOURS_PER_MONTH


class ServerlessPrice(msgspec.Struct, frozen=True):
    """What serverless inference costs while it computes."""

    usd_per_gb_second: float
    regions: tuple[str, ...]
    confidence: str
    """high | medium | low"""
    sources: tuple[str, ...]
    as_of: str | None


class _Source(msgspec.Struct, frozen=True):
    what: str
    date: str | None


class _Row(msgspec.Struct, frozen=True):
    usd: float
    components: tuple[str, ...]
    regions: tuple[str, ...]
    read_in: tuple[str, ...]
    confidence: str
    sources: tuple[str, ...]
    as_of: str | None


class _Table(msgspec.Struct, frozen=True):
    date: str
    assumes: str
    sources: Mapping[str, _Source]
    serverless: ServerlessPrice
    prices: Mapping[str, _Row]


class PriceReading(msgspec.Struct, frozen=True, order=True):
    """One price as the AWS Price List says it, on demand."""

    instance_type: str
    component: str
    region: str
    usd_per_hour: float


class _Added(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What ``wa-lint prices refresh`` writes."""

    source: str
    date: str
    currency: Literal["USD"]
    prices: tuple[PriceReading, ...]


_MOST_BYTES: Final = 50 << 20
"""Of a file of prices; all regions together have about 5 MB."""

_added: dict[tuple[str, str, str], Price] = {}
"""By type, component and region: the prices of the files that the run was given."""


def use(files: Sequence[Path]) -> None:
    """Count the prices in `files`, and no others, before those of the wheel. Raise `ConfigError` at a bad file."""
    found: dict[tuple[str, str, str], Price] = {}
    for file in files:
        for one in _read(file):
            found[one.instance_type, one.component, one.region or ""] = one
    _added.clear()
    _added.update(found)


@cache
def _read(file: Path) -> tuple[Price, ...]:
    try:
        if not file.is_file() or file.stat().st_size > _MOST_BYTES:
            raise ConfigError(str(file), f"is not a regular file of at most {_MOST_BYTES >> 20} MiB")
        table = msgspec.json.decode(file.read_bytes(), type=_Added)
    except OSError as error:
        raise ConfigError(str(file), f"cannot be read: {error.strerror or error}") from error
    except msgspec.DecodeError as error:
        raise ConfigError(str(file), f"was not written by `wa-lint prices refresh`: {error}") from error
    bad = next(
        (one for one in table.prices if one.component not in COMPONENTS or not 0 < one.usd_per_hour < _DEAREST), None
    )
    if bad:
        raise ConfigError(str(file), f"{bad.instance_type} in {bad.region}: no price of {bad.component}")
    return tuple(
        Price(one.instance_type, one.component, one.usd_per_hour, "high", table.date, table.source, one.region)
        for one in table.prices
    )


_DEAREST: Final = 10_000.0
"""USD an hour: nothing costs so much."""


def table_of(readings: Sequence[PriceReading], day: str) -> bytes:
    """Return the file that `use` reads."""
    table = _Added("AWS Price List API, AmazonSageMaker, on demand", day, "USD", tuple(readings))
    return msgspec.json.format(msgspec.json.encode(table), indent=1) + b"\n"


def hourly(instance_type: str, component: str, region: str | None = None) -> Price | None:
    """Return the price of an hour of `instance_type` (``ml.m5.xlarge``) in USD, on demand; None if it is not known.

    With no region it is the lowest price of the table, to be said as "at least". A component that was not read itself
    takes the price of one that was, as they agree wherever two were read, with less confidence.
    """
    if region is not None and (instance_type, component, region) in _added:
        return _added[instance_type, component, region]
    row = _table().prices.get(instance_type)
    if row is None or component not in COMPONENTS or (region is not None and region not in row.regions):
        return None
    assumes = _assumptions(row, component, region)
    read = component in row.components
    return Price(
        instance_type,
        component,
        row.usd,
        row.confidence if read else _less(row.confidence),
        row.as_of,
        "; ".join(_table().sources[letter].what for letter in row.sources),
        region,
        assumes,
    )


def serverless(region: str | None) -> ServerlessPrice | None:
    """Return what a GB-second of serverless inference costs in `region`; None where that is not known."""
    found = _table().serverless
    return found if region in found.regions else None


def known_types() -> Sequence[str]:
    """Return the instance types that have a price, sorted."""
    return sorted(_table().prices)


def as_of() -> str:
    """Return the day of the table's newest reading."""
    return _table().date


def _assumptions(row: _Row, component: str, region: str | None) -> tuple[str, ...]:
    said = []
    if component not in row.components:
        read = " and ".join(row.components) or "another component"
        said.append(f"an hour of {component} costs what one of {read} does")
    if region is not None and region not in row.read_in:
        said.append(_table().assumes)
    return tuple(said)


def _less(confidence: str) -> str:
    return _CERTAINTY[max(0, _CERTAINTY.index(confidence) - 1)]


@cache
def _table() -> _Table:
    return msgspec.json.decode(_FILE.read_bytes(), type=_Table)
