"""The sentences of the verdict, the same on the scorecard and in every format of a review."""

from __future__ import annotations

from wa_lint.reporters.scorecard import Scorecard
from wa_lint.texts import Texts


def verdict(card: Scorecard, words: Texts) -> str:
    """Return the verdict in one sentence: how grave it is, what fails, and how the practices stand."""
    return words("page", f"verdict-{card.verdict}", findings=_findings(card, words), practices=_practices(card, words))


def _findings(card: Scorecard, words: Texts) -> str:
    """Return ``9 checks fail (2 high, 7 low)``."""
    total = sum(card.severities.values())
    if not total:
        return words("page", "no-fails")
    named = words("page", "comma").join(
        f"{number} {words('severities', severity)}" for severity, number in card.severities.items()
    )
    return words.counted("fails", total, severities=named)


def _practices(card: Scorecard, words: Texts) -> str:
    """Return how many of the practices have each status."""
    named = words("page", "comma").join(
        f"{number} {words('statuses', status)}" for status, number in card.statuses.items() if number
    )
    return words("page", "practices-stand", total=sum(card.statuses.values()), statuses=named)
