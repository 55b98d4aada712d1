"""The budgets that watch what a resource costs: those of its account, or of its template."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from wa_lint.cel.types import DOUBLE, DYN, ListType
from wa_lint.facts.fact import Fact, gathered, in_account, is_live, unseen, value_of, why_more
from wa_lint.graph import Cell
from wa_lint.model import ABSENT, Partial, Unknown, Value

_BUDGET: Final = "AWS::Budgets::Budget"
_ENDPOINT: Final = "AWS::SageMaker::Endpoint"

_SERVICE: Final = "Amazon SageMaker"
"""What AWS Budgets calls the service in a filter (AWS Budgets, Service)."""


def budgets(billed: Cell) -> list[Cell] | Partial:
    """Return all budgets of the account, or of the template."""
    return gathered(in_account(billed, _BUDGET), why_more(billed.world, billed, (_BUDGET,)))


def monthly_budget(endpoint: Cell) -> Value:
    """Return the smallest monthly cost budget in USD that counts the endpoint; ABSENT where the input has none."""
    limits: list[float] = []
    for budget in in_account(endpoint, _BUDGET):
        data = value_of(budget.select("Budget"))
        if hidden := unseen(data):
            return Unknown(hidden)
        limit = _limit(data, endpoint) if isinstance(data, dict) else ABSENT
        if isinstance(limit, Unknown):
            return limit
        if isinstance(limit, float):
            limits.append(limit)
    if limits:
        return min(limits)
    hidden = why_more(endpoint.world, endpoint, (_BUDGET,)) if is_live(endpoint) else None
    return Unknown(hidden) if hidden else ABSENT


def _limit(budget: Mapping[str, Value], endpoint: Cell) -> Value:
    kind = (budget.get("BudgetType"), budget.get("TimeUnit"))
    if hidden := next((why for value in kind if (why := unseen(value))), None):
        return Unknown(hidden)
    if kind != ("COST", "MONTHLY"):
        return ABSENT
    if "FilterExpression" in budget:
        return ABSENT  # what its conditions select is not followed, so it is not held against anything
    counts = _counts(budget.get("CostFilters") or {}, endpoint)
    if counts is not True:
        return counts if isinstance(counts, Unknown) else ABSENT
    limit = budget.get("BudgetLimit")
    amount = limit.get("Amount") if isinstance(limit, dict) and limit.get("Unit") == "USD" else None
    try:
        return float(amount) if isinstance(amount, int | float | str) else Unknown("the limit of a budget is not known")
    except ValueError:
        return Unknown("the limit of a budget is not a number")


def _counts(filters: Value, endpoint: Cell) -> bool | Unknown:
    """Return whether filters select the endpoint: none, its service, or one of its tags."""
    if not isinstance(filters, dict):
        return Unknown(unseen(filters) or "the filters of a budget are not known")
    for name, values in filters.items():
        if name not in {"Service", "TagKeyValue"}:
            return False
        own = [_SERVICE] if name == "Service" else _tags(endpoint)
        found = _meet(own, values)
        if found is not True:
            return found
    return True


def _meet(own: Sequence[Value], values: Value) -> bool | Unknown:
    """Return whether one of our words is among those of a filter."""
    listed = values if isinstance(values, list) else [values]
    if any(word in listed for word in own if isinstance(word, str)):
        return True
    hidden = next((why for value in (*own, *listed) if (why := unseen(value))), None)
    return Unknown(hidden) if hidden else False


def _tags(endpoint: Cell) -> list[Value]:
    """Return the tags as a budget spells them: ``user:team$ml``."""
    found: list[Value] = []
    for tag in endpoint.select("Tags").items():
        key, value = tag.select("Key").value, tag.select("Value").value
        hidden = unseen(tag.value) or unseen(key) or unseen(value)
        found.append(Unknown(hidden) if hidden else f"user:{key}${value}")
    return found


_BILLED: Final = tuple(f"AWS::SageMaker::{word}" for word in ("Cluster", "Domain", "Endpoint", "NotebookInstance"))
"""What is billed for as long as it exists."""

FACTS: Final[tuple[Fact, ...]] = (
    *(
        Fact(
            type_,
            "",
            "budgets",
            (_BUDGET,),
            ListType(DYN),
            "The budgets of its account, or of its template.",
            budgets,
            items_at=(_BUDGET, ""),
        )
        for type_ in _BILLED
    ),
    Fact(
        _ENDPOINT,
        "",
        "monthly_budget",
        (_BUDGET,),
        DOUBLE,
        "The smallest monthly budget in USD that counts it: of the account, the service or a tag. Absent without one.",
        monthly_budget,
        is_optional=True,
    ),
)
