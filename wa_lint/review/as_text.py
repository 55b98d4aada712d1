"""A review for a terminal: the verdict, the pillars, what to do next. Every practice with ``-v``."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence

from wa_lint import lens
from wa_lint.reporters import RenderOptions, sentences, tally, waste
from wa_lint.reporters.ink import Ink, wrapped
from wa_lint.reporters.scorecard import STATUSES
from wa_lint.review import words_of
from wa_lint.review.reviewed import Review, by_pillar
from wa_lint.texts import Texts

_MOST_RISKS = 3


def render(review: Review, options: RenderOptions, words: Texts) -> str:
    ink = Ink(options.colour)
    lines = [
        *_head(review, options, words, ink),
        *_pillars(review, words, ink),
        *_risks(review, options, words, ink),
        *_money(review, options, ink),
        *_changed(review, options, words, ink),
        *_aws(review, options, words, ink),
        *_people(review, options, words, ink),
        *(_practices(review, options, words, ink) if options.verbose else ()),
    ]
    return "".join(f"{line}\n" for line in lines)


def _head(review: Review, options: RenderOptions, words: Texts, ink: Ink) -> Iterator[str]:
    yield ink(words_of.title(review, words), "bold")
    yield from wrapped(ink(sentences.verdict(review.card, words)), options)
    yield from (line for said in words_of.scope(review, words) for line in wrapped(ink(said), options))
    yield ""


def _pillars(review: Review, words: Texts, ink: Ink) -> Iterator[str]:
    names = [words("statuses", status) for status in STATUSES]
    heads = [words("page", key) for key in ("pillar", "score", "coverage")]
    titles = (*heads, *names, words("page", "failed"))
    counts = by_pillar(review)
    rows = [
        (
            words("pillars", pillar.name),
            "-" if pillar.score is None else str(pillar.score),
            f"{pillar.coverage} %",
            *(str(counts[pillar.name][status]) for status in STATUSES),
            str(pillar.tally.failed),
        )
        for pillar in review.card.pillars
    ]
    widths = [max(_width(row[at]) for row in (titles, *rows)) for at in range(len(titles))]
    yield ink(_row(titles, widths), "bold")
    yield from (ink(_row(row, widths)) for row in rows)
    yield ""


def _row(cells: Sequence[str], widths: Sequence[int]) -> str:
    blanks = [" " * (width - _width(cell)) for cell, width in zip(cells, widths, strict=True)]
    first, *others = zip(cells, blanks, strict=True)
    return "  ".join(("".join(first), *(blank + cell for cell, blank in others))).rstrip()


def _width(text: str) -> int:
    """Return the columns that a text takes in a terminal: Chinese characters take two."""
    return sum(1 + (unicodedata.east_asian_width(sign) in {"W", "F"}) for sign in text)


def _risks(review: Review, options: RenderOptions, words: Texts, ink: Ink) -> Iterator[str]:
    if not review.card.risks:
        return
    yield ink(words("page", "top-risks"), "bold")
    for risk in review.card.risks[:_MOST_RISKS]:
        severity = risk.finding.rule.severity.value
        number = words.counted("finding", risk.number)
        said = (
            f"{words('severities', severity)}: {words.rule(risk.finding.rule.id, risk.finding.rule.title)} ({number})"
        )
        yield from (ink(line, severity) for line in wrapped(said, options))
        yield from wrapped(f"  {ink(risk.finding.message)}", options)
    yield ""


def _money(review: Review, options: RenderOptions, ink: Ink) -> Iterator[str]:
    said = [*map(waste.total_in_words, review.card.waste), *([review.card.running] if review.card.running else [])]
    yield from (line for text in said for line in wrapped(ink(text), options))
    yield from [""] if said else []


def _changed(review: Review, options: RenderOptions, words: Texts, ink: Ink) -> Iterator[str]:
    said = words_of.changes(review, words)
    if news := tally.news(review.report):
        said = [f"{tally.news_in_words(news)}.", *said]
    yield from (line for text in said for line in wrapped(ink(text), options))
    yield from [""] if said else []


def _aws(review: Review, options: RenderOptions, words: Texts, ink: Ink) -> Iterator[str]:
    yield from wrapped(ink(words_of.aws(review, words)), options)
    if review.way:
        yield from wrapped(ink(words_of.way(review, words)), options)
    yield ""


def _people(review: Review, options: RenderOptions, words: Texts, ink: Ink) -> Iterator[str]:
    yield from wrapped(ink(words_of.people(review, words)), options)
    if options.verbose:
        for asked in review.open:
            said = f"{words('roles', asked.role)}, {words('steps', asked.step)}: {asked.id}: {asked.text}"
            yield from wrapped(f"  {ink(said)}", options)
            knows = asked.knows or (words("page", "knows-nothing"),)
            yield from (line for known in knows for line in wrapped(f"    {ink(words.sentence(known))}", options))


def _practices(review: Review, options: RenderOptions, words: Texts, ink: Ink) -> Iterator[str]:
    yield ""
    for one in review.practices.values():
        title = f"{one.id} {words('statuses', one.status.value)}: {lens.practice(one.id).title}"
        yield from wrapped(ink(title), options)
        yield from (
            line
            for said in (*one.because, *one.evidence)
            for line in wrapped(f"    {ink(words.sentence(said))}", options)
        )
