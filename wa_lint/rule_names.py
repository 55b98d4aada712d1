"""What the names in a rule mean: CloudFormation's properties, our links and facts, and the functions on offer.

It joins the schemas, the link table and the fact table into the environment that expressions are checked in, and
evaluates nothing.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import cache

from wa_lint import schema
from wa_lint.cel import types as cel
from wa_lint.cel.guards import unguarded
from wa_lint.cel.parse import parse
from wa_lint.cel.syntax import Call, CelCheckError, CelError, Ident, Node, Select, walk
from wa_lint.cel.type_check import check
from wa_lint.cel.types import Environment
from wa_lint.facts import FACTS, FUNCTIONS
from wa_lint.references.table import LINKS, Link
from wa_lint.schema import Shape

TODAY = "today"
"""The variable that holds the day a verdict is made on, as ``2026-11-23``."""

SETTINGS = "settings"
"""The variable that holds the thresholds of the rule, by name."""


class ExpressionError(Exception):
    """An expression of a rule is wrong: which of them (``require[0]``), and what is wrong where in it."""

    def __init__(self, name: str, cause: CelError) -> None:
        super().__init__(name, cause)
        self.name = name
        self.cause = cause


class TypedPlace:
    """A place in a type as the checker sees it: the properties below it, and the links and facts that it bears."""

    def __init__(self, type_: str, path: str, shape: Shape, defaults: frozenset[str] = frozenset()) -> None:
        self._type = type_
        self._path = path
        self._shape = shape
        self._defaults = defaults

    @property
    def name(self) -> str:
        return f"{self._type} {self._path}".strip()

    def member(self, name: str) -> cel.Type | None:
        own = self._shape.member(name) if name in self._shape.members() or not self._shape.members() else None
        if own is not None and (name in self._shape.members() or not name.islower()):
            return _type_of(self._type, _join(self._path, name), own, self._defaults)
        if name == "observed" and not self._path:
            return cel.DYN
        return _added(self._type, self._path).get(name)

    def members(self) -> Iterable[str]:
        return (*self._shape.members(), *_added(self._type, self._path))

    def required(self, name: str) -> bool:
        """Whether a rule may read `name` without asking: it must be set, has a default, or is a list of ours."""
        if name in _added(self._type, self._path):
            return name in _always(self._type, self._path)
        return self._shape.required(name) or _join(self._path, name) in self._defaults


def mentions(node: Node) -> frozenset[str]:
    """Return the names of the variables in an expression."""
    return frozenset(found.name for found in walk(node) if isinstance(found, Ident))


class Settings:
    """The settings of a rule as the checker sees them: each has the type of its default."""

    name = SETTINGS

    def __init__(self, thresholds: Mapping[str, object]) -> None:
        self._types = {name: _type_of_default(value) for name, value in thresholds.items()}

    def member(self, name: str) -> cel.Type | None:
        return self._types.get(name)

    def members(self) -> Iterable[str]:
        return self._types

    def required(self, name: str) -> bool:
        return name in self._types


def _type_of_default(value: object) -> cel.Type:
    return cel.ListType(cel.STRING) if isinstance(value, list) else _DEFAULTS[type(value)]


_DEFAULTS: Mapping[type, cel.Type] = {bool: cel.BOOL, int: cel.INT, float: cel.DOUBLE, str: cel.STRING}


def environment(
    type_: str,
    defaults: Iterable[str] = (),
    item: cel.Type | None = None,
    thresholds: Mapping[str, object] | None = None,
) -> Environment:
    """Return what an expression about a resource of `type_` may say; `item` is there in a rule with ``for_each``."""
    place = TypedPlace(type_, "", schema.resource_type(type_), frozenset(defaults))
    variables: dict[str, cel.Type] = {"resource": place, TODAY: cel.STRING, SETTINGS: Settings(thresholds or {})}
    return Environment(variables | ({} if item is None else {"item": item}), FUNCTIONS)


def check_expressions(
    types: Sequence[str],
    expressions: Mapping[str, str],
    defaults: Mapping[str, object],
    thresholds: Mapping[str, object] | None = None,
) -> list[tuple[str, str, int, int]]:
    """Check every expression for every type; raise `ExpressionError` at the first that is wrong.

    Return what is read although it may be absent: (expression, path, line, column). Messages may read such.
    """
    unasked: list[tuple[str, str, int, int]] = []
    nodes = {name: _parse(name, text) for name, text in expressions.items()}
    for type_ in types:
        outer = environment(type_, defaults, None, thresholds)
        item = _item_type(outer, nodes.get("for_each"))
        scope = environment(type_, defaults, item, thresholds)
        for name, node in nodes.items():
            found = _check(name, node, scope)
            if name == "where" or name.startswith("require"):
                _demand_truth(name, node, found)
            if name.startswith(("where", "require", "for_each")):
                given = [nodes["where"]] if "where" in nodes and name.startswith("require") else []
                unasked.extend((name, *place) for place in unguarded(node, scope, given))
    return unasked


def _item_type(scope: Environment, node: Node | None) -> cel.Type | None:
    if node is None:
        return None
    found = _check("for_each", node, scope)
    if isinstance(found, cel.ListType):
        return found.item
    if found is cel.DYN:
        return cel.DYN
    raise ExpressionError("for_each", CelCheckError(node.span.line, node.span.column, "for_each must be a list"))


def environment_problem(type_: str, node: Node) -> CelError | None:
    """Return why an expression cannot be asked about a resource of `type_`; None where it can."""
    try:
        check(node, environment(type_))
    except CelError as error:
        return error
    return None


def _parse(name: str, text: str) -> Node:
    try:
        return parse(text)
    except CelError as error:
        raise ExpressionError(name, error) from error


def _check(name: str, node: Node, scope: Environment) -> cel.Type:
    try:
        return check(node, scope)
    except CelError as error:
        raise ExpressionError(name, error) from error


def _demand_truth(name: str, node: Node, found: cel.Type) -> None:
    if found not in {cel.BOOL, cel.DYN}:
        raise ExpressionError(name, CelCheckError(node.span.line, node.span.column, "this must be true or false"))


# --- from schemas, links and facts to types ---------------------------------------------------------


def _type_of(type_: str, path: str, shape: Shape, defaults: frozenset[str] = frozenset()) -> cel.Type:
    match shape.kind:
        case "array":
            item = shape.item
            return cel.ListType(cel.DYN if item is None else _type_of(type_, f"{path}[]", item, defaults))
        case "object" if shape.members():
            return TypedPlace(type_, path, shape, defaults)
    return _SCALARS.get(shape.kind, cel.DYN)


_SCALARS: Mapping[str, cel.Type] = {
    "boolean": cel.BOOL,
    "integer": cel.INT,
    "number": cel.DOUBLE,
    "string": cel.STRING,
}


@cache
def _added(type_: str, path: str) -> Mapping[str, cel.Type]:
    """Return the links and facts that the place bears, by name."""
    found: dict[str, cel.Type] = {}
    for link in LINKS:
        if (link.type, link.at) == (type_, path):
            target = _place(link.target, link.place)
            found[link.name] = cel.ListType(target) if link.is_many else target
        if (link.target, link.place) == (type_, path):
            found[link.back] = cel.ListType(_place(link.type, link.at))
    for fact in FACTS:
        if (fact.type, fact.path) == (type_, path):
            found[fact.name] = cel.ListType(_place(*fact.items_at)) if fact.items_at else fact.result
    return found


def names_of_ours(type_: str) -> Iterable[str]:
    """Return the links and facts that a resource of `type_` bears."""
    return _added(type_, "")


@cache
def _always(type_: str, path: str) -> frozenset[str]:
    """Return the names of ours that the place always bears: lists of links, and facts that are never absent."""
    facts = {f.name for f in FACTS if (f.type, f.path) == (type_, path) and not f.is_optional}
    forward = {link.name for link in LINKS if (link.type, link.at) == (type_, path) and link.is_many}
    return frozenset(facts | forward | {link.back for link in LINKS if (link.target, link.place) == (type_, path)})


def _place(type_: str, path: str) -> TypedPlace:
    shape = schema.shape_at(type_, schema.steps_of(path)) or schema.ANYTHING
    return TypedPlace(type_, path, shape)


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


# --- what a rule reads ------------------------------------------------------------------------------


def types_read(types: Iterable[str], expressions: Iterable[str]) -> frozenset[str]:
    """Return every type whose resources an expression about `types` may look at: its own, and those behind its names.

    The plan of calls, the least-privilege policy and the refusals that a rule must notice follow from it.
    """
    nodes = [node for text in expressions for node in walk(parse(text))]
    names = {node.field for node in nodes if isinstance(node, Select) and node.field.islower()}
    called = {node.function for node in nodes if isinstance(node, Call)}
    reached = {*types, *(type_ for name in called if name in FUNCTIONS for type_ in FUNCTIONS[name].reads)}
    waiting = list(reached)
    while waiting:
        new = _behind(waiting.pop(), names) - reached
        reached |= new
        waiting.extend(new)
    return frozenset(reached)


def series_read(types: Iterable[str], expressions: Collection[str]) -> frozenset[tuple[str, str]]:
    """Return (type, key under ``observed``) of the metrics that an expression about `types` may look at.

    ``observed`` itself may be any of its type's.
    """
    nodes = [node for text in expressions for node in walk(parse(text))]
    names = {node.field for node in nodes if isinstance(node, Select)}
    reached = types_read(types, expressions)
    keys = {key for fact in FACTS if fact.type in reached and fact.name in names for key in fact.observes}
    return frozenset((type_, key) for type_ in reached for key in keys)


def _behind(type_: str, names: set[str]) -> set[str]:
    """Return the types that the links and facts of `names` on `type_` lead to or look at."""
    forward = [link for link in LINKS if link.type == type_ and link.name in names]
    backward = [link for link in LINKS if link.target == type_ and link.back in names]
    facts = {read for fact in FACTS if fact.type == type_ and fact.name in names for read in fact.reads}
    spelled = {read for link in (*forward, *backward) for read in _spelled_by(link)}
    return {link.target for link in forward} | {link.type for link in backward} | facts | spelled


def _spelled_by(link: Link) -> set[str]:
    """Return the types whose names are part of the target's, as Endpoint's are in ``endpoint/{endpoints.id}/…``."""
    inner = {piece.partition(".")[0] for key in link.keys for piece in re.findall(r"\{(\w+\.[^}]*)\}", key)}
    return _behind(link.target, inner) if inner else set()
