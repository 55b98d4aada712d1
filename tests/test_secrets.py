# ruff: noqa: RUF001 -- the marks are angle quotes
"""Every kind of secret is masked at every place, in every format; what is none stays; and all of it in linear time."""

from __future__ import annotations

import base64
import importlib.util
import itertools
import json
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from wa_lint.packs import load
from wa_lint.redact import mask, mask_by_name, mask_tree
from wa_lint.redact.data import example, marks
from wa_lint.redact.reports import mask_report
from wa_lint.reporters import REPORTERS
from wa_lint.run.excerpts import masked_lines

ROOT: Final = Path(__file__).parents[1]
DATA: Final = ROOT / "wa_lint" / "data"
SAID: Final[Any] = yaml.safe_load((DATA / "secrets.yaml").read_text(encoding="utf-8"))
EXAMPLES: Final = {
    f"{entry['kind']}-{number}": (entry["kind"], example(entry)) for number, entry in enumerate(SAID["kinds"])
}
INNOCENT: Final = yaml.safe_load((Path(__file__).parent / "secrets" / "innocent.yaml").read_text(encoding="utf-8"))

HEX: Final = "9f86d081884c7d659a2feaa0c55ad015"


def encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


# --- the data ---------------------------------------------------------------------------------------


def test_what_is_read_at_run_time_is_what_people_edit() -> None:
    spec = importlib.util.spec_from_file_location("refresh_secrets", ROOT / "scripts" / "refresh_secrets.py")
    assert spec is not None
    assert spec.loader is not None
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    assert (DATA / "secrets.json").read_text(encoding="utf-8") == script.prepared(SAID)


@pytest.mark.parametrize("entry", SAID["kinds"], ids=lambda entry: entry["kind"])
def test_an_entry_has_a_pattern_an_example_in_pieces_a_source_and_a_date(entry: Any) -> None:
    assert re.compile(entry["pattern"])
    assert bool(entry.get("begins")) != bool(entry.get("holds"))
    assert len(entry["example"]) > 1
    assert entry["source"]
    assert re.fullmatch(r"20\d\d-\d\d-\d\d", entry["date"])


def test_no_example_is_whole_in_the_file() -> None:
    text = (DATA / "secrets.yaml").read_text(encoding="utf-8")
    assert [kind for kind, found in EXAMPLES.values() if found in text] == []


# --- by their own look ------------------------------------------------------------------------------

AROUND: Final = (
    "{}",
    "x = '{}'",
    '{{\\"a\\": \\"{}\\"}}',
    "a\\n{}\\n",
    "{}.yaml",
    "the value is {}.",
    "({})",
    "x={}&y=1",
)


@pytest.mark.parametrize(("kind", "secret"), EXAMPLES.values(), ids=EXAMPLES)
@pytest.mark.parametrize("around", AROUND)
def test_every_kind_is_masked_whatever_is_around_it(kind: str, secret: str, around: str) -> None:
    masked = mask(around.format(secret))
    assert f"‹secret:{kind}›" in masked
    assert mask(masked) == masked


@pytest.mark.parametrize(("kind", "secret"), EXAMPLES.values(), ids=EXAMPLES)
def test_every_kind_is_masked_in_base64(kind: str, secret: str) -> None:
    masked = mask(f"echo {encoded(secret)} | base64 -d")
    (run,) = re.findall(r"[A-Za-z0-9+/]{20,}=*", masked)
    assert f"‹secret:{kind}›" in base64.b64decode(run).decode()


# --- by what is beside them -------------------------------------------------------------------------

IN_CONTEXT: Final = (
    ("os.environ['DD_API_KEY'] = \"{}\"", HEX),
    ('os.environ["X_API_KEY"]="{}"', "q1w2e3r4t"),
    ("os.environ.setdefault('HF_TOKEN', '{}')", "q1w2e3r4t"),
    ('{{\\"WANDB_API_KEY\\": \\"{}\\"}}', HEX),
    ('{{\\\\\\"WANDB_API_KEY\\\\\\": \\\\\\"{}\\\\\\"}}', HEX),
    ('{{"key": "DB_PASSWORD", "value": "{}"}}', "q1w2e3r4t"),
    ('{{"Value": "{}", "Name": "HF_TOKEN"}}', "q1w2e3r4t"),
    ('{{\\"Name\\": \\"HF_TOKEN\\", \\"Value\\": \\"{}\\"}}', "q1w2e3r4t"),
    ("- name: DB_PASSWORD\n  value: {}\n", "q1w2e3r4t"),
    ("postgres://u:{}@h.example.com/x", "p@q1@w2e3r"),
    ("https://u:{}@host/x", "p@$$w!rd9"),
    ("--token {}", "q1w2e3r4t"),
    ('["--api-key", "{}"]', "q1w2e3r4t"),
    ("db_password: {}\nother: 1", "q1w2e3r4t"),
    ("  - db_password: {}", "q1w2e3r4t"),
    ("{{user: u, password: {}, host: h}}", "q1w2e3r4t"),
    ('export X="a" DB_PASSWORD={} foo', "p@q1(w0rd"),
    ('"Authorization": "Bearer {}"', "q1w2e3r4t5y6u7i8"),
    ("-H 'x-api-key: {}'", "q1w2e3r4t"),
    ("curl -u admin:{} https://x", "q1w2e3r4t"),
    ("docker login -u u -p {} host", "q1w2e3r4t"),
    ("machine h login u password {}", "q1w2e3r4t"),
    ("<password>{}</password>", "q1w2e3r4t"),
    ('{{"auths": {{"h": {{"auth": "{}"}}}}}}', encoded("user:q1w2e3r4t")),
    ("//registry.npmjs.org/:_authToken={}", "0123abcd-0000-1111-2222-0123456789ab"),
    ("aws_session_token={}", "Ab0+/" * 200),
    ('AWS_SESSION_TOKEN: "{}"', "Ab0+/" * 200),
    ("password='{}'", 'q1"w2"e3'),
    ("MYSQL_PWD={}", "q1w2e3r4t"),
    ("GITHUB_PAT={}", HEX),
    ("MINIO_ACCESS_KEY={}", "aB3dE5gH7jK9mN1pQ3"),
    ("Driver={{x}};Uid=u;Pwd={};", "q1w2e3r4t"),
    ("password%3D{}&x=1", "q1w2e3r4t"),
    ("a=1%26api_key%3D{}%26b=2", "q1w2e3r4t"),
    ("password=&quot;{}&quot;", "q1w2e3r4t"),
    ("password=&#34;{}&#34;", "q1w2e3r4t"),
    ("\\u0022db_password\\u0022:\\u0022{}\\u0022", "q1w2e3r4t"),
    ("${{DB_PASSWORD:-{}}}", "q1w2e3r4t"),
    ("spark.hadoop.fs.s3a.secret.key {}", "aB3dE5gH7jK9mN1pQ3rS5tU7"),
    ("git clone https://{}@git.example.com/a/b", "aB3dE5gH7jK9mN1pQ3rS5tU7"),
    ("OPENAI_KEY={}", HEX),
    ("x-functions-key: {}", "aB3dE5gH7jK9mN1pQ3rS5tU7"),
    ("DBPASS={}", "q1w2e3r4t"),
    ("ADMIN_PW: {}", "q1w2e3r4t"),
    ('variable "db_password" {{ default = "{}" }}', "q1w2e3r4t"),
    ("!Equals [!Ref DbPassword, {}]", "q1w2e3r4t"),
    ("  DbPassword: {{Type: String, Default: {}}}", "q1w2e3r4t"),
    ("ENV HF_TOKEN {}", "q1w2e3r4t"),
    ("password: >-\n    {}\nother: x", "q1w2e3r4t"),
    ("client-key-data: {}", encoded("-----BEGIN EC PRIVATE KEY-----\nq1w2e3r4t5y6\n-----END EC PRIVATE KEY-----")),
)


@pytest.mark.parametrize(("around", "secret"), IN_CONTEXT)
def test_a_secret_is_masked_by_what_is_beside_it(around: str, secret: str) -> None:
    masked = mask(around.format(secret))
    assert secret[-6:] not in masked
    assert mask(masked) == masked


CONTEXTS: Final = [context["example"] for context in SAID["contexts"]]


@pytest.mark.parametrize("around", CONTEXTS)
@pytest.mark.parametrize("secret", ["q1w2e3r4t", "p-w0rd" * 60, "Qx7" * 9 + "!" + "y" * 9])
def test_a_secret_is_masked_by_the_command_that_takes_it(around: str, secret: str) -> None:
    if "wandb" in around:
        secret = secret.replace("!", "1").replace("-", "_")
    masked = mask(around.format(secret))
    assert secret[-6:] not in masked
    assert masked.count("‹secret:password›") == 1
    assert mask(masked) == masked


@pytest.mark.parametrize("context", SAID["contexts"], ids=lambda context: context["holds"][0])
def test_a_context_has_a_pattern_an_example_a_source_and_a_date(context: Any) -> None:
    assert "secret" in re.compile(context["pattern"]).groupindex
    assert any(literal in context["example"].lower() for literal in context["holds"])
    assert context["source"]
    assert re.fullmatch(r"20\d\d-\d\d-\d\d", context["date"])


@pytest.mark.parametrize("around", [context for context in CONTEXTS if "wandb" not in context])
@pytest.mark.parametrize("elsewhere", ["$DB_PASSWORD", "${DbPassword}", "{{resolve:ssm-secure:/db/password}}"])
def test_a_command_that_is_given_a_reference_shows_it(around: str, elsewhere: str) -> None:
    assert "‹" not in mask(around.format(elsewhere))


def test_a_short_text_in_base64_is_masked_inside() -> None:
    masked = mask(encoded("DB_PASSWORD=q1w2e3"))
    assert base64.b64decode(masked).decode() == "DB_PASSWORD=‹secret:password›"


def test_pairs_and_flags_of_a_tree_are_read_as_such() -> None:
    tree = {
        "env": [{"key": "HF_TOKEN", "value": "q1w2e3"}, {"key": "EOS_TOKEN", "value": "endoftext"}],
        "args": ["--token", "q1w2e3", "--eos-token", "endoftext"],
    }
    assert mask_tree(tree) == {
        "env": [{"key": "HF_TOKEN", "value": "‹secret:named›"}, {"key": "EOS_TOKEN", "value": "endoftext"}],
        "args": ["--token", "‹secret:named›", "--eos-token", "endoftext"],
    }


def test_the_keys_of_a_tree_are_masked_and_told_apart() -> None:
    _, token = next(found for found in EXAMPLES.values() if found[0] == "groq-key")
    tree = {token: 1, token[:-1] + "Z": 2, "a": 3}
    assert mask_tree(tree) == {"‹secret:groq-key›": 1, "‹secret:groq-key› 2": 2, "a": 3}


# --- what is none -----------------------------------------------------------------------------------


@pytest.mark.parametrize("text", INNOCENT)
def test_what_is_no_secret_stays(text: str) -> None:
    assert mask(text) == text


NAMED: Final = (
    *(("EOS_TOKEN", "endoftext"), ("AuthToken", "AWS_IAM"), ("DB_PASSWORD", "/prod/db/password")),
    *(("KMS_SECRET_KEY", "alias/x"), ("access_key", "partition-1"), ("CLIENT_SECRET", "secretsmanager:prod")),
)


@pytest.mark.parametrize(("name", "value"), NAMED)
def test_a_name_alone_makes_no_secret_of_what_is_none(name: str, value: str) -> None:
    assert mask_by_name(name, value) == value


def test_no_text_of_a_rule_is_masked() -> None:
    for rule in load():
        assert mask_report(rule.info) is rule.info


# --- time -------------------------------------------------------------------------------------------

PIECES: Final = sorted(
    {mark for mark, _ in marks()}
    | {secret[:-1] for _, secret in EXAMPLES.values()}
    | {context["example"].partition("{}")[0] for context in SAID["contexts"]}
    | {context["example"].format("a b") for context in SAID["contexts"]}
    | {"X%3D", "&quot;", "password:-", "\\u0022", "https://aaaaaaaaaaaaaaaa1"}
    | {
        *(
            "password=arn:",
            "password='$ ",
            '"password": "',
            "key: TOKEN value: x, ",
            "value=a key=",
            "login -p ",
            "-u a:",
        )
    }
    | {
        *(
            "Bearer ",
            "authorization: ",
            "set('password', '",
            "token=https://",
            "password: ",
            "--token ",
            "eyJaaaaaa-",
            "\\n",
        )
    }
    | {*("a", "A1", "a/", "x:", "://a:b@", "<password>", "password\t\t", 'password=\\"', "aGVsbG8g", "-u a:", "\\n")}
)


@pytest.mark.parametrize("number", range(8))
def test_a_hostile_text_takes_linear_time(number: int) -> None:
    """A million characters take 1 s at most; a quadratic pattern takes minutes for these."""
    for piece in PIECES[number::8]:
        text = piece * (100_000 // len(piece))
        start = time.process_time()
        mask(text)
        assert time.process_time() - start < 1, piece


# --- at every place, in every format ------------------------------------------------------------------

NOTEBOOK: Final = {"RoleArn": "x", "InstanceType": "ml.t3.medium", "RootAccess": "Enabled"}


def notebook(**more: object) -> dict[str, Any]:
    return {"Type": "AWS::SageMaker::NotebookInstance", "Properties": {**NOTEBOOK, **more}}


def at_a_value(secret: str) -> dict[str, Any]:
    return {"Resources": {"N": notebook(DirectInternetAccess=secret, NotebookInstanceName=secret)}}


def at_a_key(secret: str) -> dict[str, Any]:
    return {"Resources": {"N": notebook(**{secret: {"Ref": secret}}, DirectInternetAccess={secret: "x"})}}


def at_a_logical_id(secret: str) -> dict[str, Any]:
    return {"Resources": {secret: notebook()}}


def at_a_parameter(secret: str) -> dict[str, Any]:
    parameters = {"P": {"Type": "String", "Default": secret}, secret: {"Type": "String"}}
    own = notebook(DirectInternetAccess={"Ref": "P"}, NotebookInstanceName={"Ref": secret})
    return {"Parameters": parameters, "Resources": {"N": own}}


def at_a_condition(secret: str) -> dict[str, Any]:
    own = notebook(
        RootAccess={"Fn::If": ["C", "Enabled", "Disabled"]}, DirectInternetAccess={"Fn::If": [secret, "a", "b"]}
    )
    condition = {"Fn::Equals": [{"Ref": "P"}, secret]}
    return {"Parameters": {"P": {"Type": "String"}}, "Conditions": {"C": condition}, "Resources": {"N": own}}


def at_a_reason(secret: str) -> dict[str, Any]:
    own = notebook(RootAccess={"Fn::ImportValue": secret}, DirectInternetAccess={"Fn::Nonsense": secret})
    return {"Resources": {"N": own, "M": notebook(RootAccess={"Fn::GetAtt": [secret, secret]})}}


def at_a_suppression(secret: str) -> dict[str, Any]:
    allowed = {"wa-lint": {"allow": [{"rule": "notebook-root-access", "reason": f"because {secret}", "owner": secret}]}}
    faulty = {"wa-lint": {"allow": [{"rule": secret, "reason": secret}]}}
    return {"Resources": {"N": {**notebook(), "Metadata": allowed}, "M": {**notebook(), "Metadata": faulty}}}


PLACES: Final[tuple[Callable[[str], dict[str, Any]], ...]] = (
    *(at_a_value, at_a_key, at_a_logical_id, at_a_parameter, at_a_condition, at_a_reason, at_a_suppression),
)

ONE_LINE: Final = [secret for _, secret in EXAMPLES.values() if "\n" not in secret]

SAMPLED: Final = [
    (place, ONE_LINE[(number * 7 + turn * 13) % len(ONE_LINE)], turn)
    for number, (place, turn) in enumerate(itertools.product(PLACES, range(4)))
]
"""Every place with four kinds; over the years of the data file every kind has its turn."""


def leaks(secret: str, text: str) -> bool:
    """Whether a stretch of the random part of a secret is in a text, plain or wrapped."""
    kept = "".join(text.split())
    body = max(re.split(r"[^A-Za-z0-9+]", secret), key=len)
    return body[-12:] in kept or body[:12] in kept.replace(mask(secret), "")


@pytest.mark.parametrize(("place", "secret", "turn"), SAMPLED)
def test_a_secret_is_masked_at_every_place(
    wa_lint: Callable[..., Any], place: Callable[[str], Any], secret: str, turn: int
) -> None:
    Path("t.json").write_text(json.dumps(place(secret), indent=1 + turn % 2), encoding="utf-8")
    formats = sorted(REPORTERS)
    targets = [argument for name in formats for argument in ("-o", f"{name}={name}.out")]
    run = wa_lint("check", "t.json", "--show-all", "--no-config", "-o", "json", *targets)
    assert "N" in run.out or run.code == 2
    shown = [run.out, run.err, *(Path(f"{name}.out").read_text(encoding="utf-8") for name in formats)]
    assert [name for name, text in zip(["stdout", "stderr", *formats], shown, strict=True) if leaks(secret, text)] == []


@pytest.mark.parametrize("secret", ONE_LINE[::9])
def test_a_secret_is_masked_in_names_of_files_and_in_errors(wa_lint: Callable[..., Any], secret: str) -> None:
    name = secret.replace("/", "_")
    Path(f"{name}.json").write_text(json.dumps({"Resources": {"N": notebook()}}), encoding="utf-8")
    Path("broken.yaml").write_text(f"AWSTemplateFormatVersion: x\n{secret}: [\n", encoding="utf-8")
    Path("wa-lint.yaml").write_text(json.dumps({"ignore": [secret]}), encoding="utf-8")
    for arguments in ((".", "--no-config"), (".",), (".", "--select", secret), (".", "--allow", secret), (secret,)):
        run = wa_lint("check", *arguments)
        assert not leaks(secret, run.out + run.err), arguments


HIDDEN: Final = "zebra77zebra"

_IS_IT: Final = {"C": {"Fn::Equals": [{"Ref": "P"}, HIDDEN]}}

NAMED_VALUES: Final[dict[str, dict[str, Any]]] = {
    "a default": {"Parameters": {"DbPassword": {"Default": HIDDEN}}},
    "a default with others": {"Parameters": {"HfToken": {"Default": HIDDEN, "AllowedValues": [HIDDEN, "other"]}}},
    "values to choose from": {"Parameters": {"ApiKey": {"AllowedValues": [HIDDEN, f"{HIDDEN}2"]}}},
    "a condition": {"Parameters": {"DbPassword": {}}, "Conditions": _IS_IT},
    "a condition on what has a default": {"Parameters": {"DbPassword": {"Default": "x"}}, "Conditions": _IS_IT},
    "hidden": {"Parameters": {"Hidden": {"NoEcho": True, "Default": HIDDEN}}},
    "hidden, and a condition": {"Parameters": {"Hidden": {"NoEcho": True}}, "Conditions": _IS_IT},
    "hidden, and values": {"Parameters": {"Hidden": {"NoEcho": True, "AllowedValues": [HIDDEN]}}, "Conditions": _IS_IT},
    "a map": {"Mappings": {"M": {"prod": {"Password": HIDDEN}}}, "P": {"Fn::FindInMap": ["M", "prod", "Password"]}},
    "a map of one secret": {
        "Mappings": {"M": {"HfToken": {"a": HIDDEN}}},
        "P": {"Fn::FindInMap": ["M", "HfToken", "a"]},
    },
}


def named_value(case: str) -> dict[str, Any]:
    """Return a template in which a value that only its name calls a secret comes to properties that are shown."""
    said = NAMED_VALUES[case]
    (name,) = said.get("Parameters", {"": None})
    own = said.get("P", {"Ref": name})
    text = {"Fn::Join": ["-", ["a", own]]}
    chosen = {"Fn::If": ["C", own, "y"]} if "Conditions" in said else own
    resources = {
        "N": notebook(DirectInternetAccess=own, InstanceType=text, RootAccess=chosen),
        "M": notebook(DirectInternetAccess=text, InstanceType=own, RootAccess=text),
    }
    template = json.loads(json.dumps(said).replace('"Ref": "P"', f'"Ref": "{name}"'))
    template.pop("P", None)
    for parameter in template.get("Parameters", {}).values():
        parameter["Type"] = "String"
    return {**template, "Resources": resources}


@pytest.mark.parametrize("case", NAMED_VALUES)
@pytest.mark.parametrize("indent", [1, None])
def test_a_value_that_only_its_name_calls_a_secret_is_masked_wherever_it_goes(
    wa_lint: Callable[..., Any], case: str, indent: int | None
) -> None:
    Path("t.json").write_text(json.dumps(named_value(case), indent=indent), encoding="utf-8")
    formats = sorted(REPORTERS)
    targets = [argument for name in formats for argument in ("-o", f"{name}={name}.out")]
    run = wa_lint("check", "t.json", "--show-all", "--no-config", "-o", "json", *targets)
    assert {finding["resource"]["id"] for finding in run.report["findings"]} >= {"N", "M"}
    shown = {name: Path(f"{name}.out").read_text(encoding="utf-8") for name in formats}
    assert [name for name, text in {**shown, "stdout": run.out, "stderr": run.err}.items() if HIDDEN in text] == []


def test_a_value_that_is_given_for_such_a_parameter_is_masked_too(wa_lint: Callable[..., Any]) -> None:
    Path("t.json").write_text(json.dumps(named_value("a default")), encoding="utf-8")
    run = wa_lint("check", "t.json", "--show-all", "-o", "json", f"--parameters=DbPassword={HIDDEN}3")
    assert HIDDEN not in run.out + run.err
    assert "‹secret:DbPassword›" in run.out


def test_two_such_values_are_told_apart_and_a_condition_compares_the_value_itself(wa_lint: Callable[..., Any]) -> None:
    own = notebook(RootAccess={"Fn::If": ["Same", "Enabled", "Disabled"]})
    parameters = {name: {"Type": "String", "Default": HIDDEN} for name in ("DbPassword", "ApiToken")}
    conditions = {"Same": {"Fn::Equals": [{"Ref": "DbPassword"}, {"Ref": "ApiToken"}]}}
    template = {"Parameters": parameters, "Conditions": conditions, "Resources": {"N": own}}
    Path("t.json").write_text(json.dumps(template), encoding="utf-8")
    given = [f"--parameters={name}={HIDDEN}" for name in parameters]
    fails = [f["rule"] for f in wa_lint("check", "t.json", "-o", "json", *given).report["findings"]]
    assert "notebook-root-access" in fails
    other = [f["rule"] for f in wa_lint("check", "t.json", "-o", "json", given[0], f"{given[1]}2").report["findings"]]
    assert "notebook-root-access" not in other


def test_a_refused_value_of_a_parameter_is_shown_only_where_it_is_no_secret(wa_lint: Callable[..., Any]) -> None:
    parameters = {
        "DbPassword": {"Type": "String", "AllowedValues": ["q1w2e3", "r4t5y6"]},
        "Hidden": {"Type": "String", "NoEcho": True, "AllowedPattern": "x"},
        "Listed": {"Type": "String", "NoEcho": True, "AllowedValues": ["u7i8o9"]},
        "Stage": {"Type": "String", "AllowedValues": ["dev", "prod"]},
    }
    Path("t.json").write_text(json.dumps({"Parameters": parameters, "Resources": {"N": notebook()}}), encoding="utf-8")
    given = [f"--parameters={name}=p0a9s8" for name in parameters if name != "Stage"]
    run = wa_lint("check", "t.json", "--parameters=Stage=test", *given, "-o", "json")
    said = run.out + run.err
    assert "AllowedValues: dev, prod" in said
    assert [text for text in ("q1w2e3", "r4t5y6", "u7i8o9", "p0a9s8") if text in said] == []


def test_what_a_hidden_parameter_is_compared_with_is_not_told(wa_lint: Callable[..., Any]) -> None:
    template = at_a_condition("q1w2e3")
    template["Parameters"]["P"]["NoEcho"] = True
    Path("t.json").write_text(json.dumps(template), encoding="utf-8")
    run = wa_lint("check", "t.json", "-o", "json", "--show-all", "--select", "notebook-root-access")
    (finding,) = run.report["findings"]
    assert finding["when"] == "P is one value (NoEcho)"
    assert "q1w2e3" not in run.out


RULE: Final = """
id: shows-values
title: A password is x
severity: low
practices: [MLSEC03-BP02]
applies_to: [AWS::SageMaker::Model]
require: resource.?PrimaryContainer.?Environment.?DB_PASSWORD.orValue('') == 'x'
  && resource.?Tags.orValue([]).all(tag, tag.Value == 'x')
message: "{resource.PrimaryContainer.Environment.DB_PASSWORD} and {resource.Tags[0].Value}"
why: It is so.
fix: Change it.
references: [https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateModel.html]
examples:
  - name: a model
    expect: fail
    template: {Resources: {M: {Type: AWS::SageMaker::Model}}}
  - name: a model of x
    expect: pass
    template:
      Resources:
        M:
          Type: AWS::SageMaker::Model
          Properties: {PrimaryContainer: {Environment: {DB_PASSWORD: x}}, Tags: [{Key: a, Value: x}]}
"""


def test_a_verdict_shows_no_value_that_a_name_or_a_pair_calls_a_secret(wa_lint: Callable[..., Any]) -> None:
    Path("own").mkdir()
    Path("own", "shows-values.yaml").write_text(RULE, encoding="utf-8")
    container = {"Environment": {"DB_PASSWORD": "q1w2e3"}}
    tags = [{"Key": "api_key", "Value": "r4t5y6"}]
    model = {"Type": "AWS::SageMaker::Model", "Properties": {"PrimaryContainer": container, "Tags": tags}}
    Path("t.json").write_text(json.dumps({"Resources": {"M": model}}), encoding="utf-8")
    run = wa_lint("check", "t.json", "--rules", "own", "--select", "shows-values", "-o", "json")
    (finding,) = run.report["findings"]
    assert finding["message"] == "‹secret:named› and ‹secret:named›"
    assert "q1w2e3" not in run.out
    assert "r4t5y6" not in run.out


DECLARED: Final = {
    "a default": "Parameters:\n  DbPassword:\n    Type: String\n    Default: SECRET\n",
    "a default beside others": "Parameters: {DbPassword: {Type: String, Default: SECRET}, Other: {Default: SECRET}}\n",
    "an allowed value": "Parameters:\n  ApiKey:\n    AllowedValues:\n      - SECRET\n      - other\n",
    "a value of a map": "Mappings: {M: {prod: {Password: SECRET}}}\n",
    "a map of one": "Mappings:\n  M:\n    HfToken:\n      prod: SECRET\n",
    "a side of a comparison": "Parameters: {DbPassword: {}}\nConditions: {C: !Equals [SECRET, !Ref DbPassword]}",
    "a side for NoEcho": "Parameters: {P: {NoEcho: true}}\nConditions:\n  C: !Or\n  - !Equals [!Ref P, SECRET]\n",
    "the same elsewhere": "Parameters: {P: {NoEcho: true, Default: SECRET}}\nResources: {R: {X: [SECRET]}}\n",
}


@pytest.mark.parametrize("case", DECLARED)
@pytest.mark.parametrize("secret", ["q1w2e3r4", '"q1\\"w2e3r4"', "'q1 w2: e3r4'"])
def test_no_line_holds_what_a_template_declares_as_a_secret(case: str, secret: str) -> None:
    text = DECLARED[case].replace("SECRET", secret)
    lines = masked_lines(text)
    assert len(lines) == text.count("\n") + 1
    assert not any("e3r4" in line for line in lines), lines


def test_a_line_keeps_what_only_holds_the_letters_of_a_secret() -> None:
    lines = masked_lines("Parameters: {P: {NoEcho: true, Default: prod}}\nResources: {Product: {Prod: reproduce}}\n")
    assert lines[1] == "Resources: {Product: {Prod: reproduce}}"


def test_lines_of_a_source_keep_their_number_and_lose_their_secrets() -> None:
    lines = masked_lines("Parameters:\n  DbPassword:\n    NoEcho: true\n    Default: q1w2e3r4\n  X: {Default: a}\n")
    assert len(lines) == 6
    assert not any("q1w2e3r4" in line for line in lines)
