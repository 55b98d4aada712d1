"""What earlier runs counted, read from their JSON reports; and which file is the database of a history instead."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import msgspec

from wa_lint.errors import ConfigError
from wa_lint.reporters import Past


class _Summary(msgspec.Struct, frozen=True):
    failed: int
    unknown: int
    passed: int


class _Stood(msgspec.Struct, frozen=True):
    id: str
    status: str


class _Earlier(msgspec.Struct, frozen=True):
    schema_version: int
    summary: _Summary
    practices: tuple[_Stood, ...] = ()


def past(file: Path) -> Past:
    """Return the counts of a JSON report, of a review too. Raise `ConfigError` if the file is not one."""
    try:
        found = msgspec.json.decode(file.read_bytes(), type=_Earlier)
    except (msgspec.DecodeError, UnicodeDecodeError, OSError) as error:
        raise ConfigError(file.as_posix(), f"is not a JSON report of wa-lint: {error}") from error
    counts = found.summary
    stood = {one.id: one.status for one in found.practices}
    return Past(file.stem, counts.failed, counts.unknown, counts.passed, stood)


_HEAD: Final = b"SQLite format 3\x00"
_NAMES: Final = (".db", ".sqlite", ".sqlite3")


def ledger_of(files: Sequence[Path]) -> Path | None:
    """Return the database among the files of ``--history``. Raise `ConfigError` where there are two."""
    found = [file for file in files if is_ledger(file)]
    if len(found) > 1:
        raise ConfigError("--history", f"takes one database; {found[0]} and {found[1]} are two")
    return found[0] if found else None


def is_ledger(file: Path) -> bool:
    """Whether a file is, or is to become, a database: by its name, or by its first bytes."""
    if file.suffix.lower() in _NAMES:
        return True
    try:
        with file.open("rb") as stream:
            return stream.read(len(_HEAD)) == _HEAD
    except OSError:
        return False
