"""The table of what could be checked: each practice and control has a row, and no row claims more than its rules do."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from typing import Any, Final

import pytest

from wa_lint import controls, coverage_table, lens, packs
from wa_lint.coverage_page import coverage_page
from wa_lint.coverage_table import OPEN, Check, Topic, Unmatched, table
from wa_lint.model import Outcome

BOOK: Final = [*packs.load_folder(packs.rules_folder(), is_trusted=True)]
RULES: Final = {rule.info.id: rule for rule in BOOK}
NAMED: Final = {control for rule in RULES.values() for control in rule.controls}

ROWS: Final[list[Topic | Unmatched]] = [*table().topics.values(), *table().controls]

each_practice = pytest.mark.parametrize("practice", table().practices)


def test_every_practice_that_is_not_for_people_alone_has_its_checks() -> None:
    asked = [practice.id for practice in lens.practices() if practice.automation != "manual"]
    assert sorted(table().practices) == sorted(asked)
    assert all(table().practices.values())


@each_practice
def test_each_check_has_rules_or_a_reason_and_a_sentence_of_its_own(practice: str) -> None:
    checks = table().practices[practice]
    assert [check.what for check in checks if bool(check.rules) == bool(check.reason)] == []
    assert [check.what for check in checks if check.awaits and check.reason != OPEN] == []
    assert [rule for check in checks for rule in check.rules if rule not in RULES] == []
    assert max(Counter(check.what for check in checks).values()) == 1


@each_practice
def test_the_rules_of_a_practice_are_those_that_name_it_each_once(practice: str) -> None:
    placed = [rule for check in coverage_table.checks_of(practice, BOOK) for rule in check.rules]
    naming = [rule.info.id for rule in RULES.values() if practice in rule.info.practices]
    assert sorted(placed) == sorted(naming), "see `scripts/open_coverage.py`: rules that wait for a row, or have two"


@each_practice
def test_a_check_is_decided_only_by_rules_that_can_fail_and_pass(practice: str) -> None:
    for check in coverage_table.checks_of(practice, BOOK):
        for rule in check.rules:
            shown = {example.expect for example in RULES[rule].examples}
            assert {Outcome.PASS, Outcome.FAIL} <= shown, rule


def test_no_rule_names_a_practice_that_only_people_can_answer_for() -> None:
    for rule in RULES.values():
        assert set(rule.info.practices) <= set(table().practices), rule.info.id


@each_practice
def test_a_practice_is_never_covered_more_than_the_catalogue_says(practice: str) -> None:
    ours, limit = coverage_table.class_of(practice, BOOK), lens.practice(practice).coverage
    assert coverage_table.CLASSES.index(ours) >= coverage_table.CLASSES.index(limit)
    decided = [bool(check.rules) for check in coverage_table.checks_of(practice, BOOK)]
    assert (ours == "none") == (not any(decided))
    assert ours != "full" or all(decided)


def test_a_practice_that_only_people_can_answer_for_is_not_covered() -> None:
    assert coverage_table.class_of("MLOPS01-BP01", BOOK) == "none"


@pytest.mark.parametrize("topic", table().topics)
def test_a_topic_has_rules_that_exist_or_a_reason(topic: str) -> None:
    entry = table().topics[topic]
    assert bool(entry.rules) != bool(entry.reason)
    assert set(entry.rules) <= set(RULES)


def test_reasons_are_keys_of_the_table_or_sentences() -> None:
    checks = [check for checks in table().practices.values() for check in checks]
    reasons = {check.reason for check in checks if check.reason} | {row.reason for row in ROWS if row.reason}
    assert {reason for reason in reasons if " " not in reason} <= set(table().reasons)
    assert set(table().reasons) - {OPEN} <= reasons, "a reason that no row gives"


def test_each_control_stands_in_one_place_and_is_spelt_rightly() -> None:
    listed = Counter(control for row in ROWS for control in row.ids)
    assert [control for control, count in listed.items() if count > 1] == []
    assert [fault for control in listed if (fault := controls.fault_of(control))] == []


def test_a_control_that_a_rule_names_has_no_reason_why_there_is_none() -> None:
    """An open row may still list it: it waits to be taken out, and what is said of it is the rule."""
    reasoned = {control for row in ROWS if row.reason and row.reason != OPEN for control in row.ids}
    assert sorted(reasoned & NAMED) == []


def test_every_control_that_aws_publishes_about_these_services_has_a_rule_or_a_reason() -> None:
    listed = {control for row in ROWS for control in row.ids}
    published = {control for entry in table().published for control in entry.ids}
    assert sorted(published - listed - NAMED) == []
    assert {f"SageMaker.{number}" for number in range(1, 26)} <= published
    ours = {control for control in NAMED | listed if "sagemaker" in control.lower() or "bedrock" in control.lower()}
    official = {control for control in ours if controls.is_official(control)}
    assert official <= published, "a control of these services that is not in `published`"


@pytest.mark.parametrize("standard", controls.STANDARDS)
def test_a_map_has_each_control_once_with_rules_or_a_reason(standard: str) -> None:
    rows = coverage_table.mapped(standard, BOOK)
    assert rows
    assert len({row.control for row in rows}) == len(rows)
    assert all(bool(row.rules) != bool(row.reason) for row in rows)
    assert all(row.what for row in rows)


def test_a_rule_with_the_id_of_a_topic_decides_it() -> None:
    entry = Topic("x", reason=OPEN)
    assert coverage_table.rules_of("a-topic", entry, {"a-topic"}) == ("a-topic",)
    assert coverage_table.rules_of("a-topic", entry, {"b"}) == ()
    assert coverage_table.rules_of("a-topic", Topic("x", rules=("b",)), {"b"}) == ("b",)


def test_what_is_open_is_listed() -> None:
    listed = dict(coverage_table.still_open(BOOK))
    opened = {p for p in table().practices if any(check.reason == OPEN for check in coverage_table.checks_of(p, BOOK))}
    assert opened <= set(listed)


def test_a_row_that_awaits_rules_is_decided_by_those_that_came() -> None:
    rule = next(rule for rule in BOOK if "MLSEC02-BP01" in rule.info.practices)
    check = Check("x", reason=OPEN, awaits=("not-yet", rule.info.id))
    settled = coverage_table._settled(check, {rule.info.id})
    assert settled == Check("x", (rule.info.id,))
    assert coverage_table._settled(check, set()) == check


def test_the_page_has_every_practice_and_every_control_of_aws() -> None:
    page = coverage_page(BOOK)
    assert all(f"[{practice}](" in page for practice in table().practices)
    assert all(f"| {topic} |" in page for topic in table().topics)
    assert all(f"| {controls.bare(control)} |" in page for entry in table().published for control in entry.ids)


def test_the_command_maps_a_standard_in_text_and_json(wa_lint: Callable[..., Any]) -> None:
    text = wa_lint("rules", "--map", "securityhub")
    assert text.code == 0
    assert "SageMaker.1: notebook-direct-internet\n" in text.out
    assert "SageMaker.16: no rule\n    checks that " in text.out
    rows = json.loads(wa_lint("rules", "--map", "config", "-o", "json").out)["controls"]
    found = {row["control"]: row for row in rows}
    assert found["iam-user-no-policies-check"]["rules"] == ["user-with-inline-policy"]
    assert found["sagemaker-image-description"]["reason"]


def test_a_map_of_chosen_rules_leaves_out_what_the_others_match(wa_lint: Callable[..., Any]) -> None:
    out = wa_lint("rules", "--map", "securityhub", "--select", "notebook-*").out
    assert "SageMaker.1: notebook-direct-internet" in out
    assert "SageMaker.5:" not in out
    assert "SageMaker.16: no rule" in out


def test_the_list_of_rules_is_json_on_request(wa_lint: Callable[..., Any]) -> None:
    listed = json.loads(wa_lint("rules", "-o", "json").out)["rules"]
    assert {entry["id"] for entry in listed} == set(RULES)
    assert all(entry["practices"] for entry in listed)
