"""The first pass and the second say the same: of every rule and workload, and of rules and templates made at random.

``--cases 50000`` tries so many pairs of a rule and a template; an ordinary run tries a few thousand.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from random import Random
from typing import Any

import msgspec
import pytest

from wa_lint import budget, engine, packs
from wa_lint.engine import lint
from wa_lint.model import OPEN, Counts, Finding, Outcome, RuleInfo, Severity, Snapshot
from wa_lint.rule import Rule
from wa_lint.sources.template import read_template
from wa_lint.testing import snapshot_of
from wa_lint.tracing import Inquiry

FIXTURES = Path(__file__).parent.parent / "fixtures"
TODAY = "2026-11-23"
RULES = list(packs.examples_of(packs.load()))
TYPE = "AWS::SageMaker::EndpointConfig"


def by_tracing_alone(rule: Rule) -> Rule:
    """The same rule, of which the first pass has no form."""
    alone = msgspec.structs.replace(rule)
    alone.programs.__dict__["quick"] = None
    return alone


def assert_alike(rule: Rule, snapshot: Snapshot) -> Sequence[Finding]:
    """Both passes together give the findings that the second one gives alone, to the last word of evidence."""
    expected = lint(snapshot, [by_tracing_alone(rule)], TODAY)
    whole = lint(snapshot, [rule], TODAY)
    shown = (rule.expressions, [resource.properties for resource in snapshot.resources])
    assert list(map(_told, whole.findings)) == list(map(_told, expected.findings)), shown
    brief = lint(snapshot, [rule], TODAY, lists_all=False)
    assert brief.findings == tuple(finding for finding in whole.findings if finding.outcome in OPEN), shown
    outcomes = Counter(finding.outcome for finding in expected.findings)
    counted = brief.counted.get(rule.info.id, Counts())
    assert counted == Counts(outcomes[Outcome.PASS], outcomes[Outcome.NOT_APPLICABLE]), shown
    assert brief.judged_at == expected.judged_at
    return expected.findings


def _told(finding: Finding) -> object:
    """All that a finding says, but of which rule and resource: those are the same objects."""
    return {
        name: repr(getattr(finding, name)) for name in finding.__struct_fields__ if name not in ("rule", "resource")
    }


@pytest.mark.parametrize("rule", RULES, ids=[rule.info.id for rule in RULES])
def test_every_example_of_every_rule(rule: Rule) -> None:
    assert rule.programs.quick is not None, "the first pass has no form of this rule: it will be slow"
    for example in rule.examples:
        assert_alike(rule, snapshot_of(example))


@pytest.mark.parametrize("folder", sorted(path.name for path in FIXTURES.iterdir() if path.is_dir()))
def test_every_workload(folder: str) -> None:
    snapshot = read_template((FIXTURES / folder / "template.yaml").read_bytes(), "t.yaml")
    for rule in RULES:
        assert_alike(rule, snapshot)


@pytest.mark.parametrize("seed", range(20))
def test_rules_and_templates_made_at_random(seed: int, request: pytest.FixtureRequest) -> None:
    cases = int(request.config.getoption("--cases")) // 20
    random = Random(seed)  # noqa: S311, the same on every run
    snapshots = [template(random) for _ in range(max(4, cases // 50))]
    outcomes: Counter[Outcome] = Counter()
    for number in range(-(-cases // len(snapshots))):
        rule = rule_of(random, number)
        for snapshot in snapshots:
            outcomes.update(finding.outcome for finding in assert_alike(rule, snapshot))
    assert outcomes.total() > outcomes[Outcome.UNKNOWN], outcomes


def test_the_first_pass_judges_nearly_all_of_the_workloads(monkeypatch: pytest.MonkeyPatch) -> None:
    left: list[str] = []

    def noted(asked: Inquiry) -> Iterator[object]:
        left.append(asked.rule.info.id)
        yield from ()

    monkeypatch.setattr(engine, "cases_by_item", noted)
    outcomes = 0
    for folder in FIXTURES.iterdir():
        if folder.is_dir():
            snapshot = read_template((folder / "template.yaml").read_bytes(), "t.yaml")
            outcomes += sum(count.passed + count.not_applicable for count in judged(snapshot).values())
    assert len(left) < outcomes / 50, Counter(left)


def judged(snapshot: Snapshot) -> Mapping[str, Counts]:
    return lint(snapshot, RULES, TODAY, lists_all=False).counted


def test_a_spent_budget_is_the_same_in_both(monkeypatch: pytest.MonkeyPatch) -> None:
    rule = made("resource.ProductionVariants.all(a, resource.ProductionVariants.all(b, a.VariantName != 'z'))")
    variants = [{"VariantName": f"v{i}", "ModelName": "m"} for i in range(40)]
    snapshot = read_template(json.dumps({"Resources": {"C": _resource(TYPE, ProductionVariants=variants)}}), "t.json")
    assert [f.outcome for f in assert_alike(rule, snapshot)] == [Outcome.PASS]
    few = msgspec.structs.replace(budget.DEFAULT, steps=1000)
    monkeypatch.setattr(budget, "current", lambda: few)
    findings = assert_alike(rule, snapshot)
    assert [f.outcome for f in findings] == [Outcome.UNKNOWN]
    assert "budget" in findings[0].message


# --- rules made at random ---------------------------------------------------------------------------


def made(require: str, where: str | None = None, for_each: str | None = None, **more: Any) -> Rule:
    info = RuleInfo("made", "Made", Severity.LOW, (), "", "", applies_to=(TYPE,))
    return Rule(info, (require,), "It is {resource.KmsKeyId}.", for_each=for_each, where=where, **more)


def rule_of(random: Random, number: int) -> Rule:
    for_each = random.choice(
        (
            None,
            None,
            "resource.ProductionVariants",
            "resource.?ProductionVariants.orValue([])",
            "resource.ProductionVariants.filter(v, has(v.InstanceType))",
            "resource.endpoints",
        )
    )
    scope = ("resource",) if for_each is None else ("resource", "item")
    rule = made(
        truth(random, scope, 3),
        truth(random, scope, 2) if random.random() < 0.5 else None,
        for_each,
        absent_partner_fails=random.random() < 0.3,
        defaults={"DataCaptureConfig.EnableCapture": True} if random.random() < 0.2 else {},
    )
    message = "{resource.KmsKeyId} is {item.InstanceType}" if for_each and number % 2 else "Nothing."
    return msgspec.structs.replace(rule, message=message, require=(*rule.require, *_more(random, scope)))


def _more(random: Random, scope: Sequence[str]) -> Sequence[str]:
    return [truth(random, scope, 2)] if random.random() < 0.3 else []


_TEXTS = (
    "KmsKeyId",
    "EndpointConfigName",
    "DataCaptureConfig.DestinationS3Uri",
    "DataCaptureConfig.KmsKeyId",
    "Nonsense",
    "observed.status",
)
_OF_ITEM = ("VariantName", "InstanceType", "ModelName", "Key")
_LISTS = (
    "resource.ProductionVariants",
    "resource.?ShadowProductionVariants.orValue([])",
    "resource.Tags",
    "resource.endpoints",
    "resource.VpcConfig.Subnets",
)


def text(random: Random, scope: Sequence[str], depth: int) -> str:
    of = random.choice(scope)
    names = _TEXTS if of == "resource" else _OF_ITEM
    path = f"{of}.{random.choice(names)}"
    kind = random.randrange(9)
    if kind == 0:
        return random.choice(("'prod'", "'ml.m6i.large'", "''", "'a'"))
    if kind in (1, 2):
        head, _, last = path.rpartition(".")
        return f"{head}.?{last}.orValue({random.choice((chr(39) * 2, chr(39) + 'x' + chr(39)))})"
    if kind == 3 and depth:
        return f"({truth(random, scope, depth - 1)} ? {text(random, scope, 0)} : {text(random, scope, 0)})"
    if kind == 4 and depth:
        return f"({text(random, scope, 0)} + {text(random, scope, 0)})"
    if kind == 5 and of != "resource":
        return f"{of}.model.ModelName"
    return path


def number_(random: Random, scope: Sequence[str]) -> str:
    of = random.choice(scope)
    if random.random() < 0.3:
        return f"size({random.choice(_LISTS)})"
    if of == "resource":
        return random.choice(("resource.DataCaptureConfig.InitialSamplingPercentage", "2"))
    return random.choice((f"{of}.InitialInstanceCount", f"{of}.?InitialInstanceCount.orValue(1)", "1"))


def truth(random: Random, scope: Sequence[str], depth: int) -> str:
    if depth == 0 or random.random() < 0.25:
        return atom(random, scope)
    inner = truth(random, scope, depth - 1)
    kind = random.randrange(8)
    if kind in (0, 1):
        operator = random.choice(("&&", "||"))
        return f"({inner} {operator} {truth(random, scope, depth - 1)})"
    if kind == 2:
        return f"!({inner})"
    if kind == 3:
        return f"({inner} ? {truth(random, scope, depth - 1)} : {atom(random, scope)})"
    variable = f"v{depth}"
    body = truth(random, (*scope, variable), depth - 1)
    items = random.choice(_LISTS)
    if kind == 4:
        return f"size({items}.filter({variable}, {body})) >= {random.randrange(3)}"
    if kind == 5:
        made_ = f"{items}.map({variable}, {text(random, (variable,), 0)})"
        return f"{text(random, scope, 0)} in {made_}"
    return f"{items}.{random.choice(('all', 'exists', 'exists', 'exists_one'))}({variable}, {body})"


def atom(random: Random, scope: Sequence[str]) -> str:
    of = random.choice(scope)
    some = text(random, scope, 1)
    member = f"{of}.{random.choice(_TEXTS if of == 'resource' else _OF_ITEM)}"
    return random.choice(
        (
            f"{some} {random.choice(('==', '!=', '<'))} {text(random, scope, 0)}",
            f"{some} in ['prod', 'ml.m6i.large', 'a']",
            f"{number_(random, scope)} {random.choice(('<', '>=', '==', '!='))} {number_(random, scope)}",
            f"has({member})",
            f"(has({member}) && {member} == 'prod')",
            f"(has({member}) && {member} != {text(random, scope, 0)})",
            f"{some}.startsWith({random.choice((chr(39) + 'ml.' + chr(39), text(random, scope, 0)))})",
            f"own_key({member})",
            f"listed({member}).exists(x, x == 'prod')",
            f"is_burstable({some})",
            f"{of}.?Nonsense.hasValue()",
            f"size({random.choice(_LISTS)}) > 0",
            "resource.?DataCaptureConfig.?EnableCapture.orValue(false)",
            "resource.DataCaptureConfig.EnableCapture",
            "resource.ProductionVariants[0].VariantName == 'a'",
            "resource.?Tags[?0].hasValue()",
            f"{member} == resource.Tags",
            "true",
        )
    )


# --- templates made at random -----------------------------------------------------------------------


def template(random: Random) -> Snapshot:
    document = {
        "Parameters": {
            "Stage": {"Type": "String"},
            "Key": {"Type": "String", "Default": random.choice(("", "alias/mine", "prod"))},
            "Count": {"Type": "Number", "Default": 2, "MinValue": random.choice((0, 2))},
        },
        "Conditions": {
            "Prod": {"Fn::Equals": [{"Ref": "Stage"}, "prod"]},
            "Keyed": {"Fn::Equals": [{"Ref": "Key"}, "prod"]},
        },
        "Resources": {
            "Config": {**_resource(TYPE, **_some(random, _config(random))), **_conditional(random)},
            "Model": _resource("AWS::SageMaker::Model", ModelName=value(random)),
            "Endpoint": {
                **_resource(
                    "AWS::SageMaker::Endpoint", EndpointConfigName={"Fn::GetAtt": ["Config", "EndpointConfigName"]}
                ),
                **_conditional(random),
            },
            "Mine": _resource("AWS::KMS::Key"),
        },
    }
    return read_template(json.dumps(document), "t.json")


def _config(random: Random) -> Mapping[str, object]:
    capture = {
        "EnableCapture": random.choice((True, False, "true", _if(random, True, False))),
        "DestinationS3Uri": value(random),
        "KmsKeyId": value(random),
        "InitialSamplingPercentage": random.choice((0, 100, {"Ref": "Count"})),
    }
    variants = [maybe(random, _some(random, _variant(random))) for _ in range(random.randrange(4))]
    return {
        "KmsKeyId": value(random),
        "EndpointConfigName": value(random),
        "DataCaptureConfig": maybe(random, _some(random, capture)),
        "ProductionVariants": maybe(random, variants),
        "ShadowProductionVariants": [_some(random, _variant(random))],
        "Tags": [{"Key": value(random), "Value": value(random)} for _ in range(random.randrange(3))],
        "VpcConfig": {"Subnets": random.choice((["a", value(random)], {"Ref": "Stage"}))},
    }


def _variant(random: Random) -> Mapping[str, object]:
    return {
        "VariantName": value(random),
        "InstanceType": maybe(random, random.choice(("ml.m6i.large", "ml.t3.medium", "prod"))),
        "ModelName": random.choice(({"Fn::GetAtt": ["Model", "ModelName"]}, "other", {"Ref": "Stage"})),
        "InitialInstanceCount": random.choice((1, 2, "3", {"Ref": "Count"})),
    }


def value(random: Random) -> object:
    return maybe(
        random,
        random.choice(
            (
                "prod",
                "a",
                "ml.x",
                "alias/aws/s3",
                {"Ref": "Stage"},
                {"Ref": "Key"},
                {"Ref": "Mine"},
                {"Fn::Sub": "ml.${Stage}"},
                {"Fn::ImportValue": "x"},
                {"Fn::GetAtt": ["Mine", "Arn"]},
                7,
            )
        ),
    )


def maybe(random: Random, known: object) -> object:
    kind = random.randrange(8)
    if kind == 0:
        return _if(random, known, {"Ref": "AWS::NoValue"})
    if kind == 1:
        return _if(random, known, "prod")
    return {"Fn::Transform": {"Name": "M"}} if kind == 2 and random.random() < 0.3 else known


def _if(random: Random, then: object, otherwise: object) -> object:
    return {"Fn::If": [random.choice(("Prod", "Keyed")), then, otherwise]}


def _some(random: Random, properties: Mapping[str, object]) -> Mapping[str, object]:
    return {name: inner for name, inner in properties.items() if random.random() < 0.9}


def _resource(type_: str, **properties: object) -> dict[str, object]:
    return {"Type": type_, "Properties": properties}


def _conditional(random: Random) -> Mapping[str, object]:
    return {"Condition": "Prod"} if random.random() < 0.2 else {}
