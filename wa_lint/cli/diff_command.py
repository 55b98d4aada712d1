"""``wa-lint diff``: what is new, worse, changed or gone between two looks at the same thing. Opens no socket."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

import click
import msgspec

from wa_lint.changes import Difference, Side, compare, is_new_or_worse
from wa_lint.cli import diff_json, diff_text
from wa_lint.cli.configuring import configured, enforcement, said_by_all
from wa_lint.cli.exits import BLIND, BROKEN, CLEAN, FOUND, NOTHING
from wa_lint.cli.one_of import OneOf
from wa_lint.cli.options import choice_of_rules, fail_on_within, settling
from wa_lint.cli.output import complain, for_stdout, has_account, to_stdout
from wa_lint.errors import ConfigError, did_you_mean
from wa_lint.model import Outcome, Severity, SourceKind
from wa_lint.redact.reports import mask_report
from wa_lint.reporters import RenderOptions
from wa_lint.reporters import configured as configured_by
from wa_lint.run.choice import Choice
from wa_lint.run.compared import Judging, side_of
from wa_lint.run.enforced_rules import gating
from wa_lint.run.settle import demand_no_diff
from wa_lint.suppress.apply import Settling
from wa_lint.writing import atomic, demand_writable

Render = Callable[[Difference, Side, Side, RenderOptions], str]

_FORMATS: Final[Mapping[str, Render]] = {
    "json": lambda difference, before, after, _: diff_json.render(difference, before, after),
    "text": diff_text.render,
}


class GateOptions(msgspec.Struct, frozen=True):
    """What the exit code depends on."""

    fail_on: str
    strict: bool


@click.command()
@click.argument("before", metavar="A", type=click.Path(path_type=Path))
@click.argument("after", metavar="B", type=click.Path(path_type=Path))
@configured
@choice_of_rules
@settling
@click.option(
    "-o",
    "--output",
    multiple=True,
    metavar="FORMAT[=FILE]",
    help="text or json; to stdout, or to a file. May be given several times.  [default: text]",
)
@click.option(
    "--fail-on",
    type=OneOf([*(severity.value for severity in Severity), "never"]),
    default="low",
    show_default=True,
    help="Exit 1 when B has a new or worsened finding at or above this severity.",
)
@click.option("--strict", is_flag=True, help="Also exit 4 when a verdict of A is unknown in B, or when both have gaps.")
@click.option(
    "--now",
    type=click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%SZ"]),
    metavar="DATE",
    help="The date used to calculate ages.  [default: each snapshot's, else today]",
)
def diff(  # noqa: PLR0913, one for each option
    *,
    before: Path,
    after: Path,
    choice: Choice,
    settling: Settling,
    output: Sequence[str],
    fail_on: str,
    strict: bool,
    now: dt.datetime | None,
) -> int:
    """Compare A with B: a JSON report each, or what `check` reads, which is judged first.

    A finding is known again by its fingerprint, else by rule, resource and path: lines that moved are no change. What
    one side could not look at is neither new nor gone but not compared.

    Exit 0: nothing fails in B that did not in A. 1: something does, or is worse, at or above --fail-on. 2: A or B
    cannot be read. 3: one of them holds nothing. 4: B does not know something
    that A knows, or was checked with other rules.
    """
    demand_no_diff(settling)
    to = _targets(output)
    moment = now if enforcement().permits("now") else None
    judging = Judging(choice, settling, said_by_all(), complain, moment)
    sides = side_of(before, judging), side_of(after, judging)
    _demand_comparable(*sides)
    difference = mask_report(compare(*sides))
    for said in configured_by.sentences(sides[1].report, all_used=False):
        complain(said)
    for render, file in to:
        _write(render, file, difference, sides)
    return _exit_code(difference, sides, GateOptions(fail_on_within(fail_on), strict or enforcement().is_strict))


def _demand_comparable(before: Side, after: Side) -> None:
    """Raise `ConfigError` where nothing in one side goes by the name that it has in the other."""
    kinds = [{entry.kind for entry in side.report.inputs if entry.status == "judged"} for side in (before, after)]
    is_template = [SourceKind.TEMPLATE.value in found for found in kinds]
    if all(kinds) and not kinds[0] & kinds[1] and any(is_template):
        first, second = ("templates" if so else "an account" for so in is_template)
        raise ConfigError("diff", f"A is {first} and B is {second}: nothing has the same name in both")


# --- where it goes ----------------------------------------------------------------------------------


def _targets(given: Sequence[str]) -> list[tuple[Render, Path | None]]:
    found = [_target(text) for text in given or ("text",)]
    if sum(file is None for _, file in found) > 1:
        raise ConfigError("-o", "only one can go to stdout; give the others a file: -o json=diff.json")
    return found


def _target(text: str) -> tuple[Render, Path | None]:
    name, has_file, file = text.partition("=")
    if name not in _FORMATS:
        raise ConfigError("-o", f"no format {name!r}{did_you_mean(name, _FORMATS)} There are {', '.join(_FORMATS)}.")
    if has_file and (not file or Path(file).is_dir()):
        raise ConfigError("-o", f"{text!r} names no file")
    if has_file:
        demand_writable(Path(file))
    return _FORMATS[name], Path(file) if has_file else None


def _write(render: Render, file: Path | None, difference: Difference, sides: tuple[Side, Side]) -> None:
    if file is None:
        to_stdout(render(difference, *sides, for_stdout(RenderOptions())))
        return
    is_private = any(has_account(side.report) for side in sides)
    with atomic(file, is_private=is_private) as stream:
        stream.write(render(difference, *sides, RenderOptions()).encode("utf-8", "replace"))


# --- the exit code ----------------------------------------------------------------------------------


def _exit_code(difference: Difference, sides: tuple[Side, Side], verdict: GateOptions) -> int:
    """Return the first of 2, 1, 4, 3 that applies, as `check` does."""
    holds = {
        BROKEN: any(_is_broken(side) for side in sides),
        FOUND: is_new_or_worse(difference, _least(verdict.fail_on), gating(enforcement())),
        BLIND: any(_blindness(difference, sides, verdict)),
        NOTHING: any(not _judged(side) for side in sides),
    }
    return next((code for code, so in holds.items() if so), CLEAN)


def _least(fail_on: str) -> Severity | None:
    return None if fail_on == "never" else Severity(fail_on)


def _is_broken(side: Side) -> bool:
    """Whether a file could not be read just now. What an earlier run could not read is not compared."""
    broken = [entry for entry in side.report.inputs if entry.status == "error" and entry.kind != SourceKind.LIVE.value]
    return side.snapshots is not None and bool(broken)


def _judged(side: Side) -> bool:
    return any(entry.status == "judged" for entry in side.report.inputs)


def _blindness(difference: Difference, sides: tuple[Side, Side], verdict: GateOptions) -> Iterator[bool]:
    """Yield whether each of the reasons holds for which something may differ unseen."""
    found, resources = difference.findings, difference.resources
    yield bool(found.not_compared or difference.coverage.lost)
    yield bool(resources and any(unsure.side == "before" for unsure in resources.not_compared))
    yield any(entry.status == "error" for side in sides for entry in side.report.inputs)
    if verdict.strict:
        yield any(side.report.gaps for side in sides)
        yield any(finding.outcome is Outcome.UNKNOWN for finding in found.new)
        yield any(change.after.outcome is Outcome.UNKNOWN for change in found.changed if "outcome" in change.fields)
