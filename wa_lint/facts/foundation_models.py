"""What agents, flows and models of Bedrock rest on, and what no single property says of them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from typing import Final

from wa_lint import policy
from wa_lint.cel.types import BOOL, INT, STRING, ListType
from wa_lint.facts import iam
from wa_lint.facts.exposure.resource_policies import statement_of
from wa_lint.facts.fact import Fact, closed, seen, unseen, value_of, why_more
from wa_lint.graph import Cell
from wa_lint.model import ABSENT, Hole, Resource, Unknown, Value
from wa_lint.policy.wildcards import parts_of
from wa_lint.truth import Truth, equals, some

_AGENT: Final = "AWS::Bedrock::Agent"
_GUARDRAIL: Final = "AWS::Bedrock::Guardrail"
_GUARDRAIL_VERSION: Final = "AWS::Bedrock::GuardrailVersion"
_LOGGING: Final = "AWS::Bedrock::ModelInvocationLoggingConfiguration"
_MODEL: Final = "AWS::Bedrock::CustomModel"
_CUSTOMIZATION: Final = "AWS::Bedrock::ModelCustomizationJob"
_IMPORT: Final = "AWS::Bedrock::ModelImportJob"
_JOBS: Final = (_CUSTOMIZATION, _IMPORT, "AWS::Bedrock::ModelInvocationJob")
_MAKERS: Final = (_MODEL, _CUSTOMIZATION, _IMPORT)
"""A model, and what makes one."""

_ROLE_OF: Final = {
    _AGENT: "AgentResourceRoleArn",
    "AWS::Bedrock::Flow": "ExecutionRoleArn",
    "AWS::BedrockAgentCore::Runtime": "RoleArn",
}
"""What acts on instructions that it reads, with the role at this property."""

_TRAIL: Final = "AWS::CloudTrail::Trail"
_CREDENTIAL: Final = "AWS::IAM::ServiceSpecificCredential"

_FOREVER: Final = 1_000_000
"""Days: longer than the 36,600 that CreateServiceSpecificCredential takes."""

_CALLERS: Final = (
    _AGENT,
    "AWS::Bedrock::Flow",
    "AWS::Bedrock::KnowledgeBase",
    _GUARDRAIL,
    "AWS::Bedrock::Prompt",
    _MODEL,
    *_JOBS,
    "AWS::Bedrock::ProvisionedModelThroughput",
    "AWS::BedrockAgentCore::Runtime",
)
"""What is of use only where models are called."""


def uses_draft(agent: Cell) -> Cell:
    """Whether the guardrail of an agent is named by no version, or by ``DRAFT``.

    `Version` of a guardrail is always ``DRAFT``, of a guardrail version a number (CloudFormation's schemas).
    """
    at = agent.select("GuardrailConfiguration").select("GuardrailVersion")
    return at.with_value(True if at.value is ABSENT else _is_draft(at))


def _is_draft(at: Cell) -> Truth:
    match parts_of(at.value):
        case (Hole(name=name, attribute="Version"),):
            made = at.world.graph.named(name.partition(".")[0])
            if made is not None and made.type in {_GUARDRAIL, _GUARDRAIL_VERSION}:
                return made.type == _GUARDRAIL
    return equals(at.value, "DRAFT")


def is_in_use(logging: Cell) -> Truth:
    """Whether anything in the region of a logging configuration is there to call models."""
    home = logging.resource
    return some(
        (
            *(_is_beside(caller, home) for type_ in _CALLERS for caller in logging.world.of_type(type_)),
            _unlisted(logging),
        )
    )


def _is_beside(caller: Cell, home: Resource) -> Truth:
    return (caller.resource.account, caller.resource.region) == (home.account, home.region)


def _unlisted(logging: Cell) -> Truth:
    reason = why_more(logging.world, logging, _CALLERS)
    return Unknown(reason) if reason else False


def is_told_by_job(model: Cell) -> Truth:
    """Whether the job that customised a model is read itself: what GetCustomModel leaves out is there."""
    name = model.select("JobName").value
    jobs = model.world.of_type(_CUSTOMIZATION) if model.resource.type == _MODEL else []
    return some(equals(job.select("JobName").value, name) for job in jobs)


def is_told_by_model(job: Cell) -> Truth:
    """Whether the model that a customization job made is read itself: it has the key."""
    name = job.select("JobName").value
    models = job.world.of_type(_MODEL) if job.resource.type == _CUSTOMIZATION else []
    return some(equals(model.select("JobName").value, name) for model in models)


def model_key(home: Cell) -> Cell:
    """Return the KMS key that a model, or a job that makes one, names."""
    return home.select("ImportedModelKmsKeyId" if home.resource.type == _IMPORT else "CustomModelKmsKeyId")


def life_in_days(credential: Cell) -> Cell:
    """Return how long a credential lives in all, in days: 0 of one that is switched off, `_FOREVER` without an expiry.

    Source: IAM API reference, ServiceSpecificCredentialMetadata.
    """
    observed = credential.resource.observed or {}
    at = credential.select("ExpirationDate")
    if observed.get("Status") in {"Inactive", "Expired"}:
        return at.with_value(0)
    if "ExpirationDate" not in observed:
        return at.with_value(_FOREVER)
    made, ends = (observed.get(name) for name in ("CreateDate", "ExpirationDate"))
    try:
        life = dt.datetime.fromisoformat(str(ends)) - dt.datetime.fromisoformat(str(made))
    except (TypeError, ValueError):
        return at.with_value(Unknown("the days of its life are not known"))
    return at.with_value(life.days)


def life_in_words(credential: Cell) -> str:
    days = life_in_days(credential).value
    return "never expires" if days == _FOREVER else f"lives for {days} days"


def has_role(agent: Cell) -> Truth:
    """Whether the role of an agent, a flow or a runtime is in the input."""
    arn = agent.select(_ROLE_OF[agent.resource.type])
    if isinstance(arn.value, Unknown):
        return arn.value
    return isinstance(agent.select("execution_role").value, dict)


def runs_as_administrator(agent: Cell) -> Cell:
    """Whether the role may do anything, or grant itself anything with one call; at the property that names it."""
    at = agent.select(_ROLE_OF[agent.resource.type])
    faults = agent.select("execution_role").select("administrator")
    found, hidden = seen(faults.items())
    if any(isinstance(fault.value, dict | str) for fault in found):
        return at.with_value(True)
    return at.with_value(Unknown(hidden) if hidden else False)


def shares_role(agent: Cell) -> Cell:
    """Whether another agent of the input runs with the same role; at the property that names it."""
    at = agent.select("AgentResourceRoleArn")
    role = agent.select("execution_role")
    if not isinstance(role.value, dict):
        return at.with_value(at.value if isinstance(at.value, Unknown) else False)
    agents, hidden = seen(closed(role).select("agents").items())
    if len({cell.resource.id for cell in agents}) > 1:
        return at.with_value(True)
    return at.with_value(Unknown(hidden) if hidden else False)


_EVENTS: Final[Mapping[str, str]] = {
    _AGENT: "AWS::Bedrock::AgentAlias",
    "AWS::Bedrock::Flow": "AWS::Bedrock::FlowAlias",
    _GUARDRAIL: "AWS::Bedrock::Guardrail",
    "AWS::Bedrock::KnowledgeBase": "AWS::Bedrock::KnowledgeBase",
}
"""What is called at run time -> the type of its data events (CloudTrail user guide, "Logging data events")."""


def unrecorded_events(trail: Cell) -> list[str] | Unknown:
    """Return the types of data events that no trail records, of what is in the account and region of this one."""
    wanted = {
        event
        for type_, event in _EVENTS.items()
        if any(_is_beside(cell, trail.resource) for cell in trail.world.of_type(type_))
    }
    recorded: set[str] = set()
    for other in trail.world.of_type(_TRAIL):
        selectors = value_of(other.select("AdvancedEventSelectors"))
        if unseen(selectors):
            return Unknown(unseen(selectors) or "")
        for value in _event_types(selectors):
            if not isinstance(value, str):
                return Unknown(unseen(value) or "a type of data events is not known")
            recorded.add(value)
    return sorted(wanted - recorded)


def _event_types(selectors: Value) -> Iterator[Value]:
    """Yield the types that advanced event selectors name."""
    for selector in selectors if isinstance(selectors, list) else ():
        fields = selector.get("FieldSelectors") if isinstance(selector, dict) else selector
        for field in fields if isinstance(fields, list) else (fields,):
            if not isinstance(field, dict) or not isinstance(field.get("Field"), str):
                yield field.get("Field") if isinstance(field, dict) else field
            elif field.get("Field") == "resources.type":
                named = field.get("Equals")
                yield from named if isinstance(named, list) else (named,)


def has_ai_events(trail: Cell) -> Truth:
    """Whether anything of Bedrock is there whose calls are data events."""
    return some(_is_beside(cell, trail.resource) for type_ in _EVENTS for cell in trail.world.of_type(type_))


def guards_function(permission: Cell) -> Truth:
    """Whether a permission of a service is tied to an account or a resource."""
    return policy.guards_deputy(statement_of(permission))


FACTS: Final[tuple[Fact, ...]] = (
    Fact(
        _AGENT,
        "",
        "uses_draft_guardrail",
        (_GUARDRAIL, _GUARDRAIL_VERSION),
        BOOL,
        "Whether no numbered version of its guardrail is named.",
        uses_draft,
    ),
    Fact(_LOGGING, "", "is_in_use", _CALLERS, BOOL, "Whether its region has anything that calls models.", is_in_use),
    *(
        Fact(type_, "", "is_told_by_job", (_CUSTOMIZATION,), BOOL, "Whether its job is read itself.", is_told_by_job)
        for type_ in (_MODEL, *_JOBS)
    ),
    *(
        Fact(type_, "", "is_told_by_model", (_MODEL,), BOOL, "Whether its model is read itself.", is_told_by_model)
        for type_ in _MAKERS
    ),
    *(
        Fact(type_, "", "model_key", (), STRING, "The KMS key of the model.", model_key, is_optional=True)
        for type_ in _MAKERS
    ),
    *(
        Fact(type_, "", "has_role", iam.IDENTITIES[:1], BOOL, "Whether its role is in the input.", has_role)
        for type_ in _ROLE_OF
    ),
    *(
        Fact(
            type_,
            "",
            "runs_as_administrator",
            (*iam.IDENTITIES, *iam.ATTACHED),
            BOOL,
            "Whether its role may do anything, or grant itself anything.",
            runs_as_administrator,
        )
        for type_ in _ROLE_OF
    ),
    Fact(_AGENT, "", "shares_role", iam.IDENTITIES[:1], BOOL, "Whether another agent runs with its role.", shares_role),
    Fact(
        _TRAIL,
        "",
        "has_ai_events",
        tuple(_EVENTS),
        BOOL,
        "Whether there are calls of Bedrock to record.",
        has_ai_events,
    ),
    Fact(
        _TRAIL,
        "",
        "unrecorded_events",
        tuple(_EVENTS),
        ListType(STRING),
        "The types of data events of Bedrock that no trail records.",
        unrecorded_events,
    ),
    Fact(_CREDENTIAL, "", "life_in_days", (), INT, "From its creation to its expiry; 0 once it is off.", life_in_days),
    Fact(_CREDENTIAL, "", "life_in_words", (), STRING, "The same for a message.", life_in_words),
    Fact(
        "AWS::Lambda::Permission",
        "",
        "guards_deputy",
        (),
        BOOL,
        "Whether an account or a resource limits for whom its service may call the function.",
        guards_function,
    ),
)
