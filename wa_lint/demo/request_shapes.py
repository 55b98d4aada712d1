"""Fits values into the input shapes of botocore's model: names, types, texts that hold JSON. It sends nothing."""

from __future__ import annotations

import json
from collections.abc import Iterator

from wa_lint.model import Raw

Item = dict[str, Raw]


def shaped(shape: Raw, value: Raw) -> tuple[Raw, tuple[str, ...]]:
    """Return what of `value` the `shape` takes, converted to its types, and the paths that it does not.

    A member's name may differ in the case of its first letter. A list of Key and Value is a map where a map is wanted,
    and a map or list is its JSON where a text is.
    """
    unknown: list[str] = []
    return _fit(shape, value, "", unknown), tuple(unknown)


def _fit(shape: Raw, value: Raw, path: str, unknown: list[str]) -> Raw:
    match shape.type_name, value:
        case "structure", dict():
            return dict(_members(shape, value, path, unknown))
        case "list", list():
            return [_fit(shape.member, item, f"{path}[{n}]", unknown) for n, item in enumerate(value)]
        case "list", _:
            return [_fit(shape.member, value, path, unknown)]
        case "map", list():
            return {pair["Key"]: _fit(shape.value, pair["Value"], path, unknown) for pair in value}
        case "map", dict():
            return {key: _fit(shape.value, item, f"{path}.{key}", unknown) for key, item in value.items()}
        case "string", dict() | list():
            return json.dumps(value)
    return _scalar(shape.type_name, value)


def _members(shape: Raw, value: Item, path: str, unknown: list[str]) -> Iterator[tuple[str, Raw]]:
    names = {name[:1].lower() + name[1:]: name for name in shape.members}
    for key, item in value.items():
        name = names.get(key[:1].lower() + key[1:])
        here = f"{path}.{key}".removeprefix(".")
        if name is None:
            unknown.append(here)
        else:
            yield name, _fit(shape.members[name], item, here, unknown)


def _scalar(type_name: str, value: Raw) -> Raw:
    match type_name, value:
        case "string", bool():
            return "true" if value else "false"
        case "string", int() | float():
            return str(value)
        case "boolean", str():
            return value.lower() in {"true", "yes"}
        case "integer" | "long", str():
            return int(value)
        case "float" | "double", str():
            return float(value)
    return value
