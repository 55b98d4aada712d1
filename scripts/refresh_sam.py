# ruff: noqa: INP001 -- a script stands alone
"""Write `wa_lint/data/sam_policies.json` from aws-sam-translator's policy templates. Build time only.

    pip install aws-sam-translator && python scripts/refresh_sam.py [--date 2026-11-23]

For each template its statements: actions, and resources with ``${Name}`` for a parameter of the template. A template
with a Condition is left out, for then it grants less than it says here. No prose.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
from collections.abc import Iterator, Mapping
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path
from typing import Any

Raw = Any

_OUT = Path(__file__).parents[1] / "wa_lint" / "data" / "sam_policies.json"


def main() -> None:
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--date", default=dt.datetime.now(dt.UTC).date().isoformat())
    source = files("samtranslator") / "policy_templates_data" / "policy_templates.json"
    templates = json.loads(source.read_text(encoding="utf-8"))["Templates"]
    written = {
        "source": "aws-sam-translator, policy_templates.json (Apache-2.0)",
        "version": version("aws-sam-translator"),
        "date": arguments.parse_args().date,
        "policies": {
            name: list(_grants(body["Definition"])) for name, body in sorted(templates.items()) if _is_plain(body)
        },
    }
    _OUT.write_text(json.dumps(written, separators=(",", ":")) + "\n", encoding="utf-8")


def _is_plain(body: Mapping[str, Raw]) -> bool:
    return all(set(said) <= {"Effect", "Action", "Resource", "Sid"} for said in body["Definition"]["Statement"])


def _grants(definition: Mapping[str, Raw]) -> Iterator[list[list[str]]]:
    for said in definition["Statement"]:
        resources = said["Resource"] if isinstance(said["Resource"], list) else [said["Resource"]]
        actions = said["Action"] if isinstance(said["Action"], list) else [said["Action"]]
        yield [actions, [_text(resource) for resource in resources]]


def _text(resource: Raw) -> str:
    """Return a resource with its variables called as the parameters that fill them."""
    match resource:
        case str():
            return resource
        case {"Ref": str(name)}:
            return f"${{{name}}}"
        case {"Fn::Sub": str(text)}:
            return text
        case {"Fn::Sub": [str(text), dict(given)]}:
            for variable, value in given.items():
                text = text.replace(f"${{{variable}}}", f"${{{value['Ref']}}}")
            return text
    raise ValueError(resource)


if __name__ == "__main__":
    main()
