"""``wa-lint config explain``: what the configuration comes to, and who said each part of it."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

import click

from wa_lint.cli.configuring import ENFORCE, PREFIX, enforced_by_environment, load, load_enforcement
from wa_lint.cli.exits import CLEAN
from wa_lint.cli.output import to_stdout
from wa_lint.config import KEYS, Config
from wa_lint.model import Raw
from wa_lint.redact import mask
from wa_lint.reporters import visible


@click.group()
def config() -> None:
    """Show where the configuration comes from."""


@config.command()
@click.option("--config", "file", metavar="FILE", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def explain(file: Path | None) -> int:
    """Print each key that is set, its value, and where it comes from: the environment, or which line of which file."""
    found = load(file, Path.cwd())
    strict = load_enforcement(enforced_by_environment(os.environ), Path.cwd())
    told = list(_told(found, os.environ))
    lines = [visible(mask(f"{key}: {value}  # {where}")) for key, value, where in told]
    read = ", ".join(found.files) or "no configuration file"
    enforced = [f"# enforced by {ENFORCE}, before all of it: {', '.join(strict.files)}"] if strict.files else []
    to_stdout("\n".join([*enforced, f"# read, the last word counts: {read}", *lines]) + "\n")
    return CLEAN


def _told(found: Config, environment: Mapping[str, str]) -> Iterator[tuple[str, str, str]]:
    for key, meaning in KEYS.items():
        variable = PREFIX + key.replace("-", "_").upper()
        said = found.said.get(key, ())
        for one in said if meaning.merges else said[-1:]:
            is_beaten = variable in environment and not meaning.merges
            yield key, _shown(one.value), one.where + (f", but {variable} counts" if is_beaten else "")
        if variable in environment:
            yield key, environment[variable], variable


def _shown(value: Raw) -> str:
    if isinstance(value, list):
        return "[" + ", ".join(_shown(item) for item in value) + "]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {_shown(inner)}" for key, inner in value.items()) + "}"
    return str(value).lower() if isinstance(value, bool) else str(value)
