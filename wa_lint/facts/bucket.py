"""What opens a bucket to everyone: its list or its policy, and what blocks them, on the bucket or in the account.

A template says what a new bucket gets; what an account returned is in force. Looks at no object.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from wa_lint.cel.types import BOOL
from wa_lint.facts.fact import Fact, is_live, seen, value_of
from wa_lint.graph import Cell
from wa_lint.model import ABSENT, Hole, Unknown, Unresolved, Value
from wa_lint.policy.bucket_policy import opens_to_everyone
from wa_lint.policy.bucket_policy import refuses_plain_http as refuses_all
from wa_lint.truth import Truth, equals, every, some

_BUCKET: Final = "AWS::S3::Bucket"
_POLICY: Final = "AWS::S3::BucketPolicy"
_ACCOUNT_BLOCK: Final = "AWS::S3::AccountPublicAccessBlock"

_SWITCHES: Final = ("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets")
"""The four settings of Block Public Access. One that a configuration leaves out is off."""

_EVERYONE: Final = (
    "http://acs.amazonaws.com/groups/global/AllUsers",
    "http://acs.amazonaws.com/groups/global/AuthenticatedUsers",
)
"""The groups of grantees that hold everyone, or everyone with some AWS account (S3 User Guide, "Amazon S3 predefined
groups")."""

_LOG_DELIVERY: Final = "http://acs.amazonaws.com/groups/s3/LogDelivery"
"""The group that S3 writes access logs as (S3 User Guide, "Amazon S3 predefined groups")."""

_OPEN_LISTS: Final = ("PublicRead", "PublicReadWrite", "AuthenticatedRead")
"""Canned lists that let in everyone, or everyone with some AWS account (S3 User Guide, "Canned ACL")."""

_ACCOUNT: Final = "the account's own Block Public Access does not stop it"
_OLD: Final = "the bucket is older than April 2023, or its Block Public Access is switched off elsewhere"
_NEW: Final = "the bucket is not older than April 2023, so S3 refuses its list"

_TAKING_LISTS: Final = ("ObjectWriter", "BucketOwnerPreferred")
"""Values of ObjectOwnership with which S3 takes access control lists. Since April 2023 a new bucket has
BucketOwnerEnforced unless it says otherwise (S3 User Guide, "Controlling ownership of objects")."""


def is_public(home: Cell) -> Cell:
    """Whether the bucket's list, or a statement of the bucket policy, lets in everyone, at the place that does."""
    if home.resource.type == _BUCKET:
        return _has_open_list(home)
    statements, hidden = seen(home.select("statements").items())
    beside = [value_of(cell) for cell in statements]
    open_ = [(cell, opens_to_everyone(value, beside)) for cell, value in zip(statements, beside, strict=True)]
    first = next((cell for cell, found in open_ if found is True), home.select("PolicyDocument"))
    doubt = () if hidden is None else (Unknown(hidden),)
    said = some((*(found for _, found in open_), *doubt))
    status = home.select("bucket").select("observed").select("PolicyStatus").select("IsPublic").value
    return first.with_value(status if isinstance(status, bool) else said)  # S3 itself says it


def _has_open_list(bucket: Cell) -> Cell:
    grants = bucket.select("observed").select("Grants")
    if grants.value is not ABSENT:
        return grants.with_value(
            every((some(_is_for(grant, _EVERYONE) for grant in grants.items()), _takes_lists(bucket)))
        )
    at = bucket.select("AccessControl")
    if at.value is ABSENT:
        return at.with_value(False)
    opened = some(equals(at.value, word) for word in _OPEN_LISTS)
    taken = _takes_lists(bucket)
    refused = opened is not False and taken is False
    return at.with_value(every((opened, taken))).assuming((_NEW,) if refused else ())


def _is_for(grant: Cell, groups: Sequence[str]) -> Truth:
    grantee = grant.select("Grantee").select("URI").value
    return False if grantee is ABSENT else some(equals(grantee, group) for group in groups)


def takes_logs_by_list(bucket: Cell) -> Truth:
    """Whether the bucket's list lets S3 deliver access logs to it: as an account shows it, or the canned one."""
    grants = bucket.select("observed").select("Grants")
    if grants.value is not ABSENT:
        return some(_is_for(grant, (_LOG_DELIVERY,)) for grant in grants.items())
    canned = bucket.select("AccessControl").value
    return False if canned is ABSENT else equals(canned, "LogDeliveryWrite")


def _takes_lists(bucket: Cell) -> Truth:
    """Whether S3 takes access control lists of the bucket. In an account only old ones have no ownership controls."""
    rules = bucket.select("OwnershipControls").select("Rules")
    if rules.value is ABSENT:
        return _is_live(bucket)
    return some(equals(rule.select("ObjectOwnership").value, word) for rule in rules.items() for word in _TAKING_LISTS)


def _is_live(cell: Cell) -> bool:
    return is_live(cell)


def is_shut(home: Cell) -> Cell:
    """Whether Block Public Access of the bucket or of the account makes S3 pass over the bucket's list, or its policy.

    The two Block… members only refuse new lists and policies: those that stand already stay in force. Without a
    configuration in a template it depends on the bucket's age, and on the account, which is not looked at: a False
    says what it assumes. Source: S3 User Guide, "Blocking public access".
    """
    is_bucket = home.resource.type == _BUCKET
    bucket = home if is_bucket else home.select("bucket")
    switch = "IgnorePublicAcls" if is_bucket else "RestrictPublicBuckets"
    at = bucket.select("PublicAccessBlockConfiguration").select(switch)
    if at.value is True:
        return at
    by_account, assumes = _in_account(home, (switch,))
    found = some((by_account, False if at.value is ABSENT else equals(at.value, True)))
    if isinstance(found, Unknown):
        return at.with_value(found)
    is_silent = bucket.select("PublicAccessBlockConfiguration").value is ABSENT
    assumes = (_OLD, *assumes) if is_silent and not _is_live(home) and found is False else assumes
    return Cell(at.world, at.resource, at.path, at.at, found, (*at.assumes, *assumes))


def account_blocks_public_access(home: Cell) -> Truth:
    """Whether the account has all four settings on, which overrides the bucket's. False where no account is read."""
    return _in_account(home, _SWITCHES)[0]


def _in_account(home: Cell, switches: Sequence[str]) -> tuple[Truth, tuple[str, ...]]:
    """Whether the account has `switches` on, and what a False assumes where its configuration was not read."""
    graph, account = home.world.graph, home.resource.account
    blocks = [cell for cell in home.world.of_type(_ACCOUNT_BLOCK) if cell.resource.account == account]
    if blocks:
        said = blocks[0].select("PublicAccessBlockConfiguration")
        return every(_is_on(said.select(switch).value) for switch in switches), ()
    gaps = (g for g in graph.snapshot.gaps if g.scope.type == _ACCOUNT_BLOCK and g.scope.account == account)
    gap = next(gaps, None)
    if gap:
        return Unknown(f"the account's Block Public Access could not be read: {gap.reason}"), ()
    return False, () if graph.why_incomplete(_ACCOUNT_BLOCK, home.resource) is None else (_ACCOUNT,)


def _is_on(value: Value) -> Truth:
    return False if value is ABSENT else equals(value, True)


def refuses_plain_http(home: Cell) -> Cell:
    """Whether the policy refuses every request without TLS, for the bucket and its objects, at its statements."""
    statements, hidden = seen(home.select("statements").items())
    known = [name for name in _own_names(home) if isinstance(name, str | Unresolved)]
    doubt = () if hidden is None else (Unknown(hidden),)
    at = home.select("PolicyDocument").select("Statement") if hidden is None else home.select("PolicyDocument")
    return at.with_value(some((refuses_all([value_of(cell) for cell in statements], known), *doubt)))


def _own_names(policy: Cell) -> list[Value]:
    """Return what the bucket of a policy may be called in it: its name, and references to it."""
    bucket = policy.select("bucket")
    names = [policy.select("Bucket").value]
    if isinstance(bucket.value, dict):
        id_ = bucket.resource.id
        names += [bucket.select("BucketName").value, Unresolved("the bucket's name", (Hole(id_, target=id_),))]
        names += [bucket.resource.name] if bucket.resource.name else []
    elif not isinstance(names[0], str):  # whose policy it is, is open: it may be that of any bucket here
        ids = [cell.resource.id for cell in policy.world.of_type(_BUCKET)]
        names += [Unresolved("the bucket's name", (Hole(id_, target=id_),)) for id_ in ids]
    return names


FACTS: Final[tuple[Fact, ...]] = (
    Fact(_BUCKET, "", "is_public", (), BOOL, "Whether its access control list lets in everyone.", is_public),
    Fact(_POLICY, "", "is_public", (_BUCKET,), BOOL, "Whether one of its statements lets in everyone.", is_public),
    Fact(
        _BUCKET,
        "",
        "takes_logs_by_list",
        (),
        BOOL,
        "Whether its access control list lets S3 deliver access logs to it.",
        takes_logs_by_list,
    ),
    Fact(
        _POLICY,
        "",
        "refuses_plain_http",
        (_BUCKET,),
        BOOL,
        "Whether it refuses every request without TLS.",
        refuses_plain_http,
    ),
    Fact(
        _BUCKET,
        "",
        "account_blocks_public_access",
        (_ACCOUNT_BLOCK,),
        BOOL,
        "Whether the account's own Block Public Access has all four settings on. False in a template.",
        account_blocks_public_access,
    ),
    Fact(_BUCKET, "", "is_shut", (_ACCOUNT_BLOCK,), BOOL, "Whether S3 is set to ignore its public lists.", is_shut),
    Fact(
        _POLICY,
        "",
        "is_shut",
        (_BUCKET, _ACCOUNT_BLOCK),
        BOOL,
        "Whether S3 is set to restrict public policies of its bucket.",
        is_shut,
    ),
)
