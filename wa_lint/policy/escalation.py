"""How a principal can get permissions that it does not have: the documented paths, as tables.

`PATHS`: it grants itself something, or passes a role to what it starts. `RUNNING`: it changes what runs already with a
role. Sources: AWS Security Blog and Rhino Security Labs, "AWS IAM privilege escalation"; pathfinding.cloud (2026-07).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

import msgspec

from wa_lint.model import Hole, Value
from wa_lint.policy import actions
from wa_lint.policy.document import Element, Statement, covers, takes_action
from wa_lint.policy.effective import Principal, grants
from wa_lint.policy.wildcards import parts_of, unseen
from wa_lint.truth import Truth, every, negate, some

PASS_ROLE: Final = "iam:PassRole"  # noqa: S105, the name of an action
ROLES: Final = "arn:%:iam::%:role/%"
USERS: Final = "arn:%:iam::%:user/%"
_GROUPS: Final = "arn:%:iam::%:group/%"
_POLICIES: Final = "arn:%:iam::%:policy/%"

_OWN_POLICY: Final = "can write any policy into itself"

SELF_GRANTING: Final = (
    ("iam:AttachRolePolicy", ROLES),
    ("iam:AttachUserPolicy", USERS),
    ("iam:PutRolePolicy", ROLES),
    ("iam:PutUserPolicy", USERS),
)
"""Who may do one of these to any role or user may do everything with one call: an administrator."""


class Path(msgspec.Struct, frozen=True):
    """One way to more permissions."""

    first: str
    """The action by which a finding is placed: iam:PassRole, or the one on IAM itself."""
    shape: str
    """What it must be allowed on: every role, user, group or policy."""
    effect: str
    """What the principal gets by it, as the rest of a sentence: ``rewrites any managed policy``."""
    also: tuple[str, ...] = ()
    """Further actions that it needs, on any resource."""
    service: str = ""
    """To which service the role is passed."""
    is_for_users: bool = False
    """Whether it helps only a principal that is a user."""


PATHS: Final[Sequence[Path]] = (
    Path("iam:CreatePolicyVersion", _POLICIES, "can rewrite any customer managed policy, its own included"),
    Path("iam:SetDefaultPolicyVersion", _POLICIES, "can switch any managed policy to an older, broader version"),
    Path("iam:AttachGroupPolicy", _GROUPS, "can attach any policy to its own group", is_for_users=True),
    Path("iam:PutGroupPolicy", _GROUPS, "can write any policy into its own group", is_for_users=True),
    Path("iam:AddUserToGroup", _GROUPS, "can join any group", is_for_users=True),
    Path("iam:CreateAccessKey", USERS, "can create access keys for any user"),
    Path("iam:CreateLoginProfile", USERS, "can set a console password for any user without one"),
    Path("iam:UpdateLoginProfile", USERS, "can change the console password of any user"),
    Path("iam:UpdateAssumeRolePolicy", ROLES, "can make any role trust it, and assume it", ("sts:AssumeRole",)),
    *(
        Path(PASS_ROLE, ROLES, f"can run code with any role that trusts {service}.amazonaws.com", also, service)
        for service, *paths in (
            (
                "sagemaker",
                ("sagemaker:CreateNotebookInstance", "sagemaker:CreatePresignedNotebookInstanceUrl"),
                ("sagemaker:CreateNotebookInstance", "sagemaker:CreateNotebookInstanceLifecycleConfig"),
                ("sagemaker:CreateTrainingJob",),
                ("sagemaker:CreateProcessingJob",),
                ("sagemaker:CreateUserProfile", "sagemaker:CreatePresignedDomainUrl"),
            ),
            (
                "lambda",
                ("lambda:CreateFunction", "lambda:InvokeFunction"),
                ("lambda:CreateFunction", "lambda:CreateEventSourceMapping"),
                ("lambda:CreateFunction", "lambda:AddPermission"),
                ("lambda:CreateFunction", "lambda:CreateFunctionUrlConfig"),
            ),
            (
                "glue",
                ("glue:CreateDevEndpoint",),
                ("glue:CreateJob", "glue:StartJobRun"),
                ("glue:CreateJob", "glue:CreateTrigger"),
                ("glue:UpdateJob", "glue:StartJobRun"),
                ("glue:UpdateJob", "glue:CreateTrigger"),
                ("glue:CreateSession", "glue:RunStatement"),
            ),
            (
                "cloudformation",
                ("cloudformation:CreateStack",),
                ("cloudformation:UpdateStack",),
                ("cloudformation:CreateChangeSet", "cloudformation:ExecuteChangeSet"),
                ("cloudformation:CreateStackSet", "cloudformation:CreateStackInstances"),
                ("cloudformation:UpdateStackSet",),
            ),
            ("ec2", ("ec2:RunInstances",), ("ec2:RequestSpotInstances",)),
            ("tasks.apprunner", ("apprunner:CreateService",)),
            (
                "codebuild",
                ("codebuild:CreateProject", "codebuild:StartBuild"),
                ("codebuild:CreateProject", "codebuild:StartBuildBatch"),
            ),
            ("bedrock", ("bedrock:CreateAgent", "bedrock:CreateAgentActionGroup")),
            (
                "bedrock-agentcore",
                (
                    "bedrock-agentcore:CreateCodeInterpreter",
                    "bedrock-agentcore:StartCodeInterpreterSession",
                    "bedrock-agentcore:InvokeCodeInterpreter",
                ),
                ("bedrock-agentcore:CreateAgentRuntime", "bedrock-agentcore:InvokeAgentRuntime"),
                ("bedrock-agentcore:CreateAgentRuntime", "bedrock-agentcore:InvokeAgentRuntimeCommand"),
            ),
            (
                "ecs-tasks",
                ("ecs:RegisterTaskDefinition", "ecs:RunTask"),
                ("ecs:RegisterTaskDefinition", "ecs:StartTask"),
                ("ecs:RegisterTaskDefinition", "ecs:CreateService"),
            ),
            ("batch", ("batch:RegisterJobDefinition", "batch:SubmitJob")),
            ("states", ("states:CreateStateMachine", "states:StartExecution")),
            ("scheduler", ("scheduler:CreateSchedule",)),
            (
                "datapipeline",
                ("datapipeline:CreatePipeline", "datapipeline:PutPipelineDefinition", "datapipeline:ActivatePipeline"),
            ),
        )
        for also in paths
    ),
)


class OwnArn(msgspec.Struct, frozen=True):
    """The principal itself, a group that it is in, or a policy that it holds."""

    kind: str
    """user | role | group | policy"""
    id: str
    """Of the resource, as references name it."""
    name: str | None
    """With its path, as in its ARN: ``ml/churn``; None: only the deployment knows it."""


ON_ITSELF: Final[Mapping[str, Sequence[tuple[str, str]]]] = {
    "user": (("iam:AttachUserPolicy", "can attach any policy to itself"), ("iam:PutUserPolicy", _OWN_POLICY)),
    "role": (("iam:AttachRolePolicy", "can attach any policy to itself"), ("iam:PutRolePolicy", _OWN_POLICY)),
    "group": (
        ("iam:AttachGroupPolicy", "can attach any policy to its own group"),
        ("iam:PutGroupPolicy", "can write any policy into its own group"),
    ),
    "policy": (("iam:CreatePolicyVersion", "can rewrite a policy that it holds"),),
}
"""What grants a principal everything if it may do it to one thing: kind of that -> action and effect."""


class Takeover(msgspec.Struct, frozen=True):
    """One way to act with the role of something that exists already."""

    first: str
    """The action by which a finding is placed."""
    shape: str
    """The ARN of all that it can be done to."""
    effect: str
    """What the principal does by it, as the rest of a sentence, ``{}`` for what it does it to: ``open {}``."""
    noun: str
    also: tuple[str, ...] = ()
    """Further actions that it needs, on any resource."""
    is_login: bool = False
    """Whether it is a presigned URL: those of any user have a rule of their own."""
    type: str = ""
    """The CloudFormation type whose `execution_role` it acts with; empty where no link leads to the role."""


_FUNCTION: Final = ("Lambda function", "AWS::Lambda::Function")
_NOTEBOOK: Final = ("notebook instance", "AWS::SageMaker::NotebookInstance")
_INSTANCE: Final = "arn:%:ec2:%:%:instance/%"
_PROJECT: Final = ("CodeBuild project", "AWS::CodeBuild::Project")
_STACK: Final = "arn:%:cloudformation:%:%:stack/%/%"


def _running(first: str, shape: str, effect: str, on: str | tuple[str, str], also: tuple[str, ...] = ()) -> Takeover:
    noun, type_ = (on, "") if isinstance(on, str) else on
    return Takeover(first, shape, effect, noun, also, "CreatePresigned" in first, type_)


RUNNING: Final[Sequence[Takeover]] = (
    _running("lambda:UpdateFunctionCode", "arn:%:lambda:%:%:function:%", "change the code of {}", _FUNCTION),
    _running(
        "sagemaker:CreatePresignedNotebookInstanceUrl", "arn:%:sagemaker:%:%:notebook-instance/%", "open {}", _NOTEBOOK
    ),
    _running(
        "sagemaker:CreatePresignedDomainUrl",
        "arn:%:sagemaker:%:%:user-profile/%/%",
        "open Studio as {}",
        ("user profile", "AWS::SageMaker::UserProfile"),
    ),
    _running(
        "sagemaker:UpdateNotebookInstance",
        "arn:%:sagemaker:%:%:notebook-instance/%",
        "run a script of its own on {}",
        _NOTEBOOK,
        (
            "sagemaker:CreateNotebookInstanceLifecycleConfig",
            "sagemaker:StopNotebookInstance",
            "sagemaker:StartNotebookInstance",
        ),
    ),
    _running(
        "bedrock-agentcore:StartCodeInterpreterSession",
        "arn:%:bedrock-agentcore:%:%:code-interpreter-custom/%",
        "run code in {}",
        "code interpreter",
        ("bedrock-agentcore:InvokeCodeInterpreter",),
    ),
    _running(
        "bedrock-agentcore:InvokeAgentRuntimeCommand",
        "arn:%:bedrock-agentcore:%:%:runtime/%",
        "run commands in {}",
        "AgentCore runtime",
    ),
    _running("codebuild:StartBuild", "arn:%:codebuild:%:%:project/%", "run its own build commands in {}", _PROJECT),
    _running(
        "codebuild:StartBuildBatch", "arn:%:codebuild:%:%:project/%", "run its own build commands in {}", _PROJECT
    ),
    _running("ssm:SendCommand", _INSTANCE, "run commands on {}", "EC2 instance"),
    _running("ssm:StartSession", _INSTANCE, "open a shell on {}", "EC2 instance"),
    _running("ec2-instance-connect:SendSSHPublicKey", _INSTANCE, "log in to {}", "EC2 instance"),
    _running(
        "ec2:ModifyInstanceAttribute",
        _INSTANCE,
        "replace the start script of {}",
        "EC2 instance",
        ("ec2:StopInstances", "ec2:StartInstances"),
    ),
    _running(
        "ec2:CreateLaunchTemplateVersion",
        "arn:%:ec2:%:%:launch-template/%",
        "change the start script in {}",
        "launch template",
        ("ec2:ModifyLaunchTemplate",),
    ),
    _running("ecs:ExecuteCommand", "arn:%:ecs:%:%:task/%/%", "open a shell in {}", "ECS task", ("ecs:DescribeTasks",)),
    _running("glue:UpdateDevEndpoint", "arn:%:glue:%:%:devEndpoint/%", "log in to {}", "Glue development endpoint"),
    _running("apprunner:UpdateService", "arn:%:apprunner:%:%:service/%/%", "change what {} runs", "App Runner service"),
    _running("cloudformation:UpdateStack", _STACK, "change what is in {}", "stack"),
    _running(
        "cloudformation:CreateChangeSet", _STACK, "change what is in {}", "stack", ("cloudformation:ExecuteChangeSet",)
    ),
)


def in_words(path: Path | Takeover) -> str:
    """Return the actions of a path: ``iam:PassRole with a:B, a:C and a:D``."""
    *first, last = path.also or ("",)
    return f"{path.first} with {', '.join(first)}{' and ' if first else ''}{last}" if last else path.first


def opened_by(statement: Statement, principal: Principal, *, is_user: bool) -> Iterator[tuple[Path, Truth]]:
    """Yield the paths whose first action the statement grants, and whether the principal can go them to the end."""
    for path in PATHS:
        if path.is_for_users and not is_user:
            continue
        context = {"iam:passedtoservice": f"{path.service}.amazonaws.com"} if path.service else None
        granted = principal.may_by(statement, path.first, path.shape, context)
        if granted is False:
            continue
        truth = every((granted, *(may_somewhere(principal, action) for action in path.also)))
        if truth is not False:
            yield path, truth


def opened_on_itself(statement: Statement, principal: Principal, own: OwnArn) -> Iterator[tuple[Path, Truth]]:
    """Yield what the statement lets the principal do to itself, where its resources name just that."""
    if statement.resources.excludes or not any(_is_own(pattern, own) for pattern in statement.resources.patterns):
        return
    shape = f"arn:%:iam::%:{own.kind}/{own.name or '%'}"
    anywhere = msgspec.structs.replace(statement, resources=Element(("*",)))
    for action, effect in ON_ITSELF[own.kind]:
        truth = principal.may_by(anywhere, action, shape)
        if truth is not False:
            yield Path(action, shape, effect), truth


def _is_own(pattern: Value, own: OwnArn) -> bool:
    parts = parts_of(pattern)
    if any(isinstance(part, Hole) and part.target == own.id for part in parts):
        return True
    if own.kind == "user" and parts and str(parts[-1]).endswith("${aws:username}"):
        return True
    return own.name is not None and covers(pattern, f"arn:%:iam::%:{own.kind}/{own.name}") is True


def taken_over_by(statement: Statement, principal: Principal) -> Iterator[tuple[Takeover, Truth, Truth]]:
    """Yield the ways to the role of something that runs, which the statement opens at least for some of it.

    With it whether they are open for all there is of the kind, and whether for some.
    """
    for path in RUNNING:
        some_of_it = _grants_somewhere(statement, path.first, (path.shape,))
        if some_of_it is False:
            continue
        barred = principal.is_barred(path.first, path.shape)
        further = (*(may_somewhere(principal, action) for action in path.also),)
        open_to_some = every((some_of_it, negate(barred), *further))
        if open_to_some is not False:
            yield path, every((principal.may_by(statement, path.first, path.shape), *further)), open_to_some


def may_somewhere(principal: Principal, action: str) -> Truth:
    """Whether the principal may do `action` on some resource: a job of any name will do."""
    return principal.once(("somewhere", action), lambda: _may_somewhere(principal, action))


def _may_somewhere(principal: Principal, action: str) -> Truth:
    known = actions.find(action)
    shapes = (known.arns if known else ()) or ("*",)
    granted = some(_grants_somewhere(s, action, shapes) for s in principal.statements)
    if granted is False:
        return False
    barred = every(principal.is_barred(action, shape) for shape in shapes)
    return every((granted, negate(barred)))


def _grants_somewhere(statement: Statement, action: str, shapes: Sequence[str]) -> Truth:
    if statement.is_allow is False or takes_action(statement, action) is False:
        return False
    if some(_may_meet(statement.resources, shape) for shape in shapes) is False:
        return False
    anywhere = msgspec.structs.replace(statement, resources=Element(("*",)))
    return grants(anywhere, action, shapes[0])


def _may_meet(element: Element, shape: str) -> Truth:
    """Whether some resource of the shape may be among those of an element: its service and its type decide."""
    if element.excludes:
        return True
    return some(_may_name(pattern, shape) for pattern in element.patterns)


def _may_name(pattern: object, shape: str) -> Truth:
    parts = parts_of(pattern)
    if not parts:
        return unseen(pattern)
    fields = "".join(part if isinstance(part, str) else "*" for part in parts).split(":", 5)
    wanted = shape.split(":", 5)
    if len(fields) < 3 or "*" in fields[0]:  # noqa: PLR2004, the service is the third field
        return True
    if "*" not in fields[2] and fields[2:3] != wanted[2:3]:
        return False
    if len(fields) < 6 or len(wanted) < 6:  # noqa: PLR2004, the resource is the sixth
        return True
    kind = wanted[5].split("%")[0]
    head = fields[5].split("*")[0]
    return head.startswith(kind) or kind.startswith(head)
