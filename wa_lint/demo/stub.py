"""Answers what moto lacks, and puts back what it loses, from what was sent to create it. It judges nothing.

Two tables say all of it; a test asks moto for each entry, so that one which moto has fixed is noticed. What an answer
looks like comes from botocore's model.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from typing import Final

import msgspec

from wa_lint.demo import missing_in_moto as lacking
from wa_lint.demo.request_shapes import shaped
from wa_lint.model import Raw

Items = dict[str, Raw]

ACCOUNT: Final = "123456789012"
"""moto's own."""

REGION: Final = "us-west-2"
"""One that the table of prices has, and that is no exception as us-east-1 is, where a bucket names no region."""


class Lack(msgspec.Struct, frozen=True):
    """An operation that moto does not implement: answered whole."""

    service: str
    operation: str
    made_by: str
    """The operation whose requests and answers it tells of; itself, if it is the one that creates."""
    items: str = ""
    """The list in its answer; empty: the answer is one item."""
    members: Mapping[str, str] = {}
    """Path in the answer -> path in the request, where their names differ."""
    joined: tuple[str, str] = ("", "")
    """Another creating operation, and the member by which its request belongs to this one."""
    within: Mapping[str, Mapping[str, str]] = {}
    """List in the answer -> member of its items -> member of the request's items."""


class Loss(msgspec.Struct, frozen=True):
    """An operation that moto answers without some of what was sent: put back."""

    service: str
    operation: str
    made_by: str
    keys: tuple[str, ...]
    """Members that tell which creation an answer, or an item of it, is of."""
    members: Mapping[str, str]
    """Member of the answer -> member of the request that created it."""
    items: str = ""
    """The list of the answer whose items they are; empty: the answer is the item."""


class Silence(msgspec.Struct, frozen=True):
    """What AWS sets itself where a request omits it, and tells; moto does not."""

    service: str
    operation: str
    members: Mapping[str, Raw]


def _same(*names: str) -> dict[str, str]:
    return {name: name for name in names}


_CONFIG: Final = ("CreateEndpointConfig", "EndpointConfigName")

_RUNNING: Final = {
    "CurrentInstanceCount": "InitialInstanceCount",
    "DesiredInstanceCount": "InitialInstanceCount",
    "CurrentWeight": "InitialVariantWeight",
    "DesiredWeight": "InitialVariantWeight",
}
"""What DescribeEndpoint tells of a variant, by what its configuration says: as many run as were requested."""

LACKS: Final[tuple[Lack, ...]] = (
    Lack("sagemaker", "CreateEndpointConfig", "CreateEndpointConfig"),  # no instance type younger than 2020
    Lack("sagemaker", "DescribeEndpointConfig", "CreateEndpointConfig"),
    Lack("sagemaker", "ListEndpointConfigs", "CreateEndpointConfig", "EndpointConfigs"),
    Lack("sagemaker", "CreateEndpoint", "CreateEndpoint"),  # it wants a configuration that it knows
    Lack(
        "sagemaker",
        "DescribeEndpoint",
        "CreateEndpoint",
        members={"LastDeploymentConfig": "DeploymentConfig"},
        joined=_CONFIG,
        within={"ProductionVariants": _RUNNING, "ShadowProductionVariants": _RUNNING},
    ),
    Lack("sagemaker", "ListEndpoints", "CreateEndpoint", "Endpoints"),
    Lack("sagemaker", "CreateMonitoringSchedule", "CreateMonitoringSchedule"),
    Lack("sagemaker", "DescribeMonitoringSchedule", "CreateMonitoringSchedule"),
    Lack("sagemaker", "ListMonitoringSchedules", "CreateMonitoringSchedule", "MonitoringScheduleSummaries"),
    Lack("sagemaker", "ListMonitoringExecutions", "CreateMonitoringSchedule", "MonitoringExecutionSummaries"),
    Lack("sagemaker", "CreateFeatureGroup", "CreateFeatureGroup"),  # it cannot do without an offline store
    Lack("sagemaker", "DescribeFeatureGroup", "CreateFeatureGroup"),
    Lack("sagemaker", "ListFeatureGroups", "CreateFeatureGroup", "FeatureGroupSummaries"),
    Lack(
        "sagemaker",
        "ListNotebookInstanceLifecycleConfigs",
        "CreateNotebookInstanceLifecycleConfig",
        "NotebookInstanceLifecycleConfigs",
    ),
    Lack("sagemaker", "CreateLabelingJob", "CreateLabelingJob"),
    Lack("sagemaker", "DescribeLabelingJob", "CreateLabelingJob"),
    Lack("sagemaker", "ListLabelingJobs", "CreateLabelingJob", "LabelingJobSummaryList"),
    Lack("sagemaker", "CreateStudioLifecycleConfig", "CreateStudioLifecycleConfig"),
    Lack("sagemaker", "DescribeStudioLifecycleConfig", "CreateStudioLifecycleConfig"),
    Lack("sagemaker", "ListStudioLifecycleConfigs", "CreateStudioLifecycleConfig", "StudioLifecycleConfigs"),
    Lack("sagemaker", "CreateMlflowTrackingServer", "CreateMlflowTrackingServer"),
    Lack("sagemaker", "DescribeMlflowTrackingServer", "CreateMlflowTrackingServer"),
    Lack("sagemaker", "ListMlflowTrackingServers", "CreateMlflowTrackingServer", "TrackingServerSummaries"),
    Lack("lambda", "ListFunctionUrlConfigs", "CreateFunctionUrlConfig", "FunctionUrlConfigs"),
    Lack("apigatewayv2", "GetAuthorizers", "CreateAuthorizer", "Items"),
    Lack("bedrock", "ListGuardrails", "CreateGuardrail", "guardrails"),
    Lack(
        "bedrock",
        "ListProvisionedModelThroughputs",
        "CreateProvisionedModelThroughput",
        "provisionedModelSummaries",
    ),
    Lack("bedrock", "ListModelImportJobs", "CreateModelImportJob", "modelImportJobSummaries"),
    Lack("bedrock", "ListModelInvocationJobs", "CreateModelInvocationJob", "invocationJobSummaries"),
    Lack("bedrock-agent", "ListFlows", "CreateFlow", "flowSummaries"),
    Lack("bedrock-agent", "ListPrompts", "CreatePrompt", "promptSummaries"),
    Lack("bedrock-agentcore-control", "ListBrowsers", "CreateBrowser", "browserSummaries"),
    Lack("bedrock-agentcore-control", "ListCodeInterpreters", "CreateCodeInterpreter", "codeInterpreterSummaries"),
    Lack("service-quotas", "ListServiceQuotas", "RequestServiceQuotaIncrease", "Quotas"),
    Lack("iam", "ListServiceSpecificCredentials", "CreateServiceSpecificCredential", "ServiceSpecificCredentials"),
    *(
        Lack("sagemaker", operation, f"Create{word}", items, lacking.RENAMED.get(word, {}))
        for word in lacking.WORDS
        for operation, items in lacking.operations(word)
    ),
)

LOSSES: Final[tuple[Loss, ...]] = (
    Loss(
        "sagemaker",
        "DescribeModel",
        "CreateModel",
        ("ModelName",),
        _same("EnableNetworkIsolation", "InferenceExecutionConfig", "Containers", "VpcConfig"),
    ),
    Loss(
        "sagemaker",
        "DescribeNotebookInstance",
        "CreateNotebookInstance",
        ("NotebookInstanceName",),
        _same("PlatformIdentifier", "InstanceMetadataServiceConfiguration"),
    ),
    Loss("sagemaker", "DescribeDomain", "CreateDomain", ("DomainName",), _same("TagPropagation")),
    Loss(
        "sagemaker",
        "DescribeTrainingJob",
        "CreateTrainingJob",
        ("TrainingJobName",),
        _same("ProfilerConfig", "Environment", "RetryStrategy", "RemoteDebugConfig"),
    ),
    Loss(
        "sagemaker",
        "DescribeProcessingJob",
        "CreateProcessingJob",
        ("ProcessingJobName",),
        _same("ProcessingResources", "Environment"),
    ),
    Loss(  # it makes up an endpoint
        "sagemaker",
        "DescribeAutoMLJobV2",
        "CreateAutoMLJobV2",
        ("AutoMLJobName",),
        _same("AutoMLComputeConfig", "ModelDeployConfig"),
    ),
)

SILENCES: Final = (
    Silence("sagemaker", "DescribeModel", {"EnableNetworkIsolation": False}),
    Silence(
        "sagemaker", "DescribeNotebookInstance", {"RootAccess": "Enabled", "PlatformIdentifier": "notebook-al2023-v1"}
    ),
)
"""From the API reference of each operation that creates (read 2026-11)."""


class StubMemory:
    """What was created in the embedded account: requests, joined with moto's answers to them."""

    def __init__(self, born: dt.datetime) -> None:
        self.born = born
        self._made: dict[tuple[str, str], list[Items]] = {}

    def note(self, service: str, operation: str, request: Items, answer: Items) -> None:
        self._made.setdefault((service, operation), []).append({**request, **_without_metadata(answer)})

    def made_by(self, service: str, operation: str) -> list[Items]:
        """Return what the calls of a creating operation were sent and answered, in their order."""
        return self._made.get((service, operation), [])


def install(session: Raw, memory: StubMemory) -> None:
    """Hook `memory` and the tables into a boto3 session, before it makes its first client."""
    session.events.register("before-parameter-build", _keep_request)
    session.events.register(
        "before-call", lambda model, params, context, **_: _answered(memory, model, params, context)
    )
    session.events.register(
        "after-call", lambda parsed, model, context, **_: _completed(memory, parsed, model, context)
    )


# --- the hooks --------------------------------------------------------------------------------------

_CREATING: Final = {(row.service, row.made_by) for rows in (LACKS, LOSSES) for row in rows}
_LACKING: Final = {(row.service, row.operation): row for row in LACKS}
_LOSING: Final = {(row.service, row.operation): row for row in LOSSES}
_SILENT: Final = {(row.service, row.operation): row for row in SILENCES}

_REQUEST: Final = "wa-lint request"

_WINDOW: Final = "CreationTimeAfter"

_NEVER: Final = 253_402_300_799
"""The last second of the year 9999."""


def _keep_request(params: Items, context: Items, **_: Raw) -> None:
    context[_REQUEST] = dict(params)


def _answered(memory: StubMemory, model: Raw, sent: Items, context: Items) -> tuple[Raw, Items] | None:
    """Answer a call that moto lacks; None lets it through."""
    request = context[_REQUEST]
    row = _LACKING.get(_name(model))
    if row is None:
        _retime(memory, sent, request)
        return None
    if row.operation == row.made_by:
        return _said(_creation(memory, model, request))
    made_by = memory.made_by(row.service, row.made_by)
    found = [_told(memory, row, made) for made in made_by if _is_asked(made, request) and _is_in(memory, request)]
    if row.items:
        return _said(_page(memory, model, row.items, found, request))
    return _said(_shaped(memory, model.output_shape, found[0])) if found else _not_found(request)


def _retime(memory: StubMemory, sent: Items, request: Items) -> None:
    """Ask moto for all or for nothing: it knows when things were made by the clock, not the day that `_date` says."""
    if _WINDOW in request:
        body = json.loads(sent["body"]) | {_WINDOW: 0 if _is_in(memory, request) else _NEVER}
        sent["body"] = json.dumps(body).encode()


def _is_in(memory: StubMemory, request: Items) -> bool:
    """Whether the day on which everything was made is one that the request asks for."""
    return _WINDOW not in request or memory.born > request[_WINDOW]


def _completed(memory: StubMemory, parsed: Items, model: Raw, context: Items) -> None:
    """Note what was created, and put back what moto lost."""
    name = _name(model)
    if "Error" in parsed:
        return
    if name in _CREATING:
        memory.note(*name, context[_REQUEST], parsed)
    if row := _LOSING.get(name):
        for item in parsed.get(row.items, ()) if row.items else [parsed]:
            _restore(memory, row, item)
    if silence := _SILENT.get(name):
        for member, value in silence.members.items():
            parsed.setdefault(member, value)
    if name[1] != "GetMetricData":
        _date(parsed, memory.born)


def _restore(memory: StubMemory, row: Loss, item: Items) -> None:
    for made in memory.made_by(row.service, row.made_by):
        if all(item.get(key) == made.get(key) for key in row.keys):
            for new, old in row.members.items():
                item.pop(new, None)
                item.update({new: made[old]} if old in made else {})


def _name(model: Raw) -> tuple[str, str]:
    return model.service_model.service_name, model.name


def _date(value: Raw, born: dt.datetime) -> None:
    """Set every time in an answer to the day the account was made: the same in, the same out."""
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in list(pairs):
        if isinstance(inner, dt.datetime):
            value[key] = born
        elif key != "ResponseMetadata":
            _date(inner, born)


# --- answers from the model -------------------------------------------------------------------------

_SETTLED: Final = ("InService", "Scheduled", "Created", "Completed", "ACTIVE")

_PAGE: Final = 2
"""Items of a page, so that anyone who reads the account turns pages too."""


_KINDS: Final = {"TrackingServer": "mlflow-tracking-server"}
"""What an ARN says, where it is not what the member of the ARN is called (service authorization reference)."""


def _creation(memory: StubMemory, model: Raw, request: Items) -> Items:
    """Answer a creation with what it tells: the ARN, and an id where it has one."""
    if model.output_shape is None:
        return {}
    member = next(name for name in model.output_shape.members if name.endswith("Arn"))
    noun = member.removesuffix("Arn") or model.name.removeprefix("Create")
    kind = _KINDS.get(noun) or re.sub(r"(?<=[a-z])(?=[A-Z])", "-", noun).lower()
    name = next(request[key] for key in (f"{noun}Name", "Name", "ImageName") if key in request)
    within = [request[key] for key in _WITHIN if key in request]
    arn = f"arn:aws:{model.service_model.service_name}:{REGION}:{ACCOUNT}:{kind}/{'/'.join([*within, name])}"
    digest = hashlib.sha256(arn.encode()).hexdigest()[:12]
    ids = {key: f"{kind[0]}-{digest}" for key in model.output_shape.members if key.endswith("Id")}
    return _shaped(memory, model.output_shape, {member: arn, **ids})


_WITHIN: Final = ("DomainId", "UserProfileName", "AppType")
"""What the ARN of a thing in a domain says before its name."""


def _told(memory: StubMemory, row: Lack, made: Items) -> Items:
    """Return all that is known of `made`, in the words of the answer."""
    operation, key = row.joined
    others = [other for other in memory.made_by(row.service, operation) if other.get(key) == made.get(key)]
    told = {**others[0], **made} if others else dict(made)
    for new, old in row.members.items():
        value = _at(made, old.split("."))
        told = told if value is None else _with(told, new.split("."), value)
    for name, members in row.within.items():
        if name in told:
            told[name] = [_renamed(item, members) for item in told[name]]
    return told


def _renamed(item: Items, members: Mapping[str, str]) -> Items:
    return {**item, **{new: item[old] for new, old in members.items() if old in item}}


def _at(made: Items, path: list[str]) -> Raw:
    found: Raw = made
    for name in path:
        found = found.get(name) if isinstance(found, dict) else None
    return found


def _with(told: Items, path: list[str], value: Raw) -> Items:
    """Return `told` with `value` at `path`; what is there is not changed in place."""
    first, *rest = path
    return {**told, first: _with(told.get(first) or {}, rest, value) if rest else value}


def _is_asked(made: Items, request: Items) -> bool:
    """Whether a request is about `made`. A name may be given as an ARN."""
    return all(_last(made[name]) == _last(wanted) for name, wanted in request.items() if name in made)


def _last(name: Raw) -> Raw:
    return name.rpartition(":")[2] if isinstance(name, str) else name


def _page(memory: StubMemory, model: Raw, items: str, found: list[Items], request: Items) -> Items:
    shape = model.output_shape.members[items].member
    token = next((name for name in ("NextToken", "NextMarker") if name in model.output_shape.members), "")
    start = int(request.get("NextToken") or request.get("Marker") or 0)
    page: Items = {items: [_shaped(memory, shape, made) for made in found[start : start + _PAGE]]}
    return page | ({token: str(start + _PAGE)} if token and start + _PAGE < len(found) else {})


def _shaped(memory: StubMemory, shape: Raw, made: Items) -> Items:
    """Return what of `made` has a place in `shape`, and for what `shape` demands beyond that, a settled value."""
    return dict(_members(memory, shape, made))


def _members(memory: StubMemory, shape: Raw, made: Items) -> Iterator[tuple[str, Raw]]:
    for name, member in shape.members.items():
        if name in made:
            yield name, shaped(member, made[name])[0]
        elif member.type_name == "timestamp":
            yield name, memory.born
        elif settled := [word for word in _SETTLED if word in getattr(member, "enum", ())]:
            yield name, settled[0]


def _said(answer: Items) -> tuple[Raw, Items]:
    return _http(200), {**answer, "ResponseMetadata": {"HTTPStatusCode": 200}}


def _not_found(request: Items) -> tuple[Raw, Items]:
    error = {"Code": "ResourceNotFound", "Message": f"Could not find {sorted(request.values())}"}
    return _http(400), {"Error": error, "ResponseMetadata": {"HTTPStatusCode": 400}}


def _http(status: int) -> Raw:
    from botocore.awsrequest import AWSResponse  # noqa: PLC0415, half a second that only an embedded account pays

    return AWSResponse("", status, {}, None)


def _without_metadata(answer: Items) -> Items:
    return {name: value for name, value in answer.items() if name != "ResponseMetadata"}
