"""What is wrong with the permissions of a principal, each fault once, at the statement that grants most.

A principal is a role, a user or a group with all its policies. A finding belongs to the resource that holds the
statement: the role itself, or the policy that is attached to it. A managed policy whose holders are not in the input
is judged as if one principal held exactly it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Final, TypeAlias, TypeGuard

import msgspec

from wa_lint import policy
from wa_lint.cel.types import BOOL, DYN, STRING, ListType
from wa_lint.facts import iam
from wa_lint.facts.fact import Fact, seen, unseen, value_of, why_more
from wa_lint.graph import Cell
from wa_lint.model import ABSENT, Unknown, Unresolved, Value
from wa_lint.policy import actions
from wa_lint.policy.actions import Action
from wa_lint.policy.admission import PASSED_TO, Admitted, admits
from wa_lint.policy.document import Statement, covers, is_whole, read, takes_action
from wa_lint.policy.effective import Principal, principal_of
from wa_lint.policy.escalation import PASS_ROLE, ROLES, SELF_GRANTING, opened_by
from wa_lint.truth import Truth, every, negate, some

_MANAGED: Final = "AWS::IAM::ManagedPolicy"
_HOLDERS: Final = (
    "attached_roles",
    "attached_users",
    "attached_groups",
    "roles",
    "users",
    "groups",
    "role",
    "user",
    "group",
)
"""The links from a policy to those who hold it."""

_BOUNDED: Final = iam.IDENTITIES[:2]
"""Roles and users: groups have no boundary."""

_ASSUMED: Final = "a principal holds it"


class Granted(msgspec.Struct, frozen=True, eq=False):
    """One statement that a principal has, and where it is written: for AWS's own policies, the ARN that attaches it."""

    place: Cell
    statement: Statement
    is_awss: bool = False


class Holding(msgspec.Struct, frozen=True, eq=False):
    """A principal with its statements in place."""

    principal: Principal
    granted: tuple[Granted, ...]
    hidden: tuple[Cell, ...] = ()
    """Attached policies of which nothing is known."""
    is_user: bool = True
    """Whether it is a user, or may be one."""


class GrantFault(msgspec.Struct, frozen=True, eq=False):
    """What one statement grants that it should not."""

    place: Cell
    truth: Truth
    weight: float = 0
    words: str = ""


Faults: TypeAlias = Callable[[Holding], Iterable[GrantFault]]


# --- principals -------------------------------------------------------------------------------------


def holding(identity: Cell) -> Holding:
    """Return the role, user or group with all that it is granted."""
    own = [*_statements(identity)]
    groups = [
        group for group in seen(identity.select("groups").items())[0] if identity.resource.type == iam.IDENTITIES[1]
    ]
    context = [granted for group in groups for granted in _statements(group)]
    arns = [arn for arn in identity.select("ManagedPolicyArns").items() if isinstance(arn.value, Unknown | Unresolved)]
    return Holding(
        principal_of((one.statement for one in (*own, *context)), _boundary(identity)),
        tuple(own),
        tuple(arn for arn in arns if isinstance(iam.aws_managed_name(arn.value), Unknown)),
        identity.resource.type != iam.IDENTITIES[0],
    )


def _statements(identity: Cell) -> Iterator[Granted]:
    found = iam.granted_statements(identity)
    cells = found if isinstance(found, list) else found.items
    yield from (Granted(cell, read(value_of(cell))) for cell in cells if isinstance(cell, Cell))
    own = identity.select("statements").items()
    yield from (Granted(cell, read(cell.value)) for cell in own if isinstance(cell.value, Unknown))
    for arn in identity.select("ManagedPolicyArns").items():
        yield from (Granted(arn, read(statement), is_awss=True) for statement in iam.statements_behind(identity, arn))


def _alone(document: Cell) -> Holding:
    """Return a principal that holds exactly the statements of one policy."""
    cells = document.select("statements").items()
    granted = tuple(Granted(cell, read(value_of(cell))) for cell in cells)
    return Holding(principal_of(one.statement for one in granted), granted)


def _boundary(identity: Cell) -> tuple[Statement, ...] | Unknown | None:
    at = identity.select("PermissionsBoundary")
    if at.value is ABSENT or at.value is None:
        return None
    linked = identity.select("boundary_policy")
    if isinstance(linked.value, dict):
        return tuple(read(value_of(cell)) for cell in linked.select("statements").items())
    known = iam.statements_of_aws(at.value)
    if known is not None:
        return tuple(read(statement) for statement in known)
    reason = unseen(at.value) or "is not in this input"
    return Unknown(f"its permissions boundary is not known: {reason}")


def _principals(home: Cell) -> list[Holding]:
    """Return who holds what `home` grants. None: nobody does, as of a document that is only a boundary."""
    if home.resource.type in iam.IDENTITIES:
        return [holding_of(home)]
    holders = [cell for name in _HOLDERS for cell in _linked(home, name)]
    if holders:
        return [holding_of(cell) for cell in holders]
    if home.resource.type == _MANAGED and _is_held_by_none(home) is True:
        return []
    return [_alone(home)]


def _linked(home: Cell, name: str) -> list[Cell]:
    cell = home.select(name)
    if isinstance(cell.value, dict):
        return [cell]
    return [item for item in seen(cell.items())[0] if isinstance(item.value, dict)]


def holding_of(identity: Cell) -> Holding:
    found = identity.select("holding").value
    assert isinstance(found, Holding)  # noqa: S101, the fact below
    return found


def _is_held_by_none(home: Cell) -> Truth:
    """Whether a managed policy without a holder is known to have none: the list is complete, or it is a boundary."""
    if _is_named_holder(home):
        return False
    if any(_linked(home, name) for name in ("bounded_roles", "bounded_users")):
        return True
    if why_more(home.world, home, iam.IDENTITIES) is None:
        return True
    bounds = (cell.select("PermissionsBoundary").value for type_ in _BOUNDED for cell in home.world.of_type(type_))
    return next((Unknown(f"it may be a permissions boundary: {b.reason}") for b in bounds if _is_open(b)), False)


def _is_open(value: Value) -> TypeGuard[Unknown | Unresolved]:
    if isinstance(value, Unresolved):
        return not any(isinstance(part, str) or part.target for part in value.parts)
    return isinstance(value, Unknown)


def _is_named_holder(home: Cell) -> bool:
    return any(home.select(name).value not in (ABSENT, None, []) for name in ("Roles", "Users", "Groups"))


# --- where a fault is told --------------------------------------------------------------------------


def told_at(home: Cell, faults: Faults) -> Cell:
    """Return the faults that are told at `home`, the gravest first, as cells at their places; else the one that may be.

    Each principal is told of at the resource that grants it most. The list stands at the resource as a whole, so that
    the places of its items are what a finding names.
    """
    here: list[GrantFault] = []
    for holder in _principals(home):
        found = list(faults(holder))
        worst = _worst(found)
        if worst is not None and worst.place.resource.id == home.resource.id:
            here += [fault for fault in found if fault.place.resource.id == home.resource.id]
    certain = sorted((fault for fault in here if fault.truth is True), key=lambda fault: -fault.weight)
    if certain:
        assumes = (_ASSUMED,) if _is_assumed(home) else ()
        return home.with_value([fault.place.assuming(assumes) for fault in _distinct(certain)])
    doubtful = _worst(here)
    return home.with_value([] if doubtful is None else [doubtful.place.with_value(doubtful.truth)])


def _distinct(faults: Iterable[GrantFault]) -> Iterator[GrantFault]:
    """Yield one fault of each place."""
    seen_places: set[tuple[str | int, ...]] = set()
    for fault in faults:
        if fault.place.path not in seen_places:
            seen_places.add(fault.place.path)
            yield fault


def _is_assumed(home: Cell) -> bool:
    is_free = home.resource.type == _MANAGED and not _is_named_holder(home)
    return is_free and not any(_linked(home, name) for name in _HOLDERS)


def _worst(faults: Iterable[GrantFault]) -> GrantFault | None:
    """Return the gravest of those that are so, else of those that may be."""
    found = [fault for fault in faults if fault.truth is not False]
    return max(found, key=lambda fault: (fault.truth is True, fault.weight), default=None)


def is_told_elsewhere(home: Cell, kind: str) -> Truth:
    """Whether nothing here is of this kind, or another finding says it: of another resource, or of an administrator."""
    holders = _principals(home)
    if _is_assumed(home) and isinstance(doubt := _is_held_by_none(home), Unknown):
        return doubt
    faults = [fault for holder in holders for fault in KINDS[kind](holder)]
    if not any(fault.place.resource.id == home.resource.id for fault in faults):
        return True
    worst = [fault for holder in holders if (fault := _worst(KINDS[kind](holder))) is not None]
    return bool(worst) and not any(fault.place.resource.id == home.resource.id for fault in worst)


def words_of(home: Cell, kind: str) -> str:
    worst = [fault for holder in _principals(home) if (fault := _worst(KINDS[kind](holder))) is not None]
    fault = _worst(one for one in worst if one.place.resource.id == home.resource.id)
    return fault.words if fault else ""


# --- faults -----------------------------------------------------------------------------------------


def administrator(holder: Holding) -> Iterator[GrantFault]:
    """Statements by which the holder may do anything, or grant itself anything with one call."""
    for one in _allowing(holder.granted):
        answers = [_may(holder, one.statement, action, shape) for action, shape in SELF_GRANTING]
        yield GrantFault(one.place, some(answers), 2 * (is_whole(one.statement.resources) is True) - one.is_awss)
    yield from (GrantFault(cell, Unknown(unseen(cell.value) or "it is not known"), -1) for cell in holder.hidden)


def _administers(holder: Holding, statement: Statement) -> Truth:
    """Whether a finding says that a statement makes an administrator. Of one under a Condition more is to be said."""
    answer = some(_may(holder, statement, action, shape) for action, shape in SELF_GRANTING)
    if isinstance(answer, Unknown) and statement.condition is not ABSENT:
        free = msgspec.structs.replace(statement, condition=ABSENT)
        return False if _administers(holder, free) is True else answer
    return answer


def _may(holder: Holding, statement: Statement, action: str, shape: str) -> Truth:
    return holder.principal.may_by(statement, action, shape)


def _unless_administrator(holder: Holding, faults: Faults) -> Iterator[GrantFault]:
    """Yield faults of which the finding about an administrator does not speak already."""
    said = [(one.place, _administers(holder, one.statement)) for one in _allowing(holder.granted)]
    if any(truth is True for _, truth in said):
        return
    doubts = [(place, truth) for place, truth in said if isinstance(truth, Unknown)]
    for fault in faults(holder):
        own = [truth for place, truth in doubts if _is_within(fault.place, place)]
        yield msgspec.structs.replace(fault, truth=every((fault.truth, *map(negate, own))))
    yield from (GrantFault(place, truth, -2) for place, truth in doubts if not _is_arn(place))


def _is_within(inner: Cell, outer: Cell) -> bool:
    return inner.resource is outer.resource and inner.path[: len(outer.path)] == outer.path


def _is_arn(place: Cell) -> bool:
    return "ManagedPolicyArns" in place.path


def self_granting(holder: Holding) -> Iterator[GrantFault]:
    """Statements that open a documented path to more permissions."""
    for one in _own(holder):
        yield GrantFault(one.place, truth=False)
        for path, truth in opened_by(one.statement, holder.principal, is_user=holder.is_user):
            with_ = " with " + " and ".join(path.also) if path.also else ""
            place = _naming(one.place, path.first)
            yield GrantFault(place, truth, not path.service, f"{path.first}{with_}, it {path.effect}")


def pass_role(holder: Holding) -> Iterator[GrantFault]:
    """Statements that let the holder pass any role to any service."""
    for one in _own(holder):
        if takes_action(one.statement, PASS_ROLE) is False:
            continue
        admitted = admits(one.statement.condition, PASSED_TO)
        if admitted in {Admitted.SOME, Admitted.NOBODY}:
            yield GrantFault(one.place, truth=False)
            continue
        context = {"iam:passedtoservice": "any-service.amazonaws.com"} if admitted is Admitted.EVERYONE else None
        truth = holder.principal.may_by(one.statement, PASS_ROLE, ROLES, context)
        yield GrantFault(_wide(one.place, one.statement, [ROLES]), truth)


def presigned_urls(holder: Holding) -> Iterator[GrantFault]:
    """Statements that let the holder open the session of any user of Studio, of a notebook or of MLflow.

    A statement under a Condition passes, whatever it says, and so does one that allows the whole service: that has a
    finding of its own.
    """
    for one in _own(holder):
        yield GrantFault(one.place, one.statement.hidden or False)
        if one.statement.actions.excludes or one.statement.condition is not ABSENT:
            continue
        named = [cell for cell in _items(one.place, "Action") if policy.service_wildcard(cell.value) is not True]
        for action in (known for name in _PRESIGNED for known in actions.matching(name)):
            cell = next((c for c in named if policy.action_matches(c.value, action.name) is not False), None)
            if cell is not None:
                truth = some(_may(holder, one.statement, action.name, shape) for shape in action.arns)
                yield GrantFault(cell, truth, 0, action.name)


_PRESIGNED: Final = (
    "sagemaker:CreatePresignedDomainUrl",
    "sagemaker:CreatePresignedNotebookInstanceUrl",
    "sagemaker:CreatePresignedMlflowTrackingServerUrl",
    "sagemaker:CreatePresignedMlflowAppUrl",
    "sagemaker:CreatePartnerAppPresignedUrl",
)


def whole_services(holder: Holding) -> Iterator[GrantFault]:
    """Statements that allow every action of a service."""
    for one in _own(holder):
        if one.statement.actions.excludes:
            continue
        for cell in _items(one.place, "Action"):
            truth = every((one.statement.is_allow, policy.service_wildcard(cell.value)))
            service = cell.value.partition(":")[0] if isinstance(cell.value, str) else ""
            if truth is True and _is_all_barred(holder, service):
                truth = False
            wide = 10 * (is_whole(one.statement.resources) is True)
            weight = wide + (5 if service.strip("*") == "" else len(_whole(one.place)))
            yield GrantFault(cell, truth, weight, ", ".join(_whole(one.place)))


def _whole(place: Cell) -> list[str]:
    cells = _items(place, "Action")
    return [c.value for c in cells if isinstance(c.value, str) and policy.service_wildcard(c.value) is True]


def _is_all_barred(holder: Holding, service: str) -> bool:
    """Whether a Deny or the boundary leaves nothing of a whole service."""
    name = "any-service" if "*" in service else service
    shape = "arn:%:s3:::%" if name == "s3" else f"arn:%:{name}:%:%:%"
    return holder.principal.is_barred(f"{name}:\ue000AnyAction", shape) is True


def left_out_actions(holder: Holding) -> Iterator[GrantFault]:
    """Statements that allow all actions but some, on every resource."""
    for one in _own(holder):
        if not one.statement.actions.excludes:
            yield GrantFault(one.place, one.statement.hidden or False)
            continue
        truth = _may(holder, one.statement, "\ue000any-service:AnyAction", "arn:%:\ue000any-service:%:%:%")
        names = ", ".join(v for v in one.statement.actions.patterns if isinstance(v, str))
        yield GrantFault(one.place.select("NotAction"), truth, -len(one.statement.actions.patterns), names)


def wide_resources(holder: Holding) -> Iterator[GrantFault]:
    """Statements that allow, on every resource, actions that can be limited to some."""
    whole = [p for one in _own(holder) if is_whole(one.statement.resources) is True for p in _whole(one.place)]
    for one in _own(holder):
        if one.statement.actions.excludes:
            continue
        cells = [cell for cell in _items(one.place, "Action") if not _is_plain_logging(cell.value, one.statement)]
        faults = [_wide_action(holder, one, cell, whole) for cell in cells]
        worst = _worst(fault for fault in faults if fault)
        if worst is None:
            yield GrantFault(one.place, truth=False)
        else:
            number = len({f.words for f in faults if f and f.truth is True}) - 1
            more = "" if number <= 0 else f" and {number} more"
            yield msgspec.structs.replace(worst, words=worst.words + more, weight=worst.weight + number / 100)


def _wide_action(holder: Holding, one: Granted, cell: Cell, whole: Sequence[str]) -> GrantFault | None:
    """Return the gravest action of one pattern that the statement allows on all resources of a type.

    `whole`: the services that the holder has whole, of which another finding speaks.
    """
    pattern = cell.value
    known = actions.matching(pattern) if isinstance(pattern, str) else ()
    if not known and isinstance(pattern, str) and actions.has_service(pattern):
        return None  # no such action: it grants nothing
    if not known:
        reason = unseen(pattern) or f"{pattern} is not in the list of IAM actions"
        return GrantFault(cell, every((Unknown(reason), one.statement.is_allow, _is_broad(one.statement))))
    if policy.service_wildcard(pattern) is True:
        return None
    for action in sorted(known, key=_gravity, reverse=True):
        if _gravity(action) < _GRAVE:
            return None
        if any(policy.action_matches(service, action.name) is True for service in whole):
            continue
        shapes = _nameable(action)
        truth = some(_may(holder, one.statement, action.name, shape) for shape in shapes)
        if truth is not False:
            return GrantFault(_wide(one.place, one.statement, shapes), truth, _gravity(action), action.name)
    return None


def _is_plain_logging(pattern: Value, statement: Statement) -> bool:
    """Whether it is a part of what AWS's basic policy for functions grants: create a log group, and write into it."""
    is_group = isinstance(pattern, str) and pattern.lower() == "logs:createloggroup"
    return is_group and takes_action(statement, "logs:PutLogEvents") is True


def _is_broad(statement: Statement) -> Truth:
    """Whether a statement may be about all resources of some type."""
    if statement.resources.excludes:
        return True
    return some(policy.covers_all(pattern) for pattern in statement.resources.patterns)


# --- gravity ----------------------------------------------------------------------------------------

_GRAVE: Final = 3
"""Below it are the actions that list or describe resources, or tag them."""
_BY_LEVEL: Final[Mapping[str, float]] = {"P": 5, "W": 4, "R": 1, "T": 1, "L": 0}
_DESTROYING: Final = ("delete", "terminate", "remove", "purge")
_UNIMPORTANT: Final = frozenset(
    {
        "cloudwatch:putmetricdata",
        "iam:createservicelinkedrole",
        "iam:passrole",
        "logs:createlogstream",
        "logs:putlogevents",
        "sts:getsessiontoken",
        "xray:puttelemetryrecords",
        "xray:puttracesegments",
    }
)
"""Actions that AWS's own policies for functions and containers grant on everything, and PassRole, which has a rule."""
_READS_DATA: Final = frozenset(
    {
        "athena:getqueryresults",
        "codecommit:gitpull",
        "dynamodb:batchgetitem",
        "dynamodb:getitem",
        "dynamodb:getrecords",
        "dynamodb:query",
        "dynamodb:scan",
        "kinesis:getrecords",
        "kms:decrypt",
        "logs:filterlogevents",
        "logs:getlogevents",
        "rds-data:executestatement",
        "s3:getobject",
        "s3:getobjectversion",
        "sagemaker:getrecord",
        "sagemaker:batchgetrecord",
        "sagemaker:invokeendpoint",
        "sagemaker:invokeendpointasync",
        "sagemaker:invokeendpointwithresponsestream",
        "secretsmanager:batchgetsecretvalue",
        "secretsmanager:getsecretvalue",
        "sqs:receivemessage",
        "ssm:getparameter",
        "ssm:getparameters",
        "ssm:getparametersbypath",
    }
)
"""Actions of the level read that give the data itself, a secret or an inference away."""


def _gravity(action: Action) -> float:
    name = action.name.lower()
    if name in _UNIMPORTANT or any("network-interface/" in arn for arn in action.arns):
        return 0
    if name in _READS_DATA:
        return _GRAVE
    verb = name.partition(":")[2]
    return _BY_LEVEL[action.level] + 0.5 * (action.level == "W" and verb.startswith(_DESTROYING))


def _nameable(action: Action) -> list[str]:
    """Return the ARNs of the action's resources that are the account's own: of no foundation model."""
    return [arn for arn in action.arns if arn.startswith("arn:%:s3:::") or arn.split(":")[4]]


# --- places -----------------------------------------------------------------------------------------


def _own(holder: Holding) -> Iterator[Granted]:
    """Yield what customers allow: AWS's own policies have a rule of their own."""
    return (one for one in _allowing(holder.granted) if not one.is_awss)


def _allowing(granted: Iterable[Granted]) -> Iterator[Granted]:
    return (one for one in granted if one.statement.is_allow is not False)


def _items(statement: Cell, name: str) -> Sequence[Cell]:
    """Return the patterns of an element; of a statement of which nothing is known, that statement."""
    if isinstance(statement.value, Unknown):
        return [statement]
    return iam.each(statement.select(name))


def _naming(statement: Cell, action: str) -> Cell:
    """Return the pattern of a statement that names `action`."""
    for name in ("Action", "NotAction"):
        for cell in _items(statement, name):
            if name == "NotAction" or policy.action_matches(cell.value, action) is True:
                return cell if name == "Action" else statement.select(name)
    return statement


def _wide(place: Cell, statement: Statement, shapes: Sequence[str]) -> Cell:
    """Return the resource pattern of a statement that covers one of the shapes."""
    if statement.resources.excludes:
        return place.select("NotResource")
    cells = _items(place, "Resource")
    for truth in (True, None):
        for cell in cells:
            answers = [covers(value_of(cell), shape) for shape in shapes]
            if any(answer is True or (truth is None and answer is not False) for answer in answers):
                return cell
    return place


# --- the table --------------------------------------------------------------------------------------

KINDS: Final[Mapping[str, Faults]] = {
    "administrator": administrator,
    "self_granting": lambda holder: _unless_administrator(holder, self_granting),
    "pass_role": lambda holder: _unless_administrator(holder, pass_role),
    "presigned_urls": lambda holder: _unless_administrator(holder, presigned_urls),
    "whole_services": lambda holder: _unless_administrator(holder, whole_services),
    "left_out_actions": lambda holder: _unless_administrator(holder, left_out_actions),
    "wide_resources": lambda holder: _unless_administrator(holder, wide_resources),
}
"""The faults of permissions by the name of their fact."""


def _facts() -> Iterator[Fact]:
    for type_ in (*iam.IDENTITIES, *iam.ATTACHED):
        reads = (*iam.ATTACHED, *iam.IDENTITIES)
        for kind, faults in KINDS.items():
            yield Fact(type_, "", kind, reads, ListType(DYN), _doc(faults), _teller(faults))
            yield Fact(
                type_,
                "",
                f"{kind}_is_told_elsewhere",
                reads,
                BOOL,
                "Whether another resource tells it.",
                _pointer(kind),
            )
            yield Fact(type_, "", f"{kind}_in_words", reads, STRING, "What it grants, in words.", _wording(kind))
    for type_ in iam.IDENTITIES:
        yield Fact(type_, "", "holding", reads, DYN, "The principal with all its statements.", holding)


def _doc(faults: Faults) -> str:
    return f"{(faults.__doc__ or '').strip()} The gravest comes first."


def _teller(faults: Faults) -> Callable[[Cell], object]:
    return lambda home: told_at(home, faults)


def _pointer(kind: str) -> Callable[[Cell], object]:
    return lambda home: is_told_elsewhere(home, kind)


def _wording(kind: str) -> Callable[[Cell], object]:
    return lambda home: words_of(home, kind)


FACTS: Final[tuple[Fact, ...]] = tuple(_facts())
