"""Snapshot to JSON Lines and back, losslessly. It collects nothing and judges nothing.

The first line says what the file is, then one line for each resource, complete listing, gap, problem, note, type that
is not read and thing that is not followed, and a last one that counts them, so that a file that was cut off is noticed.
Keys and lines are sorted: the same snapshot gives the same bytes. Values that JSON lacks are objects
with one key that begins with ``$``; a user's key that begins so gets one more ``$``.
"""

from __future__ import annotations

import datetime as dt
import gzip
import io
import math
import zlib
from collections.abc import Callable, Iterator, Mapping
from typing import BinaryIO, NoReturn, TypeVar

import msgspec

from wa_lint.budget import current, grow, spent, tick
from wa_lint.errors import SourceError
from wa_lint.model import (
    ABSENT,
    Gap,
    Listed,
    Location,
    Note,
    NotFollowed,
    Partial,
    Problem,
    Raw,
    Resource,
    Scope,
    Snapshot,
    SourceKind,
    Unjudged,
    Unknown,
    Unresolved,
    Value,
)
from wa_lint.version import VERSION

_T = TypeVar("_T")

FORMAT = 1

_MAGIC = b'"wa_lint_snapshot"'

_LARGE = 2**63
"""From here on JSON readers, ours too, lose digits of an integer."""

_GZIP = b"\x1f\x8b"

_PIECE = 1 << 16
"""Bytes that are read at a time."""


class _Header(msgspec.Struct, frozen=True):
    wa_lint_snapshot: int
    kind: SourceKind
    uri: str
    tool: str
    taken_at: str | None = None


class _Row(msgspec.Struct, frozen=True):
    """A resource as it is in a line: values encoded, the origin as the place alone."""

    id: str
    type: str
    properties: Raw
    location: Location | None = None
    name: str | None = None
    arn: str | None = None
    account: str | None = None
    region: str | None = None
    observed: Raw = None
    made_by: str | None = None
    tags: dict[str, str] | None = None


def dump(snapshot: Snapshot, stream: BinaryIO, *, compress: bool = False) -> None:
    """Write `snapshot`. Raise SourceError for a template's: what its values are, a scenario decides."""
    if compress:
        with gzip.GzipFile(fileobj=stream, mode="wb", filename="", mtime=0) as packed:
            _write(snapshot, packed)
    else:
        _write(snapshot, stream)


def load(source: bytes | BinaryIO, uri: str) -> Snapshot:
    """Read what `dump` wrote, packed or not; `uri` names the file in messages and in the snapshot.

    Raise SourceError with the line for what is no snapshot, is damaged, was cut off or is of a later format.
    """
    lines = _lines(io.BytesIO(source) if isinstance(source, bytes) else source, uri)
    header = _header(next(lines, b""), uri)
    parts: dict[str, list[Raw]] = {kind: [] for kind in _READ if kind != "end"}
    for number, line in enumerate(lines, start=2):
        kind, entry = _entry(line, f"{uri}:{number}")
        if kind == "end":
            _nothing_behind(lines, f"{uri}:{number + 1}")
            return _snapshot(header, uri, parts, f"{uri}:{number}", entry)
        parts[kind].append(entry)
    raise SourceError(uri, "the snapshot is truncated: its last line is missing")


def looks_like_snapshot(start: bytes) -> bool:
    """Whether a file that begins with `start` (some hundred bytes) is a snapshot, packed or not."""
    if start.startswith(_GZIP):
        start = zlib.decompressobj(wbits=31).decompress(start, 4096) if _unpacks(start) else b""
    return start.lstrip().startswith(b"{") and _MAGIC in start.partition(b"\n")[0]


# --- writing ----------------------------------------------------------------------------------------


def _write(snapshot: Snapshot, stream: BinaryIO | gzip.GzipFile) -> None:
    header = _Header(FORMAT, snapshot.kind, snapshot.uri, f"wa-lint {VERSION}", snapshot.taken_at)
    stream.write(msgspec.json.encode(header) + b"\n")
    count = 0
    for count, (kind, entry) in enumerate(_entries(snapshot), start=1):  # noqa: B007, the last one is wanted
        stream.write(msgspec.json.encode({kind: entry}, order="sorted") + b"\n")
    stream.write(msgspec.json.encode({"end": count}) + b"\n")


def _entries(snapshot: Snapshot) -> Iterator[tuple[str, Raw]]:
    for resource in sorted(snapshot.resources, key=lambda r: (r.type, r.id)):
        yield "resource", _row(resource, snapshot.uri)
    for scope in sorted(snapshot.complete, key=_scope_key):
        yield "complete", scope
    for gap in sorted(snapshot.gaps, key=lambda g: (*_scope_key(g.scope), g.reason, g.grant or "")):
        yield "gap", gap
    for problem in sorted(snapshot.problems):
        yield "problem", problem
    for note in sorted(snapshot.notes, key=lambda n: (n.location, n.kind)):
        yield "note", note
    for unjudged in sorted(snapshot.unjudged):
        yield "unjudged", unjudged
    for unread in sorted(snapshot.not_followed):
        yield "not_followed", unread


def _scope_key(scope: Scope) -> tuple[str, str, str]:
    return scope.type, scope.account or "", scope.region or ""


def _row(resource: Resource, uri: str) -> Raw:
    if resource.exists is not True:
        raise SourceError(uri, f"{resource.id} depends on a condition: only what is there can be saved")
    location = resource.origin.locate(())
    row = _Row(
        id=resource.id,
        type=resource.type,
        properties=_encoded(resource.properties, uri),
        location=None if location == Location(resource.id) else location,
        name=resource.name,
        arn=resource.arn,
        account=resource.account,
        region=resource.region,
        observed=None if resource.observed is None else _encoded(dict(resource.observed), uri),
        made_by=resource.made_by,
        tags=None if resource.tags is None else dict(resource.tags),
    )
    return {key: value for key, value in msgspec.structs.asdict(row).items() if value is not None}


def _encoded(value: Value, uri: str) -> Raw:
    match value:
        case None | bool() | str():
            return value
        case int():
            return value if abs(value) < _LARGE else {"$int": str(value)}
        case float():
            return value if math.isfinite(value) else {"$float": str(value)}
        case dict():
            return {_escaped(str(key)): _encoded(inner, uri) for key, inner in value.items()}
        case list() | tuple():
            return [_encoded(item, uri) for item in value]
        case Unknown(reason):
            return {"$unknown": reason}
        case Partial(items, reason):
            return {"$partial": {"items": [_encoded(item, uri) for item in items], "reason": reason}}
        case Unresolved():
            return {"$unresolved": msgspec.to_builtins(value)}
    if value is ABSENT:
        return {"$absent": True}
    raise SourceError(uri, "a template's values depend on scenarios: save its account, or keep the template")


def _escaped(key: str) -> str:
    return f"${key}" if key.startswith("$") else key


# --- reading ----------------------------------------------------------------------------------------


def _lines(stream: BinaryIO, uri: str) -> Iterator[bytes]:
    """Yield the lines that hold something. Raise SourceError past the limits of a file: `wa_lint.budget`."""
    start = stream.read(2)
    whole = _Joined(start, stream)
    buffered = io.BufferedReader(whole)
    unpacked = gzip.GzipFile(fileobj=buffered) if start == _GZIP else buffered
    size = Unpacked(uri)
    line: list[bytes] = []
    try:
        while piece := unpacked.read(_PIECE):
            size.read(len(piece), whole.size)
            *ends, rest = piece.split(b"\n") if piece.strip() else (b"", piece) if b"\n" in piece else (piece,)
            for end in ends:
                yield from _line([*line, end], size)
                line = []
            line.append(rest)
            size.demand_line(line)
    except (OSError, EOFError, zlib.error) as error:
        raise SourceError(uri, f"cannot be unpacked: {error}") from error
    yield from _line(line, size)


def _line(pieces: list[bytes], size: Unpacked) -> Iterator[bytes]:
    line = b"".join(pieces)
    if line.strip():
        size.visit(line)
        yield line


class Unpacked:
    """What was read of one file so far; raises SourceError past its limits."""

    def __init__(self, uri: str) -> None:
        self.uri = uri
        self.budget = current()
        self.size = 0
        self.packed = 0
        self.nodes = 0

    def read(self, amount: int, packed: int) -> None:
        """Count bytes that were unpacked; `packed` are all those read from the file for it."""
        grow(amount)
        tick()
        self.size += amount
        self.packed = packed
        if self.size > self.budget.bytes:
            self.refuse("bytes")

    def demand_line(self, pieces: list[bytes]) -> None:
        if sum(map(len, pieces)) > self.budget.line:
            self.refuse("line")

    def visit(self, text: bytes) -> None:
        """Count the values that a JSON text may hold: two for each packed byte are no bomb."""
        self.nodes += text.count(b",") + text.count(b":") + text.count(b"[") + 1
        if self.nodes > max(self.budget.nodes, 2 * self.packed):
            self.refuse("nodes")

    def refuse(self, limit: str) -> NoReturn:
        raise SourceError(self.uri, f"{spent(limit, self.budget)}, so it was not read")


class _Joined(io.RawIOBase):
    """A stream from which some bytes were read to see what it is, with these put back."""

    def __init__(self, start: bytes, rest: BinaryIO) -> None:
        self._start, self._rest = start, rest
        self.size = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Raw) -> int:
        piece = self._start or self._rest.read(len(buffer))
        self._start = b""
        buffer[: len(piece)] = piece
        self.size += len(piece)
        return len(piece)


def _unpacks(start: bytes) -> bool:
    try:
        zlib.decompressobj(wbits=31).decompress(start, 4096)
    except zlib.error:
        return False
    return True


def _nothing_behind(lines: Iterator[bytes], where: str) -> None:
    """Read to the end, where a packed file says whether it is whole."""
    if next(lines, None) is not None:
        raise SourceError(where, "the snapshot has data after its last line")


def _header(line: bytes, uri: str) -> _Header:
    if not looks_like_snapshot(line):
        raise SourceError(uri, "not a wa-lint snapshot")
    header: Raw = _checked(lambda: msgspec.json.decode(line), f"{uri}:1")
    version = header.get("wa_lint_snapshot") if isinstance(header, dict) else None
    if version != FORMAT:
        raise SourceError(f"{uri}:1", f"a snapshot of format {version}; this wa-lint reads format {FORMAT}")
    found: _Header = _checked(lambda: msgspec.convert(header, _Header), f"{uri}:1")
    if found.taken_at is not None:
        _checked(lambda: dt.date.fromisoformat(str(found.taken_at)[:10]), f"{uri}:1")
    return found


_READ: Mapping[str, Callable[[Raw], Raw]] = {
    "resource": lambda raw: _resource(msgspec.convert(raw, _Row)),
    "complete": lambda raw: msgspec.convert(raw, Scope),
    "gap": lambda raw: msgspec.convert(raw, Gap),
    "problem": lambda raw: msgspec.convert(raw, Problem),
    "note": lambda raw: msgspec.convert(raw, Note),
    "unjudged": lambda raw: msgspec.convert(raw, Unjudged),
    "not_followed": lambda raw: msgspec.convert(raw, NotFollowed),
    "end": lambda raw: msgspec.convert(raw, int),
}


def _entry(line: bytes, where: str) -> tuple[str, Raw]:
    raw: Raw = _checked(lambda: msgspec.json.decode(line), where)
    kind = next(iter(raw), "") if isinstance(raw, dict) and len(raw) == 1 else ""
    if kind not in _READ:
        raise SourceError(where, "not a line of a snapshot")
    return kind, _checked(lambda: _READ[kind](raw[kind]), where)


def _checked(read: Callable[[], _T], where: str) -> _T:
    try:
        return read()
    except (msgspec.MsgspecError, ValueError, TypeError, RecursionError) as error:
        raise SourceError(where, f"damaged: {error}") from error


def _resource(row: _Row) -> Resource:
    observed = _decoded(row.observed)
    return Resource(
        id=row.id,
        type=row.type,
        properties=_decoded(row.properties),
        origin=Listed(row.location or Location(row.id)),
        name=row.name,
        arn=row.arn,
        account=row.account,
        region=row.region,
        observed=observed if isinstance(observed, dict) else None,
        made_by=row.made_by,
        tags=row.tags,
    )


_MARKED: Mapping[str, Callable[[Raw], Value]] = {
    "$absent": lambda _: ABSENT,
    "$float": lambda raw: float(msgspec.convert(raw, str)),
    "$int": lambda raw: int(msgspec.convert(raw, str)),
    "$partial": lambda raw: Partial(
        tuple(_decoded(item) for item in raw["items"]), msgspec.convert(raw["reason"], str)
    ),
    "$unknown": lambda raw: Unknown(msgspec.convert(raw, str)),
    "$unresolved": lambda raw: msgspec.convert(raw, Unresolved),
}


def _decoded(raw: Raw) -> Value:
    if isinstance(raw, list):
        return [_decoded(item) for item in raw]
    if not isinstance(raw, dict):
        return raw
    for key in raw:
        if key.startswith("$") and not key.startswith("$$"):
            return _marked(key, raw)
    return {key.removeprefix("$") if key.startswith("$$") else key: _decoded(inner) for key, inner in raw.items()}


def _marked(key: str, raw: dict[str, Raw]) -> Value:
    if key not in _MARKED or len(raw) != 1:
        raise ValueError(f"no value is written as {key!r}")
    try:
        return _MARKED[key](raw[key])
    except KeyError as error:
        raise ValueError(f"{key!r} lacks {error}") from error


def _snapshot(header: _Header, uri: str, parts: Mapping[str, list[Raw]], where: str, count: int) -> Snapshot:
    if count != sum(map(len, parts.values())):
        raise SourceError(where, "the snapshot is damaged: it has more or fewer lines than it declares")
    return Snapshot(
        kind=header.kind,
        uri=uri,
        resources=tuple(parts["resource"]),
        complete=frozenset(parts["complete"]),
        gaps=tuple(parts["gap"]),
        taken_at=header.taken_at,
        problems=tuple(parts["problem"]),
        notes=tuple(parts["note"]),
        unjudged=tuple(parts["unjudged"]),
        not_followed=tuple(parts["not_followed"]),
    )
