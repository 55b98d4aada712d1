"""Judges files, in one process or in several, with the same result. An input that is broken harms no other."""

from __future__ import annotations

import datetime as dt
import os
import traceback
from collections.abc import Sequence

import msgspec

from wa_lint.cli.inputs import File, NotOurs, read
from wa_lint.cli.options import Choice, chosen_rules
from wa_lint.engine import lint
from wa_lint.errors import SourceError
from wa_lint.model import Finding, Input, Listed, Report, Snapshot
from wa_lint.rule import Rule
from wa_lint.sources.template import Pins

_FEW = 1000
"""Files that one process judges as soon as two: starting the second one and fetching its report cost as much as
it saves (measured on two cores: 550 real templates take 1.7 s in one process, 1.9 s in two)."""


class Task(msgspec.Struct, frozen=True):
    """All that judging a file depends on but the file. It travels to other processes."""

    choice: Choice
    parameters: Pins | None = None
    now: str | None = None
    """An ISO date; None: the snapshot's, else `today`."""
    today: str = ""
    is_debug: bool = False


class Judged(msgspec.Struct, frozen=True):
    """What became of one file."""

    entry: Input
    report: Report | None = None
    complaint: str | None = None
    """One line for the user."""


def judge_files(files: Sequence[File], task: Task, rules: Sequence[Rule], jobs: int | None) -> Sequence[Judged]:
    """Return what became of each file, in their order. `rules` are those of `task`; `jobs` None: as many as pay off."""
    workers = min(jobs or _worth(len(files)), len(files))
    if workers <= 1:
        return [_judge(file, rules, task) for file in files]
    from concurrent.futures import ProcessPoolExecutor  # noqa: PLC0415, 40 ms that one file need not wait for

    hands = [files[i::workers] for i in range(workers)]
    with ProcessPoolExecutor(workers) as pool:
        done = list(pool.map(_judge_all, hands, [task] * workers))
    return [done[i % workers][i // workers] for i in range(len(files))]


def judge_snapshot(snapshot: Snapshot, rules: Sequence[Rule], now: str | None, today: str) -> Report:
    """Return the report on a snapshot. What it was measured against: `now`, else when it was taken, else `today`."""
    return _light(lint(snapshot, rules, now or (snapshot.taken_at or today)[:10]))


def day(now: dt.datetime | None) -> str | None:
    return now.date().isoformat() if now else None


def _worth(files: int) -> int:
    return min(os.cpu_count() or 1, 1 + files // _FEW)


def _judge_all(files: Sequence[File], task: Task) -> Sequence[Judged]:
    """What another process does. It loads the rules itself: compiled ones do not travel."""
    rules = chosen_rules(task.choice)
    return [_judge(file, rules, task) for file in files]


def _judge(file: File, rules: Sequence[Rule], task: Task) -> Judged:
    try:
        snapshot = read(file, task.parameters)
        report = judge_snapshot(snapshot, rules, task.now, task.today)
    except NotOurs as error:
        return Judged(Input(file.uri, "unknown", "skipped", error.problem))
    except SourceError as error:
        reason = f"{error.where.removeprefix(file.uri).removeprefix(':')}: {error.problem}".removeprefix(": ")
        return Judged(Input(file.uri, "unknown", "error", reason), complaint=" ".join(str(error).split()))
    except Exception as error:  # noqa: BLE001, a fault of ours in one file must not cost the user the others
        return _fault(file, error, task)
    return Judged(Input(file.uri, snapshot.kind.value, "judged", None, len(snapshot.resources)), report)


def _fault(file: File, error: Exception, task: Task) -> Judged:
    what = f"a fault of wa-lint itself, please report it ({type(error).__name__})"
    shown = "".join(traceback.format_exception(error)) if task.is_debug else f"{file.uri}: {what}"
    return Judged(Input(file.uri, "unknown", "error", what), complaint=shown)


def _light(report: Report) -> Report:
    """Return the report without the bodies of its resources, which no reporter reads: it travels and waits."""
    return msgspec.structs.replace(report, findings=tuple(map(_without_body, report.findings)))


def _without_body(finding: Finding) -> Finding:
    resource = msgspec.structs.replace(
        finding.resource, properties={}, origin=Listed(finding.location), exists=True, observed=None
    )
    return msgspec.structs.replace(finding, resource=resource)
