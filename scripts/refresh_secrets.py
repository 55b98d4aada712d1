# ruff: noqa: INP001 -- a script stands alone
"""Write `wa_lint/data/secrets.json`, which is read at run time, from `secrets.yaml`, which people edit.

    python scripts/refresh_secrets.py

A test holds the two equal.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

import yaml

Raw = Any

DATA: Final = Path(__file__).parents[1] / "wa_lint" / "data"

_READ: Final = ("kind", "begins", "holds", "pattern", "free")


def prepared(said: dict[str, Raw]) -> str:
    """Return what the program reads: no examples and no sources."""
    kinds = [{key: kind[key] for key in _READ if key in kind} for kind in said["kinds"]]
    head = {key: said[key] for key in ("source", "version", "date")}
    contexts = [{key: context[key] for key in ("holds", "pattern")} for context in said["contexts"]]
    return (
        json.dumps({**head, "kinds": kinds, "contexts": contexts, "names": said["names"]}, indent=1, ensure_ascii=False)
        + "\n"
    )


def main() -> None:
    said = yaml.safe_load((DATA / "secrets.yaml").read_text(encoding="utf-8"))
    (DATA / "secrets.json").write_text(prepared(said), encoding="utf-8")


if __name__ == "__main__":
    main()
