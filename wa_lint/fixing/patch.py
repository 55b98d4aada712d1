"""What the edits of a rule come to for one finding: which values its template is to have, and where."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

import msgspec

from wa_lint import schema
from wa_lint.document import Document
from wa_lint.fixing.added import added_resources
from wa_lint.fixing.structure import Assignment
from wa_lint.fixing.text_edit import NotMechanical
from wa_lint.model import Edit, Finding, Path, Raw
from wa_lint.remedy import steps_to_item
from wa_lint.rule import Rule

REPLACES: Final = "the resource is replaced"
"""What follows from a change of a property that CloudFormation lets nobody change in place."""

_RESOURCES: Final = "Resources"


class Patch(msgspec.Struct, frozen=True):
    """The remedy of one finding, as values at paths of its document."""

    finding: Finding
    wanted: tuple[Assignment, ...]
    is_safe: bool
    effects: tuple[str, ...] = ()
    """What else changes: why it is not safe."""


def patch_of(finding: Finding, rule: Rule, document: Document) -> Patch:
    """Return the patch of a finding. Raise `NotMechanical` where its rule has no edit or its place cannot be edited."""
    type_ = finding.resource.type
    edits = [edit for edit in rule.info.edits if edit.add or is_of_type(edit, type_, rule.for_each)]
    if not edits:
        raise NotMechanical("its rule has no mechanical fix")
    _demand_template_of_person(document)
    id_ = _logical_id(finding, document)
    if finding.when and "Condition" not in document.value[_RESOURCES][id_]:
        raise NotMechanical(f"it fails only when {finding.when}, and an edit would count in all cases")
    wanted = tuple(_wanted(finding, rule, edits, id_, document))
    effects = dict.fromkeys(effect for edit in edits for effect in effects_of(edit, type_, rule.for_each))
    return Patch(finding, wanted, all(edit.is_safe for edit in edits) and not effects, tuple(effects))


def is_of_type(edit: Edit, type_: str, for_each: str | None) -> bool:
    """Whether resources of a type have what the edit sets."""
    if edit.is_attribute:
        return True
    return schema.shape_at(type_, (*steps_to_item(type_, for_each), *schema.steps_of(edit.set))) is not None


def effects_of(edit: Edit, type_: str, for_each: str | None) -> Iterator[str]:
    """Yield what else an edit changes in a resource of the type: what its rule says, and a replacement."""
    path = (*steps_to_item(type_, for_each), *schema.steps_of(edit.set))
    if not edit.add and not edit.is_attribute and schema.replaces(type_, path):
        yield REPLACES
    if edit.effect:
        yield edit.effect


def _wanted(finding: Finding, rule: Rule, edits: Sequence[Edit], id_: str, document: Document) -> Iterator[Assignment]:
    for edit in edits:
        _demand_accepted(edit, document.value[_RESOURCES][id_].get("Properties") or {})
        if edit.is_attribute:
            if document.value[_RESOURCES][id_].get(edit.set) in {None, "Delete"}:
                yield Assignment((_RESOURCES, id_, edit.set), edit.to)
        elif not edit.add:
            path = (*_item(finding, rule), *schema.steps_of(edit.set))
            yield Assignment((_RESOURCES, id_, "Properties", *path), edit.to)
    added = [edit for edit in edits if edit.add]
    if added and any(one.location.uri != document.uri for one in finding.evidence):
        raise NotMechanical("another template has to do with it")
    yield from added_resources(added, id_, document)


def _demand_accepted(edit: Edit, properties: Raw) -> None:
    """Raise `NotMechanical` where AWS would refuse what is set, as the resource is."""
    for text in edit.needs:
        path, relation, wanted = text.partition(" ")[0], *text.partition(" ")[2].partition(" ")[::2]
        value = _value_at(properties, path)
        if value is None or (relation == "=" and value != wanted):
            raise NotMechanical(f"it needs {text.replace(' = ', ' to be ')}")
        if relation == ">=" and _number(value) < int(wanted):
            raise NotMechanical(f"it needs {path} of {wanted} or more")
    for path in edit.unless:
        if _value_at(properties, path) is not None:
            raise NotMechanical(f"AWS refuses it beside {path}")


def _value_at(value: Raw, path: str) -> Raw:
    for step in path.split("."):
        value = value.get(step) if isinstance(value, dict) else None
    return value


def _number(value: Raw) -> float:
    """Return a number that is written out; less than any where it is not."""
    try:
        return float(value)
    except (TypeError, ValueError):
        return -1.0


def _item(finding: Finding, rule: Rule) -> Path:
    """Return the path of the item that a finding is about."""
    length = len(steps_to_item(finding.resource.type, rule.for_each))
    path = schema.steps_of(finding.path)[:length]
    if len(path) < length:
        raise NotMechanical("which item it is about is not known")
    return path


def _logical_id(finding: Finding, document: Document) -> str:
    """Return the id of the resource in the document, by its place: joined and nested templates give it another one."""
    place = finding.resource.origin.locate(())
    section = document.value.get(_RESOURCES)
    for id_, body in section.items() if isinstance(section, dict) else ():
        if place.uri == document.uri and _is_at(place.line, place.column, document, id_):
            return _demand_plain(id_, body, finding)
    raise NotMechanical("a loop, a macro or a definition inside the template makes it")


def _is_at(line: int, column: int, document: Document, id_: str) -> bool:
    own = document.locate_key((_RESOURCES, id_))
    return (own.line, own.column) == (line, column)


def _demand_plain(id_: str, body: Raw, finding: Finding) -> str:
    if not isinstance(body, dict) or body.get("Type") != finding.resource.type:
        raise NotMechanical(f"a transform makes it of {id_}")
    if any(str(key).startswith("Fn::") for key in body):
        raise NotMechanical(f"a transform adds to {id_}")
    return id_


def _demand_template_of_person(document: Document) -> None:
    """Raise `NotMechanical` where a macro changes the template after us, or a program writes it."""
    value = document.value
    transforms = value.get("Transform") or []
    for name in transforms if isinstance(transforms, list) else [transforms]:
        shown = name if isinstance(name, str) else name.get("Name") if isinstance(name, dict) else None
        if not isinstance(shown, str) or not shown.startswith("AWS::"):
            raise NotMechanical(f"the macro {shown} changes the template")
    if is_synthesized(document):
        raise NotMechanical("the AWS CDK writes this file; change the construct")


def is_synthesized(document: Document) -> bool:
    """Whether the CDK wrote a template: it says the path of a construct, or what it was made with."""
    resources = document.value.get(_RESOURCES)
    bodies = resources.values() if isinstance(resources, dict) else ()
    metadata = [body.get("Metadata") for body in bodies if isinstance(body, dict)]
    is_pathed = any(isinstance(one, dict) and "aws:cdk:path" in one for one in metadata)
    rules = document.value.get("Rules")
    return is_pathed or "CDKMetadata" in (resources or ()) or "CheckBootstrapVersion" in (rules or ())
