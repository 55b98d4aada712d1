"""AWS's own risk of each question, by the risk rules of its Lens, and the shortest way to a question without risk.

AWS computes it from the choices that are selected: a practice is a choice, and is selected where it is met. A choice
that does not apply is neither requested nor counted (our reading of the Well-Architected Tool's user guide).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Final

import msgspec

from wa_lint import lens
from wa_lint.review.practice_status import PracticeStatus, Status

RISKS: Final = ("none", "medium", "high", "not-applicable")
"""In the words of this package; the Well-Architected Tool writes NONE, MEDIUM, HIGH, NOT_APPLICABLE."""

_NEAREST: Final = (Status.PARTIAL, Status.UNKNOWN, Status.FOR_PEOPLE, Status.AT_RISK)
"""Of practices any of which would do, the one to take: what is nearest to being met."""

_LEFT_OPEN: Final = frozenset({Status.PARTIAL, Status.UNKNOWN, Status.FOR_PEOPLE})


class QuestionRisk(msgspec.Struct, frozen=True):
    """One question of the Lens: AWS's risk beside ours."""

    id: str
    aws: str
    """One of `RISKS`: AWS's, where exactly the practices that are met are selected."""
    aws_at_best: str
    """The same where people say yes to all that nothing fails: partial, unknown and for people."""
    ours: str
    """The gravest severity that fails one of its practices; ``none`` where all are met, else ``open``."""
    met: tuple[str, ...]
    """Its practices that are met."""
    way: tuple[str, ...]
    """The fewest practices that reach "no risk" once they are met too; empty where there is none."""


def risk(question: lens.Question, selected: Collection[str], inapplicable: Collection[str] = ()) -> str:
    """Return AWS's risk, where exactly these practices of the question are selected, or do not apply."""
    asked = [practice for practice in question.of if practice not in inapplicable]
    if not asked:
        return "not-applicable"
    needed: Callable[[Iterable[object]], bool] = all if question.needs == "all" else any
    return "none" if needed(practice in selected for practice in asked) else question.otherwise


def shortest_way(question: lens.Question, found: Mapping[str, PracticeStatus]) -> Sequence[str]:
    """Return the fewest practices that have yet to be met for AWS to see no risk; of equals, the nearest to it."""
    asked = [practice for practice in question.of if found[practice].status is not Status.NOT_APPLICABLE]
    missing = [practice for practice in asked if found[practice].status is not Status.MET]
    if question.needs == "all":
        return missing
    return [] if len(missing) < len(asked) or not asked else [min(missing, key=lambda id_: _far(found[id_]))]


def _far(one: PracticeStatus) -> tuple[int, int]:
    return _NEAREST.index(one.status), len(one.evidence)


def question_risks(found: Mapping[str, PracticeStatus], severities: Mapping[str, str]) -> Sequence[QuestionRisk]:
    """Return the risk of each of the 35 questions, in the Lens's order.

    `severities`: the gravest severity that fails a practice, by its id.
    """
    return [_question(question, found, severities) for question in lens.questions()]


def _question(
    question: lens.Question, found: Mapping[str, PracticeStatus], severities: Mapping[str, str]
) -> QuestionRisk:
    own = [found[practice.id] for practice in lens.practices() if practice.question == question.id]
    inapplicable = [one.id for one in own if one.status is Status.NOT_APPLICABLE]
    met = [one.id for one in own if one.status is Status.MET]
    hoped = [*met, *(one.id for one in own if one.status in _LEFT_OPEN)]
    return QuestionRisk(
        id=question.id,
        aws=risk(question, met, inapplicable),
        aws_at_best=risk(question, hoped, inapplicable),
        ours=_ours(own, severities),
        met=tuple(met),
        way=tuple(shortest_way(question, found)),
    )


_SEVERITIES: Final = ("critical", "high", "medium", "low")


def _ours(own: Sequence[PracticeStatus], severities: Mapping[str, str]) -> str:
    """Return the gravest severity of what fails; what only a person says is not followed weighs as AWS's own risk."""
    failing = [one for one in own if one.status is Status.AT_RISK]
    if failing:
        return min((severities.get(one.id, _stated(one.id)) for one in failing), key=_SEVERITIES.index)
    settled = {Status.MET, Status.NOT_APPLICABLE}
    return "none" if all(one.status in settled for one in own) else "open"


def _stated(practice: str) -> str:
    said = lens.practice(practice).aws_risk
    return said if said in _SEVERITIES else "medium"
