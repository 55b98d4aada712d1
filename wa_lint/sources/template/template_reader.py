"""A template as a snapshot. It resolves nothing: what a scenario decides stays deferred."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Final

import msgspec

from wa_lint import schema
from wa_lint.budget import current, spent
from wa_lint.document import Document, read_document
from wa_lint.errors import SourceError, did_you_mean
from wa_lint.model import (
    Gap,
    GivenParameter,
    Location,
    Path,
    Problem,
    Raw,
    Resource,
    Scope,
    Snapshot,
    SourceKind,
    Unjudged,
    Unknown,
    Value,
)
from wa_lint.sources.template.embedded.definitions import with_jobs
from wa_lint.sources.template.embedded.policies import with_documents
from wa_lint.sources.template.followed import macro_names, not_followed
from wa_lint.sources.template.functions.intrinsics import FUNCTIONS
from wa_lint.sources.template.functions.question import Template
from wa_lint.sources.template.functions.value_tree import Existence, tree
from wa_lint.sources.template.notes import notes_of
from wa_lint.sources.template.parameters import Pins, declared, refusal
from wa_lint.sources.template.rules_section import narrowed
from wa_lint.sources.template.sections import OpenFile, Sections
from wa_lint.sources.template.stacks.exports import exports_of, imports_of
from wa_lint.sources.template.stacks.nested import Expand, Nest, natively, nests, with_stacks
from wa_lint.sources.template.stacks.physical_names import with_names
from wa_lint.sources.template.transforms.foreach import unrolled
from wa_lint.sources.template.transforms.generated import name_by_author
from wa_lint.sources.template.transforms.include import included
from wa_lint.sources.template.transforms.openapi import with_methods
from wa_lint.sources.template.wrapped import Alone

_HARMLESS: Final = frozenset(
    {
        "AWS::LanguageExtensions",
        "AWS::Serverless-2016-10-31",
        "AWS::SecretsManager-2020-07-23",
        "AWS::SecretsManager-2024-09-16",
        "AWS::CodeDeployBlueGreen",
        "AWS::ServiceCatalog",
    }
)
"""Transforms that touch no resources but those of types of their own, or only texts that `texts.DYNAMIC` knows.

AWS: Transform reference, seen 2026-11; the sixth one there is AWS::Include.
"""

_SECTIONS: Final = frozenset(
    {"Transform", "Parameters", "Outputs", "Conditions", "Mappings", "Metadata", "Description"}
    | {"Globals", "Rules", "Hooks", "Fn::Transform"}
)


def looks_like_template(value: Raw) -> bool:
    """Whether a document means to be a template. A broken one does too: reading it is an error, not a skip."""
    if not isinstance(value, dict):
        return False
    resources = value.get("Resources")
    if "AWSTemplateFormatVersion" in value or ("Resources" in value and not _SECTIONS.isdisjoint(value)):
        return True
    if isinstance(resources, dict):
        return not resources or any(_is_meant(id_, body) for id_, body in resources.items())
    if "Resources" in value and resources is None:
        return True
    return any(name.startswith("AWS::") for name in (*transforms(value), *macro_names(value.get("Fn::Transform"))))


def read_template(
    content: bytes | str,
    uri: str,
    parameters: Pins | None = None,
    open_file: OpenFile | None = None,
    expand: Expand = natively,
) -> Snapshot:
    """Read a template; `parameters` pin the values of those that it declares, others are ignored.

    `expand` does what the SAM transform does.

    Raise `SourceError` where it is no YAML or JSON, or no template. What is wrong in part is a `Problem`.
    """
    return snapshot_of(read_document(content, uri), parameters, open_file, expand)


def snapshot_of(
    document: Document,
    parameters: Pins | None = None,
    open_file: OpenFile | None = None,
    expand: Expand = natively,
) -> Snapshot:
    """As `read_template`, of a document that was read already."""
    return snapshot_from(template_of(document, parameters, open_file, expand))


def snapshot_from(template: Template) -> Snapshot:
    """As `snapshot_of`, of a template whose transforms are done."""
    sections = template.sections
    typed = {id_: body for id_, body in template.resources.items() if _is_typed(body)}
    plain = (_resource(template, id_, body, sections.opaque.get(id_)) for id_, body in typed.items())
    read = [with_documents(resource, template) for resource in plain]
    problems = {*sections.document.problems, *sections.problems, *_problems(sections), *_misfits(template)}
    snapshot = Snapshot(
        kind=SourceKind.TEMPLATE,
        uri=sections.uri,
        resources=tuple(read),
        gaps=tuple(sorted(set(sections.gaps))),
        problems=tuple(sorted(problems)),
        nested=sections.nested,
        parameters=tuple(_given(template)),
        exports=exports_of(template),
        imports=imports_of(template),
        notes=tuple(note for document in _documents(sections) for note in notes_of(document)),
        not_followed=sections.not_followed,
        unjudged=tuple(_untyped(template)),
    )
    return with_names(_without_holder(within_budget(with_jobs(snapshot, template)), sections.document))


def _given(template: Template) -> Iterator[GivenParameter]:
    """Yield the parameters with the values that they have before any scenario assumes one."""
    for name, parameter in template.parameters.items():
        pin = template.pins.get(name)
        if parameter.no_echo or parameter.is_elsewhere:
            yield GivenParameter(name)
        elif pin is not None:
            yield GivenParameter(name, pin if isinstance(pin, str) else ",".join(pin))
        elif parameter.default is not None:
            yield GivenParameter(name, parameter.default, is_default=True)
        else:
            yield GivenParameter(name, parameter.allowed[0] if len(parameter.allowed) == 1 else None)


def within_budget(snapshot: Snapshot) -> Snapshot:
    """Return the snapshot with as many resources as one template may have.

    Of each type that has more, one stands for the rest: of it nothing is known but why.
    """
    most = current().resources
    if len(snapshot.resources) <= most:
        return snapshot
    rest: dict[str, list[Resource]] = {}
    for resource in snapshot.resources[most:]:
        rest.setdefault(resource.type, []).append(resource)
    why = {type_: f"{spent('resources', current())}; {_others(left)}" for type_, left in rest.items()}
    unread = [
        msgspec.structs.replace(left[0], properties=Unknown(why[type_]), exists=True) for type_, left in rest.items()
    ]
    return msgspec.structs.replace(
        snapshot,
        resources=(*snapshot.resources[:most], *unread),
        gaps=tuple(sorted({*snapshot.gaps, *(Gap(Scope(type_), reason) for type_, reason in why.items())})),
    )


def _others(left: Sequence[Resource]) -> str:
    return f"this one and {len(left) - 1} more of its type were not read" if left[1:] else "this one was not read"


def _without_holder(snapshot: Snapshot, document: Document) -> Snapshot:
    """Return the snapshot of a definition that stands alone without the resource that it was put into."""
    if not isinstance(document, Alone):
        return snapshot
    kept = tuple(resource for resource in snapshot.resources if resource.id != document.holder)
    return msgspec.structs.replace(snapshot, resources=kept)


def _untyped(template: Template) -> Iterator[Unjudged]:
    """Yield what is among the resources and has no type that could be one; a loop that is left is a gap instead."""
    for id_, body in template.resources.items():
        if not _is_typed(body) and not id_.startswith("Fn::"):
            said = body.get("Type") if isinstance(body, dict) else None
            name = said if isinstance(said, str) and said else f"(no type: {id_})"
            yield Unjudged(name, 1, "it has no Type such as AWS::S3::Bucket", kind="unrecognised")


def _documents(sections: Sections) -> Iterator[Document]:
    """Yield every file that the template was put together from, once."""
    yield from {id(document): document for document in (sections.document, *sections.snippets.values())}.values()


def template_of(
    document: Document,
    parameters: Pins | None = None,
    open_file: OpenFile | None = None,
    expand: Expand = natively,
) -> Template:
    """Return a template as CloudFormation sees it once its own transforms are done. Raise as `read_template`."""
    nest = Nest.outermost(document.uri, open_file, expand)
    pins = parameters or {}
    return template_from(deployed(Sections(document, document.value), pins, nest), pins)


def deployed(sections: Sections, pins: Pins, nest: Nest) -> Sections:
    """Return the sections after all transforms, with those of the nested stacks. Raise as `read_template`."""
    _check(sections.document)
    sections = included(sections, nest.open_file)
    sections = unrolled(template_from(sections, pins))
    sections = with_methods(nest.expand(sections, pins, nest.open_file))
    why = _macro(sections.value)
    sections = msgspec.structs.replace(
        sections,
        is_open=_is_generated(sections),
        opaque={} if why is None else dict.fromkeys(sections.section("Resources"), why),
        not_followed=(*sections.not_followed, *not_followed(sections, _HARMLESS)),
    )
    return with_stacks(template_from(sections, pins), nest, deployed) if nests(sections) else sections


def template_from(sections: Sections, pins: Pins) -> Template:
    """Return the sections with what they declare; of a template that is still to be transformed too."""
    declarations = {name: declared(name, body) for name, body in sections.section("Parameters").items()}
    parameters = narrowed(declarations, sections.section("Rules"))
    return Template(sections, parameters, pins, FUNCTIONS, is_generated=_is_generated(sections))


def transforms(sections: Mapping[str, Raw]) -> list[str]:
    """Return the names of the macros that a template asks for as a whole; how it is spelled, for what is no name."""
    return list(macro_names(sections["Transform"])) if "Transform" in sections else []


class _Origin:
    """Where one resource of a template is."""

    __slots__ = ("id", "sections")

    def __init__(self, sections: Sections, id_: str) -> None:
        self.sections = sections
        self.id = id_

    def locate(self, at: Path) -> Location:
        head: Path = ("Resources", self.id)
        return self.sections.locate_below(head, (*head, "Properties", *at))


# --- sections ---------------------------------------------------------------------------------------


def _check(document: Document) -> None:
    """Raise `SourceError` where the document is not a template that could be judged."""
    sections, uri = document.value, document.uri
    if document.is_empty:
        raise SourceError(uri, "it is empty, so it is not a template")
    if not isinstance(sections, dict):
        raise SourceError(f"{uri}:1:1", "it is not a template: a template is a map with the key Resources")
    if document.continues_at:
        problem = "a second YAML document begins here; CloudFormation takes one template a file, so split it"
        raise SourceError(str(document.continues_at), problem)
    resources = sections.get("Resources")
    if "Resources" not in sections:
        raise SourceError(f"{uri}:1:1", "it has no Resources, so there is nothing to check")
    if not isinstance(resources, dict) or not resources:
        kind = {list: "a list", dict: "empty", type(None): "empty"}.get(type(resources), "a text")
        raise SourceError(
            str(document.locate_key(("Resources",))), f"Resources is {kind}; check the indentation below it"
        )


def _macro(sections: Mapping[str, Raw]) -> str | None:
    """Return why nothing can be said of any resource, where an unknown macro may change them all."""
    unknown = [name for name in transforms(sections) if name not in _HARMLESS]
    if unknown:
        return f"the macro {unknown[0]} may change it at deployment"
    resources = sections.get("Resources")
    if "Fn::Transform" in sections or (isinstance(resources, dict) and "Fn::Transform" in resources):
        return "a macro (Fn::Transform) may change it at deployment"
    return None


def _is_generated(sections: Sections) -> bool:
    resources = sections.section("Resources")
    types = [body["Type"] for body in resources.values() if _is_typed(body)]
    by_type = any(type_.startswith("AWS::Serverless::") or type_.endswith("::MODULE") for type_ in types)
    by_macro = bool(set(transforms(sections.value)) - _HARMLESS) or any(id_.startswith("Fn::") for id_ in resources)
    return by_type or by_macro or sections.is_open or "Modules" in sections.value


# --- resources --------------------------------------------------------------------------------------


def template_within(value: Raw) -> str | None:
    """Return where a document that is not a template holds one, such as ``resources`` or ``[0]``; None: nowhere.

    That is what the Serverless Framework reads, a list of templates, and a template below a tag.
    """
    rest: list[tuple[str, Raw]] = [("", value)]
    while rest:
        place, one = rest.pop()
        if isinstance(one, dict):
            resources = one.get("Resources")
            if isinstance(resources, dict) and any(map(_is_typed, resources.values())):
                return place
            rest += ((f"{place}.{key}" if place else str(key), inner) for key, inner in one.items())
        elif isinstance(one, list):
            rest += ((f"{place}[{number}]", inner) for number, inner in enumerate(one))
    return None


def _is_meant(id_: str, body: Raw) -> bool:
    """Whether a member of ``Resources`` is one, or is made by a function, or is written in a way that is not read."""
    is_odd = isinstance(body, dict) and isinstance(body.get("Type"), dict) and "Properties" in body
    return _is_typed(body) or is_odd or id_.startswith(("Fn::", "!"))


def _is_typed(body: Raw) -> bool:
    return isinstance(body, dict) and isinstance(body.get("Type"), str) and "::" in body["Type"]


_ATTRIBUTES: Final = ("DeletionPolicy", "UpdateReplacePolicy")
"""What decides, beside the properties, whether the data of a resource outlives it. With AWS::LanguageExtensions they
may hold intrinsic functions."""


def _resource(template: Template, id_: str, body: Mapping[str, Raw], macro: str | None) -> Resource:
    type_ = body["Type"]
    properties = Unknown(macro) if macro else _properties(template, type_, body)
    return Resource(
        id=id_,
        type=type_,
        properties=properties,
        origin=_Origin(template.sections, id_),
        exists=_existence(template, id_, body, macro),
        name=_name(type_, properties),
        construct=name_by_author(body),
        attributes={name: tree(template, body[name], (), schema.ANYTHING) for name in _ATTRIBUTES if name in body},
    )


def _existence(template: Template, id_: str, body: Mapping[str, Raw], macro: str | None) -> Value:
    guards = template.sections.guards.get(id_, ())
    if "Condition" not in body and not guards:
        return True
    return Unknown(macro) if macro else Existence(body.get("Condition"), template, guards)


def _properties(template: Template, type_: str, body: Mapping[str, Raw]) -> Value:
    if "Fn::Transform" in body:
        return Unknown("a macro (Fn::Transform) decides it at deployment")
    said = body.get("Properties")
    if said is not None and not isinstance(said, dict):
        return Unknown("its Properties are not a map")
    return tree(template, said or {}, (), schema.resource_type(type_))


def _name(type_: str, properties: Value) -> str | None:
    """Return the literal name: ``EndpointName`` of an Endpoint, or ``Name``."""
    said = properties if isinstance(properties, dict) else {}
    names = (said.get(f"{type_.rpartition('::')[2]}Name"), said.get("Name"))
    return next((name for name in names if isinstance(name, str)), None)


# --- what is odd ------------------------------------------------------------------------------------


def _problems(sections: Sections) -> Iterator[Problem]:
    if "Modules" in sections.value:
        unread = "the section Modules is not followed, so the resources that it creates were not checked"
        yield Problem(sections.locate_key(("Modules",)), unread)
    for id_, body in sections.section("Resources").items():
        problem = _problem(id_, body)
        if problem:
            yield Problem(sections.locate_key(("Resources", id_)), problem)
        elif not body["Type"].isascii():
            place = sections.locate(("Resources", id_, "Type"))
            near = did_you_mean(body["Type"], schema.types())
            yield Problem(place, f"the type {body['Type']!a} contains characters that no type has{near}")
        elif _is_typed(body) and (right := _folded().get(body["Type"].lower(), body["Type"])) != body["Type"]:
            place = sections.locate(("Resources", id_, "Type"))
            yield Problem(place, f"the type {body['Type']} does not exist; did you mean {right}?")


@cache
def _folded() -> Mapping[str, str]:
    """Return the types by their names in lower case."""
    return {type_.lower(): type_ for type_ in schema.types()}


def _problem(id_: str, body: Raw) -> str | None:
    if id_.startswith("Fn::"):
        return f"{id_} is not expanded, so the resources that it creates were not checked"
    if not isinstance(body, dict):
        return f"{id_} is not a resource: expected a map; check the indentation below it"
    if not id_.isascii():
        return f"the id {id_!a} holds characters other than letters and digits, which CloudFormation rejects"
    if not _is_typed(body):
        return f"{id_} has no Type such as AWS::S3::Bucket, so it was not judged"
    if body["Type"].endswith("::MODULE"):
        return f"{id_} is a module that was not read, so the resources that it creates were not checked"
    return None


def _misfits(template: Template) -> Iterator[Problem]:
    """Yield the values that a parameter's own declaration refuses."""
    for name, body in template.sections.section("Parameters").items():
        default, pin = template.parameters[name].default, template.pins.get(name)
        if default is not None and (why := refusal(name, body, default)):
            where = template.sections.locate(("Parameters", name, "Default"))
            yield Problem(where, f"the default of {name} {why}")
        if pin is not None and (why := refusal(name, body, pin)):
            yield Problem(template.sections.locate_key(("Parameters", name)), f"the value given for {name} {why}")
