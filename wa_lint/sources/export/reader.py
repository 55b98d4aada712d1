"""Reads an export into a snapshot: our own JSON Lines, or answers of the AWS CLI. It opens no file."""

from __future__ import annotations

import json
from collections.abc import Iterator

import msgspec

from wa_lint import codec
from wa_lint.errors import SourceError
from wa_lint.model import Listed, Location, Problem, Raw, Resource, Snapshot, SourceKind, Unknown
from wa_lint.sources.export.answers import Found, is_answer, read_answer


def looks_like_export(value: object) -> bool:
    """Whether `value` is something that `read_export` reads: a text, bytes, or a document already parsed."""
    if isinstance(value, bytes | str):
        start = value if isinstance(value, bytes) else value.encode("utf-8", "replace")
        return codec.looks_like_snapshot(start) or any(is_answer(found) for _, found in _documents_of(value))
    return any(is_answer(item) for item in _flat(value))


def read_export(text: bytes | str, uri: str) -> Snapshot:
    """Return the snapshot that a file holds. What is not recognised beside what is, is a Problem.

    Raise SourceError for a damaged snapshot, and where nothing in the file is recognised.
    """
    start = text if isinstance(text, bytes) else text.encode("utf-8", "replace")
    if codec.looks_like_snapshot(start):
        return codec.load(start, uri)
    decoded = _decoded(start)
    documents = [(line, item) for line, value in _documents(decoded) for item in _flat(value)]
    found = [(line, read_answer(item)) for line, item in documents if is_answer(item)]
    if not found:
        raise SourceError(uri, "not a snapshot, and no answer of the AWS CLI that wa-lint knows")
    odd = [Location(uri, line) for line, item in documents if not is_answer(item)]
    return Snapshot(
        kind=SourceKind.EXPORT,
        uri=uri,
        resources=_resources(found, decoded, uri),
        complete=frozenset(scope for _, answer in found for scope in answer.complete),
        problems=tuple(Problem(at, "no answer of the AWS CLI that wa-lint knows; skipped") for at in odd),
    )


def _resources(found: list[tuple[int, Found]], text: str, uri: str) -> tuple[Resource, ...]:
    """Sort by (type, id). Of a resource that stands twice, the description wins over the entry of a list."""
    best: dict[tuple[str, str], Resource] = {}
    for line, answer in found:
        for resource in answer.resources:
            key = resource.type, resource.id
            if key not in best or isinstance(best[key].properties, Unknown):
                best[key] = msgspec.structs.replace(resource, origin=Listed(_place(resource, line, text, uri)))
    return tuple(best[key] for key in sorted(best))


def _place(resource: Resource, line: int, text: str, uri: str) -> Location:
    """Return the line on which the resource's ARN or name first stands."""
    for written in (resource.arn, resource.name):
        at = text.find(f'"{written}"') if line == 1 and written else -1
        if at >= 0:
            return Location(uri, text.count("\n", 0, at) + 1, at - text.rfind("\n", 0, at))
    return Location(uri, line, 1)


def _documents_of(text: bytes | str) -> list[tuple[int, Raw]]:
    try:
        return list(_documents(_decoded(text if isinstance(text, bytes) else text.encode("utf-8", "replace"))))
    except SourceError:
        return []


def _documents(text: str) -> Iterator[tuple[int, Raw]]:
    """Yield (line, document): the one document of the file, or each of its lines that is one."""
    whole = _parsed(text)
    if whole is not None:
        yield 1, whole
        return
    for number, line in enumerate(text.splitlines(), start=1):
        if line.strip():
            yield number, _parsed(line)


def _decoded(raw: bytes) -> str:
    return raw.decode("utf-8-sig", "replace")


def _parsed(text: str) -> Raw:
    """Return the document; None for what is not JSON, or is nested beyond all reason."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _flat(value: Raw) -> list[Raw]:
    return value if isinstance(value, list) else [value]
