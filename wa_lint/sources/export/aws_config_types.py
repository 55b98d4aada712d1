"""How AWS Config words the types that it knows in the service's camelCase. Data only.

Source: awslabs/aws-config-resource-schema (Apache-2.0, 2025-03-17), which lists what a query can ask, and the API
references of the services, whose answers Config keeps.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import msgspec


class Camel(msgspec.Struct, frozen=True, kw_only=True):
    """How a configuration in camelCase becomes CloudFormation's, beyond the case of the letters."""

    name: str = ""
    """The member that others name it by, where that is not the item's resourceName."""
    renames: Mapping[str, str] = {}
    """See `wa_lint.sources.live.api_response.rename`."""
    supplementary: Mapping[str, str] = {}
    """Parts of supplementaryConfiguration that are properties -> their names."""
    documents: tuple[str, ...] = ()
    """CloudFormation paths that hold JSON as a text."""
    unset: Mapping[str, object] = {}
    """Path -> the value by which Config says "not set"."""
    from_arn: Mapping[str, str] = {}
    """Word in the ARN -> the property that the next word is."""


_ATTACHED: Final = {"attachedManagedPolicies[].policyArn": "ManagedPolicyArns[]"}
_IDENTITY: Final = {**_ATTACHED, "permissionsBoundary.permissionsBoundaryArn": "PermissionsBoundary"}

CAMEL: Final[Mapping[str, Camel]] = {
    "AWS::ApiGateway::RestApi": Camel(
        name="id",
        renames={"id": "RestApiId", "apiKeySource": "ApiKeySourceType"},
        documents=("Policy",),
    ),
    "AWS::ApiGateway::Stage": Camel(
        renames={
            "accessLogSettings": "AccessLogSetting",
            "canarySettings": "CanarySetting",
            "methodSettings{ResourcePath/HttpMethod}": "MethodSettings[]",
        },
        from_arn={"restapis": "RestApiId"},
    ),
    "AWS::ApiGatewayV2::Api": Camel(name="apiId"),
    "AWS::ApiGatewayV2::Stage": Camel(from_arn={"apis": "ApiId"}),
    "AWS::CloudWatch::Alarm": Camel(),
    "AWS::IAM::Group": Camel(
        renames={"groupPolicyList": "Policies", **_ATTACHED}, documents=("Policies[].PolicyDocument",)
    ),
    "AWS::IAM::Policy": Camel(
        renames={
            "policyName": "ManagedPolicyName",
            "policyVersionList[isDefaultVersion].document": "PolicyDocument",
        },
        documents=("PolicyDocument",),
    ),
    "AWS::IAM::Role": Camel(
        renames={"rolePolicyList": "Policies", **_IDENTITY},
        documents=("AssumeRolePolicyDocument", "Policies[].PolicyDocument"),
    ),
    "AWS::IAM::User": Camel(
        renames={"userPolicyList": "Policies", "groupList": "Groups", **_IDENTITY},
        documents=("Policies[].PolicyDocument",),
    ),
    "AWS::KMS::Key": Camel(name="keyId", supplementary={"KeyRotationStatus": "EnableKeyRotation"}),
    "AWS::Lambda::Function": Camel(
        renames={"layers[].arn": "Layers[]", "imageConfigResponse.imageConfig": "ImageConfig"},
    ),
    "AWS::S3::Bucket": Camel(
        renames={
            "name": "BucketName",
            "encryption.rules": "BucketEncryption.ServerSideEncryptionConfiguration",
            "BucketEncryption.ServerSideEncryptionConfiguration[].applyServerSideEncryptionByDefault": (
                "BucketEncryption.ServerSideEncryptionConfiguration[].ServerSideEncryptionByDefault"
            ),
            "LifecycleConfiguration.rules[].transitions[].days": (
                "LifecycleConfiguration.rules[].transitions[].TransitionInDays"
            ),
            "LifecycleConfiguration.rules[].transitions[].date": (
                "LifecycleConfiguration.rules[].transitions[].TransitionDate"
            ),
            "LifecycleConfiguration.rules[].noncurrentVersionTransitions[].days": (
                "LifecycleConfiguration.rules[].noncurrentVersionTransitions[].TransitionInDays"
            ),
        },
        supplementary={
            "BucketLifecycleConfiguration": "LifecycleConfiguration",
            "BucketLoggingConfiguration": "LoggingConfiguration",
            "BucketVersioningConfiguration": "VersioningConfiguration",
            "PublicAccessBlockConfiguration": "PublicAccessBlockConfiguration",
            "ServerSideEncryptionConfiguration": "encryption",
        },
        unset={"VersioningConfiguration.status": "Off"},
    ),
}

NAMES: Final[Mapping[str, str]] = {"AWS::IAM::Policy": "AWS::IAM::ManagedPolicy"}
"""Config's name of a type -> CloudFormation's, where they differ. Inline policies are in their roles."""

COVERS: Final[Mapping[str, tuple[str, tuple[str, ...]]]] = {
    "AWS::IAM::Role": ("rolePolicyList", ("AWS::IAM::Policy", "AWS::IAM::RolePolicy")),
    "AWS::IAM::User": ("userPolicyList", ("AWS::IAM::UserPolicy", "AWS::IAM::UserToGroupAddition")),
    "AWS::IAM::Group": ("groupPolicyList", ("AWS::IAM::GroupPolicy",)),
}
"""Type -> the list of inline policies, and what it is complete for: see `Collector.covers`."""
