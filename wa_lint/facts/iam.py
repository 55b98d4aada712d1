"""Who may do what: the statements of policies, what is attached to a role, and what it may do in all."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Final

import msgspec

from wa_lint import policy
from wa_lint.cel.types import BOOL, DYN, STRING, Function, ListType, Primitive
from wa_lint.facts.fact import STATEMENT, Fact, gathered, head_of, seen, unseen, value_of
from wa_lint.graph import Cell
from wa_lint.model import ABSENT, Hole, Partial, Unknown, Unresolved, Value
from wa_lint.policy import oidc_subjects
from wa_lint.policy.grants import spelled
from wa_lint.policy.wildcards import parts_of
from wa_lint.truth import Truth, every, some

_IAM: Final = "AWS::IAM::"
IDENTITIES: Final = tuple(_IAM + word for word in ("Role", "User", "Group"))
ATTACHED: Final = tuple(_IAM + word for word in ("ManagedPolicy", "Policy", "RolePolicy", "UserPolicy", "GroupPolicy"))

DOCUMENTS: Final[Mapping[str, str]] = {
    **dict.fromkeys(IDENTITIES, "Policies[].PolicyDocument"),
    **dict.fromkeys(ATTACHED, "PolicyDocument"),
    "AWS::S3::BucketPolicy": "PolicyDocument",
    "AWS::SNS::TopicPolicy": "PolicyDocument",
    "AWS::SQS::QueuePolicy": "PolicyDocument",
    "AWS::KMS::Key": "KeyPolicy",
    "AWS::ECR::Repository": "RepositoryPolicyText",
    "AWS::SageMaker::ModelPackageGroup": "ModelPackageGroupPolicy",
    "AWS::SecretsManager::ResourcePolicy": "ResourcePolicy",
    "AWS::ApiGateway::RestApi": "Policy",
}
"""Where the policy documents of a type stand."""

_MANAGED_ARN: Final = re.compile(r"arn:[^:]*:iam::aws:policy/(?:[\w/-]+/)?([\w+=,.@-]+)")
"""The name behind the ARN of an AWS managed policy; \\0 stands for a hole."""


_SERVICE: Final = 2
"""The field of an ARN that names the service."""

_SELF_GRANTING: Final = ("iam:AttachRolePolicy", "iam:AttachUserPolicy", "iam:PutRolePolicy", "iam:PutUserPolicy")
"""Who may do one of these to any role or user may do everything (AWS Security Blog and IAM User Guide: privilege
escalation, "permissions management" access level)."""


class Permissions(msgspec.Struct, frozen=True):
    """All that an identity is granted, as far as it can be seen."""

    statements: tuple[Value, ...]
    unseen: str | None = None
    """Why there may be more."""
    boundary: tuple[Value, ...] | Unknown | None = None
    """The statements of its permissions boundary; None: it has none. Unknown: it has one, which is not known."""

    def allows(self, action: str, resource: Value) -> Truth:
        """Whether it may do `action` on `resource`. What cannot be seen is taken to grant, not to deny."""
        answer = policy.allows(self.statements, action, resource)
        if answer is False and self.unseen and not self._denies(action, resource):
            answer = Unknown(self.unseen)
        return every((answer, self._is_within(action, resource)))

    def _is_within(self, action: str, resource: Value) -> Truth:
        """Whether the permissions boundary leaves it."""
        if self.boundary is None or isinstance(self.boundary, Unknown):
            return True if self.boundary is None else self.boundary
        return policy.allows(self.boundary, action, resource)

    def _denies(self, action: str, resource: Value) -> bool:
        everything: Value = {"Effect": "Allow", "Action": "*", "Resource": "*"}
        return policy.allows((everything, *self.statements), action, resource) is False


# --- facts ------------------------------------------------------------------------------------------


def own_statements(home: Cell) -> list[Cell] | Cell:
    """Return the statements in the resource itself; none of AWS's own policies, which no one can fix."""
    return _placed(_own(home))


def trust_statements(role: Cell) -> list[Cell] | Cell:
    return _placed(statements_in(role.select("AssumeRolePolicyDocument")))


def granted_statements(identity: Cell) -> list[Cell] | Partial:
    """Return the statements of the identity and of every policy attached to it that is not AWS's own."""
    known, hidden = seen(statements_held(identity))
    _, unattached = seen(identity.select("policies").items())
    return gathered(known, hidden or _customer_policies(identity)[1] or unattached)


def statements_held(identity: Cell) -> Iterator[Cell]:
    """Yield the same statements; of a document that cannot be read one Unknown, at the resource that holds it."""
    for holder in (identity, *attached_policies(identity)):
        yield from _in_documents(_documents(holder))


def attached_policies(identity: Cell) -> Sequence[Cell]:
    """Return the policies of the input that are attached to the identity and not AWS's own."""
    attached = seen(identity.select("policies").items())[0]
    return tuple({cell.resource.id: cell for cell in (*attached, *_customer_policies(identity)[0])}.values())


def grants(home: Cell) -> list[Cell] | Cell:
    """Return all that is granted in the resource itself: its statements, and the ARNs of attached managed policies."""
    return _placed((*_own(home), *home.select("ManagedPolicyArns").items()))


def permissions(identity: Cell) -> Permissions:
    statements = granted_statements(identity)
    cells = statements.items if isinstance(statements, Partial) else statements
    managed, reason = _managed_statements(identity)
    return Permissions(
        statements=(*(value_of(cell) for cell in cells), *managed),
        unseen=unseen(statements) or reason,
        boundary=boundary(identity),
    )


def boundary(identity: Cell) -> tuple[Value, ...] | Unknown | None:
    """Return the statements of the permissions boundary of a role or user; None where it has none."""
    at = identity.select("PermissionsBoundary")
    if at.value is ABSENT or at.value is None:
        return None
    linked = identity.select("boundary_policy")
    if isinstance(linked.value, dict):
        return tuple(value_of(cell) for cell in _in_documents(_documents(linked)))
    known = statements_of_aws(at.value)
    if known is not None:
        return tuple(known)
    return Unknown(f"the permissions boundary of {identity.resource.id} is not known: {_why_missing(at)}")


def _why_missing(arn: Cell) -> str:
    """Say why the policy that an ARN names is not known: ``arn:aws:iam::${AWS::AccountId}:policy/x is not in …``."""
    if isinstance(arn.value, str) or any(isinstance(part, str) for part in parts_of(arn.value)):
        return f"{spelled(arn.value)} is not in this {arn.world.graph.snapshot.kind.noun}"
    return unseen(arn.value) or "it is not an ARN"


def _placed(cells: Iterable[Cell]) -> list[Cell] | Cell:
    """Return a list of cells; where one is hidden, a Partial one that is at its place, so that one sees which."""
    found = list(cells)
    known, reason = seen(found)
    hidden = next((cell for cell in found if isinstance(cell.value, Unknown)), None)
    return known if hidden is None else hidden.with_value(gathered(known, reason))


# --- documents --------------------------------------------------------------------------------------


def _documents(home: Cell) -> Iterator[Cell]:
    """Yield the policy documents of a resource, and of a list that is not in the input one Unknown."""
    holder, _, inner = DOCUMENTS[home.resource.type].partition("[].")
    if not inner:
        yield home.select(holder)
        return
    for item in home.select(holder).items():
        yield item.select(inner)


def _own(home: Cell) -> Iterator[Cell]:
    if not _is_awss_own(home):
        yield from _in_documents(_documents(home))


def _in_documents(documents: Iterator[Cell]) -> Iterator[Cell]:
    for document in documents:
        yield from statements_in(document)


def statements_in(document: Cell) -> Sequence[Cell]:
    """Return a cell for each statement. Those of a text, which no template's reader has opened, are at the text."""
    value = document.value
    if isinstance(value, str):
        found = policy.statements(value)
        return [_inside(document, "Statement", index, inner) for index, inner in enumerate(found)]
    if unseen(value):
        return [document.with_value(Unknown(unseen(value) or ""))]
    return each(document.select("Statement"))


def _inside(document: Cell, name: str, index: int, value: Value) -> Cell:
    return Cell(document.world, document.resource, (*document.path, name, index), document.at, value)


def each(cell: Cell) -> Sequence[Cell]:
    """Return the items of a list, or what stands alone in its place; nothing where it is absent."""
    value = cell.value
    if value is ABSENT or value is None:
        return []
    return cell.items() if isinstance(value, list | tuple | Partial | Unknown) else [cell]


# --- managed policies -------------------------------------------------------------------------------


def _customer_policies(identity: Cell) -> tuple[list[Cell], str | None]:
    """Return the attached managed policies that are not AWS's own, and why some may be missing."""
    names = [aws_managed_name(arn.value) for arn in identity.select("ManagedPolicyArns").items()]
    doubtful = [name for name in names if name is ABSENT or isinstance(name, Unknown)]
    linked, reason = seen(identity.select("managed_policies").items())
    found = [cell for cell in linked if not _is_awss_own(cell)]
    return found, reason if len(found) < len(doubtful) else None


def _is_awss_own(cell: Cell) -> bool:
    return ":iam::aws:" in (cell.resource.arn or "")


def _managed_statements(identity: Cell) -> tuple[list[Value], str | None]:
    """Return what AWS's own policies grant: as the account shows them, else as the list of statements knows them."""
    shown = {
        str(cell.resource.arn): [value_of(s) for s in _in_documents(_documents(cell))]
        for cell in seen(identity.select("managed_policies").items())[0]
        if _is_awss_own(cell)
    }
    granted: list[Value] = []
    reason = None
    for arn in identity.select("ManagedPolicyArns").items():
        name = aws_managed_name(arn.value)
        if isinstance(arn.value, str) and arn.value in shown:
            granted.extend(shown[arn.value])
        elif isinstance(name, str) and name in _statements_of_aws():
            granted.extend(_statements_of_aws()[name])
        elif isinstance(name, str) and name in _flags_of_aws():
            granted.append(_summary_of_aws(name))
        elif isinstance(name, str):
            reason = _too_new(name).reason
    return granted, reason


def _summary_of_aws(name: str) -> Value:
    """Return a statement for a policy of which only the services are known, and not which actions it grants."""
    reason = f"which actions the AWS managed policy {name} grants is not known to this version of wa-lint"
    allowed = _flags_of_aws()[name].allows
    pattern = [Unresolved(reason, (f"{service}:", Hole(f"an action of {name}"))) for service in allowed.split()]
    return {"Effect": "Allow", "Action": pattern, "Resource": "*"}


def statements_behind(identity: Cell, arn: Cell) -> Sequence[Value]:
    """Return what one of AWS's own policies grants, which an identity's ManagedPolicyArns names; of others, nothing."""
    shown = seen(identity.select("managed_policies").items())[0] if isinstance(arn.value, str) else ()
    for cell in shown:
        if _is_awss_own(cell) and cell.resource.arn == arn.value:
            return [value_of(s) for s in _in_documents(_documents(cell))]
    return statements_of_aws(arn.value) or ()


def statements_of_aws(arn: Value) -> Sequence[Value] | None:
    """Return the statements of one of AWS's own policies; None where its name is not known or has none in the list."""
    name = aws_managed_name(arn)
    if not isinstance(name, str):
        return None
    if name in _statements_of_aws():
        return _statements_of_aws()[name]
    return None


def aws_managed_name(arn: Value) -> Value:
    """Return the name of the AWS managed policy that `arn` names; ABSENT where it names another policy."""
    parts = parts_of(arn)
    if not parts:
        return Unknown(unseen(arn) or "not the ARN of a policy")
    text = "".join(part if isinstance(part, str) else "\0" for part in parts)
    if found := _MANAGED_ARN.fullmatch(text):
        return found[1]
    if text.strip("\0") and text.startswith("arn:") and ":iam::aws:" in text:
        return Unknown(unseen(arn) or "no name that IAM knows")
    if isinstance(arn, Unresolved) and not any(isinstance(p, str) or p.target for p in parts):
        return Unknown(arn.reason)
    return ABSENT


def managed_policy_name(arn: Value) -> Value:
    name = aws_managed_name(arn)
    return "" if name is ABSENT else name


def is_full_access(arn: Value) -> Truth:
    """Whether it is an AWS managed policy that allows all, most or many changes of a service on all its resources."""
    name = aws_managed_name(arn)
    if not isinstance(name, str):
        return name if isinstance(name, Unknown) else False
    return _flags_of_aws()[name].is_broad if name in _flags_of_aws() else _too_new(name)


def is_administrator(granted: Value) -> Truth:
    """Whether the holder of a statement, or of an AWS managed policy, may do anything, or grant itself anything."""
    if isinstance(granted, dict):
        statement = _about_identities(granted)
        return some(policy.allows((statement,), action, "*") for action in _SELF_GRANTING)
    name = aws_managed_name(granted)
    if not isinstance(name, str):
        return name if isinstance(name, Unknown) else False
    return _flags_of_aws()[name].administrator if name in _flags_of_aws() else _too_new(name)


def _too_new(name: str) -> Unknown:
    return Unknown(f"what the AWS managed policy {name} grants is not known to this version of wa-lint")


def _about_identities(statement: Mapping[str, Value]) -> Value:
    """Return the statement without the resources that no role or user is among, as ``arn:aws:s3:::*``."""
    if "Resource" not in statement:
        return statement
    return {**statement, "Resource": [r for r in policy.listed(statement["Resource"]) if _may_name_identities(r)]}


def _may_name_identities(resource: Value) -> bool:
    fields = "".join(part if isinstance(part, str) else "\0" for part in parts_of(resource)).split(":")
    return len(fields) <= _SERVICE or fields[_SERVICE] in ("iam", "*")


@cache
def _statements_of_aws() -> Mapping[str, Sequence[Value]]:
    return msgspec.json.decode(_text("managed_statements.json"), type=_Statements).policies


@cache
def _flags_of_aws() -> Mapping[str, _Flags]:
    return msgspec.json.decode(_text("managed_policies.json"), type=_Flagged).policies


def _text(name: str) -> bytes:
    return files("wa_lint").joinpath("data", name).read_bytes()


class _Statements(msgspec.Struct):
    policies: dict[str, list[dict[str, object]]]


_LINKED: Final = "/aws-service-role/"
"""The path of policies that only AWS can attach, to roles that nobody else can change."""


class _Flags(msgspec.Struct):
    path: str = "/"
    allows: str = ""
    """The services of which it allows some action, with spaces between; empty where its statements are in the list."""
    broad: bool = False
    administrator: bool = False

    @property
    def is_broad(self) -> bool:
        return self.broad and self.path != _LINKED


class _Flagged(msgspec.Struct):
    policies: dict[str, _Flags]


# --- what rules may say -----------------------------------------------------------------------------


def _allows(found: object, action: Value, resource: Value) -> object:
    granted = head_of(found)
    if not isinstance(granted, Permissions):
        return granted if isinstance(granted, Unknown) else Unknown("no permissions")
    if not isinstance(action, str):
        return Unknown(unseen(action) or "not an action")
    return granted.allows(action, resource)


def _service_principals(statement: Value) -> object:
    found = policy.service_principals(statement)
    hidden = next((item.reason for item in found if isinstance(item, Unknown)), None)
    known = [item for item in found if not isinstance(item, Unknown)]
    return known if hidden is None else Partial(tuple(known), hidden)


def _of_pattern(name: str, call: Callable[..., object]) -> Function:
    return Function(name, (STRING,), BOOL, call)


def _of_statement(name: str, call: Callable[..., object]) -> Function:
    return Function(name, (STATEMENT,), BOOL, call)


_PERMISSIONS: Final = Primitive("permissions")
"""Nothing can be read of it: it is asked."""

FUNCTIONS: Final[tuple[Function, ...]] = (
    _of_pattern("is_full_access", is_full_access),
    Function("is_administrator", (DYN,), BOOL, is_administrator),
    Function("managed_policy_name", (STRING,), STRING, managed_policy_name),
    Function("action_matches", (STRING, STRING), BOOL, policy.action_matches),
    _of_statement("is_conditional", policy.is_conditional),
    _of_statement("is_public", policy.lets_in_everyone),
    _of_statement("trusts_account_root", policy.trusts_account_root),
    _of_statement("lets_in_strangers", policy.lets_in_strangers),
    _of_statement("shuts_out_strangers", policy.shuts_out_strangers),
    _of_statement("is_narrowed_in_account", policy.is_narrowed_in_account),
    _of_statement("guards_deputy", policy.guards_deputy),
    _of_statement("trusts_pipelines", oidc_subjects.trusts_pipelines),
    _of_statement("names_branch", oidc_subjects.names_branch),
    Function("service_principals", (STATEMENT,), ListType(STRING), _service_principals),
    Function("allows", (_PERMISSIONS, STRING, STRING), BOOL, _allows, receiver=True),
)

FACTS: Final[tuple[Fact, ...]] = (
    *(
        Fact(type_, "", "grants", (), ListType(DYN), "The statements and the ARNs of managed policies in it.", grants)
        for type_ in (*IDENTITIES, *ATTACHED)
    ),
    *(
        Fact(type_, "", "statements", (), ListType(STATEMENT), "Its inline statements.", own_statements)
        for type_ in DOCUMENTS
    ),
    *(
        Fact(type_, "", "permissions", ATTACHED, _PERMISSIONS, "Its effective permissions, for `allows`.", permissions)
        for type_ in IDENTITIES
    ),
    Fact(
        "AWS::IAM::Role",
        "",
        "trust_statements",
        (),
        ListType(STATEMENT),
        "The statements of AssumeRolePolicyDocument.",
        trust_statements,
    ),
)
