"""Judges a snapshot that is in a folder, in one process or in several: the findings are those of one that is whole.

A shard is a group of accounts between which links lead, and a share of its resources; see `references.reach`. Each is
judged on the graph of its whole group, so that no link leaves it. Nothing else of the folder is in memory then.
"""

from __future__ import annotations

import contextlib
import gc
import os
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final, Protocol, TypeVar

import msgspec

from wa_lint import findings
from wa_lint.errors import SourceError
from wa_lint.model import Finding, Gap, Input, Location, Report, Resource, Scope
from wa_lint.references.reach import Reach, reach_of, together
from wa_lint.rule import Rule
from wa_lint.run import snapshot_folder as folder
from wa_lint.run.choice import Choice, chosen_rules
from wa_lint.run.joined_snapshots import join
from wa_lint.run.snapshot_folder import FolderIndex, Part
from wa_lint.run.within import lint_within
from wa_lint.sources.jobs import with_jobs

_FEW: Final = 10_000
"""Resources that one process judges as soon as two: every file is read twice, and findings travel (measured: 36,000
resources with 144,000 findings take a sixth more work in two processes than in one)."""

_EVERYTHING: Final = "AWS::*"
"""In place of a type, where nothing of an account or region could be read."""


class JudgingTask(msgspec.Struct, frozen=True):
    """What judging depends on but the snapshot. It travels to other processes."""

    choice: Choice
    now: str | None = None
    """An ISO date; None: the snapshot's, else `today`."""
    today: str = ""
    lists_all: bool = True
    """As of `lint`."""


class Shard(msgspec.Struct, frozen=True, kw_only=True):
    """What one worker judges. Plain values: it can be sent anywhere that sees the folder."""

    folder: str
    uri: str
    parts: tuple[Part, ...]
    number: int = 0
    of: int = 1
    """It judges a share of the parts: see `_share`."""
    elsewhere: frozenset[tuple[str, str]] = frozenset()
    """(type, id) of resources that another shard judges."""
    asked: JudgingTask
    today: str


class Looked(msgspec.Struct, frozen=True):
    """What a part is found to hold."""

    part: Part
    reach: Reach | None = None
    fault: str | None = None
    """Why its file cannot be read."""


Light = Callable[[Report], Report]


def judge_folder(
    file: Path, uri: str, asked: JudgingTask, rules: Sequence[Rule], jobs: int | None, light: Light
) -> tuple[Sequence[Input], Report]:
    """Return a row for each part of the index in `file`, and the report on all of them, made `light` where it arises.

    Raise SourceError where the index cannot be read. `rules` are those of `asked`.
    """
    index = folder.read_index(file, uri)
    base = uri.removesuffix(folder.INDEX).rstrip("/") or "."
    with_files = [part for part in index.parts if part.file is not None]
    workers = jobs or _worth(sum(part.resources for part in with_files))
    with _hands(workers) as hands:
        looked = hands(_look, [(str(file.parent), base, part) for part in with_files])
        shards = _shards(str(file.parent), base, looked, index, asked, workers)
        judge = _judge_here(rules, light) if workers == 1 else _judge
        reports = hands(judge, [(shard, light) for shard in shards])
    rows = list(_rows(index, base, looked))
    gaps = tuple(_gaps(index))
    return rows, findings.merge([*reports, Report((), (), gaps=gaps)], ()) if reports else Report((), (), gaps=gaps)


_T = TypeVar("_T")
_R = TypeVar("_R")


class _Hands(Protocol):
    def __call__(self, do: Callable[[_T], _R], tasks: Sequence[_T]) -> list[_R]: ...


@contextlib.contextmanager
def _hands(workers: int) -> Iterator[_Hands]:
    """Yield what does many things in order, in this process or in `workers` others."""
    if workers <= 1:
        yield lambda do, tasks: list(map(do, tasks))
        return
    from concurrent.futures import ProcessPoolExecutor  # noqa: PLC0415, 40 ms that a small folder need not wait for

    with ProcessPoolExecutor(workers, initializer=gc.set_threshold, initargs=gc.get_threshold()) as pool:
        yield lambda do, tasks: list(pool.map(do, tasks))


def _worth(resources: int) -> int:
    return min(os.cpu_count() or 1, 1 + resources // _FEW)


# --- a first look -----------------------------------------------------------------------------------


def _look(task: tuple[str, str, Part]) -> Looked:
    place, uri, part = task
    try:
        return Looked(part, reach_of(folder.load(Path(place), uri, part), part.account))
    except SourceError as error:
        return Looked(part, fault=str(error))


def _shards(
    place: str, uri: str, looked: Sequence[Looked], index: FolderIndex, asked: JudgingTask, workers: int
) -> Sequence[Shard]:
    whole = [one for one in looked if one.reach is not None]
    size = sum(one.part.resources for one in whole)
    owner = _owners(whole)
    shards = []
    for accounts in together([one.reach for one in whole if one.reach]):
        parts = tuple(one.part for one in whole if one.part.account in accounts)
        share = sum(part.resources for part in parts) * workers
        of = max(1, min(workers, -(-share // max(1, size))))
        shards += [
            Shard(
                folder=place,
                uri=uri,
                parts=parts,
                number=number,
                of=of,
                elsewhere=frozenset(key for key, account in owner.items() if account not in accounts),
                asked=asked,
                today=asked.now or (index.taken_at or asked.today)[:10],
            )
            for number in range(of)
        ]
    return shards


def _owners(looked: Sequence[Looked]) -> Mapping[tuple[str, str], str]:
    """Return the account that what several accounts have is judged in: the first."""
    owner: dict[tuple[str, str], str] = {}
    for one in looked:
        for key in one.reach.shared if one.reach else ():
            owner.setdefault(key, one.part.account)
    return owner


# --- the judging ------------------------------------------------------------------------------------


def _judge(task: tuple[Shard, Light]) -> Report:
    """What another process does. It chooses the rules itself: compiled ones do not travel."""
    shard, light = task
    return _lean(_judged(shard, chosen_rules(shard.asked.choice), light))


def _judge_here(rules: Sequence[Rule], light: Light) -> Callable[[tuple[Shard, Light]], Report]:
    return lambda task: _judged(task[0], rules, light)


def _judged(shard: Shard, rules: Sequence[Rule], light: Light) -> Report:
    snapshots = [snapshot for _, snapshot in folder.read_parts(Path(shard.folder), shard.uri, shard.parts)]
    snapshot = with_jobs(join(snapshots))
    share = _share(snapshot.resources, shard) - shard.elsewhere
    if shard.number:  # said once for all shards of the parts
        snapshot = msgspec.structs.replace(snapshot, unjudged=(), not_followed=())
    report = light(
        lint_within(shard.asked.choice, snapshot, rules, shard.today, judged=share, lists_all=shard.asked.lists_all)
    )
    if shard.number == 0:
        return report
    return msgspec.structs.replace(report, gaps=(), problems=(), notes=(), not_followed=())


def _share(resources: Sequence[Resource], shard: Shard) -> set[tuple[str, str]]:
    """Return the (type, id) that are judged: of each type in each region every `of`-th block.

    What is side by side often names what is side by side: single resources dealt in turn would have every
    worker look up nearly everything. What is few, such as buckets, has one worker, for its facts rest on indexes.
    """
    listings: dict[tuple[str, str | None, str | None], list[Resource]] = defaultdict(list)
    for resource in resources:
        listings[resource.type, resource.account, resource.region].append(resource)
    return {
        (resource.type, resource.id)
        for listing in listings.values()
        for place, resource in enumerate(listing)
        if (place // _BLOCK - (len(listing) <= _BLOCK)) % shard.of == shard.number
    }


_BLOCK: Final = 64


def _lean(report: Report) -> Report:
    """Return the report with one object for a resource of which several findings speak: less is sent."""
    resources: dict[tuple[str, str, Location], Resource] = {}

    def lean(finding: Finding) -> Finding:
        key = finding.resource.type, finding.resource.id, finding.location
        return msgspec.structs.replace(finding, resource=resources.setdefault(key, finding.resource))

    return msgspec.structs.replace(report, findings=tuple(map(lean, report.findings)))


# --- rows and gaps ----------------------------------------------------------------------------------


def _rows(index: FolderIndex, uri: str, looked: Sequence[Looked]) -> Iterator[Input]:
    faults = {one.part.key: one.fault for one in looked}
    for part in index.parts:
        fault = faults.get(part.key)
        if fault is not None:
            yield Input(f"{uri}/{part.file}", "unknown", "error", fault)
        elif part.file is not None:
            yield Input(f"{uri}/{part.file}", "live", "judged", _cut(part), part.resources)
        else:
            yield row_of(part)


def row_of(part: Part) -> Input:
    """Return the row on a part of which there is no file, or of one that was read just now."""
    region = f"/{part.region}" if part.region and part.region != folder.GLOBAL else ""
    uri = f"aws://{part.account}{region}"
    if part.status == "skipped":
        return Input(uri, "live", "skipped", part.reason)
    if part.status in ("read", "partial", "gaps"):
        return Input(uri, "live", "judged", _cut(part), part.resources)
    return Input(uri, "live", "error", part.reason or "it was not read: the reading was interrupted")


def _cut(part: Part) -> str | None:
    return "it was read in part: the reading was interrupted" if part.status == "partial" else None


def _gaps(index: FolderIndex) -> Iterator[Gap]:
    """Yield what could not be read at all, so that nobody takes it for absent."""
    for part in index.parts:
        if part.file is None and part.status in ("failed", "waiting"):
            region = None if part.region == folder.GLOBAL else part.region
            yield Gap(Scope(_EVERYTHING, part.account, region), row_of(part).reason or "")
