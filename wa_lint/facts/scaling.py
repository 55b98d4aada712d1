"""Whether Application Auto Scaling really moves the capacity of what it is registered for. It reads no metric.

A scalable target alone scales nothing: a policy or a scheduled action does (Application Auto Scaling user guide, "What
is Application Auto Scaling?"). A step scaling policy acts only where a CloudWatch alarm names it as its action.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from wa_lint.cel.types import BOOL, DYN, ListType
from wa_lint.facts.catalogue import is_burstable
from wa_lint.facts.fact import Fact, gathered, seen, unseen, why_unlisted
from wa_lint.graph import Cell, World
from wa_lint.model import ABSENT, Partial, Unknown, Unresolved, Value
from wa_lint.truth import Truth, equals, every, greater, negate, some, starts_with

_TARGET: Final = "AWS::ApplicationAutoScaling::ScalableTarget"
_INSTANCES: Final = "sagemaker:variant:DesiredInstanceCount"
_POLICY: Final = "AWS::ApplicationAutoScaling::ScalingPolicy"
_ALARM: Final = "AWS::CloudWatch::Alarm"
_SCALED: Final = tuple(f"AWS::SageMaker::{word}" for word in ("EndpointConfig", "Endpoint", "InferenceComponent"))
_PLACES: Final = ("variant", "component")
"""The links of a target to what it scales."""


def policies(target: Cell) -> list[Cell] | Partial:
    """Return the scaling policies of the target: those that name it, or the same resource and dimension."""
    holders = [target, *(found for place in _PLACES if isinstance((found := target.select(place)).value, dict))]
    cells, reason = seen(policy for holder in holders for policy in holder.select("scaling_policies").items())
    own: dict[str, Cell] = {}
    for policy in cells:
        fits = _same_dimension(policy, target)
        if isinstance(fits, Unknown):
            reason = reason or fits.reason
        elif fits:
            own.setdefault(policy.resource.id, policy)
    return gathered(own.values(), reason)


def can_scale(variant: Cell) -> Cell:
    """Whether Application Auto Scaling takes the variant: it refuses burstable instances.

    A type that only the deployment decides is taken not to be one, and that is said. Source: SageMaker developer guide,
    "Auto scaling prerequisites".
    """
    type_ = variant.select("InstanceType")
    if type_.value is ABSENT:
        return type_.with_value(False)
    found = is_burstable(type_.value)
    if isinstance(found, Unknown) and isinstance(type_.value, Unresolved):
        return type_.with_value(True).assuming(("the instance type is not burstable",))
    return type_.with_value(negate(found))


def is_told_at_endpoint(target: Cell) -> Truth:
    """Whether the target is of a variant of the input that can scale: the endpoint's finding says what is wrong."""
    if negate(equals(target.select("ScalableDimension").value, _INSTANCES)) is True:
        return False
    world = target.world.closed()
    of_targets, of_any = world.recall("targets of variants", lambda: _targets_of_variants(world))
    hidden = why_unlisted(target, _SCALED[:1])
    unseen_ones = (Unknown(hidden),) if hidden else ()
    return some((*of_targets.get(target.resource.id, ()), *of_any, *unseen_ones))


def _targets_of_variants(world: World) -> tuple[Mapping[str, Sequence[Truth]], Sequence[Truth]]:
    """Return whether the variants of each target can scale, by its id; and what holds for any target: nothing is sure.

    All targets ask the same: the variants are gone through once.
    """
    of_targets: dict[str, list[Truth]] = defaultdict(list)
    of_any: list[Truth] = []
    for variant in _variants(world):
        if not isinstance(variant.value, dict):
            of_any.append(Unknown(unseen(variant.value) or "the variants are not known"))
            continue
        known, reason = seen(variant.select("scalable_targets").items())
        can: Truth = can_scale(variant).value  # type: ignore[assignment] # can_scale holds truths only
        for target in known:
            of_targets[target.resource.id].append(can)
        if reason and can is not False:
            of_any.append(Unknown(reason))
    return of_targets, of_any


def _variants(world: World) -> Iterator[Cell]:
    for config in world.of_type(_SCALED[0]):
        variants = config.select("ProductionVariants")
        yield from variants.items() if isinstance(variants.value, list | Partial) else [variants]


def moves(target: Cell) -> Cell:
    """Whether the capacity changes by itself, at the place that decides: a policy within a range, or a schedule."""
    by_policy = _by_policy(target)
    by_schedule = _by_schedule(target)
    answer = some((by_policy.value, by_schedule))  # type: ignore[arg-type] # _by_policy holds truths only
    return by_policy.with_value(answer)


def _by_policy(target: Cell) -> Cell:
    suspended = target.select("SuspendedState").select("DynamicScalingOutSuspended")
    is_off = False if suspended.value is ABSENT else equals(suspended.value, True)
    if is_off is True:
        return suspended.with_value(False)
    most = target.select("MaxCapacity")
    is_range = _more(most.value, target.select("MinCapacity").value)
    if is_range is False:
        return most.with_value(_is_widened(target))
    acts = some(_acts(policy) for policy in target.select("policies").items())
    place = most if isinstance(is_range, Unknown) else target
    return place.with_value(every((negate(is_off), is_range, acts)))


def _acts(policy: Cell) -> Truth:
    """Whether something starts the policy: target tracking has alarms of its own, step scaling needs one."""
    if isinstance(policy.value, Unknown):
        return policy.value
    is_step = equals(policy.select("PolicyType").value, "StepScaling")
    if is_step is False:
        return True
    started = some(_fires(alarm) for alarm in policy.select("alarms").items())
    return some((negate(is_step), started))


def _by_schedule(target: Cell) -> Truth:
    """Whether an action that recurs sets another least capacity, or a greatest one below the present."""
    suspended = target.select("SuspendedState").select("ScheduledScalingSuspended").value
    if suspended is True:
        return False
    return some(_moves_on_time(action, target) for action in target.select("ScheduledActions").items())


def _moves_on_time(action: Cell, target: Cell) -> Truth:
    if isinstance(action.value, Unknown):
        return action.value
    recurs = negate(starts_with(action.select("Schedule").value, "at("))
    return every((recurs, some(_changes(action, target))))


def _changes(action: Cell, target: Cell) -> Iterator[Truth]:
    wanted = action.select("ScalableTargetAction")
    least, most = wanted.select("MinCapacity").value, wanted.select("MaxCapacity").value
    if least is not ABSENT:
        yield negate(equals(least, target.select("MinCapacity").value))
    if most is not ABSENT:
        yield _more(target.select("MaxCapacity").value, most)


def _is_widened(target: Cell) -> Truth:
    """Whether a scheduled action opens a range that the target itself does not have."""
    actions = target.select("ScheduledActions").items()
    return some(
        action.value
        if isinstance(action.value, Unknown)
        else _more(
            action.select("ScalableTargetAction").select("MaxCapacity").value, target.select("MinCapacity").value
        )
        for action in actions
    )


def _more(left: Value, right: Value) -> Truth:
    """Whether one number is greater than another; an absent one is greater than none."""
    if left is ABSENT or right is ABSENT:
        return False
    if isinstance(right, int | float):
        return greater(left, right)
    hidden = right if isinstance(right, Unknown) else None
    return hidden or Unknown(right.reason if isinstance(right, Unresolved) else "no number")


def _same_dimension(policy: Cell, target: Cell) -> Truth:
    dimension = policy.select("ScalableDimension").value
    return True if dimension is ABSENT else equals(dimension, target.select("ScalableDimension").value)


def _fires(alarm: Cell) -> Truth:
    """Whether an alarm runs its actions."""
    if isinstance(alarm.value, Unknown):
        return alarm.value
    enabled = alarm.select("ActionsEnabled").value
    return True if enabled is ABSENT else equals(enabled, True)


FACTS: Final[tuple[Fact, ...]] = (
    Fact(
        "AWS::SageMaker::EndpointConfig",
        "ProductionVariants[]",
        "can_scale",
        (),
        BOOL,
        "Whether it has instances, of a type that autoscaling takes.",
        can_scale,
    ),
    Fact(
        _TARGET,
        "",
        "is_told_at_endpoint",
        _SCALED[:2],
        BOOL,
        "Whether it scales a variant of the input: the finding of the endpoint then says what is wrong.",
        is_told_at_endpoint,
    ),
    Fact(
        _TARGET,
        "",
        "policies",
        (_POLICY, *_SCALED),
        ListType(DYN),
        "The scaling policies that act on it, by its id or by resource and dimension.",
        policies,
        items_at=(_POLICY, ""),
    ),
    Fact(
        _TARGET,
        "",
        "moves",
        (_POLICY, _ALARM, *_SCALED),
        BOOL,
        "Whether a policy or a recurring scheduled action changes its capacity.",
        moves,
    ),
)
