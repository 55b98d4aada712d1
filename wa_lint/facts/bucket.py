"""What opens a bucket to everyone: its list or its policy, and what is set against it. Looks at no object."""

from __future__ import annotations

from typing import Final

from wa_lint.cel.types import BOOL
from wa_lint.facts.fact import Fact, seen, value_of
from wa_lint.graph import Cell
from wa_lint.model import ABSENT, Hole, SourceKind, Unknown, Unresolved
from wa_lint.policy.bucket_policy import opens_to_everyone
from wa_lint.policy.bucket_policy import refuses_plain_http as refuses_all
from wa_lint.truth import Truth, equals, every, some

_BUCKET: Final = "AWS::S3::Bucket"
_POLICY: Final = "AWS::S3::BucketPolicy"

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
    return first.with_value(some((*(found for _, found in open_), *doubt)))


def _has_open_list(bucket: Cell) -> Cell:
    at = bucket.select("AccessControl")
    if at.value is ABSENT:
        return at.with_value(False)
    opened = some(equals(at.value, word) for word in _OPEN_LISTS)
    taken = _takes_lists(bucket)
    refused = opened is not False and taken is False
    return at.with_value(every((opened, taken))).assuming((_NEW,) if refused else ())


def _takes_lists(bucket: Cell) -> Truth:
    """Whether S3 takes access control lists of the bucket; what an account shows of one is in force."""
    if bucket.world.graph.snapshot.kind is SourceKind.LIVE:
        return True
    rules = bucket.select("OwnershipControls").select("Rules").items()
    return some(equals(rule.select("ObjectOwnership").value, word) for rule in rules for word in _TAKING_LISTS)


def is_shut(home: Cell) -> Cell:
    """Whether the bucket's PublicAccessBlockConfiguration makes S3 pass over its list, or its policy.

    The two Block… members only refuse new lists and policies: those that stand already stay in force. Without the
    configuration it depends on the bucket's age and on the account's configuration, which are not looked at: a False
    says what it assumes. Source: S3 User Guide, "Blocking public access".
    """
    is_bucket = home.resource.type == _BUCKET
    bucket = home if is_bucket else home.select("bucket")
    at = bucket.select("PublicAccessBlockConfiguration").select(
        "IgnorePublicAcls" if is_bucket else "RestrictPublicBuckets"
    )
    if isinstance(at.value, Unknown) or at.value is True:
        return at
    value = False if at.value is ABSENT else equals(at.value, True)
    is_silent = bucket.select("PublicAccessBlockConfiguration").value is ABSENT
    is_live = home.world.graph.snapshot.kind is SourceKind.LIVE
    assumes = (_OLD, _ACCOUNT) if is_silent and not is_live else (_ACCOUNT,)
    return Cell(at.world, at.resource, at.path, at.at, value, (*at.assumes, *assumes))


def refuses_plain_http(home: Cell) -> Truth:
    """Whether the bucket policy refuses everyone every request without TLS, for the bucket itself and its objects."""
    statements, hidden = seen(home.select("statements").items())
    bucket = home.select("bucket")
    names = [home.select("Bucket").value]
    if isinstance(bucket.value, dict):
        id_ = bucket.resource.id
        names += [bucket.select("BucketName").value, Unresolved("the bucket's name", (Hole(id_, target=id_),))]
        names += [bucket.resource.name] if bucket.resource.name else []
    elif not isinstance(names[0], str):  # whose policy it is, is open: it may be that of any bucket here
        ids = [cell.resource.id for cell in home.world.of_type(_BUCKET)]
        names += [Unresolved("the bucket's name", (Hole(id_, target=id_),)) for id_ in ids]
    known = [name for name in names if isinstance(name, str | Unresolved)]
    doubt = () if hidden is None else (Unknown(hidden),)
    return some((refuses_all([value_of(cell) for cell in statements], known), *doubt))


FACTS: Final[tuple[Fact, ...]] = (
    Fact(_BUCKET, "", "is_public", (), BOOL, "Whether its access control list lets in everyone.", is_public),
    Fact(_POLICY, "", "is_public", (), BOOL, "Whether one of its statements lets in everyone.", is_public),
    Fact(
        _POLICY,
        "",
        "refuses_plain_http",
        (_BUCKET,),
        BOOL,
        "Whether it refuses every request without TLS.",
        refuses_plain_http,
    ),
    Fact(_BUCKET, "", "is_shut", (), BOOL, "Whether it is set to ignore public lists.", is_shut),
    Fact(_POLICY, "", "is_shut", (_BUCKET,), BOOL, "Whether its bucket is set against public policies.", is_shut),
)
