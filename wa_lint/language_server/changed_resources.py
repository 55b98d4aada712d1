"""Which resources of a large template are judged anew after a keystroke: what changed, and what is connected with it.

A verdict may rest on any resource that names the judged one or is named by it, over several steps. The nearest of them
are judged, up to `MOST`; the others keep their verdicts until the file is judged as a whole.
"""

from __future__ import annotations

import bisect
import re
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Final

import msgspec

from wa_lint.document import Document
from wa_lint.model import Listed, Location, Raw

MOST: Final = 120
"""Resources that are judged after a keystroke: together a fifth of a second at the most (measured, 2026-12)."""

_NAMED: Final = ("Parameters", "Conditions", "Mappings")
"""Sections whose members resources name."""

_SILENT: Final = frozenset({"Resources", "Outputs", "Description", *_NAMED})

_WORD: Final = re.compile(r"[A-Za-z0-9]+")


class Outline(msgspec.Struct, frozen=True, eq=False, dict=True):
    """A template by its top-level resources: where each begins, and which texts it holds."""

    document: Document
    starts: Sequence[tuple[int, int]]
    """Line and column of each resource, in order."""
    keys: Sequence[str]
    """Their logical ids, in the same order."""
    words: Mapping[str, frozenset[str]]
    """By logical id: words and whole texts of the body."""

    @property
    def texts(self) -> Mapping[str, str]:
        """What is written from where each resource begins to the next one: a blank line moves what is below it."""
        begins = [self.document.offset(line, column) for line, column in self.starts]
        spans = zip(self.keys, begins, [*begins[1:], len(self.document.text)], strict=True)
        return {key: self.document.text[begin:end] for key, begin, end in spans}

    def key_at(self, place: Location) -> str | None:
        """Return the logical id of the resource that a place is in; None where it is in another file."""
        number = bisect.bisect_right(self.starts, (place.line, place.column)) - 1
        return self.keys[number] if number >= 0 and place.uri == self.document.uri else None

    @cached_property
    def lines(self) -> Mapping[str, int]:
        return {key: line for key, (line, _) in zip(self.keys, self.starts, strict=True)}


def outline_of(document: Document, before: Outline | None = None) -> Outline | None:
    """Return the outline of a template; None of what has no map of resources. `before` saves reading what is equal."""
    bodies = _bodies(document)
    if not bodies:
        return None
    places = ((document.locate_key(("Resources", key)), key) for key in bodies)
    ordered = sorted(((place.line, place.column), key) for place, key in places)
    old = _bodies(before.document) if before else {}
    known = before.words if before else {}
    words = {
        key: known[key] if key in known and old.get(key) == body else frozenset(_words(body))
        for key, body in bodies.items()
    }
    return Outline(document, [start for start, _ in ordered], [key for _, key in ordered], words)


def touched(before: Outline, after: Outline) -> frozenset[str] | None:
    """Return the resources to judge anew, the nearest to a change first; None where that is anybody's guess."""
    old, new = before.document.value, after.document.value
    if any(old.get(name) != new.get(name) for name in {*old, *new} - _SILENT):
        return None
    changed = _differing(_bodies(before.document), _bodies(after.document)) | _differing(before.texts, after.texts)
    named = {name for section in _NAMED for name in _differing(old.get(section), new.get(section))}
    named |= _resting_on(named, new.get("Conditions"))
    seeds = changed | {key for key, words in after.words.items() if not named.isdisjoint(words)}
    return frozenset(_nearest(seeds, before, after))


def _nearest(seeds: Collection[str], before: Outline, after: Outline) -> Sequence[str]:
    """Return the resources that are there, by how far they are from `seeds`, no more than `MOST`."""
    neighbours = _neighbours(before, after)
    found = dict.fromkeys(key for key in after.keys if key in seeds)
    level = list(dict.fromkeys([*found, *seeds]))
    seen = set(level)
    while level and len(found) < MOST:
        level = [key for near in level for key in sorted(neighbours.get(near, ())) if key not in seen]
        level = list(dict.fromkeys(level))
        seen.update(level)
        found.update(dict.fromkeys(key for key in level if key in after.words))
    return list(found)[:MOST]


def _neighbours(before: Outline, after: Outline) -> Mapping[str, set[str]]:
    """Return who names whom, either way: by logical id, or by a text that the other calls itself."""
    called: dict[str, set[str]] = defaultdict(set)
    for outline in (before, after):
        for key, body in _bodies(outline.document).items():
            for name in (key, *_own_names(body)):
                called[name].add(key)
    neighbours: dict[str, set[str]] = defaultdict(set)
    for outline in (before, after):
        for key, words in outline.words.items():
            for name in words & called.keys():
                for other in called[name] - {key}:
                    neighbours[key].add(other)
                    neighbours[other].add(key)
    return neighbours


def _own_names(body: Raw) -> Iterator[str]:
    properties = body.get("Properties") if isinstance(body, dict) else None
    for name, value in properties.items() if isinstance(properties, dict) else ():
        if isinstance(value, str) and str(name).endswith("Name"):
            yield value


def _resting_on(names: Collection[str], conditions: Raw) -> set[str]:
    """Return the conditions that rest on what has one of `names`, over several steps."""
    found: set[str] = set()
    words = {name: frozenset(_words(body)) for name, body in _mapping(conditions).items()}
    while more := {name for name, own in words.items() if name not in found and own & {*names, *found}}:
        found |= more
    return found


def _differing(old: Raw, new: Raw) -> set[str]:
    """Return the keys whose values are not the same in two maps."""
    before, after = _mapping(old), _mapping(new)
    return {name for name in {*before, *after} if name not in before or before[name] != after.get(name)}


def _bodies(document: Document) -> Mapping[str, Raw]:
    return _mapping(document.value.get("Resources")) if isinstance(document.value, dict) else {}


def _mapping(value: Raw) -> Mapping[str, Raw]:
    return value if isinstance(value, dict) else {}


def _words(value: Raw) -> Iterator[str]:
    if isinstance(value, dict):
        for name, inner in value.items():
            yield str(name)
            yield from _words(inner)
    elif isinstance(value, list):
        for item in value:
            yield from _words(item)
    elif isinstance(value, str):
        yield value
        yield from _WORD.findall(value)


def moved(place: Location, lines: int) -> Location:
    """Return a place so many lines further down."""
    return msgspec.structs.replace(place, line=place.line + lines, end_line=place.end_line + lines)


def moved_origin(place: Location, lines: int) -> Listed:
    return Listed(moved(place, lines))
