"""The options that several commands share, read into one struct; and the rules that they choose."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from typing import Final

import click
import msgspec

from wa_lint import lens, packs
from wa_lint.cli.configuring import enforcement, layers, packed
from wa_lint.cli.enforcing import enforced_rules
from wa_lint.enforce import stricter
from wa_lint.errors import ConfigError, did_you_mean
from wa_lint.model import Report, RuleInfo, Severity
from wa_lint.reporters import REPORTERS
from wa_lint.rule import Rule
from wa_lint.suppress.allow import FAULTS

ALL_BUCKETS: Final = "all_buckets"
"""The setting of a rule that ``--all-buckets`` turns on: it then asks about buckets that no ML workload uses too."""

_SEVERITIES: Final = [severity.value for severity in Severity]


class Choice(msgspec.Struct, frozen=True):
    """Which rules are asked."""

    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    pillar: tuple[str, ...] = ()
    severity: str = "low"
    all_buckets: bool = False
    rules: tuple[Path, ...] = ()
    ignored_by_file: tuple[tuple[str, str], ...] = ()
    """(rules, where it was said): what a configuration ignores."""
    firm: tuple[str, ...] = ()
    """What the command line selects or never suppresses: no configuration ignores it."""
    held: tuple[str, ...] = ()
    """What the command line never suppresses and does not leave out: no choice of a configuration leaves it out."""
    always: frozenset[str] = frozenset()
    """Ids of the rules that are enforced."""


class Settling(msgspec.Struct, frozen=True):
    """Which findings do not gate."""

    allow: tuple[Path, ...] = ()
    inline_suppressions: bool = True
    require_reason: bool = False
    never_suppress: tuple[str, ...] = ()
    baseline: Path | None = None
    diff: str | None = None


class Delivery(msgspec.Struct, frozen=True):
    """What becomes of the answers."""

    output: tuple[str, ...] = ()
    show_all: bool = False
    fail_on: str = "low"
    strict: bool = False
    now: dt.datetime | None = None
    history: tuple[Path, ...] = ()
    template: tuple[Path, ...] = ()


def _completed(_context: click.Context, _option: click.Parameter, incomplete: str) -> list[str]:
    """Complete the last of the rules that an option names."""
    head, comma, last = incomplete.rpartition(",")
    return [f"{head}{comma}{name}" for name in rule_names(Choice()) if name.startswith(last)]


def rule_option(name: str, meaning: str) -> Callable[[Callable[..., object]], Callable[..., object]]:
    """Return an option that takes rules, and completes their ids."""
    return click.option(name, multiple=True, metavar="RULE,…", help=meaning, shell_complete=_completed)


_FILE: Final = click.Path(exists=True, dir_okay=False, path_type=Path)

_CHOICE: Final = (
    rule_option("--select", "Only these rules; * stands for anything."),
    rule_option("--ignore", "Not these rules."),
    click.option("--pillar", multiple=True, type=click.Choice(lens.PILLARS), help="Only rules of this pillar."),
    click.option(
        "--severity",
        type=click.Choice(_SEVERITIES),
        default="low",
        show_default=True,
        help="Only rules that are as severe, or more.",
    ),
    click.option("--all-buckets", is_flag=True, help="Check every S3 bucket, not only those that an ML workload uses."),
    click.option(
        "--rules",
        multiple=True,
        metavar="FOLDER",
        type=click.Path(exists=True, file_okay=False, path_type=Path),
        help="Rules of your own, besides ours.",
    ),
)

_DELIVERY: Final = (
    click.option(
        "-o",
        "--output",
        multiple=True,
        metavar="FORMAT[=FILE]",
        help=f"{', '.join(REPORTERS)}; to stdout, or to a file. May be given several times.  [default: text]",
    ),
    click.option("--show-all", is_flag=True, help="Show what passed and what did not apply too."),
    click.option(
        "--fail-on",
        type=click.Choice([*_SEVERITIES, "never"]),
        default="low",
        show_default=True,
        help="Exit 1 when something as severe fails.",
    ),
    click.option(
        "--strict", is_flag=True, help="Exit 4 when a verdict is unknown or something was not read: see the README."
    ),
    click.option(
        "--now",
        type=click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%SZ"]),
        metavar="DATE",
        help="The day that ages are measured against.  [default: the snapshot's, else today]",
    ),
    click.option(
        "--template",
        multiple=True,
        metavar="FILE",
        type=_FILE,
        help="A template that made live resources: SARIF and HTML point to its lines, by CloudFormation's tags.",
    ),
    click.option(
        "--history",
        multiple=True,
        metavar="FILE",
        type=_FILE,
        help="A JSON report of an earlier run, the oldest first; the HTML draws the trend.",
    ),
)


_SETTLING: Final = (
    click.option("--allow", multiple=True, metavar="FILE", type=_FILE, help="A file of suppressions."),
    click.option(
        "--inline-suppressions/--no-inline-suppressions",
        default=True,
        help="Whether comments, Metadata and tags may suppress, or only a file.  [default: they may]",
    ),
    click.option("--require-reason", is_flag=True, help="A suppression without a reason is none."),
    rule_option("--never-suppress", "Nothing suppresses these rules."),
    click.option(
        "--baseline",
        metavar="FILE",
        type=_FILE,
        help="What `wa-lint baseline` wrote: only what is new or worse counts.",
    ),
    click.option(
        "--diff",
        metavar="REF",
        help="Exit 1 only for what is new or worse than at the commit where this one left REF; runs no git.",
    ),
)


def settling(command: Callable[..., object]) -> Callable[..., object]:
    """Add the options of suppressions and baseline; the command gets them as `settling`."""
    return packed(command, "settling", Settling, _SETTLING, _bound_settling)


def rule_infos(choice: Choice) -> Sequence[RuleInfo]:
    """Return what the rules say about themselves that could be chosen."""
    return [rule.info for rule in packs.book(choice.rules)]


def matching_rules(given: Sequence[str], choice: Choice, option: str) -> frozenset[str]:
    """Return the ids that `given` means. Raise `ConfigError` at a name that no rule bears."""
    return frozenset(_ids(given, rule_names(choice), option))


def choice(command: Callable[..., object]) -> Callable[..., object]:
    """Add the options that choose rules; the command gets them as `choice`."""
    return packed(command, "choice", Choice, _CHOICE, _bound_choice)


def delivery(command: Callable[..., object]) -> Callable[..., object]:
    """Add the options of the report; the command gets them as `delivery`."""
    return packed(command, "delivery", Delivery, _DELIVERY, _bound_delivery)


# --- within what is enforced ------------------------------------------------------------------------


def fail_on_within(given: str) -> str:
    """Return what ``--fail-on`` comes to."""
    return stricter(given, enforcement().fail_on)


def _bound_choice(given: Choice) -> Choice:
    """Part what a configuration ignores from what the command line does, and add what is enforced."""
    strict = enforcement()
    ignoring = layers("ignore")
    selected, never = _by_hand("select"), _by_hand("never_suppress")
    is_free = not (selected or _by_hand("pillar") or _by_hand("severity"))
    return msgspec.structs.replace(
        given,
        pillar=given.pillar if _by_hand("pillar") or not selected else (),
        severity=given.severity if _by_hand("severity") or not selected else "low",
        all_buckets=given.all_buckets or strict.wants_all_buckets,
        ignore=tuple(text for layer in ignoring if not layer.is_file for text in layer.value),
        ignored_by_file=tuple((text, layer.where) for layer in ignoring if layer.is_file for text in layer.value),
        firm=(*selected, *never),
        held=never if is_free else (),
        rules=tuple(dict.fromkeys((*strict.packs, *given.rules))),
        always=enforced_rules(strict),
    )


def _by_hand(name: str) -> tuple[str, ...]:
    """Return what the command line, or the environment, says of an option."""
    said = [layer.value for layer in layers(name) if not layer.is_file]
    return tuple(text for value in said for text in ([value] if isinstance(value, str) else value))


def _bound_settling(given: Settling) -> Settling:
    strict = enforcement()
    return msgspec.structs.replace(
        given,
        allow=given.allow if strict.permits("allow") else (),
        inline_suppressions=given.inline_suppressions and strict.permits("inline-suppressions"),
        require_reason=given.require_reason or strict.demands_reason,
        baseline=given.baseline if strict.permits("baseline") else None,
        diff=given.diff if strict.permits("diff") else None,
    )


def _bound_delivery(given: Delivery) -> Delivery:
    strict = enforcement()
    return msgspec.structs.replace(
        given,
        fail_on=fail_on_within(given.fail_on),
        strict=given.strict or strict.is_strict,
        now=given.now if strict.permits("now") else None,
    )


# --- the rules --------------------------------------------------------------------------------------


def chosen_rules(choice: Choice) -> Sequence[Rule]:
    """Return the rules that `choice` leaves, by id. Raise `ConfigError` at a name that no rule bears."""
    rules = _on_all_buckets(choice.rules) if choice.all_buckets else packs.book(choice.rules)
    names = rule_names(choice)
    selected = _ids(choice.select, names, "--select") or set(names.values())
    always = choice.always | (_ids(choice.held, names, "--never-suppress") - _ids(choice.ignore, names, "--ignore"))
    wanted = selected - ignored_rules(choice)
    least = Severity(choice.severity).rank
    return [
        rule
        for rule in rules
        if rule.info.id in always
        or (rule.info.id in wanted and rule.info.severity.rank >= least and _of_pillar(rule, choice.pillar))
    ]


@cache
def _on_all_buckets(folders: tuple[Path, ...]) -> Sequence[Rule]:
    """Return the rules with the setting `ALL_BUCKETS` on, those that have it."""
    return [rule.with_settings({ALL_BUCKETS: True}) for rule in packs.book(folders)]


def with_not_run(report: Report, choice: Choice) -> Report:
    """Return `report` with the types that `choice` leaves no rule for told apart from those that no rule asks about."""
    asked = {type_ for rule in packs.book(choice.rules) for type_ in rule.info.applies_to}
    if not any(entry.kind == "no-rule" and entry.type in asked for entry in report.unjudged):
        return report
    told = (
        msgspec.structs.replace(entry, kind="not-run", reason="the rules that ask about it were not selected")
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
    """Return every name that a rule bears or once bore, chosen or not, and the rule's id."""
    names = {name: rule.info.id for rule in packs.book(choice.rules) for name in (rule.info.id, *rule.info.aliases)}
    return names | {id_: id_ for id_ in FAULTS}


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
