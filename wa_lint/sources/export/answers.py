"""What the AWS CLI printed, as resources: `aws sagemaker describe-*`, `list-*` and their like. It opens no file.

An answer is recognised by its shape, for the CLI does not say what it answered. It goes through the same table as a
live account's, so it gives the same resource.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from wa_lint.model import Raw, Resource, Scope, Unknown
from wa_lint.sources.export.found import Format, Found
from wa_lint.sources.live.answers import Item, Place, resource_of
from wa_lint.sources.live.collectors import COLLECTORS
from wa_lint.sources.live.table import Collector, Reach

PROOFS: Mapping[str, tuple[str, ...]] = {
    "AWS::CloudWatch::Alarm": ("ComparisonOperator",),
    "AWS::IAM::ManagedPolicy": ("PolicyVersionList",),
    "AWS::IAM::Role": ("RolePolicyList",),
    "AWS::IAM::User": ("UserPolicyList", "GroupList"),
    "AWS::IAM::Group": ("GroupPolicyList",),
    "AWS::Lambda::Function": ("CodeSha256",),
    "AWS::SageMaker::AutoMLJob": ("AutoMLJobInputDataConfig", "AutoMLProblemTypeConfig"),
    "AWS::SageMaker::CompilationJob": ("InputConfig", "OutputConfig"),
    "AWS::SageMaker::Domain": ("AuthMode", "DefaultUserSettings"),
    "AWS::SageMaker::Endpoint": ("EndpointConfigName",),
    "AWS::SageMaker::EndpointConfig": ("ProductionVariants",),
    "AWS::SageMaker::FeatureGroup": ("FeatureDefinitions", "RecordIdentifierFeatureName"),
    "AWS::SageMaker::HyperParameterTuningJob": ("HyperParameterTuningJobConfig",),
    "AWS::SageMaker::LabelingJob": ("HumanTaskConfig", "OutputConfig"),
    "AWS::SageMaker::MlflowTrackingServer": ("ArtifactStoreUri",),
    "AWS::SageMaker::Model": ("Containers", "EnableNetworkIsolation", "ExecutionRoleArn", "PrimaryContainer"),
    "AWS::SageMaker::MonitoringSchedule": ("MonitoringScheduleConfig",),
    "AWS::SageMaker::NotebookInstance": ("DirectInternetAccess", "RoleArn"),
    "AWS::SageMaker::NotebookInstanceLifecycleConfig": ("OnCreate", "OnStart"),
    "AWS::SageMaker::ProcessingJob": ("AppSpecification", "ProcessingResources"),
    "AWS::SageMaker::StudioLifecycleConfig": ("StudioLifecycleConfigContent",),
    "AWS::SageMaker::TrainingJob": ("AlgorithmSpecification", "ResourceConfig", "RoleArn"),
    "AWS::SageMaker::TransformJob": ("TransformInput", "TransformResources"),
}
"""Members of which a whole answer has at least one and an entry of a list none. Without one, an entry that somebody
cut out of a list would read as a resource with nothing set. Types that are not named need no proof."""

_ONLY_LISTED = "only listed: the file has its name, not its description"

_DESCRIBED = tuple(c for c in COLLECTORS if c.type in PROOFS and c.arn.startswith("{"))

_LISTED: Mapping[str, tuple[Collector, ...]] = {
    c.listing.items: (c,)
    for c in COLLECTORS
    if c.listing and not c.parent and not c.camel and c.service != "apigatewayv2"
}
"""The key that a list answer wraps its entries in -> whose they are."""


def is_answer(value: Raw) -> bool:
    """Whether `value` has the shape of an answer that `read_answer` knows."""
    return isinstance(value, dict) and (
        _wrapped(value) or _described(value) is not None or _function(value) is not None
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
    function = _function(value)
    item = value if function is None else function
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


def _function(value: Item) -> Item | None:
    """Return what ``aws lambda get-function`` wraps."""
    inner = value.get("Configuration")
    return inner if isinstance(inner, dict) and "FunctionArn" in inner else None


def _described(item: Item) -> Collector | None:
    """Return whose description it is: the one whose ARN and name it bears. An Endpoint has no EndpointConfigArn."""
    return next((c for c in _DESCRIBED if _is_named(c, item) and _member(c.arn) != "Arn"), None)


def _is_named(collector: Collector, item: Item) -> bool:
    names = [_member(template) for template in (collector.arn, collector.name) if template.startswith("{")]
    return all(isinstance(item.get(name), str) for name in names)


def _member(template: str) -> str:
    return template.strip("{}")


def _resource(collector: Collector, item: Item) -> Resource:
    proofs = PROOFS.get(collector.type, ())
    is_whole = any(name in item for name in proofs) if proofs else not collector.describe
    refused = {} if is_whole else {"": Unknown(_ONLY_LISTED)}
    return resource_of(collector, item, _place(collector, item), refused)


def _place(collector: Collector, item: Item) -> Place:
    """Return what the ARN says of account and region. The ARN of a bucket says neither."""
    arn = item.get(_member(collector.arn)) if collector.arn.startswith("{") else None
    _, partition, _, region, account, *_ = [*str(arn or "").split(":"), *[""] * 5]
    is_regional = collector.reach is Reach.REGIONAL
    return Place(account or None, (region or None) if is_regional else None, partition or "aws")
