"""The jobs of the definitions that a snapshot holds as plain JSON, as an account gives them. It asks no account."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Final

import msgspec

from wa_lint.document.from_json import json_document
from wa_lint.errors import SourceError
from wa_lint.model import (
    ABSENT,
    Gap,
    Listed,
    NotFollowed,
    Problem,
    Resource,
    Scope,
    Snapshot,
    Unknown,
    Unresolved,
    Value,
)
from wa_lint.sources.jobs import tuning
from wa_lint.sources.jobs.job import Branches, Job, Node, Unseen, as_resource, whole
from wa_lint.sources.jobs.machine import jobs_in_machine
from wa_lint.sources.jobs.pipeline import jobs_in_pipeline

_PIPELINE: Final = "AWS::SageMaker::Pipeline"

_JOBS: Final[Mapping[str, Callable[[str, Node, Branches], Iterator[Job | Unseen]]]] = {
    _PIPELINE: jobs_in_pipeline,
    "AWS::StepFunctions::StateMachine": jobs_in_machine,
}


_DEFINITIONS: Final[Mapping[str, tuple[tuple[str, ...], ...]]] = {
    _PIPELINE: (("PipelineDefinition", "PipelineDefinitionBody"),),
    "AWS::StepFunctions::StateMachine": (("DefinitionString",), ("Definition",)),
}
"""Where the text or the map is."""


def with_jobs(snapshot: Snapshot) -> Snapshot:
    """Return a snapshot with the jobs that its pipelines, state machines and tuning jobs start.

    What of them is not seen is a problem, and of a pipeline a gap too.
    A template's reader has found them already, with their lines. To be asked where a snapshot is judged: these jobs
    hold what no file can (see `jobs_beside`).
    """
    seen = {(resource.type, resource.id) for resource in snapshot.resources}
    jobs: list[Resource] = []
    problems: list[Problem] = []
    gaps: list[Gap] = []
    missing: list[NotFollowed] = []
    for holder in snapshot.resources:
        for found in _found_in(holder) if isinstance(holder.origin, Listed) else ():
            if isinstance(found, Unseen):
                where = holder.origin.locate(found.at)
                if found.is_sure:
                    missing.append(NotFollowed(where, f"a step of {holder.id}", found.reason, "step"))
                else:
                    problems.append(Problem(where, f"jobs that {holder.id} starts were not checked: {found.reason}"))
                if found.is_sure or holder.type == _PIPELINE:
                    gaps.append(
                        Gap(Scope(tuning.TRAINING), f"those in {holder.id} are not in this input: {found.reason}")
                    )
            elif (found.type, found.id) not in seen:
                jobs.append(found)
    if not jobs and not problems and not missing:
        return snapshot
    return msgspec.structs.replace(
        snapshot,
        resources=(*snapshot.resources, *jobs),
        problems=tuple(sorted({*snapshot.problems, *problems})),
        gaps=tuple(sorted({*snapshot.gaps, *gaps}, key=str)),
        not_followed=tuple(sorted({*snapshot.not_followed, *missing})),
    )


def _found_in(holder: Resource) -> Iterator[Resource | Unseen]:
    if holder.type == tuning.TYPE:
        yield from _of_tuning(holder)
    elif holder.type in _DEFINITIONS:
        definition = _definition(holder)
        if isinstance(definition, str | dict):
            yield from jobs_beside(holder, definition)
        elif isinstance(definition, Unknown | Unresolved):
            yield Unseen((), definition.reason)


def _definition(holder: Resource) -> Value:
    if isinstance(holder.properties, Unknown):
        return None  # the description of the holder was refused, and that is said of the holder
    for path in _DEFINITIONS[holder.type]:
        value: Value = holder.properties
        for name in path:
            value = value.get(name, ABSENT) if isinstance(value, dict) else value
        if value is not ABSENT:
            return value
    return None


def jobs_beside(holder: Resource, definition: str | dict[str, Value]) -> Iterator[Resource | Unseen]:
    """Yield the jobs that `holder` will start, each with the holder's place, and what of them could not be seen.

    Values that a start may change are deferred (the default of a pipeline's parameter), so that these resources are
    made of a snapshot that was read, and not written into one.
    """
    try:
        value = _parsed(definition, str(holder.origin.locate(())))
    except (json.JSONDecodeError, SourceError):
        yield Unseen((), "its definition is not valid JSON")
        return
    yield from _as_resources(holder, _JOBS[holder.type](holder.id, Node(value), whole))


def _parsed(definition: str | dict[str, Value], uri: str) -> Value:
    return json_document(definition, uri).value if isinstance(definition, str) else definition


def _of_tuning(holder: Resource) -> Iterator[Resource | Unseen]:
    """Yield the training jobs of a tuning job that an account has."""
    yield from _as_resources(holder, tuning.trainings("", Node(holder.properties), whole, _Plain()))


def _as_resources(holder: Resource, jobs: Iterator[Job | Unseen]) -> Iterator[Resource | Unseen]:
    used: dict[str, int] = {}
    for found in jobs:
        if isinstance(found, Unseen):
            yield found
            continue
        number = used[found.name] = used.get(found.name, 0) + 1
        id_ = f"{holder.id}/{found.name.removeprefix('/')}" + (f"#{number}" if number > 1 else "")
        yield as_resource(holder, id_, found, holder.origin, holder.exists)


class _Plain:
    """Plain JSON, as an account answers (see `arguments.Language`)."""

    def value_of(self, said: Value, at: tuple[str | int, ...]) -> None:
        del said, at

    def member_of(self, key: str, said: Value) -> None:
        del key, said
