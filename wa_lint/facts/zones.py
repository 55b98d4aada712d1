"""Whether the subnets of a model lie in one Availability Zone. It asks no account."""

from __future__ import annotations

from typing import Final

from wa_lint.cel.types import BOOL
from wa_lint.facts.fact import Fact
from wa_lint.graph import Cell
from wa_lint.model import ABSENT, Unknown, Unresolved
from wa_lint.truth import Truth

_SUBNET: Final = "AWS::EC2::Subnet"
_MODEL: Final = "AWS::SageMaker::Model"
_ZONE: Final = ("AvailabilityZone", "AvailabilityZoneId")


def is_in_one_zone(home: Cell) -> Cell:
    """Return the answer at VpcConfig.Subnets; one subnet lies in one zone, whichever that is."""
    subnets = home.select("VpcConfig").select("Subnets")
    return subnets.with_value(_answer(home, subnets))


def _answer(home: Cell, subnets: Cell) -> Truth:
    named = subnets.items()
    if not isinstance(subnets.value, list | tuple):
        reason = subnets.value.reason if isinstance(subnets.value, Unknown | Unresolved) else "no list of subnets"
        return Unknown(reason)
    if len(named) == 1:
        return Unknown(named[0].value.reason) if isinstance(named[0].value, Unknown) else True
    zones: set[str] = set()
    hidden: Unknown | None = None
    for subnet in home.select("subnets").items():
        zone = subnet.value if isinstance(subnet.value, Unknown) else _zone_of(subnet)
        if isinstance(zone, Unknown):
            hidden = hidden or zone
        else:
            zones.add(zone)
    if len(zones) > 1:
        return False
    return hidden or True


def _zone_of(subnet: Cell) -> str | Unknown:
    """Return what the zone is called, with a token for a hole: ``eu-west-1a``, or a region's token and ``a``."""
    cells = [cell for name in _ZONE if (cell := subnet.select(name)).value is not ABSENT]
    if not cells:
        return Unknown(f"AWS chooses the Availability Zone of {subnet.resource.id}")
    text = subnet.world.graph.text_of(cells[0].value)
    if text is None:
        value = cells[0].value
        return Unknown(value.reason if isinstance(value, Unknown | Unresolved) else "no text")
    return text.said


FACTS: Final[tuple[Fact, ...]] = (
    Fact(
        _MODEL,
        "",
        "is_in_one_zone",
        (_SUBNET,),
        BOOL,
        "Whether its subnets are in one Availability Zone.",
        is_in_one_zone,
    ),
)
