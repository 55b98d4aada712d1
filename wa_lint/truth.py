"""Three-valued logic: what we do not know stays unknown, and says why.

A truth is True, False or `Unknown`. Values that are only partly known still answer where their
literals, holes, exclusions or bounds decide.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import TypeAlias

from wa_lint.model import ABSENT, Bounds, Hole, Partial, Unknown, Unresolved, Value

Truth: TypeAlias = bool | Unknown

_ANYTHING = r"[\s\S]*"


def negate(truth: Truth) -> Truth:
    return truth if isinstance(truth, Unknown) else not truth


def every(truths: Iterable[Truth]) -> Truth:
    """False if one is False, else the first Unknown if there is one, else True. Stops at a False."""
    unknown: Unknown | None = None
    for truth in truths:
        if truth is False:
            return False
        if isinstance(truth, Unknown):
            unknown = unknown or truth
    return True if unknown is None else unknown


def some(truths: Iterable[Truth]) -> Truth:
    """True if one is True, else the first Unknown if there is one, else False. Stops at a True."""
    return negate(every(negate(truth) for truth in truths))


def equals(left: Value, right: Value) -> Truth:
    """Compare two values as CEL does: numbers by value, a boolean equals no number, lists and maps by content."""
    for side in (left, right):
        if isinstance(side, Unknown | Partial):
            return Unknown(side.reason)
    if isinstance(left, Unresolved) or isinstance(right, Unresolved):
        return _equals_unresolved(left, right)
    if isinstance(left, dict) and isinstance(right, dict):
        return _equals_maps(left, right)
    if isinstance(left, list | tuple) and isinstance(right, list | tuple):
        return len(left) == len(right) and every(equals(a, b) for a, b in zip(left, right, strict=True))
    return isinstance(left, bool) == isinstance(right, bool) and left == right


def starts_with(text: Value, prefix: str) -> Truth:
    return _on_text(text, lambda known: known.startswith(prefix), lambda parts: _head(parts, prefix))


def ends_with(text: Value, suffix: str) -> Truth:
    return _on_text(text, lambda known: known.endswith(suffix), lambda parts: _tail(parts, suffix))


def contains(text: Value, piece: str) -> Truth:
    """True where a literal part holds `piece`; else unknown, for a hole may hold it."""
    return _on_text(text, lambda known: piece in known, lambda parts: _inside(parts, piece))


def at_least(value: Value, bound: float) -> Truth:
    """Whether a number that is known at least by its bounds is `bound` or more."""
    if isinstance(value, Unresolved):
        limits = value.bounds or Bounds()
        if limits.minimum is not None and limits.minimum >= bound:
            return True
        if limits.maximum is not None and limits.maximum < bound:
            return False
        return Unknown(value.reason)
    return value if isinstance(value, Unknown) else bool(value >= bound)  # type: ignore[operator] # callers check the type


def greater(value: Value, bound: float) -> Truth:
    """As `at_least`, but strictly more."""
    if isinstance(value, Unresolved):
        limits = value.bounds or Bounds()
        if limits.minimum is not None and limits.minimum > bound:
            return True
        if limits.maximum is not None and limits.maximum <= bound:
            return False
        return Unknown(value.reason)
    return value if isinstance(value, Unknown) else bool(value > bound)  # type: ignore[operator] # callers check the type


def could_match(parts: tuple[str | Hole, ...], text: str) -> bool:
    """Whether the holes of `parts` could be filled so that the whole is `text`."""
    pattern = _pattern(parts)
    if len(text) <= _SHORT and sum(isinstance(part, Hole) for part in parts) <= _FEW:
        return re.fullmatch(pattern, text) is not None
    return _matches(pattern, text) is not False


_SHORT, _FEW = 200, 2
"""Characters, and holes, that `re` matches in time; of more it would try every split of the text."""


def _matches(pattern: str, text: str) -> bool | None:
    """Whether a pattern that anybody may have written matches, in linear time; None where re2 cannot read it."""
    import re2  # noqa: PLC0415, 13 ms that only what needs it must pay

    options = re2.Options()
    options.log_errors = False
    try:
        return re2.compile(pattern, options).fullmatch(text) is not None
    except re2.error:
        return None


# --- how partly known texts answer ------------------------------------------------------------------


def _equals_maps(left: dict[str, Value], right: dict[str, Value]) -> Truth:
    if left.keys() != right.keys():
        unseen = (value for value in (*left.values(), *right.values()) if isinstance(value, Unknown))
        return next(unseen, False)  # what is not known may not be there
    return every(equals(value, right[key]) for key, value in left.items())


def _equals_unresolved(left: Value, right: Value) -> Truth:
    if not isinstance(left, Unresolved):
        left, right = right, left
    assert isinstance(left, Unresolved)  # noqa: S101, one of the two is
    if right is None or right is ABSENT:
        return False
    if isinstance(right, Unresolved):
        return _equals_both(left, right)
    if isinstance(right, str):
        return _equals_text(left, right)
    limits = left.bounds or Bounds()
    if isinstance(right, int | float) and not isinstance(right, bool):
        below = limits.minimum is not None and right < limits.minimum
        above = limits.maximum is not None and right > limits.maximum
        return False if below or above else Unknown(left.reason)
    return Unknown(left.reason)


def _equals_both(left: Unresolved, right: Unresolved) -> Truth:
    if left.parts and left.parts == right.parts:
        return True
    if left.parts and right.parts and _ends_clash(left.parts, right.parts):
        return False
    return Unknown(left.reason)


def _equals_text(left: Unresolved, text: str) -> Truth:
    limits = left.bounds or Bounds()
    if text in left.differs_from or (left.parts and not could_match(left.parts, text)):
        return False
    if text == "" and any(isinstance(part, str) or part.target for part in left.parts):
        return False  # it holds a literal, or the name of a resource, which is never empty
    too_short = limits.min_length is not None and len(text) < limits.min_length
    too_long = limits.max_length is not None and len(text) > limits.max_length
    return False if too_short or too_long or _breaks(limits.pattern, text) else Unknown(left.reason)


def _breaks(pattern: str | None, text: str) -> bool:
    """Whether AllowedPattern refuses `text`. A pattern that cannot be read refuses nothing."""
    return pattern is not None and _matches(pattern, text) is False


def _ends_clash(left: tuple[str | Hole, ...], right: tuple[str | Hole, ...]) -> bool:
    """Whether the literal beginnings, or the literal ends, of two texts cannot both be right."""
    heads = [p[0] if isinstance(p[0], str) else "" for p in (left, right)]
    tails = [p[-1] if isinstance(p[-1], str) else "" for p in (left, right)]
    head, tail = min(map(len, heads)), min(map(len, tails))
    return heads[0][:head] != heads[1][:head] or (tail > 0 and tails[0][-tail:] != tails[1][-tail:])


def _pattern(parts: tuple[str | Hole, ...]) -> str:
    return "".join(re.escape(p) if isinstance(p, str) else f"(?:{p.shape or _ANYTHING})" for p in parts)


def _on_text(
    text: Value, known: Callable[[str], bool], partly: Callable[[tuple[str | Hole, ...]], bool | None]
) -> Truth:
    """Ask `known` of a text, `partly` of the parts of one with holes; None means that they do not decide."""
    if isinstance(text, str):
        return known(text)
    if isinstance(text, Unresolved):
        answer = partly(text.parts) if text.parts else None
        return Unknown(text.reason) if answer is None else answer
    return text if isinstance(text, Unknown) else Unknown("not a text")


def _head(parts: tuple[str | Hole, ...], prefix: str) -> bool | None:
    head = parts[0] if isinstance(parts[0], str) else ""
    if head.startswith(prefix):
        return True
    return None if prefix.startswith(head) else False


def _tail(parts: tuple[str | Hole, ...], suffix: str) -> bool | None:
    tail = parts[-1] if isinstance(parts[-1], str) else ""
    if tail.endswith(suffix):
        return True
    return None if suffix.endswith(tail) else False


def _inside(parts: tuple[str | Hole, ...], piece: str) -> bool | None:
    return True if any(isinstance(part, str) and piece in part for part in parts) else None
