"""What AWS fills in where a request says nothing. Data only.

CloudFormation's schemas document few defaults; these are those of the types that verdicts rest on most. A value that
somebody set by hand to what AWS would have filled in cannot be told from it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from wa_lint.model import Value

FILLED: Final[Mapping[str, Mapping[str, Value]]] = {
    "AWS::S3::Bucket": {
        "BucketEncryption.ServerSideEncryptionConfiguration[].ServerSideEncryptionByDefault.SSEAlgorithm": "AES256",
        "BucketEncryption.ServerSideEncryptionConfiguration[].BucketKeyEnabled": False,
        "OwnershipControls.Rules[].ObjectOwnership": "BucketOwnerEnforced",
        "PublicAccessBlockConfiguration.BlockPublicAcls": True,
        "PublicAccessBlockConfiguration.BlockPublicPolicy": True,
        "PublicAccessBlockConfiguration.IgnorePublicAcls": True,
        "PublicAccessBlockConfiguration.RestrictPublicBuckets": True,
    },
    "AWS::EC2::SecurityGroup": {
        "SecurityGroupEgress[].CidrIp": "0.0.0.0/0",
        "SecurityGroupEgress[].IpProtocol": "-1",
        "SecurityGroupEgress[].FromPort": -1,
        "SecurityGroupEgress[].ToPort": -1,
    },
    "AWS::SageMaker::Model": {"EnableNetworkIsolation": False},
    "AWS::SageMaker::EndpointConfig": {
        "EnableNetworkIsolation": False,
        "ProductionVariants[].InitialVariantWeight": 1,
    },
    "AWS::SageMaker::NotebookInstance": {
        "DirectInternetAccess": "Enabled",
        "RootAccess": "Enabled",
        "VolumeSizeInGB": 5,
    },
    "AWS::SageMaker::Domain": {"AppNetworkAccessType": "PublicInternetOnly"},
    "AWS::Lambda::Function": {
        "Architectures[]": "x86_64",
        "EphemeralStorage.Size": 512,
        "MemorySize": 128,
        "PackageType": "Zip",
        "Timeout": 3,
        "TracingConfig.Mode": "PassThrough",
    },
    "AWS::IAM::Role": {"MaxSessionDuration": 3600, "Path": "/"},
    "AWS::IAM::User": {"Path": "/"},
    "AWS::IAM::ManagedPolicy": {"Path": "/"},
    "AWS::ApiGateway::RestApi": {"ApiKeySourceType": "HEADER", "DisableExecuteApiEndpoint": False},
    "AWS::ApiGateway::Method": {"ApiKeyRequired": False},
    "AWS::ApiGateway::Stage": {"CacheClusterEnabled": False, "TracingEnabled": False},
    "AWS::CloudWatch::Alarm": {"ActionsEnabled": True, "TreatMissingData": "missing"},
}
"""By type and path.

The API reference of the request that creates the resource states them (botocore 1.44), but for these, of which it
states no default: all that is False, ``PackageType``, ``TracingConfig.Mode``, ``ApiKeySourceType``. They are what an
omitted switch means; nobody has looked them up. S3: default encryption (since January 2023), Block Public Access and
object ownership of new buckets (since April 2023). EC2: a new security group lets everything out."""
