"""``--push-security-hub``: the report of a scan goes to the Security Hub of each account and region that was read."""

from __future__ import annotations

import datetime as dt
from functools import cache

import click

from wa_lint.cli.exits import BLIND, BROKEN, FOUND
from wa_lint.cli.output import complain
from wa_lint.model import Raw, Report
from wa_lint.run.accounts import Fleet, moment

pushable = click.option(
    "--push-security-hub",
    is_flag=True,
    help="Send failed findings to Security Hub in each account and region, and archive those that are fixed. "
    "Needs securityhub:BatchImportFindings and securityhub:GetFindings. No other option writes to an account.",
)


def push(report: Report, whom: Fleet, now: dt.datetime | None, code: int) -> int:
    """Push `report`, say on stderr what became of it, and return the exit code of the run: a refusal makes `code` 4.

    Where the run ended with 1 or 2 anyhow it stays, as everywhere.
    """
    from wa_lint.publish import security_hub  # noqa: PLC0415, it imports botocore

    @cache
    def session_of(account: str) -> Raw:
        return _session(whom, account)

    is_refused = False
    for done in security_hub.push(session_of, report, moment(now).strftime("%Y-%m-%dT%H:%M:%S")):
        where = f"Security Hub of {done.account} in {done.region}"
        if done.refused is None or done.imported or done.archived:
            complain(f"{where}: {done.imported} findings imported, {done.archived} archived")
        if done.refused:
            complain(f"{where}: refused: {done.refused}")
        is_refused = is_refused or bool(done.refused)
    return BLIND if is_refused and code not in {BROKEN, FOUND} else code


def _session(whom: Fleet, account: str) -> Raw:
    """Return a session with the credentials that the account was read with."""
    from wa_lint import aws  # noqa: PLC0415, it imports boto3

    access = next(access for access in whom.accesses if access.account == account)
    own = aws.open_session(access.profile, access.home)
    return aws.assume(own, access.role_arn, external_id=access.external_id) if access.role_arn else own
