"""Prices come from a dated table, and what it lacks is not known."""

from __future__ import annotations

import pytest

from wa_lint import prices


def test_a_price_that_was_read_says_where_and_when() -> None:
    price = prices.hourly("ml.m5.xlarge", "hosting", "us-east-1")
    assert price is not None
    assert (price.usd_per_hour, price.confidence, price.as_of, price.assumes) == (0.23, "high", "2026-09-28", ())
    assert price.usd_per_month == pytest.approx(167.9)


def test_another_component_is_taken_with_less_confidence_and_says_so() -> None:
    price = prices.hourly("ml.g6.8xlarge", "hosting")
    assert price is not None
    assert price.confidence == "medium"
    assert price.assumes == ("an hour of hosting costs what one of training and transform does",)


@pytest.mark.parametrize(
    ("instance_type", "component", "region"),
    [
        ("ml.unheard.of", "hosting", None),
        ("ml.m5.xlarge", "hosting", "eu-west-1"),
        ("ml.r5.2xlarge", "hosting", "us-east-1"),
        ("ml.m5.xlarge", "lottery", "us-east-1"),
    ],
)
def test_what_the_table_lacks_is_not_guessed(instance_type: str, component: str, region: str | None) -> None:
    assert prices.hourly(instance_type, component, region) is None


def test_a_price_assumed_for_a_region_says_so() -> None:
    price = prices.hourly("ml.g5.xlarge", "training", "us-east-1")
    assert price is not None
    assert any("us-east-1 and us-west-2 are the same" in said for said in price.assumes)


def test_every_price_is_positive_and_of_known_words() -> None:
    for instance_type in prices.known_types():
        price = prices.hourly(instance_type, "hosting")
        assert price is not None
        assert price.usd_per_hour > 0
        assert price.confidence in {"high", "medium", "low"}
        assert price.source
