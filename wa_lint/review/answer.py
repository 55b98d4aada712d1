"""What a person answered to one question of a review: the noun, and when it no longer counts."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Final

import msgspec

SAID: Final = ("yes", "partly", "no", "not-applicable")
"""What a person may say of a practice or a question."""


class Answer(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One answer of `wa-review.yaml`. A yes counts with evidence only, and none counts past its last day."""

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

    @property
    def counts(self) -> bool:
        """Whether it settles something while it is current: a yes without evidence does not."""
        return self.answer != "yes" or bool(self.evidence)

    def in_words(self) -> str:
        """Return ``Ana answered yes on 2026-11-02: the note``."""
        dated = f" on {self.date.isoformat()}" if self.date else ""
        noted = f": {self.note}" if self.note else ""
        without = "" if self.counts else ", without evidence"
        return f"{self.who or 'somebody'} answered {self.answer}{dated}{without}{noted}"


def current(answers: Mapping[str, Answer], today: dt.date) -> Mapping[str, Answer]:
    """Return the answers that still count."""
    return {id_: answer for id_, answer in answers.items() if not answer.is_stale(today)}
