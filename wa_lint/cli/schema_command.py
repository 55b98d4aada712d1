"""``wa-lint schema``: the JSON Schemas of what people and programs write and read, for editors and validators."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from typing import Final

import click

from wa_lint.cli.exits import CLEAN
from wa_lint.cli.one_of import OneOf
from wa_lint.cli.output import complain, to_stdout
from wa_lint.writing import atomic, demand_writable

SCHEMAS: Final = ("config", "enforce", "rule", "report", "diff", "drift", "history", "review")

_WRITTEN_BY_PEOPLE: Final = frozenset({"config", "enforce", "rule"})


@click.command()
@click.argument("name", type=OneOf(SCHEMAS), metavar="NAME")
@click.option(
    "-o",
    "--output",
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    help="The file to write.  [default: stdout]",
)
def schema(name: str, output: Path | None) -> int:
    """Print a JSON Schema: config, enforce, rule, report, diff, drift, history or review.

    An editor with a YAML language server checks and completes a file whose first line names it:
    `# yaml-language-server: $schema=FILE`.
    """
    text = schema_text(name)
    if output is None:
        to_stdout(text.decode())
        return CLEAN
    demand_writable(output)
    with atomic(output) as stream:
        stream.write(text)
    if name in _WRITTEN_BY_PEOPLE:
        complain(f"for editors, the first line of a file is: # yaml-language-server: $schema={output.name}")
    return CLEAN


def schema_text(name: str) -> bytes:
    """Return one of `SCHEMAS` as it lies in the package."""
    return files("wa_lint").joinpath("schemas", f"{name}.schema.json").read_bytes()
