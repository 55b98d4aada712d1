"""Which accounts of a snapshot have to be looked at together, because a link may lead from one into another.

A plain name leads nowhere outside of its account and region (`references.names.is_out_of_reach`); what does is an ARN,
which says the account, and the name of something that is unique in the world, such as a bucket. What cannot be told
joins an account to all others: too much together costs memory, too little would cost a finding.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from typing import Final

import msgspec

from wa_lint.model import Partial, Resource, Snapshot, Unknown, Unresolved, Value
from wa_lint.references.table import IDENTITIES, LINKS, Identity, Link

_ACCOUNT: Final = re.compile(r"(?<=:)\d{12}(?=:)")
_WORD: Final = re.compile(r"[A-Za-z0-9._-]+")
_OF_AWS: Final = ":iam::aws:"


class Reach(msgspec.Struct, frozen=True, kw_only=True):
    """What a part of an account says of others, and what others may call it by."""

    account: str
    accounts: frozenset[str] = frozenset()
    """Accounts that an ARN in it names."""
    words: frozenset[tuple[str, str]] = frozenset()
    """(type, word): what may be the name of something of that type, wherever it is."""
    called: frozenset[tuple[str, str]] = frozenset()
    """(type, name) of its own resources that a word of another account may name."""
    shared: Mapping[tuple[str, str], bool] = {}
    """(type, id) of what other accounts have too, such as AWS's own policies, and whether it is described here."""
    is_open: bool = False
    """Whether there is something that might name, or be, anything anywhere."""


def reach_of(snapshot: Snapshot, account: str) -> Reach:
    """Return how far the links of `snapshot`, a part of `account`, lead."""
    texts = [(link, text) for resource in snapshot.resources for link, text in _texts(resource)]
    crossing = [(link, text) for link, text in texts if isinstance(text, str) and _crosses(link, text)]
    return Reach(
        account=account,
        accounts=frozenset(n for _, text in crossing for n in _ACCOUNT.findall(text)) - {account},
        words=frozenset((link.target, w) for link, text in crossing if _by_name(link) for w in _words(text)),
        called=frozenset((r.type, n) for r in snapshot.resources if r.type in _named_anywhere() for n in _names(r)),
        shared={(r.type, r.id): not isinstance(r.properties, Unknown) for r in snapshot.resources if _is_shared(r)},
        is_open=any(isinstance(text, Unresolved) for _, text in texts)
        or any(_is_nowhere(resource, account) for resource in snapshot.resources),
    )


def together(reaches: Sequence[Reach]) -> Sequence[Sequence[str]]:
    """Return the accounts in groups, in the order in which they come, so that no link leads out of a group."""
    accounts = list(dict.fromkeys(reach.account for reach in reaches))
    group = {account: account for account in accounts}
    for one, other in _ties(reaches):
        kept, gone = group[one], group[other]
        if kept != gone:
            group = {account: kept if name == gone else name for account, name in group.items()}
    found: dict[str, list[str]] = {}
    for account in accounts:
        found.setdefault(group[account], []).append(account)
    return list(found.values())


def _ties(reaches: Sequence[Reach]) -> Iterator[tuple[str, str]]:
    known = {reach.account for reach in reaches}
    homes: dict[tuple[str, str], set[str]] = {}
    shared: dict[tuple[str, str], list[tuple[str, bool]]] = {}
    for reach in reaches:
        for name in reach.called:
            homes.setdefault(name, set()).add(reach.account)
        for key, is_described in reach.shared.items():
            shared.setdefault(key, []).append((reach.account, is_described))
    for reach in reaches:
        for other in known if reach.is_open else reach.accounts & known:
            yield reach.account, other
        for word in reach.words:
            yield from ((reach.account, home) for home in homes.get(word, ()))
    for (_, id_), owners in shared.items():
        if _OF_AWS not in id_ or not all(is_described for _, is_described in owners):
            yield from ((owners[0][0], other) for other, _ in owners[1:])


# --- texts that link --------------------------------------------------------------------------------


def _texts(resource: Resource) -> Iterator[tuple[Link, Value]]:
    for link in _links(resource.type):
        steps = [step for step in link.path.replace("[]", ".[]").split(".") if step]
        yield from ((link, text) for text in _below(resource.properties, steps))


def _below(value: Value, steps: Sequence[str]) -> Iterator[Value]:
    """Yield what is at `steps`; on the way there, what is not resolved."""
    if isinstance(value, Unresolved) or not steps:
        yield value
    elif steps[0] == "[]":
        items: Iterable[Value] = value.items if isinstance(value, Partial) else value if isinstance(value, list) else ()
        for item in items:
            yield from _below(item, steps[1:])
    elif isinstance(value, dict) and steps[0] in value:
        yield from _below(value[steps[0]], steps[1:])


def _crosses(link: Link, text: str) -> bool:
    return "arn:" in text or _is_worldwide(link.target)


def _by_name(link: Link) -> bool:
    """Whether a text that crosses may hold the target's name and no account: keys with a gap in front, and buckets."""
    return _is_worldwide(link.target) or any(key.startswith("*") for key in link.keys)


def _words(text: str) -> Iterator[str]:
    """Yield what may be a name in `text`: also the first part of a host, ``name.s3.eu-west-1.amazonaws.com``."""
    for word in _WORD.findall(text):
        yield word
        yield from (word[: at.start()] for at in re.finditer(r"\.s3", word))


# --- what resources are called ----------------------------------------------------------------------


def _names(resource: Resource) -> Iterator[str]:
    held = resource.properties.get(_identity(resource.type).name) if isinstance(resource.properties, dict) else None
    for text in (resource.name, resource.arn, resource.id, held):
        if isinstance(text, str) and (words := _WORD.findall(text)):
            yield words[-1]


def _is_shared(resource: Resource) -> bool:
    """Whether its ARN is of another account than the one that it was found in, or of AWS."""
    return _OF_AWS in resource.id or _is_of_another(resource)


def _is_of_another(resource: Resource) -> bool:
    said = _ACCOUNT.search(resource.id)
    return said is not None and said.group() != resource.account


def _is_nowhere(resource: Resource, account: str) -> bool:
    """Whether a text could name it that says nothing of `account`: it is of another, or its ARN has to be guessed."""
    if resource.account != account:
        return True
    if resource.type in _targets() and _is_of_another(resource):
        return True
    identity = _identity(resource.type)
    return bool(identity.arn) and not identity.is_worldwide and not resource.arn


@cache
def _links(type_: str) -> Sequence[Link]:
    return [link for link in LINKS if link.type == type_]


@cache
def _targets() -> frozenset[str]:
    return frozenset(link.target for link in LINKS)


@cache
def _named_anywhere() -> frozenset[str]:
    return frozenset(link.target for link in LINKS if _by_name(link))


def _is_worldwide(type_: str) -> bool:
    return _identity(type_).is_worldwide


def _identity(type_: str) -> Identity:
    return IDENTITIES.get(type_, Identity())
