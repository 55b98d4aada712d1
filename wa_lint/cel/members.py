"""Steps that go down into a map, a list or an optional."""

from __future__ import annotations

from collections.abc import Callable

from wa_lint.cel.frame import Frame, Step, failure, missing, read
from wa_lint.cel.operators import is_set, member, no_overload
from wa_lint.cel.values import ATOMS, TracedCell, EvaluationError, Optional, is_cell, items_of, settled
from wa_lint.model import ABSENT, Partial, Unknown, Unresolved


def select(operand: Step, name: str, *, optional: bool) -> Step:
    """``operand.name`` or ``operand.?name``."""
    if optional:
        return lambda frame: _select_optional(operand(frame), name, frame)

    def step(frame: Frame) -> object:
        found = operand(frame)
        if is_cell(found) and type(found.value) is dict:
            return found.select(name)
        return _select(found, name, frame)

    return step


def has(operand: Step, name: str) -> Step:
    """``has(operand.name)``: the member's cell is read, also if it is absent."""

    def step(frame: Frame) -> object:
        chosen = _select_optional(operand(frame), name, frame)
        return has_value(chosen, frame) if isinstance(chosen, Optional) else chosen

    return step


def index(operand: Step, key: Step, *, optional: bool) -> Step:
    """``operand[key]`` or ``operand[?key]``."""

    def step(frame: Frame) -> object:
        found = operand(frame)
        at = read(key(frame), frame)
        chosen = failure(at) or _index(found, at, frame)
        if optional or not isinstance(chosen, Optional) or isinstance(found, Optional):
            return chosen
        return chosen.content if settled(chosen.content) is not ABSENT or is_cell(chosen.content) else _no_item(at)

    return step


def has_value(found: Optional, frame: Frame) -> object:
    if is_cell(found.content):
        frame.note(found.content)
    return is_set(found.content)


def _select(found: object, name: str, frame: Frame) -> object:
    """Return the member; an absent one of a cell is a cell too, and an error only when it is used."""
    chosen = _select_optional(found, name, frame)
    if isinstance(found, Optional) or not isinstance(chosen, Optional):
        return chosen
    return _missing_member(name) if chosen.content is ABSENT else chosen.content


def _missing_member(name: str) -> EvaluationError:
    return EvaluationError(f"no such key: {name}")


def _select_optional(found: object, name: str, frame: Frame) -> object:
    """Return the member as an Optional, else `Unknown` or an `EvaluationError`."""
    if isinstance(found, Optional):
        return _inside(found, lambda content: _select_optional(content, name, frame))
    return _entry(found, name, frame, f"select .{name}")


def _index(found: object, at: object, frame: Frame) -> object:
    """Return the item or member as an Optional, else `Unknown` or an `EvaluationError`."""
    if isinstance(found, Optional):
        return _inside(found, lambda content: _index(content, at, frame))
    if isinstance(at, Unresolved):
        return Unknown(at.reason)
    items = items_of(found)
    if items is not None:
        chosen = _item(items[0], items[1], at)
        if is_cell(found) and not (isinstance(chosen, Optional) and is_cell(chosen.content)):
            frame.note(found)  # the item has no place of its own: the list is what was read
        return chosen
    return _entry(found, at, frame, "index")


def _inside(found: Optional, look: Callable[[object], object]) -> object:
    """Go on inside an optional that has a value; one that has none, or may have none, stays what it is."""
    return look(found.content) if is_set(found.content) is True else found


def _entry(found: object, key: object, frame: Frame, what: str) -> object:
    if not is_cell(found):
        return Optional(member(found, key)) if isinstance(found, dict) else _no_entry(found, what)
    value = found.value
    if value is not ABSENT and type(value) not in _WITHOUT_MEMBERS:
        return Optional(found.select(key) if isinstance(key, str) else ABSENT)
    if isinstance(value, Unknown | Unresolved) and isinstance(key, str):
        return _beyond_unknown(found, key, Unknown(value.reason), frame)
    if value is ABSENT:
        return missing(found)
    failed = _no_entry(value, what)
    return EvaluationError(failed.reason, found) if isinstance(failed, EvaluationError) else failed


_WITHOUT_MEMBERS = ATOMS | {Unknown, Unresolved, Partial, list, tuple}


def _beyond_unknown(found: TracedCell, name: str, unknown: Unknown, frame: Frame) -> object:
    """Ask a cell that is not known all the same: a link or what was observed may be. Absence would prove nothing."""
    chosen = found.select(name)
    if chosen.value is not ABSENT and not isinstance(chosen.value, Unknown | Unresolved):
        return Optional(chosen)
    frame.note(found)
    return unknown


def _no_entry(value: object, what: str) -> Unknown | EvaluationError:
    if isinstance(value, Unresolved):
        return Unknown(value.reason)
    return failure(value) or (missing() if value is ABSENT else no_overload(what, value))


def _item(items: object, unseen: Unknown | None, at: object) -> object:
    """Return an item by its place, which is not known where some items before it could be unseen."""
    if unseen is not None:
        return unseen
    assert isinstance(items, list | tuple)  # noqa: S101, `items_of` gives sequences
    if isinstance(at, float) and at.is_integer():
        at = int(at)
    if type(at) is not int:
        return no_overload("index", list(items), at)
    return Optional(items[at] if 0 <= at < len(items) else ABSENT)


def _no_item(at: object) -> EvaluationError:
    return EvaluationError(f"no such key or index: {at!r}")
