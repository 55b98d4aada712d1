"""A review as one page: the scorecard is its first page, what is asked of people and every practice follow."""

from __future__ import annotations

from wa_lint import lens
from wa_lint.reporters import RenderOptions
from wa_lint.reporters.html import page
from wa_lint.review import words_of
from wa_lint.review.review_catalogue import ROLES
from wa_lint.review.reviewed import Review, by_pillar
from wa_lint.texts import Texts


def render(review: Review, options: RenderOptions, words: Texts) -> str:
    by_role = {role: [asked for asked in review.asked if asked.role == role] for role in ROLES}
    extra = {
        "review": review,
        "scope_said": words_of.scope(review, words),
        "changes": words_of.changes(review, words),
        "aws": words_of.aws(review, words),
        "way": words_of.way(review, words) if review.way else "",
        "people": words_of.people(review, words),
        "by_role": by_role,
        "counts": by_pillar(review),
        "question": lens.question,
        "practice": lens.practice,
        "answered": lambda asked: words_of.answer(asked, words),
    }
    title = words_of.title(review, words)
    return page("review.html", review.report, options, review.card, words, title=title, extra=extra)
