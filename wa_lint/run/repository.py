"""A git repository at an earlier commit: its files, written to a folder of their own. It runs no git, hook or filter.

The objects are read by a library, for a repository that is judged may be hostile: its configuration could make git
itself start programs (core.fsmonitor, a textconv, a promisor remote). Nothing is written outside of the folder.
"""

from __future__ import annotations

import contextlib
import os
import re
import stat
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Final

from wa_lint.errors import ConfigError
from wa_lint.model import Raw
from wa_lint.writing import make_scratch_folder, write_scratch

OPTION: Final = "--diff"

_PARENTS: Final = re.compile(r"(?P<name>.+?)(?P<steps>(?:~\d*|\^)*)$")
_WORD: Final = re.compile(rb"[^\s\"'/\\,{}\[\]()=:]+")

_READ: Final = frozenset(
    {".cfn", ".gz", ".json", ".jsonl", ".ndjson", ".template", ".toml", ".yaml", ".yml", ".properties", ".txt"}
)
"""Suffixes of files that are always written. Others are written where a file that is names them."""

_PASSED_BY: Final = frozenset({".git", ".hg", ".svn", ".venv", "venv", "node_modules", "__pycache__", ".tox"})


class History:
    """A repository as it was at the commit where the present one left the line of `ref`."""

    def __init__(self, start: Path, ref: str) -> None:
        """Raise `ConfigError` where there is no repository or no such commit."""
        from dulwich.errors import NotGitRepository  # noqa: PLC0415, only this option needs git's objects
        from dulwich.repo import Repo  # noqa: PLC0415, the same

        try:
            self._repository = Repo.discover(str(start))
        except NotGitRepository as error:
            raise ConfigError(OPTION, "this is not a git repository") from error
        self.root = Path(self._repository.path).resolve()
        self._tree = self._commit(ref).tree

    def files(self, under: PurePosixPath) -> Iterator[tuple[PurePosixPath, int, bytes]]:
        """Yield path, mode and object id of each file at or below a path; of one that was not there, nothing.

        A name that no checkout of git would write (``..``, ``.git``) is left out.
        """
        names = [name for name in under.parts if name != "."]
        mode, id_ = stat.S_IFDIR, self._tree
        for name in names:
            found = self._entries(id_).get(name) if stat.S_ISDIR(mode) else None
            if found is None:
                return
            mode, id_ = found
        yield from self._below(PurePosixPath(*names), mode, id_)

    def content(self, id_: bytes) -> bytes:
        content: bytes = self._object(id_).as_raw_string()
        return content

    def _object(self, id_: bytes) -> Raw:
        try:
            return self._repository[id_]
        except KeyError as error:
            raise ConfigError(OPTION, "this clone does not hold all files of that commit; fetch them first") from error

    def _below(self, path: PurePosixPath, mode: int, id_: bytes) -> Iterator[tuple[PurePosixPath, int, bytes]]:
        if stat.S_ISREG(mode) or stat.S_ISLNK(mode):
            yield path, mode, id_
        if stat.S_ISDIR(mode) and path.name not in _PASSED_BY:
            for name, (inner, child) in self._entries(id_).items():
                yield from self._below(path / name, inner, child)

    def _entries(self, id_: bytes) -> dict[str, tuple[int, bytes]]:
        items = self._object(id_).items()
        found = {os.fsdecode(item.path): (item.mode, item.sha) for item in items}
        return {name: entry for name, entry in found.items() if _is_name(name)}

    def _commit(self, ref: str) -> Raw:
        from dulwich.errors import MissingCommitError  # noqa: PLC0415, as above
        from dulwich.graph import find_merge_base  # noqa: PLC0415, as above

        try:
            then, now = self._named(ref), self._named("HEAD")
        except (KeyError, IndexError, ValueError) as error:
            raise ConfigError(OPTION, f"this clone does not contain the commit {ref!r}; fetch it first") from error
        try:
            common = find_merge_base(self._repository, [then.id, now.id])
        except (KeyError, MissingCommitError):  # a shallow clone knows no more
            common = []
        return self._repository[common[0]] if common else then

    def _named(self, ref: str) -> Raw:
        from dulwich.objectspec import parse_commit  # noqa: PLC0415, as above

        found = _PARENTS.fullmatch(ref)
        if found is None:
            raise KeyError(ref)
        commit: Raw = parse_commit(self._repository, found["name"].encode())
        for step in re.findall(r"~\d*|\^", found["steps"]):
            for _ in range(int(step[1:] or 1) if step[0] == "~" else 1):
                commit = self._repository[commit.parents[0]]
        return commit


class Checkout:
    """The files of a `History`, written to `folder` as they are requested."""

    def __init__(self, history: History, folder: Path, start: Path) -> None:
        """`start`: the present folder that relative paths start from.

        Raise `ConfigError` where `folder` is part of the repository: it would be judged as well.
        """
        self.history = history
        self.folder = folder.resolve()
        self.start = start
        self._words: set[bytes] = set()
        self._written: set[PurePosixPath] = set()
        self._links: dict[PurePosixPath, str] = {}
        self._others: dict[PurePosixPath, tuple[int, bytes]] = {}
        """Mode and object id of what nothing has named so far."""
        self._asked: dict[PurePosixPath, bool] = {}
        """Paths, and whether all that may be read below them was written."""
        if self.folder.is_relative_to(history.root):
            raise ConfigError(
                OPTION, "the folder for temporary files is inside of the repository; set TMPDIR to another"
            )
        make_scratch_folder(self.folder / ".git")  # the top of the repository, for what looks for it
        self.here = self.locate(".") or self.folder

    def locate(self, text: str) -> Path | None:
        """Return where a path of the present is in the folder; None if it is outside of the repository."""
        absolute = Path(os.path.normpath(self.start / text))
        if absolute.is_relative_to(self.folder):
            return absolute
        for candidate in (absolute, absolute.parent.resolve() / absolute.name):
            if candidate.is_relative_to(self.history.root):
                return self.folder / candidate.relative_to(self.history.root)
        return None

    def present(self, path: Path) -> Path:
        """Return where a path of the folder is in the present."""
        return self.history.root / path.relative_to(self.folder)

    def add(self, path: Path) -> None:
        """Write what was at or below a path of the folder, and what the files that are written name.

        Beside a file, what is in its folder is written only where something names it.
        """
        under = PurePosixPath(path.relative_to(self.folder).as_posix())
        if under in self._asked:
            return
        self._asked[under] = True
        self._add(under)
        self._follow()

    def add_around(self, file: Path) -> None:
        """Write a file, and what is in its folder and below and is named by what is written."""
        self.add(file)
        under = PurePosixPath(file.parent.relative_to(self.folder).as_posix())
        if under not in self._asked:
            self._asked[under] = False
            for path, mode, id_ in self.history.files(under):
                if path not in self._written and path not in self._links:
                    self._others[path] = (mode, id_)
            self._follow()

    def is_as_now(self) -> bool:
        """Whether all that was written is the same in the present, and nothing that could be read came to it."""
        if any(not self._is_same(path) for path in (*self._written, *self._links)):
            return False
        there = {*self._written, *self._links, *self._others}
        return not any(path not in there for path in self._now())

    def _is_same(self, path: PurePosixPath) -> bool:
        present, written = self.history.root / path, self.folder / path
        try:
            if present.is_symlink() or written.is_symlink():
                return present.is_symlink() and written.is_symlink() and present.readlink() == written.readlink()
            return present.read_bytes() == written.read_bytes()
        except OSError:
            return False

    def _now(self) -> Iterator[PurePosixPath]:
        """Yield the files of the present that would have been written too."""
        for under, is_whole in self._asked.items():
            for path in self._present_below(under):
                if (is_whole and path.suffix.lower() in _READ) or path == under or _last_word(path) in self._words:
                    yield path

    def _present_below(self, under: PurePosixPath) -> Iterator[PurePosixPath]:
        top = self.history.root / under
        if not top.is_dir():
            yield from [under] if os.path.lexists(top) else []
            return
        for folder, folders, names in os.walk(top):
            folders[:] = [name for name in folders if name not in _PASSED_BY]
            links = [name for name in folders if Path(folder, name).is_symlink()]
            for name in (*names, *links):
                yield PurePosixPath(Path(folder, name).relative_to(self.history.root).as_posix())

    def _add(self, under: PurePosixPath) -> None:
        for path, mode, id_ in list(self.history.files(under)):
            if stat.S_ISLNK(mode) or path.suffix.lower() in _READ or path == under:
                self._others.pop(path, None)
                self._put(path, mode, id_)
            else:
                self._others[path] = (mode, id_)

    def _follow(self) -> None:
        while named := [path for path in self._others if _last_word(path) in self._words]:
            for path in named:
                mode, id_ = self._others.pop(path, (0, b""))
                if mode:
                    self._put(path, mode, id_)

    def _put(self, path: PurePosixPath, mode: int, id_: bytes) -> None:
        if stat.S_ISLNK(mode):
            self._link(path, os.fsdecode(self.history.content(id_)))
        else:
            self._write(path, id_)

    def _write(self, path: PurePosixPath, id_: bytes) -> None:
        if path in self._written:
            return
        content = self.history.content(id_)
        target = self.folder / path
        if not self._has_own_folder(target):
            return
        self._written.add(path)
        with _writing(path):
            write_scratch(target, content)
        self._words.update(_WORD.findall(content))

    def _link(self, path: PurePosixPath, to: str) -> None:
        """Write a link that stays inside the folder, and what it leads to."""
        target = self.folder / path
        leads = Path(os.path.normpath(target.parent / to))
        if path in self._links or not _is_safe(to) or not leads.is_relative_to(self.folder):
            return
        if not self._has_own_folder(target):
            return
        self._links[path] = to
        with _writing(path):
            make_scratch_folder(target.parent)
            target.symlink_to(to)
        self._add(PurePosixPath(leads.relative_to(self.folder).as_posix()))

    def _has_own_folder(self, target: Path) -> bool:
        """Whether nothing is at `target` yet, and no link is on the way to it."""
        if target.is_symlink() or target.exists():
            return False
        return target.parent.resolve() == target.parent


@contextlib.contextmanager
def _writing(path: PurePosixPath) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise ConfigError(OPTION, f"{path} of that commit cannot be written: {error.strerror or error}") from error


def _is_name(name: str) -> bool:
    return bool(name) and name not in {".", ".."} and name.lower() != ".git" and not set("/\0\\") & set(name)


def _is_safe(to: str) -> bool:
    """Whether a link goes up only first, from its own folder, which is none: ``link/..`` could lead out of it."""
    names = PurePosixPath(to).parts
    down = next((n for n, name in enumerate(names) if name != ".."), len(names))
    return bool(to) and "\0" not in to and not to.startswith("/") and ".." not in names[down:]


def _last_word(path: PurePosixPath) -> bytes:
    """Return what of a file's name a text that names it holds as one word."""
    words = _WORD.findall(os.fsencode(path.name))
    return words[-1] if words else b""
