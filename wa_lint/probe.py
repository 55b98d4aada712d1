"""Evaluates one expression about the resources of a snapshot: value, truth and evidence. It judges nothing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from wa_lint.cel.evaluate import compile as compile_expression
from wa_lint.cel.parse import parse
from wa_lint.cel.values import TracedCell as Traced
from wa_lint.cel.values import EvaluationError
from wa_lint.facts import FACTS, FUNCTIONS
from wa_lint.findings import show
from wa_lint.graph import Cell, Graph, World
from wa_lint.model import Location, Resource, Snapshot, Unknown, path_text
from wa_lint.references.follow import graph_of
from wa_lint.rule_names import SETTINGS, TODAY, environment_problem
from wa_lint.scenario import Assumptions, Scenario, describe, explore
from wa_lint.sources.jobs import with_jobs

MOST_SCENARIOS = 64


class Observation(msgspec.Struct, frozen=True):
    """One value that the result rests on."""

    name: str
    """``Config.ProductionVariants[0].InitialInstanceCount``."""
    shown: str
    location: Location


class Result(msgspec.Struct, frozen=True):
    """What an expression comes to about one resource, in the scenarios that `when` describes (None: in all)."""

    resource: Resource
    shown: str
    truth: str
    """``true``, ``false``, ``unknown``, or ``no truth value``."""
    when: str | None
    evidence: tuple[Observation, ...]


def results(expression: str, snapshot: Snapshot, today: str, wanted: Sequence[str] = ()) -> Iterator[Result]:
    """Yield what `expression` comes to about each resource that it can be asked about.

    `wanted`: ids or types of resources; empty for all whose type the expression fits. Raise `CelError` where the
    expression cannot be parsed, or fits no type.
    """
    node = parse(expression)
    snapshot = with_jobs(snapshot)
    graph = graph_of(snapshot, FACTS)
    chosen = [r for r in snapshot.resources if not wanted or r.id in wanted or r.type in wanted]
    problems = {type_: environment_problem(type_, node) for type_ in {r.type for r in chosen}}
    misfits = [problem for problem in problems.values() if problem]
    if misfits and len(misfits) == len(problems):
        raise misfits[0]
    for resource in chosen:
        if problems[resource.type] is None:
            yield from _about(expression, graph, resource, today)


def _about(expression: str, graph: Graph, resource: Resource, today: str) -> Iterator[Result]:
    program = compile_expression(parse(expression), FUNCTIONS)

    def ask(scenario: Scenario) -> tuple[object, tuple[Observation, ...]] | None:
        world = World(graph, scenario)
        if world.exists(resource) is False:
            return None
        trace: list[Traced] = []
        found = program.evaluate({"resource": world.cell(resource), TODAY: today, SETTINGS: {}}, trace)
        cells = [cell for cell in (found, *trace) if isinstance(cell, Cell)]
        value = found.plain() if isinstance(found, Cell) else found
        return value, tuple(dict.fromkeys(_observation(cell) for cell in cells))

    answers = [(assumptions, answer) for assumptions, answer in explore(ask, {}, MOST_SCENARIOS) if answer]
    alike: dict[tuple[str, str], list[tuple[Assumptions, tuple[Observation, ...]]]] = {}
    for assumptions, (value, evidence) in answers:
        alike.setdefault((_shown(value), _truth(value)), []).append((assumptions, evidence))
    for (shown, truth), cases in alike.items():
        here = [assumptions for assumptions, _ in cases]
        others = [assumptions for assumptions, _ in answers if assumptions not in here]
        yield Result(resource, shown, truth, describe(here, others), cases[0][1])


def _observation(cell: Cell) -> Observation:
    return Observation(f"{cell.resource.id}.{path_text(cell.path)}".rstrip("."), show(cell.plain()), cell.location)


def _shown(value: object) -> str:
    return f"error: {value.reason}" if isinstance(value, EvaluationError) else show(value)


def _truth(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return "unknown" if isinstance(value, Unknown | EvaluationError) else "no truth value"
