"""Reads an export into a snapshot: what it is, its content says. It opens no file."""

from __future__ import annotations

import gzip
import io
import zlib
from collections.abc import Iterable, Iterator
from typing import Final

import msgspec

from wa_lint import codec
from wa_lint.document import read_document
from wa_lint.document.from_json import json_document
from wa_lint.document.positions import MAX_DEPTH
from wa_lint.errors import SourceError
from wa_lint.model import Listed, Location, NotFollowed, Problem, Raw, Resource, Snapshot, SourceKind, Unknown
from wa_lint.sources.export.as_option import unread
from wa_lint.sources.export.aws_config import CONFIG
from wa_lint.sources.export.changeset import CHANGE_SET
from wa_lint.sources.export.cli_answers import ANSWER
from wa_lint.sources.export.cloudcontrol import CLOUD_CONTROL
from wa_lint.sources.export.export_document import Format, Found
from wa_lint.sources.export.json_positions import places_of
from wa_lint.sources.export.merged_answers import merged
from wa_lint.sources.export.terraform import TERRAFORM

FORMATS: Final[tuple[Format, ...]] = (TERRAFORM, CHANGE_SET, CLOUD_CONTROL, CONFIG, ANSWER)
"""What is read, beside our own snapshots. The first that recognises a document reads it."""

_GZIP: Final = b"\x1f\x8b"
_TOO_DEEP: Final = f"with a text in it that nests deeper than {MAX_DEPTH} levels, so it was not read"
_PIECE: Final = 1 << 16
"""Bytes that are unpacked at a time."""


def looks_like_export(value: object) -> bool:
    """Whether `value` is something that `read_export` reads: a text, bytes, or a document already parsed.

    A text that means to be one counts too, though it is cut off: to read it is an error that says so.
    """
    if isinstance(value, bytes | str):
        start = value if isinstance(value, bytes) else value.encode("utf-8", "replace")
        return codec.looks_like_snapshot(start) or _means_to_be(start) or any(map(_format_of, _found_in(start)))
    return any(_format_of(item) for item in _flat(value))


def read_export(text: bytes | str, uri: str) -> Snapshot:
    """Return the snapshot that a file holds, packed or not. What is not recognised beside what is, is a Problem.

    Raise SourceError for a damaged snapshot, for what means to be an export and cannot be read, and where nothing in
    the file is recognised.
    """
    start = text if isinstance(text, bytes) else text.encode("utf-8", "replace")
    if codec.looks_like_snapshot(start):
        return codec.load(start, uri)
    content = _unpacked(start, uri)
    decoded = content.decode("utf-8-sig", "replace")
    documents = [(line, item, _format_of(item)) for line, value in _documents(decoded) for item in _flat(value)]
    found = [(line, _read(item, format_, uri)) for line, item, format_ in documents if format_]
    if not found:
        if _means_to_be(content):
            read_document(content, uri)  # says what is wrong, and where
        raise SourceError(uri, "not a snapshot or an API response that wa-lint reads")
    problems = [*_odd(documents), *((line, problem) for line, export in found for problem in export.problems)]
    resources = _resources(found, decoded, uri)
    is_change_set = any(format_ is CHANGE_SET for _, _, format_ in documents)
    return Snapshot(
        kind=SourceKind.TEMPLATE if all(export.is_request for _, export in found) else SourceKind.EXPORT,
        uri=uri,
        resources=resources,
        parameters=tuple(given for _, export in found for given in export.parameters),
        not_followed=tuple(_nested(resources)) if is_change_set else (),
        complete=frozenset(scope for _, export in found for scope in export.complete),
        gaps=tuple(sorted({gap for _, export in found for gap in export.gaps}, key=str)),
        unjudged=tuple(sorted(one for _, export in found for one in export.unjudged)),
        problems=tuple(sorted(Problem(Location(uri, line), problem) for line, problem in problems)),
    )


def _odd(documents: Iterable[tuple[int, Raw, Format | None]]) -> Iterator[tuple[int, str]]:
    """Yield line and problem of what is not recognised, and of pages that go on elsewhere."""
    for line, item, format_ in documents:
        if not format_:
            yield line, unread(item) or "not AWS data that wa-lint reads; skipped"
        if _goes_on(item):
            yield line, "the response has a next page, which is not in the file"


def _nested(resources: Iterable[Resource]) -> Iterator[NotFollowed]:
    """Yield the nested stacks of a change set, whose resources are in change sets of their own."""
    for resource in resources:
        if resource.type == "AWS::CloudFormation::Stack":
            reason = "its resources are in a change set of its own"
            yield NotFollowed(resource.origin.locate(()), f"the nested stack {resource.id}", reason, "nested-stack")


def _format_of(item: Raw) -> Format | None:
    return next((format_ for format_ in FORMATS if format_.recognises(item)), None)


def _read(item: Raw, format_: Format, uri: str) -> Found:
    try:
        found = format_.read(item)
    except SourceError as error:
        raise SourceError(uri, error.problem) from None
    except RecursionError:
        raise SourceError(uri, f"{format_.noun} {_TOO_DEEP}") from None
    if any(map(_is_too_deep, found.resources)):
        raise SourceError(uri, f"{format_.noun} {_TOO_DEEP}")
    return found


def _goes_on(item: Raw) -> bool:
    return isinstance(item, dict) and bool(
        item.get("NextToken") or item.get("nextToken") or item.get("IsTruncated") is True
    )


def _is_too_deep(resource: Resource) -> bool:
    """Whether a JSON text in it nests deeper than a document of its own may."""
    level: list[Raw] = [resource.properties, dict(resource.observed or {})]
    for _ in range(MAX_DEPTH + 1):
        level = [inner for outer in level for inner in _inner(outer) if isinstance(inner, dict | list)]
    return bool(level)


def _inner(value: Raw) -> Raw:
    return value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()


# --- resources --------------------------------------------------------------------------------------


def _resources(found: list[tuple[int, Found]], text: str, uri: str) -> tuple[Resource, ...]:
    """Sort by (type, id). Of a resource that is repeated, the first description wins where it tells something."""
    best: dict[tuple[str, str], tuple[int, Resource]] = {}
    for line, export in found:
        for resource in export.resources:
            key = resource.type, resource.id
            if key not in best or isinstance(best[key][1].properties, Unknown):
                best[key] = line, resource
            else:
                best[key] = best[key][0], merged(best[key][1], resource)
    names = {name for _, resource in best.values() for name in _written(resource)}
    places = places_of(names, text, uri) if len({line for line, _ in found}) == 1 else {}
    return tuple(_placed(best[key][1], places, Location(uri, best[key][0], 1)) for key in sorted(best))


def _placed(resource: Resource, places: Raw, otherwise: Location) -> Resource:
    """Return the resource with the place where its id, ARN or name first is."""
    place = next((places[name] for name in _written(resource) if name in places), otherwise)
    return msgspec.structs.replace(resource, origin=Listed(place))


def _written(resource: Resource) -> list[str]:
    return [name for name in (resource.id, resource.arn, resource.name) if name]


# --- documents --------------------------------------------------------------------------------------


def _unpacked(content: bytes, uri: str) -> bytes:
    """Return what was packed, if it was; raise SourceError where it is damaged, or more than a file may hold."""
    if not content.startswith(_GZIP):
        return content
    size = codec.Unpacked(uri)
    found: list[bytes] = []
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(content)) as packed:
            while piece := packed.read(_PIECE):
                size.read(len(piece), len(content))
                size.visit(piece)
                if size.size > size.budget.document:
                    size.refuse("document")
                found.append(piece)
    except (OSError, EOFError, zlib.error) as error:
        raise SourceError(uri, f"cannot be unpacked: {error}") from error
    return b"".join(found)


def _start_of(content: bytes) -> bytes:
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(content)) as packed:
            return packed.read(_PIECE)
    except (OSError, EOFError, zlib.error):
        return b""


def _means_to_be(content: bytes) -> bool:
    """Whether the words that make a format are in a text that begins as JSON, whatever else does.

    What begins as JSON and cannot be unpacked may be one: to read it says why.
    """
    try:
        content = _json_of(content)
    except SourceError:
        return True
    return any(format_.marks and all(mark in content for mark in format_.marks) for format_ in FORMATS)


def _json_of(content: bytes) -> bytes:
    """Return the content, unpacked; nothing where that does not even begin as JSON, before all of it is unpacked."""
    start = _start_of(content) if content.startswith(_GZIP) else content[:64]
    is_json = start.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] in {b"{", b"["}
    return _unpacked(content, "") if is_json else b""


def _found_in(content: bytes) -> Iterator[Raw]:
    for _, value in _documents(_json_of(content).decode("utf-8-sig", "replace")):
        yield from _flat(value)


def _documents(text: str) -> Iterator[tuple[int, Raw]]:
    """Yield (line, document): the one document of the file, or each of its lines that is one."""
    whole = _parsed(text)
    if whole is None and text.lstrip()[:1] not in {"{", "["}:
        whole = _parsed_yaml(text)
    if whole is not None:
        yield 1, whole
        return
    for number, line in enumerate(text.splitlines(), start=1):
        if line.strip():
            yield number, _parsed(line)


def _parsed(text: str) -> Raw:
    """Return the document; None for what is not JSON, or is nested beyond all reason."""
    try:
        return json_document(text, "").value
    except (ValueError, SourceError):
        return None


def _parsed_yaml(text: str) -> Raw:
    """Return a map in YAML, as `--output yaml` prints it; None for what is none."""
    try:
        found = read_document(text, "").value
    except SourceError:
        return None
    return found if isinstance(found, dict) else None


def _flat(value: Raw) -> list[Raw]:
    return value if isinstance(value, list) else [value]
