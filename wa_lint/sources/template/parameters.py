"""Parameters: what a template declares of them, and the files that pin their values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final, TypeAlias

import msgspec

from wa_lint.document import Document, Number, read_document
from wa_lint.errors import SourceError
from wa_lint.model import ABSENT, Bounds, Hole, Raw, Unresolved, Value
from wa_lint.sources.template.texts import any_of, text_of

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

    def typed(self, text: str | list[str]) -> Value:
        """Return what a Ref gives where the parameter has the value `text`."""
        if self.is_list:
            items = text if isinstance(text, list) else text.split(",") if text else []
            return [item.strip() for item in items]
        plain = ",".join(text) if isinstance(text, list) else text
        return _number(plain) if self.type == "Number" else plain

    def open(self, differs_from: Sequence[str] = ()) -> Unresolved:
        """Return what a Ref gives where nothing decides the value but what it is known not to be."""
        rest = [text for text in self.allowed if text not in differs_from]
        shape = any_of(rest) if rest else _NUMERIC if self.type == "Number" else ""
        return Unresolved(self._why(), (Hole(self.name, shape=shape),), tuple(differs_from), self.bounds)

    def _why(self) -> str:
        if self.is_elsewhere:
            return f"the parameter {self.name} is read from Parameter Store at deployment"
        if self.no_echo:
            return f"the parameter {self.name} is hidden (NoEcho)"
        if self.default is not None:
            return f"the value of the parameter {self.name} is open"
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


def read_parameters(content: bytes | str, uri: str) -> Pins:
    """Read a parameters file: the AWS CLI's list, CodePipeline's ``{"Parameters": …}``, or a flat map.

    Raise `SourceError` where it is none of these, or gives a parameter twice.
    """
    document = read_document(content, uri)
    said = document.value
    if document.problems:
        problem = document.problems[0]
        raise SourceError(str(problem.location), problem.message)
    if isinstance(said, list):
        return dict(_listed(document))
    if isinstance(said, dict) and isinstance(said.get("Parameters"), dict):
        return dict(_mapped(document, ("Parameters",)))
    if isinstance(said, dict):
        return dict(_mapped(document, ()))
    raise SourceError(f"{uri}:1:1", f"it is no parameters file; {_EXPECTED}")


_EXPECTED: Final = 'write {"Name": "value"}, or [{"ParameterKey": "Name", "ParameterValue": "value"}]'


def _listed(document: Document) -> Iterator[tuple[str, str | list[str]]]:
    seen: set[str] = set()
    for index, entry in enumerate(document.value):
        name, value = _entry(entry)
        if name is None or name in seen:
            problem = f"the parameter {name} is given twice" if name else f"this is no parameter; {_EXPECTED}"
            raise SourceError(str(document.locate((index,))), problem)
        seen.add(name)
        if value is not ABSENT:
            yield name, _pin(document, (index,), name, value)


def _entry(entry: Raw) -> tuple[str | None, Raw]:
    match entry:
        case {"ParameterKey": str(name), "ParameterValue": value}:
            return name, value
        case {"ParameterKey": str(name), "UsePreviousValue": _}:
            return name, ABSENT
        case str() if "=" in entry:
            name, _, value = entry.partition("=")
            return name, value
    return None, ABSENT


def _mapped(document: Document, path: tuple[str, ...]) -> Iterator[tuple[str, str | list[str]]]:
    for name, value in (document.value[path[0]] if path else document.value).items():
        yield name, _pin(document, (*path, name), name, value)


def _pin(document: Document, path: tuple[str | int, ...], name: str, value: Raw) -> str | list[str]:
    if isinstance(value, list) and all(text_of(item) is not None for item in value):
        return [text_of(item) or "" for item in value]
    text = text_of(value)
    if text is None:
        raise SourceError(str(document.locate(path)), f"the value of {name} is neither a text nor a list of texts")
    return text


def _text_or_list(value: Raw) -> str | None:
    return ",".join(_texts(value)) if isinstance(value, list) else text_of(value)


def _texts(values: Raw) -> Iterator[str]:
    for value in values if isinstance(values, list) else ():
        text = text_of(value)
        if text is not None:
            yield text


def _bounds(said: Mapping[str, Raw], type_: str) -> Bounds | None:
    pattern = said.get("AllowedPattern")
    shortest = _limit(said.get("MinLength"))
    if shortest is None and type_.startswith("AWS::") and text_of(said.get("Default")) != "":
        shortest = 1  # CloudFormation looks up AWS-specific types: the empty text names nothing
    longest = _limit(said.get("MaxLength"))
    bounds = Bounds(
        _limit(said.get("MinValue")),
        _limit(said.get("MaxValue")),
        None if shortest is None else int(shortest),
        None if longest is None else int(longest),
        pattern if isinstance(pattern, str) else None,
    )
    return None if bounds == Bounds() else bounds


def _limit(value: Raw) -> float | None:
    number = _number(text_of(value) or "")
    return None if isinstance(number, str) else float(number)


def _number(text: str) -> str | int | float:
    try:
        return int(text)
    except ValueError:
        pass
    try:
        return Number(text)
    except ValueError:
        return text
