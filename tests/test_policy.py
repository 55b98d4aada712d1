"""IAM semantics: tables of cases, and policyuniverse as a second opinion where it is right."""

from __future__ import annotations

from fnmatch import fnmatchcase

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wa_lint import policy
from wa_lint.model import Hole, Partial, Unknown, Unresolved, Value
from wa_lint.policy import actions
from wa_lint.policy.bucket_policy import refuses_plain_http
from wa_lint.policy.wildcards import matches

PARTITION = Hole("AWS::Partition", shape=r"aws(-[a-z]+)*")
REGION = Hole("AWS::Region", shape=r"[a-z0-9-]+")
ACCOUNT = Hole("AWS::AccountId", shape=r"\d{12}")
NAME = Hole("Name")
ENDPOINT = Hole("Endpoint.EndpointName", target="Endpoint", attribute="EndpointName")
UNKNOWN = "unknown"


def text(*parts: str | Hole) -> Unresolved:
    return Unresolved("it depends on the parameters", parts)


def said(truth: object) -> object:
    return UNKNOWN if isinstance(truth, Unknown) else truth


def allow(action: Value, resource: Value = "*", **more: Value) -> dict[str, Value]:
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


def deny(action: Value, resource: Value = "*", **more: Value) -> dict[str, Value]:
    return {**allow(action, resource, **more), "Effect": "Deny"}


# --- documents --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("document", "count"),
    [
        ({"Statement": [allow("s3:*"), allow("a:b")]}, 2),
        ({"Statement": allow("s3:*")}, 1),
        ('{"Statement": [{"Effect": "Allow"}]}', 1),
        ({}, 0),
        (None, 0),
    ],
)
def test_a_document_is_a_map_or_json_and_holds_one_statement_or_many(document: Value, count: int) -> None:
    found = policy.statements(document)
    assert len(found) == count
    assert all(isinstance(statement, dict) for statement in found)


@pytest.mark.parametrize(
    "document",
    [
        Unknown("refused"),
        text(NAME),
        "{no json",
        {"Statement": Unknown("refused")},
        {"Statement": Partial((allow("s3:*"),), "a macro")},
    ],
)
def test_what_cannot_be_seen_of_a_document_is_an_unknown_statement(document: Value) -> None:
    *_, last = policy.statements(document)
    assert policy.has_effect(last, "Allow") != False  # noqa: E712, an Unknown is neither
    assert said(policy.allows(policy.statements(document), "iam:PassRole", "*")) == UNKNOWN


# --- actions ----------------------------------------------------------------------------------------

ACTIONS = [
    ("iam:PassRole", "iam:PassRole", True),
    ("IAM:passrole", "iam:PassRole", True),
    ("SageMaker:create*", "sagemaker:CreateModel", True),
    ("iam:Pass?ole", "iam:PassRole", True),
    ("iam:Pass?Role", "iam:PassRole", False),
    ("iam:*Role", "iam:PassRole", True),
    ("*", "iam:PassRole", True),
    ("iam:*", "sagemaker:CreateModel", False),
    ("iam:[P]assRole", "iam:PassRole", False),
    (text(Hole("Service"), ":*"), "iam:PassRole", UNKNOWN),
    (text(Hole("Service"), ":Get*"), "iam:PassRole", False),
    (text("iam:", NAME), "sagemaker:CreateModel", False),
    (text("iam:*", NAME), "iam:PassRole", UNKNOWN),
    (Unknown("refused"), "iam:PassRole", UNKNOWN),
    (7, "iam:PassRole", UNKNOWN),
]


@pytest.mark.parametrize(("pattern", "action", "expected"), ACTIONS)
def test_actions_match_in_any_case_with_both_wildcards(pattern: Value, action: str, expected: object) -> None:
    assert said(policy.action_matches(pattern, action)) == expected


@given(st.text("aAbB*?", max_size=8), st.text("aAbB", max_size=8))
def test_matching_agrees_with_fnmatch_on_stars_and_question_marks(pattern: str, name: str) -> None:
    if pattern and name:
        assert matches(pattern, name) is fnmatchcase(name, pattern)
        assert matches(pattern, name, fold=True) is fnmatchcase(name.lower(), pattern.lower())


PIECES = st.lists(st.sampled_from(["a", "b", "ab", "*", Hole("X"), Hole("Y")]), min_size=1, max_size=4)
PLAIN = st.lists(st.sampled_from(["a", "b", "ab", Hole("X"), Hole("Y")]), min_size=1, max_size=4)


@given(PIECES, PLAIN, st.text("ab", max_size=3), st.text("ab", max_size=3))
def test_filling_the_holes_never_reverses_a_match(
    pattern: list[str | Hole], name: list[str | Hole], x: str, y: str
) -> None:
    fills = {"X": x, "Y": y}

    def filled(parts: list[str | Hole]) -> str:
        return "".join(part if isinstance(part, str) else fills[part.name] for part in parts)

    before = matches(text(*pattern), text(*name))
    if not isinstance(before, Unknown) and filled(pattern) and filled(name):
        assert matches(filled(pattern), filled(name)) is before


def test_a_hostile_pattern_is_given_up_at_once() -> None:
    assert said(matches("*a" * 5000, "a" * 50_000 + "b")) == UNKNOWN


@pytest.mark.filterwarnings("ignore::ResourceWarning")  # it leaves its data file open
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # the same, as pytest tells it
def test_every_action_that_policyuniverse_expands_a_pattern_to_is_matched() -> None:
    from policyuniverse.expander_minimizer import expand_policy  # noqa: PLC0415, slow to import: 8 MB of lists

    for pattern in ("sagemaker:Create*", "iam:Pass*", "s3:*Object"):
        expanded = expand_policy({"Statement": [allow(pattern)]})["Statement"][0]["Action"]
        assert expanded
        assert all(policy.action_matches(pattern, action) is True for action in expanded)


WILDCARDS = [
    ("*", True),
    ("*:*", True),
    ("sagemaker:*", True),
    ("SageMaker:**", True),
    ("sagemaker-mlflow:*", True),
    ("sagemaker:Create*", False),
    ("sagemaker:*Model", False),
    ("iam:PassRole", False),
    (text(Hole("Service"), ":*"), True),
    (text("sagemaker:", NAME), UNKNOWN),
    (text("sagemaker:", NAME, "*"), UNKNOWN),
    (Unknown("refused"), UNKNOWN),
]


@pytest.mark.parametrize(("action", "expected"), WILDCARDS)
def test_a_service_wildcard_takes_in_the_whole_service(action: Value, expected: object) -> None:
    assert said(policy.service_wildcard(action)) == expected


def test_each_arn_of_an_action_names_service_region_and_account() -> None:
    known = [action for service in actions._services() for action in actions._actions(service).values()]
    assert {action.name for action in known for arn in action.arns if arn.count(":") < 5} == set()


# --- resources --------------------------------------------------------------------------------------

IN_ACCOUNT = ("arn:", PARTITION, ":sagemaker:", REGION, ":", ACCOUNT, ":endpoint/")

RESOURCES = [
    ("arn:aws:s3:::b/*", "arn:aws:s3:::b/k", True),
    ("arn:aws:s3:::b", "arn:aws:s3:::B", False),
    ("*", "arn:aws:s3:::b", True),
    ("arn:aws:sagemaker:*:*:endpoint/*", text(*IN_ACCOUNT, ENDPOINT), True),
    (text(*IN_ACCOUNT, "*"), text(*IN_ACCOUNT, ENDPOINT), True),
    (text(*IN_ACCOUNT, ENDPOINT), text(*IN_ACCOUNT, ENDPOINT), True),
    (text(*IN_ACCOUNT, NAME), text(*IN_ACCOUNT, ENDPOINT), UNKNOWN),
    (text("arn:aws:sagemaker:", REGION, ":", ACCOUNT, ":endpoint/", ENDPOINT), text(*IN_ACCOUNT, ENDPOINT), True),
    ("arn:aws:sagemaker:*:*:model/*", text(*IN_ACCOUNT, ENDPOINT), False),
    ("arn:aws:sagemaker:eu-west-1:*:endpoint/*", text(*IN_ACCOUNT, ENDPOINT), UNKNOWN),
    (text(*IN_ACCOUNT[:-1], ":model/", NAME), text(*IN_ACCOUNT, ENDPOINT), False),
    ("arn:aws:s3:::${aws:username}/*", "arn:aws:s3:::b/k", UNKNOWN),
    ("arn:aws:s3:::b/${*}", "arn:aws:s3:::b/k", False),
    ("arn:aws:s3:::b/${*}", "arn:aws:s3:::b/*", True),
    (text(Hole("Endpoint", target="Endpoint")), text(Hole("Endpoint", target="Endpoint")), True),
    (Unknown("refused"), "arn:aws:s3:::b", UNKNOWN),
]


@pytest.mark.parametrize(("pattern", "resource", "expected"), RESOURCES)
def test_resources_match_as_far_as_their_literals_decide(pattern: Value, resource: Value, expected: object) -> None:
    assert said(policy.resource_matches(pattern, resource)) == expected


COVERS = [  # (resource, covers_all)
    ("*", True),
    ("**", True),
    ("arn:aws:s3:::*", True),
    ("arn:aws:s3:::*/*", True),
    ("arn:aws:sagemaker:*", True),
    ("arn:aws:sagemaker:eu-west-1:123456789012:*", True),
    (text("arn:aws:sagemaker:", REGION, ":", ACCOUNT, ":*"), True),
    ("arn:aws:iam::*:role/*", True),
    ("arn:aws:iam::123456789012:role/*", True),
    (text("arn:", PARTITION, ":iam::", ACCOUNT, ":role/*"), True),
    ("arn:aws:logs:*:*:log-group:*", True),
    ("arn:aws:logs:*:*:log-group:*:log-stream:*", True),
    ("arn:aws:logs:*:*:log-group:/aws/sagemaker/*", False),
    ("arn:aws:iam::*:role/service-role/*", False),
    ("arn:aws:iam::*:role/*-sagemaker", False),
    ("arn:aws:s3:::bucket/*", False),
    ("arn:aws:s3:::*sagemaker*", False),
    ("arn:aws:s3:::${aws:username}/*", False),
    (text("arn:aws:s3:::", NAME, "/*"), False),
    (text("arn:", PARTITION, ":iam::", ACCOUNT, ":role/", NAME), False),
    (text(Hole("Bucket.Arn", target="Bucket", attribute="Arn"), "/*"), False),
    (text(Hole("Endpoint", target="Endpoint")), False),
    (text(Hole("AWS::StackId")), False),
    ("arn:aws:bedrock:*:123456789012:data-automation-profile/us.data-automation-v1", False),
    (text("arn:aws:bedrock:", REGION, ":", ACCOUNT, ":data-automation-project/*"), True),
    (text(NAME), UNKNOWN),
    (Unresolved("an import"), UNKNOWN),
    (Unknown("refused"), UNKNOWN),
]


@pytest.mark.parametrize(("resource", "everything"), COVERS)
def test_a_resource_pattern_covers_all_or_names_one(resource: Value, everything: object) -> None:
    assert said(policy.covers_all(resource)) == everything


# --- what a set of statements allows ----------------------------------------------------------------

PASS_SAGEMAKER = {"StringEquals": {"iam:PassedToService": "sagemaker.amazonaws.com"}}

GRANTS = [
    ("granted", [allow("iam:PassRole")], "iam:PassRole", "*", True),
    ("granted on one role only", [allow("iam:PassRole", "arn:aws:iam::1:role/a")], "iam:PassRole", "*", False),
    ("nothing is granted", [], "iam:PassRole", "*", False),
    ("an explicit Deny wins", [allow("*"), deny("iam:*")], "iam:PassRole", "*", False),
    ("NotAction leaves it in", [{"Effect": "Allow", "NotAction": "s3:*", "Resource": "*"}], "iam:PassRole", "*", True),
    (
        "NotAction takes it out",
        [{"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}],
        "iam:PassRole",
        "*",
        False,
    ),
    (
        "NotResource leaves it in",
        [{"Effect": "Allow", "Action": "s3:*", "NotResource": "arn:aws:s3:::secret/*"}],
        "s3:GetObject",
        "arn:aws:s3:::b/k",
        True,
    ),
    ("a condition leaves it open", [allow("iam:PassRole", Condition=PASS_SAGEMAKER)], "iam:PassRole", "*", UNKNOWN),
    ("a conditional Deny too", [allow("*"), deny("*", Condition=PASS_SAGEMAKER)], "iam:PassRole", "*", UNKNOWN),
    ("another statement decides", [Unknown("refused"), allow("*")], "iam:PassRole", "*", UNKNOWN),
    ("a certain Deny decides", [Unknown("refused"), deny("*")], "iam:PassRole", "*", False),
    ("an effect that is a parameter", [{**allow("*"), "Effect": text(NAME)}], "iam:PassRole", "*", UNKNOWN),
]


@pytest.mark.parametrize(
    ("statements", "action", "resource", "expected"), [c[1:] for c in GRANTS], ids=[c[0] for c in GRANTS]
)
def test_grants(statements: list[Value], action: str, resource: Value, expected: object) -> None:
    assert said(policy.allows(statements, action, resource)) == expected


# --- principals and conditions ----------------------------------------------------------------------


def open_to(principal: Value, **condition: Value) -> dict[str, Value]:
    return allow("s3:GetObject", "arn:aws:s3:::b/*", Principal=principal, Condition=condition)


PUBLIC = [
    (open_to("*"), True),
    (open_to({"AWS": "*"}), True),
    (open_to({"AWS": ["arn:aws:iam::123456789012:root", "*"]}), True),
    ({"Effect": "Allow", "NotPrincipal": {"AWS": "123456789012"}, "Action": "*", "Resource": "*"}, True),
    (open_to({"AWS": "123456789012"}), False),
    (open_to({"Service": "cloudfront.amazonaws.com"}), False),
    (open_to({"AWS": text(Hole("Role.Arn", target="Role", attribute="Arn"))}), False),
    (open_to({"AWS": text("arn:aws:iam::", NAME, ":root")}), False),
    (open_to({"AWS": text(NAME)}), UNKNOWN),
    (open_to("*", StringEquals={"aws:PrincipalOrgID": "o-1"}), False),
    (open_to("*", StringEquals={"AWS:SourceAccount": text(ACCOUNT)}), False),
    (open_to("*", StringLike={"aws:SourceArn": "*"}), True),
    (open_to("*", IpAddress={"aws:SourceIp": ["0.0.0.0/0"]}), True),
    (open_to("*", IpAddress={"aws:SourceIp": "10.0.0.0/8"}), False),
    (open_to("*", StringNotEquals={"aws:SourceVpc": "vpc-1"}), True),
    (open_to("*", StringEqualsIfExists={"aws:SourceVpc": "vpc-1"}), True),
    (open_to("*", Bool={"aws:SecureTransport": "true"}), True),
    (open_to("*", StringEquals=Unknown("refused")), UNKNOWN),
    ({**open_to("*"), "Effect": "Deny"}, False),
    (Unknown("refused"), UNKNOWN),
]


@pytest.mark.parametrize(("statement", "expected"), PUBLIC)
def test_a_statement_is_public_unless_a_condition_narrows_it(statement: Value, expected: object) -> None:
    assert said(policy.lets_in_everyone(statement)) == expected


def test_policyuniverse_agrees_on_public_statements() -> None:
    from policyuniverse.statement import Statement  # noqa: PLC0415, slow to import

    wrong_there = ("IfExists", "StringNotEquals")  # facts/libraries.md: it takes both for a restriction
    for statement, expected in PUBLIC:
        plain = isinstance(expected, bool) and not any(word in str(statement) for word in (*wrong_there, "Unresolved"))
        if plain and isinstance(statement, dict) and "NotPrincipal" not in statement:
            assert Statement(statement).is_internet_accessible() is expected, statement


TRUST = [
    ({"AWS": "arn:aws:iam::123456789012:root"}, True),
    ({"AWS": "123456789012"}, True),
    ({"AWS": text(ACCOUNT)}, True),
    ({"AWS": text("arn:", PARTITION, ":iam::", ACCOUNT, ":root")}, True),
    ({"AWS": "arn:aws:iam::123456789012:role/x"}, False),
    ({"AWS": text(Hole("Role.Arn", target="Role", attribute="Arn"))}, False),
    ({"AWS": text("arn:aws:iam::", ACCOUNT, ":role/", NAME)}, False),
    ({"AWS": text(NAME)}, UNKNOWN),
    ({"Service": "sagemaker.amazonaws.com"}, False),
]


@pytest.mark.parametrize(("principal", "expected"), TRUST)
def test_trusting_an_account_trusts_all_of_it(principal: Value, expected: object) -> None:
    statement = {"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}
    assert said(policy.trusts_account_root(statement)) == expected


def test_a_service_is_named_alone_or_in_a_list() -> None:
    one = {"Effect": "Allow", "Principal": {"Service": "sagemaker.amazonaws.com"}}
    two = {"Effect": "Allow", "Principal": {"Service": ["sagemaker.amazonaws.com", "lambda.amazonaws.com"]}}
    assert policy.service_principals(one) == ("sagemaker.amazonaws.com",)
    assert len(policy.service_principals(two)) == 2


BUCKET = text(Hole("Bucket.Arn", target="Bucket", attribute="Arn"))
OBJECTS = text(*BUCKET.parts, "/*")
BOTH = [BUCKET, OBJECTS]
NAMED = ["arn:aws:s3:::data", "arn:aws:s3:::data/*"]
SUBBED = text("arn:", PARTITION, ":s3:::", NAME, "-data")
INSECURE = {"Bool": {"aws:SecureTransport": "false"}}
OWN = ["data", text(Hole("Bucket", target="Bucket")), text(NAME, "-data")]


def tls(action: Value, resource: Value, condition: Value = INSECURE, principal: Value = "*") -> dict[str, Value]:
    return deny(action, resource, Principal=principal, Condition=condition)


def sparing(**elements: Value) -> dict[str, Value]:
    return {"Effect": "Deny", "Principal": "*", "Condition": INSECURE, **elements}


TLS = [
    ([tls("s3:*", BOTH)], True),
    ([tls("s3:*", NAMED)], True),
    ([tls("s3:*", [SUBBED, text(*SUBBED.parts, "/*")])], True),
    ([tls("s3:*", "arn:aws:s3:::data*")], True),
    ([tls("s3:*", BUCKET), tls("*", OBJECTS)], True),
    ([tls("s3:*", "*", {"Bool": {"AWS:SecureTransport": False}}, {"AWS": "*"})], True),
    ([tls("*", BOTH, {"BoolIfExists": {"aws:SecureTransport": ["false"]}}, {"AWS": ["*"]})], True),
    ([{**tls("s3:*", "*"), "Action": ["s3:Get*", "s3:*"]}], True),
    ([tls("s3:*", OBJECTS)], False),
    ([tls("s3:*", BUCKET)], False),
    ([tls("s3:*", "arn:aws:s3:::other*")], False),
    ([tls("s3:*", [BUCKET, text(*BUCKET.parts, "/models/*")])], False),
    ([tls("sqs:*", BOTH)], False),
    ([tls("s3:PutObject", BOTH)], False),
    ([tls("s3:Get*", BOTH), tls("s3:Put*", BOTH)], False),
    ([tls("s3:*", BOTH, principal={"AWS": "123456789012"})], False),
    ([tls("s3:*", BOTH, {"Bool": {"aws:SecureTransport": "true"}})], False),
    ([tls("s3:*", BOTH, {**INSECURE, "StringEquals": {"aws:SourceVpc": "v"}})], False),
    ([tls("s3:*", BOTH, {"NumericLessThan": {"s3:TlsVersion": "1.2"}})], False),
    ([allow("s3:*", BOTH, Principal="*", Condition={"Bool": {"aws:SecureTransport": "true"}})], False),
    ([tls("s3:*", BOTH, {"StringNotEquals": {"aws:SecureTransport": "true"}})], True),
    ([tls("s3:*", BOTH, {"StringNotEquals": {"aws:SecureTransport": "false"}})], False),
    ([sparing(NotAction=["iam:*"], Resource=BOTH)], True),
    ([sparing(NotAction=["s3:GetObject"], Resource=BOTH)], False),
    ([sparing(Action="s3:*", NotResource="arn:aws:s3:::data/public/*")], False),
    ([sparing(Action="s3:*", NotResource=text(*BUCKET.parts, "/public/*"))], False),
    ([sparing(Action="s3:*", NotResource="arn:aws:s3:::da*/x")], False),
    ([sparing(Action="s3:*", NotResource="arn:aws:s3:::other/*")], True),
    ([sparing(Action="s3:*", NotResource=text(Hole("Where")))], UNKNOWN),
    ([tls("s3:*", BOTH, {"Bool": {"aws:SecureTransport": text(NAME)}})], UNKNOWN),
    ([tls("s3:*", text(Hole("Where")))], UNKNOWN),
    ([Unknown("refused")], UNKNOWN),
    ([], False),
]


@pytest.mark.parametrize(("statements", "expected"), TLS)
def test_plain_http_is_refused_to_all_for_the_bucket_and_its_objects(statements: list[Value], expected: object) -> None:
    assert said(refuses_plain_http(statements, OWN)) == expected
