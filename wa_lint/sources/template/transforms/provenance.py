"""Values that one part of a template draws from another, with the place where each was written. Knows nothing of SAM.

A tree is plain JSON in which a `Drawn` or `Placed` may stand for any value; whatever is neither was written nowhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, TypeAlias

import msgspec

from wa_lint.model import Path, Raw
from wa_lint.sources.template.functions.partial_text import function_of

Tree: TypeAlias = Raw

OPAQUE: Final[Raw] = {"Fn::Transform": {"Name": "AWS::Serverless-2016-10-31"}}
"""What stands for a value that is made from something which is not followed: its content is unknown."""


class Drawn(msgspec.Struct, frozen=True):
    """A value and the path where it was written."""

    value: Raw
    source: Path


class Placed(msgspec.Struct, frozen=True):
    """A tree that nobody wrote, and the path of what it is there for. What is drawn in it keeps its own."""

    tree: Tree
    source: Path


def settled(tree: Tree, at: Path, moved: dict[Path, Path]) -> Raw:
    """Return the plain value of `tree`, which is placed at `at`; note in `moved` what was written elsewhere."""
    if isinstance(tree, Drawn):
        if tree.source != at:
            moved[at] = tree.source
        return tree.value
    if isinstance(tree, Placed):
        moved[at] = tree.source
        return settled(tree.tree, at, moved)
    if isinstance(tree, Mapping):
        return {key: settled(inner, (*at, key), moved) for key, inner in tree.items()}
    if isinstance(tree, list):
        return [settled(inner, (*at, index), moved) for index, inner in enumerate(tree)]
    return tree


def bare(tree: Tree) -> Raw:
    """Return the plain value of `tree`."""
    return settled(tree, (), {})


def part(tree: Tree, *steps: str) -> Tree:
    """Return what is at `steps` below `tree`; None where nothing does."""
    for step in steps:
        held = tree.value if isinstance(tree, Drawn) else tree
        if not isinstance(held, Mapping) or step not in held:
            return None
        tree = Drawn(held[step], (*tree.source, step)) if isinstance(tree, Drawn) else held[step]
    return tree


def members(tree: Tree) -> dict[str, Tree]:
    """Return the members of a map; none for what is not a map, or one that a function gives."""
    held = tree.value if isinstance(tree, Drawn) else tree
    if not isinstance(held, Mapping) or is_function(tree):
        return {}
    return {key: part(tree, key) for key in held}


def items(tree: Tree) -> list[Tree]:
    """Return the items of a list; what is not a list counts as its only item."""
    held = tree.value if isinstance(tree, Drawn) else tree
    if held is None:
        return []
    if not isinstance(held, list):
        return [tree]
    return [Drawn(item, (*tree.source, i)) for i, item in enumerate(held)] if isinstance(tree, Drawn) else held


def is_function(tree: Tree) -> bool:
    held = tree.value if isinstance(tree, Drawn) else tree
    return function_of(held) is not None


def merged(base: Tree, over: Tree) -> Tree:
    """Return what SAM makes of a property in Globals and in a resource: maps merge, lists add up, else the latter wins.

    AWS SAM specification, "Globals section" (seen 2026-11). A function is not a map: it wins as a whole.
    """
    if isinstance(bare(base), list) and isinstance(bare(over), list):
        return [*items(base), *items(over)]
    if not isinstance(bare(base), dict) or not isinstance(bare(over), dict) or is_function(base) or is_function(over):
        return over
    first, second = members(base), members(over)
    return {
        **first,
        **{key: merged(first[key], tree) if key in first else tree for key, tree in second.items()},
    }
