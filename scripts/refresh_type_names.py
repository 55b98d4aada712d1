# ruff: noqa: INP001 -- a script stands alone
"""Write `wa_lint/data/type_names.json`: the names of all resource types, from cfn-lint's schemas. Build time only.

    python scripts/refresh_type_names.py

Types of every region are included, those of SAM too, and those that wa-lint itself has a schema for though
CloudFormation has no such type (`AWS::SageMaker::TrainingJob`). Run `refresh_schemas.py` first.
"""

from __future__ import annotations

import json
from collections import defaultdict
from importlib.metadata import version
from pathlib import Path
from typing import Final

_DATA: Final = Path(__file__).parents[1] / "wa_lint" / "data"


def main() -> None:
    """Write the file anew."""
    import cfnlint.data.schemas as package  # noqa: PLC0415, slow to import, and only this function needs it

    root = Path(package.__path__[0])
    names = set(json.loads((_DATA / "schemas" / "index.json").read_text())["types"])
    for region in sorted((root / "providers").glob("*.json")):
        names |= set(json.loads(region.read_text()))
    by_service: dict[str, list[str]] = defaultdict(list)
    for name in sorted(name for name in names if name.startswith("AWS::") and name.count("::") == 2):  # noqa: PLR2004
        _, service, noun = name.split("::")
        by_service[service].append(noun)
    document = {
        "source": "cfn-lint's CloudFormation schemas of all regions and its SAM schema (MIT-0); wa-lint's own schemas",
        "version": version("cfn-lint"),
        "date": json.loads((root / "version.json").read_text())["schema_date"][:10],
        "types": by_service,
    }
    text = json.dumps(document, separators=(",", ":"), sort_keys=True)
    (_DATA / "type_names.json").write_text(text.replace('],"', '],\n"') + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
