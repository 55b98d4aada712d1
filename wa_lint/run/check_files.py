"""From paths to a report: the files below them are found, read and judged. It applies no suppression."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TypeAlias

import msgspec

from wa_lint import findings
from wa_lint.budget import budget_of
from wa_lint.model import Input, Report
from wa_lint.rule import Rule
from wa_lint.run.broken_rules import broken_rule_inputs, broken_rule_lines
from wa_lint.run.choice import Choice, chosen_rules, with_not_run
from wa_lint.run.excerpts import excerpts
from wa_lint.run.given_parameters import OPTION, stages_of
from wa_lint.run.inputs import File, look, told, uri_of
from wa_lint.run.judge import Judged, Task, day, judge_files
from wa_lint.run.settle import today
from wa_lint.run.walking import capped
from wa_lint.run.within import demand_workload

Lines: TypeAlias = Callable[[str], Sequence[str]]
"""The lines of the source behind a uri."""


class Reading(msgspec.Struct, frozen=True):
    """What is judged, and how it is read."""

    paths: tuple[Path, ...] = ()
    parameters: tuple[str, ...] = ()
    jobs: int | None = None
    exclude: tuple[str, ...] = ()
    force_exclude: bool = False
    limit: tuple[str, ...] = ()
    said: tuple[str, ...] = ()
    """What `--as` says of answers that do not say whose they are."""
    lists_all: bool = True
    """As of `wa_lint.engine.lint`. Several sets of parameters are always listed: they are compared by what passes."""
    is_debug: bool = False
    """Whether a fault of wa-lint itself is shown with its traceback."""


class CheckRun(msgspec.Struct, frozen=True):
    """All that a report on files depends on."""

    reading: Reading
    task: Task
    rules: Sequence[Rule]
    files: Sequence[File]
    passed: Sequence[Input] = ()
    """The rows of files that are not looked into."""
    left_out: Mapping[str, int] = {}
    memory: dict[str, Judged] | None = None
    """As of `judge_files`, where the same files are judged again."""


class JudgedFiles(msgspec.Struct, frozen=True):
    """The report on the files of a run."""

    found: Report
    """Before suppressions and the baseline were applied."""
    report: Report
    lines: Lines


def judged_files(
    reading: Reading, choice: Choice, now: dt.datetime | None, say: Callable[[str], None] | None
) -> tuple[Report, Lines]:
    """Return the report on what `reading` names, and what shows its lines. `say` gets what cannot be read.

    `say` None: nothing is printed, and a parameter that no template declares is no error.
    """
    return judged_run(found_files(reading, choice, now, demands_declared=say is not None), say)


def found_files(reading: Reading, choice: Choice, now: dt.datetime | None, *, demands_declared: bool) -> CheckRun:
    """Return what is to be judged, and how. Stdin is read here, once."""
    demand_workload(choice.workload)
    stages = stages_of(reading.parameters, Path.cwd())
    left_out: Counter[str] = Counter()
    rules = chosen_rules(choice)
    paths = reading.paths or [Path()]
    below = look(paths, Path.cwd(), reading.exclude, is_forced=reading.force_exclude, left_out=left_out)
    task = Task(
        choice=choice,
        stages=stages,
        now=day(now),
        today=today(None),
        is_debug=reading.is_debug,
        budget=budget_of(reading.limit),
        demands_declared=demands_declared,
        lists_all=reading.lists_all or len(stages) > 1,
    )
    return CheckRun(reading, task, rules, told(below.files, reading.said, Path.cwd()), below.passed, left_out)


def judged_run(run: CheckRun, say: Callable[[str], None] | None) -> tuple[Report, Lines]:
    """Return the report on the files of a run, and what shows their lines. `say` as in `judged_files`."""
    choice = run.task.choice
    judged = judge_files(run.files, run.task, run.rules, run.reading.jobs, run.memory)
    if say is not None:
        for line in (*broken_rule_lines(choice), *(line for one in judged for line in one.complaints)):
            say(line)
        for line in _hints(judged, run.reading.paths) if run.task.stages else ():
            say(line)
    nested = [File(uri, uri) for one in judged for uri in one.nested.values()]
    others = [*broken_rule_inputs(choice), *run.passed]
    report = msgspec.structs.replace(_merged(judged, others, run.rules), left_out=run.left_out)
    return with_not_run(report, choice), excerpts([*nested, *run.files])


def _merged(judged: Sequence[Judged], others: Sequence[Input], rules: Sequence[Rule]) -> Report:
    reports = [one.report for one in judged if one.report]
    entries = capped(entry for one in judged for entry in one.entries)
    merged = findings.merge(reports, [*entries, *others])
    return msgspec.structs.replace(
        merged,
        rules=tuple(rule.info for rule in rules),  # though nothing was judged
        skew=tuple(skew for report in reports for skew in report.skew),
    )


def _hints(judged: Iterable[Judged], paths: Iterable[Path]) -> Iterator[str]:
    """Yield a line for each second file of parameters that was given as if it were a template."""
    named = {uri_of(path, Path.cwd()) for path in paths}
    skipped = [entry.uri for one in judged for entry in one.entries if entry.status == "skipped"]
    for uri in sorted(named & set(skipped)):
        yield f"{uri} is not a template; if it holds parameters, write {OPTION} {uri}"
