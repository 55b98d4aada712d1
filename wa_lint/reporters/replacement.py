"""What to write in place of a value at fault, where its rule knows it and one line says it. It changes nothing."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from typing import Final

import msgspec

from wa_lint.model import Finding, Location, Outcome

_PAIR: Final = re.compile(r"""(?P<key>["']?)(?P<name>\w+)(?P=key)\s*:\s*(?P<quote>["']?)(?P<value>[\w.-]+)(?P=quote)""")
"""``DirectInternetAccess: Enabled``, in YAML or JSON."""


class Replacement(msgspec.Struct, frozen=True):
    place: Location
    """Of the value, its quotes included."""
    text: str


def replacement(finding: Finding, lines: Callable[[str], Sequence[str]]) -> Replacement | None:
    """Return what fixes `finding`; None where its rule knows no value, or the line does not spell the one at fault."""
    place, value = finding.location, _value_to_set(finding)
    source = lines(place.uri) if value is not None and place.line == place.end_line else ()
    if finding.outcome is not Outcome.FAIL or not 0 < place.line <= len(source):
        return None
    found = _PAIR.fullmatch(source[place.line - 1][place.column - 1 : place.end_column - 1])
    if found is None or not finding.path.endswith(found["name"]):
        return None
    start = place.column + found.start("quote")
    text = json.dumps(value) if not isinstance(value, str) else f"{found['quote']}{value}{found['quote']}"
    return Replacement(msgspec.structs.replace(place, column=start), text)


def _value_to_set(finding: Finding) -> bool | int | str | None:
    """Return the value of the safe edit of the property at fault; None where the rule has none that one line spells."""
    last = finding.path.rpartition(".")[2]
    safe = (edit.to for edit in finding.rule.edits if edit.is_safe and edit.set.rpartition(".")[2] == last)
    value = next(safe, None)
    return value if isinstance(value, bool | int | str) else None
