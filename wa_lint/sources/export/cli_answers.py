"""What the AWS CLI printed, as resources: `aws sagemaker describe-*`, `list-*` and their like. It opens no file.

An answer is recognised by its shape, for the CLI does not say what it answered. It goes through the same table as a
live account's, so it gives the same resource.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from wa_lint.model import Raw, Resource, Scope, Unknown
from wa_lint.sources.export.export_document import Format, Found
from wa_lint.sources.live.api_response import Item, Place, filled, resource_of
from wa_lint.sources.live.collector import Collector, Reach
from wa_lint.sources.live.collectors import COLLECTORS

PROOFS: Mapping[str, tuple[str, ...]] = {
    "AWS::CloudWatch::Alarm": ("ComparisonOperator",),
    "AWS::IAM::Group": ("GroupPolicyList",),
    "AWS::IAM::ManagedPolicy": ("PolicyVersionList",),
    "AWS::IAM::Role": ("RolePolicyList",),
    "AWS::IAM::User": ("UserPolicyList", "GroupList"),
    "AWS::Lambda::Function": ("CodeSha256",),
    "AWS::SageMaker::Algorithm": ("TrainingSpecification",),
    "AWS::SageMaker::App": ("AppArn",),
    "AWS::SageMaker::AutoMLJob": ("AutoMLJobInputDataConfig", "AutoMLProblemTypeConfig"),
    "AWS::SageMaker::Cluster": ("InstanceGroups",),
    "AWS::SageMaker::ClusterSchedulerConfig": ("SchedulerConfig",),
    "AWS::SageMaker::CompilationJob": ("InputConfig", "OutputConfig"),
    "AWS::SageMaker::ComputeQuota": ("CreatedBy", "Description"),
    "AWS::SageMaker::DataQualityJobDefinition": ("DataQualityAppSpecification",),
    "AWS::SageMaker::DeviceFleet": ("OutputConfig",),
    "AWS::SageMaker::Domain": ("AuthMode", "DefaultUserSettings"),
    "AWS::SageMaker::Endpoint": ("EndpointConfigName",),
    "AWS::SageMaker::EndpointConfig": ("ProductionVariants",),
    "AWS::SageMaker::FeatureGroup": ("FeatureDefinitions", "RecordIdentifierFeatureName"),
    "AWS::SageMaker::FlowDefinition": ("OutputConfig", "RoleArn"),
    "AWS::SageMaker::HumanTaskUi": ("UiTemplate",),
    "AWS::SageMaker::HyperParameterTuningJob": ("HyperParameterTuningJobConfig",),
    "AWS::SageMaker::Image": ("RoleArn",),
    "AWS::SageMaker::InferenceComponent": ("Specification", "Specifications", "RuntimeConfig"),
    "AWS::SageMaker::InferenceExperiment": ("EndpointMetadata", "ModelVariants"),
    "AWS::SageMaker::LabelingJob": ("HumanTaskConfig", "OutputConfig"),
    "AWS::SageMaker::MlflowApp": ("ArtifactStoreUri", "RoleArn"),
    "AWS::SageMaker::MlflowTrackingServer": ("ArtifactStoreUri",),
    "AWS::SageMaker::Model": ("Containers", "EnableNetworkIsolation", "ExecutionRoleArn", "PrimaryContainer"),
    "AWS::SageMaker::ModelBiasJobDefinition": ("ModelBiasAppSpecification",),
    "AWS::SageMaker::ModelCard": ("Content",),
    "AWS::SageMaker::ModelExplainabilityJobDefinition": ("ModelExplainabilityAppSpecification",),
    "AWS::SageMaker::ModelPackage": ("ModelPackageStatusDetails", "InferenceSpecification"),
    "AWS::SageMaker::ModelPackageGroup": ("CreatedBy",),
    "AWS::SageMaker::ModelQualityJobDefinition": ("ModelQualityAppSpecification",),
    "AWS::SageMaker::MonitoringSchedule": ("MonitoringScheduleConfig",),
    "AWS::SageMaker::NotebookInstance": ("DirectInternetAccess", "RoleArn"),
    "AWS::SageMaker::NotebookInstanceLifecycleConfig": ("OnCreate", "OnStart"),
    "AWS::SageMaker::OptimizationJob": ("ModelSource", "OptimizationConfigs"),
    "AWS::SageMaker::PartnerApp": ("ExecutionRoleArn", "Tier"),
    "AWS::SageMaker::Pipeline": ("PipelineDefinition",),
    "AWS::SageMaker::ProcessingJob": ("AppSpecification", "ProcessingResources"),
    "AWS::SageMaker::Project": ("CreatedBy", "ServiceCatalogProvisioningDetails", "TemplateProviderDetails"),
    "AWS::SageMaker::Space": ("SpaceArn",),
    "AWS::SageMaker::StudioLifecycleConfig": ("StudioLifecycleConfigContent",),
    "AWS::SageMaker::TrainingJob": ("AlgorithmSpecification", "ResourceConfig", "RoleArn"),
    "AWS::SageMaker::TrainingPlan": ("AvailableSpareInstanceCount", "UnhealthyInstanceCount"),
    "AWS::SageMaker::TransformJob": ("TransformInput", "TransformResources"),
    "AWS::SageMaker::UserProfile": ("UserProfileArn",),
}
"""Members of which a whole answer has at least one and an entry of a list none. Without one, an entry that somebody
cut out of a list would read as a resource with nothing set. Types that are not named need no proof."""

_ONLY_LISTED = "only listed: the file has its name, not its description"

_ONE_CALL = "another call tells, and this is the answer of one"

_BARE: Final = frozenset({"AWS::SageMaker::AppImageConfig", "AWS::SageMaker::CodeRepository"})
"""Types of which an entry of a list tells as much as a description."""

_DESCRIBED = tuple(c for c in COLLECTORS if c.type in PROOFS.keys() | _BARE and c.arn.startswith("{"))

_KINDS: Mapping[str, str] = {
    "AWS::SageMaker::DataQualityJobDefinition": "data-quality-job-definition",
    "AWS::SageMaker::InferenceExperiment": "inference-experiment",
    "AWS::SageMaker::MlflowApp": "mlflow-app",
    "AWS::SageMaker::ModelBiasJobDefinition": "model-bias-job-definition",
    "AWS::SageMaker::ModelExplainabilityJobDefinition": "model-explainability-job-definition",
    "AWS::SageMaker::ModelQualityJobDefinition": "model-quality-job-definition",
    "AWS::SageMaker::PartnerApp": "partner-app",
}
"""What the ARN says, for types whose answers name it by a word that others use too (service authorization reference of
SageMaker, read 2026-11)."""

_WRAPPED: Mapping[str, str] = {
    "Configuration": "FunctionArn",
    "Workforce": "WorkforceArn",
    "Workteam": "WorkteamArn",
}
"""The member that wraps all of a description -> the one by which what is inside is recognised."""


def _by_key() -> Mapping[str, tuple[Collector, ...]]:
    found: dict[str, tuple[Collector, ...]] = {}
    for collector in COLLECTORS:
        listing = collector.listing
        if listing and not collector.parent and not collector.camel and collector.service != "apigatewayv2":
            found[listing.items] = (*found.get(listing.items, ()), collector)
    return found


_LISTED: Final = _by_key()
"""The key that a list answer wraps its entries in -> whose they may be."""


def is_answer(value: Raw) -> bool:
    """Whether `value` has the shape of an answer that `read_answer` knows."""
    return isinstance(value, dict) and (
        _wrapped(value) or _described(value) is not None or _unwrapped(value) is not None
    )


def read_answer(value: Raw) -> Found:
    """Return the resources of one answer. It is complete for nothing but the inline policies of whole IAM entries."""
    if not isinstance(value, dict):
        return Found()
    pairs = list(_entries(value))
    resources = tuple(_resource(collector, item) for collector, item in pairs)
    covered = [
        Scope(type_, resource.account, resource.region)
        for (collector, _), resource in zip(pairs, resources, strict=True)
        for type_ in collector.covers
        if not isinstance(resource.properties, Unknown)
    ]
    return Found(resources, frozenset(covered))


ANSWER: Final = Format("an answer of the AWS CLI", is_answer, read_answer)


def _entries(value: Item) -> Iterator[tuple[Collector, Item]]:
    inner = _unwrapped(value)
    item = value if inner is None else inner
    collector = _described(item)
    if collector is not None:
        yield collector, item
        return
    for key, collectors in _LISTED.items():
        for entry in value.get(key) or () if isinstance(value.get(key), list) else ():
            yield from ((c, entry) for c in collectors if isinstance(entry, dict) and _is_named(c, entry))


def _wrapped(value: Item) -> bool:
    """Whether it is a list of something known; an empty list of it is one too."""
    keys = _LISTED.keys() & value.keys()
    return any(isinstance(value[key], list) for key in keys) and all(_entries_fit(value, key) for key in keys)


def _entries_fit(value: Item, key: str) -> bool:
    entries = value[key] if isinstance(value[key], list) else []
    return all(isinstance(entry, dict) and any(_is_named(c, entry) for c in _LISTED[key]) for entry in entries)


def _unwrapped(value: Item) -> Item | None:
    """Return what ``aws lambda get-function`` wraps, and its like."""
    for key, proof in _WRAPPED.items():
        inner = value.get(key)
        if isinstance(inner, dict) and proof in inner:
            return inner
    return None


def _described(item: Item) -> Collector | None:
    """Return whose description it is: one whose ARN and name it bears.

    An inference component bears those of its endpoint too: of several, the one that a proof speaks for.
    """
    named = [c for c in _DESCRIBED if (c.arn != "{Arn}" or c.type in _KINDS) and _is_named(c, item)]
    proven = [c for c in named if any(proof in item for proof in PROOFS.get(c.type, ()))]
    return next(iter([*proven, *named]), None)


def _is_named(collector: Collector, item: Item) -> bool:
    arn = filled(collector.arn, item, _NOWHERE)
    if arn is None and collector.arn.startswith("{"):
        return bool(collector.id) and filled(collector.id, item, _SOMEWHERE) is not None
    kind = _KINDS.get(collector.type)
    return filled(collector.name, item, _NOWHERE) is not None and (not kind or f":{kind}/" in str(arn))


_NOWHERE: Final = Place(None, None)
_SOMEWHERE: Final = Place("", "")


def _resource(collector: Collector, item: Item) -> Resource:
    proofs = PROOFS.get(collector.type, ())
    is_whole = any(name in item for name in proofs) if proofs else not collector.describe
    refused = dict(_told_elsewhere(collector, item)) if is_whole else {"": Unknown(_ONLY_LISTED)}
    return resource_of(collector, item, _place(collector, item), refused)


def _told_elsewhere(collector: Collector, item: Item) -> Iterator[tuple[str, Unknown]]:
    """Yield what only the further calls of the collector tell."""
    for call in collector.describe[1:]:
        if not any(name in item for name in (*call.fills, *call.always)):
            yield from ((name, Unknown(_ONE_CALL)) for name in call.fills)


def _place(collector: Collector, item: Item) -> Place:
    """Return what the ARN says of account and region. The ARN of a bucket says neither."""
    arn = filled(collector.arn, item, _NOWHERE) if collector.arn.startswith("{") else None
    _, partition, _, region, account, *_ = [*str(arn or "").split(":"), *[""] * 5]
    is_regional = collector.reach is Reach.REGIONAL
    return Place(account or None, (region or None) if is_regional else None, partition or "aws")
