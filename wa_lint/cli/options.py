"""The options that several commands share, read into one struct, within what is enforced."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import click
import msgspec

from wa_lint import lens
from wa_lint.cli.configuring import enforcement, packed, said_by_all
from wa_lint.cli.one_of import OneOf
from wa_lint.cli.pack_option import Pack
from wa_lint.config import PROFILES, ProfileEntry, texts_of
from wa_lint.enforce import stricter
from wa_lint.errors import ConfigError
from wa_lint.model import Severity
from wa_lint.reporters import REPORTERS
from wa_lint.run.choice import BY_HAND, Choice, Delivery, matching_rules, rule_names
from wa_lint.run.enforced_rules import enforced_rules
from wa_lint.run.layers import ENVIRONMENT, Layers
from wa_lint.suppress.apply import Settling

COLOR: Final = ("auto", "always", "never")

_SEVERITIES: Final = [severity.value for severity in Severity]


def _completed(_context: click.Context, _option: click.Parameter, incomplete: str) -> list[str]:
    """Complete the last of the rules that an option names."""
    head, comma, last = incomplete.rpartition(",")
    return [f"{head}{comma}{name}" for name in rule_names(Choice()) if name.startswith(last)]


def rule_option(name: str, meaning: str) -> Callable[[Callable[..., object]], Callable[..., object]]:
    """Return an option that takes rules, and completes their ids."""
    return click.option(name, multiple=True, metavar="RULE,…", help=meaning, shell_complete=_completed)


_FILE: Final = click.Path(exists=True, dir_okay=False, path_type=Path)

_CHOICE: Final = (
    rule_option("--select", "Check only these rules; * is a wildcard."),
    rule_option("--ignore", "Skip these rules."),
    click.option(
        "--pillar",
        multiple=True,
        type=OneOf(lens.PILLARS),
        metavar="PILLAR",
        help=f"Only rules of this pillar: {', '.join(lens.PILLARS)}.",
    ),
    click.option(
        "--severity",
        type=OneOf(_SEVERITIES),
        default="low",
        show_default=True,
        help="Check only rules of this severity or higher.",
    ),
    click.option("--all-buckets", is_flag=True, help="Check every S3 bucket, not only those that an ML workload uses."),
    click.option(
        "--setting",
        "settings",
        multiple=True,
        metavar="RULE.NAME=VALUE",
        help="Change a setting of a rule; `wa-lint explain RULE` lists them.",
    ),
    click.option(
        "--prices",
        multiple=True,
        metavar="FILE",
        type=_FILE,
        help="Prices of more regions, written by `wa-lint prices refresh`.",
    ),
    click.option(
        "--rules",
        multiple=True,
        metavar="PACK",
        type=Pack(),
        help="Rules of your own, besides ours: a folder, or an installed Python package.",
    ),
)

color_option: Final = click.option(
    "--color",
    type=OneOf(COLOR),
    default="auto",
    show_default=True,
    help="Colors on stdout; auto: in a terminal unless NO_COLOR is set, or anywhere if FORCE_COLOR is set.",
)

_DELIVERY: Final = (
    click.option(
        "-o",
        "--output",
        multiple=True,
        metavar="FORMAT[=FILE]",
        help=f"{', '.join(REPORTERS)}; to stdout, or to a file. May be given several times.  [default: text]",
    ),
    click.option("--show-all", is_flag=True, help="Also show what passed and what did not apply."),
    click.option("-v", "--verbose", is_flag=True, help="text: show each finding in full, with its evidence."),
    click.option("-q", "--quiet", is_flag=True, help="text, concise: show the summary only."),
    click.option(
        "--statistics", is_flag=True, help="text, concise: show how often each rule fails instead of the findings."
    ),
    click.option("--show-fix", is_flag=True, help="text, markdown: show what to write, once for each rule."),
    color_option,
    click.option(
        "--fail-on",
        type=OneOf([*_SEVERITIES, "never"]),
        default="low",
        show_default=True,
        help="Exit 1 when a rule of this severity or higher fails.",
    ),
    click.option(
        "--strict",
        is_flag=True,
        help="Also exit 4 when a verdict is unknown or something was not read: see the README.",
    ),
    click.option(
        "--now",
        type=click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%SZ"]),
        metavar="DATE",
        help="The date used to calculate ages.  [default: the snapshot's, else today]",
    ),
    click.option(
        "--template",
        multiple=True,
        metavar="FILE",
        type=_FILE,
        help="The template of live resources: SARIF and HTML point to its lines, matched by CloudFormation's tags.",
    ),
    click.option(
        "--history",
        multiple=True,
        metavar="DB|FILE",
        type=click.Path(dir_okay=False, path_type=Path),
        help="A database (.db, .sqlite) to add this run to, shown by `wa-lint history`; or JSON "
        "reports of earlier runs, oldest first. The HTML report draws the trend.",
    ),
)


_WORKLOAD: Final = click.option(
    "--workload",
    metavar="FILE",
    type=_FILE,
    help="Judge only the workload that this file names (wa-review.yaml); what is outside is counted.",
)


_SETTLING: Final = (
    click.option("--allow", multiple=True, metavar="FILE", type=_FILE, help="A file with suppressions."),
    click.option(
        "--inline-suppressions/--no-inline-suppressions",
        default=True,
        help="Honor suppressions in comments, Metadata and tags.  [default: enabled]",
    ),
    click.option("--require-reason", is_flag=True, help="Ignore suppressions that give no reason."),
    rule_option("--never-suppress", "Rules that cannot be suppressed."),
    click.option(
        "--baseline",
        metavar="FILE",
        type=_FILE,
        help="Fail only on findings that are new or worse than in this file, written by `wa-lint baseline`.",
    ),
    click.option(
        "--diff",
        metavar="REF",
        help="Fail only on findings that are new or worse since the merge base with REF. Does not run git.",
    ),
)


def settling(command: Callable[..., object]) -> Callable[..., object]:
    """Add the options of suppressions and baseline; the command gets them as `settling`."""
    return packed(command, "settling", Settling, _SETTLING, bound_settling)


def choice(command: Callable[..., object]) -> Callable[..., object]:
    """Add the options that choose rules and the workload; the command gets them as `choice`."""
    options = (*_CHOICE, _WORKLOAD, _profile("--profile", "--rule-profile"))
    return packed(command, "choice", Choice, options, bound_choice)


def choice_of_rules(command: Callable[..., object]) -> Callable[..., object]:
    """As `choice`, for a command that is not about one workload."""
    return packed(command, "choice", Choice, (*_CHOICE, _profile("--profile", "--rule-profile")), bound_choice)


def choice_beside_account(command: Callable[..., object]) -> Callable[..., object]:
    """As `choice`, for a command whose ``--profile`` is one of the AWS configuration."""
    return packed(command, "choice", Choice, (*_CHOICE, _WORKLOAD, _profile("--rule-profile")), bound_choice)


def _profile(*names: str) -> Callable[[Callable[..., object]], Callable[..., object]]:
    return click.option(
        *names,
        "rule_profile",
        type=OneOf(PROFILES),
        help="A set of settings and rules for a kind of team: see docs/configuration.md.",
    )


def delivery(command: Callable[..., object]) -> Callable[..., object]:
    """Add the options of the report; the command gets them as `delivery`."""
    return packed(command, "delivery", Delivery, _DELIVERY, _bound_delivery)


# --- within what is enforced ------------------------------------------------------------------------


def fail_on_within(given: str) -> str:
    """Return what ``--fail-on`` comes to."""
    return stricter(given, enforcement().fail_on)


def bound_choice(given: Choice) -> Choice:
    """Part what a configuration ignores from what the command line does, and add what is enforced."""
    strict = enforcement()
    said = said_by_all()
    ignoring = said.of("ignore")
    selected, never = said.by_hand("select"), said.by_hand("never_suppress")
    is_free = not (selected or said.by_hand("pillar") or said.by_hand("severity"))
    chosen = msgspec.structs.replace(
        given,
        pillar=given.pillar if said.by_hand("pillar") or not selected else (),
        severity=given.severity if said.by_hand("severity") or not selected else "low",
        all_buckets=given.all_buckets or strict.wants_all_buckets,
        ignore=tuple(text for layer in ignoring if not layer.is_file for text in layer.value),
        ignored_by_file=tuple((text, layer.where) for layer in ignoring if layer.is_file for text in layer.value),
        firm=(*selected, *never),
        held=never if is_free else (),
        settings=tuple(
            (text, layer.where if layer.is_file or layer.source == ENVIRONMENT else BY_HAND)
            for layer in said.of("settings")
            for text in texts_of(layer.value)
        ),
        profiles=tuple(_profile_entries(said)),
        rules=tuple(dict.fromkeys((*strict.packs, *given.rules))),
        always=enforced_rules(strict),
        workload=given.workload if strict.permits("workload") else None,
    )
    _demand_rules(chosen, said)
    return chosen


def _demand_rules(chosen: Choice, said: Layers) -> None:
    """Raise `ConfigError`, with where it was said, at a name in a file or a variable that no rule has."""
    for name in ("select", "ignore", "never_suppress"):
        for layer in said.of(name):
            if layer.is_file or layer.source == ENVIRONMENT:
                for text, where in layer.items():
                    matching_rules([text], chosen, where)


def _profile_entries(said: Layers) -> Iterator[ProfileEntry]:
    """Yield the entries of ``profiles``, without their profiles where the command line names one."""
    is_by_hand = bool(said.by_hand("rule_profile"))
    for entry in said.config.profile_entries():
        yield msgspec.structs.replace(entry, profile="") if is_by_hand else entry


def bound_settling(given: Settling) -> Settling:
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
    if given.quiet and given.verbose:
        raise ConfigError("-q", "--quiet and --verbose contradict each other; give one of them")
    strict = enforcement()
    return msgspec.structs.replace(
        given,
        fail_on=fail_on_within(given.fail_on),
        strict=given.strict or strict.is_strict,
        now=given.now if strict.permits("now") else None,
    )
