"""The broken rule files of a run's packs, as inputs that cannot be read: no other rule is lost for one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from wa_lint import packs
from wa_lint.model import Input
from wa_lint.packs import BrokenFile
from wa_lint.run.choice import Choice
from wa_lint.run.inputs import uri_of


def broken_rule_inputs(choice: Choice) -> Sequence[Input]:
    """Return a row for each file of the packs that cannot be read as a rule."""
    rows = (_place_and_problem(one) for one in packs.book(choice.rules).broken)
    return [Input(uri, "rule", "error", f"{place}: {problem}".removeprefix(": ")) for uri, place, problem in rows]


def broken_rule_lines(choice: Choice) -> Iterator[str]:
    """Yield ``file:line:column: problem`` for each such file."""
    for uri, place, problem in map(_place_and_problem, packs.book(choice.rules).broken):
        yield f"{uri}:{place}: {problem}" if place else f"{uri}: {problem}"


def _place_and_problem(broken: BrokenFile) -> tuple[str, str, str]:
    """Return the file, the line and column in it (empty: the whole file), and the problem in one line."""
    *_, place = broken.error.where.partition(f"{broken.path.name}:")
    return uri_of(broken.path, Path.cwd()), place, broken.error.problem.partition("\n")[0]
