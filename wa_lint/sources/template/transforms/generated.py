"""Resources that a transform makes. Knows no transform."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, TypeAlias

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
        """Return the resource as it is placed at `at`; note in `moved` what was written elsewhere."""
        condition = {} if self.condition is None else {"Condition": bare(self.condition)}
        return {**condition, "Type": self.type, "Properties": settled(self.properties, (*at, "Properties"), moved)}


_NAME: Final = "wa-lint:name"
"""The key of `Metadata` that has the author's name of a generated resource."""


def authored(name: str | None) -> dict[str, Raw]:
    """Return the attribute of a resource body that has the author's name, such as ``Predict/Events/Score``."""
    return {} if name is None else {"Metadata": {_NAME: name}}


def name_by_author(body: Mapping[str, Raw]) -> str | None:
    """Return the path of the CDK construct that made a resource, or the name that `authored` gave it."""
    metadata = body.get("Metadata")
    known = metadata if isinstance(metadata, dict) else {}
    return next((name for key in ("aws:cdk:path", _NAME) if isinstance(name := known.get(key), str)), None)


Made: TypeAlias = dict[str, New]
"""By logical id."""
