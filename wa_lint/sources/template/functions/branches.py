"""What is in the branches of ``Fn::If`` inside a property, and what must hold for it. It knows no property."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

import msgspec

from wa_lint.model import ABSENT, AnyScenario, Deferred, Path, Raw, Resolution, Unknown, Value
from wa_lint.sources.jobs import Node
from wa_lint.sources.template.functions.intrinsics import branch_of
from wa_lint.sources.template.functions.question import Asking, Template
from wa_lint.sources.template.functions.value_tree import Intrinsic, tree
from wa_lint.truth import Truth, every, some

_PARTS: Final = 3
"""Of an ``Fn::If``: a condition and two values."""


class Taken(msgspec.Struct, frozen=True, eq=False):
    """One ``Fn::If`` takes one of its branches."""

    condition: Raw
    at: Path
    branch: int
    """1 or 2: the item of its list."""

    def truth(self, ask: Asking) -> Truth:
        taken = branch_of(ask, [self.condition, None, None])
        return taken if isinstance(taken, Unknown) else taken == self.branch


def branches(node: Node) -> Iterator[Node]:
    """Yield what a node may be: itself, or what is in the branches of a condition; nothing where it is absent."""
    value = node.value
    if value is ABSENT or (isinstance(value, Intrinsic) and _is_no_value(value)):
        return
    if not isinstance(value, Intrinsic) or not _is_condition(value):
        yield node
        return
    for branch in (1, 2):
        at = (*value.at, "Fn::If", branch)
        taken = Taken(value.argument[0], value.at, branch)
        inner = tree(value.template, value.argument[branch], at, value.shape)
        yield from branches(Node(inner, at, (*node.guards, taken)))


def exclude(left: Sequence[object], right: Sequence[object]) -> bool:
    """Whether the guards of two nodes never hold together: one ``Fn::If`` would have to take both branches."""
    taken = {guard.at: guard.branch for guard in left if isinstance(guard, Taken)}
    return any(isinstance(g, Taken) and taken.get(g.at, g.branch) != g.branch for g in right)


class Inside(Deferred):
    """Whether something inside a resource is there: the resource is, and all conditions on the way to it hold."""

    __slots__ = ("exists", "guards", "template")

    def __init__(self, exists: Value, guards: Sequence[object], template: Template) -> None:
        self.exists = exists
        """Of the resource that holds it."""
        self.guards = [guard for guard in guards if isinstance(guard, Taken)]
        self.template = template

    def resolve(self, scenario: AnyScenario) -> Resolution:
        ask = Asking(self.template, scenario)
        outer, assumes = _truth(self.exists, scenario)
        truth = outer if outer is False else every([outer, *(guard.truth(ask) for guard in self.guards)])
        return Resolution(truth, None, (*assumes, *ask.assumes))

    def __str__(self) -> str:
        return " and ".join(f"{'' if guard.branch == 1 else 'not '}{guard.condition}" for guard in self.guards)

    __repr__ = __str__


class Alternative(Deferred):
    """The one of several values whose condition holds."""

    __slots__ = ("options",)

    def __init__(self, options: Sequence[tuple[Value, Value]]) -> None:
        self.options = tuple(options)
        """Whether it is there, and what it is."""

    @property
    def exists(self) -> Value:
        """Whether any of them is there: a truth, perhaps deferred."""
        return self.options[0][0] if len(self.options) == 1 else _Any([exists for exists, _ in self.options])

    def resolve(self, scenario: AnyScenario) -> Resolution:
        unknown: Value = Unknown("it does not exist in this scenario")
        for exists, value in self.options:
            truth, assumes = _truth(exists, scenario)
            if truth is True:
                return Resolution(value, None, assumes)
            unknown = truth if isinstance(truth, Unknown) else unknown
        return Resolution(unknown)

    def __str__(self) -> str:
        return " or ".join(str(value) for _, value in self.options)

    __repr__ = __str__


class _Any(Deferred):
    """Whether one of several truths holds."""

    __slots__ = ("truths",)

    def __init__(self, truths: Sequence[Value]) -> None:
        self.truths = truths

    def resolve(self, scenario: AnyScenario) -> Resolution:
        found = [_truth(truth, scenario) for truth in self.truths]
        return Resolution(some(truth for truth, _ in found), None, tuple(a for _, assumes in found for a in assumes))

    def __str__(self) -> str:
        return " or ".join(str(truth) for truth in self.truths)

    __repr__ = __str__


def _is_condition(value: Intrinsic) -> bool:
    return value.name == "Fn::If" and isinstance(value.argument, list) and len(value.argument) == _PARTS


def _is_no_value(value: Intrinsic) -> bool:
    return value.name == "Ref" and value.argument == "AWS::NoValue"


def _truth(value: Value, scenario: AnyScenario) -> tuple[Truth, tuple[str, ...]]:
    assumes: tuple[str, ...] = ()
    while isinstance(value, Deferred):
        resolution = value.resolve(scenario)
        value, assumes = resolution.value, assumes + resolution.assumes
    return (value if isinstance(value, bool | Unknown) else Unknown("its condition is not known")), assumes
