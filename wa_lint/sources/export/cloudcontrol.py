"""Cloud Control's answers: `aws cloudcontrol get-resource` and `list-resources`. Their names are CloudFormation's."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Final

from wa_lint import redact, schema
from wa_lint.model import Listed, Location, Raw, Resource, Unknown, Value
from wa_lint.references.table import IDENTITIES, Identity
from wa_lint.sources.export.export_document import Format, Found, without_schema
from wa_lint.sources.export.to_cloudformation import with_unknown
from wa_lint.sources.live.api_response import settable

_NOT_LISTED: Final = Unknown("a listing may omit it; use cloudcontrol get-resource")
_NEVER_SHOWN: Final = Unknown("AWS never shows it")
_NO_SCHEMA: Final = Unknown("no schema of the type is known here")


def _is_answer(value: Raw) -> bool:
    return isinstance(value, dict) and isinstance(value.get("TypeName"), str) and bool(_described(value) is not None)


def _read(value: Raw) -> Found:
    one = "ResourceDescription" in value
    type_, described = value["TypeName"], _described(value) or []
    if not schema.known(type_):
        return Found(unjudged=without_schema([type_] * len(described)))
    return Found(tuple(_resource(type_, entry, is_whole=one) for entry in described))


CLOUD_CONTROL: Final = Format("a Cloud Control response", _is_answer, _read, (b'"TypeName"', b'"ResourceDescription'))


def _described(value: Raw) -> list[Raw] | None:
    """Return the descriptions; None where they are none."""
    found = value.get("ResourceDescriptions", [value.get("ResourceDescription")])
    if not isinstance(found, list) or not all(isinstance(entry, dict) and "Identifier" in entry for entry in found):
        return None
    return found


def _resource(type_: str, entry: Raw, *, is_whole: bool) -> Resource:
    said = _properties(entry.get("Properties"))
    identifier = str(entry["Identifier"])
    known = said if isinstance(said, Unknown) else _known(type_, said, is_whole=is_whole)
    members = {} if isinstance(said, Unknown) else said
    arn = next(_arns(identifier, members, type_), None)
    _, _, _, region, account, *_ = [*(arn or "").split(":"), *[""] * 5]
    name = members.get(IDENTITIES.get(type_, Identity()).name)
    identity = arn or f"{type_}/{identifier}"
    return Resource(
        id=identity,
        type=type_,
        properties=known,
        origin=Listed(Location(identity)),
        name=name if isinstance(name, str) else identifier.rpartition("/")[2] if identifier == arn else identifier,
        arn=arn,
        account=account or None,
        region=region or None,
        observed=_masked({key: item for key, item in members.items() if key not in settable(type_)}),
    )


def _properties(text: Raw) -> dict[str, Raw] | Unknown:
    try:
        found = json.loads(text) if isinstance(text, str) else text
    except (ValueError, RecursionError):
        return Unknown("the response's Properties are not JSON")
    return found if isinstance(found, dict) else Unknown("the response has no Properties")


def _known(type_: str, said: Mapping[str, Raw], *, is_whole: bool) -> dict[str, Value]:
    named = {name: item for name, item in said.items() if name in settable(type_)}

    def why(path: str) -> Unknown | None:
        if not is_whole and "." not in path:
            return _NOT_LISTED
        return _NEVER_SHOWN if _is_hidden(type_, path) else None

    return with_unknown(type_, _masked(named), why)


@cache
def _is_hidden(type_: str, path: str) -> bool:
    """Whether AWS never shows the property, or one in it, so that its absence says nothing."""
    below = [path, *(f"{path}.{name}" for name in schema.names_at(type_, path))]
    return any(info.write_only for inner in below if (info := schema.property_at(type_, inner)))


def _arns(identifier: str, said: Mapping[str, Raw], type_: str) -> Iterator[str]:
    """Yield the texts that may be the resource's ARN: its identifier, or a property of its own that says so."""
    word = type_.rpartition("::")[2]
    for found in (identifier, said.get("Arn"), said.get(f"{word}Arn"), said.get("Id")):
        if isinstance(found, str) and found.startswith("arn:"):
            yield found


def _masked(members: dict[str, Raw]) -> dict[str, Value]:
    masked = redact.mask_tree(members)
    return masked if isinstance(masked, dict) else members
