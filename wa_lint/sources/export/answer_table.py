"""Which answers of the AWS CLI are known by which members. Data only.

Source: the response syntax of each operation in the AWS CLI's command reference (read 2026-12). A test holds every
member against botocore's models.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import msgspec


class KnownAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """An answer that says whose it is."""

    command: str
    """``iam get-role``"""
    type: str
    """Of a collector: its words are those of the answer."""
    holder: str = ""
    """The member that holds the description, or the list of them; empty: the answer itself is the description."""
    is_list: bool = False
    has: tuple[str, ...]
    """Members that every such description has."""
    named: Mapping[str, str] = {}
    """Member of the collector's item -> member of the answer that says it."""
    untold: tuple[str, ...] = ()
    """CloudFormation properties that only other commands tell; a member that is there is reported after all."""


_POLICIES: Final = ("Policies", "ManagedPolicyArns")
_IN_LIST: Final = ("PermissionsBoundary", "Tags")

KNOWN: Final = (
    KnownAnswer(
        command="iam get-role",
        type="AWS::IAM::Role",
        holder="Role",
        has=("RoleName", "Arn", "AssumeRolePolicyDocument"),
        untold=_POLICIES,
    ),
    KnownAnswer(
        command="iam list-roles",
        type="AWS::IAM::Role",
        holder="Roles",
        is_list=True,
        has=("RoleName", "Arn", "AssumeRolePolicyDocument"),
        untold=(*_POLICIES, *_IN_LIST),
    ),
    KnownAnswer(
        command="iam get-user",
        type="AWS::IAM::User",
        holder="User",
        has=("UserName", "Arn", "UserId"),
        untold=(*_POLICIES, "Groups", "LoginProfile"),
    ),
    KnownAnswer(
        command="iam list-users",
        type="AWS::IAM::User",
        holder="Users",
        is_list=True,
        has=("UserName", "Arn", "UserId"),
        untold=(*_POLICIES, "Groups", "LoginProfile", *_IN_LIST),
    ),
    KnownAnswer(
        command="iam list-groups",
        type="AWS::IAM::Group",
        holder="Groups",
        is_list=True,
        has=("GroupName", "Arn", "GroupId"),
        untold=_POLICIES,
    ),
    KnownAnswer(
        command="lambda get-function-url-config",
        type="AWS::Lambda::Url",
        has=("FunctionUrl", "FunctionArn", "AuthType"),
    ),
    KnownAnswer(
        command="lambda list-function-url-configs",
        type="AWS::Lambda::Url",
        holder="FunctionUrlConfigs",
        is_list=True,
        has=("FunctionUrl", "FunctionArn", "AuthType"),
    ),
    KnownAnswer(
        command="apigateway get-rest-api",
        type="AWS::ApiGateway::RestApi",
        has=("id", "name", "createdDate", "endpointConfiguration"),
    ),
    KnownAnswer(
        command="apigateway get-rest-apis",
        type="AWS::ApiGateway::RestApi",
        holder="items",
        is_list=True,
        has=("id", "name", "createdDate", "endpointConfiguration"),
    ),
    KnownAnswer(
        command="apigatewayv2 get-api",
        type="AWS::ApiGatewayV2::Api",
        has=("ApiId", "ApiEndpoint", "Name", "ProtocolType"),
    ),
    KnownAnswer(
        command="apigatewayv2 get-apis",
        type="AWS::ApiGatewayV2::Api",
        holder="Items",
        is_list=True,
        has=("ApiId", "ApiEndpoint", "Name", "ProtocolType"),
    ),
    KnownAnswer(
        command="bedrock get-guardrail",
        type="AWS::Bedrock::Guardrail",
        has=("guardrailArn", "guardrailId", "blockedInputMessaging"),
        named={"arn": "guardrailArn", "id": "guardrailId"},
    ),
    KnownAnswer(
        command="bedrock get-custom-model",
        type="AWS::Bedrock::CustomModel",
        has=("modelArn", "modelName", "trainingDataConfig"),
    ),
    KnownAnswer(
        command="bedrock get-provisioned-model-throughput",
        type="AWS::Bedrock::ProvisionedModelThroughput",
        has=("provisionedModelArn", "provisionedModelName", "modelUnits"),
    ),
    KnownAnswer(
        command="bedrock list-provisioned-model-throughputs",
        type="AWS::Bedrock::ProvisionedModelThroughput",
        holder="provisionedModelSummaries",
        is_list=True,
        has=("provisionedModelArn", "provisionedModelName", "modelUnits"),
    ),
    KnownAnswer(
        command="bedrock-agent get-agent",
        type="AWS::Bedrock::Agent",
        holder="agent",
        has=("agentArn", "agentId", "agentResourceRoleArn"),
        untold=("ActionGroups", "KnowledgeBases"),
    ),
    KnownAnswer(
        command="bedrock-agent get-knowledge-base",
        type="AWS::Bedrock::KnowledgeBase",
        holder="knowledgeBase",
        has=("knowledgeBaseArn", "knowledgeBaseId", "knowledgeBaseConfiguration"),
    ),
    KnownAnswer(
        command="bedrock-agent get-data-source",
        type="AWS::Bedrock::DataSource",
        holder="dataSource",
        has=("dataSourceId", "knowledgeBaseId", "dataSourceConfiguration"),
    ),
    KnownAnswer(
        command="stepfunctions describe-state-machine",
        type="AWS::StepFunctions::StateMachine",
        has=("stateMachineArn", "definition", "roleArn"),
    ),
    KnownAnswer(
        command="kms describe-key",
        type="AWS::KMS::Key",
        holder="KeyMetadata",
        has=("KeyId", "Arn", "KeyManager"),
        named={"KeyArn": "Arn"},
        untold=("EnableKeyRotation", "KeyPolicy", "RotationPeriodInDays"),
    ),
    KnownAnswer(
        command="ecr describe-repositories",
        type="AWS::ECR::Repository",
        holder="repositories",
        is_list=True,
        has=("repositoryArn", "repositoryName", "repositoryUri"),
        untold=("RepositoryPolicyText", "LifecyclePolicy"),
    ),
)


class Inline(msgspec.Struct, frozen=True, kw_only=True):
    """The answer that is an inline policy of an identity."""

    command: str
    type: str
    holder: str
    """The member that names the identity."""


INLINE: Final = (
    Inline(command="iam get-role-policy", type="AWS::IAM::RolePolicy", holder="RoleName"),
    Inline(command="iam get-user-policy", type="AWS::IAM::UserPolicy", holder="UserName"),
    Inline(command="iam get-group-policy", type="AWS::IAM::GroupPolicy", holder="GroupName"),
)


class Unnamed(msgspec.Struct, frozen=True, kw_only=True):
    """An answer that does not say whose it is: it is judged where `--as` says it."""

    command: str
    """As the AWS CLI has it: ``s3api get-bucket-versioning``."""
    what: str
    """What `--as` is to name: ``BUCKET``."""
    has: tuple[str, ...]
    """Members that it has."""
    only: tuple[str, ...] = ()
    """Members that it may have too; with others it is something else."""
    inner: tuple[str, ...] = ()
    """Members of what the first of `has` holds, or of each item there."""


UNNAMED: Final = (
    Unnamed(command="s3api get-bucket-versioning", what="BUCKET", has=("Status",), only=("MFADelete",)),
    Unnamed(command="s3api get-bucket-encryption", what="BUCKET", has=("ServerSideEncryptionConfiguration",)),
    Unnamed(command="s3api get-public-access-block", what="BUCKET", has=("PublicAccessBlockConfiguration",)),
    Unnamed(command="s3api get-bucket-logging", what="BUCKET", has=("LoggingEnabled",)),
    Unnamed(
        command="s3api get-bucket-lifecycle-configuration",
        what="BUCKET",
        has=("Rules",),
        only=("TransitionDefaultMinimumObjectSize",),
        inner=("Status",),
    ),
    Unnamed(command="kms get-key-policy", what="KEY", has=("Policy", "PolicyName")),
    Unnamed(
        command="kms get-key-rotation-status",
        what="KEY",
        has=("KeyRotationEnabled",),
        only=("KeyId", "NextRotationDate", "OnDemandRotationStartDate", "RotationPeriodInDays"),
    ),
    Unnamed(command="lambda get-policy", what="FUNCTION", has=("Policy", "RevisionId")),
    Unnamed(command="s3api get-bucket-policy", what="BUCKET", has=("Policy",)),
    Unnamed(
        command="bedrock get-model-invocation-logging-configuration", what="ACCOUNT/REGION", has=("loggingConfig",)
    ),
    Unnamed(command="apigateway get-resources", what="API", has=("items",), only=("position",), inner=("id", "path")),
    Unnamed(command="apigateway get-stages", what="API", has=("item",), inner=("stageName",)),
    Unnamed(
        command="apigateway get-authorizers", what="API", has=("items",), only=("position",), inner=("id", "authType")
    ),
    Unnamed(
        command="apigatewayv2 get-routes",
        what="API",
        has=("Items",),
        only=("NextToken",),
        inner=("RouteId", "RouteKey"),
    ),
    Unnamed(
        command="apigatewayv2 get-integrations",
        what="API",
        has=("Items",),
        only=("NextToken",),
        inner=("IntegrationId",),
    ),
    Unnamed(
        command="apigatewayv2 get-authorizers", what="API", has=("Items",), only=("NextToken",), inner=("AuthorizerId",)
    ),
    Unnamed(command="apigatewayv2 get-stages", what="API", has=("Items",), only=("NextToken",), inner=("StageName",)),
    Unnamed(
        command="elbv2 describe-load-balancer-attributes", what="BALANCER", has=("Attributes",), inner=("Key", "Value")
    ),
)

UNREAD: Final[Mapping[str, str]] = {
    "AttachedPolicies": "iam list-attached-role-policies (or its like)",
    "PolicyNames": "iam list-role-policies (or its like)",
    "StackResources": "cloudformation describe-stack-resources",
    "StackResourceSummaries": "cloudformation list-stack-resources",
    "StackSummaries": "cloudformation list-stacks",
    "Stacks": "cloudformation describe-stacks",
    "LogGroups": "logs describe-log-groups",
    "logGroups": "logs describe-log-groups",
    "Reservations": "ec2 describe-instances",
    "Topics": "sns list-topics",
    "QueueUrls": "sqs list-queues",
    "TableNames": "dynamodb list-tables",
    "SecretList": "secretsmanager list-secrets",
    "DBInstances": "rds describe-db-instances",
    "clusterArns": "ecs list-clusters",
    "Datapoints": "cloudwatch get-metric-statistics",
    "TagList": "an operation that lists tags",
}
"""Members by which answers are known that are not read -> the command."""
