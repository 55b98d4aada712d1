"""AWS's risk of a question: all 35 questions and all subsets of their practices, held against AWS's published rules.

The rules are carried as text (`lens_risk_rules.json`), and evaluated here by a reading of their grammar that shares
nothing with `wa_lint.review.aws_risk`.
"""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import pytest

from wa_lint import lens
from wa_lint.review.aws_risk import question_risks, risk, shortest_way
from wa_lint.review.practice_status import PracticeStatus, Status

PUBLISHED: Final = json.loads((Path(__file__).parent / "lens_risk_rules.json").read_text("utf-8"))["rules"]
WORDS: Final = {"NO_RISK": "none", "MEDIUM_RISK": "medium", "HIGH_RISK": "high"}

Condition = Callable[[frozenset[str]], bool]

each_question = pytest.mark.parametrize("question", lens.questions(), ids=lambda question: question.id)


def parsed(text: str) -> Condition:
    """Return what a condition means: ``||`` binds weaker than ``&&``, ``!`` strongest; ``default`` is true."""
    tokens = re.findall(r"&&|\|\||[!()]|\w+", text)

    def either() -> Condition:
        sides = [both()]
        while tokens[:1] == ["||"]:
            tokens.pop(0)
            sides.append(both())
        return lambda chosen: any(side(chosen) for side in sides)

    def both() -> Condition:
        sides = [one()]
        while tokens[:1] == ["&&"]:
            tokens.pop(0)
            sides.append(one())
        return lambda chosen: all(side(chosen) for side in sides)

    def one() -> Condition:
        token = tokens.pop(0)
        if token == "!":
            inner = one()
            return lambda chosen: not inner(chosen)
        if token == "(":
            within = either()
            assert tokens.pop(0) == ")"
            return within
        return (lambda _: True) if token == "default" else (lambda chosen: token in chosen)

    condition = either()
    assert tokens == []
    return condition


def subsets(of: list[str]) -> Iterator[frozenset[str]]:
    for size in range(len(of) + 1):
        yield from map(frozenset, itertools.combinations(of, size))


def practices_of(question: lens.Question) -> list[str]:
    return [practice.id for practice in lens.practices() if practice.question == question.id]


def test_there_is_a_rule_for_each_question() -> None:
    assert list(PUBLISHED) == [question.id for question in lens.questions()]


@each_question
def test_every_subset_of_the_practices_has_the_risk_that_aws_publishes(question: lens.Question) -> None:
    rules = [(parsed(text), WORDS[said]) for text, said in PUBLISHED[question.id]]
    choices = {practice: lens.practice(practice).choice for practice in practices_of(question)}
    for subset in subsets(list(choices)):
        chosen = frozenset(choices[practice] for practice in subset)
        assert risk(question, subset) == next(said for holds, said in rules if holds(chosen)), sorted(subset)


@each_question
def test_the_way_is_one_of_the_shortest_and_reaches_no_risk(question: lens.Question) -> None:
    """Every subset of the ruled practices as what is met: no smaller set than the way does."""
    ruled = list(question.of)
    for met in subsets(ruled):
        found = {p: PracticeStatus(p, Status.MET if p in met else Status.UNKNOWN) for p in practices_of(question)}
        way = shortest_way(question, found)
        assert risk(question, met | set(way)) == "none"
        smallest = next(added for added in subsets(ruled) if risk(question, met | added) == "none")
        assert len(way) == len(smallest)


def test_what_does_not_apply_is_not_asked_for() -> None:
    question = lens.question("MLSEC04")
    first, second = question.of
    assert risk(question, {first}, {second}) == "none"
    assert risk(question, (), {first, second}) == "not-applicable"
    any_ = lens.question("MLSUS06")
    assert risk(any_, (), any_.of[:1]) == "high"


def test_of_practices_any_of_which_would_do_the_nearest_is_taken() -> None:
    question = lens.question("MLSUS03")
    worst, middle, best = question.of
    states = {worst: Status.AT_RISK, middle: Status.FOR_PEOPLE, best: Status.PARTIAL}
    assert shortest_way(question, {id_: PracticeStatus(id_, status) for id_, status in states.items()}) == [best]


def test_our_risk_stands_beside_that_of_aws() -> None:
    found = {practice.id: PracticeStatus(practice.id, Status.MET) for practice in lens.practices()}
    assert {(one.aws, one.ours, one.way) for one in question_risks(found, {})} == {("none", "none", ())}
    found["MLSEC03-BP04"] = PracticeStatus("MLSEC03-BP04", Status.AT_RISK)  # AWS's rule does not look at it
    by_id = {one.id: one for one in question_risks(found, {"MLSEC03-BP04": "low"})}
    assert (by_id["MLSEC03"].aws, by_id["MLSEC03"].ours) == ("none", "low")
    found["MLSEC03-BP01"] = PracticeStatus("MLSEC03-BP01", Status.FOR_PEOPLE)
    by_id = {one.id: one for one in question_risks(found, {})}
    assert (by_id["MLSEC03"].aws, by_id["MLSEC03"].aws_at_best, by_id["MLSEC03"].way) == (
        "high",
        "none",
        ("MLSEC03-BP01",),
    )
    assert by_id["MLSEC03"].ours == lens.practice("MLSEC03-BP04").aws_risk
