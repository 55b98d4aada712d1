"""A review as Markdown: for a wiki, or a pull request with room. Everything that the page has but the findings."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from wa_lint import lens
from wa_lint.reporters import RenderOptions, sentences, tally, waste
from wa_lint.reporters.markdown import plain_text
from wa_lint.reporters.scorecard import STATUSES
from wa_lint.review import words_of
from wa_lint.review.review_catalogue import ROLES
from wa_lint.review.reviewed import Asked, Review, by_pillar
from wa_lint.texts import Texts

_MOST_RISKS = 3


def render(review: Review, options: RenderOptions, words: Texts) -> str:
    del options
    parts = (_first_page, _aws, _map, _practices, _people)
    return "\n".join(line for part in parts for line in part(review, words)) + "\n"


def _first_page(review: Review, words: Texts) -> Iterator[str]:
    yield from (f"# {plain_text(words_of.title(review, words))}", "")
    yield from (f"**{plain_text(sentences.verdict(review.card, words))}**", "")
    yield from (f"{plain_text(said)}\n" for said in words_of.scope(review, words))
    counts = by_pillar(review)
    heads = [words("page", key) for key in ("pillar", "score", "coverage")]
    yield from _table(
        [*heads, *(words("statuses", status) for status in STATUSES), words("page", "failed")],
        (
            [
                words("pillars", pillar.name),
                _score(pillar.score, pillar.band, words),
                f"{pillar.coverage} %",
                *(str(counts[pillar.name][status]) for status in STATUSES),
                str(pillar.tally.failed),
            ]
            for pillar in review.card.pillars
        ),
    )
    yield from _risks(review, words)
    money = [*map(waste.total_in_words, review.card.waste), *([review.card.running] if review.card.running else [])]
    news = tally.news(review.report)
    since = [f"{tally.news_in_words(news)}."] if news else []
    yield from (f"{plain_text(said)}\n" for said in (*money, *since, *words_of.changes(review, words)))


def _score(score: int | None, band: str, words: Texts) -> str:
    return words("bands", band) if score is None else f"{score} ({words('bands', band)})"


def _risks(review: Review, words: Texts) -> Iterator[str]:
    if not review.card.risks:
        return
    yield from (f"## {words('page', 'top-risks')}", "")
    for number, risk in enumerate(review.card.risks[:_MOST_RISKS], start=1):
        rule = risk.finding.rule
        found = words.counted("finding", risk.number)
        severity, title = words("severities", rule.severity.value), words.rule(rule.id, rule.title)
        said = f"{severity}: {title} ({found}). {risk.finding.message}"
        yield f"{number}. {plain_text(said)}"
    yield ""


def _aws(review: Review, words: Texts) -> Iterator[str]:
    yield from (f"## {words('page', 'aws-heading')}", "")
    yield from (plain_text(words_of.aws(review, words)), "")
    if review.way:
        yield from (plain_text(words_of.way(review, words)), "")
    keys = ("question", "aws-risk", "aws-at-best", "our-risk", "shortest-way")
    yield from _table(
        [words("page", key) for key in keys],
        (
            [
                f"{one.id} {lens.question(one.id).title}",
                *(words("risks", risk) for risk in (one.aws, one.aws_at_best, one.ours)),
                ", ".join(one.way),
            ]
            for one in review.questions
        ),
    )


def _map(review: Review, words: Texts) -> Iterator[str]:
    yield from (f"## {words('page', 'map')}", "")
    steps = list(next(iter(review.card.map.values())))
    yield from _table(
        [words("page", "pillar"), *(words("steps", step or "whole") for step in steps)],
        (
            [
                words("pillars", pillar),
                *(words("page", "cell", **square_numbers(square.tally)) for square in row.values()),
            ]
            for pillar, row in review.card.map.items()
        ),
    )


def square_numbers(counted: tally.Tally) -> dict[str, int]:
    """Return what a field of the map shows."""
    return {"failed": counted.failed, "unknown": counted.unknown, "passed": counted.passed}


def _practices(review: Review, words: Texts) -> Iterator[str]:
    yield from (f"## {words('page', 'practices')}", "")
    yield from _table(
        [words("page", key) for key in ("practice", "status", "because", "evidence")],
        (
            [
                f"{one.id} {lens.practice(one.id).title}",
                words("statuses", one.status.value),
                "; ".join(map(words.sentence, one.because)),
                "; ".join(one.evidence),
            ]
            for one in review.practices.values()
        ),
    )


def _people(review: Review, words: Texts) -> Iterator[str]:
    yield from (f"## {words('page', 'people')}", "", plain_text(words_of.people(review, words)), "")
    for role in ROLES:
        asked = [one for one in review.asked if one.role == role]
        if asked:
            yield from (f"### {words('roles', role)}", "")
            keys = ("step", "question", "knows", "answer")
            yield from _table([words("page", key) for key in keys], (_asked(one, words) for one in asked))


def _asked(one: Asked, words: Texts) -> list[str]:
    answer = words_of.answer(one, words)
    return [
        words("steps", one.step),
        f"{one.id}: {one.text}",
        "; ".join(map(words.sentence, one.knows)) or words("page", "knows-nothing"),
        answer,
    ]


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    yield "| " + " | ".join(map(plain_text, heads)) + " |"
    yield "|" + " --- |" * len(heads)
    for row in rows:
        yield "| " + " | ".join(map(plain_text, row)) + " |"
    yield ""
