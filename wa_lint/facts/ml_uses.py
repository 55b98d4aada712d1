"""What ML workloads use: a bucket, key, queue … that SageMaker or Bedrock reads, writes or is started by.

A use is a text of an ML resource that names it, a statement in the policy of a role that SageMaker or Bedrock assumes,
or an event that starts an ML job. That something is called ``training-data`` is a hint, and no use.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

import msgspec

from wa_lint import policy
from wa_lint.cel.types import BOOL, STRING, ListType
from wa_lint.facts.fact import Fact, Record, closed, gathered, seen, unseen, value_of, why_more
from wa_lint.facts.iam import aws_managed_name
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
)
from wa_lint.graph import Cell, Graph
from wa_lint.model import ABSENT, Partial, Resource, SourceKind, Unknown, Unresolved, Value
from wa_lint.policy.wildcards import parts_of
from wa_lint.scenario import Scenario
from wa_lint.truth import Truth, every, some
from wa_lint.type_names import is_ml

_BUCKET: Final = "AWS::S3::Bucket"
_BUCKET_POLICY: Final = "AWS::S3::BucketPolicy"
_ROLE: Final = "AWS::IAM::Role"
_MACHINE: Final = "AWS::StepFunctions::StateMachine"
_FUNCTION: Final = "AWS::Lambda::Function"
_EVENT_RULE: Final = "AWS::Events::Rule"
_REPOSITORY: Final = "AWS::ECR::Repository"
_IMAGE: Final = re.compile(r"(?:Image|ImageUri|ContainerUri)$")
"""Ends the place of an image's name."""
_NO_IMAGE: Final = re.compile(r"(?<!Image)(?<!Container)(?:Ur[il]|URI)$|(?:S3|Path|Bucket|Data|Input|Output)\w*$")
"""Ends the place of what names no image."""
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
    "AWS::Glue::Job": "Role",
}
"""What runs code with a role, at this property: part of an ML workload where the role is."""

_TASKS: Final = "AWS::ECS::TaskDefinition"
_ROLE_AT: Final = {**_WORKERS, _TASKS: "TaskRoleArn"}
"""Where the role is of what may be part of an ML workload, whether or not it names what it works on."""

_LISTED: Final = (*_USERS, *_POLICIES, _MACHINE, _FUNCTION, _EVENT_RULE, _BUCKET_POLICY)
"""What a source lists, so that a use may be missed where the listing is not whole."""

READS: Final = tuple(dict.fromkeys((*_LISTED, *_WORKERS)))

_MOST: Final = 20
"""Uses that are told of one resource."""

_ML_SERVICES: Final = re.compile(
    r"(sagemaker|bedrock|personalize|comprehend|forecast|frauddetector|kendra|lookout|rekognition|textract|transcribe"
    r"|translate|qbusiness|lexv2)[\w-]*\.amazonaws\.com(\.cn)?"
)
"""Service principals of services of machine learning (`data/ml_types.json`)."""

_ML_SERVICE_ROLE: Final = re.compile(r"role/service-role/AmazonSageMaker")
"""In the ARN of a role that SageMaker's console, or its Service Catalog products, create under this name."""

_ML_ACTION: Final = re.compile(r"(?i)(sagemaker|bedrock)[\w-]*:.+")
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

_PARTS: Final = (
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
        yield _Use(place, truth, f"holds {_part(mention)}")
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
    return why_more(home.world, home, _LISTED)


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
    return f"{words} {resource.name or resource.id}"


_WORD_END: Final = re.compile(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_SPELLED: Final = {
    "auto ml": "AutoML",
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


_NEIGHBOUR_SERVICES: Final = frozenset(neighbour.action for neighbour in NEIGHBOURS.values())


def _is_on_neighbour(action: Value) -> Truth:
    if not isinstance(action, str):
        return Unknown(unseen(action) or "not an action")
    return action == "*" or action.partition(":")[0].lower() in _NEIGHBOUR_SERVICES


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
    for link in _OF_ROLE:
        users, _ = seen(role.select(link).items())
        if users:
            return True, f"{_title(users[0].resource)} uses"
    for arn in seen(role.select("ManagedPolicyArns").items())[0]:
        name = aws_managed_name(arn.value)
        if isinstance(name, str) and (found := _ML_MANAGED.match(name)):
            return True, f"may call {found[1]}"
    for statement in role.select("granted_statements").items():
        truth, service = _grants_ml(statement)
        if truth is True:
            return True, f"may call {service}"
        answers.append(truth)
    return some(answers), "may be one of an ML workload"


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
        return code if function.world.graph.snapshot.kind is SourceKind.TEMPLATE else False
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
    return cell.resource.name or cell.resource.id


# --- events -----------------------------------------------------------------------------------------


def _by_notification(home: Cell, names: Names) -> Iterator[_Use]:
    """Yield the functions with ML permissions that the bucket itself notifies."""
    bucket = home if home.resource.type == _BUCKET else home.select("bucket")
    if bucket.resource.type != _BUCKET or names.id is None or unseen(bucket.value):
        return
    sent = bucket.select("NotificationConfiguration")
    if isinstance(sent.value, Unknown) and home.world.graph.snapshot.kind is not SourceKind.TEMPLATE:
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


# --- the table --------------------------------------------------------------------------------------

ML_USE: Final = Record("ml_use", {"source": STRING, "words": STRING})

_DOC: Final = "Where ML workloads use it: `source`, the id of what does, and `words`, that say how."

FACTS: Final[tuple[Fact, ...]] = (
    *(
        Fact(type_, "", "serves_ml", READS, BOOL, "Whether its role is one of an ML workload.", serves_ml)
        for type_ in _ROLE_AT
    ),
    *(Fact(type_, "", "ml_uses", READS, ListType(ML_USE), _DOC, ml_uses) for type_ in NEIGHBOURS),
    Fact(_BUCKET_POLICY, "", "ml_uses", (_BUCKET, *READS), ListType(ML_USE), f"Of its bucket. {_DOC}", ml_uses),
    Fact(_BUCKET, "", "ml_words", READS, STRING, "One of `ml_uses` for a message, or an empty text.", ml_words),
    Fact(
        _BUCKET_POLICY,
        "",
        "ml_words",
        (_BUCKET, *READS),
        STRING,
        "One of `ml_uses` for a message, or an empty text.",
        ml_words,
    ),
)
