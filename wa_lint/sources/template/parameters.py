"""Parameters: what a template declares of them, and which values it refuses."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final, TypeAlias

import msgspec

from wa_lint.document import Number
from wa_lint.model import Bounds, Hole, Raw, Unresolved, Value
from wa_lint.redact import mask_by_name
from wa_lint.sources.template.functions.partial_text import any_of, text_of

Pins: TypeAlias = Mapping[str, str | list[str]]
"""Values that the user gives for parameters."""

_NUMERIC: Final = r"[-+0-9.eE]+"


class Parameter(msgspec.Struct, frozen=True):
    """One entry of a template's ``Parameters``."""

    name: str
    type: str = "String"
    default: str | None = None
    allowed: tuple[str, ...] = ()
    """AllowedValues, where they speak of the value itself: not of each item, nor of a name in Parameter Store."""
    bounds: Bounds | None = None
    no_echo: bool = False

    @property
    def is_list(self) -> bool:
        return self.type == "CommaDelimitedList" or "List<" in self.type

    @property
    def is_elsewhere(self) -> bool:
        """Whether its value is only the name of the value, in Systems Manager's Parameter Store."""
        return self.type.startswith("AWS::SSM::Parameter::Value<")

    @property
    def is_numeric(self) -> bool:
        return self.type in {"Number", "List<Number>"}

    def typed(self, text: str | list[str], *, whole: bool = False) -> Value:
        """Return what a Ref gives where the parameter has the value `text`.

        An empty list has one empty item for functions (cfn-language-discussion#102: ``Fn::Length`` gives 1, and people
        compare ``!Select [0, !Ref List]`` with the empty text). As the whole value of a property it counts as empty.
        """
        if self.is_list:
            items = [item.strip() for item in (text if isinstance(text, list) else text.split(","))]
            return [] if whole and items == [""] else items
        plain = ",".join(text) if isinstance(text, list) else text
        return _number(plain) if self.type == "Number" else plain

    def open(self, differs_from: Sequence[str] = ()) -> Unresolved:
        """Return what a Ref gives where nothing decides the value but what it is known not to be."""
        rest = [text for text in self.allowed if text not in differs_from]
        shape = any_of(rest) if rest else _NUMERIC if self.type == "Number" else ""
        return Unresolved(self._why(), (Hole(self.name, shape=shape),), tuple(differs_from), self.bounds)

    def bounded(self, value: Unresolved) -> Unresolved:
        """Return a value that this parameter is given, within its bounds: others are refused at deployment."""
        return value if value.bounds or not self.bounds else msgspec.structs.replace(value, bounds=self.bounds)

    def _why(self) -> str:
        if self.is_elsewhere:
            return f"the parameter {self.name} is read from Parameter Store at deployment"
        if self.no_echo:
            return f"the parameter {self.name} is hidden (NoEcho)"
        if self.default is not None:
            return f"the value of the parameter {self.name} is not known"
        return f"the parameter {self.name} has no default"


def declared(name: str, body: Raw) -> Parameter:
    """Read one entry of ``Parameters``; what is malformed counts as not said."""
    said: dict[str, Raw] = body if isinstance(body, dict) else {}
    type_ = said.get("Type")
    parameter = Parameter(
        name,
        type_ if isinstance(type_, str) else "String",
        _text_or_list(said.get("Default")),
        no_echo=text_of(said.get("NoEcho")) in {"true", "True", "yes"},
        bounds=_bounds(said, str(type_)),
    )
    if parameter.is_list or parameter.is_elsewhere:
        return parameter
    return msgspec.structs.replace(parameter, allowed=tuple(_texts(said.get("AllowedValues"))))


def refusal(name: str, body: Raw, value: str | list[str]) -> str | None:
    """Return how the declaration `body` refuses `value`, as a sentence goes on after the name; None if it does not.

    CloudFormation refuses the same before it changes anything (AWS: "CloudFormation template Parameters syntax").
    """
    parameter = declared(name, body)
    said: Mapping[str, Raw] = body if isinstance(body, dict) else {}
    typed = parameter.typed(value)
    for item in typed if isinstance(typed, list) else [typed]:
        broken = _broken(parameter, said, item)
        if broken:
            shown = "" if parameter.no_echo else f" {_shown(name, item)}"
            described = said.get("ConstraintDescription")
            return f"is{shown}, {broken}" + (f" ({described})" if isinstance(described, str) else "")
    return None


# --- what a declaration refuses ---------------------------------------------------------------------


def _broken(parameter: Parameter, said: Mapping[str, Raw], item: Value) -> str | None:
    """Return the constraint that one value, or one item of a list, breaks."""
    text = text_of(item) or ""
    number = _number(text)
    allowed = list(_texts(said.get("AllowedValues")))
    if allowed and text not in allowed and not (parameter.is_numeric and number in map(_number, allowed)):
        return f"which is not one of its AllowedValues{_listed(parameter, allowed)}"
    if parameter.is_numeric and isinstance(number, str):
        return f"which is not a number, and its type is {parameter.type}"
    size = None if parameter.is_elsewhere else number if parameter.is_numeric else len(text)
    low, high = ("MinValue", "MaxValue") if parameter.is_numeric else ("MinLength", "MaxLength")
    read = _limit if parameter.is_numeric else _length
    least, most = read(said.get(low)), read(said.get(high))
    if isinstance(size, int | float) and least is not None and size < least:
        return f"which is below its {low} of {text_of(said[low])}"
    if isinstance(size, int | float) and most is not None and size > most:
        return f"which is above its {high} of {text_of(said[high])}"
    pattern = said.get("AllowedPattern")
    if isinstance(pattern, str) and not parameter.is_numeric and _mismatches(pattern, text):
        return f"which its AllowedPattern {pattern} does not match"
    return None


def _listed(parameter: Parameter, allowed: Sequence[str]) -> str:
    """Return the values that a message may name: none where the parameter is hidden, or its name says secret."""
    if parameter.no_echo or any(mask_by_name(parameter.name, text) != text for text in allowed):
        return ""
    return f": {', '.join(allowed[:_MOST])}{' …' if len(allowed) > _MOST else ''}"


_MOST: Final = 8
"""AllowedValues that a message names."""


def _mismatches(pattern: str, text: str) -> bool:
    """Whether a pattern surely refuses a text. One that only Java understands is left to CloudFormation."""
    import re2  # noqa: PLC0415, 13 ms that only a template with a pattern must pay

    options = re2.Options()
    options.log_errors = False
    try:
        return re2.compile(pattern, options).fullmatch(text) is None
    except re2.error:
        return False


def _shown(name: str, item: Value) -> str:
    text = str(mask_by_name(name, text_of(item) or ""))
    return repr(text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…")


_LONGEST: Final = 60


def _text_or_list(value: Raw) -> str | None:
    return ",".join(_texts(value)) if isinstance(value, list) else text_of(value)


def _texts(values: Raw) -> Iterator[str]:
    for value in values if isinstance(values, list) else ():
        text = text_of(value)
        if text is not None:
            yield text


def _bounds(said: Mapping[str, Raw], type_: str) -> Bounds | None:
    pattern = said.get("AllowedPattern")
    shortest = _length(said.get("MinLength"))
    if shortest is None and type_.startswith("AWS::") and text_of(said.get("Default")) != "":
        shortest = 1  # CloudFormation looks up AWS-specific types: the empty text names nothing
    bounds = Bounds(
        _limit(said.get("MinValue")),
        _limit(said.get("MaxValue")),
        shortest,
        _length(said.get("MaxLength")),
        pattern if isinstance(pattern, str) else None,
    )
    return None if bounds == Bounds() else bounds


def _limit(value: Raw) -> float | None:
    """Return a bound; None where it is not a number that a computer can hold, which CloudFormation rejects."""
    number = _number(text_of(value) or "")
    return None if isinstance(number, str) else float(number)


def _length(value: Raw) -> int | None:
    """Return the bound of a length; None where it is not a whole number from 0 on."""
    length = _limit(value)
    return None if length is None or length < 0 or not length.is_integer() else int(length)


def _number(text: str) -> str | int | float:
    """Return the number that a text spells; the text where it spells none, or one that no AWS property takes."""
    found = _DECIMAL.fullmatch(text.strip())
    if not found:
        return text
    if found["whole"] and not found["rest"] and len(found["whole"]) <= _DIGITS:
        return int(text)
    number = Number(text)
    return number if math.isfinite(number) else text


_DECIMAL: Final = re.compile(
    r"[-+]?(?:(?P<whole>[0-9]{1,300})(?P<rest>(?:\.[0-9]{0,300})?(?:[eE][-+]?[0-9]{1,9})?)|\.[0-9]{1,300}(?:[eE][-+]?[0-9]{1,9})?)",
    re.ASCII,
)

_DIGITS: Final = 40
"""Twice those of a 64-bit number; of what is longer a double is near enough."""
