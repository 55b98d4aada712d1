"""What SAM makes of a function and of a state machine: the resource, its role, its URL, its ways in from APIs."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Final

import msgspec

from wa_lint.model import Path, Raw
from wa_lint.sources.template.transforms.generated import Made, New
from wa_lint.sources.template.transforms.provenance import OPAQUE, Tree, bare, is_function, members, part
from wa_lint.sources.template.transforms.sam_api import Event, api_of, event_resources, events_of
from wa_lint.sources.template.transforms.sam_role import function_role, machine_role
from wa_lint.sources.template.transforms.sam_security import Api

FUNCTION: Final = "AWS::Serverless::Function"
MACHINE: Final = "AWS::Serverless::StateMachine"

_KEPT: Final = (
    *("Architectures", "CodeSigningConfigArn", "Description", "DurableConfig", "Environment"),
    *("EphemeralStorage", "FileSystemConfigs", "FunctionName", "FunctionScalingConfig", "Handler", "ImageConfig"),
    *("KmsKeyArn", "Layers", "LoggingConfig", "MemorySize", "PackageType", "PublishToLatestPublished", "RecursiveLoop"),
    *("ReservedConcurrentExecutions", "Role", "Runtime", "RuntimeManagementConfig", "SnapStart", "TenancyConfig"),
    *("Timeout", "VpcConfig"),
)
"""Properties of a SAM function that its Lambda function has just so (AWS SAM specification, seen 2026-11)."""

_MACHINE_NAMES: Final[Mapping[str, str]] = {
    "Definition": "Definition",
    "DefinitionSubstitutions": "DefinitionSubstitutions",
    "Logging": "LoggingConfiguration",
    "Name": "StateMachineName",
    "Role": "RoleArn",
    "Tracing": "TracingConfiguration",
    "Type": "StateMachineType",
}

_INVOKE: Final = (
    "arn:${{AWS::Partition}}:apigateway:${{AWS::Region}}:lambda:path/2015-03-31/functions/${{{}}}/invocations"
)
_START: Final = "arn:${AWS::Partition}:apigateway:${AWS::Region}:states:action/StartExecution"

_S3: Final = re.compile(r"s3://([^/]+)/(.+)")


class Body(msgspec.Struct, frozen=True):
    """A SAM resource, with what Globals adds to it."""

    id: str
    said: Mapping[str, Tree]
    source: Path
    condition: Tree = None

    def makes(self, type_: str, properties: Mapping[str, Tree]) -> New:
        return New(type_, properties, self.source, self.condition)


def function_resources(body: Body, apis: Mapping[str, Api]) -> Made:
    """Return the Lambda function of the same id, and what SAM adds to it."""
    made: Made = {body.id: body.makes("AWS::Lambda::Function", _function(body))}
    if "Role" not in body.said:
        made[f"{body.id}Role"] = body.makes("AWS::IAM::Role", function_role(body.id, body.said, body.source))
    alias_id = _alias_id(body)
    if alias_id is not None:
        made[alias_id] = body.makes("AWS::Lambda::Alias", _alias(body))
    if "FunctionUrlConfig" in body.said:
        made[f"{body.id}Url"] = body.makes("AWS::Lambda::Url", _url(body, alias_id or body.id))
        made |= _public_permissions(body, alias_id or body.id)
    uri = {"Fn::Sub": _INVOKE.format(alias_id or f"{body.id}.Arn")}
    return made | _ways_in(body, apis, uri, is_function=True)


def machine_resources(body: Body, apis: Mapping[str, Api], open_definition: Callable[[str, Path], Tree]) -> Made:
    """Return the state machine of the same id, and what SAM adds to it; `open_definition` reads a local definition."""
    properties = {ours: body.said[theirs] for theirs, ours in _MACHINE_NAMES.items() if theirs in body.said}
    made: Made = {}
    if "Role" not in body.said:
        properties["RoleArn"] = {"Fn::GetAtt": [f"{body.id}Role", "Arn"]}
        made[f"{body.id}Role"] = body.makes("AWS::IAM::Role", machine_role(body.id, body.said, body.source))
    properties |= _definition(body, open_definition)
    properties |= _tags(body.said.get("Tags"))
    made[body.id] = body.makes("AWS::StepFunctions::StateMachine", properties)
    return made | _ways_in(body, apis, {"Fn::Sub": _START}, is_function=False)


# --- functions --------------------------------------------------------------------------------------


def _function(body: Body) -> dict[str, Tree]:
    said = body.said
    properties = {name: said[name] for name in _KEPT if name in said}
    properties.setdefault("Role", {"Fn::GetAtt": [f"{body.id}Role", "Arn"]})
    if "Tracing" in said:
        properties["TracingConfig"] = {"Mode": said["Tracing"]}
    if (target := part(said.get("DeadLetterQueue"), "TargetArn")) is not None:
        properties["DeadLetterConfig"] = {"TargetArn": target}
    if "CapacityProviderConfig" in said:
        properties["CapacityProviderConfig"] = OPAQUE  # its members have other names there
    return {**properties, "Code": _code(said), **_tags(said.get("Tags"))}


def _code(said: Mapping[str, Tree]) -> Tree:
    for theirs, ours in (("InlineCode", "ZipFile"), ("ImageUri", "ImageUri")):
        if theirs in said:
            return {ours: said[theirs]}
    uri = said.get("CodeUri")
    packaged = OPAQUE if is_function(uri) else {"S3Bucket": OPAQUE, "S3Key": OPAQUE}  # what `sam package` uploads
    return _in_s3(uri, ("S3Bucket", "S3Key", "S3ObjectVersion")) or packaged


def _in_s3(uri: Tree, names: tuple[str, str, str]) -> Tree:
    """Return bucket, key and version of ``s3://…`` or of a map under `names`; None for what is elsewhere."""
    parts = {name: part(uri, step) for name, step in zip(names, ("Bucket", "Key", "Version"), strict=True)}
    if parts[names[0]] is not None:
        return {name: value for name, value in parts.items() if value is not None}
    text = bare(uri)
    found = _S3.fullmatch(text) if isinstance(text, str) else None
    return None if found is None else {names[0]: found[1], names[1]: found[2]}


def _tags(tags: Tree) -> dict[str, Tree]:
    if tags is None:
        return {}
    if is_function(tags) or not isinstance(bare(tags), dict):
        return {"Tags": OPAQUE}
    return {"Tags": [{"Key": key, "Value": value} for key, value in members(tags).items()]}


def _alias_id(body: Body) -> str | None:
    """Return the id that SAM gives the alias it keeps at the newest version; None where its name is not plain."""
    name = bare(body.said.get("AutoPublishAlias"))
    return f"{body.id}Alias{name.replace('-', 'D').replace('_', 'U')}" if isinstance(name, str) and name else None


def _alias(body: Body) -> Mapping[str, Tree]:
    return {"FunctionName": {"Ref": body.id}, "Name": body.said["AutoPublishAlias"], "FunctionVersion": OPAQUE}


def _url(body: Body, target: str) -> Mapping[str, Tree]:
    config = body.said["FunctionUrlConfig"]
    if is_function(config):
        return {"TargetFunctionArn": {"Ref": target}, "AuthType": OPAQUE}
    names = ("AuthType", "Cors", "InvokeMode")
    said = {name: value for name in names if (value := part(config, name)) is not None}
    return {"TargetFunctionArn": {"Ref": target}, **said}


_PUBLIC: Final[Mapping[str, Mapping[str, Tree]]] = {
    "UrlPublicPermissions": {"Action": "lambda:InvokeFunctionUrl", "FunctionUrlAuthType": "NONE"},
    "URLInvokeAllowPublicAccess": {"Action": "lambda:InvokeFunction", "InvokedViaFunctionUrl": True},
}
"""The permissions that SAM adds to a URL without authentication, by the ends of their ids."""


def _public_permissions(body: Body, target: str) -> Made:
    if bare(part(body.said["FunctionUrlConfig"], "AuthType")) != "NONE":
        return {}
    named = {"FunctionName": {"Ref": target}, "Principal": "*"}
    return {
        f"{body.id}{end}": body.makes("AWS::Lambda::Permission", {**named, **said}) for end, said in _PUBLIC.items()
    }


# --- state machines, and both -----------------------------------------------------------------------


def _definition(body: Body, open_definition: Callable[[str, Path], Tree]) -> dict[str, Tree]:
    uri = body.said.get("DefinitionUri")
    if uri is None:
        return {}
    stored = _in_s3(uri, ("Bucket", "Key", "Version"))
    if stored is not None:
        return {"DefinitionS3Location": stored}
    location = bare(uri)
    definition = open_definition(location, body.source) if isinstance(location, str) else None
    return {"Definition": OPAQUE if definition is None else definition}


def _ways_in(body: Body, apis: Mapping[str, Api], uri: Raw, *, is_function: bool) -> Made:
    made: Made = {}
    for name, tree in events_of(body.said.get("Events")):
        api = apis.get(api_of(tree) or "")
        if api is not None:
            made |= event_resources(Event(f"{body.id}{name}", tree, uri, is_function, body.condition), api)
    return made
