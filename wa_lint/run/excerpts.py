"""The lines of an input for a report that shows them, with every secret masked as the sources mask it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from functools import cache
from pathlib import Path
from typing import Final

from wa_lint.redact import mask, mask_by_name
from wa_lint.run.inputs import File

_PAIR: Final = re.compile(
    r"""(?P<head>(?P<name>[A-Za-z_][\w.-]*)["']?\s*:\s*)(?P<quote>["']?)(?P<value>[^"'{}\[\],#\s][^"'{}\[\],]*)(?P=quote)"""
)
"""``KEY: value`` in YAML or JSON."""

_NAME: Final = re.compile(r"""["']?(?:Name|Key|ParameterKey)["']?\s*:\s*["']?(?P<name>[A-Za-z_][\w.-]*)""")
"""The other half of ``Name: DB_PASSWORD``, ``Value: …``, which stands a line above or below."""


def excerpts(files: Iterable[File]) -> Callable[[str], Sequence[str]]:
    """Return what gives the masked lines of a uri, read again when they are asked for."""
    by_uri = {file.uri: file for file in files}

    @cache
    def lines(uri: str) -> Sequence[str]:
        if uri not in by_uri:
            return ()
        file = by_uri[uri]
        try:
            content = Path(file.path).read_bytes() if file.content is None else file.content
            return masked_lines(content.decode("utf-8-sig", "replace"))
        except OSError:
            return ()  # it was there when it was judged; the report does without its lines

    return lines


def masked_lines(text: str) -> Sequence[str]:
    """Return the lines of `text`; none if a secret spans several, for what is left would stand at the wrong number."""
    plain, masked = (re.split(r"\r\n|\r|\n", one) for one in (text, mask(text)))  # as a `Document` counts lines
    if len(plain) != len(masked):
        return ()
    return [_masked(masked, i) for i in range(len(masked))]


def _masked(lines: Sequence[str], i: int) -> str:
    around = "\n".join(lines[max(i - 1, 0) : i + 2])
    owner = _NAME.search(around)
    return _PAIR.sub(lambda found: _masked_pair(found, owner["name"] if owner else ""), lines[i])


def _masked_pair(found: re.Match[str], owner: str) -> str:
    name = owner if found["name"] in {"Value", "ParameterValue"} else found["name"]
    value = mask_by_name(name, found["value"]) if name else found["value"]
    return f"{found['head']}{found['quote']}{value}{found['quote']}"
