"""Which variants of an account run the same image on the same instance type: those that one endpoint could host."""

from __future__ import annotations

from typing import Final

from wa_lint.cel.types import DYN, ListType
from wa_lint.facts.fact import Fact, gathered, in_account, is_live, unseen
from wa_lint.facts.serving import config_is_served
from wa_lint.graph import Cell
from wa_lint.model import Partial, Unknown, Value

_CONFIG: Final = "AWS::SageMaker::EndpointConfig"


def lookalikes(variant: Cell) -> list[Cell] | Partial | Value:
    """Return the served variants of other configurations in the same account and region."""
    if not is_live(variant):
        return Unknown("only a live account shows which other endpoints there are")
    own = _what_runs(variant)
    if isinstance(own, Unknown):
        return own
    found, hidden = [], None
    for config in _others(variant):
        if config_is_served(config) is False:
            continue
        for other in config.select("ProductionVariants").items():
            runs = _what_runs(other)
            if isinstance(runs, Unknown):
                hidden = hidden or runs.reason
            elif runs == own:
                found.append(other)
    return gathered(found, hidden)


def _others(variant: Cell) -> list[Cell]:
    home = variant.resource
    beside = (config for config in in_account(variant, _CONFIG) if config.resource.region == home.region)
    return [config for config in beside if config.resource.id != home.id]


def _what_runs(variant: Cell) -> tuple[str, ...] | Unknown:
    """Return the instance type and the images of a variant. A serverless one has no type, and so no equal."""
    model = variant.select("model")
    containers = [model.select("PrimaryContainer"), *model.select("Containers").items()]
    texts = [variant.select("InstanceType").value, *(one.select("Image").value for one in containers)]
    hidden = next((why for value in (variant.value, model.value, *texts) if (why := unseen(value))), None)
    if hidden:
        return Unknown(hidden)
    known = tuple(value for value in texts if isinstance(value, str))
    return known if len(known) > 1 else (variant.resource.id, str(variant.path))


FACTS: Final[tuple[Fact, ...]] = (
    Fact(
        _CONFIG,
        "ProductionVariants[]",
        "lookalikes",
        ("AWS::SageMaker::Model", "AWS::SageMaker::Endpoint", _CONFIG),
        ListType(DYN),
        "Served variants of other configurations with the same image and instance type.",
        lookalikes,
        items_at=(_CONFIG, "ProductionVariants[]"),
    ),
)
