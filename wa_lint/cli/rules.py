"""``wa-lint rules``, ``explain`` and ``test``: the rule book itself."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Final

import click
import msgspec

from wa_lint import controls, coverage_table, docs, lens, packs
from wa_lint.cli.exits import CLEAN
from wa_lint.cli.one_of import OneOf
from wa_lint.cli.options import choice_of_rules
from wa_lint.cli.output import code_of_packs, columns, to_stdout
from wa_lint.cli.pack_option import Pack
from wa_lint.cli.page_text import fitted
from wa_lint.cli.rule_list import json_list, listed
from wa_lint.reporters import visible_lines
from wa_lint.rule import Rule
from wa_lint.run.choice import Choice, chosen_rules, named_rule
from wa_lint.suppress.allow import FAULTS
from wa_lint.texts import texts


@click.command()
@choice_of_rules
@click.option(
    "--map",
    "standard",
    type=OneOf([*controls.STANDARDS]),
    help="List the controls of a standard or of another tool, with the rules that match each, or why none does.",
)
@click.option(
    "-o",
    "--output",
    type=OneOf(["text", "json"]),
    default="text",
    show_default=True,
    help="How to write the list.",
)
def rules(choice: Choice, standard: str | None, output: str) -> int:
    """List the rules.

    With --map, list the controls that another standard or tool publishes: the rules that match each one, how they
    differ from it where they do, and the reason where no rule matches.
    """
    code = code_of_packs(choice)
    found = chosen_rules(choice)
    if standard:
        rows = _chosen(coverage_table.mapped(standard, packs.book(choice.rules).rules), found)
        to_stdout(_json(standard, rows) if output == "json" else "".join(_lines(rows)))
    else:
        book = {rule.info.id: rule for rule in packs.book(choice.rules).rules}
        to_stdout(json_list(found, choice, book) if output == "json" else "".join(listed(found, columns())))
    return code


@click.command()
@click.argument("rule_id", metavar="ID")
@click.option(
    "--rules",
    "folders",
    multiple=True,
    metavar="PACK",
    type=Pack(),
    help="Rules of your own, besides ours: a folder, or an installed Python package.",
)
def explain(rule_id: str, folders: Sequence[Path]) -> int:
    """Print a rule's page: what it checks, why, its settings, and how to fix its findings.

    Of a practice of the Lens (MLREL05-BP01): what it asks, which rules decide it, and what remains for people.
    """
    if practice := lens.named(rule_id):
        from wa_lint.review.practice_page import practice_page  # noqa: PLC0415, a rule's page does not need it

        page = practice_page(practice.id, packs.book(tuple(folders)).rules, texts())
        to_stdout(fitted(visible_lines(page), columns() or _PAGE))
        return CLEAN
    if fault := FAULTS.get(rule_id):
        page = f"# {fault.title}\n\nSeverity: {fault.severity.value}\n\n{fault.why}\n\nFix: {fault.fix}\n"
        to_stdout(fitted(page, columns() or _PAGE))
        return CLEAN
    code = code_of_packs(Choice(rules=tuple(folders)))
    rule = named_rule(rule_id, packs.book(tuple(folders)).rules)
    full = next(iter(packs.examples_of([rule])), rule)
    to_stdout(fitted(visible_lines(docs.rule_page(full)), columns() or _PAGE))
    return code


_PAGE: Final = 80
_WIDTH: Final = 100
"""Columns of a page and of a map where stdout is no terminal."""


def _chosen(rows: Iterable[coverage_table.Mapped], rules: Iterable[Rule]) -> list[coverage_table.Mapped]:
    """Return the controls that a chosen rule matches, and those that no rule does."""
    ids = {rule.info.id for rule in rules}
    return [row for row in rows if not row.rules or ids & set(row.rules)]


def _lines(rows: Iterable[coverage_table.Mapped]) -> Iterator[str]:
    for row in rows:
        yield f"{row.control}: {', '.join(row.rules) or 'no rule'}\n"
        if not row.rules:
            yield _below(f"checks that {row.what}. {row.reason[:1].upper()}{row.reason[1:]}")
        if row.differs:
            yield _below(f"differs: {row.differs}")


def _below(text: str) -> str:
    indent = " " * 4
    lines = textwrap.wrap(
        text,
        columns() or _WIDTH,
        initial_indent=indent,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    )
    return "".join(f"{line}\n" for line in lines)


def _json(standard: str, rows: Sequence[coverage_table.Mapped]) -> str:
    written = {"standard": standard, "date": coverage_table.table().date, "controls": rows}
    return msgspec.json.format(msgspec.json.encode(written), indent=2).decode() + "\n"
