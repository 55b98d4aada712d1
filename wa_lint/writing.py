"""Every file that wa-lint writes is written here: whole or not at all, through no link, and into no git directory.

A tree that is checked may have been made by a stranger, who can commit links but cannot foresee names outside of it.
"""

from __future__ import annotations

import contextlib
import os
import re
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Final

from wa_lint.errors import ConfigError

_STREAMS: Final = {"/dev/stdout": 1, "/dev/stderr": 2}
"""Devices that may be named on the command line, by the descriptor behind them; and `os.devnull`."""

_GIT: Final = frozenset({".git", "git~1"})
"""Names of git's own folder, in lower case; the second is what Windows also calls it."""

_PASSED_OVER: Final = re.compile(r"[\u200c-\u200f\u202a-\u202e\u206a-\u206f\ufeff]|:.*|[ .]+$")
"""What some file systems do not see in a name: characters without a width, a stream, dots and blanks at the end."""


def demand_writable(file: Path) -> None:
    """Raise `ConfigError` where `file` must not be written: a link, a device, or a place inside a git directory."""
    if _is_stream(file):
        return
    try:
        _demand_no_link(file)
        _demand_regular(file)
        _demand_outside_git(file)
    except (OSError, RuntimeError, ValueError) as error:  # a loop of links, a null byte
        raise ConfigError(str(file), f"cannot be written: {getattr(error, 'strerror', None) or error}") from error


@contextlib.contextmanager
def atomic(file: Path, *, is_private: bool = False) -> Iterator[BinaryIO]:
    """Open `file` so that it changes only when all is written. Raise `ConfigError` as `demand_writable`.

    A private file tells of an account: only its owner may read it (mode 0600), also where it was there before.
    """
    demand_writable(file)
    try:
        with _opened(file, is_private=is_private) as stream:
            yield stream
    except OSError as error:
        raise ConfigError(str(file), f"cannot be written: {error.strerror or error}") from error


def append(file: Path, content: bytes) -> None:
    """Add `content` to a file that only its owner may read. Raise `ConfigError` as `demand_writable`.

    It is one write at the end of the file: who is killed leaves all that was there, and at most a part of `content`.
    """
    demand_writable(file)
    try:
        descriptor = os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        with os.fdopen(descriptor, "ab") as stream:
            stream.write(content)
    except OSError as error:
        raise ConfigError(str(file), f"cannot be written: {error.strerror or error}") from error


def private_file(file: Path) -> None:
    """Make `file`, empty, where it is not there, so that only its owner may read it: a database is written in place.

    Raise `ConfigError` where it cannot be made, or as `demand_writable`.
    """
    demand_writable(file)
    try:
        descriptor = os.open(file, os.O_CREAT | os.O_RDWR | getattr(os, "O_NOFOLLOW", 0), 0o600)
    except OSError as error:
        raise ConfigError(str(file), f"cannot be written: {error.strerror or error}") from error
    os.close(descriptor)


def make_folder(folder: Path, *, is_private: bool = False) -> None:
    """Make `folder` and those above it. Raise `ConfigError` where it cannot be made, or as `demand_writable`.

    Only its owner may read or write in a private folder (mode 0700).
    """
    demand_writable(folder / "file")
    try:
        folder.mkdir(mode=0o700 if is_private else 0o777, parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(str(folder), f"cannot be made: {error.strerror or error}") from error


def create(file: Path, text: str) -> None:
    """Write a file that is not there yet, with its folder. Raise `ConfigError` where it is, or as `demand_writable`."""
    make_folder(file.parent)
    demand_writable(file)
    try:
        with file.open("x", encoding="utf-8") as stream:
            stream.write(text)
    except OSError as error:
        raise ConfigError(str(file), f"cannot be written: {error.strerror or error}") from error


def write_scratch(file: Path, content: bytes) -> None:
    """Write a new file of a temporary folder of ours, with its folder. Raise `OSError`."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("xb") as stream:
        stream.write(content)


def make_scratch_folder(folder: Path) -> Path:
    """Make a folder of a temporary folder of ours, and return it. Raise `OSError`."""
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def is_in_git_folder(path: Path) -> bool:
    """Whether a path, links followed, is or lies below a git directory: ``.git``, a bare one, or one put elsewhere."""
    real = path.resolve()
    return any(_is_git_name(folder.name) or _is_git_folder(folder) for folder in (real, *real.parents))


def root_of(folder: Path) -> Path:
    """Return the top of the repository that `folder` is in; the folder itself where it is in none. No git is run.

    What is above the home folder, or is it, is no repository to speak of: everything that a user has would be in it.
    """
    top = next((above for above in (folder, *folder.parents) if (above / ".git").exists()), folder)
    return folder if top != folder and _home_is_below(top) else top


def _home_is_below(folder: Path) -> bool:
    try:
        return Path.home().is_relative_to(folder)
    except RuntimeError:  # nobody knows where it is
        return False


# --- what is refused --------------------------------------------------------------------------------


def _is_stream(file: Path) -> bool:
    return str(file) in {*_STREAMS, os.devnull}


def _demand_no_link(file: Path) -> None:
    """Refuse a file that is a link, and a link in the working tree that leads the folder of the file out of it."""
    if file.is_symlink():
        raise ConfigError(str(file), "is a symbolic link; wa-lint writes through no link, so name the file itself")
    tree = root_of(Path.cwd()).resolve()
    at = Path(file.anchor) if file.is_absolute() else Path.cwd()
    for part in file.parts[:-1]:
        step = at / part
        target = step.resolve()
        if step.is_symlink() and at.resolve().is_relative_to(tree) and not target.is_relative_to(tree):
            raise ConfigError(str(file), f"{step.name} is a symbolic link that leads out of the working tree")
        at = target


def _demand_regular(file: Path) -> None:
    if file.exists() and not file.is_file() and not file.is_dir():
        raise ConfigError(
            str(file), f"is {_kind(file)}; wa-lint writes to files, /dev/stdout, /dev/stderr and /dev/null"
        )


def _kind(file: Path) -> str:
    mode = file.stat().st_mode
    return "a pipe" if stat.S_ISFIFO(mode) else "a socket" if stat.S_ISSOCK(mode) else "a device"


def _demand_outside_git(file: Path) -> None:
    if _is_git_name(file.name) or is_in_git_folder(file.parent):
        raise ConfigError(str(file), "is in a git directory, where wa-lint does not write")


def _is_git_name(name: str) -> bool:
    return _PASSED_OVER.sub("", name).lower() in _GIT


def _is_git_folder(folder: Path) -> bool:
    return (folder / "HEAD").is_file() and (folder / "objects").is_dir() and (folder / "refs").is_dir()


# --- how it is written ------------------------------------------------------------------------------


@contextlib.contextmanager
def _opened(file: Path, *, is_private: bool) -> Iterator[BinaryIO]:
    if not _is_stream(file):
        with _renamed(file.parent.resolve() / file.name, is_private=is_private) as stream:
            yield stream
    elif str(file) in _STREAMS:
        with os.fdopen(os.dup(_STREAMS[str(file)]), "wb") as stream:  # to open it by its name would empty the file
            yield stream
    else:
        with file.open("wb") as stream:
            yield stream


@contextlib.contextmanager
def _renamed(file: Path, *, is_private: bool) -> Iterator[BinaryIO]:
    descriptor, name = tempfile.mkstemp(prefix=".wa-lint.", dir=file.parent)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            yield stream
        if not is_private:  # mkstemp makes a file with mode 0600
            Path(name).chmod(file.stat().st_mode & 0o777 if file.exists() else 0o666 & ~_umask())
        Path(name).replace(file)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _umask() -> int:
    """Return the process's mask, which can be read only by setting it."""
    mask = os.umask(0o077)
    os.umask(mask)
    return mask
