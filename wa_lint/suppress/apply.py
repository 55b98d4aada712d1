"""What does not gate: suppressions, overrides of the configuration and the baseline, put to a report."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from pathlib import Path

import msgspec

from wa_lint.cli.configuring import current
from wa_lint.cli.options import Choice, Delivery, Settling, matching_rules, rule_names
from wa_lint.cli.output import complain
from wa_lint.config import Config, Override
from wa_lint.document import read_document
from wa_lint.errors import ConfigError, did_you_mean
from wa_lint.model import Finding, Location, Raw, Report
from wa_lint.reporters import COUNTING
from wa_lint.run.changed import only_changed
from wa_lint.suppress import allow, baseline

_LISTED = "allow"


def settled(report: Report, settling: Settling, choice: Choice, today: str) -> Report:
    """Return `report` with what is suppressed, or older than the baseline, marked so. `today` is an ISO date."""
    never = matching_rules(settling.never_suppress, choice, "--never-suppress")
    policy = allow.Policy(
        names=rule_names(choice),
        is_inline=settling.inline_suppressions,
        demands_reason=settling.require_reason,
        never=never,
        silent=matching_rules(choice.ignore, choice, "--ignore") & set(allow.FAULTS),
    )
    found = current()
    entries = [*_said(found), *(entry for file in settling.allow for entry in _entries(file))]
    report = _without_overridden(allow.settle(report, entries, policy, today), found, choice)
    report = report if settling.baseline is None else _against(report, settling.baseline, never)
    return report if settling.diff is None else only_changed(report, Path.cwd(), settling.diff)


def lists_all(settling: Settling, delivery: Delivery | None) -> bool:
    """Whether what passes needs a finding: some formats show it, entries and overrides are matched with it."""
    formats = {text.partition("=")[0] for text in delivery.output} if delivery else set[str]()
    found = current()
    return (
        bool(delivery and delivery.show_all)
        or not formats <= COUNTING
        or bool(settling.allow or settling.diff or found.said.get("allow") or list(found.overrides()))
    )


def today(now: dt.datetime | None) -> str:
    return (now or dt.datetime.now(dt.UTC)).date().isoformat()


def _said(found: Config) -> Iterator[allow.Allowance | allow.Fault]:
    """Yield the entries that stand in the configuration itself."""
    for said in found.said.get("allow", ()):
        yield from (allow.entry(item, _place(said.where)) for item in said.value if isinstance(item, dict))


def _place(where: str) -> Location:
    """Return the location that ``wa-lint.yaml:3:1`` spells; a table of TOML has no line."""
    uri, _, rest = where.partition(":")
    line, _, column = rest.partition(":")
    return Location(uri, int(line), int(column)) if line.isdigit() else Location(uri)


def _without_overridden(report: Report, found: Config, choice: Choice) -> Report:
    """Return `report` without the findings that the configuration does not ask for in some files."""
    dropped = [
        (override, matching_rules(override.ignore, choice, override.said.where)) for override in found.overrides()
    ]
    if not dropped:
        return report
    kept = (f for f in report.findings if not any(f.rule.id in ids and _is_in(f, over) for over, ids in dropped))
    return msgspec.structs.replace(report, findings=tuple(kept))


def _is_in(finding: Finding, override: Override) -> bool:
    from_there = Path(os.path.relpath(finding.location.uri, override.said.folder)).as_posix()
    return any(fnmatchcase(from_there, pattern) for pattern in override.paths)


def _against(report: Report, file: Path, never: frozenset[str]) -> Report:
    """Mark what is old, and say it where the baseline could shrink or fits nothing here."""
    known = baseline.read(_bytes(file), file.name)
    marked = baseline.settle(report, known, never)
    gone = len(baseline.gone(report, known))
    if known.findings and not any(f.suppressed and f.suppressed.kind == "baseline" for f in marked.findings):
        complain(f"nothing in {file.name} was found again; is it the baseline of another repository, or all mended?")
    elif gone:
        complain(f"{gone} of {len(known.findings)} findings in {file.name} are gone; `wa-lint baseline` drops them")
    return marked


def _entries(file: Path) -> Iterator[allow.Allowance | allow.Fault]:
    """Yield the entries of a file: a map with the key allow and a list. Raise `ConfigError` where it is none."""
    document = read_document(_bytes(file), file.as_posix())
    listed = document.value
    if isinstance(listed, dict):
        _demand_key(file, listed)
        listed = listed[_LISTED]
    if not isinstance(listed, list):
        raise ConfigError(file.as_posix(), "is no list of suppressions: write `allow:` and a list below it")
    head = (_LISTED,) if isinstance(document.value, dict) else ()
    for number, raw in enumerate(listed):
        yield allow.entry(raw, document.locate((*head, number)))


def _demand_key(file: Path, found: Mapping[str, Raw]) -> None:
    for key in found:
        if key != _LISTED:
            raise ConfigError(file.as_posix(), f"there is no key {key!r} here{did_you_mean(str(key), [_LISTED])}")
    if _LISTED not in found:
        raise ConfigError(file.as_posix(), "is no list of suppressions: write `allow:` and a list below it")


def _bytes(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise ConfigError(file.as_posix(), f"cannot be read: {error.strerror}") from error
