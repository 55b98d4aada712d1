"""Templates: every case of tests/templates, and what holds of all templates."""

from __future__ import annotations

import csv
import pickle
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path as FilePath
from typing import Any

import pytest
import yaml

from wa_lint.document import read_document
from wa_lint.document.positions import MAX_DEPTH
from wa_lint.errors import SourceError
from wa_lint.model import ABSENT, Assumption, Deferred, Hole, Path, Resource, Unknown, Unresolved, Value
from wa_lint.scenario import Assumptions, Scenario, explore
from wa_lint.schema import steps_of
from wa_lint.sources.template import looks_like_template, read_parameters, read_template

CASES = sorted((FilePath(__file__).parent / "templates").glob("*.yaml"))
SAM = sorted((FilePath(__file__).parent / "sam").glob("*.yaml"))
CORPUS = FilePath(__file__).parents[1].parent / "shared" / "corpus"

Seen = tuple[Value, Value, list[str]]
"""What one scenario shows of a resource: whether it exists, its properties, what was assumed."""


def _cases(files: Iterable[FilePath]) -> Iterator[Any]:
    for file in files:
        for case in yaml.safe_load(file.read_text("utf-8")):
            yield pytest.param(case, id=f"{file.stem}: {case['name']}")


@pytest.mark.parametrize("case", list(_cases(CASES)))
def test_a_template_has_the_values_that_the_case_says(case: dict[str, Any]) -> None:
    files = {name: text.encode() for name, text in case.get("files", {}).items()}
    snapshot = read_template(case["template"], "t.yaml", case.get("parameters"), files.get)
    resource = next(r for r in snapshot.resources if r.id == case.get("resource", "R"))
    assert [r.id for r in snapshot.resources] == case.get("ids", [r.id for r in snapshot.resources])
    start = {name: _assumption(said) for name, said in case.get("assume", {}).items()}
    found = [
        {"when": words(assumptions), "exists": seen[0], "properties": seen[1], "assumes": seen[2]}
        for assumptions, seen in explore(lambda scenario: look(resource, scenario), start, 64)
        if seen is not None
    ]
    assert found == [_expected(scenario) for scenario in case.get("scenarios", [case])]
    assert [
        f"{p.location.uri}:{p.location.line}:{p.location.column}: {p.message}" for p in snapshot.problems
    ] == case.get("problems", [])
    assert [gap.scope.type for gap in snapshot.gaps] == case.get("gaps", [])
    places = {path: str(resource.origin.locate(steps_of(path))) for path in case.get("places", {})}
    assert places == case.get("places", {})


def _assumption(said: Mapping[str, Any]) -> Assumption:
    return Assumption(said.get("value", ABSENT), tuple(said.get("differs_from", ())))


def _expected(said: Mapping[str, Any]) -> dict[str, Any]:
    exists = said.get("exists", True)
    return {
        "when": said.get("when", ""),
        "exists": exists,
        "properties": said.get("properties") if exists else None,
        "assumes": said.get("assumes", []),
    }


def words(assumptions: Assumptions) -> str:
    said = []
    for name, assumption in sorted(assumptions.items()):
        if isinstance(assumption.value, bool):
            said.append(f"{name} is {str(assumption.value).lower()}")
        elif assumption.value is not ABSENT:
            said.append(f"{name} is {assumption.value!r}")
        elif assumption.differs_from:
            said.append(f"{name} is not {' or '.join(map(repr, assumption.differs_from))}")
    return " and ".join(said)


def look(resource: Resource, scenario: Scenario) -> Seen:
    assumes: set[str] = set()
    exists = show(plain(resource.exists, scenario, assumes))
    properties = show(plain(resource.properties, scenario, assumes)) if exists is not False else None
    return exists, properties, sorted(assumes)


def plain(value: Value, scenario: Scenario, assumes: set[str]) -> Value:
    while isinstance(value, Deferred):
        resolution = value.resolve(scenario)
        value = resolution.value
        assumes.update(resolution.assumes)
    if isinstance(value, dict):
        inner = {key: plain(item, scenario, assumes) for key, item in value.items()}
        return {key: item for key, item in inner.items() if item is not ABSENT}
    if isinstance(value, list):
        return [item for item in (plain(item, scenario, assumes) for item in value) if item is not ABSENT]
    return value


def show(value: Value) -> Value:
    """Return a value as the cases write it: ``<text with ${holes}> reason`` or ``? reason``."""
    if isinstance(value, dict):
        return {key: show(item) for key, item in value.items()}
    if isinstance(value, list):
        return [show(item) for item in value]
    if isinstance(value, Unknown):
        return f"? {value.reason}"
    return _show_open(value) if isinstance(value, Unresolved) else value


def _show_open(value: Unresolved) -> str:
    text = "".join(p.replace("${", "$\\{") if isinstance(p, str) else _show_hole(p) for p in value.parts)
    said = [f"<{text}>"]
    if value.differs_from:
        said.append("is not " + ", ".join(map(repr, value.differs_from)))
    lone = value.parts[0] if len(value.parts) == 1 else None
    if isinstance(lone, Hole) and lone.shape and not lone.name.startswith("AWS::"):
        said.append(f"shape {lone.shape}")
    if value.bounds and value.bounds.minimum is not None and value.bounds.maximum is not None:
        said.append(f"from {value.bounds.minimum} to {value.bounds.maximum}")
    if value.bounds and value.bounds.pattern:
        said.append(f"length {value.bounds.min_length} to {value.bounds.max_length} pattern {value.bounds.pattern}")
    return " ".join(said) + (": " if len(said) > 1 else " ") + value.reason


def _show_hole(hole: Hole) -> str:
    return f"${{{hole.name} -> {hole.target}}}" if hole.target else f"${{{hole.name}}}"


# --- places -----------------------------------------------------------------------------------------

PLACES = """\
Parameters: {Env: {Type: String}}
Conditions:
  IsProd: !Equals [!Ref Env, prod]
Resources:
  Config:
    Type: AWS::SageMaker::EndpointConfig
    Properties:
      KmsKeyId: !If [IsProd, !Ref Key, !Ref "AWS::NoValue"]
      ProductionVariants:
        - VariantName: blue
          InitialInstanceCount: 1
        - Fn::If:
            - IsProd
            - VariantName: green   # the better one
              InitialInstanceCount: !Ref Env
            - !Ref AWS::NoValue
  Key:
    Type: AWS::KMS::Key
"""


def _place(resource: Resource, at: Path) -> tuple[int, int, int, int]:
    found = resource.origin.locate(at)
    return found.line, found.column, found.end_line, found.end_column


def test_places_are_those_of_key_and_value_through_every_function() -> None:
    config, _ = read_template(PLACES, "p.yaml").resources
    assert _place(config, ()) == (5, 3, 5, 9)
    assert _place(config, ("KmsKeyId",)) == (8, 7, 8, 60)
    assert _place(config, ("KmsKeyId", "Fn::If", 1)) == (8, 30, 8, 38)
    assert _place(config, ("ProductionVariants",)) == (9, 7, 9, 25)
    assert _place(config, ("ProductionVariants", 0)) == (10, 11, 10, 28)
    assert _place(config, ("ProductionVariants", 0, "InitialInstanceCount")) == (11, 11, 11, 34)
    assert _place(config, ("ProductionVariants", 1, "Fn::If", 1)) == (14, 15, 14, 33)
    assert _place(config, ("ProductionVariants", 1, "Fn::If", 1, "InitialInstanceCount")) == (15, 15, 15, 45)


def test_what_is_absent_stands_at_the_key_above_it_or_at_the_logical_id() -> None:
    config, key = read_template(PLACES, "p.yaml").resources
    assert _place(config, ("ProductionVariants", 0, "Nothing")) == (10, 11, 10, 28)
    assert _place(config, ("DataCaptureConfig", "EnableCapture")) == (5, 3, 5, 9)
    assert _place(key, ("Nothing",)) == (17, 3, 17, 6)


def test_a_resolution_says_in_which_branch_its_value_stands() -> None:
    config = read_template(PLACES, "p.yaml").resources[0]
    prod = Scenario({"Env": Assumption("prod")})
    assert isinstance(config.properties, dict)
    variant = config.properties["ProductionVariants"][1].resolve(prod)
    assert variant.at == ("ProductionVariants", 1, "Fn::If", 1)
    assert variant.value["VariantName"] == "green"
    count = variant.value["InitialInstanceCount"].resolve(prod)
    assert (count.value, count.at) == ("prod", None)
    assert str(config.properties["KmsKeyId"]) == "!If [IsProd, !Ref Key, !Ref AWS::NoValue]"


def test_a_name_is_known_where_it_is_literal() -> None:
    template = """
    Resources:
      A: {Type: 'AWS::SageMaker::Endpoint', Properties: {EndpointName: a}}
      B: {Type: 'AWS::SageMaker::Endpoint', Properties: {EndpointName: !Ref AWS::StackName}}
      C: {Type: 'AWS::SSM::Parameter', Properties: {Name: /c}}
    """
    assert [resource.name for resource in read_template(template, "n.yaml").resources] == ["a", None, "/c"]


def test_a_snapshot_can_travel_to_another_process() -> None:
    for text in (PLACES, '{"Resources": {"R": {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": 1.10}}}}'):
        snapshot = read_template(text, "p")
        copy = pickle.loads(pickle.dumps(snapshot))  # noqa: S301, our own bytes
        for one, other in zip(snapshot.resources, copy.resources, strict=True):
            seen = [list(explore(lambda s, r=r: look(r, s), {}, 9)) for r in (one, other)]  # type: ignore[misc] # bound at once
            assert seen[0] == seen[1]
            assert one.origin.locate(()) == other.origin.locate(())


# --- what is a template, and what is wrong with one ---------------------------------------------------

ERRORS = {
    "": "x.yaml: it is empty, so it is not a template",
    "# only a comment\n---\n": "x.yaml: it is empty, so it is not a template",
    "- a\n": "x.yaml:1:1: it is not a template: a template is a map with the key Resources",
    "AWSTemplateFormatVersion: 2010-09-09\n": "x.yaml:1:1: it has no Resources, so there is nothing to check",
    "Resources:\n": "x.yaml:1:1: Resources is empty; check the indentation below it",
    "A: 1\nResources: {}\n": "x.yaml:2:1: Resources is empty; check the indentation below it",
    "Resources: [a]\n": "x.yaml:1:1: Resources is a list; check the indentation below it",
    "Resources: {A: {Type: 'A::B'}}\n---\nResources: {}\n": "x.yaml:3:1: a second YAML document begins here; "
    "CloudFormation takes one template a file, so split it",
}


@pytest.mark.parametrize(("text", "problem"), list(ERRORS.items()))
def test_what_is_no_template_is_one_line_with_its_place(text: str, problem: str) -> None:
    with pytest.raises(SourceError) as caught:
        read_template(text, "x.yaml")
    assert str(caught.value) == problem


@pytest.mark.parametrize(
    ("text", "is_template"),
    [
        ("Resources: {A: {Type: 'AWS::S3::Bucket'}}", True),
        ("AWSTemplateFormatVersion: 2010-09-09", True),
        ("Transform: AWS::Serverless-2016-10-31", True),
        ("Resources:", True),
        ("Resources: {}", True),
        ("Resources: []\nParameters: {}", True),
        ("Resources: [{Type: 'AWS::S3::Bucket'}]", False),
        ("Resources: {a: b}", False),
        ("apiVersion: v1\nkind: Pod", False),
        ("[]", False),
        ("Transform: something else", False),
        ("", False),
    ],
)
def test_a_broken_template_still_looks_like_one(text: str, is_template: bool) -> None:
    assert looks_like_template(read_document(text, "x").value) is is_template


# --- parameters files -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "pins"),
    [
        ('[{"ParameterKey": "A", "ParameterValue": "x"}, {"ParameterKey": "B", "UsePreviousValue": true}]', {"A": "x"}),
        ('{"A": "x", "N": 1.10, "B": true, "L": ["a", 2]}', {"A": "x", "N": "1.10", "B": "true", "L": ["a", "2"]}),
        ('{"Parameters": {"A": "x"}, "Tags": {}}', {"A": "x"}),
        ('["A=x", "B=y=z"]', {"A": "x", "B": "y=z"}),
        ("A: x\nAccount: 012345678901\n", {"A": "x", "Account": "012345678901"}),
        ("{}", {}),
        ("[]", {}),
    ],
)
def test_parameters_files_come_in_the_forms_of_the_tools(text: str, pins: dict[str, object]) -> None:
    assert read_parameters(text.encode(), "p.json") == pins


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ('"text"', "p.json:1:1"),
        ("", "p.json:1:1"),
        ('[{"Key": "A"}]', "p.json:1:2"),
        (
            '[{"ParameterKey": "A", "ParameterValue": "x"},\n {"ParameterKey": "A", "ParameterValue": "y"}]',
            "p.json:2:2",
        ),
        ('{"A": {"B": 1}}', "p.json:1:2"),
        ('{"A": null}', "p.json:1:2"),
        ('{"A": "x",\n "A": "y"}', "p.json:2:2"),
        ('{"A": ', "p.json:1:7"),
    ],
)
def test_a_wrong_parameters_file_is_named_with_its_place(text: str, where: str) -> None:
    with pytest.raises(SourceError) as caught:
        read_parameters(text, "p.json")
    assert caught.value.where == where


# --- bad templates ----------------------------------------------------------------------------------


def _explored(text: str) -> list[tuple[Assumptions, Seen | None]]:
    resource = next(r for r in read_template(text, "bad.yaml").resources if r.id == "R")
    return list(explore(lambda scenario: look(resource, scenario), {}, 64))


def test_a_chain_of_conditions_has_an_end() -> None:
    chain = "".join(f"  C{n}: !Not [!Condition C{n + 1}]\n" for n in range(500))
    text = f"Conditions:\n{chain}  C500: !Equals [a, a]\nResources:\n  R: {{Type: 'A::B', Condition: C0}}\n"
    (_, seen), *others = _explored(text)
    assert not others
    assert seen is not None
    assert str(seen[0]).endswith("nests too deeply")


def test_conditions_that_share_others_are_answered_once() -> None:
    doubled = "".join(f"  C{n}: !And [!Condition C{n + 1}, !Condition C{n + 1}]\n" for n in range(20))
    text = (
        f"Parameters: {{P: {{Type: String}}}}\nConditions:\n{doubled}  C20: !Equals [!Ref P, a]\n"
        "Resources:\n  R: {Type: 'A::B', Condition: C0}\n"
    )
    assert [seen[0] for _, seen in _explored(text) if seen] == [True, False]


def test_thirty_conditions_times_thirty_ifs_stay_within_the_budget() -> None:
    parameters = "".join(f"  P{n}: {{Type: String}}\n" for n in range(30))
    conditions = "".join(f"  C{n}: !Equals [!Ref P{n}, a]\n" for n in range(30))
    properties = "".join(f"      A{n}: !If [C{n}, x, y]\n" for n in range(30))
    resources = f"Resources:\n  R:\n    Type: A::B\n    Properties:\n{properties}"
    text = f"Parameters:\n{parameters}Conditions:\n{conditions}{resources}"
    found = _explored(text)
    assert sum(seen is not None for _, seen in found) <= 64
    assert any(seen is None for _, seen in found)


@pytest.mark.parametrize("depth", [20, 90, 300])
def test_functions_in_functions_have_an_end(depth: int) -> None:
    nested = "!Join ['', [" * (depth // 2) + "x" + "]]" * (depth // 2)
    chain = "!If [C, n, " * depth + "x" + "]" * depth
    text = (
        "Conditions: {C: !Equals [a, b]}\n"
        f"Resources: {{R: {{Type: 'A::B', Properties: {{A: {nested}, B: {chain}}}}}}}\n"
    )
    if depth > MAX_DEPTH:
        with pytest.raises(SourceError, match="nests deeper"):
            _explored(text)
    else:
        assert [seen[1] for _, seen in _explored(text) if seen] == [{"A": "x", "B": "x"}]


# --- SAM --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("case", list(_cases(SAM)))
def test_sam_becomes_what_it_is_deployed_as(case: dict[str, Any]) -> None:
    files = {name: text.encode() for name, text in case.get("files", {}).items()}
    snapshot = read_template(case["template"], "t.yaml", None, files.get)
    found = {resource.id: resource for resource in snapshot.resources}
    assert list(found) == case.get("ids", list(found))
    for id_, expected in case["resources"].items():
        assert found[id_].type == expected["type"]
        assert _seen(found[id_], case, expected) == [_said(s) for s in expected.get("scenarios", [expected])]
        places = {path: str(found[id_].origin.locate(steps_of(path))) for path in expected.get("places", {})}
        assert places == {path: _full(place) for path, place in expected.get("places", {}).items()}
    problems = {f"{problem.location}: {problem.message}" for problem in snapshot.problems}
    assert problems >= {f"t.yaml:{problem}" for problem in case.get("problems", [])}
    assert [gap.scope.type for gap in snapshot.gaps] == case.get("gaps", [])


def _seen(resource: Any, case: dict[str, Any], expected: dict[str, Any]) -> list[Any]:
    names = case.get("select") or sorted(_names(expected))
    found = []
    for assumptions, seen in explore(lambda scenario: look(resource, scenario), {}, 64):
        assert seen is not None
        properties = seen[1]
        if isinstance(properties, dict):
            properties = {name: properties[name] for name in names if name in properties}
        found.append((words(assumptions), seen[0], properties))
    return found


def _names(expected: dict[str, Any]) -> set[str]:
    all_of = [scenario.get("properties") for scenario in expected.get("scenarios", [expected])]
    return {name for properties in all_of if isinstance(properties, dict) for name in properties}


def _said(expected: dict[str, Any]) -> tuple[str, Any, Any]:
    exists = expected.get("exists", True)
    return expected.get("when", ""), exists, expected.get("properties") if exists else None


def _full(said: str) -> str:
    return said if said.count(":") > 1 else f"t.yaml:{said}"


@pytest.mark.skipif(not CORPUS.exists(), reason="the corpus is not here")
def test_every_real_sam_template_loses_its_functions_to_lambda() -> None:
    with (CORPUS / "index.csv").open(encoding="utf-8") as lines:
        rows = [row for row in csv.DictReader(lines) if row["sam"]]
    functions = 0
    for row in rows:
        try:
            snapshot = read_template((CORPUS / row["file"]).read_bytes(), row["file"])
        except SourceError:
            continue
        types = [resource.type for resource in snapshot.resources]
        functions += types.count("AWS::Lambda::Function")
        assert "AWS::Serverless::Function" not in types
        assert "AWS::Serverless::Api" not in types
    assert functions > 100


# --- real templates ---------------------------------------------------------------------------------


@pytest.mark.skipif(not CORPUS.exists(), reason="the corpus is not here")
def test_every_real_template_is_read_and_every_value_of_it_answers() -> None:
    """The errors are texts that no YAML or JSON parser accepts; of the real templates there are three."""
    with (CORPUS / "index.csv").open(encoding="utf-8") as lines:
        rows = list(csv.DictReader(lines))
    errors = {"real": 0, "tool-fixture": 0}
    for row in rows:
        try:
            snapshot = read_template((CORPUS / row["file"]).read_bytes(), row["file"])
        except SourceError as error:
            errors[row["kind"]] += 1
            assert "it cannot be read as YAML" in error.problem or "it is neither JSON nor YAML" in error.problem  # noqa: PT017, in a loop
            continue
        for resource in snapshot.resources:
            found = list(explore(lambda scenario, r=resource: look(r, scenario), {}, 64))  # type: ignore[misc] # bound at once
            assert found
    assert errors == {"real": 3, "tool-fixture": 6}


def test_operations_under_a_function_are_said_to_be_out_of_sight() -> None:
    template = """
Parameters: {Env: {Type: String}}
Conditions: {IsProd: !Equals [!Ref Env, prod]}
Resources:
  Api:
    Type: AWS::ApiGateway::RestApi
    Properties: {Body: {openapi: 3.0.1, paths: {/invoke: !If [IsProd, {post: {}}, !Ref "AWS::NoValue"]}}}
"""
    (gap,) = read_template(template, "t.yaml").gaps
    assert gap.scope.type == "AWS::ApiGateway::Method"
    assert "Api" in gap.reason


def test_client_side_modules_are_reported_as_not_followed() -> None:
    text = "Modules: {M: {Source: m.yaml}}\nResources: {B: {Type: AWS::S3::Bucket}}\n"
    snapshot = read_template(text, "t.yaml")
    assert [str(problem.location) for problem in snapshot.problems] == ["t.yaml:1:1"]
    assert "Modules is not followed" in snapshot.problems[0].message
