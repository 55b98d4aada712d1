"""What a rule may ask of instance types, notebook platforms and runtimes: `wa_lint.platforms`, three-valued."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from datetime import date
from typing import Final

from wa_lint import platforms
from wa_lint.cel.types import BOOL, INT, STRING, Function
from wa_lint.facts.fact import unseen
from wa_lint.model import ABSENT, Unknown, Value
from wa_lint.platforms import InstanceType, LambdaRuntime, NotebookPlatform
from wa_lint.policy.wildcards import parts_of
from wa_lint.truth import Truth

_DOTS_BEFORE_SIZE: Final = 2


def instance_family(type_: Value) -> Value:
    """Return ``g5`` of ``ml.g5.2xlarge``, also where only the size is left open."""
    head = (parts_of(type_) or ("",))[0]
    words = head.split(".") if isinstance(head, str) else []
    if len(words) <= _DOTS_BEFORE_SIZE or words[0] != "ml":
        return Unknown(unseen(type_) or f"{type_!r} is not an instance type")
    return words[1]


def has_local_storage(type_: Value) -> Truth:
    return _said(type_, lambda found: found.local_storage)


def is_burstable(type_: Value) -> Truth:
    return _said(type_, lambda found: found.burstable)


def is_graviton(type_: Value) -> Truth:
    return _said(type_, lambda found: None if found.architecture is None else found.architecture == "arm64")


def is_previous_generation(type_: Value) -> Truth:
    return _said(type_, lambda found: found.previous)


def accelerator(type_: Value) -> Value:
    """Return gpu, inferentia, trainium or gaudi; ``none`` for an instance type that computes on its CPUs."""
    name = instance_family(type_)
    if isinstance(name, Unknown):
        return name
    found = platforms.instance_type(f"ml.{name}.any")
    if found is None or found.architecture is None:
        return Unknown(f"wa-lint has no such data for the instance family {name}")
    return found.accelerator or "none"


def accelerator_successor(type_: Value) -> Value:
    """Return the family that AWS states to be better than that of the instance type; empty where none is listed."""
    name = instance_family(type_)
    if not isinstance(name, str):
        return name
    found = platforms.successor_of(name)
    return found.successor if found else ""


def days_between(earlier: Value, later: Value) -> Value:
    """Return the whole days from one ISO date or time to another."""
    texts = [value for value in (earlier, later) if isinstance(value, str)]
    try:
        days = [date.fromisoformat(text[:10]) for text in texts]
    except ValueError:
        days = []
    if len(days) < len((earlier, later)):
        return Unknown(unseen(earlier) or unseen(later) or "no date")
    return (days[1] - days[0]).days


def notebook_platform_supported(platform: Value, today: Value) -> Truth:
    """Whether AWS still fixes the platform on that day; without one, that is the platform a new notebook gets."""
    if platform is ABSENT and isinstance(today, str):
        platform = platforms.default_notebook_platform(today) or ABSENT
    return _supported(platform, today, platforms.notebook_platform)


def lambda_runtime_supported(runtime: Value, today: Value) -> Truth:
    """Whether AWS still fixes the runtime on that day."""
    return _supported(runtime, today, platforms.lambda_runtime)


def days_since(moment: Value, today: Value) -> Value:
    """Return the whole days from a point in time (ISO 8601) to a day."""
    if not isinstance(moment, str) or not isinstance(today, str):
        return Unknown(unseen(moment) or unseen(today) or "no point in time, or no day")
    try:
        return (dt.date.fromisoformat(today) - dt.datetime.fromisoformat(moment).date()).days
    except ValueError:
        return Unknown(f"{moment!r} is not a point in time")


def _said(type_: Value, ask: Callable[[InstanceType], bool | None]) -> Truth:
    name = instance_family(type_)
    if isinstance(name, Unknown):
        return name
    found = platforms.instance_type(f"ml.{name}.any")
    answer = None if found is None else ask(found)
    return Unknown(f"wa-lint has no such data for the instance family {name}") if answer is None else answer


def _supported(name: Value, today: Value, look_up: Callable[[str], NotebookPlatform | LambdaRuntime | None]) -> Truth:
    if not isinstance(name, str) or not isinstance(today, str):
        return Unknown(unseen(name) or unseen(today) or "no name, or no day")
    found = look_up(name)
    return Unknown(f"wa-lint has no data for {name!r}") if found is None else found.is_supported(today)


FUNCTIONS: Final[tuple[Function, ...]] = (
    Function("days_since", (STRING, STRING), INT, days_since),
    Function("instance_family", (STRING,), STRING, instance_family),
    Function("accelerator", (STRING,), STRING, accelerator),
    Function("accelerator_successor", (STRING,), STRING, accelerator_successor),
    Function("days_between", (STRING, STRING), INT, days_between),
    Function("has_local_storage", (STRING,), BOOL, has_local_storage),
    Function("is_burstable", (STRING,), BOOL, is_burstable),
    Function("is_graviton", (STRING,), BOOL, is_graviton),
    Function("is_previous_generation", (STRING,), BOOL, is_previous_generation),
    Function("notebook_platform_supported", (STRING, STRING), BOOL, notebook_platform_supported, accepts_absent=True),
    Function("lambda_runtime_supported", (STRING, STRING), BOOL, lambda_runtime_supported),
)
