"""What policies grant ML roles too widely: writing to buckets that a stranger can make, decrypting with every key."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Final

from wa_lint.cel.types import BOOL
from wa_lint.facts.fact import Fact, closed, seen, value_of
from wa_lint.facts.ml_uses import ROLE_READS, has_ml_holder
from wa_lint.graph import Cell
from wa_lint.model import ABSENT, Hole, Unknown, Value
from wa_lint.policy import has_effect, listed
from wa_lint.policy.admission import Test, tests_of
from wa_lint.policy.document import matches_action
from wa_lint.policy.trust import member
from wa_lint.policy.wildcards import covers, parts_of, unseen
from wa_lint.truth import Truth, every, negate, some

_TYPES: Final = tuple(f"AWS::IAM::{word}" for word in ("ManagedPolicy", "Policy", "Role", "RolePolicy"))

_OWNERS: Final = frozenset({"aws:resourceaccount", "aws:resourceorgid", "aws:resourceorgpaths", "s3:resourceaccount"})
"""Condition keys that say whose a bucket must be (service authorization reference, Amazon S3)."""

_NAMED: Final = re.compile(r"arn:[^:]*:s3:::([^/]+)")
_ACCOUNT: Final = re.compile(r"\d{12}|\0")
"""What makes a name one of the account's: its id, or a resource of the template."""


def writes_to_any_owner(home: Cell) -> Cell | object:
    """Whether a statement lets an ML role write to every bucket of a name, anyone who owns it, at the first that does.

    ABSENT for what no ML role holds. A resource that takes in all buckets is not counted: another rule says that.
    """
    return _first(home, _writes)


def decrypts_everything(home: Cell) -> Cell | object:
    """Whether a statement lets an ML role decrypt with every KMS key that admits its account, at the first that does.

    ABSENT for what no ML role holds. ``kms:*`` and ``*`` are not counted: other rules say that.
    """
    return _first(home, decrypts)


def _first(home: Cell, grants: Callable[[Value], Truth]) -> Cell | object:
    is_held = has_ml_holder(closed(home))
    if is_held is not True:
        return is_held or ABSENT
    statements, hidden = seen(home.select("statements").items())
    answers = [(statement, grants(value_of(statement))) for statement in statements]
    found = some((*(answer for _, answer in answers), *((Unknown(hidden),) if hidden else ())))
    at = next((statement for statement, answer in answers if answer is found), None)
    at = at or next((statement for statement, answer in answers if answer is not False), home)
    return at.with_value(found)


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
    is_of_stack = part.target is not None or "." in part.name  # an attribute of some resource
    return "\0" if is_of_stack or part.name == "AWS::AccountId" else "x"


def _demands_owner(statement: Value) -> Truth:
    tests = tests_of(member(statement, "Condition"))
    return some(test.unseen or (test.names_values and test.key in _OWNERS) for test in tests)


DECRYPTING: Final = ("kms:Decrypt", "kms:ReEncryptFrom")
"""What turns ciphertext of a key into data (Security Hub KMS.1)."""

_NARROWING: Final = re.compile(r"(aws:resourcetag/|kms:(encryptioncontext|resourcealiases|requestalias)).*")
"""Condition keys that pick some keys, or the data of some. The service by way of which KMS is asked picks none."""


def decrypts(statement: Value) -> Truth:
    """Whether a statement allows decrypting with every key, under no condition that picks some."""
    actions = some(_is_decrypting(action) for action in listed(member(statement, "Action")))
    narrowed = some(test.unseen or _picks_keys(test) for test in tests_of(member(statement, "Condition")))
    return every((_takes_all_keys(statement), has_effect(statement, "Allow"), actions, negate(narrowed)))


def _takes_all_keys(statement: Value) -> Truth:
    """Whether a statement is about every key, or about all but those that NotResource names."""
    spared = member(statement, "NotResource")
    if spared is not ABSENT:
        return negate(some(covers(resource) for resource in listed(spared)))
    return some(covers(resource) for resource in listed(member(statement, "Resource")))


def _picks_keys(test: Test) -> Truth:
    """Whether a test picks some keys, or the data of some: by values that are not all wildcard."""
    if not test.names_values or not _NARROWING.fullmatch(test.key):
        return False
    return negate(some(_is_all_wild(value) for value in test.values)) if test.is_wild else True


def _is_all_wild(value: Value) -> Truth:
    parts = parts_of(value)
    if not parts or (len(parts) == 1 and isinstance(parts[0], Hole) and parts[0].target is None):
        return unseen(value)
    return not "".join(part if isinstance(part, str) else "x" for part in parts).strip("*?")


def _is_decrypting(action: Value) -> Truth:
    if isinstance(action, str) and action.lower() in {"*", "kms:*"}:
        return False
    return some(matches_action(action, one) for one in DECRYPTING)


_WRITES_DOC: Final = (
    "Whether an ML role may write to all buckets of a name, in any account; absent where none holds it."
)
_DECRYPTS_DOC: Final = "Whether an ML role may decrypt with every KMS key; absent where none holds it."


def _facts() -> Iterator[Fact]:
    asked = (
        ("writes_to_any_owner", _WRITES_DOC, writes_to_any_owner),
        ("decrypts_everything", _DECRYPTS_DOC, decrypts_everything),
    )
    for type_ in _TYPES:
        reads = (*(other for other in _TYPES if other != type_), *ROLE_READS)
        for name, doc, compute in asked:
            yield Fact(type_, "", name, reads, BOOL, doc, compute, is_optional=True)


FACTS: Final[tuple[Fact, ...]] = tuple(_facts())
