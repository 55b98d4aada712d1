"""How much provisioned throughput of Bedrock is used: its invocations in a live account."""

from __future__ import annotations

from typing import Final

from wa_lint.cel.types import DOUBLE, INT
from wa_lint.facts.fact import Fact, Record
from wa_lint.facts.series import DAILY, Series, of_component
from wa_lint.graph import Cell
from wa_lint.model import Unknown, Value

_TYPE: Final = "AWS::Bedrock::ProvisionedModelThroughput"

MINIMUM_DAYS: Final = 7
"""A week: less says nothing of weekends."""


def usage(throughput: Cell) -> Value:
    """Return the requests of the window; ABSENT in a template."""
    found = of_component(throughput, DAILY)
    if not isinstance(found, Series):
        return found
    if found.days < MINIMUM_DAYS:
        return Unknown(f"{found.days} days of requests are too few to judge: it takes {MINIMUM_DAYS}")
    return {"days": found.days, "total": sum(count for _, count in found.values)}


FACTS: Final[tuple[Fact, ...]] = (
    Fact(
        _TYPE,
        "",
        "usage",
        (),
        Record("usage", {"days": INT, "total": DOUBLE}),
        "Its requests of the last two weeks, at least one. Absent in a template.",
        usage,
        is_optional=True,
        observes=(DAILY,),
    ),
)
