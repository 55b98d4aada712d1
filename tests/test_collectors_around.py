"""The collectors of what stands around SageMaker, end to end: in pages, refused, not configured, gone, not in use."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from types import SimpleNamespace
from typing import Any

import boto3
import botocore.session
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from wa_lint.demo import modelled
from wa_lint.demo.stub import ACCOUNT, REGION
from wa_lint.graph import World
from wa_lint.model import Gap, Resource, Scope, Snapshot, Unknown
from wa_lint.references.follow import graph_of
from wa_lint.sources.live import api_response as answers
from wa_lint.sources.live import call_plan as plan
from wa_lint.sources.live import listing
from wa_lint.sources.live.account_reader import read_live
from wa_lint.sources.live.collector import ApiCall, Collector, ListingReach
from wa_lint.sources.live.collectors import all_collectors, by_type, service_of

NOW = dt.datetime(2026, 11, 23, tzinfo=dt.UTC)
LOADER = botocore.session.Session().get_component("data_loader")

AROUND = re.compile(
    r"AWS::(Bedrock|ElasticLoadBalancingV2|WAFv2|Events|Scheduler|Logs|StepFunctions|CloudTrail|Budgets|ECR|Glue)::.*"
    r"|AWS::Lambda::(Alias|Version|EventSourceMapping)"
)
WAITING = tuple(c for c in all_collectors() if c.named_by)
"""What is only read where it is named."""
OURS = tuple(c for c in all_collectors() if c.named_by or AROUND.fullmatch(c.type))
ONE_IN_A_REGION = "AWS::Bedrock::ModelInvocationLoggingConfiguration"
SINGLE = {ONE_IN_A_REGION, "AWS::ECR::RegistryScanningConfiguration"}

each_collector = pytest.mark.parametrize("collector", OURS, ids=lambda c: c.type)
each_description = pytest.mark.parametrize(
    ("collector", "call"),
    [(c, call) for c in OURS for call in c.describe],
    ids=lambda x: getattr(x, "operation", ""),
)

Hook = Callable[[str, str], Any]
"""(service, operation) -> an answer, None to let the call through, or it raises."""


# --- an account of three of everything, as botocore's model says they look --------------------------


def session_with(*hooks: Hook, is_made_up: bool = False) -> Any:
    """A session whose calls meet `hooks` in turn before they leave, then what is made up, if it is, else moto."""
    inner = botocore.session.Session()
    inner.register_component("data_loader", LOADER)
    session = boto3.Session("testing", "testing", region_name=REGION, botocore_session=inner)

    def answer(model: Any, **_: Any) -> Any:
        for hook in hooks:
            found = hook(model.service_model.service_name, model.name)
            if found is not None:
                return SimpleNamespace(status_code=200), {**found, "ResponseMetadata": {}}
        return None

    session.events.register("before-call", answer)
    if is_made_up:
        modelled.install(session, modelled.Size(items=3, page=2))
    return session


def read(types: set[str], *hooks: Hook) -> Snapshot:
    return read_live(session_with(*hooks, is_made_up=True), REGION, types=types, now=NOW, max_rps=10_000)


@cache
def model(service: str) -> Any:
    return botocore.session.get_session().get_service_model(service)


def refusing(service: str, operation: str, code: str) -> Hook:
    def hook(called: str, wanted: str) -> None:
        if (called, wanted) == (service, operation):
            raise ClientError({"Error": {"Code": code, "Message": ""}}, operation)

    return hook


def scope(collector: Collector) -> Scope:
    return Scope(collector.type, ACCOUNT, None if collector.reach is ListingReach.GLOBAL else REGION)


def of_type(snapshot: Snapshot, type_: str) -> list[Resource]:
    return [resource for resource in snapshot.resources if resource.type == type_]


def properties(snapshot: Snapshot, type_: str) -> Any:
    return only(snapshot, type_).properties


def generations(collector: Collector) -> int:
    """Return how many listings stand before that of a type: each item of one is asked for items of its own."""
    return 1 + generations(by_type()[collector.parent]) if collector.parent else 0


@each_collector
def test_three_in_two_pages_become_three_resources_with_every_property(collector: Collector) -> None:
    snapshot = read({collector.type})
    found = of_type(snapshot, collector.type)
    assert collector.listing
    assert len(found) == 3 ** (bool(collector.listing.items) + generations(collector))
    assert snapshot.gaps == ()
    assert scope(collector) in snapshot.complete
    untold = set(answers.not_carried()[collector.type])
    for resource in found:
        assert isinstance(resource.properties, dict)
        assert resource.name
        assert "None" not in resource.id
        assert resource.properties.keys() == answers.settable(collector.type) - set(collector.elsewhere)
        unknown = {name for name, value in resource.properties.items() if isinstance(value, Unknown)}
        assert unknown == {path for path in untold if path in resource.properties}


@each_collector
def test_a_refused_listing_is_a_gap_that_names_the_grant(collector: Collector) -> None:
    assert collector.listing
    refused = refusing(collector.service, collector.listing.operation, "AccessDeniedException")
    snapshot = read({collector.type}, refused)
    operation = plan.operation_of(collector, collector.listing)
    gap = Gap(scope(collector), f"AccessDenied: {operation.service}:{operation.operation}", operation.action)
    assert gap in snapshot.gaps
    assert of_type(snapshot, collector.type) == []
    assert scope(collector) not in snapshot.complete


@each_description
def test_what_a_refused_call_would_have_told_is_unknown(collector: Collector, call: ApiCall) -> None:
    snapshot = read({collector.type}, refusing(collector.service, call.operation, "AccessDenied"))
    found = of_type(snapshot, collector.type)
    operation = plan.operation_of(collector, call)
    reason = f"AccessDenied: {operation.service}:{operation.operation}"
    assert len(found) >= 3
    for resource in found:
        told: Any = resource.properties
        lost = [{**(resource.observed or {}), **told}[name] for name in call.fills] if call.fills else [told]
        assert lost == [Unknown(reason)] * len(lost)
    assert [(gap.reason, gap.grant) for gap in snapshot.gaps] == [(reason, operation.action)]
    assert scope(collector) in snapshot.complete


NOT_CONFIGURED = [(c, call, code) for c in OURS for call in c.describe for code in call.not_configured]


@pytest.mark.parametrize(("collector", "call", "code"), NOT_CONFIGURED, ids=lambda x: x if isinstance(x, str) else "")
def test_what_is_not_configured_is_absent(collector: Collector, call: ApiCall, code: str) -> None:
    assert code in errors_of(collector, call)
    snapshot = read({collector.type}, refusing(collector.service, call.operation, code))
    assert snapshot.gaps == ()
    for resource in of_type(snapshot, collector.type):
        told: Any = resource.properties
        assert not set(call.fills) & told.keys()


def errors_of(collector: Collector, call: ApiCall) -> set[str]:
    shapes = model(collector.service).operation_model(call.operation).error_shapes
    return {shape.metadata.get("error", {}).get("code", shape.name) for shape in shapes}


@each_description
def test_what_was_deleted_since_it_was_listed_is_left_out(collector: Collector, call: ApiCall) -> None:
    codes = sorted(errors_of(collector, call) & (listing._GONE | {*service_of(collector.service).gone}))
    assert codes, errors_of(collector, call)
    snapshot = read({collector.type}, refusing(collector.service, call.operation, codes[0]))
    assert of_type(snapshot, collector.type) == []
    assert snapshot.gaps == ()


@each_collector
def test_a_listing_of_several_pages_is_one_that_botocore_turns(collector: Collector) -> None:
    for call in (collector.listing, *collector.describe):
        if call and call.items:
            members = model(collector.service).operation_model(call.operation).output_shape.members
            tokens = {"NextToken", "nextToken", "NextMarker", "Marker"} & set(members)
            pages = LOADER.load_service_model(collector.service, "paginators-1")["pagination"]
            is_turned_by_us = call is collector.listing and tokens == {"NextToken"}
            assert not tokens or is_turned_by_us or call.operation in pages, call.operation


# --- what only some of them do ----------------------------------------------------------------------


def answering(wanted: str, answer: Any) -> Hook:
    return lambda _, operation: answer if operation == wanted else None


def test_a_region_without_invocation_logging_says_so() -> None:
    snapshot = read({ONE_IN_A_REGION}, answering("GetModelInvocationLoggingConfiguration", {}))
    assert properties(snapshot, ONE_IN_A_REGION) == {}
    assert Scope(ONE_IN_A_REGION, ACCOUNT, REGION) in snapshot.complete


def test_a_trail_of_several_regions_is_read_in_its_home() -> None:
    trails = [{"Name": n, "TrailARN": f"arn:aws:cloudtrail:{r}:1:trail/{n}", "HomeRegion": r} for n, r in HOMES.items()]
    snapshot = read({"AWS::CloudTrail::Trail"}, answering("DescribeTrails", {"trailList": trails}))
    assert [r.name for r in snapshot.resources] == ["here"]


HOMES = {"here": REGION, "abroad": "us-east-1"}


def test_a_key_that_cannot_rotate_is_not_one_of_which_we_do_not_know() -> None:
    refused = refusing("kms", "GetKeyRotationStatus", "UnsupportedOperationException")
    told: Any = read({"AWS::KMS::Key"}, refused).resources[0].properties
    assert "EnableKeyRotation" not in told
    assert told["KeyPolicy"]["Statement"] == []


@pytest.mark.parametrize(("manager", "expected"), [("AWS", True), ("CUSTOMER", False)])
def test_it_is_said_whose_key_it_is(manager: str, expected: bool) -> None:
    told = {"KeyMetadata": {"KeyId": "KeyId#1", "KeyManager": manager}}
    snapshot = read({"AWS::KMS::Key"}, answering("DescribeKey", told))
    assert {(r.observed or {})["aws_managed"] for r in snapshot.resources} == {expected}


def test_whose_key_it_is_is_unknown_where_it_may_not_be_described() -> None:
    snapshot = read({"AWS::KMS::Key"}, refusing("kms", "DescribeKey", "AccessDeniedException"))
    assert all(isinstance((r.observed or {})["aws_managed"], Unknown) for r in snapshot.resources)


def test_an_amount_of_money_is_a_number_and_notifications_stand_where_cloudformation_has_them() -> None:
    limit = {"BudgetName": "ml", "BudgetLimit": {"Amount": "100.50", "Unit": "USD"}}
    budgets = answering("DescribeBudgets", {"Budgets": [limit]})
    noted = {"NotificationType": "ACTUAL", "ComparisonOperator": "GREATER_THAN", "Threshold": 80.0}
    notified = answering("DescribeNotificationsForBudget", {"Notifications": [noted]})
    snapshot = read({"AWS::Budgets::Budget"}, budgets, notified)
    told = properties(snapshot, "AWS::Budgets::Budget")
    assert told["Budget"]["BudgetLimit"] == {"Amount": 100.5, "Unit": "USD"}
    (notification,) = told["NotificationsWithSubscribers"]
    assert notification["Notification"] == noted
    assert isinstance(notification["Subscribers"], Unknown)
    assert snapshot.resources[0].id == f"arn:aws:budgets::{ACCOUNT}:budget/ml"
    assert snapshot.resources[0].region is None


def test_the_users_own_keys_stay_as_they_are_written() -> None:
    prompt = {"promptType": "ORCHESTRATION", "additionalModelRequestFields": {"top_k": {"inner_key": 1}}}
    agent = {"agentId": "agentId#1", "promptOverrideConfiguration": {"promptConfigurations": [prompt]}}
    told: Any = read({"AWS::Bedrock::Agent"}, answering("GetAgent", {"agent": agent})).resources[0].properties
    assert told["PromptOverrideConfiguration"]["PromptConfigurations"] == [
        {"PromptType": "ORCHESTRATION", "AdditionalModelRequestFields": {"top_k": {"inner_key": 1}}}
    ]


def test_the_weights_of_an_alias_are_a_list() -> None:
    aliases = [{"Name": "live", "AliasArn": "a", "RoutingConfig": {"AdditionalVersionWeights": {"2": 0.1}}}]
    snapshot = read({"AWS::Lambda::Alias"}, answering("ListAliases", {"Aliases": aliases}))
    weights = properties(snapshot, "AWS::Lambda::Alias")["RoutingConfig"]["AdditionalVersionWeights"]
    assert weights == [{"FunctionVersion": "2", "FunctionWeight": 0.1}]


def test_an_agent_its_alias_its_guardrail_and_its_knowledge_find_each_other() -> None:
    summary = {"agentId": "A1", "agentArn": "arn:aws:bedrock:::agent/A1", "agentName": "help"}
    agent = {**summary, "guardrailConfiguration": {"guardrailIdentifier": "g1"}}
    knowledge = {"knowledgeBaseId": "K1", "name": "docs"}
    snapshot = read(
        {f"AWS::Bedrock::{word}" for word in ("Agent", "AgentAlias", "Guardrail", "KnowledgeBase", "DataSource")},
        answering("ListAgents", {"agentSummaries": [summary]}),
        answering("GetAgent", {"agent": agent}),
        answering("ListAgentAliases", {"agentAliasSummaries": [{"agentAliasId": "L1"}]}),
        answering("ListAgentKnowledgeBases", {"agentKnowledgeBaseSummaries": [{"knowledgeBaseId": "K1"}]}),
        answering("ListGuardrails", {"guardrails": [{"id": "g1", "arn": "arn:aws:bedrock:::guardrail/g1"}]}),
        answering("GetGuardrail", {"name": "strict"}),
        answering("ListKnowledgeBases", {"knowledgeBaseSummaries": [knowledge]}),
        answering("GetKnowledgeBase", {"knowledgeBase": knowledge}),
        answering("ListDataSources", {"dataSourceSummaries": [{"dataSourceId": "D1", "name": "files"}]}),
        answering("GetDataSource", {"dataSource": {"name": "files"}}),
    )
    world = World(graph_of(snapshot))
    (agent_cell, alias, source) = (
        world.cell(only(snapshot, f"AWS::Bedrock::{word}")) for word in ("Agent", "AgentAlias", "DataSource")
    )
    assert agent_cell.select("guardrail").resource.type == "AWS::Bedrock::Guardrail"
    assert [cell.resource.name for cell in agent_cell.select("knowledge_bases").items()] == ["K1"]
    assert alias.select("agent").resource.name == "A1"
    assert [cell.resource.name for cell in agent_cell.select("aliases").items()] == [None]
    assert source.select("knowledge_base").resource.name == "K1"


def only(snapshot: Snapshot, type_: str) -> Resource:
    (found,) = of_type(snapshot, type_)
    return found


# --- in use -----------------------------------------------------------------------------------------

KEY = "11111111-2222-3333-4444-555555555555"


@pytest.mark.parametrize(
    "name",
    [
        KEY,
        f"arn:aws:kms:{REGION}:{ACCOUNT}:key/{KEY}",
        "alias/lake",
        f"arn:aws:kms:{REGION}:{ACCOUNT}:alias/lake",
        f'{{"KmsKeyId": "{KEY}"}}',
    ],
)
def test_a_key_is_read_however_it_is_named(name: str) -> None:
    snapshot = read(USED, *account_that_names(name))
    assert [r.name for r in of_type(snapshot, "AWS::KMS::Key")] == [KEY]
    assert Scope("AWS::KMS::Key", ACCOUNT, REGION) in snapshot.complete


@pytest.mark.parametrize("name", ["", "alias/lak", f"{KEY}0", "key"])
def test_a_key_that_nothing_names_is_not_described(name: str) -> None:
    asked: list[str] = []

    def listening(_: str, operation: str) -> None:
        asked.append(operation)

    snapshot = read(USED, listening, *account_that_names(name))
    assert of_type(snapshot, "AWS::KMS::Key") == []
    assert "DescribeKey" not in asked


USED = {"AWS::Lambda::Function", "AWS::KMS::Key", "AWS::KMS::Alias", "AWS::ECR::Repository"}


def account_that_names(name: str) -> tuple[Hook, ...]:
    function = {"FunctionName": "f", "FunctionArn": "arn", "KMSKeyArn": name}
    alias = {"AliasName": "alias/lake", "AliasArn": "arn:alias/lake", "TargetKeyId": KEY}
    other = {"AliasName": "alias/other", "AliasArn": "arn:alias/other", "TargetKeyId": "another"}
    return (
        answering("ListFunctions", {"Functions": [function]}),
        answering("ListAliases", {"Aliases": [alias, other]}),
        answering("ListKeys", {"Keys": [{"KeyId": k, "KeyArn": f"arn:key/{k}"} for k in (KEY, "another")]}),
        answering("DescribeKey", {"KeyMetadata": {"Enabled": True}}),
        answering("GetKeyRotationStatus", {"KeyRotationEnabled": True, "KeyId": f"arn:key/{KEY}"}),  # as KMS does
        answering("DescribeRepositories", {"repositories": []}),
    )


@pytest.mark.parametrize("suffix", ["", ":latest", "@sha256:" + "0" * 64])
def test_a_repository_is_read_where_an_image_of_it_is_named(suffix: str) -> None:
    home = f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com"
    function = {"FunctionName": "f", "FunctionArn": "arn", "Description": f"{home}/ml/serve{suffix}"}
    repositories = [
        {"repositoryName": name, "repositoryUri": f"{home}/{name}", "repositoryArn": f"arn:{name}"}
        for name in ("ml/serve", "ml/serve-old", "ml")
    ]
    hooks = (
        answering("ListFunctions", {"Functions": [function]}),
        answering("DescribeRepositories", {"repositories": repositories}),
        answering("GetRepositoryPolicy", {}),
        answering("GetLifecyclePolicy", {}),
        *account_that_names(""),
    )
    assert [r.name for r in of_type(read(USED, *hooks), "AWS::ECR::Repository")] == ["ml/serve"]


def test_what_waits_for_its_name_stands_last_and_its_listing_says_the_name() -> None:
    assert all_collectors()[-len(WAITING) :] == WAITING
    assert WAITING[-1].type == "AWS::KMS::Key"  # any of the others may name one
    assert not {c.parent for c in all_collectors()} & {c.type for c in WAITING}
    for collector in WAITING:
        assert collector.listing
        members = model(collector.service).operation_model(collector.listing.operation).output_shape.members
        holes = {hole for template in collector.named_by for hole in re.findall(r"{(\w+)}", template)}
        item = members[collector.listing.items].member
        named = collector.listing.item_name  # of a list of plain texts
        assert holes <= ({named} if named else item.members.keys())


def test_where_nothing_that_could_name_them_is_asked_for_all_are_read() -> None:
    snapshot = read({"AWS::KMS::Key", "AWS::KMS::Alias"}, *account_that_names(""))
    assert [r.name for r in of_type(snapshot, "AWS::KMS::Key")] == [KEY, "another"]


# --- against moto's account -------------------------------------------------------------------------


@pytest.fixture(scope="module", autouse=True)
def account() -> Iterator[Mapping[str, str]]:
    with mock_aws():
        client = boto3.Session("testing", "testing", region_name=REGION).client
        names = _network(client)
        yield {**names, **_around(client, names)}


def _network(client: Any) -> dict[str, str]:
    ec2 = client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnets = [
        ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.0.{n}.0/24", AvailabilityZone=f"{REGION}{zone}")["Subnet"][
            "SubnetId"
        ]
        for n, zone in enumerate("ab")
    ]
    group = ec2.create_security_group(GroupName="ml", Description="of the workload", VpcId=vpc)["GroupId"]
    rule = {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443}
    ranges = [{"CidrIp": "10.0.0.0/8", "Description": "inside"}, {"CidrIp": "0.0.0.0/0"}]
    permission = {**rule, "IpRanges": ranges, "UserIdGroupPairs": [{"GroupId": group}]}
    ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[permission])
    endpoint = ec2.create_vpc_endpoint(
        VpcId=vpc,
        ServiceName=f"com.amazonaws.{REGION}.s3",
        VpcEndpointType="Gateway",
        PolicyDocument='{"Statement":[]}',
    )["VpcEndpoint"]["VpcEndpointId"]
    return {"vpc": vpc, "subnet": subnets[0], "other": subnets[1], "group": group, "endpoint": endpoint}


def _around(client: Any, names: Mapping[str, str]) -> dict[str, str]:
    key = client("kms").create_key(Description="lake")["KeyMetadata"]["KeyId"]
    client("kms").enable_key_rotation(KeyId=key)
    client("ecr").create_repository(
        repositoryName="serve", imageScanningConfiguration={"scanOnPush": True}, imageTagMutability="IMMUTABLE"
    )
    balancers = client("elbv2")
    balancer = balancers.create_load_balancer(
        Name="front",
        Scheme="internet-facing",
        Subnets=[names["subnet"], names["other"]],
        SecurityGroups=[names["group"]],
    )["LoadBalancers"][0]["LoadBalancerArn"]
    targets = balancers.create_target_group(Name="to", TargetType="ip", Protocol="HTTP", Port=80, VpcId=names["vpc"])
    target_group = targets["TargetGroups"][0]["TargetGroupArn"]
    action = {"Type": "forward", "TargetGroupArn": target_group}
    balancers.create_listener(LoadBalancerArn=balancer, Protocol="HTTP", Port=80, DefaultActions=[action])
    events = client("events")
    events.put_rule(Name="failed", EventPattern='{"source": ["aws.sagemaker"]}')
    events.put_targets(Rule="failed", Targets=[{"Id": "1", "Arn": f"arn:aws:sns:{REGION}:{ACCOUNT}:ops"}])
    client("s3").create_bucket(Bucket="audit", CreateBucketConfiguration={"LocationConstraint": REGION})
    client("cloudtrail").create_trail(Name="audit", S3BucketName="audit", IsMultiRegionTrail=True)
    client("stepfunctions").create_state_machine(
        name="train", definition='{"StartAt": "A", "States": {}}', roleArn=f"arn:aws:iam::{ACCOUNT}:role/r"
    )
    return {"key": key, "balancer": balancer, "target_group": target_group}


def read_moto(types: set[str], *hooks: Hook) -> Snapshot:
    return read_live(session_with(*hooks), REGION, types=types, now=NOW, max_rps=10_000)


def test_a_security_group_says_each_range_apart(account: Mapping[str, str]) -> None:
    found = of_type(read_moto({"AWS::EC2::SecurityGroup"}), "AWS::EC2::SecurityGroup")
    (group,) = [r for r in found if r.name == account["group"]]
    told: Any = group.properties
    assert told["GroupDescription"] == "of the workload"
    rule = {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443}
    first, second, third = told["SecurityGroupIngress"]
    assert first == {**rule, "CidrIp": "10.0.0.0/8", "Description": "inside"}
    assert second == {**rule, "CidrIp": "0.0.0.0/0"}
    assert third["SourceSecurityGroupId"] == account["group"]
    assert told["SecurityGroupEgress"] == [{"IpProtocol": "-1", "CidrIp": "0.0.0.0/0"}]
    assert not {"IpPermissions", "IpPermissionsEgress"} & ((group.observed or {}).keys() | told.keys())


def test_only_the_network_that_is_named_is_read(account: Mapping[str, str]) -> None:
    types = {"AWS::EC2::SecurityGroup", "AWS::EC2::Subnet", "AWS::EC2::VPCEndpoint", "AWS::Lambda::Function"}
    inside = {"SubnetIds": [account["subnet"]], "SecurityGroupIds": [account["group"]]}
    function = {"FunctionName": "f", "FunctionArn": "arn:aws:lambda:::function:f", "VpcConfig": inside}
    snapshot = read_moto(types, answering("ListFunctions", {"Functions": [function]}))
    assert [r.name for r in of_type(snapshot, "AWS::EC2::Subnet")] == [account["subnet"]]
    assert [r.name for r in of_type(snapshot, "AWS::EC2::SecurityGroup")] == [account["group"]]
    assert [r.name for r in of_type(snapshot, "AWS::EC2::VPCEndpoint")] == [account["endpoint"]]
    assert properties(snapshot, "AWS::EC2::VPCEndpoint")["PolicyDocument"] == {"Statement": []}


def test_a_key_says_that_it_rotates_and_who_may_use_it(account: Mapping[str, str]) -> None:
    (key,) = [r for r in of_type(read_moto({"AWS::KMS::Key"}), "AWS::KMS::Key") if r.name == account["key"]]
    told: Any = key.properties
    assert (told["Description"], told["EnableKeyRotation"]) == ("lake", True)
    assert told["KeyPolicy"]["Statement"]


def test_a_repository_says_how_it_scans_and_that_it_has_no_policy() -> None:
    told = properties(read_moto({"AWS::ECR::Repository"}), "AWS::ECR::Repository")
    assert told["ImageScanningConfiguration"] == {"ScanOnPush": True}
    assert told["ImageTagMutability"] == "IMMUTABLE"
    assert not {"LifecyclePolicy", "RepositoryPolicyText"} & told.keys()


def test_a_load_balancer_a_listener_and_a_target_group_name_each_other(account: Mapping[str, str]) -> None:
    family = "AWS::ElasticLoadBalancingV2::"
    snapshot = read_moto({family + word for word in ("LoadBalancer", "Listener", "TargetGroup")})
    balancer, listener = properties(snapshot, family + "LoadBalancer"), properties(snapshot, family + "Listener")
    assert sorted(balancer["Subnets"]) == sorted([account["subnet"], account["other"]])
    assert balancer["Scheme"] == "internet-facing"
    assert {"Key": "deletion_protection.enabled", "Value": "false"} in balancer["LoadBalancerAttributes"]
    assert listener["LoadBalancerArn"] == account["balancer"]
    assert listener["DefaultActions"][0]["TargetGroupArn"] == account["target_group"]
    assert properties(snapshot, family + "TargetGroup")["TargetType"] == "ip"


def test_a_rule_of_the_default_bus_has_its_pattern_and_its_targets() -> None:
    told = properties(read_moto({"AWS::Events::Rule"}), "AWS::Events::Rule")
    assert told["EventPattern"] == {"source": ["aws.sagemaker"]}
    assert told["Targets"] == [{"Id": "1", "Arn": f"arn:aws:sns:{REGION}:{ACCOUNT}:ops"}]


def test_a_trail_says_what_it_records_and_whether_it_does() -> None:
    told = properties(read_moto({"AWS::CloudTrail::Trail"}), "AWS::CloudTrail::Trail")
    assert (told["TrailName"], told["IsMultiRegionTrail"], told["IsLogging"]) == ("audit", True, False)


def test_a_state_machine_has_its_definition() -> None:
    told = properties(read_moto({"AWS::StepFunctions::StateMachine"}), "AWS::StepFunctions::StateMachine")
    assert json.loads(told["DefinitionString"]) == {"StartAt": "A", "States": {}}
    assert told["StateMachineType"] == "STANDARD"
