"""How far a finding reaches, and its place without indexes: what a later run compares it by. It judges nothing."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

import msgspec

from wa_lint.graph import Cell
from wa_lint.model import Extent, Grant, Path, Resource, Unresolved, Value
from wa_lint.policy.grants import grant_of, spelled
from wa_lint.scenario import Fork

_STATEMENT: Final = "Statement"

_NAMES: Final = (
    "VariantName",
    "ContainerHostname",
    "PolicyName",
    "Name",
    "InputName",
    "OutputName",
    "ChannelName",
    "RuleName",
    "ContainerName",
    "DeviceName",
    "Key",
    "Id",
)
"""What names an item of a list, the most telling first. A Sid does not: a statement is what it grants."""


def extent_of(item: Cell, first: Cell, cells: Iterable[Cell]) -> Extent:
    """Return what the statements that `cells` are of grant, and the members of the lists of texts among them.

    `item`: what the finding is about, `first`: the first that decided it. Where neither is a statement, no statement
    widens it; where it is about one item of a list, the others do not.
    """
    is_granting = bool(_depth(item.path) or _depth(first.path))
    own = _list_of(item.path)
    grants: set[Grant] = set()
    members: set[str] = set()
    for depth, cell in _distinct(cells):
        is_own = own != item.path and cell.resource is item.resource and _list_of(cell.path) == own
        if depth and is_granting:
            grants.update(_granted(cell, depth))
        elif not depth and not is_own:
            members.update(_members(cell))
    return Extent(tuple(sorted(grants)), tuple(sorted(members)))


def _distinct(cells: Iterable[Cell]) -> Iterator[tuple[int, Cell]]:
    """Yield one cell of each statement and of each list in each scenario, with the depth of the statement."""
    seen: set[tuple[int, str, Path]] = set()
    for cell in cells:
        depth = _depth(cell.path)
        key = (id(cell.world), cell.resource.id, cell.path[:depth] if depth else _list_of(cell.path))
        if key not in seen:
            seen.add(key)
            yield depth, cell


def place_of(home: Resource, cell: Cell) -> str:
    """Return the path of `cell` with the names of items in place of their indexes, of a statement up to itself.

    `home`: the resource whose id the place does not repeat.
    """
    depth = _depth(cell.path)
    text = _named(cell, cell.path[:depth] if depth else cell.path)
    return text if cell.resource is home else f"{_own_id(cell.resource)}: {text}"


def _own_id(resource: Resource) -> str:
    """Return the id without the file that tells it from others, as in ``network.yaml#Role``."""
    return resource.id.removeprefix(f"{resource.origin.locate(()).uri}#") if "#" in resource.id else resource.id


def _depth(path: Path) -> int:
    """Return how many steps lead to the statement that `path` is in; 0 where it is in none."""
    if _STATEMENT not in path:
        return 0
    last = len(path) - 1 - path[::-1].index(_STATEMENT)
    has_index = last + 1 < len(path) and isinstance(path[last + 1], int)
    return last + 1 + has_index


def _granted(cell: Cell, depth: int) -> Iterator[Grant]:
    way = _way(cell, cell.path[:depth])
    try:
        found = grant_of(way[-1].plain()) if len(way) > depth else None
    except Fork:  # parts of it depend on parameters that the verdict does not
        return
    if found:
        yield found


def _members(cell: Cell) -> Iterator[str]:
    """Yield the members of a list of texts, where `cell` is one or an item of one."""
    path = _list_of(cell.path)
    if any(isinstance(step, str) and step.islower() for step in path):  # a link or a fact
        return
    way = _way(cell, path)
    if not path or len(way) <= len(path) or not isinstance(way[-1].value, list | tuple):
        return
    try:
        texts = [item.value for item in way[-1].items()]
    except Fork:
        return
    if texts and all(isinstance(text, str | Unresolved) for text in texts):
        yield from (f"{_named(cell, path)}: {spelled(text)}" for text in texts)


def _list_of(path: Path) -> Path:
    return path[:-1] if path and isinstance(path[-1], int) else path


def _way(cell: Cell, path: Path) -> Sequence[Cell]:
    """Return the cells from the resource of `cell` down `path`, as far as it leads; none where a scenario decides."""
    way: list[Cell] = []
    try:
        here = cell.world.cell(cell.resource)
        way.append(here)
        for step in path:
            following = _step(here, step)
            if following is None:
                break
            here = following
            way.append(here)
    except Fork:  # its length or existence depends on parameters that the verdict does not
        return way
    return way


def _step(cell: Cell, step: str | int) -> Cell | None:
    if isinstance(step, str):
        return cell.select(step) if isinstance(cell.value, dict) and step in cell.value else None
    return cell.item(step)


def _named(cell: Cell, path: Path) -> str:
    if not any(isinstance(step, int) for step in path):
        return ".".join(map(str, path))
    way = _way(cell, path)
    text = ""
    for number, step in enumerate(path, 1):
        if isinstance(step, str):
            text += f".{step}"
        elif path[number - 2] == _STATEMENT:
            text += "[]"
        else:
            text += f"[{_name(way[number]) if number < len(way) else ''}]"
    return text.removeprefix(".")


def _name(item: Cell) -> str:
    question = ("name of an item", item.resource.id, item.path)
    of, name = item.world.recall(question, lambda: (item.value, _name_of(item)))
    return name if of is item.value else _name_of(item)


def _name_of(item: Cell) -> str:
    """Return what names an item: its name, or a text itself; of all else, the digest of its content."""
    try:
        if isinstance(item.value, str | Unresolved):
            return spelled(item.value)
        names = [item.select(name).value for name in _NAMES if isinstance(item.value, dict) and name in item.value]
        name = next((name for name in names if isinstance(name, str | Unresolved)), None)
        return _digest(item.plain()) if name is None else spelled(name)
    except Fork:
        return ""


def _digest(value: Value) -> str:
    content = msgspec.json.encode(_canonical(value), order="sorted")
    return f"#{hashlib.sha256(content).hexdigest()[:8]}"


def _canonical(value: Value) -> Value:
    if isinstance(value, dict):
        return {str(key): _canonical(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_canonical(inner) for inner in value]
    return value if isinstance(value, bool | int | float) or value is None else spelled(value)
