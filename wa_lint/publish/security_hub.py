"""Security Hub: brings it what fails now, and archives what is gone. It writes nothing that is not ours.

A finding is gone where its rule was asked again and its listing was whole, and yet it does not fail any more. What
could not be looked at this time stays as it is.

Calls and limits: botocore's model of Security Hub, and "BatchImportFindings for finding providers" in its user guide
(read 2026-11): 100 findings and 6 MB at once, 10 calls a second, from the account that the findings are of.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Final, TypeAlias

import msgspec
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from wa_lint.errors import SourceError
from wa_lint.model import Outcome, Raw, Report
from wa_lint.reporters.asff import GENERATOR, GLOBAL, by_place, cut, regions
from wa_lint.request_limits import TokenBucket

GRANTS: Final = ("securityhub:BatchImportFindings", "securityhub:GetFindings")
"""What the credentials must be allowed, besides what reading takes."""

_MOST, _MOST_BYTES = 100, 6_000_000
_CALLS_PER_SECOND: Final = 10
_ATTEMPTS: Final = 4
_FINAL: Final = frozenset({"InvalidInput", "InvalidAccess", "InvalidInputException", "InvalidAccessException"})
"""Of these Security Hub thinks the same the next time."""

_OURS: Final = (
    "SchemaVersion",
    "Id",
    "ProductArn",
    "GeneratorId",
    "AwsAccountId",
    "CreatedAt",
    "Title",
    "Description",
    "Remediation",
    "Resources",
    "Compliance",
    "FindingProviderFields",
)
"""What is sent back of a finding that is archived; ProductFields too, without what Security Hub adds."""

Wait: TypeAlias = Callable[[float], None]


class Pushed(msgspec.Struct, frozen=True):
    """What became of the findings of one account and region."""

    account: str
    region: str
    imported: int = 0
    archived: int = 0
    refused: str | None = None
    """Why some, or all, of it could not be brought there."""


def push(
    session_of: Callable[[str], Raw], report: Report, made_at: str, *, wait: Wait = time.sleep
) -> Iterator[Pushed]:
    """Bring every account and region of `report` up to date, and yield what became of each; never raise.

    `session_of` gives the session of an account. `made_at` is ``2026-11-23T18:30:00``, UTC: Security Hub drops an
    update that is not newer than what it has.
    """
    failing = by_place(report, made_at)
    is_gone = _gone(report)
    for account, region in sorted({*failing, *_places(report)}):
        try:
            client = session_of(account).client("securityhub", region_name=region, config=_CONFIG)
            yield _bring(client, (account, region), failing.get((account, region), []), is_gone, made_at, wait)
        except (ClientError, BotoCoreError, SourceError) as error:
            yield Pushed(account, region, refused=_sentence(error))


_CONFIG: Final = Config(
    retries={"mode": "standard", "total_max_attempts": 6},
    connect_timeout=5,
    read_timeout=30,
    user_agent_extra="wa-lint",
)


def _places(report: Report) -> Iterator[tuple[str, str]]:
    """Yield the accounts and regions that were read, so that what nothing fails in is brought up to date too."""
    for entry in report.inputs:
        account, _, region = entry.uri.removeprefix("aws://").partition("/")
        if entry.kind == "live" and entry.status == "judged" and region:
            yield account, region
    region_of = regions(report)
    for finding in report.findings:
        owner, home = finding.resource.account, region_of(finding.resource)
        if owner and home:
            yield owner, home


def _bring(
    client: Raw, place: tuple[str, str], entries: Sequence[Raw], is_gone: _IsGone, made_at: str, wait: Wait
) -> Pushed:
    moment = f"{made_at.removesuffix('Z')}Z"
    standing = {finding["Id"]: finding for finding in _standing(client, place)}
    known = [entry | _since(standing[entry["Id"]]) if entry["Id"] in standing else entry for entry in entries]
    active = [entry for entry in known if entry["RecordState"] == "ACTIVE"]
    allowed = [entry for entry in known if entry["RecordState"] != "ACTIVE" and entry["Id"] in standing]
    named = {entry["Id"] for entry in entries}
    gone = [_archived(old, moment) for id_, old in sorted(standing.items()) if id_ not in named and is_gone(old, place)]
    refused = dict(_import(client, [*active, *allowed, *gone], wait))
    return Pushed(
        *place,
        imported=sum(entry["Id"] not in refused for entry in active),
        archived=sum(entry["Id"] not in refused for entry in (*allowed, *gone)),
        refused=_summary(refused) if refused else None,
    )


def _since(old: Raw) -> Raw:
    return {"CreatedAt": old["CreatedAt"]} if old.get("CreatedAt") else {}


# --- what is there ------------------------------------------------------------------------------


def _standing(client: Raw, place: tuple[str, str]) -> Iterator[Raw]:
    """Yield our findings that are active in this account and region. An administrator sees those of others too."""
    account, region = place
    pages = client.get_paginator("get_findings").paginate(
        Filters={
            "GeneratorId": [{"Value": GENERATOR, "Comparison": "PREFIX"}],
            "RecordState": [{"Value": "ACTIVE", "Comparison": "EQUALS"}],
            "AwsAccountId": [{"Value": account, "Comparison": "EQUALS"}],
        },
        PaginationConfig={"PageSize": _MOST},
    )
    product = f":securityhub:{region}:{account}:product/{account}/default"
    for page in pages:
        for finding in page["Findings"]:
            is_ours = str(finding.get("GeneratorId", "")).startswith(GENERATOR)
            if is_ours and finding.get("RecordState") == "ACTIVE" and finding["ProductArn"].endswith(product):
                yield finding


_IsGone: TypeAlias = Callable[[Raw, tuple[str, str]], bool]


def _gone(report: Report) -> _IsGone:
    """Return what says of a finding that fails no more whether that was seen, and not only not looked at."""
    asked = {name for rule in report.rules for name in (rule.id, *rule.aliases)}
    undecided = {(f.rule.id, cut(f.resource.id, "value")) for f in report.findings if f.outcome is Outcome.UNKNOWN}
    whole = {e.uri for e in report.inputs if e.kind == "live" and e.status == "judged" and e.reason is None}

    def is_gone(finding: Raw, place: tuple[str, str]) -> bool:
        said: Mapping[str, str] = finding.get("ProductFields") or {}
        rule, type_, resource = (said.get(GENERATOR + name, "") for name in ("rule", "type", "resource"))
        account, region = place[0], said.get(GENERATOR + "region", place[1])
        unit = f"aws://{account}" if region == GLOBAL else f"aws://{account}/{region}"
        return (
            rule in asked
            and unit in whole
            and (rule, resource) not in undecided
            and not _has_gap(report, type_, account, None if region == GLOBAL else region)
        )

    return is_gone


def _has_gap(report: Report, type_: str, account: str, region: str | None) -> bool:
    return any(
        fnmatchcase(type_, gap.scope.type)
        and gap.scope.account in {None, account}
        and (region is None or gap.scope.region in {None, region})
        for gap in report.gaps
    )


def _archived(old: Raw, moment: str) -> Raw:
    fields = {k: v for k, v in old.get("ProductFields", {}).items() if not k.startswith("aws/")}
    kept = {key: old[key] for key in _OURS if key in old}
    return kept | {"ProductFields": fields, "UpdatedAt": moment, "RecordState": "ARCHIVED"}


# --- bringing it there ------------------------------------------------------------------------------


def _import(client: Raw, findings: Sequence[Raw], wait: Wait) -> Iterator[tuple[str, str]]:
    """Send all of it; yield the id of each finding that is not taken, and why."""
    bucket = TokenBucket(_CALLS_PER_SECOND)
    for batch in batches(findings):
        left = batch
        for attempt in range(_ATTEMPTS):
            if attempt:
                wait(2.0**attempt)
            _pause(bucket.reserve(), wait)
            failed = {one["Id"]: one for one in client.batch_import_findings(Findings=left).get("FailedFindings", [])}
            is_last = attempt == _ATTEMPTS - 1
            final = {id_ for id_, one in failed.items() if is_last or one.get("ErrorCode") in _FINAL}
            yield from ((id_, _why(failed[id_])) for id_ in sorted(final))
            left = [one for one in left if one["Id"] in failed and one["Id"] not in final]
            if not left:
                break


def batches(findings: Iterable[Raw]) -> Iterator[list[Raw]]:
    """Yield `findings` in lists that Security Hub takes at once."""
    batch: list[Raw] = []
    size = 0
    for finding in findings:
        length = len(json.dumps(finding).encode()) + 2
        if batch and (len(batch) == _MOST or size + length > _MOST_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(finding)
        size += length
    if batch:
        yield batch


def _pause(seconds: float, wait: Wait) -> None:
    if seconds > 0:
        wait(seconds)


def _why(failed: Raw) -> str:
    return f"{failed.get('ErrorCode', 'Unknown')}: {' '.join(str(failed.get('ErrorMessage', '')).split())}"


def _summary(refused: Mapping[str, str]) -> str:
    reasons: Collection[str] = dict.fromkeys(refused.values())
    more = f" (and {len(reasons) - 1} more reasons)" if len(reasons) > 1 else ""
    return f"{len(refused)} findings were rejected: {next(iter(reasons))}{more}"


_SAID: Final[Mapping[str, str]] = {
    "InvalidAccessException": "Security Hub is not enabled there",
    "AccessDenied": f"the credentials lack {' or '.join(GRANTS)}",
    "AccessDeniedException": f"the credentials lack {' or '.join(GRANTS)}",
}


def _sentence(error: Exception) -> str:
    if isinstance(error, SourceError):
        return error.problem
    code = error.response.get("Error", {}).get("Code", "") if isinstance(error, ClientError) else ""
    return _SAID.get(code) or " ".join(str(error).split())
