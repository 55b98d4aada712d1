"""A snapshot in a folder: one file for each account and region, and an index of them. It collects and judges nothing.

Every file is there in full or not at all, and a line is added to the log of the index as each part ends: a killed run
loses what was being read, and nothing else. The log is taken into the index when all has been read, and when it is gone
on with.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Final, Literal

import msgspec

from wa_lint import codec
from wa_lint.errors import ConfigError, SourceError
from wa_lint.model import Raw, Snapshot
from wa_lint.version import VERSION
from wa_lint.writing import append, atomic, make_folder

INDEX: Final = "index.json"

LOG: Final = "index.log"
"""What became of parts since the index was written, as JSON Lines."""

FORMAT: Final = 1

_MAGIC: Final = b'"wa_lint_index"'

_MOST_BYTES: Final = 64 << 20

GLOBAL: Final = "global"
"""The part of an account that is the same from every region."""

Status = Literal["read", "partial", "gaps", "failed", "skipped", "waiting"]
"""``partial``: the reading was cut short. ``gaps``: all was asked for, and what was not told may be told now."""


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """One account and region, and what became of it."""

    account: str
    region: str | None = None
    """`GLOBAL` for what belongs to no region; None where it is of the account as a whole that something is said."""
    status: Status = "waiting"
    reason: str | None = None
    file: str | None = None
    """Relative to the index, with forward slashes."""
    sha256: str | None = None
    resources: int = 0
    gaps: int = 0

    @property
    def key(self) -> tuple[str, str]:
        return self.account, self.region or ""


class LogLine(msgspec.Struct, frozen=True, omit_defaults=True):
    """What one line of the log says."""

    part: Part | None = None
    forgotten: str | None = None
    """The account of which nothing is said any more as a whole."""


class ReadingOptions(msgspec.Struct, frozen=True, kw_only=True):
    """What a reading that goes on must have in common with what there is."""

    regions: tuple[str, ...]
    types: tuple[str, ...] | None = None
    """None: all that can be read."""


class FolderIndex(msgspec.Struct, frozen=True, kw_only=True):
    """What is in ``index.json``."""

    wa_lint_index: int = FORMAT
    tool: str = f"wa-lint {VERSION}"
    taken_at: str
    """ISO 8601, UTC: the end of every window that was requested, the same in all parts."""
    options: ReadingOptions
    parts: tuple[Part, ...] = ()


class Folder:
    """A folder that is being filled. To be used from one thread."""

    def __init__(self, path: Path, index: FolderIndex) -> None:
        self.path = path
        self._index = index
        self._parts = {part.key: part for part in index.parts}
        self._has_index = False

    @property
    def index(self) -> FolderIndex:
        return msgspec.structs.replace(self._index, parts=in_order(self._parts.values()))

    def known(self, part: Part) -> Part | None:
        """Return what is noted of the same account and region."""
        return self._parts.get(part.key)

    def note(self, parts: Iterable[Part]) -> None:
        """Write down what became of `parts`, or that they wait."""
        noted = list(parts)
        self._parts |= {part.key: part for part in noted}
        self._add([LogLine(part=part) for part in noted])

    def forget(self, account: str) -> None:
        """Drop what was said of an account as a whole."""
        if self._parts.pop((account, ""), None) is not None:
            self._add([LogLine(forgotten=account)])

    def finish(self) -> None:
        """Write the index again, with what the log says: in a log nobody finds anything."""
        with _made(self.path / INDEX) as stream:
            stream.write(msgspec.json.format(msgspec.json.encode(self.index), indent=1) + b"\n")
        (self.path / LOG).unlink(missing_ok=True)
        self._has_index = True

    def _add(self, lines: Sequence[LogLine]) -> None:
        if not self._has_index:
            self.finish()
        elif lines:
            append(self.path / LOG, b"".join(msgspec.json.encode(line) + b"\n" for line in lines))

    def keep(self, part: Part, snapshot: Snapshot) -> None:
        """Write the snapshot of a part, then note the part."""
        packed = io.BytesIO()
        codec.dump(snapshot, packed, compress=True)
        name = f"{part.account}/{_spelled(part.region or GLOBAL)}.jsonl.gz"
        with _made(self.path / name) as stream:
            stream.write(packed.getvalue())
        digest = hashlib.sha256(packed.getvalue()).hexdigest()
        found = len(snapshot.resources), len(snapshot.gaps)
        self.note([msgspec.structs.replace(part, file=name, sha256=digest, resources=found[0], gaps=found[1])])


def in_order(parts: Iterable[Part]) -> tuple[Part, ...]:
    """Sort by account, what belongs to no region first."""
    return tuple(sorted(parts, key=lambda part: (part.account, part.region not in (None, GLOBAL), part.region or "")))


def is_index(content: bytes) -> bool:
    """Whether a file that begins with `content` is an index of ours."""
    return content.lstrip().startswith(b"{") and _MAGIC in content[:200]


def is_folder(path: Path) -> bool:
    """Whether a snapshot is in the folder `path`."""
    try:
        with (path / INDEX).open("rb") as stream:
            return is_index(stream.read(200))
    except OSError:
        return False


def read_index(path: Path, uri: str) -> FolderIndex:
    """Return the index in the file `path`, with what its log says.

    Raise SourceError where one is damaged, of another format or leads out.
    """
    index = _decoded(_content(path, uri), uri)
    log = path.with_name(LOG)
    parts = {part.key: part for part in index.parts}
    if log.is_file():
        where = f"{uri.removesuffix(INDEX)}{LOG}"
        _follow(parts, _content(log, where), where)
    for part in parts.values():
        if part.file is not None and not _is_below(path.parent, part.file):
            raise SourceError(uri, f"{part.file!r} leads out of the folder")
    return msgspec.structs.replace(index, parts=in_order(parts.values()))


def _content(path: Path, uri: str) -> bytes:
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise SourceError(uri, f"longer than {_MOST_BYTES >> 20} MiB, which no index is")
        return path.read_bytes()
    except OSError as error:
        raise SourceError(uri, f"cannot be read: {error.strerror}") from error


def _decoded(content: bytes, uri: str) -> FolderIndex:
    try:
        raw: Raw = msgspec.json.decode(content)
        version = raw.get("wa_lint_index") if isinstance(raw, dict) else None
        if version != FORMAT:
            raise SourceError(uri, f"an index of format {version}; this wa-lint reads format {FORMAT}")
        return msgspec.convert(raw, FolderIndex)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise SourceError(uri, f"damaged: {error}") from error


def _follow(parts: dict[tuple[str, str], Part], content: bytes, uri: str) -> None:
    """Change `parts` as the lines of a log say. A last line without its end was cut off, and says nothing."""
    try:
        for text in content.split(b"\n")[:-1]:
            line = msgspec.json.decode(text, type=LogLine)
            if line.part is not None:
                parts[line.part.key] = line.part
            if line.forgotten is not None:
                parts.pop((line.forgotten, ""), None)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise SourceError(uri, f"damaged: {error}") from error


def load(folder: Path, uri: str, part: Part) -> Snapshot:
    """Return the snapshot of a part. Raise SourceError where its file is gone, damaged, or not what was written."""
    where = f"{uri}/{part.file}"
    try:
        content = (folder / str(part.file)).read_bytes()
    except OSError as error:
        raise SourceError(where, f"cannot be read: {error.strerror}") from error
    if part.sha256 is not None and hashlib.sha256(content).hexdigest() != part.sha256:
        raise SourceError(where, "not the file in the index: it was changed or truncated")
    return codec.load(content, where)


def read_parts(folder: Path, uri: str, parts: Iterable[Part]) -> Iterator[tuple[Part, Snapshot]]:
    for part in parts:
        if part.file is not None:
            yield part, load(folder, uri, part)


def demand_fit(index: FolderIndex, options: ReadingOptions, accounts: Iterable[str], where: str) -> None:
    """Raise `ConfigError` where what was begun in `where` is not what is requested now."""
    held = {part.account for part in index.parts if part.file is not None}
    strange = sorted(held - set(accounts))
    if strange:
        raise ConfigError(where, f"holds account {', '.join(strange)}, which these options do not cover")
    for name, was, is_now in (
        ("regions", index.options.regions, options.regions),
        ("types", index.options.types, options.types),
    ):
        if was != is_now:
            raise ConfigError(where, f"was begun with other {name}: {_said(was)}, not {_said(is_now)}")


def _said(values: Sequence[str] | None) -> str:
    return "all" if values is None else ", ".join(values)


def _made(file: Path) -> Raw:
    """Open a file of the folder to be written at once; make the folder where it is missing."""
    make_folder(file.parent)
    return atomic(file, is_private=True)


def _spelled(region: str) -> str:
    """Return a region as a file may be called: somebody may have typed anything."""
    return "".join(c if c.isalnum() or c in "-_" else "_" for c in region)


def _is_below(folder: Path, name: str) -> bool:
    try:
        return (folder / name).resolve().is_relative_to(folder.resolve())
    except (OSError, RuntimeError, ValueError):
        return False
