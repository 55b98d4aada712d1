"""Asks a person the open questions of a review, in a terminal, and keeps each answer as it is given."""

from __future__ import annotations

import datetime as dt
import getpass
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import click

from wa_lint.reporters import visible
from wa_lint.review.answer import Answer
from wa_lint.review.review_catalogue import people_questions
from wa_lint.review.review_file import NAME
from wa_lint.review.reviewed import Asked, Review
from wa_lint.run.review import keep
from wa_lint.texts import Texts

_HALF_A_YEAR: Final = 182
"""Days after which an answer is asked again, unless somebody says otherwise."""

_KEYS: Final = {"y": "yes", "p": "partly", "n": "no", "a": "not-applicable"}

_SKIP, _QUIT = "s", "q"


def ask_open(review: Review, files: Sequence[Path], today: dt.date, words: Texts) -> None:
    """Ask what is open until somebody has had enough; answers go to the last of the files."""
    file = files[-1] if files else Path(NAME)
    who = ""
    for number, asked in enumerate(review.open, start=1):
        _show(asked, f"{number}/{len(review.open)}", words)
        prompt = words("page", "ask-question" if asked.id in people_questions() else "ask")
        key = click.prompt(prompt, type=click.Choice([*_KEYS, _SKIP, _QUIT]), default=_SKIP, err=True)
        if key == _QUIT:
            return
        if key in _KEYS:
            who = who or click.prompt(words("page", "ask-who"), default=_user(), err=True)
            keep(file, asked.id, _answer(_KEYS[key], who, today, words))


def _show(asked: Asked, number: str, words: Texts) -> None:
    head = f"[{number}] {words('roles', asked.role)}, {words('steps', asked.step)}: {asked.id}"
    click.echo(f"\n{visible(head)}\n{visible(asked.text)}", err=True)
    for line in asked.knows:
        click.echo(f"  {visible(line)}", err=True)


def _answer(answer: str, who: str, today: dt.date, words: Texts) -> Answer:
    evidence = click.prompt(words("page", "ask-evidence"), default="", show_default=False, err=True)
    note = click.prompt(words("page", "ask-note"), default="", show_default=False, err=True)
    due = click.prompt(
        words("page", "ask-review-by"),
        default=(today + dt.timedelta(_HALF_A_YEAR)).isoformat(),
        type=click.DateTime(["%Y-%m-%d"]),
        err=True,
    )
    return Answer(answer, evidence, who, today, max(due.date() if isinstance(due, dt.datetime) else today, today), note)


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return ""
