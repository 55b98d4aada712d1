"""``wa-lint mcp`` and ``wa-lint lsp``: servers for assistants and editors. They speak on stdin and stdout only."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from wa_lint.budget import budget_of
from wa_lint.cli.check import reading_texts
from wa_lint.cli.configuring import configured, installed_package, said_by_all
from wa_lint.cli.exits import CLEAN
from wa_lint.cli.options import choice, settling
from wa_lint.run.check_files import Reading
from wa_lint.run.choice import Choice, chosen_rules
from wa_lint.run.contents import JudgingOptions
from wa_lint.run.settle import demand_no_diff
from wa_lint.suppress.apply import Settling


@click.command()
@configured
@reading_texts
@choice
@settling
@click.option(
    "--root",
    "roots",
    multiple=True,
    metavar="FOLDER",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="What may be read: files in this folder, links followed. May be given several times.  [default: this folder]",
)
def mcp(reading: Reading, choice: Choice, settling: Settling, roots: Sequence[Path]) -> int:
    """Serve assistants over MCP: check, explain, list rules, propose fixes. It writes nothing; see docs/editors.md.

    It speaks the Model Context Protocol on stdin and stdout and needs the extra mcp: pip install 'wa-lint[mcp]'.
    """
    from wa_lint.mcp_server.stdio_session import serve  # noqa: PLC0415, an extra, and no other command waits for it
    from wa_lint.mcp_server.tool_answers import desk_of  # noqa: PLC0415, the same

    serve(desk_of(roots or (Path(),), _judging(reading, choice, settling)))
    return CLEAN


@click.command()
@configured
@reading_texts
@choice
@settling
@click.option("--stdio", is_flag=True, help="Accepted because editors give it; there is no other way to talk.")
def lsp(reading: Reading, choice: Choice, settling: Settling, *, stdio: bool) -> int:
    """Serve editors over the Language Server Protocol: findings while you type, hover, fixes; see docs/editors.md.

    It speaks on stdin and stdout and needs the extra lsp: pip install 'wa-lint[lsp]'.
    """
    from wa_lint.language_server.judged_buffers import EditorDesk  # noqa: PLC0415, as in mcp
    from wa_lint.language_server.language_session import serve  # noqa: PLC0415, the same

    del stdio
    serve(EditorDesk(_judging(reading, choice, settling), installed_package))
    return CLEAN


def _judging(reading: Reading, choice: Choice, settling: Settling) -> JudgingOptions:
    """Return how contents are judged. Raise `ConfigError` for options that do not fit, before anybody asks."""
    demand_no_diff(settling)
    chosen_rules(choice)
    return JudgingOptions(choice, settling, said_by_all(), reading.parameters, budget_of(reading.limit))
