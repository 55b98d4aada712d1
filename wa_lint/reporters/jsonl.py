"""JSON Lines: one finding a line, each as it stands in the JSON report, for those who read streams."""

from __future__ import annotations

import json

import msgspec

from wa_lint.model import Report
from wa_lint.reporters import Options, visible_json
from wa_lint.reporters.json_report import document, encode


def render(report: Report, options: Options) -> str:
    found = json.loads(encode(msgspec.to_builtins(document(report, options))))["findings"]
    return "".join(visible_json(json.dumps(finding, ensure_ascii=False)) + "\n" for finding in found)
