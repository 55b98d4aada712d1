"""A template as a snapshot. It resolves nothing: what a scenario decides stays deferred."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from wa_lint import schema
from wa_lint.document import Document, read_document
from wa_lint.errors import SourceError
from wa_lint.model import Gap, Location, Path, Problem, Raw, Resource, Scope, Snapshot, SourceKind, Unknown, Value
from wa_lint.sources.template.asking import Template
from wa_lint.sources.template.functions import FUNCTIONS
from wa_lint.sources.template.intrinsic import Existence, tree
from wa_lint.sources.template.parameters import Parameter, Pins, declared

_HARMLESS: Final = frozenset(
    {
        "AWS::LanguageExtensions",
        "AWS::Serverless-2016-10-31",
        "AWS::SecretsManager-2020-07-23",
        "AWS::SecretsManager-2024-09-16",
        "AWS::CodeDeployBlueGreen",
    }
)
"""Transforms that touch no resources but those of types of their own (AWS: Transform reference, seen 2026-11)."""

_SECTIONS: Final = frozenset(
    {"Transform", "Parameters", "Outputs", "Conditions", "Mappings", "Metadata", "Description"}
)


def looks_like_template(value: Raw) -> bool:
    """Whether a document means to be a template. A broken one does too: reading it is an error, not a skip."""
    if not isinstance(value, dict):
        return False
    resources = value.get("Resources")
    if "AWSTemplateFormatVersion" in value or ("Resources" in value and not _SECTIONS.isdisjoint(value)):
        return True
    if isinstance(resources, dict):
        return not resources or any(_is_typed(body) for body in resources.values())
    return ("Resources" in value and resources is None) or any(n.startswith("AWS::") for n in transforms(value))


def read_template(content: bytes | str, uri: str, parameters: Pins | None = None) -> Snapshot:
    """Read a template; `parameters` pin the values of those that it declares, others are ignored.

    Raise `SourceError` where it is no YAML or JSON, or no template. What is wrong in part is a `Problem`.
    """
    return snapshot_of(read_document(content, uri), parameters)


def snapshot_of(document: Document, parameters: Pins | None = None) -> Snapshot:
    """As `read_template`, of a document that was read already."""
    resources = _resources(document)
    declarations = _declarations(document)
    template = Template(
        document, declarations, parameters or {}, FUNCTIONS, is_generated=_is_generated(document.value, resources)
    )
    macro = _macro(document.value)
    read = [_resource(template, id_, body, macro) for id_, body in resources.items() if _is_typed(body)]
    problems = [*document.problems, *_problems(document, resources), *_misfits(document, declarations, template.pins)]
    return Snapshot(
        kind=SourceKind.TEMPLATE,
        uri=document.uri,
        resources=tuple(read),
        gaps=tuple(sorted(_gaps(resources))),
        problems=tuple(sorted(problems)),
    )


def transforms(sections: Mapping[str, Raw]) -> list[str]:
    """Return the names of the macros that a template asks for as a whole."""
    said = sections.get("Transform")
    names = [
        item.get("Name") if isinstance(item, dict) else item for item in (said if isinstance(said, list) else [said])
    ]
    return [name for name in names if isinstance(name, str)]


class _Origin:
    """Where one resource of a template stands."""

    __slots__ = ("document", "id")

    def __init__(self, document: Document, id_: str) -> None:
        self.document = document
        self.id = id_

    def locate(self, at: Path) -> Location:
        head: Path = ("Resources", self.id)
        path = (*head, "Properties", *at)
        found = self.document.depth_of(path)
        return self.document.locate(path) if found > len(head) + 1 else self.document.locate_key(head)


# --- sections ---------------------------------------------------------------------------------------


def _resources(document: Document) -> Mapping[str, Raw]:
    """Return the Resources section; raise `SourceError` where the document is no template that could be judged."""
    sections, uri = document.value, document.uri
    if document.is_empty:
        raise SourceError(uri, "it is empty, so it is no template")
    if not isinstance(sections, dict):
        raise SourceError(f"{uri}:1:1", "it is no template: a template is a map with the key Resources")
    if document.continues_at:
        problem = "a second YAML document begins here; CloudFormation takes one template a file, so split it"
        raise SourceError(str(document.continues_at), problem)
    resources = sections.get("Resources")
    if "Resources" not in sections:
        raise SourceError(f"{uri}:1:1", "it has no Resources, so there is nothing to judge")
    if not isinstance(resources, dict) or not resources:
        kind = {list: "a list", dict: "empty", type(None): "empty"}.get(type(resources), "a text")
        raise SourceError(
            str(document.locate_key(("Resources",))), f"Resources is {kind}; check the indentation below it"
        )
    return resources


def _declarations(document: Document) -> Mapping[str, Parameter]:
    section = document.value.get("Parameters")
    return {name: declared(name, body) for name, body in section.items()} if isinstance(section, dict) else {}


def _macro(sections: Mapping[str, Raw]) -> str | None:
    """Return why nothing can be said of any resource, where an unknown macro may change them all."""
    unknown = [name for name in transforms(sections) if name not in _HARMLESS]
    if unknown:
        return f"the macro {unknown[0]} may change it at deployment"
    resources = sections.get("Resources")
    if "Fn::Transform" in sections or (isinstance(resources, dict) and "Fn::Transform" in resources):
        return "a macro (Fn::Transform) may change it at deployment"
    return None


def _is_generated(sections: Mapping[str, Raw], resources: Mapping[str, Raw]) -> bool:
    types = [body["Type"] for body in resources.values() if _is_typed(body)]
    by_type = any(type_.startswith("AWS::Serverless::") or type_.endswith("::MODULE") for type_ in types)
    return by_type or bool(set(transforms(sections)) - _HARMLESS) or any(id_.startswith("Fn::") for id_ in resources)


# --- resources --------------------------------------------------------------------------------------


def _is_typed(body: Raw) -> bool:
    return isinstance(body, dict) and isinstance(body.get("Type"), str) and "::" in body["Type"]


def _resource(template: Template, id_: str, body: Mapping[str, Raw], macro: str | None) -> Resource:
    type_ = body["Type"]
    properties = Unknown(macro) if macro else _properties(template, type_, body)
    return Resource(
        id=id_,
        type=type_,
        properties=properties,
        origin=_Origin(template.document, id_),
        exists=_existence(template, body, macro),
        name=_name(type_, properties),
    )


def _existence(template: Template, body: Mapping[str, Raw], macro: str | None) -> Value:
    if "Condition" not in body:
        return True
    return Unknown(macro) if macro else Existence(body["Condition"], template)


def _properties(template: Template, type_: str, body: Mapping[str, Raw]) -> Value:
    if "Fn::Transform" in body:
        return Unknown("a macro (Fn::Transform) decides it at deployment")
    said = body.get("Properties")
    if said is not None and not isinstance(said, dict):
        return Unknown("its Properties are no map")
    return tree(template, said or {}, (), schema.resource_type(type_))


def _name(type_: str, properties: Value) -> str | None:
    """Return the literal name: ``EndpointName`` of an Endpoint, or ``Name``."""
    said = properties if isinstance(properties, dict) else {}
    names = (said.get(f"{type_.rpartition('::')[2]}Name"), said.get("Name"))
    return next((name for name in names if isinstance(name, str)), None)


# --- what is odd ------------------------------------------------------------------------------------


def _problems(document: Document, resources: Mapping[str, Raw]) -> Iterator[Problem]:
    folded = {type_.lower(): type_ for type_ in schema.types()}
    for id_, body in resources.items():
        problem = _problem(id_, body)
        if problem:
            yield Problem(document.locate_key(("Resources", id_)), problem)
        elif _is_typed(body) and folded.get(body["Type"].lower(), body["Type"]) != body["Type"]:
            right = folded[body["Type"].lower()]
            place = document.locate(("Resources", id_, "Type"))
            yield Problem(place, f"there is no type {body['Type']}; did you mean {right}?")


def _problem(id_: str, body: Raw) -> str | None:
    if id_.startswith("Fn::"):
        return f"{id_} is not expanded, so the resources that it makes were not judged"
    if not isinstance(body, dict):
        return f"{id_} is no resource, for it is no map; check the indentation below it"
    return None if _is_typed(body) else f"{id_} has no Type such as AWS::S3::Bucket, so it was not judged"


def _misfits(document: Document, parameters: Mapping[str, Parameter], pins: Pins) -> Iterator[Problem]:
    """Yield the values that a parameter's own AllowedValues refuse."""
    for name, parameter in parameters.items():
        if _refuses(parameter, parameter.default):
            where = document.locate(("Parameters", name, "Default"))
            yield Problem(where, f"the default of {name} is none of its AllowedValues")
        if _refuses(parameter, pins.get(name)):
            where = document.locate_key(("Parameters", name))
            yield Problem(where, f"the value given for {name} is none of its AllowedValues")


def _refuses(parameter: Parameter, value: str | list[str] | None) -> bool:
    return value is not None and bool(parameter.allowed) and value not in parameter.allowed


def _gaps(resources: Mapping[str, Raw]) -> Iterator[Gap]:
    """Yield a gap for each type that a loop would make resources of."""
    for id_, body in resources.items():
        if id_.startswith("Fn::ForEach"):
            for type_ in sorted(set(_types_in(body))):
                yield Gap(Scope(type_), f"{id_} makes some, and is not expanded yet")


def _types_in(raw: Raw) -> Iterator[str]:
    if isinstance(raw, dict):
        if _is_typed(raw):
            yield raw["Type"]
        for inner in raw.values():
            yield from _types_in(inner)
    elif isinstance(raw, list):
        for inner in raw:
            yield from _types_in(inner)
