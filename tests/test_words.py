"""No printed text has a retired word: rules, messages, `--help`, docs. `docs/style-of-words.md` says what to write."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import click
import pytest

from wa_lint import packs
from wa_lint.cli import commands
from wa_lint.rule import Rule

ROOT: Final = Path(__file__).parent.parent

RETIRED: Final = re.compile(
    r"\b(mend(s|ed|ing)?|anew|(in|out of) sight|asked|gates|answers? of AWS|stands|stood|lies|(is|are) (?-i:none)"
    r"|whoever|shall|(is|are) told|said)\b",
    re.IGNORECASE,
)

ALLOWED: Final = (
    "stands for",  # "OWNER stands for": the field's term of a placeholder
    "stands alone",
)

GENERATED: Final = ("language.md", "absent-partners.md", "cli.md", "configuration.md", "limits.md", "coverage.md")
"""Pages that `./run docs` writes: their sources are read instead."""


def retired(text: str) -> list[str]:
    """Return the retired words in a text, each with what is around it."""
    text = " ".join(re.sub(r"{[{%].*?[%}]}", "", text, flags=re.DOTALL).split())
    for phrase in ALLOWED:
        text = text.replace(phrase, "")
    return [text[max(found.start() - 30, 0) : found.end() + 30] for found in RETIRED.finditer(text)]


def literals(node: ast.AST) -> Iterator[tuple[int, str]]:
    """Yield line and text of each string that is no docstring; what is filled into an f-string is left out."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.lineno, node.value
    elif isinstance(node, ast.JoinedStr):
        yield node.lineno, "".join(str(part.value) if isinstance(part, ast.Constant) else "…" for part in node.values)
        inner = (part.value for part in node.values if isinstance(part, ast.FormattedValue))
        yield from (found for value in inner for found in literals(value))
    else:
        body = getattr(node, "body", [])
        lead = body[0] if isinstance(body, list) and body and _is_text(body[0]) else None
        children = (child for child in ast.iter_child_nodes(node) if child is not lead and not _is_text(child))
        yield from (found for child in children for found in literals(child))


def _is_text(node: ast.AST) -> bool:
    """Whether a statement is a text and nothing else: a docstring of a module, function, class or attribute."""
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


SOURCES: Final = sorted((ROOT / "wa_lint").rglob("*.py"))


@pytest.mark.parametrize("file", SOURCES, ids=lambda file: str(file.relative_to(ROOT)))
def test_no_message_has_a_retired_word(file: Path) -> None:
    tree = ast.parse(file.read_text(encoding="utf-8"))
    texts = [(line, text) for line, text in literals(tree) if " " in text]
    assert [(line, found) for line, text in texts for found in retired(text)] == []


RULES: Final = {rule.info.id: rule for rule in packs.load_folder(packs.rules_folder(), is_trusted=True)}


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
def test_no_rule_has_a_retired_word(rule: Rule) -> None:
    texts = (
        rule.info.title,
        rule.message,
        rule.info.why,
        rule.info.fix,
        *rule.differs.values(),
        *(setting.means for setting in rule.settings.values()),
    )
    assert [found for text in texts for found in retired(text)] == []


def _commands(command: click.Command, name: str) -> Iterator[tuple[str, click.Command]]:
    yield name, command
    if isinstance(command, click.Group):
        context = click.Context(command)
        for one in command.list_commands(context):
            found = command.get_command(context, one)
            assert found is not None
            yield from _commands(found, f"{name} {one}")


@pytest.mark.parametrize(("name", "command"), list(_commands(commands, "wa-lint")))
def test_no_help_has_a_retired_word(name: str, command: click.Command) -> None:
    assert name
    above = click.Context(commands, **commands.context_settings)  # a command keeps the help option that it first makes
    assert retired(command.get_help(click.Context(command, parent=above))) == []


PAGES: Final = [
    ROOT / "wa_lint" / "data" / "texts" / "en.yaml",
    ROOT / "wa_lint" / "reporters" / "page" / "scorecard.html",
    *(page for page in sorted((ROOT / "docs").glob("*.md")) if page.name not in (*GENERATED, "style-of-words.md")),
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    ROOT / "SECURITY.md",
]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_no_page_has_a_retired_word(page: Path) -> None:
    assert retired(page.read_text(encoding="utf-8")) == []


def test_what_changed_since_the_last_release_has_no_retired_word() -> None:
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert retired(text.partition("## Unreleased")[2].partition("\n## ")[0]) == []
