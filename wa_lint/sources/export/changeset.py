"""CloudFormation change sets: `aws cloudformation describe-change-set --include-property-values`.

What a change makes of a resource is its AfterContext, with parameters and conditions decided: the most that is known
before a deployment. A change set holds only what changes: that of a new stack is all there will be.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Final

from wa_lint import redact, schema
from wa_lint.model import GivenParameter, Hole, Listed, Location, Raw, Resource, Unknown, Unresolved, Value
from wa_lint.sources.export.export_document import Format, Found

_LATER: Final = "{{changeSet:KNOWN_AFTER_APPLY}}"
_HOLE: Final = re.compile(r"\{\{changeSet:KNOWN_AFTER_APPLY\}\}|\{\{resolve:[^{}]*\}\}")
_NO_ECHO: Final = "****"
_NO_VALUES: Final = Unknown("the change set was described without --include-property-values")
_NO_JSON: Final = Unknown("the change's AfterContext is not JSON")


def _is_change_set(value: Raw) -> bool:
    if not isinstance(value, dict) or not isinstance(value.get("Changes"), list):
        return False
    return "ChangeSetName" in value or "ChangeSetId" in value or any(_change_of(item) for item in value["Changes"])


def _read(value: Raw) -> Found:
    stack = str(value.get("StackId") or value.get("ChangeSetId") or "")
    changes = [found for item in value["Changes"] if (found := _change_of(item))]
    kept = [change for change in changes if change.get("Action") != "Remove"]
    resources = tuple(_resource(change, stack) for change in kept)
    is_new = not value.get("NextToken") and all(change.get("Action") == "Add" for change in changes)
    return Found(resources, is_request=is_new, parameters=tuple(_parameters(value)))


def _parameters(value: Mapping[str, Raw]) -> Iterator[GivenParameter]:
    given = value.get("Parameters")
    for item in given if isinstance(given, list) else ():
        name, said = (item.get(f"Parameter{part}") if isinstance(item, dict) else None for part in ("Key", "Value"))
        if isinstance(name, str):
            yield GivenParameter(name, said if isinstance(said, str) and said != _NO_ECHO else None)


CHANGE_SET: Final = Format("a change set", _is_change_set, _read, (b'"Changes"', b'"ResourceChange"'))


def _change_of(item: Raw) -> dict[str, Raw] | None:
    change = item.get("ResourceChange") if isinstance(item, dict) else None
    if not isinstance(change, dict) or not isinstance(change.get("LogicalResourceId"), str):
        return None
    return change if isinstance(change.get("ResourceType"), str) else None


def _resource(change: Mapping[str, Raw], stack: str) -> Resource:
    type_, id_ = change["ResourceType"], change["LogicalResourceId"]
    _, _, _, region, account, *_ = [*stack.split(":"), *[""] * 5]
    said = change.get("PhysicalResourceId") if change.get("Replacement") in (None, "False") else None
    physical = said if isinstance(said, str) else None
    arn = physical if physical and physical.startswith("arn:") else None
    return Resource(
        id=id_,
        type=type_,
        properties=_properties(change, type_),
        origin=Listed(Location(id_)),
        name=None if arn else physical,
        arn=arn,
        account=account or None,
        region=region or None,
    )


def _properties(change: Mapping[str, Raw], type_: str) -> Value:
    context = change.get("AfterContext")
    if context is None:
        return _NO_VALUES
    try:
        parsed = json.loads(context) if isinstance(context, str) else context
    except (ValueError, RecursionError):
        return _NO_JSON
    said = parsed.get("Properties", {}) if isinstance(parsed, dict) else None
    if not isinstance(said, dict):
        return _NO_JSON
    coerced = schema.coerce(type_, (), redact.mask_tree(said))
    causes = dict(_causes(change))
    return _settled(
        coerced,
        "/Properties",
        lambda text, path: _text(text, causes.get(path), f"{change['LogicalResourceId']} {path}"),
    )


def _causes(change: Mapping[str, Raw]) -> Iterator[tuple[str, str]]:
    """Yield what is said of what decides a property. New resources have no such details."""
    details = change.get("Details")
    for detail in details if isinstance(details, list) else ():
        if isinstance(detail, dict) and str(detail.get("ChangeSource")).startswith("Resource"):
            target, cause = detail.get("Target"), detail.get("CausingEntity")
            path = target.get("Path") if isinstance(target, dict) else None
            if isinstance(path, str) and isinstance(cause, str):
                yield path, cause


def _settled(value: Value, path: str, read: Callable[[str, str], Value]) -> Value:
    """Return `value` with every text as `read` has it, which is given its place too, as ``/Properties/Roles/0``."""
    if isinstance(value, dict):
        return {key: _settled(item, f"{path}/{key}", read) for key, item in value.items()}
    if isinstance(value, list):
        return [_settled(item, f"{path}/{index}", read) for index, item in enumerate(value)]
    return read(value, path) if isinstance(value, str) else value


def _text(text: str, cause: str | None, place: str) -> Value:
    """Return a text with a hole for each thing that is known only later, or kept elsewhere."""
    if text == _NO_ECHO:
        return Unresolved("CloudFormation does not show what is NoEcho")
    holes = list(_HOLE.finditer(text))
    parts: list[str | Hole] = []
    end = 0
    for number, found in enumerate(holes):
        parts += [text[end : found.start()], _hole(found.group(), cause, f"{place} {number}")]
        end = found.end()
    known = tuple(part for part in (*parts, text[end:]) if part != "")
    return Unresolved("known after apply", known) if holes else text


def _hole(written: str, cause: str | None, place: str) -> Hole:
    """Return what fills a gap. One whose cause is not said is like no other: `place` is its name."""
    if written != _LATER:
        return Hole(written)
    if cause is None:
        return Hole(place)
    target, _, attribute = cause.partition(".")
    return Hole(cause, target=target, attribute=attribute or None)
