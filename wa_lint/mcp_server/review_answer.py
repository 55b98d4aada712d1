"""What the tool `review_status` answers: where a workload stands in the Well-Architected review."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta

from wa_lint import lens, packs
from wa_lint.mcp_server.given_roots import MOST_BYTES, file_below
from wa_lint.mcp_server.quoted_data import fitting, quoted
from wa_lint.mcp_server.tool_answers import Desk, PathArgument, TextArgument, given_file
from wa_lint.model import Raw, Report
from wa_lint.review.answer import Answer
from wa_lint.review.practice_status import PracticeStatus
from wa_lint.review.review_file import NAME, parse
from wa_lint.review.reviewed import Asked, Review, by_pillar, reviewed
from wa_lint.run.contents import judge_content
from wa_lint.run.read_back import looks_like_report, report_in
from wa_lint.run.settle import today
from wa_lint.texts import texts

_MOST_OF_REPORT: Final = 20 * MOST_BYTES
_MOST_QUESTIONS: Final = 40

_Status = Literal["met", "partial", "at-risk", "unknown", "for-people", "not-applicable"]


class ReviewStatus(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Arguments of review_status."""

    path: PathArgument = None
    text: TextArgument = None
    answers: Annotated[
        Annotated[str, Meta(max_length=4096)] | None,
        Meta(description=f"A file of what people answered.  [default: {NAME} in the root, where it is]"),
    ] = None
    status: Annotated[_Status | None, Meta(description="Only practices with this status.")] = None
    limit: Annotated[int, Meta(ge=1, le=105, description="The most practices to list.")] = 30


def review_status(desk: Desk, asked: ReviewStatus) -> Raw:
    """Return the status of the practices, AWS's risks by question, and what people have to answer."""
    report = _report(desk, asked)
    review = reviewed(report, _answers(desk, asked.answers), dt.date.fromisoformat(today(None)), texts())
    wanted = [one for one in review.practices.values() if asked.status in {None, one.status.value}]
    listed = fitting([_practice(one) for one in wanted], asked.limit)
    questions = fitting([_question(one) for one in review.open], _MOST_QUESTIONS, room=15_000)
    return {
        "verdict": review.card.verdict,
        "statuses": review.card.statuses,
        "aws_risks": review.aws_risks,
        "pillars": _pillars(review),
        "practices": listed,
        "left_out": len(wanted) - len(listed),
        "open_questions": questions,
        "open_questions_left_out": len(review.open) - len(questions),
        "shortest_way": review.way,
    }


def _report(desk: Desk, asked: ReviewStatus) -> Report:
    if asked.path is not None and asked.text is None:
        content = file_below(asked.path, desk.roots, _MOST_OF_REPORT).content or b""
        if looks_like_report(content):
            return report_in(content, "report", {rule.info.id: rule.info for rule in packs.book().rules})
    return judge_content(given_file(desk, asked.path, asked.text), desk.how, lists_all=True).judged.report


def _answers(desk: Desk, name: str | None) -> Mapping[str, Answer]:
    if name is None and not (desk.roots[0] / NAME).is_file():
        return {}
    file = file_below(name or NAME, desk.roots)
    return parse(file.content or b"", file.uri).answers


def _pillars(review: Review) -> Raw:
    counts = by_pillar(review)
    return [
        {"name": one.name, "score": one.score, "coverage": one.coverage, "statuses": counts[one.name]}
        for one in review.card.pillars
    ]


def _practice(one: PracticeStatus) -> Raw:
    practice = lens.practice(one.id)
    return {
        "id": one.id,
        "title": practice.title,
        "pillar": practice.pillar,
        "status": one.status.value,
        "is_answered_by_person": one.answered_by_person,
        **quoted(because=one.because, evidence=one.evidence, rules=one.rules),
    }


def _question(one: Asked) -> Raw:
    return {"id": one.id, "role": one.role, "text": one.text, "practices": one.practices, **quoted(known=one.knows)}
