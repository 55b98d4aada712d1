"""What is below a folder: the files to look into, and all others, counted by the reason why they are not.

Nothing is passed over in silence, but for version control's own store (`.git` …), whose files belong to no tree.
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

_STORES: Final = frozenset({".git", ".hg", ".svn"})

_PASSED_BY: Final = frozenset({".venv", "venv", "node_modules", "__pycache__", ".aws-sam", ".tox"})
"""Folders of what tools installed or built."""

_ASSET: Final = re.compile(r"asset\.[0-9a-f]{64}")
"""The folder of an asset in a CDK cloud assembly: the code of a function, for one."""

_PEEKED: Final = frozenset(
    {"", ".bak", ".cform", ".disabled", ".erb", ".hbs", ".j2", ".jinja", ".jinja2", ".mustache", ".off", ".old"}
    | {".orig", ".save", ".tmpl", ".tpl", ".txt"}
)
"""Suffixes of texts that may be a template, or will be one once they are rendered. Source code is not looked into:
that it mentions types of AWS says nothing."""

_MOST_PEEKED: Final = 5000
_PEEK: Final = 1 << 16


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
        self._peeked = 0
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
        """Count a file that is not called like an input; one that looks like a template is told apart."""
        looks = False
        if self._peeked < _MOST_PEEKED and _may_be_text(path, suffix):
            self._peeked += 1
            looks = _looks_like_template(path)
        if looks:
            self.add(path, "unknown suffix, but it looks like a template", is_suspect=True)
        else:
            self.add(path, "unknown suffix")

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
        if name in _STORES:
            continue
        if os.path.islink(path):  # noqa: PTH114, as above
            passed.add(path, "a link to a folder, which is not followed", is_suspect=_leads_out(path, root))
        elif name in _PASSED_BY:
            passed.add(path, "a folder of what tools install or build", _files_below(path))
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
    """Whether a name is that of a text which may be a template: ``stack.txt``, ``stack.yaml.old``, ``Stackfile``."""
    inner = os.path.splitext(path[: len(path) - len(suffix)])[1].lower() if suffix else ""  # noqa: PTH122, as above
    return suffix in _PEEKED or inner in SUFFIXES


def _looks_like_template(path: str) -> bool:
    try:
        if not os.path.isfile(path) or os.path.islink(path):  # noqa: PTH113, PTH114, a pipe may wait for ever
            return False
        with open(path, "rb") as stream:  # noqa: PTH123, as above
            start = stream.read(_PEEK).replace(b"\0", b"")
    except OSError:
        return False
    return b"AWSTemplateFormatVersion" in start or (b"Resources" in start and b"AWS::" in start)
