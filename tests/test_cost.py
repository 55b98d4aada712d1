"""What stands there costs by the month, and what of it a failing rule calls waste."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from wa_lint import packs
from wa_lint.engine import lint
from wa_lint.errors import RuleFileError
from wa_lint.facts import FACTS
from wa_lint.graph import Cell, World
from wa_lint.model import (
    Finding,
    Listed,
    Location,
    Outcome,
    Report,
    Resource,
    Snapshot,
    SourceKind,
    Suppression,
    Unknown,
    Waste,
)
from wa_lint.references.follow import graph_of
from wa_lint.reporters import RenderOptions, reporter, waste
from wa_lint.rule import load_text
from wa_lint.sources.template import read_template

ACCOUNT, REGION = "123456789012", "us-east-1"


def template(text: str, id_: str) -> Cell:
    snapshot = read_template(text.encode(), "t.yaml")
    graph = graph_of(snapshot, FACTS)
    resource = graph.named(id_)
    assert resource is not None
    return World(graph).cell(resource)


def endpoint(variant: str, more: str = "") -> Cell:
    return template(
        f"""
Resources:
  Endpoint:
    Type: AWS::SageMaker::Endpoint
    Properties: {{EndpointName: fraud, EndpointConfigName: !GetAtt Config.EndpointConfigName}}
  Config:
    Type: AWS::SageMaker::EndpointConfig
    Properties: {{ProductionVariants: [{{VariantName: blue, ModelName: m, {variant}}}]}}
{more}""",
        "Endpoint",
    )


M5 = "InstanceType: ml.m5.xlarge, InitialInstanceCount: 2"


def test_instances_cost_their_hours_and_a_template_says_at_least() -> None:
    cost: Any = endpoint(M5).select("monthly_cost").value
    assert (cost["low"], cost["high"]) == (2 * 0.23 * 730, 2 * 0.23 * 730)
    assert cost["as_of"] == "2026-09-28"
    assert cost["assumes"][0].startswith("at least:")
    assert cost["units"] == {"Endpoint/blue": [335.8, 335.8]}


def test_a_serverless_variant_costs_nothing_while_it_waits() -> None:
    cost: Any = endpoint("ServerlessConfig: {MaxConcurrency: 5, MemorySizeInMB: 2048}").select("monthly_cost").value
    assert (cost["low"], cost["high"]) == (0.0, 0.0)


SCALED = """
  Target:
    Type: AWS::ApplicationAutoScaling::ScalableTarget
    Properties:
      ServiceNamespace: sagemaker
      ScalableDimension: sagemaker:variant:DesiredInstanceCount
      ResourceId: endpoint/fraud/variant/blue
      MinCapacity: 1
      MaxCapacity: 4
"""


def test_scaling_in_sight_makes_a_range() -> None:
    cost: Any = endpoint(M5, SCALED).select("monthly_cost").value
    assert (cost["low"], cost["high"]) == (167.9, 671.6)


@pytest.mark.parametrize(
    ("variant", "why"),
    [
        ("InstanceType: ml.nosuch.large, InitialInstanceCount: 1", "no price of ml.nosuch.large is known"),
        ("InstanceType: ml.m5.xlarge, InitialInstanceCount: !ImportValue n", "n"),
        ("InstanceType: !ImportValue t, InitialInstanceCount: 1", "t"),
        ("InstanceType: ml.m5.xlarge", "InitialInstanceCount is not set"),
        ("ServerlessConfig: {MaxConcurrency: 5, MemorySizeInMB: 2048, ProvisionedConcurrency: 2}", "provisioned"),
        ("InstancePools: [{InstanceType: ml.m5.xlarge}], InitialInstanceCount: 1", "InstancePools"),
    ],
)
def test_a_cost_is_not_guessed(variant: str, why: str) -> None:
    cost = endpoint(variant).select("monthly_cost").value
    assert isinstance(cost, Unknown)
    assert why in cost.reason


def resource(type_: str, name: str, properties: Any, observed: Any = None, region: str = REGION) -> Resource:
    arn = f"arn:aws:sagemaker:{region}:{ACCOUNT}:{name}"
    return Resource(
        arn, type_, properties, Listed(Location(arn)), arn=arn, account=ACCOUNT, region=region, observed=observed or {}
    )


def live(*resources: Resource) -> Cell:
    """The first of the resources of a live account."""
    graph = graph_of(Snapshot(SourceKind.LIVE, "aws://", resources), FACTS)
    return World(graph).cell(resources[0])


def fraud(observed: Any, region: str = REGION) -> Cell:
    variant = {"VariantName": "blue", "ModelName": "m", "InstanceType": "ml.m5.xlarge", "InitialInstanceCount": 2}
    config = {"EndpointConfigName": "fraud-1", "ProductionVariants": [variant]}
    return live(
        resource(
            "AWS::SageMaker::Endpoint",
            "endpoint/fraud",
            {"EndpointName": "fraud", "EndpointConfigName": "fraud-1"},
            observed,
            region,
        ),
        resource("AWS::SageMaker::EndpointConfig", "endpoint-config/fraud-1", config, region=region),
    )


NOW = {"ProductionVariants": [{"VariantName": "blue", "CurrentInstanceCount": 3}]}


def test_a_live_endpoint_costs_what_runs_now() -> None:
    cost: Any = fraud(NOW).select("monthly_cost").value
    assert cost["low"] == cost["high"] == 503.7
    assert not any(said.startswith("at least") for said in cost["assumes"])


def test_a_live_endpoint_of_which_no_count_was_returned_has_no_cost() -> None:
    assert isinstance(fraud({}).select("monthly_cost").value, Unknown)


def test_no_price_is_taken_from_another_region() -> None:
    cost = fraud(NOW, "eu-west-1").select("monthly_cost").value
    assert isinstance(cost, Unknown)
    assert "in eu-west-1" in cost.reason


@pytest.mark.parametrize(("status", "low"), [("InService", 36.5), ("Stopped", 0.0)])
def test_a_notebook_costs_while_it_is_in_service(status: str, low: float) -> None:
    found = live(
        resource(
            "AWS::SageMaker::NotebookInstance",
            "notebook-instance/nb",
            {"InstanceType": "ml.t3.medium"},
            {"NotebookInstanceStatus": status},
        )
    )
    cost: Any = found.select("monthly_cost").value
    assert cost["low"] == low


# --- what of it is wasted ---------------------------------------------------------------------------

RULES = {rule.info.id: rule for rule in packs.load()}
ASLEEP = {
    "EndpointStatus": "InService",
    "invocations_daily": {"blue": {"start": "2026-08-01T00:00:00Z", "period": 86400, "days": 120, "values": []}},
}


def judged(snapshot: Snapshot, *ids: str) -> Report:
    return lint(snapshot, [RULES[id_] for id_ in ids], "2026-11-23")


def account(*resources: Resource) -> Snapshot:
    return Snapshot(SourceKind.LIVE, "aws://", resources)


def idle(observed: Any = NOW, region: str = REGION) -> Finding:
    """What is said of an endpoint that nobody calls."""
    first = fraud({**observed, **ASLEEP}, region)
    return judged(first.world.graph.snapshot, "endpoint-idle").findings[0]


def test_all_that_an_idle_endpoint_costs_is_wasted_and_that_is_measured() -> None:
    found = idle()
    assert found.outcome is Outcome.FAIL
    assert found.waste is not None
    assert (found.waste.low, found.waste.high, found.waste.as_of) == (503.7, 503.7, "2026-09-28")
    assert found.waste.is_measured


@pytest.mark.parametrize("found", [idle(region="eu-west-1"), idle({})], ids=["no price", "no count"])
def test_a_fail_of_unknown_cost_stays_a_fail_without_a_sum(found: Finding) -> None:
    assert found.outcome is Outcome.FAIL
    assert found.waste is None


NOTEBOOK = """
Parameters:
  Size: {Type: String, Default: small, AllowedValues: [small, big]}
Conditions:
  Big: !Equals [!Ref Size, big]
Resources:
  Notebook:
    Type: AWS::SageMaker::NotebookInstance
    Properties:
      InstanceType: !If [Big, ml.m5.xlarge, ml.t3.medium]
      RoleArn: arn:aws:iam::123456789012:role/nb
"""


def test_what_only_the_cost_hangs_on_makes_a_range_and_no_scenario() -> None:
    (found,) = judged(read_template(NOTEBOOK.encode(), "t.yaml"), "notebook-without-idle-stop").findings
    assert found.when is None
    assert found.waste is not None
    assert (found.waste.low, found.waste.high) == (0.0, round(0.23 * 730 * 0.76, 2))
    assert not found.waste.is_measured


def test_what_passes_wastes_nothing() -> None:
    busy = {"blue": {"start": "2026-08-01T00:00:00Z", "period": 86400, "days": 120, "values": [[119, 5.0]]}}
    first = fraud({**NOW, **ASLEEP, "invocations_daily": busy})
    (found,) = judged(first.world.graph.snapshot, "endpoint-idle").findings
    assert (found.outcome, found.waste) == (Outcome.PASS, None)


def of(units: dict[str, tuple[float, float]], *, is_measured: bool = True, **changes: Any) -> Finding:
    low, high = (sum(pair[at] for pair in units.values()) for at in (0, 1))
    return msgspec.structs.replace(
        idle(), waste=Waste(low, high, "2026-09-28", is_measured=is_measured, units=units), **changes
    )


def test_what_is_billed_apart_is_counted_once_at_its_largest() -> None:
    found = [of({"e/blue": (10, 20), "e/green": (5, 5)}), of({"e/blue": (15, 30)}), of({"f/blue": (1, 2)})]
    (total,) = waste.totals(Report((), tuple(found)))
    assert (total.low, total.high) == (15 + 5 + 1, 30 + 5 + 2)
    assert [pair[1].high for pair in total.findings] == [30, 25, 2]


def test_what_is_measured_is_not_at_risk_as_well() -> None:
    found = [of({"e": (10, 20)}), of({"e": (0, 50), "f": (0, 7)}, is_measured=False)]
    measured, risky = waste.totals(Report((), tuple(found)))
    assert (measured.is_measured, measured.low, measured.high) == (True, 10, 20)
    assert (risky.is_measured, risky.low, risky.high) == (False, 0, 7)


def test_one_name_in_two_templates_is_two_things() -> None:
    two = [
        of({"N": (1, 1)}, resource=Resource("N", "AWS::SageMaker::NotebookInstance", {}, Listed(Location(file, 1))))
        for file in ("a.yaml", "b.yaml")
    ]
    assert waste.totals(Report((), tuple(two)))[0].high == 2


def test_what_somebody_allowed_is_not_counted() -> None:
    assert not waste.totals(Report((), (of({"e": (1, 2)}, suppressed=Suppression("file")),)))


def test_every_format_for_people_says_the_sum_and_its_date() -> None:
    found = idle()
    report = Report((found.rule,), (found,))
    for format_ in ("text", "html"):
        said = reporter(format_)(report, RenderOptions(width=200))
        assert "USD 504 a month" in said
        assert "prices of 2026-09-28" in said
    assert "503.70 to 503.70" in reporter("csv")(report, RenderOptions())
    assert '"low": 503.7' in reporter("json")(report, RenderOptions())


@pytest.mark.parametrize(
    ("shares", "why"), [("[0.9, 0.1]", "least share comes first"), ("[0, 2]", "maximum"), ("0.5", "array")]
)
def test_a_share_that_is_none_is_refused_with_its_line(shares: str, why: str) -> None:
    text = packs.rules_folder().joinpath("sagemaker/endpoint-idle.yaml").read_text("utf-8")
    with pytest.raises(RuleFileError, match=why) as error:
        load_text(text.replace("waste: [1, 1]", f"waste: {shares}"), "r.yaml")
    line = text[: text.index("waste:")].count("\n") + 1
    assert error.value.where.startswith(f"r.yaml:{line}")


def test_a_rule_about_what_has_no_cost_may_not_speak_of_waste() -> None:
    text = packs.rules_folder().joinpath("sagemaker/model-outside-vpc.yaml").read_text("utf-8")
    with pytest.raises(RuleFileError, match="monthly_cost"):
        load_text(text.replace("fix: |", "waste: [1, 1]\nfix: |", 1), "r.yaml")


STACK = """
Parameters:
  Size: {Type: String, Default: ml.m5.xlarge, AllowedValues: [ml.m5.xlarge, ml.m5.2xlarge]}
Resources:
  Config:
    Type: AWS::SageMaker::EndpointConfig
    Properties:
      ProductionVariants: [{VariantName: a, ModelName: m, InstanceType: !Ref Size, InitialInstanceCount: 2}]
  Endpoint: {Type: AWS::SageMaker::Endpoint, Properties: {EndpointConfigName: !GetAtt Config.EndpointConfigName}}
  Notebook: {Type: AWS::SageMaker::NotebookInstance, Properties: {InstanceType: ml.t3.medium}}
"""


def running(text: str) -> waste.Running | None:
    return waste.running(lint(read_template(text.encode(), "t.yaml"), []))


def test_a_template_costs_at_least_what_its_instances_do() -> None:
    found = running(STACK)
    assert found is not None
    assert (found.low, found.priced, found.is_least) == (round(730 * (2 * 0.23 + 0.05), 2), 2, True)
    assert waste.running_in_words(found).startswith("Costs at least USD 372")


def test_what_has_no_price_is_named() -> None:
    more = "  Cluster: {Type: AWS::SageMaker::Cluster, Properties: {InstanceGroups: []}}\n"
    found = running(STACK.replace("ml.t3.medium", "ml.p9.large") + more)
    assert found is not None
    assert found.without_price == {"AWS::SageMaker::Cluster": 1, "AWS::SageMaker::NotebookInstance": 1}


def test_what_is_not_billed_by_the_hour_has_no_cost() -> None:
    assert running("Resources: {B: {Type: AWS::S3::Bucket}}\n") is None
