"""How IAM's wildcards match, and what they cover, in texts that may be only partly known. Knows no statements."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from enum import Enum
from functools import lru_cache
from typing import Final, TypeAlias

from wa_lint.budget import tick
from wa_lint.model import Hole, Partial, Unknown, Unresolved, Value
from wa_lint.truth import Truth

UNTYPED: Final = frozenset({"s3", "execute-api", "sqs", "sns", "codecommit", "s3express"})
"""Services whose ARNs name no type: ``bucket/*`` is one bucket."""

_WHOLE: Final = re.compile(r"[*?/:]*\*[*?/:]*")
_WHOLE_TYPE: Final = re.compile(r"/?[\w-]+[/:]\*+(?:[/:](?:[\w-]+[/:])?\*+)*")
_VARIABLE: Final = re.compile(r"\$\{([^}]*)\}")
_ARN: Final = re.compile(r"(arn:)([\w-]*)(:?)")
_FIELDS: Final = 5
"""Colons before the last field of an ARN, which names the resource."""
_PARTITION: Final = Hole("AWS::Partition")
_TOO_LONG: Final = 1_000_000
"""Steps of matching past which no answer is looked for; an ARN has 2,048 characters at most."""


_SHORT: Final = 500
"""Characters of a pattern whose answers are remembered."""


class _Wild(Enum):
    """What stands for other characters in a pattern."""

    ANY = "*"
    ONE = "?"


_Token: TypeAlias = str | _Wild | Hole


def matches(pattern: Value, text: Value, *, fold: bool = False) -> Truth:
    """Whether `pattern` with its ``*`` and ``?`` matches `text`; with `fold`, in whatever case.

    True where it does however the holes are filled, False where it never does. Source: IAM User Guide, "Resource".
    """
    if isinstance(pattern, str) and isinstance(text, str) and len(pattern) <= _SHORT:
        return _matches_text(pattern, text, fold=fold)
    return _matches(pattern, text, fold=fold)


@lru_cache(maxsize=20_000)
def _matches_text(pattern: str, text: str, *, fold: bool) -> Truth:
    """As `matches`; the rules ask the same of the same policies."""
    return _matches(pattern, text, fold=fold)


def _matches(pattern: Value, text: Value, *, fold: bool) -> Truth:
    tick()
    wanted, given = parts_of(pattern), parts_of(text)
    if not wanted or not given:
        return unseen(text if wanted else pattern)
    wild = _tokens(wanted, wild=True, fold=fold)
    plain = _tokens(given, wild=False, fold=fold)
    if len(wild) * len(plain) > _TOO_LONG:
        return Unknown("a pattern of this length is not matched")
    if _surely(wild, plain):
        return True
    if not _holds_hole(wild) and not _holds_hole(plain):
        return False
    doubtful = pattern if isinstance(pattern, Unresolved) else text
    return Unknown(reason_of(doubtful)) if _perhaps(wild, plain) else False


def covers(resource: Value) -> Truth:
    """Whether a resource pattern takes in everything, a whole service, or every resource of a type."""
    parts = parts_of(resource)
    if not parts:
        return unseen(resource)
    if len(parts) == 1 and isinstance(parts[0], Hole):
        return False if _is_one_name(parts[0]) else Unknown(reason_of(resource))
    text = "".join(part if isinstance(part, str) else "\0" for part in parts)
    if not text.strip("*"):
        return True
    fields = text.split(":", _FIELDS)
    if fields[0] not in ("arn", "*"):
        return False
    if len(fields) <= _FIELDS:
        return len(fields) > 1 and fields[-1] == "*"
    whole_type = fields[2] not in UNTYPED and _WHOLE_TYPE.fullmatch(fields[-1])
    return bool(whole_type or _WHOLE.fullmatch(fields[-1]))


def covers_text(pattern: str, text: str) -> bool:
    """Whether `pattern` matches whatever `text` matches. Steps: the product of the lengths at most."""
    at, into, star, resume = 0, 0, -1, 0
    while into < len(text):
        wanted = pattern[at] if at < len(pattern) else ""
        if wanted == "*":
            star, resume, at = at, into, at + 1
        elif wanted and (wanted == text[into] or (wanted == "?" and text[into] != "*")):
            at, into = at + 1, into + 1
        elif star >= 0:
            resume += 1
            at, into = star + 1, resume
        else:
            return False
    return not pattern[at:].strip("*")


def parts_of(value: Value) -> tuple[str | Hole, ...]:
    """Return the literals and holes of a text; empty where nothing of it is known, or it is not a string."""
    if isinstance(value, str):
        return (value,)
    return value.parts if isinstance(value, Unresolved) else ()


def unseen(value: Value) -> Unknown:
    """Return why nothing can be said of `value`."""
    return value if isinstance(value, Unknown) else Unknown(reason_of(value))


def reason_of(value: Value) -> str:
    """Say why `value` is not known in full."""
    if isinstance(value, Unknown | Unresolved | Partial):
        return value.reason
    return "not what an IAM policy can hold here"


def _is_one_name(hole: Hole) -> bool:
    """Whether the hole is a resource's own name or ARN, or a pseudo parameter: never ``*``."""
    return hole.target is not None or hole.name.startswith("AWS::")


# --- tokens -----------------------------------------------------------------------------------------


def _tokens(parts: tuple[str | Hole, ...], *, wild: bool, fold: bool) -> tuple[_Token, ...]:
    is_short = len(parts) == 1 and isinstance(parts[0], str) and len(parts[0]) <= _SHORT
    return (_known_tokens if is_short else _new_tokens)(parts, wild=wild, fold=fold)


@lru_cache(maxsize=20_000)
def _known_tokens(parts: tuple[str | Hole, ...], *, wild: bool, fold: bool) -> tuple[_Token, ...]:
    """As `_new_tokens`: each text of a policy is compared with each of the others."""
    return _new_tokens(parts, wild=wild, fold=fold)


def _new_tokens(parts: Sequence[str | Hole], *, wild: bool, fold: bool) -> tuple[_Token, ...]:
    tokens: list[_Token] = []
    for part in _with_one_partition(parts):
        if isinstance(part, Hole):
            tokens.append(part)
        else:
            tokens.extend(_characters(part.lower() if fold else part, wild=wild))
    return tuple(tokens)


def _with_one_partition(parts: Sequence[str | Hole]) -> Iterable[str | Hole]:
    """Yield `parts` with the partition of an ARN as one hole, however it was written."""
    head, *rest = parts
    if not isinstance(head, str) or not (arn := _ARN.match(head)):
        return parts
    if arn[3] and arn[2]:
        return ("arn:", _PARTITION, head[arn.end(2) :], *rest)
    if head == "arn:" and len(rest) > 1 and isinstance(rest[0], Hole):
        return ("arn:", _PARTITION, *rest[1:])
    return parts


def _characters(text: str, *, wild: bool) -> Iterator[_Token]:
    """Yield the characters of a literal; in a pattern ``*`` and ``?`` are wild, and ``${aws:username}`` is a hole."""
    if not wild:
        yield from text
        return
    for index, piece in enumerate(_VARIABLE.split(text)):
        if index % 2 == 0:
            yield from (_Wild(c) if c in "*?" else c for c in piece)
        elif piece in ("*", "?", "$"):
            yield piece
        else:
            yield Hole(f"${{{piece}}}")


def _holds_hole(tokens: Iterable[_Token]) -> bool:
    return Hole in map(type, tokens)


# --- matching ---------------------------------------------------------------------------------------


def _surely(pattern: Sequence[_Token], text: Sequence[_Token]) -> bool:
    """Whether `pattern` matches whatever fills the holes; equal holes are filled alike. Linear but for ``*``."""
    at, into, star, resume = 0, 0, -1, 0
    size, whole = len(pattern), len(text)
    while into < whole:
        wanted = pattern[at] if at < size else None
        if wanted is _Wild.ANY:
            star, resume = at, into
            at += 1
            if at == size:
                return True
        elif wanted is not None and (wanted == text[into] or _is_same(wanted, text[into])):
            at, into = at + 1, into + 1
        elif star >= 0:
            resume = _next(pattern[star + 1], text, resume + 1)
            at, into = star + 1, resume
        else:
            return False
    return all(token is _Wild.ANY for token in pattern[at:])


def _next(wanted: _Token, text: Sequence[_Token], start: int) -> int:
    """Return where to try again behind a ``*``: where the literal behind it is next, or the end."""
    if not isinstance(wanted, str):
        return start
    try:
        return text.index(wanted, start)
    except ValueError:
        return len(text)


def _is_same(wanted: _Token, given: _Token) -> bool:
    if isinstance(wanted, str):
        return wanted == given
    if isinstance(wanted, Hole) and isinstance(given, Hole):
        return (wanted.target or wanted.name, wanted.attribute) == (given.target or given.name, given.attribute)
    return isinstance(given, str) if wanted is _Wild.ONE else wanted == given


def _perhaps(pattern: Sequence[_Token], text: Sequence[_Token]) -> bool:
    """Whether the holes could be filled so that `pattern` matches `text`. Each hole is taken for itself."""
    reached = _past_runs(pattern, 0)
    for token, holds_colon in _with_colons(text):
        if isinstance(token, str):
            reached = _past_text(pattern, reached, token)
        else:
            reached = _past_hole(pattern, reached, holds_colon=holds_colon)
        if not reached:
            return False
    return len(pattern) in reached


def _with_colons(text: Sequence[_Token]) -> Iterator[tuple[_Token, bool]]:
    """Yield each token, and whether a hole there may hold a colon: in an ARN only one that is all of its last field."""
    is_arn = text[:4] == ("a", "r", "n", ":")
    colons, before = 0, ""
    for token in text:
        yield token, not is_arn or (colons == _FIELDS and before == ":")
        before = token if isinstance(token, str) else ""
        colons += before == ":"


def _past_runs(pattern: Sequence[_Token], at: int) -> set[int]:
    """Return `at` and every position behind it that is reached by matching nothing."""
    reached = {at}
    while at < len(pattern) and _is_run(pattern[at]):
        at += 1
        reached.add(at)
    return reached


def _is_run(token: _Token) -> bool:
    return token is _Wild.ANY or isinstance(token, Hole)


def _past_text(pattern: Sequence[_Token], reached: set[int], character: str) -> set[int]:
    """Return where in `pattern` one can be after a known character, from any position in `reached`."""
    after: set[int] = set()
    for at in reached:
        if at < len(pattern) and (_is_run(pattern[at]) or _is_same(pattern[at], character)):
            after |= _past_runs(pattern, at if _is_run(pattern[at]) else at + 1)
    return after


def _past_hole(pattern: Sequence[_Token], reached: set[int], *, holds_colon: bool) -> set[int]:
    """Return where one can be after a hole that may hold any text: everywhere up to the next colon, or the end."""
    after: set[int] = set()
    for start in sorted(reached):
        for at in range(start, len(pattern) + 1):
            if at in after:
                break
            after.add(at)
            if at < len(pattern) and pattern[at] == ":" and not holds_colon:
                break
    return after
