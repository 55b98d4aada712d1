"""``wa-lint completion SHELL``: the script that makes a shell complete commands, options and rule ids."""

from __future__ import annotations

from typing import Final

import click
from click.shell_completion import get_completion_class

from wa_lint.cli.exits import CLEAN
from wa_lint.cli.one_of import OneOf
from wa_lint.cli.output import to_stdout
from wa_lint.errors import ConfigError

_SHELLS: Final = ("bash", "zsh", "fish")

VARIABLE: Final = "_WA_LINT_COMPLETE"
"""What the script sets when it asks us to complete; click's own convention."""


@click.command()
@click.argument("shell", type=OneOf(_SHELLS))
def completion(shell: str) -> int:
    """Print the script of a shell; put `eval "$(wa-lint completion bash)"` into your ~/.bashrc."""
    from wa_lint.cli import commands  # noqa: PLC0415, the front door imports this module when it is requested

    made = get_completion_class(shell)
    if made is None:
        raise ConfigError(shell, "click knows no completion for this shell")
    to_stdout(made(commands, {}, "wa-lint", VARIABLE).source() + "\n")
    return CLEAN
