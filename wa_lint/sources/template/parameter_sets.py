"""The values that are given for parameters, in the forms of the tools that deploy. Knows no template."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from pathlib import PurePosixPath
from typing import Final, TypeAlias

import msgspec

from wa_lint.document import Document, read_document
from wa_lint.errors import SourceError
from wa_lint.model import ABSENT, Raw
from wa_lint.sources.template.functions.partial_text import text_of
from wa_lint.sources.template.parameters import Pins


class Stage(msgspec.Struct, frozen=True):
    """One set of values: what one environment of a template is deployed with."""

    name: str
    """``prod``; empty for a set that bears no name."""
    pins: Pins
    places: Mapping[str, str] = {}
    """Where each value was given, for messages."""


def read_parameters(content: bytes | str, uri: str) -> Pins:
    """Read a file with one set of parameters; what `read_stages` reads, without its name."""
    stages = read_stages(content, uri)
    if len(stages) > 1:
        raise SourceError(uri, f"it holds {len(stages)} environments where one is wanted")
    return stages[0].pins


def read_stages(content: bytes | str, uri: str) -> Sequence[Stage]:
    """Read the sets of values that a file holds, at least one, named by the file or by the environments in it.

    It is the AWS CLI's list, CodePipeline's ``{"Parameters": …}``, a flat map, each JSON or YAML, or SAM's
    ``samconfig`` (TOML or YAML), which has a set for each environment. Raise `SourceError`, with the place, where it is
    none of these, gives a parameter twice, or gives it what is no value.
    """
    if uri.lower().endswith(".toml"):
        return list(_environments(_toml(content, uri), uri))
    document = read_document(content, uri)
    if document.problems:
        problem = document.problems[0]
        raise SourceError(str(problem.location), problem.message)
    if _is_samconfig(document.value):
        return list(_environments(document.value, uri))
    given = list(_given(document))
    return [Stage(PurePosixPath(uri).stem, {n: v for n, v, _ in given}, {n: place for n, _, place in given})]


def pair_of(text: str) -> tuple[str, str] | None:
    """Read ``Name=Value``, or the AWS CLI's ``ParameterKey=Name,ParameterValue=Value``; None where it is neither."""
    found = _SHORTHAND.fullmatch(text)
    if found:
        return found["name"], found["value"].replace("\\,", ",")
    found = _WORD.fullmatch(text)
    return (found["name"], found["value"]) if found else None


_EXPECTED: Final = 'write {"Name": "value"}, or [{"ParameterKey": "Name", "ParameterValue": "value"}]'

_WORD: Final = re.compile(r"(?P<name>[A-Za-z0-9]+|AWS::[A-Za-z]+)=(?P<value>.*)", re.DOTALL)
"""The name of a parameter is alphanumeric; pseudo parameters can be given too."""

_SHORTHAND: Final = re.compile(r"ParameterKey=(?P<name>[^,=]+),ParameterValue=(?P<value>.*)", re.DOTALL)

_Given: TypeAlias = tuple[str, str | list[str], str]
"""Name, value, and the place where it was given."""


def _given(document: Document) -> Iterator[_Given]:
    said = document.value
    if isinstance(said, list):
        yield from _listed(document)
    elif isinstance(said, dict) and isinstance(said.get("Parameters"), dict):
        yield from _mapped(document, ("Parameters",))
    elif isinstance(said, dict):
        yield from _mapped(document, ())
    else:
        raise SourceError(f"{document.uri}:1:1", f"it is not a parameters file; {_EXPECTED}")


def _listed(document: Document) -> Iterator[_Given]:
    seen: set[str] = set()
    for index, entry in enumerate(document.value):
        name, value = _entry(entry)
        if name is None or name in seen:
            problem = f"the parameter {name} is given twice" if name else f"this is not a parameter; {_EXPECTED}"
            raise SourceError(str(document.locate((index,))), problem)
        seen.add(name)
        if value is not ABSENT:
            place = str(document.locate((index,)))
            yield name, _pin(place, name, value), place


def _entry(entry: Raw) -> tuple[str | None, Raw]:
    match entry:
        case {"ParameterKey": str(name), "ParameterValue": value}:
            return name, value
        case {"ParameterKey": str(name), "UsePreviousValue": _}:
            return name, ABSENT
        case str():
            return pair_of(entry) or (None, ABSENT)
    return None, ABSENT


def _mapped(document: Document, path: tuple[str, ...]) -> Iterator[_Given]:
    for name, value in (document.value[path[0]] if path else document.value).items():
        place = str(document.locate_key((*path, name)))
        yield name, _pin(place, name, value), place


def _pin(place: str, name: str, value: Raw) -> str | list[str]:
    if isinstance(value, list) and all(text_of(item) is not None for item in value):
        return [text_of(item) or "" for item in value]
    text = text_of(value)
    if text is None:
        raise SourceError(place, f"the value of {name} is neither a text nor a list of texts")
    return text


# --- samconfig --------------------------------------------------------------------------------------


def _toml(content: bytes | str, uri: str) -> Mapping[str, Raw]:
    import tomllib  # noqa: PLC0415, 10 ms that only a samconfig.toml must pay

    try:
        return tomllib.loads(content if isinstance(content, str) else content.decode("utf-8-sig"))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError) as error:
        raise SourceError(uri, f"it is not valid TOML: {error}") from error


def _is_samconfig(value: Raw) -> bool:
    """Whether it holds environments with commands: ``prod: {deploy: {parameters: …}}``."""
    return isinstance(value, dict) and any(_command(body) is not None for body in value.values())


def _environments(said: Mapping[str, Raw], uri: str) -> Iterator[Stage]:
    """Yield a stage for each environment that is deployed, those without values too: the defaults hold there.

    Source: AWS SAM developer guide, "AWS SAM CLI configuration file", seen 2026-11.
    """
    commands = {name: _command(body) for name, body in said.items() if _command(body) is not None}
    overrides = {name: (command or {}).get("parameter_overrides") for name, command in commands.items()}
    if all(given is None for given in overrides.values()):
        raise SourceError(uri, "no [ENVIRONMENT.deploy.parameters] in it has parameter_overrides")
    for name, given in overrides.items():
        pins = _overridden(given, f"{uri}, {name}")
        yield Stage(name, pins, dict.fromkeys(pins, f"{uri}, {name}"))


def _command(environment: Raw) -> Mapping[str, Raw] | None:
    """Return the parameters of ``sam deploy`` in an environment, over those of all commands; None if it has neither."""
    found: dict[str, Raw] = {}
    is_there = False
    for name in ("global", "deploy"):
        command = environment.get(name) if isinstance(environment, dict) else None
        options = command.get("parameters") if isinstance(command, dict) else None
        if isinstance(options, dict):
            is_there = is_there or name == "deploy" or "parameter_overrides" in options
            found |= options
    return found if is_there else None


def _overridden(given: Raw, place: str) -> dict[str, str | list[str]]:
    """Read ``parameter_overrides``: a text of words, a list of such texts or of maps, or a map."""
    pins: dict[str, str | list[str]] = {}
    for item in given if isinstance(given, list) else [] if given is None else [given]:
        for name, value in item.items() if isinstance(item, dict) else _words(item, place):
            if name in pins:
                raise SourceError(place, f"the parameter {name} is given twice")
            pins[name] = _pin(place, name, value)
    return pins


def _words(text: Raw, place: str) -> Iterator[tuple[str, str]]:
    try:
        words = shlex.split(text) if isinstance(text, str) else [None]
    except ValueError as error:
        raise SourceError(place, f"parameter_overrides cannot be read: {error}") from error
    for said in words:
        pair = pair_of(said) if said is not None else None
        if pair is None:
            raise SourceError(place, f"in parameter_overrides, {said or text!r} is not Name=Value")
        yield pair
