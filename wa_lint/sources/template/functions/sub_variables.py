"""The variables in the text of an ``Fn::Sub``, and the names that an expression reads. Resolves nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from wa_lint.model import Raw

_VARIABLE: Final = re.compile(r"\$\{(?:!(?P<literal>[^{}]*)|(?P<name>[A-Za-z0-9_.:]+))\}")
"""``${Name}``, ``${Resource.Attribute}``, ``${AWS::Region}``; ``${!Literal}`` is the text ``${Literal}``."""


def split(text: str) -> Iterator[tuple[str, str | None]]:
    """Yield each literal with the variable behind it, None at the end."""
    literal, end = "", 0
    for found in _VARIABLE.finditer(text):
        literal += text[end : found.start()]
        end = found.end()
        if found["name"] is None:
            literal += f"${{{found['literal']}}}"
            continue
        yield literal, found["name"]
        literal = ""
    yield literal + text[end:], None


def variables_of(raw: Raw) -> Iterator[str]:
    """Yield the names that an expression reads by Ref or Sub; a GetAtt is its ``Resource.Attribute``."""
    if isinstance(raw, dict):
        if isinstance(raw.get("Ref"), str):
            yield raw["Ref"]
        yield from _of_sub(raw.get("Fn::Sub"))
        for inner in raw.values():
            yield from variables_of(inner)
    elif isinstance(raw, list):
        for inner in raw:
            yield from variables_of(inner)


def _of_sub(argument: Raw) -> Iterator[str]:
    text = argument[0] if isinstance(argument, list) and argument else argument
    for _, name in split(text) if isinstance(text, str) else ():
        if name:
            yield name
