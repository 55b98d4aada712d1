"""The sentences of a review, the same in all formats."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from wa_lint.reporters import coverage
from wa_lint.review.review_catalogue import ROLES
from wa_lint.review.reviewed import Asked, Review
from wa_lint.texts import Texts


def title(review: Review, words: Texts) -> str:
    """Return what is reviewed and when."""
    if review.workload:
        return words("page", "title-of", workload=review.workload, date=review.date)
    return words("page", "title-on", date=review.date)


def scope(review: Review, words: Texts) -> Sequence[str]:
    """Return what was looked at, and why there may be no verdict at all."""
    report = review.report
    judged = sum(entry.status == "judged" for entry in report.inputs)
    rules = sum(bool(rule.practices) for rule in report.rules)
    said = [words.counted("scope", judged, resources=report.census.resources, rules=rules)]
    if report.workload and report.workload.outside:
        said.append(words.counted("outside", report.workload.outside))
    nothing = coverage.nothing_judged(report)
    return [*said, *([nothing] if nothing else [])]


def aws(review: Review, words: Texts) -> str:
    """Return how many questions AWS rates how."""
    named = words("page", "comma").join(
        f"{number} {words('risks', risk)}" for risk, number in review.aws_risks.items() if number
    )
    return words("page", "aws-risks", questions=len(review.questions), risks=named)


def way(review: Review, words: Texts) -> str:
    """Return the shortest set of practices that leaves no risk."""
    return words.counted("way", len(review.way), practices=words("page", "comma").join(review.way))


def people(review: Review, words: Texts) -> str:
    """Return how many questions wait, by role."""
    waiting = Counter(asked.role for asked in review.open)
    if not waiting:
        return words("page", "none-open")
    named = words("page", "comma").join(f"{words('roles', role)} {waiting[role]}" for role in ROLES if waiting[role])
    stale = sum(asked.is_stale for asked in review.asked)
    lapsed = f" {words.counted('stale', stale)}" if stale else ""
    return words.counted("open", len(review.open), roles=named) + lapsed


def answer(asked: Asked, words: Texts) -> str:
    """Return what a person answered, and whether it still counts."""
    if asked.answer is None:
        return words("page", "unanswered")
    said = asked.answer
    parts = [words("answers", said.answer), said.evidence, said.note, said.who]
    parts += [day.isoformat() for day in (said.date,) if day]
    parts += [words("page", "lapsed", date=said.review_by)] if asked.is_stale else []
    parts += [] if said.counts else [words("page", "without-evidence")]
    return ", ".join(part for part in parts if part)


def changes(review: Review, words: Texts) -> list[str]:
    """Return what changed since the earlier review; nothing where there is none."""
    if not review.since:
        return []
    if not review.changed:
        return [words("page", "unchanged-since", since=review.since)]
    named = "; ".join(f"{one.id} {words('statuses', one.was)} → {words('statuses', one.now)}" for one in review.changed)
    return [words.counted("changed", len(review.changed), since=review.since, changes=named)]
