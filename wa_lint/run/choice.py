"""What was chosen for a run: which rules it checks, and what becomes of its report."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from fnmatch import fnmatchcase
from functools import lru_cache
from pathlib import Path
from typing import Final

import msgspec

from wa_lint import lens, packs, prices
from wa_lint.config import ProfileEntry
from wa_lint.errors import ConfigError, did_you_mean
from wa_lint.model import Report, RuleInfo, Severity
from wa_lint.profile_entries import AssignedRules
from wa_lint.rule import Rule
from wa_lint.suppress.allow import FAULTS
from wa_lint.thresholds import left_out, of_profile, with_values

ALL_BUCKETS: Final = "all_buckets"
"""The setting of a rule that ``--all-buckets`` turns on: it then asks about buckets that no ML workload uses too."""


BY_HAND: Final = "--setting"
"""Where a setting of the command line was said."""


class Choice(msgspec.Struct, frozen=True):
    """Which rules are asked."""

    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    pillar: tuple[str, ...] = ()
    severity: str = "low"
    all_buckets: bool = False
    rule_profile: str | None = None
    settings: tuple[tuple[str, str], ...] = ()
    """(RULE.NAME=VALUE, where it was said), a later one counts."""
    profiles: tuple[ProfileEntry, ...] = ()
    """Profiles and settings for some resources; a later one counts."""
    prices: tuple[Path, ...] = ()
    """Files of `wa_lint.prices.use`."""
    rules: tuple[Path, ...] = ()
    ignored_by_file: tuple[tuple[str, str], ...] = ()
    """(rules, where it was said): what a configuration ignores."""
    firm: tuple[str, ...] = ()
    """What the command line selects or never suppresses: no configuration ignores it."""
    held: tuple[str, ...] = ()
    """What the command line never suppresses and does not leave out: no choice of a configuration leaves it out."""
    always: frozenset[str] = frozenset()
    """Ids of the rules that are enforced."""
    workload: Path | None = None
    """The file that names the workload; only its resources are judged."""


class Delivery(msgspec.Struct, frozen=True):
    """What becomes of the answers."""

    output: tuple[str, ...] = ()
    show_all: bool = False
    verbose: bool = False
    quiet: bool = False
    statistics: bool = False
    show_fix: bool = False
    color: str = "auto"
    """auto | always | never"""
    fail_on: str = "low"
    strict: bool = False
    now: dt.datetime | None = None
    history: tuple[Path, ...] = ()
    template: tuple[Path, ...] = ()


class FixOptions(msgspec.Struct, frozen=True):
    """What is to be fixed, and whether files are written."""

    fix: bool = False
    unsafe_fixes: bool = False
    dry_run: bool = False


def rule_infos(choice: Choice) -> Sequence[RuleInfo]:
    """Return what the rules say about themselves that could be chosen."""
    return [rule.info for rule in packs.book(choice.rules).rules]


def matching_rules(given: Sequence[str], choice: Choice, option: str) -> frozenset[str]:
    """Return the ids that `given` means. Raise `ConfigError` at a name that no rule bears."""
    return frozenset(_ids(given, rule_names(choice), option))


def chosen_rules(choice: Choice) -> Sequence[Rule]:
    """Return the rules that `choice` leaves for some resource, by id, and use its prices from now on.

    Raise `ConfigError` at a name that no rule has, or at a file of prices that cannot be read.
    """
    prices.use(choice.prices)
    assigned = assigned_rules(choice)
    return _chosen(choice) if assigned is None else assigned.every_rule()


def assigned_rules(choice: Choice) -> AssignedRules | None:
    """Return which rules are asked of which resource; None where no entry of ``profiles`` makes a difference.

    Raise `ConfigError` at a setting of an entry that fits no rule.
    """
    return _assigned(choice) if choice.profiles else None


_RULE_SETS: Final = 4
"""Choices whose rules are kept: a run has one, or two where it compares."""


@lru_cache(_RULE_SETS)
def _assigned(choice: Choice) -> AssignedRules:
    return AssignedRules(choice.profiles, lambda entries: _chosen(_with_entries(choice, entries)))


def _with_entries(choice: Choice, entries: Sequence[ProfileEntry]) -> Choice:
    """Return the choice for a resource that `entries` are for. The command line counts before them."""
    profile = next((entry.profile for entry in reversed(entries) if entry.profile), None)
    of_entries = [(text, entry.settings_at) for entry in entries for text in entry.settings]
    by_file = [one for one in choice.settings if one[1] != BY_HAND]
    by_hand = [one for one in choice.settings if one[1] == BY_HAND]
    return msgspec.structs.replace(
        choice, rule_profile=profile or choice.rule_profile, settings=(*by_file, *of_entries, *by_hand), profiles=()
    )


def _chosen(choice: Choice) -> Sequence[Rule]:
    rules = _with_settings(choice)
    names = rule_names(choice)
    selected = _ids(choice.select, names, "--select") or set(names.values())
    by_name = _named(choice.select, names)
    always = choice.always | (_ids(choice.held, names, "--never-suppress") - _ids(choice.ignore, names, "--ignore"))
    wanted = selected - ignored_rules(choice)
    least = Severity(choice.severity).rank
    return [
        rule
        for rule in rules
        if rule.info.id in always
        or (
            rule.info.id in wanted
            and rule.info.severity.rank >= least
            and _of_pillar(rule, choice.pillar)
            and (rule.info.id in by_name or not left_out(rule, choice.rule_profile or ""))
        )
    ]


def _with_settings(choice: Choice) -> Sequence[Rule]:
    """Return the rules with other values of their settings. Enforced rules keep theirs, but for `all_buckets`."""
    rules = packs.book(choice.rules).rules
    if not (choice.all_buckets or choice.rule_profile or choice.settings):
        return rules
    free = [rule if rule.info.id in choice.always else of_profile(rule, choice.rule_profile or "") for rule in rules]
    changed = with_values(free, choice.settings)
    kept = [old if old.info.id in choice.always else new for old, new in zip(free, changed, strict=True)]
    return [rule.with_settings({ALL_BUCKETS: True}) for rule in kept] if choice.all_buckets else kept


def profile_leaves_out(choice: Choice) -> list[str]:
    """Return the ids of the rules that the profile leaves out, and that nothing names."""
    by_name = _named(choice.select, rule_names(choice))
    return [
        rule.info.id
        for rule in packs.book(choice.rules).rules
        if rule.info.id not in by_name and left_out(rule, choice.rule_profile or "")
    ]


def _named(given: Sequence[str], names: Mapping[str, str]) -> frozenset[str]:
    """Return the ids that `given` names in full: no profile leaves them out."""
    return frozenset(names[word] for text in given for part in text.split(",") if (word := part.strip()) in names)


def with_not_run(report: Report, choice: Choice) -> Report:
    """Return `report` with the types that `choice` leaves no rule for told apart from those that no rule asks about."""
    asked = {type_ for rule in packs.book(choice.rules).rules for type_ in rule.info.applies_to}
    if not any(entry.kind == "no-rule" and entry.type in asked for entry in report.unjudged):
        return report
    told = (
        msgspec.structs.replace(entry, kind="not-run", reason="the rules for it were not selected")
        if entry.kind == "no-rule" and entry.type in asked
        else entry
        for entry in report.unjudged
    )
    return msgspec.structs.replace(report, unjudged=tuple(sorted(told)))


def ignored_rules(choice: Choice) -> frozenset[str]:
    """Return the ids that are ignored. What is firm is ignored by the command line only, what is enforced by nobody."""
    names = rule_names(choice)
    by_file = {id_ for text, where in choice.ignored_by_file for id_ in _ids([text], names, where)}
    return frozenset((_ids(choice.ignore, names, "--ignore") | (by_file - firm_rules(choice))) - choice.always)


def firm_rules(choice: Choice) -> frozenset[str]:
    """Return the ids that no configuration switches off."""
    return frozenset(_ids(choice.firm, rule_names(choice), "--select")) | choice.always


def rule_names(choice: Choice) -> Mapping[str, str]:
    """Return every name that a rule bears or once bore, chosen or not, and the rule's id. A broken file has its own."""
    book = packs.book(choice.rules)
    names = {name: rule.info.id for rule in book.rules for name in (rule.info.id, *rule.info.aliases)}
    return {one.id: one.id for one in book.broken} | names | {id_: id_ for id_ in FAULTS}


def named_rule(name: str, rules: Iterable[Rule]) -> Rule:
    """Return the rule that bears `name`, or once bore it; raise `ConfigError` with the nearest where none does."""
    by_name = {known: rule for rule in rules for known in (rule.info.id, *rule.info.aliases)}
    if name not in by_name:
        raise ConfigError("", _no_rule(name, by_name))
    return by_name[name]


def _of_pillar(rule: Rule, pillars: Sequence[str]) -> bool:
    return not pillars or lens.practice(rule.info.practices[0]).pillar in pillars


def _ids(given: Sequence[str], names: Mapping[str, str], option: str) -> set[str]:
    wanted = [word.strip() for text in given for word in text.split(",") if word.strip()]
    return {id_ for word in wanted for id_ in _matching(word, names, option)}


def _matching(word: str, names: Mapping[str, str], option: str) -> set[str]:
    found = {id_ for name, id_ in names.items() if fnmatchcase(name, word)}
    if not found:
        raise ConfigError(option, _no_rule(word, names))
    return found


def _no_rule(name: str, names: Iterable[str]) -> str:
    return f"no rule {name!r}{did_you_mean(name, names) or '; `wa-lint rules` lists them'}"
