"""Where texts are in a JSON file, found in one pass however many are requested. It reads no file."""

from __future__ import annotations

import bisect
import json
import re
from collections.abc import Iterable, Mapping
from typing import Final

from wa_lint.model import Location

_TEXT: Final = re.compile(r'"(?:[^"\\]|\\.)*+"')
_NEWLINE: Final = re.compile(r"\n")


def places_of(wanted: Iterable[str], text: str, uri: str) -> Mapping[str, Location]:
    """Return where each of `wanted` is first as a whole JSON string; what is nowhere is left out."""
    written = {json.dumps(name, ensure_ascii=ascii_only): name for name in wanted for ascii_only in (False, True)}
    starts: dict[str, int] = {}
    for found in _TEXT.finditer(text):
        name = written.get(found.group())
        if name is not None:
            starts.setdefault(name, found.start())
    breaks = [found.end() for found in _NEWLINE.finditer(text)]
    return {name: _location(uri, start, breaks) for name, start in starts.items()}


def _location(uri: str, start: int, breaks: list[int]) -> Location:
    line = bisect.bisect_right(breaks, start)
    return Location(uri, line + 1, start - (breaks[line - 1] if line else 0) + 1)
