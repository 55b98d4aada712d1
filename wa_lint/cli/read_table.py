"""What was read of an account, in lines for a person: each type, how many, and why not all. It judges nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable
from typing import Final

from wa_lint.model import Gap, Snapshot

_SHOWN: Final = 3
"""Reasons of one type; there is one for each account, region and call."""

_HEAD: Final = ("type", "found", "status")


def read_table(snapshot: Snapshot, readable: Collection[str] = ()) -> str:
    """Return a line for each type that was requested, and one that counts those of `readable` that were not.

    The status is ``whole``, or why there may be more: what was refused and what to grant, ``interrupted``,
    ``deadline``, ``SDK too old``, ``not available in this region``.
    """
    counts = Counter(resource.type for resource in snapshot.resources)
    gaps: dict[str, list[Gap]] = {}
    for gap in sorted(snapshot.gaps):
        gaps.setdefault(gap.scope.type, []).append(gap)
    asked = sorted({scope.type for scope in snapshot.complete} | set(gaps))
    rows = [_HEAD, *((type_, str(counts[type_]), _status(gaps.get(type_, ()))) for type_ in asked)]
    wide = [max(len(row[n]) for row in rows) for n in range(2)]
    lines = [f"{type_:<{wide[0]}}  {found:>{wide[1]}}  {status}" for type_, found, status in rows]
    rest = set(readable) - set(asked)
    return "\n".join([*lines, f"not requested: {len(rest)} other types"] if rest else lines) + "\n"


def _status(gaps: Iterable[Gap]) -> str:
    reasons = list(dict.fromkeys(_why(gap) for gap in gaps))
    more = [f"and {len(reasons) - _SHOWN} more reasons"] if len(reasons) > _SHOWN else []
    return "; ".join([*reasons[:_SHOWN], *more]) or "whole"


def _why(gap: Gap) -> str:
    if gap.grant is None:
        return gap.reason
    return f"refused: {gap.reason.partition(': ')[2]}, grant {gap.grant}"
