"""Finds members that an expression reads although they may be absent; decides nothing about types."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import msgspec

from wa_lint.cel.syntax import (
    Call,
    Conditional,
    Has,
    Ident,
    Index,
    Literal,
    Logic,
    Macro,
    Node,
    Select,
    Unary,
    children,
    shown,
)
from wa_lint.cel.type_check import types_of
from wa_lint.cel.types import DYN, Environment, Function, ListType, MapType, OptionalType, Type

Paths = frozenset[str]
"""Paths (as `shown` writes them, without ``?``) that are there wherever the expression at hand is evaluated."""

_NONE: Paths = frozenset()


def unguarded(node: Node, environment: Environment, given: Sequence[Node] = ()) -> list[tuple[str, int, int]]:
    """Return (path, line, column) of each read of a member that may be absent, with nothing to protect it.

    `given` are conditions that hold wherever `node` is evaluated, such as a rule's where. A path is named once.
    Raises `CelCheckError` as `check` does.
    """
    present = frozenset[str]().union(*(_present_if(condition, outcome=True) for condition in given))
    search = _Search(types_of(node, environment), environment.functions, {})
    _visit(node, present, search)
    return [(path, line, column) for path, (line, column) in search.found.items()]


class _Search(msgspec.Struct, frozen=True):
    types: Mapping[int, Type]
    functions: Mapping[str, Function]
    found: dict[str, tuple[int, int]]


def _visit(node: Node, present: Paths, search: _Search) -> None:
    visit = _VISITS.get(type(node))
    if visit is not None:
        visit(node, present, search)
        return
    for child in children(node):
        _visit(child, present, search)


def _visit_member(node: Select | Index, present: Paths, search: _Search) -> None:
    for child in children(node):
        _visit(child, present, search)
    path = _path(node)
    if _may_be_absent(node, search) and path not in present:
        search.found.setdefault(path or shown(node), (node.span.line, node.span.column))


def _may_be_absent(node: Select | Index, search: _Search) -> bool:
    name = _member_name(node)
    holder = search.types[id(node.operand)]
    if node.optional or name is None or holder == DYN or isinstance(holder, OptionalType | ListType):
        return False
    return isinstance(holder, MapType) or not holder.required(name)  # type: ignore[union-attr] # no other type has members


def _member_name(node: Select | Index) -> str | None:
    if isinstance(node, Select):
        return node.field
    return node.index.value if isinstance(node.index, Literal) and isinstance(node.index.value, str) else None


def _visit_has(node: Has, present: Paths, search: _Search) -> None:
    _visit(node.field.operand, present, search)


def _visit_call(node: Call, present: Paths, search: _Search) -> None:
    function = search.functions.get(node.function)
    accepts = function is not None and function.accepts_absent
    for argument in children(node):
        # What is passed may be absent; what it is a member of may not.
        inner = children(argument) if accepts and isinstance(argument, Select | Index) else (argument,)
        for part in inner:
            _visit(part, present, search)


def _visit_logic(node: Logic, present: Paths, search: _Search) -> None:
    for operand in node.operands:
        _visit(operand, present, search)
        present |= _present_if(operand, outcome=node.operator == "&&")


def _visit_conditional(node: Conditional, present: Paths, search: _Search) -> None:
    _visit(node.condition, present, search)
    _visit(node.then, present | _present_if(node.condition, outcome=True), search)
    _visit(node.otherwise, present | _present_if(node.condition, outcome=False), search)


def _visit_macro(node: Macro, present: Paths, search: _Search) -> None:
    _visit(node.items, present, search)
    inside = _without(present, node.variable) | _of_items(node.items, node.variable)
    if node.where is not None:
        _visit(node.where, inside, search)
        inside |= _present_if(node.where, outcome=True)
    _visit(node.body, inside, search)


def _of_items(items: Node, variable: str) -> Paths:
    """Return what is there of each item that a filter() let through, under the name of another variable."""
    if not isinstance(items, Macro) or items.name != "filter":
        return _NONE
    kept = _present_if(items.body, outcome=True) | _of_items(items.items, items.variable)
    inner = {path[len(items.variable) :] for path in kept if _begins(path, items.variable)}
    return frozenset(variable + path for path in inner)


_VISITS: dict[type, Callable[..., None]] = {
    Select: _visit_member,
    Index: _visit_member,
    Has: _visit_has,
    Call: _visit_call,
    Logic: _visit_logic,
    Conditional: _visit_conditional,
    Macro: _visit_macro,
}


# --- what is there if a condition came out in some way ----------------------------------------------


def _present_if(node: Node, *, outcome: bool) -> Paths:
    """Return the paths that must be there if `node` came to `outcome`."""
    match node:
        case Has(field=field) if outcome:
            return frozenset(filter(None, [_path(field)])) | _present(field.operand)
        case Has(field=field):
            return _present(field.operand)
        case Unary(operator="!", operand=operand):
            return _present_if(operand, outcome=not outcome)
        case Logic(operator=operator, operands=operands):
            each = [_present_if(operand, outcome=outcome) for operand in operands]
            return _NONE.union(*each) if outcome == (operator == "&&") else each[0].intersection(*each[1:])
        case Conditional(condition=condition, then=then, otherwise=otherwise):
            yes = _present_if(condition, outcome=True) | _present_if(then, outcome=outcome)
            no = _present_if(condition, outcome=False) | _present_if(otherwise, outcome=outcome)
            return yes & no
        case Call(function="hasValue", target=Select() | Index() as target) if outcome:
            return frozenset(filter(None, [_path(target)]))
    return _present(node)


def _present(node: Node) -> Paths:
    """Return the paths that must be there if `node` came to any value: what it cannot do without."""
    match node:
        case Select() | Index():
            own = _NONE if _is_optional(node) else frozenset(filter(None, [_path(node)]))
            return own | _present(node.operand)
        case Logic() | Conditional():
            return _present_if(node, outcome=True) & _present_if(node, outcome=False)
        case Macro(items=items):
            return _present(items)
        case Has(field=field):
            return _present(field.operand)
        case Call():
            return _NONE  # it may accept what is absent, or be lazy
    return _NONE.union(*map(_present, children(node)))


def _is_optional(node: Node) -> bool:
    """Whether a member is read as an optional, by itself or somewhere before it."""
    while isinstance(node, Select | Index):
        if node.optional:
            return True
        node = node.operand
    return False


def _path(node: Node) -> str | None:
    """Return the path of a member, the same for ``a.b``, ``a['b']`` and ``a.?b``; None if it is not a fixed one."""
    match node:
        case Ident(name=name):
            return name
        case Select(operand=operand, field=step):
            inner = _path(operand)
            return None if inner is None else f"{inner}.{step}"
        case Index(operand=operand, index=Literal(value=value)):
            inner = _path(operand)
            return None if inner is None else f"{inner}.{value}" if isinstance(value, str) else f"{inner}[{value}]"
    return None


def _without(present: Paths, variable: str) -> Paths:
    """Drop what was said of an outer variable of the same name."""
    return frozenset(path for path in present if not _begins(path, variable))


def _begins(path: str, variable: str) -> bool:
    return path.startswith((f"{variable}.", f"{variable}["))
