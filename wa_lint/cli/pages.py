"""Writes the generated pages of docs/, in a checkout: ``./run docs``. With ``--check`` it only compares."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import click

from wa_lint.cli import commands
from wa_lint.cli.output import complain
from wa_lint.docs import NOTE, all_pages
from wa_lint.writing import atomic, make_folder

_FOLDER = Path(__file__).parents[2] / "docs"


def main(arguments: Sequence[str]) -> int:
    """Write every page that is not as the data would have it, or with ``--check`` name it and return 1."""
    pages = {**dict(all_pages()), "cli.md": NOTE + _command_line()}
    stale = [name for name, text in pages.items() if _text_of(_FOLDER / name) != text]
    orphans = [page for page in sorted(_FOLDER.glob("rules/*.md")) if f"rules/{page.name}" not in pages]
    if "--check" in arguments:
        for name in (*stale, *(f"rules/{page.name}" for page in orphans)):
            complain(f"docs/{name} is not up to date: run ./run docs")
        return 1 if stale or orphans else 0
    for page in orphans:
        page.unlink()
    for name in stale:
        make_folder((_FOLDER / name).parent)
        with atomic(_FOLDER / name) as stream:
            stream.write(pages[name].encode())
    return 0


def _command_line() -> str:
    return "# The command line\n\n" + "\n".join(_commands())


def _commands() -> Iterator[str]:
    group = click.Context(commands, info_name="wa-lint", **commands.context_settings)
    for name in commands.list_commands(group):
        command = commands.get_command(group, name)
        if command is not None:
            context = click.Context(command, info_name=name, parent=group, terminal_width=100, max_content_width=100)
            yield f"## {name}\n\n```\n{command.get_help(context)}\n```\n"
            for inner, below in getattr(command, "commands", {}).items():
                its = click.Context(below, info_name=inner, parent=context, terminal_width=100, max_content_width=100)
                yield f"### {name} {inner}\n\n```\n{below.get_help(its)}\n```\n"


def _text_of(file: Path) -> str | None:
    return file.read_text("utf-8") if file.is_file() else None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
