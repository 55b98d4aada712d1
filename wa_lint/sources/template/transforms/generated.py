"""Resources that a transform makes. Knows no transform."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

import msgspec

from wa_lint.model import Path, Raw
from wa_lint.sources.template.transforms.provenance import Tree, bare, settled


class New(msgspec.Struct, frozen=True):
    """A resource that is made, and where what it is made from was written."""

    type: str
    properties: Mapping[str, Tree]
    source: Path
    condition: Tree = None

    def settled(self, at: Path, moved: dict[Path, Path]) -> dict[str, Raw]:
        """Return the resource as it comes to stand at `at`; note in `moved` what was written elsewhere."""
        condition = {} if self.condition is None else {"Condition": bare(self.condition)}
        return {**condition, "Type": self.type, "Properties": settled(self.properties, (*at, "Properties"), moved)}


Made: TypeAlias = dict[str, New]
"""By logical id."""
