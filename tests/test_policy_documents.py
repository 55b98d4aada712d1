"""Policies in all forms that a template may say them in: every case of policy_documents.yaml, by the rules."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from wa_lint import engine, packs, schema
from wa_lint.facts import FACTS, iam
from wa_lint.graph import Cell, Graph, World
from wa_lint.model import Finding, Hole, Location, Outcome, Resource, Snapshot, Unknown, Unresolved
from wa_lint.references.follow import graph_of
from wa_lint.scenario import Scenario, explore
from wa_lint.sources.template import read_template
from wa_lint.sources.template.embedded.policies import DOCUMENTS

HERE = Path(__file__).parent
RULES = {rule.info.id: rule.with_settings({"all_buckets": True}) for rule in packs.load()}


CASES = {case["name"]: case for case in yaml.safe_load((HERE / "policy_documents.yaml").read_text("utf-8"))}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_a_policy_is_judged_in_the_form_that_the_case_says(case: dict[str, Any]) -> None:
    snapshot = read_template(case["template"], "t.yaml", case.get("parameters"))
    assert {id_: _said(id_, snapshot, case["template"]) for id_ in case["rules"]} == case["rules"]


def _said(rule: str, snapshot: Snapshot, text: str) -> list[str]:
    found = engine.lint(snapshot, [RULES[rule]], "2026-11-23").findings
    return [_line(finding, text) for finding in found if finding.outcome is not Outcome.NOT_APPLICABLE]


def _line(finding: Finding, text: str) -> str:
    words = [f"{finding.outcome.value} {finding.resource.id}: {finding.path} = {_written(text, finding.location)}"]
    words += [f"when {finding.when}"] if finding.when else []
    words += [f"assumes {' and '.join(finding.assumes)}"] if finding.assumes else []
    words += [finding.message] if finding.outcome is Outcome.UNKNOWN else []
    return " | ".join(words)


def _written(text: str, where: Location) -> str:
    """Return the line of a span and what stands there, of several lines the first."""
    line = text.split("\n")[where.line - 1]
    end = where.end_column - 1 if where.line == where.end_line else len(line)
    return f"{where.line}: {line[where.column - 1 : end]}"


# --- all types --------------------------------------------------------------------------------------

_TEXT = '{"Statement": [{"Effect": "Allow", "Action": "a:b", "Resource": "${Open}"}]}'


@pytest.mark.parametrize(
    ("type_", "path"), [pytest.param(t, path, id=f"{t} {'.'.join(path)}") for t in DOCUMENTS for path in DOCUMENTS[t]]
)
def test_a_document_may_be_a_text_at_every_place_of_the_table(type_: str, path: Sequence[str]) -> None:
    said: Any = {"Fn::Sub": _TEXT}
    for step in reversed(path):
        said = [said] if step == "[]" else {step: said}
    template = {"Parameters": {"Open": {"Type": "String"}}, "Resources": {"R": {"Type": type_, "Properties": said}}}
    text = json.dumps(template)
    cell = _cell(read_template(text, "t.json"), "R")
    for step in (*path, "Statement"):
        cell = cell.items()[0] if step == "[]" else cell.select(step)
    (statement,) = cell.items()
    assert statement.select("Action").value == "a:b"
    assert isinstance(statement.select("Resource").value, Unresolved)
    assert _written(text, statement.select("Effect").location) == r"1: \"Effect\": \"Allow\""


@pytest.mark.parametrize("type_", [type_ for type_ in DOCUMENTS if schema.known(type_)])
def test_the_schema_of_a_type_has_the_places_of_the_table(type_: str) -> None:
    shapes = [schema.shape_at(type_, tuple(0 if step == "[]" else step for step in path)) for path in DOCUMENTS[type_]]
    kinds = {"object", "any"} if "OpenSearchServerless" not in type_ else {"string"}  # which takes a text alone
    assert all(shape is not None and kinds & set(shape.kinds) for shape in shapes)


def test_every_document_that_facts_look_at_may_be_a_text() -> None:
    said = {type_: {".".join(path).replace(".[]", "[]") for path in paths} for type_, paths in DOCUMENTS.items()}
    assert not [type_ for type_, path in iam.DOCUMENTS.items() if path not in said[type_]]


def _cell(snapshot: Snapshot, id_: str) -> Cell:
    graph = graph_of(snapshot, FACTS)
    resource = graph.named(id_)
    assert resource is not None
    return World(graph).cell(resource)


# --- what it adds up to -----------------------------------------------------------------------------

_ATTACHED = """
Resources:
  Role:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument: '{"Statement": []}'
      ManagedPolicyArns: [!Ref Managed]
      Policies:
        - {PolicyName: p, PolicyDocument: '{"Statement": {"Effect": "Allow", "Action": "a:inline", "Resource": "*"}}'}
  Managed:
    Type: AWS::IAM::ManagedPolicy
    Properties: {PolicyDocument: '{"Statement": {"Effect": "Allow", "Action": "a:managed", "Resource": "*"}}'}
  Policy:
    Type: AWS::IAM::Policy
    Properties:
      PolicyName: p
      Roles: [!Ref Role]
      PolicyDocument: !Sub '{"Statement": {"Effect": "Allow", "Action": "a:policy", "Resource": "${Managed}"}}'
  RolePolicy:
    Type: AWS::IAM::RolePolicy
    Properties:
      PolicyName: p
      RoleName: !Ref Role
      PolicyDocument:
        Fn::Join: ["", ['{"Statement": {"Effect": "Allow", "Action": "a:rolepolicy", ', '"Resource": "*"}}']]
"""


@pytest.mark.parametrize("action", ["a:inline", "a:managed", "a:policy", "a:rolepolicy"])
def test_a_role_may_do_what_the_texts_of_all_its_policies_say(action: str) -> None:
    permissions = _cell(read_template(_ATTACHED, "t.yaml"), "Role").select("permissions").value
    assert isinstance(permissions, iam.Permissions)
    assert permissions.allows(action, "*" if action != "a:policy" else Unresolved("", (Hole("Managed", "Managed"),)))


# --- what comes ---------------------------------------------------------------------------------------

_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=4) | st.sampled_from(["${A}", "${A.B}", "${", "*"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["Statement", "Action", "Effect", "Ref", "Fn::If", "${A}"]), inner)
    ),
    max_leaves=8,
)
_ANY_TEXT = st.one_of(_JSON.map(json.dumps), st.text(max_size=20), st.just("[" * 3000))


@given(_ANY_TEXT, _ANY_TEXT)
def test_no_text_breaks_the_reading(text: str, other: str) -> None:
    forms: Sequence[Any] = (
        text,
        {"Fn::Sub": text},
        {"Fn::Sub": [text, {"A": other}]},
        {"Fn::Join": ["", [text[:3], {"Ref": "P"}, text[3:]]]},
        {"Fn::If": ["C", text, {"Fn::Sub": other}]},
        {"Fn::If": [text]},
        {"Ref": "P"},
        {"Fn::ToJsonString": other},
    )
    bodies = {f"R{n}": {"Type": "AWS::KMS::Key", "Properties": {"KeyPolicy": form}} for n, form in enumerate(forms)}
    template = {
        "Parameters": {"P": {"Type": "String", "Default": other}},
        "Conditions": {"C": {"Fn::Equals": [{"Ref": "P"}, text]}},
        "Resources": bodies,
    }
    snapshot = read_template(json.dumps(template), "t.json")
    graph = graph_of(snapshot, FACTS)
    for resource in snapshot.resources:
        assert all(seen for _, seen in explore(partial(_look, graph, resource), {}, 64))


def _look(graph: Graph, resource: Resource, scenario: Scenario) -> bool:
    """Look up all that is in the document of a key; nothing but a map or what is not known may be one."""
    key = World(graph, scenario).cell(resource)
    document = key.select("KeyPolicy")
    document.plain()
    places = [cell.location for cell in (document, *key.select("statements").items())]
    return isinstance(document.value, dict | Unknown | Unresolved) and all(place.line for place in places)
