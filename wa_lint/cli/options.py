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
from wa_lint.cli.configuring import packed
from wa_lint.errors import ConfigError, did_you_mean
from wa_lint.model import Severity
from wa_lint.reporters import REPORTERS
from wa_lint.rule import Rule
from wa_lint.suppress.allow import FAULTS

_SEVERITIES: Final = [severity.value for severity in Severity]


class Choice(msgspec.Struct, frozen=True):
    """Which rules are asked."""

    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    pillar: tuple[str, ...] = ()
    severity: str = "low"
    rules: tuple[Path, ...] = ()


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
    click.option("--strict", is_flag=True, help="Exit 4 when a verdict is unknown."),
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
        "--baseline", metavar="FILE", type=_FILE, help="What `wa-lint baseline` wrote: what is in it does not gate."
    ),
    click.option(
        "--diff", metavar="REF", help="Only what changed since the commit where this one left REF gates; runs no git."
    ),
)


def settling(command: Callable[..., object]) -> Callable[..., object]:
    """Add the options of suppressions and baseline; the command gets them as `settling`."""
    return packed(command, "settling", Settling, _SETTLING)


def matching_rules(given: Sequence[str], choice: Choice, option: str) -> frozenset[str]:
    """Return the ids that `given` means. Raise `ConfigError` at a name that no rule bears."""
    return frozenset(_ids(given, rule_names(choice), option))


def choice(command: Callable[..., object]) -> Callable[..., object]:
    """Add the options that choose rules; the command gets them as `choice`."""
    return packed(command, "choice", Choice, _CHOICE)


def delivery(command: Callable[..., object]) -> Callable[..., object]:
    """Add the options of the report; the command gets them as `delivery`."""
    return packed(command, "delivery", Delivery, _DELIVERY)


def chosen_rules(choice: Choice) -> Sequence[Rule]:
    """Return the rules that `choice` leaves, by id. Raise `ConfigError` at a name that no rule bears."""
    rules = _book(choice.rules)
    names = rule_names(choice)
    selected = _ids(choice.select, names, "--select") or set(names.values())
    ignored = _ids(choice.ignore, names, "--ignore")
    least = Severity(choice.severity).rank
    return [
        rule
        for rule in rules
        if rule.info.id in selected - ignored and rule.info.severity.rank >= least and _of_pillar(rule, choice.pillar)
    ]


def rule_names(choice: Choice) -> Mapping[str, str]:
    """Return every name that a rule bears or once bore, chosen or not, and the rule's id."""
    names = {name: rule.info.id for rule in _book(choice.rules) for name in (rule.info.id, *rule.info.aliases)}
    return names | {id_: id_ for id_ in FAULTS}


@cache
def _book(folders: tuple[Path, ...]) -> Sequence[Rule]:
    return packs.load(folders)


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
