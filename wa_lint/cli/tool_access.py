"""The options that name a workload of the Well-Architected Tool."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import click
import msgspec

from wa_lint.cli.configuring import packed


class ToolAccess(msgspec.Struct, frozen=True):
    """Which workload, and with whose credentials."""

    workload_id: str | None = None
    lens: str | None = None
    region: str | None = None
    profile: str | None = None
    role_arn: str | None = None
    external_id: str | None = None
    expect_account: str | None = None
    include_answered: bool = False


_ACCESS: Final = (
    click.option("--workload-id", metavar="ID", help="The workload in the Well-Architected Tool: its id or ARN."),
    click.option(
        "--lens", metavar="ALIAS", help="A lens by its alias, ARN or name.  [default: the Machine Learning Lens]"
    ),
    click.option("--region", help="Where the workload was defined.  [default: the profile's]"),
    click.option("--profile", "profile", help="A profile of your AWS configuration."),
    click.option("--role-arn", help="A role to assume."),
    click.option("--external-id", help="What the trust policy of the role asks for."),
    click.option("--expect-account", metavar="ID", help="Do nothing unless the credentials are of this account."),
    click.option(
        "--include-answered",
        is_flag=True,
        help="Also select choices of questions that a person answered, where the person left the choice empty.",
    ),
)


def access(command: Callable[..., object]) -> Callable[..., object]:
    """Add the options that say which workload is meant; the command gets them as `access`."""
    return packed(command, "access", ToolAccess, _ACCESS)
