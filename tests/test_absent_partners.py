"""What a rule says while a resource that it looks at may stand outside: the page about it, and the key in the rules."""

from __future__ import annotations

import pytest

from wa_lint import packs
from wa_lint.docs import all_pages, partners
from wa_lint.rule import Rule

RULES = {rule.info.id: rule for rule in packs.load_folder(packs.rules_folder(), is_trusted=True)}


def test_a_partner_is_a_link_or_a_fact_that_leads_to_other_resources() -> None:
    assert partners(RULES["endpoint-without-alarm"]) == {"alarms"}
    assert partners(RULES["bucket-unversioned"]) == {"ml_uses"}
    assert partners(RULES["notebook-root-access"]) == frozenset()


def test_the_page_has_every_rule_that_looks_beyond_its_resource() -> None:
    page = dict(all_pages())["absent-partners.md"]
    assert "| [endpoint-without-alarm](rules/endpoint-without-alarm.md) | `alarms` | fail |" in page
    assert page.count("](rules/") == sum(bool(partners(rule)) for rule in RULES.values())
    assert "notebook-root-access" not in page


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
def test_the_key_stands_only_where_there_is_a_partner(rule: Rule) -> None:
    assert partners(rule) or not rule.absent_partner_fails
