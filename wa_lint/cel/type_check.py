"""Checks a syntax tree against an environment before anything is evaluated: names, types, counts, patterns."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final

import msgspec

from wa_lint.cel.calls import OPTIONAL_MAKERS, OPTIONAL_METHODS, library_function
from wa_lint.cel.library import LIBRARY, TYPES, invalid_pattern
from wa_lint.cel.syntax import (
    Binary,
    Call,
    CelCheckError,
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
)
from wa_lint.cel.types import (
    BOOL,
    DOUBLE,
    DYN,
    INT,
    NULL,
    STRING,
    TYPE,
    Environment,
    Function,
    ListType,
    MapType,
    OptionalType,
    Primitive,
    Type,
    conforms,
    is_map,
)
from wa_lint.errors import did_you_mean


def check(node: Node, environment: Environment) -> Type:
    """Return the type of the expression. Raise `CelCheckError` with the place of what cannot mean anything."""
    return types_of(node, environment)[id(node)]


def types_of(node: Node, environment: Environment) -> dict[int, Type]:
    """Return the type of every node of the tree by its `id()`. Raise as `check` does."""
    scope = _Scope(environment.variables, environment.functions, {})
    _check(node, scope)
    return scope.types


class _Scope(msgspec.Struct, frozen=True):
    variables: Mapping[str, Type]
    functions: Mapping[str, Function]
    types: dict[int, Type]
    """What has been found so far, by the id of the node."""

    def inside(self, variable: str, found: Type) -> _Scope:
        return _Scope({**self.variables, variable: found}, self.functions, self.types)


def _check(node: Node, scope: _Scope) -> Type:
    found = _CHECKS[type(node)](node, scope)
    scope.types[id(node)] = found
    return found


def _fault(node: Node, problem: str) -> CelCheckError:
    return CelCheckError(node.span.line, node.span.column, problem)


def _require(node: Node, scope: _Scope, wanted: Type, where: str) -> None:
    found = _check(node, scope)
    if not conforms(found, wanted):
        raise _fault(node, f"{where} needs a {wanted.name}, and this is a {found.name}")


def _common(found: Iterable[Type]) -> Type:
    """Return the type that all have, or DYN."""
    first, *rest = found
    return first if all(other == first for other in rest) else DYN


def _common_of(nodes: Sequence[Node | None], found: Sequence[Type]) -> Type:
    """As `_common`, but ``[]`` and ``{}`` are of whatever type the others are: what stands beside stays checked."""
    known = [type_ for node, type_ in zip(nodes, found, strict=True) if not _is_empty(node)]
    return _common(known or found)


def _is_empty(node: Node | None) -> bool:
    return (isinstance(node, ListLiteral) and not node.items) or (isinstance(node, MapLiteral) and not node.entries)


# --- names and members ------------------------------------------------------------------------------


def _literal(node: Literal, _: _Scope) -> Type:
    return _LITERALS[type(node.value)]


_LITERALS: dict[type, Type] = {bool: BOOL, int: INT, float: DOUBLE, str: STRING, type(None): NULL}


def _ident(node: Ident, scope: _Scope) -> Type:
    found = scope.variables.get(node.name)
    if found is not None:
        return found
    if node.name in TYPES:
        return TYPE
    raise _fault(node, f"no variable {node.name!r}{did_you_mean(node.name, scope.variables)}")


def _select(node: Select, scope: _Scope) -> Type:
    return _member(node, node.field, _check(node.operand, scope), optional=node.optional)


def _member(node: Select | Index, name: str, operand: Type, *, optional: bool) -> Type:
    inside = operand.item if isinstance(operand, OptionalType) else operand
    if isinstance(inside, Primitive | ListType | OptionalType) and inside != DYN:
        raise _fault(node, f"a {inside.name} has no member {name!r}")
    found = _declared(inside, name)
    if found is None:
        members = [] if isinstance(inside, Primitive | ListType | MapType | OptionalType) else inside.members()
        raise _fault(node, f"{inside.name} has no {name!r}{did_you_mean(name, members)}")
    is_optional = optional or isinstance(operand, OptionalType)
    return OptionalType(found) if is_optional and not isinstance(found, OptionalType) else found


def _declared(found: Type, name: str) -> Type | None:
    if isinstance(found, MapType):
        return found.value
    return DYN if isinstance(found, Primitive | ListType | OptionalType) else found.member(name)


def _index(node: Index, scope: _Scope) -> Type:
    operand, index = _check(node.operand, scope), _check(node.index, scope)
    inside = operand.item if isinstance(operand, OptionalType) else operand
    is_optional = node.optional or isinstance(operand, OptionalType)
    if isinstance(inside, ListType):
        if not conforms(index, INT):
            raise _fault(node.index, f"the index of a list is an int, and this is a {index.name}")
        return OptionalType(inside.item) if is_optional else inside.item
    if isinstance(node.index, Literal) and isinstance(node.index.value, str):
        return _member(node, node.index.value, operand, optional=node.optional)
    if inside != DYN and (not is_map(inside) or index not in (STRING, INT, DYN)):
        raise _fault(node, f"a {inside.name} has no items by {index.name}")
    found = inside.value if isinstance(inside, MapType) else DYN
    return OptionalType(found) if is_optional else found


def _has(node: Has, scope: _Scope) -> Type:
    _check(node.field, scope)
    return BOOL


# --- operators --------------------------------------------------------------------------------------

_NUMBERS: Final = (INT, DOUBLE)


def _unary(node: Unary, scope: _Scope) -> Type:
    if node.operator == "!":
        _require(node.operand, scope, BOOL, "'!'")
        return BOOL
    found = _check(node.operand, scope)
    if found not in (*_NUMBERS, DYN):
        raise _fault(node.operand, f"'-' needs a number, and this is a {found.name}")
    return found


def _binary(node: Binary, scope: _Scope) -> Type:
    left, right = _check(node.left, scope), _check(node.right, scope)
    found = _OPERATORS[node.operator](left, right)
    if found is None:
        raise _fault(node, _mismatch(node.operator, left, right))
    return found


def _mismatch(operator: str, left: Type, right: Type) -> str:
    if NULL in (left, right) and operator in ("==", "!="):
        other = right if left == NULL else left
        return f"a {other.name} is never null; has() tells whether it is set"
    return f"{operator!r} cannot take a {left.name} and a {right.name}"


def _equality(left: Type, right: Type) -> Type | None:
    return BOOL if conforms(left, right) or (left in _NUMBERS and right in _NUMBERS) else None


def _order(left: Type, right: Type) -> Type | None:
    known = [found for found in (left, right) if found != DYN]
    is_number = all(found in _NUMBERS for found in known)
    is_same = all(found in (STRING, BOOL) and found == known[0] for found in known)
    return BOOL if is_number or is_same else None


def _membership(item: Type, container: Type) -> Type | None:
    if isinstance(container, ListType):
        return _equality(item, container.item)
    if container == DYN:
        return BOOL
    return BOOL if is_map(container) and item in (STRING, INT, DYN) else None


def _arithmetic(*allowed: Type) -> Callable[[Type, Type], Type | None]:
    """Return the rule of an operator on two values of the same type, one of `allowed`."""

    def result(left: Type, right: Type) -> Type | None:
        known = [found for found in (left, right) if found != DYN]
        fits = all(found in allowed or (isinstance(found, ListType) and LIST in allowed) for found in known)
        if not fits or not conforms(left, right):
            return None
        return _common((left, right))

    return result


LIST: Final = ListType(DYN)

_OPERATORS: dict[str, Callable[[Type, Type], Type | None]] = {
    **dict.fromkeys(("==", "!="), _equality),
    **dict.fromkeys(("<", "<=", ">", ">="), _order),
    "in": _membership,
    "+": _arithmetic(INT, DOUBLE, STRING, LIST),
    **dict.fromkeys(("-", "*", "/"), _arithmetic(INT, DOUBLE)),
    "%": _arithmetic(INT),
}


def _logic(node: Logic, scope: _Scope) -> Type:
    for operand in node.operands:
        _require(operand, scope, BOOL, f"{node.operator!r}")
    return BOOL


def _conditional(node: Conditional, scope: _Scope) -> Type:
    _require(node.condition, scope, BOOL, "'?'")
    then, otherwise = _check(node.then, scope), _check(node.otherwise, scope)
    if not conforms(then, otherwise):
        raise _fault(node.otherwise, f"the branches of '?' differ: a {then.name} and a {otherwise.name}")
    return _common_of((node.then, node.otherwise), (then, otherwise))


# --- lists, maps and macros -------------------------------------------------------------------------


def _list(node: ListLiteral, scope: _Scope) -> Type:
    return ListType(_common_of(node.items, [_check(item, scope) for item in node.items]) if node.items else DYN)


def _map(node: MapLiteral, scope: _Scope) -> Type:
    for key, _ in node.entries:
        if (found := _check(key, scope)) not in (STRING, INT, DYN):
            raise _fault(key, f"in wa-lint's subset of CEL the key of a map is a string or an int, not a {found.name}")
    values = [value for _, value in node.entries]
    return MapType(_common_of(values, [_check(value, scope) for value in values]) if values else DYN)


def _macro(node: Macro, scope: _Scope) -> Type:
    items = _check(node.items, scope)
    variable = _variable(node, items)
    inside = scope.inside(node.variable, variable)
    if node.where is not None:
        _require(node.where, inside, BOOL, "the condition of map()")
    if node.name in ("map", "optMap", "optFlatMap"):
        return _mapped(node, _check(node.body, inside))
    _require(node.body, inside, BOOL, f"{node.name}()")
    return BOOL if node.name != "filter" else ListType(variable)


def _variable(node: Macro, items: Type) -> Type:
    """Return the type of the macro's variable: an item of a list, a key of a map, what an optional holds."""
    wants_optional = node.name in ("optMap", "optFlatMap")
    if items == DYN:
        return DYN
    if isinstance(items, OptionalType) and wants_optional:
        return items.item
    if wants_optional or isinstance(items, Primitive | OptionalType):
        wanted = "an optional" if wants_optional else "a list or a map"
        raise _fault(node, f"{node.name}() needs {wanted}, and this is a {items.name}")
    return items.item if isinstance(items, ListType) else STRING


def _mapped(node: Macro, body: Type) -> Type:
    if node.name == "map":
        return ListType(body)
    if node.name == "optMap":
        return OptionalType(body)
    if not isinstance(body, OptionalType) and body != DYN:
        raise _fault(node.body, f"optFlatMap() needs an optional, and this is a {body.name}")
    return body


# --- calls ------------------------------------------------------------------------------------------


def _call(node: Call, scope: _Scope) -> Type:
    nodes = node.arguments if node.target is None else (node.target, *node.arguments)
    found = [_check(argument, scope) for argument in nodes]
    if node.function in OPTIONAL_MAKERS and node.target is None:
        return _optional_maker(node, found)
    if node.function in OPTIONAL_METHODS and node.target is not None:
        return _optional_method(node, found)
    function = _function(node, len(nodes), scope)
    for argument, given, wanted in zip(nodes, found, function.params, strict=True):
        if not conforms(given, wanted):
            raise _fault(argument, f"{function.name}() needs a {wanted.name} here, and this is a {given.name}")
    _check_library_arguments(node, nodes, found)
    if function.result_of is not None:
        return function.result_of(found[0])
    return _RESULTS[function.name](found[0]) if function.name in _RESULTS else function.result


def _function(node: Call, arity: int, scope: _Scope) -> Function:
    name, is_method = node.function, node.target is not None
    found = library_function(name, arity, receiver=is_method)
    if found is not None:
        return found
    handed_in = scope.functions.get(name)
    known: tuple[Function, ...] = (*LIBRARY.get(name, ()), *(() if handed_in is None else (handed_in,)))
    if not known:
        names = {*LIBRARY, *scope.functions, *(OPTIONAL_METHODS if is_method else OPTIONAL_MAKERS)}
        raise _fault(node, f"no function {name!r}{did_you_mean(name, names)}")
    same_form = [function for function in known if function.receiver == is_method]
    if not same_form:
        raise _fault(node, f"{name}() is called as {f'x.{name}()' if not is_method else f'{name}(x)'}")
    for function in same_form:
        if len(function.params) == arity:
            return function
    counts = " or ".join(str(len(function.params) - is_method) for function in same_form)
    raise _fault(node, f"{name}() takes {counts} arguments, not {len(node.arguments)}")


def _check_library_arguments(node: Call, nodes: tuple[Node, ...], found: list[Type]) -> None:
    accepts = _ACCEPTS.get(node.function) if node.function in LIBRARY else None
    if accepts is not None and not accepts(found[0]):
        raise _fault(node, f"{node.function}() cannot take a {found[0].name}")
    if node.function == "matches" and isinstance(nodes[1], Literal):
        problem = invalid_pattern(str(nodes[1].value))
        if problem is not None:
            raise _fault(nodes[1], problem)


_ACCEPTS: dict[str, Callable[[Type], bool]] = {
    "size": lambda found: found in (STRING, DYN) or isinstance(found, ListType) or is_map(found),
    "int": lambda found: found in (INT, DOUBLE, STRING, DYN),
    "double": lambda found: found in (INT, DOUBLE, STRING, DYN),
    "string": lambda found: found in (BOOL, INT, DOUBLE, STRING, DYN),
    "bool": lambda found: found in (BOOL, STRING, DYN),
}
"""What the library's functions of DYN can take."""


def _flattened(found: Type) -> Type:
    return found.item if isinstance(found, ListType) and isinstance(found.item, ListType) else LIST


_RESULTS: dict[str, Callable[[Type], Type]] = {"distinct": lambda found: found, "flatten": _flattened}
"""The results that depend on the type of the first argument."""


def _optional_maker(node: Call, found: list[Type]) -> Type:
    _count(node, OPTIONAL_MAKERS[node.function][0])
    return OptionalType(found[0] if found else DYN)


def _optional_method(node: Call, found: list[Type]) -> Type:
    optional, *arguments = found
    _count(node, OPTIONAL_METHODS[node.function][0])
    if not isinstance(optional, OptionalType) and optional != DYN:
        raise _fault(node, f"{node.function}() needs an optional (x.?member), and this is a {optional.name}")
    inside = optional.item if isinstance(optional, OptionalType) else DYN
    if node.function == "hasValue":
        return BOOL
    if node.function == "value":
        return inside
    wanted = inside if node.function == "orValue" else OptionalType(inside)
    if not conforms(arguments[0], wanted):
        raise _fault(node.arguments[0], f"{node.function}() needs a {wanted.name}, and this is a {arguments[0].name}")
    return _common_of((node.target, node.arguments[0]), (wanted, arguments[0]))


def _count(node: Call, wanted: int) -> None:
    if len(node.arguments) != wanted:
        raise _fault(node, f"{node.function}() takes {wanted} arguments, not {len(node.arguments)}")


_CHECKS: dict[type, Callable[..., Type]] = {
    Literal: _literal,
    Ident: _ident,
    Select: _select,
    Index: _index,
    Has: _has,
    Call: _call,
    ListLiteral: _list,
    MapLiteral: _map,
    Unary: _unary,
    Binary: _binary,
    Logic: _logic,
    Conditional: _conditional,
    Macro: _macro,
}
