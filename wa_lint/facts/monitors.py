"""Whether monitoring and notifications can tell anything: a baseline to compare with, a topic of its own for errors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from wa_lint.cel.types import BOOL
from wa_lint.facts.fact import Fact
from wa_lint.graph import Cell
from wa_lint.model import ABSENT, Unknown
from wa_lint.truth import Truth, every, negate, some

_BASELINES: Final[Mapping[str, str]] = {
    "AWS::SageMaker::DataQualityJobDefinition": "DataQualityBaselineConfig",
    "AWS::SageMaker::ModelQualityJobDefinition": "ModelQualityBaselineConfig",
    "AWS::SageMaker::ModelBiasJobDefinition": "ModelBiasBaselineConfig",
    "AWS::SageMaker::ModelExplainabilityJobDefinition": "ModelExplainabilityBaselineConfig",
}
_PARTS: Final = ("ConstraintsResource", "BaseliningJobName")


def has_baseline(definition: Cell) -> Cell:
    """Whether constraints, or the job that computes them, are named; at the baseline's configuration."""
    config = definition.select(_BASELINES[definition.resource.type])
    return config.with_value(some(_is_set(config.select(part)) for part in _PARTS))


def tells_failures(config: Cell) -> Cell:
    """Whether an asynchronous endpoint reports failed requests: by a path, or by a topic that is not that of successes.

    Two topics are one where they are spelled alike; what a parameter may make of them is not asked.
    """
    output = config.select("AsyncInferenceConfig").select("OutputConfig")
    path, topics = output.select("S3FailurePath"), output.select("NotificationConfig")
    error = topics.select("ErrorTopic")
    is_told = every((_is_set(error), negate(_is_one(error, topics.select("SuccessTopic")))))
    return path.with_value(some((_is_set(path), is_told)))


def _is_one(error: Cell, success: Cell) -> Truth:
    hidden = next((cell.value for cell in (error, success) if isinstance(cell.value, Unknown)), None)
    if hidden is not None:
        return hidden
    texts = [cell.world.graph.text_of(cell.value) for cell in (error, success)]
    return None not in texts and texts[0] == texts[1]


def _is_set(cell: Cell) -> Truth:
    return cell.value if isinstance(cell.value, Unknown) else negate(cell.value is ABSENT)


FACTS: Final[tuple[Fact, ...]] = (
    *(
        Fact(type_, "", "has_baseline", (), BOOL, "Whether it names constraints to compare with.", has_baseline)
        for type_ in _BASELINES
    ),
    Fact(
        "AWS::SageMaker::EndpointConfig",
        "",
        "tells_failures",
        (),
        BOOL,
        "Whether failed asynchronous requests are reported, apart from successes.",
        tells_failures,
    ),
)
