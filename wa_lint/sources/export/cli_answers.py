"""What the AWS CLI printed, as resources: `aws sagemaker describe-*`, `list-*` and their like. It opens no file.

An answer is recognised by its shape, for the CLI does not say what it answered. It goes through the same table as a
live account's, so it gives the same resource.
"""

from __future__ import annotations

import json
import re
import zlib
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Final

from wa_lint import redact
from wa_lint.model import Listed, Location, Raw, Resource, Scope, Unknown
from wa_lint.sources.export.answer_table import INLINE, KNOWN, Inline, KnownAnswer
from wa_lint.sources.export.export_document import Format, Found
from wa_lint.sources.live.api_response import Item, ResponsePlace, document, filled, resource_of, words
from wa_lint.sources.live.collector import Collector, ListingReach
from wa_lint.sources.live.collectors import all_collectors, by_type

_ONLY_LISTED = "only listed: the file has its name, not its description"

_ONE_CALL = "another call returns it, and the file holds one response"


@cache
def _recognised() -> tuple[Collector, ...]:
    """Return the collectors whose descriptions bear their own ARN."""
    return tuple(c for c in all_collectors() if c.proofs is not None and c.arn.startswith("{"))


_POLICIES: Mapping[str, tuple[str, ...]] = dict.fromkeys(
    ("AWS::IAM::Group", "AWS::IAM::Role", "AWS::IAM::User"), ("AWS::IAM::Policy", "AWS::IAM::ManagedPolicy")
)
"""What may name an identity as one that it is attached to; a whole entry of the identity lists all that does."""

_WRAPPED: Mapping[str, str] = {
    "Configuration": "FunctionArn",
    "Workforce": "WorkforceArn",
    "Workteam": "WorkteamArn",
}
"""The member that wraps all of a description -> the one by which what is inside is recognised."""


@cache
def _by_list_key() -> Mapping[str, tuple[Collector, ...]]:
    """Return the key that a list answer wraps its entries in -> whose they may be."""
    found: dict[str, tuple[Collector, ...]] = {}
    for collector in all_collectors():
        listing = collector.listing
        if listing and not collector.parent and not collector.camel and collector.service != "apigatewayv2":
            found[listing.items] = (*found.get(listing.items, ()), collector)
    return found


def is_answer(value: Raw) -> bool:
    """Whether `value` has the shape of an answer that `read_answer` knows."""
    if not isinstance(value, dict):
        return False
    is_named = known_of(value) is not None or inline_of(value) is not None or next(_policies(value), None) is not None
    return is_named or _wrapped(value) or _described(value) is not None or _unwrapped(value) is not None


def read_answer(value: Raw) -> Found:
    """Return the resources of one answer. It is complete for nothing but the policies of whole IAM entries."""
    if not isinstance(value, dict):
        return Found()
    known, inline = known_of(value), inline_of(value)
    if known is not None:
        return Found(tuple(_of_known(known, item) for item in _held(value, known)))
    if inline is not None:
        return Found((_of_inline(value, inline),))
    policies = tuple(_policies(value))
    if policies:
        return Found(policies)
    pairs = list(_entries(value))
    resources = tuple(_resource(collector, item) for collector, item in pairs)
    covered = [
        Scope(type_, resource.account, resource.region)
        for (collector, _), resource in zip(pairs, resources, strict=True)
        for type_ in (*collector.covers, *_POLICIES.get(collector.type, ()))
        if not isinstance(resource.properties, Unknown)
    ]
    return Found(resources, frozenset(covered))


ANSWER: Final = Format("an AWS CLI response", is_answer, read_answer)


def _entries(value: Item) -> Iterator[tuple[Collector, Item]]:
    inner = _unwrapped(value)
    item = value if inner is None else inner
    collector = _described(item)
    if collector is not None:
        yield collector, item
        return
    for key, collectors in _by_list_key().items():
        for entry in value.get(key) or () if isinstance(value.get(key), list) else ():
            yield from ((c, entry) for c in collectors if isinstance(entry, dict) and _is_named(c, entry))


def _wrapped(value: Item) -> bool:
    """Whether it is a list of something known; an empty list of it is one too."""
    keys = _by_list_key().keys() & value.keys()
    return any(isinstance(value[key], list) for key in keys) and all(_entries_fit(value, key) for key in keys)


def _entries_fit(value: Item, key: str) -> bool:
    entries = value[key] if isinstance(value[key], list) else []
    return all(isinstance(entry, dict) and any(_is_named(c, entry) for c in _by_list_key()[key]) for entry in entries)


def _unwrapped(value: Item) -> Item | None:
    """Return what ``aws lambda get-function`` wraps, and its like."""
    for key, proof in _WRAPPED.items():
        inner = value.get(key)
        if isinstance(inner, dict) and proof in inner:
            return inner
    return None


def _described(item: Item) -> Collector | None:
    """Return whose description it is: one whose ARN and name it bears.

    An inference component bears those of its endpoint too: of several, the one that a proof speaks for.
    """
    named = [c for c in _recognised() if (c.arn != "{Arn}" or c.arn_word) and _is_named(c, item)]
    proven = [c for c in named if any(proof in item for proof in c.proofs or ())]
    return next(iter([*proven, *named]), None)


def _is_named(collector: Collector, item: Item) -> bool:
    arn = filled(collector.arn, item, _NOWHERE)
    if arn is None and collector.arn.startswith("{"):
        return bool(collector.id) and filled(collector.id, item, _SOMEWHERE) is not None
    word = collector.arn_word
    return filled(collector.name, item, _NOWHERE) is not None and (not word or f":{word}/" in str(arn))


_NOWHERE: Final = ResponsePlace(None, None)
_SOMEWHERE: Final = ResponsePlace("", "")


def _resource(collector: Collector, item: Item) -> Resource:
    proofs = collector.proofs or ()
    is_whole = any(name in item for name in proofs) if proofs else all(call.fills for call in collector.describe)
    refused = dict(_told_elsewhere(collector, item)) if is_whole else {"": Unknown(_ONLY_LISTED)}
    return resource_of(collector, item, _place(collector, item), refused)


def _told_elsewhere(collector: Collector, item: Item) -> Iterator[tuple[str, Unknown]]:
    """Yield what only the further calls of the collector tell."""
    calls = collector.describe
    for call in calls if all(call.fills for call in calls) else calls[1:]:
        if not any(name in item for name in (*call.fills, *call.always)):
            yield from ((name, Unknown(_ONE_CALL)) for name in call.fills)


def _place(collector: Collector, item: Item) -> ResponsePlace:
    """Return what the ARN says of account and region; where it has none, the other ARNs of the item.

    The ARN of a bucket says neither.
    """
    arn = filled(collector.arn, item, _NOWHERE) if collector.arn.startswith("{") else None
    others = [text for text in item.values() if isinstance(text, str) and text.startswith("arn:")] if not arn else []
    place = _place_of(str(arn or ""), collector)
    for other in others:
        found = _place_of(other, collector)
        place = ResponsePlace(place.account or found.account, place.region or found.region, found.partition)
    endpoint = _ENDPOINT.match(str(item.get("ApiEndpoint", "")))
    return ResponsePlace(place.account, endpoint[1], place.partition) if endpoint else place


_ENDPOINT: Final = re.compile(r"\w+://\w+\.execute-api\.([\w-]+)\.")


def _place_of(arn: str, collector: Collector) -> ResponsePlace:
    _, partition, _, region, account, *_ = [*arn.split(":"), *[""] * 5]
    is_regional = collector.reach is ListingReach.REGIONAL
    is_own = account.isdigit()
    return ResponsePlace(account if is_own else None, (region or None) if is_regional else None, partition or "aws")


# --- answers that say whose they are ----------------------------------------------------------------


def known_of(value: Item) -> KnownAnswer | None:
    """Return which answer of the table it is."""
    return next((known for known in KNOWN if _is_known(value, known)), None)


def _is_known(value: Item, known: KnownAnswer) -> bool:
    held = value.get(known.holder) if known.holder else value
    items = held if known.is_list and isinstance(held, list) else [held]
    is_one = known.is_list == isinstance(held, list) and (bool(items) or known.holder not in _ANYBODYS)
    return is_one and all(isinstance(item, dict) and all(name in item for name in known.has) for item in items)


_ANYBODYS: Final = ("Items", "items")
"""Lists that many operations answer with: an empty one could be anybody's."""


def _held(value: Item, known: KnownAnswer) -> list[Item]:
    held: Raw = value[known.holder] if known.holder else value
    items = held if known.is_list else [held]
    return [item for item in items if isinstance(item, dict)]


def _of_known(known: KnownAnswer, item: Item) -> Resource:
    collector = by_type()[known.type]
    item = {**item, **{name: item[said] for name, said in known.named.items()}}
    told = words(collector, item)
    untold = {name: Unknown(_ONE_CALL) for name in known.untold if name not in told}
    return resource_of(collector, item, _place(collector, item), untold)


def inline_of(value: Item) -> Inline | None:
    """Return of which kind of identity it is an inline policy."""
    if not {"PolicyName", "PolicyDocument"} <= value.keys():
        return None
    return next((inline for inline in INLINE if isinstance(value.get(inline.holder), str)), None)


def _of_inline(value: Item, inline: Inline) -> Resource:
    name, holder = str(value["PolicyName"]), value[inline.holder]
    masked = redact.mask_tree({"PolicyDocument": document(value["PolicyDocument"])})
    id_ = f"{holder}?policy={name}"
    return Resource(
        id=id_,
        type=inline.type,
        properties={"PolicyName": name, inline.holder: holder, **(masked if isinstance(masked, dict) else {})},
        origin=Listed(Location(id_)),
        name=name,
    )


def _version(value: Item) -> Resource | None:
    """Return the managed policy of `iam get-policy-version`: without its name, but what it grants can be judged."""
    said = value.get("PolicyVersion")
    if not isinstance(said, dict) or not {"Document", "VersionId"} <= said.keys() or len(value) > 1:
        return None
    masked = redact.mask_tree({"PolicyDocument": document(said["Document"])})
    sum_ = zlib.crc32(json.dumps(said["Document"], sort_keys=True, default=str).encode())
    id_ = f"policy version {said['VersionId']} ({sum_:08x})"
    properties = {name: Unknown(_ONE_CALL) for name in ("Groups", "ManagedPolicyName", "Roles", "Users")}
    known = masked if isinstance(masked, dict) else {}
    return Resource(id_, "AWS::IAM::ManagedPolicy", properties | known, Listed(Location(id_)))


def _policies(value: Item) -> Iterator[Resource]:
    """Yield the policies of an answer that says whose they are by the ARNs in them: of a bucket, of a function."""
    version = _version(value)
    if version is not None:
        yield version
        return
    if not isinstance(value.get("Policy"), str) or value.keys() - {"Policy", "RevisionId"}:
        return
    text = document(value["Policy"])
    statements = text.get("Statement") if isinstance(text, dict) else None
    statements = [s for s in statements if isinstance(s, dict)] if isinstance(statements, list) else []
    arns = [arn for s in statements for arn in _listed(s.get("Resource"))]
    buckets = {found[1] for arn in arns if (found := _BUCKET.match(arn))}
    if len(buckets) == 1:
        collector = by_type()["AWS::S3::BucketPolicy"]
        partition = arns[0].split(":")[1] if arns[0].startswith("arn:") else "aws"
        yield resource_of(collector, {**value, "Bucket": buckets.pop()}, ResponsePlace(None, None, partition))
    elif arns and all(":lambda:" in arn for arn in arns):
        permission = by_type()["AWS::Lambda::Permission"]
        for statement in statements:
            place = _place_of(_listed(statement.get("Resource"))[0] if statement.get("Resource") else "", permission)
            yield resource_of(permission, statement, place)


_BUCKET: Final = re.compile(r"arn:[\w-]+:s3:::([a-z0-9][a-z0-9.-]+[a-z0-9])(?:/|$)")


def _listed(value: Raw) -> list[str]:
    return [text for text in (value if isinstance(value, list) else [value]) if isinstance(text, str)]
