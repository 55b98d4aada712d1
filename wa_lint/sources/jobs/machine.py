"""The tasks of a Step Functions state machine that ask SageMaker for something. It knows no template.

Sources: Step Functions developer guide, "Create and manage Amazon SageMaker AI jobs with Step Functions", "Integrating
AWS SDK services", "Transforming data with JSONata"; Amazon States Language specification (read 2026-11).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final

from wa_lint import schema
from wa_lint.model import ABSENT, Hole, Path, Unknown, Unresolved, Value
from wa_lint.sources.jobs import automl, tuning
from wa_lint.sources.jobs.arguments import PlacedArgument, arguments
from wa_lint.sources.jobs.automl import as_second_version
from wa_lint.sources.jobs.job import Branches, Job, Node, Unseen, known, pattern_of, whole

ACTIONS: Final[Mapping[str, str]] = {
    "createAutoMLJob": "AWS::SageMaker::AutoMLJob",
    "createAutoMLJobV2": "AWS::SageMaker::AutoMLJob",
    "createCompilationJob": "AWS::SageMaker::CompilationJob",
    "createEndpoint": "AWS::SageMaker::Endpoint",
    "createEndpointConfig": "AWS::SageMaker::EndpointConfig",
    "createHyperParameterTuningJob": "AWS::SageMaker::HyperParameterTuningJob",
    "createLabelingJob": "AWS::SageMaker::LabelingJob",
    "createModel": "AWS::SageMaker::Model",
    "createModelPackage": "AWS::SageMaker::ModelPackage",
    "createProcessingJob": "AWS::SageMaker::ProcessingJob",
    "createTrainingJob": "AWS::SageMaker::TrainingJob",
    "createTransformJob": "AWS::SageMaker::TransformJob",
    "createDomain": "AWS::SageMaker::Domain",
    "createFeatureGroup": "AWS::SageMaker::FeatureGroup",
    "createMonitoringSchedule": "AWS::SageMaker::MonitoringSchedule",
    "createNotebookInstance": "AWS::SageMaker::NotebookInstance",
    "createUserProfile": "AWS::SageMaker::UserProfile",
    "createModelCustomizationJob": "AWS::Bedrock::CustomModel",
    "createModelImportJob": "AWS::Bedrock::ModelImportJob",
    "createModelInvocationJob": "AWS::Bedrock::ModelInvocationJob",
}
"""What a task asks SageMaker or Bedrock for -> the type that it makes. The request has the properties of the type."""

_STATES: Final = frozenset({"Choice", "Fail", "Map", "Parallel", "Pass", "Succeed", "Task", "Wait"})
"""Types of states (Amazon States Language specification)."""

_TASK: Final = re.compile(
    r"arn:[^:]+:states:[^:]*:[^:]*:(?:aws-sdk:)?(?:sagemaker|bedrock|bedrockagent):(\w+)(?:\.\w+(?::\d+)?)?"
)
"""``arn:aws:states:::sagemaker:createTrainingJob.sync``, in any partition, and the same by the AWS SDK integration."""

_OPEN_TASK: Final = re.compile(r"arn:.*:states:.*:(?:sagemaker|bedrock):.*\*.*")
"""A task that calls one of them, where it is not known for what."""

_NESTED: Final = ("Iterator", "ItemProcessor")
"""Members of a Map state that hold a state machine; a Parallel state has a list of them, ``Branches``."""


def jobs_in_machine(holder: str, definition: Node, branches: Branches = whole) -> Iterator[Job | Unseen]:
    """Yield the jobs of a state machine's tasks, those inside Parallel and Map states included, in order."""
    for machine in branches(definition):
        language = known(machine.member("QueryLanguage").value)
        yield from _states(holder, machine, branches, str(language or "JSONPath"))


def _states(holder: str, machine: Node, branches: Branches, language: str) -> Iterator[Job | Unseen]:
    if not isinstance(machine.value, dict):
        yield _unseen(machine)
    for states in branches(machine.member("States")):
        if not isinstance(states.value, dict):
            yield _unseen(states)
            continue
        for name in states.value:
            for state in branches(states.member(name)):
                yield from _state(holder, name, state, branches, language)


def _state(holder: str, name: str, state: Node, branches: Branches, language: str) -> Iterator[Job | Unseen]:
    if not isinstance(state.value, dict):
        yield _unseen(state)
        return
    for key in _NESTED:
        for machine in branches(state.member(key)):
            yield from _states(holder, machine, branches, language)
    for listed in branches(state.member("Branches")):
        for item in listed.items():
            for machine in branches(item):
                yield from _states(holder, machine, branches, language)
    kind = known(state.member("Type").value)
    if isinstance(kind, str) and kind not in _STATES:
        why = f"the state {name} is of the type {kind}, which wa-lint does not know"
        yield Unseen(state.member("Type").at, why, is_sure=True)
    type_ = _made_by(state.member("Resource").value)
    if isinstance(type_, Unknown):
        yield Unseen(state.member("Resource").at, f"the state {name} {type_.reason}", is_sure=True)
    elif type_:
        own = state.member("QueryLanguage").value
        yield from _jobs(f"{holder}/{name}", name, type_, state, branches, own if isinstance(own, str) else language)


def _made_by(resource: Value) -> str | Unknown | None:
    """Return the type of what a task makes, by the ARN that it calls; None where it makes nothing of ours."""
    called = pattern_of(resource)
    found = _TASK.fullmatch(called)
    if found is None:
        return Unknown(f"calls {called}, which cannot be resolved") if _OPEN_TASK.fullmatch(called) else None
    if found[1] in ACTIONS:
        return ACTIONS[found[1]]
    return Unknown(f"calls {found[1]}, which wa-lint does not read") if found[1].startswith("create") else None


def _jobs(id_: str, name: str, type_: str, state: Node, branches: Branches, language: str) -> Iterator[Job]:
    is_jsonata = language == "JSONata"
    member = state.member("Arguments" if is_jsonata else "Parameters")
    if member.value is ABSENT:
        unseen = Unknown(f"the request of {name} is its input, which is known only when the state machine runs")
        yield Job(name, type_, PlacedArgument(unseen, state.at), state.at, state.at, state.guards)
        if type_ == tuning.TYPE:
            yield from tuning.trainings(name, Node(unseen, state.at, state.guards), branches, _JsonPath(id_))
    for request in branches(member):
        spoken: _Jsonata | _JsonPath = _Jsonata(id_) if is_jsonata else _JsonPath(id_)
        said = as_second_version(request.value, request.at) if type_ == automl.TYPE else request.value
        found = arguments(said, request.at, schema.resource_type(type_), spoken)
        properties: Value = Unknown(found.reason) if isinstance(found, Unresolved) else found
        yield Job(name, type_, PlacedArgument(properties, request.at), request.at, state.at, request.guards)
        if type_ == tuning.TYPE:
            yield from tuning.trainings(name, request, branches, spoken)


def _unseen(node: Node) -> Unseen:
    value = known(node.value)
    return Unseen(node.at, value.reason if isinstance(value, Unknown | Unresolved) else "it is not a map of states")


# --- the languages of expressions -------------------------------------------------------------------


class _Jsonata:
    """``{% … %}`` (see `arguments.Language`)."""

    def __init__(self, state: str) -> None:
        self.state = state

    def value_of(self, said: Value, at: Path) -> Value | None:
        del at
        if isinstance(said, str) and said.startswith("{%") and said.rstrip().endswith("%}"):
            expression = said.strip()[2:-2].strip()
            return _when_it_runs(expression, (_hole(self.state, expression),))
        return None

    def member_of(self, key: str, said: Value) -> None:
        del key, said


class _JsonPath:
    """``"Key.$": "$.path"`` (see `arguments.Language`)."""

    def __init__(self, state: str) -> None:
        self.state = state

    def value_of(self, said: Value, at: Path) -> None:
        del said, at

    def member_of(self, key: str, said: Value) -> tuple[str, Value] | None:
        if not key.endswith(".$"):
            return None
        expression = said if isinstance(said, str) else pattern_of(said)
        return key.removesuffix(".$"), _when_it_runs(expression, tuple(self._parts(expression)))

    def _parts(self, expression: str) -> Iterator[str | Hole]:
        """Yield what is known of the text: of ``States.Format('s3://a/{}', $.b)`` its beginning."""
        found = _FORMAT.match(expression)
        if not found:
            yield _hole(self.state, expression)
            return
        for number, literal in enumerate(re.split(r"(?<!\\)\{\}", found[1])):
            if number:
                yield _hole(self.state, f"{expression} {number}")
            if literal:
                yield re.sub(r"\\(.)", r"\1", literal)


_FORMAT: Final = re.compile(r"States\.Format\(\s*'((?:[^'\\]|\\.)*)'\s*,")

_OF_EXECUTION: Final = (
    "$$.Execution.",
    "$$.StateMachine.",
    "$states.context.Execution.",
    "$states.context.StateMachine.",
)
"""Expressions that mean the same in every state of an execution."""


def _hole(state: str, expression: str) -> Hole:
    holder = state.partition("/")[0] if expression.startswith(_OF_EXECUTION) else state
    return Hole(f"{holder} {expression}")


def _when_it_runs(expression: str, parts: tuple[str | Hole, ...]) -> Unresolved:
    return Unresolved(f"{expression} is known only when the state machine runs", parts)
