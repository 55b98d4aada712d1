"""What one file may cost: counted limits, the same on every machine, and the sentence of a value that went past one.

A verdict never depends on a clock: `seconds` alone is wall time, and a file that needs more is an error, not a verdict.
"""

from __future__ import annotations

from typing import Final

import msgspec


class Budget(msgspec.Struct, frozen=True, kw_only=True):
    """The limits of one file, or of one answer of an API.

    `characters`: of the texts that functions, redaction and readers build out of it. `nodes`: the values (lists,
    maps, texts, numbers) that it holds after loops and aliases are written out. `bytes`: after decompression.
    `line`: bytes of one line of a snapshot. `steps`: of evaluating one rule on one resource. `scenarios`: of one rule
    on one resource. `seconds`: wall time.
    """

    characters: int = 20_000_000
    nodes: int = 2_000_000
    bytes: int = 1_000_000_000
    line: int = 20_000_000
    steps: int = 1_000_000
    scenarios: int = 64
    seconds: float = 20.0


DEFAULT: Final = Budget()

PREFIX: Final = "budget: "
"""Each reason that a limit gives begins with this."""


def spent(limit: str, what: str) -> str:
    """Return the reason of a value that the limit `limit` (a field of `Budget`) left out: `what` is a whole sentence."""
    return f"{PREFIX}{what} (limit: {limit})"
