"""What a job is asked to run on: its network, its instances, its keys. One word for each, wherever a type keeps it.

A job is what runs for a while and ends: training, processing, batch transform, AutoML, compilation, optimization,
labeling, human review, monitoring. Paths: SageMaker API reference, the Create request of each (read 2026-12).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Final

import msgspec

from wa_lint.cel.types import BOOL, STRING
from wa_lint.facts.catalogue import has_local_storage
from wa_lint.facts.fact import Fact, unseen
from wa_lint.graph import Cell
from wa_lint.model import ABSENT, Unknown, Value
from wa_lint.truth import Truth, equals, negate

_SAGEMAKER: Final = "AWS::SageMaker::"
_SCHEDULE: Final = _SAGEMAKER + "MonitoringSchedule"
_INLINE: Final = "MonitoringScheduleConfig.MonitoringJobDefinition"
_SEVERAL: Final = 2


class JobShape(msgspec.Struct, frozen=True):
    """Where the request of a job says what; empty where it cannot."""

    isolation: str = ""
    vpc: str = ""
    traffic: str = ""
    cluster: str = ""
    """The map with InstanceType and InstanceCount; empty where SageMaker chooses the instances."""
    volume_key: str = ""
    output_key: str = ""


def _processing(before: str, resources: str, output: str) -> JobShape:
    network, cluster = f"{before}NetworkConfig", f"{before}{resources}.ClusterConfig"
    return JobShape(
        isolation=f"{network}.EnableNetworkIsolation",
        vpc=f"{network}.VpcConfig",
        traffic=f"{network}.EnableInterContainerTrafficEncryption",
        cluster=cluster,
        volume_key=f"{cluster}.VolumeKmsKeyId",
        output_key=f"{before}{output}.KmsKeyId",
    )


JOBS: Final[Mapping[str, JobShape]] = {
    _SAGEMAKER + "TrainingJob": JobShape(
        isolation="EnableNetworkIsolation",
        vpc="VpcConfig",
        traffic="EnableInterContainerTrafficEncryption",
        cluster="ResourceConfig",
        volume_key="ResourceConfig.VolumeKmsKeyId",
        output_key="OutputDataConfig.KmsKeyId",
    ),
    _SAGEMAKER + "AutoMLJob": JobShape(
        vpc="SecurityConfig.VpcConfig",
        traffic="SecurityConfig.EnableInterContainerTrafficEncryption",
        volume_key="SecurityConfig.VolumeKmsKeyId",
        output_key="OutputDataConfig.KmsKeyId",
    ),
    _SAGEMAKER + "ProcessingJob": _processing("", "ProcessingResources", "ProcessingOutputConfig"),
    _SAGEMAKER + "TransformJob": JobShape(
        cluster="TransformResources",
        volume_key="TransformResources.VolumeKmsKeyId",
        output_key="TransformOutput.KmsKeyId",
    ),
    _SAGEMAKER + "CompilationJob": JobShape(vpc="VpcConfig", output_key="OutputConfig.KmsKeyId"),
    _SAGEMAKER + "OptimizationJob": JobShape(vpc="VpcConfig", output_key="OutputConfig.KmsKeyId"),
    _SAGEMAKER + "LabelingJob": JobShape(
        vpc="LabelingJobAlgorithmsConfig.LabelingJobResourceConfig.VpcConfig",
        volume_key="LabelingJobAlgorithmsConfig.LabelingJobResourceConfig.VolumeKmsKeyId",
        output_key="OutputConfig.KmsKeyId",
    ),
    _SAGEMAKER + "FlowDefinition": JobShape(output_key="OutputConfig.KmsKeyId"),
    **{
        f"{_SAGEMAKER}{kind}JobDefinition": _processing("", "JobResources", f"{kind}JobOutputConfig")
        for kind in ("DataQuality", "ModelQuality", "ModelBias", "ModelExplainability")
    },
    _SCHEDULE: _processing(f"{_INLINE}.", "MonitoringResources", "MonitoringOutputConfig"),
}


# --- facts ------------------------------------------------------------------------------------------


def defines_job(home: Cell) -> Cell:
    """Return whether a schedule says itself what it runs, and does not name a job definition that does."""
    inline = _at(home, _INLINE)
    return inline.with_value(inline.value if isinstance(inline.value, Unknown) else inline.value is not ABSENT)


def is_isolated(home: Cell) -> Cell:
    return _switch(_at(home, JOBS[home.resource.type].isolation))


def encrypts_traffic(home: Cell) -> Cell:
    return _switch(_at(home, JOBS[home.resource.type].traffic))


def is_in_vpc(home: Cell) -> Cell:
    """Return whether subnets are named; a VpcConfig without any is none."""
    vpc = _at(home, JOBS[home.resource.type].vpc)
    if not isinstance(vpc.value, dict):
        return vpc.with_value(vpc.value if isinstance(vpc.value, Unknown) else vpc.value is not ABSENT)
    subnets = vpc.select("Subnets").value
    return vpc.with_value(subnets if isinstance(subnets, Unknown) else subnets not in (ABSENT, []))


def is_distributed(home: Cell) -> Cell:
    """Return whether it may run on more than one instance; of AutoML, which chooses them, nobody can rule it out."""
    cluster = JOBS[home.resource.type].cluster
    return _deciding(_counts(_at(home, cluster)), home) if cluster else home.with_value(True)


def takes_volume_key(home: Cell) -> Cell:
    """Return whether it has volumes that a key can be set for: not with NVMe storage, nor without instances."""
    cluster = JOBS[home.resource.type].cluster
    resources = _at(home, cluster) if cluster else home
    if not cluster or resources.value is ABSENT:
        return resources.with_value(not cluster)
    local = _deciding(_local_storage(resources), home)
    return local.with_value(negate(local.value if isinstance(local.value, bool | Unknown) else False))


def volume_key(home: Cell) -> Cell:
    return _at(home, JOBS[home.resource.type].volume_key)


def output_key(home: Cell) -> Cell:
    return _at(home, JOBS[home.resource.type].output_key)


def _at(home: Cell, path: str) -> Cell:
    for name in path.split("."):
        home = home.select(name)
    return home


def _switch(at: Cell) -> Cell:
    if at.value is ABSENT:
        return at.with_value(False)
    return at.with_value(at.value if isinstance(at.value, Unknown) else equals(at.value, True))


_CHOICES: Final = ("InstanceGroups", "InstancePreferences")
"""Lists in a training job's ResourceConfig: what it runs on together, and what it may run on instead."""


def _deciding(answers: Iterable[Cell], home: Cell) -> Cell:
    """Return the first answer that is true, else the first that is not known; false where there is neither."""
    found = list(answers)
    known = next((cell for cell in found if cell.value is True), None)
    return known or next((cell for cell in found if isinstance(cell.value, Unknown)), home.with_value(False))


def _counts(cluster: Cell) -> Iterator[Cell]:
    """Yield, for each count of instances, whether it says several."""
    groups = cluster.select(_CHOICES[0])
    are_several = groups.value if isinstance(groups.value, Unknown) else len(groups.items()) >= _SEVERAL
    yield groups.with_value(are_several)
    for part in (cluster, *(item for name in _CHOICES for item in cluster.select(name).items())):
        count = part.select("InstanceCount")
        if count.value is not ABSENT:
            yield count.with_value(_is_several(count.value))


def _is_several(count: Value) -> Truth:
    if isinstance(count, bool) or not isinstance(count, int | float):
        return Unknown(unseen(count) or "not a number of instances")
    return count >= _SEVERAL


def _local_storage(cluster: Cell) -> Iterator[Cell]:
    """Yield, for each type of instance, whether it has storage of its own."""
    for part in (cluster, *(item for name in _CHOICES for item in cluster.select(name).items())):
        type_ = part.select("InstanceType")
        if type_.value is not ABSENT:
            yield type_.with_value(type_.value if isinstance(type_.value, Unknown) else has_local_storage(type_.value))


# --- the table --------------------------------------------------------------------------------------

_WORDS: Final[tuple[tuple[str, Callable[[JobShape], str], Callable[[Cell], object], str], ...]] = (
    ("is_isolated", lambda s: s.isolation, is_isolated, "Whether its containers have no outbound network access."),
    ("is_in_vpc", lambda s: s.vpc, is_in_vpc, "Whether its containers run in subnets of the user's."),
    ("encrypts_traffic", lambda s: s.traffic, encrypts_traffic, "Whether traffic between its instances is encrypted."),
    ("is_distributed", lambda s: s.traffic, is_distributed, "Whether it may run on more than one instance."),
    ("takes_volume_key", lambda s: s.volume_key, takes_volume_key, "Whether SageMaker accepts a key for its volumes."),
)

FACTS: Final[tuple[Fact, ...]] = (
    *(
        Fact(type_, "", name, (), BOOL, doc, compute)
        for name, asks, compute, doc in _WORDS
        for type_, shape in JOBS.items()
        if asks(shape)
    ),
    *(
        Fact(type_, "", name, (), STRING, doc, compute, is_optional=True)
        for name, compute, doc in (
            ("volume_key", volume_key, "The KMS key that the request names for its volumes."),
            ("output_key", output_key, "The KMS key that the request names for its output."),
        )
        for type_, shape in JOBS.items()
        if getattr(shape, name)
    ),
    *(
        Fact(type_, "", "defines_job", (), BOOL, "Whether its own request says what it runs.", compute)
        for type_, compute in (
            (_SCHEDULE, defines_job),
            *((type_, lambda _: True) for type_ in JOBS if type_.endswith("JobDefinition")),
        )
    ),
)
