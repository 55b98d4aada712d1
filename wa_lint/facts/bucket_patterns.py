"""Which policies let ML roles write to buckets that a stranger can make: a pattern for the name, and no owner."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from wa_lint.cel.types import BOOL
from wa_lint.facts.fact import Fact, seen, value_of
from wa_lint.facts.ml_uses import READS, has_ml_holder
from wa_lint.graph import Cell
from wa_lint.model import ABSENT, Hole, Unknown, Value
from wa_lint.policy import has_effect, listed
from wa_lint.policy.admission import tests_of
from wa_lint.policy.document import matches_action
from wa_lint.policy.trust import member
from wa_lint.policy.wildcards import parts_of
from wa_lint.truth import Truth, every, negate, some

_TYPES: Final = tuple(f"AWS::IAM::{word}" for word in ("ManagedPolicy", "Policy", "Role", "RolePolicy"))

_OWNERS: Final = frozenset({"aws:resourceaccount", "aws:resourceorgid", "aws:resourceorgpaths", "s3:resourceaccount"})
"""Condition keys that say whose a bucket must be (service authorization reference, Amazon S3)."""

_NAMED: Final = re.compile(r"arn:[^:]*:s3:::([^/]+)")
_ACCOUNT: Final = re.compile(r"\d{12}|\0")
"""What makes a name one of the account's: its id, or a resource of the template."""


def writes_to_any_owner(home: Cell) -> Cell | object:
    """Whether a statement lets an ML role write to every bucket of a name, whoever owns it, at the first that does.

    ABSENT for what no ML role holds. A resource that takes in all buckets is not counted: another rule says that.
    """
    is_held = has_ml_holder(home)
    if is_held is False:
        return ABSENT
    statements, hidden = seen(home.select("statements").items())
    answers = [(statement, _writes(value_of(statement))) for statement in statements]
    found = some((*(answer for _, answer in answers), *((Unknown(hidden),) if hidden else ())))
    at = next((statement for statement, answer in answers if answer is found), None)
    at = at or next((statement for statement, answer in answers if answer is not False), home)
    return at.with_value(every((found, is_held)))


def _writes(statement: Value) -> Truth:
    resources = some(_is_open(resource) for resource in listed(member(statement, "Resource")))
    actions = some(matches_action(action, "s3:PutObject") for action in listed(member(statement, "Action")))
    return every((resources, has_effect(statement, "Allow"), actions, negate(_demands_owner(statement))))


def _is_open(resource: Value) -> Truth:
    """Whether a pattern takes in buckets of several names, of which none holds the account's id."""
    if isinstance(resource, Unknown):
        return resource
    said = "".join(_spelled(part) for part in parts_of(resource))
    bucket = _NAMED.match(said)
    if bucket is None or not re.search(r"[*?]", bucket[1]) or not bucket[1].strip("*?"):
        return False
    return _ACCOUNT.search(bucket[1]) is None


def _spelled(part: str | Hole) -> str:
    """Return the text, or NUL for what no stranger knows; a parameter or region may be guessed."""
    if isinstance(part, str):
        return part
    return "\0" if part.target or part.name == "AWS::AccountId" else "x"


def _demands_owner(statement: Value) -> Truth:
    tests = tests_of(member(statement, "Condition"))
    return some(test.unseen or (test.names_values and test.key in _OWNERS) for test in tests)


def _facts() -> Iterator[Fact]:
    doc = "Whether it lets an ML role write to all buckets of a name, whoever owns them; absent where none holds it."
    for type_ in _TYPES:
        reads = (*(other for other in _TYPES if other != type_), *READS)
        yield Fact(type_, "", "writes_to_any_owner", reads, BOOL, doc, writes_to_any_owner, is_optional=True)


FACTS: Final[tuple[Fact, ...]] = tuple(_facts())
