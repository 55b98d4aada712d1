"""docs/absent-partners.md has every rule that looks beyond its own resource, and what the rule itself says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from wa_lint import packs
from wa_lint.cel.parse import parse
from wa_lint.cel.syntax import Select, walk
from wa_lint.facts import FACTS
from wa_lint.references.table import LINKS
from wa_lint.rule import Rule
from wa_lint.rule_names import types_read

PAGE = Path(__file__).parents[1] / "docs" / "absent-partners.md"
RULES = {rule.info.id: rule for rule in packs.load_folder(packs.rules_folder(), is_trusted=True)}


def rows() -> dict[str, tuple[set[str], str]]:
    """Return what the page says of each rule: where it looks, and its `absent_partner`."""
    table = PAGE.read_text("utf-8").partition("| --- | --- | --- | --- |\n")[2]
    cells = [[cell.strip() for cell in line.split("|")[1:-1]] for line in table.splitlines()]
    assert all(why for *_, why in cells)
    return {rule: (set(re.findall(r"`(\w+)`", looks_at)), said) for rule, looks_at, said, _ in cells}


def partners(rule: Rule) -> set[str]:
    """Return the links and facts in the rule's conditions that lead to other resources."""
    texts = [text for place, text in rule.expressions.items() if not place.startswith(("message", "waste"))]
    names = {node.field for text in texts for node in walk(parse(text)) if isinstance(node, Select)}
    types = types_read(rule.info.applies_to, texts)
    links = {
        name for link in LINKS for type_, name in ((link.type, link.name), (link.target, link.back)) if type_ in types
    }
    facts = {fact.name for fact in FACTS if fact.type in rule.info.applies_to and fact.reads}
    return names & (links | facts)


def test_the_page_has_every_rule_that_looks_beyond_its_resource() -> None:
    looking = {id_: found for id_, rule in RULES.items() if (found := partners(rule))}
    assert {id_: looks_at for id_, (looks_at, _) in rows().items()} == looking


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
def test_the_page_says_of_an_absent_partner_what_the_rule_says(rule: Rule) -> None:
    _, said = rows().get(rule.info.id, (set(), "unknown"))
    assert said == ("fail" if rule.absent_partner_fails else "unknown")
