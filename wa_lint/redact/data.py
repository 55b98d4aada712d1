"""What secrets look like, read from the data file once, when the first text is long enough to hold one."""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files
from typing import Final, TypeAlias

import msgspec

from wa_lint.model import Raw

_Tree: TypeAlias = "dict[str, _Tree]"


class SecretKind(msgspec.Struct, frozen=True, gc=False):
    """One kind of secret that is known by its own look."""

    kind: str
    pattern: str
    begins: tuple[str, ...] = ()
    holds: tuple[str, ...] = ()
    free: bool = False


class SecretContext(msgspec.Struct, frozen=True, gc=False):
    """A command or a call that takes a secret without a name. Its pattern has a group ``secret``, perhaps ``name``."""

    pattern: str
    holds: tuple[str, ...]


class TellingNames(msgspec.Struct, frozen=True, gc=False):
    """Words of names: see the comments in the data file."""

    secret: tuple[str, ...]
    whole: frozenset[str]
    before_key: frozenset[str]
    random: frozenset[str]
    random_whole: frozenset[str]
    token_of_a_model: frozenset[str]
    never: frozenset[str]


class _Data(msgspec.Struct, frozen=True):
    kinds: tuple[SecretKind, ...]
    contexts: tuple[SecretContext, ...]
    names: TellingNames


@cache
def data() -> _Data:
    return msgspec.json.decode(files("wa_lint").joinpath("data/secrets.json").read_bytes(), type=_Data)


@cache
def marks() -> tuple[tuple[str, SecretKind], ...]:
    """Return each literal that tells of a kind, with the kind, in the order of the file."""
    return tuple((mark, kind) for kind in data().kinds for mark in (*kind.begins, *kind.holds))


@cache
def any_mark() -> re.Pattern[str]:
    """Return what finds the first of all the literals: a tree of them, which takes a third of the time of a list."""
    tree: _Tree = {}
    for mark, _ in marks():
        branch = tree
        for character in mark:
            branch = branch.setdefault(character, {})
        branch[""] = {}
    return re.compile(_spelled(tree))


def _spelled(tree: _Tree) -> str:
    if "" in tree:
        return ""  # a shorter literal ends here
    branches = [re.escape(character) + _spelled(inner) for character, inner in sorted(tree.items())]
    return branches[0] if len(branches) == 1 else f"(?:{'|'.join(branches)})"


@cache
def compiled_context(context: SecretContext) -> re.Pattern[str]:
    return re.compile(context.pattern)


@cache
def compiled(kind: SecretKind) -> re.Pattern[str]:
    """Compile when a text holds one of the literals: most runs need none."""
    return re.compile(kind.pattern if kind.free else f"{_START}(?:{kind.pattern}){_END}")


def example(entry: Raw) -> str:
    """Return the example of an entry of the data file, put together."""
    return "".join(map(str, entry["example"]))


_START: Final = r"(?:(?<![A-Za-z0-9])|(?<=\\[nrt])|(?<=%[0-9A-Fa-f]{2})|(?<=\\u00[0-9a-f]{2}))"
"""Before it there is neither letter nor digit, but for the end of an escape."""

_END: Final = r"(?![A-Za-z0-9])"
