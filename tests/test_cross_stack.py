"""Templates of one run see each other by what one exports and another one imports."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from wa_lint.document import read_document
from wa_lint.model import Snapshot
from wa_lint.run.joined_templates import connected
from wa_lint.sources.template import MemberTemplate, read_template, snapshot_together

WaLint = Callable[..., Any]

SHARED = """\
Parameters: {Env: {Type: String, Default: dev}}
Conditions: {HasKey: !Equals [!Ref Env, prod]}
Resources:
  Role:
    Type: AWS::IAM::Role
    Properties: {AssumeRolePolicyDocument: {}}
  Key: {Type: AWS::KMS::Key}
  Endpoint: {Type: AWS::SageMaker::Endpoint, Properties: {EndpointConfigName: !GetAtt Config.EndpointConfigName}}
  Config:
    Type: AWS::SageMaker::EndpointConfig
    Properties:
      ProductionVariants: [{VariantName: blue, ModelName: m, InstanceType: ml.m5.large, InitialInstanceCount: 1}]
Outputs:
  Key: {Value: !Ref Key, Export: {Name: !Sub 'key-${AWS::Region}'}}
  Subnet: {Value: subnet-1, Export: {Name: !Sub 'subnet-${Env}'}}
  Endpoint: {Value: !GetAtt Endpoint.EndpointName, Export: {Name: churn-endpoint}}
  Own: {Value: x, Export: {Name: !Sub '${AWS::StackName}-x'}}
"""

USING = """\
Parameters: {Env: {Type: String, Default: dev}}
Resources:
  Role: {Type: 'AWS::S3::Bucket'}
  Notebook:
    Type: AWS::SageMaker::NotebookInstance
    Properties:
      KmsKeyId: !ImportValue {'Fn::Sub': 'key-${AWS::Region}'}
      SubnetId: !ImportValue {'Fn::Sub': 'subnet-${Env}'}
      RoleArn: !ImportValue {'Fn::Sub': '${AWS::StackName}-x'}
  Scaling:
    Type: AWS::ApplicationAutoScaling::ScalableTarget
    Properties:
      MinCapacity: 2
      MaxCapacity: 4
      ScalableDimension: sagemaker:variant:DesiredInstanceCount
      ResourceId: !Sub
        - endpoint/${Name}/variant/blue
        - {Name: !ImportValue churn-endpoint}
  Policy:
    Type: AWS::ApplicationAutoScaling::ScalingPolicy
    Properties: {PolicyName: p, PolicyType: TargetTrackingScaling, ScalingTargetId: !Ref Scaling}
"""

SELECT = ("--select", "notebook-default-key,notebook-outside-vpc,endpoint-single-instance")


def check(wa_lint: WaLint, *options: str, **files: str) -> Any:
    for name, text in files.items():
        Path(f"{name}.yaml").write_text(text, "utf-8")
    return wa_lint("check", "-o", "json", "--show-all", *SELECT, *options)


def outcomes(run: Any) -> dict[tuple[str, str], str]:
    return {(f["rule"], f["resource"]["id"]): f["outcome"] for f in run.report["findings"]}


def test_what_one_exports_the_other_sees_and_the_assumption_is_said(wa_lint: WaLint) -> None:
    run = check(wa_lint, shared=SHARED, using=USING)
    assert outcomes(run) == {
        ("notebook-default-key", "Notebook"): "pass",
        ("notebook-outside-vpc", "Notebook"): "pass",
        ("endpoint-single-instance", "Config"): "pass",
    }
    assumes = {f["rule"]: f["assumes"] for f in run.report["findings"]}
    assert assumes["notebook-default-key"] == ["key-${AWS::Region} is what shared.yaml exports"]
    assert "subnet-dev is what shared.yaml exports" in assumes["notebook-outside-vpc"]
    assert [(i["uri"], i["status"], i["resources"]) for i in run.report["inputs"]] == [
        ("shared.yaml", "judged", 4),
        ("using.yaml", "judged", 4),
    ]
    assert check(wa_lint, "--jobs", "2").out == run.out


def test_alone_nothing_is_known_of_an_import(wa_lint: WaLint) -> None:
    run = check(wa_lint, using=USING)
    assert outcomes(run)["notebook-default-key", "Notebook"] == "unknown"


def test_two_templates_that_export_one_name_are_not_chosen_from(wa_lint: WaLint) -> None:
    twin = SHARED.replace("Resources:", "Resources:\n  Other: {Type: 'AWS::S3::Bucket'}")
    run = check(wa_lint, shared=SHARED, twin=twin, using=USING)
    assert outcomes(run)["notebook-default-key", "Notebook"] == "unknown"


def together(*texts: str, **pins: str) -> Snapshot:
    members = [MemberTemplate(read_document(text, f"{name}.yaml")) for name, text in zip("ab", texts, strict=False)]
    return snapshot_together(members, pins)


def test_names_that_two_templates_have_are_told_apart_and_no_others() -> None:
    snapshot = together(SHARED, USING)
    assert [r.id for r in snapshot.resources] == [
        "a.yaml#Role",
        "Key",
        "Endpoint",
        "Config",
        "b.yaml#Role",
        "Notebook",
        "Scaling",
        "Policy",
    ]
    places = [str(r.origin.locate(())) for r in snapshot.resources]
    assert [place.partition(":")[0] for place in places] == ["a.yaml"] * 4 + ["b.yaml"] * 4


def test_a_name_that_a_template_lacks_never_means_that_of_another() -> None:
    first = "Parameters: {P: {Type: String, Default: x}}\nResources:\n  B: {Type: 'AWS::S3::Bucket'}\n"
    properties = "{RoleArn: !Ref B, SubnetId: !Ref P}"
    second = f"Resources: {{N: {{Type: 'AWS::SageMaker::NotebookInstance', Properties: {properties}}}}}\n"
    notebook = next(r for r in together(first, second).resources if r.id == "N")
    assert {name: str(value) for name, value in dict(notebook.properties).items()} == {  # type: ignore[call-overload] # it is a map
        "RoleArn": "!Ref b.yaml#B",
        "SubnetId": "!Ref b.yaml#P",
    }


def test_the_same_parameter_is_two_unless_a_value_is_given_for_both(wa_lint: WaLint) -> None:
    on_env = USING.replace("MinCapacity: 2", "MinCapacity: !If [IsProd, 2, 1]").replace(
        "Resources:", "Conditions: {IsProd: !Equals [!Ref Env, prod]}\nResources:"
    )
    run = check(wa_lint, shared=SHARED, using=on_env)
    (finding,) = [f for f in run.report["findings"] if f["rule"] == "endpoint-single-instance"]
    assert (finding["outcome"], finding["when"]) == ("fail", "using.yaml#Env is not prod")
    given = check(wa_lint, "--parameters", "Env=prod")
    assert outcomes(given)["endpoint-single-instance", "Config"] == "pass"


def test_a_template_that_joins_changes_no_fingerprint(wa_lint: WaLint) -> None:
    shared = SHARED.replace("Type: AWS::IAM::Role", "Type: AWS::S3::Bucket").replace("AssumeRolePolicyDocument: {}", "")
    options = ("-o", "json", "--all-buckets", "--select", "bucket-unversioned,endpoint-single-instance")
    Path("shared.yaml").write_text(shared, "utf-8")
    alone = {f["fingerprint"] for f in wa_lint("check", *options).report["findings"]}
    Path("using.yaml").write_text(USING.replace("MinCapacity: 2", "MinCapacity: 1"), "utf-8")
    joined = wa_lint("check", *options).report["findings"]
    assert {f["resource"]["id"] for f in joined} == {"shared.yaml#Role", "using.yaml#Role", "Config"}
    buckets = {
        f["fingerprint"] for f in joined if f["location"]["uri"] == "shared.yaml" and f["rule"] == "bucket-unversioned"
    }
    assert buckets < alone


def test_each_stage_has_its_own_world(wa_lint: WaLint) -> None:
    Path("dev.json").write_text(json.dumps({"Env": "dev"}), "utf-8")
    Path("prod.json").write_text(json.dumps({"Env": "prod"}), "utf-8")
    only_prod = SHARED.replace("{Value: subnet-1,", "{Condition: HasKey, Value: subnet-1,")
    run = check(wa_lint, "--parameters", "dev.json", "--parameters", "prod.json", shared=only_prod, using=USING)
    found = [f for f in run.report["findings"] if f["rule"] == "notebook-outside-vpc"]
    assert [(f["outcome"], f["stages"], f["assumes"]) for f in found] == [
        ("pass", None, ["subnet-prod is what shared.yaml exports (in prod)"])
    ]


def test_imports_go_round_in_a_circle_and_it_has_an_end(wa_lint: WaLint) -> None:
    notebook = "Resources: {N: {Type: 'AWS::SageMaker::NotebookInstance', Properties: {KmsKeyId: !ImportValue b}}}\n"
    one = notebook + "Outputs: {O: {Value: !ImportValue b, Export: {Name: a}}}\n"
    two = one.replace("N:", "M:").replace("Value b", "Value a").replace("Name: a", "Name: b")
    run = check(wa_lint, one=one, two=two)
    assert outcomes(run)["notebook-default-key", "N"] == "unknown"


def test_a_nested_stack_exports_and_imports_as_its_parent_does(wa_lint: WaLint) -> None:
    parent = "Resources:\n  Shared: {Type: 'AWS::CloudFormation::Stack', Properties: {TemplateURL: child.yaml}}\n"
    run = check(wa_lint, parent=parent, child=SHARED, using=USING)
    assert outcomes(run)["notebook-default-key", "Notebook"] == "pass"
    assert outcomes(run)["endpoint-single-instance", "Shared/Config"] == "pass"


@pytest.mark.parametrize(
    ("exports", "imports", "groups"),
    [
        ([{"a"}, set(), set()], [set(), {"a"}, {"a"}], [[0, 1, 2]]),
        ([{"a"}, {"a"}, set()], [set(), set(), {"a"}], []),
        ([{"a"}, {"b"}, set(), set()], [set(), {"a"}, {"x"}, {"b"}], [[0, 1, 3]]),
        ([{"a"}], [{"a"}], []),
        ([], [], []),
    ],
)
def test_groups_are_what_imports_connect(exports: Any, imports: Any, groups: Any) -> None:
    assert connected([frozenset(e) for e in exports], [frozenset(i) for i in imports]) == groups


# --- equal names ------------------------------------------------------------------------------------

ENDPOINT = """\
Parameters: {Stage: {Type: String, Default: dev}, Open: {Type: String}}
Resources:
  Endpoint: {Type: AWS::SageMaker::Endpoint, Properties: {EndpointName: NAME, EndpointConfigName: !Ref Config}}
  Config:
    Type: AWS::SageMaker::EndpointConfig
    Properties:
      ProductionVariants: [{VariantName: blue, ModelName: m, InstanceType: ml.m5.large, InitialInstanceCount: 1}]
"""

TARGET = """\
Parameters: {Stage: {Type: String, Default: dev}, Open: {Type: String}}
Resources:
  Target:
    Type: AWS::ApplicationAutoScaling::ScalableTarget
    Properties:
      MinCapacity: 2
      MaxCapacity: 4
      ScalableDimension: sagemaker:variant:DesiredInstanceCount
      ResourceId: NAMING
  Policy:
    Type: AWS::ApplicationAutoScaling::ScalingPolicy
    Properties: {PolicyName: p, PolicyType: TargetTrackingScaling, ScalingTargetId: !Ref Target}
"""


def scaled(wa_lint: WaLint, name: str, naming: str, *options: str, **others: str) -> tuple[str, list[str]]:
    """Return the outcome for the variant of an endpoint called `name`, and what it assumes."""
    files = {"endpoint": ENDPOINT.replace("NAME", name), "target": TARGET.replace("NAMING", naming), **others}
    found = finding(wa_lint, "endpoint-single-instance", "Config", *options, **files)
    return found["outcome"], found["assumes"]


def finding(wa_lint: WaLint, rule: str, id_: str, *options: str, **files: str) -> Any:
    for name, text in files.items():
        Path(f"{name}.yaml").write_text(text, "utf-8")
    run = wa_lint("check", "-o", "json", "--show-all", "--select", rule, *options)
    others = [f for f in run.report["findings"] if f["location"]["uri"] != "copy.yaml"]
    (found,) = [f for f in others if f["resource"]["id"] in (id_, f"endpoint.yaml#{id_}")]
    return found


ALONE = ("fail", ["nothing outside this template adds one"])
JOINED = ("fail", ["nothing outside these templates adds one"])


@pytest.mark.parametrize(
    ("name", "naming", "expected"),
    [
        (
            "churn",
            "endpoint/churn/variant/blue",
            ("pass", ["endpoint/churn/variant/blue names what endpoint.yaml makes"]),
        ),
        (
            "!Sub 'churn-${AWS::Region}'",
            "!Sub 'endpoint/churn-${AWS::Region}/variant/blue'",
            ("pass", ["endpoint/churn-${AWS::Region}/variant/blue names what endpoint.yaml makes"]),
        ),
        (
            "!Sub '${Stage}-churn'",
            "!Sub 'endpoint/${Stage}-churn/variant/blue'",
            (
                "pass",
                [
                    "endpoint/dev-churn/variant/blue names what endpoint.yaml makes",
                    "the default of endpoint.yaml#Stage",
                    "the default of target.yaml#Stage",
                ],
            ),
        ),
        ("churn", "endpoint/churn2/variant/blue", ALONE),
        ("churn", "endpoint/churn/variant/green", JOINED),
        ("!Sub '${Open}-churn'", "!Sub 'endpoint/${Open}-churn/variant/blue'", ALONE),
        ("!Sub '${AWS::StackName}-churn'", "!Sub 'endpoint/${AWS::StackName}-churn/variant/blue'", ALONE),
    ],
)
def test_what_a_text_names_may_stand_in_another_template(
    wa_lint: WaLint, name: str, naming: str, expected: tuple[str, list[str]]
) -> None:
    outcome, assumes = scaled(wa_lint, name, naming)
    assert (outcome, sorted(assumes)) == expected


def test_of_two_templates_that_make_one_name_none_is_meant(wa_lint: WaLint) -> None:
    copy = ENDPOINT.replace("NAME", "churn")
    assert scaled(wa_lint, "churn", "endpoint/churn/variant/blue", copy=copy) == ALONE


def test_joined_for_another_reason_two_makers_still_leave_it_open(wa_lint: WaLint) -> None:
    role = "Resources: {Role: {Type: AWS::IAM::Role, Properties: {RoleName: trainer}}}\n"
    model = """  Model:
    Type: AWS::SageMaker::Model
    Properties: {ExecutionRoleArn: !Sub 'arn:${AWS::Partition}:iam::${AWS::AccountId}:role/ml/trainer'}
"""
    copy = ENDPOINT.replace("NAME", "churn") + model
    target = TARGET.replace("NAMING", "endpoint/churn/variant/blue") + model
    assert finding(wa_lint, "endpoint-single-instance", "Config", endpoint=copy, copy=copy, target=target, role=role)[
        "message"
    ].endswith("copy.yaml and endpoint.yaml make what 'endpoint/churn/variant/blue' names.")


def test_a_template_means_its_own_before_that_of_another(wa_lint: WaLint) -> None:
    export = "Outputs: {O: {Value: !GetAtt Endpoint.Arn, Export: {Name: churn}}}\n"
    own = TARGET.replace("NAMING", "endpoint/churn/variant/blue") + ENDPOINT.replace("NAME", "churn").partition(
        "Resources:\n"
    )[2].replace("Endpoint:", "Mine:").replace("Config:", "MyConfig:").replace("!Ref Config", "!Ref MyConfig")
    own += "  Importer: {Type: AWS::S3::Bucket, Properties: {BucketName: !ImportValue churn}}\n"
    files = {"endpoint": ENDPOINT.replace("NAME", "churn") + export, "target": own}
    assert finding(wa_lint, "endpoint-single-instance", "Config", **files)["outcome"] == "fail"
    assert finding(wa_lint, "endpoint-single-instance", "MyConfig", **files)["outcome"] == "pass"


def test_three_templates_hold_hands(wa_lint: WaLint) -> None:
    endpoint = ENDPOINT.replace("NAME", "churn").replace("EndpointConfigName: !Ref Config", "EndpointConfigName: cfg")
    lines = endpoint.splitlines(keepends=True)
    config = "Resources:\n" + "".join(lines[3:]).replace("      Prod", "      EndpointConfigName: cfg\n      Prod")
    found = finding(
        wa_lint,
        "endpoint-single-instance",
        "Config",
        config=config,
        hand="".join(lines[:3]),
        target=TARGET.replace("NAMING", "endpoint/churn/variant/blue"),
    )
    assert found["outcome"] == "pass"
    assert set(found["assumes"]) == {
        "cfg names what config.yaml makes",
        "endpoint/churn/variant/blue names what config.yaml makes",
    }


def test_each_stage_joins_by_its_own_names(wa_lint: WaLint) -> None:
    Path("dev.json").write_text(json.dumps({"Stage": "dev"}), "utf-8")
    Path("prod.json").write_text(json.dumps({"Stage": "prod"}), "utf-8")
    naming = "endpoint/prod-churn/variant/blue"
    stages = ("--parameters", "dev.json", "--parameters", "prod.json")
    for name, text in {
        "e": ENDPOINT.replace("NAME", "!Sub '${Stage}-churn'"),
        "t": TARGET.replace("NAMING", naming),
    }.items():
        Path(f"{name}.yaml").write_text(text, "utf-8")
    run = wa_lint("check", "-o", "json", "--show-all", "--select", "endpoint-single-instance", *stages)
    assert {(f["outcome"], tuple(f["stages"])) for f in run.report["findings"]} == {
        ("fail", ("dev",)),
        ("pass", ("prod",)),
    }


ROLE = "AWS::IAM::Role trainer"
DIMENSIONS = "[{Name: EndpointName, Value: e}, {Name: VariantName, Value: f}]"
ALARM = f"{{Type: AWS::CloudWatch::Alarm, Properties: {{Dimensions: {DIMENSIONS}}}}}"
PIPELINE = (
    '{Type: AWS::SageMaker::Pipeline, Properties: {PipelineDefinition: {PipelineDefinitionBody: \'{"Steps": ['
    '{"Name": "T", "Type": "Training", "Arguments": {"RoleArn": "arn:aws:iam::111122223333:role/trainer"}}]}\'}}}'
)


@pytest.mark.parametrize(
    ("resource", "exports", "imports"),
    [
        ("{Type: AWS::IAM::Role, Properties: {RoleName: trainer}}", {ROLE}, set()),
        ("{Type: AWS::IAM::Role, Properties: {RoleName: !If [A, trainer, x]}}", set(), set()),
        ("{Type: AWS::IAM::Role, Condition: Never, Properties: {RoleName: trainer}}", set(), set()),
        ("{Type: AWS::IAM::Role}", set(), set()),
        ("{Type: AWS::ApiGateway::RestApi, Properties: {Name: trainer}}", set(), set()),
        (PIPELINE, set(), {ROLE}),
        *(
            (f"{{Type: AWS::SageMaker::Model, Properties: {{ExecutionRoleArn: {said}}}}}", set(), found)
            for said, found in (
                ("'arn:aws:iam::111122223333:role/trainer'", {ROLE}),
                ("'arn:aws:iam::111122223333:role/teams/ml/trainer'", {ROLE}),
                ("!Sub 'arn:${AWS::Partition}:iam::${AWS::AccountId}:role/trainer'", {ROLE}),
                ("!Sub 'arn:aws:iam::${Open}:role/trainer'", set()),
                ("'arn:aws:iam::111122223333:role/my-trainer'", {"AWS::IAM::Role my-trainer"}),
                ("'arn:aws:iam::aws:role/trainer'", set()),
                ("'arn:aws:iam::111122223333:role/*'", set()),
                ("trainer", set()),
                ("!Ref Open", set()),
            )
        ),
        (ALARM, set(), {"AWS::SageMaker::Endpoint e"}),
        (
            "{Type: AWS::S3::BucketPolicy, Properties: {Bucket: data}}",
            set(),
            {"AWS::S3::Bucket data"},
        ),
        (
            "{Type: AWS::SageMaker::Model, Properties: {PrimaryContainer: {ModelDataUrl: 's3://data/m.tar.gz'}}}",
            set(),
            {"AWS::S3::Bucket data"},
        ),
        ("{Type: AWS::SageMaker::Model, Properties: {PrimaryContainer: {ModelDataUrl: data}}}", set(), set()),
        (
            "{Type: AWS::Lambda::Url, Properties: {TargetFunctionArn: 'arn:aws:lambda:eu-west-1:1:function:f:live'}}",
            set(),
            {"AWS::Lambda::Function f"},
        ),
        ("{Type: AWS::Lambda::Permission, Properties: {FunctionName: 'f:live'}}", set(), {"AWS::Lambda::Function f"}),
        ("{Type: AWS::ApiGateway::Method, Properties: {RestApiId: trainer}}", set(), set()),
    ],
)
def test_only_what_stands_where_a_link_begins_names_something(resource: str, exports: Any, imports: Any) -> None:
    template = "Parameters: {Open: {Type: String}}\nConditions: {A: !Equals [!Ref Open, a], Never: !Equals [a, b]}\n"
    snapshot = read_template(f"{template}Resources: {{R: {resource}}}\n", "t.yaml")
    assert (snapshot.exports, snapshot.imports) == (exports, imports)


# --- partners out of sight --------------------------------------------------------------------------

METHOD = """\
Resources:
  Method:
    Type: AWS::ApiGateway::Method
    Properties:
      RestApiId: !ImportValue api
      ResourceId: !ImportValue root
      HttpMethod: POST
      AuthorizationType: NONE
      Integration:
        Type: AWS
        Uri: !Sub 'arn:aws:apigateway:${AWS::Region}:runtime.sagemaker:path/endpoints/e/invocations'
"""
API = """\
Resources: {Api: {Type: AWS::ApiGateway::RestApi, Properties: {EndpointConfiguration: {Types: [TYPE]}}}}
Outputs: {Api: {Value: !Ref Api, Export: {Name: api}}}
"""


@pytest.mark.parametrize(
    ("others", "outcome", "assumes"),
    [
        ({}, *ALONE),
        ({"api": API.replace("TYPE", "PRIVATE")}, "pass", ["api is what api.yaml exports"]),
        ({"api": API.replace("TYPE", "REGIONAL")}, "fail", ["api is what api.yaml exports"]),
    ],
)
def test_an_api_out_of_sight_is_taken_for_a_public_one_and_that_is_said(
    wa_lint: WaLint, others: dict[str, str], outcome: str, assumes: list[str]
) -> None:
    found = finding(wa_lint, "unauthenticated-inference", "Method", method=METHOD, **others)
    assert (found["outcome"], found["assumes"]) == (outcome, assumes)


@pytest.mark.parametrize(
    ("key", "outcome", "assumes"),
    [("POST /predict", "fail", []), ("$connect", "fail", []), ("predict", *ALONE), ("$default", *ALONE)],
)
def test_a_route_may_stand_behind_the_connect_route_of_an_api_out_of_sight(
    wa_lint: WaLint, key: str, outcome: str, assumes: list[str]
) -> None:
    template = f"""\
Resources:
  Route:
    Type: AWS::ApiGatewayV2::Route
    Properties: {{ApiId: !ImportValue api, RouteKey: {key}, Target: !Sub 'integrations/${{Integration}}'}}
  Integration:
    Type: AWS::ApiGatewayV2::Integration
    Properties:
      ApiId: !ImportValue api
      IntegrationType: AWS
      IntegrationUri: !Sub 'arn:aws:apigateway:${{AWS::Region}}:runtime.sagemaker:path/endpoints/e/invocations'
"""
    found = finding(wa_lint, "unauthenticated-inference", "Route", route=template)
    assert (found["outcome"], found["assumes"]) == (outcome, assumes)


URL = """\
Resources:
  Url: {Type: AWS::Lambda::Url, Properties: {AuthType: NONE, TargetFunctionArn: !Ref Function}}
  Function: {Type: AWS::Lambda::Function, Properties: {Role: 'arn:aws:iam::111122223333:role/caller'}}
  ByUrl:
    Type: AWS::Lambda::Permission
    Properties:
      Action: 'lambda:InvokeFunctionUrl'
      FunctionName: !Ref Function
      Principal: '*'
      FunctionUrlAuthType: NONE
  Invoke:
    Type: AWS::Lambda::Permission
    Properties:
      Action: 'lambda:InvokeFunction'
      FunctionName: !Ref Function
      Principal: '*'
      InvokedViaFunctionUrl: true
"""
CALLER = """\
Resources:
  Caller:
    Type: AWS::IAM::Role
    Properties:
      RoleName: caller
      Policies: [{PolicyDocument: {Statement: [{Effect: Allow, Action: ACTION, Resource: '*'}]}}]
"""


def test_what_a_role_of_another_template_may_do_is_seen(wa_lint: WaLint) -> None:
    assert finding(wa_lint, "unauthenticated-inference", "Url", url=URL)["outcome"] == "unknown"
    role = CALLER.replace("ACTION", "'sagemaker:InvokeEndpoint'")
    found = finding(wa_lint, "unauthenticated-inference", "Url", url=URL, role=role)
    assert (found["outcome"], found["assumes"]) == (
        "fail",
        ["arn:aws:iam::111122223333:role/caller names what role.yaml makes"],
    )
    role = CALLER.replace("ACTION", "'s3:GetObject'")
    assert finding(wa_lint, "unauthenticated-inference", "Url", url=URL, role=role)["outcome"] == "pass"


POLICY = """\
Resources:
  Policy:
    Type: AWS::S3::BucketPolicy
    Properties:
      Bucket: data
      PolicyDocument:
        Statement:
          - Effect: Deny
            Principal: '*'
            Action: s3:*
            Resource: '*'
            Condition: {Bool: {'aws:SecureTransport': false}}
"""


def test_a_bucket_is_kept_by_a_policy_in_another_template(wa_lint: WaLint) -> None:
    bucket = "Resources: {Data: {Type: AWS::S3::Bucket, Properties: {BucketName: data}}}\n"
    alone = finding(wa_lint, "bucket-allows-plain-http", "Data", "--all-buckets", bucket=bucket)
    assert (alone["outcome"], alone["assumes"]) == ALONE
    found = finding(wa_lint, "bucket-allows-plain-http", "Data", "--all-buckets", policy=POLICY)
    assert (found["outcome"], found["assumes"]) == ("pass", ["data names what bucket.yaml makes"])


def test_what_may_be_a_partner_in_another_template_is_no_longer_absent(wa_lint: WaLint) -> None:
    alarm = """\
Parameters: {Name: {Type: String}}
Resources:
  Own: {Type: AWS::CloudWatch::Alarm, Properties: {Dimensions: [{Name: EndpointName, Value: DIMENSION}]}}
  Open: {Type: AWS::CloudWatch::Alarm, Properties: {Dimensions: [{Name: EndpointName, Value: !Ref Name}]}}
"""
    endpoint = ENDPOINT.replace("NAME", "churn")
    found = finding(wa_lint, "endpoint-without-alarm", "Endpoint", e=endpoint, a=alarm.replace("DIMENSION", "x"))
    assert (found["outcome"], found["assumes"]) == ALONE
    found = finding(wa_lint, "endpoint-without-alarm", "Endpoint", e=endpoint, a=alarm.replace("DIMENSION", "churn"))
    assert (found["outcome"], found["assumes"]) == ("pass", ["churn names what e.yaml makes"])
