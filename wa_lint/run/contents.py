"""Judges one content that somebody holds in memory: what an editor shows, or what a program hands over."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from pathlib import Path

import msgspec

from wa_lint.budget import DEFAULT, Budget
from wa_lint.errors import SourceError
from wa_lint.model import Report
from wa_lint.run.check_files import CheckRun, JudgedFiles, Reading, judged_run
from wa_lint.run.choice import Choice, chosen_rules
from wa_lint.run.given_parameters import stages_of
from wa_lint.run.inputs import File
from wa_lint.run.judge import Task
from wa_lint.run.layers import Layers
from wa_lint.run.settle import settled, today
from wa_lint.suppress.apply import Settling


class JudgingOptions(msgspec.Struct, frozen=True):
    """How contents are judged: what the options of a command come to."""

    choice: Choice = Choice()
    settling: Settling = Settling()
    layers: Layers = Layers()
    parameters: tuple[str, ...] = ()
    budget: Budget = DEFAULT


class JudgedContent(msgspec.Struct, frozen=True):
    """A content, and the report on it before and after suppressions."""

    run: CheckRun
    judged: JudgedFiles


def judge_content(
    file: File,
    how: JudgingOptions,
    changed: Mapping[str, bytes] | None = None,
    *,
    remembers: bool = False,
    lists_all: bool = False,
) -> JudgedContent:
    """Return the report on a file whose `content` is given. `changed` and `lists_all`: as of `Task`.

    `remembers`: it will be fixed.
    """
    task = Task(
        choice=how.choice,
        stages=stages_of(how.parameters, Path.cwd()),
        today=today(None),
        budget=how.budget,
        demands_declared=False,
        lists_all=lists_all,
        changed=changed or {},
    )
    reading = Reading(paths=(Path(file.path),), jobs=1)
    run = CheckRun(reading, task, chosen_rules(how.choice), [file], memory={} if remembers else None)
    found, lines = judged_run(run, None)
    return JudgedContent(run, JudgedFiles(found, settle(found, how), lines))


def settle(report: Report, how: JudgingOptions) -> Report:
    """Return a report with what is suppressed marked so, and every text masked."""
    return settled(report, how.settling, how.choice, how.layers, today(None), lambda _: None)


def settle_within(how: JudgingOptions, seconds: float) -> Callable[[Report], Report]:
    """Return what settles reports until the time is up: then it raises `SourceError`, and ends who asks again."""
    end = time.monotonic() + seconds

    def settle_in_time(report: Report) -> Report:
        if time.monotonic() > end:
            raise SourceError("", f"it took more than {seconds:g} s")
        return settle(report, how)

    return settle_in_time
