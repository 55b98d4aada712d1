"""What belongs to an ML workload: each kind of link, what only looks like one, and what cannot be told."""

from __future__ import annotations

from typing import Any, Final

import pytest
import yaml

from wa_lint import packs
from wa_lint.engine import lint
from wa_lint.facts import FACTS
from wa_lint.graph import Cell, World
from wa_lint.model import Outcome, Partial
from wa_lint.references.follow import graph_of
from wa_lint.sources.template import read_template

BUCKET: Final = "  B: {Type: 'AWS::S3::Bucket'}\n"
NAMED: Final = "  B: {Type: 'AWS::S3::Bucket', Properties: {BucketName: my-archive}}\n"


def role(service: str = "sagemaker", *statements: str, more: str = "") -> str:
    policies = f"Policies: [{{PolicyName: p, PolicyDocument: {{Statement: [{', '.join(statements)}]}}}}]"
    trust = (
        f"{{Statement: [{{Effect: Allow, Principal: {{Service: {service}.amazonaws.com}}, Action: 'sts:AssumeRole'}}]}}"
    )
    held = f", {policies}" if statements else ""
    return f"  R: {{Type: 'AWS::IAM::Role', Properties: {{AssumeRolePolicyDocument: {trust}{held}{more}}}}}\n"


def allow(action: str, resource: str, effect: str = "Allow") -> str:
    return f"{{Effect: {effect}, Action: {action}, Resource: {resource}}}"


def resource(id_: str, type_: str, properties: str) -> str:
    return f"  {id_}: {{Type: '{type_}', Properties: {{{properties}}}}}\n"


OBJECTS: Final = "!Sub '${B.Arn}/*'"
READS_B: Final = allow("'s3:GetObject'", OBJECTS)
CALLS: Final = allow("'bedrock:InvokeModel'", "'*'")
FUNCTION: Final = "Runtime: python3.13, Handler: h, Code: {ZipFile: x}, Role: !GetAtt R.Arn"

KEYED: Final = resource("C", "AWS::SageMaker::EndpointConfig", "KmsKeyId: alias/m, ProductionVariants: []")

USED: Final = {
    # properties
    "an input by Sub": BUCKET
    + resource("J", "AWS::SageMaker::ProcessingJob", "ProcessingInputs: [{S3Input: {S3Uri: !Sub 's3://${B}/in'}}]"),
    "an output by Join": BUCKET
    + resource(
        "J", "AWS::SageMaker::TransformJob", "TransformOutput: {S3OutputPath: !Join ['', ['s3://', !Ref B, /x]]}"
    ),
    "the ground truth of a monitor": BUCKET
    + resource(
        "Q",
        "AWS::SageMaker::ModelQualityJobDefinition",
        "ModelQualityJobInput: {GroundTruthS3Input: {S3Uri: !Sub 's3://${B}/truth'}}",
    ),
    "adapter artifacts of a component": BUCKET
    + resource(
        "C",
        "AWS::SageMaker::InferenceComponent",
        "EndpointName: e, Specification: {Container: {ArtifactUrl: !Sub 's3://${B}/lora'}}",
    ),
    "a model package": BUCKET
    + resource(
        "P",
        "AWS::SageMaker::ModelPackage",
        "InferenceSpecification: {Containers: [{Image: i, ModelDataUrl: !Sub 's3://${B}/m'}]}",
    ),
    "the documents of a knowledge base": BUCKET
    + resource(
        "D",
        "AWS::Bedrock::DataSource",
        "DataSourceConfiguration: {Type: S3, S3Configuration: {BucketArn: !GetAtt B.Arn}}",
    ),
    "the images of a knowledge base, by name": NAMED
    + resource(
        "K",
        "AWS::Bedrock::KnowledgeBase",
        "StorageConfiguration: {Type: S3, Location: {URI: 's3://my-archive/images'}}",
    ),
    "a model of a branch": "Parameters: {Stage: {Type: String}}\nConditions: {P: !Equals [!Ref Stage, p]}\n"
    "Resources:\n"
    + BUCKET
    + resource(
        "M", "AWS::SageMaker::Model", "PrimaryContainer: {ModelDataUrl: !If [P, !Sub 's3://${B}/a', 's3://x/y']}"
    ),
    "a name of equal parts": "Parameters: {Project: {Type: String}}\nResources:\n"
    + resource("B", "AWS::S3::Bucket", "BucketName: !Sub '${Project}-data'")
    + resource("M", "AWS::SageMaker::Model", "PrimaryContainer: {ModelDataUrl: !Sub 's3://${Project}-data/m.tar.gz'}"),
    "a type of which no rule speaks": BUCKET
    + resource("D", "AWS::SageMaker::DeviceFleet", "OutputConfig: {S3OutputLocation: !Sub 's3://${B}/edge'}"),
    # definitions
    "a pipeline's own text": BUCKET
    + resource(
        "P",
        "AWS::SageMaker::Pipeline",
        'PipelineDefinition: {PipelineDefinitionBody: !Sub \'{"Parameters": [{"DefaultValue": "s3://${B}/in"}]}\'}',
    ),
    "a state machine that trains": BUCKET
    + resource(
        "S",
        "AWS::StepFunctions::StateMachine",
        'DefinitionString: !Sub \'{"States": {"T": {"Type": "Task", "Resource": '
        '"arn:aws:states:::sagemaker:createTrainingJob", "Parameters": {"OutputDataConfig": '
        '{"S3OutputPath": "s3://${B}/out"}}}}}\'',
    ),
    # policies
    "the policy of a role that SageMaker assumes": BUCKET + role("sagemaker", READS_B),
    "the policy of a role that Bedrock assumes": BUCKET + role("bedrock", allow("['s3:ListBucket']", "!GetAtt B.Arn")),
    "a policy attached by another resource": BUCKET
    + role()
    + resource("P", "AWS::IAM::Policy", f"PolicyName: p, Roles: [!Ref R], PolicyDocument: {{Statement: [{READS_B}]}}"),
    "a managed policy that the role lists": BUCKET
    + resource("P", "AWS::IAM::ManagedPolicy", f"PolicyDocument: {{Statement: [{READS_B}]}}")
    + role(more=", ManagedPolicyArns: [!Ref P]"),
    "a role that a notebook uses": BUCKET
    + role("ec2", READS_B)
    + resource("N", "AWS::SageMaker::NotebookInstance", "RoleArn: !GetAtt R.Arn, InstanceType: ml.t3.medium"),
    "a role that may call a model": BUCKET + role("lambda", READS_B, CALLS),
    "a role that reads features": BUCKET + role("lambda", READS_B, allow("'sagemaker:GetRecord'", "'*'")),
    "a pattern that begins with the name": NAMED + role("sagemaker", allow("'s3:*'", "'arn:aws:s3:::my-*'")),
    "a bucket policy that lets in a service": BUCKET
    + resource(
        "P",
        "AWS::S3::BucketPolicy",
        "Bucket: !Ref B, PolicyDocument: {Statement: [{Effect: Allow, Principal: {Service: personalize.amazonaws.com}, "
        f"Action: 's3:GetObject', Resource: {OBJECTS}}}]}}",
    ),
    # what runs with a role
    "the environment of a function that calls a model": BUCKET
    + role("lambda", CALLS)
    + resource("F", "AWS::Lambda::Function", FUNCTION + ", Environment: {Variables: {DOCS: !Ref B}}"),
    "the source of a build that SageMaker's own role runs": BUCKET
    + resource(
        "C",
        "AWS::CodeBuild::Project",
        "ServiceRole: !Sub 'arn:aws:iam::${AWS::AccountId}:role/service-role/AmazonSageMakerProductsUseRole', "
        "Source: {Type: S3, Location: !Sub '${B}/code.zip'}",
    ),
    # events
    "a notification that starts a function": role("lambda", CALLS)
    + resource("F", "AWS::Lambda::Function", FUNCTION)
    + resource(
        "B",
        "AWS::S3::Bucket",
        "NotificationConfiguration: {LambdaConfigurations: [{Event: 's3:ObjectCreated:*', Function: !GetAtt F.Arn}]}",
    ),
    "an event that starts a pipeline": BUCKET
    + resource("P", "AWS::SageMaker::Pipeline", "PipelineName: p, PipelineDefinition: {PipelineDefinitionBody: '{}'}")
    + resource(
        "E",
        "AWS::Events::Rule",
        "EventPattern: {source: [aws.s3], detail: {bucket: {name: [!Ref B]}}}, "
        "Targets: [{Id: t, Arn: !Sub 'arn:aws:sagemaker:eu-west-1:111122223333:pipeline/p'}]",
    ),
}

UNUSED: Final = {
    "a website": resource("B", "AWS::S3::Bucket", "WebsiteConfiguration: {IndexDocument: index.html}"),
    "a name and nothing else": resource("B", "AWS::S3::Bucket", "BucketName: training-data-for-models"),
    "a tag and nothing else": BUCKET
    + resource("M", "AWS::SageMaker::Model", "PrimaryContainer: {Image: i}, Tags: [{Key: bucket, Value: !Ref B}]"),
    "another bucket of a model": NAMED
    + resource("M", "AWS::SageMaker::Model", "PrimaryContainer: {ModelDataUrl: 's3://my-archive-2/m.tar.gz'}"),
    "a key that holds the name": NAMED
    + resource("M", "AWS::SageMaker::Model", "PrimaryContainer: {ModelDataUrl: 's3://other/my-archive/m.tar.gz'}"),
    "a role that lists what there is": BUCKET
    + role("lambda", READS_B, allow("['bedrock:List*', 'sagemaker:DescribeEndpoint', 'bedrock:GetAgent']", "'*'")),
    "a role of something else": BUCKET + role("ec2", READS_B),
    "an ML role that may reach every bucket": BUCKET + role("sagemaker", allow("'s3:*'", "'*'")),
    "an ML role that may reach all of a suffix": NAMED + role("sagemaker", allow("'s3:*'", "'arn:aws:s3:::*-archive'")),
    "a Deny": BUCKET + role("sagemaker", allow("'s3:*'", OBJECTS, "Deny")),
    "a statement about other services": BUCKET + role("sagemaker", allow("'kafka:*'", OBJECTS)),
    "a function that calls no model": BUCKET
    + role("lambda", allow("'logs:*'", "'*'"))
    + resource("F", "AWS::Lambda::Function", FUNCTION + ", Environment: {Variables: {DOCS: !Ref B}}"),
    "an event that starts something else": BUCKET
    + resource(
        "E",
        "AWS::Events::Rule",
        "EventPattern: {detail: {bucket: {name: [!Ref B]}}}, Targets: [{Id: t, Arn: 'arn:aws:sns:eu-west-1:1:t'}]",
    ),
    "a model of a branch that is never taken": "Conditions: {Never: !Equals [a, b]}\nResources:\n"
    + BUCKET
    + "  M: {Type: 'AWS::SageMaker::Model', Condition: Never, Properties: {PrimaryContainer: "
    "{ModelDataUrl: !Sub 's3://${B}/m'}}}\n",
    "a parameter, where CloudFormation makes up the name": "Parameters: {Url: {Type: String}}\nResources:\n"
    + BUCKET
    + resource("M", "AWS::SageMaker::Model", "PrimaryContainer: {ModelDataUrl: !Ref Url}"),
}

OPEN: Final = {
    "the URL is a parameter": (
        "Parameters: {Url: {Type: String}}\nResources:\n"
        + NAMED
        + resource("M", "AWS::SageMaker::Model", "PrimaryContainer: {ModelDataUrl: !Ref Url}"),
        "M may use it: the parameter Url has no default",
    ),
    "a macro decides": (
        BUCKET + resource("M", "AWS::SageMaker::Model", "PrimaryContainer: {'Fn::Transform': {Name: Containers}}"),
        "M may use it: a macro",
    ),
    "the policy of an ML role is a macro's": (
        BUCKET + role("sagemaker", "{'Fn::Transform': {Name: Statements}}"),
        "a policy in R may name it: a macro",
    ),
    "the role's trust is a parameter": (
        "Parameters: {Who: {Type: String}}\nResources:\n"
        + BUCKET
        + role("x", READS_B).replace("x.amazonaws.com", "!Ref Who"),
        "R may use it: the parameter Who has no default",
    ),
}


def whole(text: str) -> bytes:
    return (text if "Resources:" in text else f"Resources:\n{text}").encode()


def outcome(text: str, *, all_buckets: bool = False) -> Outcome:
    (rule,) = (rule for rule in packs.built_in() if rule.info.id == "bucket-unversioned")
    rule = rule.with_settings({"all_buckets": all_buckets})
    found = [f for f in lint(read_template(whole(text), "t.yaml"), [rule]).findings if f.resource.id == "B"]
    return min((f.outcome for f in found), key=list(Outcome).index)


def uses(text: str, id_: str = "B") -> Cell:
    snapshot = read_template(whole(text), "t.yaml")
    world = World(graph_of(snapshot, FACTS), is_closed=True)
    return next(world.cell(one) for one in snapshot.resources if one.id == id_).select("ml_uses")


@pytest.mark.parametrize("text", USED.values(), ids=USED)
def test_a_bucket_that_a_link_ties_to_an_ml_workload_is_checked(text: str) -> None:
    assert yaml.compose(whole(text))
    assert outcome(text) is Outcome.FAIL


@pytest.mark.parametrize("text", UNUSED.values(), ids=UNUSED)
def test_what_only_looks_like_a_use_is_none(text: str) -> None:
    assert outcome(text) is Outcome.NOT_APPLICABLE
    assert outcome(text, all_buckets=True) is Outcome.FAIL


@pytest.mark.parametrize(("text", "reason"), OPEN.values(), ids=OPEN)
def test_a_use_that_cannot_be_seen_is_unknown_and_named(text: str, reason: str) -> None:
    assert outcome(text) is Outcome.UNKNOWN
    found = uses(text).value
    assert isinstance(found, Partial)
    assert reason in found.reason


@pytest.mark.parametrize(
    ("type_", "properties", "user"),
    [
        ("AWS::KMS::Key", "KeyPolicy: {}", role("sagemaker", allow("'kms:Decrypt'", "!GetAtt B.Arn"))),
        ("AWS::DynamoDB::Table", "TableName: t", role("bedrock", allow("'dynamodb:Query'", "!GetAtt B.Arn"))),
        (
            "AWS::SQS::Queue",
            "QueueName: q",
            role("lambda", CALLS, allow("'sqs:SendMessage'", "'arn:aws:sqs:eu-west-1:111122223333:q'")),
        ),
        (
            "AWS::SNS::Topic",
            "TopicName: t",
            resource(
                "C",
                "AWS::SageMaker::EndpointConfig",
                "AsyncInferenceConfig: {OutputConfig: {NotificationConfig: {ErrorTopic: !Ref B}}}",
            ),
        ),
        (
            "AWS::ECR::Repository",
            "RepositoryName: team/churn",
            resource(
                "M",
                "AWS::SageMaker::Model",
                "PrimaryContainer: {Image: '111122223333.dkr.ecr.eu-west-1.amazonaws.com/team/churn:1'}",
            ),
        ),
        (
            "AWS::FSx::FileSystem",
            "FileSystemType: LUSTRE",
            resource(
                "J",
                "AWS::SageMaker::TrainingJob",
                "InputDataConfig: [{DataSource: {FileSystemDataSource: {FileSystemId: !Ref B}}}]",
            ),
        ),
        (
            "AWS::Logs::LogGroup",
            "LogGroupName: /bedrock",
            resource(
                "L",
                "AWS::Bedrock::ModelInvocationLoggingConfiguration",
                "LoggingConfig: {CloudWatchConfig: {LogGroupName: /bedrock}}",
            ),
        ),
        (
            "AWS::KMS::Key",
            "KeyPolicy: {}",
            resource("A", "AWS::KMS::Alias", "AliasName: alias/m, TargetKeyId: !Ref B") + KEYED,
        ),
        (
            "AWS::KMS::Key",
            "KeyPolicy: {}",
            resource("T", "AWS::DynamoDB::Table", "SSESpecification: {KMSMasterKeyId: !Ref B}")
            + role("bedrock", allow("'dynamodb:Query'", "!GetAtt T.Arn")),
        ),
        (
            "AWS::RDS::DBCluster",
            "DBClusterIdentifier: vectors",
            resource(
                "K",
                "AWS::Bedrock::KnowledgeBase",
                "StorageConfiguration: {RdsConfiguration: {ResourceArn: "
                "'arn:aws:rds:eu-west-1:111122223333:cluster:vectors'}}",
            ),
        ),
        (
            "AWS::OpenSearchServerless::Collection",
            "Name: vectors",
            resource(
                "K",
                "AWS::Bedrock::KnowledgeBase",
                "StorageConfiguration: {OpensearchServerlessConfiguration: {CollectionArn: !GetAtt B.Arn}}",
            ),
        ),
        (
            "AWS::SQS::Queue",
            "QueueName: q",
            role("lambda", CALLS)
            + resource("F", "AWS::Lambda::Function", FUNCTION)
            + resource("E", "AWS::Lambda::EventSourceMapping", "EventSourceArn: !GetAtt B.Arn, FunctionName: !Ref F"),
        ),
        (
            "AWS::SNS::Topic",
            "TopicName: t",
            role("lambda", CALLS)
            + resource("F", "AWS::Lambda::Function", FUNCTION)
            + resource("S", "AWS::SNS::Subscription", "TopicArn: !Ref B, Protocol: lambda, Endpoint: !GetAtt F.Arn"),
        ),
        (
            "AWS::EFS::FileSystem",
            "Encrypted: true",
            resource(
                "D",
                "AWS::SageMaker::Domain",
                "DefaultUserSettings: {CustomFileSystemConfigs: [{EFSFileSystemConfig: {FileSystemId: !Ref B}}]}",
            ),
        ),
    ],
)
def test_other_neighbours_are_used_in_the_same_ways(type_: str, properties: str, user: str) -> None:
    found = uses(resource("B", type_, properties) + user).value
    assert isinstance(found, list)
    assert found
    assert uses(resource("B", type_, properties) + resource("N", type_, properties)).value == []


def test_a_log_group_is_known_by_the_service_or_function_that_writes_to_it() -> None:
    def words_of(name: str) -> Any:
        function = role("lambda", CALLS) + resource("F", "AWS::Lambda::Function", "FunctionName: answer, " + FUNCTION)
        other = role("lambda").replace("  R:", "  O:") + resource("G", "AWS::Lambda::Function", "Role: !GetAtt O.Arn")
        return words(resource("B", "AWS::Logs::LogGroup", f"LogGroupName: {name}") + function + other)

    assert words_of("/aws/sagemaker/Endpoints/fraud") == ["holds logs of SageMaker"]
    assert words_of("!Sub '/aws/bedrock/${AWS::StackName}'") == ["holds logs of Bedrock"]
    assert words_of("/aws/lambda/answer") == ["holds logs of function answer, whose role may call Bedrock"]
    assert words_of("!Sub '/aws/lambda/${F}'") == ["holds logs of function answer, whose role may call Bedrock"]
    assert words_of("!Sub '/aws/lambda/${G}'") == []
    assert words_of("/aws/sagemakers/fraud") == []


def test_an_instance_is_used_where_its_cluster_is() -> None:
    base = resource(
        "K", "AWS::Bedrock::KnowledgeBase", "StorageConfiguration: {RdsConfiguration: {ResourceArn: !Ref V}}"
    )
    cluster = resource("V", "AWS::RDS::DBCluster", "Engine: aurora-postgresql")
    instance = resource("B", "AWS::RDS::DBInstance", "DBClusterIdentifier: !Ref V")
    assert words(base + cluster + instance) == ["is part of cluster V, which holds the vectors of knowledge base K"]
    assert words(cluster + instance) == []


def words(text: str) -> Any:
    found = uses(text).items()
    return [cell.select("words").value for cell in found]


def test_a_use_says_in_words_what_it_is() -> None:
    assert words(USED["the documents of a knowledge base"]) == ["holds the documents of data source D"]
    assert words(USED["the policy of a role that SageMaker assumes"]) == [
        "is named in a policy of role R, which SageMaker can assume"
    ]
    assert words(USED["a role that may call a model"]) == ["is named in a policy of role R, which may call Bedrock"]
    assert words(USED["an event that starts a pipeline"]) == ["holds objects whose arrival starts SageMaker pipeline p"]


def test_a_name_is_a_hint_in_a_message_and_no_reason() -> None:
    (rule,) = (rule for rule in packs.built_in() if rule.info.id == "bucket-unversioned")
    every = rule.with_settings({"all_buckets": True})
    text = UNUSED["a name and nothing else"]
    (finding,) = lint(read_template(whole(text), "t.yaml"), [every]).findings
    assert "(its name suggests ML data)" in finding.message
    (finding,) = lint(read_template(whole(UNUSED["a website"]), "t.yaml"), [every]).findings
    assert not {"model", "training", "ML"} & set(finding.message.replace("(", " ").split())


def test_a_condition_of_another_resource_splits_no_verdict_on_a_bucket() -> None:
    conditions = "".join(f"  C{n}: !Equals [!Ref P{n}, a]\n" for n in range(12))
    parameters = "".join(f"  P{n}: {{Type: String}}\n" for n in range(12))
    models = "".join(
        resource(
            f"M{n}", "AWS::SageMaker::Model", f"PrimaryContainer: {{ModelDataUrl: !If [C{n}, 's3://x/a', 's3://y/b']}}"
        )
        for n in range(12)
    )
    text = f"Parameters:\n{parameters}Conditions:\n{conditions}Resources:\n{BUCKET}{models}"
    assert outcome(text) is Outcome.NOT_APPLICABLE
