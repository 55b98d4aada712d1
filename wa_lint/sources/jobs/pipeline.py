"""The steps of a SageMaker pipeline definition, and the references in their arguments. It knows no template.

Source: the pipeline definition JSON schema, version 2020-12-01 ("SageMaker Model Building Pipeline definition JSON
schema", which the SageMaker developer guide links to), and what the SageMaker Python SDK writes (read 2026-11).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

import msgspec

from wa_lint import schema
from wa_lint.model import (
    ABSENT,
    AnyScenario,
    Assumption,
    Deferred,
    Hole,
    Path,
    Resolution,
    Unknown,
    Unresolved,
    Value,
    path_text,
)
from wa_lint.scenario import Fork
from wa_lint.sources.jobs import automl, tuning
from wa_lint.sources.jobs.arguments import Joined, PlacedArgument, arguments
from wa_lint.sources.jobs.automl import as_second_version
from wa_lint.sources.jobs.job import Branches, Job, Node, Unseen, known, whole

_SAGEMAKER: Final = "AWS::SageMaker::"

STEPS: Final[Mapping[str, str]] = {
    "AutoML": "AutoMLJob",
    "ClarifyCheck": "ProcessingJob",
    "Compilation": "CompilationJob",
    "Endpoint": "Endpoint",
    "EndpointConfig": "EndpointConfig",
    "Model": "Model",
    "Processing": "ProcessingJob",
    "QualityCheck": "ProcessingJob",
    "RegisterModel": "ModelPackage",
    "Training": "TrainingJob",
    "Transform": "TransformJob",
    "Tuning": "HyperParameterTuningJob",
}
"""Types of steps whose arguments are a Create request of SageMaker, with the type that the request makes. The checks of
quality and bias are processing jobs."""

_WITHOUT_JOBS: Final = frozenset({"Callback", "EMR", "EMRServerless", "Fail", "Lambda"})
"""Types of steps that ask SageMaker for nothing."""

_HOLDERS: Final[Mapping[str, tuple[str, ...]]] = {"Condition": ("IfSteps", "ElseSteps"), "ForEach": ("ForEachBody",)}
"""Types of steps whose arguments hold steps, and the members that do."""

_MOST_VALUES: Final = 16
"""EnumValues of a parameter up to which each is tried."""


def jobs_in_pipeline(holder: str, definition: Node, branches: Branches = whole) -> Iterator[Job | Unseen]:
    """Yield the jobs of a pipeline's steps, in order, with those of conditions, loops and tuning jobs.

    `holder` is the pipeline's id. A step of a type that is not known is `Unseen`.
    """
    found = list(_steps(definition.member("Steps"), branches))
    steps = [step for step in found if isinstance(step, _Step)]
    names = {step.name: step.type for step in steps}
    for part in branches(definition):
        if not isinstance(part.value, dict):
            yield _unseen(part)
    language = _Language(holder, _parameters(definition, branches), names)
    for step in found:
        if isinstance(step, Unseen):
            yield step
            continue
        yield _job(step, language)
        if step.type == tuning.TYPE:
            yield from tuning.trainings(step.name, step.request, branches, language)


class _Step(msgspec.Struct, frozen=True, eq=False):
    name: str
    type: str
    node: Node
    request: Node


def _steps(listed: Node, branches: Branches) -> Iterator[_Step | Unseen]:
    for steps in branches(listed):
        if not isinstance(steps.value, list):
            yield _unseen(steps)
        for item in steps.items():
            for step in branches(item):
                yield from _step(step, branches)


def _step(step: Node, branches: Branches) -> Iterator[_Step | Unseen]:
    kind = known(step.member("Type").value)
    if not isinstance(step.value, dict) or isinstance(kind, Unknown | Unresolved):
        yield _unseen(step)
        return
    if not isinstance(kind, str) and kind is not ABSENT:
        yield Unseen(step.member("Type").at, f"the step {_name_of(step)} has a type that is not a string", is_sure=True)
        return
    if kind in _WITHOUT_JOBS:
        return
    if kind not in _HOLDERS and kind not in STEPS:
        what = "has no type" if kind is ABSENT else f"is of the type {kind}, which wa-lint does not know"
        at = step.at if kind is ABSENT else step.member("Type").at
        yield Unseen(at, f"the step {_name_of(step)} {what}", is_sure=True)
        return
    for request in branches(step.member("Arguments")):
        for member in _HOLDERS.get(str(kind), ()):
            yield from _steps(request.member(member), branches)
        if kind in STEPS:
            yield _Step(_name_of(step), _SAGEMAKER + STEPS[str(kind)], step, request)


def _name_of(step: Node) -> str:
    name = known(step.member("Name").value)
    return name if isinstance(name, str) else path_text(step.at[-2:])


def _unseen(node: Node) -> Unseen:
    value = known(node.value)
    return Unseen(node.at, value.reason if isinstance(value, Unknown | Unresolved) else "it is not a list of steps")


def _job(step: _Step, language: _Language) -> Job:
    at = step.request.at
    said = as_second_version(step.request.value, at) if step.type == automl.TYPE else step.request.value
    properties = arguments(said, at, schema.resource_type(step.type), language)
    return Job(step.name, step.type, PlacedArgument(properties, at), at, (*step.node.at, "Name"), step.request.guards)


# --- the language of references ---------------------------------------------------------------------


class _Parameter(msgspec.Struct, frozen=True, eq=False):
    name: str
    default: Value = ABSENT
    values: tuple[Value, ...] = ()
    """EnumValues."""


def _parameters(definition: Node, branches: Branches) -> Mapping[str, _Parameter] | None:
    """Return the parameters by name; None where not all of them can be seen."""
    found: dict[str, _Parameter] = {}
    for listed in branches(definition.member("Parameters")):
        for item in listed.items():
            name = known(item.member("Name").value)
            if not isinstance(name, str):
                return None
            values = known(item.member("EnumValues").value)
            default = item.member("DefaultValue").value
            found[name] = _Parameter(name, default, tuple(values) if isinstance(values, list) else ())
        if not isinstance(listed.value, list) or listed.guards != definition.guards:
            return None
    return found


class _Language:
    """``{"Get": "Parameters.X"}``, ``{"Get": "Steps.X.Y"}``, ``{"Std:Join": …}`` (see `arguments.Language`)."""

    def __init__(self, holder: str, parameters: Mapping[str, _Parameter] | None, steps: Mapping[str, str]) -> None:
        self.holder = holder
        self.parameters = parameters
        self.steps = steps

    def value_of(self, said: Value, at: Path) -> Value | None:
        if not isinstance(said, dict) or len(said) != 1:
            return None
        match said:
            case {"Get": str(path)}:
                return self._reference(path)
            case {"Std:Join": {"Values": list(values), **rest}}:
                inner = (*at, "Std:Join", "Values")
                pieces = [arguments(v, (*inner, n), schema.ANYTHING, self) for n, v in enumerate(values)]
                return Joined(str(rest.get("On", "")), pieces)
            case _ if next(iter(said)).startswith("Std:"):
                return _when_it_runs(f"{self.holder}.{next(iter(said))} {path_text(at)}", next(iter(said)))
        return None

    def member_of(self, key: str, said: Value) -> None:
        del key, said

    def _reference(self, path: str) -> Value:
        kind, _, rest = path.partition(".")
        if kind == "Parameters":
            return self._parameter(rest)
        step, _, attribute = rest.partition(".")
        made = self.steps.get(step, "") if kind == "Steps" else ""
        noun = made.rpartition("::")[2]
        if made and attribute in {f"{noun}Name", f"{noun}Arn"}:
            return _when_it_runs(f"{self.holder}.{path}", path, f"{self.holder}/{step}", attribute)
        return _when_it_runs(f"{self.holder}.{path}", path)

    def _parameter(self, name: str) -> Value:
        if self.parameters is None:
            return Unknown("the parameters of the pipeline are not known in full")
        if name not in self.parameters:
            return Unknown(f"the pipeline has no parameter {name}")
        return _Given(self.holder, self.parameters[name])


class _Given(Deferred):
    """The value of a pipeline's parameter: the default, or one of those that it may have."""

    __slots__ = ("holder", "parameter")

    def __init__(self, holder: str, parameter: _Parameter) -> None:
        self.holder = holder
        self.parameter = parameter

    def resolve(self, scenario: AnyScenario) -> Resolution:
        name = f"{self.holder}.Parameters.{self.parameter.name}"
        if self.parameter.default is not ABSENT:
            return Resolution(self.parameter.default, None, (f"the default of {name}",))
        assumed = scenario.assumed(name)
        if assumed is not None:
            return Resolution(assumed.value)
        values = self.parameter.values
        if 0 < len(values) <= _MOST_VALUES and all(isinstance(value, str | int | float) for value in values):
            raise Fork([{name: Assumption(value=value)} for value in values])
        return Resolution(Unresolved(f"the pipeline's parameter {name} has no default", (Hole(name),)))

    def __str__(self) -> str:
        return f"Parameters.{self.parameter.name}"

    __repr__ = __str__


def _when_it_runs(name: str, shown: str, target: str | None = None, attribute: str | None = None) -> Unresolved:
    return Unresolved(f"{shown} is known only when the pipeline runs", (Hole(name, target, attribute),))
