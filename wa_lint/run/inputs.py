"""From paths to files, and from a file to a snapshot: the one place that decides what a file is."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Final

import msgspec

from wa_lint import codec
from wa_lint.document import Document, read_document
from wa_lint.errors import ConfigError, SourceError
from wa_lint.model import Raw, Snapshot
from wa_lint.redact import mask
from wa_lint.run.cloud_assembly import MANIFEST, stacks_of
from wa_lint.run.snapshot_folder import INDEX, is_folder, is_index
from wa_lint.sources.template import looks_like_template

_SUFFIXES: Final = frozenset({".cfn", ".gz", ".json", ".jsonl", ".ndjson", ".template", ".yaml", ".yml"})
"""What a file in a folder may be called to be looked into. A file that is named itself may be called anything."""

_PASSED_BY: Final = frozenset(
    {".git", ".hg", ".svn", ".venv", "venv", "node_modules", "__pycache__", ".aws-sam", ".tox"}
)

_MOST_BYTES: Final = 512 * 1024 * 1024

_OURS: Final = (b"AWS::", b"AWSTemplateFormatVersion")
"""What stands in every template that does anything."""

_NOTHING: Final = "no template, snapshot or answer of AWS"


class File(msgspec.Struct, frozen=True, order=True):
    """A file to look into. `uri` is what reports call it: relative to where we were started, with forward slashes."""

    uri: str
    path: str
    root: str | None = None
    """The folder that is looked into: what a template names is read inside it and nowhere else. None: nothing is."""
    content: bytes | None = None
    """What was read already: stdin gives it once."""
    constructs: Mapping[str, str] = {}
    """The CDK construct of each resource, where the manifest beside a template says it."""
    odd: str = ""
    """Why it is not opened, if it is not."""


class NotOurs(SourceError):  # noqa: N818, it names what the file is; nothing went wrong
    """The file is nothing that wa-lint reads. No fault of anybody's."""


def find(paths: Iterable[Path], start: Path, exclude: Sequence[str] = (), *, is_forced: bool = False) -> Sequence[File]:
    """Return the files that `paths` name or hold, each once, sorted; ``-`` is stdin. `exclude`: what no folder gives.

    `is_forced`: nor does a path that names it.
    Raise `ConfigError` where one does not exist.
    """
    found: dict[tuple[str, str], File] = {}
    for path in paths:
        if str(path) == "-":
            found.setdefault(("-", ""), File("stdin", "-", content=_stdin()))
            continue
        _demand(path)
        root = path if path.is_dir() else path.parent
        for file, constructs in _walk(path) if path.is_dir() else [(path, {})]:
            odd = _odd(file, root) if path.is_dir() else ""
            one = File(uri_of(file, start), str(file), str(root), constructs=constructs, odd=odd)
            if (is_forced or path.is_dir()) and any(fnmatchcase(one.uri, pattern) for pattern in exclude):
                continue
            found.setdefault((os.path.realpath(file), odd), one)
    return sorted(found.values())


def uri_of(path: Path, start: Path) -> str:
    """Return the path from `start`: what a reader there can open, and no name of the machine's folders above it."""
    return mask(Path(os.path.relpath(path, start)).as_posix())


def read(file: File) -> Document | Snapshot:
    """Return what a file holds: the document of a template, which parameters are still to be given, or a snapshot.

    Raise `NotOurs` if it holds neither, `SourceError` if it cannot be read.
    """
    if file.odd:
        raise NotOurs(file.uri, file.odd)
    content, uri = _bytes(file), file.uri
    if codec.looks_like_snapshot(content):
        return codec.load(content, uri)
    try:
        document = read_document(content, uri)
    except SourceError as error:
        return _half_read(content, uri, error)
    if document.is_empty:
        raise NotOurs(uri, "there is nothing in it")
    if _is_plainly_template(document.value):
        return document
    from wa_lint.sources.export.export_reader import looks_like_export, read_export  # noqa: PLC0415, 20 ms, see above

    if looks_like_export(document.value):
        return read_export(content, uri)
    if looks_like_template(document.value):
        return document
    raise NotOurs(uri, _NOTHING)


def _is_plainly_template(value: Raw) -> bool:
    """Whether it has resources, and no key that a template has not: then no reader of exports need be loaded."""
    return isinstance(value, dict) and "Resources" in value and value.keys() <= _SECTIONS and looks_like_template(value)


_SECTIONS: Final = frozenset(
    {
        "AWSTemplateFormatVersion",
        "Conditions",
        "Description",
        "Globals",
        "Mappings",
        "Metadata",
        "Outputs",
        "Parameters",
        "Resources",
        "Rules",
        "Transform",
    }
)


def is_index_file(file: File) -> bool:
    """Whether it is the index of a snapshot in a folder."""
    return not file.odd and Path(file.path).name == INDEX and is_index(file.content or _start(Path(file.path)))


def neighbours(file: File) -> Callable[[str], bytes | None]:
    """Return what opens the files that a template names, relative to it: none outside of its root, none by a link."""

    def open_file(name: str) -> bytes | None:
        try:
            path = (Path(file.path).parent / name).resolve()
            is_ours = file.root is not None and path.is_relative_to(Path(file.root).resolve()) and path.is_file()
            content = _head(path) if is_ours else None
        except (OSError, RuntimeError, ValueError):  # a loop of links, a null byte
            return None
        return content if content is not None and len(content) <= _MOST_BYTES else None

    return open_file


def _half_read(content: bytes, uri: str, error: SourceError) -> Snapshot:
    """Return what a file holds that is no one document: answers one below the other. Else raise what is wrong with it.

    It is an error only where it means to be ours. A tsconfig.json with comments is nobody's fault.
    """
    from wa_lint.sources.export.export_reader import looks_like_export, read_export  # noqa: PLC0415, as in `read`

    if looks_like_export(content):
        return read_export(content, uri)
    if any(mark in content.replace(b"\0", b"") for mark in _OURS):
        raise error
    raise NotOurs(uri, _NOTHING) from error


def _walk(folder: Path) -> Iterator[tuple[Path, Mapping[str, str]]]:
    """Yield the files of a folder that may be ours, and the folders that cannot be listed: to read one says why.

    Links to folders are not followed. Of a CDK cloud assembly they are the templates that its manifest names, and none
    of its assets; of a snapshot in a folder it is the index.
    """
    refused: list[OSError] = []
    for place, folders, files in os.walk(folder, onerror=refused.append):
        if Path(place, INDEX).is_file() and is_folder(Path(place)):
            folders.clear()  # the index says which of the files below it are whole
            yield Path(place, INDEX), {}
            continue
        stacks = stacks_of(Path(place)) if Path(place, MANIFEST).is_file() else None
        if stacks is not None:
            folders.clear()
            yield from ((stack.template, stack.constructs) for stack in stacks)
            continue
        folders[:] = sorted(set(folders) - _PASSED_BY)
        for name in sorted(files):
            path = Path(place, name)
            if path.suffix.lower() in _SUFFIXES:
                yield path, {}
    yield from ((Path(error.filename), {}) for error in refused)


def _odd(path: Path, root: Path) -> str:
    """Return why a file of the folder `root` is not to be opened: it may wait for ever, or lead elsewhere."""
    try:
        if not path.exists():
            return "a link that leads nowhere" if path.is_symlink() else ""
        if path.is_symlink() and not path.resolve().is_relative_to(root.resolve()):
            return "a link that leads out of the folder"
        return "" if path.is_file() or path.is_dir() else "no file, but a pipe, a socket or a device"
    except OSError:
        return ""  # to read it says why


def _demand(path: Path) -> None:
    """Raise `ConfigError` where there is nothing at `path`, or no way to it."""
    try:
        is_there = path.exists()
    except OSError as error:
        raise ConfigError(str(path)[:200], f"cannot be read: {error.strerror}") from error
    if not is_there:
        raise ConfigError(str(path), "there is no such file or folder")


def _stdin() -> bytes:
    if sys.stdin is None:
        raise ConfigError("-", "stdin is closed")
    return sys.stdin.buffer.read(_MOST_BYTES + 1)


def _bytes(file: File) -> bytes:
    try:
        content = file.content if file.content is not None else _head(Path(file.path))
    except OSError as error:
        raise SourceError(file.uri, f"cannot be read: {error.strerror}") from error
    if len(content) > _MOST_BYTES:
        raise SourceError(file.uri, f"more than {_MOST_BYTES // 2**20} MiB; split it")
    return content


def _start(path: Path) -> bytes:
    try:
        with path.open("rb") as stream:
            return stream.read(200)
    except OSError:
        return b""


def _head(path: Path) -> bytes:
    with path.open("rb") as stream:
        return stream.read(_MOST_BYTES + 1)
