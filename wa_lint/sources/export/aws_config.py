"""AWS Config: snapshot and history files, events, answers of `aws configservice`, results of advanced queries.

A *configuration item* comes in two spellings, that of the delivered files and that of the API, where objects are texts.
What is configured comes in two styles: CloudFormation's own names for types that Config knows through CloudFormation's
registry, the service's camelCase for older ones.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from importlib import resources
from itertools import pairwise
from typing import Final

import msgspec

from wa_lint import redact, schema
from wa_lint.model import ABSENT, Listed, Location, Raw, Resource, Scope, Unknown, Value
from wa_lint.references.table import IDENTITIES, Identity
from wa_lint.sources.export.aws_config_types import CAMEL, COVERS, NAMES, Camel
from wa_lint.sources.export.export_document import Format, Found, without_schema
from wa_lint.sources.export.to_cloudformation import changed, folded, in_words, read_json, with_unknown
from wa_lint.sources.live.api_response import ResponsePlace, document, rename, resource_of, settable
from wa_lint.sources.live.collectors import by_type

_LISTS: Final = ("configurationItems", "baseConfigurationItems", "BaseConfigurationItems")
_SINGLE: Final = ("configurationItem", "ConfigurationItem")
_GONE: Final = ("ResourceDeleted", "ResourceDeletedNotRecorded", "ResourceNotRecorded")

_NOT_SAID: Final = Unknown("AWS Config does not record it")
_NOT_SELECTED: Final = Unknown("the query did not select it")


class _Item(msgspec.Struct, frozen=True):
    """A configuration item, whichever way it was spelled."""

    type: str
    id: str
    name: str | None
    arn: str | None
    account: str | None
    region: str | None
    captured: str
    configuration: dict[str, Raw] | None
    supplementary: dict[str, Raw]
    tags: Raw
    is_whole: bool = True
    """False for a row of a query that selected single members."""


def _is_config(value: Raw) -> bool:
    return next(_rows(value), None) is not None or _is_empty(value)


def _read(value: Raw) -> Found:
    latest: dict[tuple[str, str], _Item] = {}
    for raw, is_whole in _rows(value):
        item = _item(raw, is_whole=is_whole)
        key = item.type, item.arn or item.id
        if key not in latest or latest[key].captured <= item.captured:
            latest[key] = item if raw.get("configurationItemStatus") not in _GONE else _without_body(item)
    kept = [item for item in latest.values() if item.configuration is not None]
    found = [resource for item in kept for resource in _resources(item)]
    complete = {Scope(type_, item.account) for item in kept for type_ in _covered(item)}
    unread = without_schema(item.type for item in kept if not schema.known(NAMES.get(item.type, item.type)))
    return Found(tuple(found), frozenset(complete), unjudged=unread)


CONFIG: Final = Format(
    "a snapshot or response of AWS Config", _is_config, _read, (b"onfigurationItem", b'"resourceType"')
)


# --- items ------------------------------------------------------------------------------------------


def _is_empty(value: Raw) -> bool:
    """Whether it is a snapshot of nothing, or an answer that found nothing."""
    if not isinstance(value, dict):
        return False
    return value.get("configurationItems") == [] or (value.get("Results") == [] and "QueryInfo" in value)


def _rows(value: Raw) -> Iterator[tuple[dict[str, Raw], bool]]:
    """Yield each item as it was written, and whether it is whole."""
    if not isinstance(value, dict):
        return
    for inner in _enveloped(value):
        yield from _rows(inner)
    found = [item for key in _LISTS if isinstance(value.get(key), list) for item in value[key]]
    found += [value[key] for key in _SINGLE if key in value]
    found += [value] if "configuration" in value else []
    yield from ((item, True) for item in found if _is_item(item))
    results = value.get("Results")
    selected = _selected(value.get("QueryInfo"))
    for text in results if isinstance(results, list) else ():
        row = read_json(text)
        if _is_item(row):
            yield row, "configuration" in selected


def _enveloped(value: Mapping[str, Raw]) -> Iterator[Raw]:
    """Yield what the event of a custom rule's function, or one of EventBridge, is about."""
    message = read_json(value.get("invokingEvent"))
    for inner in (message, value.get("detail")):
        if isinstance(inner, dict) and any(key in inner for key in _SINGLE):
            yield {key: inner[key] for key in _SINGLE if key in inner}


def _is_item(item: Raw) -> bool:
    """Whether it names a type, and says which resource, what it is set to, or that it is gone."""
    if not isinstance(item, dict) or not isinstance(item.get("resourceType"), str):
        return False
    return "configuration" in item or "configurationItemStatus" in item


def _selected(info: Raw) -> frozenset[str]:
    fields = info.get("SelectFields") if isinstance(info, dict) else None
    return frozenset(str(field.get("Name")) for field in fields or () if isinstance(field, dict))


def _item(raw: Mapping[str, Raw], *, is_whole: bool) -> _Item:
    region = _text(raw.get("awsRegion"))
    configuration = read_json(raw.get("configuration"))
    return _Item(
        type=raw["resourceType"],
        id=str(raw.get("resourceId") or raw.get("resourceName") or ""),
        name=_text(raw.get("resourceName")),
        arn=_text(raw.get("ARN") or raw.get("arn")),
        account=_text(raw.get("awsAccountId") or raw.get("accountId")),
        region=None if region == "global" else region,
        captured=str(raw.get("configurationItemCaptureTime") or ""),
        configuration=configuration if isinstance(configuration, dict) else {},
        supplementary=_supplementary(raw.get("supplementaryConfiguration")),
        tags=raw.get("tags"),
        is_whole=is_whole,
    )


def _without_body(item: _Item) -> _Item:
    return msgspec.structs.replace(item, configuration=None)


def _text(value: Raw) -> str | None:
    return value if isinstance(value, str) and value else None


def _supplementary(value: Raw) -> dict[str, Raw]:
    found = read_json(value)
    return {key: read_json(item) for key, item in found.items()} if isinstance(found, dict) else {}


# --- resources --------------------------------------------------------------------------------------


def _resources(item: _Item) -> Iterator[Resource]:
    type_ = NAMES.get(item.type, item.type)
    if not schema.known(type_):
        return
    camel = CAMEL.get(item.type)
    properties = _own_words(item, type_) if camel is None else _camel(item, type_, camel)
    if not camel:
        properties["Tags"] = _tags(item)
    identity = item.arn or f"{type_}/{item.id}"
    masked = redact.mask_tree({name: value for name, value in properties.items() if value is not ABSENT})
    key = camel.name if camel else IDENTITIES.get(type_, Identity()).name
    yield Resource(
        id=identity,
        type=type_,
        properties=masked,
        origin=Listed(Location(identity)),
        name=_text((item.configuration or {}).get(key)) or item.name,
        arn=item.arn,
        account=item.account,
        region=item.region,
    )
    if item.type == "AWS::S3::Bucket":
        yield from _bucket_policy(item)
    if item.type == "AWS::Lambda::Function":
        yield from _permissions(item)


def _own_words(item: _Item, type_: str) -> dict[str, Value]:
    """Return what is in CloudFormation's words already. What Config's own schema lacks is not known."""
    said = {name: value for name, value in (item.configuration or {}).items() if name in settable(type_)}
    carried = _carried().get(type_, frozenset())

    def why(path: str) -> Unknown | None:
        if not item.is_whole:
            return _NOT_SELECTED
        return None if path.replace("[]", "") in carried else _NOT_SAID

    return with_unknown(type_, in_words(type_, said), why)


def _camel(item: _Item, type_: str, camel: Camel) -> dict[str, Value]:
    """Return what is in camelCase. A member that is null is not set; of one that is missing nothing is said."""
    tree = msgspec.json.decode(msgspec.json.encode({**(item.configuration or {}), **_beside(item, camel)}))
    for old, new in camel.renames.items():
        rename(tree, old, new)
    for path in camel.unset:
        changed(tree, path, lambda value: None if value == camel.unset[path] else value)  # noqa: B023, called at once
    if camel.from_arn:
        tree |= _from_arn(item.arn or "", camel.from_arn)
    known = in_words(type_, tree)
    for path in camel.documents:
        changed(known, path, document)
    said = frozenset(folded(name.partition(".")[0]) for name in (*tree, *_renamed(item, camel)))

    def why(path: str) -> Unknown | None:
        if not item.is_whole:
            return _NOT_SELECTED
        return None if "." in path or folded(path) in said else _NOT_SAID

    return with_unknown(type_, known, why)


def _beside(item: _Item, camel: Camel) -> dict[str, Raw]:
    """Return the parts of supplementaryConfiguration that are properties."""
    return {to: item.supplementary[part] for part, to in camel.supplementary.items() if part in item.supplementary}


def _renamed(item: _Item, camel: Camel) -> Iterator[str]:
    """Yield the new names of members that are there but hold nothing, so that renaming did not move them."""
    configuration = {**(item.configuration or {}), **_beside(item, camel)}
    for old, new in camel.renames.items():
        if old.partition(".")[0].removesuffix("[]") in configuration:
            yield new.removesuffix("[]")


def _from_arn(arn: str, names: Mapping[str, str]) -> dict[str, Raw]:
    """Return what only the ARN says: ``…::/restapis/{id}/stages/{name}``."""
    words = arn.split("/")
    after = dict(pairwise(words))
    return {name: after[word] for word, name in names.items() if word in after}


def _tags(item: _Item) -> Value:
    if isinstance(item.tags, dict):
        return [{"Key": key, "Value": value} for key, value in sorted(item.tags.items())] or ABSENT
    if isinstance(item.tags, list):
        pairs = [{"Key": tag.get("key"), "Value": tag.get("value")} for tag in item.tags if isinstance(tag, dict)]
        return pairs or ABSENT
    return _NOT_SAID if item.is_whole else _NOT_SELECTED


def _covered(item: _Item) -> tuple[str, ...]:
    """Return the types of which an identity that is whole has all: its inline policies."""
    list_, types = COVERS.get(item.type, ("", ()))
    return types if item.is_whole and list_ in (item.configuration or {}) else ()


def _bucket_policy(item: _Item) -> Iterator[Resource]:
    policy = item.supplementary.get("BucketPolicy")
    text = policy.get("policyText") if isinstance(policy, dict) else None
    if text:
        name = item.name or item.id
        identity = f"{item.arn or f'arn:aws:s3:::{name}'}?policy"
        yield Resource(
            id=identity,
            type="AWS::S3::BucketPolicy",
            properties=redact.mask_tree({"Bucket": name, "PolicyDocument": document(text)}),
            origin=Listed(Location(identity)),
            name=name,
            account=item.account,
            region=item.region,
        )


def _permissions(item: _Item) -> Iterator[Resource]:
    policy = read_json(item.supplementary.get("Policy"))
    statements = policy.get("Statement") if isinstance(policy, dict) else None
    collector = by_type()["AWS::Lambda::Permission"]
    _, partition, *_ = [*(item.arn or "").split(":"), ""]
    place = ResponsePlace(item.account, item.region, partition or "aws")
    for statement in statements if isinstance(statements, list) else ():
        if isinstance(statement, dict):
            yield resource_of(collector, statement, place)


@cache
def _carried() -> Mapping[str, frozenset[str]]:
    """Return, for each type that Config knows by CloudFormation's names, the paths that its items can have.

    Leaves and all that holds them. The file says where it is from.
    """
    text = resources.files("wa_lint").joinpath("data/config_carried.json").read_bytes()
    types = msgspec.json.decode(text)["types"]
    return {type_: frozenset(head for path in paths for head in _heads(path)) for type_, paths in types.items()}


def _heads(path: str) -> Iterator[str]:
    steps = path.split(".")
    yield from (".".join(steps[:end]) for end in range(1, len(steps) + 1))
