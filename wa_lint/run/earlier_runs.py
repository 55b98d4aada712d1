"""What earlier runs counted, read from their JSON reports."""

from __future__ import annotations

from pathlib import Path

import msgspec

from wa_lint.errors import ConfigError
from wa_lint.reporters import Past


class _Summary(msgspec.Struct, frozen=True):
    failed: int
    unknown: int
    passed: int


class _Earlier(msgspec.Struct, frozen=True):
    schema_version: int
    summary: _Summary


def past(file: Path) -> Past:
    """Return the counts of a JSON report. Raise `ConfigError` where the file is none."""
    try:
        found = msgspec.json.decode(file.read_bytes(), type=_Earlier).summary
    except (msgspec.DecodeError, UnicodeDecodeError, OSError) as error:
        raise ConfigError(file.as_posix(), f"is no JSON report of wa-lint: {error}") from error
    return Past(file.stem, found.failed, found.unknown, found.passed)
