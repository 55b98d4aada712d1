# ruff: noqa: INP001 -- a script stands alone
"""Writes `wa_lint/data/checks.json`: of each practice, which rules decide which of its checks, from coverage.yaml.

Run it after a change of coverage.yaml or of a rule's `practices`: ``python scripts/refresh_checks.py``. `--check` only
says whether the file is up to date. The table itself takes a fifth of a second to read, this file none.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from wa_lint import lens, packs
from wa_lint.coverage_table import checks_of, class_of, table

TARGET = Path(__file__).parents[1] / "wa_lint" / "data" / "checks.json"


def written() -> str:
    """Return the file's text: by practice its class, and the ids of the rules of each check; none where none does."""
    rules = packs.built_in()
    rows = {
        practice: {
            "coverage": class_of(practice, rules),
            "checks": [list(check.rules) for check in checks_of(practice, rules)],
        }
        for practice in table().practices
    }
    lines = ",\n".join(f"{json.dumps(practice)}:{_short(row)}" for practice, row in rows.items())
    about = {"source": "wa_lint/data/coverage.yaml, in short", "version": lens.version(), "date": table().date}
    head = "".join(f"{json.dumps(key)}: {json.dumps(value)},\n" for key, value in about.items())
    return f'{{\n{head}"practices": {{\n{lines}\n}}\n}}\n'


def _short(row: object) -> str:
    return json.dumps(row, separators=(",", ":"))


def main(arguments: list[str]) -> int:
    text = written()
    if "--check" in arguments:
        current = TARGET.exists() and TARGET.read_text("utf-8") == text
        sys.stderr.write("" if current else f"{TARGET.name} is out of date: run python scripts/refresh_checks.py\n")
        return 0 if current else 1
    TARGET.write_text(text, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
