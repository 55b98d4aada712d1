"""Docs that cannot lag: generated pages are what the data says, README commands are commands, links lead somewhere."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import click
import pytest

from wa_lint.cli import commands, pages

ROOT = Path(__file__).parents[1]
PROSE = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]


def test_generated_pages_are_up_to_date() -> None:
    assert pages.main(["--check"]) == 0


def test_a_page_that_is_not_as_the_data_has_it_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(pages, "_FOLDER", tmp_path)
    assert pages.main(["--check"]) == 1
    assert pages.main([]) == 0
    assert pages.main(["--check"]) == 0
    (tmp_path / "rules" / "gone.md").write_text("x")
    assert pages.main(["--check"]) == 1


@pytest.mark.parametrize("page", PROSE, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_links_within_the_repository_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#\s]+)", page.read_text("utf-8")):
        assert target.startswith("https://") or (page.parent / target).exists(), target


def commands_in_prose() -> list[str]:
    blocks = [block for page in PROSE for block in re.findall(r"```sh\n(.*?)```", page.read_text("utf-8"), re.DOTALL)]
    lines = [line.split("#")[0].strip() for block in blocks for line in block.splitlines()]
    return [part.strip() for line in lines for part in line.split("&&") if part.strip().startswith("wa-lint ")]


@pytest.mark.parametrize("line", commands_in_prose())
def test_every_command_of_the_docs_is_one(line: str) -> None:
    words = shlex.split(line)[1:]
    context = click.Context(commands, info_name="wa-lint")
    command = commands.get_command(context, words[0])
    assert command is not None
    below = getattr(command, "commands", {}).get(words[1] if len(words) > 1 else "")
    command, words = (below, words[1:]) if below else (command, words)
    parser = command.make_parser(click.Context(command))
    parser.parse_args(list(words[1 : words.index(">") if ">" in words else None]))
