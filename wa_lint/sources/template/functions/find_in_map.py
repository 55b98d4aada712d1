"""Mappings: ``Fn::FindInMap``, which an open key narrows to what the map can give."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from wa_lint.model import Assumption, Bounds, Hole, Raw, Unknown, Unresolved, Value
from wa_lint.redact import marked_by_name
from wa_lint.scenario import Fork
from wa_lint.sources.template.functions.partial_text import any_of, spell, text_of
from wa_lint.sources.template.functions.question import PSEUDO, Asking
from wa_lint.truth import equals

_MOST_KEYS: Final = 16
"""Keys of a map up to which an open parameter, or account, is tried with each; AWS regions are more."""

_ARGUMENTS: Final = 3


def find_in_map(ask: Asking, argument: Raw) -> Value:
    """Return what the map holds for two keys; where they are open, what all, or any, of its values say."""
    said = {"Fn::FindInMap": argument}
    if not isinstance(argument, list) or len(argument) < _ARGUMENTS:
        return Unknown(f"Fn::FindInMap takes a map and two keys, not {spell(argument)}")
    rows: list[Value] = [ask.template.mappings]
    names: list[str] = []
    for raw in argument[:_ARGUMENTS]:
        key = _key(ask, raw)
        if isinstance(key, Unknown):
            return key
        if any(_is_filled_elsewhere(ask, row) for row in rows):
            return Unknown(f"{spell(said)} reads a mapping that a macro fills at deployment")
        most = sum(len(row) for row in rows if isinstance(row, Mapping)) if isinstance(key, Unresolved) else len(rows)
        if too_much := ask.template.meter.visit(most):
            return too_much
        rows = _rows(ask, raw, key, rows, forks=_may_fork(ask) and len(argument) == _ARGUMENTS)
        names += [key] if isinstance(key, str) else []
    if not rows:
        return _default(ask, argument)
    found = rows[0] if all(row == rows[0] for row in rows) else _one_of(said, rows)
    return found if ask.conditions else _without_secret(names, found)


def _without_secret(names: Sequence[str], found: Value) -> Value:
    """Return a value without a secret that one of its keys tells of."""
    for name in names:
        found = marked_by_name(name, found)
    return found


def _key(ask: Asking, raw: Raw) -> str | Unresolved | Unknown:
    value = ask.value(raw, whole=_may_fork(ask))
    text = text_of(value)
    if text is not None:
        return text
    return value if isinstance(value, Unresolved | Unknown) else Unknown(f"{spell(raw)} is not a key of a map")


def _is_filled_elsewhere(ask: Asking, row: Value) -> bool:
    if not isinstance(row, Mapping):
        return False
    known = ask.template.filled
    if id(row) not in known:  # the template keeps its maps, so that no other one gets the id
        known[id(row)] = any(key.startswith("Fn::") for key in row)
    return known[id(row)]


def _may_fork(ask: Asking) -> bool:
    """Whether a key is worth a scenario: not for a piece of a text, but always for what decides a condition."""
    return ask.whole or bool(ask.conditions)


def _rows(ask: Asking, raw: Raw, key: str | Unresolved, rows: Sequence[Value], *, forks: bool) -> list[Value]:
    """Return what is under `key` in each of `rows`."""
    maps = [row for row in rows if isinstance(row, Mapping)]
    if isinstance(key, str):
        return [row[key] for row in maps if key in row]
    names = [name for name in sorted({name for row in maps for name in row}) if equals(key, name) is not False]
    if forks and isinstance(raw, dict) and _is_worth_trying(ask, raw.get("Ref"), maps):
        _try_each(raw["Ref"], names)
    return [row[name] for row in maps for name in names if name in row]


def _is_worth_trying(ask: Asking, name: Raw, maps: Sequence[Mapping[str, Value]]) -> bool:
    """Whether a key is a parameter, or chooses a list by region or account: lists have no common shape."""
    rows = [row for one in maps for row in one.values() if isinstance(row, Mapping)]
    return name in ask.template.parameters or (
        name in PSEUDO and any(isinstance(value, list) for row in rows for value in row.values())
    )


def _try_each(name: str, keys: Sequence[str]) -> None:
    """Fork on the keys: a value that is none of them cannot be deployed."""
    if 0 < len(keys) <= _MOST_KEYS:
        raise Fork([{name: Assumption(value=key)} for key in keys])


def _one_of(said: Raw, values: Sequence[Value]) -> Unresolved:
    spelled = spell(said)
    texts = [text_of(value) for value in values]
    shape = any_of([text for text in texts if text is not None]) if None not in texts else ""
    numbers = [value for value in values if isinstance(value, int | float) and not isinstance(value, bool)]
    bounds = Bounds(min(numbers), max(numbers)) if len(numbers) == len(values) else None
    return Unresolved(f"{spelled} depends on keys that are not known", (Hole(spelled, shape=shape),), bounds=bounds)


def _default(ask: Asking, argument: Sequence[Raw]) -> Value:
    match argument[_ARGUMENTS:]:
        case [{"DefaultValue": value}]:
            return ask.value(value, whole=ask.whole)
    return Unknown(f"{spell({'Fn::FindInMap': list(argument)})} is not in Mappings")
