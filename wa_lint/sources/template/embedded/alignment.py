"""Which character of a scalar's value was written as which character of the document. It reads no scalar itself.

Blanks aside, YAML and JSON keep every character of a scalar in order, so the n-th that is no blank in the value is the
n-th in the source: whatever the style, the indentation, the folding. An escape counts as the one character it means.
"""

from __future__ import annotations

import bisect
import re
from collections.abc import Sequence
from typing import Final

import msgspec

from wa_lint.document import Document
from wa_lint.model import Location, Path, Raw
from wa_lint.sources.template.sections import Sections

_PROPERTIES: Final = re.compile(r"(?:[!&][^\s,]*\s+)*")
"""Tag and anchor before a YAML scalar."""

_PLAIN: Final = re.compile(r"\S+")
_SINGLE: Final = re.compile(r"''|[^\s']+")
_DOUBLE: Final = re.compile(
    r"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|x[0-9a-fA-F]{2}"
    r"|\r\n|[\s\S])|[^\s\\]+"
)
"""Runs of characters that stand for themselves, and what stands for one character, or for none."""

_LONGEST_CODE: Final = 8
"""Digits of a character's code; what is longer is a pair of surrogates, which mean no blank."""

_BLANK_ESCAPES: Final = frozenset("ntrvf _NLP\t\r\n")
"""Letters of escapes that mean a blank, and what breaks a line without meaning anything."""


class Scalar(msgspec.Struct, frozen=True, eq=False):
    """One text of a document, with its characters that are no blanks."""

    document: Document
    places: Sequence[int]
    """Where each of them is in the value."""
    sources: Sequence[int]
    """Where each of them begins in the document."""
    ends: dict[int, int]
    """Where one ends that is written with several characters, by where it begins."""

    @classmethod
    def of(cls, sections: Sections, path: Path) -> Scalar | None:
        """Return the scalar at `path`; None where there is none, or where it cannot be told what is where."""
        value = value_at(sections.value, path)
        document = _document(sections, sections.locate(path))
        if document is None or not isinstance(value, str):
            return None
        places = [place for found in _PLAIN.finditer(value) for place in range(*found.span())]
        ends: dict[int, int] = {}
        sources = _sources(document.text, *_written(document, sections, path), ends)
        return cls(document, places, sources, ends) if len(places) == len(sources) else None

    def source(self, index: int) -> tuple[int, int] | None:
        """Return where a character of the value is in the document: of a blank, the next that is none."""
        if not self.sources:
            return None
        begin = self.sources[min(bisect.bisect_left(self.places, index), len(self.sources) - 1)]
        return begin, self.ends.get(begin, begin + 1)


def value_at(value: Raw, path: Path) -> Raw:
    """Return what is at `path`; None where there is nothing."""
    for step in path:
        try:
            value = value[step]
        except (KeyError, IndexError, TypeError):
            return None
    return value


def _document(sections: Sections, where: Location) -> Document | None:
    documents = (sections.document, *sections.snippets.values())
    return next((document for document in documents if document.uri == where.uri), None)


def _written(document: Document, sections: Sections, path: Path) -> tuple[int, int]:
    """Return where the value at `path` begins and ends in the document, without its key."""
    whole, key, text = sections.locate(path), sections.locate_key(path), document.text
    begin, end = document.offset(whole.line, whole.column), document.offset(whole.end_line, whole.end_column)
    key_end = document.offset(key.end_line, key.end_column)
    if key_end < end:
        begin = key_end + len(re.match(r"\s*:?\s*", text[key_end:end])[0])  # type: ignore[index] # it matches nothing too
    return begin + len(_PROPERTIES.match(text[begin:end])[0]), end  # type: ignore[index] # the same


def _sources(text: str, begin: int, end: int, ends: dict[int, int]) -> Sequence[int]:
    style = text[begin : begin + 1]
    pattern, mark = {"'": (_SINGLE, "'"), '"': (_DOUBLE, "\\")}.get(style, (_PLAIN, ""))
    if style in {"|", ">"}:
        header = text.find("\n", begin, end)
        begin = header if header >= 0 else end
    elif mark:
        begin, end = begin + 1, end - 1
    found: list[int] = []
    for run in pattern.finditer(text, begin, end):
        if not mark or run[0][0] != mark:
            found.extend(range(*run.span()))
        elif not _is_blank(run[0]):
            found.append(run.start())
            ends[run.start()] = run.end()
    return found


def _is_blank(written: str) -> bool:
    """Whether an escape, or a doubled quote, means a blank or nothing."""
    code = written[2:] if written[1] in "uUx" else ""
    if code:
        return len(code) <= _LONGEST_CODE and chr(int(code, base=16)).isspace()
    return written[0] == "\\" and written[1] in _BLANK_ESCAPES
