"""``wa-lint rules`` and ``wa-lint explain``: what they list, and that no terminal breaks their words."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from functools import cache
from typing import Any, Final

import pytest

from wa_lint import docs, packs
from wa_lint.cli.page_text import fitted
from wa_lint.cli.rule_list import listed
from wa_lint.config import PROFILES
from wa_lint.run.choice import Choice, chosen_rules

WaLint = Callable[..., Any]

WIDTHS: Final = (40, 60, 80, 120)
SOLID: Final = re.compile(r"[\w`*\"'(]?\S{30,}")
"""A word that a narrow terminal has no room for: an address, a type, an expression without blanks."""


def words(text: str) -> list[str]:
    return re.sub(r"[|*;:.\\]|---", " ", text).split()


# --- rules ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("width", [*WIDTHS, None])
def test_the_list_has_a_header_and_every_rule_within_the_width(width: int | None) -> None:
    rules = chosen_rules(Choice())
    lines = "".join(listed(rules, width)).splitlines()
    assert lines[0].split()[:2] == ["rule", "severity"]
    assert width is None or [line for line in lines if len(line) > width] == []
    text = " ".join(" ".join(lines).split())
    assert [rule.info.id for rule in rules if f"{rule.info.id} {rule.info.severity.value}" not in text] == []
    assert [rule.info.title for rule in rules if rule.info.title not in text] == []


def test_in_a_pipe_each_rule_is_one_line(wa_lint: WaLint) -> None:
    lines = wa_lint("rules", "--pillar", "reliability").out.splitlines()
    assert len(lines) == 1 + len(chosen_rules(Choice(pillar=("reliability",))))


FILTERS: Final = {
    "a pillar": (("--pillar", "security"), ("pillar", ["security"])),
    "rules": (("--select", "notebook-*, endpoint-idle"), ("select", ["notebook-*", "endpoint-idle"])),
    "a severity": (("--severity", "high"), ("severity", "high")),
    "without some": (("--ignore", "bucket-*"), ("ignore", ["bucket-*"])),
    "a profile": (("--profile", "startup"), ("profile", "startup")),
}


@pytest.mark.parametrize("case", FILTERS)
def test_the_json_says_what_it_was_chosen_by(case: str, wa_lint: WaLint) -> None:
    words_, (key, value) = FILTERS[case]
    found = json.loads(wa_lint("rules", "-o", "json", *words_).out)
    every = json.loads(wa_lint("rules", "-o", "json").out)
    assert found["tool"]["name"] == "wa-lint"
    assert found["filters"][key] == value
    assert 0 < len(found["rules"]) < len(every["rules"])


def test_the_json_says_which_settings_it_was_given(wa_lint: WaLint) -> None:
    found = json.loads(wa_lint("rules", "-o", "JSON", "--setting", "endpoint-idle.idle_days=9", "--all-buckets").out)
    assert found["filters"]["settings"] == ["endpoint-idle.idle_days=9"]
    assert found["filters"]["all_buckets"] is True


def test_the_json_has_settings_steps_and_profiles(wa_lint: WaLint) -> None:
    found = json.loads(wa_lint("rules", "-o", "json", "--setting", "endpoint-idle.idle_days=3").out)["rules"]
    by_id = {entry["id"]: entry for entry in found}
    (setting,) = by_id["endpoint-idle"]["settings"]
    assert (setting["name"], setting["value"], setting["default"], setting["unit"]) == ("idle_days", 3, 90, "days")
    assert by_id["endpoint-idle"]["profiles"]["startup"] == {"is_checked": True, "settings": {"idle_days": 30}}
    assert {entry["step"] for entry in found} >= {"inference", "deployment"}
    assert all(entry["profiles"].keys() == set(PROFILES) and entry["types"] for entry in found)
    assert any(not profile["is_checked"] for entry in found for profile in entry["profiles"].values())


# --- explain ----------------------------------------------------------------------------------------


@cache
def pages() -> dict[str, str]:
    return {rule.info.id: docs.rule_page(rule) for rule in packs.examples_of(packs.built_in())}


@pytest.mark.parametrize("width", WIDTHS)
def test_a_page_fits_and_breaks_no_word(width: int) -> None:
    for id_, page in pages().items():
        text = fitted(page, width)
        code = {line for block in page.split("```")[1::2] for line in block.splitlines()}
        long = [line for line in text.splitlines() if len(line) > width and line not in code]
        assert [line for line in long if not SOLID.search(line) and not line.startswith("#")] == [], id_
        heads = {"setting", "default", "unit", "means", "source"}
        left = set(words(text)) | heads
        assert [word for word in words(page) if word not in left] == [], id_


def test_explain_lists_the_settings_that_a_rule_reads(wa_lint: WaLint) -> None:
    assert "* `idle_days`: default 90; unit days; means " in wa_lint("explain", "endpoint-idle").out
    for rule in packs.built_in():
        text = fitted(pages()[rule.info.id], 80)
        assert all(f"* `{name}`: default " in text for name in rule.settings), rule.info.id


CODE: Final = """\
# A title that is long, far longer than lines are

```yaml
A:   {B: some text that is long}
```

x y
"""


def test_code_and_headings_stay_as_they_are() -> None:
    assert fitted(f"{CODE}z\n", 20) == CODE.replace("x y", "x y z")


MARKED: Final = """\
* one two three four five six
* seven
  eight

1. nine ten eleven twelve

| a | b | c |
| --- | --- | --- |
| x | y \\| z. | |
"""
FITTED: Final = """\
* one two three four
  five six
* seven eight

1. nine ten eleven
   twelve

* x: b y | z
"""


def test_lists_and_tables_are_wrapped_behind_their_marks() -> None:
    assert fitted(MARKED, 20) == FITTED
