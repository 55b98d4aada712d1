"""What a rule looks at is declared: `scan` collects nothing else, and a lookup that is not would pass in silence."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from wa_lint import graph as graphs
from wa_lint import packs
from wa_lint.engine import lint
from wa_lint.graph import Cell, Graph, World
from wa_lint.model import Resource, Snapshot, SourceKind
from wa_lint.rule import Rule
from wa_lint.rule_names import types_read
from wa_lint.sources.template import read_template
from wa_lint.testing import snapshot_of

FIXTURES = Path(__file__).parent.parent / "fixtures"
RULES = list(packs.examples_of(packs.load()))
TODAY = "2026-11-23"


ONLY_IN_TEMPLATES = {"AWS::Lambda::Alias", "AWS::Lambda::Version"}
"""What facts about ways to a function look at and do not declare: in an account the ARN of an alias or a version begins
with that of its function, so that nobody has to list them; in a template they are all there."""


def snapshots(rule: Rule) -> Iterator[Snapshot]:
    for path in sorted(FIXTURES.glob("*/template.yaml")):
        yield read_template(path.read_bytes(), "t.yaml")
    for example in rule.examples:
        yield snapshot_of(example)


@pytest.fixture
def looked(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """Every type of which resources were listed, or one was looked into."""
    types: set[str] = set()
    of_type, named, cell = Graph.of_type, Graph.named, World.cell

    def listing(self: Graph, type_: str) -> Sequence[Resource]:
        types.add(type_)
        return of_type(self, type_)

    def naming(self: Graph, id_: str) -> Resource | None:
        found = named(self, id_)
        if found is not None and self.snapshot.kind is not SourceKind.TEMPLATE:
            types.add(found.type)
        return found

    def looking(self: World, resource: Resource) -> Cell:
        types.add(resource.type)
        return cell(self, resource)

    monkeypatch.setattr("wa_lint.engine.is_used", lambda *_: True)  # asked once for all rules
    monkeypatch.setattr("wa_lint.engine.bill", lambda *_: ())  # what things cost is no rule's, and guesses nothing
    monkeypatch.setattr(graphs.Graph, "of_type", listing)
    monkeypatch.setattr(graphs.Graph, "named", naming)
    monkeypatch.setattr(graphs.World, "cell", looking)
    return types


@pytest.mark.parametrize("rule", RULES, ids=[rule.info.id for rule in RULES])
def test_a_rule_looks_at_nothing_that_is_not_declared(rule: Rule, looked: set[str]) -> None:
    for snapshot in snapshots(rule):
        lint(snapshot, [rule], TODAY)
    declared = types_read(rule.info.applies_to, rule.expressions.values())
    assert looked - declared <= (
        ONLY_IN_TEMPLATES if re.search("invokes_model|serves_model", "".join(rule.expressions.values())) else set()
    )


def test_the_recording_notices_a_lookup(looked: set[str]) -> None:
    rule = next(rule for rule in RULES if rule.info.id == "model-outside-vpc")
    resources = {"M": {"Type": "AWS::SageMaker::Model", "Properties": {}}}
    lint(read_template(json.dumps({"Resources": resources}), "t.json"), [rule], TODAY)
    assert looked == {
        "AWS::SageMaker::Model",
        "AWS::SageMaker::EndpointConfig",
        "AWS::SageMaker::InferenceComponent",
        "AWS::SageMaker::TransformJob",
    }


def test_a_function_that_looks_at_keys_says_so() -> None:
    read = types_read(["AWS::SageMaker::Domain"], ["own_key(resource.KmsKeyId)"])
    assert read == {"AWS::SageMaker::Domain", "AWS::KMS::Key"}
