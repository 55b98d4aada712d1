"""The page of one practice: what it asks, which rules decide it, how far, and what remains for people."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from wa_lint import lens
from wa_lint.coverage_table import Check, checks_of, class_of, table
from wa_lint.review.review_catalogue import people_questions, role_of, step_of
from wa_lint.rule import Rule
from wa_lint.texts import Texts

_HOW_FAR = {
    "full": "Rules decide all of its checks.",
    "partial": "Rules decide a part of it; people have to say the rest.",
    "proxy": "Rules see only a technical trace of it; people have to say the rest.",
    "none": "No rule decides it: people have to say.",
}


def practice_page(practice_id: str, rules: Sequence[Rule], words: Texts) -> str:
    """Return the page as Markdown. Raise KeyError where the Lens has no such practice."""
    practice = lens.practice(practice_id)
    return "\n\n".join(part for part in _parts(practice, rules, words) if part) + "\n"


def _parts(practice: lens.Practice, rules: Sequence[Rule], words: Texts) -> Iterator[str]:
    yield f"# {practice.id} {practice.title}"
    yield words("asks", practice.id)
    question = lens.question(practice.question)
    yield f"Pillar: {words('pillars', practice.pillar)}. Question {question.id}: {question.title}"
    yield f"Risk by AWS for not following it: {practice.aws_risk}. {_risk_rule(practice, question)}"
    yield f"In the Lens of 2023: {practice.id_2023}. {lens.url(practice.id)}"
    yield f"## How far checks decide it\n\n{_HOW_FAR[class_of(practice.id, rules)]}"
    yield _checks(practice, rules)
    yield "\n\n".join(["## What remains for people", *_for_people(practice, words)])


def _risk_rule(practice: lens.Practice, question: lens.Question) -> str:
    if not practice.in_risk_rule:
        return "AWS's risk rule for the question does not look at it."
    if len(question.of) == 1:
        return f"By AWS's risk rule, the question has no risk with it, and {question.otherwise} risk without."
    needed = f"{'all' if question.needs == 'all' else 'any one'} of {', '.join(question.of)}"
    return f"By AWS's risk rule, the question has no risk with {needed}, and else {question.otherwise} risk."


def _checks(practice: lens.Practice, rules: Sequence[Rule]) -> str:
    return "\n".join(f"* {check.what}: {_decided_by(check)}" for check in checks_of(practice.id, rules))


def _decided_by(check: Check) -> str:
    if not check.rules:
        return f"by no rule, because {table().said(check.reason)}"
    return ", ".join(f"`{rule}`" for rule in check.rules)


def _for_people(practice: lens.Practice, words: Texts) -> Iterator[str]:
    yield f"{words('roles', role_of(practice.id))}, {words('steps', step_of(practice.id))}: is this true?"
    id_ = practice.id
    for name, question in people_questions().items():
        if practice.id in question.settles:
            yield f"`{name}`: {words('questions', name)} Its answer is that of this practice."
            id_ = name
        elif practice.id in question.about:
            yield f"`{name}`: {words('questions', name)}"
    yield f"Answer it in wa-review.yaml, below `answers:`, as `{id_}`."
