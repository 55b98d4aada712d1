"""What a person answered to one question of a review: the noun, and when it no longer counts."""

from __future__ import annotations

import datetime as dt
from typing import Final

import msgspec

SAID: Final = ("yes", "partly", "no", "not-applicable")
"""What a person may say of a practice or a question."""


class Answer(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="kebab"):
    """One answer of `wa-review.yaml`; a yes without evidence, or one past its day, is an open question again."""

    answer: str
    """One of `SAID`."""
    evidence: str = ""
    """A link or a few words that lead to what shows it."""
    who: str = ""
    date: dt.date | None = None
    """The day of the answer."""
    review_by: dt.date | None = None
    """The last day on which it counts; None: for ever."""
    note: str = ""

    def is_stale(self, today: dt.date) -> bool:
        """Whether it has to be asked again."""
        return self.review_by is not None and self.review_by < today
