# ruff: noqa: INP001 -- a script stands alone
"""Write `wa_lint/data/lens.json` from a catalogue of the Machine Learning Lens in YAML. Build time only.

    python scripts/refresh_lens.py path/to/ml_lens.yaml

Only facts are kept: ids, titles, pillars, phases, AWS's risk rules, and our judgement of what can be automated.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any, Final

import yaml

Raw = Any

_OUT: Final = Path(__file__).parents[1] / "wa_lint" / "data" / "lens.json"

_SOURCE: Final = (
    "Ids, titles, pillars, questions and risk rules: aws-samples/sample-well-architected-custom-lens at 142fde65cf67"
    " (MIT-0). Phases and risks: aws-samples/sample-well-architected-skills-and-steering at 4b58ba02670a (MIT-0)."
    " 2023 ids: AWS's documentation of 2023-07-05. Automation and coverage: our own judgement."
)

_PRACTICE: Final = {
    "id": "id",
    "title": "title",
    "pillar": "pillar",
    "phase": "phase",
    "question": "question",
    "automation": "automation",
    "coverage": "coverage",
    "aws_risk": "aws_risk",
    "in_aws_risk_rule": "in_risk_rule",
    "id_2023": "id_2023",
    "wa_choice": "choice",
}
"""Names in the catalogue, and ours."""


def main(catalogue: str) -> None:
    """Write the file anew."""
    read = yaml.safe_load(Path(catalogue).read_text(encoding="utf-8"))
    document = {
        "source": _SOURCE,
        "version": read["lens"]["newest_version"],
        "date": "2026-08-17",
        "name": read["lens"]["name"],
        "alias": read["lens"]["wa_tool_lens_alias"],
        "practices": [{ours: entry[theirs] for theirs, ours in _PRACTICE.items()} for entry in read["best_practices"]],
        "questions": [_question(entry) for entry in read["questions"]],
    }
    _OUT.write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def _question(entry: Raw) -> Raw:
    ((needs, practices),) = entry["no_risk_requires"].items()
    return {
        "id": entry["id"],
        "title": entry["title"],
        "pillar": entry["pillar"],
        "phase": entry["phase"],
        "pillar_id": entry["wa_pillar_id"],
        "needs": needs,
        "of": practices,
        "otherwise": entry["otherwise"],
    }


if __name__ == "__main__":
    main(sys.argv[1])
