"""Values for parameters: the forms in which they are given, and which of them a template refuses."""

from __future__ import annotations

from typing import Any

import pytest

from wa_lint.errors import SourceError
from wa_lint.sources.template import pair_of, read_stages, refusal

OVERRIDES = {
    "a text": 'parameter_overrides = "Stage=prod Note=\\"two words\\" Empty="',
    "a list": 'parameter_overrides = ["Stage=prod", "Note=\\"two words\\"", "Empty="]',
    "the words of the AWS CLI": (
        'parameter_overrides = "ParameterKey=Stage,ParameterValue=prod '
        'ParameterKey=Note,ParameterValue=\\"two words\\" ParameterKey=Empty,ParameterValue="'
    ),
    "a map": 'parameter_overrides = {Stage = "prod", Note = "two words", Empty = ""}',
}


@pytest.mark.parametrize("form", OVERRIDES.values(), ids=OVERRIDES)
def test_a_samconfig_gives_its_overrides_in_each_form(form: str) -> None:
    (stage,) = read_stages(f"version = 0.1\n[prod.deploy.parameters]\n{form}\n", "samconfig.toml")
    assert (stage.name, stage.pins) == ("prod", {"Stage": "prod", "Note": "two words", "Empty": ""})


SAMCONFIG = """\
version = 0.1
[default.build.parameters]
cached = true
[dev.deploy.parameters]
stack_name = "dev"
[test.global.parameters]
parameter_overrides = "Stage=test"
[prod.global.parameters]
parameter_overrides = "Stage=staging"
[prod.deploy.parameters]
parameter_overrides = "Stage=prod"
"""


def test_a_samconfig_has_a_stage_for_each_environment_that_is_deployed() -> None:
    stages = read_stages(SAMCONFIG, "samconfig.toml")
    assert [(stage.name, stage.pins) for stage in stages] == [
        ("dev", {}),
        ("test", {"Stage": "test"}),
        ("prod", {"Stage": "prod"}),
    ]
    assert stages[1].places == {"Stage": "samconfig.toml, test"}


def test_a_samconfig_may_be_yaml() -> None:
    text = "version: 0.1\nprod:\n  deploy:\n    parameters:\n      parameter_overrides: [Stage=prod, {Count: 2}]\n"
    (stage,) = read_stages(text, "samconfig.yaml")
    assert (stage.name, stage.pins) == ("prod", {"Stage": "prod", "Count": "2"})


def test_a_set_is_called_by_its_file_and_knows_where_each_value_stands() -> None:
    (stage,) = read_stages('{\n  "Stage": "prod",\n  "Count": 2\n}', "envs/prod.json")
    assert stage.name == "prod"
    assert stage.places == {"Stage": "envs/prod.json:2:3", "Count": "envs/prod.json:3:3"}


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("version = 0.1\n", "no [ENVIRONMENT.deploy.parameters] in it has parameter_overrides"),
        ("[a.deploy.parameters]\nstack_name = 'x'\n", "no [ENVIRONMENT.deploy.parameters]"),
        ("[a.deploy.parameters]\nparameter_overrides = 'A=1 A=2'\n", "the parameter A is given twice"),
        ("[a.deploy.parameters]\nparameter_overrides = 'file://p.json'\n", "'file://p.json' is not Name=Value"),
        ("[a.deploy.parameters]\nparameter_overrides = 'A=\"x'\n", "cannot be read: No closing quotation"),
        ("[a.deploy.parameters]\nparameter_overrides = 1\n", "1 is not Name=Value"),
        ("[a.deploy.parameters]\nparameter_overrides = {A = {B = 1}}\n", "the value of A is neither a text nor a list"),
        ("[a", "it is not valid TOML"),
    ],
)
def test_a_wrong_samconfig_is_one_line(text: str, problem: str) -> None:
    with pytest.raises(SourceError) as caught:
        read_stages(text, "samconfig.toml")
    assert str(caught.value).startswith("samconfig.toml")
    assert problem in str(caught.value)


@pytest.mark.parametrize(
    ("text", "pair"),
    [
        ("Stage=prod", ("Stage", "prod")),
        ("Url=https://x/?a=b,c d", ("Url", "https://x/?a=b,c d")),
        ("Empty=", ("Empty", "")),
        ("AWS::Region=eu-west-1", ("AWS::Region", "eu-west-1")),
        (r"ParameterKey=Subnets,ParameterValue=a\,b", ("Subnets", "a,b")),
        ("=x", None),
        ("Stage", None),
        ("./a=b.json", None),
    ],
)
def test_one_value_is_written_as_the_tools_write_it(text: str, pair: tuple[str, str] | None) -> None:
    assert pair_of(text) == pair


KEY = "a" * 80


@pytest.mark.parametrize(
    ("body", "value", "why"),
    [
        ({"Type": "String"}, "anything", None),
        ({"Type": "String", "AllowedValues": ["dev", "prod"]}, "prod", None),
        (
            {"Type": "String", "AllowedValues": ["dev", "prod"]},
            "prd",
            "is 'prd', which is not one of its AllowedValues: dev",
        ),
        ({"Type": "Number", "AllowedValues": [1, 2.5]}, "2.50", None),
        ({"Type": "Number"}, "two", "is 'two', which is not a number"),
        ({"Type": "Number", "MinValue": 1}, "1", None),
        ({"Type": "Number", "MinValue": 1}, "0", "is '0', which is below its MinValue of 1"),
        ({"Type": "Number", "MaxValue": "10"}, "10", None),
        ({"Type": "Number", "MaxValue": 10}, "10.0", None),
        ({"Type": "Number", "MaxValue": 0}, "0", None),
        ({"Type": "Number", "MinValue": 0}, "0", None),
        ({"Type": "List<Number>", "MinValue": 1, "MaxValue": 10}, "1, 10", None),
        ({"Type": "String", "MinLength": 3, "MaxLength": 3}, "abc", None),
        ({"Type": "String", "MaxLength": 0}, "", None),
        ({"Type": "Number", "MaxValue": "10"}, "11", "is '11', which is above its MaxValue of 10"),
        ({"Type": "List<Number>", "MaxValue": 10}, "1, 11", "is '11', which is above its MaxValue of 10"),
        ({"Type": "String", "MinLength": 3}, "ab", "is 'ab', which is below its MinLength of 3"),
        ({"Type": "String", "MaxLength": 3}, "abcd", "which is above its MaxLength of 3"),
        ({"Type": "String", "AllowedPattern": "[a-z]+"}, "abc", None),
        ({"Type": "String", "AllowedPattern": "[a-z]+"}, "abc1", "which its AllowedPattern [a-z]+ does not match"),
        ({"Type": "String", "AllowedPattern": "(?!x)[a-z]+"}, "1", None),
        ({"Type": "String", "AllowedPattern": "(a+)+$"}, "a" * 60 + "b", "AllowedPattern"),
        ({"Type": "CommaDelimitedList", "AllowedValues": ["a", "b"]}, "a,b", None),
        ({"Type": "CommaDelimitedList", "AllowedValues": ["a", "b"]}, ["a", "c"], "is 'c', which is not one of"),
        ({"Type": "AWS::SSM::Parameter::Value<String>", "MaxLength": 1}, "/a/name", None),
        ({"Type": "String", "MaxLength": 9, "ConstraintDescription": "nine at most"}, KEY, "(nine at most)"),
        ({"Type": "String", "MaxLength": 1, "NoEcho": True}, "hunter22", "is, which is above its MaxLength of 1"),
        ("no declaration", "x", None),
    ],
)
def test_a_value_is_refused_as_cloudformation_refuses_it(body: Any, value: Any, why: str | None) -> None:
    found = refusal("Name", body, value)
    assert found is None if why is None else why in str(found)


def test_a_refusal_shows_no_secret() -> None:
    found = refusal("DbPassword", {"Type": "String", "MaxLength": 4}, "hunter22hunter22")
    assert found
    assert "hunter22" not in found
