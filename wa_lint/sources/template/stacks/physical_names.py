"""What a template makes under a name of its own choice, and what it names so: beside exports, what joins templates.

Only texts that are at a path of the link table count. It looks at the scenario of the defaults and follows no link.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from typing import Final

import msgspec

from wa_lint.model import ABSENT, Deferred, Hole, Resource, Snapshot, Unresolved, Value
from wa_lint.references.table import IDENTITIES, LINKS, Identity, Link
from wa_lint.scenario import Fork, Scenario

_SHARED: Final = ("AWS::AccountId", "AWS::Partition", "AWS::Region", "AWS::URLSuffix")
"""What is the same in all stacks that are deployed beside each other."""

_TOKENS: Final = {name: chr(0xF0000 + number) for number, name in enumerate(_SHARED)}
_NAME: Final = rf"(?!arn:)([\w+=,.@{''.join(_TOKENS.values())}-]+?)"
"""No service takes a slash, a colon, a blank or a wildcard in the names that are looked for."""

_PIECE: Final = re.compile(r"(\{[^}]*\}|\*)")


def with_names(snapshot: Snapshot) -> Snapshot:
    """Return the snapshot with ``AWS::IAM::Role trainer`` among its exports, or its imports."""
    made = frozenset(_made(snapshot.resources))
    named = frozenset(_named(snapshot.resources)) - made
    if not made and not named:
        return snapshot
    return msgspec.structs.replace(snapshot, exports=snapshot.exports | made, imports=snapshot.imports | named)


def _made(resources: Iterable[Resource]) -> Iterator[str]:
    for resource in resources:
        identity = IDENTITIES.get(resource.type)
        if identity and _is_callable(identity) and _may_be_there(resource):
            for said in _texts(resource.properties, (identity.name,), None):
                if re.fullmatch(_NAME, said):
                    yield f"{resource.type} {said}"


def _named(resources: Iterable[Resource]) -> Iterator[str]:
    for resource in resources:
        for naming in _namings(resource.type):
            for said in _texts(resource.properties, naming.steps, naming.only):
                yield from _meant(naming, said)


def _meant(naming: _Naming, said: str) -> Iterator[str]:
    if ":iam::aws:" in said:
        return  # AWS's own, which no template makes
    for type_, pattern in naming.patterns:
        if found := pattern.fullmatch(said):
            yield f"{type_} {found[1]}"


def _is_callable(identity: Identity) -> bool:
    """Whether a resource goes by the name that it is given. An API does not: AWS makes its id."""
    return bool(identity.name and identity.arn)


# --- the link table, read backwards -----------------------------------------------------------------


class _Naming(msgspec.Struct, frozen=True):
    """Where a text is, and for each type that it may name, what it looks like then. Group 1 is the name."""

    steps: tuple[str, ...]
    only: tuple[str, str] | None
    patterns: tuple[tuple[str, re.Pattern[str]], ...]


@cache
def _namings(type_: str) -> Sequence[_Naming]:
    found: dict[tuple[str, tuple[str, str] | None], dict[tuple[str, re.Pattern[str]], None]] = {}
    for link in LINKS:
        if link.type == type_:
            found.setdefault((link.path, link.only), {}).update(dict.fromkeys(_patterns(link)))
    return [
        _Naming(tuple(path.replace("[]", ".[]").split(".")), only, tuple(patterns))
        for (path, only), patterns in found.items()
        if patterns
    ]


def _patterns(link: Link) -> Iterator[tuple[str, re.Pattern[str]]]:
    for key in link.keys:
        pieces = _PIECE.split(key)
        called = next((piece for piece in pieces if piece.endswith(("id}", "arn}"))), None)
        target = _target(link, called[1:-1]) if called else None
        if called and target and _is_callable(IDENTITIES.get(target, Identity())):
            bare = () if called == "{arn}" else ("{name}",)
            for form in (*bare, *IDENTITIES[target].arns):
                yield target, re.compile("".join(_pattern(form if piece == called else piece) for piece in pieces))


def _target(link: Link, piece: str) -> str | None:
    """Return the type of what ``{id}`` means, or ``{endpoints.id}``: what a link of the target leads to."""
    if piece in ("id", "arn"):
        return link.target
    back, dot, rest = piece.partition(".")
    types = (other.type for other in LINKS if other.target == link.target and other.back == back)
    return next(types, None) if dot and rest in ("id", "arn") else None


def _pattern(piece: str) -> str:
    """Return the expression for a piece of a key, or for the shape of an ARN."""
    is_arn = piece.startswith("arn:")
    held = {"{name}": _NAME, "*": "[^:]*" if is_arn else ".*"}
    parts = _PIECE.split(piece)
    return "".join(held.get(part, ".*" if part.startswith("{") else re.escape(part)) for part in parts)


# --- texts, with the defaults -----------------------------------------------------------------------


def _texts(value: Value, steps: Sequence[str], only: tuple[str, str] | None) -> Iterator[str]:
    """Yield the texts below `value` of which nothing is open but what all stacks have in common."""
    value = _settled(value)
    if not steps:
        said = _said(value)
        if said:
            yield said
    elif steps[0] == "[]":
        for item in value if isinstance(value, list) else ():
            yield from _texts(item, steps[1:], only)
    elif isinstance(value, dict) and steps[0] in value and (len(steps) > 1 or _fits(value, only)):
        yield from _texts(value[steps[0]], steps[1:], only)


def _fits(holder: Mapping[str, Value], only: tuple[str, str] | None) -> bool:
    return only is None or _settled(holder.get(only[0])) == only[1]


def _settled(value: Value) -> Value:
    while isinstance(value, Deferred):
        try:
            value = value.resolve(Scenario()).value
        except Fork:
            return ABSENT
    return value


def _said(value: Value) -> str | None:
    if isinstance(value, str):
        return value
    if not isinstance(value, Unresolved):
        return None
    pieces = [_TOKENS.get(part.name) if isinstance(part, Hole) else part for part in value.parts]
    return "".join(piece for piece in pieces if piece) if all(pieces) else None


def _may_be_there(resource: Resource) -> bool:
    return _settled(resource.exists) is not False
