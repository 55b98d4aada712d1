# ruff: noqa: INP001 -- a script stands alone
"""Write `wa_lint/data/prices.json` from a table of hourly SageMaker prices in CSV. Build time only.

    python scripts/refresh_prices.py path/to/pricing_sagemaker.csv

Only what was read somewhere is kept: no price is derived from another type or region.
"""

from __future__ import annotations

import csv
import json
import re
import sys
from pathlib import Path
from typing import Any, Final

Raw = Any

_OUT: Final = Path(__file__).parents[1] / "wa_lint" / "data" / "prices.json"

_SOURCES: Final = {
    "A": ("aws-samples/foundation-model-benchmarking-tool, pricing.yml (MIT-0): hosting", "2025-01-26"),
    "B": ("a public extract of the AWS Price List, us-west-2: training and batch transform", "2026"),
    "C": ("a public extract of the AWS Price List, us-west-2: Studio", "2026"),
    "D": ("a public extract of the AWS Price List, USE1-Host", "2026-09-28"),
    "E": ("a public extract of the AWS Price List with SKU, USE1-Host", "2026-06-27"),
    "F": ("a public table for us-east-2", None),
    "G": ("a public table of a university laboratory", None),
    "H": ("three or more public tables that agree", None),
}
"""Where the letters of the table come from, and when that was read or published."""

_READ_IN: Final = {"B": "us-west-2", "C": "us-west-2", "D": "us-east-1", "E": "us-east-1", "F": "us-east-2"}

_COMPONENTS: Final = {
    "hosting": r"hosting|host\b",
    "training": r"training",
    "transform": r"batchtransform",
    "studio": r"studio",
}
"""Components, and the words of the table that are evidence for them."""

_FMBENCH: Final = "FMBench"  # its file is about hosting, said or not

_SERVERLESS: Final = {
    "usd_per_gb_second": 0.00002,
    "regions": ["us-east-1", "us-west-2"],
    "confidence": "medium",
    "sources": ["H"],
    "as_of": None,
}
"""Serverless inference, for each GB of memory and second of computing. AWS's own page was not at hand."""

_SAME: Final = ["us-east-1", "us-west-2"]
"""Wherever both were read they were equal; for the rest that is assumed, as the file says."""


def main(table: str) -> None:
    """Write the file anew."""
    with Path(table).open(encoding="utf-8", newline="") as opened:
        rows = list(csv.DictReader(opened))
    document = {
        "source": "Public readings of AWS's prices; see sources, and the letters of each price",
        "version": 1,
        "date": "2026-09-28",
        "currency": "USD",
        "assumes": "prices in us-east-1 and us-west-2 are the same, as they were wherever both were read",
        "sources": {letter: {"what": what, "date": date} for letter, (what, date) in _SOURCES.items()},
        "serverless": _SERVERLESS,
        "prices": {row["instance_type"]: _price(row) for row in rows},
    }
    _OUT.write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def _price(row: dict[str, str]) -> Raw:
    letters = row["sources"].split()
    dates = [date for letter in letters if (date := _SOURCES[letter][1])]
    return {
        "usd": float(row["usd_per_hour"]),
        "components": _components(row["component_evidence"]),
        "regions": _regions(row),
        "read_in": sorted({_READ_IN[letter] for letter in letters if letter in _READ_IN}),
        "confidence": row["confidence"],
        "sources": letters,
        "as_of": max(dates, default=None),
    }


def _components(evidence: str) -> list[str]:
    found = [name for name, words in _COMPONENTS.items() if re.search(words, evidence, re.IGNORECASE)]
    return sorted({*found, "hosting"} if _FMBENCH in evidence else found)


def _regions(row: dict[str, str]) -> list[str]:
    if "secondary us-east-2" in row["component_evidence"]:
        return ["us-east-2"]
    return [*_SAME, "us-east-2"] if "us-east-2" in row["notes"] else _SAME


if __name__ == "__main__":
    main(sys.argv[1])
