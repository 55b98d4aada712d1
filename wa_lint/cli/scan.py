"""``wa-lint scan`` and ``wa-lint snapshot``: the live account. Reads, never writes; nothing else opens sockets."""

from __future__ import annotations

import datetime as dt
import sys
from collections.abc import Callable, Collection, Iterable, Sequence
from functools import wraps
from pathlib import Path
from typing import Final

import click
import msgspec

from wa_lint import codec, findings, language
from wa_lint.cli.exits import BLIND, CLEAN
from wa_lint.cli.joining import join
from wa_lint.cli.judging import day, judge_snapshot
from wa_lint.cli.options import Choice, Delivery, choice, chosen_rules, delivery
from wa_lint.cli.output import atomic, complain, deliver, targets
from wa_lint.errors import SourceError
from wa_lint.model import Input, Raw, Snapshot
from wa_lint.reporters import Options
from wa_lint.rule import Rule


class Account(msgspec.Struct, frozen=True):
    """Whom to ask, and where."""

    profile: str | None = None
    region: tuple[str, ...] = ()
    role_arn: str | None = None
    external_id: str | None = None


class Collected(msgspec.Struct, frozen=True):
    """What was read, and which regions let nobody in."""

    snapshot: Snapshot | None
    failed: tuple[Input, ...] = ()


_ACCOUNT: Final = (
    click.option("--profile", help="A profile of your AWS configuration."),
    click.option("--region", multiple=True, help="May be given several times; all: wherever SageMaker is."),
    click.option("--role-arn", help="A role to assume first."),
    click.option("--external-id", help="What the role's trust policy asks for."),
)


def _account(command: Callable[..., object]) -> Callable[..., object]:
    """Add the options that say whom to ask; the command gets them as `account`."""

    @wraps(command)
    def call(**given: object) -> object:
        names = Account.__struct_fields__
        return command(account=msgspec.convert({name: given.pop(name) for name in names}, Account), **given)

    for option in reversed(_ACCOUNT):
        call = option(call)
    return call


@click.command()
@_account
@choice
@delivery
def scan(account: Account, choice: Choice, delivery: Delivery) -> int:
    """Read a live account and judge it. Needs read-only permissions; what is refused is named, with what to grant."""
    to = targets(delivery.output)
    rules = chosen_rules(choice)
    found = collect(account, _types(rules), delivery.now)
    today = dt.datetime.now(dt.UTC).date().isoformat()
    reports = [judge_snapshot(found.snapshot, rules, day(delivery.now), today)] if found.snapshot else []
    judged = [Input(s.uri, "live", "judged", None, len(s.resources)) for s in [found.snapshot] if s]
    report = findings.merge(reports, [*judged, *found.failed])
    return deliver(report, to, delivery, Options())


@click.command()
@_account
@click.option(
    "-o",
    "--output",
    required=True,
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Where to put it; FILE.gz is compressed.",
)
@click.option(
    "--now",
    type=click.DateTime(["%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%d"]),
    help="The end of the metrics' window.  [default: now]",
)
def snapshot(account: Account, output: Path, now: dt.datetime | None) -> int:
    """Read a live account and write it down, secrets masked, for `wa-lint check` to judge later, elsewhere."""
    found = collect(account, None, now)
    if found.snapshot is None:
        return BLIND
    with atomic(output) as stream:
        codec.dump(found.snapshot, stream, compress=output.suffix == ".gz")
    gaps = found.snapshot.gaps
    complain(f"{len(found.snapshot.resources)} resources in {output}; {len(gaps)} listings could not be made in full")
    return BLIND if gaps or found.failed else CLEAN


def collect(account: Account, types: Collection[str] | None, now: dt.datetime | None) -> Collected:
    """Read every region that is asked for; None `types`: all. A region that fails is named on stderr."""
    from wa_lint import aws  # noqa: PLC0415, boto3 takes half a second, and --help and usage errors need none
    from wa_lint.sources.live.reader import read_live  # noqa: PLC0415, the same

    session = aws.open_session(account.profile)
    if account.role_arn:
        session = aws.assume(session, account.role_arn, external_id=account.external_id)
    moment = now.replace(tzinfo=dt.UTC) if now else None
    read: list[Snapshot] = []
    failed: list[Input] = []
    for region in _regions(account.region, session, aws.regions):
        try:
            if not read:
                complain(f"reading account {aws.account_of(session, region).id}")
            read.append(
                read_live(
                    session,
                    region,
                    types=types,
                    with_global=not read,  # IAM is the same from every region
                    now=moment,
                    on_progress=_progress(region),
                )
            )
        except SourceError as error:
            complain(str(error))
            failed.append(Input(f"aws {region}", "live", "error", error.problem))
    return Collected(join(read) if read else None, tuple(failed))


def _types(rules: Iterable[Rule]) -> Collection[str]:
    """Return the types that rules read, so that nothing else is asked for."""
    return {type_ for rule in rules for type_ in language.types_read(rule.info.applies_to, rule.expressions.values())}


def _regions(given: Sequence[str], session: Raw, every: Callable[[Raw], list[str]]) -> Sequence[str]:
    if "all" in given:
        return every(session)
    if not given and session.region_name is None:
        raise SourceError("aws", "no region; give --region, or set AWS_REGION or one in the profile")
    return list(dict.fromkeys(given or [session.region_name]))


def _progress(region: str) -> Callable[[str, int, int], None] | None:
    """Return what draws one line on a terminal, over and over; None where nobody looks."""
    if not sys.stderr.isatty():
        return None

    def draw(what: str, done: int, total: int) -> None:
        end = "\r\x1b[K" if done == total else ""
        click.echo(f"\r\x1b[K{region}: {what} {done}/{total}{end}", nl=False, err=True)

    return draw
