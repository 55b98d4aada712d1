"""Conditions: they come down to comparisons on parameters, which the scenario decides or forks at."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Final, TypeAlias

from wa_lint.model import ABSENT, Assumption, Hole, Raw, Unknown, Unresolved, Value
from wa_lint.scenario import Fork, fork_on
from wa_lint.sources.template.functions.partial_text import function_of, spell, spell_operand, text_of
from wa_lint.sources.template.functions.question import Asking, is_pseudo
from wa_lint.truth import Truth, equals, negate

_LONGEST_CHAIN: Final = 25
"""Conditions that name each other in a row."""


def truth_of(ask: Asking, name: Raw) -> Truth:
    """Return whether the condition `name` holds. Raise `Fork` where the scenario leaves it open.

    What is wrong with the condition itself (undefined, circular, malformed) makes it Unknown.
    """
    if not isinstance(name, str):
        return Unknown(f"{spell(name)} is not the name of a condition")
    if name not in ask.template.conditions:
        return Unknown(f"the condition {name} is not in the template")
    if name in ask.conditions:
        return Unknown(f"the condition {name} refers to itself")
    if len(ask.conditions) > _LONGEST_CHAIN or ask.is_too_deep:
        return Unknown(f"the condition {name} nests too deeply")
    answer = ask.recall(name, lambda scenario: _answer(ask.within(name, scenario), name))
    if isinstance(answer, Fork):
        raise Fork(answer.branches)
    return answer


def _answer(ask: Asking, name: str) -> Truth | Fork:
    """Return the truth, or the fork: both are worth remembering, the frames that the fork came through are not."""
    try:
        return _truth(ask, ask.template.conditions[name])
    except Fork as fork:
        return fork.with_traceback(None)


def _truth(ask: Asking, raw: Raw) -> Truth:
    operator, argument = _operation(raw)
    decide = _OPERATORS.get(operator)
    if decide is None:
        return Unknown(f"{spell(raw)} is not a condition that wa-lint can read")
    if ask.is_too_deep:
        return Unknown(f"the condition {ask.conditions[0]} nests too deeply")
    ask.depth += 1
    try:
        return decide(ask, argument)
    finally:
        ask.depth -= 1


def _operation(raw: Raw) -> tuple[str, Raw]:
    match raw:
        case {"Condition": name} if len(raw) == 1:
            return "Condition", name
    return function_of(raw) or ("", raw)


def _and(ask: Asking, argument: Raw) -> Truth:
    return _each(ask, argument, decisive=False)


def _or(ask: Asking, argument: Raw) -> Truth:
    return _each(ask, argument, decisive=True)


def _each(ask: Asking, argument: Raw, *, decisive: bool) -> Truth:
    """Look for the decisive truth first, and fork only where none is: one scenario instead of two."""
    if not isinstance(argument, list) or not argument:
        return Unknown(f"{spell(argument)} is not a list of conditions")
    open_: Exception | None = None
    unknown: Unknown | None = None
    for inner in argument:
        try:
            truth = _truth(ask, inner)
        except Fork as fork:
            open_ = open_ or fork
            continue
        if truth is decisive:
            return decisive
        unknown = truth if isinstance(truth, Unknown) else unknown
    if open_ is not None:
        raise open_
    return (not decisive) if unknown is None else unknown


def _not(ask: Asking, argument: Raw) -> Truth:
    if not isinstance(argument, list) or len(argument) != 1:
        return Unknown(f"Fn::Not takes a list of one condition, not {spell(argument)}")
    return negate(_truth(ask, argument[0]))


def _equals(ask: Asking, argument: Raw) -> Truth:
    if not isinstance(argument, list) or len(argument) != 2:  # noqa: PLR2004, two sides
        return Unknown(f"Fn::Equals takes two values, not {spell(argument)}")
    left, right = (_operand(ask, side) for side in argument)
    known = equals(left, right)
    if isinstance(known, bool):
        return _unless_assumed(ask, argument, known)
    if isinstance(left, Unknown) or isinstance(right, Unknown):
        return known
    decided = _atom(ask, left, right) if isinstance(right, str) else _atom(ask, right, left)
    return _opaque(ask, argument) if decided is None else decided


def _operand(ask: Asking, raw: Raw) -> Value:
    """Return one side of a comparison, which CloudFormation makes between texts."""
    value = ask.value(raw)
    if isinstance(value, list):
        texts = [text_of(ask.value(item)) for item in value]
        return ",".join(text or "" for text in texts) if None not in texts else Unknown(f"{spell(raw)} is not a string")
    if isinstance(value, dict) or value is ABSENT or value is None:
        return Unknown(f"{spell(raw)} is not a string")
    text = text_of(value)
    return value if text is None else text


def _atom(ask: Asking, side: Value, text: Value) -> Truth | None:
    """Decide, or fork on, whether one parameter is one text; None where it takes more than that.

    `text` fits around the parameter: `equals` has ruled out the others, also one that is shorter than both ends.
    """
    found = _parameter_in(ask, side)
    if found is None or not isinstance(text, str):
        return None
    hole, before, after = found
    wanted = text[len(before) : len(text) - len(after)]
    whole = ask.reference(hole.name)
    known = equals(whole, wanted)
    if isinstance(known, bool):
        return known
    parameter = ask.template.parameters.get(hole.name)
    if parameter and parameter.allowed and wanted not in parameter.allowed:
        return False
    if parameter and parameter.type == "Number" and equals(whole, parameter.typed(wanted)) is False:
        return False
    is_hidden = parameter is not None and parameter.no_echo
    raise fork_on(hole.name, wanted, known=ask.scenario.assumed(hole.name), is_hidden=is_hidden)


def _parameter_in(ask: Asking, side: Value) -> tuple[Hole, str, str] | None:
    """Return the only hole of a text, if it is a parameter, with what is before and behind it."""
    parts = side.parts if isinstance(side, Unresolved) else ()
    holes = [part for part in parts if isinstance(part, Hole)]
    if len(holes) != 1 or holes[0].target or not (holes[0].name in ask.template.parameters or is_pseudo(holes[0].name)):
        return None
    place = parts.index(holes[0])
    return holes[0], "".join(_literals(parts[:place])), "".join(_literals(parts[place + 1 :]))


def _literals(parts: Sequence[str | Hole]) -> Iterator[str]:
    return (part for part in parts if isinstance(part, str))


def _opaque(ask: Asking, argument: Sequence[Raw]) -> Truth:
    """Decide, or fork on, a comparison that no parameter decides alone. What it reads has no default any more."""
    name = _name_of(argument)
    assumed = ask.scenario.assumed(name)
    if assumed is not None:
        return bool(assumed.value)
    pins = ask.template.pins
    read = {n for side in argument for n in ask.template.parameters_in(side) if n not in pins}
    opened = {n: Assumption() for n in sorted(read) if ask.scenario.assumed(n) is None}
    raise Fork([{**opened, name: Assumption(value=answer)} for answer in (True, False)])


def _unless_assumed(ask: Asking, argument: Sequence[Raw], known: bool) -> bool:
    """Return what is known. A scenario that assumed the opposite before it knew so much cannot be."""
    if all(function_of(side) is None for side in argument):
        return known
    assumed = ask.scenario.assumed(_name_of(argument))
    if assumed is not None and assumed.value is not known:
        raise Fork(())
    return known


def _name_of(argument: Sequence[Raw]) -> str:
    """Return ``First == Second``, the same for both orders."""
    return " == ".join(sorted((spell_operand(side) for side in argument), key=lambda side: (side[:1] == "'", side)))


_Operator: TypeAlias = Callable[[Asking, Raw], Truth]

_OPERATORS: Final[dict[str, _Operator]] = {
    "Condition": truth_of,
    "Fn::And": _and,
    "Fn::Equals": _equals,
    "Fn::Not": _not,
    "Fn::Or": _or,
}
