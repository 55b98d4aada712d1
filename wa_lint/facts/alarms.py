"""What an alarm watches, and whether it makes anything happen. It reads no metric."""

from __future__ import annotations

from typing import Final

from wa_lint.cel.types import BOOL
from wa_lint.facts.fact import Fact
from wa_lint.graph import Cell
from wa_lint.model import ABSENT, Unknown
from wa_lint.truth import Truth, equals, every, negate, some

_ALARM: Final = "AWS::CloudWatch::Alarm"
_COMPOSITE: Final = "AWS::CloudWatch::CompositeAlarm"
_ENDPOINT: Final = "AWS::SageMaker::Endpoint"
_COMPONENT: Final = "AWS::SageMaker::InferenceComponent"
_ROLLBACK: Final = "DeploymentConfig.AutoRollbackConfiguration.Alarms[]"

_WATCHED: Final = ("endpoints", "metric_endpoints", "components", "metric_components")
"""The links of an alarm to what its dimensions name."""


def acts(alarm: Cell) -> Cell:
    """Whether the alarm starts anything: an action of its own, one of a composite alarm of it, or a rollback."""
    actions = alarm.select("AlarmActions")
    return actions.with_value(some((_acts_itself(alarm), *_is_used(alarm))))


def _acts_itself(alarm: Cell) -> Truth:
    enabled = alarm.select("ActionsEnabled").value
    is_on = True if enabled is ABSENT else equals(enabled, True)
    return every((is_on, some(_is_there(action) for action in alarm.select("AlarmActions").items())))


def _is_used(alarm: Cell) -> list[Truth]:
    composites = [
        composite.value if isinstance(composite.value, Unknown) else _acts_itself(composite)
        for composite in alarm.select("composite_alarms").items()
    ]
    guarded = [*alarm.select("guarded_endpoints").items(), *alarm.select("guarded_components").items()]
    return [*composites, *map(_is_there, guarded)]


def is_of_others(entry: Cell) -> Cell:
    """Whether a rollback alarm watches SageMaker metrics, and none of what is deployed here.

    An alarm on other metrics, such as those of a load balancer or of the business, may speak of this endpoint.
    """
    alarm, place = entry.select("alarm"), entry.select("AlarmName")
    if isinstance(alarm.value, Unknown):
        return place.with_value(alarm.value)
    watched = [cell for link in _WATCHED for cell in alarm.select(link).items()]
    own = some(_is_own(cell, entry) for cell in watched)
    return place.with_value(every((bool(watched), negate(own))))


def _is_own(watched: Cell, entry: Cell) -> Truth:
    """Whether what an alarm watches is what the entry belongs to, its endpoint, or a component on it."""
    if isinstance(watched.value, Unknown):
        return watched.value
    home = entry.world.cell(entry.resource)
    if watched.resource.id == home.resource.id:
        return True
    places = [_endpoint_of(cell) for cell in (watched, home)]
    hidden = next((place for place in places if isinstance(place, Unknown)), None)
    return hidden or places[0] == places[1]


def _endpoint_of(cell: Cell) -> str | Unknown:
    """Return the id of the endpoint that the cell is, or that a component is on."""
    if cell.resource.type != _COMPONENT:
        return cell.resource.id
    found = cell.select("endpoint")
    if isinstance(found.value, dict):
        return found.resource.id
    return found.value if isinstance(found.value, Unknown) else Unknown(f"{cell.resource.id} names no endpoint")


def _is_there(cell: Cell) -> Truth:
    return cell.value if isinstance(cell.value, Unknown) else True


FACTS: Final[tuple[Fact, ...]] = (
    Fact(
        _ALARM,
        "",
        "acts",
        (_COMPOSITE, _ENDPOINT, _COMPONENT),
        BOOL,
        "Whether it notifies somebody or starts something: by itself, by a composite alarm, or as a rollback alarm.",
        acts,
    ),
    *(
        Fact(
            type_,
            _ROLLBACK,
            "is_of_others",
            (_ALARM, _ENDPOINT, _COMPONENT),
            BOOL,
            "Whether the alarm watches SageMaker metrics of other endpoints only.",
            is_of_others,
        )
        for type_ in (_ENDPOINT, _COMPONENT)
    ),
)
