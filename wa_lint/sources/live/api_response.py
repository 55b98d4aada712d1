"""From the API's answers to a resource in CloudFormation's words. Pure: it calls nothing.

The live source and the export source both come through here, so the same answer gives the same
resource anyone who fetched it.
"""

from __future__ import annotations

import base64
import codecs
import contextlib
import datetime as dt
import json
import re
import urllib.parse
import zlib
from collections.abc import Iterator, Mapping
from functools import cache
from importlib import resources
from typing import Final

import msgspec

from wa_lint import redact, schema
from wa_lint.document.positions import TOO_DEEP, is_too_deep
from wa_lint.model import Listed, Location, Raw, Resource, Unknown, Value
from wa_lint.schema import Shape
from wa_lint.sources.live.collector import ApiCall, Collector

Item = dict[str, Raw]


class ResponsePlace(msgspec.Struct, frozen=True):
    """Where an answer came from. None: an export did not say."""

    account: str | None
    region: str | None
    """None for a global service."""
    partition: str = "aws"


@cache
def not_carried() -> Mapping[str, tuple[str, ...]]:
    """Return, for each type, the top-most CloudFormation paths that its answers cannot carry.

    ``ProductionVariants[].X`` is X of every item. Written by ``scripts/refresh_collectors.py`` from botocore's model,
    held by a test.
    """
    text = resources.files("wa_lint").joinpath("data/carried.json").read_bytes()
    return msgspec.json.decode(text, type=dict[str, tuple[str, ...]])


@cache
def settable(type_: str) -> frozenset[str]:
    """Return CloudFormation's top-level properties of a type, without the read-only ones."""
    found = {name: schema.property_at(type_, name) for name in schema.names_at(type_)}
    return frozenset(name for name, known in found.items() if known and not known.read_only)


def resource_of(
    collector: Collector, item: Item, place: ResponsePlace, refused: Mapping[str, Unknown] | None = None
) -> Resource:
    """Return the resource that `item`, in the API's words, describes.

    `refused` maps a property that a refused call would have filled to why; the key "" stands for all.
    """
    refused = refused or {}
    known = words(collector, item)
    properties, observed = _divided(collector, known)
    for path in not_carried()[collector.type]:
        _put_unknown(properties, path, Unknown(not_returned(collector)))
    for name, why in refused.items():
        if name:
            (properties if name in settable(collector.type) else observed)[name] = why
    identity = identity_of(collector, item, place)
    return Resource(
        id=identity,
        type=collector.type,
        properties=refused.get("", _masked(properties)),
        origin=Listed(Location(identity)),
        name=filled(collector.name, item, place),
        arn=filled(collector.arn, item, place),
        account=place.account,
        region=place.region,
        observed=_masked(observed | _ownership(collector, item)),
    )


def identity_of(collector: Collector, item: Item, place: ResponsePlace) -> str:
    """Return the ARN, or the nearest thing to one."""
    found = filled(collector.arn, item, place) or filled(collector.id, item, place)
    return found or f"{collector.type}/{filled(collector.name, item, place)}"


def words(collector: Collector, item: Item) -> dict[str, Value]:
    """Return `item` in CloudFormation's words, what is observed still among the properties."""
    tree = plain(item)
    if collector.camel:
        tree = _capitalised(tree, "", frozenset(collector.user_maps))
    for path, target in collector.spreads.items():
        spread(tree, path, target)
    for old, new in collector.renames.items():
        rename(tree, old, new)
    for path in collector.documents:
        _apply(tree, path, document)
    for path in collector.tag_maps:
        _apply(tree, path, _tag_list)
    for path in collector.texts:
        _apply(tree, path, _masked_json)
    for path in collector.encoded:
        _apply(tree, path, _masked_base64)
    for path in collector.ignores:
        _take(tree, path)
    shape = schema.resource_type(collector.type)
    known = _without_empty(tree, shape)
    coerced = schema.coerce_to(shape, known)  # Budgets says an amount of money as a text
    return coerced if isinstance(coerced, dict) else known


def not_returned(collector: Collector) -> str:
    """Return why a path that no answer carries is unknown."""
    calls = [*collector.describe[:2]] or [c for c in (collector.listing,) if c]
    if len(calls) == 1:
        return f"not returned by {collector.service}:{calls[0].operation}"
    return f"not returned by the calls that read {collector.type}"


def items_in(answer: Raw, path: str, name: str = "") -> list[Item]:
    """Return the items at `path` of an answer, reading a JSON text on the way; without a path, the answer itself.

    `name`: the member that an item becomes which is a text alone; without it such are left out.
    """
    if not path:
        return [answer]
    for step in path.split("."):
        answer = document(answer.get(step)) if isinstance(answer, dict) else None
    found = answer if isinstance(answer, list) else []
    named = [{name: item} if name and isinstance(item, str) else item for item in found]
    return [item for item in named if isinstance(item, dict)]


def has_items(answer: Raw, path: str) -> bool:
    """Whether an answer has the list that it was requested, though it may be empty."""
    for step in path.split(".") if path else ():
        answer = document(answer.get(step)) if isinstance(answer, dict) else None
    return not path or isinstance(answer, list)


_HOLE = re.compile(r"\{([\w|]+)\}")


def told(call: ApiCall, answer: Item) -> Item:
    """Return the members that a describing answer adds to its item."""
    known = answer.get(call.within, {}) if call.within else answer
    if not isinstance(known, dict):
        return {}
    if call.items:
        return {call.into: items_in(known, call.items)}
    members = {name: value for name, value in known.items() if name not in {"ResponseMetadata", *call.echoes}}
    if known:
        lacks = [name for name in call.always if members.get(name) is None]
        members |= {name: Unknown(f"{call.operation} answered without {name}") for name in lacks}
    return {call.into: members} if call.into else members


def filled(template: str, item: Item, place: ResponsePlace) -> str | None:
    """Return `template` with its ``{member}`` or ``{first|second}`` filled in; None where a member is not there.

    An empty text is not there either: an API's way to say that there is not an ARN.
    """
    names = {"account": place.account, "region": place.region, "partition": place.partition} | item
    texts = {name: text for name, text in names.items() if isinstance(text, str) and text}
    wanted = {hole: next(filter(texts.__contains__, hole.split("|")), None) for hole in _HOLE.findall(template)}
    if not template or None in wanted.values():
        return None
    return _HOLE.sub(lambda hole: texts[str(wanted[hole[1]])], template)


def is_aws_own(owner: Raw) -> bool:
    """Whether an ARN, or the word for an owner, is AWS's own."""
    return isinstance(owner, str) and (owner == "AWS" or owner.split(":")[4:5] == ["aws"])


def plain(value: Raw) -> Raw:
    """Return a copy as JSON: datetimes as ISO 8601 texts, members that are null left out."""
    match value:
        case dict():
            return {str(k): plain(v) for k, v in value.items() if v is not None and k != "ResponseMetadata"}
        case list() | tuple():
            return [plain(v) for v in value]
        case dt.datetime():
            return (value if value.tzinfo else value.replace(tzinfo=dt.UTC)).astimezone(dt.UTC).isoformat()
        case bytes():
            return value.decode("utf-8", "replace")
    return value


def document(text: Raw) -> Raw:
    """Return the JSON that a policy's text holds: plain, URL-encoded (IAM) or escaped once more (API Gateway)."""
    if not isinstance(text, str):
        return text
    for candidate in (text, urllib.parse.unquote(text), text.replace('\\"', '"').replace("\\/", "/")):
        with contextlib.suppress(ValueError, RecursionError):
            found = json.loads(candidate)
            if is_too_deep(found):
                return Unknown(f"in its text {TOO_DEEP}")
            return (
                found if isinstance(found, dict | list) else Unknown(f"the text {candidate[:20]!r} is not a document")
            )
    return Unknown("the text is not JSON" if text.strip() else "the text is empty")


# --- renames ----------------------------------------------------------------------------------------


def rename(tree: Raw, old: str, new: str) -> None:
    """Move the value at `old` to `new` in place; nothing happens where there is none.

    ``A.B`` is a member. A shared beginning up to a ``[]`` moves within each item of that list:
    ``Rules[].ID`` to ``Rules[].Id``. Otherwise ``A[].B`` takes B of every item, ``A[Flag].B`` of the
    first whose Flag is true, ``A{Key}`` the values of a map as a list, its key put into each (two
    names: the key split at its last slash, or key and value). A target ``C[]`` is a list of what was taken.
    """
    head, within_old, within_new = _shared(old, new)
    if head:
        for item in _items(tree, head):
            rename(item, within_old, within_new)
        return
    taken = _take(tree, old) if isinstance(tree, dict) else []
    if not taken:
        return
    several = "[]" in old or old.endswith("}")
    _put(tree, new.removesuffix("[]").split("."), taken if several or new.endswith("[]") else taken[0])


def spread(tree: dict[str, Raw], path: str, target: str) -> None:
    """Append each item of the inner lists at `path` to the list `target`, with the plain members of what holds it.

    ``IpPermissions[].IpRanges``: what the API says once for several ranges, CloudFormation says of each.
    """
    outer, _, inner = path.partition("[].")
    for holder in _items(tree, outer):
        parts = holder.get(inner) if isinstance(holder, dict) else None
        plain_members = {k: v for k, v in holder.items() if not isinstance(v, dict | list)} if parts else {}
        items = [plain_members | part for part in parts if isinstance(part, dict)] if isinstance(parts, list) else []
        if items and isinstance(tree.setdefault(target, []), list):
            tree[target].extend(items)


def _shared(old: str, new: str) -> tuple[str, str, str]:
    """Split both paths behind the first ``[].`` that they share."""
    head, mark, rest = old.partition("[].")
    if mark and new.startswith(head + mark):
        return head, rest, new.removeprefix(head + mark)
    return "", old, new


def _items(tree: Raw, path: str) -> list[Raw]:
    for step in path.split("."):
        tree = tree.get(step) if isinstance(tree, dict) else None
    return tree if isinstance(tree, list) else []


_STEP = re.compile(r"(?P<name>[^\[\]{}]+)(?:\[(?P<flag>\w*)\]|\{(?P<keys>[\w/]+)\})?")


def _take(tree: Raw, path: str) -> list[Raw]:
    """Remove what is at `path` and return it, as a list; empty containers go too."""
    first, _, rest = _first_step(path)
    step = _STEP.fullmatch(first)
    if step is None or not isinstance(tree, dict) or step["name"] not in tree:
        return []
    inner = tree[step["name"]]
    if step["keys"] or step["flag"] is not None:
        del tree[step["name"]]
        found = list(_chosen(inner, step["flag"], step["keys"]))
        return [taken for item in found for taken in _take(item, rest)] if rest else found
    if not rest:
        return [tree.pop(step["name"])]
    taken = _take(inner, rest)
    if inner == {}:
        del tree[step["name"]]
    return taken


def _first_step(path: str) -> tuple[str, str, str]:
    """Split at the first dot. IAM condition keys hold colons, never dots."""
    return path.partition(".")


def _chosen(inner: Raw, flag: str | None, keys: str | None) -> Iterator[Raw]:
    if keys and isinstance(inner, dict):
        yield from (_keyed(key, value, keys.split("/")) for key, value in sorted(inner.items()))
    elif isinstance(inner, list):
        items = [item for item in inner if isinstance(item, dict)]
        yield from items if not flag else [item for item in items if item.get(flag) is True][:1]


def _keyed(key: str, value: Raw, names: list[str]) -> Raw:
    """Put a map's key into its value: ``~1pets/GET`` is the ResourcePath ``/pets`` and the HttpMethod ``GET``.

    A value that has no members of its own becomes the second one.
    """
    if len(names) == 1:
        return {names[0]: key, **value} if isinstance(value, dict) else value
    if not isinstance(value, dict):
        return {names[0]: key, names[1]: value}
    path, _, method = key.rpartition("/")
    path = "/" + path.replace("~1", "/").removeprefix("/")
    return {names[0]: path, names[1]: method, **value} if isinstance(value, dict) else value


def _put(tree: dict[str, Raw], steps: list[str], value: Raw) -> None:
    for step in steps[:-1]:
        inner = tree.setdefault(step, {})
        tree[step] = tree = inner if isinstance(inner, dict) else {}
    tree[steps[-1]] = value


def _apply(tree: Raw, path: str, function: Raw) -> None:
    """Replace each value at `path` by what `function` makes of it."""
    head, mark, rest = path.partition("[].")
    if mark:
        for item in _items(tree, head):
            _apply(item, rest, function)
        return
    *outer, last = path.split(".")
    for step in outer:
        tree = tree.get(step) if isinstance(tree, dict) else None
    if isinstance(tree, dict) and last in tree:
        tree[last] = function(tree[last])


def _masked_json(text: Raw) -> Raw:
    """Mask what a JSON text holds, by its names too; the same text where there is nothing to mask, or no JSON."""
    try:
        held = json.loads(text)
    except (TypeError, ValueError, RecursionError):
        return text
    if is_too_deep(held):
        return redact.mask(text)
    masked = redact.mask_tree(held)
    return text if masked is held or masked == held else json.dumps(masked, ensure_ascii=False)


def _masked_base64(text: Raw) -> Raw:
    """Mask a script inside its encoding; the same text where there is nothing to mask, or no base64."""
    try:
        script = _script("".join(text.split()))
    except (AttributeError, ValueError, zlib.error):
        return text
    masked = redact.mask(script)
    return text if masked == script else base64.b64encode(masked.encode()).decode("ascii")


_LARGEST_SCRIPT: Final = 1_000_000
"""Characters. SageMaker takes 16,384 in base64 (API reference, NotebookInstanceLifecycleHook, read 2026-11)."""


def _script(text: str) -> str:
    """Return the script in `text`, which may be packed, in UTF-16 or cut short. Raise if it is not one."""
    content = base64.b64decode(text[: len(text) // 4 * 4], validate=True)
    if content.startswith(b"\x1f\x8b"):
        content = zlib.decompressobj(31).decompress(content, _LARGEST_SCRIPT)
    return content.decode("utf-16" if content[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE) else "utf-8")


def _without_empty(value: Raw, shape: Shape | None) -> Raw:
    """Leave out members that are empty: so the APIs say "not set". What is the user's own (maps, policies) stays."""
    if isinstance(value, list) and shape is not None:
        return [_without_empty(item, shape.item) for item in value]
    if not isinstance(value, dict) or shape is None or not shape.members():
        return value
    members = {name: _without_empty(inner, shape.member(name)) for name, inner in value.items()}
    return {name: inner for name, inner in members.items() if inner not in ("", [], {})}


def _tag_list(tags: Raw) -> Raw:
    return [{"Key": k, "Value": v} for k, v in sorted(tags.items())] if isinstance(tags, dict) else tags


def _capitalised(value: Raw, path: str, user_maps: frozenset[str]) -> Raw:
    if isinstance(value, list):
        return [_capitalised(item, path + "[]", user_maps) for item in value]
    if not isinstance(value, dict) or path + "{**}" in user_maps:
        return value
    if path in user_maps:
        return {key: _capitalised(item, path + "{}", user_maps) for key, item in value.items()}
    names = {key: key[:1].upper() + key[1:] for key in value}
    return {
        names[key]: _capitalised(item, f"{path}.{names[key]}".removeprefix("."), user_maps)
        for key, item in value.items()
    }


# --- properties, observations, ignorance ------------------------------------------------------------


def _divided(collector: Collector, known: Mapping[str, Value]) -> tuple[dict[str, Value], dict[str, Value]]:
    names = settable(collector.type) - set(collector.observed)
    properties = {name: value for name, value in known.items() if name in names}
    return properties, {name: value for name, value in known.items() if name not in names}


def _put_unknown(tree: Raw, path: str, why: Unknown) -> None:
    """Put `why` at `path`, wherever its parent is there and nothing is in its place."""
    head, mark, rest = path.partition("[].")
    if mark:
        for item in _items(tree, head):
            _put_unknown(item, rest, why)
        return
    *outer, last = path.split(".")
    for step in outer:
        tree = tree.get(step) if isinstance(tree, dict) else None
    if isinstance(tree, dict):
        tree.setdefault(last, why)


def _masked(members: dict[str, Value]) -> dict[str, Value]:
    masked = redact.mask_tree(members)
    return masked if isinstance(masked, dict) else members


def _ownership(collector: Collector, item: Item) -> dict[str, Value]:
    if not collector.aws_managed:
        return {}
    if collector.aws_managed not in item:  # the call that tells was refused
        return {"aws_managed": Unknown(not_returned(collector))}
    return {"aws_managed": is_aws_own(item.get(collector.aws_managed))}
