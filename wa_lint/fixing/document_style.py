"""How a template is written: line ends, indentation, quotes, lists. What is added to it is written alike."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterator
from typing import Final

import msgspec

from wa_lint.document import Document, Place
from wa_lint.model import Raw

_NEWLINE: Final = re.compile(r"\r\n|\r|\n")
_DASH: Final = "-"


class DocumentStyle(msgspec.Struct, frozen=True):
    """The habits of one text."""

    is_json: bool
    newline: str
    unit: str
    """What one level is indented by."""
    indents_lists: bool
    """Whether the dashes of a list are further in than its key."""
    quote: str
    """What texts are quoted with."""
    has_tags: bool
    """Whether functions are written short: ``!Ref``."""
    spaces_resources: bool
    """Whether an empty line is between resources."""


def style_of(document: Document) -> DocumentStyle:
    text = document.text
    newline = _NEWLINE.search(text)
    is_json = _is_json(text)
    return DocumentStyle(
        is_json=is_json,
        newline=newline.group() if newline else "\n",
        unit=_unit(document),
        indents_lists=next(_dashes(text, document.places), True),
        quote="'" if text.count("'") > text.count('"') else '"',
        has_tags=not is_json and re.search(r"[:\-,\[]\s+!(?:Ref|Sub|GetAtt)\b", text) is not None,
        spaces_resources=_spaces_resources(document),
    )


def line_start(text: str, index: int) -> int:
    return max(text.rfind("\n", 0, index), text.rfind("\r", 0, index)) + 1


def margin(text: str, index: int) -> str | None:
    """Return the blanks before a character in its line; None where something else is before it."""
    before = text[line_start(text, index) : index]
    return before if not before.strip(" \t") else None


def _is_json(text: str) -> bool:
    if text.lstrip()[:1] != "{":
        return False
    try:
        json.loads(text)
    except ValueError:
        return False
    return True


def _resources(document: Document) -> tuple[Place, list[Place]]:
    section = (document.places.children or {}).get("Resources", document.places)
    return section, sorted((section.children or {}).values())


def _unit(document: Document) -> str:
    section, found = _resources(document)
    outer = margin(document.text, section.start)
    inner = margin(document.text, found[0].start) if found else None
    if outer is None or inner is None or not inner.startswith(outer) or inner == outer:
        return "  "
    return inner.removeprefix(outer)


def _spaces_resources(document: Document) -> bool:
    _, found = _resources(document)
    gaps = (document.text[one.end : other.start] for one, other in itertools.pairwise(found))
    return any(re.search(r"(?:\r\n|\r|\n)[ \t]*(?:\r\n|\r|\n)", gap) for gap in gaps)


def _dashes(text: str, place: Place) -> Iterator[bool]:
    """Yield of each list in block style below a key whether its dashes are further in than the key."""
    for child in (place.children or {}).values():
        key = margin(text, child.start)
        if child.key_end > child.start and text[child.value : child.value + 1] == _DASH and key is not None:
            dash = margin(text, child.value)
            if dash is not None and isinstance(next(iter(child.children or {}), None), int):
                yield len(dash) > len(key)
        yield from _dashes(text, child)


# --- words for values -------------------------------------------------------------------------------

_PLAIN: Final = re.compile(r"[A-Za-z_/](?:[\w./:-]*[\w/])?", re.ASCII)
_WORDS: Final = frozenset({"true", "false", "yes", "no", "on", "off", "null", "y", "n"})
"""What YAML 1.1 or 1.2 takes for something else than a text."""

_TAGGED: Final = ("Ref", "Fn::Sub", "Fn::GetAtt")


def scalar(value: Raw, quote: str = '"') -> str:
    """Return how YAML writes a scalar: a text without quotes where it stays a text for every reader."""
    if not isinstance(value, str):
        return json.dumps(value)
    if _PLAIN.fullmatch(value) and value.lower() not in _WORDS:
        return value
    return quoted(value, quote)


def quoted(text: str, quote: str) -> str:
    is_simple = text.isprintable() and "'" not in text
    return f"'{text}'" if quote == "'" and is_simple else json.dumps(text, ensure_ascii=False)


def flow(value: Raw, style: DocumentStyle) -> str:
    """Return a value in one line of YAML, or of JSON."""
    if style.is_json:
        return json.dumps(value, ensure_ascii=False)
    tagged = _tagged(value, style)
    if tagged is not None:
        return tagged
    if isinstance(value, dict):
        return "{" + ", ".join(f"{scalar(key)}: {flow(inner, style)}" for key, inner in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(flow(item, style) for item in value) + "]"
    return scalar(value, style.quote)


def pretty_json(value: Raw, style: DocumentStyle, prefix: str) -> str:
    """Return a value in lines of JSON; all but the first begin with `prefix`."""
    return json.dumps(value, ensure_ascii=False, indent=style.unit).replace("\n", f"{style.newline}{prefix}")


def block(key: str, value: Raw, style: DocumentStyle) -> list[str]:
    """Return the lines of a key with its value in block style, without margin and line ends."""
    tagged = _tagged(value, style)
    if tagged is None and isinstance(value, dict) and value:
        return [f"{key}:", *(style.unit + line for line in _members(value, style))]
    if tagged is None and isinstance(value, list) and value and not any(isinstance(item, list) for item in value):
        inward = style.unit if style.indents_lists else ""
        return [f"{key}:", *(inward + line for item in value for line in _item(item, style))]
    return [f"{key}: {flow(value, style)}"]


def _members(value: Raw, style: DocumentStyle) -> Iterator[str]:
    for key, inner in value.items():
        yield from block(scalar(key), inner, style)


def _item(item: Raw, style: DocumentStyle) -> Iterator[str]:
    if not isinstance(item, dict) or not item or _tagged(item, style) is not None:
        yield f"- {flow(item, style)}"
        return
    for number, line in enumerate(_members(item, style)):
        yield f"{'  ' if number else '- '}{line}"


def _tagged(value: Raw, style: DocumentStyle) -> str | None:
    """Return a function in its short form, where the template writes functions so."""
    if not style.has_tags or not isinstance(value, dict) or len(value) != 1:
        return None
    name, of = next(iter(value.items()))
    text = ".".join(of) if name == "Fn::GetAtt" and isinstance(of, list) else of
    if name not in _TAGGED or not isinstance(text, str):
        return None
    return f"!{name.removeprefix('Fn::')} {scalar(text, style.quote)}"
