"""The numbers of a run, for people at a terminal: one sentence, and what belongs below it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from wa_lint.model import Input, Outcome, Report, Severity
from wa_lint.reporters import RenderOptions, coverage, tally, waste
from wa_lint.reporters.ink import Ink, count, wrapped


def verdict(report: Report, ink: Ink) -> str:
    """Return ``2 failed (1 high, 1 medium), 1 not judged, 3 passed``, with a full stop."""
    counted = tally.total(report.findings, report.counted.values())
    by_severity = Counter(f.rule.severity for f in report.findings if f.outcome is Outcome.FAIL and f.is_open)
    kinds = ", ".join(f"{by_severity[s]} {s.value}" for s in reversed(Severity) if by_severity[s])
    style = max(by_severity, key=lambda severity: severity.rank).value if by_severity else "good"
    failed = ink(f"{counted.failed} failed" + (f" ({kinds})" if kinds else ""), style)
    suppressed = f", {counted.suppressed} suppressed" if counted.suppressed else ""
    return f"{failed}, {counted.unknown} not judged, {counted.passed} passed{suppressed}."


def in_one_sentence(report: Report, ink: Ink) -> str:
    """Return the verdict in one line: why there is none, how it compares, and how much the run did not cover."""
    nothing, news = coverage.nothing_judged(report), tally.news(report)
    warnings = [line for line in coverage.lines(report, without={"nothing", "unknown"}) if line.is_warning]
    parts = [
        ink(nothing) if nothing else "",
        "" if nothing and not _has_verdicts(report) else verdict(report, ink),
        ink(f"{tally.news_in_words(news)}.") if news else "",
        f"{count(len(warnings), 'warning')} about what was not covered." if warnings else "",
    ]
    return " ".join(part for part in parts if part)


def summary(report: Report, options: RenderOptions, ink: Ink) -> Iterator[str]:
    """Yield the lines at the end of a report."""
    judged = [entry for entry in report.inputs if entry.status == "judged"]
    nothing = coverage.nothing_judged(report)
    if nothing:
        yield from (ink(line, "bold") for line in wrapped(nothing, options))
    if not judged and not _has_verdicts(report):
        return
    yield from [""] if nothing else []
    yield from _pillars(report, ink) if options.verbose else ()
    yield from _fitted_verdict(report, options, ink)
    yield from () if options.verbose else _failing_pillars(report, options, ink)
    for total in waste.totals(report):
        yield from wrapped(ink(waste.total_in_words(total)), options)
    if cost := waste.running(report):
        yield from wrapped(ink(waste.running_in_words(cost)), options)
    is_short = not options.verbose and any(f.outcome is Outcome.FAIL and f.is_open for f in report.findings)
    last = [
        *([_extent(report, judged, ink)] if judged else []),
        *(["More: -v, wa-lint explain RULE."] if is_short else []),
    ]
    yield from wrapped(" ".join(last), options)
    if news := tally.news(report):
        yield ink(f"{tally.news_in_words(news)}.")


def _fitted_verdict(report: Report, options: RenderOptions, ink: Ink) -> Iterator[str]:
    """Yield the verdict, in several lines without a colour where one does not hold it."""
    plain = verdict(report, Ink(colour=False))
    if len(plain) <= options.width:
        yield verdict(report, ink)
    else:
        yield from wrapped(plain, options)


def _has_verdicts(report: Report) -> bool:
    return bool(report.findings or report.counted)


def _pillars(report: Report, ink: Ink) -> Iterator[str]:
    yield ink(f"{'Pillar':<24}{'failed':>8}{'not judged':>12}{'passed':>8}", "bold")
    for pillar, counted in tally.by_pillar(report).items():
        failed = ink(f"{counted.failed:>8}", "high" if counted.failed else "faint")
        yield f"{_name(pillar):<24}{failed}{counted.unknown:>12}{counted.passed:>8}"
    yield ""


def _failing_pillars(report: Report, options: RenderOptions, ink: Ink) -> Iterator[str]:
    failed = {_name(pillar): counted.failed for pillar, counted in tally.by_pillar(report).items() if counted.failed}
    if failed:
        listed = ", ".join(f"{pillar} {number}" for pillar, number in failed.items())
        yield from wrapped(ink(f"Failed by pillar: {listed}."), options)


def _name(pillar: str) -> str:
    return pillar.replace("-", " ").capitalize()


def _extent(report: Report, judged: Sequence[Input], ink: Ink) -> str:
    rules = [rule for rule in report.rules if rule.practices]  # the others are about suppressions
    read = sum(entry.resources for entry in judged)
    stages = dict.fromkeys(stage for entry in judged for stage in entry.stages)
    checked = f"{count(len(rules), 'rule')} on {count(read, 'resource')} of {count(len(judged), 'input')}"
    return checked + (f", for {' and '.join(map(ink, stages))}." if stages else ".")
