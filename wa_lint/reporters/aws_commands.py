"""AWS CLI commands that change a live resource as its rule asks, for a person to run. Nothing here runs them."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator, Sequence
from typing import Final

from wa_lint.model import AwsCommand, Finding, Outcome, Resource, Value

_PLACEHOLDER: Final = re.compile(r"\{(name|arn|arn_id)\}")

_PLAIN: Final = re.compile(r"[A-Za-z0-9/_.][\w./:+=,@#*()!'-]*", re.ASCII)
"""What a resource may be called. The AWS CLI takes a value that begins with a dash for an option."""


def commands_of(finding: Finding) -> Sequence[str]:
    """Return the commands, quoted for a POSIX shell, in the order in which they are to be run.

    None for a finding that is not live, or where the resource has no name that is safe to pass to the AWS CLI.
    """
    resource = finding.resource
    is_live = finding.outcome is Outcome.FAIL and not finding.location.line and resource.account is not None
    if not is_live:
        return ()
    wanted = [command for command in finding.rule.commands if command.type in {"", resource.type}]
    lines = [_line(command, resource) for command in wanted]
    return [line for line in lines if line] if all(lines) else ()


def _line(command: AwsCommand, resource: Resource) -> str | None:
    arn = resource.arn or ""
    named = {"name": resource.name or "", "arn": arn, "arn_id": arn.rpartition("/")[2]}
    words = ["aws", *command.run.split()]
    for option, value in command.options.items():
        filled = [named[name] for name in _PLACEHOLDER.findall(value)] if isinstance(value, str) else []
        if any(not _PLAIN.fullmatch(text) or "://" in text for text in filled):
            return None
        words += _option(option, value, named)
    region = ["--region", resource.region] if resource.region else []
    return shlex.join([*words, *region])


def _option(option: str, value: Value, named: dict[str, str]) -> Iterator[str]:
    if isinstance(value, bool):
        yield f"--{'' if value else 'no-'}{option}"
        return
    yield f"--{option}"
    if isinstance(value, str):
        yield _PLACEHOLDER.sub(lambda found: named[found[1]], value)
    else:
        yield json.dumps(value)
