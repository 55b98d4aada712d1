"""A text that was read, and where each of its values is. It reads nothing itself."""

from __future__ import annotations

import bisect
import re
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from typing import Final, NamedTuple, Self

from wa_lint.errors import SourceError
from wa_lint.model import Location, Path, Problem, Raw

MAX_DEPTH: Final = 100
"""Levels of maps and lists in one document. Real templates have some twenty; what walks values may recurse."""

TOO_DEEP: Final = f"it nests deeper than {MAX_DEPTH} levels, so it was not read"


class Number(float):
    """A decimal that is not written as Python would write it, as ``1.10``: some properties are texts after all."""

    written: str

    def __new__(cls, written: str) -> Self:
        number = super().__new__(cls, written)
        number.written = written
        return number

    def __getnewargs__(self) -> tuple[str]:  # type: ignore[override] # float's own takes a float, we take its text
        return (self.written,)


class Place(NamedTuple):
    """Where one value is in the text, in characters from its beginning."""

    start: int
    """Of the key, or of the value if it has none."""
    key_end: int
    """Equal to `start` for what has no key."""
    value: int
    end: int
    children: dict[str | int, Place] | None = None
    """The places inside a map or list; None for a scalar."""


class Comment(NamedTuple):
    """A comment with its ``#``, to the end of its line."""

    location: Location
    text: str


class Document:
    """One text, read. An index built once: that of JSON only when a place is first requested."""

    def __init__(self, value: Raw, text: str, uri: str, index: Callable[[str], Place] | Place) -> None:
        self.value = value
        """Plain JSON: dicts, lists and scalars, some of them `Number`."""
        self.text = text
        self.uri = uri
        self.problems: tuple[Problem, ...] = ()
        self.continues_at: Location | None = None
        """Where a second YAML document begins, which was not read."""
        self._index = index

    @property
    def is_empty(self) -> bool:
        """Whether it is empty but blanks and comments, or a null."""
        return self.value is None

    def locate(self, path: Path) -> Location:
        """Return the span of the key and value at `path`, or of the deepest key above it that exists.

        The span ends with the key where the value is a map or list of several lines.
        """
        return self.location(*self._span(self._find(path)[1]))

    def locate_key(self, path: Path) -> Location:
        """As `locate`, but of the key alone."""
        place = self._find(path)[1]
        return self.location(place.start, place.key_end) if place.key_end > place.start else self.locate(path)

    def depth_of(self, path: Path) -> int:
        """Return how many steps of `path` exist."""
        return self._find(path)[0]

    def comments(self) -> Iterator[Comment]:
        """Yield the comments of a YAML text, in order. JSON has none."""
        scalars = sorted(set(_scalars(self.places)))
        starts = [start for start, _ in scalars]
        for found in re.finditer(r"(?:^|(?<=[ \t\r\n]))#[^\r\n]*", self.text):
            before = bisect.bisect_right(starts, found.start()) - 1
            if before < 0 or scalars[before][1] <= found.start():
                yield Comment(self.location(*found.span()), found.group())

    def location(self, start: int, end: int) -> Location:
        """Return the span between two characters, counted from the text's beginning."""
        line, end_line = self._line_of(start), self._line_of(end)
        column, end_column = start - self._lines[line] + 1, end - self._lines[end_line] + 1
        return Location(self.uri, line + 1, column, end_line + 1, end_column)

    def offset(self, line: int, column: int) -> int:
        """Return which character is at `line` and `column`, as a `Location` counts them."""
        return self._lines[line - 1] + column - 1

    @cached_property
    def places(self) -> Place:
        """The place of the whole value, and within it those of all others."""
        return self._index if isinstance(self._index, Place) else self._index(self.text)

    def _find(self, path: Path) -> tuple[int, Place]:
        place = self.places
        for depth, step in enumerate(path):
            inner = (place.children or {}).get(step)
            if inner is None:
                return depth, place
            place = inner
        return len(path), place

    def _span(self, place: Place) -> tuple[int, int]:
        if place.children is None or self._line_of(place.start) == self._line_of(place.end):
            return place.start, place.end
        if place.key_end > place.start:
            return place.start, place.key_end
        first = next(iter(place.children.values()), None)
        if first is None or self.text[place.start] in "{[":
            return place.start, place.start + 1
        return place.start, self._span(first)[1]

    def _line_of(self, index: int) -> int:
        return bisect.bisect_right(self._lines, index) - 1

    @cached_property
    def _lines(self) -> Sequence[int]:
        return _line_starts(self.text)


def error_at(text: str, index: int, uri: str, problem: str) -> SourceError:
    """Return the error that names line and column of the character at `index`."""
    starts = _line_starts(text)
    line = bisect.bisect_right(starts, index) - 1
    return SourceError(f"{uri}:{line + 1}:{index - starts[line] + 1}", problem)


def is_too_deep(value: Raw) -> bool:
    """Whether maps and lists nest deeper in a value than in any document that is read."""
    level = [value]
    for _ in range(MAX_DEPTH + 1):
        level = [inner for outer in level for inner in _inner(outer) if isinstance(inner, dict | list)]
        if not level:
            return False
    return True


def _inner(value: Raw) -> Raw:
    return value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()


def twin(key: str, location: Location) -> Problem:
    """Return the problem of a key that is repeated. The last one counts, others report (cdk-real-drift#1133)."""
    return Problem(location, f"the key {key!r} occurs twice; the last one counts")


def decimal(written: str) -> float | str:
    """Return the number; as text where no number can hold it, as ``1e400``."""
    number = float(written)
    if number in {float("inf"), float("-inf")}:
        return written
    return number if repr(number) == written else Number(written)


def whole(written: str) -> int | str:
    """Return the number; as text where it is longer than any that AWS takes."""
    return int(written) if len(written) <= 40 else written  # noqa: PLR2004, twice the digits of a 64-bit number


def _line_starts(text: str) -> list[int]:
    """Return where the lines begin, as an editor counts them: YAML 1.1 would also break at U+0085 and U+2028."""
    return [0, *(found.end() for found in re.finditer(r"\r\n|\r|\n", text))]


def _scalars(place: Place) -> Iterator[tuple[int, int]]:
    """Yield the spans of all keys and scalars below `place`; what an alias repeats comes more than once."""
    if place.key_end > place.start:
        yield place.start, place.key_end
    if place.children is None:
        yield place.value, place.end
    for child in (place.children or {}).values():
        yield from _scalars(child)
