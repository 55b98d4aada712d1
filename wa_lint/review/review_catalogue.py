"""Whom a review asks what: `data/review.yaml`, read. The words are those of `wa_lint.texts`."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Final

import msgspec

from wa_lint.document import read_document

ROLES: Final = ("data-team", "devops", "product-owner")

WHOLE: Final = "whole"
"""In place of a step: the whole life cycle."""


class PeopleQuestion(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One question that only people can answer."""

    role: str
    """Whom to ask: one of `ROLES`."""
    step: str
    """A key of `wa_lint.model.STEPS`, or `WHOLE`."""
    settles: tuple[str, ...] = ()
    """Practices that ask just this, so that its answer is theirs."""
    about: tuple[str, ...] = ()
    """Practices that it adds to."""
    rules: tuple[str, ...] = ()
    """Rules whose findings a person should see before answering."""
    shows: tuple[str, ...] = ()
    """What else of a report: running (costs) | waste | skew (between stages)."""


class _Catalogue(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    source: str
    date: str
    questions: Mapping[str, PeopleQuestion]
    practices: Mapping[str, tuple[str, str]]


def people_questions() -> Mapping[str, PeopleQuestion]:
    """Return the questions for people, by id."""
    return _catalogue().questions


def role_of(practice: str) -> str:
    """Return who answers for a practice."""
    return _catalogue().practices[practice][0]


def step_of(practice: str) -> str:
    """Return the step of the life cycle that a practice is about, or `WHOLE`."""
    return _catalogue().practices[practice][1]


@cache
def _catalogue() -> _Catalogue:
    text = files("wa_lint").joinpath("data/review.yaml").read_text("utf-8")
    return msgspec.convert(read_document(text, "review.yaml").value, _Catalogue)
