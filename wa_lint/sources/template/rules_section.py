"""The ``Rules`` section, as far as it says which values a parameter may have. It judges no template.

Read are rules without a RuleCondition, whose assertions are Fn::Contains of a list and a Ref, Fn::Equals of a Ref and a
text, Fn::Not of such an Equals with the empty text, and Fn::And of these. All others say nothing here: those under a
condition, those that compare two parameters, and those about lists (Fn::EachMemberIn, Fn::RefAll, Fn::ValueOf …).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Final, TypeAlias

import msgspec

from wa_lint.model import Bounds, Raw
from wa_lint.sources.template.functions.partial_text import text_of
from wa_lint.sources.template.parameters import Parameter

_Narrowed: TypeAlias = "tuple[str, tuple[str, ...] | None]"
"""A parameter, and the texts that it may have; None: any but the empty one."""


def narrowed(parameters: Mapping[str, Parameter], rules: Mapping[str, Raw]) -> Mapping[str, Parameter]:
    """Return the parameters, with what `rules` demand of them as if they demanded it themselves."""
    found = dict(parameters)
    for name, texts in _demands(rules):
        parameter = found.get(name)
        if parameter is not None and not (parameter.is_list or parameter.is_elsewhere):
            found[name] = _narrow(parameter, texts)
    return found


def _narrow(parameter: Parameter, texts: tuple[str, ...] | None) -> Parameter:
    if texts is None:
        bounds = msgspec.structs.replace(parameter.bounds or Bounds(), min_length=_at_least_one(parameter.bounds))
        return msgspec.structs.replace(
            parameter, bounds=bounds, allowed=tuple(text for text in parameter.allowed if text)
        )
    kept = tuple(text for text in parameter.allowed if text in texts) if parameter.allowed else texts
    return msgspec.structs.replace(parameter, allowed=kept) if kept else parameter


def _at_least_one(bounds: Bounds | None) -> int:
    return max(1, bounds.min_length or 0) if bounds else 1


def _demands(rules: Mapping[str, Raw]) -> Iterator[_Narrowed]:
    for rule in rules.values():
        assertions = rule.get("Assertions") if isinstance(rule, dict) and "RuleCondition" not in rule else None
        for assertion in assertions if isinstance(assertions, list) else ():
            yield from _read(assertion.get("Assert") if isinstance(assertion, dict) else None)


def _read(assertion: Raw) -> Iterator[_Narrowed]:
    if isinstance(assertion, dict) and len(assertion) == 1:
        name, argument = next(iter(assertion.items()))
        if name in _FORMS and isinstance(argument, list):
            yield from _FORMS[name](argument)


def _contains(argument: list[Raw]) -> Iterator[_Narrowed]:
    match argument:
        case [list(values), {"Ref": str(name)}] if all(text_of(value) is not None for value in values):
            yield name, tuple(text_of(value) or "" for value in values)


def _equals(argument: list[Raw]) -> Iterator[_Narrowed]:
    match argument:
        case [{"Ref": str(name)}, value] | [value, {"Ref": str(name)}] if (text := text_of(value)) is not None:
            yield name, (text,)


def _not(argument: list[Raw]) -> Iterator[_Narrowed]:
    match argument:
        case [{"Fn::Equals": list(sides)}]:
            yield from ((name, None) for name, texts in _equals(sides) if texts == ("",))


def _and(argument: list[Raw]) -> Iterator[_Narrowed]:
    for inner in argument:
        yield from _read(inner)


_FORMS: Final[Mapping[str, Callable[[list[Raw]], Iterator[_Narrowed]]]] = {
    "Fn::And": _and,
    "Fn::Contains": _contains,
    "Fn::Equals": _equals,
    "Fn::Not": _not,
}
