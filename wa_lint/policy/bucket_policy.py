"""What a bucket policy does for one bucket: whether S3 calls it public, and whether it refuses plain HTTP.

Source: S3 User Guide, "The meaning of public"; Security Hub S3.5.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Final

from wa_lint.model import Hole, Unresolved, Value
from wa_lint.policy.admission import S3_CALLERS, Test, tests_of
from wa_lint.policy.document import covers, matches_action, read
from wa_lint.policy.openness import takes_back
from wa_lint.policy.trust import has_effect, lets_in_everyone, member, principals
from wa_lint.policy.wildcards import parts_of, unseen
from wa_lint.truth import Truth, equals, every, negate, some

_ANY_ACTION: Final = "s3:\ue000AnyAction"
"""An action that no policy names: what covers it covers them all."""


def opens_to_everyone(statement: Value, beside: Iterable[Value]) -> Truth:
    """Whether S3 calls a statement public, and no Deny `beside` it refuses strangers the same.

    A web identity counts as public whatever its conditions say of it, unless they fix a value of S3's list.
    """
    opened = some((lets_in_everyone(statement, S3_CALLERS), _lets_in_web_identities(statement)))
    if opened is False:
        return False
    return every((opened, *(negate(takes_back(denial, statement, S3_CALLERS)) for denial in beside)))


def _lets_in_web_identities(statement: Value) -> Truth:
    federated = principals(statement, "Federated")
    named = some(_is_web_identity(principal) for principal in federated)
    if named is False or not federated:
        return False
    everyone: Value = {
        "Effect": member(statement, "Effect"),
        "Principal": "*",
        "Condition": member(statement, "Condition"),
    }
    return every((named, lets_in_everyone(everyone, S3_CALLERS)))


def _is_web_identity(principal: Value) -> Truth:
    """Whether it is a provider by its name; the ARN of a provider is of one account."""
    parts = parts_of(principal)
    if not parts:
        return unseen(principal)
    match parts:
        case (Hole(target=None),):
            return unseen(principal)
        case (Hole(),):
            return False
        case (str(head), *_):
            return not head.startswith("arn:")
    return False


# --- plain HTTP -------------------------------------------------------------------------------------


def refuses_plain_http(statements: Sequence[Value], own_names: Sequence[Value]) -> Truth:
    """Whether statements together refuse anyone every request without TLS for the bucket and for its objects.

    `own_names`: what the bucket is called in its policy: its name, or references to it.
    """
    parts = ("", "/%")
    return every(some(_refuses(statement, own_names, part) for statement in statements) for part in parts)


def _refuses(statement: Value, own_names: Sequence[Value], part: str) -> Truth:
    refuses = every(
        (
            has_effect(statement, "Deny"),
            some(_is_anyone(principal) for principal in principals(statement, "AWS")),
            _only_when_insecure(member(statement, "Condition")),
        )
    )
    if refuses is False:
        return False
    known = read(statement)
    actions, resources = known.actions, known.resources
    takes_actions = (
        negate(some(_is_of_s3(pattern) for pattern in actions.patterns))
        if actions.excludes
        else some(matches_action(pattern, _ANY_ACTION) for pattern in actions.patterns)
    )
    takes_resources = (
        negate(some(_touches_bucket(pattern, own_names) for pattern in resources.patterns))
        if resources.excludes
        else some(_covers_bucket(pattern, own_names, part) for pattern in resources.patterns)
    )
    return every((refuses, takes_actions, takes_resources))


def _is_of_s3(pattern: Value) -> Truth:
    """Whether an action pattern names some action of S3, which NotAction then lets through."""
    if isinstance(pattern, str):
        return pattern == "*" or pattern.lower().startswith("s3:")
    return unseen(pattern)


def _touches_bucket(pattern: Value, own_names: Sequence[Value]) -> Truth:
    """Whether a resource pattern may stand for the bucket or some of its objects, which NotResource then spares."""
    parts = parts_of(pattern)
    if not parts:
        return unseen(pattern)
    if len(parts) > 1 or not isinstance(parts[0], str):
        is_own = any(_MARK in str(_with_mark(parts, parts_of(name))) for name in own_names)
        return True if is_own else unseen(pattern)
    bucket = parts[0].rpartition(":::")[2].partition("/")[0]
    if "*" in bucket or "?" in bucket:
        return True
    return bucket in own_names


def _is_anyone(principal: Value) -> Truth:
    return False if isinstance(principal, Unresolved) and len(principal.parts) > 1 else equals(principal, "*")


def _covers_bucket(pattern: Value, own_names: Sequence[Value], part: str) -> Truth:
    """Whether a pattern covers the bucket's own ARN, or with `part` ``/%`` all its objects."""
    parts = parts_of(pattern)
    if not parts:
        return unseen(pattern)
    for name in own_names:
        shortened = _with_mark(parts, parts_of(name))
        if covers(shortened, f"arn:%:s3:::{_MARK}{part}") is True:
            return True
        if isinstance(name, str) and covers(pattern, f"arn:%:s3:::{name}{part}") is True:
            return True
    holes = [piece for piece in parts if isinstance(piece, Hole) and piece.target is None]
    is_open = any(not hole.name.startswith("AWS::") for hole in holes)
    if is_open and not any(isinstance(name, str) and name in str(parts) for name in own_names):
        return unseen(pattern)
    return False


_MARK: Final = "this-bucket"


def _with_mark(parts: Sequence[str | Hole], name: Sequence[str | Hole]) -> Value:
    """Return a pattern in which the bucket's own name, or its ARN, is `_MARK`."""
    texts: list[str | Hole] = []
    wanted = {(piece.target or piece.name) for piece in name if isinstance(piece, Hole)} if len(name) == 1 else set()
    for piece in parts:
        if isinstance(piece, Hole) and (piece.target or piece.name) in wanted:
            texts.append(f"arn:aws:s3:::{_MARK}" if piece.attribute == "Arn" else _MARK)
        elif isinstance(piece, str) and len(name) == 1 and isinstance(name[0], str):
            texts.append(_replaced(piece, name[0]))
        else:
            texts.append(piece)
    if len(name) > 1:
        texts = _without_run(texts, name)
    if all(isinstance(piece, str) for piece in texts):
        return "".join(piece for piece in texts if isinstance(piece, str))
    return Unresolved("the pattern is not known in full", tuple(texts))


def _replaced(text: str, name: str) -> str:
    head, separator, rest = text.rpartition(":::")
    bucket, slash, key = rest.partition("/")
    return head + separator + (_MARK if bucket == name else bucket) + slash + key


def _without_run(parts: Sequence[str | Hole], name: Sequence[str | Hole]) -> list[str | Hole]:
    """Return `parts` with the run of pieces that spell the name in place of `_MARK`."""
    spelled = "".join(_sign(piece) for piece in name)
    text = "".join(_sign(piece) for piece in parts)
    return [_SIGN.sub("\0", text.replace(spelled, _MARK, 1))] if spelled in text else list(parts)


_SIGN: Final = re.compile("\0[^\0]*\0")


def _sign(piece: str | Hole) -> str:
    return piece if isinstance(piece, str) else f"\0{piece.target or piece.name}\0"


def _only_when_insecure(condition: Value) -> Truth:
    """Whether Condition is Bool aws:SecureTransport false and nothing more, which would let some requests through."""
    return every(_is_insecure(test) for test in tests_of(condition))


def _is_insecure(test: Test) -> Truth:
    if test.unseen:
        return test.unseen
    if test.operator not in {"bool", "stringequals", "stringlike"} or test.key != "aws:securetransport":
        return False
    if test.is_negated:  # all but "true"
        return every(equals(_lower(value), "true") for value in test.values)
    return some(equals(_lower(value), "false") for value in test.values)


def _lower(value: Value) -> Value:
    if isinstance(value, bool):
        return str(value).lower()
    return value.lower() if isinstance(value, str) else value
