"""The embedded account and the demo: what moto lacks is still lacking, what is deployed arrives, two runs are one."""

from __future__ import annotations

import datetime as dt
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from botocore import xform_name
from botocore.exceptions import ClientError

from wa_lint import demo, packs
from wa_lint.demo.deploy import deploy, read_as_deployed
from wa_lint.demo.embedded_account import BORN, embedded_account, new_session
from wa_lint.demo.request_shapes import shaped
from wa_lint.demo.stub import LACKS, LOSSES, REGION, SILENCES, Lack, Loss, Silence, StubMemory
from wa_lint.errors import ConfigError, MissingExtra, SourceError
from wa_lint.model import Outcome, Raw
from wa_lint.sources.live.account_reader import read_live

ROOT = Path(__file__).parents[1]
RULES = packs.load()
ROLE = "arn:aws:iam::123456789012:role/anybody"

# --- moto's faults: each is still there, so that one which was mended is taken out -------------------


PROOFS: dict[str, dict[str, Raw]] = {
    "CreateEndpointConfig": {
        "EndpointConfigName": "c",
        "ProductionVariants": [
            {"VariantName": "v", "ModelName": "m", "InstanceType": "ml.m6i.large", "InitialInstanceCount": 1}
        ],
    },
    "CreateEndpoint": {"EndpointName": "e", "EndpointConfigName": "realtime"},
    "CreateFeatureGroup": {
        "FeatureGroupName": "g",
        "RecordIdentifierFeatureName": "id",
        "EventTimeFeatureName": "at",
        "FeatureDefinitions": [{"FeatureName": "id", "FeatureType": "String"}],
        "OnlineStoreConfig": {"EnableOnlineStore": True},
        "RoleArn": ROLE,
    },
    "CreateMonitoringSchedule": {
        "MonitoringScheduleName": "s",
        "MonitoringScheduleConfig": {"MonitoringJobDefinitionName": "j", "MonitoringType": "DataQuality"},
    },
    "CreateLabelingJob": {
        "LabelingJobName": "l",
        "LabelAttributeName": "a",
        "InputConfig": {"DataSource": {"S3DataSource": {"ManifestS3Uri": "s3://b/m"}}},
        "OutputConfig": {"S3OutputPath": "s3://b/o"},
        "RoleArn": ROLE,
        "HumanTaskConfig": {
            "WorkteamArn": "arn:aws:sagemaker:eu-west-1:123456789012:workteam/private-crowd/w",
            "UiConfig": {"UiTemplateS3Uri": "s3://b/u"},
            "TaskTitle": "t",
            "TaskDescription": "d",
            "NumberOfHumanWorkersPerDataObject": 1,
            "TaskTimeLimitInSeconds": 60,
        },
    },
    "CreateStudioLifecycleConfig": {
        "StudioLifecycleConfigName": "s",
        "StudioLifecycleConfigContent": "IyEvYmluL3No",
        "StudioLifecycleConfigAppType": "JupyterLab",
    },
    "CreateMlflowTrackingServer": {"TrackingServerName": "t", "ArtifactStoreUri": "s3://b", "RoleArn": ROLE},
    "ListNotebookInstanceLifecycleConfigs": {},
    "ListFunctionUrlConfigs": {"FunctionName": "translate-widget"},
    "GetAuthorizers": {"ApiId": "a"},
    "ListServiceQuotas": {"ServiceCode": "sagemaker"},
}
"""What AWS takes and moto does not; where it makes nothing of a kind, it can describe and list nothing of it either."""


_SAYS = re.compile(
    "enum value set|Could not find endpoint configuration|item assignment|[Nn]ot.*implemented|ListFunctionUrl"
    "|specified service does not exist"
)


class Plain(msgspec.Struct, frozen=True):
    """What moto says without the stub, of an account that holds all fixtures."""

    refusals: dict[str, str]
    """Operation -> what it raised."""
    answers: dict[str, list[tuple[dict[str, Raw], dict[str, Raw]]]]
    """Operation -> what was sent to create each thing, and what it says of that."""
    new_bucket: list[str]
    """The error codes of a bare bucket's encryption and public access block."""


@pytest.fixture(scope="module")
def plain() -> Plain:
    memory = StubMemory(BORN)
    with embedded_account(memory) as session:
        for file in sorted(ROOT.glob("fixtures/*/template.yaml")):
            deploy(read_as_deployed(file.read_bytes(), file.name), session, file.parent.name)
        moto = new_session()
        refusals = {lack.operation: _refusal(moto.client(lack.service), lack) for lack in LACKS}
        answers = {loss.operation: list(_answers(moto.client(loss.service), loss, memory)) for loss in LOSSES}
        return Plain(refusals, answers, list(_new_bucket(moto.client("s3"))))


def _refusal(client: Raw, lack: Lack) -> str:
    operation = lack.operation if lack.operation in PROOFS else lack.made_by
    least: Raw = _least(client.meta.service_model.operation_model(operation).input_shape)
    with pytest.raises((ClientError, NotImplementedError, TypeError)) as raised:
        getattr(client, xform_name(operation))(**(PROOFS.get(operation) or least))
    return str(raised.value)


def _least(shape: Raw) -> Raw:
    """Return the least that botocore lets through: what is required, as short as may be."""
    match shape.type_name:
        case "structure":
            names = list(shape.members)[:1] if shape.is_tagged_union else shape.required_members
            return {name: _least(shape.members[name]) for name in names}
        case "list":
            return [_least(shape.member)]
        case "map":
            return {_least(shape.key): _least(shape.value)}
        case "string":
            return next(iter(shape.enum), "x" * shape.metadata.get("min", 1))
        case "boolean":
            return True
    return shape.metadata.get("min", 1)


def _answers(client: Raw, loss: Loss, memory: StubMemory) -> Iterator[tuple[dict[str, Raw], dict[str, Raw]]]:
    ask = getattr(client, xform_name(loss.operation))
    required = client.meta.service_model.operation_model(loss.operation).input_shape.required_members
    for made in memory.made_by(loss.service, loss.made_by):
        known = {"DomainId": str(made.get("DomainArn")).rpartition("/")[2], **made}
        yield made, ask(**{name: known[name] for name in required})


def _new_bucket(s3: Raw) -> Iterator[str]:
    s3.create_bucket(Bucket="bare-bucket", CreateBucketConfiguration={"LocationConstraint": REGION})
    for ask in (s3.get_bucket_encryption, s3.get_public_access_block):
        with pytest.raises(ClientError) as raised:
            ask(Bucket="bare-bucket")
        yield raised.value.response["Error"]["Code"]


@pytest.mark.parametrize("lack", LACKS, ids=lambda lack: lack.operation)
def test_moto_still_lacks_what_the_stub_answers_whole(lack: Lack, plain: Plain) -> None:
    assert _SAYS.search(plain.refusals[lack.operation])


@pytest.mark.parametrize(
    ("loss", "member"),
    [(loss, member) for loss in LOSSES for member in loss.members],
    ids=lambda x: getattr(x, "operation", x),
)
def test_moto_still_loses_what_the_stub_puts_back(loss: Loss, member: str, plain: Plain) -> None:
    answers = plain.answers[loss.operation]
    assert any(answer.get(member) != made.get(loss.members[member]) for made, answer in answers)


@pytest.mark.parametrize("silence", SILENCES, ids=lambda silence: silence.operation)
def test_moto_still_does_not_tell_the_defaults_that_aws_tells(silence: Silence, plain: Plain) -> None:
    for member, value in silence.members.items():
        told = [answer.get(member) for made, answer in plain.answers[silence.operation] if member not in made]
        assert told
        assert value not in told or (value is False and silence.operation == "DescribeModel")


def test_moto_still_gives_a_new_bucket_neither_encryption_nor_a_public_access_block(plain: Plain) -> None:
    assert plain.new_bucket == [
        "ServerSideEncryptionConfigurationNotFoundError",
        "NoSuchPublicAccessBlockConfiguration",
    ]


# --- the deployer -----------------------------------------------------------------------------------


def test_a_parameter_without_a_value_is_named_with_its_place() -> None:
    template = b"Parameters:\n  Size: {Type: String}\nResources:\n  B: {Type: 'AWS::S3::Bucket'}\n"
    with pytest.raises(SourceError, match=r"t\.yaml:2:.*Size has no default"):
        read_as_deployed(template, "t.yaml")


def test_what_a_template_leaves_to_conditions_is_made_or_not_by_the_defaults() -> None:
    template = b"""
Parameters: {Stage: {Type: String, Default: test}}
Conditions: {IsProd: !Equals [!Ref Stage, prod]}
Resources:
  Always: {Type: AWS::S3::Bucket, Properties: {VersioningConfiguration: {Status: !If [IsProd, Enabled, Suspended]}}}
  InProduction: {Type: AWS::S3::Bucket, Condition: IsProd}
"""
    with embedded_account() as session:
        deployed = deploy(read_as_deployed(template, "t.yaml"), session, "w")
        live = read_live(session, REGION, types=["AWS::S3::Bucket"], now=BORN)
    assert deployed.ids == {"Always": "arn:aws:s3:::w-always"}
    (bucket,) = live.resources
    assert isinstance(bucket.properties, dict)
    assert bucket.properties["VersioningConfiguration"] == {"Status": "Suspended"}


def test_what_does_not_reach_the_account_is_said() -> None:
    template = b"""
Resources:
  Key: {Type: AWS::KMS::Key}
  Endpoint:
    Type: AWS::SageMaker::Endpoint
    Properties: {EndpointName: e, EndpointConfigName: c, RetainAllVariantProperties: true}
  Open: {Type: AWS::SageMaker::FeatureGroup, Properties: !ImportValue FeatureGroup}
"""
    with embedded_account() as session:
        missed = deploy(read_as_deployed(template, "t.yaml"), session).missed
    assert [(one.resource, one.path) for one in missed] == [
        ("Endpoint", "RetainAllVariantProperties"),
        ("Key", ""),
        ("Open", ""),
    ]


def test_values_are_fitted_to_what_a_call_takes() -> None:
    with embedded_account() as session:
        model = session.client("iam").meta.service_model.operation_model("CreateRole").input_shape
    said = {"roleName": 7, "AssumeRolePolicyDocument": {"Statement": []}, "MaxSessionDuration": "3600", "Colour": "red"}
    assert shaped(model, said) == (
        {"RoleName": "7", "AssumeRolePolicyDocument": '{"Statement": []}', "MaxSessionDuration": 3600},
        ("Colour",),
    )


# --- the account ------------------------------------------------------------------------------------


def test_an_embedded_account_hears_nothing_of_the_users_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    before = dict(os.environ)
    with embedded_account() as session:
        assert session.client("sts").get_caller_identity()["Account"] == "123456789012"
        assert session.client("sagemaker").list_monitoring_schedules()["MonitoringScheduleSummaries"] == []
    assert dict(os.environ) == before


@pytest.mark.parametrize(("days", "found"), [(29, 2), (31, 0)], ids=["within the window", "before it"])
@pytest.mark.parametrize("born", [BORN, BORN.replace(year=2099)], ids=["moto's clock is late", "it is early"])
def test_jobs_are_as_old_as_the_account_whatever_the_clock_says(born: dt.datetime, days: int, found: int) -> None:
    training = {
        "TrainingJobName": "t",
        "AlgorithmSpecification": {"TrainingInputMode": "File", "TrainingImage": "image"},
        "RoleArn": ROLE,
        "OutputDataConfig": {"S3OutputPath": "s3://b/o"},
        "ResourceConfig": {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 10},
        "StoppingCondition": {"MaxRuntimeInSeconds": 3600},
    }
    with embedded_account(StubMemory(born)) as session:
        sagemaker = session.client("sagemaker")
        sagemaker.create_training_job(**training)
        sagemaker.create_labeling_job(**PROOFS["CreateLabelingJob"])  # the stub answers this one whole
        types = ["AWS::SageMaker::LabelingJob", "AWS::SageMaker::TrainingJob"]
        live = read_live(session, REGION, types=types, now=born + dt.timedelta(days=days))
    assert len(live.resources) == found


def test_without_moto_the_demo_names_the_line_that_installs_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(sys.modules, "moto", None)
    with pytest.raises(MissingExtra, match=re.escape("pip install 'wa-lint[demo]'")):
        demo.run(tmp_path, lambda _: None)


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "taken").write_text("a file")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigError, match=r"^taken: cannot be"):
        demo.run(Path("taken"), lambda _: None)


# --- the demo ---------------------------------------------------------------------------------------


class Run(msgspec.Struct, frozen=True):
    text: str
    sarif: bytes
    json: bytes


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    folder = tmp_path_factory.mktemp("here") / "wa-lint-demo"
    shown: list[str] = []
    demo.run(folder, shown.append)
    text = "".join(shown).replace(str(folder), folder.name)
    return Run(text, (folder / "wa-lint.sarif").read_bytes(), (folder / "wa-lint.json").read_bytes())


@pytest.fixture(scope="module")
def report(run: Run) -> Raw:
    return msgspec.json.decode(run.json)


def test_the_first_screen_has_the_three_examples(run: Run) -> None:
    screen = "\n".join(run.text.splitlines()[:24])
    for headline in demo.HEADLINES:
        assert headline.says in screen
        assert any(rule in screen for rule in headline.rules), f"no finding for: {headline.says}"


def test_nothing_of_the_demos_account_is_out_of_sight(report: Raw) -> None:
    assert report["gaps"] == []
    assert [entry["kind"] for entry in report["inputs"]] == ["template", "live"]


def test_the_demos_template_reaches_the_account_in_full() -> None:
    content = (ROOT / "wa_lint" / "data" / "demo" / "template.yaml").read_bytes()
    with embedded_account() as session:
        assert deploy(read_as_deployed(content, "template.yaml"), session).missed == ()


def test_the_demo_says_the_same_in_another_process(run: Run, tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from wa_lint import demo; demo.run(Path(sys.argv[1]), sys.stdout.write)"
    )
    folder = tmp_path / "wa-lint-demo"
    done = subprocess.run(
        [sys.executable, "-c", code, str(folder)],
        check=True,
        capture_output=True,
        env={**os.environ, "PYTHONHASHSEED": "17"},
    )
    assert done.stdout.decode().replace(str(folder), folder.name) == run.text
    assert (folder / "wa-lint.sarif").read_bytes() == run.sarif
    assert (folder / "wa-lint.json").read_bytes() == run.json


def test_no_path_of_this_machine_is_in_the_reports(run: Run) -> None:
    assert str(ROOT).encode() not in run.sarif + run.json
    assert Outcome.FAIL.value.encode() in run.json
