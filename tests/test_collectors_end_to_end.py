"""Every collector against an account that botocore's model makes up: listed, in pages, described, refused."""

from __future__ import annotations

import datetime as dt
import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping

import boto3
import msgspec
import pytest
from botocore.awsrequest import AWSResponse

from wa_lint.demo import modelled
from wa_lint.demo.stub import ACCOUNT, REGION
from wa_lint.model import Raw, Resource, Snapshot, Unknown
from wa_lint.sources.live import api_response as answers
from wa_lint.sources.live import call_plan as plan
from wa_lint.sources.live.account_reader import read_live
from wa_lint.sources.live.collector import ApiCall, Collector
from wa_lint.sources.live.collectors import all_collectors, by_type

NOW = modelled.BORN + dt.timedelta(days=3)
SIZE = modelled.Size(items=3, page=2)

ASKED = [c for c in all_collectors() if not c.named_by]
"""What is read without anything else that names it."""

CALLS = [(c, call) for c in ASKED for call in (c.listing, *c.describe) if call]

each_collector = pytest.mark.parametrize("collector", ASKED, ids=lambda c: c.type)
each_call = pytest.mark.parametrize(("collector", "call"), CALLS, ids=lambda x: getattr(x, "operation", ""))


class Account(msgspec.Struct):
    """A made-up account that counts what it is asked, and refuses one operation."""

    session: Raw
    asked: Counter[str]
    refused: str = ""
    code: str = "AccessDeniedException"


@pytest.fixture(scope="module")
def account() -> Account:
    session = boto3.Session(aws_access_key_id="a", aws_secret_access_key="b", region_name=REGION)
    found = Account(session, Counter())

    def refuse(model: Raw, **_: Raw) -> Raw:
        found.asked[model.name] += 1
        if model.name != found.refused:
            return None
        error = {"Code": found.code, "Message": "not today"}
        return AWSResponse("", 403, {}, None), {"Error": error, "ResponseMetadata": {"HTTPStatusCode": 403}}

    session.events.register("before-call", refuse)
    modelled.install(session, SIZE)
    return found


def read(account: Account, collector: Collector, refused: str = "") -> Snapshot:
    account.refused = refused
    account.asked.clear()
    return read_live(account.session, REGION, types=[collector.type], now=NOW, max_rps=1e6)


def of(collector: Collector, snapshot: Snapshot) -> list[Resource]:
    return [resource for resource in snapshot.resources if resource.type == collector.type]


@each_collector
def test_all_items_of_all_pages_arrive_with_all_that_an_answer_can_carry(
    collector: Collector, account: Account
) -> None:
    snapshot = read(account, collector)
    found = of(collector, snapshot)
    assert not snapshot.gaps
    is_one = collector.listing and not collector.listing.items and not collector.parent
    assert len(found) >= (1 if is_one else SIZE.items)
    assert len({resource.id for resource in found}) == len(found)
    assert all(resource.account == ACCOUNT for resource in found)
    for resource in found:
        assert isinstance(resource.properties, dict)
        unknown = {name for name, value in resource.properties.items() if isinstance(value, Unknown)}
        assert unknown <= set(answers.not_carried()[collector.type])
        assert resource.properties.keys() > unknown


PAGED = [c for c in ASKED if c.listing and c.listing.items and modelled.is_paged(c.service, c.listing.operation)]


def generations(collector: Collector) -> int:
    """Return how many listings stand before that of a type: each item of one is asked for items of its own."""
    return 1 + generations(by_type()[collector.parent]) if collector.parent else 0


@pytest.mark.parametrize("collector", PAGED, ids=lambda c: c.type)
def test_every_page_of_a_listing_is_turned_once(collector: Collector, account: Account) -> None:
    read(account, collector)
    assert collector.listing
    parents = SIZE.items ** generations(collector)
    assert account.asked[collector.listing.operation] == 2 * parents


@each_call
def test_a_refused_call_is_a_gap_and_what_it_would_have_told_is_unknown(
    collector: Collector, call: ApiCall, account: Account
) -> None:
    whole, snapshot = read(account, collector), read(account, collector, call.operation)
    assert account.asked[call.operation] or call.unless
    if not account.asked[call.operation]:
        return
    (gap,) = [gap for gap in snapshot.gaps if gap.scope.type == collector.type]
    assert gap.reason.startswith(f"AccessDenied: {collector.service}:{call.operation}")
    assert gap.grant == plan.operation_of(collector, call).action
    is_listing = call is collector.listing
    assert is_listing == (gap.scope not in snapshot.complete)
    if is_listing:
        assert not of(collector, snapshot)
        return
    assert len(of(collector, snapshot)) == len(of(collector, whole))
    for resource in of(collector, snapshot):
        assert all(isinstance(value, Unknown) for value in told(resource, call))


def told(resource: Resource, call: ApiCall) -> Iterator[object]:
    """Yield the values that only `call` could have told."""
    if not call.fills:
        yield resource.properties
        return
    known: Mapping[str, object] = {**(resource.observed or {}), **dict(resource.properties)}  # type: ignore[call-overload] # a dict, or the test fails
    yield from (known[name] for name in call.fills)


# --- what one answer may say instead ----------------------------------------------------------------

GROUP = by_type()["AWS::SageMaker::ModelPackageGroup"]


class Saying(msgspec.Struct, frozen=True):
    """An account in which one operation answers by a function of its request; None: as the model has it."""

    operation: str
    answer: Callable[[dict[str, Raw]], Raw]

    def session(self) -> Raw:
        session = boto3.Session(aws_access_key_id="a", aws_secret_access_key="b", region_name=REGION)
        asked: dict[str, Raw] = {}

        def say(model: Raw, **_: Raw) -> Raw:
            told = self.answer(asked) if model.name == self.operation else None
            return None if told is None else (AWSResponse("", 200, {}, None), told)

        session.events.register("before-parameter-build", lambda params, **_: asked.update(params))
        session.events.register("before-call", say)
        modelled.install(session, modelled.Size(items=1))
        return session


def only(collector: Collector, saying: Saying) -> list[Resource]:
    return of(collector, read_live(saying.session(), REGION, types=[collector.type], now=NOW, max_rps=1e6))


@pytest.mark.parametrize("text", ["", "null", "Allow all", "7", '"*"', None], ids=repr)
def test_a_policy_that_is_none_is_unknown_and_not_absent(text: str | None) -> None:
    """Bad input 105 of the catalogue of bad inputs."""
    (group,) = only(GROUP, Saying("GetModelPackageGroupPolicy", lambda _: {"ResourcePolicy": text, "Meta": {}}))
    assert isinstance(group.properties, dict)
    assert isinstance(group.properties["ModelPackageGroupPolicy"], Unknown)
    assert group.properties["ModelPackageGroupName"]


def refusal(message: str) -> dict[str, Raw]:
    error = {"Code": "ValidationException", "Message": message}
    return {"Error": error, "ResponseMetadata": {"HTTPStatusCode": 400}}


def refusing(operation: str, message: str) -> Raw:
    """Return a session in which `operation` is answered with a validation error."""
    session = boto3.Session(aws_access_key_id="a", aws_secret_access_key="b", region_name=REGION)
    session.events.register(
        "before-call",
        lambda model, **_: (AWSResponse("", 400, {}, None), refusal(message)) if model.name == operation else None,
    )
    modelled.install(session, modelled.Size(items=1))
    return session


@pytest.mark.parametrize(
    ("message", "groups", "is_known", "gaps"),
    [
        ("Cannot find resource policy for: arn:aws:sagemaker:eu-west-1:1:model-package-group/g", 1, True, 0),
        ("Cannot find Model Package Group: arn:aws:sagemaker:eu-west-1:1:model-package-group/g", 0, True, 0),
        ("1 validation error detected", 1, False, 1),
    ],
    ids=["it has no policy", "it was deleted meanwhile", "something else"],
)
def test_what_a_validation_error_says_decides(message: str, groups: int, gaps: int, *, is_known: bool) -> None:
    session = refusing("GetModelPackageGroupPolicy", message)
    snapshot = read_live(session, REGION, types=[GROUP.type], now=NOW, max_rps=1e6)
    found = of(GROUP, snapshot)
    assert (len(found), len(snapshot.gaps)) == (groups, gaps)
    for group in found:
        assert isinstance(group.properties, dict)
        assert isinstance(group.properties.get("ModelPackageGroupPolicy"), Unknown) is not is_known


def test_an_app_that_was_deleted_is_not_there_though_it_is_listed_for_a_day() -> None:
    app = {"DomainId": "d-1", "UserProfileName": "u", "AppType": "JupyterLab"}
    apps = [{**app, "AppName": name, "Status": status} for name, status in (("old", "Deleted"), ("new", "InService"))]
    found = only(by_type()["AWS::SageMaker::App"], Saying("ListApps", lambda _: {"Apps": apps}))
    assert [resource.name for resource in found] == ["new"]


def test_an_app_without_a_user_is_asked_for_by_its_space() -> None:
    asked: list[dict[str, Raw]] = []
    app = {"DomainId": "d-1", "SpaceName": "s", "AppType": "JupyterLab", "AppName": "default", "Status": "InService"}
    saying = Saying("ListApps", lambda _: {"Apps": [app]})
    session = saying.session()
    session.events.register(
        "before-parameter-build",
        lambda params, model, **_: asked.append(params) if model.name == "DescribeApp" else None,
    )
    read_live(session, REGION, types=["AWS::SageMaker::App"], now=NOW, max_rps=1e6)
    assert asked == [{"DomainId": "d-1", "SpaceName": "s", "AppType": "JupyterLab", "AppName": "default"}]


def test_the_hub_of_aws_is_not_the_accounts_own() -> None:
    arns = {"SageMakerPublicHub": "arn:aws:sagemaker:eu-west-1:aws:hub/SageMakerPublicHub"}
    arns["ours"] = f"arn:aws:sagemaker:eu-west-1:{ACCOUNT}:hub/ours"
    hubs = [{"HubName": name, "HubArn": arn} for name, arn in arns.items()]
    found = only(by_type()["AWS::SageMaker::Hub"], Saying("ListHubs", lambda _: {"HubSummaries": hubs}))
    assert [resource.name for resource in found] == ["ours"]


def test_a_secret_in_a_pipelines_definition_is_masked_inside_its_text() -> None:
    arguments = {"Environment": {"DB_PASSWORD": "correct-horse-battery-staple"}, "Image": "i"}
    text = json.dumps({"Steps": [{"Name": "T", "Type": "Training", "Arguments": arguments}]})
    saying = Saying("DescribePipeline", lambda _: {"PipelineName": "p", "PipelineDefinition": text})
    (pipeline,) = only(by_type()["AWS::SageMaker::Pipeline"], saying)
    assert isinstance(pipeline.properties, dict)
    body = pipeline.properties["PipelineDefinition"]["PipelineDefinitionBody"]
    assert "correct-horse" not in body
    assert json.loads(body)["Steps"][0]["Arguments"]["Image"] == "i"
    assert "correct-horse" not in repr(pipeline)


def test_the_last_executions_of_a_pipeline_are_observed() -> None:
    (pipeline,) = only(by_type()["AWS::SageMaker::Pipeline"], Saying("", lambda _: None))
    assert pipeline.observed is not None
    assert pipeline.observed["PipelineExecutionSummaries"]
    assert "NextToken" not in pipeline.observed


def test_jobs_of_one_definition_are_read_as_one() -> None:
    def described(request: dict[str, Raw]) -> dict[str, Raw]:
        name = request["TrainingJobName"]
        return {
            "TrainingJobName": name,
            "TrainingJobArn": f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:training-job/{name}",
            "OutputDataConfig": {"S3OutputPath": f"s3://models/{name}/output"},
            "CreationTime": NOW - dt.timedelta(days=int(name[-1])),
        }

    jobs = [{"TrainingJobName": f"nightly-000{n}"} for n in range(1, 4)]
    session = Saying("ListTrainingJobs", lambda _: {"TrainingJobSummaries": jobs}).session()
    session.events.register("before-parameter-build", lambda params, context, **_: context.update(asked=dict(params)))
    session.events.register_first(
        "before-call",
        lambda model, context, **_: (
            (AWSResponse("", 200, {}, None), described(context["asked"]))
            if model.name == "DescribeTrainingJob"
            else None
        ),
    )
    snapshot = read_live(session, REGION, types=["AWS::SageMaker::TrainingJob"], now=NOW, max_rps=1e6)
    (job,) = [r for r in snapshot.resources if r.type == "AWS::SageMaker::TrainingJob"]
    assert job.name == "nightly-0001"
    assert job.observed is not None
    assert job.observed["runs"] == 3
