"""The intrinsic functions: a table of name to function. None of them knows where it is."""

from __future__ import annotations

import base64
import ipaddress
import json
import re
from collections.abc import Mapping, Sequence
from itertools import islice
from typing import Final

from wa_lint.model import ABSENT, Bounds, Hole, Raw, Unknown, Unresolved, Value
from wa_lint.redact import mask
from wa_lint.sources.template.functions.conditions import truth_of
from wa_lint.sources.template.functions.find_in_map import find_in_map
from wa_lint.sources.template.functions.partial_text import function_of, joined, spell, text_of, unresolved
from wa_lint.sources.template.functions.question import Asking, Function, gives_anything
from wa_lint.sources.template.functions.sub_variables import split
from wa_lint.sources.template.stacks.exports import exported
from wa_lint.sources.template.stacks.renaming import UNCLEAR
from wa_lint.sources.template.transforms.foreach import ITEM, item_of


def branch_of(ask: Asking, argument: Raw) -> int | Unknown:
    """Return which item of an ``Fn::If``'s list is its value in the scenario: 1 or 2."""
    if not isinstance(argument, list) or len(argument) != 3:  # noqa: PLR2004, a condition and two values
        return Unknown(f"Fn::If takes a condition and two values, not {spell(argument)}")
    truth = truth_of(ask, argument[0])
    return truth if isinstance(truth, Unknown) else 1 if truth else 2


def reference_to(ask: Asking, resource: Raw, attribute: Raw) -> Value:
    """Return what ``!GetAtt resource.attribute`` gives: a hole, whose text links compare by its names."""
    steps = [ask.value(step) for step in (resource, attribute)]
    obscure = next((step for step in steps if isinstance(step, Unknown | Unresolved)), None)
    if obscure is not None:
        return Unknown(obscure.reason)
    resource, name = steps
    if not isinstance(resource, str) or not (name := text_of(name)):
        return Unknown(f"Fn::GetAtt takes a resource and an attribute, not {spell([resource, attribute])}")
    whole = f"{resource}.{name}"
    if whole in ask.template.sections.outputs:
        return ask.value(ask.template.sections.outputs[whole], whole=ask.whole)
    if name.startswith("Outputs.") and resource in ask.template.resources:
        return _output(ask, resource, whole)
    if resource in ask.template.resources:
        is_open = gives_anything(ask.template.resources[resource], name)
        hole = Hole(whole) if is_open else Hole(whole, resource, name)
        return Unresolved(f"!GetAtt {whole} is known only after deployment", (hole,))
    return ask.generated(whole, f"!GetAtt {whole} is not a resource of this template")


def _output(ask: Asking, stack: str, whole: str) -> Value:
    """Return what a stack gives out whose template was not read: it may be the name of anything."""
    if stack in ask.template.sections.nested:
        return Unknown(f"!GetAtt {whole}: the nested stack has no such output")
    return Unresolved(f"!GetAtt {whole} comes from the nested stack {stack}, which was not followed", (Hole(whole),))


def _ref(ask: Asking, argument: Raw) -> Value:
    said = ask.value(argument)
    name = text_of(said)
    if name is None:
        return Unknown(said.reason if isinstance(said, Unknown | Unresolved) else _NO_NAME.format(spell(argument)))
    return ask.reference(name, whole=ask.whole)


_NO_NAME: Final = "Ref takes a name, not {}"


def _get_att(ask: Asking, argument: Raw) -> Value:
    steps = argument.split(".", 1) if isinstance(argument, str) else argument
    if not isinstance(steps, list) or not steps:
        return Unknown(f"Fn::GetAtt takes a resource and an attribute, not {spell(argument)}")
    attribute = steps[1] if len(steps) == 2 else ".".join(str(step) for step in steps[1:])  # noqa: PLR2004, a pair
    return reference_to(ask, steps[0], attribute)


def _if(ask: Asking, argument: Raw) -> Value:
    branch = branch_of(ask, argument)
    return branch if isinstance(branch, Unknown) else ask.value(argument[branch], whole=ask.whole)


def _sub(ask: Asking, argument: Raw) -> Value:
    text, given = argument if isinstance(argument, list) and len(argument) == 2 else (argument, {})  # noqa: PLR2004, a pair
    if isinstance(text, list) and len(text) == 1:
        text = text[0]
    if not isinstance(text, str) or not isinstance(given, dict):
        return Unknown(f"Fn::Sub takes a text, or a text and a map, not {spell(argument)}")
    known: dict[str, Value] = {}
    pieces: list[Value] = []
    for literal, name in split(text):
        if name is not None and name not in known:
            known[name] = _variable(ask, name, given)
        pieces += [literal, *([] if name is None else [known[name]])]
    return joined(pieces, lambda: f"!Sub {spell(text)}", ask.template.meter)


def _variable(ask: Asking, name: str, given: Mapping[str, Raw]) -> Value:
    if name in given:
        return ask.value(given[name])
    resource, _, attribute = name.partition(".")
    return reference_to(ask, resource, attribute) if attribute else ask.reference(name)


def _join(ask: Asking, argument: Raw) -> Value:
    if not isinstance(argument, list) or len(argument) != 2 or not isinstance(argument[0], str):  # noqa: PLR2004, a pair
        return Unknown(f"Fn::Join takes a delimiter and a list, not {spell(argument)}")
    delimiter = argument[0]
    items = _items(ask, argument[1])
    if isinstance(items, Unresolved):
        return unresolved({"Fn::Join": argument}, f"is not known: {items.reason}")
    if isinstance(items, Unknown):
        return items
    pieces = [piece for item in items for piece in (delimiter, item)]
    return joined(pieces[1:], lambda: "!Join", ask.template.meter)


def _select(ask: Asking, argument: Raw) -> Value:
    if not isinstance(argument, list) or len(argument) != 2:  # noqa: PLR2004, a pair
        return Unknown(f"Fn::Select takes an index and a list, not {spell(argument)}")
    said = {"Fn::Select": argument}
    index = ask.value(argument[0], whole=ask.whole)
    if isinstance(index, Unresolved):
        return unresolved(said, f"is not known: {index.reason}")
    number = text_of(index) or ""
    if not _INDEX.fullmatch(number):
        return index if isinstance(index, Unknown) else Unknown(f"{spell(argument[0])} is not an index of a list")
    return _nth(ask, said, int(number))


_INDEX: Final = re.compile("[0-9]{1,9}", re.ASCII)
"""An index of a list, the number of networks, and the bits of one: whole numbers that are not beyond reason."""


def _nth(ask: Asking, said: Mapping[str, Sequence[Raw]], index: int) -> Value:
    listed = ask.value(said["Fn::Select"][1])
    if isinstance(listed, Unresolved):
        return unresolved(said, f"is not known: {listed.reason}")
    if not isinstance(listed, list):
        return (
            listed if isinstance(listed, Unknown) else Unknown(f"{spell(said)} selects from a value that is not a list")
        )
    if too_much := ask.template.meter.visit(min(index, len(listed))):
        return too_much
    there = (item for item in listed if not _may_vanish(item) or ask.value(item) is not ABSENT)
    item = next(islice(there, index, None), ABSENT)
    return Unknown(f"{spell(said)}: the list has no such item") if item is ABSENT else ask.value(item, whole=ask.whole)


def _may_vanish(raw: Raw) -> bool:
    found = function_of(raw)
    return found is not None and found[0] in {"Fn::If", "Ref"}


def _split(ask: Asking, argument: Raw) -> Value:
    if not isinstance(argument, list) or len(argument) != 2 or not isinstance(argument[0], str) or not argument[0]:  # noqa: PLR2004, a pair
        return Unknown(f"Fn::Split takes a delimiter and a text, not {spell(argument)}")
    value = ask.value(argument[1])
    if isinstance(value, Unresolved):
        return unresolved({"Fn::Split": argument}, f"is not known: {value.reason}")
    text = text_of(value)
    if text is None:
        return value if isinstance(value, Unknown) else Unknown(f"Fn::Split takes a text, not {spell(argument[1])}")
    too_much = ask.template.meter.write(len(text)) or ask.template.meter.visit(text.count(argument[0]))
    return too_much or list(text.split(argument[0]))


def _base64(ask: Asking, argument: Raw) -> Value:
    value = ask.value(argument)
    if isinstance(value, Unresolved):
        return value  # its parts stay plain: a text with holes cannot be encoded, and what reads scripts reads both
    text = text_of(value)
    if text is None:
        return value if isinstance(value, Unknown) else Unknown(f"Fn::Base64 takes a text, not {spell(argument)}")
    if too_much := ask.template.meter.write(4 * len(text) // 3):
        return too_much
    return base64.b64encode(mask(text).encode("utf-8", "replace")).decode("ascii")


def _get_azs(ask: Asking, argument: Raw) -> Value:
    del ask
    return unresolved({"Fn::GetAZs": argument}, "is known only at deployment")


def _get_stack_output(ask: Asking, argument: Raw) -> Value:
    value = _deep(ask, argument)
    if isinstance(value, Unknown):
        return value
    return unresolved(
        {"Fn::GetStackOutput": value if isinstance(value, dict) else argument}, "comes from another stack"
    )


def _import_value(ask: Asking, argument: Raw) -> Value:
    value = ask.value(argument)
    if isinstance(value, Unknown):
        return value
    found = exported(ask, value)
    if found is not None:
        return found
    name = text_of(value)
    return unresolved({"Fn::ImportValue": argument if name is None else name}, "comes from another stack")


def _cidr(ask: Asking, argument: Raw) -> Value:
    values = [ask.value(item) for item in argument] if isinstance(argument, list) else []
    unknown = next((value for value in values if isinstance(value, Unknown)), None)
    if unknown:
        return unknown
    texts = [text_of(value) for value in values]
    if None in texts or len(texts) not in {2, 3}:
        return unresolved({"Fn::Cidr": argument}, "is known only at deployment")
    try:
        return _subnets(*(text or "" for text in texts))
    except ValueError:
        return Unknown(f"{spell({'Fn::Cidr': argument})} cannot be computed")


def _subnets(block: str, count: str, bits: str = "") -> list[Value]:
    if not _INDEX.fullmatch(count) or (bits and not _INDEX.fullmatch(bits)):
        raise ValueError(count)
    network = ipaddress.ip_network(block.strip(), strict=False)
    most = 256  # that Fn::Cidr gives at once (AWS: Fn::Cidr)
    if not 1 <= int(count) <= most:
        raise ValueError(count)
    suffix = int(bits) if bits else 8 if network.version == 4 else 64  # noqa: PLR2004, IPv4
    subnets = [str(net) for net in islice(network.subnets(new_prefix=network.max_prefixlen - suffix), int(count))]
    if len(subnets) < int(count):
        raise ValueError(count)
    return list(subnets)


def _length(ask: Asking, argument: Raw) -> Value:
    items = _items(ask, argument)
    if isinstance(items, Unresolved):
        return Unresolved(f"{spell({'Fn::Length': argument})} is not known: {items.reason}", bounds=Bounds(minimum=0))
    return items if isinstance(items, Unknown) else len(items)


def _to_json_string(ask: Asking, argument: Raw) -> Value:
    value = _deep(ask, argument)
    if isinstance(value, Unknown):
        return value
    if isinstance(value, Unresolved):
        return unresolved({"Fn::ToJsonString": argument}, f"is not known: {value.reason}")
    text = json.dumps(value, separators=(",", ":"), ensure_ascii=False)
    return ask.template.meter.write(len(text)) or text


def _deep(ask: Asking, raw: Raw) -> Value:
    """Return `raw` with all functions in it resolved; the first value in it that is not known, if there is one."""
    value = ask.value(raw)
    if not isinstance(value, dict | list):
        return (ask.template.meter.write(len(value)) or value) if isinstance(value, str) else value
    if too_much := ask.template.meter.visit(len(value)):
        return too_much
    inner = [_deep(ask, item) for item in (value.values() if isinstance(value, dict) else value)]
    obscure = next((item for item in inner if isinstance(item, Unknown | Unresolved)), None)
    if obscure is not None:
        return obscure
    if isinstance(value, dict):
        return {key: item for key, item in zip(value, inner, strict=True) if item is not ABSENT}
    return [item for item in inner if item is not ABSENT]


def _unclear(ask: Asking, argument: Raw) -> Value:
    del ask, argument
    return Unknown("its name is a function, which is not followed across templates")


def _transform(ask: Asking, argument: Raw) -> Value:
    del ask
    name = argument.get("Name") if isinstance(argument, dict) else None
    return Unknown(f"the macro {name or spell(argument)} decides it at deployment")


def _items(ask: Asking, raw: Raw) -> Sequence[Value] | Unknown | Unresolved:
    """Return the items of a list, those that are ``AWS::NoValue`` left out."""
    value = ask.value(raw)
    if isinstance(value, Unknown | Unresolved):
        return value
    if not isinstance(value, list):
        return Unknown(f"{spell(raw)} is not a list")
    if too_much := ask.template.meter.visit(len(value)):
        return too_much
    items = [ask.value(item) for item in value]
    return [item for item in items if item is not ABSENT]


FUNCTIONS: Final[Mapping[str, Function]] = {
    "Ref": _ref,
    "Fn::Base64": _base64,
    "Fn::Cidr": _cidr,
    "Fn::FindInMap": find_in_map,
    ITEM: item_of,
    "Fn::GetAtt": _get_att,
    "Fn::GetAZs": _get_azs,
    "Fn::GetStackOutput": _get_stack_output,
    "Fn::If": _if,
    "Fn::ImportValue": _import_value,
    "Fn::Join": _join,
    "Fn::Length": _length,
    "Fn::Select": _select,
    "Fn::Split": _split,
    "Fn::Sub": _sub,
    "Fn::ToJsonString": _to_json_string,
    "Fn::Transform": _transform,
    UNCLEAR: _unclear,
}
