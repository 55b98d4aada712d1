"""Which values a template declares as secrets by the name, or NoEcho, of what has them: a report shows them nowhere."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from wa_lint.document import read_document
from wa_lint.errors import SourceError
from wa_lint.model import Raw
from wa_lint.redact.telling_names import is_elsewhere, is_secret

_SHORTEST: Final = 4


def declared_secrets(text: str) -> frozenset[str]:
    """Return secret defaults, allowed values, values of maps and sides of comparisons; none if it is not a template."""
    if "Parameters" not in text and "Mappings" not in text:
        return frozenset()
    try:
        value = read_document(text, "").value
    except SourceError:
        return frozenset()
    if not isinstance(value, dict):
        return frozenset()
    parameters = _dict(value.get("Parameters"))
    hidden = {name for name, body in parameters.items() if str(_dict(body).get("NoEcho")).lower() in {"true", "yes"}}
    found = (*_of_parameters(parameters), *_of_maps((), value.get("Mappings")), *_compared(value))
    return frozenset(text for name, text in found if _is_secret(name, text, hidden))


def _is_secret(name: str, text: str, hidden: set[str]) -> bool:
    return is_secret(name, text) or (name in hidden and len(text) >= _SHORTEST and not is_elsewhere(text))


def _of_parameters(parameters: Mapping[str, Raw]) -> Iterator[tuple[str, str]]:
    """Yield the name and each value that a declaration tells of a parameter."""
    for name, body in parameters.items():
        said = _dict(body)
        allowed = said.get("AllowedValues")
        for value in (said.get("Default"), *(allowed if isinstance(allowed, list) else ())):
            if isinstance(value, str):
                yield name, value


def _of_maps(names: tuple[str, ...], value: Raw) -> Iterator[tuple[str, str]]:
    """Yield each text in a map with each of the keys above it."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _of_maps((*names, str(key)), inner)
    elif isinstance(value, str):
        yield from ((name, value) for name in names)


def _compared(value: Raw) -> Iterator[tuple[str, str]]:
    """Yield the name of a parameter and the text that ``Fn::Equals`` compares it with, wherever it stands."""
    rest = [value]
    while rest:
        one = rest.pop()
        rest += one.values() if isinstance(one, dict) else one if isinstance(one, list) else ()
        sides = one.get("Fn::Equals") if isinstance(one, dict) else None
        if isinstance(sides, list):
            names = [side["Ref"] for side in sides if isinstance(side, dict) and isinstance(side.get("Ref"), str)]
            yield from ((name, side) for name in names for side in sides if isinstance(side, str))


def _dict(value: Raw) -> Mapping[str, Raw]:
    return value if isinstance(value, dict) else {}
