"""Which branches of which repositories a trust policy lets in, by the subject that GitHub or GitLab put in a token."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from wa_lint.model import ABSENT, Hole, Unknown, Unresolved, Value
from wa_lint.policy.document import listed, matches_action
from wa_lint.policy.trust import WEB_IDENTITY, has_effect, member, principals
from wa_lint.policy.wildcards import parts_of
from wa_lint.truth import Truth, every, some

_PIPELINES: Final = re.compile(r"(?i)token\.actions\.githubusercontent\.com|gitlab")
"""In the name of an identity provider: GitHub's, GitLab's, and GitLab servers that say so in their host name."""

_LIKE: Final = re.compile(r"(?i)(?:for(?:any|all)values:)?stringlike(?:ifexists)?")
_EQUALS: Final = re.compile(r"(?i)(?:for(?:any|all)values:)?stringequals(?:ignorecase)?(?:ifexists)?")

_BRANCH: Final = re.compile(
    r"(?i)[^*?]*:ref:refs/(?:heads|tags)/[^*?]|[^*?]*:environment:[^*?]|[^*?]*:ref_type:(?:branch|tag):ref:[^*?]"
)
"""Begins a subject that names a branch, a tag or an environment. Sources: GitHub Docs, "OpenID Connect reference";
GitLab Docs, "OpenID Connect (OIDC) Authentication Using ID Tokens" (read 2026-12)."""


def trusts_pipelines(statement: Value) -> Truth:
    """Whether a statement of a trust policy lets in tokens of GitHub Actions or of GitLab.

    Where a provider is a parameter or a resource, the condition says whose it is, for its keys begin with the
    provider's name.
    """
    keys = [key for _, key, _ in _conditions(statement)]
    is_web = some(matches_action(one, WEB_IDENTITY) for one in listed(member(statement, "Action")))
    federated = some(_is_pipeline(provider, keys) for provider in principals(statement, "Federated"))
    return every((has_effect(statement, "Allow"), is_web, federated))


def _is_pipeline(provider: Value, keys: Sequence[str]) -> Truth:
    text = _spelled(provider)
    if isinstance(text, str) and text.strip(_HOLE):
        return _PIPELINES.search(text) is not None
    if any(":" in key and not key.lower().startswith("aws:") for key in keys):
        return any(_PIPELINES.search(key) for key in keys)
    return Unknown("which identity provider it is, is not known") if isinstance(text, str) else text


def names_branch(statement: Value) -> Truth:
    """Whether every subject that it lets in names a branch, a tag or an environment; false without a subject."""
    found = list(_subjects(statement))
    return every((bool(found), *(_is_narrow(subject, is_pattern=like) for subject, like in found)))


def _subjects(statement: Value) -> Iterator[tuple[Value, bool]]:
    """Yield each subject that a condition asks for, and whether it may have wildcards."""
    condition = member(statement, "Condition")
    if isinstance(condition, Unknown):
        yield condition, True
    for operator, key, values in _conditions(statement):
        is_like = _LIKE.fullmatch(operator) is not None
        if key.lower().endswith(":sub") and (is_like or _EQUALS.fullmatch(operator)):
            yield from ((value, is_like) for value in listed(values))


def _conditions(statement: Value) -> Iterator[tuple[str, str, Value]]:
    condition = member(statement, "Condition")
    for operator, keys in condition.items() if isinstance(condition, dict) else ():
        for key, values in keys.items() if isinstance(keys, dict) else ():
            yield operator, key, values


def _is_narrow(subject: Value, *, is_pattern: bool) -> Truth:
    text = _spelled(subject)
    if not isinstance(text, str):
        return text
    if not is_pattern and ("*" in text or "?" in text):
        return True  # it is no wildcard there, and so no token has such a subject
    if _BRANCH.match(text):
        return True
    is_open = isinstance(subject, Unresolved) and text.rstrip("*").endswith(_HOLE)
    return Unknown(subject.reason) if is_open and isinstance(subject, Unresolved) else False


def _spelled(value: Value) -> str | Unknown:
    """Return a text with a NUL for each hole."""
    parts = parts_of(value)
    if not parts or value is ABSENT:
        return value if isinstance(value, Unknown) else Unknown("not a text")
    if len(parts) == 1 and isinstance(parts[0], Hole) and parts[0].target is None:
        return Unknown(value.reason if isinstance(value, Unresolved) else "it is not known")
    return "".join(_HOLE if isinstance(part, Hole) else part for part in parts)


_HOLE: Final = "\0"
