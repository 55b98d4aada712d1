"""Whether a rule's snippet and edits name properties that exist. It applies nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from wa_lint import schema
from wa_lint.document import read_document
from wa_lint.errors import SourceError, did_you_mean
from wa_lint.model import Edit, Path, Raw, RuleInfo


def faults(info: RuleInfo, for_each: str | None) -> Iterator[tuple[Path, str]]:
    """Yield (path in the rule file, problem) for each snippet or edit that CloudFormation would not take."""
    for number, edit in enumerate(info.edits):
        yield from ((("edits", number, key), problem) for key, problem in _faults_of_edit(edit, info, for_each))
        if edit.add or edit.is_attribute:
            continue
        steps = schema.steps_of(edit.set)
        if not any(schema.shape_at(type_, (*steps_to_item(type_, for_each), *steps)) for type_ in info.applies_to):
            yield ("edits", number, "set"), f"no property {edit.set!r} in what the rule checks"
    if info.snippet is not None:
        yield from ((("snippet",), problem) for problem in _faults_of_snippet(info.snippet))


def _faults_of_edit(edit: Edit, info: RuleInfo, for_each: str | None) -> Iterator[tuple[str, str]]:
    if edit.add:
        body = edit.to if isinstance(edit.to, dict) else {}
        yield from (("to", f"the resource has {problem}") for problem in _faults_of_resource(body))
    named = [text.partition(" ")[0] for text in (*edit.needs, *edit.unless)]
    for path in named:
        if not any(schema.shape_at(type_, schema.steps_of(path)) for type_ in info.applies_to):
            yield "to", f"no property {path!r} in what the rule checks"
    replacing = not edit.add and not edit.is_attribute and edit_replaces(edit, info.applies_to, for_each)
    if edit.is_safe and (edit.effect or replacing):
        yield "safe", "an edit with another effect, or that replaces the resource, is not safe"
    if not edit.is_safe and not edit.effect and not replacing:
        yield "to", "an edit that is not safe says its effect"


def edit_replaces(edit: Edit, types: Sequence[str], for_each: str | None) -> bool:
    """Whether CloudFormation replaces a resource of one of the types when the edit is made."""
    steps = schema.steps_of(edit.set)
    return any(schema.replaces(type_, (*steps_to_item(type_, for_each), *steps)) for type_ in types)


def steps_to_item(type_: str, for_each: str | None) -> Sequence[str | int]:
    """Return the path of the first item of ``for_each`` where that is a property; empty for a link or a fact."""
    plain = (for_each or "").removeprefix("resource.").removeprefix("?").removesuffix(".orValue([])")
    steps = schema.steps_of(plain.replace(".?", "."))
    return (*steps, 0) if steps and schema.shape_at(type_, steps) else ()


def _faults_of_snippet(snippet: str) -> Iterator[str]:
    try:
        resources = read_document(snippet, "snippet").value
    except SourceError as error:
        yield f"the snippet is not YAML: {error.problem}"
        return
    if not isinstance(resources, dict) or not all(isinstance(body, dict) for body in resources.values()):
        yield "a snippet is a map of logical ids to resources"
        return
    for body in resources.values():
        yield from (f"the snippet has {problem}" for problem in _faults_of_resource(body))


def _faults_of_resource(body: Mapping[str, Raw]) -> Iterator[str]:
    type_ = str(body.get("Type"))
    if not schema.known(type_):
        yield f"the type {type_!r}, which does not exist{did_you_mean(type_, schema.types())}"
        return
    yield from _unknown_members(body.get("Properties") or {}, schema.resource_type(type_), type_)


def _unknown_members(value: Raw, shape: schema.Shape, where: str) -> Iterator[str]:
    if isinstance(value, dict) and not _is_function(value):
        known = shape.members()
        for name, inner in value.items():
            member = shape.member(name)
            if known and name not in known:
                yield f"no property {name!r} in {where}{did_you_mean(name, known)}"
            elif member is not None:
                yield from _unknown_members(inner, member, f"{where}.{name}")
    elif isinstance(value, list) and shape.item is not None:
        for inner in value:
            yield from _unknown_members(inner, shape.item, where)


def _is_function(value: Mapping[str, Raw]) -> bool:
    return len(value) == 1 and next(iter(value)).startswith(("Ref", "Fn::"))
