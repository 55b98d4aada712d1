"""Whom the trust policy of a role, or another resource policy, lets in: principals with their conditions."""

from __future__ import annotations

from typing import Final

from wa_lint.model import ABSENT, Hole, Unknown, Unresolved, Value
from wa_lint.policy.admission import CALLERS, FEDERATED, Keys, admits_everyone, spares_only_some, tests_of
from wa_lint.policy.document import listed, matches_action
from wa_lint.policy.wildcards import parts_of, reason_of, unseen
from wa_lint.truth import Truth, equals, every, some

_BY_SUBJECT: Final = (
    "token.actions.githubusercontent.com",
    "gitlab.com",
    "app.terraform.io",
    "agent.buildkite.com",
    "oidc.vercel.com",
)
"""Identity providers that everyone can get a token of: only the subject says whose it is."""

_BY_AUDIENCE: Final = (
    "accounts.google.com",
    "graph.facebook.com",
    "www.amazon.com",
    "cognito-identity.amazonaws.com",
)
"""Identity providers that everyone can get a token of: the audience says for which application, or identity pool."""

WEB_IDENTITY: Final = "sts:AssumeRoleWithWebIdentity"
_HANDING_OUT: Final = ("sts:AssumeRole", "sts:AssumeRoleWithSAML", WEB_IDENTITY)

_AUDIENCES: Final = ("aud", "app_id", "azp", "oaud")


def lets_in_everyone(statement: Value, keys: Keys = CALLERS) -> Truth:
    """Whether an Allow lets anyone in: Principal ``*`` or NotPrincipal, under no condition that narrows."""
    return every((has_effect(statement, "Allow"), names_everyone(statement), _is_met_by_anyone(statement, keys)))


def lets_in_strangers(statement: Value) -> Truth:
    """As `lets_in_everyone`, or a web identity of a provider that everyone can use, of any user or application."""
    federated = some(_lets_in_users(statement, provider) for provider in principals(statement, "Federated"))
    strangers = some((lets_in_everyone(statement), every((has_effect(statement, "Allow"), federated))))
    return strangers if strangers is False else every((strangers, _hands_out(statement)))


def _hands_out(statement: Value) -> Truth:
    """Whether a statement hands out the role: who may only tag a session, or name its source, gets none."""
    patterns = member(statement, "Action")
    if patterns is ABSENT or isinstance(patterns, Unknown):
        return True if patterns is ABSENT else patterns
    return some(matches_action(pattern, action) for pattern in listed(patterns) for action in _HANDING_OUT)


def shuts_out_strangers(statement: Value, keys: Keys = CALLERS) -> Truth:
    """Whether a Deny refuses everyone but callers with fixed values, so that an Allow for everyone means those."""
    condition = member(statement, "Condition")
    return every((has_effect(statement, "Deny"), names_everyone(statement), spares_only_some(condition, keys)))


def names_everyone(statement: Value) -> Truth:
    """Whether Principal is ``*``, or NotPrincipal leaves everyone in but some."""
    if member(statement, "NotPrincipal") is not ABSENT:
        return has_effect(statement, "Allow")
    return some(is_star(principal) for principal in principals(statement, "AWS"))


def principals(statement: Value, kind: str) -> tuple[Value, ...]:
    """Return the principals of `kind` (AWS, Service, Federated) that the statement names."""
    principal = member(statement, "Principal")
    if isinstance(principal, dict):
        return listed(principal.get(kind, ABSENT))
    if principal == "*":
        return ("*",) if kind == "AWS" else ()
    return () if principal is ABSENT else (unseen(principal),)


def is_star(principal: Value) -> Truth:
    """A Ref or GetAtt of a resource, or an account's id, is never ``*``."""
    if isinstance(principal, Unresolved) and any(isinstance(part, str) or part.target for part in principal.parts):
        return False
    return equals(principal, "*")


def has_effect(statement: Value, effect: str) -> Truth:
    """Whether `statement` says ``Allow`` or ``Deny``, as `effect` asks."""
    return equals(member(statement, "Effect"), effect)


def member(statement: Value, name: str) -> Value:
    """Return an element of a statement; why not, where the statement is not known."""
    return statement.get(name, ABSENT) if isinstance(statement, dict) else unseen(statement)


def _is_met_by_anyone(statement: Value, keys: Keys) -> Truth:
    return admits_everyone(member(statement, "Condition"), keys)


def _lets_in_users(statement: Value, provider: Value) -> Truth:
    parts = parts_of(provider)
    if not parts:
        return unseen(provider)
    name = "".join(part if isinstance(part, str) else "\0" for part in parts).rpartition("oidc-provider/")[2]
    if not name.strip("\0"):
        name = _provider_of(statement) or name
    if name in _BY_SUBJECT:
        return _is_met_by_anyone(statement, FEDERATED)
    if name in _BY_AUDIENCE:
        audiences = {f"{name}:{claim}": FEDERATED[":repository"] for claim in _AUDIENCES}
        return _is_met_by_anyone(statement, {**FEDERATED, **audiences})
    match parts:
        case (Hole(target=None),):
            return Unknown(reason_of(provider))
        case (Hole(),) if not name.strip("\0"):
            return _may_be_any(statement)
    return False


def _provider_of(statement: Value) -> str:
    """Return the provider that everyone can use and whose claims the Condition asks for: its keys begin with it."""
    named = {test.key.rpartition(":")[0] for test in tests_of(member(statement, "Condition"))}
    return next((provider for provider in (*_BY_SUBJECT, *_BY_AUDIENCE) if provider in named), "")


def _may_be_any(statement: Value) -> Truth:
    """Unknown where a provider of the template hands out the role to web identities, and no key says which it is."""
    keys = [test.key for test in tests_of(member(statement, "Condition"))]
    if any(":" in key and not key.startswith(("aws:", "sts:")) for key in keys):
        return False
    is_web = some(matches_action(one, WEB_IDENTITY) for one in listed(member(statement, "Action")))
    return Unknown("which identity provider it is, is not known") if is_web is True else is_web
