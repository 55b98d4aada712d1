"""The syntax tree of an expression, and how its errors say where they are; knows no grammar and no meaning."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeAlias

import msgspec


class CelError(Exception):
    """An expression is wrong at a place: `line` and `column` are 1-based, in characters."""

    def __init__(self, line: int, column: int, problem: str) -> None:
        super().__init__(line, column, problem)
        self.line = line
        self.column = column
        self.problem = problem

    def __str__(self) -> str:
        return f"{self.line}:{self.column}: {self.problem}"


class CelSyntaxError(CelError):
    """The text is not an expression, or uses what wa-lint's subset of CEL leaves out."""


class CelCheckError(CelError):
    """The expression cannot mean anything in its environment: a wrong name, type or count."""


class Span(msgspec.Struct, frozen=True):
    """Where a node is: offsets into the text, and the 1-based place where its errors are shown.

    That place is the operator of a binary expression, the name of a member or of a method, else the beginning.
    """

    start: int
    end: int
    line: int
    column: int


class Literal(msgspec.Struct, frozen=True):
    value: bool | int | float | str | None
    span: Span


class Ident(msgspec.Struct, frozen=True):
    name: str
    span: Span


class Select(msgspec.Struct, frozen=True):
    """``operand.field``, or ``operand.?field`` where `optional`."""

    operand: Node
    field: str
    optional: bool
    span: Span


class Index(msgspec.Struct, frozen=True):
    """``operand[index]``, or ``operand[?index]`` where `optional`."""

    operand: Node
    index: Node
    optional: bool
    span: Span


class Has(msgspec.Struct, frozen=True):
    """``has(operand.field)``."""

    field: Select
    span: Span


class Call(msgspec.Struct, frozen=True):
    """``function(arguments)``, or ``target.function(arguments)``. Both ends of an operator are its arguments."""

    function: str
    target: Node | None
    arguments: tuple[Node, ...]
    span: Span


class ListLiteral(msgspec.Struct, frozen=True):
    items: tuple[Node, ...]
    span: Span


class MapLiteral(msgspec.Struct, frozen=True):
    entries: tuple[tuple[Node, Node], ...]
    span: Span


class Unary(msgspec.Struct, frozen=True):
    """``!`` or ``-``."""

    operator: str
    operand: Node
    span: Span


class Binary(msgspec.Struct, frozen=True):
    """Arithmetic, a comparison, or ``in``."""

    operator: str
    left: Node
    right: Node
    span: Span


class Logic(msgspec.Struct, frozen=True):
    """``a && b && c`` or ``a || b || c`` as one node, so that a long chain is not a deep tree."""

    operator: str
    operands: tuple[Node, ...]
    span: Span


class Conditional(msgspec.Struct, frozen=True):
    condition: Node
    then: Node
    otherwise: Node
    span: Span


class Macro(msgspec.Struct, frozen=True):
    """``items.name(variable, body)``, or ``items.map(variable, where, body)``."""

    name: str
    items: Node
    variable: str
    where: Node | None
    body: Node
    span: Span


Node: TypeAlias = (
    Literal
    | Ident
    | Select
    | Index
    | Has
    | Call
    | ListLiteral
    | MapLiteral
    | Unary
    | Binary
    | Logic
    | Conditional
    | Macro
)


def caret(text: str, line: int, column: int) -> str:
    """Return that line of `text` and, below it, a caret under the column. Tabs stay tabs, so that they line up."""
    lines = text.split("\n")
    shown = lines[line - 1].rstrip("\r") if 0 < line <= len(lines) else ""
    indent = "".join("\t" if character == "\t" else " " for character in shown[: column - 1].ljust(column - 1))
    return f"{shown}\n{indent}^"


def children(node: Node) -> tuple[Node, ...]:
    """Return the nodes directly below `node`, in the order in which they stand."""
    return _CHILDREN[type(node)](node)


def walk(node: Node) -> Iterator[Node]:
    """Yield `node` and all below it, parents first."""
    waiting = [node]
    while waiting:
        found = waiting.pop()
        yield found
        waiting.extend(reversed(children(found)))


def shown(node: Node) -> str:
    """Return a short text for a path such as ``r.A[0].?B``; ``…`` stands for what is no path."""
    match node:
        case Ident(name=name):
            return name
        case Literal(value=value):
            return repr(value) if isinstance(value, str) else str(value)
        case Select(operand=operand, field=field, optional=optional):
            return f"{shown(operand)}.{'?' if optional else ''}{field}"
        case Index(operand=operand, index=index, optional=optional):
            return f"{shown(operand)}[{'?' if optional else ''}{shown(index)}]"
    return "…"


def _macro_children(node: Macro) -> tuple[Node, ...]:
    return (node.items, node.body) if node.where is None else (node.items, node.where, node.body)


_CHILDREN: dict[type, Callable[..., tuple[Node, ...]]] = {
    Literal: lambda _: (),
    Ident: lambda _: (),
    Select: lambda n: (n.operand,),
    Index: lambda n: (n.operand, n.index),
    Has: lambda n: (n.field,),
    Call: lambda n: n.arguments if n.target is None else (n.target, *n.arguments),
    ListLiteral: lambda n: n.items,
    MapLiteral: lambda n: tuple(side for entry in n.entries for side in entry),
    Unary: lambda n: (n.operand,),
    Binary: lambda n: (n.left, n.right),
    Logic: lambda n: n.operands,
    Conditional: lambda n: (n.condition, n.then, n.otherwise),
    Macro: _macro_children,
}
