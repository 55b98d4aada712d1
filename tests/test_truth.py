"""Kleene's logic, and what partly known texts and numbers answer."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wa_lint.model import ABSENT, Bounds, Hole, Partial, Unknown, Unresolved, Value
from wa_lint.truth import Truth, at_least, contains, ends_with, equals, every, greater, negate, some, starts_with

WHY = Unknown("why")
REGION = Hole("AWS::Region", shape=r"[a-z]{2}(?:-[a-z]+)+-\d")
ACCOUNT = Hole("AWS::AccountId", shape=r"\d{12}")


def text(*parts: str | Hole) -> Unresolved:
    return Unresolved("!Sub", parts)


@pytest.mark.parametrize(
    ("left", "right", "both", "either"),
    [
        (True, True, True, True),
        (True, False, False, True),
        (False, False, False, False),
        (True, WHY, WHY, True),
        (False, WHY, False, WHY),
        (WHY, WHY, WHY, WHY),
    ],
)
def test_and_and_or_are_kleenes(left: Truth, right: Truth, both: Truth, either: Truth) -> None:
    assert every([left, right]) == every([right, left]) == both
    assert some([left, right]) == some([right, left]) == either


def test_nothing_is_every_and_not_some() -> None:
    assert every([]) is True
    assert some([]) is False


@given(st.lists(st.sampled_from([True, False, WHY])))
def test_to_learn_more_never_flips_what_was_known(truths: list[Truth]) -> None:
    for known in product([True, False], repeat=sum(isinstance(t, Unknown) for t in truths)):
        rest = iter(known)
        learnt = [next(rest) if isinstance(t, Unknown) else t for t in truths]
        assert every(truths) in {WHY, every(learnt)}
        assert some(truths) in {WHY, some(learnt)}


def test_not_unknown_is_unknown() -> None:
    assert negate(WHY) == WHY


@pytest.mark.parametrize(
    ("left", "right", "expected"),
    [
        (1, 1.0, True),
        (1, True, False),
        (0, False, False),
        ("1", 1, False),
        ([1, "a"], [1, "a"], True),
        ([1, True], [1, 1], False),
        ({"a": 1}, {"a": 1, "b": 2}, False),
        (WHY, 1, WHY),
        ([WHY, 2], [1, 3], False),
        (text("a-", REGION), text("a-", REGION), True),
        (text("a-", REGION), text("b-", REGION), False),
        (text(Hole("A"), "-x"), text(Hole("B"), "-y"), False),
        (text("arn:aws:iam::", ACCOUNT, ":role/x"), "arn:aws:iam::123456789012:role/y", False),
        (text("arn:aws:iam::", ACCOUNT, ":role/x"), "arn:aws:iam::12:role/x", False),
        (text(Hole("Bucket", target="Bucket")), "", False),
        (text("x", Hole("P")), "", False),
        (Unresolved("!Ref P", (Hole("P"),), differs_from=("prod",)), "prod", False),
        (Unresolved("!Ref P", (Hole("P"),), bounds=Bounds(min_length=1)), "", False),
        (Unresolved("!Ref P", (Hole("P"),), bounds=Bounds(pattern="[a-z]+")), "A", False),
        (Unresolved("!Ref P", (Hole("P"),), bounds=Bounds(minimum=3)), 1, False),
        (text(Hole("P")), None, False),
        (text("prod-", Hole("P"), "-prod"), "prod-prod", False),
        (text("ab", Hole("P"), "ba"), "aba", False),
        (text("x-", Hole("P"), "-y"), "y-prod-y", False),
        (text("x-", Hole("P"), "-y"), "x-prod-x", False),
    ],
)
def test_equality(left: Value, right: Value, expected: Truth) -> None:
    assert equals(left, right) == equals(right, left) == expected


def test_what_is_not_seen_in_full_may_be_equal() -> None:
    assert isinstance(equals(Partial((1,), "refused"), [1, 2]), Unknown)
    assert equals({"a": 1, "b": WHY}, {"a": 1}) == WHY


@pytest.mark.parametrize("right", ["x", text(Hole("B")), 1, [1]])
def test_what_may_be_equal_is_unknown(right: Value) -> None:
    assert isinstance(equals(text(Hole("P")), right), Unknown)


@pytest.mark.parametrize(
    ("number", "expected"), [(2, False), (3, None), (5.5, None), (8, None), (8.5, False), (9, False)]
)
def test_a_bound_is_a_value_that_a_number_may_have(number: float, expected: bool | None) -> None:
    count = Unresolved("!Ref Count", (Hole("Count"),), bounds=Bounds(minimum=3, maximum=8))
    for found in (equals(count, number), equals(number, count)):
        assert isinstance(found, Unknown) if expected is None else found is expected


@pytest.mark.parametrize(
    ("known", "expected"), [("ab", False), ("abc", None), ("abcd", None), ("abcde", None), ("abcdef", False)]
)
def test_a_bound_is_a_length_that_a_text_may_have(known: str, expected: bool | None) -> None:
    name = Unresolved("!Ref Name", (Hole("Name"),), bounds=Bounds(min_length=3, max_length=5))
    for found in (equals(name, known), equals(known, name)):
        assert isinstance(found, Unknown) if expected is None else found is expected


@pytest.mark.parametrize(
    ("bound", "least", "more"),
    [(2, True, True), (3, True, None), (4, None, None), (7, None, None), (8, None, False), (9, False, False)],
)
def test_comparisons_with_a_bound_itself(bound: float, least: bool | None, more: bool | None) -> None:
    count = Unresolved("!Ref Count", (Hole("Count"),), bounds=Bounds(minimum=3, maximum=8))
    for found, expected in ((at_least(count, bound), least), (greater(count, bound), more)):
        assert isinstance(found, Unknown) if expected is None else found is expected


def test_an_absent_value_is_not_equal_to_one_that_is_set() -> None:
    assert equals(text(Hole("P")), ABSENT) is False


def test_the_literals_of_a_text_decide_its_ends() -> None:
    arn = text("arn:", Hole("AWS::Partition"), ":iam::aws:policy/AmazonS3FullAccess")
    assert starts_with(arn, "arn:") is True
    assert starts_with(arn, "s3:") is False
    assert isinstance(starts_with(arn, "arn:aws:"), Unknown)
    assert ends_with(arn, "FullAccess") is True
    assert ends_with(arn, "ReadOnly") is False
    assert contains(arn, "policy/") is True
    assert isinstance(contains(arn, "aws-cn"), Unknown)


def test_bounds_decide_comparisons() -> None:
    count = Unresolved("!Ref Count", (Hole("Count"),), bounds=Bounds(minimum=3, maximum=8))
    assert at_least(count, 2) is True
    assert at_least(count, 9) is False
    assert greater(count, 8) is False
    assert isinstance(greater(count, 3), Unknown)
