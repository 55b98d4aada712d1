"""Puts together what Terraform has in pieces: a bucket and its settings, a role and its policies. It reads no plan.

From the attributes of each piece to resources in CloudFormation's words.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Final

import msgspec

from wa_lint.model import ABSENT, Hole, Listed, Location, Partial, Raw, Resource, Unknown, Unresolved, Value
from wa_lint.references.table import IDENTITIES, LINKS, Identity
from wa_lint.sources.export.terraform_types import ATTACHED, KINDS, SHAPES, Kind
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
    known = in_words(kind.type, tree, (kind.at,) if kind.at else ())
    for path in kind.documents:
        changed(known, path, document)
    for path, meant in kind.values.items():
        changed(known, path, lambda value: meant.get(value, value) if _is_plain(value) else value)  # noqa: B023, now
    return {name: _without_none(item) for name, item in known.items() if item is not None}


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


def _with_ignorance(planned: Planned, values: Values, properties: Values, kind: Kind) -> Value:
    """Return the properties of what was read from AWS with those Unknown that Terraform has no attribute for."""
    if not planned.is_answer:
        return properties
    renamed = {old.partition(".")[0].removesuffix("[]"): new.partition(".")[0] for old, new in kind.renames.items()}
    said = {folded(renamed.get(name, name)) for name in values}
    why = Unknown(f"{planned.type} does not say it")
    return with_unknown(kind.type, properties, lambda path: None if "." in path or folded(path) in said else why)


# --- parts ------------------------------------------------------------------------------------------


_Wholes = Sequence[tuple[Planned, Values]]
_Properties = Mapping[str, Values]


def _put_in(values: Values, part: Planned, wholes: _Wholes, properties: _Properties) -> None:
    """Fill the property of the resource that `part` is a part of; of each that it may be, where that is not known."""
    kind = KINDS[part.type]
    named, doubtful = _named([values.get(name) for name in kind.by], kind, wholes)
    found = _words(part, values)
    for planned in named:
        properties[planned.address].update({kind.at: found} if kind.at else _of_list(found, values))
    why = Unknown(f"{part.address} may be of this one: {LATER}")
    for planned in doubtful:
        properties[planned.address].setdefault(kind.at or "AccessControl", why)


def _of_list(found: Values, values: Values) -> Values:
    """Return the canned list of an `aws_s3_bucket_acl`; one that is written out in full is no canned one."""
    acl = values.get("acl")
    if acl is None or acl is ABSENT:
        return {"AccessControl": Unknown("the list is written out in grants")}
    words = KINDS["aws_s3_bucket"].values["AccessControl"]
    return found | {"AccessControl": words.get(acl, acl) if isinstance(acl, str) else acl}


def _named(by: Sequence[Value], kind: Kind, wholes: _Wholes) -> tuple[list[Planned], list[Planned]]:
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
            named, doubtful = _named([text], Kind(type="", part_of=type_, by=(attribute,)), wholes)
            for planned in named:
                _add(properties[planned.address], policy)
            for planned in doubtful:
                _doubt(properties[planned.address], f"{attachment.address} may attach to it: {LATER}")


def _add(properties: Values, policy: Value) -> None:
    found = properties.get(_ARNS, [])
    if isinstance(found, Partial):
        properties[_ARNS] = msgspec.structs.replace(found, items=(*found.items, policy))
    elif isinstance(found, list) and policy not in found:
        properties[_ARNS] = [*found, policy]
    elif isinstance(found, Unknown | Unresolved):
        properties[_ARNS] = Partial((policy,), found.reason)


def _doubt(properties: Values, why: str) -> None:
    found = properties.get(_ARNS, [])
    if isinstance(found, list):
        properties[_ARNS] = Partial(tuple(found), why)


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
    if (type_, path) in SHAPES:
        wanted, text = SHAPES[type_, path]
        fitting = [hole for hole in holes if f"{wanted}." in (hole.target or "")]
        return tuple(_filled(text, fitting[0], value)) if len({h.target for h in fitting}) == 1 else ()
    if len(holes) == 1 and ((type_, path) in _names() or "kms" in path.rpartition(".")[2].lower()):
        return (holes[0],)
    return ()


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
