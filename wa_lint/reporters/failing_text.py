"""What fails, for people at a terminal: by severity, then file; how to fix it once for each rule.

The short form has a line for each finding, and the message below it unless the same one is above already. The long form
(``--verbose``) has a block for each finding, with its source line and its evidence.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

import msgspec

from wa_lint.model import Evidence, Finding, Location, RuleInfo, Severity
from wa_lint.reporters import RenderOptions, blanked, waste
from wa_lint.reporters.aws_commands import commands_of
from wa_lint.reporters.evidence_words import in_words
from wa_lint.reporters.ink import INDENT, Ink, prose, wrapped
from wa_lint.reporters.one_line import CHANGED
from wa_lint.reporters.set_words import Where

_MOST_EVIDENCE: Final = 4
_FEW: Final = 5
"""Findings up to which the short form has room for the source lines, the reasons and all of the first sentences."""

_SOME: Final = 10
"""Findings up to which a fix has two lines; above, it has one."""

_MOST_LOST: Final = 30
"""Characters of a line that a long word may leave empty; more, and the word is cut."""


def failing(findings: Sequence[Finding], where: Where, options: RenderOptions, ink: Ink) -> Iterator[str]:
    """Yield blocks of text, the gravest severity first."""
    groups: dict[tuple[Severity, str], list[Finding]] = defaultdict(list)
    for finding in findings:
        groups[finding.rule.severity, _place(finding)].append(finding)
    page = _Page(where, options, ink, is_roomy=len(findings) <= _FEW, fix_lines=2 if len(findings) <= _SOME else 1)
    short: dict[Severity, list[str]] = defaultdict(list)
    for (severity, place), found in sorted(groups.items(), key=lambda item: -item[0][0].rank):
        title = f"{ink(severity.value.capitalize(), severity.value)}  {ink(place, 'bold')} ({len(found)})"
        if options.verbose:
            yield title
            yield from _in_full(found, page)
        else:
            short[severity] += [title, *_in_short(found, page)]
    yield from ("\n".join(lines) for lines in short.values())
    if page.assumed:
        notes = (
            line for number, text in enumerate(page.assumed, 1) for line in page.prose(text, f"[{number}] assumes ")
        )
        yield "\n".join(notes)


class _Page(msgspec.Struct):
    """How findings are written, and what is written already."""

    where: Where
    options: RenderOptions
    ink: Ink
    is_roomy: bool
    fix_lines: int = 2
    """Lines of a fix, where it is not roomy."""
    explained: set[str] = msgspec.field(default_factory=set)
    """Rules whose fix is said."""
    said: set[tuple[str, str]] = msgspec.field(default_factory=set)
    """(rule, what it says of a finding)."""
    assumed: list[str] = msgspec.field(default_factory=list)
    """What is assumed of several findings, so that they name it by a number."""

    def note(self, assumption: str) -> str:
        """Return an assumption in words, or where there are many findings its number."""
        if self.is_roomy:
            return f"Assumes {assumption}."
        if assumption not in self.assumed:
            self.assumed.append(assumption)
        return f"[{self.assumed.index(assumption) + 1}]"

    def prose(self, text: str, label: str = "", hang: int = 12) -> Iterator[str]:
        return prose(text, self.options, self.ink, label=label, hang=hang)

    def is_first(self, rule: RuleInfo) -> bool:
        """Whether a finding is the first one of its rule."""
        is_new = rule.id not in self.explained
        self.explained.add(rule.id)
        return is_new


def _place(finding: Finding) -> str:
    """Return the heading of a finding: its file, or its account and region."""
    if not finding.location.uri.startswith("arn:"):
        return finding.location.uri
    account, region = finding.resource.account or "unknown account", finding.resource.region or "global"
    return f"account {account}, {region}"


# --- the short form ---------------------------------------------------------------------------------


def _in_short(findings: Iterable[Finding], page: _Page) -> Iterator[str]:
    rules: dict[str, dict[str, list[Finding]]] = defaultdict(lambda: defaultdict(list))
    for finding in findings:
        rules[finding.rule.id][_said(finding, page)].append(finding)
    for texts in rules.values():
        rule = next(iter(texts.values()))[0].rule
        is_first = page.is_first(rule)
        practices = rule.practices if is_first else ()
        for text, same in texts.items():
            for finding in same:
                yield from _spot(finding, practices, page)
                yield from _commands(finding, page)
                practices = ()
            if (rule.id, text) not in page.said:
                page.said.add((rule.id, text))
                yield from page.prose(text)
        if is_first:
            yield from _details(rule, page)


def _details(rule: RuleInfo, page: _Page) -> Iterator[str]:
    fix = [*page.prose(_first_sentence(rule.fix), "fix: ", 0)]
    if page.is_roomy:
        yield from page.prose(_first_sentence(rule.why), "why: ", 0)
    yield from fix if page.is_roomy else _cut(fix, page.fix_lines, page.options.width)
    yield from _example(rule, page)


def _commands(finding: Finding, page: _Page) -> Iterator[str]:
    """Yield the AWS CLI commands that change a live resource, where they are wanted: a line each, to be copied."""
    if page.options.show_fix:
        yield from (f"{INDENT}{INDENT}{page.ink(line)}" for line in commands_of(finding))


def _example(rule: RuleInfo, page: _Page) -> Iterator[str]:
    """Yield CloudFormation that passes the rule, where it is wanted."""
    if page.options.show_fix and rule.snippet:
        yield from (f"{INDENT}{INDENT}{page.ink(line)}" for line in rule.snippet.strip().splitlines())


def _cut(lines: Sequence[str], most: int, width: int) -> Sequence[str]:
    """Return `most` of the lines, with a sign at the end where there are more."""
    if len(lines) <= most:
        return lines
    *kept, last = [*lines[: most - 1], " ".join([lines[most - 1], *(line.strip() for line in lines[most:])])]
    room = width - len(" …") + len(last) - len(_INK.sub("", last))
    head = last[:room] if last[room : room + 1] == " " else last[:room].rpartition(" ")[0]
    if room - len(head) > _MOST_LOST:
        return [*kept, f"{last[: room + 1]}…"]
    return [*kept, f"{head.rstrip('.,:; ')} …"]


_INK: Final = re.compile(r"\x1b\[[\d;]*m")


def _said(finding: Finding, page: _Page) -> str:
    """Return what the short form says below the line of a finding; findings that say the same share it."""
    way = " \u2192 ".join(step.resource for step in finding.trail)
    parts = [
        finding.message,
        f"({CHANGED.get(finding.state or '', '')}{finding.change})" if finding.change else "",
        *(page.note(assumption) for assumption in finding.assumes),
        f"Waste: {waste.said(finding.waste, is_short=not page.is_roomy)}." if finding.waste else "",
        f"Path: the internet \u2192 {way}." if way else "",
    ]
    return " ".join(part for part in parts if part)


def _spot(finding: Finding, practices: Sequence[str], page: _Page) -> Iterator[str]:
    """Yield the place, the rule, the resource and when it is so; then the line of the source, if there is room."""
    place, resource, ink = finding.location, finding.resource, page.ink
    where = page.where(finding)
    held = [*([f"when {finding.when}"] if finding.when else []), *([where] if where else [])]
    text = ink(" ".join(", ".join([resource.construct or resource.id, *held]).split()))
    at = f"{place.line}:{place.column}  " if place.line else ""
    head = f"{at}{ink(finding.rule.id)}"
    named = _fitting(practices, page.options.width - len(f"{head}  {text}"))
    first, *more = wrapped(f"{head}{named}  {text}", page.options, INDENT)
    is_whole = first.startswith(head)
    yield f"{ink(at, 'faint')}{ink(finding.rule.id, 'bold')}{first[len(head) :]}" if is_whole else first
    yield from more
    excerpt = _excerpt(place, page.options, page.options.width - len(f"{INDENT}{place.line} | "))
    if page.is_roomy and excerpt and not _names(excerpt, resource.id):
        yield f"{INDENT}{ink(f'{place.line} |', 'faint')} {ink(excerpt)}"


def _fitting(practices: Sequence[str], room: int) -> str:
    """Return the practices that have room, at least the first, and how many more there are."""
    lengths = range(len(practices) - 1, 0, -1)
    found = [f" ({', '.join(practices)})" if practices else ""]
    found += [f" ({', '.join(practices[:shown])} +{len(practices) - shown})" for shown in lengths]
    return next((text for text in found if len(text) <= room), found[-1])


def _excerpt(place: Location, options: RenderOptions, room: int) -> str:
    """Return what the source says at `place`, from the first character of the span; empty if it is not at hand."""
    lines = options.lines(place.uri) if place.line else ()
    if not 0 < place.line <= len(lines):
        return ""
    start = max(place.column - 1, 0)
    text = _shown(lines[place.line - 1][start : start + room + 1]).rstrip()
    return text if len(text) <= room else text[: room - 1] + "…"


def _names(excerpt: str, name: str) -> bool:
    """Whether a piece of a line is no more than the key of a resource, which is named above it."""
    return bool(re.fullmatch(r"\W*" + re.escape(name) + r"\W*", excerpt))


# --- the long form ----------------------------------------------------------------------------------


def _in_full(findings: Iterable[Finding], page: _Page) -> Iterator[str]:
    for finding in findings:
        teaching = _teaching(finding.rule, page) if page.is_first(finding.rule) else ()
        yield "\n".join([*_finding(finding, page), *teaching])


def _finding(finding: Finding, page: _Page) -> Iterator[str]:
    resource, ink = finding.resource, page.ink
    construct = f" {ink(resource.construct, 'faint')}" if resource.construct else ""
    id_ = ink(finding.rule.id)
    first, *more = wrapped(f"{id_}  {', '.join(finding.rule.practices)}", page.options, INDENT)
    yield f"{ink(finding.rule.id, 'bold')}{first[len(id_) :]}" if first.startswith(id_) else first
    yield from more
    yield f"{INDENT}{ink(resource.id, 'bold')} {ink(f'({resource.type})', 'faint')}{construct}"
    yield from page.prose(finding.message)
    if where := page.where(finding):
        yield from page.prose(where)
    if finding.change:
        yield from page.prose(finding.change, CHANGED.get(finding.state or "", ""))
    if finding.when:
        yield from page.prose(finding.when, "when ")
    for assumption in finding.assumes:
        yield from page.prose(assumption, "assumes ")
    if finding.waste:
        yield from page.prose(waste.said(finding.waste), "waste: ")
    yield from _snippet(finding.location, page.options, ink)
    yield from _commands(finding, page)
    if finding.trail:
        way = " \u2192 ".join(step.resource for step in finding.trail)
        yield from page.prose(f"the internet \u2192 {way}", "the way in: ")
    yield from _because(finding, page)


def _teaching(rule: RuleInfo, page: _Page) -> Iterator[str]:
    """Yield why it matters and how to fix it: once for each rule, at its first finding."""
    yield from page.prose(_first_sentence(rule.why), "why: ")
    yield from page.prose(rule.fix.strip().split("\n\n")[0], "fix: ")
    yield from _example(rule, page)
    yield f"{INDENT}{page.ink(f'more: wa-lint explain {rule.id}', 'faint')}"


def _first_sentence(text: str) -> str:
    return re.split(r"(?<=[.!?])\s", " ".join(text.split()), maxsplit=1)[0]


def _snippet(place: Location, options: RenderOptions, ink: Ink) -> Iterator[str]:
    """Yield the place and, where the source is at hand, its line with a caret under the span."""
    yield f"{INDENT}{INDENT}{ink('-->', 'faint')} {ink(str(place))}"
    lines = options.lines(place.uri) if place.line else ()
    if not 0 < place.line <= len(lines):
        return
    number = str(place.line)
    line, start, length = _window(lines[place.line - 1], place, options.width - len(number) - 6)
    yield f"{INDENT}{ink(number, 'faint')} {ink('|', 'faint')} {ink(line)}"
    yield f"{INDENT}{' ' * len(number)} {ink('|', 'faint')} {' ' * start}{ink('^' * length, 'caret')}"


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


def _because(finding: Finding, page: _Page) -> Iterator[str]:
    """Yield the evidence that is elsewhere."""
    elsewhere = [evidence for evidence in finding.evidence if evidence.location != finding.location]
    for evidence in elsewhere[:_MOST_EVIDENCE]:
        yield from page.prose(_value(evidence, finding.location), "because ")
    if len(elsewhere) > _MOST_EVIDENCE:
        yield f"{INDENT}and {len(elsewhere) - _MOST_EVIDENCE} more values (-o json lists them)"


def _value(evidence: Evidence, near: Location) -> str:
    """Return one value in words, with its line; the file too if it is not that of `near`."""
    place, text = evidence.location, in_words(evidence)
    if not place.line:
        return text
    return f"{text} ({f'line {place.line}' if place.uri == near.uri else place})"
