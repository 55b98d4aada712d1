"""From live accounts to a report: they are read, then judged. It applies no suppression."""

from __future__ import annotations

import datetime as dt
import tempfile
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import msgspec

from wa_lint import findings
from wa_lint import rule_names as language
from wa_lint.model import Report
from wa_lint.rule import Rule
from wa_lint.run.accounts import Account, Fleet, fleet, moment
from wa_lint.run.broken_rules import broken_rule_inputs, broken_rule_lines
from wa_lint.run.choice import Choice, chosen_rules, with_not_run
from wa_lint.run.collect import InFolder, InMemory, Listener, collect
from wa_lint.run.judge import day, judge_snapshot, lightened
from wa_lint.run.settle import today
from wa_lint.run.shards import JudgingTask, judge_folder, row_of
from wa_lint.run.snapshot_folder import INDEX, FolderIndex, Part, ReadingOptions
from wa_lint.run.within import workload_in


class Manner(msgspec.Struct, frozen=True):
    """How accounts are judged."""

    now: dt.datetime | None = None
    jobs: int | None = None
    lists_all: bool = True
    """As of `wa_lint.engine.lint`."""


def scanned(account: Account, choice: Choice, now: dt.datetime | None, say: Callable[[str], None]) -> Report:
    """Return the report on the accounts that `account` names. Raise as `run.accounts.fleet`."""
    return judged_fleet(fleet(account, say), choice, Manner(now), Listener(say))


def judged_fleet(whom: Fleet, choice: Choice, manner: Manner, watch: Listener) -> Report:
    """Return the report on every account and region of `whom`; one alone is kept in memory, several on disk."""
    rules = chosen_rules(choice)
    whom = msgspec.structs.replace(whom, tags=(*whom.tags, *_tags(choice)))
    judge = _in_memory if len(whom.accesses) == 1 else _in_folder
    asked = JudgingTask(choice, day(manner.now), today(None), manner.lists_all)
    report, parts = judge(whom, rules, asked, manner, watch)
    for line in broken_rule_lines(choice):
        watch.say(line)
    rows = [*map(row_of, parts), *broken_rule_inputs(choice)]
    return with_not_run(findings.merge([report] if report else [], rows), choice)


def _tags(choice: Choice) -> Sequence[str]:
    """Return the keys of the tags that tell what belongs to the workload."""
    if choice.workload is None:
        return ()
    from wa_lint.sources.live.tags import LOGICAL_ID  # noqa: PLC0415, it brings boto3 along

    workload = workload_in(choice.workload)
    return (*workload.tags, *((LOGICAL_ID,) if workload.stacks else ()))


def _in_memory(
    whom: Fleet, rules: Sequence[Rule], asked: JudgingTask, manner: Manner, watch: Listener
) -> tuple[Report | None, Sequence[Part]]:
    keeper = InMemory()
    collect(whom, types_of(rules), moment(manner.now), keeper, watch, series_of(rules))
    snapshot = keeper.joined()
    if snapshot is None:
        return None, keeper.parts
    return judge_snapshot(snapshot, rules, asked), keeper.parts


def _in_folder(
    whom: Fleet, rules: Sequence[Rule], asked: JudgingTask, manner: Manner, watch: Listener
) -> tuple[Report | None, Sequence[Part]]:
    """Keep each account and region on disk until it is judged: no machine has room for an organization."""
    types, at = types_of(rules), moment(manner.now)
    with tempfile.TemporaryDirectory(prefix="wa-lint-") as place:
        options = ReadingOptions(regions=whom.regions, types=tuple(sorted(types)))
        keeper = InFolder(Path(place), FolderIndex(taken_at=at.isoformat(), options=options))
        keeper.note([])
        collect(whom, types, at, keeper, watch, series_of(rules))
        _, report = judge_folder(Path(place, INDEX), INDEX, asked, rules, manner.jobs, lightened)
    return msgspec.structs.replace(report, rules=tuple(rule.info for rule in rules)), keeper.index.parts


def types_of(rules: Iterable[Rule]) -> frozenset[str]:
    """Return the types that rules read, so that nothing else is requested."""
    return frozenset(type_ for rule in rules for type_ in rule.types_read)


def series_of(rules: Iterable[Rule]) -> frozenset[tuple[str, str]]:
    """Return the metrics that rules read, by type and key: each series is paid for."""
    return frozenset(
        one for rule in rules for one in language.series_read(rule.info.applies_to, rule.expressions.values())
    )
