"""Whom the Condition of a policy statement admits. One function serves every kind of policy; it knows no rules.

A condition *narrows* where each request that meets it carries one of a few fixed values of a key that says who asks,
or from where: an account, an organization, a network. ``o-*``, ``vpce-*``, ``arn:aws:iam::*:role/*`` and both halves
of the internet are met by anyone, and so are keys that say nothing of the caller (``aws:SecureTransport``, MFA, dates,
user agents). Sources: IAM User Guide, "Condition operators", "Global condition context keys", "Multivalued context
keys"; S3 User Guide, "The meaning of public".
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from enum import Enum
from typing import TYPE_CHECKING, Final, TypeAlias

import msgspec

from wa_lint.model import ABSENT, Hole, Unknown, Value
from wa_lint.policy.document import listed
from wa_lint.policy.wildcards import parts_of, unseen
from wa_lint.truth import Truth, every, some

if TYPE_CHECKING:
    from ipaddress import IPv4Network, IPv6Network


class Admitted(Enum):
    """Whom a condition lets through, of all who could send the request."""

    EVERYONE = "everyone"
    """Anyone can meet it: a stranger with an AWS account, or without one."""
    SOME = "some"
    """Only who carries one of its fixed values."""
    NOBODY = "nobody"
    """No request meets it: an empty list of values, or a key that must be both present and absent."""


IsFixed: TypeAlias = Callable[[str], bool]
"""Whether a value of a key names a few callers. What a caller may choose in it is one `_ANY`."""

Keys: TypeAlias = Mapping[str, IsFixed]
"""Condition keys in lower case, and which of their values are fixed. A key that ends in ``/`` covers its tags."""


def admits(condition: Value, keys: Keys | None = None) -> Admitted | Unknown:
    """Say whom a Condition element lets through; without one, everyone.

    `keys` are those that may narrow: `CALLERS` by default (for Principal ``*``); `S3_CALLERS` for bucket policies,
    `DEPUTY` for a service that acts for an account, `WITHIN_ACCOUNT` for the principals of one account,
    `PASSED_TO` for iam:PassRole. Unknown where a value that decides it is not known.
    """
    tests = tests_of(condition)
    known = CALLERS if keys is None else keys
    contradicts, narrow = _contradicts(tests), _narrows(tests, known)
    if contradicts is True:
        return Admitted.NOBODY
    if narrow is True:
        return Admitted.SOME
    if isinstance(narrow, Unknown):
        return narrow
    return contradicts if isinstance(contradicts, Unknown) else Admitted.EVERYONE


def admits_everyone(condition: Value, keys: Keys | None = None) -> Truth:
    """Whether anyone can meet a Condition: `admits`, as a truth."""
    found = admits(condition, keys)
    return found if isinstance(found, Unknown) else found is Admitted.EVERYONE


def spares_only_some(condition: Value, keys: Keys | None = None) -> Truth:
    """Whether a Deny under this Condition hits everyone but callers with fixed values, as ``StringNotEquals`` does.

    An Allow for everyone beside such a Deny lets in those callers alone.
    """
    tests = [test for test in tests_of(condition) if not _is_about_services(test)]
    known = CALLERS if keys is None else keys
    return every((bool(tests), *(_spares_fixed(test, known) for test in tests)))


def is_conditional(condition: Value) -> Truth:
    """Whether a Condition element tests anything."""
    if condition is ABSENT or condition is None or condition == {}:
        return False
    return condition if isinstance(condition, Unknown) else True


# --- tests ------------------------------------------------------------------------------------------


class Test(msgspec.Struct, frozen=True):
    """One key of one operator of a Condition. All tests of a Condition must hold."""

    operator: str
    """In lower case, without ``not``, ``ifexists`` and the set: ``stringlike``, ``ipaddress``, ``null``."""
    key: str
    """In lower case."""
    values: tuple[Value, ...]
    is_negated: bool = False
    if_exists: bool = False
    """Whether a request without the key meets it: ``…IfExists``, ``ForAllValues:``, and every negated operator."""
    spelling: str = ""
    """The key as it is written."""
    unseen: Unknown | None = None
    """Why there may be more tests than are seen, or what this one tests is not known."""

    @property
    def is_wild(self) -> bool:
        """Whether ``*`` and ``?`` in its values are wildcards."""
        return self.operator in ("stringlike", "arnlike", "arnequals")

    @property
    def names_values(self) -> bool:
        """Whether it lists the values that the key may have."""
        return self.operator in _LISTING and not self.is_negated


_LISTING: Final = frozenset(
    {"stringequals", "stringequalsignorecase", "stringlike", "arnequals", "arnlike", "ipaddress", "binaryequals"}
)
_OTHERS: Final = frozenset({"bool", "null"}) | {
    kind + word
    for kind in ("numeric", "date")
    for word in ("equals", "lessthan", "lessthanequals", "greaterthan", "greaterthanequals")
}
_OPERATOR: Final = re.compile(r"(?:(forallvalues|foranyvalue):)?([a-z]+?)(ifexists)?")
_NOT: Final = re.compile(r"not(?=equals|like|ipaddress)")


def tests_of(condition: Value) -> Sequence[Test]:
    """Return every test of a Condition element: all must hold."""
    if condition is ABSENT or condition is None:
        return ()
    if not isinstance(condition, dict):
        return (Test("", "", (), unseen=unseen(condition)),)
    return tuple(test for operator, keys in condition.items() for test in _of_operator(str(operator), keys))


def _of_operator(spelling: str, keys: Value) -> Iterator[Test]:
    found = _OPERATOR.fullmatch(spelling.strip().lower())
    set_, name, if_exists = found.groups() if found else (None, "", None)
    base = _NOT.sub("", name, count=1)
    if not isinstance(keys, dict):
        yield Test(base, "", (), unseen=unseen(keys))
    elif base not in _LISTING | _OTHERS:
        yield Test("", "", (), unseen=Unknown(f"{spelling} is not a condition operator of IAM"))
    else:
        is_negated = base != name
        holds_without = bool(if_exists or set_ == "forallvalues" or (is_negated and set_ != "foranyvalue"))
        for key, values in keys.items():
            yield Test(base, str(key).lower(), listed(values), is_negated, holds_without, str(key))


# --- whom tests admit -------------------------------------------------------------------------------


def _narrows(tests: Sequence[Test], keys: Keys) -> Truth:
    """Whether one test demands a key that says who asks, and lists fixed values for it."""
    return some(_narrows_by(test, tests, keys) for test in tests)


def _narrows_by(test: Test, tests: Sequence[Test], keys: Keys) -> Truth:
    if test.unseen:
        return test.unseen
    is_fixed = _judge(test.key, keys)
    if is_fixed is None or not test.names_values:
        return False
    is_sent = test.key in _ALWAYS or test.key.endswith(":sub")
    demanded = True if not test.if_exists or is_sent else some(_demands(t, test.key) for t in tests)
    return every((demanded, _are_fixed(test, is_fixed)))


def _are_fixed(test: Test, is_fixed: IsFixed) -> Truth:
    if test.operator == "ipaddress":
        return _are_few_addresses(test.values)
    return every(_is_fixed(value, test, is_fixed) for value in test.values)


def _is_fixed(value: Value, test: Test, is_fixed: IsFixed) -> Truth:
    text = _text(value, is_wild=test.is_wild)
    return text if isinstance(text, Unknown) else is_fixed(text)


def _judge(key: str, keys: Keys) -> IsFixed | None:
    head, slash, _ = key.partition("/")
    return keys.get(key) or (keys.get(head + "/") if slash else None) or _of_provider(key, keys)


def _of_provider(key: str, keys: Keys) -> IsFixed | None:
    """Return the judge of ``PROVIDER:sub``, where `keys` has ``:sub``."""
    return keys.get(":" + key.rpartition(":")[2])


def _demands(test: Test, key: str) -> Truth:
    """Whether a test fails where the request has no `key`."""
    if test.unseen:
        return test.unseen
    if test.key != key:
        return False
    if test.operator == "null":
        return every(is_word(value, "false") for value in test.values)
    return not test.if_exists


def _contradicts(tests: Sequence[Test]) -> Truth:
    """Whether no request can meet all tests."""
    return some(_is_met_by_none(test, tests) for test in tests)


def _is_met_by_none(test: Test, tests: Sequence[Test]) -> Truth:
    if test.unseen:
        return False
    if test.operator == "null":
        is_absent = every(is_word(value, "true") for value in test.values)
        return every((is_absent, some(_demands(other, test.key) for other in tests)))
    return test.names_values and not test.values and not test.if_exists


def _spares_fixed(test: Test, keys: Keys) -> Truth:
    if test.unseen:
        return test.unseen
    is_fixed = _judge(test.key, keys)
    if is_fixed is None or not test.is_negated or test.operator not in _LISTING or not test.if_exists:
        return False
    return _are_fixed(test, is_fixed)


def _is_about_services(test: Test) -> bool:
    """Whether a test only spares what AWS services do (IAM User Guide, "data perimeters")."""
    return test.key in ("aws:viaawsservice", "aws:principalisawsservice") and test.operator == "bool"


def is_word(value: Value, word: str) -> Truth:
    """Whether a value says ``true`` or ``false``, as `word` asks, as text or as a truth."""
    if isinstance(value, bool):
        return str(value).lower() == word
    return value.strip().lower() == word if isinstance(value, str) else unseen(value)


# --- fixed values -----------------------------------------------------------------------------------

_HOLE: Final = "\0"
"""Stands for a name that is decided elsewhere: a parameter inside a longer text, a pseudo parameter, a resource."""

_OWN: Final = re.compile(r"\$\{aws:(?:resourceaccount|resourceorgid|resourceorgpaths)\}", re.IGNORECASE)
"""Policy variables that the owner of the resource fills, not the caller."""
_VARIABLE: Final = re.compile(r"\$\{(?!\*\}|\?\}|\$\})[^}]*\}")
_ANY: Final = "\1"
"""Stands for what the caller fills: a wildcard, or a policy variable."""


def _text(value: Value, *, is_wild: bool) -> str | Unknown:
    """Return the text of a value with `_HOLE` for fixed names and `_ANY` for what a caller may choose."""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value).zfill(12)
    parts = parts_of(value)
    if not parts:
        return unseen(value)
    if len(parts) == 1 and isinstance(parts[0], Hole) and not _is_settled(parts[0]) and is_wild:
        return unseen(value)
    return "".join(_HOLE if isinstance(part, Hole) else _marked(part, is_wild=is_wild) for part in parts)


def _is_settled(hole: Hole) -> bool:
    """Whether a hole is filled with one name and never with a wildcard."""
    return hole.target is not None or hole.name.startswith("AWS::") or bool(hole.shape)


def _marked(text: str, *, is_wild: bool) -> str:
    marked = _VARIABLE.sub(_ANY, _OWN.sub(_HOLE, text))
    return _WILD.sub(lambda found: found[1] or (_ANY if is_wild else found[0]), marked)


def _is_id(text: str) -> bool:
    """An account, an organization, a VPC, an endpoint: nothing of it may be open."""
    return _ANY not in text


def _is_org_path(text: str) -> bool:
    """``o-a1b2c3d4e5/r-ab12/*``: the organization decides."""
    return _ANY not in text.split("/", maxsplit=1)[0]


def _is_user_id(text: str) -> bool:
    """``AROAEXAMPLEID:*`` names one role, whatever its session is called."""
    return _ANY not in text.split(":", maxsplit=1)[0]


def _is_arn(text: str) -> bool:
    """An ARN of one account; where ARNs name no account (S3), of one resource."""
    if _ANY not in text:
        return True
    fields = text.split(":", _ARN_FIELDS - 1)
    if len(fields) < _ARN_FIELDS:
        return text.startswith(_HOLE)  # the ARN of a resource, with more behind it
    account, resource = fields[4], fields[5]
    is_bucket = fields[2] == "s3" and not resource.startswith("accesspoint")
    has_account = account and not is_bucket  # names of buckets are worldwide: arn:aws:s3:*:*:my-bucket
    return _ANY not in (account if has_account else resource.split("/")[0])


def _is_part_of_account(text: str) -> bool:
    """The ARN of a principal of which more than the account is fixed: ``role/team-*``, not ``role/*`` nor ``root``."""
    fields = text.split(":", _ARN_FIELDS - 1)
    if len(fields) < _ARN_FIELDS:
        return text.startswith(_HOLE)
    _, slash, name = fields[5].partition("/")
    return bool(slash and name.strip(_ANY + "/"))


def _is_any_text(text: str) -> bool:
    """A text that is not all wildcards."""
    return bool(text.strip(_ANY))


def _is_service(text: str) -> bool:
    """``sagemaker.amazonaws.com``; not ``*.amazonaws.com``, nor ``s*``."""
    return _ANY not in text or _SERVICE.match(text) is not None


def _is_subject(text: str) -> bool:
    """``repo:my-org/*`` is one organization's; ``repo:*`` and ``repo:my-*`` are anyone's."""
    return _ANY not in text or _SUBJECT.match(text) is not None


_ARN_FIELDS: Final = 6
_WILD: Final = re.compile(r"\$\{([*?$])\}|[*?]")
_SERVICE: Final = re.compile(rf"[^.{_ANY}]+\.")
_SUBJECT: Final = re.compile(rf"[^:{_ANY}]+:[^:/{_ANY}]+[:/]")


# --- networks ---------------------------------------------------------------------------------------

_Network: TypeAlias = "IPv4Network | IPv6Network"

_BROADEST: Final = {4: 8, 6: 32}
"""By version of the protocol: prefixes shorter than these are public by S3's definition, private ranges apart."""

_BITS: Final = {4: 32, 6: 128}


def _are_few_addresses(values: Sequence[Value]) -> Truth:
    """Whether networks, put together, leave out most of the internet."""
    networks = [_network(value) for value in values]
    doubt = next((network for network in networks if isinstance(network, Unknown)), True)
    known = [network for network in networks if not isinstance(network, Unknown) and not network.is_private]
    if any(network.prefixlen < _BROADEST[network.version] for network in known):
        return False
    sizes = Counter[int]()
    for network in set(known):
        sizes[network.version] += network.num_addresses
    is_few = all(size <= 2 ** (_BITS[version] - _BROADEST[version] + 1) for version, size in sizes.items())
    return doubt if is_few else False


def _network(value: Value) -> _Network | Unknown:
    from ipaddress import ip_network  # noqa: PLC0415, 8 ms that only such a condition must pay

    if not isinstance(value, str):
        return unseen(value)
    try:
        return ip_network(value.strip(), strict=False)
    except ValueError:
        return Unknown(f"{value} is not a network")


# --- keys -------------------------------------------------------------------------------------------

CALLERS: Final[Keys] = {
    "aws:principalaccount": _is_id,
    "aws:principalarn": _is_arn,
    "aws:principalorgid": _is_id,
    "aws:principalorgpaths": _is_org_path,
    "aws:principalservicename": _is_service,
    "aws:principalservicenameslist": _is_service,
    "aws:sourceaccount": _is_id,
    "aws:sourcearn": _is_arn,
    "aws:sourceip": _is_any_text,
    "aws:sourceorgid": _is_id,
    "aws:sourceorgpaths": _is_org_path,
    "aws:sourceowner": _is_id,
    "aws:sourcevpc": _is_id,
    "aws:sourcevpcarn": _is_arn,
    "aws:sourcevpce": _is_id,
    "aws:vpceaccount": _is_id,
    "aws:vpceorgid": _is_id,
    "aws:vpceorgpaths": _is_org_path,
    "aws:userid": _is_user_id,
    "kms:calleraccount": _is_id,
    "sagemaker:vpcsourceip": _is_any_text,
}
"""Keys that say who calls, or from which network. ``aws:VpcSourceIp`` is not one: every VPC has the same private
addresses. Neither are tags, names of users and MFA, which a stranger can have in his own account."""

S3_CALLERS: Final[Keys] = {
    **CALLERS,
    "s3:dataaccesspointaccount": _is_id,
    "s3:dataaccesspointarn": _is_arn,
    "s3:x-amz-server-side-encryption-aws-kms-key-id": _is_arn,
}
"""What keeps a bucket policy from being public: the list in "The meaning of public" of the S3 User Guide."""

DEPUTY: Final[Keys] = {
    "aws:sourcearn": _is_arn,
    "aws:sourceaccount": _is_id,
    "aws:sourceorgid": _is_id,
    "aws:sourceorgpaths": _is_org_path,
}
"""What ties a service to the account for which it acts (IAM User Guide, "The confused deputy problem")."""

WITHIN_ACCOUNT: Final[Keys] = {
    "aws:principalarn": _is_part_of_account,
    "aws:principaltag/": _is_any_text,
    "aws:sourceip": _is_any_text,
    "aws:sourcevpc": _is_id,
    "aws:sourcevpce": _is_id,
    "aws:userid": _is_user_id,
    "aws:username": _is_any_text,
    "sts:externalid": _is_any_text,
    "sts:sourceidentity": _is_any_text,
}
"""What picks some of the principals of one account."""

PASSED_TO: Final[Keys] = {
    "iam:passedtoservice": _is_service,
    "iam:associatedresourcearn": _is_any_text,
}
"""What keeps iam:PassRole to some services or resources."""

FEDERATED: Final[Keys] = {
    ":sub": _is_subject,
    ":project_path": _is_subject,
    ":repository": _is_any_text,
    ":repository_owner": _is_any_text,
    ":repository_id": _is_any_text,
    ":repository_owner_id": _is_any_text,
    ":job_workflow_ref": _is_any_text,
    **CALLERS,
}
"""What picks some users of an identity provider that everyone may use, as GitHub: ``…:sub`` and its like."""


_ALWAYS: Final = frozenset({"aws:principalaccount", "iam:passedtoservice", "kms:calleraccount"})
"""Keys that no request lacks, so that …IfExists is as good as without: iam:PassRole says to which service, KMS who
calls, and even anonymous requests carry an aws:PrincipalAccount. So does every token of an identity provider its
subject (``PROVIDER:sub``)."""
