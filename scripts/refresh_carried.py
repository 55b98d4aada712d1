# ruff: noqa: INP001 -- a script stands alone
"""Writes `wa_lint/data/carried.json`: the CloudFormation paths that no answer of a type's collector can carry.

Held against botocore's own model: an answer with every member that the model has goes through the collector's
renames, and what CloudFormation's schema has beyond that is not carried. Run it after an update of boto3 or of the
schemas: ``python scripts/refresh_carried.py``. `--check` only says whether the file is up to date.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path as FilePath

import botocore.session

from wa_lint import schema
from wa_lint.model import Raw
from wa_lint.schema import Shape
from wa_lint.sources.live.api_response import Item, items_in, settable, told, words
from wa_lint.sources.live.collector import ApiCall, Collector
from wa_lint.sources.live.collectors import COLLECTORS

TARGET = FilePath(__file__).parents[1] / "wa_lint" / "data" / "carried.json"

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
    return {c.type: sorted(set(_missing_of(c)).difference(c.elsewhere)) for c in COLLECTORS}


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


def main(arguments: list[str]) -> int:
    text = json.dumps(table(), indent=1, sort_keys=True) + "\n"
    if "--check" in arguments:
        current = TARGET.exists() and TARGET.read_text("utf-8") == text
        sys.stderr.write("" if current else f"{TARGET.name} is out of date: run python scripts/refresh_carried.py\n")
        return 0 if current else 1
    TARGET.write_text(text, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
