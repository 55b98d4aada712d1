"""What the resource policies in front of a model say to strangers: of an API, a function, a network. Follows no way.

Every call into `wa_lint.policy` that decides whom a policy admits is here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from wa_lint import policy
from wa_lint.facts.fact import closed, head_of, unseen, value_of
from wa_lint.graph import Cell
from wa_lint.model import ABSENT, Hole, Unknown, Unresolved, Value
from wa_lint.policy import admission
from wa_lint.policy.admission import Admitted
from wa_lint.policy.wildcards import parts_of
from wa_lint.truth import Truth, equals, every, negate, some

_INVOKE: Final = "execute-api:Invoke"
_HARMLESS: Final = frozenset({"aws:securetransport", "s3:tlsversion", "aws:secureTransport".lower()})
"""Keys (lower case) of a Deny that every client can meet or avoid."""


# --- API Gateway ------------------------------------------------------------------------------------


def api_is_open(statements: Sequence[Value], verb: Value) -> Truth:
    """Whether the resource policy of a REST API lets a stranger call a method with this verb.

    Where the method asks for no authorization, the policy alone decides, and what it does not allow is refused (API
    Gateway developer guide, "How API Gateway resource policies affect authorization workflow").
    """
    opened = some(every((policy.lets_in_everyone(one), _covers_invoke(one, verb))) for one in statements)
    return every((opened, *(negate(_shuts(one, verb)) for one in statements)))


def _shuts(statement: Value, verb: Value) -> Truth:
    """Whether a Deny leaves only callers with fixed values, or nobody; Unknown where it says no such thing."""
    is_deny = policy.has_effect(statement, "Deny")
    if is_deny is False or not isinstance(statement, dict):
        return is_deny if isinstance(is_deny, Unknown) else False
    condition = statement.get("Condition", ABSENT)
    allow: Value = {**{k: v for k, v in statement.items() if k != "Condition"}, "Effect": "Allow"}
    hits = every((is_deny, policy.lets_in_everyone(allow), _covers_invoke(statement, verb)))
    if hits is False or _is_harmless(condition) is True:
        return False
    if admission.is_conditional(condition) is False:
        return hits
    spares = admission.spares_only_some(condition)
    if spares is True:
        return hits
    if admission.admits(condition) is Admitted.SOME:  # it refuses a few
        return False
    return Unknown(unseen(spares) or "the API's resource policy denies some callers")


def _is_harmless(condition: Value) -> Truth:
    if not isinstance(condition, dict) or not condition:
        return False
    keys = [key.lower() for tests in condition.values() if isinstance(tests, dict) for key in tests]
    return bool(keys) and all(key in _HARMLESS for key in keys)


def _covers_invoke(statement: Value, verb: Value) -> Truth:
    if not isinstance(statement, dict):
        return unseen_of(statement)
    resources = policy.listed(statement.get("Resource", ABSENT))
    covered = some(_covers(resource, verb) for resource in resources) if resources else True
    return every((policy.matches_action(statement, _INVOKE), covered))


def _covers(resource: Value, verb: Value) -> Truth:
    """Whether ``execute-api:/STAGE/VERB/PATH``, or the ARN of it, covers a method with this verb."""
    parts = parts_of(resource)
    if not parts:
        return unseen_of(resource)
    text = "".join(part if isinstance(part, str) else "\0" for part in parts)
    _, slash, tail = text.partition("/")
    _, said, path = (*tail.split("/", 2), "", "")[:3]
    if not slash or set(tail) <= set("*/"):
        return True
    if said and not set(said) <= set("*\0") and isinstance(verb, str) and verb not in ("ANY", said):
        return False
    if set(path) <= set("*/"):
        return True
    return Unknown("the API's resource policy speaks of one path")


# --- Lambda -----------------------------------------------------------------------------------------

_SAID: Final[Mapping[str, tuple[str, str]]] = {
    "SourceArn": ("ArnLike", "aws:SourceArn"),
    "SourceAccount": ("StringEquals", "aws:SourceAccount"),
    "PrincipalOrgID": ("StringEquals", "aws:PrincipalOrgID"),
}
"""The operator and key that Lambda writes into the function's policy for a property of a permission."""


def statement_of(permission: Cell) -> Value:
    """Return the statement that a permission adds to the policy of its function."""
    condition: dict[str, dict[str, Value]] = {}
    held = value_of(permission.select("Condition"))
    if isinstance(held, dict):
        condition = {key: dict(tests) for key, tests in held.items() if isinstance(tests, dict)}
    elif held is not ABSENT:
        return unseen_of(held)
    for name, (operator, key) in _SAID.items():
        value = permission.select(name).value
        if value is not ABSENT:
            condition.setdefault(operator, {})[key] = value
    principal = permission.select("Principal").value
    return {
        "Effect": "Allow",
        "Principal": {"AWS": principal},
        "Action": permission.select("Action").value,
        "Condition": condition or ABSENT,
    }


def opens(permission: Cell, action: str) -> Truth:
    """Whether a permission lets everyone do a Lambda action on its function."""
    statement = statement_of(permission)
    if not isinstance(statement, dict):
        return unseen_of(statement)
    bare = {key: value for key, value in statement.items() if value is not ABSENT}
    token = permission.select("EventSourceToken").value is ABSENT  # only Alexa knows it
    return every((policy.lets_in_everyone(bare), policy.matches_action(bare, action), token))


# --- networks ---------------------------------------------------------------------------------------

_ANYWHERE: Final = ("0.0.0.0/0", "::/0")


def lets_in_internet(groups: Iterable[Cell], port: Value) -> Truth:
    """Whether a security group lets the internet in at a port."""
    return some(_rule_is_open(rule, port) for group in groups for rule in _ingress(group))


def _ingress(group: Cell) -> Iterator[Cell]:
    if unseen(head_of(group)):
        yield group
        return
    yield from group.select("SecurityGroupIngress").items()
    yield from closed(group).select("ingress_rules").items()


def _rule_is_open(rule: Cell, port: Value) -> Truth:
    if hidden := unseen(rule.value):
        return Unknown(hidden)
    sources = [rule.select(name).value for name in ("CidrIp", "CidrIpv6")]
    is_wide = some(not_few(source) for source in sources if source is not ABSENT)
    if rule.select("SourcePrefixListId").value is not ABSENT:
        is_wide = Unknown("a prefix list decides who reaches the load balancer")
    return every((is_wide, _takes_port(rule, port)))


def not_few(network: Value) -> Truth:
    """Whether a network is so wide that a stranger is in it."""
    if isinstance(network, Unresolved):
        return False if network.target else Unknown(network.reason)
    return admission.admits_everyone({"IpAddress": {"aws:SourceIp": network}})


def _takes_port(rule: Cell, port: Value) -> Truth:
    protocol, first, last = (rule.select(name).value for name in ("IpProtocol", "FromPort", "ToPort"))
    if str(protocol) == "-1" or not all(isinstance(one, int | str) for one in (first, last, port)):
        return True
    try:
        return int(str(first)) <= int(str(port)) <= int(str(last))
    except ValueError:
        return True


def narrow_networks(networks: Sequence[Value]) -> Truth:
    """Whether networks, put together, leave out most of the internet; an empty list lets in nobody."""
    return not networks or negate(admission.admits_everyone({"IpAddress": {"aws:SourceIp": list(networks)}}))


# --- texts ------------------------------------------------------------------------------------------

_NAMED: Final = re.compile(r"([A-Za-z0-9]+)\.[A-Za-z]")


def unseen_of(value: Value) -> Unknown:
    """Return why nothing can be said of a value."""
    return value if isinstance(value, Unknown) else Unknown(unseen(value) or "it is not what a policy can hold here")


def named_in(value: Value) -> Iterator[str]:
    """Yield the ids of the resources that a text, or a map of texts, refers to, also from inside of a function."""
    if isinstance(value, dict):
        for inner in value.values():
            yield from named_in(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from named_in(inner)
    for part in parts_of(value):
        if isinstance(part, Hole):
            yield from (part.target,) if part.target else _NAMED.findall(part.name)


def is_said(value: Value, text: str) -> Truth:
    """Whether a value is this word."""
    return False if value is ABSENT else equals(value, text)
