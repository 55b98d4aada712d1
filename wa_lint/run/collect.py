"""Reads a fleet of accounts, unit by unit, and puts each where it is kept as it ends. It judges nothing.

One unit that fails is a row that says why; it stops no other.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait
from typing import TYPE_CHECKING, Final, Protocol, TypeAlias

import msgspec

from wa_lint.model import Scope, Snapshot
from wa_lint.run.accounts import Fleet
from wa_lint.run.joined_snapshots import join
from wa_lint.run.shards import row_of
from wa_lint.run.snapshot_folder import GLOBAL, Folder, Part, Status, in_order, load

if TYPE_CHECKING:
    from wa_lint.sources.live.units import Access, Surveyed, Unit, UnitResult

AT_ONCE: Final = 8
"""Units that are read at the same time, each with threads of its own."""

_BLINK: Final = 0.2
"""Seconds between two looks at whether somebody pressed Ctrl-C."""


class Keeper(Protocol):
    """Where what was read is put."""

    def note(self, parts: Iterable[Part]) -> None: ...
    def keep(self, part: Part, snapshot: Snapshot) -> None: ...
    def forget(self, account: str) -> None: ...
    def status(self, part: Part) -> Status | None: ...
    def earlier(self, part: Part) -> Snapshot | None: ...
    def finish(self) -> None: ...


OnProgress: TypeAlias = Callable[[str, int, int], None]
"""As `sources.live.listing` has it: told what is done, how many calls of it are, and of how many."""


def _no_lines() -> contextlib.AbstractContextManager[Callable[[str], OnProgress | None]]:
    return contextlib.nullcontext(lambda _: None)


class Listener(msgspec.Struct, frozen=True):
    """Who gets the progress of the reading, and how."""

    say: Callable[[str], None]
    """Gets a line for each account or region that is not read, or entered by a role."""
    lines: Callable[[], contextlib.AbstractContextManager[Callable[[str], OnProgress | None]]] = _no_lines
    """Gives, for the name of a unit, what hears of its progress."""
    on_stop: tuple[str, ...] = ()
    """What is said first once somebody pressed Ctrl-C: how to go on."""


class InMemory:
    """Keeps all until it is joined; begins with what an earlier snapshot has of each part."""

    def __init__(self, earlier: Snapshot | None = None) -> None:
        self._earlier = earlier
        self._parts: dict[tuple[str, str], Part] = {}
        self._snapshots: dict[tuple[str, str], Snapshot] = {}

    @property
    def parts(self) -> Sequence[Part]:
        return in_order(self._parts.values())

    def joined(self) -> Snapshot | None:
        """Return all that was read as one snapshot; None if nothing was."""
        found = [self._snapshots[part.key] for part in self.parts if part.key in self._snapshots]
        return join(found) if found else None

    def note(self, parts: Iterable[Part]) -> None:
        self._parts |= {part.key: part for part in parts}

    def keep(self, part: Part, snapshot: Snapshot) -> None:
        counts = len(snapshot.resources), len(snapshot.gaps)
        self.note([msgspec.structs.replace(part, resources=counts[0], gaps=counts[1])])
        self._snapshots[part.key] = snapshot

    def forget(self, account: str) -> None:
        self._parts.pop((account, ""), None)

    def status(self, part: Part) -> Status | None:
        del part
        return None

    def earlier(self, part: Part) -> Snapshot | None:
        """Return what the earlier snapshot has of `part`; None where it has nothing."""
        found = self._earlier and _share(self._earlier, part)
        return found if found and (found.complete or found.gaps) else None

    def finish(self) -> None:
        """Do nothing: there is no more to keep."""


class InFolder(Folder):
    """Keeps each part in a file of its own, and knows what is there already."""

    def status(self, part: Part) -> Status | None:
        known = self.known(part)
        return known.status if known else None

    def earlier(self, part: Part) -> Snapshot | None:
        known = self.known(part)
        is_open = known is not None and known.status in {"partial", "gaps"}
        return load(self.path, self.path.as_posix(), known) if known and is_open else None


def collect(
    fleet: Fleet,
    types: frozenset[str] | None,
    now: dt.datetime,
    keeper: Keeper,
    watch: Listener,
    series: frozenset[tuple[str, str]] | None = None,
) -> None:
    """Read every account and region of `fleet` and hand each to `keeper`; what cannot be read is noted, and why.

    `types` None: all; so are `series`, the metrics by type and key. Ctrl-C ends it early: what is being read is kept as
    far as it came, the rest waits.

    Raise `SourceError` where what there is already does not fit, before anything is read.
    """
    from wa_lint.sources.live.abandonable_threads import Crew  # noqa: PLC0415, as below
    from wa_lint.sources.live.units import survey, units  # noqa: PLC0415, boto3 takes half a second

    _note_passed(fleet, keeper, watch)
    with Crew(AT_ONCE) as pool:
        entered = [(access, pool.submit(survey, access, fleet.regions)) for access in fleet.accesses]
        waiting = [
            unit
            for access, future in entered
            if (one := _entered(access, future, keeper, watch))
            for unit in units(one, types, fleet.manners, now, fleet.tags, series)
            if keeper.status(_part(unit)) != "read"
        ]
        _read(waiting, pool, keeper, watch)
    keeper.finish()


def _note_passed(fleet: Fleet, keeper: Keeper, watch: Listener) -> None:
    for passed in fleet.passed:
        watch.say(f"account {passed.account}: {passed.reason}")
    read = {access.account for access in fleet.accesses}
    rows = [Part(account=p.account, status="skipped", reason=p.reason) for p in fleet.passed if p.account not in read]
    keeper.note(rows)


def _entered(access: Access, future: Future[Surveyed], keeper: Keeper, watch: Listener) -> Surveyed | None:
    """Return what is to be read of an account; None where it lets nobody in, which is noted."""
    error = future.exception()
    reason = future.result().reason if error is None else _fault(error)
    if reason is not None:
        watch.say(f"account {access.account}: {reason}")
        keeper.note([Part(account=access.account, status="failed", reason=reason)])
        return None
    keeper.forget(access.account)
    if access.role_arn:
        watch.say(f"account {access.account} is entered as {future.result().arn}")
    return future.result()


def _read(waiting: Sequence[Unit], pool: Executor, keeper: Keeper, watch: Listener) -> None:
    from wa_lint.sources.live.units import demand_resumable, read_unit  # noqa: PLC0415, as above

    earlier = {unit: found for unit in waiting if (found := keeper.earlier(_part(unit)))}
    for unit, found in earlier.items():
        demand_resumable(unit, found)
    keeper.note(_part(unit) for unit in waiting if unit not in earlier)
    with _stopping() as stop, watch.lines() as line:

        def read(unit: Unit) -> UnitResult:
            return read_unit(unit, stop, earlier.get(unit), line(unit.uri))

        for unit, future in _as_they_end(waiting, lambda unit: pool.submit(read, unit), stop, watch):
            _keep(unit, future, keeper, stop, watch)


def _as_they_end(
    units: Iterable[Unit], submit: Callable[[Unit], Future[UnitResult]], stop: threading.Event, watch: Listener
) -> Iterator[tuple[Unit, Future[UnitResult]]]:
    """Yield each unit with what came of it. No more run at once than `AT_ONCE`; none begins once `stop` is set."""
    waiting = deque(units)
    running: dict[Future[UnitResult], Unit] = {}
    is_told = False
    while waiting or running:
        if stop.is_set() and not is_told:
            is_told = True
            for line in watch.on_stop:
                watch.say(line)
            watch.say("stopping; what has been read is kept (press Ctrl-C again to stop at once)")
            waiting.clear()
        while waiting and len(running) < AT_ONCE:
            unit = waiting.popleft()
            running[submit(unit)] = unit
        done, _ = wait(running, timeout=_BLINK, return_when=FIRST_COMPLETED)
        for future in done:
            yield running.pop(future), future


def _keep(unit: Unit, future: Future[UnitResult], keeper: Keeper, stop: threading.Event, watch: Listener) -> None:
    part, error = _part(unit), future.exception()
    if error is not None:
        part = msgspec.structs.replace(part, status="failed", reason=_fault(error))
    elif (result := future.result()).snapshot is not None:
        status: Status = "partial" if result.is_cut else "gaps" if result.has_passing_gaps else "read"
        keeper.keep(msgspec.structs.replace(part, status=status), result.snapshot)
        return
    elif not stop.is_set():
        part = msgspec.structs.replace(part, status="skipped" if result.is_skipped else "failed", reason=result.reason)
    if part.reason:
        watch.say(f"{row_of(part).uri}: {part.reason}")
    keeper.note([part])


def _fault(error: BaseException) -> str:
    return f"internal error in wa-lint, please report it ({type(error).__name__})"


def _part(unit: Unit) -> Part:
    return Part(account=unit.account, region=unit.region or GLOBAL)


def _share(snapshot: Snapshot, part: Part) -> Snapshot:
    """Return what `snapshot` has of one account and region."""
    place = part.account, None if part.region == GLOBAL else part.region

    def is_here(scope: Scope) -> bool:
        return (scope.account, scope.region) == place

    return msgspec.structs.replace(
        snapshot,
        resources=tuple(r for r in snapshot.resources if (r.account, r.region) == place),
        complete=frozenset(scope for scope in snapshot.complete if is_here(scope)),
        gaps=tuple(gap for gap in snapshot.gaps if is_here(gap.scope)),
    )


@contextlib.contextmanager
def _stopping() -> Iterator[threading.Event]:
    """Yield an event that the first Ctrl-C sets. The second one does what it always does."""
    stop = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield stop
        return
    before = signal.getsignal(signal.SIGINT)

    def hear(*_: object) -> None:
        stop.set()
        signal.signal(signal.SIGINT, before)

    signal.signal(signal.SIGINT, hear)
    try:
        yield stop
    finally:
        signal.signal(signal.SIGINT, before)
