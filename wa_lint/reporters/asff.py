"""AWS Security Finding Format: what fails in an account, for Security Hub. A template has no account, and so no entry.

Form: `AwsSecurityFinding` of botocore's model of Security Hub, and "AWS Security Finding Format" in its user guide
(read 2026-11), whose limits are longer texts' ends. Severity and Types are in FindingProviderFields, where a
provider may still change them later.

What is suppressed is ARCHIVED, with the reason: a provider may set Workflow only once, at the creation of a finding,
so that SUPPRESSED could not be taken back when the suppression ends; RecordState can. What is older than a baseline
stays ACTIVE: nobody accepted it.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from typing import Final

from wa_lint import lens
from wa_lint.model import Finding, Outcome, Raw, Report, Resource, Severity
from wa_lint.reporters import RenderOptions, blanked, tally
from wa_lint.reporters.evidence_words import in_words
from wa_lint.reporters.json_report import encode
from wa_lint.version import VERSION

GENERATOR: Final = "wa-lint/"
"""What the GeneratorId of each of our findings begins with; the rule's id follows."""

GLOBAL: Final = "global"
"""Stands for the region of what has none."""

_LONGEST: Final = {"title": 256, "description": 1024, "text": 512, "id": 512, "value": 2048}

_HOME: Final = {"aws": "us-east-1", "aws-cn": "cn-north-1", "aws-us-gov": "us-gov-west-1"}

_SEVERITY: Final = {
    Severity.LOW: "LOW",
    Severity.MEDIUM: "MEDIUM",
    Severity.HIGH: "HIGH",
    Severity.CRITICAL: "CRITICAL",
}

_TYPES: Final = {
    "AWS::ApiGateway::RestApi": "AwsApiGatewayRestApi",
    "AWS::ApiGateway::Stage": "AwsApiGatewayStage",
    "AWS::ApiGatewayV2::Api": "AwsApiGatewayV2Api",
    "AWS::IAM::ManagedPolicy": "AwsIamPolicy",
    "AWS::IAM::Role": "AwsIamRole",
    "AWS::IAM::User": "AwsIamUser",
    "AWS::KMS::Key": "AwsKmsKey",
    "AWS::Lambda::Function": "AwsLambdaFunction",
    "AWS::S3::Bucket": "AwsS3Bucket",
    "AWS::SageMaker::NotebookInstance": "AwsSageMakerNotebookInstance",
}
"""What Security Hub calls the types that it has a name for (members of ResourceDetails); all others are Other."""

_SECURITY: Final = "Software and Configuration Checks/AWS Security Best Practices"
_OTHERWISE: Final = "Software and Configuration Checks/Industry and Regulatory Standards"


def render(report: Report, options: RenderOptions) -> str:
    moment = options.made_at or f"{report.judged_at or '1970-01-01'}T00:00:00"
    return encode([finding for found in by_place(report, moment).values() for finding in found])


def by_place(report: Report, made_at: str) -> Mapping[tuple[str, str], list[Raw]]:
    """Return what fails by account and region, ready to be imported there. `made_at`: ``2026-11-23T18:30:00``, UTC."""
    region_of = regions(report)
    found: dict[tuple[str, str], list[Raw]] = defaultdict(list)
    for finding in report.findings:
        region = region_of(finding.resource)
        if finding.outcome is Outcome.FAIL and finding.resource.account and region:
            found[finding.resource.account, region].append(_entry(finding, region, made_at))
    return {place: found[place] for place in sorted(found)}


def regions(report: Report) -> Callable[[Resource], str | None]:
    """Return what says in which region's Security Hub a resource belongs; None: in none.

    That of what is global, as a role: the partition's first region where it was read too, else the first that was
    read of the account, else the partition's first.
    """
    read: dict[str, set[str]] = defaultdict(set)
    for entry in report.inputs:
        account, _, region = entry.uri.removeprefix("aws://").partition("/")
        if entry.kind == "live" and entry.status == "judged" and region:
            read[account].add(region)
    for finding in report.findings:
        if finding.resource.account and finding.resource.region:
            read[finding.resource.account].add(finding.resource.region)

    def region_of(resource: Resource) -> str | None:
        if resource.region or not resource.account:
            return resource.region
        home = _HOME.get(_partition(resource))
        known = sorted(read[resource.account])
        return home if home in known or not known else known[0]

    return region_of


def product_arn(partition: str, account: str, region: str) -> str:
    """Return the product that every account has for findings of its own."""
    return f"arn:{partition}:securityhub:{region}:{account}:product/{account}/default"


def id_of(finding: Finding) -> str:
    """Return what names a finding for ever: of a bounded length, whatever the resource is called."""
    resource = finding.resource
    parts = (finding.fingerprint, resource.arn or resource.id)
    digest = hashlib.sha256("\0".join(parts).encode("utf-8", "replace")).hexdigest()[:32]
    return f"{resource.region or GLOBAL}/{resource.account}/{GENERATOR}{digest}"


def _entry(finding: Finding, region: str, made_at: str) -> Raw:
    resource, rule = finding.resource, finding.rule
    moment = f"{made_at.removesuffix('Z')}Z"
    return {
        "SchemaVersion": "2018-10-08",
        "Id": id_of(finding),
        "ProductArn": product_arn(_partition(resource), resource.account or "", region),
        "GeneratorId": cut(GENERATOR + rule.id, "id"),
        "AwsAccountId": resource.account,
        "CreatedAt": moment,
        "UpdatedAt": moment,
        "Title": cut(rule.title, "title") or rule.id,
        "Description": cut(finding.message, "description") or rule.id,
        "Remediation": {"Recommendation": _recommendation(finding)},
        "ProductFields": dict(_product_fields(finding)),
        "Resources": [_resource(finding, region)],
        "Compliance": _compliance(finding),
        "FindingProviderFields": {
            "Severity": {"Label": _SEVERITY[rule.severity], "Original": rule.severity.value},
            "Types": [_SECURITY if tally.pillar(rule) == "security" else _OTHERWISE],
        },
        "RecordState": "ARCHIVED" if finding.suppressed and finding.suppressed.kind != "baseline" else "ACTIVE",
    }


def _recommendation(finding: Finding) -> Raw:
    url = next(iter(finding.rule.references), None) or next(map(lens.url, finding.rule.practices), None)
    return {"Text": cut(finding.rule.fix, "text") or "See the rule."} | ({"Url": url} if url else {})


def _compliance(finding: Finding) -> Raw:
    asked = [*(f"ML Lens {practice}" for practice in finding.rule.practices), *finding.rule.controls]
    return {"Status": "FAILED"} | ({"RelatedRequirements": asked[:32]} if asked else {})


def _product_fields(finding: Finding) -> Iterator[tuple[str, str]]:
    """Yield what `wa_lint.publish.security_hub` knows a finding by again, then what a reader may ask."""
    why = finding.suppressed
    said = {
        "rule": finding.rule.id,
        "type": finding.resource.type,
        "resource": finding.resource.id,
        "region": finding.resource.region or GLOBAL,
        "fingerprint": finding.fingerprint,
        "path": finding.path,
        "pillar": tally.pillar(finding.rule),
        "phase": tally.phase(finding.rule),
        "practices": " ".join(finding.rule.practices),
        "evidence": "; ".join(in_words(e) for e in finding.evidence),
        "suppressed": f"{why.kind}: {why.reason or 'no reason given'}" if why else "",
        "state": finding.state or "",
        "version": VERSION,
    }
    for name, text in said.items():
        if line := cut(text, "value"):
            yield GENERATOR + name, line


def _resource(finding: Finding, region: str) -> Raw:
    resource = finding.resource
    return {
        "Type": _TYPES.get(resource.type, "Other"),
        "Id": cut(resource.arn or resource.id, "id"),
        "Partition": _partition(resource),
        "Region": region,
        "Details": {"Other": {"CloudFormationType": cut(resource.type, "value")}},
    }


def _partition(resource: Resource) -> str:
    parts = (resource.arn or resource.id).split(":")
    if parts[0] == "arn" and parts[1:2] and parts[1] in _HOME:
        return parts[1]
    region = resource.region or ""
    return next((name for start, name in _BY_REGION.items() if region.startswith(start)), "aws")


_BY_REGION: Final = {"cn-": "aws-cn", "us-gov-": "aws-us-gov"}


def cut(text: str, kind: str) -> str:
    """Return `text` in one line, not longer than the format allows (each limit is one of characters)."""
    line = blanked(" ".join(text.split()))
    longest = _LONGEST[kind]
    return line if len(line) <= longest else line[: longest - 1] + "…"
