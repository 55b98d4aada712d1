"""``wa-lint lens``: the catalogue of the Machine Learning Lens, and of AWS's lenses beside it."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping

import click
import msgspec

from wa_lint import lens as catalogue
from wa_lint import practice_checks
from wa_lint.cli.exits import CLEAN
from wa_lint.cli.one_of import OneOf
from wa_lint.cli.output import columns, to_stdout
from wa_lint.other_lenses import ListedLens, other_lenses

_ML = "machine-learning"


@click.command()
@click.option(
    "--lens",
    "name",
    type=OneOf([_ML, *other_lenses()]),
    default=_ML,
    show_default=True,
    help="Which lens; of the others there are ids and titles only.",
)
@click.option("--pillar", multiple=True, type=OneOf(catalogue.PILLARS), help="Only this pillar.")
@click.option(
    "-o", "--output", type=OneOf(["text", "json"]), default="text", show_default=True, help="How to write it."
)
def lens(name: str, pillar: tuple[str, ...], output: str) -> int:
    """List the practices of the Lens: question by question, with how far checks decide each one.

    `wa-lint explain PRACTICE` tells more of one. `wa-lint review` shows the state of a workload.
    """
    if name != _ML:
        found = other_lenses()[name]
        to_stdout(_json(found) if output == "json" else "".join(map(_fitted, _listed(found))))
        return CLEAN
    questions = [one for one in catalogue.questions() if not pillar or one.pillar in pillar]
    rows = {one.id: _practices(one.id) for one in questions}
    if output == "json":
        about = {"name": catalogue.name(), "version": catalogue.version(), "alias": catalogue.alias()}
        to_stdout(_json({**about, "questions": [_told(one, rows[one.id]) for one in questions]}))
    else:
        to_stdout("".join(_fitted(line) for one in questions for line in _lines(one, rows[one.id])))
    return CLEAN


def _fitted(line: str) -> str:
    """Return a line in several where the terminal does not hold it; no word is broken."""
    width = columns()
    if width is None or len(line) <= width:
        return line
    return textwrap.fill(line, width, subsequent_indent=" " * 4, break_long_words=False, break_on_hyphens=False) + "\n"


def _practices(question: str) -> list[catalogue.Practice]:
    return [practice for practice in catalogue.practices() if practice.question == question]


def _told(question: catalogue.Question, own: list[catalogue.Practice]) -> Mapping[str, object]:
    told = msgspec.to_builtins(question)
    return {**told, "practices": [_practice(practice) for practice in own]}


def _practice(practice: catalogue.Practice) -> Mapping[str, object]:
    deciding = practice_checks.of(practice.id)
    return {
        **msgspec.to_builtins(practice),
        "url": catalogue.url(practice.id),
        "decided": deciding.coverage,
        "rules": deciding.rules,
    }


def _lines(question: catalogue.Question, own: list[catalogue.Practice]) -> Iterator[str]:
    needs = f"{question.needs} of {len(question.of)}" if len(question.of) > 1 else question.of[0]
    yield f"{question.id}  {question.title} (no risk by AWS with {needs}, else {question.otherwise})\n"
    for practice in own:
        deciding = practice_checks.of(practice.id)
        rules = len(deciding.rules)
        said = f"{deciding.coverage}, {rules} rule{'' if rules == 1 else 's'}" if rules else "for people"
        yield f"  {practice.id}  {practice.title} ({said})\n"
    yield "\n"


def _listed(found: ListedLens) -> Iterator[str]:
    yield f"{found.name}, {found.date}: {len(found.practices)} practices. No rule of wa-lint names them.\n\n"
    area = ""
    for practice in found.practices:
        if practice.area != area:
            area = practice.area
            yield f"{area}\n"
        yield f"  {practice.id}  {practice.title}\n"


def _json(value: object) -> str:
    return msgspec.json.format(msgspec.json.encode(value), indent=2).decode() + "\n"
