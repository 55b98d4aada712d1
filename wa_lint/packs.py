"""Where rules come from: the book in the wheel, prepared; the files of a checkout; folders of yours."""

from __future__ import annotations

import contextlib
import hashlib
import os
import stat
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path

import msgspec

from wa_lint import writing
from wa_lint.errors import ConfigError, RuleFileError
from wa_lint.rule import Rule, load_file
from wa_lint.suppress.allow import FAULTS
from wa_lint.version import VERSION


class BrokenFile(msgspec.Struct, frozen=True):
    """A file of a pack that holds no rule."""

    path: Path
    error: RuleFileError
    """Its place begins with the path inside the pack."""

    @property
    def id(self) -> str:
        """The id that its rule must have had: that of the file."""
        return self.path.stem


class Book(msgspec.Struct, frozen=True):
    """Rules, each id once, and the files among theirs that hold none."""

    rules: tuple[Rule, ...]
    broken: tuple[BrokenFile, ...] = ()


PREPARED = "rules.msgpack"
"""The book in the wheel, beside this module: every built-in rule without its examples."""

_HERE = Path(__file__).parent

_MOST_BYTES = 1 << 20
"""Of a rule file."""


def load(extra_folders: Sequence[Path] = ()) -> tuple[Rule, ...]:
    """Return the built-in rules and those of `extra_folders`, by id. Raise `RuleFileError` at the first broken file."""
    whole = book(tuple(extra_folders))
    for one in whole.broken:
        raise one.error
    return whole.rules


@cache
def book(folders: tuple[Path, ...] = ()) -> Book:
    """Return the built-in rules and those of `folders`, by id. It is read once in a process."""
    found = _read(built_in(), folders)
    return Book(tuple(sorted(found.rules, key=lambda rule: rule.info.id)), found.broken)


def read_folder(folder: Path) -> Book:
    """Return the rules of a folder, in the order of their paths."""
    return _read((), [folder])


def built_in() -> Sequence[Rule]:
    """Return the rules that come with wa-lint: prepared in a wheel, from their files in a checkout."""
    prepared = _HERE / PREPARED
    if prepared.is_file():
        return _decoded(prepared.read_bytes())
    return _of_checkout(rules_folder())


def rules_folder() -> Path:
    """Return the folder of the built-in rule files: inside the wheel, or at the top of a checkout."""
    shipped = _HERE / "_rules"
    return shipped if shipped.is_dir() else _HERE.parent / "rules"


def load_folder(folder: Path, *, is_trusted: bool = False) -> Iterator[Rule]:
    """Yield the rules of a folder and its sub-folders, in the order of their paths."""
    for file in sorted(folder.rglob("*.yaml")):
        yield _rule_in(folder, file, is_trusted=is_trusted)


def _rule_in(folder: Path, file: Path, *, is_trusted: bool) -> Rule:
    name = file.relative_to(folder).as_posix()
    if not is_trusted and not file.resolve().is_relative_to(folder.resolve()):
        raise RuleFileError(name, "a link that leads out of the folder; a pack brings all its rules along")
    if not is_trusted and (not file.is_file() or file.stat().st_size > _MOST_BYTES):
        raise RuleFileError(name, f"is not a regular file of at most {_MOST_BYTES >> 20} MiB")
    return load_file(file, name, is_trusted=is_trusted)


def _read(known: Iterable[Rule], folders: Iterable[Path]) -> Book:
    """Return `known` and the rules of `folders`. A broken file costs no other its rule."""
    rules = {name: rule for rule in known for name in (rule.info.id, *rule.info.aliases)}
    broken: list[BrokenFile] = []
    for folder in folders:
        for file in sorted(folder.rglob("*.yaml")):
            try:
                rule = _rule_in(folder, file, is_trusted=False)
                _demand_free(rule, rules)
            except RuleFileError as error:
                broken.append(BrokenFile(file, error))
                continue
            rules |= dict.fromkeys((rule.info.id, *rule.info.aliases), rule)
    return Book(tuple(dict.fromkeys(rules.values())), tuple(broken))


def _demand_free(rule: Rule, taken: Mapping[str, Rule]) -> None:
    for name in (rule.info.id, *rule.info.aliases):
        if name in FAULTS:
            raise RuleFileError(rule.file, f"the id {name!r} is reserved for findings about suppressions")
        if name in taken:
            raise RuleFileError(rule.file, f"the id {name!r} is used by {taken[name].file}")


def prepare(folder: Path) -> bytes:
    """Return the rule files of `folder` as the book that the wheel carries."""
    return msgspec.msgpack.encode([_without_examples(rule) for rule in load_folder(folder, is_trusted=True)])


def _decoded(book: bytes) -> Sequence[Rule]:
    return msgspec.msgpack.decode(book, type=list[Rule])


# --- the book of a checkout, kept for the next run --------------------------------------------------


def _of_checkout(folder: Path) -> Sequence[Rule]:
    """Return the rules of a folder from the book that an earlier run kept of the very same files, if there is one."""
    name = f"rules-{_digest(folder)}.msgpack"
    try:
        return _decoded(_kept(_cache() / name))
    except (OSError, ValueError, msgspec.MsgspecError):
        book = prepare(folder)
        with contextlib.suppress(OSError, ConfigError):
            _keep(_cache(), name, book)
        return _decoded(book)


def _digest(folder: Path) -> str:
    """Return what changes with every change of a rule, of wa-lint, or of what a rule is."""
    digest = hashlib.sha256(VERSION.encode())
    for file in (*sorted(folder.rglob("*.yaml")), _HERE / "rule.py", _HERE / "model.py"):
        content = file.read_bytes()
        digest.update(f"\0{file.name}\0{len(content)}\0".encode())
        digest.update(content)
    return digest.hexdigest()


def _cache() -> Path:
    """Return the user's folder for what can be made again; raise OSError where that is in the present folder.

    What is in the folder that is checked may come from anybody.
    """
    base = Path(os.environ.get("XDG_CACHE_HOME") or os.environ.get("LOCALAPPDATA") or Path.home() / ".cache")
    cache = base.resolve() / "wa-lint"
    if not base.is_absolute() or cache.is_relative_to(Path.cwd()):
        raise OSError("no cache of the user's own")
    return cache


def _kept(file: Path) -> bytes:
    """Return a book that we kept; raise OSError where others could have written it, ValueError where it is torn."""
    for path in (file.parent, file):
        status = path.lstat()
        is_ours = not hasattr(os, "getuid") or (status.st_uid == os.getuid() and not status.st_mode & 0o022)
        if not is_ours or stat.S_ISLNK(status.st_mode):
            raise PermissionError(path)
    seal, book = (content := file.read_bytes())[:_SEAL], content[_SEAL:]
    if hashlib.sha256(book).digest() != seal:
        raise ValueError(file.name)
    return book


def _keep(cache: Path, name: str, book: bytes) -> None:
    """Write a book so that it is there in full or not at all, and drop those of other texts."""
    writing.make_folder(cache, is_private=True)
    with writing.atomic(cache / name, is_private=True) as stream:
        stream.write(hashlib.sha256(book).digest() + book)
    for other in cache.glob("rules-*.msgpack"):
        if other.name != name:
            other.unlink(missing_ok=True)


_SEAL = hashlib.sha256().digest_size


def _without_examples(rule: Rule) -> Rule:
    return msgspec.structs.replace(rule, examples=())


def examples_of(rules: Iterable[Rule]) -> Iterator[Rule]:
    """Yield built-in rules with their examples, from their files: the prepared book has none."""
    folder = rules_folder()
    files = {file.stem: file for file in folder.rglob("*.yaml")}
    for rule in rules:
        file = files.get(rule.info.id)
        yield (
            load_file(file, file.relative_to(folder).as_posix(), is_trusted=True)
            if file and not rule.examples
            else rule
        )
