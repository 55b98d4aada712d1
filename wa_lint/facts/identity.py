"""What is wrong with the permissions of a principal, each fault once, at the statement that grants most.

A principal is a role, a user or a group with all its policies. A finding belongs to the resource that holds the
statement: the role itself, or the policy that is attached to it. A managed policy whose holders are not in the input
is judged as if one principal held exactly it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import Final, TypeAlias, TypeGuard

import msgspec

from wa_lint import policy
from wa_lint.cel.types import BOOL, DYN, STRING, ListType
from wa_lint.facts import iam, ml_grants, running_code
from wa_lint.facts.fact import Fact, seen, unseen, value_of, why_more
from wa_lint.facts.holding import (
    Granted,
    GrantFault,
    Holding,
    allowing,
    alone,
    holding,
    holding_of,
    items_of,
    naming,
    own,
    wide_at,
)
from wa_lint.facts.ml_uses import ROLE_READS, has_ml_holder
from wa_lint.graph import Cell
from wa_lint.model import ABSENT, Unknown, Unresolved, Value
from wa_lint.policy import actions
from wa_lint.policy.actions import Action
from wa_lint.policy.admission import PASSED_TO, Admitted, admits
from wa_lint.policy.document import Statement, is_whole, takes_action
from wa_lint.policy.escalation import PASS_ROLE, ROLES, RUNNING, SELF_GRANTING, in_words, opened_by, opened_on_itself
from wa_lint.policy.gravity import grave_of, gravity, nameable, named, needs_star, reads_of
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


Faults: TypeAlias = Callable[[Holding], Iterable[GrantFault]]
_Choice: TypeAlias = Callable[[Sequence[Action]], Sequence[Action]]
"""Which of the actions that a pattern matches are asked about, the gravest first."""
_IsTold: TypeAlias = Callable[[Granted, Action], Truth]
"""Whether a more precise rule reports what a statement grants."""


class _Asked(msgspec.Struct, frozen=True):
    """What is asked of each statement."""

    choose: _Choice
    is_told: _IsTold
    whole: tuple[str, ...]
    """The services that the holder has whole, of which another finding speaks."""


# --- principals -------------------------------------------------------------------------------------


def _principals(home: Cell) -> list[Holding]:
    """Return who holds what `home` grants. None: nobody does, as of a document that is only a boundary."""
    if home.resource.type in iam.IDENTITIES:
        return [holding_of(home)]
    holders = [cell for name in _HOLDERS for cell in _linked(home, name)]
    if holders:
        return [holding_of(cell) for cell in holders]
    if home.resource.type == _MANAGED and _is_held_by_none(home) is True:
        return []
    return [alone(home)]


def _linked(home: Cell, name: str) -> list[Cell]:
    cell = home.select(name)
    if isinstance(cell.value, dict):
        return [cell]
    return [item for item in seen(cell.items())[0] if isinstance(item.value, dict)]


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


# --- where a fault is reported --------------------------------------------------------------------------


def told_at(home: Cell, faults: Faults) -> Cell:
    """Return the faults that are reported at `home`, as cells at their places, gravest first; else the possible one.

    Each principal is reported at the resource that grants it most; where none is certain, at each that may. The list
    is at the resource as a whole, so that the places of its items are what a finding names.
    """
    here: list[GrantFault] = []
    for holder in _principals(home):
        here += _told_at(home, list(faults(holder)))
    certain = sorted((fault for fault in here if fault.truth is True), key=lambda fault: -fault.weight)
    if certain:
        assumes = (_ASSUMED,) if _is_assumed(home) else ()
        return home.with_value([fault.place.assuming(assumes) for fault in _distinct(certain)])
    doubtful = _worst(here)
    return home.with_value([] if doubtful is None else [doubtful.place.with_value(doubtful.truth)])


def _told_at(home: Cell, faults: Sequence[GrantFault]) -> list[GrantFault]:
    """Return the faults of one principal that are reported at `home`."""
    worst = _worst(faults)
    here = [fault for fault in faults if fault.place.resource.id == home.resource.id]
    if worst is None or (worst.truth is True and worst not in here):
        return []
    return here if any(fault.truth is not False for fault in here) else []


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
    faults = [list(KINDS[kind](holder)) for holder in holders]
    if not any(fault.place.resource.id == home.resource.id for of_one in faults for fault in of_one):
        return True
    return any(map(_worst, faults)) and not any(_told_at(home, of_one) for of_one in faults)


def words_of(home: Cell, kind: str) -> str:
    """Return what the faults that are reported at `home` grant, the gravest first: ``s3:PutObject and 2 more``."""
    here: list[GrantFault] = []
    for holder in _principals(home):
        told = _told_at(home, list(KINDS[kind](holder)))
        here += [fault for fault in told if worst.truth is fault.truth] if (worst := _worst(told)) else []
    here.sort(key=lambda fault: -fault.weight)
    said = list(dict.fromkeys(name for fault in here for name in (fault.words, *fault.more) if name))
    if kind in _SENTENCES:
        return said[0] if said else ""
    most = _MOST_NAMED if kind in _LISTS else 1
    return ", ".join(said[:most]) + (f" and {len(said) - most} more" if len(said) > most else "")


_SENTENCES: Final = frozenset({"self_granting", "other_roles", "left_out_actions"})
"""The kinds whose words are a phrase of their own, which the gravest says."""
_LISTS: Final = frozenset({"whole_services"})
"""The kinds that name all that they grant, up to `_MOST_NAMED`."""
_MOST_NAMED: Final = 5


# --- faults -----------------------------------------------------------------------------------------


def administrator(holder: Holding) -> Iterator[GrantFault]:
    """Statements by which the holder may do anything, or grant itself anything with one call."""
    for one in allowing(holder.granted):
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
    said = [(one.place, _administers(holder, one.statement)) for one in allowing(holder.granted)]
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
    for one in own(holder):
        yield GrantFault(one.place, truth=False)
        to_itself = (opened_on_itself(one.statement, holder.principal, own) for own in holder.own_arns)
        for path, truth in chain(opened_by(one.statement, holder.principal, is_user=holder.is_user), *to_itself):
            place = naming(one.place, path.first)
            yield GrantFault(place, truth, not path.service, f"{in_words(path)}, it {path.effect}")


def other_roles(holder: Holding) -> Iterator[GrantFault]:
    """Statements that let the holder act with the role of what runs already. A path to any role says as much."""
    if not any(fault.truth is True for fault in self_granting(holder)):
        yield from running_code.other_roles(holder)


def pass_role(holder: Holding) -> Iterator[GrantFault]:
    """Statements that let the holder pass any role to any service."""
    for one in own(holder):
        if takes_action(one.statement, PASS_ROLE) is False:
            continue
        admitted = admits(one.statement.condition, PASSED_TO)
        if admitted in {Admitted.SOME, Admitted.NOBODY}:
            yield GrantFault(one.place, truth=False)
            continue
        context = {"iam:passedtoservice": "any-service.amazonaws.com"} if admitted is Admitted.EVERYONE else None
        truth = holder.principal.may_by(one.statement, PASS_ROLE, ROLES, context)
        yield GrantFault(wide_at(one.place, one.statement, [ROLES]), truth)


def presigned_urls(holder: Holding) -> Iterator[GrantFault]:
    """Statements that let the holder open the session of any user of Studio, of a notebook or of MLflow.

    A statement under a Condition passes, whatever it says, and so does one that allows the whole service: that has a
    finding of its own.
    """
    for one in own(holder):
        yield GrantFault(one.place, one.statement.hidden or False)
        if one.statement.actions.excludes or one.statement.condition is not ABSENT:
            continue
        named = [cell for cell in items_of(one.place, "Action") if policy.service_wildcard(cell.value) is not True]
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
    for one in own(holder):
        if one.statement.actions.excludes:
            continue
        for cell in items_of(one.place, "Action"):
            truth = every((one.statement.is_allow, policy.service_wildcard(cell.value)))
            service = cell.value.partition(":")[0] if isinstance(cell.value, str) else ""
            if truth is True and _is_all_barred(holder, service):
                truth = False
            wide = 10 * (is_whole(one.statement.resources) is True)
            weight = wide + (5 if service.strip("*") == "" else len(_whole(one.place)))
            yield GrantFault(cell, truth, weight, cell.value if isinstance(cell.value, str) else "")


def _whole(place: Cell) -> list[str]:
    cells = items_of(place, "Action")
    return [c.value for c in cells if isinstance(c.value, str) and policy.service_wildcard(c.value) is True]


def _is_all_barred(holder: Holding, service: str) -> bool:
    """Whether a Deny or the boundary leaves nothing of a whole service."""
    name = "any-service" if "*" in service else service
    shape = "arn:%:s3:::%" if name == "s3" else f"arn:%:{name}:%:%:%"
    return holder.principal.is_barred(f"{name}:\ue000AnyAction", shape) is True


def left_out_actions(holder: Holding) -> Iterator[GrantFault]:
    """Statements that allow all actions but some, on every resource."""
    for one in own(holder):
        if not one.statement.actions.excludes:
            yield GrantFault(one.place, one.statement.hidden or False)
            continue
        truth = _may(holder, one.statement, "\ue000any-service:AnyAction", "arn:%:\ue000any-service:%:%:%")
        names = ", ".join(v for v in one.statement.actions.patterns if isinstance(v, str))
        yield GrantFault(one.place.select("NotAction"), truth, -len(one.statement.actions.patterns), names)


def wide_resources(holder: Holding) -> Iterator[GrantFault]:
    """Statements that allow, on every resource, actions that change something or give data away, and can be limited."""
    yield from _wide_grants(holder, grave_of, _has_own_rule)


def wide_reads(holder: Holding) -> Iterator[GrantFault]:
    """Statements that allow, on every resource, actions that only read and list, and can be limited.

    Of a holder whose graver actions can be limited too nothing is said: the fix of those is the same.
    """
    graver = (*_wide_grants(holder, grave_of, _has_no_own_rule), *left_out_actions(holder))
    if not any(fault.truth is True for fault in graver):
        yield from _wide_grants(holder, reads_of, _has_no_own_rule)


def _wide_grants(holder: Holding, choose: _Choice, is_told: _IsTold) -> Iterator[GrantFault]:
    """Yield the gravest of the actions asked about in each statement that allows them on all resources of a type."""
    whole = [p for one in own(holder) if is_whole(one.statement.resources) is True for p in _whole(one.place)]
    asked = _Asked(choose, is_told, tuple(whole))
    for one in own(holder):
        if one.statement.actions.excludes:
            continue
        cells = [cell for cell in items_of(one.place, "Action") if not _is_plain_logging(cell.value, one.statement)]
        faults = [fault for cell in cells if (fault := _wide_action(holder, one, cell, asked))]
        worst = _worst(faults)
        if worst is None:
            yield GrantFault(one.place, truth=False)
        else:
            more = dict.fromkeys(f.words for f in faults if f.truth is True and f.words != worst.words)
            yield msgspec.structs.replace(worst, more=tuple(more), weight=worst.weight + len(more) / 100)


def _wide_action(holder: Holding, one: Granted, cell: Cell, asked: _Asked) -> GrantFault | None:
    """Return the gravest action of one pattern that the statement allows on all resources of a type."""
    pattern = cell.value
    known = actions.matching(pattern) if isinstance(pattern, str) else ()
    if not known and isinstance(pattern, str) and actions.has_service(pattern):
        return None  # no such action: it grants nothing
    if not known:
        reason = unseen(pattern) or f"{pattern} is not in the list of IAM actions"
        return GrantFault(cell, every((Unknown(reason), one.statement.is_allow, _is_broad(one.statement))))
    if policy.service_wildcard(pattern) is True or _needs_star(pattern, one.statement):
        return None
    for action in asked.choose(known):
        if any(policy.action_matches(service, action.name) is True for service in asked.whole):
            continue
        shapes = nameable(action)
        granted = some(_may(holder, one.statement, action.name, shape) for shape in shapes)
        truth = granted and every((granted, negate(asked.is_told(one, action))))
        if truth is not False:
            return GrantFault(
                wide_at(one.place, one.statement, shapes), truth, gravity(action), named(action, str(pattern))
            )
    return None


def _has_own_rule(one: Granted, action: Action) -> Truth:
    """Whether a more precise rule reports the action: opening sessions, or decrypting for an ML role."""
    if action.name in ml_grants.DECRYPTING:
        home = one.place.world.closed().cell(one.place.resource)
        return every((ml_grants.decrypts(value_of(one.place)), has_ml_holder(home)))
    return action.name in _PRESIGNED and one.statement.condition is ABSENT


def _has_no_own_rule(_one: Granted, _action: Action) -> Truth:
    return False


def _needs_star(pattern: Value, statement: Statement) -> bool:
    beside = {other.lower() for other in statement.actions.patterns if isinstance(other, str)}
    return isinstance(pattern, str) and needs_star(pattern, beside)


def _is_plain_logging(pattern: Value, statement: Statement) -> bool:
    """Whether it is a part of what AWS's basic policy for functions grants: create a log group, and write into it."""
    is_group = isinstance(pattern, str) and pattern.lower() == "logs:createloggroup"
    return is_group and takes_action(statement, "logs:PutLogEvents") is True


def _is_broad(statement: Statement) -> Truth:
    """Whether a statement may be about all resources of some type."""
    if statement.resources.excludes:
        return True
    return some(policy.covers_all(pattern) for pattern in statement.resources.patterns)


# --- the table --------------------------------------------------------------------------------------

KINDS: Final[Mapping[str, Faults]] = {
    "administrator": administrator,
    "self_granting": lambda holder: _unless_administrator(holder, self_granting),
    "other_roles": lambda holder: _unless_administrator(holder, other_roles),
    "pass_role": lambda holder: _unless_administrator(holder, pass_role),
    "presigned_urls": lambda holder: _unless_administrator(holder, presigned_urls),
    "whole_services": lambda holder: _unless_administrator(holder, whole_services),
    "left_out_actions": lambda holder: _unless_administrator(holder, left_out_actions),
    "wide_resources": lambda holder: _unless_administrator(holder, wide_resources),
    "wide_reads": lambda holder: _unless_administrator(holder, wide_reads),
}
"""The faults of permissions by the name of their fact."""


_WITH_ROLES: Final = tuple(sorted({one.type for one in RUNNING if one.type}))
"""What runs code with a role of its own, where its role is looked up."""

_ALSO_READ: Final[Mapping[str, tuple[str, ...]]] = {
    "other_roles": _WITH_ROLES,
    "wide_resources": ROLE_READS,
    "wide_reads": ROLE_READS,
}
"""What a kind looks at besides the policies and their holders."""


def _facts() -> Iterator[Fact]:
    for type_ in (*iam.IDENTITIES, *iam.ATTACHED):
        for kind, faults in KINDS.items():
            reads = tuple(dict.fromkeys((*iam.ATTACHED, *iam.IDENTITIES, *_ALSO_READ.get(kind, ()))))
            yield Fact(type_, "", kind, reads, ListType(DYN), _doc(faults), _teller(faults))
            yield Fact(
                type_,
                "",
                f"{kind}_is_told_elsewhere",
                reads,
                BOOL,
                "Whether another resource reports it.",
                _pointer(kind),
            )
            yield Fact(type_, "", f"{kind}_in_words", reads, STRING, "What it grants, in words.", _wording(kind))
    for type_ in iam.IDENTITIES:
        reads = (*iam.ATTACHED, *iam.IDENTITIES)
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
