"""Turns the text of an expression into tokens; knows what a number, a string and a name look like, no grammar."""

from __future__ import annotations

import bisect
import re
from typing import Final

import msgspec

from wa_lint.cel.syntax import CelSyntaxError, Span

INT: Final = "int"
DOUBLE: Final = "double"
STRING: Final = "string"
NAME: Final = "name"
QUOTED_NAME: Final = "quoted name"
SYMBOL: Final = "symbol"
END: Final = "end"


class Token(msgspec.Struct, frozen=True):
    kind: str
    text: str
    """As it is; a string's is its value with escapes resolved, a quoted name's is without backticks."""
    span: Span


def tokens(text: str) -> list[Token]:
    """Return the tokens of `text`, the last of kind `END`. Raise `CelSyntaxError` at what is none."""
    lines = _line_starts(text)
    found: list[Token] = []
    at = 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            raise _error(lines, at, _unreadable(text[at:]))
        if match.lastgroup != "blank":
            found.append(_token(match, lines))
        at = match.end()
    return [*found, Token(END, "", _span(len(text), len(text), lines))]


_TOKEN = re.compile(
    r"""
    (?P<blank>[\t\n\f\r\ ]+|//[^\n]*)
  | (?P<raw>[bB]?[rR][bB]?(?:\'{3}[\s\S]*?\'{3}|"{3}[\s\S]*?"{3}|'[^'\n\r]*'|"[^"\n\r]*"))
  | (?P<string>[bB]?(?:\'{3}(?:\\[\s\S]|[^\\])*?\'{3}|"{3}(?:\\[\s\S]|[^\\])*?"{3}
        |'(?:\\.|[^\\'\n\r])*'|"(?:\\.|[^\\"\n\r])*"))
  | (?P<double>[0-9]*\.[0-9]+(?:[eE][+-]?[0-9]+)?|[0-9]+[eE][+-]?[0-9]+)
  | (?P<int>(?:0[xX][0-9a-fA-F]+|[0-9]+)[uU]?)
  | (?P<name>[_a-zA-Z][_a-zA-Z0-9]*)
  | `(?P<quoted>[a-zA-Z0-9_.\-/ ]+)`
  | (?P<symbol>&&|\|\||==|!=|<=|>=|[.?:,()\[\]{}<>+\-*/%!])
    """,
    re.VERBOSE,
)

_KIND = {"double": DOUBLE, "int": INT, "name": NAME, "quoted": QUOTED_NAME, "symbol": SYMBOL}


def _line_starts(text: str) -> list[int]:
    return [0, *(match.end() for match in re.finditer("\n", text))]


def _span(start: int, end: int, lines: list[int]) -> Span:
    line = bisect.bisect_right(lines, start)
    return Span(start, end, line, start - lines[line - 1] + 1)


def _error(lines: list[int], at: int, problem: str) -> CelSyntaxError:
    place = _span(at, at, lines)
    return CelSyntaxError(place.line, place.column, problem)


def _unreadable(rest: str) -> str:
    if re.match(r"[rRbB]{0,2}['\"]", rest):
        return "this string is not closed"
    return _NO_TOKEN.get(rest[0], f"{rest[0]!r} has no meaning here")


_NO_TOKEN = {"=": "'=' has no meaning here; compare with '=='", "&": "use '&&'", "|": "use '||'"}


def _token(match: re.Match[str], lines: list[int]) -> Token:
    group = match.lastgroup or ""
    span = _span(match.start(), match.end(), lines)
    if group in ("raw", "string"):
        return Token(STRING, _string(match.group(), span.start, lines), span)
    text = match.group(group)
    if group == "int" and text[-1] in "uU":
        raise _error(lines, span.start, "unsigned literals are not in wa-lint's subset of CEL")
    return Token(_KIND[group], text, span)


# --- strings ----------------------------------------------------------------------------------------


def _string(literal: str, at: int, lines: list[int]) -> str:
    """Return the value of a literal with its prefix and quotes, which is at the offset `at`."""
    unprefixed = literal.lstrip("rRbB")
    prefix = literal[: -len(unprefixed)].lower()
    if "b" in prefix:
        raise _error(lines, at, "bytes literals are not in wa-lint's subset of CEL")
    quotes = 3 if unprefixed[:3] in ("'''", '"""') else 1
    body = unprefixed[quotes:-quotes]
    return body if prefix else _unescape(body, at + quotes, lines)


_ESCAPE = re.compile(r"\\(?:[xX]([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-3][0-7]{2})|([\s\S]))")
_SIMPLE = dict(zip("abfnrtv\\?\"'`", "\a\b\f\n\r\t\v\\?\"'`", strict=True))


def _unescape(body: str, at: int, lines: list[int]) -> str:
    return _ESCAPE.sub(lambda match: _escaped(match, at, lines), body)


def _escaped(match: re.Match[str], at: int, lines: list[int]) -> str:
    two, four, eight, octal, simple = match.groups()
    if simple is not None:
        if simple in _SIMPLE:
            return _SIMPLE[simple]
        raise _error(lines, at + match.start(), f"CEL has no escape \\{simple}")
    code = int(octal, 8) if octal else int(two or four or eight, 16)
    if 0xD800 <= code < 0xE000 or code > 0x10FFFF:  # noqa: PLR2004, the surrogates and the end of Unicode
        raise _error(lines, at + match.start(), f"{match.group()} is not a character")
    return chr(code)
