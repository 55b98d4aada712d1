"""JSON with the standard library's parser; the places are found in a second pass, when somebody asks."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Final

from wa_lint.document.positions import TOO_DEEP, Document, Place, decimal, is_too_deep, twin, whole
from wa_lint.errors import SourceError
from wa_lint.model import Raw

_TOKEN: Final = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\],:]|[^\s{}\[\],:"]+', re.DOTALL)


def json_document(text: str, uri: str) -> Document:
    """Read a JSON text. Raise `json.JSONDecodeError` if it is not one, `SourceError` where it nests too deeplyly."""
    twins: list[dict[str, Raw]] = []

    def as_map(pairs: list[tuple[str, Raw]]) -> dict[str, Raw]:
        found = dict(pairs)
        if len(found) < len(pairs):
            twins.append(found)
        return found

    try:
        value = json.loads(text, object_pairs_hook=as_map, parse_float=decimal, parse_int=whole, parse_constant=_refuse)
    except RecursionError:
        raise SourceError(uri, TOO_DEEP) from None
    if is_too_deep(value):
        raise SourceError(uri, TOO_DEEP)
    document = Document(_sound(value) if "\\u" in text else value, text, uri, index_json)
    if twins:
        document.problems = tuple(twin(key, document.location(*span)) for key, span in _twins(text))
    return document


def index_json(text: str) -> Place:
    """Return the places in a text that is known to be JSON and not too deep."""
    return _Index(text).value()


def _refuse(constant: str) -> Raw:
    msg = f"{constant} is not valid JSON"
    raise json.JSONDecodeError(msg, constant, 0)


def _sound(value: Raw) -> Raw:
    r"""Return the value without halves of surrogate pairs, as ``\ud800``: no output could be UTF-8 with them."""
    if isinstance(value, str):
        return re.sub("[\ud800-\udfff]", "\ufffd", value)
    if isinstance(value, dict):
        return {_sound(key): _sound(inner) for key, inner in value.items()}
    return [_sound(inner) for inner in value] if isinstance(value, list) else value


def _twins(text: str) -> list[tuple[str, tuple[int, int]]]:
    index = _Index(text)
    index.value()
    return index.twins


class _Index:
    """Walks the tokens of a JSON text once."""

    def __init__(self, text: str) -> None:
        self.tokens = _TOKEN.finditer(text)
        self.token = next(self.tokens)
        self.twins: list[tuple[str, tuple[int, int]]] = []

    def value(self, key: tuple[int, int] | None = None) -> Place:
        """Return the place of the value that begins at the token, and step behind it."""
        begin, opening = self.token.start(), self.token.group()
        inside = {"{": self._members, "[": self._items}.get(opening)
        children = None if inside is None else dict(inside())
        end = self.token.end()
        self._advance()
        start, key_end = key or (begin, begin)
        return Place(start, key_end, begin, end, children)

    def _members(self) -> Iterator[tuple[str | int, Place]]:
        seen: set[str] = set()
        while self._advance() != "}":
            span, key = self.token.span(), _sound(json.loads(self.token.group()))
            if key in seen:
                self.twins.append((key, span))
            seen.add(key)
            self._advance()  # to the colon
            self._advance()  # behind it
            yield key, self.value(span)
            if self.token.group() == "}":
                return

    def _items(self) -> Iterator[tuple[str | int, Place]]:
        index = 0
        while self._advance() != "]":
            yield index, self.value()
            index += 1
            if self.token.group() == "]":
                return

    def _advance(self) -> str:
        self.token = next(self.tokens, self.token)
        return self.token.group()
