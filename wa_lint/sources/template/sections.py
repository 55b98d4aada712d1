"""A template's sections after its transforms, and where each value was written. It transforms nothing itself."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TypeAlias

import msgspec

from wa_lint.document import Document
from wa_lint.model import Gap, Location, NotFollowed, Path, Problem, Raw
from wa_lint.sources.template.parameters import Parameter

OpenFile: TypeAlias = Callable[[str], bytes | None]
"""Gives the content of a file that a template names, relative to it; None for what is not to be had.

Anyone who hands it in sees to it that nothing outside the scanned root is opened."""

Layer: TypeAlias = Mapping[Path, Path]
"""What one transform moved: a path after it, and the path before it. What lies below moved along."""


class Guard(msgspec.Struct, frozen=True):
    """A resource, or a member of a map, is there in those scenarios in which `collection` has `item`."""

    collection: Raw
    item: str


class Argument(msgspec.Struct, frozen=True):
    """What a template gives for a parameter of a stack that it nests."""

    raw: Raw
    """In the words of the template that gives it; Unknown where it is not known what is given."""
    parameter: Parameter
    """As the nested template declares it."""


class Sections(msgspec.Struct, frozen=True, eq=False):
    """The template as CloudFormation sees it once its transforms are done. Paths begin at its top."""

    document: Document
    value: Mapping[str, Raw]
    layers: tuple[Layer, ...] = ()
    snippets: Mapping[str, Document] = {}
    """Files that were included, by the first step of the paths into them."""
    guards: Mapping[str, tuple[Guard, ...]] = {}
    """By logical id, for the resources that a loop makes in some scenarios only."""
    problems: tuple[Problem, ...] = ()
    gaps: tuple[Gap, ...] = ()
    not_followed: tuple[NotFollowed, ...] = ()
    is_open: bool = False
    """Whether a transform adds something that is not here: then a name that is not here is no mistake."""
    opaque: Mapping[str, str] = {}
    """Why nothing can be said of a resource, by logical id: a macro may change it."""
    arguments: Mapping[str, Argument] = {}
    """By the name of a nested stack's parameter, ``Child.Stage``: the parameters that are given a value here."""
    outputs: Mapping[str, Raw] = {}
    """By ``Child.Outputs.Name``, what a nested stack gives out."""
    nested: Mapping[str, str] = {}
    """The uri of each nested stack's template, by the id of the stack."""

    @property
    def uri(self) -> str:
        return self.document.uri

    def section(self, name: str) -> Mapping[str, Raw]:
        """Return a section, empty where there is none."""
        found = self.value.get(name)
        return found if isinstance(found, dict) else {}

    def changed(
        self, value: Mapping[str, Raw], moved: Layer, problems: Iterable[Problem] = (), gaps: Iterable[Gap] = ()
    ) -> Sections:
        """Return the sections after one more transform."""
        return msgspec.structs.replace(
            self,
            value=value,
            layers=(*self.layers, moved) if moved else self.layers,
            problems=(*self.problems, *problems),
            gaps=(*self.gaps, *gaps),
        )

    def guarded(self, sources: Mapping[str, Path]) -> Sections:
        """Return the sections in which a resource is there only when that is from which a transform made it.

        `sources` are the places of those, by the ids of what was made.
        """
        within = {id_: str(path[1]) for id_, path in sources.items() if path[1:]}
        guards = {id_: self.guards[outer] for id_, outer in within.items() if outer in self.guards}
        return msgspec.structs.replace(self, guards={**self.guards, **guards}) if guards else self

    def locate(self, path: Path) -> Location:
        """As `Document.locate`, of the place where the value was written."""
        document, written = self._written(path)
        return document.locate(written)

    def locate_key(self, path: Path) -> Location:
        """As `Document.locate_key`, of the place where the key was written."""
        document, written = self._written(path)
        return document.locate_key(written)

    def locate_below(self, head: Path, path: Path) -> Location:
        """Return the place of `path`, or of the deepest key above it; that of `head` where all below is missing."""
        document, top = self._written(head)
        below, written = self._written(path)
        if below is not document or written[: len(top)] != top:
            return below.locate(written)
        bare = top + ("Properties",) * (written[len(top) : len(top) + 1] == ("Properties",))
        return document.locate(written) if document.depth_of(written) > len(bare) else document.locate_key(top)

    def _written(self, path: Path) -> tuple[Document, Path]:
        for layer in reversed(self.layers):
            path = _before(layer, path)
        snippet = self.snippets.get(str(path[0])) if path and self.snippets else None
        return (self.document, path) if snippet is None else (snippet, path[1:])


def _before(layer: Layer, path: Path) -> Path:
    """Return the path before the transform: that of the longest head that was moved, and the rest behind it."""
    for length in range(len(path), 0, -1):
        head = layer.get(path[:length])
        if head is not None:
            return (*head, *path[length:])
    return path
