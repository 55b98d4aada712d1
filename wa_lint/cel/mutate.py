"""Tools for rule tests and docs: an expression's operands, the expression with one of them fixed, what it reads."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import msgspec

from wa_lint.cel.syntax import Call, Conditional, Ident, Index, Literal, Logic, Macro, Node, Select, Unary, children

_CONDITIONS = ("all", "exists", "exists_one", "filter")
_OF_OPTIONAL = ("optMap", "optFlatMap")
_SAME_PATH = ("value", "orValue", "or", "distinct")


def operands(node: Node) -> Iterator[Node]:
    """Yield the boolean operands of a condition: the leaves of && || ! ?: and of the bodies of macros.

    A macro is an operand too, besides those of its body; so is `node` itself where it is a leaf. Literals are none.
    """
    match node:
        case Logic():
            for operand in node.operands:
                yield from operands(operand)
        case Unary(operator="!"):
            yield from operands(node.operand)
        case Conditional():
            for part in (node.condition, node.then, node.otherwise):
                yield from operands(part)
        case Literal():
            return
        case _:
            yield node
            yield from _inside(node)


def with_operand(root: Node, operand: Node, value: bool) -> Node:
    """Return the tree with `operand`, a node of it, fixed to `value`."""
    if root is operand:
        return Literal(value, operand.span)
    below = children(root)
    changed = [with_operand(child, operand, value) for child in below]
    return root if all(old is new for old, new in zip(below, changed, strict=True)) else _rebuilt(root, iter(changed))


def reads(node: Node, variable: str) -> set[str]:
    """Return the paths that the expression reads of a variable: ``KmsKeyId``, ``ProductionVariants[].InstanceType``.

    Only the longest are named. A computed key ends the path before it, for what it reads cannot be told.
    """
    found = set(_reads(node, {variable: ""})) - {""}
    return {path for path in found if not any(other.startswith((f"{path}.", f"{path}[")) for other in found)}


# --- operands inside of a leaf ----------------------------------------------------------------------


def _inside(node: Node) -> Iterator[Node]:
    """Yield the operands that stand somewhere in a leaf, as in ``x.filter(v, v.A && v.B).size() > 0``."""
    for child in children(node):
        if _is_condition(node, child):
            yield from operands(child)
        else:
            yield from _inside(child)


def _is_condition(node: Node, child: Node) -> bool:
    """Whether `child` is boolean by its place below `node`, which is no condition itself, or by what it is."""
    if isinstance(node, Macro) and child is not node.items:
        return child is node.where or node.name in _CONDITIONS
    if isinstance(node, Conditional) and child is node.condition:
        return True
    return isinstance(child, Logic) or (isinstance(child, Unary) and child.operator == "!")


def _rebuilt(node: Node, below: Iterator[Node]) -> Node:
    """Return `node` over other children, which come in the order of `children`."""
    fields: dict[str, object] = {}
    for name in node.__struct_fields__:
        old = getattr(node, name)
        if isinstance(old, tuple):
            fields[name] = tuple(_replaced(part, below) for part in old)
        elif isinstance(old, Node):
            fields[name] = next(below)
    return msgspec.structs.replace(node, **fields)


def _replaced(part: object, below: Iterator[Node]) -> object:
    return tuple(next(below) for _ in part) if isinstance(part, tuple) else next(below)


# --- what is read -----------------------------------------------------------------------------------


def _reads(node: Node, names: Mapping[str, str]) -> Iterator[str]:
    """Yield the paths that `node` reads; `names` says which path each variable stands for."""
    path = _path(node, names)
    if path is not None:
        yield path
    if isinstance(node, Macro):
        yield from _reads(node.items, names)
        inside = _names_inside(node, names)
        for part in (node.where, node.body):
            yield from () if part is None else _reads(part, inside)
        return
    for child in children(node):
        yield from _reads(child, names)


def _names_inside(node: Macro, names: Mapping[str, str]) -> dict[str, str]:
    items = _path(node.items, names)
    outer = {name: path for name, path in names.items() if name != node.variable}
    if items is None:
        return outer
    return {**outer, node.variable: items if node.name in _OF_OPTIONAL else f"{items}[]"}


def _path(node: Node, names: Mapping[str, str]) -> str | None:
    match node:
        case Ident(name=name):
            return names.get(name)
        case Select(operand=operand, field=field):
            return _below(_path(operand, names), f".{field}")
        case Index(operand=operand, index=Literal(value=value)):
            return _below(_path(operand, names), f".{value}" if isinstance(value, str) else "[]")
        case Macro(name="filter", items=items):
            return _path(items, names)
        case Call(function=function, target=target) if target is not None and function in _SAME_PATH:
            return _path(target, names)
    return None


def _below(path: str | None, step: str) -> str | None:
    return None if path is None else f"{path}{step}".removeprefix(".")
