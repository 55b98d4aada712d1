"""The folders that a server may read from, and the one way to a file in them."""

from __future__ import annotations

import os
import stat
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from wa_lint.errors import ConfigError
from wa_lint.mcp_server.quoted_data import RefusedCall
from wa_lint.run.inputs import File, uri_of
from wa_lint.writing import is_in_git_folder

MOST_BYTES: Final = 1_000_000
"""Of a file or text that is judged: CloudFormation takes a template of 1 MB (service quotas, read 2026-11)."""

UNTITLED: Final = "untitled.yaml"
"""What a text is called that has no file."""

_TOO_LARGE: Final = "more than {:,} bytes are not judged here; run wa-lint on the command line"


def real_roots(given: Sequence[Path]) -> tuple[Path, ...]:
    """Return the roots with links followed, once and for all. Raise `ConfigError` where one is not a folder."""
    roots = tuple(path.resolve() for path in given)
    for path, root in zip(given, roots, strict=True):
        if not root.is_dir():
            raise ConfigError("--root", f"{path} is not a folder")
    return roots


def file_below(name: str, roots: Sequence[Path], most: int = MOST_BYTES) -> File:
    """Return the file of that name, read. Raise `RefusedCall` where it is below no root, links followed, or no file.

    A name that leads outside gets the same answer whether or not there is something.
    """
    real, root = _found(name, roots)
    return File(uri_of(real, Path.cwd()), str(real), str(root), content=_content(real, name, most), is_named=True)


def file_of(text: str) -> File:
    """Return a text as a file that names no other. Raise `RefusedCall` where it is too large."""
    content = text.encode("utf-8", "replace")
    if len(content) > MOST_BYTES:
        raise RefusedCall(_TOO_LARGE.format(MOST_BYTES))
    return File(UNTITLED, UNTITLED, content=content, is_named=True)


def _found(name: str, roots: Sequence[Path]) -> tuple[Path, Path]:
    """Return where a name leads and the root that this is below; the first that is there, from one root or another."""
    try:
        real = [Path(os.path.realpath(root / name)) for root in roots]
        inside = [(path, root) for path in real for root in roots if path.is_relative_to(root)]
        allowed = [(path, root) for path, root in inside if not is_in_git_folder(path)]
        found = next(((path, root) for path, root in allowed if path.exists()), allowed[0] if allowed else None)
    except (OSError, ValueError, RuntimeError):  # a null byte, a name that is too long, a loop of links
        raise RefusedCall("the path cannot be read as one", path=name) from None
    if found is None:
        raise RefusedCall("the path is not below a root of this server (--root), or is in a git directory", path=name)
    return found


def _content(path: Path, name: str, most: int) -> bytes:
    """Return what a regular file holds. No link is followed any more, and no pipe waited for."""
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    try:
        with os.fdopen(os.open(path, flags), "rb") as stream:
            if not stat.S_ISREG(os.fstat(stream.fileno()).st_mode):
                raise RefusedCall("the path is no regular file", path=name)
            content = stream.read(most + 1)
    except OSError:
        raise RefusedCall("there is no such file, or it may not be read", path=name) from None
    if len(content) > most:
        raise RefusedCall(_TOO_LARGE.format(most), path=name)
    return content
