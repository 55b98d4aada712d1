"""``wa-lint rules``, ``explain`` and ``test``: the rule book itself."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from wa_lint import docs, lens, packs
from wa_lint.cli.exits import CLEAN
from wa_lint.cli.options import Choice, choice, chosen_rules, named_rule
from wa_lint.cli.output import to_stdout
from wa_lint.model import RuleInfo
from wa_lint.suppress.allow import FAULTS


@click.command()
@choice
def rules(choice: Choice) -> int:
    """List the rules."""
    found = [rule.info for rule in chosen_rules(choice)]
    width = max((len(rule.id) for rule in found), default=0)
    to_stdout("".join(f"{r.id:<{width}}  {r.severity.value:<8}  {_pillar(r):<22}  {r.title}\n" for r in found))
    return CLEAN


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
    rule = named_rule(rule_id, packs.load(folders))
    full = next(iter(packs.examples_of([rule])), rule)
    to_stdout(docs.rule_page(full))
    return CLEAN


def _pillar(rule: RuleInfo) -> str:
    return lens.practice(rule.practices[0]).pillar
