"""Which rules decide which checks of a practice: `data/checks.json`, the short form of the coverage table."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Final

import msgspec

_FILE: Final = Path(__file__).parent / "data" / "checks.json"


class Deciding(msgspec.Struct, frozen=True):
    """How much of one practice our rules decide."""

    coverage: str = "none"
    """full | partial | proxy | none"""
    checks: tuple[tuple[str, ...], ...] = ()
    """The ids of the rules that decide each check; none where no rule does."""

    @property
    def rules(self) -> tuple[str, ...]:
        return tuple(rule for check in self.checks for rule in check)


def of(practice: str) -> Deciding:
    """Return what decides a practice; nothing does where it is a question for people alone."""
    return _table().get(practice, Deciding())


class _Table(msgspec.Struct, frozen=True):
    practices: Mapping[str, Deciding]


@cache
def _table() -> Mapping[str, Deciding]:
    return msgspec.json.decode(_FILE.read_bytes(), type=_Table).practices
