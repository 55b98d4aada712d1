"""Every fault in every operation of the table: nothing raises, what is missing is said, and all else is as it was."""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from faults import (
    CIRCLES,
    HARMLESS,
    HIDING,
    NEVER_SEEN,
    ODD,
    PASSING,
    Call,
    Cloud,
    Fault,
    at_once,
    codes_of_gone,
    gone,
    model_of,
)

from wa_lint import codec
from wa_lint.demo import modelled
from wa_lint.demo.stub import REGION
from wa_lint.model import Resource, Snapshot, Unknown
from wa_lint.request_limits import Manners
from wa_lint.sources.live import call_plan as plan
from wa_lint.sources.live.account_reader import read_live
from wa_lint.sources.live.collector import Collector
from wa_lint.sources.live.collectors import all_collectors, by_type

NOW = modelled.BORN + dt.timedelta(days=3)
PATIENT = Manners(max_rps=1e6)

OF = {
    (c.service, call.operation): c for c in reversed(all_collectors()) for call in (c.listing, *c.describe) if call
} | {("cloudwatch", plan.METRIC_CALL.operation): by_type()["AWS::SageMaker::Endpoint"]}
"""Each call of the table, and one collector that makes it."""


def cases(faults: Mapping[str, Fault]) -> pytest.MarkDecorator:
    """Return a mark: each call of the table with each of the faults that it can have."""
    found = [
        pytest.param(call, fault, id=f"{':'.join(call)}, {word}")
        for call in sorted(OF)
        for word, fault in faults.items()
        if fault.is_possible(model_of(call))
    ]
    return pytest.mark.parametrize(("call", "fault"), found)


def is_listing(collector: Collector, call: Call) -> bool:
    return collector.listing is not None and collector.listing.operation == call[1]


def is_none(collector: Collector, call: Call, code: str) -> bool:
    """Whether an error of an operation says that there is none, of something that is there."""
    return any(
        one.operation == call[1] and code in one.not_configured
        for one in (*collector.describe, collector.listing)
        if one
    )


class Account:
    """The made-up account, and what is read of it when nothing goes wrong."""

    def __init__(self, pool: ThreadPoolExecutor) -> None:
        self.cloud = Cloud()
        self._pool = pool
        self._whole: dict[str, Snapshot] = {}

    def read(self, call: Call) -> Snapshot:
        """Return what is read of the type that makes the call, once it went out to disk and came back."""
        found = read_live(self.cloud, REGION, types=[OF[call].type], now=NOW, manners=PATIENT, executor=self._pool)
        assert dumped(codec.load(dumped(found), found.uri)) == dumped(found)
        return found

    def whole(self, call: Call) -> Snapshot:
        type_ = OF[call].type
        if type_ not in self._whole:
            self.cloud.heal()
            self._whole[type_] = self.read(call)
        return self._whole[type_]

    def broken(self, call: Call, fault: Fault) -> Snapshot:
        self.whole(call)
        self.cloud.fail(call, fault)
        return self.read(call)


@pytest.fixture(scope="module")
def account() -> Iterator[Account]:
    with ThreadPoolExecutor(1) as pool, pytest.MonkeyPatch.context() as patch:
        at_once(patch)
        yield Account(pool)


@cases(HIDING)
def test_what_is_hidden_is_said_and_all_else_stays(call: Call, fault: Fault, account: Account) -> None:
    whole, found = account.whole(call), account.broken(call, fault)
    if not is_called_often(call, fault, account):
        return
    assert found.gaps
    assert all(names(gap.reason, call) for gap in found.gaps), found.gaps
    if fault.word:
        assert {gap.reason.partition(":")[0] for gap in found.gaps} == {fault.word}
    assert_no_more_than(whole, found)
    assert_lost_is_said(whole, found)


@cases(PASSING)
def test_what_passes_is_not_noticed(call: Call, fault: Fault, account: Account) -> None:
    assert dumped(account.broken(call, fault)) == dumped(account.whole(call))


@cases(CIRCLES)
def test_a_listing_without_an_end_is_a_gap(call: Call, fault: Fault, account: Account) -> None:
    whole, found = account.whole(call), account.broken(call, fault)
    assert found.gaps
    assert all(names(gap.reason, call) for gap in found.gaps), found.gaps
    assert_no_more_than(whole, found)


@cases(HARMLESS)
def test_what_says_nothing_new_changes_nothing(call: Call, fault: Fault, account: Account) -> None:
    whole, found = account.whole(call), account.broken(call, fault)
    assert (found.complete, found.gaps) == (whole.complete, whole.gaps)
    assert [without_new(r) for r in found.resources] == [without_new(r) for r in whole.resources]


@cases(ODD)
def test_an_odd_answer_adds_nothing_that_was_not_said(call: Call, fault: Fault, account: Account) -> None:
    whole, found = account.whole(call), account.broken(call, fault)
    ids = {resource.id for resource in whole.resources}
    assert_no_more_than(whole, found, [r for r in found.resources if r.id in ids])
    assert len(found.resources) <= len(whole.resources)


GONE = [
    pytest.param(call, code, words, id=f"{':'.join(call)}, {code}: {words[:14]}")
    for call, collector in sorted(OF.items())
    for code, words in codes_of_gone(call)
    if call[0] != "cloudwatch" and (collector.parent or not is_listing(collector, call))
]


@pytest.mark.parametrize(("call", "code", "words"), GONE)
def test_what_was_deleted_in_between_is_gone_and_no_gap(call: Call, code: str, words: str, account: Account) -> None:
    collector = OF[call]
    whole, found = account.whole(call), account.broken(call, gone(code, words))
    assert (found.complete, found.gaps) == (whole.complete, ())
    own = [resource for resource in found.resources if resource.type == collector.type]
    if is_none(collector, call, code):
        assert_no_more_than(whole, found)
        assert is_listing(collector, call) or len(own) == len(whole.resources)
    else:
        assert not own


def dumped(snapshot: Snapshot) -> bytes:
    stream = io.BytesIO()
    codec.dump(snapshot, stream)
    return stream.getvalue()


def is_called_often(call: Call, fault: Fault, account: Account) -> bool:
    """Whether the fault came to bear: one that begins with the second call needs two."""
    return fault is not HIDING["denied from the second on"] or account.cloud.sent.get(call, 0) > 1


def names(reason: str, call: Call) -> bool:
    """Whether a reason says which call, or which service, gave none."""
    return f": {call[0]}:{call[1]}" in reason or reason.endswith(f": {call[0]}") or is_locked_out(reason)


def is_locked_out(reason: str) -> bool:
    return reason.startswith(("ExpiredToken:", "UnrecognizedClientException:", "InvalidClientTokenId:"))


def assert_no_more_than(whole: Snapshot, found: Snapshot, resources: list[Resource] | None = None) -> None:
    before = paired(found, whole)
    for resource in found.resources if resources is None else resources:
        assert resource.id in before
        assert_within(resource.properties, before[resource.id].properties, resource.id)
        assert_within(resource.observed, before[resource.id].observed, resource.id)


def paired(snapshot: Snapshot, other: Snapshot) -> dict[str, Resource]:
    """Return id -> the same resource in the other snapshot: of the same id, or of the same name if it lost its ARN."""
    ids = {resource.id: resource for resource in other.resources}
    own = {resource.id for resource in snapshot.resources}
    names = {(resource.type, resource.name): resource for resource in other.resources if resource.id not in own}
    found = {r.id: ids.get(r.id) or names.get((r.type, r.name)) for r in snapshot.resources}
    return {id_: resource for id_, resource in found.items() if resource}


def assert_within(after: Any, before: Any, where: str) -> None:
    """Assert that nothing is said after that was not said before, but what is not known."""
    is_key = isinstance(after, str) and after.startswith("key-")  # of a map, which stands for a name that is missing
    if after == before or isinstance(after, Unknown) or after in (NEVER_SEEN, "") or is_key:
        return
    assert type(after) is type(before), (where, after, before)
    match after:
        case dict():
            for name, value in after.items():
                assert name in {*before, "earlier", "runs"} or isinstance(value, Unknown), (where, name)
                if name in before:
                    assert_within(value, before[name], f"{where} {name}")
        case list():
            known = [item for item in after if item is not None]
            assert len(known) <= len(before), where
            for one, other in zip(known, before, strict=False):
                assert_within(one, other, where)
        case _:
            pytest.fail(f"{where}: {after!r} was {before!r}")


def assert_lost_is_said(whole: Snapshot, found: Snapshot) -> None:
    """Assert that what is there no more was listed by a call that was refused, and what is said no more is unknown."""
    there = paired(whole, found)
    gaps = {gap.scope.type for gap in found.gaps}
    for resource in whole.resources:
        now = there.get(resource.id)
        if now is None:
            assert resource.type in gaps
            assert not any(scope.type == resource.type for scope in found.complete)
        else:
            assert_kept(resource.properties, now.properties, resource.id)
            assert_kept(resource.observed, now.observed, resource.id, is_less=True)


def assert_kept(before: Any, after: Any, where: str, *, is_less: bool = False) -> None:
    """Assert that what was said is still said, or unknown; of what was observed, some may be said no more."""
    if isinstance(after, Unknown) or before == after:
        return
    assert isinstance(before, dict), where
    assert isinstance(after, dict), where
    for name, value in before.items():
        assert name in after or is_less, (where, name)
        if name in after:
            assert_kept(value, after[name], f"{where} {name}")


def without_new(value: Any) -> Any:
    match value:
        case Resource():
            return value.id, value.type, value.arn, without_new(value.properties), without_new(value.observed)
        case dict():
            kept = {name: without_new(inner) for name, inner in value.items() if name != NEVER_SEEN}
            return {name: inner for name, inner in kept.items() if inner != {}}
        case list():
            return [without_new(inner) for inner in value]
    return value
