"""Who allowed what: comments, Metadata sections, tags and entries of a file, put to a report. It reads no file.

An allowance that is at fault (malformed, expired, unused …) is a finding itself, and a malformed one allows nothing.
What is allowed stays in the report, with the reason.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from fnmatch import fnmatchcase
from typing import Final

import msgspec

from wa_lint.errors import did_you_mean
from wa_lint.model import (
    Finding,
    Listed,
    Location,
    Note,
    Outcome,
    Raw,
    Report,
    Resource,
    RuleInfo,
    Severity,
    Suppression,
)
from wa_lint.redact import mask


class Allowance(msgspec.Struct, frozen=True, kw_only=True):
    """What one comment, section, tag or entry allows."""

    kind: str
    """comment | metadata | tag | file"""
    location: Location
    rules: tuple[str, ...]
    """Ids; in a file they may hold ``*``."""
    reason: str | None = None
    owner: str | None = None
    until: str | None = None
    """The last day on which it holds, an ISO date."""
    path: str | None = None
    """Only findings at this property path and below it."""
    covers: Location | None = None
    """The span that it speaks of; None in a file."""
    resource: str | None = None
    """The id of the resource that the span is the whole of; in a file, what its id, name or ARN looks like."""
    file: str | None = None
    """What the uri looks like."""
    account: str | None = None
    region: str | None = None


class Policy(msgspec.Struct, frozen=True):
    """What may be allowed at all."""

    names: Mapping[str, str]
    """Every name that a rule bears or once bore, and the rule's id."""
    is_inline: bool = True
    """Whether what stands beside the resources counts, or only a file."""
    demands_reason: bool = False
    never: frozenset[str] = frozenset()
    """Ids of the rules that nobody may suppress."""
    silent: frozenset[str] = frozenset()
    """The faults of suppressions that nobody wants to hear of."""


class Fault(msgspec.Struct, frozen=True):
    """What is wrong with an allowance. `kind` is a key of `FAULTS`."""

    kind: str
    message: str
    location: Location
    resource: str | None = None


def _info(id_: str, title: str, severity: Severity, why: str, fix: str) -> RuleInfo:
    return RuleInfo(id_, title, severity, (), why, fix, aliases=())


FAULTS: Final[Mapping[str, RuleInfo]] = {
    info.id: info
    for info in (
        _info(
            "suppression-expired",
            "A suppression has expired",
            Severity.LOW,
            "What it allowed gates again. Somebody promised to look at it by that day.",
            "Mend what it allowed, or give it a new date and a reason.",
        ),
        _info(
            "suppression-malformed",
            "A suppression cannot be read",
            Severity.MEDIUM,
            "It allows nothing, whatever its author meant.",
            "Write `# wa-lint: allow RULE reason (until YYYY-MM-DD)`.",
        ),
        _info(
            "suppression-refused",
            "A suppression is not accepted",
            Severity.MEDIUM,
            "The configuration says which rules nobody may suppress, and whether a reason is needed.",
            "Mend what it wants to allow, or say the reason.",
        ),
        _info(
            "suppression-unknown-rule",
            "A suppression names no rule",
            Severity.MEDIUM,
            "It allows nothing, because no rule bears that name.",
            "Write the id of a rule; `wa-lint rules` lists them.",
        ),
        _info(
            "suppression-unused",
            "A suppression suppresses nothing",
            Severity.LOW,
            "What it allowed is mended or gone; left alone, it would hide the next fault of that kind.",
            "Remove it.",
        ),
    )
}
"""What is found about suppressions. No practice of the Lens speaks of them."""

_KEYS: Final = ("rule", "reason", "owner", "until", "path")
_FILE_KEYS: Final = (*_KEYS, "resource", "file", "account", "region")
_PLACED: Final = ("path", "resource", "file", "account", "region")

_TEXT: Final = re.compile(r"allow\s+(?P<rules>[^\s,+]+(?:\s*[,+]\s*[^\s,+]+)*)(?:\s+(?P<rest>.*))?")
_UNTIL: Final = re.compile(r"\s*\(?\buntil\b[\s:=]*(?P<date>[^\s()]*)\s*\)?\s*$")
_SUPPRESSIBLE: Final = frozenset({Outcome.FAIL, Outcome.UNKNOWN})


def settle(report: Report, entries: Sequence[Allowance | Fault], policy: Policy, today: str) -> Report:
    """Return `report` with what is allowed marked so, and a finding for each allowance that is at fault.

    `entries` come from files, the rest from the report's notes. `today` is an ISO date; it stands in the report where
    an allowance has an end.
    """
    read = [*_noted(report.notes, policy), *entries]
    faults = [one for one in read if isinstance(one, Fault)]
    held: list[Allowance] = []
    for allowance in (one for one in read if isinstance(one, Allowance)):
        found = _faults(allowance, policy, today)
        faults += found
        held += [] if found else [allowance]
    used: set[int] = set()
    findings = [_suppressed(finding, held, policy, used) for finding in report.findings]
    faults += [_unused(held[n]) for n in _idle(held, used, report, policy)]
    if not read:
        return report
    faults = [fault for fault in faults if fault.kind not in policy.silent]
    told = {fault.kind for fault in faults}
    return msgspec.structs.replace(
        report,
        rules=(*report.rules, *(info for id_, info in FAULTS.items() if id_ in told)),
        findings=tuple(sorted([*findings, *map(_finding, faults)], key=_by_place)),
        judged_at=report.judged_at or (today if any(one.until for one in read if isinstance(one, Allowance)) else None),
    )


def entry(raw: Raw, location: Location) -> Allowance | Fault:
    """Return what one entry of a file allows."""
    found = _from_map(raw, "file", location, None, None, _FILE_KEYS)
    if isinstance(found, Allowance) and "*" in found.rules and not any(getattr(found, name) for name in _PLACED):
        return _malformed(location, "it would allow everything everywhere; name the rule, the resource or the file")
    return found


# --- reading ----------------------------------------------------------------------------------------


def _noted(notes: Iterable[Note], policy: Policy) -> Iterator[Allowance | Fault]:
    """Read each note once, though several stages, or a stack and the one that nests it, bring the same."""
    if not policy.is_inline:
        return
    told: set[tuple[str, Location]] = set()
    for note in notes:
        if (note.kind, note.location) not in told:
            told.add((note.kind, note.location))
            yield from _from_note(note)


def _from_note(note: Note) -> Iterator[Allowance | Fault]:
    if isinstance(note.content, str):
        yield _from_text(note.content, note)
        return
    content = note.content
    if not isinstance(content, dict) or set(content) != {"allow"}:
        yield _malformed(note.location, "the section wa-lint holds one key, allow, with a list", note.resource)
        return
    listed = content["allow"] if isinstance(content["allow"], list) else [content["allow"]]
    for item in listed:
        if isinstance(item, str):
            yield _from_text(f"allow {item}", note)
        else:
            yield _from_map(item, note.kind, note.location, note.covers, note.resource, _KEYS)


def _from_text(text: str, note: Note) -> Allowance | Fault:
    found = _TEXT.fullmatch(" ".join(text.split()))
    if not found:
        word = text.partition(" ")[0]
        said = "it names no rule" if word in {"", "allow"} else f"wa-lint knows no {word!r} here"
        return _malformed(note.location, f"{said}; write `allow RULE reason`", note.resource)
    rest = found["rest"] or ""
    until = _UNTIL.search(rest)
    reason = rest[: until.start()] if until else rest
    return Allowance(
        kind=note.kind,
        location=note.location,
        rules=tuple(name.rstrip(":") for name in re.split(r"\s*[,+]\s*", found["rules"])),
        reason=reason.strip(" :-\u2013\u2014") or None,
        until=until["date"] if until else None,
        covers=note.covers,
        resource=note.resource,
    )


def _from_map(
    raw: Raw, kind: str, location: Location, covers: Location | None, resource: str | None, keys: Sequence[str]
) -> Allowance | Fault:
    if not isinstance(raw, dict):
        return _malformed(location, "an entry is a text or a map with the key rule", resource)
    for key in raw:
        if key not in keys:
            return _malformed(location, f"there is no key {key!r}{did_you_mean(str(key), keys)}", resource)
    rules = raw.get("rule")
    listed = rules if isinstance(rules, list) else [rules]
    texts = [raw[key] for key in raw if key != "rule"]
    if not listed or not all(isinstance(text, str) and text for text in (*listed, *texts)):
        return _malformed(location, "rule is an id or a list of them, and all else is text", resource)
    given = {"resource": resource, **{key: str(text) for key, text in raw.items() if key != "rule"}}
    return Allowance(kind=kind, location=location, covers=covers, rules=tuple(map(str, listed)), **given)


def _malformed(location: Location, why: str, resource: str | None = None) -> Fault:
    end = "" if why.endswith("?") else "."
    return Fault("suppression-malformed", f"This suppression allows nothing: {why}{end}", location, resource)


# --- what is wrong with one -------------------------------------------------------------------------


def _faults(allowance: Allowance, policy: Policy, today: str) -> list[Fault]:
    """Return why it allows nothing; empty where it holds."""
    found = [
        *_misnamed(allowance, policy),
        *_refused(allowance, policy),
        *([] if allowance.until is None else _ended(allowance.until, today)),
    ]
    resource = allowance.resource if allowance.kind != "file" else None
    return [Fault(kind, message, allowance.location, resource) for kind, message in found]


def _misnamed(allowance: Allowance, policy: Policy) -> Iterator[tuple[str, str]]:
    for name in allowance.rules:
        if "*" in name and allowance.kind != "file":
            yield "suppression-malformed", f"This suppression allows nothing: {name!r} is no rule; name each one."
        elif not _ids(name, policy):
            near = did_you_mean(name, policy.names)
            yield "suppression-unknown-rule", f"This suppression allows nothing: there is no rule {name!r}{near}"


def _refused(allowance: Allowance, policy: Policy) -> Iterator[tuple[str, str]]:
    if policy.demands_reason and not allowance.reason:
        yield "suppression-refused", "This suppression allows nothing: it says no reason, and one is required."
    for id_ in sorted(
        policy.never & {id_ for name in allowance.rules if "*" not in name for id_ in _ids(name, policy)}
    ):
        yield "suppression-refused", f"This suppression allows nothing: nobody may suppress {id_}."


def _ended(until: str, today: str) -> Iterator[tuple[str, str]]:
    try:
        is_over = date.fromisoformat(until).isoformat() < today
    except ValueError:
        said = f"{until!r} is no date" if until else "it says until, but no date"
        yield "suppression-malformed", f"This suppression allows nothing: {said}; write it as 2027-01-31."
        return
    if is_over:
        yield "suppression-expired", f"This suppression expired on {until}; what it allowed gates again."


def _ids(name: str, policy: Policy) -> set[str]:
    if "*" in name:
        return {id_ for known, id_ in policy.names.items() if fnmatchcase(known, name)}
    return {policy.names[name]} if name in policy.names else set()


def _idle(held: Sequence[Allowance], used: set[int], report: Report, policy: Policy) -> Iterator[int]:
    """Yield those that suppressed nothing, though their rules were asked about what they speak of."""
    asked = {rule.id for rule in report.rules}
    for number, allowance in enumerate(held):
        rules = {id_ for name in allowance.rules for id_ in _ids(name, policy)}
        if number not in used and rules <= asked and (allowance.covers or _is_at_hand(allowance, report)):
            yield number


def _is_at_hand(allowance: Allowance, report: Report) -> bool:
    """Whether this run judged anything that an entry of a file speaks of: it may be meant for other runs."""
    return any(_is_there(allowance, finding) for finding in report.findings)


def _unused(allowance: Allowance) -> Fault:
    names = ", ".join(allowance.rules)
    resource = allowance.resource if allowance.kind != "file" else None
    return Fault(
        "suppression-unused", f"{names} finds nothing here that would have to be allowed.", allowance.location, resource
    )


# --- matching ---------------------------------------------------------------------------------------


def _suppressed(finding: Finding, held: Sequence[Allowance], policy: Policy, used: set[int]) -> Finding:
    if finding.outcome not in _SUPPRESSIBLE or finding.suppressed or finding.rule.id in policy.never:
        return finding
    fitting = [n for n, allowance in enumerate(held) if _fits(allowance, finding, policy)]
    used.update(fitting)
    return finding if not fitting else msgspec.structs.replace(finding, suppressed=_suppression(held[fitting[0]]))


def _suppression(allowance: Allowance) -> Suppression:
    reason, owner = (text and mask(text) for text in (allowance.reason, allowance.owner))
    return Suppression(allowance.kind, reason, owner, allowance.until, allowance.location)


def _fits(allowance: Allowance, finding: Finding, policy: Policy) -> bool:
    is_named = any(finding.rule.id in _ids(name, policy) for name in allowance.rules)
    return is_named and _is_there(allowance, finding) and _is_below(finding.path, allowance.path)


def _is_there(allowance: Allowance, finding: Finding) -> bool:
    if allowance.covers is not None:
        places = [finding.location]
        if allowance.resource is not None:
            places.append(finding.resource.origin.locate(()))
        return any(_is_within(place, allowance.covers) for place in places)
    resource = finding.resource
    names = (resource.id, resource.name, resource.arn, resource.construct)
    return (
        _looks_like(allowance.resource, names)
        and _looks_like(allowance.file, (finding.location.uri,))
        and _looks_like(allowance.account, (resource.account,))
        and _looks_like(allowance.region, (resource.region,))
    )


def _is_within(place: Location, span: Location) -> bool:
    if place.uri != span.uri:
        return False
    start, end = (span.line, span.column), (span.end_line, span.end_column)
    return not span.line or start <= (place.line, place.column) < end


def _looks_like(pattern: str | None, names: Iterable[str | None]) -> bool:
    return pattern is None or any(fnmatchcase(name, pattern) for name in names if name is not None)


def _is_below(path: str, head: str | None) -> bool:
    return head is None or path == head or path.startswith((f"{head}.", f"{head}["))


# --- faults as findings -----------------------------------------------------------------------------


def _finding(fault: Fault) -> Finding:
    named, message = fault.resource or fault.location.uri, mask(fault.message)
    resource = Resource(id=named, type="WaLint::Suppression", properties={}, origin=Listed(fault.location))
    told = f"{fault.kind}\0{named}\0{message}"
    return Finding(
        rule=FAULTS[fault.kind],
        outcome=Outcome.FAIL,
        resource=resource,
        path="",
        location=fault.location,
        message=message,
        fingerprint=hashlib.sha256(told.encode()).hexdigest()[:32],
    )


def _by_place(finding: Finding) -> tuple[Location, str, str, str]:
    return (finding.location, finding.resource.id, finding.rule.id, finding.path)
