"""The database of a history: SQLite, one file, written in one transaction for each run. It computes nothing.

Two runs may write at the same time: the second waits for the first. A file that is of something else, damaged, or of a
newer wa-lint is refused with one line. What is written is masked, and only its owner may read the file.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Final

import msgspec

from wa_lint.errors import ConfigError
from wa_lint.history.lives import RecordedRun, TrackedState
from wa_lint.history.sighted import REPORTED, STATES, Home, Sighting, TrackedFinding
from wa_lint.model import Gap, Input, Raw, Severity
from wa_lint.writing import private_file

VERSION: Final = 1
"""Of the tables (``PRAGMA user_version``). They are changed by a migration only."""

_APPLICATION: Final = 0x57414C48
"""``WALH``: tells the file from other programs' databases (``PRAGMA application_id``)."""

_WAITS: Final = 30.0
"""Seconds for another run to end its transaction."""

_TABLES: Final = """
CREATE TABLE run (
    id INTEGER PRIMARY KEY,
    at TEXT NOT NULL,
    tool TEXT NOT NULL,
    command TEXT NOT NULL,
    rules INTEGER NOT NULL,
    is_complete INTEGER NOT NULL
);
CREATE TABLE scope (
    run INTEGER NOT NULL REFERENCES run (id),
    place TEXT NOT NULL,
    type TEXT NOT NULL,
    reason TEXT NOT NULL
);
CREATE TABLE rule (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    version TEXT NOT NULL,
    UNIQUE (name, version)
);
CREATE TABLE finding (
    id INTEGER PRIMARY KEY,
    fingerprint TEXT NOT NULL,
    number INTEGER NOT NULL,
    rule TEXT NOT NULL,
    severity TEXT NOT NULL,
    practices TEXT NOT NULL,
    resource TEXT NOT NULL,
    type TEXT NOT NULL,
    account TEXT NOT NULL,
    region TEXT NOT NULL,
    file TEXT NOT NULL,
    path TEXT NOT NULL,
    place TEXT NOT NULL,
    message TEXT NOT NULL
);
CREATE TABLE sighting (
    run INTEGER NOT NULL REFERENCES run (id),
    finding INTEGER NOT NULL REFERENCES finding (id),
    rule INTEGER NOT NULL REFERENCES rule (id),
    state TEXT NOT NULL,
    because TEXT NOT NULL,
    PRIMARY KEY (finding, run)
) WITHOUT ROWID;
"""
"""``scope`` has a row for each thing that a run was to read: `reason` is empty where it was read, `type` where all of
it is meant. ``sighting`` has a row for what a run says of a finding; of one that is closed no further ones."""

_CHANGES: Final = """
    SELECT finding, run, state, because, version FROM (
        SELECT s.finding, s.run, s.state, s.because, r.version,
            lag(s.state || '#' || s.rule || s.because) OVER life AS before,
            lead(s.state || '#' || s.rule || s.because) OVER life AS after,
            s.state || '#' || s.rule || s.because AS here
        FROM sighting s JOIN rule r ON r.id = s.rule LEFT JOIN run ON run.id = s.run
        WINDOW life AS (PARTITION BY s.finding ORDER BY run.at, s.run)
    ) WHERE before IS NOT here OR after IS NOT here"""
"""The rows that say something else than the one before or after."""

_OURS: Final = frozenset({"run", "scope", "rule", "finding", "sighting"})

_FINDING: Final = (
    "fingerprint", "number", "rule", "severity", "practices", "resource", "type", "account", "region", "file", "path",
    "place", "message",
)  # fmt: skip


class RunRecord(msgspec.Struct, frozen=True):
    """What a run says of itself."""

    at: str
    tool: str
    command: str
    rules: int
    inputs: Sequence[Input] = ()
    gaps: Sequence[Gap] = ()


class Ledger:
    """An open database. Use `opened`."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._rules: dict[tuple[str, str], int] = {}

    # --- reading ------------------------------------------------------------------------------------

    def runs(self) -> Sequence[RecordedRun]:
        """Return all runs, the oldest first."""
        rows = self._connection.execute("SELECT at, id, tool, command, rules, is_complete FROM run ORDER BY at, id")
        return [
            RecordedRun(at, id_, tool, command, rules, bool(whole)) for at, id_, tool, command, rules, whole in rows
        ]

    def findings(self) -> Sequence[TrackedFinding]:
        rows = self._connection.execute(f"SELECT id, {', '.join(_FINDING)} FROM finding ORDER BY id")  # noqa: S608
        try:
            return [_finding(row) for row in rows]
        except (AttributeError, ValueError) as error:
            raise sqlite3.DatabaseError(f"a finding cannot be read: {error}") from error

    def told(self) -> Iterator[tuple[int, TrackedState]]:
        """Yield what the runs said of each finding, by the id of the finding: the first and last of runs that agree."""
        runs = {run.id: run for run in self.runs()}
        for finding, run, state, because, version in self._connection.execute(_CHANGES):
            if run not in runs or state not in STATES:
                raise sqlite3.DatabaseError(f"no run {run}, or no state {state!r}")
            yield finding, TrackedState(runs[run], state, because, version)

    def known(self, at: str) -> Sequence[TrackedFinding]:
        """Return all findings, with what the latest run up to `at` said of them."""
        last = {finding: state for finding, state, _ in self._last(at, "")}
        reported = f"AND s.state IN ({', '.join(repr(state) for state in sorted(REPORTED))})"
        versions = {finding: version for finding, _, version in self._last(at, reported)}
        return [
            msgspec.structs.replace(one, last=last.get(one.id, ""), last_version=versions.get(one.id, ""))
            for one in self.findings()
        ]

    def _last(self, at: str, which: str) -> Iterator[tuple[int, str, str]]:
        """Yield (finding, state, version of the rule) of the latest row up to `at`, of those that `which` leaves."""
        runs = self.runs()
        is_in_order = all(run.at <= at for run in runs) and [run.id for run in runs] == sorted(run.id for run in runs)
        latest = "s.run DESC" if is_in_order else "(SELECT at FROM run WHERE id = s.run) DESC, s.run DESC"
        until = "" if is_in_order else "AND (SELECT at FROM run WHERE id = s.run) <= :at"
        query = f"""
            SELECT t.finding, t.state, r.version
            FROM finding f JOIN sighting t ON t.finding = f.id AND t.run = (
                SELECT s.run FROM sighting s WHERE s.finding = f.id {which} {until} ORDER BY {latest} LIMIT 1
            ) JOIN rule r ON r.id = t.rule"""  # noqa: S608, of our own constants
        yield from self._connection.execute(query, {} if is_in_order else {"at": at})

    # --- writing ------------------------------------------------------------------------------------

    def add(self, run: RunRecord, sightings: Iterable[Sighting]) -> None:
        """Write a run and what it says. Only within `recording`."""
        is_complete = not run.gaps and all(entry.status != "error" for entry in run.inputs)
        id_ = self._insert(
            "INSERT INTO run (at, tool, command, rules, is_complete) VALUES (?, ?, ?, ?, ?)",
            (run.at, run.tool, run.command, run.rules, int(is_complete)),
        )
        self._connection.executemany(
            "INSERT INTO scope VALUES (?, ?, ?, ?)", ((id_, *map(_storable, row)) for row in _scope(run))
        )
        for sighting in sightings:
            self._connection.execute(
                "INSERT INTO sighting (run, finding, rule, state, because) VALUES (?, ?, ?, ?, ?)",
                (id_, self._put(sighting), self._rule(sighting), sighting.state, _storable(sighting.because)),
            )

    def _put(self, sighting: Sighting) -> int:
        """Return the id of a finding, which is added, or written as this run has it."""
        values = _row(sighting.finding)
        if not sighting.finding.id:
            marks = ", ".join("?" * len(_FINDING))
            return self._insert(f"INSERT INTO finding ({', '.join(_FINDING)}) VALUES ({marks})", values)  # noqa: S608
        if sighting.state in REPORTED:
            assigned = ", ".join(f"{name} = ?" for name in _FINDING)
            self._connection.execute(f"UPDATE finding SET {assigned} WHERE id = ?", (*values, sighting.finding.id))  # noqa: S608
        return sighting.finding.id

    def _rule(self, sighting: Sighting) -> int:
        key = sighting.finding.rule, sighting.version
        if key not in self._rules:
            self._connection.execute("INSERT OR IGNORE INTO rule (name, version) VALUES (?, ?)", key)
            row = self._connection.execute("SELECT id FROM rule WHERE name = ? AND version = ?", key).fetchone()
            self._rules[key] = int(row[0])
        return self._rules[key]

    def _insert(self, statement: str, values: Sequence[Raw]) -> int:
        return int(self._connection.execute(statement, values).lastrowid or 0)


@contextlib.contextmanager
def opened(file: Path, *, to_write: bool = False) -> Iterator[Ledger]:
    """Open the database in `file`; to write, also where there is none yet, in one transaction that waits its turn.

    Raise `ConfigError` where there is none, it is of something else or of a newer wa-lint, damaged, or busy too long.
    """
    if to_write:
        private_file(file)
    elif not file.is_file():
        raise ConfigError(str(file), "the database does not exist; `wa-lint scan --history` creates one")
    try:
        with contextlib.closing(_connected(file, to_write=to_write)) as connection:
            _demand_ours(connection, file, to_write=to_write)
            yield Ledger(connection)
            connection.execute("COMMIT")
    except sqlite3.Error as error:
        raise ConfigError(str(file), _fault(error)) from error


def _connected(file: Path, *, to_write: bool) -> sqlite3.Connection:
    mode = "rw" if to_write else "ro"
    connection = sqlite3.connect(
        f"{file.resolve().as_uri()}?mode={mode}", uri=True, timeout=_WAITS, isolation_level=None
    )
    connection.execute("PRAGMA trusted_schema = OFF")
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("BEGIN IMMEDIATE" if to_write else "BEGIN")
    return connection


def _demand_ours(connection: sqlite3.Connection, file: Path, *, to_write: bool) -> None:
    """Make the tables in an empty database; raise `ConfigError` in another one that is not ours."""
    names = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE name NOT LIKE 'sqlite_%'")}
    application, version = (
        connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("application_id", "user_version")
    )
    if not names and not application and to_write:
        for statement in _TABLES.split(";"):
            connection.execute(statement)
        connection.execute(f"PRAGMA application_id = {_APPLICATION}")
        connection.execute(f"PRAGMA user_version = {VERSION}")
        return
    if application != _APPLICATION:
        raise ConfigError(str(file), "is a database of another program, not a history of wa-lint")
    if version > VERSION:
        raise ConfigError(str(file), f"a newer wa-lint wrote it (version {version}); this one knows {VERSION}")
    if version < VERSION or names != _OURS:
        raise ConfigError(str(file), "is damaged: it does not have the tables of a wa-lint history")


def _fault(error: Exception) -> str:
    if isinstance(error, sqlite3.OperationalError) and "locked" in str(error):
        return f"another run has been writing it for {_WAITS:.0f} seconds; try again"
    if isinstance(error, sqlite3.OperationalError):
        return f"cannot be used: {error}"
    return f"is damaged, or no history of wa-lint ({' '.join(str(error).split())[:100]})"


def _scope(run: RunRecord) -> Iterator[tuple[str, str, str]]:
    """Yield (place, type, reason) of all that the run was to read."""
    for entry in run.inputs:
        if entry.status in {"judged", "error"}:
            yield entry.uri, "", "" if entry.status == "judged" else entry.reason or "it could not be read"
    for gap in run.gaps:
        place = "/".join(part for part in (gap.scope.account, gap.scope.region) if part)
        yield f"aws://{place}", gap.scope.type, gap.reason


def _row(finding: TrackedFinding) -> Sequence[Raw]:
    home = finding.home
    row = (
        finding.fingerprint, finding.number, finding.rule, finding.severity.value, " ".join(finding.practices),
        finding.resource, finding.type, home.account, home.region, home.file, finding.path, finding.place,
        finding.message,
    )  # fmt: skip
    return [_storable(value) for value in row]


def _storable(value: Raw) -> Raw:
    """Return a text without half surrogate pairs, which cannot be written."""
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) else value


def _finding(row: Sequence[Raw]) -> TrackedFinding:
    id_, fingerprint, number, rule, severity, practices, resource, type_, account, region, file, *texts = row
    path, place, message = texts
    return TrackedFinding(
        id=id_,
        fingerprint=fingerprint,
        number=number,
        rule=rule,
        severity=Severity(severity),
        practices=tuple(practices.split()),
        resource=resource,
        type=type_,
        home=Home(account, region, file),
        path=path,
        place=place,
        message=message,
    )
