"""What is below a folder: the files to look into, and all others, counted by the reason why they are not.

Nothing is passed over in silence, but for Git's own store, whose files belong to no tree.
"""

from __future__ import annotations

import os
import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

import msgspec

from wa_lint.errors import SourceError
from wa_lint.model import Input
from wa_lint.redact import mask
from wa_lint.run.cloud_assembly import MANIFEST, stacks_of
from wa_lint.run.snapshot_folder import INDEX, is_folder, read_index

SUFFIXES: Final = frozenset({".asl", ".cfn", ".gz", ".json", ".jsonl", ".ndjson", ".template", ".yaml", ".yml"})
"""What a file in a folder may be called to be looked into. A file that is named itself may be called anything."""

MOST_LISTED: Final = 100
"""Rows of skipped files with the same reason in a report. One more row counts the rest: a repository has 50,000."""

_STORE: Final = ".git"
"""Git admits no file below it. The stores of others may be committed to Git, and so are counted."""

_OTHER_STORES: Final = frozenset({".hg", ".svn"})

_PASSED_BY: Final = frozenset({".venv", "venv", "node_modules", "__pycache__", ".aws-sam", ".tox"})
"""Folders of what tools installed or built."""

_ASSET: Final = re.compile(r"asset\.[0-9a-f]{64}")
"""The folder of an asset in a CDK cloud assembly: the code of a function, for one."""

_SOURCES: Final = frozenset(
    {".adoc", ".bash", ".bat", ".bicep", ".c", ".cc", ".cjs", ".cmd", ".cpp", ".cs", ".css", ".cts", ".dart", ".diff"}
    | {".ex", ".exs", ".fs", ".go", ".gradle", ".groovy", ".h", ".hcl", ".hpp", ".hs", ".htm", ".html", ".ipynb"}
    | {".java", ".jl", ".js", ".jsx", ".kt", ".kts", ".less", ".lock", ".lua", ".map", ".md", ".mdx", ".mjs", ".mts"}
    | {".patch", ".php", ".pl", ".properties", ".ps1", ".psm1", ".py", ".pyi", ".r", ".rb", ".rs", ".rst", ".sass"}
    | {".scala", ".scss", ".sh", ".snap", ".sql", ".svelte", ".swift", ".tf", ".tfvars", ".ts", ".tsx", ".vue", ".zsh"}
)
"""Suffixes of source code and of documentation, which are not looked into: that they mention types of AWS says nothing.
Any other file may be a template, or will be one once it is rendered."""

_MOST_PEEKED: Final = 5000
_MOST_BYTES_PEEKED: Final = 1 << 27
_PEEK: Final = 1_000_000
"""Files, bytes of all of them, and bytes of one. CloudFormation takes a template of 1 MB ("CloudFormation quotas")."""

_GLANCE: Final = 1024
_IN_NO_TEXT: Final = re.compile(rb"[\x01-\x08\x0b\x0e-\x1a\x1c-\x1f]")
"""Bytes that tell a binary file from a text in its first `_GLANCE` bytes; UTF-16 has null bytes."""


class FoundFile(msgspec.Struct, frozen=True):
    """A file to look into."""

    path: Path
    constructs: Mapping[str, str] = {}
    """The CDK construct of each resource, where the manifest beside a template says it."""


class PassedFiles:
    """Counts what is not looked into, by reason. It keeps the first rows of each reason, in the order they came."""

    def __init__(self, start: Path) -> None:
        self._start = start
        self._rows: dict[str, list[Input]] = defaultdict(list)
        self._rest: Counter[str] = Counter()
        self._peeked = self._bytes = 0
        self._entered: set[str] = set()

    def enter(self, folder: str) -> bool:
        """Whether a folder is entered for the first time: what is below two of the given paths counts once."""
        place = os.path.realpath(folder)
        is_first = place not in self._entered
        self._entered.add(place)
        return is_first

    def add(self, path: str, reason: str, files: int = 1, *, is_suspect: bool = False) -> None:
        if len(self._rows[reason]) < MOST_LISTED or is_suspect:
            uri = mask(Path(os.path.relpath(path, self._start)).as_posix())
            self._rows[reason].append(Input(uri, "unknown", "skipped", reason, files=files, is_suspect=is_suspect))
        else:
            self._rest[reason] += files

    def file(self, path: str, suffix: str) -> None:
        """Count a file that is not called like an input; one that looks like a template is reported apart."""
        if self._looks_like_template(path, suffix):
            self.add(path, "unknown suffix, but it looks like a template", is_suspect=True)
        else:
            self.add(path, "unknown suffix")

    def _looks_like_template(self, path: str, suffix: str) -> bool:
        if self._peeked >= _MOST_PEEKED or self._bytes >= _MOST_BYTES_PEEKED or not _may_be_text(path, suffix):
            return False
        start = _start_of(path)
        self._peeked += 1
        self._bytes += len(start)
        return b"AWSTemplateFormatVersion" in start or (b"Resources" in start and b"AWS::" in start)

    def rows(self) -> Sequence[Input]:
        """Return a row for each file or folder, sorted by reason, and after those of a reason one for the rest."""
        rest = {reason: rest_of(reason, files) for reason, files in self._rest.items()}
        return [
            row
            for reason in sorted(self._rows)
            for row in (*self._rows[reason], *([rest[reason]] if reason in rest else []))
        ]


def rest_of(reason: str | None, files: int) -> Input:
    """Return the row of the files with one reason that have no row of their own."""
    return Input(f"({files} more)", "unknown", "skipped", reason, files=files)


def capped(entries: Iterable[Input]) -> list[Input]:
    """Return `entries` with at most `MOST_LISTED` rows of skipped files for each reason, and a row for the rest."""
    kept: list[Input] = []
    listed: Counter[str | None] = Counter()
    rest: Counter[str | None] = Counter()
    for entry in entries:
        is_plain = entry.status == "skipped" and entry.kind != "live" and not entry.is_suspect
        if is_plain and listed[entry.reason] >= MOST_LISTED:
            rest[entry.reason] += entry.files
            continue
        listed[entry.reason] += is_plain
        kept.append(entry)
    return [*kept, *(rest_of(reason, files) for reason, files in rest.items())]


def walk(folder: Path, passed: PassedFiles) -> Iterator[FoundFile]:
    """Yield the files of a folder that may be inputs, and the folders that cannot be listed: to read one says why.

    Links to folders are not followed. The templates that the manifest of a CDK cloud assembly names come first, with
    their constructs; the files that the index of a snapshot names are read with the index, and not yielded.
    """
    refused: list[OSError] = []
    named: set[str] = set()
    for place, folders, files in os.walk(folder, onerror=refused.append):
        if INDEX in files and Path(place, INDEX).is_file() and is_folder(Path(place)):  # a pipe may wait for ever
            named |= _named_by_index(Path(place))
            yield FoundFile(Path(place, INDEX))
        stacks = stacks_of(Path(place)) if MANIFEST in files else None
        if stacks:
            yield from (FoundFile(stack.template, stack.constructs) for stack in stacks)
        counted = passed if passed.enter(place) else PassedFiles(folder)
        folders[:] = sorted(_entered(folder, place, folders, counted, is_assembly=stacks is not None))
        for name in sorted(files):
            path = os.path.join(place, name)  # noqa: PTH118, a Path for each of 50,000 files costs half a second
            suffix = os.path.splitext(name)[1].lower()  # noqa: PTH122, as above
            if suffix not in SUFFIXES:
                counted.file(path, suffix)
            elif not named or os.path.realpath(path) not in named:
                yield FoundFile(Path(path))
    yield from (FoundFile(Path(error.filename)) for error in refused)


def _named_by_index(folder: Path) -> set[str]:
    """Return the files that an index names; none where it cannot be read, which is an error of its own."""
    try:
        parts = read_index(folder / INDEX, INDEX).parts
    except SourceError:
        return set()
    return {os.path.realpath(folder / part.file) for part in parts if part.file is not None}


def _entered(
    root: Path, place: str, folders: Collection[str], passed: PassedFiles, *, is_assembly: bool
) -> Iterator[str]:
    """Yield the folders to go into; the others are counted with all that is below them."""
    for name in sorted(folders):
        path = os.path.join(place, name)  # noqa: PTH118, as above
        if name == _STORE:
            continue
        if os.path.islink(path):  # noqa: PTH114, as above
            passed.add(path, "a link to a folder, which is not followed", is_suspect=_leads_out(path, root))
        elif name in _PASSED_BY:
            passed.add(path, "a folder of what tools install or build", _files_below(path))
        elif name in _OTHER_STORES:
            passed.add(path, "the store of a version control system", _files_below(path))
        elif is_assembly and _ASSET.fullmatch(name):
            passed.add(path, "an asset of a CDK cloud assembly", _files_below(path))
        else:
            yield name


def _leads_out(link: str, root: Path) -> bool:
    """Whether a link to a folder leads to something that is not below `root`, and so is not read."""
    try:
        return not Path(link).resolve().is_relative_to(root.resolve())
    except (OSError, RuntimeError):  # a loop of links
        return False


def _files_below(folder: str) -> int:
    return sum(len(files) for _, _, files in os.walk(folder))


def _may_be_text(path: str, suffix: str) -> bool:
    """Whether a name is that of what may be a template: ``stack.txt``, ``stack.yaml.old``, ``stack.yaml.py``."""
    inner = os.path.splitext(path[: len(path) - len(suffix)])[1].lower() if suffix else ""  # noqa: PTH122, as above
    return suffix not in _SOURCES or inner in SUFFIXES


def _start_of(path: str) -> bytes:
    """Return the beginning of a text, in which a template may be; nothing of what is not a string, or no file."""
    try:
        if not os.path.isfile(path) or os.path.islink(path):  # noqa: PTH113, PTH114, a pipe may wait for ever
            return b""
        with open(path, "rb") as stream:  # noqa: PTH123, as above
            start = stream.read(_GLANCE)
            return b"" if _IN_NO_TEXT.search(start) else (start + stream.read(_PEEK)).replace(b"\0", b"")
    except OSError:
        return b""
