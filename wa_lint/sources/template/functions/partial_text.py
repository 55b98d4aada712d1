"""Texts of a template, known in full or in part, and how its values are spelled. Knows no scenario."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Final

from wa_lint.budget import Meter
from wa_lint.document import Number
from wa_lint.model import ABSENT, Hole, Raw, Unknown, Unresolved, Value
from wa_lint.redact import mask

DYNAMIC: Final = re.compile(r"\{\{resolve:[^{}]*\}\}|\[\[servicecatalog:[^\[\]]*\]\]")
"""A dynamic reference (AWS: "Using dynamic references to specify template values"; AWS::ServiceCatalog transform)."""

_MARKS: Final = ("{{resolve:", "[[servicecatalog:")

_LONGEST: Final = 100
"""Characters of a spelling, for it is in messages; past them a digest keeps different ones apart."""


_LONGEST_SHAPE: Final = 20_000
"""Characters of a regular expression: one that is longer costs more than it tells."""


def function_of(raw: Raw) -> tuple[str, Raw] | None:
    """Return name and argument of the intrinsic function that `raw` is; None for plain JSON.

    A function that does not stand alone has the name ``""``: CloudFormation refuses it.
    """
    if not isinstance(raw, dict):
        return None
    if len(raw) == 1:
        name, argument = next(iter(raw.items()))
        return (name, argument) if _is_function(name) else None
    return ("", raw) if any(_is_function(name) and name != "Ref" for name in raw) else None


def text_of(value: Value) -> str | None:
    """Return a scalar as CloudFormation writes it into a text; None for what is no scalar."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Number):
        return value.written
    return str(value) if isinstance(value, str | int | float) else None


def joined(pieces: Iterable[Value], what: Callable[[], str], meter: Meter | None = None) -> Value:
    """Return the text that `pieces` make together; `what` says whose text it is, `meter` whether it may be built.

    A lone piece that is not known stays what it is, with its bounds.
    """
    found = [piece for piece in pieces if piece != ""]
    if len(found) == 1 and isinstance(found[0], Unresolved):
        return found[0]
    unknown = next((piece for piece in found if isinstance(piece, Unknown)), None)
    if unknown is None and meter is not None:
        unknown = meter.write(sum(map(_size, found)))
    if unknown is not None:
        return unknown
    parts: list[str | Hole] = []
    for piece in found:
        text = text_of(piece)
        if text is None and not isinstance(piece, Unresolved):
            return Unknown(f"{what()} contains a value that is not a string")
        parts.extend(piece.parts or (Hole(piece.reason),) if isinstance(piece, Unresolved) else (text or "",))
    reason = next((piece.reason for piece in found if isinstance(piece, Unresolved)), "")
    return _text(_merged(parts), reason)


def _size(piece: Value) -> int:
    """Return how many characters a piece has; a hole counts as many as its name."""
    if isinstance(piece, str):
        return len(piece)
    if isinstance(piece, Unresolved):
        return sum(len(part) if isinstance(part, str) else 1 + len(part.name) for part in piece.parts)
    return 1


def revealed(value: Value) -> Value:
    """Return a text without secrets, and with its dynamic references as the holes that they are."""
    if isinstance(value, str):
        return _with_references(value) if _refers(value) else mask(value)
    if not isinstance(value, Unresolved):
        return value
    if any(isinstance(part, str) and _refers(part) for part in value.parts):
        return _with_references_between(value.parts)
    parts = tuple(mask(part) if isinstance(part, str) else part for part in value.parts)
    return value if parts == value.parts else Unresolved(value.reason, parts, value.differs_from, value.bounds)


def _with_references_between(parts: Sequence[str | Hole]) -> Value:
    """Return a text that has dynamic references beside holes, or around them: what is fixed stays in the input."""
    holes = {chr(_FIRST_MARK + number): part for number, part in enumerate(parts) if isinstance(part, Hole)}
    marks = {part: mark for mark, part in holes.items()}
    whole = "".join(part if isinstance(part, str) else marks[part] for part in parts)
    spelled = re.compile("[" + "".join(holes) + "]") if holes else re.compile(r"(?!)")

    def named(text: str) -> str:
        return spelled.sub(lambda found: f"${{{holes[found[0]].name}}}", text)

    found: list[str | Hole] = []
    end = 0
    for reference in DYNAMIC.finditer(whole):
        found += [*_apart(whole[end : reference.start()], holes), Hole(_short(mask(named(reference[0]))))]
        end = reference.end()
    if _refers(whole[end:]):
        return Unresolved(_resolved_later(named(whole)), (Hole(_short(mask(named(whole)))),))
    return Unresolved(_resolved_later(named(whole)), tuple(_merged([*found, *_apart(whole[end:], holes)])))


_FIRST_MARK = 0xF0000
"""Private characters stand for holes while references are looked for."""


def _apart(text: str, holes: Mapping[str, Hole]) -> Iterator[str | Hole]:
    """Yield the literals and holes of a text in which private characters stand for holes."""
    run = ""
    for character in text:
        if character in holes:
            yield from (mask(run),) if run else ()
            yield holes[character]
            run = ""
        else:
            run += character
    yield from (mask(run),) if run else ()


def spell(raw: Raw) -> str:
    """Return an expression as its author would recognise it, ``!Ref Stage``, the same for equal expressions."""
    return _short(mask(_spelled(raw)))


def spell_operand(raw: Raw) -> str:
    """As `spell`, for one side of a comparison: a parameter is its name, a text has quotes."""
    match raw:
        case {"Ref": str(name)} if len(raw) == 1:
            return name
        case str():
            return f"'{_short(mask(raw))}'"
    return spell(raw)


def unresolved(raw: Raw, why: str) -> Unresolved:
    """Return the value of an expression of which nothing is known but the spelling."""
    spelled = spell(raw)
    return Unresolved(f"{spelled} {why}", (Hole(spelled),))


def any_of(texts: Sequence[str]) -> str:
    """Return the regular expression that matches these texts alone, longer ones first; empty if they are very many."""
    if sum(map(len, texts)) > _LONGEST_SHAPE:
        return ""
    return "|".join(re.escape(text) for text in sorted(set(texts), key=lambda text: (-len(text), text)))


def _refers(text: str) -> bool:
    return any(mark in text for mark in _MARKS)


def _is_function(name: Raw) -> bool:
    return isinstance(name, str) and (name == "Ref" or name.startswith(("Fn::", "!")))


def _merged(parts: Iterable[str | Hole]) -> list[str | Hole]:
    merged: list[str | Hole] = []
    run: list[str] = []
    for part in parts:
        if isinstance(part, str):
            run.append(part)
            continue
        merged += ["".join(run), part] if run else [part]
        run.clear()
    return [*merged, "".join(run)] if run else merged


def _text(parts: list[str | Hole], reason: str) -> Value:
    if all(isinstance(part, str) for part in parts):
        return "".join(part for part in parts if isinstance(part, str))
    return Unresolved(reason, tuple(parts))


def _with_references(text: str) -> Value:
    pieces: list[Value] = []
    end = 0
    for found in DYNAMIC.finditer(text):
        name = _short(mask(found.group()))
        pieces += [mask(text[end : found.start()]), Unresolved(_resolved_later(name), (Hole(name),))]
        end = found.end()
    return joined([*pieces, mask(text[end:])], lambda: "the text")


def _resolved_later(reference: str) -> str:
    return f"{_short(mask(reference))} is resolved at deployment"


def _spelled(raw: Raw) -> str:
    found = function_of(raw)
    if found and found[0]:
        name, argument = found
        if name == "Fn::GetAtt" and isinstance(argument, list):
            return "!GetAtt " + ".".join(str(step) for step in argument)
        return f"!{name.removeprefix('Fn::').removeprefix('!')} {_spelled(argument)}"
    if isinstance(raw, dict):
        return "{" + ", ".join(f"{key}: {_spelled(value)}" for key, value in raw.items()) + "}"
    if isinstance(raw, list):
        return "[" + ", ".join(_spelled(item) for item in raw) + "]"
    return "" if raw is ABSENT else text_of(raw) or repr(raw)


def _short(text: str) -> str:
    line = " ".join(text.split())
    if len(line) <= _LONGEST:
        return line
    return f"{line[:_LONGEST]}… ({hashlib.sha256(text.encode('utf-8', 'replace')).hexdigest()[:8]})"
