"""What was not read of accounts: one entry for each cause, service, account and region."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Final

import msgspec

from wa_lint.model import Gap


class Cause(msgspec.Struct, frozen=True):
    """Why calls gave no answer, and what helps."""

    title: str
    help: str = ""


class GapGroup(msgspec.Struct, frozen=True):
    """The gaps of one cause in one service, account and region."""

    cause: Cause
    place: str
    """``SageMaker, 123456789012 eu-west-1``"""
    names: tuple[str, ...]
    """What to grant, where that helps; else the types, without their service."""

    def in_room(self, room: int) -> str:
        """Return the place and the names that have room, and how many more there are."""
        counted = range(len(self.names) - 1, -1, -1)
        texts = [", ".join(self.names), *(_first(self.names, shown) for shown in counted)]
        return next((f"{self.place}: {text}" for text in texts if len(self.place) + 2 + len(text) <= room), self.place)


_REGION: Final = Cause("the region is not enabled for the account", "enable it, or leave it out with --region")
_REFUSED: Final = Cause("refused by IAM", "grant these, or what `wa-lint iam-policy` prints")

_ORGANIZATION: Final = Cause("denied by a policy of the organization (SCP)", "no permission of IAM lifts it")

_CAUSES: Final[Sequence[tuple[re.Pattern[str], Cause]]] = tuple(
    (re.compile(pattern), cause)
    for pattern, cause in (
        (r"AccessDenied.*, by .*(service|resource) control polic", _ORGANIZATION),
        (r"AccessDenied.*, by ", Cause("denied by another policy than the role's own", "-v names it")),
        (r"AccessDenied", _REFUSED),
        (r"Throttled", Cause("throttled by AWS", "scan again, or with a lower --max-rps")),
        (r"UnrecognizedClientException|InvalidClientTokenId|OptInRequired|AuthFailure", _REGION),
        (r"not available in this region", Cause("not available in this region")),
        (r"SDK too old", Cause("the installed botocore does not know the call", "upgrade boto3")),
        (r"ExpiredToken", Cause("the credentials expired", "renew them and scan again")),
        (r"no (connection|answer in time)", Cause("no connection, or no answer in time", "scan again")),
    )
)
"""By how the reason of a gap begins (`wa_lint.sources.live.listing.Refused.reason`); the first that fits counts."""


def grouped(gaps: Iterable[Gap]) -> Sequence[tuple[Cause, Sequence[GapGroup]]]:
    """Return the gaps of accounts by cause, in the order of `_CAUSES`, then what has a cause of its own."""
    found: dict[tuple[Cause, str], list[Gap]] = defaultdict(list)
    for gap in gaps:
        if gap.scope.account:
            found[_cause(gap), _place(gap)].append(gap)
    by_cause: dict[Cause, list[GapGroup]] = defaultdict(list)
    for (cause, place), same in sorted(found.items(), key=lambda item: (item[0][0].title, item[0][1])):
        by_cause[cause].append(GapGroup(cause, place, tuple(dict.fromkeys(_name(gap) for gap in sorted(same)))))
    known = [cause for _, cause in _CAUSES]
    rank = {cause: number for number, cause in enumerate(known)}
    return sorted(by_cause.items(), key=lambda item: (rank.get(item[0], len(known)), item[0].title))


def _cause(gap: Gap) -> Cause:
    known = next((cause for pattern, cause in _CAUSES if pattern.match(gap.reason)), None)
    return known or Cause(gap.reason.partition(": ")[0])


def _place(gap: Gap) -> str:
    parts = gap.scope.type.split("::")
    service = parts[1] if len(parts) > 1 else gap.scope.type
    return f"{service}, {gap.scope.account} {gap.scope.region or 'global'}"


def _name(gap: Gap) -> str:
    return gap.grant or gap.scope.type.partition("::")[2].partition("::")[2] or gap.scope.type


def _first(names: Sequence[str], shown: int) -> str:
    if not shown:
        return f"{len(names)} types" if len(names) > 1 else names[0]
    return f"{', '.join(names[:shown])} +{len(names) - shown}"
