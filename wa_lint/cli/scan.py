"""``wa-lint scan``: live accounts in, report out. Reads, never writes, but to Security Hub where it is asked to."""

from __future__ import annotations

import click
import msgspec

from wa_lint.cli.account_options import account
from wa_lint.cli.configuring import configured, said_by_all
from wa_lint.cli.keeping import demand_ledger, kept
from wa_lint.cli.options import choice_beside_account, delivery, settling
from wa_lint.cli.output import complain, deliver, targets
from wa_lint.cli.plan import plannable
from wa_lint.cli.progress import WATCH
from wa_lint.cli.pushing import push, pushable
from wa_lint.reporters import RenderOptions as Shown
from wa_lint.run.accounts import Account, fleet
from wa_lint.run.choice import Choice, Delivery
from wa_lint.run.scan_accounts import Manner, judged_fleet
from wa_lint.run.settle import demand_no_diff, lists_all, settled, today
from wa_lint.suppress.apply import Settling


@click.command()
@configured
@account
@choice_beside_account
@settling
@delivery
@click.option("--jobs", type=click.IntRange(1), metavar="N", help="Number of worker processes.  [default: auto]")
@pushable
@plannable
def scan(
    account: Account, choice: Choice, settling: Settling, delivery: Delivery, jobs: int | None, push_security_hub: bool
) -> int:
    """Read live accounts and judge them. Needs read-only permissions; what is refused is named, with what to grant."""
    demand_no_diff(settling)
    to = targets(delivery.output)
    demand_ledger(delivery)
    said = said_by_all()
    whom = msgspec.structs.replace(fleet(account, complain), tags=_tags(settling, delivery))
    is_listed = push_security_hub or lists_all(settling, delivery, said.config)
    found = judged_fleet(whom, choice, Manner(delivery.now, jobs, lists_all=is_listed), WATCH)
    report = settled(found, settling, choice, said, today(delivery.now), complain)
    trend = kept(found, report, choice, delivery, "scan")
    code = deliver(report, to, delivery, Shown(trend=trend))
    return push(report, whom, delivery.now, code) if push_security_hub else code


def _tags(settling: Settling, delivery: Delivery) -> tuple[str, ...]:
    """Return the keys of the tags that tell something: suppressions, and which template made a resource."""
    from wa_lint.sources.live.tags import ALLOW, LOGICAL_ID  # noqa: PLC0415, it brings boto3 along

    return (*((ALLOW,) if settling.inline_suppressions else ()), *((LOGICAL_ID,) if delivery.template else ()))
