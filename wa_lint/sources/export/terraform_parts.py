"""Puts together what Terraform has in pieces: a bucket and its settings, a role and its policies. It reads no plan.

From the attributes of each piece to resources in CloudFormation's words.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Final

import msgspec

from wa_lint.model import ABSENT, Hole, Listed, Location, Partial, Raw, Resource, Unknown, Unresolved, Value
from wa_lint.references.table import IDENTITIES, LINKS, Identity
from wa_lint.sources.export.terraform_bodies import body, policy_in
from wa_lint.sources.export.terraform_types import ATTACHED, KINDS, SHAPES, TfType
from wa_lint.sources.export.terraform_values import LATER, Planned
from wa_lint.sources.export.to_cloudformation import changed, folded, in_words, with_unknown
from wa_lint.sources.live.api_response import document, rename

Values = dict[str, Value]

_ARNS: Final = "ManagedPolicyArns"


def joined(known: Mapping[Planned, Values], region: str | None) -> tuple[Resource, ...]:
    """Return the resources that `known`, the attributes of each planned one, come to."""
    properties = {p.address: _words(p, values) for p, values in known.items() if _is_whole(p)}
    wholes = [(p, values) for p, values in known.items() if _is_whole(p)]
    for planned, values in known.items():
        if planned.type in ATTACHED:
            _attach(values, planned, wholes, properties)
        elif KINDS[planned.type].part_of:
            _put_in(values, planned, wholes, properties)
    return tuple(_resource(p, values, properties[p.address], region) for p, values in wholes)


def _is_whole(planned: Planned) -> bool:
    return planned.type in KINDS and not KINDS[planned.type].part_of


def _resource(planned: Planned, values: Values, properties: Values, region: str | None) -> Resource:
    kind = KINDS[planned.type]
    settled = _settled(properties, kind.type, "")
    own = IDENTITIES.get(kind.type, Identity()).name
    name = values.get(kind.name) if kind.name else properties.get(own)
    arn = values.get("arn")
    arn = arn if isinstance(arn, str) and arn.startswith("arn:") else None
    _, _, _, there, account, *_ = [*(arn or "").split(":"), *[""] * 5]
    said = values.get("region")
    is_global = kind.type.startswith("AWS::IAM::")
    return Resource(
        id=planned.address,
        type=kind.type,
        properties=_with_ignorance(planned, values, settled, kind),
        origin=Listed(Location(planned.address)),
        name=name if isinstance(name, str) else None,
        arn=arn,
        account=account or None,
        region=None if is_global else there or (said if isinstance(said, str) else region),
    )


# --- words ------------------------------------------------------------------------------------------


def _words(planned: Planned, values: Values) -> Values:
    """Return CloudFormation's properties of one Terraform resource, or of what it is a part of."""
    kind = KINDS[planned.type]
    tree: Raw = {name: item for name, item in values.items() if item is not ABSENT and item is not None}
    tree["tags"] = tree.pop("tags_all", None) if isinstance(tree.get("tags_all"), dict) else tree.get("tags")
    for old, new in kind.renames.items():
        _unblock(tree, old)
        rename(tree, old, new)
    known = in_words(kind.type, tree, (kind.at, 0) if kind.is_item else (kind.at,) if kind.at else ())
    for path in kind.documents:
        changed(known, path, document)
    for path, members in kind.wraps.items():
        changed(known, path, lambda value: [_wrapped(value, members)])  # noqa: B023, now
    if kind.body:
        changed(known, kind.body, body)
        known |= policy_in(kind.type, known)
    for path, meant in kind.values.items():
        changed(known, path, lambda value: meant.get(value, value) if _is_plain(value) else value)  # noqa: B023, now
    return {name: _without_none(item) for name, item in known.items() if item is not None}


def _wrapped(value: Value, members: Sequence[str]) -> Value:
    for name in reversed(members):
        value = {name: value}
    return value


def _is_plain(value: Value) -> bool:
    return isinstance(value, str | int | float)


def _unblock(tree: Raw, path: str) -> None:
    """Make a map of each list of one block on the way to `path`, so that `rename` finds its way."""
    step, _, rest = path.partition(".")
    name = step.removesuffix("[]")
    if not isinstance(tree, dict) or not rest or name not in tree:
        return
    inner = tree[name]
    if name == step and isinstance(inner, list) and len(inner) == 1 and isinstance(inner[0], dict):
        tree[name] = inner = inner[0]
    for item in inner if isinstance(inner, list) else [inner]:
        _unblock(item, rest)


def _without_none(value: Raw) -> Raw:
    if isinstance(value, dict):
        return {name: _without_none(item) for name, item in value.items() if item is not None}
    return [_without_none(item) for item in value] if isinstance(value, list) else value


def _with_ignorance(planned: Planned, values: Values, properties: Values, kind: TfType) -> Value:
    """Return the properties of what was read from AWS with those Unknown that Terraform has no attribute for."""
    if not planned.is_answer:
        return properties
    renamed = {old.partition(".")[0].removesuffix("[]"): new.partition(".")[0] for old, new in kind.renames.items()}
    said = {folded(renamed.get(name, name)) for name in values}
    why = Unknown(f"{planned.type} does not show it")
    return with_unknown(kind.type, properties, lambda path: None if "." in path or folded(path) in said else why)


# --- parts ------------------------------------------------------------------------------------------


_Wholes = Sequence[tuple[Planned, Values]]
_Properties = Mapping[str, Values]


def _put_in(values: Values, part: Planned, wholes: _Wholes, properties: _Properties) -> None:
    """Fill the property of the resource that `part` is a part of; of each that it may be, where that is not known."""
    kind = KINDS[part.type]
    named, doubtful = _named([values.get(name) for name in kind.by], kind, wholes)
    found = _words(part, values)
    if kind.is_item:
        for planned in named:
            _add(properties[planned.address], kind.at, found)
        for planned in doubtful:
            _doubt(properties[planned.address], kind.at, f"{part.address} may be of this one: {LATER}")
        return
    filled = _filling(kind, found, values)
    for planned in named:
        properties[planned.address].update(filled)
    why = Unknown(f"{part.address} may be of this one: {LATER}")
    for planned in doubtful:
        for name in filled:
            properties[planned.address].setdefault(name, why)


def _filling(kind: TfType, found: Values, values: Values) -> Values:
    """Return the properties that a part fills of what it is a part of."""
    if kind.at:
        return {kind.at: found}
    if kind.fills:
        return {name: found[name] for name in kind.fills if name in found}
    return _of_list(found, values)


def _of_list(found: Values, values: Values) -> Values:
    """Return the canned list of an `aws_s3_bucket_acl`; one that is written out in full is no canned one."""
    acl = values.get("acl")
    if acl is None or acl is ABSENT:
        return {"AccessControl": Unknown("the list is written out in grants")}
    words = KINDS["aws_s3_bucket"].values["AccessControl"]
    return found | {"AccessControl": words.get(acl, acl) if isinstance(acl, str) else acl}


def _named(by: Sequence[Value], kind: TfType, wholes: _Wholes) -> tuple[list[Planned], list[Planned]]:
    """Return the resources that `by` names, and if it is not known whom, all those that it may."""
    candidates = [(planned, values) for planned, values in wholes if planned.type == kind.part_of]
    if len(kind.by) == 1:
        answers = [(planned, _is_name(by[0], planned, values)) for planned, values in candidates]
    else:
        answers = [(p, _are_same(by, [values.get(name) for name in kind.by])) for p, values in candidates]
    certain = [planned for planned, answer in answers if answer is True]
    return certain, [] if certain else [planned for planned, answer in answers if answer is None]


def _is_name(text: Value, planned: Planned, values: Values) -> bool | None:
    """Whether an attribute names that resource; None where it is not known."""
    if isinstance(text, Unresolved):
        targets = {part.target for part in text.parts if isinstance(part, Hole)}
        return (planned.address in targets) if len(targets) == 1 else None
    if not isinstance(text, str):
        return None if isinstance(text, Unknown) else False
    return text in [values.get(name) for name in ("id", "name", "bucket", "arn", "function_name")]


def _are_same(left: Sequence[Value], right: Sequence[Value]) -> bool | None:
    """Whether two resources name the same others, attribute by attribute."""
    answers = [_is_same(one, other) for one, other in zip(left, right, strict=True)]
    return False if False in answers else None if None in answers else True


def _is_same(one: Value, other: Value) -> bool | None:
    if isinstance(one, Unresolved) and isinstance(other, Unresolved):
        return True if one.parts and one.parts == other.parts else None if not one.target or not other.target else False
    if isinstance(one, Unknown | Unresolved) or isinstance(other, Unknown | Unresolved):
        return None
    return one == other


def _attach(values: Values, attachment: Planned, wholes: _Wholes, properties: _Properties) -> None:
    """Add the policy to the identities that the attachment names."""
    policy = values.get("policy_arn")
    for attribute, type_ in ATTACHED[attachment.type].items():
        said = values.get(attribute)
        for text in said if isinstance(said, list) else [said] if said else ():
            named, doubtful = _named([text], TfType(type="", part_of=type_, by=(attribute,)), wholes)
            for planned in named:
                _add(properties[planned.address], _ARNS, policy)
            for planned in doubtful:
                _doubt(properties[planned.address], _ARNS, f"{attachment.address} may attach to it: {LATER}")


def _add(properties: Values, name: str, item: Value) -> None:
    """Add an item to the list in a property."""
    found = properties.get(name, [])
    if isinstance(found, Partial):
        properties[name] = msgspec.structs.replace(found, items=(*found.items, item))
    elif isinstance(found, list) and item not in found:
        properties[name] = [*found, item]
    elif isinstance(found, Unknown | Unresolved):
        properties[name] = Partial((item,), found.reason)


def _doubt(properties: Values, name: str, why: str) -> None:
    found = properties.get(name, [])
    if isinstance(found, list):
        properties[name] = Partial(tuple(found), why)


# --- what a reference says of a text ----------------------------------------------------------------


def _settled(value: Value, type_: str, path: str) -> Raw:
    """Keep of each reference what it says for certain: which resource, where the whole text can be but its name."""
    if isinstance(value, dict):
        return {name: _settled(item, type_, f"{path}.{name}".removeprefix(".")) for name, item in value.items()}
    if isinstance(value, list):
        return [_settled(item, type_, f"{path}[]") for item in value]
    if isinstance(value, Partial):
        return Partial(tuple(_settled(item, type_, f"{path}[]") for item in value.items), value.reason)
    if isinstance(value, Unresolved) and value.parts:
        return msgspec.structs.replace(value, parts=_parts(value, type_, path))
    return value


def _parts(value: Unresolved, type_: str, path: str) -> tuple[str | Hole, ...]:
    holes = [part for part in value.parts if isinstance(part, Hole)]
    if _IN_STATEMENT.search(path):
        return _arn_and_more(holes, value)
    if (type_, path) in _uris():
        buckets = [
            hole for hole in holes if "aws_s3_bucket." in (hole.target or "") and hole.attribute in _BUCKET_NAMES
        ]
        return tuple(_filled("s3://{}/*", buckets[0], value)) if len(holes) == len(buckets) == 1 else ()
    if (type_, path) in SHAPES:
        wanted, text = SHAPES[type_, path]
        fitting = [hole for hole in holes if f"{wanted}." in (hole.target or "")]
        return tuple(_filled(text, fitting[0], value)) if len({h.target for h in fitting}) == 1 else ()
    if len(holes) == 1 and ((type_, path) in _names() or "kms" in path.rpartition(".")[2].lower()):
        return (holes[0],)
    return ()


_IN_STATEMENT: Final = re.compile(r"Statement(\[\])?\.(Not)?Resource(\[\])?$")
_BUCKET_NAMES: Final = frozenset({"bucket", "id"})


def _arn_and_more(holes: Sequence[Hole], value: Unresolved) -> tuple[str | Hole, ...]:
    """Return the parts of what a statement names: the ARN of a resource, and what may follow, as in ``${arn}/*``.

    An ARN is at the beginning, or it is none.
    """
    arns = [hole for hole in holes if hole.target and (hole.attribute or "").rpartition("_")[2] == "arn"]
    return (arns[0], Hole(f"{value.reason}, and what follows")) if len(arns) == 1 else ()


@cache
def _uris() -> frozenset[tuple[str, str]]:
    """Return the properties whose text is an S3 URI."""
    return frozenset((link.type, link.path) for link in LINKS if link.keys[0] == "s3://{id}")


def _filled(text: str, hole: Hole, value: Unresolved) -> Iterator[str | Hole]:
    """Yield the parts of ``endpoint/{}/variant/*``: what the star stands for is decided elsewhere."""
    for number, piece in enumerate(text.replace("{}", "\0{}\0").replace("*", "\0*\0").split("\0")):
        if piece == "{}":
            yield hole
        elif piece == "*":
            yield Hole(f"{value.reason} {number}")
        elif piece:
            yield piece


@cache
def _names() -> frozenset[tuple[str, str]]:
    """Return the properties whose text is nothing but the name of another resource."""
    return frozenset((link.type, link.path) for link in LINKS if link.keys[0] in ("{id}", "{arn}"))
