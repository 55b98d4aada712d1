"""Finds out what a file is, whatever it is called, and has it read: JSON as JSON, all else as YAML."""

from __future__ import annotations

import codecs
import json
from typing import Final

from wa_lint.document.from_json import json_document
from wa_lint.document.from_yaml import UNRENDERED, yaml_document
from wa_lint.document.positions import Document, error_at
from wa_lint.errors import SourceError

_RETRY: Final = 1_000_000
"""Characters up to which a text that begins as JSON and is none is tried as YAML."""

_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
"""Byte order marks; UTF-32's is tried first, for UTF-16's begins it."""


def read_document(content: bytes | str, uri: str) -> Document:
    """Read YAML or JSON.

    Raise `SourceError` with line and column where it is neither, too deep, too long, or an alias bomb.
    """
    text = (content if isinstance(content, str) else _decoded(content, uri)).removeprefix("\ufeff")
    if text.lstrip(" \t\r\n")[:1] not in {"{", "["}:
        return yaml_document(text, uri)
    try:
        return json_document(text, uri)
    except json.JSONDecodeError as error:
        return _almost_json(text, uri, error)


def _decoded(content: bytes, uri: str) -> str:
    mark, encoding = next(((m, e) for m, e in _MARKS if content.startswith(m)), (b"", "utf-8"))
    body = content[len(mark) :]
    try:
        return body.decode(encoding)
    except UnicodeDecodeError as error:
        before = body[: error.start].decode(encoding, "replace")
        problem = f"byte {len(mark) + error.start} of the file is not {encoding.upper()}; save the file as UTF-8"
        raise error_at(before, len(before), uri, problem) from None


def _almost_json(text: str, uri: str, error: json.JSONDecodeError) -> Document:
    """Read as YAML what begins like JSON, as ``{a: b}``; if it is none either, say what is wrong with it as JSON."""
    try:
        if len(text) <= _RETRY:
            return yaml_document(text, uri)
    except SourceError:
        pass  # the JSON error is the better one: it began with a bracket
    raise error_at(text, error.pos, uri, f"it is neither JSON nor YAML: {_hint(text, error)}") from None


def _hint(text: str, error: json.JSONDecodeError) -> str:
    here = text[error.pos : error.pos + 2]
    if text.lstrip().startswith(("{{", "{%")):
        return UNRENDERED
    if error.pos >= len(text.rstrip()):
        return "it ends unexpectedly; a bracket or a quote is missing"
    if here[:1] in {"}", "]"}:
        return "there is a comma before the closing bracket; remove it"
    if here in {"//", "/*"} or here[:1] == "#":
        return "JSON has no comments; remove this one"
    if here[:1] == "'":
        return "JSON's quotes are double; replace the single ones"
    return error.msg[:1].lower() + error.msg[1:]
