"""Assumptions: how an evaluation forks, what is remembered, and how scenarios are told apart in words."""

from __future__ import annotations

from wa_lint.model import Assumption
from wa_lint.scenario import Assumptions, Memory, Scenario, describe, explore, fork_on


def is_prod(scenario: Scenario) -> bool:
    known = scenario.assumed("Env")
    if known is None or ("prod" not in known.differs_from and not isinstance(known.value, str)):
        raise fork_on("Env", "prod", known=known)
    return known.value == "prod"


def prod(*, yes: bool) -> Assumptions:
    return {"Env": Assumption(value="prod") if yes else Assumption(differs_from=("prod",))}


def test_an_evaluation_forks_only_on_what_it_meets() -> None:
    assert list(explore(is_prod, {}, 64)) == [(prod(yes=True), True), (prod(yes=False), False)]
    assert list(explore(lambda _: 1, {}, 64)) == [({}, 1)]


def test_past_the_budget_a_scenario_has_no_answer() -> None:
    assert [answer for _, answer in explore(is_prod, {}, 2)] == [True, None]


def test_an_answer_is_remembered_for_all_scenarios_that_agree_on_what_it_asked() -> None:
    memory, asked = Memory(), []

    def count(scenario: Scenario) -> bool:
        def compute() -> bool:
            asked.append(1)
            return is_prod(scenario)

        return memory.recall("is it prod", scenario, compute)

    for other in ("a", "b"):
        assert count(Scenario({**prod(yes=True), "Other": Assumption(value=other)})) is True
    assert count(Scenario(prod(yes=False))) is False
    assert len(asked) == 2


def test_what_a_remembered_answer_rests_on_counts_as_asked() -> None:
    memory = Memory()
    scenario = Scenario(prod(yes=True))
    for _ in range(2):
        _, asked = scenario.listen(lambda: memory.recall("q", scenario, lambda: is_prod(scenario)))
        assert asked == {"Env"}


def test_listeners_may_nest() -> None:
    scenario = Scenario()
    _, outer = scenario.listen(lambda: (scenario.listen(lambda: 1), scenario.assumed("P")))
    assert outer == {"P"}


def test_scenarios_are_described_by_what_tells_them_apart() -> None:
    other = {"Size": Assumption(value="1")}
    assert describe([prod(yes=False)], [prod(yes=True)]) == "Env is not prod"
    assert describe([{**prod(yes=True), **other}], [{**prod(yes=False), **other}]) == "Env is prod"
    assert describe([prod(yes=True)], []) is None
    assert describe([{"Key": Assumption(value="")}], [{"Key": Assumption(differs_from=("",))}]) == "Key is empty"
