"""Holds a request to all that botocore's model says of it: its Stubber lets lengths, patterns and enums pass."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import Any

import botocore.session


def faults(service: str, operation: str, request: Any) -> list[str]:
    """Return what is wrong with a request, one line each."""
    return list(_walk(_model(service).operation_model(operation).input_shape, request, "request"))


@cache
def _model(service: str) -> Any:
    return botocore.session.get_session().get_service_model(service)


_PYTHON: dict[str, tuple[Any, ...]] = {
    "structure": (dict,),
    "map": (dict,),
    "list": (list,),
    "string": (str,),
    "boolean": (bool,),
    "integer": (int,),
}


def _walk(shape: Any, value: Any, at: str) -> Iterator[str]:
    if not isinstance(value, _PYTHON.get(shape.type_name, (object,))):
        yield f"{at}: is no {shape.type_name}"
        return
    yield from _limits(shape, value, at)
    if shape.type_name == "structure":
        yield from (f"{at}: lacks {name}" for name in shape.required_members if name not in value)
        yield from (f"{at}: has no member {name}" for name in value if name not in shape.members)
        for name in value:
            if name in shape.members:
                yield from _walk(shape.members[name], value[name], f"{at}.{name}")
    elif shape.type_name == "map":
        for key in value:
            yield from _walk(shape.key, key, f"{at} key")
            yield from _walk(shape.value, value[key], f"{at}.{key}")
    elif shape.type_name == "list":
        for number, item in enumerate(value):
            yield from _walk(shape.member, item, f"{at}[{number}]")


def _limits(shape: Any, value: Any, at: str) -> Iterator[str]:
    said = shape.metadata
    size = value if isinstance(value, int) else len(value) if isinstance(value, str | list | dict) else 0
    if size < said.get("min", size) or size > said.get("max", size):
        yield f"{at}: {size} is not within {said.get('min')} and {said.get('max')}"
    if "enum" in said and value not in said["enum"]:
        yield f"{at}: {value!r} is none of {said['enum']}"
    if "pattern" in said and isinstance(value, str) and not re.fullmatch(said["pattern"], value, re.DOTALL):
        yield f"{at}: {value!r} does not match {said['pattern']}"
