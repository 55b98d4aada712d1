"""A principal with all its statements, each in its place: what a role, a user or a group holds. It finds no fault."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import msgspec

from wa_lint import policy
from wa_lint.facts import iam
from wa_lint.facts.fact import seen, value_of
from wa_lint.graph import Cell
from wa_lint.model import ABSENT, Unknown, Unresolved
from wa_lint.policy.document import Statement, covers, read
from wa_lint.policy.effective import Principal, principal_of
from wa_lint.policy.escalation import OwnArn
from wa_lint.truth import Truth


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
    id: str = ""
    """The id of the role, user or group; empty of one that is only supposed to hold a policy."""
    own_arns: tuple[OwnArn, ...] = ()
    """The principal itself, its groups and the customer managed policies that it holds."""


class GrantFault(msgspec.Struct, frozen=True, eq=False):
    """What one statement grants that it should not."""

    place: Cell
    truth: Truth
    weight: float = 0
    words: str = ""
    """What is granted, for a message."""
    more: tuple[str, ...] = ()
    """What else the statement grants of the kind."""


def holding(identity: Cell) -> Holding:
    """Return the role, user or group with all that it is granted."""
    own = [*_statements(identity)]
    groups = [
        group for group in seen(identity.select("groups").items())[0] if identity.resource.type == iam.IDENTITIES[1]
    ]
    managed = [policy for policy in iam.attached_policies(identity) if policy.resource.type == iam.ATTACHED[0]]
    context = [granted for group in groups for granted in _statements(group)]
    arns = [arn for arn in identity.select("ManagedPolicyArns").items() if isinstance(arn.value, Unknown | Unresolved)]
    return Holding(
        principal_of((one.statement for one in (*own, *context)), _boundary(identity)),
        tuple(own),
        tuple(arn for arn in arns if isinstance(iam.aws_managed_name(arn.value), Unknown)),
        identity.resource.type != iam.IDENTITIES[0],
        identity.resource.id,
        tuple(_own_arn(cell) for cell in (identity, *groups, *managed)),
    )


def _own_arn(cell: Cell) -> OwnArn:
    word = cell.resource.type.rpartition("::")[2]
    name, path = cell.resource.name or cell.select(f"{word}Name").value, cell.select("Path").value
    is_plain = isinstance(name, str) and (path is ABSENT or isinstance(path, str))
    full = f"{path if isinstance(path, str) else '/'}{name}".lstrip("/") if is_plain else None
    return OwnArn(word.removeprefix("Managed").lower(), cell.resource.id, full)


def _statements(identity: Cell) -> Iterator[Granted]:
    for cell in iam.statements_held(identity):
        if not isinstance(cell.value, Unknown):
            yield Granted(cell, read(value_of(cell)))
        elif cell.resource.type in iam.DOCUMENTS:
            yield Granted(cell, read(cell.value))
    for arn in identity.select("ManagedPolicyArns").items():
        yield from (Granted(arn, read(statement), is_awss=True) for statement in iam.statements_behind(identity, arn))


def alone(document: Cell) -> Holding:
    """Return a principal that holds exactly the statements of one policy."""
    cells = document.select("statements").items()
    granted = tuple(Granted(cell, read(value_of(cell))) for cell in cells)
    return Holding(principal_of(one.statement for one in granted), granted)


def _boundary(identity: Cell) -> tuple[Statement, ...] | Unknown | None:
    found = iam.boundary(identity)
    return tuple(map(read, found)) if isinstance(found, tuple) else found


def holding_of(identity: Cell) -> Holding:
    found = identity.select("holding").value
    assert isinstance(found, Holding)  # noqa: S101, the fact below
    return found


# --- places -----------------------------------------------------------------------------------------


def own(holder: Holding) -> Iterator[Granted]:
    """Yield what customers allow: AWS's own policies have a rule of their own."""
    return (one for one in allowing(holder.granted) if not one.is_awss)


def allowing(granted: Iterable[Granted]) -> Iterator[Granted]:
    return (one for one in granted if one.statement.is_allow is not False)


def items_of(statement: Cell, name: str) -> Sequence[Cell]:
    """Return the patterns of an element; of a statement of which nothing is known, that statement."""
    if isinstance(statement.value, Unknown):
        return [statement]
    return iam.each(statement.select(name))


def naming(statement: Cell, action: str) -> Cell:
    """Return the pattern of a statement that names `action`."""
    if isinstance(statement.value, Unknown):
        return statement
    for name in ("Action", "NotAction"):
        for cell in items_of(statement, name):
            if name == "NotAction" or policy.action_matches(cell.value, action) is True:
                return cell if name == "Action" else statement.select(name)
    return statement


def wide_at(place: Cell, statement: Statement, shapes: Sequence[str]) -> Cell:
    """Return the resource pattern of a statement that covers one of the shapes."""
    if statement.resources.excludes:
        return place.select("NotResource")
    cells = items_of(place, "Resource")
    for truth in (True, None):
        for cell in cells:
            answers = [covers(value_of(cell), shape) for shape in shapes]
            if any(answer is True or (truth is None and answer is not False) for answer in answers):
                return cell
    return place
