"""The AWS CLI commands of the rules: operations and parameters that AWS has, quoted so that a shell sees one word."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator, Mapping
from typing import Any

import botocore.session
import msgspec
import pytest
from botocore import xform_name
from botocore.validate import ParamValidator

from wa_lint import packs
from wa_lint.model import AwsCommand, Finding, Listed, Location, Outcome, Report, Resource, RuleInfo
from wa_lint.reporters import RenderOptions, reporter
from wa_lint.reporters.aws_commands import commands_of

RULES = [rule.info for rule in packs.load() if rule.info.commands]
COMMANDS = [(info.id, command) for info in RULES for command in info.commands]
SERVICES = {"s3api": "s3"}
"""Services that the AWS CLI calls otherwise than botocore."""

ARN = "arn:aws:sagemaker:eu-west-1:123456789012:notebook-instance/nb-1"


def finding(info: RuleInfo, name: str = "nb-1", arn: str = ARN) -> Finding:
    type_ = next((command.type for command in info.commands if command.type), info.applies_to[0])
    place = Location(arn)
    resource = Resource(arn, type_, {}, Listed(place), name=name, arn=arn, account="123456789012", region="eu-west-1")
    return Finding(info, Outcome.FAIL, resource, "", place, "It fails.")


@pytest.mark.parametrize(("id_", "command"), COMMANDS, ids=[f"{id_}: {command.run}" for id_, command in COMMANDS])
def test_aws_has_the_operation_and_takes_the_parameters(id_: str, command: AwsCommand) -> None:
    del id_
    service, *operation = command.run.split()
    session = botocore.session.get_session()
    if operation[0] == "wait":
        waiters = session.get_waiter_model(SERVICES.get(service, service)).waiter_names
        assert operation[1] in {xform_name(name, "-") for name in waiters}
        return
    model = session.get_service_model(SERVICES.get(service, service))
    names = {xform_name(name, "-"): name for name in model.operation_names}
    shape = model.operation_model(names[operation[0]]).input_shape
    assert shape is not None
    members = {xform_name(name, "-"): name for name in shape.members}
    given = {members[option]: _filled(value) for option, value in command.options.items()}
    errors = ParamValidator().validate(given, shape)
    assert not errors.has_errors(), errors.generate_report()
    for name, value in _leaves(given, shape):
        assert not getattr(name, "enum", None) or value in name.enum


def _filled(value: Any) -> Any:
    return "name" if isinstance(value, str) and value.startswith("{") else value


def _leaves(value: Any, shape: Any) -> Iterator[tuple[Any, Any]]:
    if isinstance(value, Mapping):
        for name, inner in value.items():
            yield from _leaves(inner, shape.members[name])
    elif isinstance(value, list):
        for inner in value:
            yield from _leaves(inner, shape.member)
    else:
        yield shape, value


@pytest.mark.parametrize("info", RULES, ids=[info.id for info in RULES])
def test_a_live_finding_has_commands_and_one_of_a_template_has_none(info: RuleInfo) -> None:
    lines = commands_of(finding(info))
    assert lines
    assert all(line.startswith("aws ") and line.endswith("--region eu-west-1") for line in lines)
    assert "{" not in "".join(word for line in lines for word in shlex.split(line) if word.startswith("{name"))
    in_template = msgspec.structs.replace(finding(info), location=Location("t.yaml", 3, 1))
    assert commands_of(in_template) == ()


@pytest.mark.parametrize("name", ["a b", "$(reboot)", "a;b", "a\nb", "-x", "file://etc/passwd", "", "`id`", "é"])
def test_a_name_that_a_shell_or_the_cli_reads_otherwise_gets_no_command(name: str) -> None:
    info = next(info for info in RULES if info.id == "notebook-root-access")
    assert commands_of(finding(info, name)) == ()


@pytest.mark.parametrize("name", ["/aws/lambda/x", "a#b", "it's", "a(b)", "a*", "a!b"])
def test_other_names_are_one_word(name: str) -> None:
    info = next(info for info in RULES if info.id == "notebook-root-access")
    assert shlex.split(commands_of(finding(info, name))[0])[4] == name


def test_a_map_is_json_and_a_truth_a_flag() -> None:
    by_id = {info.id: info for info in RULES}
    (line,) = commands_of(finding(by_id["bucket-unversioned"], "data"))
    assert json.loads(shlex.split(line)[6]) == {"Status": "Enabled"}
    (line,) = commands_of(finding(by_id["database-public"], "db"))
    assert "--no-publicly-accessible --apply-immediately" in line


@pytest.mark.parametrize("format_", ["text", "markdown", "html"])
def test_reports_show_them(format_: str) -> None:
    info = next(info for info in RULES if info.id == "notebook-root-access")
    report = Report((info,), (finding(info),))
    shown = reporter(format_)(report, RenderOptions(show_fix=True))
    assert "aws sagemaker update-notebook-instance --notebook-instance-name nb-1 --root-access Disabled" in shown
