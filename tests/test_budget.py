"""What a file of a stranger costs: within its budget it is judged, past it what is left is unknown, and never a fault.

Each case is made by a small function; none is larger than a megabyte.
"""

from __future__ import annotations

import base64
import copy
import gzip
import io
import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wa_lint import budget, codec
from wa_lint.budget import Budget, budget_of
from wa_lint.document.positions import is_too_deep
from wa_lint.errors import ConfigError, SourceError
from wa_lint.model import Outcome, Report, Unknown
from wa_lint.reporters import RenderOptions, reporter
from wa_lint.rule import Rule
from wa_lint.run.choice import Choice, chosen_rules
from wa_lint.run.inputs import File
from wa_lint.run.judge import Judged, Task, _judge, _judge_loose
from wa_lint.sources.export.export_reader import read_export
from wa_lint.sources.live.api_response import document, has_items
from wa_lint.sources.template import read_template

Raw = Any
CHOICE = Choice()
TODAY = "2026-12-01"
NOTEBOOK = "AWS::SageMaker::NotebookInstance"
MODEL = "AWS::SageMaker::Model"
CPU_SECONDS = 10
"""What a file of 1 MB may cost; the machines of CI are no faster."""


@pytest.fixture(scope="module")
def rules() -> list[Rule]:
    return list(chosen_rules(CHOICE))


def judged(text: str | bytes, rules: list[Rule], limits: Budget | None = None) -> Judged:
    """Judge one file as the command line does, in this process; fail the test on a fault of our own."""
    content = text if isinstance(text, bytes) else text.encode()
    task = Task(CHOICE, today=TODAY, is_debug=True, budget=limits or Budget())
    found = _judge(File("t.json", "t.json", content=content), rules, task)
    if found.loose is not None:
        found = _judge_loose(found.loose, rules, task)
    assert not any("Traceback" in line for line in found.complaints), found.complaints
    assert not any("fault of wa-lint" in str(entry.reason) for entry in found.entries)
    return found


def reasons(found: Judged) -> set[str]:
    """Return the limits that verdicts, gaps, problems and errors name."""
    report = found.report or Report((), ())
    said = [finding.message for finding in report.findings if finding.outcome is Outcome.UNKNOWN]
    said += [gap.reason for gap in report.gaps] + [problem.message for problem in report.problems]
    said += [str(entry.reason) for entry in found.entries]
    return {name for name in Budget.__struct_fields__ for text in said if f"(limit {name})" in text}


def template(properties: Raw, **sections: Raw) -> str:
    return json.dumps({**sections, "Resources": {"N": {"Type": NOTEBOOK, "Properties": properties}}})


def notebooks(count: int, **members: Raw) -> dict[str, Raw]:
    return {f"R{i}": {"Type": NOTEBOOK, **members} for i in range(count)}


def parameters(count: int) -> dict[str, Raw]:
    return {f"P{i}": {"Type": "String"} for i in range(count)}


def equal(number: int) -> Raw:
    return {"Fn::Equals": [{"Ref": f"P{number}"}, "x"]}


# --- explosions: kind -> a template of some kilobytes that would cost gigabytes, and the limit that it meets -----


def _nested(depth: int, step: Callable[[Raw], Raw], innermost: Raw) -> Raw:
    found = innermost
    for _ in range(depth):
        found = step(found)
    return found


def _sub(inner: Raw) -> Raw:
    return {"Fn::Sub": ["${a}${a}${a}${a}", {"a": inner}]}


def _to_json(inner: Raw) -> Raw:
    return {"Fn::ToJsonString": {"a": inner}}


def _split(inner: Raw) -> Raw:
    return {"Fn::Join": [",,", {"Fn::Split": [",", inner]}]}


def _base64(inner: Raw) -> Raw:
    return {"Fn::Base64": {"Fn::Sub": ["${a}${a}", {"a": inner}]}}


def _member(value: Raw) -> str:
    return template({"RootAccess": value})


TEXTS: dict[str, Callable[[], str]] = {
    "sub": lambda: _member(_nested(20, _sub, "xx")),
    "sub with holes": lambda: json.dumps(
        {"Parameters": parameters(1), **json.loads(_member(_nested(20, _sub, {"Ref": "P0"})))}
    ),
    "join with a long delimiter": lambda: _member({"Fn::Join": ["-" * 40_000, ["x"] * 20_000]}),
    "to json": lambda: _member(_nested(24, _to_json, '"\\' * 4)),
    "base64": lambda: _member(_nested(20, _base64, "xxx")),
}


@pytest.mark.parametrize("kind", TEXTS)
def test_a_text_that_grows_without_end_is_unknown_and_the_rest_is_judged(kind: str, rules: list[Rule]) -> None:
    start = time.process_time()
    found = judged(TEXTS[kind](), rules)
    assert time.process_time() - start < CPU_SECONDS / 2
    assert found.report is not None
    assert "text" in reasons(found)
    outcomes = {finding.rule.id: finding.outcome for finding in found.report.findings}
    assert outcomes["notebook-root-access"] is Outcome.UNKNOWN
    assert outcomes["notebook-direct-internet"] is Outcome.FAIL  # it does not hang on the text


def test_what_is_split_and_joined_again_and_again_is_budgeted(rules: list[Rule]) -> None:
    found = judged(_member(_nested(20, _split, "a," * 40_000)), rules)
    assert reasons(found) & {"text", "nodes"}


def test_fn_sub_evaluates_each_variable_once() -> None:
    text = _member({"Fn::Sub": ["${a}" * 50, {"a": {"Fn::Join": ["", ["x"] * 1000]}}]})
    resource = read_template(text, "t.json").resources[0]
    from wa_lint.scenario import Scenario  # noqa: PLC0415, for this test alone

    value = resource.properties["RootAccess"]  # type: ignore[index] # a map
    assert value.resolve(Scenario()).value == "x" * 50_000
    assert value.template.meter.characters == 1000 + 50_000


@pytest.mark.parametrize("said", [0, "9"])
def test_a_budget_never_changes_a_verdict_but_to_unknown(said: Raw, rules: list[Rule]) -> None:
    text = json.dumps(
        {
            "Parameters": parameters(8),
            "Conditions": {f"C{i}": equal(i) for i in range(8)},
            "Resources": {
                f"N{i}": {
                    "Type": NOTEBOOK,
                    "Properties": {
                        "RootAccess": {"Fn::If": [f"C{i % 8}", "Enabled", {"Fn::Sub": "Dis${x}"}]},
                        "DirectInternetAccess": {"Fn::Join": ["", ["Dis", "abled"]]},
                        "VolumeSizeInGB": said,
                    },
                }
                for i in range(12)
            },
        }
    )
    whole = _outcomes(judged(text, rules))
    for name, number in (("characters", 40), ("text", 5), ("nodes", 4), ("forks", 5), ("resources", 6)):
        for key, outcome in _outcomes(judged(text, rules, budget_of([f"{name}={number}"]))).items():
            assert outcome in {whole[key], Outcome.UNKNOWN}, (name, key)


def _outcomes(found: Judged) -> dict[tuple[str, str], Outcome]:
    assert found.report is not None
    return {(finding.resource.id, finding.rule.id): finding.outcome for finding in found.report.findings}


# --- sizes: kind -> a file of up to a megabyte, which is judged in time, whatever comes of it --------------------


def _states(depth: int) -> Raw:
    task = "arn:aws:states:::sagemaker:createTrainingJob.sync"
    leaf = {"Type": "Task", "Resource": task, "Parameters": {"TrainingJobName": "a"}, "End": True}
    start: Raw = {"StartAt": "a", "States": {"a": leaf}}
    return _nested(
        depth,
        lambda inner: {"StartAt": "m", "States": {"m": {"Type": "Parallel", "Branches": [inner, inner], "End": True}}},
        start,
    )


def _machine(definition: Raw) -> str:
    return json.dumps(
        {
            "Resources": {
                "S": {"Type": "AWS::StepFunctions::StateMachine", "Properties": {"DefinitionString": definition}}
            }
        }
    )


def _branches(count: int) -> str:
    """Return a machine with one state of one name behind each of many conditions."""
    task = {"Type": "Task", "Resource": "arn:aws:states:::sagemaker:createTrainingJob", "Parameters": {}}
    states = [{"States": {"a": {"Fn::If": ["C0", task, {"Fn::If": ["C1", task, task]}]}}} for _ in range(count)]
    definition = {"StartAt": "m", "States": {"m": {"Type": "Parallel", "Branches": states}}}
    body = {"Type": "AWS::StepFunctions::StateMachine", "Properties": {"Definition": definition}}
    return json.dumps(
        {"Parameters": parameters(2), "Conditions": {"C0": equal(0), "C1": equal(1)}, "Resources": {"S": body}}
    )


def _loops(count: int, turns: int) -> str:
    items = [str(i) for i in range(turns)]
    loops = {
        f"Fn::ForEach::A{j}": ["A", items, {f"R{j}" + "${A}": {"Type": MODEL, "Properties": {}}}] for j in range(count)
    }
    return json.dumps({"Transform": "AWS::LanguageExtensions", "Resources": loops})


def _maps() -> str:
    """Return open keys that look through a large map, over and over."""
    rows = {f"k{i}": {f"a{j}": "v" for j in range(40)} for i in range(300)}
    look = {"Fn::FindInMap": ["M", {"Ref": "P0"}, {"Fn::Sub": "x${P0}"}]}
    resources = {f"N{i}": {"Type": NOTEBOOK, "Properties": {"RootAccess": look}} for i in range(150)}
    return json.dumps({"Parameters": parameters(1), "Mappings": {"M": rows}, "Resources": resources})


def _deep_conditions() -> str:
    deep = [_nested(24, lambda inner: inner, "x")]
    for number in range(24):
        deep.append({"Fn::If": [f"C{number}", deep[-1], "y"]})
    resources = {f"N{i}": {"Type": NOTEBOOK, "Properties": {"RootAccess": deep[-1]}} for i in range(60)}
    conditions = {f"C{i}": equal(i) for i in range(24)}
    return json.dumps({"Parameters": parameters(24), "Conditions": conditions, "Resources": resources})


def _and(operands: int, resources: int) -> str:
    both = {"C": {"Fn::And": [equal(i) for i in range(operands)]}}
    return json.dumps(
        {"Parameters": parameters(operands), "Conditions": both, "Resources": notebooks(resources, Condition="C")}
    )


def _backtracking() -> str:
    """Return patterns, and texts with many holes, that a backtracking matcher never gets done with."""
    holes = {"Fn::Sub": "".join(f"${{P{i}}}a" for i in range(30))}
    given = {**parameters(30), "Q": {"Type": "String", "AllowedPattern": "^(a+)+$"}}
    compared = {"C": {"Fn::Equals": [{"Ref": "Q"}, "a" * 60 + "b"]}, "D": {"Fn::Equals": [holes, "a" * 80 + "b"]}}
    return json.dumps(
        {
            "Parameters": given,
            "Conditions": compared,
            "Resources": {**notebooks(1, Condition="C"), "M": {"Type": NOTEBOOK, "Condition": "D"}},
        }
    )


def _comments() -> str:
    lines = "  A{0}:\n    # wa-lint: allow notebook-root-access\n    Type: AWS::SageMaker::NotebookInstance\n"
    return "Resources:\n" + "".join(lines.format(i) for i in range(1000))


def _policy() -> str:
    statements = [
        {"Effect": effect, "Action": ["*" * i for i in range(1, 20)], "Resource": ["arn:*:*" + "*a" * 30] * 5}
        for effect in ("Allow", "Deny") * 40
    ]
    role = {
        "AssumeRolePolicyDocument": {},
        "Policies": [{"PolicyName": "p", "PolicyDocument": {"Statement": statements}}],
    }
    return json.dumps({"Resources": {"R": {"Type": "AWS::IAM::Role", "Properties": role}}})


def _script(content: Raw) -> str:
    config = {
        "Type": "AWS::SageMaker::NotebookInstanceLifecycleConfig",
        "Properties": {"OnStart": [{"Content": content}]},
    }
    return json.dumps({"Resources": {"L": config, **notebooks(1, Properties={"LifecycleConfigName": {"Ref": "L"}})}})


def _packed_script() -> str:
    return base64.b64encode(gzip.compress(b"sleep 1\n" * 20_000_000, 1)).decode()


def _aliases() -> str:
    one = "x=y@" * 10_000
    tags = "\n".join(f"        - {{Key: k{i}, Value: *a}}" for i in range(400))
    return f"Resources:\n  N:\n    Type: {NOTEBOOK}\n    Properties:\n      RoleArn: &a '{one}'\n      Tags:\n{tags}\n"


def _json_in_json() -> str:
    text = "leaf"
    for _ in range(11):
        text = json.dumps({"a": text, "b": "${P0}${P0}"})
    return _machine(
        {"Fn::Sub": json.dumps({"StartAt": "a", "States": {"a": {"Type": "Task", "Parameters": {"X": text}}}})}
    )


def _one(members: str) -> str:
    return f'{{"Resources":{{"A":{{"Type":"{NOTEBOOK}",{members}}}}}}}'


FILES: dict[str, Callable[[], str]] = {
    "resources": lambda: json.dumps({"Resources": {f"M{i}": {"Type": MODEL} for i in range(7_000)}}),
    "loops": lambda: _loops(8, 900),
    "parallel states": lambda: _machine(json.dumps(_states(9))),
    "one state behind many conditions": lambda: _branches(200),
    "mappings": _maps,
    "deep conditions": _deep_conditions,
    "a hundred operands": lambda: _and(100, 20),
    "many resources under many operands": lambda: _and(20, 300),
    "backtracking": _backtracking,
    "cidr": lambda: template({"X": [{"Fn::Cidr": ["10.0.0.0/8", 256, 8]} for _ in range(5000)], "RootAccess": 1}),
    "comments": _comments,
    "a long comment": lambda: f"Resources:\n  A:\n    Type: {NOTEBOOK} # wa-lint: allow " + "x, " * 200_000,
    "a policy": _policy,
    "a script": lambda: _script(base64.b64encode(b"pip install x && export A_TOKEN=$(cat x)\n" * 8000).decode()),
    "a packed script": lambda: _script(_packed_script()),
    "a script that is no base64": lambda: _script("A" + "\n" * 300_000 + "!"),
    "aliases": _aliases,
    "json in json": _json_in_json,
    "keys that stand twice": lambda: (
        '{"Resources":{"A":{"Type":"' + NOTEBOOK + '","Metadata":{' + '"a":1,' * 50_000 + '"b":1}}}}'
    ),
    "many small lists": lambda: (
        '{"Resources":{"A":{"Type":"' + NOTEBOOK + '","Properties":{"X":[' + "[]," * 150_000 + "1]}}}}"
    ),
    "yaml flow": lambda: f"Resources:\n  A:\n    Type: {NOTEBOOK}\n    Metadata: [" + "a," * 150_000 + "a]\n",
}


@pytest.mark.parametrize("kind", FILES)
def test_a_file_of_a_megabyte_is_judged_in_time(kind: str, rules: list[Rule]) -> None:
    text = FILES[kind]()
    assert len(text) <= 1_300_000
    start = time.process_time()
    found = judged(text, rules)
    assert time.process_time() - start < CPU_SECONDS
    assert [entry.status for entry in found.entries] == ["judged"]


def test_of_too_many_resources_one_of_each_type_says_how_many_were_left_out(rules: list[Rule]) -> None:
    found = judged(json.dumps({"Resources": notebooks(20)}), rules, budget_of(["resources=5"]))
    assert found.report is not None
    said = [f for f in found.report.findings if f.rule.id == "notebook-root-access"]
    assert [f.outcome for f in said].count(Outcome.UNKNOWN) == 1
    assert len(said) == 6
    unread = next(f for f in said if f.outcome is Outcome.UNKNOWN)
    assert "budget: more than 5 resources in one template" in unread.message
    assert "14 more of its type were not read" in unread.message


def test_scenarios_past_the_budget_of_the_file_are_unknown(rules: list[Rule]) -> None:
    found = judged(_and(5, 5), rules, budget_of(["forks=3"]))
    assert found.report is not None
    unknown = [f for f in found.report.findings if f.outcome is Outcome.UNKNOWN]
    assert unknown
    assert all("budget" in f.message for f in unknown)


def test_aliases_that_repeat_too_much_text_are_an_error(rules: list[Rule]) -> None:
    found = judged(_aliases(), rules, budget_of(["characters=100000"]))
    assert found.entries[0].status == "error"
    assert reasons(found) == {"characters"}


# --- time ----------------------------------------------------------------------------------------------------


def test_a_file_that_takes_too_long_is_one_error_and_the_others_are_judged(
    rules: list[Rule], monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = iter(range(10**9))
    monkeypatch.setattr(time, "monotonic", lambda: next(clock))
    monkeypatch.setattr(time, "process_time", lambda: next(clock))
    slow = judged(_and(100, 100), rules, budget_of(["seconds=1"]))
    assert [entry.status for entry in slow.entries] == ["error"]
    assert "took more than 1 s (limit seconds)" in str(slow.entries[0].reason)
    assert len(slow.complaints) == 1
    assert slow.report is None
    assert judged(template({}), rules).report is not None


def test_time_grows_with_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    monkeypatch.setattr(time, "process_time", lambda: now[0])
    with budget.limited(Budget(seconds=1), "t", 2_500_000):
        now[0] = 2.9
        _work()
        now[0] = 3.1
        with pytest.raises(SourceError, match="3 s"):
            _work()
    with budget.limited(Budget(seconds=1), "t", 10):
        budget.grow(1_500_000)
        now[0] += 1.9
        _work()
        with budget.limited(Budget(), "u"):
            assert budget.current() == Budget()


def test_a_machine_that_is_busy_with_others_makes_no_file_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0, 0.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    monkeypatch.setattr(time, "process_time", lambda: now[1])
    with budget.limited(Budget(seconds=4), "t"):
        now[:] = [100.0, 3.9]
        _work()
        now[:] = [100.0, 4.1]
        with pytest.raises(SourceError, match="4 s"):
            _work()


def _work() -> None:
    for _ in range(100):
        budget.tick()


@pytest.mark.parametrize("error", [RecursionError(), MemoryError()])
def test_recursion_and_memory_are_errors_of_the_file(
    error: Exception, rules: list[Rule], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Raw) -> Raw:
        raise error

    monkeypatch.setattr("wa_lint.run.judge._judge_template", refuse)
    found = judged(template({}), rules)
    assert found.entries[0].status == "error"
    assert "so it was not judged" in str(found.entries[0].reason)


def test_the_files_beside_a_bomb_are_judged(wa_lint: Callable[..., Raw]) -> None:
    Path("bomb.jsonl.gz").write_bytes(_bomb(b'{"resource":{"id":"', b"a"))
    Path("beside.json").write_text(template({"RootAccess": "Enabled"}), encoding="utf-8")
    run = wa_lint("check", ".", "-o", "json", "--no-config", "--limit", "line=1000000")
    assert run.code == 2
    assert run.err.count("\n") == 1
    assert "bomb.jsonl.gz: budget: more than 1,000,000 bytes in one line (limit line)" in run.err
    failed = {f["location"]["uri"] for f in json.loads(run.out)["findings"] if f["outcome"] == "fail"}
    assert failed == {"beside.json"}


@pytest.mark.parametrize("limit", ["nodes=0", "nodes=-1", "nodes=1e3", "nodes", "node=3", "nodes=" + "9" * 5000])
def test_a_limit_that_is_none_is_an_error(limit: str, wa_lint: Callable[..., Raw]) -> None:
    run = wa_lint("check", ".", "--limit", limit)
    assert run.code == 2
    assert run.err.startswith("wa-lint: --limit: ")
    with pytest.raises(ConfigError):
        budget_of([limit])


def test_each_limit_says_what_it_counts() -> None:
    assert set(budget.MEANINGS) == set(Budget.__struct_fields__)
    assert all(msgspec.structs.asdict(Budget())[name] > 0 for name in budget.MEANINGS)


# --- packed files --------------------------------------------------------------------------------------------

HEADER = {"wa_lint_snapshot": 1, "kind": "live", "uri": "x", "tool": "t", "taken_at": "2026-01-01T00:00:00Z"}
LARGE = 40_000_000


def _bomb(start: bytes, filling: bytes, header: Raw = HEADER) -> bytes:
    head = b"" if header is None else json.dumps(header).encode() + b"\n"
    return gzip.compress(head + start + filling * (LARGE // len(filling)), 6)


SMALL = Budget(bytes=10_000_000, line=2_000_000, document=5_000_000, nodes=100_000)

BOMBS: dict[str, tuple[Callable[[], bytes], str]] = {
    "one text": (lambda: _bomb(b'{"resource":{"id":"', b"a"), "line"),
    "newlines": (lambda: _bomb(b"", b"\n"), "bytes"),
    "blanks and newlines": (lambda: _bomb(b"", b" \n \t\r\n"), "bytes"),
    "blanks without an end": (lambda: _bomb(b"", b" "), "line"),
    "small rows": (lambda: _bomb(b"", b'{"gap":{"scope":{"type":"a"},"reason":"b"}}\n'), "nodes"),
    "an answer": (lambda: _bomb(b'{"Roles":["', b"a", None), "document"),
    "an answer of many lists": (lambda: _bomb(b'{"Roles":[', b"[],", None), "nodes"),
}


@pytest.mark.parametrize("kind", BOMBS)
def test_a_bomb_is_one_clear_error(kind: str, rules: list[Rule]) -> None:
    make, limit = BOMBS[kind]
    start = time.process_time()
    found = judged(make(), rules, SMALL)
    assert time.process_time() - start < CPU_SECONDS
    assert [entry.status for entry in found.entries] == ["error"]
    assert reasons(found) == {limit}


def _snapshot(*lines: bytes) -> bytes:
    return b"\n".join([json.dumps(HEADER).encode(), *lines, b'{"end":%d}' % len(lines), b""])


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_lines_that_end_anywhere_in_a_piece_are_read_whole(pack: Callable[[bytes], bytes]) -> None:
    lines = []
    for length in (1, 65_000, 65_500, 65_536, 131_072, 200_000):
        text = "x" + " " * length + "y"
        lines.append(json.dumps({"resource": {"id": text, "type": "A::B::C", "properties": {}}}).encode())
    found = codec.load(pack(_snapshot(*lines)), "s")
    assert [len(resource.id) for resource in found.resources] == [3, 65_002, 65_502, 65_538, 131_074, 200_002]
    with_blanks = _snapshot(*lines).replace(b"\n", b"\n" + b" " * 70_000 + b"\n\n")
    assert len(codec.load(io.BytesIO(pack(with_blanks)), "s").resources) == len(lines)


def test_a_packed_answer_within_its_limits_is_read() -> None:
    role = {"RoleName": "r", "Arn": "arn:aws:iam::111122223333:role/r", "RolePolicyList": []}
    answer = json.dumps(
        {"RoleDetailList": [{**role, "RoleName": f"r{i}", "Arn": f"{role['Arn']}{i}"} for i in range(50)]}
    )
    assert len(read_export(gzip.compress(answer.encode()), "s").resources) == 50


# --- numbers -------------------------------------------------------------------------------------------------

NUMBERS = (
    *("NaN", "Infinity", "-Infinity", "1e999", "-1e999", "1E-400", "-1", "-0.0", "1.5", "1e308", "9" * 5000),
    *("1" + "0" * 40, "18446744073709551616", "-9223372036854775809", "9007199254740993", "null", "true", "[]", "{}"),
    *(f'"{text}"' for text in ("NaN", "nan", "inf", "Infinity", "-1", "1.5", "1e999", "9" * 5000, "1" * 400)),
    *(f'"{text}"' for text in ("", " 5 ", "+5", "1_000", "\u00b2", "\u0661", "0x10", "-", ".", "1e", "5e-324")),
)
"""What stands where a number belongs, as it is written."""

_ARN = "arn:aws:sagemaker:eu-west-1:111122223333:"
_VARIANT = {"VariantName": "v", "InitialInstanceCount": 1, "InstanceType": "ml.m5.large", "InitialVariantWeight": 1.0}
_STEP = {"Name": "T", "Type": "Training", "Arguments": {"ResourceConfig": {"InstanceCount": 1, "VolumeSizeInGB": 30}}}
_JOB = {"ResourceConfig": {"InstanceCount": 1, "VolumeSizeInGB": 2}, "StoppingCondition": {"MaxRuntimeInSeconds": 9}}
_PLANNED = {
    "address": "aws_sagemaker_notebook_instance.n",
    "mode": "managed",
    "type": "aws_sagemaker_notebook_instance",
    "name": "n",
    "schema_version": 0,
    "values": {"name": "n", "volume_size": 5, "role_arn": "r", "instance_type": "ml.t3.medium"},
    "sensitive_values": {},
}

DOCUMENTS: dict[str, Raw] = {
    "template": {
        "Transform": "AWS::LanguageExtensions",
        "Parameters": {
            "P": {"Type": "String", "MinLength": 1, "MaxLength": 5, "Default": "a", "AllowedValues": ["a", 2]},
            "N": {"Type": "Number", "MinValue": 1, "MaxValue": 5, "Default": 3},
            "L": {"Type": "List<Number>", "MinValue": 1, "Default": "1,2"},
            "Q": {"Type": "AWS::EC2::VPC::Id", "MinLength": 1, "MaxLength": 9},
        },
        "Mappings": {"M": {"a": {"b": 1}}},
        "Conditions": {"X": {"Fn::Equals": [{"Ref": "N"}, 3]}, "Y": {"Fn::Equals": [{"Ref": "Q"}, "v"]}},
        "Resources": {
            "Fn::ForEach::A": [
                "I",
                ["1", 2],
                {"R${I}": {"Type": NOTEBOOK, "Properties": {"VolumeSizeInGB": {"Ref": "I"}}}},
            ],
            "N": {
                "Type": NOTEBOOK,
                "Condition": "X",
                "Properties": {
                    "VolumeSizeInGB": {"Fn::Select": [0, {"Ref": "L"}]},
                    "RootAccess": {"Fn::Select": [1, ["a", "b"]]},
                    "NotebookInstanceName": {"Fn::Select": [0, {"Fn::Cidr": ["10.0.0.0/16", 2, 8]}]},
                    "InstanceType": {"Fn::FindInMap": ["M", "a", "b", {"DefaultValue": 5}]},
                    "KmsKeyId": {"Fn::ToJsonString": {"a": 1}},
                    "LifecycleConfigName": {"Fn::Base64": 5},
                    "RoleArn": {"Fn::Select": [0, {"Fn::Split": [",", "1,2"]}]},
                    "SubnetId": {"Fn::Sub": ["${a}", {"a": 7}]},
                    "PlatformIdentifier": {"Fn::Length": [1, 2]},
                },
            },
            "C": {
                "Type": "AWS::SageMaker::EndpointConfig",
                "Properties": {
                    "ProductionVariants": [_VARIANT, {"VariantName": "w", "ServerlessConfig": {"MaxConcurrency": 5}}],
                    "DataCaptureConfig": {"InitialSamplingPercentage": 100},
                },
            },
            "E": {"Type": "AWS::SageMaker::Endpoint", "Properties": {"EndpointConfigName": {"Ref": "C"}}},
            "T": {
                "Type": "AWS::ApplicationAutoScaling::ScalableTarget",
                "Properties": {"MinCapacity": 1, "MaxCapacity": {"Ref": "N"}, "ResourceId": "endpoint/e/variant/v"},
            },
            "F": {"Type": "AWS::Serverless::Function", "Properties": {"Timeout": 3, "MemorySize": 128}},
            "S": {
                "Type": "AWS::StepFunctions::StateMachine",
                "Properties": {
                    "Definition": {
                        "States": {
                            "a": {
                                "Type": "Task",
                                "Resource": "arn:aws:states:::sagemaker:createTrainingJob",
                                "Parameters": _JOB,
                            }
                        }
                    }
                },
            },
        },
    },
    "plan": {
        "format_version": "1.2",
        "terraform_version": "1.9.8",
        "planned_values": {"root_module": {"resources": [_PLANNED]}},
        "resource_changes": [
            {**_PLANNED, "change": {"actions": ["create"], "after": _PLANNED["values"], "after_unknown": {"id": True}}}
        ],
        "configuration": {
            "provider_config": {"aws": {"expressions": {"region": {"constant_value": "eu-west-1"}}}},
            "root_module": {
                "resources": [
                    {"address": _PLANNED["address"], "expressions": {"id": {"references": ["aws_kms_key.k.arn"]}}}
                ]
            },
        },
    },
    "config": {
        "configurationItems": [
            {
                "configurationItemCaptureTime": "2026-11-01T10:00:00.000Z",
                "configurationItemStatus": "OK",
                "configurationStateId": 1,
                "awsAccountId": "111122223333",
                "awsRegion": "eu-west-1",
                "ARN": arn,
                "resourceType": type_,
                "resourceId": "n",
                "resourceName": "n",
                "tags": {"a": "b"},
                "configuration": configuration,
                "supplementaryConfiguration": beside,
            }
            for type_, arn, configuration, beside in (
                (NOTEBOOK, f"{_ARN}notebook-instance/n", {"VolumeSizeInGB": 5}, {}),
                (
                    "AWS::Lambda::Function",
                    "arn:aws:lambda:eu-west-1:111122223333:function:f",
                    {"functionName": "f", "timeout": 3},
                    {"Policy": {"Statement": [{"Sid": "a", "Principal": "*", "Action": "lambda:*", "Resource": "f"}]}},
                ),
                ("AWS::S3::Bucket", "arn:aws:s3:::b", {"name": "b"}, {"BucketPolicy": {"policyText": "{}"}}),
                ("AWS::IAM::Role", "arn:aws:iam::111122223333:role/r", {"maxSessionDuration": 3600}, {}),
            )
        ]
    },
    "change set": {
        "ChangeSetName": "c",
        "ChangeSetId": "arn:aws:cloudformation:eu-west-1:111122223333:changeSet/c/1",
        "StackId": "arn:aws:cloudformation:eu-west-1:111122223333:stack/s/1",
        "Changes": [
            {
                "Type": "Resource",
                "ResourceChange": {
                    "Action": "Add",
                    "LogicalResourceId": "N",
                    "ResourceType": NOTEBOOK,
                    "AfterContext": '{"Properties": {"VolumeSizeInGB": "5"}}',
                },
            }
        ],
    },
    "description": {
        "NotebookInstanceArn": f"{_ARN}notebook-instance/n",
        "NotebookInstanceName": "n",
        "RoleArn": "r",
        "VolumeSizeInGB": 5,
        "CreationTime": 1700000000.5,
    },
    "cloud control": {
        "TypeName": NOTEBOOK,
        "ResourceDescription": {"Identifier": f"{_ARN}notebook-instance/n", "Properties": '{"VolumeSizeInGB": 5}'},
    },
    "pipeline": {
        "Resources": {
            "P": {
                "Type": "AWS::SageMaker::Pipeline",
                "Properties": {
                    "PipelineDefinition": {
                        "PipelineDefinitionBody": json.dumps(
                            {
                                "Version": "2020-12-01",
                                "Parameters": [{"Name": "N", "Type": "Integer", "DefaultValue": 1}],
                                "Steps": [_STEP],
                            }
                        )
                    }
                },
            }
        }
    },
}

ROWS: tuple[Raw, ...] = (
    {"id": f"{_ARN}endpoint-config/c", "type": "AWS::SageMaker::EndpointConfig", "name": "c",
     "properties": {"ProductionVariants": [_VARIANT], "DataCaptureConfig": {"InitialSamplingPercentage": 100}}},
    {"id": f"{_ARN}endpoint/e", "type": "AWS::SageMaker::Endpoint", "properties": {"EndpointConfigName": "c"},
     "observed": {"invocations": {"v": {"start": "2026-01-01T00:00:00+00:00", "period": 3600, "hours": 3,
                                        "values": [[0, 5.0], [1, 6.0]]}}}},
    {"id": f"{_ARN}training-job/t", "type": "AWS::SageMaker::TrainingJob", "properties": _JOB},
    {"id": "l", "type": "AWS::Logs::LogGroup",
     "properties": {"RetentionInDays": {"$int": "99"}, "X": {"$float": "nan"},
                    "Z": {"$unresolved": {"reason": "r", "parts": ["a"], "bounds": {"minimum": 1, "min_length": 1}}}}},
    {"id": f"{_ARN}pipeline/p", "type": "AWS::SageMaker::Pipeline",
     "properties": {"PipelineDefinition": json.dumps({"Version": "2020-12-01", "Steps": [_STEP]})}},
)  # fmt: skip


def leaves(value: Raw, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Yield the path of each scalar, those in a JSON text in it included."""
    if isinstance(value, dict | list):
        for step, inner in value.items() if isinstance(value, dict) else enumerate(value):
            yield from leaves(inner, (*path, step))
    elif isinstance(value, str) and value.startswith("{") and len(value) > 2:
        yield from leaves(json.loads(value), (*path, "json"))
    else:
        yield path


def written(value: Raw, path: tuple[str | int, ...], raw: str) -> str:
    """Return the JSON of `value` with `raw` where `path` leads."""
    return json.dumps(_put(value, path, raw)).replace('"@@"', raw)


def _put(value: Raw, path: tuple[str | int, ...], raw: str) -> Raw:
    if not path:
        return "@@"
    if path[0] == "json" and isinstance(value, str):
        return written(json.loads(value), path[1:], raw)
    changed = copy.copy(value)
    changed[path[0]] = _put(value[path[0]], path[1:], raw)
    return changed


PLACES = [(name, path) for name, value in DOCUMENTS.items() for path in leaves(value)]
SNAPSHOT_PLACES = [(number, path) for number, row in enumerate(ROWS) for path in leaves(row)]
FORMATS = ("json", "sarif", "text", "asff", "csv", "ocsf")


def _demand_sound(found: Judged) -> None:
    """Every format can be written, and what is JSON holds no NaN."""
    for name in FORMATS if found.report else ():
        assert found.report is not None
        text = reporter(name)(found.report, RenderOptions())
        if name in {"json", "sarif"}:
            json.loads(text, parse_constant=pytest.fail)


@given(place=st.sampled_from(PLACES), raw=st.sampled_from(NUMBERS))
@settings(max_examples=120, deadline=None)
def test_no_number_is_a_fault_of_ours(place: tuple[str, tuple[str | int, ...]], raw: str, rules: list[Rule]) -> None:
    name, path = place
    _demand_sound(judged(written(DOCUMENTS[name], path, raw), rules))


@given(place=st.sampled_from(SNAPSHOT_PLACES), raw=st.sampled_from(NUMBERS))
@settings(max_examples=60, deadline=None)
def test_no_number_of_a_snapshot_is_a_fault_of_ours(
    place: tuple[int, tuple[str | int, ...]], raw: str, rules: list[Rule]
) -> None:
    number, path = place
    rows = [json.dumps({"resource": row}).encode() for row in ROWS]
    rows[number] = written({"resource": ROWS[number]}, ("resource", *path), raw).encode()
    _demand_sound(judged(_snapshot(*rows), rules))


@pytest.mark.parametrize("raw", NUMBERS)
@pytest.mark.parametrize("member", ["MinLength", "MaxLength", "MinValue", "MaxValue", "Default"])
@pytest.mark.parametrize("type_", ["String", "Number", "List<Number>", "AWS::EC2::VPC::Id"])
def test_no_bound_of_a_parameter_is_a_fault_of_ours(type_: str, member: str, raw: str) -> None:
    text = '{"Parameters": {"P": {"Type": "%s", "%s": %s}}, "Resources": {"T": {"Type": "A::B::C"}}}'
    try:
        snapshot = read_template(text % (type_, member, raw), "t.json")
    except SourceError:
        return  # NaN is not valid JSON
    assert len(snapshot.resources) == 1


@pytest.mark.parametrize("index", ["9" * 5000, "-1", "1.5", "NaN", "\u00b2", "\u0661", 2, 10**30, -1, 0.5])
def test_an_index_that_is_none_selects_nothing(index: Raw) -> None:
    from wa_lint.scenario import Scenario  # noqa: PLC0415, for this test alone

    text = _member({"Fn::Select": [index, ["a", "b"]]})
    value = read_template(text, "t.json").resources[0].properties["RootAccess"]  # type: ignore[index] # a map
    assert isinstance(value.resolve(Scenario()).value, Unknown)


@pytest.mark.parametrize("raw", NUMBERS)
def test_no_number_of_a_configuration_is_a_fault_of_ours(raw: str, wa_lint: Callable[..., Raw]) -> None:
    Path("wa-lint.yaml").write_text(f"jobs: {raw}\n", encoding="utf-8")
    Path("t.json").write_text(template({"RootAccess": "Disabled"}), encoding="utf-8")
    run = wa_lint("check", "t.json", "--select", "notebook-root-access")
    assert run.code in {0, 2, 3}
    assert "Traceback" not in run.err
    assert "fault of wa-lint" not in run.err


# --- answers of an account -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "path", "expected"),
    [
        ({"Roles": []}, "Roles", True),
        ({"Roles": [1]}, "Roles", True),
        ({}, "Roles", False),
        ({"Roles": None}, "Roles", False),
        ({"Roles": {}}, "Roles", False),
        ({"Policy": '{"Statement": []}'}, "Policy.Statement", True),
        ({"Policy": "{}"}, "Policy.Statement", False),
        ({}, "", True),
    ],
)
def test_a_list_that_is_not_there_is_not_an_empty_one(answer: Raw, path: str, *, expected: bool) -> None:
    assert has_items(answer, path) is expected


def test_a_document_that_nests_too_deep_is_unknown() -> None:
    for depth in (150, 100_000):
        assert isinstance(document('{"a":' * depth + "1" + "}" * depth), Unknown)
    assert not isinstance(document('{"a":' * 50 + "1" + "}" * 50), Unknown)
    assert is_too_deep(_nested(150, lambda inner: [inner], 1))
