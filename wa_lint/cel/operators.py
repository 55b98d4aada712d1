"""Arithmetic, comparisons and equality of settled values, as CEL has them; nothing here knows a cell or a tree.

An operand is plain JSON, `Unresolved`, `Partial`, `Optional` or a type. Unknowns and errors are the caller's.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from typing import Final, TypeAlias

from wa_lint import truth
from wa_lint.cel.values import ATOMS, CelType, EvaluationError, Optional, elements, looked_up, settled
from wa_lint.model import ABSENT, Partial, Unknown, Unresolved
from wa_lint.truth import Truth

Operator: TypeAlias = Callable[[object, object], object]

MAX_SIZE: Final = 1_000_000
"""The longest text or list that an expression may build: no rule needs it, and a rule pack is not trusted."""

_INT_MIN, _INT_END = -(2**63), 2**63


def no_overload(name: str, *operands: object) -> EvaluationError:
    return EvaluationError(f"no such overload: {name} of {' and '.join(type_name(o) for o in operands)}")


def type_name(found: object) -> str:
    """Return CEL's name of the type of a settled value."""
    return _TYPE_NAMES.get(type(found), "a value that is no CEL value")


_TYPE_NAMES: dict[type, str] = {
    bool: "bool",
    int: "int",
    float: "double",
    str: "string",
    type(None): "null_type",
    list: "list",
    tuple: "list",
    Partial: "list",
    dict: "map",
    Optional: "optional_type",
    CelType: "type",
}


def equals(left: object, right: object) -> Truth:
    """As `truth.equals`, for what only expressions hold too: partly seen lists, optionals, types, cells in lists."""
    if type(left) in ATOMS and type(right) in ATOMS:
        return _equal_atoms(left, right)
    left, right = looked_up(left), looked_up(right)
    if isinstance(left, Unknown | Unresolved) or isinstance(right, Unknown | Unresolved):
        return truth.equals(left, right)
    if isinstance(left, list | tuple | Partial) and isinstance(right, list | tuple | Partial):
        return _equal_lists(left, right)
    if isinstance(left, dict) and isinstance(right, dict):
        return _equal_maps(left, right)
    if isinstance(left, Optional) and isinstance(right, Optional):
        return equals(left.content, right.content)
    return _equal_atoms(left, right)


def is_in(item: object, container: object) -> object:
    """Return the answer of ``item in container``."""
    if isinstance(container, list | tuple | Partial):
        items, rest = elements(container)
        found = truth.some(equals(item, other) for other in items)
        return rest if found is False and rest is not None else found
    if isinstance(container, Unresolved):
        return Unknown(container.reason)
    if not isinstance(container, dict):
        return no_overload("in", item, container)
    if isinstance(item, Unresolved):
        return truth.some(truth.equals(item, key) for key in container)
    return is_set(member(container, item)) if type(item) in _ORDERED else no_overload("in", item, container)


def member(container: dict[object, object], key: object) -> object:
    """Return the value at `key`, or ABSENT. No boolean is a key, though Python takes True for 1."""
    return container.get(key, ABSENT) if type(key) in (int, float, str) else ABSENT


def is_set(found: object) -> Truth:
    """Whether there is a value: not known of an Unknown, but an Unresolved one is set."""
    value = settled(found)
    return value if isinstance(value, Unknown) else value is not ABSENT


def negative(operand: object) -> object:
    if type(operand) is int:
        return _within(-operand)
    if type(operand) is float:
        return -operand
    return Unknown(operand.reason) if isinstance(operand, Unresolved) else no_overload("-", operand)


def _equal_atoms(left: object, right: object) -> bool:
    """Python's equality, but for a bool, which equals no number, and for an int, which meets a double as a double."""
    if (type(left) is bool) is not (type(right) is bool):
        return False
    if type(left) is int and type(right) is float:
        return as_double(left) == right
    if type(left) is float and type(right) is int:
        return left == as_double(right)
    return left == right


def as_double(number: int) -> float:
    """Return the nearest double, also of the ints beyond 64 bits that JSON may hold."""
    if -(2**1023) < number < 2**1023:
        return float(number)
    return math.inf if number > 0 else -math.inf


def _equal_maps(left: dict[object, object], right: dict[object, object]) -> Truth:
    """Compare key by key: what is Unknown may be absent, so different keys prove nothing by themselves."""
    return truth.every(_equal_members(member(left, key), member(right, key)) for key in {**left, **right})


def _equal_members(left: object, right: object) -> Truth:
    there, other = is_set(left), is_set(right)
    if there is True and other is True:
        return equals(left, right)
    return next((known for known in (there, other) if isinstance(known, Unknown)), there == other)


def _equal_lists(left: object, right: object) -> Truth:
    (seen, rest), (others, other_rest) = elements(left), elements(right)  # type: ignore[arg-type] # the caller looked
    if rest is not None or other_rest is not None:
        too_short = (other_rest is None and len(seen) > len(others)) or (rest is None and len(others) > len(seen))
        return False if too_short else rest or other_rest or False
    return len(seen) == len(others) and truth.every(equals(a, b) for a, b in zip(seen, others, strict=True))


# --- arithmetic -------------------------------------------------------------------------------------


def _add(left: object, right: object) -> object:
    if isinstance(left, str) and isinstance(right, str):
        return left + right if len(left) + len(right) <= MAX_SIZE else too_long()
    if isinstance(left, list | tuple | Partial) and isinstance(right, list | tuple | Partial):
        return _concatenated(left, right)
    return _arithmetic("+", operator.add, left, right)


def _concatenated(left: list[object] | tuple[object, ...] | Partial, right: object) -> object:
    (items, rest), (others, other_rest) = elements(left), elements(right)  # type: ignore[arg-type] # the caller looked
    if len(items) + len(others) > MAX_SIZE:
        return too_long()
    unseen = rest or other_rest
    together = (*items, *others)
    return list(together) if unseen is None else Partial(together, unseen.reason)


def _arithmetic(name: str, apply: Callable[..., object], left: object, right: object) -> object:
    """Apply to two ints, or to two doubles: CEL does not mix them."""
    if type(left) is int and type(right) is int:
        return _within(apply(left, right))
    if type(left) is float and type(right) is float:
        return apply(left, right)
    for operand in (left, right):
        if isinstance(operand, Unresolved):
            return Unknown(operand.reason)
    return no_overload(name, left, right)


def _divide(left: object, right: object) -> object:
    if type(left) is float and type(right) is float:
        return _divide_doubles(left, right)
    if type(left) is int and type(right) is int and right == 0:
        return EvaluationError("divide by zero")
    return _arithmetic("/", _truncated, left, right)


def _divide_doubles(left: float, right: float) -> float:
    if right != 0:
        return left / right
    if left == 0 or math.isnan(left):
        return math.nan
    return math.copysign(math.inf, left) * math.copysign(1.0, right)


def _truncated(left: int, right: int) -> int:
    quotient = abs(left) // abs(right)
    return quotient if (left < 0) == (right < 0) else -quotient


def _modulo(left: object, right: object) -> object:
    if isinstance(left, float) or isinstance(right, float):
        return no_overload("%", left, right)
    if type(left) is int and type(right) is int and right == 0:
        return EvaluationError("modulus by zero")
    if left == _INT_MIN and right == -1:
        return EvaluationError("integer overflow")
    return _arithmetic("%", lambda a, b: a - b * _truncated(a, b), left, right)


def _within(result: object) -> object:
    if isinstance(result, int) and not _INT_MIN <= result < _INT_END:
        return EvaluationError("integer overflow")
    return result


def too_long() -> EvaluationError:
    return EvaluationError(f"longer than {MAX_SIZE}: more than an expression may build")


# --- order ------------------------------------------------------------------------------------------


def _ordered(
    name: str,
    apply: Callable[..., bool],
    of_left: Callable[[Unresolved, float], Truth],
    of_right: Callable[[Unresolved, float], Truth],
) -> Operator:
    """Return a comparison; `of_left` answers where the left is Unresolved, `of_right` where the right is."""

    def compare(left: object, right: object) -> object:
        kind = _ORDERED.get(type(left))
        if kind is not None and kind is _ORDERED.get(type(right)):
            # CEL compares an int with a double as doubles: the conformance cases want 2^63 - 1 < 2.0^63 to be false.
            if type(left) is int and type(right) is float:
                return apply(as_double(left), right)
            return apply(left, as_double(right) if type(left) is float and type(right) is int else right)
        if isinstance(left, Unresolved):
            return of_left(left, right) if type(right) in (int, float) else Unknown(left.reason)  # type: ignore[arg-type] # a number
        if isinstance(right, Unresolved):
            return of_right(right, left) if type(left) in (int, float) else Unknown(right.reason)  # type: ignore[arg-type] # a number
        return no_overload(name, left, right)

    return compare


_ORDERED: dict[type, str] = {int: "number", float: "number", str: "string", bool: "bool"}


def _less(value: Unresolved, bound: float) -> Truth:
    return truth.negate(truth.at_least(value, bound))


def _at_most(value: Unresolved, bound: float) -> Truth:
    return truth.negate(truth.greater(value, bound))


BINARY: Final[dict[str, Operator]] = {
    "==": equals,
    "!=": lambda left, right: truth.negate(equals(left, right)),
    "<": _ordered("<", operator.lt, _less, truth.greater),
    "<=": _ordered("<=", operator.le, _at_most, truth.at_least),
    ">": _ordered(">", operator.gt, truth.greater, _less),
    ">=": _ordered(">=", operator.ge, truth.at_least, _at_most),
    "in": is_in,
    "+": _add,
    "-": lambda left, right: _arithmetic("-", operator.sub, left, right),
    "*": lambda left, right: _arithmetic("*", operator.mul, left, right),
    "/": _divide,
    "%": _modulo,
}
