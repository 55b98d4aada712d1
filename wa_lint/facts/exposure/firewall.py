"""Whether a web ACL lets strangers through: one that blocks all but a set of networks does not. Follows no way."""

from __future__ import annotations

from typing import Final

from wa_lint import policy
from wa_lint.facts.exposure.resource_policies import narrow_networks
from wa_lint.facts.fact import closed, head_of, unseen, value_of
from wa_lint.graph import Cell
from wa_lint.model import ABSENT, Unknown, Value
from wa_lint.truth import Truth, every, negate, some


def is_open(guarded: Cell) -> Truth:
    """Whether strangers pass the web ACL of a stage, a load balancer or an API. Without one they do."""
    return every(_by(one) for one in closed(guarded).select("web_acls").items())


def _by(association: Cell) -> Truth:
    hidden = unseen(head_of(association))
    return Unknown(f"its web ACL is not known: {hidden}") if hidden else lets_through(association)


def lets_through(holder: Cell) -> Truth:
    """Whether strangers pass the web ACL that an association or a distribution names."""
    acl = holder.select("web_acl")
    if head_of(acl) is ABSENT:
        return True
    if hidden := unseen(head_of(acl)):
        return Unknown(f"the web ACL is not known: {hidden}")
    rules = acl.select("Rules").items()
    if hidden := next((unseen(rule.value) for rule in rules if unseen(rule.value)), None):
        return Unknown(f"the rules of the web ACL are not known: {hidden}")
    if acl.select("DefaultAction").select("Block").value is not ABSENT:
        return some(_lets_strangers_in(rule) for rule in rules)
    return negate(some(_spares_few(rule.select("Statement")) for rule in rules if _acts(rule, "Block")))


def _lets_strangers_in(rule: Cell) -> Truth:
    """Whether a rule of an ACL that blocks by default allows strangers. Managed rule groups allow nothing."""
    statement = rule.select("Statement")
    if statement.select("RuleGroupReferenceStatement").value is not ABSENT:
        return Unknown("a rule group of the web ACL is not read")
    return negate(_picks_few(statement)) if _acts(rule, "Allow") else False


def _acts(rule: Cell, action: str) -> bool:
    return rule.select("Action").select(action).value is not ABSENT


def _picks_few(statement: Cell) -> Truth:
    """Whether only known callers meet a statement: those of some networks. A country is no such set."""
    if hidden := unseen(statement.value):
        return Unknown(hidden)
    if (few := statement.select("IPSetReferenceStatement")).value is not ABSENT:
        return _is_few(few, statement)
    for name, join in (("AndStatement", some), ("OrStatement", every)):
        if (inner := statement.select(name)).value is not ABSENT:
            return join(_picks_few(one) for one in inner.select("Statements").items())
    if any(statement.select(name).value is not ABSENT for name in _MANY):
        return False
    return Unknown("a rule of the web ACL looks at the request, and wa-lint does not read for what")


_MANY: Final = (
    "GeoMatchStatement",
    "AsnMatchStatement",
    "NotStatement",
    "RateBasedStatement",
    "SizeConstraintStatement",
)
"""Statements that many callers meet, anyone who they are."""


def _spares_few(statement: Cell) -> Truth:
    """Whether all but known callers meet a statement."""
    negated = statement.select("NotStatement")
    if negated.value is ABSENT:
        return False
    return _picks_few(negated.select("Statement"))


def _is_few(reference: Cell, statement: Cell) -> Truth:
    """Whether the addresses of an IP set leave out most of the internet."""
    named = reference.select("Arn")
    found = _ip_set(named, statement)
    if found is None:
        return Unknown("the IP set of the web ACL is not in this input")
    addresses = value_of(found.select("Addresses"))
    if hidden := unseen(addresses):
        return Unknown(hidden)
    return narrow_networks(policy.listed(addresses))


def _ip_set(named: Cell, statement: Cell) -> Cell | None:
    target = _target(named.value)
    for one in statement.world.of_type("AWS::WAFv2::IPSet"):
        if one.resource.id == target or (one.resource.arn and one.resource.arn == named.value):
            return one
    return None


def _target(value: Value) -> str | None:
    return getattr(value, "target", None)
