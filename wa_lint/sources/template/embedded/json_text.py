"""JSON that is in a template as a text, perhaps in pieces: its values, and the line and column of each.

It joins no text and resolves nothing: what a function puts into the text stays deferred where it is.
"""

from __future__ import annotations

import bisect
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Final

import msgspec

from wa_lint.document import Document, Place
from wa_lint.document.from_json import json_document
from wa_lint.errors import SourceError
from wa_lint.model import AnyScenario, Deferred, Location, Path, Problem, Raw, Resolution, Unknown, Value
from wa_lint.redact import mask_by_name
from wa_lint.schema import ANYTHING
from wa_lint.sources.template.embedded.alignment import Scalar
from wa_lint.sources.template.functions.partial_text import function_of, revealed, spell
from wa_lint.sources.template.functions.question import Template
from wa_lint.sources.template.functions.sub_variables import split
from wa_lint.sources.template.functions.value_tree import Intrinsic
from wa_lint.spelling import FIRST_TOKEN, GAP, token

_MOST_HOLES: Final = 10_000

_CANDIDATE: Final = re.compile(r"\$\{[^{}]*\}")
_QUOTE: Final = re.compile(r'\\.|"', re.DOTALL)
_TOKEN: Final = re.compile(f"([{chr(FIRST_TOKEN)}-{chr(FIRST_TOKEN + _MOST_HOLES)}])")
_RESERVED: Final = re.compile(f"[{chr(FIRST_TOKEN)}-{GAP}]")


class Piece(msgspec.Struct, frozen=True):
    """A stretch of a text: as it is written, or what an expression makes of it."""

    at: Path
    """The scalar, or the expression, that it was written in; below the resource's Properties."""
    text: str | None = None
    """None: an expression decides it."""
    raw: Raw = None
    """The expression."""
    start: int | None = 0
    """Where in the scalar it begins, in characters of its value; None where no scalar holds it."""
    length: int = 0
    """Of the expression, where it is in a scalar, as ``${Key}``."""


Substitutions = Mapping[str, tuple[Path, Raw]]
"""Names that ``${Name}`` stands for, each with the place of its value, and the value."""


def pieces_of(raw: Raw, at: Path) -> list[Piece] | None:
    """Return the pieces of a text that may be joined of several; None where `raw` is not a string in the input."""
    match raw:
        case str():
            return [Piece(at, raw)]
        case {"Fn::Sub": argument} if len(raw) == 1:
            return _of_sub(argument, (*at, "Fn::Sub"))
        case {"Fn::Join": [str(delimiter), list(items)]} if len(raw) == 1:
            return list(_of_join(delimiter, items, (*at, "Fn::Join", 1)))
    return None


def substituted(pieces: Sequence[Piece], names: Substitutions) -> list[Piece]:
    """Return the pieces with each ``${Name}`` in their literals replaced. What no name is given for is a hole."""
    return [new for piece in pieces for new in (_in_literal(piece, names) if piece.text else [piece])]


def text_value(pieces: Sequence[Piece], at: Path, template: Template) -> Value:
    """Return the text that `pieces` make."""
    if all(piece.text is not None for piece in pieces):
        return revealed("".join(piece.text or "" for piece in pieces))
    missing = next((piece.raw for piece in pieces if isinstance(piece.raw, Unknown)), None)
    if missing is not None:
        return missing
    raws = [piece.raw if piece.text is None else piece.text for piece in pieces]
    found = function_of(raws[0]) if len(raws) == 1 else ("Fn::Join", ["", raws])
    if not found or not found[0]:
        return Unknown("a map or list is used instead of a string")
    return Intrinsic(found[0], found[1], at, ANYTHING, template)


class Embedded:
    """One text, read. The places are looked for only when one is requested."""

    def __init__(self, template: Template, head: Path, at: Path, pieces: Sequence[Piece]) -> None:
        self.template = template
        self.head = head
        """The path of the resource's Properties."""
        self.at = at
        self.holes: list[Piece] = []
        self.starts: list[int] = []
        self.pieces: list[Piece] = []
        self.scalars: dict[Path, Scalar | None] = {}
        self.fault: Problem | None = None
        """Where and why it is not valid JSON."""
        self.text = "".join(self._written(pieces))
        self.document = self._document()

    @cached_property
    def value(self) -> Value:
        return self._value(self.document.value, self.at, "")

    def locate(self, path: Path) -> Location:
        """Return the span of key and value at `path`, a path inside the text, or of the deepest key above it."""
        place = self.document.places
        for step in path:
            inner = (place.children or {}).get(step)
            if inner is None:
                break
            place = inner
        return self._location(*_span(place))

    def _written(self, pieces: Sequence[Piece]) -> Iterator[str]:
        """Yield the text with a token for each hole, in quotes where the text has none, noting where each begins."""
        quoted, length = False, 0
        for piece in pieces:
            if piece.text is None:
                self.holes.append(piece)
                if len(self.holes) > _MOST_HOLES:
                    self._refuse(self._place(piece), f"it has more than {_MOST_HOLES} expressions")
                    return
                mark = token(len(self.holes) - 1)
                written = mark if quoted else f'"{GAP}{mark}"'
            else:
                written = piece.text
                if found := _RESERVED.search(written):
                    self._refuse(self._place(piece), f"it holds the character U+{ord(found[0]):X}")
                    return
                quoted ^= sum(quote == '"' for quote in _QUOTE.findall(written)) % 2 == 1
            self.starts.append(length)
            self.pieces.append(piece)
            length += len(written)
            yield written

    def _document(self) -> Document:
        uri = self.template.sections.uri
        try:
            if self.fault is None:
                return json_document(self.text, uri)
        except json.JSONDecodeError as error:
            self._refuse(self._location(error.pos, error.pos + 1), "it is not valid JSON")
        except SourceError as error:
            self._refuse(self._location(0, 1), error.problem)
        return Document(None, self.text, uri, Place(0, 0, 0, 0))

    def _refuse(self, where: Location, why: str) -> None:
        self.fault = Problem(where, why)

    # --- values

    def _value(self, raw: Raw, at: Path, name: str) -> Value:
        if isinstance(raw, dict):
            return {self._key(key): self._value(inner, (*at, key), key) for key, inner in raw.items()}
        if isinstance(raw, list):
            return [self._value(inner, (*at, index), name) for index, inner in enumerate(raw)]
        if not isinstance(raw, str):
            return raw
        if raw.startswith(GAP):
            return _Bare(text_value([self._hole(raw[1:])], at, self.template), name)
        if not _TOKEN.search(raw):
            return revealed(mask_by_name(name, raw))
        parts = [part for part in _TOKEN.split(raw) if part]
        return text_value([self._hole(p) if _TOKEN.match(p) else Piece(at, p) for p in parts], at, self.template)

    def _hole(self, mark: str) -> Piece:
        return self.holes[ord(mark) - FIRST_TOKEN]

    def _key(self, key: str) -> str:
        return _TOKEN.sub(lambda found: f"${{{spell(self._hole(found[0]).raw)}}}", key)

    # --- places

    def _location(self, start: int, end: int) -> Location:
        """Return the span of the document that a span of the text was written as, to the end of the scalar at most."""
        number = self._number(start)
        piece = self.pieces[number] if self.pieces else Piece(self.at, start=None)
        scalar = None if piece.start is None else self._scalar(piece.at)
        if scalar is None:
            return self._place(piece)
        last = max(n for n in range(number, max(number, self._number(end - 1)) + 1) if self._is_in(n, piece.at))
        stop = max(start, min([end, *self.starts[last + 1 : last + 2]]) - 1)
        first, final = self._source(scalar, number, start), self._source(scalar, last, stop, is_end=True)
        return scalar.document.location(first[0], final[1]) if first and final else self._place(piece)

    def _is_in(self, number: int, at: Path) -> bool:
        return self.pieces[number].at == at and self.pieces[number].start is not None

    def _source(self, scalar: Scalar, number: int, index: int, *, is_end: bool = False) -> tuple[int, int] | None:
        piece = self.pieces[number]
        within = index - self.starts[number] if piece.text is not None else is_end * max(0, piece.length - 1)
        return scalar.source((piece.start or 0) + within)

    def _number(self, index: int) -> int:
        return max(0, bisect.bisect_right(self.starts, index) - 1)

    def _scalar(self, at: Path) -> Scalar | None:
        if at not in self.scalars:
            self.scalars[at] = Scalar.of(self.template.sections, (*self.head, *at))
        return self.scalars[at]

    def _place(self, piece: Piece) -> Location:
        return self.template.sections.locate((*self.head, *piece.at))


class _Bare(Deferred):
    """A JSON value that is without quotes, as in ``"InstanceCount": ${Count}``."""

    __slots__ = ("name", "text")

    def __init__(self, text: Value, name: str) -> None:
        self.text = text
        self.name = name
        """The key that it is under."""

    def resolve(self, scenario: AnyScenario) -> Resolution:
        if not isinstance(self.text, Deferred):
            return Resolution(_spelled(self.text, self.name))
        found = self.text.resolve(scenario)
        return Resolution(_spelled(found.value, self.name), found.at, found.assumes)

    def __str__(self) -> str:
        return str(self.text)

    __repr__ = __str__


def _spelled(value: Value, name: str) -> Value:
    """Return what a text spells in JSON, without secrets; what is open stays so."""
    if not isinstance(value, str):
        return value
    try:
        return _without_secrets(json.loads(value), name)
    except (ValueError, RecursionError):
        return Unknown("a value without quotes is not valid JSON")


def _without_secrets(raw: Raw, name: str) -> Value:
    if isinstance(raw, dict):
        return {key: _without_secrets(inner, key) for key, inner in raw.items()}
    if isinstance(raw, list):
        return [_without_secrets(inner, name) for inner in raw]
    return revealed(mask_by_name(name, raw)) if isinstance(raw, str) else raw


def _span(place: Place) -> tuple[int, int]:
    """Return the key and value, or the key alone of a map or list."""
    if place.children is None:
        return place.start, place.end
    return place.start, place.key_end if place.key_end > place.start else place.start + 1


# --- pieces -----------------------------------------------------------------------------------------


def _of_sub(argument: Raw, at: Path) -> list[Piece] | None:
    match argument:
        case str(text):
            return list(_pieces(Piece(at, text), lambda name: _reference(name, {}, at)))
        case [str(text)]:
            return list(_pieces(Piece((*at, 0), text), lambda name: _reference(name, {}, at)))
        case [str(text), dict(given)]:
            return list(_pieces(Piece((*at, 0), text), lambda name: _reference(name, given, (*at, 1, name))))
    return None


def _reference(name: str, given: Mapping[str, Raw], at: Path) -> list[Piece]:
    if name not in given:
        resource, _, attribute = name.partition(".")
        return [Piece(at, raw={"Fn::GetAtt": [resource, attribute]} if attribute else {"Ref": name})]
    return pieces_of(given[name], at) or [Piece(at, raw=given[name])]


def _pieces(literal: Piece, fill: Callable[[str], list[Piece] | None]) -> Iterator[Piece]:
    """Yield a literal with what `fill` gives for each variable in it; None leaves the text as it is."""
    text, begin = literal.text or "", literal.start or 0
    done = 0
    for found in _CANDIDATE.finditer(text):
        (before, name), *_ = split(found[0])
        filled = [Piece(literal.at, before, start=None)] if name is None else fill(name)
        if filled is None:
            continue
        yield from _some(literal, text[done : found.start()], begin + done)
        for piece in filled:
            is_own = piece.text is None and piece.start is not None
            start = None if literal.start is None else begin + found.start()
            yield Piece(literal.at, None, piece.raw, start, len(found[0])) if is_own else piece
        done = found.end()
    yield from _some(literal, text[done:], begin + done)


def _some(literal: Piece, text: str, start: int) -> Iterator[Piece]:
    if text:
        yield Piece(literal.at, text, start=None if literal.start is None else start)


def _in_literal(piece: Piece, names: Substitutions) -> Iterator[Piece]:
    def fill(name: str) -> list[Piece]:
        if name not in names:
            missing = Unknown(f"${{{name}}} is not in DefinitionSubstitutions")
            return [Piece(piece.at, raw=missing)]
        at, raw = names[name]
        return pieces_of(raw, at) or [Piece(at, raw=raw)]

    yield from _pieces(piece, fill)


def _of_join(delimiter: str, items: Sequence[Raw], at: Path) -> Iterator[Piece]:
    for index, item in enumerate(items):
        here = (*at, index)
        if index and delimiter:
            yield Piece(here, delimiter, start=None)
        yield from pieces_of(item, here) or [Piece(here, raw=item, start=None)]
