"""YAML from PyYAML's events, with our own ideas of scalars, tags and keys. Nothing in a document is ever executed.

Without libyaml the pure Python scanner is in, fixed where it knows no tabs, so that both read the same.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import cache
from typing import Final, NamedTuple

import yaml

from wa_lint import budget
from wa_lint.document.faults import fault_in
from wa_lint.document.positions import MAX_DEPTH, TOO_DEEP, Document, Place, decimal, error_at, twin, whole
from wa_lint.errors import SourceError
from wa_lint.model import Problem, Raw

MAX_LENGTH: Final = 10_000_000
"""Characters of YAML; CloudFormation itself takes no template above 1 MB."""

MAX_REPEATED: Final = 100_000
"""Values that aliases may repeat: a bomb of 640 bytes repeats a thousand million."""

_FUNCTIONS: Final = (
    *("And", "Base64", "Cidr", "Contains", "EachMemberEquals", "EachMemberIn", "Equals", "FindInMap", "ForEach"),
    *(
        "GetAtt",
        "GetAZs",
        "GetStackOutput",
        "If",
        "ImportValue",
        "Join",
        "Length",
        "Not",
        "Or",
        "RefAll",
        "Select",
        "Split",
        "Sub",
    ),
    *("ToJsonString", "Transform", "ValueOf", "ValueOfAll"),
)

_TAGS: Final = {
    "!Ref": "Ref",
    "!Condition": "Condition",
    **{f"!{name}": f"Fn::{name}" for name in _FUNCTIONS},
}
"""CloudFormation's short forms (AWS: Intrinsic function reference, and Rules section syntax; seen 2026-11)."""

UNRENDERED: Final = "this looks like a template of another tool; render it first"

_STANDARD: Final = "tag:yaml.org,2002:"

_UNPRINTABLE: Final = re.compile("[^\x09\x0a\x0d\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What YAML forbids; libyaml and PyYAML say so in different ways."""


def yaml_document(text: str, uri: str, scanner: Raw = None) -> Document:
    """Read the first document of a YAML text that is not empty, with libyaml unless another `scanner` is given.

    Raise `SourceError` with line and column.
    """
    if len(text) > MAX_LENGTH:
        raise SourceError(uri, f"it has {len(text)} characters, and YAML of more than {MAX_LENGTH} is not read")
    if found := _UNPRINTABLE.search(text):
        problem = f"the character U+{ord(found.group()):04X} is not allowed in YAML; remove it"
        raise error_at(text, found.start(), uri, problem)
    try:
        return _Loader(text, uri, scanner or _scanner()).document()
    except yaml.MarkedYAMLError as error:
        raise error_at(text, fault_in(text, error), uri, _hint(text, error)) from None
    except (yaml.YAMLError, ValueError) as error:
        raise SourceError(uri, f"it cannot be read as YAML: {error}") from None


def yaml_documents(text: str, uri: str) -> Iterator[Document]:
    """Yield all documents of a YAML text that are not empty. Raise as `yaml_document`, when it comes to the fault."""
    try:
        yield from _Loader(text, uri, _scanner()).documents()
    except yaml.MarkedYAMLError as error:
        raise error_at(text, fault_in(text, error), uri, _hint(text, error)) from None


def scalars_of(text: str) -> Iterator[str]:
    """Yield the keys and scalars of a text that is no YAML, up to the fault."""
    try:
        for event in yaml.parse(text, Loader=_scanner()):
            if isinstance(event, yaml.ScalarEvent):
                yield event.value
    except (yaml.YAMLError, ValueError):
        return


def _hint(text: str, error: yaml.MarkedYAMLError) -> str:
    if "maximum nesting depth" in str(error.problem):  # libyaml of PyYAML 6.0.4 has a limit of its own, and looks ahead
        return TOO_DEEP
    mark = error.problem_mark
    line = text[: mark.index].rpartition("\n")[2] + text[mark.index :].partition("\n")[0] if mark else ""
    if re.match(r" *\t", line) or "\\t" in str(error.problem):
        return "a tab is used for indentation; replace it with spaces"
    if "{{" in line or "{%" in line:
        return UNRENDERED
    said = [str(part) for part in (error.context, error.problem) if part]
    return f"it cannot be read as YAML: {', '.join(said)}"


class _Node(NamedTuple):
    """A value with the places of what is in it."""

    value: Raw
    begin: int
    end: int
    children: dict[str | int, Place] | None = None

    def at(self, start: int, key_end: int) -> Place:
        return Place(start, key_end, self.begin, self.end, self.children)

    @property
    def place(self) -> Place:
        return self.at(self.begin, self.begin)


class _Loader:
    """Builds the values of one text from its events, in one pass."""

    def __init__(self, text: str, uri: str, scanner: Raw) -> None:
        self.text = text
        self.uri = uri
        self.events: Iterator[Raw] = iter(scanner(text).get_event, None)  # as yaml.parse, with no step of Python's each
        self.anchors: dict[str, tuple[_Node, int, int]] = {}
        """Each with how many values it has, and how many characters its texts."""
        self.problems: list[Problem] = []
        self.nodes = 0
        self.characters = 0
        self.repeated = 0
        self.repeated_characters = 0
        self.most_characters = budget.current().characters
        self.found = Document(None, text, uri, Place(0, 0, 0, 0))

    def document(self) -> Document:
        """Return the first document that is not empty, noting where the next one begins."""
        for event in self.events:
            if isinstance(event, yaml.DocumentStartEvent):
                node = self._node(next(self.events), 0)
                if node.value is not None and self.found.value is not None:
                    self.found.continues_at = self.found.location(node.begin, node.begin + 1)
                    break
                if self.found.value is None:
                    self.found = Document(node.value, self.text, self.uri, node.place)
                self.anchors.clear()
        self.found.problems = tuple(sorted(self.problems))
        return self.found

    def documents(self) -> Iterator[Document]:
        """Yield each document that is not empty."""
        for event in self.events:
            if isinstance(event, yaml.DocumentStartEvent):
                node = self._node(next(self.events), 0)
                if node.value is not None:
                    yield Document(node.value, self.text, self.uri, node.place)
                self.anchors.clear()

    def _node(self, event: Raw, depth: int) -> _Node:
        if isinstance(event, yaml.AliasEvent):
            return self._alias(event)
        if depth > MAX_DEPTH:
            raise self._error(event, TOO_DEEP)
        self.nodes += 1
        before, written = self.nodes, self.characters
        node = self._tagged(event, self._bare(event, depth))
        if event.anchor:
            self.anchors[event.anchor] = node, self.nodes - before + 1, self.characters - written
        return node

    def _alias(self, event: Raw) -> _Node:
        if event.anchor not in self.anchors:
            raise self._error(event, f"the alias *{event.anchor} is used inside its own anchor, or has no anchor")
        budget.tick()
        node, size, length = self.anchors[event.anchor]
        self.repeated += size
        self.nodes += size
        self.characters += length
        self.repeated_characters += length
        if self.repeated > MAX_REPEATED:
            raise self._error(event, f"its aliases repeat more than {MAX_REPEATED} values, so it was not read")
        if self.repeated_characters > self.most_characters:
            most = f"{self.most_characters:,} characters (limit characters)"
            raise self._error(event, f"its aliases repeat more than {most}, so it was not read")
        begin, end = _span(event)
        return node._replace(begin=begin, end=end)

    def _bare(self, event: Raw, depth: int) -> _Node:
        if isinstance(event, yaml.MappingStartEvent):
            return self._map(event, depth)
        if isinstance(event, yaml.SequenceStartEvent):
            return self._list(event, depth)
        begin, end = _span(event)
        self.characters += len(event.value)
        return _Node(_scalar(event), begin, max(begin, begin + len(self.text[begin:end].rstrip())))

    def _list(self, event: Raw, depth: int) -> _Node:
        items: list[Raw] = []
        children: dict[str | int, Place] = {}
        while not isinstance(inner := next(self.events), yaml.SequenceEndEvent):
            budget.tick()
            node = self._node(inner, depth + 1)
            children[len(items)] = node.place
            items.append(node.value)
        return _Node(items, event.start_mark.index, self._closing(event, inner, children), children)

    def _map(self, event: Raw, depth: int) -> _Node:
        found: dict[str, Raw] = {}
        children: dict[str | int, Place] = {}
        merged: list[_Node] = []
        while not isinstance(inner := next(self.events), yaml.MappingEndEvent):
            budget.tick()
            key, (begin, end) = self._key(inner), _span(inner)
            node = self._node(next(self.events), depth + 1)
            if key == "<<" and _is_plain(inner):
                merged.extend(self._sources(node, inner))
                continue
            if key in found:
                self.problems.append(twin(key, self.found.location(begin, end)))
            found[key] = node.value
            children[key] = node.at(begin, end)
        for source in merged:
            found = {**source.value, **found}
            children = {**(source.children or {}), **children}
        return _Node(found, event.start_mark.index, self._closing(event, inner, children), children)

    def _key(self, event: Raw) -> str:
        """Return a key as it is written: ``1.0`` and ``true`` are texts here, as they are in JSON."""
        self.nodes += 1
        if isinstance(event, yaml.AliasEvent) and isinstance(key := self._alias(event).value, str):
            return key
        if not isinstance(event, yaml.ScalarEvent):
            doubled = self.text[max(0, event.start_mark.index - 1) :].startswith(("{{", "{%"))
            problem = "a map or list is used as a key; quote it if it is a string"
            raise self._error(event, UNRENDERED if doubled else problem)
        if event.anchor:
            self.anchors[event.anchor] = _Node(event.value, *_span(event)), 1, len(event.value)
        return str(event.value)

    def _sources(self, node: _Node, event: Raw) -> list[_Node]:
        """Return the maps that ``<<`` merges, the strongest first."""
        if isinstance(node.value, dict):
            return [node]
        if isinstance(node.value, list) and all(isinstance(item, dict) for item in node.value):
            places = node.children or {}
            return [_Node(v, 0, 0, places[i].children) for i, v in enumerate(node.value)]
        raise self._error(event, "<< merges maps, and this is not a map; write *name of a map")

    def _closing(self, event: Raw, closing: Raw, children: dict[str | int, Place]) -> int:
        """Return the end of a map or list: in block style, that of the last value in it."""
        if event.flow_style:
            return _span(closing)[1]
        return max([_span(event)[0], *(child.end for child in children.values())])

    def _tagged(self, event: Raw, node: _Node) -> _Node:
        tag = event.tag
        if tag is None or tag == "!" or (tag.startswith(_STANDARD) and tag.removeprefix(_STANDARD) in _KINDS):
            return node
        name = _TAGS.get(tag)
        if name is None:
            where = self.found.location(*_span(event))
            shown = tag.replace(_STANDARD, "!!")
            self.problems.append(Problem(where, f"the tag {shown} is unknown, so its value is unknown"))
            name = shown if shown.startswith("!") else f"!<{shown}>"
        value = node.value
        if name == "Fn::GetAtt" and isinstance(value, str):
            value = value.split(".", 1)
        inner = Place(node.begin, node.begin, node.begin, node.end, node.children)
        return _Node({name: value}, node.begin, node.end, {name: inner})

    def _error(self, event: Raw, problem: str) -> SourceError:
        return error_at(self.text, event.start_mark.index, self.uri, problem)


def _span(event: Raw) -> tuple[int, int]:
    return event.start_mark.index, event.end_mark.index


# --- scalars ----------------------------------------------------------------------------------------

_KINDS: Final = frozenset({"str", "int", "float", "bool", "null", "map", "seq"})


def _scalar(event: Raw) -> Raw:
    """Return a scalar by the core rules of YAML 1.2. One in quotes is text, or with a tag of CloudFormation."""
    written: str = event.value
    if not (_is_plain(event) or event.tag in {_STANDARD + kind for kind in ("int", "float", "bool", "null")}):
        return written
    return _plain(written)


def _is_plain(event: Raw) -> bool:
    return bool(isinstance(event, yaml.ScalarEvent) and event.implicit[0] and event.tag is None)


def _plain(written: str) -> Raw:
    if written in _WORDS:
        return _WORDS[written]
    if written[0] not in "+-.0123456789":
        return written
    return next((read(written) for pattern, read in _NUMBERS if pattern.fullmatch(written)), written)


_WORDS: Final[dict[str, Raw]] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}

_NUMBERS: Final[tuple[tuple[re.Pattern[str], Callable[[str], Raw]], ...]] = (
    (re.compile(r"[-+]?(0|[1-9][0-9]*)", re.ASCII), whole),
    (re.compile(r"[-+]?(\.[0-9]+|(0|[1-9][0-9]*)(\.[0-9]*)?)([eE][-+]?[0-9]+)?", re.ASCII), decimal),
    (re.compile(r"0o[0-7]{1,20}", re.ASCII), lambda written: int(written, 8)),
    (re.compile(r"0x[0-9a-fA-F]{1,16}", re.ASCII), lambda written: int(written, 16)),
)
"""Without leading zeros: ``012345678901`` is an account id, and ``0123`` nobody's octal."""


# --- the scanner ------------------------------------------------------------------------------------


@cache
def _scanner() -> Raw:
    return yaml.CLoader if yaml.__with_libyaml__ else mended_scanner()


def mended_scanner() -> Raw:
    """Return PyYAML's own loader, taught that tabs separate tokens, as libyaml knows."""

    class Mended(yaml.Loader):
        def scan_to_next_token(self) -> None:
            super().scan_to_next_token()
            while self.peek() == "\t" and (self.flow_level or not self.allow_simple_key):
                self.forward()
                super().scan_to_next_token()

        def scan_plain_spaces(self, indent: int, start_mark: Raw) -> list[str]:
            length = 0
            while self.peek(length) in " \t":
                length += 1
            if self.peek(length) in "\r\n\x85\u2028\u2029":
                self.forward(length)
                chunks = super().scan_plain_spaces(indent, start_mark) or []
                while self.peek() in " \t":
                    self.forward()
                return chunks
            blanks = self.prefix(length)
            self.forward(length)
            return [blanks] if blanks else []

    return Mended
