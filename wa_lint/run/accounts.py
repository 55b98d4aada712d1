"""The accounts and regions of a run: what was requested, and the accounts that it comes to. It reads none."""

from __future__ import annotations

import datetime as dt
import re
import uuid
from collections.abc import Callable, Collection, Sequence
from typing import TYPE_CHECKING, Final

import msgspec

from wa_lint.errors import ConfigError, SourceError
from wa_lint.model import Raw
from wa_lint.request_limits import CALLS_PER_SECOND, TRAFFIC_DAYS, Manners

if TYPE_CHECKING:
    from wa_lint import aws
    from wa_lint.sources.live.units import Access

_ROLE: Final = re.compile(r"arn:(aws[a-z-]*):iam::(\d{12}):role/[\w+=,.@/-]+")
_ACCOUNT_ID: Final = re.compile(r"\d{12}")
_UNIT: Final = re.compile(r"(ou|r)-[a-z0-9-]+")
_FIRST_REGIONS: Final = ("us-east-1", "cn-north-1", "us-gov-west-1", "eusc-de-east-1")
"""Where to ask whose credentials these are if no region is known: one of each partition that the internet leads to."""


class Account(msgspec.Struct, frozen=True):
    """Whom to ask, and where."""

    profile: str | None = None
    region: tuple[str, ...] = ()
    role_arn: tuple[str, ...] = ()
    organization: bool = False
    role_name: str = "OrganizationAccountAccessRole"
    external_id: str | None = None
    include_ou: tuple[str, ...] = ()
    exclude_ou: tuple[str, ...] = ()
    expect_account: tuple[str, ...] = ()
    max_rps: float = CALLS_PER_SECOND
    traffic_days: int = TRAFFIC_DAYS


class PassedAccount(msgspec.Struct, frozen=True):
    """An account that is not read, and why."""

    account: str
    reason: str


class Fleet(msgspec.Struct, frozen=True):
    """The accounts to read, each once, and the regions as they were requested."""

    accesses: tuple[Access, ...]
    regions: tuple[str, ...]
    passed: tuple[PassedAccount, ...] = ()
    manners: Manners = Manners()
    tags: tuple[str, ...] = ()
    """Keys of tags whose bearers are looked for: see `wa_lint.sources.live.tags`."""


def fleet(given: Account, say: Callable[[str], None]) -> Fleet:
    """Return whom `given` names, after telling `say` whose credentials these are.

    Raise `ConfigError` for options that do not fit together, and where the credentials lead to an account that is not
    expected; `SourceError` where nobody is let in at all, or the organization cannot be listed: no credentials, or
    expired ones, are an error of input (exit 2), said once, before anything is read.
    """
    _demand_sense(given)
    from wa_lint import aws  # noqa: PLC0415, boto3 takes half a second, and --help and usage errors need none

    session = aws.open_session(given.profile)
    regions = _regions(given, session)
    for region, near in aws.unknown_regions(session, [region for region in regions if region != "all"]):
        say(f"warning: the installed botocore knows no region {region!r}{near}")
    named = [region for region in (*regions, session.region_name) if region not in ("all", None)]
    home, identity = _identity(session, named or _FIRST_REGIONS, aws.account_of)
    say(f"these are the credentials of account {identity.id}: {identity.arn}")
    if identity.endpoint:
        say(f"warning: using the endpoint {identity.endpoint} instead of AWS")
    entered, passed = _entered(given, session, home, identity)
    _demand_expected(given, [identity.id] if given.organization else [access.account for access in entered])
    return Fleet(
        tuple(entered), regions, tuple(passed), Manners(max_rps=given.max_rps, traffic_days=given.traffic_days)
    )


def moment(now: dt.datetime | None) -> dt.datetime:
    """Return when a run is taken to be: `now`, in UTC, else the second that it is."""
    return now.replace(tzinfo=dt.UTC) if now else dt.datetime.now(dt.UTC).replace(microsecond=0)


# --- options that fit together ----------------------------------------------------------------------


def _demand_sense(given: Account) -> None:
    if given.organization and given.role_arn:
        raise ConfigError("--organization", "cannot be combined with --role-arn; use --role-name to name the role")
    if not given.organization and (given.include_ou or given.exclude_ou):
        raise ConfigError("--include-ou" if given.include_ou else "--exclude-ou", "requires --organization")
    for option, shape, values in (
        ("--role-arn", _ROLE, given.role_arn),
        ("--expect-account", _ACCOUNT_ID, given.expect_account),
        ("--include-ou", _UNIT, given.include_ou),
        ("--exclude-ou", _UNIT, given.exclude_ou),
    ):
        for value in values:
            if not shape.fullmatch(value):
                raise ConfigError(option, f"{value!r} is not {_MEANT[option]}")


_MEANT: Final = {
    "--role-arn": "the ARN of a role, as arn:aws:iam::123456789012:role/audit",
    "--expect-account": "the number of an account, twelve digits",
    "--include-ou": "the id of a unit, as ou-ab12-cdefgh34, or of the root",
    "--exclude-ou": "the id of a unit, as ou-ab12-cdefgh34, or of the root",
}


def _regions(given: Account, session: Raw) -> tuple[str, ...]:
    if not given.region and session.region_name is None:
        raise SourceError("aws", "no region is set; use --region, AWS_REGION or the region of the profile")
    return tuple(dict.fromkeys(region.strip().lower() for region in given.region or (session.region_name,)))


def _identity(
    session: Raw, regions: Sequence[str], account_of: Callable[[Raw, str], aws.AccountIdentity]
) -> tuple[str, aws.AccountIdentity]:
    """Return whose credentials these are, and the region that knew it; raise what the first region said."""
    refused: SourceError | None = None
    for region in regions:
        try:
            return region, account_of(session, region)
        except SourceError as error:
            refused = refused or error
    raise refused or SourceError("aws", "no region")


def _demand_expected(given: Account, accounts: Collection[str]) -> None:
    strange = sorted(set(accounts) - set(given.expect_account))
    if given.expect_account and strange:
        raise ConfigError("--expect-account", f"the credentials belong to {', '.join(strange)}; nothing was read")


# --- the accounts -----------------------------------------------------------------------------------


def _entered(
    given: Account, session: Raw, home: str, identity: aws.AccountIdentity
) -> tuple[Sequence[Access], Sequence[PassedAccount]]:
    from wa_lint.sources.live.units import Access  # noqa: PLC0415, it imports boto3

    run = uuid.uuid4().hex

    def by(account: str, role_arn: str | None) -> Access:
        external_id = given.external_id if role_arn else None
        return Access(
            account=account, home=home, profile=given.profile, role_arn=role_arn, external_id=external_id, run=run
        )

    if given.organization:
        return _of_organization(given, session, home, identity, by)
    if not given.role_arn:
        return [by(identity.id, None)], []
    return _by_roles(given.role_arn, by)


def _by_roles(
    roles: Sequence[str], by: Callable[[str, str | None], Access]
) -> tuple[list[Access], list[PassedAccount]]:
    """Return each account once, by the first role that is in it."""
    first: dict[str, str] = {}
    passed = []
    for role in dict.fromkeys(roles):
        account = role.split(":")[4]
        if account in first:
            passed.append(PassedAccount(account, f"{role} is not used: the account is read by {first[account]}"))
        first.setdefault(account, role)
    return [by(account, role) for account, role in first.items()], passed


def _of_organization(
    given: Account, session: Raw, home: str, identity: aws.AccountIdentity, by: Callable[[str, str | None], Access]
) -> tuple[list[Access], list[PassedAccount]]:
    from wa_lint.sources.live.organization import members  # noqa: PLC0415, it imports boto3

    found = members(session, home, include=given.include_ou, exclude=given.exclude_ou)
    role = f"arn:{identity.partition}:iam::{{}}:role/{given.role_name.lstrip('/')}"
    entered = [by(m.id, None if m.id == identity.id else role.format(m.id)) for m in found if m.is_active]
    return entered, [PassedAccount(m.id, f"the account is {m.state}") for m in found if not m.is_active]
