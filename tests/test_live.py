"""The live source against an account in this process (moto), with calls refused, paged, lost and malformed."""

from __future__ import annotations

import datetime as dt
import functools
import io
import json
import re
import zipfile
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from typing import Any

import boto3
import botocore.session
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from wa_lint import aws, codec
from wa_lint.errors import SourceError
from wa_lint.model import Gap, Resource, Scope, Snapshot, Unknown
from wa_lint.sources.live import call_plan as plan
from wa_lint.sources.live.account_reader import read_live
from wa_lint.sources.live.collectors import all_collectors, by_type

REGION, ACCOUNT = "us-east-1", "123456789012"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/worker"
HOUR = dt.timedelta(hours=1)
NOW = dt.datetime.now(dt.UTC).replace(minute=0, second=0, microsecond=0)
LATER = NOW + 6 * HOUR
LOADER = botocore.session.Session().get_component("data_loader")

Hook = Callable[[str, str, Mapping[str, Any]], Any]
"""(service, operation, request) -> an answer, None to let the call through, or it raises."""


def stubbed_sagemaker(word: str, name: str, items: str, kind: str, **more: Any) -> dict[tuple[str, str], Any]:
    """One thing of a type, as ListXs and DescribeX tell of it; `name` is the member that names it."""
    noun = name.removesuffix("Name")
    known = {name: "only", f"{noun}Arn": f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:{kind}/only"}
    return {
        ("sagemaker", f"List{word}s"): {items: [known]},
        ("sagemaker", f"Describe{word}"): {**known, **more},
    }


STUBBED: Mapping[tuple[str, str], Any] = {
    ("apigatewayv2", "GetAuthorizers"): {"Items": [{"AuthorizerId": "a1", "AuthorizerType": "JWT", "Name": "jwt"}]},
    ("lambda", "ListFunctionUrlConfigs"): {
        "FunctionUrlConfigs": [
            {
                "FunctionUrl": "https://abc.lambda-url.us-east-1.on.aws/",
                "FunctionArn": f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:front",
                "AuthType": "NONE",
            }
        ]
    },
    ("sagemaker", "ListFeatureGroups"): {"FeatureGroupSummaries": []},
    ("sagemaker", "ListMonitoringSchedules"): {
        "MonitoringScheduleSummaries": [
            {
                "MonitoringScheduleName": "watch",
                "MonitoringScheduleArn": f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:monitoring-schedule/watch",
            }
        ]
    },
    ("sagemaker", "ListMonitoringExecutions"): {
        "MonitoringExecutionSummaries": [{"MonitoringScheduleName": "watch", "MonitoringExecutionStatus": "Completed"}]
    },
    ("sagemaker", "DescribeMonitoringSchedule"): {
        "MonitoringScheduleName": "watch",
        "MonitoringScheduleArn": f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:monitoring-schedule/watch",
        "MonitoringScheduleStatus": "Scheduled",
        "MonitoringScheduleConfig": {"MonitoringJobDefinitionName": "job"},
        "EndpointName": "serve",
    },
    ("sagemaker", "ListNotebookInstanceLifecycleConfigs"): {
        "NotebookInstanceLifecycleConfigs": [
            {
                "NotebookInstanceLifecycleConfigName": "setup",
                "NotebookInstanceLifecycleConfigArn": (
                    f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:notebook-instance-lifecycle-config/setup"
                ),
            }
        ]
    },
    **stubbed_sagemaker(
        "LabelingJob",
        "LabelingJobName",
        "LabelingJobSummaryList",
        "labeling-job",
        LabelingJobStatus="Completed",
        InputConfig={"DataSource": {"S3DataSource": {"ManifestS3Uri": "s3://lake/manifest"}}},
        OutputConfig={"S3OutputPath": "s3://lake/labels", "KmsKeyId": ""},
    ),
    **stubbed_sagemaker(
        "MlflowTrackingServer",
        "TrackingServerName",
        "TrackingServerSummaries",
        "mlflow-tracking-server",
        ArtifactStoreUri="s3://lake/mlflow",
        IsActive="Active",
    ),
    **stubbed_sagemaker(
        "StudioLifecycleConfig",
        "StudioLifecycleConfigName",
        "StudioLifecycleConfigs",
        "studio-lifecycle-config",
        StudioLifecycleConfigContent="ZWNobw==",
        StudioLifecycleConfigAppType="JupyterLab",
    ),
}
"""What moto 5.2 does not have."""


def what_moto_lacks(service: str, operation: str, _: Mapping[str, Any]) -> Any:
    return STUBBED.get((service, operation))


def session_with(*hooks: Hook) -> Any:
    """A session whose calls meet `hooks` in turn before they leave, then what moto lacks, then moto."""
    inner = botocore.session.Session()
    inner.register_component("data_loader", LOADER)
    session = boto3.Session("testing", "testing", region_name=REGION, botocore_session=inner)

    def before_call(model: Any, params: Any, **_: Any) -> Any:
        service, operation = model.service_model.service_name, model.name
        request = json.loads(params["body"]) if service == "sagemaker" else {}
        for hook in (*hooks, what_moto_lacks):
            answer = hook(service, operation, request)
            if answer is not None:
                return SimpleNamespace(status_code=200), {**answer, "ResponseMetadata": {}}
        return None

    session.events.register("before-call", before_call)
    return session


def refusing(service: str, operation: str, code: str, message: str = "") -> Hook:
    def hook(called: str, wanted: str, _: Mapping[str, Any]) -> None:
        if (called, wanted) == (service, operation):
            raise ClientError({"Error": {"Code": code, "Message": message}}, operation)

    return hook


def answering(service: str, operation: str, answer: Callable[[Mapping[str, Any]], Any]) -> Hook:
    return lambda s, o, request: answer(request) if (s, o) == (service, operation) else None


def policy(*statements: Mapping[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


@pytest.fixture(scope="module", autouse=True)
def _account() -> Iterator[None]:
    with mock_aws(config={"iam": {"load_aws_managed_policies": True}}):
        session = session_with()
        for build in (_identities, _machine_learning, _jobs, _buckets, _functions, _watching):
            build(session.client)
        yield


def _identities(client: Any) -> None:
    iam = client("iam")
    trust = policy({"Effect": "Allow", "Principal": {"Service": "sagemaker.amazonaws.com"}, "Action": "sts:AssumeRole"})
    iam.create_role(RoleName="worker", AssumeRolePolicyDocument=trust)
    grant = policy({"Effect": "Allow", "Action": "*", "Resource": "*"})
    iam.put_role_policy(RoleName="worker", PolicyName="all", PolicyDocument=grant)
    iam.attach_role_policy(RoleName="worker", PolicyArn="arn:aws:iam::aws:policy/AmazonSageMakerReadOnly")
    iam.create_policy(PolicyName="mine", PolicyDocument=grant)
    iam.create_user(UserName="ann")
    iam.create_group(GroupName="staff")
    iam.add_user_to_group(GroupName="staff", UserName="ann")


def _machine_learning(client: Any) -> None:
    sagemaker = client("sagemaker")
    sagemaker.create_model(
        ModelName="model",
        ExecutionRoleArn=ROLE,
        PrimaryContainer={"Image": "image", "Environment": {"STAGE": "prod", "DB_PASSWORD": "correct horse battery"}},
    )
    variant = {"VariantName": "blue", "ModelName": "model", "InitialInstanceCount": 1, "InstanceType": "ml.m5.large"}
    sagemaker.create_endpoint_config(EndpointConfigName="config", ProductionVariants=[variant])
    sagemaker.create_endpoint(EndpointName="serve", EndpointConfigName="config")
    sagemaker.create_notebook_instance_lifecycle_config(
        NotebookInstanceLifecycleConfigName="setup", OnStart=[{"Content": "ZWNobw=="}]
    )
    sagemaker.create_notebook_instance(
        NotebookInstanceName="notes",
        InstanceType="ml.t3.medium",
        RoleArn=ROLE,
        SubnetId="subnet-1",
        SecurityGroupIds=["sg-1"],
        LifecycleConfigName="setup",
    )
    sagemaker.create_domain(
        DomainName="studio", AuthMode="IAM", DefaultUserSettings={"ExecutionRole": ROLE}, SubnetIds=["s"], VpcId="v"
    )


def _jobs(client: Any) -> None:
    sagemaker = client("sagemaker")
    lake, limit = {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": "s3://lake/in"}}, {"MaxRuntimeInSeconds": 3600}
    training = {
        "AlgorithmSpecification": {"TrainingInputMode": "File", "TrainingImage": "image"},
        "RoleArn": ROLE,
        "InputDataConfig": [{"ChannelName": "train", "DataSource": lake}],
        "OutputDataConfig": {"S3OutputPath": "s3://lake/out"},
        "ResourceConfig": {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 10},
        "StoppingCondition": limit,
    }
    sagemaker.create_training_job(TrainingJobName="train", **training)
    sagemaker.create_hyper_parameter_tuning_job(
        HyperParameterTuningJobName="tune",
        HyperParameterTuningJobConfig={"Strategy": "Random", "ResourceLimits": {"MaxParallelTrainingJobs": 1}},
        TrainingJobDefinitions=[training],
    )
    mounted = {"S3Uri": "s3://lake/in", "LocalPath": "/in", "S3DataType": "S3Prefix", "S3InputMode": "File"}
    sagemaker.create_processing_job(
        ProcessingJobName="process",
        AppSpecification={"ImageUri": "image"},
        ProcessingInputs=[{"InputName": "in", "S3Input": mounted}],
        ProcessingResources={
            "ClusterConfig": {"InstanceCount": 1, "InstanceType": "ml.m5.large", "VolumeSizeInGB": 10}
        },
        RoleArn=ROLE,
    )
    sagemaker.create_transform_job(
        TransformJobName="transform",
        ModelName="model",
        TransformInput={"DataSource": lake},
        TransformOutput={"S3OutputPath": "s3://lake/out"},
        TransformResources={"InstanceType": "ml.m5.large", "InstanceCount": 1},
    )
    sagemaker.create_compilation_job(
        CompilationJobName="compile",
        RoleArn=ROLE,
        InputConfig={"S3Uri": "s3://lake/model", "Framework": "PYTORCH"},
        OutputConfig={"S3OutputLocation": "s3://lake/out", "TargetDevice": "jetson_nano"},
        StoppingCondition=limit,
    )
    sagemaker.create_auto_ml_job_v2(
        AutoMLJobName="search",
        AutoMLJobInputDataConfig=[{"ChannelType": "training", "DataSource": lake}],
        AutoMLProblemTypeConfig={
            "TabularJobConfig": {
                "TargetAttributeName": "y",
                "ProblemType": "Regression",
                "CompletionCriteria": {"MaxCandidates": 1},
            }
        },
        OutputDataConfig={"S3OutputPath": "s3://lake/out"},
        RoleArn=ROLE,
    )


def _buckets(client: Any) -> None:
    s3 = client("s3")
    for name in ("lake", "bare"):
        s3.create_bucket(Bucket=name)
    s3.create_bucket(Bucket="abroad", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    s3.put_bucket_policy(
        Bucket="lake", Policy=policy({"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "*"})
    )
    default = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": "key"}
    s3.put_bucket_encryption(
        Bucket="lake",
        ServerSideEncryptionConfiguration={"Rules": [{"ApplyServerSideEncryptionByDefault": default}]},
    )
    s3.put_bucket_versioning(Bucket="lake", VersioningConfiguration={"Status": "Enabled"})
    s3.put_public_access_block(Bucket="lake", PublicAccessBlockConfiguration={"BlockPublicAcls": True})
    rule = {"ID": "old", "Status": "Enabled", "Filter": {"Prefix": "tmp/"}, "Expiration": {"Days": 3}}
    s3.put_bucket_lifecycle_configuration(Bucket="lake", LifecycleConfiguration={"Rules": [rule]})


def _functions(client: Any) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as code:
        code.writestr("front.py", "")
    function = client("lambda")
    arn = function.create_function(
        FunctionName="front", Runtime="python3.12", Role=ROLE, Handler="front.f", Code={"ZipFile": packed.getvalue()}
    )["FunctionArn"]
    function.add_permission(
        FunctionName="front",
        StatementId="api",
        Action="lambda:InvokeFunction",
        Principal="apigateway.amazonaws.com",
        SourceArn=f"arn:aws:execute-api:{REGION}:{ACCOUNT}:api/*",
    )
    uri = f"arn:aws:apigateway:{REGION}:lambda:path/2015-03-31/functions/{arn}/invocations"
    rest = client("apigateway")
    api = rest.create_rest_api(name="rest")["id"]
    root = rest.get_resources(restApiId=api)["items"][0]["id"]
    path = rest.create_resource(restApiId=api, parentId=root, pathPart="score")["id"]
    for place in (root, path):
        method = {"restApiId": api, "resourceId": place, "httpMethod": "POST"}
        rest.put_method(**method, authorizationType="NONE")
        rest.put_method_response(**method, statusCode="200")
        rest.put_integration(**method, type="AWS_PROXY", integrationHttpMethod="POST", uri=uri)
        rest.put_integration_response(**method, statusCode="200")
    rest.create_authorizer(
        restApiId=api,
        name="pool",
        type="COGNITO_USER_POOLS",
        providerARNs=["p"],
        identitySource="method.request.header.A",
    )
    rest.create_deployment(restApiId=api, stageName="prod")
    http = client("apigatewayv2")
    web = http.create_api(Name="http", ProtocolType="HTTP")["ApiId"]
    target = http.create_integration(ApiId=web, IntegrationType="AWS_PROXY", IntegrationUri=arn)["IntegrationId"]
    http.create_route(ApiId=web, RouteKey="POST /score", Target=f"integrations/{target}")
    http.create_stage(ApiId=web, StageName="$default", AutoDeploy=True)


def _watching(client: Any) -> None:
    scaled = {
        "ServiceNamespace": "sagemaker",
        "ResourceId": "endpoint/serve/variant/blue",
        "ScalableDimension": "sagemaker:variant:DesiredInstanceCount",
    }
    scaling = client("application-autoscaling")
    scaling.register_scalable_target(**scaled, MinCapacity=1, MaxCapacity=4)
    tracking = {
        "TargetValue": 70.0,
        "PredefinedMetricSpecification": {"PredefinedMetricType": "SageMakerVariantInvocationsPerInstance"},
    }
    scaling.put_scaling_policy(
        **scaled,
        PolicyName="follow",
        PolicyType="TargetTrackingScaling",
        TargetTrackingScalingPolicyConfiguration=tracking,
    )
    cloudwatch = client("cloudwatch")
    cloudwatch.put_metric_alarm(
        AlarmName="errors",
        Namespace="AWS/SageMaker",
        MetricName="Invocation5XXErrors",
        Dimensions=[{"Name": "EndpointName", "Value": "serve"}],
        Statistic="Sum",
        Period=60,
        EvaluationPeriods=1,
        Threshold=1,
        ComparisonOperator="GreaterThanThreshold",
    )
    dimensions = [{"Name": "EndpointName", "Value": "serve"}, {"Name": "VariantName", "Value": "blue"}]
    for hour, values in ((2, [4, 6]), (4, [0])):
        for value in values:
            at = NOW + hour * HOUR + value * dt.timedelta(minutes=1)
            datum = {"MetricName": "Invocations", "Dimensions": dimensions, "Timestamp": at, "Value": value}
            cloudwatch.put_metric_data(Namespace="AWS/SageMaker", MetricData=[datum])


def read(*hooks: Hook, types: set[str] | None = None, **more: Any) -> Snapshot:
    return read_live(session_with(*hooks), REGION, types=types, now=LATER, max_rps=10_000, **more)


@pytest.fixture(scope="module")
def whole() -> Snapshot:
    return read()


def of_type(snapshot: Snapshot, type_: str) -> list[Resource]:
    return [resource for resource in snapshot.resources if resource.type == type_]


def only(snapshot: Snapshot, type_: str) -> Any:
    (found,) = of_type(snapshot, type_)
    return found


# --- what an account gives --------------------------------------------------------------------------

_SAGEMAKER = """
    AutoMLJob CompilationJob Domain Endpoint EndpointConfig FeatureGroup HyperParameterTuningJob LabelingJob
    MlflowTrackingServer Model MonitoringSchedule NotebookInstance NotebookInstanceLifecycleConfig ProcessingJob
    StudioLifecycleConfig TrainingJob TransformJob
"""
_OTHERS = (
    "S3::Bucket(Policy)?|IAM::(Role|User|Group|ManagedPolicy)|Lambda::(Function|Url|Permission)|ApiGateway(V2)?::.+"
    "|ApplicationAutoScaling::.+|CloudWatch::Alarm"
)
HERE = [
    c for c in all_collectors() if re.fullmatch(f"AWS::(SageMaker::({'|'.join(_SAGEMAKER.split())})|{_OTHERS})", c.type)
]
"""What is made in these tests' account. `test_collectors_end_to_end` reads every type, from one that is made up."""


def test_every_type_that_moto_can_make_is_found_in_the_account(whole: Snapshot) -> None:
    assert {c.type for c in HERE} - {r.type for r in whole.resources} == {"AWS::SageMaker::FeatureGroup"}
    assert not {gap.scope.type for gap in whole.gaps} & {c.type for c in HERE}
    assert {scope.type for scope in whole.complete} >= {c.type for c in HERE}


def test_resources_are_sorted_and_unique(whole: Snapshot) -> None:
    keys = [(r.type, r.id) for r in whole.resources]
    assert keys == sorted(set(keys))


def test_iam_belongs_to_no_region(whole: Snapshot) -> None:
    assert Scope("AWS::IAM::Role", ACCOUNT, None) in whole.complete
    assert Scope("AWS::IAM::Policy", ACCOUNT, None) in whole.complete
    assert only(whole, "AWS::IAM::Role").region is None
    assert Scope("AWS::SageMaker::Model", ACCOUNT, REGION) in whole.complete


def test_a_notebook_has_cloudformations_names(whole: Snapshot) -> None:
    notebook = only(whole, "AWS::SageMaker::NotebookInstance")
    assert notebook.properties["SecurityGroupIds"] == ["sg-1"]
    assert notebook.properties["LifecycleConfigName"] == "setup"
    assert isinstance(notebook.properties["Tags"], Unknown)
    assert notebook.observed["NotebookInstanceStatus"] == "InService"
    assert notebook.arn == notebook.id == f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:notebook-instance/notes"
    assert notebook.name == "notes"


def test_a_bucket_is_put_together_from_its_calls(whole: Snapshot) -> None:
    bare, lake = of_type(whole, "AWS::S3::Bucket")  # the one of another region is not among them
    known: Any = lake.properties
    assert known["BucketEncryption"]["ServerSideEncryptionConfiguration"] == [
        {
            "ServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": "key"},
            "BucketKeyEnabled": False,
        }
    ]
    assert known["VersioningConfiguration"] == {"Status": "Enabled"}
    assert known["PublicAccessBlockConfiguration"]["BlockPublicAcls"] is True
    rule = {"Id": "old", "Status": "Enabled", "Prefix": "tmp/", "ExpirationInDays": 3}
    assert known["LifecycleConfiguration"]["Rules"] == [rule]
    settings = {"BucketEncryption", "VersioningConfiguration", "LoggingConfiguration", "LifecycleConfiguration"}
    assert isinstance(bare.properties, dict)
    assert settings.isdisjoint(bare.properties)
    assert only(whole, "AWS::S3::BucketPolicy").properties["PolicyDocument"]["Statement"][0]["Effect"] == "Deny"


def test_roles_and_policies_come_as_documents(whole: Snapshot) -> None:
    role = only(whole, "AWS::IAM::Role").properties
    assert role["AssumeRolePolicyDocument"]["Statement"][0]["Action"] == "sts:AssumeRole"
    assert role["Policies"][0]["PolicyName"] == "all"
    assert role["Policies"][0]["PolicyDocument"]["Statement"][0]["Action"] == "*"
    assert role["ManagedPolicyArns"] == ["arn:aws:iam::aws:policy/AmazonSageMakerReadOnly"]
    managed: Any = of_type(whole, "AWS::IAM::ManagedPolicy")
    owners = {p.arn.rpartition("/")[2]: p.observed["aws_managed"] for p in managed}  # moto forgets PolicyName
    assert owners == {"mine": False, "AmazonSageMakerReadOnly": True}
    assert all(p.properties["PolicyDocument"]["Statement"] for p in managed)
    assert not any("Roles" in p.properties for p in managed)


def test_methods_are_found_on_every_path_the_root_included(whole: Snapshot) -> None:
    methods: Any = of_type(whole, "AWS::ApiGateway::Method")
    assert sorted(m.observed["Path"] for m in methods) == ["/", "/score"]
    assert only(whole, "AWS::ApiGateway::Resource").properties["PathPart"] == "score"
    known = methods[0].properties
    assert (known["HttpMethod"], known["AuthorizationType"]) == ("POST", "NONE")
    assert known["Integration"]["IntegrationHttpMethod"] == "POST"
    assert known["Integration"]["IntegrationResponses"][0]["StatusCode"] == "200"
    assert known["MethodResponses"] == [{"StatusCode": "200"}]
    assert known["RestApiId"] == only(whole, "AWS::ApiGateway::RestApi").name


def test_a_permission_is_read_out_of_the_functions_policy(whole: Snapshot) -> None:
    assert only(whole, "AWS::Lambda::Permission").properties == {
        "FunctionName": f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:front",
        "Action": "lambda:InvokeFunction",
        "Principal": "apigateway.amazonaws.com",
        "SourceArn": f"arn:aws:execute-api:{REGION}:{ACCOUNT}:api/*",
    }


def test_secrets_are_masked_while_reading(whole: Snapshot) -> None:
    environment = only(whole, "AWS::SageMaker::Model").properties["PrimaryContainer"]["Environment"]
    assert environment["STAGE"] == "prod"
    assert "horse" not in environment["DB_PASSWORD"]


def test_invocations_are_counted_by_the_hour_and_a_missing_hour_is_no_zero(whole: Snapshot) -> None:
    series = only(whole, "AWS::SageMaker::Endpoint").observed["invocations"]
    start = NOW + HOUR  # the endpoint was made within the hour of NOW
    assert series == {"blue": {"start": start.isoformat(), "period": 3600, "hours": 5, "values": [[1, 10.0], [3, 0.0]]}}


def test_only_what_is_asked_for_is_called() -> None:
    called = set()

    def note(service: str, operation: str, _: Mapping[str, Any]) -> None:
        called.add((service, operation))

    snapshot = read(note, types={"AWS::SageMaker::Model", "AWS::S3::BucketPolicy", "AWS::No::Such"})
    assert called == {
        ("sts", "GetCallerIdentity"),
        *plan.operations({"AWS::SageMaker::Model", "AWS::S3::BucketPolicy"}),
    }
    assert {r.type for r in snapshot.resources} == {"AWS::SageMaker::Model", "AWS::S3::BucketPolicy"}
    assert {s.type for s in snapshot.complete} == {"AWS::SageMaker::Model", "AWS::S3::BucketPolicy"}


USES = {
    "AWS::SageMaker::AutoMLJob": "AutoMLJobInputDataConfig[].DataSource.S3DataSource.S3Uri",
    "AWS::SageMaker::CompilationJob": "InputConfig.S3Uri",
    "AWS::SageMaker::HyperParameterTuningJob": "TrainingJobDefinitions[].OutputDataConfig.S3OutputPath",
    "AWS::SageMaker::LabelingJob": "InputConfig.DataSource.S3DataSource.ManifestS3Uri",
    "AWS::SageMaker::ProcessingJob": "ProcessingInputs[].S3Input.S3Uri",
    "AWS::SageMaker::TrainingJob": "InputDataConfig[].DataSource.S3DataSource.S3Uri",
    "AWS::SageMaker::TransformJob": "TransformInput.DataSource.S3DataSource.S3Uri",
}
"""Type of a job -> where its request names a bucket."""


@pytest.mark.parametrize("type_", USES)
def test_a_job_says_what_was_asked_for_and_what_came_of_it_apart(type_: str, whole: Snapshot) -> None:
    job = only(whole, type_)
    texts = [job.properties]
    for step in USES[type_].split("."):
        texts = [text[step.removesuffix("[]")] for text in texts]
        texts = [item for text in texts for item in text] if step.endswith("[]") else texts
    assert [text.startswith("s3://lake/") for text in texts] == [True]
    happened = {name for name in job.observed if name.endswith(("Status", "Time", "JobArn"))}
    assert f"{type_.rpartition('::')[2]}Status" in happened
    assert happened.isdisjoint(job.properties)


def test_of_jobs_those_of_the_last_thirty_days_are_asked_for() -> None:
    asked = {}

    def note(service: str, operation: str, request: Mapping[str, Any]) -> None:
        asked[service, operation] = request.get("CreationTimeAfter")

    read(note)
    window = (LATER - dt.timedelta(days=30)).timestamp()
    windowed = {c.listing.operation for c in all_collectors() if c.window_days and c.listing}
    assert {operation: after for (_, operation), after in asked.items() if after} == dict.fromkeys(windowed, window)


def test_a_job_of_before_those_thirty_days_is_not_found() -> None:
    snapshot = read_live(
        session_with(), REGION, types={*USES} - {"AWS::SageMaker::LabelingJob"}, now=LATER + dt.timedelta(days=31)
    )
    assert snapshot.resources == ()


def test_iam_is_left_out_where_another_region_has_it() -> None:
    snapshot = read(types={"AWS::SageMaker::Model", "AWS::IAM::Role"}, with_global=False)
    assert {scope.type for scope in snapshot.complete} == {"AWS::SageMaker::Model"}


def test_one_answer_serves_all_types_that_it_holds() -> None:
    calls = []

    def note(service: str, operation: str, _: Mapping[str, Any]) -> None:
        calls.append((service, operation))

    read(note, types={"AWS::IAM::Role", "AWS::IAM::User", "AWS::IAM::Group", "AWS::IAM::ManagedPolicy"})
    assert calls.count(("iam", "GetAccountAuthorizationDetails")) == 1


def test_the_number_of_threads_changes_nothing(whole: Snapshot) -> None:
    seen: list[tuple[str, int, int]] = []
    with ThreadPoolExecutor(1) as alone:
        again = read(executor=alone, on_progress=lambda *progress: seen.append(progress))
    assert dumped(again) == dumped(whole)
    assert {what for what, _, _ in seen} == {"list", "describe", "measure"}
    assert all(done <= total for _, done, total in seen)


def test_a_snapshot_on_disk_is_the_same_snapshot(whole: Snapshot) -> None:
    assert dumped(codec.load(dumped(whole), whole.uri)) == dumped(whole)


def dumped(snapshot: Snapshot) -> bytes:
    stream = io.BytesIO()
    codec.dump(snapshot, stream)
    return stream.getvalue()


# --- what an account refuses ------------------------------------------------------------------------

OPERATIONS = sorted(
    {plan.operation_of(c, call) for c in HERE for call in (c.listing, *c.describe) if call} | {plan.metric_operation()}
)

LISTS = {(c.service, c.listing.operation) for c in all_collectors() if c.listing}


def types_behind(operation: plan.Operation) -> set[str]:
    return {c.type for c in HERE if operation in plan.calls_for(c.type)}


@pytest.mark.parametrize("code", ["AccessDenied", "AccessDeniedException", "ThrottlingException"])
@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda o: f"{o.service}:{o.operation}")
def test_a_refused_call_is_a_gap_or_an_unknown(operation: plan.Operation, code: str) -> None:
    types = types_behind(operation)
    snapshot = read(refusing(operation.service, operation.operation, code), types=types)
    assert_honest(snapshot, operation, types)
    if is_called(operation):
        word = {"ThrottlingException": "Throttled"}.get(code, "AccessDenied")
        grant = operation.action if word == "AccessDenied" else None
        assert snapshot.gaps
        assert {(g.reason.split(" (")[0], g.grant) for g in snapshot.gaps} == {
            (f"{word}: {operation.service}:{operation.operation}", grant)
        }


def is_called(operation: plan.Operation) -> bool:
    """moto's account has no feature group to describe, and lists methods whole."""
    return operation.operation not in {"DescribeFeatureGroup", "GetMethod"}


def assert_honest(snapshot: Snapshot, operation: plan.Operation, types: set[str]) -> None:
    """Whatever the refused call would have said is neither there nor said to be absent."""
    for collector in (by_type()[type_] for type_ in types):
        scope = Scope(collector.type, ACCOUNT, None if collector.service == "iam" else REGION)
        ancestry = {op for c in plan.listed([collector]) if c.listing for op in [plan.operation_of(c, c.listing)]}
        assert (scope in snapshot.complete) == (operation not in ancestry)
        for call in collector.describe:
            if call.operation == operation.operation and is_called(operation):
                for resource in of_type(snapshot, collector.type):
                    hidden: Any = resource.properties
                    told = {**(resource.observed or {}), **(hidden if isinstance(hidden, dict) else {})}
                    parts = [told[name] for name in call.fills] if call.fills else [hidden]
                    assert all(isinstance(part, Unknown) for part in parts)


def test_a_refused_description_leaves_the_name() -> None:
    snapshot = read(refusing("sagemaker", "DescribeModel", "AccessDeniedException"), types={"AWS::SageMaker::Model"})
    model = only(snapshot, "AWS::SageMaker::Model")
    assert model.properties == Unknown("AccessDenied: sagemaker:DescribeModel")
    assert (model.name, model.arn) == ("model", f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:model/model")


def test_refused_metrics_are_unknown_not_none() -> None:
    types = {"AWS::SageMaker::Endpoint"}
    snapshot = read(refusing("cloudwatch", "GetMetricData", "AccessDenied"), types=types)
    endpoint = only(snapshot, "AWS::SageMaker::Endpoint")
    assert endpoint.observed["invocations"] == Unknown("AccessDenied: cloudwatch:GetMetricData")
    undescribed = only(
        read(refusing("sagemaker", "DescribeEndpoint", "Throttling"), types=types), "AWS::SageMaker::Endpoint"
    )
    assert undescribed.observed["invocations"] == Unknown("Throttled: sagemaker:DescribeEndpoint")


def test_a_series_at_which_cloudwatch_fails_is_unknown() -> None:
    failed = {"MetricDataResults": [{"Id": "m0", "StatusCode": "InternalError", "Timestamps": [], "Values": []}]}
    failing = answering("cloudwatch", "GetMetricData", lambda _: failed)
    endpoint = only(read(failing, types={"AWS::SageMaker::Endpoint"}), "AWS::SageMaker::Endpoint")
    assert endpoint.observed["invocations"] == {"blue": Unknown("InternalError: cloudwatch:GetMetricData")}


def test_a_part_that_is_refused_for_one_bucket_says_for_how_many() -> None:
    def deny_bare(_: str, operation: str, __: Mapping[str, Any]) -> None:
        if operation == "GetBucketPolicy" and next(turns):
            raise ClientError({"Error": {"Code": "AccessDenied"}}, operation)

    turns = iter([True, False])
    with ThreadPoolExecutor(1) as alone:
        snapshot = read(deny_bare, types={"AWS::S3::BucketPolicy"}, executor=alone)
    assert snapshot.gaps == (
        Gap(
            Scope("AWS::S3::BucketPolicy", ACCOUNT, REGION),
            "AccessDenied: s3:GetBucketPolicy (for 1 of 2)",
            "s3:GetBucketPolicy",
        ),
    )
    assert not snapshot.complete


@pytest.mark.parametrize(
    ("code", "message", "is_there"),
    [
        ("ResourceNotFound", "", False),
        ("ResourceNotFoundException", "", False),
        ("ValidationException", 'Could not find model "arn".', False),
        ("ValidationException", "1 validation error detected", True),
    ],
)
def test_what_was_deleted_since_it_was_listed_is_not_there(code: str, message: str, *, is_there: bool) -> None:
    snapshot = read(refusing("sagemaker", "DescribeModel", code, message), types={"AWS::SageMaker::Model"})
    assert bool(snapshot.resources) == is_there
    assert bool(snapshot.gaps) == is_there
    assert snapshot.complete


@pytest.mark.parametrize("code", ["ExpiredToken", "InvalidClientTokenId", "AccessDenied"])
def test_nobody_let_in_is_one_error(code: str) -> None:
    with pytest.raises(SourceError):
        read(refusing("sts", "GetCallerIdentity", code))


# --- what an account answers oddly ------------------------------------------------------------------

MODELS = {"AWS::SageMaker::Model"}


def summary(name: str) -> dict[str, Any]:
    return {"ModelName": name, "ModelArn": f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:model/{name}"}


def described(request: Mapping[str, Any]) -> dict[str, Any]:
    return summary(request["ModelName"])


def pages(request: Mapping[str, Any]) -> dict[str, Any]:
    if "NextToken" in request:
        return {"Models": [summary("second")]}
    return {"Models": [summary("first")], "NextToken": "more"}


def test_a_listing_goes_on_to_its_last_page() -> None:
    describing = answering("sagemaker", "DescribeModel", described)
    snapshot = read(answering("sagemaker", "ListModels", pages), describing, types=MODELS)
    assert [r.name for r in snapshot.resources] == ["first", "second"]
    assert len(snapshot.complete) == 1


def test_a_second_page_that_is_refused_keeps_the_first() -> None:
    def refuse_more(request: Mapping[str, Any]) -> Any:
        if "NextToken" in request:
            raise ClientError({"Error": {"Code": "ThrottlingException"}}, "ListModels")
        return pages(request)

    describing = answering("sagemaker", "DescribeModel", described)
    snapshot = read(answering("sagemaker", "ListModels", refuse_more), describing, types=MODELS)
    assert [r.name for r in snapshot.resources] == ["first"]
    assert [g.reason for g in snapshot.gaps] == ["Throttled: sagemaker:ListModels"]
    assert not snapshot.complete


@pytest.mark.parametrize("tokens", [["a", "a", "a", "a"], ["a", "b", "a", "b", "a"]], ids=["the same", "in a circle"])
def test_a_listing_that_goes_round_in_circles_ends(tokens: list[str]) -> None:
    following = iter(tokens)

    def circle(request: Mapping[str, Any]) -> Any:
        return {"Models": [summary(request.get("NextToken", "start"))], "NextToken": next(following)}

    describing = answering("sagemaker", "DescribeModel", described)
    snapshot = read(answering("sagemaker", "ListModels", circle), describing, types=MODELS)
    assert len(snapshot.gaps) == 1
    assert not snapshot.complete


def test_a_long_description_goes_on_to_its_last_page() -> None:
    arn = f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:feature-group/group"
    named = {"FeatureGroupName": "group", "FeatureGroupArn": arn}

    def features(request: Mapping[str, Any]) -> Any:
        more = {} if "NextToken" in request else {"NextToken": "more"}
        return {**named, "FeatureDefinitions": [{"FeatureName": f"f{len(more)}"}], **more}

    snapshot = read(
        answering("sagemaker", "ListFeatureGroups", lambda _: {"FeatureGroupSummaries": [named]}),
        answering("sagemaker", "DescribeFeatureGroup", features),
        types={"AWS::SageMaker::FeatureGroup"},
    )
    properties = only(snapshot, "AWS::SageMaker::FeatureGroup").properties
    assert [f["FeatureName"] for f in properties["FeatureDefinitions"]] == ["f1", "f0"]


@pytest.mark.parametrize(
    "answer",
    [
        {},
        {"ModelName": None, "ModelArn": None},
        {**summary("odd"), "PrimaryContainer": None, "VpcConfig": "new", "Containers": {"not": "a list"}},
        {**summary("odd"), "NewThing": {"Deep": [1]}, "InferenceExecutionConfig": {"Mode": "Quantum"}},
    ],
)
def test_an_odd_answer_does_not_crash(answer: Mapping[str, Any]) -> None:
    listing = answering("sagemaker", "ListModels", lambda _: {"Models": [summary("odd")]})
    snapshot = read(listing, answering("sagemaker", "DescribeModel", lambda _: answer), types=MODELS)
    assert len(snapshot.resources) == 1


@pytest.mark.parametrize("listed", [None, [{}], [{"ModelName": None}], [None, "text"], "text"])
def test_an_odd_listing_does_not_crash(listed: Any) -> None:
    snapshot = read(answering("sagemaker", "ListModels", lambda _: {"Models": listed}), types=MODELS)
    assert all(isinstance(r.properties, Unknown) for r in snapshot.resources)


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda o: f"{o.service}:{o.operation}")
def test_no_answer_makes_the_reading_crash(operation: plan.Operation) -> None:
    model = botocore.session.Session().get_service_model(operation.service).operation_model(operation.operation)
    members = [name for name in model.output_shape.members if name not in {"NextToken", "Marker", "position"}]
    junks: tuple[Any, ...] = (None, [None], [{}], {}, [{"Name": [], "Id": {}}])
    for junk in junks:
        answer = dict.fromkeys(members, junk)
        stub = answering(operation.service, operation.operation, functools.partial(always, answer))
        assert read(stub, types=types_behind(operation)).taken_at


def always(answer: Any, _: Mapping[str, Any]) -> Any:
    return answer


def test_a_page_of_a_proxy_is_no_answer_that_there_is_nothing() -> None:
    session = session_with()
    page = SimpleNamespace(status_code=200, headers={"content-type": "text/html"}, content=b"<html>", raw=None, text="")
    session.events.register_first("before-send.sagemaker.ListModels", lambda **_: page)
    snapshot = read_live(session, REGION, types=MODELS, now=LATER)
    assert [g.reason for g in snapshot.gaps] == ["the response is not JSON: sagemaker:ListModels"]
    assert not snapshot.complete


@pytest.mark.parametrize("status", [400, 403, 500, 502, 503])
def test_an_error_without_a_code_is_said_in_words(status: int) -> None:
    session = session_with()
    page = SimpleNamespace(status_code=status, headers={}, content=b"", raw=None, text="")
    session.events.register_first("before-send.sagemaker.ListModels", lambda **_: page)
    snapshot = read_live(session, REGION, types=MODELS, now=LATER)
    (gap,) = snapshot.gaps
    assert gap.reason == f"HTTP status {status} without an error code: sagemaker:ListModels"


@pytest.mark.parametrize("code", ["NotAnAnswer", "500", "Unknown", "KeyError", "ResponseParserError"])
def test_a_reason_that_no_service_gave_is_in_words(code: str) -> None:
    assert " " in aws.Refusal(code, "the response is empty").word
    assert aws.Refusal(code, "the response is empty").word != code


def test_methods_that_are_listed_without_their_bodies_are_asked_for() -> None:
    api = {"id": "api", "name": "n"}
    paths = [{"id": "root", "path": "/", "resourceMethods": {"GET": {}}}]
    snapshot = read(
        answering("apigateway", "GetRestApis", lambda _: {"items": [api]}),
        answering("apigateway", "GetResources", lambda _: {"items": paths}),
        answering("apigateway", "GetMethod", lambda _: {"httpMethod": "GET", "authorizationType": "AWS_IAM"}),
        types={"AWS::ApiGateway::Method"},
    )
    method = only(snapshot, "AWS::ApiGateway::Method").properties
    assert method["AuthorizationType"] == "AWS_IAM"
    assert (method["RestApiId"], method["ResourceId"]) == ("api", "root")


# --- the door ---------------------------------------------------------------------------------------


def test_a_role_is_assumed_at_the_first_call() -> None:
    session = aws.assume(session_with(), ROLE, external_id="the-other-side")
    found = aws.account_of(session, REGION)
    assert (found.id, found.partition) == (ACCOUNT, "aws")


def test_a_profile_that_does_not_exist_is_said() -> None:
    with pytest.raises(SourceError, match="no-such-profile"):
        aws.open_session(profile="no-such-profile")


def test_the_regions_of_sagemaker_are_known_without_a_call() -> None:
    assert {"us-east-1", "eu-west-1"} <= set(aws.regions(session_with()))
