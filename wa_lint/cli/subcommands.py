"""A command that takes paths and has subcommands too: the first word says which is meant. ``./plan`` is a path."""

from __future__ import annotations

from typing import Final

import click


class CommandWithSubcommands(click.Command):
    """Runs a subcommand where the first word names one, else itself."""

    def __init__(self, *given: object, subcommands: tuple[click.Command, ...] = (), **more: object) -> None:
        super().__init__(*given, **more)  # type: ignore[arg-type] # click's own, handed on
        self.commands: Final = {str(command.name): command for command in subcommands}

    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: object
    ) -> click.Context:
        chosen = self.commands.get(args[0]) if args else None
        if chosen is None:
            return super().make_context(info_name, args, parent, **extra)
        return chosen.make_context(f"{info_name} {args[0]}", args[1:], parent, **extra)

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the subcommands below the options."""
        with formatter.section("Subcommands"):
            formatter.write_dl([(name, command.get_short_help_str(80)) for name, command in self.commands.items()])
        super().format_epilog(ctx, formatter)
