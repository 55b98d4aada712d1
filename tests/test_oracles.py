"""Values, places and scenarios of templates, compared with AWS's cloudformation-validate and with cfn-lint.

Where we differ on purpose stands in `REASONS`, by name; nothing else is tolerated.
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path as FilePath
from typing import NamedTuple

import cloudformation_validate as oracle
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wa_lint.document import Document, read_document
from wa_lint.errors import SourceError
from wa_lint.model import ABSENT, Deferred, Path, Raw, Resource, Unknown, Unresolved, Value
from wa_lint.scenario import Assumptions, Fork, Scenario, explore
from wa_lint.sources.template import read_template
from wa_lint.sources.template.functions.conditions import truth_of
from wa_lint.sources.template.functions.question import Asking, Template
from wa_lint.sources.template.template_reader import template_of
from wa_lint.truth import equals

CORPUS = FilePath(__file__).parents[1].parent / "shared" / "corpus"

MOST_SCENARIOS = 32


class Difference(NamedTuple):
    """Two values of one place, in one scenario."""

    path: str
    ours: Value
    theirs: Value

    def __str__(self) -> str:
        return f"{self.path}: ours {self.ours!r}, theirs {self.theirs!r}"


Reason = Callable[[Template, Difference], bool]


REASONS: Mapping[str, Reason] = {
    "where Fn::If gives all Properties, it takes the function for a property": (
        lambda _, difference: difference.path.endswith(".Fn::If")
    ),
    "an empty list parameter is no item as the whole of a property, and one empty item for a function": (
        lambda _, difference: difference.ours == [] and difference.theirs in ([""], "")
    ),
    "a text with holes in Base64 keeps its parts with us; it puts names of its own into the holes": (
        lambda _, difference: isinstance(difference.ours, Unresolved) and _is_base64(difference.theirs)
    ),
    "yes and no are texts (YAML 1.2), and true where the schema has a boolean; it reads YAML 1.1": (
        lambda _, difference: str(difference.ours).lower() in {"yes", "no", "on", "off"}
    ),
    "a policy document that is given as text is read as what it says": (
        lambda _, difference: isinstance(difference.theirs, str) and _is_json_of(difference.theirs, difference.ours)
    ),
    "secrets are masked while reading": lambda _, difference: "\u2039secret:" in str(difference.ours),
}
"""Why a value may differ, by name. Each is a function of the difference, and none names a template."""


def _is_base64(value: Value) -> bool:
    return isinstance(value, str) and re.fullmatch("[A-Za-z0-9+/]+=*", value) is not None


def _is_json_of(text: str, value: Value) -> bool:
    try:
        return isinstance(value, dict | list) and bool(json.loads(text) == value)
    except ValueError:
        return False


# --- values -----------------------------------------------------------------------------------------


def differences(document: Document, content: bytes) -> Iterator[Difference]:
    """Yield where a value that the oracle resolves contradicts ours, in a scenario that its defaults allow."""
    template = template_of(document)
    theirs = oracle.TemplateModel(content).resources()
    for resource in read_template(content, document.uri).resources:
        if resource.id not in theirs or resource.type != theirs[resource.id].resource_type:
            continue
        for name, value in theirs[resource.id].properties.items():
            yield from _of_property(template, resource, name, value)


def _of_property(template: Template, resource: Resource, name: str, theirs: Raw) -> Iterator[Difference]:
    def compare(scenario: Scenario) -> list[Difference]:
        if plain(resource.exists, scenario) is False:
            return []
        properties = plain_top(resource.properties, scenario)
        ours = plain(properties.get(name, ABSENT), scenario) if isinstance(properties, dict) else properties
        return list(compared(f"{resource.id}.{name}", ours, theirs, template, scenario))

    for assumptions, found in explore(compare, {}, MOST_SCENARIOS):
        if _is_default(template, assumptions):
            yield from found or ()


def _is_default(template: Template, assumptions: Assumptions) -> bool:
    """Whether the scenario is one that the oracle looks at: it takes every parameter with a default to have it."""
    for name, assumed in assumptions.items():
        parameter = template.parameters.get(name)
        default = parameter.default if parameter else None
        if default is not None and (default in assumed.differs_from or assumed.value not in (ABSENT, default)):
            return False
    return True


def compared(path: str, ours: Value, theirs: Raw, template: Template, scenario: Scenario) -> Iterator[Difference]:
    """Yield what contradicts. What either does not know contradicts nothing."""
    if isinstance(ours, Unknown) or theirs.is_DYNAMIC() or theirs.is_TYPED_DYNAMIC():
        return
    if theirs.is_CONDITIONAL():
        yield from _conditional(path, ours, theirs, template, scenario)
    elif theirs.is_ENUM_VALUE():
        if not any(not list(compared(path, ours, one, template, scenario)) for one in theirs.variants):
            yield Difference(path, ours, [str(one) for one in theirs.variants])
    elif theirs.is_REFERENCE():
        if not (isinstance(ours, Unresolved) and (ours.target == theirs.target or ours.target is None)):
            yield Difference(path, ours, f"a reference to {theirs.target}")
    elif theirs.is_LIST_VALUE():
        yield from _listed(path, ours, list(theirs.items), template, scenario)
    elif theirs.is_MAP():
        yield from _mapped(path, ours, {entry.key: entry.value for entry in theirs.entries}, template, scenario)
    else:
        yield from leaves(path, ours, plain_json(theirs.value))


def leaves(path: str, ours: Value, theirs: Value) -> Iterator[Difference]:
    """Yield where two values differ, at the deepest place."""
    if isinstance(ours, dict) and isinstance(theirs, dict):
        for key in sorted({*ours, *theirs}):
            yield from leaves(f"{path}.{key}", ours.get(key, ABSENT), theirs.get(key))
        return
    kept = [item for item in theirs if item is not None] if isinstance(theirs, list) else None
    if isinstance(ours, list) and kept is not None and len(ours) == len(kept):
        for index, (one, other) in enumerate(zip(ours, kept, strict=True)):
            yield from leaves(f"{path}[{index}]", one, other)
    elif not _is_same(ours, theirs):
        yield Difference(path, ours, theirs)


def _conditional(path: str, ours: Value, theirs: Raw, template: Template, scenario: Scenario) -> Iterator[Difference]:
    try:
        truth = truth_of(Asking(template, scenario), theirs.condition)
    except Fork:
        truth = Unknown("open")
    branches = [theirs.if_true] * (truth is not False) + [theirs.if_false] * (truth is not True)
    found = [list(compared(path, ours, branch, template, scenario)) for branch in branches]
    if all(found):
        yield from found[0]


def _listed(path: str, ours: Value, theirs: list[Raw], template: Template, scenario: Scenario) -> Iterator[Difference]:
    if not isinstance(ours, list):
        if ours is not ABSENT and not isinstance(ours, Unresolved):
            yield Difference(path, ours, "a list")
        return
    kept = [item for item in theirs if not _may_vanish(item)]
    if len(kept) == len(theirs) == len(ours):
        for index, (one, other) in enumerate(zip(ours, theirs, strict=True)):
            yield from compared(f"{path}[{index}]", one, other, template, scenario)
    elif not len(kept) <= len(ours) <= len(theirs):
        yield Difference(path, ours, f"a list of {len(kept)} to {len(theirs)} items")


def _may_vanish(item: Raw) -> bool:
    return bool(item.is_CONDITIONAL() or (item.is_CONCRETE() and item.value.is_NULL()))


def _mapped(
    path: str, ours: Value, theirs: dict[str, Raw], template: Template, scenario: Scenario
) -> Iterator[Difference]:
    if not isinstance(ours, dict):
        if ours is not ABSENT and not isinstance(ours, Unresolved):
            yield Difference(path, ours, "a map")
        return
    for key in sorted({*ours, *theirs}):
        if key not in theirs:
            yield Difference(f"{path}.{key}", ours[key], ABSENT)
        else:
            yield from compared(f"{path}.{key}", ours.get(key, ABSENT), theirs[key], template, scenario)


def _is_same(ours: Value, theirs: Value) -> bool:
    """Whether two scalars differ in nothing but how they are typed, or one is not known."""
    if isinstance(ours, Unknown) or (ours is ABSENT and theirs is None):
        return True
    if isinstance(ours, Unresolved):
        return equals(ours, theirs) is not False
    return _spelled(ours) == _spelled(theirs)


def _spelled(value: Value) -> str:
    if isinstance(value, str):
        try:
            return str(float(value))
        except ValueError:
            return value.lower() if value.lower() in {"true", "false"} else value
    if isinstance(value, bool):
        return str(value).lower()
    return str(float(value)) if isinstance(value, int | float) else repr(value)


def plain_json(value: Raw) -> Value:
    if value.is_OBJECT():
        return {key: plain_json(inner) for key, inner in value.entries.items()}
    if value.is_ARRAY():
        return [plain_json(inner) for inner in value.items]
    return None if value.is_NULL() else value.value


def plain_top(value: Value, scenario: Scenario) -> Value:
    while isinstance(value, Deferred):
        value = value.resolve(scenario).value
    return value


def plain(value: Value, scenario: Scenario) -> Value:
    value = plain_top(value, scenario)
    if isinstance(value, dict):
        inner = {key: plain(item, scenario) for key, item in value.items()}
        return {key: item for key, item in inner.items() if item is not ABSENT}
    if isinstance(value, list):
        return [item for item in (plain(item, scenario) for item in value) if item is not ABSENT]
    return value


# --- the corpus -------------------------------------------------------------------------------------


def _corpus() -> Iterator[tuple[Document, bytes]]:
    with (CORPUS / "index.csv").open(encoding="utf-8") as lines:
        files = sorted(row["file"] for row in csv.DictReader(lines))
    for file in files:
        content = (CORPUS / file).read_bytes()
        try:
            template_of(document := read_document(content, file))
            oracle.TemplateModel(content)
        except (SourceError, oracle.ValidationError):
            continue
        yield document, content


@pytest.mark.skipif(not CORPUS.exists(), reason="the corpus is not here")
def test_values_of_real_templates_agree_with_cloudformation_validate() -> None:
    seen = 0
    used: set[str] = set()
    odd: list[str] = []
    for document, content in _corpus():
        seen += 1
        template = template_of(document)
        for difference in differences(document, content):
            reasons = {name for name, reason in REASONS.items() if reason(template, difference)}
            used |= reasons
            odd += [] if reasons else [f"{document.uri}: {difference}"]
    assert seen > 400
    assert not odd, "\n".join(odd[:40])
    assert used == set(REASONS), "a reason that excuses nothing"


@pytest.mark.skipif(not CORPUS.exists(), reason="the corpus is not here")
def test_places_of_real_templates_agree_with_cloudformation_validate() -> None:
    compared_places = 0
    odd: list[str] = []
    for document, content in _corpus():
        model = oracle.TemplateModel(content)
        for path in _paths(document.value.get("Resources"), ("Resources",)):
            if any(reason(path) for reason in PLACES.values()):
                continue
            theirs = model.source_location("/".join(map(str, path)))
            if theirs is None:
                continue
            compared_places += 1
            place = f"{document.uri}:{theirs.start_line}:{theirs.start_column}"
            if (ours := str(document.locate(path))) != place:
                odd.append(f"{path}: ours {ours}, theirs {place}")
    assert compared_places > 10_000
    assert not odd, f"{len(odd)} of {compared_places}: " + "\n".join(odd[:60])


PLACES: Mapping[str, Callable[[Path], bool]] = {
    "an item of a list begins with itself; with them sometimes behind its first key, or behind its tag": (
        lambda path: isinstance(path[-1], int)
    ),
    "a function in short form has no key, so that it begins with its tag": lambda path: _is_function(path[-1]),
}
"""Why a place may differ, by name."""


def _is_function(step: str | int) -> bool:
    return str(step) in {"Ref", "Condition"} or str(step).startswith("Fn::")


def _paths(value: Raw, path: Path) -> Iterator[Path]:
    yield path
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _paths(item, (*path, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _paths(item, (*path, index))


# --- scenarios --------------------------------------------------------------------------------------


Reachable = set[tuple[bool, ...]]
"""Which conditions may hold together, in the order of their names."""

MOST_CONDITIONS = 6


def reachable(template: Template) -> Reachable | None:
    """Return the truths that the conditions can have together; None where one of them is not known."""
    names = sorted(template.conditions)
    found: Reachable = set()
    for _, truths in explore(lambda s: [truth_of(Asking(template, s), name) for name in names], {}, 5000):
        if truths is None or any(isinstance(truth, Unknown) for truth in truths):
            return None
        found.add(tuple(truth is True for truth in truths))
    return found


def reachable_to_cfn_lint(sections: Raw) -> Reachable:
    import cfnlint.template  # noqa: PLC0415, 1 s that only the tests that ask shall pay

    names = sorted(sections["Conditions"])
    scenarios = cfnlint.template.Template("t.yaml", sections).conditions.build_scenarios(
        {name: {True, False} for name in names}
    )
    return {tuple(scenario[name] for name in names) for scenario in scenarios}


SCENARIOS: Mapping[str, Callable[[Template, Reachable, Reachable], bool]] = {
    "a value that AllowedPattern or MinLength refuse cannot be; cfn-lint knows AllowedValues alone": (
        lambda template, ours, theirs: ours < theirs and any(p.bounds for p in template.parameters.values())
    ),
    "CloudFormation compares texts, so that false is 'false'; to cfn-lint they differ": (
        lambda template, ours, theirs: "False" in str(template.conditions) and theirs < ours
    ),
    "cfn-lint was not asked to apply AWS::LanguageExtensions first": (
        lambda template, *_: "AWS::LanguageExtensions" in str(template.sections.value["Transform"])
    ),
}
"""Why scenarios may differ, by name."""


@pytest.mark.skipif(not CORPUS.exists(), reason="the corpus is not here")
def test_scenarios_of_real_templates_agree_with_cfn_lint() -> None:
    seen = 0
    odd: list[str] = []
    for document, _ in _corpus():
        template = template_of(document)
        if not 0 < len(template.conditions) <= MOST_CONDITIONS or any(
            n.startswith("Fn::") for n in template.conditions
        ):
            continue
        ours = reachable(template)
        if ours is None:
            continue
        seen += 1
        theirs = reachable_to_cfn_lint(document.value)
        if ours != theirs and not any(reason(template, ours, theirs) for reason in SCENARIOS.values()):
            odd.append(f"{document.uri}: ours alone {sorted(ours - theirs)}, theirs alone {sorted(theirs - ours)}")
    assert seen > 50
    assert not odd, "\n".join(odd)


# --- generated templates ----------------------------------------------------------------------------

TEXTS = st.sampled_from(["a", "b", "c"])
NAMES = st.sampled_from(["P", "Q"])


@st.composite
def conditions(draw: st.DrawFn, depth: int = 2) -> Raw:
    if depth == 0 or draw(st.booleans()):
        return {"Fn::Equals": [{"Ref": draw(NAMES)}, draw(TEXTS)]}
    operator = draw(st.sampled_from(["Fn::Not", "Fn::And", "Fn::Or"]))
    count = 1 if operator == "Fn::Not" else 2
    return {operator: [draw(conditions(depth - 1)) for _ in range(count)]}


PARAMETERS = st.fixed_dictionaries(
    {
        name: st.one_of(
            st.just({"Type": "String"}),
            st.builds(lambda allowed: {"Type": "String", "AllowedValues": sorted(allowed)}, st.sets(TEXTS, min_size=2)),
        )
        for name in ("P", "Q")
    }
)


@settings(max_examples=150)
@given(PARAMETERS, st.lists(conditions(), min_size=1, max_size=3))
def test_scenarios_of_generated_templates_agree_with_cfn_lint(parameters: Raw, generated: list[Raw]) -> None:
    sections = {
        "Parameters": parameters,
        "Conditions": {f"C{number}": condition for number, condition in enumerate(generated)},
        "Resources": {"R": {"Type": "AWS::S3::Bucket"}},
    }
    template = template_of(read_document(json.dumps(sections), "t.json"))
    assert reachable(template) == reachable_to_cfn_lint(sections)


PIECES = st.one_of(TEXTS, st.just({"Ref": "D"}), st.just({"Fn::Sub": "${D}!"}))

LEAVES = st.one_of(
    TEXTS,
    st.sampled_from([{"Ref": name} for name in ("P", "D", "AWS::NoValue")]),
    st.sampled_from([{"Fn::Sub": text} for text in ("x-${D}", "${D}-${P}", "${!D}", "plain")]),
    st.sampled_from([{"Fn::Split": [",", text]} for text in ("a,b", "a", ",", "a,,b")]),
    st.sampled_from([{"Fn::FindInMap": ["M", row, key]} for row in ("d", {"Ref": "D"}) for key in "xy"]),
    st.builds(
        lambda between, items: {"Fn::Join": [between, items]},
        st.sampled_from(["", "-"]),
        st.lists(PIECES, min_size=1, max_size=3),
    ),
    st.builds(lambda index, items: {"Fn::Select": [index, list(items)]}, st.integers(0, 1), st.tuples(PIECES, PIECES)),
)

VALUES = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.builds(lambda name, *both: {"Fn::If": [name, *both]}, st.sampled_from(["C", "N"]), inner, inner),
        st.builds(lambda value: {"k": value}, inner),
        st.lists(inner, max_size=2),
    ),
    max_leaves=8,
)
"""Values of which the oracle, too, knows what CloudFormation makes."""


@settings(max_examples=400)
@given(VALUES)
def test_values_of_generated_templates_agree_with_cloudformation_validate(value: Raw) -> None:
    sections = {
        "Parameters": {"P": {"Type": "String"}, "D": {"Type": "String", "Default": "d"}},
        "Mappings": {"M": {"d": {"x": "one", "y": "two"}}},
        "Conditions": {"C": {"Fn::Equals": [{"Ref": "P"}, "a"]}, "N": {"Fn::Not": [{"Condition": "C"}]}},
        "Resources": {"R": {"Type": "AWS::CloudFormation::CustomResource", "Properties": {"V": value}}},
    }
    content = json.dumps(sections).encode()
    document = read_document(content, "t.json")
    assert [str(difference) for difference in differences(document, content)] == []
