"""How each type is made in an account: the calls, and what of the properties each takes. Data only.

It is the way back from the collector table: a creation's `renames` are a collector's, read from right to left.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Final

import msgspec

from wa_lint.demo.stub import REGION
from wa_lint.sources.live.collectors import by_type


class CreateStep(msgspec.Struct, frozen=True):
    """One call."""

    operation: str
    request: Mapping[str, str] = {}
    """Parameter -> path of what it takes; empty: all properties that the call knows.

    ``@`` is the item, ``*`` as a parameter takes all members of a map.
    """
    when: str = ""
    """The property without which the call is not made; a list: a call for each item."""


class Making(msgspec.Struct, frozen=True):
    """How a resource of one type comes to be. The first step makes it; its answer says what it is called."""

    service: str
    steps: tuple[CreateStep, ...]
    answer: str = ""
    """The member of the first answer that describes what was made; empty: the answer itself."""
    fixed: Mapping[str, object] = {}
    """Parameters of the first call that no property gives."""
    defaults: Mapping[str, object] = {}
    """Path -> what AWS, or CloudFormation, sets by itself on creation, and moto does not."""
    elsewhere: tuple[str, ...] = ()
    """Members that a call does not take because another does, or because no answer tells of them."""
    arn: tuple[str, str] = ("", "")
    """The member that holds the ARN, and its form, where no answer of a creation gives it."""
    given_to: tuple[str, ...] = ()
    """Types whose resources take it up: what it says, an account says of them."""
    after: tuple[str, ...] = ()
    """Types of which all have to be there first, although no property names them."""
    joined: Mapping[str, tuple[str, ...]] = {}
    """A property whose text, split at its bars, is these members."""
    speaks_as_answered: bool = False
    """Whether the requests have the names of the answers: then the collector's renames are read from right to left."""


def _sagemaker(word: str, version: str = "", *, speaks_as_answered: bool = False) -> tuple[str, Making]:
    making = Making("sagemaker", (CreateStep(f"Create{word}{version}"),), speaks_as_answered=speaks_as_answered)
    return f"AWS::SageMaker::{word}", making


_NEW_BUCKET: Final = {
    "BucketEncryption": {
        "ServerSideEncryptionConfiguration": [{"ServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]
    },
    "PublicAccessBlockConfiguration": {
        "BlockPublicAcls": True,
        "BlockPublicPolicy": True,
        "IgnorePublicAcls": True,
        "RestrictPublicBuckets": True,
    },
    "OwnershipControls": {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]},
}
"""What S3 gives every new bucket, since January and April 2023 (AWS News Blog, read 2026-11)."""

_BUCKET: Final = {"Bucket": "Name"}

_S3: Final = {
    "AWS::S3::Bucket": Making(
        "s3",
        (
            CreateStep("CreateBucket", _BUCKET),
            CreateStep(
                "PutBucketEncryption",
                {**_BUCKET, "ServerSideEncryptionConfiguration": "ServerSideEncryptionConfiguration"},
                "ServerSideEncryptionConfiguration",
            ),
            CreateStep(
                "PutPublicAccessBlock",
                {**_BUCKET, "PublicAccessBlockConfiguration": "PublicAccessBlockConfiguration"},
                "PublicAccessBlockConfiguration",
            ),
            CreateStep(
                "PutBucketOwnershipControls",
                {**_BUCKET, "OwnershipControls": "OwnershipControls"},
                "OwnershipControls",
            ),
            CreateStep(
                "PutBucketVersioning",
                {**_BUCKET, "VersioningConfiguration": "VersioningConfiguration"},
                "VersioningConfiguration",
            ),
            CreateStep(
                "PutBucketLogging",
                {**_BUCKET, "BucketLoggingStatus.LoggingEnabled": "LoggingEnabled"},
                "LoggingEnabled",
            ),
            CreateStep(
                "PutBucketLifecycleConfiguration",
                {**_BUCKET, "LifecycleConfiguration": "LifecycleConfiguration"},
                "LifecycleConfiguration",
            ),
        ),
        fixed={"CreateBucketConfiguration": {"LocationConstraint": REGION}},
        defaults={**_NEW_BUCKET, "LifecycleConfiguration.Rules[].Prefix": ""},
        elsewhere=("Tags",),
        speaks_as_answered=True,
    ),
    "AWS::S3::BucketPolicy": Making(
        "s3", (CreateStep("PutBucketPolicy", {"Bucket": "Bucket", "Policy": "Policy"}),), speaks_as_answered=True
    ),
}


def _identity(word: str) -> Making:
    """Build a role, user or group with its policies."""
    name = f"{word}Name"
    return Making(
        "iam",
        (
            CreateStep(f"Create{word}"),
            CreateStep(
                f"Put{word}Policy",
                {name: name, "PolicyName": "@.PolicyName", "PolicyDocument": "@.PolicyDocument"},
                "Policies",
            ),
            CreateStep(f"Attach{word}Policy", {name: name, "PolicyArn": "@"}, "ManagedPolicyArns"),
            *([CreateStep("AddUserToGroup", {"UserName": name, "GroupName": "@"}, "Groups")] if word == "User" else []),
        ),
        answer=word,
        elsewhere=("Policies", "ManagedPolicyArns", "Groups", "LoginProfile"),
    )


def _attached(operation: str, request: Mapping[str, str]) -> tuple[CreateStep, ...]:
    """Return a step for each kind of identity that a policy may be attached to."""
    return tuple(
        CreateStep(operation.format(word), {f"{word}Name": "@", **request}, f"{word}s")
        for word in ("Role", "User", "Group")
    )


_IDENTITIES: Final = ("AWS::IAM::Role", "AWS::IAM::User", "AWS::IAM::Group")

_POLICY: Final = {"PolicyName": "PolicyName", "PolicyDocument": "PolicyDocument"}

_IAM: Final = {
    "AWS::IAM::Role": _identity("Role"),
    "AWS::IAM::User": _identity("User"),
    "AWS::IAM::Group": _identity("Group"),
    "AWS::IAM::ManagedPolicy": Making(
        "iam",
        (
            CreateStep("CreatePolicy", {**_POLICY, "PolicyName": "ManagedPolicyName", "Path": "Path"}),
            *_attached("Attach{}Policy", {"PolicyArn": "Arn"}),
        ),
        answer="Policy",
        given_to=_IDENTITIES,
    ),
    "AWS::IAM::Policy": Making("iam", _attached("Put{}Policy", _POLICY), given_to=_IDENTITIES),
    "AWS::IAM::RolePolicy": Making("iam", (CreateStep("PutRolePolicy"),), given_to=_IDENTITIES),
    "AWS::IAM::UserPolicy": Making("iam", (CreateStep("PutUserPolicy"),), given_to=_IDENTITIES),
    "AWS::IAM::GroupPolicy": Making("iam", (CreateStep("PutGroupPolicy"),), given_to=_IDENTITIES),
}

_CODE: Final = b"PK\x05\x06" + bytes(18)
"""An empty zip file: nobody runs it."""

_LAMBDA: Final = {
    "AWS::Lambda::Function": Making(
        "lambda", (CreateStep("CreateFunction"),), fixed={"Code": {"ZipFile": _CODE}}, elsewhere=("Code",)
    ),
    "AWS::Lambda::Url": Making(
        "lambda",
        (CreateStep("CreateFunctionUrlConfig", {"FunctionName": "TargetFunctionArn", "*": ""}),),
        elsewhere=("TargetFunctionArn",),
    ),
    "AWS::Lambda::Permission": Making(
        "lambda",
        (CreateStep("AddPermission", {"StatementId": "LogicalId", "*": ""}),),
        answer="Statement",
    ),
}

_METHOD: Final = {"restApiId": "RestApiId", "resourceId": "ResourceId", "httpMethod": "HttpMethod"}

_REST_API: Final = {
    "AWS::ApiGateway::RestApi": Making("apigateway", (CreateStep("CreateRestApi"),), speaks_as_answered=True),
    "AWS::ApiGateway::Authorizer": Making("apigateway", (CreateStep("CreateAuthorizer"),)),
    "AWS::ApiGateway::Resource": Making("apigateway", (CreateStep("CreateResource"),)),
    "AWS::ApiGateway::Method": Making(
        "apigateway",
        (
            CreateStep("PutMethod"),
            CreateStep("PutIntegration", {**_METHOD, "*": "@"}, "Integration"),
            CreateStep("PutMethodResponse", {**_METHOD, "*": "@"}, "MethodResponses"),
            CreateStep("PutIntegrationResponse", {**_METHOD, "*": "@"}, "Integration.IntegrationResponses"),
        ),
        elsewhere=("Integration", "MethodResponses", "IntegrationResponses"),
    ),
    "AWS::ApiGateway::Deployment": Making(
        "apigateway", (CreateStep("CreateDeployment"),), after=("AWS::ApiGateway::Method",)
    ),
    "AWS::ApiGateway::Stage": Making("apigateway", (CreateStep("CreateStage"),)),
}


def _http(word: str) -> tuple[str, Making]:
    return f"AWS::ApiGatewayV2::{word}", Making("apigatewayv2", (CreateStep(f"Create{word}"),))


_WATCHING: Final = {
    "AWS::ApplicationAutoScaling::ScalableTarget": Making(
        "application-autoscaling", (CreateStep("RegisterScalableTarget"),)
    ),
    "AWS::ApplicationAutoScaling::ScalingPolicy": Making(
        "application-autoscaling",
        (CreateStep("PutScalingPolicy"),),
        joined={"ScalingTargetId": ("ResourceId", "ScalableDimension", "ServiceNamespace")},
    ),
    "AWS::CloudWatch::Alarm": Making(
        "cloudwatch",
        (CreateStep("PutMetricAlarm"),),
        arn=("AlarmArn", "arn:{partition}:cloudwatch:{region}:{account}:alarm:{AlarmName}"),
    ),
}

_FIRST: Final[Mapping[str, Making]] = {
    **_S3,
    **_IAM,
    **_LAMBDA,
    **_REST_API,
    **dict(map(_http, ("Api", "Authorizer", "Integration", "Route", "Stage"))),
    **dict(
        map(
            _sagemaker,
            (
                "Model",
                "EndpointConfig",
                "Endpoint",
                "NotebookInstanceLifecycleConfig",
                "NotebookInstance",
                "StudioLifecycleConfig",
                "Domain",
                "FeatureGroup",
                "MonitoringSchedule",
                "MlflowTrackingServer",
                "CompilationJob",
                "HyperParameterTuningJob",
                "LabelingJob",
                "ProcessingJob",
                "TrainingJob",
                "TransformJob",
            ),
        )
    ),
    **dict([_sagemaker("AutoMLJob", "V2")]),
}

_LATER: Final[Mapping[str, Making]] = {
    **dict(_sagemaker(word, speaks_as_answered=True) for word in ("Image", "Pipeline", "Workteam")),
    "AWS::SageMaker::ModelPackageGroup": Making(
        "sagemaker",
        (
            CreateStep("CreateModelPackageGroup"),
            CreateStep(
                "PutModelPackageGroupPolicy",
                {"ModelPackageGroupName": "ModelPackageGroupName", "ResourcePolicy": "ModelPackageGroupPolicy"},
                "ModelPackageGroupPolicy",
            ),
        ),
        elsewhere=("ModelPackageGroupPolicy",),
    ),
    **_WATCHING,
}


@cache
def makings() -> Mapping[str, Making]:
    """Return how each type is made. Of two resources without a reference, the first in the template comes first.

    SageMaker's types that are not named above are made by requests that have CloudFormation's names.
    """
    named = {**_FIRST, **_LATER}
    read = [type_ for type_, collector in by_type().items() if collector.service == "sagemaker"]
    plain = dict(_sagemaker(type_.rpartition("::")[2]) for type_ in read if type_ not in named)
    return {**_FIRST, **plain, **_LATER}
