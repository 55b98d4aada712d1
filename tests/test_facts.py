"""Facts and functions on small snapshots built by hand: holes and ids as the template source leaves them."""

from __future__ import annotations

import pytest

from wa_lint.facts import FACTS, FUNCTIONS
from wa_lint.facts.catalogue import (
    has_local_storage,
    instance_family,
    is_burstable,
    is_previous_generation,
    lambda_runtime_supported,
    notebook_platform_supported,
)
from wa_lint.facts.iam import Permissions, aws_managed_name, granted_statements, is_administrator, is_full_access
from wa_lint.facts.kms_keys import listed, own_key
from wa_lint.graph import Cell, World
from wa_lint.model import (
    ABSENT,
    Hole,
    Listed,
    Location,
    Partial,
    Path,
    Resource,
    Scope,
    Snapshot,
    SourceKind,
    Unknown,
    Unresolved,
    Value,
    path_text,
)
from wa_lint.policy import matches_action
from wa_lint.references.follow import graph_of
from wa_lint.scenario import Scenario, explore
from wa_lint.sources.template import read_template
from wa_lint.truth import equals

UNKNOWN = "unknown"
ORIGIN = Listed(Location("test"))


def ref(target: str, attribute: str | None = None, *after: str | Hole) -> Unresolved:
    name = f"{target}.{attribute}" if attribute else target
    return Unresolved(f"it is {name}", (Hole(name, target, attribute), *after))


def sub(*parts: str | Hole) -> Unresolved:
    return Unresolved("it has holes", parts)


def parameter(name: str) -> Unresolved:
    return Unresolved(f"{name} has no default", (Hole(name),))


def world(
    *resources: Resource,
    kind: SourceKind = SourceKind.TEMPLATE,
    is_closed: bool = True,
    complete: frozenset[Scope] = frozenset(),
) -> World:
    snapshot = Snapshot(kind, "test", resources, complete)
    return World(graph_of(snapshot, FACTS), is_closed=is_closed)


def make(id_: str, type_: str, **properties: Value) -> Resource:
    return Resource(id_, f"AWS::{type_}", properties, ORIGIN)


def cell(where: World, id_: str) -> Cell:
    resource = where.graph.named(id_)
    assert resource is not None
    return where.cell(resource)


def paths(found: Cell) -> list[tuple[str, str]]:
    return [(item.resource.id, path_text(item.path)) for item in found.items() if not isinstance(item.value, Unknown)]


def said(truth: object) -> object:
    return UNKNOWN if isinstance(truth, Unknown) else truth


# --- statements -------------------------------------------------------------------------------------


def document(*statements: Value) -> Value:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def allow(action: Value, resource: Value = "*") -> Value:
    return {"Effect": "Allow", "Action": action, "Resource": resource}


def inline(*documents: Value) -> Value:
    return [{"PolicyName": f"p{number}", "PolicyDocument": one} for number, one in enumerate(documents)]


def test_each_statement_stands_where_it_was_written() -> None:
    role = make("Role", "IAM::Role", Policies=inline(document(allow("s3:*")), document(allow("a:b"), allow("c:d"))))
    assert paths(cell(world(role), "Role").select("statements")) == [
        ("Role", "Policies[0].PolicyDocument.Statement[0]"),
        ("Role", "Policies[1].PolicyDocument.Statement[0]"),
        ("Role", "Policies[1].PolicyDocument.Statement[1]"),
    ]


def test_a_lone_statement_stands_at_statement_itself() -> None:
    policy = make("P", "IAM::Policy", PolicyDocument={"Statement": allow("s3:*")})
    assert paths(cell(world(policy), "P").select("statements")) == [("P", "PolicyDocument.Statement")]


def test_a_document_in_a_text_still_shows_its_statements() -> None:
    policy = make("P", "IAM::Policy", PolicyDocument='{"Statement": {"Effect": "Allow", "Action": "s3:*"}}')
    (statement,) = cell(world(policy), "P").select("statements").items()
    assert statement.select("Action").value == "s3:*"


@pytest.mark.parametrize("hidden", [Unknown("refused"), parameter("Document"), "{no json"])
def test_a_document_that_cannot_be_read_leaves_the_statements_partial(hidden: Value) -> None:
    role = make("Role", "IAM::Role", Policies=inline(document(allow("s3:*")), hidden))
    found = cell(world(role), "Role").select("statements")
    assert isinstance(found.value, Partial)
    assert len(found.value.items) == 1


def test_a_role_without_policies_has_no_statements() -> None:
    assert cell(world(make("Role", "IAM::Role")), "Role").select("statements").value == []


def test_granted_statements_reach_separate_and_managed_policies() -> None:
    where = world(
        make("Role", "IAM::Role", Policies=inline(document(allow("a:b"))), ManagedPolicyArns=[ref("Managed")]),
        make("Separate", "IAM::Policy", Roles=[ref("Role")], PolicyDocument=document(allow("c:d"))),
        make("Managed", "IAM::ManagedPolicy", PolicyDocument=document(allow("e:f"))),
        make("Other", "IAM::Policy", Roles=[ref("Elsewhere")], PolicyDocument=document(allow("g:h"))),
    )
    found = granted_statements(cell(where, "Role"))
    assert isinstance(found, list)
    assert {one.resource.id for one in found} == {"Role", "Separate", "Managed"}


def test_an_aws_managed_policy_hides_no_statement_but_a_foreign_one_does() -> None:
    aws = make(
        "Aws",
        "IAM::Role",
        ManagedPolicyArns=[sub("arn:", Hole("AWS::Partition"), ":iam::aws:policy/AmazonS3FullAccess")],
    )
    foreign = make("Foreign", "IAM::Role", ManagedPolicyArns=["arn:aws:iam::123456789012:policy/mine"])
    where = world(aws, foreign)
    assert granted_statements(cell(where, "Aws")) == []
    assert isinstance(granted_statements(cell(where, "Foreign")), Partial)


def test_an_open_template_may_attach_more_elsewhere() -> None:
    where = world(make("Role", "IAM::Role"), is_closed=False)
    assert isinstance(granted_statements(cell(where, "Role")), Partial)
    assert cell(where, "Role").select("statements").value == []


def test_trust_statements_are_those_of_the_assume_role_policy() -> None:
    trust = document(
        {"Effect": "Allow", "Principal": {"Service": "sagemaker.amazonaws.com"}, "Action": "sts:AssumeRole"}
    )
    role = make("Role", "IAM::Role", AssumeRolePolicyDocument=trust)
    assert paths(cell(world(role), "Role").select("trust_statements")) == [
        ("Role", "AssumeRolePolicyDocument.Statement[0]")
    ]


# --- permissions ------------------------------------------------------------------------------------


def allowed(where: World, action: str, resource: Value = "*") -> object:
    granted = cell(where, "Role").select("permissions").value
    assert isinstance(granted, Permissions)
    return said(granted.allows(action, resource))


def test_permissions_join_own_and_aws_managed_policies() -> None:
    role = make(
        "Role",
        "IAM::Role",
        Policies=inline(document(allow("s3:GetObject", "arn:aws:s3:::b/*"))),
        ManagedPolicyArns=["arn:aws:iam::aws:policy/AmazonSageMakerFullAccess"],
    )
    where = world(role)
    assert allowed(where, "s3:GetObject", "arn:aws:s3:::b/k") is True
    assert allowed(where, "sagemaker:InvokeEndpoint", "arn:aws:sagemaker:eu-west-1:1:endpoint/e") is True
    assert allowed(where, "iam:CreateUser") is False


def test_of_a_policy_of_aws_that_is_not_listed_only_the_services_are_known() -> None:
    where = world(make("Role", "IAM::Role", ManagedPolicyArns=["arn:aws:iam::aws:policy/AmazonDMSRedshiftS3Role"]))
    assert allowed(where, "sagemaker:InvokeEndpoint") is False
    made_up = world(make("Role", "IAM::Role", ManagedPolicyArns=["arn:aws:iam::aws:policy/AmazonMadeUp"]))
    assert allowed(made_up, "sagemaker:InvokeEndpoint") == UNKNOWN
    vague = world(make("Role", "IAM::Role", ManagedPolicyArns=["arn:aws:iam::aws:policy/ReadOnlyAccess"]))
    assert allowed(vague, "sagemaker:InvokeEndpoint") == UNKNOWN
    assert allowed(vague, "no-such-service:Do") is False


def test_what_cannot_be_seen_may_grant_more_but_a_seen_deny_holds() -> None:
    deny = {"Effect": "Deny", "Action": "iam:*", "Resource": "*"}
    role = make("Role", "IAM::Role", Policies=inline(document(deny)), ManagedPolicyArns=[parameter("Extra")])
    where = world(role)
    assert allowed(where, "s3:GetObject") == UNKNOWN
    assert allowed(where, "iam:PassRole") is False


def test_a_permissions_boundary_leaves_a_grant_open() -> None:
    boundary = "arn:aws:iam::aws:policy/ReadOnlyAccess"
    role = make("Role", "IAM::Role", Policies=inline(document(allow("*"))), PermissionsBoundary=boundary)
    assert allowed(world(role), "iam:PassRole") == UNKNOWN


MANAGED = [  # (arn, name, is_full_access, is_administrator)
    ("arn:aws:iam::aws:policy/AmazonSageMakerFullAccess", "AmazonSageMakerFullAccess", True, False),
    ("arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess", "AmazonS3ReadOnlyAccess", False, False),
    ("arn:aws:iam::aws:policy/IAMFullAccess", "IAMFullAccess", True, True),
    ("arn:aws:iam::aws:policy/AdministratorAccess", "AdministratorAccess", True, True),
    ("arn:aws-cn:iam::aws:policy/service-role/AmazonPersonalizeFullAccess", "AmazonPersonalizeFullAccess", True, False),
    ("arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole", "AWSLambdaBasicExecutionRole", False, False),
    (
        sub("arn:", Hole("AWS::Partition"), ":iam::aws:policy/CloudWatchLogsFullAccess"),
        "CloudWatchLogsFullAccess",
        True,
        False,
    ),
    (
        "arn:aws:iam::aws:policy/aws-service-role/CloudTrailServiceRolePolicy",
        "CloudTrailServiceRolePolicy",
        False,
        False,
    ),
    ("arn:aws:iam::aws:policy/NobodyKnowsFullAccess", "NobodyKnowsFullAccess", UNKNOWN, UNKNOWN),
    ("arn:aws:iam::aws:policy/AmazonSageMakerCanvasFullAccess", "AmazonSageMakerCanvasFullAccess", False, False),
    ("arn:aws:iam::aws:policy/BedrockAgentCoreFullAccess", "BedrockAgentCoreFullAccess", True, False),
    (sub("arn:aws:iam::aws:policy/", Hole("Name")), UNKNOWN, UNKNOWN, UNKNOWN),
    ("arn:aws:iam::123456789012:policy/MyFullAccess", ABSENT, False, False),
    (ref("Managed"), ABSENT, False, False),
    (parameter("Arn"), UNKNOWN, UNKNOWN, UNKNOWN),
]


@pytest.mark.parametrize(("arn", "name", "full", "administrator"), MANAGED)
def test_an_aws_managed_policy_is_known_by_its_arn(
    arn: Value, name: object, full: object, administrator: object
) -> None:
    assert said(aws_managed_name(arn)) == name
    assert said(is_full_access(arn)) == full
    assert said(is_administrator(arn)) == administrator


ROLES = "arn:aws:iam::123456789012:role/"
STATEMENTS_OF_ADMINISTRATORS = [
    ("everything", allow("*"), True),
    ("all of IAM", allow("iam:*"), True),
    ("policies of any role", allow(["iam:GetRole", "iam:Put*"], ROLES + "*"), True),
    ("all but a service", {"Effect": "Allow", "NotAction": "s3:*", "Resource": "*"}, True),
    ("all but IAM", {"Effect": "Allow", "NotAction": ["iam:*"], "Resource": "*"}, False),
    ("policies of some roles", allow("iam:PutRolePolicy", ROLES + "churn-*"), False),
    ("everything, on S3", allow("*", "arn:aws:s3:::*"), False),
    ("all of S3", allow("s3:*"), False),
    ("passing roles", allow("iam:PassRole"), False),
    ("a denial", {"Effect": "Deny", "Action": "*", "Resource": "*"}, False),
    ("under a condition", {"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": {"Bool": {}}}, UNKNOWN),
    ("an action that is not known", allow(parameter("Action")), UNKNOWN),
    ("a resource that is not known", allow("iam:*", parameter("Resource")), UNKNOWN),
]


@pytest.mark.parametrize(
    ("statement", "expected"),
    [case[1:] for case in STATEMENTS_OF_ADMINISTRATORS],
    ids=[case[0] for case in STATEMENTS_OF_ADMINISTRATORS],
)
def test_an_administrator_may_do_anything_or_grant_itself_anything(statement: Value, expected: object) -> None:
    assert said(is_administrator(statement)) == expected


def test_what_is_granted_in_a_resource_is_its_statements_and_the_arns_of_managed_policies() -> None:
    arn = "arn:aws:iam::aws:policy/IAMFullAccess"
    role = make("Role", "IAM::Role", Policies=inline(document(allow("s3:*"))), ManagedPolicyArns=[arn, Unknown("no")])
    found = cell(world(role), "Role").select("grants")
    assert paths(found) == [("Role", "Policies[0].PolicyDocument.Statement[0]"), ("Role", "ManagedPolicyArns[0]")]
    assert isinstance(found.value, Partial)
    policy = make("P", "IAM::Policy", PolicyDocument=document(allow("s3:*")))
    assert paths(cell(world(policy), "P").select("grants")) == [("P", "PolicyDocument.Statement[0]")]


def test_the_statements_of_aws_s_own_policies_are_granted_but_nobody_s_to_mend() -> None:
    arn = "arn:aws:iam::aws:policy/AmazonS3FullAccess"
    properties: dict[str, Value] = {"PolicyDocument": document(allow("s3:*"))}
    shown = Resource(arn, "AWS::IAM::ManagedPolicy", properties, ORIGIN, arn=arn)
    where = world(make("Role", "IAM::Role", ManagedPolicyArns=[arn]), shown, kind=SourceKind.LIVE)
    assert cell(where, arn).select("statements").value == []
    assert cell(where, arn).select("grants").value == []
    assert allowed(where, "s3:GetObject") is True


LIMIT: dict[str, Value] = {"PolicyDocument": {"Statement": [{"Effect": "Allow", "Action": "s3:Get*", "Resource": "*"}]}}
BOUNDARIES = [  # (what, the boundary, s3:GetObject, s3:PutObject)
    ("none", None, True, True),
    ("a policy of the template", ref("Limit"), True, False),
    ("a policy of AWS", "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess", True, False),
    (
        "a policy of AWS in any partition",
        sub("arn:", Hole("AWS::Partition"), ":iam::aws:policy/AmazonSQSFullAccess"),
        False,
        False,
    ),
    ("a policy of elsewhere", "arn:aws:iam::123456789012:policy/limit", UNKNOWN, UNKNOWN),
    ("a parameter", parameter("Boundary"), UNKNOWN, UNKNOWN),
    ("refused", Unknown("refused"), UNKNOWN, UNKNOWN),
]


@pytest.mark.parametrize(("boundary", "reads", "writes"), [b[1:] for b in BOUNDARIES], ids=[b[0] for b in BOUNDARIES])
def test_a_boundary_leaves_what_it_allows(boundary: Value, reads: object, writes: object) -> None:
    properties: dict[str, Value] = {} if boundary is None else {"PermissionsBoundary": boundary}
    role = make("Role", "IAM::Role", Policies=inline(document(allow("s3:*"))), **properties)
    where = world(role, make("Limit", "IAM::ManagedPolicy", **LIMIT))
    assert allowed(where, "s3:GetObject", "arn:aws:s3:::b/k") == reads
    assert allowed(where, "s3:PutObject", "arn:aws:s3:::b/k") == writes


def test_a_boundary_that_is_not_known_is_named() -> None:
    arn = "arn:aws:iam::1:policy/x"
    role = make("Role", "IAM::Role", Policies=inline(document(allow("s3:*"))), PermissionsBoundary=arn)
    granted = cell(world(role), "Role").select("permissions").value
    assert isinstance(granted, Permissions)
    reason = f"the permissions boundary of Role is not known: {arn} is not in this template"
    assert granted.allows("s3:GetObject", "*") == Unknown(reason)


# --- buckets ----------------------------------------------------------------------------------------

EVERYONE: Value = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::b/*"}
LISTS: Value = {"Rules": [{"ObjectOwnership": "ObjectWriter"}]}
BUCKETS = [  # (what, properties of the bucket, is_public, is_shut)
    ("nothing is said", {}, False, False),
    ("a public list", {"AccessControl": "PublicRead", "OwnershipControls": LISTS}, True, False),
    ("a public list that S3 refuses of a new bucket", {"AccessControl": "PublicRead"}, False, False),
    (
        "a public list of a bucket whose owner owns all",
        {"AccessControl": "PublicRead", "OwnershipControls": {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}},
        False,
        False,
    ),
    (
        "who owns the objects is a parameter",
        {"AccessControl": "PublicRead", "OwnershipControls": {"Rules": [{"ObjectOwnership": parameter("P")}]}},
        UNKNOWN,
        False,
    ),
    ("a private list", {"AccessControl": "LogDeliveryWrite"}, False, False),
    ("a list that is not known", {"AccessControl": parameter("List"), "OwnershipControls": LISTS}, UNKNOWN, False),
    ("lists are ignored", {"PublicAccessBlockConfiguration": {"IgnorePublicAcls": True}}, False, True),
    ("lists are refused, not ignored", {"PublicAccessBlockConfiguration": {"BlockPublicAcls": True}}, False, False),
    ("the block was not returned", {"PublicAccessBlockConfiguration": Unknown("refused")}, False, UNKNOWN),
    ("it is a parameter", {"PublicAccessBlockConfiguration": {"IgnorePublicAcls": parameter("P")}}, False, UNKNOWN),
]


@pytest.mark.parametrize(("properties", "public", "shut"), [c[1:] for c in BUCKETS], ids=[c[0] for c in BUCKETS])
def test_a_bucket_is_open_by_its_list(properties: dict[str, Value], public: object, shut: object) -> None:
    bucket = cell(world(make("B", "S3::Bucket", **properties)), "B")
    assert said(bucket.select("is_public").value) == public
    assert said(bucket.select("is_shut").value) == shut


def test_a_bucket_policy_is_open_at_its_statement_and_shut_by_its_bucket() -> None:
    block = {"RestrictPublicBuckets": True}
    bucket = make("B", "S3::Bucket", BucketName="b", PublicAccessBlockConfiguration=block)
    policy = make("P", "S3::BucketPolicy", Bucket=ref("B"), PolicyDocument=document(allow("s3:*"), EVERYONE))
    found = cell(world(bucket, policy), "P").select("is_public")
    assert (found.value, path_text(found.path)) == (True, "PolicyDocument.Statement[1]")
    assert cell(world(bucket, policy), "P").select("is_shut").value is True


def test_a_bucket_policy_that_is_only_partly_seen_may_be_open() -> None:
    shown = make("P", "S3::BucketPolicy", Bucket="b", PolicyDocument=document(allow("s3:*")))
    hidden = make("P", "S3::BucketPolicy", Bucket="b", PolicyDocument=parameter("Document"))
    assert cell(world(shown), "P").select("is_public").value is False
    assert said(cell(world(hidden), "P").select("is_public").value) == UNKNOWN


def test_a_bucket_that_is_not_shut_says_that_the_account_might_be() -> None:
    assert cell(world(make("B", "S3::Bucket")), "B").select("is_shut").assumes


# --- keys and lists ---------------------------------------------------------------------------------

KEYS = [
    ("nothing", ABSENT, False),
    ("an empty text", "", False),
    ("AWS's alias", "alias/aws/sagemaker", False),
    ("AWS's alias as an ARN", "arn:aws:kms:eu-west-1:123456789012:alias/aws/s3", False),
    ("AWS's alias with a hole", sub("alias/aws/", Hole("Service")), False),
    ("a key id", "1234abcd-12ab-34cd-56ef-1234567890ab", True),
    ("a multi-Region key id", "mrk-1234abcd12ab34cd56ef1234567890ab", True),
    ("a key ARN", "arn:aws:kms:eu-west-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab", True),
    (
        "a key ARN with holes",
        sub("arn:aws:kms:", Hole("AWS::Region"), ":", Hole("AWS::AccountId"), ":key/", Hole("Id")),
        True,
    ),
    ("another alias", "alias/my-key", True),
    ("an alias with a hole", sub("alias/", Hole("Name")), UNKNOWN),
    ("an alias that begins otherwise", sub("alias/ml-", Hole("Name")), True),
    ("a key of the snapshot", ref("Key", "Arn"), True),
    ("an alias of the snapshot", ref("Alias"), True),
    ("a resource that is no key", ref("Custom", "KeyArn"), UNKNOWN),
    ("a parameter", parameter("KmsKeyId"), UNKNOWN),
    ("what could not be seen", Unknown("refused"), UNKNOWN),
    ("some other text", "my-key", UNKNOWN),
]


@pytest.mark.parametrize(("value", "expected"), [case[1:] for case in KEYS], ids=[case[0] for case in KEYS])
def test_whose_key_it_is(value: Value, expected: object) -> None:
    properties = {} if value is ABSENT else {"KmsKeyId": value}
    where = world(
        make("Notebook", "SageMaker::NotebookInstance", **properties),
        make("Key", "KMS::Key"),
        make("Alias", "KMS::Alias"),
        Resource("Custom", "Custom::Key", {}, ORIGIN),
    )
    assert said(own_key(cell(where, "Notebook").select("KmsKeyId"))) == expected


def test_a_scalar_is_listed_as_one_and_nothing_as_none() -> None:
    where = world(make("R", "X::Y", One="a", Many=["a", "b"], Hidden=Unknown("refused")))
    root = cell(where, "R")
    one, many, hidden = (root.select(name) for name in ("One", "Many", "Hidden"))
    assert listed(one) == [one]
    assert listed(many) is many
    assert listed(hidden) is hidden
    assert listed(root.select("None")) == []


# --- exposure ---------------------------------------------------------------------------------------

REGION, ACCOUNT = Hole("AWS::Region"), Hole("AWS::AccountId")
RUNTIME = ("arn:aws:apigateway:", REGION, ":runtime.sagemaker:path/endpoints/")
NAME = sub(Hole("Project"), "-", Hole("Stage"))
ENDPOINT = make("Endpoint", "SageMaker::Endpoint", EndpointName=NAME)
INVOKES = document(allow("sagemaker:InvokeEndpoint", ref("Endpoint")))
BY_ARN = document(
    allow(
        ["sagemaker:InvokeEndpoint"],
        sub("arn:aws:sagemaker:", REGION, ":", ACCOUNT, ":endpoint/", *NAME.parts),
    )
)
ELSEWHERE = document(allow("sagemaker:InvokeEndpoint", "arn:aws:sagemaker:eu-west-1:123456789012:endpoint/other-one"))
ANY_ENDPOINT = document(allow("sagemaker:InvokeEndpoint"))
OTHER = document(allow("sagemaker:InvokeEndpoint", "arn:aws:sagemaker:*:*:endpoint/other"))
EVERYTHING = document(allow("sagemaker:*"))


def method(uri: Value, **more: Value) -> Resource:
    integration: Value = {"Type": "AWS", "Uri": uri, "Credentials": ref("Role", "Arn")}
    return make(
        "Method",
        "ApiGateway::Method",
        **{"AuthorizationType": "NONE", "RestApiId": ref("Api"), "Integration": integration, **more},
    )


def direct(**more: Value) -> list[Resource]:
    """Return a method that calls SageMaker's runtime itself."""
    uri = sub(*RUNTIME, *ref("Endpoint", "EndpointName").parts, "/invocations")
    return [
        method(uri, **more),
        make("Api", "ApiGateway::RestApi"),
        ENDPOINT,
        make("Role", "IAM::Role", Policies=inline(INVOKES)),
    ]


def behind_function(policy: Value, variables: Value = ABSENT, entry: Resource | None = None) -> list[Resource]:
    """Return a method in front of a function whose role has `policy`."""
    uri = sub(
        "arn:aws:apigateway:", REGION, ":lambda:path/2015-03-31/functions/", *ref("Fn", "Arn").parts, "/invocations"
    )
    function: dict[str, Value] = {"Role": ref("Role", "Arn")}
    if variables is not ABSENT:
        function["Environment"] = {"Variables": variables}
    return [
        entry or method(uri),
        make("Api", "ApiGateway::RestApi"),
        make("Fn", "Lambda::Function", **function),
        make("Role", "IAM::Role", Policies=inline(policy)),
        ENDPOINT,
    ]


ALIAS = make("Live", "Lambda::Alias", FunctionName=ref("Fn"), FunctionVersion=ref("V", "Version"), Name="live")
VERSION = make("V", "Lambda::Version", FunctionName=sub(*ref("Fn", "Arn").parts))
FUNCTIONS_AT = "arn:aws:apigateway:eu-west-1:lambda:path/2015-03-31/functions/"
STREAMS_AT = "arn:aws:apigateway:eu-west-1:lambda:path/2021-11-15/functions/"
OF_NAME = "arn:aws:lambda:eu-west-1:123456789012:function:scorer:live"


def behind_alias(entry: Resource) -> list[Resource]:
    """Return an entry in front of a function that has an alias, a version and a name."""
    others = [r for r in behind_function(INVOKES, entry=entry) if r.id != "Fn"]
    function = make("Fn", "Lambda::Function", Role=ref("Role", "Arn"), FunctionName="scorer")
    return [*others, function, ALIAS, VERSION]


ALIASES: dict[str, Value] = {
    "the alias": sub(FUNCTIONS_AT, *ref("Live").parts, "/invocations"),
    "a version": sub(FUNCTIONS_AT, *ref("V").parts, "/invocations"),
    "the alias by its name": sub(FUNCTIONS_AT, *ref("Fn", "Arn").parts, ":live/invocations"),
    "the alias by its ARN": f"{FUNCTIONS_AT}{OF_NAME}/invocations",
    "the alias that a stage names": sub(FUNCTIONS_AT, *ref("Fn", "Arn").parts, ":${stageVariables.a}/invocations"),
    "the alias as a stream": sub(STREAMS_AT, *ref("Live").parts, "/response-streaming-invocations"),
}

URL = make("Url", "Lambda::Url", AuthType="NONE", TargetFunctionArn=ref("Fn", "Arn"))


def for_everyone(function: Value) -> list[Resource]:
    """Return the two permissions that a URL with AuthType NONE needs."""
    names = {"FunctionName": function, "Principal": "*"}
    return [
        make("ByUrl", "Lambda::Permission", Action="lambda:InvokeFunctionUrl", FunctionUrlAuthType="NONE", **names),
        make("Invoke", "Lambda::Permission", Action="lambda:InvokeFunction", InvokedViaFunctionUrl=True, **names),
    ]


URL_OF_ALIAS = make("Url", "Lambda::Url", AuthType="NONE", TargetFunctionArn=ref("Live"))
URL_WITH_QUALIFIER = make("Url", "Lambda::Url", AuthType="NONE", TargetFunctionArn=ref("Fn"), Qualifier="live")
INTEGRATION_OF_ALIAS = make(
    "Int", "ApiGatewayV2::Integration", ApiId=ref("HttpApi"), IntegrationType="AWS_PROXY", IntegrationUri=ref("Live")
)
ROUTE = [
    make("HttpApi", "ApiGatewayV2::Api", ProtocolType="HTTP"),
    make(
        "Route",
        "ApiGatewayV2::Route",
        ApiId=ref("HttpApi"),
        RouteKey="POST /x",
        Target=sub("integrations/", *ref("Int").parts),
    ),
    make(
        "Int",
        "ApiGatewayV2::Integration",
        ApiId=ref("HttpApi"),
        IntegrationType="AWS_PROXY",
        IntegrationUri=ref("Fn", "Arn"),
    ),
]
SOCKET = [
    make("Socket", "ApiGatewayV2::Api", ProtocolType="WEBSOCKET"),
    make("Connect", "ApiGatewayV2::Route", ApiId=ref("Socket"), RouteKey="$connect", AuthorizationType="AWS_IAM"),
    make(
        "Route",
        "ApiGatewayV2::Route",
        ApiId=ref("Socket"),
        RouteKey="send",
        Target=sub("integrations/", *ref("Int").parts),
    ),
    make(
        "Int",
        "ApiGatewayV2::Integration",
        ApiId=ref("Socket"),
        IntegrationType="AWS_PROXY",
        IntegrationUri=ref("Fn", "Arn"),
    ),
]
PRIVATE_API = make("Api", "ApiGateway::RestApi", EndpointConfiguration={"Types": ["PRIVATE"]})
IP_POLICY = document({"Effect": "Allow", "Principal": "*", "Action": "execute-api:Invoke", "Resource": "*",
                      "Condition": {"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}})  # fmt: skip
GUARDED_API = make("Api", "ApiGateway::RestApi", Policy=IP_POLICY)

WEB_SERVER = {"Type": "HTTP_PROXY", "Uri": "https://example.com/x"}
FOREIGN_FUNCTION = sub("arn:aws:apigateway:", REGION, ":lambda:path/2015-03-31/functions/", Hole("Fn"), "/invocations")

EXPOSURES = [
    ("a method that calls SageMaker itself", direct(), ["anonymous"]),
    ("the same behind an API key", direct(ApiKeyRequired=True), ["api-key"]),
    ("an API key that is a parameter", direct(ApiKeyRequired=parameter("Key")), UNKNOWN),
    ("a method that does not say", direct(AuthorizationType=ABSENT), UNKNOWN),
    ("the same behind IAM", direct(AuthorizationType="AWS_IAM"), []),
    ("an authorizer that is a parameter", direct(AuthorizationType=parameter("Auth")), UNKNOWN),
    ("an API inside the network", [PRIVATE_API, *(r for r in direct() if r.id != "Api")], []),
    ("an API for known addresses", [GUARDED_API, *(r for r in direct() if r.id != "Api")], []),
    ("a function that may invoke it", behind_function(INVOKES), ["anonymous"]),
    ("a function that may invoke it by its ARN", behind_function(BY_ARN), ["anonymous"]),
    ("a function that may invoke every endpoint", behind_function(ANY_ENDPOINT), ["anonymous"]),
    ("a function that may invoke another", behind_function(ELSEWHERE), UNKNOWN),
    ("a function that may invoke one whose name cannot be this", behind_function(OTHER), []),
    ("a function that may do all of SageMaker", behind_function(EVERYTHING), UNKNOWN),
    ("the same, told the endpoint's name", behind_function(EVERYTHING, {"NAME": NAME}), ["anonymous"]),
    ("the same, told by reference", behind_function(EVERYTHING, {"N": ref("Endpoint", "EndpointName")}), ["anonymous"]),
    ("a function that may do nothing here", behind_function(document(allow("s3:GetObject"))), []),
    *((name, behind_alias(method(uri)), ["anonymous"]) for name, uri in ALIASES.items()),
    ("a URL of an alias", [*behind_alias(URL_OF_ALIAS), *for_everyone(ref("Live"))], ["anonymous"]),
    ("a URL with a qualifier", [*behind_alias(URL_WITH_QUALIFIER), *for_everyone(ref("Live"))], ["anonymous"]),
    ("a URL of an alias, permitted on the function", [*behind_alias(URL_OF_ALIAS), *for_everyone(ref("Fn"))], UNKNOWN),
    ("a route to an alias", [*ROUTE[:2], INTEGRATION_OF_ALIAS, *behind_alias(ROUTE[0])[1:]], ["anonymous"]),
    ("a function URL", [*behind_function(INVOKES, entry=URL), *for_everyone(ref("Fn"))], ["anonymous"]),
    ("a function URL with one permission", [*behind_function(INVOKES, entry=URL), for_everyone(ref("Fn"))[0]], UNKNOWN),
    ("a function URL without permission", behind_function(INVOKES, entry=URL), UNKNOWN),
    ("a route of an HTTP API", [*ROUTE, *behind_function(INVOKES, entry=ROUTE[0])[1:]], ["anonymous"]),
    ("a WebSocket route behind IAM", [*SOCKET, *behind_function(INVOKES, entry=ROUTE[0])[1:]], []),
    ("a mock", [method(ABSENT, Integration={"Type": "MOCK"}), ENDPOINT], []),
    ("another AWS service", [method(sub("arn:aws:apigateway:", REGION, ":s3:path/b/k")), ENDPOINT], []),
    ("a web server", [method(ABSENT, Integration=WEB_SERVER), ENDPOINT], []),
    ("a function of another template", [method(FOREIGN_FUNCTION), ENDPOINT], UNKNOWN),
]  # fmt: skip


@pytest.mark.parametrize(("resources", "expected"), [c[1:] for c in EXPOSURES], ids=[c[0] for c in EXPOSURES])
def test_exposures_of_an_endpoint(resources: list[Resource], expected: object) -> None:
    found = cell(world(*resources), "Endpoint").select("exposures")
    kinds = [item.select("kind").value for item in found.items() if not isinstance(item.value, Unknown)]
    if expected == UNKNOWN:
        assert isinstance(found.value, Partial)
        assert kinds == []
    else:
        assert isinstance(found.value, list)
        assert kinds == expected


def test_an_exposure_stands_at_the_authorization_of_its_entry_and_names_its_hops() -> None:
    (found,) = cell(world(*behind_function(INVOKES)), "Endpoint").select("exposures").items()
    assert (found.resource.id, path_text(found.path)) == ("Method", "AuthorizationType")
    assert found.select("hops").plain() == ["Method", "Fn", "Role"]
    assert found.select("source").value == "Method"


def test_an_alias_on_the_way_is_a_hop() -> None:
    permitted = [*behind_alias(URL_OF_ALIAS), *for_everyone(ref("Live"))]
    (found,) = cell(world(*permitted), "Endpoint").select("exposures").items()
    assert found.select("hops").plain() == ["Url", "Live", "Fn", "Role"]


def test_what_calls_an_alias_is_known_to_its_function() -> None:
    permission = make("P", "Lambda::Permission", FunctionName=ref("Live"))
    source = make("S", "Lambda::EventSourceMapping", FunctionName=sub(*ref("Fn").parts, ":live"))
    function = cell(world(*behind_alias(URL_OF_ALIAS), permission, source), "Fn")
    links = ("aliases", "versions", "urls", "permissions", "event_sources")
    assert {name: paths(function.select(name)) for name in links} == {
        name: [(id_, "")] for name, id_ in zip(links, ("Live", "V", "Url", "P", "S"), strict=True)
    }


def test_an_entry_says_whom_it_admits_and_whether_it_invokes_at_its_own_places() -> None:
    entry = cell(world(*direct()), "Method")
    assert (entry.select("admits").value, path_text(entry.select("admits").path)) == ("anonymous", "AuthorizationType")
    assert entry.select("invokes_model").value is True
    assert path_text(entry.select("invokes_model").path) == "Integration.Uri"


def test_an_entry_invokes_an_endpoint_of_another_template_too() -> None:
    resources = [r for r in behind_function(ELSEWHERE) if r.id != "Endpoint"]
    assert cell(world(*resources), "Method").select("invokes_model").value is True


def test_an_open_template_leaves_exposures_partial() -> None:
    assert isinstance(cell(world(ENDPOINT, is_closed=False), "Endpoint").select("exposures").value, Partial)


# --- traffic ----------------------------------------------------------------------------------------

WEEK = 7 * 24


def series(values: list[list[float]], hours: int = 2 * WEEK, start: str = "2026-11-01T00:00:00+00:00") -> Value:
    return {"start": start, "period": 3600, "hours": hours, "values": values}


def live(invocations: Value, **more: Value) -> World:
    observed = {} if invocations is ABSENT else {"invocations": invocations}
    variant = {"VariantName": "blue", "ModelName": "m"}
    config: dict[str, Value] = {"ProductionVariants": [variant], "EndpointConfigName": "c", **more}
    return world(
        Resource("E", "AWS::SageMaker::Endpoint", {"EndpointConfigName": "c"}, ORIGIN, observed=observed),
        make("C", "SageMaker::EndpointConfig", **config),
        kind=SourceKind.LIVE,
        complete=frozenset({Scope("AWS::SageMaker::Endpoint")}),
    )


def test_traffic_counts_hours_without_data_as_idle() -> None:
    traffic = cell(live({"blue": series([[0, 10], [24, 30]]), "green": series([[24, 2]])}), "E").select("traffic").value
    assert traffic == {
        "hours": 336, "total": 42.0, "idle_hours": 334, "idle_share": 0.994,
        "mean": 0.125, "median": 0.0, "peak": 32.0, "peak_to_mean": 256.0,
        "growth": 0.0, "quiet_hours": 23, "weekend_share": 0.2381, "idle_since_hours": 311,
    }  # fmt: skip


def test_a_younger_variant_is_added_in_the_right_hours() -> None:
    late = series([[0, 5]], hours=WEEK, start="2026-11-08T00:00:00+00:00")
    traffic = cell(live({"blue": series([[WEEK, 5]]), "green": late}), "E").select("traffic")
    assert traffic.select("peak").value == 10


def test_an_endpoint_without_any_request_is_idle_all_the_time() -> None:
    traffic = cell(live({"blue": series([])}), "E").select("traffic")
    assert (traffic.select("idle_share").value, traffic.select("peak_to_mean").value) == (1.0, 0.0)


@pytest.mark.parametrize(
    "invocations",
    [
        Unknown("refused"),
        ABSENT,
        {},
        {"blue": series([], hours=WEEK - 1)},
        {"blue": Unknown("throttled")},
        {"blue": "odd"},
    ],
)
def test_traffic_that_was_not_seen_long_enough_is_unknown(invocations: Value) -> None:
    assert isinstance(cell(live(invocations), "E").select("traffic").value, Unknown)


def test_an_asynchronous_endpoint_without_data_is_not_called_idle() -> None:
    where = live({"blue": series([])}, AsyncInferenceConfig={"OutputConfig": {}})
    (variant,) = cell(where, "C").select("ProductionVariants").items()
    assert isinstance(cell(where, "E").select("traffic").value, Unknown)
    assert isinstance(variant.select("traffic").value, Unknown)


def test_a_variant_has_its_own_traffic() -> None:
    where = live({"blue": series([[0, 10]]), "green": series([[0, 99]])})
    (variant,) = cell(where, "C").select("ProductionVariants").items()
    assert variant.select("traffic").select("total").value == 10


def test_a_template_has_no_traffic() -> None:
    where = world(ENDPOINT, make("C", "SageMaker::EndpointConfig", ProductionVariants=[{"VariantName": "blue"}]))
    (variant,) = cell(where, "C").select("ProductionVariants").items()
    assert cell(where, "Endpoint").select("traffic").value is ABSENT
    assert variant.select("traffic").value is ABSENT


# --- the catalogue ----------------------------------------------------------------------------------

TYPES = [  # (type, family, local storage, burstable, previous generation)
    ("ml.m5.large", "m5", False, False, False),
    ("ml.g5.2xlarge", "g5", True, False, False),
    ("ml.c5d.large", "c5d", True, False, False),
    ("ml.t2.medium", "t2", False, True, False),
    ("ml.m4.xlarge", "m4", False, False, True),
    (sub("ml.g5.", Hole("Size")), "g5", True, False, False),
    (sub("ml.", Hole("Family"), ".large"), UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN),
    (parameter("InstanceType"), UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN),
    ("large", UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN),
    ("ml.zz9.large", "zz9", UNKNOWN, UNKNOWN, UNKNOWN),
]  # fmt: skip


@pytest.mark.parametrize(("type_", "family", "disks", "burstable", "previous"), TYPES)
def test_an_instance_type_is_known_by_its_family(
    type_: Value, family: object, disks: object, burstable: object, previous: object
) -> None:
    assert said(instance_family(type_)) == family
    assert said(has_local_storage(type_)) == disks
    assert said(is_burstable(type_)) == burstable
    assert said(is_previous_generation(type_)) == previous


@pytest.mark.parametrize(
    ("platform", "today", "expected"),
    [
        ("notebook-al2-v2", "2026-06-29", True),
        ("notebook-al2-v2", "2026-06-30", False),
        ("notebook-al1-v1", "2026-11-23", False),
        ("notebook-al2023-v1", "2026-11-23", True),
        (ABSENT, "2026-11-23", True),
        (ABSENT, "2020-01-01", UNKNOWN),
        ("notebook-zz-v1", "2026-11-23", UNKNOWN),
        (parameter("Platform"), "2026-11-23", UNKNOWN),
    ],
)
def test_a_notebook_platform_ends_on_a_day(platform: Value, today: str, expected: object) -> None:
    assert said(notebook_platform_supported(platform, today)) == expected


def test_a_runtime_ends_on_a_day() -> None:
    assert lambda_runtime_supported("python3.8", "2026-11-23") is False
    assert lambda_runtime_supported("python3.13", "2026-11-23") is True
    assert said(lambda_runtime_supported("cobol", "2026-11-23")) == UNKNOWN


# --- the tables -------------------------------------------------------------------------------------


def test_facts_and_functions_have_names_of_their_own() -> None:
    keys = [(fact.type, fact.path, fact.name) for fact in FACTS]
    assert len(keys) == len(set(keys))
    assert all(name == function.name for name, function in FUNCTIONS.items())


def test_no_fact_hides_a_link() -> None:
    from wa_lint.references.table import LINKS  # noqa: PLC0415, only here

    links = {(link.type, link.at, link.name) for link in LINKS} | {
        (link.target, link.place, link.back) for link in LINKS
    }
    assert not links & {(fact.type, fact.path, fact.name) for fact in FACTS}


def test_a_path_of_a_statement_is_a_path() -> None:
    role = make("Role", "IAM::Role", Policies=inline(document(allow(["a:b", "c:d"]))))
    (statement,) = cell(world(role), "Role").select("statements").items()
    expected: Path = ("Policies", 0, "PolicyDocument", "Statement", 0, "Action", 1)
    assert statement.select("Action").items()[1].path == expected


# --- from real texts --------------------------------------------------------------------------------

TEMPLATE = """
Parameters: {Project: {Type: String}, Open: {Type: String, Default: "yes"}}
Conditions: {IsOpen: !Equals [!Ref Open, "yes"]}
Resources:
  Endpoint:
    Type: AWS::SageMaker::Endpoint
    Properties: {EndpointName: !Sub "${Project}-live", EndpointConfigName: c}
  Role:
    Type: AWS::IAM::Role
    Properties: {AssumeRolePolicyDocument: {Statement: []}}
  Policy:
    Type: AWS::IAM::Policy
    Properties:
      PolicyName: p
      Roles: [!Ref Role]
      PolicyDocument:
        Statement: {Effect: Allow, Action: sagemaker:InvokeEndpoint, Resource: !Ref Endpoint}
  Api: {Type: AWS::ApiGateway::RestApi, Properties: {Name: api}}
  Method:
    Type: AWS::ApiGateway::Method
    Properties:
      RestApiId: !Ref Api
      HttpMethod: POST
      ResourceId: !GetAtt Api.RootResourceId
      AuthorizationType: !If [IsOpen, NONE, AWS_IAM]
      Integration:
        Type: AWS
        Credentials: !GetAtt Role.Arn
        Uri: !Sub "arn:aws:apigateway:${AWS::Region}:runtime.sagemaker:path/endpoints/${Project}-live/invocations"
"""


def test_a_template_is_exposed_in_the_scenario_that_opens_it() -> None:
    graph = graph_of(read_template(TEMPLATE, "t.yaml"), FACTS)

    def kinds(scenario: Scenario) -> list[Value]:
        endpoint = cell(World(graph, scenario, is_closed=True), "Endpoint")
        return [item.select("kind").value for item in endpoint.select("exposures").items()]

    found = {assumptions["Open"].value: answer for assumptions, answer in explore(kinds, {}, 8)}
    assert found == {"yes": ["anonymous"], ABSENT: []}


GIVEN = """
Resources:
  C: {{Type: {type}, Properties: {{ServiceToken: arn}}}}
  Role: {{Type: AWS::IAM::Role}}
  Endpoint: {{Type: AWS::SageMaker::Endpoint, Properties: {{EndpointName: !GetAtt C.A, EndpointConfigName: x}}}}
  Policy:
    Type: AWS::ApplicationAutoScaling::ScalingPolicy
    Properties: {{ResourceId: !Sub 'endpoint/{named}/variant/v'}}
"""


@pytest.mark.parametrize("type_", ["Custom::Names", "AWS::CloudFormation::CustomResource"])
@pytest.mark.parametrize(("named", "expected"), [("${C.A}", "Endpoint"), ("${C.B}", UNKNOWN), ("${C}", UNKNOWN)])
def test_what_a_custom_resource_gives_out_is_told_apart_by_attribute(type_: str, named: str, expected: str) -> None:
    where = World(graph_of(read_template(GIVEN.format(type=type_, named=named), "t.yaml")), is_closed=True)
    endpoint = cell(where, "Policy").select("endpoint")
    assert (UNKNOWN if isinstance(endpoint.value, Unknown) else endpoint.resource.id) == expected
    policies = cell(where, "Endpoint").select("scaling_policies").value
    assert isinstance(policies, Partial) == (expected == UNKNOWN)


def test_what_a_custom_resource_gives_out_may_be_empty_or_anything() -> None:
    where = World(graph_of(read_template(GIVEN.format(type="Custom::X", named="x"), "t.yaml")))
    name = cell(where, "Endpoint").select("EndpointName").value
    assert said(equals(name, "")) == said(matches_action({"Action": name}, "s3:GetObject")) == UNKNOWN


KEY_ID = "11111111-2222-3333-4444-555555555555"
KEY_ARN = f"arn:aws:kms:eu-west-1:111122223333:key/{KEY_ID}"


@pytest.mark.parametrize("spelled", [KEY_ID, KEY_ARN])
@pytest.mark.parametrize(
    ("managed", "expected"), [(True, False), (False, True), (Unknown("AccessDenied: kms:DescribeKey"), UNKNOWN)]
)
def test_a_key_that_the_account_says_aws_manages_is_not_the_customers(
    spelled: str, managed: Value, expected: object
) -> None:
    key = Resource(KEY_ARN, "AWS::KMS::Key", {}, ORIGIN, name=KEY_ID, arn=KEY_ARN, observed={"aws_managed": managed})
    where = world(key, make("Notebook", "SageMaker::NotebookInstance", KmsKeyId=spelled), kind=SourceKind.LIVE)
    assert said(own_key(cell(where, "Notebook").select("KmsKeyId"))) == expected


def test_what_a_refused_description_would_have_observed_is_not_known() -> None:
    refused = Unknown("AccessDenied: sagemaker:DescribeNotebookInstance")
    listed_only = Resource("n", "AWS::SageMaker::NotebookInstance", refused, ORIGIN, observed={"CreationTime": "2026"})
    observed = cell(world(listed_only, kind=SourceKind.LIVE), "n").select("observed")
    assert observed.select("CreationTime").value == "2026"
    assert observed.select("NotebookInstanceStatus").value == refused
