"""What the tools answer: one function each, from arguments to JSON. What a file says is quoted, never a sentence."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from wa_lint import docs, lens, packs
from wa_lint.errors import ConfigError
from wa_lint.mcp_server.given_roots import MOST_BYTES, UNTITLED, file_below, file_of, real_roots
from wa_lint.mcp_server.quoted_data import RefusedCall, clipped, fitting, quoted, quoted_page
from wa_lint.model import OPEN, Finding, Input, Outcome, Raw, Report, RuleInfo, Severity
from wa_lint.reporters import configured, coverage, tally
from wa_lint.rule import Rule
from wa_lint.run.choice import chosen_rules, named_rule
from wa_lint.run.contents import JudgingOptions, judge_content, settle_within
from wa_lint.run.fix_files import Attempt, fix_files
from wa_lint.run.inputs import File
from wa_lint.run.unified_diffs import unified_diff
from wa_lint.suppress.allow import FAULTS

SECONDS: Final = 20.0
"""Of one call, beyond the judgement that runs when they are over."""

_MOST_LISTED: Final = 200
_LONGEST_PAGE: Final = 20_000

PathArgument = Annotated[
    Annotated[str, Meta(max_length=4096)] | None, Meta(description="A file below a root of the server.")
]
TextArgument = Annotated[
    Annotated[str, Meta(max_length=MOST_BYTES)] | None,
    Meta(description=f"The text of a template, in place of a path; it is called {UNTITLED}."),
]
Most = Annotated[int, Meta(ge=1, le=_MOST_LISTED, description="The most entries to list.")]


class Desk(msgspec.Struct, frozen=True):
    """What a server was started with."""

    roots: tuple[Path, ...]
    """With links followed."""
    how: JudgingOptions


def desk_of(given: Sequence[Path], how: JudgingOptions) -> Desk:
    """Return what a server works with: roots with links followed, and files that unpack to little."""
    budget = msgspec.structs.replace(
        how.budget, bytes=min(how.budget.bytes, _UNPACKED), document=min(how.budget.document, _UNPACKED)
    )
    return Desk(real_roots(given), msgspec.structs.replace(how, budget=budget))


_UNPACKED: Final = 5 * MOST_BYTES


# --- check_template ---------------------------------------------------------------------------------


class CheckTemplate(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Arguments of check_template."""

    path: PathArgument = None
    text: TextArgument = None
    limit: Most = 50


def check_template(desk: Desk, asked: CheckTemplate) -> Raw:
    """Return what fails and what is unknown in a file, the gravest first."""
    report = judge_content(given_file(desk, asked.path, asked.text), desk.how).judged.report
    found = sorted((f for f in report.findings if f.outcome in OPEN), key=_gravity)
    listed = fitting([_finding(finding) for finding in found], asked.limit)
    rules = {finding.rule.id: finding.rule for finding in found[: len(listed)]}
    return {
        "summary": _summary(report),
        "findings": listed,
        "left_out": len(found) - len(listed),
        "rules": {id_: _rule(info) for id_, info in rules.items()},
        "inputs": [_input(entry) for entry in report.inputs],
        **quoted(
            configuration=list(configured.sentences(report, all_used=False)),
            not_judged=[line.text for line in coverage.lines(report)],
        ),
    }


def given_file(desk: Desk, path: str | None, text: str | None) -> File:
    if (path is None) is (text is None):
        raise RefusedCall("give either path or text")
    return file_below(path, desk.roots) if path is not None else file_of(text or "")


def _gravity(finding: Finding) -> tuple[bool, bool, int]:
    """Sort what counts before what is suppressed, what fails before what is unknown, the severe first."""
    return (not finding.is_open, finding.outcome is not Outcome.FAIL, -finding.rule.severity.rank)


def _summary(report: Report) -> Raw:
    counted = tally.total(report.findings, report.counted.values())
    return {
        "failed": counted.failed,
        "unknown": counted.unknown,
        "passed": counted.passed,
        "not_applicable": counted.not_applicable,
        "suppressed": counted.suppressed,
        "resources": report.census.resources,
        "is_judged": coverage.nothing_judged(report) is None,
    }


def _finding(finding: Finding) -> Raw:
    return {
        "rule": finding.rule.id,
        "outcome": finding.outcome.value,
        "severity": finding.rule.severity.value,
        "line": finding.location.line or None,
        "column": finding.location.column or None,
        "is_suppressed": finding.suppressed is not None,
        **quoted(
            file=finding.location.uri,
            resource=finding.resource.id,
            type=finding.resource.type,
            path=finding.path,
            message=finding.message,
            when=finding.when,
            assumes=finding.assumes,
            values=[{"path": one.path, "value": one.shown} for one in finding.evidence[:5]],
            suppressed=finding.suppressed.reason if finding.suppressed else None,
        ),
    }


def _input(entry: Input) -> Raw:
    return {"status": entry.status, **quoted(uri=entry.uri, kind=entry.kind, reason=entry.reason)}


# --- explain_rule, list_rules -----------------------------------------------------------------------


class ExplainRule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Arguments of explain_rule."""

    rule: Annotated[str, Meta(max_length=200, description="The id of a rule, as endpoint-single-instance.")]


def explain_rule(desk: Desk, asked: ExplainRule) -> Raw:
    """Return the page of a rule: why, fix, a snippet, settings, examples, sources."""
    if fault := FAULTS.get(asked.rule):
        return {"rule": fault.id, **_rule(fault)}
    try:
        rule = named_rule(asked.rule, packs.book(desk.how.choice.rules).rules)
    except ConfigError as error:
        raise RefusedCall("no rule has this id; list_rules lists those that there are", problem=error.problem) from None
    page = docs.rule_page(next(iter(packs.examples_of([rule])), rule))
    if _is_ours(rule.info):
        return {"rule": rule.info.id, "page": clipped(page, _LONGEST_PAGE)}
    return {"rule": rule.info.id, **quoted_page("page", page, _LONGEST_PAGE)}


class ListRules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Arguments of list_rules."""

    words: Annotated[str, Meta(max_length=200, description="Only rules with all these words.")] = ""
    severity: Annotated[Severity, Meta(description="Check only rules of this severity or higher.")] = Severity.LOW
    pillar: Annotated[str, Meta(max_length=50, description="Only rules of this pillar, as security.")] = ""
    offset: Annotated[int, Meta(ge=0, description="How many to pass over.")] = 0
    limit: Most = 50


def list_rules(desk: Desk, asked: ListRules) -> Raw:
    """Return the rules that the server asks, by id."""
    wanted = [rule for rule in chosen_rules(desk.how.choice) if _is_wanted(rule, asked)]
    listed = fitting([_listed(rule) for rule in wanted[asked.offset :]], asked.limit)
    return {"rules": listed, "total": len(wanted), "left_out": len(wanted) - asked.offset - len(listed)}


def _is_wanted(rule: Rule, asked: ListRules) -> bool:
    info = rule.info
    said = " ".join((info.id, info.title, *info.applies_to, *info.practices)).lower()
    return (
        info.severity.rank >= asked.severity.rank
        and (not asked.pillar or lens.practice(info.practices[0]).pillar == asked.pillar)
        and all(word in said for word in asked.words.lower().split())
    )


def _listed(rule: Rule) -> Raw:
    info = rule.info
    common = {"id": info.id, "severity": info.severity.value, "pillar": tally.pillar(info)}
    said = {"title": info.title, "types": info.applies_to}
    return {**common, **(said if _is_ours(info) else quoted(**said))}


def _rule(info: RuleInfo) -> Raw:
    """Return what a rule says of itself. The words of a pack that a repository brings are quoted."""
    said = {"title": info.title, "why": " ".join(info.why.split()), "fix": " ".join(info.fix.split())}
    return said if _is_ours(info) else quoted(**said)


@cache
def _ours() -> frozenset[str]:
    return frozenset({rule.info.id for rule in packs.book().rules} | set(FAULTS))


def _is_ours(info: RuleInfo) -> bool:
    """Whether a rule comes with wa-lint: no pack may take its id."""
    return info.id in _ours()


# --- fix_template -----------------------------------------------------------------------------------


class FixTemplate(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Arguments of fix_template."""

    path: PathArgument = None
    text: TextArgument = None
    unsafe: Annotated[bool, Meta(description="Also what replaces a resource, costs more or may break clients.")] = False


def fix_template(desk: Desk, asked: FixTemplate) -> Raw:
    """Return the diff that would mend what can be mended mechanically. Nothing is written."""
    found = judge_content(given_file(desk, asked.path, asked.text), desk.how, remembers=True)
    fixes = fix_files(found.run, found.judged, settle_within(desk.how, SECONDS), is_unsafe=asked.unsafe)
    outcomes = [one.outcome for one in fixes.attempts]
    tried = [one for one in fixes.attempts if one.finding.rule.edits]
    diff = "".join(piece for change in fixes.changes for piece in unified_diff(change))
    listed = fitting([_attempt(one) for one in tried], _MOST_LISTED, room=20_000)
    return {
        "fixed": outcomes.count("fixed"),
        "need_unsafe": outcomes.count("unsafe"),
        "without_fix": outcomes.count("none"),
        "attempts": listed,
        "left_out": len(tried) - len(listed),
        "inputs": [_input(entry) for entry in found.judged.report.inputs],
        **quoted_page("diff", diff),
    }


def _attempt(one: Attempt) -> Raw:
    finding = one.finding
    said = quoted(resource=finding.resource.id, path=finding.path, reason=one.reason)
    return {"rule": finding.rule.id, "outcome": one.outcome, "line": finding.location.line or None, **said}
