# ruff: noqa: INP001 -- a script stands alone
"""Write `wa_lint/data/iam_actions.json` and `managed_*.json` from cfn-lint's and moto's data. Build time only.

    python scripts/refresh_iam.py

``iam_actions.json``: service -> action in lower case -> 1 if the service authorization reference names resource types
for it, 0 if ``Resource: "*"`` is all that it takes.

``managed_policies.json``: name -> path and what it grants that is broad, for every policy. ``managed_statements.json``:
name -> statements, for a selection.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

Raw = Any

_OUT: Final = Path(__file__).parents[1] / "wa_lint" / "data"

_SERVICES: Final = (
    "access-analyzer acm airflow amplify aoss apigateway application-autoscaling appsync athena autoscaling "
    "aws-marketplace backup batch bedrock bedrock-agentcore budgets ce cloudformation cloudfront cloudtrail "
    "cloudwatch codeartifact codebuild codecommit codeconnections codedeploy codepipeline codestar-connections "
    "cognito-identity cognito-idp comprehend comprehendmedical compute-optimizer config databrew dataexchange "
    "datapipeline datazone dms ds dynamodb ebs ec2 ec2messages ecr ecr-public ecs eks elasticache elasticfilesystem "
    "elasticloadbalancing elasticmapreduce emr-containers emr-serverless es events execute-api firehose forecast "
    "frauddetector fsx glue greengrass groundtruthlabeling guardduty healthlake iam imagebuilder inspector2 iot "
    "kafka kafka-cluster kendra kinesis kinesisanalytics kms lakeformation lambda lex license-manager logs "
    "lookoutequipment lookoutmetrics lookoutvision macie2 mediaconvert memorydb mq neptune-db neptune-graph "
    "organizations osis personalize pipes polly pricing q qbusiness quicksight ram rds rds-data rds-db redshift "
    "redshift-data redshift-serverless rekognition resource-groups route53 s3 s3-object-lambda s3express s3tables "
    "s3vectors sagemaker sagemaker-geospatial sagemaker-mlflow scheduler schemas secretsmanager securityhub "
    "servicecatalog servicediscovery servicequotas ses sns sqs ssm ssmmessages states sts support synthetics tag "
    "textract timestream transcribe translate transfer trustedadvisor vpc-lattice wafv2 wellarchitected xray "
)
"""Prefixes of the services that ML workloads are granted, apart by spaces."""

_STAR_ONLY: Final = {
    "cloudwatch:getmetricdata": "the resource type (dataset) is optional; who reads metrics reads them all",
    "cloudwatch:listmetrics": "the resource type (dataset) is optional; who reads metrics reads them all",
    "cloudwatch:putmetricdata": "the resource type (dataset) is optional; metrics are narrowed by cloudwatch:namespace",
    "comprehend:detectentities": "the resource type (a custom model's endpoint) is optional",
    "polly:synthesizespeech": "the resource type (lexicon) is optional",
    "rekognition:detectmoderationlabels": "the resource type (a custom adapter) is optional",
    "translate:translatedocument": "the resource type (terminology) is optional",
    "translate:translatetext": "the resource type (terminology) is optional",
}
"""Where the reference names a resource type, but the usual use of the action takes none."""

_FULL_ACCESS: Final = re.compile(r"FullAccess(Policy)?(_?[vV]\d+)?$")

_WITH_STATEMENTS: Final = re.compile(
    r"SageMaker|^AmazonS3|^AmazonEC2ContainerRegistry|^AmazonBedrock|^AWSLambda|^AWSStepFunctions|^CloudWatch"
    r"|^AWSGlue|^AmazonAthena|^AmazonDynamoDB|^AmazonSNS|^AmazonSQS|^SecretsManager|^AmazonSSM(Full|Read)|^AWSKeyManag"
    r"|^AmazonPersonalize|^AmazonForecast|^AmazonTextract|^AmazonRekognition|^ComprehendFull|^ComprehendRead|^Translate"
    r"|^AmazonTranscribe|^AWSCodeBuild|^AWSCodePipeline|^AWSCodeCommit|^AWSXRay|^AmazonElasticFileSystem|^AmazonEventBridge"
    r"|^AmazonElasticMapReduce|^AmazonKinesis|^AWSCloudFormation|^AmazonAPIGateway|^IAM(Full|Read)|^AdministratorAccess$"
    r"|^PowerUserAccess$|^ReadOnlyAccess$|^ViewOnlyAccess$|^SecurityAudit$|^DataScientist$|^AmazonVPC(Full|Read)"
)
"""Policies that roles of ML workloads carry: those whose statements are kept."""

_TOO_LONG: Final = {"ReadOnlyAccess", "ViewOnlyAccess", "SecurityAudit"}
"""Only reads, and tens of kilobytes of them; their flags say enough."""


def main() -> None:
    """Write the three files anew."""
    _write("iam_actions.json", _actions())
    stamp, policies = _managed_policies()
    _write("managed_policies.json", {**stamp, "policies": {name: _grants(name, p) for name, p in policies.items()}})
    kept = {name: _statements(policy) for name, policy in policies.items() if _keeps_statements(name, policy)}
    _write("managed_statements.json", {**stamp, "policies": kept})


def _write(name: str, document: Raw) -> None:
    text = json.dumps(document, separators=(",", ":"), ensure_ascii=False)
    (_OUT / name).write_text(text + "\n", encoding="utf-8")


# --- actions ----------------------------------------------------------------------------------------


def _actions() -> Raw:
    import cfnlint.data.AdditionalSpecs as specs  # noqa: N813, PLC0415, slow to import; only this function needs it
    from cfnlint.data import schemas  # noqa: PLC0415, the same

    reference = json.loads((Path(specs.__path__[0]) / "Policies.json").read_text())
    stamp = json.loads((Path(schemas.__path__[0]) / "version.json").read_text())
    return {
        "source": "cfn-lint's copy of AWS's service authorization reference (MIT-0)",
        "version": version("cfn-lint"),
        "date": stamp["schema_date"][:10],
        "star_only": _STAR_ONLY,
        "services": {
            name: _scopes(name, reference[name]["Actions"]) for name in _SERVICES.split() if name in reference
        },
    }


def _scopes(service: str, actions: Mapping[str, Raw]) -> dict[str, int]:
    return {
        name: int("Resources" in entry and f"{service}:{name}" not in _STAR_ONLY)
        for name, entry in sorted(actions.items())
    }


# --- managed policies -------------------------------------------------------------------------------


def _managed_policies() -> tuple[Raw, Mapping[str, Raw]]:
    from moto.iam.aws_managed_policies import aws_managed_policies_data  # noqa: PLC0415, three megabytes

    policies = json.loads(aws_managed_policies_data)
    newest = max(policy.get("UpdateDate") or policy["CreateDate"] for policy in policies.values())
    source = "AWS's managed policies, as moto carries them (Apache-2.0)"
    return {"source": source, "version": version("moto"), "date": newest[:10]}, dict(sorted(policies.items()))


def _grants(name: str, policy: Raw) -> Raw:
    wide = [one for one in _statements(policy) if one["Effect"] == "Allow" and "Condition" not in one and _wide(one)]
    services = sorted({service for one in wide for service in _whole_services(one)})
    entry: Raw = {"path": policy.get("Path", "/")}
    if any(_administers(one) for one in wide):
        entry["administrator"] = True
    if services or _FULL_ACCESS.search(name):
        entry["broad"] = True
    if services:
        entry["services"] = services
    if reads := sorted({service for one in wide for service in _whole_reads(one)} - set(services)):
        entry["reads"] = reads
    return entry


def _keeps_statements(name: str, policy: Raw) -> bool:
    return bool(_WITH_STATEMENTS.search(name)) and name not in _TOO_LONG and "aws-service-role" not in policy["Path"]


def _statements(policy: Raw) -> list[Raw]:
    return [_statement(one) for one in _listed(policy["Document"]["Statement"])]


def _statement(one: Raw) -> Raw:
    """Return a statement with lists for single values, and without its Sid."""
    lists = {key: _listed(one[key]) for key in ("Action", "NotAction", "Resource", "NotResource") if key in one}
    condition = {"Condition": one["Condition"]} if one.get("Condition") else {}
    return {"Effect": one["Effect"], **lists, **condition}


def _listed(value: Raw) -> Sequence[Raw]:
    return value if isinstance(value, list) else [value]


def _wide(one: Raw) -> bool:
    """Whether the statement is about every resource, or all but a few."""
    return one.get("Resource") == ["*"] or "NotResource" in one


def _administers(one: Raw) -> bool:
    """Whether the statement lets its holder do anything, or grant itself anything."""
    if "NotAction" in one:
        return not any(action.startswith("iam:") for action in one["NotAction"])
    return bool({"*", "*:*", "iam:*"} & {action.lower() for action in one["Action"]})


def _whole_services(one: Raw) -> list[str]:
    if "NotAction" in one:
        return ["*"]
    whole = [action for action in one["Action"] if action == "*" or action.endswith(":*")]
    return [action.split(":")[0] for action in whole]


def _whole_reads(one: Raw) -> list[str]:
    """Return the services of which the statement allows every Get, as AmazonS3ReadOnlyAccess does."""
    return [a.split(":")[0] for a in one.get("Action", ()) if re.fullmatch(r"[a-z0-9-]+:(Get\*|BatchGet\*)", a)]


if __name__ == "__main__":
    main()
