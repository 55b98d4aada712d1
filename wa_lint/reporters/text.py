"""For people at a terminal: what fails, where it is and how to fix it; then what was not judged, and why.

Every text that came from outside goes through an `Ink`: a template must not be able to move somebody's cursor.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from wa_lint.model import Finding, Gap, Outcome, Report, Suppression
from wa_lint.reporters import RenderOptions, configured, coverage
from wa_lint.reporters import set_words as stages
from wa_lint.reporters.failing_text import failing
from wa_lint.reporters.gap_groups import grouped
from wa_lint.reporters.ink import INDENT, Ink, count, prose, without_commands
from wa_lint.reporters.rule_counts import counted_rules
from wa_lint.reporters.summary import in_one_sentence, summary

_MOST_NAMES: Final = 6
_BULLET: Final = "- "


def render(report: Report, options: RenderOptions) -> str:
    ink = Ink(options.colour)
    if options.quiet:
        return without_commands(in_one_sentence(report, ink)) + "\n"
    blocks = [
        *(_statistics(report, ink) if options.statistics else _findings(report, options, ink)),
        *_unread(report, options, ink),
        *_missed(report, options, ink),
        *_configuration(report, options, ink),
        "\n".join(summary(report, options, ink)),
    ]
    return without_commands("\n\n".join(blocks)) + "\n"


def _findings(report: Report, options: RenderOptions, ink: Ink) -> Iterator[str]:
    by_outcome: dict[Outcome, list[Finding]] = defaultdict(list)
    for finding in report.findings:
        if finding.is_open:
            by_outcome[finding.outcome].append(finding)
    yield from failing(by_outcome[Outcome.FAIL], stages.where_of(report), options, ink)
    yield from _skew(report, options, ink)
    yield from _undecided(by_outcome[Outcome.UNKNOWN], options, ink)
    yield from _suppressed(report.findings, options, ink)
    yield from _unchanged(report, options, ink)
    yield from _fixed(report, options, ink)
    if options.show_all:
        yield from _passing(by_outcome, options, ink)


def _statistics(report: Report, ink: Ink) -> Iterator[str]:
    rows = list(counted_rules(report, ink))
    if rows:
        yield "\n".join(rows)


# --- what differs between stages --------------------------------------------------------------------


def _skew(report: Report, options: RenderOptions, ink: Ink) -> Iterator[str]:
    if report.skew:
        lines = [ink(f"Differs between stages ({len(report.skew)}, MLOPS06-BP01)", "bold")]
        for skew in report.skew:
            lines += prose(stages.of_skew(skew), options, ink)
        yield "\n".join(lines)


# --- what was not judged, what passed ---------------------------------------------------------------


def _undecided(findings: Sequence[Finding], options: RenderOptions, ink: Ink) -> Iterator[str]:
    if not findings:
        return
    reasons: dict[str, list[Finding]] = defaultdict(list)
    for finding in findings:
        reasons[finding.message].append(finding)
    lines = [ink(f"Not judged ({len(findings)})", "bold")]
    for reason, found in reasons.items():
        lines += prose(reason, options, ink)
        lines += _by_rule(found, options, ink)
    yield "\n".join(lines)


_OLD: Final = {"baseline": "of the baseline"}


def _suppressed(findings: Iterable[Finding], options: RenderOptions, ink: Ink) -> Iterator[str]:
    """Yield what is suppressed, with the reason given; of what is older than the baseline, only how much there is."""
    found = [(finding, finding.suppressed) for finding in findings if finding.suppressed]
    lines: list[str] = []
    for finding, why in found:
        if why.kind not in _OLD or options.show_all:
            lines += prose(f"{_subject(finding)}: {_reason(why)}", options, ink, label=f"{finding.rule.id}: ")
    for kind, where in _OLD.items():
        old = sum(why.kind == kind for _, why in found)
        if old and not options.show_all:
            lines.append(f"{INDENT}{count(old, 'finding')} {where} (--show-all lists them)")
    if found:
        yield "\n".join([ink(f"Suppressed ({len(found)})", "bold"), *lines])


def _unchanged(report: Report, options: RenderOptions, ink: Ink) -> Iterator[str]:
    """Yield what failed or was unknown before, and is neither new nor suppressed."""
    found = [f for f in report.findings if f.state == "unchanged" and f.suppressed is None]
    if found and report.compared:
        title = ink(f"Unchanged since {report.compared.since} ({len(found)})", "bold")
        shown = _by_rule(found, options, ink) if options.show_all else [f"{INDENT}--show-all lists them"]
        yield "\n".join([title, *shown])


def _fixed(report: Report, options: RenderOptions, ink: Ink) -> Iterator[str]:
    fixed = report.compared.fixed if report.compared else ()
    if not fixed or report.compared is None:
        return
    lines = [ink(f"Fixed since {report.compared.since} ({len(fixed)})", "bold")]
    shown = fixed if options.show_all else fixed[:_MOST_NAMES]
    for known in shown:
        lines += prose(f"{known.resource} ({known.uri})", options, ink, label=f"{known.rule}: ")
    if len(shown) < len(fixed):
        lines.append(f"{INDENT}and {len(fixed) - len(shown)} more (--show-all lists them)")
    yield "\n".join(lines)


def _reason(why: Suppression) -> str:
    """Return why it is suppressed, by whom, how long, and where that is written."""
    parts = [
        why.reason or "no reason given",
        *([why.owner] if why.owner else []),
        *([f"until {why.until}"] if why.until else []),
        *([f"{why.kind} at {why.location}"] if why.location else []),
    ]
    return ", ".join(parts)


def _passing(by_outcome: Mapping[Outcome, Sequence[Finding]], options: RenderOptions, ink: Ink) -> Iterator[str]:
    for outcome, title in ((Outcome.PASS, "Passed"), (Outcome.NOT_APPLICABLE, "Not applicable")):
        found = by_outcome.get(outcome, ())
        if found:
            yield "\n".join([ink(f"{title} ({len(found)})", "bold"), *_by_rule(found, options, ink)])


def _by_rule(findings: Iterable[Finding], options: RenderOptions, ink: Ink) -> Iterator[str]:
    rules: dict[str, dict[str, None]] = defaultdict(dict)
    for finding in findings:
        rules[finding.rule.id][_subject(finding)] = None
    for rule, subjects in rules.items():
        names = list(subjects)
        shown = names if options.show_all else names[:_MOST_NAMES]
        more = f" and {len(names) - len(shown)} more" if len(names) > len(shown) else ""
        yield from prose(", ".join(shown) + more, options, ink, label=f"{INDENT}{rule}: ")


def _subject(finding: Finding) -> str:
    """Return whom an outcome is about: the resource, and the item of it if it is one of many."""
    item = re.match(r".*?\[\d+\]", finding.path)
    return f"{finding.resource.id}.{item[0]}" if item else finding.resource.id


def _unread(report: Report, options: RenderOptions, ink: Ink) -> Iterator[str]:
    broken = [entry for entry in report.inputs if entry.status == "error"]
    sections = {
        "Not fully read": list(_gaps(gap for gap in report.gaps if options.verbose or not gap.scope.account)),
        "Problems in the input": [f"{problem.location}: {problem.message}" for problem in report.problems],
        "Not read": [f"{entry.uri}: {entry.reason or ''}" for entry in broken],
    }
    yield from () if options.verbose else _unread_of_accounts(report, options, ink)
    for title, texts in sections.items():
        if texts:
            lines = [line for text in texts for line in prose(text, options, ink, label=_BULLET)]
            yield "\n".join([ink(f"{title} ({len(texts)})", "bold"), *lines])


def _unread_of_accounts(report: Report, options: RenderOptions, ink: Ink) -> Iterator[str]:
    """Yield a line for each service and region of which partly read, by cause."""
    groups = grouped(report.gaps)
    if not groups:
        return
    number = sum(bool(gap.scope.account) for gap in report.gaps)
    lines = [ink(f"Not fully read ({number}; -v lists them)", "bold")]
    for cause, found in groups:
        lines += prose(cause.title + (f": {cause.help}" if cause.help else ""), options, ink)
        room = options.width - len(INDENT) - len(INDENT) - len(_BULLET)
        lines += [f"{INDENT}{INDENT}{_BULLET}{ink(group.in_room(room))}" for group in found]
    yield "\n".join(lines)


_FEW: Final = 3
"""Types that have the same gap, and are each told of."""


def _gaps(gaps: Iterable[Gap]) -> Iterator[str]:
    """Yield a sentence for each gap; one for all types of a place that have the same, as where a region is closed."""
    alike: dict[tuple[object, ...], list[Gap]] = {}
    for gap in gaps:
        alike.setdefault((gap.scope.account, gap.scope.region, gap.reason, gap.grant), []).append(gap)
    for several in alike.values():
        if len(several) <= _FEW:
            yield from (_gap(gap, gap.scope.type) for gap in several)
        else:
            yield _gap(several[0], f"{several[0].scope.type} and {len(several) - 1} more types")


def _gap(gap: Gap, types: str) -> str:
    where = ", ".join(part for part in (gap.scope.account, gap.scope.region) if part)
    grant = f" Grant {gap.grant} to close this gap." if gap.grant else ""
    return f"{types}{f' in {where}' if where else ''}: {gap.reason.rstrip('.')}.{grant}"


def _missed(report: Report, options: RenderOptions, ink: Ink) -> Iterator[str]:
    missed = coverage.lines(report, without={"nothing", *coverage.SHOWN_ALREADY})
    if missed:
        lines = [text for line in missed for text in prose(line.text, options, ink, label=_BULLET)]
        yield "\n".join([ink("Not covered", "bold"), *lines])


def _configuration(report: Report, options: RenderOptions, ink: Ink) -> Iterator[str]:
    if report.configuration:
        sentences = configured.sentences(report)
        lines = [line for text in sentences for line in prose(text, options, ink, label=_BULLET)]
        yield "\n".join([ink("Configuration", "bold"), *lines])
