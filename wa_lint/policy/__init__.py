"""What an IAM policy document says: its statements, what they match and whom they trust. Evaluates no condition.

Every answer is three-valued, for an action, a resource or a principal may be only partly known. Statements are
plain values, with everything inside looked up. Source of the semantics: the IAM User Guide, "Policy elements".
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from typing import Final, TypeAlias

from wa_lint.model import ABSENT, Hole, Unknown, Value
from wa_lint.policy.admission import DEPUTY, WITHIN_ACCOUNT, admits_everyone
from wa_lint.policy.document import listed
from wa_lint.policy.trust import (
    has_effect,
    lets_in_everyone,
    lets_in_strangers,
    member,
    principals,
    shuts_out_strangers,
)
from wa_lint.policy.wildcards import covers, matches, parts_of, reason_of, unseen
from wa_lint.truth import Truth, every, negate, some

__all__ = [
    "action_matches",
    "allows",
    "covers_all",
    "guards_deputy",
    "has_effect",
    "is_conditional",
    "is_narrowed_in_account",
    "lets_in_everyone",
    "lets_in_strangers",
    "listed",
    "matches_action",
    "matches_resource",
    "principals",
    "resource_matches",
    "service_principals",
    "service_wildcard",
    "shuts_out_strangers",
    "statements",
    "trusts_account_root",
]

_ACCOUNT: Final = r"\d{12}"
_ACCOUNT_HOLE: Final = "AWS::AccountId"
_Test: TypeAlias = Callable[[Value], Truth]


# --- documents --------------------------------------------------------------------------------------


def statements(document: Value) -> tuple[Value, ...]:
    """Return the statements of a policy document: a map or its JSON text. One that cannot be seen is Unknown."""
    if isinstance(document, str):
        document = _parsed(document)
    if isinstance(document, dict):
        return listed(document.get("Statement", ABSENT))
    if document is ABSENT or document is None:
        return ()
    return (unseen(document),)


def allows(policies: Iterable[Value], action: str, resource: Value) -> Truth:
    """Whether these statements together grant `action` on `resource`: an ARN, or ``*`` for every resource.

    An explicit Deny wins. A statement under a Condition leaves open what it decides.
    """
    known = tuple(policies)
    granted = some(_applies(statement, "Allow", action, resource) for statement in known)
    denied = some(_applies(statement, "Deny", action, resource) for statement in known)
    return every((granted, negate(denied)))


def matches_action(statement: Value, action: str) -> Truth:
    """Whether Action holds `action`, or NotAction leaves it in."""
    return _matches_element(statement, "Action", lambda pattern: action_matches(pattern, action))


def matches_resource(statement: Value, resource: Value) -> Truth:
    """Whether Resource covers `resource`, or NotResource leaves it in. A policy without either is about its owner."""
    return _matches_element(statement, "Resource", lambda pattern: resource_matches(pattern, resource))


# --- patterns ---------------------------------------------------------------------------------------


def action_matches(pattern: Value, action: str) -> Truth:
    """Whether `pattern`, as it may be in Action, matches the one `action`. Case does not count."""
    return matches(pattern, action, fold=True)


def resource_matches(pattern: Value, resource: Value) -> Truth:
    """Whether `pattern`, as it may be in Resource, covers `resource`, which may have holes.

    The resource ``*`` is covered where `covers_all` is. ``arn:aws:`` and ``arn:${AWS::Partition}:`` are the same
    here, for a policy only ever speaks of its own partition.
    """
    return covers_all(pattern) if resource == "*" else matches(pattern, resource)


def service_wildcard(action: Value) -> Truth:
    """Whether an action pattern takes in a whole service: ``sagemaker:*``, or ``*``."""
    parts = parts_of(action)
    if not parts:
        return unseen(action)
    last = parts[-1]
    if not isinstance(last, str):
        return Unknown(reason_of(action))
    name = last.rpartition(":")[2]
    if set(name) - {"*", "?"} or not name.endswith("*"):
        return False
    return True if ":" in last or len(parts) == 1 else Unknown(reason_of(action))


def covers_all(resource: Value) -> Truth:
    """Whether a resource pattern takes in everything, a whole service, or every resource of a type.

    True of ``*``, ``arn:aws:s3:::*`` and ``arn:aws:iam::123456789012:role/*``. A hole inside an ARN is taken for one
    name (a role, a bucket), as anyone who wrote ``role/${Name}`` meant it; a value that is all hole is unknown.
    """
    return covers(resource)


# --- conditions -------------------------------------------------------------------------------------


def is_conditional(statement: Value) -> Truth:
    """Whether the statement holds only under a Condition."""
    condition = member(statement, "Condition")
    if condition is ABSENT or condition is None or condition == {}:
        return False
    return condition if isinstance(condition, Unknown) else True


def guards_deputy(statement: Value) -> Truth:
    """Whether a service may use the statement only for the accounts or resources that it names."""
    return negate(admits_everyone(member(statement, "Condition"), DEPUTY))


def is_narrowed_in_account(statement: Value) -> Truth:
    """Whether a Condition picks some of the principals of an account, so that trusting it does not admit all."""
    return negate(admits_everyone(member(statement, "Condition"), WITHIN_ACCOUNT))


# --- principals -------------------------------------------------------------------------------------


def service_principals(statement: Value) -> tuple[Value, ...]:
    """Return the services that the statement lets in: ``sagemaker.amazonaws.com``."""
    return principals(statement, "Service")


def trusts_account_root(statement: Value) -> Truth:
    """Whether the statement trusts a whole account, so that any of its principals with sts:AssumeRole gets in."""
    return every(
        (
            has_effect(statement, "Allow"),
            some(_is_account(principal) for principal in principals(statement, "AWS")),
        )
    )


# --- how statements apply ---------------------------------------------------------------------------


def _applies(statement: Value, effect: str, action: str, resource: Value) -> Truth:
    applies = every(
        (has_effect(statement, effect), matches_action(statement, action), matches_resource(statement, resource))
    )
    if applies is True and is_conditional(statement) is not False:
        return Unknown("it holds under a Condition, which is not evaluated")
    return applies


def _matches_element(statement: Value, name: str, fits: _Test) -> Truth:
    patterns, excluded = member(statement, name), member(statement, f"Not{name}")
    if isinstance(patterns, Unknown):
        return patterns
    if patterns is not ABSENT:
        return some(fits(pattern) for pattern in listed(patterns))
    if excluded is not ABSENT:
        return negate(some(fits(pattern) for pattern in listed(excluded)))
    return name == "Resource"


def _parsed(text: str) -> Value:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return Unknown("the policy document is not valid JSON")


def _is_account(principal: Value) -> Truth:
    if isinstance(principal, int):
        return True  # an account's number that YAML reads as one
    parts = parts_of(principal)
    if not parts:
        return unseen(principal)
    match parts:
        case (str(text),):
            return re.fullmatch(rf"{_ACCOUNT}|arn:[\w-]+:iam::{_ACCOUNT}:root", text) is not None
        case (Hole(name=name, shape=shape),) if name == _ACCOUNT_HOLE or shape == _ACCOUNT:
            return True
        case (Hole(target=None),):
            return Unknown(reason_of(principal))
        case (*_, str(tail)):
            return tail.endswith(":root")
    return False
