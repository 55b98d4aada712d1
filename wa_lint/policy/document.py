"""The one normal form of a policy statement, and what its patterns cover. Evaluates no condition.

A *shape* is the ARN of all resources of one type, with ``%`` for what varies: ``arn:%:iam::%:role/%``. A pattern covers
a shape where it matches a name that nobody mentions, in the policy's own account and in some region.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

import msgspec

from wa_lint.model import ABSENT, Hole, Partial, Unknown, Value
from wa_lint.policy.wildcards import covers_text, matches, parts_of, reason_of, unseen
from wa_lint.truth import Truth, every, negate, some


class Element(msgspec.Struct, frozen=True):
    """Action or NotAction, Resource or NotResource: patterns, and whether they are what is left out."""

    patterns: tuple[Value, ...] = ()
    excludes: bool = False


class Statement(msgspec.Struct, frozen=True):
    """One statement of an identity policy, read."""

    is_allow: Truth
    is_deny: Truth
    actions: Element = Element()
    resources: Element = Element()
    condition: Value = ABSENT
    hidden: Unknown | None = None
    """Why nothing of it is known."""


def read(statement: Value) -> Statement:
    """Return the normal form of a statement with everything inside looked up; of none, one that leaves all open."""
    if not isinstance(statement, dict):
        hidden = unseen(statement)
        every_pattern = Element((hidden,))
        return Statement(hidden, hidden, every_pattern, every_pattern, hidden=hidden)
    effect = statement.get("Effect", ABSENT)
    known = isinstance(effect, str)
    return Statement(
        is_allow=effect == "Allow" if known else unseen(effect),
        is_deny=effect == "Deny" if known else unseen(effect),
        actions=_element(statement, "Action"),
        resources=_element(statement, "Resource"),
        condition=statement.get("Condition", ABSENT),
    )


def listed(value: Value) -> tuple[Value, ...]:
    """Return a value that may stand alone or in a list as a sequence; what could not be seen is one last Unknown."""
    if value is ABSENT or value is None:
        return ()
    if isinstance(value, Partial):
        return (*value.items, Unknown(value.reason))
    return tuple(value) if isinstance(value, list | tuple) else (value,)


def takes_action(statement: Statement, action: str) -> Truth:
    """Whether the statement is about `action`, as AWS spells it."""
    return _takes(statement.actions, [matches_action(pattern, action) for pattern in statement.actions.patterns])


def takes_resource(statement: Statement, shape: str) -> Truth:
    """Whether the statement is about every resource of a shape, a few named ones apart."""
    return _takes(statement.resources, [covers(pattern, shape) for pattern in statement.resources.patterns])


def _element(statement: dict[str, Value], name: str) -> Element:
    if name in statement or f"Not{name}" not in statement:
        return Element(listed(statement.get(name, ABSENT)))
    return Element(listed(statement[f"Not{name}"]), excludes=True)


def _takes(element: Element, answers: list[Truth]) -> Truth:
    matched = some(answers)
    return negate(matched) if element.excludes else matched


# --- patterns ---------------------------------------------------------------------------------------

_NAME: Final = "\0"
"""Stands in a pattern for one name that is decided elsewhere, or that a policy variable gives."""
_FRESH: Final = "\ue000is-any-name\ue001"
"""A name that no policy mentions."""
_VARIABLE: Final = re.compile(r"\$\{(?:([*?$])|[^}]*)\}")
_PARTITION: Final = re.compile(r"^(arn):[^:]*(?=:|$)")
_FIELDS: Final = 6
_OWN: Final = re.compile(r"[\d\0?*]+")
"""The account of a pattern where it is one of a customer; ``aws`` is not."""


def matches_action(pattern: Value, action: str) -> Truth:
    """Whether an action pattern matches an action, in whatever case."""
    if isinstance(pattern, str):
        folded, head = _folded(pattern)
        wanted = action.lower()
        return wanted.startswith(head) and (len(head) == len(folded) == len(wanted) or covers_text(folded, wanted))
    return matches(pattern, action, fold=True) if parts_of(pattern) else unseen(pattern)


@lru_cache(1 << 14)
def _folded(pattern: str) -> tuple[str, str]:
    """Return a pattern in small letters, and what of it is before the first wildcard: that alone rejects most."""
    folded = pattern.lower()
    return folded, _WILD.split(folded, maxsplit=1)[0]


_WILD: Final = re.compile(r"[*?]")


def covers(pattern: Value, shape: str) -> Truth:
    """Whether a resource pattern matches every resource of a shape, or a name in place of each ``%``.

    A hole inside an ARN is taken for one name (a role, a bucket), as the author of ``role/${Name}`` meant it; a value
    that is all hole is unknown, unless it is the ARN of a resource.
    """
    parts = parts_of(pattern)
    if not parts:
        return unseen(pattern)
    if len(parts) == 1 and isinstance(parts[0], Hole):
        is_one_name = parts[0].target is not None or parts[0].name.startswith("AWS::")
        return False if is_one_name else Unknown(reason_of(pattern))
    return _covers("".join(part if isinstance(part, str) else _NAME for part in parts), shape)


@lru_cache(maxsize=50_000)
def _covers(pattern: str, shape: str) -> bool:
    text = _VARIABLE.sub(lambda found: found[1] or _NAME, pattern)
    return covers_text(_in_own_place(text), _example(shape))


def _example(shape: str) -> str:
    """Return an ARN of the shape, with names that no policy mentions."""
    if shape.startswith("arn:%:"):
        shape = "arn:aws:" + shape.removeprefix("arn:%:")
    return shape.replace("%", _FRESH)


def _in_own_place(pattern: str) -> str:
    """Return the pattern with its partition, region and account left open: it speaks of its own."""
    pattern = _PARTITION.sub(r"\1:aws", pattern) if not pattern.startswith("arn:*") else pattern
    fields = pattern.split(":", _FIELDS - 1)
    if fields[0] == "arn" and len(fields) > 3 and fields[3] and (len(fields) > 4 or not fields[3].endswith("*")):  # noqa: PLR2004
        fields[3] = "*"
    if fields[0] == "arn" and len(fields) == _FIELDS and _OWN.fullmatch(fields[4]):
        fields[4] = "*"
    return ":".join(fields)


def is_whole(element: Element) -> Truth:
    """Whether an element takes in everything: ``*``, ``**``, ``arn:*``; or all but what it names."""
    if element.excludes:
        return True
    return some(_is_everything(pattern) for pattern in element.patterns)


def _is_everything(pattern: Value) -> Truth:
    return every((covers(pattern, "arn:%:%:%:%:%"), covers(pattern, "arn:%:s3:::%")))
