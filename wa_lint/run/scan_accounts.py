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
from wa_lint.run.choice import Choice, chosen_rules, with_not_run
from wa_lint.run.collect import InFolder, InMemory, Watch, collect
from wa_lint.run.judge import day, judge_snapshot, lightened
from wa_lint.run.settle import today
from wa_lint.run.shards import Asked, judge_folder, row_of
from wa_lint.run.snapshot_folder import INDEX, Index, Options, Part


def scanned(account: Account, choice: Choice, now: dt.datetime | None, say: Callable[[str], None]) -> Report:
    """Return the report on the accounts that `account` names. Raise as `run.accounts.fleet`."""
    return judged_fleet(fleet(account, say), choice, now, None, Watch(say))


def judged_fleet(whom: Fleet, choice: Choice, now: dt.datetime | None, jobs: int | None, watch: Watch) -> Report:
    """Return the report on every account and region of `whom`; one alone is kept in memory, several on disk."""
    rules = chosen_rules(choice)
    judge = _in_memory if len(whom.accesses) == 1 else _in_folder
    report, parts = judge(whom, rules, choice, now, jobs, watch)
    return with_not_run(findings.merge([report] if report else [], [row_of(part) for part in parts]), choice)


def _in_memory(
    whom: Fleet, rules: Sequence[Rule], choice: Choice, now: dt.datetime | None, jobs: int | None, watch: Watch
) -> tuple[Report | None, Sequence[Part]]:
    del choice, jobs
    keeper = InMemory()
    collect(whom, types_of(rules), moment(now), keeper, watch)
    snapshot = keeper.joined()
    return judge_snapshot(snapshot, rules, day(now), today(None)) if snapshot else None, keeper.parts


def _in_folder(
    whom: Fleet, rules: Sequence[Rule], choice: Choice, now: dt.datetime | None, jobs: int | None, watch: Watch
) -> tuple[Report | None, Sequence[Part]]:
    """Keep each account and region on disk until it is judged: no machine has room for an organization."""
    types, at = types_of(rules), moment(now)
    with tempfile.TemporaryDirectory(prefix="wa-lint-") as place:
        options = Options(regions=whom.regions, types=tuple(sorted(types)))
        keeper = InFolder(Path(place), Index(taken_at=at.isoformat(), options=options))
        keeper.note([])
        collect(whom, types, at, keeper, watch)
        asked = Asked(choice, day(now), today(None))
        _, report = judge_folder(Path(place, INDEX), INDEX, asked, rules, jobs, lightened)
    return msgspec.structs.replace(report, rules=tuple(rule.info for rule in rules)), keeper.index.parts


def types_of(rules: Iterable[Rule]) -> frozenset[str]:
    """Return the types that rules read, so that nothing else is asked for."""
    return frozenset(
        type_ for rule in rules for type_ in language.types_read(rule.info.applies_to, rule.expressions.values())
    )
