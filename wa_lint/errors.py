"""What can go wrong that the user can correct.

* WaLintError
  - SourceError     a template, snapshot or account cannot be read at all
  - RuleFileError   a rule file says something that cannot be read as a rule
  - ConfigError     a configuration file, an option or an environment variable is wrong
  - MissingExtra    an optional dependency is not installed

A finding is never an exception, and an exception is never a finding.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class WaLintError(Exception):
    """Shown to the user as one line, ``where: problem``, without a traceback."""

    def __init__(self, where: str, problem: str) -> None:
        super().__init__(where, problem)
        self.where = where
        self.problem = problem

    def __str__(self) -> str:
        return f"{self.where}: {self.problem}" if self.where else self.problem


class SourceError(WaLintError): ...


class RuleFileError(WaLintError): ...


class ConfigError(WaLintError): ...


class MissingExtra(WaLintError): ...  # noqa: N818, it names the thing that is missing


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return ``; did you mean 'x'?`` for the nearest of `known`, or an empty string."""
    names = sorted(known)
    near = difflib.get_close_matches(word, names, n=1, cutoff=0.6)
    if not near:
        folded = {name.lower(): name for name in names}
        near = [folded[n] for n in difflib.get_close_matches(word.lower(), folded, n=1, cutoff=0.6)]
    return f"; did you mean {near[0]!r}?" if near else ""
