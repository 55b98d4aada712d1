"""SAM by AWS's translator: it agrees with our own reading or a list says why not, keeps what is open, is offline."""

from __future__ import annotations

import copy
import csv
import json
import socket
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path as FilePath
from typing import Any, Final

import pytest
import yaml
from sam_oracle import translated

from wa_lint import packs
from wa_lint.document import read_document
from wa_lint.engine import lint
from wa_lint.errors import SourceError
from wa_lint.facts import FACTS
from wa_lint.graph import World
from wa_lint.model import ABSENT, Deferred, Outcome, Snapshot, Value
from wa_lint.references.follow import graph_of
from wa_lint.rule import Rule
from wa_lint.scenario import Assumptions, Scenario, explore
from wa_lint.schema import steps_of
from wa_lint.sources.template import read_template

WaLint = Callable[..., Any]

CASES = sorted((FilePath(__file__).parent / "sam").glob("*.yaml"))
CORPUS = FilePath(__file__).parents[1].parent / "shared" / "corpus"

REFUSAL: Final = "SAM's translator refuses the template, so it was read without it: "

REPAIRS: Final = (
    ("Authorizer: Nobody", "Authorizer: Own"),
    ("RestApiId: !ImportValue other", "RestApiId: !Ref Api"),
    ("Auth: !If [No, {}, {}]", "Auth: {}"),
    ("{issuer: x}}, Own: {FunctionArn: arn}", "{issuer: x}, IdentitySource: $request.header.A}"),
    ("Auth: {Authorizer: Own}}}\n        D: {Type: HttpApi}", "Auth: {Authorizer: NONE}}}\n        D: {Type: HttpApi}"),
    ("DefinitionBody:\n        paths:", "DefinitionBody:\n        swagger: '2.0'\n        paths:"),
    ("InlineCode: pass", "InlineCode: pass\n      Handler: h\n      Runtime: python3.12"),
    ("{SageMakerCreateEndpointPolicy: {EndpointName: x}}, AmazonS3", "AmazonSageMakerReadOnly, AmazonS3"),
    ("MyOwnPolicy: {}", "SNSCrudPolicy: {TopicName: x}"),
    ("Policies: [AmazonSageMakerFullAccess]\n", "\n"),
    ("ImageUri: x\n      Timeout: 3", "InlineCode: pass\n      Handler: h\n      Timeout: 3"),
    ("{Role: arn, ImageUri: x}", "{Role: arn, InlineCode: pass, Handler: h}"),
    ("Permissions: [Read]", "Permissions: [Write]"),
    ("{Type: MQ, Properties: {Broker: arn}}", "{Type: SNS, Properties: {Topic: arn}}"),
    ("FnRole: {Type: 'AWS::IAM::Role', Properties: {Path: /mine/}}", ""),
    ("FunctionUrlConfig: !If [A, b, c]", "FunctionUrlConfig: {AuthType: AWS_IAM}"),
    ("Hidden: {Type: 'AWS::Serverless::Function', Properties: !If [A, {}, {}]}", ""),
    ("ImageUri: x", "PackageType: Image"),
)
"""What makes SAM's own sense of the cases: they were written for what a reader has to survive."""

DIFFERENT: Final[Mapping[str, Mapping[str, str]]] = {
    "a function is a Lambda function of the same id, with a role": {
        "FnRole": "natively the statements of a policy template have the place of its name, not that of the function",
    },
    "an API with a document of its own has the methods that stand there, and no others": {
        "ApiGetEmptyMethod": "its authorizer has the place of the operation that SAM adds it to",
        "ApiPostDefaultMethod": "its authorizer has the place of the operation that SAM adds it to",
    },
    "a state machine behind an API, and a URL of a function": {
        "MachineGoRole": "natively the API has no role to start the state machine with",
    },
    "what SAM adds for something that is written has the place of that, and not that of a policy": {
        "FnRole": "what destinations grant is natively unknown; what is for dead letters has the function's place",
        "Fn": "whether its role is one of an ML workload is natively unknown, as what destinations grant is",
    },
    "what the template itself declares stays, and what a function or macro hides is not touched": {
        "Table": "a table of SAM's is natively not made",
    },
    "what connectors and some events grant is not known": {
        "ByRole": "what a connector grants is a policy of its own, natively unknown",
        "ConnectorPolicy": "the policy that a connector makes",
        "FnCPolicy": "the policy that a connector makes",
        "FnRole": "what a connector grants is a policy of its own, natively unknown",
    },
}
"""By case, the resources of which the two ways say different things, and why."""

DIFFERENT_IN_THE_CORPUS: Final[Mapping[tuple[str, str], str]] = {
    ("t0228", "AWS::IAM::Role"): "SAM lists a managed policy once that it adds itself and that is named by its ARN",
    ("t0537", "AWS::DynamoDB::Table"): "a table of SAM's is natively not made",
    ("t0548", "AWS::DynamoDB::Table"): "a table of SAM's is natively not made",
    ("t0640", "AWS::DynamoDB::Table"): "a table of SAM's is natively not made",
    ("t0645", "AWS::Lambda::Function"): "whether its role is one of an ML workload is natively unknown, as the next",
    ("t0589", "AWS::IAM::Role"): "SAM makes a role for a capacity provider; natively it is not made",
    ("t0645", "AWS::IAM::Role"): "SAM tells what an event of DocumentDB grants; natively that is unknown",
}

REFUSED_IN_THE_CORPUS: Final = {
    "t0500": "CodeUri is made by a function, which SAM does not take",
    "t0687": "a schedule without its time",
}

Key = tuple[str, str, str]


@pytest.fixture(scope="module")
def rules() -> list[Rule]:
    return list(packs.load())


@pytest.fixture(autouse=True)
def offline(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no socket be made, and no region or key be found: the translator's plugins ask AWS where they can."""

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a socket was opened")

    monkeypatch.setattr(socket.socket, "__init__", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    for name in ("AWS_DEFAULT_REGION", "AWS_REGION", "AWS_PROFILE", "AWS_ACCESS_KEY_ID"):
        monkeypatch.delenv(name, raising=False)


def _cases() -> Iterator[Any]:
    for file in CASES:
        for case in yaml.safe_load(file.read_text("utf-8")):
            yield pytest.param(case, id=f"{file.stem}: {case['name']}")


def both(text: str | bytes, uri: str = "t.yaml", files: Mapping[str, bytes] | None = None) -> tuple[Snapshot, Snapshot]:
    open_file = (files or {}).get
    return read_template(text, uri, None, open_file), read_template(text, uri, None, open_file, translated)


def refusals(snapshot: Snapshot) -> list[str]:
    said = [f"{p.location.line}: {p.message}" for p in snapshot.problems if REFUSAL in p.message]
    return [line.replace(REFUSAL, "") for line in said]


def outcomes(snapshot: Snapshot, rules: list[Rule]) -> dict[Key, set[str]]:
    found: dict[Key, set[str]] = defaultdict(set)
    for finding in lint(snapshot, rules, "2026-11-23").findings:
        key = (finding.rule.id, finding.resource.id, str(finding.location))
        found[key].add(f"{finding.outcome.value} {finding.when} {finding.assumes}")
    return found


def differing(native: Snapshot, translated: Snapshot, rules: list[Rule]) -> set[tuple[str, str]]:
    """Return id and type of the resources about which the two ways do not say the same, at the same places.

    The permissions that SAM gives a service for an event are natively not made: they let no caller in.
    """
    one, other = outcomes(native, rules), outcomes(translated, rules)
    types = {resource.id: resource.type for resource in (*native.resources, *translated.resources)}
    own = {resource.id for resource in native.resources}
    keys = {key for key in {*one, *other} if key[1] in own or types[key[1]] != "AWS::Lambda::Permission"}
    return {(key[1], types[key[1]]) for key in keys if one.get(key) != other.get(key)}


@pytest.mark.parametrize("case", list(_cases()))
def test_both_ways_give_the_same_verdicts_at_the_same_places(case: dict[str, Any], rules: list[Rule]) -> None:
    text = case["template"]
    for old, new in REPAIRS:
        text = text.replace(old, new)
    files = {name: said.encode() for name, said in case.get("files", {}).items()}
    native, translated = both(text, files=files)
    assert refusals(translated) == []
    assert {id_ for id_, _ in differing(native, translated, rules)} == set(DIFFERENT.get(case["name"], {}))
    ids = {r.id for r in native.resources if r.type != "AWS::Serverless::Connector"}
    assert ids <= {r.id for r in translated.resources}
    assert not any(r.type.startswith("AWS::Serverless::") for r in translated.resources)


@pytest.mark.skipif(not CORPUS.exists(), reason="the corpus is not here")
def test_both_ways_give_the_same_verdicts_on_real_templates(rules: list[Rule]) -> None:
    with (CORPUS / "index.csv").open(encoding="utf-8") as lines:
        rows = [row for row in csv.DictReader(lines) if row["sam"]]
    refused, different, read = set(), set(), 0
    for row in rows:
        try:
            native, translated = both((CORPUS / row["file"]).read_bytes(), row["file"])
        except SourceError:
            continue
        read += 1
        refused |= {row["id"]} if refusals(translated) else set()
        if not refusals(translated):
            lost = {r.id: r.type for r in native.resources} | {r.id: "" for r in translated.resources}
            assert {type_ for type_ in lost.values() if type_} <= {"AWS::Serverless::LayerVersion"}
        different |= {(row["id"], type_) for _, type_ in differing(native, translated, rules)}
    assert read > 60
    assert refused == set(REFUSED_IN_THE_CORPUS)
    assert different == set(DIFFERENT_IN_THE_CORPUS)


# --- what is open stays open ------------------------------------------------------------------------

TEMPLATE: Final = """\
Transform: AWS::Serverless-2016-10-31
Parameters:
  Env: {Type: String, Default: dev}
  Alias: {Type: String, Default: live}
Conditions:
  IsProd: !Equals [!Ref Env, prod]
Globals:
  Function: {Runtime: python3.12, Handler: h}
Resources:
  Fn:
    Type: AWS::Serverless::Function
    Metadata: {Owner: me}
    Condition: IsProd
    Properties:
      CodeUri: ./src
      AutoPublishAlias: !Ref Alias
      Environment: {Variables: {STAGE: !Ref Env, TABLE: !Sub '${AWS::Region}-${Env}'}}
      KmsKeyArn: !If [IsProd, key, !Ref AWS::NoValue]
      Policies:
        - AmazonSageMakerFullAccess
        - S3ReadPolicy: {BucketName: !Ref Env}
      Events:
        Predict: {Type: Api, Properties: {Path: /predict, Method: post}}
"""


def resolved(snapshot: Snapshot, id_: str) -> list[tuple[Assumptions, Value, Any]]:
    """Return what each scenario shows of a resource: what it assumes, whether the resource exists, its properties."""
    resource = next(r for r in snapshot.resources if r.id == id_)

    def look(scenario: Scenario) -> tuple[Value, Any]:
        exists = plain(resource.exists, scenario)
        return exists, plain(resource.properties, scenario) if exists else None

    return [(given, *seen) for given, seen in explore(look, {}, 64) if seen]


def plain(value: Value, scenario: Scenario) -> Any:
    while isinstance(value, Deferred):
        value = value.resolve(scenario).value
    if isinstance(value, dict):
        return {key: found for key, item in value.items() if (found := plain(item, scenario)) is not ABSENT}
    if isinstance(value, list):
        return [found for item in value if (found := plain(item, scenario)) is not ABSENT]
    return value


@pytest.mark.parametrize("id_", ["Fn", "FnRole", "FnPredictMethod"])
def test_conditions_and_parameters_stay_open(id_: str) -> None:
    native, translated = (resolved(snapshot, id_) for snapshot in both(TEMPLATE))
    assert [row[:2] for row in native] == [row[:2] for row in translated]
    assert [row[1] for row in translated] == [True, False]
    one, other = native[0][2], translated[0][2]
    names = set(one) - {"Policies", "AssumeRolePolicyDocument", "Integration"}
    assert {name: other[name] for name in names} == {name: one[name] for name in names}


def test_every_resource_that_is_made_has_the_place_of_what_it_is_made_from() -> None:
    _, translated = both(TEMPLATE)
    made = {resource.id: resource for resource in translated.resources}
    lines = {
        "Fn": 10,
        "FnAliaslive": 10,
        "FnPredictMethod": 23,
        "FnPredictPermissionProd": 10,
        "FnRole": 10,
        "ServerlessRestApi": 23,
        "ServerlessRestApiProdStage": 23,
    }
    assert {id_: made[id_].origin.locate(()).line for id_ in lines} == lines
    places = {
        ("Fn", "Runtime"): 8,
        ("Fn", "Environment.Variables.STAGE"): 17,
        ("FnRole", "ManagedPolicyArns[1]"): 20,
        ("FnRole", "Policies[0].PolicyDocument.Statement[0]"): 21,
    }
    assert {(id_, path): made[id_].origin.locate(steps_of(path)).line for id_, path in places} == places


def test_what_is_given_for_a_parameter_is_known_to_the_translator() -> None:
    snapshot = read_template(TEMPLATE, "t.yaml", {"Env": "prod", "Alias": "blue"}, None, translated)
    ((_, exists, properties),) = resolved(snapshot, "Fn")
    assert exists
    assert properties["Environment"]["Variables"]["STAGE"] == "prod"
    assert "FnAliasblue" in {resource.id for resource in snapshot.resources}


@pytest.mark.parametrize(
    ("region", "partition"), [("cn-north-1", "arn:aws-cn:"), ("eu-west-1", "arn:aws:"), (None, "arn:")]
)
def test_the_partition_is_known_where_the_region_is(region: str | None, partition: str) -> None:
    pins = {"Env": "prod"} | ({"AWS::Region": region} if region else {})
    snapshot = read_template(TEMPLATE, "t.yaml", pins, None, translated)
    ((_, _, properties),) = resolved(snapshot, "FnRole")
    arn = properties["ManagedPolicyArns"][0]
    said = arn if isinstance(arn, str) else arn.parts[0]
    assert said.startswith(partition)
    assert isinstance(arn, str) == (region is not None)


def test_places_that_share_an_anchor_are_translated_apart() -> None:
    text = """
Transform: AWS::Serverless-2016-10-31
Conditions: {C: !Equals [!Ref AWS::Region, eu-west-1]}
Resources:
  A: {Type: AWS::Serverless::Function, Properties: &p {InlineCode: x, Handler: h, Runtime: python3.12,
      Policies: [!If [C, AmazonS3FullAccess, !Ref AWS::NoValue]]}}
  B: {Type: AWS::Serverless::Function, Properties: *p}
"""
    _, translated = both(text)
    assert refusals(translated) == []
    one, other = (resolved(translated, id_) for id_ in ("ARole", "BRole"))
    assert [row[2]["ManagedPolicyArns"] for row in one] == [row[2]["ManagedPolicyArns"] for row in other]


ODD: Final[tuple[Any, ...]] = (None, "", [], {}, 1, True, [[]], {"Ref": ["a"]}, {"Fn::If": 1}, {"Fn::Sub": "${X}"})


def test_what_is_made_of_a_loop_is_there_when_the_loop_makes_it(rules: list[Rule]) -> None:
    text = """
Transform: [AWS::LanguageExtensions, AWS::Serverless-2016-10-31]
Parameters: {Names: {Type: CommaDelimitedList, Default: 'a,b'}}
Resources:
  Fn::ForEach::Functions:
    - Name
    - !Ref Names
    - Fn${Name}:
        Type: AWS::Serverless::Function
        Properties:
          InlineCode: x
          Handler: h
          Runtime: python3.12
          AutoPublishAlias: live
          FunctionUrlConfig: {AuthType: NONE}
          Policies: [{Statement: [{Effect: Allow, Action: 'sagemaker:*', Resource: '*'}]}]
          Events: {E: {Type: Api, Properties: {Path: '/${Name}', Method: get}}}
"""
    native, translated = both(text)
    assert differing(native, translated, rules) == set()
    for snapshot in (native, translated):
        exists = {r.id: str(r.exists) for r in snapshot.resources}
        for name in "ab":
            made = ("", "Role", "Url", "EMethod")
            assert {exists.pop(f"Fn{name}{what}") for what in made} == {f"{name} in !Ref Names"}
        assert exists["ServerlessRestApi"] == exists["ServerlessRestApiProdStage"] == "True"
        others = [id_ for id_ in exists if id_.startswith("Fn")]
        assert all(exists[id_] == f"{id_[2]} in !Ref Names" for id_ in others)


def test_the_methods_of_an_api_in_a_loop_are_there_when_the_loop_makes_it() -> None:
    text = """
Transform: AWS::LanguageExtensions
Parameters: {Names: {Type: CommaDelimitedList, Default: a}}
Resources:
  Fn::ForEach::Apis:
    - Name
    - !Ref Names
    - Api${Name}:
        Type: AWS::ApiGateway::RestApi
        Properties: {Body: {paths: {/x: {get: {x-amazon-apigateway-integration: {type: http}}}}}}
"""
    snapshot = read_template(text, "t.yaml")
    assert {r.id: str(r.exists) for r in snapshot.resources} == dict.fromkeys(
        ("Apia", "ApiaGetXMethod"), "a in !Ref Names"
    )


EXPOSED: Final = """\
Transform: AWS::Serverless-2016-10-31
Resources:
  Endpoint: {Type: AWS::SageMaker::Endpoint, Properties: {EndpointConfigName: x, EndpointName: e}}
  Fn:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: ./src
      Handler: h
      Runtime: python3.12
      AutoPublishAlias: live
      FunctionUrlConfig: {AuthType: NONE}
      Policies: [{Statement: [{Effect: Allow, Action: 'sagemaker:InvokeEndpoint', Resource: '*'}]}]
      Events:
        A: {Type: Api, Properties: {Path: /a, Method: post}}
        B: {Type: HttpApi, Properties: {Path: /b, Method: post}}
"""


def test_whoever_calls_an_alias_calls_its_function(rules: list[Rule]) -> None:
    native, translated = both(EXPOSED)
    assert differing(native, translated, rules) == set()
    found = lint(translated, rules, "2026-11-23").findings
    failed = {f.resource.id for f in found if f.rule.id == "unauthenticated-inference" and f.outcome is Outcome.FAIL}
    assert failed == {"FnAMethod", "FnBRoute", "FnUrl"}
    assert {"FnAliaslive"} <= {r.id for r in native.resources}
    assert hops(native) == hops(translated)
    assert all({"FnAliaslive", "Fn", "FnRole"} <= set(way) for way in hops(native))


def hops(snapshot: Snapshot) -> list[list[str]]:
    """Return the ways from outside to the endpoint, by what they lead through."""
    world = World(graph_of(snapshot, FACTS), is_closed=True)
    (endpoint,) = world.of_type("AWS::SageMaker::Endpoint")
    ways: list[Any] = [item.select("hops").plain() for item in endpoint.select("exposures").items()]
    return sorted(ways)


def test_an_alias_has_the_id_that_sam_gives_it() -> None:
    for snapshot in both(EXPOSED.replace("AutoPublishAlias: live", "AutoPublishAlias: 'live-2_b'")):
        assert "FnAliasliveD2Ub" in {resource.id for resource in snapshot.resources}


REFERENCES: Final = ("!Ref Fn.Alias", "!Ref FnAliaslive", "!Ref Fn.Version", "!Sub '${Fn.Alias}'", "!GetAtt Fn.Arn")


@pytest.mark.parametrize("reference", REFERENCES)
def test_what_sam_makes_of_a_function_is_named_as_sam_names_it(reference: str) -> None:
    own = {"Type": "AWS::Lambda::Url", "Properties": {"AuthType": "NONE", "TargetFunctionArn": "HERE"}}
    named = {"FunctionName": "HERE", "Principal": "*"}
    permissions = {
        "ByUrl": {**named, "Action": "lambda:InvokeFunctionUrl", "FunctionUrlAuthType": "NONE"},
        "Invoke": {**named, "Action": "lambda:InvokeFunction", "InvokedViaFunctionUrl": True},
    }
    made = {id_: {"Type": "AWS::Lambda::Permission", "Properties": said} for id_, said in permissions.items()}
    added = "".join(f"  {id_}: {json.dumps(body)}\n" for id_, body in {"Own": own, **made}.items())
    text = f"{EXPOSED}{added}".replace('"HERE"', reference)
    for snapshot in both(text):
        assert any(way[0] == "Own" and way[-2:] == ["Fn", "FnRole"] for way in hops(snapshot))


# --- policies ---------------------------------------------------------------------------------------

POLICIES: Final = """\
Transform: AWS::Serverless-2016-10-31
Parameters: {P: {Type: String}}
Conditions: {C: !Equals [!Ref P, a], D: !Equals [!Ref P, b]}
Resources:
  Fn: {Type: AWS::Serverless::Function, Properties: {InlineCode: x, Handler: h, Runtime: python3.12, Policies: HERE}}
"""

FULL: Final = "{Statement: [{Effect: Allow, Action: 's3:*', Resource: '*'}]}"

CONDITIONAL: Final = {
    "!If [C, [Some, S3], [Other]]": [["Some", "S3"], ["Other"]],
    f"!If [C, [Some, {FULL}], !Ref AWS::NoValue]": [["Some", "s3:*"], []],
    f"[Always, !If [C, [Some], {FULL}]]": [["Always", "Some"], ["Always", "s3:*"]],
    "!If [C, [Some], !If [D, [One, Two], Three]]": [["Some"], ["One", "Two"], ["Three"]],
    f"!If [C, [!If [D, Never, Some]], [!If [D, {FULL}, One]]]": [["Some"], ["s3:*"], ["One"]],
}
"""SAM refuses some of these; what they grant is clear all the same."""


@pytest.mark.parametrize(("policies", "expected"), CONDITIONAL.items(), ids=list(CONDITIONAL))
def test_policies_under_a_condition_are_read(policies: str, expected: list[list[str]]) -> None:
    native = read_template(POLICIES.replace("HERE", policies), "t.yaml")
    found = [list(granted(properties)) for _, _, properties in resolved(native, "FnRole")]
    assert sorted(found) == sorted(expected)


def granted(properties: Mapping[str, Any]) -> Iterator[str]:
    """Yield the names of the managed policies that are not SAM's own, and the actions of the others."""
    for arn in properties["ManagedPolicyArns"]:
        if "AWSLambdaBasicExecutionRole" not in arn.parts[-1]:
            yield arn.parts[-1].rpartition("/")[2]
    for policy in properties["Policies"]:
        for statement in policy["PolicyDocument"]["Statement"]:
            yield statement["Action"]


# --- whom an API lets in ----------------------------------------------------------------------------

API: Final = """\
Transform: AWS::Serverless-2016-10-31
Resources:
  Api:
    Type: AWS::Serverless::{kind}
    Properties:
      StageName: live
      Auth: {{{auth}, Authorizers: {authorizers}}}
      DefinitionBody: {document}security: [{{other: []}}], paths: {{
        /a: {{{verb}: {{{security}x-amazon-apigateway-integration: {{type: aws_proxy, uri: u}}}}}},
        /b: {{get: {{{security}x: 1}}}}}}}}
  Fn:
    Type: AWS::Serverless::Function
    Properties:
      InlineCode: pass
      Handler: h
      Runtime: python3.12
      Role: arn
      Events: {{{event}}}
"""

_SCHEMES: Final = "{other: {type: apiKey, name: x, in: header, x-amazon-apigateway-authorizer: {type: request}}}"

DOCUMENTS: Final = {
    "Api": f"{{swagger: '2.0', securityDefinitions: {_SCHEMES}, ",
    "HttpApi": f"{{openapi: 3.0.1, components: {{securitySchemes: {_SCHEMES}}}, ",
}

AUTHORIZERS: Final[Mapping[str, str]] = {
    "Api": "{Own: {UserPoolArn: arn}, Second: {FunctionArn: arn}}",
    "HttpApi": "{Own: {JwtConfiguration: {issuer: x, audience: [y]}, IdentitySource: $request.header.A},"
    " Second: {FunctionArn: arn, AuthorizerPayloadFormatVersion: 2.0}}",
}

AUTHS: Final = {
    "Api": (
        "DefaultAuthorizer: Own",
        "DefaultAuthorizer: AWS_IAM",
        "DefaultAuthorizer: Own, AddDefaultAuthorizerToCorsPreflight: false",
        "ApiKeyRequired: true",
        "ApiKeyRequired: true, AddApiKeyRequiredToCorsPreflight: false, DefaultAuthorizer: Own",
        "UsagePlan: {CreateUsagePlan: NONE}",
    ),
    "HttpApi": ("DefaultAuthorizer: Own", "DefaultAuthorizer: AWS_IAM, EnableIamAuthorizer: true"),
}

SECURITIES: Final = ("", "[]", "[{}]", "[{NONE: []}]", "[{other: []}]", "[{Second: []}]", "[{other: []}, {NONE: []}]")

EVENT: Final = "E: {{Type: {kind}, Properties: {{Path: /a, Method: GET, {of}: !Ref Api, Auth: {{{auth}}}}}}}"

OVERRIDES: Final = {
    "Api": (
        "",
        "Authorizer: NONE",
        "Authorizer: NONE, OverrideApiAuth: true",
        "Authorizer: Second, OverrideApiAuth: true",
        "ApiKeyRequired: true, OverrideApiAuth: true",
    ),
    "HttpApi": ("", "Authorizer: NONE", "Authorizer: Second"),
}
"""What an event says of an operation that stands in the API's document."""


def admitted(snapshot: Snapshot) -> dict[str, list[Value]]:
    """Return whom each operation of `API` lets in, by its id."""
    kinds = ("AWS::ApiGateway::Method", "AWS::ApiGatewayV2::Route")
    said = {r.id: resolved(snapshot, r.id)[0][2] for r in snapshot.resources if r.type in kinds}
    return {id_: [body["AuthorizationType"], body.get("ApiKeyRequired")] for id_, body in said.items()}


def _apis() -> Iterator[Any]:
    for kind, verb in (("Api", "get"), ("Api", "options"), ("HttpApi", "get"), ("HttpApi", "options")):
        for auth in AUTHS[kind]:
            for said in OVERRIDES[kind] if "DefaultAuthorizer" in auth and verb == "get" else [""]:
                yield pytest.param(kind, verb, auth, said, id=f"{verb} of {kind} {auth} {said}")


@pytest.mark.parametrize(("kind", "verb", "auth", "override"), list(_apis()))
def test_both_ways_let_the_same_callers_in(kind: str, verb: str, auth: str, override: str) -> None:
    api_id = "RestApiId" if kind == "Api" else "ApiId"
    event = EVENT.format(kind=kind, of=api_id, auth=override) if override else ""
    for said in SECURITIES:
        security = f"security: {said}, " if said else ""
        by_kind = {"kind": kind, "document": DOCUMENTS[kind], "authorizers": AUTHORIZERS[kind]}
        text = API.format(**by_kind, verb=verb, auth=auth, event=event, security=security)
        native, translated = both(text)
        assert refusals(translated) == []
        assert admitted(native) == admitted(translated), said


# --- what is not translated -------------------------------------------------------------------------


def test_what_sam_refuses_is_said_at_its_place_and_read_without_the_translator() -> None:
    native, translated = both(TEMPLATE.replace("Method: post", "Verb: post"))
    said = "Resource with id [Fn] is invalid. Event with id [Predict] is invalid. Property 'Method' is required"
    assert refusals(translated) == [f"10: {said}"]
    assert [r.id for r in native.resources] == [r.id for r in translated.resources]


def test_an_application_is_followed_where_it_is_local_and_never_asked_for() -> None:
    text = """
Transform: AWS::Serverless-2016-10-31
Resources:
  Near: {Type: AWS::Serverless::Application, Properties: {Location: child.yaml}}
  Far:
    Type: AWS::Serverless::Application
    Properties: {Location: {ApplicationId: arn:aws:serverlessrepo:us-east-1:1:applications/a, SemanticVersion: 1.0.0}}
  Fn: {Type: AWS::Serverless::Function, Properties: {InlineCode: x, Handler: h, Runtime: python3.12}}
"""
    _, translated = both(text, files={"child.yaml": TEMPLATE.encode()})
    assert refusals(translated) == []
    ids = {resource.id for resource in translated.resources}
    assert {"Near/FnAliaslive", "Near/FnPredictMethod", "FnRole"} <= ids
    assert any("the nested stack Far was not read" in problem.message for problem in translated.problems)


@pytest.mark.parametrize("odd", ODD, ids=str)
def test_whatever_stands_in_a_template_breaks_nothing(odd: object) -> None:
    document = read_document(TEMPLATE, "t.yaml").value
    for path in list(_paths(document, ())):
        mutant = copy.deepcopy(document)
        inner = mutant
        for step in path[:-1]:
            inner = inner[step]
        inner[path[-1]] = odd
        try:
            snapshot = read_template(json.dumps(mutant), "t.json", None, None, translated)
        except SourceError:
            continue
        for resource in snapshot.resources:
            assert resource.origin.locate(("Policies", 0)).line > 0


def _paths(value: Any, path: tuple[Any, ...]) -> Iterator[tuple[Any, ...]]:
    if path:
        yield path
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, inner in pairs:
        yield from _paths(inner, (*path, step))
