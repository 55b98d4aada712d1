"""Finds the configuration, and lays it under the options.

The command line counts before the environment (``WA_LINT_FAIL_ON=high``), that before the file, that before the
default. Lists that merge (`wa_lint.config.KEYS`) add up instead. What is enforced (``--enforce``) counts before all.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache, wraps
from importlib.machinery import PathFinder
from pathlib import Path
from typing import Final, TypeVar

import click
import msgspec
from click.core import ParameterSource

from wa_lint import config as configuration
from wa_lint import enforce
from wa_lint.config import (
    FOUND,
    KEYS,
    MOST_BYTES,
    NAMED,
    NAMES,
    Config,
    Ground,
    folded,
    is_parameter_file,
    must_be,
    one_of,
    texts_of,
)
from wa_lint.enforce import Enforcement
from wa_lint.errors import ConfigError, did_you_mean
from wa_lint.model import Raw
from wa_lint.redact import mask
from wa_lint.reporters import REPORTERS, visible
from wa_lint.run.layers import COMMAND_LINE, ENVIRONMENT, Layer, Layers
from wa_lint.writing import root_of

_META: Final = "wa_lint.config"
_ENFORCED: Final = "wa_lint.enforcement"
_GIVEN: Final = "wa_lint.given"
_REFUSED: Final = "wa_lint.refused"

PREFIX: Final = "WA_LINT_"

ENFORCE: Final = "WA_LINT_ENFORCE"
"""Adds to ``--enforce`` and is not replaced by it: anyone who sets the environment outranks the command line."""

_OURS: Final = frozenset({"WA_LINT_DEBUG", "WA_LINT_ALL_TOOLS", ENFORCE})
"""Variables that are no option of a command."""

_IN_FILES: Final = frozenset({"overrides", "profiles"})
"""Keys that no option says."""

_BY_HAND: Final = {ParameterSource.COMMANDLINE: COMMAND_LINE, ParameterSource.ENVIRONMENT: ENVIRONMENT}

_WITH_REPORTS: Final = frozenset({"check", "scan"})
"""Commands whose ``-o`` takes what the key ``output`` does."""


def configured(command: Callable[..., object]) -> Callable[..., object]:
    """Add ``--config``, ``--no-config``, ``--enforce``; what the file says is the default of the other options."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


_Struct = TypeVar("_Struct", bound=msgspec.Struct)


def _as_it_is(given: _Struct) -> _Struct:
    return given


def packed(
    command: Callable[..., object],
    name: str,
    struct: type[_Struct],
    options: Sequence[Callable[[Callable[..., object]], Callable[..., object]]],
    bound: Callable[[_Struct], _Struct] = _as_it_is,
) -> Callable[..., object]:
    """Add `options`; the command gets them as one `struct`, under `name`, with what the configuration adds.

    `bound` returns the struct within what is enforced.
    """

    @wraps(command)
    def call(**given: object) -> object:
        values = {field: merged(field, given.pop(field)) for field in struct.__struct_fields__ if field in given}
        return command(**{name: bound(struct(**values))}, **given)

    for option in reversed(options):
        call = option(call)
    return call


def current() -> Config:
    """Return the configuration of the command that runs; an empty one where there is none."""
    context = click.get_current_context(silent=True)
    found = context.meta.get(_META) if context else None
    return found if isinstance(found, Config) else Config()


def merged(name: str, given: Raw) -> Raw:
    """Return what an option comes to: of a list that merges, what the file says and then what is given."""
    key = name.replace("_", "-")
    context = click.get_current_context(silent=True)
    if context is None or key not in KEYS or not KEYS[key].merges or not isinstance(given, tuple):
        return given
    if context.get_parameter_source(name) in {ParameterSource.DEFAULT_MAP, ParameterSource.DEFAULT}:
        return given
    option = next(p for p in context.command.params if p.name == name)
    return (*option.type_cast_value(context, _defaults(current()).get(name, ())), *given)


def enforcement() -> Enforcement:
    """Return what is enforced on the command that runs."""
    context = click.get_current_context(silent=True)
    found = context.meta.get(_ENFORCED) if context else None
    return found if isinstance(found, Enforcement) else Enforcement()


def _refused_file() -> str | None:
    """Return the configuration that was found and, by what is enforced, not read."""
    context = click.get_current_context(silent=True)
    found = context.meta.get(_REFUSED) if context else None
    return _name(found, Path.cwd()) if isinstance(found, Path) else None


def said_by_all() -> Layers:
    """Return what everybody says of the command that runs."""
    context = click.get_current_context(silent=True)
    if context is None:
        return Layers()
    names = {*context.params, *_IN_FILES}
    options = {name: tuple(_layers(name)) for name in sorted(names)}
    return Layers(current(), enforcement(), options, _refused_file())


def _layers(name: str) -> Iterator[Layer]:
    context = click.get_current_context(silent=True)
    if context is None:
        return
    key, source = name.replace("_", "-"), context.get_parameter_source(name)
    by_hand = _BY_HAND.get(source) if source else None
    found = current()
    said = found.said.get(key, ()) if name in context.params or key in _IN_FILES else ()
    if key in KEYS and (KEYS[key].merges or by_hand is None):
        for one in said if KEYS[key].merges else said[-1:]:
            yield Layer(one.file, found.trust, one.where, one.value, one.items)
    if by_hand:
        where = f"{PREFIX}{name.upper()}" if by_hand == ENVIRONMENT else f"--{key}"
        yield Layer(by_hand, COMMAND_LINE, where, context.params[name])


def named() -> Path | bool:
    """Return the file that --config names; False with --no-config, True where the nearest file counts."""
    given = click.get_current_context().meta.get(_GIVEN, {})
    file = given.get("config")
    return False if given.get("no_config") else file if isinstance(file, Path) else True


@contextmanager
def as_if(found: Config) -> Iterator[None]:
    """Let `current` return another configuration for a while."""
    context = click.get_current_context()
    before = context.meta.get(_META)
    context.meta[_META] = found
    try:
        yield
    finally:
        context.meta[_META] = before


def laid(name: str, found: Config, choose: Callable[[str, bool], str | None]) -> Raw:
    """Return what an option of the command that runs comes to under another configuration.

    `choose` gets each path or text of it, and whether the command line (or the environment) says it; it gives the one
    to take, None where there is none to be had.
    """
    context = click.get_current_context()
    option = next(p for p in context.command.params if p.name == name)
    is_given = context.get_parameter_source(name) in {ParameterSource.COMMANDLINE, ParameterSource.ENVIRONMENT}
    said = _chosen(_defaults(found).get(name), lambda text: choose(text, False))
    default = option.default if isinstance(option.default, str | bool | int | list | tuple) else None
    value = option.type_cast_value(context, default if said is None else said)
    if not is_given:
        return value
    given = option.type_cast_value(context, _chosen(context.params[name], lambda text: choose(text, True)))
    key = name.replace("_", "-")
    return (*value, *given) if key in KEYS and KEYS[key].merges else given


def _chosen(value: Raw, choose: Callable[[str], str | None]) -> Raw:
    if isinstance(value, list | tuple):
        return [taken for item in value if (taken := choose(str(item))) is not None]
    return choose(str(value)) if isinstance(value, str | Path) else value


def load(
    file: Path | None, start: Path, open_file: configuration.Open = Path.read_bytes, root: Path | None = None
) -> Config:
    """Return what `file` says, or the nearest one from `start` upwards; an empty configuration where there is none."""
    found = file or nearest(start)
    if found is None:
        return Config()
    ground = Ground(root or root_of(found.parent.resolve()), FOUND if file is None else NAMED)
    return configuration.load(found, ground, _name(found, start), open_file, installed_package)


def load_enforcement(files: Sequence[Path], start: Path) -> Enforcement:
    """Return all that `files` enforce. Raise `ConfigError` at the first fault."""
    return enforce.together([enforce.load(_content(file), _name(file, start), file.parent) for file in files])


def enforced_by_environment(environment: Mapping[str, str]) -> list[Path]:
    return [Path(text) for text in environment.get(ENFORCE, "").split(os.pathsep) if text]


def _name(file: Path, start: Path) -> str:
    return Path(os.path.relpath(file, start)).as_posix()


def _content(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise ConfigError(str(file), f"cannot be read: {error.strerror or error}") from error


def nearest(start: Path) -> Path | None:
    """Return the configuration file in `start` or above it, up to the top of the repository or the home folder."""
    for folder in (start, *start.parents):
        found = [folder / name for name in NAMES if _speaks(folder / name)]
        if len(found) > 1:
            both = " and ".join(file.name for file in found)
            raise ConfigError(str(folder.name or folder), f"{both} both configure wa-lint; keep one of them")
        if found:
            return found[0] if _is_ours(found[0], start) else None
        if (folder / ".git").exists() or folder == Path.home():
            return None
    return None


# --- the options ------------------------------------------------------------------------------------


def _seen(context: click.Context, option: click.Parameter, value: Raw) -> None:
    """Note one of our options; with the last of them, lay the configuration under the others."""
    if context.resilient_parsing:
        return
    given = context.meta.setdefault(_GIVEN, {})
    given[option.name] = value
    if {"config", "no_config", "enforce"} <= set(given):
        _lay(context, given["config"], given["enforce"], is_without=given["no_config"])


_FILE: Final = click.Path(exists=True, dir_okay=False, path_type=Path)

_OPTIONS: Final = (
    click.option(
        "--config",
        metavar="FILE",
        type=_FILE,
        is_eager=True,
        expose_value=False,
        callback=_seen,
        help="The configuration.  [default: the nearest wa-lint.yaml, or pyproject.toml with tool.wa-lint]",
    ),
    click.option(
        "--no-config",
        is_flag=True,
        is_eager=True,
        expose_value=False,
        callback=_seen,
        help="Ignore all configuration files.",
    ),
    click.option(
        "--enforce",
        metavar="FILE",
        multiple=True,
        type=_FILE,
        is_eager=True,
        expose_value=False,
        callback=_seen,
        help="A policy that no configuration, comment or option can weaken: see docs/configuration.md. "
        "WA_LINT_ENFORCE adds to it.",
    ),
)


def _lay(context: click.Context, file: Path | None, enforced: Sequence[Path], *, is_without: bool) -> None:
    strict = load_enforcement([*enforced_by_environment(os.environ), *enforced], Path.cwd())
    context.meta[_ENFORCED] = strict
    is_refused = file is None and not strict.permits("configuration") and not is_without
    found = Config() if is_without or is_refused else load(file, Path.cwd())
    context.meta[_META] = found
    context.meta[_REFUSED] = nearest(Path.cwd()) if is_refused else None
    laid = _defaults(found)
    if context.command.name not in _WITH_REPORTS:
        laid.pop("output", None)
    context.default_map = {**(context.default_map or {}), **laid} if not is_without else {}
    _mind_environment(context)


def _defaults(found: Config) -> dict[str, Raw]:
    """Return the values by the options' names; paths start from where we were started."""
    return {key.replace("-", "_"): _default(found, key) for key in found.said if key not in _IN_FILES}


def defaults_with_places(context: click.Context, name: str) -> Iterator[tuple[Raw, str]]:
    """Yield each value that the configuration gives an option, and where it was said."""
    found, key = context.meta.get(_META), name.replace("_", "-")
    if not isinstance(found, Config) or key not in found.said:
        return
    for one in found.said[key] if KEYS[key].merges else found.said[key][-1:]:
        alone = Config({key: (one,)}, found.files, found.trust)
        listed = one.value if isinstance(one.value, list) else [one.value]
        numbers = [n for n, item in enumerate(listed) if not (KEYS[key].kind == "entries" and isinstance(item, dict))]
        value = _default(alone, key)
        for number, item in zip(numbers, value if isinstance(value, list) else [value], strict=False):
            yield item, one.where_of(number) if isinstance(one.value, list) else one.where


def _default(found: Config, key: str) -> Raw:
    said = found.said[key][-1]
    match KEYS[key].kind:
        case "paths" | "folders":
            counted = found.said[key] if KEYS[key].merges else found.said[key][-1:]
            return [
                path if KEYS[key].kind == "folders" and _is_package(one.folder, path) else _from_here(one.folder, path)
                for one in counted
                for path in one.value
            ]
        case "path":
            return _from_here(said.folder, said.value)
        case "parameters":
            return [_parameter(said, number, text, found.trust) for number, text in enumerate(said.value)]
        case "entries":
            return [
                _from_here(one.folder, item) for one in found.said[key] for item in one.value if isinstance(item, str)
            ]
        case "outputs":
            return [_output(said, number, text) for number, text in enumerate(said.value)]
        case "texts":
            return found.values(key)
        case "settings":
            return [text for one in found.said[key] for text in texts_of(one.value)]
    return said.value


def _parameter(said: configuration.ConfiguredValue, number: int, text: str, trust: str) -> str:
    """Return an item of ``parameters`` as the option takes it: a file from here, or ``Name=Value``."""
    if is_parameter_file(text) and not (said.folder / text).exists():
        raise ConfigError(said.where_of(number), f"parameters: {text!r} is neither an existing file nor Name=Value")
    if is_parameter_file(text) or (trust == NAMED and (said.folder / text).is_file()):
        return _from_here(said.folder, text)
    if trust == FOUND and Path(text).exists():  # the option would take it for that file, which nobody looked at
        raise ConfigError(said.where, f"{text!r} is a value, and also the name of a file here; rename the file")
    return text


def _is_package(folder: Path, name: str) -> bool:
    """Whether a pack of rules is the name of an installed package, and not a folder beside the configuration."""
    return not (folder / name).exists() and installed_package(name) is not None


def _output(said: configuration.ConfiguredValue, number: int, text: str) -> str:
    given, has_file, file = text.partition("=")
    name = folded(given, list(REPORTERS))
    if name is None:
        problem = must_be(one_of(list(REPORTERS)), given, list(REPORTERS))
        raise ConfigError(said.where_of(number), f"output {problem}")
    return f"{name}={_from_here(said.folder, file)}" if has_file else name


def _from_here(folder: Path, path: str) -> str:
    return os.path.relpath(folder / path)


def _mind_environment(context: click.Context) -> None:
    """Say it where a variable is ours by name and no option's."""
    known = {f"{PREFIX}{p.name.upper()}" for p in context.command.params if p.name} | _OURS
    for name in sorted(os.environ):
        if name.startswith(PREFIX) and name not in known and (near := did_you_mean(name, known)):
            _say(f"unknown environment variable {name}{near}")


def _say(text: str) -> None:
    click.echo(f"wa-lint: {visible(mask(text))}", err=True)


# --- files and packages -----------------------------------------------------------------------------


def _speaks(file: Path) -> bool:
    try:
        if not file.is_file() or file.suffix != ".toml":
            return file.is_file()
        with file.open("rb") as stream:
            content = stream.read(MOST_BYTES + 1)
    except OSError:
        return False
    return b"wa-lint" in content if len(content) > MOST_BYTES else configuration.has_table(content)


def _is_ours(file: Path, start: Path) -> bool:
    """Whether a file above `start` may be trusted to speak for it: its owner is who runs this, or root."""
    if file.parent == start or not hasattr(os, "getuid") or file.stat().st_uid in {os.getuid(), 0}:
        return True
    _say(f"{file.name} in a parent folder belongs to another user, so it is ignored; use --config to read it")
    return False


@cache
def installed_package(name: str) -> Path | None:
    """Return the folder of an installed package, without running any of its code."""
    if not name.replace("-", "_").isidentifier():
        return None
    installed = [place for place in sys.path if place and Path(place).resolve() != Path.cwd()]  # -m adds the last one
    found = PathFinder.find_spec(name.replace("-", "_"), installed)
    places = list(found.submodule_search_locations or ()) if found else []
    return Path(places[0]) if places else None
