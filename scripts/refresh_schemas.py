# ruff: noqa: INP001 -- a script stands alone
"""Write `wa_lint/data/schemas/` from cfn-lint's CloudFormation schemas and botocore's service model. Build time only.

    python scripts/refresh_schemas.py [--date 2026-11-23]

One file per type: names, JSON types, enums, defaults, what is required, read-only or write-only, what identifies it.
No prose. A shape is a bare kind (``"string"``) or an object of `kinds`, `enum`, `properties`, `required`, `items`,
`values` (of a map), or `ref` to one of the file's `definitions`. Alternatives (oneOf, anyOf) are merged: a property of
any of them is a property, and required is what all of them require.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

Raw = Any

_OUT: Final = Path(__file__).parents[1] / "wa_lint" / "data" / "schemas"

_REPLACING: Final = _OUT.parent / "create_only.json"

_WANTED: Final = re.compile(
    r"AWS::(SageMaker::.+|S3::(Bucket|BucketPolicy|AccessPoint)|IAM::.+|KMS::(Key|Alias)"
    r"|Lambda::(Function|Url|Permission|Alias|Version|EventSourceMapping|LayerVersion)|ApiGateway::.+|ApiGatewayV2::.+"
    r"|ApplicationAutoScaling::.+|CloudWatch::(Alarm|CompositeAlarm|AnomalyDetector|Dashboard)"
    r"|EC2::(Subnet|VPC|VPCEndpoint|SecurityGroup|SecurityGroupIngress|SecurityGroupEgress|FlowLog|Instance|InternetGateway"
    r"|LaunchTemplate|NatGateway|Route|RouteTable|SubnetRouteTableAssociation|VPCGatewayAttachment)"
    r"|ElasticLoadBalancingV2::.+|ECR::.+|Events::Rule|Scheduler::Schedule|StepFunctions::StateMachine"
    r"|SNS::(Topic|TopicPolicy|Subscription)|SQS::(Queue|QueuePolicy)|Logs::(LogGroup|MetricFilter|SubscriptionFilter)"
    r"|Bedrock::.+|Budgets::.+|CE::.+|DynamoDB::Table|CodeBuild::Project|CodePipeline::Pipeline|CodeCommit::Repository"
    r"|CodeArtifact::.+|CloudTrail::Trail|CloudFormation::(Stack|CustomResource|WaitCondition)|Glue::.+|Athena::WorkGroup"
    r"|EFS::(FileSystem|MountTarget|AccessPoint)|FSx::FileSystem|EMR::(Cluster|SecurityConfiguration)"
    r"|EMRServerless::Application|Kinesis::Stream|KinesisFirehose::DeliveryStream|SecretsManager::Secret|SSM::Parameter"
    r"|Cognito::(UserPool|UserPoolClient|IdentityPool|IdentityPoolRoleAttachment)|WAFv2::(IPSet|WebACL|WebACLAssociation)"
    r"|CloudFront::(Distribution|OriginAccessControl)|AppSync::(GraphQLApi|DataSource|GraphQLSchema)"
    r"|BedrockAgentCore::(BrowserCustom|CodeInterpreterCustom|Gateway|Memory|Runtime)"
    r"|ECS::(Service|TaskDefinition)"
    r"|GuardDuty::Detector|Macie::Session|AccessAnalyzer::Analyzer|SecurityHub::Hub|Backup::BackupSelection"
    r"|Config::(ConfigRule|ConfigurationRecorder|ConformancePack)|LakeFormation::.+|RAM::ResourceShare|MWAA::Environment"
    r"|AutoScaling::AutoScalingGroup|Redshift::Cluster|RDS::(DBCluster|DBInstance)|Neptune::DBCluster"
    r"|OpenSearchService::Domain|OpenSearchServerless::(Collection|SecurityPolicy))"
)

_REQUESTS: Final = {
    "AWS::SageMaker::TrainingJob": ("CreateTrainingJob", "TrainingJobName"),
    "AWS::SageMaker::TransformJob": ("CreateTransformJob", "TransformJobName"),
    "AWS::SageMaker::HyperParameterTuningJob": ("CreateHyperParameterTuningJob", "HyperParameterTuningJobName"),
    "AWS::SageMaker::AutoMLJob": ("CreateAutoMLJobV2", "AutoMLJobName"),
    "AWS::SageMaker::ProcessingJob": ("CreateProcessingJob", "ProcessingJobName"),
    "AWS::SageMaker::LabelingJob": ("CreateLabelingJob", "LabelingJobName"),
    "AWS::SageMaker::CompilationJob": ("CreateCompilationJob", "CompilationJobName"),
    "AWS::SageMaker::FlowDefinition": ("CreateFlowDefinition", "FlowDefinitionName"),
    "AWS::SageMaker::OptimizationJob": ("CreateOptimizationJob", "OptimizationJobName"),
    "AWS::SageMaker::TrainingPlan": ("CreateTrainingPlan", "TrainingPlanName"),
}
"""Types of ours: where CloudFormation has no type, the properties are those of the request."""

_BEDROCK: Final = {
    "AWS::Bedrock::CustomModel": ("CreateModelCustomizationJob", "customModelName"),
    "AWS::Bedrock::ModelCustomizationJob": ("CreateModelCustomizationJob", "jobName"),
    "AWS::Bedrock::ModelImportJob": ("CreateModelImportJob", "jobName"),
    "AWS::Bedrock::ModelInvocationJob": ("CreateModelInvocationJob", "jobName"),
    "AWS::Bedrock::ModelInvocationLoggingConfiguration": ("PutModelInvocationLoggingConfiguration", ""),
    "AWS::Bedrock::ProvisionedModelThroughput": ("CreateProvisionedModelThroughput", "provisionedModelName"),
}
"""The same, of Bedrock, whose API begins its names with a small letter; without a name of its own: one in a region."""

_S3_CONTROL: Final = {"AWS::S3::AccountPublicAccessBlock": ("PutPublicAccessBlock", "")}
"""The same, of what an account has one of: S3's Block Public Access for all its buckets."""

_IAM: Final = {"AWS::IAM::ServiceSpecificCredential": ("CreateServiceSpecificCredential", "")}
"""The same, of IAM: an API key of Bedrock, or a password of another service that takes one."""

_ANSWERS: Final = {"AWS::ServiceQuotas::ServiceQuota": ("service-quotas", "ServiceQuota", "QuotaCode")}
"""Types that nobody creates: the properties are those of the answer. Type -> service, shape, identifier."""

_KINDS: Final = {
    "structure": "object",
    "map": "object",
    "list": "array",
    "string": "string",
    "timestamp": "string",
    "blob": "string",
    "integer": "integer",
    "long": "integer",
    "float": "number",
    "double": "number",
    "boolean": "boolean",
}
"""botocore's shape types, as kinds."""

_DEEPEST: Final = 8
"""Names of a path that a default is told of: definitions may hold each other."""

_SAYS_SOMETHING: Final = {"type", "properties", "patternProperties", "$ref", "enum", "const", "items"}


def main() -> None:
    """Write every file anew, and the index of them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--date", default=dt.datetime.now(tz=dt.UTC).date().isoformat())
    read_on = parser.parse_args().date
    documents = {**_from_botocore(read_on), **_from_cfn_lint()}
    for old in _OUT.glob("*.json"):
        old.unlink()
    for name, document in sorted(documents.items()):
        _write(_OUT / f"{name.replace('::', '-')}.json", {"type": name, **document})
    _write(_OUT / "index.json", _index(documents, read_on))
    _write(_REPLACING, _create_only())


def _index(documents: Mapping[str, Raw], read_on: str) -> Raw:
    sources = sorted({document["source"] for document in documents.values()})
    return {"source": sources, "version": 1, "date": read_on, "types": sorted(documents)}


def _write(path: Path, document: Raw) -> None:
    path.write_text(json.dumps(document, separators=(",", ":"), ensure_ascii=False) + "\n", encoding="utf-8")


# --- CloudFormation's schemas -----------------------------------------------------------------------


def _from_cfn_lint() -> dict[str, Raw]:
    stamp, schemas = _schemas()
    return {name: {**stamp, **_trimmed(schema)} for name, schema in schemas.items()}


def _schemas() -> tuple[Raw, dict[str, Raw]]:
    """Return where they come from, and CloudFormation's schema of each type that is wanted."""
    import cfnlint.data.schemas as package  # noqa: PLC0415, slow to import, and only this function needs it

    root = Path(package.__path__[0])
    stamp = {
        "source": "cfn-lint's CloudFormation schemas, us-east-1 (MIT-0)",
        "version": version("cfn-lint"),
        "date": json.loads((root / "version.json").read_text())["schema_date"][:10],
    }
    files = json.loads((root / "providers" / "us-east-1.json").read_text())
    wanted = sorted(name for name in files if _WANTED.fullmatch(name))
    return stamp, {name: json.loads((root / "resources" / f"{files[name]}.json").read_text()) for name in wanted}


def _create_only() -> Raw:
    """Return, by type, the properties whose change makes CloudFormation replace the resource."""
    stamp, schemas = _schemas()
    listed = {
        name: _names([*schema.get("createOnlyProperties", ()), *schema.get("conditionalCreateOnlyProperties", ())])
        for name, schema in schemas.items()
    }
    return {**stamp, "types": {name: names for name, names in listed.items() if names}}


def _trimmed(schema: Raw) -> Raw:
    definitions = schema.get("definitions", {})
    shapes = {name: _shape(node, definitions) for name, node in definitions.items()}
    root = _shape({k: v for k, v in schema.items() if k != "definitions"} | {"type": "object"}, definitions)
    defaults = dict(sorted(_defaults(schema, definitions, ())))
    return {
        "identifier": _names(schema.get("primaryIdentifier", ())),
        "read_only": _names(schema.get("readOnlyProperties", ())),
        "write_only": _names(schema.get("writeOnlyProperties", ())),
        **({"defaults": defaults} if defaults else {}),
        "root": root,
        "definitions": _reached(root, shapes),
    }


def _defaults(node: Raw, definitions: Mapping[str, Raw], steps: tuple[str, ...]) -> Iterator[tuple[str, Raw]]:
    """Yield (path, default) of each property that has one which is no object; items of lists go by their list."""
    if not isinstance(node, dict) or len(steps) > _DEEPEST:
        return
    if "$ref" in node:
        yield from _defaults(definitions.get(_definition(node["$ref"]), {}), definitions, steps)
    if steps and isinstance(node.get("default"), str | int | float | bool):
        yield ".".join(steps), node["default"]
    yield from _defaults(node.get("items"), definitions, steps)
    for name, child in node.get("properties", {}).items():
        yield from _defaults(child, definitions, (*steps, name))


def _names(pointers: Iterable[str]) -> list[str]:
    """Return ``/properties/Tags/*/Key`` as ``Tags.Key``: CloudFormation writes list steps in several ways."""
    steps = ([s for s in p.split("/") if s not in {"", "*", "properties", "items"}] for p in pointers)
    return sorted({".".join(names) for names in steps})


def _shape(node: Raw, definitions: Mapping[str, Raw]) -> Raw:
    if not isinstance(node, dict):
        return "any"
    choices = [c for key in ("oneOf", "anyOf") for c in node.get(key, ()) if _SAYS_SOMETHING & c.keys()]
    if "$ref" in node and not choices:
        return {"ref": _definition(node["$ref"])}
    own = _own(node, definitions) if _SAYS_SOMETHING & node.keys() or not choices else None
    either: Raw = None
    for choice in choices:
        shape = _opened(_shape(choice, definitions), definitions)
        either = shape if either is None else _either(either, shape, definitions)
    return _short(own if either is None else either if own is None else _both(own, either, definitions))


def _definition(pointer: str) -> str:
    prefix = "#/definitions/"
    if not pointer.startswith(prefix) or "/" in pointer.removeprefix(prefix):
        raise ValueError(pointer)
    return pointer.removeprefix(prefix)


def _own(node: Raw, definitions: Mapping[str, Raw]) -> Raw:
    if "$ref" in node:
        return _opened({"ref": _definition(node["$ref"])}, definitions)
    shape: Raw = {"kinds": _kinds(node)}
    if values := node.get("enum") or ([node["const"]] if "const" in node else None):
        shape["enum"] = sorted(set(values), key=str)
    if "object" in shape["kinds"]:
        shape.update(_object(node, definitions))
    if isinstance(node.get("items"), dict):
        shape["items"] = _shape(node["items"], definitions)
    return shape


def _kinds(node: Raw) -> list[str]:
    stated = node.get("type")
    if stated:
        return sorted(stated) if isinstance(stated, list) else [stated]
    if node.get("properties") or node.get("patternProperties"):
        return ["object"]
    if "items" in node:
        return ["array"]
    values = node.get("enum") or ([node["const"]] if "const" in node else [])
    return ["string"] if values and all(isinstance(value, str) for value in values) else ["any"]


def _object(node: Raw, definitions: Mapping[str, Raw]) -> Raw:
    shape: Raw = {}
    if properties := node.get("properties"):
        shape["properties"] = {name: _shape(child, definitions) for name, child in sorted(properties.items())}
    if required := node.get("required"):
        shape["required"] = sorted(required)
    others = [*node.get("patternProperties", {}).values()]
    more = node.get("additionalProperties", not properties and not others)
    others += [more] if more else []
    if others:
        shape["values"] = _shape(others[0], definitions)
    return shape


def _opened(shape: Raw, definitions: Mapping[str, Raw]) -> Raw:
    """Return the shape as an object that can be merged: refs followed, bare kinds written out."""
    if isinstance(shape, str):
        return {"kinds": [shape]}
    if "ref" in shape:
        return _opened(_shape(definitions[shape["ref"]], definitions), definitions)
    return shape


def _either(left: Raw, right: Raw, definitions: Mapping[str, Raw]) -> Raw:
    merged = _united(left, right, definitions)
    if "enum" in left and "enum" in right:
        merged["enum"] = sorted({*left["enum"], *right["enum"]}, key=str)
    needed = sorted(set(left.get("required", ())) & set(right.get("required", ())))
    return {**merged, "required": needed} if needed else merged


def _both(own: Raw, either: Raw, definitions: Mapping[str, Raw]) -> Raw:
    merged = _united(own, either, definitions)
    if own["kinds"] != ["any"]:
        merged["kinds"] = own["kinds"]
    if enum := own.get("enum") or either.get("enum"):
        merged["enum"] = enum
    needed = sorted({*own.get("required", ()), *either.get("required", ())})
    return {**merged, "required": needed} if needed else merged


def _united(left: Raw, right: Raw, definitions: Mapping[str, Raw]) -> Raw:
    shape: Raw = {"kinds": sorted({*left["kinds"], *right["kinds"]})}
    ours, theirs = left.get("properties", {}), right.get("properties", {})
    if names := sorted({*ours, *theirs}):
        shape["properties"] = {n: _agreed(ours.get(n), theirs.get(n), definitions) for n in names}
    for part in ("items", "values"):
        if part in left or part in right:
            shape[part] = _agreed(left.get(part), right.get(part), definitions)
    return shape


def _agreed(left: Raw, right: Raw, definitions: Mapping[str, Raw]) -> Raw:
    if left is None or right is None or left == right:
        return right if left is None else left
    return _short(_either(_opened(left, definitions), _opened(right, definitions), definitions))


def _short(shape: Raw) -> Raw:
    if isinstance(shape, dict) and shape.keys() == {"kinds"} and len(shape["kinds"]) == 1:
        return shape["kinds"][0]
    if isinstance(shape, dict) and shape.get("values") == "any" and shape.keys() == {"kinds", "values"}:
        return shape["kinds"][0] if len(shape["kinds"]) == 1 else {"kinds": shape["kinds"]}
    return shape


def _reached(root: Raw, shapes: Mapping[str, Raw]) -> Raw:
    """Return only the definitions that the root needs, by name."""
    found: dict[str, Raw] = {}
    waiting = _refs(root)
    while waiting:
        name = waiting.pop()
        if name not in found:
            found[name] = shapes[name]
            waiting |= _refs(shapes[name])
    return dict(sorted(found.items()))


def _refs(shape: Raw) -> set[str]:
    if not isinstance(shape, dict):
        return set()
    if "ref" in shape:
        return {shape["ref"]}
    inner = [*shape.get("properties", {}).values(), shape.get("items"), shape.get("values")]
    return set().union(*map(_refs, inner))


# --- botocore's requests ----------------------------------------------------------------------------


def _from_botocore(read_on: str) -> dict[str, Raw]:
    from botocore.loaders import Loader  # noqa: PLC0415, only this function needs it

    documents: dict[str, Raw] = {}
    sources = (("sagemaker", _REQUESTS), ("bedrock", _BEDROCK), ("s3control", _S3_CONTROL), ("iam", _IAM))
    for service, requests in sources:
        model = Loader().load_service_model(service, "service-2")
        stamp = {
            "source": f"botocore's service model of {model['metadata']['serviceId']} (Apache-2.0): the Create request",
            "version": version("botocore"),
            "date": read_on,
        }
        documents |= {name: {**stamp, **_request(model, *call)} for name, call in requests.items()}
    for name, (service, shape, identifier) in _ANSWERS.items():
        model = Loader().load_service_model(service, "service-2")
        source = f"botocore's service model of {model['metadata']['serviceId']} (Apache-2.0): the answer"
        stamp = {"source": source, "version": version("botocore"), "date": read_on}
        documents[name] = {**stamp, **_properties(model, shape, identifier)}
    return documents


def _request(model: Raw, operation: str, identifier: str) -> Raw:
    return _properties(model, model["operations"][operation]["input"]["shape"], identifier)


def _properties(model: Raw, shape: str, identifier: str) -> Raw:
    shapes = {name: _service_shape(shape, model["shapes"]) for name, shape in model["shapes"].items()}
    root = shapes[shape]
    return {
        "identifier": [_capitalised(identifier)] if identifier else [],
        "read_only": [],
        "write_only": [],
        "root": root,
        "definitions": _reached(root, shapes),
    }


def _service_shape(shape: Raw, shapes: Mapping[str, Raw]) -> Raw:
    kind = _KINDS[shape["type"]]
    if shape["type"] == "structure":
        pairs = sorted(shape.get("members", {}).items())
        members = {_capitalised(name): _service_ref(member, shapes) for name, member in pairs}
        required = {"required": sorted(map(_capitalised, shape["required"]))} if shape.get("required") else {}
        return {"kinds": [kind], "properties": members, **required}
    if shape["type"] == "list":
        return {"kinds": [kind], "items": _service_ref(shape["member"], shapes)}
    if shape["type"] == "map":
        return {"kinds": [kind], "values": _service_ref(shape["value"], shapes)}
    return {"kinds": [kind], "enum": sorted(shape["enum"])} if shape.get("enum") else kind


def _capitalised(name: str) -> str:
    """Return CloudFormation's spelling of a member; SageMaker's own is that."""
    return name[:1].upper() + name[1:]


def _service_ref(member: Raw, shapes: Mapping[str, Raw]) -> Raw:
    shape = shapes[member["shape"]]
    plain = shape["type"] not in {"structure", "list", "map"} and not shape.get("enum")
    return _KINDS[shape["type"]] if plain else {"ref": member["shape"]}


if __name__ == "__main__":
    main()
