"""A drift for people: what differs first, then what is missing, extra, and could not be compared."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Final

from wa_lint.changes.property_changes import shown
from wa_lint.drift import Drift, DriftedResource, DriftOutcome, NotComparable, PropertyDrift, VerdictDrift
from wa_lint.drift.differing import ONLY_ACCOUNT, ONLY_TEMPLATE
from wa_lint.drift.drift_json import as_told
from wa_lint.model import Value
from wa_lint.reporters import RenderOptions
from wa_lint.reporters.ink import Ink, paragraph

_MOST: Final = 20
_LONGEST: Final = 60
"""Characters of a value."""


def render(found: DriftOutcome, options: RenderOptions) -> str:
    ink = Ink(options.colour)
    told = found.drift
    blocks = [
        *_block("Differs", [_differing(one, options, ink) for one in told.differing], ink),
        *_listed("In a template only", [f"{one.id} ({one.type})" for one in told.missing], options, ink),
        *_listed(
            "In the account only",
            [f"{one.resource.id} ({one.resource.type}): {one.because}" for one in told.extra],
            options,
            ink,
        ),
        *_not_compared(told.not_compared, options, ink),
        "\n".join(_summary(found)),
    ]
    return "\n\n".join(blocks) + "\n"


def _differing(one: DriftedResource, options: RenderOptions, ink: Ink) -> str:
    place = one.written.origin.locate(())
    head = f"{ink(one.written.id, 'bold')} {ink(f'({one.written.type})', 'faint')}"
    lines = [head, f"  {ink('-->', 'faint')} {ink(str(place))}", f"  {ink('is', 'faint')}  {ink(one.found.id)}"]
    for each in one.properties:
        lines += paragraph(_property(each), options, ink)
    for verdict in one.verdicts:
        lines += paragraph(_verdict(verdict), options, ink)
    return "\n".join(lines)


def _property(one: PropertyDrift) -> str:
    written, found = _short(one.written), _short(one.found)
    if one.kind == ONLY_ACCOUNT:
        said = f"set in the account only, to {found}"
    elif one.kind == ONLY_TEMPLATE:
        said = f"{written} in the template, not set in the account"
    else:
        said = f"{written} in the template, {found} in the account"
    return f"{one.path}: {said} ({', '.join(one.rules)})"


def _verdict(one: VerdictDrift) -> str:
    words = f"{one.written.value} in the template, {one.found.value} in the account"
    return f"{one.rule.severity.value} {one.rule.id}: {words}. {one.message}"


def _short(value: Value) -> str:
    text = shown(as_told(value))
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def _not_compared(found: tuple[NotComparable, ...], options: RenderOptions, ink: Ink) -> Iterator[str]:
    by_reason: dict[str, list[str]] = defaultdict(list)
    for one in found:
        by_reason[one.reason].append(f"{one.resource}.{one.path}" if one.path else one.resource)
    lines = [f"{', '.join(names[:_MOST])}{_more(len(names))}: {reason}" for reason, names in by_reason.items()]
    yield from _listed("Not compared", lines, options, ink, number=len(found))


def _more(number: int) -> str:
    return f" and {number - _MOST} more" if number > _MOST else ""


def _summary(found: DriftOutcome) -> Iterator[str]:
    told: Drift = found.drift
    stacks = f", stack {', '.join(found.stacks)}" if found.stacks else ""
    yield f"{', '.join(found.templates)} and {found.account or 'the account'}{stacks}:"
    properties = sum(len(one.properties) for one in told.differing)
    yield (
        f"{told.same} resources agree, {len(told.differing)} differ ({properties} properties), "
        f"{len(told.missing)} missing, {len(told.extra)} extra, {len(told.not_compared)} not compared."
    )
    if told.minor:
        yield f"{told.minor} more properties differ, but no verdict depends on them."


def _block(title: str, entries: list[str], ink: Ink) -> Iterator[str]:
    if entries:
        yield "\n\n".join([ink(f"{title} ({len(entries)})", "bold"), *entries])


def _listed(
    title: str, entries: list[str], options: RenderOptions, ink: Ink, *, number: int | None = None
) -> Iterator[str]:
    if entries:
        lines = [line for entry in entries[:_MOST] for line in paragraph(entry, options, ink)]
        rest = [f"  and {len(entries) - _MOST} more (-o json lists them)"] if len(entries) > _MOST else []
        yield "\n".join([ink(f"{title} ({number or len(entries)})", "bold"), *lines, *rest])
