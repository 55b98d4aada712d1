"""Controls of other standards and tools, as rules name them: which standards there are, and how an id is written.

It knows no rule. What a control demands, and whether a rule does the same, is held by the tests (`tests/claims.yaml`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Final

import msgspec

from wa_lint.errors import did_you_mean

EVERY: Final = "*"
"""The key of `differs` that speaks of every control that a rule names."""


_SERVICES: Final = (
    "Account|ACM|APIGateway|AppConfig|AppFlow|AppRunner|AppSync|Athena|AutoScaling|Backup|Batch|Bedrock|"
    "BedrockAgentCore|CloudFormation|CloudFront|CloudTrail|CloudWatch|CodeArtifact|CodeBuild|Cognito|Config|Connect|"
    "DataFirehose|DataSync|Detective|DMS|DocumentDB|DynamoDB|EC2|ECR|ECS|EFS|EKS|ElastiCache|ElasticBeanstalk|ELB|EMR|"
    "ES|EventBridge|FraudDetector|FSx|Glue|GlobalAccelerator|GuardDuty|IAM|Inspector|IoT|Keyspaces|Kinesis|KMS|Lambda|"
    "Macie|MQ|MSK|Neptune|NetworkFirewall|Opensearch|PCA|RDS|Redshift|RedshiftServerless|Route53|S3|SageMaker|"
    "SecretsManager|ServiceCatalog|SES|SNS|SQS|SSM|StepFunctions|Transfer|WAF|WorkSpaces"
)
"""What Security Hub's ids begin with (AWS: Security Hub CSPM controls reference, read 2026-12)."""


class Standard(msgspec.Struct, frozen=True):
    """Who publishes controls, and what an id looks like behind its prefix."""

    title: str
    prefix: str
    pattern: str
    example: str
    is_official: bool = False
    """Whether AWS or MITRE publishes it, so that reports name it; the others are tools that check the same."""


STANDARDS: Final[Mapping[str, Standard]] = {
    "securityhub": Standard("AWS Security Hub", "", rf"({_SERVICES})\.[1-9][0-9]*", "S3.8", is_official=True),
    "config": Standard(
        "AWS Config", "config:", r"[a-z0-9]+(-[a-z0-9]+)+", "s3-bucket-versioning-enabled", is_official=True
    ),
    "cwe": Standard("CWE", "", r"CWE-[1-9][0-9]*", "CWE-284", is_official=True),
    "checkov": Standard("Checkov", "checkov:", r"CKV2?_AWS_[1-9][0-9]*", "CKV_AWS_371"),
    "prowler": Standard("Prowler", "prowler:", r"[a-z0-9]+(_[a-z0-9]+)+", "sagemaker_models_vpc_settings_configured"),
    "cfn-guard": Standard(
        "CloudFormation Guard",
        "cfn-guard:",
        r"[A-Z0-9]+(_[A-Z0-9]+)+|CT\.[A-Z0-9]+\.PR\.[1-9][0-9]*",
        "S3_BUCKET_VERSIONING_ENABLED",
    ),
    "kics": Standard(
        "KICS", "kics:", r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "88d55d94-315d-4564-beee-d2d725feab11"
    ),
    "trivy": Standard("Trivy", "trivy:", r"AWS-[0-9]{4}", "AWS-0088"),
    "cnspec": Standard("cnspec", "cnspec:", r"mondoo(-[a-z0-9]+)+", "mondoo-aws-security-sagemaker-notebook-imdsv2"),
}
"""By the name that ``--map`` takes. CloudFormation Guard: the AWS rule registry's names, and Control Tower's proactive
controls, which are written in it."""


def fault_of(control: str) -> str | None:
    """Return what is wrong with the spelling of `control`, or None."""
    prefix, colon, _ = control.partition(":")
    if not colon:
        return _fault_of_bare(control)
    by_prefix = {standard.prefix: standard for standard in STANDARDS.values() if standard.prefix}
    standard = by_prefix.get(prefix + colon)
    if standard is None:
        known = [name.rstrip(":") for name in by_prefix]
        return f"no standard {prefix!r}{did_you_mean(prefix, known) or '; there are ' + ', '.join(known)}"
    if re.fullmatch(standard.prefix + f"(?:{standard.pattern})", control):
        return None
    return f"{control!r} is not an ID of {standard.title}; write it as {standard.prefix}{standard.example}"


def _fault_of_bare(control: str) -> str | None:
    if any(re.fullmatch(STANDARDS[name].pattern, control) for name in ("securityhub", "cwe")):
        return None
    service, dot, _ = control.partition(".")
    if dot and (near := did_you_mean(service, _SERVICES.split("|"))):
        return f"Security Hub has no controls of {service!r}{near}"
    return f"{control!r} is not a control; write it as S3.8 (Security Hub), CWE-284, or behind a prefix as config:"


def standard_of(control: str) -> str:
    """Return the key in `STANDARDS` of a control that is spelt rightly."""
    prefix, colon, _ = control.partition(":")
    if colon:
        return prefix
    return "cwe" if control.startswith("CWE-") else "securityhub"


def bare(control: str) -> str:
    """Return the control as its publisher writes it, without our prefix."""
    return control.removeprefix(STANDARDS[standard_of(control)].prefix)


def is_official(control: str) -> bool:
    """Whether reports name it: a control of AWS, or a weakness of the CWE."""
    standard = STANDARDS.get(standard_of(control))
    return standard is None or standard.is_official


def in_order(controls: Iterable[str]) -> list[str]:
    """Return controls by standard, then by their own numbers: S3.9 before S3.10."""
    order = list(STANDARDS)
    return sorted(controls, key=lambda control: (order.index(standard_of(control)), _by_number(control)))


def _by_number(control: str) -> tuple[str, int]:
    head = bare(control).rstrip("0123456789")
    return head, int(bare(control)[len(head) :] or 0)
