"""For people at a terminal: what fails, where it stands and what mends it; then what was not judged, and why.

Every text that came from outside goes through an `Ink`: a template must not be able to move somebody's cursor.
"""

from __future__ import annotations

import re
import textwrap
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

import msgspec

from wa_lint.model import Evidence, Finding, Gap, Input, Location, Outcome, Report, Severity, Suppression
from wa_lint.reporters import RenderOptions, blanked, configured, coverage, tally, visible, waste
from wa_lint.reporters import set_words as stages

_ANSI: Final = {
    "critical": "1;35",
    "high": "1;31",
    "medium": "1;33",
    "low": "1;36",
    "bold": "1",
    "faint": "2",
    "caret": "1;31",
    "good": "32",
}

_COMMAND: Final = re.compile(r"(?m)^([ \t]*)(::|##\[)")
"""What makes a line a command to GitHub's runner, which reads the log of every step."""

_CHANGED: Final = {"new": "new: ", "updated": "worse: "}

_INDENT: Final = "  "
_MOST_EVIDENCE: Final = 4
_MOST_NAMES: Final = 6


class Ink(msgspec.Struct, frozen=True):
    """Writes a text so that a terminal shows it and does nothing else, in a colour if there are any."""

    colour: bool

    def __call__(self, text: str, style: str = "") -> str:
        shown = visible(text)
        return f"\x1b[{_ANSI[style]}m{shown}\x1b[0m" if self.colour and style else shown


def render(report: Report, options: RenderOptions) -> str:
    ink = Ink(options.colour)
    by_outcome: dict[Outcome, list[Finding]] = defaultdict(list)
    for finding in report.findings:
        if finding.is_open:
            by_outcome[finding.outcome].append(finding)
    blocks = [
        *_failing(by_outcome[Outcome.FAIL], stages.where_of(report), options, ink),
        *_skew(report, options, ink),
        *_undecided(by_outcome[Outcome.UNKNOWN], options, ink),
        *_allowed(report.findings, options, ink),
        *_unchanged(report, options, ink),
        *_fixed(report, options, ink),
        *(_passing(by_outcome, options, ink) if options.show_all else ()),
        *_unread(report, ink),
        *_broken(report.inputs, ink),
        *_missed(report, options, ink),
        *_configuration(report, options, ink),
        "\n".join(_summary(report, by_outcome, options, ink)),
    ]
    return _COMMAND.sub(lambda found: f"{found[1]}\\u{ord(found[2][0]):04x}{found[2][1:]}", "\n\n".join(blocks)) + "\n"


# --- what fails -------------------------------------------------------------------------------------


def _failing(findings: Iterable[Finding], where: stages.Where, options: RenderOptions, ink: Ink) -> Iterator[str]:
    places: dict[str, dict[tuple[str, str], list[Finding]]] = defaultdict(lambda: defaultdict(list))
    for finding in findings:
        places[_place(finding)][finding.resource.id, finding.resource.type].append(finding)
    explained: set[str] = set()
    for place, resources in places.items():
        yield ink(place, "bold")
        for (name, type_), found in resources.items():
            construct = f" {ink(found[0].resource.construct, 'faint')}" if found[0].resource.construct else ""
            yield f"{ink(name, 'bold')} {ink(f'({type_})', 'faint')}{construct}"
            for finding in found:
                teaching = () if finding.rule.id in explained else _teaching(finding, options, ink)
                yield "\n".join((*_finding(finding, where(finding), options, ink), *teaching))
                explained.add(finding.rule.id)


def _place(finding: Finding) -> str:
    """Return the heading that a finding stands under: its file, or its account and region."""
    if not finding.location.uri.startswith("arn:"):
        return finding.location.uri
    account, region = finding.resource.account or "unknown account", finding.resource.region or "global"
    return f"account {account}, {region}"


def _finding(finding: Finding, where: str, options: RenderOptions, ink: Ink) -> Iterator[str]:
    severity = finding.rule.severity.value
    yield f"{_INDENT}{ink(severity, severity)}  {ink(finding.rule.id, 'bold')}"
    yield from _prose(finding.message, options, ink)
    if where:
        yield from _prose(where, options, ink)
    if finding.change:
        yield from _prose(finding.change, options, ink, label=_CHANGED.get(finding.state or "", ""))
    if finding.when:
        yield from _prose(finding.when, options, ink, label="when ")
    for assumption in finding.assumes:
        yield from _prose(assumption, options, ink, label="assumes ")
    if finding.waste:
        yield from _prose(waste.said(finding.waste), options, ink, label="waste: ")
    yield from _snippet(finding.location, options, ink)
    if finding.trail:
        way = " \u2192 ".join(step.resource for step in finding.trail)
        yield from _prose(f"the internet \u2192 {way}", options, ink, label="the way in: ")
    yield from _because(finding, options, ink)


def _teaching(finding: Finding, options: RenderOptions, ink: Ink) -> Iterator[str]:
    """Yield why it matters and what mends it: said once for each rule, at its first finding."""
    yield from _prose(_first_sentence(finding.rule.why), options, ink, label="why: ")
    yield from _prose(finding.rule.fix.strip().split("\n\n")[0], options, ink, label="fix: ")
    yield f"{_INDENT}{ink(f'more: wa-lint explain {finding.rule.id}', 'faint')}"


def _first_sentence(text: str) -> str:
    return re.split(r"(?<=[.!?])\s", " ".join(text.split()), maxsplit=1)[0]


def _snippet(place: Location, options: RenderOptions, ink: Ink) -> Iterator[str]:
    """Yield the place and, where the source is at hand, its line with a caret under the span."""
    yield f"{_INDENT}{_INDENT}{ink('-->', 'faint')} {ink(str(place))}"
    lines = options.lines(place.uri) if place.line else ()
    if not 0 < place.line <= len(lines):
        return
    number = str(place.line)
    line, start, length = _window(lines[place.line - 1], place, options.width - len(number) - 6)
    yield f"{_INDENT}{ink(number, 'faint')} {ink('|', 'faint')} {ink(line)}"
    yield f"{_INDENT}{' ' * len(number)} {ink('|', 'faint')} {' ' * start}{ink('^' * length, 'caret')}"


def _window(line: str, place: Location, room: int) -> tuple[str, int, int]:
    """Return what fits of the line, and where in it the caret starts and how long it is."""
    start = min(max(place.column - 1, 0), len(line))
    end = {place.line: place.end_column - 1, 0: start + 1}.get(place.end_line, len(line))
    end = min(max(end, start + 1), max(len(line), start + 1))
    if len(line) <= room:
        return _shown(line), start, end - start
    cut = max(0, min(start - room // 4, len(line) - room))
    shown = ("…" if cut else "") + _shown(line[cut + bool(cut) : cut + room - 1]) + "…"
    return shown, start - cut, max(1, min(end, cut + room - 1) - start)


def _shown(piece: str) -> str:
    """Return what a terminal shows of a piece of a line, as long as it is. The line may have a million characters."""
    return blanked(piece.replace("\t", " "))


def _because(finding: Finding, options: RenderOptions, ink: Ink) -> Iterator[str]:
    """Yield the evidence that stands elsewhere."""
    elsewhere = [evidence for evidence in finding.evidence if evidence.location != finding.location]
    for evidence in elsewhere[:_MOST_EVIDENCE]:
        yield from _prose(_said(evidence, finding.location), options, ink, label="because ")
    if len(elsewhere) > _MOST_EVIDENCE:
        yield f"{_INDENT}and {len(elsewhere) - _MOST_EVIDENCE} more values (-o json lists them)"


def _said(evidence: Evidence, near: Location) -> str:
    """Return one value in words, with its line; the file too if it is not that of `near`."""
    name = f"{evidence.resource}.{evidence.path}" if evidence.path else evidence.resource
    place = evidence.location
    if not place.line:
        return f"{name} is {evidence.shown}"
    return f"{name} is {evidence.shown} ({f'line {place.line}' if place.uri == near.uri else place})"


# --- what differs between stages --------------------------------------------------------------------


def _skew(report: Report, options: RenderOptions, ink: Ink) -> Iterator[str]:
    if report.skew:
        lines = [ink(f"Not the same in every stage ({len(report.skew)}, MLOPS06-BP01)", "bold")]
        for skew in report.skew:
            lines += _prose(stages.of_skew(skew), options, ink)
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
        lines += _prose(reason, options, ink)
        lines += _by_rule(found, options, ink)
    yield "\n".join(lines)


_OLD: Final = {"baseline": "of the baseline"}


def _allowed(findings: Iterable[Finding], options: RenderOptions, ink: Ink) -> Iterator[str]:
    """Yield what somebody allowed, in his words; of what is older than the baseline, only how much there is."""
    found = [(finding, finding.suppressed) for finding in findings if finding.suppressed]
    lines: list[str] = []
    for finding, why in found:
        if why.kind not in _OLD or options.show_all:
            lines += _prose(f"{_subject(finding)}: {_reason(why)}", options, ink, label=f"{finding.rule.id}: ")
    for kind, where in _OLD.items():
        old = sum(why.kind == kind for _, why in found)
        if old and not options.show_all:
            lines.append(f"{_INDENT}{_count(old, 'finding')} {where} (--show-all lists them)")
    if found:
        yield "\n".join([ink(f"Allowed ({len(found)})", "bold"), *lines])


def _unchanged(report: Report, options: RenderOptions, ink: Ink) -> Iterator[str]:
    """Yield what failed or was unknown before, and is neither new nor suppressed."""
    found = [f for f in report.findings if f.state == "unchanged" and f.suppressed is None]
    if found and report.compared:
        title = ink(f"Unchanged since {report.compared.since} ({len(found)})", "bold")
        shown = _by_rule(found, options, ink) if options.show_all else [f"{_INDENT}--show-all lists them"]
        yield "\n".join([title, *shown])


def _fixed(report: Report, options: RenderOptions, ink: Ink) -> Iterator[str]:
    fixed = report.compared.fixed if report.compared else ()
    if not fixed or report.compared is None:
        return
    lines = [ink(f"Fixed since {report.compared.since} ({len(fixed)})", "bold")]
    shown = fixed if options.show_all else fixed[:_MOST_NAMES]
    for known in shown:
        lines += _prose(f"{known.resource} ({known.uri})", options, ink, label=f"{known.rule}: ")
    if len(shown) < len(fixed):
        lines.append(f"{_INDENT}and {len(fixed) - len(shown)} more (--show-all lists them)")
    yield "\n".join(lines)


def _reason(why: Suppression) -> str:
    """Return who allowed it, why, how long, and where he says so."""
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
        yield from _prose(", ".join(shown) + more, options, ink, label=f"{_INDENT}{rule}: ")


def _subject(finding: Finding) -> str:
    """Return whom an outcome is about: the resource, and the item of it if it is one of many."""
    item = re.match(r".*?\[\d+\]", finding.path)
    return f"{finding.resource.id}.{item[0]}" if item else finding.resource.id


def _unread(report: Report, ink: Ink) -> Iterator[str]:
    if report.gaps:
        yield "\n".join([ink(f"Not looked at ({len(report.gaps)})", "bold"), *(_gap(gap, ink) for gap in report.gaps)])
    if report.problems:
        said = [f"{_INDENT}{ink(str(problem.location))}: {ink(problem.message)}" for problem in report.problems]
        yield "\n".join([ink(f"Odd in the input ({len(said)})", "bold"), *said])


def _gap(gap: Gap, ink: Ink) -> str:
    where = ", ".join(part for part in (gap.scope.account, gap.scope.region) if part)
    grant = f" Grant {gap.grant} to close it." if gap.grant else ""
    return ink(f"{_INDENT}{gap.scope.type}{f' in {where}' if where else ''}: {gap.reason.rstrip('.')}.{grant}")


def _broken(inputs: Sequence[Input], ink: Ink) -> Iterator[str]:
    broken = [entry for entry in inputs if entry.status == "error"]
    if broken:
        said = [f"{_INDENT}{ink(entry.uri)}: {ink(entry.reason or '')}" for entry in broken]
        yield "\n".join([ink(f"Not read ({len(broken)})", "bold"), *said])


def _missed(report: Report, options: RenderOptions, ink: Ink) -> Iterator[str]:
    missed = coverage.lines(report, without={"nothing", *coverage.SHOWN_ALREADY})
    if missed:
        yield "\n".join(
            [ink("Not covered", "bold"), *(text for line in missed for text in _prose(line.text, options, ink))]
        )


def _configuration(report: Report, options: RenderOptions, ink: Ink) -> Iterator[str]:
    if report.configuration:
        said = [line for text in configured.sentences(report) for line in _prose(text, options, ink)]
        yield "\n".join([ink("Configuration", "bold"), *said])


# --- the summary ------------------------------------------------------------------------------------


def _summary(
    report: Report, by_outcome: Mapping[Outcome, Sequence[Finding]], options: RenderOptions, ink: Ink
) -> Iterator[str]:
    judged = [entry for entry in report.inputs if entry.status == "judged"]
    nothing = coverage.nothing_judged(report)
    if nothing:
        yield ink(nothing, "bold")
    if not judged and not report.findings and not report.counted:
        return
    yield from [""] if nothing else []
    yield ink(f"{'Pillar':<24}{'failed':>8}{'not judged':>12}{'passed':>8}", "bold")
    for pillar, counted in tally.by_pillar(report).items():
        name = pillar.replace("-", " ").capitalize()
        failed = ink(f"{counted.failed:>8}", "high" if counted.failed else "faint")
        yield f"{name:<24}{failed}{counted.unknown:>12}{counted.passed:>8}"
    yield ""
    yield _verdict(by_outcome[Outcome.FAIL], tally.total(report.findings, report.counted.values()), ink)
    yield from (ink(_wasted(total)) for total in waste.totals(report))
    if cost := waste.running(report):
        yield from textwrap.wrap(ink(waste.running_in_words(cost)), max(options.width, 40), break_on_hyphens=False)
    read = sum(entry.resources for entry in judged)
    if judged:
        rules = [rule for rule in report.rules if rule.practices]  # the others speak of suppressions
        asked = f"{_count(len(rules), 'rule')} on {_count(read, 'resource')} of {_count(len(judged), 'input')}"
        named = dict.fromkeys(stage for entry in judged for stage in entry.stages)
        yield asked + (f", for {' and '.join(map(ink, named))}." if named else ".")
    found = tally.news(report)
    if found:
        yield ink(f"{tally.news_in_words(found)}.")


def _verdict(failing: Sequence[Finding], counted: tally.Tally, ink: Ink) -> str:
    failed, unknown, passed, allowed = counted.failed, counted.unknown, counted.passed, counted.suppressed
    by_severity = Counter(finding.rule.severity for finding in failing)
    kinds = ", ".join(f"{by_severity[s]} {s.value}" for s in reversed(Severity) if by_severity[s])
    style = max(by_severity, key=lambda severity: severity.rank).value if by_severity else "good"
    shown = ink(f"{failed} failed" + (f" ({kinds})" if kinds else ""), style)
    return f"{shown}, {unknown} not judged, {passed} passed" + (f", {allowed} allowed." if allowed else ".")


def _wasted(total: waste.Total) -> str:
    kind = "Measured idle" if total.is_measured else "At risk of idling"
    dated = f", at prices of {total.as_of}" if total.as_of else ""
    return f"{kind}: {waste.usd(total.low, total.high, is_least=total.is_least)} a month{dated}."


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


# --- lines ------------------------------------------------------------------------------------------


def _prose(text: str, options: RenderOptions, ink: Ink, *, label: str = "") -> Iterator[str]:
    """Yield a text in lines that fit, further ones below the end of its label."""
    hang = _INDENT + " " * min(len(label), 12)
    lines = textwrap.wrap(
        ink(" ".join(text.split())),
        max(options.width, 40),
        initial_indent=_INDENT + ink(label),
        subsequent_indent=hang,
        break_long_words=False,
        break_on_hyphens=False,
    )
    for line in lines:
        head = _INDENT + label
        yield (
            head[: len(_INDENT)] + ink(label, "faint") + line[len(head) :] if label and line.startswith(head) else line
        )
