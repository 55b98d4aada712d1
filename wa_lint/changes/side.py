"""One of the two things that are compared. Nouns only."""

from __future__ import annotations

import msgspec

from wa_lint.model import Report, Snapshot


class Side(msgspec.Struct, frozen=True, eq=False):
    """One of two looks."""

    report: Report
    """With all outcomes where they are known; a report of somebody's may hold fails and unknowns only."""
    snapshots: tuple[Snapshot, ...] | None = None
    """What was judged; None: only the report is at hand, which does not list the resources."""
    root: str = ""
    """What its uris begin with, and the other side's need not: the folder, or the one file."""
    passing: frozenset[str] = frozenset()
    """Types of which an account lists only the youngest: one that is missing need not be gone."""
