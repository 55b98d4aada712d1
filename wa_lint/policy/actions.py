"""Which IAM actions there are, how grave they are, and on which resources. Reads one data file, late and by service."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cache, lru_cache
from importlib.resources import files
from typing import Final

import msgspec

from wa_lint.policy.wildcards import matches

LEVELS: Final[Mapping[str, str]] = {
    "P": "permissions management",
    "W": "write",
    "T": "tagging",
    "R": "read",
    "L": "list",
}
"""The access levels of the service authorization reference, by the letter in the data."""


class Action(msgspec.Struct, frozen=True):
    """One action of one service."""

    name: str
    """As AWS spells it: ``sagemaker:CreateModel``."""
    level: str
    """A key of `LEVELS`."""
    arns: tuple[str, ...] = ()
    """The ARNs of the resources that it takes, ``%`` for what varies; empty: it takes ``Resource: "*"`` alone."""


class _Service(msgspec.Struct):
    types: Mapping[str, str]
    actions: Mapping[str, str]


class _Data(msgspec.Struct):
    services: Mapping[str, msgspec.Raw]


def matching(pattern: str) -> tuple[Action, ...]:
    """Return the known actions that a pattern matches; empty where it is one that the data does not have."""
    return _matching(pattern.lower())


@lru_cache(maxsize=2_000)
def _matching(pattern: str) -> tuple[Action, ...]:
    service, colon, name = pattern.partition(":")
    if not colon:
        return tuple(action for s in _services() for action in _actions(s).values()) if service.strip("*") == "" else ()
    services = [s for s in _services() if matches(service, s) is True] if _is_wild(service) else [service]
    known = [_actions(s) for s in services if s in _services()]
    if not _is_wild(name):
        return tuple(actions[name] for actions in known if name in actions)
    return tuple(action for actions in known for lower, action in actions.items() if matches(name, lower) is True)


def scopes(pattern: str) -> tuple[bool, ...]:
    """Return, for each known action that the pattern matches, whether it takes resources."""
    return tuple(bool(action.arns) for action in matching(pattern))


def has_service(name: str) -> bool:
    """Whether all actions of the service are known: one that is not among them does not exist."""
    return name.lower().partition(":")[0] in _services()


def find(name: str) -> Action | None:
    """Return the action of that name, in whatever case."""
    service, _, action = name.lower().partition(":")
    return _actions(service).get(action) if service in _services() else None


def _is_wild(text: str) -> bool:
    return "*" in text or "?" in text


@cache
def _services() -> Mapping[str, msgspec.Raw]:
    data = files("wa_lint").joinpath("data/iam_actions.json").read_bytes()
    return msgspec.json.decode(data, type=_Data).services


@cache
def _actions(service: str) -> Mapping[str, Action]:
    """Return the actions of a service by their names in lower case."""
    known = msgspec.json.decode(_services()[service], type=_Service)
    return {action.name.partition(":")[2].lower(): action for action in _read(service, known)}


def _read(service: str, known: _Service) -> Iterator[Action]:
    for group, names in known.actions.items():
        level, *types = group.split(" ")
        arns = _arns(service, known, types)
        yield from (Action(f"{service}:{name}", level, arns) for name in names.split(" "))


def _arns(service: str, known: _Service, types: Sequence[str]) -> tuple[str, ...]:
    """Return the ARNs of resource types; of one whose ARN AWS does not publish, none (seen 2026-11)."""
    arns = (known.types.get(name, f"arn:%:{service}:%:%:{name}/%") for name in types)
    return tuple(arn for arn in arns if arn)
