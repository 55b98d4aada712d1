"""The options that name accounts and regions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import click

from wa_lint.cli.configuring import packed
from wa_lint.request_limits import CALLS_PER_SECOND, MOST_TRAFFIC_DAYS, TRAFFIC_DAYS
from wa_lint.run.accounts import Account

_OPTIONS: Final = (
    click.option("--profile", help="A profile of your AWS configuration."),
    click.option(
        "--region", multiple=True, help="May be given several times; all: those that the account has enabled."
    ),
    click.option(
        "--role-arn", multiple=True, help="A role to assume; several: the accounts to read, each by its role."
    ),
    click.option("--organization", is_flag=True, help="Read every account of the organization."),
    click.option(
        "--role-name",
        default=Account().role_name,
        show_default=True,
        help="With --organization: the role to assume in each account but the one that the credentials are of.",
    ),
    click.option("--external-id", help="The external ID that the trust policies of the roles require."),
    click.option(
        "--include-ou", multiple=True, metavar="ID", help="With --organization: only accounts in this unit, or below."
    ),
    click.option(
        "--exclude-ou", multiple=True, metavar="ID", help="With --organization: no account in this unit, or below."
    ),
    click.option(
        "--expect-account",
        multiple=True,
        metavar="ID",
        help="Read nothing unless the credentials lead to this account. May be given several times: to no other than "
        "these. With --organization it is the account whose credentials list the others.",
    ),
    click.option(
        "--max-rps",
        type=click.FloatRange(0, min_open=True),
        default=CALLS_PER_SECOND,
        show_default=True,
        metavar="N",
        help="Calls per second, at most, to each service of an account and region. Never more than nine tenths of a "
        "quota that AWS publishes, as 15 of Lambda's; more than 50 raises these in proportion.",
    ),
    click.option(
        "--traffic-days",
        type=click.IntRange(TRAFFIC_DAYS, MOST_TRAFFIC_DAYS),
        default=TRAFFIC_DAYS,
        show_default=True,
        metavar="N",
        help="Days of hourly requests to read from CloudWatch.",
    ),
)


def account(command: Callable[..., object]) -> Callable[..., object]:
    """Add the options that say whom to ask; the command gets them as `account`."""
    return packed(command, "account", Account, _OPTIONS)
