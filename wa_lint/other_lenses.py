"""AWS's lenses beside the Machine Learning Lens: their practices by id and title. No rule of ours names them."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Final

import msgspec

_FILE: Final = Path(__file__).parent / "data" / "other_lenses.json"


class ListedPractice(msgspec.Struct, frozen=True, array_like=True):
    """One practice of another lens."""

    id: str
    title: str
    area: str
    """The pillar, or the focus area."""


class ListedLens(msgspec.Struct, frozen=True):
    """A lens of which only ids and titles are known here."""

    name: str
    date: str
    """When AWS published it."""
    source: str
    practices: tuple[ListedPractice, ...]


class _Lenses(msgspec.Struct, frozen=True):
    lenses: Mapping[str, ListedLens]


@cache
def other_lenses() -> Mapping[str, ListedLens]:
    """Return them by name: generative-ai, responsible-ai, agentic-ai."""
    return msgspec.json.decode(_FILE.read_bytes(), type=_Lenses).lenses
