"""Changes to an input that keep it near enough to a real one to get past the first check. No input is ever run.

Three of four changes are made in the tree of a JSON text; the rest, and all of them where it is not JSON, in its bytes.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final

Bytes = Callable[[bytes], bytes]

NUMBERS: Final = (0, -1, 1, 1.5, 1e308, -1e308, 1e-320, 2**31, 2**63, 10**20, 10**400, float("nan"), float("inf"))
TEXTS: Final = (
    *("", " ", "*", "true", "yes", "null", "0", "-1", "1e999", "9" * 5000, "a" * 3000, "\x00", "\u202e", "\ud800"),
    *("arn:", "arn:aws:s3:::*", "arn:aws:iam::123456789012:role/x", "${A}", "${", "${AWS::Region}", "${!x}", "{{", "%"),
    *("s3://b/k", "../../x", "/", "{", "[", '{"a":', "2026-02-30", "10.0.0.0/33", "$.x", "States.Format('{}', $.x)"),
    *("item.A > 1", "resource.x", "1/0", "a.exists(a, a.exists(b, b))", "'\\u", "(((((((("),
)
FUNCTIONS: Final = (
    *("Ref", "Condition", "Fn::And", "Fn::Base64", "Fn::Cidr", "Fn::Equals", "Fn::FindInMap", "Fn::GetAtt"),
    *("Fn::GetAZs", "Fn::If", "Fn::ImportValue", "Fn::Join", "Fn::Length", "Fn::Not", "Fn::Or", "Fn::Select"),
    *("Fn::Split", "Fn::Sub", "Fn::ToJsonString", "Fn::Transform", "Fn::ForEach::X", "Get", "Std:Join"),
)
DEEPEST: Final = 130
"""Levels that are put around a value: more than a document may have."""

LONGEST: Final = 200_000
"""Characters of an input; what costs too much must do so within them."""


def mutated(data: bytes, others: Sequence[bytes], seed: int, of_bytes: Bytes | None = None) -> bytes:
    """Return `data` changed in one to four places; `others` lend pieces, `of_bytes` changes bytes in its own way."""
    luck = random.Random(seed)  # noqa: S311, nothing is secret here
    for _ in range(luck.choice((1, 1, 2, 4))):
        data = _once(data, others, luck, of_bytes)[:LONGEST]
    return data


def _once(data: bytes, others: Sequence[bytes], luck: random.Random, of_bytes: Bytes | None) -> bytes:
    if luck.random() < 3 / 4:
        lines = data.splitlines()
        at = luck.randrange(len(lines)) if len(lines) > 1 else 0
        for text, put_back in ((data, lambda made: made), (b"".join(lines[at : at + 1]), _into(lines, at))):
            try:
                tree = json.loads(text)
            except (ValueError, RecursionError):
                continue
            made: bytes = put_back(_written(_changed(tree, others, luck)))
            return made
    return of_bytes(data) if of_bytes else _bytes_changed(data, others, luck)


def _into(lines: list[bytes], at: int) -> Bytes:
    return lambda made: b"\n".join([*lines[:at], made, *lines[at + 1 :]])


def _written(tree: Any) -> bytes:
    try:
        return json.dumps(tree).encode("utf-8", "surrogatepass")
    except (ValueError, RecursionError):
        return b"{}"


# --- in the tree ------------------------------------------------------------------------------------


def _changed(tree: Any, others: Sequence[bytes], luck: random.Random) -> Any:
    places = list(_places(tree))
    if not places:
        return luck.choice((None, [], {}, tree))
    holder, key = luck.choice(places)
    change = luck.choice(CHANGES)
    try:
        change(holder, key, luck, others)
    except (KeyError, IndexError, TypeError, ValueError, RecursionError):
        holder[key] = None
    return tree


def _places(tree: Any) -> Iterator[tuple[Any, Any]]:
    pending = [tree]
    while pending:
        value = pending.pop()
        steps = value if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
        for step in steps:
            yield value, step
            pending.append(value[step])


def _value(holder: Any, key: Any, luck: random.Random, others: Sequence[bytes]) -> None:
    del others
    holder[key] = luck.choice((None, True, False, [], {}, [[]], {"": None}, luck.choice(NUMBERS), luck.choice(TEXTS)))


def _text(holder: Any, key: Any, luck: random.Random, others: Sequence[bytes]) -> None:
    """Change a text from within: what is embedded in it is JSON, an ARN, an expression."""
    inner = str(holder[key]).encode("utf-8", "surrogatepass")
    holder[key] = _once(inner, others, luck, None).decode("utf-8", "surrogateescape")


def _wrapped(holder: Any, key: Any, luck: random.Random, others: Sequence[bytes]) -> None:
    del others
    function = luck.choice(FUNCTIONS)
    holder[key] = {function: luck.choice((holder[key], [holder[key]], ["x", holder[key], holder[key]], "x"))}


def _deep(holder: Any, key: Any, luck: random.Random, others: Sequence[bytes]) -> None:
    del others
    function = luck.choice((*FUNCTIONS, ""))
    for _ in range(luck.choice((3, 30, DEEPEST))):
        holder[key] = {function: ["", [holder[key]]]} if function else [holder[key]]


def _removed(holder: Any, key: Any, luck: random.Random, others: Sequence[bytes]) -> None:
    del luck, others
    del holder[key]


def _repeated(holder: Any, key: Any, luck: random.Random, others: Sequence[bytes]) -> None:
    del others
    times = luck.choice((2, 20, 200))
    if isinstance(holder, list):
        holder[key:key] = [holder[key]] * times
    else:
        holder.update({f"{key}{at}": holder[key] for at in range(times)})


def _renamed(holder: Any, key: Any, luck: random.Random, others: Sequence[bytes]) -> None:
    del others
    if isinstance(holder, dict):
        holder[luck.choice((*TEXTS, *FUNCTIONS, *holder))] = holder.pop(key)
    else:
        luck.shuffle(holder)


def _lent(holder: Any, key: Any, luck: random.Random, others: Sequence[bytes]) -> None:
    """Put in a piece of another input."""
    other = json.loads(luck.choice(others))
    there, step = luck.choice(list(_places(other)))
    holder[key] = there[step]


CHANGES: Final = (_value, _value, _text, _text, _wrapped, _deep, _removed, _repeated, _renamed, _lent)


# --- in the bytes -----------------------------------------------------------------------------------


def _bytes_changed(data: bytes, others: Sequence[bytes], luck: random.Random) -> bytes:
    at = luck.randrange(len(data) + 1)
    to = min(len(data), at + luck.choice((1, 2, 8, 64)))
    other = luck.choice(others) if others else data
    start = luck.randrange(len(other) + 1)
    piece = luck.choice(
        (
            b"",
            bytes((luck.randrange(256),)),
            luck.choice(TEXTS).encode("utf-8", "surrogatepass"),
            str(luck.choice(NUMBERS)).encode() if luck.random() < 1 / 2 else b"1" * 500,
            other[start : start + luck.choice((4, 40, 400))],
            data[at:to] * luck.choice((2, 50)),
            luck.choice((b"&a ", b"*a", b"!Sub ", b"!Ref ", b"<<: *a", b"- ", b"\n", b"\t", b"  ", b"? ", b"|", b"#")),
        )
    )
    return data[:at] + piece + data[to if luck.random() < 1 / 2 else at :]
