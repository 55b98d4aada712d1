"""Finds the configuration, and lays it under the options.

The command line counts before the environment (``WA_LINT_FAIL_ON=high``), that before the file, that before the
default. Lists that merge (`wa_lint.config.KEYS`) add up instead.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache, wraps
from importlib.machinery import PathFinder
from pathlib import Path
from typing import Final

import click
import msgspec
from click.core import ParameterSource

from wa_lint import config as configuration
from wa_lint.config import KEYS, NAMES, Config
from wa_lint.errors import ConfigError, did_you_mean
from wa_lint.model import Raw
from wa_lint.reporters import visible

_META: Final = "wa_lint.config"
_NAMED: Final = "wa_lint.config.named"

PREFIX: Final = "WA_LINT_"

_OURS: Final = frozenset({"WA_LINT_DEBUG", "WA_LINT_ALL_TOOLS"})
"""Variables that are no option of a command."""


def configured(command: Callable[..., object]) -> Callable[..., object]:
    """Add ``--config`` and ``--no-config``; what the file says becomes the default of the other options."""
    with_file = click.option(
        "--config",
        metavar="FILE",
        type=click.Path(exists=True, dir_okay=False, path_type=Path),
        is_eager=True,
        expose_value=False,
        callback=_lay,
        help="The configuration.  [default: the nearest wa-lint.yaml, or pyproject.toml with tool.wa-lint]",
    )
    without = click.option(
        "--no-config", is_flag=True, is_eager=True, expose_value=False, callback=_without, help="Read no configuration."
    )
    return without(with_file(command))


def packed(
    command: Callable[..., object],
    name: str,
    struct: type[msgspec.Struct],
    options: Sequence[Callable[[Callable[..., object]], Callable[..., object]]],
) -> Callable[..., object]:
    """Add `options`; the command gets them as one `struct`, under `name`, with what the configuration adds."""

    @wraps(command)
    def call(**given: object) -> object:
        values = {field: merged(field, given.pop(field)) for field in struct.__struct_fields__}
        return command(**{name: struct(**values)}, **given)

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


def named() -> Path | bool:
    """Return the file that --config names; False with --no-config, True where the nearest file counts."""
    file = click.get_current_context().meta.get(_NAMED)
    return True if file is None else file if isinstance(file, Path) else False


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


def load(file: Path | None, start: Path, open_file: configuration.Open = Path.read_bytes) -> Config:
    """Return what `file` says, or the nearest one from `start` upwards; an empty configuration where there is none."""
    found = file or nearest(start)
    if found is None:
        return Config()
    name = Path(os.path.relpath(found, start)).as_posix()
    return configuration.load(found, _root(found.parent), name, open_file, _package)


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


def _lay(context: click.Context, _option: click.Parameter, file: Path | None) -> None:
    if context.meta.get(_META) is None and not context.resilient_parsing:
        found = load(file, Path.cwd())
        context.meta[_META] = found
        context.meta[_NAMED] = file
        context.default_map = {**(context.default_map or {}), **_defaults(found)}
        _mind_environment(context)


def _without(context: click.Context, _option: click.Parameter, is_set: bool) -> None:
    if is_set:
        context.meta[_META] = Config()
        context.meta[_NAMED] = False
        context.default_map = {}


def _defaults(found: Config) -> dict[str, Raw]:
    """Return the values by the options' names; paths start from where we were started."""
    return {key.replace("-", "_"): _default(found, key) for key in found.said if key != "overrides"}


def _default(found: Config, key: str) -> Raw:
    said = found.said[key][-1]
    match KEYS[key].kind:
        case "paths":
            counted = found.said[key] if KEYS[key].merges else found.said[key][-1:]
            return [_from_here(one.folder, path) for one in counted for path in one.value]
        case "path":
            return _from_here(said.folder, said.value)
        case "entries":
            return [
                _from_here(one.folder, item) for one in found.said[key] for item in one.value if isinstance(item, str)
            ]
        case "outputs":
            return [_output(said.folder, text) for text in said.value]
        case "texts":
            return found.values(key)
    return said.value


def _output(folder: Path, text: str) -> str:
    name, has_file, file = text.partition("=")
    return f"{name}={_from_here(folder, file)}" if has_file else name


def _from_here(folder: Path, path: str) -> str:
    return os.path.relpath(folder / path)


def _mind_environment(context: click.Context) -> None:
    """Say it where a variable is ours by name and no option's."""
    known = {f"{PREFIX}{p.name.upper()}" for p in context.command.params if p.name} | _OURS
    for name in sorted(os.environ):
        if name.startswith(PREFIX) and name not in known and (near := did_you_mean(name, known)):
            _say(f"the variable {name} means nothing here{near}")


def _say(text: str) -> None:
    click.echo(f"wa-lint: {visible(text)}", err=True)


# --- files and packages -----------------------------------------------------------------------------


def _speaks(file: Path) -> bool:
    try:
        return file.is_file() and (file.suffix != ".toml" or configuration.has_table(file.read_bytes()))
    except OSError:
        return False


def _is_ours(file: Path, start: Path) -> bool:
    """Whether a file above `start` may be trusted to speak for it: its owner is who runs this, or root."""
    if file.parent == start or not hasattr(os, "getuid") or file.stat().st_uid in {os.getuid(), 0}:
        return True
    _say(f"{file.name} in a folder above belongs to another user, so it is not read; --config names it")
    return False


def _root(folder: Path) -> Path:
    """Return the top of the repository that `folder` is in; the folder itself where it is in none. No git is run."""
    return next((above for above in (folder, *folder.parents) if (above / ".git").exists()), folder)


@cache
def _package(name: str) -> Path | None:
    """Return the folder of an installed package, without running any of its code."""
    if not name.replace("-", "_").isidentifier():
        return None
    found = PathFinder.find_spec(name.replace("-", "_"))
    places = list(found.submodule_search_locations or ()) if found else []
    return Path(places[0]) if places else None
