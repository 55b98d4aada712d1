"""``AWS::Include``: what a local file says takes the place of the function. Nothing is ever fetched.

CloudFormation itself reads the file from S3; a local one is what ``aws cloudformation package`` uploads. What
cannot be followed stays where it is, opaque.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

import msgspec

from wa_lint.document import Document, read_document
from wa_lint.errors import SourceError
from wa_lint.model import Path, Problem, Raw
from wa_lint.sources.template.sections import OpenFile, Sections

INCLUDE: Final = "AWS::Include"

_URL: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://")

_MOST: Final = 100
"""Includes in one template."""


def included(sections: Sections, open_file: OpenFile | None) -> Sections:
    """Return the sections with the files that they include. What an included file includes itself stays opaque."""
    if INCLUDE not in sections.document.text:
        return sections
    return _Including(sections, open_file).done()


def snippet(open_file: OpenFile | None, template: str, location: str) -> Document:
    """Read the file at `location`, seen from `template`. Raise `SourceError` where it cannot be had, or read."""
    if _URL.match(location):
        raise SourceError(location, "is not fetched, so its content is unknown")
    content = open_file(location) if open_file else None
    if content is None:
        raise SourceError(location, "cannot be followed, so its content is unknown")
    try:
        return read_document(content, _uri_of(template, location))
    except SourceError as error:
        raise SourceError(location, f"cannot be read: {error.problem}") from None


class _Including:
    """One pass over a template."""

    def __init__(self, sections: Sections, open_file: OpenFile | None) -> None:
        self.sections = sections
        self.open_file = open_file
        self.moved: dict[Path, Path] = {}
        self.snippets: dict[str, Document] = {}
        self.problems: list[Problem] = []

    def done(self) -> Sections:
        value = {name: self._walk(inner, (name,)) for name, inner in self.sections.value.items() if name != "Transform"}
        if "Transform" in self.sections.value:
            value = self._whole(value, self.sections.value["Transform"])
        if "Fn::Transform" in value:
            value = self._merged(value, ())
        sections = self.sections.changed(value, self.moved, self.problems)
        return msgspec.structs.replace(sections, snippets={**sections.snippets, **self.snippets})

    def _walk(self, raw: Raw, at: Path) -> Raw:
        if isinstance(raw, list):
            return [self._walk(inner, (*at, index)) for index, inner in enumerate(raw)]
        if not isinstance(raw, dict):
            return raw
        found = {key: self._walk(inner, (*at, key)) for key, inner in raw.items()}
        return self._merged(found, at) if "Fn::Transform" in found else found

    def _whole(self, value: dict[str, Raw], said: Raw) -> dict[str, Raw]:
        """Return the template with what its own ``Transform`` includes."""
        several = isinstance(said, list)
        left = []
        for index, transform in enumerate(said if several else [said]):
            at: Path = ("Transform", index) if several else ("Transform",)
            snippet = self._snippet(transform, at)
            if snippet is None:
                left.append(transform)
            else:
                value = self._added(value, *snippet, ())
        return {"Transform": left, **value}

    def _merged(self, found: dict[str, Raw], at: Path) -> Raw:
        """Return a map with what it includes beside its own members; or, where the include stands alone, just that."""
        snippet = self._snippet(found["Fn::Transform"], (*at, "Fn::Transform"))
        if snippet is None:
            return found
        rest = {key: inner for key, inner in found.items() if key != "Fn::Transform"}
        root, content = snippet
        if not rest and at:
            self.moved[at] = (root,)
            return content
        if isinstance(content, dict):
            return self._added(rest, root, content, at)
        self._say(
            (*at, "Fn::Transform"), "it includes a value that is not a map, so it cannot be merged with its siblings"
        )
        return found

    def _added(self, rest: dict[str, Raw], root: str, content: Raw, at: Path) -> dict[str, Raw]:
        """Return `rest` and what is included. A key that both have keeps the value that the template itself gives."""
        new = {key: inner for key, inner in content.items() if key not in rest} if isinstance(content, dict) else {}
        self.moved.update({(*at, key): (root, key) for key in new})
        return {**rest, **new}

    def _snippet(self, transform: Raw, at: Path) -> tuple[str, Raw] | None:
        """Return the included value with the first step of its paths; None where there is none to be had."""
        location = _location(transform)
        if location is None:
            return None
        document = self._read(location, at) if isinstance(location, str) else None
        if not isinstance(location, str):
            self._say(at, f"{INCLUDE} names its file by a function, so what it includes is unknown")
        return None if document is None else (self._root(document), document.value)

    def _root(self, document: Document) -> str:
        root = f"{INCLUDE} {document.uri}"
        self.snippets[root] = document
        return root

    def _read(self, location: str, at: Path) -> Document | None:
        opener = self.open_file if len(self.snippets) < _MOST else None
        try:
            return snippet(opener, self.sections.uri, location)
        except SourceError as error:
            self._say(at, f"{INCLUDE} of {location} {error.problem}")
            return None

    def _say(self, at: Path, problem: str) -> None:
        self.problems.append(Problem(self.sections.locate(at), problem))


def _location(transform: Raw) -> Raw:
    """Return where an include says that its file is; None for what is no include."""
    if not isinstance(transform, Mapping) or transform.get("Name") != INCLUDE:
        return None
    parameters = transform.get("Parameters")
    return parameters.get("Location") if isinstance(parameters, Mapping) else None


def _uri_of(template: str, location: str) -> str:
    """Return what reports call a file that is at `location`, seen from the template."""
    steps: list[str] = template.replace("\\", "/").split("/")[:-1]
    for step in location.replace("\\", "/").split("/"):
        if step == ".." and steps and steps[-1] != "..":
            steps.pop()
        elif step not in {"", "."}:
            steps.append(step)
    return "/".join(steps)
