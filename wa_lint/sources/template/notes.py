"""What is in a template for wa-lint to read: comments and Metadata sections, with what they speak of.

It finds them; `wa_lint.suppress.allow` says what they mean.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator
from typing import Final

import msgspec

from wa_lint.document import Document
from wa_lint.document.positions import Comment, Place
from wa_lint.model import Location, Note, Path, Raw

_OURS: Final = re.compile(r"#+\s*wa-lint\s*:\s*(?P<text>.*)", re.DOTALL)

_KEY: Final = "wa-lint"


class _Node(msgspec.Struct, frozen=True):
    """A key or a list's item, and where it begins and ends."""

    path: Path
    place: Place


def notes_of(document: Document) -> Iterator[Note]:
    """Yield the notes of one file, those of comments first."""
    if _KEY not in document.text or not isinstance(document.value, dict):
        return
    ours = [(comment, found) for comment in document.comments() if (found := _OURS.fullmatch(comment.text))]
    nodes = sorted(_nodes((), document.places), key=lambda node: node.place.start) if ours else []
    starts = [node.place.start for node in nodes]
    for comment, found in ours:
        node = _beside(document, comment, nodes, starts)
        yield _of_comment(document, comment, found["text"].strip(), node)
    yield from _of_metadata(document, (), document.value)


def _of_comment(document: Document, comment: Comment, text: str, node: _Node | None) -> Note:
    body = None if node is None else _resource(document, node.path)
    if node is None or body is None:
        return Note("comment", text, comment.location, comment.location)
    is_whole = len(node.path) <= len(body) + 1  # the resource, its Type, its Properties as such
    covered = _at(document.places, body) if is_whole else node.place
    span = document.location(covered.start, covered.end)
    return Note("comment", text, comment.location, span, str(body[-1]) if is_whole else None)


def _beside(document: Document, comment: Comment, nodes: list[_Node], starts: list[int]) -> _Node | None:
    """Return the outermost key or item that begins on the comment's line; else on the next line that has one."""
    line_start = document.offset(comment.location.line, 1)
    at = document.offset(comment.location.line, comment.location.column)
    first = bisect_left(starts, line_start)
    if first < len(nodes) and starts[first] < at:
        return nodes[first]
    following = bisect_left(starts, at)
    return nodes[following] if following < len(nodes) else None


def _nodes(path: Path, place: Place) -> Iterator[_Node]:
    for step, child in (place.children or {}).items():
        yield _Node((*path, step), child)
        yield from _nodes((*path, step), child)


def _resource(document: Document, path: Path) -> Path | None:
    """Return the path of the resource that `path` is in: the innermost map with a Type in Resources."""
    value: Raw = document.value
    if path[:1] != ("Resources",):
        return None
    for depth, step in enumerate(path):
        value = _child(value, step)
        if depth and isinstance(value, dict) and isinstance(value.get("Type"), str):
            return path[: depth + 1]
    return None


def _child(value: Raw, step: str | int) -> Raw:
    if isinstance(value, dict):
        return value.get(step)
    return value[step] if isinstance(value, list) and isinstance(step, int) and step < len(value) else None


def _at(place: Place, path: Path) -> Place:
    for step in path:
        place = (place.children or {})[step]
    return place


def _of_metadata(document: Document, path: Path, value: Raw) -> Iterator[Note]:
    """Yield the sections of all resources; those in the body of a loop are found where it is written."""
    if path and path[0] != "Resources":
        return
    if isinstance(value, dict) and isinstance(value.get("Type"), str) and path:
        metadata = value.get("Metadata")
        if isinstance(metadata, dict) and _KEY in metadata:
            covered = _at(document.places, path)
            at: Location = document.locate_key((*path, "Metadata", _KEY))
            span = document.location(covered.start, covered.end)
            yield Note("metadata", metadata[_KEY], at, span, str(path[-1]))
        return
    for step, inner in (
        value.items() if isinstance(value, dict) else enumerate(value if isinstance(value, list) else ())
    ):
        yield from _of_metadata(document, (*path, step), inner)
