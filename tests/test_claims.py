"""A rule that names a control of Security Hub or AWS Config judges as it does, or its page says how it differs.

The cases are data, `claims.yaml`, checked by hand against AWS's definitions.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import msgspec
import pytest

from wa_lint import controls, packs, testing
from wa_lint.document import read_document
from wa_lint.model import Outcome
from wa_lint.rule import Example, Rule

FILE: Final = Path(__file__).parent / "claims.yaml"
RULES: Final = {rule.info.id: rule for rule in packs.load_folder(packs.rules_folder(), is_trusted=True)}
TESTED: Final = frozenset({"securityhub", "config"})


class Case(msgspec.Struct, forbid_unknown_fields=True):
    control: Outcome
    rule: Outcome | None = None
    """The rule's outcome where it differs from the control's."""
    settings: dict[str, bool | str] | None = None
    resources: dict[str, object] = {}
    snapshot: list[dict[str, object]] = []
    example: str = ""
    """Instead of resources: the name of an example of the rule."""


class Claim(msgspec.Struct, forbid_unknown_fields=True):
    rule: str
    controls: list[str]
    source: str
    cases: list[Case]
    settings: dict[str, bool | str] = {}

    def __str__(self) -> str:
        return f"{self.rule}-{self.controls[0]}"


WRITTEN: Final[list[Claim]] = msgspec.convert(
    read_document(FILE.read_text("utf-8"), FILE.name).value["claims"], list[Claim]
)
CLAIMS: Final = [claim for claim in WRITTEN if claim.rule in RULES]
"""A claim may be written before its rule. Where its rule is misspelt, the control of the right one has no claim."""

each_claim = pytest.mark.parametrize("claim", CLAIMS, ids=str)


def test_every_control_that_a_rule_names_has_a_claim_and_every_claim_is_a_rule_s() -> None:
    named = {(id_, control) for id_, rule in RULES.items() for control in rule.controls if is_tested(control)}
    claimed = [(claim.rule, control) for claim in CLAIMS for control in claim.controls]
    missing = [f"{rule} {control}" for rule, control in sorted(named - set(claimed))]
    assert not missing, f"add their cases to {FILE.name}:\n" + "\n".join(missing)
    assert sorted(set(claimed) - named) == [], "no rule names these any more"
    assert len(claimed) == len(set(claimed))


@each_claim
def test_the_rule_judges_as_its_control_does_or_as_its_page_says(claim: Claim) -> None:
    wrong = [problem for number, case in enumerate(claim.cases) for problem in faults(claim, number, case)]
    assert wrong == []


@each_claim
def test_a_claim_has_a_pass_and_a_fail_in_which_rule_and_control_agree(claim: Claim) -> None:
    assert {case.control for case in claim.cases if case.rule is None} == {Outcome.PASS, Outcome.FAIL}


@each_claim
def test_a_difference_is_on_the_rule_s_page_and_nothing_is_said_to_differ_that_does_not(claim: Claim) -> None:
    rule = RULES[claim.rule]
    differing = [case for case in claim.cases if case.rule is not None]
    for control in claim.controls:
        is_said = control in rule.differs or controls.EVERY in rule.differs
        assert is_said == bool(differing), f"{control}: `differs` of the rule and the cases disagree"
    assert claim.source.startswith("https://docs.aws.amazon.com/")


def test_a_rule_may_differ_only_from_what_it_names() -> None:
    for rule in RULES.values():
        assert set(rule.differs) <= {*rule.controls, controls.EVERY}, rule.info.id


def faults(claim: Claim, number: int, case: Case) -> Iterator[str]:
    got = outcome(RULES[claim.rule], claim, case)
    wanted = [case.rule] if case.rule else ALIKE[case.control]
    if got not in wanted:
        yield f"case {number + 1}: {claim.controls[0]} says {case.control.value}, the rule {got.value}"
    if case.rule in ALIKE[case.control]:
        yield f"case {number + 1}: the rule agrees with the control, so leave `rule` out"


ALIKE: Final[dict[Outcome, list[Outcome]]] = {
    Outcome.PASS: [Outcome.PASS, Outcome.NOT_APPLICABLE],
    Outcome.FAIL: [Outcome.FAIL],
}


def outcome(rule: Rule, claim: Claim, case: Case) -> Outcome:
    return testing.gravest(testing.findings_of(rule, asked(rule, claim, case)))


def asked(rule: Rule, claim: Claim, case: Case) -> Example:
    settings: Any = claim.settings if case.settings is None else case.settings
    if case.example:
        named = {example.name: example for example in rule.examples}
        return msgspec.structs.replace(named[case.example], settings={**named[case.example].settings, **settings})
    seen: dict[str, Any] = {"snapshot": case.snapshot} if case.snapshot else {"template": {"Resources": case.resources}}
    return Example(str(claim), case.control, settings=settings, **seen)


def is_tested(control: str) -> bool:
    return controls.standard_of(control) in TESTED
