# ruff: noqa: INP001 -- a script stands alone
"""Writes what is read at run time of the collectors: `wa_lint/data/collectors.json` and `carried.json`.

`collectors.json` is the files of `wa_lint/data/collectors/`, which people edit, as one: every shape filled in, parents
before children, and what is only read where it is named last. `carried.json` is the CloudFormation paths that no answer
of a type's collector can carry, held against botocore's own model: an answer with every member that the model has goes
through the collector's renames, and what CloudFormation's schema has beyond that is not carried. Run it after a change
of a collector, an update of boto3 or of the schemas: ``python scripts/refresh_collectors.py``. `--check` only says
whether the files are up to date.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path as FilePath

import botocore.session
import msgspec

from wa_lint import schema
from wa_lint.document import read_document
from wa_lint.model import Raw
from wa_lint.schema import Shape
from wa_lint.sources.live.api_response import Item, items_in, settable, told, words
from wa_lint.sources.live.collector import ApiCall, Collector
from wa_lint.sources.live.collectors import CollectorTable, all_collectors

DATA = FilePath(__file__).parents[1] / "wa_lint" / "data"


# --- collectors.json --------------------------------------------------------------------------------


def prepared() -> str:
    """Return the text of `collectors.json`. Raise where a file says what a collector has no word for."""
    services: dict[str, Raw] = {}
    entries: list[dict[str, Raw]] = []
    for path in sorted((DATA / "collectors").glob("*.yaml")):
        file = _file(path)
        services |= {name: {"name": name, **_read(said)} for name, said in file.get("services", {}).items()}
        shapes = file.get("shapes", {})
        entries += [_entry(type_, own, shapes) for type_, own in file.get("collectors", {}).items()]
    table = {"services": dict(sorted(services.items())), "collectors": _in_order(entries)}
    read = msgspec.convert(table, CollectorTable)
    return msgspec.json.format(msgspec.json.encode(read), indent=1).decode() + "\n"


def _file(path: FilePath) -> dict[str, Raw]:
    document = read_document(path.read_text("utf-8"), path.name)
    if document.problems:
        raise ValueError(f"{path.name}: {document.problems[0]}")
    return document.value


def _in_order(entries: Sequence[dict[str, Raw]]) -> list[dict[str, Raw]]:
    """Return parents before their children, and last what is only read where it is named; `last` of all."""
    found: dict[str, dict[str, Raw]] = {}
    waiting = list(entries)
    while waiting:
        ready = [entry for entry in waiting if entry.get("parent", "") in {"", *found}]
        if not ready:
            raise ValueError(f"{waiting[0]['type']}: nothing reads its parent")
        found |= {entry["type"]: entry for entry in ready}
        waiting = [entry for entry in waiting if entry["type"] not in found]
    ordered = sorted(found.values(), key=lambda entry: (bool(entry.get("named_by")), entry.get("last", False)))
    return [_read(entry) for entry in ordered]


def _read(entry: Mapping[str, Raw]) -> dict[str, Raw]:
    """Return `entry` without what is not read at run time."""
    return {name: value for name, value in entry.items() if name not in {"last", "unread"}}


def _entry(type_: str, own: Mapping[str, Raw], shapes: Mapping[str, Raw]) -> dict[str, Raw]:
    """Return a collector in full: its shape, filled in, and what it says itself in place of that."""
    words_, made = _shaped(own.get("shape", ""), shapes)
    words_ = {"word": type_.rpartition("::")[2], **words_, **own.get("with", {})}
    said = {name: value for name, value in own.items() if name not in {"shape", "with", "also"}}
    whole = {"type": type_, **_filled(made, words_), **said}
    if "also" in own:
        whole["describe"] = [*whole.get("describe", ()), *own["also"]]
    if "renames" in whole:
        whole["renames"] = dict(_paths(whole["renames"], ""))
    return whole


def _shaped(name: str, shapes: Mapping[str, Raw]) -> tuple[dict[str, str], dict[str, Raw]]:
    """Return the words and the members of a shape, which may build on another one."""
    if not name:
        return {}, {}
    shape = shapes[name]
    words_, made = _shaped(shape.get("shape", ""), shapes)
    return {**words_, **shape.get("with", {})}, {**made, **shape.get("collector", {})}


_WORD = re.compile(r"<(\w+)>")


def _filled(value: Raw, words_: Mapping[str, str]) -> Raw:
    match value:
        case dict():
            return {_filled(key, words_): _filled(inner, words_) for key, inner in value.items()}
        case list():
            return [_filled(item, words_) for item in value]
        case str():
            while _WORD.search(value):
                value = _WORD.sub(lambda hole: words_[hole[1]], value)
    return value


def _paths(renames: Mapping[str, Raw], head: str) -> Iterator[tuple[str, str]]:
    """Yield old and new path; of a map below a path, both begin with that path."""
    for old, new in renames.items():
        if isinstance(new, dict):
            yield from _paths(new, f"{head}{old}.")
        else:
            yield head + old, head + new


# --- carried.json -----------------------------------------------------------------------------------

_DEPTH = 16
"""botocore's shapes may hold themselves (an S3 filter, a Clarify configuration); no CloudFormation path is deeper."""

_TEXTS = {"Policy": json.dumps({"Statement": [{}]})}
"""Members that botocore knows as a text and that hold JSON."""

_STATEMENT = {
    "Sid": "s",
    "Principal": {"Service": "s", "AWS": "s"},
    "Action": "s",
    "Resource": "s",
    "Condition": {
        "ArnLike": {"AWS:SourceArn": "s"},
        "StringEquals": {
            "AWS:SourceAccount": "s",
            "aws:PrincipalOrgID": "s",
            "lambda:EventSourceToken": "s",
            "lambda:FunctionUrlAuthType": "s",
        },
        "Bool": {"lambda:InvokedViaFunctionUrl": "s"},
    },
}
"""What Lambda's AddPermission makes of its parameters. Source: the Lambda developer guide, resource-based policies."""


def table() -> dict[str, list[str]]:
    """Return type -> the top-most paths that are not carried, sorted."""
    return {c.type: sorted(set(_missing_of(c)).difference(c.elsewhere)) for c in all_collectors()}


def full_item(collector: Collector) -> Item:
    """Return an item with every member that botocore's model lets the collector's answers have."""
    item: Item = {}
    for call in collector.describe:
        item |= told(call, _full_answer(collector.service, call))
    if collector.listing is None:
        names = [collector.inside_key, *(name.rpartition("=")[2] for name in collector.inherits)]
        return dict.fromkeys(names, "s") | item
    return dict.fromkeys(collector.listing.request, "s") | _first(collector, collector.listing) | item


def _first(collector: Collector, call: ApiCall) -> Item:
    if collector.type == "AWS::Lambda::Permission":
        return _STATEMENT
    return items_in(_full_answer(collector.service, call), call.items, call.item_name)[0]


def _full_answer(service: str, call: ApiCall) -> Item:
    model = botocore.session.get_session().get_service_model(service)
    sample = _sample(model.operation_model(call.operation).output_shape, 0)
    return {key: _TEXTS.get(key, value) if isinstance(value, str) else value for key, value in sample.items()}


def _sample(shape: Raw, depth: int) -> Raw:
    """Return a value with every member; True for a boolean, so that every selector finds its item."""
    if depth > _DEPTH:
        return "s"
    match shape.type_name:
        case "structure" if shape.is_document_type:
            return {"k": "s"}
        case "structure":
            return {name: _sample(member, depth + 1) for name, member in shape.members.items()}
        case "list":
            return [_sample(shape.member, depth + 1)]
        case "map":
            return {"k/k": _sample(shape.value, depth + 1)}
        case "boolean":
            return True
    return "s"


def _missing_of(collector: Collector) -> Iterator[str]:
    known = words(collector, full_item(collector))
    shape = schema.resource_type(collector.type)
    for name in settable(collector.type):
        inner = shape.member(name)
        if inner is not None:
            yield from _missing(inner, known.get(name), name) if name in known else [name]


def _missing(shape: Shape, value: Raw, path: str) -> Iterator[str]:
    """Yield the members that `shape` has and `value` lacks, unless either is open."""
    if isinstance(value, list) and value and shape.item is not None:
        yield from _missing(shape.item, _any_of(value), path + "[]")
    elif isinstance(value, dict):
        for name in shape.members():
            inner = shape.member(name)
            if name not in value:
                yield f"{path}.{name}"
            elif inner is not None:
                yield from _missing(inner, value[name], f"{path}.{name}")


def _any_of(items: list[Raw]) -> Raw:
    """Return an item with what any of them has: several of them are alternatives (`answers.spread`)."""
    dicts = [item for item in items if isinstance(item, dict)]
    return {name: value for item in dicts for name, value in item.items()} if dicts else items[0]


def carried() -> str:
    """Return the text of `carried.json`."""
    return json.dumps(table(), indent=1, sort_keys=True) + "\n"


def main(arguments: list[str]) -> int:
    is_current = True
    for name, make in (("collectors.json", prepared), ("carried.json", carried)):  # the second reads the first
        target, text = DATA / name, make()
        if target.exists() and target.read_text("utf-8") == text:
            continue
        is_current = False
        if "--check" in arguments:
            sys.stderr.write(f"{name} is out of date: run python scripts/refresh_collectors.py\n")
        else:
            target.write_text(text, "utf-8")
    return 0 if is_current or "--check" not in arguments else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
