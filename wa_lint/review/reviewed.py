"""A review: what a report and people's answers come to, all figures counted once. Formats only write it down."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

import msgspec

from wa_lint import lens
from wa_lint.model import STEPS, Finding, Outcome, Report
from wa_lint.reporters import Past, standings, tally, waste
from wa_lint.reporters.scorecard import STATUSES, Scorecard, scorecard
from wa_lint.reporters.standings import PracticeVerdict, Standing
from wa_lint.review.answer import Answer, current
from wa_lint.review.aws_risk import QuestionRisk, question_risks
from wa_lint.review.practice_status import PracticeStatus, Status, statuses
from wa_lint.review.review_catalogue import ROLES, WHOLE, PeopleQuestion, people_questions, role_of, step_of
from wa_lint.texts import Texts

_MOST_NAMED: Final = 3

_STEP_ORDER: Final = (*STEPS, WHOLE)


class Asked(msgspec.Struct, frozen=True):
    """One question to a person, with what the scan knows about it."""

    id: str
    """Of a practice, or of a question for people."""
    role: str
    step: str
    text: str
    practices: tuple[str, ...]
    knows: tuple[str, ...]
    """What the scan says, a line each; empty where it knows nothing."""
    is_open: bool
    """Whether it waits for an answer: there is none, or it lapsed, or it is a yes without evidence."""
    answer: Answer | None = None
    is_stale: bool = False


class StatusChange(msgspec.Struct, frozen=True):
    """A practice whose status is another one than in an earlier review."""

    id: str
    was: str
    now: str


class Review(msgspec.Struct, frozen=True, kw_only=True):
    """All that a review shows."""

    workload: str
    """Its name; empty where no file names one."""
    date: str
    """An ISO date."""
    report: Report
    card: Scorecard
    practices: Mapping[str, PracticeStatus]
    questions: tuple[QuestionRisk, ...]
    asked: tuple[Asked, ...]
    """By role, then by step; the questions for people first."""
    changed: tuple[StatusChange, ...] = ()
    since: str = ""
    """The earlier review that it was compared with; empty: none."""

    @property
    def open(self) -> tuple[Asked, ...]:
        return tuple(asked for asked in self.asked if asked.is_open)

    @property
    def way(self) -> tuple[str, ...]:
        """The shortest set of practices after which AWS sees no risk in any question."""
        return tuple(practice for question in self.questions for practice in question.way)

    @property
    def aws_risks(self) -> Mapping[str, int]:
        """How many of the 35 questions have each risk of AWS."""
        return {
            risk: sum(question.aws == risk for question in self.questions)
            for risk in ("high", "medium", "none", "not-applicable")
        }


def reviewed(
    report: Report, answers: Mapping[str, Answer], today: dt.date, words: Texts, past: Sequence[Past] = ()
) -> Review:
    """Return the review of a report. `answers` may be stale: those are asked again. The last of `past` is last time."""
    valid = current(answers, today)
    found = statuses(report, valid)
    listed = [_standing(one) for one in found.values()]
    last = next((one for one in reversed(past) if one.practices), None)
    return Review(
        workload=report.workload.name if report.workload else "",
        date=today.isoformat(),
        report=report,
        card=scorecard(report, listed),
        practices=found,
        questions=tuple(question_risks(found, _gravest(report))),
        asked=tuple(_asked(report, answers, valid, words)),
        changed=tuple(_changed(found, last.practices)) if last else (),
        since=last.name if last else "",
    )


def _standing(one: PracticeStatus) -> Standing:
    reason = one.because[0] if one.because else None
    return Standing(one.id, one.status.value, lens.practice(one.id).coverage, reason)


def _gravest(report: Report) -> Mapping[str, str]:
    """Return the gravest severity that fails each practice."""
    found: dict[str, str] = {}
    failing = [f for f in report.findings if f.outcome is Outcome.FAIL]
    for finding in sorted(failing, key=lambda finding: finding.rule.severity.rank):
        found |= dict.fromkeys(finding.rule.practices, finding.rule.severity.value)
    return found


def _changed(found: Mapping[str, PracticeStatus], was: Mapping[str, str]) -> Iterator[StatusChange]:
    for id_, one in found.items():
        if was.get(id_, one.status.value) != one.status.value:
            yield StatusChange(id_, was[id_], one.status.value)


def by_pillar(review: Review) -> Mapping[str, Mapping[str, int]]:
    """Return how many practices of each pillar have each status."""
    return {
        pillar: {status: sum(one.status == status for one, _ in row) for status in STATUSES}
        for pillar, row in review.card.practices.items()
    }


# --- questions for people ---------------------------------------------------------------------------


def _asked(report: Report, answers: Mapping[str, Answer], valid: Mapping[str, Answer], words: Texts) -> Sequence[Asked]:
    questions = people_questions()
    settled = {practice for question in questions.values() for practice in question.settles}
    verdicts = {verdict.id: verdict for verdict in standings.verdicts(report)}
    found = [_question(id_, question, report, words) for id_, question in questions.items()]
    found += [
        _practice(verdict, words)
        for verdict in verdicts.values()
        if verdict.id in answers or (verdict.is_for_answer and verdict.id not in settled)
    ]
    told = [_with_answer(asked, answers, valid) for asked in found]
    return sorted(told, key=lambda one: (ROLES.index(one.role), one.id not in questions, _STEP_ORDER.index(one.step)))


def _with_answer(asked: Asked, answers: Mapping[str, Answer], valid: Mapping[str, Answer]) -> Asked:
    answer = answers.get(asked.id)
    counts = asked.id in valid and answer is not None and answer.counts
    return msgspec.structs.replace(
        asked, answer=answer, is_stale=answer is not None and asked.id not in valid, is_open=not counts
    )


def _practice(verdict: PracticeVerdict, words: Texts) -> Asked:
    return Asked(
        id=verdict.id,
        role=role_of(verdict.id),
        step=step_of(verdict.id),
        text=words("asks", verdict.id),
        practices=(verdict.id,),
        knows=(*verdict.because, *verdict.evidence) if verdict.evidence or verdict.status == "unknown" else (),
        is_open=True,
    )


def _question(id_: str, question: PeopleQuestion, report: Report, words: Texts) -> Asked:
    return Asked(
        id=id_,
        role=question.role,
        step=question.step,
        text=words("questions", id_),
        practices=(*question.settles, *question.about),
        knows=(*_of_rules(question.rules, report, words), *_of_report(question.shows, report)),
        is_open=True,
    )


def _of_rules(rules: Iterable[str], report: Report, words: Texts) -> Iterator[str]:
    """Yield a line for each rule that found something: what fails, what is not known, how many pass."""
    counted = tally.by_rule(report)
    for id_ in rules:
        findings = [f for f in report.findings if f.rule.id == id_]
        failing = [f for f in findings if f.outcome is Outcome.FAIL]
        unknown = [f for f in findings if f.outcome is Outcome.UNKNOWN]
        if failing:
            yield f"{id_}: {words.counted('fail', len(failing))} ({_named(failing)})"
        elif unknown:
            yield f"{id_}: {words.counted('unknown', len(unknown))} ({_named(unknown)})"
        elif id_ in counted and counted[id_].passed:
            yield f"{id_}: {words.counted('pass', counted[id_].passed)}"


def _named(findings: Sequence[Finding]) -> str:
    names = list(dict.fromkeys(finding.resource.id for finding in findings))
    more = f" +{len(names) - _MOST_NAMED}" if len(names) > _MOST_NAMED else ""
    return ", ".join(names[:_MOST_NAMED]) + more


def _of_report(shows: Iterable[str], report: Report) -> Iterator[str]:
    for what in shows:
        if what == "running" and (cost := waste.running(report)):
            yield waste.running_in_words(cost)
        if what == "waste":
            yield from map(waste.total_in_words, waste.totals(report))
        if what == "skew":
            yield from (f"{one.resource} {one.path}: {_stages(one.shown)}" for one in report.skew[:_MOST_NAMED])


def _stages(shown: Mapping[str, str]) -> str:
    return ", ".join(f"{stage} {said}" for stage, said in shown.items())


# --- the gate ---------------------------------------------------------------------------------------


class Gate(msgspec.Struct, frozen=True):
    """What a review has to fulfil."""

    require: tuple[str, ...] = ()
    """Practices that have to be met, or not to apply."""
    most: Mapping[str, int] = {}
    """How many open findings may fail that are as severe, or more; by severity."""


_FULFILLED: Final = frozenset({Status.MET, Status.NOT_APPLICABLE})


def violations(review: Review, gate: Gate) -> Sequence[str]:
    """Return a line for each demand that is not fulfilled."""
    found = [
        f"{one.id} is {one.status.value}, and has to be met" + (f": {one.because[0]}" if one.because else "")
        for one in map(review.practices.__getitem__, gate.require)
        if one.status not in _FULFILLED
    ]
    ranks = ["low", "medium", "high", "critical"]
    for severity, most in gate.most.items():
        graver = ranks[ranks.index(severity) :]
        number = sum(review.card.severities.get(one, 0) for one in graver)
        if number > most:
            found.append(f"{number} findings of severity {' or '.join(graver)} fail, and at most {most} may")
    return found
