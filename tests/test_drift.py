"""``wa-lint drift``: what an account has become since its templates were deployed, and nothing that is not so."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import msgspec
import pytest

from wa_lint import codec, packs
from wa_lint.demo import judge
from wa_lint.demo.deploy import deploy, read_as_deployed
from wa_lint.demo.embedded_account import embedded_account
from wa_lint.demo.stub import REGION
from wa_lint.model import Gap, Listed, Location, Resource, Scope, Snapshot, SourceKind, Unknown
from wa_lint.sources.live.account_reader import read_live

ROOT = Path(__file__).parents[1]
SCHEMA = jsonschema.Draft202012Validator(json.loads((ROOT / "wa_lint/schemas/drift.schema.json").read_text()))
DEMO = ROOT / "wa_lint/data/demo/template.yaml"
WaLint = Callable[..., Any]
ACCOUNT = "123456789012"


def drift(wa_lint: WaLint, *arguments: str) -> tuple[int, Any]:
    run = wa_lint("drift", *arguments, "-o", "json")
    assert run.out, run.err
    SCHEMA.validate(run.report)
    return run.code, run.report


def dump(snapshot: Snapshot, name: str = "account.jsonl") -> str:
    with Path(name).open("wb") as stream:
        codec.dump(snapshot, stream, compress=False)
    return name


# --- the demo's workload ----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def deployed() -> Snapshot:
    """The demo's account, as it was deployed."""
    with embedded_account() as session:
        deploy(read_as_deployed(DEMO.read_bytes(), "template.yaml"), session)
        return read_live(session, REGION, max_rps=1e6)


def test_the_demos_template_and_account_agree(wa_lint: WaLint, deployed: Snapshot) -> None:
    code, found = drift(wa_lint, str(DEMO), dump(deployed), "--assume-defaults")
    assert (code, found["differing"], found["missing"], found["extra"]) == (0, [], [], [])
    assert found["summary"]["same"] > 20


def test_the_demo_shows_a_change_by_hand() -> None:
    before, after = judge(DEMO.read_bytes(), "t.yaml", packs.load()).drifts
    assert not before.drift.is_any
    assert [one.written.id for one in after.drift.differing] == ["CaptureBucket"]
    assert {one.path.rpartition(".")[2] for one in after.drift.differing[0].properties} == {
        "BlockPublicAcls",
        "IgnorePublicAcls",
    }


PLANTED = {
    ("ExplorationNotebook", "RootAccess", "differs"),
    ("PredictionConfig", "ProductionVariants[0].InitialInstanceCount", "differs"),
    ("TrainingRole", "Policies[0].PolicyDocument.Statement[1].Action", "differs"),
    ("CaptureBucket", "PublicAccessBlockConfiguration.BlockPublicAcls", "differs"),
    ("ArtifactBucket", "VersioningConfiguration.Status", "differs"),
    ("ServingRole", "AssumeRolePolicyDocument.Statement[0].Condition", "only-template"),
    ("BaselineModel", "EnableNetworkIsolation", "differs"),
    ("StudioDomain", "AppNetworkAccessType", "only-account"),
}
MISSING, EXTRA = {"PredictionErrors"}, {"by-hand"}


def test_ten_planted_differences_are_found_and_nothing_else(wa_lint: WaLint, deployed: Snapshot) -> None:
    def plant(name: str, change: Callable[[Any], object]) -> None:
        found = next(r for r in resources if r.arn and r.arn.endswith(name))
        properties = copy.deepcopy(found.properties)
        change(properties)
        resources[resources.index(found)] = msgspec.structs.replace(found, properties=properties)

    def statement(policies: Any) -> Any:
        return policies["PolicyDocument"]["Statement"]

    resources = list(deployed.resources)
    plant("notebook-instance/delivery-times-exploration-prod", lambda p: p.update(RootAccess="Disabled"))
    plant(
        "endpoint-config/delivery-times-prod-2026-08-14",
        lambda p: p["ProductionVariants"][0].update(InitialInstanceCount=1),
    )
    plant("role/delivery-times-training-prod", lambda p: statement(p["Policies"][0])[1]["Action"].append("iam:*"))
    plant(
        ":::delivery-times-capture-prod-123456789012",
        lambda p: p["PublicAccessBlockConfiguration"].update(BlockPublicAcls=False),
    )
    plant(
        ":::delivery-times-artifacts-prod-123456789012",
        lambda p: p["VersioningConfiguration"].update(Status="Suspended"),
    )
    plant("role/delivery-times-serving-prod", lambda p: p["AssumeRolePolicyDocument"]["Statement"][0].pop("Condition"))
    plant("model/delivery-times-baseline-prod", lambda p: p.update(EnableNetworkIsolation=False))
    plant("domain/d-delivery-times-prod", lambda p: p.update(AppNetworkAccessType="VpcOnly"))
    resources = [r for r in resources if r.type != "AWS::CloudWatch::Alarm"]
    twin = next(r for r in resources if r.arn and r.arn.endswith("endpoint/delivery-times-baseline-prod"))
    arn = f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:endpoint/by-hand"
    named = {**msgspec.to_builtins(twin.properties), "EndpointName": "by-hand"}
    resources.append(msgspec.structs.replace(twin, id=arn, arn=arn, name="by-hand", properties=named))

    changed = dump(msgspec.structs.replace(deployed, resources=tuple(resources)))
    code, found = drift(wa_lint, str(DEMO), changed, "--assume-defaults")
    told = {
        (one["template"]["id"], each["path"], each["kind"]) for one in found["differing"] for each in one["properties"]
    }
    assert told == PLANTED
    assert {one["id"] for one in found["missing"]} == MISSING
    assert {one["resource"]["id"].rpartition("/")[2] for one in found["extra"]} == EXTRA
    assert code == 1
    verdicts = {(one["template"]["id"], each["rule"]) for one in found["differing"] for each in one["verdicts"]}
    assert ("ExplorationNotebook", "notebook-root-access") in verdicts
    assert ("BaselineModel", "model-without-network-isolation") in verdicts
    assert {resource for resource, _ in verdicts} <= {resource for resource, _, _ in PLANTED} | {"PredictionEndpoint"}
    text = wa_lint("drift", str(DEMO), changed, "--assume-defaults").out
    assert "RootAccess: Enabled in the template, Disabled in the account" in " ".join(text.split()).replace("'", "")


# --- what is no difference --------------------------------------------------------------------------

NOTEBOOK, ROLE = "AWS::SageMaker::NotebookInstance", "AWS::IAM::Role"
ARN = f"arn:aws:iam::{ACCOUNT}:role/lab"


def template(name: str = "t.json", **notebook: Any) -> str:
    properties = {"NotebookInstanceName": "lab", "InstanceType": "ml.t3.medium", "RoleArn": ARN, **notebook}
    parameters = {
        "Root": {"Type": "String", "Default": "Enabled"},
        "Stage": {"Type": "String", "AllowedValues": ["test", "prod"]},
        "Open": {"Type": "String"},
    }
    conditions = {"IsProd": {"Fn::Equals": [{"Ref": "Stage"}, "prod"]}}
    resources = {"Lab": {"Type": NOTEBOOK, "Properties": properties}}
    Path(name).write_text(json.dumps({"Parameters": parameters, "Conditions": conditions, "Resources": resources}))
    return name


def notebook(name: str = "lab", made_by: str | None = None, **properties: Any) -> Resource:
    arn = f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:notebook-instance/{name}"
    known = {"NotebookInstanceName": name, "InstanceType": "ml.t3.medium", "RoleArn": ARN, **properties}
    place = Listed(Location(arn))
    return Resource(arn, NOTEBOOK, known, place, name=name, arn=arn, account=ACCOUNT, region=REGION, made_by=made_by)


def account(*resources: Resource, gaps: tuple[Gap, ...] = (), name: str = "account.jsonl") -> str:
    complete = {Scope(NOTEBOOK, ACCOUNT, REGION), Scope(ROLE, ACCOUNT)} - {gap.scope for gap in gaps}
    uri = f"aws://{ACCOUNT}/{REGION}"
    taken_at = "2026-11-23T00:00:00+00:00"
    return dump(Snapshot(SourceKind.LIVE, uri, resources, frozenset(complete), gaps, taken_at), name)


def paths(found: Any) -> list[tuple[str, str]]:
    return [(each["path"], each["kind"]) for one in found["differing"] for each in one["properties"]]


REFUSED = Gap(Scope(NOTEBOOK, ACCOUNT, REGION), "AccessDenied: sagemaker:ListNotebookInstances")
IF = {"Fn::If": ["IsProd", "Disabled", "Enabled"]}


@pytest.mark.parametrize(
    ("written", "found", "told"),
    [
        pytest.param({}, {"RootAccess": "Enabled"}, [], id="a default that AWS fills in"),
        pytest.param({}, {"RootAccess": "Disabled"}, [("RootAccess", "only-account")], id="no default"),
        pytest.param({"RootAccess": "Enabled"}, {}, [("RootAccess", "only-template")], id="only the template"),
        pytest.param({"RootAccess": "Enabled"}, {"RootAccess": "Disabled"}, [("RootAccess", "differs")], id="differs"),
        pytest.param({"VolumeSizeInGB": "50"}, {"VolumeSizeInGB": 50}, [], id="a number as text"),
        pytest.param({"RootAccess": IF}, {"RootAccess": "Disabled"}, [], id="one of two scenarios"),
        pytest.param({"RootAccess": IF}, {"RootAccess": "Odd"}, [("RootAccess", "differs")], id="in no scenario"),
        pytest.param(
            {"SecurityGroupIds": ["sg-1", "sg-2"]}, {"SecurityGroupIds": ["sg-2", "sg-1"]}, [], id="another order"
        ),
    ],
)
def test_what_differs(
    wa_lint: WaLint, written: dict[str, Any], found: dict[str, Any], told: list[tuple[str, str]]
) -> None:
    code, result = drift(wa_lint, template(**written), account(notebook(**found)))
    assert paths(result) == told
    assert code == (1 if told else 0)


@pytest.mark.parametrize(
    ("written", "found", "reason"),
    [
        pytest.param({"RootAccess": {"Ref": "Open"}}, {"RootAccess": "Disabled"}, "Open", id="no value is given"),
        pytest.param(
            {"RootAccess": {"Ref": "Root"}}, {"RootAccess": "Disabled"}, "the default of Root", id="a default"
        ),
        pytest.param({"RootAccess": {"Fn::ImportValue": "x"}}, {"RootAccess": "Disabled"}, "import", id="imported"),
        pytest.param({"RootAccess": "Enabled"}, {"RootAccess": Unknown("refused")}, "refused", id="not read"),
    ],
)
def test_what_cannot_be_compared_is_no_difference(
    wa_lint: WaLint, written: dict[str, Any], found: dict[str, Any], reason: str
) -> None:
    files = template(**written), account(notebook(**found))
    code, result = drift(wa_lint, *files)
    assert (code, result["differing"]) == (0, [])
    (entry,) = [one for one in result["not_compared"] if one["path"] == "RootAccess"]
    assert reason.lower() in entry["reason"].lower()
    assert drift(wa_lint, *files, "--strict")[0] == 4


def test_a_value_that_is_given_is_compared(wa_lint: WaLint) -> None:
    files = template(RootAccess={"Ref": "Root"}), account(notebook(RootAccess="Disabled"))
    assert paths(drift(wa_lint, *files, "--parameters", "Root=Enabled")[1]) == [("RootAccess", "differs")]
    assert paths(drift(wa_lint, *files, "--assume-defaults")[1]) == [("RootAccess", "differs")]
    assert paths(drift(wa_lint, *files, "--parameters", "Root=Disabled")[1]) == []


def test_a_property_that_no_verdict_rests_on_is_only_counted(wa_lint: WaLint) -> None:
    files = template(RootAccess="Enabled"), account(notebook(RootAccess="Disabled"))
    code, found = drift(wa_lint, *files, "--select", "notebook-imds-v1")
    assert (code, found["differing"], found["summary"]["minor"]) == (0, [], 1)


def test_a_listing_that_was_refused_makes_nothing_missing(wa_lint: WaLint) -> None:
    code, found = drift(wa_lint, template(), account(gaps=(REFUSED,)))
    assert (code, found["missing"]) == (3, [])
    assert [(one["resource"], one["reason"]) for one in found["not_compared"]] == [("Lab", REFUSED.reason)]
    code, found = drift(wa_lint, template(), account())
    assert (code, [one["id"] for one in found["missing"]]) == (1, ["Lab"])


# --- how they are paired ----------------------------------------------------------------------------


def test_tags_pair_whatever_the_name_is(wa_lint: WaLint) -> None:
    written = template(NotebookInstanceName={"Ref": "Open"}, RootAccess="Enabled")
    here = notebook("mlops-Lab-1X", "mlops/Lab", RootAccess="Disabled"), notebook("other", "data/Lab2")
    code, found = drift(wa_lint, written, account(*here))
    assert (code, found["stacks"], [one["paired_by"] for one in found["differing"]]) == (1, ["mlops"], ["tag"])
    assert found["extra"] == []  # another stack's


def test_what_the_stack_made_and_its_template_has_no_more_is_extra(wa_lint: WaLint) -> None:
    here = notebook("lab", "mlops/Lab"), notebook("old", "mlops/Old"), notebook("hand")
    code, found = drift(wa_lint, template(), account(*here))
    assert code == 1
    assert {one["resource"]["id"].rpartition("/")[2]: "stack mlops" in one["because"] for one in found["extra"]} == {
        "old": True,
        "hand": False,
    }


def test_two_stacks_of_one_template_must_be_told_apart(wa_lint: WaLint) -> None:
    here = account(notebook("a", "blue/Lab"), notebook("b", "green/Lab", RootAccess="Disabled"))
    run = wa_lint("drift", template(), here)
    assert run.code == 2
    assert "blue and green" in run.err
    assert drift(wa_lint, "t.json", here, "--stack", "blue")[0] == 0
    assert drift(wa_lint, "t.json", here, "--stack", "green")[0] == 1


def test_a_nameless_resource_without_tags_is_not_compared(wa_lint: WaLint) -> None:
    written = template(NotebookInstanceName={"Ref": "Open"})
    code, found = drift(wa_lint, written, account(notebook("somewhere")))
    assert (code, found["missing"], found["extra"]) == (3, [], [])
    assert "neither a tag nor a known name" in found["not_compared"][0]["reason"]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("account.jsonl", "t.json"), "not a template"),
        (("t.json", "t.json"), "is a template"),
        (("t.json", "account.jsonl", "--parameters", "Nope=1"), "Nope"),
        (("t.json", "account.jsonl", "--place", "1/eu-west-1"), "nothing of"),
    ],
)
def test_what_is_given_wrongly_is_said_in_one_line(wa_lint: WaLint, arguments: tuple[str, ...], says: str) -> None:
    template()
    account(notebook())
    run = wa_lint("drift", *arguments)
    assert (run.code, run.out, len(run.err.splitlines())) == (2, "", 1)
    assert says in run.err


def test_an_inline_policy_of_its_own_is_compared_inside_its_role(wa_lint: WaLint) -> None:
    trust = {"Statement": [{"Effect": "Allow", "Principal": {"AWS": ACCOUNT}, "Action": "sts:AssumeRole"}]}
    allow = {"Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}]}
    resources = {
        "Role": {"Type": ROLE, "Properties": {"RoleName": "lab", "AssumeRolePolicyDocument": trust}},
        "Policy": {
            "Type": "AWS::IAM::Policy",
            "Properties": {"PolicyName": "read", "PolicyDocument": allow, "Roles": [{"Ref": "Role"}]},
        },
    }
    Path("t.json").write_text(json.dumps({"Resources": resources}))

    def role(action: str) -> Resource:
        principal = {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}
        seen = {"Statement": [{"Effect": "Allow", "Principal": principal, "Action": ["sts:AssumeRole"]}]}
        inline = {"Statement": [{"Effect": "Allow", "Action": [action], "Resource": ["*"]}]}
        known = {
            "RoleName": "lab",
            "AssumeRolePolicyDocument": seen,
            "Policies": [{"PolicyName": "read", "PolicyDocument": inline}],
        }
        return Resource(ARN, ROLE, known, Listed(Location(ARN)), arn=ARN, account=ACCOUNT, name="lab")

    code, found = drift(wa_lint, "t.json", account(role("s3:GetObject")))
    assert (code, found["differing"], found["missing"]) == (0, [], [])
    changed = drift(wa_lint, "t.json", account(role("s3:*")))[1]
    assert changed["summary"]["minor"] + changed["summary"]["properties"] == 1


GROUP = "AWS::EC2::SecurityGroup"


def test_what_resources_of_their_own_add_is_compared_where_the_account_shows_it(wa_lint: WaLint) -> None:
    """Rules of a security group in whatever order, and a managed policy that names its role."""
    group_id, policy = "sg-0a1b2c3d4e5f60001", f"arn:aws:iam::{ACCOUNT}:policy/read"
    trust = {
        "Statement": [{"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}]
    }
    allow = {"Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}]}
    https = {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "CidrIp": "10.0.0.0/8"}
    ssh = {**https, "FromPort": 22, "ToPort": 22}
    resources = {
        "Role": {"Type": ROLE, "Properties": {"RoleName": "lab", "AssumeRolePolicyDocument": trust}},
        "Read": {
            "Type": "AWS::IAM::ManagedPolicy",
            "Properties": {"ManagedPolicyName": "read", "PolicyDocument": allow, "Roles": [{"Ref": "Role"}]},
        },
        "Group": {
            "Type": GROUP,
            "Properties": {"GroupDescription": "lab", "VpcId": "vpc-1", "SecurityGroupIngress": [https]},
        },
        "Ssh": {
            "Type": "AWS::EC2::SecurityGroupIngress",
            "Properties": {**ssh, "GroupId": {"Fn::GetAtt": ["Group", "GroupId"]}},
        },
    }
    Path("t.json").write_text(json.dumps({"Resources": resources}))

    def here(*ingress: Any) -> str:
        role = {"RoleName": "lab", "AssumeRolePolicyDocument": trust, "ManagedPolicyArns": [policy]}
        egress = [{"IpProtocol": "-1", "CidrIp": "0.0.0.0/0"}]
        group = {"GroupDescription": "lab", "VpcId": "vpc-1", "SecurityGroupEgress": egress}
        group_arn = f"arn:aws:ec2:{REGION}:{ACCOUNT}:security-group/{group_id}"
        return account(
            Resource(ARN, ROLE, role, Listed(Location(ARN)), arn=ARN, account=ACCOUNT, name="lab"),
            Resource(
                policy,
                "AWS::IAM::ManagedPolicy",
                {"ManagedPolicyName": "read", "PolicyDocument": allow},
                Listed(Location(policy)),
                arn=policy,
                account=ACCOUNT,
                name="read",
            ),
            Resource(
                group_arn,
                GROUP,
                {**group, "SecurityGroupIngress": list(ingress)},
                Listed(Location(group_arn)),
                arn=group_arn,
                account=ACCOUNT,
                region=REGION,
                name=group_id,
                made_by="mlops/Group",
            ),
        )

    code, found = drift(wa_lint, "t.json", here(ssh, https))
    assert (code, found["differing"], found["missing"], found["summary"]["minor"]) == (0, [], [], 0)
    opened = {**ssh, "CidrIp": "0.0.0.0/0"}
    changed = drift(wa_lint, "t.json", here(opened, https))[1]
    assert changed["summary"]["minor"] + changed["summary"]["properties"] == 1
