"""The trend of a history, as pages show it. Nouns, and their words."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec


class TrendLine(msgspec.Struct, frozen=True):
    """How many findings of a group are open after each run."""

    name: str
    open: tuple[int, ...]
    """What fails, and what failed when it was last looked at."""


class TrendPage(msgspec.Struct, frozen=True):
    """What the scorecard and the review show of a history; this run is the last."""

    runs: tuple[str, ...]
    """The day of each run."""
    lines: tuple[TrendLine, ...]
    """All together first, then each pillar."""
    unseen: tuple[int, ...]
    """For each run: findings that it could not look at again. They are no fixes."""
    fixed: int
    reopened: int
    mean_days: float | None

    @property
    def sentences(self) -> Iterator[str]:
        """Yield what a page says in words."""
        total = self.lines[0].open
        span = f"{len(self.runs)} runs from {self.runs[0]} to {self.runs[-1]}"
        yield f"{span}: {total[0]} open at first, {total[-1]} now."
        mean = f"; a fix takes {self.mean_days:g} days on average" if self.mean_days is not None else ""
        yield f"Fixed {_times(self.fixed)}, reopened {_times(self.reopened)}{mean}."
        if self.unseen[-1]:
            yield f"{self.unseen[-1]} of them were not checked in this run: they may be fixed or not."


def _times(number: int) -> str:
    return "once" if number == 1 else f"{number} times"
