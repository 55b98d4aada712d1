# ruff: noqa: RUF001 -- the marks are angle quotes
"""The lines of an input for a report that shows them, with every secret masked as the sources mask it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Final

from wa_lint.redact import mask, mask_by_name
from wa_lint.run.declared_secrets import declared_secrets
from wa_lint.run.inputs import File

_PAIR: Final = re.compile(
    r"""(?<![\w.-])(?P<head>(?P<name>\w[\w.-]*+)["']?\s*:\s*)(?P<quote>["']?)(?P<value>[^"'{}\[\],#\s][^"'{}\[\],]*)(?P=quote)"""
)
"""``KEY: value`` in YAML or JSON."""

_NAME: Final = re.compile(r"""["']?(?:Name|Key|ParameterKey)["']?\s*:\s*["']?(?P<name>[A-Za-z_][\w.-]*)""")
"""The other half of ``Name: DB_PASSWORD``, ``Value: …``, which stands a line above or below."""


def excerpts(files: Iterable[File]) -> Callable[[str], Sequence[str]]:
    """Return what gives the masked lines of a uri, read again when they are requested."""
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
    """Return the lines of `text`; none if a secret spans several, for what is left would be at the wrong number."""
    plain, masked = (re.split(r"\r\n|\r|\n", one) for one in (text, mask(text)))  # as a `Document` counts lines
    if len(plain) != len(masked):
        return ()
    hidden = _hidden(masked)
    lines = [_DEFAULT.sub(r"\g<head>‹secret:hidden›", line) if i in hidden else line for i, line in _each(masked)]
    declared = declared_secrets(text)
    return [_spelled(declared).sub("‹secret:declared›", line) for line in lines] if declared else lines


@cache
def _spelled(secrets: frozenset[str]) -> re.Pattern[str]:
    """Return what finds secrets that stand alone in a line, as YAML or JSON may spell them."""
    spelled = {text for secret in secrets for text in (secret, json.dumps(secret)[1:-1])}
    longest_first = sorted(spelled, key=lambda text: (-len(text), text))
    return re.compile(rf"(?<![A-Za-z0-9])(?:{'|'.join(map(re.escape, longest_first))})(?![A-Za-z0-9])")


def _each(lines: Sequence[str]) -> Iterator[tuple[int, str]]:
    return ((i, _masked(lines, i)) for i in range(len(lines)))


def _hidden(lines: Sequence[str]) -> frozenset[int]:
    """Return the numbers of the lines that declare a parameter whose value no report shows (NoEcho)."""
    found: set[int] = set()
    for i, line in enumerate(lines):
        if _NO_ECHO.search(line):
            depth = _depth(line)
            for step in (1, -1):
                j = i
                while 0 <= j < len(lines) and _depth(lines[j]) >= depth and abs(j - i) < _MOST_OF_ONE:
                    found.add(j)
                    j += step
    return frozenset(found)


def _depth(line: str) -> int:
    return len(line) - len(line.lstrip())


_MOST_OF_ONE: Final = 40
"""Lines of one parameter, at most."""

_NO_ECHO: Final = re.compile(r"""NoEcho["']?\s*:\s*["']?(?i:true|yes)""")
_DEFAULT: Final = re.compile(r"""(?P<head>Default["']?\s*:\s*)(?:"(?:\\.|[^"\\])*"|'[^']*'|[^\s"'{}\[\],][^,}\]]*)""")


def _masked(lines: Sequence[str], i: int) -> str:
    around = "\n".join(lines[max(i - 1, 0) : i + 2])
    owner = _NAME.search(around)
    return _PAIR.sub(lambda found: _masked_pair(found, owner["name"] if owner else ""), lines[i])


def _masked_pair(found: re.Match[str], owner: str) -> str:
    name = owner if found["name"] in {"Value", "ParameterValue"} else found["name"]
    value = mask_by_name(name, found["value"]) if name else found["value"]
    return f"{found['head']}{found['quote']}{value}{found['quote']}"
