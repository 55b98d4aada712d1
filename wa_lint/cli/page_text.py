"""A page of Markdown in lines that fit into a terminal: paragraphs and lists are wrapped, tables become lists."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import Final

_FENCE: Final = "```"
_CELL: Final = re.compile(r"(?<!\\)\|")
_ITEM: Final = re.compile(r"(\s*(?:[*-]|\d+\.) )(.*)")


def fitted(page: str, width: int) -> str:
    """Return `page` with no line longer than `width`, unless a word or a line of code is. No word is broken."""
    lines: list[str] = []
    for kind, block in _blocks(page.splitlines()):
        if kind == "table":
            lines += [line for row in _rows(block) for line in _wrapped(row, width, "* ")]
        elif kind == "text":
            lines += [line for mark, text in _items(block) for line in _wrapped(text, width, mark)]
        else:
            lines += block
    return "\n".join(lines) + "\n"


def _blocks(lines: Iterable[str]) -> Iterator[tuple[str, list[str]]]:
    """Yield runs of lines of a kind: code, table, text, or plain (blank lines and headings)."""
    is_code = False
    kinds: list[tuple[str, str]] = []
    for line in lines:
        is_fence = line.lstrip().startswith(_FENCE)
        kinds.append(("code" if is_code or is_fence else _kind(line), line))
        is_code ^= is_fence
    for kind, run in groupby(kinds, key=lambda pair: pair[0]):
        yield kind, [line for _, line in run]


def _kind(line: str) -> str:
    if line.startswith("|"):
        return "table"
    return "text" if line.strip() and not line.startswith("#") else "plain"


def _rows(table: Sequence[str]) -> Iterator[str]:
    """Yield each row of a table as ``cell: head cell; head cell``."""
    head, _, *rows = map(_cells, table)
    for first, *others in rows:
        named = (f"{name} {cell.rstrip('.')}" for name, cell in zip(head[1:], others, strict=False) if cell)
        yield f"{first}: {'; '.join(named)}"


def _cells(line: str) -> list[str]:
    return [cell.strip().replace("\\|", "|") for cell in _CELL.split(line)[1:-1]]


def _items(lines: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Yield the items of a list with their marks, or a paragraph with none; what follows in other lines is joined."""
    mark, words = "", list[str]()
    for line in lines:
        item = _ITEM.fullmatch(line)
        if item and words:
            yield mark, " ".join(words)
            words = []
        mark = item[1] if item else mark if words else ""
        words.append(item[2].strip() if item else line.strip())
    yield mark, " ".join(words)


def _wrapped(text: str, width: int, mark: str = "") -> list[str]:
    indent = " " * len(mark)
    return textwrap.wrap(
        text, width, initial_indent=mark, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
    )
