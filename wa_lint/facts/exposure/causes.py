"""Where something comes from that is not in the input, in words. Follows no way."""

from __future__ import annotations

import re
from typing import Final

from wa_lint.graph import Cell
from wa_lint.model import Hole
from wa_lint.policy.wildcards import parts_of

_OUTPUT: Final = re.compile(r"^!?(?:GetAtt )?([A-Za-z0-9]+)\.Outputs\.")
_IMPORT: Final = re.compile(r"!ImportValue ")


def cause(text: Cell, what: str, otherwise: str) -> str:
    """Say where something comes from that is not in the input: ``the function comes from the nested stack App, …``."""
    value = text.value
    if isinstance(value, list | tuple) and value:
        return cause(text.items()[0].select("Id"), what, otherwise)
    for hole in (part for part in parts_of(value) if isinstance(part, Hole) and part.target is None):
        if output := _OUTPUT.match(hole.name):
            return f"{what} comes from the nested stack {output[1]}, which was not followed"
        if _IMPORT.search(hole.name):
            return f"{what} comes from another stack ({hole.name}), which was not read"
        if re.fullmatch(r"\w+", hole.name):
            return f"{what} comes from parameter {hole.name}, whose value is not known"
    if isinstance(value, str):
        return f"{what} {value} is not in this {text.world.graph.snapshot.kind.noun}"
    return f"{what} is not known: {otherwise}"
