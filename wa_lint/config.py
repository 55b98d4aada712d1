"""The configuration: what files say, merged, with where each value was said. It opens only what it is handed.

The nearest file counts, after what it extends. Of a list that merges, what each says adds up; of all else the last word
counts. A file of a repository is not trusted: no path in it leads out of the folder that it speaks for.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

import msgspec

from wa_lint.document import Document, read_document
from wa_lint.errors import ConfigError, did_you_mean
from wa_lint.model import Raw

NAMES: Final = ("wa-lint.yaml", ".wa-lint.yaml", "pyproject.toml")
"""What a configuration file is called; of the last one only the table ``tool.wa-lint`` is read."""

_DEEPEST: Final = 10
"""Files that extend each other."""


class Key(msgspec.Struct, frozen=True):
    """What may be said under one key."""

    kind: str
    """text | texts | flag | number | path | paths | entries | overrides | outputs"""
    meaning: str
    merges: bool = False
    """Whether what several files, and the command line, say adds up."""
    choices: tuple[str, ...] = ()


_SEVERITIES: Final = ("low", "medium", "high", "critical")

KEYS: Final[Mapping[str, Key]] = {
    "extends": Key("texts", "Files beside this one, or installed packages with a wa-lint.yaml, that this one adds to."),
    "paths": Key("paths", "What is judged when the command line names nothing."),
    "exclude": Key("texts", "Files that a folder is not searched for; * stands for anything.", merges=True),
    "select": Key("texts", "Only these rules."),
    "ignore": Key("texts", "Not these rules.", merges=True),
    "pillar": Key("texts", "Only rules of these pillars."),
    "severity": Key("text", "Only rules that are as severe, or more.", choices=_SEVERITIES),
    "rules": Key("paths", "Folders with rules of your own.", merges=True),
    "parameters": Key("texts", "Values of the templates' parameters, as --parameters takes them."),
    "jobs": Key("number", "Processes to judge with."),
    "allow": Key("entries", "Suppressions: entries with a rule, or files that hold such a list.", merges=True),
    "inline-suppressions": Key("flag", "Whether comments, Metadata and tags may suppress."),
    "require-reason": Key("flag", "Whether a suppression without a reason is none."),
    "never-suppress": Key("texts", "Rules that nothing suppresses.", merges=True),
    "baseline": Key("path", "What `wa-lint baseline` wrote."),
    "overrides": Key("overrides", "For files that look like `paths`: `ignore`, rules not to ask there.", merges=True),
    "output": Key("outputs", "FORMAT or FORMAT=FILE."),
    "show-all": Key("flag", "Show what passed and what did not apply too."),
    "fail-on": Key("text", "Exit 1 when something as severe fails.", choices=(*_SEVERITIES, "never")),
    "strict": Key("flag", "Exit 4 when a verdict is unknown."),
}


class Said(msgspec.Struct, frozen=True):
    """One value, where it was said, and the folder that paths in it start from."""

    value: Raw
    where: str
    """``wa-lint.yaml:3:1``"""
    folder: Path


class Override(msgspec.Struct, frozen=True):
    """Rules that are not asked about some files."""

    paths: tuple[str, ...]
    ignore: tuple[str, ...]
    said: Said


class Config(msgspec.Struct, frozen=True):
    """All that was said, by key, in the order in which it was merged."""

    said: Mapping[str, tuple[Said, ...]] = {}
    files: tuple[str, ...] = ()

    def values(self, key: str) -> list[Raw]:
        """Return the items of a list; nothing where nobody said any."""
        found = self.said.get(key, ())
        counted = found if KEYS[key].merges else found[-1:]
        return [item for one in counted for item in (one.value if isinstance(one.value, list) else [one.value])]

    def overrides(self) -> Iterator[Override]:
        for said in self.said.get("overrides", ()):
            for item in said.value:
                yield Override(_listed(item["paths"]), _listed(item["ignore"]), said)


Open = Callable[[Path], bytes]
"""Gives the content of a file. Raise OSError where it is not to be had."""

FindPackage = Callable[[str], Path | None]
"""Gives the folder of an installed package, without importing it."""


def load(file: Path, root: Path, name: str, open_file: Open, find_package: FindPackage) -> Config:
    """Return what `file` and all that it extends say. `name` is what messages call it, `root` what it may speak for.

    Raise `ConfigError`, with line and column where there are any, at the first thing that is wrong.
    """
    return _Loading(open_file, find_package).load(file, root, name, ())


def has_table(content: bytes) -> bool:
    """Whether a pyproject.toml speaks to wa-lint. What is no TOML does not."""
    try:
        return isinstance(tomllib.loads(content.decode()).get("tool", {}).get("wa-lint"), dict)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, AttributeError):
        return False


class _Loading(msgspec.Struct, frozen=True):
    open_file: Open
    find_package: FindPackage

    def load(self, file: Path, root: Path, name: str, chain: tuple[Path, ...]) -> Config:
        if file.resolve() in chain:
            raise ConfigError(name, "extends itself")
        if len(chain) >= _DEEPEST:
            raise ConfigError(name, f"more than {_DEEPEST} files extend each other")
        said = _read(self._bytes(file, name), file, name)
        checked = {key: _checked(key, one, root) for key, one in said.items()}
        config = Config()
        for base in checked["extends"].value if "extends" in checked else ():
            config = _merged(config, self._base(base, file, root, checked["extends"], (*chain, file.resolve())))
        own = Config({key: (one,) for key, one in checked.items() if key != "extends"}, (name,))
        return _merged(config, own)

    def _base(self, base: str, file: Path, root: Path, said: Said, chain: tuple[Path, ...]) -> Config:
        if base.endswith((".yaml", ".yml", ".toml")):
            found = file.parent / base
            if not _is_inside(found, root):
                raise ConfigError(said.where, f"extends {base!r}, which is outside of the repository")
            return self.load(found, root, base, chain)
        folder = self.find_package(base)
        if folder is None:
            raise ConfigError(said.where, f"extends {base!r}, which is neither a .yaml file nor an installed package")
        return self.load(folder / NAMES[0], folder, f"{base}/{NAMES[0]}", chain)

    def _bytes(self, file: Path, name: str) -> bytes:
        try:
            return self.open_file(file)
        except OSError as error:
            raise ConfigError(name, f"cannot be read: {error.strerror or error}") from error


def _merged(base: Config, other: Config) -> Config:
    keys = dict.fromkeys((*base.said, *other.said))
    said = {key: (*base.said.get(key, ()), *other.said.get(key, ())) for key in keys}
    return Config(said, (*base.files, *other.files))


# --- reading and checking ---------------------------------------------------------------------------


def _read(content: bytes, file: Path, name: str) -> dict[str, Said]:
    if file.suffix == ".toml":
        return {key: Said(value, f"{name}: tool.wa-lint.{key}", file.parent) for key, value in _toml(content, name)}
    document = read_document(content, name)
    if document.is_empty:
        return {}
    if not isinstance(document.value, dict):
        raise ConfigError(f"{name}:1:1", "is no map of keys and values")
    if document.problems:
        problem = document.problems[0]
        raise ConfigError(str(problem.location), problem.message)
    return {str(key): Said(value, _where(document, key), file.parent) for key, value in document.value.items()}


def _where(document: Document, key: str) -> str:
    return str(document.locate_key((key,)))


def _toml(content: bytes, name: str) -> Sequence[tuple[str, Raw]]:
    try:
        table = tomllib.loads(content.decode()).get("tool", {}).get("wa-lint", {})
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(name, f"is no TOML: {error}") from error
    if not isinstance(table, dict):
        raise ConfigError(name, "tool.wa-lint is no table")
    return list(table.items())


def _checked(key: str, said: Said, root: Path) -> Said:
    """Return what was said, a list where the key takes one. Raise `ConfigError` where it does not fit the key."""
    if key not in KEYS:
        raise ConfigError(said.where, f"there is no key {key!r}{did_you_mean(key, KEYS)}")
    value = _FITS[KEYS[key].kind](said, KEYS[key])
    for path in _paths(KEYS[key].kind, value):
        if not _is_inside(said.folder / path, root):
            raise ConfigError(said.where, f"{path!r} leads out of the folder that this file speaks for")
    return msgspec.structs.replace(said, value=value)


def _text(said: Said, key: Key) -> Raw:
    if not isinstance(said.value, str) or not said.value:
        raise ConfigError(said.where, "takes one text")
    if key.choices and said.value not in key.choices:
        near = did_you_mean(said.value, key.choices) or f"; it is {', '.join(key.choices)}"
        raise ConfigError(said.where, f"cannot be {said.value!r}{near}")
    return said.value


def _texts(said: Said, _key: Key) -> Raw:
    listed = said.value if isinstance(said.value, list) else [said.value]
    if not all(isinstance(item, str) and item for item in listed):
        raise ConfigError(said.where, "takes a list of texts")
    return listed


def _flag(said: Said, _key: Key) -> Raw:
    if not isinstance(said.value, bool):
        raise ConfigError(said.where, "is true or false")
    return said.value


def _number(said: Said, _key: Key) -> Raw:
    if isinstance(said.value, bool) or not isinstance(said.value, int) or said.value < 1:
        raise ConfigError(said.where, "takes a whole number above 0")
    return said.value


def _entries(said: Said, _key: Key) -> Raw:
    listed = said.value if isinstance(said.value, list) else [said.value]
    if not all(isinstance(item, str | dict) for item in listed):
        raise ConfigError(said.where, "takes a list of entries, each with a rule, or of files that hold such a list")
    return listed


def _overrides(said: Said, _key: Key) -> Raw:
    for item in said.value if isinstance(said.value, list) else [None]:
        if not isinstance(item, dict) or not {"paths", "ignore"} <= set(item):
            raise ConfigError(said.where, "takes a list of maps, each with paths and ignore")
        for key, inner in item.items():
            if key not in {"paths", "ignore"}:
                raise ConfigError(said.where, f"there is no key {key!r}{did_you_mean(key, ['paths', 'ignore'])}")
            _texts(msgspec.structs.replace(said, value=inner), KEYS["ignore"])
    return said.value


_FITS: Final[Mapping[str, Callable[[Said, Key], Raw]]] = {
    "text": _text,
    "texts": _texts,
    "flag": _flag,
    "number": _number,
    "path": _text,
    "paths": _texts,
    "entries": _entries,
    "overrides": _overrides,
    "outputs": _texts,
}


def _paths(kind: str, value: Raw) -> list[str]:
    """Return what of a value is the path of a file or folder."""
    if kind == "outputs":
        return [text.partition("=")[2] for text in value if "=" in text]
    if kind in {"path", "paths"}:
        return [value] if isinstance(value, str) else value
    return [item for item in value if isinstance(item, str)] if kind == "entries" else []


def _is_inside(path: Path, root: Path) -> bool:
    try:
        return path.resolve().is_relative_to(root.resolve())
    except (OSError, RuntimeError, ValueError):  # a loop of links, a null byte
        return False


def _listed(value: Raw) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(value)
