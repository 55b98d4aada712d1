"""Ways to a model, as templates and as an account: fixtures/exposure.yaml says what each comes to."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from wa_lint import engine, packs
from wa_lint.demo.deploy import deploy, read_as_deployed
from wa_lint.demo.embedded_account import embedded_account
from wa_lint.demo.operations import makings
from wa_lint.demo.stub import REGION
from wa_lint.model import Finding, Listed, Location, Outcome, Resource, Scope, Snapshot, SourceKind
from wa_lint.rule_names import types_read
from wa_lint.sources.live.account_reader import read_live
from wa_lint.sources.live.collectors import by_type
from wa_lint.sources.template import read_template

FILE: Final = Path(__file__).parents[1] / "fixtures" / "exposure.yaml"
TODAY: Final = "2026-11-23"
RULES: Final = [rule for rule in packs.load() if rule.file.startswith("api/")]


class _Loader(yaml.SafeLoader):
    """Reads CloudFormation's short forms as their long ones."""


def _function(loader: _Loader, suffix: str, node: yaml.Node) -> dict[str, Any]:
    name = suffix if suffix in ("Ref", "Condition") else f"Fn::{suffix}"
    if isinstance(node, yaml.ScalarNode):
        text = loader.construct_scalar(node)
        return {name: text.split(".", 1) if suffix == "GetAtt" else text}
    assert isinstance(node, yaml.SequenceNode)
    return {name: loader.construct_sequence(node, deep=True)}


_Loader.add_multi_constructor("!", _function)
DATA: Final[dict[str, Any]] = yaml.load(FILE.read_text("utf-8"), _Loader)  # noqa: S506, it is a safe loader
SHAPES: Final[Mapping[str, dict[str, Any]]] = {shape["name"]: shape for shape in DATA["shapes"]}


def template(shape: Mapping[str, Any]) -> bytes:
    resources = {name: DATA["parts"][name] for name in shape.get("with", ())} | shape.get("resources", {})
    return yaml.safe_dump({"Resources": resources}, sort_keys=False).encode()


def judged(snapshot: Snapshot, shape: Mapping[str, Any], id_: str) -> Finding:
    rule = shape.get("rule", "unauthenticated-inference")
    (found,) = [f for f in engine.lint(snapshot, RULES, TODAY).findings if (f.rule.id, f.resource.id) == (rule, id_)]
    return found


def test_there_are_enough_shapes_of_each_kind() -> None:
    outcomes = [shape["expect"] for shape in SHAPES.values()]
    assert outcomes.count("fail") >= 20
    assert sum(outcome in ("pass", "not applicable") for outcome in outcomes) >= 20
    assert len(SHAPES) == len(DATA["shapes"])


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
def test_a_shape_is_judged_right_in_a_template(shape: Mapping[str, Any]) -> None:
    snapshot = read_template(template(shape), "t.yaml")
    found = judged(snapshot, shape, shape.get("judged", shape["entry"]))
    assert found.outcome.value == shape["expect"], found.message
    assert shape.get("says", "") in found.message


def can_hold(shape: Mapping[str, Any]) -> bool:
    """Whether the embedded account can hold all that a shape is made of."""
    types = {resource["Type"] for resource in yaml.safe_load(template(shape))["Resources"].values()}
    return "judged" not in shape and types <= makings().keys() and "Body" not in template(shape).decode()


READ: Final = sorted(
    by_type().keys() & {read for rule in RULES for read in types_read(rule.info.applies_to, rule.expressions.values())}
)
"""What the rules look at, of what an account is read for."""

HELD: Final = {name: shape for name, shape in SHAPES.items() if can_hold(shape)}


@pytest.fixture(scope="module")
def account() -> tuple[Mapping[str, Mapping[str, str]], Mapping[tuple[str, str], Finding]]:
    """Put every shape into one account, read it, and judge it."""
    with embedded_account() as session:
        ids = {}
        for number, (name, shape) in enumerate(HELD.items()):
            text = template(shape).replace(b"Name: c", b"Name: c%d" % number)  # moto's ids follow from what is sent
            snapshot = read_as_deployed(text, f"shape-{number}.yaml")
            ids[name] = deploy(snapshot, session, f"shape-{number}").ids
        live = read_live(session, REGION, now=dt.datetime(2026, 11, 23, tzinfo=dt.UTC), types=READ, max_rps=1e6)
    findings = engine.lint(live, RULES, TODAY).findings
    return ids, {(f.rule.id, f.resource.id): f for f in findings}


def test_the_account_holds_enough_shapes() -> None:
    expected = [shape.get("live", shape["expect"]) for shape in HELD.values()]
    assert expected.count("fail") >= 20
    assert len(expected) - expected.count("fail") >= 20


@pytest.mark.parametrize("shape", HELD.values(), ids=HELD)
def test_a_shape_is_judged_right_in_an_account(
    shape: Mapping[str, Any],
    account: tuple[Mapping[str, Mapping[str, str]], Mapping[tuple[str, str], Finding]],
) -> None:
    ids, findings = account
    rule = shape.get("rule", "unauthenticated-inference")
    found = findings[rule, ids[shape["name"]][shape["entry"]]]
    assert found.outcome.value == shape.get("live", shape["expect"]), found.message


# --- what only an account says ----------------------------------------------------------------------


def method_behind(stage: Mapping[str, Any]) -> Finding:
    """Return what is said of an open method of an account whose stage says `stage` beside its properties."""
    arn = "arn:aws:apigateway:eu-west-1::/restapis/abc"
    uri = "arn:aws:apigateway:eu-west-1:runtime.sagemaker:path/endpoints/churn/invocations"
    properties = {"RestApiId": "abc", "HttpMethod": "POST", "AuthorizationType": "NONE", "ApiKeyRequired": False}
    origin = Listed(Location(arn))
    resources = (
        Resource(arn, "AWS::ApiGateway::RestApi", {}, origin, name="abc", arn=arn, observed={}),
        Resource("stage", "AWS::ApiGateway::Stage", {"RestApiId": "abc"}, origin, observed=stage),
        Resource(
            "method", METHOD, {**properties, "Integration": {"Type": "AWS", "Uri": uri}}, origin, name="m", observed={}
        ),
    )
    complete = frozenset(Scope(type_) for type_ in READ)
    live = Snapshot(SourceKind.LIVE, "aws://111122223333/eu-west-1", resources, complete)
    return judged(live, {}, "method")


METHOD: Final = "AWS::ApiGateway::Method"


def test_an_account_says_of_a_stage_whether_it_has_a_web_acl() -> None:
    acl = "arn:aws:wafv2:eu-west-1:111122223333:regional/webacl/few/0a"
    assert method_behind({}).outcome is Outcome.FAIL
    guarded = method_behind({"WebAclArn": acl})
    assert guarded.outcome is Outcome.UNKNOWN
    assert acl in guarded.message


BALANCER: Final = "arn:aws:elasticloadbalancing:eu-west-1:111122223333:loadbalancer/app/churn/0a"
GROUP: Final = "arn:aws:elasticloadbalancing:eu-west-1:111122223333:targetgroup/churn/0a"
FUNCTION: Final = "arn:aws:lambda:eu-west-1:111122223333:function:churn"
ROLE: Final = "arn:aws:iam::111122223333:role/churn"
INVOKE: Final = {"Effect": "Allow", "Action": "sagemaker:InvokeEndpoint", "Resource": "*"}
FORWARD: Final = [{"Type": "forward", "TargetGroupArn": GROUP}]
BEHIND: Final[Mapping[str, Any]] = {
    BALANCER: ("LoadBalancer", {"Scheme": "internet-facing", "Type": "network", "SecurityGroups": []}),
    "listener": ("Listener", {"LoadBalancerArn": BALANCER, "Port": 80, "Protocol": "TCP", "DefaultActions": FORWARD}),
    GROUP: ("TargetGroup", {"TargetType": "lambda", "Targets": [{"Id": FUNCTION}]}),
    FUNCTION: ("AWS::Lambda::Function", {"Role": ROLE}),
    ROLE: ("AWS::IAM::Role", {"Policies": [{"PolicyDocument": {"Statement": [INVOKE]}}]}),
}


def listener_behind(acl: str | None) -> Finding:
    """Return what is said of an open listener of an account whose load balancer has a web ACL, or has none."""
    made = dict(BEHIND)
    if acl is not None:
        made["acl"] = ("AWS::WAFv2::WebACLAssociation", {"ResourceArn": BALANCER, "WebACLArn": acl})
    resources = tuple(
        Resource(
            id_,
            type_ if ":" in type_ else f"AWS::ElasticLoadBalancingV2::{type_}",
            properties,
            Listed(Location(id_)),
            name=id_.rpartition("/")[2],
            arn=id_ if id_.startswith("arn:") else None,
            observed={},
        )
        for id_, (type_, properties) in made.items()
    )
    complete = frozenset(Scope(type_) for type_ in READ)
    return judged(Snapshot(SourceKind.LIVE, "aws://111122223333/eu-west-1", resources, complete), {}, "listener")


def test_an_account_says_of_a_load_balancer_whether_it_has_a_web_acl() -> None:
    assert "AWS::WAFv2::WebACLAssociation" in READ
    assert listener_behind(None).outcome is Outcome.FAIL
    guarded = listener_behind("arn:aws:wafv2:eu-west-1:111122223333:regional/webacl/few/0a")
    assert guarded.outcome is Outcome.UNKNOWN
    assert "web ACL" in guarded.message
