"""Where the fault of a YAML text begins, which is not always where a parser notices it. It reads no value.

A quote, bracket or colon that is missing is noticed lines later, at times at the end of the file. PyYAML's marks say
where it noticed (`problem_mark`) and in what (`context_mark`); the tokens say the rest.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

import yaml

from wa_lint.model import Raw

_BEGINS_IN_CONTEXT: Final = ("while scanning a simple key", "while scanning a quoted scalar", "while scanning a tag")
"""Contexts that begin where the fault does: a line without a colon, a quote that is never closed."""


def fault_in(text: str, error: yaml.MarkedYAMLError) -> int:
    """Return the index of the character at which the fault begins that `error` reports."""
    noticed = error.problem_mark or error.context_mark
    if noticed is None:
        return 0
    context, problem = str(error.context or ""), str(error.problem or "")
    if error.context_mark is not None and context.startswith(_BEGINS_IN_CONTEXT):
        return int(error.context_mark.index)
    tokens = _tokens_before(text, noticed.index)
    quote = _runaway_quote(text, tokens, noticed.index)
    if quote is not None:
        return quote
    if "flow" in context and error.context_mark is not None and _is_unclosed(text, error.context_mark, noticed):
        return int(error.context_mark.index)
    if "flow" in context and (value := _plain_that_goes_on(text, tokens, noticed.index)) is not None:
        return value  # a comma is missing behind it
    if "mapping values are not allowed" in problem:
        return _key_without_colon(text, tokens, noticed.index)
    return int(noticed.index)


def _tokens_before(text: str, end: int) -> Sequence[Raw]:
    """Return the tokens that begin before `end`."""
    found = []
    try:
        for token in yaml.scan(text, Loader=yaml.CLoader if yaml.__with_libyaml__ else yaml.Loader):
            if token.start_mark.index >= end:
                break
            found.append(token)
    except (yaml.YAMLError, ValueError):
        pass
    return found


def _runaway_quote(text: str, tokens: Sequence[Raw], noticed: int) -> int | None:
    """Return where a text in quotes begins that ends, lines later, on the line of the fault: its quote is missing."""
    scalars = [token for token in tokens if isinstance(token, yaml.ScalarToken)]
    if not scalars or scalars[-1].style not in {"'", '"'}:
        return None
    start, end = scalars[-1].start_mark, scalars[-1].end_mark
    is_there = end.line == _line_of(text, noticed)
    return int(start.index) if is_there and end.line > start.line else None


def _is_unclosed(text: str, opening: Raw, noticed: Raw) -> bool:
    """Whether a bracket is never closed: the text ends, or goes on with a line that is not indented deeper."""
    if not text[noticed.index :].strip():
        return True
    return bool(noticed.line > opening.line and _indent(text, noticed.index) <= _indent(text, opening.index))


def _key_without_colon(text: str, tokens: Sequence[Raw], noticed: int) -> int:
    """Return the key without a colon that a plain text is which goes on into the line of the fault.

    A value that goes on began behind its key, and then the line of the fault is indented too deep.
    """
    start = _plain_that_goes_on(text, tokens, noticed)
    if start is None:
        return noticed
    begins_line = not text[_line_start(text, start) : start].strip(" -")
    return start if begins_line else _first_of_line(text, noticed)


def _plain_that_goes_on(text: str, tokens: Sequence[Raw], noticed: int) -> int | None:
    """Return where the last plain text begins, if it goes on into the line of the fault."""
    scalars = [token for token in tokens if isinstance(token, yaml.ScalarToken) and token.plain]
    if not scalars:
        return None
    start, end = scalars[-1].start_mark, scalars[-1].end_mark
    return int(start.index) if end.line > start.line and end.line == _line_of(text, noticed) else None


def _line_start(text: str, index: int) -> int:
    return max(text.rfind("\n", 0, index), text.rfind("\r", 0, index)) + 1


def _first_of_line(text: str, index: int) -> int:
    start = _line_start(text, index)
    found = re.compile(r"[ \t]*").match(text, start)
    return found.end() if found else start


def _indent(text: str, index: int) -> int:
    return _first_of_line(text, index) - _line_start(text, index)


def _line_of(text: str, index: int) -> int:
    """Return the line of a character, 0-based, as the parser's marks count them."""
    return len(re.findall(r"\r\n|[\r\n\x85\u2028\u2029]", text[:index]))
