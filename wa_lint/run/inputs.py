"""From paths to files, and from a file to a snapshot: the one place that decides what a file is."""

from __future__ import annotations

import os
import sys
import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec

from wa_lint import codec
from wa_lint.document import Document, read_document, yaml_documents
from wa_lint.errors import ConfigError, SourceError
from wa_lint.model import Input, Snapshot
from wa_lint.redact import mask
from wa_lint.run.snapshot_folder import INDEX, is_index
from wa_lint.run.walking import SUFFIXES, FoundFile, PassedFiles, walk
from wa_lint.sources.template import looks_like_broken_template, looks_like_template, template_within, unwrapped

if TYPE_CHECKING:
    from wa_lint.sources.export.as_option import NamedAnswer

_MOST_BYTES: Final = 512 * 1024 * 1024

_GZIP: Final = b"\x1f\x8b"

_NOTHING: Final = "no template, snapshot or API response"
_LONGEST_PLACE: Final = 100

_ONE_TEXT: Final = "the file is plain text, not a template; remove what precedes the template, such as a JSON comment"

_LEADS_OUT: Final = "a link that leads out of the folder"


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
    said: NamedAnswer | None = None
    """Which answer of the AWS CLI it holds, and whose, where somebody said it (`--as`)."""
    is_named: bool = False
    """Whether a person named it: then it is an error that it cannot be parsed."""


class NotOurs(SourceError):  # noqa: N818, it names what the file is; nothing went wrong
    """The file is nothing that wa-lint reads. No fault of anybody's."""

    def __init__(self, where: str, problem: str, *, is_suspect: bool = False) -> None:
        super().__init__(where, problem)
        self.is_suspect = is_suspect
        """Whether it may be a template all the same."""


class Below(msgspec.Struct, frozen=True):
    """What paths name or hold."""

    files: Sequence[File]
    """To be looked into."""
    passed: Sequence[Input] = ()
    """All others, a row for each or for many (`walking.MOST_LISTED`)."""


def look(
    paths: Iterable[Path],
    start: Path,
    exclude: Sequence[str] = (),
    *,
    is_forced: bool = False,
    left_out: Counter[str] | None = None,
) -> Below:
    """Return the files that `paths` name or hold, each once, sorted; ``-`` is stdin. `exclude`: what no folder gives.

    `is_forced`: nor does a path that names it, for a hook names it and not a person. `left_out` counts the files that
    each pattern leaves out.
    Raise `ConfigError` where one does not exist.
    """
    found: dict[tuple[str, str], File] = {}
    passed = PassedFiles(start)
    excluded: set[str] = set()
    for path in paths:
        for file in _files_of(path, start, passed, is_forced=is_forced):
            pattern = next((pattern for pattern in exclude if fnmatchcase(file.uri, pattern)), None)
            if pattern is not None and not file.is_named:
                if left_out is not None:
                    left_out[pattern] += 1
                excluded.add(os.path.realpath(file.path))
                continue
            key = ("-" if file.path == "-" else os.path.realpath(file.path), file.odd)
            if file.is_named or key not in found:
                found[key] = msgspec.structs.replace(found.get(key, file), is_named=file.is_named)
    for name in sorted(excluded):
        passed.add(name, "excluded")
    return Below(sorted(found.values()), passed.rows())


def _files_of(path: Path, start: Path, passed: PassedFiles, *, is_forced: bool) -> Iterator[File]:
    """Yield the file that a path names, or those of a folder; what they are called counts from `start`."""
    if str(path) == "-":
        yield File("stdin", "-", content=_stdin(), is_named=True)
        return
    _demand(path)
    is_folder = path.is_dir()
    root = path if is_folder else path.parent
    for seen in walk(path, passed) if is_folder else [FoundFile(path)]:
        file = seen.path
        odd = _odd(file, root) if is_folder else ""
        is_named = not is_folder and not is_forced
        yield File(uri_of(file, start), str(file), str(root), constructs=seen.constructs, odd=odd, is_named=is_named)


def find(paths: Iterable[Path], start: Path, exclude: Sequence[str] = (), *, is_forced: bool = False) -> Sequence[File]:
    """As `look`, of the files to be looked into alone."""
    return look(paths, start, exclude, is_forced=is_forced).files


def told(files: Sequence[File], said: Iterable[str], start: Path) -> Sequence[File]:
    """Return the files, each with what `--as` says of it: ``SERVICE:OPERATION:ID``, or that with ``=FILE``.

    Raise `ConfigError` where it names none of them, or none where there are several.
    """
    from wa_lint.sources.export.as_option import OPTION, parse  # noqa: PLC0415, as in `read`

    found = list(files)
    for text in said:
        what, _, name = text.partition("=")
        meant = [n for n, file in enumerate(found) if not name or file.uri == uri_of(Path(name), start)]
        if len(meant) != 1:
            there = f"{name} is not among them" if name else f"add =FILE to say which of {len(found)}"
            raise ConfigError(OPTION, f"{what!r} must match one of the files that are read: {there}")
        found[meant[0]] = msgspec.structs.replace(found[meant[0]], said=parse(what))
    return found


def uri_of(path: Path, start: Path) -> str:
    """Return the path from `start`: what a reader there can open, and no name of the machine's folders above it."""
    return mask(Path(os.path.relpath(path, start)).as_posix())


def read(file: File) -> Document | Snapshot:
    """Return what a file holds: the document of a template, which parameters are still to be given, or a snapshot.

    Raise `NotOurs` if it holds neither, `SourceError` if it cannot be read.
    """
    if file.odd:
        raise NotOurs(file.uri, file.odd, is_suspect=file.odd == _LEADS_OUT)
    content, uri = _bytes(file), file.uri
    if file.said is not None:
        from wa_lint.sources.export.as_option import read_said  # noqa: PLC0415, its tables take 20 ms

        return read_said(content, uri, file.said)
    if codec.looks_like_snapshot(content):
        return codec.load(content, uri)
    try:
        document = read_document(content, uri)
    except SourceError as error:
        return _half_read(file, content, error)
    if document.is_empty:
        raise NotOurs(uri, "it is empty")
    document = unwrapped(document)
    if looks_like_template(document.value):
        return document
    from wa_lint.sources.export.export_reader import looks_like_export, read_export  # noqa: PLC0415, as above

    if looks_like_export(document.value):
        return read_export(content, uri)
    if document.continues_at is not None:
        _demand_no_other(document)
    raise _not_ours(document)


def _not_ours(document: Document) -> SourceError:
    """Return what is said of a document that is neither a template nor anything else that is read."""
    from wa_lint.sources.export.as_option import unread  # noqa: PLC0415, as in `read`

    value = document.value
    if isinstance(value, str) and "Resources" in value and looks_like_broken_template(value):
        return SourceError(str(document.locate(())), _ONE_TEXT)
    if why := unread(value):
        return NotOurs(document.uri, why)
    place = template_within(value)
    if place is None:
        return NotOurs(document.uri, _NOTHING)
    said = mask(f"not a template, but it contains one at {place[:_LONGEST_PLACE]}")
    return NotOurs(document.uri, said, is_suspect=True)


def is_index_file(file: File) -> bool:
    """Whether it is the index of a snapshot in a folder."""
    return not file.odd and Path(file.path).name == INDEX and is_index(file.content or _start(Path(file.path)))


def neighbours(file: File, changed: Mapping[str, bytes] | None = None) -> Callable[[str], bytes | None]:
    """Return what opens the files that a template names, relative to it: none outside of its root, none by a link.

    `changed`: what files, by their real paths, are to hold instead of what they do.
    """

    def open_file(name: str) -> bytes | None:
        try:
            path = (Path(file.path).parent / name).resolve()
            is_ours = file.root is not None and path.is_relative_to(Path(file.root).resolve()) and path.is_file()
            content = ((changed or {}).get(str(path)) or _head(path)) if is_ours else None
        except (OSError, RuntimeError, ValueError):  # a loop of links, a null byte
            return None
        return content if content is not None and len(content) <= _MOST_BYTES else None

    return open_file


def content_of(file: File) -> bytes:
    """Return the bytes of a file. Raise `SourceError` where it cannot be read."""
    return _bytes(file)


def size_of(file: File) -> int:
    """Return how many bytes the file has on disk; 0 where that is not known."""
    if file.content is not None:
        return len(file.content)
    try:
        return Path(file.path).stat().st_size
    except (OSError, ValueError):
        return 0


def _half_read(file: File, content: bytes, error: SourceError) -> Snapshot:
    """Return what a file holds that is no one document: answers one below the other. Else raise what is wrong with it.

    It is an error where a person named the file, or where it looks like a template before the fault or behind it. A
    tsconfig.json with comments in a folder is nobody's fault, nor is a script that a person names.
    """
    from wa_lint.sources.export.export_reader import looks_like_export, read_export  # noqa: PLC0415, as in `read`

    if looks_like_export(content):
        return read_export(content, file.uri)
    suffix = Path(file.path).suffix.lower()
    is_meant = file.is_named and (not suffix or suffix in SUFFIXES)
    if content.startswith(_GZIP) and looks_like_broken_template(_unpacked(content)):
        raise SourceError(file.uri, "it is a packed template, which is not read; unpack it") from error
    if is_meant or looks_like_broken_template(content):
        raise error
    raise NotOurs(file.uri, "neither YAML nor JSON, and nothing in it looks like a template") from error


def _unpacked(content: bytes) -> bytes:
    """Return the beginning of what was packed; nothing where that cannot be unpacked."""
    try:
        return zlib.decompressobj(wbits=31).decompress(content, 1 << 20)
    except zlib.error:
        return b""


def _demand_no_other(document: Document) -> None:
    """Raise `SourceError` where a template is behind another YAML document, so that the first one does not hide it."""
    try:
        others = list(islice(yaml_documents(document.text, document.uri), 1, None))
    except SourceError:
        if looks_like_broken_template(document.text):
            raise
        return
    hidden = next((other for other in others if looks_like_template(other.value)), None)
    if hidden is not None:
        problem = "a template is behind another YAML document; CloudFormation takes one template a file, so split it"
        raise SourceError(str(hidden.locate(())), problem)


def _odd(path: Path, root: Path) -> str:
    """Return why a file of the folder `root` is not to be opened: it may wait for ever, or lead elsewhere."""
    try:
        if not path.exists():
            return "a link that leads nowhere" if path.is_symlink() else ""
        if path.is_symlink() and not path.resolve().is_relative_to(root.resolve()):
            return _LEADS_OUT
        return "" if path.is_file() or path.is_dir() else "not a file but a pipe, socket or device"
    except OSError:
        return ""  # to read it says why


def _demand(path: Path) -> None:
    """Raise `ConfigError` where there is nothing at `path`, or no way to it."""
    try:
        is_there = path.exists()
    except OSError as error:
        raise ConfigError(str(path)[:200], f"cannot be read: {error.strerror}") from error
    if not is_there:
        raise ConfigError(str(path), "no such file or folder")


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
