"""``wa-lint scan``: live accounts in, report out. Reads, never writes; it and ``snapshot`` alone open sockets."""

from __future__ import annotations

import datetime as dt
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path

import click
import msgspec

from wa_lint import findings
from wa_lint import rule_names as language
from wa_lint.cli.accounts import Account, Fleet, account, fleet, moment
from wa_lint.cli.configuring import configured
from wa_lint.cli.options import Choice, Delivery, Settling, choice, chosen_rules, delivery, settling, with_not_run
from wa_lint.cli.output import deliver, targets
from wa_lint.cli.plan import plannable
from wa_lint.cli.pushing import push, pushable
from wa_lint.model import Report
from wa_lint.reporters import RenderOptions as Shown
from wa_lint.rule import Rule
from wa_lint.run.collect import InFolder, InMemory, collect
from wa_lint.run.judge import day, judge_snapshot, lightened
from wa_lint.run.shards import JudgingTask, judge_folder, row_of
from wa_lint.run.snapshot_folder import INDEX, FolderIndex, ReadingOptions, Part
from wa_lint.suppress.apply import demand_no_diff, settled, today


@click.command()
@configured
@account
@choice
@settling
@delivery
@click.option("--jobs", type=click.IntRange(1), metavar="N", help="Processes to judge with.  [default: as many as pay]")
@pushable
@plannable
def scan(
    account: Account, choice: Choice, settling: Settling, delivery: Delivery, jobs: int | None, push_security_hub: bool
) -> int:
    """Read live accounts and judge them. Needs read-only permissions; what is refused is named, with what to grant."""
    demand_no_diff(settling)
    to = targets(delivery.output)
    rules = chosen_rules(choice)
    whom = msgspec.structs.replace(fleet(account), tags=_tags(settling, delivery))
    judge = _in_memory if len(whom.accesses) == 1 else _in_folder
    report, parts = judge(whom, rules, choice, delivery.now, jobs)
    found = findings.merge([report] if report else [], [row_of(part) for part in parts])
    report = settled(with_not_run(found, choice), settling, choice, today(delivery.now))
    code = deliver(report, to, delivery, Shown())
    return push(report, whom, delivery.now, code) if push_security_hub else code


def _tags(settling: Settling, delivery: Delivery) -> tuple[str, ...]:
    """Return the keys of the tags that tell something: suppressions, and which template made a resource."""
    from wa_lint.sources.live.tags import ALLOW, LOGICAL_ID  # noqa: PLC0415, it brings boto3 along

    return (*((ALLOW,) if settling.inline_suppressions else ()), *((LOGICAL_ID,) if delivery.template else ()))


def _in_memory(
    whom: Fleet, rules: Sequence[Rule], choice: Choice, now: dt.datetime | None, jobs: int | None
) -> tuple[Report | None, Sequence[Part]]:
    del choice, jobs
    keeper = InMemory()
    collect(whom, types_of(rules), moment(now), keeper)
    snapshot = keeper.joined()
    return judge_snapshot(snapshot, rules, day(now), today(None)) if snapshot else None, keeper.parts


def _in_folder(
    whom: Fleet, rules: Sequence[Rule], choice: Choice, now: dt.datetime | None, jobs: int | None
) -> tuple[Report | None, Sequence[Part]]:
    """Keep each account and region on disk until it is judged: no machine has room for an organization."""
    types, at = types_of(rules), moment(now)
    with tempfile.TemporaryDirectory(prefix="wa-lint-") as place:
        options = ReadingOptions(regions=whom.regions, types=tuple(sorted(types)))
        keeper = InFolder(Path(place), FolderIndex(taken_at=at.isoformat(), options=options))
        keeper.note([])
        collect(whom, types, at, keeper)
        asked = JudgingTask(choice, day(now), today(None))
        _, report = judge_folder(Path(place, INDEX), INDEX, asked, rules, jobs, lightened)
    return msgspec.structs.replace(report, rules=tuple(rule.info for rule in rules)), keeper.index.parts


def types_of(rules: Iterable[Rule]) -> frozenset[str]:
    """Return the types that rules read, so that nothing else is asked for."""
    return frozenset(
        type_ for rule in rules for type_ in language.types_read(rule.info.applies_to, rule.expressions.values())
    )
