"""Bad inputs to ``wa-lint check``, by their numbers in the list of needs: what a good tool does with each.

Left to others: 48 (suppressions in templates).
"""

from __future__ import annotations

import copy
import json
import random
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from wa_lint.document import read_document
from wa_lint.errors import SourceError
from wa_lint.model import Deferred, Value
from wa_lint.scenario import Scenario, explore
from wa_lint.sources.template import read_template

WaLint = Callable[..., Any]

NOTEBOOK = "Type: AWS::SageMaker::NotebookInstance"
RULES = (
    "--select",
    "notebook-direct-internet,notebook-default-key,endpoint-single-instance,model-without-network-isolation",
)

OPEN = """\
Resources:
  N:
    Type: AWS::SageMaker::NotebookInstance
    Properties: {InstanceType: ml.t3.medium, RoleArn: arn, DirectInternetAccess: Enabled}
"""


def check(wa_lint: WaLint, content: str | bytes, *options: str, name: str = "t.yaml") -> Any:
    """Check one file. `report` is not there where the run has none; a traceback never is."""
    Path(name).write_bytes(content.encode() if isinstance(content, str) else content)
    run = wa_lint("check", name, "-o", "json", *RULES, *options)
    assert "Traceback" not in run.err + run.out
    return run


def complaint(run: Any) -> str:
    """Return the one line that a user sees of what cannot be read."""
    return str(run.err).removeprefix("wa-lint: ")


def outcomes(run: Any) -> dict[tuple[str, str], str]:
    """Return the outcome of each rule for each resource; that of the gravest item."""
    found: dict[tuple[str, str], str] = {}
    for finding in run.report["findings"]:
        key = (finding["rule"], finding["resource"]["id"])
        if found.get(key) != "fail":
            found[key] = finding["outcome"]
    return found


def notebook(properties: str, head: str = "") -> str:
    return f"{head}Resources:\n  N:\n    {NOTEBOOK}\n    Properties: {{InstanceType: x, {properties}}}\n"


def internet(run: Any) -> str | None:
    return outcomes(run).get(("notebook-direct-internet", "N"))


# --- parsing ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("content", [b"", b"\n\n"])
def test_01_an_empty_file_is_no_template(wa_lint: WaLint, content: bytes) -> None:
    run = check(wa_lint, content)
    assert run.code == 3
    assert run.report["inputs"][0]["status"] == "skipped"


@pytest.mark.parametrize("content", [b"# nothing\n", b"---\n", b"\xef\xbb\xbf", b"---\n---\n"])
def test_02_comments_and_marks_alone_are_no_template(wa_lint: WaLint, content: bytes) -> None:
    assert check(wa_lint, content).code == 3


@pytest.mark.parametrize(
    "content", [OPEN, json.dumps({"Resources": {"N": {"Type": "AWS::SageMaker::NotebookInstance"}}})]
)
def test_03_a_byte_order_mark_shifts_no_column(wa_lint: WaLint, content: str) -> None:
    plain, marked = (check(wa_lint, mark + content.encode()).report["findings"] for mark in (b"", b"\xef\xbb\xbf"))
    assert plain
    assert plain == marked


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_04_utf_16_is_read_with_a_mark_and_named_without(wa_lint: WaLint, encoding: str) -> None:
    run = check(wa_lint, OPEN.encode(encoding))
    if encoding.count("-") == 1:
        assert internet(run) == "fail"
    else:
        assert run.code == 2
        assert complaint(run).startswith("t.yaml:1:")


@pytest.mark.parametrize("content", [OPEN.encode() + b"# \xe9\n", OPEN.encode() + b"\0"])
def test_04_latin_1_and_null_bytes_are_one_error_with_their_place(wa_lint: WaLint, content: bytes) -> None:
    run = check(wa_lint, content)
    assert run.code == 2
    assert complaint(run).startswith("t.yaml:5:")
    assert run.err.count("\n") == 1


@pytest.mark.parametrize(("end", "line"), [("\r\n", 4), ("\r", 4), ("\n", 4)])
def test_05_lines_are_counted_as_an_editor_does(wa_lint: WaLint, end: str, line: int) -> None:
    (finding,) = (
        f for f in check(wa_lint, OPEN.replace("\n", end)).report["findings"] if f["rule"] == "notebook-direct-internet"
    )
    assert finding["location"]["line"] == line


def test_05_what_breaks_a_line_for_yaml_alone_is_no_new_line(wa_lint: WaLint) -> None:
    text = "Description: 'a\u2028b\u0085c'\n" + OPEN
    (finding,) = (f for f in check(wa_lint, text).report["findings"] if f["rule"] == "notebook-direct-internet")
    assert finding["location"]["line"] == 5


def test_06_a_tab_that_indents_is_an_error_at_its_place(wa_lint: WaLint) -> None:
    run = check(wa_lint, f"Resources:\n  N:\n\t{NOTEBOOK}\n")
    assert run.code == 2
    assert complaint(run).startswith("t.yaml:3:1: a tab is used for indentation")


def test_07_a_second_document_is_named(wa_lint: WaLint) -> None:
    run = check(wa_lint, OPEN + "---\n" + OPEN)
    assert run.code == 2
    assert complaint(run).startswith("t.yaml:6:1: a second YAML document begins here")


@pytest.mark.parametrize("content", ["[a, b]", "text", "null", "42", '["AWS::S3::Bucket"]'])
def test_08_a_list_or_a_text_is_no_template(wa_lint: WaLint, content: str) -> None:
    run = check(wa_lint, content)
    assert run.code == 3
    assert run.report["inputs"][0]["status"] == "skipped"


@pytest.mark.parametrize(
    ("said", "problem"),
    [
        ("", "it has no Resources"),
        ("Resources:", "Resources is empty; check the indentation"),
        ("Resources: {}", "Resources is empty; check the indentation"),
        ("Resources: []", "Resources is a list; check the indentation"),
        ("Resources: text", "Resources is a text; check the indentation"),
    ],
)
def test_09_missing_resources_are_named(wa_lint: WaLint, said: str, problem: str) -> None:
    run = check(wa_lint, f"AWSTemplateFormatVersion: 2010-09-09\n{said}\n")
    assert run.code == 2
    assert problem in run.err


@pytest.mark.parametrize("bad", ["", "text", "[a]", "{Properties: }", f"{{{NOTEBOOK}, Properties: [a]}}"])
def test_10_one_bad_resource_costs_no_other(wa_lint: WaLint, bad: str) -> None:
    run = check(wa_lint, OPEN + f"  Bad: {bad}\n")
    assert run.code == 1
    assert internet(run) == "fail"
    said = [problem["message"] for problem in run.report["problems"]]
    assert (
        any(message.startswith("Bad ") for message in said)
        or outcomes(run).get(("notebook-direct-internet", "Bad")) == "unknown"
    )


def test_10_properties_that_are_null_are_none(wa_lint: WaLint) -> None:
    run = check(wa_lint, f"Resources:\n  N:\n    {NOTEBOOK}\n    Properties:\n")
    assert outcomes(run)["notebook-default-key", "N"] == "fail"


@pytest.mark.parametrize(
    ("said", "problem"),
    [
        ("Properties: {}", "N has no Type such as AWS::S3::Bucket"),
        ("Type: [a]", "N has no Type such as AWS::S3::Bucket"),
        ("Type: AWS::Sagemaker::NotebookInstance", "did you mean AWS::SageMaker::NotebookInstance?"),
        ("Type: aws::sagemaker::notebookinstance", "did you mean AWS::SageMaker::NotebookInstance?"),
    ],
)
def test_11_a_type_that_is_missing_or_misspelt_is_said(wa_lint: WaLint, said: str, problem: str) -> None:
    run = check(wa_lint, f"AWSTemplateFormatVersion: 2010-09-09\nResources:\n  N: {{{said}}}\n")
    assert problem in run.report["problems"][0]["message"]


@pytest.mark.parametrize("name", ["t.yaml", "t.json"])
def test_12_of_what_stands_twice_the_last_counts(wa_lint: WaLint, name: str) -> None:
    texts = {
        "t.yaml": notebook("DirectInternetAccess: Enabled, DirectInternetAccess: Disabled"),
        "t.json": '{"Resources": {"N": {"Type": "AWS::S3::Bucket"}, "N": {"Type": "AWS::SageMaker::NotebookInstance", '
        '"Properties": {"DirectInternetAccess": "Disabled"}}}}',
    }
    run = check(wa_lint, texts[name], "--show-all", name=name)
    assert internet(run) == "pass"
    assert "occurs twice; the last one counts" in run.report["problems"][0]["message"]


def test_13_merge_keys_are_merged_and_what_is_said_goes_before(wa_lint: WaLint) -> None:
    text = f"""\
A: &a {{InstanceType: x, DirectInternetAccess: Enabled}}
B: &b {{DirectInternetAccess: Enabled, RootAccess: Enabled}}
Resources:
  N: {{{NOTEBOOK}, Properties: {{<<: [*a, *b], DirectInternetAccess: Disabled}}}}
  M: {{{NOTEBOOK}, Properties: {{<<: *b}}}}
"""
    found = outcomes(check(wa_lint, text, "--show-all"))
    assert found["notebook-direct-internet", "N"] == "pass"
    assert found["notebook-direct-internet", "M"] == "fail"


def test_14_an_alias_bomb_is_an_error_at_once(wa_lint: WaLint) -> None:
    bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n" + "".join(
        f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 12)
    )
    began = time.process_time()
    run = check(wa_lint, bomb + OPEN)
    assert run.code == 2
    assert "aliases repeat more than" in run.err
    assert time.process_time() - began < 1


@pytest.mark.parametrize("said", ["&a [*a]", "&a {b: *a}", "*nothing"])
def test_15_an_anchor_that_holds_itself_is_an_error(wa_lint: WaLint, said: str) -> None:
    run = check(wa_lint, f"Metadata: {said}\n{OPEN}")
    assert run.code == 2
    assert "the alias *" in run.err


@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ('{"a": ', "}")])
@pytest.mark.parametrize("head", ["Metadata: ", '{"AWSTemplateFormatVersion": 1, "Metadata": '])
def test_16_what_nests_too_deep_is_an_error(wa_lint: WaLint, head: str, opening: str, closing: str) -> None:
    text = head + opening * 10_000 + "1" + closing * 10_000 + ("}" if head.startswith("{") else "\n" + OPEN)
    run = check(wa_lint, text)
    assert run.code == 2
    assert "it nests deeper than" in run.err


@pytest.mark.parametrize("nested", ["[" * 5000, "- " * 5000, '{"a": [' * 2500])
def test_16_what_nests_too_deep_has_a_line_and_no_words_of_a_parser(wa_lint: WaLint, nested: str) -> None:
    run = check(wa_lint, f"{OPEN}Metadata:\n  {nested}")
    line = OPEN.count("\n") + 2
    assert run.code == 2
    assert re.fullmatch(rf"wa-lint: t\.yaml:{line}:\d+: it nests deeper than 100 levels, so it was not read\n", run.err)


def test_17_what_is_too_long_is_an_error_with_its_reason(wa_lint: WaLint) -> None:
    began = time.process_time()
    run = check(wa_lint, OPEN + "#" + "x" * 11_000_000)
    assert run.code == 2
    assert "YAML of more than 10000000 is not read" in run.err
    assert time.process_time() - began < 5


def test_17_a_long_line_of_json_and_a_map_of_many_keys_are_read(wa_lint: WaLint) -> None:
    many = {f"k{n}": n for n in range(200_000)}
    value = {"Metadata": many, "Resources": {"N": {"Type": "AWS::SageMaker::NotebookInstance"}}}
    run = check(wa_lint, json.dumps(value))
    assert run.code == 1
    assert run.report["findings"][0]["location"]["line"] == 1


@pytest.mark.parametrize(
    ("content", "place", "hint"),
    [
        ('{"Resources": {"N": {"Type": "AWS::S3::Bucket"', "t.json:1:47", "it ends unexpectedly"),
        ('{"AWSTemplateFormatVersion": "x" "Resources": {}}', "t.json:1:34", "',' delimiter"),
        ('{"AWSTemplateFormatVersion": "2010-09-09" // no\n}', "t.json:1:43", "JSON has no comments"),
    ],
)
def test_18_broken_json_has_its_place_and_a_hint(wa_lint: WaLint, content: str, place: str, hint: str) -> None:
    run = check(wa_lint, content, name="t.json")
    assert run.code == 2
    assert complaint(run).startswith(place)
    assert hint in run.err


@pytest.mark.parametrize(
    "content",
    [
        '{"Resources": {"N": {"Type": "AWS::SageMaker::NotebookInstance", "Properties": {},}}}',
        "{'Resources': {'N': {'Type': 'AWS::SageMaker::NotebookInstance', 'Properties': {}}}}",
    ],
)
def test_18_what_yaml_allows_and_json_does_not_is_read_as_cloudformation_does(wa_lint: WaLint, content: str) -> None:
    assert check(wa_lint, content, name="t.json").code == 1


def test_19_scalars_are_kept_as_they_are_written(wa_lint: WaLint) -> None:
    numbers = "Account: 012345678901, Octal: 0123, Time: 1:30, Big: 1e400, Long: 123456789012345678901234567890, No: no"
    text = f"Metadata: {{{numbers}, 2012-10-17: date}}\n" + notebook("DirectInternetAccess: no")
    run = check(wa_lint, text)
    assert run.code in {0, 1}
    text = notebook("DirectInternetAccess: Enabled, NotebookInstanceName: 012345678901")
    assert internet(check(wa_lint, text)) == "fail"


@pytest.mark.parametrize("constant", ["NaN", "Infinity", "-Infinity"])
def test_19_what_is_no_json_number_is_no_number(wa_lint: WaLint, constant: str) -> None:
    text = f'{{"Metadata": {constant}, "Resources": {{"N": {{"Type": "AWS::SageMaker::NotebookInstance"}}}}}}'
    run = check(wa_lint, text, name="t.json")
    assert run.code in {1, 2}
    assert "NaN" not in run.out
    assert "Infinity" not in run.out


@pytest.mark.parametrize(("key", "code"), [("1", 1), ("null", 1), ("true", 1), ("[a, b]", 2), ("{a: b}", 2)])
def test_20_keys_that_are_no_texts_are_texts_or_errors(wa_lint: WaLint, key: str, code: int) -> None:
    assert check(wa_lint, f"Metadata:\n  ? {key}\n  : x\n{OPEN}").code == code


@pytest.mark.parametrize(
    "tag", ["!!python/object/apply:os.system", "!<tag:yaml.org,2002:python/name:os.system>", "!Odd"]
)
def test_21_a_tag_runs_nothing_and_hides_its_value(wa_lint: WaLint, tag: str) -> None:
    run = check(wa_lint, notebook(f"DirectInternetAccess: {tag} [touch owned]"))
    assert not Path("owned").exists()
    assert internet(run) == "unknown"
    assert "is unknown, so its value is unknown" in run.report["problems"][0]["message"]


@pytest.mark.parametrize(
    ("short", "long"),
    [
        ("!Ref Access", "{Ref: Access}"),
        ("!Sub '${Access}'", "{'Fn::Sub': ['${Access}', {}]}"),
        ("!If [C, Enabled, !Ref AWS::NoValue]", "{'Fn::If': [C, Enabled, {Ref: 'AWS::NoValue'}]}"),
        ("!GetAtt Other.Access", "{'Fn::GetAtt': [Other, Access]}"),
        ("!GetAtt [Other, Access]", "{'Fn::GetAtt': Other.Access}"),
        ("!Select [0, !Split [',', 'Enabled,x']]", "{'Fn::Select': ['0', {'Fn::Split': [',', 'Enabled,x']}]}"),
        ("!Join ['', [En, abled]]", "{'Fn::Join': ['', [En, abled]]}"),
        ("!FindInMap [M, a, b]", "{'Fn::FindInMap': [M, a, b]}"),
        ("!ImportValue x", "{'Fn::ImportValue': x}"),
    ],
)
def test_22_short_and_long_form_are_the_same(wa_lint: WaLint, short: str, long: str) -> None:
    head = (
        "Parameters: {Access: {Type: String, Default: Enabled}}\n"
        "Conditions: {C: !Equals [!Ref Access, x]}\nMappings: {M: {a: {b: Enabled}}}\n"
    )
    runs = [check(wa_lint, notebook(f"DirectInternetAccess: {form}", head)) for form in (short, long)]
    (one, other) = (
        [(f["outcome"], f["message"], f["when"], f["assumes"]) for f in run.report["findings"]] for run in runs
    )
    assert one == other


@pytest.mark.parametrize("odd", ["N\u202eX", "N\u200bX", "\u041d"])
def test_23_characters_that_cannot_be_seen_are_shown_escaped(wa_lint: WaLint, odd: str) -> None:
    run = check(wa_lint, OPEN.replace("  N:", f"  {odd}:"))
    assert run.code == 1
    assert f"the id {odd!a} holds characters" in run.report["problems"][0]["message"]


def test_23_a_type_that_only_looks_right_is_said(wa_lint: WaLint) -> None:
    run = check(wa_lint, "Resources:\n  N: {Type: 'AWS::SageMaker::Notebo\u043ekInstance'}\n")
    assert "did you mean 'AWS::SageMaker::NotebookInstance'?" in run.report["problems"][0]["message"]


def test_24_half_a_pair_leaves_valid_utf_8(wa_lint: WaLint) -> None:
    text = '{"Resources": {"N\\ud800": {"Type": "AWS::SageMaker::NotebookInstance"}}}'
    run = check(wa_lint, text, name="t.json")
    assert run.code == 1
    assert run.out.encode("utf-8")


def test_25_a_very_long_text_takes_no_time(wa_lint: WaLint) -> None:
    long = json.dumps({"Steps": ["x" * 2_000_000]})
    value = {
        "Resources": {
            "N": {"Type": "AWS::SageMaker::NotebookInstance", "Properties": {"DirectInternetAccess": "Enabled"}},
            "P": {
                "Type": "AWS::SageMaker::Pipeline",
                "Properties": {"PipelineDefinition": {"PipelineDefinitionBody": long}},
            },
            "I": {
                "Type": "AWS::EC2::Instance",
                "Properties": {"UserData": {"Fn::Base64": {"Fn::Sub": "y" * 5_000_000}}},
            },
        }
    }
    began = time.process_time()
    run = check(wa_lint, json.dumps(value), name="t.json")
    assert internet(run) == "fail"
    assert time.process_time() - began < 10


@pytest.mark.parametrize("name", ["t.yaml", "t.template", "t.json", "no-suffix"])
def test_26_a_name_may_lie(wa_lint: WaLint, name: str) -> None:
    as_json = '{"Resources": {"N": {"Type": "AWS::SageMaker::NotebookInstance"}}}'
    for content in (OPEN, as_json):
        assert check(wa_lint, content, name=name).code == 1


def test_27_what_is_no_template_is_passed_by_and_counted(wa_lint: WaLint) -> None:
    files = {
        "pod.yaml": "apiVersion: v1\nkind: Pod\n",
        "package.json": '{"name": "x", "version": "1"}',
        "parameters.json": '[{"ParameterKey": "A", "ParameterValue": "b"}]',
        "manifest.json": '{"version": "38.0.0", "artifacts": {}}',
        "tsconfig.json": '{"a": 1, // why\n}',
        "values.yaml": "a: {{ .Values.b }}\n",
        "t.yaml": OPEN,
    }
    for name, text in files.items():
        Path(name).write_text(text, "utf-8")
    run = wa_lint("check", "-o", "json", *RULES)
    assert run.code == 1
    said = {entry["uri"]: entry["status"] for entry in run.report["inputs"]}
    assert said.pop("t.yaml") == "judged"
    assert set(said.values()) <= {"skipped"}


# --- intrinsics and structure -----------------------------------------------------------------------


@pytest.mark.parametrize(
    "said", ["!Ref Nothing", "!GetAtt Nothing.Arn", "!Sub '${Nothing}'", "!FindInMap [No, a, b]", "!Select [9, [a]]"]
)
def test_28_what_names_nothing_is_unknown(wa_lint: WaLint, said: str) -> None:
    assert internet(check(wa_lint, notebook(f"DirectInternetAccess: {said}"))) == "unknown"


def test_28_circles_have_an_end(wa_lint: WaLint) -> None:
    head = "Conditions: {A: !Not [!Condition B], B: !Not [!Condition A]}\n"
    run = check(wa_lint, notebook("DirectInternetAccess: !If [A, Enabled, Disabled], KmsKeyId: !GetAtt N.Arn", head))
    assert internet(run) == "unknown"
    run = check(wa_lint, OPEN.replace("    Type", "    DependsOn: N\n    Condition: C\n    Type"))
    assert internet(run) == "unknown"


def test_29_a_variable_that_shadows_its_own_name_is_resolved_once(wa_lint: WaLint) -> None:
    head = "Parameters: {A: {Type: String, Default: Enabled}}\n"
    run = check(wa_lint, notebook("DirectInternetAccess: !Sub ['${A}', {A: !Sub '${A}'}]", head))
    assert internet(run) == "fail"


@pytest.mark.parametrize(
    "said", ["[C]", "[C, a]", "[C, a, b, c]", "[Missing, Enabled, Disabled]", "text", "[[C], a, b]"]
)
def test_30_an_if_that_is_none_is_unknown(wa_lint: WaLint, said: str) -> None:
    text = notebook(f"DirectInternetAccess: !If {said}", "Conditions: {C: !Equals [a, a]}\n")
    assert internet(check(wa_lint, text)) == "unknown"


def test_30_a_list_where_a_text_belongs_and_an_if_in_tags_break_nothing(wa_lint: WaLint) -> None:
    head = "Parameters: {P: {Type: String}}\nConditions: {C: !Equals [!Ref P, a]}\n"
    said = "DirectInternetAccess: !If [C, [Enabled], Enabled], Tags: !If [C, [{Key: a, Value: b}], !Ref AWS::NoValue]"
    run = check(wa_lint, notebook(said, head))
    assert internet(run) == "fail"


def test_31_thirty_conditions_times_thirty_ifs_name_the_budget(wa_lint: WaLint) -> None:
    parameters = "".join(f"  P{n}: {{Type: String}}\n" for n in range(30))
    conditions = "".join(f"  C{n}: !Equals [!Ref P{n}, a]\n" for n in range(30))
    chosen = "x"
    for n in range(30):
        chosen = f"!If [C{n}, {chosen}, 'k{n}']"
    items = ", ".join(
        f"!If [C{n}, {{VariantName: v{n}, InitialInstanceCount: 2}}, !Ref AWS::NoValue]" for n in range(30)
    )
    text = (
        f"Parameters:\n{parameters}Conditions:\n{conditions}Resources:\n"
        f"  N: {{{NOTEBOOK}, Properties: {{KmsKeyId: {chosen}}}}}\n"
        f"  C: {{Type: 'AWS::SageMaker::EndpointConfig', Properties: {{ProductionVariants: [{items}]}}}}\n"
    )
    began = time.process_time()
    run = check(wa_lint, text)
    assert time.process_time() - began < 4
    assert any("budget" in f["message"] or "scenarios" in f["message"] for f in run.report["findings"])


@pytest.mark.parametrize(
    ("second", "outcome"),
    [
        ("{A: Enabled}, '222222222222': {A: Enabled}", "fail"),
        ("{A: Enabled}, '222222222222': {A: Disabled}", "unknown"),
    ],
)
def test_32_every_value_that_a_map_can_give_counts(wa_lint: WaLint, second: str, outcome: str) -> None:
    head = f"Mappings: {{M: {{'111111111111': {second}}}}}\n"
    run = check(wa_lint, notebook("DirectInternetAccess: !FindInMap [M, !Ref AWS::AccountId, A]", head))
    assert internet(run) == outcome


def test_32_a_map_may_have_a_default(wa_lint: WaLint) -> None:
    head = "Transform: AWS::LanguageExtensions\nMappings: {M: {a: {b: Disabled}}}\n"
    said = "DirectInternetAccess: {'Fn::FindInMap': [M, x, y, {DefaultValue: Enabled}]}"
    assert internet(check(wa_lint, notebook(said, head))) == "fail"


LOOP = """\
Transform: AWS::LanguageExtensions
Parameters: {{L: {{Type: {type}{default}}}}}
Resources:
  Fn::ForEach::A: [A, {list}, {body}]
"""


@pytest.mark.parametrize(
    ("list_", "ids"),
    [("[a, b]", ["Na", "Nb"]), ("[]", []), ("!Ref L", ["Nx", "Ny"]), ("[a.b]", ["Nab"])],
)
def test_33_loops_are_unrolled(wa_lint: WaLint, list_: str, ids: list[str]) -> None:
    body = f"{{'N&{{A}}': {{{NOTEBOOK}, Properties: {{DirectInternetAccess: Enabled}}}}}}"
    text = LOOP.format(type="CommaDelimitedList", default=", Default: 'x, y'", list=list_, body=body)
    run = check(wa_lint, text)
    assert [id_ for rule, id_ in outcomes(run) if rule == "notebook-direct-internet"] == ids


@pytest.mark.parametrize(
    ("type_", "list_", "reason"),
    [
        ("AWS::SSM::Parameter::Value<List<String>>", "!Ref L", "Parameter Store"),
        ("CommaDelimitedList", "!Ref L", "has no default"),
        ("String", "[" + ",".join(f"x{n}" for n in range(2000)) + "]", "runs more than 1000 times"),
    ],
)
def test_33_a_loop_that_is_not_unrolled_is_said(wa_lint: WaLint, type_: str, list_: str, reason: str) -> None:
    body = f"{{'N${{A}}': {{{NOTEBOOK}}}}}"
    run = check(wa_lint, LOOP.format(type=f"'{type_}'", default="", list=list_, body=body) + OPEN.partition("\n")[2])
    assert run.code == 1
    assert reason in run.report["gaps"][0]["reason"]
    assert any(reason in problem["message"] for problem in run.report["problems"])


def test_33_a_million_turns_take_no_time(wa_lint: WaLint) -> None:
    listed = "[" + ",".join(f"x{n}" for n in range(100)) + "]"
    inner = f"{{'N${{A}}${{B}}${{C}}': {{{NOTEBOOK}}}}}"
    for name in "CB":
        inner = f"{{'Fn::ForEach::{name}': [{name}, {listed}, {inner}]}}"
    began = time.process_time()
    run = check(wa_lint, LOOP.format(type="String", default="", list=listed, body=inner))
    assert "runs more than 1000 times" in run.report["problems"][0]["message"]
    assert run.code == 4
    assert time.process_time() - began < 3


@pytest.mark.parametrize(
    "transform",
    [
        "Transform: MyMacro\n",
        "Transform: [[MyMacro]]\n",
        "Transform: [AWS::LanguageExtensions, {Name: Other}]\n",
        "Transform: {Name: 'AWS::Include', Parameters: {Location: 's3://b/k'}}\n",
    ],
)
def test_34_an_unknown_macro_leaves_no_pass(wa_lint: WaLint, transform: str) -> None:
    run = check(wa_lint, transform + notebook("DirectInternetAccess: Disabled, KmsKeyId: alias/x"), "--show-all")
    assert "pass" not in set(outcomes(run).values())


def test_34_a_local_include_is_read_and_none_outside(wa_lint: WaLint) -> None:
    Path("in").mkdir()
    Path("in/part.yaml").write_text("DirectInternetAccess: Enabled\n")
    Path("out.yaml").write_text("DirectInternetAccess: Enabled\n")
    said = "{{'Fn::Transform': {{Name: 'AWS::Include', Parameters: {{Location: {}}}}}}}"
    for location, outcome in {"part.yaml": "fail", "./part.yaml": "fail", "../out.yaml": "unknown"}.items():
        text = f"Resources:\n  N: {{{NOTEBOOK}, Properties: {said.format(location)}}}\n"
        assert internet(check(wa_lint, text, name="in/t.yaml")) == outcome


def test_35_sam_globals_are_merged_and_what_sam_makes_is_judged(wa_lint: WaLint) -> None:
    text = """\
Transform: AWS::Serverless-2016-10-31
Conditions: {C: !Equals [!Ref AWS::Region, eu-west-1]}
Globals: {Function: {VpcConfig: !If [C, {SubnetIds: [s]}, !Ref AWS::NoValue], Policies: [x]}}
Resources:
  F:
    Type: AWS::Serverless::Function
    Properties:
      ImageUri: x
      Policies: [{Statement: [{Effect: Allow, Action: sagemaker:InvokeEndpoint, Resource: '*'}]}]
      FunctionUrlConfig: {AuthType: NONE}
"""
    Path("t.yaml").write_text(text)
    run = wa_lint("check", "t.yaml", "-o", "json", "--select", "unauthenticated-inference")
    assert outcomes(run) == {("unauthenticated-inference", "FUrl"): "fail"}
    assert run.report["findings"][0]["location"]["line"] == 10


NESTED = {
    "child.yaml": (True, None),
    "./child.yaml": (True, None),
    "https://s3.amazonaws.com/b/child.yaml": (False, "is not fetched"),
    "!Sub 'https://${AWS::Region}/child.yaml'": (False, "is known only at deployment"),
    "missing.yaml": (False, "missing.yaml cannot be followed"),
    "loop.yaml": (False, "it nests itself"),
    "../../etc/passwd": (False, "cannot be followed"),
    "link.yaml": (False, "link.yaml cannot be followed"),
    "/etc/passwd": (False, "/etc/passwd cannot be followed"),
    r"\\\\host\\share\\child.yaml": (False, "cannot be followed"),
    "file:///etc/passwd": (False, "is not fetched"),
}


@pytest.mark.parametrize("url", NESTED)
def test_36_a_nested_stack_is_followed_inside_the_root_and_nowhere_else(wa_lint: WaLint, url: str) -> None:
    is_followed, problem = NESTED[url]
    nest = "Resources:\n  S: {Type: 'AWS::CloudFormation::Stack', Properties: {TemplateURL: %s}}\n"
    files = {"in/t.yaml": nest % url, "in/child.yaml": OPEN, "in/loop.yaml": nest % "t.yaml", "outside.yaml": OPEN}
    Path("in").mkdir()
    for name, text in files.items():
        Path(name).write_text(text)
    Path("in/link.yaml").symlink_to(Path("outside.yaml").resolve())
    run = wa_lint("check", "in/t.yaml", "-o", "json", *RULES)
    assert "Traceback" not in run.err + run.out
    assert outcomes(run).get(("notebook-direct-internet", "S/N")) == ("fail" if is_followed else None)
    said = [found["message"] for found in run.report["problems"]]
    assert (not said) if problem is None else any(problem in message for message in said)


@pytest.mark.parametrize("url", ["http://169.254.169.254/latest/meta-data/iam", "http://internal", "//internal/t.yaml"])
@pytest.mark.parametrize("way", ["stack", "include", "module"])
def test_37_no_address_is_ever_asked(wa_lint: WaLint, monkeypatch: pytest.MonkeyPatch, url: str, way: str) -> None:
    def refuse(*_: object) -> None:
        pytest.fail("a socket was opened")

    monkeypatch.setattr("socket.socket.connect", refuse)
    monkeypatch.setattr("socket.getaddrinfo", refuse)
    text = {
        "stack": OPEN + f"  S: {{Type: 'AWS::CloudFormation::Stack', Properties: {{TemplateURL: '{url}'}}}}\n",
        "include": OPEN + f"  Fn::Transform: {{Name: 'AWS::Include', Parameters: {{Location: '{url}'}}}}\n",
        "module": OPEN + f"Modules: {{M: {{Source: '{url}'}}}}\n",
    }[way]
    run = check(wa_lint, text)
    assert run.report["problems"]


@pytest.mark.parametrize(
    "said", ["!Ref M.Access", "!Ref MAccess", "!GetAtt M.N.Access", "!GetAtt MN.Access", "!Sub '${M.Access}'", "!Ref M"]
)
@pytest.mark.parametrize("module", ["M: {Type: My::Own::Thing::MODULE}", "M: {Type: 'My::Own::Thing::MODULE::1'}"])
def test_38_what_a_module_of_the_registry_makes_is_not_known(wa_lint: WaLint, said: str, module: str) -> None:
    run = check(wa_lint, notebook(f"DirectInternetAccess: {said}, KmsKeyId: {said}") + f"  {module}\n", "--show-all")
    found = outcomes(run)
    assert (found["notebook-direct-internet", "N"], found["notebook-default-key", "N"]) == ("unknown", "unknown")


@pytest.mark.parametrize(
    "type_", ["My::Own::MODULE", "Custom::Thing", "Third::Party::Type", "AWS::CloudFormation::CustomResource"]
)
@pytest.mark.parametrize("properties", ["", "{}", "[a]", "text", "{a: {b: [c, {d: !Ref N}]}}", "!Ref N"])
def test_38_types_of_others_may_have_any_shape(wa_lint: WaLint, type_: str, properties: str) -> None:
    run = check(wa_lint, OPEN + f"  X: {{Type: '{type_}', Properties: {properties}}}\nHooks: {{H: {{Type: x}}}}\n")
    assert internet(run) == "fail"


def test_39_dynamic_references_and_stored_parameters_are_open(wa_lint: WaLint) -> None:
    head = "Parameters: {P: {Type: 'AWS::SSM::Parameter::Value<String>', Default: Enabled}}\n"
    for said in ("!Ref P", "'{{resolve:ssm:/my/name:1}}'", "'{{resolve:secretsmanager:my:SecretString:k}}'"):
        run = check(wa_lint, notebook(f"DirectInternetAccess: {said}", head))
        assert internet(run) == "unknown"
        assert "secret:" not in run.out


POLICIES = {
    "a map": "{Effect: Allow, Action: '*', Resource: '*'}",
    "a list": "[{Effect: Allow, Action: ['*'], Resource: ['*']}]",
    "upper case": "[{Effect: Allow, Action: 'IAM:*', Resource: '*'}]",
    "all but": "[{Effect: Allow, NotAction: 's3:Get*', Resource: '*'}]",
}


@pytest.mark.parametrize("statement", POLICIES.values(), ids=POLICIES)
@pytest.mark.parametrize("is_text", [False, True])
def test_40_policies_are_the_same_in_every_form(wa_lint: WaLint, statement: str, is_text: bool) -> None:
    document: Any = {"Version": "2012-10-17", "Statement": yaml.safe_load(statement)}
    policy = {"PolicyName": "p", "PolicyDocument": json.dumps(document) if is_text else document}
    trust = {
        "Statement": [
            {"Effect": "Allow", "Principal": {"Service": "sagemaker.amazonaws.com"}, "Action": "sts:AssumeRole"}
        ]
    }
    role = {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": trust, "Policies": [policy]}}
    instance = {"Type": "AWS::EC2::Instance", "Properties": {"UserData": {"a": "b"}}}
    Path("t.json").write_text(json.dumps({"Resources": {"R": role, "I": instance}}))
    run = wa_lint("check", "t.json", "-o", "json", "--select", "role-administrator")
    assert [finding["outcome"] for finding in run.report["findings"]] == ["fail"]


@pytest.mark.parametrize(
    "body", ["'{'", '!Sub \'{"StartAt": "${X}"\'', "!Join ['', ['{', !Ref N, '}']]", "text", "[a]"]
)
def test_41_a_definition_that_cannot_be_read_breaks_nothing(wa_lint: WaLint, body: str) -> None:
    text = (
        f"{OPEN}  M: {{Type: 'AWS::StepFunctions::StateMachine', Properties: {{DefinitionString: {body}}}}}\n"
        "  P:\n    Type: AWS::SageMaker::Pipeline\n"
        f"    Properties: {{PipelineDefinition: {{PipelineDefinitionBody: {body}}}}}\n"
    )
    run = check(wa_lint, text)
    assert internet(run) == "fail"


@pytest.mark.parametrize(
    ("said", "outcome"),
    [("'true'", "pass"), ("'True'", "pass"), ("true", "pass"), ("yes", "pass"), ("'false'", "fail"), ("No", "fail")],
)
def test_42_booleans_are_read_as_cloudformation_reads_them(wa_lint: WaLint, said: str, outcome: str) -> None:
    text = (
        "Resources:\n  N: {Type: 'AWS::SageMaker::Model', Properties: "
        f"{{EnableNetworkIsolation: {said}, PrimaryContainer: {{Image: x}}}}}}\n"
    )
    found = outcomes(check(wa_lint, text, "--show-all"))
    assert found["model-without-network-isolation", "N"] == outcome


@pytest.mark.parametrize(("said", "outcome"), [("'1'", "fail"), ("'2'", "pass"), ("1", "fail"), ("!Ref P", "unknown")])
def test_43_numbers_may_be_texts(wa_lint: WaLint, said: str, outcome: str) -> None:
    text = (
        "Parameters: {P: {Type: Number}}\nResources:\n  N: {Type: 'AWS::SageMaker::EndpointConfig', Properties: "
        f"{{ProductionVariants: [{{VariantName: v, InitialInstanceCount: {said}}}]}}}}\n"
    )
    assert outcomes(check(wa_lint, text, "--show-all"))["endpoint-single-instance", "N"] == outcome


def test_44_a_default_that_is_not_allowed_is_said_and_a_hidden_one_never_shown(wa_lint: WaLint) -> None:
    head = (
        "Parameters: {A: {Type: String, AllowedValues: [x], Default: z}, "
        "B: {Type: String, NoEcho: true, Default: hunter2, MinLength: 8}}\n"
    )
    run = check(wa_lint, notebook("DirectInternetAccess: !Ref B, KmsKeyId: !Ref B", head))
    said = [problem["message"] for problem in run.report["problems"]]
    assert any("the default of A" in message for message in said)
    assert internet(run) == "unknown"
    assert "hunter2" not in run.out + run.err


ACCESS = "Parameters: {Access: {Type: String}}\n"

SETS = {
    '[{"ParameterKey": "Access", "ParameterValue": "Enabled"}]': None,
    '["Access=Enabled"]': None,
    '{"Parameters": {"Access": "Enabled"}, "Tags": {"a": "b"}, "StackPolicy": {}}': None,
    '{"Access": "Enabled"}': None,
    '[{"ParameterKey": "Access", "ParameterValue": "a"}, {"ParameterKey": "Access", "ParameterValue": "b"}]': "twice",
    '{"Access": "a", "Access": "b"}': " twice",
    '{"Acess": "Enabled"}': "did you mean 'Access'?",
    '{"Access": {"a": "b"}}': "neither a text nor a list of texts",
    '[{"ParameterKey": "Access"}]': "this is not a parameter",
    "[1]": "this is not a parameter",
    "Access [": "p.json:1:",
    "": "it is not a parameters file",
}


@pytest.mark.parametrize("given", SETS)
def test_45_a_parameters_file_is_right_or_an_error_at_its_place(wa_lint: WaLint, given: str) -> None:
    Path("t.yaml").write_text(notebook("DirectInternetAccess: !Ref Access", ACCESS))
    Path("p.json").write_text(given)
    run = wa_lint("check", "t.yaml", "-o", "json", *RULES, "--parameters", "p.json")
    problem = SETS[given]
    if problem is None:
        assert internet(run) == "fail"
    else:
        assert (run.code, run.out) == (2, "")
        assert run.err.startswith("wa-lint: p.json:1:")
        assert problem in run.err


def test_45_a_parameters_file_that_is_not_there_is_an_error(wa_lint: WaLint) -> None:
    Path("t.yaml").write_text(notebook("DirectInternetAccess: !Ref Access", ACCESS))
    run = wa_lint("check", "t.yaml", "--parameters", "p.json")
    assert (run.code, run.out) == (2, "")
    assert "'p.json' is neither an existing file" in run.err


def test_46_what_its_condition_leaves_out_does_not_apply(wa_lint: WaLint) -> None:
    Path("p.json").write_text('{"Env": "dev"}')
    head = "Parameters: {Env: {Type: String}}\nConditions: {C: !Equals [!Ref Env, prod]}\n"
    text = head + OPEN.replace("    Type", "    Condition: C\n    Type")
    run = check(wa_lint, text, "--parameters", "p.json", "--show-all")
    assert run.code == 0
    assert internet(run) in {None, "not applicable"}


def test_47_a_thousand_resources_and_ids_that_differ_by_case_are_fine(wa_lint: WaLint) -> None:
    one = OPEN.partition("\n")[2]
    text = "Resources:\n" + "".join(one.replace("  N:", f"  {case}{n}:") for n in range(500) for case in "nN")
    began = time.process_time()
    run = check(wa_lint, text)
    assert len([1 for rule, _ in outcomes(run) if rule == "notebook-direct-internet"]) == 1000
    assert time.process_time() - began < 15


# --- all at once ------------------------------------------------------------------------------------

ODD: tuple[Any, ...] = (
    *(None, "", [], {}, 1, -1, 1.5, True, "text", [[]], {"a": {"b": "c"}}),
    *({"Ref": "X"}, {"Ref": ["a"]}, {"Fn::If": ["C", 1, 2]}, {"Fn::If": 1}, {"Fn::Sub": "${X}"}),
    {"Fn::Transform": {"Name": "AWS::Include", "Parameters": {"Location": "x"}}},
    {"Fn::ForEach::Z": ["Z", ["1"], {"K${Z}": "v"}]},
)

FOLDERS = (Path(__file__).parent / "templates", Path(__file__).parent / "sam")


def _mutants(count: int) -> Iterator[tuple[str, dict[str, bytes]]]:
    """Yield the templates of our own cases, each with some values replaced by odd ones."""
    cases = [
        case
        for folder in FOLDERS
        for file in sorted(folder.glob("*.yaml"))
        for case in yaml.safe_load(file.read_text())
    ]
    chance = random.Random(48)  # noqa: S311, the same mutants on every run
    for _ in range(count):
        case = chance.choice(cases)
        template = copy.deepcopy(read_document(case["template"], "t.yaml").value)
        for _ in range(chance.randint(1, 3)):
            path = chance.choice(list(_paths(template, ())))
            inner = template
            for step in path[:-1]:
                inner = inner[step]
            inner[path[-1]] = copy.deepcopy(chance.choice(ODD))
        yield json.dumps(template), {name: text.encode() for name, text in case.get("files", {}).items()}


def _paths(value: Any, path: tuple[Any, ...]) -> Iterator[tuple[Any, ...]]:
    if path:
        yield path
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, inner in pairs:
        yield from _paths(inner, (*path, step))


def _settled(value: Value, scenario: Scenario) -> None:
    while isinstance(value, Deferred):
        value = value.resolve(scenario).value
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        _settled(inner, scenario)


def test_whatever_stands_in_a_template_breaks_nothing() -> None:
    read = 0
    for text, files in _mutants(1000):
        try:
            snapshot = read_template(text, "t.json", None, files.get)
        except SourceError:
            continue
        read += 1
        for resource in snapshot.resources:
            for value in (resource.exists, resource.properties):
                list(explore(lambda scenario, v=value: _settled(v, scenario), {}, 8))  # type: ignore[misc] # bound at once
            assert resource.origin.locate(("Policies", 0)).line > 0
    assert read > 800
