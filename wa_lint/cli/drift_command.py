"""``wa-lint drift``: what an account has become since its templates were deployed. Opens no socket."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

import click

from wa_lint.cli.configuring import configured
from wa_lint.cli.exits import BLIND, CLEAN, FOUND, NOTHING
from wa_lint.cli.one_of import OneOf
from wa_lint.cli.options import choice
from wa_lint.cli.output import for_stdout, to_stdout
from wa_lint.drift import DriftOutcome, drift_json, drift_text
from wa_lint.redact.reports import mask_report
from wa_lint.reporters import RenderOptions
from wa_lint.run.choice import Choice
from wa_lint.run.drifted import DriftInputs, drifted
from wa_lint.run.given_parameters import OPTION

_FORMATS: Final[Mapping[str, Callable[[DriftOutcome, RenderOptions], str]]] = {
    "text": drift_text.render,
    "json": lambda found, _: drift_json.render(found),
}


@click.command()
@click.argument("templates", nargs=-1, required=True, metavar="TEMPLATE…", type=click.Path(exists=True, path_type=Path))
@click.argument("account", metavar="ACCOUNT_SNAPSHOT", type=click.Path(exists=True, path_type=Path))
@configured
@choice
@click.option(
    OPTION,
    multiple=True,
    metavar="FILE|NAME=VALUE",
    help="The parameter values with which the templates were deployed. "
    "What depends on other parameters is not compared.",
)
@click.option("--assume-defaults", is_flag=True, help="Assume that all other parameters had their defaults.")
@click.option(
    "--stack", multiple=True, metavar="NAME", help="The stacks of the templates.  [default: those whose tags match]"
)
@click.option(
    "--place", metavar="ACCOUNT/REGION", help="The account and region to compare, if the snapshot has several."
)
@click.option("--whole-account", is_flag=True, help="List every resource that no stack created, not only ML resources.")
@click.option("-o", "--output", type=OneOf(list(_FORMATS)), default="text", show_default=True, help="The format.")
@click.option("--strict", is_flag=True, help="Exit 4 where something could not be compared.")
@click.option(
    "--now",
    type=click.DateTime(["%Y-%m-%d"]),
    metavar="DATE",
    help="The date used for both.  [default: that of the snapshot]",
)
def drift(  # noqa: PLR0913, one for each option
    *,
    templates: tuple[Path, ...],
    account: Path,
    choice: Choice,
    parameters: tuple[str, ...],
    assume_defaults: bool,
    stack: tuple[str, ...],
    place: str | None,
    whole_account: bool,
    output: str,
    strict: bool,
    now: dt.datetime | None,
) -> int:
    """Compare templates with the account that they were deployed into: a snapshot, or an export.

    Lists what only the account has, what only a template has, properties that differ and that a verdict rests on, and
    verdicts that differ. Resources are paired by the tags that CloudFormation writes, then by name.

    Exit 0: they agree. 1: they do not. 2: something cannot be read. 3: nothing in the account could be paired. 4, with
    --strict: something could not be compared.
    """
    asked = DriftInputs(templates, account, parameters, assume_defaults, stack, place, whole_account, now)
    found = mask_report(drifted(asked, choice))
    to_stdout(_FORMATS[output](found, for_stdout(RenderOptions())))
    if found.drift.is_any:
        return FOUND
    if strict and found.drift.not_compared:
        return BLIND
    return CLEAN if found.drift.same else NOTHING
