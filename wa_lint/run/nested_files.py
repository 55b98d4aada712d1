"""Which files are judged as nested stacks of others, and so not a second time alone. Opens no file."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Final, TypeAlias

_MODULE: Final = "module "
"""Stands before the names of modules, which no stack's has: an id has no blank."""

Nested: TypeAlias = Mapping[str, Mapping[str, str]]
"""By the uri of a template: the uri of the template of each of its nested stacks, by the id of the stack."""


def judged_within(nested: Nested) -> Mapping[str, str]:
    """Return in which stacks each file is judged, as a reason; a file that stands for itself has none.

    Of templates that nest each other the first one stands for itself: each of them is cut where it begins again.
    """
    holders: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for holder, stacks in nested.items():
        for id_, uri in stacks.items():
            if uri in nested and uri != holder and not (holder > uri and holder in nested[uri].values()):
                holders[uri].append((holder, id_))
    return {uri: _said(found, holders) for uri, found in sorted(holders.items())}


def _said(found: Sequence[tuple[str, str]], holders: Mapping[str, Sequence[tuple[str, str]]]) -> str:
    """Name the outermost templates: what is in a stack within a stack is not listed for the inner one as well."""
    outermost = [(holder, id_) for holder, id_ in found if holder not in holders] or found
    first, *others = sorted(f"{id_} of {holder}" for holder, id_ in outermost)
    what = "module" if _MODULE in first else "nested stack"
    return f"as the {what} {first.replace(_MODULE, '')}" + (f" and {len(others)} more" if others else "")
