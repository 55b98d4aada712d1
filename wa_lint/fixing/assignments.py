"""What is to be assigned in a document so that a path of it has a value; what is there already stays."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from wa_lint.fixing.structure import Assignment
from wa_lint.fixing.text_edit import NotMechanical
from wa_lint.model import Path, Raw, path_text

_FUNCTIONS: Final = ("Fn::", "Ref")


def assignments_for(value: Raw, path: Path, to: Raw) -> Iterator[Assignment]:
    """Yield what is missing. Raise `NotMechanical` where a function, a loop or another kind of value is on the way.

    Each assignment replaces a scalar, or adds a member to a map that is there.
    """
    for depth, step in enumerate(path):
        _demand_written_out(value, path[:depth])
        if isinstance(step, int):
            if not isinstance(value, list) or not 0 <= step < len(value) or any(map(function_of, value)):
                raise NotMechanical(f"which item of {path_text(path[:depth])} it is depends on a function")
            value = value[step]
            continue
        if not isinstance(value, dict):
            raise NotMechanical(f"{path_text(path[:depth])} is not a map")
        if value.get(step) is None:
            yield Assignment(path[: depth + 1], _nested(path[depth + 1 :], to))
            return
        value = value[step]
    yield from _merged(value, path, to)


def function_of(value: Raw) -> str | None:
    """Return the function, loop or transform that decides a value; None where it is written out."""
    if not isinstance(value, dict):
        return None
    return next((key for key in value if str(key).startswith(_FUNCTIONS) and (len(value) == 1 or ":" in key)), None)


def _demand_written_out(value: Raw, path: Path) -> None:
    name = function_of(value)
    if name is not None:
        raise NotMechanical(f"{path_text(path[-1:])} is decided by {name}")


def _merged(value: Raw, path: Path, to: Raw) -> Iterator[Assignment]:
    """Yield what is missing in a value that is there."""
    if value == to:
        return
    _demand_written_out(value, path)
    if isinstance(to, dict) and isinstance(value, dict):
        for key, inner in to.items():
            is_new = value.get(key) is None
            yield from [Assignment((*path, key), inner)] if is_new else _merged(value[key], (*path, key), inner)
    elif isinstance(to, list) and isinstance(value, list) and len(to) == len(value) == 1:
        yield from _merged(value[0], (*path, 0), to[0])
    elif isinstance(to, dict | list) or isinstance(value, dict | list):
        raise NotMechanical(f"{path_text(path[-1:])} has other values already")
    elif _text(value) != _text(to):
        yield Assignment(path, to)


def _nested(path: Path, to: Raw) -> Raw:
    if any(isinstance(step, int) for step in path):
        raise NotMechanical("the list that it belongs to is not there")
    for step in reversed(path):
        to = {step: to}
    return to


def _text(value: Raw) -> str:
    """Return a scalar as CloudFormation compares it: ``"true"`` is true."""
    return str(value).lower() if isinstance(value, bool) or value in {"True", "False", "TRUE", "FALSE"} else str(value)
