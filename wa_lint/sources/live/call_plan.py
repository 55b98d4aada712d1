"""What has to be called to read given types: the plan of calls and the least-privilege policy. It calls nothing."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Final

import msgspec

from wa_lint.model import Raw
from wa_lint.policy.actions import scopes
from wa_lint.sources.live.collector import ApiCall, Collector
from wa_lint.sources.live.collectors import all_collectors, by_type, service_of
from wa_lint.sources.live.metric_table import metrics_of

METRIC_CALL = ApiCall(operation="GetMetricData")

LARGEST_POLICY: Final = 6144
"""Characters of a managed policy, white space not counted (IAM user guide, IAM and STS quotas, read 2026-11)."""


class Operation(msgspec.Struct, frozen=True, order=True):
    """One API operation of the plan."""

    service: str
    operation: str
    action: str
    """The IAM action that it needs; empty: it needs none."""


IDENTITY: Final = Operation("sts", "GetCallerIdentity", "")
"""The first call of every run. No policy can refuse it (STS API reference, GetCallerIdentity, read 2026-11)."""


TAGS: Final = Operation("resourcegroupstaggingapi", "GetResources", "tag:GetResources")
"""What tells which resources bear a tag: suppressions, and what CloudFormation writes."""

ENTERING: Final = (Operation("sts", "AssumeRole", "sts:AssumeRole"),)
"""What it takes to enter an account by a role."""

ORGANIZATION: Final = (
    Operation("organizations", "ListAccounts", "organizations:ListAccounts"),
    Operation("organizations", "ListAccountsForParent", "organizations:ListAccountsForParent"),
    Operation("organizations", "ListOrganizationalUnitsForParent", "organizations:ListOrganizationalUnitsForParent"),
    *ENTERING,
)
"""What it takes to list the accounts of an organization, or of some of its units, and to enter them."""

ENABLED_REGIONS: Final = (Operation("ec2", "DescribeRegions", "ec2:DescribeRegions"),)
"""What tells which regions are enabled. Where it is refused, all in which SageMaker is offered are tried."""


class Need(msgspec.Struct, frozen=True, order=True):
    """One call of the plan, and what it is for."""

    operation: Operation
    types: tuple[str, ...]
    """The types of whose resources it tells."""
    asked_by: tuple[str, ...] = ()
    """The ids of the rules that look at them."""


def wanted(types: Collection[str] | None) -> list[Collector]:
    """Return the collectors that give resources of `types` (None: all), parents before children.

    Where only the jobs in a definition are requested, its holder is described and no more.
    """
    covered = set(types) if types is not None else set(by_type())
    asked = {c.type for c in all_collectors() if c.type in covered or covered.intersection(c.covers)}
    return [
        c if c.type in asked else msgspec.structs.replace(c, describe=c.describe[:1])
        for c in all_collectors()
        if c.type in asked or covered.intersection(c.holds)
    ]


def listed(collectors: Sequence[Collector]) -> list[Collector]:
    """Return `collectors` and those under whose items they are listed."""
    names = {c.type for c in collectors}
    for collector in reversed(all_collectors()):  # children first, so that one pass finds every ancestor
        if collector.type in names and collector.parent:
            names.add(collector.parent)
    return [c for c in all_collectors() if c.type in names]


def calls_for(type_: str) -> list[Operation]:
    """Return the calls that reading `type_` makes; empty for a type that is not read."""
    return _plan(wanted({type_}))


def operations(
    types: Collection[str] | None, series: Collection[tuple[str, str]] | None = None
) -> list[tuple[str, str]]:
    """Return (service, operation) of all calls that reading `types`, and `series` of them, makes, sorted."""
    return sorted({(call.service, call.operation) for call in _plan(wanted(types), series)})


def iam_actions(types: Collection[str] | None) -> list[str]:
    """Return the IAM actions that reading `types` needs, sorted. sts:GetCallerIdentity needs none."""
    return sorted({call.action for call in _plan(wanted(types))})


class ReadScope(msgspec.Struct, frozen=True):
    """What is read of an account."""

    types: Collection[str] | None = None
    """None: all."""
    series: Collection[tuple[str, str]] | None = None
    """Type and key of the metrics; None: all of `types`."""


def needs(reading: ReadScope, read_by: Mapping[str, ReadScope]) -> list[Need]:
    """Return each call that `reading` makes, sorted, with what it is for. `read_by`: the id of a rule -> its own."""
    types, series = reading.types, reading.series
    told_of = {c.type: _plan([c], series) for c in wanted(types)}
    rules = {rule: frozenset(_plan(wanted(read.types), read.series)) for rule, read in read_by.items()}
    return [
        Need(
            operation,
            tuple(sorted(type_ for type_, calls in told_of.items() if operation in calls)),
            tuple(sorted(rule for rule, calls in rules.items() if operation in calls)),
        )
        for operation in _plan(wanted(types), series)
    ]


def requests(reading: ReadScope, each: int) -> list[Operation]:
    """Return the requests that `reading` makes where there are `each` resources of every type, one entry for each.

    Of what is listed under a parent, `each` are spread over as many parents. A page holds them all. A metric's request
    asks for the series of many resources at once: one.
    """
    collectors = wanted(reading.types)
    lists = [(c, c.listing) for c in listed(collectors) if c.listing]
    once = {(operation_of(c, call), repr(call.fixed)) for c, call in lists if not c.parent}
    below = [operation_of(c, call) for c, call in lists if c.parent]
    details = [operation_of(c, call) for c in collectors for call in c.describe if not call.unless]
    series = [one for one in _plan(collectors, reading.series) if one == metric_operation()] if each else []
    return [*(operation for operation, _ in sorted(once)), *series, *[*below, *details] * each]


def operation_of(collector: Collector, call: ApiCall) -> Operation:
    prefix = service_of(collector.service).iam or collector.service
    return Operation(collector.service, call.operation, call.action or f"{prefix}:{call.operation}")


def metric_operation() -> Operation:
    return Operation("cloudwatch", METRIC_CALL.operation, "cloudwatch:GetMetricData")


def _plan(collectors: Sequence[Collector], series: Collection[tuple[str, str]] | None = None) -> list[Operation]:
    lists = [operation_of(c, c.listing) for c in listed(collectors) if c.listing]
    details = [operation_of(c, call) for c in collectors for call in c.describe]
    metrics = [metric_operation() for m in metrics_of(series) if any(c.type == m.type for c in collectors)]
    return sorted({*lists, *details, *metrics})


# --- the least-privilege policy ---------------------------------------------------------------------

_STATEMENTS: Final[Mapping[str, tuple[str, tuple[str, ...]]]] = {
    "organizations": ("ListAccounts", ("*",)),
    "sts": ("EnterAccounts", ()),
}
"""Service that is called to come to the accounts -> the statement of its calls, and the resources that it is about
(none: the roles). Those of services that resources are read from are in the collector table; else see `_sid`."""


def policy(calls: Iterable[Operation], roles: Sequence[str] = ("arn:*:iam::*:role/*",)) -> Raw:
    """Return the IAM policy document that allows `calls`, and nothing else; None where none needs to be allowed.

    `ListAll` are actions that AWS grants on all resources or on none. `ReadEach` can be granted on some: it says ``*``
    because every resource is read, and may be narrowed by hand. `roles`: the ARNs of those that are assumed.
    """
    actions: dict[str, set[str]] = {}
    resources: dict[str, set[str]] = {}
    for call in calls:
        if call.action:
            sid, on = _STATEMENTS.get(call.service) or _statement_of(call)
            actions.setdefault(sid, set()).add(call.action)
            resources.setdefault(sid, set()).update(on or roles)
    statements = [_statement(sid, sorted(actions[sid]), sorted(resources[sid])) for sid in sorted(actions)]
    return {"Version": "2012-10-17", "Statement": statements} if statements else None


def size(document: Raw) -> int:
    """Return the characters that IAM counts of a policy: none of its white space."""
    return len(msgspec.json.encode(document))


def _statement_of(call: Operation) -> tuple[str, tuple[str, ...]]:
    known = service_of(call.service)
    return (known.statement, known.allows_on) if known.statement else (_sid(call.action), ("*",))


def _sid(action: str) -> str:
    return "ReadEach" if any(scopes(action.lower())) else "ListAll"


def _statement(sid: str, actions: list[str], resources: list[str]) -> Raw:
    return {"Sid": sid, "Effect": "Allow", "Action": actions, "Resource": "*" if resources == ["*"] else resources}


def split(document: Raw) -> list[Raw]:
    """Return the policy as several, each of which IAM takes as a managed one."""
    parts: list[Raw] = []
    for statement in document["Statement"]:
        for action in statement["Action"]:
            grown = _with(parts[-1], statement, action) if parts else None
            if grown is not None and size(grown) <= LARGEST_POLICY:
                parts[-1] = grown
            else:
                parts.append({**document, "Statement": [{**statement, "Action": [action]}]})
    return parts


def _with(document: Raw, statement: Raw, action: str) -> Raw:
    """Return `document` with one more action, in the last statement if that is the action's own."""
    *before, last = document["Statement"]
    if last["Sid"] == statement["Sid"]:
        return {**document, "Statement": [*before, {**last, "Action": [*last["Action"], action]}]}
    return {**document, "Statement": [*before, last, {**statement, "Action": [action]}]}
