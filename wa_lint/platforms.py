"""What AWS runs ML workloads on: instance types, notebook platforms, Lambda runtimes, images, and when they end.

Facts from dated tables, no judgement and no clock: the day to judge by is handed in, as ``2026-11-23``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Final

import msgspec

_FOLDER: Final = Path(__file__).parent / "data"


class InstanceType(msgspec.Struct, frozen=True):
    """One SageMaker instance type. What is not known is None; what is true of a family is true of its sizes."""

    name: str
    family: str
    """``m5`` of ``ml.m5.xlarge``."""
    uses: tuple[str, ...] = ()
    """hosting, training, transform, processing, notebook, studio, cluster: where botocore's enums list it."""
    vcpus: int | None = None
    mib: int | None = None
    """Memory."""
    gpus: int = 0
    local_storage: bool | None = None
    """Whether it has NVMe storage of its own, encrypted by the hardware: SageMaker refuses a volume key for it."""
    burstable: bool | None = None
    architecture: str | None = None
    """``arm64`` is Graviton (or Grace)."""
    accelerator: str | None = None
    """gpu | inferentia | trainium | gaudi"""
    previous: bool = False
    """Whether AWS calls the family a previous generation, or withdrew it; `why_previous` says which."""
    why_previous: str | None = None
    current: bool | None = None
    """EC2's own flag CurrentGeneration, which is stricter: m5, c5 and g5 are no longer current there."""


class Successor(msgspec.Struct, frozen=True):
    """The family that AWS names as the better one, and what it states of the two."""

    successor: str
    states: str
    page: str


class NotebookPlatform(msgspec.Struct, frozen=True):
    """One PlatformIdentifier of notebook instances."""

    id: str
    system: str
    no_new_since: str | None
    unsupported_since: str | None

    def is_supported(self, day: str) -> bool:
        """Whether it still has security updates on `day`."""
        return self.unsupported_since is None or day < self.unsupported_since


class LambdaRuntime(msgspec.Struct, frozen=True):
    """One Lambda runtime. A date may lie in the future, and None means that AWS names none."""

    id: str
    deprecated: str | None
    no_new_since: str | None
    no_update_since: str | None
    successor: str | None

    def is_supported(self, day: str) -> bool:
        return self.deprecated is None or day < self.deprecated


def successor_of(family: str) -> Successor | None:
    """Return the newer family of accelerators; None where the table has none."""
    return _successors().get(family)


def instance_type(name: str) -> InstanceType | None:
    """Return what is known of ``ml.m5.xlarge``; for an unknown size of a known family, the family's facts."""
    steps = name.split(".")
    table = _instances()
    if len(steps) != len(("ml", "family", "size")) or steps[0] != "ml" or steps[1] not in table.families:
        return None
    family, size = table.families[steps[1]], table.types.get(name, _Size())
    return InstanceType(
        name,
        steps[1],
        size.uses,
        size.vcpus,
        size.mib,
        size.gpus,
        family.local_storage,
        family.burstable,
        family.architecture,
        family.accelerator,
        family.previous,
        family.why_previous,
        family.current,
    )


def instance_types() -> Sequence[str]:
    """Return every instance type that SageMaker's API knows, sorted."""
    return tuple(_instances().types)


def notebook_platform(platform: str) -> NotebookPlatform | None:
    entry = _notebooks().platforms.get(platform)
    return (
        None if entry is None else NotebookPlatform(platform, entry.system, entry.no_new_since, entry.unsupported_since)
    )


def default_notebook_platform(day: str) -> str | None:
    """Return the platform that a request without one got on `day`; None before the first that is recorded."""
    since = [platform for start, platform in _notebooks().defaults if start <= day]
    return since[-1] if since else None


def lambda_runtime(name: str) -> LambdaRuntime | None:
    entry = _runtimes().runtimes.get(name)
    if entry is None:
        return None
    return LambdaRuntime(name, entry.deprecated, entry.no_new_since, entry.no_update_since, entry.successor)


def framework_patched_until(framework: str, version: str) -> str | None:
    """Return the last day of security patches for AWS Deep Learning Containers with ``pytorch`` and ``2.5``.

    Of a version before the first that is listed, the day of the first: it had ended by then. None of one that is newer
    than the list, or missing in it.
    """
    known = _registries().frameworks.get(framework, {})
    first = min(known, key=_number, default=None)
    if first is not None and _number(version) < _number(first):
        return known[first]
    return known.get(version)


def is_framework(name: str) -> bool:
    return name in _registries().frameworks


def is_aws_registry(account: str) -> bool:
    """Whether SageMaker's images are in the registry of the account."""
    return account in _registries().accounts


def _number(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".") if part.isdigit())


# --- the files --------------------------------------------------------------------------------------


class _Family(msgspec.Struct, frozen=True):
    local_storage: bool | None = None
    burstable: bool | None = None
    architecture: str | None = None
    accelerator: str | None = None
    previous: bool = False
    why_previous: str | None = None
    current: bool | None = None


class _Size(msgspec.Struct, frozen=True):
    uses: tuple[str, ...] = ()
    vcpus: int | None = None
    mib: int | None = None
    gpus: int = 0


class _Instances(msgspec.Struct, frozen=True):
    families: Mapping[str, _Family]
    types: Mapping[str, _Size]


class _Notebook(msgspec.Struct, frozen=True):
    system: str
    no_new_since: str | None
    unsupported_since: str | None


class _SuccessorTable(msgspec.Struct, frozen=True):
    families: Mapping[str, Successor]


class _Notebooks(msgspec.Struct, frozen=True):
    platforms: Mapping[str, _Notebook]
    defaults: tuple[tuple[str, str], ...]


class _Runtime(msgspec.Struct, frozen=True):
    deprecated: str | None
    no_new_since: str | None
    no_update_since: str | None
    successor: str | None


class _Runtimes(msgspec.Struct, frozen=True):
    runtimes: Mapping[str, _Runtime]


@cache
def _instances() -> _Instances:
    return msgspec.json.decode((_FOLDER / "instance_types.json").read_bytes(), type=_Instances)


class _Registries(msgspec.Struct, frozen=True):
    accounts: frozenset[str]
    frameworks: Mapping[str, Mapping[str, str]]


@cache
def _registries() -> _Registries:
    return msgspec.json.decode((_FOLDER / "aws_registries.json").read_bytes(), type=_Registries)


@cache
def _successors() -> Mapping[str, Successor]:
    table = msgspec.json.decode((_FOLDER / "instance_successors.json").read_bytes(), type=_SuccessorTable)
    return table.families


@cache
def _notebooks() -> _Notebooks:
    return msgspec.json.decode((_FOLDER / "notebook_platforms.json").read_bytes(), type=_Notebooks)


@cache
def _runtimes() -> _Runtimes:
    return msgspec.json.decode((_FOLDER / "lambda_runtimes.json").read_bytes(), type=_Runtimes)
