"""What AWS says of its instance types, notebook platforms and runtimes: dated lists, read when a rule first asks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from importlib.resources import files
from typing import Final

import msgspec

from wa_lint.cel.types import BOOL, STRING, Function
from wa_lint.facts.fact import unseen
from wa_lint.model import ABSENT, Unknown, Value
from wa_lint.policy.wildcards import parts_of
from wa_lint.truth import Truth

_DOTS_BEFORE_SIZE: Final = 2


class Family(msgspec.Struct, frozen=True):
    """None is what the lists do not say."""

    local_storage: bool | None = None
    """Whether its types have NVMe disks of their own, which EndpointConfig.KmsKeyId cannot encrypt."""
    burstable: bool | None = None
    previous: bool = False


class Support(msgspec.Struct, frozen=True):
    """Days of a notebook platform or runtime, as ``2026-06-30``; None where AWS has named none."""

    unsupported_since: str | None = None
    deprecated: str | None = None


class _Instances(msgspec.Struct, frozen=True):
    families: dict[str, Family]


class _Platforms(msgspec.Struct, frozen=True):
    defaults: list[tuple[str, str]]
    """Since which day which platform is the one that a request without a platform gets."""
    platforms: dict[str, Support]


class _Runtimes(msgspec.Struct, frozen=True):
    runtimes: dict[str, Support]


def instance_family(type_: Value) -> Value:
    """Return ``g5`` of ``ml.g5.2xlarge``, also where only the size is left open."""
    head = (parts_of(type_) or ("",))[0]
    words = head.split(".") if isinstance(head, str) else []
    if len(words) <= _DOTS_BEFORE_SIZE or words[0] != "ml":
        return Unknown(unseen(type_) or f"{type_!r} is no instance type")
    return words[1]


def has_local_storage(type_: Value) -> Truth:
    return _said(type_, lambda family: family.local_storage)


def is_burstable(type_: Value) -> Truth:
    return _said(type_, lambda family: family.burstable)


def is_previous_generation(type_: Value) -> Truth:
    return _said(type_, lambda family: family.previous)


def notebook_platform_supported(platform: Value, today: Value) -> Truth:
    """Whether AWS still mends the platform on that day; without one, that is the platform a new notebook gets."""
    if not isinstance(today, str):
        return Unknown(unseen(today) or "no day")
    if platform is ABSENT:
        platform = next((name for day, name in reversed(_platforms().defaults) if day <= today), ABSENT)
    support = _of(_platforms().platforms, platform)
    return support if isinstance(support, Unknown) else not _is_over(support.unsupported_since, today)


def lambda_runtime_supported(runtime: Value, today: Value) -> Truth:
    """Whether AWS still mends the runtime on that day."""
    if not isinstance(today, str):
        return Unknown(unseen(today) or "no day")
    support = _of(_runtimes(), runtime)
    return support if isinstance(support, Unknown) else not _is_over(support.deprecated, today)


def _said(type_: Value, ask: Callable[[Family], bool | None]) -> Truth:
    name = instance_family(type_)
    if isinstance(name, Unknown):
        return name
    family = _families().get(str(name))
    answer = None if family is None else ask(family)
    return Unknown(f"no list here says so of the instance family {name}") if answer is None else answer


def _of(known: Mapping[str, Support], name: Value) -> Support | Unknown:
    if not isinstance(name, str):
        return Unknown(unseen(name) or "no name")
    return known.get(name) or Unknown(f"no list here knows {name!r}")


def _is_over(since: str | None, today: str) -> bool:
    return since is not None and since <= today


@cache
def _families() -> Mapping[str, Family]:
    return msgspec.json.decode(_text("instance_types.json"), type=_Instances).families


@cache
def _platforms() -> _Platforms:
    return msgspec.json.decode(_text("notebook_platforms.json"), type=_Platforms)


@cache
def _runtimes() -> Mapping[str, Support]:
    return msgspec.json.decode(_text("lambda_runtimes.json"), type=_Runtimes).runtimes


def _text(name: str) -> bytes:
    return files("wa_lint").joinpath("data", name).read_bytes()


FUNCTIONS: Final[tuple[Function, ...]] = (
    Function("instance_family", (STRING,), STRING, instance_family),
    Function("has_local_storage", (STRING,), BOOL, has_local_storage),
    Function("is_burstable", (STRING,), BOOL, is_burstable),
    Function("is_previous_generation", (STRING,), BOOL, is_previous_generation),
    Function("notebook_platform_supported", (STRING, STRING), BOOL, notebook_platform_supported, accepts_absent=True),
    Function("lambda_runtime_supported", (STRING, STRING), BOOL, lambda_runtime_supported),
)
