"""Resources that a rule adds beside the one at fault: their ids, and what they name of it."""

from __future__ import annotations

from collections.abc import Iterator

from wa_lint.document import Document
from wa_lint.fixing.assignments import function_of
from wa_lint.fixing.structure import Assignment
from wa_lint.fixing.text_edit import NotMechanical
from wa_lint.model import Edit, Finding, Raw

_ID = "{id}"


def resource_patches(edit: Edit, finding: Finding, id_: str, document: Document) -> Assignment:
    """Return the new resource of an edit, under an id that the template does not have.

    Raise `NotMechanical` where the template has a resource of the type that may be about the same one.
    """
    resources = document.value["Resources"]
    _demand_no_rival(edit, id_, resources)
    body = _filled(edit.to, {_ID: id_})
    condition = resources[id_].get("Condition")
    if condition is not None:
        kind, *rest = body.items()
        body = dict([kind, ("Condition", condition), *rest])
    del finding
    return Assignment(("Resources", _unused(f"{id_}{edit.add}", document)), body)


def _demand_no_rival(edit: Edit, id_: str, resources: Raw) -> None:
    type_ = edit.to.get("Type") if isinstance(edit.to, dict) else None
    for other, body in resources.items():
        if not isinstance(body, dict) or function_of(body) or str(other).startswith("Fn::"):
            raise NotMechanical("a loop or a macro may add the same resource")
        if body.get("Type") == type_ and not _is_of_another(body, id_, resources):
            raise NotMechanical(f"{other} may be about it already")


def _is_of_another(body: Raw, id_: str, resources: Raw) -> bool:
    """Whether a resource names others of the template by their ids, and not this one."""
    named = set(_names(body.get("Properties")))
    return id_ not in named and bool(named & set(resources))


def _names(value: Raw) -> Iterator[str]:
    """Yield every word of a value that may be a logical id."""
    if isinstance(value, dict):
        for inner in value.values():
            yield from _names(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _names(inner)
    elif isinstance(value, str):
        yield from "".join(c if c.isalnum() else " " for c in value).split()


def _filled(value: Raw, names: dict[str, str]) -> Raw:
    if isinstance(value, dict):
        return {key: _filled(inner, names) for key, inner in value.items()}
    if isinstance(value, list):
        return [_filled(inner, names) for inner in value]
    if isinstance(value, str):
        for name, text in names.items():
            value = value.replace(name, text)
    return value


def _unused(wanted: str, document: Document) -> str:
    """Return the id, with a number where the template has it already: ids of all sections are one space of names."""
    sections = [document.value.get(name) for name in ("Resources", "Parameters", "Conditions", "Outputs", "Mappings")]
    taken = {id_ for section in sections if isinstance(section, dict) for id_ in section}
    number = next(n for n in range(1, len(taken) + 2) if (wanted if n == 1 else f"{wanted}{n}") not in taken)
    return wanted if number == 1 else f"{wanted}{number}"
