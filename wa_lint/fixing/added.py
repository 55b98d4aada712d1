"""Resources that a rule adds beside the one at fault: their ids, and what they name of it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from wa_lint.document import Document
from wa_lint.fixing.assignments import function_of
from wa_lint.fixing.structure import Assignment
from wa_lint.fixing.text_edit import NotMechanical
from wa_lint.model import Edit, Raw

_LITERAL: Final = re.compile(r"[\w-]+", re.ASCII)
"""What may stand for a placeholder inside a text."""


def added_resources(edits: Sequence[Edit], id_: str, document: Document) -> Iterator[Assignment]:
    """Yield the new resources of edits, each under an id that the template does not have.

    In `to`, ``{id}`` is the logical id of the resource at fault, ``{Suffix}`` that of the resource which the edit
    `add: Suffix` adds, ``{name}`` what the edit's `values` say. Raise `NotMechanical` where the template may have such
    a resource already, or a value is not written out.
    """
    resources = document.value["Resources"]
    names = {edit.add: _unused(f"{id_}{edit.add}", document) for edit in edits} | {"id": id_}
    for edit in edits:
        _demand_no_rival(edit, id_, resources)
        values = {name: _followed(resources, id_, path) for name, path in edit.values.items()}
        kind, *rest = _filled(edit.to, names | values).items()
        condition = resources[id_].get("Condition")
        body = dict([kind, *([("Condition", condition)] if condition is not None else []), *rest])
        yield Assignment(("Resources", names[edit.add]), body)


def _demand_no_rival(edit: Edit, id_: str, resources: Raw) -> None:
    type_ = edit.to.get("Type") if isinstance(edit.to, dict) else None
    for other, body in resources.items():
        if not isinstance(body, dict) or function_of(body) or str(other).startswith("Fn::"):
            raise NotMechanical("a loop or a macro may add the same resource")
        if body.get("Type") == type_ and not _is_of_another(body, id_, resources):
            raise NotMechanical(f"{other} may be about it already")


def _is_of_another(body: Raw, id_: str, resources: Raw) -> bool:
    """Whether a resource names others of the template by their ids, and not this one."""
    named = set(_words(body.get("Properties")))
    return id_ not in named and bool(named & set(resources))


def _words(value: Raw) -> Iterator[str]:
    """Yield every word of a value that may be a logical id."""
    if isinstance(value, dict | list):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from _words(inner)
    elif isinstance(value, str):
        yield from re.findall(r"[A-Za-z0-9]+", value)


def _followed(resources: Raw, id_: str, path: str) -> str:
    """Return the text at a property path, which may lead over references to other resources of the template.

    Of a list there must be one item. Raise `NotMechanical` where it does not lead to a text.
    """
    value = resources[id_].get("Properties")
    for step in path.split("."):
        value = value.get(step) if isinstance(value, dict) else None
        target = _referred(value)
        value = resources[target].get("Properties") if target in resources else value
        if isinstance(value, list) and len(value) != 1:
            raise NotMechanical(f"{step} has several items")
        value = value[0] if isinstance(value, list) else value
    if not isinstance(value, str) or not _LITERAL.fullmatch(value):
        raise NotMechanical(f"{path.rpartition('.')[2]} is not written out in this template")
    return value


def _referred(value: Raw) -> str | None:
    """Return the id that a Ref or a GetAtt names."""
    if not isinstance(value, dict) or len(value) != 1:
        return None
    name, of = next(iter(value.items()))
    target = of[0] if name == "Fn::GetAtt" and isinstance(of, list) and of else of if name == "Ref" else None
    return target if isinstance(target, str) else None


def _filled(value: Raw, names: Mapping[str, str]) -> Raw:
    if isinstance(value, dict):
        return {key: _filled(inner, names) for key, inner in value.items()}
    if isinstance(value, list):
        return [_filled(inner, names) for inner in value]
    if isinstance(value, str):
        for name, text in names.items():
            value = value.replace(f"{{{name}}}", text)
    return value


def _unused(wanted: str, document: Document) -> str:
    """Return the id, with a number where the template has it already: ids of all sections are one space of names."""
    sections = [document.value.get(name) for name in ("Resources", "Parameters", "Conditions", "Outputs", "Mappings")]
    taken = {id_ for section in sections if isinstance(section, dict) for id_ in section}
    number = next(n for n in range(1, len(taken) + 2) if (wanted if n == 1 else f"{wanted}{n}") not in taken)
    return wanted if number == 1 else f"{wanted}{number}"
