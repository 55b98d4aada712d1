"""The enforcement: what the owner of a pipeline does not let a repository, a command line or a comment loosen.

It only reads what it is handed. Several files add up: of two that speak of one thing, the stricter one counts.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

import msgspec

from wa_lint.document import Document, read_document
from wa_lint.errors import ConfigError, SourceError, did_you_mean
from wa_lint.model import Raw, Severity


class Switch(msgspec.Struct, frozen=True):
    """Whether something counts that may loosen a verdict."""

    meaning: str
    is_closed_by_rules: bool = False
    """Whether it does not count where rules are enforced and nothing else is said: it could hide their findings."""


SWITCHES: Final[Mapping[str, Switch]] = {
    "configuration": Switch("Whether a configuration found in the tree is used."),
    "inline-suppressions": Switch("Honor suppressions in comments, Metadata and tags."),
    "allow": Switch("Whether suppressions in files and in the configuration are honored."),
    "overrides": Switch("Whether `overrides` of a configuration count."),
    "baseline": Switch("Whether a baseline counts."),
    "diff": Switch("Whether --diff counts."),
    "parameters": Switch("Whether `parameters` of a configuration count.", is_closed_by_rules=True),
    "paths": Switch("Whether `paths` of a configuration count.", is_closed_by_rules=True),
    "now": Switch("Whether --now counts.", is_closed_by_rules=True),
    "nothing-ok": Switch("Whether --nothing-ok counts.", is_closed_by_rules=True),
    "workload": Switch("Whether --workload counts.", is_closed_by_rules=True),
}

EXCLUDE: Final = "exclude"
"""A switch that also takes a list: the patterns that count, and no others."""

FLAGS: Final[Mapping[str, str]] = {
    "require-reason": "Whether suppressions without a reason are ignored, regardless of the configuration.",
    "all-buckets": "Whether every S3 bucket is checked, not only those that an ML workload uses, regardless of the "
    "configuration.",
    "strict": "Whether an unknown verdict ends with exit code 4, regardless of the configuration.",
}

TEXTS: Final[Mapping[str, str]] = {
    "rules": "Rules that are always checked, and that nothing ignores, overrides or suppresses: ids, patterns, or maps "
    "with a rule and the severity that it has at least.",
    "severity": "As if `rules` named every rule that is as severe, or more.",
    "fail-on": "The highest that --fail-on may be. Without it, an enforced rule that fails always means exit code 1.",
    "packs": "Folders with rules of the pipeline's owner, from the folder of this file.",
    EXCLUDE: "Whether `exclude` counts; or the patterns that count, and no others. Where `rules` or `severity` are "
    "given and this is not, none counts.",
}

KEYS: Final = (*TEXTS, *FLAGS, *SWITCHES)

_LEVELS: Final = tuple(severity.value for severity in Severity)


class Enforcement(msgspec.Struct, frozen=True):
    """What is enforced; nothing, if there is no file."""

    files: tuple[str, ...] = ()
    rules: tuple[tuple[str, str], ...] = ()
    """(id or pattern, where it was said)"""
    raised: tuple[tuple[str, str, str], ...] = ()
    """(id or pattern, the severity that it has at least, where it was said)"""
    severity: str | None = None
    fail_on: str | None = None
    packs: tuple[Path, ...] = ()
    is_strict: bool = False
    demands_reason: bool = False
    wants_all_buckets: bool = False
    closed: frozenset[str] = frozenset()
    """What does not count: keys of `SWITCHES`, and ``exclude``."""
    exclude: tuple[str, ...] = ()
    """The patterns that count all the same."""

    def permits(self, key: str) -> bool:
        return key not in self.closed

    @property
    def has_rules(self) -> bool:
        return bool(self.rules) or self.severity is not None


def load(content: bytes, name: str, folder: Path) -> Enforcement:
    """Return what a file enforces; paths in it start from `folder`. Raise `ConfigError` at the first fault."""
    try:
        document = read_document(content, name)
    except SourceError as error:
        raise ConfigError(error.where, error.problem) from error
    if document.problems:
        problem = document.problems[0]
        raise ConfigError(str(problem.location), problem.message)
    if not isinstance(document.value, dict) or not document.value:
        raise ConfigError(f"{name}:1:1", "must be a mapping of keys to values, and enforce something")
    reading = _Reading(document)
    for key in document.value:
        if key not in KEYS:
            raise reading.error(str(key), f"unknown key {str(key)!r}{did_you_mean(str(key), KEYS)}")
    return _read(reading, name, folder)


def together(found: Iterable[Enforcement]) -> Enforcement:
    """Return the strictest of all."""
    listed = list(found)
    if len(listed) < 2:  # noqa: PLR2004, one needs no company
        return listed[0] if listed else Enforcement()
    patterns = [set(one.exclude) if not one.permits(EXCLUDE) else None for one in listed]
    limited = [found for found in patterns if found is not None]
    return Enforcement(
        files=tuple(file for one in listed for file in one.files),
        rules=tuple(rule for one in listed for rule in one.rules),
        raised=tuple(raised for one in listed for raised in one.raised),
        severity=_least(one.severity for one in listed),
        fail_on=_least(one.fail_on for one in listed),
        packs=tuple(dict.fromkeys(pack for one in listed for pack in one.packs)),
        is_strict=any(one.is_strict for one in listed),
        demands_reason=any(one.demands_reason for one in listed),
        wants_all_buckets=any(one.wants_all_buckets for one in listed),
        closed=frozenset(key for one in listed for key in one.closed),
        exclude=tuple(sorted(set.intersection(*limited))) if limited else (),
    )


def stricter(given: str, limit: str | None) -> str:
    """Return the lower of two values of ``fail-on``, which may be ``never``."""
    ranked = (*_LEVELS, "never")
    return given if limit is None else min(given, limit, key=ranked.index)


def _least(given: Iterable[str | None]) -> str | None:
    return min((one for one in given if one is not None), key=_LEVELS.index, default=None)


# --- reading ----------------------------------------------------------------------------------------


class _Reading(msgspec.Struct, frozen=True):
    """The file, and how a fault in it is said."""

    document: Document

    def value(self, key: str) -> Raw:
        return self.document.value.get(key)

    def error(self, key: str, problem: str, *steps: int | str) -> ConfigError:
        place = self.document.locate((key, *steps)) if steps else self.document.locate_key((key,))
        joint = " " if problem.startswith("must be") else ": "
        return ConfigError(str(place), f"{key}{joint}{problem}" if key in KEYS else problem)


def _read(reading: _Reading, name: str, folder: Path) -> Enforcement:
    listed = list(_rules(reading))
    severity, fail_on = _level(reading, "severity"), _level(reading, "fail-on")
    patterns = _patterns(reading)
    has_rules = bool(listed) or severity is not None
    return Enforcement(
        files=(name,),
        rules=tuple((rule, where) for rule, _, where in listed),
        raised=tuple((rule, level, where) for rule, level, where in listed if level),
        severity=severity,
        fail_on=fail_on,
        packs=tuple(_packs(reading, folder)),
        is_strict=_flag(reading, "strict") is True,
        demands_reason=_flag(reading, "require-reason") is True,
        wants_all_buckets=_flag(reading, "all-buckets") is True,
        closed=frozenset(_closed(reading, patterns, has_rules=has_rules)),
        exclude=patterns or (),
    )


def _rules(reading: _Reading) -> Iterable[tuple[str, str, str]]:
    """Yield each rule, the severity that it is raised to or an empty text, and where it is said."""
    value = reading.value("rules")
    if value is None and "rules" not in reading.document.value:
        return
    for number, item in enumerate(value if isinstance(value, list) else [value]):
        where = str(reading.document.locate(("rules", number) if isinstance(value, list) else ("rules",)))
        if isinstance(item, str) and item:
            yield item, "", where
            continue
        if not isinstance(item, dict) or not isinstance(item.get("rule"), str) or not item["rule"]:
            raise reading.error("rules", "takes ids, patterns, or maps with a rule and a severity", number)
        for key in item:
            if key not in {"rule", "severity"}:
                raise reading.error("rules", f"unknown key {key!r}{did_you_mean(str(key), ['severity'])}", number)
        level = item.get("severity", "")
        level = level.strip().lower() if isinstance(level, str) else level
        if level and level not in _LEVELS:
            raise reading.error("rules", _no_level(item["severity"]), number)
        yield item["rule"], level, where


def _level(reading: _Reading, key: str) -> str | None:
    value = reading.value(key)
    if key not in reading.document.value:
        return None
    if not isinstance(value, str) or value.strip().lower() not in _LEVELS:
        raise reading.error(key, _no_level(value))
    return value.strip().lower()


def _no_level(value: Raw) -> str:
    near = did_you_mean(value, _LEVELS) if isinstance(value, str) else ""
    return f"must be one of {', '.join(_LEVELS)} (got {value!r}){near}"


def _flag(reading: _Reading, key: str) -> bool | None:
    value = reading.value(key)
    if key not in reading.document.value:
        return None
    if not isinstance(value, bool):
        raise reading.error(key, f"must be true or false (got {value!r})")
    return value


def _patterns(reading: _Reading) -> tuple[str, ...] | None:
    """Return the patterns of ``exclude`` that count, where it is a list."""
    value = reading.value(EXCLUDE)
    if isinstance(value, bool) or EXCLUDE not in reading.document.value:
        return None
    if not isinstance(value, list) or not all(isinstance(item, str) and item for item in value):
        raise reading.error(EXCLUDE, "must be true, false or a list of patterns")
    return tuple(value)


def _closed(reading: _Reading, patterns: tuple[str, ...] | None, *, has_rules: bool) -> Iterable[str]:
    counts = reading.value(EXCLUDE)
    if patterns is not None or counts is False or (counts is None and has_rules):
        yield EXCLUDE
    for key, switch in SWITCHES.items():
        said = _flag(reading, key)
        if said is False or (said is None and has_rules and switch.is_closed_by_rules):
            yield key


def _packs(reading: _Reading, folder: Path) -> Iterable[Path]:
    value = reading.value("packs")
    if "packs" not in reading.document.value:
        return
    for number, item in enumerate(value if isinstance(value, list) else [value]):
        if not isinstance(item, str) or not (folder / item).is_dir():
            raise reading.error("packs", f"{item!r} is not a folder", number)
        yield folder / item
