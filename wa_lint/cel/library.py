"""The functions that come with the language: CEL's own, and of its strings and lists extensions what rules need."""

from __future__ import annotations

import functools
import math
import re
from collections.abc import Callable, Sequence
from typing import Final

from wa_lint import truth
from wa_lint.cel.operators import MAX_SIZE, as_double, equals, is_set, no_overload, too_long, type_name
from wa_lint.cel.types import BOOL, DOUBLE, DYN, INT, STRING, TYPE, Function, ListType
from wa_lint.cel.values import CelType, EvaluationError, is_cell, items_of, looked_up, settled
from wa_lint.model import ABSENT, Hole, Partial, Raw, Unknown, Unresolved

_TEXTS = ListType(STRING)
_ANY_LIST = ListType(DYN)

TYPES: Final = {
    name: CelType(name)
    for name in ("bool", "double", "int", "list", "map", "null_type", "optional_type", "string", "type")
}
"""The names of types, which stand for themselves in an expression."""


def _overloads(*functions: Function) -> dict[str, tuple[Function, ...]]:
    names = dict.fromkeys(function.name for function in functions)
    return {name: tuple(f for f in functions if f.name == name) for name in names}


def invalid_pattern(pattern: str) -> str | None:
    """Return what RE2 has against `pattern`; None if nothing."""
    compiled = _regex(pattern)
    return compiled.reason if isinstance(compiled, EvaluationError) else None


# --- sizes and conversions --------------------------------------------------------------------------


def _size(value: object) -> object:
    if isinstance(value, Partial | Unresolved):
        return Unknown(value.reason)
    if isinstance(value, dict):
        unsure = next((known for known in map(is_set, value.values()) if isinstance(known, Unknown)), None)
        return sum(is_set(item) is True for item in value.values()) if unsure is None else unsure
    return len(value) if isinstance(value, str | list | tuple) else no_overload("size", value)


def _type(value: object) -> object:
    return Unknown(value.reason) if isinstance(value, Unresolved) else CelType(type_name(value))


def _known(call: Callable[..., object]) -> Callable[..., object]:
    """Return `call` with the answer unknown where an argument is Unresolved."""

    @functools.wraps(call)
    def ask(*arguments: object) -> object:
        for argument in arguments:
            if isinstance(argument, Unresolved | Partial):
                return Unknown(argument.reason)
        return call(*arguments)

    return ask


def _int(value: object) -> object:
    if isinstance(value, bool):
        return no_overload("int", value)
    if isinstance(value, float):
        inside = -(2.0**63) < value < 2.0**63
        return int(value) if inside else EvaluationError("integer overflow")
    if isinstance(value, str):
        return _int_of_text(value)
    return value if isinstance(value, int) else no_overload("int", value)


def _int_of_text(text: str) -> object:
    number = int(text) if re.fullmatch(r"[+-]?[0-9]{1,19}", text) else None
    if number is None or not -(2**63) <= number < 2**63:
        return EvaluationError(f"{text!r} is not an int")
    return number


def _double(value: object) -> object:
    if isinstance(value, str):
        return _double_of_text(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return no_overload("double", value)
    return value if isinstance(value, float) else as_double(value)


def _double_of_text(text: str) -> object:
    is_number = re.fullmatch(
        r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?|[+-]?(?:inf(?:inity)?|nan)", text, re.IGNORECASE
    )
    return float(text) if is_number else EvaluationError(f"{text!r} is not a double")


def _bool(value: object) -> object:
    if isinstance(value, str):
        return _BOOLS.get(value, EvaluationError(f"{value!r} is not a bool"))
    return value if isinstance(value, bool) else no_overload("bool", value)


_BOOLS = {
    **dict.fromkeys(("1", "t", "true", "TRUE", "True"), True),
    **dict.fromkeys(("0", "f", "false", "FALSE", "False"), False),
}


def _string(value: object) -> object:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return _text_of_double(value)
    return str(value) if isinstance(value, int | str) else no_overload("string", value)


def _text_of_double(value: float) -> str:
    """Write the shortest digits that mean the same double, with an exponent from a million on, as CEL's runtimes do."""
    if not math.isfinite(value):
        return str(value)
    digits = len(repr(value).lstrip("-").split("e")[0].replace(".", "").strip("0")) or 1
    if value == 0 or 1e-4 <= abs(value) < 1e6:  # noqa: PLR2004, C's %g
        return format(value, f".{max(digits, 6)}g")
    return format(value, f".{digits - 1}e")


# --- texts that may be partly known -----------------------------------------------------------------


def _asked(ask: Callable[[object, str], truth.Truth]) -> Callable[..., object]:
    """Return a question to a text about another, which is not known if the other is Unresolved."""
    return lambda text, piece: Unknown(piece.reason) if isinstance(piece, Unresolved) else ask(text, piece)


def _matches(text: str | Unresolved, pattern: str | Unresolved) -> object:
    """Search as RE2 does. A text with holes matches where a literal part proves it."""
    if isinstance(pattern, Unresolved):
        return Unknown(pattern.reason)
    search = _regex(pattern)
    if isinstance(search, EvaluationError):
        return search
    return search(text) if isinstance(text, str) else _matches_partly(text, pattern, search)


def _matches_partly(text: Unresolved, pattern: str, search: Callable[[str], object]) -> truth.Truth:
    """A match inside a literal stays one in the whole text, if the pattern does not look at what is beside it."""
    looks_ahead = re.search(r"\$|\\[bBz]", pattern)
    looks_behind = re.search(r"(?<!\[)\^|\\[bBA]", pattern)
    for position, part in enumerate(text.parts):
        if isinstance(part, Hole) or looks_ahead or (looks_behind and position > 0):
            continue
        if search(part) is True:
            return True
    return Unknown(text.reason)


@functools.lru_cache(maxsize=256)
def _regex(pattern: str) -> Callable[[str], bool | EvaluationError] | EvaluationError:
    import re2  # noqa: PLC0415, 13 ms that only a rule with a pattern must pay

    options = re2.Options()
    options.log_errors = False
    try:
        compiled = re2.compile(pattern, options)
    except re2.error as error:
        said = error.args[0]
        return EvaluationError(f"bad regular expression: {said.decode() if isinstance(said, bytes) else said}")
    return lambda text: _found(compiled, text)


def _found(compiled: Raw, text: str) -> bool | EvaluationError:
    try:
        return compiled.search(text) is not None
    except UnicodeEncodeError:  # JSON may hold half of a surrogate pair
        return EvaluationError("a text with half a character cannot be matched")


# --- texts ------------------------------------------------------------------------------------------

_LOWER = {code: code + 32 for code in range(ord("A"), ord("Z") + 1)}
_UPPER = {code + 32: code for code in _LOWER}
_SPACE = (
    "\t\n\v\f\r \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
    "\u2028\u2029\u202f\u205f\u3000"
)
"""Unicode's White_Space, which CEL trims; Python's own strip() takes four control characters too."""


def _split(text: str, separator: str, limit: int = -1) -> object:
    if limit == 0:
        return []
    if separator == "":
        pieces = list(text) or [""]
        return pieces if limit < 0 or limit >= len(pieces) else [*pieces[: limit - 1], text[limit - 1 :]]
    return text.split(separator, -1 if limit < 0 else limit - 1)


def _join(texts: Sequence[object], separator: str = "") -> object:
    for text in texts:
        if isinstance(text, Unresolved | Unknown):
            return Unknown(text.reason)
        if not isinstance(text, str):
            return no_overload("join", text)
    known = [str(text) for text in texts]
    if sum(map(len, known)) + len(separator) * len(known) > MAX_SIZE:
        return too_long()
    return separator.join(known)


def _substring(text: str, start: int, end: int | None = None) -> object:
    end = len(text) if end is None else end
    if 0 <= start <= end <= len(text):
        return text[start:end]
    return EvaluationError(f"substring({start}, {end}) is outside of a text of {len(text)}")


def _replace(text: str, old: str, new: str, limit: int = -1) -> object:
    many = len(text) + 1 if limit < 0 else min(limit, len(text) + 1)
    if len(text) + many * len(new) > MAX_SIZE:
        return too_long()
    return text.replace(old, new, limit)


# --- lists: raw, so that their items keep their places ----------------------------------------------


def _of_list(call: Callable[..., object]) -> Callable[..., object]:
    """Return `call`, asked only of a list that could be looked at."""

    @functools.wraps(call)
    def ask(items: object, *rest: object) -> object:
        value = settled(items)
        if isinstance(value, Unknown | Unresolved):
            return Unknown(value.reason)
        if value is ABSENT:
            return EvaluationError("no such key", items if is_cell(items) else None)
        return call(items, *rest) if items_of(items) is not None else no_overload(call.__name__[1:], value)

    return ask


def _flatten(items: object, depth: object = 1) -> object:
    depth = looked_up(depth)
    if not isinstance(depth, int) or depth < 0:
        return EvaluationError("flatten() takes a depth of 0 or more")
    flat: list[object] = []
    unseen = _flatten_into(flat, items, depth)
    if len(flat) >= MAX_SIZE:
        return too_long()
    return flat if unseen is None else Partial(tuple(flat), unseen.reason)


def _flatten_into(flat: list[object], items: object, depth: int) -> Unknown | None:
    """Append what `items` hold; return what is not known of how many that are."""
    found, unseen = items_of(items) or ((), None)
    for item in found[: MAX_SIZE - len(flat)]:
        value = settled(item)
        if isinstance(value, Unknown | Unresolved):
            unseen = Unknown(value.reason)
        elif depth > 0 and isinstance(value, list | tuple | Partial):
            unseen = _flatten_into(flat, item, depth - 1) or unseen
        else:
            flat.append(item)
    return unseen


def _distinct(items: object) -> object:
    found, unseen = items_of(items) or ((), None)
    if len(found) > _MAX_DISTINCT:
        return too_long()
    kept: list[object] = []
    for item in found:
        seen = truth.some(equals(item, other) for other in kept)
        if isinstance(seen, Unknown):
            return seen
        if not seen:
            kept.append(item)
    return kept if unseen is None else Partial(tuple(kept), unseen.reason)


_MAX_DISTINCT = 2_000
"""Each item is compared with all before it, so that the time grows with the square."""

LIBRARY: Final = _overloads(
    Function("size", (DYN,), INT, _size, counts=True),
    Function("size", (DYN,), INT, _size, receiver=True, counts=True),
    Function("type", (DYN,), TYPE, _type),
    Function("dyn", (DYN,), DYN, lambda value: value, raw=True),
    Function("int", (DYN,), INT, _known(_int)),
    Function("double", (DYN,), DOUBLE, _known(_double)),
    Function("bool", (DYN,), BOOL, _known(_bool)),
    Function("string", (DYN,), STRING, _known(_string)),
    Function("startsWith", (STRING, STRING), BOOL, _asked(truth.starts_with), receiver=True),
    Function("endsWith", (STRING, STRING), BOOL, _asked(truth.ends_with), receiver=True),
    Function("contains", (STRING, STRING), BOOL, _asked(truth.contains), receiver=True),
    Function("matches", (STRING, STRING), BOOL, _matches, receiver=True),
    Function("matches", (STRING, STRING), BOOL, _matches),
    Function("lowerAscii", (STRING,), STRING, _known(lambda text: text.translate(_LOWER)), receiver=True),
    Function("upperAscii", (STRING,), STRING, _known(lambda text: text.translate(_UPPER)), receiver=True),
    Function("trim", (STRING,), STRING, _known(lambda text: text.strip(_SPACE)), receiver=True),
    Function("split", (STRING, STRING), _TEXTS, _known(_split), receiver=True),
    Function("split", (STRING, STRING, INT), _TEXTS, _known(_split), receiver=True),
    Function("join", (_TEXTS,), STRING, _known(_join), receiver=True),
    Function("join", (_TEXTS, STRING), STRING, _known(_join), receiver=True),
    Function("substring", (STRING, INT), STRING, _known(_substring), receiver=True),
    Function("substring", (STRING, INT, INT), STRING, _known(_substring), receiver=True),
    Function("replace", (STRING, STRING, STRING), STRING, _known(_replace), receiver=True),
    Function("replace", (STRING, STRING, STRING, INT), STRING, _known(_replace), receiver=True),
    Function("flatten", (_ANY_LIST,), _ANY_LIST, _of_list(_flatten), receiver=True, raw=True),
    Function("flatten", (_ANY_LIST, INT), _ANY_LIST, _of_list(_flatten), receiver=True, raw=True),
    Function("distinct", (_ANY_LIST,), _ANY_LIST, _of_list(_distinct), receiver=True, raw=True),
)
