"""Waits until files of a folder change. It holds no opinion about what they say."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Final, TypeAlias

_PAUSE: Final = 0.5
"""Seconds between two looks: who saves a file waits no longer."""

_State: TypeAlias = Mapping[Path, tuple[int, int]]


def changes(folder: Path, wait: Callable[[float], object] = time.sleep) -> Iterator[frozenset[Path]]:
    """Yield the ``*.yaml`` files that are new, changed or gone, each time that there are any. It never ends."""
    before = _state(folder)
    while True:
        wait(_PAUSE)
        now = _state(folder)
        if now != before:
            yield frozenset(file for file in {*before, *now} if before.get(file) != now.get(file))
            before = now


def _state(folder: Path) -> _State:
    found = {}
    for file in folder.rglob("*.yaml"):
        try:
            status = file.stat()
        except OSError:  # an editor has just replaced it
            continue
        found[file] = status.st_mtime_ns, status.st_size
    return found
