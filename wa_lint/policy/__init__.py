"""What an IAM policy document says: its statements, what they match and whom they trust. Evaluates no condition.

Every answer is three-valued, for an action, a resource or a principal may be only partly known. Statements are
plain values, with everything inside looked up. Source of the semantics: the IAM User Guide, "Policy elements".
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Container, Iterable
from typing import Final, TypeAlias

from wa_lint.model import ABSENT, Hole, Partial, Unknown, Unresolved, Value
from wa_lint.policy.actions import scopes
from wa_lint.policy.wildcards import covers, matches, parts_of, reason_of, unseen
from wa_lint.truth import Truth, ends_with, equals, every, negate, some

NARROWING_KEYS: Final = frozenset(
    {
        "aws:principalaccount",
        "aws:principalarn",
        "aws:principalorgid",
        "aws:principalorgpaths",
        "aws:sourceaccount",
        "aws:sourcearn",
        "aws:sourceip",
        "aws:sourceorgid",
        "aws:sourceorgpaths",
        "aws:sourceowner",
        "aws:sourcevpc",
        "aws:sourcevpce",
        "aws:userid",
        "aws:vpcsourceip",
        "kms:calleraccount",
        "s3:dataaccesspointaccount",
        "s3:dataaccesspointarn",
    }
)
"""Condition keys (lower case) that keep Principal '*' from meaning everyone: those of "The meaning of public" in the
S3 User Guide, and their like in other services."""

DEPUTY_KEYS: Final = frozenset({"aws:sourcearn", "aws:sourceaccount", "aws:sourceorgid", "aws:sourceorgpaths"})
"""What a trust policy asks of a service so that it cannot be made to act for a stranger (IAM: "confused deputy")."""

_NEGATED: Final = re.compile(r"(?i)not|^null$|ifexists$|^forallvalues:")
"""Operators that hold when the key is missing, or that exclude instead of naming: these do not narrow."""

_ANY_NETWORK: Final = frozenset({"0.0.0.0/0", "::/0"})
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


def listed(value: Value) -> tuple[Value, ...]:
    """Return a value that may stand alone or in a list as a sequence; what could not be seen is one last Unknown."""
    if value is ABSENT or value is None:
        return ()
    if isinstance(value, Partial):
        return (*value.items, Unknown(value.reason))
    return tuple(value) if isinstance(value, list | tuple) else (value,)


def allows(policies: Iterable[Value], action: str, resource: Value) -> Truth:
    """Whether these statements together grant `action` on `resource`: an ARN, or ``*`` for every resource.

    An explicit Deny wins. A statement under a Condition leaves open what it decides.
    """
    known = tuple(policies)
    granted = some(_applies(statement, "Allow", action, resource) for statement in known)
    denied = some(_applies(statement, "Deny", action, resource) for statement in known)
    return every((granted, negate(denied)))


def has_effect(statement: Value, effect: str) -> Truth:
    """Whether `statement` says ``Allow`` or ``Deny``, as `effect` asks."""
    return equals(_member(statement, "Effect"), effect)


def matches_action(statement: Value, action: str) -> Truth:
    """Whether Action holds `action`, or NotAction leaves it in."""
    return _matches_element(statement, "Action", lambda pattern: action_matches(pattern, action))


def matches_resource(statement: Value, resource: Value) -> Truth:
    """Whether Resource covers `resource`, or NotResource leaves it in. A policy without either is about its owner."""
    return _matches_element(statement, "Resource", lambda pattern: resource_matches(pattern, resource))


# --- patterns ---------------------------------------------------------------------------------------


def action_matches(pattern: Value, action: str) -> Truth:
    """Whether `pattern`, as it may stand in Action, matches the one `action`. Case does not count."""
    return matches(pattern, action, fold=True)


def resource_matches(pattern: Value, resource: Value) -> Truth:
    """Whether `pattern`, as it may stand in Resource, covers `resource`, which may have holes.

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
    name (a role, a bucket), as whoever wrote ``role/${Name}`` meant it; a value that is all hole is unknown.
    """
    return covers(resource, types=True)


def covers_service(resource: Value) -> Truth:
    """As `covers_all`, but every resource of one type (``role/*``) is not enough."""
    return covers(resource, types=False)


def scopable(action: Value) -> Truth:
    """Whether the action, or half of the actions that a pattern matches, can be granted on less than Resource ``*``.

    Half, because nobody splits ``ec2:Describe*`` for the few of its actions that take a resource. Unknown for actions
    that the list in ``data/iam_actions.json`` does not have.
    """
    if not isinstance(action, str):
        return unseen(action)
    answers = scopes(action.lower())
    return 2 * sum(answers) >= len(answers) if answers else Unknown(f"{action} is not in the list of IAM actions")


# --- conditions -------------------------------------------------------------------------------------


def is_conditional(statement: Value) -> Truth:
    """Whether the statement holds only under a Condition."""
    condition = _member(statement, "Condition")
    if condition is ABSENT or condition is None or condition == {}:
        return False
    return condition if isinstance(condition, Unknown) else True


def narrowed_by(statement: Value, keys: Iterable[str]) -> Truth:
    """Whether a Condition names values for one of `keys`, so that not everyone meets it.

    Negated operators, ``Null``, ``…IfExists`` and ``ForAllValues`` do not count: they hold where the key is missing.
    """
    condition = _member(statement, "Condition")
    if condition is ABSENT or condition is None:
        return False
    if not isinstance(condition, dict):
        return unseen(condition)
    wanted = {key.lower() for key in keys}
    return some(_narrows(tests, wanted) for operator, tests in condition.items() if not _NEGATED.search(operator))


def denies_plain_http(statement: Value) -> Truth:
    """Whether a bucket policy's statement refuses anyone every request for an object without TLS."""
    return every(
        (
            has_effect(statement, "Deny"),
            some(_is_star(principal) for principal in principals(statement, "AWS")),
            some(service_wildcard(action) for action in listed(_member(statement, "Action"))),
            some(_is_open_ended(resource) for resource in listed(_member(statement, "Resource"))),
            _only_when_insecure(_member(statement, "Condition")),
        )
    )


# --- principals -------------------------------------------------------------------------------------


def principals(statement: Value, kind: str) -> tuple[Value, ...]:
    """Return the principals of `kind` (AWS, Service, Federated) that the statement names."""
    principal = _member(statement, "Principal")
    if isinstance(principal, dict):
        return listed(principal.get(kind, ABSENT))
    if principal == "*":
        return ("*",) if kind == "AWS" else ()
    return () if principal is ABSENT else (unseen(principal),)


def service_principals(statement: Value) -> tuple[Value, ...]:
    """Return the services that the statement lets in: ``sagemaker.amazonaws.com``."""
    return principals(statement, "Service")


def is_public(statement: Value) -> Truth:
    """Whether the statement lets everyone in: Allow, Principal ``*`` (or NotPrincipal), no condition that narrows."""
    return every(
        (
            has_effect(statement, "Allow"),
            _lets_in_everyone(statement),
            negate(narrowed_by(statement, NARROWING_KEYS)),
        )
    )


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
    patterns, excluded = _member(statement, name), _member(statement, f"Not{name}")
    if isinstance(patterns, Unknown):
        return patterns
    if patterns is not ABSENT:
        return some(fits(pattern) for pattern in listed(patterns))
    if excluded is not ABSENT:
        return negate(some(fits(pattern) for pattern in listed(excluded)))
    return name == "Resource"


def _member(statement: Value, name: str) -> Value:
    return statement.get(name, ABSENT) if isinstance(statement, dict) else unseen(statement)


def _parsed(text: str) -> Value:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return Unknown("the policy document is no JSON")


def _narrows(tests: Value, keys: Container[str]) -> Truth:
    """Whether one of `keys` is held against values of which none is a wildcard that anyone meets."""
    if not isinstance(tests, dict):
        return unseen(tests)
    values = [listed(value) for key, value in tests.items() if key.lower() in keys]
    return some(every(_names_one(value) for value in alternatives) for alternatives in values)


def _names_one(value: Value) -> Truth:
    if isinstance(value, str):
        return bool(value.strip("*")) and value not in _ANY_NETWORK
    return True if isinstance(value, Unresolved) and value.parts else unseen(value)


def _only_when_insecure(condition: Value) -> Truth:
    """Whether Condition is Bool aws:SecureTransport false and nothing more, which would let some requests through."""
    if condition is ABSENT:
        return True
    if not isinstance(condition, dict):
        return unseen(condition)
    match list(condition.items()):
        case [(str(operator), dict() as tests)] if operator.lower() in ("bool", "boolifexists") and len(tests) == 1:
            ((key, values),) = tests.items()
            is_tls = str(key).lower() == "aws:securetransport"
            return is_tls and some(equals(_lower(value), "false") for value in listed(values))
        case [(_, Unknown() as tests)]:
            return tests
    return False


def _is_open_ended(resource: Value) -> Truth:
    """Whether the pattern ends in ``*``, and so covers objects; the ARN of a bucket itself does not."""
    match parts_of(resource):
        case (*_, Hole(target=str())):
            return False
    return ends_with(resource, "*")


def _lower(value: Value) -> Value:
    if isinstance(value, bool):
        return str(value).lower()
    return value.lower() if isinstance(value, str) else value


def _lets_in_everyone(statement: Value) -> Truth:
    if _member(statement, "NotPrincipal") is not ABSENT:
        return True
    return some(_is_star(principal) for principal in principals(statement, "AWS"))


def _is_star(principal: Value) -> Truth:
    """A Ref or GetAtt of a resource, or an account's id, is never ``*``."""
    if isinstance(principal, Unresolved) and any(isinstance(part, str) or part.target for part in principal.parts):
        return False
    return equals(principal, "*")


def _is_account(principal: Value) -> Truth:
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
