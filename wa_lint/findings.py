"""From the verdicts of all scenarios to the findings of a report: words, evidence, fingerprints. It judges nothing."""

from __future__ import annotations

import functools
import hashlib
import operator
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Final

import msgspec

from wa_lint.extent import extent_of, place_of
from wa_lint.graph import Cell
from wa_lint.model import (
    ABSENT,
    NO_COUNTS,
    OPEN,
    Assigned,
    Census,
    Counts,
    Evidence,
    Finding,
    Input,
    Location,
    Outcome,
    Partial,
    Path,
    Report,
    Resource,
    Scope,
    Step,
    Unjudged,
    Unknown,
    Unresolved,
    Value,
    Waste,
    path_text,
)
from wa_lint.redact import PAIR_VALUES, flag_name, mask_by_name, mask_tree, pair_name
from wa_lint.rule import Rule
from wa_lint.scenario import Assumptions, Fork, describe

_GRAVEST_FIRST = (Outcome.FAIL, Outcome.UNKNOWN, Outcome.PASS, Outcome.NOT_APPLICABLE)


class Verdict(msgspec.Struct, frozen=True):
    """What a rule says of one item in one scenario."""

    outcome: Outcome
    message: str
    place: Cell
    """The item, or the resource. An item may be in another resource, as a statement in a separate policy."""
    decided_by: tuple[Cell, ...] = ()
    assumes: tuple[str, ...] = ()
    waste: Waste | None = None


class Case(msgspec.Struct, frozen=True):
    """A verdict with the scenario that it holds in."""

    assumptions: Assumptions
    verdict: Verdict


def gravest(outcomes: Iterable[Outcome]) -> Outcome:
    return min(outcomes, key=_GRAVEST_FIRST.index)


def join(rule: Rule, resource: Resource, chosen: Sequence[Case], others: Sequence[Assumptions]) -> Finding:
    """Return one finding for all scenarios of an item: those with its gravest outcome, and when it is so.

    `others` are the scenarios with another outcome, and those in which there is no such item.
    """
    verdict = chosen[0].verdict
    cells = _distinct(verdict.decided_by) or [verdict.place]
    is_kept = verdict.outcome in OPEN
    reached = (cell for case in chosen for cell in (*case.verdict.decided_by, case.verdict.place)) if is_kept else ()
    return Finding(
        rule=rule.info,
        outcome=verdict.outcome,
        resource=resource,
        path=_own_path(resource, verdict.place, cells),
        location=cells[0].location,
        message=verdict.message + _and_the_others(resource, verdict.outcome),
        when=describe([case.assumptions for case in chosen], others),
        assumes=tuple(dict.fromkeys(assumed for case in chosen for assumed in case.verdict.assumes)),
        evidence=tuple(_evidence(cell) for cell in cells),
        fingerprint=_fingerprint(rule, resource, cells[0]),
        waste=_gathered([case.verdict.waste for case in chosen]),
        trail=_trail(cells),
        place=place_of(resource, cells[0]) if is_kept else "",
        extent=extent_of(verdict.place, cells[0], reached),
    )


def _and_the_others(resource: Resource, outcome: Outcome) -> str:
    """Say of how many runs of one definition this job is the newest (`sources.live.grouping`)."""
    runs = (resource.observed or {}).get("runs")
    if not isinstance(runs, int) or outcome not in (Outcome.FAIL, Outcome.UNKNOWN):
        return ""
    return f" It is the newest of {runs} jobs that ran alike."


def waste_of(rule: Rule, costs: Sequence[Value], decided_by: Iterable[Cell]) -> Waste | None:
    """Return what of `costs`, one for each scenario of a fail, is likely wasted; None if one of them is not known."""
    known = [cost for cost in costs if isinstance(cost, dict)]
    if rule.waste is None or len(known) < len(costs) or not any(cost["high"] for cost in known):
        return None
    least, greatest = rule.waste
    is_measured = any(step in _MEASURED for cell in decided_by for step in cell.path)
    return _gathered(
        [
            Waste(
                low=round(cost["low"] * least, 2),
                high=round(cost["high"] * greatest, 2),
                as_of=cost["as_of"],
                is_measured=is_measured,
                assumes=tuple(cost["assumes"]),
                units={of: (low * least, high * greatest) for of, (low, high) in cost["units"].items()},
            )
            for cost in known
        ]
    )


_MEASURED = frozenset({"traffic", "idle_days", "observed"})
"""What a verdict on use rests on, and not on a configuration."""


def _gathered(found: Sequence[Waste | None]) -> Waste | None:
    """Return the range over all scenarios; None where it is not known in one."""
    known = [waste for waste in found if waste]
    if not known or len(known) < len(found):
        return None
    names = sorted({of for waste in known for of in waste.units})
    ranges = {of: [waste.units.get(of, (0.0, 0.0)) for waste in known] for of in names}
    return Waste(
        low=min(waste.low for waste in known),
        high=max(waste.high for waste in known),
        as_of=min((waste.as_of for waste in known if waste.as_of), default=None),
        is_measured=all(waste.is_measured for waste in known),
        assumes=tuple(dict.fromkeys(said for waste in known for said in waste.assumes)),
        units={of: (min(low for low, _ in found), max(high for _, high in found)) for of, found in ranges.items()},
    )


def merge(reports: Iterable[Report], inputs: Sequence[Input]) -> Report:
    """Return one report of several over the same rules. Equal fingerprints get a number, in the order of place.

    What fails or is unknown is numbered first, so that its numbers do not depend on whether the others are listed.
    """
    reports = list(reports)
    extents = [report.workload for report in reports if report.workload]
    findings = sorted((f for report in reports for f in report.findings), key=sort_key)
    counted: dict[str, Counts] = {}
    for id_, counts in (entry for report in reports for entry in report.counted.items()):
        counted[id_] = counted.get(id_, NO_COUNTS).plus(counts)
    return Report(
        rules=reports[0].rules if reports else (),
        findings=tuple(_tell_apart(findings)),
        inputs=tuple(inputs),
        gaps=tuple(sorted({gap for report in reports for gap in report.gaps}, key=str)),
        problems=tuple(sorted(problem for report in reports for problem in report.problems)),
        notes=tuple(note for report in reports for note in report.notes),
        judged_at=next((report.judged_at for report in reports if report.judged_at), None),
        unjudged=added_up(entry for report in reports for entry in report.unjudged),
        not_followed=tuple(sorted({entry for report in reports for entry in report.not_followed})),
        census=sum((report.census for report in reports), Census()),
        assigned=assigned_in(report.assigned for report in reports),
        counted=counted,
        costs=tuple(sorted({cost for report in reports for cost in report.costs})),
        passed_types=frozenset[str]().union(*(report.passed_types for report in reports)),
        places=frozenset[tuple[str | None, str | None]]().union(*(report.places for report in reports)),
        complete=frozenset[Scope]().union(*(report.complete for report in reports)),
        workload=functools.reduce(operator.add, extents) if extents else None,
    )


def assigned_in(listed: Iterable[Sequence[Assigned]]) -> tuple[Assigned, ...]:
    """Return what entries of ``profiles`` were for in several reports, added up and sorted."""
    counts: Counter[Assigned] = Counter()
    for entry in (entry for entries in listed for entry in entries):
        counts[msgspec.structs.replace(entry, count=0)] += entry.count
    return tuple(sorted(msgspec.structs.replace(entry, count=count) for entry, count in counts.items()))


def added_up(entries: Iterable[Unjudged]) -> tuple[Unjudged, ...]:
    """Return one entry for each type and reason, sorted, with the count of all."""
    counts: Counter[Unjudged] = Counter()
    for entry in entries:
        counts[msgspec.structs.replace(entry, count=0)] += entry.count
    return tuple(sorted(msgspec.structs.replace(entry, count=count) for entry, count in counts.items()))


def sort_key(finding: Finding) -> tuple[Location, str, str, str, str, str]:
    """By place, then by rule: the order in which a reader goes through a file."""
    rule, resource = finding.rule.id, finding.resource
    return (finding.location, resource.id, rule, finding.path, finding.outcome.value, finding.message)


def is_open(value: Value) -> bool:
    """Whether a value is not, or not in full, in the input."""
    return isinstance(value, Unknown | Unresolved | Partial)


_MOST_NAMED: Final = 4
"""Texts of a list that a sentence names."""


def show(value: object) -> str:
    """Return a value in a few words for a person."""
    match value:
        case bool():
            return str(value).lower()
        case Unknown(reason=reason) | Unresolved(reason=reason):
            return f"not known ({reason})"
        case Partial(items=items, reason=reason):
            return f"{len(items)} seen, perhaps more ({reason})"
        case list() | tuple():
            return _listed(value) if value else "an empty list"
        case dict():
            return "a map with " + ", ".join(sorted(map(str, value))) if value else "an empty map"
    return "not set" if value is ABSENT else repr(value) if isinstance(value, str) else str(value)


def _listed(values: Sequence[object]) -> str:
    """Return a few texts by name; of others, how many they are."""
    if not all(isinstance(value, str) for value in values):
        return f"a list of {len(values)}"
    more = f" and {len(values) - _MOST_NAMED} more" if len(values) > _MOST_NAMED else ""
    return ", ".join(map(str, values[:_MOST_NAMED])) + more


def _trail(cells: Sequence[Cell]) -> tuple[Step, ...]:
    way = next((cell.trail for cell in cells if cell.trail), ())
    return tuple(Step(place.resource.id, place.resource.type, place.location) for place in way)


def _own_path(resource: Resource, place: Cell, cells: Sequence[Cell]) -> str:
    """Return the path in the judged resource: of the first evidence that is in it, else of the item."""
    own = next((cell for cell in (*cells, place) if cell.resource is resource), None)
    return path_text(own.path) if own else ""


def _distinct(cells: Iterable[Cell]) -> list[Cell]:
    """Return each place once, and none that only leads to a deeper one: the list beside its item that decided."""
    found: dict[tuple[str, Path], Cell] = {}
    for cell in cells:
        found.setdefault((cell.resource.id, cell.path), cell)
    above = {(id_, path[:depth]) for id_, path in found for depth in range(len(path))}
    return [cell for place, cell in found.items() if place not in above or is_open(cell.value)]


def _evidence(cell: Cell) -> Evidence:
    cell = _as_written(cell)
    value = without_secret(cell, _whole(cell))
    resource = cell.resource.within or cell.resource.id
    return Evidence(resource, path_text(cell.path), _plain_json(value), show(value), cell.location)


def _as_written(cell: Cell) -> Cell:
    """Return what a fact answers yes or no about: ``Statement is a list of 2``, or that nothing is set there."""
    if not isinstance(cell.value, bool) or not cell.path or str(cell.path[-1]).islower():
        return cell
    try:
        *above, last = cell.path
        written = _sibling(cell, above, last)
    except Fork:
        return cell
    if written is None or written.at != cell.at:
        return cell
    is_told = isinstance(written.value, list | tuple | dict) or (cell.value and written.value is ABSENT)
    return written if is_told else cell


def without_secret(cell: Cell, value: Value) -> Value:
    """Return what is at a place without what the names around it say is a secret; `value` is all of it."""
    if isinstance(value, str):
        return mask_by_name(_name_of(cell), value)
    return mask_tree(value)


def _name_of(cell: Cell) -> str:
    """Return the name that a text has: of its key, of the pair that it is the value of, of the flag before it."""
    *above, last = cell.path or ("",)
    try:
        if isinstance(last, int) and last:
            before = _sibling(cell, above, last - 1)
            name = flag_name(before.value) if before else ""
            return name or _key_above(above)
        if last in PAIR_VALUES:
            pair = _sibling(cell, above[:-1], above[-1]) if above else None
            said = pair.plain() if pair else None
            return (isinstance(said, dict) and pair_name(said)) or _key_above(above)
    except Fork:
        return _key_above(cell.path)
    return _key_above(cell.path)


def _key_above(path: Sequence[str | int]) -> str:
    return next((step for step in reversed(path) if isinstance(step, str)), "")


def _sibling(cell: Cell, above: Sequence[str | int], last: str | int) -> Cell | None:
    """Return the cell at another path of the same resource; None where there is none."""
    found: Cell | None = cell.world.cell(cell.resource)
    for step in (*above, last):
        if found is None:
            return None
        found = found.select(step) if isinstance(step, str) else next(iter(found.items()[step : step + 1]), None)
    return found


def _whole(cell: Cell) -> Value:
    """Return all of a value, or say that parts of it that did not decide hang on more than the scenario settles."""
    try:
        return cell.plain()
    except Fork:
        return Unknown("parts of it depend on parameters")


def _plain_json(value: object) -> Value:
    """Return a value as JSON may carry it; what is not known becomes None."""
    if isinstance(value, dict):
        return {str(key): _plain_json(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain_json(item) for item in value]
    return value if isinstance(value, str | int | float | bool) else None


def _fingerprint(rule: Rule, resource: Resource, first: Cell) -> str:
    """Return what stays the same when a file moves or is reformatted: rule, resource and place."""
    parts = (rule.info.id, resource.type, _own_id(resource), _own_id(first.resource), path_text(first.path))
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:32]


def _own_id(resource: Resource) -> str:
    """Return the id without the file that tells it from others, as in ``network.yaml#Role``."""
    return resource.id.removeprefix(f"{resource.origin.locate(()).uri}#") if "#" in resource.id else resource.id


def _tell_apart(findings: Sequence[Finding]) -> Sequence[Finding]:
    seen: Counter[str] = Counter()
    numbered: dict[int, Finding] = {}
    for place in sorted(range(len(findings)), key=lambda place: findings[place].outcome not in OPEN):
        finding = findings[place]
        seen[finding.fingerprint] += 1
        number = seen[finding.fingerprint]
        if number > 1:
            numbered[place] = msgspec.structs.replace(finding, fingerprint=f"{finding.fingerprint}:{number}")
    return [numbered.get(place, finding) for place, finding in enumerate(findings)]
