"""A review as JSON: the same figures as in every other format, and every reason. `review.schema.json` describes it."""

from __future__ import annotations

import msgspec

from wa_lint import lens
from wa_lint.reporters import RenderOptions, sentences, tally
from wa_lint.reporters.json_report import document, encode
from wa_lint.reporters.report_structs import JsonReport, JsonSummary, JsonTool, JsonWorkload
from wa_lint.reporters.scorecard import Square
from wa_lint.review.answer import Answer
from wa_lint.review.reviewed import Asked, Review, StatusChange, by_pillar
from wa_lint.texts import Texts

REVIEW_SCHEMA_VERSION = 1


class JsonPractice(msgspec.Struct, frozen=True):
    id: str
    title: str
    question: str
    status: str
    because: tuple[str, ...]
    evidence: tuple[str, ...]
    rules: tuple[str, ...]
    answered_by_person: bool


class JsonReviewPillar(msgspec.Struct, frozen=True):
    name: str
    score: int | None
    band: str
    coverage: int
    assessed: int
    assessable: int
    statuses: dict[str, int]
    findings: tally.Tally


class JsonQuestion(msgspec.Struct, frozen=True):
    id: str
    title: str
    aws_risk: str
    aws_risk_at_best: str
    our_risk: str
    met: tuple[str, ...]
    shortest_way: tuple[str, ...]


class JsonAsked(msgspec.Struct, frozen=True):
    id: str
    role: str
    step: str
    text: str
    practices: tuple[str, ...]
    knows: tuple[str, ...]
    open: bool
    stale: bool
    answer: Answer | None


class JsonRisk(msgspec.Struct, frozen=True):
    rule: str
    title: str
    severity: str
    findings: int


class JsonWasteTotal(msgspec.Struct, frozen=True):
    measured: bool
    low: float
    high: float
    as_of: str | None


class JsonReview(msgspec.Struct, frozen=True, kw_only=True):
    schema_version: int = REVIEW_SCHEMA_VERSION
    tool: JsonTool = JsonTool()
    workload: JsonWorkload | None
    date: str
    verdict: str
    sentence: str
    summary: JsonSummary
    statuses: dict[str, int]
    severities: dict[str, int]
    aws_risks: dict[str, int]
    pillars: tuple[JsonReviewPillar, ...]
    practices: tuple[JsonPractice, ...]
    questions: tuple[JsonQuestion, ...]
    shortest_way: tuple[str, ...]
    asked: tuple[JsonAsked, ...]
    open_questions: int
    top_risks: tuple[JsonRisk, ...]
    map: dict[str, dict[str, Square]]
    waste: tuple[JsonWasteTotal, ...]
    since: str
    changed: tuple[StatusChange, ...]


def render(review: Review, options: RenderOptions, words: Texts) -> str:
    return encode(review_document(review, options, words))


def review_document(review: Review, options: RenderOptions, words: Texts) -> JsonReview:
    """Return the review as it is written; the fields are the contract."""
    report = document(review.report, options, has_findings=False)
    card = review.card
    return JsonReview(
        workload=_workload(report),
        date=review.date,
        verdict=card.verdict,
        sentence=sentences.verdict(card, words),
        summary=_summary(report),
        statuses=dict(card.statuses),
        severities=dict(card.severities),
        aws_risks=dict(review.aws_risks),
        pillars=_pillars(review),
        practices=_practices(review),
        questions=_questions(review),
        shortest_way=review.way,
        asked=tuple(_asked(asked) for asked in review.asked),
        open_questions=len(review.open),
        top_risks=tuple(
            JsonRisk(
                r.finding.rule.id,
                words.rule(r.finding.rule.id, r.finding.rule.title),
                r.finding.rule.severity.value,
                r.number,
            )
            for r in card.risks
        ),
        map={pillar: dict(row) for pillar, row in card.map.items()},
        waste=tuple(JsonWasteTotal(one.is_measured, one.low, one.high, one.as_of) for one in card.waste),
        since=review.since,
        changed=review.changed,
    )


def _workload(report: JsonReport) -> JsonWorkload | None:
    return None if report.workload is msgspec.UNSET else report.workload


def _summary(report: JsonReport) -> JsonSummary:
    if report.summary is None:
        raise ValueError("a report that was made here has a summary")
    return report.summary


def _pillars(review: Review) -> tuple[JsonReviewPillar, ...]:
    counts = by_pillar(review)
    return tuple(
        JsonReviewPillar(
            name=pillar.name,
            score=pillar.score,
            band=pillar.band,
            coverage=pillar.coverage,
            assessed=pillar.assessed,
            assessable=pillar.assessable,
            statuses=dict(counts[pillar.name]),
            findings=pillar.tally,
        )
        for pillar in review.card.pillars
    )


def _practices(review: Review) -> tuple[JsonPractice, ...]:
    return tuple(
        JsonPractice(
            id=one.id,
            title=lens.practice(one.id).title,
            question=lens.practice(one.id).question,
            status=one.status.value,
            because=one.because,
            evidence=one.evidence,
            rules=one.rules,
            answered_by_person=one.answered_by_person,
        )
        for one in review.practices.values()
    )


def _questions(review: Review) -> tuple[JsonQuestion, ...]:
    return tuple(
        JsonQuestion(
            id=one.id,
            title=lens.question(one.id).title,
            aws_risk=one.aws,
            aws_risk_at_best=one.aws_at_best,
            our_risk=one.ours,
            met=one.met,
            shortest_way=one.way,
        )
        for one in review.questions
    )


def _asked(one: Asked) -> JsonAsked:
    return JsonAsked(
        one.id, one.role, one.step, one.text, one.practices, one.knows, one.is_open, one.is_stale, one.answer
    )
