"""What ML workloads use: a bucket, key, queue … that SageMaker or Bedrock reads, writes or is started by.

A use is a text of an ML resource that names it, a statement in the policy of a role that SageMaker or Bedrock assumes,
or an event that starts an ML job. That something is called ``training-data`` is a hint, and no use.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Final

import msgspec

from wa_lint import policy
from wa_lint.cel.types import BOOL, STRING, ListType
from wa_lint.facts.fact import (
    Fact,
    Record,
    closed,
    gathered,
    is_template,
    seen,
    unseen,
    value_of,
    why_more,
    why_unlisted,
)
from wa_lint.facts.iam import aws_managed_name, granted_statements
from wa_lint.facts.mentions import (
    NEIGHBOURS,
    Mention,
    MentionIndex,
    Names,
    candidates,
    confirmed,
    index_of,
    named,
    names_it,
    names_of,
    targets,
    with_keys,
)
from wa_lint.graph import Cell, Graph
from wa_lint.model import ABSENT, Partial, Resource, Unknown, Unresolved, Value
from wa_lint.policy.wildcards import parts_of
from wa_lint.scenario import Scenario
from wa_lint.truth import Truth, every, some
from wa_lint.type_names import is_ml

_BUCKET: Final = "AWS::S3::Bucket"
_BUCKET_POLICY: Final = "AWS::S3::BucketPolicy"
_ROLE: Final = "AWS::IAM::Role"
_MACHINE: Final = "AWS::StepFunctions::StateMachine"
_FUNCTION: Final = "AWS::Lambda::Function"
_GLUE_JOB: Final = "AWS::Glue::Job"
_EVENT_RULE: Final = "AWS::Events::Rule"
_REPOSITORY: Final = "AWS::ECR::Repository"
_IMAGE: Final = re.compile(r"(?:Image|ImageUri|ContainerUri)$")
"""Ends the place of an image's name."""
_NO_IMAGE: Final = re.compile(r"(?<!Image)(?<!Container)(?:Ur[il]|URI)$|(?:S3|Path|Bucket|Data|Input|Output)\w*$")
"""Ends the place of what names no image."""
_EVENT_SOURCE: Final = "AWS::Lambda::EventSourceMapping"
_SUBSCRIPTION: Final = "AWS::SNS::Subscription"
_TOPIC: Final = "AWS::SNS::Topic"
_LOG_GROUP: Final = "AWS::Logs::LogGroup"
_KEY: Final = "AWS::KMS::Key"
_INSTANCE: Final = "AWS::RDS::DBInstance"
_CLUSTER: Final = "AWS::RDS::DBCluster"
_POLICIES: Final = (_ROLE, "AWS::IAM::Policy", "AWS::IAM::ManagedPolicy", "AWS::IAM::RolePolicy")

_USERS: Final = (
    *(
        f"AWS::SageMaker::{word}"
        for word in (
            "Algorithm",
            "AutoMLJob",
            "CompilationJob",
            "DataQualityJobDefinition",
            "Domain",
            "EndpointConfig",
            "FeatureGroup",
            "FlowDefinition",
            "HyperParameterTuningJob",
            "InferenceComponent",
            "InferenceExperiment",
            "LabelingJob",
            "MlflowTrackingServer",
            "Model",
            "ModelBiasJobDefinition",
            "ModelExplainabilityJobDefinition",
            "ModelPackage",
            "ModelQualityJobDefinition",
            "MonitoringSchedule",
            "NotebookInstance",
            "OptimizationJob",
            "Pipeline",
            "ProcessingJob",
            "TrainingJob",
            "TransformJob",
            "UserProfile",
        )
    ),
    "AWS::Bedrock::Agent",
    "AWS::Bedrock::CustomModel",
    "AWS::Bedrock::DataSource",
    "AWS::Bedrock::KnowledgeBase",
    "AWS::Bedrock::ModelInvocationLoggingConfiguration",
)
"""The ML types that a source lists and that may name a bucket. A template's others are looked at too."""

_WORKERS: Final[Mapping[str, str]] = {
    _FUNCTION: "Role",
    "AWS::CodeBuild::Project": "ServiceRole",
    "AWS::CodePipeline::Pipeline": "RoleArn",
    _GLUE_JOB: "Role",
}
"""What runs code with a role, at this property: part of an ML workload where the role is."""

_TASKS: Final = "AWS::ECS::TaskDefinition"
_ROLE_AT: Final = {**_WORKERS, _TASKS: "TaskRoleArn"}
"""Where the role is of what may be part of an ML workload, whether or not it names what it works on."""

_LISTED: Final = (*_USERS, *_POLICIES, _MACHINE, _FUNCTION, _EVENT_RULE, _BUCKET_POLICY)
"""What a source lists, so that a use may be missed where the listing is not whole."""

READS: Final = tuple(dict.fromkeys((*_LISTED, *_WORKERS)))

ROLE_READS: Final = (
    *_POLICIES,
    *(
        f"AWS::SageMaker::{word}"
        for word in (
            "AutoMLJob",
            "CompilationJob",
            "Domain",
            "EndpointConfig",
            "FeatureGroup",
            "HyperParameterTuningJob",
            "LabelingJob",
            "Model",
            "MonitoringSchedule",
            "NotebookInstance",
            "Pipeline",
            "ProcessingJob",
            "TrainingJob",
            "UserProfile",
        )
    ),
    "AWS::Bedrock::Agent",
    "AWS::Bedrock::KnowledgeBase",
)
"""What is looked at to know whether a role is one of an ML workload: its policies, and what `_OF_ROLE` leads to."""

_MOST: Final = 20
"""Uses of one resource that a message names."""

_ML_SERVICES: Final = re.compile(
    r"(sagemaker|bedrock|personalize|comprehend|forecast|frauddetector|kendra|lookout|rekognition|textract|transcribe"
    r"|translate|qbusiness|lexv2)[\w-]*\.amazonaws\.com(\.cn)?"
)
"""Service principals of services of machine learning (`data/ml_types.json`)."""

_ML_SERVICE_ROLE: Final = re.compile(r"role/service-role/AmazonSageMaker")
"""In the ARN of a role that SageMaker's console, or its Service Catalog products, create under this name."""

_ML_ACTION: Final = re.compile(r"(?i)(sagemaker|bedrock)[\w-]*:(?!(?:List|Describe|Get(?!Record))\w*\*?$).+")
"""What works with a model, a job or features: who only lists and describes them, as an inventory does, does no ML."""
_ML_MANAGED: Final = re.compile(r"Amazon(SageMaker|Bedrock)")
"""Begins the names of AWS managed policies that allow calls of SageMaker or Bedrock."""

_ML_DEFINITION: Final = re.compile(r"(?i):states:::(?:aws-sdk:)?(sagemaker|bedrock)")

_OF_ROLE: Final = (
    "models",
    "endpoint_configs",
    "notebooks",
    "domains",
    "user_profiles",
    "training_jobs",
    "tuning_jobs",
    "processing_jobs",
    "automl_jobs",
    "labeling_jobs",
    "compilation_jobs",
    "feature_groups",
    "pipelines",
    "monitoring_schedules",
    "agents",
    "knowledge_bases",
)
"""The links from a role to the ML resources that use it."""

_HINT: Final = re.compile(
    r"(?i)(^|[^a-z])(ml|sagemaker|bedrock|train(ing)?|dataset|model|feature)s?([^a-z]|$|data|store)"
)

_SAID_OF: Final = {
    _KEY: "encrypts data of {}",
    _TOPIC: "carries notifications of {}",
    _LOG_GROUP: "holds logs of {}",
    "AWS::ECR::Repository": "holds the image of {}",
    "AWS::EFS::FileSystem": "is mounted by {}",
    "AWS::FSx::FileSystem": "is mounted by {}",
}
"""What a use by a property says of what is no bucket."""

_ML_LOGS: Final = re.compile(r"/aws/(vendedlogs/)?(sagemaker|bedrock)(?![a-z])")
"""Begins the names of log groups to which SageMaker and Bedrock write (their developer guides, read 2026-11)."""

_FUNCTION_LOGS: Final = "/aws/lambda/"

_FEEDING: Final = ("AWS::SQS::Queue", "AWS::Kinesis::Stream", "AWS::DynamoDB::Table")
"""What Lambda polls for a function."""

_PARTS: Final = (
    (r"Opensearch|Rds|NeptuneAnalytics|VectorsConfig", "the vectors of {}"),
    (r"ModelDataUrl|ModelDataSource|ArtifactUrl|ModelArtifact", "the artifacts of {}"),
    (r"DataCaptureConfig", "the captured requests of {}"),
    (r"OfflineStoreConfig", "the offline store of {}"),
    (r"Checkpoint", "the checkpoints of {}"),
    (r"AsyncInferenceConfig|SharingSettings", "the results of {}"),
    (r"DataSourceConfiguration", "the documents of {}"),
    (r"LoggingConfig|S3Config|LoggingDataDelivery", "the log of {}"),
    (r"Baselin|Constraints|Statistics|GroundTruth", "the baseline of {}"),
    (r"Output|ArtifactStoreUri|DestinationS3", "the output of {}"),
    (r"Input|DataSource|TrainingData|ValidationData", "the input of {}"),
)
"""What a path says of the data there, the first that fits."""


class _Use(msgspec.Struct, frozen=True):
    """One use, or why there may be one."""

    place: Cell
    truth: Truth
    words: str


# --- facts ------------------------------------------------------------------------------------------


def ml_uses(home: Cell) -> list[Cell] | Partial:
    """Return the places where an ML workload uses the resource; Partial where there may be more."""
    names, doubt = _names(home)
    uses: dict[tuple[str, str], Cell] = {}
    for use in _uses(home, names):
        if use.truth is True:
            uses.setdefault((use.place.resource.id, use.words), _told(use))
        elif isinstance(use.truth, Unknown):
            doubt = doubt or f"{use.place.resource.id} may use it: {use.truth.reason}"
    first = [cell for _, cell in sorted(uses.items())][:_MOST]  # the same in whatever order a source lists them
    return gathered(first, doubt or _hidden(home, names))


def has_ml_role(home: Cell) -> Truth:
    """Whether something that runs code with a role is part of an ML workload by that role."""
    return _has_ml_role(home)[0]


def ml_words(home: Cell) -> str:
    """Return ``" (it holds the output of training job Churn)"``; a hint where only the name says so; else nothing."""
    uses, _ = seen(home.select("ml_uses").items())
    if uses:
        return f" (it {uses[0].select('words').value})"
    names, _ = _names(home)
    called = " ".join((*(key.partition(":")[2] for key in names.keys), home.resource.id))
    return " (its name suggests ML data)" if _HINT.search(called) else ""


def _told(use: _Use) -> Cell:
    value = {"source": use.place.resource.id, "words": use.words}
    return use.place.with_value(value)


def _names(home: Cell) -> tuple[Names, str | None]:
    """Return the names of the resource, or of the bucket that a bucket policy is for; and why they are not known."""
    if home.resource.type != _BUCKET_POLICY:
        names = names_of(home)
        return names, names.reason
    bucket = home.select("bucket")
    if bucket.value is not ABSENT and not isinstance(bucket.value, Unknown):
        names = names_of(bucket)
        return names, names.reason
    names = named(home.world.graph, home.select("Bucket").value, "s3:", None)
    return names, names.reason


def _uses(home: Cell, names: Names) -> Iterator[_Use]:
    graph, world = home.world.graph, home.world
    for mention in candidates(_texts_of_users(graph), names, graph):
        place, truth = confirmed(mention, names, world)
        yield _Use(place, truth, _words(home, mention))
    for mention in _once(candidates(_texts_of_policies(graph), names, graph)):
        yield from _by_policy(world.cell(mention.resource), names)
    for mention in candidates(_texts_of_events(graph), names, graph):
        place, truth = confirmed(mention, names, world)
        if truth is not False:
            starts, started = _started_by_rule(world.cell(mention.resource))
            yield _Use(place, every((truth, starts)), f"holds objects whose arrival starts {started}")
    for mention in candidates(_texts_of_workers(graph), names, graph):
        yield _by_worker(mention, names, world.cell(mention.resource))
    yield from _by_notification(home, names)
    yield from _by_own_policy(home)
    for by_kind in _BY_TYPE.get(home.resource.type, ()):
        yield from by_kind(home, names)


def _hidden(home: Cell, names: Names) -> str | None:
    """Say why a use may not be seen: a text that is not known, or a type that was not listed."""
    graph, world = home.world.graph, home.world
    for mention in (*_texts_of_users(graph).unknown, *_texts_of_events(graph).unknown):
        if mention.resource.type not in READS or _is_elsewhere(home, mention):
            continue  # nothing of it is known to name a bucket
        if (_NO_IMAGE if home.resource.type == _REPOSITORY else _IMAGE).search(mention.place):
            continue  # an image is in a repository, and nothing else is
        place, truth = confirmed(mention, names, world)
        if isinstance(truth, Unknown):
            return f"{place.resource.id} may use it: {truth.reason}"
    for mention in _once(_texts_of_policies(graph).unknown):
        for use in () if _is_elsewhere(home, mention) else _by_policy(world.cell(mention.resource), names):
            if isinstance(use.truth, Unknown):
                return f"a policy in {mention.resource.id} may name it: {use.truth.reason}"
    return why_more(home.world, home, (*_LISTED, *((_EVENT_SOURCE,) if home.resource.type in _FEEDING else ())))


def _is_elsewhere(home: Cell, mention: Mention) -> bool:
    """Whether a text is of another account: what is not known of one leaves another as it is."""
    return None not in (accounts := {home.resource.account, mention.resource.account}) and len(accounts) > 1


def _once(mentions: Iterable[Mention]) -> Iterator[Mention]:
    yield from {mention.resource.id: mention for mention in mentions}.values()


# --- texts that may name it -------------------------------------------------------------------------


def _texts_of_users(graph: Graph) -> MentionIndex:
    """Return the texts of ML resources, and of state machines that start some."""
    return graph.memory.recall("texts of ML resources", Scenario(), lambda: _index_of_users(graph))


def _index_of_users(graph: Graph) -> MentionIndex:
    users = [resource for resource in graph.snapshot.resources if is_ml(resource.type)]
    return index_of(graph, [*users, *_ml_machines(graph)], lambda place: "Tags" not in place)


def _ml_machines(graph: Graph) -> Sequence[Resource]:
    """Return the state machines that ask SageMaker or Bedrock for something."""

    def find() -> Sequence[Resource]:
        machines = graph.of_type(_MACHINE)
        starting = {r.id.split("/")[0] for r in graph.snapshot.resources if is_ml(r.type) and "/" in r.id}
        return [m for m in machines if m.id in starting or _ML_DEFINITION.search(_written(m.properties))]

    return graph.memory.recall("ML state machines", Scenario(), find)


def _written(value: Value) -> str:
    """Return the texts of a value as its author wrote them, one below the other."""
    if isinstance(value, dict):
        return "\n".join(_written(inner) for inner in value.values())
    if isinstance(value, list | tuple):
        return "\n".join(map(_written, value))
    if isinstance(value, Unresolved):
        return "".join(part if isinstance(part, str) else "\0" for part in value.parts)
    return "" if isinstance(value, Unknown) or value is ABSENT else str(value)


def _texts_of_policies(graph: Graph) -> MentionIndex:
    def index() -> MentionIndex:
        policies = [resource for type_ in _POLICIES for resource in graph.of_type(type_)]
        return index_of(graph, policies, _is_about_resources, _is_about_resources)

    return graph.memory.recall("texts of policies", Scenario(), index)


def _texts_of_workers(graph: Graph) -> MentionIndex:
    def index() -> MentionIndex:
        workers = [resource for type_ in _WORKERS for resource in graph.of_type(type_)]
        return index_of(graph, workers, lambda place: not place.startswith(("Code.", "Tags")))

    return graph.memory.recall("texts of what runs with a role", Scenario(), index)


def _is_about_resources(place: str) -> bool:
    """Whether the place is a resource that a statement is about, or a part of the policy that holds such places."""
    return not place or (place.startswith(("Policies", "PolicyDocument")) and _OF_POLICY.fullmatch(place) is not None)


_OF_POLICY: Final = re.compile(r"(Policies(\[\])?)?\.?(PolicyDocument(\.Statement(\[\])?(\.Resource(\[\])?)?)?)?")


def _texts_of_events(graph: Graph) -> MentionIndex:
    def index() -> MentionIndex:
        return index_of(graph, graph.of_type(_EVENT_RULE), lambda place: place.startswith("EventPattern"))

    return graph.memory.recall("texts of event rules", Scenario(), index)


# --- properties -------------------------------------------------------------------------------------


def _words(home: Cell, mention: Mention) -> str:
    said = _SAID_OF.get(home.resource.type)
    return said.format(_title(mention.resource)) if said else f"holds {_part(mention)}"


def _part(mention: Mention) -> str:
    """Say what of an ML resource is at a place: ``the input of training job Churn``."""
    user = _title(mention.resource)
    return next((words for pattern, words in _PARTS if re.search(pattern, mention.place)), "data of {}").format(user)


def _title(resource: Resource) -> str:
    """Return ``training job Churn`` for ``AWS::SageMaker::TrainingJob``."""
    noun = resource.type.rpartition("::")[2]
    words = _WORD_END.sub(" ", noun).lower()
    for plain, right in _SPELLED.items():
        words = words.replace(plain, right)
    if noun == "ModelInvocationLoggingConfiguration":
        return "Bedrock model invocations"
    return f"{words} {resource.name or _own_id(resource.id)}"


def _own_id(id_: str) -> str:
    """Return an id without the file that tells it from others, as in ``network.yaml#Role``."""
    return id_.rpartition("#")[2]


_WORD_END: Final = re.compile(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_SPELLED: Final = {
    "auto ml": "AutoML",
    "db ": "database ",
    "mlflow": "MLflow",
    "hyper parameter": "hyperparameter",
    "config": "configuration",
}


# --- policies ---------------------------------------------------------------------------------------


def _by_policy(home: Cell, names: Names) -> Iterator[_Use]:
    """Yield a use for each ML role that a statement of the policy at `home` lets reach the resource by its name."""
    exists = home.world.exists(home.resource)
    for statement in home.select("statements").items() if exists is not False else ():
        truth = every((exists, _reaches(statement, names)))
        for role in _holders(home) if truth is not False else ():
            is_ml_role, why = _is_ml_role(role)
            words = f"is named in a policy of role {_called(role)}, which {why}"
            yield _Use(statement, every((truth, is_ml_role)), words)


def _reaches(statement: Cell, names: Names) -> Truth:
    """Whether a statement allows something on the resource, which it names."""
    said = value_of(statement)
    if not isinstance(said, dict):
        return Unknown(unseen(said) or "not a statement")
    graph = statement.world.graph
    answers = [names_it(graph, one, "Resource", names) for one in policy.listed(said.get("Resource", ABSENT))]
    actions = [_is_on_neighbour(action) for action in policy.listed(said.get("Action", ABSENT))]
    return every((some(answers), policy.has_effect(said, "Allow"), some(actions)))


_NEIGHBOUR_SERVICES: Final = frozenset(
    service for neighbour in NEIGHBOURS.values() for service in (neighbour.action, *neighbour.more_actions)
)


def _is_on_neighbour(action: Value) -> Truth:
    if not isinstance(action, str):
        return Unknown(unseen(action) or "not an action")
    return action == "*" or action.partition(":")[0].lower() in _NEIGHBOUR_SERVICES


def has_ml_holder(home: Cell) -> Truth:
    """Whether a role of an ML workload holds the policy at `home`, or is it."""
    return some(_is_ml_role(role)[0] for role in _holders(home))


def _holders(home: Cell) -> Iterator[Cell]:
    """Yield the roles that hold the policy at `home`; a cell of Unknown for one that cannot be seen."""
    if home.resource.type == _ROLE:
        yield home
        return
    links = {"AWS::IAM::RolePolicy": ("role",), "AWS::IAM::ManagedPolicy": ("attached_roles", "roles")}
    for link in links.get(home.resource.type, ("attached_roles",)):
        found = home.select(link)
        yield from found.items() if isinstance(found.value, list | tuple | Partial) else [found]


def _is_ml_role(role: Cell) -> tuple[Truth, str]:
    """Whether a role is one of an ML workload, and what makes it one."""
    if isinstance(role.value, Unknown) or role.value is ABSENT:
        return (role.value if isinstance(role.value, Unknown) else False), "may be one of an ML workload"
    answers: list[Truth] = []
    for statement in role.select("trust_statements").items():
        truth, service = _trusts_ml(statement)
        if truth is True:
            return True, f"{service} can assume"
        answers.append(truth)
    reasons = [why_unlisted(role, ROLE_READS)]
    for link in _OF_ROLE:
        users, hidden = seen(role.select(link).items())
        if users:
            return True, f"{_title(users[0].resource)} uses"
        reasons.append(hidden)
    for arn in seen(role.select("ManagedPolicyArns").items())[0]:
        name = aws_managed_name(arn.value)
        if isinstance(name, str) and (found := _ML_MANAGED.match(name)):
            return True, f"may call {found[1]}"
    granted = granted_statements(role)
    for statement in role.with_value(granted).items():
        truth, service = _grants_ml(statement)
        if truth is True:
            return True, f"may call {service}"
        answers.append(truth)
    return some((*answers, *_doubts(role, reasons))), "may be one of an ML workload"


def _doubts(role: Cell, reasons: Iterable[str | None]) -> Iterator[Unknown]:
    """Yield why ML resources that use a role may not be in the input.

    A role has no region: that others may use it elsewhere is no reason to doubt, that a listing failed is one.
    """
    elsewhere = {role.world.graph.why_incomplete(type_, role.resource) for type_ in ROLE_READS}
    yield from (Unknown(reason) for reason in reasons if reason is not None and reason not in elsewhere)


def _grants_ml(statement: Cell) -> tuple[Truth, str]:
    """Whether a statement allows an action of SageMaker or Bedrock that it names, and of which."""
    said = value_of(statement)
    if not isinstance(said, dict):
        return Unknown(unseen(said) or "not a statement"), ""
    answers: list[Truth] = []
    for action in policy.listed(said.get("Action", ABSENT)):
        found = _ML_ACTION.fullmatch(action) if isinstance(action, str) else None
        if found and policy.has_effect(said, "Allow") is True:
            return True, _service(found[1])
        answers.append(found is not None if isinstance(action, str) else Unknown(unseen(action) or "not an action"))
    return every((policy.has_effect(said, "Allow"), some(answers))), ""


def _service(word: str) -> str:
    """Return ``SageMaker`` for what begins a service principal or an action."""
    return {"sagemaker": "SageMaker", "qbusiness": "Amazon Q Business"}.get(word.lower(), word.capitalize())


def _trusts_ml(statement: Cell) -> tuple[Truth, str]:
    """Whether a statement of a trust policy lets in SageMaker or Bedrock, and which."""
    said = value_of(statement)
    if not isinstance(said, dict):
        return Unknown(unseen(said) or "not a statement"), ""
    answers: list[Truth] = []
    for service in policy.service_principals(said):
        found = _ML_SERVICES.fullmatch(service) if isinstance(service, str) else None
        if found and policy.has_effect(said, "Allow") is True:
            return True, _service(found[1])
        answers.append(found is not None if isinstance(service, str) else Unknown(unseen(service) or "not a service"))
    return every((policy.has_effect(said, "Allow"), some(answers))), ""


def _by_worker(mention: Mention, names: Names, worker: Cell) -> _Use:
    """Return the use by something that runs code with a role of an ML workload, and names the resource."""
    place, truth = confirmed(mention, names, worker.world)
    if truth is False:
        return _Use(place, False, "")
    has_ml_role, why = _has_ml_role(worker)
    return _Use(place, every((truth, has_ml_role)), f"is named in {_title(worker.resource)}, whose role {why}")


def _has_ml_role(worker: Cell) -> tuple[Truth, str]:
    """Whether the role of something that runs code is one of an ML workload. What is said nowhere makes it none."""
    arn = worker.select(_ROLE_AT[worker.resource.type])
    if isinstance(arn.value, Unknown):
        return arn.value, "may be one of an ML workload"
    written = "".join(part for part in parts_of(arn.value) if isinstance(part, str))
    if _ML_SERVICE_ROLE.search(written):
        return True, "SageMaker creates"
    role = worker.select("task_role" if worker.resource.type == _TASKS else "execution_role")
    if isinstance(role.value, Unknown):
        return (False if worker.world.is_closed else role.value), "may be one of an ML workload"
    return _is_ml_role(role)


def serves_ml(worker: Cell) -> Truth:
    """Whether what runs code is part of an ML workload: its role is, or the code in the template calls SageMaker.

    A role that a parameter names makes it none.
    """
    arn = worker.select(_ROLE_AT[worker.resource.type]).value
    return some((arn if isinstance(arn, Unknown) else _has_ml_role(closed(worker))[0], _calls_ml(worker)))


def _calls_ml(function: Cell) -> Truth:
    """Whether the code in a template calls SageMaker or Bedrock; of an account it is not read."""
    code = function.select("Code").select("ZipFile").value
    if isinstance(code, Unknown):
        return code if is_template(function) else False
    return _ML_CALLS.search("\n".join(part for part in parts_of(code) if isinstance(part, str))) is not None


_ML_CALLS: Final = re.compile(
    r"(?:client|resource)\(\s*['\"](?:sagemaker|bedrock)[\w-]*['\"]|@aws-sdk/client-(?:sagemaker|bedrock)|\bAWS\.(?:SageMaker|Bedrock)"
)
"""In Python and JavaScript: what makes a client of SageMaker or Bedrock."""


def _by_own_policy(home: Cell) -> Iterator[_Use]:
    """Yield a use for each ML service that the own policy of a bucket or of a repository lets in."""
    policies = [home] if home.resource.type in {_BUCKET_POLICY, _REPOSITORY} else []
    if home.resource.type == _BUCKET:
        policies = seen(home.select("bucket_policies").items())[0]
    for statement in (one for policy_ in policies for one in policy_.select("statements").items()):
        truth, service = _trusts_ml(statement)
        yield _Use(statement, truth, f"lets in {service or 'a service'}")


def _called(cell: Cell) -> str:
    return cell.resource.name or _own_id(cell.resource.id)


# --- events -----------------------------------------------------------------------------------------


def _by_notification(home: Cell, names: Names) -> Iterator[_Use]:
    """Yield the functions with ML permissions that the bucket itself notifies."""
    bucket = home if home.resource.type == _BUCKET else home.select("bucket")
    if bucket.resource.type != _BUCKET or names.id is None or unseen(bucket.value):
        return
    sent = bucket.select("NotificationConfiguration")
    if isinstance(sent.value, Unknown) and not is_template(home):
        return  # no call that wa-lint makes returns it; the roles of what it starts, and event rules, are read
    for item in sent.select("LambdaConfigurations").items():
        truth, started = _started(item.select("Function"))
        yield _Use(item, truth, f"holds objects whose arrival starts {started}")


def _started_by_rule(rule: Cell) -> tuple[Truth, str]:
    answers = [_started(target.select("Arn")) for target in rule.select("Targets").items()]
    words = next((started for truth, started in answers if truth is True), "")
    return some(truth for truth, _ in answers), words


def _started(arn: Cell) -> tuple[Truth, str]:
    """Whether the target of an event is an ML job, or starts one, and which."""
    if isinstance(arn.value, Unknown):
        return arn.value, ""
    if isinstance(arn.value, str) and re.match(r"arn:[^:]+:sagemaker:", arn.value):
        return True, f"SageMaker {arn.value.rpartition(':')[2].replace('/', ' ')}"
    graph = arn.world.graph
    named_ = [graph.named(id_) for id_ in ([arn.value] if isinstance(arn.value, str) else targets(arn.value))]
    there = [one for one in named_ if one is not None and arn.world.exists(one) is not False]
    machines = {machine.id for machine in _ml_machines(graph)}
    answers: list[Truth] = []
    for resource in there:
        if is_ml(resource.type) or resource.id in machines:
            return True, _title(resource)
        if resource.type == _FUNCTION:
            truth, why = _has_ml_role(arn.world.cell(resource))
            answers.append(truth)
            if truth is True:
                return True, f"{_title(resource)}, whose role {why}"
    return some(answers), ""


# --- by what the type is for ------------------------------------------------------------------------


def _by_event_source(home: Cell, names: Names) -> Iterator[_Use]:
    """Yield the functions with ML permissions that Lambda feeds from the queue, stream or table."""
    for mention in _at(home.world.graph, _EVENT_SOURCE, "EventSourceArn", names):
        place, truth = confirmed(mention, names, home.world)
        function = home.world.cell(mention.resource).select("function") if truth is not False else None
        if function is not None and function.value is not ABSENT:
            is_ml_function, why = _by_function(function)
            yield _Use(place, every((truth, is_ml_function)), f"feeds {_title(function.resource)}, whose role {why}")


def _by_subscription(home: Cell, names: Names) -> Iterator[_Use]:
    """Yield the functions with ML permissions that a topic starts."""
    for item in home.select("Subscription").items():
        truth, started = _started(item.select("Endpoint"))
        yield _Use(item, truth, f"starts {started}")
    for mention in _at(home.world.graph, _SUBSCRIPTION, "TopicArn", names):
        place, truth = confirmed(mention, names, home.world)
        if truth is not False:
            starts, started = _started(home.world.cell(mention.resource).select("Endpoint"))
            yield _Use(place, every((truth, starts)), f"starts {started}")


def _by_function(function: Cell) -> tuple[Truth, str]:
    return (function.value, "") if isinstance(function.value, Unknown) else _has_ml_role(function)


def _by_log_name(home: Cell, _: Names) -> Iterator[_Use]:
    """Yield the service, or the function with ML permissions, that writes to a log group of this name."""
    name = home.select("LogGroupName")
    parts = parts_of(name.value)
    head = parts[0] if parts and isinstance(parts[0], str) else ""
    if found := _ML_LOGS.match(head):
        yield _Use(name, True, f"holds logs of {_service(found[2])}")
    if not head.startswith(_FUNCTION_LOGS):
        return
    known = set(targets(name.value))
    for function in home.world.of_type(_FUNCTION):
        is_called = function.resource.name is not None and head == _FUNCTION_LOGS + function.resource.name
        if function.resource.id in known or (is_called and len(parts) == 1):
            truth, why = _has_ml_role(function)
            yield _Use(name, truth, f"holds logs of {_title(function.resource)}, whose role {why}")


def _by_alias(home: Cell, _: Names) -> Iterator[_Use]:
    """Yield what an ML resource encrypts with a key that it names by an alias."""
    graph = home.world.graph
    aliases, hidden = seen(home.select("aliases").items())
    if hidden:
        yield _Use(home, Unknown(hidden), "")
    for alias in aliases:
        called = named(graph, alias.select("AliasName").value, "kms:", alias.resource.id)
        if called.reason:
            yield _Use(alias, Unknown(called.reason), "")
        bare = {key.replace("kms:", "kms:key/", 1) for key in called.keys}
        names = with_keys(called, called.keys | bare, graph)
        for mention in candidates(_texts_of_users(graph), names, graph):
            place, truth = confirmed(mention, names, home.world)
            yield _Use(place, truth, _words(home, mention))


def _by_store(home: Cell, names: Names) -> Iterator[_Use]:
    """Yield the buckets, tables … of ML workloads that a key encrypts."""
    index = _texts_of_stores(home.world.graph)
    for mention in (*candidates(index, names, home.world.graph), *index.unknown):
        place, truth = confirmed(mention, names, home.world)
        if truth is False:
            continue
        uses, hidden = seen(home.world.cell(mention.resource).select("ml_uses").items())
        used: Truth = True if uses else False if hidden is None else Unknown(hidden)
        yield _Use(place, every((truth, used)), f"encrypts {_title(mention.resource)}, which ML uses")


def _by_cluster(home: Cell, _: Names) -> Iterator[_Use]:
    """Yield the uses of the cluster that a database instance is part of."""
    named_ = home.select("DBClusterIdentifier")
    if isinstance(named_.value, Unknown):
        yield _Use(named_, named_.value, "")
    ids = set(targets(named_.value))
    for cluster in home.world.of_type(_CLUSTER):
        if cluster.resource.id in ids or (cluster.resource.name or "\0") == named_.value:
            for use in seen(cluster.select("ml_uses").items())[0]:
                yield _Use(named_, True, f"is part of cluster {_called(cluster)}, which {use.select('words').value}")


def _at(graph: Graph, type_: str, path: str, names: Names) -> Iterator[Mention]:
    """Yield the texts at one path of a type that name the resource, or of which nothing is known."""

    def index() -> MentionIndex:
        return index_of(graph, graph.of_type(type_), lambda place: place in {"", path})

    found = graph.memory.recall(f"texts of {type_} at {path}", Scenario(), index)
    yield from candidates(found, names, graph)
    yield from found.unknown


def _texts_of_stores(graph: Graph) -> MentionIndex:
    def index() -> MentionIndex:
        stores = [resource for type_ in NEIGHBOURS if type_ != _KEY for resource in graph.of_type(type_)]
        return index_of(graph, stores, _is_of_key, _is_of_key)

    return graph.memory.recall("keys of stores", Scenario(), index)


def _is_of_key(place: str) -> bool:
    """Whether a store names its key at the place, or something that holds such a place is there."""
    return not place or _OF_KEY.search(place) is not None


_OF_KEY: Final = re.compile(r"(?i)kms|encryption|sse")

_BY_TYPE: Final[Mapping[str, Sequence[Callable[[Cell, Names], Iterator[_Use]]]]] = {
    **dict.fromkeys(_FEEDING, (_by_event_source,)),
    _TOPIC: (_by_subscription,),
    _LOG_GROUP: (_by_log_name,),
    _KEY: (_by_alias, _by_store),
    _INSTANCE: (_by_cluster,),
}
"""Uses that only resources of some types can have."""


# --- the table --------------------------------------------------------------------------------------

ML_USE: Final = Record("ml_use", {"source": STRING, "words": STRING})

_DOC: Final = "Where ML workloads use it: `source`, the id of the user, and `words`, how."

_WORDS_DOC: Final = "One of `ml_uses` for a message, or an empty text."

_ALSO_READ: Final[Mapping[str, Sequence[str]]] = {
    **dict.fromkeys(_FEEDING, (_EVENT_SOURCE, "AWS::Lambda::Alias", "AWS::Lambda::Version")),
    _BUCKET_POLICY: (_BUCKET,),
    _TOPIC: (_SUBSCRIPTION,),
    _KEY: ("AWS::KMS::Alias", *(type_ for type_ in NEIGHBOURS if type_ != _KEY)),
    _INSTANCE: (_CLUSTER,),
}
"""What is looked at for resources of one type only."""


def _facts(type_: str, doc: str = _DOC) -> Iterator[Fact]:
    reads = (*_ALSO_READ.get(type_, ()), *READS)
    yield Fact(type_, "", "ml_uses", reads, ListType(ML_USE), doc, ml_uses)
    yield Fact(type_, "", "ml_words", reads, STRING, _WORDS_DOC, ml_words)


FACTS: Final[tuple[Fact, ...]] = (
    *(
        Fact(type_, "", "serves_ml", ROLE_READS, BOOL, "Whether its role is one of an ML workload.", serves_ml)
        for type_ in _ROLE_AT
    ),
    *(fact for type_ in NEIGHBOURS for fact in _facts(type_)),
    *_facts(_BUCKET_POLICY, f"Of its bucket. {_DOC}"),
    Fact(_GLUE_JOB, "", "has_ml_role", ROLE_READS, BOOL, "Whether it runs with a role of an ML workload.", has_ml_role),
)
