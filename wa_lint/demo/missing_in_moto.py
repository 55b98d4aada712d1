"""What moto lacks of SageMaker as a whole: types of which it has no call. Data only, from the collector table."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from wa_lint.sources.live.collectors import by_type

WORDS: Final = (
    "Algorithm",
    "App",
    "AppImageConfig",
    "ClusterSchedulerConfig",
    "CodeRepository",
    "ComputeQuota",
    "DeviceFleet",
    "FlowDefinition",
    "Hub",
    "HumanTaskUi",
    "Image",
    "ImageVersion",
    "InferenceComponent",
    "InferenceExperiment",
    "MlflowApp",
    "OptimizationJob",
    "PartnerApp",
    "Project",
    "Space",
    "TrainingPlan",
    "UserProfile",
    "Workforce",
    "Workteam",
)
"""As in ``CreateApp`` and ``AWS::SageMaker::App``."""

RENAMED: Final[Mapping[str, Mapping[str, str]]] = {
    "InferenceComponent": {
        "LastDeploymentConfig": "DeploymentConfig",
        "Specification.Container.DeployedImage.SpecifiedImage": "Specification.Container.Image",
    },
}
"""Path of the description -> path of the request that created it, where their names differ."""


def operations(word: str) -> tuple[tuple[str, str], ...]:
    """Return (operation, its list or nothing) for what creates, describes and lists things of one kind."""
    collector = by_type()[f"AWS::SageMaker::{word}"]
    reading = [call for call in (*collector.describe[:1], collector.listing) if call]
    return (f"Create{word}", ""), *((call.operation, call.items) for call in reading)
