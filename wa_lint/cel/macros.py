"""Steps for the macros: all, exists, exists_one, filter, map, optMap and optFlatMap."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec

from wa_lint.cel.frame import Frame, Step, failure, missing, read, truth_of
from wa_lint.cel.operators import is_set, no_overload
from wa_lint.cel.values import EvaluationError, Optional, is_cell, items_of, settled
from wa_lint.model import ABSENT, Partial, Unknown, Unresolved


class Loop(msgspec.Struct, frozen=True):
    """A compiled macro: its body is run with each item in the slot of its variable."""

    items: Step
    slot: int
    where: Step | None
    body: Step
    asks_item: bool
    """Whether the body mentions the variable: if not, it is the list that decided, and never one item."""


def macro(name: str, loop: Loop) -> Step:
    if name in ("optMap", "optFlatMap"):
        return lambda frame: _with_content(loop, frame, flat=name == "optFlatMap")
    run = _RUN[name]

    def step(frame: Frame) -> object:
        found = loop.items(frame)
        before_list = frame.mark()
        range_ = _range(found, frame)
        start = before_list if loop.asks_item else frame.mark()
        if isinstance(range_, Unknown | EvaluationError):
            return range_
        items, unseen = range_
        spent = frame.steps.take(len(items))
        if spent is not None:
            return spent
        maybe = _doubtful(found) if name in _DECISIVE and unseen is not None else None
        if maybe is None:
            return run(loop, items, unseen, frame, start)
        known = run(loop, items, None, frame, start)
        return known if known is _DECISIVE[name] or isinstance(known, Unknown) else _doubted(loop, maybe, known, frame)

    return step


_DECISIVE = {"all": False, "exists": True}
"""What one item must say to decide for the list."""


def _doubtful(found: object) -> Partial | None:
    """Return a list of which it is known what may be missing."""
    value = settled(found)
    return value if isinstance(value, Partial) and value.is_whole else None


def _doubted(loop: Loop, listed: Partial, known: object, frame: Frame) -> object:
    """Return what is `known` of the items that are in the list, unless one that may be in it would say otherwise."""
    mark = frame.mark()
    for item in listed.maybe:
        _bind(loop, item, frame)
        if truth_of(loop.body(frame), frame) is not known:
            frame.forget(mark, frame.mark())
            return Unknown(listed.reason)
    return known


def _range(found: object, frame: Frame) -> tuple[Sequence[object], Unknown | None] | Unknown | EvaluationError:
    """Return the items of a list, or the keys of a map, and what is not known of the rest."""
    items = items_of(found)
    if items is not None:
        if is_cell(found):
            frame.note(found)
        return items
    value = read(found, frame)
    if isinstance(value, dict):
        return _keys(value)
    if isinstance(value, Unresolved):
        return Unknown(value.reason)
    return failure(value) or no_overload("a macro", value)


def _keys(found: dict[object, object]) -> tuple[Sequence[object], Unknown | None]:
    there = {key: is_set(value) for key, value in found.items()}
    unseen = next((known for known in there.values() if isinstance(known, Unknown)), None)
    return [key for key, known in there.items() if known is True], unseen


def _bind(loop: Loop, item: object, frame: Frame) -> None:
    del frame.locals[loop.slot :]
    frame.locals.append(item)


def _all(loop: Loop, items: Sequence[object], unseen: Unknown | None, frame: Frame, start: int) -> object:
    return _quantified(loop, items, unseen, frame, start, decisive=False)


def _exists(loop: Loop, items: Sequence[object], unseen: Unknown | None, frame: Frame, start: int) -> object:
    return _quantified(loop, items, unseen, frame, start, decisive=True)


def _quantified(
    loop: Loop, items: Sequence[object], unseen: Unknown | None, frame: Frame, start: int, *, decisive: bool
) -> object:
    """Ask of each item until one is `decisive`: then only its reads count. Errors are absorbed, as in && and ||."""
    unknown, error = unseen, None
    for item in items:
        mark = frame.mark()
        _bind(loop, item, frame)
        found = truth_of(loop.body(frame), frame)
        if found is decisive:
            frame.forget(start, mark)
            return decisive
        if isinstance(found, Unknown):
            unknown = unknown or found
        elif not isinstance(found, bool):
            error = error or found
    return unknown or error or not decisive


def _exists_one(loop: Loop, items: Sequence[object], unseen: Unknown | None, frame: Frame, start: int) -> object:
    """Unlike in exists(), an error in any item is one of the whole."""
    del start
    count, unknown = 0, unseen
    for item in items:
        _bind(loop, item, frame)
        found = truth_of(loop.body(frame), frame)
        if isinstance(found, EvaluationError):
            return found
        if isinstance(found, Unknown):
            unknown = unknown or found
        count += found is True
    return count == 1 if unknown is None or count > 1 else unknown


def _filter(loop: Loop, items: Sequence[object], unseen: Unknown | None, frame: Frame, start: int) -> object:
    chosen = _chosen(loop, loop.body, items, unseen, frame)
    del start
    if isinstance(chosen, EvaluationError):
        return chosen
    kept, unknown = chosen
    return kept if unknown is None else Partial(tuple(kept), unknown.reason)


def _map(loop: Loop, items: Sequence[object], unseen: Unknown | None, frame: Frame, start: int) -> object:
    del start
    kept: list[object] = []
    unknown = unseen
    for item in items:
        _bind(loop, item, frame)
        known = True if loop.where is None else truth_of(loop.where(frame), frame)
        if isinstance(known, EvaluationError):
            return known
        if isinstance(known, Unknown):
            unknown = unknown or known
        elif known:
            made = element(loop.body(frame), frame)
            if isinstance(made, EvaluationError):
                return made
            kept.append(made)
    return kept if unknown is None else Partial(tuple(kept), unknown.reason)


def element(found: object, frame: Frame) -> object:
    """Return what a step found as an item of a list: a cell stays one, an absent one is an error."""
    if not is_cell(found):
        return missing() if found is ABSENT else found
    frame.note(found)
    return missing(found) if found.value is ABSENT else found


def _chosen(
    loop: Loop, condition: Step, items: Sequence[object], unseen: Unknown | None, frame: Frame
) -> tuple[list[object], Unknown | None] | EvaluationError:
    """Return the items of which `condition` holds, and what is not known of the others."""
    kept: list[object] = []
    for item in items:
        _bind(loop, item, frame)
        known = truth_of(condition(frame), frame)
        if isinstance(known, EvaluationError):
            return known
        if isinstance(known, Unknown):
            unseen = unseen or known
        elif known:
            kept.append(item)
    return kept, unseen


def _with_content(loop: Loop, frame: Frame, *, flat: bool) -> object:
    """Run the body with the content of an optional, if it has one."""
    found = loop.items(frame)
    value = found if isinstance(found, Optional) else read(found, frame)
    if not isinstance(value, Optional):
        return failure(value) or no_overload("optMap", value)
    there = is_set(value.content)
    if there is not True:
        return there if isinstance(there, Unknown) else value
    _bind(loop, value.content, frame)
    made = element(loop.body(frame), frame)
    return made if flat or isinstance(settled(made), Unknown | EvaluationError) else Optional(made)


_RUN: dict[str, Callable[[Loop, Sequence[object], Unknown | None, Frame, int], object]] = {
    "all": _all,
    "exists": _exists,
    "exists_one": _exists_one,
    "filter": _filter,
    "map": _map,
}
