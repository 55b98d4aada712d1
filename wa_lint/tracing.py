"""The second pass: one rule and one resource, traced, so that a finding can say what decided.

It judges all by itself where the first pass (`wa_lint.engine`) leaves something to it, and elsewhere only the scenarios
that are reported.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TypeAlias

import msgspec

from wa_lint import budget
from wa_lint.cel.evaluate import Program
from wa_lint.cel.frame import Steps
from wa_lint.cel.values import EvaluationError
from wa_lint.cel.values import TracedCell as Traced
from wa_lint.findings import Case, Verdict, is_open, show, waste_of, without_secret
from wa_lint.graph import Cell, Graph, World
from wa_lint.model import (
    ABSENT,
    Assumption,
    Outcome,
    Partial,
    Path,
    Resource,
    Unknown,
    Unresolved,
    Value,
    Waste,
    path_text,
)
from wa_lint.rule import Rule
from wa_lint.rule_names import SETTINGS, TODAY
from wa_lint.scenario import Assumptions, Scenario, explore
from wa_lint.truth import Truth, every

MOST_COSTS = 16
"""Per fail; past it no cost is reported."""


Key: TypeAlias = tuple[str, Path]
"""Which item, the same in every scenario: the resource that it is in, and where in the source."""


def key_of(place: Cell) -> Key:
    return (place.resource.id, place.at)


def _key_of_item(item: Cell | Verdict) -> Key:
    return key_of(item.place if isinstance(item, Verdict) else item)


class Inquiry(msgspec.Struct, frozen=True, eq=False):
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
        variables: dict[str, object] = {"resource": resource, TODAY: self.today, SETTINGS: self.rule.thresholds}
        return variables if item is None else {**variables, "item": item}


def cases_by_item(asked: Inquiry) -> Iterator[tuple[Sequence[Case], Sequence[Assumptions]]]:
    """Yield for each item of the resource its verdict in each scenario, and the scenarios in which there is no such."""
    most = most_scenarios()
    lists = list(explore(lambda scenario: _items(asked, asked.world(scenario)), {}, most))
    told = [(assumptions, items) for assumptions, items in lists if items is not None]
    untold = [assumptions for assumptions, items in lists if items is None]
    by_item: dict[Key, list[Case]] = {}
    for assumptions, items in told:
        for case in _cases(asked, assumptions, items, max(1, most // len(lists))):
            by_item.setdefault(key_of(case.verdict.place), []).append(case)
    for key, cases in by_item.items():
        past = [Case(assumptions, _unknown(cases[0].verdict.place, _spent())) for assumptions in untold]
        absent = [assumptions for assumptions, items in told if key not in map(_key_of_item, items)]
        yield [*cases, *past], absent
    if not by_item:
        yield from _without_items(asked, [assumptions for assumptions, _ in told], untold)


def _without_items(
    asked: Inquiry, told: Sequence[Assumptions], untold: Sequence[Assumptions]
) -> Iterator[tuple[Sequence[Case], Sequence[Assumptions]]]:
    """Yield what is to be said of a resource that has no items in any scenario; nothing if it never exists."""
    place = _nowhere(asked, {})
    cases = [Case(assumptions, _unknown(place, _spent())) for assumptions in untold]
    if any(asked.world(Scenario(assumptions)).exists(asked.resource) is not False for assumptions in told):
        cases.append(Case({}, Verdict(Outcome.NOT_APPLICABLE, "there is nothing to check", place)))
    if cases:
        yield cases, ()


def most_scenarios() -> int:
    """Past so many for a rule and resource a fail that was found stays, and everything else is unknown."""
    return budget.current().scenarios


def _spent() -> str:
    return budget.spent("scenarios", budget.current())


def _cases(asked: Inquiry, assumptions: Assumptions, items: Sequence[Cell | Verdict], most: int) -> Iterator[Case]:
    """Yield a case for each scenario of each item of one list, within those that the list was found in."""
    for number, item in enumerate(items):
        if isinstance(item, Verdict):
            yield Case(assumptions, item)
        else:
            yield from _item_cases(asked, assumptions, number, item, most)


def _nowhere(asked: Inquiry, assumptions: Assumptions) -> Cell:
    """Return the resource as a place without looking at it: that may take a further scenario."""
    return Cell(asked.world(Scenario(assumptions)), asked.resource, (), (), ABSENT)


def _item_cases(asked: Inquiry, start: Assumptions, number: int, item: Cell, most: int) -> Iterator[Case]:
    def ask(scenario: Scenario) -> Verdict:
        here = item if scenario.assumptions == start else _items(asked, asked.world(scenario))[number]
        return here if isinstance(here, Verdict) else _ask(asked, scenario, here, number)

    for assumptions, verdict in explore(ask, start, most):
        found = _unknown(item, _spent()) if verdict is None else verdict
        found = _with_real_assumptions(asked, assumptions, number, found)
        yield Case(assumptions, _with_waste(asked, assumptions, number, found))


def traced(asked: Inquiry, assumptions: Assumptions, number: int, item: Cell, *, is_closed: bool) -> Case:
    """Return the verdict on one item in a scenario that the first pass has settled, whatever it says of it there.

    Raise Fork where the words of the message hang on more than that pass looked at.
    """
    world = asked.graph.world(assumptions, asked.rule.defaults, is_closed=is_closed)
    found = _verdict(asked, world, item)
    if is_closed:
        found = _if_complete(asked, found)
    found = _with_real_assumptions(asked, assumptions, number, found)
    return Case(assumptions, _with_waste(asked, assumptions, number, found))


def _with_real_assumptions(asked: Inquiry, start: Assumptions, number: int, verdict: Verdict) -> Verdict:
    """Return a verdict without those of its assumptions that change nothing: a default that only names something."""
    if not verdict.assumes:
        return verdict
    kept = tuple(said for said in verdict.assumes if not _holds_without(asked, start, number, said, verdict.outcome))
    return msgspec.structs.replace(verdict, assumes=kept)


def _holds_without(asked: Inquiry, start: Assumptions, number: int, said: str, is_: Outcome) -> bool:
    """Whether the outcome is the same whatever the parameter is whose default was assumed; False of what else is."""
    name = said.removeprefix(DEFAULT_OF)
    if name == said or name in start:
        return False

    def outcome(scenario: Scenario) -> Outcome | None:
        items = _items(asked, asked.world(scenario))
        if number >= len(items):
            return None
        here = items[number]
        return here.outcome if isinstance(here, Verdict) else _ask(asked, scenario, here, number).outcome

    found = explore(outcome, {**start, name: Assumption()}, _MOST_WITHOUT)
    return all(one is is_ for _, one in found)


DEFAULT_OF = "the default of "
"""How the assumption of a parameter's default begins."""

_MOST_WITHOUT = 4
"""Scenarios of a parameter without its default; past it the assumption is reported."""


def _with_waste(asked: Inquiry, assumptions: Assumptions, number: int, verdict: Verdict) -> Verdict:
    if verdict.outcome is not Outcome.FAIL or not asked.rule.waste:
        return verdict
    return msgspec.structs.replace(verdict, waste=_waste(asked, assumptions, number, verdict))


def _waste(asked: Inquiry, start: Assumptions, number: int, verdict: Verdict) -> Waste | None:
    """Return what a fail wastes. What only the cost hangs on makes a range, and never a scenario of the verdict."""

    def cost(scenario: Scenario) -> Value:
        item = _items(asked, asked.world(scenario))[number]
        return Unknown(item.message) if isinstance(item, Verdict) else item.select("monthly_cost").plain()

    costs = [found for _, found in explore(cost, start, MOST_COSTS)]
    return waste_of(asked.rule, costs, verdict.decided_by)


def _items(asked: Inquiry, world: World) -> list[Cell | Verdict]:
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


def _ask(asked: Inquiry, scenario: Scenario, item: Cell, number: int) -> Verdict:
    """Return the verdict on `item`. A rule that may take the template as complete is evaluated a second time."""
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
    return _if_complete(asked, second)


def _if_complete(asked: Inquiry, verdict: Verdict) -> Verdict:
    """Return a verdict that rests on the templates at hand being all there is."""
    if verdict.outcome is Outcome.UNKNOWN:
        return verdict
    these = "these templates" if asked.graph.snapshot.makers else "this template"
    return msgspec.structs.replace(verdict, assumes=(*verdict.assumes, f"nothing outside {these} adds one"))


def _verdict(asked: Inquiry, world: World, item: Cell) -> Verdict:
    programs = asked.rule.programs
    resource = world.cell(asked.resource)
    variables = asked.variables(resource, item if programs.for_each else None)
    first: Sequence[Cell] = ()
    if programs.where is not None:
        found, first = _traced(programs.where.truth, variables, asked.steps)
        applies = _truth(found)
        if applies is False:
            assumed = _assumed(first)
            return Verdict(Outcome.NOT_APPLICABLE, "the rule does not apply to it", item, tuple(first), assumed)
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
    return Verdict(Outcome.UNKNOWN, f"Cannot tell: {why}.{_settled_by(why)}", place, tuple(trace))


_SETTLED_BY = tuple(
    (re.compile(pattern), advice)
    for pattern, advice in (
        (
            r"the parameter (\w+) has no default|of the parameter (\w+) is not known|from parameter (\w+), whose",
            "Pass --parameters {}=VALUE to check it.",
        ),
        (
            r"!ImportValue .*(?:comes from another stack|which was not read)",
            "Check it together with the template that exports it.",
        ),
        (
            r"comes from the nested stack (\w+), which was not followed",
            "Check it together with the template of {}.",
        ),
        (r"is not in this template$", "Check it together with the template that creates it."),
        (
            r"macro .*(?:decides|may change) it at deployment",
            "Check the output of `aws cloudformation get-template --template-stage Processed`.",
        ),
        (
            r"known only (?:at|after) deployment|Parameter Store at deployment|resolved at deployment",
            "Check the deployed account with `wa-lint scan`.",
        ),
        (r"known after apply", "Check the account with `wa-lint scan` after the apply."),
        (
            r"known only when the (pipeline|state machine) runs",
            "Check the account with `wa-lint scan` after the {} has run.",
        ),
    )
)
"""What would settle a reason that says it, with the name in it."""


def _settled_by(why: str) -> str:
    """Say what would tell more, where a change of the command does: a value, or another template."""
    for pattern, advice in _SETTLED_BY:
        if found := pattern.search(why):
            name = next((group for group in found.groups() if group), "")
            return " " + advice.format(name)
    return ""


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
        return "it is not set although it is required"
    return value.reason if isinstance(value, Unknown | Unresolved | Partial) else ""


def _fill(pieces: Sequence[str | Program], variables: Mapping[str, object]) -> str:
    return "".join(piece if isinstance(piece, str) else _in_words(piece.evaluate(dict(variables))) for piece in pieces)


def _in_words(found: object) -> str:
    value = without_secret(found, found.plain()) if isinstance(found, Cell) else found
    if isinstance(value, str):
        return value
    if isinstance(value, Unresolved) and value.parts:
        return "".join(part if isinstance(part, str) else f"${{{part.name}}}" for part in value.parts)
    if isinstance(found, Cell) and (value is ABSENT or isinstance(value, Unknown)) and (number := _number_of(found)):
        return number
    if value is ABSENT or isinstance(value, EvaluationError):
        return "(not set)"
    return "(not known)" if isinstance(value, Unknown | Unresolved) else show(value)


def _number_of(named: Cell) -> str:
    """Return ``#2`` for the name of the second item of a list, which has none in the input; else nothing."""
    match named.path:
        case (*_, int(number), str(last)) if last.endswith("Name"):
            return f"#{number + 1}"
    return ""
