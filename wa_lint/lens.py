"""The Well-Architected Machine Learning Lens: its practices and questions. It knows no rule and no finding."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Final

import msgspec

from wa_lint.errors import did_you_mean

_FILE: Final = Path(__file__).parent / "data" / "lens.json"

_PAGE: Final = "https://docs.aws.amazon.com/wellarchitected/latest/machine-learning-lens/{id}.html"

PILLARS: Final = (
    "operational-excellence",
    "security",
    "reliability",
    "performance-efficiency",
    "cost-optimization",
    "sustainability",
)
"""In the Framework's order."""

PHASES: Final = (
    "business-goal",
    "problem-framing",
    "data-processing",
    "model-development",
    "deployment",
    "monitoring",
)
"""The machine learning lifecycle, in its order."""


class Practice(msgspec.Struct, frozen=True):
    """One best practice of the Lens, version of 2025-11-19."""

    id: str
    title: str
    pillar: str
    phase: str
    question: str
    """The id of the question that it answers, ``MLSEC03``."""
    automation: str
    """What its principal check looks at: config | runtime | account | manual. Our judgement, not AWS's."""
    coverage: str
    """How much of it checks can decide: full | partial | proxy | none. Our judgement, not AWS's."""
    aws_risk: str
    """The risk that AWS states for not following it: high | medium | low | not-stated."""
    in_risk_rule: bool
    """Whether AWS's own risk rule for the question looks at it."""
    id_2023: str
    """Its id in the Lens of 2023-07-05."""
    choice: str
    """Its choice id in AWS's importable Lens, for the Well-Architected Tool."""


class Question(msgspec.Struct, frozen=True):
    """One question of the Lens, with AWS's rule for its risk."""

    id: str
    title: str
    pillar: str
    phase: str
    pillar_id: str
    """The Well-Architected Tool's id of the pillar: ``operationalExcellence``."""
    needs: str
    """``all`` or ``any``: how many of the practices in `of` must be followed for there to be no risk."""
    of: tuple[str, ...]
    otherwise: str
    """The risk where they are not: high | medium."""


class _Lens(msgspec.Struct, frozen=True):
    version: str
    date: str
    source: str
    name: str
    alias: str
    practices: tuple[Practice, ...]
    questions: tuple[Question, ...]


def practice(practice_id: str) -> Practice:
    """Return the practice; raise KeyError, with a suggestion, where there is none."""
    found = _by_id().get(practice_id)
    if found is None:
        raise KeyError(f"the Lens has no practice {practice_id!r}{did_you_mean(practice_id, _by_id())}")
    return found


def named(text: str) -> Practice | None:
    """Return the practice of an id, in any case, or of an id of the Lens of 2023; None where there is none."""
    wanted = text.upper()
    return next((entry for entry in practices() if wanted in {entry.id, entry.id_2023}), None)


def practices() -> Sequence[Practice]:
    """Return all 105, in the Lens's order."""
    return _lens().practices


def questions() -> Sequence[Question]:
    """Return all 35, in the Lens's order."""
    return _lens().questions


def question(question_id: str) -> Question:
    """Return the question; raise KeyError where there is none."""
    return _questions_by_id()[question_id]


def url(practice_id: str) -> str:
    """Return the address of the practice's page in AWS's documentation."""
    return _PAGE.format(id=practice_id.lower())


def version() -> str:
    """Return the day on which AWS published this Lens."""
    return _lens().version


def name() -> str:
    """Return what AWS calls this Lens."""
    return _lens().name


def alias() -> str:
    """Return the ARN by which the Well-Architected Tool knows the Lens of its catalogue."""
    return _lens().alias


@cache
def _lens() -> _Lens:
    return msgspec.json.decode(_FILE.read_bytes(), type=_Lens)


@cache
def _by_id() -> Mapping[str, Practice]:
    return {entry.id: entry for entry in practices()}


@cache
def _questions_by_id() -> Mapping[str, Question]:
    return {entry.id: entry for entry in questions()}
