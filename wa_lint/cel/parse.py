"""Turns the text of an expression into its syntax tree, by precedence climbing; looks up no name and no type."""

from __future__ import annotations

import math
from typing import Final

import msgspec

from wa_lint.cel.lex import DOUBLE, END, INT, NAME, QUOTED_NAME, STRING, SYMBOL, Token, tokens
from wa_lint.cel.syntax import (
    Binary,
    Call,
    CelSyntaxError,
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
    Span,
    Unary,
    children,
)

MACROS: Final = ("all", "exists", "exists_one", "filter", "map", "optMap", "optFlatMap")
"""Called on a value with a variable and a body. `map` takes a condition between the two as well."""

_MAX_NESTING = 40
_MAX_DEPTH = 120
"""CEL asks for 12 nested and 32 chained at least; more than these would be no rule, and could exhaust the stack."""

_PRECEDENCE: Final = {
    "||": 1,
    "&&": 2,
    **dict.fromkeys(("==", "!=", "<", "<=", ">", ">=", "in"), 3),
    **dict.fromkeys("+-", 4),
    **dict.fromkeys("*/%", 5),
}
_CONSTANTS: Final = {"true": True, "false": False, "null": None}
_KEYWORDS: Final = (*_CONSTANTS, "in")
_LOOPS: Final = ("as", "break", "const", "continue", "else", "for", "function", "if", "loop", "return", "var", "while")
_RESERVED: Final = frozenset((*_LOOPS, "import", "let", "namespace", "package", "void"))
_OUTSIDE: Final = frozenset(("timestamp", "duration", "bytes", "uint"))


def parse(text: str) -> Node:
    """Return the tree of `text`. Raise `CelSyntaxError` with the place of what is wrong."""
    parser = _Parser(tokens(text))
    root = parser.expression()
    parser.expect_end()
    _require_shallow(root)
    return root


class _Parser:
    """A position in a list of tokens, which moves only forward."""

    def __init__(self, found: list[Token]) -> None:
        self._tokens = found
        self._next = 0
        self._nesting = 0

    def expression(self) -> Node:
        """Read ``a ? b : c``, or what binds closer. Only the last branch may be another ``?:`` without parentheses."""
        self._nesting += 1
        if self._nesting > _MAX_NESTING:
            raise self._error("this is nested too deeply")
        condition = self._binary(1)
        if self._accept("?"):
            then = self._binary(1)
            self._expect(":", "the other branch of '?'")
            otherwise = self.expression()
            condition = Conditional(condition, then, otherwise, _over(condition.span, condition.span, otherwise.span))
        self._nesting -= 1
        return condition

    def expect_end(self) -> None:
        if self._token.kind != END:
            raise self._error(f"{self._described()} cannot follow here")

    # --- operators ---

    def _binary(self, least: int) -> Node:
        left = self._unary()
        while (precedence := _PRECEDENCE.get(self._operator(), 0)) >= least:
            operator = self._advance()
            right = self._binary(precedence + 1)
            left = _joined(operator, left, right)
        return left

    def _operator(self) -> str:
        return self._token.text if self._token.kind == SYMBOL or self._is_word("in") else ""

    def _unary(self) -> Node:
        sign = self._token
        if sign.kind != SYMBOL or sign.text not in ("!", "-"):
            return self._member(self._primary())
        count = 0
        while self._is(sign.text) and not (sign.text == "-" and self._follows_number()):
            self._advance()
            count += 1
        operand = self._member(self._primary())
        # CEL drops pairs of the same sign: `!!x` is x.
        return Unary(sign.text, operand, _over(sign.span, sign.span, operand.span)) if count % 2 else operand

    def _follows_number(self) -> bool:
        return self._tokens[self._next + 1].kind in (INT, DOUBLE)

    # --- members, calls and macros ---

    def _member(self, operand: Node) -> Node:
        while True:
            if self._accept("."):
                operand = self._after_dot(operand)
            elif self._accept("["):
                operand = self._index(operand)
            elif self._is("{") and isinstance(operand, Ident | Select):
                raise self._error("messages are not in wa-lint's subset of CEL")
            elif self._is("?") and self._tokens[self._next + 1].text == "." and self._is_glued():
                raise self._error("an optional member is written '.?', not '?.'")
            else:
                return operand

    def _is_glued(self) -> bool:
        return self._tokens[self._next + 1].span.start == self._token.span.end

    def _after_dot(self, operand: Node) -> Node:
        optional = self._accept("?")
        name = self._token
        if name.kind not in (NAME, QUOTED_NAME) or (name.kind == NAME and name.text in _KEYWORDS):
            raise self._error(f"a member's name is missing before {self._described()}")
        self._advance()
        if not self._is("(") or optional or name.kind == QUOTED_NAME:
            return Select(operand, name.text, optional, _over(name.span, operand.span, name.span))
        return self._method(operand, name)

    def _method(self, target: Node, name: Token) -> Node:
        if name.text in MACROS:
            return self._macro(target, name)
        arguments, end = self._arguments()
        if isinstance(target, Ident) and target.name == "optional":
            return Call(f"optional.{name.text}", None, arguments, _over(target.span, target.span, end))
        return Call(name.text, target, arguments, _over(name.span, target.span, end))

    def _index(self, operand: Node) -> Node:
        optional = self._accept("?")
        index = self.expression()
        end = self._expect("]", "the end of the index")
        return Index(operand, index, optional, _over(index.span, operand.span, end.span))

    def _macro(self, target: Node, name: Token) -> Node:
        arguments, end = self._arguments()
        if len(arguments) not in ((2, 3) if name.text == "map" else (2,)):
            raise _error(name.span, f"{name.text}() takes a variable and {_takes(name.text)}; macros bind one variable")
        variable, *rest = arguments
        if not isinstance(variable, Ident):
            raise _error(variable.span, f"the first argument of {name.text}() is the name of its variable")
        where = rest[0] if len(rest) > 1 else None
        return Macro(name.text, target, variable.name, where, rest[-1], _over(name.span, target.span, end))

    def _arguments(self) -> tuple[tuple[Node, ...], Span]:
        self._expect("(", "the arguments")
        return self._until(")")

    def _until(self, closing: str) -> tuple[tuple[Node, ...], Span]:
        """Read expressions between commas, and the closing bracket."""
        found: list[Node] = []
        while not self._is(closing):
            found.append(self.expression())
            if not self._accept(","):
                break
            if closing == ")" and self._is(closing):
                raise self._error("an argument is missing after the comma")
        return tuple(found), self._expect(closing, "a comma or the end").span

    # --- what stands alone ---

    def _primary(self) -> Node:
        token = self._token
        if token.kind == NAME:
            return self._name(token)
        if token.kind == STRING:
            return Literal(token.text, self._advance().span)
        if token.kind in (INT, DOUBLE) or self._is("-"):
            return self._number()
        if self._accept("("):
            inner = self.expression()
            end = self._expect(")", "the end of the parentheses")
            return msgspec.structs.replace(inner, span=_over(inner.span, token.span, end.span))
        if self._accept("["):
            return self._list(token)
        if self._accept("{"):
            return self._map(token)
        if self._is("."):
            raise self._error("names that begin with '.' are not in wa-lint's subset of CEL")
        raise self._error(f"a value is missing before {self._described()}")

    def _name(self, name: Token) -> Node:
        self._advance()
        if name.text in _CONSTANTS:
            return Literal(_CONSTANTS[name.text], name.span)
        if name.text == "in":
            raise _error(name.span, "a value is missing before 'in'")
        if name.text in _RESERVED:
            raise _error(name.span, f"'{name.text}' is reserved in CEL")
        if not self._is("("):
            return Ident(name.text, name.span)
        if name.text in _OUTSIDE:
            raise _error(name.span, f"{name.text} is not in wa-lint's subset of CEL")
        arguments, end = self._arguments()
        if name.text == "has":
            return _has(name, arguments, end)
        return Call(name.text, None, arguments, _over(name.span, name.span, end))

    def _number(self) -> Node:
        first = self._token
        sign = "-" if self._accept("-") else ""
        token = self._advance()
        if token.kind not in (INT, DOUBLE):
            raise _error(first.span, "'-' and '!' cannot be mixed without parentheses")
        span = _over(first.span, first.span, token.span)
        value = _double(sign + token.text, span) if token.kind == DOUBLE else _int(sign + token.text, span)
        return Literal(value, span)

    def _list(self, opening: Token) -> Node:
        if self._is("?"):
            raise self._error("optional items are not in wa-lint's subset of CEL")
        items, end = self._until("]")
        return ListLiteral(items, _over(opening.span, opening.span, end))

    def _map(self, opening: Token) -> Node:
        entries: list[tuple[Node, Node]] = []
        while not self._is("}"):
            if self._is("?"):
                raise self._error("optional entries are not in wa-lint's subset of CEL")
            key = self.expression()
            self._expect(":", "the value of this key")
            entries.append((key, self.expression()))
            if not self._accept(","):
                break
        end = self._expect("}", "a comma or the end of the map")
        return MapLiteral(tuple(entries), _over(opening.span, opening.span, end.span))

    # --- tokens ---

    @property
    def _token(self) -> Token:
        return self._tokens[self._next]

    def _advance(self) -> Token:
        token = self._token
        self._next = min(self._next + 1, len(self._tokens) - 1)
        return token

    def _is(self, symbol: str) -> bool:
        return self._token.kind == SYMBOL and self._token.text == symbol

    def _is_word(self, word: str) -> bool:
        return self._token.kind == NAME and self._token.text == word

    def _accept(self, symbol: str) -> bool:
        if not self._is(symbol):
            return False
        self._advance()
        return True

    def _expect(self, symbol: str, what: str) -> Token:
        if not self._is(symbol):
            raise self._error(f"{what} ({symbol!r}) is missing before {self._described()}")
        return self._advance()

    def _described(self) -> str:
        return "the end of the expression" if self._token.kind == END else repr(self._token.text)

    def _error(self, problem: str) -> CelSyntaxError:
        return _error(self._token.span, problem)


def _joined(operator: Token, left: Node, right: Node) -> Node:
    if operator.text not in ("&&", "||"):
        return Binary(operator.text, left, right, _over(operator.span, left.span, right.span))
    # `a && (b && c)` is a chain of three too: && and || are associative, and absorb errors in any order.
    operands = tuple(
        part
        for side in (left, right)
        for part in (side.operands if isinstance(side, Logic) and side.operator == operator.text else (side,))
    )
    return Logic(operator.text, operands, _over(operator.span, left.span, right.span))


def _has(name: Token, arguments: tuple[Node, ...], end: Span) -> Node:
    match arguments:
        case (Select(optional=False) as field,):
            return Has(field, _over(name.span, name.span, end))
    raise _error(name.span, "has() takes one member, as in has(resource.Tags)")


def _int(text: str, span: Span) -> int:
    value = int(text, 16 if "x" in text.lower() else 10)
    if not -(2**63) <= value < 2**63:
        raise _error(span, f"{text} is beyond a 64-bit int")
    return value


def _double(text: str, span: Span) -> float:
    value = float(text)
    if math.isinf(value):
        raise _error(span, f"{text} is beyond a double")
    return value


def _takes(macro: str) -> str:
    return "an expression (or a condition and an expression)" if macro == "map" else "an expression"


def _require_shallow(root: Node) -> None:
    level = [root]
    for _ in range(_MAX_DEPTH):
        level = [child for node in level for child in children(node)]
        if not level:
            return
    raise _error(level[0].span, "this is nested too deeply")


def _over(place: Span, first: Span, last: Span) -> Span:
    """Return the span from `first` to `last`, whose errors are shown at `place`."""
    return Span(first.start, last.end, place.line, place.column)


def _error(span: Span, problem: str) -> CelSyntaxError:
    return CelSyntaxError(span.line, span.column, problem)
