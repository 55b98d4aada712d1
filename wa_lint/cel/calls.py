"""Steps that call a function: the library's, those handed in, and those of optionals, which evaluate lazily."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from wa_lint.cel.frame import Frame, Step, failure, missing, read
from wa_lint.cel.library import LIBRARY
from wa_lint.cel.macros import element
from wa_lint.cel.members import has_value
from wa_lint.cel.operators import no_overload
from wa_lint.cel.types import BOOL, DOUBLE, INT, STRING, Function, ListType, MapType, Type
from wa_lint.cel.values import ATOMS, EvaluationError, Optional, TracedCell, is_cell, items_of, looked_up, settled
from wa_lint.model import ABSENT, Partial, Unknown, Unresolved


def call(function: Function, arguments: Sequence[Step], *, handed_in: bool) -> Step:
    """Call a function with what the steps find. One that was handed in never sees a value with an Unknown inside."""

    def step(frame: Frame) -> object:
        values = [argument(frame) for argument in arguments]
        for position, found in enumerate(values):
            if type(found) not in ATOMS:
                values[position] = _argument(found, function, frame, handed_in=handed_in)
        failed = failure(*values)
        if failed is not None:
            return failed
        if not function.raw and not all(map(fits, values, function.params)):
            return no_overload(function.name, *values)
        return function.call(*values)

    return step


def library_function(name: str, arity: int, *, receiver: bool) -> Function | None:
    return next((f for f in LIBRARY.get(name, ()) if f.receiver == receiver and len(f.params) == arity), None)


def _argument(found: object, function: Function, frame: Frame, *, handed_in: bool) -> object:
    if not is_cell(found):
        if found is ABSENT and not function.accepts_absent:
            return missing()
        return whole(_plain_items(found)) if handed_in and not function.raw else found
    frame.note(found)
    if function.raw:
        return found
    value = _items(found) if function.counts else found.plain()
    if value is ABSENT and not function.accepts_absent:
        return missing(found)
    return whole(value) if handed_in else value


def _items(found: TracedCell) -> object:
    """Return a list with its items as cells; anything else with all that is inside looked up."""
    known = items_of(found)
    if known is None:
        return found.plain()
    items, unseen = known
    return list(items) if unseen is None else Partial(tuple(items), unseen.reason)


def _plain_items(found: object) -> object:
    return [looked_up(item) for item in found] if isinstance(found, list | tuple) else found


def whole(value: object) -> object:
    """Return `value`, or what is not known inside of it."""
    if isinstance(value, Partial):
        return Unknown(value.reason)
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list | tuple) else ()
    found = (whole(item) for item in inner)
    return next((item for item in found if isinstance(item, Unknown)), value)


def fits(value: object, wanted: Type) -> bool:
    if wanted is STRING and type(value) is str:
        return True
    if isinstance(value, Unresolved) or value is ABSENT:
        return True
    if isinstance(wanted, ListType):
        return isinstance(value, list | tuple | Partial)
    if isinstance(wanted, MapType):
        return isinstance(value, dict)
    kind = _KINDS.get(wanted.name)
    return kind is None or type(value) is kind


_KINDS: dict[str, type] = {BOOL.name: bool, INT.name: int, DOUBLE.name: float, STRING.name: str}


# --- optionals --------------------------------------------------------------------------------------


def optional_method(name: str, target: Step, arguments: Sequence[Step]) -> Step:
    """``x.hasValue()``, ``x.value()``, ``x.or(y)`` or ``x.orValue(y)``; y is evaluated only where x has no value."""
    look = OPTIONAL_METHODS[name][1]

    def step(frame: Frame) -> object:
        found = target(frame)
        optional = found if isinstance(found, Optional) else read(found, frame)
        if not isinstance(optional, Optional):
            return failure(optional) or no_overload(name, optional)
        return look(optional, frame, *arguments)

    return step


def _value(found: Optional, frame: Frame) -> object:
    there = has_value(found, frame)
    if there is True:
        return found.content
    none = EvaluationError("this optional has no value", found.content if is_cell(found.content) else None)
    return there if isinstance(there, Unknown) else none


def _or_value(found: Optional, frame: Frame, otherwise: Step) -> object:
    there = has_value(found, frame)
    if there is False:
        return otherwise(frame)
    return there if isinstance(there, Unknown) else found.content


def _or(found: Optional, frame: Frame, otherwise: Step) -> object:
    there = has_value(found, frame)
    if there is False:
        return otherwise(frame)
    return there if isinstance(there, Unknown) else found


OPTIONAL_METHODS: dict[str, tuple[int, Callable[..., object]]] = {
    "hasValue": (0, has_value),
    "value": (0, _value),
    "orValue": (1, _or_value),
    "or": (1, _or),
}
"""How many arguments each takes, and what it does."""


def optional_maker(name: str, arguments: Sequence[Step]) -> Step:
    """``optional.of(x)``, ``optional.ofNonZeroValue(x)`` or ``optional.none()``."""
    make = OPTIONAL_MAKERS[name][1]

    def step(frame: Frame) -> object:
        found = [element(argument(frame), frame) for argument in arguments]
        return failure(*map(settled, found)) or make(*found)

    return step


def _of_non_zero(found: object) -> object:
    value = settled(found)
    if isinstance(value, Unresolved | Partial):
        return Unknown(value.reason)
    is_zero = value is None or (type(value) in (bool, int, float, str, list, tuple, dict) and not value)
    return Optional() if is_zero else Optional(found)


OPTIONAL_MAKERS: dict[str, tuple[int, Callable[..., object]]] = {
    "optional.none": (0, Optional),
    "optional.of": (1, Optional),
    "optional.ofNonZeroValue": (1, _of_non_zero),
}
"""How many arguments each takes, and what it does."""
