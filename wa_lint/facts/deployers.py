"""Who may change an endpoint besides what deploys it: the roles that people work with. It asks no trail."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from wa_lint.cel.types import DYN, ListType
from wa_lint.facts.fact import Fact, gathered, in_account, is_template, why_more
from wa_lint.facts.iam import ATTACHED, Permissions
from wa_lint.graph import Cell, World
from wa_lint.model import ABSENT, Absent, Hole, Partial, Resource, Unknown, Unresolved, Value
from wa_lint.truth import Truth, some

_ENDPOINT: Final = "AWS::SageMaker::Endpoint"
_ROLE: Final = "AWS::IAM::Role"
_WORK: Final = ("notebooks", "domains", "user_profiles")
"""The links from a role to where people use it."""

_ACTION: Final = "sagemaker:UpdateEndpoint"
_TYPES: Final = tuple(f"AWS::SageMaker::{word}" for word in ("NotebookInstance", "Domain", "UserProfile"))


def human_deployers(endpoint: Cell) -> list[Cell] | Partial | Absent:
    """Return the roles of notebooks and of Studio that may replace what the endpoint serves.

    Of a template, those in it, for who else works in the account it does not say; ABSENT where nobody works in it.
    """
    if is_template(endpoint):
        endpoint = World(endpoint.world.graph, endpoint.world.scenario, is_closed=True).cell(endpoint.resource)
        if not endpoint.world.recall(("people",), lambda: _has_people(endpoint)):
            return ABSENT
    arn = _arn(endpoint)
    found: list[Cell] = []
    reason = why_more(endpoint.world, endpoint, (_ROLE, *_TYPES))
    for resource, is_used in _roles_of_people(endpoint):
        role = endpoint.world.cell(resource)
        allowed = _may(role, arn)
        if is_used is True and allowed is True:
            found.append(role)
        elif allowed is not False:
            reason = reason or next(doubt.reason for doubt in (is_used, allowed) if isinstance(doubt, Unknown))
    return gathered(found, reason)


def _roles_of_people(endpoint: Cell) -> Sequence[tuple[Resource, Truth]]:
    """Return the roles of the endpoint's account that may update some endpoint, and whether people work with each.

    All endpoints of an account have the same: they are looked for once.
    """
    world, account = endpoint.world, endpoint.resource.account
    return world.recall(("roles of people", account), lambda: list(_found_roles(endpoint)))


def _found_roles(endpoint: Cell) -> Iterator[tuple[Resource, Truth]]:
    for role in in_account(endpoint, _ROLE):
        is_used = _is_used(role)
        if is_used is not False and _may(role, _ANY_ENDPOINT) is not False:
            yield role.resource, is_used


def _has_people(endpoint: Cell) -> bool:
    """Whether people may work with a role of the template."""
    return any(_is_used(role) is not False for role in in_account(endpoint, _ROLE))


def _is_used(role: Cell) -> Truth:
    """Return whether a notebook or Studio has the role."""
    used = (user for link in _WORK for user in role.select(link).items())
    return some(user.value if isinstance(user.value, Unknown) else True for user in used)


def _may(role: Cell, arn: Value) -> Truth:
    found: object = role.select("permissions").value
    return found.allows(_ACTION, arn) if isinstance(found, Permissions) else Unknown("its policies are not known")


def _arn(endpoint: Cell) -> Value:
    """Return the ARN of the endpoint, with holes for what only the deployment knows."""
    if endpoint.resource.arn:
        return endpoint.resource.arn
    name = endpoint.select("EndpointName").value
    named = name.lower() if isinstance(name, str) else Hole(endpoint.resource.id, target=endpoint.resource.id)
    return _unresolved(named)


def _unresolved(name: str | Hole) -> Unresolved:
    parts = ("arn:", Hole("partition"), ":sagemaker:", Hole("region"), ":", Hole("account"), ":endpoint/", name)
    return Unresolved("the ARN of the endpoint is known only after deployment", parts)


_ANY_ENDPOINT: Final = _unresolved(Hole("endpoint"))


FACTS: Final[tuple[Fact, ...]] = (
    Fact(
        _ENDPOINT,
        "",
        "human_deployers",
        (_ROLE, *ATTACHED, *_TYPES),
        ListType(DYN),
        "The roles of notebooks and of Studio that may update it. Absent in a template without such a role.",
        human_deployers,
        is_optional=True,
        items_at=(_ROLE, ""),
    ),
)
