"""Packs of rules on the command line: a folder, or an installed Python package, none of whose code is run."""

from __future__ import annotations

from pathlib import Path

import click

from wa_lint.cli.configuring import installed_package
from wa_lint.model import Raw


class Pack(click.Path):
    """A folder of rules, or the name of an installed package: its folder ``rules``, or all of it."""

    name = "pack"

    def __init__(self) -> None:
        super().__init__(exists=True, file_okay=False, path_type=Path)

    def convert(self, value: Raw, param: click.Parameter | None, ctx: click.Context | None) -> Raw:
        """Return the folder; fail where it is neither a folder nor a package."""
        if Path(str(value)).exists():
            return super().convert(value, param, ctx)
        package = installed_package(str(value))
        if package is None:
            self.fail(f"{str(value)!r} is neither a folder nor an installed package.", param, ctx)
        inside = package / "rules" if (package / "rules").is_dir() else package
        if next(inside.rglob("*.yaml"), None) is None:
            self.fail(f"the package {str(value)!r} has no rule files.", param, ctx)
        return inside
