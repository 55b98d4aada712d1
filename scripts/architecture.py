"""Draw the import contracts as docs/architecture.svg and list the rooms in docs/architecture.md: ``./run docs``.

``--check`` writes nothing and fails where a file is not what the contracts and docstrings say.
"""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from collections.abc import Iterator, Sequence
from html import escape
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[1]
PAGE: Final = ROOT / "docs" / "architecture.md"
PICTURE: Final = ROOT / "docs" / "architecture.svg"
BEGIN, END = "<!-- rooms -->\n", "<!-- end of rooms -->\n"

_WIDTH, _ROW, _BOX, _GAP, _LETTER = 960, 44, 30, 8, 7.2


def layers() -> list[list[str]]:
    """Return the floors of the import contract, the highest first, each with the names on it."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"]["contracts"]
    floors = next(contract["layers"] for contract in contracts if contract["type"] == "layers")
    return [re.findall(r"\w+", floor) for floor in floors]


def purpose(name: str) -> str:
    """Return the first sentence of a room's docstring."""
    folder = ROOT / "wa_lint" / name
    file = folder / "__init__.py" if folder.is_dir() else folder.with_suffix(".py")
    said = ast.get_docstring(ast.parse(file.read_text("utf-8"))) or ""
    return re.split(r"(?<=[.:])\s", " ".join(said.split()), maxsplit=1)[0].rstrip(":.") + "."


def picture(floors: Sequence[Sequence[str]]) -> str:
    """Return the SVG: one row for each floor; a room imports only from the rows below its own."""
    height = _ROW * len(floors) + 40
    style = (
        "rect{fill:#e8eef7;stroke:#35507a}text{font:13px sans-serif;fill:#14233a}.folder{fill:#c9d8ef}"
        "@media(prefers-color-scheme:dark){svg{background:#0f1722}rect{fill:#24344d;stroke:#8fb0e0}"
        ".folder{fill:#35507a}text{fill:#e8eef7}}"
    )
    label = "The packages of wa-lint, each row importing only from rows below it"
    box = f'viewBox="0 0 {_WIDTH} {height}" role="img" aria-label="{label}"'
    lines = [f'<svg xmlns="http://www.w3.org/2000/svg" {box}>', f"<style>{style}</style>"]
    for row, names in enumerate(floors):
        lines.extend(_boxes(names, 20 + row * _ROW))
    note = "A room imports only from rows below its own. Darker: a package of several modules."
    lines.append(f'<text x="20" y="{height - 10}">{note}</text></svg>')
    return "\n".join(lines) + "\n"


def _boxes(names: Sequence[str], top: int) -> Iterator[str]:
    left = 20.0
    for name in names:
        width = len(name) * _LETTER + 22
        kind = ' class="folder"' if (ROOT / "wa_lint" / name).is_dir() else ""
        yield f"<g><title>{escape(purpose(name))}</title>"
        yield f'<rect{kind} x="{left:.0f}" y="{top}" width="{width:.0f}" height="{_BOX}" rx="5"/>'
        yield f'<text x="{left + 11:.0f}" y="{top + 20}">{name}</text></g>'
        left += width + _GAP


def rooms(floors: Sequence[Sequence[str]]) -> str:
    """Return the table of rooms, those of the highest floor first."""
    rows = (f"| `{name}` | {purpose(name)} |\n" for names in floors for name in names)
    return "| room | what it is |\n| --- | --- |\n" + "".join(rows)


def pages() -> dict[Path, str]:
    """Return what each file must hold."""
    floors, page = layers(), PAGE.read_text("utf-8")
    head, _, rest = page.partition(BEGIN)
    return {PAGE: head + BEGIN + rooms(floors) + END + rest.partition(END)[2], PICTURE: picture(floors)}


def main(words: Sequence[str]) -> int:
    """Write the files, or with ``--check`` say which are out of date. Return the exit code."""
    stale = [file for file, text in pages().items() if not file.exists() or file.read_text("utf-8") != text]
    for file in stale:
        if "--check" in words:
            print(f"{file.relative_to(ROOT)} is not up to date: run ./run docs", file=sys.stderr)
        else:
            file.write_text(pages()[file], "utf-8")
    return int(bool(stale) and "--check" in words)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
