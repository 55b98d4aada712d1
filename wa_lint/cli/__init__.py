"""The front door: the commands, and what a person sees when something goes wrong. It judges nothing."""

from __future__ import annotations

import errno
import gc
import io
import os
import sys
from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Final, NoReturn

import click

from wa_lint.cli.configuring import PREFIX
from wa_lint.cli.exits import BROKEN, INTERRUPTED
from wa_lint.cli.one_of import elsewhere
from wa_lint.errors import WaLintError, did_you_mean
from wa_lint.redact import mask
from wa_lint.reporters import visible, visible_lines
from wa_lint.version import VERSION

_COMMANDS: Final[Mapping[str, str]] = {
    "check": "wa_lint.cli.check",
    "baseline": "wa_lint.cli.check",
    "scan": "wa_lint.cli.scan",
    "snapshot": "wa_lint.cli.snapshot",
    "review": "wa_lint.cli.review_command",
    "lens": "wa_lint.cli.lens_command",
    "iam-policy": "wa_lint.cli.plan",
    "diff": "wa_lint.cli.diff_command",
    "drift": "wa_lint.cli.drift_command",
    "history": "wa_lint.cli.history_command",
    "config": "wa_lint.cli.config_command",
    "completion": "wa_lint.cli.completion",
    "demo": "wa_lint.cli.demo_command",
    "prices": "wa_lint.cli.prices_command",
    "mcp": "wa_lint.cli.server_commands",
    "lsp": "wa_lint.cli.server_commands",
    "rules": "wa_lint.cli.rules",
    "explain": "wa_lint.cli.rules",
    "test": "wa_lint.cli.authoring",
    "new-rule": "wa_lint.cli.authoring",
    "eval": "wa_lint.cli.authoring",
    "schema": "wa_lint.cli.schema_command",
}
"""Command: the module that has it, imported when it is requested. `check` does not wait for boto3."""


_FULL: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EIO})
"""What writing meets where there is no room."""


_MANY: Final = 100_000
"""Objects after which Python looks for cycles: a run makes few and ends soon; to look took a quarter of its time."""


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the command line and exit; see `wa_lint.cli.exits` for the codes."""
    gc.set_threshold(_MANY, 20, 100)
    sys.exit(_run(arguments))


def _run(arguments: Sequence[str] | None) -> int:
    try:
        typed = tuple(sys.argv[1:] if arguments is None else arguments)
        code = commands.main(arguments, prog_name="wa-lint", standalone_mode=False, obj=typed)
    except click.ClickException as error:
        return _usage(error)
    except (click.Abort, KeyboardInterrupt):
        click.echo("wa-lint: interrupted", err=True)
        return INTERRUPTED
    except WaLintError as error:
        for line in mask(
            _in_place(error, sys.argv[1:] if arguments is None else arguments)
        ).splitlines():  # a rule file's error shows the expression with a caret below
            click.echo(visible(line if line.startswith(" ") else f"wa-lint: {line}"), err=True)
        return BROKEN
    except Exception as error:  # whatever it is, a user gets one line
        if os.environ.get("WA_LINT_DEBUG"):
            raise
        click.echo(f"wa-lint: {visible(mask(_fault(error)))}", err=True)
        return BROKEN
    return code if isinstance(code, int) else 0


def _in_place(error: WaLintError, arguments: Sequence[str]) -> str:
    """Return an error as a line that names a variable, and not the option that nobody typed."""
    option = {"-o": "--output", "--setting": "--settings"}.get(error.where, error.where)
    variable = f"{PREFIX}{option[2:].replace('-', '_').upper()}"
    is_typed = any(text.startswith((error.where, option)) for text in arguments)
    if not option.startswith("--") or variable not in os.environ or is_typed:
        return str(error)
    return str(type(error)(variable, error.problem)).replace(": must be", " must be", 1)


def _usage(error: click.ClickException) -> int:
    """Say what is wrong with an option, or with what stands in its place in a variable or a configuration."""
    if problem := elsewhere(error):
        click.echo(f"wa-lint: {visible(mask(problem))}", err=True)
        return BROKEN
    said = io.StringIO()
    error.show(said)
    click.echo(visible_lines(mask(said.getvalue())), err=True, nl=False)
    return BROKEN


def _fault(error: Exception) -> str:
    if isinstance(error, OSError) and error.errno in _FULL:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # else what is left in it spoils the exit code
        return f"stdout cannot be written: {error.strerror}"
    said = " ".join(str(error).split())[:200]
    return f"internal error in wa-lint, please report it ({type(error).__name__}: {said}); WA_LINT_DEBUG=1 shows where"


class _Commands(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        del ctx
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        del ctx
        if cmd_name not in _COMMANDS:
            return None
        command: click.Command = getattr(import_module(_COMMANDS[cmd_name]), cmd_name.replace("-", "_"))
        for option in command.params:
            if isinstance(option, click.Option) and option.name not in {"help", "config", "no_config", "enforce"}:
                option.envvar = f"{PREFIX}{str(option.name).upper()}"
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args[0] not in _COMMANDS and not args[0].startswith("-"):
            ctx.fail(f"no command {args[0]!r}{did_you_mean(args[0], _COMMANDS)}")
        return super().resolve_command(ctx, args)


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(VERSION, prog_name="wa-lint")
def commands() -> None:
    """Lint machine learning workloads on AWS against the Well-Architected Machine Learning Lens."""
