"""One value that a verdict depends on, as a sentence about the template, without names of the rule language."""

from __future__ import annotations

import re
from functools import cache

from wa_lint.model import Evidence
from wa_lint.references.table import LINKS

_OURS = re.compile(r"(?:(?P<place>.*)\.)?(?P<name>[a-z][a-z0-9_]*)")
"""A path that ends in a link or a fact; properties of CloudFormation begin with a capital letter."""

_NOTHING = frozenset({"an empty list", "not set", "false"})

_ARTICLES = {"is": "is not", "has": "does not have", "may": "may not", "can": "cannot", "was": "was not"}


def in_words(evidence: Evidence) -> str:
    """Return ``Config.KmsKeyId is not set``, or ``no ScalableTarget refers to Config.ProductionVariants[0]``."""
    name = f"{evidence.resource}.{evidence.path}" if evidence.path else evidence.resource
    found = _OURS.fullmatch(evidence.path)
    if not found:
        return f"{name} is {evidence.shown}"
    place = f"{evidence.resource}.{found['place']}" if found["place"] else evidence.resource
    return _referring(found["name"], place, evidence.shown) or _stated(found["name"], place, evidence.shown)


def _referring(name: str, place: str, shown: str) -> str:
    """Return how many resources refer to a place, where `name` is the back of a link; else an empty text."""
    types = _back_types().get(name, ())
    if not types or not (shown == "an empty list" or shown.startswith("a list of ")):
        return ""
    if shown == "an empty list":
        return f"no {' or '.join(types)} refers to {place}"
    number = shown.removeprefix("a list of ")
    if number == "1":
        return f"1 {' or '.join(types)} refers to {place}"
    return f"{number} {' or '.join(map(_plural, types))} refer to {place}"


def _stated(name: str, place: str, shown: str) -> str:
    verb, _, rest = name.partition("_")
    if shown in {"true", "false"} and verb in _ARTICLES and rest:
        return f"{place} {verb if shown == 'true' else _ARTICLES[verb]} {rest.replace('_', ' ')}"
    plain = name.replace("_", " ")
    return f"{place} has no {plain}" if shown in _NOTHING else f"the {plain} of {place} is {shown}"


def _plural(noun: str) -> str:
    return f"{noun[:-1]}ies" if noun.endswith("y") else f"{noun}s"


@cache
def _back_types() -> dict[str, tuple[str, ...]]:
    """Return the types that refer to a place by the name of the link's back: ``scalable_targets`` to ScalableTarget."""
    found: dict[str, dict[str, None]] = {}
    for link in LINKS:
        found.setdefault(link.back, {})[link.type.rpartition("::")[2]] = None
    return {name: tuple(types) for name, types in found.items()}
