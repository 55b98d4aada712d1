"""What checks alone say of each practice of the Lens: status, reasons, evidence. It asks nobody and formats nothing.

A practice is met only where each of its checks has a rule that judged something and passed all of it, and nothing that
those rules would read was left unread. What nobody saw is unknown, unless the input proves that it is not there.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Final

import msgspec

from wa_lint import lens, practice_checks
from wa_lint.model import Finding, Gap, Outcome, Report, RuleInfo
from wa_lint.reporters import coverage

_MOST_NAMED: Final = 3
"""Resources that a line of evidence names."""

_MOST_PLACES: Final = 20
"""Findings that stand as evidence of one practice; the report lists all."""

_EVERYTHING: Final = "AWS::*"
"""In a gap, in place of a type: nothing of an account or region could be read."""


class Standing(msgspec.Struct, frozen=True):
    """What a run can say of one practice of the Lens, as reports carry it."""

    id: str
    status: str
    """met | at-risk | partial | unknown | for-people | not-applicable"""
    coverage: str
    """How much of the practice checks can decide at all: full | partial | proxy | none."""
    reason: str | None = None


class PracticeVerdict(msgspec.Struct, frozen=True):
    """What checks say of one practice, in full."""

    id: str
    status: str
    """As of `Standing`."""
    because: tuple[str, ...] = ()
    evidence: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()
    """The ids of the rules that decide it, of this run or not."""
    is_for_answer: bool = False
    """Whether a person's yes may settle it: what checks could decide is decided, and nothing was left unread."""


class _Seen(msgspec.Struct, frozen=True):
    """What a run saw, looked up once for all practices."""

    rules: Mapping[str, RuleInfo]
    findings: Mapping[str, Sequence[Finding]]
    """By rule."""
    passed: Mapping[str, int]
    """By rule: how many resources, or items of them, pass."""
    report: Report
    unread: str | None
    """Why nothing may be called met or absent: something that was requested could not be read."""
    missed: str | None
    """What no rule gives a verdict on, in words: ML or unrecognised types, files that may be templates."""


def practices(report: Report) -> Sequence[Standing]:
    """Return what the run says of each of the 105 practices, in the Lens's order."""
    return [
        Standing(one.id, one.status, lens.practice(one.id).coverage, one.because[0] if one.because else None)
        for one in verdicts(report)
    ]


def verdicts(report: Report) -> Sequence[PracticeVerdict]:
    """As `practices`, in full."""
    seen = _seen(report)
    return [_verdict(practice, seen) for practice in lens.practices()]


def _seen(report: Report) -> _Seen:
    findings: dict[str, list[Finding]] = defaultdict(list)
    passed = Counter({id_: counts.passed for id_, counts in report.counted.items()})
    for finding in report.findings:
        findings[finding.rule.id].append(finding)
        passed[finding.rule.id] += finding.outcome is Outcome.PASS
    missed = coverage.missed(report) or _suspects(report)
    return _Seen({rule.id: rule for rule in report.rules}, findings, passed, report, _unread(report), missed)


def _verdict(practice: lens.Practice, seen: _Seen) -> PracticeVerdict:
    deciding = practice_checks.of(practice.id)
    named = [id_ for id_, rule in seen.rules.items() if practice.id in rule.practices]
    rules = tuple(dict.fromkeys((*deciding.rules, *named)))
    status, because, evidence, is_for_answer = _status(practice, named, rules, seen)
    return PracticeVerdict(practice.id, status, tuple(because), tuple(evidence), rules, is_for_answer)


_Said = tuple[str, Sequence[str], Sequence[str], bool]


def _status(practice: lens.Practice, named: Sequence[str], rules: Sequence[str], seen: _Seen) -> _Said:
    """Return status, reasons, evidence and `is_for_answer`. A fail outweighs all, and ignorance a pass."""
    found = [finding for id_ in named for finding in seen.findings.get(id_, ())]
    if failing := [f for f in found if f.outcome is Outcome.FAIL]:
        return "at-risk", list(_fails(failing)), _places(failing), False
    if practice.coverage == "none" or not rules:
        return "for-people", ["needs human review: configuration cannot show it"], (), True
    if not named:
        return "unknown", ["no rule that was run checks it"], (), False
    if doubtful := [f for f in found if f.outcome is Outcome.UNKNOWN]:
        judged = len(doubtful) + sum(seen.passed[id_] for id_ in named)
        said = f"{len(doubtful)} of {judged} checks could not be decided"
        return "unknown", [said, *_doubts(doubtful)], _places(doubtful), False
    if unread := seen.unread or _refused(named, seen):
        return "unknown", [unread], list(_passes(named, seen)), False
    if not any(seen.passed[id_] for id_ in named):
        return _unseen(practice.id, seen)
    return _passing(practice.id, named, seen)


def _unseen(practice: str, seen: _Seen) -> _Said:
    """Return what is said where no rule gave a verdict. Only a practice that rules decide in full can be inapplicable.

    Of the others, the checks that have no rule may well apply, and people have to say.
    """
    if seen.missed:
        return "unknown", [seen.missed], (), False
    deciding = practice_checks.of(practice)
    types = {type_ for rule in deciding.rules if rule in seen.rules for type_ in seen.rules[rule].applies_to}
    if not _is_absent(types, seen.report):
        return (
            "unknown",
            ["nothing here that its rules speak of, and there may be more of the workload elsewhere"],
            (),
            True,
        )
    if deciding.coverage == "full" and all(rule in seen.rules for rule in deciding.rules):
        return "not-applicable", ["no resource that it applies to, and all of it was read"], (), False
    return "unknown", ["nothing here that its rules speak of, and they do not see all of it"], (), True


def _passing(practice: str, named: Sequence[str], seen: _Seen) -> _Said:
    deciding = practice_checks.of(practice)
    evidence = list(_passes(named, seen))
    decided = [check for check in deciding.checks if _is_decided(check, seen)]
    whole = len(deciding.checks)
    left = [] if len(decided) == whole else [f"{len(decided)} of {whole} checks pass"]
    if seen.missed:
        return "partial", [f"what checks can see of it is in order; {seen.missed}", *left], evidence, False
    if deciding.coverage == "full" and not left:
        return "met", (), evidence, False
    said = "the checks pass; the rest needs human review"
    not_run = _not_run(deciding.rules, seen)
    return "partial", [said, *left, *not_run], evidence, not not_run


def _is_decided(check: Sequence[str], seen: _Seen) -> bool:
    """Whether all rules of a check were run, and one of them passed something; nothing fails here."""
    return all(rule in seen.rules for rule in check) and any(seen.passed[rule] for rule in check)


# --- what was not seen ------------------------------------------------------------------------------


def _unread(report: Report) -> str | None:
    broken = [entry.uri for entry in report.inputs if entry.status == "error"]
    if broken:
        return f"{broken[0]} could not be read" if len(broken) == 1 else f"{len(broken)} inputs could not be read"
    if not any(entry.status == "judged" for entry in report.inputs):
        return "nothing was judged"
    if report.not_followed:
        first, more = report.not_followed[0], len(report.not_followed) - 1
        return f"{first.what} was not followed: {first.reason}" + (f", and {more} more" if more else "")
    return next((f"{gap.scope.type} could not be read: {gap.reason}" for gap in _of_everything(report)), None)


def _suspects(report: Report) -> str | None:
    found = [entry.uri for entry in report.inputs if entry.is_suspect]
    return f"{found[0]} may be a template and was not read" if found else None


def _of_everything(report: Report) -> Iterator[Gap]:
    return (gap for gap in report.gaps if gap.scope.type == _EVERYTHING)


def _refused(rules: Iterable[str], seen: _Seen) -> str | None:
    """Return the gap, if any, in the very types that `rules` judge: what was not listed cannot be in order."""
    types = {type_ for id_ in rules for type_ in seen.rules[id_].applies_to}
    gap = next((gap for gap in seen.report.gaps if gap.scope.type in types), None)
    if gap is None:
        return None
    grant = f"; grant {gap.grant}" if gap.grant else ""
    return f"{gap.scope.type} could not be listed: {gap.reason}{grant}"


def _is_absent(types: Collection[str], report: Report) -> bool:
    """Whether it is proven that nothing of these types is there: all were listed, or somebody says so who knows.

    A template is never all there is, and of resources chosen by tag or name, others may belong and not show it. A
    report that was read back does not tell what was listed: it proves nothing absent.
    """
    extent = report.workload
    if extent is not None and (extent.is_whole or extent.is_by_mark):
        return extent.is_whole
    kinds = {entry.kind for entry in report.inputs if entry.status == "judged"}
    return "template" not in kinds and bool(types) and set(types) <= {scope.type for scope in report.complete}


# --- words ------------------------------------------------------------------------------------------


def _fails(failing: Sequence[Finding]) -> Iterator[str]:
    yield "fails: " + ", ".join(dict.fromkeys(finding.rule.id for finding in failing))
    accepted = sum(finding.suppressed is not None for finding in failing)
    if accepted:
        yield f"{accepted} of {len(failing)} findings are suppressed, and still a risk"


def _doubts(doubtful: Sequence[Finding]) -> list[str]:
    return list(dict.fromkeys(f"{finding.rule.id}: {finding.message}" for finding in doubtful))[:_MOST_NAMED]


def _not_run(rules: Iterable[str], seen: _Seen) -> list[str]:
    missing = [rule for rule in rules if rule not in seen.rules]
    return [f"not run: {', '.join(missing)}"] if missing else []


def _places(found: Sequence[Finding]) -> list[str]:
    """Return ``rule: resource (place)`` for each finding, the first of them only where they are many."""
    named = [f"{f.rule.id}: {f.resource.id} ({f.anchor or f.location})" for f in found[:_MOST_PLACES]]
    more = [f"and {len(found) - _MOST_PLACES} more findings"] if len(found) > _MOST_PLACES else []
    return [*dict.fromkeys(named), *more]


def _passes(rules: Iterable[str], seen: _Seen) -> Iterator[str]:
    """Yield ``rule: 3 pass (a, b and 1 more)``; the names where they are known."""
    for id_ in rules:
        if number := seen.passed[id_]:
            names = list(dict.fromkeys(f.resource.id for f in seen.findings.get(id_, ()) if f.outcome is Outcome.PASS))
            more = f" and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
            named = f" ({', '.join(names[:_MOST_NAMED])}{more})" if names else ""
            yield f"{id_}: {number} pass{'es' if number == 1 else ''}{named}"
