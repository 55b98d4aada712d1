"""Rules about Bedrock, AgentCore and networks on an account that moto plays: what the collectors read is judged."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws

from wa_lint import engine, packs
from wa_lint.model import Outcome
from wa_lint.sources.live.account_reader import read_live

REGION = "eu-west-1"
NOW = dt.datetime(2026, 11, 30, tzinfo=dt.UTC)
RULES = {rule.info.id: rule for rule in packs.load()}


@pytest.fixture
def session() -> Iterator[Any]:
    with mock_aws():
        yield boto3.Session("testing", "testing", region_name=REGION)


def outcomes(session: Any, rule: str, *types: str) -> list[Outcome]:
    snapshot = read_live(session, REGION, types=set(types), now=NOW, max_rps=1e6)
    return [finding.outcome for finding in engine.lint(snapshot, [RULES[rule]], "2026-11-30").findings]


def notebook_in(session: Any, cidr_of_rule: str) -> Any:
    """A notebook in the only subnet of a VPC; return the client of EC2 and the id of the VPC."""
    ec2 = session.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.1.0/24")["Subnet"]["SubnetId"]
    group = ec2.create_security_group(GroupName="g", Description="g", VpcId=vpc)["GroupId"]
    ranges = [{"CidrIp": cidr_of_rule}]
    permission = {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "IpRanges": ranges}
    ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[permission])
    session.client("sagemaker").create_notebook_instance(
        NotebookInstanceName="nb",
        InstanceType="ml.t3.medium",
        RoleArn="arn:aws:iam::123456789012:role/nb",
        SubnetId=subnet,
        SecurityGroupIds=[group],
        DirectInternetAccess="Disabled",
    )
    return ec2, vpc


NETWORK = (
    "AWS::SageMaker::NotebookInstance",
    "AWS::EC2::Subnet",
    "AWS::EC2::VPC",
    "AWS::EC2::RouteTable",
    "AWS::EC2::VPCEndpoint",
    "AWS::EC2::FlowLog",
    "AWS::EC2::SecurityGroup",
)


@pytest.mark.parametrize(("cidr", "expected"), [("0.0.0.0/0", Outcome.FAIL), ("10.0.0.0/16", Outcome.PASS)])
def test_a_group_of_a_notebook_that_lets_in_everyone(session: Any, cidr: str, expected: Outcome) -> None:
    notebook_in(session, cidr)
    assert expected in outcomes(session, "ml-security-group-open-ingress", *NETWORK)


def test_a_route_to_an_internet_gateway_makes_a_subnet_public(session: Any) -> None:
    ec2, vpc = notebook_in(session, "10.0.0.0/16")
    assert outcomes(session, "workload-in-public-subnet", *NETWORK) == [Outcome.PASS]
    gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    tables = ec2.describe_route_tables(Filters=[{"Name": "vpc-id", "Values": [vpc]}])["RouteTables"]
    ec2.create_route(RouteTableId=tables[0]["RouteTableId"], DestinationCidrBlock="0.0.0.0/0", GatewayId=gateway)
    assert outcomes(session, "workload-in-public-subnet", *NETWORK) == [Outcome.FAIL]


def test_an_isolated_notebook_needs_endpoints(session: Any) -> None:
    ec2, vpc = notebook_in(session, "10.0.0.0/16")
    assert outcomes(session, "workload-without-vpc-endpoint", *NETWORK) == [Outcome.FAIL]
    for service in ("s3", "sagemaker.api"):
        ec2.create_vpc_endpoint(VpcId=vpc, ServiceName=f"com.amazonaws.{REGION}.{service}", VpcEndpointType="Gateway")
    assert outcomes(session, "workload-without-vpc-endpoint", *NETWORK) == [Outcome.PASS]


def test_flow_logs_of_the_vpc_of_a_notebook(session: Any) -> None:
    ec2, vpc = notebook_in(session, "10.0.0.0/16")
    assert outcomes(session, "workload-vpc-without-flow-log", *NETWORK) == [Outcome.FAIL]
    session.client("s3").create_bucket(
        Bucket="flow-logs-of-ml", CreateBucketConfiguration={"LocationConstraint": REGION}
    )
    ec2.create_flow_logs(
        ResourceIds=[vpc],
        ResourceType="VPC",
        TrafficType="ALL",
        LogDestinationType="s3",
        LogDestination="arn:aws:s3:::flow-logs-of-ml",
    )
    assert outcomes(session, "workload-vpc-without-flow-log", *NETWORK) == [Outcome.PASS]


def answer(session: Any, call: str, told: dict[str, Any]) -> None:
    """Let a call be answered here: what moto lacks."""
    ok = type("Answer", (), {"status_code": 200})()
    session.events.register(f"before-call.{call}", lambda **_: (ok, told))


def test_a_public_network_policy_of_vectors(session: Any) -> None:
    rules = [{"ResourceType": "collection", "Resource": ["collection/docs"]}]
    collection = {"id": "c", "name": "docs", "arn": "arn:aws:aoss:eu-west-1:123456789012:collection/c"}
    policy = {"type": "network", "name": "net"}
    answer(session, "opensearchserverless.ListCollections", {"collectionSummaries": [collection]})
    answer(session, "opensearchserverless.ListSecurityPolicies", {"securityPolicySummaries": [policy]})
    answer(
        session,
        "opensearchserverless.GetSecurityPolicy",
        {"securityPolicyDetail": {**policy, "policy": [{"Rules": rules, "AllowFromPublic": True}]}},
    )
    base = session.client("bedrock-agent").create_knowledge_base(
        name="docs",
        roleArn="arn:aws:iam::123456789012:role/kb",
        knowledgeBaseConfiguration={"type": "VECTOR"},
        storageConfiguration={
            "type": "OPENSEARCH_SERVERLESS",
            "opensearchServerlessConfiguration": {
                "collectionArn": collection["arn"],
                "vectorIndexName": "i",
                "fieldMapping": {"vectorField": "v", "textField": "t", "metadataField": "m"},
            },
        },
    )
    assert base["knowledgeBase"]["knowledgeBaseId"]
    types = ("OpenSearchServerless::Collection", "OpenSearchServerless::SecurityPolicy", "Bedrock::KnowledgeBase")
    assert outcomes(session, "vector-store-public", *(f"AWS::{word}" for word in types)) == [Outcome.FAIL]


def test_a_gateway_without_authorizer_and_a_memory_without_key(session: Any) -> None:
    control = session.client("bedrock-agentcore-control")
    role = "arn:aws:iam::123456789012:role/agent"
    control.create_gateway(name="tools", roleArn=role, protocolType="MCP", authorizerType="NONE")
    control.create_memory(name="support", eventExpiryDuration=90)
    control.create_agent_runtime(
        agentRuntimeName="support",
        roleArn=role,
        agentRuntimeArtifact={"containerConfiguration": {"containerUri": "image"}},
        networkConfiguration={"networkMode": "PUBLIC"},
    )
    for rule, word in (
        ("agent-gateway-without-authorizer", "Gateway"),
        ("agent-memory-default-key", "Memory"),
        ("agent-runtime-public-network", "Runtime"),
    ):
        assert outcomes(session, rule, f"AWS::BedrockAgentCore::{word}") == [Outcome.FAIL]


def test_invocation_logs_of_a_region_with_an_agent(session: Any) -> None:
    session.client("bedrock-agent").create_agent(
        agentName="support", agentResourceRoleArn="arn:aws:iam::123456789012:role/agent"
    )
    types = ("AWS::Bedrock::ModelInvocationLoggingConfiguration", "AWS::Bedrock::Agent")
    assert outcomes(session, "bedrock-without-invocation-log", *types) == [Outcome.FAIL]
    session.client("bedrock").put_model_invocation_logging_configuration(
        loggingConfig={"s3Config": {"bucketName": "prompts"}}
    )
    assert Outcome.FAIL not in outcomes(session, "bedrock-without-invocation-log", *types)


def test_an_api_key_of_bedrock_without_expiry(session: Any) -> None:
    key = {
        "UserName": "app",
        "Status": "Active",
        "ServiceName": "bedrock.amazonaws.com",
        "ServiceSpecificCredentialId": "ACCAEXAMPLE",
        "CreateDate": NOW,
    }
    answer(session, "iam.ListServiceSpecificCredentials", {"ServiceSpecificCredentials": [key], "IsTruncated": False})
    assert outcomes(session, "bedrock-key-never-expires", "AWS::IAM::ServiceSpecificCredential") == [Outcome.FAIL]
