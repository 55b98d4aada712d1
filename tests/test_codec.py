from __future__ import annotations

import gzip
import io
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wa_lint import codec
from wa_lint.errors import SourceError
from wa_lint.model import (
    ABSENT,
    Bounds,
    Deferred,
    Gap,
    Hole,
    Listed,
    Location,
    Partial,
    Problem,
    Resource,
    Scope,
    Snapshot,
    SourceKind,
    Unknown,
    Unresolved,
)

TEXTS = st.text(max_size=8) | st.sampled_from(["$unknown", "$$absent", "$", "", "$float"])
HOLES = st.builds(Hole, TEXTS, st.none() | TEXTS, st.none() | TEXTS, TEXTS)
NUMBERS = st.integers() | st.sampled_from([2**63, -(2**63), 10**30]) | st.floats(allow_nan=False)
LEAVES = (
    st.none()
    | st.booleans()
    | NUMBERS
    | TEXTS
    | st.just(ABSENT)
    | st.builds(Unknown, TEXTS)
    | st.builds(
        Unresolved,
        TEXTS,
        st.lists(TEXTS | HOLES, max_size=3).map(tuple),
        st.lists(TEXTS, max_size=2).map(tuple),
        st.none()
        | st.builds(Bounds, st.none() | st.floats(allow_nan=False, allow_infinity=False), max_length=st.integers(0, 9)),
    )
)
VALUES = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(TEXTS, inner, max_size=3)
        | st.builds(Partial, st.lists(inner, max_size=2).map(tuple), TEXTS)
    ),
    max_leaves=8,
)
RESOURCES = st.builds(
    Resource,
    id=TEXTS,
    type=TEXTS,
    properties=st.dictionaries(TEXTS, VALUES, max_size=4) | st.builds(Unknown, TEXTS),
    origin=st.builds(Location, TEXTS, st.integers(0, 99)).map(Listed),
    name=st.none() | TEXTS,
    arn=st.none() | TEXTS,
    account=st.none() | TEXTS,
    region=st.none() | TEXTS,
    observed=st.none() | st.dictionaries(TEXTS, VALUES, max_size=2),
)
SCOPES = st.builds(Scope, TEXTS, st.none() | TEXTS, st.none() | TEXTS)
SNAPSHOTS = st.builds(
    Snapshot,
    kind=st.sampled_from(SourceKind),
    uri=st.just("u"),
    resources=st.lists(RESOURCES, max_size=4, unique_by=lambda r: (r.type, r.id)).map(tuple),
    complete=st.frozensets(SCOPES, max_size=3),
    gaps=st.lists(st.builds(Gap, SCOPES, TEXTS, st.none() | TEXTS), max_size=2).map(tuple),
    taken_at=st.none() | st.datetimes().map(lambda moment: f"{moment:%Y-%m-%dT%H:%M:%S}Z".zfill(20)),
    problems=st.lists(st.builds(Problem, st.builds(Location, TEXTS), TEXTS), max_size=2).map(tuple),
)


def dumped(snapshot: Snapshot, *, compress: bool = False) -> bytes:
    stream = io.BytesIO()
    codec.dump(snapshot, stream, compress=compress)
    return stream.getvalue()


def canonical(value: Any) -> str:
    """A value as a text that does not depend on the order of a map's keys."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key!r}: {canonical(inner)}" for key, inner in sorted(value.items())) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(canonical, value)) + "]"
    return f"Partial({canonical(list(value.items))}, {value.reason!r})" if isinstance(value, Partial) else repr(value)


def shown(snapshot: Snapshot) -> Any:
    """All of a snapshot in a form that compares."""
    rows = [
        (
            r.type,
            r.id,
            canonical(r.properties),
            r.name,
            r.arn,
            r.account,
            r.region,
            canonical(r.observed),
            r.origin.locate(()),
        )
        for r in sorted(snapshot.resources, key=lambda r: (r.type, r.id))
    ]
    parts = snapshot.complete, sorted(map(repr, snapshot.gaps)), sorted(snapshot.problems)
    return snapshot.kind, snapshot.uri, snapshot.taken_at, rows, parts


@settings(deadline=None, max_examples=300)
@given(SNAPSHOTS)
def test_what_is_written_is_read_back(snapshot: Snapshot) -> None:
    assert shown(codec.load(dumped(snapshot), "u")) == shown(snapshot)


@given(SNAPSHOTS)
def test_the_same_snapshot_gives_the_same_bytes(snapshot: Snapshot) -> None:
    again = codec.load(dumped(snapshot, compress=True), "u")
    assert dumped(again) == dumped(snapshot)
    assert dumped(again, compress=True) == dumped(snapshot, compress=True)


GOOD = Snapshot(
    kind=SourceKind.LIVE,
    uri="aws://123456789012/eu-west-1",
    resources=(Resource("a", "T", {"A": 1, "$B": float("inf")}, Listed(Location("a"))),),
    complete=frozenset({Scope("T")}),
)


def test_a_packed_snapshot_is_known_by_its_content() -> None:
    packed = dumped(GOOD, compress=True)
    assert packed[:2] == b"\x1f\x8b"
    assert codec.looks_like_snapshot(packed[:200])
    assert codec.load(io.BytesIO(packed), "x").resources[0].properties == {"A": 1, "$B": float("inf")}


def test_every_line_is_json() -> None:
    lines = [json.loads(line) for line in dumped(GOOD).splitlines()]
    assert lines[0]["wa_lint_snapshot"] == 1
    assert lines[1]["resource"]["properties"] == {"A": 1, "$$B": {"$float": "inf"}}
    assert lines[-1] == {"end": 2}


def lines_of(snapshot: Snapshot) -> list[bytes]:
    return dumped(snapshot).splitlines(keepends=True)


@pytest.mark.parametrize(
    ("damage", "where", "words"),
    [
        (lambda lines: lines[:-1], "f", "truncated"),
        (lambda lines: [*lines[:-2], lines[-1]], "f:3", "the snapshot is damaged"),
        (lambda lines: [lines[0], lines[1][:30] + b"\n", *lines[2:]], "f:2", "damaged"),
        (lambda lines: [lines[0], b"[]\n", *lines[1:]], "f:2", "not a line of a snapshot"),
        (lambda lines: [lines[0], b"\xff\xfe\n", *lines[1:]], "f:2", "damaged"),
        (lambda lines: [lines[0], b"[" * 100_000 + b"\n", *lines[1:]], "f:2", "damaged"),
        (lambda lines: [lines[0], b'{"resource":{"id":1,"type":"T","properties":{}}}\n'], "f:2", "damaged"),
        (lambda lines: [lines[0], b'{"resource":{"id":"i","type":"T","properties":{"$odd":1}}}\n'], "f:2", "$odd"),
        (
            lambda lines: [lines[0], b'{"resource":{"id":"i","type":"T","properties":{"$partial":{}}}}\n'],
            "f:2",
            "lacks",
        ),
        (lambda lines: [lines[0].replace(b":1,", b":2,", 1), *lines[1:]], "f:1", "format 2"),
        (lambda lines: lines[1:], "f", "not a wa-lint snapshot"),
        (lambda lines: [*lines, lines[1]], "f:5", "data after its last line"),
        (lambda _: [], "f", "not a wa-lint snapshot"),
        (lambda lines: [gzip.compress(b"".join(lines))[:-9]], "f", "unpacked"),
        (lambda lines: [b"\x1f\x8b", *lines], "f", "unpacked"),
    ],
)
def test_a_damaged_file_is_named_with_its_line(damage: Any, where: str, words: str) -> None:
    with pytest.raises(SourceError) as raised:
        codec.load(b"".join(damage(lines_of(GOOD))), "f")
    assert (raised.value.where, words in raised.value.problem) == (where, True), raised.value


class Choice(Deferred):
    def resolve(self, scenario: object) -> Any:
        raise NotImplementedError

    def __str__(self) -> str:
        return "!If"


@pytest.mark.parametrize(
    "resource",
    [
        Resource("a", "T", {"A": Choice()}, Listed(Location("a"))),
        Resource("a", "T", {}, Listed(Location("a")), exists=Choice()),
    ],
)
def test_what_a_scenario_decides_cannot_be_saved(resource: Resource) -> None:
    with pytest.raises(SourceError):
        dumped(Snapshot(SourceKind.TEMPLATE, "t.yaml", (resource,)))
