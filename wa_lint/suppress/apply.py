"""What does not gate: suppressions, overrides of the configuration and the baseline, put to a report."""

from __future__ import annotations

import os
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from pathlib import Path

import msgspec

from wa_lint.config import Config, Override
from wa_lint.document import read_document
from wa_lint.errors import ConfigError, did_you_mean
from wa_lint.model import Location, Raw, Report
from wa_lint.suppress import allow, baseline

_LISTED = "allow"


class Settling(msgspec.Struct, frozen=True):
    """Which findings do not count."""

    allow: tuple[Path, ...] = ()
    inline_suppressions: bool = True
    require_reason: bool = False
    never_suppress: tuple[str, ...] = ()
    baseline: Path | None = None
    diff: str | None = None
    is_partial: bool = False
    """As `allow.Policy` has it."""


class Dropped(msgspec.Struct, frozen=True):
    """What an override took out of the report."""

    override: Override
    ids: frozenset[str]
    refused: frozenset[str]
    """Rules that it names and that are enforced."""
    files: int
    findings: int


def entries_of(settling: Settling, found: Config) -> Iterator[allow.Allowance | allow.Fault]:
    """Yield the suppressions of the configuration `found` and of the files that `settling` names."""
    yield from _said(found)
    for file in settling.allow:
        yield from _entries(file)


def _said(found: Config) -> Iterator[allow.Allowance | allow.Fault]:
    """Yield the entries that are in the configuration itself."""
    for said in found.said.get("allow", ()):
        for number, item in enumerate(said.value):
            if isinstance(item, dict):
                yield allow.entry(item, _place(said.where_of(number)))


def _place(where: str) -> Location:
    """Return the location that ``wa-lint.yaml:3:1`` spells."""
    uri, line, column = where.rsplit(":", 2)
    return Location(uri, int(line), int(column))


def without_overridden(
    report: Report,
    overriding: Sequence[tuple[Override, frozenset[str]]],
    firm: frozenset[str],
    always: frozenset[str],
) -> tuple[Report, Sequence[Dropped]]:
    """Return `report` without the findings that overrides ignore in some files, and what is gone.

    `overriding` are the overrides with the ids that each ignores; `firm` and `always` are ids that none switches off.
    """
    if not overriding:
        return report, ()
    by_file: dict[str, Counter[str]] = defaultdict(Counter)
    for finding in report.findings:
        by_file[finding.location.uri][finding.rule.id] += 1
    gone: dict[str, set[str]] = defaultdict(set)
    dropped = []
    for override, ids in overriding:
        files = [uri for uri in by_file if _is_in(uri, override)]
        for uri in files:
            gone[uri] |= ids - firm
        number = sum(by_file[uri][id_] for uri in files for id_ in ids - firm)
        dropped.append(Dropped(override, ids - firm, ids & always, len(files), number))
    kept = tuple(f for f in report.findings if f.rule.id not in gone[f.location.uri])
    return msgspec.structs.replace(report, findings=kept), dropped


def _is_in(uri: str, override: Override) -> bool:
    from_there = Path(os.path.relpath(uri, override.said.folder)).as_posix()
    return any(fnmatchcase(from_there, pattern) for pattern in override.paths)


def marked(report: Report, file: Path, never: frozenset[str], say: Callable[[str], None]) -> Report:
    """Mark what is old, and say it where the baseline could shrink, fits nothing here, or is of an older form."""
    known = baseline.read(_bytes(file), file.name)
    compared = baseline.settle(report, known, never)
    gone = len(compared.compared.fixed) if compared.compared else 0
    if known.findings and not any(f.state in {"unchanged", "updated"} for f in compared.findings):
        say(
            f"none of the findings in {file.name} were found; are they all fixed, or is it the "
            "baseline of another repository?"
        )
    elif gone:
        say(f"{gone} of {len(known.findings)} findings in {file.name} are gone; `wa-lint baseline` drops them")
    if known.schema_version < baseline.VERSION and known.findings:
        say(
            f"{file.name} does not record what was accepted (version {known.schema_version}): "
            "a policy that becomes wider stays accepted; run `wa-lint baseline` to write it again"
        )
    return compared


def _entries(file: Path) -> Iterator[allow.Allowance | allow.Fault]:
    """Yield the entries of a file: a map with the key allow and a list. Raise `ConfigError` if it is not one."""
    document = read_document(_bytes(file), file.as_posix())
    listed = document.value
    if isinstance(listed, dict):
        _demand_key(file, listed)
        listed = listed[_LISTED]
    if not isinstance(listed, list):
        raise ConfigError(file.as_posix(), "is not a list of suppressions: write `allow:` and a list below it")
    head = (_LISTED,) if isinstance(document.value, dict) else ()
    for number, raw in enumerate(listed):
        yield allow.entry(raw, document.locate((*head, number)))


def _demand_key(file: Path, found: Mapping[str, Raw]) -> None:
    for key in found:
        if key != _LISTED:
            raise ConfigError(file.as_posix(), f"unknown key {key!r} here{did_you_mean(str(key), [_LISTED])}")
    if _LISTED not in found:
        raise ConfigError(file.as_posix(), "is not a list of suppressions: write `allow:` and a list below it")


def _bytes(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise ConfigError(file.as_posix(), f"cannot be read: {error.strerror}") from error
