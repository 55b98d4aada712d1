"""Adds up what a report says is wasted by the month: measured and at risk apart, and nothing billed counted twice."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

import msgspec

from wa_lint.model import Finding, Outcome, Report, Waste


class Total(msgspec.Struct, frozen=True):
    """What findings of one kind come to, in USD by the month."""

    is_measured: bool
    low: float
    high: float
    as_of: str | None
    """The day (or year) of the oldest price in it."""
    findings: tuple[tuple[Finding, Waste], ...]
    """The dearest first. They may overlap: the total counts what is billed apart once, at its largest."""

    @property
    def is_least(self) -> bool:
        return any(is_least(waste) for _, waste in self.findings)


def totals(report: Report) -> Sequence[Total]:
    """Return what was measured, then what is only at risk, each where there is any. What is allowed does not count."""
    found = [(f, f.waste) for f in report.findings if f.waste and f.outcome is Outcome.FAIL and f.is_open]
    found.sort(key=lambda pair: (-pair[1].high, -pair[1].low, pair[0].rule.id, pair[0].resource.id))
    measured = [(finding, waste) for finding, waste in found if waste.is_measured]
    risky = [(finding, waste) for finding, waste in found if not waste.is_measured]
    units = _units(measured)
    others = {unit: ranges for unit, ranges in _units(risky).items() if unit not in units}
    sums = [_total(measured, units.values(), is_measured=True), _total(risky, others.values(), is_measured=False)]
    return [total for total in sums if total.findings]


class Running(msgspec.Struct, frozen=True):
    """What everything costs by the month that is billed by the hour, in USD; the dearest scenario of each."""

    low: float
    high: float
    as_of: str
    is_least: bool
    """Whether it is a floor: something has no price, or the lowest known one."""
    priced: int
    """How many resources have a price."""
    without_price: Mapping[str, int]
    """How many of each type have none."""


def running(report: Report) -> Running | None:
    """Return what all that the report read costs while it exists; None where nothing of it is billed by the hour."""
    ranges: dict[tuple[str, str, str], tuple[float, float]] = {}
    for cost in report.costs:
        if not cost.reason:
            low, high = ranges.get((cost.file, cost.type, cost.id), (cost.low, cost.high))
            ranges[cost.file, cost.type, cost.id] = min(low, cost.low), max(high, cost.high)
    lacking = Counter(cost.type for cost in report.costs if cost.reason)
    if not ranges and not lacking:
        return None
    return Running(
        low=round(sum(low for low, _ in ranges.values()), 2),
        high=round(sum(high for _, high in ranges.values()), 2),
        as_of=min((cost.as_of for cost in report.costs if cost.as_of), default=""),
        is_least=bool(lacking) or any(cost.is_least for cost in report.costs),
        priced=len(ranges),
        without_price=dict(sorted(lacking.items())),
    )


def running_in_words(found: Running) -> str:
    """Return one sentence: what it costs, how old the prices are, and what it leaves out."""
    lacking = ", ".join(f"{count} {type_}" for type_, count in found.without_price.items())
    left_out = f"; without a price: {lacking}" if lacking else ""
    if not found.priced:
        return f"What it costs while it exists is not known{left_out}."
    least = "at least " if found.is_least else ""
    return f"Costs {least}{usd(found.low, found.high)} a month while it exists, at prices of {found.as_of}{left_out}."


def usd(low: float, high: float, *, is_least: bool = False) -> str:
    """Return ``USD 0 to 28 or more``; of whole dollars, as more would be precision that no estimate has."""
    first, last = f"{low:,.0f}", f"{high:,.0f}"
    return (f"USD {first}" if first == last else f"USD {first} to {last}") + (" or more" if is_least else "")


def is_least(waste: Waste) -> bool:
    """Whether the prices in it are the lowest known, as no region is."""
    return any(assumed.startswith("at least") for assumed in waste.assumes)


def total_in_words(total: Total) -> str:
    """Return ``Measured idle: USD 3 to 9 a month, at prices of 2026-10-20``, with a full stop."""
    kind = "Measured idle" if total.is_measured else "At risk of idling"
    dated = f", at prices of {total.as_of}" if total.as_of else ""
    return f"{kind}: {usd(total.low, total.high, is_least=total.is_least)} a month{dated}."


def said(waste: Waste, *, is_short: bool = False) -> str:
    """Return one finding's waste in words, with what kind of number it is and how old its prices are.

    `is_short`: without the latter two, where a total says them.
    """
    if is_short:
        return f"{usd(waste.low, waste.high, is_least=is_least(waste))} a month"
    kind = "measured" if waste.is_measured else "at risk"
    dated = f", prices of {waste.as_of}" if waste.as_of else ""
    amount = usd(waste.low, waste.high, is_least=is_least(waste))
    return f"{amount} a month ({kind}{dated})"


def _units(found: Iterable[tuple[Finding, Waste]]) -> dict[tuple[str, str], tuple[float, float]]:
    """Return the largest range of each thing that is billed apart. A name in a template is one of its file only."""
    units: dict[tuple[str, str], tuple[float, float]] = {}
    for finding, waste in found:
        resource = finding.resource
        file = "" if resource.account else resource.origin.locate(()).uri
        for of, (low, high) in waste.units.items():
            known = units.get((file, of), (0.0, 0.0))
            units[file, of] = max(known, (low, high), key=lambda pair: (pair[1], pair[0]))
    return units


def _total(
    found: Sequence[tuple[Finding, Waste]], ranges: Iterable[tuple[float, float]], *, is_measured: bool
) -> Total:
    ranges = list(ranges)
    return Total(
        is_measured=is_measured,
        low=round(sum(low for low, _ in ranges), 2),
        high=round(sum(high for _, high in ranges), 2),
        as_of=min((waste.as_of for _, waste in found if waste.as_of), default=None),
        findings=tuple(found),
    )
