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
from wa_lint.cli.options import choice
from wa_lint.cli.output import code_of_packs, to_stdout
from wa_lint.model import RuleInfo
from wa_lint.reporters import visible, visible_lines
from wa_lint.rule import Rule
from wa_lint.run.choice import Choice, chosen_rules, named_rule
from wa_lint.suppress.allow import FAULTS


@click.command()
@choice
@click.option(
    "--map",
    "standard",
    type=click.Choice([*controls.STANDARDS]),
    help="List the controls of a standard or of another tool, with the rules that match each, or why none does.",
)
@click.option(
    "-o",
    "--output",
    type=click.Choice(["text", "json"]),
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
        to_stdout(_json_list(found) if output == "json" else "".join(_listed(found)))
    return code


@click.command()
@click.argument("rule_id", metavar="ID")
@click.option(
    "--rules",
    "folders",
    multiple=True,
    metavar="FOLDER",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Rules of your own, besides ours.",
)
def explain(rule_id: str, folders: Sequence[Path]) -> int:
    """Print a rule's page: what it asks, why, and what mends it."""
    if fault := FAULTS.get(rule_id):
        to_stdout(f"# {fault.title}\n\nSeverity: {fault.severity.value}\n\n{fault.why}\n\nFix: {fault.fix}\n")
        return CLEAN
    code = code_of_packs(Choice(rules=tuple(folders)))
    rule = named_rule(rule_id, packs.book(tuple(folders)).rules)
    full = next(iter(packs.examples_of([rule])), rule)
    to_stdout(visible_lines(docs.rule_page(full)))
    return code


_WIDTH: Final = 100
"""Columns of a map."""


def _listed(rules: Iterable[Rule]) -> Iterator[str]:
    found = [rule.info for rule in rules]
    width = max((len(rule.id) for rule in found), default=0)
    yield from (f"{r.id:<{width}}  {r.severity.value:<8}  {_pillar(r):<22}  {visible(r.title)}\n" for r in found)


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
    return textwrap.fill(text, _WIDTH, initial_indent="    ", subsequent_indent="    ", break_on_hyphens=False) + "\n"


def _json(standard: str, rows: Sequence[coverage_table.Mapped]) -> str:
    written = {"standard": standard, "date": coverage_table.table().date, "controls": rows}
    return msgspec.json.format(msgspec.json.encode(written), indent=2).decode() + "\n"


def _json_list(rules: Iterable[Rule]) -> str:
    written = [
        {
            "id": rule.info.id,
            "title": rule.info.title,
            "severity": rule.info.severity.value,
            "pillar": _pillar(rule.info),
            "practices": rule.info.practices,
            "controls": rule.controls,
        }
        for rule in rules
    ]
    return msgspec.json.format(msgspec.json.encode(written), indent=2).decode() + "\n"


def _pillar(rule: RuleInfo) -> str:
    return lens.practice(rule.practices[0]).pillar
