"""``wa-lint demo``: a workload of ours, linted as a template and as the account it was deployed into, without AWS."""

from __future__ import annotations

from pathlib import Path

import click

from wa_lint.cli.exits import CLEAN
from wa_lint.cli.output import for_stdout, to_stdout
from wa_lint.reporters import RenderOptions


@click.command()
@click.option(
    "--folder",
    default="wa-lint-demo",
    show_default=True,
    type=click.Path(file_okay=False, writable=True, path_type=Path),
    help="The folder for the template, the SARIF and the JSON.",
)
def demo(folder: Path) -> int:
    """Lint a workload of ours, deploy it into an account inside this process, and scan that. Needs no AWS."""
    from wa_lint.demo import run  # noqa: PLC0415, moto takes seconds, and is an extra

    run(folder, to_stdout, for_stdout(RenderOptions()))
    return CLEAN
