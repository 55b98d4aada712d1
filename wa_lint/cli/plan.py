"""``wa-lint iam-policy``, and ``--plan`` of `scan`: what would be called, and what allows it. It calls nothing."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from functools import wraps
from typing import Final

import click
import msgspec

from wa_lint import rule_names as language
from wa_lint.cli.configuring import configured
from wa_lint.cli.exits import CLEAN, NOTHING
from wa_lint.cli.options import choice_of_rules
from wa_lint.cli.output import code_of_packs, complain, to_stdout
from wa_lint.errors import ConfigError, did_you_mean
from wa_lint.model import Raw
from wa_lint.request_limits import Limits
from wa_lint.rule import Rule
from wa_lint.run.accounts import Account
from wa_lint.run.choice import Choice, chosen_rules
from wa_lint.sources.live import call_plan as plan
from wa_lint.sources.live.call_plan import ReadScope
from wa_lint.sources.live.collectors import quotas_of
from wa_lint.sources.live.metric_table import USD_PER_1000, metrics_of

_WIDTH: Final = 80


@click.command(name="iam-policy")
@configured
@choice_of_rules
@click.option(
    "--type",
    "types",
    multiple=True,
    metavar="TYPE,…",
    help="Permissions to read these types, regardless of rules; * is a wildcard: 'AWS::*' is everything that a "
    "snapshot reads.",
)
@click.option(
    "--organization",
    is_flag=True,
    help="Add the permissions to list an organization's accounts and to assume roles in them.",
)
@click.option(
    "--role-name",
    default=Account().role_name,
    show_default=True,
    help="With --organization: the role to assume in each account.",
)
@click.option("--all-regions", is_flag=True, help="Add the permission to list the enabled regions, for `--region all`.")
@click.option("--split", is_flag=True, help="Print a list of policies, each within IAM's size of a managed policy.")
def iam_policy(
    *, choice: Choice, types: Sequence[str], organization: bool, role_name: str, all_regions: bool, split: bool
) -> int:
    """Print the least IAM policy with which `scan` can read all that the chosen rules look at.

    Each action is that of a call which `scan --plan` names; none is left over. The statement ListAll holds actions that
    AWS grants on everything or not at all. Those of ReadEach can be narrowed to resources: what is then refused is
    unknown in the report, never a pass. ReadApis leaves out API keys. ListAccounts and EnterAccounts are for the
    credentials that you start with, the rest is for the role in each account. sts:GetCallerIdentity, which every run
    calls first, needs no permission.
    """
    code = code_of_packs(choice)
    read = ReadScope(_types(types)) if types else _together(reads(chosen_rules(choice)).values())
    calls = [need.operation for need in plan.needs(read, {})]
    calls += [plan.TAGS] if calls else []
    calls += [*(plan.ORGANIZATION if organization else ()), *(plan.ENABLED_REGIONS if all_regions else ())]
    document = plan.policy(calls, [f"arn:*:iam::*:role/{role_name}"])
    if document is None:
        complain("these rules read nothing from an account, so no permission is needed")
        return NOTHING
    _warn(document, is_split=split)
    to_stdout(_json(plan.split(document) if split else document))
    return code


def plannable(command: Callable[..., object]) -> Callable[..., object]:
    """Add ``--plan`` to a command that has `account`: it prints what would be called, and calls nothing.

    That is what the rules of its `choice` read; without one, all that can be read. It is below the options.
    """

    @wraps(command)
    def call(*, plan: bool, **given: object) -> object:
        if not plan:
            return command(**given)
        chosen, account = given.get("choice"), given["account"]
        assert isinstance(account, Account)  # noqa: S101, as `account` has packed it
        choice = chosen if isinstance(chosen, Choice) else Choice()
        code, rules = code_of_packs(choice), chosen_rules(choice)
        printed = _print_plan(rules, _together(reads(rules).values()) if chosen else ReadScope(), account)
        return code or printed

    return _PLAN(call)


_PLAN: Final = click.option(
    "--plan",
    is_flag=True,
    help="Print the calls that would be made and the least-privilege IAM policy, without making a call.",
)


def reads(rules: Iterable[Rule]) -> Mapping[str, ReadScope]:
    """Return the id of each rule, and what it reads."""
    return {
        rule.info.id: ReadScope(
            rule.types_read,
            language.series_read(rule.info.applies_to, rule.expressions.values()),
        )
        for rule in rules
    }


def _together(found: Iterable[ReadScope]) -> ReadScope:
    known = list(found)
    return ReadScope(
        {type_ for one in known for type_ in one.types or ()}, {key for one in known for key in one.series or ()}
    )


def _print_plan(rules: Sequence[Rule], reading: ReadScope, account: Account) -> int:
    """Print the calls that `reading` makes, what for, what they cost, and the policy; return the exit code."""
    read = plan.needs(reading, reads(rules))
    needs = [*read, *map(_bare, [*([plan.TAGS] if read else ()), *_around(account)])]
    roles = account.role_arn or [f"arn:*:iam::*:role/{account.role_name}"]
    document = plan.policy([need.operation for need in needs], roles)
    to_stdout("\n".join([*_lines(needs), *_effort(reading, account.max_rps), *_bill(needs, reading)]) + "\n")
    if document is None:
        return NOTHING
    _warn(document, is_split=False)
    to_stdout(f"\nThe least-privilege policy for these calls:\n\n{_json(document)}")
    return CLEAN


def _around(account: Account) -> Iterator[plan.Operation]:
    """Yield the calls that find accounts and regions, before anything in them is read."""
    if account.organization:
        yield from plan.ORGANIZATION
    elif account.role_arn:
        yield from plan.ENTERING
    if "all" in account.region:
        yield from plan.ENABLED_REGIONS


def _bare(operation: plan.Operation) -> plan.Need:
    return plan.Need(operation, ())


def _types(given: Iterable[str]) -> set[str]:
    """Return the types that are meant. Raise `ConfigError` at one that is read in no account."""
    known = {name for collector in plan.wanted(None) for name in (collector.type, *collector.covers)}
    found: set[str] = set()
    for word in (word.strip() for text in given for word in text.split(",") if word.strip()):
        matching = {type_ for type_ in known if fnmatchcase(type_, word)}
        if not matching:
            raise ConfigError("--type", f"no type {word!r} is read in an account{did_you_mean(word, known)}")
        found |= matching
    return found


def _warn(document: Raw, *, is_split: bool) -> None:
    size = plan.size(document)
    if size > plan.LARGEST_POLICY and not is_split:
        complain(
            f"the policy has {size} characters, and IAM takes {plan.LARGEST_POLICY} in a managed one: "
            "wa-lint iam-policy --split makes several"
        )


def _lines(needs: Sequence[plan.Need]) -> Iterator[str]:
    yield f"{_count(len(needs) + 1, 'operation')} would be called, for every page, parent and item."
    yield ""
    yield f"{plan.IDENTITY.service}:{plan.IDENTITY.operation}"
    yield "  needs no permission; returns the account"
    for need in needs:
        call = need.operation
        yield f"{call.service}:{call.operation}"
        if call.action != f"{call.service}:{call.operation}":
            yield from _wrapped("allowed by ", [call.action])
        if need.types:
            yield from _wrapped("reads ", need.types)
            yield from _wrapped("used by ", need.asked_by or ["no selected rule"])
        else:
            yield f"  finds {'suppressions in tags' if call == plan.TAGS else 'the accounts or regions'}"


_MANY: Final = 100

_MINUTE: Final = 60


def _lasting(seconds: float) -> str:
    if seconds < 2 * _MINUTE:
        return _count(max(1, round(seconds)), "second")
    return _count(round(seconds / _MINUTE), "minute")


def _effort(reading: ReadScope, max_rps: float) -> Iterator[str]:
    """Yield how many requests an account and region takes, and how long by the rates that are kept."""
    limits = Limits(max_rps, quotas_of)
    least, many = plan.requests(reading, 0), plan.requests(reading, _MANY)
    if not least:
        return
    starts = [*limits.starts((call.service, call.operation) for call in many)]
    slowest = many[max(range(len(many)), key=lambda number: starts[number])]
    rate = next(quota.rate for quota in quotas_of(slowest.service, slowest.operation))
    quota = f", whose quota is {rate:g} a second" if rate else ""
    yield ""
    yield from textwrap.wrap(
        f"An account and region takes {_count(len(least), 'request')} where there is nothing. With {_MANY} resources "
        f"of each type it takes {len(many)}, and about {_lasting(max(starts))}: the longest for "
        f"{slowest.service}{quota}. Fewer requests are sent where a page, a parent or a response is empty.",
        _WIDTH,
    )


def _bill(needs: Sequence[plan.Need], reading: ReadScope) -> Iterator[str]:
    """Yield what AWS bills for the calls: only CloudWatch's series are."""
    if any(need.operation == plan.metric_operation() for need in needs):
        yield ""
        counted = sorted({(metric.type, metric.observed) for metric in metrics_of(reading.series)})
        yield from textwrap.wrap(
            f"AWS bills cloudwatch:GetMetricData: USD {USD_PER_1000} for a thousand series. "
            f"At most {_count(len(counted), 'series', 'series')} would be read for each variant or component, which is "
            f"USD {len(counted) * _MANY * USD_PER_1000 / 1000:.2g} for {_MANY} of them. "
            "The other calls cost nothing.",
            _WIDTH,
        )


def _wrapped(label: str, words: Iterable[str]) -> list[str]:
    return textwrap.wrap(
        ", ".join(words),
        _WIDTH,
        initial_indent=f"  {label}",
        subsequent_indent="    ",
        break_long_words=False,
        break_on_hyphens=False,
    )


def _json(document: Raw) -> str:
    return msgspec.json.format(msgspec.json.encode(document), indent=2).decode() + "\n"


def _count(number: int, noun: str, plural: str = "") -> str:
    return f"{number} {noun if number == 1 else plural or noun + 's'}"
