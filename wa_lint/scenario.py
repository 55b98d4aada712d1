"""What is assumed of a template's parameters, and how to ask what depends on it.

A scenario begins empty. Anyone who meets something that it leaves open and that decides raises `Fork`, with the
assumptions to try instead; the engine tries each. No condition is ever assumed against another, for all of
them come down to comparisons on the same parameters.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TypeVar

from wa_lint import budget
from wa_lint.model import ABSENT, Assumption, Value
from wa_lint.redact import mask_by_name

T = TypeVar("T")

Assumptions = Mapping[str, Assumption]


class Fork(Exception):  # noqa: N818, it is a question, not an error
    """The scenario leaves open what decides. `branches` are what to add to it, one for each answer."""

    def __init__(self, branches: Sequence[Assumptions]) -> None:
        super().__init__(branches)
        self.branches = tuple(branches)


class Scenario:
    """One set of assumptions, which also remembers what was asked of it."""

    def __init__(self, assumptions: Assumptions | None = None) -> None:
        self.assumptions: Assumptions = dict(assumptions or {})
        self.listeners: list[set[str]] = []
        """What was asked so far, for each who hears it. Then nothing may come from a memory that does not replay it."""

    def assumed(self, name: str) -> Assumption | None:
        """Return what is assumed of `name`; None if nothing is."""
        for asked in self.listeners:
            asked.add(name)
        return self.assumptions.get(name)

    def listen(self, compute: Callable[[], T]) -> tuple[T, frozenset[str]]:
        """Return what `compute` returns, and the names that it asked for."""
        asked: set[str] = set()
        self.listeners.append(asked)
        try:
            return compute(), frozenset(asked)
        finally:
            self.listeners.pop()

    def replay(self, asked: frozenset[str]) -> None:
        """Note `asked` as requested: an answer was taken from memory that rests on them."""
        if asked:
            for listener in self.listeners:
                listener.update(asked)


class Memory:
    """Answers by (question, the part of a scenario that they rest on)."""

    def __init__(self) -> None:
        self._answers: dict[object, list[tuple[Assumptions, frozenset[str], object]]] = {}

    def forget(self) -> None:
        self._answers.clear()

    def recall(self, question: object, scenario: Scenario, compute: Callable[[], T]) -> T:
        """Return the answer to `question` in `scenario`, computed once for all scenarios that agree on it."""
        return self.recall_with_names(question, scenario, compute)[0]

    def recall_with_names(
        self, question: object, scenario: Scenario, compute: Callable[[], T]
    ) -> tuple[T, frozenset[str]]:
        """As `recall`, with the names that the answer rests on."""
        answers = self._answers.setdefault(question, [])
        for resting_on, asked, answer in answers:
            if not asked or all(scenario.assumptions.get(name) == resting_on.get(name) for name in asked):
                scenario.replay(asked)
                return answer, asked  # type: ignore[return-value] # the question names its type
        computed, asked = scenario.listen(compute)
        answers.append(({n: scenario.assumptions[n] for n in asked if n in scenario.assumptions}, asked, computed))
        return computed, asked


def fork_on(name: str, value: str, *, known: Assumption | None = None, is_hidden: bool = False) -> Fork:
    """Return the fork that asks whether `name` is `value`, keeping what is `known` not to be."""
    others = known.differs_from if known else ()
    return Fork(
        (
            {name: Assumption(value=value, is_hidden=is_hidden)},
            {name: Assumption(differs_from=(*others, value), is_hidden=is_hidden)},
        )
    )


def explore(
    evaluate: Callable[[Scenario], T], start: Assumptions, limit: int
) -> Iterator[tuple[Assumptions, T | None]]:
    """Yield every scenario that `evaluate` tells apart with what it returned there, depth first.

    Past `limit` evaluations, or those of the whole file, each scenario that is left yields None: the budget is spent.
    """
    waiting: list[Assumptions] = [start]
    spent = 0
    while waiting:
        assumptions = waiting.pop()
        spent += 1
        budget.tick()
        if spent > limit or (spent > 1 and not budget.fork()):
            yield assumptions, None
            continue
        try:
            yield assumptions, evaluate(Scenario(assumptions))
        except Fork as fork:
            waiting.extend({**assumptions, **branch} for branch in reversed(fork.branches))


def describe(chosen: Sequence[Assumptions], others: Sequence[Assumptions]) -> str | None:
    """Say in words what tells the scenarios `chosen` from the `others`; None if there are no others."""
    if not others:
        return None
    said = dict.fromkeys(_words(_shorten(assumptions, others)) for assumptions in chosen)
    return " or ".join(said) or None


def _shorten(assumptions: Assumptions, others: Sequence[Assumptions]) -> Assumptions:
    """Drop each assumption that is not needed to tell the scenario from the others."""
    kept = dict(assumptions)
    for name in sorted(assumptions):
        without = {n: a for n, a in kept.items() if n != name}
        if not any(_compatible(without, other) for other in others):
            kept = without
    return kept


def _compatible(left: Assumptions, right: Assumptions) -> bool:
    return all(_agree(assumption, right[name]) for name, assumption in left.items() if name in right)


def _agree(left: Assumption, right: Assumption) -> bool:
    if left.value is not ABSENT and right.value is not ABSENT:
        return left.value == right.value
    return left.value not in right.differs_from and right.value not in left.differs_from


def _words(assumptions: Assumptions) -> str:
    return " and ".join(_say(name, assumption) for name, assumption in sorted(assumptions.items()) if _says(assumption))


def _says(assumption: Assumption) -> bool:
    return assumption.value is not ABSENT or bool(assumption.differs_from)


def _say(name: str, assumption: Assumption) -> str:
    if assumption.is_hidden:
        return f"{name} is {'one' if assumption.value is not ABSENT else 'another'} value (NoEcho)"
    if assumption.value is not ABSENT:
        return f"{name} is {_show(name, assumption.value)}"
    return f"{name} is not {' or '.join(_show(name, text) for text in assumption.differs_from)}"


def _show(name: str, value: Value) -> str:
    """Return a value in words; a condition may compare a parameter with a secret."""
    if value == "":
        return "empty"
    return str(value).lower() if isinstance(value, bool) else str(mask_by_name(name, str(value)))
