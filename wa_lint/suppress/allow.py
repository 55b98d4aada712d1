"""Who allowed what: comments, Metadata sections, tags and entries of a file, put to a report. It reads no file.

An allowance that is at fault (malformed, expired, unused …) is a finding itself, and a malformed one allows nothing.
What is allowed stays in the report, with the reason.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
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
    Problem,
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


def _nowhere(_pattern: str) -> bool:
    return False


class Policy(msgspec.Struct, frozen=True):
    """What may be allowed at all."""

    names: Mapping[str, str]
    """Every name that a rule bears or once bore, and the rule's id."""
    is_inline: bool = True
    """Whether what is beside the resources counts, or only a file."""
    demands_reason: bool = False
    never: frozenset[str] = frozenset()
    """Ids of the rules that nobody may suppress."""
    enforced: frozenset[str] = frozenset()
    """Ids of the rules that the pipeline's owner lets nobody suppress."""
    silent: frozenset[str] = frozenset()
    """The faults of suppressions that nobody wants to hear of."""
    is_partial: bool = False
    """Whether the run was given some files of many, as a hook is: an entry may be meant for another."""
    is_elsewhere: Callable[[str], bool] = _nowhere
    """Whether a file that this run did not check looks like an entry's ``file``."""


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
            "The findings that it suppressed count again. Its date was set so that someone reviews them.",
            "Fix the findings, or give the suppression a new date and a reason.",
        ),
        _info(
            "suppression-malformed",
            "A suppression cannot be read",
            Severity.MEDIUM,
            "A suppression that cannot be parsed has no effect.",
            "Write `# wa-lint: allow RULE reason (until YYYY-MM-DD)`.",
        ),
        _info(
            "suppression-refused",
            "A suppression is not accepted",
            Severity.MEDIUM,
            "The configuration forbids to suppress this rule, or requires a reason.",
            "Fix the finding, or add the reason.",
        ),
        _info(
            "suppression-unknown-rule",
            "A suppression names no rule",
            Severity.MEDIUM,
            "The suppression has no effect, because no rule has this name.",
            "Write the id of a rule; `wa-lint rules` lists them.",
        ),
        _info(
            "suppression-unmatched",
            "A suppression matches nothing that was checked",
            Severity.LOW,
            "Nothing in this run is like it: a name is misspelt, or what it was for is gone. It suppresses nothing.",
            "Correct the name, or remove the entry.",
        ),
        _info(
            "suppression-unused",
            "A suppression suppresses nothing",
            Severity.LOW,
            "Its finding is fixed or gone; left in place, it would hide the next finding of the rule.",
            "Remove it.",
        ),
    )
}
"""What is found about suppressions. No practice of the Lens speaks of them."""

ENFORCED: Final = "is enforced by the owner of the pipeline"
"""What a refusal says of a rule that `Policy.enforced` names."""

_KEYS: Final = ("rule", "reason", "owner", "until", "path")
_FILE_KEYS: Final = (*_KEYS, "resource", "file", "account", "region")
_PLACED: Final = ("path", "resource", "file", "account", "region")

_MOST_DEAD: Final = 20
_MOST_NAMES: Final = 1000
"""Entries that speak of nothing and are named, and names that are searched for a near one: each costs time."""

_TEXT: Final = re.compile(r"(?:allow|ignore)\s+(?P<rules>[^\s,+]+(?:\s*[,+]\s*[^\s,+]+)*)(?:\s+(?P<rest>.*))?")
_KEYWORDS: Final = frozenset({"allow", "ignore"})
"""`ignore` is an alias, for those who know other linters; everything that wa-lint writes says `allow`."""

_UNTIL: Final = re.compile(r"\s*\(?\buntil\b[\s:=]*(?P<date>[^\s()]*)\s*\)?\s*$")
_SUPPRESSIBLE: Final = frozenset({Outcome.FAIL, Outcome.UNKNOWN})


def settle(report: Report, entries: Sequence[Allowance | Fault], policy: Policy, today: str) -> Report:
    """Return `report` with what is allowed marked so, and a finding for each allowance that is at fault.

    `entries` come from files, the rest from the report's notes. `today` is an ISO date; it is in the report where
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
    index = _Index(held, policy)
    findings = [_suppressed(finding, index, policy, used) for finding in report.findings]
    faults += [_unused(held[n], report, policy) for n in _idle(held, used, report, policy)]
    if not read:
        return report
    dead = tuple(_dead(held, report, policy))
    faults += [Fault("suppression-unmatched", one.message, one.location) for one, is_fault in dead if is_fault]
    faults = [fault for fault in faults if fault.kind not in policy.silent]
    told = {fault.kind for fault in faults}
    return msgspec.structs.replace(
        report,
        rules=(*report.rules, *(info for id_, info in FAULTS.items() if id_ in told)),
        findings=tuple(sorted([*findings, *map(_finding, faults)], key=_by_place)),
        problems=(*report.problems, *(one for one, is_fault in dead if not is_fault)),
        judged_at=report.judged_at or (today if any(one.until for one in read if isinstance(one, Allowance)) else None),
    )


def entry(raw: Raw, location: Location) -> Allowance | Fault:
    """Return what one entry of a file allows."""
    found = _from_map(raw, "file", location, None, None, _FILE_KEYS)
    if isinstance(found, Allowance) and "*" in found.rules and not any(getattr(found, name) for name in _PLACED):
        return _malformed(location, "it would suppress everything; name the rule, the resource or the file")
    return found


def is_catch_all(entry: Allowance | Fault) -> bool:
    """Whether an entry of a file fits every rule everywhere, whatever it seems to be about."""
    if isinstance(entry, Fault):
        return False
    patterns = [getattr(entry, name) for name in _PLACED]
    return any(not rule.strip("*") for rule in entry.rules) and not any(text and text.strip("*") for text in patterns)


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
    if not isinstance(content, dict) or len(content) != 1 or not _KEYWORDS.issuperset(content):
        yield _malformed(note.location, "the section wa-lint must have one key, allow, with a list", note.resource)
        return
    (entries,) = content.values()
    for item in entries if isinstance(entries, list) else [entries]:
        if isinstance(item, str):
            yield _from_text(f"allow {item}", note)
        else:
            yield _from_map(item, note.kind, note.location, note.covers, note.resource, _KEYS)


def _from_text(text: str, note: Note) -> Allowance | Fault:
    found = _TEXT.fullmatch(" ".join(text.split()))
    if not found:
        word = text.partition(" ")[0]
        said = "it names no rule" if word in {"", *_KEYWORDS} else f"{word!r} is not a keyword"
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
        return _malformed(location, "an entry must be a string or a map with the key rule", resource)
    for key in raw:
        if key not in keys:
            return _malformed(location, f"unknown key {key!r}{did_you_mean(str(key), keys)}", resource)
    rules = raw.get("rule")
    listed = rules if isinstance(rules, list) else [rules]
    texts = [raw[key] for key in raw if key != "rule"]
    if not listed or not all(isinstance(text, str) and text for text in (*listed, *texts)):
        return _malformed(location, "rule must be an id or a list of ids, and all other values strings", resource)
    given = {"resource": resource, **{key: str(text) for key, text in raw.items() if key != "rule"}}
    return Allowance(kind=kind, location=location, covers=covers, rules=tuple(map(str, listed)), **given)


def _malformed(location: Location, why: str, resource: str | None = None) -> Fault:
    end = "" if why.endswith("?") else "."
    return Fault("suppression-malformed", f"This suppression has no effect: {why}{end}", location, resource)


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
            yield "suppression-malformed", f"This suppression has no effect: {name!r} is not a rule; name each rule."
        elif not _ids(name, policy):
            near = did_you_mean(name, policy.names)
            yield "suppression-unknown-rule", f"This suppression has no effect: no rule {name!r}{near}"


def _refused(allowance: Allowance, policy: Policy) -> Iterator[tuple[str, str]]:
    if policy.demands_reason and not allowance.reason:
        yield "suppression-refused", "This suppression has no effect: it gives no reason, and a reason is required."
    named = {id_ for name in allowance.rules if "*" not in name for id_ in _ids(name, policy)}
    for id_ in sorted((policy.never | policy.enforced) & named):
        why = f"{id_} {ENFORCED}" if id_ in policy.enforced else f"{id_} cannot be suppressed"
        yield "suppression-refused", f"This suppression has no effect: {why}."


def _ended(until: str, today: str) -> Iterator[tuple[str, str]]:
    try:
        is_over = date.fromisoformat(until).isoformat() < today
    except ValueError:
        said = f"{until!r} is not a date" if until else "the date after until is missing"
        yield "suppression-malformed", f"This suppression has no effect: {said}; write it as 2027-01-31."
        return
    if is_over:
        yield (
            "suppression-expired",
            f"This suppression expired on {until}; the findings that it suppressed count again.",
        )


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


def _unused(allowance: Allowance, report: Report, policy: Policy) -> Fault:
    names = ", ".join(allowance.rules)
    resource = allowance.resource if allowance.kind != "file" else None
    said = f"{names} has no finding here, so there is nothing to suppress."
    if allowance.path and (paths := _paths(allowance, report, policy)):
        near = did_you_mean(allowance.path, paths) or "."
        said = f"{names} finds nothing at the path {allowance.path!r} or below it{near}"
    return Fault("suppression-unused", said, allowance.location, resource)


def _paths(allowance: Allowance, report: Report, policy: Policy) -> frozenset[str]:
    """Return where in the resources of an entry its rules find something."""
    rules = {id_ for name in allowance.rules for id_ in _ids(name, policy)}
    found = (f for f in report.findings if f.outcome in _SUPPRESSIBLE and f.rule.id in rules)
    return frozenset(finding.path for finding in found if finding.path and _is_there(allowance, finding))


def _dead(held: Sequence[Allowance], report: Report, policy: Policy) -> Iterator[tuple[Problem, bool]]:
    """Yield what is wrong with entries of a file that speak of nothing in this run, and whether that is a fault.

    It is none where the entry may be meant for what this run did not read.
    """
    asked = {rule.id for rule in report.rules}
    known = _known(report)
    found = [
        allowance
        for allowance in held
        if allowance.covers is None
        and any(known.values())
        and any(id_ in asked for name in allowance.rules for id_ in _ids(name, policy))
        and not _is_at_hand(allowance, report)
    ]
    is_whole = not policy.is_partial and _is_whole(report)
    for allowance in found[:_MOST_DEAD]:
        why = _why_dead(allowance, known)
        end = "" if why.endswith("?") else "."
        is_fault = is_whole and not (allowance.file and policy.is_elsewhere(allowance.file))
        yield Problem(allowance.location, f"This suppression matches nothing in this run: {why}{end}"), is_fault
    if len(found) > _MOST_DEAD:
        more = len(found) - _MOST_DEAD
        said = f"This suppression and {more - 1} more match nothing in this run."
        yield Problem(found[_MOST_DEAD].location, said), is_whole


def _is_whole(report: Report) -> bool:
    """Whether all was read that was asked for."""
    is_read = all(entry.status != "error" for entry in report.inputs)
    return is_read and not any(gap.scope.account for gap in report.gaps)


def _known(report: Report) -> Mapping[str, frozenset[str]]:
    """Return what the resources that were checked are called, by the key of an entry."""
    resources = [finding.resource for finding in report.findings]
    return {
        "resource": frozenset(name for resource in resources for name in _names_of(resource) if name),
        "file": frozenset(finding.location.uri for finding in report.findings),
        "account": frozenset(resource.account for resource in resources if resource.account),
        "region": frozenset(resource.region for resource in resources if resource.region),
    }


def _why_dead(allowance: Allowance, known: Mapping[str, frozenset[str]]) -> str:
    """Return which part of an entry fits nothing that was checked; all together, where each fits something."""
    for key, names in known.items():
        pattern = getattr(allowance, key)
        if not _looks_like(pattern, names):
            if not names:
                return f"no resource that was checked has a known {key}"
            near = did_you_mean(pattern, names) if len(names) <= _MOST_NAMES else ""
            return f"no {key} that was checked matches {pattern!r}{near}"
    return "no resource that was checked matches all of it"


# --- matching ---------------------------------------------------------------------------------------


_FEW_LINES: Final = 100
"""Lines that an allowance covers up to which it is listed under each of them."""


class _Index:
    """The allowances that may fit a finding, by rule and line: a file may hold ten thousand of each. Built once."""

    def __init__(self, held: Sequence[Allowance], policy: Policy) -> None:
        self.held = held
        self.wide: dict[str, list[int]] = {}
        self.near: dict[tuple[str, str, int], list[int]] = {}
        for number, allowance in enumerate(held):
            for id_ in {id_ for name in allowance.rules for id_ in _ids(name, policy)}:
                self._add(number, id_, allowance.covers)

    def _add(self, number: int, rule: str, covers: Location | None) -> None:
        if covers is None or not covers.line or covers.end_line - covers.line > _FEW_LINES:
            self.wide.setdefault(rule, []).append(number)
            return
        for line in range(covers.line, covers.end_line + 1):
            self.near.setdefault((rule, covers.uri, line), []).append(number)

    def fitting(self, finding: Finding) -> Sequence[int]:
        """Return the numbers of those that fit, in order."""
        places = (finding.location, finding.resource.origin.locate(()))
        rule = finding.rule.id
        found = {n for place in places for n in self.near.get((rule, place.uri, place.line), ())}
        candidates = sorted(found.union(self.wide.get(rule, ())))
        return [n for n in candidates if _fits(self.held[n], finding)]


def _suppressed(finding: Finding, index: _Index, policy: Policy, used: set[int]) -> Finding:
    if finding.outcome not in _SUPPRESSIBLE or finding.suppressed or finding.rule.id in policy.never:
        return finding
    fitting = index.fitting(finding)
    used.update(fitting)
    return finding if not fitting else msgspec.structs.replace(finding, suppressed=_suppression(index.held[fitting[0]]))


def _suppression(allowance: Allowance) -> Suppression:
    reason, owner = (text and mask(text) for text in (allowance.reason, allowance.owner))
    return Suppression(allowance.kind, reason, owner, allowance.until, allowance.location)


def _fits(allowance: Allowance, finding: Finding) -> bool:
    """Whether an allowance of the finding's rule covers its place."""
    return _is_there(allowance, finding) and _is_below(finding.path, allowance.path)


def _is_there(allowance: Allowance, finding: Finding) -> bool:
    if allowance.covers is not None:
        places = [finding.location]
        if allowance.resource is not None:
            places.append(finding.resource.origin.locate(()))
        return any(_is_within(place, allowance.covers) for place in places)
    resource = finding.resource
    return (
        _looks_like(allowance.resource, _names_of(resource))
        and _looks_like(allowance.file, (finding.location.uri,))
        and _looks_like(allowance.account, (resource.account,))
        and _looks_like(allowance.region, (resource.region,))
    )


def _names_of(resource: Resource) -> tuple[str | None, ...]:
    return (resource.id, resource.name, resource.arn, resource.construct)


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
