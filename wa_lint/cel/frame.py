"""What one evaluation carries along, and how a step takes up what another step found."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

import msgspec

from wa_lint import budget
from wa_lint.cel.operators import type_name
from wa_lint.cel.types import Function
from wa_lint.cel.values import ATOMS, EvaluationError, TracedCell, is_cell, items_of
from wa_lint.model import ABSENT, Partial, Unknown, Unresolved


class Steps:
    """How many items macros may still visit: a rule pack is not trusted to stop, nor is a template to be small."""

    __slots__ = ("left",)

    def __init__(self) -> None:
        self.left = budget.current().steps

    def take(self, amount: int) -> Unknown | None:
        """Count items that are about to be visited; return why they must not be, if so."""
        self.left -= amount
        return Unknown(budget.spent("steps", budget.current())) if self.left < 0 else None


class Frame:
    """One evaluation: what it was given, what the macros' variables are, and which cells it read."""

    __slots__ = ("locals", "steps", "trace", "variables")

    def __init__(self, variables: Mapping[str, object], trace: list[TracedCell] | None, steps: Steps) -> None:
        self.variables = variables
        self.trace = trace
        self.locals: list[object] = []
        self.steps = steps

    def note(self, found: TracedCell) -> None:
        if self.trace is not None:
            self.trace.append(found)

    def mark(self) -> int:
        """Return where the trace is, for `forget`."""
        return 0 if self.trace is None else len(self.trace)

    def forget(self, start: int, end: int) -> None:
        """Drop the reads between two marks: they did not decide."""
        if self.trace is not None:
            del self.trace[start:end]


Step: TypeAlias = Callable[[Frame], object]
"""A compiled node: returns a plain value, a cell, `Unknown` or an `EvaluationError`, and raises neither."""


class CompileScope(msgspec.Struct, frozen=True):
    """The names around a node: functions handed in, and the variables of the macros that enclose it."""

    functions: Mapping[str, Function]
    macros: tuple[str, ...] = ()

    def slot(self, name: str) -> int | None:
        """Return where a macro's variable is kept, the innermost of its name; None if there is none."""
        return max((slot for slot, known in enumerate(self.macros) if known == name), default=None)


def read(found: object, frame: Frame) -> object:
    """Return the value that a step found, noting its cell. A list's items stay cells; a map is looked up whole."""
    if type(found) in ATOMS:
        return found
    if not is_cell(found):
        return missing() if found is ABSENT else found
    frame.note(found)
    value = found.value
    if value is ABSENT:
        return missing(found)
    if isinstance(value, list | tuple | Partial):
        return _items(found)
    return found.plain() if isinstance(value, dict) else value


def truth_of(found: object, frame: Frame) -> object:
    """Return the bool that a step found, else `Unknown` or an `EvaluationError`."""
    value = read(found, frame)
    if isinstance(value, bool | Unknown | EvaluationError):
        return value
    if isinstance(value, Unresolved):
        return Unknown(value.reason)
    return EvaluationError(f"a bool is needed, not {type_name(value)}", found if is_cell(found) else None)


def failure(*values: object) -> Unknown | EvaluationError | None:
    """Return the first Unknown, else the first error among `values`; None if all are values."""
    error = None
    for value in values:
        if isinstance(value, Unknown):
            return value
        if error is None and isinstance(value, EvaluationError):
            error = value
    return error


def missing(cell: TracedCell | None = None) -> EvaluationError:
    return EvaluationError("no such key", cell)


def _items(found: TracedCell) -> object:
    items, unseen = items_of(found) or ((), None)
    return list(items) if unseen is None else Partial(tuple(items), unseen.reason)
