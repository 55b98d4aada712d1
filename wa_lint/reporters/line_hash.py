"""GitHub's own hash of a line, by which it knows an alert again after other lines moved.

Of a line counts what begins at it: a hundred UTF-16 units without blanks and tabs, over line breaks, the text's end as
65535 and zeros behind it; a polynomial in 37, modulo 2**64. Equal hashes get a number, in the order of the lines.
Learnt from what github/codeql-action's upload step computes (read 2026-11); a test holds its published values.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from typing import Final

_WINDOW: Final = 100
_BASE: Final = 37
_END: Final = 65535
_MASK: Final = (1 << 64) - 1
_POWERS: Final = [pow(_BASE, _WINDOW - 1 - at, 1 << 64) for at in range(_WINDOW)]


def line_hashes(lines: Sequence[str]) -> list[str]:
    """Return the hash of each line of a text that was split at its line breaks."""
    counted: Counter[str] = Counter()
    found: list[str] = []
    units, starts = _units(lines)
    for start in starts:
        window = units[start : start + _WINDOW]
        sum_ = sum(power * unit for power, unit in zip(_POWERS, window, strict=False)) & _MASK
        counted[text := f"{sum_:x}"] += 1
        found.append(f"{text}:{counted[text]}")
    return found


def _units(lines: Sequence[str]) -> tuple[list[int], list[int]]:
    """Return the units of the whole text, and where each line begins among them."""
    units: list[int] = []
    starts: list[int] = []
    for number, line in enumerate(lines):
        starts.append(len(units))
        wide = re.sub("[ \t]", "", line).encode("utf-16-le", "surrogatepass")
        units.extend(int.from_bytes(wide[at : at + 2], "little") for at in range(0, len(wide), 2))
        units.append(ord("\n") if number < len(lines) - 1 else _END)
    return units, starts
