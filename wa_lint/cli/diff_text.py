"""A difference for people: what is new and worse first, then what changed, went, and could not be compared."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from typing import Final

from wa_lint.changes import Change, Difference, Findings, Gone, PropertyChange, ResourceChange, Resources, Side, Unsure
from wa_lint.changes.property_changes import shown
from wa_lint.model import Finding, Gap, Outcome, Resource, Severity
from wa_lint.reporters import RenderOptions
from wa_lint.reporters.ink import Ink, paragraph

_MOST: Final = 20
"""Lines of a list that says the same of many; JSON has all of them."""

_LONGEST: Final = 60
"""Characters of a value."""


def render(difference: Difference, before: Side, after: Side, options: RenderOptions) -> str:
    del before, after
    ink = Ink(options.colour)
    blocks = [
        *_findings(difference.findings, options, ink),
        *(_resources(difference.resources, options, ink) if difference.resources else ()),
        *_coverage("No longer read", difference.coverage.lost, options, ink),
        *_coverage("Now read", difference.coverage.gained, options, ink),
        "\n".join(_summary(difference, ink)),
    ]
    return "\n\n".join(blocks) + "\n"


# --- findings ---------------------------------------------------------------------------------------


def _findings(found: Findings, options: RenderOptions, ink: Ink) -> Iterator[str]:
    failing = [finding for finding in found.new if finding.outcome is Outcome.FAIL]
    unknown = [finding for finding in found.new if finding.outcome is Outcome.UNKNOWN]
    worse = [change for change in found.changed if change.is_worse]
    other = [change for change in found.changed if not change.is_worse]
    yield from _block("New", [_new(finding, options, ink) for finding in failing], ink)
    yield from _block("Worse", [_change(change, options, ink) for change in worse], ink)
    yield from _block("New, unknown whether they fail", [_new(finding, options, ink) for finding in unknown], ink)
    yield from _block("Changed", [_change(change, options, ink) for change in other], ink)
    yield from _grouped("Gone", [(_why_gone(gone), gone.finding) for gone in found.gone], options, ink)
    yield from _grouped(
        "Not compared", [(_why_unsure(unsure), unsure.what) for unsure in found.not_compared], options, ink
    )


def _new(finding: Finding, options: RenderOptions, ink: Ink) -> str:
    said = paragraph(finding.message, options, ink)
    return "\n".join([*_heading(finding, options, ink), *said, *_conditions(finding, options, ink)])


def _change(change: Change, options: RenderOptions, ink: Ink) -> str:
    said = [*_differences(change), change.after.message]
    lines = [line for text in said for line in paragraph(text, options, ink)]
    return "\n".join([*_heading(change.after, options, ink), *lines])


def _heading(finding: Finding, options: RenderOptions, ink: Ink) -> Iterator[str]:
    severity, place = finding.rule.severity.value, str(finding.location)
    suppressed = ink(" (suppressed)", "faint") if finding.suppressed else ""
    yield f"{ink(severity, severity)}  {ink(finding.rule.id, 'bold')}{suppressed}"
    yield from paragraph(f"{_subject(finding)} ({finding.resource.type})", options, ink)
    if place != finding.resource.id:
        yield f"  {ink('-->', 'faint')} {ink(place)}"


def _conditions(finding: Finding, options: RenderOptions, ink: Ink) -> Iterator[str]:
    if finding.when:
        yield from paragraph(f"when {finding.when}", options, ink)
    for assumption in finding.assumes:
        yield from paragraph(f"assumes {assumption}", options, ink)


def _differences(change: Change) -> Iterator[str]:
    old, new = change.before, change.after
    told = {
        "outcome": f"{old.outcome.value}, now {new.outcome.value}",
        "severity": f"{old.rule.severity.value}, now {new.rule.severity.value}",
        "when": f"when {old.when or 'always'}, now {new.when or 'always'}",
        "location": f"was in {old.location.uri}",
        "suppressed": "was suppressed" if old.suppressed else "is suppressed now",
        "message": f"message was: {old.message}",
    }
    return (text for field, text in told.items() if field in change.fields)


def _subject(finding: Finding) -> str:
    return f"{finding.resource.id}.{finding.path}" if finding.path else finding.resource.id


def _why_gone(gone: Gone) -> str:
    return gone.because


def _why_unsure(unsure: Unsure) -> str:
    return f"only {'before' if unsure.side == 'before' else 'now'}: {unsure.reason}"


# --- resources --------------------------------------------------------------------------------------


def _resources(found: Resources, options: RenderOptions, ink: Ink) -> Iterator[str]:
    yield from _grouped("New resources", [(resource.type, resource) for resource in found.new], options, ink)
    yield from _block("Changed resources", [_changed(change, options, ink) for change in found.changed], ink)
    yield from _grouped("Gone resources", [(resource.type, resource) for resource in found.gone], options, ink)
    yield from _grouped(
        "Resources not compared", [(_why_unsure(unsure), unsure.what) for unsure in found.not_compared], options, ink
    )


def _changed(change: ResourceChange, options: RenderOptions, ink: Ink) -> str:
    head = f"{ink(change.resource.id, 'bold')} {ink(f'({change.resource.type})', 'faint')}"
    lines = [line for one in change.properties[:_MOST] for line in paragraph(_property(one), options, ink)]
    return "\n".join([head, *lines, *_and_more(len(change.properties))])


def _property(change: PropertyChange) -> str:
    return f"{change.path or 'all of it'}: {_short(shown(change.before))}, now {_short(shown(change.after))}"


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


# --- what could be seen, and the sum ----------------------------------------------------------------


def _coverage(title: str, gaps: Sequence[Gap], options: RenderOptions, ink: Ink) -> Iterator[str]:
    if not gaps:
        return
    by_reason: dict[tuple[str, str, str], list[str]] = defaultdict(list)
    for gap in gaps:
        where = ", ".join(part for part in (gap.scope.account, gap.scope.region) if part)
        by_reason[gap.reason, gap.grant or "", where].append(gap.scope.type)
    lines = [ink(f"{title} ({len(gaps)})", "bold")]
    for (reason, grant, where), types in by_reason.items():
        told = f"{', '.join(types)}{f' in {where}' if where else ''}: {reason.rstrip('.')}."
        lines += paragraph(told + (f" Grant {grant} to close this gap." if grant else ""), options, ink)
    yield "\n".join(lines)


def _summary(difference: Difference, ink: Ink) -> Iterator[str]:
    found, resources = difference.findings, difference.resources
    worse = sum(change.is_worse for change in found.changed)
    failing = [finding for finding in found.new if finding.outcome is Outcome.FAIL]
    kinds = Counter(finding.rule.severity for finding in failing)
    by_severity = ", ".join(f"{kinds[s]} {s.value}" for s in reversed(Severity) if kinds[s])
    gravest = max(kinds, key=lambda severity: severity.rank).value if kinds else "medium" if worse else "good"
    new = f"{len(failing)} new" + (f" ({by_severity})" if by_severity else "") + f", {worse} worse"
    unknown = len(found.new) - len(failing)
    yield (
        f"Findings: {ink(new, gravest)}, {unknown} newly not known, {len(found.changed) - worse} changed, "
        f"{len(found.gone)} gone,\n{len(found.not_compared)} not compared, {found.unchanged} the same."
    )
    if resources:
        yield (
            f"Resources: {len(resources.new)} new, {len(resources.changed)} changed, {len(resources.gone)} gone, "
            f"{len(resources.not_compared)} not compared, {resources.unchanged} the same."
        )


# --- blocks and lines -------------------------------------------------------------------------------


def _block(title: str, entries: Sequence[str], ink: Ink) -> Iterator[str]:
    if entries:
        yield "\n\n".join([ink(f"{title} ({len(entries)})", "bold"), *entries])


def _grouped(
    title: str, entries: Sequence[tuple[str, Finding | Resource]], options: RenderOptions, ink: Ink
) -> Iterator[str]:
    """Yield a list under each reason or type."""
    if not entries:
        return
    groups: dict[str, list[str]] = defaultdict(list)
    for group, what in entries:
        groups[group].append(f"{what.rule.id}: {_subject(what)}" if isinstance(what, Finding) else what.id)
    lines = [ink(f"{title} ({len(entries)})", "bold")]
    for group, names in groups.items():
        lines += [*paragraph(group, options, ink), *(f"    {ink(name)}" for name in names[:_MOST])]
        lines += _and_more(len(names))
    yield "\n".join(lines)


def _and_more(number: int) -> list[str]:
    return [f"    and {number - _MOST} more (-o json lists them)"] if number > _MOST else []
