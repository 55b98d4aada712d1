"""CreateAutoMLJob, which pipelines speak, in the words of CreateAutoMLJobV2, which the type has. It knows no pipeline.

Source: SageMaker developer guide, "Migrate a CreateAutoMLJob to CreateAutoMLJobV2" (read 2026-11).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from wa_lint.model import ABSENT, Path, Value
from wa_lint.sources.jobs.arguments import PlacedArgument
from wa_lint.sources.jobs.job import Node

TYPE: Final = "AWS::SageMaker::AutoMLJob"

_FIRST_VERSION: Final = frozenset({"InputDataConfig", "AutoMLJobConfig", "ProblemType"})

_MOVED: Final = {
    "InputDataConfig": ("AutoMLJobInputDataConfig",),
    "AutoMLJobConfig.SecurityConfig": ("SecurityConfig",),
    "AutoMLJobConfig.DataSplitConfig": ("DataSplitConfig",),
    "AutoMLJobConfig.CompletionCriteria": ("AutoMLProblemTypeConfig", "TabularJobConfig", "CompletionCriteria"),
    "ProblemType": ("AutoMLProblemTypeConfig", "TabularJobConfig", "ProblemType"),
}


def as_second_version(said: Value, at: Path) -> Value:
    """Return the request with its members where the second version has them, each with the place where it is."""
    if not isinstance(said, dict) or _FIRST_VERSION.isdisjoint(said):
        return said
    moved: dict[str, Value] = {key: value for key, value in said.items() if key not in _FIRST_VERSION}
    for old, new in _MOVED.items():
        node = Node(said, at)
        for step in old.split("."):
            node = node.member(step)
        if node.value is not ABSENT:
            _put(moved, new, PlacedArgument(node.value, node.at))
    return moved


def _put(into: dict[str, Value], path: Sequence[str], value: Value) -> None:
    for step in path[:-1]:
        inner = into.setdefault(step, {})
        if not isinstance(inner, dict):
            return
        into = inner
    into[path[-1]] = value
