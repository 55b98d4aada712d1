"""The configuration: what files say, merged, with where each value was said. It opens only what it is handed.

The nearest file counts, after what it extends. Of a list that merges, what each says adds up; of all else the last word
counts. A file that was found in the tree is not trusted: it names no file to write, and every path in it leads to a
regular file (or a folder, where one is wanted) inside the folder that it speaks for. What it extends is trusted no more
than itself. A file that the user names may say everything.
"""

from __future__ import annotations

import posixpath
import re
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

import msgspec

from wa_lint.document import Document, read_document
from wa_lint.errors import ConfigError, did_you_mean
from wa_lint.model import Raw
from wa_lint.request_limits import MOST_TRAFFIC_DAYS, TRAFFIC_DAYS
from wa_lint.writing import is_in_git_folder

NAMES: Final = ("wa-lint.yaml", ".wa-lint.yaml", "pyproject.toml")
"""What a configuration file is called; of the last one only the table ``tool.wa-lint`` is read."""

_DEEPEST: Final = 10
"""Files that extend each other."""

FOUND: Final = "found"
"""The trust of a configuration that lies in the tree that is checked."""

NAMED: Final = "named"
"""The trust of a configuration that the user names with ``--config``."""

MOST_BYTES: Final = 1 << 20
"""Of a configuration."""

_MOST_READ: Final = 64 << 20
"""Of a file that a found configuration names."""

_NOT_A_PATH: Final = re.compile(r"(AWS::)?[A-Za-z0-9]+=.*", re.DOTALL)
"""``Name=Value`` among parameters, as `wa_lint.sources.template.pair_of` reads it."""


class Key(msgspec.Struct, frozen=True):
    """What may be said under one key."""

    kind: str
    """A key of `_FITS`. What holds a path has a kind of its own: `_paths` says which part of the value it is."""
    meaning: str
    merges: bool = False
    """Whether what several files, and the command line, say adds up."""
    choices: tuple[str, ...] = ()


PROFILES: Final = ("startup", "production", "regulated")
"""What ``data/profiles.json`` has."""

_SEVERITIES: Final = ("low", "medium", "high", "critical")

_PILLARS: Final = (
    "operational-excellence",
    "security",
    "reliability",
    "performance-efficiency",
    "cost-optimization",
    "sustainability",
)
"""As `wa_lint.lens.PILLARS`, which is on the same floor."""

KEYS: Final[Mapping[str, Key]] = {
    "extends": Key("bases", "Files, or installed packages with a wa-lint.yaml, that this file extends."),
    "paths": Key("paths", "The paths to check if the command line names none."),
    "exclude": Key("texts", "Files to skip when searching folders; * is a wildcard.", merges=True),
    "select": Key("texts", "Check only these rules."),
    "ignore": Key("texts", "Skip these rules.", merges=True),
    "pillar": Key("texts", "Check only rules of these pillars.", choices=_PILLARS),
    "severity": Key("text", "Check only rules of this severity or higher.", choices=_SEVERITIES),
    "all-buckets": Key("flag", "Check every S3 bucket, not only those that an ML workload uses."),
    "rule-profile": Key("text", "A set of settings and rules for a kind of team.", choices=PROFILES),
    "settings": Key("settings", "Changed settings: for each rule, a map of names and values.", merges=True),
    "profiles": Key("profiles", "Profiles and settings for some files, stages or names only.", merges=True),
    "rules": Key("folders", "Folders with your own rules.", merges=True),
    "parameters": Key("parameters", "Values of the templates' parameters, as --parameters takes them."),
    "traffic-days": Key("days", "Days of hourly request metrics to read from a live account, 14 to 90."),
    "jobs": Key("number", "Number of worker processes."),
    "allow": Key("entries", "Suppressions: entries with a rule, or files with a list of entries.", merges=True),
    "inline-suppressions": Key("flag", "Honor suppressions in comments, Metadata and tags."),
    "require-reason": Key("flag", "Ignore suppressions that give no reason."),
    "never-suppress": Key("texts", "Rules that cannot be suppressed.", merges=True),
    "baseline": Key("path", "What `wa-lint baseline` wrote."),
    "overrides": Key("overrides", "For files that match `paths`: `ignore`, the rules to skip there.", merges=True),
    "output": Key("outputs", "FORMAT; FORMAT=FILE only in a file that --config names."),
    "show-all": Key("flag", "Also show what passed and what did not apply."),
    "fail-on": Key("text", "Exit 1 when a rule of this severity or higher fails.", choices=(*_SEVERITIES, "never")),
    "strict": Key("flag", "Exit 4 when a verdict is unknown."),
}


class ConfiguredValue(msgspec.Struct, frozen=True):
    """One value, where it was said, and the folder that paths in it start from."""

    value: Raw
    where: str
    """``wa-lint.yaml:3:1``"""
    folder: Path
    items: tuple[str, ...] = ()
    """Where each item of a list was said."""
    file: str = ""
    """What messages call the file."""
    nested: Mapping[tuple[int | str, str], str] = {}
    """Where a key of a map in a list, or of a map in a map, was said."""

    def where_of(self, item: int | str, key: str = "") -> str:
        """Return where an item of a list or a map was said, or a key of it."""
        inner = self.nested.get((item, key)) or self.nested.get((item, ""))
        if inner is None and isinstance(item, int) and item < len(self.items):
            inner = self.items[item]
        return inner or self.where


class Override(msgspec.Struct, frozen=True):
    """Rules that are not asked about some files."""

    paths: tuple[str, ...]
    ignore: tuple[str, ...]
    said: ConfiguredValue


class ProfileEntry(msgspec.Struct, frozen=True):
    """A profile and settings for the resources that all its conditions hold of."""

    where: str
    folder: Path
    """What `paths` start from."""
    paths: tuple[str, ...] = ()
    parameters: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """Patterns of values, by the name of the parameter."""
    tags: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """Patterns of values, by the key of the tag."""
    names: tuple[str, ...] = ()
    profile: str = ""
    """One of `PROFILES`; empty: that of the run."""
    settings: tuple[str, ...] = ()
    """``RULE.NAME=VALUE``"""
    settings_at: str = ""


class Config(msgspec.Struct, frozen=True):
    """All that was said, by key, in the order in which it was merged."""

    said: Mapping[str, tuple[ConfiguredValue, ...]] = {}
    files: tuple[str, ...] = ()
    trust: str = FOUND

    def values(self, key: str) -> list[Raw]:
        """Return the items of a list; nothing where nobody said any."""
        found = self.said.get(key, ())
        counted = found if KEYS[key].merges else found[-1:]
        return [item for one in counted for item in (one.value if isinstance(one.value, list) else [one.value])]

    def overrides(self) -> Iterator[Override]:
        for said in self.said.get("overrides", ()):
            for item in said.value:
                yield Override(_listed(item["paths"]), _listed(item["ignore"]), said)

    def profile_entries(self) -> Iterator[ProfileEntry]:
        """Yield the entries of ``profiles``; a later one counts before an earlier one."""
        for said in self.said.get("profiles", ()):
            for number, item in enumerate(said.value):
                yield ProfileEntry(
                    said.where_of(number),
                    said.folder,
                    paths=_listed(item.get("paths", ())),
                    parameters=_patterns(item.get("parameters", {})),
                    tags=_patterns(item.get("tags", {})),
                    names=_listed(item.get("names", ())),
                    profile=item.get("profile", ""),
                    settings=tuple(texts_of(item.get("settings", {}))),
                    settings_at=said.where_of(number, "settings"),
                )


Open = Callable[[Path], bytes]
"""Gives the content of a file. Raise OSError where it is not to be had."""

FindPackage = Callable[[str], Path | None]
"""Gives the folder of an installed package, without importing it."""


class Ground(msgspec.Struct, frozen=True):
    """How far a configuration may reach: `root` is what it speaks for."""

    root: Path
    trust: str = FOUND


def load(file: Path, ground: Ground, name: str, open_file: Open, find_package: FindPackage) -> Config:
    """Return what `file` and all that it extends say. `name` is what messages call it.

    Raise `ConfigError`, with line and column where there are any, at the first thing that is wrong.
    """
    return _Loading(open_file, find_package).load(file, ground, name, ())


def texts_of(value: Raw) -> list[str]:
    """Return ``RULE.NAME=VALUE`` for each value of a map of rules and names; a list of such texts as it is."""
    if not isinstance(value, dict):
        return list(value)
    return [f"{rule}.{name}={_spelled(inner)}" for rule, named in value.items() for name, inner in named.items()]


def _spelled(value: Raw) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return ",".join(map(str, value)) if isinstance(value, list) else str(value)


def has_table(content: bytes) -> bool:
    """Whether a pyproject.toml speaks to wa-lint. What is not valid TOML does not."""
    if b"wa-lint" not in content:
        return False
    try:
        return isinstance(tomllib.loads(content.decode()).get("tool", {}).get("wa-lint"), dict)
    except RecursionError:
        return True  # to read it says what is wrong
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, AttributeError):
        return False


class _Loading(msgspec.Struct, frozen=True):
    open_file: Open
    find_package: FindPackage

    def load(self, file: Path, ground: Ground, name: str, chain: tuple[Path, ...]) -> Config:
        if ground.trust == FOUND:
            _demand(file, ground.root, name, _File(most=MOST_BYTES))
        if file.resolve() in chain:
            raise ConfigError(name, "extends itself")
        if len(chain) >= _DEEPEST:
            raise ConfigError(name, f"more than {_DEEPEST} files extend each other")
        said = _read(self._bytes(file, name), file, name)
        checked = {key: _checked(key, one, ground) for key, one in said.items()}
        config = Config(trust=ground.trust)
        if "extends" in checked:
            here = (*chain, file.resolve())
            for number, base in enumerate(checked["extends"].value):
                config = _merged(config, self._base(base, number, checked["extends"], ground, here))
        own = Config({key: (one,) for key, one in checked.items() if key != "extends"}, (name,), ground.trust)
        return _merged(config, own)

    def _base(self, base: str, number: int, said: ConfiguredValue, ground: Ground, chain: tuple[Path, ...]) -> Config:
        if _is_file_name(base):
            self._demand_readable(said, number)
            name = posixpath.normpath(posixpath.join(posixpath.dirname(said.file), base))
            return self.load(said.folder / base, ground, name, chain)
        folder = self.find_package(base)
        if folder is None:
            problem = f"extends {base!r}, which is neither a .yaml file nor an installed package"
            raise ConfigError(said.where_of(number), problem)
        within = msgspec.structs.replace(ground, root=folder)
        return self.load(folder / NAMES[0], within, f"{base}/{NAMES[0]}", chain)

    def _demand_readable(self, said: ConfiguredValue, number: int) -> None:
        base = said.value[number]
        try:
            self.open_file(said.folder / base)
        except OSError as error:
            problem = f"extends {base!r}, which cannot be read: {error.strerror or error}"
            raise ConfigError(said.where_of(number), problem) from error

    def _bytes(self, file: Path, name: str) -> bytes:
        try:
            return self.open_file(file)
        except OSError as error:
            raise ConfigError(name, f"cannot be read: {error.strerror or error}") from error


def _is_file_name(base: str) -> bool:
    return base.endswith((".yaml", ".yml", ".toml"))


def _merged(base: Config, other: Config) -> Config:
    keys = dict.fromkeys((*base.said, *other.said))
    said = {key: (*base.said.get(key, ()), *other.said.get(key, ())) for key in keys}
    return Config(said, (*base.files, *other.files), other.trust)


# --- reading and checking ---------------------------------------------------------------------------


def _read(content: bytes, file: Path, name: str) -> dict[str, ConfiguredValue]:
    if file.suffix == ".toml":
        return {key: _said_in_toml(content, key, value, file, name) for key, value in _toml(content, name)}
    document = read_document(content, name)
    if document.is_empty:
        return {}
    if not isinstance(document.value, dict):
        raise ConfigError(f"{name}:1:1", "must be a mapping of keys to values")
    if document.problems:
        problem = document.problems[0]
        raise ConfigError(str(problem.location), problem.message)
    return {str(key): _said(document, key, file, name) for key in document.value}


def _said(document: Document, key: str, file: Path, name: str) -> ConfiguredValue:
    value = document.value[key]
    items = [str(document.locate((key, number))) for number in range(len(value))] if isinstance(value, list) else []
    nested = {
        (item, str(inner)): str(document.locate_key((key, item, inner) if inner else (key, item)))
        for item, found in (enumerate(value) if isinstance(value, list) else _pairs(value))
        for inner in (*([""] if isinstance(item, str) else []), *(found if isinstance(found, dict) else ()))
    }
    return ConfiguredValue(value, str(document.locate_key((key,))), file.parent, tuple(items), name, nested)


def _pairs(value: Raw) -> list[tuple[int | str, Raw]]:
    return [(key, inner) for key, inner in value.items() if isinstance(key, str)] if isinstance(value, dict) else []


def _said_in_toml(content: bytes, key: str, value: Raw, file: Path, name: str) -> ConfiguredValue:
    return ConfiguredValue(value, f"{name}:{_line_in_toml(content.decode(), key)}:1", file.parent, (), name)


def _line_in_toml(text: str, key: str) -> int:
    """Return the line of a key of ``tool.wa-lint``, or of its table: the parser of Python keeps no places."""
    lines = list(enumerate(text.splitlines(), 1))
    found, is_inside = next((number for number, line in lines if "wa-lint" in line), 1), False
    for number, line in lines:
        squeezed = re.sub(r"[\s\"']", "", line.partition("=")[0])
        if squeezed.startswith("["):
            is_inside = squeezed.strip("[]").startswith("tool.wa-lint")
            if squeezed.strip("[]") in {"tool.wa-lint", f"tool.wa-lint.{key}"}:
                found = number
                if squeezed.strip("[]") != "tool.wa-lint":
                    return number
        elif is_inside and "=" in line and squeezed.split(".")[0] == key:
            return number
    return found


def _toml(content: bytes, name: str) -> Sequence[tuple[str, Raw]]:
    try:
        table = tomllib.loads(content.decode()).get("tool", {}).get("wa-lint", {})
    except RecursionError as error:
        raise ConfigError(name, "is nested too deeply") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(name, f"is not valid TOML: {error}") from error
    if not isinstance(table, dict):
        raise ConfigError(name, "tool.wa-lint must be a table")
    return list(table.items())


class _Unfit(ConfigError):  # noqa: N818, it is said of a value
    """The problem goes on with a sentence that begins with the key: ``must be true or false (got 3)``."""


def _checked(key: str, said: ConfiguredValue, ground: Ground) -> ConfiguredValue:
    """Return what was said, a list where the key takes one. Raise `ConfigError` where it does not fit the key."""
    if key not in KEYS:
        raise ConfigError(said.where, f"unknown key {key!r}{did_you_mean(key, KEYS)}")
    try:
        value = _FITS[KEYS[key].kind](said, KEYS[key])
        if ground.trust == FOUND:
            _demand_inside(KEYS[key].kind, msgspec.structs.replace(said, value=value), ground.root)
    except _Unfit as error:
        raise ConfigError(error.where, f"{key}{error.problem}") from error
    except ConfigError as error:
        raise ConfigError(error.where, f"{key}: {error.problem}") from error
    return msgspec.structs.replace(said, value=value)


def must_be(wanted: str, value: Raw, choices: Sequence[str] = ()) -> str:
    """Return what is wrong with a value that is not what is wanted: ``must be one of a, b (got 3)``."""
    near = did_you_mean(value, choices) if isinstance(value, str) and value else ""
    return f"must be {wanted} (got {_in_words(value)}){near}"


def one_of(choices: Sequence[str]) -> str:
    return f"one of {', '.join(choices)}"


def folded(value: str, choices: Sequence[str]) -> str | None:
    """Return the choice that `value` spells, whatever its case; None where it spells none."""
    return next((choice for choice in choices if choice.casefold() == value.strip().casefold()), None)


def _in_words(value: Raw) -> str:
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list | dict):
        return "a list" if isinstance(value, list) else "a map"
    shown = repr(value) if isinstance(value, str) else str(value)
    return shown if len(shown) <= _LONGEST else f"{shown[: _LONGEST - 1]}…"


_LONGEST: Final = 60
"""Characters of a value in a message."""


def _unfit(where: str, wanted: str, value: Raw, inside: str = "", choices: Sequence[str] = ()) -> _Unfit:
    """Return the error of a value; `inside`: what of the key it is, as ``.idle_days``."""
    return _Unfit(where, f"{inside} {must_be(wanted, value, choices)}")


def _demand_inside(kind: str, said: ConfiguredValue, root: Path) -> None:
    for number, path in _paths(kind, said.value):
        _demand(said.folder / path, root, said.where_of(number), _WANTED[kind], path)


def _text(said: ConfiguredValue, key: Key) -> Raw:
    wanted = one_of(key.choices) if key.choices else "one text"
    if not isinstance(said.value, str) or not said.value:
        raise _unfit(said.where, wanted, said.value)
    found = folded(said.value, key.choices) if key.choices else said.value
    if found is None:
        raise _unfit(said.where, wanted, said.value, choices=key.choices)
    return found


def _texts(said: ConfiguredValue, key: Key) -> Raw:
    is_list = isinstance(said.value, list)
    for number, item in enumerate(said.value if is_list else [said.value]):
        where = said.where_of(number) if is_list else said.where
        if key.choices and not (isinstance(item, str) and folded(item, key.choices)):
            raise _unfit(where, one_of(key.choices), item, choices=key.choices)
        if not isinstance(item, str) or not item:
            raise _unfit(where, "a text, or a list of texts", item)
    listed = said.value if is_list else [said.value]
    return [folded(item, key.choices) for item in listed] if key.choices else listed


def _flag(said: ConfiguredValue, _key: Key) -> Raw:
    if not isinstance(said.value, bool):
        raise _unfit(said.where, "true or false", said.value)
    return said.value


def _number(said: ConfiguredValue, _key: Key) -> Raw:
    if isinstance(said.value, bool) or not isinstance(said.value, int) or said.value < 1:
        raise _unfit(said.where, "a whole number above 0", said.value)
    return said.value


def _days(said: ConfiguredValue, _key: Key) -> Raw:
    is_number = isinstance(said.value, int) and not isinstance(said.value, bool)
    if not is_number or not TRAFFIC_DAYS <= said.value <= MOST_TRAFFIC_DAYS:
        raise _unfit(said.where, f"a whole number from {TRAFFIC_DAYS} to {MOST_TRAFFIC_DAYS}", said.value)
    return said.value


def _entries(said: ConfiguredValue, _key: Key) -> Raw:
    listed = said.value if isinstance(said.value, list) else [said.value]
    for number, item in enumerate(listed):
        if not isinstance(item, str | dict) or item == "":
            wanted = "a list of entries, each with a rule, or of files that hold such a list"
            raise _unfit(said.where_of(number) if isinstance(said.value, list) else said.where, wanted, item)
    return listed


_OVERRIDING: Final = ("paths", "ignore")


def _overrides(said: ConfiguredValue, _key: Key) -> Raw:
    wanted = "a list of maps, each with paths and ignore"
    if not isinstance(said.value, list):
        raise _unfit(said.where, wanted, said.value)
    for number, item in enumerate(said.value):
        if not isinstance(item, dict):
            raise _unfit(said.where_of(number), wanted, item)
        for key, inner in item.items():
            where = said.where_of(number, str(key))
            if key not in _OVERRIDING:
                raise ConfigError(where, f"unknown key {key!r}{did_you_mean(str(key), _OVERRIDING)}")
            if not all(isinstance(text, str) and text for text in (inner if isinstance(inner, list) else [inner])):
                raise _unfit(where, "a text, or a list of texts", inner, f": {key}")
        if missing := [key for key in _OVERRIDING if key not in item]:
            raise ConfigError(said.where_of(number), f"an entry has paths and ignore; {missing[0]} is missing here")
    return said.value


def _profiles(said: ConfiguredValue, _key: Key) -> Raw:
    listed = said.value if isinstance(said.value, list) else [said.value]
    return [_profile_entry(said, number, item) for number, item in enumerate(listed)]


def _profile_entry(said: ConfiguredValue, number: int, item: Raw) -> Raw:
    if not isinstance(item, dict) or not isinstance(said.value, list):
        raise _unfit(said.where_of(number), "a list of maps, each with a condition and a profile", item)
    fitting = {}
    for key, value in item.items():
        here = ConfiguredValue(value, said.where_of(number, str(key)), said.folder, file=said.file)
        if key not in _PROFILE_KEYS:
            raise ConfigError(here.where, f"unknown key {key!r}{did_you_mean(str(key), _PROFILE_KEYS)}")
        try:
            fitting[key] = _PROFILE_KEYS[key](here, KEYS["rule-profile"] if key == "profile" else _ANY)
        except _Unfit as error:
            raise _Unfit(error.where, f": {key}{error.problem}") from error
    if not item.keys() & _CONDITIONS:
        problem = f"an entry says what it is for: {', '.join(_CONDITIONS)}; without, use rule-profile or settings"
        raise ConfigError(said.where_of(number), problem)
    if not item.keys() & {"profile", "settings"}:
        raise ConfigError(said.where_of(number), "an entry has a profile, settings, or both")
    return fitting


_ANY: Final = Key("texts", "")


def _by_name(said: ConfiguredValue, key: Key) -> Raw:
    if not isinstance(said.value, dict) or not said.value:
        raise _unfit(said.where, "a map of names, each with a value or a list of values", said.value)
    for name, value in said.value.items():
        if not isinstance(name, str):
            raise ConfigError(said.where, f"{name!r} is not a string")
        if not isinstance(value, str | list):
            raise ConfigError(said.where, f"{name} must be a string or a list of strings; put {value!r} in quotes")
        _some_texts(msgspec.structs.replace(said, value=value), key)
    return said.value


def _some_texts(said: ConfiguredValue, key: Key) -> Raw:
    found = _texts(said, key)
    if not found:
        raise _unfit(said.where, "one text at least", said.value)
    return found


def _settings(said: ConfiguredValue, _key: Key) -> Raw:
    if not isinstance(said.value, dict):
        raise _unfit(said.where, "a map of rules, each with a map of settings", said.value)
    for rule, named in said.value.items():
        if not isinstance(named, dict) or not named:
            raise _unfit(said.where_of(str(rule)), "a map of settings and their values", named, f": {rule}")
        for name, value in named.items():
            inner = value if isinstance(value, list) else [value]
            if not all(isinstance(item, bool | int | float | str) for item in inner):
                wanted = "a number, a text, true, false, or a list of texts"
                raise _unfit(said.where_of(str(rule), str(name)), wanted, value, f": {rule}.{name}")
    return said.value


_CONDITIONS: Final = ("paths", "parameters", "tags", "names")

_PROFILE_KEYS: Final[Mapping[str, Callable[[ConfiguredValue, Key], Raw]]] = {
    "paths": _some_texts,
    "parameters": _by_name,
    "tags": _by_name,
    "names": _some_texts,
    "profile": _text,
    "settings": _settings,
}
"""What an entry of ``profiles`` may say."""

_FITS: Final[Mapping[str, Callable[[ConfiguredValue, Key], Raw]]] = {
    "profiles": _profiles,
    "text": _text,
    "texts": _texts,
    "flag": _flag,
    "number": _number,
    "days": _days,
    "path": _text,
    "paths": _texts,
    "folders": _texts,
    "bases": _texts,
    "parameters": _texts,
    "entries": _entries,
    "overrides": _overrides,
    "outputs": _texts,
    "settings": _settings,
}


# --- paths in a file that is not trusted ------------------------------------------------------------


class _File(msgspec.Struct, frozen=True):
    """What a path has to lead to."""

    is_file: bool = True
    is_folder: bool = False
    most: int = _MOST_READ


_WANTED: Final[Mapping[str, _File | None]] = {
    "path": _File(),
    "paths": _File(is_folder=True),
    "folders": _File(is_file=False, is_folder=True),
    "bases": _File(most=MOST_BYTES),
    "parameters": _File(),
    "entries": _File(),
    "outputs": None,
}
"""What the paths of a kind lead to; None: nothing, for a file that is not trusted names none."""


def _paths(kind: str, value: Raw) -> list[tuple[int, str]]:
    """Return what of a value is the path of a file or folder, and which item of the list it is."""
    listed = list(enumerate(value if isinstance(value, list) else [value]))
    match kind:
        case "path" | "paths" | "folders":
            return listed
        case "bases":
            return [(number, text) for number, text in listed if _is_file_name(text)]
        case "parameters":
            return [(number, text) for number, text in listed if is_parameter_file(text)]
        case "entries":
            return [(number, item) for number, item in listed if isinstance(item, str)]
        case "outputs":
            return [(number, text) for number, text in listed if "=" in text]
    return []


def is_parameter_file(text: str) -> bool:
    """Whether an item of ``parameters`` names a file; else it is ``Name=Value``."""
    return not _NOT_A_PATH.fullmatch(text)


def _demand(path: Path, root: Path, where: str, wanted: _File | None, shown: str = "") -> None:
    """Raise `ConfigError` where a path of a file that is not trusted leads to something other than what is wanted."""
    if wanted is None:
        problem = f"{shown!r} names a file, and a configuration that is found in the tree may name formats only"
        raise ConfigError(where, f"{problem}; write -o {shown}, or name the configuration with --config")
    said = f"{shown!r} " if shown else ""
    if refused := _refused(path, root, wanted):
        raise ConfigError(where, said + refused)


def _refused(path: Path, root: Path, wanted: _File) -> str | None:
    try:
        if not path.resolve().is_relative_to(root.resolve()):
            return "leads out of the folder that this file applies to"
        if is_in_git_folder(path):
            return "is in a git directory, which a configuration found in the tree may not read"
        if not path.exists():
            return "does not exist"
        if path.is_dir() and not wanted.is_folder:
            return "is a folder; expected a file"
        if path.is_file() and not wanted.is_file:
            return "is a file; expected a folder"
        if not path.is_dir() and not path.is_file():
            return "is not a regular file"
        if path.is_file() and not wanted.is_folder and path.stat().st_size > wanted.most:
            return f"is larger than {wanted.most >> 20} MiB"
    except (OSError, RuntimeError, ValueError) as error:  # a loop of links, a null byte, a name that is too long
        return f"cannot be read: {getattr(error, 'strerror', None) or error}"
    return None


def _listed(value: Raw) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(value)


def _patterns(value: Raw) -> tuple[tuple[str, tuple[str, ...]], ...]:
    return tuple((name, _listed(patterns)) for name, patterns in value.items())
