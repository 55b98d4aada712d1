"""Costs worked out by hand, each with its arithmetic: hours * price * count. 730 hours are a month.

The prices were copied from wa_lint/data/prices.json by hand (us-east-1 and us-west-2, USD an hour), so that a change of
the table that nobody meant is noticed here:

    hosting   ml.m5.large 0.115 · ml.m5.xlarge 0.23 · ml.m5.2xlarge 0.461 · ml.c5.xlarge 0.204 · ml.c5.2xlarge 0.408
              ml.g4dn.xlarge 0.7364 · ml.g5.xlarge 1.408 · ml.g5.2xlarge 1.515 · ml.g5.12xlarge 7.09
              ml.inf2.xlarge 0.99
    studio    ml.t3.medium 0.05 · ml.t3.large 0.1 · ml.m5.4xlarge 0.922 · ml.g4dn.xlarge 0.7364
    notebook  not read: taken from hosting and Studio, with less confidence
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import pytest

from wa_lint import packs, prices
from wa_lint.engine import lint
from wa_lint.facts import FACTS
from wa_lint.graph import World
from wa_lint.model import Listed, Location, Outcome, Resource, Scope, Snapshot, SourceKind, Unknown, Value
from wa_lint.references.follow import graph_of
from wa_lint.reporters import waste
from wa_lint.sources.jobs import with_jobs
from wa_lint.sources.template import read_template

HOURS: Final = 730
ACCOUNT, REGION = "123456789012", "us-west-2"


def stack(*variants: str, more: str = "", shadow: str = "") -> str:
    listed = ", ".join(f"{{ModelName: m, {variant}}}" for variant in variants)
    shadows = f", ShadowProductionVariants: [{{ModelName: m, {shadow}}}]" if shadow else ""
    return f"""
Parameters: {{Size: {{Type: String}}, Count: {{Type: Number}}, Small: {{Type: String, Default: ml.m5.large}}}}
Resources:
  X:
    Type: AWS::SageMaker::Endpoint
    Properties: {{EndpointName: fraud, EndpointConfigName: !GetAtt Config.EndpointConfigName}}
  Config:
    Type: AWS::SageMaker::EndpointConfig
    Properties: {{ProductionVariants: [{listed}]{shadows}}}
{more}"""


def scaled(low: int, high: int) -> str:
    return f"""
  Target:
    Type: AWS::ApplicationAutoScaling::ScalableTarget
    Properties:
      ServiceNamespace: sagemaker
      ScalableDimension: sagemaker:variant:DesiredInstanceCount
      ResourceId: !Sub "endpoint/${{X.EndpointName}}/variant/a"
      MinCapacity: {low}
      MaxCapacity: {high}
"""


def managed(settings: str) -> str:
    return f", ManagedInstanceScaling: {{{settings}}}"


def alone(type_: str, properties: str) -> str:
    return f"Resources: {{X: {{Type: 'AWS::{type_}', Properties: {properties}}}}}"


def of(type_: str, count: int | str, name: str = "a") -> str:
    return f"VariantName: {name}, InstanceType: {type_}, InitialInstanceCount: {count}"


SECOND: Final = """
  Y:
    Type: AWS::SageMaker::Endpoint
    Properties: {EndpointName: returns, EndpointConfigName: !GetAtt Config.EndpointConfigName}
"""

TEMPLATES: Final[Mapping[str, tuple[str, float, float]]] = {
    # endpoints: all instances of all variants, for 730 hours each
    "one small instance": (stack(of("ml.m5.large", 1)), HOURS * 0.115, HOURS * 0.115),
    "two instances": (stack(of("ml.m5.xlarge", 2)), HOURS * 2 * 0.23, HOURS * 2 * 0.23),
    "two variants": (
        stack(of("ml.m5.2xlarge", 2), of("ml.c5.xlarge", 1, "b")),
        HOURS * (2 * 0.461 + 0.204),
        HOURS * (2 * 0.461 + 0.204),
    ),
    "a variant and its shadow": (
        stack(of("ml.c5.2xlarge", 1), shadow=of("ml.c5.xlarge", 1, "s")),
        HOURS * (0.408 + 0.204),
        HOURS * (0.408 + 0.204),
    ),
    "a GPU": (stack(of("ml.g4dn.xlarge", 1)), HOURS * 0.7364, HOURS * 0.7364),
    "three GPUs": (stack(of("ml.g5.xlarge", 3)), HOURS * 3 * 1.408, HOURS * 3 * 1.408),
    "a large GPU": (stack(of("ml.g5.12xlarge", 1)), HOURS * 7.09, HOURS * 7.09),
    "Inferentia": (stack(of("ml.inf2.xlarge", 4)), HOURS * 4 * 0.99, HOURS * 4 * 0.99),
    "serverless waits for nothing": (
        stack("VariantName: a, ServerlessConfig: {MemorySizeInMB: 4096, MaxConcurrency: 20}"),
        0.0,
        0.0,
    ),
    "a default decides the type": (stack(of("!Ref Small", 2)), HOURS * 2 * 0.115, HOURS * 2 * 0.115),
    # scaling: from the fewest to the most instances
    "from one to ten": (stack(of("ml.m5.xlarge", 1), more=scaled(1, 10)), HOURS * 0.23, HOURS * 10 * 0.23),
    "it starts with more than its minimum": (
        stack(of("ml.m5.xlarge", 3), more=scaled(2, 4)),
        HOURS * 2 * 0.23,
        HOURS * 4 * 0.23,
    ),
    "down to nothing": (stack(of("ml.g5.2xlarge", 1), more=scaled(0, 2)), 0.0, HOURS * 2 * 1.515),
    "another endpoint with the same configuration scales": (
        stack(of("ml.m5.xlarge", 2), more=scaled(1, 10).replace("X.EndpointName", "Y.EndpointName") + SECOND),
        HOURS * 2 * 0.23,
        HOURS * 2 * 0.23,
    ),
    "managed by SageMaker": (
        stack(of("ml.g5.xlarge", 1) + managed("Status: ENABLED, MinInstanceCount: 1, MaxInstanceCount: 5")),
        HOURS * 1.408,
        HOURS * 5 * 1.408,
    ),
    "managed scaling that is off": (
        stack(of("ml.g5.xlarge", 2) + managed("Status: DISABLED, MaxInstanceCount: 5")),
        HOURS * 2 * 1.408,
        HOURS * 2 * 1.408,
    ),
    # notebooks and Studio apps: one instance that nobody stops
    "a notebook": (alone("SageMaker::NotebookInstance", "{InstanceType: ml.t3.medium}"), HOURS * 0.05, HOURS * 0.05),
    "a larger notebook": (
        alone("SageMaker::NotebookInstance", "{InstanceType: ml.m5.xlarge}"),
        HOURS * 0.23,
        HOURS * 0.23,
    ),
    "a GPU notebook": (
        alone("SageMaker::NotebookInstance", "{InstanceType: ml.g4dn.xlarge}"),
        HOURS * 0.7364,
        HOURS * 0.7364,
    ),
    "a Studio app": (
        alone("SageMaker::App", "{AppType: JupyterLab, ResourceSpec: {InstanceType: ml.t3.medium}}"),
        HOURS * 0.05,
        HOURS * 0.05,
    ),
    "a large Studio app": (
        alone("SageMaker::App", "{AppType: CodeEditor, ResourceSpec: {InstanceType: ml.m5.4xlarge}}"),
        HOURS * 0.922,
        HOURS * 0.922,
    ),
    "a GPU Studio app": (
        alone("SageMaker::App", "{AppType: JupyterLab, ResourceSpec: {InstanceType: ml.g4dn.xlarge}}"),
        HOURS * 0.7364,
        HOURS * 0.7364,
    ),
}
"""What stands there -> the template, the least and the most USD a month. No region is known: "at least"."""


def cost_in(text: str, fact: str = "monthly_cost") -> Value:
    graph = graph_of(read_template(text, "t.yaml"), FACTS)
    resource = graph.named("X")
    assert resource is not None
    return World(graph).cell(resource).select(fact).plain()


@pytest.mark.parametrize("name", TEMPLATES)
def test_a_template_costs_what_its_instances_do(name: str) -> None:
    text, low, high = TEMPLATES[name]
    cost = cost_in(text)
    assert isinstance(cost, dict)
    assert (cost["low"], cost["high"]) == (round(low, 2), round(high, 2))


UNKNOWN: Final[Mapping[str, tuple[str, str]]] = {
    "a type without a price": (stack(of("ml.m4.xlarge", 1)), "no price of ml.m4.xlarge is known"),
    "one variant of two without a price": (
        stack(of("ml.m5.large", 1), of("ml.p9.large", 1, "b")),
        "no price of ml.p9.large is known",
    ),
    "a type that nobody says": (stack(of("!Ref Size", 1)), "the parameter Size has no default"),
    "a count that nobody says": (stack(of("ml.m5.large", "!Ref Count")), "the parameter Count has no default"),
    "provisioned concurrency": (
        stack("VariantName: a, ServerlessConfig: {MemorySizeInMB: 2048, MaxConcurrency: 5, ProvisionedConcurrency: 2}"),
        "of provisioned concurrency no price is known",
    ),
    "a Studio app on the default of its space": (
        alone("SageMaker::App", "{AppType: JupyterLab}"),
        "InstanceType is not set",
    ),
    "a Studio app of a type without a price": (
        alone("SageMaker::App", "{AppType: JupyterLab, ResourceSpec: {InstanceType: ml.p9.large}}"),
        "no price of ml.p9.large is known",
    ),
    "a notebook of a type without a price": (
        alone("SageMaker::NotebookInstance", "{InstanceType: ml.t2.medium}"),
        "no price of ml.t2.medium is known",
    ),
}


@pytest.mark.parametrize("name", UNKNOWN)
def test_what_has_no_price_is_not_guessed(name: str) -> None:
    text, why = UNKNOWN[name]
    cost = cost_in(text)
    assert isinstance(cost, Unknown)
    assert why in cost.reason


@pytest.mark.parametrize(
    ("type_", "properties"),
    [
        ("SageMaker::Cluster", "{InstanceGroups: [{InstanceType: ml.p4d.24xlarge, InstanceCount: 4}]}"),
        ("SageMaker::MlflowTrackingServer", "{TrackingServerName: t, TrackingServerSize: Small}"),
        ("SageMaker::PartnerApp", "{Name: p}"),
        ("Bedrock::ProvisionedModelThroughput", "{ModelUnits: 2}"),
        ("OpenSearchServerless::Collection", "{Name: c, Type: VECTORSEARCH}"),
        ("OpenSearchService::Domain", "{}"),
    ],
)
def test_what_is_billed_by_the_hour_and_has_no_price_is_named_and_not_counted_as_free(
    type_: str, properties: str
) -> None:
    snapshot = read_template(
        f"Resources:\n  Y: {{Type: 'AWS::{type_}', Properties: {properties}}}\n"
        "  N: {Type: AWS::SageMaker::NotebookInstance, Properties: {InstanceType: ml.t3.medium}}\n",
        "t.yaml",
    )
    found = waste.running(lint(snapshot, []))
    assert found is not None
    assert (found.low, found.is_least, dict(found.without_price)) == (HOURS * 0.05, True, {f"AWS::{type_}": 1})


# --- live: what runs now, in a region -----------------------------------------------------------------


def live(
    type_: str, properties: dict[str, Any], observed: dict[str, Any], region: str = REGION, *more: Resource
) -> Value:
    id_ = f"arn:aws:sagemaker:{region}:{ACCOUNT}:x/x"
    place = Listed(Location(id_))
    resource = Resource(id_, type_, properties, place, account=ACCOUNT, region=region, observed=observed)
    graph = graph_of(Snapshot(SourceKind.LIVE, f"aws://{ACCOUNT}/{region}", (resource, *more)), FACTS)
    return World(graph).cell(resource).select("monthly_cost").plain()


def config(type_: str, region: str = REGION) -> Resource:
    id_ = f"arn:aws:sagemaker:{region}:{ACCOUNT}:endpoint-config/c"
    variants = [{"VariantName": "a", "ModelName": "m", "InstanceType": type_, "InitialInstanceCount": 1}]
    properties = {"EndpointConfigName": "c", "ProductionVariants": variants}
    return Resource(
        id_,
        "AWS::SageMaker::EndpointConfig",
        properties,
        Listed(Location(id_)),
        name="c",
        account=ACCOUNT,
        region=region,
    )


ENDPOINT: Final = {"EndpointName": "x", "EndpointConfigName": "c"}


def runs(count: int) -> dict[str, Any]:
    return {"ProductionVariants": [{"VariantName": "a", "CurrentInstanceCount": count}]}


LIVE: Final[Mapping[str, tuple[Value, float | str]]] = {
    "an endpoint that scaled out": (
        live("AWS::SageMaker::Endpoint", ENDPOINT, runs(7), REGION, config("ml.g5.xlarge")),
        HOURS * 7 * 1.408,
    ),
    "an endpoint that scaled to nothing": (
        live("AWS::SageMaker::Endpoint", ENDPOINT, runs(0), REGION, config("ml.g5.xlarge")),
        0.0,
    ),
    "the same price in the other region": (
        live("AWS::SageMaker::Endpoint", ENDPOINT, runs(2), "us-east-1", config("ml.m5.xlarge", "us-east-1")),
        HOURS * 2 * 0.23,
    ),
    "a region without prices": (
        live("AWS::SageMaker::Endpoint", ENDPOINT, runs(2), "eu-west-1", config("ml.m5.xlarge", "eu-west-1")),
        "no price of ml.m5.xlarge is known in eu-west-1",
    ),
    "a notebook in service": (
        live(
            "AWS::SageMaker::NotebookInstance",
            {"InstanceType": "ml.m5.xlarge"},
            {"NotebookInstanceStatus": "InService"},
        ),
        HOURS * 0.23,
    ),
    "a notebook that is stopped": (
        live(
            "AWS::SageMaker::NotebookInstance", {"InstanceType": "ml.m5.xlarge"}, {"NotebookInstanceStatus": "Stopped"}
        ),
        0.0,
    ),
    "a Studio app in service": (
        live("AWS::SageMaker::App", {"ResourceSpec": {"InstanceType": "ml.t3.large"}}, {"Status": "InService"}),
        HOURS * 0.1,
    ),
    "a Studio app that was deleted": (
        live("AWS::SageMaker::App", {"ResourceSpec": {"InstanceType": "ml.t3.large"}}, {"Status": "Deleted"}),
        0.0,
    ),
    "a Studio app that starts": (
        live("AWS::SageMaker::App", {"ResourceSpec": {"InstanceType": "ml.t3.large"}}, {"Status": "Pending"}),
        "the app is not in service, but Pending",
    ),
}
"""What runs -> what it costs, and USD a month or why that is not known."""


@pytest.mark.parametrize("name", LIVE)
def test_what_runs_costs_its_hours_in_its_region(name: str) -> None:
    cost, expected = LIVE[name]
    if isinstance(expected, str):
        assert isinstance(cost, Unknown)
        assert expected in cost.reason
    else:
        assert isinstance(cost, dict)
        assert (cost["low"], cost["high"]) == (round(expected, 2), round(expected, 2))


# --- pipelines: a run at its limits, and a month of its schedules -------------------------------------


def step(type_: str, instances: str, seconds: int, name: str = "S") -> str:
    cluster = f'"ProcessingResources": {{"ClusterConfig": {instances}}}' if type_ == "Processing" else ""
    own = f'"ResourceConfig": {instances}' if type_ == "Training" else cluster
    limit = f'"StoppingCondition": {{"MaxRuntimeInSeconds": {seconds}}}'
    return f'{{"Name": "{name}", "Type": "{type_}", "Arguments": {{{own}, {limit}}}}}'


def on(type_: str, count: int) -> str:
    return f'{{"InstanceType": "{type_}", "InstanceCount": {count}, "VolumeSizeInGB": 30}}'


def pipeline(*steps: str, schedule: str = "", state: str = "ENABLED") -> Snapshot:
    """A pipeline of a live account whose listings are whole, and the schedule that starts it."""
    id_ = f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:pipeline/churn"
    body = f'{{"Version": "2020-12-01", "Steps": [{", ".join(steps)}]}}'
    properties = {"PipelineName": "churn", "PipelineDefinition": {"PipelineDefinitionBody": body}}
    own = Resource(
        id_, "AWS::SageMaker::Pipeline", properties, Listed(Location(id_)), name="churn", account=ACCOUNT, region=REGION
    )
    at = f"arn:aws:scheduler:{REGION}:{ACCOUNT}:schedule/default/s"
    said = {"Name": "s", "ScheduleExpression": schedule, "State": state, "Target": {"Arn": id_}}
    starter = Resource(at, "AWS::Scheduler::Schedule", said, Listed(Location(at)), account=ACCOUNT, region=REGION)
    whole = frozenset(Scope(type_, ACCOUNT, REGION) for type_ in ("AWS::Scheduler::Schedule", "AWS::Events::Rule"))
    resources = (own, starter) if schedule else (own,)
    return with_jobs(Snapshot(SourceKind.LIVE, f"aws://{ACCOUNT}/{REGION}", resources, whole))


TRAIN: Final = step("Training", on("ml.m5.xlarge", 2), 18_000)
"""2 instances * 0.23 * 5 hours = USD 2.30"""

WEEKS: Final = 365 / 7 / 12
DAYS: Final = 365 / 12

RUNS: Final[Mapping[str, tuple[Snapshot, float | str, float | str]]] = {
    "two instances for five hours": (pipeline(TRAIN), 2 * 0.23 * 5, 0.0),
    "a GPU for a day": (pipeline(step("Training", on("ml.g5.2xlarge", 1), 86_400)), 1.515 * 24, 0.0),
    "training after processing": (
        pipeline(step("Processing", on("ml.m5.large", 1), 3600, "P"), TRAIN),
        0.115 * 1 + 2 * 0.23 * 5,
        0.0,
    ),
    "steps without instances": (
        pipeline(TRAIN, '{"Name": "R", "Type": "RegisterModel", "Arguments": {}}'),
        2 * 0.23 * 5,
        0.0,
    ),
    "every day": (pipeline(TRAIN, schedule="rate(1 day)"), 2.30, 2.30 * HOURS / 24),
    "every six hours": (pipeline(TRAIN, schedule="rate(6 hours)"), 2.30, 2.30 * HOURS / 6),
    "every Monday": (pipeline(TRAIN, schedule="cron(0 6 ? * MON *)"), 2.30, 2.30 * WEEKS),
    "on workdays": (pipeline(TRAIN, schedule="cron(0 6 ? * MON-FRI *)"), 2.30, 2.30 * 5 * WEEKS),
    "on the first of each month": (pipeline(TRAIN, schedule="cron(0 6 1 * ? *)"), 2.30, 2.30),
    "four times a year": (pipeline(TRAIN, schedule="cron(0 6 1 1/3 ? *)"), 2.30, 2.30 * 4 / 12),
    "twice a day": (pipeline(TRAIN, schedule="cron(0 6,18 * * ? *)"), 2.30, 2.30 * 2 * DAYS),
    "every quarter of an hour": (pipeline(TRAIN, schedule="cron(0/15 * * * ? *)"), 2.30, 2.30 * 4 * 24 * DAYS),
    "on the last Friday": (pipeline(TRAIN, schedule="cron(0 6 ? * 6L *)"), 2.30, 2.30),
    "once": (pipeline(TRAIN, schedule="at(2026-12-24T06:00:00)"), 2.30, 0.0),
    "a schedule that is off": (pipeline(TRAIN, schedule="rate(1 day)", state="DISABLED"), 2.30, 0.0),
    "a schedule that is not understood": (
        pipeline(TRAIN, schedule="cron(0 6 ? * SAT-SUN *)"),
        2.30,
        "no schedule that",
    ),
    "a type without a price": (
        pipeline(step("Training", on("ml.p9.large", 1), 60)),
        "no price of ml.p9.large for training",
        "no price of ml.p9.large for training",
    ),
    "a tuning step": (
        pipeline('{"Name": "T", "Type": "Tuning", "Arguments": {}}'),
        "Tuning has no limit that is read here",
        "Tuning has no limit that is read here",
    ),
}
"""The pipeline, USD for a run at its limits, and for a month."""


@pytest.mark.parametrize("name", RUNS)
def test_a_pipeline_costs_its_run_limits_and_its_schedules(name: str) -> None:
    snapshot, run, month = RUNS[name]
    graph = graph_of(snapshot, FACTS)
    cell = World(graph).cell(snapshot.resources[0])
    for fact, expected in (("run_ceiling", run), ("monthly_ceiling", month)):
        found = cell.select(fact).plain()
        if isinstance(expected, str):
            assert isinstance(found, Unknown)
            assert expected in found.reason
        else:
            assert found == round(expected, 2)


# --- ceilings against a budget ------------------------------------------------------------------------

CEILINGS: Final = {
    "ten of ml.m5.xlarge are USD 1,679": (stack(of("ml.m5.xlarge", 1), more=scaled(1, 10)), HOURS * 10 * 0.23),
    "six of ml.m5.xlarge are USD 1,007.40": (stack(of("ml.m5.xlarge", 1), more=scaled(1, 6)), HOURS * 6 * 0.23),
    "five of ml.m5.xlarge are USD 839.50": (stack(of("ml.m5.xlarge", 1), more=scaled(1, 5)), HOURS * 5 * 0.23),
    "one of ml.g5.xlarge is USD 1,027.84": (stack(of("ml.g5.xlarge", 1), more=scaled(0, 1)), HOURS * 1.408),
    "twelve of ml.m5.large are USD 1,007.40": (stack(of("ml.m5.large", 1), more=scaled(1, 12)), HOURS * 12 * 0.115),
    "eleven of ml.m5.large are USD 923.45": (stack(of("ml.m5.large", 1), more=scaled(1, 11)), HOURS * 11 * 0.115),
}
"""MaxCapacity * price * 730."""


@pytest.mark.parametrize("name", CEILINGS)
def test_a_ceiling_is_held_against_a_budget_of_a_thousand_dollars(name: str) -> None:
    text, ceiling = CEILINGS[name]
    rule = next(rule for rule in packs.load() if rule.info.id == "endpoint-ceiling-above-budget")
    (finding,) = lint(read_template(text, "t.yaml"), [rule.with_settings({"monthly_budget": 1000.0})]).findings
    assert finding.outcome is (Outcome.FAIL if ceiling > 1000 else Outcome.UNKNOWN)
    if ceiling > 1000:
        assert f"USD {round(ceiling, 2)}" in finding.message


# --- the prices themselves ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("type_", "component", "price", "confidence"),
    [
        ("ml.m5.large", "hosting", 0.115, "high"),
        ("ml.m5.xlarge", "hosting", 0.23, "high"),
        ("ml.m5.xlarge", "notebook", 0.23, "medium"),  # taken from hosting and Studio: one step less
        ("ml.m5.4xlarge", "studio", 0.922, "high"),
        ("ml.m5.4xlarge", "hosting", 0.922, "medium"),  # taken from Studio
        ("ml.t3.medium", "notebook", 0.05, "low"),
        ("ml.inf2.xlarge", "hosting", 0.99, "medium"),
        ("ml.p4d.24xlarge", "training", 25.251286, "medium"),
    ],
)
def test_a_price_has_a_date_a_source_and_how_much_to_trust_it(
    type_: str, component: str, price: float, confidence: str
) -> None:
    found = prices.hourly(type_, component, REGION)
    assert found is not None
    assert (found.usd_per_hour, found.confidence) == (price, confidence)
    assert found.source
    assert found.as_of
