"""What `check --fix` would write for a finding, as reports carry it. It works nothing out."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import msgspec

from wa_lint.model import Finding, Location


class Replacement(msgspec.Struct, frozen=True):
    """A text in place of what is at `place`; inserted where that is no longer than nothing."""

    place: Location
    text: str


Replacements: TypeAlias = Callable[[Finding], tuple[Replacement, ...]]
"""What fixes a finding; nothing where there is no safe fix."""


def no_replacements(_finding: Finding) -> tuple[Replacement, ...]:
    return ()
