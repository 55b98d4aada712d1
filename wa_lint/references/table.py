"""Which text of which resource names which other resource: one table, and how resources are called.

A key is what the text looks like when it names its target: ``{Property}`` stands for a property of the target,
``{id}`` for any of the names that the target goes by, ``{arn}`` for those but its bare name, ``{link.id}`` for those
of what a link of the target leads to, ``*`` for anything. Rules see `name` on the side that holds the text, `back` on
the side that is named.
"""

from __future__ import annotations

import msgspec


class Link(msgspec.Struct, frozen=True):
    type: str
    path: str
    """Where the naming text is, below the properties of `type`."""
    target: str
    name: str
    back: str
    keys: tuple[str, ...] = ("{id}",)
    at: str = ""
    """The place that bears `name`: the resource itself, or an item of a list on the way to `path`."""
    place: str = ""
    """The place in the target that is named, and bears `back`: the resource itself, or each item of a list."""
    only: tuple[str, str] | None = None
    """A sibling of the text and the value that it must have: ``("Name", "EndpointName")``."""

    @property
    def is_many(self) -> bool:
        """Whether `name` gives a list: more than one text may be below the place that bears it."""
        return "[]" in self.path.removeprefix(self.at)


class Identity(msgspec.Struct, frozen=True):
    """What a resource is called: the property that holds its name, and the shape of its ARN."""

    name: str = ""
    arn: str = ""
    """``{name}`` is the name, ``*`` anything; empty where the ARN cannot be built from the name."""
    is_worldwide: bool = False
    """Whether no two accounts or regions have one of the same name."""
    has_path: bool = False
    """Whether a path may be before the name in its ARN."""

    @property
    def arns(self) -> tuple[str, ...]:
        """The shapes of its ARN: without a path and with one."""
        if not self.arn:
            return ()
        return (self.arn, self.arn.replace("{name}", "*/{name}")) if self.has_path else (self.arn,)


_SAGEMAKER = "AWS::SageMaker::"
_BEDROCK = "AWS::Bedrock::"
_AGENTCORE = "AWS::BedrockAgentCore::"
_BALANCING = "AWS::ElasticLoadBalancingV2::"
_ROLE = "AWS::IAM::Role"
_BUCKET = "AWS::S3::Bucket"
_FUNCTION = "AWS::Lambda::Function"
_S3_URI = ("s3://{id}", "s3://{id}/*", "https://{id}.s3.*", "https://s3.*/{id}/*", "{arn}")
_ARN = ("{arn}",)
_COMPONENT = _SAGEMAKER + "InferenceComponent"
_SCALED = "AWS::ApplicationAutoScaling::ScalableTarget"
_SCALING = "AWS::ApplicationAutoScaling::ScalingPolicy"
_ALARM = "AWS::CloudWatch::Alarm"
_ROLLBACK = "DeploymentConfig.AutoRollbackConfiguration.Alarms[]"
_GRAPHQL = "AWS::AppSync::GraphQLApi"
_WEB_ACL = "AWS::WAFv2::WebACL"
_GROUP = "AWS::EC2::SecurityGroup"
_GROUP_KEYS = ("{id}", "{GroupId}")
_VPC = "AWS::EC2::VPC"
_VPC_KEYS = ("{id}", "{VpcId}")
_SUBNET = "AWS::EC2::Subnet"
_SUBNET_KEYS = ("{id}", "{SubnetId}")
_ROUTES = "AWS::EC2::RouteTable"
_ROUTES_KEYS = ("{id}", "{RouteTableId}")
_CALLED = ("{id}", "{id}:*", "{aliases.id}", "{versions.id}")
"""How a function is called: also by what names one of its aliases or versions."""
_LAMBDA_URI = (
    *(called.replace("id}", "arn}") for called in _CALLED),
    *(f"*:lambda:path/*/functions/{called}/*" for called in _CALLED),
)


def _of_sagemaker(name: str, kind: str) -> Identity:
    return Identity(name, f"arn:*:sagemaker:*:*:{kind}/{{name}}")


def _of_iam(name: str, kind: str) -> Identity:
    return Identity(name, f"arn:*:iam::*:{kind}/{{name}}", has_path=True)


IDENTITIES: dict[str, Identity] = {
    "AWS::SageMaker::Endpoint": _of_sagemaker("EndpointName", "endpoint"),
    "AWS::SageMaker::EndpointConfig": _of_sagemaker("EndpointConfigName", "endpoint-config"),
    "AWS::SageMaker::Model": _of_sagemaker("ModelName", "model"),
    "AWS::SageMaker::NotebookInstance": _of_sagemaker("NotebookInstanceName", "notebook-instance"),
    "AWS::SageMaker::NotebookInstanceLifecycleConfig": _of_sagemaker(
        "NotebookInstanceLifecycleConfigName", "notebook-instance-lifecycle-config"
    ),
    "AWS::SageMaker::Domain": Identity("DomainName"),
    "AWS::SageMaker::Pipeline": _of_sagemaker("PipelineName", "pipeline"),
    "AWS::SageMaker::FeatureGroup": _of_sagemaker("FeatureGroupName", "feature-group"),
    "AWS::SageMaker::TrainingJob": _of_sagemaker("TrainingJobName", "training-job"),
    "AWS::SageMaker::ProcessingJob": _of_sagemaker("ProcessingJobName", "processing-job"),
    "AWS::SageMaker::TransformJob": _of_sagemaker("TransformJobName", "transform-job"),
    "AWS::SageMaker::HyperParameterTuningJob": _of_sagemaker(
        "HyperParameterTuningJobName", "hyper-parameter-tuning-job"
    ),
    "AWS::SageMaker::AutoMLJob": _of_sagemaker("AutoMLJobName", "automl-job"),
    "AWS::SageMaker::MonitoringSchedule": _of_sagemaker("MonitoringScheduleName", "monitoring-schedule"),
    "AWS::SageMaker::LabelingJob": _of_sagemaker("LabelingJobName", "labeling-job"),
    "AWS::SageMaker::CompilationJob": _of_sagemaker("CompilationJobName", "compilation-job"),
    "AWS::SageMaker::MlflowTrackingServer": _of_sagemaker("TrackingServerName", "mlflow-tracking-server"),
    "AWS::SageMaker::StudioLifecycleConfig": _of_sagemaker("StudioLifecycleConfigName", "studio-lifecycle-config"),
    "AWS::IAM::Role": _of_iam("RoleName", "role"),
    "AWS::IAM::User": _of_iam("UserName", "user"),
    "AWS::IAM::Group": _of_iam("GroupName", "group"),
    "AWS::IAM::ManagedPolicy": _of_iam("ManagedPolicyName", "policy"),
    "AWS::S3::Bucket": Identity("BucketName", "arn:*:s3:::{name}", is_worldwide=True),
    "AWS::Logs::LogGroup": Identity("LogGroupName", "arn:*:logs:*:*:log-group:{name}"),
    "AWS::KMS::Key": Identity("KeyId", "arn:*:kms:*:*:key/{name}"),
    "AWS::KMS::Alias": Identity("AliasName", "arn:*:kms:*:*:{name}"),
    "AWS::Lambda::Function": Identity("FunctionName", "arn:*:lambda:*:*:function:{name}"),
    "AWS::CodeBuild::Project": Identity("Name", "arn:*:codebuild:*:*:project/{name}"),
    "AWS::ApiGateway::RestApi": Identity("Name"),
    "AWS::ApiGatewayV2::Api": Identity("Name"),
    "AWS::ApiGateway::DomainName": Identity("DomainName"),
    "AWS::ApiGatewayV2::DomainName": Identity("DomainName"),
    "AWS::SNS::Topic": Identity("TopicName", "arn:*:sns:*:*:{name}"),
    "AWS::SQS::Queue": Identity("QueueName", "arn:*:sqs:*:*:{name}"),
    "AWS::CloudWatch::Alarm": Identity("AlarmName", "arn:*:cloudwatch:*:*:alarm:{name}"),
    "AWS::SageMaker::InferenceComponent": _of_sagemaker("InferenceComponentName", "inference-component"),
    "AWS::StepFunctions::StateMachine": Identity("StateMachineName", "arn:*:states:*:*:stateMachine:{name}"),
}
"""Sources: the `Return values` section of each type's page in the CloudFormation template reference, and the service
authorization reference for the ARN formats (read 2026-11)."""


def _role(type_: str, path: str, back: str, name: str = "execution_role", at: str = "") -> Link:
    return Link(type_, path, _ROLE, name, back, _ARN, at=at)


def _placed(type_: str, config: str, *, subnets: str = "Subnets", groups: str = "SecurityGroupIds") -> tuple[Link, ...]:
    """Return the links of an ML resource to its subnets and security groups, which are below `config`."""
    return (
        Link(type_, f"{config}{subnets}[]", _SUBNET, "vpc_subnets", "ml_tenants", _SUBNET_KEYS),
        Link(type_, f"{config}{groups}[]", _GROUP, "vpc_groups", "ml_tenants", _GROUP_KEYS),
    )


def _ml_use(type_: str, path: str, name: str) -> Link:
    return Link(_SAGEMAKER + type_, path, _BUCKET, name, "ml_links", keys=_S3_URI)


def _image_of(type_: str, path: str, name: str) -> Link:
    named = tuple(f"{start}{end}" for start in ("{id}", "*/{RepositoryName}") for end in ("", ":*", "@*"))
    return Link(_SAGEMAKER + type_, path, "AWS::ECR::Repository", name, "ml_links", keys=named)


LINKS: tuple[Link, ...] = (
    # endpoint, configuration, variant, model, role
    Link(_SAGEMAKER + "Endpoint", "EndpointConfigName", _SAGEMAKER + "EndpointConfig", "endpoint_config", "endpoints"),
    Link(
        _SAGEMAKER + "EndpointConfig",
        "ProductionVariants[].ModelName",
        _SAGEMAKER + "Model",
        "model",
        "variants",
        at="ProductionVariants[]",
    ),
    Link(
        _SAGEMAKER + "EndpointConfig",
        "ShadowProductionVariants[].ModelName",
        _SAGEMAKER + "Model",
        "model",
        "shadow_variants",
        at="ShadowProductionVariants[]",
    ),
    _role(_SAGEMAKER + "Model", "ExecutionRoleArn", "models"),
    _role(_SAGEMAKER + "EndpointConfig", "ExecutionRoleArn", "endpoint_configs"),
    _role(_SAGEMAKER + "NotebookInstance", "RoleArn", "notebooks"),
    _role(_SAGEMAKER + "Domain", "DefaultUserSettings.ExecutionRole", "domains"),
    _role(_SAGEMAKER + "UserProfile", "UserSettings.ExecutionRole", "user_profiles"),
    _role(_SAGEMAKER + "TrainingJob", "RoleArn", "training_jobs"),
    _role(_SAGEMAKER + "FeatureGroup", "RoleArn", "feature_groups"),
    _role(_SAGEMAKER + "Pipeline", "RoleArn", "pipelines"),
    _role(
        _SAGEMAKER + "MonitoringSchedule",
        "MonitoringScheduleConfig.MonitoringJobDefinition.RoleArn",
        "monitoring_schedules",
    ),
    Link(
        _SAGEMAKER + "NotebookInstance",
        "LifecycleConfigName",
        _SAGEMAKER + "NotebookInstanceLifecycleConfig",
        "lifecycle_config",
        "notebooks",
    ),
    # a domain and who works in it
    *(
        Link(_SAGEMAKER + type_, "DomainId", _SAGEMAKER + "Domain", "domain", back, keys=("{id}", "{DomainId}"))
        for type_, back in (("UserProfile", "user_profiles"), ("Space", "spaces"))
    ),
    # what watches and scales an endpoint
    Link(
        _SCALED,
        "ResourceId",
        _SAGEMAKER + "EndpointConfig",
        "variant",
        "scalable_targets",
        keys=("endpoint/{endpoints.id}/variant/{VariantName}",),
        place="ProductionVariants[]",
    ),
    Link(
        _SCALED,
        "ResourceId",
        _SAGEMAKER + "Endpoint",
        "endpoint",
        "scalable_targets",
        keys=("endpoint/{id}/variant/*",),
    ),
    Link(_SCALED, "ResourceId", _COMPONENT, "component", "scalable_targets", keys=("inference-component/{id}",)),
    Link(
        _SCALING,
        "ResourceId",
        _SAGEMAKER + "EndpointConfig",
        "variant",
        "scaling_policies",
        keys=("endpoint/{endpoints.id}/variant/{VariantName}",),
        place="ProductionVariants[]",
    ),
    Link(_SCALING, "ResourceId", _COMPONENT, "component", "scaling_policies", keys=("inference-component/{id}",)),
    Link(_SCALING, "ResourceId", _SCALED, "target_by_resource", "scaling_policies", keys=("{ResourceId}",)),
    Link(_SCALING, "ScalingTargetId", _SCALED, "target", "scaling_policies"),
    Link(
        _SCALING,
        "ResourceId",
        _SAGEMAKER + "Endpoint",
        "endpoint",
        "scaling_policies",
        keys=("endpoint/{id}/variant/*",),
    ),
    Link(_ALARM, "AlarmActions[]", _SCALING, "started_policies", "alarms", _ARN),
    *(
        Link(type_, f"{_ROLLBACK}.AlarmName", _ALARM, "alarm", back, at=_ROLLBACK)
        for type_, back in ((_SAGEMAKER + "Endpoint", "guarded_endpoints"), (_COMPONENT, "guarded_components"))
    ),
    Link("AWS::CloudWatch::CompositeAlarm", "AlarmRule", _ALARM, "alarm", "composite_alarms", keys=("*{id}*",)),
    *(
        Link(_ALARM, path, _COMPONENT, name, "alarms", only=("Name", "InferenceComponentName"))
        for path, name in (
            ("Dimensions[].Value", "components"),
            ("Metrics[].MetricStat.Metric.Dimensions[].Value", "metric_components"),
        )
    ),
    Link(
        _SAGEMAKER + "Model",
        "VpcConfig.Subnets[]",
        "AWS::EC2::Subnet",
        "subnets",
        "models",
        keys=("{id}", "{SubnetId}"),
    ),
    *(
        Link(
            _SAGEMAKER + "MonitoringSchedule",
            "MonitoringScheduleConfig.MonitoringJobDefinitionName",
            f"{_SAGEMAKER}{kind}JobDefinition",
            name,
            "schedules",
            keys=("{id}", "{JobDefinitionName}"),
        )
        for kind, name in (
            ("DataQuality", "data_quality_definition"),
            ("ModelQuality", "model_quality_definition"),
            ("ModelBias", "model_bias_definition"),
            ("ModelExplainability", "model_explainability_definition"),
        )
    ),
    Link("AWS::Scheduler::Schedule", "Target.Arn", _SAGEMAKER + "Pipeline", "pipeline", "schedules"),
    Link("AWS::Events::Rule", "Targets[].Arn", _SAGEMAKER + "Pipeline", "pipelines", "event_rules"),
    Link(
        "AWS::Scheduler::Schedule",
        "Target.Input",
        _SAGEMAKER + "MlflowTrackingServer",
        "tracking_server",
        "schedules",
        keys=("*{id}*",),
    ),
    _image_of("Model", "PrimaryContainer.Image", "repository"),
    _image_of("Model", "Containers[].Image", "repositories"),
    _image_of("TrainingJob", "AlgorithmSpecification.TrainingImage", "repository"),
    _image_of("ProcessingJob", "AppSpecification.ImageUri", "repository"),
    *(
        Link(
            _SAGEMAKER + f"{kind}JobDefinition",
            f"{kind}JobInput.EndpointInput.EndpointName",
            _SAGEMAKER + "Endpoint",
            "endpoint",
            "monitor_definitions",
        )
        for kind in ("DataQuality", "ModelQuality", "ModelBias", "ModelExplainability")
    ),
    Link(
        _ALARM,
        "Dimensions[].Value",
        _SAGEMAKER + "Endpoint",
        "endpoints",
        "alarms",
        only=("Name", "EndpointName"),
    ),
    Link(
        _ALARM,
        "Metrics[].MetricStat.Metric.Dimensions[].Value",
        _SAGEMAKER + "Endpoint",
        "metric_endpoints",
        "alarms",
        only=("Name", "EndpointName"),
    ),
    Link(
        _SAGEMAKER + "MonitoringSchedule",
        "MonitoringScheduleConfig.MonitoringJobDefinition.MonitoringInputs[].EndpointInput.EndpointName",
        _SAGEMAKER + "Endpoint",
        "endpoints",
        "monitoring_schedules",
    ),
    Link(
        _SAGEMAKER + "MonitoringSchedule", "EndpointName", _SAGEMAKER + "Endpoint", "endpoint", "monitoring_schedules"
    ),
    Link(
        _SAGEMAKER + "InferenceComponent", "EndpointName", _SAGEMAKER + "Endpoint", "endpoint", "inference_components"
    ),
    Link(
        _SAGEMAKER + "InferenceComponent",
        "Specification.ModelName",
        _SAGEMAKER + "Model",
        "model",
        "inference_components",
    ),
    Link(
        _SAGEMAKER + "InferenceComponent",
        "Specifications[].ModelName",
        _SAGEMAKER + "Model",
        "models",
        "inference_components",
    ),
    # buckets
    Link("AWS::S3::BucketPolicy", "Bucket", _BUCKET, "bucket", "bucket_policies"),
    _ml_use("TrainingJob", "InputDataConfig[].DataSource.S3DataSource.S3Uri", "input_buckets"),
    _ml_use("TrainingJob", "OutputDataConfig.S3OutputPath", "output_bucket"),
    _ml_use("TrainingJob", "CheckpointConfig.S3Uri", "checkpoint_bucket"),
    _ml_use("Model", "PrimaryContainer.ModelDataUrl", "artefact_bucket"),
    _ml_use("Model", "PrimaryContainer.ModelDataSource.S3DataSource.S3Uri", "artefact_source_bucket"),
    _ml_use("Model", "Containers[].ModelDataUrl", "artefact_buckets"),
    _ml_use("EndpointConfig", "DataCaptureConfig.DestinationS3Uri", "capture_bucket"),
    _ml_use("EndpointConfig", "AsyncInferenceConfig.OutputConfig.S3OutputPath", "async_output_bucket"),
    _ml_use("FeatureGroup", "OfflineStoreConfig.S3StorageConfig.S3Uri", "offline_store_bucket"),
    _ml_use("Domain", "DefaultUserSettings.SharingSettings.S3OutputPath", "sharing_bucket"),
    _ml_use("MlflowTrackingServer", "ArtifactStoreUri", "artefact_bucket"),
    _ml_use(
        "MonitoringSchedule",
        "MonitoringScheduleConfig.MonitoringJobDefinition.MonitoringOutputConfig.MonitoringOutputs[].S3Output.S3Uri",
        "output_buckets",
    ),
    # identities
    *(
        Link(type_, "ManagedPolicyArns[]", "AWS::IAM::ManagedPolicy", "managed_policies", back, _ARN)
        for type_, back in ((_ROLE, "roles"), ("AWS::IAM::User", "users"), ("AWS::IAM::Group", "groups"))
    ),
    *(
        Link(type_, path, target, name, "policies")
        for type_ in ("AWS::IAM::Policy", "AWS::IAM::ManagedPolicy")
        for path, target, name in (
            ("Roles[]", _ROLE, "attached_roles"),
            ("Users[]", "AWS::IAM::User", "attached_users"),
            ("Groups[]", "AWS::IAM::Group", "attached_groups"),
        )
    ),
    *(
        Link(type_, "PermissionsBoundary", "AWS::IAM::ManagedPolicy", "boundary_policy", back, _ARN)
        for type_, back in ((_ROLE, "bounded_roles"), ("AWS::IAM::User", "bounded_users"))
    ),
    Link("AWS::IAM::User", "Groups[]", "AWS::IAM::Group", "groups", "members"),
    Link("AWS::IAM::RolePolicy", "RoleName", _ROLE, "role", "policies"),
    Link("AWS::IAM::UserPolicy", "UserName", "AWS::IAM::User", "user", "policies"),
    Link("AWS::IAM::GroupPolicy", "GroupName", "AWS::IAM::Group", "group", "policies"),
    # what leads from the internet to an endpoint
    _role(_FUNCTION, "Role", "functions"),
    Link("AWS::Lambda::Alias", "FunctionName", _FUNCTION, "function", "aliases", keys=("{id}", "{id}:*")),
    Link("AWS::Lambda::Version", "FunctionName", _FUNCTION, "function", "versions", keys=("{id}", "{id}:*")),
    Link("AWS::Lambda::Url", "TargetFunctionArn", _FUNCTION, "function", "urls", keys=_CALLED),
    Link("AWS::Lambda::Permission", "FunctionName", _FUNCTION, "function", "permissions", keys=_CALLED),
    Link("AWS::Lambda::EventSourceMapping", "FunctionName", _FUNCTION, "function", "event_sources", keys=_CALLED),
    Link("AWS::ApiGateway::Method", "RestApiId", "AWS::ApiGateway::RestApi", "api", "methods"),
    Link("AWS::ApiGateway::Method", "Integration.Uri", _FUNCTION, "function", "methods", keys=_LAMBDA_URI),
    _role("AWS::ApiGateway::Method", "Integration.Credentials", "methods", name="credentials_role"),
    Link("AWS::ApiGateway::Stage", "RestApiId", "AWS::ApiGateway::RestApi", "api", "stages"),
    Link("AWS::ApiGateway::Deployment", "RestApiId", "AWS::ApiGateway::RestApi", "api", "deployments"),
    Link("AWS::ApiGatewayV2::Route", "ApiId", "AWS::ApiGatewayV2::Api", "api", "routes"),
    Link(
        "AWS::ApiGatewayV2::Route",
        "Target",
        "AWS::ApiGatewayV2::Integration",
        "integration",
        "routes",
        keys=("integrations/{id}", "integrations/{IntegrationId}"),
    ),
    Link("AWS::ApiGatewayV2::Integration", "IntegrationUri", _FUNCTION, "function", "integrations", keys=_LAMBDA_URI),
    _role("AWS::ApiGatewayV2::Integration", "CredentialsArn", "integrations", name="credentials_role"),
    Link("AWS::ApiGatewayV2::Stage", "ApiId", "AWS::ApiGatewayV2::Api", "api", "stages"),
    Link("AWS::ApiGatewayV2::Api", "Target", _FUNCTION, "function", "quick_apis", keys=_LAMBDA_URI),
    Link("AWS::ApiGateway::BasePathMapping", "RestApiId", "AWS::ApiGateway::RestApi", "api", "mappings"),
    Link("AWS::ApiGateway::BasePathMapping", "DomainName", "AWS::ApiGateway::DomainName", "domain", "mappings"),
    Link("AWS::ApiGatewayV2::ApiMapping", "ApiId", "AWS::ApiGatewayV2::Api", "api", "mappings"),
    Link("AWS::ApiGatewayV2::ApiMapping", "DomainName", "AWS::ApiGatewayV2::DomainName", "domain", "mappings"),
    Link("AWS::Lambda::EventSourceMapping", "EventSourceArn", "AWS::SQS::Queue", "queue", "event_sources", _ARN),
    Link("AWS::AppSync::DataSource", "ApiId", _GRAPHQL, "api", "data_sources", keys=("{id}", "{ApiId}")),
    Link(
        "AWS::AppSync::DataSource",
        "LambdaConfig.LambdaFunctionArn",
        _FUNCTION,
        "function",
        "graphql_sources",
        keys=_CALLED,
    ),
    _role("AWS::AppSync::DataSource", "ServiceRoleArn", "graphql_sources", name="service_role"),
    Link(
        "AWS::Cognito::IdentityPoolRoleAttachment",
        "IdentityPoolId",
        "AWS::Cognito::IdentityPool",
        "pool",
        "role_attachments",
    ),
    _role("AWS::Cognito::IdentityPoolRoleAttachment", "Roles.unauthenticated", "guest_pools", name="guest_role"),
    Link(
        "AWS::WAFv2::WebACLAssociation",
        "ResourceArn",
        "AWS::ApiGateway::Stage",
        "stage",
        "web_acls",
        keys=(
            "arn:*:apigateway:*::/restapis/{RestApiId}/stages/{StageName}",
            "arn:*:apigateway:*::/restapis/{RestApiId}/stages/{id}",
        ),
    ),
    Link("AWS::WAFv2::WebACLAssociation", "ResourceArn", _GRAPHQL, "graphql_api", "web_acls", _ARN),
    Link(
        "AWS::WAFv2::WebACLAssociation", "ResourceArn", _BALANCING + "LoadBalancer", "load_balancer", "web_acls", _ARN
    ),
    Link("AWS::WAFv2::WebACLAssociation", "WebACLArn", _WEB_ACL, "web_acl", "associations", _ARN),
    Link("AWS::CloudFront::Distribution", "DistributionConfig.WebACLId", _WEB_ACL, "web_acl", "distributions", _ARN),
    # jobs inside pipelines and state machines
    _role(_SAGEMAKER + "ProcessingJob", "RoleArn", "processing_jobs"),
    _role(_SAGEMAKER + "AutoMLJob", "RoleArn", "automl_jobs"),
    _role(_SAGEMAKER + "LabelingJob", "RoleArn", "labeling_jobs"),
    _role(_SAGEMAKER + "CompilationJob", "RoleArn", "compilation_jobs"),
    _role(_SAGEMAKER + "HyperParameterTuningJob", "TrainingJobDefinition.RoleArn", "tuning_jobs"),
    _role(
        _SAGEMAKER + "HyperParameterTuningJob",
        "TrainingJobDefinitions[].RoleArn",
        "tuning_jobs",
        at="TrainingJobDefinitions[]",
    ),
    Link(_SAGEMAKER + "TransformJob", "ModelName", _SAGEMAKER + "Model", "model", "transform_jobs"),
    _ml_use("ProcessingJob", "ProcessingInputs[].S3Input.S3Uri", "input_buckets"),
    _ml_use("ProcessingJob", "ProcessingOutputConfig.Outputs[].S3Output.S3Uri", "output_buckets"),
    _ml_use("TransformJob", "TransformInput.DataSource.S3DataSource.S3Uri", "input_bucket"),
    _ml_use("TransformJob", "TransformOutput.S3OutputPath", "output_bucket"),
    _ml_use("TransformJob", "DataCaptureConfig.DestinationS3Uri", "capture_bucket"),
    _ml_use(
        "HyperParameterTuningJob",
        "TrainingJobDefinition.InputDataConfig[].DataSource.S3DataSource.S3Uri",
        "input_buckets",
    ),
    _ml_use("HyperParameterTuningJob", "TrainingJobDefinition.OutputDataConfig.S3OutputPath", "output_bucket"),
    _ml_use("HyperParameterTuningJob", "TrainingJobDefinition.CheckpointConfig.S3Uri", "checkpoint_bucket"),
    _ml_use(
        "HyperParameterTuningJob",
        "TrainingJobDefinitions[].InputDataConfig[].DataSource.S3DataSource.S3Uri",
        "defined_input_buckets",
    ),
    _ml_use(
        "HyperParameterTuningJob", "TrainingJobDefinitions[].OutputDataConfig.S3OutputPath", "defined_output_buckets"
    ),
    _ml_use("HyperParameterTuningJob", "TrainingJobDefinitions[].CheckpointConfig.S3Uri", "defined_checkpoint_buckets"),
    _ml_use("AutoMLJob", "AutoMLJobInputDataConfig[].DataSource.S3DataSource.S3Uri", "input_buckets"),
    _ml_use("AutoMLJob", "OutputDataConfig.S3OutputPath", "output_bucket"),
    _ml_use("LabelingJob", "InputConfig.DataSource.S3DataSource.ManifestS3Uri", "input_bucket"),
    _ml_use("LabelingJob", "OutputConfig.S3OutputPath", "output_bucket"),
    _ml_use("CompilationJob", "InputConfig.S3Uri", "artefact_bucket"),
    _ml_use("CompilationJob", "OutputConfig.S3OutputLocation", "output_bucket"),
    # agents and what they know
    _role(_BEDROCK + "Agent", "AgentResourceRoleArn", "agents"),
    Link(
        _BEDROCK + "Agent",
        "GuardrailConfiguration.GuardrailIdentifier",
        _BEDROCK + "Guardrail",
        "guardrail",
        "agents",
    ),
    Link(
        _BEDROCK + "Agent",
        "KnowledgeBases[].KnowledgeBaseId",
        _BEDROCK + "KnowledgeBase",
        "knowledge_bases",
        "agents",
    ),
    Link(_BEDROCK + "AgentAlias", "AgentId", _BEDROCK + "Agent", "agent", "aliases"),
    _role(_BEDROCK + "KnowledgeBase", "RoleArn", "knowledge_bases"),
    Link(_BEDROCK + "DataSource", "KnowledgeBaseId", _BEDROCK + "KnowledgeBase", "knowledge_base", "data_sources"),
    Link(
        _BEDROCK + "DataSource",
        "DataSourceConfiguration.S3Configuration.BucketArn",
        _BUCKET,
        "bucket",
        "data_sources",
        keys=_ARN,
    ),
    Link(
        _BEDROCK + "ModelInvocationLoggingConfiguration",
        "LoggingConfig.CloudWatchConfig.LogGroupName",
        "AWS::Logs::LogGroup",
        "log_group",
        "invocation_logs",
    ),
    Link(
        _BEDROCK + "ModelInvocationLoggingConfiguration",
        "LoggingConfig.S3Config.BucketName",
        _BUCKET,
        "log_bucket",
        "invocation_logs",
    ),
    Link(
        _BEDROCK + "KnowledgeBase",
        "StorageConfiguration.OpensearchServerlessConfiguration.CollectionArn",
        "AWS::OpenSearchServerless::Collection",
        "collection",
        "knowledge_bases",
        _ARN,
    ),
    Link(
        _BEDROCK + "Agent",
        "ActionGroups[].ActionGroupExecutor.Lambda",
        _FUNCTION,
        "action_functions",
        "agents",
        keys=_CALLED,
    ),
    _role(_BEDROCK + "Flow", "ExecutionRoleArn", "flows"),
    _role(_AGENTCORE + "Runtime", "RoleArn", "agent_runtimes"),
    # networks, and what of ML is in them
    *(
        link
        for word in ("Cluster", "CompilationJob", "EndpointConfig", "Model", "OptimizationJob", "TrainingJob")
        for link in _placed(_SAGEMAKER + word, "VpcConfig.")
    ),
    *(
        link
        for word in ("DataQuality", "ModelBias", "ModelExplainability", "ModelQuality")
        for link in _placed(f"{_SAGEMAKER}{word}JobDefinition", "NetworkConfig.VpcConfig.")
    ),
    *_placed(_SAGEMAKER + "ProcessingJob", "NetworkConfig.VpcConfig."),
    *_placed(_SAGEMAKER + "AutoMLJob", "SecurityConfig.VpcConfig."),
    *_placed(_SAGEMAKER + "HyperParameterTuningJob", "TrainingJobDefinition.VpcConfig."),
    *_placed(
        _SAGEMAKER + "MonitoringSchedule", "MonitoringScheduleConfig.MonitoringJobDefinition.NetworkConfig.VpcConfig."
    ),
    *_placed(_SAGEMAKER + "Domain", "", subnets="SubnetIds", groups="DefaultUserSettings.SecurityGroups"),
    Link(
        _SAGEMAKER + "Domain", "DomainSettings.SecurityGroupIds[]", _GROUP, "domain_groups", "ml_tenants", _GROUP_KEYS
    ),
    Link(_SAGEMAKER + "Domain", "VpcId", _VPC, "vpc", "domains", _VPC_KEYS),
    Link(_SAGEMAKER + "UserProfile", "UserSettings.SecurityGroups[]", _GROUP, "vpc_groups", "ml_tenants", _GROUP_KEYS),
    Link(_SAGEMAKER + "NotebookInstance", "SubnetId", _SUBNET, "vpc_subnet", "ml_tenants", _SUBNET_KEYS),
    Link(_SAGEMAKER + "NotebookInstance", "SecurityGroupIds[]", _GROUP, "vpc_groups", "ml_tenants", _GROUP_KEYS),
    *(
        link
        for word in ("CustomModel", "ModelCustomizationJob", "ModelImportJob", "ModelInvocationJob")
        for link in _placed(_BEDROCK + word, "VpcConfig.", subnets="SubnetIds")
    ),
    *_placed(_AGENTCORE + "Runtime", "NetworkConfiguration.NetworkModeConfig.", groups="SecurityGroups"),
    *_placed(_AGENTCORE + "BrowserCustom", "NetworkConfiguration.VpcConfig.", groups="SecurityGroups"),
    *_placed(_AGENTCORE + "CodeInterpreterCustom", "NetworkConfiguration.VpcConfig.", groups="SecurityGroups"),
    Link(_SUBNET, "VpcId", _VPC, "vpc", "subnets", _VPC_KEYS),
    Link("AWS::EC2::SubnetRouteTableAssociation", "SubnetId", _SUBNET, "subnet", "route_associations", _SUBNET_KEYS),
    Link("AWS::EC2::SubnetRouteTableAssociation", "RouteTableId", _ROUTES, "route_table", "associations", _ROUTES_KEYS),
    Link("AWS::EC2::Route", "RouteTableId", _ROUTES, "route_table", "routes", _ROUTES_KEYS),
    Link("AWS::EC2::VPCEndpoint", "VpcId", _VPC, "vpc", "endpoints", _VPC_KEYS),
    Link("AWS::EC2::FlowLog", "ResourceId", _VPC, "vpc", "flow_logs", _VPC_KEYS),
    Link("AWS::EC2::FlowLog", "ResourceId", _SUBNET, "subnet", "flow_logs", _SUBNET_KEYS),
    # what else runs with a role, and may work on data
    _role("AWS::CodeBuild::Project", "ServiceRole", "build_projects"),
    _role("AWS::CodePipeline::Pipeline", "RoleArn", "code_pipelines"),
    Link("AWS::Glue::Job", "Role", _ROLE, "execution_role", "glue_jobs"),
    # what is around
    Link("AWS::KMS::Alias", "TargetKeyId", "AWS::KMS::Key", "key", "aliases"),
    Link("AWS::SNS::TopicPolicy", "Topics[]", "AWS::SNS::Topic", "topics", "access_policies", keys=("{id}", "{arn}")),
    Link("AWS::SQS::QueuePolicy", "Queues[]", "AWS::SQS::Queue", "queues", "access_policies", keys=("{id}", "*/{id}")),
    _role("AWS::StepFunctions::StateMachine", "RoleArn", "state_machines"),
    Link(_BALANCING + "Listener", "LoadBalancerArn", _BALANCING + "LoadBalancer", "load_balancer", "listeners"),
    Link(
        _BALANCING + "Listener",
        "DefaultActions[].TargetGroupArn",
        _BALANCING + "TargetGroup",
        "target_groups",
        "listeners",
    ),
    Link(
        _BALANCING + "Listener",
        "DefaultActions[].ForwardConfig.TargetGroups[].TargetGroupArn",
        _BALANCING + "TargetGroup",
        "weighted_target_groups",
        "listeners",
    ),
    Link(_BALANCING + "ListenerRule", "ListenerArn", _BALANCING + "Listener", "listener", "rules"),
    Link(
        _BALANCING + "ListenerRule",
        "Actions[].TargetGroupArn",
        _BALANCING + "TargetGroup",
        "target_groups",
        "listener_rules",
    ),
    Link(
        _BALANCING + "ListenerRule",
        "Actions[].ForwardConfig.TargetGroups[].TargetGroupArn",
        _BALANCING + "TargetGroup",
        "weighted_target_groups",
        "listener_rules",
    ),
    Link(_BALANCING + "TargetGroup", "Targets[].Id", _FUNCTION, "functions", "target_groups", keys=_CALLED),
    Link(_BALANCING + "TargetGroup", "Targets[].Id", _BALANCING + "LoadBalancer", "load_balancers", "target_groups"),
    Link(_BALANCING + "LoadBalancer", "SecurityGroups[]", _GROUP, "security_groups", "load_balancers", _GROUP_KEYS),
    Link("AWS::EC2::SecurityGroupIngress", "GroupId", _GROUP, "group", "ingress_rules", _GROUP_KEYS),
    Link(
        "AWS::ECS::Service", "LoadBalancers[].TargetGroupArn", _BALANCING + "TargetGroup", "target_groups", "services"
    ),
    Link("AWS::ECS::Service", "TaskDefinition", "AWS::ECS::TaskDefinition", "task_definition", "services"),
    _role("AWS::ECS::TaskDefinition", "TaskRoleArn", "task_definitions", name="task_role"),
)
