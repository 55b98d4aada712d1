"""The ways from an entry to what may call a model: integration, function, queue, state machine, targets. Judges none.

A way ends at a call that names its service, at a role, or where it leads out of the input: then it says why.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final, TypeAlias

import msgspec

from wa_lint import policy
from wa_lint.facts.exposure import entries
from wa_lint.facts.exposure.causes import cause
from wa_lint.facts.exposure.resource_policies import named_in
from wa_lint.facts.exposure.sinks import arn_of, of_its_account, refers_to
from wa_lint.facts.fact import head_of, unseen, value_of
from wa_lint.facts.iam import Permissions
from wa_lint.graph import Cell
from wa_lint.model import ABSENT, Hole, Value
from wa_lint.policy.wildcards import parts_of
from wa_lint.truth import Truth, every, negate, some

FUNCTION: Final = "AWS::Lambda::Function"
STATE_MACHINE: Final = "AWS::StepFunctions::StateMachine"
QUEUE: Final = "AWS::SQS::Queue"
LISTENER: Final = entries.LISTENER
_MOST_HOPS: Final = 12
_Through: TypeAlias = Callable[[Sequence[Cell], Cell], "Iterator[Way]"]


class Way(msgspec.Struct, frozen=True):
    """What is behind an entry."""

    hops: tuple[Cell, ...]
    """The places on the way, the entry first."""
    role: Cell | None = None
    holder: Cell | None = None
    """What runs with the role; None where the caller gets its credentials."""
    call: Value = ABSENT
    """The URI of an integration, or the resource of a task, that calls a service itself."""
    lost: str | None = None
    """Why it cannot be followed further."""
    by_guests: bool = False
    """Whether the session of the role is cut to what guests of an identity pool may do."""


def ways(entry: Cell) -> Iterator[Way]:
    """Yield each way that begins at an entry."""
    yield from _FIRST[entry.resource.type](entry)


# --- from the entry ---------------------------------------------------------------------------------


def _from_method(method: Cell) -> Iterator[Way]:
    integration = method.select("Integration")
    yield from _by_integration((method,), method, integration, "Uri", "Type")


def _from_route(route: Cell) -> Iterator[Way]:
    integration = route.select("integration")
    if hidden := unseen(head_of(integration)):
        yield Way((route,), lost=cause(route.select("Target"), "the integration", hidden))
        return
    yield from _by_integration((route, integration), integration, integration, "IntegrationUri", "IntegrationType")


def _from_quick_api(api: Cell) -> Iterator[Way]:
    """An HTTP API with a Target has a $default route to it (API Gateway developer guide, "quick create")."""
    if api.select("Target").value is not ABSENT and _may_be_function(api.select("Target").value):
        yield from _to_function((api,), api, api.select("Target"))


def _from_url(url: Cell) -> Iterator[Way]:
    yield from _to_function((url,), url, url.select("TargetFunctionArn"))


def _from_permission(permission: Cell) -> Iterator[Way]:
    yield from _to_function((permission,), permission, permission.select("FunctionName"))


def _from_listener(listener: Cell) -> Iterator[Way]:
    yield from _to_targets((listener,), listener)


def _from_graphql(api: Cell) -> Iterator[Way]:
    for source in api.select("data_sources").items():
        if hidden := unseen(source.value):
            yield Way((api,), lost=hidden)
            continue
        hops, kind = (api, source), source.select("Type").value
        if hidden := unseen(kind):
            yield Way(hops, lost=f"the type of the data source is not known: {hidden}")
        elif kind == "AWS_LAMBDA":
            yield from _to_function(hops, source, source.select("LambdaConfig").select("LambdaFunctionArn"))
        elif kind == "AMAZON_BEDROCK_RUNTIME":
            yield _calling(hops, ":bedrock-runtime:", source.select("service_role"))
        elif kind == "HTTP":
            endpoint = source.select("HttpConfig").select("Endpoint").value
            yield _calling(hops, endpoint, source.select("service_role"))


def _from_pool(pool: Cell) -> Iterator[Way]:
    for attachment in pool.select("role_attachments").items():
        if hidden := unseen(attachment.value):
            yield Way((pool,), lost=hidden)
            continue
        role = attachment.select("guest_role")
        if head_of(role) is ABSENT:
            continue
        text = attachment.select("Roles").select("unauthenticated")
        if hidden := unseen(head_of(role)):
            yield Way((pool, attachment), lost=cause(text, "the role of guests", hidden))
            continue
        classic = pool.select("AllowClassicFlow").value
        yield Way((pool, attachment, role), role=role, by_guests=classic in (ABSENT, False, "false"))


def _from_distribution(distribution: Cell) -> Iterator[Way]:
    for url in entries.signed_urls(distribution):
        yield from _to_function((distribution, url), url, url.select("TargetFunctionArn"))


_FIRST: Final[Mapping[str, Callable[[Cell], Iterator[Way]]]] = {
    entries.METHOD: _from_method,
    entries.ROUTE: _from_route,
    entries.HTTP_API: _from_quick_api,
    entries.URL: _from_url,
    entries.PERMISSION: _from_permission,
    entries.LISTENER: _from_listener,
    entries.LISTENER_RULE: _from_listener,
    entries.GRAPHQL: _from_graphql,
    entries.IDENTITY_POOL: _from_pool,
    entries.DISTRIBUTION: _from_distribution,
}


# --- integrations -----------------------------------------------------------------------------------

_SERVICE: Final = re.compile(r"^arn:[^:]*:apigateway:[^:]*:([\w.-]+):")


def _by_integration(hops: Sequence[Cell], bearer: Cell, integration: Cell, uri_in: str, type_in: str) -> Iterator[Way]:
    """Yield the ways through an integration: a call of a service, a function, a queue, a state machine, a network."""
    uri, type_ = integration.select(uri_in), integration.select(type_in).value
    if hidden := unseen(head_of(integration)):
        yield Way(tuple(hops), lost=f"the integration is not known: {hidden}")
        return
    subtype = integration.select("IntegrationSubtype").value
    if isinstance(subtype, str):
        yield from _by_subtype(hops, integration, subtype)
        return
    if type_ == "MOCK" or uri.value is ABSENT:
        return
    service = _service_of(uri.value)
    if type_ in ("HTTP", "HTTP_PROXY"):
        yield from _by_network(hops, uri)
    elif service == "states":
        yield from _to_state_machines(hops, integration, bearer.select("credentials_role"))
    elif service == "sqs":
        yield from _to_queue(hops, integration, uri)
    elif service not in (None, "lambda"):
        yield _calling(hops, uri.value, bearer.select("credentials_role"))
    elif _may_be_function(uri.value):
        yield from _to_function(hops, bearer, uri)


def _by_subtype(hops: Sequence[Cell], integration: Cell, subtype: str) -> Iterator[Way]:
    """Yield the ways of an HTTP API's integration with a service (developer guide, "Integration subtype reference")."""
    if subtype.startswith("StepFunctions-Start"):
        yield from _to_state_machines(hops, integration, integration.select("credentials_role"))
    elif subtype == "SQS-SendMessage":
        yield from _to_queue(hops, integration, integration.select("RequestParameters").select("QueueUrl"))


def _service_of(uri: Value) -> str | None:
    text = "".join(part if isinstance(part, str) else "\0" for part in parts_of(uri))
    found = _SERVICE.match(text)
    return found[1] if found else None


def _may_be_function(uri: Value) -> bool:
    """Whether the URI names a Lambda function, or nothing that can be seen."""
    literals = "".join(part for part in parts_of(uri) if isinstance(part, str))
    other = literals.startswith("arn:") and ":apigateway:" in literals and ":lambda:" not in literals
    return not (other or literals.startswith("http"))


def _by_network(hops: Sequence[Cell], uri: Cell) -> Iterator[Way]:
    """Yield what a private integration leads to: a listener of a load balancer in the VPC."""
    for id_ in named_in(uri.value):
        listener = uri.world.graph.named(id_)
        if listener is not None and listener.type == LISTENER:
            cell = uri.world.cell(listener)
            yield from _to_targets((*hops, cell), cell)


def _calling(hops: Sequence[Cell], call: Value, role: Cell) -> Way:
    return Way((*hops, *_known(role)), role=role, call=call)


# --- functions --------------------------------------------------------------------------------------


def _to_function(hops: Sequence[Cell], bearer: Cell, text: Cell) -> Iterator[Way]:
    """Yield the ways through the function that the link of `bearer` names by `text`."""
    function = bearer.select("function")
    hops = (*hops, *_qualifiers(text))
    if head_of(function) is ABSENT:
        return
    if hidden := unseen(head_of(function)):
        yield Way(tuple(hops), lost=cause(text, "the function", hidden))
        return
    yield from _through_function(hops, function)


def _qualifiers(text: Cell) -> Iterator[Cell]:
    """Yield the aliases and versions that a text refers to: they lead to their function."""
    targets = (part.target for part in parts_of(text.value) if isinstance(part, Hole) and part.target)
    for resource in (text.world.graph.named(target) for target in targets):
        if resource is not None and resource.type in ("AWS::Lambda::Alias", "AWS::Lambda::Version"):
            yield text.world.cell(resource)


def _through_function(hops: Sequence[Cell], function: Cell) -> Iterator[Way]:
    if _is_past(hops, function):
        return
    role = function.select("execution_role")
    if head_of(role) is ABSENT:
        return
    if hidden := unseen(head_of(role)):
        yield Way((*hops, function), holder=function, lost=cause(function.select("Role"), "the role", hidden))
        return
    yield Way((*hops, function, role), role=role, holder=function)
    yield from _called_by(hops, function, role)


def _called_by(hops: Sequence[Cell], caller: Cell, role: Cell) -> Iterator[Way]:
    """Yield the ways through the functions and state machines that a role names among what it may start."""
    granted = role.select("permissions").value
    if not isinstance(granted, Permissions):
        return
    on = (*hops, caller, role)
    for type_, actions in _STARTING.items():
        starting = [statement for statement in granted.statements if _starts(statement, actions) is True]
        if not starting:
            continue
        for target in of_its_account(caller, type_):
            if target.resource.id != caller.resource.id and any(_names(one, target) for one in starting):
                yield from _THROUGH[type_](on, target)


_STARTING: Final[Mapping[str, tuple[str, ...]]] = {
    FUNCTION: ("lambda:InvokeFunction",),
    STATE_MACHINE: ("states:StartExecution", "states:StartSyncExecution"),
}


def _starts(statement: Value, actions: Sequence[str]) -> Truth:
    matched = some(policy.matches_action(statement, action) for action in actions)
    return every((policy.has_effect(statement, "Allow"), matched))


def _names(statement: Value, target: Cell) -> bool:
    """Whether a resource of the statement names this target, and not all of its kind."""
    resources = policy.listed(statement.get("Resource", ABSENT)) if isinstance(statement, dict) else ()
    return any(
        refers_to(resource, target.resource.id)
        or every((negate(policy.covers_all(resource)), policy.resource_matches(resource, arn_of(target)))) is True
        for resource in resources
    )


# --- queues and state machines ----------------------------------------------------------------------


def _to_queue(hops: Sequence[Cell], integration: Cell, text: Cell) -> Iterator[Way]:
    said = [text.value, value_of(integration.select("RequestParameters"))]
    queues = list(_of_type(text, said, QUEUE))
    if not queues:
        yield Way(tuple(hops), lost=cause(text, "the queue", "it is not known which"))
    for queue in queues:
        for mapping in queue.select("event_sources").items():
            if hidden := unseen(mapping.value):
                yield Way((*hops, queue), lost=hidden)
            else:
                yield from _to_function((*hops, queue, mapping), mapping, mapping.select("FunctionName"))


def _of_type(beside: Cell, value: Value, type_: str) -> Iterator[Cell]:
    """Yield the resources of a type that a value names: by a reference, by their ARN, or by their name in a path."""
    ids = set(named_in(value))
    texts = list(_plain(value))
    for cell in of_its_account(beside, type_):
        named = [one for one in (cell.resource.arn, cell.resource.name) if one]
        if cell.resource.id in ids or any(_says(text, one) for text in texts for one in named):
            yield cell


def _plain(value: Value) -> Iterator[str]:
    if isinstance(value, dict):
        for inner in value.values():
            yield from _plain(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _plain(inner)
    else:
        yield from (part for part in parts_of(value) if isinstance(part, str))


def _says(text: str, name: str) -> bool:
    return re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", text) is not None


def _to_state_machines(hops: Sequence[Cell], integration: Cell, role: Cell) -> Iterator[Way]:
    """Yield the ways through the state machine that an integration starts: its request names it, or its role does."""
    said = [value_of(integration.select(name)) for name in ("RequestTemplates", "RequestParameters")]
    found = list(_of_type(integration, said, STATE_MACHINE))
    if not found and not unseen(head_of(role)) and head_of(role) is not ABSENT:
        found = list(_startable(integration, role))
    if not found:
        yield Way(tuple(hops), lost="the state machine that the integration starts is not in this input")
    for machine in found:
        yield from _through_state_machine(hops, machine)


def _startable(beside: Cell, role: Cell) -> Iterator[Cell]:
    granted = role.select("permissions").value
    for machine in of_its_account(beside, STATE_MACHINE):
        statements = granted.statements if isinstance(granted, Permissions) else ()
        if any(_starts(one, _STARTING[STATE_MACHINE]) is True and _names(one, machine) for one in statements):
            yield machine


_TASK: Final = re.compile(r"arn:[^\"\s:]*:states:[^\"\s:]*:[^\"\s:]*:[\w:.-]+")


def _through_state_machine(hops: Sequence[Cell], machine: Cell) -> Iterator[Way]:
    """Yield a way for each task of a definition that calls a service or a function; without one, by its role."""
    if _is_past(hops, machine):
        return
    role = machine.select("execution_role")
    definition = [value_of(machine.select(name)) for name in ("DefinitionString", "Definition")]
    texts = list(_plain(definition))
    on = (*hops, machine)
    if not texts:
        if hidden := unseen(head_of(role)):
            yield Way(on, holder=machine, lost=cause(machine.select("RoleArn"), "the role", hidden))
        elif head_of(role) is not ABSENT:
            yield Way((*on, role), role=role, holder=machine)
        return
    for task in sorted({task for text in texts for task in _TASK.findall(text)}):
        yield _calling(on, task, role)
    for function in _of_type(machine, definition, FUNCTION):
        yield from _through_function(on, function)
    for inner in _of_type(machine, definition, STATE_MACHINE):
        yield from _through_state_machine(on, inner)


_THROUGH: Final[Mapping[str, _Through]] = {
    FUNCTION: _through_function,
    STATE_MACHINE: _through_state_machine,
}


# --- load balancers ---------------------------------------------------------------------------------


def _to_targets(hops: Sequence[Cell], listener: Cell) -> Iterator[Way]:
    """Yield the ways to the targets of a listener, or a rule: functions, tasks, and a balancer behind a balancer."""
    for name in ("target_groups", "weighted_target_groups"):
        for group in listener.select(name).items():
            if hidden := unseen(group.value):
                yield Way(tuple(hops), lost=f"the target group is not known: {hidden}")
            else:
                yield from _through_targets((*hops, group), group)


def _through_targets(hops: Sequence[Cell], group: Cell) -> Iterator[Way]:
    kind = group.select("TargetType").value
    if kind == "lambda":
        for function in group.select("functions").items():
            if hidden := unseen(head_of(function)):
                yield Way(tuple(hops), lost=cause(group.select("Targets"), "the function", hidden))
            else:
                yield from _through_function(hops, function)
    elif kind == "alb":
        for balancer in group.select("load_balancers").items():
            yield from _beyond(hops, balancer, _through_balancer)
    else:
        for service in group.select("services").items():
            yield from _beyond(hops, service, _through_service)


def _beyond(hops: Sequence[Cell], cell: Cell, through: _Through) -> Iterator[Way]:
    """Yield the ways through the item of a link, or why it is not known."""
    if hidden := unseen(head_of(cell)):
        yield Way(tuple(hops), lost=hidden)
    else:
        yield from through(hops, cell)


def _through_balancer(hops: Sequence[Cell], balancer: Cell) -> Iterator[Way]:
    if _is_past(hops, balancer):
        return
    for listener in balancer.select("listeners").items():
        if not unseen(head_of(listener)) and entries.authenticates(listener) is not True:
            yield from _to_targets((*hops, balancer, listener), listener)


def _through_service(hops: Sequence[Cell], service: Cell) -> Iterator[Way]:
    """Yield the way through an ECS service: its containers hold the role of the task."""
    task = service.select("task_definition")
    if hidden := unseen(head_of(task)):
        yield Way((*hops, service), lost=cause(service.select("TaskDefinition"), "the task definition", hidden))
        return
    role = task.select("task_role")
    if hidden := unseen(head_of(role)):
        yield Way((*hops, service, task), lost=cause(task.select("TaskRoleArn"), "the role of the task", hidden))
    elif ABSENT not in (head_of(task), head_of(role)):
        yield Way((*hops, service, task, role), role=role, holder=task)


# --- on the way -------------------------------------------------------------------------------------


def _known(cell: Cell) -> Sequence[Cell]:
    return () if unseen(head_of(cell)) or head_of(cell) is ABSENT else (cell,)


def _is_past(hops: Sequence[Cell], cell: Cell) -> bool:
    """Whether a way comes back to where it was, or is longer than anybody builds."""
    return len(hops) > _MOST_HOPS or any(hop.resource is cell.resource for hop in hops)


__all__ = ["Way", "cause", "ways"]
