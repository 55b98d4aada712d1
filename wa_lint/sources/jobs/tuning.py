"""The training jobs that a tuning job starts, each as the training job that it is. It knows no pipeline.

Source: SageMaker API reference, HyperParameterTrainingJobDefinition and HyperParameterTuningResourceConfig (read
2026-12).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from wa_lint import schema
from wa_lint.model import ABSENT, Path, Unknown, Unresolved, Value
from wa_lint.sources.jobs.arguments import Language, PlacedArgument, arguments
from wa_lint.sources.jobs.job import Branches, Job, Node

TYPE: Final = "AWS::SageMaker::HyperParameterTuningJob"
TRAINING: Final = "AWS::SageMaker::TrainingJob"

_ONE: Final = "TrainingJobDefinition"
_SEVERAL: Final = "TrainingJobDefinitions"

_OF_TUNING: Final = frozenset({"DefinitionName", "HyperParameterRanges", "TuningObjective"})
"""Members that a training job does not have."""

_RESOURCES: Final = "HyperParameterTuningResourceConfig"
_CHOICE: Final = "InstanceConfigs"
"""A list in it: SageMaker chooses one for each training job."""

_RENAMED: Final = {_RESOURCES: "ResourceConfig", "StaticHyperParameters": "HyperParameters"}


def trainings(name: str, request: Node, branches: Branches, language: Language) -> Iterator[Job]:
    """Yield the training jobs of the tuning job `name`, in order; one that is unknown where no map says what it is."""
    if not isinstance(request.value, dict):
        yield from _jobs(f"{name}/{_ONE}", request, language)
        return
    for key, said in request.value.items():
        expressed = language.member_of(key, said)
        if expressed is not None and expressed[0] in {_ONE, _SEVERAL}:
            node = Node(expressed[1], (*request.at, key), request.guards)
            yield from _jobs(f"{name}/{expressed[0]}", node, language)
    for definition in branches(request.member(_ONE)):
        yield from _jobs(f"{name}/{_ONE}", definition, language)
    for listed in branches(request.member(_SEVERAL)):
        if not isinstance(listed.value, list):
            yield from _jobs(f"{name}/{_SEVERAL}", listed, language)
        for index, item in enumerate(listed.items()):
            for definition in branches(item):
                yield from _jobs(f"{name}/{_SEVERAL}[{index}]", definition, language)


def _jobs(name: str, definition: Node, language: Language) -> Iterator[Job]:
    """Yield the training job, once for each of the kinds of instances that it may be given."""
    resources = definition.member(_RESOURCES)
    several = list(resources.member(_CHOICE).items())
    if not several or not isinstance(resources.value, dict) or not isinstance(definition.value, dict):
        yield _job(name, definition.at, as_training(definition.value, definition.at), definition, language)
        return
    common = {key: value for key, value in resources.value.items() if key != _CHOICE}
    for index, one in enumerate(several):
        own = one.value if isinstance(one.value, dict) else {}
        placed = {key: PlacedArgument(value, (*resources.at, key)) for key, value in common.items()}
        placed |= {key: PlacedArgument(value, (*one.at, key)) for key, value in own.items()}
        said = as_training({**definition.value, _RESOURCES: placed}, definition.at)
        yield _job(f"{name}/{_CHOICE}[{index}]", definition.at, said, definition, language)


def as_training(said: Value, at: Path) -> Value:
    """Return a definition with its members where a training job has them, each with the place where it is."""
    if not isinstance(said, dict):
        return said
    kept: dict[str, Value] = {key: value for key, value in said.items() if key not in _OF_TUNING | _RENAMED.keys()}
    for old, new in _RENAMED.items():
        value = said.get(old, ABSENT)
        if value is not ABSENT:
            kept[new] = PlacedArgument(value, (*at, old))
    return kept


def _job(name: str, at: Path, said: Value, definition: Node, language: Language) -> Job:
    found = arguments(said, at, schema.resource_type(TRAINING), language)
    if isinstance(found, Unresolved):
        found = Unknown(found.reason)
    return Job(name, TRAINING, PlacedArgument(found, at), at, at, definition.guards)
