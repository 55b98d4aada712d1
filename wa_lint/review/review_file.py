"""`wa-review.yaml`: which workload is reviewed, and what people answered. Validated, merged, and changed in place.

Each answer is a block of its own under its id, so that two branches that answer different questions merge by line.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

import msgspec

from wa_lint import lens
from wa_lint.document import Document, read_document
from wa_lint.errors import ConfigError, SourceError, did_you_mean
from wa_lint.model import Path, Raw
from wa_lint.review.answer import SAID, Answer
from wa_lint.review.review_catalogue import people_questions
from wa_lint.review.workload import Workload

NAME: Final = "wa-review.yaml"

_KEYS: Final = ("workload", "answers")

_DATE: Final = re.compile(r"\d{4}-\d{2}-\d{2}")


class ReviewFile(msgspec.Struct, frozen=True):
    """What one file says, or several together."""

    workload: Workload | None = None
    answers: Mapping[str, Answer] = {}
    """By the id of a practice or of a question for people."""
    places: Mapping[str, str] = {}
    """Where each answer is: ``wa-review.yaml:12:3``."""


def answerable() -> Sequence[str]:
    """Return every id that an answer may have."""
    return [*people_questions(), *(practice.id for practice in lens.practices())]


def parse(content: bytes | str, uri: str) -> ReviewFile:
    """Return what a file says. Raise `ConfigError` with the place of the first thing in it that is wrong."""
    try:
        document = read_document(content, uri)
    except SourceError as error:
        raise ConfigError(error.where, error.problem) from error
    if document.problems:
        problem = document.problems[0]
        raise ConfigError(str(problem.location), problem.message)
    if document.is_empty:
        return ReviewFile()
    reading = _Reading(document)
    reading.demand_keys((), _KEYS)
    answers = document.value.get("answers")
    named = () if answers is None else reading.demand_keys(("answers",), answerable())
    return ReviewFile(
        workload=_workload(reading) if "workload" in document.value else None,
        answers={id_: _answer(reading, ("answers", id_)) for id_ in named},
        places={id_: str(document.locate_key(("answers", id_))) for id_ in named},
    )


def merged(found: Sequence[ReviewFile]) -> ReviewFile:
    """Return what several files say together: of two answers to one question, the later one.

    Raise `ConfigError` where two workloads differ, or two answers of the same day.
    """
    workloads = list(dict.fromkeys(msgspec.json.encode(one.workload) for one in found if one.workload))
    if len(workloads) > 1:
        raise ConfigError("--answers", "the files name different workloads; give one of them")
    answers: dict[str, Answer] = {}
    places: dict[str, str] = {}
    for one in found:
        for id_, answer in one.answers.items():
            known = answers.get(id_)
            if known is None or _day(answer) > _day(known):
                answers[id_], places[id_] = answer, one.places[id_]
            elif _day(answer) == _day(known) and answer != known:
                raise ConfigError(one.places[id_], f"{id_} is answered otherwise at {places[id_]} on the same day")
    return ReviewFile(next((one.workload for one in found if one.workload), None), answers, places)


def _day(answer: Answer) -> dt.date:
    return answer.date or dt.date.min


class _Reading:
    """A document, and errors at places of it."""

    def __init__(self, document: Document) -> None:
        self.document = document

    def at(self, path: Path) -> Raw:
        value = self.document.value
        for step in path:
            value = value[step]
        return value

    def error(self, path: Path, problem: str) -> ConfigError:
        return ConfigError(str(self.document.locate_key(path)), problem)

    def demand_keys(self, path: Path, known: Sequence[str]) -> Sequence[str]:
        """Return the keys of a map; raise at one that is not among `known`."""
        value = self.at(path)
        if not isinstance(value, dict):
            raise self.error(path, "must be a map of keys to values")
        for key in value:
            if key not in known:
                raise self.error((*path, key), f"there is no {key!r} here{did_you_mean(str(key), known)}")
        return list(value)

    def text(self, path: Path) -> str:
        value = self.at(path)
        if not isinstance(value, str):
            raise self.error(path, f"must be a text: put {value!r} in quotes")
        return value

    def texts(self, path: Path) -> tuple[str, ...]:
        value = self.at(path)
        listed = value if isinstance(value, list) else [value]
        if not listed or not all(isinstance(one, str) and one for one in listed):
            raise self.error(path, "must be a text or a list of texts")
        return tuple(listed)


def _workload(reading: _Reading) -> Workload:
    fields = Workload.__struct_fields__
    keys = reading.demand_keys(("workload",), fields)
    if "name" not in keys:
        raise reading.error(("workload",), "must have a name")
    found: dict[str, Raw] = {"name": reading.text(("workload", "name"))}
    for key in keys:
        path = ("workload", key)
        if key in {"stacks", "arns", "accounts", "paths"}:
            found[key] = reading.texts(path)
        elif key == "tags":
            names = reading.demand_keys(path, list(reading.at(path)) if isinstance(reading.at(path), dict) else [])
            found[key] = {str(name): reading.text((*path, name)) for name in names}
        elif key == "complete":
            if not isinstance(reading.at(path), bool):
                raise reading.error(path, "must be true or false")
            found[key] = reading.at(path)
    for number, account in enumerate(found.get("accounts", ())):
        if not re.fullmatch(r"\d{12}", account):
            raise reading.error(("workload", "accounts"), f"account {number + 1} must have 12 digits")
    return Workload(**found)


def _answer(reading: _Reading, path: Path) -> Answer:
    keys = reading.demand_keys(path, Answer.__struct_fields__)
    found = {key: reading.text((*path, key)) for key in keys}
    if found.get("answer") not in SAID:
        raise reading.error((*path, *(["answer"] if "answer" in found else [])), f"answer must be {_listed(SAID)}")
    if not found.get("who"):
        raise reading.error(path, "must say who answered")
    if "date" not in found:
        raise reading.error(path, "must have the date of the answer")
    days = {key: _date(reading, (*path, key), found[key]) for key in ("date", "review_by") if key in found}
    if days.get("review_by", dt.date.max) < days["date"]:
        raise reading.error((*path, "review_by"), "must not be before the date of the answer")
    return Answer(**{key: value for key, value in found.items() if key not in days}, **days)  # type: ignore[arg-type]


def _date(reading: _Reading, path: Path, text: str) -> dt.date:
    try:
        return dt.date.fromisoformat(text) if _DATE.fullmatch(text) else _no_date()
    except ValueError as error:
        raise reading.error(path, f"must be a date as 2026-12-31, and not {text!r}") from error


def _no_date() -> dt.date:
    raise ValueError


def _listed(words: Iterable[str]) -> str:
    *most, last = words
    return f"{', '.join(most)} or {last}"


# --- writing ----------------------------------------------------------------------------------------


def with_answer(text: str, id_: str, answer: Answer) -> str:
    """Return the text of a file with one answer put in, or in place of the earlier one. All else stays as it is."""
    lines = text.splitlines()
    document = read_document(text, NAME)
    value = document.value if isinstance(document.value, dict) else {}
    answers = value.get("answers")
    if not isinstance(answers, dict) or not answers:
        kept = [line for line in lines if not re.fullmatch(r"answers:\s*(\{\}|null|~)?\s*", line)]
        return _text([*kept, *([""] if kept and kept[-1].strip() else []), "answers:", *_block(id_, answer, 2)])
    first = document.locate_key(("answers", next(iter(answers))))
    block = _block(id_, answer, first.column - 1)
    if id_ in answers:
        place = document.locate_key(("answers", id_))
        return _text([*lines[: place.line - 1], *block, *lines[_end(lines, place.line) :]])
    before = _next_in_order(id_, answers)
    at = document.locate_key(("answers", before)).line - 1 if before else _end_of_answers(document, lines)
    return _text([*lines[:at], *block, *lines[at:]])


def _next_in_order(id_: str, answers: Mapping[str, Raw]) -> str | None:
    """Return the first answer that belongs behind: files are in the order of the Lens, so that they merge."""
    order = answerable()
    return next((other for other in answers if order.index(other) > order.index(id_)), None)


def _end_of_answers(document: Document, lines: Sequence[str]) -> int:
    last = list(document.value["answers"])[-1]
    return _end(lines, document.locate_key(("answers", last)).line)


def _end(lines: Sequence[str], first: int) -> int:
    """Return the number of lines up to the end of the block whose key is in line `first` (from 1)."""
    indent = len(lines[first - 1]) - len(lines[first - 1].lstrip())
    at = first
    while at < len(lines) and (not lines[at].strip() or len(lines[at]) - len(lines[at].lstrip()) > indent):
        at += 1
    while at > first and not lines[at - 1].strip():
        at -= 1
    return at


def _block(id_: str, answer: Answer, indent: int) -> list[str]:
    return [f"{' ' * indent}{id_}:", *(f"{' ' * indent * 2}{field}" for field in _fields(answer))]


def _fields(answer: Answer) -> Iterator[str]:
    for key in Answer.__struct_fields__:
        value = getattr(answer, key)
        if isinstance(value, dt.date):
            yield f"{key}: {value.isoformat()}"
        elif value:
            yield f"{key}: {msgspec.json.encode(value).decode()}"


def _text(lines: Iterable[str]) -> str:
    return "\n".join(lines).rstrip("\n") + "\n"
