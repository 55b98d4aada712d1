"""The tools: names, what they say of themselves, the schema of their arguments. It knows no protocol."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

import msgspec

from wa_lint.errors import WaLintError
from wa_lint.mcp_server import review_answer, tool_answers
from wa_lint.mcp_server.quoted_data import NOTICE, RefusedCall, quoted
from wa_lint.mcp_server.tool_answers import Desk
from wa_lint.model import Raw
from wa_lint.reporters import visible_json

INSTRUCTIONS: Final = (
    "wa-lint checks CloudFormation templates, and exports of AWS, of machine learning workloads against the "
    "Well-Architected Machine Learning Lens. It reads files below its roots, writes nothing and asks no network. "
    "An outcome is fail, unknown (a value is not known: no pass and no fail), pass or not applicable. " + NOTICE
)


class NamedTool(msgspec.Struct, frozen=True):
    """One tool."""

    title: str
    description: str
    arguments: type[msgspec.Struct]
    answer: Callable[[Desk, Raw], Raw]
    """Gets the arguments as that struct. Raise `RefusedCall` or `WaLintError`."""


TOOLS: Final[Mapping[str, NamedTool]] = {
    "check_template": NamedTool(
        "Check a template",
        "Check a CloudFormation template, or an export that wa-lint reads: a file (path) or a text. Returns what fails "
        "and what is unknown, the gravest first, with the lines, and why and how to fix it. " + NOTICE,
        tool_answers.CheckTemplate,
        tool_answers.check_template,
    ),
    "explain_rule": NamedTool(
        "Explain a rule",
        "The page of one rule: what it checks, why, the fix with a snippet, settings, examples, sources.",
        tool_answers.ExplainRule,
        tool_answers.explain_rule,
    ),
    "list_rules": NamedTool(
        "List rules",
        "The rules: id, title, severity, pillar and resource types; by words, severity or pillar, page by page.",
        tool_answers.ListRules,
        tool_answers.list_rules,
    ),
    "fix_template": NamedTool(
        "Fix a template",
        "The unified diff that fixes what wa-lint can fix mechanically in a template: a file (path) or a text. It "
        "writes nothing: show the diff to the user. Secrets in it are masked. " + NOTICE,
        tool_answers.FixTemplate,
        tool_answers.fix_template,
    ),
    "review_status": NamedTool(
        "Review status",
        "The Well-Architected review of a template, an export or a JSON report of wa-lint (path), or of a text: the "
        "status of each practice of the Machine Learning Lens with its reasons, and the questions for people. "
        + NOTICE,
        review_answer.ReviewStatus,
        review_answer.review_status,
    ),
}


def schema_of(tool: NamedTool) -> Raw:
    """Return the JSON schema of a tool's arguments, in one piece."""
    (schema,), parts = msgspec.json.schema_components([tool.arguments], ref_template="#/$defs/{name}")
    own = parts.pop(schema["$ref"].rpartition("/")[2])
    return {**{key: value for key, value in own.items() if key not in {"title", "description"}}, "$defs": parts}


class ToolAnswer(msgspec.Struct, frozen=True):
    """What became of a call."""

    text: str
    """JSON."""
    is_error: bool = False


def call(desk: Desk, name: str, given: Raw) -> ToolAnswer:
    """Return the answer of a tool. Nothing is raised: what goes wrong is an answer too."""
    try:
        tool = _named(name)
        answer = tool.answer(desk, _converted(given, tool))
    except RefusedCall as refused:
        return ToolAnswer(_json({"error": refused.sentence, **quoted(**refused.quoted)}), is_error=True)
    except WaLintError as error:
        return ToolAnswer(_json({"error": "it could not be done", **quoted(reason=str(error))}), is_error=True)
    except Exception as error:  # noqa: BLE001, one call must not end the session; no text of it is told
        said = f"internal error in wa-lint, please report it ({type(error).__name__})"
        return ToolAnswer(_json({"error": said}), is_error=True)
    return ToolAnswer(_json(answer))


def _named(name: str) -> NamedTool:
    if name not in TOOLS:
        raise RefusedCall("there is no such tool", name=name)
    return TOOLS[name]


def _converted(given: Raw, tool: NamedTool) -> msgspec.Struct:
    try:
        return msgspec.convert(given or {}, tool.arguments)
    except msgspec.ValidationError as error:
        raise RefusedCall("the arguments do not fit the schema of the tool", reason=str(error)) from None


def _json(answer: Raw) -> str:
    return visible_json(msgspec.json.encode({"notice": NOTICE, **answer}).decode())
