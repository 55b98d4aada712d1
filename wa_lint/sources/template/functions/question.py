"""A template's sections, and one question to it in one scenario. The functions themselves are handed in."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Final, TypeAlias, TypeVar

import msgspec

from wa_lint.budget import Meter
from wa_lint.model import ABSENT, AnyScenario, Assumption, Hole, Raw, Unknown, Unresolved, Value
from wa_lint.redact import marked_by_name
from wa_lint.scenario import Fork
from wa_lint.sources.template.functions.partial_text import function_of, joined, text_of
from wa_lint.sources.template.functions.sub_variables import variables_of
from wa_lint.sources.template.parameters import Parameter, Pins
from wa_lint.sources.template.sections import Argument, Sections

T = TypeVar("T")

_DEEPEST: Final = 100
"""Functions and conditions within each other; CloudFormation's own templates have some ten."""

PSEUDO: Final = {
    "AWS::AccountId": r"\d{12}",
    "AWS::Partition": "aws(-cn|-us-gov|-iso|-iso-[bef]|-eusc)?",
    "AWS::Region": r"[a-z]{2,5}(-[a-z]+){1,3}-\d{1,2}",
    "AWS::StackId": "arn:[^:]+:cloudformation:.+",
    "AWS::StackName": "[A-Za-z][-A-Za-z0-9]*",
    "AWS::URLSuffix": r"[a-z0-9]+(\.[a-z0-9]+)+",
    "AWS::NotificationARNs": "",
}
"""Pseudo parameters and what their texts look like (AWS: "Pseudo parameters reference", seen 2026-11)."""


def is_pseudo(name: str) -> bool:
    """Whether a name is a pseudo parameter; ``AWS::StackName#network.yaml`` is that of one of several templates."""
    return name.partition("#")[0] in PSEUDO


_MADE: Final = ("Alias", "Version")
"""What ``!Ref Function.Alias`` names of what SAM makes of a function (AWS SAM: "Generated resources", seen 2026-11)."""


def gives_anything(body: Raw, attribute: str = "") -> bool:
    """Whether what a resource gives out need not be its own name: then it is reported apart by attribute.

    AWS: the return values of a custom resource and of a wait condition (CloudFormation reference, seen 2026-11).
    Those of types that are not AWS's own are not known here.
    """
    type_ = str(body.get("Type")) if isinstance(body, dict) else ""
    if type_.startswith("Custom::") or type_ == "AWS::CloudFormation::CustomResource":
        return True
    is_foreign = attribute != "" and not type_.startswith("AWS::")
    return is_foreign or (type_, attribute) == ("AWS::CloudFormation::WaitCondition", "Data")


class Answers:
    """What one question gave: a tree of what it asked of the scenario, one name after the other."""

    __slots__ = ("answer", "branches", "is_known", "name")

    def __init__(self) -> None:
        self.name: str | None = None
        """What is asked next; None where the answer is known, or nothing was asked yet."""
        self.branches: dict[Assumption | None, Answers] = {}
        self.is_known = False
        self.answer: object = None

    def keep(self, asked: Mapping[str, Assumption | None], answer: object) -> None:
        """Note the answer; one that asked otherwise than those before it, as past a budget, is not kept."""
        node = self
        for name, assumed in asked.items():
            if node.is_known or node.name not in {None, name}:
                return
            node.name = name
            node = node.branches.setdefault(assumed, Answers())
        if node.name is None:
            node.answer, node.is_known = answer, True


def recalled(answers: Answers, scenario: AnyScenario, compute: Callable[[AnyScenario], T]) -> T:
    """Return `compute(scenario)`, computed once for all scenarios that agree on what it asked."""
    node: Answers | None = answers
    while node is not None and node.name is not None:
        node = node.branches.get(scenario.assumed(node.name))
    if node is not None and node.is_known:
        return node.answer  # type: ignore[return-value] # the answers are those of one question
    watch = _Watch(scenario)
    found = compute(watch)
    answers.keep(watch.asked, found)
    return found


class Export(msgspec.Struct, frozen=True, eq=False):
    """What a template gives out to others of the same account and region."""

    name: Raw
    value: Raw
    condition: Raw
    uri: str
    """Of the template that says so."""


class Template:
    """The sections that functions read, of one template; an index built once."""

    def __init__(
        self,
        sections: Sections,
        parameters: Mapping[str, Parameter],
        pins: Pins,
        functions: Mapping[str, Function],
        *,
        is_generated: bool = False,
    ) -> None:
        self.sections = sections
        self.parameters = parameters
        self.pins = pins
        self.functions = functions
        self.is_generated = is_generated
        """Whether a transform adds resources: then a name that the template lacks is no mistake."""
        self.mappings: Mapping[str, Raw] = sections.section("Mappings")
        self.conditions: Mapping[str, Raw] = sections.section("Conditions")
        self.resources: Mapping[str, Raw] = sections.section("Resources")
        self.meter = Meter()
        """What its functions have built so far."""
        self.settled: dict[str, Value] = {}
        """Long texts without their secrets: an alias may repeat one a thousand times."""
        self.filled: dict[int, bool] = {}
        """Whether a macro adds to a map of the Mappings, by the map's identity."""
        self.memory: dict[str, Answers] = {}
        """Answers by question, each with the assumptions that it rests on."""

    @cached_property
    def exports(self) -> Sequence[Export]:
        """What the outputs export."""
        return [
            Export(name, body.get("Value"), body.get("Condition"), self.sections.locate(("Outputs", id_)).uri)
            for id_, body in self.sections.section("Outputs").items()
            if isinstance(body, dict)
            and isinstance(export := body.get("Export"), dict)
            and (name := export.get("Name")) is not None
        ]

    def parameters_in(self, raw: Raw) -> Iterator[str]:
        """Yield the parameters that an expression reads, also where a nested stack hands them on."""
        waiting, seen = list(variables_of(raw)), set[str]()
        while waiting:
            name = waiting.pop()
            if name in self.parameters:
                yield name
            elif name not in seen and (given := self.sections.arguments.get(name)) is not None:
                waiting.extend(variables_of(given.raw))
            elif name not in seen and name in self.sections.outputs:
                waiting.extend(variables_of(self.sections.outputs[name]))
            seen.add(name)


class Asking:
    """One question in one scenario, which remembers what it assumed on the way."""

    def __init__(self, template: Template, scenario: AnyScenario) -> None:
        self.template = template
        self.scenario = scenario
        self.assumes: dict[str, None] = {}
        self.conditions: tuple[str, ...] = ()
        """The conditions that are being answered: within one, no parameter has its default."""
        self.depth = 0
        self.whole = False
        """Whether what is requested is all of a property: then what is open may fork. A piece of a text stays open."""

    def within(self, condition: str, scenario: AnyScenario) -> Asking:
        """Return the question that asks for the truth of `condition` on behalf of this one."""
        inner = Asking(self.template, scenario)
        inner.conditions = (*self.conditions, condition)
        inner.depth = self.depth + 1
        return inner

    def recall(self, question: str, compute: Callable[[AnyScenario], T]) -> T:
        """Return `compute(scenario)`, remembered for every scenario that agrees on what it asked."""
        return recalled(self.template.memory.setdefault(question, Answers()), self.scenario, compute)

    @property
    def is_too_deep(self) -> bool:
        return self.depth > _DEEPEST

    def value(self, raw: Raw, *, whole: bool = False) -> Value:
        """Return the value of `raw`: of a function what it gives; other maps and lists stay as they stand."""
        found = function_of(raw)
        if found is None:
            return raw
        name, argument = found
        function = self.template.functions.get(name)
        if function is None:
            return Unknown(f"{name} is not a function that wa-lint knows" if name else _NOT_ALONE)
        if self.is_too_deep:
            return Unknown(f"the functions nest deeper than {_DEEPEST} levels")
        outer, self.whole = self.whole, whole
        self.depth += 1
        try:
            return function(self, argument)
        finally:
            self.depth -= 1
            self.whole = outer

    def reference(self, name: str, *, whole: bool = False) -> Value:
        """Return what ``!Ref name`` gives."""
        if name == "AWS::NoValue":
            return ABSENT
        if name in self.template.parameters:
            return self._parameter(self.template.parameters[name], whole=whole)
        if name in self.template.sections.arguments:
            return self._argument(self.template.sections.arguments[name], whole=whole)
        if is_pseudo(name):
            return self._pseudo(name)
        if name in self.template.resources:
            target = None if gives_anything(self.template.resources[name]) else name
            return Unresolved(f"!Ref {name} is known only after deployment", (Hole(name, target=target),))
        made_from, _, what = name.partition(".")
        if what in _MADE and made_from in self.template.resources:
            return Unresolved(f"!Ref {name} is known only after deployment", (Hole(name, made_from, what),))
        return self.generated(name, f"!Ref {name} is not a parameter or resource of this template")

    def generated(self, name: str, otherwise: str) -> Value:
        """Return what a name gives that is not in the template: a hole where a transform may make what bears it."""
        if self.template.is_generated:
            return Unresolved(f"{name} is made by a transform at deployment", (Hole(name),))
        return Unknown(otherwise)

    def _argument(self, argument: Argument, *, whole: bool) -> Value:
        """Return what a nested stack's parameter is; with ``AWS::NoValue``, as if nothing were given for it."""
        value, parameter = self.value(argument.raw, whole=whole), argument.parameter
        if isinstance(value, list):
            pieces = [piece for item in value for piece in (",", self.value(item))]
            value = joined(pieces[1:], lambda: "the list", self.template.meter)
        if value is ABSENT:
            return self._parameter(parameter, whole=whole)
        if isinstance(value, Unresolved):
            return parameter.open() if parameter.is_elsewhere else parameter.bounded(value)
        text = text_of(value)
        if text is None:
            return (
                value if isinstance(value, Unknown) else Unknown(f"{parameter.name} has a value that is not a string")
            )
        if parameter.is_elsewhere or self._hides(parameter):
            return parameter.open()
        return self._given(parameter, text, whole=whole)

    def _parameter(self, parameter: Parameter, *, whole: bool) -> Value:
        pinned, assumed = self.template.pins.get(parameter.name), None
        if pinned is None:
            assumed = self.scenario.assumed(parameter.name)
            if assumed is not None and assumed.value is not ABSENT and not self._hides(parameter):
                return self._given(parameter, str(assumed.value), whole=whole)
        if parameter.is_elsewhere or self._hides(parameter):
            return parameter.open(assumed.differs_from if assumed else ())
        if pinned is not None:
            return self._given(parameter, pinned, whole=whole)
        if assumed is None and parameter.default is not None and not self.conditions:
            self.assumes[f"the default of {parameter.name}"] = None
            return self._given(parameter, parameter.default, whole=whole)
        return _open(parameter, assumed or Assumption(), whole=whole)

    def _hides(self, parameter: Parameter) -> bool:
        """Whether no report may show what a parameter is. A condition only compares it."""
        return parameter.no_echo and not self.conditions

    def _given(self, parameter: Parameter, text: str | list[str], *, whole: bool) -> Value:
        """Return what a parameter is known to be; outside of conditions without a secret that its name tells of."""
        value = parameter.typed(text, whole=whole)
        return value if self.conditions else marked_by_name(parameter.name, value)

    def _pseudo(self, name: str) -> Value:
        if name in self.template.pins:
            return self.template.pins[name]
        assumed = self.scenario.assumed(name)
        if assumed is not None and assumed.value is not ABSENT:
            return assumed.value
        differs_from = assumed.differs_from if assumed else ()
        shape = PSEUDO[name.partition("#")[0]]
        return Unresolved(f"{name} is known only at deployment", (Hole(name, shape=shape),), differs_from)


class _Watch:
    """A scenario that notes what is asked of it."""

    def __init__(self, scenario: AnyScenario) -> None:
        self.scenario = scenario
        self.asked: dict[str, Assumption | None] = {}

    def assumed(self, name: str) -> Assumption | None:
        self.asked[name] = self.scenario.assumed(name)
        return self.asked[name]


Function: TypeAlias = Callable[[Asking, Raw], Value]
"""Gives the value of one intrinsic function for its argument."""

_NOT_ALONE: Final = "a function has other keys beside it, which CloudFormation rejects"


def _open(parameter: Parameter, assumed: Assumption, *, whole: bool) -> Value:
    """Return the one AllowedValue that remains, or ask which of them it is, or leave it open."""
    rest = [text for text in parameter.allowed if text not in assumed.differs_from]
    if len(rest) == 1:
        return parameter.typed(rest[0])
    if rest and whole:
        raise Fork([{parameter.name: Assumption(value=text, is_hidden=parameter.no_echo)} for text in rest])
    return parameter.open(assumed.differs_from)
