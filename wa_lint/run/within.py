"""Judges of a snapshot only what belongs to the workload; the rest is counted, and there for links to lead to."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from wa_lint.engine import lint
from wa_lint.errors import ConfigError
from wa_lint.model import Report, Snapshot
from wa_lint.rule import Rule
from wa_lint.run.choice import Choice, assigned_rules
from wa_lint.sources.jobs import with_jobs

if TYPE_CHECKING:
    from wa_lint.review.workload import Workload


def workload_in(file: Path) -> Workload:
    """Return the workload that a file names. Raise `ConfigError` where it cannot be read, or names none."""
    from wa_lint.review.review_file import parse  # noqa: PLC0415, a run without a workload does not wait for it

    try:
        found = parse(file.read_bytes(), file.as_posix()).workload
    except OSError as error:
        raise ConfigError("--workload", f"{file.as_posix()} cannot be read: {error.strerror}") from error
    if found is None:
        raise ConfigError(file.as_posix(), "names no workload: add `workload:` with a name and what belongs to it")
    return found


def demand_workload(file: Path | None) -> None:
    """Raise `ConfigError` where a workload is named and cannot be read, before anything is judged."""
    if file is not None:
        workload_in(file)


def lint_within(
    choice: Choice,
    snapshot: Snapshot,
    rules: Sequence[Rule],
    today: str,
    *,
    judged: Collection[tuple[str, str]] | None = None,
    lists_all: bool = True,
) -> Report:
    """As `wa_lint.engine.lint`, about what belongs to the workload, by the profiles that entries name.

    `judged` is the share of it that is requested.
    """
    assigned = assigned_rules(choice)
    if choice.workload is None:
        return lint(snapshot, rules, today, judged=judged, lists_all=lists_all, assigned=assigned)
    from wa_lint.review.workload import members  # noqa: PLC0415, as above

    snapshot = with_jobs(snapshot)
    found = members(snapshot, workload_in(choice.workload), judged)
    report = lint(snapshot, rules, today, judged=found.keys, lists_all=lists_all, assigned=assigned)
    return msgspec.structs.replace(report, workload=found.extent)
