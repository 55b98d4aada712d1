"""The collector table: which API calls describe which resource type. Data only: it calls nothing, imports no boto3.

One entry is all it takes to collect a new type. The plan of calls, the least-privilege policy, the
reading of exported answers, the paths that no answer carries (`data/carried.json`) and the contract
test against botocore's models all come from it.
"""

from __future__ import annotations

from collections.abc import Mapping

from wa_lint.sources.live.agentcore import AGENTCORE
from wa_lint.sources.live.apis import GRAPHQL_API, HTTP_API, IDENTITY_POOL, LAMBDA, REST_API
from wa_lint.sources.live.bedrock import BEDROCK
from wa_lint.sources.live.collector import ApiCall, Collector, ListingReach
from wa_lint.sources.live.data_stores import STORES, TRANSFORMS
from wa_lint.sources.live.opensearch_serverless import VECTOR_STORES
from wa_lint.sources.live.sagemaker import SAGEMAKER
from wa_lint.sources.live.supporting import AROUND, NAMED

_BUCKET = {"Bucket": "Name"}
_RULES = "LifecycleConfiguration.Rules[]."
_LIFECYCLE_RULE = {
    "ID": "Id",
    "Filter.Prefix": "Prefix",
    "Filter.And.Prefix": "Prefix",
    "Filter.Tag": "TagFilters[]",
    "Filter.And.Tags": "TagFilters",
    "Filter.ObjectSizeGreaterThan": "ObjectSizeGreaterThan",
    "Filter.And.ObjectSizeGreaterThan": "ObjectSizeGreaterThan",
    "Filter.ObjectSizeLessThan": "ObjectSizeLessThan",
    "Filter.And.ObjectSizeLessThan": "ObjectSizeLessThan",
    "Expiration.Date": "ExpirationDate",
    "Expiration.Days": "ExpirationInDays",
    "Expiration.ExpiredObjectDeleteMarker": "ExpiredObjectDeleteMarker",
    "Transitions[].Date": "Transitions[].TransitionDate",
    "Transitions[].Days": "Transitions[].TransitionInDays",
    "NoncurrentVersionTransitions[].NoncurrentDays": "NoncurrentVersionTransitions[].TransitionInDays",
}

_S3 = (
    Collector(
        type="AWS::S3::Bucket",
        service="s3",
        listing=ApiCall(
            operation="ListBuckets",
            fixed={"BucketRegion": "{region}"},
            items="Buckets",
            action="s3:ListAllMyBuckets",
        ),
        name="{Name}",
        arn="arn:{partition}:s3:::{Name}",
        region_member="BucketRegion",
        describe=(
            ApiCall(
                operation="GetBucketEncryption",
                request=_BUCKET,
                fills=("BucketEncryption",),
                not_configured=("ServerSideEncryptionConfigurationNotFoundError",),
                action="s3:GetEncryptionConfiguration",
            ),
            ApiCall(
                operation="GetPublicAccessBlock",
                request=_BUCKET,
                fills=("PublicAccessBlockConfiguration",),
                not_configured=("NoSuchPublicAccessBlockConfiguration",),
                action="s3:GetBucketPublicAccessBlock",
            ),
            ApiCall(
                operation="GetBucketVersioning",
                request=_BUCKET,
                into="VersioningConfiguration",
                fills=("VersioningConfiguration",),
            ),
            ApiCall(operation="GetBucketLogging", request=_BUCKET, fills=("LoggingConfiguration",)),
            ApiCall(
                operation="GetBucketOwnershipControls",
                request=_BUCKET,
                fills=("OwnershipControls",),
                not_configured=("OwnershipControlsNotFoundError",),
            ),
            ApiCall(operation="GetBucketAcl", request=_BUCKET, fills=("Grants",)),
            ApiCall(
                operation="GetBucketPolicyStatus",
                request=_BUCKET,
                fills=("PolicyStatus",),
                not_configured=("NoSuchBucketPolicy",),
            ),
            ApiCall(
                operation="GetObjectLockConfiguration",
                request=_BUCKET,
                fills=("ObjectLockConfiguration",),
                not_configured=("ObjectLockConfigurationNotFoundError",),
                action="s3:GetBucketObjectLockConfiguration",
            ),
            ApiCall(
                operation="GetBucketLifecycleConfiguration",
                request=_BUCKET,
                into="LifecycleConfiguration",
                fills=("LifecycleConfiguration",),
                not_configured=("NoSuchLifecycleConfiguration",),
                action="s3:GetLifecycleConfiguration",
            ),
        ),
        renames={
            "Name": "BucketName",
            "ServerSideEncryptionConfiguration.Rules": "BucketEncryption.ServerSideEncryptionConfiguration",
            "BucketEncryption.ServerSideEncryptionConfiguration[].ApplyServerSideEncryptionByDefault": (
                "BucketEncryption.ServerSideEncryptionConfiguration[].ServerSideEncryptionByDefault"
            ),
            "LoggingEnabled": "LoggingConfiguration",
            "LoggingConfiguration.TargetBucket": "LoggingConfiguration.DestinationBucketName",
            "LoggingConfiguration.TargetPrefix": "LoggingConfiguration.LogFilePrefix",
            **{_RULES + old: _RULES + new for old, new in _LIFECYCLE_RULE.items()},
        },
        elsewhere=(  # the older, singular spellings of what the answer lists
            _RULES + "NoncurrentVersionExpirationInDays",
            _RULES + "NoncurrentVersionTransition",
            _RULES + "Transition",
        ),
    ),
    Collector(
        type="AWS::S3::AccountPublicAccessBlock",
        service="s3control",
        reach=ListingReach.GLOBAL,
        listing=ApiCall(
            operation="GetPublicAccessBlock",
            fixed={"AccountId": "{account}"},
            not_configured=("NoSuchPublicAccessBlockConfiguration",),
            action="s3:GetAccountPublicAccessBlock",
        ),
        name="public-access-block",
        id="{account}/public-access-block",
        needs="PublicAccessBlockConfiguration",
    ),
    Collector(
        type="AWS::S3::BucketPolicy",
        service="s3",
        parent="AWS::S3::Bucket",
        listing=ApiCall(operation="GetBucketPolicy", request=_BUCKET, not_configured=("NoSuchBucketPolicy",)),
        name="{Bucket}",
        id="arn:{partition}:s3:::{Bucket}?policy",
        renames={"Policy": "PolicyDocument"},
        documents=("PolicyDocument",),
    ),
)

_ATTACHED = {"AttachedManagedPolicies[].PolicyArn": "ManagedPolicyArns[]"}
_BOUNDARY = {"PermissionsBoundary.PermissionsBoundaryArn": "PermissionsBoundary"}


def _iam(  # noqa: PLR0913, one argument for each way in which these types differ
    word: str,
    *,
    items: str,
    name: str,
    renames: Mapping[str, str],
    documents: tuple[str, ...],
    covers: tuple[str, ...] = (),
    elsewhere: tuple[str, ...] = (),
    aws_managed: str = "",
    in_use: tuple[str, ...] = (),
    ignores: tuple[str, ...] = (),
) -> Collector:
    """All of IAM comes from one paged call, so it is one moment's picture."""
    return Collector(
        type=f"AWS::IAM::{word}",
        service="iam",
        reach=ListingReach.GLOBAL,
        listing=ApiCall(operation="GetAccountAuthorizationDetails", items=items),
        name=name,
        arn="{Arn}",
        renames=renames,
        documents=documents,
        covers=covers,
        elsewhere=elsewhere,
        aws_managed=aws_managed,
        in_use=in_use,
        ignores=ignores,
    )


_IAM = (
    _iam(
        "Role",
        items="RoleDetailList",
        name="{RoleName}",
        renames={"RolePolicyList": "Policies", **_ATTACHED, **_BOUNDARY},
        documents=("AssumeRolePolicyDocument", "Policies[].PolicyDocument"),
        covers=("AWS::IAM::Policy", "AWS::IAM::RolePolicy"),
        ignores=("InstanceProfileList",),
    ),
    _iam(
        "User",
        items="UserDetailList",
        name="{UserName}",
        renames={"UserPolicyList": "Policies", "GroupList": "Groups", **_ATTACHED, **_BOUNDARY},
        documents=("Policies[].PolicyDocument",),
        covers=("AWS::IAM::UserPolicy", "AWS::IAM::UserToGroupAddition"),
    ),
    _iam(
        "Group",
        items="GroupDetailList",
        name="{GroupName}",
        renames={"GroupPolicyList": "Policies", **_ATTACHED},
        documents=("Policies[].PolicyDocument",),
        covers=("AWS::IAM::GroupPolicy",),
    ),
    _iam(
        "ManagedPolicy",
        items="Policies",
        name="{PolicyName}",
        renames={
            "PolicyName": "ManagedPolicyName",
            "PolicyVersionList[IsDefaultVersion].Document": "PolicyDocument",
        },
        documents=("PolicyDocument",),
        elsewhere=("Groups", "Roles", "Users"),
        aws_managed="Arn",
        in_use=("AttachmentCount", "PermissionsBoundaryUsageCount"),
    ),
    Collector(
        type="AWS::IAM::ServiceSpecificCredential",
        service="iam",
        reach=ListingReach.GLOBAL,
        listing=ApiCall(
            operation="ListServiceSpecificCredentials", fixed={"AllUsers": True}, items="ServiceSpecificCredentials"
        ),
        name="{ServiceSpecificCredentialId}",
        id="arn:{partition}:iam::{account}:user/{UserName}/credential/{ServiceSpecificCredentialId}",
    ),
)

_SCALED = {"ServiceNamespace": "sagemaker"}

_WATCHING = (
    Collector(
        type="AWS::ApplicationAutoScaling::ScalableTarget",
        service="application-autoscaling",
        listing=ApiCall(operation="DescribeScalableTargets", fixed=_SCALED, items="ScalableTargets"),
        describe=(
            ApiCall(
                operation="DescribeScheduledActions",
                request={"ResourceId": "ResourceId", "ScalableDimension": "ScalableDimension"},
                fixed=_SCALED,
                items="ScheduledActions",
                into="ScheduledActions",
                fills=("ScheduledActions",),
            ),
        ),
        name="{ResourceId}",
        id="{account}/{region}/{ResourceId}|{ScalableDimension}",
    ),
    Collector(
        type="AWS::ApplicationAutoScaling::ScalingPolicy",
        service="application-autoscaling",
        listing=ApiCall(operation="DescribeScalingPolicies", fixed=_SCALED, items="ScalingPolicies"),
        name="{PolicyName}",
        arn="{PolicyARN}",
        elsewhere=("ScalingTargetId",),
    ),
    Collector(
        type="AWS::CloudWatch::Alarm",
        service="cloudwatch",
        listing=ApiCall(operation="DescribeAlarms", items="MetricAlarms"),
        name="{AlarmName}",
        arn="{AlarmArn}",
    ),
    Collector(
        type="AWS::CloudWatch::CompositeAlarm",
        service="cloudwatch",
        listing=ApiCall(operation="DescribeAlarms", fixed={"AlarmTypes": ["CompositeAlarm"]}, items="CompositeAlarms"),
        name="{AlarmName}",
        arn="{AlarmArn}",
    ),
)

COLLECTORS: tuple[Collector, ...] = (
    *SAGEMAKER,
    *_S3,
    *_IAM,
    *LAMBDA,
    *REST_API,
    *HTTP_API,
    *GRAPHQL_API,
    *IDENTITY_POOL,
    *_WATCHING,
    *BEDROCK,
    *AGENTCORE,
    *VECTOR_STORES,
    *AROUND,
    *TRANSFORMS,
    *STORES,
    *NAMED,
)
"""Parents stand before their children, and what is only read where it is named stands last."""
