"""The collector table, for SageMaker. Data only: it calls nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from wa_lint.sources.live.collector import ApiCall, Collector

_ARN: Final = "arn:{partition}:sagemaker:{region}:{account}"

_STEPS: Final = tuple(
    f"AWS::SageMaker::{kind}Job" for kind in ("AutoML", "HyperParameterTuning", "Processing", "Training", "Transform")
)
"""The jobs that a pipeline starts."""

_NEWEST: Final = {"SortBy": "CreationTime", "SortOrder": "Descending", "MaxResults": 10}
"""The last ten, in one call."""


def _sagemaker(  # noqa: PLR0913, one argument for each way in which these types differ
    word: str,
    *,
    key: str = "",
    items: str = "",
    arn: str = "",
    name: str = "",
    version: str = "",
    fed: str = "",
    renames: Mapping[str, str] | None = None,
    observed: tuple[str, ...] = (),
    encoded: tuple[str, ...] = (),
    documents: tuple[str, ...] = (),
    texts: tuple[str, ...] = (),
    elsewhere: tuple[str, ...] = (),
    continued: str = "",
    window_days: int = 0,
    holds: tuple[str, ...] = (),
    more: tuple[ApiCall, ...] = (),
) -> Collector:
    """Almost every SageMaker type is ListXs, DescribeX by name, and an XArn. `fed`: the listed member that `key` is."""
    key = key or f"{word}Name"
    described = ApiCall(operation=f"Describe{word}{version}", request={key: fed or key}, continued=continued)
    return Collector(
        type=f"AWS::SageMaker::{word}",
        service="sagemaker",
        listing=ApiCall(operation=f"List{word}s", items=items or f"{word}s"),
        describe=(described, *more),
        name=f"{{{name or key}}}",
        arn=f"{{{arn or word + 'Arn'}}}",
        renames=renames or {},
        observed=observed,
        encoded=encoded,
        documents=documents,
        texts=texts,
        elsewhere=elsewhere,
        ignores=("NextToken",) if any(call.fixed for call in more) else (),
        window_days=window_days,
        holds=holds,
    )


def _listed(word: str, listing: str, items: str, renames: Mapping[str, str] | None = None) -> Collector:
    """Of these the listing tells all that a description does."""
    return Collector(
        type=f"AWS::SageMaker::{word}",
        service="sagemaker",
        listing=ApiCall(operation=listing, items=items),
        name=f"{{{word}Name}}",
        arn=f"{{{word}Arn}}",
        renames=renames or {},
    )


def _in_domain(word: str, kind: str) -> Collector:
    """A part of a domain. One listing gives those of all domains, without their ARNs."""
    key = f"{word}Name"
    return Collector(
        type=f"AWS::SageMaker::{word}",
        service="sagemaker",
        listing=ApiCall(operation=f"List{word}s", items=f"{word}s"),
        describe=(ApiCall(operation=f"Describe{word}", request={"DomainId": "DomainId", key: key}),),
        name=f"{{{key}}}",
        arn=f"{{{word}Arn}}",
        id=f"{_ARN}:{kind}/{{DomainId}}/{{{key}}}",
    )


def _executions(parameter: str, member: str) -> ApiCall:
    """Return the call for the last executions of a monitoring schedule, or of the schedules of a job definition."""
    fills = ("MonitoringExecutionSummaries",)
    return ApiCall(operation="ListMonitoringExecutions", request={parameter: member}, fixed=_NEWEST, fills=fills)


_GROUP: Final = "InstanceGroups[]."
_SHARED: Final = "RestrictedInstanceGroupsConfig.SharedEnvironmentConfig."


def _now_and_wanted(*paths: str) -> dict[str, str]:
    """Rename ``A.CurrentB`` and then ``A.DesiredB`` to ``A.B``: what is wanted wins over what is there."""
    parted = [path.rpartition(".") for path in paths]
    return {f"{head}.{when}{name}": f"{head}.{name}" for head, _, name in parted for when in ("Current", "Desired")}


_CLUSTER: Final = {
    **_now_and_wanted(
        _GROUP + "ImageId",
        _GROUP + "ImageReleaseVersion",
        _GROUP + "AutoPatchConfig.PatchSchedule",
        _GROUP + "InstanceRequirements.InstanceTypes",
        _GROUP + "KubernetesConfig.Labels",
        _GROUP + "KubernetesConfig.Taints",
        _SHARED + "FSxLustreConfig",
        _SHARED + "FSxLustreDeletionPolicy",
    ),
    _GROUP + "TargetCount": _GROUP + "InstanceCount",
    _GROUP + "MinCount": _GROUP + "MinInstanceCount",
    "RestrictedInstanceGroups[].TargetCount": "RestrictedInstanceGroups[].InstanceCount",
}

_MEMBER: Final = "MemberDefinitions[]."
_TEAM: Final = {
    **{
        f"{_MEMBER}CognitoMemberDefinition.{name}": f"{_MEMBER}CognitoMemberDefinition.Cognito{name}"
        for name in ("ClientId", "UserGroup", "UserPool")
    },
    f"{_MEMBER}OidcMemberDefinition.Groups": f"{_MEMBER}OidcMemberDefinition.OidcGroups",
}

_SERVING = (
    _sagemaker("Endpoint", renames={"LastDeploymentConfig": "DeploymentConfig"}),
    _sagemaker("EndpointConfig"),
    _sagemaker("Model"),
    _sagemaker(
        "InferenceComponent",
        renames={
            "LastDeploymentConfig": "DeploymentConfig",
            "RuntimeConfig.DesiredCopyCount": "RuntimeConfig.CopyCount",
            "Specification.Container.DeployedImage.SpecifiedImage": "Specification.Container.Image",
            "Specifications[].Container.DeployedImage.SpecifiedImage": "Specifications[].Container.Image",
        },
    ),
    _sagemaker(
        "InferenceExperiment",
        key="Name",
        arn="Arn",
        renames={"EndpointMetadata.EndpointName": "EndpointName"},
        observed=("StatusReason",),
    ),
)

_STUDIO = (
    _sagemaker(
        "NotebookInstance",
        renames={"SecurityGroups": "SecurityGroupIds", "NotebookInstanceLifecycleConfigName": "LifecycleConfigName"},
    ),
    _sagemaker("NotebookInstanceLifecycleConfig", encoded=("OnCreate[].Content", "OnStart[].Content")),
    _sagemaker("Domain", key="DomainId"),
    _in_domain("UserProfile", "user-profile"),
    _in_domain("Space", "space"),
    Collector(
        type="AWS::SageMaker::App",
        service="sagemaker",
        listing=ApiCall(operation="ListApps", items="Apps"),
        describe=(
            ApiCall(
                operation="DescribeApp",
                request={"DomainId": "DomainId", "AppType": "AppType", "AppName": "AppName"},
                optional={"UserProfileName": "UserProfileName", "SpaceName": "SpaceName"},
            ),
        ),
        name="{AppName}",
        arn="{AppArn}",
        id=_ARN + ":app/{DomainId}/{UserProfileName|SpaceName}/{AppType}/{AppName}",
        gone={"Status": "Deleted"},  # it stays in the list for a day
    ),
    _sagemaker("StudioLifecycleConfig", encoded=("StudioLifecycleConfigContent",)),
    _sagemaker(
        "Image",
        renames={"Description": "ImageDescription", "DisplayName": "ImageDisplayName", "RoleArn": "ImageRoleArn"},
    ),
    Collector(
        type="AWS::SageMaker::ImageVersion",
        service="sagemaker",
        parent="AWS::SageMaker::Image",
        listing=ApiCall(operation="ListImageVersions", request={"ImageName": "ImageName"}, items="ImageVersions"),
        describe=(
            ApiCall(
                operation="DescribeImageVersion", request={"ImageName": "ImageName"}, optional={"Version": "Version"}
            ),
        ),
        name="{ImageName}",
        arn="{ImageVersionArn}",
    ),
    _listed("AppImageConfig", "ListAppImageConfigs", "AppImageConfigs"),
    _listed("CodeRepository", "ListCodeRepositories", "CodeRepositorySummaryList"),
    _sagemaker(
        "MlflowTrackingServer", key="TrackingServerName", items="TrackingServerSummaries", arn="TrackingServerArn"
    ),
    _sagemaker("MlflowApp", key="Arn", items="Summaries", arn="Arn", name="Name"),
    _sagemaker("PartnerApp", key="Arn", items="Summaries", arn="Arn", name="Name", renames={"Version": "AppVersion"}),
    _sagemaker("Project", items="ProjectSummaryList"),
)

_REGISTRY = (
    _sagemaker("FeatureGroup", items="FeatureGroupSummaries", continued="FeatureDefinitions"),
    _sagemaker(
        "ModelPackageGroup",
        items="ModelPackageGroupSummaryList",
        renames={"ResourcePolicy": "ModelPackageGroupPolicy"},
        documents=("ModelPackageGroupPolicy",),
        more=(
            ApiCall(
                operation="GetModelPackageGroupPolicy",
                request={"ModelPackageGroupName": "ModelPackageGroupName"},
                always=("ResourcePolicy",),
                fills=("ModelPackageGroupPolicy",),
                not_configured=("ValidationException: Cannot find resource policy",),
            ),
        ),
    ),
    Collector(
        type="AWS::SageMaker::ModelPackage",
        service="sagemaker",
        listing=ApiCall(
            operation="ListModelPackages", fixed={"ModelPackageType": "Both"}, items="ModelPackageSummaryList"
        ),
        describe=(ApiCall(operation="DescribeModelPackage", request={"ModelPackageName": "ModelPackageArn"}),),
        name="{ModelPackageName|ModelPackageArn}",  # a version in a group has no name
        arn="{ModelPackageArn}",
        observed=("ModelPackageStatusDetails",),
        texts=("ModelCard.ModelCardContent",),
    ),
    _sagemaker(
        "ModelCard", items="ModelCardSummaries", documents=("Content",), observed=("CreatedBy", "LastModifiedBy")
    ),
    Collector(
        type="AWS::SageMaker::Hub",
        service="sagemaker",
        listing=ApiCall(operation="ListHubs", items="HubSummaries"),
        describe=(ApiCall(operation="DescribeHub", request={"HubName": "HubName"}),),
        name="{HubName}",
        arn="{HubArn}",
        aws_managed="HubArn",
    ),
    _sagemaker("Algorithm", items="AlgorithmSummaryList"),
)

_PEOPLE = (
    _listed("Workforce", "ListWorkforces", "Workforces"),
    _listed("Workteam", "ListWorkteams", "Workteams", _TEAM),
    _sagemaker("HumanTaskUi", items="HumanTaskUiSummaries"),
    _sagemaker("FlowDefinition", items="FlowDefinitionSummaries"),
)

_MONITORING = (
    _sagemaker(
        "MonitoringSchedule",
        items="MonitoringScheduleSummaries",
        observed=("FailureReason", "LastMonitoringExecutionSummary", "MonitoringScheduleStatus"),
        more=(_executions("MonitoringScheduleName", "MonitoringScheduleName"),),
    ),
    *(
        _sagemaker(
            f"{kind}JobDefinition",
            key="JobDefinitionName",
            fed="MonitoringJobDefinitionName",
            items="JobDefinitionSummaries",
            name="JobDefinitionName|MonitoringJobDefinitionName",
            arn="JobDefinitionArn|MonitoringJobDefinitionArn",
            more=(_executions("MonitoringJobDefinitionName", "MonitoringJobDefinitionName"),),
        )
        for kind in ("DataQuality", "ModelQuality", "ModelBias", "ModelExplainability")
    ),
)

_COMPUTING = (
    _sagemaker(
        "Pipeline",
        items="PipelineSummaries",
        renames={"PipelineDefinition": "PipelineDefinition.PipelineDefinitionBody"},
        elsewhere=("PipelineDefinition.PipelineDefinitionS3Location",),  # what lies there is the body
        texts=("PipelineDefinition.PipelineDefinitionBody",),
        holds=_STEPS,
        more=(
            ApiCall(
                operation="ListPipelineExecutions",
                request={"PipelineName": "PipelineName"},
                fixed=_NEWEST,
                fills=("PipelineExecutionSummaries",),
            ),
        ),
    ),
    _sagemaker("Cluster", items="ClusterSummaries", renames=_CLUSTER),
    _sagemaker(
        "ClusterSchedulerConfig",
        key="ClusterSchedulerConfigId",
        items="ClusterSchedulerConfigSummaries",
        name="Name",
    ),
    _sagemaker("ComputeQuota", key="ComputeQuotaId", items="ComputeQuotaSummaries", name="Name"),
    _sagemaker("TrainingPlan", items="TrainingPlanSummaries"),
    _sagemaker("DeviceFleet", items="DeviceFleetSummaries"),
)

_JOBS = tuple(
    _sagemaker(
        f"{kind}Job",
        items=items or f"{kind}JobSummaries",
        version=version,
        window_days=30,
        holds=("AWS::SageMaker::TrainingJob",) if kind == "HyperParameterTuning" else (),
    )
    for kind, items, version in (
        ("AutoML", "", "V2"),
        ("Compilation", "", ""),
        ("HyperParameterTuning", "", ""),
        ("Labeling", "LabelingJobSummaryList", ""),
        ("Optimization", "", ""),
        ("Processing", "", ""),
        ("Training", "", ""),
        ("Transform", "", ""),
    )
)

SAGEMAKER = (*_SERVING, *_STUDIO, *_REGISTRY, *_PEOPLE, *_MONITORING, *_COMPUTING, *_JOBS)
