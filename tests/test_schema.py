"""The schemas know CloudFormation's properties, and coercion reads values as CloudFormation does."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wa_lint import schema
from wa_lint.model import Unresolved

CONFIG = "AWS::SageMaker::EndpointConfig"
KINDS = {"boolean", "integer", "number", "string", "array", "object", "any"}


# --- which types and properties ---------------------------------------------------------------------


@pytest.mark.parametrize(
    "type_name",
    [
        CONFIG,
        "AWS::SageMaker::TrainingJob",
        "AWS::SageMaker::TransformJob",
        "AWS::SageMaker::HyperParameterTuningJob",
        "AWS::SageMaker::AutoMLJob",
        "AWS::SageMaker::ProcessingJob",
        "AWS::SageMaker::LabelingJob",
        "AWS::SageMaker::CompilationJob",
        "AWS::S3::Bucket",
        "AWS::IAM::Role",
        "AWS::Lambda::Url",
        "AWS::ApiGatewayV2::Api",
        "AWS::Budgets::Budget",
        "AWS::CloudTrail::Trail",
    ],
)
def test_the_types_that_rules_need_are_known(type_name: str) -> None:
    assert schema.known(type_name)
    assert schema.identifier(type_name)
    assert schema.resource_type(type_name).members()


def test_what_is_no_type_is_not_known_and_may_hold_anything() -> None:
    for name in ("AWS::Nope::Nope", "../../etc/passwd", "", "index"):
        assert not schema.known(name)
        assert schema.resource_type(name).kind == "any"
        assert schema.property_at(name, "Foo") is None
        assert schema.coerce(name, ("Foo",), "1") == "1"


def test_every_file_is_whole() -> None:
    for type_name in schema.types():
        for shape in _shapes(schema.resource_type(type_name), set()):
            assert set(shape.kinds) <= KINDS
            assert all(shape.member(name) for name in shape.members())


def _shapes(shape: schema.Shape, seen: set[int]) -> Iterator[schema.Shape]:
    if isinstance(shape.node, str) or id(shape.node) in seen:
        return
    seen.add(id(shape.node))
    yield shape
    inner = [shape.member(name) for name in shape.members()]
    for child in (*inner, shape.item, shape.values):
        if child is not None:
            yield from _shapes(child, seen)


def test_every_required_property_exists() -> None:
    missing = {
        (type_name, name)
        for type_name in schema.types()
        for shape in _shapes(schema.resource_type(type_name), set())
        for name in shape.node.get("required", ())
        if shape.member(name) is None
    }
    assert missing == set()


def test_a_property_is_described_by_its_path() -> None:
    found = schema.property_at(CONFIG, "ProductionVariants[].InitialInstanceCount")
    assert found == schema.PropertyInfo("ProductionVariants.InitialInstanceCount", ("integer",))
    assert schema.property_at(CONFIG, ("ProductionVariants", 3, "InitialInstanceCount")) == found
    assert schema.property_at(CONFIG, "ProductionVariants") == schema.PropertyInfo(
        "ProductionVariants", ("array",), required=True
    )


def test_enums_and_what_is_required_read_only_or_write_only_are_known() -> None:
    capture = schema.property_at(CONFIG, "DataCaptureConfig.CaptureOptions[].CaptureMode")
    assert capture is not None
    assert set(capture.enum) >= {"Input", "Output"}
    arn = schema.property_at("AWS::S3::Bucket", "Arn")
    assert arn is not None
    assert arn.read_only
    secret = schema.property_at("AWS::Lambda::Function", "Code.ZipFile")
    assert secret is not None
    assert secret.write_only


def test_alternatives_are_merged() -> None:
    assert "S3Uri" in schema.names_at("AWS::SageMaker::TrainingJob", "InputDataConfig[].DataSource.S3DataSource")
    assert {"S3", "Payload"} <= set(schema.names_at("AWS::Bedrock::Agent", "ActionGroups[].ApiSchema"))


def test_a_policy_document_is_open_and_takes_text_too() -> None:
    document = schema.shape_at("AWS::IAM::Role", ("AssumeRolePolicyDocument", "Statement", 0, "Action"))
    assert document is not None
    assert document.kind == "any"
    assert schema.names_at("AWS::IAM::Role", "AssumeRolePolicyDocument") == ()


def test_a_map_takes_any_name_of_one_shape() -> None:
    parameter = schema.shape_at("AWS::SageMaker::TrainingJob", ("HyperParameters", "any_name"))
    assert parameter is not None
    assert parameter.kind == "string"


@pytest.mark.parametrize(
    ("type_name", "path", "said"),
    [
        (CONFIG, "KmsKeyID", "; did you mean 'KmsKeyId'?"),
        (CONFIG, "ProductionVariants[].InitialInstanceCont", "; did you mean 'InitialInstanceCount'?"),
        (CONFIG, "KmsKeyId", ""),
        ("AWS::Sagemaker::EndpointConfig", "", "; did you mean 'AWS::SageMaker::EndpointConfig'?"),
        (CONFIG, "Zzzzzzzz", ""),
    ],
)
def test_a_wrong_name_is_met_with_the_nearest_right_one(type_name: str, path: str, said: str) -> None:
    assert schema.suggest(type_name, path) == said


def test_a_recursive_type_can_be_walked_without_end() -> None:
    path = ("LoggingConfiguration",)
    assert schema.shape_at("AWS::S3::Bucket", path) is not None
    deep = ("Definition", *("Nodes", 0, "Configuration", "Loop", "Definition") * 5)
    assert schema.shape_at("AWS::Bedrock::Flow", deep) is not None


# --- coercion ---------------------------------------------------------------------------------------

COERCIONS = [
    # type, path, as written, as CloudFormation reads it
    (CONFIG, "ProductionVariants[].InitialInstanceCount", "2", 2),
    (CONFIG, "ProductionVariants[].InitialInstanceCount", 2.0, 2),
    (CONFIG, "ProductionVariants[].InitialInstanceCount", "two", "two"),
    (CONFIG, "ProductionVariants[].InitialInstanceCount", "2.5", "2.5"),
    (CONFIG, "ProductionVariants[].InitialVariantWeight", "0.5", 0.5),
    (CONFIG, "ProductionVariants[].InitialVariantWeight", "1", 1),
    (CONFIG, "ProductionVariants[].InitialVariantWeight", "1e400", "1e400"),
    (CONFIG, "ProductionVariants[].VariantName", 1, "1"),
    (CONFIG, "ProductionVariants[].VariantName", True, "true"),
    (CONFIG, "ProductionVariants[].VariantName", 1.5, "1.5"),
    (CONFIG, "EnableNetworkIsolation", "true", True),
    (CONFIG, "EnableNetworkIsolation", "True", True),
    (CONFIG, "EnableNetworkIsolation", "yes", True),
    (CONFIG, "EnableNetworkIsolation", "OFF", False),
    (CONFIG, "EnableNetworkIsolation", "nope", "nope"),
    (CONFIG, "EnableNetworkIsolation", 1, 1),
    (CONFIG, "EnableNetworkIsolation", None, None),
    (CONFIG, "NoSuchProperty", "1", "1"),
    (CONFIG, "VpcConfig.Subnets", "subnet-1", "subnet-1"),
    ("AWS::IAM::Role", "MaxSessionDuration", "3600", 3600),
    ("AWS::IAM::Role", "AssumeRolePolicyDocument.Version", "2012-10-17", "2012-10-17"),
    ("AWS::ApiGateway::Method", "RequestParameters['method.request.path.id']", "true", "true"),
    ("AWS::ApiGateway::RestApi", "Policy", '{"Version": "2012-10-17"}', '{"Version": "2012-10-17"}'),
    ("AWS::SageMaker::TrainingJob", "ResourceConfig.InstanceCount", "2", 2),
    ("AWS::SageMaker::TrainingJob", "HyperParameters.epochs", 10, "10"),
    ("AWS::SageMaker::NotebookInstance", "RootAccess", True, "true"),
]


@pytest.mark.parametrize(("type_name", "path", "written", "read"), COERCIONS)
def test_a_value_is_read_as_the_kind_that_belongs_there(
    type_name: str, path: str, written: object, read: object
) -> None:
    found = schema.coerce(type_name, schema.steps_of(path), written)
    assert (found, type(found)) == (read, type(read))


def test_a_whole_resource_is_coerced_and_what_is_not_plain_stays() -> None:
    unresolved = Unresolved("a parameter")
    written = {"ProductionVariants": [{"InitialInstanceCount": "2", "ModelName": unresolved}], "KmsKeyId": None}
    read = schema.coerce(CONFIG, (), written)
    assert read == {"ProductionVariants": [{"InitialInstanceCount": 2, "ModelName": unresolved}], "KmsKeyId": None}
    assert written["ProductionVariants"] == [{"InitialInstanceCount": "2", "ModelName": unresolved}]


def test_what_needs_no_change_is_the_same_object() -> None:
    properties = {"ProductionVariants": [{"InitialInstanceCount": 2}], "Tags": [{"Key": "a", "Value": "b"}]}
    assert schema.coerce(CONFIG, (), properties) is properties


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


@given(
    JSON, st.sampled_from(["EnableNetworkIsolation", "KmsKeyId", "ProductionVariants[].InitialInstanceCount", "Tags"])
)
def test_coercing_twice_is_coercing_once(value: object, path: str) -> None:
    once = schema.coerce(CONFIG, schema.steps_of(path), value)
    assert repr(schema.coerce(CONFIG, schema.steps_of(path), once)) == repr(once)


@given(st.text())
def test_any_path_text_is_walked_without_a_fault(path: str) -> None:
    schema.property_at(CONFIG, path)
    schema.suggest(CONFIG, path)


def test_a_type_is_read_in_milliseconds() -> None:
    start = time.process_time()
    for type_name in schema.types():
        schema.resource_type(type_name)
    assert (time.process_time() - start) / len(schema.types()) < 0.005
