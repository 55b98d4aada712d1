"""Whether the policy of a resource lets in everyone: any statement of any service's policy. It knows no resources."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from wa_lint.model import ABSENT, Hole, Unknown, Value
from wa_lint.policy.admission import CALLERS, Keys, is_word, tests_of
from wa_lint.policy.document import listed
from wa_lint.policy.trust import has_effect, lets_in_everyone, member, names_everyone, shuts_out_strangers
from wa_lint.policy.wildcards import matches, parts_of
from wa_lint.truth import Truth, every, negate, some

_FLAGS: Final = frozenset({"elasticfilesystem:accessedviamounttarget"})
"""Keys that keep strangers out where they must be true: who uses a mount target is in the VPC (EFS User Guide, "The
meaning of public")."""


def opens_to_strangers(statement: Value, beside: Iterable[Value]) -> Truth:
    """Whether a statement lets in everyone, and no Deny `beside` it refuses strangers the same."""
    opened = lets_in_everyone(statement)
    if opened is False:
        return False
    return every(
        (opened, negate(_is_flagged(statement)), *(negate(takes_back(denial, statement)) for denial in beside))
    )


def _is_flagged(statement: Value) -> Truth:
    tests = tests_of(member(statement, "Condition"))
    return some(
        every(is_word(value, "true") for value in test.values)
        for test in tests
        if test.operator == "bool" and test.key in _FLAGS and not test.if_exists
    )


def takes_back(denial: Value, allowed: Value, keys: Keys = CALLERS) -> Truth:
    """Whether a Deny refuses strangers all that an Allow grants."""
    if not isinstance(denial, dict) or not isinstance(allowed, dict):
        return False  # what cannot be seen is taken to grant, not to deny
    refuses = shuts_out_strangers(denial, keys)
    if member(denial, "Condition") is ABSENT:
        refuses = every((has_effect(denial, "Deny"), names_everyone(denial)))
    if refuses is False:
        return False
    return every(
        (refuses, _holds(denial, allowed, "Action", fold=True), _holds(denial, allowed, "Resource", fold=False))
    )


def _holds(outer: Value, inner: Value, name: str, *, fold: bool) -> Truth:
    """Whether each pattern of one statement is within a pattern of another. NotAction is not compared."""
    wanted = listed(member(inner, name))
    known = listed(member(outer, name))
    if name == "Resource" and not known and not isinstance(outer, Unknown):
        return True  # the policy of one resource, which needs no name: of a repository, a secret
    if not wanted or not known:
        return False
    return every(some(_is_within(one, pattern, fold=fold) for pattern in known) for one in wanted)


def _is_within(inner: Value, outer: Value, *, fold: bool) -> Truth:
    """Whether a pattern is within another. Where both have the same holes, nothing that fills them changes it."""
    found = matches(outer, inner, fold=fold)
    holes = [{part for part in parts_of(value) if isinstance(part, Hole)} for value in (outer, inner)]
    is_said = parts_of(outer) and parts_of(inner)
    return False if isinstance(found, Unknown) and is_said and holes[0] <= holes[1] else found
