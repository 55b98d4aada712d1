"""Which accounts an organization has, and which regions an account may use. It reads nothing inside of them."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import Final

import msgspec

from wa_lint import aws
from wa_lint.errors import SourceError
from wa_lint.model import Raw
from wa_lint.request_limits import Manners, Watch

_ENABLED: Final = ("ENABLED", "ENABLED_BY_DEFAULT")


class MemberAccount(msgspec.Struct, frozen=True, order=True):
    """One account of an organization."""

    id: str
    name: str
    state: str

    @property
    def is_active(self) -> bool:
        return self.state == "ACTIVE"


class Regions(msgspec.Struct, frozen=True):
    """Where an account is to be looked into."""

    names: tuple[str, ...]
    is_known: bool = True
    """Whether AWS said that they are enabled; else they are all in which SageMaker is offered."""


def members(
    session: Raw, region: str, *, include: Collection[str] = (), exclude: Collection[str] = ()
) -> Sequence[MemberAccount]:
    """Return the organization's accounts, sorted: those below the units `include`, if any, and not below `exclude`.

    Units are named by id (``ou-…``, or the root's, ``r-…``) and count with all units below. Raise SourceError where
    the credentials may not list them: only the management account and delegated administrators may.
    """
    clients = _clients(session, region)
    found = {member.id: member for member in _listed(clients, "ListAccounts", {})}
    included = set(found) if not include else _below(clients, include)
    left_out = _below(clients, exclude)
    return sorted(member for id_, member in found.items() if id_ in included - left_out)


def enabled_regions(session: Raw, region: str) -> Regions:
    """Return the regions with SageMaker that the account has enabled; those that there are, if it may not be asked.

    The first call that is allowed decides: ec2:DescribeRegions, then account:ListRegions.
    """
    partition = session.get_partition_for_region(region)
    offered = session.get_available_regions("sagemaker", partition_name=partition)
    clients = _clients(session, region)
    enabled = _of_ec2(clients)
    if enabled is None:
        enabled = _of_account(clients)
    if enabled is None:
        return Regions(tuple(sorted(offered)), is_known=False)
    return Regions(tuple(sorted(enabled.intersection(offered))))


def _clients(session: Raw, region: str) -> aws.Clients:
    return aws.Clients(session, region, Watch(Manners()))


# --- accounts ---------------------------------------------------------------------------------------


def _below(clients: aws.Clients, units: Collection[str]) -> set[str]:
    """Return the ids of the accounts in `units` and in the units below them."""
    found: set[str] = set()
    waiting, seen = list(units), set(units)
    while waiting:
        parent = {"ParentId": waiting.pop()}
        found |= {member.id for member in _listed(clients, "ListAccountsForParent", parent)}
        pages = _pages(clients, "ListOrganizationalUnitsForParent", parent)
        inner = {str(unit["Id"]) for page in pages for unit in page.get("OrganizationalUnits") or ()} - seen
        waiting, seen = [*waiting, *sorted(inner)], seen | inner
    return found


def _listed(clients: aws.Clients, operation: str, request: dict[str, str]) -> Iterator[MemberAccount]:
    for page in _pages(clients, operation, request):
        for account in page.get("Accounts") or ():
            # `Status` goes in September 2026, `State` says more and stays (Organizations API reference, Account).
            state = account.get("State") or account.get("Status") or "UNKNOWN"
            yield MemberAccount(str(account["Id"]), str(account.get("Name") or ""), str(state))


def _pages(clients: aws.Clients, operation: str, request: dict[str, str]) -> Iterator[Raw]:
    for page in clients.ask_all("organizations", operation, request):
        if isinstance(page, aws.Refusal):
            said = f" ({page.message})" if page.message else ""
            raise SourceError("aws", f"the organization cannot be listed: {page.word}: organizations:{operation}{said}")
        yield page


# --- regions ----------------------------------------------------------------------------------------


def _of_ec2(clients: aws.Clients) -> set[str] | None:
    answer = clients.ask("ec2", "DescribeRegions", {})
    if isinstance(answer, aws.Refusal):
        return None
    return {str(region["RegionName"]) for region in answer.get("Regions") or ()} or None


def _of_account(clients: aws.Clients) -> set[str] | None:
    pages = clients.ask_all("account", "ListRegions", {"RegionOptStatusContains": list(_ENABLED)})
    if any(isinstance(page, aws.Refusal) for page in pages):
        return None
    answers: list[Raw] = [page for page in pages if not isinstance(page, aws.Refusal)]
    return {str(region["RegionName"]) for page in answers for region in page.get("Regions") or ()} or None
