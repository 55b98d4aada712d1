"""The function of a custom AWS Config rule: judges the resource whose configuration changed, with wa-lint.

Its event holds the changed configuration item, which wa-lint reads as it is. Config shows one resource at a time, so
only rules that need no other can decide; what cannot be decided is reported as such, never as compliant.
"""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

import boto3

from wa_lint.cli import main

_LONGEST = 256
"""Characters that Config keeps of an annotation."""

_DELETED = frozenset({"ResourceDeleted", "ResourceDeletedNotRecorded", "ResourceNotRecorded"})
_BROKEN = 2


def handler(event: dict[str, Any], context: Any) -> str:
    """Judge one item and tell Config; return what it was told."""
    del context
    config = boto3.client("config")
    item = _item(json.loads(event["invokingEvent"]), config)
    is_gone = item["configurationItemStatus"] in _DELETED or event.get("eventLeftScope")
    compliance, annotation = ("NOT_APPLICABLE", "it is gone") if is_gone else judged(item, _rules(event))
    config.put_evaluations(
        ResultToken=event["resultToken"],
        Evaluations=[
            {
                "ComplianceResourceType": item["resourceType"],
                "ComplianceResourceId": item["resourceId"],
                "ComplianceType": compliance,
                "Annotation": annotation[:_LONGEST],
                "OrderingTimestamp": item["configurationItemCaptureTime"],
            }
        ],
    )
    return compliance


def judged(item: dict[str, Any], rules: str) -> tuple[str, str]:
    """Return (compliance, why) of an item, by the rules that are chosen."""
    with tempfile.TemporaryDirectory() as place:
        source, report = Path(place, "item.json"), Path(place, "report.json")
        source.write_text(json.dumps({"configurationItem": item}))
        code = _code(["check", str(source), "--select", rules, "-o", f"json={report}", "--fail-on", "low"])
        found = json.loads(report.read_text()) if code != _BROKEN else {}
    failing = [one for one in found.get("findings", ()) if one["outcome"] == "fail" and not one["suppressed"]]
    unknown = [one for one in found.get("findings", ()) if one["outcome"] == "unknown" and not one["suppressed"]]
    if failing:
        return "NON_COMPLIANT", "; ".join(f"{one['rule']}: {one['message']}" for one in failing)
    if unknown or not found:
        return "INSUFFICIENT_DATA", "; ".join(one["message"] for one in unknown) or "it could not be read"
    if not found["summary"]["passed"]:
        return "NOT_APPLICABLE", "no rule asks about it"
    return "COMPLIANT", f"{found['summary']['passed']} checks pass"


def _item(message: dict[str, Any], config: Any) -> dict[str, Any]:
    """Return the changed item; one that is too large for the event is asked for."""
    if "configurationItem" in message:
        return dict(message["configurationItem"])
    summary = message["configurationItemSummary"]
    kept = {"resourceType": summary["resourceType"], "resourceId": summary["resourceId"]}
    found = config.get_resource_config_history(**kept, laterTime=summary["configurationItemCaptureTime"], limit=1)
    item = found["configurationItems"][0]
    return {**summary, **{name: value for name, value in item.items() if isinstance(value, str | dict | list)}}


def _rules(event: dict[str, Any]) -> str:
    return str(json.loads(event.get("ruleParameters") or "{}").get("rules", "*"))


def _code(arguments: list[str]) -> int:
    try:
        main(arguments)
    except SystemExit as done:
        return int(done.code or 0)
