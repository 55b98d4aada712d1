"""Which characters change when a value of a template is set: in block style, flow style and JSON. Applies nothing."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Final

from wa_lint.document import Document, Place
from wa_lint.fixing.document_style import (
    DocumentStyle,
    block,
    flow,
    line_start,
    margin,
    pretty_json,
    quoted,
    scalar,
)
from wa_lint.fixing.text_edit import NotMechanical, TextEdit
from wa_lint.model import Path, Raw

_REST_OF_LINE: Final = re.compile(r"[^\r\n]*")
_END_OF_LINE: Final = re.compile(r"\r\n|\r|\n")
_NOTHING: Final = re.compile(r"[ \t]*(?:(?<=[ \t])#.*)?")
"""What may follow the last value of a line: blanks and a comment."""

_QUOTES: Final = ("'", '"')

ELSEWHERE: Final = "it is written in another place of the template, by an anchor or a merge"


def place_of_own(document: Document, path: Path) -> Place:
    """Return the place of a value that exists. Raise `NotMechanical` where it is not written inside what holds it."""
    place = document.places
    for step in path:
        child = (place.children or {}).get(step)
        if child is None or not _is_inside(child, place):
            raise NotMechanical(ELSEWHERE)
        place = child
    return place


def replaced(document: Document, path: Path, to: Raw, style: DocumentStyle) -> tuple[TextEdit, Raw]:
    """Return the edit that writes another scalar, with the quotes that are there, and what it then is."""
    place = place_of_own(document, path)
    written = document.text[place.value : place.end]
    if written[:1] in {"&", "!", "*", "|", ">"}:
        raise NotMechanical(f"it is written {written.split()[0]}")
    if style.is_json:
        value = _as_text(to) if written[:1] == '"' else to
        return TextEdit(place.value, place.end, json.dumps(value, ensure_ascii=False)), value
    if written[:1] in _QUOTES:
        return TextEdit(place.value, place.end, quoted(_as_text(to), written[0])), _as_text(to)
    return TextEdit(place.value, place.end, scalar(to, style.quote)), to


def inserted(document: Document, path: Path, to: Raw, style: DocumentStyle) -> Sequence[TextEdit]:
    """Return the edits that put a new member, the last step of `path`, into the map above it."""
    *above, key = path
    place = place_of_own(document, tuple(above))
    written = document.text[place.value : place.end]
    if key in (place.children or {}):
        return [_to_empty_key(document, place_of_own(document, path), to, style)]
    opening = re.match(r"(?:&\S+\s+)?\{", written)
    if opening:
        return _into_flow(document, place, place.value + opening.end() - 1, str(key), to, style)
    if written[:1] in {"*", "!", "~"} or not place.children:
        raise NotMechanical(ELSEWHERE if written[:1] == "*" else "it is not written as a map")
    return [_into_block(document, place, path, to, style)]


def _is_inside(child: Place, place: Place) -> bool:
    return place.value <= child.start and child.end <= place.end


def _own_children(place: Place) -> list[Place]:
    return sorted(child for child in (place.children or {}).values() if _is_inside(child, place))


def _as_text(value: Raw) -> str:
    return value if isinstance(value, str) else json.dumps(value)


# --- block style ------------------------------------------------------------------------------------


def _into_block(document: Document, place: Place, path: Path, to: Raw, style: DocumentStyle) -> TextEdit:
    text, siblings = document.text, _own_children(place)
    if not siblings:
        raise NotMechanical(ELSEWHERE)
    first = siblings[0]
    before = text[line_start(text, first.start) : first.start]
    if "\t" in before or (before.strip() and before.strip(" -")):
        raise NotMechanical("it is indented in a way that is not understood")
    lines = [" " * len(before) + line for line in block(_key_like(text, first, str(path[-1])), to, style)]
    is_apart = style.spaces_resources and path[:-1] == ("Resources",)
    ended = [child.end for child in siblings if text[child.value : child.value + 1] not in {"|", ">"}]
    if ended:
        return _after_line(text, max(ended), ["", *lines] if is_apart else lines, style)
    if before.strip():
        raise NotMechanical("it holds texts of several lines only")
    start = line_start(text, first.start)  # what follows a text of several lines may become part of it
    return TextEdit(start, start, "".join(f"{line}{style.newline}" for line in lines))


def _to_empty_key(document: Document, place: Place, to: Raw, style: DocumentStyle) -> TextEdit:
    """Return the edit that gives a value to a key that has none."""
    before = margin(document.text, place.start)
    if before is None or "\t" in before or style.is_json or document.text[place.value : place.end].strip():
        raise NotMechanical("it has no value, and is not on a line of its own")
    colon = document.text.find(":", place.key_end) + 1
    first, *lines = block("", to, style)
    if not lines:
        return TextEdit(colon, colon, first.removeprefix(":"))
    return _after_line(document.text, colon, [before + line for line in lines], style)


def _after_line(text: str, index: int, lines: Sequence[str], style: DocumentStyle) -> TextEdit:
    """Return the edit that writes lines behind that of `index`, of which only a comment may follow."""
    rest = _REST_OF_LINE.match(text, index)
    end = rest.end() if rest else index
    if not _NOTHING.fullmatch(text, index, end):
        raise NotMechanical("something else follows in the same line")
    following = _END_OF_LINE.match(text, end)
    if following is None:
        return TextEdit(end, end, "".join(f"{style.newline}{line}" for line in lines))
    return TextEdit(following.end(), following.end(), "".join(f"{line}{following.group()}" for line in lines))


def _key_like(text: str, sibling: Place, key: str) -> str:
    quote = text[sibling.start : sibling.start + 1]
    return f"{quote}{key}{quote}" if quote in _QUOTES else scalar(key)


# --- flow style and JSON ----------------------------------------------------------------------------


def _into_flow(
    document: Document, place: Place, opening: int, key: str, to: Raw, style: DocumentStyle
) -> Sequence[TextEdit]:
    siblings = _own_children(place)
    if not siblings:
        if document.text[opening + 1 : place.end - 1].strip():
            raise NotMechanical(ELSEWHERE)
        return [_into_empty(document.text, place, opening, key, to, style)]
    text, last = document.text, siblings[-1]
    between = text[last.key_end : last.value]
    colon = between if re.fullmatch(r"[ \t]*:[ \t]*", between) and between.strip() else ": "
    colon = colon if style.is_json or colon.endswith((" ", "\t")) else f"{colon} "
    name = _key_like(text, last, key)
    prefix = margin(text, last.start)
    if prefix is None or line_start(text, last.start) <= opening:
        return _in_same_line(text, last.end, f"{name}{colon}{flow(to, style)}")
    value = pretty_json(to, style, prefix) if style.is_json else flow(to, style)
    return _in_next_line(text, last.end, f"{style.newline}{prefix}{name}{colon}{value}")


def _into_empty(text: str, place: Place, opening: int, key: str, to: Raw, style: DocumentStyle) -> TextEdit:
    if not style.is_json:
        return TextEdit(opening, place.end, flow({key: to}, style))
    start = margin(text, place.start)
    if start is None:
        return TextEdit(opening, place.end, json.dumps({key: to}, ensure_ascii=False))
    return TextEdit(opening, place.end, pretty_json({key: to}, style, start))


def _in_same_line(text: str, end: int, member: str) -> Sequence[TextEdit]:
    comma = re.match(r"[ \t]*,", text[end:])
    return [
        TextEdit(end + comma.end(), end + comma.end(), f" {member},") if comma else TextEdit(end, end, f", {member}")
    ]


def _in_next_line(text: str, end: int, member: str) -> Sequence[TextEdit]:
    comma = re.match(r"[ \t]*,", text[end:])
    behind = end + comma.end() if comma else end
    rest = _REST_OF_LINE.match(text, behind)
    line_end = rest.end() if rest and _NOTHING.fullmatch(text, behind, rest.end()) else behind
    line = text[behind:line_end].rstrip()
    line_end = behind + len(line)
    if comma:
        return [TextEdit(line_end, line_end, f"{member},")]
    if line_end == end:
        return [TextEdit(end, end, f",{member}")]
    return [TextEdit(end, end, ","), TextEdit(line_end, line_end, member)]
