"""What one run of a SageMaker pipeline costs at the most, and a month of its schedules. It guesses no limit.

A job costs at most its instances for as long as its run limit lets it, at the on-demand price (SageMaker pricing:
"training" and "processing"). Retries are not counted, nor storage, Lambda functions and data transfer.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from wa_lint import prices
from wa_lint.cel.types import DOUBLE
from wa_lint.facts.fact import Fact, unseen
from wa_lint.facts.steps import steps_of
from wa_lint.graph import Cell
from wa_lint.model import Unknown, Value

_PIPELINE: Final = "AWS::SageMaker::Pipeline"
_SCHEDULE: Final = "AWS::Scheduler::Schedule"
_RULE: Final = "AWS::Events::Rule"

_CLUSTERS: Final = {"Training": "ResourceConfig", "Processing": "ProcessingResources.ClusterConfig"}
"""Type of a step -> where its request names the instances."""

_JOBS: Final = ("AWS::SageMaker::TrainingJob", "AWS::SageMaker::ProcessingJob")

_WITHOUT_INSTANCES: Final = frozenset({"Callback", "Condition", "Fail", "Lambda", "Model", "RegisterModel"})
"""Types of steps that start no instances of SageMaker (SageMaker developer guide, "Pipelines steps", seen 2026-12)."""

_HOUR: Final = 3600
_MONTH: Final = prices.HOURS_PER_MONTH * _HOUR
_DAYS: Final = 365 / 12
_WEEKS: Final = 365 / 7 / 12
"""Seconds, days and weeks of a month."""


def run_ceiling(pipeline: Cell) -> Value:
    """Return USD at the most for one run in which each step runs once."""
    steps = steps_of(pipeline)
    if isinstance(steps, Unknown):
        return steps
    amounts = [_of_step(pipeline, name, str(step.said.get("Type"))) for name, step in steps.items()]
    hidden = next((unseen(amount) for amount in amounts if unseen(amount)), None)
    return Unknown(hidden) if hidden else round(sum(one for one in amounts if isinstance(one, float)), 2)


def monthly_ceiling(pipeline: Cell) -> Value:
    """Return USD at the most for a month of the schedules that start it; runs by hand and by events are not counted."""
    run = run_ceiling(pipeline)
    if not isinstance(run, float):
        return run
    counts = list(_runs(pipeline))
    hidden = next((unseen(count) for count in counts if unseen(count)), None)
    return Unknown(hidden) if hidden else round(run * sum(one for one in counts if isinstance(one, float)), 2)


# --- one step ---------------------------------------------------------------------------------------


def _of_step(pipeline: Cell, name: str, type_: str) -> Value:
    if type_ in _WITHOUT_INSTANCES:
        return 0.0
    job = pipeline.world.graph.named(f"{pipeline.resource.id}/{name}") if type_ in _CLUSTERS else None
    if job is None:
        return Unknown(f"what the step {name} costs at the most is not known: {type_} has no limit that is read here")
    cell = pipeline.world.cell(job)
    cluster = cell
    for part in _CLUSTERS[type_].split("."):
        cluster = cluster.select(part)
    parts = {
        "InstanceType": cluster.select("InstanceType").value,
        "InstanceCount": cluster.select("InstanceCount").value,
        "MaxRuntimeInSeconds": cell.select("StoppingCondition").select("MaxRuntimeInSeconds").value,
    }
    for what, value in parts.items():
        if not isinstance(value, int | str) or (what == "InstanceType") is not isinstance(value, str):
            return Unknown(f"{what} of the step {name} is not known: {unseen(value) or 'not set'}")
    size, count, seconds = parts.values()
    price = prices.hourly(str(size), type_.lower(), job.region or pipeline.resource.region)
    if price is None:
        return Unknown(f"no price of {size} for {type_.lower()} is known")
    return price.usd_per_hour * int(str(count)) * int(str(seconds)) / _HOUR


# --- schedules --------------------------------------------------------------------------------------


def _runs(pipeline: Cell) -> Iterator[Value]:
    """Yield how often each schedule in the input starts the pipeline in a month."""
    for link in ("schedules", "event_rules"):
        for schedule in pipeline.select(link).items():
            if hidden := unseen(schedule.value):
                yield Unknown(hidden)
            elif schedule.select("State").value != "DISABLED":
                said = schedule.select("ScheduleExpression").value
                yield _in_a_month(said) if isinstance(said, str) else Unknown(unseen(said) or "it is started by events")


def _in_a_month(expression: str) -> Value:
    """Return how often ``rate(1 day)``, ``cron(0 6 ? * MON *)`` or ``at(…)`` comes in a month; `at` does not recur.

    Amazon EventBridge Scheduler user guide, "Schedule types" (seen 2026-12).
    """
    if rate := re.fullmatch(r"rate\((\d+) (minute|hour|day)s?\)", expression):
        return _MONTH / (int(rate[1]) * {"minute": 60, "hour": _HOUR, "day": 24 * _HOUR}[rate[2]])
    if expression.startswith("at("):
        return 0.0
    cron = re.fullmatch(r"cron\(([^()]*)\)", expression)
    fields = cron[1].split() if cron else []
    if len(fields) not in {5, 6}:
        return Unknown(f"{expression} is no schedule that is understood here")
    minute, hour, day, month, weekday = fields[:5]
    counts = [_count(minute, 60), _count(hour, 24), _days(day, weekday), _count(month, 12)]
    if any(count is None for count in counts):
        return Unknown(f"{expression} is no schedule that is understood here")
    minutes, hours, days, months = (float(count or 0) for count in counts)
    return minutes * hours * days * months / 12


def _days(day: str, weekday: str) -> float | None:
    """Return how many days of a month are meant."""
    if weekday in {"?", "*"}:
        return _DAYS if day in {"?", "*"} else _count(day, 31, first=1)
    if "#" in weekday or weekday.endswith("L"):
        return 1.0  # the second Monday, the last Friday
    count = _count(weekday, 7, first=1)
    return None if count is None else count * _WEEKS


_NAMES: Final = {name: n for n, name in enumerate(("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"), start=1)}


def _count(field: str, most: int, first: int = 0) -> float | None:
    """Return how many values a field of a cron expression has; None where it is not understood."""
    total = 0
    for part in field.upper().split(","):
        span, _, step = part.partition("/")
        start, _, end = span.partition("-")
        low, high = (_NAMES.get(text, int(text) if text.isdigit() else None) for text in (start, end or start))
        if span in {"*", "?"} or (step and not end and low is not None):
            low, high = (first if low is None else low), first + most - 1
        if low is None or high is None or high < low or (step and not step.isdigit()):
            return 1.0 if part in {"L", "LW"} or re.fullmatch(r"\d+W", part) else None
        total += len(range(low, high + 1, max(1, int(step or 1))))
    return float(total)


_SAYS: Final = "at the run limits of its training and processing jobs, each started once"

FACTS: Final[tuple[Fact, ...]] = (
    Fact(_PIPELINE, "", "run_ceiling", _JOBS, DOUBLE, f"USD at the most for one run, {_SAYS}.", run_ceiling),
    Fact(
        _PIPELINE,
        "",
        "monthly_ceiling",
        (*_JOBS, _SCHEDULE, _RULE),
        DOUBLE,
        f"USD at the most for a month of the schedules that start it, {_SAYS}.",
        monthly_ceiling,
    ),
)
