"""The jobs of a definition that is plain JSON, as an account gives it. It asks no account."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Final

from wa_lint.document.from_json import json_document
from wa_lint.errors import SourceError
from wa_lint.model import Resource
from wa_lint.sources.jobs.found import Branches, Job, Node, Unseen, as_resource, whole
from wa_lint.sources.jobs.machine import jobs_in_machine
from wa_lint.sources.jobs.pipeline import jobs_in_pipeline

_JOBS: Final[Mapping[str, Callable[[str, Node, Branches], Iterator[Job | Unseen]]]] = {
    "AWS::SageMaker::Pipeline": jobs_in_pipeline,
    "AWS::StepFunctions::StateMachine": jobs_in_machine,
}


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
