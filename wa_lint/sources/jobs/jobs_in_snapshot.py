"""The jobs of the definitions that a snapshot holds as plain JSON, as an account gives them. It asks no account."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Final

import msgspec

from wa_lint.document.from_json import json_document
from wa_lint.errors import SourceError
from wa_lint.model import Problem, Resource, Snapshot, SourceKind, Value
from wa_lint.sources.jobs.job import Branches, Job, Node, Unseen, as_resource, whole
from wa_lint.sources.jobs.machine import jobs_in_machine
from wa_lint.sources.jobs.pipeline import jobs_in_pipeline

_JOBS: Final[Mapping[str, Callable[[str, Node, Branches], Iterator[Job | Unseen]]]] = {
    "AWS::SageMaker::Pipeline": jobs_in_pipeline,
    "AWS::StepFunctions::StateMachine": jobs_in_machine,
}


_DEFINITIONS: Final[Mapping[str, tuple[str, ...]]] = {
    "AWS::SageMaker::Pipeline": ("PipelineDefinition", "PipelineDefinitionBody"),
    "AWS::StepFunctions::StateMachine": ("DefinitionString",),
}
"""Where the text stands."""


def with_jobs(snapshot: Snapshot) -> Snapshot:
    """Return a snapshot with the jobs that its pipelines and state machines start; a problem where one is not seen.

    A template's reader has found them already, with their lines. To be asked where a snapshot is judged: these jobs
    hold what no file can (see `jobs_beside`).
    """
    if snapshot.kind is SourceKind.TEMPLATE:
        return snapshot
    seen = {(resource.type, resource.id) for resource in snapshot.resources}
    jobs: list[Resource] = []
    problems: list[Problem] = []
    for holder in snapshot.resources:
        text = _definition(holder) if holder.type in _DEFINITIONS else None
        for found in jobs_beside(holder, text) if isinstance(text, str) else ():
            if isinstance(found, Unseen):
                where = holder.origin.locate(found.at)
                problems.append(Problem(where, f"jobs that {holder.id} starts were not judged: {found.reason}"))
            elif (found.type, found.id) not in seen:
                jobs.append(found)
    if not jobs and not problems:
        return snapshot
    return msgspec.structs.replace(
        snapshot,
        resources=(*snapshot.resources, *jobs),
        problems=tuple(sorted({*snapshot.problems, *problems})),
    )


def _definition(holder: Resource) -> Value:
    value: Value = holder.properties
    for name in _DEFINITIONS[holder.type]:
        value = value.get(name) if isinstance(value, dict) else None
    return value


def jobs_beside(holder: Resource, definition: str) -> Iterator[Resource | Unseen]:
    """Yield the jobs that `holder` will start, each with the holder's place, and what of them could not be seen.

    Values that a start may change are deferred (the default of a pipeline's parameter), so that these resources are
    made of a snapshot that was read, and not written into one.
    """
    try:
        document = json_document(definition, str(holder.origin.locate(())))
    except (json.JSONDecodeError, SourceError):
        yield Unseen((), "its definition is no JSON")
        return
    used: dict[str, int] = {}
    for found in _JOBS[holder.type](holder.id, Node(document.value), whole):
        if isinstance(found, Unseen):
            yield found
            continue
        number = used[found.name] = used.get(found.name, 0) + 1
        id_ = f"{holder.id}/{found.name}" + (f"#{number}" if number > 1 else "")
        yield as_resource(holder, id_, found, holder.origin, holder.exists)
