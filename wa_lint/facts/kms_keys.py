"""Whose key it is: a customer's own, or the one that AWS holds for a service. And lists that may be written as one."""

from __future__ import annotations

import re
from typing import Final

from wa_lint.cel.types import BOOL, DYN, STRING, Function, ListType, Type
from wa_lint.facts.fact import head_of
from wa_lint.graph import Cell
from wa_lint.model import ABSENT, Hole, Partial, SourceKind, Unknown, Unresolved, Value
from wa_lint.policy.wildcards import parts_of
from wa_lint.truth import Truth, negate

_HOLE: Final = "\0"
_KEY_ID: Final = re.compile(r"(?i)[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|mrk-[0-9a-f]{32}")
_KEY_ARN: Final = re.compile(r"arn:[^:]*:kms:[^:]*:[^:]*:key/.+")
_ALIAS: Final = re.compile(r"(?:arn:[^:]*:kms:[^:]*:[^:]*:)?alias/(.*)")
_AWS_PREFIX: Final = "aws/"
_KEY: Final = "AWS::KMS::Key"


def own_key(found: object) -> object:
    """Whether the value names a key of the customer's.

    True of a KMS key, replica or alias of the snapshot, a key id, a key's ARN, and an alias that does not begin with
    ``alias/aws/``: KMS keeps that prefix for AWS's keys, and lets nobody else take it (KMS API reference,
    CreateAlias). False of nothing, an empty text, ``alias/aws/…``, and a key that the account says AWS manages. Else
    unknown.
    """
    value = head_of(found)
    if value is ABSENT or value is None or value == "":
        return False
    if isinstance(value, Unknown):
        return value
    parts = parts_of(value)
    if isinstance(found, Cell) and any(isinstance(p, Hole) and _is_key(found, p) for p in parts):
        return True
    text = "".join(part if isinstance(part, str) else _HOLE for part in parts)
    managed = _aws_manages(found, text) if isinstance(found, Cell) else False
    return _judged(text, value) if managed is False else negate(managed)


def listed(found: object) -> object:
    """Return a list as it is, and what stands alone as a list of one; nothing is an empty list."""
    value = head_of(found)
    if isinstance(value, Unknown | Partial | list | tuple):
        return found
    return [] if value is ABSENT or value is None else [found]


def _type_of_listed(given: Type) -> Type:
    return given if isinstance(given, ListType) else ListType(given)


def _is_key(cell: Cell, hole: Hole) -> bool:
    resource = cell.world.graph.named(hole.target) if hole.target else None
    return resource is not None and resource.type.startswith("AWS::KMS::")


def _aws_manages(cell: Cell, text: str) -> Truth:
    """Whether a live snapshot holds the key and says that it is AWS's; False too where the account has no such key."""
    graph = cell.world.graph
    named = graph.named(text) if text.startswith("arn:") else None
    keys = [named] if named else [key for key in graph.of_type(_KEY) if key.name == text]
    if not keys and graph.snapshot.kind is SourceKind.LIVE and _is_of_account(text, cell.resource.account):
        reason = graph.why_incomplete(_KEY, cell.resource)
        return Unknown(reason) if reason else False
    said = next((key.observed.get("aws_managed", False) for key in keys if key.observed), False)
    return said if isinstance(said, bool | Unknown) else False


def _is_of_account(text: str, account: str | None) -> bool:
    """Whether a key by this id or ARN would be listed in the account; a key of another one is never AWS's own."""
    arn = _KEY_ARN.fullmatch(text)
    return account in text.split(":") if arn else _KEY_ID.fullmatch(text) is not None


def _judged(text: str, value: Value) -> Truth:
    if _KEY_ARN.fullmatch(text) or _KEY_ID.fullmatch(text):
        return True
    alias = _ALIAS.fullmatch(text)
    if alias is None:
        return Unknown(value.reason if isinstance(value, Unresolved) else "not an id, ARN or alias of a key")
    known = alias[1].split(_HOLE)[0]
    if known.startswith(_AWS_PREFIX):
        return False
    if known != alias[1] and _AWS_PREFIX.startswith(known):
        return Unknown(value.reason if isinstance(value, Unresolved) else "part of an alias")
    return True


FUNCTIONS: Final[tuple[Function, ...]] = (
    Function("own_key", (STRING,), BOOL, own_key, accepts_absent=True, raw=True, reads=(_KEY,)),
    Function("listed", (DYN,), ListType(DYN), listed, accepts_absent=True, raw=True, result_of=_type_of_listed),
)
