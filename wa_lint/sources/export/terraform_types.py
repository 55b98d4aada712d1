"""Which Terraform resource is which CloudFormation type, and how its words differ. Data only.

A name that differs only in case and underscores needs no entry, nor does a block that CloudFormation has as a map.
Source: the schemas of hashicorp/terraform-provider-aws 4 to 6 (`internal/service/…`, read 2026-11). A test holds
every target against our CloudFormation schemas.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import msgspec


class TfType(msgspec.Struct, frozen=True, kw_only=True):
    """One Terraform type."""

    type: str
    """CloudFormation's."""
    renames: Mapping[str, str] = {}
    """Terraform's path -> the path whose last name CloudFormation knows. See `live.api_response.rename`."""
    documents: tuple[str, ...] = ()
    """CloudFormation paths that hold JSON as a text."""
    values: Mapping[str, Mapping[object, object]] = {}
    """CloudFormation path -> what Terraform writes for CloudFormation's value; None: not set."""
    name: str = ""
    """The attribute that others name it by, where that is not the property that names it in CloudFormation."""
    wraps: Mapping[str, tuple[str, ...]] = {}
    """CloudFormation path -> the members around the text that is there; they are the one item of a list."""
    body: str = ""
    """The property that holds an OpenAPI document as a text, in JSON or YAML."""
    generated: tuple[str, ...] = ()
    """Paths that the provider fills where the configuration does not."""
    part_of: str = ""
    """The Terraform type of which it is a part: it is no resource of CloudFormation's."""
    by: tuple[str, ...] = ()
    """The attributes that name the resource of which it is a part, and are equal there or name it."""
    at: str = ""
    """The property of that resource which it fills."""
    is_item: bool = False
    """Whether it is one item of the list in that property, of which there may be several."""
    fills: tuple[str, ...] = ()
    """The properties of that resource which it has too, where `at` names none."""


_NAME: Final = "AWS::SageMaker::"

_SAGEMAKER: Final = {
    "aws_sagemaker_endpoint": TfType(type=_NAME + "Endpoint", renames={"name": "EndpointName"}),
    "aws_sagemaker_endpoint_configuration": TfType(
        type=_NAME + "EndpointConfig",
        renames={
            "name": "EndpointConfigName",
            "kms_key_arn": "KmsKeyId",
        },
        values={
            "ProductionVariants[].InitialInstanceCount": {0: None},
            "ProductionVariants[].VolumeSizeInGB": {0: None},
        },
        generated=("production_variants.variant_name", "shadow_production_variants.variant_name"),
    ),
    "aws_sagemaker_model": TfType(type=_NAME + "Model", renames={"name": "ModelName", "container": "Containers"}),
    "aws_sagemaker_notebook_instance": TfType(
        type=_NAME + "NotebookInstance",
        renames={
            "name": "NotebookInstanceName",
            "security_groups": "SecurityGroupIds",
            "volume_size": "VolumeSizeInGB",
        },
    ),
    "aws_sagemaker_notebook_instance_lifecycle_configuration": TfType(
        type=_NAME + "NotebookInstanceLifecycleConfig",
        renames={
            "name": "NotebookInstanceLifecycleConfigName",
            "on_create": "OnCreate.Content",
            "on_start": "OnStart.Content",
        },
    ),
    "aws_sagemaker_domain": TfType(
        type=_NAME + "Domain",
        renames={
            f"{settings}.{app}.custom_image": f"{settings}.{app}.CustomImages"
            for settings in ("default_user_settings", "default_space_settings")
            for app in ("kernel_gateway_app_settings", "jupyter_lab_app_settings")
        }
        | {
            f"{settings}.jupyter_lab_app_settings.code_repository": (
                f"{settings}.jupyter_lab_app_settings.CodeRepositories"
            )
            for settings in ("default_user_settings", "default_space_settings")
        }
        | {
            f"default_user_settings.{app}.custom_image": f"default_user_settings.{app}.CustomImages"
            for app in ("code_editor_app_settings", "r_session_app_settings")
        }
        | {
            "default_user_settings.custom_file_system_config": "default_user_settings.CustomFileSystemConfigs",
            "default_space_settings.custom_file_system_config": "default_space_settings.CustomFileSystemConfigs",
        },
        name="id",
    ),
    "aws_sagemaker_user_profile": TfType(type=_NAME + "UserProfile"),
    "aws_sagemaker_studio_lifecycle_config": TfType(type=_NAME + "StudioLifecycleConfig"),
    "aws_sagemaker_feature_group": TfType(
        type=_NAME + "FeatureGroup", renames={"feature_definition": "FeatureDefinitions"}
    ),
    "aws_sagemaker_monitoring_schedule": TfType(
        type=_NAME + "MonitoringSchedule", renames={"name": "MonitoringScheduleName"}
    ),
    "aws_sagemaker_pipeline": TfType(
        type=_NAME + "Pipeline",
        renames={
            "pipeline_definition": "PipelineDefinition.PipelineDefinitionBody",
            "pipeline_definition_s3_location": "PipelineDefinition.PipelineDefinitionS3Location",
            "PipelineDefinition.PipelineDefinitionS3Location.object_key": (
                "PipelineDefinition.PipelineDefinitionS3Location.Key"
            ),
            "PipelineDefinition.PipelineDefinitionS3Location.version_id": (
                "PipelineDefinition.PipelineDefinitionS3Location.Version"
            ),
        },
    ),
    "aws_sagemaker_training_job": TfType(type=_NAME + "TrainingJob"),
    "aws_sagemaker_hyper_parameter_tuning_job": TfType(
        type=_NAME + "HyperParameterTuningJob",
        renames={"name": "HyperParameterTuningJobName", "config": "HyperParameterTuningJobConfig"},
    ),
    "aws_sagemaker_mlflow_app": TfType(type=_NAME + "MlflowApp"),
    "aws_sagemaker_mlflow_tracking_server": TfType(
        type=_NAME + "MlflowTrackingServer",
        values={"AutomaticModelRegistration": {"true": True, "false": False}},
    ),
    "aws_sagemaker_data_quality_job_definition": TfType(
        type=_NAME + "DataQualityJobDefinition", renames={"name": "JobDefinitionName"}
    ),
    "aws_sagemaker_space": TfType(type=_NAME + "Space"),
    "aws_sagemaker_workforce": TfType(type=_NAME + "Workforce"),
    "aws_ecr_repository": TfType(type="AWS::ECR::Repository", renames={"name": "RepositoryName"}),
    "aws_sagemaker_code_repository": TfType(type=_NAME + "CodeRepository"),
    "aws_sagemaker_model_package_group": TfType(type=_NAME + "ModelPackageGroup"),
}

_AGENT: Final = "aws_bedrockagent_agent"

_SUPPLEMENTS: Final = {
    f"{holder}.storage_location": f"{holder}.SupplementalDataStorageLocations"
    for holder in (
        f"knowledge_base_configuration.{kind}_knowledge_base_configuration.supplemental_data_storage_configuration"
        for kind in ("managed", "vector")
    )
} | {
    f"{holder}.SupplementalDataStorageLocations[].type": (
        f"{holder}.SupplementalDataStorageLocations[].SupplementalDataStorageLocationType"
    )
    for holder in (
        f"knowledge_base_configuration.{kind}_knowledge_base_configuration.supplemental_data_storage_configuration"
        for kind in ("managed", "vector")
    )
}

_BEDROCK: Final = {
    _AGENT: TfType(
        type="AWS::Bedrock::Agent",
        renames={"prepare_agent": "AutoPrepare", "skip_resource_in_use_check": "SkipResourceInUseCheckOnDelete"},
        name="agent_id",
    ),
    "aws_bedrockagent_agent_knowledge_base_association": TfType(
        type="AWS::Bedrock::Agent", part_of=_AGENT, by=("agent_id",), at="KnowledgeBases", is_item=True
    ),
    "aws_bedrockagent_agent_action_group": TfType(
        type="AWS::Bedrock::Agent",
        renames={"skip_resource_in_use_check": "SkipResourceInUseCheckOnDelete"},
        part_of=_AGENT,
        by=("agent_id",),
        at="ActionGroups",
        is_item=True,
    ),
    "aws_bedrockagent_agent_alias": TfType(type="AWS::Bedrock::AgentAlias"),
    "aws_bedrockagent_knowledge_base": TfType(
        type="AWS::Bedrock::KnowledgeBase",
        renames={
            **_SUPPLEMENTS,
        },
        name="id",
    ),
    "aws_bedrockagent_data_source": TfType(type="AWS::Bedrock::DataSource"),
    "aws_bedrock_guardrail": TfType(type="AWS::Bedrock::Guardrail", name="guardrail_id"),
    "aws_bedrock_custom_model": TfType(
        type="AWS::Bedrock::CustomModel",
        renames={"validation_data_config.validator": "validation_data_config.Validators", "tags": "CustomModelTags"},
    ),
    "aws_bedrock_provisioned_model_throughput": TfType(
        type="AWS::Bedrock::ProvisionedModelThroughput", renames={"model_arn": "ModelId"}
    ),
    "aws_bedrock_model_invocation_logging_configuration": TfType(
        type="AWS::Bedrock::ModelInvocationLoggingConfiguration"
    ),
}

_BUCKET: Final = "aws_s3_bucket"
_ENCRYPTION: Final = {
    "rule": "ServerSideEncryptionConfiguration",
    "ServerSideEncryptionConfiguration[].apply_server_side_encryption_by_default": (
        "ServerSideEncryptionConfiguration[].ServerSideEncryptionByDefault"
    ),
}
_INLINE_RULES: Final = "BucketEncryption.ServerSideEncryptionConfiguration"
_LIFECYCLE: Final = {
    "filter.prefix": "Prefix",
    "filter.and.prefix": "Prefix",
    "filter.tag": "TagFilters[]",
    "filter.and.tags": "TagFilters",
    "filter.object_size_greater_than": "ObjectSizeGreaterThan",
    "filter.and.object_size_greater_than": "ObjectSizeGreaterThan",
    "filter.object_size_less_than": "ObjectSizeLessThan",
    "filter.and.object_size_less_than": "ObjectSizeLessThan",
    "expiration.date": "ExpirationDate",
    "expiration.days": "ExpirationInDays",
    "expiration.expired_object_delete_marker": "ExpiredObjectDeleteMarker",
    "transition[].date": "transition[].TransitionDate",
    "transition[].days": "transition[].TransitionInDays",
    "transition": "Transitions",
    "noncurrent_version_transition[].noncurrent_days": "noncurrent_version_transition[].TransitionInDays",
    "noncurrent_version_transition": "NoncurrentVersionTransitions",
}


def _of_bucket(
    at: str, renames: Mapping[str, str] | None = None, values: Mapping[str, Mapping[object, object]] | None = None
) -> TfType:
    """Return what fills one property of a bucket, as all the aws_s3_bucket_… do since version 4 of the provider."""
    return TfType(
        type="AWS::S3::Bucket", renames=renames or {}, values=values or {}, part_of=_BUCKET, by=("bucket",), at=at
    )


_S3: Final = {
    _BUCKET: TfType(
        type="AWS::S3::Bucket",
        renames={
            "bucket": "BucketName",
            "acl": "AccessControl",
            "server_side_encryption_configuration.rule": _INLINE_RULES,
            f"{_INLINE_RULES}[].apply_server_side_encryption_by_default": (
                f"{_INLINE_RULES}[].ServerSideEncryptionByDefault"
            ),
            "versioning.enabled": "VersioningConfiguration.Status",
            "logging.target_bucket": "LoggingConfiguration.DestinationBucketName",
            "logging.target_prefix": "LoggingConfiguration.LogFilePrefix",
        },
        values={
            "VersioningConfiguration.Status": {True: "Enabled", False: "Suspended"},
            "AccessControl": {
                "private": "Private",
                "public-read": "PublicRead",
                "public-read-write": "PublicReadWrite",
                "authenticated-read": "AuthenticatedRead",
                "aws-exec-read": "AwsExecRead",
                "bucket-owner-read": "BucketOwnerRead",
                "bucket-owner-full-control": "BucketOwnerFullControl",
                "log-delivery-write": "LogDeliveryWrite",
            },
        },
        name="id",
    ),
    "aws_s3_bucket_server_side_encryption_configuration": _of_bucket("BucketEncryption", renames=_ENCRYPTION),
    "aws_s3_bucket_versioning": _of_bucket(
        "VersioningConfiguration",
        renames={"versioning_configuration.status": "Status"},
        values={"Status": {"Disabled": None}},
    ),
    "aws_s3_bucket_public_access_block": _of_bucket("PublicAccessBlockConfiguration"),
    "aws_s3_bucket_ownership_controls": _of_bucket("OwnershipControls", renames={"rule": "Rules"}),
    "aws_s3_bucket_object_lock_configuration": _of_bucket("ObjectLockConfiguration"),
    "aws_s3_account_public_access_block": TfType(
        type="AWS::S3::AccountPublicAccessBlock",
        renames={
            "block_public_acls": "PublicAccessBlockConfiguration.BlockPublicAcls",
            "block_public_policy": "PublicAccessBlockConfiguration.BlockPublicPolicy",
            "ignore_public_acls": "PublicAccessBlockConfiguration.IgnorePublicAcls",
            "restrict_public_buckets": "PublicAccessBlockConfiguration.RestrictPublicBuckets",
        },
    ),
    "aws_s3_bucket_logging": _of_bucket(
        "LoggingConfiguration", renames={"target_bucket": "DestinationBucketName", "target_prefix": "LogFilePrefix"}
    ),
    "aws_s3_bucket_lifecycle_configuration": _of_bucket(
        "LifecycleConfiguration",
        renames={f"rule[].{old}": f"rule[].{new}" for old, new in _LIFECYCLE.items()} | {"rule": "Rules"},
    ),
    "aws_s3_bucket_acl": _of_bucket(""),
    "aws_s3_bucket_policy": TfType(
        type="AWS::S3::BucketPolicy", renames={"policy": "PolicyDocument"}, documents=("PolicyDocument",)
    ),
}

_INLINE: Final = {
    "inline_policy[].name": "inline_policy[].PolicyName",
    "inline_policy[].policy": "inline_policy[].PolicyDocument",
    "inline_policy": "Policies",
}


def _inline_policy(word: str) -> TfType:
    return TfType(
        type=f"AWS::IAM::{word}Policy",
        generated=("name",),
        renames={"name": "PolicyName", word.lower(): f"{word}Name", "policy": "PolicyDocument"},
        documents=("PolicyDocument",),
    )


_IAM: Final = {
    "aws_iam_role": TfType(
        type="AWS::IAM::Role",
        renames={"name": "RoleName", "assume_role_policy": "AssumeRolePolicyDocument", **_INLINE},
        documents=("AssumeRolePolicyDocument", "Policies[].PolicyDocument"),
    ),
    "aws_iam_user": TfType(type="AWS::IAM::User", renames={"name": "UserName"}),
    "aws_iam_group": TfType(type="AWS::IAM::Group", renames={"name": "GroupName"}),
    "aws_iam_policy": TfType(
        type="AWS::IAM::ManagedPolicy",
        renames={"name": "ManagedPolicyName", "policy": "PolicyDocument"},
        documents=("PolicyDocument",),
    ),
    "aws_iam_role_policy": _inline_policy("Role"),
    "aws_iam_user_policy": _inline_policy("User"),
    "aws_iam_group_policy": _inline_policy("Group"),
}

_INTEGRATION: Final = {"timeout_milliseconds": "TimeoutInMillis"}

_API: Final = {
    "aws_lambda_function": TfType(
        type="AWS::Lambda::Function",
        renames={
            "file_system_config": "FileSystemConfigs",
            "image_uri": "Code.ImageUri",
            "s3_bucket": "Code.S3Bucket",
            "s3_key": "Code.S3Key",
            "s3_object_version": "Code.S3ObjectVersion",
        },
        values={"ReservedConcurrentExecutions": {-1: None}},
    ),
    "aws_lambda_function_url": TfType(
        type="AWS::Lambda::Url", renames={"function_name": "TargetFunctionArn", "authorization_type": "AuthType"}
    ),
    "aws_lambda_permission": TfType(type="AWS::Lambda::Permission"),
    "aws_api_gateway_rest_api": TfType(
        type="AWS::ApiGateway::RestApi",
        renames={"api_key_source": "ApiKeySourceType", "put_rest_api_mode": "Mode"},
        documents=("Policy",),
        body="Body",
        name="id",
    ),
    "aws_api_gateway_rest_api_policy": TfType(
        type="AWS::ApiGateway::RestApi",
        documents=("Policy",),
        part_of="aws_api_gateway_rest_api",
        by=("rest_api_id",),
        fills=("Policy",),
    ),
    "aws_api_gateway_account": TfType(type="AWS::ApiGateway::Account"),
    "aws_api_gateway_api_key": TfType(type="AWS::ApiGateway::ApiKey"),
    "aws_api_gateway_authorizer": TfType(type="AWS::ApiGateway::Authorizer", name="id"),
    "aws_api_gateway_deployment": TfType(type="AWS::ApiGateway::Deployment", name="id"),
    "aws_api_gateway_request_validator": TfType(type="AWS::ApiGateway::RequestValidator"),
    "aws_api_gateway_usage_plan": TfType(
        type="AWS::ApiGateway::UsagePlan",
        renames={
            "name": "UsagePlanName",
            "quota_settings": "Quota",
            "throttle_settings": "Throttle",
        },
        name="id",
    ),
    "aws_api_gateway_usage_plan_key": TfType(type="AWS::ApiGateway::UsagePlanKey"),
    "aws_api_gateway_vpc_link": TfType(type="AWS::ApiGateway::VpcLink"),
    "aws_api_gateway_resource": TfType(type="AWS::ApiGateway::Resource", name="id"),
    "aws_api_gateway_method": TfType(type="AWS::ApiGateway::Method", renames={"authorization": "AuthorizationType"}),
    "aws_api_gateway_integration": TfType(
        type="AWS::ApiGateway::Method",
        renames=_INTEGRATION,
        part_of="aws_api_gateway_method",
        by=("rest_api_id", "resource_id", "http_method"),
        at="Integration",
    ),
    "aws_api_gateway_stage": TfType(
        type="AWS::ApiGateway::Stage",
        renames={
            "access_log_settings": "AccessLogSetting",
            "canary_settings": "CanarySetting",
            "xray_tracing_enabled": "TracingEnabled",
        },
    ),
    "aws_apigatewayv2_api": TfType(type="AWS::ApiGatewayV2::Api", body="Body", name="id"),
    "aws_apigatewayv2_authorizer": TfType(
        type="AWS::ApiGatewayV2::Authorizer", renames={"identity_sources": "IdentitySource"}, name="id"
    ),
    "aws_apigatewayv2_deployment": TfType(type="AWS::ApiGatewayV2::Deployment", name="id"),
    "aws_apigatewayv2_vpc_link": TfType(type="AWS::ApiGatewayV2::VpcLink"),
    "aws_apigatewayv2_route": TfType(type="AWS::ApiGatewayV2::Route", name="id"),
    "aws_apigatewayv2_integration": TfType(type="AWS::ApiGatewayV2::Integration", renames=_INTEGRATION, name="id"),
    "aws_apigatewayv2_stage": TfType(type="AWS::ApiGatewayV2::Stage", renames={"name": "StageName"}),
}

_METRIC: Final = "metric_query[].MetricStat.Metric"

_REST: Final = {
    "aws_appautoscaling_target": TfType(type="AWS::ApplicationAutoScaling::ScalableTarget"),
    "aws_appautoscaling_policy": TfType(
        type="AWS::ApplicationAutoScaling::ScalingPolicy",
        renames={
            "name": "PolicyName",
            "step_scaling_policy_configuration.step_adjustment": "step_scaling_policy_configuration.StepAdjustments",
        },
    ),
    "aws_cloudwatch_metric_alarm": TfType(
        type="AWS::CloudWatch::Alarm",
        renames={
            "evaluate_low_sample_count_percentiles": "EvaluateLowSampleCountPercentile",
            "metric_query[].metric.metric_name": f"{_METRIC}.MetricName",
            "metric_query[].metric.namespace": f"{_METRIC}.Namespace",
            "metric_query[].metric.dimensions": f"{_METRIC}.Dimensions",
            "metric_query[].metric.period": "metric_query[].MetricStat.Period",
            "metric_query[].metric.stat": "metric_query[].MetricStat.Stat",
            "metric_query[].metric.unit": "metric_query[].MetricStat.Unit",
            "metric_query": "Metrics",
        },
    ),
    "aws_kms_key": TfType(
        type="AWS::KMS::Key",
        renames={
            "policy": "KeyPolicy",
            "is_enabled": "Enabled",
            "customer_master_key_spec": "KeySpec",
            "deletion_window_in_days": "PendingWindowInDays",
        },
        documents=("KeyPolicy",),
        name="key_id",
    ),
    "aws_kms_alias": TfType(type="AWS::KMS::Alias", renames={"name": "AliasName"}),
    "aws_sfn_state_machine": TfType(
        type="AWS::StepFunctions::StateMachine",
        renames={
            "name": "StateMachineName",
            "type": "StateMachineType",
            "definition": "DefinitionString",
            "logging_configuration.log_destination": "logging_configuration.Destinations",
        },
        wraps={"LoggingConfiguration.Destinations": ("CloudWatchLogsLogGroup", "LogGroupArn")},
    ),
}

KINDS: Final[Mapping[str, TfType]] = {**_SAGEMAKER, **_BEDROCK, **_S3, **_IAM, **_API, **_REST}

ATTACHED: Final[Mapping[str, Mapping[str, str]]] = {
    "aws_iam_role_policy_attachment": {"role": "aws_iam_role"},
    "aws_iam_user_policy_attachment": {"user": "aws_iam_user"},
    "aws_iam_group_policy_attachment": {"group": "aws_iam_group"},
    "aws_iam_policy_attachment": {"roles": "aws_iam_role", "users": "aws_iam_user", "groups": "aws_iam_group"},
}
"""What gives an identity the policy of its `policy_arn` -> the attributes that name identities, and of what type."""

SHAPES: Final[Mapping[tuple[str, str], tuple[str, str]]] = {
    ("AWS::ApiGateway::Method", "Integration.Uri"): (
        "aws_lambda_function",
        "*:lambda:path/2015-03-31/functions/{}/invocations",
    ),
    ("AWS::ApiGatewayV2::Integration", "IntegrationUri"): ("aws_lambda_function", "{}"),
    ("AWS::ApiGatewayV2::Route", "Target"): ("aws_apigatewayv2_integration", "integrations/{}"),
    ("AWS::ApplicationAutoScaling::ScalableTarget", "ResourceId"): (
        "aws_sagemaker_endpoint",
        "endpoint/{}/variant/*",
    ),
    ("AWS::ApplicationAutoScaling::ScalingPolicy", "ResourceId"): ("aws_sagemaker_endpoint", "endpoint/{}/variant/*"),
}
"""Property -> the type of resource that it names, and the only text by which it can: the plan says only which one."""

JUDGED_SERVICES: Final = ("aws_api_gateway_", "aws_apigatewayv2_", "aws_bedrock", "aws_sagemaker_", "aws_sfn_")
"""How the names of types begin that are of the services that wa-lint judges: one that is not read is a gap with a
name."""

IGNORED: Final = frozenset(
    {
        "aws_api_gateway_documentation_part",
        "aws_api_gateway_documentation_version",
        "aws_api_gateway_gateway_response",
        "aws_api_gateway_integration_response",
        "aws_api_gateway_method_response",
        "aws_api_gateway_model",
        "aws_apigatewayv2_integration_response",
        "aws_apigatewayv2_model",
        "aws_apigatewayv2_route_response",
    }
)
"""Types of those services that say only how answers look: no more is asked of them."""
