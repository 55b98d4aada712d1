"""From others' spellings of CloudFormation's names back to CloudFormation's own, along its schema. It reads no file.

`kms_key_id`, `kmsKeyId` and `KmsKeyId` are one name where the schema has one of them. What has no name there is left
out.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import cache
from typing import Final

from wa_lint import schema
from wa_lint.model import ABSENT, Path, Raw, Unknown, Value
from wa_lint.schema import Shape

_PAIRS: Final = (("Key", "Value"), ("Name", "Value"))
"""How CloudFormation writes a map as a list: tags, and the dimensions of a metric."""


def in_words(type_: str, tree: Mapping[str, Raw], at: Path = ()) -> dict[str, Value]:
    """Return `tree`, what is at `at` of a resource of the type, in CloudFormation's names.

    Null, empty texts, lists and maps are nothing, as everywhere where an API's answer is kept whole. A list of one
    block is where CloudFormation has a map.
    """
    shape = schema.shape_at(type_, at)
    spelled = None if shape is None else _map(dict(tree), shape)
    return spelled if isinstance(spelled, dict) else {}


def with_unknown(type_: str, properties: Mapping[str, Value], ask: Callable[[str], Unknown | None]) -> dict[str, Value]:
    """Return `properties` with what is missing made Unknown wherever `ask`, given its path, says why."""
    blinded = _blinded(dict(properties), schema.resource_type(type_), "", ask)
    settable = [name for name, value in blinded.items() if name in properties or _is_settable(type_, name, value)]
    return {name: blinded[name] for name in settable}


def changed(tree: Raw, path: str, function: Callable[[Raw], Raw]) -> None:
    """Replace in place each value at `path` (``Policies[].PolicyDocument``) by what `function` makes of it."""
    head, mark, rest = path.partition("[].")
    *outer, last = head.split(".")
    for step in outer:
        tree = tree.get(step) if isinstance(tree, dict) else None
    if not isinstance(tree, dict) or last not in tree:
        return
    if not mark:
        tree[last] = function(tree[last])
        return
    for item in tree[last] if isinstance(tree[last], list) else ():
        changed(item, rest, function)


def read_json(text: Raw) -> Raw:
    """Return the JSON in a text, or in a text in it; what is none as it is, None for what nests beyond all reason."""
    try:
        found = json.loads(text) if isinstance(text, str) and text[:1] in {"{", "[", '"'} else text
        return read_json(found) if isinstance(found, str) and found != text else found
    except RecursionError:
        return None
    except ValueError:
        return text


def folded(name: str) -> str:
    return name.replace("_", "").lower()


# --- along the schema -------------------------------------------------------------------------------


def _spelled(value: Raw, shape: Shape | None) -> Value:
    if value is None or value == "":
        return ABSENT
    if shape is None or shape.kinds == ("any",):
        return value
    if isinstance(value, list):
        return _list(value, shape)
    if isinstance(value, dict):
        return _map(value, shape)
    return schema.coerce_to(shape, value)


def _list(value: list[Raw], shape: Shape) -> Value:
    if not value:
        return ABSENT
    if "array" not in shape.kinds:
        return _spelled(value[0] or {}, shape) if "object" in shape.kinds and len(value) == 1 else value
    items = [_spelled({} if item is None else item, shape.item) for item in value]
    return [item for item in items if item is not ABSENT] or ABSENT


def _map(value: dict[str, Raw], shape: Shape) -> Value:
    if "array" in shape.kinds and "object" not in shape.kinds:
        return _as_list(value, shape.item)
    members = _members(shape)
    if not members:
        return {key: item for key, item in value.items() if item is not None} or ABSENT
    named = ((members.get(folded(key)), item) for key, item in value.items())
    spelled = {name: _spelled(item, shape.member(name)) for name, item in named if name is not None}
    return {name: item for name, item in spelled.items() if item is not ABSENT} or ABSENT


def _as_list(value: dict[str, Raw], item: Shape | None) -> Value:
    """Return a map that CloudFormation has as a list of pairs; or one block of a list that may have several."""
    members = {} if item is None else _members(item)
    if value.keys() and all(folded(key) in members for key in value):
        return [_spelled(value, item)]
    name = next((pair[0] for pair in _PAIRS if all(folded(word) in members for word in pair)), None)
    if name is None:
        return ABSENT
    return [{name: key, "Value": value[key]} for key in sorted(value) if value[key] is not None] or ABSENT


def _members(shape: Shape) -> Mapping[str, str]:
    return {folded(name): name for name in shape.members()}


# --- ignorance --------------------------------------------------------------------------------------


def _blinded(value: Value, shape: Shape | None, path: str, ask: Callable[[str], Unknown | None]) -> Raw:
    if isinstance(value, list) and shape is not None:
        return [_blinded(item, shape.item, f"{path}[]", ask) for item in value]
    if not isinstance(value, dict) or shape is None:
        return value
    paths = {name: f"{path}.{name}".removeprefix(".") for name in shape.members()}
    known = {name: _blinded(item, shape.member(name), paths.get(name, ""), ask) for name, item in value.items()}
    missing = {name: ask(inner) for name, inner in paths.items() if name not in value}
    return known | {name: why for name, why in missing.items() if why is not None}


@cache
def _read_only(type_: str, name: str) -> bool:
    known = schema.property_at(type_, name)
    return known is not None and known.read_only


def _is_settable(type_: str, name: str, value: Value) -> bool:
    return not isinstance(value, Unknown) or not _read_only(type_, name)
