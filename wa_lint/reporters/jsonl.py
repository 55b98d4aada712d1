"""JSON Lines: one finding a line, as in the JSON report, then ``{"coverage": …}`` for what was not judged.

Last ``{"configuration": {"uri", "trust", "sentence"}}`` for each configuration; the JSON report lists all it does.
"""

from __future__ import annotations

import json

import msgspec

from wa_lint.model import Report
from wa_lint.reporters import RenderOptions, visible_json
from wa_lint.reporters.json_report import document, encode


def render(report: Report, options: RenderOptions) -> str:
    written = json.loads(encode(msgspec.to_builtins(document(report, options))))
    found = [*written["findings"], *({"coverage": line} for line in written["coverage"] if line["kind"] != "unknown")]
    found += [
        {"configuration": {key: one[key] for key in ("uri", "trust", "sentence")}} for one in written["configuration"]
    ]
    return "".join(visible_json(json.dumps(entry, ensure_ascii=False)) + "\n" for entry in found)
