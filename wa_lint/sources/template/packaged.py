"""A nested template that lies in S3, packaged: which file here it was made from. Fetches nothing, judges nothing.

That a file is the one is proven where it gives the name that the URL ends in (see `uploads`). Where no file does, a
template of the run may say it: one with the same resources, whose stack is the same but for a local file. The file may
have changed since, so then it is an assumption. What is left is not followed, and said.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import Final

import msgspec

from wa_lint.document import Document
from wa_lint.model import Raw
from wa_lint.sources.template.include import snippet
from wa_lint.sources.template.sections import ListFiles, OpenFile
from wa_lint.sources.template.uploads import (
    STACKS,
    TOOLS,
    Upload,
    digest_of,
    hexadecimal,
    local_stacks,
    location_of,
    upload_of,
)

_LARGEST: Final = 1_000_000
"""Bytes of a template, which are as many as CloudFormation takes from S3."""

_MOST_REWRITTEN: Final = 1_000_000
"""Bytes of all the files that are written anew to find the one, which takes some 5 s in each tool's way together."""

_DEEPEST: Final = 8


class Original(msgspec.Struct, frozen=True):
    """The file that a packaged template was made from."""

    name: str
    """From the outermost template."""
    assumes: str | None = None
    """What has to be so; None where it is proven."""


class Packaged:
    """The files beside the outermost template, to be asked which of them was packaged."""

    def __init__(self, uri: str, open_file: OpenFile | None, list_files: ListFiles | None) -> None:
        self.uri = uri
        self.open_file = open_file
        self.list_files = list_files
        self.contents: dict[str, bytes | None] = {}
        self.documents: dict[str, Document | None] = {}
        self.digests: dict[tuple[str, str, str, int], str | None] = {}

    def original(self, url: str, holder: Document, id_: str) -> Original | None:
        """Return the file that became `url`, which the stack `id_` of the template `holder` nests."""
        upload = upload_of(url)
        if upload is None or not self._names:
            return None
        sources = dict(self._sources(holder, id_))
        proven = self._proven(upload, [*sources, *(name for name in self._names if name not in sources)])
        if proven is not None:
            return Original(proven)
        if len(sources) != 1:
            return None
        ((name, source),) = sources.items()
        document = self._template(name)
        return Original(name, f"{id_} nests {document.uri if document else name}, as {source} says")

    @cached_property
    def _names(self) -> Sequence[str]:
        """The files, those that are nearest first."""
        names = {posixpath.normpath(name) for name in self.list_files()} if self.list_files else set()
        return sorted(names, key=lambda name: (name.count("/"), name))

    # --- what is proven --------------------------------------------------------------------------------

    def _proven(self, upload: Upload, names: Sequence[str]) -> str | None:
        """Return the first file that is the one that was uploaded, or that a tool would upload under that name."""
        length = len(upload.digest)
        for name in names:
            if (content := self._content(name)) is not None and hexadecimal(content, length) == upload.digest:
                return name
        left = _MOST_REWRITTEN
        for name in names:
            content = self._content(name)
            if content is None or local_stacks(content) is None:
                continue
            left -= len(content)
            if left < 0:
                break
            if any(self._digest(name, upload, tool, ()) == upload.digest for tool in TOOLS):
                return name
        return None

    def _digest(self, name: str, upload: Upload, tool: str, chain: tuple[str, ...]) -> str | None:
        key = (name, upload.folder, tool, len(upload.digest))
        if key not in self.digests:
            is_circle = name in chain or len(chain) > _DEEPEST
            self.digests[key] = None if is_circle else self._anew(name, upload, tool, (*chain, name))
        return self.digests[key]

    def _anew(self, name: str, upload: Upload, tool: str, chain: tuple[str, ...]) -> str | None:
        """Return the name of a template that a tool uploads, and before it those that it nests, to the same folder."""
        content = self._content(name)
        stacks = local_stacks(content) if content is not None else None
        if content is None or stacks is None:
            return None
        urls = []
        for id_, location in stacks:
            inner = self._digest(_beside(name, location), upload, tool, chain)
            if inner is None:
                return None
            urls.append((id_, f"{upload.folder}{inner}.template"))
        return digest_of(content, tuple(urls), tool, len(upload.digest))

    # --- what another template says ---------------------------------------------------------------------

    def _sources(self, holder: Document, id_: str) -> Iterator[tuple[str, str]]:
        """Yield each file that a template like `holder` nests as `id_`, with the uri of that template."""
        packaged = _resources(holder)
        for name in self._names:
            content = self._content(name) or b""
            if id_ not in dict(local_stacks(content) or ()):
                continue
            document = self._template(name)
            said = _resources(document) if document else {}
            location = location_of(said.get(id_))
            if document is None or said.keys() != packaged.keys() or not isinstance(location, str):
                continue
            beside = _beside(name, location)
            if _but_for_its_template(said[id_]) == _but_for_its_template(packaged[id_]) and self._template(beside):
                yield beside, document.uri

    # --- the files -------------------------------------------------------------------------------------

    def _template(self, name: str) -> Document | None:
        """Return a template; None for what is none, or cannot be read."""
        if name not in self.documents:
            self.documents[name] = self._read(name)
        return self.documents[name]

    def _read(self, name: str) -> Document | None:
        content = self._content(name)
        is_template = content is not None and local_stacks(content) is not None
        return snippet(self.open_file, self.uri, name) if is_template else None

    def _content(self, name: str) -> bytes | None:
        if name not in self.contents:
            content = self.open_file(name) if self.open_file else None
            self.contents[name] = content if content is not None and len(content) <= _LARGEST else None
        return self.contents[name]


def _resources(document: Document) -> Mapping[str, Raw]:
    found = document.value.get("Resources") if isinstance(document.value, dict) else None
    return found if isinstance(found, dict) else {}


def _beside(name: str, location: str) -> str:
    return posixpath.normpath(posixpath.join(posixpath.dirname(name), location))


def _but_for_its_template(body: Raw) -> Raw:
    """Return a stack without what packaging changes in it: where its template is, and SAM's note on its name."""
    bare = {key: inner for key, inner in body.items() if key != "Metadata"} if isinstance(body, dict) else {}
    properties = bare.get("Properties")
    if isinstance(properties, dict):
        bare["Properties"] = {key: inner for key, inner in properties.items() if key not in STACKS.values()}
    return bare
