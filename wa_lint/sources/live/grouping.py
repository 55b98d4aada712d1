"""Jobs that ran alike, as one: the newest of them, with what the earlier ones left. Pure: it reads nothing.

Two jobs are alike if their requests differ only in what differs between any two runs: the job's name; that name and
times in keys of data, in the environment and in parameters; and where below its bucket the output goes.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Final

import msgspec

from wa_lint.model import Path, Resource, Value

_PASSING: Final = frozenset({"ExperimentConfig", "Tags"})
"""Members of a request that say in which experiment it is, or what it is filed under."""

_OUTPUT: Final = re.compile(r"Output|Checkpoint")
"""Names of members below which a location is written to."""

_LOCATION: Final = re.compile(r"(s3://[^/]+)(.*)", re.DOTALL)
"""A bucket, and the key within."""

_OF_ONE_RUN: Final = re.compile(r"(?=.*[0-9]).{6,}")
"""A job's name that somebody made for one run: two jobs ``dev`` and ``prod`` are not two runs of one."""

_FREE: Final = frozenset({"Environment", "HyperParameters", "StaticHyperParameters"})
"""Maps that are the user's own."""

_TIME: Final = re.compile(
    r"(?<![0-9])(?:"
    r"20[0-9]{2}-[01][0-9]-[0-3][0-9](?:[T _-][0-9]{2}[:-][0-9]{2}(?:[:-][0-9]{2}(?:[.-][0-9]{1,9})?)?)?Z?"
    r"|20[0-9]{2}/[01][0-9]/[0-3][0-9](?:/[0-9]{2})?"
    r"|20[0-9]{6}[T_-]?[0-9]{6}"
    r"|1[5-9][0-9]{8}(?:[0-9]{3})?"
    r")(?![0-9])"
)
"""A date, with or without a time; one spelt as folders; digits alone; seconds or milliseconds since 1970."""

_STEP_OF_A_RUN: Final = re.compile(r"pipelines-[a-z0-9]{12}-")
"""How a job that a pipeline started is called, up to its step: the execution is in the name."""


def grouped(resources: Iterable[Resource], types: Collection[str]) -> Iterator[Resource]:
    """Yield `resources`; of jobs of `types` that are alike only the newest, which observes ``runs`` and ``earlier``.

    ``runs`` is how many they are, itself included; ``earlier`` what was observed of each of the others, the plain
    members of it, newest first. A job that is like no other, or that could not be described, stays as it is.
    """
    groups: dict[tuple[str, str], list[Resource]] = {}
    for resource in resources:
        groups.setdefault(_definition(resource) if resource.type in types else (resource.id, resource.type), []).append(
            resource
        )
    for alike in groups.values():
        newest, *earlier = sorted(alike, key=_age, reverse=True) if len(alike) > 1 else alike
        yield _with_runs(newest, earlier) if earlier else newest


def _definition(resource: Resource) -> tuple[str, str]:
    properties = resource.properties
    if not isinstance(properties, dict):
        return resource.id, resource.type
    own = f"{resource.type.rpartition('::')[2]}Name"
    kept = {name: value for name, value in properties.items() if name != own and name not in _PASSING}
    return resource.type, repr(_plain(kept, (), str(properties.get(own) or "")))


def _plain(value: Value, path: Path, job: str) -> Value:
    """Return `value` in one spelling, without what is of one run only."""
    match value:
        case dict():
            return [(name, _plain(value[name], (*path, name), job)) for name in sorted(value, key=str)]
        case list():
            return [_plain(item, path, job) for item in value]
        case str():
            return _text(value, path, job)
    return value


def _text(text: str, path: Path, job: str) -> str:
    if location := _LOCATION.fullmatch(text):
        is_output = any(_OUTPUT.search(str(step)) for step in path)
        return location[1] + ("/*" if is_output else _of_any_run(location[2], job))
    return text if _FREE.isdisjoint(path) else _of_any_run(text, job)


def _of_any_run(text: str, job: str) -> str:
    if _OF_ONE_RUN.fullmatch(job):
        text = re.sub(rf"(?<![A-Za-z0-9]){re.escape(job)}(?![A-Za-z0-9])", "*", text)
    return _TIME.sub("*", _STEP_OF_A_RUN.sub("*-", text))


def _age(resource: Resource) -> tuple[str, str]:
    return str((resource.observed or {}).get("CreationTime", "")), resource.id


def _with_runs(newest: Resource, earlier: Sequence[Resource]) -> Resource:
    runs = {"runs": len(earlier) + 1, "earlier": [dict(_left(job)) for job in earlier]}
    return msgspec.structs.replace(newest, observed={**(newest.observed or {}), **runs})


def _left(job: Resource) -> Iterator[tuple[str, Value]]:
    observed: Mapping[str, Value] = job.observed or {}
    yield "id", job.id
    yield from ((name, value) for name, value in sorted(observed.items()) if isinstance(value, str | int | float))
