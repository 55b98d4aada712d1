"""Choices on the command line, whatever their case, and where a value stands that no option takes."""

from __future__ import annotations

import os
from collections.abc import Iterator

import click
from click.core import ParameterSource

from wa_lint.cli.configuring import defaults_with_places
from wa_lint.config import folded, must_be, one_of
from wa_lint.model import Raw


class OneOf(click.Choice[str]):
    """One of some words, whatever its case."""

    def convert(self, value: Raw, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return the choice as it is spelled here; fail with all of them, and the nearest."""
        found = folded(str(value), self.choices)
        if found is None:
            self.fail(must_be(one_of(self.choices), value, self.choices), param, ctx)
        return found


def elsewhere(error: click.ClickException) -> str | None:
    """Return an error as ``where: problem``, where a variable or a configuration said what is wrong; else None."""
    if not isinstance(error, click.BadParameter) or error.ctx is None or error.param is None:
        return None
    source = error.ctx.get_parameter_source(error.param.name or "")
    if source is ParameterSource.ENVIRONMENT:
        return f"{error.param.envvar}{_problem(error, os.environ.get(str(error.param.envvar), ''))}"
    if source is ParameterSource.DEFAULT_MAP:
        key = str(error.param.name).replace("_", "-")
        where, value = next(_refused(error.ctx, error.param), ("", None))
        return f"{where}: {key}{_problem(error, value)}" if where else None
    return None


def _refused(context: click.Context, option: click.Parameter) -> Iterator[tuple[str, Raw]]:
    """Yield the values of a configuration that an option does not take, each with where it was said."""
    for value, where in defaults_with_places(context, str(option.name)):
        try:
            option.type.convert(value, option, context)
        except click.BadParameter:
            yield where, value


def _problem(error: click.BadParameter, value: Raw) -> str:
    """Return what is wrong with a value, as it follows the name of what said it."""
    if error.param and (wanted := _wanted(error.param.type)):
        return f" {must_be(wanted, value)}"
    return f" {error.message}" if error.message.startswith("must be") else f": {error.message}"


def _wanted(kind: click.ParamType[Raw]) -> str | None:
    """Return what an option takes, where click's own words name it by a class of Python."""
    if isinstance(kind, click.types.BoolParamType):
        return "true or false"
    if isinstance(kind, click.IntRange):
        return f"a whole number {_range(kind)}"
    return "a number above 0" if isinstance(kind, click.FloatRange) else None


def _range(kind: click.IntRange) -> str:
    return f"of {kind.min} or more" if kind.max is None else f"from {kind.min} to {kind.max}"
