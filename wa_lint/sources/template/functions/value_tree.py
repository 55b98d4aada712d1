"""Values as they are in a template: trees whose functions wait for a scenario."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from wa_lint import schema
from wa_lint.document import Number
from wa_lint.model import AnyScenario, Deferred, Path, Raw, Resolution, Unknown, Value
from wa_lint.schema import Shape
from wa_lint.sources.template.functions.conditions import truth_of
from wa_lint.sources.template.functions.intrinsics import branch_of
from wa_lint.sources.template.functions.partial_text import function_of, revealed, spell
from wa_lint.sources.template.functions.question import Answers, Asking, Template, recalled
from wa_lint.sources.template.sections import Guard
from wa_lint.sources.template.transforms.foreach import FOR_EACH, has_item
from wa_lint.sources.template.transforms.provenance import OPAQUE
from wa_lint.truth import Truth, every


class Intrinsic(Deferred):
    """One function, where it is, and what the type's schema expects there."""

    __slots__ = ("answers", "argument", "at", "name", "shape", "template")

    def __init__(self, name: str, argument: Raw, at: Path, shape: Shape, template: Template) -> None:
        self.answers = Answers()
        self.name = name
        self.argument = argument
        self.at = at
        """Relative to the resource's Properties, functions included."""
        self.shape = shape
        self.template = template

    def resolve(self, scenario: AnyScenario) -> Resolution:
        return recalled(self.answers, scenario, self._resolve)

    def _resolve(self, scenario: AnyScenario) -> Resolution:
        ask = Asking(self.template, scenario)
        raw, at = self._chosen(ask)
        value = ask.value(raw, whole=True)
        if isinstance(value, dict | list):
            value = tree(self.template, value, at, self.shape)
        return Resolution(_settled(self.template, value, self.shape), None if at == self.at else at, tuple(ask.assumes))

    def _chosen(self, ask: Asking) -> tuple[Raw, Path]:
        """Follow ``Fn::If`` to the branch of the scenario, and note where that stands."""
        raw, at = {self.name: self.argument}, self.at
        while isinstance(raw, dict) and len(raw) == 1 and "Fn::If" in raw:
            branch = branch_of(ask, raw["Fn::If"])
            if isinstance(branch, Unknown):
                return branch, at
            raw, at = raw["Fn::If"][branch], (*at, "Fn::If", branch)
        return raw, at

    def __str__(self) -> str:
        return spell({self.name: self.argument})

    __repr__ = __str__


class Existence(Deferred):
    """Whether a resource's own ``Condition`` holds, and the loops around it have a turn for it."""

    __slots__ = ("guards", "name", "template")

    def __init__(self, name: Raw, template: Template, guards: Sequence[Guard] = ()) -> None:
        self.name = name
        """The condition; None where there is none."""
        self.template = template
        self.guards = tuple(guards)
        """What has to be so in any case."""

    def resolve(self, scenario: AnyScenario) -> Resolution:
        ask = Asking(self.template, scenario)
        return Resolution(every(self._truths(ask)), assumes=tuple(ask.assumes))

    def _truths(self, ask: Asking) -> Iterator[Truth]:
        for guard in self.guards:
            yield has_item(ask, guard.collection, guard.item)
        if self.name is not None:
            yield truth_of(ask, self.name)

    def __str__(self) -> str:
        lists = [f"{guard.item} in {spell(guard.collection)}" for guard in self.guards]
        return " and ".join([*lists, *([] if self.name is None else [f"Condition {self.name}"])])

    __repr__ = __str__


def tree(template: Template, raw: Raw, at: Path, shape: Shape) -> Value:
    """Return `raw` with its functions deferred, and its scalars read as the schema's `shape` has them."""
    found = function_of(raw)
    if isinstance(raw, dict) and (opaque := _opaque(raw)):
        return opaque
    if found and found[0]:
        return Intrinsic(*found, at, shape, template)
    if found:
        return Unknown("a function has other keys beside it, which CloudFormation rejects")
    if isinstance(raw, dict):
        return {key: tree(template, inner, (*at, key), _member(shape, key)) for key, inner in raw.items()}
    if isinstance(raw, list):
        item = shape.item or schema.ANYTHING
        return [tree(template, inner, (*at, index), item) for index, inner in enumerate(raw)]
    return _settled(template, raw, shape)


def _opaque(raw: dict[str, Raw]) -> Unknown | None:
    """Return why nothing can be said of a map that something else fills in, or changes, at deployment."""
    if raw == OPAQUE:
        return Unknown("it is made from something that wa-lint does not follow")
    if "Fn::Transform" in raw:
        return Unknown("a macro (Fn::Transform) decides it at deployment")
    if any(key.startswith(FOR_EACH) for key in raw):
        return Unknown("Fn::ForEach fills it with values that are not fully known")
    return None


def _member(shape: Shape, key: str) -> Shape:
    return shape.member(key) or schema.ANYTHING


def _settled(template: Template, value: Value, shape: Shape) -> Value:
    """Return a value as rules see it: without secrets, and of the JSON type that the schema expects."""
    if value is None:
        return Unknown("it is null, which CloudFormation rejects")
    value = _revealed(template, value)
    coerced = schema.coerce_to(shape, value)
    if isinstance(value, Number):
        return value.written if isinstance(coerced, str) else float(value)
    return coerced


def _revealed(template: Template, value: Value) -> Value:
    """As `revealed`, but a long text that the template repeats is read once."""
    if not isinstance(value, str) or len(value) < _LONG:
        return revealed(value)
    if value not in template.settled:
        template.settled[value] = revealed(value)
    return template.settled[value]


_LONG: Final = 200
