"""What a job's step in a pipeline, or its task in a state machine, says around the request. It starts nothing.

The jobs themselves are resources beside their holder, named ``Holder/Step`` (`wa_lint.sources.jobs`); retries and
conditions are in the holder's definition only.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple

from wa_lint.cel.types import BOOL, STRING
from wa_lint.facts.fact import Fact, why_more
from wa_lint.graph import Cell
from wa_lint.model import ABSENT, Absent, Hole, Raw, Unknown, Unresolved, Value
from wa_lint.policy.wildcards import parts_of
from wa_lint.truth import Truth, some, starts_with

_SAGEMAKER: Final = "AWS::SageMaker::"
_PIPELINE: Final = _SAGEMAKER + "Pipeline"
_RULE: Final = "AWS::Events::Rule"
_ALARM: Final = "AWS::CloudWatch::Alarm"
_MACHINE: Final = "AWS::StepFunctions::StateMachine"

_INSTANCE_TYPES: Final[Mapping[str, str]] = {
    _SAGEMAKER + "TrainingJob": "ResourceConfig",
    _SAGEMAKER + "ProcessingJob": "ProcessingResources.ClusterConfig",
    _SAGEMAKER + "TransformJob": "TransformResources",
}
"""Where a request names its InstanceType."""

_BODIES: Final[Mapping[str, tuple[str, ...]]] = {
    _PIPELINE: ("PipelineDefinition.PipelineDefinitionBody", "PipelineDefinition"),
    _MACHINE: ("DefinitionString", "Definition"),
}
_CALLED: Final = (":sagemaker:", ":sagemakerruntime:", ":bedrock:", ":bedrockruntime:")
"""Services in the ARN of a task's Resource: ``arn:aws:states:::sagemaker:createTrainingJob.sync``."""


class _Step(NamedTuple):
    """A step of a pipeline, or a task of a state machine."""

    name: str
    said: Mapping[str, Raw]
    """Its JSON."""
    is_gated: bool = False
    """Whether a Condition step holds it, or it waits for one."""


_NESTED: Final = ("IfSteps", "ElseSteps", "ForEachBody")
_HOLE: Final = "?"
_SERVICE: Final = re.compile(r"arn:[^:]*:([a-z-]+):")
"""The service in the beginning of an ARN, whose partition may be a hole."""


def instance_type(job: Cell) -> Cell:
    """Return the InstanceType of a job, wherever its request has it; ABSENT with instance groups."""
    return _at(job, f"{_INSTANCE_TYPES[job.resource.type]}.InstanceType")


def is_retried(job: Cell) -> Value:
    """Whether the step has RetryPolicies, the task a Retry, or the request a RetryStrategy; ABSENT outside of both."""
    step = _step_of(job)
    if not isinstance(step, _Step):
        return step
    is_own = job.select("RetryStrategy").value is not ABSENT
    return is_own or any(step.said.get(name) for name in ("RetryPolicies", "Retry"))


def is_gated(package: Cell) -> Cell:
    """Whether a Condition step holds, or comes before, the step that registers; ABSENT outside of a pipeline."""
    step = _step_of(package)
    return package.select("ModelApprovalStatus").with_value(step.is_gated if isinstance(step, _Step) else step)


def starts_pipeline(target: Cell) -> Truth:
    """Whether a target of an event rule is a SageMaker pipeline, by its ARN or by its parameters."""
    parameters = target.select("SageMakerPipelineParameters").value
    if parameters is not ABSENT and not isinstance(parameters, Unknown):
        return True
    arn = target.select("Arn").value
    parts = parts_of(arn)
    called = _SERVICE.match("".join(_HOLE if isinstance(part, Hole) else part for part in parts))
    if called is not None:
        return called[1] == "sagemaker" and ":pipeline/" in called.string
    holes = [part for part in parts if isinstance(part, Hole)]
    named = [target.world.graph.named(hole.target) if hole.target else None for hole in holes]
    if any(resource is not None and resource.type == _PIPELINE for resource in named):
        return True
    is_open = not parts or any(resource is None for resource in named)
    return Unknown(arn.reason if isinstance(arn, Unknown | Unresolved) else "no ARN") if is_open else False


def failures_noticed(rule: Cell) -> Cell:
    """Whether an event rule or an alarm of the input reacts to failed runs of pipelines, whichever they are."""
    world = rule.world
    reacting = some(
        [
            *(_hears_of_runs(other.select("EventPattern")) for other in world.of_type(_RULE)),
            *(_watches_runs(alarm.select("Namespace")) for alarm in world.of_type(_ALARM)),
        ]
    )
    hidden = why_more(world, rule, (_RULE, _ALARM))
    return rule.select("Targets").with_value(some((reacting, Unknown(hidden))) if hidden else reacting)


def _hears_of_runs(pattern: Cell) -> Truth:
    if isinstance(pattern.value, Unknown):
        return pattern.value
    kinds = pattern.select("detail-type").items() if isinstance(pattern.value, dict) else []
    return some(_starts(kind.value, "SageMaker Model Building Pipeline Execution") for kind in kinds)


def _watches_runs(namespace: Cell) -> Truth:
    return False if namespace.value is ABSENT else _starts(namespace.value, "AWS/Sagemaker/ModelBuildingPipeline")


def _starts(value: Value, prefix: str) -> Truth:
    return value if isinstance(value, Unknown) else starts_with(value, prefix)


def starts_ml_jobs(machine: Cell) -> Truth:
    """Whether a task of the state machine calls SageMaker or Bedrock."""
    definition = _definition(machine)
    if isinstance(definition, Unknown):
        return definition
    hidden: list[str] = []
    written = json.dumps(definition, default=lambda value: _shown(value, hidden))
    if any(service in written for service in _CALLED):
        return True
    return Unknown(hidden[0]) if hidden else False


def _shown(value: object, hidden: list[str]) -> str:
    """Return a text with ``?`` for its holes; say in `hidden` why its content is unknown."""
    parts = parts_of(value) if isinstance(value, Unresolved) else ()
    if not parts and isinstance(value, Unknown | Unresolved):
        hidden.append(value.reason)
    return "".join(_HOLE if isinstance(part, Hole) else part for part in parts)


def _at(cell: Cell, path: str) -> Cell:
    for name in path.split("."):
        cell = cell.select(name)
    return cell


def _holder(job: Cell) -> Cell | None:
    id_, _, name = job.resource.id.rpartition("/")
    holder = job.world.graph.named(id_) if name else None
    return job.world.cell(holder) if holder is not None and holder.type in _BODIES else None


def _step_of(job: Cell) -> _Step | Absent | Unknown:
    """Return the step or task that starts the job; ABSENT if no definition does."""
    holder = _holder(job)
    if holder is None:
        return ABSENT
    steps = steps_of(holder)
    if isinstance(steps, Unknown):
        return steps
    name = job.resource.id.rpartition("/")[2].partition("#")[0]
    return steps.get(name) or Unknown(f"no step of {holder.resource.id} is called {name}")


def steps_of(holder: Cell) -> Mapping[str, _Step] | Unknown:
    """Return the steps of a pipeline, or the tasks of a state machine, by name: read once for all of its jobs."""
    return holder.world.recall(("steps", holder.resource.type, holder.resource.id), lambda: _read_steps(holder))


def _read_steps(holder: Cell) -> Mapping[str, _Step] | Unknown:
    definition = _definition(holder)
    if isinstance(definition, Unknown):
        return definition
    is_pipeline = holder.resource.type == _PIPELINE
    found = list(_pipeline_steps(definition, is_held=False) if is_pipeline else _tasks(definition))
    conditions = {step.name for step in found if step.said.get("Type") == "Condition"}
    steps: dict[str, _Step] = {}
    for step in found:
        waits_for = step.said.get("DependsOn")
        is_after = any(str(name) in conditions for name in (waits_for if isinstance(waits_for, list) else ()))
        steps.setdefault(step.name, step._replace(is_gated=step.is_gated or is_after))
    return steps


def _definition(holder: Cell) -> dict[str, Raw] | Unknown:
    """Return the definition with ``?`` for each hole; Unknown where it is not valid JSON then."""
    for path in _BODIES[holder.resource.type]:
        body = _at(holder, path)
        if isinstance(body.value, dict) and ("Steps" in body.value or "States" in body.value):
            found = body.plain()
            return found if isinstance(found, dict) else Unknown("its definition is not a map")
        if isinstance(body.value, str | Unresolved):
            return _read(body.value)
        if isinstance(body.value, Unknown):
            return body.value
    return Unknown(f"the definition of {holder.resource.id} is stored elsewhere")


def _read(text: Value) -> dict[str, Raw] | Unknown:
    written = "".join(_HOLE if isinstance(part, Hole) else part for part in parts_of(text))
    try:
        found = json.loads(written)
    except ValueError:
        return Unknown(text.reason if isinstance(text, Unresolved) else "its definition is not valid JSON")
    return found if isinstance(found, dict) else Unknown("its definition is not a map")


def _pipeline_steps(holder: Mapping[str, Raw], *, is_held: bool) -> Iterator[_Step]:
    for step in _maps(holder.get("Steps")):
        yield _Step(str(step.get("Name")), step, is_held)
        said = step.get("Arguments")
        arguments: Mapping[str, Raw] = said if isinstance(said, dict) else {}
        for name in _NESTED:
            inner = {"Steps": arguments.get(name)}
            yield from _pipeline_steps(inner, is_held=is_held or step.get("Type") == "Condition")


def _tasks(machine: Mapping[str, Raw]) -> Iterator[_Step]:
    states = machine.get("States")
    for name, state in states.items() if isinstance(states, dict) else ():
        if not isinstance(state, dict):
            continue
        yield _Step(name, state)
        for inner in (*_maps(state.get("Branches")), *_maps([state.get("Iterator"), state.get("ItemProcessor")])):
            yield from _tasks(inner)


def _maps(value: Raw) -> Iterator[dict[str, Raw]]:
    yield from (item for item in value if isinstance(item, dict)) if isinstance(value, list | tuple) else ()


FACTS: Final[tuple[Fact, ...]] = (
    *(
        Fact(
            type_,
            "",
            "instance_type",
            (),
            STRING,
            "The type of its instances, wherever the request has it; absent with instance groups.",
            instance_type,
            is_optional=True,
        )
        for type_ in _INSTANCE_TYPES
    ),
    *(
        Fact(
            type_,
            "",
            "is_retried",
            (_PIPELINE, _MACHINE),
            BOOL,
            "Whether the step or task that starts it is retried; absent where no definition starts it.",
            is_retried,
            is_optional=True,
        )
        for type_ in _INSTANCE_TYPES
    ),
    Fact(
        _RULE,
        "Targets[]",
        "starts_pipeline",
        (_PIPELINE,),
        BOOL,
        "Whether it is a SageMaker pipeline.",
        starts_pipeline,
    ),
    Fact(
        _RULE,
        "",
        "failures_noticed",
        (_RULE, _ALARM),
        BOOL,
        "Whether a rule or an alarm of the input reacts to failed runs of pipelines.",
        failures_noticed,
    ),
    Fact(_MACHINE, "", "starts_ml_jobs", (), BOOL, "Whether a task calls SageMaker or Bedrock.", starts_ml_jobs),
    Fact(
        _SAGEMAKER + "ModelPackage",
        "",
        "is_gated",
        (_PIPELINE,),
        BOOL,
        "Whether a condition decides if the pipeline registers it; absent where no pipeline does.",
        is_gated,
        is_optional=True,
    ),
)
