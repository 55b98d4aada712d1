"""The sixteen constructs in which tools differ: what three rules say of each, as a reader of their findings sees it."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

TABLE = yaml.safe_load((Path(__file__).parent / "constructs.yaml").read_text("utf-8"))
FACTS = Path(__file__).parents[1].parent / "shared" / "facts" / "intrinsics.csv"

WaLint = Callable[..., Any]


def _cases() -> Iterator[Any]:
    for number, construct in enumerate(TABLE["constructs"], 1):
        for name in TABLE["rules"]:
            yield pytest.param(construct, name, id=f"{number:02} {construct['name']}: {name}")


def _filled(text: str, rule: dict[str, str]) -> str:
    shown = rule["bad"] or "empty"
    for word, value in {**rule, "shown": shown}.items():
        text = text.replace(f"@{word}", value)
    return text


def _write(construct: dict[str, Any], rule: dict[str, str]) -> None:
    Path("t.yaml").write_text(_filled(construct["template"].replace("@type", "'@type'"), rule))
    if "child" in construct:
        Path("child.yaml").write_text(_filled(construct["child"].replace("@type", "'@type'"), rule))


def _findings(wa_lint: WaLint, rule: str, *options: str) -> list[Any]:
    return list(wa_lint("check", "-o", "json", "--select", rule, "--show-all", *options).report["findings"])


@pytest.mark.parametrize(("construct", "name"), list(_cases()))
def test_a_construct_has_the_verdict_that_is_right(wa_lint: WaLint, construct: dict[str, Any], name: str) -> None:
    rule = TABLE["rules"][name]
    _write(construct, rule)
    outcome, _, when = _filled(construct["expect"][name], rule).partition(" when ")
    ids = construct.get("resources", ["R"])
    found = {f["resource"]["id"].rpartition("/")[2].rpartition(".")[2]: f for f in _findings(wa_lint, rule["id"])}
    for id_ in ids:
        assert found[id_]["outcome"] == outcome
        assert found[id_]["when"] == (when or None)
        assert construct.get("assumes", "") in " ".join(found[id_]["assumes"])
        assert found[id_]["location"]["line"] == construct.get("line", found[id_]["location"]["line"])


@pytest.mark.parametrize(("construct", "name"), [case for case in _cases() if "given" in case.values[0]])
def test_a_value_that_is_given_decides(wa_lint: WaLint, construct: dict[str, Any], name: str) -> None:
    rule = TABLE["rules"][name]
    _write(construct, rule)
    Path("given").mkdir()
    Path("given/p.json").write_text(json.dumps({k: _filled(v, rule) for k, v in construct["given"].items()}))
    found = wa_lint(
        "check", "t.yaml", "-o", "json", "--select", rule["id"], "--show-all", "--parameters", "given/p.json"
    )
    outcomes = [finding["outcome"] for finding in found.report["findings"]] or ["not applicable"]
    assert outcomes == [construct["expect_given"]]


def test_what_sam_makes_is_judged_too(wa_lint: WaLint) -> None:
    construct = next(c for c in TABLE["constructs"] if "also" in c)
    _write(construct, TABLE["rules"]["key"])
    found = {f["resource"]["id"]: f["outcome"] for f in _findings(wa_lint, construct["also"])}
    assert found == construct["also_found"]


@pytest.mark.skipif(not FACTS.exists(), reason="the facts are not here")
def test_the_constructs_are_those_of_the_comparison() -> None:
    with FACTS.open(encoding="utf-8") as lines:
        rows = [row["construct"] for row in csv.DictReader(lines)]
    assert [construct["name"] for construct in TABLE["constructs"]] == rows
