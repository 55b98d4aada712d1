"""Rules meet resources. No input, no output, no clock: the same in, the same out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from typing import TypeAlias

import msgspec

from wa_lint import type_names
from wa_lint.cel.evaluate import Program
from wa_lint.cel.values import TracedCell as Traced
from wa_lint.cel.values import EvaluationError
from wa_lint.facts import FACTS
from wa_lint.findings import Case, Verdict, added_up, is_open, join, show, sort_key, waste_of, without_secret
from wa_lint.graph import Cell, Graph, World
from wa_lint.model import (
    ABSENT,
    Census,
    Finding,
    Outcome,
    Partial,
    Path,
    Report,
    Resource,
    Snapshot,
    Unjudged,
    Unknown,
    Unresolved,
    Value,
    Waste,
    path_text,
)
from wa_lint.references.follow import graph_of
from wa_lint.rule import Rule
from wa_lint.rule_names import SETTINGS, TODAY
from wa_lint.scenario import Assumptions, Scenario, explore
from wa_lint.sources.jobs import with_jobs
from wa_lint.truth import Truth, every

MOST_SCENARIOS = 64
"""Per rule and resource. Past it a fail that was found stays, and everything else is unknown."""

MOST_COSTS = 16
"""Per fail; past it no cost is told."""

_BUDGET = f"it depends on more than {MOST_SCENARIOS} scenarios: the budget is spent"


def lint(
    snapshot: Snapshot, rules: Sequence[Rule], today: str = "", *, judged: Container[tuple[str, str]] | None = None
) -> Report:
    """Ask every rule about every resource of `snapshot`. `today` is an ISO date, for the rules that ask.

    `judged`: only the resources of these (type, id) are asked about; the others are there to be looked at.
    """
    snapshot = with_jobs(snapshot)
    graph = graph_of(snapshot, FACTS)
    findings: list[Finding] = []
    dated = False
    subjects = [r for r in snapshot.resources if (judged is None or (r.type, r.id) in judged) and _may_exist(r, graph)]
    for rule in rules:
        chosen = (r for r in _subjects(rule, graph) if judged is None or (r.type, r.id) in judged)
        found = [f for resource in chosen for f in _judge(rule, graph, resource, today)]
        findings.extend(found)
        dated = dated or bool(found and rule.programs.asks_the_date)
    return Report(
        rules=tuple(rule.info for rule in rules),
        findings=tuple(sorted(findings, key=sort_key)),
        gaps=snapshot.gaps,
        problems=snapshot.problems,
        notes=snapshot.notes,
        judged_at=today if dated else None,
        unjudged=added_up([*snapshot.unjudged, *_without_rule(subjects, rules)]),
        not_followed=tuple(sorted(set(snapshot.not_followed))),
        census=_census(subjects),
    )


# --- what gets no verdict ---------------------------------------------------------------------------


NO_RULE = "no rule yet"


def _may_exist(resource: Resource, graph: Graph) -> bool:
    """Whether a resource is there in any scenario: what its condition always leaves out needs no verdict."""
    if resource.exists is True:
        return True
    found = explore(lambda scenario: World(graph, scenario).exists(resource) is not False, {}, MOST_SCENARIOS)
    return any(exists is not False for _, exists in found)


def _without_rule(resources: Iterable[Resource], rules: Iterable[Rule]) -> Iterator[Unjudged]:
    """Yield the types that no rule asks about and that belong to machine learning, are unrecognised, or are opaque."""
    asked = {type_ for rule in rules for type_ in rule.info.applies_to}
    counted = Counter(resource.type for resource in resources if resource.type not in asked)
    for type_, count in counted.items():
        is_ml = type_names.is_ml(type_)
        if type_names.is_opaque(type_):
            yield Unjudged(type_, count, "only its own code decides what it creates", is_ml, "opaque")
        elif not type_names.is_recognised(type_):
            yield Unjudged(type_, count, "AWS is not known to have this type", is_ml, "unrecognised")
        elif is_ml:
            yield Unjudged(type_, count, NO_RULE, is_ml, "no-rule")


def _census(resources: Sequence[Resource]) -> Census:
    counted = Counter(resource.type for resource in resources)
    return Census(
        resources=counted.total(),
        ml=sum(count for type_, count in counted.items() if type_names.is_ml(type_)),
        recognised=sum(
            count
            for type_, count in counted.items()
            if type_names.is_recognised(type_) and not type_names.is_opaque(type_)
        ),
    )


# --- one rule, one resource -------------------------------------------------------------------------


def _subjects(rule: Rule, graph: Graph) -> Iterator[Resource]:
    for type_ in rule.info.applies_to:
        yield from graph.of_type(type_)


def _judge(rule: Rule, graph: Graph, resource: Resource, today: str) -> Iterator[Finding]:
    """Yield one finding for each item of `resource`, whatever its outcome, joined over all scenarios."""
    asked = _Asked(rule, graph, resource, today)
    lists = list(explore(lambda scenario: _items(asked, asked.world(scenario)), {}, MOST_SCENARIOS))
    told = [(assumptions, items) for assumptions, items in lists if items is not None]
    untold = [assumptions for assumptions, items in lists if items is None]
    by_item: dict[_Key, list[Case]] = {}
    for assumptions, items in told:
        for case in _cases(asked, assumptions, items, max(1, MOST_SCENARIOS // len(lists))):
            by_item.setdefault(_key(case.verdict.place), []).append(case)
    for key, cases in by_item.items():
        past = [Case(assumptions, _unknown(cases[0].verdict.place, _BUDGET)) for assumptions in untold]
        absent = [assumptions for assumptions, items in told if key not in map(_key_of, items)]
        yield join(rule, resource, [*cases, *past], absent)
    if not by_item:
        yield from _without_items(asked, [assumptions for assumptions, _ in told], untold)


def _without_items(asked: _Asked, told: Sequence[Assumptions], untold: Sequence[Assumptions]) -> Iterator[Finding]:
    """Yield what is to be said of a resource that has no items in any scenario; nothing if it never exists."""
    place = _nowhere(asked, {})
    cases = [Case(assumptions, _unknown(place, _BUDGET)) for assumptions in untold]
    if any(asked.world(Scenario(assumptions)).exists(asked.resource) is not False for assumptions in told):
        cases.append(Case({}, Verdict(Outcome.NOT_APPLICABLE, "there is nothing to ask about", place)))
    if cases:
        yield join(asked.rule, asked.resource, cases, ())


_Key: TypeAlias = tuple[str, Path]
"""Which item, the same in every scenario: the resource that it stands in, and where in the source."""


def _key(place: Cell) -> _Key:
    return (place.resource.id, place.at)


def _key_of(item: Cell | Verdict) -> _Key:
    return _key(item.place if isinstance(item, Verdict) else item)


class _Asked(msgspec.Struct, frozen=True, eq=False):
    """One question of the engine: this rule, about this resource."""

    rule: Rule
    graph: Graph
    resource: Resource
    today: str

    def world(self, scenario: Scenario, *, is_closed: bool = False) -> World:
        return World(self.graph, scenario, defaults=self.rule.defaults, is_closed=is_closed)

    def variables(self, resource: Cell, item: Cell | None) -> dict[str, object]:
        variables: dict[str, object] = {"resource": resource, TODAY: self.today, SETTINGS: self.rule.thresholds}
        return variables if item is None else {**variables, "item": item}


def _cases(asked: _Asked, assumptions: Assumptions, items: Sequence[Cell | Verdict], budget: int) -> Iterator[Case]:
    """Yield a case for each scenario of each item of one list, within those that the list was found in."""
    for number, item in enumerate(items):
        if isinstance(item, Verdict):
            yield Case(assumptions, item)
        else:
            yield from _item_cases(asked, assumptions, number, item, budget)


def _nowhere(asked: _Asked, assumptions: Assumptions) -> Cell:
    """Return the resource as a place without looking at it: that may take a further scenario."""
    return Cell(asked.world(Scenario(assumptions)), asked.resource, (), (), ABSENT)


def _item_cases(asked: _Asked, start: Assumptions, number: int, item: Cell, budget: int) -> Iterator[Case]:
    def ask(scenario: Scenario) -> Verdict:
        here = item if scenario.assumptions == start else _items(asked, asked.world(scenario))[number]
        return here if isinstance(here, Verdict) else _ask(asked, scenario, here, number)

    for assumptions, verdict in explore(ask, start, budget):
        found = _unknown(item, _BUDGET) if verdict is None else verdict
        if found.outcome is Outcome.FAIL and asked.rule.waste:
            found = msgspec.structs.replace(found, waste=_waste(asked, assumptions, number, found))
        yield Case(assumptions, found)


def _waste(asked: _Asked, start: Assumptions, number: int, verdict: Verdict) -> Waste | None:
    """Return what a fail wastes. What only the cost hangs on makes a range, and never a scenario of the verdict."""

    def cost(scenario: Scenario) -> Value:
        item = _items(asked, asked.world(scenario))[number]
        return Unknown(item.message) if isinstance(item, Verdict) else item.select("monthly_cost").plain()

    costs = [found for _, found in explore(cost, start, MOST_COSTS)]
    return waste_of(asked.rule, costs, verdict.decided_by)


def _items(asked: _Asked, world: World) -> list[Cell | Verdict]:
    """Return the cells that the rule is about, or the verdict where that is decided already."""
    exists = world.exists(asked.resource)
    if exists is False:
        return []
    resource = world.cell(asked.resource)
    if isinstance(exists, Unknown):
        return [_unknown(resource, exists.reason)]
    program = asked.rule.programs.for_each
    if program is None:
        return [resource]
    found, trace = _traced(program.evaluate, asked.variables(resource, None))
    return [_to_judge(resource, item, trace) for item in _listed(found)]


def _to_judge(resource: Cell, item: Cell | Unknown, trace: Sequence[Cell]) -> Cell | Verdict:
    """Return the item; of one that cannot be seen, what is to be said of it."""
    if isinstance(item, Unknown):
        return _unknown(resource, _reason(item, trace), trace)
    return _unknown(resource, item.value.reason, [item]) if isinstance(item.value, Unknown) else item


def _listed(found: object) -> Sequence[Cell | Unknown]:
    """Return the items of what ``for_each`` gave: none if it is absent, an Unknown for what cannot be seen."""
    value = found.value if isinstance(found, Cell) else found
    if value is ABSENT:
        return []
    if isinstance(value, Unknown | Unresolved | EvaluationError):
        return [Unknown(value.reason)]
    if isinstance(found, Cell):
        return found.items()
    if isinstance(found, Partial):
        return [*_listed(list(found.items)), Unknown(found.reason)]
    if not isinstance(found, list):
        return [Unknown("for_each is not a list")]
    return [item if isinstance(item, Cell) else Unknown(_why(item) or "an item has no place") for item in found]


def _ask(asked: _Asked, scenario: Scenario, item: Cell, number: int) -> Verdict:
    """Return the verdict on `item`. A rule that may take the template to be all there is is asked a second time."""
    verdict = _verdict(asked, asked.world(scenario), item)
    if verdict.outcome is not Outcome.UNKNOWN or not asked.rule.absent_partner_fails:
        return verdict
    closed = asked.world(scenario, is_closed=True)
    again = _items(asked, closed)[number]
    if isinstance(again, Verdict):
        return verdict
    second = _verdict(asked, closed, again)
    if second.outcome is Outcome.PASS:
        return verdict  # a pass by absence is none
    if second.outcome is Outcome.UNKNOWN:
        return second  # it names what is open in the template itself
    these = "these templates" if asked.graph.snapshot.makers else "this template"
    return msgspec.structs.replace(second, assumes=(*second.assumes, f"nothing outside {these} adds one"))


def _verdict(asked: _Asked, world: World, item: Cell) -> Verdict:
    programs = asked.rule.programs
    resource = world.cell(asked.resource)
    variables = asked.variables(resource, item if programs.for_each else None)
    first: Sequence[Cell] = ()
    if programs.where is not None:
        found, first = _traced(programs.where.truth, variables)
        applies = _truth(found)
        if applies is False:
            assumed = _assumed(first)
            return Verdict(Outcome.NOT_APPLICABLE, "the rule does not ask about this", item, tuple(first), assumed)
        if isinstance(applies, Unknown):
            return _unknown(item, _reason(applies, first), first)
    answers = [_traced(program.truth, variables) for program in programs.require]
    truth = every(_truth(found) for found, _ in answers)
    decided = [cell for found, trace in answers if _agrees(_truth(found), truth) for cell in trace]
    if isinstance(truth, Unknown):
        return _unknown(item, _reason(truth, decided), decided or first)
    outcome = Outcome.PASS if truth else Outcome.FAIL
    message = asked.rule.info.title if truth else _fill(programs.message, variables)
    return Verdict(outcome, message, item, tuple(decided), _assumed((*first, *decided)))


def _assumed(cells: Iterable[Cell]) -> tuple[str, ...]:
    """Return what was assumed to get at the values of `cells`."""
    return tuple(dict.fromkeys(assumed for cell in cells for assumed in cell.assumes))


def _traced(
    evaluate: Callable[[Mapping[str, object], list[Traced]], object], variables: Mapping[str, object]
) -> tuple[object, list[Cell]]:
    """Return what an expression comes to, and the cells that decided it."""
    trace: list[Traced] = []
    found = evaluate(variables, trace)
    return found, [cell for cell in trace if isinstance(cell, Cell)]


def _truth(found: object) -> Truth:
    """Take an error that the input caused for what it is: not known."""
    if isinstance(found, EvaluationError):
        return Unknown(found.reason)
    return found if isinstance(found, bool | Unknown) else Unknown("neither true nor false")


def _agrees(found: Truth, truth: Truth) -> bool:
    return isinstance(found, Unknown) if isinstance(truth, Unknown) else found == truth


def _unknown(place: Cell, why: str, trace: Sequence[Cell] = ()) -> Verdict:
    return Verdict(Outcome.UNKNOWN, f"Cannot tell: {why}.", place, tuple(trace))


def _reason(truth: Unknown, trace: Sequence[Cell]) -> str:
    """Say which path is not known, and why."""
    unsure = [c for c in trace if is_open(c.value) or c.value is ABSENT]
    blamed = (c for c in unsure if _why(c.value) == truth.reason)
    cell = next(blamed, None) or next(iter([*sorted(unsure, key=lambda c: c.value is ABSENT), *trace]), None)
    if cell is None or not cell.path or truth.reason.startswith(path_text(cell.path)):
        return truth.reason
    return f"{path_text(cell.path)}: {_why(cell.value) or truth.reason}"


def _why(value: Value) -> str:
    if value is ABSENT:
        return "it is not set where it must be"
    return value.reason if isinstance(value, Unknown | Unresolved | Partial) else ""


def _fill(pieces: Sequence[str | Program], variables: Mapping[str, object]) -> str:
    return "".join(piece if isinstance(piece, str) else _in_words(piece.evaluate(dict(variables))) for piece in pieces)


def _in_words(found: object) -> str:
    value = without_secret(found, found.plain()) if isinstance(found, Cell) else found
    if isinstance(value, str):
        return value
    if isinstance(value, Unresolved) and value.parts:
        return "".join(part if isinstance(part, str) else f"${{{part.name}}}" for part in value.parts)
    if value is ABSENT or isinstance(value, EvaluationError):
        return "(not set)"
    return show(value)
