"""What a principal may do, all its policies together: explicit Deny, boundary, conditions. Knows no cells, no rules.

Three-valued. ``True``: there is a request that the principal can send and that is allowed; ``False``: there is none;
else Unknown, with the reason. Source: IAM User Guide, "Policy evaluation logic", "Permissions boundaries".
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cached_property
from itertools import product
from math import prod
from typing import Final, TypeAlias

import msgspec

from wa_lint.model import Unknown, Value
from wa_lint.policy.admission import Test, is_word, tests_of
from wa_lint.policy.document import Statement, takes_action, takes_resource
from wa_lint.policy.wildcards import matches
from wa_lint.truth import Truth, every, negate, some

Context: TypeAlias = Mapping[str, str | None]
"""What is known of the request at hand: values of condition keys (lower case); None: it lacks the key."""


class Principal(msgspec.Struct, frozen=True, dict=True):
    """One role, user or group: its statements, and those of its permissions boundary."""

    statements: tuple[Statement, ...]
    boundary: tuple[Statement, ...] | Unknown | None = None
    """None: it has no boundary. Unknown: it has one, whose statements are not known."""
    choices: tuple[Context, ...] = ({},)
    """The requests that it can choose between, as far as its statements tell them apart: with TLS or without …"""

    def may(self, action: str, shape: str, context: Context | None = None) -> Truth:
        """Whether it may do `action` on every resource of `shape` (an ARN, ``%`` for what varies), few named apart."""
        return some(self.may_by(s, action, shape, context) for s in self.statements)

    def may_by(self, statement: Statement, action: str, shape: str, context: Context | None = None) -> Truth:
        """As `may`, by one of its statements: the statement allows it, and nothing takes it away."""
        if fits(statement, statement.is_allow, action, shape) is False:
            return False
        return some(self._may_in(statement, action, shape, {**choice, **(context or {})}) for choice in self.choices)

    def is_barred(self, action: str, shape: str, context: Context | None = None) -> Truth:
        """Whether a Deny or the boundary takes away whatever is granted of it."""
        if context:
            return self._bars(action, shape, context)
        return self.once(("barred", action, shape), lambda: self._bars(action, shape, None))

    def once(self, question: tuple[str, ...], answer: Callable[[], Truth]) -> Truth:
        """Return the answer to a question about all its statements, which each of them asks, worked out once."""
        known = self._known
        if question not in known:
            known[question] = answer()
        return known[question]

    @cached_property
    def _known(self) -> dict[tuple[str, ...], Truth]:
        return {}

    def _bars(self, action: str, shape: str, context: Context | None) -> Truth:
        denied = some(denies(s, action, shape, context) for s in self.statements)
        return denied if denied is True else some((denied, negate(self._is_within(action, shape, context))))

    def _may_in(self, statement: Statement, action: str, shape: str, context: Context) -> Truth:
        granted = grants(statement, action, shape, context)
        return granted if granted is False else every((granted, negate(self.is_barred(action, shape, context))))

    def _is_within(self, action: str, shape: str, context: Context | None) -> Truth:
        if self.boundary is None or isinstance(self.boundary, Unknown):
            return True if self.boundary is None else self.boundary
        granted = some(grants(s, action, shape, context) for s in self.boundary)
        return every((granted, *(negate(denies(s, action, shape, context)) for s in self.boundary)))


def principal_of(statements: Iterable[Statement], boundary: tuple[Statement, ...] | Unknown | None = None) -> Principal:
    """Return the principal that has these statements and no others."""
    own = tuple(statements)
    limits = boundary if isinstance(boundary, tuple) else ()
    return Principal(own, boundary, _choices((*own, *limits)))


def grants(statement: Statement, action: str, shape: str, context: Context | None = None) -> Truth:
    """Whether a statement allows `action` on every resource of `shape`, taken for itself."""
    about = fits(statement, statement.is_allow, action, shape)
    return about if about is False else every((about, _can_be_met(statement.condition, context or {})))


def denies(statement: Statement, action: str, shape: str, context: Context | None = None) -> Truth:
    """Whether a statement refuses `action` on every resource of `shape`, whatever the request."""
    about = fits(statement, statement.is_deny, action, shape)
    return about if about is False else every((about, _cannot_be_avoided(statement.condition, context or {})))


def fits(statement: Statement, has_effect: Truth, action: str, shape: str) -> Truth:
    """Whether a statement with that effect is about `action` on every resource of `shape`; asks no condition."""
    if has_effect is False:
        return False
    about = takes_action(statement, action)
    return about if about is False else every((has_effect, about, takes_resource(statement, shape)))


# --- conditions -------------------------------------------------------------------------------------

_CHOSEN: Final = frozenset(
    {"aws:multifactorauthpresent", "aws:referer", "aws:requestedregion", "aws:securetransport", "aws:useragent"}
)
"""Keys whose value the caller picks: he can call with TLS or without, with MFA, from any client, in any region."""

_UNSURE: Final = frozenset({"aws:multifactorauthpresent"})
"""Those of them that not every caller can pick: a role that a service runs with has no MFA. What an Allow rests on
them for stays unknown; a Deny can be avoided by those who can."""

_SENT: Final = frozenset({"aws:principalaccount", "aws:principalarn", "aws:principaltype", "aws:userid"})
"""Keys that every request of a principal carries, so that any value, or their presence, narrows nothing (IAM User
Guide, "Global condition context keys")."""

_MOST_CHOICES: Final = 64


def _choices(statements: Iterable[Statement]) -> tuple[Context, ...]:
    """Return a request for each way to meet or to miss the tests on what the caller chooses."""
    values: dict[str, dict[str | None, None]] = {}
    for statement in statements:
        for test in tests_of(statement.condition):
            if test.key in _CHOSEN and test.unseen is None:
                values.setdefault(test.key, {}).update(dict.fromkeys(_examples(test)))
    if not values or prod(map(len, values.values())) > _MOST_CHOICES:
        return ({},)
    return tuple(dict(zip(values, chosen, strict=True)) for chosen in product(*values.values()))


def _examples(test: Test) -> Iterator[str | None]:
    """Yield values of which some meet the test and some do not."""
    if test.operator in {"bool", "null"}:
        yield from ("true", "false")
    else:
        yield from (value.replace("*", "any").replace("?", "a") for value in test.values if isinstance(value, str))
        yield "another"
    if test.key not in {"aws:securetransport", "aws:requestedregion"}:
        yield None


def _can_be_met(condition: Value, context: Context) -> Truth:
    """Whether the principal can send a request under which an Allow holds."""
    return every(_can_meet(test, context) for test in tests_of(condition))


def _can_meet(test: Test, context: Context) -> Truth:
    if test.unseen:
        return test.unseen
    if test.key in context:
        met = _holds(test, context[test.key])
        return _under(test, "it holds") if met is True and test.key in _UNSURE else met
    if test.is_wild and not test.is_negated and (test.if_exists or test.key in _SENT) and "*" in test.values:
        return True
    if test.operator == "null" and test.key in _SENT:
        return every(is_word(value, "false") for value in test.values)
    if test.key == "iam:permissionsboundary" and test.names_values and not test.if_exists:
        return False  # whom it creates has that boundary: it cannot grant itself more
    return _under(test, "it holds")


def _cannot_be_avoided(condition: Value, context: Context) -> Truth:
    """Whether a Deny holds whatever the principal sends."""
    return every(_cannot_avoid(test, context) for test in tests_of(condition))


def _cannot_avoid(test: Test, context: Context) -> Truth:
    if test.unseen:
        return test.unseen
    if test.key in context:
        return _holds(test, context[test.key])
    return False if test.key in _CHOSEN else _under(test, "a Deny holds")


def _under(test: Test, what: str) -> Unknown:
    return Unknown(f"{what} under a Condition on {test.spelling}")


def _holds(test: Test, given: str | None) -> Truth:
    """Whether a test holds for a request in which the key has the value `given`."""
    if test.operator == "null":
        return every(is_word(value, "true" if given is None else "false") for value in test.values)
    if given is None:
        return test.if_exists
    met = some(_is_met(value, given, test) for value in test.values)
    return negate(met) if test.is_negated else met


def _is_met(value: Value, given: str, test: Test) -> Truth:
    if test.operator == "bool":
        return is_word(value, given)
    fold = test.operator == "stringequalsignorecase"
    if isinstance(value, str) and not test.is_wild:
        return value.lower() == given.lower() if fold else value == given
    return matches(value, given, fold=fold) if test.names_values or test.is_negated else _under(test, "it holds")
