"""The first pass: an expression as closures over plain values, which finds outcomes and gives no evidence.

It says True, False or `UNSURE` where the tracing evaluator (`evaluate`) says true, false, or Unknown or an error: these
two absorb alike in && and ||, so that one sign is enough. It looks at values in the same order, so that a scenario
forks alike. Whatever is not that simple raises `Bail`: then the tracing evaluator judges. A test holds the two
together.

A map is a `View` and a list a `Row`: they look up each member once, for all rules. Everything else is the value itself.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from copy import copy
from enum import Enum
from typing import Final, TypeAlias

import msgspec

from wa_lint.cel import calls
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
    Node,
    Select,
    Unary,
)
from wa_lint.cel.types import Function
from wa_lint.cel.values import ATOMS, EvaluationError, TracedCell, is_cell
from wa_lint.model import ABSENT, Partial, Unknown, Unresolved


class _Unsure(Enum):
    UNSURE = "unsure"


UNSURE: Final = _Unsure.UNSURE
"""Not known, or an error."""


class Bail(Exception):  # noqa: N818, it is no error
    """This evaluation is left to the tracing evaluator."""


class Unsupported(Exception):  # noqa: N818, it is no error
    """This expression is left to the tracing evaluator."""


Frame: TypeAlias = list[object]
"""The steps that are left, the variables in the order in which they were named, then those of the macros."""

Step: TypeAlias = Callable[[Frame], object]

_MISSING: Final = object()


# --- values -----------------------------------------------------------------------------------------


class View:
    """A map with a place. `members` holds what was looked up, for everybody who asks."""

    __slots__ = ("cell", "members", "raised")

    def __init__(self, cell: TracedCell) -> None:
        self.cell = cell
        self.members: dict[str, object] = {}
        self.raised: dict[str, Exception] = {}

    def look(self, name: str) -> object:
        """Look up a member; what that raises (a scenario's Fork) is raised again for the next who asks."""
        if name in self.raised:
            raise copy(self.raised[name])
        try:
            found = self.members[name] = seen(self.cell.select(name))
        except Exception as error:
            self.raised[name] = copy(error)  # without the frames that it came through, and all that they hold
            raise
        return found


class Row:
    """A list: of a cell, whose items are looked up when they are requested, or of items that are at hand."""

    __slots__ = ("_items", "cell", "cells", "is_whole", "unseen")

    def __init__(
        self, cell: TracedCell | None, cells: Sequence[object] = (), *, unseen: bool = False, is_whole: bool = False
    ) -> None:
        self.cell = cell
        self.is_whole = is_whole
        """Whether it is known which items may be missing: `Partial.is_whole`."""
        self.cells = cells
        """The items with their places; those without one are plain."""
        self.unseen = unseen
        """Whether there may be more items."""
        self._items: list[object] | None = None if cell else [normal(item) for item in cells]

    def items(self) -> Sequence[object]:
        if self._items is None:
            assert self.cell is not None  # noqa: S101, the others have items
            found = self.cell.items()
            self.cells = found[:-1] if self.unseen else found
            self._items = [seen(item) for item in found[: len(self.cells)]]
        return self._items


def seen(cell: TracedCell) -> object:
    """Return the value of a cell as this pass has it."""
    value = cell.value
    kind = type(value)
    if kind in ATOMS or value is ABSENT or kind is Unresolved:
        return value
    if kind is dict:
        return View(cell)
    if kind is list or kind is tuple:
        return Row(cell)
    if kind is Partial:
        return Row(cell, unseen=True, is_whole=value.is_whole)  # type: ignore[attr-defined] # it is a Partial
    if kind is Unknown:
        return UNSURE
    raise Bail


def normal(found: object) -> object:
    """Return what a function gave as this pass has it."""
    kind = type(found)
    if kind in ATOMS or found is ABSENT or kind in _OURS:
        return found
    if kind is Unknown or kind is EvaluationError:
        return UNSURE
    if isinstance(found, list | tuple):
        return Row(None, found)
    if isinstance(found, Partial):
        return Row(None, found.items, unseen=True, is_whole=found.is_whole)
    if is_cell(found):
        return seen(found)
    raise Bail


_OURS: Final = frozenset((Unresolved, View, Row, dict, _Unsure))


def whole(found: object) -> object:
    """Return what a function of plain values is given: everything inside is looked up."""
    kind = type(found)
    if kind is View:
        return found.cell.plain()  # type: ignore[attr-defined] # it is a View
    if kind is Row:
        if found.cell is not None:  # type: ignore[attr-defined] # it is a Row
            return found.cell.plain()  # type: ignore[attr-defined] # the same
        items = [whole(item) for item in found.items()]  # type: ignore[attr-defined] # the same
        if found.unseen or UNSURE in items:  # type: ignore[attr-defined] # the same
            raise Bail
        return items
    return [whole(item) for item in found] if isinstance(found, list) else found


def places(found: object) -> list[tuple[TracedCell, object]]:
    """Return the items of a list, each with its place. Raise `Bail` where one has none, or more may be there."""
    if found is ABSENT:
        return []
    if isinstance(found, Row):
        items = found.items()
        cells = found.cells
        if found.unseen:
            raise Bail
        if found.cell is not None and UNSURE not in items:
            return list(zip(cells, items, strict=True))  # type: ignore[arg-type] # the items of a cell are cells
    elif isinstance(found, list):
        items = found
        cells = [item.cell if isinstance(item, View | Row) else None for item in found]
    else:
        raise Bail
    if UNSURE in items or not all(map(is_cell, cells)):
        raise Bail
    return list(zip(cells, items, strict=True))  # type: ignore[arg-type] # all are cells


# --- programs ---------------------------------------------------------------------------------------


class Quick(msgspec.Struct, frozen=True):
    """An expression in its quick form."""

    step: Step
    """Gives a value, `UNSURE` or ABSENT; raises RecursionError for data that is nested too deeply."""
    size: int
    """How long a frame it needs."""


class _Scope(msgspec.Struct, frozen=True):
    functions: Mapping[str, Function]
    names: tuple[str, ...]
    """The variables, then those of the macros that enclose the node."""
    deepest: list[int]
    """The longest list of names that there was; one number."""

    def slot(self, name: str) -> int:
        found = [slot for slot, known in enumerate(self.names, start=1) if known == name]
        if not found:
            raise Unsupported
        return found[-1]

    def inside(self, name: str) -> _Scope:
        names = (*self.names, name)
        self.deepest[0] = max(self.deepest[0], len(names))
        return _Scope(self.functions, names, self.deepest)


def compile(  # noqa: A001, as re.compile
    node: Node, functions: Mapping[str, Function], names: tuple[str, ...]
) -> Quick | None:
    """Return the quick form of a checked tree; None if it has none."""
    scope = _Scope(functions, names, [len(names)])
    try:
        step = _compiled(node, scope)
    except Unsupported:
        return None
    return Quick(step, scope.deepest[0] + 1)


def _compiled(node: Node, scope: _Scope) -> Step:
    compiler = _COMPILERS.get(type(node))
    if compiler is None:
        raise Unsupported
    return compiler(node, scope)


def _plain(node: Node, scope: _Scope) -> Step:
    """Compile what must not be an optional: those are known by their form alone."""
    if _is_optional(node):
        raise Unsupported
    return _compiled(node, scope)


def _is_optional(node: Node) -> bool:
    """Whether a node is an optional: here that is a value, or ABSENT for none."""
    while isinstance(node, Select | Index):
        if node.optional:
            return True
        node = node.operand
    if isinstance(node, Conditional):
        if _is_optional(node.then) != _is_optional(node.otherwise):
            raise Unsupported
        return _is_optional(node.then)
    return isinstance(node, Macro) and node.name in ("optMap", "optFlatMap")


# --- names, members and items -----------------------------------------------------------------------


def _literal(node: Literal, _: _Scope) -> Step:
    value = node.value
    return lambda _: value


def _ident(node: Ident, scope: _Scope) -> Step:
    slot = scope.slot(node.name)
    return lambda frame: frame[slot]


def _select(node: Select, scope: _Scope) -> Step:
    return _member(node.operand, node.field, scope)


def _member(operand: Node, name: str, scope: _Scope) -> Step:
    is_lenient = _is_optional(operand)
    if isinstance(operand, Ident):
        slot = scope.slot(operand.name)

        def of_variable(frame: Frame) -> object:
            found = frame[slot]
            if type(found) is View:
                member = found.members.get(name, _MISSING)
                return found.look(name) if member is _MISSING else member
            return _beyond(found, name, is_lenient=False)

        return of_variable
    holder = _compiled(operand, scope)

    def step(frame: Frame) -> object:
        found = holder(frame)
        if type(found) is View:
            member = found.members.get(name, _MISSING)
            return found.look(name) if member is _MISSING else member
        return _beyond(found, name, is_lenient=is_lenient)

    return step


def _beyond(found: object, name: str, *, is_lenient: bool) -> object:
    """Return the member of what is no View. `is_lenient`: it is an optional, of which nothing has nothing."""
    if found is ABSENT:
        return ABSENT if is_lenient else UNSURE
    if isinstance(found, dict):
        return normal(found.get(name, ABSENT))
    if name == "observed":
        raise Bail  # of a resource that could not be described it may be known all the same
    return UNSURE


def _index(node: Index, scope: _Scope) -> Step:
    key = node.index.value if isinstance(node.index, Literal) else None
    if isinstance(key, str):
        return _member(node.operand, key, scope)
    if type(key) is not int or key < 0:
        raise Unsupported
    place: int = key
    is_lenient = _is_optional(node.operand)
    holder, otherwise = _compiled(node.operand, scope), ABSENT if _is_optional(node) else UNSURE

    def step(frame: Frame) -> object:
        found = holder(frame)
        if found is ABSENT:
            return ABSENT if is_lenient else UNSURE
        if found is UNSURE:
            return UNSURE
        if not isinstance(found, Row):
            raise Bail
        if found.unseen:
            return UNSURE
        items = found.items()
        return items[place] if place < len(items) else otherwise

    return step


def _has(node: Has, scope: _Scope) -> Step:
    member = _member(node.field.operand, node.field.field, scope)

    def step(frame: Frame) -> object:
        found = member(frame)
        return found if found is UNSURE else found is not ABSENT

    return step


def _list(node: ListLiteral, scope: _Scope) -> Step:
    if all(isinstance(item, Literal) for item in node.items):
        constants = [item.value for item in node.items if isinstance(item, Literal)]
        return lambda _: constants
    steps = [_plain(item, scope) for item in node.items]

    def step(frame: Frame) -> object:
        items = [item(frame) for item in steps]
        if UNSURE in items or ABSENT in items:
            raise Bail
        return items

    return step


# --- operators --------------------------------------------------------------------------------------


def _unary(node: Unary, scope: _Scope) -> Step:
    operand = _plain(node.operand, scope)
    if node.operator == "!":

        def negated(frame: Frame) -> object:
            found = operand(frame)
            return not found if type(found) is bool else UNSURE

        return negated

    def minus(frame: Frame) -> object:
        found = operand(frame)
        return normal(negative(found)) if type(found) in ATOMS else UNSURE

    return minus


def _binary(node: Binary, scope: _Scope) -> Step:
    left, right, apply = _plain(node.left, scope), _plain(node.right, scope), BINARY[node.operator]
    text = node.right.value if isinstance(node.right, Literal) else None
    if isinstance(text, str) and node.operator in ("==", "!="):
        return _compared(left, text, apply, is_equal=node.operator == "==")

    def step(frame: Frame) -> object:
        a = left(frame)
        if type(a) not in ATOMS:
            a = _read(a)
        b = right(frame)
        if type(a) in ATOMS and type(b) in ATOMS:
            found = apply(a, b)
            return found if type(found) is bool else normal(found)
        return _applied(apply, a, b)

    return step


def _compared(left: Step, text: str, apply: Callable[[object, object], object], *, is_equal: bool) -> Step:
    def step(frame: Frame) -> object:
        found = left(frame)
        if type(found) is str:
            return (found == text) is is_equal
        return _applied(apply, found, text)

    return step


def _applied(apply: Callable[[object, object], object], left: object, right: object) -> object:
    if left is UNSURE or left is ABSENT or right is UNSURE or right is ABSENT:
        return UNSURE
    return normal(apply(_read(left), _read(right)))


def _read(found: object) -> object:
    """Return an operand as the tracing evaluator has it: a map looked up whole, a list with its items as cells."""
    if type(found) is View:
        return found.cell.plain()
    if type(found) is Row:
        found.items()
        cells = tuple(found.cells)
        return Partial(cells, "some of it cannot be seen") if found.unseen else list(cells)
    return [_bare(item) for item in found] if type(found) is list else found


def _bare(item: object) -> object:
    return item.cell if isinstance(item, View | Row) and item.cell is not None else item


def _logic(node: Logic, scope: _Scope) -> Step:
    steps = [_plain(operand, scope) for operand in node.operands]
    decisive = node.operator == "||"
    other = not decisive

    def step(frame: Frame) -> object:
        result: object = other
        for operand in steps:
            found = operand(frame)
            if found is decisive:
                return decisive
            if found is not other:
                result = UNSURE
        return result

    return step


def _conditional(node: Conditional, scope: _Scope) -> Step:
    condition = _plain(node.condition, scope)
    _is_optional(node)
    then, otherwise = _compiled(node.then, scope), _compiled(node.otherwise, scope)

    def step(frame: Frame) -> object:
        found = condition(frame)
        if found is True:
            return then(frame)
        return otherwise(frame) if found is False else UNSURE

    return step


# --- macros -----------------------------------------------------------------------------------------


def _macro(node: Macro, scope: _Scope) -> Step:
    make = _MACROS.get(node.name)
    if make is None:
        raise Unsupported
    inside = scope.inside(node.variable)
    where = None if node.where is None else _plain(node.where, inside)
    slot = len(inside.names)
    if node.name == "optMap":
        return make(_compiled(node.items, scope), slot, where, _plain(node.body, inside))
    return make(_plain(node.items, scope), slot, where, _plain(node.body, inside))


def _range(found: object, frame: Frame) -> Sequence[object] | None:
    """Return the items to visit; None for what is not a list. Raise `Bail` for a map, and where no steps are left."""
    if type(found) is Row:
        items = found.items()
    elif type(found) is list:
        items = found
    elif isinstance(found, View | dict):
        raise Bail
    else:
        return None
    frame[0] -= len(items)  # type: ignore[operator] # the first is a number
    if frame[0] < 0:  # type: ignore[operator] # the same
        raise Bail
    return items


def _quantified(*, decisive: bool) -> Callable[[Step, int, Step | None, Step], Step]:
    other = not decisive

    def make(items: Step, slot: int, _: Step | None, body: Step) -> Step:
        def step(frame: Frame) -> object:
            found = items(frame)
            visited = _range(found, frame)
            if visited is None:
                return UNSURE
            result: object = UNSURE if type(found) is Row and found.unseen else other
            if result is UNSURE and found.is_whole:  # type: ignore[attr-defined] # it is a Row
                raise Bail  # what may be in the list is asked too
            for item in visited:
                frame[slot] = item
                answer = body(frame)
                if answer is decisive:
                    return decisive
                if answer is not other:
                    result = UNSURE
            return result

        return step

    return make


def _chosen(items: Step, slot: int, condition: Step, frame: Frame) -> Sequence[object] | None:
    """Return the items of which `condition` holds; None for what is not a list. An item in doubt bails."""
    found = items(frame)
    visited = _range(found, frame)
    if visited is None:
        return None
    if type(found) is Row and found.unseen:
        raise Bail
    chosen = []
    for item in visited:
        frame[slot] = item
        answer = condition(frame)
        if answer is True:
            chosen.append(item)
        elif answer is not False:
            raise Bail
    return chosen


def _filter(items: Step, slot: int, _: Step | None, body: Step) -> Step:
    def step(frame: Frame) -> object:
        chosen = _chosen(items, slot, body, frame)
        return UNSURE if chosen is None else chosen

    return step


def _exists_one(items: Step, slot: int, _: Step | None, body: Step) -> Step:
    def step(frame: Frame) -> object:
        chosen = _chosen(items, slot, body, frame)
        return UNSURE if chosen is None else len(chosen) == 1

    return step


def _map(items: Step, slot: int, where: Step | None, body: Step) -> Step:
    """Condition and body take turns, as in the tracing evaluator: the macros inside share one variable's place."""

    def step(frame: Frame) -> object:
        found = items(frame)
        visited = _range(found, frame)
        if visited is None:
            return UNSURE
        if type(found) is Row and found.unseen:
            raise Bail
        made = []
        for item in visited:
            frame[slot] = item
            answer = True if where is None else where(frame)
            if type(answer) is not bool:
                raise Bail
            if answer:
                frame[slot] = item
                made.append(body(frame))
                if made[-1] is UNSURE or made[-1] is ABSENT:
                    raise Bail
        return made

    return step


def _opt_map(items: Step, slot: int, _: Step | None, body: Step) -> Step:
    def step(frame: Frame) -> object:
        found = items(frame)
        if found is ABSENT or found is UNSURE:
            return found
        frame[slot] = found
        made = body(frame)
        return UNSURE if made is ABSENT else made

    return step


_MACROS: dict[str, Callable[[Step, int, Step | None, Step], Step]] = {
    "all": _quantified(decisive=False),
    "exists": _quantified(decisive=True),
    "exists_one": _exists_one,
    "filter": _filter,
    "map": _map,
    "optMap": _opt_map,
}


# --- calls ------------------------------------------------------------------------------------------


def _call(node: Call, scope: _Scope) -> Step:
    arity = len(node.arguments) + (node.target is not None)
    function = calls.library_function(node.function, arity, receiver=node.target is not None)
    if function is not None:
        return _function(function, node, scope, handed_in=False)
    if node.function in ("orValue", "hasValue") and node.target is not None and _is_optional(node.target):
        return _optional_method(node.function, _compiled(node.target, scope), node.arguments, scope)
    function = scope.functions.get(node.function)
    if function is None or function.receiver != (node.target is not None) or len(function.params) != arity:
        raise Unsupported
    return _function(function, node, scope, handed_in=True)


def _optional_method(name: str, target: Step, arguments: Sequence[Node], scope: _Scope) -> Step:
    if name == "hasValue" and not arguments:

        def has_value(frame: Frame) -> object:
            found = target(frame)
            return found if found is UNSURE else found is not ABSENT

        return has_value
    if name != "orValue" or len(arguments) != 1:
        raise Unsupported
    otherwise = _plain(arguments[0], scope)

    def or_value(frame: Frame) -> object:
        found = target(frame)
        return otherwise(frame) if found is ABSENT else found

    return or_value


def _function(function: Function, node: Call, scope: _Scope, *, handed_in: bool) -> Step:
    nodes = node.arguments if node.target is None else (node.target, *node.arguments)
    if function.raw:
        return _raw(function, nodes, scope)
    steps = [_plain(argument, scope) for argument in nodes]
    if function.name == "size":
        return _size(function, steps[0])

    def step(frame: Frame) -> object:
        values = [argument(frame) for argument in steps]
        is_unsure = False
        for position, value in enumerate(values):
            if type(value) not in ATOMS:
                if value is UNSURE or (value is ABSENT and not function.accepts_absent):
                    is_unsure = True
                    continue
                value = calls.whole(whole(value)) if handed_in else whole(value)  # noqa: PLW2901, as it is passed
                is_unsure = is_unsure or type(value) is Unknown
                values[position] = value
        if is_unsure or not all(map(calls.fits, values, function.params)):
            return UNSURE
        return normal(function.call(*values))

    return step


def _size(function: Function, operand: Step) -> Step:
    def step(frame: Frame) -> object:
        found = operand(frame)
        if type(found) is Row:
            return UNSURE if found.unseen else len(found.items())
        if type(found) is list:
            return len(found)
        if found is UNSURE or found is ABSENT:
            return UNSURE
        return normal(function.call(whole(found)))

    return step


def _raw(function: Function, nodes: Sequence[Node], scope: _Scope) -> Step:
    steps = [_placed(argument, scope) for argument in nodes]

    def step(frame: Frame) -> object:
        return normal(function.call(*(argument(frame) for argument in steps)))

    return step


def _placed(node: Node, scope: _Scope) -> Step:
    """Compile an argument of a function that takes cells: what it is asked of must have its place."""
    if isinstance(node, Literal):
        return _literal(node, scope)
    if isinstance(node, Select):
        return _placed_member(node, _plain(node.operand, scope), None)
    if isinstance(node, Call) and node.function == "orValue" and isinstance(node.target, Select):
        if not _is_optional(node.target):
            raise Unsupported
        return _placed_member(node.target, _compiled(node.target.operand, scope), _placed(node.arguments[0], scope))
    step = _plain(node, scope)
    return lambda frame: _with_place(step(frame))


def _placed_member(node: Select, holder: Step, otherwise: Step | None) -> Step:
    """Compile a member as a cell; `otherwise` is what an optional one is where there is none."""
    name = node.field

    def step(frame: Frame) -> object:
        found = holder(frame)
        if type(found) is View:
            member = found.cell.select(name)
            if type(member.value) is Unknown and otherwise is not None:
                raise Bail
            if otherwise is None or member.value is not ABSENT:
                return member
        elif found is not ABSENT or otherwise is None:
            raise Bail
        return otherwise(frame)

    return step


def _with_place(found: object) -> object:
    if type(found) is View:
        return found.cell
    if type(found) is Row:
        if found.cell is not None:
            return found.cell
        if found.unseen:
            raise Bail
        return list(found.cells)
    if type(found) is list:
        return [_with_place(item) for item in found]
    raise Bail


_COMPILERS: Mapping[type, Callable[..., Step]] = {
    Literal: _literal,
    Ident: _ident,
    Select: _select,
    Index: _index,
    Has: _has,
    Call: _call,
    ListLiteral: _list,
    Unary: _unary,
    Binary: _binary,
    Logic: _logic,
    Conditional: _conditional,
    Macro: _macro,
}
