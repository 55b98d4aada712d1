"""The budgets that watch what a resource costs: those of the input. It asks no price."""

from __future__ import annotations

from typing import Final

from wa_lint.cel.types import DYN, ListType
from wa_lint.facts.fact import Fact, gathered, why_more
from wa_lint.graph import Cell
from wa_lint.model import Partial

_BUDGET: Final = "AWS::Budgets::Budget"
_BILLED: Final = tuple(f"AWS::SageMaker::{word}" for word in ("Cluster", "Domain", "Endpoint", "NotebookInstance"))
"""What is billed for as long as it exists."""


def budgets(billed: Cell) -> list[Cell] | Partial:
    """Return all budgets of the account, or of the template."""
    found = [b for b in billed.world.of_type(_BUDGET) if b.resource.account == billed.resource.account]
    return gathered(found, why_more(billed.world, billed, (_BUDGET,)))


FACTS: Final[tuple[Fact, ...]] = tuple(
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
)
