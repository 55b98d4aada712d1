"""Compiles a syntax tree to closures and runs them: three-valued, and noting which cells decided.

Bad data never raises: it comes to `Unknown` or to an `EvaluationError`, which are values. What a cell or a
function raises (a scenario's Fork) passes through.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from wa_lint.cel import calls, macros, members, quick
from wa_lint.cel.frame import CompileScope, Frame, Step, Steps, failure, read, truth_of
from wa_lint.cel.library import TYPES
from wa_lint.cel.macros import element
from wa_lint.cel.operators import BINARY, negative
from wa_lint.cel.syntax import (
    Binary,
    Call,
    Conditional,
    Has,
    Ident,
    Index,
    ListLiteral,
    Literal,
    Logic,
    Macro,
    MapLiteral,
    Node,
    Select,
    Unary,
    walk,
)
from wa_lint.cel.types import Function
from wa_lint.cel.values import ATOMS, EvaluationError, TracedCell
from wa_lint.model import Partial, Unknown, Unresolved


class Program:
    """An expression that can be evaluated, compiled when it is first."""

    __slots__ = ("_functions", "_step", "node")

    def __init__(self, node: Node, functions: Mapping[str, Function]) -> None:
        self.node = node
        self._functions = functions
        self._step: Step | None = None

    def quick(self, names: tuple[str, ...]) -> quick.Quick | None:
        """Return the form for the first pass, given the names of the variables; None if it has none."""
        return quick.compile(self.node, self._functions, names)

    def evaluate(
        self, variables: Mapping[str, object], trace: list[TracedCell] | None = None, steps: Steps | None = None
    ) -> object:
        """Return a plain value, a cell (whatever its value, also ABSENT), `Unknown` or an `EvaluationError`.

        The cells that decided are appended to `trace`, in order and once each; where the result is not known, those
        that are not.
        """
        return self._run(variables, trace, steps, lambda found, _: found)

    def truth(
        self, variables: Mapping[str, object], trace: list[TracedCell] | None = None, steps: Steps | None = None
    ) -> bool | Unknown | EvaluationError:
        """As `evaluate`, for a condition: what is neither bool nor Unknown is an `EvaluationError`."""
        return self._run(variables, trace, steps, truth_of)  # type: ignore[return-value] # that is what truth_of returns

    def _run(
        self,
        variables: Mapping[str, object],
        trace: list[TracedCell] | None,
        steps: Steps | None,
        take: Callable[[object, Frame], object],
    ) -> object:
        if self._step is None:
            self._step = _compiled(self.node, CompileScope(self._functions))
        frame = Frame(variables, None if trace is None else [], steps or Steps())
        try:
            result = take(self._step(frame), frame)
            if trace is not None:
                trace.extend(_deciding(result, frame.trace or []))
        except RecursionError:  # the tree is shallow, so that it is the data that is not
            return EvaluationError("a value is nested too deeply")
        return result


def compile(node: Node, functions: Mapping[str, Function] | None = None) -> Program:  # noqa: A001, as re.compile
    """Return the program of a checked tree. What was not checked, such as an unknown function, is an error when run."""
    return Program(node, functions or {})


def _deciding(result: object, noted: Sequence[TracedCell]) -> list[TracedCell]:
    """Return each cell once; of a result that is not known, only those that are not, if there are any."""
    once = list({id(cell): cell for cell in noted}.values())
    if isinstance(result, EvaluationError) and result.cell is not None:
        return [result.cell]
    if not isinstance(result, Unknown):
        return once
    unsure = [cell for cell in once if isinstance(cell.value, Unknown | Unresolved | Partial)]
    return unsure or [cell for cell in once if _is_unsure(cell.plain())] or once


def _is_unsure(value: object) -> bool:
    if isinstance(value, Unknown | Unresolved | Partial):
        return True
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list | tuple) else ()
    return any(map(_is_unsure, inner))


# --- nodes ------------------------------------------------------------------------------------------


def _compiled(node: Node, scope: CompileScope) -> Step:
    return _COMPILERS[type(node)](node, scope)


def _constant(value: object) -> Step:
    return lambda _: value


def _ident(node: Ident, scope: CompileScope) -> Step:
    slot = scope.slot(node.name)
    if slot is not None:
        return lambda frame: frame.locals[slot]
    name, otherwise = node.name, TYPES.get(node.name, EvaluationError(f"no variable {node.name!r}"))
    return lambda frame: frame.variables.get(name, otherwise)


def _call(node: Call, scope: CompileScope) -> Step:
    nodes = node.arguments if node.target is None else (node.target, *node.arguments)
    steps = [_compiled(argument, scope) for argument in nodes]
    function = calls.library_function(node.function, len(steps), receiver=node.target is not None)
    if function is not None:
        return calls.call(function, steps, handed_in=False)
    if node.function in calls.OPTIONAL_MAKERS and len(steps) == calls.OPTIONAL_MAKERS[node.function][0]:
        return calls.optional_maker(node.function, steps)
    if node.target is not None and calls.OPTIONAL_METHODS.get(node.function, (-1,))[0] == len(node.arguments):
        return calls.optional_method(node.function, steps[0], steps[1:])
    function = scope.functions.get(node.function)
    if function is None or function.receiver != (node.target is not None) or len(function.params) != len(steps):
        return _constant(EvaluationError(f"no such overload: {node.function}"))
    return calls.call(function, steps, handed_in=True)


def _list(node: ListLiteral, scope: CompileScope) -> Step:
    if all(isinstance(item, Literal) for item in node.items):
        constants = [item.value for item in node.items if isinstance(item, Literal)]
        return _constant(constants)
    steps = [_compiled(item, scope) for item in node.items]

    def step(frame: Frame) -> object:
        items = [element(item(frame), frame) for item in steps]
        return next((item for item in items if isinstance(item, EvaluationError)), items)

    return step


def _map(node: MapLiteral, scope: CompileScope) -> Step:
    steps = [(_compiled(key, scope), _compiled(value, scope)) for key, value in node.entries]

    def step(frame: Frame) -> object:
        entries: dict[object, object] = {}
        for key_step, value_step in steps:
            key = read(key_step(frame), frame)
            value = element(value_step(frame), frame)
            failed = failure(key) or _bad_key(key, entries) or (value if isinstance(value, EvaluationError) else None)
            if failed is not None:
                return failed
            entries[key] = value
        return entries

    return step


def _bad_key(key: object, entries: Mapping[object, object]) -> Unknown | EvaluationError | None:
    if isinstance(key, Unresolved):
        return Unknown(key.reason)
    if type(key) not in (int, str):
        return EvaluationError("the key of a map is a string or an int")
    return EvaluationError(f"the map has the key {key!r} twice") if key in entries else None


def _unary(node: Unary, scope: CompileScope) -> Step:
    operand = _compiled(node.operand, scope)
    if node.operator == "!":

        def negated(frame: Frame) -> object:
            found = truth_of(operand(frame), frame)
            return not found if isinstance(found, bool) else found

        return negated

    def minus(frame: Frame) -> object:
        found = read(operand(frame), frame)
        return failure(found) or negative(found)

    return minus


def _binary(node: Binary, scope: CompileScope) -> Step:
    left, right, apply = _compiled(node.left, scope), _compiled(node.right, scope), BINARY[node.operator]

    def step(frame: Frame) -> object:
        a = left(frame)
        if type(a) not in ATOMS:
            a = read(a, frame)
        b = right(frame)
        if type(b) not in ATOMS:
            b = read(b, frame)
        if type(a) in ATOMS and type(b) in ATOMS:
            return apply(a, b)
        failed = failure(a, b)
        return apply(a, b) if failed is None else failed

    return step


def _logic(node: Logic, scope: CompileScope) -> Step:
    """Kleene's && and ||, which absorb errors: unknown beats error, and one deciding operand beats both."""
    steps = [_compiled(operand, scope) for operand in node.operands]
    decisive = node.operator == "||"

    def step(frame: Frame) -> object:
        start = frame.mark()
        unknown: Unknown | None = None
        error: object = None
        for operand in steps:
            mark = frame.mark()
            found = operand(frame)
            if type(found) is not bool:
                found = truth_of(found, frame)
            if found is decisive:
                frame.forget(start, mark)
                return decisive
            if isinstance(found, Unknown):
                unknown = unknown or found
            elif not isinstance(found, bool):
                error = error or found
        return unknown or error or not decisive

    return step


def _conditional(node: Conditional, scope: CompileScope) -> Step:
    condition, then, otherwise = (_compiled(part, scope) for part in (node.condition, node.then, node.otherwise))

    def step(frame: Frame) -> object:
        found = truth_of(condition(frame), frame)
        if not isinstance(found, bool):
            return found
        return then(frame) if found else otherwise(frame)

    return step


def _macro(node: Macro, scope: CompileScope) -> Step:
    inside = CompileScope(scope.functions, (*scope.macros, node.variable))
    where = None if node.where is None else _compiled(node.where, inside)
    asks_item = any(isinstance(part, Ident) and part.name == node.variable for part in walk(node.body))
    body = _compiled(node.body, inside)
    return macros.macro(node.name, macros.Loop(_compiled(node.items, scope), len(scope.macros), where, body, asks_item))


_COMPILERS: dict[type, Callable[..., Step]] = {
    Literal: lambda node, _: _constant(node.value),
    Ident: _ident,
    Select: lambda node, scope: members.select(_compiled(node.operand, scope), node.field, optional=node.optional),
    Index: lambda node, scope: members.index(
        _compiled(node.operand, scope), _compiled(node.index, scope), optional=node.optional
    ),
    Has: lambda node, scope: members.has(_compiled(node.field.operand, scope), node.field.field),
    Call: _call,
    ListLiteral: _list,
    MapLiteral: _map,
    Unary: _unary,
    Binary: _binary,
    Logic: _logic,
    Conditional: _conditional,
    Macro: _macro,
}
