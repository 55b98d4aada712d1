"""``wa-lint snapshot``: live accounts in, a file or a folder out. Reads, never writes to AWS; judges nothing."""

from __future__ import annotations

import datetime as dt
import re
import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import click
import msgspec

from wa_lint import codec
from wa_lint.cli.account_options import account
from wa_lint.cli.configuring import configured
from wa_lint.cli.exits import BLIND, CLEAN
from wa_lint.cli.output import complain
from wa_lint.cli.plan import plannable
from wa_lint.cli.progress import WATCH
from wa_lint.cli.read_table import read_table
from wa_lint.errors import ConfigError, SourceError
from wa_lint.model import Snapshot, SourceKind
from wa_lint.run.accounts import Account, Fleet, fleet, moment
from wa_lint.run.collect import InFolder, InMemory, Listener, collect
from wa_lint.run.snapshot_folder import INDEX, FolderIndex, Part, ReadingOptions, demand_fit, is_folder, read_index
from wa_lint.writing import atomic, demand_writable

_RESUME: Final = "--resume"


@click.command()
@configured
@account
@click.option(
    "-o",
    "--output",
    metavar="FILE|FOLDER/",
    help="The output: one file (FILE.gz is compressed), or a folder with one file per account and region.  "
    "[default: the snapshot that is resumed]",
)
@click.option(
    _RESUME,
    metavar="FILE|FOLDER",
    type=click.Path(exists=True, path_type=Path),
    help="Resume a snapshot that was interrupted or has gaps from throttling, expired credentials or "
    "connection errors. Reads only what is missing. Requires the same options.",
)
@click.option(
    "--now",
    type=click.DateTime(["%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%d"]),
    help="The end of the metrics window.  [default: now, or that of the resumed snapshot]",
)
@click.option(
    "--tag", "tags", multiple=True, metavar="KEY", help="Look for what bears this tag: for --workload of a later check."
)
@plannable
def snapshot(
    account: Account, output: str | None, resume: Path | None, now: dt.datetime | None, tags: tuple[str, ...]
) -> int:
    """Read live accounts and write them down, secrets masked, for `wa-lint check` to judge later, elsewhere."""
    to = _target(output, resume)
    whom = _with_tags(fleet(account, complain), tags)
    if to.is_dir() or (output or "").endswith("/"):
        return _into_folder(whom, to, resume, now)
    return _into_file(whom, to, resume, now)


def _target(output: str | None, resume: Path | None) -> Path:
    """Return where the snapshot goes. Raise `ConfigError` where nothing says so, or it would cover another."""
    if output is None and resume is None:
        raise ConfigError("-o", "-o is missing: name a file, or a folder with a trailing slash")
    to = Path(output) if output is not None else resume
    assert to is not None  # noqa: S101, one of the two is given
    demand_writable(to)
    if resume is not None and (is_folder(resume) or resume.is_dir()) and to.resolve() != resume.resolve():
        raise ConfigError("-o", f"a snapshot that is resumed stays in its folder; omit -o, or give {resume}")
    if resume is None and is_folder(to):
        raise ConfigError("-o", f"there is a snapshot in {to} already; {_RESUME} {to} resumes it")
    if resume is not None and resume.is_dir() and not is_folder(resume):
        raise ConfigError(_RESUME, f"there is no snapshot in {resume}: it has no {INDEX}")
    return to


# --- a folder ---------------------------------------------------------------------------------------


def _into_folder(whom: Fleet, to: Path, resume: Path | None, now: dt.datetime | None) -> int:
    before = read_index(to / INDEX, (to / INDEX).as_posix()) if resume else None
    options = ReadingOptions(regions=whom.regions)
    if before is not None:
        demand_fit(before, options, [access.account for access in whom.accesses], to.as_posix())
        _demand_same_time(now, before.taken_at)
    at = moment(now) if before is None else dt.datetime.fromisoformat(before.taken_at)
    keeper = InFolder(to, before or FolderIndex(taken_at=at.isoformat(), options=options))
    keeper.note([])
    where = f"{to.as_posix().rstrip('/')}/"
    collect(whom, None, at, keeper, _watch(where))
    _say_cut(keeper.index.parts, where)
    return _told(keeper.index.parts, where)


def _with_tags(whom: Fleet, tags: Sequence[str]) -> Fleet:
    """Return the fleet with the tags that a later `check` may ask for."""
    from wa_lint.sources.live.tags import ALLOW, LOGICAL_ID  # noqa: PLC0415, it brings boto3 along

    return msgspec.structs.replace(whom, tags=(ALLOW, LOGICAL_ID, *tags))


# --- a file -----------------------------------------------------------------------------------------


def _into_file(whom: Fleet, to: Path, resume: Path | None, now: dt.datetime | None) -> int:
    before = _read(resume) if resume else None
    if before is not None:
        _demand_same_place(before, whom, str(resume))
        _demand_same_time(now, str(before.taken_at))
    at = moment(now) if before is None else dt.datetime.fromisoformat(str(before.taken_at))
    keeper = InMemory(before)
    collect(whom, None, at, keeper, _watch(to.as_posix()))
    found = keeper.joined()
    if found is None:
        return BLIND
    with atomic(to, is_private=True) as stream:
        codec.dump(found, stream, compress=to.suffix == ".gz")
    _say_cut(keeper.parts, to.as_posix())
    complain(read_table(found))
    return _told(keeper.parts, to.as_posix())


def _read(file: Path) -> Snapshot:
    """Return the snapshot in `file`. Raise `SourceError` where it is damaged, or not of an account."""
    with file.open("rb") as stream:
        found = codec.load(stream, file.as_posix())
    if found.kind is not SourceKind.LIVE or found.taken_at is None:
        raise SourceError(file.as_posix(), "not a snapshot of an account, so it cannot be resumed")
    return found


def _demand_same_place(before: Snapshot, whom: Fleet, where: str) -> None:
    scopes = {*before.complete, *(gap.scope for gap in before.gaps)}
    strange = {str(scope.account) for scope in scopes} - {access.account for access in whom.accesses}
    if strange:
        raise ConfigError(where, f"holds account {', '.join(sorted(strange))}, which these options do not cover")
    regions = {scope.region for scope in scopes if scope.region} - set(whom.regions)
    if regions and "all" not in whom.regions:
        raise ConfigError(where, f"holds {', '.join(sorted(regions))}, which these options do not select")


# --- both -------------------------------------------------------------------------------------------


def _demand_same_time(now: dt.datetime | None, taken_at: str) -> None:
    if now is not None and moment(now) != dt.datetime.fromisoformat(taken_at):
        raise ConfigError("--now", f"the resumed snapshot is as of {taken_at}; omit the option")


def _watch(where: str) -> Listener:
    """Return who listens; Ctrl-C shows first how to go on."""
    return msgspec.structs.replace(WATCH, on_stop=(f"to go on: {_resuming(where)}",))


def _resuming(where: str) -> str:
    """Return the command that was typed, with the snapshot to go on with in place of ``-o``."""
    typed = list(click.get_current_context().obj or ["snapshot"])
    kept: list[str] = []
    while typed:
        word = typed.pop(0)
        if word in _PLACES and typed:
            typed.pop(0)
        elif not re.match(r"-o.|--(output|resume)=", word):
            kept.append(word)
    return shlex.join(["wa-lint", *kept, _RESUME, where])


_PLACES: Final = ("-o", "--output", _RESUME)


def _is_cut(part: Part) -> bool:
    return part.status in ("waiting", "partial")


def _say_cut(parts: Sequence[Part], where: str) -> None:
    """Say first, before any table, how to go on with what was interrupted."""
    missing = [part for part in parts if _is_cut(part) or part.status == "failed"]
    if any(map(_is_cut, parts)):
        complain(
            f"interrupted: {len(missing)} of {len(parts)} accounts and regions are missing or cut short; to go on:"
        )
        complain(f"  {_resuming(where)}")


def _told(parts: Sequence[Part], where: str) -> int:
    """Say what came of it, and return the exit code."""
    resources, gaps = sum(part.resources for part in parts), sum(part.gaps for part in parts)
    complain(f"{resources} resources in {where}; {gaps} resource types could not be fully read")
    missing = [part for part in parts if part.status in ("failed", "waiting", "partial")]
    unclosed = [part for part in parts if part.status == "gaps"]
    if missing and not any(map(_is_cut, parts)):
        complain(f"{len(missing)} of {len(parts)} accounts and regions could not be read")
    if unclosed:
        complain(
            f"{len(unclosed)} of {len(parts)} accounts and regions have gaps that a retry may close "
            f"(throttled, expired, no connection): {_RESUME} {where} instead of -o reads what is missing"
        )
    return BLIND if gaps or missing else CLEAN
