"""What a principal may do, all its policies together: explicit Deny, boundary, conditions. Knows no cells, no rules.

Three-valued. ``True``: there is a request that the principal can send and that is allowed; ``False``: there is none;
else Unknown, with the reason. Source: IAM User Guide, "Policy evaluation logic", "Permissions boundaries".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import msgspec

from wa_lint.model import Unknown, Value
from wa_lint.policy.conditions import Test, is_word, tests_of
from wa_lint.policy.document import Statement, takes_action, takes_resource
from wa_lint.policy.wildcards import matches
from wa_lint.truth import Truth, every, negate, some


class Principal(msgspec.Struct, frozen=True):
    """One role, user or group: its statements, and those of its permissions boundary."""

    statements: tuple[Statement, ...]
    boundary: tuple[Statement, ...] | Unknown | None = None
    """None: it has no boundary. Unknown: it has one, whose statements are not known."""

    def may(self, action: str, shape: str, context: Context | None = None) -> Truth:
        """Whether it may do `action` on every resource of `shape` (an ARN, ``%`` for what varies), few named apart."""
        granted = some(grants(s, action, shape, context) for s in self.statements)
        return granted if granted is False else every((granted, negate(self.is_barred(action, shape, context))))

    def is_barred(self, action: str, shape: str, context: Context | None = None) -> Truth:
        """Whether a Deny or the boundary takes away whatever is granted of it."""
        denied = some(denies(s, action, shape, context) for s in self.statements)
        return denied if denied is True else some((denied, negate(self._is_within(action, shape, context))))

    def _is_within(self, action: str, shape: str, context: Context | None) -> Truth:
        if self.boundary is None or isinstance(self.boundary, Unknown):
            return True if self.boundary is None else self.boundary
        granted = some(grants(s, action, shape, context) for s in self.boundary)
        return every((granted, *(negate(denies(s, action, shape, context)) for s in self.boundary)))


Context = Mapping[str, str]
"""Values of condition keys (lower case) that the request at hand has: ``iam:passedtoservice``."""


def grants(statement: Statement, action: str, shape: str, context: Context | None = None) -> Truth:
    """Whether a statement allows `action` on every resource of `shape`, taken for itself."""
    fits = _fits(statement, statement.is_allow, action, shape)
    return fits if fits is False else every((fits, _can_be_met(statement.condition, context or {})))


def denies(statement: Statement, action: str, shape: str, context: Context | None = None) -> Truth:
    """Whether a statement refuses `action` on every resource of `shape`, whatever the request."""
    fits = _fits(statement, statement.is_deny, action, shape)
    return fits if fits is False else every((fits, _cannot_be_avoided(statement.condition, context or {})))


def _fits(statement: Statement, has_effect: Truth, action: str, shape: str) -> Truth:
    if has_effect is False:
        return False
    about = takes_action(statement, action)
    return about if about is False else every((has_effect, about, takes_resource(statement, shape)))


# --- conditions -------------------------------------------------------------------------------------

_CHOSEN: Final = frozenset(
    {
        "aws:currenttime",
        "aws:epochtime",
        "aws:multifactorauthage",
        "aws:multifactorauthpresent",
        "aws:referer",
        "aws:requestedregion",
        "aws:securetransport",
        "aws:useragent",
        "s3:tlsversion",
    }
)
"""Keys whose value the caller picks: he can call by TLS, from another client, in another region, with MFA. A Deny
under one of them can be avoided."""

_ALWAYS_MET: Final = _CHOSEN - {
    "aws:currenttime",
    "aws:epochtime",
    "aws:multifactorauthage",
    "aws:multifactorauthpresent",
}
"""Those of them under which an Allow is as good as without: anyone can. A day may be past, and a role has no MFA."""


def _can_be_met(condition: Value, context: Context) -> Truth:
    """Whether the principal can send a request under which an Allow holds."""
    return every(_can_meet(test, context) for test in tests_of(condition))


def _can_meet(test: Test, context: Context) -> Truth:
    if test.unseen:
        return test.unseen
    if test.key in context:
        return _holds(test, context[test.key])
    if test.key in _ALWAYS_MET or (test.is_wild and not test.is_negated and "*" in test.values and test.if_exists):
        return True
    if test.key == "iam:permissionsboundary" and test.names_values and not test.if_exists:
        return False  # whom it creates has that boundary: it cannot grant itself more
    return Unknown(f"it holds under a Condition on {test.spelling}")


def _cannot_be_avoided(condition: Value, context: Context) -> Truth:
    """Whether a Deny holds whatever the principal sends."""
    return every(_cannot_avoid(test, context) for test in tests_of(condition))


def _cannot_avoid(test: Test, context: Context) -> Truth:
    if test.unseen:
        return test.unseen
    if test.key in context:
        return _holds(test, context[test.key])
    if test.key in _CHOSEN:
        return False
    return Unknown(f"a Deny holds under a Condition on {test.spelling}")


def _holds(test: Test, given: str) -> Truth:
    """Whether a test holds for a request in which the key has the value `given`."""
    if test.operator == "null":
        return every(is_word(value, "false") for value in test.values)
    fold = test.operator == "stringequalsignorecase"
    met = some(_is_met(value, given, is_wild=test.is_wild, fold=fold) for value in test.values)
    return negate(met) if test.is_negated else met


def _is_met(value: Value, given: str, *, is_wild: bool, fold: bool) -> Truth:
    if isinstance(value, str) and not is_wild:
        return value.lower() == given.lower() if fold else value == given
    return matches(value, given, fold=fold)
