"""Rules meet resources. No input, no output, no clock: the same in, the same out."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from typing import TypeAlias, TypeVar

import msgspec

from wa_lint import budget
from wa_lint.cel.evaluate import Program
from wa_lint.cel.frame import Steps
from wa_lint.cel.quick import Bail, places, seen
from wa_lint.cel.values import Cell as Traced
from wa_lint.cel.values import EvaluationError
from wa_lint.facts import FACTS
from wa_lint.findings import Case, Verdict, gravest, is_open, join, show, sort_key, waste_of
from wa_lint.graph import Cell, Graph, World
from wa_lint.linking import graph_of
from wa_lint.model import (
    ABSENT,
    NO_COUNTS,
    OPEN,
    Counts,
    Finding,
    Outcome,
    Partial,
    Path,
    Report,
    Resource,
    Snapshot,
    Unknown,
    Unresolved,
    Value,
    Waste,
    path_text,
)
from wa_lint.rule import QuickPrograms, Rule
from wa_lint.scenario import Assumptions, Fork, Scenario, explore
from wa_lint.sources.jobs import with_jobs
from wa_lint.truth import Truth, every

T = TypeVar("T")

MOST_COSTS = 16
"""Per fail; past it no cost is told."""

_MOST_KEPT = 1_000
"""Resources after which what was looked up is let go of: it would hold a large snapshot in memory twice."""


def lint(
    snapshot: Snapshot,
    rules: Sequence[Rule],
    today: str = "",
    *,
    judged: Container[tuple[str, str]] | None = None,
    lists_all: bool = True,
) -> Report:
    """Ask every rule about every resource of `snapshot`. `today` is an ISO date, for the rules that ask.

    `judged`: only the resources of these (type, id) are asked about; the others are there to be looked at.
    `lists_all`: also what passes or does not apply has a finding, with evidence; else it is only counted.
    """
    snapshot = with_jobs(snapshot)
    graph = graph_of(snapshot, FACTS)
    findings: list[Finding] = []
    counts: dict[str, Counts] = {}
    where: set[tuple[str | None, str | None]] = set()
    for number, (resource, asking) in enumerate(_subjects(rules, graph, judged)):
        if number % _MOST_KEPT == _MOST_KEPT - 1:
            graph.forget()
        where.add((resource.account, resource.region))
        for rule in asking:
            asked = _Asked(rule, graph, resource, today)
            counted = None if lists_all else quick_counts(asked)
            if counted is None:
                found, counted = _listed_and_counted(asked, lists_all=lists_all)
                findings.extend(found)
            if counted is not NO_COUNTS:
                counts[rule.info.id] = counts.get(rule.info.id, NO_COUNTS).plus(counted)
    told = {finding.rule.id for finding in findings} | counts.keys()
    return Report(
        rules=tuple(rule.info for rule in rules),
        findings=tuple(sorted(findings, key=sort_key)),
        gaps=snapshot.gaps,
        problems=snapshot.problems,
        notes=snapshot.notes,
        judged_at=today if any(rule.programs.asks_the_date for rule in rules if rule.info.id in told) else None,
        counted=counts,
        places=frozenset(where),
    )


def _subjects(
    rules: Sequence[Rule], graph: Graph, judged: Container[tuple[str, str]] | None
) -> Iterator[tuple[Resource, Sequence[Rule]]]:
    """Yield each resource that rules ask about, with those. A rule for a type that is not there costs nothing."""
    asking: dict[str, list[Rule]] = {}
    for rule in rules:
        for type_ in rule.info.applies_to:
            asking.setdefault(type_, []).append(rule)
    for type_, of_type in asking.items():
        for resource in graph.of_type(type_):
            if judged is None or (type_, resource.id) in judged:
                yield resource, of_type


# --- the first pass: outcomes -----------------------------------------------------------------------


def quick_counts(asked: _Asked) -> Counts | None:
    """Return how many items pass, and how many the rule does not ask about; None where the second pass must tell.

    It goes through the same scenarios in the same order as that pass, and gives up at the first sign of a fail, of
    something unknown, or of a budget that is spent.
    """
    quick = asked.rule.programs.quick
    if quick is None:
        return None
    frame: list[object] = [asked.steps.left, None, None, asked.today]
    try:
        return _quick_counts(asked, quick, frame)
    except Bail:
        return None


def _quick_counts(asked: _Asked, quick: QuickPrograms, frame: list[object]) -> Counts:
    lists = _scenarios(lambda assumptions: _quick_items(asked, assumptions, quick, frame), {}, _most_scenarios())
    passes: dict[_Key, bool] = {}
    for start, items in lists:
        for number, (place, item) in enumerate(items or ()):

            def passed(
                assumptions: Assumptions,
                start: Assumptions = start,
                number: int = number,
                here: tuple[Cell, object] = (place, item),
            ) -> bool:
                if assumptions != start:
                    here = (_quick_items(asked, assumptions, quick, frame) or [])[number]
                return _quick_verdict(asked, assumptions, here, quick, frame)

            of_item = _scenarios(passed, start, max(1, _most_scenarios() // len(lists)))
            key = _key(place)
            passes[key] = passes.get(key, False) or any(answer for _, answer in of_item)
    if passes:
        good = sum(passes.values())
        return Counts(good, len(passes) - good)
    return Counts(0, 1) if any(items is not None for _, items in lists) else NO_COUNTS


def _quick_items(
    asked: _Asked, assumptions: Assumptions, quick: QuickPrograms, frame: list[object]
) -> list[tuple[Cell, object]] | None:
    """Return what the rule is about, each with its place; None where the resource does not exist."""
    world = asked.graph.world(assumptions, asked.rule.defaults)
    exists = world.exists(asked.resource)
    if exists is not True:
        if exists is False:
            return None
        raise Bail
    view = _view(world, asked.resource)
    if quick.for_each is None:
        return [(world.cell(asked.resource), None)]
    frame[1] = view
    return places(quick.for_each.evaluate(frame))  # type: ignore[return-value] # cells of this graph


def _view(world: World, resource: Resource) -> object:
    view = world.views.get(resource)
    if view is None:
        view = world.views[resource] = seen(world.cell(resource))
    return view


def _quick_verdict(
    asked: _Asked, assumptions: Assumptions, here: tuple[Cell, object], quick: QuickPrograms, frame: list[object]
) -> bool:
    """Return True for a pass, False where the rule does not ask. Raise `Bail` for everything else."""
    frame[1] = _view(asked.graph.world(assumptions, asked.rule.defaults), asked.resource)
    frame[2] = here[1]
    if quick.where is not None:
        applies = quick.where.evaluate(frame)
        if applies is False:
            return False
        if applies is not True:
            raise Bail
    for requirement in quick.require:
        if requirement.evaluate(frame) is not True:
            raise Bail
    return True


def _scenarios(evaluate: Callable[[Assumptions], T], start: Assumptions, limit: int) -> list[tuple[Assumptions, T]]:
    """As `explore`, but past the limit it raises `Bail`."""
    waiting, done = [start], []
    while waiting:
        assumptions = waiting.pop()
        limit -= 1
        if limit < 0:
            raise Bail
        try:
            done.append((assumptions, evaluate(assumptions)))
        except Fork as fork:
            waiting.extend({**assumptions, **branch} for branch in reversed(fork.branches))
    return done


# --- the second pass: one rule, one resource, with evidence -----------------------------------------


def _listed_and_counted(asked: _Asked, *, lists_all: bool) -> tuple[list[Finding], Counts]:
    """Return the findings that are to be listed, and how many outcomes are only counted."""
    listed: list[Finding] = []
    counted = NO_COUNTS
    for cases, absent in _judge(asked):
        outcome = gravest(cases)
        if lists_all or outcome in OPEN:
            listed.append(join(asked.rule, asked.resource, cases, absent))
        else:
            counted = counted.plus(Counts(outcome is Outcome.PASS, outcome is not Outcome.PASS))
    return listed, counted


def _judge(asked: _Asked) -> Iterator[tuple[Sequence[Case], Sequence[Assumptions]]]:
    """Yield for each item of the resource its verdict in each scenario, and the scenarios in which there is no such."""
    most = _most_scenarios()
    lists = list(explore(lambda scenario: _items(asked, asked.world(scenario)), {}, most))
    told = [(assumptions, items) for assumptions, items in lists if items is not None]
    untold = [assumptions for assumptions, items in lists if items is None]
    by_item: dict[_Key, list[Case]] = {}
    for assumptions, items in told:
        for case in _cases(asked, assumptions, items, max(1, most // len(lists))):
            by_item.setdefault(_key(case.verdict.place), []).append(case)
    for key, cases in by_item.items():
        past = [Case(assumptions, _unknown(cases[0].verdict.place, _spent())) for assumptions in untold]
        absent = [assumptions for assumptions, items in told if key not in map(_key_of, items)]
        yield [*cases, *past], absent
    if not by_item:
        yield from _without_items(asked, [assumptions for assumptions, _ in told], untold)


def _without_items(
    asked: _Asked, told: Sequence[Assumptions], untold: Sequence[Assumptions]
) -> Iterator[tuple[Sequence[Case], Sequence[Assumptions]]]:
    """Yield what is to be said of a resource that has no items in any scenario; nothing if it never exists."""
    place = _nowhere(asked, {})
    cases = [Case(assumptions, _unknown(place, _spent())) for assumptions in untold]
    if any(asked.world(Scenario(assumptions)).exists(asked.resource) is not False for assumptions in told):
        cases.append(Case({}, Verdict(Outcome.NOT_APPLICABLE, "there is nothing to ask about", place)))
    if cases:
        yield cases, ()


def _most_scenarios() -> int:
    """Past so many for a rule and resource a fail that was found stays, and everything else is unknown."""
    return budget.current().scenarios


def _spent() -> str:
    return f"it depends on more than {_most_scenarios()} scenarios: the budget is spent"


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
    steps: Steps = msgspec.field(default_factory=Steps)
    """What all its evaluations together may take; the words of a message do not count."""

    def world(self, scenario: Scenario, *, is_closed: bool = False) -> World:
        return self.graph.world(scenario.assumptions, self.rule.defaults, is_closed=is_closed)

    def variables(self, resource: Cell, item: Cell | None) -> dict[str, object]:
        return {"resource": resource, "today": self.today} | ({} if item is None else {"item": item})


def _cases(asked: _Asked, assumptions: Assumptions, items: Sequence[Cell | Verdict], most: int) -> Iterator[Case]:
    """Yield a case for each scenario of each item of one list, within those that the list was found in."""
    for number, item in enumerate(items):
        if isinstance(item, Verdict):
            yield Case(assumptions, item)
        else:
            yield from _item_cases(asked, assumptions, number, item, most)


def _nowhere(asked: _Asked, assumptions: Assumptions) -> Cell:
    """Return the resource as a place without looking at it: that may take a further scenario."""
    return Cell(asked.world(Scenario(assumptions)), asked.resource, (), (), ABSENT)


def _item_cases(asked: _Asked, start: Assumptions, number: int, item: Cell, most: int) -> Iterator[Case]:
    def ask(scenario: Scenario) -> Verdict:
        here = item if scenario.assumptions == start else _items(asked, asked.world(scenario))[number]
        return here if isinstance(here, Verdict) else _ask(asked, scenario, here, number)

    for assumptions, verdict in explore(ask, start, most):
        found = _unknown(item, _spent()) if verdict is None else verdict
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
    found, trace = _traced(program.evaluate, asked.variables(resource, None), asked.steps)
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
        found, first = _traced(programs.where.truth, variables, asked.steps)
        applies = _truth(found)
        if applies is False:
            assumed = _assumed(first)
            return Verdict(Outcome.NOT_APPLICABLE, "the rule does not ask about this", item, tuple(first), assumed)
        if isinstance(applies, Unknown):
            return _unknown(item, _reason(applies, first), first)
    answers = [_traced(program.truth, variables, asked.steps) for program in programs.require]
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
    evaluate: Callable[[Mapping[str, object], list[Traced], Steps], object],
    variables: Mapping[str, object],
    steps: Steps,
) -> tuple[object, list[Cell]]:
    """Return what an expression comes to, and the cells that decided it."""
    trace: list[Traced] = []
    found = evaluate(variables, trace, steps)
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
    value = found.plain() if isinstance(found, Cell) else found
    if isinstance(value, str):
        return value
    if isinstance(value, Unresolved) and value.parts:
        return "".join(part if isinstance(part, str) else f"${{{part.name}}}" for part in value.parts)
    if value is ABSENT or isinstance(value, EvaluationError):
        return "(not set)"
    return show(value)
